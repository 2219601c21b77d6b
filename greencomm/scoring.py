"""Scores all entries of all communities at once: one long pandas frame, joined with the clause table (D-04 … D-09).

Everything is integer arithmetic: points, and millionths of a point for deductions as written. No loop over sheets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

import numpy as np
import pandas as pd

from greencomm.forms.entries import POINT_SCALE, Answer, State
from greencomm.results import Basis
from greencomm.standard import Standard

UNRESOLVED = -1
"""Stands for 'no value' in integer columns of the frames."""

Answers = Sequence[tuple[Answer, Answer] | None]
"""(actual, stated) of one sheet for each clause in the standard's order; None where the sheet cannot tell (row
missing, or twice with different answers)."""


@dataclass(frozen=True)
class Scores:
    """``entries``: one row per sheet and clause; ``items``: per sheet and item; ``sheets``: per sheet.

    Columns of entries: sheet, clause (position in the standard), actual_state, actual, stated_state, stated, basis,
    derived and assessed (points, UNRESOLVED where there is none), declared (points × POINT_SCALE), possible (whether
    the stated deduction is one the clause can give). Of items: score, lowest, highest, stated (sum, points ×
    POINT_SCALE). Of sheets: assessed, declared, lowest, highest, unresolved (number of clauses).
    """

    entries: pd.DataFrame
    items: pd.DataFrame
    sheets: pd.DataFrame


def clause_table(standard: Standard) -> pd.DataFrame:
    """The standard's clauses as a frame, one row each, for joining with entries."""
    return pd.DataFrame(
        {
            "clause": range(len(standard.clauses)),
            "item": [clause.item_number for clause in standard.clauses],
            "measured": [clause.measure is not None for clause in standard.clauses],
            "most": [max(clause.possible) for clause in standard.clauses],
            # Bit k is set where the clause can give k points.
            "possible_bits": [sum(1 << points for points in clause.possible) for clause in standard.clauses],
        }
    ).astype({"possible_bits": "int64", "most": "int64", "item": "int64"})


def item_table(standard: Standard) -> pd.DataFrame:
    """The standard's items: base and points, and +1 or -1 as their clauses add or deduct."""
    return pd.DataFrame(
        {
            "item": [item.number for item in standard.items],
            "base": [item.base for item in standard.items],
            "points": [item.points for item in standard.items],
            "sign": [1 if item.clauses[0].adds else -1 for item in standard.items],
        }
    )


def entries_frame(sheets: Sequence[Answers], standard: Standard) -> pd.DataFrame:
    """One row per sheet and clause; a clause that a sheet cannot tell is blank."""
    count = len(standard.clauses)
    blank = (Answer(State.BLANK), Answer(State.BLANK))
    pairs = [pair or blank for answers in sheets for pair in answers]
    actual, stated = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def column(answers: Sequence[Answer], name: str) -> np.ndarray:
        """One column straight from the answers: no row of Python objects in between."""
        return np.fromiter(map(attrgetter(name), answers), dtype=np.int64, count=len(answers))

    return pd.DataFrame(
        {
            "sheet": np.repeat(np.arange(len(sheets)), count),
            "clause": np.tile(np.arange(count), len(sheets)),
            "actual_state": column(actual, "state"),
            "actual": column(actual, "value"),
            "stated_state": column(stated, "state"),
            "stated": column(stated, "value"),
        }
    )


def score(sheets: Sequence[Answers], standard: Standard) -> Scores:
    """Assess every clause, item and sheet by the standard, declared scores beside (D-08)."""
    # A left join keeps the order of entries: by sheet, then by clause.
    entries = entries_frame(sheets, standard).merge(clause_table(standard), on="clause", how="left", sort=False)
    _assess(entries, standard)
    items = _items(entries, standard, len(sheets))
    return Scores(entries, items, _sheets(items, len(sheets)))


def _assess(entries: pd.DataFrame, standard: Standard) -> None:
    """Add derived, possible, basis, assessed and declared to each entry."""
    derived = np.full(len(entries), UNRESOLVED, dtype=np.int64)
    actual, clause = entries["actual"].to_numpy(), entries["clause"].to_numpy()
    actual_state = entries["actual_state"].to_numpy()
    has_value = entries["measured"].to_numpy() & (actual_state == State.VALUE)
    for position, kind in enumerate(standard.clauses):
        if kind.measure is not None:
            rows = np.flatnonzero(has_value & (clause == position))
            derived[rows] = kind.derive(actual[rows])
    derived[entries["measured"].to_numpy() & (actual_state == State.NOT_APPLICABLE)] = 0

    stated = entries["stated"].to_numpy()
    is_number = entries["stated_state"].to_numpy() == State.VALUE
    whole, points = stated % POINT_SCALE == 0, stated // POINT_SCALE
    small = is_number & whole & (points < 63)
    bits = entries["possible_bits"].to_numpy() >> np.where(small, points, 0)
    possible = small & (bits & 1 == 1)

    measured = derived != UNRESOLVED
    basis = np.where(measured, Basis.MEASURED, np.where(possible, Basis.STATED, Basis.UNRESOLVED))
    assessed = np.where(measured, derived, np.where(possible, points, UNRESOLVED))
    # As written, or derived where 扣分 is blank or unreadable; unresolved clauses have neither (contract).
    declared = np.where(is_number, stated, derived * POINT_SCALE)
    entries["derived"] = derived
    entries["possible"] = possible
    entries["basis"] = basis
    entries["assessed"] = assessed
    entries["declared"] = np.where(basis == Basis.UNRESOLVED, UNRESOLVED, declared)
    unresolved = basis == Basis.UNRESOLVED
    entries["least_taken"] = np.where(unresolved, 0, assessed)
    entries["most_taken"] = np.where(unresolved, entries["most"].to_numpy(), assessed)
    entries["unresolved"] = unresolved


def _items(entries: pd.DataFrame, standard: Standard, count: int) -> pd.DataFrame:
    """Item scores: base plus or minus what its clauses give, never below 0 (D-05) nor above its points.

    The entries are ``count`` sheets of all clauses each, so that the sums of all items are one product of integers: sheets ×
    clauses by clauses × items, 1 where a clause belongs to an item.
    """
    table = item_table(standard).sort_values("item", ignore_index=True)
    number, base, points, sign = (table[name].to_numpy() for name in ("item", "base", "points", "sign"))
    belongs = (np.array([clause.item_number for clause in standard.clauses])[:, None] == number).astype(np.int64)

    def sums(column: np.ndarray) -> np.ndarray:
        by_item: np.ndarray = column.astype(np.int64).reshape(count, len(standard.clauses)) @ belongs
        return by_item

    least, most, unresolved = (sums(entries[name].to_numpy()) for name in ("least_taken", "most_taken", "unresolved"))
    stated = sums(np.where(entries["unresolved"], 0, entries["declared"]))
    with_least, with_most = (np.clip(base + sign * taken, 0, points) for taken in (least, most))
    lowest, highest = np.where(sign > 0, with_least, with_most), np.where(sign > 0, with_most, with_least)
    found = {
        "sheet": np.repeat(np.arange(count), len(number)),
        "item": np.tile(number, count),
        "least": least,
        "most": most,
        "stated": stated,
        "unresolved": unresolved,
        "lowest": lowest,
        "highest": highest,
        "score": np.where(unresolved == 0, lowest, UNRESOLVED),
        "declared": np.clip(base * POINT_SCALE + sign * stated, 0, points * POINT_SCALE),
    }
    return pd.DataFrame({name: column.reshape(-1) for name, column in found.items()})


def _sheets(items: pd.DataFrame, count: int) -> pd.DataFrame:
    """Sums over items; assessed and declared only where every clause is resolved."""
    names = ("lowest", "highest", "declared", "unresolved")
    width = len(items) // count if count else 1
    lowest, highest, declared, unresolved = (items[name].to_numpy().reshape(count, width).sum(axis=1) for name in names)
    resolved = unresolved == 0
    return pd.DataFrame(
        {
            "lowest": lowest,
            "highest": highest,
            "declared": np.where(resolved, declared, UNRESOLVED),
            "unresolved": unresolved,
            "assessed": np.where(resolved, lowest, UNRESOLVED),
        }
    )


@lru_cache(maxsize=1 << 12)
def points(scaled: int) -> Decimal | None:
    """Millionths of a point → points (an exact decimal); None for UNRESOLVED."""
    if scaled == UNRESOLVED:
        return None
    value = Decimal(int(scaled)) / POINT_SCALE
    return value.to_integral_value() if value == value.to_integral_value() else value.normalize()
