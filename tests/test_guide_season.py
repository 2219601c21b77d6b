"""What docs/操作手册.md promises, tried: one year of an invented prefecture, step by step, as the manual tells a clerk to go.

Questions of the manual (问…) are named beside the step that answers them.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from season import clean, form
from two_years import COUNTY, STANDARD, UNITS, Prefecture, below

from greencomm.cli import main
from greencomm.roster import Roster, load_roster

FLAWED = clean(c4_2=(None, None, None), c8_1=(3, 1, None), c1_2=(None, 2, None))
"""4.2 is blank (退回), 8.1 says 1 where three places take 2, 1.2 takes 2 without a reason (both 需核实). 89 to 92 points."""
EAST = "532322101001"


class Desk:
    """A folder with input, output and archive, as it lies on a clerk's disk."""

    def __init__(self, folder: Path) -> None:
        self.input, self.output = folder / "input", folder / "output" / "2021-annual"
        first = Prefecture(folder)
        first.receive(2021)
        first.input(2021).rename(self.input)
        (self.input / "双柏县.xlsx").unlink()

    @property
    def roster(self) -> Roster:
        return load_roster(self.input / "roster.xlsx", STANDARD)

    def put(self, name: str, flawed: bool, submission: int = 1) -> Path:
        """双柏县's workbook is put into the input folder."""
        path = self.input / name
        path.write_bytes(form(COUNTY, {EAST: FLAWED} if flawed else {}, roster=self.roster, submission=submission))
        return path

    def do(self, *words: str, day: str = "2021-10-18") -> int:
        return main([*words, "--date", day])

    def result(self) -> dict[str, Any]:
        return json.loads((self.output / "result.json").read_text(encoding="utf-8"))

    def files(self) -> dict[str, str]:
        return {file["path"]: file["state"] for file in self.result()["files"]}

    def rules(self, unit: str = "532322") -> dict[str, str | None]:
        return {finding["rule"]: finding.get("settled") for finding in self.result()["findings"] if finding["unit"] == unit}

    def status(self, code: str = EAST) -> str:
        return next(each["status"] for each in self.result()["communities"] if each["code"] == code)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_what_comes_in(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """四、收件; 问17, 18, 19, 32."""
    sent = desk.put("双柏县.xlsx", flawed=False)
    (desk.input / "三月" / "双柏").mkdir(parents=True)
    (desk.input / "三月" / "双柏" / "双柏县（再发）.xlsx").write_bytes(sent.read_bytes())
    (desk.input / "照片.jpg").write_bytes(b"\xff\xd8\xff" + bytes(100))
    (desk.input / "材料.rar").write_bytes(b"Rar!\x1a\x07" + bytes(100))
    assert desk.do() == 1
    states = desk.files()
    assert states["照片.jpg"] == states["材料.rar"] == "rejected"
    assert sorted((states["双柏县.xlsx"], states["三月/双柏/双柏县（再发）.xlsx"])) == ["accepted", "superseded"]
    said = capsys.readouterr().out
    assert "照片.jpg" in said and "请把填报工作簿（.xlsx）本身发来" in said and "不设密码" in said
    for name in ("照片.jpg", "材料.rar"):
        (desk.input / name).unlink()
    assert desk.do() == 0
    assert not {"照片.jpg", "材料.rar"} & set(desk.files())


def test_the_second_round(desk: Desk) -> None:
    """八、第二轮; 问5, 12, 13."""
    desk.put("双柏县.xlsx", flawed=True)
    assert desk.do() == 1
    assert desk.status() == "pending" and set(desk.rules()) == {"C01", "C07", "C12"}
    returned = desk.output / "units" / "双柏县" / "双柏县_退回修改.xlsx"
    book = openpyxl.load_workbook(returned)
    listed = book["问题清单"]
    column = {cell.value: cell.column for cell in listed[4]}
    answers = {"C01": "有整改计划，见附件4", "C07": "其余2处当天已整改，照片见附件3", "C12": "情况属实"}
    for row in range(5, 8):
        listed.cell(row, column["情况说明"]).value = answers[str(listed.cell(row, column["编号"]).value)]
    book.save(desk.input / "双柏县寄回.xlsx")
    assert desk.do() == 1
    assert desk.files()["双柏县.xlsx"] == "superseded"
    assert desk.rules() == {"C01": None, "C07": "explained", "C12": None}

    roster = openpyxl.load_workbook(desk.input / "roster.xlsx")
    roster["免予处理"].append(["双柏县", EAST, "4.2", "C01", "张三", "现场核实", "2021-10-15"])
    roster.save(desk.input / "roster.xlsx")
    assert desk.do() == 0
    assert desk.rules()["C01"] == "waived"
    assert desk.status() == "pending", "a waiver settles a finding and changes no score"


def test_a_corrected_workbook_under_the_old_number(desk: Desk) -> None:
    """问12: without 报送批次 raised one of both is taken and both are named; raised, the new one counts."""
    desk.put("双柏县.xlsx", flawed=True)
    desk.put("双柏县改.xlsx", flawed=False)
    desk.do()
    assert "F08" in desk.rules()
    desk.put("双柏县改.xlsx", flawed=False, submission=2)
    assert desk.do() == 0
    assert desk.files()["双柏县.xlsx"] == "superseded" and "F08" not in desk.rules() and desk.status() == "green"


def test_outputs_changed_by_hand_are_kept(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """问31, and 五: running again changes nothing."""
    desk.put("双柏县.xlsx", flawed=False)
    assert desk.do() == 0
    before = {path: path.read_bytes() for path in desk.output.rglob("*") if path.is_file()}
    assert desk.do() == 0
    assert before == {path: path.read_bytes() for path in desk.output.rglob("*") if path.is_file()}
    letter = desk.output / "units" / "双柏县" / "双柏县_审核通过.txt"
    letter.write_text("改过的函件", encoding="utf-8")
    capsys.readouterr()
    assert desk.do() == 0
    assert letter.read_bytes() == before[letter]
    kept = [path for path in Path("archive/changed").rglob("*.txt") if path.read_text(encoding="utf-8") == "改过的函件"]
    assert len(kept) == 1 and kept[0].as_posix() in capsys.readouterr().out


def test_closing_and_opening_again(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """十一、封存; 问42, 43."""
    workbook = desk.put("双柏县.xlsx", flawed=True)
    desk.do()
    assert desk.do("close", "--year", "2021", "--who", "王某") == 1
    assert "2021年度没有封存" in capsys.readouterr().out
    desk.put("双柏县.xlsx", flawed=False)
    assert desk.do("close", "--year", "2021", "--who", "王某") == 2
    assert "有变动，没有封存" in capsys.readouterr().err
    desk.do()
    assert desk.do("close", "--year", "2021", "--who", "王某", day="2021-10-25") == 0
    assert {"input", "results"} <= set(os.listdir("archive/2021"))
    closed = (desk.output / "annex2.xlsx").read_bytes()
    workbook.write_bytes(form(COUNTY, {EAST: FLAWED}, roster=desk.roster, submission=2))
    assert desk.do(day="2021-11-01") == 2
    assert "由王某封存" in capsys.readouterr().err and (desk.output / "annex2.xlsx").read_bytes() == closed
    assert desk.do("close", "--year", "2021", "--reopen", day="2021-11-02") == 2
    assert desk.do("close", "--year", "2021", "--reopen", "--reason", "双柏县补报两个社区", day="2021-11-02") == 0
    assert list(Path("archive/reopened/2021").iterdir())
    assert desk.do(day="2021-11-02") == 1
    assert desk.do("close", "--year", "2021", "--who", "王某", "--accept-open", day="2021-11-03") == 0


def test_a_closed_year_is_changed_while_the_next_one_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """十一、重新打开, step by step: 北门 of 禄丰县, which did not report in 2021 (8 of 11), is handed in late in 2022: 9 of 11.

    Not with this year's roster, its year changed: 双柏县's four and the zone's would be lost, for both have changed since."""
    monkeypatch.chdir(tmp_path)
    play, desk = Prefecture(tmp_path), Path("input")
    for year in (2021, 2022):
        play.receive(year)
    # 2021 as it was closed; then this year's roster and workbooks lie in the input folder.
    play.input(2021).rename(desk)
    assert main(["--date", "2021-10-20"]) == 0
    assert main(["close", "--year", "2021", "--who", "王某", "--date", "2021-10-25"]) == 0
    roster_then = load_roster(desk / "roster.xlsx", STANDARD)
    desk.rename("去年")
    play.input(2022).rename(desk)
    main(["--date", "2022-10-20"])
    now = _document(2022)

    # 1 to 3
    assert main(["close", "--year", "2021", "--reopen", "--reason", "禄丰县补报一个社区", "--who", "王某", "--date", "2022-10-21"]) == 0
    (place,) = Path("archive/reopened/2021").iterdir()
    desk.rename("存好")
    shutil.copytree(place / "input", desk)
    # 4
    late = {"532331101003": clean(), "532331101002": below()}
    (desk / "禄丰县补报.xlsx").write_bytes(form(UNITS[2021][2], late, roster=roster_then, submission=2))
    assert main(["--date", "2022-10-21"]) == 0
    region = _document(2021)["region"]
    assert (region["green"], region["urban_communities"]) == (9, 11)
    # What step 3 warns of.
    right = (desk / "roster.xlsx").read_bytes()
    shutil.copyfile("存好/roster.xlsx", desk / "roster.xlsx")
    _set_year(desk / "roster.xlsx", 2021)
    assert main(["--date", "2022-10-21"]) == 1 and _document(2021)["region"]["green"] == 4
    (desk / "roster.xlsx").write_bytes(right)
    assert main(["--date", "2022-10-21"]) == 0
    # 5
    assert main(["close", "--year", "2021", "--who", "王某", "--date", "2022-10-21"]) == 0
    # 6
    shutil.rmtree(desk)
    Path("存好").rename(desk)
    main(["--date", "2022-10-22"])
    assert _document(2022)["region"]["combined"] == now["region"]["combined"] + 1


def test_without_the_old_files_only_the_late_ones_count(desk: Desk) -> None:
    """十一、重新打开, step 3: 不复制，名单就只剩补报的."""
    desk.put("双柏县.xlsx", flawed=False)
    desk.do()
    assert desk.result()["region"]["green"] == 8
    assert desk.do("close", "--year", "2021", "--who", "王某") == 0
    assert desk.do("close", "--year", "2021", "--reopen", "--reason", "双柏县补报两个社区", "--who", "王某") == 0
    for path in desk.input.glob("*.xlsx"):
        if path.name != "roster.xlsx":
            path.unlink()
    desk.put("双柏县补报.xlsx", flawed=False, submission=2)
    desk.do()
    assert desk.result()["region"]["green"] == 4, "双柏县's four"


def _document(year: int) -> dict[str, Any]:
    return json.loads(Path(f"output/{year}-annual/result.json").read_text(encoding="utf-8"))


def _set_year(roster: Path, year: int) -> None:
    book = openpyxl.load_workbook(roster)
    (row,) = (row for row in book["批次"].iter_rows() if row[0].value == "年度")
    row[1].value = year
    book.save(roster)


def test_a_unit_is_renamed_in_one_sheet_of_the_roster(desk: Desk) -> None:
    """二之2: the sheet of communities is left as it is; workbooks of the old name and code are the renamed unit's."""
    desk.put("双柏县.xlsx", flawed=False)
    assert desk.do() == 0
    book = openpyxl.load_workbook(desk.input / "roster.xlsx")
    (row,) = (row for row in book["填报单位"].iter_rows() if row[1].value == "双柏县")
    for cell, value in zip(row, ("532399", "双柏市", "532322", "双柏县"), strict=False):
        cell.value = value
    book.save(desk.input / "roster.xlsx")
    assert desk.do() == 0
    unit = next(unit for unit in desk.result()["units"] if unit["name"] == "双柏市")
    assert (unit["code"], unit["urban_communities"], len(unit["green"])) == ("532399", 4, 4)


def test_blank_forms_of_another_year_stay_where_they_are(desk: Desk) -> None:
    """三: both lie there, told apart by their names."""
    desk.put("双柏县.xlsx", flawed=False)
    assert desk.do("forms") == 0
    _set_year(desk.input / "roster.xlsx", 2022)
    assert desk.do("forms", day="2022-03-01") == 0
    assert {"楚雄市_2021年度总结_填报工作簿.xlsx", "楚雄市_2022年度总结_填报工作簿.xlsx"} <= set(os.listdir("forms"))


def test_a_year_without_columns_in_annex_2_is_not_begun(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """二之1."""
    _set_year(desk.input / "roster.xlsx", max(STANDARD.annex2.years) + 1)
    assert desk.do("forms") == 2 and desk.do() == 2
    assert "附件2" in capsys.readouterr().err
    assert not Path("forms").exists() and not desk.output.parent.exists()


def test_only_a_year_is_closed_not_a_self_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """九, 十一."""
    monkeypatch.chdir(tmp_path)
    play = Prefecture(tmp_path)
    play.receive(2021, "self-evaluation")
    play.input(2021, "self-evaluation").rename("input")
    assert main(["--date", "2021-08-25"]) == 0
    assert main(["close", "--year", "2021", "--who", "王某", "--date", "2021-08-25"]) in (2, 3)
    assert not Path("archive/2021").exists()


def test_a_roster_changed_later(desk: Desk) -> None:
    """二、名册: a new community is a row more, and a community more in the denominator (问1, 42)."""
    desk.put("双柏县.xlsx", flawed=False)
    desk.do()
    assert desk.result()["region"]["urban_communities"] == 11
    book = openpyxl.load_workbook(desk.input / "roster.xlsx")
    book["社区名册"].append(["双柏县", "妥甸镇", "532322101077", "新社区居民委员会"])
    book.save(desk.input / "roster.xlsx")
    desk.do()
    region = desk.result()["region"]
    assert (region["urban_communities"], region["green"], region["completion_ratio"]) == (12, 8, "0.6667")


def test_a_workbook_of_the_self_evaluation_left_behind(desk: Desk, tmp_path: Path) -> None:
    """九: what lies there from the self-evaluation goes back for its phase."""
    desk.put("双柏县.xlsx", flawed=False)
    other = Prefecture(tmp_path / "august")
    other.folder.mkdir()
    other.receive(2021, "self-evaluation")
    (desk.input / "八月.xlsx").write_bytes((other.input(2021, "self-evaluation") / "楚雄市.xlsx").read_bytes())
    assert desk.do() == 1
    assert desk.files()["八月.xlsx"] == "rejected" and "F04" in desk.rules("532301")


def test_the_folder_on_another_computer(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """十二: the whole folder in another place goes on where it was; a closed year is closed there too."""
    desk.put("双柏县.xlsx", flawed=False)
    desk.do()
    assert desk.do("close", "--year", "2021", "--who", "王某") == 0
    place = tmp_path.parent / f"{tmp_path.name}-新电脑"
    tmp_path.rename(place)
    monkeypatch.chdir(place)
    assert desk.do("close", "--year", "2021") == 0
    assert desk.do() == 0
