"""Shared by the workbooks that people open: styles, text that stays text, row heights, paper, fixed bytes."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.packaging.custom import StringProperty
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.writer.excel import ExcelWriter

from greencomm import __version__, packing, paper
from greencomm.findings import Finding, Impact, Severity
from greencomm.forms.layout import PROVENANCE, PROVENANCE_KIND, SAMPLE_MARK
from greencomm.forms.style import (
    FORMULA_STARTS,
    GREEN,
    GREY,
    HEI,
    LINE,
    LOCKED,
    PALE_AMBER,
    PALE_GREEN,
    PALE_RED,
    SIZE,
    SMALL,
    SONG,
    TITLE_SIZE,
)
from greencomm.results import RegionResult, UnitResult, percent, scaled_half_up
from greencomm.rowwise import BLANK as NOTHING
from greencomm.rowwise import RowBook, RowSheet
from greencomm.texts import for_cell

SAMPLE_SUFFIX = f"【{SAMPLE_MARK}】"
SAMPLE_HEADER = f"{SAMPLE_SUFFIX}数据为虚构，不作为上报依据"
PAGE_NUMBERS = "第 &P 页 共 &N 页"
BLANK = "—"
"""Shown where there is no figure."""
PILOT = "（试点）"
"""Follows the name of a pilot community."""

GOOD, WARN, BAD, CALM = PALE_GREEN, PALE_AMBER, PALE_RED, LOCKED
"""Fills: in order, to look at, to correct, for information."""
SEVERITY_FILL = {Severity.SEND_BACK: BAD, Severity.VERIFY: WARN, Severity.NOTE: CALM}

A4 = 9
"""Paper size as workbooks number it."""
A4_SIDES = (8.27, 11.69)
MARGIN = 0.6
"""Inches on every side."""
EDGE = 0.3
"""Inches from the paper's edge to its header and footer."""


clean = for_cell
"""Text that came from a county, fit for a cell."""


def chinese_date(date: datetime.date) -> str:
    """``2021年10月18日``."""
    return f"{date.year}年{date.month}月{date.day}日"


def impact_text(finding: Finding, result: RegionResult) -> str:
    """What hangs on a finding: ``是否达标（76～83分）``, ``是否达到20%目标``; empty where nothing does."""
    if finding.impact is Impact.MARK or finding.decides:
        return finding.mark_text
    target = result.standard.target(result.year)
    if finding.impact is not Impact.RATIO or target is None:
        return ""
    points = target.ratio * 100
    return f"是否达到{points.numerator if points.denominator == 1 else percent(target.ratio).rstrip('%')}%目标"


def plain_number(value: Decimal | int) -> int | float:
    """A score as Excel stores it: ``88`` rather than ``88.0``."""
    return int(value) if value == int(value) else float(value)


def number_of_ratio(value: Fraction, decimals: int = 4) -> float:
    """A ratio as a number for a cell, rounded half up (四舍五入, D-10)."""
    return float(scaled_half_up(value, decimals) / 10**decimals)


def midnight(date: datetime.date) -> datetime.datetime:
    """The time that a workbook made on ``date`` carries in its properties."""
    return datetime.datetime.combine(date, datetime.time())


# --- workbooks filled with openpyxl ---------------------------------------------------------------------------------


class OrderedRanges(MultiCellRange):  # type: ignore[misc]
    """Merged ranges written in the order of the sheet; openpyxl's own set has another order in every process."""

    def __iter__(self) -> Any:
        return iter(self.sorted())


def write_text(cell: Cell, text: str) -> None:
    """Put text into a cell so that no program takes it for a formula, a number or an error."""
    kept = clean(text)
    cell.value = kept or None
    if kept:
        cell.data_type = "s"
        cell.quotePrefix = kept.startswith(FORMULA_STARTS)


def provenance(result: RegionResult, kind: str, unit: UnitResult | None = None) -> dict[str, str]:
    """What the figures of an output were made from: every workbook carries it in its properties (文件属性).

    ``kind`` is the output's name (差异报告): whoever sends it back is told what it is.
    A unit's outputs name the hash of that unit's input, so that other units' files never change them.
    """
    standard = result.standard_of(unit) if unit else result.standard
    origin = (
        standard.id,
        standard.sha256,
        __version__,
        result.run_date.isoformat(),
        result.unit_input_sha256(unit) if unit else result.input_sha256,
    )
    local = "；".join(f"{own.id} {own.sha256}" for own in result.local_standards)
    own_standards = {"自定标准": local} if local and unit is None else {}
    return {**dict(zip(PROVENANCE, origin, strict=True)), PROVENANCE_KIND: kind} | own_standards


def save_workbook(
    workbook: openpyxl.Workbook, target: Path, date: datetime.date, origin: Mapping[str, str] | None = None
) -> None:
    """Save so that the same content gives the same bytes: ``date`` in the properties, one fixed date in the zip.

    ``origin`` (``provenance``) goes into the document's properties.
    """
    target.write_bytes(packing.packed(parts_of(workbook, date, origin)))


def parts_of(
    workbook: openpyxl.Workbook, date: datetime.date, origin: Mapping[str, str] | None = None
) -> list[tuple[str, bytes]]:
    """The names and bytes of what ``save_workbook`` packs, in their order."""
    for name, value in (origin or {}).items():
        if name in workbook.custom_doc_props.names:
            del workbook.custom_doc_props[name]
        workbook.custom_doc_props.append(StringProperty(name=name, value=value))
    for sheet in workbook.worksheets:
        sheet.merged_cells = OrderedRanges(sheet.merged_cells.ranges)
    workbook.properties.created = workbook.properties.modified = midnight(date)
    raw = io.BytesIO()
    # As the workbook saves itself, but for the time in its properties, and for packing what is unpacked at once.
    ExcelWriter(workbook, zipfile.ZipFile(raw, "w")).save()
    with zipfile.ZipFile(raw) as source:
        return [(entry.filename, source.read(entry)) for entry in source.infolist()]


def column_width(sheet: Any, column: int) -> float:
    """Width of a column in Excel's units; openpyxl keeps one entry for a run of equal columns."""
    for dimension in sheet.column_dimensions.values():
        if (dimension.min or 0) <= column <= (dimension.max or 0) and dimension.width:
            return float(dimension.width)
    return float(sheet.sheet_format.defaultColWidth or 8.43)


# --- reports written with XlsxWriter --------------------------------------------------------------------------------

_INDENT = 1.5
"""Width of one step of indent in column units."""
_MOST_STYLES = 500
Style = dict[str, Any]
"""XlsxWriter's format properties."""

TEXT: Style = {"font_name": SONG, "font_size": SIZE, "valign": "vcenter", "text_wrap": True}
BOXED: Style = {**TEXT, "border": 1, "border_color": LINE, "indent": 1}
CENTRED: Style = {**BOXED, "align": "center", "indent": 0}
HEAD: Style = {**CENTRED, "font_name": HEI, "font_color": GREEN, "bg_color": PALE_GREEN}
SECTION: Style = {**TEXT, "font_name": HEI, "font_size": 12, "font_color": GREEN}
TITLE: Style = {**TEXT, "font_name": HEI, "font_size": TITLE_SIZE, "font_color": GREEN, "align": "center"}
FINE: Style = {**TEXT, "font_size": SMALL, "font_color": GREY}
"""Small print: where figures come from and how to read them."""


class Box(NamedTuple):
    """One cell of a row: a value with its style, merged over ``span`` columns."""

    value: str | int | float | None
    style: Style
    span: int = 1


class _Look:
    """A style as a workbook knows it, with what a row has to know of it."""

    __slots__ = ("_quoted", "_report", "format", "room_lost", "size", "style")

    def __init__(self, report: Report, style: Style) -> None:
        self._report, self.style, self.format = report, style, report.style(style)
        self._quoted: Any = None
        self.size: float = style.get("font_size", SIZE)
        self.room_lost = _INDENT * style.get("indent", 0)
        """Of a column's width, by the indent."""

    @property
    def quoted(self) -> Any:
        """The format of texts that look like formulas."""
        if self._quoted is None:
            self._quoted = self._report.style({**self.style, "quote_prefix": True})
        return self._quoted


class Report:
    """A workbook written from top to bottom, page by page; :meth:`close` stores it."""

    def __init__(self, target: Path | BinaryIO, date: datetime.date, title: str) -> None:
        # ``target`` is written by close(); text can never turn into a formula, a link or a number.
        self._target, self._content = target, io.BytesIO()
        self._book = RowBook(self._content)
        self._book.set_properties({"title": clean(title), "created": midnight(date)})
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._looks: dict[int, _Look] = {}
        """By the identity of styles, which are held so that no other has it."""

    @property
    def book(self) -> Any:
        """XlsxWriter's workbook, for charts."""
        return self._book

    def style(self, style: Style) -> Any:
        """The workbook's format for a style; equal styles share one."""
        key = tuple(sorted(style.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(style)
        return self._formats[key]

    def look(self, style: Style) -> _Look:
        """The same with what a row has to know; of a style that is used again it is known already."""
        known = self._looks.get(id(style))
        if known is not None and known.style is style:
            return known
        look = _Look(self, style)
        if len(self._looks) < _MOST_STYLES:
            self._looks[id(style)] = look
        return look

    def page(self, name: str, widths: Sequence[float], *, landscape: bool, sample: bool) -> Page:
        """A new sheet of A4 pages, as wide as one page, with page numbers."""
        return Page(self, self._book.add_worksheet(name), widths, landscape, sample)

    def state(self, provenance: Mapping[str, str]) -> None:
        """Put into the document's properties what the figures were made from (``provenance``)."""
        for name, value in provenance.items():
            self._book.set_custom_property(name, value, "text")

    def close_into(self, content: BinaryIO) -> None:
        """Store the workbook in ``content`` instead of the target, for what is still to be done with it."""
        self._book.close()
        content.write(self._content.getvalue())

    def close(self) -> None:
        self._book.close()
        if isinstance(self._target, Path):
            self._target.write_bytes(self._content.getvalue())
        else:
            self._target.write(self._content.getvalue())


class Page:
    """One sheet that grows row by row; every row is as high as its text needs."""

    def __init__(self, report: Report, sheet: RowSheet, widths: Sequence[float], landscape: bool, sample: bool) -> None:
        self.report, self.widths = report, tuple(widths)
        self.sheet = sheet
        """XlsxWriter's, for cells that are no row, filters and the like."""
        self.next_row = 0
        for column, width in enumerate(self.widths):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        sheet.set_paper(A4)
        if landscape:
            sheet.set_landscape()
        sheet.set_margins(MARGIN, MARGIN, MARGIN, MARGIN)
        sheet.fit_to_pages(1, 0)
        sheet.center_horizontally()
        sheet.set_footer("&C" + PAGE_NUMBERS, {"margin": EDGE})
        if sample:
            sheet.set_header("&R" + SAMPLE_HEADER, {"margin": EDGE})

    def row(self, boxes: Sequence[Box], least: float = 18) -> int:
        """Write one row and return its number (from 0)."""
        sheet, look_of, widths = self.sheet, self.report.look, self.widths
        row, highest = self.next_row, least
        cells: list[tuple[Any, str]] = []
        for value, style, span in boxes:
            look = look_of(style)
            chosen, column = look.format, len(cells)
            if value is None or value == "":
                written = NOTHING
            elif isinstance(value, str):
                text = clean(value)
                written = sheet.text(text)
                if text.startswith(FORMULA_STARTS):
                    chosen = look.quoted
                width = widths[column] if span == 1 else sum(widths[column : column + span])
                needed = paper.text_height(value, width - look.room_lost, look.size)
                if needed > highest:
                    highest = needed
            else:
                written = sheet.number(value)
            cells.append((chosen, written))
            if span > 1:
                cells += [(chosen, NOTHING)] * (span - 1)
                sheet.merge_columns(row, column, column + span - 1)
        sheet.whole_row(row, cells, highest)
        self.next_row += 1
        return row

    def wide(self, text: str, style: Style, least: float = 18) -> int:
        """Write one text over the whole width."""
        return self.row([Box(text, style, len(self.widths))], least)

    def skip(self, height: float = 8) -> None:
        """Leave a narrow empty row."""
        self.sheet.set_row(self.next_row, height)
        self.next_row += 1

    def head(self, titles: Sequence[str], *, least: float = 24) -> int:
        """The header of the sheet's one table: stays in sight, and stands on every printed page."""
        row = self.row([Box(title, HEAD) for title in titles], least)
        self.keep_above(row)
        return row

    def keep_above(self, row: int) -> None:
        """Freeze, and repeat on every printed page, everything down to ``row``."""
        self.sheet.freeze_panes(row + 1, 0)
        self.sheet.repeat_rows(0, row)
