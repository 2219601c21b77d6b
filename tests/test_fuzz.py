"""A sample of the fuzz run of tools/fuzz.py, and the mutants that once broke a promise of the program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import fuzz  # noqa: E402

PIECES = 6
MUTANTS = 240


@pytest.mark.parametrize("piece", range(PIECES))
def test_a_sample_of_mutants(piece):
    tally = fuzz.fuzz(MUTANTS, seed=20211018 + piece)
    assert tally.violations == []
    assert tally.accepted.total() + tally.rejected.total() == MUTANTS
    # Mutants of both kinds, else nothing was tried.
    assert tally.accepted.total() > MUTANTS / 10 < tally.rejected.total()
    assert tally.changed > 0 and tally.whole_runs == 1


def test_a_mutant_is_always_the_same():
    assert fuzz.mutate(123, 7) == fuzz.mutate(123, 7) != fuzz.mutate(163, 7)


def test_a_wrong_number_would_be_seen(monkeypatch):
    """A reader that doubles what it reads breaks the promise, so the promise can be broken."""
    real = fuzz.answers_of

    def doubled(arrival, unit):
        found = real(arrival, unit)
        if arrival.path != "base.xlsx" and "1.1" in found:
            actual, stated = found["1.1"]
            found["1.1"] = (actual, type(stated)(stated.state, stated.cell, stated.value + 1, stated.shown))
        return found

    monkeypatch.setattr(fuzz, "answers_of", doubled)
    assert any("without a word" in what for _, what in fuzz.fuzz(fuzz.BATCH, seed=1).violations)
