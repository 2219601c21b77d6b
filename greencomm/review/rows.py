"""What follows from one row of a community's table alone, worked out once for all sheets that have the very same row.

Most of a unit's rows say what the same row says on other sheets; reading makes one object of them (S-44), and what is made
of it here stands beside it (S-53).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from greencomm.forms import values
from greencomm.forms.entries import Answer, ClauseRow, Located
from greencomm.forms.returned import answers_of
from greencomm.intake.workbook import CellValue
from greencomm.results import ClauseResult, TypedSheet
from greencomm.standard import Clause, Standard
from greencomm.texts import normal_label

Texts = tuple[str, str, str]
NOTHING: Texts = ("", "", "")
_MOST_ROWS, _MOST_STANDARDS = 5_000, 16
"""Bounds of memory, above what the forms of one unit need."""


@dataclass(slots=True, eq=False)
class RowFacts:
    """What a row says by one standard. Nothing here hangs on the sheet it stands on."""

    answers: tuple[Answer, Answer]
    """实际值 and 扣分 as the standard reads them."""
    typed: tuple[CellValue, CellValue, CellValue]
    """实际值, 扣分, 说明及佐证材料 with the types that the cells have."""
    cells: tuple[str | None, str | None, str | None]
    """Where these stand."""
    shown: Texts
    """The same as people see them."""
    reissued: Texts | None
    """What a returned workbook shows instead where that differs: of a cell that was not read for sure."""
    is_worded: bool
    """Whether 评分标准 is there, and in the words of the clause."""
    is_plain: bool
    """Whether there is nothing to tell of 评分标准 and of the cells that the form fills by formulas."""
    has_score: bool
    """Whether 得分 holds something else than its formula."""
    results: dict[tuple[int, int], ClauseResult] = field(default_factory=dict)
    """By assessed deduction and basis, as they are met."""
    silent: set[tuple[int, int]] = field(default_factory=set)
    """Basis and derived deduction with which there is nothing to say of the row."""


class Rows:
    """The facts of rows by one standard."""

    def __init__(self, standard: Standard) -> None:
        self.standard = standard
        self._known: dict[int, tuple[ClauseRow, RowFacts]] = {}
        """By the identity of rows, which are held so that no other has it."""

    def of(self, row: ClauseRow) -> RowFacts:
        """The facts of a row."""
        known = self._known.get(id(row))
        if known is None:
            if len(self._known) >= _MOST_ROWS:
                self._known.clear()
            known = self._known[id(row)] = row, _facts(row, self.standard)
        return known[1]


_tables: dict[int, Rows] = {}


def rows_by(standard: Standard) -> Rows:
    """The facts remembered for a standard."""
    table = _tables.get(id(standard))
    if table is None:
        if len(_tables) >= _MOST_STANDARDS:
            _tables.clear()
        table = _tables[id(standard)] = Rows(standard)
    return table


def is_worded(written: str, clause: Clause) -> bool:
    """Whether 评分标准 is empty or holds the clause's words, with the notice's reading of them or without."""
    if not written or written in (clause.criterion, clause.quote):
        return True
    return normal_label(written) in (normal_label(clause.quote), normal_label(clause.criterion))


def is_typed(located: Located) -> bool:
    """Whether something stands where the form has a formula."""
    return not located.is_formula and not values.is_blank(located.value)


def _facts(row: ClauseRow, standard: Standard) -> RowFacts:
    clause = standard.clause.get(row.clause)
    typed = (row.actual.raw, row.stated.raw, row.evidence.value)
    shown = (row.actual.shown.strip(), row.stated.shown.strip(), values.shown(row.evidence.value))
    words = clause is None or is_worded(row.criterion, clause)
    return RowFacts(
        answers=(row.actual, row.stated),
        typed=typed,
        cells=(row.actual.cell, row.stated.cell, row.evidence.cell),
        shown=shown,
        reissued=None if clause is None else _reissued(row.clause, typed, shown, standard),
        is_worded=clause is not None and bool(row.criterion) and words,
        is_plain=words and not any(map(is_typed, (row.due, row.score, row.status))),
        has_score=not row.score.is_formula and row.score.value is not None,
    )


def _reissued(
    clause: str, typed: tuple[CellValue, CellValue, CellValue], shown: Texts, standard: Standard
) -> Texts | None:
    """What a returned workbook makes of a row, where it is not what the row shows."""
    alone = TypedSheet(file="", sheet="", community=None, heading={}, answers={clause: typed}, cells={})
    again = as_shown(answers_of(alone, standard).answers[clause])
    return again if again != shown else None


def as_shown(cells: tuple[object, object, object]) -> Texts:
    """Answers as the returned workbook holds them → as people see them there."""
    actual, stated, evidence = (values.shown(cell) for cell in cells)  # type: ignore[arg-type]
    return actual.strip(), stated.strip(), evidence
