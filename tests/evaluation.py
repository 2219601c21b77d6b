"""A second calculation of a workbook: the library ``formulas`` evaluates each formula as it stands in the file.

The library compares numbers to the last binary digit, spreadsheets to the fifteenth decimal one; so it is given typed
numbers with fifteen digits. Noise that arises within a formula (0.57*100) is its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import formulas
import numpy as np
import schedula
from formulas.functions import Error, XlError
from openpyxl.cell import Cell
from openpyxl.utils import range_boundaries
from openpyxl.workbook import Workbook as Book

_REFERENCE = re.compile(r"(?:'?(?P<sheet>[^!]*?)'?!)?(?P<area>[A-Z]+[0-9]+(?::[A-Z]+[0-9]+)?)")
_results: dict[tuple[str, str], object] = {}
"""What a formula gave for its inputs, by both as text; 31 rows and many sheets ask the same again and again."""


@cache
def _compiled(formula: str) -> Any:
    return formulas.Parser().ast(formula)[1].compile()


class Evaluation:
    """Values of a workbook's cells; ``book`` is loaded with its formulas, ``rewrite`` changes each before it is compiled."""

    def __init__(self, book: Book, rewrite: Callable[[str], str] = str) -> None:
        self.pages, self.rewrite = {page.title: page for page in book.worksheets}, rewrite
        self._values: dict[tuple[str, str], object] = {}

    def __call__(self, sheet: str, address: str) -> object:
        """The value of a cell as Python has it; an error as its text."""
        value = self._value(sheet, address)
        if value is schedula.EMPTY:
            return None
        return str(value) if isinstance(value, XlError) else value

    def _value(self, sheet: str, address: str) -> object:
        key = (sheet, address)
        if key not in self._values:
            cell = self.pages[sheet][address]
            self._values[key] = self._calculated(sheet, cell.value) if cell.data_type == "f" else _constant(cell)
        return self._values[key]

    def _calculated(self, sheet: str, formula: str) -> object:
        formula = self.rewrite(formula)
        function = _compiled(formula)
        inputs = [self._input(sheet, name) for name in function.inputs]
        key = (formula, repr(inputs))
        if key not in _results:
            result = np.asarray(function(*inputs), dtype=object).ravel()[0]
            _results[key] = result.item() if isinstance(result, np.generic) else result
        return _results[key]

    def _input(self, sheet: str, name: str) -> object:
        """What a reference holds: an array, as the library has it also for a single cell."""
        match = _REFERENCE.fullmatch(name)
        assert match, name
        sheet = match["sheet"] or sheet
        first, top, last, bottom = range_boundaries(match["area"])
        page = self.pages[sheet]
        return np.array(
            [[self._value(sheet, page.cell(row, column).coordinate) for column in range(first, last + 1)]
             for row in range(top, bottom + 1)],
            dtype=object,
        )  # fmt: skip


def _constant(cell: Cell) -> object:
    if cell.value is None:
        return schedula.EMPTY
    if cell.data_type == "e":
        return Error.errors[cell.value]
    return float(f"{cell.value:.15g}") if cell.data_type == "n" else cell.value
