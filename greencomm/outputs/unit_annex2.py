"""The Annex 2 that each unit stamps and files itself: the region's form with its own row alone (S-33).

Reading the template and storing the form takes openpyxl ten milliseconds; what one unit's form has of its own are some texts
and figures. So one form is filled as the region's is, and kept as it was stored; of further units' forms the texts and figures are
put into it (S-51). Where a form is laid out otherwise (a list over several rows, several pages) it is filled like the first.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path

from openpyxl.compat import safe_string
from openpyxl.utils import get_column_letter

from greencomm.forms.style import FORMULA_STARTS
from greencomm.lean import escaped
from greencomm.outputs import book
from greencomm.outputs.annex2 import Filler, Form, Line, filled_book, unit_form
from greencomm.packing import Part, packed, part
from greencomm.results import RegionResult, UnitResult

_SHEET, _CUSTOM = "xl/worksheets/sheet1.xml", "docProps/custom.xml"
_CELL = re.compile(r'(<c r="(?P<at>[A-Z]+[0-9]+)"(?: s="[0-9]+")?) t="[A-Za-z]+"(?: ?/>|>.*?</c>)', re.DOTALL)
_SHORT_LIST = ("某社区居民委员会",)


@dataclasses.dataclass(frozen=True, slots=True)
class _Own:
    """What one form has of its own, where its list takes one row."""

    cells: Mapping[str, str | float]
    """Texts and figures by address."""
    height: float
    """Of the table's row."""
    layout: Hashable
    """Equal for forms that differ in nothing else."""


class UnitForms:
    """Writes the units' own Annex 2 of one run. Raises UserError where the template cannot be opened or lacks a label."""

    def __init__(self, result: RegionResult, template: Path) -> None:
        self._result, self._template = result, template
        self._stored: dict[Hashable, _Stored] = {}
        self._model: Filler | None = None
        """One form that is laid out as nearly all are: it knows where what stands, and how much room there is."""
        if result.units:
            form = unit_form(result.units[0], result)
            line = form.lines[0]
            years = {year: dataclasses.replace(figures, names=_SHORT_LIST) for year, figures in line.years.items()}
            _, (self._model,) = filled_book({"": dataclasses.replace(form, lines=(dataclasses.replace(line, years=years),))}, template)

    def write(self, target: Path, unit: UnitResult) -> None:
        """Write the form of ``unit``, a unit of the run."""
        target.write_bytes(self.stored(unit_form(unit, self._result), book.provenance(self._result, "附件2", unit)))

    def stored(self, form: Form, origin: Mapping[str, str]) -> bytes:
        """The bytes of a unit's ``form``: the same as if it were filled by itself."""
        own = self._own(form)
        if own is None:
            return packed(self._filled(form, origin))
        # Of what the form was made from (标准, 输入校验码 …) the hash of the input is each unit's own.
        *others, input_hash, kind = origin.values()
        key = own.layout, *others, kind
        if key not in self._stored:
            self._stored[key] = _Stored(self._filled(form, origin), own, input_hash, self._first_row)
        return packed(self._stored[key].parts(own, input_hash) or self._filled(form, origin))

    def _filled(self, form: Form, origin: Mapping[str, str]) -> list[tuple[str, bytes]]:
        """The parts of the form, filled by itself."""
        workbook, _ = filled_book({"": form}, self._template)
        return book.parts_of(workbook, form.date, origin)

    @property
    def _first_row(self) -> int:
        assert self._model is not None
        return self._model.first

    def _own(self, form: Form) -> _Own | None:
        """None where the form has another layout than the model, or a text that must be kept from being taken for a formula."""
        model, line = self._model, form.lines[0]
        assert model is not None
        lists = model.parts(line)
        if len(lists) > 1:
            return None
        texts = {at: book.clean(start + form.heading[label]) for label, (at, start) in model.headings.items()}
        shown = {model.county: line.label} | {model.names[year]: text for year, (text, _) in lists[0].items()}
        texts |= {_address(model.first, column): book.clean(text) for column, text in shown.items()}
        if any(text.startswith(FORMULA_STARTS) for text in texts.values()):
            return None
        cells = {**texts, **dict(_figures(model, model.first, line)), **dict(_figures(model, model.first + 1, form.total))}
        height = model.height(shown)
        layout = *((at, isinstance(value, str)) for at, value in cells.items()), model.pages(height) > 1
        return _Own(cells, height, layout)


def _figures(model: Filler, row: int, line: Line) -> Iterator[tuple[str, str | float]]:
    """The addresses and figures of a row; a ratio of nothing is a text."""
    ratios = {model.ratios[year]: figures.ratio for year, figures in line.years.items()} | {model.combined: line.combined}
    for column, ratio in ratios.items():
        yield _address(row, column), book.BLANK if ratio is None else book.number_of_ratio(ratio)
    for year, figures in line.years.items():
        yield _address(row, model.counts[year]), figures.count


def _address(row: int, column: int) -> str:
    return f"{get_column_letter(column)}{row}"


class _Stored:
    """A form as it was stored, cut where its own texts and figures stand."""

    def __init__(self, parts: list[tuple[str, bytes]], own: _Own, input_hash: str, row: int) -> None:
        self._parts = [(name, part(data)) for name, data in parts]
        sheet, self._custom, self._hash = dict(parts)[_SHEET].decode(), dict(parts)[_CUSTOM], input_hash.encode()
        self._blank = " />" if " />" in sheet else "/>"
        """How openpyxl ends a tag: with lxml and without it in two ways."""
        self._height = re.compile(rf'(<row r="{row}"[^>]* ht=")[^"]*')
        self._pieces: list[str] = []
        """What is before, between and after the cells, each followed by the beginning of the cell's tag."""
        self._cells: list[str] = []
        """Their addresses, in the order of the sheet."""
        end = 0
        for cell in _CELL.finditer(sheet):
            if cell["at"] in own.cells:
                self._pieces.append(sheet[end : cell.end(1)])
                self._cells.append(cell["at"])
                end = cell.end()
        self._pieces.append(sheet[end:])
        # Should another version of openpyxl store forms otherwise, each is filled by itself.
        self._is_usable = set(self._cells) == own.cells.keys() and self._put(own, input_hash) == {
            name: data for name, data in parts if name in (_SHEET, _CUSTOM)
        }

    def parts(self, own: _Own, input_hash: str) -> list[tuple[str, bytes | Part]] | None:
        """The parts of another form of this layout; None where these cannot be had so."""
        if not self._is_usable:
            return None
        changed = self._put(own, input_hash)
        return [(name, changed.get(name, kept)) for name, kept in self._parts]

    def _put(self, own: _Own, input_hash: str) -> dict[str, bytes]:
        """The parts that each form has of its own."""
        texts = [start + self._tail(own.cells[at]) for start, at in zip(self._pieces, self._cells, strict=False)]
        sheet = self._height.sub(rf"\g<1>{safe_string(own.height)}", "".join([*texts, self._pieces[-1]]), count=1)
        return {_SHEET: sheet.encode(), _CUSTOM: self._custom.replace(self._hash, input_hash.encode())}

    def _tail(self, value: str | float) -> str:
        """The rest of a cell as openpyxl writes it."""
        if value == "":
            return f' t="n"{self._blank}'
        if not isinstance(value, str):
            return f' t="n"><v>{safe_string(value)}</v></c>'
        space = ' xml:space="preserve"' if value.strip() not in ("", value) else ""
        return f' t="inlineStr"><is><t{space}>{escaped(value)}</t></is></c>'
