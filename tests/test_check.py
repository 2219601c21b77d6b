"""``check`` shows a county the findings that the prefecture will see: the same rules, places and words, one file at a time.

One season of ten made-up units, each with its own trouble, is reviewed by one run; then every unit checks only its own
files. What another unit sends must make no difference.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from season import ROSTER, STANDARD, clean, form, put
from test_run import ROOT, other_programme, run, snapshot

from greencomm.roster import BatchLabel, Community, Roster, Unit
from greencomm.rosters_io import write_roster
from greencomm.standard import SELF_EVALUATION

DAY = ("--date", "2021-10-18")
COMPARED = ("rule", "severity", "unit", "community", "clause", "file", "sheet", "cell", "message", "fix")


# --- the season -------------------------------------------------------------------------------------------------------

NAMES = ("清爽县", "有误县", "核实县", "分批县", "同批县", "两份县", "重份县", "坏件县", "去年县", "越界县", "阶段县")
UNITS = {name: Unit(f"5323{number:02d}", name) for number, name in enumerate(NAMES, 11)}


def community(unit: str, number: int) -> Community:
    code = UNITS[unit].code
    return Community(f"{code}101{number:03d}", f"{unit[:2]}{'一二三'[number - 1]}社区居民委员会", unit, "城关镇", code)


YEAR = ROSTER.batch
SEASON = Roster(YEAR, tuple(UNITS.values()), tuple(community(unit, number) for unit in UNITS for number in (1, 2, 3)))


VILLAGE = Community(f"{UNITS['核实县'].code}101201", "核实村村民委员会", "核实县", "城关镇", UNITS["核实县"].code)
"""In the roster by mistake: a finding about the unit that stands in none of its files."""


def sheet(unit: str, number: int) -> str:
    return community(unit, number).short_name


def filled(unit: str, change=None, roster: Roster = SEASON, submission: int = 1, **faults) -> bytes:
    """A unit's workbook, clean but for ``faults`` in its first community, then changed as a clerk would."""
    answers = {community(unit, 1).code: clean(**faults)}
    return form(UNITS[unit], answers, change, roster=roster, submission=submission)


def every_fault() -> bytes:
    """Blank, impossible, unreadable, contradictory, converted; a sheet left empty but claimed, one hidden, one too many."""
    unit = "有误县"

    def change(book):
        for clause in ("5.1", "8.2", "10.1", "1.2"):
            put(sheet(unit, 1), clause, "扣分", None)(book)
        put(sheet(unit, 1), "8.2", "实际值", None)(book)
        put(sheet(unit, 1), "10.1", "实际值", "八成五")(book)
        for clause in STANDARD.clauses:
            for column in ("实际值", "扣分", "说明"):
                put(sheet(unit, 2), clause.id, column, None)(book)
        book[sheet(unit, 3)].sheet_state = "hidden"
        put(sheet(unit, 3), "合计", "得分", 99)(book)
        book.create_sheet("照片")["A1"] = "见附件"

    return filled(
        unit, change, c1_1=(None, 2, None), c2_1=(None, -3, None), c2_2=(None, "扣3分", None), c3_1=(None, 0.5, "个别小区"),
        c5_2=(None, "若干", None), c8_1=(3, 1, None), c12_1=("３０％", None, None), c17_1=(None, 3, None),
    )  # fmt: skip


def without(*sheets):
    def change(book):
        for name in sheets:
            del book[name]

    return change


def last_year() -> bytes:
    batch = dataclasses.replace(YEAR, year=2020)
    return form(UNITS["去年县"], roster=dataclasses.replace(SEASON, batch=batch))


def other_phase() -> bytes:
    batch = dataclasses.replace(YEAR, phase=SELF_EVALUATION)
    return form(UNITS["阶段县"], roster=dataclasses.replace(SEASON, batch=batch))


def over_the_border() -> bytes:
    """The sheet of a community that belongs to another unit, and one of nobody's."""

    def change(book):
        for row in book[sheet("越界县", 1)].iter_rows():
            for cell in row:
                if cell.value == community("越界县", 1).code:
                    cell.value = community("清爽县", 1).code
        for row in book[sheet("越界县", 2)].iter_rows():
            for cell in row:
                if cell.value == community("越界县", 2).code:
                    cell.value = "532399101001"

    return filled("越界县", change)


def cases(folder: Path) -> dict[str, dict[str, bytes]]:
    """Files of each unit by their path in the input folder, and of nobody."""
    return {
        "清爽县": {"清爽县.xlsx": filled("清爽县")},
        "有误县": {"有误县.xlsx": every_fault()},
        "核实县": {"核实县.xlsx": filled("核实县", c8_1=(3, 1, None), c1_2=(None, 2, None))},
        "分批县": {
            "分批县.xlsx": filled("分批县"),
            "分批县 第2批.xlsx": filled("分批县", without(sheet("分批县", 3)), submission=2, c1_1=(None, 2, None)),
        },
        "同批县": {"同批县.xlsx": filled("同批县"), "同批县（改）.xlsx": filled("同批县", c1_1=(None, 3, None))},
        "两份县": {
            "上半.xlsx": filled("两份县", without(sheet("两份县", 3))),
            "下半.xlsx": filled("两份县", without(sheet("两份县", 2)), c1_1=(None, 3, None)),
        },
        "重份县": {"重份县.xlsx": filled("重份县"), "副本/重份县 - 副本.xlsx": filled("重份县")},
        "坏件县": {"坏件县/报表.xlsx": filled("坏件县")[:5000]},
        "去年县": {"去年县.xlsx": last_year()},
        "越界县": {"越界县.xlsx": over_the_border()},
        "阶段县": {"阶段县.xlsx": other_phase()},
        "": {"照片.xlsx": b"\xff\xd8\xff\xe0", "空.xlsx": b"", "工资.xlsx": other_programme(folder), "网页.xls": b"<html></html>"},
    }


@dataclasses.dataclass
class Season:
    """The input folder, the files of each unit, and what the run reported."""

    place: Path
    files: dict[str, tuple[str, ...]]
    result: dict


@pytest.fixture(scope="module")
def season(tmp_path_factory) -> Season:
    place = tmp_path_factory.mktemp("season")
    folder = place / "input"
    folder.mkdir()
    batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局"}
    write_roster(folder / "roster.xlsx", STANDARD, batch, SEASON.units, (*SEASON.communities, VILLAGE))
    files = cases(place)
    for name, data in (file for unit in files.values() for file in unit.items()):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    elsewhere = tmp_path_factory.mktemp("run")
    words = ("--output", elsewhere / "output", "--archive", elsewhere / "archive")
    status, _, err = run(*DAY, *words, cwd=place)
    assert (status, err) == (1, "")
    result = json.loads((elsewhere / "output" / "2021-annual" / "result.json").read_text(encoding="utf-8"))
    return Season(place, {unit: tuple(sorted(of)) for unit, of in files.items()}, result)


def check(*words, cwd, **options):
    """Exit status and document of ``check --json``; anything beside the document would fail to load."""
    status, out, err = run("check", *words, "--json", *DAY, cwd=cwd, **options)
    assert err == ""
    return status, json.loads(out)


def compared(findings):
    """In any order: what hangs on the region's ratio comes first in a run, and cannot be known from one unit's files."""
    return sorted((tuple(finding[name] for name in COMPARED) for finding in findings), key=repr)


def concerning(result, code, files):
    """What a run's document says of one unit and its files."""
    return {
        "findings": compared(f for f in result["findings"] if (code and f["unit"] == code) or f["file"] in files),
        "units": [unit for unit in result["units"] if unit["code"] == code],
        "communities": [member for member in result["communities"] if member["unit"] == code],
        "files": [file for file in result["files"] if file["path"] in files],
    }


def says(document):
    return {name: document[name] if name != "findings" else compared(document["findings"]) for name in ("findings", "units", "communities", "files")}


# --- the same as the prefecture ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [*NAMES, ""])
def test_a_unit_sees_what_the_prefecture_will_see(season, unit):
    files = season.files[unit]
    expected = concerning(season.result, UNITS[unit].code if unit else None, files)
    status, document = check(*(f"input/{file}" for file in files), cwd=season.place)
    assert says(document) == expected
    assert status == int(any(finding["severity"] == "send_back" for finding in document["findings"]))


def test_the_season_has_every_kind_of_trouble(season):
    """Or the comparison above would prove little."""
    rules = {finding["rule"] for finding in season.result["findings"]}
    assert {"F01", "F02", "F03", "F04", "F08", "S01", "S02", "S04", "S07", "S14", "S16", "U03", "U04", "U06", "R03"} <= rules
    assert {"C01", "C02", "C03", "C04", "C05", "C06", "C07", "C11", "C12", "C13", "T01"} <= rules
    assert {file["state"] for file in season.result["files"]} == {"accepted", "superseded", "rejected"}
    clean_unit = concerning(season.result, UNITS["清爽县"].code, season.files["清爽县"])
    assert clean_unit["findings"] == []


@pytest.mark.parametrize("path", sorted(path.name for path in (ROOT / "input").glob("*.xlsx") if path.name != "roster.xlsx"))
def test_a_file_of_the_shipped_sample_alone(shipped, sample_run, path):
    code = next(unit["code"] for unit in sample_run["units"] if unit["code"] in owner(sample_run, path))
    expected = concerning(sample_run, code, (path,))
    status, document = check(f"input/{path}", cwd=shipped)
    assert says(document) == expected
    assert status == int(any(severity == "send_back" for _, severity, *_ in expected["findings"]))
    assert document["sample"] is True


@pytest.fixture(scope="module")
def sample_run(shipped, tmp_path_factory):
    """With an archive of its own, so that single files are checked as in a new clone, before any run."""
    place = tmp_path_factory.mktemp("sample")
    shutil.copytree(shipped / "archive", place / "archive")
    run(*DAY, "--output", place / "output", "--archive", place / "archive", cwd=shipped)
    return json.loads((place / "output" / "2022-annual" / "result.json").read_text(encoding="utf-8"))


def owner(result, path):
    """Codes of the units whose communities come from this file."""
    return {member["unit"] for member in result["communities"] if member["file"] == path}


def test_where_a_file_lies_makes_no_difference(season, tmp_path):
    """On somebody's desktop, in a folder with blanks and another unit's name, by a relative or an absolute path."""
    expected = concerning(season.result, UNITS["分批县"].code, season.files["分批县"])["findings"]
    desk = tmp_path / "桌面 清爽县"
    desk.mkdir()
    for name in season.files["分批县"]:
        shutil.copy(season.place / "input" / name, desk / name)
    for words, cwd in (
        ([desk / name for name in season.files["分批县"]], season.place),
        ([f"./{name}" for name in season.files["分批县"]], desk),
        ([desk / ".." / desk.name / name for name in reversed(season.files["分批县"])], tmp_path),
    ):
        status, document = check(*words, "--input", season.place / "input", cwd=cwd)
        assert (status, compared(document["findings"])) == (1, expected)
        assert [file["path"] for file in document["files"]] == sorted(season.files["分批县"])


def test_a_damaged_file_is_its_units_whatever_folder_it_lies_in(season, tmp_path):
    """A folder of the prefecture's input can name the unit; one on the county's own disk says nothing."""
    desk = tmp_path / "坏件县"
    desk.mkdir()
    (desk / "清爽县.xlsx").write_bytes(b"")
    _, document = check(desk / "清爽县.xlsx", "--input", season.place / "input", cwd=tmp_path)
    assert [unit["name"] for unit in document["units"]] == ["清爽县"]


def test_two_files_of_one_name_are_told_apart(season, tmp_path):
    for folder, name in (("一", "清爽县.xlsx"), ("二", "核实县.xlsx")):
        (tmp_path / folder).mkdir()
        shutil.copy(season.place / "input" / name, tmp_path / folder / "报表.xlsx")
    _, document = check(tmp_path / "一" / "报表.xlsx", tmp_path / "二" / "报表.xlsx", "--input", "input", cwd=season.place)
    assert {file["path"]: file["state"] for file in document["files"]} == {"一/报表.xlsx": "accepted", "二/报表.xlsx": "accepted"}
    assert {finding["file"] for finding in document["findings"]} == {"二/报表.xlsx", None}, "None is the roster"


def test_one_file_named_twice_counts_once(season):
    file = season.place / "input" / "清爽县.xlsx"
    _, document = check("input/清爽县.xlsx", file, "input/../input/清爽县.xlsx", cwd=season.place)
    assert [entry["path"] for entry in document["files"]] == ["清爽县.xlsx"]


def test_the_region_is_not_judged_by_one_county(season):
    _, document = check("input/清爽县.xlsx", cwd=season.place)
    unknown = dict.fromkeys(("green", "completion_ratio", "combined", "combined_ratio"))
    heading = {"reporting_unit": "州住建局", "contact": "", "phone": "", "form_date": "2021-10-18"}
    assert document["region"] == {"name": "楚雄州", "urban_communities": 33, "targets": [], **heading, **unknown}


def test_star_means_all_files_also_where_the_console_leaves_it_to_us(season):
    """The console of Windows does."""
    status, document = check("input/分批县*.xlsx", cwd=season.place)
    assert status == 1 and [file["path"] for file in document["files"]] == sorted(season.files["分批县"])


# --- exit status ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["input/清爽县.xlsx"], 0),
        (["input/核实县.xlsx"], 0),
        (["input/有误县.xlsx"], 1),
        (["input/空.xlsx"], 1),
        (["input/清爽县.xlsx", "input/空.xlsx"], 1),
        (["input/没有.xlsx"], 2),
        (["input/清爽县.xlsx", "--roster", "没有.xlsx"], 2),
        (["input/roster.xlsx"], 3),
    ],
)
def test_exit_status(season, words, status):
    done, out, err = run("check", *words, *DAY, cwd=season.place)
    assert done == status
    assert bool(err) == (status > 1) and bool(out) == (status <= 1)
    assert ("可以报送" in out) == (status == 0)


# --- the screen -------------------------------------------------------------------------------------------------------


def test_the_screen_names_each_place_says_each_word_and_nothing_internal(season):
    _, out, err = run("check", "input/有误县.xlsx", *DAY, cwd=season.place)
    findings = concerning(season.result, UNITS["有误县"].code, season.files["有误县"])["findings"]
    assert len(findings) > 15 and err == "" and "\x1b" not in out
    for finding in findings:
        _, severity, _, _, _, _, sheet_name, cell, message, fix = finding
        where = " ".join(filter(None, (sheet_name and f"“{sheet_name}”表", cell and f"{cell}单元格")))
        line = f"  ● {where + '：' if where else ''}{message}\n    {fix}\n"
        assert line in out, "whole, never broken where the line is full"
        heading = {"send_back": "【退回】", "verify": "【需核实】", "note": "【提示】"}[severity]
        assert out.index(heading) < out.index(line)
    assert "有误县：3个社区" in out and out.rstrip().endswith("还不能报送：请先改正“退回”的问题，保存后再自查一次。")
    plain = re.sub(r"[A-Z]+[0-9]+单元格|有误县\.xlsx", "", out)
    assert not re.findall("[A-Za-z_]{2,}", plain)
    assert not re.search(r"\b[FSHCTKURX][0-9]{2}\b", plain), "codes of rules are for programmers"


def test_the_screen_says_which_of_several_files_and_what_became_of_the_others(season):
    _, out, _ = run("check", *(f"input/{file}" for file in season.files["分批县"]), *DAY, cwd=season.place)
    assert "分批县.xlsx：已被替代，已被第2批“分批县 第2批.xlsx”替代。" in out
    assert "● 分批县 第2批.xlsx “分批一社区”表 G" in out


def test_the_screen_says_what_to_do_about_a_file_that_cannot_be_used(season):
    _, out, _ = run("check", "input/去年县.xlsx", "input/坏件县/报表.xlsx", *DAY, cwd=season.place)
    assert out.count("不能采用，原因和办法见下面的“退回”") == 2
    assert "工作簿的年度是“2020”，本次收的是2021年度。" in out and "请改用“去年县”的2021年度总结填报工作簿填报后重新报送。" in out
    assert "请在本机确认原文件能正常打开，再重新发送一次。" in out, "the advice for this very damage"


def test_the_screen_says_what_stands_in_the_roster_and_not_in_the_file(season):
    _, out, _ = run("check", "input/核实县.xlsx", *DAY, cwd=season.place)
    assert re.search(r"  ● 名册 “社区名册”表 [A-Z]+[0-9]+单元格：名册中的“核实村村民委员会”", out)


def test_the_screen_says_that_a_sample_is_one(shipped):
    _, out, _ = run("check", "input/永仁县.xlsx", *DAY, cwd=shipped)
    assert out.startswith("【示例】") and out.endswith("示例只供练习，不用来报送。\n") and "可以报送" not in out


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["input"], '“input”是文件夹，请写明其中的文件。全部自查可以写：python process.py check input/*.xlsx'),
        (["清爽县"], "您是不是想写：python process.py check input/清爽县.xlsx"),
        (["input/清爽.xlsx"], "您是不是想写：python process.py check input/清爽县.xlsx"),
        (["input/分批县", "第2批.xlsx"], '文件名中有空格的，要用英文双引号括起来：python process.py check "input/分批县 第2批.xlsx"'),
        (["input/没有*.xlsx"], "找不到文件“input/没有*.xlsx”"),
        (["名" * 300 + ".xlsx"], "找不到文件"),
        (["input/roster.xlsx"], "“roster.xlsx”没有审核，因为这是名册，不是填报工作簿。"),
    ],
)
def test_a_wrong_word_gets_a_hint(season, words, answer):
    status, out, err = run("check", *words, cwd=season.place)
    assert status in (2, 3) and out == "" and answer in err and err.count("\n") == 1


def test_check_forgotten(season):
    status, _, err = run("input/清爽县.xlsx", cwd=season.place)
    assert status == 2 and "要自查这个文件，请写：python process.py check input/清爽县.xlsx" in err


# --- for programs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["check", "没有𠮷.xlsx"], 2),
        (["check"], 2),
        (["check", "input"], 2),
        (["check", "input/清爽县.xlsx", "--roster", "没有.xlsx"], 2),
        (["check", "input/roster.xlsx"], 3),
        (["chekc", "input/清爽县.xlsx"], 2),
    ],
)
def test_json_is_all_that_stands_on_standard_output_also_on_error(season, words, status, encoding):
    done = subprocess.run(
        [sys.executable, str(ROOT / "process.py"), *words, "--json"],
        cwd=season.place, capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding}, check=False,
    )  # fmt: skip
    document = json.loads(done.stdout.decode("utf-8"))
    assert done.returncode == document["exit_status"] == status
    assert document["error"].startswith(tuple("找请“没不")) and b"Traceback" not in done.stderr


def test_a_gbk_console_never_breaks(season, tmp_path):
    """A rare character in a file's name, in a sheet's name and in a cell."""

    def change(book):
        book[sheet("清爽县", 1)].title = "一🌳社区"
        put("一🌳社区", "1.1", "扣分", "𠮷扣")(book)

    path = tmp_path / "清爽县✔🌳.xlsx"
    path.write_bytes(filled("清爽县", change))
    status, out, err = run("check", path, *DAY, cwd=season.place, encoding="gbk")
    assert (status, err) == (1, "") and "清爽县??.xlsx：已审核。" in out and "“一?社区”表" in out and "扣分“?扣”" in out


# --- nothing is left behind -------------------------------------------------------------------------------------------


def test_nothing_is_written(season, tmp_path):
    """No output folder, no archive, nothing beside the file: neither where it is checked nor where it lies."""
    shutil.copytree(season.place / "input", tmp_path / "input")
    before = snapshot(tmp_path)
    folders = sorted(path for path in tmp_path.rglob("*") if path.is_dir())
    for words in (["input/有误县.xlsx"], ["input/空.xlsx", "--json"], ["没有.xlsx"], ["input/roster.xlsx"]):
        run("check", *words, *DAY, cwd=tmp_path)
    assert snapshot(tmp_path) == before
    assert sorted(path for path in tmp_path.rglob("*") if path.is_dir()) == folders


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_reader_that_has_had_enough_is_no_error(season, tmp_path, words):
    """``check … | more`` and away: the status stays the check's own, and no error is recorded."""
    shutil.copytree(season.place / "input", tmp_path / "input")
    command = [sys.executable, str(ROOT / "process.py"), "check", "input/有误县.xlsx", *DAY, *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        started.stdout.close()
        err = started.stderr.read()
    assert started.returncode == 1 and err == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["input"]
