"""The policy as data: the standard's file, its model and loader."""

from greencomm.standard.kinds import RATE_SCALE, Clause, percent_text
from greencomm.standard.loader import load_standard
from greencomm.standard.model import ANNUAL, PHASE_TITLES, SELF_EVALUATION, Content, Deliverable, Item, Standard

__all__ = [
    "ANNUAL",
    "PHASE_TITLES",
    "RATE_SCALE",
    "SELF_EVALUATION",
    "Clause",
    "Content",
    "Deliverable",
    "Item",
    "Standard",
    "load_standard",
    "percent_text",
]
