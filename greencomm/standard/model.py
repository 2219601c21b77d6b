"""The standard in memory: contents, items and clauses of the notice with its pass mark, targets and deadlines."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from greencomm.standard.kinds import Clause

SELF_EVALUATION = "self-evaluation"
ANNUAL = "annual"
PHASE_TITLES = {SELF_EVALUATION: "自评", ANNUAL: "年度总结"}
"""The two reports of a year (D-13) and what they are called in Chinese."""


@dataclass(frozen=True)
class Item:
    """One numbered item (项): its points and the clauses that take from it."""

    number: int
    points: int
    standard: str
    content_name: str
    clauses: tuple[Clause, ...]

    @cached_property
    def base(self) -> int:
        """Points before any clause acts: full, or 0 where the item only adds (D-02)."""
        return 0 if all(clause.adds for clause in self.clauses) else self.points


@dataclass(frozen=True)
class Content:
    """One of the contents (内容) that group items."""

    number: int
    name: str
    points: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Quoted:
    """A figure of the notice with its words and the decisions that read them."""

    quote: str
    decisions: tuple[str, ...]


@dataclass(frozen=True)
class PassMark(Quoted):
    """Points from which a community is green, the mark itself included (D-01)."""

    points: int
    near_points: int = 0
    """How many points below the mark still count as nearly green, for lists of what is nearest (S-34)."""


@dataclass(frozen=True)
class Target(Quoted):
    """The share of the region's urban communities to be green by the end of ``year`` (D-12)."""

    year: int
    ratio: Fraction


@dataclass(frozen=True)
class Deadline(Quoted):
    """The day of the year by which a phase's report is due (D-13)."""

    phase: str
    month: int
    day: int

    def in_year(self, year: int) -> datetime.date:
        """The deadline's date in ``year``."""
        return datetime.date(year, self.month, self.day)


PILOTS, LOCAL_STANDARD = "pilots", "local-standard"


@dataclass(frozen=True)
class Deliverable(Quoted):
    """Something that a unit hands in or that the prefecture records, besides the workbooks themselves (报送事项).

    Due with the report of ``phase``, or on ``month``/``day`` of ``year`` (None = of every year); a mere record
    (示范教育基地, 表扬) is due never.
    """

    id: str
    name: str
    phase: str | None = None
    month: int | None = None
    day: int | None = None
    year: int | None = None
    optional: bool = False
    """Asked for only where the unit has one (本地标准)."""
    roster: str = ""
    """PILOTS or LOCAL_STANDARD where the roster itself can tell that it came; empty where it cannot."""
    note: str = ""
    """How the quote is read where that is not plain, in a clerk's words."""

    @property
    def is_record(self) -> bool:
        """Whether it only has rows of its own and is owed by nobody."""
        return self.phase is None and self.month is None

    def due_in(self, year: int, deadlines: Mapping[str, datetime.date]) -> datetime.date | None:
        """The day by which it is due for ``year``; ``deadlines`` are those of the phases. None for a record."""
        if self.phase is not None:
            return deadlines[self.phase]
        if self.month is None or self.day is None:
            return None
        return datetime.date(self.year or year, self.month, self.day)


@dataclass(frozen=True)
class UrbanCommunity(Quoted):
    """Residents' committees by their 12-digit statistical code: the last ``digits`` are ``first`` to ``last`` (D-16)."""

    digits: int
    first: int
    last: int

    def includes(self, code: str) -> bool:
        """Whether the community of this code is an urban one."""
        return self.first <= int(code[-self.digits :]) <= self.last

    @property
    def allowed(self) -> str:
        """The numbers, as the code shows them: ``001—199``."""
        return f"{self.first:0{self.digits}}—{self.last:0{self.digits}}"


@dataclass(frozen=True)
class Annex2:
    """The fixed words of Annex 2: title, the years of its columns, the last row's label, the note."""

    title: str
    years: tuple[int, ...]
    total_label: str
    note: str


@dataclass(frozen=True)
class Reading:
    """Words of an answer that have a meaning of their own, and the largest count believed (D-04, D-07)."""

    none: str
    not_applicable: str
    yes: str
    no: str
    count_limit: int
    decisions: tuple[str, ...]
    empty_phrases: tuple[str, ...] = ()
    """What explains nothing when it is all that 情况说明 says."""
    fillers: tuple[str, ...] = ()
    """Words that say nothing beside empty phrases."""


class ChangeKind(StrEnum):
    """What a local standard does to a part of the prefecture's."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"

    @property
    def label(self) -> str:
        """The word that people see."""
        return {"replace": "修改", "add": "增加", "remove": "取消"}[self.value]


@dataclass(frozen=True)
class Change:
    """One difference of a local standard from the prefecture's, with whose it is and the words that say so (D-14)."""

    kind: ChangeKind
    item: int | None
    """Number of the item; None for the pass mark."""
    clause: str | None
    """Clause id; None where the whole item, or the pass mark, is meant."""
    before: str
    """What the prefecture's standard has, in Chinese; empty for what is added."""
    after: str
    """What holds instead, in Chinese; empty for what is removed."""
    authority: str
    """Who issued the change."""
    quote: str
    """The words of the county's own document."""

    @property
    def where(self) -> str:
        """``条款8.1``, ``第9项`` or ``达标线``."""
        if self.clause is not None:
            return f"条款{self.clause}"
        return "达标线" if self.item is None else f"第{self.item}项"

    @property
    def difference(self) -> str:
        """``修改：原为…，现为…`` as people read it."""
        match self.kind:
            case ChangeKind.ADD:
                return f"增加：{self.after}"
            case ChangeKind.REMOVE:
                return f"取消：{self.before}"
        return f"修改：州标准为“{self.before}”，本标准为“{self.after}”"


@dataclass(frozen=True)
class Standard:
    """A standard (创建标准) with everything that the review takes from policy.

    A county's own standard (D-14) is the prefecture's with its changes worked in: whatever follows a standard follows it.
    """

    id: str
    title: str
    document: str
    region: str
    full_score: int
    contents: tuple[Content, ...]
    pass_mark: PassMark
    targets: tuple[Target, ...]
    deadlines: tuple[Deadline, ...]
    urban_community: UrbanCommunity
    annex2: Annex2
    reading: Reading
    decisions: tuple[str, ...]
    sha256: str
    """Of the file; of a local standard, over the prefecture's and its own."""
    file_name: str
    base: Standard | None = None
    """The prefecture's standard that a local one is based on; None for the prefecture's own."""
    changes: tuple[Change, ...] = ()
    """Where a local standard differs, in the order of items; nothing for the prefecture's own."""
    authority: str = ""
    """Who issued a local standard; empty for the prefecture's own."""

    @property
    def source(self) -> str:
        """Where its full text stands: the annex of the notice, or the county's own document."""
        return f"{self.document}附件1" if self.base is None else self.document
    deliverables: tuple[Deliverable, ...] = ()

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in the notice's order."""
        return tuple(item for content in self.contents for item in content.items)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """All clauses in the notice's order."""
        return tuple(clause for item in self.items for clause in item.clauses)

    @cached_property
    def positions(self) -> dict[int, tuple[int, ...]]:
        """By item number, where its clauses stand among ``clauses``."""
        return {
            item.number: tuple(place for place, clause in enumerate(self.clauses) if clause.item_number == item.number)
            for item in self.items
        }

    @cached_property
    def clause(self) -> dict[str, Clause]:
        """Clauses by id."""
        return {clause.id: clause for clause in self.clauses}

    @cached_property
    def item(self) -> dict[int, Item]:
        """Items by number."""
        return {item.number: item for item in self.items}

    @cached_property
    def deliverable(self) -> dict[str, Deliverable]:
        """What is to be handed in or recorded, by name."""
        return {deliverable.name: deliverable for deliverable in self.deliverables}

    def target(self, year: int) -> Target | None:
        """The target of ``year``; None where the notice sets none."""
        return next((target for target in self.targets if target.year == year), None)

    def deadline(self, phase: str) -> Deadline:
        """The deadline of a phase."""
        return next(deadline for deadline in self.deadlines if deadline.phase == phase)
