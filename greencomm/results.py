"""Results of communities, units and the region: what outputs lay out and ``result.json`` tells programs."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import NamedTuple

from greencomm.durable import is_lock_mark
from greencomm.findings import Finding, OtherReply, PastFinding, Settled, Severity, Unchecked
from greencomm.intake.workbook import CellValue
from greencomm.past_years import ClosedYear
from greencomm.roster import Community, Roster, Unit
from greencomm.standard import Standard


class Status(StrEnum):
    """Standing of a community (D-09)."""

    GREEN = "green"
    BELOW = "below"
    PENDING = "pending"
    MISSING = "missing"

    @property
    def label(self) -> str:
        """The word that people see."""
        return {"green": "达标", "below": "未达标", "pending": "待核实", "missing": "未报"}[self.value]


STATUSES = (Status.GREEN, Status.BELOW, Status.PENDING, Status.MISSING)
"""In the order in which they are shown."""
NOT_AGAIN = "不用再报"
"""The standing of a community on an earlier list that sent nothing: 未报 are only those that are asked for a sheet (S-47)."""


class UnitState(StrEnum):
    """What came from a unit: something accepted, only what could not be accepted, or nothing."""

    RECEIVED = "received"
    REJECTED = "rejected"
    MISSING = "missing"


class FileState(StrEnum):
    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    IGNORED = "ignored"

    @property
    def label(self) -> str:
        return {"accepted": "已采用", "superseded": "已被替代", "rejected": "未采用", "ignored": "未处理"}[self.value]


class FileKind(StrEnum):
    """What a received file turned out to be."""

    WORKBOOK = "workbook"
    """Read as a workbook, of whatever programme."""
    UNREADABLE = "unreadable"
    CONTAINER = "container"
    """An archive, mail or folder whose contents have rows of their own."""
    ROSTER = "roster"
    STANDARD = "standard"
    OTHER = "other"
    """Ignored without being read as a workbook."""

    @property
    def label(self) -> str:
        """The word that people see."""
        return {
            "workbook": "工作簿", "unreadable": "读不出的文件", "container": "压缩包、邮件或文件夹",
            "roster": "名册", "standard": "县市自定标准", "other": "其他文件",
        }[self.value]  # fmt: skip


class Basis(IntEnum):
    """What a clause's assessed deduction rests on (D-08)."""

    UNRESOLVED = 0
    MEASURED = 1
    """It follows from the measured value."""
    STATED = 2
    """The county's deduction stands, as one that the clause can give."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file found in the input folder and what became of it."""

    path: str
    """Relative to the input folder, with ``/``; inside archives and mails ``mail.eml/chuxiong.xlsx``."""
    sha256: str | None
    state: FileState
    reason: str | None = None
    unit: str | None = None
    """Code of the unit it belongs to, where that is known."""
    advice: str | None = None
    """For a rejected file, what to ask the county for, in Chinese."""
    received: datetime.datetime | None = None
    """When the mail that brought it was sent (UTC); never the file system's clock."""
    saved: datetime.datetime | None = None
    """When the document was last saved, as it says itself (UTC)."""
    submission: int | None = None
    """Its own 报送批次, 1 where that cannot be read; None for a file that is no form of this batch."""
    kind: FileKind = FileKind.WORKBOOK


class ClauseResult(NamedTuple):
    """One clause of one community. Deductions are points (for an award the points added); None = unresolved."""

    clause: str
    assessed: int | None
    declared: Decimal | None
    """The county's own deduction as written, or the derived one where it left 扣分 blank."""
    actual: int | None
    """Measured value: a count, or a rate in units of 1/RATE_SCALE percent points; None where there is none."""
    actual_shown: str
    """实际值 as typed."""
    stated_shown: str
    """扣分 as typed."""
    evidence: str
    actual_cell: str | None
    stated_cell: str | None
    """Both None where the sheet has no row of the clause, or several that differ."""
    basis: Basis = Basis.UNRESOLVED
    actual_read: bool | None = None
    """Whether 实际值 could be read; None where it is blank or not asked for."""
    stated_read: bool | None = None
    """The same of 扣分."""

    @property
    def has_row(self) -> bool:
        """Whether the sheet has one row of the clause, or several that agree."""
        return self.stated_cell is not None


@dataclass(frozen=True, slots=True)
class TypedSheet:
    """Everything that a county typed on one community sheet, with the types that the cells have, nothing judged."""

    file: str
    sheet: str
    community: str | None
    """Code of the community of this unit that it speaks for; None where it is nobody's or another unit's."""
    heading: dict[str, CellValue]
    """By label (forms.layout.Heading), labels that hold something."""
    answers: dict[str, tuple[CellValue, CellValue, CellValue]]
    """By clause id of the standard: 实际值, 扣分, 说明及佐证材料. Of a clause that stands twice the first row."""
    cells: dict[str, tuple[str | None, str | None, str | None]]
    """Where these stand in the county's own file."""
    heading_cells: dict[str, str] = field(default_factory=dict)
    """By label: where its value stands, or would stand where it is blank."""
    repeated: dict[str, tuple[tuple[CellValue, CellValue, CellValue], ...]] = field(default_factory=dict)
    """By clause id: the answers of its further rows, where a clause stands more than once."""
    beside: tuple[tuple[str, str], ...] = ()
    """(cell, text) of everything else that was typed: rows of unknown or repeated clauses, figures typed over formulas,
    what stands outside the form."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that the county changed since its last submission, as people see it; empty = nothing there."""

    community: str
    clause: str
    """Clause id; empty for a heading."""
    column: str
    """Header of the column, or the label of the heading."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Reference:
    """What a community of a unit with its own standard has by the prefecture's: for information only (D-14)."""

    status: Status
    score: int | None
    """None while a clause of the prefecture's standard is unresolved, such as one that the county's form lacks."""
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class CommunityResult:
    """One community of the roster: standing, scores in points, the range left open (D-08, D-09)."""

    community: Community
    status: Status
    declared_score: Decimal | None = None
    assessed_score: int | None = None
    lowest: int | None = None
    highest: int | None = None
    items: dict[int, int | None] = field(default_factory=dict)
    """Assessed points by item number; empty where no sheet was received."""
    claimed: bool | None = None
    """申报绿色社区: None where blank or unreadable."""
    file: str | None = None
    sheet: str | None = None
    clauses: tuple[ClauseResult, ...] = ()
    reference: Reference | None = None
    """The same answers by the prefecture's standard; None where that is the one that counts, or nothing was received."""
    listed: int | None = None
    """Year of the earlier list that it already stands on (D-11); None where on none."""

    @property
    def newly_green(self) -> bool:
        """Whether it counts among this year's: green, and on no earlier list."""
        return self.status is Status.GREEN and self.listed is None

    @property
    def excused(self) -> bool:
        """Whether it sent nothing and need not: it stands on an earlier list (D-11)."""
        return self.listed is not None and self.status is Status.MISSING

    @property
    def standing_label(self) -> str:
        """The word that people see: of one that need not report, the list that it stands on."""
        return f"已列入{self.listed}年名单" if self.excused else self.status.label

    @property
    def counts(self) -> bool:
        """Whether it counts in 合计: on an earlier list, or newly green; each community once."""
        return self.listed is not None or self.newly_green


@dataclass(frozen=True, slots=True)
class UnitResult:
    """One reporting unit."""

    unit: Unit
    state: UnitState
    communities: tuple[CommunityResult, ...]
    """All communities of the roster, in its order."""
    findings: tuple[Finding, ...]
    """Sorted for readers (Finding.sort_key)."""
    files: tuple[ReceivedFile, ...]
    submission: int | None = None
    """报送批次 that counts."""
    contact: str = ""
    phone: str = ""
    typed: tuple[TypedSheet, ...] = ()
    """All community sheets of the submission that counts, in the order of its files and sheets."""
    summary: dict[str, CellValue] = field(default_factory=dict)
    """What was typed in the heading of 汇总, by label (forms.layout.Summary); of the first file that holds something."""
    summary_sheets: tuple[tuple[str, str, dict[str, str]], ...] = ()
    """File, name of its 汇总, and where the values of its labels stand."""
    left_behind: tuple[str, ...] = ()
    """What the submission holds besides, that a fresh form has no place for, in Chinese."""
    corrected: tuple[PastFinding, ...] = ()
    """Findings of the unit's last submission that are gone, those that a fresh form restored included."""
    other_replies: tuple[OtherReply, ...] = ()
    """What the county typed on 问题清单 that belongs to no finding any more."""
    changes: tuple[CellChange, ...] = ()
    """What the county changed since its last submission."""
    earlier: int | None = None
    """报送批次 of the last submission that this one is compared with; None where there is none."""
    own_standard: Standard | None = None
    """The unit's own standard, by which its communities are scored; None where that is the prefecture's (D-14)."""
    unchecked: tuple[Unchecked, ...] = ()
    """Rules that could not be applied to something of its submission, beside what its results tell (coverage, S-28)."""

    @property
    def green(self) -> tuple[CommunityResult, ...]:
        """The newly green of this year (D-11)."""
        return tuple(community for community in self.communities if community.newly_green)

    @property
    def listed(self) -> tuple[CommunityResult, ...]:
        """Communities that already stand on the list of an earlier year."""
        return tuple(community for community in self.communities if community.listed is not None)

    @property
    def unreported(self) -> tuple[CommunityResult, ...]:
        """Communities without a sheet that are asked for one: those on no earlier list."""
        return tuple(each for each in self.communities if each.status is Status.MISSING and not each.excused)

    @property
    def excused(self) -> tuple[CommunityResult, ...]:
        """Communities without a sheet that need none."""
        return tuple(community for community in self.communities if community.excused)

    @property
    def combined_count(self) -> int:
        """How many communities count in 合计, each once."""
        return sum(community.counts for community in self.communities)

    @property
    def combined_ratio(self) -> Fraction | None:
        """合计完成比例 (D-11); in a first year the year's own ratio."""
        return ratio(self.combined_count, self.urban_communities)

    def of(self, status: Status) -> tuple[CommunityResult, ...]:
        """Communities of one standing."""
        return tuple(community for community in self.communities if community.status is status)

    @property
    def urban_communities(self) -> int:
        return len(self.communities)

    @property
    def completion_ratio(self) -> Fraction | None:
        """完成比例 of this year (D-10): the newly green; None where there is no urban community."""
        return ratio(len(self.green), self.urban_communities)

    @property
    def declared_green(self) -> int:
        """How many communities the unit itself claims as green (申报绿色社区 = 是)."""
        return sum(community.claimed is True for community in self.communities)

    @property
    def newly_declared(self) -> int:
        """How many of these stand on no earlier list: what the newly green are compared with (D-11)."""
        return sum(community.claimed is True and community.listed is None for community in self.communities)

    @property
    def reference_green(self) -> int:
        """How many communities would be newly green by the prefecture's standard, where the unit has its own (D-14)."""
        references = (community.reference for community in self.communities if community.listed is None)
        return sum(reference is not None and reference.status is Status.GREEN for reference in references)

    def count(self, severity: Severity) -> int:
        """Findings of one severity, settled ones included."""
        return sum(finding.severity is severity for finding in self.findings)

    def open_count(self, severity: Severity) -> int:
        """Findings of one severity that are not settled."""
        return sum(finding.severity is severity and finding.settlement is None for finding in self.findings)

    def settled_count(self, kind: Settled) -> int:
        """Findings settled in one way."""
        return sum(finding.settlement is not None and finding.settlement.kind is kind for finding in self.findings)


class Move(StrEnum):
    """What became of a community between the self-evaluation and the annual summary of one year (D-13)."""

    ADDED = "added"
    DROPPED = "dropped"
    STANDING = "standing"
    SCORE = "score"
    CLAUSES = "clauses"
    """Clauses changed, the score did not."""
    MERGED = "merged"
    GONE = "gone"

    @property
    def label(self) -> str:
        """The word that people see."""
        return {
            "added": "新报", "dropped": "未再报", "standing": "结论变动", "score": "得分变动",
            "clauses": "条款变动", "merged": "已并入", "gone": "名册中已无",
        }[self.value]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """A community's standing at one time, in points; without a sheet all is None."""

    status: Status
    score: int | None = None
    lowest: int | None = None
    highest: int | None = None

    @property
    def score_text(self) -> str:
        """``86``, ``78～84`` where clauses are unresolved, ``—`` without a sheet."""
        if self.score is not None:
            return str(self.score)
        if self.lowest is None or self.highest is None:
            return "—"
        return f"{self.lowest}～{self.highest}" if self.lowest != self.highest else str(self.lowest)


@dataclass(frozen=True, slots=True)
class ClauseMove:
    """A clause whose assessed deduction (of an award the points added) changed; None = unresolved."""

    clause: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class CommunityMove:
    """One community that is not as it was in the self-evaluation."""

    code: str
    """Its present code; of one that is gone or merged the code it had."""
    name: str
    kind: Move
    before: Standing
    after: Standing
    clauses: tuple[ClauseMove, ...] = ()
    remark: str = ""
    """In Chinese: what it was merged into, why no clauses are shown."""


@dataclass(frozen=True, slots=True)
class UnitSince:
    """One unit against its self-evaluation of the same year."""

    reported: bool
    """Whether anything of it could be assessed then; where not, there is nothing to compare with."""
    received: datetime.date | None
    """Day in China on which the self-evaluation was first received, where that is known."""
    urban_communities: int
    communities: int
    """How many communities had a sheet then."""
    green: int
    moves: tuple[CommunityMove, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the self-evaluation of the same year, as the last kept run has it."""

    run_date: datetime.date
    units: dict[str, UnitSince]
    """By present unit code; every unit of the roster."""
    gone: tuple[CommunityMove, ...] = ()
    """Communities of units that the roster no longer has."""


@dataclass(frozen=True, slots=True)
class RegionResult:
    """The whole run: everything that outputs are made from."""

    year: int
    phase: str
    run_date: datetime.date
    standard: Standard
    roster: Roster
    units: tuple[UnitResult, ...]
    findings: tuple[Finding, ...]
    """All findings, those of units included, sorted by unit and for readers."""
    files: tuple[ReceivedFile, ...]
    sample: bool = False
    """True where the workbooks are the shipped samples: every output is marked 示例."""
    earlier: tuple[ClosedYear, ...] = ()
    """Closed years before this one that the form has columns for, ascending."""
    since: Since | None = None
    """In the annual phase, the self-evaluation to compare with; None where none is kept."""
    unchecked: tuple[Unchecked, ...] = ()
    """Rules that could not be applied to some file before it was known whether it counts (S-28)."""

    @property
    def name(self) -> str:
        return self.roster.batch.region

    def standard_of(self, unit: UnitResult) -> Standard:
        """The standard that ``unit`` is scored by: its own, or the prefecture's (D-14)."""
        return unit.own_standard or self.standard

    @property
    def local_standards(self) -> tuple[Standard, ...]:
        """Counties' own standards in use, each once, in the order of units."""
        return tuple({own.id: own for unit in self.units if (own := unit.own_standard)}.values())

    @property
    def input_sha256(self) -> str:
        """One hash of all that was received: the roster, and every file found with its path and its own hash.

        Without the marks of open documents: a roster that somebody looks at is no other input.
        """
        return self._hash_of(self.files)

    def unit_input_sha256(self, unit: UnitResult) -> str:
        """One hash of what a unit's report rests on: the roster and that unit's files, whatever else was received."""
        return self._hash_of(unit.files)

    def _hash_of(self, files: Iterable[ReceivedFile]) -> str:
        received = (file for file in files if not is_lock_mark(file.path))
        lines = [f"roster {self.roster.sha256}", *sorted(f"{file.sha256 or '-'} {file.path}" for file in received)]
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def green_count(self) -> int:
        return sum(len(unit.green) for unit in self.units)

    @property
    def combined_count(self) -> int:
        """Communities of this year's roster that count in 合计, each once (D-11)."""
        return sum(unit.combined_count for unit in self.units)

    @property
    def combined_ratio(self) -> Fraction | None:
        """合计完成比例 of the sums."""
        return ratio(self.combined_count, self.urban_communities)

    @property
    def urban_communities(self) -> int:
        return sum(unit.urban_communities for unit in self.units)

    @property
    def completion_ratio(self) -> Fraction | None:
        """Of the sums, never an average (D-10)."""
        return ratio(self.green_count, self.urban_communities)


def standings(result: RegionResult) -> tuple[str, ...]:
    """The words of all standings, in the order in which they are shown; in a first year there is no 不用再报."""
    words = tuple(status.label for status in STATUSES)
    return (*words, NOT_AGAIN) if result.earlier else words


def standing_place(community: CommunityResult) -> int:
    """Which of ``standings`` a community has."""
    return len(STATUSES) if community.excused else STATUSES.index(community.status)


def standing_counts(units: Iterable[UnitResult], result: RegionResult) -> tuple[int, ...]:
    """How many communities of ``units`` have each of ``standings``: together all of them, each once."""
    counts = [0] * len(standings(result))
    for unit in units:
        for community in unit.communities:
            counts[standing_place(community)] += 1
    return tuple(counts)


def ratio(part: int, whole: int) -> Fraction | None:
    """``part`` of ``whole``, exact; None where there is nothing to divide by."""
    return Fraction(part, whole) if whole else None


def scaled_half_up(value: Fraction, decimals: int) -> int:
    """``value`` times 10 to the power of ``decimals``, rounded half up (四舍五入, D-10); in whole numbers, exact and quick."""
    above, below = value.numerator, value.denominator
    return int((2 * above * 10**decimals + below) // (2 * below))


def ratio_text(value: Fraction | None, decimals: int = 4) -> str | None:
    """``0.5109``: decimals rounded half up (四舍五入, D-10)."""
    if value is None:
        return None
    scaled = scaled_half_up(value, decimals)
    return f"{scaled // 10**decimals}.{scaled % 10**decimals:0{decimals}d}"


def percent(value: Fraction | None) -> str:
    """``51.09%``, rounded half up; ``—`` where there is no ratio (D-10)."""
    if value is None:
        return "—"
    scaled = scaled_half_up(value, 4)
    return f"{scaled // 100}.{scaled % 100:02d}%"
