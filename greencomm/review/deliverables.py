"""Who owes what by when (报送事项): the roster's ledger and what this run received, against the standard's days (S-36)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from greencomm.intake.times import china_day, shown_day
from greencomm.ledger import LedgerRow
from greencomm.results import FileState, RegionResult, Status, UnitResult, UnitState, ratio
from greencomm.roster import Unit
from greencomm.standard import ANNUAL, SELF_EVALUATION, Deliverable
from greencomm.standard.model import LOCAL_STANDARD, PILOTS

_TAKEN = (FileState.ACCEPTED, FileState.SUPERSEDED)
_YEAR = re.compile("(?<![0-9])(20[0-9]{2})年?(?![0-9])")


class State(StrEnum):
    """Where a deliverable of a unit stands on the run's date."""

    RECEIVED = "received"
    LATE = "late"
    UNDATED = "undated"
    """Received, on what day is not known."""
    OWED = "owed"
    DUE = "due"
    """Not received and not yet due."""
    OPTIONAL = "optional"
    """Not received, and need not be."""
    PAST = "past"
    """Of an earlier year, without an entry in this year's ledger."""
    NOT_ASKED = "not_asked"
    """The unit has no urban community."""


class Source(StrEnum):
    """Where it is known from that something came."""

    LEDGER = "ledger"
    RUN = "run"
    """A workbook of this phase that the run took."""
    SELF_EVALUATION = "self_evaluation"
    """A workbook that the self-evaluation of this year took."""
    ROSTER = "roster"
    """The roster names pilots, or the unit's own standard."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deliverable of one unit."""

    unit: Unit
    deliverable: Deliverable
    due: datetime.date | None
    state: State
    received: datetime.date | None = None
    """The first day on which it came."""
    source: Source | None = None
    rows: tuple[LedgerRow, ...] = ()
    """Entries of the ledger about it."""
    days: int = 0
    """Days late, overdue, or left until it is due."""
    remark: str = ""
    """In Chinese."""

    @property
    def label(self) -> str:
        """What people see: ``已报``, ``迟报3天``, ``未报，已过12天``."""
        match self.state:
            case State.LATE:
                return f"迟报{self.days}天"
            case State.OWED:
                return f"未报，已过{self.days}天"
            case State.DUE:
                return "未到期，今天截止" if self.days == 0 else f"未到期，还有{self.days}天"
        received = "已收填报工作簿" if self.source in (Source.RUN, Source.SELF_EVALUATION) else "已报"
        labels = {State.RECEIVED: received, State.UNDATED: f"{received}，日期不详", State.OPTIONAL: "未报（有才报）"}
        labels |= {State.PAST: "往年事项，未登记", State.NOT_ASKED: "无需报送"}
        return labels[self.state]


def entries_of(result: RegionResult) -> tuple[Entry, ...]:
    """Every unit × everything that is due in or before the year, in the order of Annex 2 and of the standard."""
    return tuple(entry for unit in result.units for entry in unit_entries(unit, result))


def unit_entries(unit: UnitResult, result: RegionResult) -> tuple[Entry, ...]:
    """The entries of one unit."""
    year = result.year
    asked = [each for each in result.standard.deliverables if not each.is_record and (each.year or year) <= year]
    return tuple(_entry(unit, deliverable, result) for deliverable in asked)


def papers(unit: UnitResult, result: RegionResult) -> tuple[Entry, ...]:
    """What of this phase has not come from ``unit``, due or not: the report that goes with the workbook."""
    mine = (entry for entry in unit_entries(unit, result) if entry.deliverable.phase == result.phase)
    return tuple(entry for entry in mine if entry.state in (State.OWED, State.DUE))


def owed(result: RegionResult) -> tuple[Entry, ...]:
    """What should have come by the run's date and has not."""
    return tuple(entry for entry in entries_of(result) if entry.state is State.OWED)


def records_of(result: RegionResult) -> tuple[tuple[Deliverable, LedgerRow], ...]:
    """Demonstration bases and commendations of the ledger, by kind and as the ledger has them."""
    records = [each for each in result.standard.deliverables if each.is_record]
    return tuple((each, row) for each in records for row in result.roster.ledger if row.deliverable == each.id)


def other_years(result: RegionResult) -> tuple[tuple[LedgerRow, int], ...]:
    """Entries about a yearly deliverable of another year, with that year."""
    yearly = {each.id: each for each in result.standard.deliverables if not each.is_record and each.year is None}
    rows = [(row, year_of(row, yearly[row.deliverable], result)) for row in result.roster.ledger if row.deliverable in yearly]
    return tuple((row, year) for row, year in rows if year != result.year)


def year_of(row: LedgerRow, deliverable: Deliverable, result: RegionResult) -> int:
    """The year that an entry about a yearly deliverable is for: as its text says, else that of the nearest due day."""
    stated = {int(year) for year in _YEAR.findall(row.text)}
    if len(stated) == 1:
        return stated.pop()
    if row.received is None:
        return result.year
    years = range(row.received.year - 1, row.received.year + 2)
    received = row.received

    def far(year: int) -> int:
        due = _due(deliverable, year, result)
        assert due is not None
        return abs((received - due).days)

    return min(years, key=far)


def _due(deliverable: Deliverable, year: int, result: RegionResult) -> datetime.date | None:
    """The roster's deadlines hold for the year of the batch, the standard's for others."""
    deadlines: Mapping[str, datetime.date] = result.roster.batch.deadlines
    if year != result.year:
        deadlines = {each.phase: each.in_year(year) for each in result.standard.deadlines}
    return deliverable.due_in(year, deadlines)


def _entry(unit: UnitResult, deliverable: Deliverable, result: RegionResult) -> Entry:
    due = _due(deliverable, result.year, result)
    assert due is not None
    rows = tuple(
        row
        for row in result.roster.ledger
        if row.unit == unit.unit.code
        and row.deliverable == deliverable.id
        and (deliverable.year is not None or year_of(row, deliverable, result) == result.year)
    )
    remarks = list(dict.fromkeys(row.remark for row in rows if row.remark))
    source, known = _arrived(unit, deliverable, rows, result)
    if source in (Source.RUN, Source.SELF_EVALUATION):
        # The workbook is the electronic part; the stamped one is the prefecture's to enter.
        remarks.append("盖章件收到后请登记到名册“报送台账”")
    if source is Source.ROSTER:
        remarks.append(_shown_by_roster(unit, deliverable))
    state, days = _state(unit, deliverable, due, source, known, result.run_date, result.year)
    return Entry(unit.unit, deliverable, due, state, known, source, rows, days, "；".join(remarks))


def _arrived(
    unit: UnitResult, deliverable: Deliverable, rows: Sequence[LedgerRow], result: RegionResult
) -> tuple[Source | None, datetime.date | None]:
    """Where it is known from that it came, and the first day; the ledger before the workbooks."""
    if rows:
        return Source.LEDGER, min((row.received for row in rows if row.received), default=None)
    if deliverable.phase == result.phase and unit.state is UnitState.RECEIVED:
        return Source.RUN, first_received(unit)
    if deliverable.phase == SELF_EVALUATION and result.phase == ANNUAL and result.since:
        past = result.since.units[unit.unit.code]
        if past.reported:
            return Source.SELF_EVALUATION, past.received
    return (Source.ROSTER, None) if _shown_by_roster(unit, deliverable) else (None, None)


def _shown_by_roster(unit: UnitResult, deliverable: Deliverable) -> str:
    """What of the roster tells that the prefecture knows it already, in Chinese; empty where nothing does."""
    if deliverable.roster == PILOTS:
        pilots = sum(community.community.pilot for community in unit.communities)
        return f"名册已标试点{pilots}个，收到日期请登记到“报送台账”" if pilots else ""
    if deliverable.roster == LOCAL_STANDARD and unit.unit.standard:
        return f"名册“标准”栏已填“{unit.unit.standard}”，收到日期请登记到“报送台账”"
    return ""


def first_received(unit: UnitResult) -> datetime.date | None:
    """The day on which the first of the unit's files that were taken came; a correction sent later does not make it late."""
    days = (china_day(file.received) for file in unit.files if file.state in _TAKEN)
    return min((day for day in days if day), default=None)


def _state(
    unit: UnitResult,
    deliverable: Deliverable,
    due: datetime.date,
    source: Source | None,
    received: datetime.date | None,
    today: datetime.date,
    year: int,
) -> tuple[State, int]:
    if source is not None:
        if received is None:
            return State.UNDATED, 0
        late = (received - due).days
        return (State.LATE, late) if late > 0 else (State.RECEIVED, 0)
    if not unit.urban_communities:
        return State.NOT_ASKED, 0
    if due.year < year:
        return State.PAST, 0
    if deliverable.optional:
        return State.OPTIONAL, 0
    left = (due - today).days
    return (State.DUE, left) if left >= 0 else (State.OWED, -left)


# --- pilots -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """Communities counted together."""

    communities: int
    reported: int
    green: int
    """Newly green ones and those on earlier lists, each once."""
    scores: tuple[int, ...]
    """Assessed scores that are decided."""

    @property
    def ratio(self) -> Fraction | None:
        """Green ÷ all of them (D-10)."""
        return ratio(self.green, self.communities)

    @property
    def average(self) -> Fraction | None:
        """Of the decided scores."""
        return ratio(sum(self.scores), len(self.scores))


def green_label(result: RegionResult) -> str:
    """The header over ``Group.green``."""
    return "达标（含往年名单）" if result.earlier else Status.GREEN.label


def group(units: Sequence[UnitResult], *, pilot: bool) -> Group:
    """The pilots of ``units``, or all others."""
    members = [each for unit in units for each in unit.communities if each.community.pilot is pilot]
    return Group(
        len(members),
        sum(each.status is not Status.MISSING for each in members),
        sum(each.counts for each in members),
        tuple(each.assessed_score for each in members if each.assessed_score is not None),
    )


def late_text(result: RegionResult) -> str:
    """Units whose workbooks came late, for the screen; empty where there are none."""
    late = [
        f"{unit.unit.name}（{shown_day(day)}，晚{(day - result.roster.batch.deadlines[result.phase]).days}天）"
        for unit in result.units
        if unit.state is UnitState.RECEIVED and (day := first_received(unit)) is not None
        and day > result.roster.batch.deadlines[result.phase]
    ]  # fmt: skip
    return "、".join(late)
