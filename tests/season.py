"""A small season for tests: two units with three communities, forms issued, filled, changed as clerks change them, reviewed."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook as Book
from openpyxl.worksheet.worksheet import Worksheet

from greencomm.findings import Finding
from greencomm.forms.entries import Reply
from greencomm.forms.issue import SheetAnswers, issue_workbook
from greencomm.forms.layout import REAL, Heading
from greencomm.history import History, dump, load
from greencomm.intake.arrivals import Arrival
from greencomm.intake.opening import open_bytes
from greencomm.past_years import ClosedYear
from greencomm.results import RegionResult
from greencomm.review.region import review, review_after
from greencomm.roster import Batch, Community, Roster, Unit
from greencomm.standard import ANNUAL, SELF_EVALUATION, Standard, load_standard

STANDARD = load_standard()
DAY = datetime.date(2021, 10, 18)
CITY = Unit("532301", "楚雄市")
COUNTY = Unit("532322", "双柏县", former_codes=("532999",), former_names=("双柏区",))
EAST = Community("532301101001", "东兴社区居民委员会", "楚雄市", "鹿城镇", "532301")
BRIDGE = Community("532301101002", "学桥街社区居民委员会", "楚雄市", "鹿城镇", "532301")
TOWN = Community("532322101001", "东城社区居民委员会", "双柏县", "妥甸镇", "532322", former_codes=("532999101001",))
ROSTER = Roster(
    Batch(
        "楚雄州", 2021, ANNUAL, "楚雄州住房和城乡建设局", "示例联系人", "0878-0000000",
        {SELF_EVALUATION: datetime.date(2021, 8, 31), ANNUAL: datetime.date(2021, 10, 20)}, None,
    ),
    (CITY, COUNTY),
    (EAST, BRIDGE, TOWN),
)  # fmt: skip

ACTUAL = {"6.2": 0, "8.1": 0, "8.2": 0, "8.3": 0, "10.1": 1, "12.1": 0.8, "13.2": 0, "14.1": 2}
"""Measured values of a community where nothing is deducted."""


def clean(**changes: tuple[object, object, object]) -> SheetAnswers:
    """A complete sheet of 96 points, claimed; ``c8_1=(3, None, "…")`` changes a clause."""
    answers: dict[str, Any] = {clause.id: (ACTUAL.get(clause.id), 0, None) for clause in STANDARD.clauses}
    answers |= {key[1:].replace("_", "."): value for key, value in changes.items()}
    heading = {Heading.AUTHOR: "李填表", Heading.DATE: "2021-10-11", Heading.CLAIM: "是"}
    return SheetAnswers(heading, answers)


def form(
    unit: Unit = CITY,
    answers: Mapping[str, SheetAnswers] | None = None,
    change: Callable[[Book], None] | None = None,
    *,
    roster: Roster = ROSTER,
    kind: str = REAL,
    submission: int = 1,
) -> bytes:
    """A unit's workbook, filled cleanly unless told otherwise, then changed as a clerk would."""
    filled = {community.code: clean() for community in roster.of_unit[unit.code]} | dict(answers or {})
    target = io.BytesIO()
    issue_workbook(
        target, unit, roster, STANDARD, form_date=DAY, kind=kind, answers=filled, submission=submission,
        contact="王联系", phone="0878-1234567",
    )  # fmt: skip
    if change is None:
        return target.getvalue()
    book = openpyxl.load_workbook(target)
    change(book)
    changed = io.BytesIO()
    book.save(changed)
    return changed.getvalue()


def arrive(path: str, data: bytes, **known: Any) -> Arrival:
    """The file as intake would hand it on; ``known`` adds what it knows besides, such as the time of receipt."""
    arrival = Arrival(path, sha256="0" * 64)
    open_bytes(arrival, data, STANDARD)
    return dataclasses.replace(arrival, **known)


def judge(*arrivals: Arrival, roster: Roster = ROSTER, earlier: Sequence[ClosedYear] = ()) -> RegionResult:
    """The review of these arrivals, after these closed years."""
    return review(arrivals, roster, STANDARD, lambda unit: STANDARD, DAY, earlier)


class Course:
    """A season run after run, without an archive: each run is given what the last one left, as it is kept on the disk."""

    def __init__(self, roster: Roster = ROSTER, standard_of: Callable[[Unit], Standard] = lambda unit: STANDARD) -> None:
        self.roster, self.kept, self.standard_of = roster, dump(History()), standard_of
        self.day = DAY

    def run(self, *arrivals: Arrival, keep: bool = True) -> RegionResult:
        """One run over these arrivals."""
        history = load(self.kept, self.roster)
        result, history = review_after(history, arrivals, self.roster, STANDARD, self.standard_of, self.day)
        if keep:
            self.kept = dump(history)
        return result


def send(data: bytes, path: str = "楚雄市.xlsx", replies: Iterable[Reply] = ()) -> Arrival:
    """A file with its true hash; ``replies`` as if they stood in its 问题清单."""
    arrival = arrive(path, data, sha256=hashlib.sha256(data).hexdigest())
    assert arrival.form is not None
    arrival.form.replies = tuple(replies)
    return arrival


def reply(finding: Finding, explanation: str = "", remedy: str = "", **other: str) -> Reply:
    """What a county answers to a finding in the returned workbook."""
    place = finding.place
    row = Reply(finding.rule, place.community or "", place.clause or "", finding.token, finding.value, remedy, explanation)
    return dataclasses.replace(row, **other)


def cell_of(sheet: Worksheet, clause: str, header: str) -> str:
    """Address of a clause's cell in the column whose header starts so."""
    head = next(row for row in sheet.iter_rows() if any(cell.value == "条款" for cell in row))
    column = next(cell.column for cell in head if str(cell.value or "").startswith(header))
    id_column = next(cell.column for cell in head if cell.value == "条款")
    row = next(row[0].row for row in sheet.iter_rows(min_row=head[0].row) if row[id_column - 1].value == clause)
    return str(sheet.cell(row, column).coordinate)


def beside(sheet: Worksheet, label: str) -> str:
    """Address of the value beside a heading label, past the label's merged range."""
    cell = next(cell for row in sheet.iter_rows() for cell in row if str(cell.value or "").rstrip("：") == label)
    merged = next((area for area in sheet.merged_cells.ranges if cell.coordinate in area), None)
    return str(sheet.cell(cell.row, (merged.max_col if merged else cell.column) + 1).coordinate)


def put(sheet: str, clause: str, header: str, value: object) -> Callable[[Book], None]:
    """A change: write ``value`` into a clause's cell."""

    def change(book: Book) -> None:
        page = book[sheet]
        page[cell_of(page, clause, header)] = value

    return change


def put_heading(sheet: str, label: str, value: object) -> Callable[[Book], None]:
    """A change: write ``value`` beside a heading label."""

    def change(book: Book) -> None:
        page = book[sheet]
        page[beside(page, label)] = value

    return change
