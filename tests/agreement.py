"""Holds the form against the review: whatever is typed, each live cell must show what scoring makes of it.

What a cell must show follows from the review of the same file: its answers as intake and ``forms.values`` read them,
scored by ``scoring.score``; 填报状态 from the findings. Three calculations of the form are held against that: the
stored values that a form is issued with, LibreOffice's, and the library ``formulas``'.

Form and review may differ in one thing only, said in ``is_read`` and ``as_the_form_reads``. A formula reads numbers,
nothing, and the standard's words. Any other text it calls 有误, with what is allowed, and gives no number that rests on
it — also where the review makes something of the text: a number, converted with a note (``3处``, ``85%``); nothing, for
characters that nobody sees beyond those that a formula drops; or no value, so that 扣分 stands beside it. There the form
asks for more than the review does; nowhere does it show another number, nor one where scoring has none.

Numbers mean what a cell shows of them, fifteen digits, and rates are told from a step as near as ``clerks.NEAR``. What no
formula sees is a cell's number format, so that dates and times are left out here: 9:10 typed for a rate is 0.38 to the
form and a fault to the review.

The full run: python tests/agreement.py --communities 2000 --seed 1
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import openpyxl  # noqa: E402
from clerks import READING, Entry, Raw, Row, Sheet, Sort, filled_form, random_sheet, roster_of  # noqa: E402
from evaluation import Evaluation  # noqa: E402
from office import recalculate  # noqa: E402
from openpyxl.utils.cell import coordinate_to_tuple  # noqa: E402
from openpyxl.workbook import Workbook as Book  # noqa: E402
from python_calamine import CalamineWorkbook  # noqa: E402
from season import STANDARD, arrive, judge  # noqa: E402

from greencomm import rules  # noqa: E402
from greencomm.forms import layout  # noqa: E402
from greencomm.forms.entries import Answer, State  # noqa: E402
from greencomm.forms.issue import BELOW, GREEN, UNFINISHED, UNTOUCHED  # noqa: E402
from greencomm.forms.layout import Column, Heading  # noqa: E402
from greencomm.forms.live import live_view  # noqa: E402
from greencomm.intake.workbook import cell_name  # noqa: E402
from greencomm.results import RegionResult  # noqa: E402
from greencomm.roster import Roster  # noqa: E402
from greencomm.scoring import UNRESOLVED, Scores, score  # noqa: E402
from greencomm.standard import Clause  # noqa: E402

Shown = dict[str, object]
"""What live cells show, by what they are: ``应扣 8.1``, ``填报状态 8.1``, ``得分 8``, ``合计``, ``自评总分``."""
Values = Callable[[str, str], object]
"""The value of a cell by sheet and address, as one calculation has it."""
Grid = list[list[Any]]
"""A sheet's values, rows from the first."""
Pair = tuple[Answer, Answer]

WRONG, WRONG_ACTUAL, WRONG_STATED = "有误", "有误的实际值", "有误的扣分"
BY_FINDING = {
    rules.CLAUSE_BLANK: "待填",
    rules.CLAUSE_MEASURED_BLANK: "待填",
    rules.ACTUAL_MISSING: "请补实际值",
    rules.STATED_DIFFERS: "与实际值不符",
    rules.REASON_MISSING: "请填扣分理由",
    rules.ACTUAL_UNUSABLE: WRONG_ACTUAL,
    rules.ACTUAL_UNREADABLE: WRONG_ACTUAL,
    rules.STATED_IMPOSSIBLE: WRONG_STATED,
    rules.STATED_UNREADABLE: WRONG_STATED,
    rules.STATED_NEGATIVE: WRONG_STATED,
    rules.STATED_UNREADABLE_MEASURED: WRONG_STATED,
}
"""What 填报状态 says for a finding of the review about the clause; none of them: 已填."""
STATUS_OF = {rule.code: status for rule, status in BY_FINDING.items()}
ABOUT_TOTALS = {rule.code for rule in (rules.SCORE_DIFFERS, rules.TOTAL_DIFFERS, rules.TOTAL_OVERWRITTEN)}


# --- what must be shown -----------------------------------------------------------------------------------------------


def seen(text: str) -> str:
    """A text as a formula sees it: without spaces (those of keyboards and web pages) and line breaks."""
    return re.sub("[ \u3000\u00a0\u200b\x00-\x1f]", "", text)


def is_read(entry: Entry, answer: Answer) -> bool:
    """Whether a formula takes the cell as the review does: no text, or one that is nothing or a word that both take."""
    if entry.text is None or not seen(entry.text):
        return True
    return seen(entry.text) in (READING.none, READING.not_applicable) and answer.state is not State.FAULT


def as_the_form_reads(clause: Clause, row: Row, pair: Pair) -> Pair:
    """The one difference between form and review: a text that no formula reads is a fault, and 扣分 beside an
    实际值 that may yet be read has nothing to stand on."""
    fault = Answer(State.FAULT)
    actual, stated = pair
    if clause.measure is not None and not is_read(row.actual, actual):
        return fault, fault
    return actual, stated if is_read(row.stated, stated) else fault


@dataclass
class Expected:
    """What one community's sheet and its row on 汇总 must show."""

    shown: Shown
    claim: str
    review: int | None = None
    """The review's score."""
    filled: bool = True
    """Whether the review takes the sheet for one on which something was filled in (D-07)."""
    refused: int = 0
    """Clauses that the review scores and the form calls 有误, for a text in them."""

    @property
    def total(self) -> object:
        return self.shown["合计"]

    @cached_property
    def summary(self) -> Shown:
        """By the first words of 汇总's headers."""
        due = [value for what, value in self.shown.items() if what.startswith("应扣")]
        status = [str(value) for what, value in self.shown.items() if what.startswith("填报状态")]
        filled = sum(value != "" for value in due)
        if isinstance(self.total, int):
            standing = GREEN if self.total >= STANDARD.pass_mark.points else BELOW
        else:
            standing = UNTOUCHED if not self.filled else WRONG if WRONG in due else UNFINISHED
        return {
            "已填": f"{filled}/{len(due)}",
            "自评得分": self.total,
            "结论": standing,
            "是否申报": self.claim,
            "需改正": sum(not text.startswith(("已填", "待填")) for text in status),
        }


def must_show(sheets: Sequence[Sheet], roster: Roster, data: bytes) -> list[Expected]:
    """What each sheet of the filled workbook must show, in the roster's order."""
    arrival = arrive("form.xlsx", data)
    assert arrival.form is not None
    result = judge(arrival, roster=roster)
    reading_of = {reading.heading[Heading.CODE].text: reading for reading in arrival.form.communities}
    read: list[list[Pair]] = []
    for community in roster.communities:
        rows = {row.clause: row for row in reading_of[community.code].rows}
        read.append([(rows[clause.id].actual, rows[clause.id].stated) for clause in STANDARD.clauses])
    as_seen = [
        [as_the_form_reads(clause, row_of(sheet, clause), pair) for clause, pair in zip(STANDARD.clauses, pairs, strict=True)]
        for sheet, pairs in zip(sheets, read, strict=True)
    ]
    results = {one.community.code: one for unit in result.units for one in unit.communities}
    found = _findings(result)
    by_review, by_form = _Tables(score(read, STANDARD)), _Tables(score(as_seen, STANDARD))
    expected = []
    for number, (community, sheet) in enumerate(zip(roster.communities, sheets, strict=True)):
        reviewed = results[community.code]
        # Of a sheet on which nothing was typed the review says so once, not clause by clause.
        codes = found[community.code] if reviewed.clauses else dict.fromkeys(STANDARD.clause, [rules.CLAUSE_BLANK.code])
        status = _statuses(sheet, read[number], codes, by_review.possible[number])
        claim = {True: READING.yes, False: READING.no, None: seen(sheet.claim or "")}[reviewed.claimed]
        shown = by_form.shown(number, as_seen[number], status)
        is_filled = not reading_of[community.code].is_empty
        expected.append(Expected(shown, claim, reviewed.assessed_score, is_filled, by_form.refused(number, by_review)))
    return expected


def row_of(sheet: Sheet, clause: Clause) -> Row:
    """The row as typed; an untouched one is blank."""
    nothing = Entry(None, Sort.BLANK)
    return sheet.rows.get(clause.id, Row(nothing, nothing))


def _findings(result: RegionResult) -> dict[str, dict[str, list[str]]]:
    """Codes of the findings that decide a 填报状态, by community and clause."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for finding in result.findings:
        if finding.rule in STATUS_OF and finding.place.community and finding.place.clause:
            found[finding.place.community][finding.place.clause].append(finding.rule)
    return found


def _statuses(sheet: Sheet, pairs: list[Pair], found: Mapping[str, list[str]], possible: Sequence[bool]) -> Iterator[str]:
    for clause, (actual, stated), can_give in zip(STANDARD.clauses, pairs, possible, strict=True):
        row, codes = row_of(sheet, clause), found.get(clause.id, [])
        assert len(codes) <= 1, f"the review says several things of one clause: {codes}"
        status = STATUS_OF[codes[0]] if codes else "已填"
        if clause.measure is not None and not is_read(row.actual, actual):
            status = WRONG_ACTUAL
        elif status == WRONG_ACTUAL:
            pass
        elif not is_read(row.stated, stated) or (status == "与实际值不符" and not can_give):
            status = WRONG_STATED
        elif status == "请填扣分理由" and isinstance(row.evidence, str) and seen(row.evidence):
            status = "已填"
        yield {
            "待填": f"待填：{clause.wanted}",
            WRONG_STATED: f"有误，应填{clause.allowed}",
            WRONG_ACTUAL: f"有误，应填{clause.allowed_actual}",
        }.get(status, status)


class _Tables:
    """The frames of scoring cut into sheets."""

    def __init__(self, scores: Scores) -> None:
        clauses, items = len(STANDARD.clauses), len(STANDARD.items)
        self.due = scores.entries["assessed"].to_numpy().reshape(-1, clauses).tolist()
        self.possible = scores.entries["possible"].to_numpy().reshape(-1, clauses).tolist()
        self.score = scores.items["score"].to_numpy().reshape(-1, items).tolist()
        self.total = scores.sheets["assessed"].tolist()

    def shown(self, number: int, pairs: Sequence[Pair], statuses: Iterator[str]) -> Shown:
        """The live cells of a sheet."""
        due: dict[str, object] = {}
        for clause, points, pair in zip(STANDARD.clauses, self.due[number], pairs, strict=True):
            nothing = all(answer.state is State.BLANK for answer in pair)
            due[clause.id] = points if points != UNRESOLVED else "" if nothing else WRONG
        cells: Shown = {f"应扣 {clause}": points for clause, points in due.items()}
        cells |= {f"填报状态 {clause.id}": status for clause, status in zip(STANDARD.clauses, statuses, strict=True)}
        for item, points in zip(STANDARD.items, self.score[number], strict=True):
            is_wrong = any(due[clause.id] == WRONG for clause in item.clauses)
            cells[f"得分 {item.number}"] = points if points != UNRESOLVED else WRONG if is_wrong else ""
        missing, wrong = (list(due.values()).count(word) for word in ("", WRONG))
        unfinished = "，".join([f"还差{missing}项"] * (missing > 0) + [f"有误{wrong}项"] * (wrong > 0))
        total = self.total[number] if self.total[number] != UNRESOLVED else unfinished
        return cells | {"合计": total, "自评总分": total}

    def refused(self, number: int, review: _Tables) -> int:
        """How many clauses the review scores and the form doesn't; where both do, they do so alike."""
        pairs = list(zip(self.due[number], review.due[number], strict=True))
        assert all(form in (UNRESOLVED, other) for form, other in pairs), "the form scores what the review scores otherwise"
        return sum(form != other for form, other in pairs)


# --- what is shown ----------------------------------------------------------------------------------------------------


def grids_of(data: bytes) -> Callable[[str], Grid]:
    """The values that a workbook stores, by sheet."""
    book = CalamineWorkbook.from_object(io.BytesIO(data))
    return cache(lambda name: book.get_sheet_by_name(name).to_python(skip_empty_area=False))


def values_of(data: bytes) -> Values:
    """The value that a workbook stores in a cell."""
    grids = grids_of(data)

    def value(sheet: str, address: str) -> object:
        row, column = coordinate_to_tuple(address)
        return grids(sheet)[row - 1][column - 1]

    return value


def places(grid: Grid, is_label: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Row and column, from 1, of the texts that are such a label."""
    for row, cells in enumerate(grid, 1):
        yield from ((row, column) for column, value in enumerate(cells, 1) if isinstance(value, str) and is_label(value))


def live_cells(grid: Grid) -> dict[str, str]:
    """Addresses of a community sheet's live cells, found by their labels."""
    head, first = next(places(grid, lambda text: text == Column.CLAUSE))
    column = {value: number for number, value in enumerate(grid[head - 1], 1)}
    row_of_clause = {cells[first - 1]: row for row, cells in enumerate(grid, 1) if row > head}

    def address(row: str, header: Column) -> str:
        return cell_name(row_of_clause[row], column[header])

    cells = {
        f"{header} {clause.id}": address(clause.id, header)
        for header in (Column.DUE, Column.STATUS)
        for clause in STANDARD.clauses
    }
    cells |= {f"{Column.SCORE} {item.number}": address(item.clauses[0].id, Column.SCORE) for item in STANDARD.items}
    row, label = next(places(grid, lambda text: text.rstrip("：") == Heading.TOTAL))
    return cells | {"合计": address(layout.TOTAL_ROW, Column.SCORE), "自评总分": cell_name(row, label + 1)}


SUMMARY_HEADERS = ("已填", "自评得分", "结论", "是否申报", "需改正")
FIGURES = ("已填完", "自评达标比例", "自评达标", "申报")
SENTENCES = {
    "申报了却没有填": r"(\d+)个社区申报了却没有填",
    "没有填": r"(\d+)个社区没有填(?!完)",
    "没有填完": r"(\d+)个社区没有填完",
    "填错": r"(\d+)个社区有填错",
    "条款": r"(\d+)个条款",
    "没有选": r"(\d+)个社区没有选",
    "未达标却申报": r"(\d+)个社区未达标却申报",
    "达标却没有申报": r"(\d+)个社区达标却没有申报",
}
"""What is missing before sending, as one sentence says it."""


def summary_cells(grid: Grid, names: Sequence[str]) -> tuple[list[dict[str, str]], dict[str, str], str]:
    """Addresses on 汇总: of each community's cells, of the figures, of the sentence that says what is missing."""

    def first(text: str, below: int = 0) -> tuple[int, int]:
        return next(place for place in places(grid, lambda value: value.startswith(text)) if place[0] > below)

    head, _ = first("序号")
    columns = {header: first(header, head - 1)[1] for header in SUMMARY_HEADERS}
    rows = {grid[row - 1][column - 1]: row for row, column in places(grid, lambda text: text in set(names)) if row > head}
    communities = [{header: cell_name(rows[name], column) for header, column in columns.items()} for name in names]
    figures = {title: cell_name(first(title)[0] + 1, first(title)[1]) for title in FIGURES}
    sentence = next(places(grid, lambda text: "个社区" in text or "个条款" in text))
    return communities, figures, cell_name(*sentence)


def figures_of(expected: Sequence[Expected]) -> Shown:
    """What the figures of 汇总 must show."""
    rows = [one.summary for one in expected]
    green = sum(row["结论"] == GREEN for row in rows)
    return {
        "已填完": sum(isinstance(row["自评得分"], int) for row in rows),
        "自评达标": green,
        "自评达标比例": green / len(rows),
        "申报": sum(row["是否申报"] == READING.yes for row in rows),
    }


def sentence_of(expected: Sequence[Expected]) -> Shown:
    """The numbers that the sentence on 汇总 must say."""
    rows = [one.summary for one in expected]
    standings = Counter(row["结论"] for row in rows)
    return {
        "申报了却没有填": sum(row["结论"] == UNTOUCHED and row["是否申报"] == READING.yes for row in rows),
        "没有填": sum(row["结论"] == UNTOUCHED and row["是否申报"] != READING.yes for row in rows),
        "没有填完": standings[UNFINISHED],
        "填错": standings[WRONG],
        "条款": sum(int(str(row["需改正"])) for row in rows),
        "没有选": sum(row["结论"] != UNTOUCHED and not row["是否申报"] for row in rows),
        "未达标却申报": sum(row["结论"] == BELOW and row["是否申报"] == READING.yes for row in rows),
        "达标却没有申报": sum(row["结论"] == GREEN and row["是否申报"] == READING.no for row in rows),
    }


def said_in(sentence: object) -> Shown:
    """The numbers that the sentence says, 0 where it leaves something out."""
    found = {what: re.search(pattern, str(sentence)) for what, pattern in SENTENCES.items()}
    return {what: int(match[1]) if match else 0 for what, match in found.items()}


# --- one against the other --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One cell that shows something else than it must."""

    by: str
    sheet: str
    cell: str
    what: str
    typed: str
    shown: object
    expected: object

    def __str__(self) -> str:
        typed = f", typed {self.typed}" if self.typed else ""
        return f"{self.by}: {self.sheet}!{self.cell} ({self.what}){typed}: shows {self.shown!r}, must show {self.expected!r}"


@dataclass
class Outcome:
    """What was compared, and every difference."""

    communities: int = 0
    cells: Counter[str] = field(default_factory=Counter)
    """By calculation."""
    entries: Counter[str] = field(default_factory=Counter)
    """Answers typed (实际值 and 扣分), by sort."""
    statuses: Counter[str] = field(default_factory=Counter)
    """How often each 填报状态 was due, by its first words."""
    totals: int = 0
    """Sheets on which 合计 is a score."""
    refused: int = 0
    differences: list[Difference] = field(default_factory=list)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.communities + other.communities,
            self.cells + other.cells,
            self.entries + other.entries,
            self.statuses + other.statuses,
            self.totals + other.totals,
            self.refused + other.refused,
            self.differences + other.differences,
        )


class Case:
    """A filled workbook with what it must show."""

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets, self.roster = sheets, roster_of(len(sheets))
        self.data = filled_form(sheets, self.roster)
        self.expected = must_show(sheets, self.roster, self.data)
        self.grids, self.stored_value = grids_of(self.data), values_of(self.data)
        self.names = [community.short_name for community in self.roster.communities]

    @cached_property
    def book(self) -> Book:
        """The workbook with its formulas."""
        return openpyxl.load_workbook(io.BytesIO(self.data))

    @cached_property
    def cells(self) -> list[dict[str, str]]:
        """Addresses of the live cells of each community sheet."""
        return [live_cells(self.grids(name)) for name in self.names]

    @cached_property
    def summary(self) -> tuple[list[dict[str, str]], dict[str, str], str]:
        """Addresses of the live cells of 汇总."""
        return summary_cells(self.grids(layout.SUMMARY_SHEET), [community.name for community in self.roster.communities])

    @property
    def outcome(self) -> Outcome:
        """What was typed and what it must show, nothing compared yet."""
        entries: Counter[str] = Counter()
        for sheet in self.sheets:
            for clause in STANDARD.clauses:
                row = row_of(sheet, clause)
                typed = (row.stated,) if clause.measure is None and row.actual.value is None else (row.actual, row.stated)
                entries.update(entry.sort.value for entry in typed)
        shown = [(what, str(value)) for one in self.expected for what, value in one.shown.items()]
        return Outcome(
            communities=len(self.sheets),
            entries=entries,
            statuses=Counter(re.split("[：，]", value)[0] for what, value in shown if what.startswith("填报状态")),
            totals=sum(isinstance(one.total, int) for one in self.expected),
            refused=sum(one.refused for one in self.expected),
        )

    def compare_sheets(self, by: str, values: Values, only: Callable[[Sheet], bool] = lambda sheet: True) -> Outcome:
        """Each live cell of the community sheets, as one calculation has it."""
        outcome = Outcome()
        for sheet, name, cells, expected in zip(self.sheets, self.names, self.cells, self.expected, strict=True):
            if only(sheet):
                shown = {what: values(name, cell) for what, cell in cells.items()}
                outcome += _compared(by, name, cells, shown, expected.shown, sheet)
        return outcome

    def compare_summary(self, by: str, values: Values) -> Outcome:
        """Each live cell of 汇总; not for stored values where cells were planted."""
        outcome, name = Outcome(), layout.SUMMARY_SHEET
        communities, figures, sentence = self.summary
        for cells, expected in zip(communities, self.expected, strict=True):
            outcome += _compared(by, name, cells, {what: values(name, cell) for what, cell in cells.items()}, expected.summary)
        shown = {title: values(name, cell) for title, cell in figures.items()}
        outcome += _compared(by, name, figures, shown, figures_of(self.expected))
        said, expected_words = said_in(values(name, sentence)), sentence_of(self.expected)
        words = dict.fromkeys(SENTENCES, sentence)
        return outcome + _compared(by, name, words, said, expected_words)

    def stored(self) -> Outcome:
        """The values that the form was issued with; the issuer did not know of planted cells."""
        return self.compare_sheets("stored values", self.stored_value, only=lambda sheet: not sheet.planted)

    def python(self) -> Outcome:
        """The live view itself, planted cells included; errors have no Python value."""
        outcome = Outcome()
        for sheet, name, cells, expected in zip(self.sheets, self.names, self.cells, self.expected, strict=True):
            typed = {clause: row.cells for clause, row in sheet.rows.items()}
            if any(isinstance(value, Raw) and value.value is None for cell in typed.values() for value in cell):
                continue
            view = live_view(STANDARD, {clause: tuple(map(held, values)) for clause, values in typed.items()})
            shown: Shown = {f"应扣 {clause}": value for clause, value in view.due.items()}
            shown |= {f"填报状态 {clause}": value for clause, value in view.status.items()}
            shown |= {f"得分 {item}": value for item, value in view.score.items()} | {
                "合计": view.total,
                "自评总分": view.total,
            }
            outcome += _compared("live view", name, cells, shown, expected.shown, sheet)
        return outcome

    def libreoffice(self, folder: Path) -> Outcome:
        """LibreOffice's calculation, and what the review says of the file that LibreOffice saved."""
        saved = recalculate(self.data, folder)
        values = values_of(saved)
        outcome = self.compare_sheets("LibreOffice", values) + self.compare_summary("LibreOffice", values)
        return outcome + self._reviewed(saved)

    def _reviewed(self, saved: bytes) -> Outcome:
        """A form filled, calculated and saved is scored as the form filled, and the review has nothing to say of its totals."""
        result = judge(arrive("form.xlsx", saved), roster=self.roster)
        scores = {one.community.code: one.assessed_score for unit in result.units for one in unit.communities}
        outcome = Outcome()
        for community, name, expected in zip(self.roster.communities, self.names, self.expected, strict=True):
            if scores[community.code] != expected.review:
                difference = Difference("review", name, "", "assessed", "", scores[community.code], expected.review)
                outcome.differences.append(difference)
        for finding in result.findings:
            if finding.rule in ABOUT_TOTALS:
                where, cell = str(finding.place.sheet), str(finding.place.cell)
                difference = Difference("review", where, cell, finding.title, "", finding.found, finding.expected)
                outcome.differences.append(difference)
        return outcome

    def library(self, rewrite: Callable[[str], str] = str, summary: bool = False) -> Outcome:
        """The calculation of the library ``formulas``."""
        values = Evaluation(self.book, rewrite)
        outcome = self.compare_sheets("formulas", values)
        return outcome + self.compare_summary("formulas", values) if summary else outcome


def held(value: object) -> object:
    """What a cell holds."""
    return value.value if isinstance(value, Raw) else value


def _compared(
    by: str, name: str, cells: Mapping[str, str], shown: Shown, expected: Shown, sheet: Sheet | None = None
) -> Outcome:
    assert shown.keys() == expected.keys() == cells.keys()
    outcome = Outcome(cells=Counter({by: len(cells)}))
    for what in cells:
        one, other = plain(shown[what]), plain(expected[what])
        if one != other:
            typed = typed_for(what, sheet) if sheet else ""
            outcome.differences.append(Difference(by, name, cells[what], what, typed, one, other))
    return outcome


def plain(value: object) -> object:
    """A value without the difference between empty text and empty cell; numbers to the digits that a cell shows."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    number = float(f"{value:.12g}")
    return int(number) if number.is_integer() else number


def typed_for(what: str, sheet: Sheet) -> str:
    """The answers that a live cell goes back to: its clause's, its item's."""
    kind, _, of = what.partition(" ")
    clauses = STANDARD.item[int(of)].clauses if kind == "得分" else [STANDARD.clause[of]] if of else []
    return "; ".join(
        f"{clause.id} "
        + " | ".join(value.shown if isinstance(value, Raw) else repr(value) for value in row_of(sheet, clause).cells)
        for clause in clauses
    )


# --- the full run -----------------------------------------------------------------------------------------------------


def run(communities: int, seed: int, per_workbook: int = 100, library: bool = False) -> Iterator[Outcome]:
    """Random communities through LibreOffice (and the library), workbook by workbook."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, communities, per_workbook):
            case = Case([random_sheet(dice) for _ in range(min(per_workbook, communities - first))])
            outcome = case.outcome + case.stored() + case.python() + case.libreoffice(Path(folder))
            yield outcome + case.library() if library else outcome


def main() -> int:
    """The full run; exit status 1 where anything differs."""
    parser = argparse.ArgumentParser(description="Random answers: live formulas of the form against the scoring code.")
    parser.add_argument("--communities", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-workbook", type=int, default=100)
    parser.add_argument("--library", action="store_true", help="evaluate by the library 'formulas', too")
    options = parser.parse_args()
    start, outcome = time.monotonic(), Outcome()
    for part in run(options.communities, options.seed, options.per_workbook, options.library):
        for difference in part.differences:
            print(difference, flush=True)
        outcome += part
    print(f"seed {options.seed}: {outcome.communities} communities, {outcome.totals} of them with a score")
    print("entries: " + ", ".join(f"{outcome.entries[sort.value]} {sort.value}" for sort in Sort))
    print("states due: " + ", ".join(f"{number} {status}" for status, number in outcome.statuses.most_common()))
    print("cells compared: " + ", ".join(f"{number} {by}" for by, number in outcome.cells.items()))
    print(f"texts that the review scores and the form calls {WRONG}: {outcome.refused}")
    print(f"differences: {len(outcome.differences)}")
    print(f"seconds: {time.monotonic() - start:.0f}")
    return 1 if outcome.differences else 0


if __name__ == "__main__":
    sys.exit(main())
