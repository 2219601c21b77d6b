"""Turns one cell into an answer: a count, a rate, points, 是/否, blank, or a fault that says why.

Numbers are taken as people write them (``３``, ``3分``, ``85%``); whatever is left over after that is a fault, because
a wrong number read without a complaint is worse than a question asked (D-04, D-06, D-07).
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from greencomm.findings import Misreading
from greencomm.forms.entries import POINT_SCALE, Answer, State
from greencomm.intake.workbook import CellValue, Fault, FaultyCell
from greencomm.standard.kinds import RATE_SCALE, Clause, Counted, Rate
from greencomm.standard.model import Reading

MAX_POINTS = 10**6
"""A stated deduction above this is a date or a telephone number in the wrong cell."""

_MISREADINGS = {
    Fault.ERROR: Misreading.ERROR,
    Fault.NO_VALUE: Misreading.NO_VALUE,
    Fault.DATE: Misreading.DATE,
    Fault.LOGICAL: Misreading.LOGICAL,
    Fault.PERCENT: Misreading.PERCENT,
    Fault.UNREADABLE: Misreading.UNREADABLE,
}
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_UNSEEN = re.compile(rf"[\s{_ZERO_WIDTH}]+")
_SEEN = re.compile(rf"[^\s{_ZERO_WIDTH}]")
_BETWEEN_DIGITS = re.compile(rf"[0-9.][\s{_ZERO_WIDTH}]+[0-9.]")
"""Several numbers in one cell: ``3 5`` must not become 35."""
_MINUS = str.maketrans(dict.fromkeys("−‐‑‒–—﹣", "-"))
_DIGITS = r"(?P<number>[0-9]{1,30}(?:\.[0-9]{1,30})?)"
_DEDUCTION = re.compile(rf"扣?(?P<sign>-?){_DIGITS}分?")
_AWARD = re.compile(rf"(?:\+|加(?!\+))?(?P<sign>-?){_DIGITS}分?")
_RATE = re.compile(rf"(?P<sign>-?){_DIGITS}(?P<percent>%?)")


class Claim(NamedTuple):
    """申报绿色社区: 是 is True, 否 False, blank None; ``readable`` is False where it says something else."""

    value: bool | None
    readable: bool
    shown: str


def read_actual(value: CellValue, clause: Clause, reading: Reading, cell: str | None) -> Answer:
    """实际值: a count, or a rate × RATE_SCALE percent points (D-04).

    A plain number of at most 1 is a rate's fraction, a larger one counts percent points. For a clause without a
    measured value nothing is asked: blank, with what stands there as ``shown``.
    """
    if isinstance(clause, Rate):
        return _read_rate(value, clause, reading, cell)
    if not isinstance(clause, Counted):
        return Answer(State.BLANK, cell, shown=shown(value))
    if type(value) is int and 0 <= value <= clause.count_limit:
        return Answer(State.VALUE, cell, value, str(value))
    text, answer = _prepared(value, cell)
    if answer is not None:
        return answer
    if text == reading.none:
        return Answer(State.VALUE, cell, 0, shown(value), converted=True)
    unit = re.escape(clause.unit)
    found = _amount(value, text, re.compile(rf"(?P<sign>-?){_DIGITS}(?:个?{unit}|个)?"))
    if found is None:
        return _fault(value, cell, _word_fault(text, reading))
    number, negative = found
    if negative:
        return _fault(value, cell, Misreading.NEGATIVE)
    if number > clause.count_limit:
        return _fault(value, cell, Misreading.TOO_LARGE)
    if number.denominator != 1:
        return _fault(value, cell, Misreading.NOT_WHOLE)
    return Answer(State.VALUE, cell, int(number), shown(value), converted=isinstance(value, str))


def read_stated(value: CellValue, clause: Clause, reading: Reading, cell: str | None) -> Answer:
    """扣分 (for an award the points added): any number not below 0, × POINT_SCALE points.

    Whether the clause can give it is for scoring to judge (D-06). 无 is 0 only for an award (D-07).
    """
    if type(value) is int and 0 <= value <= MAX_POINTS:
        return Answer(State.VALUE, cell, value * POINT_SCALE, str(value))
    text, answer = _prepared(value, cell)
    if answer is not None:
        return answer
    if clause.adds and text == reading.none:
        return Answer(State.VALUE, cell, 0, shown(value), converted=True)
    found = _amount(value, text, _AWARD if clause.adds else _DEDUCTION)
    if found is None:
        return _fault(value, cell, _word_fault(text, reading))
    number, negative = found
    if negative:
        return _fault(value, cell, Misreading.NEGATIVE)
    if number > MAX_POINTS:
        return _fault(value, cell, Misreading.TOO_LARGE)
    scaled = number * POINT_SCALE
    if scaled.denominator != 1:
        return _fault(value, cell, Misreading.TEXT)
    return Answer(State.VALUE, cell, int(scaled), shown(value), converted=isinstance(value, str))


def read_claim(value: CellValue, reading: Reading) -> Claim:
    """申报绿色社区: the standard's words for yes and no, nothing else."""
    text, answer = _prepared(value, None)
    if answer is not None:
        return Claim(None, answer.state is State.BLANK, answer.shown)
    return Claim({reading.yes: True, reading.no: False}.get(text), text in (reading.yes, reading.no), shown(value))


def is_blank(value: CellValue) -> bool:
    """Whether nobody sees anything in a cell: empty, or white space and characters without width."""
    return value is None or (isinstance(value, str) and _SEEN.search(value) is None)


def shown(value: CellValue) -> str:
    """A cell as its author sees it: ``3``, ``0.85``, ``约3处``; empty for blank."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.strip()
        # Only what begins with a character without width may hold nothing but such characters.
        return "" if text and text[0] in _ZERO_WIDTH and is_blank(text) else text
    if isinstance(value, FaultyCell):
        return value.shown
    # Fifteen digits are what Excel holds; floats of whole numbers lose their fraction.
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def squeezed(text: str) -> str:
    """Text with full-width forms folded, without white space and characters without width."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def _read_rate(value: CellValue, clause: Rate, reading: Reading, cell: str | None) -> Answer:
    if isinstance(value, FaultyCell) and value.fault is Fault.PERCENT:
        return _fault(value, cell, Misreading.OUT_OF_RANGE)
    text, answer = _prepared(value, cell)
    if answer is not None:
        return answer
    if clause.not_applicable and text in (reading.not_applicable, reading.none):
        return Answer(State.NOT_APPLICABLE, cell, shown=shown(value), converted=text == reading.none)
    found = _amount(value, text, _RATE)
    if found is None:
        return _fault(value, cell, _word_fault(text, reading))
    number, negative = found
    if negative:
        return _fault(value, cell, Misreading.NEGATIVE)
    percent = number * 100 if number <= 1 and not text.endswith("%") else number
    if percent > 100:
        return _fault(value, cell, Misreading.OUT_OF_RANGE)
    # Digits beyond the scale are cut off, never rounded up: 89.99…9 % stays below 90 %.
    return Answer(State.VALUE, cell, int(percent * RATE_SCALE), shown(value), converted=isinstance(value, str))


def _prepared(value: CellValue, cell: str | None) -> tuple[str, Answer | None]:
    """The text to look at (empty for a number), or the answer where there is nothing to look at."""
    if value is None or is_blank(value):
        return "", Answer(State.BLANK, cell)
    if isinstance(value, FaultyCell):
        return "", _fault(value, cell, _MISREADINGS[value.fault])
    if isinstance(value, bool):
        return "", _fault(value, cell, Misreading.LOGICAL)
    if isinstance(value, str):
        return _plain(value), None
    return "", None if math.isfinite(value) else _fault(value, cell, Misreading.UNREADABLE)


def _plain(text: str) -> str:
    """A text for reading as a number. What must not become another number by folding stays as it is."""
    # ² ① ㉑ and their kind would fold into digits: 3² is not 32.
    if any(ch.isnumeric() and not ch.isdecimal() for ch in text):
        return text
    folded = unicodedata.normalize("NFKC", text)
    return text if _BETWEEN_DIGITS.search(folded) else _UNSEEN.sub("", folded).translate(_MINUS)


def _amount(value: CellValue, text: str, pattern: re.Pattern[str]) -> tuple[Fraction, bool] | None:
    """The size of a number and whether it is below 0; None where the text is not of the pattern."""
    if isinstance(value, int | float):
        exact = Fraction(Decimal(f"{value:.15g}")) if isinstance(value, float) else Fraction(value)
        return abs(exact), exact < 0
    match = pattern.fullmatch(text)
    if match is None:
        return None
    number = Fraction(match["number"])
    return number, bool(match["sign"]) and number != 0


def _word_fault(text: str, reading: Reading) -> Misreading:
    return Misreading.NONE_WORD if text in (reading.none, reading.not_applicable) else Misreading.TEXT


def _fault(value: CellValue, cell: str | None, misreading: Misreading) -> Answer:
    return Answer(State.FAULT, cell, shown=shown(value), misreading=misreading)
