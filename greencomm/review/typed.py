"""What a county typed, kept as it is: for the workbook that goes back, and for telling what changed since the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, TypeVar

from greencomm.forms import values
from greencomm.forms.entries import ClauseRow, Located, SheetReading
from greencomm.forms.layout import TOTAL_ROW, Column, Heading, Summary
from greencomm.forms.returned import answers_of
from greencomm.history import TypedAnswers
from greencomm.intake.workbook import CellValue
from greencomm.results import TypedSheet
from greencomm.review.rows import NOTHING, RowFacts, as_shown, is_typed, is_worded, rows_by
from greencomm.review.submissions import Filed, Submission
from greencomm.standard import Standard

P = TypeVar("P")


def typed_sheet(reading: SheetReading, file: str, community: str | None, standard: Standard) -> TypedSheet:
    """Everything on one community sheet, with the types that the cells have, nothing judged."""
    facts_of = rows_by(standard).of
    known = standard.clause
    first: dict[str, ClauseRow] = {}
    repeated: dict[str, list[tuple[CellValue, CellValue, CellValue]]] = {}
    for row in reading.rows:
        if row.clause not in known:
            continue
        if row.clause in first:
            repeated.setdefault(row.clause, []).append(facts_of(row).typed)
        else:
            first[row.clause] = row
    facts = [(clause, facts_of(row)) for clause, row in first.items()]
    return TypedSheet(
        file=file,
        sheet=reading.sheet,
        community=community,
        # 自评总分 is a formula of the form; a figure typed over it stands beside.
        heading={
            label.value: located.value
            for label, located in reading.heading.items()
            if label is not Heading.TOTAL and not values.is_blank(located.value)
        },
        answers={clause: each.typed for clause, each in facts},
        cells=_alike({clause: each.cells for clause, each in facts}),
        heading_cells=_alike({label.value: located.cell for label, located in reading.heading.items() if located.cell}),
        repeated={clause: tuple(rows) for clause, rows in repeated.items()},
        beside=tuple(_beside(reading, first, standard, plain=all(each.is_plain for _, each in facts))),
    )


_COMPUTED: tuple[tuple[Column, Callable[[ClauseRow], Located]], ...] = (
    (Column.DUE, attrgetter("due")),
    (Column.SCORE, attrgetter("score")),
    (Column.STATUS, attrgetter("status")),
)
"""Columns that the form itself fills by formulas."""


_LAYOUTS: dict[tuple[tuple[str, object], ...], Any] = {}
_MOST_LAYOUTS = 1000


def _alike(places: dict[str, P]) -> dict[str, P]:
    """The same dictionary for all sheets whose cells stand alike. Nobody changes it."""
    if len(_LAYOUTS) >= _MOST_LAYOUTS:
        _LAYOUTS.clear()
    kept: dict[str, P] = _LAYOUTS.setdefault(tuple(places.items()), places)
    return kept


def _beside(
    reading: SheetReading, first: dict[str, ClauseRow], standard: Standard, *, plain: bool
) -> Iterator[tuple[str, str]]:
    """(cell, text) of everything typed that is no answer and no heading value; ``plain`` where no row of ``first`` has any."""
    if len(first) < len(reading.rows):
        yield from _further_rows(reading, first, standard)
    if not plain:
        yield from _beside_answers(first, standard)
    for where, located in ((f"“{TOTAL_ROW}”行", reading.total), (f"“{Heading.TOTAL}”", reading.heading[Heading.TOTAL])):
        if is_typed(located):
            yield located.cell or "", f"{where}的公式处写有“{values.shown(located.value)}”"
    for cell, text in reading.extra_cells:
        yield cell, f"表格以外写有“{text}”"
    if reading.extra_more:
        yield "", f"表格以外还有{reading.extra_more}处内容，没有逐条列出，见原文件"


def _further_rows(reading: SheetReading, first: dict[str, ClauseRow], standard: Standard) -> Iterator[tuple[str, str]]:
    """Rows of clauses that stand there already, or that the standard does not have."""
    for row in reading.rows:
        if first.get(row.clause) is not row:
            parts = zip((Column.ACTUAL, Column.STATED, Column.EVIDENCE), rows_by(standard).of(row).typed, strict=True)
            texts = [f"{column}“{values.shown(value)}”" for column, value in parts if not values.is_blank(value)]
            kind = "又一行" if row.clause in first else "标准中没有的"
            yield row.clause_cell, f"{kind}条款“{row.clause}”：{'，'.join(texts) or '没有填写'}"


def _beside_answers(first: dict[str, ClauseRow], standard: Standard) -> Iterator[tuple[str, str]]:
    """Other words in 评分标准, and what stands where the form has formulas."""
    for clause, row in first.items():
        if not is_worded(row.criterion, standard.clause[clause]):
            yield row.clause_cell, f"条款{clause}的{Column.CRITERION}写作“{row.criterion}”"
    for column, cell_of in _COMPUTED:
        located_of = [(clause, cell_of(row)) for clause, row in first.items()]
        typed = [(clause, located) for clause, located in located_of if is_typed(located)]
        if typed:
            # One line for a column: whoever pastes values over formulas does so for all of it.
            figures = "，".join(f"{clause}＝“{values.shown(located.value)}”" for clause, located in typed)
            yield typed[0][1].cell or "", f"“{column}”栏的公式处写有：{figures}"


def typed_answers(sheet: SheetReading, typed: TypedSheet, standard: Standard) -> TypedAnswers:
    """What a community's sheet says, as people see it; of a clause that stands twice the first row.

    ``typed`` is the same sheet, for telling what a returned workbook makes of it.
    """
    heading: dict[str, str] = {}
    for label in Heading:
        located = sheet.heading[label]
        text = values.shown(located.value)
        if text and not (label is Heading.TOTAL and located.is_formula):
            heading[label.value] = text
    facts_of = rows_by(standard).of
    rows: dict[str, RowFacts] = {}
    for row in sheet.rows:
        rows.setdefault(row.clause, facts_of(row))
    if typed.repeated:
        # Of rows of one clause the returned workbook makes one.
        again = {clause: as_shown(cells) for clause, cells in answers_of(typed, standard).answers.items()}
        reissued = {clause: shown for clause, shown in again.items() if shown != rows[clause].shown}
    else:
        asked = [(clause, rows[clause].reissued) for clause in standard.clause if clause in rows]
        reissued = {clause: shown for clause, shown in asked if shown is not None}
    answers = {clause: facts.shown for clause, facts in rows.items() if facts.shown != NOTHING}
    return TypedAnswers(heading, answers, reissued, sheet.sheet)


def summary_values(submission: Submission) -> dict[str, CellValue]:
    """What was typed in the heading of 汇总, of each label the first file that holds something."""
    found: dict[str, CellValue] = {}
    for filed in submission.files:
        for label, located in filed.form.summary.items():
            if not values.is_blank(located.value):
                found.setdefault(label.value, located.value)
    return found


def summary_places(submission: Submission) -> tuple[tuple[str, str, dict[str, str]], ...]:
    """File and name of each 汇总, and where the values of its labels stand."""
    return tuple(
        (filed.path, filed.form.summary_sheet, {label.value: at.cell for label, at in filed.form.summary.items() if at.cell})
        for filed in submission.files
        if filed.form.summary_sheet is not None
    )


def left_behind(submission: Submission) -> tuple[str, ...]:
    """What a submission holds that no fresh form has a place for, as Chinese sentences."""
    several = len(submission.files) > 1
    return tuple(
        (f"“{filed.path}”：" if several else "") + sentence
        for filed in submission.files
        for sentence in (*_left_of(filed), *_other_summary(filed, submission.files))
    )


def _left_of(filed: Filed) -> Iterator[str]:
    form, arrival = filed.form, filed.arrival
    for name in form.other_sheets:
        yield f"工作表“{name}”不属于填报内容，整张表没有带入，内容见原文件。"
    for name in form.damaged_sheets:
        yield f"工作表“{name}”已被破坏，读不出来，没有带入；请对照原文件，在新表中重新填写。"
    if arrival.extras:
        yield f"工作簿中的{'、'.join(arrival.extras)}没有带入，见原文件；佐证材料请另行报送。"
    if arrival.has_macros:
        yield "工作簿中的宏没有带入。"
    for sheet, cell, both in arrival.conflicts:
        where = f"工作表“{sheet}”的 {cell}" if cell else f"工作表“{sheet}”"
        yield f"{where}读不准（{both}），请对照原文件核对新表中的内容。"


def _other_summary(filed: Filed, files: Iterable[Filed]) -> Iterator[str]:
    """What the 汇总 of a further file says otherwise than the first that says something."""
    for label in Summary:
        if label is Summary.SUBMISSION:
            continue
        texts = [(other, text) for other in files if (text := _shown(other, label))]
        mine = _shown(filed, label)
        if mine and texts[0][0] is not filed and texts[0][1] != mine:
            yield f"“汇总”表的{label}写的是“{mine}”，新表中用了“{texts[0][1]}”。"


def _shown(filed: Filed, label: Summary) -> str:
    return values.shown(filed.form.summary.get(label, Located()).value)
