"""Reads a county's workbook back: everything is found by its label or clause id, never by an address.

People rename sheets, insert rows, move columns, unmerge cells and print the header twice; whatever still carries the
labels of ``layout`` is read. Nothing is judged here, and nothing that holds a value is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import repeat

from greencomm.findings import Misreading
from greencomm.forms import values
from greencomm.forms.entries import Answer, ClauseRow, FormMeta, FormReading, Located, Reply, SheetReading, State
from greencomm.forms.layout import (
    EDITED,
    GUIDE_SHEET,
    LEFT_SHEET,
    META_SHEET,
    OPINION,
    OPINION_MARK,
    ORIGINAL,
    PROGRESS,
    SUMMARY_SHEET,
    TOTAL_ROW,
    Column,
    Heading,
    IssueColumn,
    Meta,
    Summary,
)
from greencomm.intake.workbook import (
    MAX_COLUMN,
    Address,
    CellValue,
    Fault,
    FaultyCell,
    Sheet,
    Visibility,
    Workbook,
    cell_name,
    column_letters,
)
from greencomm.standard.kinds import Clause
from greencomm.standard.model import Reading, Standard
from greencomm.texts import normal_label

MAX_EXTRA_CELLS = 1000
"""How many cells outside the form are kept of one sheet; beyond that they are counted."""

_LONGEST_LABEL = 40
"""Characters; longer texts are no labels, so that evidence of a page is never folded."""
_ENOUGH_CLAUSES = 10
"""Clause ids that make a sheet without header row or 社区代码 a damaged community sheet rather than a foreign one."""
_BACK_LINK = f"返回{SUMMARY_SHEET}"
_CLAUSE_END = ".、。,:;"
_CLAUSE_ID = re.compile(r"[0-9]+\.[0-9]+")


def read_form(workbook: Workbook, standard: Standard) -> FormReading:
    """Everything a workbook says as a form of this programme; of a foreign workbook simply nothing is found."""
    grids = [_Grid(sheet) for sheet in workbook.sheets]
    meta_grid = next((grid for grid in grids if grid.sheet.name.strip().casefold() == META_SHEET), None)
    meta = _read_meta(meta_grid) if meta_grid else None
    issued = meta.sheets if meta else {}
    communities: list[SheetReading] = []
    damaged: list[str] = []
    rest: list[_Grid] = []
    replies: list[Reply] = []
    for grid in grids:
        if grid is meta_grid:
            continue
        header_rows = _header_rows(grid)
        if header_rows and Heading.CODE in grid.places:
            communities.append(_CommunityReader(grid, header_rows, standard).read())
        elif grid.is_issues:
            replies += _read_replies(grid)
        elif not grid.is_left:
            rest.append(grid)
    summary = _find_summary(rest)
    others: list[str] = []
    for grid in rest:
        name = grid.sheet.name
        if grid is summary or normal_label(name) == normal_label(GUIDE_SHEET):
            continue
        if name in issued or grid.sheet.is_broken or _looks_like_community(grid, standard):
            damaged.append(name)
        elif grid.rows:
            others.append(name)
    return FormReading(
        meta=meta,
        summary={label: _heading_value(summary, label, None) for label in Summary} if summary else {},
        summary_sheet=summary.sheet.name if summary else None,
        communities=communities,
        damaged_sheets=tuple(damaged),
        other_sheets=tuple(others),
        hidden_sheets=tuple(
            grid.sheet.name for grid in grids if grid is not meta_grid and grid.sheet.visibility is not Visibility.VISIBLE
        ),
        replies=tuple(replies),
        is_returned=any(grid.is_issues for grid in grids),
    )


def by_standard(reading: SheetReading, standard: Standard, known: dict[int, ClauseRow]) -> SheetReading:
    """The sheet with its answers as ``standard`` reads them: what a clause asks for decides what a cell says (D-14).

    Workbooks are opened before it is known whose they are, so they are first read by the prefecture's standard. ``known`` is
    kept for the sheets of one file: what was made of each row, by the row's identity, so that sheets go on sharing rows.
    """
    if reading.read_by == standard.sha256:
        return reading
    for row in reading.rows:
        if id(row) not in known:
            known[id(row)] = row_by(row, standard)
    return replace(reading, rows=tuple(known[id(row)] for row in reading.rows), read_by=standard.sha256)


def row_by(row: ClauseRow, standard: Standard) -> ClauseRow:
    """One row with its answers as ``standard`` reads them."""
    actual, stated = (Located(answer.raw, answer.cell) for answer in (row.actual, row.stated))
    answers = clause_answers(standard.clause.get(row.clause), actual, stated, standard.reading)
    return replace(row, actual=answers[0], stated=answers[1])


def clause_answers(clause: Clause | None, actual: Located, stated: Located, reading: Reading) -> tuple[Answer, Answer]:
    """实际值 and 扣分 of a clause's row as answers; a clause that the standard doesn't know can only be blank or a fault."""
    if clause is None:
        answers = _unknown(actual), _unknown(stated)
    else:
        answers = (
            values.read_actual(actual.value, clause, reading, actual.cell),
            values.read_stated(stated.value, clause, reading, stated.cell),
        )
    return replace(answers[0], raw=actual.value), replace(answers[1], raw=stated.value)


def _unknown(located: Located) -> Answer:
    if values.is_blank(located.value):
        return Answer(State.BLANK, located.cell)
    return Answer(State.FAULT, located.cell, shown=values.shown(located.value), misreading=Misreading.TEXT)


# ── A sheet as labels and rows ───────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=65536)
def _label(text: str) -> str:
    return normal_label(text)


_HEADINGS: dict[str, StrEnum] = {normal_label(label): label for kind in (Heading, Summary) for label in kind}
_COLUMNS = {normal_label(column): column for column in Column}
_TOTAL = normal_label(TOTAL_ROW)
_OWN = {normal_label(label): label for label in (OPINION, PROGRESS, ORIGINAL, EDITED)}
"""Headers of the columns that a returned workbook adds to a community's table."""
_ISSUES = {normal_label(column): column for column in IssueColumn}
_IS_ISSUES = {IssueColumn.RULE, IssueColumn.TOKEN, IssueColumn.EXPLANATION}
"""Headers that make a sheet 问题清单 of a returned workbook; the discrepancy report has a sheet of that name, too."""
_IS_LEFT = {normal_label(LEFT_SHEET), normal_label(IssueColumn.NUMBER)}


class _Texts(dict[str, str]):
    """What a text is to a form: a label that one may carry (folded), _UNSEEN where nobody sees it, else empty.

    Remembered, for the texts of a form stand on each of its sheets.
    """

    def __missing__(self, text: str) -> str:
        meaning = self._meaning(text)
        if len(text) <= _LONGEST_KEPT:
            if len(self) >= _MOST_TEXTS:
                self.clear()
            self[text] = meaning
        return meaning

    def _meaning(self, text: str) -> str:
        if values.is_blank(text):
            return _UNSEEN
        if len(text) > _LONGEST_LABEL:
            return ""
        label = _label(text)
        known = label in _HEADINGS or label == _TOTAL or _is_column(label) or label in _ISSUES or label in _OWN or label in _IS_LEFT
        return label if known else ""


_UNSEEN = " "
_LONGEST_KEPT, _MOST_TEXTS, _MOST_ROWS = 200, 20_000, 4_000
"""Characters of the texts, and texts and rows, that are remembered: bounds of memory, far above what forms alike need."""
_texts = _Texts()


def _is_column(label: str) -> bool:
    return label in _COLUMNS or label.startswith(Column.STATED) or label.partition("(")[0] in _COLUMNS


class _Grid:
    """A sheet's filled cells by row, and where its labels are."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rows: dict[int, dict[int, CellValue]] = {}
        self.places: dict[StrEnum, list[Address]] = {}
        """Headings of community sheets and 汇总, in reading order."""
        self.columns: dict[int, dict[int, str]] = {}
        """Row → column → text of the header-like cells in it."""
        self.totals: list[Address] = []
        """Cells that say 合计."""
        self.own: dict[int, dict[int, str]] = {}
        """Row → column → header-like cells of columns that only a returned workbook has."""
        self.issues: dict[int, dict[IssueColumn, int]] = {}
        """Row → column of each header-like cell of 问题清单 in it."""
        self.is_left = False
        """Whether this is 未带入内容 of a returned workbook."""
        cells, texts, at_row = sheet.cells, _texts, 0
        filled: dict[int, CellValue] = {}
        for address in sorted(cells):
            value = cells[address]
            if value is None:
                continue
            meaning = texts[value] if isinstance(value, str) else ""
            if meaning is _UNSEEN:
                continue
            row, column = address
            if row != at_row:
                at_row, filled = row, self.rows.setdefault(row, {})
            filled[column] = value
            if meaning:
                self._note_label(meaning, address)
        self._drop_own_columns()

    def _note_label(self, label: str, address: Address) -> None:
        """Keep where a label of a form stands."""
        row, column = address
        if label in _HEADINGS:
            self.places.setdefault(_HEADINGS[label], []).append(address)
        elif label == _TOTAL:
            self.totals.append(address)
        elif _is_column(label):
            self.columns.setdefault(row, {})[column] = label
        if label in _ISSUES:
            self.issues.setdefault(row, {}).setdefault(_ISSUES[label], column)
        if label in _OWN:
            self.own.setdefault(row, {})[column] = _OWN[label]
        if label in _IS_LEFT and {_label(v) for v in self.rows[row].values() if isinstance(v, str)} >= _IS_LEFT:
            self.is_left = True

    @property
    def is_issues(self) -> bool:
        """Whether this is 问题清单 of a returned workbook."""
        return any(found.keys() >= _IS_ISSUES for found in self.issues.values())

    def _drop_own_columns(self) -> None:
        """Forget what this program wrote beside the table of a returned workbook; what somebody typed there stays."""
        own: dict[int, str] = {}
        for row, labels in self.own.items():
            if row in self.columns and {OPINION, PROGRESS} <= set(labels.values()):
                own |= labels
        if not own:
            return

        def is_own(row: int, column: int) -> bool:
            value = self.rows[row].get(column)
            typed = own.get(column) == OPINION and row not in self.own and isinstance(value, str)
            return column in own and not (typed and not str(value).startswith(OPINION_MARK))

        gone = {(row, column) for row, cells in self.rows.items() for column in cells if is_own(row, column)}
        for row, column in gone:
            del self.rows[row][column]
            self.columns.get(row, {}).pop(column, None)
        self.rows = {row: cells for row, cells in self.rows.items() if cells}
        self.totals = [address for address in self.totals if address not in gone]
        for label, places in list(self.places.items()):
            self.places[label] = [place for place in places if place not in gone]
            if not self.places[label]:
                del self.places[label]

    @cached_property
    def merged_to(self) -> dict[Address, int]:
        """Last column of each merged range, by its first cell."""
        return {(first_row, first): last for first_row, first, _, last in self.sheet.merges}

    def located(self, row: int, column: int) -> Located:
        """A cell as a value with its address."""
        value = self.rows.get(row, {}).get(column)
        return Located(value, cell_name(row, column), self.is_formula(row, column))

    def is_formula(self, row: int, column: int) -> bool:
        """Whether the cell holds a formula; True where the file cannot tell, so that nobody is told of one overwritten."""
        return not self.sheet.formulas_known or (row, column) in self.sheet.formulas


def _value_beside(grid: _Grid, label: Address, table: _Table | None) -> Located:
    """The value that belongs to a label: in the next cell to its right, past the label's merged range.

    Where that cell is empty, the next filled one counts (as after unmerging), up to another label and within the
    table's columns.
    """
    row, column = label
    first = grid.merged_to.get(label, column) + 1
    last = table.last_column if table and column <= table.last_column else MAX_COLUMN
    # Cells of a row are kept from left to right.
    for place, value in grid.rows.get(row, {}).items():
        if place < first:
            continue
        beyond = place > first
        if beyond and place > last:
            break
        if isinstance(value, str):
            known = len(value) <= _LONGEST_LABEL and _label(value) in _HEADINGS
            if known or (beyond and (value.rstrip().endswith((":", "：")) or _label(value) == _BACK_LINK)):
                break
        return Located(value, cell_name(row, place), grid.is_formula(row, place))
    return Located(None, cell_name(row, first), grid.is_formula(row, first))


def _heading_value(grid: _Grid, label: StrEnum, table: _Table | None) -> Located:
    """The value of a label that stands outside the table; faulty where the label stands twice with different values."""
    places = [place for place in grid.places.get(label, ()) if table is None or place not in table]
    if not places:
        return Located()
    found = [_value_beside(grid, place, table) for place in places]
    if len(found) == 1:
        return found[0]
    filled = [located for located in found if located.value is not None]
    if len({values.squeezed(values.shown(located.value)) for located in filled}) > 1:
        both = " / ".join(values.shown(located.value) for located in filled)
        return replace(filled[0], value=FaultyCell(Fault.UNREADABLE, both))
    return filled[0] if filled else found[0]


# ── Sheets of other kinds ────────────────────────────────────────────────────────────────────────────────────────────


def _read_meta(grid: _Grid) -> FormMeta:
    meta = FormMeta()
    fields = {
        Meta.PROGRAMME: "programme",
        Meta.TEMPLATE: "template",
        Meta.STANDARD: "standard",
        Meta.STANDARD_HASH: "standard_sha256",
        Meta.UNIT: "unit",
        Meta.YEAR: "year",
        Meta.PHASE: "phase",
        Meta.KIND: "kind",
    }
    for row in sorted(grid.rows):
        key, value, code = (grid.located(row, column).text for column in (1, 2, 3))
        if key == Meta.SHEET:
            meta.sheets[value] = code
        elif key in fields:
            setattr(meta, fields[Meta(key)], value)
    return meta


def _read_replies(grid: _Grid) -> Iterator[Reply]:
    """Rows of 问题清单, wherever its columns stand: those without an answer, too, since an answer may be withdrawn."""
    columns: dict[IssueColumn, int] | None = None
    for row in sorted(grid.rows):
        header = grid.issues.get(row, {})
        if header.keys() >= _IS_ISSUES:
            columns = header
            continue
        if columns is None:
            continue
        places = columns

        def text(column: IssueColumn, row: int = row, places: dict[IssueColumn, int] = places) -> str:
            return values.shown(grid.rows[row].get(places[column])) if column in places else ""

        remedy, explanation = text(IssueColumn.REMEDY), text(IssueColumn.EXPLANATION)
        if remedy or explanation or text(IssueColumn.TOKEN):
            yield Reply(
                rule=text(IssueColumn.RULE),
                community=text(IssueColumn.CODE),
                clause=text(IssueColumn.CLAUSE),
                token=text(IssueColumn.TOKEN),
                value=text(IssueColumn.VALUE),
                remedy=remedy,
                explanation=explanation,
                cell=cell_name(row, places[IssueColumn.EXPLANATION]),
            )


def _find_summary(grids: Iterable[_Grid]) -> _Grid | None:
    """汇总: by its name and labels, else by its labels, else by its name alone."""

    def rank(grid: _Grid) -> int:
        named = normal_label(grid.sheet.name) == normal_label(SUMMARY_SHEET)
        labelled = Summary.UNIT in grid.places and Summary.SUBMISSION in grid.places
        return 2 * labelled + named

    return max((grid for grid in grids if rank(grid)), key=rank, default=None)


def _looks_like_community(grid: _Grid, standard: Standard) -> bool:
    if _header_rows(grid) or (Heading.CODE in grid.places and Heading.CLAIM in grid.places):
        return True
    ids = {clause_id(value) for cells in grid.rows.values() for value in cells.values()}
    return len(ids & standard.clause.keys()) >= _ENOUGH_CLAUSES


# ── A community sheet ────────────────────────────────────────────────────────────────────────────────────────────────


def _header_rows(grid: _Grid) -> dict[int, dict[Column, list[int]]]:
    """Rows that hold both 条款 and 扣分…, each with the places of its columns."""
    found: dict[int, dict[Column, list[int]]] = {}
    for row, labels in grid.columns.items():
        if Column.CLAUSE in labels.values() and any(label.startswith(Column.STATED) for label in labels.values()):
            found[row] = _columns_of(tuple(labels.items()))
    return found


@lru_cache(maxsize=64)
def _columns_of(header: tuple[tuple[int, str], ...]) -> dict[Column, list[int]]:
    """The places of the columns under a header row. Not to be changed: sheets alike share them."""
    labels = dict(header)
    return {column: places for column in Column if (places := _header_places(labels, column))}


def _header_places(labels: dict[int, str], column: Column) -> list[int]:
    """Columns under one header. 扣分理由 is 扣分 only where nothing is nearer to it: 扣分, or 扣分（第17项填加分）."""
    name = normal_label(column)
    exact = [place for place, label in labels.items() if label == name]
    longer = [place for place, label in labels.items() if label.startswith(f"{name}(")]
    loose = [place for place, label in labels.items() if column is Column.STATED and label.startswith(name)]
    return exact or longer or loose


def clause_id(value: CellValue) -> str:
    """条款 as text: ``8.1`` from 8.1, ``８．１``, ``8.1、``; other words as they stand, empty for blank."""
    if type(value) is str and len(value) <= _LONGEST_LABEL:
        return _clause_id_of(value)
    return values.shown(value)


@lru_cache(maxsize=4096)
def _clause_id_of(text: str) -> str:
    folded = values.squeezed(text).rstrip(_CLAUSE_END)
    return folded if _CLAUSE_ID.fullmatch(folded) else values.shown(text)


@dataclass(frozen=True, slots=True)
class _Table:
    """The rectangle from the header to the last row of the table."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int

    def __contains__(self, address: Address) -> bool:
        row, column = address
        return self.first_row <= row <= self.last_row and self.first_column <= column <= self.last_column


_ROW_COLUMNS = (
    Column.CLAUSE, Column.CRITERION, Column.ACTUAL, Column.STATED, Column.EVIDENCE, Column.DUE, Column.SCORE, Column.STATUS,
)  # fmt: skip
"""Columns of which a ClauseRow is made."""


class _KnownRows(dict[tuple[object, ...], ClauseRow]):
    """Rows of the table that were read by one standard, by all that they are made of."""

    def __init__(self, standard: Standard) -> None:
        super().__init__()
        self.standard = standard

    def __setitem__(self, key: tuple[object, ...], row: ClauseRow) -> None:
        if len(self) >= _MOST_ROWS:
            self.clear()
        super().__setitem__(key, row)


_last_known: list[_KnownRows] = []


def _known_rows(standard: Standard) -> _KnownRows:
    """The rows remembered for a standard; those of the standard before it are forgotten."""
    if not _last_known or _last_known[0].standard is not standard:
        _last_known[:] = [_KnownRows(standard)]
    return _last_known[0]


class _CommunityReader:
    def __init__(self, grid: _Grid, header_rows: dict[int, dict[Column, list[int]]], standard: Standard) -> None:
        self.grid, self.sheet, self.standard = grid, grid.sheet, standard
        self.header_rows = header_rows
        self.first_row = min(header_rows)
        self.rows: list[ClauseRow] = []
        self.stray: list[Address] = []
        """Answers in rows of the table without a 条款."""
        self.known = _known_rows(standard)
        self.places_of: dict[Column, list[int]] | None = None
        self.places: tuple[int, ...] = ()

    def read(self) -> SheetReading:
        grid = self.grid
        names, columns_of = self._clause_names()
        last_known = max((row for row, name in names.items() if name in self.standard.clause), default=self.first_row)
        totals = [row for row in self._total_rows() if names.get(row) not in self.standard.clause]
        # Subtotals may stand between; below the form another table may have a 合计 of its own.
        total_row = next((row for row in totals if row > last_known), totals[-1] if totals else None)
        last_row = max(last_known, total_row or max(names, default=0))
        for row, name in names.items():
            if row > last_row or row in totals:
                continue
            if name:
                self.rows.append(self._clause_row(row, name, columns_of[row]))
            else:
                answers = (place for column in (Column.ACTUAL, Column.STATED) for place in columns_of[row].get(column, ()))
                self.stray += [(row, place) for place in answers if place in grid.rows[row]]
        total = self._cell(total_row, columns_of[total_row], Column.SCORE) if total_row else Located()
        table = self._table(last_row)
        extra: list[tuple[str, str]] = []
        more = 0
        heading = {label: _heading_value(grid, label, table) for label in Heading}
        heading[Heading.CODE] = _as_code(heading[Heading.CODE])
        for found in self._extra_cells(table, heading):
            if len(extra) < MAX_EXTRA_CELLS:
                extra.append(found)
            else:
                more += 1
        return SheetReading(
            sheet=self.sheet.name,
            heading=heading,
            rows=tuple(self.rows),
            total=total,
            columns=frozenset(column.value for column in self.header_rows[self.first_row]),
            hidden_sheet=self.sheet.visibility is not Visibility.VISIBLE,
            hidden_parts=self._hidden_parts(table, heading),
            extra_cells=tuple(extra),
            extra_more=more,
            read_by=self.standard.sha256,
        )

    def _clause_names(self) -> tuple[dict[int, str], dict[int, dict[Column, list[int]]]]:
        """条款 of every row below the header, empty where it is blank, and the columns that hold in that row."""
        names: dict[int, str] = {}
        columns_of: dict[int, dict[Column, list[int]]] = {}
        columns = self.header_rows[self.first_row]
        for row, cells in self.grid.rows.items():
            if row <= self.first_row:
                continue
            if row in self.header_rows:
                # Printed again; if its columns stand in another order, they hold from here on.
                columns = self.header_rows[row]
                continue
            places = columns[Column.CLAUSE]
            value = cells.get(places[0]) if len(places) == 1 else self._cell(row, columns, Column.CLAUSE).value
            names[row] = clause_id(value)
            columns_of[row] = columns
        return names, columns_of

    def _total_rows(self) -> list[int]:
        """Rows that say 合计 below the header, anywhere but in the evidence; ascending."""
        evidence = {place for columns in self.header_rows.values() for place in columns.get(Column.EVIDENCE, ())}
        rows = {row for row, column in self.grid.totals if row > self.first_row and column not in evidence}
        return sorted(rows - self.header_rows.keys())

    def _table(self, last_row: int) -> _Table:
        places = [place for columns in self.header_rows.values() for found in columns.values() for place in found]
        return _Table(self.first_row, last_row, min(places), max(places))

    def _cell(self, row: int, columns: dict[Column, list[int]], column: Column) -> Located:
        """A cell of the table. Where a header stands twice, the filled one; faulty where both are and differ."""
        places = columns.get(column)
        if not places:
            return Located()
        found = [self.grid.located(row, place) for place in places]
        if len(found) == 1:
            return found[0]
        filled = [located for located in found if located.value is not None]
        if len({values.shown(located.value) for located in filled}) > 1:
            both = " / ".join(values.shown(located.value) for located in filled)
            return replace(filled[0], value=FaultyCell(Fault.UNREADABLE, both))
        return filled[0] if filled else found[0]

    def _clause_row(self, row: int, name: str, columns: dict[Column, list[int]]) -> ClauseRow:
        """One row of the table; a row that says the same as one of another sheet is that row."""
        places, sheet = self._single_places(columns), self.sheet
        found = tuple(map(self.grid.rows[row].get, places))
        types = tuple(map(type, found))
        if not places or (float in types and any(value == 0 and type(value) is float for value in found)):
            # 0.0 and -0.0 are equal, yet not what the county typed; so are 1 and 1.0, for which the types count, too.
            return self._new_clause_row(row, name, columns)
        # The name follows from what stands under 条款.
        key = (
            places, row, row in sheet.hidden_rows, found, types, sheet.formulas_known,
            tuple(map(sheet.formulas.__contains__, zip(repeat(row), places, strict=False))),
        )  # fmt: skip
        known = self.known.get(key)
        if known is None:
            known = self._new_clause_row(row, name, columns)
            if all(len(value) <= _LONGEST_KEPT for value in found if isinstance(value, str)):
                self.known[key] = known
        return known

    def _single_places(self, columns: dict[Column, list[int]]) -> tuple[int, ...]:
        """Where the columns of a row stand, 0 for one that is not there; empty where one stands twice."""
        if self.places_of is not columns:
            found = [columns.get(column, [0]) for column in _ROW_COLUMNS]
            self.places_of = columns
            self.places = tuple(place for (place,) in found) if all(len(places) == 1 for places in found) else ()
        return self.places

    def _new_clause_row(self, row: int, name: str, columns: dict[Column, list[int]]) -> ClauseRow:
        actual, stated = self._cell(row, columns, Column.ACTUAL), self._cell(row, columns, Column.STATED)
        answers = clause_answers(self.standard.clause.get(name), actual, stated, self.standard.reading)
        return ClauseRow(
            clause=name,
            row=row,
            clause_cell=cell_name(row, columns[Column.CLAUSE][0]),
            criterion=values.shown(self._cell(row, columns, Column.CRITERION).value),
            actual=answers[0],
            stated=answers[1],
            evidence=self._cell(row, columns, Column.EVIDENCE),
            due=self._cell(row, columns, Column.DUE),
            score=self._cell(row, columns, Column.SCORE),
            status=self._cell(row, columns, Column.STATUS),
            hidden=row in self.sheet.hidden_rows,
        )

    def _hidden_parts(self, table: _Table, heading: dict[Heading, Located]) -> str:
        """Hidden rows and columns that hold something of heading or table."""
        if not self.sheet.hidden_rows and not self.sheet.hidden_columns:
            return ""
        rows = [row for row in sorted(self.sheet.hidden_rows) if row in self.grid.rows and row <= table.last_row]
        labels = {place[1] for label in heading for place in self.grid.places.get(label, ())}
        filled = {(located.cell or "").rstrip("0123456789") for located in heading.values() if located.value is not None}
        columns = [
            column_letters(column)
            for column in sorted(self.sheet.hidden_columns)
            if table.first_column <= column <= table.last_column or column in labels or column_letters(column) in filled
        ]
        return "、".join([*_row_ranges(rows), *(f"{letters}列" for letters in columns)])

    def _extra_cells(self, table: _Table, heading: dict[Heading, Located]) -> Iterator[tuple[str, str]]:
        """What stands below 合计 or right of the table and belongs to no heading, and answers in rows without 条款."""
        own = {place for label in heading for place in self.grid.places.get(label, ())}
        taken = {located.cell for located in heading.values()}
        stray = frozenset(self.stray)
        for row, cells in self.grid.rows.items():
            # Cells of a row are kept from left to right.
            if row <= table.last_row and not stray and next(reversed(cells)) <= table.last_column:
                continue
            for column, value in cells.items():
                address = (row, column)
                outside = row > table.last_row or column > table.last_column
                if not (outside and address not in own and cell_name(row, column) not in taken) and address not in stray:
                    continue
                yield cell_name(row, column), values.shown(value)


def _as_code(located: Located) -> Located:
    """A code as text, whether it was typed as text or as a number: ``532301101001``."""
    if isinstance(located.value, FaultyCell) or located.value is None:
        return located
    return replace(located, value=values.squeezed(located.text))


def _row_ranges(rows: list[int]) -> Iterator[str]:
    """``第12行``, ``第14至16行``."""
    start = 0
    for position, row in enumerate(rows):
        if position + 1 < len(rows) and rows[position + 1] == row + 1:
            continue
        first = rows[start]
        yield f"第{first}行" if first == row else f"第{first}至{row}行"
        start = position + 1
