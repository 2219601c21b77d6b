"""The fill-in workbook: its sheets, what is locked, what is asked, what its formulas are made of (what they show: test_agreement)."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile

import openpyxl
import pytest
from season import CITY, ROSTER, STANDARD, beside, cell_of, form

from greencomm.forms.issue import SheetAnswers
from greencomm.forms.layout import Column, Heading
from greencomm.forms.names import sheet_names
from greencomm.roster import Community

FUNCTIONS = {
    "IF", "AND", "OR", "NOT", "SUM", "MIN", "MAX", "ROUND", "INT", "COUNT", "COUNTA", "COUNTIF", "COUNTIFS", "SUMPRODUCT", "INDEX",
    "MATCH", "IFERROR", "ISNUMBER", "ISLOGICAL", "ISTEXT", "ISERROR", "LEN", "TRIM", "SUBSTITUTE", "HYPERLINK", "FALSE", "TRUE",
    "LEFT", "MID", "COUNTBLANK", "CLEAN",
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
