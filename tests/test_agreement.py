"""The form cannot disagree with the review: every edge of every clause and random answers, calculated three times over.

What must be shown comes from scoring (agreement.py says how, and the one thing in which form and review may differ).
The full run with thousands of communities: python tests/agreement.py --communities 2000
"""

from __future__ import annotations

import random
import re
from decimal import Decimal
from functools import cache
from string import ascii_uppercase

import numpy as np
import pytest
from agreement import Case, held, is_read, row_of
from clerks import (
    DIVIDED_BY_ZERO,
    NEAR,
    NOT_AVAILABLE,
    TRUE,
    Entry,
    Raw,
    Row,
    Sheet,
    Sort,
    clean_row,
    edge_sheets,
    random_sheet,
    stated_sheet,
    total_sheets,
)
from season import STANDARD

from greencomm.forms.entries import Answer, State
from greencomm.standard import RATE_SCALE

CELLS = 2 * len(STANDARD.clauses) + len(STANDARD.items) + 2
"""Live cells of a sheet: 应扣 and 填报状态 of each clause, 得分 of each item, 合计 and 自评总分."""
COMMUNITIES, SEED = 60, 20211018


@pytest.fixture(scope="module")
def edges() -> Case:
    return Case(edge_sheets())


@pytest.fixture(scope="module")
def random_answers() -> Case:
    dice = random.Random(SEED)
    return Case([random_sheet(dice) for _ in range(COMMUNITIES)])


def cells_of(by, outcome):
    """How many cells a calculation was compared on, once it is sure that none differs."""
    assert not outcome.differences, "\n".join(map(str, outcome.differences))
    return outcome.cells[by]


# --- every edge of every clause ---------------------------------------------------------------------------------------


def test_the_library_the_live_view_and_the_stored_values_show_what_scoring_says_at_every_edge(edges):
    assert cells_of("formulas", edges.library()) == len(edges.sheets) * CELLS
    assert cells_of("live view", edges.python()) > len(edges.sheets) * CELLS / 2
    assert cells_of("stored values", edges.stored()) > len(edges.sheets) * CELLS / 4


@cache
def typed(clause):
    """What the edge sheets type for a clause: its rows, as (实际值, 扣分)."""
    rows = (row_of(sheet, clause) for sheet in edge_sheets())
    return [(row.actual.value, row.stated.value) for row in rows]


def numbers(values):
    """Numbers among typed values, exact, as a spreadsheet shows them."""
    typed_numbers = [held(value) for value in values]
    return {
        Decimal(f"{value:.15g}") for value in typed_numbers if isinstance(value, int | float) and not isinstance(value, bool)
    }


def noise(values):
    """Numbers of more digits than a spreadsheet shows."""
    floats = [value.value for value in values if isinstance(value, Raw) and isinstance(value.value, float)]
    return {Decimal(f"{value:.15g}") for value in floats if float(f"{value:.15g}") != value}


@pytest.mark.parametrize("clause", STANDARD.clauses, ids=lambda clause: clause.id)
def test_every_deduction_of_a_clause_and_the_nearest_impossible_are_typed(clause):
    alone = [stated for actual, stated in typed(clause) if actual is None]
    half = Decimal("0.5")
    for points in clause.possible:
        assert {points - 1, points - half, points, points + half, points + 1} <= numbers(alone)
        assert points == 0 or {points} <= noise(alone)


def columns():
    """Every column that a county answers in: (clause, 0 for 实际值 or 1 for 扣分)."""
    return [(clause, column) for clause in STANDARD.clauses for column in (0, 1) if column or clause.measure]


@pytest.mark.parametrize(("clause", "column"), columns(), ids=lambda value: getattr(value, "id", value))
def test_every_oddity_is_typed_into_every_column_of_a_clause(clause, column):
    values = [row[column] for row in typed(clause)]
    assert {None, " ", "\u3000", "\u00a0", "\u200b", "\n", "无", "不适用", " 无", "3", "３", "3分", "85%"} <= set(values)
    assert {TRUE, NOT_AVAILABLE, DIVIDED_BY_ZERO} <= set(values)
    found = numbers(values)
    assert min(found) < -1 and max(found) > 10**15 and any(0 < number < Decimal("1e-6") for number in found)
    assert any(number != int(number) and number > 1 for number in found)


def derived(clause, measured):
    return int(clause.derive(np.array([measured], dtype=np.int64))[0])


def rate_edges(clause):
    """Percent points at which what the clause derives changes, found by asking it next to every tenth of a point."""
    tenth = RATE_SCALE // 10
    inside = [step * tenth for step in range(1, 1000)]
    changes = [at for at in inside if len({derived(clause, at + off) for off in (-1, 0, 1)}) > 1]
    return [Decimal(at) / RATE_SCALE for at in (0, *changes, 100 * RATE_SCALE)]


@pytest.mark.parametrize("clause", [c for c in STANDARD.clauses if c.measure == "rate"], ids=lambda clause: clause.id)
def test_both_sides_of_every_step_of_a_rate_are_typed_in_both_notations(clause):
    actual = numbers(actual for actual, _ in typed(clause))
    assert len(rate_edges(clause)) >= 5
    for edge in rate_edges(clause):
        assert {edge / 100, edge / 100 - NEAR / 100, edge / 100 + NEAR / 100} <= actual
        assert edge <= 1 or {edge, edge - NEAR, edge + NEAR} <= actual
        assert edge == 0 or {edge / 100} <= noise(actual for actual, _ in typed(clause))


@pytest.mark.parametrize("clause", [c for c in STANDARD.clauses if c.measure == "count"], ids=lambda clause: clause.id)
def test_both_sides_of_every_step_of_a_count_are_typed(clause):
    actual = numbers(actual for actual, _ in typed(clause))
    counts = range(clause.count_limit + 1)
    steps = [count for count in counts[1:] if derived(clause, count) != derived(clause, count - 1)]
    assert len(steps) >= 2
    for edge in (0, *steps, clause.count_limit):
        assert {edge - 1, edge - Decimal("0.5"), edge, edge + 1} <= actual
    assert set(steps) <= noise(actual for actual, _ in typed(clause))


def test_items_reach_their_floor_and_totals_both_sides_of_the_pass_mark():
    typed_last = total_sheets()
    assert edge_sheets()[-len(typed_last) :] == typed_last
    shown = [expected.shown for expected in Case(typed_last).expected]
    totals = {cells["合计"] for cells in shown}
    mark = STANDARD.pass_mark.points
    assert {mark - 1, mark, mark + 1} <= totals
    for item in STANDARD.items:
        scores = {cells[f"得分 {item.number}"] for cells in shown}
        most = sum(max(clause.possible) for clause in item.clauses)
        assert {0 if item.base == 0 else max(0, item.points - most), item.points, ""} <= scores


# --- random answers ---------------------------------------------------------------------------------------------------


def test_random_answers_are_of_every_sort_and_ask_for_every_state(random_answers):
    outcome = random_answers.outcome
    assert outcome.communities == COMMUNITIES
    assert set(outcome.entries) == {sort.value for sort in Sort} and min(outcome.entries.values()) >= 20
    assert set(outcome.statuses) == {"已填", "待填", "有误", "请补实际值", "与实际值不符", "请填扣分理由"}
    assert outcome.totals >= COMMUNITIES / 4 and outcome.refused > 0
    standings = {expected.summary["结论"] for expected in random_answers.expected}
    assert standings == {"达标", "未达标", "填报中", "有误", "未填"}


def test_the_library_shows_what_scoring_says_of_random_answers(random_answers):
    assert cells_of("formulas", random_answers.library()) == COMMUNITIES * CELLS


def test_a_form_is_issued_with_these_values(random_answers):
    assert cells_of("live view", random_answers.python()) > COMMUNITIES * CELLS / 2
    assert cells_of("stored values", random_answers.stored()) > COMMUNITIES * CELLS / 2


def test_the_library_agrees_on_the_summary():
    """All of 汇总, over one sheet of each standing."""
    impossible, blank = ({"1.1": Row(Entry(None, Sort.BLANK), Entry(value, Sort.EDGE))} for value in (1, None))
    full = {clause.id: clean_row(clause) for clause in STANDARD.clauses}
    below = stated_sheet({clause.id: max(clause.possible) for clause in STANDARD.clauses})
    case = Case([Sheet(full, "是"), below, Sheet(full | impossible, "否"), Sheet(full | blank, None), Sheet({}, None)])
    assert [expected.summary["结论"] for expected in case.expected] == ["达标", "未达标", "有误", "填报中", "未填"]
    assert cells_of("formulas", case.library(summary=True)) > len(case.sheets) * (CELLS + 5)
    assert not case.compare_summary("stored values", case.stored_value).differences


# --- the one thing in which they may differ ---------------------------------------------------------------------------

READ, FAULT, BLANK = Answer(State.VALUE), Answer(State.FAULT), Answer(State.BLANK)


@pytest.mark.parametrize(
    ("value", "answer", "taken"),
    [
        (3, READ, True),
        (1.5, FAULT, True),
        (TRUE, FAULT, True),
        (None, BLANK, True),
        (" \u3000\u00a0\u200b\n", BLANK, True),
        ("\u2002", BLANK, False),
        ("无", READ, True),
        (" 不 适 用\n", READ, True),
        ("无", FAULT, False),
        ("3处", READ, False),
        ("85%", READ, False),
        ("三处", FAULT, False),
    ],
)
def test_a_formula_reads_all_but_texts_and_of_those_nothing_and_the_words_that_the_clause_takes(value, answer, taken):
    assert is_read(Entry(value, Sort.EDGE), answer) is taken


@pytest.mark.parametrize(
    ("clause", "actual", "stated", "by_review"),
    [
        ("8.1", "3处", None, 2),
        ("8.1", "3处", 1, 2),
        ("8.1", "三处", 1, 1),
        ("10.1", "85%", None, 1),
        ("12.1", "\uff12\uff15%", 6, 1),
        ("1.1", None, "扣3分", 3),
        ("17.1", None, "+2", 2),
    ],
)
def test_what_the_review_makes_of_a_text_the_form_calls_wrong_and_gives_no_number(clause, actual, stated, by_review):
    full = {clause.id: clean_row(clause) for clause in STANDARD.clauses}
    case = Case([Sheet(full | {clause: Row(Entry(actual, Sort.PASTED), Entry(stated, Sort.PASTED), "见附件")})])
    shown, refused = case.expected[0].shown, case.expected[0].refused
    column = "allowed_actual" if actual else "allowed"
    assert shown[f"应扣 {clause}"] == "有误"
    assert shown[f"填报状态 {clause}"] == "有误，应填" + getattr(STANDARD.clause[clause], column)
    assert shown["合计"] == shown["自评总分"] == "有误1项"
    assert refused == 1 and case.expected[0].review == 96 + (by_review if clause == "17.1" else -by_review)
    assert not (case.stored() + case.library()).differences


# --- a comparison that notices ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "broken", "clause", "actual", "stated"),
    [
        (",OR(", ",AND(", "1.1", None, 3),
        ("MIN(2,", "MIN(3,", "8.1", 3, None),
        ("<=9999", "<9999", "8.1", 9999, None),
        ("NOT(ISTEXT(", "NOT(ISERROR(", "8.1", "3处", 1),
        ("<60,", "<=60,", "10.1", 60, None),
        ("<=1,", "<1,", "10.1", 1, None),
        ('"\u3000"', '" "', "10.1", "不适用\u3000", None),
        ("MIN(4,SUM", "MIN(3,SUM", "17.1", None, 4),
        ("MAX(0,6-", "MAX(1,6-", "11.1", None, 6),
        ("还差", "缺", "1.1", None, None),
    ],
)
def test_a_broken_formula_is_noticed(formula, broken, clause, actual, stated):
    full = {clause.id: clean_row(clause) for clause in STANDARD.clauses}
    case = Case([Sheet(full | {clause: Row(Entry(actual, Sort.EDGE), Entry(stated, Sort.EDGE))})])
    row = case.cells[0][f"应扣 {clause}"].lstrip(ascii_uppercase)
    in_row = re.compile(rf"[A-Z]{row}\b")
    assert not case.library().differences
    assert case.library(lambda text: text.replace(formula, broken) if in_row.search(text) else text).differences


def test_a_difference_names_sheet_cell_what_was_typed_shown_and_expected():
    full = {clause.id: clean_row(clause) for clause in STANDARD.clauses}
    case = Case([Sheet(full | {"8.1": Row(Entry(3, Sort.CLEAN), Entry(None, Sort.BLANK), "见照片")})])
    (difference, *_) = case.library(lambda text: text.replace("MIN(2,", "MIN(3,")).differences
    cell = case.cells[0]["应扣 8.1"]
    assert str(difference) == f"formulas: 第1社区!{cell} (应扣 8.1), typed 8.1 3 | None | '见照片': shows 3, must show 2"


# --- LibreOffice (last, so that another worker than the library's may do it) -----------------------------------------


@pytest.mark.office
def test_libreoffice_shows_what_scoring_says_of_random_answers(random_answers, tmp_path):
    assert cells_of("LibreOffice", random_answers.libreoffice(tmp_path)) > COMMUNITIES * CELLS


@pytest.mark.office
def test_libreoffice_shows_what_scoring_says_at_every_edge(edges, tmp_path):
    assert cells_of("LibreOffice", edges.libreoffice(tmp_path)) > len(edges.sheets) * CELLS
