"""What a community sheet shows for what a clerk types: 应扣 and 填报状态 of one clause, 得分 of an item, 合计."""

from __future__ import annotations

import io

import openpyxl
import pytest
from office import recalculated
from season import CITY, STANDARD, cell_of, clean, form

from greencomm.forms.issue import SheetAnswers, page_breaks, sheet_plan
from greencomm.forms.layout import Column
from greencomm.forms.live import live_view

COUNT_WRONG = "有误，应填0、1、2这样的整数（单位：处）"
RATE_WRONG = "有误，应填0%到100%的比例，如85%"
NOISE_WRONG = RATE_WRONG + "；没有可统计的事项时写“不适用”"

# clause, 实际值, 扣分, 说明 → 应扣, 填报状态
ROWS = [
    # A condition that holds or not.
    ("1.1", None, None, None, "", "待填：有文件填0，没有文件填3"),
    ("1.1", None, " \u3000", None, "", "待填：有文件填0，没有文件填3"),
    ("1.1", None, 0, None, 0, "已填"),
    ("1.1", None, 3.0, None, 3, "已填"),
    ("1.1", None, 2, None, "有误", "有误，应填0或3"),
    ("1.1", None, -3, None, "有误", "有误，应填0或3"),
    ("1.1", None, "3", None, "有误", "有误，应填0或3"),
    ("1.1", None, "无", None, "有误", "有误，应填0或3"),
    # Spaces and line breaks, wherever they stand, are nothing.
    ("1.1", None, "\u00a0\n", None, "", "待填：有文件填0，没有文件填3"),
    ("1.1", None, "\u200b", None, "", "待填：有文件填0，没有文件填3"),
    # At discretion: a reason is asked for.
    ("1.2", None, 0, None, 0, "已填"),
    ("1.2", None, 2, "\u3000 ", 2, "请填扣分理由"),
    ("1.2", None, 2, "\n\u00a0", 2, "请填扣分理由"),
    ("1.2", None, 2, "见会议记录", 2, "已填"),
    ("1.2", None, 0.5, "见会议记录", "有误", "有误，应填0、1、2或3"),
    # Counted: the deduction follows from 实际值, up to the cap.
    ("8.1", None, None, None, "", "待填：发现乱停车几处"),
    ("8.1", 1, None, None, 1, "已填"),
    ("8.1", 3, 2, None, 2, "已填"),
    ("8.1", 3, 1, None, 2, "与实际值不符"),
    ("8.1", None, 1, None, 1, "请补实际值"),
    ("8.1", None, 9, None, "有误", "有误，应填0、1或2"),
    ("8.1", 2, 9, None, 2, "有误，应填0、1或2"),
    ("8.1", "无", None, None, 0, "已填"),
    ("8.1", "\u00a0无\n", None, None, 0, "已填"),
    ("8.1", "不适用", None, None, "有误", COUNT_WRONG),
    # A text that no formula reads: the review may (3处 is 2 points), so that 扣分 beside it does not stand.
    ("8.1", "3处", 1, None, "有误", COUNT_WRONG),
    ("8.1", "三处", 2, None, "有误", COUNT_WRONG),
    ("10.1", "25%", 3, None, "有误", NOISE_WRONG),
    # A number that cannot be: 扣分 stands, as in the review.
    ("8.1", 1.5, 2, None, 2, COUNT_WRONG),
    ("8.1", 9999, None, None, 2, "已填"),
    ("8.1", 10000, None, None, "有误", COUNT_WRONG),
    ("14.1", 2, None, None, 0, "已填"),
    ("14.1", 1, None, None, 3, "已填"),
    ("14.1", "无", None, None, 6, "已填"),
    # Rates: full steps only, at most 1 is a fraction, exact at every step.
    ("10.1", 1, None, None, 0, "已填"),
    ("10.1", 0.95, None, None, 0, "已填"),
    ("10.1", 0.9, None, None, 1, "已填"),
    ("10.1", 1 - 0.1, None, None, 1, "已填"),
    ("10.1", 89.9, None, None, 1, "已填"),
    ("10.1", 60, None, None, 4, "已填"),
    ("10.1", 0.599, None, None, 6, "已填"),
    ("10.1", 101, None, None, "有误", NOISE_WRONG),
    ("10.1", " 不适用\u3000", 0, None, 0, "已填"),
    ("10.1", "不 适 用\n", 0, None, 0, "已填"),
    ("10.1", "无", 1, None, 0, "与实际值不符"),
    ("12.1", 0.3, None, None, 0, "已填"),
    ("12.1", 0.1 + 0.2, None, None, 0, "已填"),
    ("12.1", 27, None, None, 0, "已填"),
    ("12.1", 25, None, None, 1, "已填"),
    ("12.1", 0, None, None, 6, "已填"),
    ("12.1", -0.1, 1, None, 1, RATE_WRONG),
    ("12.1", "不适用", None, None, "有误", RATE_WRONG),
    # The award adds.
    ("17.1", None, 4, None, 4, "已填"),
    ("17.1", None, "无", None, 0, "已填"),
    ("17.1", None, 5, None, "有误", "有误，应填0、1、2、3或4"),
    ("17.1", None, None, None, "", "待填：没有获得填0，获得的填1、2、3或4"),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "actual", "stated", "evidence", "due", "status"), ROWS)
def test_a_row(clause, actual, stated, evidence, due, status):
    view = live_view(STANDARD, {clause: (actual, stated, evidence)})
    assert (view.due[clause], view.status[clause]) == (due, status)


@pytest.mark.parametrize(
    ("answers", "item", "score"),
    [
        ({"16.1": 3, "16.2": 6}, 16, 0),
        ({"16.1": 3, "16.2": 0}, 16, 3),
        ({"16.1": 3, "16.2": None}, 16, ""),
        ({"16.1": 2, "16.2": None}, 16, "有误"),
        ({"17.1": 0}, 17, 0),
        ({"17.1": 4}, 17, 4),
    ],
)
def test_an_item(answers, item, score):
    assert live_view(STANDARD, {clause: (None, stated, None) for clause, stated in answers.items()}).score[item] == score


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({}, 96),
        ({"c17_1": (None, 4, None)}, 100),
        ({"c1_1": (None, None, None)}, "还差1项"),
        ({"c1_1": (None, 2, None), "c2_1": (None, "无", None)}, "有误2项"),
        ({"c1_1": (None, 2, None), "c2_1": (None, None, None)}, "还差1项，有误1项"),
    ],
)
def test_a_total_is_a_score_only_when_all_is_there(changes, total):
    assert live_view(STANDARD, clean(**changes).answers).total == total


@pytest.mark.office
def test_errors_and_logicals_typed_into_a_form_show_wrong_and_do_not_spread(tmp_path):
    """What only a spreadsheet can hold: #DIV/0! and TRUE, in each of the three cells that a county fills."""
    book = openpyxl.load_workbook(io.BytesIO(form(CITY)))
    page = book["东兴社区"]
    typed = [
        ("1.1", Column.STATED, "=1/0"), ("2.1", Column.STATED, True), ("8.1", Column.ACTUAL, "=1/0"), ("8.2", Column.ACTUAL, True),
        ("8.3", Column.STATED, "=1/0"), ("3.1", Column.EVIDENCE, "=1/0"),
    ]  # fmt: skip
    for clause, column, value in typed:
        page[cell_of(page, clause, column)] = value
    changed = io.BytesIO()
    book.save(changed)
    shown = recalculated(changed.getvalue(), tmp_path)["东兴社区"]

    def row(clause):
        return tuple(shown[cell_of(shown, clause, column)].value for column in (Column.DUE, Column.STATUS))

    assert row("1.1") == ("有误", "有误，应填0或3")
    assert row("2.1") == ("有误", "有误，应填0或3")
    assert row("8.1") == (0, COUNT_WRONG), "a possible 扣分 stands beside an unreadable 实际值"
    assert row("8.2") == (0, COUNT_WRONG)
    assert row("8.3") == (0, "有误，应填0、1或2"), "应扣 follows a valid 实际值"
    assert row("3.1") == (0, "已填")
    assert shown[cell_of(shown, "合计", Column.SCORE)].value == "有误2项"


@pytest.mark.parametrize(
    ("heights", "may_break", "breaks"),
    [
        ([10, 10, 10], [True, True, True], []),
        ([20, 20, 20], [True, True, True], [2]),
        ([20, 20, 20], [True, True, False], [1]),
        ([20, 30, 30, 30], [True, True, False, True], [1, 3]),
    ],
)
def test_pages_break_only_between_items(heights, may_break, breaks):
    assert page_breaks(heights, may_break, first_page=50, page=60) == breaks


def test_a_form_breaks_pages_only_where_an_item_begins():
    page = openpyxl.load_workbook(io.BytesIO(form(CITY, {})))["东兴社区"]
    begins = {row.row for row in sheet_plan(STANDARD).rows if row.opens_item}
    breaks = [mark.id for mark in page.row_breaks.brk]
    assert breaks and set(breaks) <= begins


def test_prompts_quote_the_clause_and_none_is_dropped():
    page = openpyxl.load_workbook(io.BytesIO(form(CITY, {})))["东兴社区"]
    rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    measured = sum(clause.measure is not None for clause in STANDARD.clauses)
    assert len(rules) == 3 + 2 * len(STANDARD.clauses) + measured
    for clause in STANDARD.clauses:
        rule = rules[cell_of(page, clause.id, Column.STATED)]
        assert clause.quote in rule.prompt and clause.allowed in rule.error
        assert rule.formula1 == '"' + ",".join(map(str, clause.possible)) + '"'
        if clause.measure is not None:
            assert clause.allowed_actual in rules[cell_of(page, clause.id, Column.ACTUAL)].error


def test_long_evidence_gets_a_higher_row():
    text = "社区内三处路灯损坏、两处排水管网老化，已列入改造计划，见照片和台账。" * 4
    page = openpyxl.load_workbook(io.BytesIO(form(CITY, {"532301101001": SheetAnswers({}, {"4.2": (None, 3, text)})})))["东兴社区"]
    # 136 full-width characters of 10 points, 14 on a line of width 28: 10 lines of at least 12 points.
    assert page.row_dimensions[page[cell_of(page, "4.2", Column.STATED)].row].height >= 120
