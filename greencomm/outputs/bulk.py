"""Sheets of very many rows: XlsxWriter makes the workbook, the rows themselves are written past it as text (S-27).

A row costs a few microseconds and no memory: rows are made while they are packed. Text of a county is escaped, and its
cell says that it is text; formulas are links within the workbook and hold nothing but its own sheet names and rows.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import BinaryIO

from greencomm import durable, paper
from greencomm.forms.style import FORMULA_STARTS
from greencomm.outputs.book import Page, Report, Style, clean

_LEVEL = 1
"""Of the packing: rows are so alike that more work hardly makes them smaller."""
_BATCH = 500
_ESCAPE_OF_EXCEL = re.compile("(_x[0-9A-Fa-f]{4}_)")
_MODEL = re.compile(rb"<row (?:(?!<row ).)*</row></sheetData>", re.DOTALL)
"""The last row of a sheet."""
_DIMENSION = re.compile(rb'(<dimension ref="[A-Z]+[0-9]+:[A-Z]+)[0-9]+"')
_STYLE_OF_CELL = re.compile(rb'<c r="[A-Z]+[0-9]+" s="([0-9]+)"')
_EDGE = 0.8
"""Of a column's width, what text cannot use."""
_UNEVEN, _MOST_UNEVEN = 1.06, 1.07
"""Lines are not all filled to their end; and a little more, where a hair's breadth must not matter."""

Styles = Sequence[str]
"""Excel's numbers of a sheet's styles, by their position in ``Bulk.styles``."""


@dataclass(slots=True)
class Bulk:
    """One sheet whose header is written: ``count`` rows follow from row ``first`` (Excel's number) on."""

    page: Page
    styles: Sequence[Style]
    first: int
    count: int = 0
    rows: Callable[[Styles], Iterable[str]] = lambda styles: ()
    """Makes them, by ``row``; called once, when the workbook is stored."""


def begin(page: Page, styles: Sequence[Style]) -> Bulk:
    """The rows of ``page`` from here on come in bulk, in cells of these styles and no other."""
    bulk = Bulk(page, styles, page.next_row + 1)
    for column, style in enumerate(styles):
        page.sheet.write_blank(page.next_row, column, None, page.report.style(style))
    return bulk


def text(value: str, style: str, quoted: str) -> str:
    """A cell with text; ``quoted`` is its style where the text begins like a formula."""
    if not value:
        return f'<c s="{style}"/>'
    kept = clean(value)
    if "_x" in kept:
        kept = _ESCAPE_OF_EXCEL.sub(r"_x005F\1", kept)
    chosen = quoted if kept.startswith(FORMULA_STARTS) else style
    return f'<c s="{chosen}" t="inlineStr"><is><t xml:space="preserve">{escape(kept, quote=False)}</t></is></c>'


def number(value: int | float, style: str) -> str:
    """A cell with a number; what is none to Excel is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return text(str(value), style, style)
    return f'<c s="{style}"><v>{value!r}</v></c>'


def link(sheet: str, row: int, shown: str, style: str) -> str:
    """A cell that leads to a row of another sheet of the workbook; ``shown`` must be the program's own words."""
    return f'<c s="{style}" t="str"><f>HYPERLINK("#\'{sheet}\'!A{row}","{shown}")</f><v>{shown}</v></c>'


def row(number: int, cells: str, height: float = 0) -> str:
    """A row; without ``height`` it is as high as one line."""
    if not height:
        return f'<row r="{number}">{cells}</row>'
    return f'<row r="{number}" ht="{height}" customHeight="1">{cells}</row>'


@lru_cache(maxsize=4096)
def height(value: str, width: float, size: float) -> float:
    """How high a row must be for a text, at small cost and hardly ever too low; 0 where one line is enough."""
    room = max(width - _EDGE, 1)
    if len(value) * paper.WIDEST * size * _MOST_UNEVEN < room and "\n" not in value:
        return 0  # Most are so short that no character need be measured.
    lines = sum(math.ceil(paper.text_width(line, size) * _UNEVEN / room) or 1 for line in value.split("\n"))
    return paper.height(lines, size) if lines > 1 else 0


def close(report: Report, target: Path | BinaryIO, bulks: Sequence[Bulk]) -> None:
    """Store the workbook with the rows of ``bulks`` in their sheets."""
    content = io.BytesIO()
    report.close_into(content)
    parts = {f"xl/worksheets/sheet{bulk.page.sheet.index + 1}.xml": bulk for bulk in bulks}
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as made:
        for entry in source.infolist():
            data = source.read(entry)
            bulk = parts.get(entry.filename)
            if bulk is None:
                made.writestr(durable.zip_entry(entry.filename), data, zipfile.ZIP_DEFLATED, _LEVEL)
                continue
            model = _MODEL.search(data)
            assert model is not None
            styles = [found.decode() for found in _STYLE_OF_CELL.findall(model[0])]
            last = bulk.first + max(bulk.count, 1) - 1
            # Named by its path alone a part has the zip's oldest date, as the others.
            with made.open(entry.filename, "w", force_zip64=bulk.count > _BATCH) as part:
                part.write(_DIMENSION.sub(rb"\g<1>%d" % last + b'"', data[: model.start()]))
                batch: list[str] = []
                for each in bulk.rows(styles):
                    batch.append(each)
                    if len(batch) == _BATCH:
                        part.write("".join(batch).encode())
                        batch = []
                part.write("".join(batch).encode() + b"</sheetData>" + data[model.end() :])
            # The system that made it, as of the others (``durable.zip_entry``).
            made.getinfo(entry.filename).create_system = durable.zip_entry("").create_system
