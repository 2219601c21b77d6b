"""Fills sample workbooks of nine of the ten units into input/. Everything in them is invented and marked 示例.

Answers follow from each community's code by a fixed rule, so that running it again gives the same bytes; faults that
clerks make are listed by hand below. The tenth unit sends nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from greencomm.forms.issue import SheetAnswers, issue_workbook  # noqa: E402
from greencomm.forms.layout import SAMPLE, Heading  # noqa: E402
from greencomm.outputs.book import save_workbook  # noqa: E402
from greencomm.roster import Community, Roster, load_roster  # noqa: E402
from greencomm.standard import Standard, load_standard  # noqa: E402

if TYPE_CHECKING:
    import openpyxl

DAY = datetime.date(2021, 10, 11)
SILENT = "元谋县"
FILES = {
    "楚雄市": "楚雄市绿色社区填报.xlsx",
    "双柏县": "双柏县.xlsx",
    "牟定县": "牟定县2021年度总结.xlsx",
    "南华县": "南华县（第1批）.xlsx",
    "姚安县": "姚安县_报送.xlsx",
    "大姚县": "大姚.xlsx",
    "永仁县": "永仁县.xlsx",
    "武定县": "武定县绿色社区.xlsx",
    "禄丰县": "禄丰.xlsx",
}
REASONS = ("部分小区业主委员会未参与", "两处老旧小区设施待更新", "整治效果一般，已列入明年计划")
Answer = tuple[object, object, object]


def draw(code: str, clause: str, sides: int) -> int:
    """A die thrown once and for all: the same for the same community and clause."""
    return hashlib.sha256(f"{code}/{clause}".encode()).digest()[0] % sides


def answers_of(community: Community, standard: Standard) -> dict[str, Answer]:
    """Plausible answers; one community in three is careless and loses many points."""
    careless = draw(community.code, "careless", 3) == 0
    taken: dict[str, Answer] = {}
    for clause in standard.clauses:
        hit = draw(community.code, clause.id, 4 if careless else 14) == 0
        pick = draw(community.code, clause.id + "*", 3)
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
    "532331101002": {"10.1": (0.599, None, None), "12.1": (0.27, None, None)},
}
HEADINGS: dict[str, dict[Heading, object]] = {
    "532301101004": {Heading.NAME: "米市街社区居委会"},
    "532322101003": {Heading.CLAIM: "待定", Heading.AUTHOR: None},
    "532324101001": {Heading.COUNTY: "楚雄市"},
    "532325101001": {Heading.NAME: "东街社区居民委员会"},
    "532326102001": {Heading.CODE: "532326102099"},
    "532329101003": {Heading.YEAR: 2020},
    "532329101004": {Heading.CODE: None},
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


def sheet_answers(community: Community, standard: Standard) -> SheetAnswers:
    """One community's sheet as its clerk filled it."""
    claim = "否" if draw(community.code, "careless", 3) == 0 else "是"
    heading: dict[Heading, object] = {Heading.AUTHOR: "示例填表人", Heading.DATE: "2021-10-11", Heading.CLAIM: claim}
    heading |= HEADINGS.get(community.code, {})
    if community.code in UNFILLED:
        return SheetAnswers({Heading.CLAIM: UNFILLED[community.code]}, {})
    return SheetAnswers(heading, answers_of(community, standard) | FAULTS.get(community.code, {}))  # type: ignore[arg-type]


def build(folder: Path = ROOT / "input") -> list[Path]:
    """Write the sample workbooks; returns their paths."""
    standard = load_standard()
    roster: Roster = load_roster(folder / "roster.xlsx", standard)
    made = []
    for unit in roster.units:
        if unit.name == SILENT:
            continue
        path = folder / FILES[unit.name]
        answers = {community.code: sheet_answers(community, standard) for community in roster.of_unit[unit.code]}
        contact = "" if unit.name == "武定县" else "示例联系人"
        issue_workbook(
            path, unit, roster, standard, form_date=DAY, kind=SAMPLE, answers=answers, contact=contact, phone="0878-0000000"
        )
        if unit.name in DAMAGE:
            import openpyxl  # Not before greencomm, which settles what it writes.

            book = openpyxl.load_workbook(path)
            DAMAGE[unit.name](book)
            save_workbook(book, path, DAY)
        made.append(path)
    return made


if __name__ == "__main__":
    for path in build():
        print(path.name)
