"""The program's own manners (issue 9): the first day in an empty folder, help, what people mistype, ``receive``, ``--open``."""

from __future__ import annotations

import datetime
import hashlib
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
from season import CITY, COUNTY, ROSTER, STANDARD, TOWN, clean, form
from soundness import faults

from greencomm import cli, desktop, receiving, screen, spelling, usage
from greencomm.errors import RosterError
from greencomm.forms.names import file_name_part
from greencomm.roster import BatchLabel, load_roster
from greencomm.rosters_io import write_roster, write_starter

ROOT = Path(__file__).resolve().parents[1]
DAY = ("--date", "2021-10-18")
FORMS = {"楚雄市.xlsx": form(CITY), "双柏县.xlsx": form(COUNTY, {TOWN.code: clean(c1_1=(None, None, None))})}
"""The first has nothing to correct, the second a blank clause."""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, in which the program is started though it lies elsewhere."""
    place = tmp_path / "工作"
    place.mkdir()
    monkeypatch.chdir(place)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def start(here, capfd):
    """Start a command in that folder: (exit status, standard output, standard error)."""

    def started(*words):
        status = cli.main([str(word) for word in words])
        told = capfd.readouterr()
        assert "Traceback" not in told.out + told.err and "程序内部出错" not in told.err
        return status, told.out, told.err

    return started


def make_roster(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局"}
    write_roster(path, STANDARD, batch, ROSTER.units, ROSTER.communities)
    return path


def lay(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(FORMS[name])


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file by its path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# --- the first day ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder_is_there", [False, True])
def test_an_empty_folder_gets_a_roster_and_the_order_of_steps(here, start, folder_is_there):
    if folder_is_there:
        (here / "input").mkdir()
    status, out, err = start(*DAY)
    assert (status, out) == (3, "")
    assert list(contents(here)) == ["input/roster.xlsx"], "nothing else is written, not even records"
    order = ["roster.xlsx", "python process.py forms", "发给各填报单位", "放进“input”文件夹", "结果在 output 文件夹中"]
    places = [err.index(word, err.index("1.")) for word in order]
    assert places == sorted(places)


def test_a_second_run_names_every_cell_that_is_still_blank(here, start):
    start(*DAY)
    before = contents(here / "input")
    status, _, err = start(*DAY)
    assert status == 3
    for place in ("工作表“批次”：B5（填报单位）、B6（联系人）、B7（联系电话）", "工作表“填报单位”：从A4、B4起", "工作表“社区名册”：从C4、D4起"):
        assert place in err
    assert contents(here / "input") == before, "never put over the one that is there"


def test_what_is_filled_is_not_asked_for_again(here, start):
    start(*DAY)
    book = openpyxl.load_workbook("input/roster.xlsx")
    book["填报单位"]["A4"], book["填报单位"]["B4"] = "532301", "楚雄市"
    book["批次"]["B5"] = "州住建局"
    book.save("input/roster.xlsx")
    _, _, err = start(*DAY)
    assert "工作表“批次”：B6（联系人）、B7（联系电话）\n" in err and "“填报单位”：从" not in err and "“社区名册”：从C4、D4起" in err


def test_a_mistake_in_what_is_filled_is_told_beside_the_blanks(here, start):
    start(*DAY)
    book = openpyxl.load_workbook("input/roster.xlsx")
    book["填报单位"]["A4"], book["填报单位"]["B4"] = "5323", "楚雄市"
    book.save("input/roster.xlsx")
    _, _, err = start(*DAY)
    assert "“社区名册”：从C4、D4起" in err and "另外：" in err and "第4行（A4）：“代码”现为“5323”" in err


def test_a_countys_own_standard_is_nothing_received(here, start):
    (here / "input/标准").mkdir(parents=True)
    (here / "input/标准/大姚县.toml").write_bytes(b"")
    assert start(*DAY)[0] == 3


def test_workbooks_without_a_roster_stay_as_they_are(here, start):
    lay(here / "input", *FORMS)
    before = contents(here / "input")
    status, _, err = start(*DAY)
    assert status == 2 and "没有名册，现在还不能审核；收到的文件没有改动" in err
    assert {name: sha for name, sha in contents(here / "input").items() if name != "roster.xlsx"} == before
    assert start(*DAY)[0] == 2


def test_a_roster_without_workbooks_says_what_comes_next(here, start):
    make_roster(here / "input" / "roster.xlsx")
    status, _, err = start(*DAY)
    assert status == 3 and "还没有各县市报送的工作簿" in err and "python process.py forms" in err


def test_forms_without_a_roster_begin_in_the_same_way(here, start):
    status, _, err = start("forms", *DAY)
    assert status == 2 and (here / "input/roster.xlsx").is_file() and "还不能生成填报工作簿" in err
    assert "还要填" in start("forms", *DAY)[2]


def test_forms_tell_of_an_open_roster_and_of_what_the_sample_left_in_it(here, start):
    roster = make_roster(here / "input" / "roster.xlsx")
    _, out, _ = start("forms", *DAY)
    assert "请注意" not in out
    book = openpyxl.load_workbook(roster)
    (contact,) = [row for row in book["批次"].iter_rows() if row[0].value == "联系人"]
    contact[1].value = "示例联系人"
    book.save(roster)
    (here / "input" / "~$roster.xlsx").write_bytes(b"user")
    status, out, _ = start("forms", *DAY)
    assert status == 0
    assert out.count("请注意：名册正在 Excel 或 WPS 中打开，这次按上次保存的内容办；没有保存的请保存、关闭后再运行。") == 1
    assert f"请注意：名册“批次”表{contact[1].coordinate}写的是“示例联系人”，会印在附件2和函件上，请改成自己的。" in out


def test_a_filled_starter_leads_to_forms_and_a_review(here, start):
    """Typed below the examples, which stay: they are no data."""
    start(*DAY)
    book = openpyxl.load_workbook("input/roster.xlsx")
    for label, value in (("B5", "州住建局"), ("B6", "王某"), ("B7", "0878")):
        book["批次"][label] = value
    for row, unit in enumerate(ROSTER.units, 4):
        book["填报单位"].cell(row, 1, unit.code)
        book["填报单位"].cell(row, 2, unit.name)
    for row, community in enumerate(ROSTER.communities, 4):
        for column, value in enumerate((community.county, community.town, community.code, community.name), 1):
            book["社区名册"].cell(row, column, value)
    book.save("input/roster.xlsx")
    roster = load_roster(Path("input/roster.xlsx"), STANDARD)
    assert [unit.name for unit in roster.units] == ["楚雄市", "双柏县"] and len(roster.communities) == 3 and not roster.findings
    assert start("forms", *DAY)[0] == 0
    assert sorted(path.name for path in Path("forms").iterdir()) == [
        "双柏县_2021年度总结_填报工作簿.xlsx", "楚雄市_2021年度总结_填报工作簿.xlsx",
    ]  # fmt: skip
    lay(here / "input", *FORMS)
    assert start(*DAY)[0] == 1 and (here / "output/2021-annual/annex2.xlsx").is_file()


@pytest.mark.parametrize(
    ("day", "year", "phase"),
    [
        (datetime.date(2021, 8, 31), 2021, "自评"),
        (datetime.date(2021, 9, 1), 2021, "年度总结"),
        (datetime.date(2022, 3, 1), 2022, "自评"),
        # Beyond the years of Annex 2 the nearest of them, or forms could not be issued.
        (datetime.date(2026, 3, 1), 2022, "年度总结"),
        (datetime.date(2020, 3, 1), 2021, "自评"),
    ],
)
def test_the_starter_is_filled_as_far_as_the_notice_and_the_day_say(tmp_path, day, year, phase):
    write_starter(tmp_path / "a.xlsx", STANDARD, day)
    write_starter(tmp_path / "b.xlsx", STANDARD, day)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["批次"]
    values = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=2)}
    assert (values["地区"], values["年度"], values["阶段"]) == ("楚雄州", year, phase)
    # The notice: 8月底, 10月20日前.
    assert [values[label].date().isoformat() for label in ("自评截止日期", "年度总结截止日期")] == [f"{year}-08-31", f"{year}-10-20"]
    assert [str(each.sqref) for each in sheet.data_validations.dataValidation] == ["B4"]


def test_the_starter_is_a_sound_workbook(tmp_path):
    write_starter(tmp_path / "roster.xlsx", STANDARD, datetime.date(2021, 3, 1))
    assert faults((tmp_path / "roster.xlsx").read_bytes()) == []


def test_the_starter_is_never_put_over_a_file(tmp_path):
    (tmp_path / "roster.xlsx").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_starter(tmp_path / "roster.xlsx", STANDARD, datetime.date(2021, 3, 1))
    assert (tmp_path / "roster.xlsx").read_bytes() == b"mine"


@pytest.mark.parametrize(("sheet", "cells", "named"), [
    ("填报单位", {"A3": "532302", "B3": "禄丰市"}, "第3行（C3）：“曾用代码”还是示例（例：532331）"),
    ("社区名册", {"C2": "532301101001", "D2": "东兴社区居民委员会"}, "第2行（A2）：“县（市、区）”还是示例（例：楚雄市）"),
])  # fmt: skip
def test_an_example_that_is_half_overwritten_is_named(tmp_path, sheet, cells, named):
    path = tmp_path / "roster.xlsx"
    write_starter(path, STANDARD, datetime.date(2021, 3, 1))
    book = openpyxl.load_workbook(path)
    book["填报单位"]["A4"], book["填报单位"]["B4"] = "532301", "楚雄市"
    for cell, value in cells.items():
        book[sheet][cell] = value
    book.save(path)
    with pytest.raises(RosterError, match="改成真实内容") as caught:
        load_roster(path, STANDARD)
    assert named in str(caught.value)


@pytest.mark.parametrize("place", ["input/名册.xlsx", "input/roster.xlsx.xlsx", "roster.xlsx"])
def test_a_roster_under_another_name_is_pointed_out(here, start, place):
    (here / "input").mkdir()
    make_roster(here / place)
    _, _, err = start(*DAY)
    assert f"“{place}”看起来是名册" in err and not (here / "input/roster.xlsx").exists()


@pytest.mark.parametrize("words", [("--input", "收到的"), ("--roster", "名册.xlsx")])
def test_a_folder_or_file_that_was_named_and_is_not_there_is_a_slip(here, start, words):
    (here / "input").mkdir()
    status, _, err = start(*words, *DAY)
    assert status == 2 and "找不到" in err and not (here / "input/roster.xlsx").exists() and not (here / "收到的").exists()


def test_a_damaged_roster_is_told_as_before(here, start):
    (here / "input").mkdir()
    (here / "input/roster.xlsx").write_bytes(b"PK torn")
    status, _, err = start(*DAY)
    assert status == 2 and "不是可以读取的工作簿" in err and (here / "input/roster.xlsx").read_bytes() == b"PK torn"


def test_json_holds_the_steps_too(here, start):
    status, out, _ = start("--json", *DAY)
    document = json.loads(out)
    assert document["exit_status"] == status == 3 and "python process.py forms" in document["error"]


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(here, start):
    (here / "input").write_bytes(b"a file in the way")
    status, _, err = start(*DAY)
    assert status == 4 and "无法写入“input”" in err


def test_the_program_may_lie_elsewhere(here):
    """Templates and standard come with the program; input, output and archive lie in the folder where it is started."""
    make_roster(here / "input" / "roster.xlsx")
    lay(here / "input", *FORMS)
    done = subprocess.run([sys.executable, ROOT / "process.py", *DAY], cwd=here, capture_output=True, check=False)
    assert done.returncode == 1 and done.stderr == b""
    made = {path.split("/")[0] for path in contents(here)}
    assert made == {"input", "output", "archive"}
    assert list((here / "output/2021-annual/units/双柏县").glob("*.docx"))


def test_the_sample_says_how_to_begin_with_real_data(shipped, start, monkeypatch):
    monkeypatch.chdir(shipped)
    _, out, _ = start("--date", "2022-10-20")
    said = "".join(out.split())
    assert "开始真实工作：把input文件夹中的示例（连同名册roster.xlsx）全部移走，再运行一次" in said
    assert "打开结果文件夹中的units文件夹" in said


# --- help -------------------------------------------------------------------------------------------------------------

PAGES = ["", *spelling.COMMANDS]


def columns(line: str) -> int:
    """As a Chinese console shows it: its quotation marks and dots take two columns as well."""
    return sum(2 if unicodedata.east_asian_width(ch) in "WFA" else 1 for ch in line)


@pytest.mark.parametrize("command", PAGES)
def test_help_fits_a_console_of_80_columns(command):
    lines = usage.page(command or None).splitlines()
    assert len(lines) > 5 and [line for line in lines if columns(line) > 80] == []


def test_the_first_page_begins_with_what_is_done_every_week():
    lines = usage.page().splitlines()
    first = [line.split("  ")[1] for line in lines if line.startswith("  python process.py")][:3]
    assert first == ["python process.py forms", "python process.py receive 文件…", "python process.py"]
    assert lines.index("平时只用这三样：") < lines.index("其他命令：") < lines.index("例子：")


def test_every_option_and_command_is_explained():
    known, _ = cli._options_known()
    everything = "".join(usage.page(command or None) for command in PAGES)
    assert [option for option in known if option.startswith("--") and option not in everything] == []
    first = usage.page()
    assert [command for command in spelling.COMMANDS if command != "run" and command not in first] == []
    for command in spelling.COMMANDS[1:]:
        assert f"用法：python process.py {command}" in usage.page(command)


@pytest.mark.parametrize("words", [
    ("forms", "--help"), ("help", "forms"), ("--help", "forms"), ("forms", "-h"), ("forms", "help"), ("帮助", "下发"),
    ("下发", "--帮助"), ("forms", "/?"), ("FORMS", "－－help"), ("forms", "--year", "--help", "--json"),
])  # fmt: skip
def test_help_for_one_command(words):
    done = subprocess.run([sys.executable, ROOT / "process.py", *words], capture_output=True, encoding="utf-8", check=False,
                          env=os.environ | {"PYTHONIOENCODING": "utf-8"})  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, usage.page("forms"), "")


@pytest.mark.parametrize(("launcher", "typed"), [("运行.bat", "运行.bat"), ("运行.sh", "./运行.sh")])
def test_whoever_started_with_the_launcher_is_told_what_to_type_there(here, start, monkeypatch, launcher, typed):
    monkeypatch.setenv("DESK_SELF", launcher)
    _, _, err = start(*DAY)
    assert f"后输入2（或用命令 {typed} forms）给" in err and "process.py" not in err
    _, out, _ = start("--help")
    assert f"  {typed} receive 文件…" in out and "process.py" not in out
    assert [line for line in out.splitlines() if columns(line) > 80] == []
    make_roster(here / "名册" / "roster.xlsx")
    _, out, _ = start("forms", "--roster", "名册/roster.xlsx", *DAY)
    assert f"再运行 {typed}。" in out, "also after forms"


def test_help_loads_nothing():
    """Three times the time of bare Python at most: neither argparse nor anything else of weight is loaded."""
    code = (
        "import sys; sys.argv = ['process.py', 'forms', '--help']; import runpy\n"
        "try: runpy.run_path('process.py', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "print({'argparse', 'greencomm.cli', 'pandas', 'rich', 'difflib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True,
                          env=os.environ | {"PYTHONIOENCODING": "utf-8"})  # fmt: skip
    assert done.stdout.splitlines()[-1] == "set()"


# --- what people mistype ----------------------------------------------------------------------------------------------

KNOWN, TAKES_VALUE = cli._options_known()


@pytest.mark.parametrize(("typed", "meant"), [
    (["－－year", "2021"], ["--year", "2021"]),
    (["——year", "2021"], ["--year", "2021"]),
    (["–year", "2021"], ["--year", "2021"]),
    (["-year", "2021"], ["--year", "2021"]),
    (["--ｙｅａｒ＝2021"], ["--year=2021"]),
    (["--YEAR", "2021"], ["--year", "2021"]),
    (["--年度", "2021"], ["--year", "2021"]),
    (["−−accept_open"], ["--accept-open"]),
    (["下发"], ["forms"]),
    (["自查", "楚雄市.xlsx"], ["check", "楚雄市.xlsx"]),
    (["封存", "--年度=2021"], ["close", "--year=2021"]),
    (["运行"], ["run"]),
    (["接收", "下发", "－件.xlsx"], ["receive", "下发", "－件.xlsx"]),
    (["ＣＨＥＣＫ", "Ａ.xlsx"], ["check", "Ａ.xlsx"]),
    (["--reason", "－待定", "close"], ["--reason", "－待定", "close"]),
    (["close", "--reason", "-待定"], ["close", "--reason=-待定"]),
    (["--inptu", "x"], ["--inptu", "x"]),
    (["-h"], ["--help"]),
])  # fmt: skip
def test_what_can_mean_one_thing_only_is_understood(typed, meant):
    assert spelling.put_right(typed, KNOWN, TAKES_VALUE) == meant


@pytest.mark.parametrize(("words", "answer"), [
    (["--inptu", "x"], "不认识的选项 --inptu。您是不是想写 --input？"),
    (["－－ｙａｅｒ", "2021"], "您是不是想写 --year？"),
    (["--年渡", "2021"], "您是不是想写 --year（年度）？"),
    (["-forms"], "forms 是命令，前面不写横线：python process.py forms。"),
    (["--下发"], "forms 是命令，前面不写横线"),
    (["chek", "a.xlsx"], "您是不是想写 check？"),
    (["recieve", "a.xlsx"], "您是不是想写 receive？"),
    (["运型"], "您是不是想写 run（运行）？"),
    (["year=2021"], "选项前面要写两个横线：--year=2021。"),
    (["/year", "2021"], "选项前面要写两个横线：--year 2021。"),
    (["forms", "年度", "2021"], "多余的内容“年度”。选项前面要写两个横线：--year 2021。"),
    (["2021"], "要指定年度，请写：--year 2021。"),
    (["20211018"], "要指定运行日期，请写：--date 2021-10-18。"),
    (["年度总结"], "要指定阶段，请写：--phase 年度总结。"),
    (["--year", "2021年"], "年度“2021年”应写成4位数字，例如：--year 2021"),
    (["--year", "二〇二一"], "应写成4位数字，例如：--year 2021"),
    (["--date", "2021/10/18"], "应写成年-月-日，您是不是想写：--date 2021-10-18"),
    (["--date", "2021年8月5日"], "您是不是想写：--date 2021-08-05"),
    (["--date", "2021-02-30"], "应写成年-月-日，例如：--date 2021-10-18（要写日历上有的日子）"),
    (["--phase", "年终"], "例如：--phase 年度总结"),
    (["--open=是"], "选项 --open 后面不需要写内容"),
    (["check", "--open", "a.xlsx"], "选项 --open 不用于 check"),
    (["receive"], "请写明收到的文件，例如：python process.py receive 楚雄市.xlsx"),
    (["receive", "没有.xlsx"], "找不到文件“没有.xlsx”"),
    (["--input", ""], "选项 --input 后面缺少内容。例如：--input 文件夹"),
    (["--input="], "选项 --input 后面缺少内容。例如：--input 文件夹"),
    (["receive", "收到.xlsx", "--input", " "], "选项 --input 后面缺少内容。"),
    (["run", "run"], "命令只写一个就够了：python process.py run。"),
    (["下发", "运行"], "命令只写一个就够了：python process.py forms；要用的是 run，请写：python process.py run。"),
    (["help", "xyz"], "没有“xyz”这个命令。可以用"),
    (["help", "chek"], "没有“chek”这个命令。您是不是想写 check？"),
    (["recieve", "--help"], "没有“recieve”这个命令。您是不是想写 receive？"),
    (["收到.xlsx"], "python process.py receive 收到.xlsx\n要自查这个文件，请写：python process.py check 收到.xlsx"),
    (["收到.xlsx", "又 一份.xlsx"], 'python process.py receive 收到.xlsx "又 一份.xlsx"'),
    (["报来"], "要审核这个文件夹中收到的文件，请写：python process.py receive 报来"),
    (["结果"], "要汇总这个地区的结果，请写：python process.py rollup 结果"),
    (["新标准.toml"], "python process.py replay --standard 新标准.toml"),
])  # fmt: skip
def test_what_may_be_meant_is_suggested(here, start, words, answer):
    for name in ("收到.xlsx", "又 一份.xlsx", "新标准.toml"):
        (here / name).write_bytes(b"")
    (here / "报来").mkdir()
    (here / "结果").mkdir()
    (here / "结果/result.json").write_bytes(b"{}")
    status, out, err = start(*words)
    assert (status, out) == (2, "") and answer in err
    assert not (here / "input").exists() and not (here / "roster.xlsx").exists(), "a slip of the pen writes nothing"


def test_full_width_digits_are_a_year_and_a_day(here, start):
    make_roster(here / "input" / "roster.xlsx")
    assert start("下发", "－－年度", "２０２２", "—date", "２０２２－０８－０１", "--phase", "ＡＮＮＵＡＬ")[0] == 0
    assert (here / "forms/楚雄市_2022年度总结_填报工作簿.xlsx").is_file()


# --- receive ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(here):
    """A roster in the input folder; the downloads of a clerk beside it."""
    make_roster(here / "input" / "roster.xlsx")
    lay(here / "下载", *FORMS)
    return here


def test_files_are_copied_and_reviewed(desk, start):
    before = contents(desk / "下载")
    status, out, _ = start("receive", "下载/楚雄市.xlsx", "下载/双柏县.xlsx", *DAY)
    assert status == 1, "as run: one has something to correct"
    assert contents(desk / "下载") == before
    assert {name: sha for name, sha in contents(desk / "input").items() if name != "roster.xlsx"} == before
    assert "已放进“input”文件夹2个：\n  ● 下载/楚雄市.xlsx\n  ● 下载/双柏县.xlsx\n" in out and "结果已写到" in out
    assert (desk / "output/2021-annual/annex2.xlsx").is_file()


def test_json_is_the_document_of_the_run_and_nothing_else(desk, start):
    status, out, err = start("receive", "下载/楚雄市.xlsx", "--json", *DAY)
    document = json.loads(out)
    assert status == 0 and {file["path"] for file in document["files"]} == {"roster.xlsx", "楚雄市.xlsx"}
    assert "已放进“input”文件夹1个" in err


def test_the_same_bytes_are_not_put_twice_whatever_their_name(desk, start):
    start("receive", "下载", *DAY)
    before = contents(desk / "input")
    shutil.copy("下载/楚雄市.xlsx", "下载/楚雄市 - 副本.xlsx")
    _, out, _ = start("receive", "下载", "input", *DAY)
    assert contents(desk / "input") == before
    assert "没有再放" in out and "下载/楚雄市 - 副本.xlsx（内容与“下载/楚雄市.xlsx”相同）" in out and "已放进" not in out


def test_other_bytes_under_a_name_that_is_taken_get_a_name_of_their_own(desk, start):
    lay(desk / "input", "楚雄市.xlsx")
    shutil.copy("下载/双柏县.xlsx", "楚雄市.xlsx")
    _, out, _ = start("receive", "楚雄市.xlsx", *DAY)
    kept = contents(desk / "input")
    assert kept["楚雄市.xlsx"] == hashlib.sha256(FORMS["楚雄市.xlsx"]).hexdigest()
    assert kept["楚雄市(2).xlsx"] == hashlib.sha256(FORMS["双柏县.xlsx"]).hexdigest()
    assert "● 楚雄市.xlsx → 楚雄市(2).xlsx（已有同名的文件，内容不同）" in out


def test_folders_keep_their_names_so_that_equal_names_do_not_meet(desk, start):
    for county, name in (("双柏县", "双柏县.xlsx"), ("楚雄市", "楚雄市.xlsx")):
        (desk / "报来" / county).mkdir(parents=True)
        (desk / "报来" / county / "填报.xlsx").write_bytes(FORMS[name])
    start("receive", "报来", *DAY)
    assert sorted(contents(desk / "input")) == ["roster.xlsx", "报来/双柏县/填报.xlsx", "报来/楚雄市/填报.xlsx"]


def test_what_is_left_out_is_named_with_the_reason(desk, start):
    (desk / "下载/~$楚雄市.xlsx").write_bytes(b"lock")
    (desk / "下载/Thumbs.db").write_bytes(b"x")
    (desk / "下载/快捷.lnk").write_bytes(b"x")
    (desk / "秘密.xlsx").write_bytes(b"secret")
    (desk / "下载/链接.xlsx").symlink_to(desk / "秘密.xlsx")
    (desk / "外面").mkdir()
    (desk / "外面/别的.xlsx").write_bytes(b"secret")
    (desk / "下载/链接夹").symlink_to(desk / "外面", target_is_directory=True)
    os.mkfifo(desk / "下载/管道.xlsx")
    _, out, _ = start("receive", "下载", *DAY)
    assert sorted(contents(desk / "input")) == ["roster.xlsx", "下载/双柏县.xlsx", "下载/楚雄市.xlsx"]
    assert "没有放进去的6个：" in out
    for name, why in (("~$楚雄市.xlsx", "临时锁文件"), ("Thumbs.db", "系统文件"), ("快捷.lnk", "快捷方式"), ("链接.xlsx", "快捷方式"),
                      ("链接夹", "快捷方式"), ("管道.xlsx", "不是普通文件")):  # fmt: skip
        assert any(name in line and why in line for line in out.splitlines()), name


def test_a_roster_is_recognised_and_never_put_over_the_present_one(desk, start):
    before = contents(desk / "input")
    other = make_roster(desk / "下载" / "新名册.xlsx")
    book = openpyxl.load_workbook(other)
    book["批次"]["B6"] = "另一人"
    book.save(other)
    _, out, _ = start("receive", "下载/新名册.xlsx", *DAY)
    assert contents(desk / "input") == before
    assert "下载/新名册.xlsx：这是名册，已有名册“input/roster.xlsx”，没有换掉它。确实要换的，请先把“input/roster.xlsx”移到别处保存，再放一次。" in out


@pytest.mark.parametrize("day", ["2021-03-01", "2021-10-18", "2022-12-31", "2026-03-01"])
def test_a_starter_that_nobody_has_touched_gives_way_to_the_clerks_own_roster(here, start, day):
    start("--date", day)
    own = make_roster(here / "名册.xlsx").read_bytes()
    lay(here, "楚雄市.xlsx")
    status, out, _ = start("receive", "名册.xlsx", "楚雄市.xlsx", *DAY)
    assert status == 0 and (here / "input/roster.xlsx").read_bytes() == own
    assert "名册.xlsx → roster.xlsx（这是名册，换下了程序放的空白名册）" in out


def test_a_starter_in_which_somebody_has_written_stays(here, start):
    start(*DAY)
    book = openpyxl.load_workbook("input/roster.xlsx")
    book["批次"]["B6"] = "王某"
    book.save("input/roster.xlsx")
    before = contents(here / "input")
    make_roster(here / "名册.xlsx")
    status, out, _ = start("receive", "名册.xlsx", *DAY)
    assert status == 3 and contents(here / "input") == before and "没有换掉它" in out


def test_a_roster_goes_to_its_place_where_there_is_none(here, start):
    make_roster(here / "名册2021.xlsx")
    lay(here, "楚雄市.xlsx")
    status, out, _ = start("receive", "楚雄市.xlsx", "名册2021.xlsx", *DAY)
    assert status == 0 and sorted(contents(here / "input")) == ["roster.xlsx", "楚雄市.xlsx"]
    assert "名册2021.xlsx → roster.xlsx（这是名册）" in out


def test_without_a_roster_what_came_in_is_kept_and_a_starter_lies_beside_it(here, start):
    lay(here, "楚雄市.xlsx")
    status, out, err = start("receive", "楚雄市.xlsx", *DAY)
    assert status == 2 and sorted(contents(here / "input")) == ["roster.xlsx", "楚雄市.xlsx"]
    assert "已放进“input”文件夹1个" in out and "放好一份空白名册" in err


@pytest.mark.parametrize(("name", "legal"), [
    ("楚雄市.xlsx", "楚雄市.xlsx"),
    ("a:b?.xlsx", "a：b？.xlsx"),
    ("CON.xlsx", "CON_.xlsx"),
    ("nul", "nul_"),
    (" 楚雄市 .xlsx. ", "楚雄市.xlsx"),
    ("长" * 300 + ".xlsx", "长" * 65 + ".xlsx"),
    ("a\u202excod.xlsx", "axcod.xlsx"),
    ("...", "_"),
    ("没有扩展名的文件。这句话很长", "没有扩展名的文件。这句话很长"),
])  # fmt: skip
def test_names_are_made_legal(name, legal):
    assert receiving.legal_part(name) == legal
    assert file_name_part(legal) == legal and len(legal.encode()) <= 200


def test_a_long_or_illegal_name_is_changed_and_that_is_said(desk, start):
    (desk / "收").mkdir()
    (desk / "收" / "楚雄市?关于报送:材料.xlsx").write_bytes(FORMS["楚雄市.xlsx"])
    deep = desk / "收" / "/".join(["很长的文件夹名称" * 5] * 6)
    deep.mkdir(parents=True)
    (deep / "双柏县.xlsx").write_bytes(FORMS["双柏县.xlsx"])
    _, out, _ = start("receive", "收", *DAY)
    assert sorted(contents(desk / "input")) == ["roster.xlsx", "收/双柏县.xlsx", "收/楚雄市？关于报送：材料.xlsx"]
    assert "→ 收/楚雄市？关于报送：材料.xlsx（原名太长或有不能用的字符）" in out


def test_a_name_in_gbk_bytes_is_read(desk, start):
    (desk / "收").mkdir()
    raw = os.fsencode(str(desk / "收")) + b"/" + "双柏县.xlsx".encode("gbk")
    Path(os.fsdecode(raw)).write_bytes(FORMS["双柏县.xlsx"])
    _, out, _ = start("receive", "收", *DAY)
    assert "收/双柏县.xlsx" in contents(desk / "input") and "收/双柏县.xlsx" in out


def test_the_programs_own_results_and_folders_are_not_received(desk, start):
    lay(desk / "input", "楚雄市.xlsx")
    start(*DAY)
    before = contents(desk / "input")
    status, _, err = start("receive", ".", *DAY)
    assert status == 2 and "里面有程序自己的" in err
    _, out, _ = start("receive", "output/2021-annual/annex2.xlsx", *DAY)
    assert "output/2021-annual/annex2.xlsx：这是程序自己的结果，不是收到的文件。" in out
    assert contents(desk / "input") == before


def test_a_dropped_folder_of_results_is_one_line(desk, start):
    lay(desk / "input", "楚雄市.xlsx")
    start(*DAY)
    before, made = contents(desk / "input"), contents(desk / "output/2021-annual")
    _, out, _ = start("receive", "output/2021-annual", *DAY)
    told = out[: out.index("楚雄州")].splitlines()
    assert f"没有放进去的{len(made)}个：" in told and len(made) > 10
    told_once = f"  ● 这{len(made)}个文件是程序自己的结果，没有放（都在“output/2021-annual”里）。"
    assert [line for line in told if "程序自己" in line] == [told_once]
    assert contents(desk / "input") == before


@pytest.mark.parametrize("name", ["运行.bat", "运行.sh", "process.py", "templates/annex2.xlsx", "desk/start.py", "docs/填报须知.docx"])
def test_the_programs_own_files_are_not_received(desk, start, name):
    before = contents(desk / "input")
    _, out, _ = start("receive", ROOT / name, *DAY)
    assert f"{ROOT / name}：这是程序自己的文件，不是收到的文件。" in out
    assert contents(desk / "input") == before


def test_a_launcher_that_was_copied_elsewhere_is_the_programs_all_the_same(desk, start):
    shutil.copy(ROOT / "运行.bat", desk / "下载" / "运行.bat")
    _, out, _ = start("receive", "下载", *DAY)
    assert "下载/运行.bat：这是程序自己的文件，不是收到的文件。" in out
    assert sorted(contents(desk / "input")) == ["roster.xlsx", "下载/双柏县.xlsx", "下载/楚雄市.xlsx"]


def test_a_countys_workbook_may_be_called_as_the_roster_is(here, start):
    """It is a submission by what is in it: the starter stays, and it is reviewed under a name of its own."""
    start(*DAY)
    starter = contents(here / "input")
    lay(here / "报来", "楚雄市.xlsx")
    (here / "报来/楚雄市.xlsx").rename(here / "报来/Roster.xlsx")
    _, out, _ = start("receive", "报来/Roster.xlsx", *DAY)
    sha256 = hashlib.sha256(FORMS["楚雄市.xlsx"]).hexdigest()
    assert contents(here / "input") == starter | {"报送_Roster.xlsx": sha256}
    assert "● 报来/Roster.xlsx → 报送_Roster.xlsx（内容不是名册，“roster.xlsx”是名册的名称，所以换了名称）" in out
    make_roster(here / "input/roster.xlsx")
    _, out, _ = start("receive", "报来", "--json", *DAY)
    assert {file["path"]: file["state"] for file in json.loads(out)["files"]} == dict.fromkeys(("roster.xlsx", "报送_Roster.xlsx"), "accepted")


def test_in_a_folder_a_submission_may_be_called_as_the_roster(desk, start):
    """Put into a folder by hand, under the roster's name: it is a submission by what is in it, and there already."""
    lay(desk / "input" / "双柏县", "双柏县.xlsx")
    (desk / "input/双柏县/双柏县.xlsx").rename(desk / "input/双柏县/roster.xlsx")
    _, out, _ = start("receive", "下载/双柏县.xlsx", "--json", *DAY)
    assert {file["path"]: file["state"] for file in json.loads(out)["files"]}["双柏县/roster.xlsx"] == "accepted"
    assert sorted(contents(desk / "input")) == ["roster.xlsx", "双柏县/roster.xlsx"]


@pytest.mark.parametrize(("limit", "value", "much"), [("MOST_FILES", 17, "17个文件"), ("MOST_BYTES", (1 << 30) + 7, "1GB")])
def test_far_too_much_is_refused_without_a_look_at_the_rest(desk, start, monkeypatch, limit, value, much):
    monkeypatch.setattr(receiving, limit, value)
    for number in range(30):
        (desk / "下载" / f"{number % 3}").mkdir(exist_ok=True)
        with (desk / "下载" / f"{number % 3}" / f"{number:02}.xlsx").open("wb") as file:
            file.truncate(1 << 27)  # 8 of them are 1 GiB, without a byte on the disk.
    real, seen = receiving._file, []
    monkeypatch.setattr(receiving, "_file", lambda path, *rest: seen.append(path) or real(path, *rest))
    before = contents(desk / "input")
    status, _, err = start("receive", "下载", *DAY)
    assert status == 2 and f"要放进去的超过{much}，太多了" in err and "没有放进任何文件" in err
    assert contents(desk / "input") == before and len(seen) == (18 if limit == "MOST_FILES" else 9)


def test_a_folder_with_far_too_many_names_is_not_even_listed(desk, start, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_FILES", 3)
    monkeypatch.setattr(receiving, "_file", None)  # Nothing is looked at.
    for number in range(2):
        (desk / "下载" / f"{number}.xlsx").write_bytes(b"x")
    status, _, err = start("receive", "下载", *DAY)
    assert status == 2 and "要放进去的超过3个文件，太多了" in err and sorted(contents(desk / "input")) == ["roster.xlsx"]


def test_whoever_waits_is_told_what_takes_so_long(desk, monkeypatch):
    """Looking through a folder on a slow disk is shown after a second, and not where it takes no time."""
    options = cli._options(cli._parse(list(DAY)))
    for clock, said in ((itertools.repeat(0.0), 0), (itertools.count(0, 0.9), 1)):
        told = []
        monkeypatch.setattr(receiving, "time", SimpleNamespace(monotonic=lambda clock=clock: next(clock)))
        receiving.receive([Path("下载")], options, lambda *step, told=told: told.append(step))
        assert [step for step in told if "正在查看" in step[2]] == [(0, 2, "正在查看所选的文件夹：下载/楚雄市.xlsx")] * said


def test_of_many_files_some_are_named_and_the_others_counted():
    told = receiving.Received()
    for number in range(3000):
        county = "楚雄市" if number < 1000 else "双柏县"
        why = "（已有同名的文件，内容不同）" if number == 2999 else ""
        told.placed.append(receiving.Told(f"{county}/{number}.xlsx{why}", county, bool(why)))
    lines = told.lines(Path("input"))
    assert len(lines) == 32 and lines[0] == "已放进“input”文件夹3000个："
    assert lines[1:30] == [f"  ● 楚雄市/{number}.xlsx" for number in range(29)]
    assert lines[30] == "  ● 双柏县/2999.xlsx（已有同名的文件，内容不同）", "what needs a word is among those that are named"
    # 1,000 less the 29 that are named, 2,000 less the one.
    assert lines[31] == "  另外还有2970个（“双柏县”1999个、“楚雄市”971个），见“input”文件夹。"
    told = receiving.Received(placed=[receiving.Told(f"{number}.xlsx") for number in range(31)])
    assert told.lines(Path("input"))[-1] == "  另外还有1个，见“input”文件夹。"


def test_of_many_folders_the_outer_ones_are_counted():
    told = receiving.Received(placed=[receiving.Told("x", f"{'甲乙'[number % 2]}/{number}") for number in range(50)])
    assert told.lines(Path("input"))[-1] == "  另外还有20个（“甲”10个、“乙”10个），见“input”文件夹。"
    told = receiving.Received(placed=[receiving.Told("x", str(number)) for number in range(50)])
    assert told.lines(Path("input"))[-1].endswith("、“39”1个，以及其他10处的），见“input”文件夹。")


def test_whatever_may_be_a_submission_is_named_though_it_was_left_out(desk, start):
    for number in range(40):
        (desk / "下载" / f"链接{number:02}.xlsx").symlink_to(desk / "别处.xlsx")
        (desk / "下载" / f"~${number:02}.xlsx").write_bytes(b"lock")
    _, out, _ = start("receive", "下载", *DAY)
    assert "没有放进去的80个：" in out and out.count("下载/链接") == 40 and "~$" not in out
    assert "  另外还有40个（“这是 Excel 或 WPS 打开文件时的临时锁文件”40个）。" in out


def test_of_many_files_that_cannot_be_opened_the_review_names_some(desk, start):
    for number in range(35):
        (desk / "input" / f"{number:02}.pdf").write_text(f"%PDF-1.7 {number}")
    _, out, _ = start(*DAY)
    assert "有35个文件未采用：" in out and out.count(".pdf：") == 30
    assert "  另外还有5个，原因和办法见 trace.xlsx 的“文件”表。" in out


def test_a_copy_is_whole_or_absent(desk, start, monkeypatch):
    """The disk is full at the second file: the first stays, nothing half written lies about, and that is said."""
    real, calls = receiving.durable.copy_in, []

    def full(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(receiving.durable, "copy_in", full)
    status, _, err = start("receive", "下载", *DAY)
    assert status == 4 and "磁盘空间不足" in err and "已经放进去的文件是完整的" in err
    assert sorted(contents(desk / "input")) == ["roster.xlsx", "下载/双柏县.xlsx"]


def test_a_file_that_cannot_be_read_costs_only_itself(desk, start, monkeypatch):
    real = receiving.durable.file_sha256

    def refused(path):
        if path.name == "双柏县.xlsx":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(receiving.durable, "file_sha256", refused)
    _, out, _ = start("receive", "下载", *DAY)
    assert "下载/双柏县.xlsx：打不开" in out and "下载/楚雄市.xlsx" in contents(desk / "input")


# --- --open -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def opener(here, monkeypatch):
    """A file manager that writes down what it was asked to show, and stays open."""
    tools = here.parent / "tools"
    tools.mkdir()
    (tools / "xdg-open").write_text('#!/bin/sh\necho noise\nprintf "%s" "$1" > "$(dirname "$0")/part"\n'
                                    'mv "$(dirname "$0")/part" "$(dirname "$0")/shown"\n')  # fmt: skip
    (tools / "xdg-open").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")

    def shown() -> Path:
        for _ in range(200):
            if (tools / "shown").exists():
                return Path((tools / "shown").read_text())
            time.sleep(0.05)
        raise AssertionError("nothing was opened")

    return shown


@pytest.mark.parametrize(("words", "folder"), [
    ((), "output/2021-annual"),
    (("receive", "楚雄市.xlsx"), "output/2021-annual"),
    (("forms",), "forms"),
    (("forms", "--output", "下发表格"), "下发表格"),
])  # fmt: skip
def test_open_shows_the_results(here, start, opener, words, folder):
    make_roster(here / "input" / "roster.xlsx")
    lay(here / "input", "双柏县.xlsx")
    lay(here, "楚雄市.xlsx")
    status, out, err = start(*words, "--open", *DAY)
    assert status in (0, 1) and "noise" not in out + err
    assert opener() == here / folder and list((here / folder).iterdir())


def test_open_shows_what_was_summed(desk, start, opener):
    start("receive", "下载", *DAY)
    assert start("rollup", "output/2021-annual", "--open", *DAY)[0] in (0, 1)
    assert opener() == desk / "output/2021-annual-rollup"


def test_open_shows_where_the_roster_is_to_be_filled(here, start, opener):
    assert start("--open", *DAY)[0] == 3
    assert opener() == here / "input"


def test_without_a_screen_or_a_file_manager_open_does_nothing(here, monkeypatch):
    started = []
    monkeypatch.setattr(desktop.subprocess, "Popen", lambda *words, **_: started.append(words))
    desktop.show_folder(here)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", str(here))
    desktop.show_folder(here)
    assert started == []


def test_open_never_is_an_error(here, monkeypatch):
    def broken(*_, **__):
        raise OSError("no")

    monkeypatch.setattr(desktop, "_opener", lambda: "xdg-open")
    monkeypatch.setattr(desktop.subprocess, "Popen", broken)
    desktop.show_folder(here)
    desktop.show_folder(here / "不在")


# --- the bar ------------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A screen that somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("steps", "shown"), [([], False), ([(3, 10, "楚雄市.xlsx")], True)])
def test_a_bar_shows_only_once_something_is_done(monkeypatch, steps, shown):
    """A run on unchanged input takes no step: a bar at 0 of 100 would look like a run that hangs."""
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with screen.progress(quiet=False, title="正在审核") as step:
        assert step is not None
        for each in steps:
            step(*each)
    assert ("/10" in sys.stdout.getvalue()) == shown


@pytest.mark.parametrize(
    ("typed", "lies_there"),
    [("楚雄市.xlsx", "楚雄市绿色社区填报.xlsx"), ("姚安县", "姚安县_报送.xlsx"), ("大姚县.xlsx", "大姚.xlsx")],
)
def test_a_unit_s_file_is_found_by_the_units_name(here, start, typed, lies_there):
    lay(here / "input", "楚雄市.xlsx")
    make_roster(here / "input" / "roster.xlsx")
    (here / "input" / "楚雄市.xlsx").rename(here / "input" / lies_there)
    status, _, err = start("check", typed, *DAY)
    assert status == 2 and f"您是不是想写：python process.py check {Path('input', lies_there)}" in err
