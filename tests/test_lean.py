"""Lean workbooks say the same as XlsxWriter's own (greencomm/lean.py): cell by cell, on first sheets and on those after a stencil."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import hypothesis
import openpyxl
import pytest
import xlsxwriter
from hypothesis import strategies as st

from greencomm.lean import ColourRule, LeanBook, LeanSheet, entry_rules, escaped, number_text
from greencomm.rowwise import BLANK, RowBook

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
NUMBER = st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False))


def sheet_texts(data: bytes) -> list[str]:
    """The sheets of a workbook, shared strings in their cells, without XlsxWriter's hint ``spans``."""
    parts = zipfile.ZipFile(io.BytesIO(data))
    strings = re.findall(r"<si>(.*?)</si>", parts.read("xl/sharedStrings.xml").decode(), re.DOTALL)
    names = sorted(name for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))
    texts = []
    for name in names:
        text = re.sub(r' spans="[^"]*"', "", parts.read(name).decode())
        texts.append(re.sub(r't="s"><v>(\d+)</v>', lambda found: f'>{strings[int(found[1])]}', text))
    return texts


def fill(sheet: Any, bold: Any, cells: list[tuple[int, int, Any]]) -> None:
    """One cell of each kind, rows with and without a height, columns with a format of their own."""
    sheet.set_column(2, 3, 20, bold)
    sheet.set_row(1, 33.5)
    sheet.set_row(40, None, bold)
    sheet.set_row(41, 20, None, {"hidden": True, "level": 1, "collapsed": True})
    for row, column, value in cells:
        if isinstance(value, str):
            sheet.write_string(row, column, value, bold if column % 2 else None)
        else:
            sheet.write_number(row, column, value, bold if column % 2 else None)
    sheet.write_blank(50, 1, None, bold)
    sheet.write_boolean(50, 2, True)
    sheet.write_formula(50, 3, '=IF(A1<>"",A1&"<b>",0)', bold, "<b>")
    sheet.write_formula(50, 4, "=A1+1", None, 2)
    sheet.write_url(51, 0, "internal:'Sheet1'!A1", bold, "跳转")
    sheet.data_validation(1, 1, 1, 1, {"validate": "list", "source": [0, 3]})
    sheet.conditional_format(1, 1, 5, 1, {"type": "cell", "criteria": "==", "value": '"有误"', "format": bold})


CELLS = st.lists(st.tuples(st.integers(0, 45), st.integers(0, 5), st.one_of(TEXT, NUMBER)), max_size=25)


@hypothesis.given(CELLS)
@hypothesis.settings(max_examples=60, deadline=None)
def test_a_lean_sheet_says_what_xlsxwriter_says(cells):
    # XlsxWriter keeps sixteen digits; numbers of seventeen are the business of the next test.
    cells = [cell for cell in cells if isinstance(cell[2], str) or float(f"{cell[2]:.16G}") == cell[2]]
    found = []
    for kind in (LeanBook, xlsxwriter.Workbook):
        target = io.BytesIO()
        book = kind(target)
        fill(book.add_worksheet(), book.add_format({"bold": True}), cells)
        book.close()
        found.append(sheet_texts(target.getvalue()))
    assert found[0] == found[1]


@hypothesis.given(NUMBER)
def test_a_number_is_stored_with_all_its_digits(number):
    assert float(number_text(number)) == number


@pytest.mark.parametrize("text", ["<b>", "a&b", "1>0", "纯文字", '"引号"'])
def test_what_stands_between_tags_is_escaped_as_xlsxwriter_does(text):
    assert escaped(text) == xlsxwriter.worksheet.Worksheet()._escape_data(text)


def common(sheet: Any, bold: Any) -> None:
    sheet.set_column(0, 1, 30)
    sheet.merge_range(0, 0, 0, 2, "", bold)
    sheet.write_string(0, 0, "标题", bold)
    sheet.write_string(2, 1, "默认", bold)
    sheet.write_formula(3, 1, "=B3", bold, "默认")
    sheet.data_validation(2, 1, 2, 1, {"validate": "list", "source": [0, 3], "input_title": "请填"})


def own(sheet: Any, bold: Any, text: str) -> None:
    sheet.write_string(2, 1, text, None)
    sheet.write_number(5, 4, 7)
    sheet.set_row(2, 40)


@hypothesis.given(st.lists(TEXT.filter(bool), min_size=1, max_size=4))
@hypothesis.settings(max_examples=40, deadline=None)
def test_sheets_made_from_a_stencil_are_as_if_each_was_written_whole(texts):
    lean, plain = io.BytesIO(), io.BytesIO()
    book = LeanBook(lean)
    bold, stencil = book.add_format({"bold": True}), None
    for text in texts:
        sheet = book.add_worksheet()
        if stencil is None:
            common(sheet, bold)
            stencil = sheet.keep()
        else:
            sheet.begin_with(stencil)
        own(sheet, bold, text)
    book.close()
    other = xlsxwriter.Workbook(plain)
    bold = other.add_format({"bold": True})
    for text in texts:
        sheet = other.add_worksheet()
        common(sheet, bold)
        own(sheet, bold, text)
    other.close()
    assert sheet_texts(lean.getvalue()) == sheet_texts(plain.getvalue())


def test_what_one_sheet_adds_never_shows_on_another():
    target = io.BytesIO()
    book = LeanBook(target)
    first, second = book.add_worksheet(), book.add_worksheet()
    first.write_string(0, 0, "共同")
    stencil = first.keep()
    first.write_string(0, 0, "只在第一张")
    first.write_string(1, 0, "也只在第一张")
    first.data_validation(3, 0, 3, 0, {"validate": "list", "source": [1]})
    second.begin_with(stencil)
    book.close()
    assert "只在第一张" not in sheet_texts(target.getvalue())[1]
    assert "dataValidation" not in sheet_texts(target.getvalue())[1]
    assert "共同" in sheet_texts(target.getvalue())[1]


def test_colours_come_in_the_order_in_which_they_were_added():
    lean, plain = io.BytesIO(), io.BytesIO()
    book = LeanBook(lean)
    sheet, red = book.add_worksheet(), book.add_format({"font_color": "#FF0000"})
    rules = [
        ColourRule("B2:B4", 'A1<>"a<b"', red, stops=True),
        ColourRule("C2 C4", '"有误"', red, operator="equal"),
        ColourRule("B2:B4", "A1=1", red),
    ]
    sheet.write_string(0, 0, "a")
    sheet.colour((rule.areas, rule.text) for rule in rules)
    book.close()
    other = xlsxwriter.Workbook(plain)
    sheet, red = other.add_worksheet(), other.add_format({"font_color": "#FF0000"})
    sheet.write_string(0, 0, "a")
    formula = {"type": "formula", "format": red, "multi_range": "B2:B4"}
    sheet.conditional_format(1, 1, 3, 1, formula | {"criteria": '=A1<>"a<b"', "stop_if_true": True})
    sheet.conditional_format(1, 2, 1, 2, {"type": "cell", "criteria": "==", "value": '"有误"', "format": red, "multi_range": "C2 C4"})
    sheet.conditional_format(1, 1, 3, 1, formula | {"criteria": "=A1=1"})
    other.close()
    assert sheet_texts(lean.getvalue()) == sheet_texts(plain.getvalue())


def test_a_growing_row_has_a_height_that_is_not_fixed():
    target = io.BytesIO()
    book = LeanBook(target)
    sheet = book.add_worksheet()
    assert isinstance(sheet, LeanSheet)
    sheet.growing = frozenset({1})
    for row in (0, 1):
        sheet.set_row(row, 60)
        sheet.write_string(row, 0, "行")
    book.close()
    rows = re.findall(r"<row [^>]*>", sheet_texts(target.getvalue())[0])
    assert rows == ['<row r="1" ht="60" customHeight="1">', '<row r="2" ht="60">']


ROW = st.tuples(st.integers(2, 6), st.one_of(st.sampled_from(["甲", "乙", "<x>"]), st.sampled_from([0, 1, 2.5])))


@hypothesis.given(st.lists(st.lists(ROW, max_size=6, unique_by=lambda row: row[0]), min_size=1, max_size=4))
@hypothesis.settings(max_examples=60, deadline=None)
def test_rows_alike_are_as_if_each_was_written(sheets):
    def write(sheet: Any, bold: Any, row: int, value: str | float) -> None:
        sheet.set_row(row, 30)
        sheet.write_formula(row, 2, f"=B{row + 1}", bold, value)
        if isinstance(value, str):
            sheet.write_string(row, 1, value, bold)
        else:
            sheet.write_number(row, 1, value, bold)

    lean, plain = io.BytesIO(), io.BytesIO()
    book, other = LeanBook(lean), xlsxwriter.Workbook(plain)
    bold, other_bold, stencil = book.add_format({"bold": True}), other.add_format({"bold": True}), None
    for rows in sheets:
        sheet, twin = book.add_worksheet(), other.add_worksheet()
        common(twin, other_bold)
        twin.write_blank(6, 2, None, other_bold)
        if stencil is None:
            common(sheet, bold)
            sheet.write_blank(6, 2, None, bold)
            stencil = sheet.keep()
        else:
            sheet.begin_with(stencil)
        for row, value in rows:
            if not sheet.is_known(row, (row, value.__class__, value)):
                write(sheet, bold, row, value)
            write(twin, other_bold, row, value)
    book.close()
    other.close()
    assert sheet_texts(lean.getvalue()) == sheet_texts(plain.getvalue())
    counts = [re.search(r' count="(\d+)"', zipfile.ZipFile(each).read("xl/sharedStrings.xml").decode())[1] for each in (lean, plain)]
    assert counts[0] == counts[1]


def set_up(sheet: Any, bold: Any) -> None:
    """Links, protection, panes and print set-up."""
    sheet.write_url(0, 5, "internal:'Sheet1'!A1", bold, "返回")
    sheet.protect("", {"objects": True, "format_rows": True})
    sheet.freeze_panes(3, 1)
    sheet.set_selection(2, 1, 2, 1)
    sheet.ignore_errors({"number_stored_as_text": "A1:A9"})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C第 &P 页", {"margin": 0.3})


# Long enough to be packed by themselves.
RULES = [(row, 1, {"validate": "list", "source": [0, row], "input_title": "请填", "input_message": "依据" * 100}) for row in range(20, 60)]


@hypothesis.given(st.lists(st.booleans(), min_size=1, max_size=4))
@hypothesis.settings(max_examples=15, deadline=None)
def test_what_comes_with_a_stencil_is_on_each_sheet_as_if_it_was_written_there(linked):
    lean, plain = io.BytesIO(), io.BytesIO()
    book, other = LeanBook(lean), xlsxwriter.Workbook(plain)
    bold, other_bold, stencil = book.add_format({"bold": True}), other.add_format({"bold": True}), None
    for number, more in enumerate(linked):
        sheet, twin = book.add_worksheet(), other.add_worksheet()
        common(twin, other_bold)
        set_up(twin, other_bold)
        for row, column, rule in RULES:
            twin.data_validation(row, column, row, column, rule)
        if stencil is None:
            common(sheet, bold)
            set_up(sheet, bold)
            sheet.entry_rules = entry_rules(RULES)
            stencil = sheet.keep()
        else:
            sheet.begin_with(stencil)
        for each, look in ((sheet, bold), (twin, other_bold)):
            each.set_header(f"&R第{number}张", {"margin": 0.25})
            if more:
                each.write_url(0, 6, "internal:'Sheet1'!B2", look, "另一处")
    book.close()
    other.close()
    assert sheet_texts(lean.getvalue()) == sheet_texts(plain.getvalue())


def test_a_sheet_may_have_other_rules_and_protection_than_its_stencil():
    target = io.BytesIO()
    book = LeanBook(target)
    sheets = [book.add_worksheet() for _ in range(3)]
    sheets[0].write_string(0, 0, "甲")
    sheets[0].protect()
    sheets[0].entry_rules = entry_rules(RULES)
    stencil = sheets[0].keep()
    for sheet in sheets[1:]:
        sheet.begin_with(stencil)
    sheets[1].entry_rules = entry_rules(RULES[:2])
    sheets[1].protect("", {"sort": True})
    book.close()
    texts = sheet_texts(target.getvalue())
    assert [text.count("<dataValidation ") for text in texts] == [len(RULES), 2, len(RULES)]
    assert [' sort="0"' in text for text in texts] == [False, True, False]


def test_what_is_packed_is_whole_and_the_same_on_every_system():
    def packed() -> bytes:
        target = io.BytesIO()
        book = LeanBook(target)
        for _ in range(3):
            sheet = book.add_worksheet()
            sheet.write_string(0, 0, "甲")
            sheet.entry_rules = entry_rules(RULES)
            sheet.keep()
        book.close()
        return target.getvalue()

    plain = io.BytesIO()
    other = xlsxwriter.Workbook(plain)
    for _ in range(3):
        other.add_worksheet().write_string(0, 0, "甲")
    other.close()
    archive = zipfile.ZipFile(io.BytesIO(packed()))
    assert archive.testzip() is None
    assert archive.namelist() == zipfile.ZipFile(plain).namelist()
    # As Linux writes them, wherever the program runs.
    facts = {(entry.date_time, entry.create_system, entry.external_attr, entry.compress_type) for entry in archive.infolist()}
    assert facts == {((1980, 1, 1, 0, 0, 0), 3, 0o600 << 16, zipfile.ZIP_DEFLATED)}
    assert all(archive.read(entry) and entry.file_size == len(archive.read(entry)) for entry in archive.infolist())
    assert packed() == packed()


# --- whole rows (greencomm/rowwise.py) ----------------------------------------------------------------------------------

LOOKS = ({"bold": True, "border": 1}, {"bold": True, "border": 1, "bg_color": "#EAF4EE"}, {"num_format": "0.0", "align": "center"}, {})
ROW = st.lists(st.tuples(st.one_of(st.none(), TEXT, NUMBER), st.integers(0, len(LOOKS) - 1)), max_size=6)


def rows_by_cell(book: Any, rows: list[list[tuple[Any, int]]]) -> None:
    sheet, looks = book.add_worksheet(), [book.add_format(look) for look in LOOKS]
    sheet.set_column(0, 9, 12)
    for row, cells in enumerate(rows):
        sheet.set_row(2 * row, 20 + row)
        if len(cells) > 2:
            sheet.merge_range(2 * row, 1, 2 * row, 2, "", looks[cells[1][1]])
        for column, (value, look) in enumerate(cells):
            if value is None or value == "" or (column == 2 and len(cells) > 2):
                sheet.write_blank(2 * row, column, None, looks[look if column != 2 else cells[1][1]])
            elif isinstance(value, str):
                sheet.write_string(2 * row, column, value, looks[look])
            else:
                sheet.write_number(2 * row, column, value, looks[look])
    extras(sheet, looks)


def rows_whole(book: RowBook, rows: list[list[tuple[Any, int]]]) -> None:
    sheet, looks = book.add_worksheet(), [book.add_format(look) for look in LOOKS]
    sheet.set_column(0, 9, 12)
    for row, cells in enumerate(rows):
        written = []
        for column, (value, look) in enumerate(cells):
            if column == 2:
                value, look = None, cells[1][1]
            tail = BLANK if value is None or value == "" else sheet.text(value) if isinstance(value, str) else sheet.number(value)
            written.append((looks[look], tail))
        sheet.whole_row(2 * row, written, 20 + row)
        if len(cells) > 2:
            sheet.merge_columns(2 * row, 1, 2)
    extras(sheet, looks)


def extras(sheet: Any, looks: list[Any]) -> None:
    """Cells one by one: in rows that are there, among them, and where they take the place of others."""
    sheet.write_number(0, 3, 7, looks[1])
    sheet.write_string(1, 4, "其间", looks[0])
    sheet.write_formula(2, 8, "=A1", looks[2], 3)
    sheet.set_row(30, 9)
    sheet.autofilter(0, 0, 4, 3)


@hypothesis.given(st.lists(ROW, max_size=4))
@hypothesis.settings(max_examples=60, deadline=None)
def test_whole_rows_say_what_xlsxwriter_says_cell_by_cell(rows):
    rows = [[cell for cell in row if isinstance(cell[0], (str, type(None))) or float(f"{cell[0]:.16G}") == cell[0]] for row in rows]
    whole, plain = io.BytesIO(), io.BytesIO()
    book, other = RowBook(whole), xlsxwriter.Workbook(plain, {"strings_to_numbers": False})
    rows_whole(book, rows)
    rows_by_cell(other, rows)
    book.close()
    other.close()
    assert sheet_texts(whole.getvalue()) == sheet_texts(plain.getvalue())
    styles = [zipfile.ZipFile(each).read("xl/styles.xml") for each in (whole, plain)]
    assert styles[0] == styles[1]


def test_a_whole_row_takes_the_place_of_cells_that_were_there():
    target = io.BytesIO()
    book = RowBook(target)
    sheet, look = book.add_worksheet(), book.add_format({})
    sheet.write_number(0, 0, 1, look)
    sheet.write_number(0, 2, 3, look)
    sheet.whole_row(0, [(look, sheet.number(5)), (look, BLANK)], 20)
    book.close()
    assert [cell.value for cell in openpyxl.load_workbook(target).active[1]] == [5, None, 3]


def test_columns_of_a_whole_row_cannot_be_merged_again():
    book = RowBook(io.BytesIO())
    sheet, look = book.add_worksheet(), book.add_format({})
    sheet.whole_row(0, [(look, BLANK)] * 3, 20)
    sheet.merge_columns(0, 0, 2)
    with pytest.raises(xlsxwriter.exceptions.OverlappingRange):
        sheet.merge_range(0, 2, 1, 2, "")


def test_the_looks_of_one_workbook_do_not_number_those_of_the_next():
    written = []
    for looks in ([0, 1, 2], [2], [2, 0], [2]):
        target = io.BytesIO()
        book = RowBook(target)
        sheet = book.add_worksheet()
        for column, look in enumerate(looks):
            sheet.write_number(0, column, 1, book.add_format(LOOKS[look]))
        book.close()
        written.append(target.getvalue())
    assert written[1] == written[3]
    assert len(set(written)) == 3


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_to_excel_is_refused(number):
    with pytest.raises(TypeError):
        RowBook(io.BytesIO()).add_worksheet().number(number)


# --- texts (greencomm/strings.py) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LeanBook, RowBook])
@pytest.mark.parametrize("text", ["<r>已培训 & 验收</r>", "<r><t>达标</t></r>", " 前后有空格 ", "一行\n两行", "_x000D_", "<"])
def test_a_text_stays_what_it_is_also_where_it_looks_like_markup(kind, text):
    target = io.BytesIO()
    book = kind(target)
    book.add_worksheet().write_string(0, 0, text)
    book.close()
    assert openpyxl.load_workbook(target).active["A1"].value == text


@hypothesis.given(st.lists(TEXT, min_size=1, max_size=8))
@hypothesis.settings(max_examples=60, deadline=None)
def test_texts_are_stored_as_xlsxwriter_stores_them(texts):
    parts = []
    for kind in (LeanBook, xlsxwriter.Workbook):
        target = io.BytesIO()
        book = kind(target)
        sheet = book.add_worksheet()
        for row, text in enumerate(texts):
            sheet.write_string(row, 0, text)
        book.close()
        parts.append(zipfile.ZipFile(target).read("xl/sharedStrings.xml"))
    assert parts[0] == parts[1]


def test_looks_of_equal_numbers_of_two_kinds_are_two():
    """13 and 13.0 are written differently: whichever a process asks for first must not decide for the next."""
    written = []
    for sizes in ((13.0, 13), (13,)):
        for size in sizes:
            target = io.BytesIO()
            book = RowBook(target)
            book.add_worksheet().write_number(0, 0, 1, book.add_format({"font_size": size}))
            book.close()
        written.append(target.getvalue())
    assert written[0] == written[1]
