"""What clerks type into a form: every edge of every clause, one by one, and whole sheets at random.

An entry knows its sort, so that a run can say how many of each it typed. What no clerk's keyboard but every pasted or
calculated cell can hold (TRUE, #DIV/0!, a formula, a number with binary noise) is planted into the workbook's XML.
"""

from __future__ import annotations

import dataclasses
import io
import math
import random
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import cycle, zip_longest

from season import CITY, DAY, ROSTER, STANDARD

from greencomm.forms.issue import SheetAnswers, issue_workbook
from greencomm.forms.layout import Heading
from greencomm.roster import Community, Roster
from greencomm.standard import Clause
from greencomm.standard.kinds import Counted, Occurrence, Rate, Shortfall

READING = STANDARD.reading


class Sort(StrEnum):
    """Why an entry is there."""

    CLEAN = "clean"
    BLANK = "blank"
    WRONG = "wrong"
    PASTED = "pasted text"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Raw:
    """A cell as it lies in the XML. ``value`` is what it holds, None for an error."""

    shown: str
    xml: str
    value: str | float | bool | None = None


Value = str | int | float | Raw | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell, typed."""

    value: Value
    sort: Sort

    @property
    def text(self) -> str | None:
        """The text that the cell holds, None where it holds none."""
        held = self.value.value if isinstance(self.value, Raw) else self.value
        return held if isinstance(held, str) else None


@dataclass(frozen=True, slots=True)
class Row:
    """What one clause is answered with."""

    actual: Entry
    stated: Entry
    evidence: Value = None

    @property
    def cells(self) -> tuple[Value, Value, Value]:
        return self.actual.value, self.stated.value, self.evidence


@dataclass(frozen=True, slots=True)
class Sheet:
    """One community's sheet: rows by clause id, 申报绿色社区."""

    rows: Mapping[str, Row]
    claim: str | None = None

    @property
    def planted(self) -> bool:
        """Whether any cell holds what cannot be typed."""
        return any(isinstance(value, Raw) for row in self.rows.values() for value in row.cells)


def _formula(text: str, stored: str, kind: str = "", value: str | float | bool | None = None) -> Raw:
    """A formula that a clerk typed, with what it comes to."""
    return Raw(f"={text}", f"{kind}><f>{text}</f><v>{stored}</v>", value)


def noisy(number: float) -> Raw:
    """A number with all its binary digits, as a calculation leaves it; XlsxWriter writes 16."""
    return Raw(repr(number), f"><v>{number!r}</v>", number)


TRUE, FALSE = Raw("TRUE", ' t="b"><v>1</v>', True), Raw("FALSE", ' t="b"><v>0</v>', False)
NOT_AVAILABLE = Raw("#N/A", ' t="e"><v>#N/A</v>')
DIVIDED_BY_ZERO = _formula("1/0", "#DIV/0!", ' t="e"')
EMPTY_TEXT = _formula('""', "", ' t="str"', "")
NOTHING = Entry(None, Sort.BLANK)

SPACES: tuple[Value, ...] = (" ", "\u3000", " \u3000 ", "\u00a0", "\u200b", "\n", "\t \u00a0", EMPTY_TEXT)
"""What looks blank in a cell and is taken for blank by form and review alike."""
FAULTS: tuple[Value, ...] = (
    -1, -3, -0.5, 0.5, 1.5, 2.75, 5, 7, 101, 850, 10000, 44500, 87812345678, 10**6, 10**6 + 1, 1e15, 1e300, -1e300, 1e-9,
    1 / 3, TRUE, FALSE, NOT_AVAILABLE, DIVIDED_BY_ZERO,
)  # fmt: skip
"""Numbers that no clause takes or few, and what is no number."""
NOISE: tuple[Value, ...] = (
    noisy(1 - 0.1), noisy(0.1 + 0.2), noisy(0.7 * 100), noisy(0.57 * 100), noisy(1.1 * 3), noisy(0.1 * 6),
    noisy(sum([0.1] * 10)), noisy(4.35 * 100), noisy(2.9999999999999996), noisy(2.0000000000000004),
    _formula("17/20", "0.84999999999999998", value=0.85), _formula("1-0.1", "0.9", value=0.9), _formula("3-1", "2", value=2),
)  # fmt: skip
"""Calculated numbers."""
WORDS = (READING.none, READING.not_applicable)
SPACED_WORDS = (" 无", "无\u3000", "\u00a0无", "无\n", " 不适用\u3000", "不 适 用", "不适用\n", "\t不适用\u00a0")
PASTED: tuple[Value, ...] = (
    "0", "1", "2", "3", "３", " 3", "3\n", "3.0", "0.5", "-3", "－3", "+3", "3分", "扣3分", "扣 3 分", "加2分", "2个", "3处", "1次",
    "2项", "1季度", "85%", "８５％", "85 %", "0.85", "90%", "100%", "25％", "59.9%", "101%", "约3处", "三", "三处", "3-5", "1,000",
    "2021年", "是", "见附件", "√", "——", "暂无", "没有", "不适用。", "无（已核实）", "⽆", "3²", "9" * 30, "\u200b3", "\u2002",
    "=3", "TRUE", "#N/A", _formula('"无"', "无", ' t="str"', "无"), _formula('"3处"', "3处", ' t="str"', "3处"),
)  # fmt: skip
"""Texts, many of which the review reads and no formula can."""

NEAR = Decimal("1e-12")
"""The nearest to a step that a rate can be told from it, in percent points (Rate.live_percent)."""


# --- edges of a clause ------------------------------------------------------------------------------------------------


def stated_edges(clause: Clause) -> list[Value]:
    """Every 扣分 that the clause can give, the nearest that it cannot, and each with the noise of a calculation."""
    edges: list[Value] = []
    for points in clause.possible:
        edges += [points, points - 1, points + 1, points - 0.5, points + 0.5]
        if points:
            edges.append(noisy(math.nextafter(points, 0 if points % 2 else math.inf)))
    most = max(clause.possible)
    return list(dict.fromkeys([*edges, -most, 0.001, most - 0.001, most + 0.001]))


def steps(clause: Clause) -> list[Decimal]:
    """Measured values at which the deduction changes, begins or stops changing; rates in percent points."""
    if isinstance(clause, Occurrence):
        return [Decimal(number) for number in range(-(-clause.cap // clause.points) + 2)]
    if isinstance(clause, Shortfall):
        return [Decimal(number) for number in range(clause.required + 2)]
    assert isinstance(clause, Rate)
    return [Decimal(number) for number in range(clause.start, (clause.item_zero_below or 0) - 1, -clause.step)]


def actual_edges(clause: Clause) -> list[Value]:
    """Both sides of every step, floor, cap and limit of 实际值; a rate as a fraction and in percent points."""
    edges: list[Value] = []
    if isinstance(clause, Counted):
        for step in map(int, steps(clause)):
            edges += [step, step - 0.5, step - 0.001, step + 0.001]
            if step:
                edges += [noisy(math.nextafter(step, 0)), noisy(math.nextafter(step, math.inf))]
        limit = clause.count_limit
        edges += [-1, -0.001, limit - 1, limit - 0.5, limit, limit + 0.5, limit + 1]
    elif isinstance(clause, Rate):
        for step in dict.fromkeys([*steps(clause), Decimal(100), Decimal(1), Decimal(0)]):
            edges += [float(step + off) for off in (-NEAR, Decimal(0), NEAR)]
            edges += [float((step + off) / 100) for off in (-NEAR, Decimal(0), NEAR)]
            if step:
                edges.append(noisy(math.nextafter(float(step) / 100, 0 if step % 20 else math.inf)))
        edges += [101, -0.1, 0.005, 1.01, noisy(0.1 * 6), noisy(0.1 + 0.2)]
    return list(dict.fromkeys(edges))


ODD: tuple[Value, ...] = (
    None, " ", "\u3000", "\u00a0", "\u200b", "\n", EMPTY_TEXT, *WORDS, " 无", "不 适 用\n", "3", "３", "3分", "3处", "三处", "85%",
    "\u2002", -3, 1.5, 44500, 10**6 + 1, 1e300, 1e-9, 1 / 3, TRUE, NOT_AVAILABLE, DIVIDED_BY_ZERO, *NOISE[-2:],
)  # fmt: skip
"""What every cell is tried with."""


def edge_rows(clause: Clause) -> list[Row]:
    """Every edge and every oddity of a clause, in 扣分 and (where it has one) in 实际值, alone and beside each other."""

    def entry(value: Value) -> Entry:
        return Entry(value, Sort.EDGE)

    stated = list(dict.fromkeys([*stated_edges(clause), *ODD]))
    if clause.measure is None:
        reasons = cycle((None, "见附件", "\u3000", "\n\u00a0", 0, "\u2002", NOT_AVAILABLE, TRUE))
        reasoned = [Row(NOTHING, entry(points), reason) for points in clause.possible for reason in (None, *SPACES, "见附件")]
        return [*(Row(NOTHING, entry(value), next(reasons)) for value in stated), *reasoned, Row(entry("3处"), entry(0))]
    most = max(clause.possible)
    beside: Iterator[Value] = cycle((None, *clause.possible, most + 1, "0", 0.5, " ", TRUE, NOT_AVAILABLE))
    rows = [Row(entry(value), entry(next(beside))) for value in dict.fromkeys([*actual_edges(clause), *ODD])]
    rows += [Row(NOTHING, entry(value)) for value in stated]
    unusable = ("3处", "三处", READING.not_applicable, 1.5, NOT_AVAILABLE)
    return rows + [Row(entry(value), entry(beside)) for value in unusable for beside in (most, most + 1, "3")]


def clean_row(clause: Clause) -> Row:
    """Nothing deducted."""
    nought = Entry(0, Sort.CLEAN)
    best = {"count": clause.required if isinstance(clause, Shortfall) else 0, "rate": 1}
    return Row(NOTHING, nought) if clause.measure is None else Row(Entry(best[clause.measure], Sort.CLEAN), NOTHING)


def edge_sheets() -> list[Sheet]:
    """As many sheets as it takes to type every edge row of every clause once, and sheets for items and totals."""
    sheets = []
    for number, rows in enumerate(zip_longest(*(edge_rows(clause) for clause in STANDARD.clauses))):
        chosen = (row or clean_row(clause) for clause, row in zip(STANDARD.clauses, rows, strict=True))
        claim = (READING.yes, READING.no, None, " 是\u3000", "或许")[number % 5]
        sheets.append(Sheet({clause.id: row for clause, row in zip(STANDARD.clauses, chosen, strict=True)}, claim))
    return [*sheets, *total_sheets()]


def stated_sheet(points: Mapping[str, int]) -> Sheet:
    """A sheet on which 扣分 alone says what is deducted, 0 where ``points`` does not name the clause."""
    rows = {clause.id: Row(NOTHING, Entry(points.get(clause.id, 0), Sort.EDGE), "见附件") for clause in STANDARD.clauses}
    return Sheet(rows, READING.yes)


def total_sheets() -> list[Sheet]:
    """Edges of items and totals: each deduction at its least, second, …, most; both sides of the pass mark."""
    widest = max(len(clause.possible) for clause in STANDARD.clauses)
    sheets = [
        stated_sheet({clause.id: clause.possible[min(place, len(clause.possible) - 1)] for clause in STANDARD.clauses})
        for place in range(widest)
    ]
    mark = STANDARD.pass_mark.points
    for target in (mark - 1, mark, mark + 1):
        left = sum(item.base for item in STANDARD.items) - target
        taken: dict[str, int] = {}
        for item in STANDARD.items:
            room = 0 if item.base == 0 else min(left, item.points)
            for clause in item.clauses:
                taken[clause.id] = max(points for points in clause.possible if points <= room)
                room, left = room - taken[clause.id], left - taken[clause.id]
        assert not left, "the pass mark can be reached by deductions"
        sheets.append(stated_sheet(taken))
    only_evidence = {clause.id: Row(NOTHING, NOTHING, "见附件") for clause in STANDARD.clauses}
    only_spaces = {clause.id: Row(Entry("\n", Sort.EDGE), Entry("\u3000", Sort.EDGE)) for clause in STANDARD.clauses}
    untouched = [Sheet({}, None), Sheet({}, READING.yes), Sheet(only_spaces, READING.no)]
    return [*sheets, *untouched, Sheet(only_evidence, READING.no)]


# --- whole sheets at random -------------------------------------------------------------------------------------------

TEMPERS = {"honest": 40, "forgetful": 10, "careless": 28, "wild": 19, "untouched": 3}
"""Kinds of clerk and how many of a hundred are so."""
SLIPS = {"honest": 0.0, "forgetful": 0.08, "careless": 0.05, "wild": 0.5}
"""How often an entry of theirs is another than a clean one."""


def random_sheet(dice: random.Random) -> Sheet:
    """One community's answers."""
    temper = dice.choices(list(TEMPERS), list(TEMPERS.values()))[0]
    claim = dice.choice((READING.yes, READING.yes, READING.no, None, "\u3000", " 是\n", "可能"))
    if temper == "untouched":
        return Sheet({}, claim)
    return Sheet({clause.id: _random_row(dice, clause, temper) for clause in STANDARD.clauses}, claim)


def _random_row(dice: random.Random, clause: Clause, temper: str) -> Row:
    row = _honest_row(dice, clause)
    slip = SLIPS[temper]
    if temper == "forgetful":
        return Row(NOTHING, NOTHING, row.evidence) if dice.random() < slip else row
    if dice.random() < slip:
        row = dataclasses.replace(row, stated=_odd_entry(dice, stated_edges(clause)))
    if dice.random() < (slip if clause.measure else slip / 10):
        row = dataclasses.replace(row, actual=_odd_entry(dice, actual_edges(clause)))
    return row


def _odd_entry(dice: random.Random, edges: Sequence[Value]) -> Entry:
    kinds: dict[Sort, Sequence[Value]] = {
        Sort.BLANK: (None, None, *SPACES),
        Sort.WRONG: (*FAULTS, *WORDS),
        Sort.PASTED: (*PASTED, *SPACED_WORDS),
        Sort.EDGE: (*edges, *NOISE),
    }
    sort = dice.choice(list(kinds))
    return Entry(dice.choice(kinds[sort]), sort)


def _honest_row(dice: random.Random, clause: Clause) -> Row:
    """An answer that the clause takes; mostly nothing is deducted."""
    generous = dice.random() < 0.75
    stated: Value = 0 if generous else dice.choice(clause.possible)
    evidence = dice.choice((None, None, " ", "见附件", "照片3张", "\u00a0\n", "\u2002"))
    if clause.measure is None:
        return Row(NOTHING, Entry(stated, Sort.CLEAN), evidence)
    if dice.random() < 0.1:
        return Row(NOTHING, Entry(stated, Sort.CLEAN), evidence)
    actual: Value
    if isinstance(clause, Counted):
        best = clause.required if isinstance(clause, Shortfall) else 0
        actual = best if generous else dice.choice((0, 1, 2, 3, 4, 7, 12, clause.count_limit, READING.none))
    else:
        assert isinstance(clause, Rate)
        words = (READING.not_applicable, READING.none) if clause.not_applicable else ()
        share = round(dice.uniform(0.55 if clause.start == 100 else 0, 1), dice.choice((1, 2, 3)))
        actual = dice.choice((1, 100)) if generous else dice.choice((share, round(share * 100, 1), *words))
    beside = NOTHING if dice.random() < 0.6 else Entry(stated, Sort.CLEAN)
    return Row(Entry(actual, Sort.CLEAN), beside, evidence)


# --- the filled workbook ----------------------------------------------------------------------------------------------


def roster_of(count: int) -> Roster:
    """A unit with so many urban communities."""
    members = (
        Community(
            f"532301{101 + number // 199}{number % 199 + 1:03d}", f"第{number + 1}社区居民委员会", "楚雄市", "鹿城镇", CITY.code
        )
        for number in range(count)
    )
    return dataclasses.replace(ROSTER, communities=tuple(members))


def filled_form(sheets: Sequence[Sheet], roster: Roster) -> bytes:
    """The unit's workbook as issued, with these sheets filled in."""
    marks: dict[str, Raw] = {}

    def plain(value: Value) -> str | int | float | None:
        if not isinstance(value, Raw):
            return value
        mark = f"〔{value.shown}〕"
        marks[mark] = value
        return mark

    answers = {}
    for community, sheet in zip(roster.communities, sheets, strict=True):
        cells = {clause: tuple(plain(value) for value in row.cells) for clause, row in sheet.rows.items()}
        heading = {Heading.AUTHOR: "李填表", Heading.DATE: "2021-10-11", Heading.CLAIM: sheet.claim}
        answers[community.code] = SheetAnswers(heading, cells)
    target = io.BytesIO()
    issue_workbook(target, CITY, roster, STANDARD, form_date=DAY, answers=answers, contact="王联系", phone="0878-1234567")
    return _planted(target.getvalue(), marks)


def _planted(data: bytes, marks: Mapping[str, Raw]) -> bytes:
    """The workbook with every marked text replaced by what its mark stands for."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as planted:
        strings = re.findall(r"<si>(.*?)</si>", source.read("xl/sharedStrings.xml").decode(), re.DOTALL)
        texts = (re.sub(r"<[^>]*>", "", string).replace("&quot;", '"').replace("&amp;", "&") for string in strings)
        xml = {str(number): marks[text].xml for number, text in enumerate(texts) if text in marks}
        assert len(xml) == len(marks), "every mark is found again"
        for name in source.namelist():
            part = source.read(name).decode() if name.startswith("xl/worksheets/sheet") else source.read(name)
            if isinstance(part, str):
                part = re.sub(r' t="s"><v>(\d+)</v>', lambda match: xml.get(match[1], match[0]), part)
            planted.writestr(name, part)
    return target.getvalue()
