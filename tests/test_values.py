"""One cell becomes an answer: what people write, and what it must never be taken for (D-02, D-04, D-06, D-07)."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greencomm.findings import Misreading
from greencomm.forms.entries import POINT_SCALE, State
from greencomm.forms.values import is_blank, read_actual, read_claim, read_stated, shown
from greencomm.intake.workbook import Fault, FaultyCell
from greencomm.standard import RATE_SCALE, load_standard

STANDARD = load_standard()
READING = STANDARD.reading
FLAG, DISCRETIONARY, COUNT, TRAININGS, NOISE, COVERAGE, AWARD = (
    STANDARD.clause[clause] for clause in ("1.1", "1.2", "8.1", "14.1", "10.1", "12.1", "17.1")
)
ITEMS, QUARTERS = STANDARD.clause["6.2"], STANDARD.clause["13.2"]


def actual(value, clause):
    return read_actual(value, clause, READING, "F9")


def stated(value, clause=FLAG):
    return read_stated(value, clause, READING, "G9")


# 扣分


@pytest.mark.parametrize("value", [3, 3.0, 2.9999999999999996])
def test_a_plain_number_is_points_without_a_note(value):
    answer = stated(value)
    assert (answer.state, answer.value, answer.converted, answer.cell) == (State.VALUE, 3 * POINT_SCALE, False, "G9")


@pytest.mark.parametrize(
    "value", ["3", "３", " 3 ", "\u30003", "3\n", "3分", "扣3分", "扣 3 分", "３．０", "3.0", "\u200b3", "扣３分", "3\u00a0"]
)
def test_a_number_written_otherwise_is_converted(value):
    answer = stated(value)
    assert (answer.state, answer.value, answer.converted) == (State.VALUE, 3 * POINT_SCALE, True)


@pytest.mark.parametrize(
    "value, points", [(0.5, "0.5"), (4, "4"), ("7", "7"), ("0.5分", "0.5"), (0.1 + 0.2, "0.3"), (1000000, "1000000")]
)
def test_points_that_the_clause_cannot_give_are_read_as_they_stand(value, points):
    answer = stated(value, DISCRETIONARY)
    assert (answer.state, answer.value) == (State.VALUE, int(Decimal(points) * POINT_SCALE))


@pytest.mark.parametrize("value", [-3, -0.5, "-3", "－3", "−3", "–3", "扣-3", "扣－3分", " - 3", "-3分"])
@pytest.mark.parametrize("read", [lambda value: stated(value), lambda value: stated(value, DISCRETIONARY)])
def test_a_sign_is_a_fault_that_says_so(value, read):
    assert read(value).misreading is Misreading.NEGATIVE


@pytest.mark.parametrize("value", ["-3", -3, "加-3", "－3分"])
def test_a_sign_is_a_fault_for_an_award_too(value):
    assert stated(value, AWARD).misreading is Misreading.NEGATIVE


@pytest.mark.parametrize("value", [0, 0.0, -0.0, "0", "-0", "0分"])
def test_nought_is_nought_whatever_its_sign(value):
    assert (stated(value).state, stated(value).value) == (State.VALUE, 0)


@pytest.mark.parametrize(
    "value",
    [
        "约3", "3-5", "3~5", "三", "1/2", "½", "1e3", "3、4", "1,000", "3 5", "3\n5", "3．", ".5", "3²", "①", "㉑", "85%", "％",
        "3处", "+2", "加2分", "分", "扣", "扣分", "扣加3", "3分分", "——", "\u202e12", "0.1234567", 0.1234567, "9" * 40,
        "٣分之一", "3分钟", "G9",
    ],
)  # fmt: skip
def test_whatever_is_left_over_is_text(value):
    answer = stated(value)
    assert (answer.state, answer.misreading) == (State.FAULT, Misreading.TEXT)


@pytest.mark.parametrize("value", [1000001, 1e300, "13887801234", 44428000])
def test_no_deduction_is_that_large(value):
    assert stated(value).misreading is Misreading.TOO_LARGE


@pytest.mark.parametrize("value", ["无", "不适用", " 无 "])
def test_words_that_could_mean_several_things_are_no_deduction(value):
    assert stated(value).misreading is Misreading.NONE_WORD
    assert stated(value, COUNT).misreading is Misreading.NONE_WORD


@pytest.mark.parametrize("value", ["+2", "＋2", "加2分", "加 2", "2分", "2", "+2分"])
def test_an_award_may_carry_a_plus(value):
    answer = stated(value, AWARD)
    assert (answer.state, answer.value, answer.converted) == (State.VALUE, 2 * POINT_SCALE, True)


@pytest.mark.parametrize("value", ["扣2分", "扣2", "扣-2", "加+2", "+-2分加"])
def test_an_award_is_no_deduction(value):
    assert stated(value, AWARD).misreading is Misreading.TEXT


def test_no_award_may_be_written_as_a_word():
    answer = stated("无", AWARD)
    assert (answer.state, answer.value, answer.converted) == (State.VALUE, 0, True)
    assert stated("不适用", AWARD).misreading is Misreading.NONE_WORD


# Counts


@pytest.mark.parametrize(
    "value, clause",
    [("3处", COUNT), ("3个", COUNT), ("3", COUNT), ("３处", COUNT), ("3.0", COUNT), ("3 项", ITEMS), ("3次", TRAININGS),
     ("3季度", QUARTERS), ("3个季度", QUARTERS)],
)  # fmt: skip
def test_a_count_may_carry_its_unit(value, clause):
    answer = actual(value, clause)
    assert (answer.state, answer.value, answer.converted) == (State.VALUE, 3, True)


@pytest.mark.parametrize("value", [3, 3.0])
def test_a_plain_count(value):
    answer = actual(value, COUNT)
    assert (answer.state, answer.value, answer.converted) == (State.VALUE, 3, False)


def test_none_is_nought_as_a_count():
    answer = actual("无", COUNT)
    assert (answer.state, answer.value, answer.converted, answer.shown) == (State.VALUE, 0, True, "无")


@pytest.mark.parametrize(
    "value, why",
    [
        (2.5, Misreading.NOT_WHOLE),
        ("2.5处", Misreading.NOT_WHOLE),
        (-1, Misreading.NEGATIVE),
        ("-1处", Misreading.NEGATIVE),
        (10000, Misreading.TOO_LARGE),
        (44428.5, Misreading.TOO_LARGE),
        ("13887801234", Misreading.TOO_LARGE),
        ("3次", Misreading.TEXT),
        ("3分", Misreading.TEXT),
        ("85%", Misreading.TEXT),
        ("约3处", Misreading.TEXT),
        ("+3", Misreading.TEXT),
        ("三处", Misreading.TEXT),
        ("不适用", Misreading.NONE_WORD),
    ],
)
def test_what_is_no_count(value, why):
    assert actual(value, COUNT).misreading is why


def test_the_largest_count_believed_is_the_standards():
    assert actual(READING.count_limit, COUNT).value == READING.count_limit


# Rates


@pytest.mark.parametrize(
    "value, percent",
    [
        (0.85, "85"), (85, "85"), (1, "100"), (100, "100"), (0, "0"), (1.5, "1.5"), (59.9, "59.9"), (0.599, "59.9"),
        (0.9, "90"), (0.1 + 0.2, "30"), (0.30000000000000004, "30"), (89.99999999999, "89.99999999999"), (0.009, "0.9"),
    ],
)  # fmt: skip
def test_a_plain_rate(value, percent):
    answer = actual(value, NOISE)
    assert (answer.state, answer.value, answer.converted) == (State.VALUE, int(Decimal(percent) * RATE_SCALE), False)


@pytest.mark.parametrize(
    "value, percent",
    [("85%", "85"), ("８５％", "85"), ("85 %", "85"), ("85", "85"), ("0.85", "85"), ("1", "100"), ("1%", "1"), ("0.5%", "0.5"),
     ("100.0%", "100")],
)  # fmt: skip
def test_a_written_rate(value, percent):
    answer = actual(value, COVERAGE)
    assert (answer.state, answer.value, answer.converted) == (State.VALUE, int(Decimal(percent) * RATE_SCALE), True)


def test_digits_beyond_the_scale_never_round_up_to_a_step():
    assert actual("89.99999999999999999999%", NOISE).value == 90 * RATE_SCALE - 1


@pytest.mark.parametrize(
    "value, why",
    [
        (101, Misreading.OUT_OF_RANGE), ("150%", Misreading.OUT_OF_RANGE), (100.0001, Misreading.OUT_OF_RANGE),
        (-5, Misreading.NEGATIVE), ("-5%", Misreading.NEGATIVE), ("85%左右", Misreading.TEXT), ("85分", Misreading.TEXT),
        ("80%-85%", Misreading.TEXT), ("17/20", Misreading.TEXT), ("85%%", Misreading.TEXT),
    ],
)  # fmt: skip
def test_what_is_no_rate(value, why):
    assert actual(value, NOISE).misreading is why


def test_no_complaint_in_the_year():
    answer = actual("不适用", NOISE)
    assert (answer.state, answer.converted) == (State.NOT_APPLICABLE, False)
    answer = actual(" 无", NOISE)
    assert (answer.state, answer.converted, answer.shown) == (State.NOT_APPLICABLE, True, "无")


@pytest.mark.parametrize("word", ["不适用", "无"])
def test_coverage_is_always_applicable(word):
    assert actual(word, COVERAGE).misreading is Misreading.NONE_WORD


def test_a_clause_without_a_measured_value_asks_for_none():
    answer = actual("—", FLAG)
    assert (answer.state, answer.shown, answer.misreading) == (State.BLANK, "—", None)


# Every kind of cell


@pytest.mark.parametrize("clause", STANDARD.clauses, ids=lambda clause: clause.id)
@pytest.mark.parametrize("blank", [None, "", " ", "\u3000\n", "\u200b\ufeff"])
def test_blank_is_not_nought(clause, blank):
    assert is_blank(blank)
    for answer in (actual(blank, clause), stated(blank, clause)):
        assert (answer.state, answer.value, answer.shown) == (State.BLANK, 0, "")


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("clause", [COUNT, NOISE])
def test_a_faulty_cell_says_why(fault, clause):
    cell = FaultyCell(fault, "#REF!")
    for answer in (actual(cell, clause), stated(cell, clause)):
        # In a rate a percentage is wanted: above 100 % it is only too large (D-04).
        as_rate = fault is Fault.PERCENT and clause is NOISE and answer == actual(cell, clause)
        expected = Misreading.OUT_OF_RANGE if as_rate else Misreading(fault.value)
        assert (answer.state, answer.misreading, answer.shown) == (State.FAULT, expected, "#REF!")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_unreadable(value):
    assert stated(value).misreading is actual(value, NOISE).misreading is Misreading.UNREADABLE


@settings(deadline=None)
@given(
    value=st.none() | st.text() | st.floats() | st.integers() | st.builds(FaultyCell, st.sampled_from(Fault), st.text()),
    clause=st.sampled_from(STANDARD.clauses),
)
def test_every_cell_gives_one_answer(value, clause):
    for answer in (actual(value, clause), stated(value, clause)):
        assert (answer.state is State.FAULT) == (answer.misreading is not None)
        assert answer.value == 0 or (answer.state is State.VALUE and answer.value > 0)


@settings(deadline=None)
@given(st.decimals(0, 100, places=6))
def test_decimals_as_excel_holds_them_are_read_exactly(number):
    number = Decimal(f"{number:.6f}")
    assert stated(float(number)).value == number * POINT_SCALE
    assert stated(f"{number}").value == number * POINT_SCALE
    percent = number * 100 if number <= 1 else number
    assert actual(float(number), NOISE).value == percent * RATE_SCALE
    assert actual(f"{number}%", NOISE).value == number * RATE_SCALE


@settings(deadline=None)
@given(st.integers(10**13, 10**15 - 1))
def test_a_rate_of_fifteen_digits_is_read_exactly(digits):
    fraction = Fraction(digits, 10**15)
    assert actual(digits / 10**15, NOISE).value == fraction * 100 * RATE_SCALE


# 申报


@pytest.mark.parametrize(
    "value, claimed, readable",
    [("是", True, True), (" 是\n", True, True), ("否", False, True), (None, None, True), ("\u3000", None, True),
     ("申报", None, False), ("是/否", None, False), (1, None, False), (FaultyCell(Fault.LOGICAL, "TRUE"), None, False)],
)  # fmt: skip
def test_the_claim(value, claimed, readable):
    claim = read_claim(value, READING)
    assert (claim.value, claim.readable) == (claimed, readable)


@pytest.mark.parametrize(
    "value, text",
    [(3.0, "3"), (0.1 + 0.2, "0.3"), (12, "12"), (" a ", "a"), (None, ""), (FaultyCell(Fault.ERROR, "#REF!"), "#REF!")],
)
def test_cells_as_their_author_sees_them(value, text):
    assert shown(value) == text
