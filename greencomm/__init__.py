"""Collection and review of the yearly green-community evaluation (绿色社区创建) of a Chinese prefecture."""

__version__ = "0.1.0"
