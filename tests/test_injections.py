"""Text of a county stays text: every injection through every field, looked for in every output."""

from __future__ import annotations

import dataclasses
import email
import io
import json
import re
import unicodedata
import zipfile
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from xml.sax.saxutils import escape

import browser as browsers
import demo
import openpyxl
import pytest
from injections import INJECTIONS, UNSAFE
from lxml import etree
from season import CITY, COUNTY, ROSTER, STANDARD, arrive, beside, cell_of, form, judge
from test_overview import hostile_result
from test_rollup import publish
from test_run import place, put, review  # noqa: F401

from greencomm.batch import Outcome
from greencomm.cli import main
from greencomm.document import Output, dump, result_document
from greencomm.outputs import write_outputs
from greencomm.screen import show_check, show_run
from greencomm.texts import one_line, printable, quoted, visible

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MARK = "注入位置"
"""Stands in the template for the text to inject."""
SHEET, OTHER = "东兴社区", "学桥街社区"


@cache
def template():
    """A form with MARK in every field that a county can type into, and in what the file says of itself."""

    def change(book):
        page, other, summary = book[SHEET], book[OTHER], book["汇总"]
        for label in ("县（市、区）", "社区名称", "年度", "填表人", "填表日期", "自评总分"):
            # 年度 of the first sheet stays, so that its answers are looked at.
            (other if label == "年度" else page)[beside(page, label)] = MARK
        page[beside(page, "申报绿色社区")] = MARK
        other[beside(other, "社区代码")] = MARK
        for label in ("填报单位", "联系人", "联系电话", "报送批次"):
            summary[beside(summary, label)] = MARK
        for clause in ("8.1", "10.1", "14.1", "1.1"):
            page[cell_of(page, clause, "实际值")] = MARK
            page[cell_of(page, clause, "扣分")] = MARK
        for clause in ("2.1", "17.1"):
            page[cell_of(page, clause, "扣分")] = MARK
        page[cell_of(page, "1.2", "扣分")] = 2
        page[cell_of(page, "1.2", "说明")] = MARK
        page[cell_of(page, "4.1", "评分标准")] = MARK
        page[cell_of(page, "4.2", "条款")] = MARK
        page[cell_of(page, "5.1", "得分")] = MARK
        page.cell(page.max_row + 3, 2, MARK)
        book.create_sheet(MARK)["A1"] = MARK
        for row in book["_meta"].iter_rows():
            if row[0].value in ("template_version", "standard_id"):
                row[1].value = MARK
        for name in ("creator", "title", "subject", "description", "keywords", "category", "lastModifiedBy"):
            setattr(book.properties, name, MARK)

    return form(CITY, change=change)


def stored(text, *, attribute=False):
    """A text as Excel stores it: what XML cannot hold as _xHHHH_."""
    text = re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    kept = "\n\t"
    text = "".join(
        f"_x{ord(ch):04X}_" if (ord(ch) < 32 and ch not in kept) or 0xD800 <= ord(ch) < 0xE000 or ch in "\ufffe\uffff" else ch
        for ch in text
    )
    return escape(text, {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"} if attribute else {})


def injected(text):
    """The template with the text in place of every mark."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template())) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            xml = source.read(name).decode()
            within = stored(text[:200], attribute=True)
            xml = xml.replace(f'"{MARK}"', f'"{within}"').replace(MARK, stored(text))
            copy.writestr(name, xml)
    return target.getvalue()


def outcome_of(text, folder):
    """The review of the injected file, with every output written."""
    city = arrive("楚雄市.xlsx", injected(text))
    named = dataclasses.replace(arrive("双柏县.xlsx", b"x"), path=f"{text[:100]}.xlsx")
    result = judge(city, named, arrive("双柏县.xlsx", form(COUNTY)))
    outputs = [Output(made.role, made.unit, made.path, "0" * 64) for made in write_outputs(folder, result)]
    document = result_document(result, outputs)
    (folder / "result.json").write_bytes(dump(document))
    return Outcome(result, document, folder)


@pytest.fixture(autouse=True, scope="module")
def merged_cells_without_their_borders():
    """openpyxl spends more than half of a workbook's reading on borders of merged cells, which nothing here looks at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openpyxl.worksheet.merge.MergedCellRange, "format", lambda self: None)
        yield


def books_of(folder):
    return {path: openpyxl.load_workbook(path) for path in sorted(folder.rglob("*.xlsx"))}


def shape(folder, books):
    """What is made, apart from its texts: of a workbook sheet names, formulas, links, defined names, parts; else its lines."""
    found = {}
    for path in sorted(folder.rglob("*.txt")):
        found[path.relative_to(folder).as_posix()] = path.read_bytes().count(b"\n")
    for path in sorted(folder.rglob("*.eml")):
        message = email.message_from_bytes(path.read_bytes())
        found[path.relative_to(folder).as_posix()] = [(part.keys(), part.get_filename()) for part in message.walk()]
    for path in sorted(folder.rglob("*.html")):
        found[path.relative_to(folder).as_posix()] = parsed(path).elements
    for path in sorted(folder.rglob("*.docx")):
        with zipfile.ZipFile(path) as archive:
            # A part that is no XML any more cannot be counted.
            parts = [etree.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".xml")]
            elements = Counter(node.tag for part in parts for node in part.iter())
            found[path.relative_to(folder).as_posix()] = sorted(archive.namelist()), elements
    for path, book in books.items():
        with zipfile.ZipFile(path) as archive:
            xml = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels")))
            names = sorted(archive.namelist())
        cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
        found[path.relative_to(folder).as_posix()] = (
            book.sheetnames,
            # Findings at one place stand in the order of their sentences, so that rows of 问题清单 may change places.
            sorted(re.sub(r"\$N\$\d+", "$N$row", str(cell.value)) for cell in cells if cell.data_type == "f"),
            sum(cell.hyperlink is not None for cell in cells),
            xml.count("<hyperlink"), xml.count("<f>"), xml.count("TargetMode"), sorted(book.defined_names),
            [page.oddHeader.center.text for page in book], names,
        )  # fmt: skip
    return found


class Parsed(HTMLParser):
    """A page taken apart: how often each element with these attributes stands in it, its texts, its data."""

    def __init__(self):
        super().__init__()
        self.elements, self.texts, self.inside = Counter(), [], ""

    def handle_starttag(self, tag, attrs):
        self.elements[(tag, *sorted(name for name, _ in attrs))] += 1
        self.inside = tag + str(dict(attrs).get("type", ""))
        self.texts += [value for name, value in attrs if value and name in ("title", "aria-label")]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "scriptapplication/json":
            self.texts += strings_of(json.loads(data))
        elif self.inside not in ("script", "style"):
            self.texts.append(data)


def strings_of(value):
    """All texts of some JSON."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in strings_of(part)]


def parsed(path):
    page = Parsed()
    page.feed(path.read_bytes().decode())
    page.close()
    return page


READ_AS_NUMBERS = ("1e999", "00123")
"""They have other findings than words, so that a returned workbook has other rows, each with a link and a formula."""


def assert_same_shape(found, expected, text):
    assert found.keys() == expected.keys()
    for path, known in expected.items():
        if text in READ_AS_NUMBERS and path.endswith("退回修改.xlsx"):
            sheets, names, external = 0, 8, 5
            assert [found[path][part] for part in (sheets, external, names)] == [known[part] for part in (sheets, external, names)]
        elif text in READ_AS_NUMBERS and path.endswith(".docx"):
            assert found[path][0] == known[0]
        elif text in READ_AS_NUMBERS and path.endswith(".html"):
            # Other cells of the heat map say how many are unresolved.
            assert set(found[path]) == set(known)
        else:
            assert found[path] == known


def texts_of(folder, books):
    texts = []
    for path, book in books.items():
        typed = path.name.endswith("退回修改.xlsx")
        texts += [
            str(cell.value)
            for page in book
            for row in page.iter_rows()
            for cell in row
            if cell.value is not None and not (typed and is_as_typed(page, cell))
        ]
    for path in sorted(folder.rglob("*.html")):
        texts += parsed(path).texts
    for path in sorted(folder.rglob("*.docx")):
        texts += words_of(path)
    for path in sorted(folder.rglob("*.txt")):
        texts += path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    return texts


def words_of(path):
    """Texts of a Word file: its paragraphs, and what its charts and its properties say."""
    with zipfile.ZipFile(path) as archive:
        document = etree.fromstring(archive.read("word/document.xml"))
        words = ["".join(node.text or "" for node in paragraph.iter(f"{W}t")) for paragraph in document.iter(f"{W}p")]
        for name in archive.namelist():
            if name.startswith(("word/charts/chart", "docProps/")):
                words += [node.text for node in etree.fromstring(archive.read(name)).iter() if node.text]
            elif name.startswith("word/embeddings/"):
                book = openpyxl.load_workbook(io.BytesIO(archive.read(name)))
                cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
                assert not any(cell.data_type == "f" for cell in cells)
                words += [str(cell.value) for cell in cells]
    return words


def is_as_typed(page, cell):
    """Whether a cell of a returned workbook gives the county back what it typed, character by character, or remembers that."""
    helper = page.column_dimensions["N"].hidden and cell.column >= 14
    # The form's own formulas, which no county writes, name the characters that they drop.
    return cell.data_type == "f" or (page.title != "问题清单" and (not cell.protection.locked or helper))


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    folder = tmp_path_factory.mktemp("harmless")
    outcome = outcome_of("普通文字", folder)
    return shape(folder, books_of(folder)), outcome


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_text_stays_text(text, tmp_path, harmless, capsys):
    outcome = outcome_of(text, tmp_path)
    books = books_of(tmp_path)
    assert_same_shape(shape(tmp_path, books), harmless[0], text)
    texts = texts_of(tmp_path, books)
    for written in texts:
        assert not UNSAFE & set(written), ascii(written[:200])
    # The same text, or what makes it visible.
    shown = quoted(text.strip()).replace("_x005F_x000D_", "_x005F＿x000D_")
    if shown:
        spaceless = ["".join(written.split()) for written in texts]
        assert any("".join(shown.split()) in written for written in spaceless), ascii(shown)
    raw = (tmp_path / "result.json").read_bytes().decode()
    assert not UNSAFE & set(raw)
    assert json.loads(raw) == outcome.document
    assert f"{text[:100]}.xlsx" in [file["path"] for file in outcome.document["files"]]
    for show in (show_run, show_check):
        show(outcome)
        screen = capsys.readouterr().out
        assert not (UNSAFE | {"\t"}) & set(screen)
        assert "【退回】0条" not in screen.split("\n")
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == {
        *harmless[0], "result.json",
    }  # fmt: skip


NAMES = (
    "=cmd|'/c calc'!A0", "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "{{ 7*7 }}", "{% for x in y %}", "]]><evil/>",
    "反\u202e转\u2066离", "铃\x07退\x00格", "长" * 300, "@SUM(1+1)", "&lt;b&gt;_x000D_",
)  # fmt: skip


def named(names):
    """A region whose units, communities, evidence, files and sheets have these names."""
    pattern = hostile_result().units[0].communities[0].clauses
    units = []
    for number, words in enumerate(names, 1):
        code = f"5323{number:02d}"
        clauses = tuple(
            each._replace(evidence=words, actual_shown=words, stated_shown=words) if each.assessed is None else each
            for each in pattern
        )
        green = demo.community(f"{code}101001", f"{words}甲", lost={1: 3}, award=2)
        award = tuple(
            each._replace(assessed=2 if each.clause == "17.1" else each.assessed or 0, evidence=words) for each in pattern
        )
        green = dataclasses.replace(green, clauses=award, file=f"{words}.xlsx", sheet=words)
        pending = demo.community(f"{code}101002", f"{words}乙", demo.PENDING, lost={1: None, 2: 3}, open_points=6)
        pending = dataclasses.replace(pending, clauses=clauses, file=f"{words}.xlsx", sheet=words)
        finding = demo.finding("C01", demo.Severity.SEND_BACK, words, words, sheet=words, cell="G10", community=f"{code}101002", file=words)
        units.append(demo.unit(code, words, [green, pending], findings=[finding]))
    return units


@pytest.mark.browser
def test_names_stay_text_in_everything_that_is_filed_and_shown(tmp_path, capsys, monkeypatch):
    folders = {}
    for which, names in (("harmless", [f"单位{n}" for n in range(len(NAMES))]), ("hostile", NAMES)):
        region = "普通州" if which == "harmless" else "<b>=州</b>{{ 7*7 }}"
        folders[which] = publish(tmp_path / which, region, named(names))
    shapes = {}
    for which, folder in folders.items():
        kept = {path: openpyxl.load_workbook(path) for path in sorted(folder.glob("*.xlsx"))}
        shapes[which] = {
            name: about for name, about in shape(folder, kept).items() if "/" not in name
        } | {"units": sorted(path.suffix for path in folder.rglob("*.docx"))}
    assert shapes["hostile"] == shapes["harmless"]
    folder = folders["hostile"]
    shown = ["".join(quoted(name).replace("_x000D_", "_x000D＿").split()) for name in NAMES]
    for name in ("annex2.xlsx", "trace.xlsx", "考核排名.xlsx", "overview.xlsx", "overview.html", "assessment.docx"):
        book = {folder / name: openpyxl.load_workbook(folder / name)} if name.endswith("xlsx") else {}
        texts = words_of(folder / name) if name.endswith("docx") else texts_of_one(folder / name, book)
        assert not any(UNSAFE & set(text) for text in texts), name
        spaceless = "\n".join("".join(text.split()) for text in texts)
        for words, plain in zip(shown, NAMES, strict=True):
            assert words in spaceless or "".join(plain.split()) in spaceless, (name, ascii(words[:40]))
    for path in folder.rglob("*.docx"):
        assert not any(UNSAFE & set(text) for text in words_of(path))
    with browsers.chromium() as browser, browsers.opened(browser, folder / "overview.html", 360, 740) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.locator("img, evil").count() == 0 and page.locator("script").count() == 2
        told = page.inner_text("#ranking-table")
        assert all(name in told for name in (NAMES[0], NAMES[1], NAMES[2], NAMES[3], NAMES[5]))
    monkeypatch.chdir(tmp_path)
    # Its counties have something to correct.
    assert main(["rollup", "hostile", "--date", "2021-11-01"]) == 1
    assert not (UNSAFE - {"\t"}) & set(capsys.readouterr().out)
    rolled = tmp_path / "output" / "2021-annual-rollup"
    books = books_of(rolled)
    assert len(books) == 2 and (rolled / "result.json").is_file()
    cells = [cell for book in books.values() for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert not any(cell.data_type == "f" and "cmd" in str(cell.value) for cell in cells)
    assert not any(UNSAFE & set(str(cell.value)) for cell in cells)
    values = {str(cell.value) for cell in cells}
    assert {NAMES[0], NAMES[1], NAMES[3], "<b>=州</b>{{ 7*7 }}"} <= values


def texts_of_one(path, book):
    """The texts of one workbook or page."""
    if not book:
        return parsed(path).texts
    return [str(cell.value) for page in book[path] for row in page.iter_rows() for cell in row if cell.value is not None]


def test_there_are_enough():
    assert len(set(INJECTIONS)) == len(INJECTIONS) >= 40


def test_files_named_by_an_enemy(place):  # noqa: F811
    put(place, "双柏县.xlsx", form(COUNTY))
    names = []
    for number, text in enumerate(INJECTIONS):
        name = text.replace("/", "∕").replace("\0", "").encode("utf-8", "surrogatepass")[:200].decode("utf-8", "ignore") + f"{number}.xlsx"
        put(place, name, b"x" * number)
        names.append(name)
    (place / "input").joinpath("坏字节\udcff\udc81.xlsx").write_bytes(b"")
    (place / "input").joinpath("楚雄市".encode("gbk").decode("utf-8", "surrogateescape") + ".xlsx").write_bytes(b"")
    status, result, screen = review(place)
    assert status == 1 and "Traceback" not in screen
    assert not (UNSAFE | {"\t"}) & set(screen)
    paths = {file["path"] for file in result["files"]}
    assert {*names, "坏字节〔FF〕〔81〕.xlsx", "楚雄市.xlsx"} <= paths
    assert result["units"][1]["green"] == ["532322101001"]
    assert {path.name for path in (place / "output" / "2021-annual").iterdir()} == {
        "annex2.xlsx", "assessment.docx", "overview.html", "overview.xlsx", "result.json", "status.xlsx", "trace.xlsx", "units",
        "报送台账.xlsx", "考核排名.xlsx",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("普通 文字\n第二行", "普通 文字\n第二行"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("零\u200b宽", "零〔U+200B〕宽"),
        ("反\u202e转", "反〔U+202E〕转"),
        ("空\x00", "空〔U+0000〕"),
        ("\ud83d", "〔U+D83D〕"),
        ("\uffff", "〔U+FFFF〕"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("a\u200db", "a〔U+200D〕b"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("\u3164", "〔U+3164〕"),
    ],
)
def test_what_cannot_be_seen_is_shown(text, shown):
    assert visible(text) == shown
    assert visible(shown) == shown


def test_a_screen_has_one_line_for_one_text_and_a_sentence_quotes_no_page():
    assert one_line("a\n【退回】\tb") == "a 【退回】 b"
    assert quoted("长" * 1000) == "长" * 500 + "……（共1000字）"


def test_names_of_files_are_text():
    assert printable("a\udcff.xlsx") == "a〔FF〕.xlsx"
    assert printable("正常😀.xlsx") == "正常😀.xlsx"


def test_every_unsafe_character_is_of_a_kind_that_is_shown():
    for ch in sorted(UNSAFE - {"\r"}):
        assert visible(ch) == f"〔U+{ord(ch):04X}〕", unicodedata.category(ch)
    assert ROSTER and STANDARD
