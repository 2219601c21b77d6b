"""What the screen says comes next: units that have not reported, files that are nobody's, closings, a narrow console."""

from __future__ import annotations

import io
import shutil

import openpyxl
import pytest
from rich.cells import cell_len
from rich.console import Console
from two_years import Prefecture

from greencomm.closings import YearFolder
from greencomm.screen import run_table
from greencomm.summary import Line, Summary, stray_files

PHOTO = b"\xff\xd8\xff\xe0 no workbook"


def said(capsys):
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    # The console breaks lines at blanks.
    return (out + err).replace(" \n", " ")


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """2021: 楚雄市, 双柏县 and 禄丰县 have reported and were run."""
    place = Prefecture(tmp_path_factory.mktemp("reported"))
    place.receive(2021)
    assert place.do(2021) == 0
    return place


@pytest.fixture
def place(reported, tmp_path):
    shutil.copytree(reported.folder, tmp_path, dirs_exist_ok=True)
    return Prefecture(tmp_path)


def step(capsys):
    return said(capsys).split("下一步：")[1].strip().replace("\n", "")


# --- after a run --------------------------------------------------------------------------------------------------------


def test_whoever_has_not_reported_is_chased_before_anything_is_stamped(place, capsys):
    for name in ("双柏县", "禄丰县"):
        (place.input(2021) / f"{name}.xlsx").unlink()
    assert place.do(2021) == 0
    assert step(capsys) == (
        "还有2个单位没有报送，先催报（结果文件夹的 units 里有催报函）；确定不再等的，才打印 annex2.xlsx 盖章归档。"
    )
    # A run on unchanged input says the same.
    assert place.do(2021) == 0 and step(capsys).startswith("还有2个单位没有报送")


def test_the_self_evaluation_waits_for_its_list_in_the_same_way(tmp_path, capsys):
    place = Prefecture(tmp_path)
    place.receive(2021, "self-evaluation")
    (place.input(2021, "self-evaluation") / "禄丰县.xlsx").unlink()
    assert place.do(2021, phase="self-evaluation") == 0
    assert step(capsys).endswith("还有1个单位没有报送，先催报（结果文件夹的 units 里有催报函）；确定不再等的，才打印“创建成果名单.xlsx”盖章。")


def test_a_photograph_is_returned_to_nobody(place, capsys):
    (place.input(2021) / "现场照片.jpg").write_bytes(PHOTO)
    assert place.do(2021) == 1
    told = "有1个文件认不出是哪个单位的（现场照片.jpg）：是报送材料的请对方重发；不是的，从 input 移走，再运行一次。"
    assert step(capsys) == told
    assert place.do(2021, "close") == 1
    screen = said(capsys)
    assert f"没有封存。{told[:-1]}，然后封存；确实不再改正的" in screen.replace("\n", "") and "各单位改正" not in screen
    (place.input(2021) / "双柏县.xlsx").write_bytes(b"broken")
    assert place.do(2021) == 1
    both = step(capsys)
    assert "units 文件夹" in both and told.replace("有1个", "另外，有1个") in both


def test_what_lies_in_a_mail_cannot_be_moved_away_by_itself():
    assert stray_files([], set()) == ""
    assert "（在压缩包或邮件里的，" in stray_files(["来信.eml/照片.jpg"], {"来信.eml", "来信.eml/照片.jpg"})
    assert "压缩包" not in stray_files(["附件/照片.jpg"], {"附件/照片.jpg"})
    assert "（1.jpg、2.jpg、3.jpg、4.jpg、5.jpg等）" in stray_files([f"{n}.jpg" for n in range(1, 8)], set())


def test_units_on_earlier_lists_whole_owe_no_form(tmp_path, capsys):
    """2022 without 双柏县's and the zone's workbooks; the roster has 双柏县 without 西城一 and 西城二: 城关 stands on the list."""
    place = Prefecture(tmp_path)
    place.first_year()
    place.receive(2022, without=("532322101004", "532322101005"))
    (place.input(2022) / "双柏县.xlsx").unlink()
    (place.input(2022) / "开发区规划建设局.xlsx").unlink()
    capsys.readouterr()
    place.do(2022)
    screen = said(capsys).replace("\n", "")
    assert "未报送的单位：开发区规划建设局（" in screen
    assert "只欠年度总结评估报告及附件2（不用再报填报工作簿）：双柏县。" in screen
    assert "还有1个单位没有报送" in screen.split("下一步：")[1]


# --- closing ------------------------------------------------------------------------------------------------------------


def test_missing_units_are_named_and_stop_nothing(place, capsys):
    (place.input(2021) / "双柏县.xlsx").unlink()
    assert place.do(2021) == 0 and place.do(2021, "close") == 0
    assert "另有1个单位没有报送：双柏县；它们的社区按未报封存。" in said(capsys)


def test_a_reopened_year_is_closed_with_no_less_than_before(place, capsys):
    """Of 8 green communities 双柏县 has 4 (two_years)."""
    assert place.do(2021, "close") == 0
    capsys.readouterr()
    assert place.do(2021, "close", "--reopen", "--reason", "补报") == 0
    screen = said(capsys)
    # All that was closed still lies in the input folder.
    assert "①把补报、改正的文件放进 " in screen and "拷回" not in screen and "③再封存：python process.py close --year 2021" in screen
    (place.input(2021) / "双柏县.xlsx").unlink()
    assert place.do(2021) == 0 and place.do(2021, "close") == 0
    assert "比上次封存时少4个社区：东城社区居民委员会、南城社区居民委员会、西城社区居民委员会、北城社区居民委员会。" in said(capsys)
    capsys.readouterr()
    # Now a file of the closed year is not there any more.
    (place.input(2021) / "禄丰县.xlsx").unlink()
    assert place.do(2021, "close", "--reopen", "--reason", "补报") == 0
    lines = said(capsys).splitlines()
    kept = place.archive / "reopened" / "2021" / "0002" / "input"
    assert [line.strip()[0] for line in lines if line.startswith("  ")] == list("①②③④⑤⑥")
    assert f"②把“{kept}”里的全部文件拷回 " in "".join(lines) and (kept / "roster.xlsx").is_file()


def test_nothing_is_said_where_nothing_is_lost(place, capsys):
    assert place.do(2021, "close") == 0
    assert place.do(2021, "close", "--reopen", "--reason", "核对") == 0
    assert YearFolder(2021, place.archive / "reopened" / "2021" / "0001").load().count == 8
    capsys.readouterr()
    assert place.do(2021) == 0 and place.do(2021, "close") == 0
    assert "比上次封存时少" not in said(capsys)


@pytest.mark.parametrize("closed", [True, False])
def test_the_self_evaluation_is_not_closed(place, closed, capsys):
    if closed:
        assert place.do(2021, "close") == 0
    roster = place.input(2021) / "roster.xlsx"
    book = openpyxl.load_workbook(roster)
    (label,) = [cell for cell in book["批次"]["A"] if cell.value == "阶段"]
    book["批次"].cell(label.row, 2, "自评")
    book.save(roster)
    assert place.do(2021, "close") == 2
    assert "封存的是年度总结；现在名册的阶段是“自评”，不用封存。" in said(capsys)


@pytest.mark.parametrize(("launcher", "told"), [("运行.bat", "请再运行一次（双击），再封存。"), ("", "再封存：python process.py\n")])
def test_who_double_clicks_is_told_to_double_click(place, launcher, told, monkeypatch, capsys):
    monkeypatch.setenv("DESK_SELF", launcher)
    (place.input(2021) / "补报.txt").write_bytes(b"x")
    assert place.do(2021, "close") == 2
    screen = said(capsys)
    assert told in screen and "--phase" not in screen


# --- a narrow console ---------------------------------------------------------------------------------------------------

FIRST = ("填报单位", "报送情况", "社区数", "已报", "达标", "完成比例", "退回", "需核实", "提示")
SECOND = (*FIRST[:4], "本年新增", "本年比例", "合计", "合计比例", *FIRST[6:])
LONG = "楚雄高新技术产业开发区规划建设局"


def summary(headings, *names):
    cells = {"报送情况": "文件未采用", "完成比例": "100.00%", "本年比例": "100.00%", "合计比例": "100.00%"}
    rows = [(name, *(cells.get(heading, "137") for heading in headings[1:])) for name in names]
    return Summary(False, "审核结果", headings, tuple(rows), ("地区", "", *rows[0][2:]), (Line("x"),), "x")


def drawn(given, width):
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    table, left_out = run_table(given, console)
    console.print(table)
    return out.getvalue(), left_out


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("headings", [FIRST, SECOND], ids=["first year", "second year"])
@pytest.mark.parametrize("name", ["楚雄市", "开发区规划建设局", LONG])
def test_neither_names_nor_ratios_are_cropped(width, headings, name):
    text, left_out = drawn(summary(headings, name, "双柏县"), width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "…" not in text and text.count("100.00%") == 3 * (2 - ("本年比例" in left_out)) - 3 * (headings is FIRST)
    column = "".join(line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│"))
    assert column == f"{name}双柏县地区"
    if width == 120:
        assert not left_out


def test_headings_break_before_columns_go():
    given = summary(SECOND, "楚雄市")
    assert drawn(given, 120)[0].splitlines()[2].count("本年新增") == 1
    text, left_out = drawn(given, 80)
    assert not left_out and "本年新增" not in text
    assert drawn(given, 60)[1] == ["社区数", "已报", "提示"]
