"""The standard in memory: contents, items and clauses of the notice with its pass mark, targets and deadlines."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
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

    @property
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


@dataclass(frozen=True)
class Standard:
    """A standard (创建标准) with everything that the review takes from policy."""

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
    file_name: str

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in the notice's order."""
        return tuple(item for content in self.contents for item in content.items)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """All clauses in the notice's order."""
        return tuple(clause for item in self.items for clause in item.clauses)

    @cached_property
    def clause(self) -> dict[str, Clause]:
        """Clauses by id."""
        return {clause.id: clause for clause in self.clauses}

    @cached_property
    def item(self) -> dict[int, Item]:
        """Items by number."""
        return {item.number: item for item in self.items}

    def target(self, year: int) -> Target | None:
        """The target of ``year``; None where the notice sets none."""
        return next((target for target in self.targets if target.year == year), None)

    def deadline(self, phase: str) -> Deadline:
        """The deadline of a phase."""
        return next(deadline for deadline in self.deadlines if deadline.phase == phase)
