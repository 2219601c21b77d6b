"""XlsxWriter for reports that grow row by row: cells that are written as a whole row are never looked for again.

XlsxWriter makes an object of each cell, files it by row and column, and asks of each what it is when the sheet is stored.
A report's row is known from its first cell to its last, so that a cell is its format and the text that follows it (S-51).
All else (columns, print set-up, charts, further cells) is the library's as ever; ``tests/test_lean.py`` compares.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from xlsxwriter.format import Format

from greencomm.lean import LeanBook, LeanSheet, _Formats, _letters, number_text

Cell = tuple[Any, str]
"""A cell of a whole row: its format (XlsxWriter's), and what is written after it."""
BLANK = "/>"
"""What is written of a cell without a value."""


class RowSheet(LeanSheet):
    """A worksheet of whole rows; other cells may be written as ever, also into rows that are there."""

    def __init__(self) -> None:
        super().__init__()
        self._whole: dict[int, Sequence[Cell]] = {}

    def text(self, value: str) -> str:
        """What is written of a text, which fits into a cell."""
        return f' t="s"><v>{self.str_table._get_shared_string_index(value)}</v></c>'

    def number(self, value: int | float) -> str:
        """What is written of a number. Raises TypeError for what is none to Excel."""
        if value.__class__ is int:
            return _whole_number(value)
        if not math.isfinite(value):
            raise TypeError(f"{value} is no number that a cell can hold")
        return f"><v>{number_text(value)}</v></c>"

    def whole_row(self, row: int, cells: Sequence[Cell], height: float) -> None:
        """Write the cells of ``row`` (from 0), from its first column on, in place of what is there."""
        self.set_row(row, height)
        if not cells or self._check_dimensions(row, 0) or self._check_dimensions(row, len(cells) - 1):
            return
        self._whole[row] = cells
        if row in self.table:
            for column in range(len(cells)):
                self.table[row].pop(column, None)

    def merge_columns(self, row: int, first: int, last: int) -> None:
        """Merge cells of a row in which these are not merged yet."""
        self.merge.append([row, first, row, last])
        area = f"{_letters(first)}{row + 1}:{_letters(last)}{row + 1}"
        # Where XlsxWriter looks before it merges others.
        self.merged_cells.update(dict.fromkeys(((row, column) for column in range(first, last + 1)), area))

    def _write_rows(self) -> None:
        numbers, attributes = _Formats(self.col_info, self.row_info), _Attributes()
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            info, whole, others = self.row_info.get(row), self._whole.get(row, ()), self.table.get(row, {})
            if not whole and not others:
                if info is not None:
                    self.fh.write(self._row_tag(row, info, "/>"))
                continue
            number = row + 1
            if others:
                cells = []
                for column in sorted({*range(len(whole)), *others}):
                    if column in others:
                        cells.append(self._cell(row, column, others[column], numbers))
                    else:
                        look, value = whole[column]
                        cells.append(f'<c r="{_letters(column)}{number}"{attributes[look]}{value}')
            else:
                named = zip(map(_letters, count()), whole, strict=False)
                cells = [f'<c r="{letters}{number}"{attributes[look]}{value}' for letters, (look, value) in named]
            self.fh.write(f"{self._row_tag(row, info, '>')}{''.join(cells)}</row>")


class _Attributes(dict[Any, str]):
    """What is written of a cell's format: its number, which it gets where it is first used; nothing of the ordinary one."""

    def __missing__(self, look: Any) -> str:
        number = look._get_xf_index()
        text = self[look] = f' s="{number}"' if number else ""
        return text


class RowBook(LeanBook):
    """A workbook in memory, of sheets with whole rows."""

    worksheet_class = RowSheet

    def add_format(self, properties: dict[str, Any] | None = None) -> Any:
        # Workbooks have their looks in common: each is put together once, and numbered by every workbook for itself.
        look = copy.copy(_look(tuple((*each, each[1].__class__) for each in (self.default_format_properties | (properties or {})).items())))
        look.xf_format_indices, look.dxf_format_indices = self.xf_format_indices, self.dxf_format_indices
        self.formats.append(look)
        return look


@lru_cache(maxsize=4096)
def _whole_number(value: int) -> str:
    return f"><v>{number_text(value)}</v></c>"


@lru_cache(maxsize=2048)
def _look(properties: tuple[tuple[str, Any, type], ...]) -> Any:
    """A format that belongs to no workbook yet; 13 and 13.0 are two, for they are written differently."""
    look = Format({name: value for name, value, _ in properties})
    look._get_format_key()
    return look
