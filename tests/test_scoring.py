"""Scores of whole sheets, worked out by hand from the notice and D-01 … D-09."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greencomm.forms.entries import POINT_SCALE, Answer, State
from greencomm.scoring import UNRESOLVED, points, score
from greencomm.standard import RATE_SCALE, load_standard

STANDARD = load_standard()
BLANK = Answer(State.BLANK)
FAULT = Answer(State.FAULT)
NA = Answer(State.NOT_APPLICABLE)


def count(number):
    return Answer(State.VALUE, value=number)


def rate(percent):
    return Answer(State.VALUE, value=int(Decimal(str(percent)) * RATE_SCALE))


def deduct(number):
    return Answer(State.VALUE, value=int(Decimal(str(number)) * POINT_SCALE))


PERFECT_ACTUAL = {
    "6.2": count(0), "8.1": count(0), "8.2": count(0), "8.3": count(0), "10.1": rate(100), "12.1": rate(100),
    "13.2": count(0), "14.1": count(2),
}  # fmt: skip


def sheet(changes=None):
    """A sheet where nothing is deducted and nothing awarded: 96 points."""
    answers = {clause.id: (PERFECT_ACTUAL.get(clause.id, BLANK), deduct(0)) for clause in STANDARD.clauses}
    answers.update(changes or {})
    return [answers[clause.id] for clause in STANDARD.clauses]


def scored(changes=None):
    scores = score([sheet(changes)], STANDARD)
    row = scores.sheets.iloc[0]
    items = {int(r.item): int(r.score) for r in scores.items.itertuples()}
    return row, items


# name: changes → assessed, declared, lowest, highest ("-" = unresolved)
SITUATIONS = [
    ("nothing deducted, no award", {}, 96, "96", 96, 96),
    ("the full award", {"17.1": (BLANK, deduct(4))}, 100, "100", 100, 100),
    ("missing document and platform", {"1.1": (BLANK, deduct(3)), "2.1": (BLANK, deduct(3))}, 90, "90", 90, 90),
    ("90 % of noise complaints handled takes 1", {"10.1": (rate(90), BLANK)}, 95, "95", 95, 95),
    ("59.9 % takes the whole item", {"10.1": (rate("59.9"), BLANK)}, 90, "90", 90, 90),
    ("no complaint in the year", {"10.1": (NA, BLANK)}, 96, "96", 96, 96),
    ("5 places of bad parking stop at the cap", {"8.1": (count(5), BLANK)}, 94, "94", 94, 94),
    ("the county deducts less than measured", {"8.1": (count(5), deduct(1))}, 94, "95", 94, 94),
    ("the county deducts what cannot be, beside a measured value", {"8.1": (count(1), deduct("0.5"))}, 95, "95.5", 95, 95),
    ("only the stated deduction", {"8.1": (BLANK, deduct(2))}, 94, "94", 94, 94),
    ("unreadable count beside a possible deduction", {"8.1": (FAULT, deduct(2))}, 94, "94", 94, 94),
    ("unreadable deduction beside a count", {"8.1": (count(2), FAULT)}, 94, "94", 94, 94),
    ("neglect and destruction take 6, not 9", {"16.1": (BLANK, deduct(3)), "16.2": (BLANK, deduct(6))}, 90, "90", 90, 90),
    ("a blank flag leaves 3 open", {"1.1": (BLANK, BLANK)}, "-", "-", 93, 96),
    ("a blank award leaves 4 open", {"17.1": (BLANK, BLANK)}, "-", "-", 96, 100),
    ("a blank rate leaves the whole item open", {"10.1": (BLANK, BLANK)}, "-", "-", 90, 96),
    ("half a point at discretion is no answer", {"1.2": (BLANK, deduct("0.5"))}, "-", "-", 93, 96),
    ("4 points at discretion are no answer", {"1.2": (BLANK, deduct(4))}, "-", "-", 93, 96),
    ("5 cannot be for the noise rate", {"10.1": (BLANK, deduct(5))}, "-", "-", 90, 96),
    ("1 cannot be for quarters", {"13.2": (BLANK, deduct(1))}, "-", "-", 92, 96),
    ("open clauses of one item stop at its points", {"16.1": (BLANK, BLANK), "16.2": (BLANK, BLANK)}, "-", "-", 90, 96),
    ("known and open in one item", {"16.1": (BLANK, deduct(3)), "16.2": (BLANK, BLANK)}, "-", "-", 90, 93),
    ("one training of two", {"14.1": (count(1), BLANK)}, 93, "93", 93, 93),
    ("no training", {"14.1": (count(0), BLANK)}, 90, "90", 90, 90),
    ("more trainings than asked", {"14.1": (count(9), BLANK)}, 96, "96", 96, 96),
]


@pytest.mark.parametrize(("name", "changes", "assessed", "declared", "low", "high"), SITUATIONS, ids=lambda v: str(v)[:30])
def test_situation(name, changes, assessed, declared, low, high):
    row, _ = scored(changes)
    assert int(row.assessed) == (UNRESOLVED if assessed == "-" else assessed)
    assert points(int(row.declared)) == (None if declared == "-" else Decimal(declared))
    assert (int(row.lowest), int(row.highest)) == (low, high)


def test_items_of_a_sheet():
    _, items = scored({"8.1": (count(3), BLANK), "8.2": (count(1), BLANK), "11.1": (BLANK, deduct(6)), "17.1": (BLANK, BLANK)})
    assert items[8] == 3 and items[11] == 0 and items[17] == UNRESOLVED and items[1] == 6


def test_a_clause_that_a_sheet_cannot_tell_is_open():
    answers = sheet()
    answers[0] = None
    row = score([answers], STANDARD).sheets.iloc[0]
    assert (row.assessed, row.lowest, row.highest) == (UNRESOLVED, 93, 96)


def test_no_sheets_at_all():
    assert score([], STANDARD).sheets.empty


def possible_answers(clause):
    stated = st.one_of(
        st.just(BLANK), st.just(FAULT), st.integers(0, 8).map(deduct), st.decimals(0, 9, places=1).map(deduct)
    )
    if clause.measure == "count":
        actual = st.one_of(st.just(BLANK), st.just(FAULT), st.integers(0, clause.count_limit).map(count))
    elif clause.measure == "rate":
        actual = st.one_of(st.just(BLANK), st.just(FAULT), st.just(NA), st.decimals(0, 100, places=3).map(rate))
    else:
        actual = st.just(BLANK)
    return st.tuples(actual, stated)


any_sheet = st.tuples(*(possible_answers(clause) for clause in STANDARD.clauses)).map(list)


@settings(max_examples=60, deadline=None)
@given(st.lists(any_sheet, min_size=1, max_size=5))
def test_scores_stay_within_bounds_and_do_not_touch_each_other(sheets):
    scores = score(sheets, STANDARD)
    table = scores.sheets
    assert (table.lowest >= 0).all() and (table.highest <= 100).all() and (table.lowest <= table.highest).all()
    resolved = table.unresolved == 0
    assert (table.assessed[resolved] == table.highest[resolved]).all()
    assert (table.lowest[resolved] == table.highest[resolved]).all()
    alone = [score([one], STANDARD).sheets.iloc[0].tolist() for one in sheets]
    assert table.to_numpy().tolist() == alone


@settings(max_examples=60, deadline=None)
@given(any_sheet, st.sampled_from(["6.2", "8.1", "8.2", "8.3", "13.2"]), st.integers(0, 20), st.integers(0, 20))
def test_more_occurrences_never_raise_a_score(answers, clause_id, some, more):
    position = list(STANDARD.clause).index(clause_id)
    few, many = list(answers), list(answers)
    few[position], many[position] = (count(some), BLANK), (count(some + more), BLANK)
    table = score([few, many], STANDARD).sheets
    assert table.lowest[1] <= table.lowest[0] and table.highest[1] <= table.highest[0]


@settings(max_examples=60, deadline=None)
@given(any_sheet)
def test_the_range_is_reached_by_deciding_the_open_clauses(answers):
    """Deciding every open clause for and against the community gives exactly highest and lowest (D-09)."""
    scores = score([answers], STANDARD)
    open_clauses = scores.entries.unresolved.tolist()
    best, worst = list(answers), list(answers)
    for position, (clause, is_open) in enumerate(zip(STANDARD.clauses, open_clauses, strict=True)):
        if is_open:
            most, least = deduct(max(clause.possible)), deduct(0)
            best[position], worst[position] = (BLANK, most if clause.adds else least), (BLANK, least if clause.adds else most)
    decided = score([best, worst], STANDARD).sheets
    assert (decided.unresolved == 0).all()
    assert decided.assessed.tolist() == [scores.sheets.highest[0], scores.sheets.lowest[0]]
