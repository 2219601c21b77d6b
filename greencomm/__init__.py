"""Collection and review of the yearly green-community evaluation (绿色社区创建) of a Chinese prefecture."""

import os

# openpyxl writes other bytes where lxml happens to be installed; the same input must give the same bytes everywhere.
os.environ["OPENPYXL_LXML"] = "False"

__version__ = "0.1.0"
