"""What the live cells of a community sheet show: as worksheet formulas, and as the values they give.

Each formula stands beside the function that says in Python what it shows, so that a form is issued with right stored
values and a test can hold the two against each other. Only functions that Excel 2010, WPS and LibreOffice share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from greencomm.forms import layout
from greencomm.standard import RATE_SCALE, Clause, Item, Standard
from greencomm.standard.kinds import Rate
from greencomm.standard.model import Reading

CellInput = str | int | float | Decimal | None
"""What a clerk types into a cell; None = nothing."""
Answers = Mapping[str, tuple[CellInput, CellInput, CellInput]]
"""By clause id: 实际值, 扣分, 说明及佐证材料. A clause that is not there is blank."""

_BLANK: tuple[CellInput, CellInput, CellInput] = (None, None, None)
_PERCENT_PLACES = Decimal("1e-12")
"""Where Clause.live_percent rounds."""
_UNSEEN = " \u3000\u00a0\u200b"
"""Spaces dropped from texts, as are control characters such as line breaks; a text of nothing else is blank."""


@dataclass(frozen=True, slots=True)
class LiveSheet:
    """What one community sheet shows. Points as integers; ``""`` and 有误 where there is no number."""

    due: dict[str, int | str]
    """应扣 by clause id."""
    score: dict[int, int | str]
    """得分 by item number."""
    status: dict[str, str]
    """填报状态 by clause id."""
    total: int | str
    """合计 and 自评总分."""

    @property
    def filled(self) -> int:
        """How many clauses hold an answer, right or wrong."""
        return len(self.due) - list(self.due.values()).count("")

    @property
    def wrong(self) -> int:
        """How many clauses show 有误 as 应扣."""
        return list(self.due.values()).count(layout.WRONG)

    @property
    def open(self) -> int:
        """How many clauses have a 填报状态 that asks for something beyond a first answer."""
        asking = [status for status in self.status.values() if status != layout.STATUS_DONE]
        return sum(not status.startswith(layout.STATUS_BLANK) for status in asking)


def live_view(standard: Standard, answers: Answers) -> LiveSheet:
    """What the formulas show for these answers; a number stored as text is 有误, as in the formulas."""
    due: dict[str, int | str] = {}
    status: dict[str, str] = {}
    known_standard = _known(standard)
    rows = known_standard.rows
    for clause in standard.clauses:
        answer = answers.get(clause.id, _BLANK)
        # 1, 1.0 and True are not the same as an answer; as 说明 they are, for it only matters whether there is one.
        key = (clause.id, answer[0].__class__, answer[1].__class__, answer)
        known = rows.get(key)
        if known is None:
            known = rows[key] = _row(clause, standard.reading, *answer)
        due[clause.id], status[clause.id] = known
    score = {
        item.number: _item_score(item, adds, [due[clause] for clause in clauses]) for item, adds, clauses in known_standard.items
    }
    values = list(due.values())
    missing, wrong = values.count(""), values.count(layout.WRONG)
    total: int | str = layout.total_unfinished(missing, wrong)
    if not missing and not wrong:
        total = sum(int(points) for points in score.values())
    return LiveSheet(due, score, status, total)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is made once for a standard."""

    standard: Standard
    """Held, so that no other has its identity."""
    items: tuple[tuple[Item, bool, tuple[str, ...]], ...]
    """Items, whether they add points, and their clauses' ids."""
    rows: dict[tuple[object, ...], tuple[int | str, str]]
    """What rows show: nearly all answers are among a few."""


_KNOWN: dict[int, _Known] = {}
_MOST_STANDARDS, _MOST_ROWS = 16, 20_000


def _known(standard: Standard) -> _Known:
    known = _KNOWN.get(id(standard))
    if known is None:
        if len(_KNOWN) >= _MOST_STANDARDS:
            _KNOWN.clear()
        items = tuple((item, _adds(item), tuple(clause.id for clause in item.clauses)) for item in standard.items)
        known = _KNOWN[id(standard)] = _Known(standard, items, {})
    if len(known.rows) > _MOST_ROWS:
        known.rows.clear()
    return known


def _row(clause: Clause, reading: Reading, actual: CellInput, stated: CellInput, evidence: CellInput) -> tuple[int | str, str]:
    """应扣 and 填报状态 of one clause (D-07, D-08)."""
    points = _stated_points(clause, reading, stated)
    if clause.measure is None:
        if points is None:
            return ("", layout.status_blank(clause.wanted)) if _is_blank(stated) else (layout.WRONG, layout.status_wrong(clause.allowed))
        if clause.needs_reason and points > 0 and _is_blank(evidence):
            return points, layout.STATUS_NO_REASON
        return points, layout.STATUS_DONE
    derived = _derived(clause, reading, actual)
    due: int | str
    if derived is not None:
        due = derived
    elif isinstance(actual, str) and not _is_blank(actual):
        # The review may read what no formula can (3处), so that 扣分 need not stand.
        due = layout.WRONG
    elif points is not None:
        due = points
    else:
        due = "" if _is_blank(actual) and _is_blank(stated) else layout.WRONG
    if derived is None and not _is_blank(actual):
        return due, layout.status_wrong(clause.allowed_actual)
    if points is None and not _is_blank(stated):
        return due, layout.status_wrong(clause.allowed)
    if derived is None:
        return due, layout.status_blank(clause.wanted) if points is None else layout.STATUS_NO_ACTUAL
    return due, layout.STATUS_DONE if points is None or points == derived else layout.STATUS_DIFFERS


def _item_score(item: Item, adds: bool, due: Sequence[int | str]) -> int | str:
    if layout.WRONG in due:
        return layout.WRONG
    if "" in due:
        return ""
    points = sum(int(value) for value in due)
    return min(item.points, points) if adds else max(0, item.base - points)


def _adds(item: Item) -> bool:
    return all(clause.adds for clause in item.clauses)


def _number(value: CellInput) -> Decimal | None:
    """The number that a worksheet holds for ``value``, to the 15 digits that it shows; None for text and blanks."""
    if value is None or isinstance(value, (str, bool)):
        return None
    return Decimal(f"{float(value):.15g}")


def trimmed(value: CellInput) -> str:
    """The value's text as ``trimmed_cell`` gives it."""
    text = "" if value is None else str(value)
    # Of letters and digits, as most texts are, nothing is dropped.
    return text if text.isalnum() else "".join(ch for ch in text if ch >= " " and ch not in _UNSEEN)


def _is_blank(value: CellInput) -> bool:
    return trimmed(value) == ""


def _stated_points(clause: Clause, reading: Reading, stated: CellInput) -> int | None:
    """扣分 where the clause can give it, else None."""
    number = _number(stated)
    if number is None:
        return 0 if isinstance(stated, str) and trimmed(stated) in _stated_words(clause, reading) else None
    return int(number) if number in clause.possible else None


def _derived(clause: Clause, reading: Reading, actual: CellInput) -> int | None:
    """The deduction that follows from 实际值, exact; None where 实际值 is blank or cannot be."""
    number = _number(actual)
    if number is None:
        if not isinstance(actual, str) or trimmed(actual) not in _actual_words(clause, reading):
            return None
        return _derive(clause, 0) if clause.measure == "count" else 0
    if clause.measure == "count":
        whole = number == number.to_integral_value() and 0 <= number <= reading.count_limit
        return _derive(clause, int(number)) if whole else None
    if not 0 <= number <= 100:
        return None
    percent = (number * 100 if number <= 1 else number).quantize(_PERCENT_PLACES, ROUND_HALF_UP)
    return _derive(clause, int(percent * RATE_SCALE))


def _derive(clause: Clause, measured: int) -> int:
    return int(clause.derive(np.array([measured], dtype=np.int64))[0])


def _actual_words(clause: Clause, reading: Reading) -> tuple[str, ...]:
    """Words that are an answer as 实际值: none at all, or nothing to measure (D-04, D-07)."""
    if clause.measure == "count":
        return (reading.none,)
    if isinstance(clause, Rate) and clause.not_applicable:
        return (reading.not_applicable, reading.none)
    return ()


def _stated_words(clause: Clause, reading: Reading) -> tuple[str, ...]:
    """Words that mean 0 as 扣分: only where nothing was awarded (D-07)."""
    return (reading.none,) if clause.adds else ()


# The same as formulas. Addresses are those of the row's cells; an error typed or pasted into a cell never spreads.


def due_formula(clause: Clause, reading: Reading, actual: str, stated: str) -> str:
    """应扣 of a clause."""
    possible, word = _is_possible(clause, stated), _is_word(trimmed_cell(stated), _stated_words(clause, reading))
    blank, otherwise = _is_blank_cell(stated), f'"","{layout.WRONG}"'
    if clause.measure is None:
        named = f"IF({word},0," if word else ""
        return f"=IF({possible},{stated},{named}IF({blank},{otherwise})" + (")" if named else "") + ")"
    word = _is_word(trimmed_cell(actual), _actual_words(clause, reading))
    named_deduction = clause.live_deduction("0") if clause.measure == "count" else "0"
    named = f"IF({word},{named_deduction}," if word else ""
    blank_actual = _is_blank_cell(actual)
    return (
        f"=IF({_is_measured(clause, actual)},{clause.live_deduction(actual)},{named}"
        f"IF(AND({possible},OR({blank_actual},NOT(ISTEXT({actual})))),{stated},IF(AND({blank_actual},{blank}),{otherwise}))"
        + (")" if named else "") + ")"
    )


def status_formula(clause: Clause, reading: Reading, actual: str, stated: str, due: str, evidence: str) -> str:
    """填报状态 of a clause."""
    possible, blank = _is_possible(clause, stated), _is_blank_cell(stated)
    wrong = _quoted(layout.status_wrong(clause.allowed))
    done, to_fill = _quoted(layout.STATUS_DONE), _quoted(layout.status_blank(clause.wanted))
    if clause.measure is None:
        if word := _is_word(trimmed_cell(stated), _stated_words(clause, reading)):
            possible = f"OR({possible},{word})"
        right = done
        if clause.needs_reason:
            right = f"IF(AND({due}>0,{_is_blank_cell(evidence)}),{_quoted(layout.STATUS_NO_REASON)},{done})"
        return f"=IF({possible},{right},IF({blank},{to_fill},{wrong}))"
    measured = _is_measured(clause, actual)
    if word := _is_word(trimmed_cell(actual), _actual_words(clause, reading)):
        measured = f"OR({measured},{word})"
    beside = f"IF({possible},IF({stated}<>{due},{_quoted(layout.STATUS_DIFFERS)},{done}),IF({blank},{done},{wrong}))"
    without = f"IF({possible},{_quoted(layout.STATUS_NO_ACTUAL)},IF({blank},{to_fill},{wrong}))"
    wrong_actual = _quoted(layout.status_wrong(clause.allowed_actual))
    return f"=IF({measured},{beside},IF({_is_blank_cell(actual)},{without},{wrong_actual}))"


def score_formula(item: Item, due: str) -> str:
    """得分 of an item whose 应扣 stand in the range ``due``."""
    points = f"MIN({item.points},SUM({due}))" if _adds(item) else f"MAX(0,{item.base}-SUM({due}))"
    return f'=IF(COUNTIF({due},"{layout.WRONG}")>0,"{layout.WRONG}",IF(COUNT({due})<{len(item.clauses)},"",{points}))'


def total_formula(standard: Standard, due: str, score: str) -> str:
    """合计: the sum, or what is missing and wrong before there is one."""
    wrong = f'COUNTIF({due},"{layout.WRONG}")'
    missing = f"({len(standard.clauses)}-COUNT({due})-{wrong})"
    one_missing, one_wrong = layout.total_unfinished(1, 0), layout.total_unfinished(0, 1)
    missing_text, wrong_text = (
        f'IF({count}>0,{sentence(text.replace("1", COUNT), count)},"")'
        for count, text in ((missing, one_missing), (wrong, one_wrong))
    )
    comma = layout.total_unfinished(1, 1).removeprefix(one_missing).removesuffix(one_wrong)
    both = f'IF(AND({missing}>0,{wrong}>0),"{comma}","")'
    return f"=IF(COUNT({due})={len(standard.clauses)},SUM({score}),{missing_text}&{both}&{wrong_text})"


COUNT = "{n}"


def sentence(text: str, count: str) -> str:
    """Worksheet expression for ``text`` with the expression ``count`` in the place of ``COUNT``."""
    before, found, after = text.partition(COUNT)
    parts = (_quoted(before) if before else "", count if found else "", _quoted(after) if after else "")
    return "&".join(part for part in parts if part)


def trimmed_cell(cell: str) -> str:
    """Worksheet expression: the cell's text without spaces and line breaks, wherever they stand."""
    text = f"CLEAN({cell})"
    for character in _UNSEEN:
        text = f'SUBSTITUTE({text},"{character}","")'
    return text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _is_blank_cell(cell: str) -> str:
    return f'IFERROR({trimmed_cell(cell)}="",FALSE)'


def _is_word(text: str, words: tuple[str, ...]) -> str:
    """Condition that the expression ``text`` is one of the words; empty where there are none."""
    if not words:
        return ""
    alternatives = ",".join(f"{text}={_quoted(word)}" for word in words)
    return f"IFERROR(OR({alternatives}),FALSE)"


def _is_number(cell: str, condition: str) -> str:
    return f"IFERROR(AND(ISNUMBER({cell}),NOT(ISLOGICAL({cell})),{condition}),FALSE)"


def _is_possible(clause: Clause, stated: str) -> str:
    return _is_number(stated, "OR(" + ",".join(f"{stated}={points}" for points in clause.possible) + ")")


def _is_measured(clause: Clause, actual: str) -> str:
    return _is_number(actual, clause.live_valid_actual(actual))


def actual_entry_formula(clause: Clause, reading: Reading, actual: str) -> str:
    """Rule for typing into 实际值 of a rate: a number that can be measured, or a word that the clause allows.

    At most 255 characters, so that of spaces only those around the word are dropped.
    """
    right = _is_measured(clause, actual)
    word = _is_word(f"TRIM({actual})", _actual_words(clause, reading))
    return f"=OR({right},{word})" if word else f"={right}"
