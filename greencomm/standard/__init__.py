"""The policy as data: the standard's file, its model and loader."""

from greencomm.standard.kinds import RATE_SCALE, Clause, percent_text
from greencomm.standard.loader import load_standard
from greencomm.standard.local import load_any_standard, load_local_standard
from greencomm.standard.model import (
    ANNUAL,
    PHASE_TITLES,
    SELF_EVALUATION,
    Change,
    ChangeKind,
    Content,
    Deliverable,
    Item,
    Standard,
)

__all__ = [
    "ANNUAL",
    "PHASE_TITLES",
    "RATE_SCALE",
    "SELF_EVALUATION",
    "Change",
    "ChangeKind",
    "Clause",
    "Content",
    "Deliverable",
    "Item",
    "Standard",
    "load_any_standard",
    "load_local_standard",
    "load_standard",
    "percent_text",
]
