"""The workbook that goes back to a reporting unit (退回修改): its own data in a fresh form, every finding where it belongs.

A variation of the issued form. What the county typed stands cell by cell as it was typed; cells with findings have a
colour that turns once they are edited; the findings stand beside the table, above it, and on 问题清单, where the county
answers. What is there to be edited is compared with what was typed, which stands in hidden columns beside the table.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from greencomm import paper, rules
from greencomm.findings import Finding, Impact, Life, Settled, Severity
from greencomm.forms import layout, live, values
from greencomm.forms.entries import State
from greencomm.forms.issue import (
    COLUMNS,
    FIRST_ROW,
    HEADER_ROW,
    HEADING_PLACES,
    WIDTHS,
    Issue,
    RowPlan,
    SheetAnswers,
    Variation,
    at_most,
    issue_workbook,
    prompt,
    protect,
    ranges,
    set_up_print,
    sheet_plan,
    write_formula,
    write_input,
)
from greencomm.forms.layout import Column, Heading, IssueColumn, Summary
from greencomm.forms.live import CellInput, LiveSheet
from greencomm.forms.names import sheet_names
from greencomm.forms.style import SMALL, TITLE_SIZE, Styles
from greencomm.intake.workbook import CellValue, FaultyCell, cell_name
from greencomm.lean import ColourRule, LeanSheet
from greencomm.results import RegionResult, TypedSheet, UnitResult
from greencomm.roster import Community
from greencomm.standard import Standard
from greencomm.texts import as_typed, bare_phrase, for_cell

TO_CORRECT, TO_CHECK, STILL_WRONG, EDITED, HINT, RESTORED = "待改正", "待核实", "仍有误", "已修改", "提示", "已恢复"
"""States of a finding on 问题清单, beside 已说明 and 免予处理; 仍有误: its place was edited, but 填报状态 still asks for something."""
_OPEN_STATES = (TO_CORRECT, TO_CHECK, STILL_WRONG)

_HEALED = frozenset(
    rule.code
    for rule in (
        rules.TOTAL_DIFFERS,
        rules.TOTAL_OVERWRITTEN,
        rules.SCORE_DIFFERS,
        rules.SHEET_CLAUSE_REWORDED,
        rules.FILE_OTHER_STANDARD,
        rules.FILE_UNIT_DIFFERS,
    )
)
"""Findings that a fresh form puts right by itself: formulas, wording and standard are whole again."""
_TO_BE_FILLED = frozenset(
    rule.code for rule in (rules.SHEET_EMPTY, rules.SHEET_EMPTY_CLAIMED, rules.SHEET_UNUSABLE, rules.COMMUNITY_DROPPED,
                           rules.COMMUNITY_WITHOUT_SHEET)
)  # fmt: skip
"""Findings that are answered by filling the sheet."""

_TWICE = frozenset(rule.code for rule in (rules.SHEET_TWICE_IN_FILE, rules.SHEET_TWICE_IN_FILES))
"""Findings that stand on several sheets and are gone when one of these changes."""
_IN_THIS_FORM = {
    rules.SHEET_CLAUSE_MISSING.code: "（新表中这一行已经恢复，请直接填写。）",
    rules.SHEET_CLAUSE_ADDED.code: f"（这一行没有带入新表，见“{layout.LEFT_SHEET}”。）",
    rules.SHEET_CLAUSE_TWICE.code: "（新表中只有一行，几行的答案写在同一格里，请改成正确的一个。）",
    rules.SHEET_UNUSABLE.code: "（新表中是一张空白表，请对照原文件重新填写。）",
}
"""What a fresh form makes of some findings, said after what to do."""

_NARROWER = {
    Column.CONTENT: 12.0,
    Column.STANDARD: 25.0,
    Column.CRITERION: 36.0,
    Column.STATED: 10.5,
    Column.STATUS: 21.0,
    Column.EVIDENCE: 25.0,
}
"""Columns of the form that make room for 审核意见 on the same page."""
_OPINION_WIDTH, _PROGRESS_WIDTH = 40.0, 8.5
_OPINION, _PROGRESS = len(COLUMNS), len(COLUMNS) + 1
_ORIGINALS, _FLAGS = len(COLUMNS) + 2, len(COLUMNS) + 5
"""First of three hidden columns each: what was typed, and whether it was edited since. No row has more than three.

A flag is 0 = as it was typed, 1 = edited, 2 = edited, but 填报状态 of the clause still asks for something.
"""
_SLOTS = {Column.ACTUAL: 0, Column.STATED: 1, Column.EVIDENCE: 2}
_BLOCK_LINES = 8
"""Lines of what is said above the table, which is always in sight; the rest stands on 问题清单 only."""
_LONGEST_EXPLANATION = 500
"""Characters of 整改情况 and 情况说明."""
UNREADABLE = "（读不准，请重新填写）"
"""Follows what was seen in a cell where that alone would be read as an answer."""

_HEAVIER = (EDITED, TO_CHECK, STILL_WRONG, TO_CORRECT)
"""States of which the last one that holds for a row is shown beside it."""

_Address = tuple[int, int]
"""Row and column from 0."""


def write_returned(target: Path | BinaryIO, unit: UnitResult, result: RegionResult) -> None:
    """Write the workbook that goes back to ``unit``. The same result gives the same bytes.

    Raises OutputError where ``target`` cannot be written.
    """
    form = _form_of(unit, result)
    summary = unit.summary
    issue_workbook(
        target,
        unit.unit,
        result.roster,
        result.standard_of(unit),
        form_date=result.roster.batch.form_date or result.run_date,
        kind=layout.SAMPLE if result.sample else layout.REAL,
        answers={page.community.code: page.answers for page in form.pages},
        submission=(unit.submission or 1) + 1,
        contact=cell_input(summary.get(Summary.CONTACT)) or "",
        phone=cell_input(summary.get(Summary.PHONE)) or "",
        date=cell_input(summary.get(Summary.DATE)),
        variation=form,
    )


_LAST: list[tuple[UnitResult, RegionResult, ReturnedForm]] = []
"""The form that was laid out last: the letter that goes with a returned workbook says where its findings stand."""


def _form_of(unit: UnitResult, result: RegionResult) -> ReturnedForm:
    if not (_LAST and _LAST[0][0] is unit and _LAST[0][1] is result):
        _LAST[:] = [(unit, result, ReturnedForm(unit, result))]
    return _LAST[0][2]


@dataclass(frozen=True, slots=True)
class ReturnedPlace:
    """Where a finding stands in the returned workbook; empty texts where it has no place of its own there."""

    sheet: str
    cell: str
    fix: str
    """What to do in that workbook."""
    restored: bool
    """Whether the fresh form has put it right already, so that nobody has to do anything."""


def returned_places(unit: UnitResult, result: RegionResult) -> tuple[ReturnedPlace, ...]:
    """Where ``write_returned`` puts each finding of ``unit``, in their order."""
    form = _form_of(unit, result)
    if not form.names:
        form.name_sheets(sheet_names((*result.roster.of_unit[unit.unit.code], *form.more)))
    return tuple(
        ReturnedPlace(
            issued.sheet,
            # The first cell stands for the whole sheet.
            cell_name(*(part + 1 for part in issued.anchor)) if issued.anchor and issued.anchor != (0, 0) else "",
            fix(issued.finding),
            issued.finding.settlement is None and issued.is_healed,
        )
        for issued in form.issued
    )


# What was typed, for cells of the fresh form.


def cell_input(value: CellValue) -> CellInput:
    """A value as the fresh form takes it: as it was typed; of a faulty cell the text that its author saw."""
    if isinstance(value, FaultyCell):
        return as_typed(value.shown)[0]
    if isinstance(value, str):
        return as_typed(value)[0]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def answers_of(typed: TypedSheet, standard: Standard) -> SheetAnswers:
    """What a sheet of the fresh form is filled with. Reading it again gives the same answers, and a fault where there was one."""
    answers: dict[str, tuple[CellInput, CellInput, CellInput]] = {}
    for clause in standard.clauses:
        row = typed.answers.get(clause.id)
        if row is None:
            continue
        actual, stated, evidence = row
        if actual.__class__ in _PLAIN and stated.__class__ in _PLAIN and evidence.__class__ in _PLAIN and not typed.repeated:
            answers[clause.id] = row  # type: ignore[assignment]  # As most are.
            continue
        if further := typed.repeated.get(clause.id):
            actual, stated, evidence = _one_row((row, *further))
        if isinstance(actual, FaultyCell) and clause.measure is not None:
            read = values.read_actual(cell_input(actual), clause, standard.reading, None)  # type: ignore[arg-type]
            actual = actual if read.state is State.FAULT else _marked(actual)
        if isinstance(stated, FaultyCell):
            read = values.read_stated(cell_input(stated), clause, standard.reading, None)  # type: ignore[arg-type]
            stated = stated if read.state is State.FAULT else _marked(stated)
        answers[clause.id] = (cell_input(actual), cell_input(stated), cell_input(evidence))
    heading: dict[Heading, CellInput] = {Heading(label): cell_input(value) for label, value in typed.heading.items()}
    claim = typed.heading.get(Heading.CLAIM)
    if isinstance(claim, FaultyCell) and values.read_claim(claim.shown, standard.reading).readable:
        heading[Heading.CLAIM] = _marked(claim).shown
    return SheetAnswers(heading, answers)


_PLAIN = frozenset({int, type(None)})
"""Kinds of values that go back as they are."""


def _marked(faulty: FaultyCell) -> FaultyCell:
    return dataclasses.replace(faulty, shown=faulty.shown + UNREADABLE)


def _one_row(rows: Sequence[tuple[CellValue, CellValue, CellValue]]) -> tuple[CellValue, CellValue, CellValue]:
    """The answers of a clause; where it stands several times with different ones, all of them in the cell: none is chosen."""
    if len(rows) == 1:
        return rows[0]
    actual, stated, evidence = ([row[position] for row in rows] for position in range(3))
    differ = any(len({values.shown(value) for value in cells}) > 1 for cells in (actual, stated))

    def joined(cells: list[CellValue], differ: bool) -> CellValue:
        texts = [values.shown(value) or "（空）" for value in cells]
        return " / ".join(texts) if differ and any(not values.is_blank(value) for value in cells) else cells[0]

    return joined(actual, differ), joined(stated, differ), joined(evidence, len({values.shown(v) for v in evidence}) > 1)


@dataclass
class _Page:
    """One community sheet of the returned workbook."""

    community: Community
    """Of the roster, or made up for a sheet beyond it: its code then only tells it apart."""
    typed: TypedSheet | None
    answers: SheetAnswers
    view: LiveSheet
    rows: dict[str, list[_Issued]] = field(default_factory=dict)
    """Findings by clause."""
    whole: list[_Issued] = field(default_factory=list)
    """Findings about heading, totals or the whole sheet."""
    watched: dict[_Address, CellInput] = field(default_factory=dict)
    """Cells whose editing matters, with what was typed."""
    marks: dict[_Address, _Mark] = field(default_factory=dict)
    """Cells that have a colour."""

    @cached_property
    def special(self) -> frozenset[int]:
        """Rows in which something is watched or coloured."""
        return frozenset(row for row, _ in (*self.watched, *self.marks))


@dataclass
class _Mark:
    """A coloured cell: the heaviest severity, and which cells turn it when they are edited."""

    severity: Severity
    watch: list[_Address]
    standing: str = ""
    """A condition on the sheet itself that counts as a correction, too."""
    standing_holds: bool = False


@dataclass
class _Issued:
    """A finding with its place in the returned workbook."""

    finding: Finding
    page: _Page | None = None
    sheet: str = ""
    anchor: _Address | None = None
    flag: _Address | None = None
    """The hidden cell that says whether the place was edited."""
    filled: bool = False
    """Whether filling the sheet answers it."""
    edited: bool = False
    """Whether it counts as corrected from the beginning."""
    row: int = 0
    """Of 问题清单, from 0."""
    state: tuple[str, str] | None = None
    """``ReturnedForm.state``, once it was asked for."""

    @property
    def is_healed(self) -> bool:
        return self.finding.rule in _HEALED

    @property
    def weight(self) -> Severity:
        """What its colour says: a settled finding, and one that the form puts right, ask for nothing."""
        return Severity.NOTE if self.finding.settlement or self.is_healed else self.finding.severity


class ReturnedForm(Variation):
    """What a returned workbook has beyond the form."""

    title = "退回修改"
    beside = (_OPINION_WIDTH, _PROGRESS_WIDTH)
    widths = WIDTHS | _NARROWER
    summary = (("待改正（处）", 11.0),)
    communities_first = layout.ISSUES_SHEET

    def __init__(self, unit: UnitResult, result: RegionResult) -> None:
        self.unit, self.result, self.standard = unit, result, result.standard_of(unit)
        self.plan = sheet_plan(self.standard, self.widths)
        self.pages: list[_Page] = []
        self.page_of: dict[tuple[str, str], _Page] = {}
        """By file and sheet as received; also of a copy that says nothing else."""
        self.own_page: dict[str, _Page] = {}
        """By the code of a community of the roster."""
        self._lay_out()
        self.more = tuple(page.community for page in self.pages if page.community.code not in self.own_page)
        self.names: dict[str, str] = {}
        self._state_colours: list[tuple[str, tuple[str, str]]] = []
        self.issued = [_Issued(finding) for finding in unit.findings]

    # --- which sheets -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """A sheet for every community of the roster, then one for each sheet that has no place among them."""
        chosen = {(c.file, c.sheet) for c in self.unit.communities}
        first: dict[str, TypedSheet] = {}
        for typed in self.unit.typed:
            if typed.community is not None:
                known = first.get(typed.community)
                if known is None or ((typed.file, typed.sheet) in chosen and (known.file, known.sheet) not in chosen):
                    first[typed.community] = typed
        for result in self.unit.communities:
            own = first.get(result.community.code)
            page = self._page(result.community, own)
            self.own_page[result.community.code] = page
            if own is not None:
                self.page_of[own.file, own.sheet] = page
        for typed in self.unit.typed:
            if (typed.file, typed.sheet) in self.page_of:
                continue
            same = self.own_page.get(typed.community or "")
            if same is not None and self._says_nothing_else(typed, same):
                self.page_of[typed.file, typed.sheet] = same
                continue
            number = len(self.pages) - len(self.own_page) + 1
            community = Community(f"附{number}", for_cell(typed.sheet)[:40], "", "", self.unit.unit.code)
            # A heading that was blank stays blank: nothing of the roster is known of this sheet.
            page = self._page(community, typed, beyond=True)
            self.page_of[typed.file, typed.sheet] = page

    def _page(self, community: Community, typed: TypedSheet | None, *, beyond: bool = False) -> _Page:
        answers = answers_of(typed, self.standard) if typed else SheetAnswers()
        if beyond:
            empty: dict[Heading, CellInput] = {label: "" for label in Heading if label is not Heading.TOTAL}
            answers = SheetAnswers({**empty, **answers.heading}, answers.answers)
        page = _Page(community, typed, answers, live.live_view(self.standard, answers.answers))
        self.pages.append(page)
        return page

    def _says_nothing_else(self, typed: TypedSheet, page: _Page) -> bool:
        """Whether a further sheet of a community is unfilled, or the same as the one that is kept."""
        filled = any(not values.is_blank(value) for cells in typed.answers.values() for value in cells) or typed.repeated
        other = page.typed
        same = other is not None and (typed.answers, typed.heading, typed.repeated) == (other.answers, other.heading, other.repeated)
        return same or not filled

    def name_sheets(self, names: dict[str, str]) -> dict[str, str]:
        if self.names != names:
            self.names = names
            self._place()
        return names

    # --- where each finding stands ------------------------------------------------------------------------------------

    def _place(self) -> None:
        for number, issued in enumerate(self.issued):
            issued.row, issued.state = _ISSUES_FIRST + number, None
            self._find(issued)
            if issued.page is not None:
                clause = issued.finding.place.clause
                there = issued.page.rows.setdefault(clause, []) if clause in self.plan.row else issued.page.whole
                there.append(issued)
        for issued in self.issued:
            if issued.finding.rule in _TWICE and issued.page is not None and issued.anchor in issued.page.marks:
                changed = [
                    _is_changed(_heading_address(Heading.CODE), _there(other.sheet))
                    for other in self.issued
                    if other.finding.rule in _TWICE and other.sheet != issued.sheet and other.flag is not None
                    and other.finding.place.community == issued.finding.place.community
                ]  # fmt: skip
                if changed:
                    issued.page.marks[issued.anchor].standing = f"OR({','.join(changed)})"

    def _find(self, issued: _Issued) -> None:
        place, rule = issued.finding.place, issued.finding.rule
        page = self.page_of.get((place.file or "", place.sheet or ""))
        if page is None and place.community and not place.sheet:
            page = self.own_page.get(place.community)
        if page is None and place.community and rule == rules.SHEET_UNUSABLE.code:
            page = self.own_page.get(place.community)
        if page is None:
            for file, sheet, cells in self.unit.summary_sheets:
                if (file, sheet) == (place.file, place.sheet):
                    label = next((label for label, cell in cells.items() if cell == place.cell), "")
                    issued.sheet = layout.SUMMARY_SHEET
                    issued.anchor = _SUMMARY_PLACES[Summary(label)] if label else (0, 0)
            return
        issued.page, issued.sheet = page, self.names[page.community.code]
        issued.filled = rule in _TO_BE_FILLED
        if place.clause in self.plan.row:
            self._find_clause(issued, page, self.plan.row[place.clause])
        else:
            self._find_heading(issued, page)

    def _find_clause(self, issued: _Issued, page: _Page, row: RowPlan) -> None:
        place, rule = issued.finding.place, issued.finding.rule
        cells = page.typed.cells.get(row.clause.id, (None,) * 3) if page.typed else (None,) * 3
        column = next((column for column, cell in zip(_SLOTS, cells, strict=True) if cell and cell == place.cell), None)
        if issued.is_healed:
            column = Column.SCORE if rule == rules.SCORE_DIFFERS.code else Column.CRITERION
            issued.anchor = (row.row, COLUMNS.index(column))
            return
        measured = row.clause.measure is not None
        column = column or (Column.ACTUAL if measured else Column.STATED)
        watch = [Column.ACTUAL, Column.STATED, *([Column.EVIDENCE] if column is Column.EVIDENCE else [])]
        answer = page.answers.answers.get(row.clause.id, (None, None, None))
        for watched in watch:
            page.watched[row.row, COLUMNS.index(watched)] = answer[_SLOTS[watched]]
        self._mark(issued, page, (row.row, COLUMNS.index(column)), [(row.row, COLUMNS.index(w)) for w in watch])

    def _find_heading(self, issued: _Issued, page: _Page) -> None:
        place, rule = issued.finding.place, issued.finding.rule
        if rule in (rules.TOTAL_DIFFERS.code, rules.TOTAL_OVERWRITTEN.code):
            issued.anchor = (self.plan.total_row, COLUMNS.index(Column.SCORE))
            return
        cells = page.typed.heading_cells if page.typed else {}
        found = next((label for label, cell in cells.items() if place.cell and cell == place.cell), None)
        label = Heading(found) if found else None
        if label is Heading.TOTAL:
            issued.anchor = _heading_address(label)
            return
        if label is None:
            if issued.filled or not place.cell:
                issued.anchor = (FIRST_ROW, COLUMNS.index(Column.STATED)) if issued.filled else (0, 0)
            return
        together = {Heading.CODE: (Heading.NAME, Heading.CODE), Heading.NAME: (Heading.NAME, Heading.CODE),
                    Heading.COUNTY: (Heading.COUNTY, Heading.CODE)}.get(label, (label,))  # fmt: skip
        for watched in together:
            page.watched[_heading_address(watched)] = self._heading_value(page, watched)
        mark = self._mark(issued, page, _heading_address(label), [_heading_address(watched) for watched in together])
        if rule in (rules.CLAIM_BELOW.code, rules.CLAIM_GREEN.code):
            # To change the answers until they agree with the claim is a correction as well.
            total, points = self.plan.total_cell, self.standard.pass_mark.points
            sign = ">=" if rule == rules.CLAIM_BELOW.code else "<"
            mark.standing = f"AND(ISNUMBER({total}),{total}{sign}{points})"
            mark.standing_holds = isinstance(page.view.total, int) and (page.view.total >= points) == (sign == ">=")
        elif issued.filled:
            mark.standing, mark.standing_holds = self._is_filled(), self._was_filled(page)
        issued.edited = mark.standing_holds

    def _is_filled(self, sheet: str = "") -> str:
        """Condition: every clause of a sheet has its points; ``sheet`` where the formula stands on another one."""
        there = _there(sheet) if sheet else ""
        return f"COUNT({there}{self.plan.cells(Column.DUE, absolute=bool(sheet))})={len(self.plan.rows)}"

    def _was_filled(self, page: _Page) -> bool:
        return isinstance(page.view.total, int)

    def _heading_value(self, page: _Page, label: Heading) -> CellInput:
        typed = page.answers.heading.get(label)
        return self._issued_value(page.community, label) if typed is None else typed

    def _issued_value(self, community: Community, label: Heading) -> CellInput:
        """What the form itself writes into a heading."""
        known: dict[Heading, CellInput] = {
            Heading.COUNTY: community.county,
            Heading.NAME: community.name,
            Heading.CODE: community.code,
            Heading.YEAR: self.result.roster.batch.year,
        }
        return known.get(label)

    def _mark(self, issued: _Issued, page: _Page, cell: _Address, watch: list[_Address]) -> _Mark:
        mark = page.marks.setdefault(cell, _Mark(issued.weight, []))
        if issued.weight.rank < mark.severity.rank:
            mark.severity = issued.weight
        mark.watch += [address for address in watch if address not in mark.watch]
        issued.anchor, issued.flag = cell, (cell[0], _FLAGS + _slot(cell))
        return mark

    # --- states -------------------------------------------------------------------------------------------------------

    def _edited(self, issued: _Issued) -> str:
        """Expression, for other sheets: whether the place of a finding was edited; empty where that says nothing."""
        if issued.page is None:
            return ""
        there = _there(issued.sheet)
        if issued.flag is not None:
            return f"{there}{_absolute(issued.flag)}=1"
        if issued.filled:
            return self._is_filled(issued.sheet)
        return ""

    def _otherwise(self, issued: _Issued, rest: str) -> str:
        """Expression of a state where the place is not corrected: still wrong in spite of an edit, or ``rest``."""
        if issued.flag is None or issued.flag[0] <= HEADER_ROW:
            return rest
        return f'IF({_there(issued.sheet)}{_absolute(issued.flag)}=2,"{STILL_WRONG}",{rest})'

    def state(self, issued: _Issued) -> tuple[str, str]:
        """状态 of a finding on 问题清单: its formula (or plain text) and what that shows when the workbook is sent."""
        if issued.state is None:
            issued.state = self._state(issued)
        return issued.state

    def _state(self, issued: _Issued) -> tuple[str, str]:
        finding, edited = issued.finding, self._edited(issued)
        remedy, explanation = (
            cell_name(issued.row + 1, _ISSUE_COLUMNS.index(column) + 1)
            for column in (IssueColumn.REMEDY, IssueColumn.EXPLANATION)
        )
        if finding.settlement is None and issued.is_healed:
            return RESTORED, RESTORED
        if finding.settlement is not None and finding.settlement.kind is Settled.EXPLAINED:
            # Whoever empties it takes it back.
            word, rest = Settled.EXPLAINED.label, f'IF({_is_written(explanation)},"{Settled.EXPLAINED.label}","{TO_CHECK}")'
            return (_either(edited, rest), EDITED if issued.edited else word) if edited else (f"={rest}", word)
        if finding.settlement is not None or finding.severity is Severity.NOTE:
            word = finding.state_label if finding.settlement else HINT
            return (_either(edited, self._otherwise(issued, f'"{word}"')), EDITED if issued.edited else word) if edited else (word, word)
        is_check = finding.severity is Severity.VERIFY
        word = TO_CHECK if is_check else TO_CORRECT
        rest = f'"{word}"'
        if not edited and not finding.remedy:
            rest = f'IF({_is_written(remedy)},"{EDITED}",{rest})'
        if is_check:
            explains = _explains(issued.row)
            if self._is_refused(finding):
                original = cell_name(issued.row + 1, _ORIGINAL_EXPLANATION + 1)
                explains = f'AND({explains},NOT(EXACT({explanation}&"",{original}&"")))'
            rest = f'IF({explains},"{Settled.EXPLAINED.label}",{rest})'
        if edited:
            return _either(edited, self._otherwise(issued, rest)), EDITED if issued.edited else word
        return f"={rest}", word

    def _is_counted(self, issued: _Issued) -> bool:
        return self.state(issued)[1] in _OPEN_STATES

    @cached_property
    def _open_by_community(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for issued in filter(self._is_counted, self.issued):
            code = issued.finding.place.community or ""
            counts[code] = counts.get(code, 0) + 1
        return counts

    def view(self, community: Community) -> LiveSheet:
        return self._by_code[community.code].view

    # --- the form's hooks ---------------------------------------------------------------------------------------------

    def is_open(self, community: Community, place: Heading | tuple[str, Column]) -> bool:
        page = self._by_code[community.code]
        if isinstance(place, Heading):
            typed = page.answers.heading.get(place)
            differs = typed is not None and str(typed) != str(self._issued_value(community, place))
            return place is not Heading.TOTAL and (differs or _heading_address(place) in page.watched)
        return bool(page.answers.answers.get(place[0], (None,))[0] not in (None, ""))

    def special_clauses(self, community: Community) -> Set[str]:
        page = self._by_code[community.code]
        return page.rows.keys() | {row.clause.id for row in self.plan.rows if row.row in page.special}

    @cached_property
    def _by_code(self) -> dict[str, _Page]:
        return {page.community.code: page for page in self.pages}

    def hint(self, community: Community, hint: str) -> tuple[str, str]:
        whole = self._by_code[community.code].whole
        if not whole:
            return hint, "hint"
        width = sum(self.widths[column] for column in COLUMNS[1:])
        lines: list[str] = []
        for number, issued in enumerate(whole):
            line = opinion(issued.finding)
            rest = f"……还有{len(whole) - number}条，见“{layout.ISSUES_SHEET}”。"
            if paper.line_count("\n".join([*lines, line]), width, SMALL) > _BLOCK_LINES:
                room = _fitted(line, width, max(1, _BLOCK_LINES - 1 - sum(paper.line_count(t, width, SMALL) for t in lines)))
                lines += [rest] if lines else [room, rest.replace("还有1条", "全文")]
                break
            lines.append(line)
        heaviest = min((issued.weight for issued in whole), key=lambda severity: severity.rank)
        return "\n".join(lines), f"block_{heaviest.value}"

    def texts_beside(self, community: Community, clause: str) -> list[tuple[str, float]]:
        text = self._opinion(self._by_code[community.code].rows.get(clause, ()))
        return [(text, _OPINION_WIDTH)] if text else []

    def _opinion(self, rows: Sequence[_Issued]) -> str:
        """All that is said of one clause, as much as the highest row shows."""
        lines = int((paper.MAX_ROW_HEIGHT - 4) // (SMALL * 1.5))
        return _fitted("\n".join(opinion(issued.finding) for issued in rows), _OPINION_WIDTH, lines) if rows else ""

    def colour_first(self, sheet: LeanSheet, styles: Styles, issue: Issue, community: Community) -> None:
        self._colour(sheet, styles, self._by_code[community.code], edited=False)

    def _colour(self, sheet: LeanSheet, styles: Styles, page: _Page, *, edited: bool) -> None:
        """Colours by severity while nothing was edited, and another one afterwards."""
        groups: dict[tuple[int, str, bool], list[_Address]] = {}
        for cell, mark in sorted(page.marks.items()):
            look = "if_edited" if edited else f"if_{mark.severity.value}"
            groups.setdefault((cell[1], look, cell[0] > HEADER_ROW), []).append(cell)
        found = []
        # Of a column the cells of the heading come first, as they stand.
        order = {key[:2]: number for number, key in reversed(list(enumerate(groups)))}
        for (column, look, _), cells in sorted(groups.items(), key=lambda group: (order[group[0][:2]], group[0][2])):
            flag = f"${cell_name(cells[0][0] + 1, _FLAGS + _slot(cells[0]) + 1)}"
            areas = " ".join(ranges(cell_name(cell[0] + 1, column + 1) for cell in cells))
            condition = f"{flag}{'=' if edited else '<>'}1"
            found.append((areas, ColourRule(areas, condition, styles[look], stops=not edited).text))
        sheet.colour(found)

    def write_common(self, sheet: LeanSheet, styles: Styles, issue: Issue) -> None:
        sheet.set_column(_OPINION, _OPINION, _OPINION_WIDTH)
        sheet.set_column(_PROGRESS, _PROGRESS, _PROGRESS_WIDTH)
        sheet.set_column(_ORIGINALS, _FLAGS + 2, 8, None, {"hidden": True})
        sheet.write_string(HEADER_ROW, _OPINION, layout.OPINION, styles["header"])
        sheet.write_string(HEADER_ROW, _PROGRESS, layout.PROGRESS, styles["header"])
        for slot in range(3):
            sheet.write_string(HEADER_ROW, _ORIGINALS + slot, layout.ORIGINAL, styles["helper"])
            sheet.write_string(HEADER_ROW, _FLAGS + slot, layout.EDITED, styles["helper"])
        for column in (_OPINION, _PROGRESS):
            for row in self.plan.rows:
                sheet.write_blank(row.row, column, None, styles["cell"])
            sheet.write_blank(self.plan.total_row, column, None, styles["total"])
        first, last = (cell_name(row.row + 1, _PROGRESS + 1) for row in (self.plan.rows[0], self.plan.rows[-1]))
        self._state_colours = [
            (f"{first}:{last}", ColourRule("", f'"{word}"', styles[look], operator="equal").text) for word, look in _STATE_LOOKS
        ]

    def write_beside(self, sheet: LeanSheet, styles: Styles, issue: Issue, community: Community) -> None:
        page = self._by_code[community.code]
        for clause, rows in page.rows.items():
            self._write_opinion(sheet, styles, self.plan.row[clause].row, rows)
        for cell, value in sorted(page.watched.items()):
            write_input(sheet, cell[0], _ORIGINALS + _slot(cell), value, styles.of("helper", value))
        for cell, mark in sorted(page.marks.items()):
            conditions = [_is_changed(address) for address in mark.watch] + ([mark.standing] if mark.standing else [])
            corrected = "1"
            if cell[0] > HEADER_ROW:
                status = cell_name(cell[0] + 1, COLUMNS.index(Column.STATUS) + 1)
                corrected = f'IF({status}="{layout.STATUS_DONE}",1,2)'
            formula = f"=IF(OR({','.join(conditions)}),{corrected},0)"
            write_formula(sheet, cell[0], _FLAGS + _slot(cell), formula, styles["helper"], int(mark.standing_holds))
        self._colour(sheet, styles, page, edited=True)
        sheet.colour(self._state_colours)

    def _write_opinion(self, sheet: Worksheet, styles: Styles, row: int, rows: list[_Issued]) -> None:
        heaviest = min((issued.weight for issued in rows), key=lambda severity: severity.rank)
        sheet.write_string(row, _OPINION, self._opinion(rows), styles[f"opinion_{heaviest.value}"])
        states = [f"{_there(layout.ISSUES_SHEET)}{_absolute((issued.row, _STATE))}" for issued in rows]
        shown = [self.state(issued)[1] for issued in rows]
        formula = states[0]
        for word in _HEAVIER:
            formula = f'IF(OR({",".join(f"{state}={chr(34)}{word}{chr(34)}" for state in states)}),"{word}",{formula})'
        word = next((word for word in reversed(_HEAVIER) if word in shown), shown[0])
        write_formula(sheet, row, _PROGRESS, f'=IFERROR({formula},"")', styles["small_centre"], word)

    # --- 汇总 and 填报说明 --------------------------------------------------------------------------------------------

    def _states_range(self) -> str:
        return self._issue_range(_STATE)

    def _issue_range(self, column: int) -> str:
        last = _ISSUES_FIRST + max(1, len(self.issued)) - 1
        return f"{_there(layout.ISSUES_SHEET)}{_absolute((_ISSUES_FIRST, column))}:{_absolute((last, column))}"

    def _open_formula(self) -> str:
        counts = "+".join(f'COUNTIF({self._states_range()},"{word}")' for word in _OPEN_STATES)
        return f'IFERROR({counts},0)'

    def write_summary(self, sheet: Worksheet, styles: Styles, issue: Issue, row: int, community: Community) -> None:
        column = len(issue.summary_columns) - 1
        states, codes = self._states_range(), self._issue_range(_ISSUE_COLUMNS.index(IssueColumn.CODE))
        either = "+".join(f'({states}="{word}")' for word in _OPEN_STATES)
        formula = f'=IFERROR(SUMPRODUCT(({codes}="{community.code}")*({either})),0)'
        write_formula(sheet, row, column, formula, styles["centre"], self._open_by_community.get(community.code, 0))

    def figures(self) -> Sequence[tuple[str, str, int]]:
        return (("待改正合计", f"={self._open_formula()}", sum(self._open_by_community.values())),)

    def checks(self) -> Sequence[tuple[str, int, str]]:
        total = sum(self._open_by_community.values())
        return ((self._open_formula(), total, f"“{layout.ISSUES_SHEET}”中还有{live.COUNT}处{TO_CORRECT}、{TO_CHECK}或{STILL_WRONG}"),)

    def guide(self) -> Sequence[str]:
        return (
            f"这是退回修改的工作簿：原来填写的内容都在新表里，带颜色的格子有审核意见，意见写在表的右侧“{layout.OPINION}”栏"
            f"和“{layout.ISSUES_SHEET}”中；点“{layout.ISSUES_SHEET}”的“{IssueColumn.PLACE}”可以直接跳到那个格子。",
            f"“{Severity.SEND_BACK.label}”必须改正；“{Severity.VERIFY.label}”请改正，或者在“{layout.ISSUES_SHEET}”的"
            f"“{IssueColumn.EXPLANATION}”写明事实和依据；“{Severity.NOTE.label}”不一定要改。做了什么可以写在“{IssueColumn.REMEDY}”。",
            f"改过的格子会变成蓝色；改了但“{Column.STATUS}”还不是“{layout.STATUS_DONE}”的，仍算没有改正（“{STILL_WRONG}”）。"
            f"“{layout.SUMMARY_SHEET}”的“{self.summary[0][0]}”随着减少，全部为0再报送。"
            f"“{Summary.SUBMISSION}”已经加1，不用再改。",
        )

    def legend(self) -> Sequence[tuple[str, str, str]]:
        return (
            ("legend_wrong", Severity.SEND_BACK.label, "红色：审核退回，请改正。"),
            ("legend_asking", Severity.VERIFY.label, "橙色：请核实，改正或写情况说明。"),
            ("legend_note", HINT, "灰色：提示，不一定要改。"),
            ("legend_edited", EDITED, "蓝色：退回以后已经改过。"),
        )

    # --- 问题清单 and 未带入内容 --------------------------------------------------------------------------------------

    def opening_sheets(self, book: xlsxwriter.Workbook, styles: Styles, issue: Issue) -> None:
        sheet = book.add_worksheet(layout.ISSUES_SHEET)
        last = len(_ISSUE_COLUMNS) - 1
        for index, column in enumerate(_ISSUE_COLUMNS):
            sheet.set_column(index, index, _ISSUE_WIDTHS[column])
        sheet.set_column(_ORIGINAL_EXPLANATION, _ORIGINAL_EXPLANATION, 8, None, {"hidden": True})
        width = sum(_ISSUE_WIDTHS.values())
        sheet.set_row(0, paper.height(1, TITLE_SIZE))
        sheet.merge_range(0, 0, 0, last, "", styles["centre_title"])
        title = f"{issue.mark}{self.unit.unit.name}{layout.PROGRAMME}{layout.ISSUES_SHEET}（{issue.round_title}，第{self.unit.submission or 1}批）"
        sheet.write_string(0, 0, title, styles["centre_title"])
        advice = (
            f"点“{IssueColumn.PLACE}”跳到要改的格子，改正后“{IssueColumn.STATE}”变为“{EDITED}”。“{Severity.VERIFY.label}”的问题如果情况属实、不用改，"
            f"请在“{IssueColumn.EXPLANATION}”写明事实和依据。浅黄色的格子可以填写；“{IssueColumn.TOKEN}”供程序核对，请不要改动。"
        )
        sheet.set_row(1, paper.row_height([(advice, width)], SMALL))
        sheet.merge_range(1, 0, 1, last, "", styles["hint"])
        sheet.write_string(1, 0, advice, styles["hint"])
        states = f"{_absolute((_ISSUES_FIRST, _STATE))}:{_absolute((_ISSUES_FIRST + max(1, len(self.issued)) - 1, _STATE))}"
        counts = {word: f'COUNTIF({states},"{word}")' for word in (TO_CORRECT, TO_CHECK, STILL_WRONG, EDITED)}
        shown = [self.state(issued)[1] for issued in self.issued]
        parts = [f'"{word} "&{count}&" 处"' for word, count in counts.items()]
        text = "　".join(f"{word} {shown.count(word)} 处" for word in counts)
        sheet.set_row(2, 22)
        sheet.merge_range(2, 0, 2, last, "", styles["notice"])
        write_formula(sheet, 2, 0, "=" + '&"　"&'.join(parts), styles["notice"], text)
        # One cell holds all phrases, for a text within a formula has at most 255 characters.
        phrases = "|".join(bare_phrase(phrase) for phrase in self.standard.reading.empty_phrases)
        sheet.set_column(_BARE, _BARE, 8, None, {"hidden": True})
        sheet.write_string(*_PHRASES, f"|{phrases}|", styles["helper"])
        sheet.set_row(_ISSUES_FIRST - 1, 26)
        for index, column in enumerate(_ISSUE_COLUMNS):
            sheet.write_string(_ISSUES_FIRST - 1, index, column, styles["header"])
        for number, issued in enumerate(self.issued, 1):
            self._write_issue(sheet, styles, issued, number)
        end = _ISSUES_FIRST + max(1, len(self.issued)) - 1
        if not self.issued:
            sheet.merge_range(_ISSUES_FIRST, 0, _ISSUES_FIRST, last, "", styles["cell"])
            sheet.write_string(_ISSUES_FIRST, 0, "没有发现问题。", styles["cell"])
        _colour_states(sheet, styles, _ISSUES_FIRST, end, _STATE)
        self._rules_of_issues(sheet)
        sheet.ignore_errors({"number_stored_as_text": f"A{_ISSUES_FIRST + 1}:O{end + 1}"})
        sheet.autofilter(_ISSUES_FIRST - 1, 0, end, last)
        sheet.freeze_panes(_ISSUES_FIRST, 0)
        protect(sheet, sort=True, autofilter=True)
        sheet.set_landscape()
        set_up_print(sheet, issue, _ISSUES_FIRST - 1)
        sheet.print_area(0, 0, end, last)

    def _write_issue(self, sheet: Worksheet, styles: Styles, issued: _Issued, number: int) -> None:
        finding, row = issued.finding, issued.row
        place = finding.place
        name = next((c.community.name for c in self.unit.communities if c.community.code == place.community), "")
        explained = self._explained(finding)
        texts: dict[IssueColumn, str] = {
            IssueColumn.SEVERITY: finding.severity.label,
            IssueColumn.IMPACT: impact_text(finding),
            IssueColumn.RULE: finding.rule,
            IssueColumn.COMMUNITY: name or (place.sheet or ""),
            IssueColumn.CODE: place.community or "",
            IssueColumn.CLAUSE: place.clause or "",
            IssueColumn.VALUE: finding.value or finding.found,
            IssueColumn.OPINION: message(finding),
            IssueColumn.FIX: fix(finding),
            IssueColumn.TOKEN: finding.token,
            IssueColumn.PLACE: self._place_text(issued),
        }
        texts = {column: _fitted(for_cell(text), _ISSUE_WIDTHS[column], _MOST_LINES) for column, text in texts.items()}
        # The county's own words are never cut short.
        texts |= {IssueColumn.REMEDY: for_cell(finding.remedy), IssueColumn.EXPLANATION: for_cell(explained)}
        looks = dict.fromkeys(_ISSUE_COLUMNS, "reference") | {
            IssueColumn.SEVERITY: f"kind_{issued.weight.value}",
            IssueColumn.RULE: "small_code",
            IssueColumn.CODE: "small_code",
            IssueColumn.CLAUSE: "small_code",
            IssueColumn.REMEDY: "small_text_input",
            IssueColumn.EXPLANATION: "small_text_input",
            IssueColumn.TOKEN: "token",
        }
        sheet.set_row(row, paper.row_height([(text, _ISSUE_WIDTHS[column]) for column, text in texts.items()], SMALL))
        sheet.write_number(row, 0, number, styles["small_centre"])
        for index, column in enumerate(_ISSUE_COLUMNS):
            if column in texts and not (column is IssueColumn.PLACE and issued.sheet):
                write_input(sheet, row, index, texts[column], styles.of(looks[column], texts[column]))
        if issued.sheet:
            cell = cell_name(*(part + 1 for part in issued.anchor or (0, 0)))
            link = f"internal:{_there(issued.sheet)}{cell}"
            sheet.write_url(row, _ISSUE_COLUMNS.index(IssueColumn.PLACE), link, styles["small_link"], texts[IssueColumn.PLACE])
        if finding.severity is Severity.VERIFY and finding.settlement is None:
            write_formula(sheet, row, _BARE, _bare_formula(row), styles["helper"], _bare(explained))
        if self._is_refused(finding):
            original = for_cell(explained)
            write_input(sheet, row, _ORIGINAL_EXPLANATION, original, styles.of("helper", original))
        formula, shown = self.state(issued)
        if formula.startswith("="):
            write_formula(sheet, row, _STATE, formula, styles["small_centre"], shown)
        else:
            sheet.write_string(row, _STATE, shown, styles["small_centre"])

    @staticmethod
    def _explained(finding: Finding) -> str:
        """情况说明 to begin with: the one that was accepted, else what the county typed last, whatever became of it."""
        if finding.settlement is not None and finding.settlement.kind is Settled.EXPLAINED:
            return finding.settlement.text
        return finding.reply

    def _is_refused(self, finding: Finding) -> bool:
        """Whether 情况说明 holds something to begin with that settles nothing."""
        return finding.settlement is None and bool(self._explained(finding))

    def _place_text(self, issued: _Issued) -> str:
        if not issued.sheet:
            return issued.finding.place.file or "整个工作簿"
        return issued.sheet + (f" {cell_name(*(part + 1 for part in issued.anchor))}" if issued.anchor else "")

    def _rules_of_issues(self, sheet: Worksheet) -> None:
        """Length of what is typed, and what a good explanation is."""
        refusal = f"请不超过{_LONGEST_EXPLANATION}字，更多的内容请写成附件，在这里写附件名称。"
        advice = "写清事实、数字和依据，例如：已核对台账，全年发生2次，记录见附件3。没有内容的话不算说明；填写的内容以后改了，要重新说明。"
        checks = [i.row for i in self.issued if i.finding.severity is Severity.VERIFY and i.finding.settlement is None]
        others = [i.row for i in self.issued if i.row not in set(checks)]
        for column, rows, more in (
            (IssueColumn.REMEDY, [i.row for i in self.issued], {}),
            (IssueColumn.EXPLANATION, checks, prompt("情况说明怎么写", advice)),
            (IssueColumn.EXPLANATION, others, {}),
        ):
            if rows:
                index = _ISSUE_COLUMNS.index(column)
                rule = at_most(_LONGEST_EXPLANATION, refusal) | more
                rest = {"other_cells": [[row, index, row, index] for row in rows[1:]]} if len(rows) > 1 else {}
                sheet.data_validation(rows[0], index, rows[0], index, rule | rest)

    @cached_property
    def left(self) -> list[tuple[str, str, str, str]]:
        """File, sheet, cell and text of everything that is not in this workbook."""
        rows = [("", "", "", sentence) for sentence in self.unit.left_behind]
        for typed in self.unit.typed:
            rows += [(typed.file, typed.sheet, cell, text) for cell, text in typed.beside]
            for clause, cells in typed.answers.items():
                for position, value in enumerate(cells):
                    if isinstance(value, str) and (rest := as_typed(value)[1]):
                        place = typed.cells.get(clause, ("",) * 3)[position]
                        rows.append((typed.file, typed.sheet, place or "", f"条款{clause}放不下的部分：{rest}"))
        return rows

    def closing_sheets(self, book: xlsxwriter.Workbook, styles: Styles, issue: Issue) -> None:
        if not self.left:
            return
        sheet = book.add_worksheet(layout.LEFT_SHEET)
        titles = (IssueColumn.NUMBER.value, "原文件", "工作表", "位置", layout.LEFT_SHEET)
        widths = (6.0, 26.0, 20.0, 9.0, 90.0)
        for index, width in enumerate(widths):
            sheet.set_column(index, index, width)
        sheet.set_row(0, paper.height(1, TITLE_SIZE))
        sheet.merge_range(0, 0, 0, 4, "", styles["centre_title"])
        sheet.write_string(0, 0, f"{issue.mark}{self.unit.unit.name}报送文件中没有带入新表的内容", styles["centre_title"])
        advice = f"原文件保持不动，另附在旁边。需要报送的内容，请填入对应社区表的“{Column.EVIDENCE}”栏或另行报送；位置是原文件中的位置。"
        sheet.set_row(1, paper.row_height([(advice, sum(widths))], SMALL))
        sheet.merge_range(1, 0, 1, 4, "", styles["hint"])
        sheet.write_string(1, 0, advice, styles["hint"])
        sheet.set_row(2, 24)
        for index, title in enumerate(titles):
            sheet.write_string(2, index, title, styles["header"])
        for row, cells in enumerate(self.left, 3):
            texts = [for_cell(text) for text in cells]
            sheet.set_row(row, paper.row_height(list(zip(texts, widths[1:], strict=True)), SMALL))
            sheet.write_number(row, 0, row - 2, styles["small_centre"])
            for index, text in enumerate(texts, 1):
                write_input(sheet, row, index, text, styles.of("reference", text))
        sheet.freeze_panes(3, 0)
        protect(sheet)
        sheet.set_landscape()
        set_up_print(sheet, issue, 2)
        sheet.print_area(0, 0, 2 + len(self.left), 4)


# --- texts and places -------------------------------------------------------------------------------------------------

_ISSUE_COLUMNS = tuple(IssueColumn)
_STATE = _ISSUE_COLUMNS.index(IssueColumn.STATE)
_ORIGINAL_EXPLANATION = len(_ISSUE_COLUMNS) + 1
"""A hidden column beside 问题清单: a 情况说明 that was refused, for telling whether it was written anew."""
_ISSUES_FIRST = 4
"""First row of 问题清单 with a finding, from 0."""
_MOST_LINES = 29
"""Lines that the highest row of Excel shows in small print."""
_ISSUE_WIDTHS: dict[IssueColumn, float] = {
    IssueColumn.NUMBER: 5,
    IssueColumn.SEVERITY: 7,
    IssueColumn.IMPACT: 11,
    IssueColumn.RULE: 6,
    IssueColumn.COMMUNITY: 14,
    IssueColumn.CODE: 13.5,
    IssueColumn.CLAUSE: 6,
    IssueColumn.PLACE: 13,
    IssueColumn.VALUE: 12,
    IssueColumn.OPINION: 38,
    IssueColumn.FIX: 30,
    IssueColumn.REMEDY: 18,
    IssueColumn.EXPLANATION: 24,
    IssueColumn.STATE: 8.5,
    IssueColumn.TOKEN: 10.5,
}
_SUMMARY_PLACES = {Summary.UNIT: (1, 2), Summary.DATE: (1, 5), Summary.CONTACT: (2, 2), Summary.PHONE: (2, 5), Summary.SUBMISSION: (3, 2)}


def message(finding: Finding) -> str:
    """审核意见 of a finding: what is wrong, and why an explanation of it was not accepted."""
    return finding.message + finding.refusal


def fix(finding: Finding) -> str:
    """怎样修改 of a finding, in this workbook."""
    return finding.fix + _IN_THIS_FORM.get(finding.rule, "")


def opinion(finding: Finding) -> str:
    """A finding in the column 审核意见: its kind, what is wrong and what to do."""
    word = finding.state_label if finding.settlement else RESTORED if finding.rule in _HEALED else finding.severity.label
    if finding.settlement is None and finding.life in (Life.OPEN, Life.RELAPSED):
        word += f"·{finding.life.label}"
    return for_cell(f"{layout.OPINION_MARK}{word}】{message(finding)}{fix(finding)}")


def impact_text(finding: Finding) -> str:
    """影响: what hangs on a finding, with the points that are still open."""
    if finding.impact is Impact.RATIO:
        return "是否达到目标比例"
    if finding.impact is Impact.MARK:
        return finding.mark_text
    return ""


def _fitted(text: str, width: float, lines: int) -> str:
    """As much of a text as ``lines`` lines of a column show, with a word on where the rest stands."""
    if paper.line_count(text, width, SMALL) <= lines:
        return text
    end = f"……（全文见差异报告，共{len(text)}字）"
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if paper.line_count(text[:middle] + end, width, SMALL) <= lines else (low, middle - 1)
    return text[:low] + end


def _heading_address(label: Heading) -> _Address:
    row, column, _ = HEADING_PLACES[label]
    return row, COLUMNS.index(column) + 1


@lru_cache(maxsize=1024)
def _slot(cell: _Address) -> int:
    """Which of a row's three hidden cells belongs to a cell of the form."""
    row, column = cell
    if row > HEADER_ROW:
        return _SLOTS[COLUMNS[column]]
    return [_heading_address(label) for label, place in HEADING_PLACES.items() if place[0] == row].index(cell)


@lru_cache(maxsize=4096)
def _is_changed(cell: _Address, there: str = "") -> str:
    """Condition: the cell no longer holds what was typed, be it that a text became a number, or its sheet is gone."""
    now = there + cell_name(cell[0] + 1, cell[1] + 1)
    then = there + cell_name(cell[0] + 1, _ORIGINALS + _slot(cell) + 1)
    return f'IFERROR(NOT(AND(ISTEXT({now})=ISTEXT({then}),EXACT({now}&"",{then}&""))),TRUE)'


def _is_written(cell: str) -> str:
    return f'IFERROR({live.trimmed_cell(cell)}<>"",TRUE)'


_MARKS = "，。、；：！？…—·～“”‘’（）《》【】,.;:!?-_~'()[]<>/\\|#*&+=\""
"""Punctuation that does not count in an explanation; a formula cannot name all that the review leaves out."""
_BARE = len(_ISSUE_COLUMNS)
"""Hidden column of 问题清单: 情况说明 without blanks and punctuation; above it, all phrases that explain nothing."""
_PHRASES = (0, _BARE)


def _bare_formula(row: int) -> str:
    """情况说明 of a row of 问题清单 (from 0) without blanks and punctuation, in small letters."""
    explanation = cell_name(row + 1, _ISSUE_COLUMNS.index(IssueColumn.EXPLANATION) + 1)
    return f'=IFERROR(LOWER({_without(live.trimmed_cell(explanation), _MARKS)}),"")'


def _bare(explanation: str) -> str:
    """What ``_bare_formula`` shows for a 情况说明."""
    return "".join(ch for ch in live.trimmed(for_cell(explanation)) if ch not in _MARKS).lower()


def _explains(row: int) -> str:
    """Condition that 情况说明 of a row says something: no mere number, and none of the standard's empty phrases."""
    bare = cell_name(row + 1, _BARE + 1)
    return f'AND({_without(bare, "0123456789０１２３４５６７８９")}<>"",ISERROR(FIND("|"&{bare}&"|",{_absolute(_PHRASES)})))'


def _without(text: str, characters: str) -> str:
    """Worksheet expression: a text without some characters."""
    for character in characters:
        quoted = character.replace('"', '""')
        text = f'SUBSTITUTE({text},"{quoted}","")'
    return text


def _either(edited: str, otherwise: str) -> str:
    """Formula of a state. A place that is gone, because its sheet was deleted, was edited."""
    return f'=IFERROR(IF({edited},"{EDITED}",{otherwise}),"{EDITED}")'


def _there(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'!"


def _absolute(cell: _Address) -> str:
    name = cell_name(cell[0] + 1, cell[1] + 1)
    letters = name.rstrip("0123456789")
    return f"${letters}${name[len(letters):]}"


_STATE_LOOKS = ((TO_CORRECT, "if_send_back"), (STILL_WRONG, "if_send_back"), (TO_CHECK, "if_verify"), (EDITED, "if_edited"))


def _colour_states(sheet: Worksheet, styles: Styles, first: int, last: int, column: int) -> None:
    for word, look in _STATE_LOOKS:
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": styles[look]}
        sheet.conditional_format(first, column, last, column, rule)
