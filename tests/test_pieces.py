"""Reading a sheet by its pieces and by the XML parser gives the same, whatever is in the sheet (S-44).

The parser decides: what it refuses is never read by pieces, and what is read by pieces is what it reads, cell by cell and in
its order. Sheets are made up, and real ones are damaged; what the pieces leave to the parser is counted, so that the tests
cannot pass by leaving everything to it.
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from functools import cache
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from season import CITY, STANDARD, form
from workbooks import MAIN, raw, sheet

from greencomm.forms import read
from greencomm.forms.read import read_form
from greencomm.intake import limits, xlsx
from greencomm.intake.errors import Unreadable
from greencomm.intake.workbook import Workbook, column_letters
from greencomm.intake.xlsx import read_xlsx

SETTINGS = hypothesis.settings(
    max_examples=120, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True
)
STRINGS = ["", "甲", " 乙 ", "_x0041_"]
FORMATS = {"1": xlsx._Shows.DATE, "2": xlsx._Shows.PERCENT}
ROOM = 5_000


def both(part: bytes, strings: list[str] = STRINGS) -> tuple[Any, Any]:
    """A sheet's part read by pieces (None: left to the parser), and by the parser (the refusal where it refuses)."""
    by_pieces = xlsx._read_by_pieces(part, xlsx._Values(strings, FORMATS, False), ROOM)
    try:
        whole: Any = xlsx._read_whole(part, "表", xlsx._Values(strings, FORMATS, False), ROOM)
    except Unreadable as error:
        whole = error
    return by_pieces, whole


def agree(part: bytes, strings: list[str] = STRINGS) -> bool:
    """Whether the sheet was read by pieces; fails where the parser reads anything else."""
    by_pieces, whole = both(part, strings)
    if by_pieces is None:
        return False
    assert by_pieces == whole
    # Equal is not the same: 1 and 1.0, and the order of cells.
    assert repr(list(by_pieces.cells.items())) == repr(list(whole.cells.items()))
    assert by_pieces.blanks == whole.blanks
    return True


def worksheet(rows: str, before: str = "", behind: str = "", root: str = f'xmlns="{MAIN}"') -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet {root}>{before}<sheetData>{rows}</sheetData>'
        f"{behind}</worksheet>"
    ).encode("utf-8", "surrogatepass")


@cache
def filled() -> bytes:
    return form(CITY)


@cache
def sheets_of_a_form() -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The sheets' parts of a filled form, and its shared strings."""
    package = xlsx._Package(filled())
    parts = tuple(package.read(name) for name in package.names if name.startswith("xl/worksheets/sheet"))
    return parts, tuple(xlsx._read_strings(package, "xl/sharedstrings.xml"))


# Sheets as programs write them.


def test_every_sheet_of_a_form_is_read_by_pieces():
    parts, strings = sheets_of_a_form()
    assert len(parts) > 3
    assert all(agree(part, list(strings)) for part in parts)


@pytest.mark.parametrize(
    "rows",
    [
        "",
        '<row r="1"/>',
        '<row r="2"></row><row r="3" hidden="1"/><row r="7" ht="0" customHeight="1"><c r="B7"/></row>',
        '<row r="1" spans="1:2"><c r="A1" t="s"><v>1</v></c><c r="B1" s="2"><v>1.5</v></c></row>',
        '<row r="1"><c r="A1"><f>B1&amp;"&lt;"</f></c><c r="B1" t="str"><f>""</f><v></v></c><c r="C1"><v>3</v></c></row>',
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">1+1</f><v>2</v></c></row><row r="2"><c r="A2"><f t="shared" si="0"/></c></row>',
        '<row r="1"><c r="A1" t="e"><v>#REF!</v></c><c r="B1" t="b"><v>1</v></c><c r="C1" s="1"><v>44000</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>a&amp;b &gt; c_x000D_</v></c></row><row r="9"/>',
    ],
)
def test_usual_rows(rows):
    assert agree(worksheet(rows))


@pytest.mark.parametrize(
    "part",
    [
        worksheet('<row r="1" x14ac:dyDescent="0.2"><c r="A1"><v>1</v></c></row>', root=f'xmlns="{MAIN}" xmlns:x14ac="urn:x"'),
        worksheet("", before='<cols><col min="2" max="3" hidden="1"/></cols>', behind='<mergeCells><mergeCell ref="A1:B2"/></mergeCells>'),
        worksheet("", behind="<headerFooter><oddHeader>&amp;L甲 &lt;乙></oddHeader><evenFooter>丙</evenFooter></headerFooter>"),
        b"\xef\xbb\xbf" + worksheet('<row r="1"><c r="A1"><v>1</v></c></row>'),
    ],
)
def test_usual_sheets(part):
    assert agree(part)


def test_what_says_nothing_does_not_make_a_sheet_another():
    def part(number: int) -> bytes:
        root = f'xmlns="{MAIN}" xmlns:xr="urn:x" xr:uid="{{{number:08X}-0000-0000-0000-000000000000}}"'
        header = f'<headerFooter differentFirst="false"><oddHeader>第{number}社区</oddHeader></headerFooter>'
        return worksheet("", behind=header, root=root)

    assert agree(part(1))
    met = xlsx._read_around.cache_info().misses
    assert agree(part(2)) and xlsx._read_around.cache_info().misses == met
    # Given twice it is no XML, although both are made alike.
    assert not agree(part(3).replace(b" xr:uid", b' xr:uid="{00000003-0000-0000-0000-000000000000}" xr:uid'))


# What only the parser can judge.


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v> 1</v></c></row>',  # Blanks around it: calamine misreads that.
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="B1"><v>1</v></c><c r="A1"/></row>',
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="A1"/><c r="B2"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="B2"><v>1</v></c></row>',
        '<row><c><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v><f>2</f></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><t>1</t></is></c></row>',
        '<row r="1"><c r="A1"><f t="array" ref="A1:B2">1</f><v>1</v></c></row>',
        '<row r="1"><c r="A1"><f>]]></f><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>]]></v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>&#49;</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>&e;</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>a & b</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>\r\n</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>\uffff</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>\ud800</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>',
        '<row r="1"><c r="A1" t="str"><f>\x01</f><v>1</v></c></row>',
        '<row r="1"><c r="A1" s="1" s="2"><v>1</v></c></row>',
        '<row r="1" r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1" x14ac:dyDescent="0.2"><c r="A1"><v>1</v></c></row>',  # A prefix that nothing declares.
        '<row r="1" xmlns="urn:other"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c>',
        '<row r="1"><c r="A1"><v>1</v></row>',
        '<c r="A1"><v>1</v></c>',
        '<row r="1"><row r="2"><c r="A2"><v>1</v></c></row></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1048577"/>',
        '<row r="1"><!-- <c r="A1"> --><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v><![CDATA[1]]></v></c></row>',
    ],
)
def test_unusual_rows_are_left_to_the_parser(rows):
    assert not agree(worksheet(rows))


@pytest.mark.parametrize(
    "part",
    [
        worksheet('<row r="1"/>', root='xmlns="urn:other"'),
        worksheet('<row r="1"/>', before="<x>", behind="</x>"),
        worksheet('<row r="1"/>', before="<!--", behind="-->"),
        worksheet('<row r="1"/>', before='<row r="3" hidden="1"/>'),
        worksheet('<row r="1"/>', behind='<row r="3" hidden="1"/>'),
        worksheet('<row r="1"/>', behind="<sheetData/>"),
        worksheet('<row r="1"/>', behind='<x:sheetData xmlns:x="urn:x"/>'),
        worksheet('<row r="1"/>', behind="<headerFooter><oddHeader>&e;</oddHeader></headerFooter>"),
        worksheet('<row r="1"/>', behind="<headerFooter><oddHeader>\x02</oddHeader></headerFooter>"),
        worksheet('<row r="1"/>', behind="<x>"),
        worksheet('<row r="1"/>', behind='<mergeCells><mergeCell ref="B2:A1"/></mergeCells>'),
        worksheet('<row r="1"/>', root=f'xmlns="{MAIN}" xr:uid="{{00000000-0000-0000-0000-000000000000}}"'),
        worksheet('<row r="1"/>').replace(b"UTF-8", b"GBK"),
        worksheet('<row r="1"/>').decode().encode("utf-16"),
        worksheet('<row r="1"/>') + b"<x/>",
        worksheet('<row r="1"/>')[:-3],
    ],
)
def test_unusual_sheets_are_left_to_the_parser(part):
    assert not agree(part)


def test_limits_hold_for_pieces(monkeypatch):
    rows = "".join(f'<row r="{row}"><c r="A{row}"/><c r="B{row}"><v>1</v></c></row>' for row in range(1, 4))
    assert xlsx._read_by_pieces(worksheet(rows), xlsx._Values([], {}, False), 6) is not None
    assert xlsx._read_by_pieces(worksheet(rows), xlsx._Values([], {}, False), 5) is None
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    assert xlsx._read_by_pieces(worksheet(rows), xlsx._Values([], {}, False), 6) is None


def test_what_is_remembered_stays_bounded(monkeypatch):
    from greencomm.intake import pieces

    monkeypatch.setattr(pieces, "_REMEMBERED", 500)
    kept = pieces.Pieces(has_descents=False)
    for row in range(1, 100):
        kept[f'</c></row><row r="{row}"><c r="A{row}">'.encode()]
        assert sum(map(len, kept)) == kept.size <= 500


# Sheets made up.

NUMBER = st.one_of(st.integers(-(10**16), 10**16).map(str), st.floats(allow_nan=False, allow_infinity=False).map(repr))
STORED = st.one_of(NUMBER, NUMBER, st.sampled_from(["", "0", "1", "2", "3", "-0", "-0.0", "1E2", " 1", "#N/A", "&amp;", "甲", "_x0041_"]))


@st.composite
def rows(draw):
    made, row = [], 0
    for _ in range(draw(st.integers(0, 5))):
        row += draw(st.sampled_from([1] * 12 + [2, 2, 0]))
        cells, column = [], 0
        for _ in range(draw(st.integers(0, 5))):
            column += draw(st.sampled_from([1] * 8 + [3]))
            attributes = draw(st.sampled_from(["", ' s="1"', ' s="2"', ' s="0"']))
            kind = draw(st.sampled_from(["", "n", "s", "s", "str", "b", "e"] * 2 + ["d"]))
            attributes += f' t="{kind}"' if kind else ""
            formula = draw(st.sampled_from(["", "", "<f>A1+1</f>", "<f/>", '<f t="shared" si="0"/>', '<f>"&lt;"&amp;1</f>']))
            stored = draw(st.sampled_from(["0", "1", "2", "3"] * 5 + ["4"]) if kind == "s" else STORED)
            inner = formula + draw(st.sampled_from(["", f"<v>{stored}</v>", f"<v>{stored}</v>"]))
            cells.append(f'<c r="{column_letters(column)}{row}"{attributes}' + (f">{inner}</c>" if inner else "/>"))
        hidden = draw(st.sampled_from(["", "", ' hidden="1"', ' ht="0"', ' ht="15.75" customHeight="1"', ' spans="1:3"']))
        made.append(f'<row r="{row}"{hidden}>{"".join(cells)}</row>')
    return "".join(made)


@SETTINGS
@hypothesis.given(rows())
def test_sheets_made_up(made):
    agree(worksheet(made))


def test_most_usual_sheets_made_up_are_read_by_pieces():
    outcomes = []

    @hypothesis.settings(SETTINGS, max_examples=100)
    @hypothesis.given(rows())
    def look(made):
        by_pieces, whole = both(worksheet(made))
        if not isinstance(whole, Unreadable) and not whole.padded and len(whole.cells) > 2:
            outcomes.append(by_pieces is not None)

    look()
    assert sum(outcomes) > len(outcomes) / 4 > 2


# Sheets damaged.

TOKEN = re.compile(rb"<[^>]*>|[^<]+")
SCRAPS = [
    b"<v>", b"</v>", b"<c>", b"</c>", b"<c r=\"A1\">", b'<c r="C3"/>', b"<f>", b"</f>", b"<f/>", b"<row>", b'<row r="3">', b"</row>",
    b"<sheetData>", b"</sheetData>", b"</worksheet>", b"<is><t>1</t></is>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&", b"&amp;", b"&#48;",
    b" ", b"\n", b"\0", b"\xff", b"\xef\xbf\xbf", b"1", b'"', b"'", b"<", b">", b"/", b' r="A1"', b' t="s"', b' hidden="1"', b"<x/>",
    b'<mergeCell ref="A1:B2"/>', b"<!DOCTYPE a>", b"<?a?>", b' xmlns="urn:x"', b"<rPh>", b"<oddHeader>", b"</headerFooter>",
]  # fmt: skip


@cache
def small() -> bytes:
    """The tokens of a sheet of a form that matter here: its first rows, and one of each kind of part around them."""
    part = sheets_of_a_form()[0][0]
    first, end = part.index(b'<row r="9"'), part.index(b"</sheetData>")
    tail = re.sub(rb"<(conditionalFormatting|dataValidations|hyperlinks|ignoredErrors).*</\1>", b"", part[end:], flags=re.DOTALL)
    return part[:first] + tail


@st.composite
def damaged(draw):
    tokens = TOKEN.findall(small())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(tokens) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                del tokens[at]
            case 1:
                tokens.insert(at, draw(st.sampled_from(SCRAPS)))
            case 2:
                tokens.insert(at, tokens[draw(st.integers(0, len(tokens) - 1))])
            case 3:
                token, place = tokens[at], draw(st.integers(0, len(tokens[at])))
                tokens[at] = token[:place] + draw(st.sampled_from(SCRAPS)) + token[place + draw(st.integers(0, 2)) :]
            case 4:
                token, place = tokens[at], draw(st.integers(0, len(tokens[at])))
                tokens[at] = token[:place] + token[place + draw(st.integers(1, 4)) :]
            case _:
                other = draw(st.integers(0, len(tokens) - 1))
                tokens[at], tokens[other] = tokens[other], tokens[at]
        if not tokens:
            break
    return b"".join(tokens)


@hypothesis.settings(SETTINGS, max_examples=500)
@hypothesis.given(damaged())
def test_sheets_damaged(part):
    agree(part, list(sheets_of_a_form()[1]))


def test_damage_is_of_all_kinds():
    seen = set()

    @hypothesis.settings(SETTINGS, max_examples=200)
    @hypothesis.given(damaged())
    def look(part):
        by_pieces, whole = both(part, list(sheets_of_a_form()[1]))
        seen.add((by_pieces is not None, isinstance(whole, Unreadable)))

    look()
    assert seen == {(True, False), (False, False), (False, True)}


# Whole workbooks.


def opened(data: bytes) -> Workbook | str:
    try:
        return read_xlsx(data)
    except Unreadable as error:
        return error.reason


@hypothesis.settings(SETTINGS, max_examples=20)
@hypothesis.given(damaged())
def test_workbooks_with_a_damaged_sheet_are_read_alike(part):
    source = zipfile.ZipFile(io.BytesIO(filled()))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for name in source.namelist():
            package.writestr(name, part if name == "xl/worksheets/sheet1.xml" else source.read(name))
    with_pieces = opened(target.getvalue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xlsx, "_read_by_pieces", lambda *_: None)
        assert repr(opened(target.getvalue())) == repr(with_pieces)


def test_readers_that_differ_are_told_of_on_every_sheet():
    """A sheet that calamine reads otherwise stays faulty where sheets like it were read before."""
    rows = '<row r="1"><c r="A1" t="str"><v>{}</v></c><c r="B1"><v>1</v></c></row>'
    assert not read_xlsx(raw(rows.format("甲"))).doubts
    # Calamine cannot know: Excel decodes the escape and shows the letter that it stands for.
    assert read_xlsx(raw(rows.format("_x0041_"))).sheets[0].cells[1, 1] == "A"


# The guard against long tags.


@SETTINGS
@hypothesis.given(st.lists(st.sampled_from([1, 2, 4_000, 8_190, 8_191, 8_192, 8_193, 8_194, 12_000]), max_size=6), st.booleans())
def test_long_tags_are_found_as_by_search(gaps, begins):
    content = (b"<" if begins else b"a" * 9_000) + b"<".join(b"a" * gap for gap in gaps)
    assert xlsx._has_long_tags(content) == (xlsx._LONG_TAG.search(content) is not None)


# Forms: rows remembered.


def table(*answers: str) -> Workbook:
    """A workbook with a sheet for each answer, which stands as 扣分 and as 说明 of clause 1.1."""
    text = "社区代码|532301101001\n条款|评分标准|实际值|扣分|说明及佐证材料|应扣\n1.1|缺文件扣3分||{0}|{0}|=1 -> 1\n合计"
    return Workbook([sheet(text.format(answer), f"第{number}社区") for number, answer in enumerate(answers)])


def test_a_remembered_row_is_the_row():
    book = table("3", "3", "'3", "0", "0", "", "长" * 300, "长" * 300)
    book.sheets[1].hidden_rows = frozenset((3,))
    forms = [read_form(book, STANDARD) for _ in range(2)]
    read._last_known.clear()
    apart = [read_form(Workbook([one]), STANDARD).communities[0] for one in book.sheets if not read._last_known.clear()]
    assert repr(forms[0].communities) == repr(forms[1].communities) == repr(apart)
    # The very same where it says the same: sheet by sheet would be as good for the review, but not as cheap.
    assert forms[0].communities[3].rows[0] is forms[0].communities[4].rows[0]
    assert [reading.rows[0].hidden for reading in forms[0].communities[:2]] == [False, True]


@pytest.mark.parametrize("values", [(1, 1.0), (0, 0.0, -0.0), (0.0, -0.0, 0), (-0.0, 0, 0.0)])
def test_equal_numbers_typed_differently_stay_apart(values):
    for value in values:
        book = table("5")
        book.sheets[0].cells[3, 4] = value
        (row,) = read_form(book, STANDARD).communities[0].rows
        assert repr(row.stated.raw) == repr(value)
        assert row.stated.shown == f"{value:.15g}"


def test_another_standard_has_rows_of_its_own():
    from dataclasses import replace

    first = read_form(table("3"), STANDARD)
    other = replace(STANDARD, reading=replace(STANDARD.reading, none="零"))
    assert read_form(table("3"), other).communities[0].rows[0] is not first.communities[0].rows[0]
    assert read_form(table("3"), other).communities == first.communities


def test_a_form_sent_between_processes_arrives_as_it_was():
    sent = read_form(read_xlsx(filled()), STANDARD)
    arrived = pickle.loads(pickle.dumps(sent))
    assert arrived == sent
    assert [repr(reading.rows) for reading in arrived.communities] == [repr(reading.rows) for reading in sent.communities]
