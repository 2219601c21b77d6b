"""Reads OpenDocument spreadsheets (.ods) by our own pass over content.xml, with calamine as second reading."""

from __future__ import annotations

import datetime
import io
import math
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from greencomm.intake.contents import BROKEN, BROKEN_ADVICE, ENCRYPTED, ENCRYPTED_ADVICE, open_zip
from greencomm.intake.errors import BrokenPart, Unreadable
from greencomm.intake.limits import MAX_CELLS, MAX_COVERED, MAX_DEPTH, MAX_EXPANDED, MAX_FORMULA_SHOWN, MAX_SECOND_READING
from greencomm.intake.times import as_utc
from greencomm.intake.workbook import MAX_COLUMN, MAX_ROW, Address, CellValue, Fault, FaultyCell, Sheet, Visibility, Workbook
from greencomm.intake.xls import hide_covered, shown
from greencomm.intake.xlsx import percent_text

_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_DRAW = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0 "
_META = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0 "
_DUBLIN = "http://purl.org/dc/elements/1.1/ "
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DURATION = re.compile(r"P(?:([0-9]+)D)?T?(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9.,]+)S)?")
_EXTRAS = (("pictures/", "图片"), ("objectreplacements/", "图表"), ("basic/", "宏"), ("scripts/", "宏"))


def read_ods(data: bytes) -> Workbook:
    """Read a whole .ods; macros are never run. A cell with content but no usable value is a FaultyCell, as in .xlsx.

    Raises Unreadable where the file as a whole cannot be trusted: torn, encrypted, a DOCTYPE, broken XML, or larger than
    any genuine workbook. All sheets lie in one part, so that broken XML costs them all.
    """
    try:
        archive = open_zip(data)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Unreadable(BROKEN, BROKEN_ADVICE) from None
    with archive:
        names = archive.namelist()
        if len(set(names)) != len(names):
            raise Unreadable("文件内部有同名的部件，无法确定以哪个为准")
        if "META-INF/manifest.xml" in names and b"encryption-data" in _part(archive, "META-INF/manifest.xml"):
            raise Unreadable(ENCRYPTED, ENCRYPTED_ADVICE)
        reader = _ContentReader()
        hidden = _hidden_styles(_part(archive, "styles.xml")) if "styles.xml" in names else set()
        reader.hidden_styles |= hidden
        _parse(_part(archive, "content.xml"), "工作簿", reader.start, reader.end, reader.text)
        saved, properties = _read_properties(_part(archive, "meta.xml")) if "meta.xml" in names else (None, {})
    folded = [name.casefold() for name in names]
    found = [title for mark, title in _EXTRAS if any(name.startswith(mark) and name != mark for name in folded)]
    if reader.has_comments:
        found.append("批注")
    sheets = [_finished(raw) for raw in reader.sheets]
    if not sheets:
        raise Unreadable("工作簿里没有工作表")
    failed = _compare_with_calamine(data, sheets)
    return Workbook(
        sheets,
        saved,
        properties,
        has_macros="宏" in found,
        extras=tuple(dict.fromkeys(found)),
        read_once=tuple(sheet.name for sheet in sheets) if failed else (),
    )


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part's bytes, with size and checksum verified."""
    try:
        with archive.open(name) as part:
            data = part.read(MAX_EXPANDED + 1)
    except MemoryError:
        raise
    except RuntimeError as error:
        if "password" in str(error) or "encrypted" in str(error):
            raise Unreadable(ENCRYPTED, ENCRYPTED_ADVICE) from None
        raise Unreadable(BROKEN, BROKEN_ADVICE) from None
    except Exception:
        raise Unreadable(BROKEN, BROKEN_ADVICE) from None
    if len(data) > MAX_EXPANDED:
        raise Unreadable(f"文件解压后超过{MAX_EXPANDED // 1024 // 1024}MB，远大于正常的填报工作簿")
    return data


class _Stop(Exception):
    """Raised from within expat to stop at once; says why."""


def _parse(
    data: bytes,
    what: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], object] | None = None,
) -> None:
    """One pass of expat; a DOCTYPE and elements without end in each other are refused, as in .xlsx."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = 0

    def refuse(*_: object) -> None:
        raise _Stop("文件内含有文档类型声明（DOCTYPE），正常的工作簿不会有，为安全起见不予打开")

    def deeper(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _Stop("文件内部的结构不正常（层次过深），为安全起见不予打开")
        start(tag, attributes)

    def higher(tag: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(tag)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = deeper
    parser.EndElementHandler = higher
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except _Stop as stop:
        raise Unreadable(str(stop)) from None
    except (expat.ExpatError, ValueError, LookupError):
        raise BrokenPart(f"{what}的内容已损坏，读不出来", BROKEN_ADVICE) from None


# ── The content ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _RawSheet:
    name: str
    visibility: Visibility
    cells: dict[Address, CellValue] = field(default_factory=dict)
    formulas: set[Address] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_ranges: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Cell:
    column: int
    repeated: int
    value: CellValue
    has_formula: bool
    span: tuple[int, int]


def _hidden_styles(data: bytes) -> set[str]:
    """Names of table styles that hide their sheet."""
    collector = _ContentReader()
    try:
        _parse(data, "格式表", collector.start)
    except BrokenPart:
        return set()
    return collector.hidden_styles


class _ContentReader:
    """Handlers for content.xml. Rows and columns that repeat are laid out only where they hold something."""

    def __init__(self) -> None:
        self.sheets: list[_RawSheet] = []
        self.hidden_styles: set[str] = set()
        self.has_comments = False
        self.room = MAX_CELLS
        self.style = ""
        self.tables = 0
        """Tables within each other; only those of depth 1 are sheets."""
        self.skipping = 0
        """Depth within something that is no cell text: a comment, a drawing."""
        self.row = self.column = 0
        """Last row and column that are taken."""
        self.row_repeated = 1
        self.row_hidden = False
        self.row_cells: list[_Cell] = []
        self.sheet_column = 0
        self.cell: dict[str, str] | None = None
        self.paragraphs: list[str] = []
        self.in_paragraph = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.skipping:
            self.skipping += 1
            return
        if tag.startswith(_DRAW) or tag in _NO_TEXT:
            self.has_comments |= tag == _OFFICE + "annotation"
            self.skipping = 1
            return
        if tag == _TABLE + "table":
            self.tables += 1
            if self.tables == 1:
                self._start_sheet(attributes)
        elif tag == _STYLE + "style":
            self.style = attributes.get(_STYLE + "name", "")
        elif tag == _STYLE + "table-properties":
            if attributes.get(_TABLE + "display") == "false":
                self.hidden_styles.add(self.style)
        elif self.tables == 1:
            self._start_in_sheet(tag, attributes)

    def _start_in_sheet(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _TABLE + "table-row":
            self.row_repeated = _count(attributes.get(_TABLE + "number-rows-repeated"))
            self.row_hidden = attributes.get(_TABLE + "visibility") in ("collapse", "filter")
            self.column, self.row_cells = 0, []
        elif tag in _CELLS:
            self.cell, self.paragraphs = attributes, []
        elif tag == _TABLE + "table-column":
            repeated = _count(attributes.get(_TABLE + "number-columns-repeated"))
            if attributes.get(_TABLE + "visibility") in ("collapse", "filter"):
                self.sheets[-1].hidden_ranges.append((self.sheet_column + 1, self.sheet_column + repeated))
            self.sheet_column += repeated
        elif self.cell is not None and tag in (_TEXT + "p", _TEXT + "h"):
            self.in_paragraph += 1
            self.paragraphs.append("")
        elif self.in_paragraph:
            if tag == _TEXT + "s":
                self.text(" " * min(_count(attributes.get(_TEXT + "c")), 1000))
            elif tag == _TEXT + "tab":
                self.text("\t")
            elif tag == _TEXT + "line-break":
                self.text("\n")

    def text(self, chunk: str) -> None:
        if self.in_paragraph and not self.skipping:
            self.paragraphs[-1] += chunk

    def end(self, tag: str) -> None:
        if self.skipping:
            self.skipping -= 1
            return
        if tag == _TABLE + "table":
            self.tables -= 1
        elif self.tables == 1:
            if tag in (_TEXT + "p", _TEXT + "h") and self.in_paragraph:
                self.in_paragraph -= 1
            elif tag in _CELLS and self.cell is not None:
                self._end_cell(self.cell)
                self.cell = None
            elif tag == _TABLE + "table-row":
                self._end_row()

    def _start_sheet(self, attributes: dict[str, str]) -> None:
        name = attributes.get(_TABLE + "name", "")
        if any(sheet.name.casefold() == name.casefold() for sheet in self.sheets):
            raise _Stop(f"工作簿里有两个工作表都叫“{name}”")
        hidden = attributes.get(_TABLE + "style-name") in self.hidden_styles
        self.sheets.append(_RawSheet(name, Visibility.HIDDEN if hidden else Visibility.VISIBLE))
        self.row = self.sheet_column = 0

    def _end_cell(self, attributes: dict[str, str]) -> None:
        repeated = _count(attributes.get(_TABLE + "number-columns-repeated"))
        formula = attributes.get(_TABLE + "formula")
        value = _value(attributes, formula, self.paragraphs)
        span = (
            _count(attributes.get(_TABLE + "number-rows-spanned")), _count(attributes.get(_TABLE + "number-columns-spanned"))
        )  # fmt: skip
        if value is not None or formula is not None or span != (1, 1):
            if self.column + repeated > MAX_COLUMN:
                raise _Stop(f"工作表“{self.sheets[-1].name}”的列数超出了表格的范围")
            self.row_cells.append(_Cell(self.column + 1, repeated, value, formula is not None, span))
        self.column += repeated

    def _end_row(self) -> None:
        sheet, first = self.sheets[-1], self.row + 1
        self.row += self.row_repeated
        if not self.row_cells:
            return
        if self.row > MAX_ROW:
            raise _Stop(f"工作表“{sheet.name}”的行数超出了表格的范围")
        self.room -= self.row_repeated * sum(cell.repeated for cell in self.row_cells)
        if self.room < 0:
            raise _Stop(f"单元格超过{MAX_CELLS}个，远多于正常的填报工作簿")
        for row in range(first, self.row + 1):
            if self.row_hidden:
                sheet.hidden_rows.add(row)
            for cell in self.row_cells:
                for column in range(cell.column, cell.column + cell.repeated):
                    if cell.value is not None:
                        sheet.cells[row, column] = cell.value
                    if cell.has_formula:
                        sheet.formulas.add((row, column))
                    if cell.span != (1, 1):
                        last = min(row + cell.span[0] - 1, MAX_ROW), min(column + cell.span[1] - 1, MAX_COLUMN)
                        sheet.merges.append((row, column, *last))


_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_NO_TEXT = frozenset((
    _OFFICE + "annotation", _OFFICE + "forms", _TABLE + "shapes", _TABLE + "table-source", _OFFICE + "dde-source",
    _TABLE + "tracked-changes", _TEXT + "ruby-text", _TABLE + "detective",
))  # fmt: skip


def _count(text: str | None) -> int:
    """A repetition or span: at least 1, and never more than a sheet has rows."""
    return min(max(int(text), 1), MAX_ROW) if text and text.isascii() and text.isdigit() and len(text) <= 9 else 1


def _value(attributes: dict[str, str], formula: str | None, paragraphs: list[str]) -> CellValue:
    text = "\n".join(paragraphs)
    kind = attributes.get(_OFFICE + "value-type") or attributes.get(_CALC + "value-type") or ""
    if attributes.get(_CALC + "value-type") == "error" or (formula is not None and text.startswith("Err:")):
        return FaultyCell(Fault.ERROR, text[:40] or "#ERROR!")
    if kind in ("float", "percentage", "currency"):
        stored = attributes.get(_OFFICE + "value", "").strip()
        if formula is not None and text.startswith("#") and text.rstrip("!?").isupper():
            return FaultyCell(Fault.ERROR, text[:40])
        number = _number(stored)
        if kind == "percentage" and isinstance(number, int | float) and number > 1:
            return FaultyCell(Fault.PERCENT, percent_text(number))
        return number
    if kind == "date":
        return FaultyCell(Fault.DATE, _date(attributes.get(_OFFICE + "date-value", "") or text))
    if kind == "time":
        return FaultyCell(Fault.DATE, _time(attributes.get(_OFFICE + "time-value", "") or text))
    if kind == "boolean":
        return FaultyCell(Fault.LOGICAL, "TRUE" if attributes.get(_OFFICE + "boolean-value") == "true" else "FALSE")
    if kind == "string":
        return attributes.get(_OFFICE + "string-value") or text or None
    if kind and kind != "void":
        return FaultyCell(Fault.UNREADABLE, text[:40] or kind[:40])
    if formula is not None and not paragraphs:
        own = formula.partition(":=")[2] or formula.lstrip("=")
        return FaultyCell(Fault.NO_VALUE, "=" + (own if len(own) <= MAX_FORMULA_SHOWN else own[:MAX_FORMULA_SHOWN] + "…"))
    return text or None


def _number(stored: str) -> CellValue:
    if stored.removeprefix("-").isdigit() and stored.isascii() and len(stored) <= 15:
        return int(stored)
    if _NUMBER.fullmatch(stored) is None or not math.isfinite(float(stored)):
        return FaultyCell(Fault.UNREADABLE, stored[:40] or "（空）")
    return float(stored)


def _date(stored: str) -> str:
    """``2021-03-05T08:30:00`` → ``2021-03-05 08:30``, as dates of .xlsx are shown."""
    day, _, time = stored[:40].partition("T")
    time = time.partition(".")[0]
    time = time.removesuffix(":00") if time.count(":") == 2 else time
    return f"{day} {time}" if time and time != "00:00" else day


def _time(stored: str) -> str:
    match = _DURATION.fullmatch(stored)
    if match is None:
        return stored[:40]
    hours = int(match[1] or 0) * 24 + int(match[2] or 0)
    seconds = (match[4] or "0").partition(".")[0].partition(",")[0]
    return f"{hours:02d}:{int(match[3] or 0):02d}" + (f":{int(seconds):02d}" if int(seconds or 0) else "")


def _finished(raw: _RawSheet) -> Sheet:
    if sum((area[2] - area[0] + 1) * (area[3] - area[1] + 1) for area in raw.merges) > MAX_COVERED:
        raise Unreadable(f"工作表“{raw.name}”里合并的单元格太多，远多于正常的填报工作簿")
    merges = tuple(raw.merges)
    hide_covered(raw.cells, merges)
    columns = {column for _, column in raw.cells}
    return Sheet(
        name=raw.name,
        cells=raw.cells,
        visibility=raw.visibility,
        formulas=frozenset(raw.formulas),
        merges=merges,
        hidden_rows=frozenset(raw.hidden_rows),
        hidden_columns=frozenset(
            column for column in columns if any(first <= column <= last for first, last in raw.hidden_ranges)
        ),
    )


# ── The second reading ───────────────────────────────────────────────────────────────────────────────────────────────


def _compare_with_calamine(data: bytes, sheets: list[Sheet]) -> bool:
    """Mark every cell that calamine reads otherwise as unreadable. True where calamine could not read a sheet.

    It is asked only after our own pass has shown that every sheet is of sane size.
    """
    import python_calamine

    for sheet in sheets:
        used = (*sheet.cells, *sheet.formulas)
        if max((row for row, _ in used), default=0) * max((column for _, column in used), default=0) > MAX_SECOND_READING:
            return True
    try:
        other = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        if other.sheet_names != [sheet.name for sheet in sheets]:
            return True
        for index, sheet in enumerate(sheets):
            table: list[list[Any]] = other.get_sheet_by_index(index).to_python(skip_empty_area=False)
            _mark_differences(sheet.cells, table)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # Its panics are no Exception.
        return True
    return False


def _mark_differences(cells: dict[Address, CellValue], table: list[list[Any]]) -> None:
    for row, values in enumerate(table, 1):
        for column, second in enumerate(values, 1):
            first = cells.get((row, column))
            if second == "" or first == second or isinstance(first, FaultyCell):
                continue
            if isinstance(second, str) and isinstance(first, str | None) and _squeezed(first) == _squeezed(second):
                continue
            seen = "空白" if first is None else shown(first)
            cells[row, column] = FaultyCell(Fault.UNREADABLE, f"{seen} / {shown(second)}")


def _squeezed(text: str | None) -> str:
    return "".join((text or "").split())


# ── Document properties ──────────────────────────────────────────────────────────────────────────────────────────────


def _read_properties(data: bytes) -> tuple[datetime.datetime | None, dict[str, str]]:
    """When the document was last saved and what else it says of itself. Damage here costs nothing."""
    properties: dict[str, str] = {}
    name = ""
    chunks: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        chunks.clear()
        name = attributes.get(_META + "name", "") if tag == _META + "user-defined" else ""

    def end(tag: str) -> None:
        if text := "".join(chunks).strip():
            known = {_DUBLIN + "date": "modified", _DUBLIN + "creator": "lastModifiedBy", _META + "initial-creator": "creator"}
            properties[name or known.get(tag) or tag.rpartition(" ")[2]] = text
        chunks.clear()

    try:
        _parse(data, "文档属性", start, end, chunks.append)
    except BrokenPart:
        return None, properties
    try:
        stated = datetime.datetime.fromisoformat(properties.get("modified", ""))
    except ValueError:
        return None, properties
    # LibreOffice writes the time of the clerk's own clock, without a zone.
    return as_utc(stated), properties
