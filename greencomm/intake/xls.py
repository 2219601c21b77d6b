"""Reads .xls and the old .et of WPS (BIFF) through xlrd, sheet by sheet.

xlrd gives values, merges and hidden parts but no formulas, so that a pass of our own over the records of each sheet finds
where formulas stand, which cells were stored without a result, and what else lies on the sheet.
"""

from __future__ import annotations

import datetime
import io
import math
from dataclasses import dataclass, field
from typing import Any

import xlrd
from xlrd.compdoc import CompDoc

from greencomm.intake.contents import BROKEN, BROKEN_ADVICE, ENCRYPTED, ENCRYPTED_ADVICE, ole_names
from greencomm.intake.errors import Unreadable
from greencomm.intake.limits import MAX_COVERED
from greencomm.intake.workbook import Address, CellValue, Fault, FaultyCell, Sheet, Visibility, Workbook
from greencomm.intake.xlsx import date_text, is_date_code, is_percent_code, percent_text

_VISIBILITIES = {0: Visibility.VISIBLE, 1: Visibility.HIDDEN, 2: Visibility.VERY_HIDDEN}
_FORMULA, _BOF, _EOF, _OBJECT, _NOTE = (0x0006, 0x0206, 0x0406), (0x0809, 0x0409, 0x0209, 0x0009), 0x000A, 0x005D, 0x001C
_OBJECTS = {5: "图表", 8: "图片"}
"""Kinds of drawn objects that hold something of the county's own; drop-down arrows and comment boxes do not."""
_SUMMARY = "\x05SummaryInformation"
_PROPERTIES = {2: "title", 4: "creator", 8: "lastModifiedBy", 18: "application"}
_SAVED = 13
"""Property of the summary: when it was last saved, as FILETIME in UTC."""


def read_xls(data: bytes) -> Workbook:
    """Read a whole .xls; macros are never run. A cell with content but no usable value is a FaultyCell, as in .xlsx.

    Raises Unreadable where the file as a whole cannot be read or asks for a password; a broken sheet costs only itself,
    unless nothing else is left.
    """
    log = io.StringIO()
    try:
        book = xlrd.open_workbook(
            file_contents=data, logfile=log, formatting_info=True, on_demand=True, ragged_rows=True
        )
    except MemoryError:
        raise
    except Exception as error:  # xlrd lets struct.error, IndexError, AssertionError … out of damaged files.
        if "encrypt" in str(error).lower() or "password" in str(error).lower():
            raise Unreadable(ENCRYPTED, ENCRYPTED_ADVICE) from None
        raise Unreadable(BROKEN, BROKEN_ADVICE) from None
    sheets: list[Sheet] = []
    extras: dict[str, None] = {}
    names = book.sheet_names()
    for index, name in enumerate(names):
        kind = book._sheet_visibility[index] if index < len(book._sheet_visibility) else 0
        visibility = _VISIBILITIES.get(kind, Visibility.VISIBLE)
        try:
            source = book.sheet_by_index(index)
            records = _scan(book, index)
            sheets.append(_sheet(book, source, _clean(name), visibility, records))
            extras |= dict.fromkeys(records.extras)
        except MemoryError:
            raise
        except Exception:
            sheets.append(Sheet(_clean(name), {}, visibility, is_broken=True))
    folded = [sheet.name.casefold() for sheet in sheets]
    for sheet in sheets:
        if folded.count(sheet.name.casefold()) > 1:
            raise Unreadable(f"工作簿里有两个工作表都叫“{sheet.name}”")
    if not sheets:
        raise Unreadable("工作簿里没有工作表")
    if any(sheet.is_broken for sheet in sheets) and all(sheet.is_broken or not sheet.cells for sheet in sheets):
        raise Unreadable(BROKEN, BROKEN_ADVICE)
    if -1 in book._all_sheets_map:
        extras["图表工作表等非数据工作表"] = None
    saved, properties = _read_properties(data)
    return Workbook(
        sheets, saved, properties, has_macros="_VBA_PROJECT_CUR" in ole_names(data), extras=tuple(extras)
    )


# ── Records ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Records:
    """What the records of one sheet say that xlrd does not."""

    formulas: set[Address] = field(default_factory=set)
    empty_results: set[Address] = field(default_factory=set)
    """Formulas whose stored result is the empty text."""
    extras: list[str] = field(default_factory=list)
    is_complete: bool = False
    """Whether the sheet's end was reached, so that every formula is known."""


def _scan(book: Any, index: int) -> _Records:
    """One pass over the records from a sheet's BOF to its EOF; charts inside have BOF and EOF of their own."""
    found = _Records()
    memory = book.mem
    if book.biff_version < 50 or memory is None:
        return found
    place, end, depth = book._sh_abs_posn[index], book.base + book.stream_len, 0
    while place + 4 <= end:
        code = int.from_bytes(memory[place : place + 2], "little")
        length = int.from_bytes(memory[place + 2 : place + 4], "little")
        body = place + 4
        if code in _BOF:
            depth += 1
        elif code == _EOF:
            depth -= 1
            if depth <= 0:
                found.is_complete = True
                break
        elif depth == 1 and code in _FORMULA and length >= 14:
            row = int.from_bytes(memory[body : body + 2], "little")
            column = int.from_bytes(memory[body + 2 : body + 4], "little")
            found.formulas.add((row + 1, column + 1))
            if memory[body + 12 : body + 14] == b"\xff\xff" and memory[body + 6 : body + 7] == b"\x03":
                found.empty_results.add((row + 1, column + 1))
        elif depth == 1 and code == _NOTE:
            found.extras.append("批注")
        elif depth == 1 and code == _OBJECT and length >= 6:
            kind = int.from_bytes(memory[body + 4 : body + 6], "little")
            if kind in _OBJECTS:
                found.extras.append(_OBJECTS[kind])
        place = body + length
    return found


# ── A sheet ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sheet(book: Any, source: Any, name: str, visibility: Visibility, records: _Records) -> Sheet:
    cells: dict[Address, CellValue] = {}
    is_date: dict[int, bool] = {}
    for row in range(source.nrows):
        values, kinds, formats = source.row_values(row), source.row_types(row), source._cell_xf_indexes[row]
        for column, (value, kind) in enumerate(zip(values, kinds, strict=True)):
            number = formats[column] if column < len(formats) else 0
            if number not in is_date:
                is_date[number] = _is_date_format(book, number)
            content = _value(value, kind, is_date[number], bool(book.datemode))
            if isinstance(content, int | float) and content > 1 and _is_percent_format(book, number):
                content = FaultyCell(Fault.PERCENT, percent_text(content))
            if content is not None:
                cells[row + 1, column + 1] = content
    merges = tuple(
        (first_row + 1, first_column + 1, last_row, last_column)
        for first_row, last_row, first_column, last_column in source.merged_cells
        if last_row > first_row and last_column > first_column
    )
    if sum((area[2] - area[0] + 1) * (area[3] - area[1] + 1) for area in merges) > MAX_COVERED:
        raise Unreadable(f"工作表“{name}”里合并的单元格太多，远多于正常的填报工作簿")
    hide_covered(cells, merges)
    columns = {column for _, column in cells}
    return Sheet(
        name=name,
        cells=cells,
        visibility=visibility,
        formulas=frozenset(records.formulas),
        formulas_known=records.is_complete,
        merges=merges,
        hidden_rows=frozenset(
            row + 1 for row, info in source.rowinfo_map.items() if info.hidden or (info.height == 0 and info.has_default_height == 0)
        ),
        hidden_columns=frozenset(
            column for column in columns
            if (info := source.colinfo_map.get(column - 1)) is not None and (info.hidden or info.width == 0)
        ),
    )  # fmt: skip


def hide_covered(cells: dict[Address, CellValue], merges: tuple[tuple[int, int, int, int], ...]) -> None:
    """Values under a merged range but its first cell: nobody sees them, yet formulas count them."""
    for area in merges:
        for row in range(area[0], area[2] + 1):
            for column in range(area[1], area[3] + 1):
                if (row, column) in cells and (row, column) != area[:2]:
                    cells[row, column] = FaultyCell(Fault.UNREADABLE, f"{shown(cells[row, column])}（被合并单元格遮住）")


def shown(value: CellValue) -> str:
    """A value as its author sees it."""
    if isinstance(value, FaultyCell):
        return value.shown
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _value(value: Any, kind: int, is_date: bool, uses_1904: bool) -> CellValue:
    if kind == xlrd.XL_CELL_TEXT:
        return _clean(value) or None
    if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        if not math.isfinite(value):
            return FaultyCell(Fault.UNREADABLE, str(value))
        if is_date and value >= 0:
            return FaultyCell(Fault.DATE, date_text(value, uses_1904))
        return int(value) if value.is_integer() and abs(value) < 1e15 else float(value)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return FaultyCell(Fault.LOGICAL, "TRUE" if value else "FALSE")
    if kind == xlrd.XL_CELL_ERROR:
        return FaultyCell(Fault.ERROR, xlrd.error_text_from_code.get(value, "#ERROR!"))
    return None


def _is_percent_format(book: Any, number: int) -> bool:
    """Whether a cell format shows a number as a percentage, judged as in .xlsx."""
    chosen = book.format_map.get(book.xf_list[number].format_key) if number < len(book.xf_list) else None
    return chosen is not None and is_percent_code(chosen.format_str)


def _is_date_format(book: Any, number: int) -> bool:
    """Whether a cell format shows a number as a date or time, judged as in .xlsx."""
    if number >= len(book.xf_list):
        return False
    chosen = book.format_map.get(book.xf_list[number].format_key)
    if chosen is None:
        return False
    return is_date_code(chosen.format_str) or (chosen.type == xlrd.XL_CELL_DATE and not chosen.format_str)


def _clean(text: str) -> str:
    """Half a surrogate pair becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# ── Document properties ──────────────────────────────────────────────────────────────────────────────────────────────


def _read_properties(data: bytes) -> tuple[datetime.datetime | None, dict[str, str]]:
    """When the document was last saved (UTC) and what else its summary says. Damage here costs nothing."""
    try:
        stream = CompDoc(data, logfile=io.StringIO()).get_named_stream(_SUMMARY)
        return _summary(bytes(stream)) if stream else (None, {})
    except MemoryError:
        raise
    except Exception:  # As above: whatever is damaged here.
        return None, {}


def _summary(stream: bytes) -> tuple[datetime.datetime | None, dict[str, str]]:
    """A property set: offset of the section at 44; in it a count, then number and offset of each property."""

    def number(place: int, size: int = 4) -> int:
        return int.from_bytes(stream[place : place + size], "little")

    start = number(44)
    places = {number(start + 8 + 8 * i): start + number(start + 12 + 8 * i) for i in range(min(number(start + 4), 64))}
    encoding = f"cp{number(places[1] + 4, 2)}" if 1 in places else "gbk"
    encoding = {"cp65001": "utf-8", "cp1200": "utf-16-le", "cp936": "gb18030"}.get(encoding, encoding)
    properties: dict[str, str] = {}
    for key, label in _PROPERTIES.items():
        place = places.get(key)
        if place is not None and number(place) in (30, 31):
            length = min(number(place + 4), 1000)
            text, coded = (
                (stream[place + 8 : place + 8 + length], encoding) if number(place) == 30
                else (stream[place + 8 : place + 8 + 2 * length], "utf-16-le")
            )  # fmt: skip
            properties[label] = text.decode(coded, "replace").partition("\0")[0]
    place = places.get(_SAVED)
    ticks = number(place + 4, 8) if place is not None and number(place) == 64 else 0
    # FILETIME counts tenths of a microsecond from 1601.
    saved = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=ticks // 10) if ticks else None
    return saved, properties
