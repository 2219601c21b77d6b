"""Builds the whole sample: 2021 closed in archive/2021/, 2022 waiting in input/. Everything in it is invented and marked 示例.

2021 is a quiet season: some three communities in ten take part, nothing is left to correct, the year is run and closed. 2022 has
every mistake that clerks make, and what a second year brings: the renamed county, a community of the list that
claims again, one that has fallen below the mark, one whose sheet still has its old code.

Answers follow from each community's code by a fixed rule, so that running it again gives the same bytes; faults that
clerks make are listed by hand below. One unit sends nothing in 2022.

What a year looked like when it was closed follows from the program of that day: later programs only read it. The sample's
is nevertheless built anew with the rest, so that no step of it is beyond being checked: run this after every change of forms,
outputs, standard or version, and commit what it writes (``tests/test_sample.py`` says when).
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import build_roster  # noqa: E402

from greencomm.batch import Options, run_afresh  # noqa: E402
from greencomm.closing import Wish, close  # noqa: E402
from greencomm.closings import EVENTS  # noqa: E402
from greencomm.forms.issue import SheetAnswers, issue_workbook  # noqa: E402
from greencomm.forms.layout import SAMPLE, Heading  # noqa: E402
from greencomm.outputs.book import save_workbook  # noqa: E402
from greencomm.roster import Community, Roster, Unit, load_roster  # noqa: E402
from greencomm.standard import Standard, load_standard  # noqa: E402

if TYPE_CHECKING:
    import openpyxl

FIRST, SECOND = build_roster.FIRST, build_roster.SECOND
FILLED = {FIRST: datetime.date(2021, 10, 11), SECOND: datetime.date(2022, 10, 11)}
"""填表日期 and 填报时间 of all workbooks of a year."""
CLOSED = datetime.date(2021, 10, 25)
WHO = "示例"
SILENT = "元谋县"
FILES = {
    "楚雄市": "楚雄市绿色社区填报.xlsx",
    "禄丰市": "禄丰.xlsx",
    "双柏县": "双柏县.xlsx",
    "牟定县": "牟定县2022年度总结.xlsx",
    "南华县": "南华县（第1批）.xlsx",
    "姚安县": "姚安县_报送.xlsx",
    "大姚县": "大姚.xlsx",
    "永仁县": "永仁县.xlsx",
    "武定县": "武定县绿色社区.xlsx",
}
REASONS = ("部分小区业主委员会未参与", "两处老旧小区设施待更新", "整治效果一般，已列入明年计划")
Answer = tuple[object, object, object]


def draw(code: str, what: str, sides: int) -> int:
    """A die thrown once and for all: the same for the same community and clause."""
    return hashlib.sha256(f"{code}/{what}".encode()).digest()[0] % sides


def is_careless(code: str) -> bool:
    """Communities that lose many points and do not claim: one in two."""
    return draw(code, "careless", 2) == 0


def answers_of(code: str, standard: Standard, *, careless: bool) -> dict[str, Answer]:
    """Plausible answers of a community."""
    taken: dict[str, Answer] = {}
    for clause in standard.clauses:
        hit = draw(code, clause.id, 3 if careless else 14) == 0
        pick = draw(code, clause.id + "*", 3)
        if clause.measure == "rate":
            good, poor = (1, (0.95, 0.88, 0.72)) if clause.id == "10.1" else (0.65, (0.31, 0.24, 0.12))
            taken[clause.id] = (poor[pick] if hit else good, None, None)
        elif clause.kind == "shortfall":
            taken[clause.id] = (1 if hit else 2 + pick, None, None)
        elif clause.measure == "count":
            taken[clause.id] = (1 + pick if hit else 0, None, None)
        elif clause.adds:
            taken[clause.id] = (None, 2, "示例：获县级表扬（文号略）") if hit else (None, 0, None)
        elif clause.needs_reason:
            taken[clause.id] = (None, 1 + pick, f"示例：{REASONS[pick]}") if hit else (None, 0, None)
        else:
            taken[clause.id] = (None, clause.cap if hit else 0, "示例：见整改台账" if hit else None)
    return taken


# What clerks type, by community code: answers by clause, or heading values by label.
FAULTS: dict[str, dict[str, Answer]] = {
    "532301101003": {"8.1": (3, 1, None), "1.2": (None, 2, None)},
    "532301101005": {"8.1": ("2处", None, None), "10.1": ("85%", None, None), "1.1": (None, "扣3分", None)},
    "532301102001": {"3.1": (None, 0.5, "示例：个别小区"), "4.2": (None, None, None)},
    "532301104001": {"12.1": (None, 2, None), "17.1": (None, 3, None)},
    "532322101002": {"2.1": (None, -3, None), "10.1": ("不适用", None, "示例：当年无投诉")},
    "532322102001": {"8.2": ("若干", None, None), "14.1": ("两次", 3, None)},
    "532324101003": {"11.1": (None, "无", None), "13.2": (1, "二分", None)},
    "532325101004": {"16.1": (None, 3, "示例：古树围栏破损"), "16.2": (None, 6, "示例：古井损毁")},
    "532326101006": {"7.1": (None, 4, "示例：绿地偏少")},
    "532302101002": {"10.1": (0.599, None, None), "12.1": (0.27, None, None)},
}
HEADINGS: dict[str, dict[Heading, object]] = {
    "532301101004": {Heading.NAME: "米市街社区居委会"},
    "532322101003": {Heading.CLAIM: "待定", Heading.AUTHOR: None},
    "532324101001": {Heading.COUNTY: "楚雄市"},
    "532325101001": {Heading.NAME: "东街社区居民委员会"},
    "532326102001": {Heading.CODE: "532326102099"},
    "532329101003": {Heading.YEAR: 2021},
    "532329101004": {Heading.CODE: None},
    "532302105002": {Heading.CODE: "532331105002"},
}
UNFILLED = {"532326104001": "是", "532326105001": "否", "532322202001": "否"}
"""Sheets left empty, with their claim."""


def _find(page: object, column: int, text: str) -> int:
    return next(row for row in range(1, page.max_row + 1) if str(page.cell(row, column).value) == text)  # type: ignore[attr-defined]


def damage_nanhua(book: openpyxl.Workbook) -> None:
    """Saved by another program: a sheet twice, a hidden one, a typed total, a reworded and a missing clause, notes below."""
    copy = book.copy_worksheet(book["龙泉社区"])
    copy.title = "龙泉社区 (2)"
    row = _find(copy, 1, "1.1")
    copy.cell(row, 7).value = 3 if copy.cell(row, 7).value == 0 else 0
    book["西云社区"].sheet_state = "hidden"
    page = book["斗山社区"]
    page.cell(_find(page, 1, "8.1"), 5).value = "乱停车每发现1处扣0.5分"
    page.row_dimensions[_find(page, 1, "9.2")].hidden = True
    page.cell(page.max_row + 2, 2).value = "示例：另有一个小区正在验收"
    page = book["火星社区"]
    page.cell(_find(page, 1, "5.2"), 1).value = "5.9"
    page = book["二街社区"]
    total = next(cell for row in page.iter_rows() for cell in row if str(cell.value).startswith("自评总分"))
    merged = next((area for area in page.merged_cells.ranges if total.coordinate in area), None)
    page.cell(total.row, (merged.max_col if merged else total.column) + 1).value = 99
    del book["柿子树社区"]
    book.create_sheet("照片")["A1"] = "示例：见附件"


DAMAGE: dict[str, Callable[[openpyxl.Workbook], None]] = {"南华县": damage_nanhua}


# --- 2021: few communities, nothing to correct -----------------------------------------------------------------------

LATER = {
    *FAULTS,
    *HEADINGS,
    *UNFILLED,
    *(f"5323241010{n}" for n in ("01", "03", "06", "07", "11", "12")),
    "532323101001",
    "532323101004",
}
"""They report in 2022 for the first time, so that every mistake is made by a community that counts in that year."""
AGAIN, FALLEN = "532301101001", "532326101001"
"""On the list of 2021; in 2022 the one claims again, the other is scored below the mark."""
FIRST_LISTED = {AGAIN, FALLEN, "532302103001", "532302108003", "532322101001"}
"""Certainly on the list of 2021, by the codes of 2022; the names of two of them were misprinted then."""


def takes_part_first(code: str) -> bool:
    """Whether a community (code of 2022) reports in 2021."""
    return code in FIRST_LISTED or (code not in LATER and draw(code, "2021", 12) < 4)


def is_below_first(code: str) -> bool:
    """A few report in 2021 and miss the mark."""
    return code not in FIRST_LISTED and draw(code, "below-2021", 7) == 0


BELOW: dict[str, Answer] = dict.fromkeys(("1.1", "2.1", "2.2", "4.2", "9.1", "9.2"), (None, 3, "示例：见整改台账"))
"""Takes 18 points of the 96 that can be had without an award."""


def _heading(year: int, claim: str) -> dict[Heading, object]:
    return {Heading.AUTHOR: "示例填表人", Heading.DATE: FILLED[year].isoformat(), Heading.CLAIM: claim}


def first_answers(community: Community, standard: Standard) -> SheetAnswers | None:
    """One community's sheet of 2021; None where it does not report."""
    code = build_roster.renamed(community).code
    if not takes_part_first(code):
        return None
    below = is_below_first(code)
    answers = answers_of(f"{FIRST}/{code}", standard, careless=False) | (BELOW if below else {})
    return SheetAnswers(_heading(FIRST, "否" if below else "是"), answers)  # type: ignore[arg-type]


# --- 2022 -------------------------------------------------------------------------------------------------------------


def second_answers(community: Community, standard: Standard) -> SheetAnswers | None:
    """One community's sheet of 2022 as its clerk filled it; None for those of the list of 2021, which need not report again."""
    code = community.code
    if takes_part_first(code) and not is_below_first(code) and code not in (AGAIN, FALLEN):
        return None
    if code in UNFILLED:
        return SheetAnswers({Heading.CLAIM: UNFILLED[code]}, {})
    careless = code == FALLEN or (code != AGAIN and is_careless(code))
    heading = _heading(SECOND, "否" if careless else "是") | HEADINGS.get(code, {})
    answers = answers_of(code, standard, careless=careless) | FAULTS.get(code, {})
    return SheetAnswers(heading, answers)  # type: ignore[arg-type]


# --- building ---------------------------------------------------------------------------------------------------------


def fill(path: Path, unit: Unit, roster: Roster, standard: Standard, filled: Mapping[str, SheetAnswers | None]) -> None:
    """Write a unit's workbook with a sheet for each community that has one; the others' are deleted from it."""
    left = tuple(each for each in roster.communities if each.unit != unit.code or filled[each.code] is not None)
    answers = {code: sheet for code, sheet in filled.items() if sheet is not None}
    year = roster.batch.year
    issue_workbook(
        path, unit, dataclasses.replace(roster, communities=left), standard, form_date=FILLED[year], kind=SAMPLE,
        answers=answers, contact="" if unit.name == "武定县" and year == SECOND else "示例联系人", phone="0878-0000000",
    )  # fmt: skip


def build_first_year(archive: Path) -> None:
    """Put the closed year into ``archive``: its workbooks are made, run and closed elsewhere."""
    standard = load_standard()
    with tempfile.TemporaryDirectory() as desk:
        place = Path(desk)
        options = Options(place / "input", place / "output", place / "input" / "roster.xlsx", place / "archive", CLOSED)
        options.input.mkdir()
        build_roster.build(options.roster, FIRST)
        roster = load_roster(options.roster, standard)
        for unit in roster.units:
            filled = {each.code: first_answers(each, standard) for each in roster.of_unit[unit.code]}
            fill(options.input / f"{unit.name}.xlsx", unit, roster, standard, filled)
        run_afresh(options)
        done = close(options, Wish(who=WHO))
        if not done.closed:
            raise SystemExit("\n".join(["2021 cannot be closed:", *(finding["message"] for finding in done.open)]))
        archive.mkdir(exist_ok=True)
        shutil.rmtree(archive / str(FIRST), ignore_errors=True)
        shutil.copytree(options.archive / str(FIRST), archive / str(FIRST), copy_function=shutil.copyfile)
        shutil.copyfile(options.archive / EVENTS, archive / EVENTS)


def build_second_year(folder: Path) -> None:
    """Write the roster and the received workbooks of 2022 into ``folder``."""
    standard = load_standard()
    folder.mkdir(exist_ok=True)
    build_roster.build(folder / "roster.xlsx", SECOND)
    roster: Roster = load_roster(folder / "roster.xlsx", standard)
    for unit in roster.units:
        if unit.name == SILENT:
            continue
        path = folder / FILES[unit.name]
        filled = {each.code: second_answers(each, standard) for each in roster.of_unit[unit.code]}
        fill(path, unit, roster, standard, filled)
        if unit.name in DAMAGE:
            import openpyxl  # Not before greencomm, which settles what it writes.

            book = openpyxl.load_workbook(path)
            DAMAGE[unit.name](book)
            save_workbook(book, path, FILLED[SECOND])


def build(root: Path = ROOT) -> None:
    """Write both years below ``root``."""
    build_first_year(root / "archive")
    build_second_year(root / "input")


if __name__ == "__main__":
    build()
