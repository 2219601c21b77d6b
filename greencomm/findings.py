"""What a finding (问题) is: one instance of a rule at one place of a county's own file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs (contract): only ``send_back`` leaves something undecided."""

    SEND_BACK = "send_back"
    VERIFY = "verify"
    NOTE = "note"

    @property
    def label(self) -> str:
        """The word that clerks see."""
        return {"send_back": "退回", "verify": "需核实", "note": "提示"}[self.value]

    @property
    def rank(self) -> int:
        """0 for the heaviest."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, in the county's own file as it was received; None where it does not apply."""

    unit: str | None = None
    community: str | None = None
    clause: str | None = None
    file: str | None = None
    sheet: str | None = None
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One instance of a rule. ``message`` says what is wrong, ``fix`` what to do, both in Chinese.

    ``found`` and ``expected`` are the value as typed and what would be right, for tables; ``decides`` is True where
    it decides whether the community reaches the pass mark.
    """

    rule: str
    severity: Severity
    place: Place
    message: str
    fix: str
    title: str
    found: str = ""
    expected: str = ""
    decides: bool = False

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Order for readers: decisive first within a severity, then by place and rule."""
        p = self.place
        clause = tuple(int(part) for part in p.clause.split(".")) if p.clause else (0, 0)
        return (
            self.severity.rank,
            not self.decides,
            p.file or "",
            p.sheet or "",
            p.community or "",
            clause,
            cell_key(p.cell),
            self.rule,
            self.message,
        )


def cell_key(cell: str | None) -> tuple[int, str]:
    """Sorts ``G9`` before ``G25``."""
    digits = "".join(ch for ch in cell or "" if ch.isdigit())
    return (int(digits or 0), (cell or "").rstrip("0123456789"))


class Misreading(StrEnum):
    """Why an answer cannot be read; the catalogue of rules has a sentence for each."""

    TEXT = "text"
    """Words, or several numbers, where a number is asked for."""
    NONE_WORD = "none_word"
    """无 or 不适用 where it could mean several things (D-07)."""
    NEGATIVE = "negative"
    NOT_WHOLE = "not_whole"
    """A count with a fraction."""
    OUT_OF_RANGE = "out_of_range"
    """A rate outside 0–100 %."""
    TOO_LARGE = "too_large"
    """A number that no count or deduction can be: a date or telephone number in the wrong cell."""
    PERCENT = "percent"
    """A percentage where a count or points are asked for."""
    ERROR = "error"
    NO_VALUE = "no_value"
    DATE = "date"
    LOGICAL = "logical"
    UNREADABLE = "unreadable"
