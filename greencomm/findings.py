"""What a finding (问题) is: one instance of a rule at one place of a county's own file."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

TOKEN_LENGTH = 10
"""Hexadecimal digits."""


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
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, in the county's own file as it was received; None where it does not apply."""

    unit: str | None = None
    community: str | None = None
    clause: str | None = None
    file: str | None = None
    sheet: str | None = None
    cell: str | None = None


class Life(StrEnum):
    """A finding from one submission of a unit to the next."""

    NEW = "new"
    OPEN = "open"
    """It stood in the unit's last submission already."""
    CORRECTED = "corrected"
    RELAPSED = "relapsed"
    """It had been corrected, and is there again."""
    RESTORED = "restored"
    """A fresh form made it disappear; the county did nothing."""

    @property
    def label(self) -> str:
        """The word that people see."""
        return {"new": "新增", "open": "未改", "corrected": "已改", "relapsed": "复发", "restored": "已恢复"}[self.value]


class Settled(StrEnum):
    """How a finding is settled without a correction."""

    EXPLAINED = "explained"
    """By the county's 情况说明."""
    WAIVED = "waived"
    """By the prefecture, on the roster's sheet 免予处理."""

    @property
    def label(self) -> str:
        """The word that people see."""
        return {"explained": "已说明", "waived": "免予处理"}[self.value]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Why a finding needs no correction: the words, whose they are (empty for a county's) and since which day."""

    kind: Settled
    text: str
    who: str = ""
    date: datetime.date | None = None


class Impact(IntEnum):
    """What hangs on a finding, the gravest first."""

    MARK = 0
    """Whether a community reaches the pass mark."""
    RATIO = 1
    """Whether the unit's or the region's ratio reaches a target."""
    NONE = 2


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
    about: str = ""
    """Tells findings of one rule in one community and clause apart, in words that hold when cells move."""
    value: str = ""
    """All values that the finding is about, as typed: when any of them changes, an explanation of it lapses."""
    impact: Impact = Impact.NONE
    lowest: int | None = None
    """With ``highest``, points that the community may still reach: set where ``impact`` is MARK."""
    highest: int | None = None
    life: Life = Life.NEW
    settlement: Settlement | None = None
    remedy: str = ""
    """整改情况: what the county says it did."""
    reply: str = ""
    """情况说明 as the county typed it last, whatever became of it."""
    refusal: str = ""
    """Why the county's 情况说明 does not settle it, in Chinese; empty where there is none or it does."""

    @property
    def subject(self) -> tuple[str, str, str, str, str]:
        """What it is about, wherever that stands: unit, community, rule, clause and ``about``."""
        place = self.place
        return (place.unit or "", place.community or "", self.rule, place.clause or "", self.about)

    @property
    def token(self) -> str:
        """Short name of rule, clause and values within a community: an explanation is for exactly this."""
        return _token(self.rule, self.place.clause or "", self.about, self.value)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something: not settled, and more than a note."""
        return self.settlement is None and self.severity is not Severity.NOTE

    @property
    def mark_text(self) -> str:
        """That the pass mark hangs on it, with the points that are still open: ``是否达标（76～83分）``."""
        known = self.lowest is not None and self.highest is not None
        return "是否达标" + (f"（{self.lowest}～{self.highest}分）" if known else "")

    @property
    def state_label(self) -> str:
        """Where it stands, in the word that people see: 新增, 未改, 复发, 已说明 or 免予处理."""
        return self.settlement.kind.label if self.settlement else self.life.label

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Order for readers: open ones first, of these what hangs on them, then severity, place and rule."""
        p = self.place
        clause = tuple(int(part) for part in p.clause.split(".")) if p.clause else (0, 0)
        return (
            self.settlement is not None,
            min(self.impact, Impact.MARK if self.decides else Impact.NONE),
            self.severity.rank,
            p.file or "",
            p.sheet or "",
            p.community or "",
            clause,
            cell_key(p.cell),
            self.rule,
            self.message,
        )


@lru_cache(maxsize=1 << 14)
def _token(*parts: str) -> str:
    # Asked for a dozen times of each finding: by the follow-up, the history and the workbook that goes back.
    text = json.dumps(parts, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:TOKEN_LENGTH]


def sorted_for_readers(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of ``Finding.sort_key``."""
    return tuple(sorted(findings, key=lambda finding: finding.sort_key))


@dataclass(frozen=True, slots=True)
class PastFinding:
    """A finding of the unit's last submission that is gone: corrected (已改), or ``restored`` by the fresh form (已恢复)."""

    rule: str
    severity: Severity
    title: str
    community: str | None
    clause: str | None
    value: str
    message: str
    remedy: str = ""
    """整改情况: what the county says it did."""
    reply: str = ""
    """情况说明 that the county typed nevertheless."""
    restored: bool = False

    @property
    def life(self) -> Life:
        """What became of it."""
        return Life.RESTORED if self.restored else Life.CORRECTED


@dataclass(frozen=True, slots=True)
class OtherReply:
    """What a county typed on 问题清单 that belongs to no finding any more; kept so that nothing typed is lost."""

    community: str
    """Code as it stands; empty where it is about the workbook."""
    clause: str
    rule: str
    remedy: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Rules that could not be applied to ``count`` things of their scope, and why, in Chinese (S-28)."""

    rules: tuple[str, ...]
    """Codes."""
    reason: str
    count: int = 1


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
