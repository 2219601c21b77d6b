"""A whole season from the command line: forms out, ten units answer with faults, correct and explain in the returned
workbooks, one is late, until every finding is settled. Annex 2 moves only by what was corrected."""

from __future__ import annotations

import datetime
import io
import json
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
from season import ACTUAL, STANDARD, beside, cell_of
from test_run import run

from greencomm.roster import BatchLabel, Community, Unit
from greencomm.rosters_io import write_roster

NAMES = ("楚雄市", "双柏县", "牟定县", "南华县", "姚安县", "大姚县", "永仁县", "元谋县", "武定县", "禄丰市")
UNITS = tuple(Unit(f"5323{number:02d}", name) for number, name in enumerate(NAMES, 1))
COMMUNITIES = tuple(
    Community(f"{unit.code}10100{place}", f"{town}社区居民委员会", unit.name, "城关镇", unit.code)
    for unit in UNITS
    for place, town in ((1, "东城"), (2, "西城"))
)
"""Two in each unit: each green community is half of its unit's ratio."""
FULL = 96
"""Points of a community where nothing is deducted and nothing awarded."""

FAULTS = {
    "楚雄市": {"1.1": {"扣分": None}},
    "双柏县": {"8.1": {"实际值": 1, "扣分": 0}},
    "牟定县": {"1.2": {"扣分": 2}},
    "南华县": {"2.1": {"扣分": -3}},
    "姚安县": {"8.1": {"实际值": None, "扣分": 1}},
    "大姚县": {"11.1": {"扣分": 6}, "16.2": {"扣分": 6}, "14.1": {"实际值": 0, "扣分": 6}},
    "永仁县": {"4.1": {"扣分": "较好"}},
    "武定县": {"12.1": {"实际值": None, "扣分": 1}},
}
"""What the first community of a unit gets wrong, or what it lost; 元谋县 makes no mistake, 禄丰市 sends nothing."""
RULES = {
    "楚雄市": ["C01"], "双柏县": ["C07"], "牟定县": ["C12"], "南华县": ["C05"], "姚安县": ["C08"],
    "大姚县": ["K01"], "永仁县": ["C04"], "元谋县": [], "武定县": ["C08"], "禄丰市": [],
}  # fmt: skip
"""The findings that are no mere notes, unit by unit."""
GREEN_AT_FIRST = {
    "楚雄市": 1, "双柏县": 2, "牟定县": 2, "南华县": 1, "姚安县": 2, "大姚县": 1, "永仁县": 1, "元谋县": 2, "武定县": 2, "禄丰市": 0,
}  # fmt: skip
"""An unresolved clause leaves its community open, and 大姚县's first loses 18 of 96 points: 78."""
REASON = "两个小区的业主委员会没有参与，会议记录见附件2"


class Clerk:
    """A county's clerk with a workbook open in a spreadsheet program."""

    def __init__(self, path: Path) -> None:
        self.path, self.book = path, openpyxl.load_workbook(path)

    def type(self, clause: str, header: str, value: object, sheet: str = "东城社区") -> None:
        page = self.book[sheet]
        page[cell_of(page, clause, header)] = value

    def head(self, label: str, value: object, sheet: str = "东城社区") -> None:
        page = self.book[sheet]
        page[beside(page, label)] = value

    def explain(self, rule: str, text: str) -> None:
        """Type into 情况说明 beside the finding of ``rule``."""
        page = self.book["问题清单"]
        head = next(row for row in page.iter_rows() if any(cell.value == "情况说明" for cell in row))
        columns = {cell.value: cell.column for cell in head}
        rows = [row for row in page.iter_rows(min_row=head[0].row + 1) if row[columns["编号"] - 1].value == rule]
        assert len(rows) == 1
        rows[0][columns["情况说明"] - 1].value = text

    def bytes(self) -> bytes:
        saved = io.BytesIO()
        self.book.save(saved)
        return saved.getvalue()


class Prefecture:
    """The prefecture's folder and its program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "input").mkdir()
        batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "楚雄州住房和城乡建设局"}
        write_roster(folder / "input" / "roster.xlsx", STANDARD, batch, UNITS, COMMUNITIES)

    def issue(self) -> dict[str, Path]:
        status, _, _ = run("forms", "--output", self.folder / "forms", "--date", "2021-09-15", cwd=self.folder)
        assert status == 0
        return {name: next((self.folder / "forms").glob(f"{name}*.xlsx")) for name in NAMES}

    def receive(self, name: str, data: bytes) -> None:
        (self.folder / "input" / name).write_bytes(data)

    def review(self, date: str) -> tuple[int, dict]:
        status, _, error = run("--date", date, cwd=self.folder)
        assert "Traceback" not in error
        return status, json.loads((self.folder / "output" / "2021-annual" / "result.json").read_text(encoding="utf-8"))

    def returned(self, name: str) -> Path:
        return self.folder / "output" / "2021-annual" / "units" / name / f"{name}_退回修改.xlsx"

    def annex2(self) -> dict[str, tuple[int, float]]:
        """Count and ratio of 2021 by row of Annex 2."""
        path = self.folder / "output" / "2021-annual" / "annex2.xlsx"
        page = openpyxl.load_workbook(path).active
        rows = {row[0].value: row for row in page.iter_rows() if row[0].value in (*NAMES, "地区")}
        return {name: (row[2].value, row[3].value) for name, row in rows.items()}


def fill(form: Path, name: str) -> bytes:
    """A unit's first answer: complete, but for its faults."""
    clerk = Clerk(form)
    for label, value in (("联系人", "王联系"), ("联系电话", "0878-1234567")):
        clerk.head(label, value, "汇总")
    for sheet in ("东城社区", "西城社区"):
        for label, value in (("填表人", "李填表"), ("填表日期", "2021-10-11"), ("申报绿色社区", "是")):
            clerk.head(label, value, sheet)
        for clause in STANDARD.clauses:
            if clause.id in ACTUAL:
                clerk.type(clause.id, "实际值", ACTUAL[clause.id], sheet)
            clerk.type(clause.id, "扣分", 0, sheet)
    for clause, cells in FAULTS.get(name, {}).items():
        for header, value in cells.items():
            clerk.type(clause, header, value)
    return clerk.bytes()


def by_mail(name: str, data: bytes, sent: str) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"], message["Date"] = "绿色社区报送", "a@county", "b@prefecture", sent
    message.set_content("请查收。")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def weighty(result: dict, unit: str) -> list[str]:
    """Rules of a unit's findings that still want something done."""
    code = UNITS[NAMES.index(unit)].code
    return [
        finding["rule"] for finding in result["findings"]
        if finding["unit"] == code and finding["severity"] != "note" and finding["settled"] is None
    ]  # fmt: skip


def assert_annex2(prefecture: Prefecture, green: dict[str, int]) -> None:
    """Counts and ratios, two communities in each unit, twenty in all."""
    expected = {name: (count, count / 2) for name, count in green.items()}
    total = sum(green.values())
    assert prefecture.annex2() == expected | {"地区": (total, total / 20)}


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    return Prefecture(tmp_path_factory.mktemp("season"))


def test_a_whole_season(season):
    forms = season.issue()
    for name in NAMES[:-1]:
        season.receive(f"{name}.xlsx", fill(forms[name], name))

    # 18 October: the first review. Everybody's mistakes are found, 禄丰市 is chased.
    status, first = season.review("2021-10-18")
    assert status == 1
    assert {name: weighty(first, name) for name in NAMES} == RULES
    assert_annex2(season, GREEN_AT_FIRST)
    assert (season.returned("禄丰市").parent / "禄丰市_催报.txt").exists()
    assert not season.returned("禄丰市").exists()

    # 19 October: the returned workbooks come back, corrected or explained. 武定县 only says that all is well.
    answers = {name: Clerk(season.returned(name)) for name in NAMES[:-1] if RULES[name]}
    answers["楚雄市"].type("1.1", "扣分", 0)
    answers["双柏县"].type("8.1", "扣分", 1)
    answers["牟定县"].explain("C12", REASON)
    answers["南华县"].type("2.1", "扣分", 3)
    answers["姚安县"].explain("C08", "当天检查只记了扣分，现场照片里有一辆车，没有清点表")
    answers["大姚县"].head("申报绿色社区", "否")
    answers["永仁县"].type("4.1", "扣分", 2)
    answers["永仁县"].type("4.1", "说明", "两个老旧小区雨水管缺失，已列入整改计划")
    answers["武定县"].explain("C08", "核实无误。")
    for name, clerk in answers.items():
        season.receive(f"{name}（第2批）.xlsx", clerk.bytes())
    status, second = season.review("2021-10-19")
    assert status == 0
    assert {name: weighty(second, name) for name in NAMES} == {name: ["C08"] if name == "武定县" else [] for name in NAMES}
    refused = next(finding for finding in second["findings"] if finding["unit"] == UNITS[8].code and finding["rule"] == "C08")
    assert (refused["state"], refused["settled"]) == ("open", None)
    # 1.1, 2.1 and 4.1 of three communities can be scored now; nothing else moves.
    corrected = GREEN_AT_FIRST | {"楚雄市": 2, "南华县": 2, "永仁县": 2}
    assert_annex2(season, corrected)
    score = {community["code"]: community["assessed_score"] for community in second["communities"]}
    assert [score[f"{unit.code}101001"] for unit in UNITS] == [96, 95, 94, 93, 95, 78, 94, 96, 95, None]

    # 22 October: 武定县 says what it found, 禄丰市's mail of the day after the deadline is there.
    clerk = Clerk(season.returned("武定县"))
    clerk.explain("C08", "物业台账缺两个小区，按已有台账估算为25%，正在补台账")
    season.receive("武定县（第3批）.xlsx", clerk.bytes())
    season.receive("禄丰市.eml", by_mail("禄丰市.xlsx", fill(forms["禄丰市"], "禄丰市"), "Thu, 21 Oct 2021 09:30:00 +0800"))
    status, last = season.review("2021-10-22")
    assert status == 0
    assert {name: weighty(last, name) for name in NAMES} == {name: [] for name in NAMES}
    settled = {(UNITS[[u.code for u in UNITS].index(f["unit"])].name, f["rule"]) for f in last["findings"] if f["settled"] == "explained"}
    assert settled == {("牟定县", "C12"), ("姚安县", "C08"), ("武定县", "C08")}
    assert_annex2(season, corrected | {"禄丰市": 2})
    page = openpyxl.load_workbook(season.folder / "output" / "2021-annual" / "status.xlsx")["进度"]
    row = next(row for row in page.iter_rows(values_only=True) if "禄丰市" in row)
    assert any("迟报1天" in str(value) for value in row)
    for name in NAMES:
        folder = season.returned(name).parent
        assert (folder / f"{name}_审核通过.txt").exists(), name

    # The same input again: not a byte changes.
    before = {path: path.read_bytes() for path in sorted((season.folder / "output").rglob("*")) if path.is_file()}
    assert season.review("2021-10-22")[0] == 0
    assert {path: path.read_bytes() for path in sorted((season.folder / "output").rglob("*")) if path.is_file()} == before


def test_dates_of_the_season_are_those_of_the_notice():
    assert STANDARD.deadline("annual").in_year(2021) == datetime.date(2021, 10, 20)
    assert STANDARD.pass_mark.points == 80 and STANDARD.full_score == FULL + 4
