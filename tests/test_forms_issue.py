"""The fill-in workbook: what is locked, what is asked, what its formulas show, and that scoring computes the same."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import random
import re
import zipfile

import openpyxl
import pytest
from office import recalculated
from season import CITY, EAST, ROSTER, STANDARD, arrive, beside, cell_of, clean, form, judge

from greencomm.forms import layout
from greencomm.forms.issue import SheetAnswers
from greencomm.forms.layout import Column, Heading
from greencomm.forms.live import live_view
from greencomm.forms.names import sheet_names
from greencomm.roster import Community

FUNCTIONS = {
    "IF", "AND", "OR", "NOT", "SUM", "MIN", "MAX", "ROUND", "INT", "COUNT", "COUNTA", "COUNTIF", "COUNTIFS", "SUMPRODUCT", "INDEX",
    "MATCH", "IFERROR", "ISNUMBER", "ISLOGICAL", "ISTEXT", "ISERROR", "LEN", "TRIM", "SUBSTITUTE", "HYPERLINK", "FALSE", "TRUE",
    "LEFT", "MID", "COUNTBLANK",
}  # fmt: skip


@pytest.fixture(scope="module")
def blank_form():
    return form(CITY, {community.code: SheetAnswers() for community in ROSTER.of_unit[CITY.code]})


def test_sheets_and_their_order(blank_form):
    book = openpyxl.load_workbook(io.BytesIO(blank_form))
    assert book.sheetnames == ["填报说明", "汇总", "东兴社区", "学桥街社区", "_meta"]
    assert book.active.title == "汇总" and book["_meta"].sheet_state == "veryHidden"


def test_only_what_the_county_fills_is_unlocked_and_each_such_cell_has_a_rule(blank_form):
    page = openpyxl.load_workbook(io.BytesIO(blank_form))["东兴社区"]
    expected = {beside(page, label) for label in (Heading.AUTHOR, Heading.DATE, Heading.CLAIM)}
    for clause in STANDARD.clauses:
        expected |= {cell_of(page, clause.id, "扣分"), cell_of(page, clause.id, "说明")}
        if clause.measure:
            expected.add(cell_of(page, clause.id, "实际值"))
    unlocked = {cell.coordinate for row in page.iter_rows() for cell in row if not cell.protection.locked}
    assert unlocked - expected <= {c for area in page.merged_cells.ranges for c in cells_of(area)} and expected <= unlocked
    ruled = {cell for rule in page.data_validations.dataValidation for area in rule.sqref.ranges for cell in cells_of(area)}
    asked = {cell for cell in expected if page[cell].row > page[cell_of(page, "条款", "条款")].row}
    assert asked <= ruled
    assert page.protection.sheet and not page.protection.password


def cells_of(area):
    return [f"{openpyxl.utils.get_column_letter(c)}{r}" for r, c in area.cells] if hasattr(area, "cells") else []


def test_every_formula_has_a_stored_value_and_uses_only_shared_functions(blank_form):
    with zipfile.ZipFile(io.BytesIO(blank_form)) as parts:
        pages = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    formulas = [match for page in pages for match in re.finditer(r"<f>(.*?)</f>(<v>[^<]*</v>|<v ?/>)?", page)]
    assert len(formulas) > 2 * 31 * 2
    assert all(match[2] for match in formulas)
    used = {name for match in formulas for name in re.findall(r"([A-Z][A-Z0-9.]+)\(", re.sub(r"&quot;.*?&quot;|\"[^\"]*\"", "", match[1]))}
    assert used <= FUNCTIONS, used - FUNCTIONS


def test_an_empty_sheet_shows_what_is_missing_never_a_score(blank_form):
    page = openpyxl.load_workbook(io.BytesIO(blank_form), data_only=True)["东兴社区"]
    assert page[beside(page, Heading.TOTAL)].value == "还差31项"
    assert page[cell_of(page, "8.1", Column.STATUS)].value == "待填：发现乱停车几处"


def test_same_arguments_same_bytes():
    assert hashlib.sha256(form(CITY)).digest() == hashlib.sha256(form(CITY)).digest()


def community(name, code="532301101001"):
    return Community(code, name, "楚雄市", "鹿城镇", "532301")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["东兴社区居民委员会"], ["东兴社区"]),
        (["历史记录居民委员会"], None),
        (["汇总"], None),
        (["甲/乙[1]:*?\\社区"], None),
        (["A社区", "a社区"], None),
        (["很" * 40 + "社区居民委员会"], None),
        (["𠮷" * 31], None),
        (["'引号社区'"], None),
        (["东兴社区居民委员会", "东兴社区"], None),
    ],
)
def test_sheet_names_are_legal_and_unique(names, expected):
    given = [community(name, f"53230110100{n}") for n, name in enumerate(names)]
    made = list(sheet_names(given).values())
    if expected:
        assert made == expected
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\]", name) and not name.startswith("'") and not name.endswith("'")
        assert name.casefold() not in {"历史记录", "history", "汇总", "填报说明", "_meta"}


# --- what formulas show, against scoring and against LibreOffice ------------------------------------------------------

ODD = [None, None, 0, 1, 2, 3, 4, 5, 6, 7, 0.5, -1, -3, "无", "不适用", " ", "\u3000", "3分", "扣3分", "三", "是", 9999, 10000, 44500, 0.85, 1.5]
RATES = [None, 0, 1, 0.9, 0.899, 0.8, 0.7, 0.6, 0.599, 0.3, 0.27, 0.25, 0.249, 0.05, 100, 95, 90, 89.9, 85, 60, 59.9, 30, 25, 24.9, 101,
         -0.1, "不适用", "无", "85%", "  ", 1 - 0.1, 0.7 * 100, 0.1 + 0.2]  # fmt: skip


def random_sheet(dice: random.Random) -> SheetAnswers:
    """Answers of one sheet: mostly right, every edge, some nonsense."""
    sheet = clean()
    answers = dict(sheet.answers)
    wild = dice.choice([0.02, 0.2, 0.6])
    for clause in STANDARD.clauses:
        actual, stated, evidence = answers[clause.id]
        if dice.random() < wild:
            actual = dice.choice(RATES if clause.measure == "rate" else ODD) if clause.measure else None
        if dice.random() < wild:
            stated = dice.choice([*clause.possible, *ODD])
        if dice.random() < 0.3:
            evidence = dice.choice([None, " ", "见附件"])
        answers[clause.id] = (actual, stated, evidence)
    return SheetAnswers(sheet.heading, answers)


def big_roster(count):
    members = tuple(community(f"第{n}社区居民委员会", f"532301101{n:03d}") for n in range(1, count + 1))
    return dataclasses.replace(ROSTER, communities=members)


def shown_on(page):
    """What the live cells of a community sheet show."""
    due = {clause.id: page[cell_of(page, clause.id, Column.DUE)].value for clause in STANDARD.clauses}
    status = {clause.id: page[cell_of(page, clause.id, Column.STATUS)].value for clause in STANDARD.clauses}
    score = {item.number: page[cell_of(page, item.clauses[0].id, Column.SCORE)].value for item in STANDARD.items}
    totals = (page[cell_of(page, layout.TOTAL_ROW, Column.SCORE)].value, page[beside(page, Heading.TOTAL)].value)
    return due, status, score, totals


def plain(value):
    """A value without the difference between an empty text and an empty cell, a ratio to 12 digits."""
    if isinstance(value, float):
        return round(value, 12)
    return "" if value is None else value


def expected_of(answers):
    view = live_view(STANDARD, answers.answers)
    return view.due, view.status, view.score, (view.total, view.total)


def same(shown, expected):
    for one, other in zip(shown[:3], expected[:3], strict=True):
        assert {key: plain(value) for key, value in one.items()} == {key: plain(value) for key, value in other.items()}
    assert [plain(value) for value in shown[3]] == [plain(value) for value in expected[3]]


COMMUNITIES, SEED = 24, 20211018


@pytest.fixture(scope="module")
def filled():
    dice = random.Random(SEED)
    roster = big_roster(COMMUNITIES)
    answers = {member.code: random_sheet(dice) for member in roster.communities}
    return roster, answers, form(CITY, answers, roster=roster)


def test_stored_values_are_what_the_live_view_says(filled):
    roster, answers, data = filled
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    for member in roster.communities:
        same(shown_on(book[member.short_name]), expected_of(answers[member.code]))


@pytest.mark.office
def test_libreoffice_calculates_what_was_stored(filled, tmp_path):
    roster, answers, data = filled
    stored, book = openpyxl.load_workbook(io.BytesIO(data), data_only=True), recalculated(data, tmp_path)
    for member in roster.communities:
        same(shown_on(book[member.short_name]), expected_of(answers[member.code]))
    for row, other in zip(stored["汇总"].iter_rows(), book["汇总"].iter_rows(), strict=False):
        assert [plain(cell.value) for cell in row] == [plain(cell.value) for cell in other]


def test_the_live_score_is_the_assessed_score_where_every_answer_is_plain(filled):
    """Scoring and formulas are two programs; where no answer needed a conversion they must give one score."""
    roster, answers, data = filled
    result = judge(arrive("楚雄市.xlsx", data), roster=roster)
    compared = 0
    for community_result in result.units[0].communities:
        converted = any(
            isinstance(value, str) and value.strip()
            for actual, stated, _ in answers[community_result.community.code].answers.values()
            for value in (actual, stated)
        )
        if not converted:
            total = live_view(STANDARD, answers[community_result.community.code].answers).total
            live = total if isinstance(total, int) else None
            assert live == community_result.assessed_score
            compared += 1
    assert compared >= 3
    assert EAST.code in {c.community.code for c in result.units[0].communities}
