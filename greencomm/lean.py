"""XlsxWriter for workbooks of many sheets alike: the same files, without the costs that such workbooks have no use for.

What XlsxWriter does for every cell of every sheet is done here once for all sheets that share a ``Stencil``: what is the
same on each of them is written once and copied. Formulas use functions only that Excel 2010, WPS and LibreOffice share, so
that none has to be searched for newer ones, which is half of XlsxWriter's time where formulas are many (S-43).

Only this module knows XlsxWriter's inner workings; ``tests/test_lean.py`` compares what it writes with XlsxWriter's own.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import CellBlankTuple, CellFormulaTuple, CellNumberTuple, CellStringTuple, RowInfo, Worksheet

from greencomm.packing import Part, packed
from greencomm.strings import StringsPackager
from greencomm.texts import remembered

_HEIGHT = 0.75
"""Points of a pixel."""
_PLAIN = 10**15
"""Whole numbers below it are written with all their digits."""
_LEVEL, _ALIKE_LEVEL = 2, 9
"""Of deflating, what is written once and what many sheets have alike; 6 is the usual one."""
_MEMORY = 7
"""Of zlib's 1 to 9: its tables fit into a processor's fast memory, which saves an eighth of the time."""
_SURELY_SHORT = 16_000
"""Characters up to which a text fits into a cell, whatever they are."""
_LONG = 4000
"""Characters from which on what sheets have alike is deflated by itself: the beginning of a piece packs less well."""


@dataclass(slots=True)
class Stencil:
    """What the sheets of one workbook that are made from it have in common."""

    table: dict[int, dict[int, Any]]
    rows: dict[int, Any]
    columns: dict[int, Any]
    merges: list[Any]
    merged: dict[Any, Any]
    validations: list[Any]
    entry_rules: EntryRules | None
    bounds: tuple[int, int, int, int]
    links: dict[int, dict[int, Any]]
    set_up: dict[str, Any]
    """How its sheets are looked at, protected and printed: XlsxWriter's attributes, where they are not as on a new sheet."""
    strings: int
    """How many of its cells have a text."""
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    """What is written for its cells, by row and column."""
    starts: dict[tuple[int, int], tuple[str, Any, str, str]] = field(default_factory=dict)
    """Formula and look of the last formula at a place, and what is written before its value, a number or a text."""
    untouched: dict[int, bytes] = field(default_factory=dict)
    """Rows into which a sheet wrote nothing of its own."""
    row_texts: dict[Hashable, tuple[bytes, int]] = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True)
class EntryRules:
    """Data validations of single cells, as they are written."""

    text: str
    number: int


def entry_rules(rules: Iterable[tuple[int, int, dict[str, Any]]]) -> EntryRules:
    """Rules of entry by row and column, to be written on many sheets (``LeanSheet.entry_rules``)."""
    sheet = LeanSheet()
    for row, column, rule in rules:
        sheet.data_validation(row, column, row, column, rule)
    sheet.fh = io.StringIO()
    for validation in sheet.validations:
        sheet._write_data_validation(validation)
    return EntryRules(sheet.fh.getvalue(), len(sheet.validations))


class LeanSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is not typed.
    """A worksheet that writes the same as XlsxWriter's own, faster."""

    def __init__(self) -> None:
        super().__init__()
        self.fh: Any = None
        self.stencil: Stencil | None = None
        self._begun = False
        """Whether it began with the stencil, so that ``table`` has only what differs from it."""
        self.growing: frozenset[int] | set[int] = frozenset()
        """Rows (from 0) that have a height to begin with and grow with what is typed into them: a custom height would stay
        as it is and hide the lines that do not fit."""
        self.entry_rules: EntryRules | None = None
        """Rules of entry that come after those of ``data_validation``."""
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
            entry_rules=self.entry_rules,
            bounds=(self.dim_rowmin, self.dim_rowmax, self.dim_colmin, self.dim_colmax),
            links={row: dict(links) for row, links in self.hyperlinks.items()},
            set_up={name: value for name in _SET_UP if (value := getattr(self, name)) != _NEW[name]},
            strings=sum(cell.__class__ is CellStringTuple for cells in self.table.values() for cell in cells.values()),
        )
        self.stencil = stencil
        return stencil

    def begin_with(self, stencil: Stencil) -> None:
        """Begin as the first sheet was when it was kept; nothing has been written on this one yet."""
        self.stencil, self._begun = stencil, True
        self.str_table.count += stencil.strings
        self.row_info = dict(stencil.rows)
        self.col_info = dict(stencil.columns)
        self.merge = list(stencil.merges)
        self.merged_cells = dict(stencil.merged)
        self.validations = list(stencil.validations)
        self.entry_rules = stencil.entry_rules
        self.dim_rowmin, self.dim_rowmax, self.dim_colmin, self.dim_colmax = stencil.bounds
        for row, links in stencil.links.items():
            self.hyperlinks[row] = dict(links)
            self.hlink_count += len(links)
        for name, value in stencil.set_up.items():
            setattr(self, name, value)
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
        self.stencil.row_texts[key] = (b"", 0)
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
        if len(text) > _SURELY_SHORT:
            return int(self._write_string(row, column, text, look))
        self._check_dimensions(row, column)
        self.table[row][column] = CellStringTuple(self.str_table._get_shared_string_index(text), look)
        return 0

    def write_number(self, row: int, column: int, number: Any, look: Any = None) -> int:
        if number.__class__ is not int:
            return int(self._write_number(row, column, number, look))
        self._check_dimensions(row, column)
        self.table[row][column] = CellNumberTuple(number, look)
        return 0

    def write_blank(self, row: int, column: int, blank: Any, look: Any = None) -> int:
        if look is not None:
            self._check_dimensions(row, column)
            self.table[row][column] = CellBlankTuple(look)
        return 0

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
            self.write_string(row, column, value, look)
        else:
            self.table[row][column] = CellNumberTuple(value, look)

    # --- formulas -----------------------------------------------------------------------------------------------------

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    # --- the sheet's text ---------------------------------------------------------------------------------------------

    def _write_rows(self) -> None:
        numbers = _Formats(self.col_info, self.row_info)
        stencil = self.stencil
        write, table = self.fh.write, self.table
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            key = self._alike.get(row)
            if key is not None and row not in self._first and stencil is not None:
                known_row, strings = stencil.row_texts[key]
                # What the workbook says of how often its texts are used stays true.
                self.str_table.count += strings
                write(known_row)
                continue
            info = self.row_info.get(row)
            own = table.get(row) or {}
            untouched = self._begun and not own and stencil is not None and info is stencil.rows.get(row)
            if untouched and stencil is not None and row in stencil.untouched:
                write(stencil.untouched[row])
                continue
            texts = dict(self._stencil_cells(row, numbers))
            ordered = len(texts)
            for column in sorted(own):
                texts[column] = self._cell(row, column, own[column], numbers)
            if not texts:
                if info is not None:
                    write(self._row_tag(row, info, "/>"))
                continue
            # What is not in the stencil's row came last.
            cells = texts.values() if len(texts) == ordered else map(texts.__getitem__, sorted(texts))
            encoded = f"{self._row_tag(row, info, '>')}{''.join(cells)}</row>".encode()
            write(encoded)
            if untouched and stencil is not None:
                stencil.untouched[row] = encoded
            if key is not None and stencil is not None:
                same = stencil.table.get(row, {})
                count = sum(cell.__class__ is CellStringTuple and same.get(column) is not cell for column, cell in own.items())
                stencil.row_texts[key] = (encoded, count)

    def _stencil_cells(self, row: int, numbers: _Formats) -> Mapping[int, str]:
        """What is written for the stencil's cells of a row, by column in their order."""
        stencil = self.stencil
        if not self._begun or stencil is None or row not in stencil.table:
            return {}
        if row not in stencil.cells:
            cells = sorted(stencil.table[row].items(), key=itemgetter(0))
            stencil.cells[row] = {column: self._cell(row, column, cell, numbers) for column, cell in cells}
        return stencil.cells[row]

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
        kind = cell.__class__
        if kind is CellFormulaTuple:
            return self._formula(row, column, cell, numbers)
        start = f'<c r="{_letters(column)}{row + 1}"{numbers.attribute(row, column, cell)}'
        if kind is CellBlankTuple:
            return start + "/>"
        if kind is CellStringTuple:
            return f'{start} t="s"><v>{cell.string}</v></c>'
        if kind is CellNumberTuple:
            return f"{start}><v>{number_text(cell.number)}</v></c>"
        return self._as_xlsxwriter_writes(row, column, cell)

    def _formula(self, row: int, column: int, cell: Any, numbers: _Formats) -> str:
        value = cell.value
        if value.__class__ is bool or (value.__class__ is str and value.startswith("#")):
            return self._as_xlsxwriter_writes(row, column, cell)
        starts = self.stencil.starts if self.stencil else {}
        start = starts.get((row, column))
        if start is None or start[0] is not cell.formula or start[1] is not cell.format:
            head = f'<c r="{_letters(column)}{row + 1}"{numbers.attribute(row, column, cell)}'
            tail = f"><f>{escaped(cell.formula)}</f><v>"
            start = starts[row, column] = (cell.formula, cell.format, head + tail, f'{head} t="str"{tail}')
        # The type of an empty text, too: XlsxWriter forgets it.
        return f"{start[3]}{escaped(value)}</v></c>" if value.__class__ is str else f"{start[2]}{value}</v></c>"

    def _as_xlsxwriter_writes(self, row: int, column: int, cell: Any) -> str:
        kept, self.fh = self.fh, io.StringIO()
        try:
            self._write_cell(row, column, cell)
            return str(self.fh.getvalue())
        finally:
            self.fh = kept

    # Parts of a sheet that are still as the stencil has them are written once for all.

    def _write_cols(self) -> None:
        self._once("columns", self._has("columns", self.col_info), lambda: super(LeanSheet, self)._write_cols())

    def _write_hyperlinks(self) -> None:
        self._once("links", self._has("links", self.hyperlinks), self._write_links)

    def _write_links(self) -> None:
        if self.stencil is not None and self._begun:
            for row in self.hyperlinks:  # XlsxWriter looks for their cells.
                self.table[row] = self.stencil.table.get(row, {}) | self.table[row]
        super()._write_hyperlinks()

    def _write_merge_cells(self) -> None:
        self._once("merges", self._has("merges", self.merge), lambda: super(LeanSheet, self)._write_merge_cells())

    def _write_data_validations(self) -> None:
        kept = self._has("validations", self.validations) and self._has("entry_rules", self.entry_rules)
        self._once("validations", kept, self._write_validations)

    def _write_validations(self) -> None:
        rules = self.entry_rules
        if rules is None:
            super()._write_data_validations()
            return
        self._xml_start_tag("dataValidations", [("count", len(self.validations) + rules.number)])
        for validation in self.validations:
            self._write_data_validation(validation)
        self.fh.write(rules.text)
        self._xml_end_tag("dataValidations")

    def _has(self, part: str, now: Any) -> bool:
        return self.stencil is not None and bool(getattr(self.stencil, part) == now)

    def _write_sheet_protection(self) -> None:
        kept = self.stencil is not None and self.stencil.set_up.get("protect_options") is self.protect_options
        self._once("protection", kept, lambda: super(LeanSheet, self)._write_sheet_protection())

    def _once(self, part: str, as_kept: bool, write: Callable[[], None]) -> None:
        """Write a part of the sheet; where it is as the stencil has it, only for the first of its sheets."""
        stencil = self.stencil
        if stencil is None or not as_kept:
            write()
            return
        text = stencil.texts.get(part)
        if text is None:
            kept, self.fh = self.fh, io.StringIO()
            write()
            text, self.fh = self.fh.getvalue(), kept
            stencil.texts[part] = text
        if len(text) > _LONG:
            self.fh.write_alike(_alike(text))
        else:
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


_SET_UP = (
    "panes", "selections", "protect_options", "ignored_errors",
    "page_setup_changed", "paper_size", "orientation", "fit_page", "fit_width", "fit_height",
    "margin_left", "margin_right", "margin_top", "margin_bottom", "margin_header", "margin_footer",
    "print_options_changed", "hcenter", "header_footer_changed", "header", "footer",
)  # fmt: skip
_NEW = {name: getattr(Worksheet(), name) for name in _SET_UP}


class LeanBook(xlsxwriter.Workbook):  # type: ignore[misc]  # XlsxWriter is not typed.
    """A workbook in memory, of lean sheets, in which text never turns into a formula, a link or a number."""

    worksheet_class = LeanSheet

    def __init__(self, target: Any) -> None:
        self.filename: Any = None
        super().__init__(
            target,
            {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )

    def _get_packager(self) -> _Packager:
        self._packager = _Packager()
        return self._packager

    def _store_workbook(self) -> None:
        # The packager packs; what XlsxWriter packs itself is nothing.
        target, self.filename = self.filename, io.BytesIO()
        super()._store_workbook()
        content, self.filename = self._packager.content, target
        if hasattr(target, "write"):
            target.write(content)
            return
        try:
            with open(target, "wb") as file:
                file.write(content)
        except OSError as error:
            raise FileCreateError(error) from None


# --- packing: a part is deflated lightly, and what many parts have alike once for all ---------------------------------


class _Alike(bytes):
    """An encoded text that many parts have, deflated so that it can follow and be followed by anything."""

    deflated: bytes


@lru_cache(maxsize=16)
def _alike(text: str) -> _Alike:
    alike, deflater = _Alike(text.encode()), _deflater(_ALIKE_LEVEL)
    alike.deflated = deflater.compress(alike) + deflater.flush(zlib.Z_FULL_FLUSH)
    return alike


def _deflater(level: int) -> Any:
    return zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, _MEMORY)


class _Part(io.StringIO):
    """A part of a workbook while it is written: what XlsxWriter takes for a file. Pieces may be encoded already."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[str | bytes] = []
        self._pieces: list[bytes] = []
        self.write = self._texts.append  # type: ignore[assignment, method-assign]

    def write_alike(self, alike: _Alike) -> None:
        """Write what other parts have as well, too."""
        self._pieces += (self._own(), alike)
        self._texts.clear()

    def pieces(self) -> list[bytes]:
        """All that was written, encoded, what is alike by itself."""
        return [*self._pieces, self._own()]

    def _own(self) -> bytes:
        return b"".join([text.encode() if text.__class__ is str else text for text in self._texts])  # type: ignore[misc]


class _Packager(StringsPackager):
    """Packs the parts of a workbook into ``content`` as soon as they are all written."""

    content = b""

    def _filename(self, xml_filename: str) -> _Part:
        part = _Part()
        self.filenames.append((part, xml_filename, False))
        return part

    def _create_package(self) -> list[Any]:
        parts = super()._create_package()
        self.content = packed((name, _deflated([part.getvalue()] if is_binary else part.pieces())) for part, name, is_binary in parts)
        # Nothing is left to pack.
        return []


def _deflated(pieces: list[bytes]) -> Part:
    """A part given in pieces, some of them deflated before: after a full flush nothing refers to what came before it, so that
    a piece which ends with one can be put after another."""
    deflater, body = _deflater(_LEVEL), list[bytes]()
    for piece in pieces:
        if isinstance(piece, _Alike):
            body += (deflater.flush(zlib.Z_FULL_FLUSH), piece.deflated)
        else:
            body.append(deflater.compress(piece))
    body.append(deflater.flush())
    data = b"".join(pieces)
    return Part(data, zlib.crc32(data), b"".join(body))


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


@remembered(8192)
def escaped(text: str) -> str:
    """Text between tags."""
    if "&" in text or "<" in text or ">" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text
