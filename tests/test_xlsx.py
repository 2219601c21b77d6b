"""A file's cells as its author sees them, by two readings; packages that no library would write are made by hand."""

import datetime
import io
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from workbooks import LINKS, MAIN, raw, raw_parts, sheet, xlsx, zipped

from greencomm.intake import limits
from greencomm.intake import xlsx as reader
from greencomm.intake.errors import Unreadable
from greencomm.intake.workbook import Fault, FaultyCell, Visibility
from greencomm.intake.xlsx import date_text, is_date_code, read_xlsx

SHEET = "xl/worksheets/sheet1.xml"


def cells(rows: str, **parts: str) -> dict:
    return read_xlsx(raw(rows, **parts)).sheets[0].cells


def first(rows: str, **parts: str):
    return cells(f'<row r="1">{rows}</row>', **parts).get((1, 1))


def why(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read_xlsx(data)
    assert caught.value.advice.startswith("请")
    return caught.value.reason


def formats(*codes: str, built_in: int = 0) -> str:
    """Styles whose cell format 1 has the built-in number format, formats 2 … the codes."""
    numbers = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(codes))
    formats = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(codes)))
    # cellStyleXfs come first and must not be counted.
    return (
        f'<numFmts>{numbers}</numFmts><cellStyleXfs><xf numFmtId="14"/><xf numFmtId="14"/></cellStyleXfs>'
        f'<cellXfs><xf numFmtId="0"/><xf numFmtId="{built_in}"/>{formats}</cellXfs>'
    )


# Values


@pytest.mark.parametrize(
    "stored, value",
    [("3", 3), ("-3", -3), ("3.0", 3.0), ("0.85", 0.85), ("1E2", 100.0), ("8.9999999999999997E-2", 0.09), (" 5 ", 5),
     ("0.1000000000000000055", 0.1), ("532301101001", 532301101001), ("12345678901234567890", 1.2345678901234567e19)],
)  # fmt: skip
def test_numbers(stored, value):
    found = first(f'<c r="A1"><v>{stored}</v></c>')
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("stored", ["NaN", "Inf", "-INF", "1e999", "1_000", "0x10", "３", "3,5", "--3", "1 2"])
def test_what_is_not_a_number_is_unreadable(stored):
    assert first(f'<c r="A1"><v>{stored}</v></c>') == FaultyCell(Fault.UNREADABLE, stored)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.decimals(-10**6, 10**6, places=6), min_size=1, max_size=20))
def test_numbers_as_excel_stores_them_come_back_exactly(numbers):
    # Excel writes the shortest text that gives the same float (17 digits at most).
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{float(number)!r}</v></c></row>' for row, number in enumerate(numbers, 1))
    assert cells(rows) == {(row, 1): float(number) for row, number in enumerate(numbers, 1)}


def test_shared_strings():
    strings = (
        "<si><t>甲</t></si>"
        '<si><t xml:space="preserve"> 乙 </t></si>'
        "<si><r><rPr><b/></rPr><t>丙</t></r><r><t>丁</t></r><rPh sb='0' eb='1'><t>bing</t></rPh><phoneticPr fontId='1'/></si>"
        "<si><t>戊_x000D_\n己_x005F_x0041_</t></si>"
        "<si><t/></si>"
        "<si/>"
    )
    row = "".join(f'<c r="{letter}1" t="s"><v>{number}</v></c>' for number, letter in enumerate("ABCDEF"))
    assert cells(f'<row r="1">{row}</row>', strings=strings) == {
        (1, 1): "甲", (1, 2): " 乙 ", (1, 3): "丙丁", (1, 4): "戊\r\n己_x0041_",
    }  # fmt: skip


def test_a_padded_index_is_the_string_it_means():
    # calamine reads string 0 here, so the cell is not compared with it.
    strings = "<si><t>零</t></si><si><t>一</t></si>"
    assert first('<c r="A1" t="s"><v> 1\n</v></c>', strings=strings) == "一"


@pytest.mark.parametrize("index", ["2", "-1", "1.0", "a", "99999999999"])
def test_an_index_without_string_is_unreadable(index):
    found = first(f'<c r="A1" t="s"><v>{index}</v></c>', strings="<si><t>零</t></si><si><t>一</t></si>")
    assert isinstance(found, FaultyCell)
    assert found.fault is Fault.UNREADABLE


def test_inline_and_formula_strings():
    row = (
        '<c r="A1" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r><rPh sb="0" eb="1"><t>jia</t></rPh></is></c>'
        '<c r="B1" t="str"><f>A1</f><v>甲&amp;乙</v></c><c r="C1" t="inlineStr"><is><t/></is></c>'
    )
    assert cells(f'<row r="1">{row}</row>') == {(1, 1): "甲乙", (1, 2): "甲&乙"}


def test_escapes_of_half_characters_never_leave_half_a_character():
    assert first('<c r="A1" t="str"><v>_xD83D__xDE00_ _xD83D_</v></c>') == "\U0001f600 \ufffd"


@pytest.mark.parametrize(
    "stored, found",
    [
        ('t="b"><v>1', FaultyCell(Fault.LOGICAL, "TRUE")),
        ('t="b"><v>0', FaultyCell(Fault.LOGICAL, "FALSE")),
        ('t="e"><v>#REF!', FaultyCell(Fault.ERROR, "#REF!")),
        ('t="e"><v>#SPILL!', FaultyCell(Fault.ERROR, "#SPILL!")),
        ('t="d"><v>2021-03-05', FaultyCell(Fault.DATE, "2021-03-05")),
        ('t="?"><v>3', FaultyCell(Fault.UNREADABLE, "3")),
    ],
)
def test_cells_of_other_types(stored, found):
    assert first(f'<c r="A1" {stored}</v></c>') == found


@pytest.mark.parametrize(
    "stored, found",
    [
        ('<c r="A1"><f>G9*2</f></c>', FaultyCell(Fault.NO_VALUE, "=G9*2")),
        ('<c r="A1"><f>G9*2</f><v></v></c>', FaultyCell(Fault.NO_VALUE, "=G9*2")),
        ('<c r="A1"><f t="shared" si="0"/></c>', FaultyCell(Fault.NO_VALUE, "公式")),
        ('<c r="A1" t="str"><f>G9</f></c>', FaultyCell(Fault.NO_VALUE, "=G9")),
        ('<c r="A1" t="s"><f>G9</f></c>', FaultyCell(Fault.NO_VALUE, "=G9")),
        ('<c r="A1" t="str"><f>G9</f><v></v></c>', None),
        ('<c r="A1"><f>G9</f><v>3</v></c>', 3),
        ('<c r="A1" t="e"><f>G9</f><v>#N/A</v></c>', FaultyCell(Fault.ERROR, "#N/A")),
    ],
)
def test_formulas_count_by_their_stored_value(stored, found):
    page = read_xlsx(raw(f'<row r="1">{stored}</row>')).sheets[0]
    assert (page.cells.get((1, 1)), page.formulas) == (found, {(1, 1)})


def test_an_array_formula_without_values():
    page = read_xlsx(raw('<row r="1"><c r="A1"><f t="array" ref="A1:B1">C1:D1</f></c><c r="B1"/></row>')).sheets[0]
    assert page.formulas == {(1, 1), (1, 2)}
    assert page.cells == dict.fromkeys([(1, 1), (1, 2)], FaultyCell(Fault.NO_VALUE, "=C1:D1"))


# Dates


@pytest.mark.parametrize(
    "code",
    ["yyyy-mm-dd", "m/d", "[h]:mm", "[mm]", "hh:mm AM/PM", 'yyyy"年"m"月"', "yyyy年m月d日", "[$-804]dddd", "mmm", "[Red]d",
     "上午/下午h", "[DBNum1][$-804]yyyy\\年", "e"],
)  # fmt: skip
def test_codes_of_dates(code):
    assert is_date_code(code)


@pytest.mark.parametrize(
    "code",
    ["General", "0%", "0.00", "[Red]0", '0"日"', '0"项ymd"', "0.00E+00", "#,##0\\d", "G/通用格式", "[$USD] 0", "@",
     "_d0", "*s0", "Standard", '_ * #,##0_ ;_ * \\-#,##0_ ;_ * "-"_ ;_ @_ '],
)  # fmt: skip
def test_codes_of_numbers(code):
    assert not is_date_code(code)


@pytest.mark.parametrize(
    "serial, text",
    [(44260, "2021-03-05"), (44260.5, "2021-03-05 12:00"), (0.25, "06:00"), (1, "1900-01-01"), (59, "1900-02-28"),
     (60, "1900-02-29"), (61, "1900-03-01"), (44260.9999999, "2021-03-06"), (0.00001, "00:00:01"), (1e15, "1e+15")],
)  # fmt: skip
def test_serial_numbers(serial, text):
    assert date_text(serial, uses_1904=False) == text


def test_dates_are_no_numbers():
    styles = formats("yyyy&quot;年&quot;", "0.00", built_in=14)
    row = "".join(f'<c r="{letter}1" s="{style}"><v>44260</v></c>' for style, letter in enumerate("ABCD"))
    dated = FaultyCell(Fault.DATE, "2021-03-05")
    assert cells(f'<row r="1">{row}</row>', styles=styles) == {(1, 1): 44260, (1, 2): dated, (1, 3): dated, (1, 4): 44260}


@pytest.mark.parametrize(
    "number, is_date",
    [(13, False), (14, True), (22, True), (27, True), (31, True), (47, True), (49, False), (58, True)],
)
def test_built_in_formats(number, is_date):
    found = first('<c r="A1" s="1"><v>3</v></c>', styles=formats(built_in=number))
    assert (found == FaultyCell(Fault.DATE, "1900-01-03")) is is_date
    assert (found == 3) is not is_date


def test_a_code_in_the_file_overrides_the_built_in_format():
    styles = '<numFmts><numFmt numFmtId="31" formatCode="0.0"/></numFmts><cellXfs><xf numFmtId="31"/></cellXfs>'
    assert first('<c r="A1"><v>3</v></c>', styles=styles) == 3


def test_the_date_system_of_1904():
    parts = raw_parts('<row r="1"><c r="A1" s="1"><v>42798</v></c></row>', styles=formats(built_in=14))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<workbookPr/>", '<workbookPr date1904="1"/>')
    assert read_xlsx(zipped(parts)).sheets[0].cells[1, 1] == FaultyCell(Fault.DATE, "2021-03-05")


# Addresses


def test_cells_without_address_follow_one_another():
    rows = "<row><c><v>1</v></c><c/><c><v>3</v></c></row><row r='4'><c r='C4'/><c><v>4</v></c></row><row><c><v>5</v></c></row>"
    assert cells(rows) == {(1, 1): 1, (1, 3): 3, (4, 4): 4, (5, 1): 5}


def test_rows_without_number_take_it_from_their_cells():
    assert cells("<row><c r='B3'><v>1</v></c><c r='D3'><v>2</v></c></row><row><c r='A9'><v>3</v></c></row>") == {
        (3, 2): 1, (3, 4): 2, (9, 1): 3,
    }  # fmt: skip


def test_rows_out_of_order():
    assert cells('<row r="3"><c r="A3"><v>3</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>') == {(3, 1): 3, (1, 1): 1}


def test_an_address_twice_is_unreadable():
    found = cells('<row r="1"><c r="A1"><v>3</v></c><c r="B1"><v>1</v></c><c r="A1"><v>5</v></c></row>')
    assert isinstance(found[1, 1], FaultyCell)
    assert (found[1, 1].fault, found[1, 2]) == (Fault.UNREADABLE, 1)


@pytest.mark.parametrize(
    "address",
    ["A1048577", "XFE1", "A4294967297", "a1", "A01", "1A", "A", "$A$1", "A2", "A1:B1", "AAAA1", "A-1", "Ａ1"],
)
def test_addresses_that_cannot_be(address):
    assert address[:20] in why(raw(f'<row r="1"><c r="{address}"><v>3</v></c></row>'))


@pytest.mark.parametrize("row", ["0", "1048577", "-1", "x", "4294967297"])
def test_rows_that_cannot_be(row):
    assert "工作表“S”" in why(raw(f'<row r="{row}"><c><v>3</v></c></row>'))


def test_the_last_cell_of_a_sheet():
    book = read_xlsx(raw('<row r="1048576"><c r="XFD1048576"><v>3</v></c></row>'))
    assert book.sheets[0].cells == {(1048576, 16384): 3}
    # Its rectangle would take all memory in the other reader.
    assert book.read_once == ("S",)


# Merges, hidden parts, sheets


def test_merged_ranges():
    rows = '<row r="1"><c r="A1"><v>3</v></c><c r="B1"/></row>'
    page = read_xlsx(raw(rows, after='<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>')).sheets[0]
    assert (page.merges, page.cells) == (((1, 1, 2, 2),), {(1, 1): 3})


def test_a_value_covered_by_a_merge_is_not_taken():
    rows = '<row r="1"><c r="A1"><v>3</v></c><c r="B1"><v>1</v></c></row>'
    page = read_xlsx(raw(rows, after='<mergeCells><mergeCell ref="A1:B1"/></mergeCells>')).sheets[0]
    assert page.cells == {(1, 1): 3, (1, 2): FaultyCell(Fault.UNREADABLE, "1（被合并单元格遮住）")}


@pytest.mark.parametrize("ref", ["A1:XFD1048576", "B2:A1", "A1:A9999999", ""])
def test_merges_that_cannot_be(ref):
    assert "S" in why(raw(after=f'<mergeCells><mergeCell ref="{ref}"/></mergeCells>'))


def test_hidden_rows_and_columns():
    rows = (
        '<row r="1" hidden="1"><c r="A1"><v>1</v></c><c r="D1"><v>1</v></c></row><row r="2" ht="0" customHeight="1"/>'
        '<row r="3" ht="15"/><row r="4" hidden="true"/><row r="5" hidden="0"/>'
    )
    columns = '<cols><col min="1" max="1" width="0"/><col min="3" max="16384" hidden="1"/></cols>'
    page = read_xlsx(raw(rows, before=columns)).sheets[0]
    assert (page.hidden_rows, page.hidden_columns) == ({1, 2, 4}, {1, 4})


def test_sheets_in_order_with_their_visibility():
    second, third = (sheet("2", "乙", visibility=Visibility.HIDDEN), sheet("3", "丙", visibility=Visibility.VERY_HIDDEN))
    book = read_xlsx(xlsx(sheet("1", "甲"), second, third))
    assert [(page.name, page.visibility, page.cells[1, 1]) for page in book.sheets] == [
        ("甲", Visibility.VISIBLE, 1), ("乙", Visibility.HIDDEN, 2), ("丙", Visibility.VERY_HIDDEN, 3),
    ]  # fmt: skip


def test_a_chart_on_a_sheet_of_its_own_is_noted():
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet("甲")
    page.write_column(0, 0, [1, 2])
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=甲!$A$1:$A$2"})
    book.add_chartsheet("图").set_chart(chart)
    book.add_worksheet("乙").write_number(0, 0, 7)
    book.close()
    read = read_xlsx(target.getvalue())
    assert [page.name for page in read.sheets] == ["甲", "乙"]
    assert (read.sheets[1].cells, read.read_once) == ({(1, 1): 7}, ())
    assert "图表工作表等非数据工作表" in read.extras


def test_what_the_review_does_not_read_is_named():
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet()
    page.write_comment(0, 0, "请核对")
    page.insert_textbox(3, 3, "注")
    book.close()
    assert read_xlsx(target.getvalue()).extras == ("图形", "批注")
    drawing = '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing">{}</xdr:wsDr>'
    for within, encoding, extras in (
        # As LibreOffice saves a sheet that has links.
        ("", "utf-8", ()),
        ("<xdr:absoluteAnchor/>", "utf-8", ("图形",)),
        ("<xdr:oneCellAnchor/>", "utf-16", ("图形",)),
        ("<torn", "utf-8", ("图形",)),
    ):
        part = f'<?xml version="1.0" encoding="{encoding}"?>{drawing.format(within)}'.encode(encoding)
        assert read_xlsx(zipped(raw_parts() | {"xl/drawings/drawing1.xml": part})).extras == extras, within
    with_macros = zipped(raw_parts() | {"xl/vbaProject.bin": b"\0"})
    assert (read_xlsx(with_macros).has_macros, read_xlsx(with_macros).extras) == (True, ("宏",))


# Other ways to write the same


def test_prefixed_namespaces():
    parts = raw_parts()
    parts["xl/workbook.xml"] = (
        f'<x:workbook xmlns:x="{MAIN}" xmlns:q="{LINKS}"><x:sheets><x:sheet name="S" sheetId="1" q:id="rId1"/></x:sheets>'
        "</x:workbook>"
    )
    parts["xl/sharedStrings.xml"] = f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>甲</x:t></x:si></x:sst>'
    parts[SHEET] = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c></x:row></x:sheetData>'
        "</x:worksheet>"
    )
    assert read_xlsx(zipped(parts)).sheets[0].cells == {(1, 1): "甲"}


def test_strict_ooxml():
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>44260</v></c></row>'
    parts = raw_parts(rows, strings="<si><t>甲</t></si>", styles=formats(built_in=14))
    strict = {
        name: text.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
            LINKS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
        )
        for name, text in parts.items()
    }
    assert read_xlsx(zipped(strict)).sheets[0].cells == {(1, 1): "甲", (1, 2): FaultyCell(Fault.DATE, "2021-03-05")}


def test_parts_where_the_relationships_say():
    parts = raw_parts('<row r="1"><c r="A1"><v>3</v></c></row>')
    parts["xl/tables/数据 1.xml"] = parts.pop(SHEET)
    links = parts["xl/_rels/workbook.xml.rels"]
    parts["xl/_rels/workbook.xml.rels"] = links.replace("worksheets/sheet1.xml", "/XL/tables/%E6%95%B0%E6%8D%AE%201.xml")
    assert read_xlsx(zipped(parts)).sheets[0].cells == {(1, 1): 3}


def test_backslashes_in_part_names():
    parts = raw_parts('<row r="1"><c r="A1"><v>3</v></c></row>')
    assert read_xlsx(zipped({name.replace("/", "\\"): text for name, text in parts.items()})).sheets[0].cells == {(1, 1): 3}


def test_xml_in_utf_16():
    parts: dict = raw_parts()
    text = raw_parts('<row><c t="str"><v>甲</v></c></row>')[SHEET]
    parts[SHEET] = f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16")
    assert read_xlsx(zipped(parts)).sheets[0].cells == {(1, 1): "甲"}


def test_a_file_of_openpyxl():
    book = openpyxl.Workbook()
    book.active.title = "甲"
    book.active["B2"], book.active["C2"], book.active["D2"] = "文字", 3, datetime.date(2021, 3, 5)
    book.active["E2"] = "=C2*2"
    target = io.BytesIO()
    book.save(target)
    assert read_xlsx(target.getvalue()).sheets[0].cells == {
        (2, 2): "文字", (2, 3): 3, (2, 4): FaultyCell(Fault.DATE, "2021-03-05"), (2, 5): FaultyCell(Fault.NO_VALUE, "=C2*2"),
    }  # fmt: skip


def test_the_time_of_saving_and_properties():
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet()
    book.set_properties({"title": "示例", "created": datetime.datetime(2021, 8, 20, 8, 30)})
    book.set_custom_property("批次", "2")
    book.close()
    read = read_xlsx(target.getvalue())
    assert read.saved == datetime.datetime(2021, 8, 20, 8, 30, tzinfo=datetime.UTC)
    assert (read.properties["title"], read.properties["批次"]) == ("示例", "2")


@pytest.mark.parametrize("modified", ["", "昨天", "0001-01-01T00:00:00+14:00"])
def test_a_time_of_saving_that_is_none(modified):
    core = (
        '<p:coreProperties xmlns:p="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:d="http://purl.org/dc/terms/">'
        f"<d:modified>{modified}</d:modified></p:coreProperties>"
    )
    parts = raw_parts() | {"docProps/core.xml": core}
    link = f'<Relationship Id="rId9" Type="{LINKS}/metadata/core-properties" Target="docProps/core.xml"/></Relationships>'
    parts["_rels/.rels"] = parts["_rels/.rels"].replace("</Relationships>", link)
    assert read_xlsx(zipped(parts)).saved is None


# The second reading


def test_two_readings_that_differ_make_the_cell_unreadable():
    given_by_calamine = [[4.0, "甲\n乙", "", "戊"]]
    error = FaultyCell(Fault.ERROR, "#REF!")  # Blank to calamine, and a finding already.
    found = {(1, 1): 3, (1, 2): "甲 乙", (1, 3): 7, (2, 1): 8, (2, 2): " ", (2, 3): error}
    reader._mark_differences(found, given_by_calamine, ())
    assert found == {
        (1, 1): FaultyCell(Fault.UNREADABLE, "3 / 4"), (1, 2): "甲 乙", (1, 3): FaultyCell(Fault.UNREADABLE, "7 / 空白"),
        (1, 4): FaultyCell(Fault.UNREADABLE, "空白 / 戊"), (2, 1): FaultyCell(Fault.UNREADABLE, "8 / 空白"), (2, 2): " ",
        (2, 3): error,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("><v>0</v><v>3</v>", "0 / 3"), ("><v>0</v><is/>", "0 / "), (' t="str"><v>3</v><is><t>甲</t></is>', "3 / 甲")],
)
def test_two_values_in_one_cell_are_none(stored, shown):
    # The fuzz run's mutant 57070 of seed 1 had the second: blank to both readers, 0 to openpyxl.
    book = read_xlsx(raw(f'<row r="1"><c r="A1"{stored}</c><c r="B1"><v>1</v></c></row>'))
    assert book.sheets[0].cells == {(1, 1): FaultyCell(Fault.UNREADABLE, shown.strip()), (1, 2): 1}
    assert book.doubts == (("S", "A1", shown.strip()),)


@pytest.mark.parametrize("stored", ["<v>1.</v><is><t>1.0</t></is>", "<is><t>1.0</t></is><v>1.</v>"])
def test_an_inline_text_counts_before_a_number_beside_it(stored):
    book = read_xlsx(raw(f'<row r="1"><c r="A1" t="inlineStr">{stored}</c></row>'))
    assert (book.sheets[0].cells, book.doubts) == ({(1, 1): "1.0"}, ())


def test_many_doubtful_cells_are_counted():
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>x</v></c></row>' for n in range(1, 26))
    book = read_xlsx(raw(rows))
    assert len(book.doubts) == limits.MAX_DOUBTS + 1
    assert (book.doubts[0], book.doubts[-1]) == (("S", "A1", "x"), ("S", "", "其余5个单元格"))


def test_where_calamine_gives_up_our_reading_stands():
    # It loses a whole sheet for an error kind that it does not know.
    book = read_xlsx(raw('<row r="1"><c r="A1"><v>3</v></c><c r="B1" t="e"><v>#SPILL!</v></c></row>'))
    assert (book.sheets[0].cells[1, 1], book.read_once) == (3, ("S",))
    assert read_xlsx(raw('<row r="1"><c r="A1"><v>3</v></c></row>')).read_once == ()


def test_percentages_above_one_are_no_plain_numbers():
    # 150% is stored as 1.5, which as a plain number would be 1.5 percent points (D-04).
    styles = formats("0.0%", "0&quot;%&quot;", "[Red]0%;[Blue]0%", built_in=9)
    row = "".join(f'<c r="{letter}1" s="{style}"><v>1.5</v></c>' for style, letter in enumerate("ABCDE"))
    shown = FaultyCell(Fault.PERCENT, "150%")
    found = cells(f'<row r="1">{row}<c r="F1" s="1"><v>1</v></c><c r="G1" s="1"><v>0.85</v></c></row>', styles=styles)
    assert found == {(1, 1): 1.5, (1, 2): shown, (1, 3): shown, (1, 4): 1.5, (1, 5): shown, (1, 6): 1, (1, 7): 0.85}


# What is refused


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000


@pytest.mark.parametrize(
    "data, word",
    [
        (b"", "空的"),
        ("社区,扣分\n".encode(), "不是 Excel"),
        (b"<html><table/></html>", "不是 Excel"),
        (OLE, "97-2003"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (zipped({"说明.txt": "甲"}), "没有 Excel 工作簿"),
        (b"PK\x05\x06" + b"\0" * 18, "没有 Excel 工作簿"),
        (b"PK\x03\x04" + b"\0" * 40, "不完整"),
    ],
)
def test_what_is_no_workbook(data, word):
    assert word in why(data)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file(share):
    data = xlsx(sheet("甲 | 3"))
    assert "不完整" in why(data[: int(len(data) * share)])


def test_a_damaged_part():
    data = bytearray(raw('<row r="1"><c r="A1"><v>3</v></c></row>'))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(SHEET)
    start = info.header_offset + 30 + len(info.filename)
    data[start + 20 : start + 30] = b"\xff" * 10
    assert "不完整" in why(bytes(data))


@pytest.mark.parametrize(
    "part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "[Content_Types].xml", "_rels/.rels"]
)
def test_a_doctype_anywhere(part):
    parts = raw_parts()
    parts[part] = '<!DOCTYPE a [<!ENTITY e "3">]>' + parts[part]
    assert "DOCTYPE" in why(zipped(parts))


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
@pytest.mark.parametrize("text", ["", "<a>", "<a></b>", "\x00", "<a>&e;</a>", '<?xml version="1.0" encoding="gb2312"?><a/>'])
def test_broken_xml(part, text):
    assert "损坏" in why(zipped(raw_parts() | {part: text}))


@pytest.mark.parametrize("text", [f'<chartsheet xmlns="{MAIN}"/>', "<worksheet><sheetData/></worksheet>"])
def test_a_sheet_that_is_none(text):
    assert "工作表“S”" in why(zipped(raw_parts() | {SHEET: text}))


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_part_that_is_named_but_missing(part):
    # Without its styles a date would be a number.
    parts = raw_parts()
    del parts[part]
    assert part in why(zipped(parts))


def test_missing_and_repeated_parts():
    parts = raw_parts()
    del parts[SHEET]
    assert "工作表“S”的内容缺失" in why(zipped(parts))
    assert "同名" in why(zipped(raw_parts() | {"XL/Workbook.xml": "<a/>"}))


def test_no_sheets_and_sheets_of_one_name():
    parts = raw_parts()
    entry = '<sheet name="S" sheetId="1" r:id="rId1"/>'
    assert "没有工作表" in why(zipped(parts | {"xl/workbook.xml": parts["xl/workbook.xml"].replace(entry, "")}))
    assert "两个工作表" in why(zipped(parts | {"xl/workbook.xml": parts["xl/workbook.xml"].replace(entry, entry * 2)}))


def test_other_documents_in_a_zip():
    parts = raw_parts()
    types = parts["[Content_Types].xml"]
    binary = types.replace("openxmlformats-officedocument.spreadsheetml.sheet", "ms-excel.sheet.binary.macroEnabled")
    word = types.replace("spreadsheetml.sheet", "wordprocessingml.document")
    assert "xlsb" in why(zipped(parts | {"[Content_Types].xml": binary}))
    assert "Word" in why(zipped(parts | {"[Content_Types].xml": word}))


def test_limits(monkeypatch):
    rows = '<row r="1"><c r="A1"><v>3</v></c><c r="B1"/><c r="C1"/></row>'
    monkeypatch.setattr(limits, "MAX_CELLS", 3)
    assert cells(rows) == {(1, 1): 3}
    monkeypatch.setattr(limits, "MAX_CELLS", 2)
    assert "单元格超过2个" in why(raw(rows))
    monkeypatch.setattr(limits, "MAX_EXPANDED", 1000)
    assert "解压后" in why(raw(rows))


ORIGINAL = xlsx(sheet("社区代码 | '532301101001\n条款 | 扣分\n1.1 | 3\n1.2 | =1 -> 2"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data):
    damaged = bytearray(ORIGINAL)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        book = read_xlsx(bytes(damaged))
    except Unreadable as error:
        assert error.reason
    else:
        # Checksums cover every part, so what is still read is what was written.
        assert [page.cells for page in book.sheets] == [page.cells for page in read_xlsx(ORIGINAL).sheets]
