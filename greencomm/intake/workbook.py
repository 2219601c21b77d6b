"""A workbook as received, free of any file format: sheets of typed cells at their own addresses."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
"""The size of a worksheet in Excel 2010 and WPS."""


class Fault(StrEnum):
    """Why a cell that is not empty holds no usable value."""

    ERROR = "error"
    """An error value such as #REF!."""
    NO_VALUE = "no_value"
    """A formula whose result the program that saved the file did not store."""
    DATE = "date"
    LOGICAL = "logical"
    PERCENT = "percent"
    """A number above 1 that its format shows as a percentage: the cell says 150%, the file 1.5 (D-04)."""
    UNREADABLE = "unreadable"
    """Two readings of the file disagree about this cell, or its number is not a number."""


@dataclass(frozen=True, slots=True)
class FaultyCell:
    """A cell without a usable value; ``shown`` is what its author sees in it."""

    fault: Fault
    shown: str


CellValue = str | int | float | FaultyCell | None
Address = tuple[int, int]
"""Row and column, both from 1."""
Doubt = tuple[str, str, str]
"""Sheet, cell and what may stand in it. The cell is empty where it stands for the rest of many."""


class Visibility(StrEnum):
    VISIBLE = "visible"
    HIDDEN = "hidden"
    VERY_HIDDEN = "very_hidden"


@dataclass(slots=True)
class Sheet:
    """One sheet. ``cells`` holds what is not empty; merged ranges hold their value in the first cell."""

    name: str
    cells: dict[Address, CellValue]
    visibility: Visibility = Visibility.VISIBLE
    formulas: frozenset[Address] = frozenset()
    """Cells that hold a formula, whatever its stored value."""
    formulas_known: bool = True
    """False where the file cannot tell which cells hold formulas: then a number may be one everywhere."""
    merges: tuple[tuple[int, int, int, int], ...] = ()
    """First row, first column, last row, last column of each merged range."""
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    is_broken: bool = False
    """The sheet's own part of the file could not be read; it has no cells."""


@dataclass(slots=True)
class Workbook:
    """A workbook as received. ``saved`` is the time stored in the document, in UTC (with its time zone), if any."""

    sheets: list[Sheet]
    saved: datetime.datetime | None = None
    properties: dict[str, str] = field(default_factory=dict)
    """What the document says of itself (``creator``, ``lastModifiedBy`` …), custom properties included."""
    has_macros: bool = False
    extras: tuple[str, ...] = ()
    """Chinese names of things the review does not read (图片, 批注 …)."""
    doubts: tuple[Doubt, ...] = ()
    """Cells whose content cannot be told for sure: two readings disagree, several values in one cell, covered by a merge."""
    read_once: tuple[str, ...] = ()
    """Sheets whose second, independent reading could not be had, so that their values rest on one reading."""


@cache
def column_letters(column: int) -> str:
    """1 → ``A``, 28 → ``AB``."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """(25, 7) → ``G25``."""
    return f"{column_letters(column)}{row}"
