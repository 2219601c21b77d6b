"""Writes the fill-in workbook (填报工作簿) of one reporting unit: guide, summary, a sheet per community, ``_meta``.

The sheets are planned first (which clause stands in which row, its formulas, rules of entry and height) and then
written, so that whoever writes into the same form later finds every cell through the plan.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from greencomm import paper
from greencomm.errors import OutputError
from greencomm.forms import layout, live
from greencomm.forms.layout import Column, Heading, Meta, Summary
from greencomm.forms.live import CellInput, LiveSheet
from greencomm.forms.names import file_name_part, sheet_names
from greencomm.forms.style import SIZE, SMALL, TITLE_SIZE, Styles
from greencomm.intake.workbook import cell_name
from greencomm.lean import ColourRule, EntryRules, LeanBook, LeanSheet, Stencil, entry_rules
from greencomm.results import ratio
from greencomm.roster import Community, Roster, Unit
from greencomm.standard import PHASE_TITLES, Clause, Item, Standard
from greencomm.standard.kinds import Counted, Example, Rate

BACK = f"返回{layout.SUMMARY_SHEET}"
GREEN, BELOW, UNFINISHED, UNTOUCHED = "达标", "未达标", "填报中", "未填"
"""Standings on 汇总 beside 有误. They are the unit's own view; the review's are results.Status."""

COLUMNS = tuple(Column)
WIDTHS: dict[Column, float] = {
    Column.CLAUSE: 6,
    Column.CONTENT: 15,
    Column.POINTS: 5.5,
    Column.STANDARD: 32,
    Column.CRITERION: 46,
    Column.ACTUAL: 9,
    Column.STATED: 12.5,
    Column.DUE: 6.5,
    Column.SCORE: 7.5,
    Column.STATUS: 27,
    Column.EVIDENCE: 30,
}
_HINT_ROW, HEADER_ROW = 4, 5
FIRST_ROW = HEADER_ROW + 1
# Row, column of the label, columns that the value takes; together three labels a row above the table.
HEADING_PLACES: dict[Heading, tuple[int, Column, int]] = {
    Heading.COUNTY: (1, Column.CONTENT, 2),
    Heading.NAME: (1, Column.CRITERION, 4),
    Heading.CODE: (1, Column.STATUS, 1),
    Heading.YEAR: (2, Column.CONTENT, 2),
    Heading.AUTHOR: (2, Column.CRITERION, 4),
    Heading.DATE: (2, Column.STATUS, 1),
    Heading.CLAIM: (3, Column.CONTENT, 2),
    Heading.TOTAL: (3, Column.CRITERION, 4),
}
_HEADING_CELLS = tuple(
    (label, row, COLUMNS.index(column) + 1, width) for label, (row, column, width) in HEADING_PLACES.items()
)
"""Row, first column and number of columns of each heading's value."""
_HINT = (
    f"只填浅黄色格子，按 Tab 键依次跳到下一格。不扣分填0，空着表示没有评定；有{Column.ACTUAL}的条款先填{Column.ACTUAL}，"
    f"{Column.STATED}可不填。填完后看“{Column.STATUS}”，全部“{layout.STATUS_DONE}”才出总分。"
)
_TO_FILL = (Heading.AUTHOR, Heading.DATE, Heading.CLAIM)
_SIGNED = (Heading.AUTHOR, Heading.DATE)
"""What a sheet that is filled should be signed with."""

_A4_HEIGHT, _A4_WIDTH = 841.9, 595.3
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.7}
"""Inches."""
_PLANNED = 0.72
"""Share of a page that is planned full: breaks stand still while rows grow with 说明, and an item should stay on its page."""
_LONGEST_PROMPT, _LONGEST_TITLE = 255, 32
"""Excel's limits; XlsxWriter drops a rule that exceeds them."""
_MOST_GROWING = 150
"""Communities of a unit up to which rows grow: LibreOffice lays out every growing row when it opens a file, which costs it
four times the time and memory, and most units of the country have fewer than 50."""
LONGEST_EVIDENCE = 200
"""Characters of 说明 that the highest row of Excel still shows; what is longer belongs into an annex."""
_LONGEST_WORD = 50
"""Characters of a name, a date or a telephone number."""


@dataclass(frozen=True)
class SheetAnswers:
    """What a community's sheet is issued with: heading values (they go before the roster's) and answers by clause."""

    heading: Mapping[Heading, CellInput] = field(default_factory=dict)
    answers: live.Answers = field(default_factory=dict)


class Variation:
    """What a workbook has beyond the plain form; this one adds nothing. A returned workbook is a variation of the form."""

    title = "填报工作簿"
    widths: Mapping[Column, float] = WIDTHS
    beside: tuple[float, ...] = ()
    """Widths of the printed columns right of a community's table."""
    summary: tuple[tuple[str, float], ...] = ()
    """Title and width of further columns of 汇总."""
    more: tuple[Community, ...] = ()
    """Further community sheets, beyond those of the roster; their codes only tell them apart."""
    communities_first = ""
    """A link on 汇总 to another sheet of this name; empty for none."""

    def name_sheets(self, names: dict[str, str]) -> dict[str, str]:
        """Sheet names by community code, those of ``more`` included."""
        return names

    def view(self, community: Community) -> LiveSheet | None:
        """What the formulas of a sheet show, where that is known already."""
        return None

    def opening_sheets(self, book: xlsxwriter.Workbook, styles: Styles, issue: Issue) -> None:
        """Write sheets between 汇总 and the communities."""

    def closing_sheets(self, book: xlsxwriter.Workbook, styles: Styles, issue: Issue) -> None:
        """Write sheets after the communities."""

    def guide(self) -> Sequence[str]:
        """What the guide says first; the colours that it explains belong to ``legend``."""
        return ()

    def legend(self) -> Sequence[tuple[str, str, str]]:
        """Style, sample and text of further colours."""
        return ()

    def is_open(self, community: Community, place: Heading | tuple[str, Column]) -> bool:
        """Whether a cell that the form locks may be edited: a heading's, or a clause's in a column."""
        return False

    def special_clauses(self, community: Community) -> Set[str]:
        """Clauses whose rows have anything beyond answers and what shows them."""
        return frozenset()

    def hint(self, community: Community, hint: str) -> tuple[str, str]:
        """The text between heading and table, and its style."""
        return hint, "hint"

    def texts_beside(self, community: Community, clause: str) -> list[tuple[str, float]]:
        """Texts right of the table in a special clause's row with the widths of their columns, for the height of the row."""
        return []

    def colour_first(self, sheet: LeanSheet, styles: Styles, issue: Issue, community: Community) -> None:
        """Add conditional formats that go before the form's own."""

    def write_common(self, sheet: LeanSheet, styles: Styles, issue: Issue) -> None:
        """Write what stands right of the table on every sheet alike; ``write_beside`` adds the rest of each."""

    def write_beside(self, sheet: LeanSheet, styles: Styles, issue: Issue, community: Community) -> None:
        """Write what stands right of the table; add conditional formats that come after the form's own."""

    def write_summary(self, sheet: Worksheet, styles: Styles, issue: Issue, row: int, community: Community) -> None:
        """Write the further columns of 汇总 in a community's row."""

    def figures(self) -> Sequence[tuple[str, str, int]]:
        """Title, formula and value of a figure above each further column of 汇总."""
        return ()

    def checks(self) -> Sequence[tuple[str, int, str]]:
        """Expression, value and sentence of what is missing before sending."""
        return ()


@dataclass(frozen=True)
class RowPlan:
    """One clause's row on every community sheet."""

    clause: Clause
    item: Item
    row: int
    """From 0."""
    height: float
    """Points, without what the county writes."""
    due: str
    """Formula of 应扣, as all of them here without ``=``."""
    status: str
    """Formula of 填报状态."""
    score: str
    """Formula of 得分 of the item; empty where the row does not open it."""

    @cached_property
    def place(self) -> str:
        """Where it stands among its item's rows, as the names of styles say it."""
        closes = self.clause is self.item.clauses[-1]
        return ("only" if closes else "first") if self.opens_item else ("last" if closes else "middle")

    @cached_property
    def opens_item(self) -> bool:
        return self.clause is self.item.clauses[0]

    def cell(self, column: Column) -> str:
        return cell_name(self.row + 1, COLUMNS.index(column) + 1)


@dataclass(frozen=True)
class SheetPlan:
    """What all community sheets of a standard have in common."""

    standard: Standard
    rows: tuple[RowPlan, ...]
    widths: Mapping[Column, float] = field(default_factory=lambda: WIDTHS)

    @cached_property
    def hint_width(self) -> float:
        return sum(self.widths[column] for column in COLUMNS[1:])

    @property
    def total_row(self) -> int:
        return self.rows[-1].row + 1

    @cached_property
    def clause_rows(self) -> frozenset[int]:
        """Rows (from 0) that have a clause."""
        return frozenset(row.row for row in self.rows)

    @cached_property
    def row(self) -> dict[str, RowPlan]:
        """Rows by clause id."""
        return {row.clause.id: row for row in self.rows}

    def cells(self, column: Column, clauses: Sequence[Clause] | None = None, absolute: bool = False) -> str:
        """The range of a column from the first to the last of ``clauses`` (default: all)."""
        ids = [clause.id for clause in clauses or self.standard.clauses]
        name, dollar = column_letter(column), "$" if absolute else ""
        first, last = (f"{dollar}{name}{dollar}{self.row[clause].row + 1}" for clause in (ids[0], ids[-1]))
        return f"{first}:{last}"

    @cached_property
    def absolute_cells(self) -> tuple[str, str, str]:
        """The ranges of 应扣, 填报状态 and 说明 for formulas of other sheets."""
        due, status, evidence = (self.cells(each, absolute=True) for each in (Column.DUE, Column.STATUS, Column.EVIDENCE))
        return due, status, evidence

    @cached_property
    def total_cell(self) -> str:
        return cell_name(self.total_row + 1, COLUMNS.index(Column.SCORE) + 1)

    @cached_property
    def total_formula(self) -> str:
        """Formula of 合计."""
        return live.total_formula(self.standard, self.cells(Column.DUE), self.cells(Column.SCORE)).removeprefix("=")

    @cached_property
    def standings(self) -> tuple[str, str]:
        """What stands beside 合计 from the pass mark on, and below it."""
        mark = self.standard.pass_mark.points
        return f"自评{GREEN}（{mark}分以上为{GREEN}）", f"自评{BELOW}（{mark}分以上为{GREEN}）"

    @cached_property
    def standing_formula(self) -> str:
        """Formula of the words beside 合计."""
        reaches = f'IF({self.total_cell}>={self.standard.pass_mark.points},"{self.standings[0]}","{self.standings[1]}")'
        return f'IF(ISNUMBER({self.total_cell}),{reaches},"")'

    @cached_property
    def rules_of_entry(self) -> tuple[tuple[int, int, dict[str, Any]], ...]:
        """Row, column and data validation of every cell of the table that a county fills."""
        rules = []
        for row in self.rows:
            if row.clause.measure is not None:
                rules.append((row.row, COLUMNS.index(Column.ACTUAL), _actual_rule(row, self.standard)))
            rules.append((row.row, COLUMNS.index(Column.STATED), _stated_rule(row.clause)))
            rules.append((row.row, COLUMNS.index(Column.EVIDENCE), _evidence_rule(row.clause)))
        return tuple(rules)

    @cached_property
    def entry_rules(self) -> EntryRules:
        """The rules of entry as they are written."""
        return entry_rules(self.rules_of_entry)

    @cached_property
    def examples(self) -> tuple[tuple[tuple[CellInput, ...], tuple[str, ...]], ...]:
        """Cells and their styles in each row of the worked example."""
        return tuple(_example_rows(self.standard))


@dataclass(frozen=True)
class _Stencil:
    """What every community sheet of a workbook begins with, and the colours that it ends with."""

    sheet: Stencil
    colours: tuple[tuple[str, tuple[str, str]], ...]


@dataclass(frozen=True)
class Issue:
    """One workbook to be written, with all that its sheets need."""

    unit: Unit
    roster: Roster
    standard: Standard
    form_date: datetime.date
    kind: str
    answers: Mapping[str, SheetAnswers]
    submission: int
    contact: CellInput
    phone: CellInput
    date: CellInput
    plan: SheetPlan
    names: dict[str, str]
    views: dict[str, LiveSheet]
    variation: Variation
    stencils: list[_Stencil] = field(default_factory=list)
    """What all community sheets have in common, once the first of them is written."""

    @property
    def summary_columns(self) -> tuple[tuple[str, float], ...]:
        """Title and width of each column of 汇总."""
        return (*zip(_SUMMARY_TITLES, _SUMMARY_WIDTHS, strict=True), *self.variation.summary)

    @property
    def communities(self) -> tuple[Community, ...]:
        return self.roster.of_unit[self.unit.code]

    @property
    def mark(self) -> str:
        """Stands before every title of a sample; empty on real forms."""
        return f"【{layout.SAMPLE_MARK}】" if self.kind == layout.SAMPLE else ""

    @property
    def round_title(self) -> str:
        return round_title(self.roster)

    def heading(self, community: Community, label: Heading) -> CellInput:
        return self.answers.get(community.code, SheetAnswers()).heading.get(label)


def round_title(roster: Roster) -> str:
    """What is collected: ``2021年度总结``, ``2021年自评``."""
    return roster.batch.round_title


def form_file_name(unit: Unit, roster: Roster) -> str:
    """``楚雄市_2021年度总结_填报工作簿.xlsx``."""
    return f"{file_name_part(unit.name)}_{round_title(roster)}_填报工作簿.xlsx"


def issue_workbook(
    target: Path | BinaryIO,
    unit: Unit,
    roster: Roster,
    standard: Standard,
    *,
    form_date: datetime.date,
    kind: str = layout.REAL,
    answers: Mapping[str, SheetAnswers] | None = None,
    submission: int = 1,
    contact: CellInput = "",
    phone: CellInput = "",
    date: CellInput = None,
    variation: Variation | None = None,
) -> None:
    """Write the unit's fill-in workbook, a sheet for each of its communities in the roster.

    ``answers`` (by community code) fills sheets as a clerk would have; stored values of all formulas follow them.
    ``date`` stands as 填报时间 in the place of ``form_date``.
    The same arguments give the same bytes. Raises OutputError where ``target`` cannot be written.
    """
    answers, variation = answers or {}, variation or Variation()
    communities = (*roster.of_unit[unit.code], *variation.more)
    blank = live.live_view(standard, {})
    issue = Issue(
        unit=unit,
        roster=roster,
        standard=standard,
        form_date=form_date,
        kind=kind,
        answers=answers,
        submission=submission,
        contact=contact,
        phone=phone,
        date=date,
        plan=sheet_plan(standard, variation.widths),
        names=variation.name_sheets(sheet_names(communities)),
        views={community.code: variation.view(community) or _view(standard, community, answers, blank) for community in communities},
        variation=variation,
    )
    book = LeanBook(str(target) if isinstance(target, Path) else target)
    _describe(book, issue)
    styles = Styles(book)
    guide = book.add_worksheet(layout.GUIDE_SHEET)
    summary = book.add_worksheet(layout.SUMMARY_SHEET)
    write_guide(guide, styles, issue)
    write_summary(summary, styles, issue)
    variation.opening_sheets(book, styles, issue)
    for community in communities:
        write_community(book.add_worksheet(issue.names[community.code], LeanSheet), styles, issue, community)
    variation.closing_sheets(book, styles, issue)
    write_meta(book.add_worksheet(layout.META_SHEET), issue)
    summary.activate()
    try:
        book.close()
    except (FileCreateError, OSError):
        name = target.name if isinstance(target, Path) else form_file_name(unit, roster)
        raise OutputError(f"“{name}”写不进去，请确认文件没有在 Excel 中打开、文件夹可以写入，然后重试。") from None


def _view(standard: Standard, community: Community, answers: Mapping[str, SheetAnswers], blank: LiveSheet) -> LiveSheet:
    return live.live_view(standard, answers[community.code].answers) if community.code in answers else blank


def _describe(book: xlsxwriter.Workbook, issue: Issue) -> None:
    standard = issue.standard
    book.set_properties(
        {
            "title": f"{issue.mark}{issue.unit.name}{layout.PROGRAMME}{issue.round_title}{issue.variation.title}",
            "subject": f"{standard.title}（{standard.document}）",
            "comments": f"模板版本 {layout.TEMPLATE_VERSION}；标准 {standard.id}，校验值 {standard.sha256}",
            "created": layout.issue_stamp(issue.roster.batch.year),
        }
    )
    for name, value in (("模板版本", layout.TEMPLATE_VERSION), ("标准编号", standard.id), ("标准校验值", standard.sha256)):
        book.set_custom_property(name, value, "text")


# The plan of a community sheet.


def column_letter(column: Column) -> str:
    return cell_name(1, COLUMNS.index(column) + 1).rstrip("1")


def sheet_plan(standard: Standard, widths: Mapping[Column, float] = WIDTHS) -> SheetPlan:
    """Plan the rows of a community sheet, with heights that show all text of each clause and item."""
    known = id(standard), tuple(widths.items())
    if known not in _PLANS:
        if len(_PLANS) >= _MOST_PLANS:
            _PLANS.clear()
        _PLANS[known] = _plan(standard, widths)
    return _PLANS[known]


_PLANS: dict[tuple[int, tuple[tuple[Column, float], ...]], SheetPlan] = {}
"""Plans that were made, each of which holds its standard, so that no other can have the same identity."""
_MOST_PLANS = 16


def _plan(standard: Standard, widths: Mapping[Column, float]) -> SheetPlan:
    rows: list[RowPlan] = []
    for item in standard.items:
        for clause in item.clauses:
            height = _clause_height(clause, widths)
            if clause is item.clauses[0]:
                shared = [(item.content_name, widths[Column.CONTENT]), (_standard_text(item), widths[Column.STANDARD])]
                height = max(height, paper.row_height(shared, SMALL))
            row = FIRST_ROW + len(rows)
            cells = {column: cell_name(row + 1, index + 1) for index, column in enumerate(COLUMNS)}
            actual, stated = cells[Column.ACTUAL], cells[Column.STATED]
            due = live.due_formula(clause, standard.reading, actual, stated).removeprefix("=")
            status = live.status_formula(
                clause, standard.reading, actual, stated, cells[Column.DUE], cells[Column.EVIDENCE]
            ).removeprefix("=")
            first, last = (cell_name(number + 1, COLUMNS.index(Column.DUE) + 1) for number in (row, row + len(item.clauses) - 1))
            score = live.score_formula(item, f"{first}:{last}").removeprefix("=") if clause is item.clauses[0] else ""
            rows.append(RowPlan(clause, item, row, height, due, status, score))
    return SheetPlan(standard, tuple(rows), widths)


def _standard_text(item: Item) -> str:
    return f"{item.number} {item.standard}"


def _clause_height(clause: Clause, widths: Mapping[Column, float]) -> float:
    criterion = paper.row_height([(clause.criterion, widths[Column.CRITERION])], SMALL)
    states = [layout.status_blank(clause.wanted), *map(layout.status_wrong, (clause.allowed, clause.allowed_actual))]
    return max(criterion, paper.row_height([(state, widths[Column.STATUS]) for state in states], SMALL))


def page_breaks(heights: Sequence[float], may_break: Sequence[bool], first_page: float, page: float) -> list[int]:
    """Rows (from 0) before which a new page begins, only where ``may_break``; all heights in points."""
    breaks: list[int] = []
    start, room, last_chance = 0, first_page, 0
    for row in range(len(heights)):
        if may_break[row]:
            last_chance = row
        if sum(heights[start : row + 1]) > room and last_chance > start:
            breaks.append(last_chance)
            start, room = last_chance, page
    return breaks


# Rules of entry.


def prompt(title: str, message: str) -> dict[str, Any]:
    return {"input_title": _cut(title, _LONGEST_TITLE), "input_message": _cut(message, _LONGEST_PROMPT)}


def _refusal(message: str) -> dict[str, Any]:
    return {"error_title": "这里填的内容有误", "error_message": _cut(message, _LONGEST_PROMPT)}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _quote_line(clause: Clause) -> str:
    return f"原文：{clause.quote}\n" + (f"执行口径：{clause.note}" if clause.note else "")


def at_most(characters: int, message: str) -> dict[str, Any]:
    return {"validate": "length", "criteria": "<=", "value": characters} | _refusal(message)


def _actual_rule(row: RowPlan, standard: Standard) -> dict[str, Any]:
    clause = row.clause
    allowed = f"{Column.ACTUAL}应填{clause.allowed_actual}。"
    rule: dict[str, Any] = {"validate": "custom", "value": ""}
    if isinstance(clause, Counted):
        rule = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": clause.count_limit}
        hint = "没有的填0。"
        refusal = f"{allowed}请只填数，不带单位和文字说明；说明写在“{Column.EVIDENCE}”。"
    else:
        rule["value"] = live.actual_entry_formula(clause, standard.reading, row.cell(Column.ACTUAL))
        hint, refusal = "", allowed
    return (
        rule
        | prompt(f"{clause.id} {Column.ACTUAL}", f"{_quote_line(clause)}请填{clause.wanted}。{allowed}{hint}应扣自动算出。")
        | _refusal(refusal)
    )


def _stated_rule(clause: Clause) -> dict[str, Any]:
    word = "加分" if clause.adds else Column.STATED.value
    if clause.measure is not None:
        advice = f"填了{Column.ACTUAL}的，这一格可以空着；要填应为{clause.allowed}。"
    else:
        advice = f"{clause.wanted}；不要空着。"
        if clause.needs_reason:
            advice += f"按轻重填，扣分的请在“{Column.EVIDENCE}”写明理由。"
        elif clause.adds:
            advice += f"加分的请在“{Column.EVIDENCE}”写明奖项或报道的名称、单位和日期。"
    return (
        {"validate": "list", "source": list(clause.possible)}
        | prompt(f"{clause.id} {word}", _quote_line(clause) + advice)
        | _refusal(f"条款{clause.id}的{word}只能填{clause.allowed}。请只填数，不带“分”字和正负号。")
    )


def _evidence_rule(clause: Clause) -> dict[str, Any]:
    advice = "可写情况说明和佐证材料的名称、文号、照片编号。"
    if clause.needs_reason:
        advice = "扣分的，请在这里写明扣分理由；" + advice
    rule = at_most(LONGEST_EVIDENCE, f"“{Column.EVIDENCE}”请不超过{LONGEST_EVIDENCE}字，更多的内容请写成附件，在这里写附件名称。")
    return rule | prompt(f"{clause.id} {Column.EVIDENCE}", _quote_line(clause) + advice)


# One community's sheet.


def write_community(sheet: LeanSheet, styles: Styles, issue: Issue, community: Community) -> None:
    """Write the sheet of one community: heading, table, rules of entry, colours, protection, print set-up."""
    if issue.stencils:
        sheet.begin_with(issue.stencils[0].sheet)
    else:
        _write_common(sheet, styles, issue)
        issue.stencils.append(_Stencil(sheet.keep(), tuple(_colours(styles, issue.plan))))
    if len(issue.communities) <= _MOST_GROWING:
        sheet.growing = issue.plan.clause_rows
    hint_height = _write_heading(sheet, styles, issue, community)
    heights = _write_table(sheet, styles, issue, community)
    issue.variation.colour_first(sheet, styles, issue, community)
    sheet.colour(issue.stencils[0].colours)
    issue.variation.write_beside(sheet, styles, issue, community)
    sheet.repeat_rows(HEADER_ROW)
    # A page that lies apart from the others still says whose it is; Excel's limit for a header is 255 characters.
    whose = f"{issue.unit.name[:50]}　{community.name[:50]}　{community.code}".replace("&", "&&")
    sheet.set_header(f"&R&9{whose}", {"margin": 0.25})
    beside = issue.variation.beside
    sheet.print_area(0, 0, issue.plan.total_row, len(COLUMNS) - 1 + len(beside))
    _break_pages(sheet, issue.plan, heights, beside, hint_height)


def _write_common(sheet: LeanSheet, styles: Styles, issue: Issue) -> None:
    """Write what is the same on every community sheet of a workbook: all but answers, heading values and what shows them."""
    plan, last = issue.plan, len(COLUMNS) - 1
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, plan.widths[column])
    sheet.set_row(0, paper.height(1, TITLE_SIZE))
    title = f"{issue.mark}{issue.roster.batch.region}{layout.PROGRAMME}自评表（{issue.round_title}）"
    sheet.merge_range(0, 1, 0, last, "", styles["title"])
    sheet.write_string(0, 1, title, styles["title"])
    rules = _rules_of_heading(issue)
    for label, (row, column, width) in HEADING_PLACES.items():
        sheet.set_row(row, 21)
        index = COLUMNS.index(column)
        sheet.write_string(row, index, label, styles["label"])
        if width > 1:
            sheet.merge_range(row, index + 1, row, index + width, "", styles[_heading_look(label, False)])
        if label in rules:
            sheet.data_validation(row, index + 1, row, index + 1, rules[label])
    sheet.merge_range(_HINT_ROW, 1, _HINT_ROW, last, "", styles["hint"])
    sheet.set_row(_HINT_ROW, _hint_height(_HINT, plan))
    sheet.write_string(_HINT_ROW, 1, _HINT, styles["hint"])
    titles = headers(issue.standard)
    sheet.set_row(HEADER_ROW, paper.row_height([(titles[column], plan.widths[column]) for column in COLUMNS], SIZE, least=24))
    for index, column in enumerate(COLUMNS):
        sheet.write_string(HEADER_ROW, index, titles[column], styles["header"])
    for each in plan.rows:
        _write_item(sheet, styles, each)
        sheet.write_string(each.row, COLUMNS.index(Column.CLAUSE), each.clause.id, styles["code"])
        sheet.write_string(each.row, COLUMNS.index(Column.CRITERION), each.clause.criterion, styles["reference"])
    sheet.set_row(plan.total_row, _TOTAL_HEIGHT)
    for index in range(len(COLUMNS)):
        sheet.write_blank(plan.total_row, index, None, styles["total"])
    sheet.write_string(plan.total_row, COLUMNS.index(Column.CLAUSE), layout.TOTAL_ROW, styles["total"])
    sheet.write_number(plan.total_row, COLUMNS.index(Column.POINTS), plan.standard.full_score, styles["total"])
    score = COLUMNS.index(Column.SCORE)
    sheet.merge_range(plan.total_row, score, plan.total_row, score + 1, "", styles["total"])
    sheet.entry_rules = plan.entry_rules
    sheet.write_url(3, last, f"internal:'{layout.SUMMARY_SHEET}'!A1", styles["link"], BACK)
    protect(sheet)
    sheet.freeze_panes(FIRST_ROW, 1)
    author = HEADING_PLACES[Heading.AUTHOR]
    sheet.set_selection(author[0], COLUMNS.index(author[1]) + 1, author[0], COLUMNS.index(author[1]) + 1)
    sheet.ignore_errors({"number_stored_as_text": f"{issue.plan.cells(Column.CLAUSE)} {_value_cell(Heading.CODE)}"})
    sheet.set_landscape()
    set_up_print(sheet, issue, None)
    issue.variation.write_common(sheet, styles, issue)


def _rules_of_heading(issue: Issue) -> dict[Heading, dict[str, Any]]:
    """Rules of entry for the heading's cells that a county fills."""
    reading = issue.standard.reading
    return {
        Heading.AUTHOR: at_most(_LONGEST_WORD, "请只写填表人的姓名。") | prompt(Heading.AUTHOR, "请写填表人的姓名。"),
        Heading.DATE: at_most(_LONGEST_WORD, f"请只写日期，例如 {issue.form_date.isoformat()}。")
        | prompt(Heading.DATE, f"请写填表的日期，例如 {issue.form_date.isoformat()}。"),
        Heading.CLAIM: {"validate": "list", "source": [reading.yes, reading.no]}
        | prompt(Heading.CLAIM, f"社区申报绿色社区的选“{reading.yes}”，不申报的选“{reading.no}”。")
        | _refusal(f"“{Heading.CLAIM}”请选“{reading.yes}”或“{reading.no}”。"),
    }


def _heading_look(label: Heading, opened: bool) -> str:
    """Name of the style of a heading's value; ``opened``: it may be edited though the form locks it."""
    return "text_input" if opened or label in _TO_FILL else "figure" if label is Heading.TOTAL else "value"


def _write_heading(sheet: LeanSheet, styles: Styles, issue: Issue, community: Community) -> float:
    """Write the values above the table; return the height of the hint's row in points."""
    last = len(COLUMNS) - 1
    values: dict[Heading, CellInput] = {
        Heading.COUNTY: community.county,
        Heading.NAME: community.name,
        Heading.CODE: community.code,
        Heading.YEAR: issue.roster.batch.year,
    }
    typed = issue.answers.get(community.code, SheetAnswers()).heading
    for label, row, index, width in _HEADING_CELLS:
        value = typed.get(label)
        value = values.get(label) if value is None else value
        opened = issue.variation.is_open(community, label)
        look = styles.of(_heading_look(label, opened), value)
        if look is not styles[_heading_look(label, False)]:
            for further in range(index + 1, index + width):
                sheet.write_blank(row, further, None, look)
        if label is Heading.TOTAL and value is None:
            write_formula(sheet, row, index, f"={issue.plan.total_cell}", look, issue.views[community.code].total)
        else:
            write_input(sheet, row, index, value, look)
    hint, look_name = issue.variation.hint(community, _HINT)
    hint_height = _hint_height(hint, issue.plan)
    if (hint, look_name) == (_HINT, "hint"):
        return hint_height  # As on every sheet.
    sheet.set_row(_HINT_ROW, hint_height)
    for column_index in range(2, last + 1):
        sheet.write_blank(_HINT_ROW, column_index, None, styles[look_name])
    sheet.write_string(_HINT_ROW, 1, hint, styles[look_name])
    return hint_height


def _hint_height(hint: str, plan: SheetPlan) -> float:
    return paper.row_height([(hint, plan.hint_width)], SMALL, least=18)


def _value_cell(label: Heading) -> str:
    """Address of a heading's value on every community sheet."""
    row, column, _ = HEADING_PLACES[label]
    return cell_name(row + 1, COLUMNS.index(column) + 2)


def headers(standard: Standard) -> dict[Column, str]:
    """Headers of the table as issued: 扣分 says where it means points added."""
    awards = "、".join(str(item.number) for item in standard.items if item.base == 0)
    stated = layout.STATED_HEADER.format(item=awards) if awards else Column.STATED.value
    return {column: stated if column is Column.STATED else column.value for column in COLUMNS}


def _write_table(sheet: LeanSheet, styles: Styles, issue: Issue, community: Community) -> list[float]:
    """Write the answers and what shows them; return the heights of the clause rows and 合计 in points."""
    plan, view = issue.plan, issue.views[community.code]
    answers = issue.answers.get(community.code, SheetAnswers()).answers
    special = issue.variation.special_clauses(community)
    heights = []
    for row in plan.rows:
        clause = row.clause.id
        answer = answers.get(clause, _NO_ANSWER)
        height = row.height
        if answer[2]:
            height = max(height, paper.row_height([(str(answer[2]), plan.widths[Column.EVIDENCE])], SIZE))
        if clause in special and (beside := issue.variation.texts_beside(community, clause)):
            height = max(height, paper.row_height(beside, SMALL))
        heights.append(height)
        score = view.score[row.item.number] if row.opens_item else ""
        # Most rows say what the same row of another sheet says: 0, and that it is done, which follows from the answer.
        if clause not in special and sheet.is_known(row.row, (row.row, _told_apart(answer), score)):
            continue
        sheet.set_row(row.row, height)
        if row.opens_item:
            sheet.write_formula(row.row, _SCORE_COLUMN, row.score, styles[f"group_score_{row.place}"], score)
        opened = issue.variation.is_open(community, (clause, Column.ACTUAL))
        _write_clause(sheet, styles, row, answer, view, opened)
    _write_total(sheet, styles, plan, view.total)
    return [*heights, _TOTAL_HEIGHT]


def _told_apart(answer: tuple[CellInput, CellInput, CellInput]) -> tuple[object, ...]:
    """An answer as no other is written: 0, 0.0, -0.0 and False are four."""
    kinds = (answer[0].__class__, answer[1].__class__, answer[2].__class__)
    return (*kinds, *map(repr, answer)) if float in kinds else (*kinds, *answer)


_NO_ANSWER: tuple[CellInput, CellInput, CellInput] = (None, None, None)
_SCORE_COLUMN = COLUMNS.index(Column.SCORE)
_TOTAL_HEIGHT = 26.0


def _write_item(sheet: Worksheet, styles: Styles, row: RowPlan) -> None:
    """The cells that an item's clauses share: filled in its first row, open between its rows."""
    item = row.item
    text, points, total = (styles[f"group_{name}_{row.place}"] for name in ("text", "points", "score"))
    places = [COLUMNS.index(column) for column in (Column.CONTENT, Column.POINTS, Column.STANDARD, Column.SCORE)]
    if not row.opens_item:
        for column, look in zip(places, (text, points, text, total), strict=True):
            sheet.write_blank(row.row, column, None, look)
        return
    sheet.write_string(row.row, places[0], item.content_name, text)
    sheet.write_number(row.row, places[1], item.points, points)
    sheet.write_string(row.row, places[2], _standard_text(item), text)


def _write_clause(
    sheet: LeanSheet,
    styles: Styles,
    row: RowPlan,
    answer: tuple[CellInput, CellInput, CellInput],
    view: LiveSheet,
    opened: bool,
) -> None:
    """``opened``: 实际值 may be edited though the clause has none."""
    clause = row.clause
    actual, stated, evidence = answer
    look = styles.of("unused" if clause.measure is None and not opened else "centre_input", actual)
    sheet.put(row.row, _ACTUAL_COLUMN, _stored(actual), look)
    sheet.put(row.row, _STATED_COLUMN, _stored(stated), styles.of("centre_input", stated))
    sheet.write_formula(row.row, _DUE_COLUMN, row.due, styles["centre"], view.due[clause.id])
    sheet.write_formula(row.row, _STATUS_COLUMN, row.status, styles["status"], view.status[clause.id])
    sheet.put(row.row, _EVIDENCE_COLUMN, _stored(evidence), styles.of("input", evidence))


def _stored(value: CellInput) -> str | float | None:
    return float(value) if isinstance(value, Decimal) else value


_ACTUAL_COLUMN, _STATED_COLUMN, _DUE_COLUMN, _STATUS_COLUMN, _EVIDENCE_COLUMN = (
    COLUMNS.index(column) for column in (Column.ACTUAL, Column.STATED, Column.DUE, Column.STATUS, Column.EVIDENCE)
)


def _write_total(sheet: LeanSheet, styles: Styles, plan: SheetPlan, total: int | str) -> None:
    sheet.write_formula(plan.total_row, _SCORE_COLUMN, plan.total_formula, styles["total"], total)
    words = plan.standings
    shown = words[total < plan.standard.pass_mark.points] if isinstance(total, int) else ""
    sheet.write_formula(plan.total_row, _EVIDENCE_COLUMN, plan.standing_formula, styles["total"], shown)


def _colours(styles: Styles, plan: SheetPlan) -> list[tuple[str, tuple[str, str]]]:
    """Conditional formats: what is wrong turns red where it was typed, what is asked for amber, what is done green."""
    found: list[ColourRule] = []
    status = f"${column_letter(Column.STATUS)}"

    def when(column: Column, rows: Sequence[RowPlan], condition: str, look: str) -> None:
        """``condition`` says {status} for 填报状态 of the row."""
        if not rows:
            return
        condition = condition.format(status=f"{status}{rows[0].row + 1}")
        found.append(ColourRule(" ".join(ranges(row.cell(column) for row in rows)), condition, styles[look]))

    wrong = f'LEFT({{status}},{len(layout.WRONG)})="{layout.WRONG}"'
    asking = "OR(" + ",".join(
        f'{{status}}="{word}"' for word in (layout.STATUS_NO_REASON, layout.STATUS_DIFFERS, layout.STATUS_NO_ACTUAL)
    ) + ")"
    rows = plan.rows
    when(Column.STATUS, rows, wrong, "if_wrong")
    when(Column.STATUS, rows, asking, "if_asking")
    when(Column.STATUS, rows, f'{{status}}="{layout.STATUS_DONE}"', "if_done")
    when(Column.STATUS, rows, f'LEFT({{status}},{len(layout.STATUS_BLANK)})="{layout.STATUS_BLANK}"', "if_blank")
    when(Column.STATED, [row for row in rows if row.clause.measure is None], wrong, "if_wrong")
    for allowed in dict.fromkeys(row.clause.allowed_actual for row in rows if row.clause.measure is not None):
        # 填报状态 says which of the two cells is wrong by what it allows.
        measured = [row for row in rows if row.clause.allowed_actual == allowed]
        wrong_actual = f'{{status}}="{layout.status_wrong(allowed)}"'
        when(Column.ACTUAL, measured, wrong_actual, "if_wrong")
        when(Column.STATED, measured, f"AND({wrong},NOT({wrong_actual}))", "if_wrong")
    discretionary = [row for row in rows if row.clause.needs_reason]
    when(Column.EVIDENCE, discretionary, f'{{status}}="{layout.STATUS_NO_REASON}"', "if_reason_missing")
    figures = f"{rows[0].cell(Column.DUE)}:{rows[-1].cell(Column.SCORE)}"
    found.append(ColourRule(figures, f'"{layout.WRONG}"', styles["if_wrong"], operator="equal"))
    return [(rule.areas, rule.text) for rule in found]


def ranges(cells: Iterable[str]) -> list[str]:
    """``G7 G8 G10`` → ``G7:G8 G10``: neighbours below each other become one range."""
    runs: list[tuple[str, int, int]] = []
    for cell in cells:
        letters = cell.rstrip("0123456789")
        row = int(cell[len(letters) :])
        if runs and runs[-1][2] == row - 1:
            runs[-1] = (letters, runs[-1][1], row)
        else:
            runs.append((letters, row, row))
    return [f"{letters}{first}" + (f":{letters}{last}" if last > first else "") for letters, first, last in runs]


def _break_pages(
    sheet: Worksheet, plan: SheetPlan, heights: Sequence[float], beside: Sequence[float], hint_height: float
) -> None:
    """Page breaks at the beginning of items, so that none is split when the sheet prints one page wide."""
    inches = 72.0
    # Widths in points at 7 pixels a unit and 5 around it (96 pixels an inch); a wider font prints smaller, so that more rows fit.
    width = sum(width * 7 + 5 for width in (*plan.widths.values(), *beside)) * 0.75
    scale = min(1.0, (_A4_HEIGHT - (_MARGINS["left"] + _MARGINS["right"]) * inches) / width)
    page = (_A4_WIDTH - (_MARGINS["top"] + _MARGINS["bottom"]) * inches) / scale * 0.97
    header = 40.0
    heading = paper.height(1, TITLE_SIZE) + 3 * 21 + hint_height
    may_break = [*(row.opens_item for row in plan.rows), False]
    breaks = page_breaks(heights, may_break, (page - header - heading) * _PLANNED, (page - header) * _PLANNED)
    sheet.set_h_pagebreaks([FIRST_ROW + row for row in breaks])


def set_up_print(sheet: Worksheet, issue: Issue, header_row: int | None) -> None:
    """A4, one page wide, page numbers; the footer names template, standard and sheet."""
    standard = issue.standard
    sheet.set_paper(9)
    sheet.set_margins(**_MARGINS)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    if header_row is not None:
        sheet.repeat_rows(header_row)
    version = f"模板 {layout.TEMPLATE_VERSION}　标准 {standard.id}　{standard.sha256[:12]}".replace("&", "&&")
    sheet.set_footer(f"&L&8{version}&C&9第 &P 页 共 &N 页&R&9{issue.mark}&A", {"margin": 0.3})


def protect(sheet: Worksheet, **allowed: bool) -> None:
    """No password. Tab visits unlocked cells only; locked ones stay selectable, or their links could not be followed."""
    sheet.protect("", {"objects": True, "scenarios": True, "format_columns": True, "format_rows": True} | allowed)


def write_input(sheet: Worksheet, row: int, column: int, value: CellInput, look: Any) -> None:
    """A county's or the roster's value, as data and never as a formula."""
    if value is None or value == "":
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, look)
    else:
        sheet.write_number(row, column, float(value) if isinstance(value, Decimal) else value, look)


def write_formula(sheet: Worksheet, row: int, column: int, formula: str, look: Any, value: int | float | str) -> None:
    sheet.write_formula(row, column, formula, look, value)


# 汇总.

_SUMMARY_WIDTHS = (6.0, 18.0, 28.0, 9.0, 21.0, 10.0, 9.0, 12.0, 9.0)
_SUMMARY_TITLES = ("序号", "乡镇（街道）", "社区（点名称打开）", "已填条款", "自评得分", "结论", "是否申报", "需改正或补充（条）", "表头缺项")
_NUMBER, _TOWN, _NAME, _FILLED, _SCORE, _STANDING, _CLAIM, _OPEN, _HEADINGS = range(len(_SUMMARY_TITLES))
_FIGURE_ROW, _CHECK_ROW, _SUMMARY_HEADER_ROW = 4, 6, 7
_ALL_DONE = "全部填完。请逐一核对各社区的得分和结论，然后报送。"
_CHECK_START = "报送前请核对："


@dataclass(frozen=True)
class _SummaryRow:
    """What 汇总 shows of one community."""

    filled: str
    score: int | str
    standing: str
    claim: str
    open: int
    headings: int
    """How many of 填表人 and 填表日期 are blank on a sheet that somebody began to fill."""


def _summary_row(issue: Issue, community: Community) -> _SummaryRow:
    view = issue.views[community.code]
    if isinstance(view.total, int):
        standing = GREEN if view.total >= issue.standard.pass_mark.points else BELOW
    else:
        answers = issue.answers.get(community.code, SheetAnswers()).answers.values()
        touched = view.filled or any(evidence not in (None, "") for _, _, evidence in answers)
        standing = UNTOUCHED if not touched else layout.WRONG if view.wrong else UNFINISHED
    claim = live.trimmed(issue.heading(community, Heading.CLAIM))
    named = [live.trimmed(issue.heading(community, label)) for label in _SIGNED]
    headings = 0 if standing == UNTOUCHED else named.count("")
    return _SummaryRow(f"{view.filled}/{len(issue.standard.clauses)}", view.total, standing, claim, view.open, headings)


def write_summary(sheet: Worksheet, styles: Styles, issue: Issue) -> None:
    """Write 汇总: heading block, progress, what is missing before sending, a row per community with a link to its sheet."""
    titles = issue.summary_columns
    for index, (_, width) in enumerate(titles):
        sheet.set_column(index, index, width)
    rows = [_summary_row(issue, community) for community in issue.communities]
    _write_summary_heading(sheet, styles, issue)
    _write_figures(sheet, styles, issue, rows)
    _write_checks(sheet, styles, issue, rows)
    sheet.set_row(_SUMMARY_HEADER_ROW, paper.row_height(list(titles), SIZE, least=26))
    for index, (title, _) in enumerate(titles):
        sheet.write_string(_SUMMARY_HEADER_ROW, index, title, styles["header"])
    for number, (community, row) in enumerate(zip(issue.communities, rows, strict=True), 1):
        _write_summary_row(sheet, styles, issue, community, row, number)
        issue.variation.write_summary(sheet, styles, issue, _SUMMARY_HEADER_ROW + number, community)
    first, last = _SUMMARY_HEADER_ROW + 1, _SUMMARY_HEADER_ROW + max(1, len(rows))
    for value, look in ((GREEN, "if_done"), (layout.WRONG, "if_wrong"), (BELOW, "if_asking"), (UNTOUCHED, "if_blank")):
        rule = {"type": "cell", "criteria": "==", "value": f'"{value}"', "format": styles[look]}
        sheet.conditional_format(first, _STANDING, last, _STANDING, rule)
    rule = {"type": "cell", "criteria": ">", "value": 0, "format": styles["if_asking"]}
    sheet.conditional_format(first, _OPEN, last, len(titles) - 1, rule)
    protect(sheet)
    sheet.freeze_panes(_SUMMARY_HEADER_ROW + 1, 0)
    sheet.set_selection(2, _NAME, 2, _NAME)
    sheet.set_portrait()
    set_up_print(sheet, issue, _SUMMARY_HEADER_ROW)
    sheet.print_area(0, 0, last, len(titles) - 1)


def _write_summary_heading(sheet: Worksheet, styles: Styles, issue: Issue) -> None:
    last = len(issue.summary_columns) - 1
    sheet.set_row(0, paper.height(1, TITLE_SIZE))
    sheet.merge_range(0, 0, 0, last, "", styles["centre_title"])
    title = f"{issue.mark}{issue.roster.batch.region}{layout.PROGRAMME}汇总（{issue.round_title}）"
    sheet.write_string(0, 0, title, styles["centre_title"])
    date = _day(issue.form_date) if issue.date is None else issue.date
    places: tuple[tuple[Summary, int, int, CellInput, str], ...] = (
        (Summary.UNIT, 1, _TOWN, issue.unit.name, "value"),
        (Summary.DATE, 1, _SCORE, date, "text_input"),
        (Summary.CONTACT, 2, _TOWN, issue.contact, "text_input"),
        (Summary.PHONE, 2, _SCORE, issue.phone, "text_input"),
        (Summary.SUBMISSION, 3, _TOWN, issue.submission, "number_input"),
    )
    prompts = {
        Summary.DATE: "请写报送的日期。",
        Summary.CONTACT: "请写本单位联系人的姓名。",
        Summary.PHONE: "请写联系人的电话，便于核对。",
        Summary.SUBMISSION: "只填一个数：第一次报送填1，每次修改后重新报送加1。",
    }
    for label, row, column, value, look in places:
        sheet.set_row(row, 22)
        sheet.write_string(row, column, label, styles["label"])
        if column == _SCORE:
            sheet.merge_range(row, column + 1, row, last, "", styles.of(look, value))
        write_input(sheet, row, column + 1, value, styles.of(look, value))
        if label in prompts:
            rule = at_most(_LONGEST_WORD, f"“{label}”请不超过{_LONGEST_WORD}字。")
            if label is Summary.SUBMISSION:
                rule = {"validate": "integer", "criteria": ">=", "value": 1}
                rule |= _refusal("报送批次请填1、2、3这样的整数，不带“第”“次”等字。")
            sheet.data_validation(row, column + 1, row, column + 1, rule | prompt(label, prompts[label]))
    guide = f"internal:'{layout.GUIDE_SHEET}'!A1"
    sheet.merge_range(3, last - 1, 3, last, "", styles["link"])
    sheet.write_url(3, last - 1, guide, styles["link"], "查看填报说明")
    if first := issue.variation.communities_first:
        sheet.merge_range(3, _SCORE, 3, _STANDING, "", styles["link"])
        sheet.write_url(3, _SCORE, f"internal:'{first}'!A1", styles["link"], f"查看{first}")


def _column_range(column: int, communities: int) -> str:
    first, last = _SUMMARY_HEADER_ROW + 2, _SUMMARY_HEADER_ROW + 1 + max(1, communities)
    return f"{cell_name(first, column + 1)}:{cell_name(last, column + 1)}"


def _write_figures(sheet: Worksheet, styles: Styles, issue: Issue, rows: Sequence[_SummaryRow]) -> None:
    """The unit's own count and ratio, over all its urban communities (D-10)."""
    count = len(rows)
    green = sum(row.standing == GREEN for row in rows)
    green_formula = f'COUNTIF({_column_range(_STANDING, count)},"{GREEN}")'
    yes = issue.standard.reading.yes
    share = ratio(green, count)
    figures: tuple[tuple[int, int, str, str, int | float | str], ...] = (
        (_TOWN, _TOWN, "城市社区（个）", "", count),
        (_NAME, _NAME, "已填完（个）", f"=COUNT({_column_range(_SCORE, count)})", sum(isinstance(r.score, int) for r in rows)),
        (_FILLED, _SCORE, "自评达标（个）", f"={green_formula}", green),
        (_STANDING, _CLAIM, "自评达标比例", f"={green_formula}/{count}", "—" if share is None else float(share)),
        (_OPEN, _HEADINGS, "申报（个）", f'=COUNTIF({_column_range(_CLAIM, count)},"{yes}")', sum(r.claim == yes for r in rows)),
        *((column, column, *figure) for column, figure in enumerate(issue.variation.figures(), len(_SUMMARY_TITLES))),
    )
    sheet.set_row(_FIGURE_ROW, 22)
    sheet.set_row(_FIGURE_ROW + 1, 22)
    for first, last, title, formula, value in figures:
        look = styles["ratio" if "比例" in title else "figure"]
        if last > first:
            sheet.merge_range(_FIGURE_ROW, first, _FIGURE_ROW, last, "", styles["header"])
            sheet.merge_range(_FIGURE_ROW + 1, first, _FIGURE_ROW + 1, last, "", look)
        sheet.write_string(_FIGURE_ROW, first, title, styles["header"])
        if not formula or isinstance(value, str):
            write_input(sheet, _FIGURE_ROW + 1, first, value, look)
        else:
            write_formula(sheet, _FIGURE_ROW + 1, first, formula, look, value)


def _write_checks(sheet: Worksheet, styles: Styles, issue: Issue, rows: Sequence[_SummaryRow]) -> None:
    """The line that says what is still missing before sending."""
    count, reading = len(rows), issue.standard.reading
    standing, claim = _column_range(_STANDING, count), _column_range(_CLAIM, count)
    # (expression, its value, sentence); a sentence stands where the value is above 0.
    def both(claimed: str, stands: str) -> tuple[str, int]:
        expression = f'COUNTIFS({claim},"{claimed}",{standing},"{stands}")'
        return expression, sum(row.claim == claimed and row.standing == stands for row in rows)

    claimed_untouched, value = both(reading.yes, UNTOUCHED)
    untouched = sum(row.standing == UNTOUCHED for row in rows)
    parts: list[tuple[str, int, str]] = [
        (claimed_untouched, value, f"{live.COUNT}个社区申报了却没有填"),
        (
            f'(COUNTIF({standing},"{UNTOUCHED}")-{claimed_untouched})',
            untouched - value,
            f"{live.COUNT}个社区没有填（不参加的不用填，按未报处理）",
        ),
    ]
    parts += [
        (f'COUNTIF({standing},"{word}")', sum(row.standing == word for row in rows), f"{live.COUNT}个社区{text}")
        for word, text in ((UNFINISHED, "没有填完"), (layout.WRONG, "有填错的内容"))
    ]
    parts.append((f"SUM({_column_range(_OPEN, count)})", sum(row.open for row in rows), f"{live.COUNT}个条款需改正或补充"))
    if count:
        blank_claims = f'SUMPRODUCT(({standing}<>"{UNTOUCHED}")*({claim}=""))'
        value = sum(row.standing != UNTOUCHED and not row.claim for row in rows)
        parts.append((blank_claims, value, f"{live.COUNT}个社区没有选“{Heading.CLAIM}”"))
        unread = f'SUMPRODUCT(({claim}<>"")*({claim}<>"{reading.yes}")*({claim}<>"{reading.no}"))'
        value = sum(row.claim not in ("", reading.yes, reading.no) for row in rows)
        parts.append((unread, value, f"{live.COUNT}个社区的“{Heading.CLAIM}”不是“{reading.yes}”或“{reading.no}”"))
    parts.append((*both(reading.yes, BELOW), f"{live.COUNT}个社区未达标却申报，请核对"))
    parts.append((*both(reading.no, GREEN), f"{live.COUNT}个社区达标却没有申报，请核对"))
    headings = f"SUM({_column_range(_HEADINGS, count)})"
    parts.append((headings, sum(row.headings for row in rows), f"{live.COUNT}处{'、'.join(_SIGNED)}没有填"))
    for label, row_number, column, text in (
        (Summary.CONTACT, 3, _NAME, issue.contact),
        (Summary.PHONE, 3, _STANDING, issue.phone),
    ):
        blank = f'IF({live.trimmed_cell(cell_name(row_number, column + 1))}="",1,0)'
        parts.append((blank, int(not live.trimmed(text)), f"{label}未填"))
    parts += issue.variation.checks()
    joined = "&".join(f'IF({expression}>0,{live.sentence("；" + text, expression)},"")' for expression, _, text in parts)
    formula = f'=IF({joined}="","{_ALL_DONE}","{_CHECK_START}"&MID({joined},2,999)&"。")'
    found = "；".join(text.replace(live.COUNT, str(value)) for _, value, text in parts if value > 0)
    shown = f"{_CHECK_START}{found}。" if found else _ALL_DONE
    longest = _CHECK_START + "；".join(text.replace(live.COUNT, "1000") for _, _, text in parts)
    columns = issue.summary_columns
    sheet.set_row(_CHECK_ROW, paper.row_height([(longest, sum(width for _, width in columns))], SIZE))
    sheet.merge_range(_CHECK_ROW, 0, _CHECK_ROW, len(columns) - 1, "", styles["notice"])
    write_formula(sheet, _CHECK_ROW, 0, formula, styles["notice"], shown)


def _write_summary_row(
    sheet: Worksheet, styles: Styles, issue: Issue, community: Community, shown: _SummaryRow, number: int
) -> None:
    plan, row = issue.plan, _SUMMARY_HEADER_ROW + number
    name = issue.names[community.code]
    there = "'" + name.replace("'", "''") + "'!"
    due, status, evidence = (there + cells for cells in plan.absolute_cells)
    wrong = f'COUNTIF({due},"{layout.WRONG}")'
    clauses = len(plan.rows)
    claim = there + _value_cell(Heading.CLAIM)
    score = cell_name(row + 1, _SCORE + 1)
    # As the review tells a sheet that was not filled (D-07): nothing in 实际值, 扣分 and 说明.
    typed = f"COUNT({due})+{wrong}+COUNTA({evidence})"
    texts = [(community.name, _SUMMARY_WIDTHS[_NAME]), (community.town, _SUMMARY_WIDTHS[_TOWN])]
    sheet.set_row(row, paper.row_height(texts, SIZE))
    sheet.write_number(row, _NUMBER, number, styles["centre"])
    sheet.write_string(row, _TOWN, community.town, styles["cell"])
    sheet.write_url(row, _NAME, f"internal:{there}A1", styles["cell_link"], community.name)
    write_formula(sheet, row, _FILLED, f'=COUNT({due})+{wrong}&"/{clauses}"', styles["centre"], shown.filled)
    write_formula(sheet, row, _SCORE, f"={there}{plan.total_cell}", styles["bold_centre"], shown.score)
    standing = (
        f'=IF(ISNUMBER({score}),IF({score}>={issue.standard.pass_mark.points},"{GREEN}","{BELOW}"),'
        f'IF({typed}=0,"{UNTOUCHED}",IF({wrong}>0,"{layout.WRONG}","{UNFINISHED}")))'
    )
    write_formula(sheet, row, _STANDING, standing, styles["centre"], shown.standing)
    write_formula(sheet, row, _CLAIM, f'=IFERROR({live.trimmed_cell(claim)},"")', styles["centre"], shown.claim)
    settled = "+".join(f'COUNTIF({status},"{word}")' for word in (f"{layout.STATUS_BLANK}*", layout.STATUS_DONE))
    write_formula(sheet, row, _OPEN, f"={clauses}-({settled})", styles["centre"], shown.open)
    blanks = "+".join(f'IF(IFERROR({live.trimmed_cell(there + _value_cell(label))}="",FALSE),1,0)' for label in _SIGNED)
    standing_cell = cell_name(row + 1, _STANDING + 1)
    missing = f'=IF({standing_cell}="{UNTOUCHED}",0,{blanks})'
    write_formula(sheet, row, _HEADINGS, missing, styles["centre"], shown.headings)


# 填报说明.

_GUIDE_WIDTHS = (4.0, 7.0, 52.0, 9.0, 9.0, 9.0, 34.0, 34.0)
_GUIDE_LAST = len(_GUIDE_WIDTHS) - 1


def write_guide(sheet: Worksheet, styles: Styles, issue: Issue) -> None:
    """Write the one page that explains the workbook to a person who sees it for the first time."""
    for index, width in enumerate(_GUIDE_WIDTHS):
        sheet.set_column(index, index, width)
    sheet.hide_gridlines(2)
    writer = _GuideWriter(sheet, styles)
    standard, batch = issue.standard, issue.roster.batch
    writer.line(f"{issue.mark}{batch.region}{layout.PROGRAMME}填报说明", "centre_title", TITLE_SIZE)
    about = f"{issue.unit.name}　{issue.round_title}　依据：《{standard.title}》（{standard.document}）"
    writer.line(about, "centre_hint", SMALL)
    if issue.mark:
        writer.line("本工作簿为示例，所填内容均为虚构，仅供练习和检验。", "sample", SIZE)
    if first := issue.variation.guide():
        writer.section("退回修改")
        writer.numbered(first)
    for title, texts in (("一、怎么填", _how_to_fill(issue)), ("二、填写示例（内容为虚构）", ())):
        writer.section(title)
        writer.numbered(texts)
    _write_examples(writer, issue.plan)
    writer.section("三、颜色和字体")
    writer.legend(
        (
            ("centre_input", "填写", "浅黄色：由社区填写的格子，只有这些格子能改。"),
            ("unused", "", "浅灰色：预先填好或不需要填的格子。"),
            ("centre", "2", "白色：自动计算，不用填。标题和表头用黑体，其余用宋体。"),
        )
    )
    writer.legend(
        (
            ("legend_wrong", layout.WRONG, "红色：填的内容有误，旁边写明应填什么。"),
            ("legend_asking", "请补", "橙色：还缺理由或实际值，或扣分与实际值不符，请补充或核对。说明栏出现红框的，要写扣分理由。"),
            ("legend_done", layout.STATUS_DONE, f"绿色：已填好或已达标。灰色文字“{layout.STATUS_BLANK}”：还没有填。"),
            *issue.variation.legend(),
        )
    )
    writer.section("四、评分和达标")
    writer.numbered(_rules(standard))
    writer.section("五、报送")
    writer.numbered(_sending(issue))
    writer.section(f"六、标准全文（{standard.source}）")
    _write_standard(writer, standard)
    if standard.base is not None:
        writer.section(f"七、与州标准（{standard.base.document}）不同之处")
        writer.numbered(f"{change.where}{change.difference}。（{change.authority}）" for change in standard.changes)
    sheet.set_portrait()
    set_up_print(sheet, issue, None)
    sheet.fit_to_pages(1, 1)
    sheet.print_area(0, 0, writer.row - 1, _GUIDE_LAST)
    protect(sheet)


class _GuideWriter:
    """Writes the guide row after row."""

    def __init__(self, sheet: Worksheet, styles: Styles) -> None:
        self.sheet, self.styles, self.row = sheet, styles, 0

    def line(self, text: str, look: str, size: float, first: int = 0) -> None:
        """One text across the page from column ``first``."""
        # Merged columns keep the space between them: 5 pixels of the 7 that a unit has.
        width = sum(_GUIDE_WIDTHS[first:]) + (len(_GUIDE_WIDTHS) - first - 1) * 5 / 7
        self.sheet.set_row(self.row, paper.row_height([(text, width)], size, least=16))
        self.sheet.merge_range(self.row, first, self.row, _GUIDE_LAST, "", self.styles[look])
        self.sheet.write_string(self.row, first, text, self.styles[look])
        self.row += 1

    def section(self, title: str) -> None:
        self.line(title, "section", 11)

    def numbered(self, texts: Iterable[str]) -> None:
        for number, text in enumerate(texts, 1):
            self.sheet.write_string(self.row, 0, f"{number}.", self.styles["number"])
            self.line(text, "text", SIZE, first=1)

    def legend(self, entries: Iterable[tuple[str, str, str]]) -> None:
        for look, sample, text in entries:
            self.sheet.write_string(self.row, 1, sample, self.styles[look])
            self.line(text, "text", SIZE, first=2)

    def wide_row(self, cells: Sequence[CellInput], looks: Sequence[str]) -> None:
        """One row of the standard's table, from column 1; its last cell takes the rest of the page."""
        widths = (*_GUIDE_WIDTHS[1:4], sum(_GUIDE_WIDTHS[4:]))
        texts = [(str(cell), width) for cell, width in zip(cells, widths, strict=True)]
        self.sheet.set_row(self.row, paper.row_height(texts, SMALL, least=16))
        self.sheet.merge_range(self.row, len(cells), self.row, _GUIDE_LAST, "", self.styles[looks[-1]])
        for column, (cell, look) in enumerate(zip(cells, looks, strict=True), 1):
            write_input(self.sheet, self.row, column, cell, self.styles[look])
        self.row += 1

    def table_row(self, cells: Sequence[CellInput], looks: Sequence[str]) -> None:
        """One row of the worked example, from column 1."""
        texts = [(str(cell), width) for cell, width in zip(cells, _GUIDE_WIDTHS[1:], strict=True) if cell is not None]
        self.sheet.set_row(self.row, paper.row_height(texts, SMALL, least=16))
        for column, (cell, look) in enumerate(zip(cells, looks, strict=True), 1):
            write_input(self.sheet, self.row, column, cell, self.styles[look])
        self.row += 1


def _ids(clauses: Iterable[Clause]) -> str:
    return "、".join(clause.id for clause in clauses)


def _how_to_fill(issue: Issue) -> list[str]:
    standard, reading = issue.standard, issue.standard.reading
    counted = [clause for clause in standard.clauses if clause.measure == "count"]
    rates = [clause for clause in standard.clauses if isinstance(clause, Rate)]
    excused = [clause for clause in rates if clause.not_applicable]
    reasons = [clause for clause in standard.clauses if clause.needs_reason]
    awards = [clause for clause in standard.clauses if clause.adds]
    texts = [
        f"本工作簿由{issue.unit.name}统一报送。先在“{layout.SUMMARY_SHEET}”表填{Summary.DATE}、{Summary.CONTACT}和{Summary.PHONE}；"
        f"点社区名称打开该社区的表，填完点“{BACK}”。",
        f"每个社区先填“{Heading.AUTHOR}”“{Heading.DATE}”，在“{Heading.CLAIM}”选“{reading.yes}”或“{reading.no}”，再逐条填表。"
        "不参加的社区整张表不填，按未报处理。",
        "每一条都要填：没有扣分情形的填0，空着表示没有评定。只填数，不写“分”字和正负号"
        + (f"；条款{_ids(awards)}填加的分数，没有加分填0。" if awards else "。"),
    ]
    if counted:
        texts.append(
            f"条款{_ids(counted)}先填“{Column.ACTUAL}”（数量或次数，没有的填0），“{Column.DUE}”自动算出，“{Column.STATED}”可以空着。"
        )
    if rates:
        text = f"条款{_ids(rates)}的“{Column.ACTUAL}”是比例，写85%、85或0.85都可以。"
        if excused:
            text += f"条款{_ids(excused)}当年没有可统计的事项时写“{reading.not_applicable}”，不要填0；其他条款不能写“{reading.not_applicable}”。"
        texts.append(text)
    if reasons:
        texts.append(f"条款{_ids(reasons)}按情形的轻重扣分，扣了分的请在“{Column.EVIDENCE}”写明理由；其他条款的说明可以不写。")
    texts.append(
        f"看“{Column.STATUS}”：“{layout.STATUS_BLANK}”后面写着怎么填，“{layout.WRONG}”后面写着应填什么，“请”字开头的要补充；"
        f"全部“{layout.STATUS_DONE}”即填好。每条都有数以后“{Heading.TOTAL}”才出分数，之前显示还差几项。"
        f"数字看着对却提示{layout.WRONG}的，是存成了文本：删掉后重新输入。"
    )
    return texts


def _examples(standard: Standard) -> list[tuple[Clause, Example]]:
    """Answers for each kind of clause that the standard has, to its first clause of the kind."""
    first: dict[type[Clause], Clause] = {}
    for clause in standard.clauses:
        first.setdefault(type(clause), clause)
    return [(clause, example) for clause in first.values() for example in clause.examples(standard.reading.not_applicable)]


def _write_examples(writer: _GuideWriter, plan: SheetPlan) -> None:
    columns = (Column.CLAUSE, Column.CRITERION, Column.ACTUAL, Column.STATED, Column.DUE, Column.EVIDENCE)
    titles = [*(column.value for column in columns), "怎么算"]
    writer.table_row(titles, ["small_header"] * len(titles))
    for cells, looks in plan.examples:
        writer.table_row(cells, looks)


def _example_rows(standard: Standard) -> Iterator[tuple[tuple[CellInput, ...], tuple[str, ...]]]:
    for clause, example in _examples(standard):
        actual = example.actual
        typed: live.Answers = {clause.id: (_percent_number(actual), example.stated, example.evidence)}
        due = live.live_view(standard, typed).due[clause.id]
        looks = ("code", "reference", "unused" if actual is None else "centre_input", "centre_input", "centre", "small_input")
        yield (clause.id, clause.criterion, actual, example.stated, due, example.evidence, example.comment), (*looks, "reference")


def _write_standard(writer: _GuideWriter, standard: Standard) -> None:
    """Annex 1 as a table: what each item asks for and what its clauses take, with how they are read."""
    writer.wide_row(("项", Column.STANDARD, Column.POINTS, Column.CRITERION), ("small_header",) * 4)
    for content in standard.contents:
        writer.line(f"{content.name}（{content.points}分）", "band", SMALL, first=1)
        for item in content.items:
            criterion = "；".join(clause.criterion for clause in item.clauses)
            looks = ("centre_reference", "reference", "centre_reference", "reference")
            writer.wide_row((item.number, item.standard, item.points, criterion), looks)


def _percent_number(value: CellInput) -> CellInput:
    """What a worksheet makes of ``85%`` when it is typed."""
    return Decimal(value.removesuffix("%")) / 100 if isinstance(value, str) and value.endswith("%") else value


def _rules(standard: Standard) -> list[str]:
    mark = standard.pass_mark
    return [
        f"满分{standard.full_score}分。标准原文：{plain(mark.quote)}。“以上”包括本数，{mark.points}分即为达标。",
        "每项得分＝分值－各条款应扣之和，扣完为止，不出现负分"
        + ("；加分项从0分起加，不超过分值。" if any(clause.adds for clause in standard.clauses) else "。"),
        "完成比例＝达标社区数÷本单位全部城市社区数，没有参加的社区也计入总数。",
    ]


def _day(date: datetime.date) -> str:
    return f"{date.year}年{date.month}月{date.day}日"


def plain(quote: str) -> str:
    """A quote without the marks of emphasis that the stored notice carries."""
    return quote.replace("**", "")


def _sending(issue: Issue) -> list[str]:
    batch = issue.roster.batch
    deadline = batch.deadlines[batch.phase]
    contact = "，".join(
        f"{label}：{value}" for label, value in ((Summary.CONTACT, batch.contact), (Summary.PHONE, batch.phone)) if value
    )
    receiver = batch.reporting_unit + (f"（{contact}）" if contact else "")
    quote = plain(issue.standard.deadline(batch.phase).quote)
    others = "".join(
        f"{title}截止日期：{_day(batch.deadlines[phase])}。" for phase, title in PHASE_TITLES.items() if phase != batch.phase
    )
    return [
        f"本次（{PHASE_TITLES[batch.phase]}）截止日期：{_day(deadline)}。通知原文：{quote}。{others}",
        f"由{issue.unit.name}汇总后报送给：{receiver}。用电子邮件发送本工作簿，文件名可以改，表格的结构不要改。",
        f"修改后重新报送的，请在“{layout.SUMMARY_SHEET}”表把“{Summary.SUBMISSION}”改大：第二次填2，第三次填3；以数字最大的一次为准。",
    ]


# _meta.


def write_meta(sheet: Worksheet, issue: Issue) -> None:
    """Write the very hidden sheet that says what this workbook is."""
    batch, standard = issue.roster.batch, issue.standard
    rows = [
        (Meta.PROGRAMME, layout.PROGRAMME),
        (Meta.TEMPLATE, layout.TEMPLATE_VERSION),
        (Meta.STANDARD, standard.id),
        (Meta.STANDARD_HASH, standard.sha256),
        (Meta.UNIT, issue.unit.code),
        (Meta.YEAR, str(batch.year)),
        (Meta.PHASE, batch.phase),
        (Meta.KIND, issue.kind),
        *((Meta.SHEET, issue.names[community.code], community.code) for community in issue.communities),
    ]
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            sheet.write_string(row, column, text)
    sheet.very_hidden()
