"""Regions rolled up into a province, from the command line; every figure of its Annex 2 is worked out here.

| 2021 | communities | green | |
|---|---|---|---|
| 楚雄州 | 楚雄市 5, 双柏县 3 | 4 + 0 = 4 of 8 | 50.00 % |
| 大理州 | 大理市 2 | 2 of 2 | 100.00 % |
| 迪庆州 | 香格里拉市 none | 0 of 0 | — |
| 云南省 | 10 | 6 | 60.00 %, where the average of the ratios would be 75 % |
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import demo
import openpyxl
import pytest
import xlsxwriter
from test_run import ROOT, run
from two_years import Prefecture

from greencomm import batch, regions
from greencomm.archive import Publication
from greencomm.batch import Options
from greencomm.cli import main
from greencomm.history import History
from greencomm.past_years import ClosedUnit, ClosedYear, Listed
from greencomm.province import Oddity
from greencomm.results import ratio
from greencomm.standard import SELF_EVALUATION

CHUXIONG = (("532301", "楚雄市", 5, 4), ("532322", "双柏县", 3, 0))
DALI = (("532901", "大理市", 2, 2),)
DIQING = (("533401", "香格里拉市", 0, 0),)
OUTPUT = Path("output/2021-annual-rollup")


def publish(place, name, units, *, year=2021, phase="annual", day=18, sample=False, earlier=()):
    """A region's run with all its outputs, below ``place``; returns the folder of results as a clerk sees it."""
    made = [unit if not isinstance(unit, tuple) else demo.many(*unit) for unit in units]
    result = demo.region(made, year=year, sample=sample, run_date=datetime.date(year, 10, day))
    batch_row = dataclasses.replace(result.roster.batch, region=name, phase=phase)
    result = dataclasses.replace(
        result, phase=phase, roster=dataclasses.replace(result.roster, batch=batch_row), earlier=tuple(earlier)
    )
    (place / "input").mkdir(parents=True, exist_ok=True)
    options = Options(place / "input", place / "output", place / "input" / "roster.xlsx", place / "archive", result.run_date)
    with Publication(options.archive, options.output) as publication:
        batch.publish(result, History(), options, publication)
    return place / "output" / f"{year}-{phase}"


@pytest.fixture
def three(tmp_path, monkeypatch):
    """The three regions of the table, each in its own folder, and a place to roll them up in."""
    monkeypatch.chdir(tmp_path)
    for name, units in (("楚雄州", CHUXIONG), ("大理州", DALI), ("迪庆州", DIQING)):
        publish(tmp_path / "报来" / name, name, units)
    return tmp_path


@pytest.fixture
def roll(capsys):
    """One rollup in the present folder; returns (exit status, result.json or None, screen)."""

    def do(*words, date="2021-11-01", output=OUTPUT):
        status = main(["rollup", *map(str, words), "--date", date])
        printed = capsys.readouterr()
        screen = printed.out + printed.err
        assert "Traceback" not in screen and "None" not in screen
        path = Path(output) / "result.json"
        return status, json.loads(path.read_text(encoding="utf-8")) if path.exists() else None, screen

    return do


def cells(path):
    """Every sheet as rows of values."""
    book = openpyxl.load_workbook(path)
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


def table(rows):
    """The rows of an Annex 2 below its header, by label, the row 地区 included."""
    at = next(number for number, row in enumerate(rows) if row[0] in ("县（市、区）", "州（市）", "省（区、市）"))
    last = next(number for number, row in enumerate(rows) if row[0] == "地区")
    return {row[0]: row[1:] for row in rows[at + 1 : last + 1] if row[0]}


def codes(result):
    return [finding["rule"] for finding in result["findings"]]


def said(result, oddity):
    """The message of the one remark of a kind."""
    (found,) = [finding for finding in result["findings"] if finding["rule"] == oddity.code]
    return found["message"]


PLACES = (("532300", "楚雄州", ""), ("532900", "大理州", ""), ("533400", "迪庆州", ""))


def roster(path, regions=PLACES, year=2021, **more):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("批次")
        for row, pair in enumerate(({"地区": "云南省", "年度": year, "填报单位": "云南省住房和城乡建设厅"} | more).items()):
            sheet.write_row(row, 0, pair)
        sheet = book.add_worksheet("地区")
        for row, each in enumerate((("代码", "名称", "曾用名"), *regions)):
            sheet.write_row(row, 0, each)
    return path


def names(unit, count):
    return "、".join(f"{unit}{n}号社区居民委员会" for n in range(1, count + 1))


# --- sums -------------------------------------------------------------------------------------------------------------


def test_every_cell_of_the_province(three, roll):
    status, result, screen = roll("报来", "--roster", roster(three / "全省.xlsx"))
    assert status == 0 and "60.00%" in screen and "75.00%" not in screen
    sheets = cells(three / OUTPUT / "annex2.xlsx")
    assert list(sheets) == ["汇总", "楚雄州", "大理州", "迪庆州"]
    # Columns: list, count and ratio of 2021; of 2022, empty; both together.
    assert table(sheets["汇总"]) == {
        "楚雄州": [names("楚雄市", 4), 4, 0.5, None, None, None, 0.5],
        "大理州": [names("大理市", 2), 2, 1, None, None, None, 1],
        "迪庆州": [None, 0, "—", None, None, None, "—"],
        "地区": ["/", 6, 0.6, "/", None, None, 0.6],
    }
    assert table(sheets["楚雄州"]) == {
        "楚雄市": [names("楚雄市", 4), 4, 0.8, None, None, None, 0.8],
        "双柏县": [None, 0, 0, None, None, None, 0],
        "地区": ["/", 4, 0.5, "/", None, None, 0.5],
    }
    heading = [value for row in sheets["汇总"][:4] for value in row if value]
    assert "填报单位：云南省住房和城乡建设厅（盖章）" in heading and "填报时间：2021年11月1日" in heading
    # The rows are prefectures, and the counties' note (report to the prefecture by a date) is not the province's.
    assert sheets["汇总"][4][0] == "州（市）" and sheets["汇总"][-1][0].startswith("注：个数和社区总数由各地区")
    assert "州住房城乡建设局" not in str(sheets["汇总"])
    # A sheet of its own for each region is as the region filed it: heading, first column and note.
    own = cells(three / "报来/楚雄州/output/2021-annual/annex2.xlsx")["附件2"]
    assert sheets["楚雄州"] == own and own[2][0] == "填报时间：2021年10月18日"
    region = result["region"]
    assert (region["name"], region["urban_communities"], region["green"]) == ("云南省", 10, 6)
    assert (region["completion_ratio"], region["combined"], region["combined_ratio"]) == ("0.6000", 6, "0.6000")
    units = [(u["code"], u["name"], u["state"], u["urban_communities"], len(u["green"]), u["completion_ratio"]) for u in result["units"]]
    assert units == [
        ("532300", "楚雄州", "received", 8, 4, "0.5000"),
        ("532900", "大理州", "received", 2, 2, "1.0000"),
        ("533400", "迪庆州", "received", 0, 0, None),
    ]
    assert len(result["communities"]) == 10 and {each["unit"] for each in result["communities"]} == {"532300", "532900"}
    paths = {file["path"] for file in result["files"]}
    assert paths == {f"报来/{name}/output/2021-annual/result.json" for name in ("楚雄州", "大理州", "迪庆州")}
    assert {each["file"] for each in result["communities"]} <= paths
    for output in result["outputs"]:
        assert regions.durable.file_sha256(three / OUTPUT / output["path"]) == output["sha256"]
    assert [output["role"] for output in result["outputs"]] == ["annex2", "rollup", "overview"]


def closed(units):
    """2021 as it was filed: (code, name, names on the list, communities) of each unit; None communities where imported."""
    rows = tuple(
        ClosedUnit(
            code, name, tuple(Listed(f"{code}101{n:03d}", each) for n, each in enumerate(listed, 1)), len(listed), urban,
            ratio(len(listed), urban) if urban else None,
        )
        for code, name, listed, urban in units
    )  # fmt: skip
    count, known = sum(row.count for row in rows), [row.urban_communities for row in rows]
    whole = sum(known) if None not in known else None
    return ClosedYear(2021, count, whole, ratio(count, whole) if whole else None, rows, (), manifest_sha256="ab" * 32)


def listed(unit, *places):
    """The unit with these communities on the list of 2021."""
    members = [dataclasses.replace(each, listed=2021) if n in places else each for n, each in enumerate(unit.communities)]
    return dataclasses.replace(unit, communities=tuple(members))


def second_year(place, *, imported=False):
    """2021: 楚雄市 3 of 5, 大理市 1 of 4. 2022: 楚雄市 has 6, newly green 2, listed 3; 大理市 4, newly green 1, listed 1."""
    chuxiong = listed(demo.many("532301", "楚雄市", 6, 2), 3, 4, 5)
    dali = listed(demo.many("532901", "大理市", 4, 1), 3)
    publish(place / "报来" / "楚雄州", "楚雄州", [chuxiong], year=2022, earlier=[closed([("532301", "楚雄市", ("甲", "乙", "丙"), 5)])])
    publish(
        place / "报来" / "大理州", "大理州", [dali], year=2022,
        earlier=[closed([("532901", "大理市", ("丁",), None if imported else 4)])],
    )  # fmt: skip


def test_two_years_are_summed_as_they_were_filed(tmp_path, monkeypatch, roll):
    monkeypatch.chdir(tmp_path)
    second_year(tmp_path)
    status, result, _ = roll("报来", date="2022-11-01", output="output/2022-annual-rollup")
    assert status == 0
    # 2021: 3/5, 1/4, together 4/9. 2022: 2/6, 1/4, together 3/10. Both: 5/6, 2/4, together 7/10.
    assert table(cells(tmp_path / "output/2022-annual-rollup/annex2.xlsx")["汇总"]) == {
        "楚雄州": ["甲、乙、丙", 3, 0.6, names("楚雄市", 2), 2, 0.3333, 0.8333],
        "大理州": ["丁", 1, 0.25, names("大理市", 1), 1, 0.25, 0.5],
        "地区": ["/", 4, 0.4444, "/", 3, 0.3, 0.7],
    }
    (earlier,) = result["earlier"]
    assert (earlier["year"], earlier["green"], earlier["urban_communities"], earlier["completion_ratio"]) == (2021, 4, 9, "0.4444")
    assert result["region"]["combined"] == 7


def test_a_year_without_its_denominator_is_named_and_not_divided(tmp_path, monkeypatch, roll):
    monkeypatch.chdir(tmp_path)
    second_year(tmp_path, imported=True)
    _, result, _ = roll("报来", date="2022-11-01", output="output/2022-annual-rollup")
    total = table(cells(tmp_path / "output/2022-annual-rollup/annex2.xlsx")["汇总"])["地区"]
    assert total == ["/", 4, "—", "/", 3, 0.3, 0.7]
    assert said(result, Oddity.EARLIER_UNKNOWN).startswith("大理州没有2021年度的上报数字的社区总数（从附件2导入的")


def test_results_of_an_older_program_give_their_earlier_list_by_the_roster_of_today(tmp_path, monkeypatch, roll):
    monkeypatch.chdir(tmp_path)
    second_year(tmp_path)
    path = tmp_path / "报来/楚雄州/output/2022-annual/result.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["earlier"] = [{"year": 2021, "imported": False, "manifest": "ab"}]
    path.write_text(json.dumps(document), encoding="utf-8")
    _, result, _ = roll("报来", date="2022-11-01", output="output/2022-annual-rollup")
    row = table(cells(tmp_path / "output/2022-annual-rollup/annex2.xlsx")["汇总"])["楚雄州"]
    assert row[:3] == ["、".join(f"楚雄市{n}号社区居民委员会" for n in (4, 5, 6)), 3, "—"]
    assert Oddity.EARLIER_UNKNOWN.code in codes(result)


def test_provinces_roll_up_into_a_country(three, roll, monkeypatch):
    roll("报来", "--roster", roster(three / "全省.xlsx"))
    publish(three / "贵州", "贵阳市", (("520102", "南明区", 10, 1),))
    (three / "国家").mkdir()
    monkeypatch.chdir(three / "国家")
    status, result, _ = roll("../output/2021-annual-rollup", "../贵州/output")
    # 6 of 10 and 1 of 10: 7 of 20.
    assert status == 0
    assert [(unit["name"], unit["urban_communities"], len(unit["green"])) for unit in result["units"]] == [("贵阳市", 10, 1), ("云南省", 10, 6)]
    assert (result["region"]["urban_communities"], result["region"]["green"], result["region"]["completion_ratio"]) == (20, 7, "0.3500")
    sheets = cells(Path(OUTPUT) / "annex2.xlsx")
    assert table(sheets["云南省"])["楚雄州"][:3] == [names("楚雄市", 4), 4, 0.5]
    assert table(sheets["云南省"])["地区"][:3] == ["/", 6, 0.6]


def test_a_long_list_is_counted_on_the_first_sheet_and_whole_on_its_own(tmp_path, monkeypatch, roll):
    monkeypatch.chdir(tmp_path)
    publish(tmp_path / "报来", "楚雄州", (("532301", "楚雄市", 300, 290), ("532322", "双柏县", 300, 280)))
    roll("报来")
    sheets = cells(tmp_path / OUTPUT / "annex2.xlsx")
    assert table(sheets["汇总"])["楚雄州"][:2] == ["共570个社区，名单见“楚雄州”表", 570]
    column = [row[1] for row in sheets["楚雄州"] if isinstance(row[1], str)]
    whole = "".join(column)
    for unit, count in (("楚雄市", 290), ("双柏", 280)):
        assert all(f"{unit}{n}号社区居民委员会" in whole for n in range(1, count + 1))
    assert all(len(text) < 32_767 for text in column)


# --- what is given ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("报来/楚雄州/output/2021-annual", "报来/大理州/output", "报来/迪庆州"),
        ("报来/*",),
        ("报来/大理州/output/2021-annual/result.json", "报来/迪庆州", "报来/楚雄州"),
        ("报来", "报来/楚雄州"),
    ],
)
def test_folders_as_people_name_them(three, roll, words):
    status, result, _ = roll(*words)
    assert status == 0
    assert [unit["name"] for unit in result["units"]] == ["楚雄州", "大理州", "迪庆州"]
    assert result["region"]["name"] == "楚雄州、大理州、迪庆州"
    # Without a roster that is said, and nobody is missed.
    assert Oddity.NO_ROSTER.code in codes(result) and Oddity.MISSING.code not in codes(result)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ((), 2, "请写明要汇总的结果文件夹"),
        (("没有的",), 2, "找不到文件夹“没有的”"),
        (("报来", "--roster", "没有.xlsx"), 2, "找不到名册“没有.xlsx”"),
        (("空的",), 3, "“空的”中没有审核结果"),
        (("报来", "--year", "2022"), 3, "是楚雄州2021年度总结的结果，这次汇总的是2022年度总结"),
        (("报来", "--reason", "x"), 2, "只用于封存"),
        (("报来", "--archive", "output/档案"), 2, "不能放在结果文件夹"),
    ],
)
def test_wrong_use_and_nothing_to_do(three, roll, words, status, told):
    (three / "空的").mkdir()
    done, result, screen = roll(*words)
    assert (done, result) == (status, None) and told in screen


def test_the_output_in_the_way_is_left_alone(three, roll):
    roll("报来")
    (OUTPUT / "annex2.xlsx").unlink()
    (OUTPUT / "annex2.xlsx").mkdir()
    status, _, screen = roll("报来")
    assert status == 4 and "annex2.xlsx" in screen


def test_json_only(three):
    status, out, err = run("rollup", "报来", "--json", "--date", "2021-11-01", cwd=three)
    assert status == 0 and err == ""
    assert out.encode() == (three / OUTPUT / "result.json").read_bytes()


def test_a_console_of_windows(three):
    status, out, _ = run("rollup", "报来", "--date", "2021-11-01", cwd=three, encoding="gbk")
    assert status == 0 and "计入3个地区，城市社区10个" in out


def test_same_input_same_bytes_whatever_the_order(three, roll):
    def snapshot():
        return {path.name: path.read_bytes() for path in (three / OUTPUT).iterdir()}

    roll("报来/楚雄州", "报来/大理州", "报来/迪庆州")
    before = snapshot()
    roll("报来/迪庆州", "报来/楚雄州", "报来/大理州")
    assert snapshot() == before
    assert len(list((three / "archive/runs/2021-annual-rollup").iterdir())) == 1


# --- what is odd ------------------------------------------------------------------------------------------------------


def test_a_missing_region_is_named_on_the_sheet_that_is_stamped(three, roll):
    shutil.rmtree(three / "报来" / "大理州")
    status, result, screen = roll("报来", "--roster", roster(three / "全省.xlsx"))
    assert status == 1 and "缺1个地区：大理州" in screen
    assert said(result, Oddity.MISSING) == "大理州（532900）在名册的“地区”表中，没有可以计入的结果；合计不含它的社区。"
    assert table(cells(OUTPUT / "annex2.xlsx")["汇总"])["大理州"] == ["未报送"] + [None] * 6
    foot = cells(OUTPUT / "annex2.xlsx")["汇总"][-1][0]
    assert foot.startswith("缺1个地区（大理州未报送），合计不含。\n注：个数")
    assert table(cells(OUTPUT / "annex2.xlsx")["汇总"])["地区"][1:3] == [4, 0.5]
    assert [(u["name"], u["state"]) for u in result["units"]] == [("楚雄州", "received"), ("大理州", "missing"), ("迪庆州", "received")]


def test_the_roster_gives_order_former_names_and_the_year(three, roll):
    # 大理州 first; 楚雄州 is called 威楚州 now; 迪庆州 is not on it.
    path = roster(three / "全省.xlsx", (("532900", "大理州", ""), ("532300", "威楚州", "楚雄州")))
    publish(three / "报来" / "大理州", "大理州", DALI, year=2022)
    status, result, _ = roll("报来", "--roster", path)
    assert status == 1
    assert [unit["name"] for unit in result["units"]] == ["大理州", "威楚州"]
    assert said(result, Oddity.UNKNOWN_REGION).startswith("“报来/迪庆州/output/2021-annual”是“迪庆州”的结果，名册的“地区”表中没有它")
    # That 大理州 also gave its 2022 is nothing to correct.
    assert said(result, Oddity.OTHER_OF_COUNTED) == "“报来/大理州/output/2022-annual”是大理州2022年度总结的结果，这次没有用。"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"年度": ""}, "年度"),
        ({"地区": ""}, "“地区”空白，请填写，例如“云南省”"),
        ({"阶段": "年终"}, "阶段“年终”读不出"),
    ],
)
def test_a_damaged_roster_stops_with_one_sentence(three, roll, more, told):
    status, result, screen = roll("报来", "--roster", roster(three / "全省.xlsx", **more))
    assert (status, result) == (2, None) and told in screen


def test_another_year_or_phase_is_named_and_the_others_go_on(three, roll):
    shutil.rmtree(three / "报来" / "大理州")
    publish(three / "报来" / "大理州", "大理州", DALI, year=2022)
    publish(three / "报来" / "丽江市", "丽江市", (("530702", "古城区", 3, 1),), phase=SELF_EVALUATION)
    status, result, _ = roll("报来")
    assert status == 1
    # Two regions have 2021年度总结, one each the others.
    assert said(result, Oddity.SEVERAL_PERIODS) == (
        "给出的结果有2021年度总结2份、2021年自评1份、2022年度总结1份；没有写明年度，按份数最多的汇总2021年度总结。"
    )
    told = [finding["message"] for finding in result["findings"] if finding["rule"] == Oddity.OTHER_PERIOD.code]
    assert told == [
        "“报来/丽江市/output/2021-self-evaluation”是丽江市2021年自评的结果，这次汇总的是2021年度总结，没有计入。",
        "“报来/大理州/output/2022-annual”是大理州2022年度总结的结果，这次汇总的是2021年度总结，没有计入。",
    ]
    assert (result["region"]["urban_communities"], result["region"]["green"]) == (8, 4)
    states = {file["path"].split("/")[1]: file["state"] for file in result["files"]}
    assert states == {"楚雄州": "accepted", "迪庆州": "accepted", "大理州": "rejected", "丽江市": "rejected"}
    # Asked for, the self-evaluation is rolled up by itself.
    _, result, _ = roll("报来", "--phase", "自评", output="output/2021-self-evaluation-rollup")
    assert [unit["name"] for unit in result["units"]] == ["丽江市"]


def test_of_equally_many_years_the_latest_and_that_is_said(three, roll):
    shutil.rmtree(three / "报来" / "迪庆州")
    publish(three / "报来" / "楚雄州", "楚雄州", CHUXIONG, year=2022)
    shutil.rmtree(three / "报来/楚雄州/output/2021-annual")
    _, result, _ = roll("报来", output="output/2022-annual-rollup")
    assert result["year"] == 2022
    assert "份数相同时取最近的汇总2022年度总结" in said(result, Oddity.SEVERAL_PERIODS)


def test_the_same_result_twice_counts_once(three, roll):
    shutil.copytree(three / "报来/楚雄州/output/2021-annual", three / "报来/又一份")
    status, result, _ = roll("报来")
    assert status == 0 and result["region"]["urban_communities"] == 10
    assert "各有一份，内容相同，只计入一次" in said(result, Oddity.SAME_TWICE)


def test_two_different_results_of_a_region_count_once_and_are_named(three, roll):
    publish(three / "报来" / "新的", "楚雄州", (("532301", "楚雄市", 5, 5), ("532322", "双柏县", 3, 0)), day=20)
    status, result, _ = roll("报来")
    # The later run has 5 of 8; with 大理州 7 of 10.
    assert status == 1 and (result["region"]["green"], result["region"]["urban_communities"]) == (7, 10)
    assert said(result, Oddity.TWICE).endswith("只计入“报来/新的/output/2021-annual”（运行日期最近的），没有重复计算。")


def test_two_regions_under_one_name(three, roll):
    publish(three / "报来" / "写错的", "楚雄州", (("530102", "五华区", 9, 9),))
    status, result, _ = roll("报来")
    assert status == 1
    assert said(result, Oddity.TWO_REGIONS).startswith("2份结果都写作“楚雄州”，但填报单位完全不同")


def test_a_community_of_two_regions_counts_where_its_code_belongs(three, roll):
    # 大理州 lists 双柏县's three communities too, all green there: they stay 楚雄州's, of which none is green.
    shutil.rmtree(three / "报来" / "大理州")
    publish(three / "报来" / "大理州", "大理州", (*DALI, ("532322", "双柏县", 3, 3)))
    status, result, _ = roll("报来")
    assert status == 1 and (result["region"]["urban_communities"], result["region"]["green"]) == (10, 6)
    assert said(result, Oddity.SHARED_UNIT) == "填报单位代码 532322 出现在几个地区：大理州“双柏县”、楚雄州“双柏县”。"
    assert said(result, Oddity.SHARED_COMMUNITY).startswith("大理州的3个社区在楚雄州也有：双柏1号社区居民委员会（532322101001）、")
    rows = table(cells(OUTPUT / "annex2.xlsx")["汇总"])
    assert (rows["楚雄州"][1], rows["大理州"][1], rows["地区"][1]) == (4, 2, 6)


def test_a_sample_beside_real_results_is_ignored_and_named(three, roll):
    publish(three / "报来" / "示例", "丽江市", (("530702", "古城区", 3, 3),), sample=True)
    status, result, _ = roll("报来")
    assert status == 0 and result["region"]["urban_communities"] == 10 and not result["sample"]
    assert "示例数据" in said(result, Oddity.SAMPLE)
    status, result, screen = roll("报来/示例")
    assert status == 0 and result["sample"] and "【示例】" in screen
    assert "示例数据只供练习，不能上报。" in screen and "盖章" not in screen
    assert any("示例" in str(value) for row in cells(OUTPUT / "annex2.xlsx")["汇总"] for value in row)


def damage(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:900]), "读不出来，可能没有写完或被改动过"),
        (lambda path: path.write_text("[" * 200_000), "读不出来"),
        (lambda path: path.write_text('{"schema": "other"}'), "不是本程序写的"),
        (lambda path: damage(path, lambda d: d["region"].update(green=7)), "前后数字不一致"),
        (lambda path: damage(path, lambda d: d["communities"].pop()), "前后数字不一致"),
        (lambda path: damage(path, lambda d: d["communities"].append(d["communities"][0])), "前后数字不一致"),
        (lambda path: damage(path, lambda d: d["communities"][0].update(name=5)), "内容不全或不合格式"),
        (lambda path: damage(path, lambda d: d["units"][0].pop("code")), "内容不全或不合格式"),
        (lambda path: damage(path, lambda d: d["outputs"][0].update(path="../../x")), "文件名不合规范"),
        (lambda path: damage(path, lambda d: d.pop("outputs")), "没有列出结果文件"),
    ],
)
def test_a_damaged_result_costs_nothing_else(three, roll, spoil, told):
    spoil(three / "报来/楚雄州/output/2021-annual/result.json")
    status, result, _ = roll("报来")
    assert status == 1 and told in said(result, Oddity.DAMAGED)
    assert [unit["name"] for unit in result["units"]] == ["大理州", "迪庆州"]


def falsified(document, **changes):
    """双柏县's first community made green consistently: 1 of 3, the region 5 of 8."""
    each = next(each for each in document["communities"] if each["unit"] == "532322")
    each.update({"status": "green", "assessed_score": 95, "file": "x.xlsx", "sheet": "x"} | changes)
    unit = next(unit for unit in document["units"] if unit["code"] == "532322")
    unit.update(green=[each["code"]], combined=1, completion_ratio="0.3333", combined_ratio="0.3333")
    document["region"].update(green=5, combined=5, completion_ratio="0.6250", combined_ratio="0.6250")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"assessed_score": None}, "没有足够的得分、文件或工作表"),
        ({"assessed_score": 59}, "没有足够的得分、文件或工作表"),
        ({"file": None}, "没有足够的得分、文件或工作表"),
        ({"sheet": None}, "没有足够的得分、文件或工作表"),
        ({}, "与旁边的“annex2.xlsx”数字不同（双柏县），其中一个被改动过"),
    ],
)
def test_a_result_that_was_changed_consistently_is_not_summed(three, roll, changes, told):
    damage(three / "报来/楚雄州/output/2021-annual/result.json", lambda d: falsified(d, **changes))
    status, result, _ = roll("报来")
    assert status == 1 and told in said(result, Oddity.DAMAGED) and said(result, Oddity.DAMAGED).startswith("楚雄州“")
    assert result["region"]["urban_communities"] == 2


def test_a_ratio_that_does_not_follow_from_the_counts(three, roll):
    damage(three / "报来/楚雄州/output/2021-annual/result.json", lambda d: d["units"][0].update(completion_ratio="0.9000"))
    _, result, _ = roll("报来")
    assert "“楚雄市”的比例与社区的个数对不上" in said(result, Oddity.DAMAGED)


def test_a_folder_without_results_costs_nothing_else(three, roll):
    (three / "照片").mkdir()
    status, result, _ = roll("报来", "照片")
    assert status == 1 and said(result, Oddity.NO_RESULTS) == "“照片”中没有审核结果（result.json），没有计入。"
    assert result["region"]["urban_communities"] == 10


def test_outputs_that_were_changed_or_lost_are_named_and_the_figures_stand(three, roll):
    folder = three / "报来/楚雄州/output/2021-annual"
    (folder / "annex2.xlsx").write_bytes(b"x")
    (folder / "status.xlsx").unlink()
    status, result, _ = roll("报来")
    assert status == 1 and result["region"]["green"] == 6
    assert said(result, Oddity.CHANGED_OUTPUT) == (
        "“报来/楚雄州/output/2021-annual”中有文件与 result.json 的记录不同：“annex2.xlsx”被改动过；“status.xlsx”不见了。数字按 result.json 计入。"
    )


def test_a_result_alone_is_taken_and_that_is_said(three, roll):
    alone = three / "邮件" / "大理州"
    alone.mkdir(parents=True)
    shutil.copyfile(three / "报来/大理州/output/2021-annual/result.json", alone / "result.json")
    status, result, _ = roll("报来/楚雄州", "邮件")
    assert status == 0 and result["region"]["green"] == 6
    assert said(result, Oddity.ONLY_RESULT).startswith("“邮件/大理州”中只有 result.json")


def test_a_rollup_never_counts_itself(three, roll):
    publish(three, "玉溪市", (("530402", "红塔区", 4, 1),))
    roll("output")
    status, result, _ = roll("output", "报来")
    # 玉溪市 lies in the same output folder as the rollup.
    assert status == 0 and result["region"]["urban_communities"] == 14
    assert said(result, Oddity.OWN_ROLLUP) == "“output/2021-annual-rollup”是本级以前的汇总结果（玉溪市），没有计入。"


def test_open_findings_and_other_standards_are_told(three, roll):
    publish(three / "报来" / "楚雄州", "楚雄州", [demo.chuxiong()])
    path = three / "报来/大理州/output/2021-annual/result.json"
    damage(path, lambda d: d["standard"].update(id="dali-2021", sha256="cd" * 32))
    status, result, screen = roll("报来")
    assert status == 1 and "盖章上报。" in screen and "请不要盖章上报" in screen
    # The made-up unit has three 退回 and two 需核实.
    assert said(result, Oddity.OPEN_SEND_BACK) == "楚雄州还有“退回”问题3条、“需核实”问题2条没有解决，数字还可能变动。"
    assert "dali-2021（cdcdcdcd）：大理州" in said(result, Oddity.STANDARDS_DIFFER)
    assert result["standard"]["id"] == "chuxiong-2021、dali-2021"


def test_what_is_only_to_be_verified_is_nothing_to_correct(three, roll):
    finding = {"rule": "C07", "severity": "verify", "settled": None, "community": None, "message": "x", "fix": "y"}
    damage(three / "报来/大理州/output/2021-annual/result.json", lambda d: d["findings"].append(finding))
    status, result, _ = roll("报来")
    assert status == 0 and said(result, Oddity.OPEN_FINDINGS) == "大理州还有“需核实”问题1条没有核实，数字还可能变动。"


def test_rejected_and_missing_regions_are_told_apart_on_the_sheet(three, roll):
    """Of five expected 迪庆州 counts; 楚雄州's result is damaged, 大理州's is of another year, two sent nothing."""
    (three / "报来/楚雄州/output/2021-annual/result.json").write_text("{")
    shutil.rmtree(three / "报来/大理州")
    publish(three / "报来/大理州", "大理州", DALI, year=2022)
    expected = (("532300", "楚雄州", ""), ("532900", "大理州", ""), ("533400", "迪庆州", ""), ("530700", "丽江市", ""), ("530100", "昆明市", ""))
    status, _, _ = roll("报来", "--roster", roster(three / "全省.xlsx", expected))
    rows = cells(OUTPUT / "annex2.xlsx")["汇总"]
    assert status == 1
    assert {name: row[0] for name, row in table(rows).items()} == {
        "楚雄州": "未计入", "大理州": "未计入", "迪庆州": None, "丽江市": "未报送", "昆明市": "未报送", "地区": "/",
    }  # fmt: skip
    assert table(rows)["迪庆州"][1:3] == [0, "—"] and table(rows)["昆明市"][1:] == [None] * 6
    assert rows[-1][0].splitlines()[0] == "缺4个地区（楚雄州未计入、大理州未计入、丽江市未报送、昆明市未报送），合计不含。"


def test_without_a_roster_what_was_not_counted_is_told_on_the_sheet(three, roll):
    (three / "报来/楚雄州/output/2021-annual/result.json").write_text("{")
    roll("报来")
    assert cells(OUTPUT / "annex2.xlsx")["汇总"][-1][0].startswith("有1份报来的结果没有计入，原因见“汇总说明.xlsx”。\n注：")


def test_nothing_is_stamped_before_the_years_are_closed(three, roll):
    status, _, screen = roll("报来")
    assert status == 0 and "可以打印" not in screen
    assert "下一步：请楚雄州、大理州、迪庆州封存2021年度后报来封存的年度文件夹，再汇总一次。在此之前，annex2.xlsx 请不要盖章上报。" in screen


def test_when_all_years_are_closed_it_can_be_stamped(closed_region, tmp_path, monkeypatch, roll):
    shutil.copytree(closed_region, tmp_path / "楚雄州")
    monkeypatch.chdir(tmp_path)
    status, _, screen = roll("楚雄州/archive/2021")
    assert status == 0 and "下一步：没有需要改正的，可以打印 annex2.xlsx 盖章上报。" in screen


def test_a_year_closed_with_open_findings_is_first_to_be_asked_about(closed_region, tmp_path, monkeypatch, roll):
    shutil.copytree(closed_region / "archive/2021", tmp_path / "楚雄州/2021")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "楚雄州/2021/results/result.json"
    finding = {"rule": "C01", "severity": "send_back", "settled": None, "community": None, "message": "x", "fix": "y"}
    damage(path, lambda d: d["findings"].append(finding))
    files = {"sha256": regions.durable.file_sha256(path), "size": path.stat().st_size}
    damage(tmp_path / "楚雄州/2021/manifest.json", lambda d: d["files"]["results/result.json"].update(files))
    status, result, screen = roll("楚雄州/2021")
    assert status == 0 and said(result, Oddity.ACCEPTED_OPEN).startswith("楚雄州封存时还有“退回”问题1条")
    assert "下一步：楚雄州封存时还有“退回”问题没有解决，请与有关地区确认不再改正。在此之前" in screen


@pytest.mark.parametrize("command", ["rollup", "check", "close", "replay", "forms"])
def test_help_is_given_with_every_command(capsys, command):
    assert main([command, "--help"]) == 0
    assert f"用法：python process.py {command}" in capsys.readouterr().out


# --- closed years -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def closed_region(tmp_path_factory):
    """楚雄州 as two_years plays it: 2021 closed with 8 of 11, and the results that were closed."""
    prefecture = Prefecture(tmp_path_factory.mktemp("楚雄"))
    prefecture.first_year()
    return prefecture.folder


@pytest.fixture
def province(closed_region, tmp_path, monkeypatch):
    shutil.copytree(closed_region, tmp_path / "楚雄州")
    publish(tmp_path / "大理州", "大理州", DALI)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_closed_year_is_checked_and_counted(province, roll):
    status, result, screen = roll("楚雄州/archive/2021", "大理州/output")
    # 8 of 11 and 2 of 2.
    assert status == 0 and (result["region"]["green"], result["region"]["urban_communities"]) == (10, 13)
    assert result["rollup"]["regions"][0]["closed"]["who"] == "王某" and "已封存" in screen
    assert said(result, Oddity.NOT_CLOSED).startswith("大理州的2021年度还没有封存")  # 楚雄州 is.


def test_results_beside_their_archive_are_known_to_be_closed(province, roll):
    status, result, _ = roll("楚雄州", "大理州", "--phase", "annual")
    assert status == 0 and result["region"]["green"] == 10
    assert {each["name"]: each["closed"] is not None for each in result["rollup"]["regions"]} == {"楚雄州": True, "大理州": False}


def test_a_closed_file_that_was_changed_is_named(province, roll):
    (province / "楚雄州/archive/2021/register.xlsx").write_bytes(b"x")
    (province / "楚雄州/archive/2021/多出来.txt").write_bytes(b"x")
    status, result, _ = roll("楚雄州/archive/2021", "大理州")
    assert status == 1 and result["region"]["green"] == 10
    assert "“register.xlsx”被改动过；“多出来.txt”是后来放进去的" in said(result, Oddity.CLOSED_CHANGED)


def test_a_closed_result_that_was_changed_is_not_counted(province, roll):
    path = province / "楚雄州/archive/2021/results/result.json"
    damage(path, lambda d: d.update(run_date="2021-10-21"))
    status, result, _ = roll("楚雄州/archive/2021", "大理州")
    assert status == 1 and result["region"]["green"] == 2
    assert said(result, Oddity.DAMAGED) == "楚雄州“楚雄州/archive/2021”的结果（results/result.json）封存之后被改动过，没有计入。"
    (finding,) = [finding for finding in result["findings"] if finding["rule"] == Oddity.DAMAGED.code]
    assert "用备份恢复" in finding["fix"] and not finding["fix"].startswith("请该地区重新运行")


def test_a_manifest_that_the_record_does_not_know_is_named(province, roll):
    path = province / "楚雄州/archive/2021/manifest.json"
    damage(path, lambda d: d.update(who="李某"))
    status, result, _ = roll("楚雄州/archive/2021", "大理州")
    assert status == 1 and "“manifest.json”与封存记录不同" in said(result, Oddity.CLOSED_CHANGED)


def test_results_that_differ_from_what_was_closed(province, roll):
    # Somebody made results with 双柏县's four communities below beside the closed year: 4 of 11 instead of 8.
    path = province / "楚雄州/output/2021-annual/result.json"

    def change(document):
        for each in document["communities"]:
            if each["unit"] == "532322":
                each.update(status="below")
        unit = next(each for each in document["units"] if each["code"] == "532322")
        unit.update(green=[], combined=0, completion_ratio="0.0000", combined_ratio="0.0000")
        # 4 of 11.
        document["region"].update(green=4, combined=4, completion_ratio="0.3636", combined_ratio="0.3636")
        document.update(outputs=[each for each in document["outputs"] if each["role"] != "annex2"])

    damage(path, change)
    status, result, _ = roll("楚雄州/output/2021-annual", "大理州")
    assert status == 1 and (result["region"]["green"], result["region"]["urban_communities"]) == (10, 13)
    assert said(result, Oddity.NOT_AS_CLOSED) == (
        "楚雄州报来的“楚雄州/output/2021-annual”与它封存的2021年度（2021-10-20封存）不同：本年达标由8个变为4个，合计达标由8个变为4个。按封存的结果计入。"
    )


def test_a_reopened_year_is_named(province, roll):
    prefecture = Prefecture(province / "楚雄州")
    assert prefecture.do(2021, "close", "--reopen", "--reason", "补报两个社区", "--who", "王某") == 0
    status, result, _ = roll("楚雄州/output/2021-annual", "大理州")
    assert status == 1 and "2021-10-20，王某，原因：补报两个社区" in said(result, Oddity.REOPENED)
    status, result, _ = roll("楚雄州/archive/reopened/2021/0001", "大理州")
    assert status == 1 and "补报两个社区" in said(result, Oddity.REOPENED)


def test_an_imported_year_cannot_be_summed(province, roll):
    folder = province / "楚雄州"
    prefecture = Prefecture(folder)
    form = folder / "output/2021-annual/annex2.xlsx"
    for name in ("archive", "output/2021-self-evaluation"):
        shutil.rmtree(folder / name)
    shutil.copyfile(form, folder / "附件2.xlsx")
    assert prefecture.do(2021, "close", "--year", "2021", "--annex2", str(folder / "附件2.xlsx")) == 0
    status, result, _ = roll("楚雄州/archive/2021", "大理州")
    assert status == 1 and "没有社区总数，不能汇总" in said(result, Oddity.IMPORTED)


def test_what_changed_since_the_last_rollup(three, roll):
    roll("报来", date="2021-11-01")
    publish(three / "报来" / "大理州", "大理州", (("532901", "大理市", 2, 1),))
    status, result, _ = roll("报来", date="2021-11-08")
    assert status == 0
    assert said(result, Oddity.CHANGED_SINCE) == "与上次汇总（2021-11-01）相比，大理州：本年达标由2个变为1个，合计达标由2个变为1个。"
    first = (OUTPUT / "result.json").read_bytes()
    roll("报来", date="2021-11-08")
    assert (OUTPUT / "result.json").read_bytes() == first
    # A run of another day with the same figures is no change.
    publish(three / "报来" / "大理州", "大理州", (("532901", "大理市", 2, 1),), day=25)
    _, result, _ = roll("报来", date="2021-11-09")
    assert Oddity.CHANGED_SINCE.code not in codes(result)


def test_what_changed_though_it_was_closed_at_the_last_rollup(province, roll):
    roll("楚雄州/archive/2021", "大理州", date="2021-11-01")
    shutil.rmtree(province / "楚雄州")
    publish(province / "楚雄州", "楚雄州", CHUXIONG)
    status, result, _ = roll("楚雄州", "大理州", date="2021-11-08")
    assert status == 1
    assert said(result, Oddity.CHANGED_SINCE_CLOSED) == (
        "楚雄州的结果在上次汇总（2021-11-01）时已经封存，现在不同：城市社区由11个变为8个，本年达标由8个变为4个，合计达标由8个变为4个。"
    )


# --- safety -----------------------------------------------------------------------------------------------------------

HOSTILE = ("=cmd()", "<img onerror=1>", "[]:*?/\\", "历史记录", "汇总", "楚" * 40)


def test_hostile_names_stay_text_and_sheet_names_are_legal_and_unique(tmp_path, monkeypatch, roll):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(HOSTILE, 1):
        publish(tmp_path / "报来" / str(number), name, ((f"53{number}001", "=1+1", 2, 1),))
    status, result, _ = roll("报来")
    assert status == 0 and {unit["name"] for unit in result["units"]} == set(HOSTILE)
    for name in ("annex2.xlsx", "汇总说明.xlsx"):
        book = openpyxl.load_workbook(OUTPUT / name)
        assert all(len(title) <= 31 and not set(title) & set("[]:*?/\\") for title in book.sheetnames)
        assert len({title.casefold() for title in book.sheetnames}) == len(book.sheetnames)
        assert not [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(openpyxl.load_workbook(OUTPUT / "annex2.xlsx").sheetnames) == 1 + len(HOSTILE)
    assert table(cells(OUTPUT / "annex2.xlsx")["汇总"])["=cmd()"][1] == 1


def test_a_kill_in_between_leaves_the_old_results_or_the_new_ones(three, roll):
    roll("报来")

    def snapshot():
        return {path.name: path.read_bytes() for path in (three / OUTPUT).iterdir()}

    before = snapshot()
    shutil.rmtree(three / "报来" / "迪庆州")
    killer = (
        "import os, signal, sys\n"
        "from greencomm import archive, rollup\n"
        "if sys.argv[1] == 'building':\n"
        "    rollup.rollup_document = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "else:\n"
        "    archive.Publication._put_in = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from greencomm.cli import main\n"
        "main(['rollup', '报来', '--date', '2021-11-02'])\n"
    )
    for moment in ("building", "placing"):
        done = subprocess.run(
            [sys.executable, "-c", killer, moment], cwd=three, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True
        )
        assert done.returncode == -signal.SIGKILL
        if moment == "building":
            assert snapshot() == before
        else:
            assert not (three / OUTPUT / "result.json").exists()
    # The next command finishes what was committed, and says so.
    status, result, screen = roll("报来", date="2021-11-02")
    assert status == 0 and "上次运行在写结果时中断：已先把上次的结果补写完整。" in screen
    assert [unit["name"] for unit in result["units"]] == ["楚雄州", "大理州"]
    for each in result["outputs"]:
        assert regions.durable.file_sha256(three / OUTPUT / each["path"]) == each["sha256"]


def test_a_large_result_is_read_without_what_a_province_does_not_need(three):
    """17 MB of findings stay out of memory: little more than the file's own bytes and text at once."""
    folder = three / "报来/楚雄州/output/2021-annual"
    finding = {"rule": "C01", "severity": "note", "community": "x", "settled": None, "message": "m" * 300, "fix": "f" * 300}
    damage(folder / "result.json", lambda d: d.update(findings=[finding] * 25_000))
    size = (folder / "result.json").stat().st_size
    assert size > 16_000_000
    tracemalloc.start()
    found = regions.read(folder, "x")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.region is not None and found.region.urban_communities == 8
    assert peak < 3.5 * size


# --- the overview (S-49) ------------------------------------------------------------------------------------------------


def overview(place=OUTPUT):
    page = (Path(place) / "overview.html").read_text(encoding="utf-8")
    assert "None" not in page and "<script" not in page
    return page


def shown(page, *ids):
    return [re.search(f'id="{each}">([^<]*)<', page)[1] for each in ids]


def row_of(page, name):
    """The cells of a region in the table of regions, without their bars."""
    row = next(row for row in page.partition('id="unit-table"')[2].split("<tr>") if re.search(f">{re.escape(name)}[<※]", row))
    return [re.sub("<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)][:-1]


def test_the_overview_of_a_first_year(three, roll):
    roll("报来", "--roster", roster(three / "全省.xlsx", (*PLACES, ("533300", "怒江州", ""))))
    page = overview()
    assert shown(page, "ratio", "combined", "urban", "regions") == ["60.00%", "6", "10", "3"]
    assert "缺1个" in page and "id=\"listed\"" not in page and "不用再报" not in page
    # 社区 8, 达标 4, 未报 4; nothing below, pending or open; 4／8 is what a phone shows before the ratio.
    assert row_of(page, "楚雄州") == ["楚雄州", "8", "4", "0", "0", "4", "0", "4／8　50.00%"]
    assert row_of(page, "怒江州") == ["怒江州", "没有可以计入的结果"]
    assert '<a href="../../%E6%8A%A5%E6%9D%A5/%E6%A5%9A%E9%9B%84%E5%B7%9E/output/2021-annual/overview.html">楚雄州</a>' in page
    # 60 % of 10 is reached exactly; both targets are.
    assert page.count("<b>已达到</b>") == 2


def test_the_overview_of_a_second_year_counts_each_community_once(tmp_path, monkeypatch, roll):
    monkeypatch.chdir(tmp_path)
    second_year(tmp_path)
    roll("报来", date="2022-11-01", output="output/2022-annual-rollup")
    page = overview("output/2022-annual-rollup")
    assert shown(page, "ratio", "combined", "urban", "listed", "green") == ["70.00%", "7", "10", "4", "3"]
    # Green, below, pending, missing and 不用再报 (the four on the list of 2021) are all ten communities.
    assert shown(page, *(f"status-{n}" for n in range(5))) == ["3", "0", "0", "3", "4"]
    assert row_of(page, "楚雄州") == ["楚雄州", "6", "2", "0", "0", "1", "3", "3", "2", "5", "0", "5／6　83.33%"]
    # 2021's target by what was filed: 4 of 9 where 2 were needed.
    assert "<b>2021年目标 20.00%</b>：当年上报4个（44.44%），需2个" in page


def test_points_of_another_standard_are_in_no_sum(three, roll):
    publish(three / "报来" / "楚雄州", "楚雄州", [demo.unit("532301", "楚雄市", [
        demo.community("532301101001", "东兴社区居民委员会", lost={1: 3, 8: 1}),
        demo.community("532301101002", "西苑社区居民委员会", demo.PENDING, lost={1: None}, open_points=6),
    ])])  # fmt: skip
    damage(three / "报来/大理州/output/2021-annual/result.json", lambda d: d["standard"].update(id="dali-2021", sha256="cd" * 32))
    roll("报来")
    page = overview()
    assert ">大理州※<" in page.partition('id="heat"')[2] and "用另外标准的2个社区" in page
    rows = {
        name: re.findall(r"<td[^>]*>([^<]*)</td>", cells)
        for name, cells in re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', page.partition('id="heat"')[2].partition("</table>")[0])
    }
    # Item 1: 3 points of the one community where it is decided; item 8: 1 point of two.
    assert rows["楚雄州"][0] == rows["同一标准的地区"][0] == "3.00"
    assert rows["楚雄州"][7] == rows["同一标准的地区"][7] == "0.50"
    assert set(rows["大理州※"]) == set(rows["迪庆州"]) == {"—"}
    assert "没有确定得分的不在内：待核实1个。" in page


def test_a_county_with_its_own_standard_is_in_no_sum_on_any_level(three, roll, monkeypatch):
    def own(document):
        document["units"][1]["standard"] = {"id": "双柏-2021", "sha256": "ef" * 32}

    damage(three / "报来/楚雄州/output/2021-annual/result.json", own)
    roll("报来")
    assert "用另外标准的3个社区" in overview()
    (three / "国家").mkdir()
    monkeypatch.chdir(three / "国家")
    roll("../output/2021-annual-rollup")
    assert "用另外标准的3个社区" in overview()


def test_names_of_regions_are_text_on_the_overview(tmp_path, monkeypatch, roll):
    monkeypatch.chdir(tmp_path)
    name = '<img src=x onerror=alert(1)>{{ 7*7 }}"'
    publish(tmp_path / "报来", name, CHUXIONG)
    roll("报来")
    page = overview()
    assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}&#34;" in page


def test_every_kind_of_remark_is_tested():
    text = Path(__file__).read_text(encoding="utf-8")
    untried = [each.name for each in Oddity if f"Oddity.{each.name}" not in text.split("def test_every_kind")[0]]
    assert untried == ["NOT_RUN"]  # This one in tests/test_national.py.
    assert len({each.code for each in Oddity}) == len(Oddity)
