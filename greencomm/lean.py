"""XlsxWriter for workbooks of many sheets alike: the same files, without the costs that such workbooks have no use for.

What XlsxWriter does for every cell of every sheet is done here once for all sheets that share a ``Stencil``: what is the
same on each of them is written once and copied. Formulas use functions only that Excel 2010, WPS and LibreOffice share, so
that none has to be searched for newer ones, which is half of XlsxWriter's time where formulas are many (S-43).

Only this module knows XlsxWriter's inner workings; ``tests/test_lean.py`` compares what it writes with XlsxWriter's own.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import xlsxwriter
import xlsxwriter.workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import CellBlankTuple, CellFormulaTuple, CellNumberTuple, CellStringTuple, RowInfo, Worksheet

from greencomm.strings import StringsPackager

_HEIGHT = 0.75
"""Points of a pixel."""
_PLAIN = 10**15
"""Whole numbers below it are written with all their digits."""
_LEVEL = 3
"""Of deflating; 6 is the usual one."""


@dataclass(slots=True)
class Stencil:
    """What the sheets of one workbook that are made from it have in common."""

    table: dict[int, dict[int, Any]]
    rows: dict[int, Any]
    columns: dict[int, Any]
    merges: list[Any]
    merged: dict[Any, Any]
    validations: list[Any]
    bounds: tuple[int, int, int, int]
    strings: int
    """How many of its cells have a text."""
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    """What is written for a cell that is taken over, by row and column."""
    starts: dict[tuple[int, int], tuple[str, Any, str, str]] = field(default_factory=dict)
    """Formula and look of the last formula at a place, and what is written before its value, a number or a text."""
    row_texts: dict[Hashable, tuple[str, int]] = field(default_factory=dict)
    """Rows that sheets have alike, by what the caller tells them apart, with how many texts are in them."""
    texts: dict[str, str] = field(default_factory=dict)
    """What is written for other parts of a sheet that are as they were."""


@dataclass(frozen=True, slots=True)
class ColourRule:
    """A conditional format: where it holds, its look and its order among others are the sheet's affair."""

    areas: str
    """``G7:G9 G11``."""
    condition: str
    """A formula without ``=``; where ``operator`` is given, the value that the cell is compared with."""
    look: Any
    """XlsxWriter's format, of which the differences are shown."""
    operator: str = ""
    """``equal``, ``greaterThan`` as worksheets call it; empty for a formula."""
    stops: bool = False
    """Whether rules after it are not looked at where it holds."""

    @property
    def text(self) -> tuple[str, str]:
        """The rule as it is written, before and after its priority."""
        kind = "cellIs" if self.operator else "expression"
        before = f'<cfRule type="{kind}" dxfId="{self.look._get_dxf_index()}" priority="'
        operator = f' operator="{self.operator}"' if self.operator else ""
        stops = ' stopIfTrue="1"' if self.stops else ""
        return before, f'"{stops}{operator}><formula>{escaped(self.condition)}</formula></cfRule>'


class _Rows(dict[int, dict[int, Any]]):
    """Rows of a sheet that begin as a stencil has them, each copied when something is written into it."""

    def __init__(self, stencil: Mapping[int, dict[int, Any]]) -> None:
        super().__init__()
        self._stencil = stencil

    def __missing__(self, row: int) -> dict[int, Any]:
        cells = self[row] = dict(self._stencil.get(row, {}))
        return cells


class LeanSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is not typed.
    """A worksheet that writes the same as XlsxWriter's own, faster."""

    def __init__(self) -> None:
        super().__init__()
        self.fh: Any = None
        self.stencil: Stencil | None = None
        self.growing: frozenset[int] | set[int] = frozenset()
        """Rows (from 0) that have a height to begin with and grow with what is typed into them: a custom height would stay
        as it is and hide the lines that do not fit."""
        self._colours: dict[str, list[str]] = {}
        self._alike: dict[int, Hashable] = {}
        """Rows that say what a row of another sheet says, or that others may."""
        self._first: set[int] = set()
        """Those of them that are written here for the first time."""

    # --- stencils -----------------------------------------------------------------------------------------------------

    def keep(self) -> Stencil:
        """What has been written so far, for further sheets of this workbook; this sheet is the first of them."""
        stencil = Stencil(
            table={row: dict(cells) for row, cells in self.table.items()},
            rows=dict(self.row_info),
            columns=dict(self.col_info),
            merges=list(self.merge),
            merged=dict(self.merged_cells),
            validations=list(self.validations),
            bounds=(self.dim_rowmin, self.dim_rowmax, self.dim_colmin, self.dim_colmax),
            strings=sum(cell.__class__ is CellStringTuple for cells in self.table.values() for cell in cells.values()),
        )
        self.stencil = stencil
        return stencil

    def begin_with(self, stencil: Stencil) -> None:
        """Begin as the first sheet was when it was kept; nothing has been written on this one yet."""
        self.stencil = stencil
        self.table = _Rows(stencil.table)
        self.str_table.count += stencil.strings
        self.row_info = dict(stencil.rows)
        self.col_info = dict(stencil.columns)
        self.merge = list(stencil.merges)
        self.merged_cells = dict(stencil.merged)
        self.validations = list(stencil.validations)
        self.dim_rowmin, self.dim_rowmax, self.dim_colmin, self.dim_colmax = stencil.bounds
        self.col_size_changed = self.row_size_changed = True

    # --- rows alike ---------------------------------------------------------------------------------------------------

    def is_known(self, row: int, key: Hashable) -> bool:
        """Whether a sheet that was begun before this one has the row that ``key`` stands for: then nothing need be written.

        Otherwise this sheet's row is the first of them. Rows of one key must be the same in every cell and in
        height, and lie within what the stencil has.
        """
        assert self.stencil is not None
        self._alike[row] = key
        if key in self.stencil.row_texts:
            return True
        self.stencil.row_texts[key] = ("", 0)
        self._first.add(row)
        return False

    # --- conditional formats ------------------------------------------------------------------------------------------

    def colour(self, rules: Iterable[tuple[str, tuple[str, str]]]) -> None:
        """Add conditional formats (``ColourRule``: areas and text), each after all that were added before."""
        for areas, (before, after) in rules:
            self._colours.setdefault(areas, []).append(f"{before}{self.dxf_priority}{after}")
            self.dxf_priority += 1

    def _write_conditional_formats(self) -> None:
        write = self.fh.write
        for areas, rules in self._colours.items():
            write(f'<conditionalFormatting sqref="{areas}">{"".join(rules)}</conditionalFormatting>')
        super()._write_conditional_formats()

    # --- cells: by row and column only, without the search for what is none of a form's ---------------------------------

    def write_formula(self, row: int, column: int, formula: str, look: Any = None, value: Any = 0) -> int:
        self._check_dimensions(row, column)
        self.table[row][column] = CellFormulaTuple(formula.removeprefix("="), look, value)
        return 0

    def write_string(self, row: int, column: int, text: str, look: Any = None) -> int:
        return int(self._write_string(row, column, text, look))

    def write_number(self, row: int, column: int, number: Any, look: Any = None) -> int:
        if number.__class__ is not int:
            return int(self._write_number(row, column, number, look))
        self._check_dimensions(row, column)
        self.table[row][column] = CellNumberTuple(number, look)
        return 0

    def write_blank(self, row: int, column: int, blank: Any, look: Any = None) -> int:
        return int(self._write_blank(row, column, blank, look))

    def set_row(self, row: int, height: float | None = None, look: Any = None, options: Any = None) -> int:
        if height is None or look is not None or options:
            return int(super().set_row(row, height, look, options))
        self._check_dimensions(row, self.dim_colmin or 0)
        pixels = int(height * 4.0 / 3.0 + 0.5)
        if pixels == 0:
            return int(super().set_row(row, height))
        self.row_info[row] = RowInfo(height=pixels)
        self.row_sizes[row] = [pixels, False]
        return 0

    def put(self, row: int, column: int, value: str | float | None, look: Any) -> None:
        """Write text, a number or nothing into a cell within the stencil's bounds."""
        if value is None or value == "":
            self.table[row][column] = CellBlankTuple(look)
        elif value.__class__ is str:
            self._write_string(row, column, value, look)
        else:
            self.table[row][column] = CellNumberTuple(value, look)

    # --- formulas -----------------------------------------------------------------------------------------------------

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    # --- the sheet's text ---------------------------------------------------------------------------------------------

    def _write_rows(self) -> None:
        numbers = _Formats(self.col_info, self.row_info)
        stencil = self.stencil
        # What was written for cells of the stencil, and of formulas what stands before their values.
        known, starts = (stencil.cells, stencil.starts) if stencil else ({}, {})
        originals = stencil.table if stencil else {}
        write = self.fh.write
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            key = self._alike.get(row)
            if key is not None and row not in self._first and stencil is not None:
                text, strings = stencil.row_texts[key]
                # What the workbook says of how often its texts are used stays true.
                self.str_table.count += strings
                write(text)
                continue
            info = self.row_info.get(row)
            same = originals.get(row, {})
            cells = self.table.get(row, same)
            if not cells:
                if info is not None:
                    write(self._row_tag(row, info, "/>"))
                continue
            parts = [self._row_tag(row, info, ">")]
            for column in sorted(cells):
                cell = cells[column]
                if same.get(column) is cell:
                    same_text = known.get((row, column))
                    if same_text is None:
                        same_text = known[row, column] = self._cell(row, column, cell, numbers)
                    parts.append(same_text)
                elif cell.__class__ is CellFormulaTuple and cell.value.__class__ is not bool:
                    start = starts.get((row, column))
                    if start is None or start[0] is not cell.formula or start[1] is not cell.format:
                        head = f'<c r="{_letters(column)}{row + 1}"{numbers.attribute(row, column, cell)}'
                        tail = f"><f>{escaped(cell.formula)}</f><v>"
                        start = starts[row, column] = (cell.formula, cell.format, head + tail, f'{head} t="str"{tail}')
                    value = cell.value
                    if value.__class__ is not str:
                        parts.append(f"{start[2]}{value}</v></c>")
                    elif value.startswith("#"):
                        parts.append(self._as_xlsxwriter_writes(row, column, cell))
                    else:
                        # Of an empty text, too: XlsxWriter forgets its type.
                        parts.append(f"{start[3]}{escaped(value)}</v></c>")
                else:
                    parts.append(self._cell(row, column, cell, numbers))
            parts.append("</row>")
            text = "".join(parts)
            write(text)
            if key is not None and stencil is not None:
                own = sum(cell.__class__ is CellStringTuple and same.get(column) is not cell for column, cell in cells.items())
                stencil.row_texts[key] = (text, own)

    def _row_tag(self, row: int, info: Any, end: str) -> str:
        """The tag of a row; the hint ``spans`` that XlsxWriter gives, and no reader needs, is left out."""
        if info is None:
            return f'<row r="{row + 1}"{end}'
        text = f'<row r="{row + 1}"'
        if info.row_format:
            text += f' s="{info.row_format._get_xf_index()}" customFormat="1"'
        own_height = info.height != self.original_row_height or info.height != self.default_row_height
        if own_height:
            text += f' ht="{info.height * _HEIGHT:.16g}"'
        if info.hidden:
            text += ' hidden="1"'
        if own_height and row not in self.growing:
            text += ' customHeight="1"'
        if info.level:
            text += f' outlineLevel="{info.level}"'
        if info.collapsed:
            text += ' collapsed="1"'
        return text + end

    def _cell(self, row: int, column: int, cell: Any, numbers: _Formats) -> str:
        start = f'<c r="{_letters(column)}{row + 1}"{numbers.attribute(row, column, cell)}'
        kind = cell.__class__
        if kind is CellBlankTuple:
            return start + "/>"
        if kind is CellStringTuple:
            return f'{start} t="s"><v>{cell.string}</v></c>'
        if kind is CellNumberTuple:
            return f"{start}><v>{number_text(cell.number)}</v></c>"
        if kind is CellFormulaTuple and not isinstance(cell.value, (bool, str)):
            return f"{start}><f>{escaped(cell.formula)}</f><v>{cell.value}</v></c>"
        if kind is CellFormulaTuple and isinstance(cell.value, str) and not cell.value.startswith("#"):
            return f'{start} t="str"><f>{escaped(cell.formula)}</f><v>{escaped(cell.value)}</v></c>'
        return self._as_xlsxwriter_writes(row, column, cell)

    def _as_xlsxwriter_writes(self, row: int, column: int, cell: Any) -> str:
        kept, self.fh = self.fh, io.StringIO()
        try:
            self._write_cell(row, column, cell)
            return str(self.fh.getvalue())
        finally:
            self.fh = kept

    # Parts of a sheet that are still as the stencil has them are written once for all.

    def _write_cols(self) -> None:
        self._once("columns", self.col_info, lambda: super(LeanSheet, self)._write_cols())

    def _write_merge_cells(self) -> None:
        self._once("merges", self.merge, lambda: super(LeanSheet, self)._write_merge_cells())

    def _write_data_validations(self) -> None:
        self._once("validations", self.validations, lambda: super(LeanSheet, self)._write_data_validations())

    def _once(self, part: str, now: Any, write: Callable[[], None]) -> None:
        stencil = self.stencil
        if stencil is None or getattr(stencil, part) != now:
            write()
            return
        text = stencil.texts.get(part)
        if text is None:
            kept, self.fh = self.fh, io.StringIO()
            write()
            text, self.fh = self.fh.getvalue(), kept
            stencil.texts[part] = text
        self.fh.write(text)


class _Formats:
    """The number of a cell's format: its own, its row's or its column's."""

    def __init__(self, columns: Mapping[int, Any], rows: Mapping[int, Any]) -> None:
        self._rows = {row: info.row_format for row, info in rows.items() if info.row_format}
        self._columns = {column: info.column_format for column, info in columns.items() if info.column_format is not None}
        self._texts: dict[int, str] = {}

    def attribute(self, row: int, column: int, cell: Any) -> str:
        """`` s="5"``; empty for the ordinary look."""
        chosen = cell.format or self._rows.get(row) or self._columns.get(column)
        if not chosen:
            return ""
        text = self._texts.get(id(chosen))
        if text is None:
            number = chosen._get_xf_index()
            text = self._texts[id(chosen)] = f' s="{number}"' if number else ""
        return text


class LeanBook(xlsxwriter.Workbook):  # type: ignore[misc]  # XlsxWriter is not typed.
    """A workbook in memory, of lean sheets, in which text never turns into a formula, a link or a number."""

    worksheet_class = LeanSheet

    def __init__(self, target: Any) -> None:
        self.filename: Any = None
        super().__init__(
            target,
            {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )

    def _get_packager(self) -> StringsPackager:
        return StringsPackager()

    def _store_workbook(self) -> None:
        target, self.filename = self.filename, io.BytesIO()
        with _lightly_packed():
            super()._store_workbook()
        content, self.filename = self.filename.getvalue(), target
        if hasattr(target, "write"):
            target.write(content)
            return
        try:
            with open(target, "wb") as file:
                file.write(content)
        except OSError as error:
            raise FileCreateError(error) from None


@contextlib.contextmanager
def _lightly_packed() -> Iterator[None]:
    """Parts of a workbook are deflated at a level that takes a third of the time and an eighth more room."""
    kept = xlsxwriter.workbook.ZipInfo
    xlsxwriter.workbook.ZipInfo = _lightly_packed_entry
    try:
        yield
    finally:
        xlsxwriter.workbook.ZipInfo = kept


def _lightly_packed_entry(*arguments: Any) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(*arguments)
    entry._compresslevel = _LEVEL  # type: ignore[attr-defined]
    return entry


@lru_cache(maxsize=1024)
def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def number_text(number: Any) -> str:
    """A number as it is stored: with the sixteen digits that Excel keeps, and all seventeen where it needs them."""
    if number.__class__ is int and -_PLAIN < number < _PLAIN:
        return str(number)
    text = f"{number:.16G}"
    return text if float(text) == number else repr(number)


@lru_cache(maxsize=8192)
def escaped(text: str) -> str:
    """Text between tags."""
    if "&" in text or "<" in text or ">" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text
