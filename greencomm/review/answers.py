"""The answers of one community against its scores: every clause, item and total that needs a word."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from greencomm import rules
from greencomm.findings import Finding, Misreading, Place
from greencomm.forms import layout
from greencomm.forms.entries import POINT_SCALE, Answer, ClauseRow, Located, State
from greencomm.forms.layout import Heading
from greencomm.results import Basis
from greencomm.review.sheets import CommunitySheet
from greencomm.review.submissions import is_blank
from greencomm.scoring import points
from greencomm.standard import Clause, Standard, percent_text
from greencomm.texts import normal_label

_EXAMPLES = {"rate": "85%", "count": "2"}
_UNRESOLVED_ITEM = "该项有条款没有核定"
_TOTALS = 2
"""Cells that show a community's total: 合计 and 自评总分."""


@dataclass(frozen=True, slots=True)
class SheetScores:
    """Scores of one sheet, taken out of the frames (scoring.Scores)."""

    basis: list[int]
    derived: list[int]
    assessed: list[int]
    items: dict[int, int | None]
    item_deductions: dict[int, int]
    """Assessed deductions of an item before it stops at 0."""
    lowest: int
    highest: int
    score: int | None
    declared: Decimal | None


def review_answers(sheet: CommunitySheet, scores: SheetScores, standard: Standard) -> Iterator[Finding]:
    """All findings about what was typed on one scored sheet."""
    reviewer = _Reviewer(sheet, scores, standard)
    all_given = zip(scores.basis, scores.derived, strict=True)
    for position, (row, facts, given) in enumerate(zip(sheet.rows, sheet.facts, all_given, strict=True)):
        if row is None or facts is None or given in facts.silent:
            continue
        silent = True
        for finding in reviewer.clause(standard.clauses[position], row, position):
            silent = False
            yield finding
        if silent:
            # Whether there is anything to say hangs on nothing else: so neither is there on the next sheet with this row.
            facts.silent.add(given)
    yield from reviewer.items()
    yield from reviewer.totals()
    yield from reviewer.claim()


class _Reviewer:
    def __init__(self, sheet: CommunitySheet, scores: SheetScores, standard: Standard) -> None:
        self.sheet, self.scores, self.standard = sheet, scores, standard
        mark = standard.pass_mark.points
        self.pass_mark = mark
        self.unresolved_weight: dict[str, Any] = {
            "decides": scores.lowest < mark <= scores.highest, "lowest": scores.lowest, "highest": scores.highest,
        }  # fmt: skip
        """What hangs on what is unresolved: whether it decides about the pass mark, and the points left open."""
        self.has_scores = any(facts is not None and facts.has_score for facts in sheet.facts)
        """Whether something is typed over the formulas of 得分."""

    def weight(self, position: int, *others: int) -> dict[str, Any]:
        """What hangs on one assessed clause: whether the community crosses the pass mark with another deduction, and the
        points that it may reach with what was assessed and with ``others``."""
        return self.spanned(*(self.change(position, other) for other in others))

    def change(self, position: int, other: int) -> int:
        """By how many points the score changes if a clause takes (or adds) ``other``; an item never falls below 0 (D-05)."""
        clause = self.standard.clauses[position]
        item = self.standard.item[clause.item_number]
        sign = 1 if clause.adds else -1
        more = other - self.scores.assessed[position]
        if self.scores.items[item.number] is None:
            return sign * more
        taken = self.scores.item_deductions[item.number]

        def score(points: int) -> int:
            return min(max(item.base + sign * points, 0), item.points)

        return score(taken + more) - score(taken)

    def spanned(self, *changes: int) -> dict[str, Any]:
        """``decides``, ``lowest`` and ``highest`` where the score may also change by each of ``changes``."""
        ends = (self.scores.lowest, self.scores.highest)
        turns = any((end >= self.pass_mark) != (end + change >= self.pass_mark) for end in ends for change in changes)
        span = [end + change for end in ends for change in (0, *changes)]
        return {"decides": turns, "lowest": max(min(span), 0), "highest": min(max(span), self.standard.full_score)}

    # --- clauses --------------------------------------------------------------------------------------------------------

    def clause(self, clause: Clause, row: ClauseRow, position: int) -> Iterator[Finding]:
        words: dict[str, Any] = {"clause": clause.id, "name": clause.name}
        basis = self.scores.basis[position]
        if clause.measure is None:
            yield from self.unmeasured(clause, row, position, words)
        elif basis == Basis.MEASURED:
            yield from self.measured(clause, row, position, words)
        elif basis == Basis.STATED:
            yield from self.stated_only(clause, row, position, words)
        else:
            yield self.unresolved(clause, row, words)
        if not (row.actual.converted or row.stated.converted):
            return
        for answer, column, measure in (
            (row.actual, layout.Column.ACTUAL, clause.measure or "count"),
            (row.stated, layout.Column.STATED, None),
        ):
            if answer.converted and answer.state is not State.FAULT and (measure is None or clause.measure):
                place = self.sheet.at(answer.cell, clause.id)
                yield rules.CLAUSE_CONVERTED.at(
                    place, found=answer.shown, expected=self.value_text(answer, measure), column=f"“{column}”",
                    about=column.value, **words,
                )  # fmt: skip

    def unmeasured(self, clause: Clause, row: ClauseRow, position: int, words: dict[str, Any]) -> Iterator[Finding]:
        if row.actual.shown.strip():
            place = self.sheet.at(row.actual.cell, clause.id)
            yield rules.ACTUAL_NOT_WANTED.at(place, found=row.actual.shown, **words)
        if self.scores.basis[position] == Basis.UNRESOLVED:
            yield self.unresolved(clause, row, words)
            return
        taken = row.stated.value // POINT_SCALE
        if taken and is_blank(row.evidence) and (clause.needs_reason or clause.adds):
            rule = rules.REASON_MISSING if clause.needs_reason else rules.AWARD_EVIDENCE_MISSING
            place = self.sheet.at(row.evidence.cell or row.stated.cell, clause.id)
            weight = self.weight(position, 0) if clause.needs_reason else {}
            yield rule.at(place, found=str(taken), value=typed_values(None, row.stated), **weight, **words)

    def measured(self, clause: Clause, row: ClauseRow, position: int, words: dict[str, Any]) -> Iterator[Finding]:
        """The deduction follows from the measured value; what was stated beside it may differ."""
        derived = self.scores.derived[position]
        if row.stated.state is State.BLANK or (row.stated.state is State.VALUE and row.stated.value == derived * POINT_SCALE):
            return
        value = typed_values(row.actual, row.stated)
        arithmetic = (
            clause.arithmetic(row.actual.value) if row.actual.state is State.VALUE else f"{row.actual.shown}，不扣分"
        )
        place = self.sheet.at(row.stated.cell, clause.id)
        if row.stated.state is State.FAULT:
            why = why_unreadable(row.stated)
            yield rules.STATED_UNREADABLE_MEASURED.at(
                place, found=row.stated.shown, expected=str(derived), why=why, arithmetic=arithmetic, value=value, **words
            )
        elif row.stated.state is State.VALUE:
            yield rules.STATED_DIFFERS.at(
                place,
                found=points_text(row.stated.value),
                expected=str(derived),
                arithmetic=arithmetic,
                value=value,
                **self.weight(position, min(row.stated.value // POINT_SCALE, clause.item_points)),
                **words,
            )

    def stated_only(self, clause: Clause, row: ClauseRow, position: int, words: dict[str, Any]) -> Iterator[Finding]:
        """The stated deduction stands for want of a measured value, which could give any that is possible."""
        place = self.sheet.at(row.actual.cell or row.stated.cell, clause.id)
        assessed, value = self.scores.assessed[position], typed_values(row.actual, row.stated)
        weight = self.weight(position, min(clause.possible), max(clause.possible))
        if row.actual.state is State.BLANK:
            yield rules.ACTUAL_MISSING.at(
                place, found=str(assessed), expected=clause.allowed_actual, value=value, **weight, **words
            )
        else:
            yield rules.ACTUAL_UNREADABLE.at(
                place,
                found=row.actual.shown,
                expected=clause.allowed_actual,
                value=value,
                **weight,
                why=why_unreadable(row.actual),
                stated=str(assessed),
                example=_EXAMPLES[clause.measure or "count"],
                **words,
            )

    def unresolved(self, clause: Clause, row: ClauseRow, words: dict[str, Any]) -> Finding:
        """Why a clause has no deduction: one finding, the nearest cause."""
        actual, stated = row.actual, row.stated
        place = self.sheet.at(stated.cell, clause.id)
        example = str(min(clause.possible))
        weight = {"value": typed_values(actual if clause.measure else None, stated), **self.unresolved_weight}
        if clause.measure and actual.state is State.FAULT:
            return rules.ACTUAL_UNUSABLE.at(
                self.sheet.at(actual.cell, clause.id),
                found=actual.shown,
                expected=clause.allowed_actual,
                **weight,
                why=why_unreadable(actual),
                stated="也没有填" if stated.state is State.BLANK else f"“{stated.shown}”也不能用",
                example=_EXAMPLES[clause.measure],
                **words,
            )
        if stated.state is State.BLANK and clause.measure:
            place = self.sheet.at(actual.cell or stated.cell, clause.id)
            expected = clause.allowed
            return rules.CLAUSE_MEASURED_BLANK.at(
                place, expected=expected, actual=clause.allowed_actual, **weight, **words
            )
        if stated.state is State.BLANK:
            return rules.CLAUSE_BLANK.at(
                place, expected=clause.allowed, wanted=clause.wanted, **weight, **words
            )
        if stated.state is State.VALUE:
            return rules.STATED_IMPOSSIBLE.at(
                place, found=stated.shown, expected=clause.allowed, **weight, **words
            )
        if stated.misreading is Misreading.NEGATIVE:
            return rules.STATED_NEGATIVE.at(place, found=stated.shown, expected=clause.allowed, **weight, **words)
        return rules.STATED_UNREADABLE.at(
            place,
            found=stated.shown,
            expected=clause.allowed,
            **weight,
            why=why_unreadable(stated),
            example=example,
            **words,
        )

    def value_text(self, answer: Answer, measure: str | None) -> str:
        """How an answer was read: ``3``, ``85%``, ``不适用``."""
        if answer.state is State.NOT_APPLICABLE:
            return self.standard.reading.not_applicable
        if measure == "rate":
            return percent_text(answer.value)
        return str(answer.value) if measure == "count" else points_text(answer.value)

    # --- items, totals, claim ---------------------------------------------------------------------------------------------

    def items(self) -> Iterator[Finding]:
        """Deductions beyond an item's points, and item scores typed over their formula."""
        for item in self.standard.items:
            score = self.scores.items[item.number]
            taken = self.scores.item_deductions[item.number]
            if score is None:
                self.pass_over((rules.SCORE_DIFFERS,), _UNRESOLVED_ITEM, len(item.clauses))
                if not item.clauses[0].adds:
                    self.pass_over((rules.ITEM_ABOVE_POINTS,), _UNRESOLVED_ITEM)
                continue
            if taken <= item.points and not self.has_scores:
                continue
            rows = [row for place in self.standard.positions[item.number] if (row := self.sheet.rows[place]) is not None]
            if rows and not item.clauses[0].adds and taken > item.points:
                place = self.sheet.at(rows[-1].stated.cell, item.clauses[-1].id)
                yield rules.ITEM_ABOVE_POINTS.at(
                    place, found=str(taken), expected=str(item.points), item=item.number, about=f"第{item.number}项"
                )
            for row in rows:
                if row.score.is_formula or row.score.value is None:
                    continue
                typed = number_in(row.score)
                if typed is None or typed == score:
                    continue
                place = self.sheet.at(row.score.cell, row.clause)
                yield rules.SCORE_DIFFERS.at(
                    place, found=plain(typed), expected=str(score), item=item.number, points=item.points,
                    value=f"填写 {plain(typed)}；核算 {score}",
                )  # fmt: skip

    def pass_over(self, passed: tuple[rules.Rule, ...], reason: str, count: int = 1) -> None:
        """Remember that rules cannot be applied to ``count`` things here."""
        self.sheet.unchecked[tuple(rule.code for rule in passed), reason] += count

    def totals(self) -> Iterator[Finding]:
        """Totals typed over their formula, or that do not agree; a total that only follows another is not told twice."""
        both = (rules.TOTAL_DIFFERS, rules.TOTAL_OVERWRITTEN)
        if self.scores.score is None or self.sheet.reading is None:
            self.pass_over(both, "有条款没有核定", _TOTALS)
            return
        right = {Decimal(self.scores.score), self.scores.declared}
        told: set[Decimal] = set()
        scores_typed = self.has_scores and any(
            row is not None and not row.score.is_formula and number_in(row.score) is not None for row in self.sheet.rows
        )
        heading = self.sheet.reading.heading[Heading.TOTAL]
        for where, located in ((f"“{layout.TOTAL_ROW}”行", self.sheet.reading.total), (f"“{Heading.TOTAL}”", heading)):
            typed = number_in(located)
            if typed is None:
                self.pass_over(both, "没有写数字，或公式没有保存结果")
                continue
            if typed in told:
                continue
            value = f"填写 {plain(typed)}；核算 {self.scores.score}"
            words: dict[str, Any] = {"found": plain(typed), "where": where, "about": where.strip("“”行"), "value": value}
            place = self.sheet.at(located.cell)
            if typed not in right and not (located.is_formula and scores_typed):
                told.add(typed)
                decides = (typed >= self.pass_mark) != (self.scores.score >= self.pass_mark)
                ends = (Decimal(self.scores.score), min(typed, Decimal(self.standard.full_score)))
                span: dict[str, Any] = {"lowest": math.floor(min(ends)), "highest": math.ceil(max(ends))}
                yield rules.TOTAL_DIFFERS.at(place, expected=str(self.scores.score), decides=decides, **span, **words)
            elif typed in right and not located.is_formula:
                yield rules.TOTAL_OVERWRITTEN.at(place, **words)

    def claim(self) -> Iterator[Finding]:
        """The county's claim against the assessment, where that is settled (D-09)."""
        score = self.scores.score
        if score is None or self.sheet.claimed is None or self.sheet.reading is None:
            return
        green = score >= self.pass_mark
        if green != self.sheet.claimed:
            rule = rules.CLAIM_GREEN if green else rules.CLAIM_BELOW
            place: Place = self.sheet.at(self.sheet.reading.heading[Heading.CLAIM].cell)
            value = f"申报 {self.standard.reading.yes if self.sheet.claimed else self.standard.reading.no}；核定得分 {score}"
            yield rule.at(place, found=str(score), expected=str(self.pass_mark), value=value)


def typed_values(actual: Answer | None, stated: Answer) -> str:
    """What an explanation would explain: ``实际值 9；扣分 3``; empty where nothing is typed."""
    cells = ((layout.Column.ACTUAL, actual.shown if actual else ""), (layout.Column.STATED, stated.shown))
    return "；".join(f"{title} {text}" for title, text in cells if text.strip())


def why_unreadable(answer: Answer) -> str:
    """Why an answer cannot be read, as it follows the value in a sentence."""
    return rules.WHY_UNREADABLE[answer.misreading or Misreading.TEXT]


def points_text(scaled: int) -> str:
    """Stated points as people write them: ``3``, ``0.5``."""
    value = points(scaled)
    return plain(value) if value is not None else ""


def plain(number: Decimal) -> str:
    """A number without exponent or needless zeros."""
    return f"{number.normalize():f}" if number != number.to_integral_value() else f"{number.to_integral_value():f}"


def number_in(located: Located) -> Decimal | None:
    """A typed number, also one typed as text (``95分``); None for anything else, live messages included."""
    if located.value is None:
        return None
    if type(located.value) is int and abs(located.value) < _EXACT:
        return _whole(located.value)
    if isinstance(located.value, (int, float)):
        return Decimal(repr(located.value)).quantize(Decimal("1e-6")).normalize()
    text = normal_label(located.text).removesuffix("分")
    try:
        return Decimal(text).normalize() if text and text[0].isdigit() else None
    except ArithmeticError:
        return None


_EXACT = 10**15
"""Whole numbers below are stored as they are typed."""


@lru_cache(maxsize=1024)
def _whole(number: int) -> Decimal:
    return Decimal(number).normalize()
