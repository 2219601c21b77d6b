"""Every clause: what it can give, and what follows from a measured value, on both sides of each step and cap."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greencomm.standard import RATE_SCALE, Clause, load_standard
from greencomm.standard.kinds import Occurrence, Rate, Shortfall

STANDARD = load_standard()
CASES = tomllib.loads((Path(__file__).parent / "cases" / "clauses.toml").read_text(encoding="utf-8"))
MEASURED = [clause for clause in STANDARD.clauses if clause.measure]

DERIVED = [(clause, value, points) for clause, case in CASES.items() for value, points in case.get("actual", [])]
SENTENCES = [(clause, value, text) for clause, case in CASES.items() for value, text in case.get("arithmetic", [])]


def scaled(clause: Clause, written: str) -> int:
    """A measured value as the program carries it, exact: counts as they are, rates in RATE_SCALE-ths of a point."""
    value = Decimal(written) * (RATE_SCALE if clause.measure == "rate" else 1)
    assert value == int(value)
    return int(value)


def deduction(clause: Clause, actual: int) -> int:
    (points,) = clause.derive(np.array([actual], dtype=np.int64))
    return int(points)


@pytest.mark.parametrize(("clause_id", "written", "points"), DERIVED)
def test_the_deduction_follows_from_the_measured_value(clause_id: str, written: str, points: int) -> None:
    clause = STANDARD.clause[clause_id]
    assert deduction(clause, scaled(clause, written)) == points
    assert points in clause.possible


@pytest.mark.parametrize(("clause_id", "written", "sentence"), SENTENCES)
def test_the_arithmetic_can_be_followed(clause_id: str, written: str, sentence: str) -> None:
    clause = STANDARD.clause[clause_id]
    assert clause.arithmetic(scaled(clause, written)) == sentence


@pytest.mark.parametrize("clause", STANDARD.clauses, ids=lambda clause: clause.id)
def test_what_a_clause_can_give(clause: Clause) -> None:
    case = CASES[clause.id]
    assert list(clause.possible) == case["possible"]
    assert not set(case["impossible"]) & set(clause.possible)


def test_all_values_of_a_column_at_once() -> None:
    parking = STANDARD.clause["8.1"]
    assert parking.derive(np.array([0, 3, 1, 2], dtype=np.int64)).tolist() == [0, 2, 1, 2]


def test_an_unmeasured_clause_derives_nothing() -> None:
    with pytest.raises(TypeError):
        STANDARD.clause["1.1"].derive(np.array([1], dtype=np.int64))


def test_words_for_the_form() -> None:
    assert STANDARD.clause["1.1"].allowed == "0或3"
    assert STANDARD.clause["10.1"].allowed == "0、1、2、3、4或6"
    assert STANDARD.clause["8.1"].allowed_actual == "0、1、2这样的整数（单位：处）"
    assert STANDARD.clause["10.1"].allowed_actual == "0%到100%的比例，如85%；没有可统计的事项时写“不适用”"
    assert STANDARD.clause["12.1"].allowed_actual == "0%到100%的比例，如85%"
    assert {clause: STANDARD.clause[clause].terms for clause in ("1.1", "1.2", "8.1", "10.1", "12.1", "14.1", "17.1")} == {
        "1.1": "符合即扣3分",
        "1.2": "酌情扣1—3分（整数）",
        "8.1": "每1处扣1分，最多扣2分",
        "10.1": "从100%起，每低满10个百分点扣1分；低于60%本项不得分，扣6分",
        "12.1": "从30%起，每低满5个百分点扣1分，最多扣6分",
        "14.1": "应有2次，每少1次扣3分，最多扣6分",
        "17.1": "加1—4分（整数）",
    }


# --- no case is missing ---


def steps(clause: Clause) -> list[Decimal]:
    """Measured values at which the deduction changes or stops changing, read from the clause's numbers."""
    if isinstance(clause, Occurrence):
        return [Decimal(number) for number in range(-(-clause.cap // clause.points) + 1)]
    if isinstance(clause, Shortfall):
        return [Decimal(number) for number in range(clause.required + 1)]
    assert isinstance(clause, Rate)
    last = clause.item_zero_below or 0
    return [Decimal(number) for number in range(clause.start - clause.step, last - 1, -clause.step)]


def test_every_clause_has_its_cases() -> None:
    assert list(CASES) == [clause.id for clause in STANDARD.clauses]
    assert [clause for clause, case in CASES.items() if "actual" in case] == [clause.id for clause in MEASURED]
    assert [clause for clause, case in CASES.items() if "arithmetic" in case] == [clause.id for clause in MEASURED]


@pytest.mark.parametrize("clause", STANDARD.clauses, ids=lambda clause: clause.id)
def test_both_sides_of_everything_a_clause_can_give_have_a_case(clause: Clause) -> None:
    case = CASES[clause.id]
    named = set(case["possible"]) | set(case["impossible"])
    for points in clause.possible:
        assert {points - 1, points, points + 1} <= named


@pytest.mark.parametrize("clause", MEASURED, ids=lambda clause: clause.id)
def test_both_sides_of_every_step_have_a_case(clause: Clause) -> None:
    written = {Decimal(value) for value, _ in CASES[clause.id]["actual"]}
    near = Decimal(1) if clause.measure == "count" else Decimal("0.001")
    for step in steps(clause):
        assert step in written
        assert any(step < value <= step + near for value in written), f"nothing just above {step}"
        assert step == 0 or any(step - near <= value < step for value in written), f"nothing just below {step}"


# --- monotony ---

counts = st.integers(0, STANDARD.reading.count_limit)
rates = st.one_of(
    st.integers(0, 100 * RATE_SCALE),
    # Near whole percent points, where the steps are.
    st.builds(
        lambda point, off: min(max(point * RATE_SCALE + off, 0), 100 * RATE_SCALE), st.integers(0, 100), st.integers(-2, 2)
    ),
)


@pytest.mark.parametrize("clause", MEASURED, ids=lambda clause: clause.id)
@settings(deadline=None)
@given(data=st.data())
def test_more_occurrences_or_a_lower_rate_never_deduct_less(clause: Clause, data: st.DataObject) -> None:
    values = counts if clause.measure == "count" else rates
    low, high = sorted((data.draw(values), data.draw(values)))
    worse, better = (high, low) if isinstance(clause, Occurrence) else (low, high)
    assert deduction(clause, worse) >= deduction(clause, better)


@pytest.mark.parametrize("clause", MEASURED, ids=lambda clause: clause.id)
@settings(deadline=None)
@given(data=st.data())
def test_what_follows_is_always_something_the_clause_can_give(clause: Clause, data: st.DataObject) -> None:
    actual = data.draw(counts if clause.measure == "count" else rates)
    assert deduction(clause, actual) in clause.possible
