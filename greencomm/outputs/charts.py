"""Native charts of a Word template: the officer's look stays, the numbers are the run's (S-40).

A chart is XML with a copy of its numbers, beside a small workbook that “编辑数据” opens. Both are filled from one
``ChartData``, so that they can never differ. What does not change is worked out once for each template; what is left for
each report is putting strings together.
"""

from __future__ import annotations

import datetime
import html
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import xlsxwriter
from lxml import etree

from greencomm.forms.style import FORMULA_STARTS
from greencomm.packing import Part, packed, part
from greencomm.results import ratio_text
from greencomm.texts import for_cell

C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DATA_REL = "rIdData"
"""Name of the relation from a chart to its workbook."""
_SHEET = "数据"
_AFTER_DATA = {f"{{{C}}}{name}" for name in ("printSettings", "userShapes", "extLst")}
"""What follows c:externalData in a chart."""
_BEFORE_CATEGORIES = frozenset(
    ("spPr", "invertIfNegative", "pictureOptions", "marker", "explosion", "dPt", "dLbls", "trendline", "errBars")
)
_ESCAPE = re.compile("_x[0-9A-Fa-f]{4}_")
"""What Excel reads as a character by its number."""


class ChartSlip(ValueError):
    """A chart that cannot hold categories and values; the template says which one."""


@dataclass(frozen=True)
class Series:
    """One row of bars or one line: a value for each category, None where there is none. Exact until it is written."""

    name: str
    values: tuple[Fraction | int | None, ...]
    decimals: int = 0
    """Decimals kept, rounded half up; ratios keep four, as everywhere (D-10)."""
    form: str = "0"
    """Number format as Excel writes it."""

    @cached_property
    def written(self) -> tuple[str | None, ...]:
        """The values as they stand in the chart and in its workbook alike."""
        return tuple(
            None if value is None else str(value) if isinstance(value, int) else ratio_text(value, self.decimals)
            for value in self.values
        )


@dataclass(frozen=True, slots=True)
class ChartData:
    """What one chart shows. The template's series are filled in their order, bars before lines."""

    categories: tuple[str, ...]
    series: tuple[Series, ...]

    def workbook(self) -> bytes:
        """The workbook that “编辑数据” opens: categories in column A, a column for each series."""
        rows = [["", *(each.name for each in self.series)]]
        cells = [[_text_cell(0, column, name) for column, name in enumerate(rows[0]) if name]]
        written = [each.written for each in self.series]
        for row, category in enumerate(self.categories, 1):
            line = [_text_cell(row, 0, category)]
            for column, values in enumerate(written, 1):
                value = values[row - 1]
                if value is not None:
                    line.append(f'<c r="{_letters(column)}{row + 1}" s="{_style_of(self.series[column - 1].form)}"><v>{value}</v></c>')
            cells.append(line)
        data = "".join(f'<row r="{number}">{"".join(line)}</row>' for number, line in enumerate(cells, 1))
        return packed(
            (name, (kept[0] + data + kept[1]).encode() if isinstance(kept, tuple) else kept) for name, kept in _empty_workbook()
        )


class Chart:
    """One chart part of a template, taken apart once. Raises ChartSlip where it has no series with categories and values."""

    def __init__(self, data: bytes) -> None:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        series = root.findall(f".//{{{C}}}ser")
        if not series or any(ser.find(f"{{{C}}}val") is None for ser in series):
            raise ChartSlip
        _point_to_workbook(root)
        self._looks = [_look(ser) for ser in series]
        for number, ser in enumerate(series):
            parent = ser.getparent()
            assert parent is not None
            parent.replace(ser, etree.ProcessingInstruction("ser", str(number)))
        whole = etree.tostring(root, encoding="unicode")
        self._between = re.split(r"<\?ser [0-9]+\?>", whole)

    def fill(self, data: ChartData) -> bytes:
        """The chart with ``data`` in it. Series that the template has too many of go; further ones look like its last."""
        parts, last = [self._between[0]], len(self._looks) - 1
        categories = _categories(data.categories)
        for number, look in enumerate(self._looks):
            shown = range(number, len(data.series)) if number == last else range(number, min(number + 1, len(data.series)))
            parts += [_one(look, place, data, categories, copied=place > last) for place in shown]
            parts.append(self._between[number + 1])
        return ("<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n" + "".join(parts)).encode()


@dataclass(frozen=True, slots=True)
class _Look:
    """What a series of the template keeps: before its categories and behind its values, as XML. A further series that looks
    like it has no colour of its own, so that Word gives it one, and nothing that says which series it is."""

    before: str
    behind: str
    copied_before: str
    copied_behind: str


def _look(ser: Any) -> _Look:
    before: list[tuple[str, str]] = []
    behind: list[tuple[str, str]] = []
    for child in ser:
        local = etree.QName(child).localname
        if local not in ("idx", "order", "tx", "cat", "val"):
            place = before if local in _BEFORE_CATEGORIES else behind
            place.append((local, etree.tostring(child, encoding="unicode", with_tail=False)))
    own = ("spPr", "dPt", "extLst")
    return _Look(
        "".join(text for _, text in before),
        "".join(text for _, text in behind),
        "".join(text for local, text in before if local not in own),
        "".join(text for local, text in behind if local not in own),
    )


def _one(look: _Look, place: int, data: ChartData, categories: str, *, copied: bool) -> str:
    """Series number ``place`` of ``data`` with a series' look."""
    series = data.series[place]
    column, last = _letters(place + 1), len(data.categories) + 1
    points = "".join(
        f'<c:pt idx="{number}"><c:v>{value}</c:v></c:pt>' for number, value in enumerate(series.written) if value is not None
    )
    name = html.escape(for_cell(series.name), quote=False)
    return (
        f'<c:ser><c:idx val="{place}"/><c:order val="{place}"/>'
        f"<c:tx><c:strRef><c:f>{_SHEET}!${column}$1</c:f>"
        f'<c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>{name}</c:v></c:pt></c:strCache></c:strRef></c:tx>'
        f"{look.copied_before if copied else look.before}<c:cat>{categories}</c:cat>"
        f"<c:val><c:numRef><c:f>{_SHEET}!${column}$2:${column}${last}</c:f>"
        f"<c:numCache><c:formatCode>{html.escape(series.form)}</c:formatCode>"
        f'<c:ptCount val="{len(data.categories)}"/>{points}</c:numCache></c:numRef></c:val>'
        f"{look.copied_behind if copied else look.behind}</c:ser>"
    )


def _categories(names: Sequence[str]) -> str:
    points = "".join(
        f'<c:pt idx="{number}"><c:v>{html.escape(for_cell(name), quote=False)}</c:v></c:pt>' for number, name in enumerate(names)
    )
    return (
        f"<c:strRef><c:f>{_SHEET}!$A$2:$A${len(names) + 1}</c:f>"
        f'<c:strCache><c:ptCount val="{len(names)}"/>{points}</c:strCache></c:strRef>'
    )


def _point_to_workbook(root: Any) -> None:
    """Make the chart name its workbook as this program names it, whatever it named before."""
    for old in root.findall(f"{{{C}}}externalData"):
        root.remove(old)
    link = etree.Element(f"{{{C}}}externalData", {f"{{{R}}}id": DATA_REL})
    etree.SubElement(link, f"{{{C}}}autoUpdate", {"val": "0"})
    place = next((number for number, child in enumerate(root) if child.tag in _AFTER_DATA), len(root))
    root.insert(place, link)


# --- the workbook behind a chart ----------------------------------------------------------------------------------------

_FORMS = ("0", "0.00", "0.00%")


@lru_cache(maxsize=1)
def _empty_workbook() -> tuple[tuple[str, Part | tuple[str, str]], ...]:
    """The parts of a workbook whose one sheet is cut open where its rows go: most of a workbook is the same for all charts."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.set_properties({"created": datetime.datetime(1980, 1, 1)})
        sheet = book.add_worksheet(_SHEET)
        sheet.set_column(0, 0, 28)
        # Each look is used once, since a workbook keeps only looks that are.
        sheet.write_string(0, 0, "=", book.add_format({"quote_prefix": True}))
        for row, form in enumerate(_FORMS, 1):
            sheet.write_number(row, 0, 0, book.add_format({"num_format": form}))
    parts: list[tuple[str, Part | tuple[str, str]]] = []
    with zipfile.ZipFile(target) as made:
        for name in made.namelist():
            data = made.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = re.sub(r'<dimension ref="[^"]*"/>', "", data.decode())
                before, _, after = text.partition("<sheetData>")
                parts.append((name, (f"{before}<sheetData>", "</sheetData>" + after.partition("</sheetData>")[2])))
            elif name != "xl/sharedStrings.xml":
                parts.append((name, part(re.sub(rb"<[^<>]*sharedStrings[^<>]*/>", b"", data))))
    return tuple(parts)


def _style_of(form: str) -> int:
    return 2 + _FORMS.index(form)


def _text_cell(row: int, column: int, text: str) -> str:
    kept = _ESCAPE.sub(lambda match: f"_x005F{match[0]}", for_cell(text))
    style = ' s="1"' if kept.startswith(FORMULA_STARTS) else ""
    shown = html.escape(kept, quote=False)
    return f'<c r="{_letters(column)}{row + 1}"{style} t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _letters(column: int) -> str:
    """``A`` for column 0; a chart never has more series than there are letters."""
    return chr(ord("A") + column)
