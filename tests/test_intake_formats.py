"""Formats: which are read and how, which are refused and what the county is asked for."""

from __future__ import annotations

import os
import pickle
import socket
import struct
import sys
from pathlib import Path

import pytest
from fixtures.build_fixtures import convert, convert_all
from intake import FIXTURES, STANDARD, archive, ole, opened, states
from season import CITY, COUNTY, TOWN, arrive, cell_of, clean, form, judge
from workbooks import raw, raw_parts, zipped

from greencomm.findings import Severity
from greencomm.intake.collect import collect, found_in, open_entry
from greencomm.intake.ods import read_ods
from greencomm.intake.workbook import Fault, FaultyCell, Visibility
from greencomm.intake.xls import read_xls
from greencomm.results import FileState

XLS, ODS = (FIXTURES / "types.xls").read_bytes(), (FIXTURES / "types.ods").read_bytes()
READERS = {"xls": (read_xls, XLS), "ods": (read_ods, ODS)}


# --- cells of .xls and .ods ---------------------------------------------------------------------------------------------


@pytest.fixture(params=READERS)
def book(request):
    read, data = READERS[request.param]
    return read(data)


def test_every_kind_of_cell(book):
    cells = book.sheets[0].cells
    assert cells[1, 1] == FaultyCell(Fault.LOGICAL, "TRUE")
    assert cells[2, 1] == FaultyCell(Fault.DATE, "2021-03-05 08:30")
    assert cells[3, 1] == FaultyCell(Fault.DATE, "2021-03-05")
    assert cells[4, 1] == FaultyCell(Fault.DATE, "08:30")
    assert cells[5, 1] == FaultyCell(Fault.ERROR, "#DIV/0!")
    assert cells[6, 1] == 0.85
    assert cells[7, 1] == "a  b\nc"
    assert cells[8, 1] == "8.1"
    assert (cells[1, 2], cells[4, 2]) == (6, "xy") and type(cells[1, 2]) is int
    assert cells[2, 2] == FaultyCell(Fault.ERROR, "#N/A")
    assert (cells[1, 5], cells[2, 5]) == (-5, 0.1)


def test_what_lies_around_the_cells(book):
    sheet = book.sheets[0]
    # LibreOffice saves a logical value as =TRUE().
    assert sheet.formulas == {(1, 1), (1, 2), (2, 2), (4, 2), (5, 1)} and sheet.formulas_known
    assert sheet.merges == ((1, 3, 2, 4),) and sheet.cells[1, 3] == "合并"
    assert sheet.hidden_rows == {6} and sheet.hidden_columns == {5}
    assert [page.name for page in book.sheets] == ["S", "H", "V"]
    assert book.sheets[1].visibility is Visibility.HIDDEN
    assert book.extras == ("批注",) and not book.has_macros and book.saved is not None


def test_repeated_cells_and_rows_stand_at_their_own_addresses(book):
    cells = book.sheets[1].cells
    assert [address for address, value in cells.items() if value == 7] == [(2, column) for column in range(1, 6)]
    assert [address for address, value in cells.items() if value == "同"] == [(row, 2) for row in range(5, 9)]
    assert len(cells) == 9


def test_very_hidden_is_kept_where_the_format_has_it():
    # LibreOffice knows hidden only; Excel writes 2 into the sheet's entry (visibility, kind, length and flags of the name V).
    entry = b"\x01\x00\x01\x00V"
    assert XLS.count(entry) == 1
    assert read_xls(XLS.replace(entry, b"\x02\x00\x01\x00V")).sheets[2].visibility is Visibility.VERY_HIDDEN
    assert read_ods(ODS).sheets[2].visibility is Visibility.HIDDEN


def open_document(body: str, *, styles: str = "", manifest: str = "", before: str = "") -> bytes:
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("draw", "drawing"))
    )
    content = (
        f"{before}<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    parts = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}
    return zipped(parts | ({"META-INF/manifest.xml": manifest} if manifest else {}))


def table(rows: str) -> str:
    return f'<table:table table:name="S">{rows}</table:table>'


def cell(text: str, **attributes: str) -> str:
    named = "".join(f' {key.replace("__", ":").replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<table:table-cell office:value-type="string"{named}><text:p>{text}</text:p></table:table-cell>'


def test_comments_drawings_and_blanks_in_open_document_text():
    inner = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>批注</text:p></office:annotation>'
        "<draw:frame><draw:text-box><text:p>框</text:p></draw:text-box></draw:frame>"
        '<text:p>有<text:s text:c="2"/>两<text:tab/>字</text:p></table:table-cell>'
    )
    book = read_ods(open_document(table(f"<table:table-row>{inner}</table:table-row>")))
    assert book.sheets[0].cells == {(1, 1): "有  两\t字"} and book.extras == ("批注",)


def test_a_formula_without_a_stored_value_in_open_document():
    inner = '<table:table-cell table:formula="of:=SUM([.A1])"/>'
    sheet = read_ods(open_document(table(f"<table:table-row>{inner}</table:table-row>"))).sheets[0]
    assert sheet.cells == {(1, 1): FaultyCell(Fault.NO_VALUE, "=SUM([.A1])")} and sheet.formulas == {(1, 1)}


def test_a_value_under_a_merged_range_is_no_answer():
    rows = (
        "<table:table-row>" + cell("见", table__number_columns_spanned="2")
        + '<table:covered-table-cell office:value-type="float" office:value="3"/></table:table-row>'
    )  # fmt: skip
    sheet = read_ods(open_document(table(rows))).sheets[0]
    assert sheet.cells[1, 2] == FaultyCell(Fault.UNREADABLE, "3（被合并单元格遮住）")


REPEATED = {
    "a cell for every column of every row": '<table:table-row table:number-rows-repeated="1000000">'
    + cell("x", table__number_columns_repeated="1000") + "</table:table-row>",
    "beyond the last row": '<table:table-row table:number-rows-repeated="1048576"/><table:table-row>' + cell("x")
    + "</table:table-row>",
    "beyond the last column": '<table:table-row><table:table-cell table:number-columns-repeated="16384"/>' + cell("x")
    + "</table:table-row>",
    "a merge over everything": "<table:table-row>" + cell(
        "x", table__number_columns_spanned="16384", table__number_rows_spanned="1048576") + "</table:table-row>",
}  # fmt: skip


@pytest.mark.parametrize("rows", REPEATED.values(), ids=REPEATED)
def test_open_document_repetitions_are_bounded(tmp_path, rows):
    (arrival,) = opened(tmp_path, "a.ods", open_document(table(rows)))
    assert arrival.refused and arrival.advice


DEEP = table("<table:table-row>" + "<text:span>" * 5000 + "</text:span>" * 5000 + "</table:table-row>")
BAD_OPEN_DOCUMENT = {
    "doctype": (open_document(table(""), before='<!DOCTYPE a [<!ENTITY b "c">]>'), "DOCTYPE"),
    "deep": (open_document(DEEP), "层次过深"),
    "broken": (open_document("<table:table>"), "已损坏"),
    "encrypted": (open_document(table(""), manifest="<a><encryption-data/></a>"), "密码"),
    "two sheets of one name": (open_document(table("") * 2), "两个工作表"),
    "no sheet": (open_document(""), "没有工作表"),
}


@pytest.mark.parametrize("name", BAD_OPEN_DOCUMENT)
def test_an_open_document_that_cannot_be_trusted(tmp_path, name):
    data, words = BAD_OPEN_DOCUMENT[name]
    (arrival,) = opened(tmp_path, "a.ods", data)
    assert words in arrival.refused and arrival.form is None


def test_a_damaged_xls_is_refused_and_never_raises(tmp_path):
    for place in range(600, len(XLS), 997):
        damaged = XLS[:place] + b"\xff" * 40 + XLS[place + 40 :]
        (arrival,) = opened(tmp_path, "a.xls", damaged)
        assert arrival.form is not None or arrival.refused
    (arrival,) = opened(tmp_path, "a.xls", XLS[: len(XLS) // 2])
    assert "不完整" in arrival.refused


# --- forms in other formats ---------------------------------------------------------------------------------------------


def story(result, *, without=()):
    """The result but for the file's name and what is said about its format."""
    findings = [
        (f.rule, f.severity, f.place.community, f.place.clause, f.place.sheet, f.place.cell, f.message, f.fix)
        for f in result.findings if f.rule not in without
    ]  # fmt: skip
    communities = [
        (c.community.code, c.status, c.declared_score, c.assessed_score, c.lowest, c.highest, dict(c.items), c.claimed, c.sheet)
        for unit in result.units for c in unit.communities
    ]  # fmt: skip
    return findings, communities


ORIGINAL = form(COUNTY, {TOWN.code: clean(c8_1=(3, 1, None), c1_1=("", None, None))})


@pytest.mark.parametrize("suffix", ["xls", "ods"])
def test_a_form_in_an_old_format_gives_what_the_original_gives(suffix):
    data = (FIXTURES / f"form.{suffix}").read_bytes()
    result = judge(arrive(f"双柏县.{suffix}", data))
    assert "F14" in {finding.rule for finding in result.findings}
    assert story(result, without=("F14",)) == story(judge(arrive("双柏县.xlsx", ORIGINAL)))


@pytest.mark.office
def test_a_percentage_above_100_is_never_its_stored_number_in_any_format(tmp_path):
    """The cell shows 150% and holds 1.5, which would be 1.5 percent points (D-04)."""
    def typed(book):
        page = book["东城社区"]
        cell = page[cell_of(page, "12.1", "实际值")]
        cell.value, cell.number_format = 1.5, "0%"

    source = tmp_path / "form.xlsx"
    source.write_bytes(form(COUNTY, change=typed))
    files = [source, *(convert(source, suffix, tmp_path / suffix, tmp_path / "profile") for suffix in ("xls", "ods"))]
    for path in files:
        result = judge(arrive(f"双柏县{path.suffix}", path.read_bytes()))
        (told,) = [finding for finding in result.findings if finding.place.clause == "12.1"]
        assert (told.rule, told.found) == ("C09", "150%"), path.suffix


@pytest.mark.office
def test_saved_by_libreoffice_and_back_every_finding_is_the_same(tmp_path):
    answers = {TOWN.code: clean(c8_1=(3, 1, None), c10_1=("85%", None, None), c1_1=(None, None, None), c4_1=(None, 4, None))}
    source = tmp_path / "form.xlsx"
    source.write_bytes(form(COUNTY, answers))
    expected = story(judge(arrive("双柏县.xlsx", source.read_bytes())))
    assert {finding[0] for finding in expected[0]} >= {"C01", "C03", "C07"}
    saved = {suffix: convert(source, suffix, tmp_path / suffix, tmp_path / "profile") for suffix in ("xls", "ods")}
    # Both at once: each start of LibreOffice costs more than the work.
    for suffix, path in saved.items():
        path.rename(tmp_path / f"from_{suffix}.{suffix}")
    saved = {suffix: tmp_path / f"from_{suffix}.{suffix}" for suffix in saved}
    convert_all([source, *saved.values()], "xlsx", tmp_path / "back", tmp_path / "profile")
    saved |= {path.stem: path for path in sorted((tmp_path / "back").iterdir())}
    assert list(saved) == ["xls", "ods", "form", "from_ods", "from_xls"]
    for how, path in saved.items():
        result = judge(arrive(f"双柏县{path.suffix}", path.read_bytes()))
        assert story(result, without=("F14",)) == expected, how


def test_a_total_typed_into_an_xls_is_no_overwritten_formula_where_formulas_cannot_be_seen(monkeypatch):
    from greencomm.intake import xls

    monkeypatch.setattr(xls, "_scan", lambda book, index: xls._Records())
    result = judge(arrive("双柏县.xls", (FIXTURES / "form.xls").read_bytes()))
    assert not {finding.rule for finding in result.findings} & {"T01", "T02", "T03"}


# --- the name may say anything ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "noted"),
    [
        ("a.xls", ORIGINAL, True),
        ("a.XLSX", ORIGINAL, False),
        ("a.xlsm", ORIGINAL, False),
        ("a.et", ORIGINAL, False),  # WPS saves the new format under it too.
        ("a", ORIGINAL, True),
        ("a.xlsx", (FIXTURES / "form.xls").read_bytes(), True),
        ("a.et", (FIXTURES / "form.xls").read_bytes(), False),
        ("a.xlsx", (FIXTURES / "form.ods").read_bytes(), True),
        ("a.doc", (FIXTURES / "form.ods").read_bytes(), True),
    ],
)
def test_contents_decide_and_a_wrong_extension_is_noted(name, data, noted):
    result = judge(arrive(name, data))
    assert [file.state for file in result.files] == [FileState.ACCEPTED]
    assert ("F13" in {finding.rule for finding in result.findings}) is noted


def test_strict_workbooks_are_read():
    parts = raw_parts('<row r="1"><c r="A1"><v>3</v></c></row>')
    strict = {
        name: text.replace("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
        .replace("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships")
        for name, text in parts.items()
    }  # fmt: skip
    assert arrive("a.xlsx", zipped(strict)).form is not None


def test_an_et_is_asked_for_as_xlsx_next_time_whichever_format_it_holds():
    for data in (ORIGINAL, (FIXTURES / "form.xls").read_bytes()):
        assert "F14" in {finding.rule for finding in judge(arrive("双柏县.et", data)).findings}


# --- refused ------------------------------------------------------------------------------------------------------------

PASSWORD = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0) + struct.pack("<HH", 0x2F, 54) + b"\1" * 54


BOOK_2003 = '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'
REFUSED = {
    "网页.xls": (b"\xef\xbb\xbf\r\n<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table>", "网页", "另存为"),
    "单页.xls": (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related\r\n\r\n", "网页", "另存为"),
    "文本.xls": ("条款\t扣分\r\n1.1\t0\r\n".encode("gbk"), "文本", "另存为"),
    "宽文本.xls": ("条款\t扣分\r\n".encode("utf-16"), "文本", "另存为"),
    "二零零三.xls": (BOOK_2003.encode(), "2003", "另存为"),
    "密码.xlsx": (ole("EncryptionInfo", "EncryptedPackage"), "密码", "取消打开密码"),
    "密码.xls": (PASSWORD, "密码", "取消打开密码"),
    "二进制.xlsb": (archive({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "xlsb", "另存为"),
    "照片.jpg": (b"\xff\xd8\xff\xe0 photo", "图片", "填报工作簿"),
    "照片.png": (b"\x89PNG\r\n\x1a\n", "图片", "填报工作簿"),
    "照片.gif": (b"GIF89a", "图片", "填报工作簿"),
    "照片.bmp": (b"BM\x36\x00\x0c\x00\0\0\0\0\x36\0\0\0", "图片", "填报工作簿"),
    "照片.tif": (b"II*\x00\x08\0\0\0", "图片", "填报工作簿"),
    "照片.webp": (b"RIFF\x24\0\0\0WEBPVP8 ", "图片", "填报工作簿"),
    "照片.heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "图片", "填报工作簿"),
    "文档.doc": (ole("WordDocument"), "文字文档", "填报工作簿"),
    "文档.wps": (ole("WordDocument"), "文字文档", "填报工作簿"),
    "文档.docx": (archive({"[Content_Types].xml": b"", "word/document.xml": b""}), "文字文档", "填报工作簿"),
    "文档.rtf": (b"{\\rtf1", "文字文档", "填报工作簿"),
    "演示.ppt": (ole("PowerPoint Document"), "演示文稿", "填报工作簿"),
    "演示.pptx": (archive({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}), "演示文稿", "填报工作簿"),
    "扫描.pdf": (b"%PDF-1.4", "PDF", "填报工作簿"),
    "扫描.ofd": (archive({"OFD.xml": b"", "Doc_0/Document.xml": b""}), "OFD", "填报工作簿"),
    "包.rar": (b"Rar!\x1a\x07\x00", "RAR", ".zip"),
    "包.7z": (b"7z\xbc\xaf\x27\x1c", "7z", ".zip"),
    "包.tar": (b"a.xlsx".ljust(257, b"\0") + b"ustar\0", "tar", ".zip"),
    "包.gz": (b"\x1f\x8b\x08", "gz", ".zip"),
    "邮件.msg": (ole("__properties_version1.0"), "Outlook", "附件"),
    "winmail.dat": (b"\x78\x9f\x3e\x22\x01\x00", "winmail.dat", "纯文本"),
    "空.xlsx": (b"", "0字节", "重新发送"),
    "零.xlsx": (b"\0" * 5000, "空字节", "重新发送"),
    "程序.exe": (b"MZ\x90\0", "程序文件", "核实"),
    "程序.xlsx": (b"\x7fELF\x02", "程序文件", "核实"),
    "快捷方式.lnk": (b"L\0\0\0\x01\x14\x02\0", "快捷方式", "文件本身"),
    "截断.xlsx": (form(CITY)[:5000], "不完整", "重新发送"),
    "截断.xls": (ole("Workbook"), "不完整", "重新发送"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason_and_with_what_to_ask_for(tmp_path, name):
    data, reason, advice = REFUSED[name]
    (arrival,) = opened(tmp_path, name, data)
    assert reason in arrival.refused and advice in arrival.advice
    assert arrival.sha256 and arrival.form is None and not arrival.ignored
    assert pickle.loads(pickle.dumps(arrival)) == arrival


@pytest.mark.parametrize("name", ["~$楚雄市.xlsx", ".~楚雄市.xlsx", "._楚雄市.xlsx", "Thumbs.db", "desktop.ini", ".DS_Store"])
def test_files_of_programs_are_ignored_with_a_reason(tmp_path, name):
    (arrival,) = opened(tmp_path, name, b"")
    assert arrival.ignored and arrival.refused is None and arrival.sha256


# --- what lies in the folder and is no file -------------------------------------------------------------------------------


def test_links_pipes_sockets_and_folders_have_a_row_of_their_own(tmp_path, monkeypatch):
    folder = tmp_path / "input"
    (folder / "楚雄市.xlsx").mkdir(parents=True)
    (folder / "空.xls").mkdir()
    (folder / "一般文件夹").mkdir()
    (folder / "楚雄市.xlsx" / "内.xlsx").write_bytes(form(CITY))
    (folder / "链接.xlsx").symlink_to(folder / "楚雄市.xlsx" / "内.xlsx")
    (folder / "断链.xlsx").symlink_to(folder / "没有")
    (folder / "文件夹链接").symlink_to(folder / "一般文件夹")
    os.mkfifo(folder / "管道.xlsx")
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.xlsx")
        arrivals = collect(folder, folder / "roster.xlsx", STANDARD)
    assert states(arrivals) == {
        "楚雄市.xlsx": "container", "楚雄市.xlsx/内.xlsx": "form", "空.xls": "container", "链接.xlsx": "refused",
        "断链.xlsx": "refused", "文件夹链接": "refused", "管道.xlsx": "refused", "s.xlsx": "refused",
    }  # fmt: skip
    result = judge(*arrivals)
    assert {file.path: file.state.value for file in result.files if "/" not in file.path} == {
        "楚雄市.xlsx": "accepted", "空.xls": "rejected", "链接.xlsx": "rejected", "断链.xlsx": "rejected",
        "文件夹链接": "rejected", "管道.xlsx": "rejected", "s.xlsx": "rejected",
    }  # fmt: skip
    assert all(file.reason and file.advice for file in result.files if file.state is FileState.REJECTED)


def test_a_device_is_not_opened():
    (arrival,) = open_entry(Path(os.devnull), "a.xlsx", STANDARD)
    assert "不是普通文件" in arrival.refused


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "a.xlsx"
    path.write_bytes(form(CITY))

    def denied(self):
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", denied)
    (arrival,) = open_entry(path, "a.xlsx", STANDARD)
    assert "打不开" in arrival.refused and "权限" in arrival.advice


def test_names_on_disk_that_are_not_utf8_are_read_as_gbk(tmp_path):
    for raw_name in ("楚雄市.xlsx".encode("gbk"), "楚雄市.xlsx".encode(), b"\xff\xfe.xlsx"):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw_name))).write_bytes(b"")
    names = list(found_in(tmp_path))
    assert sorted(names) == sorted({"楚雄市.xlsx", "楚雄市(2).xlsx", *(name for name in names if "楚" not in name)})
    assert len(names) == 3 and all(name.encode() for name in names)


def test_every_rejected_file_of_the_catalogue_is_a_send_back_with_its_advice(tmp_path):
    arrivals = [opened(tmp_path, name, data)[0] for name, (data, *_) in REFUSED.items()]
    result = judge(*arrivals)
    assert [finding.rule for finding in result.findings] == ["F01"] * len(REFUSED)
    assert all(finding.severity is Severity.SEND_BACK for finding in result.findings)
    assert {file.path: file.advice for file in result.files} == {a.path: a.advice for a in arrivals}


def test_opening_files_imports_nothing_heavy():
    import subprocess

    code = "import sys, greencomm.intake.collect; sys.exit(bool({'pandas', 'numpy', 'openpyxl'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False).returncode == 0


def test_a_workbook_without_anything_of_the_programme_is_still_opened():
    assert arrive("a.xlsx", raw('<row r="1"><c r="A1"><v>3</v></c></row>')).refused is None
