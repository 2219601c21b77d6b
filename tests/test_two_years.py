"""Two years in one Annex 2: every figure worked out by hand (tests/two_years.py tells the story)."""

from __future__ import annotations

import dataclasses
import shutil
import tomllib
from fractions import Fraction

import demo
import openpyxl
import pytest
from build_templates import build_annex2
from demo import BELOW, GREEN, MISSING
from season import arrive, form, judge
from two_years import CITY, COMMUNITIES, STANDARD, UNITS, Prefecture

from greencomm.closings import Closings
from greencomm.outputs.annex2 import annex2_form, fill
from greencomm.past_years import ClosedCommunity, ClosedUnit, ClosedYear, Fate, Listed, follow
from greencomm.review.years import with_earlier_years
from greencomm.roster import Batch, Roster
from greencomm.rules import CATALOGUE
from greencomm.standard import ANNUAL, load_standard
from greencomm.standard.loader import DEFAULT


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """2021 is closed."""
    place = Prefecture(tmp_path_factory.mktemp("prefecture"))
    place.first_year()
    return place


@pytest.fixture(scope="module")
def second(closed, tmp_path_factory):
    """2022 has been run upon it."""
    folder = tmp_path_factory.mktemp("second")
    shutil.copytree(closed.folder, folder, dirs_exist_ok=True)
    place = Prefecture(folder)
    place.receive(2022)
    assert place.do(2022) == 0
    return place


def rows(path):
    """The table of an Annex 2 from its header on, without the note."""
    (sheet,) = openpyxl.load_workbook(path).worksheets
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=6, max_row=sheet.max_row - 1)]


def names(*short):
    return "、".join(f"{name}社区居民委员会" for name in short)


FIRST = [
    ("楚雄市", names("东兴", "学桥街", "米市街"), 3, 0.75, None, None, None, 0.75),
    ("双柏县", names("东城", "南城", "西城", "北城"), 4, 1, None, None, None, 1),
    ("禄丰县", names("金山"), 1, 0.3333, None, None, None, 0.3333),
    ("地区", "/", 8, 0.7273, "/", None, None, 0.7273),
]
SECOND = [
    # On a list or newly green: 东兴, 中大街, 米市街 of three.
    ("楚雄市", names("东兴", "学桥街", "米市街"), 3, 0.75, names("中大街"), 1, 0.3333, 1),
    # 学桥街 (on the list of 楚雄市) and 彝人, of two.
    ("开发区规划建设局", None, 0, "—", names("彝人"), 1, 0.5, 1),
    # 城关 and 西城一 of three; 西城 was split and 北城 is gone, so neither counts now.
    ("双柏县", names("东城", "南城", "西城", "北城"), 4, 1, names("西城一"), 1, 0.3333, 0.6667),
    # 金山 stays on its list with 78 points; 土主庙 is new.
    ("禄丰市", names("金山"), 1, 0.3333, names("土主庙"), 1, 0.3333, 0.6667),
    # 8 of 11 as filed; 4 of 11; 3 + 2 + 2 + 2 = 9 of 11.
    ("地区", "/", 8, 0.7273, "/", 4, 0.3636, 0.8182),
]


def test_annex_2_of_the_first_year(closed):
    assert rows(closed.output / "2021-annual" / "annex2.xlsx") == FIRST
    assert rows(closed.archive / "2021" / "results" / "annex2.xlsx") == FIRST


def test_annex_2_of_both_years(second):
    assert rows(second.output / "2022-annual" / "annex2.xlsx") == SECOND


def test_each_unit_has_its_own_annex_2_to_stamp(second):
    outputs = {o["unit"]: o["path"] for o in second.result(2022)["outputs"] if o["role"] == "unit_annex2"}
    assert list(outputs) == ["532301", "532301888", "532322", "532302"]
    assert outputs["532302"] == "units/禄丰市/禄丰市_附件2.xlsx"
    for code, own in zip(outputs, SECOND, strict=False):
        path = second.output / "2022-annual" / outputs[code]
        assert rows(path) == [own, ("地区", "/", *own[2:4], "/", *own[5:])]
        (sheet,) = openpyxl.load_workbook(path).worksheets
        assert sheet["A2"].value == f"填报单位：{own[0]}（盖章）" and sheet["A4"].value == "联系人及联系电话：王联系  0878-1234567"


def test_result_json_tells_newly_green_listed_and_combined(second):
    result = second.result(2022)
    region = result["region"]
    assert (region["green"], region["completion_ratio"], region["combined"], region["combined_ratio"]) == (4, "0.3636", 9, "0.8182")
    units = {unit["name"]: unit for unit in result["units"]}
    assert units["楚雄市"]["green"] == ["532301101003"] and units["楚雄市"]["listed"] == ["532301101001", "532301101004"]
    assert units["禄丰市"]["green"] == ["532302101002"] and units["禄丰市"]["listed"] == ["532302101001"]
    assert [units[name]["combined_ratio"] for name in units] == ["1.0000", "1.0000", "0.6667", "0.6667"]
    listed = {each["code"]: each["listed"] for each in result["communities"] if each["listed"]}
    assert listed == dict.fromkeys(
        ("532301101001", "532301101004", "532301101002", "532322101009", "532302101001"), 2021
    )
    assert result["earlier"][0]["year"] == 2021 and len(result["earlier"][0]["manifest"]) == 64
    # 60 % of 11 are 6.6, so 7 communities; 9 are there.
    # Of the year before what was filed: 20 % of its communities, 3, were more than reached.
    assert region["targets"] == [
        {"year": 2021, "ratio": "0.2000", "needed": 3, "missing": 0, "met": True},
        {"year": 2022, "ratio": "0.6000", "needed": 7, "missing": 0, "met": True},
    ]


def test_what_became_of_the_listed_is_found_with_a_proposal(second):
    found = {}
    for finding in second.result(2022)["findings"]:
        found.setdefault(finding["rule"], []).append(finding)
    where = {rule: [(each["unit"], each["community"]) for each in each_rule] for rule, each_rule in found.items()}
    assert where == {
        "Y01": [("532301", "532301101004")],
        "Y02": [("532302", "532302101001")],
        "Y04": [("532322", "532322101009")],
        "Y06": [("532322", None)],
        "Y07": [("532322", None)],
        "Y08": [("532301888", "532301101002")],
        "Y09": [("532302", None)],
        "Y11": [("532322", None)],
    }
    assert "核定得分78，未达到80分" in found["Y02"][0]["message"]
    assert "532322101006" in found["Y07"][0]["fix"] and "北城" in found["Y07"][0]["message"]
    assert "西城一" in found["Y06"][0]["message"] and "532322101003" in found["Y06"][0]["fix"]


def test_a_listed_community_without_a_sheet_is_not_chased(second):
    result = second.result(2022)
    missing = [each["code"] for each in result["communities"] if each["status"] == "missing"]
    assert missing == ["532301101001", "532301101002", "532322101009"]
    assert not [finding for finding in result["findings"] if finding["rule"] == "U04"]


def test_the_reports_of_units_tell_this_year_from_the_lists(second):
    book = openpyxl.load_workbook(second.output / "2022-annual" / "units" / "禄丰市" / "禄丰市_差异报告.xlsx")
    figures = {row[0].value: row[2].value for row in book["概况"].iter_rows() if row[0].value}
    own = {row[0].value: row[1].value for row in book["概况"].iter_rows() if row[0].value}
    # 金山 stands on the list: what 禄丰市 declares is compared without it.
    declared = [own[label] for label in ("本年新达标", "本年完成比例")]
    assert declared == [1, "33.33%"]
    shown = [figures[label] for label in ("本年新达标", "往年名单", "本年完成比例", "合计完成比例")]
    assert shown == [1, 1, "33.33%", "66.67%"]
    remarks = {row[2].value: row[8].value for row in book["名单"].iter_rows(max_col=9)}
    assert remarks["金山社区居民委员会"] == "已在2021年名单上，复核不达标" and remarks["土主庙社区居民委员会"] in ("", None)


def test_what_is_built_on_a_sample_year_is_marked():
    past = dataclasses.replace(closed_year(2021, {"532301": ("楚雄市", ["532301101001"])}), sample=True)
    result = judge(arrive("楚雄市.xlsx", form(CITY)), earlier=[past])
    assert result.sample and annex2_form(result).sample
    assert not judge(arrive("楚雄市.xlsx", form(CITY)), earlier=[dataclasses.replace(past, sample=False)]).sample


def test_a_run_of_the_second_year_changes_no_byte_when_repeated(second, capsys):
    before = {path: path.read_bytes() for path in second.output.rglob("*") if path.is_file()}
    assert second.do(2022) == 0
    assert {path: path.read_bytes() for path in second.output.rglob("*") if path.is_file()} == before
    screen = capsys.readouterr().out
    assert "合计比例" in screen and "81.82%" in screen and "2022年目标60.00%（7个），现有9个，已达到" in screen


def test_a_roster_that_lost_a_green_community(closed, tmp_path, capsys):
    shutil.copytree(closed.folder, tmp_path, dirs_exist_ok=True)
    place = Prefecture(tmp_path)
    place.receive(2022, without=["532301101001"])
    place.do(2022)
    (gone,) = [each for each in place.result(2022)["findings"] if each["rule"] == "Y07" and each["unit"] == "532301"]
    assert gone["severity"] == "verify"
    assert "2021年名单上的“东兴社区居民委员会”（532301101001，楚雄市）在本年名册中找不到" in gone["message"]
    # 中大街 new and 米市街 listed, of the two that are left.
    assert place.result(2022)["units"][0]["combined_ratio"] == "1.0000"


def test_the_register_of_the_second_year_has_each_community_once(second, tmp_path):
    shutil.copytree(second.folder, tmp_path, dirs_exist_ok=True)
    assert Prefecture(tmp_path).do(2022, "close") == 0
    (sheet,) = openpyxl.load_workbook(tmp_path / "archive" / "2022" / "register.xlsx").worksheets
    entries = [tuple(cell.value for cell in row[1:6]) for row in sheet.iter_rows(min_row=4)]
    assert entries == [
        ("楚雄市", "532301101001", "东兴社区居民委员会", 96, 2021),
        ("楚雄市", "532301101003", "中大街社区居民委员会", 96, 2022),
        ("楚雄市", "532301101004", "米市街社区居民委员会", 96, 2021),
        ("开发区规划建设局", "532301101002", "学桥街社区居民委员会", 96, 2021),
        ("开发区规划建设局", "532301102001", "彝人社区居民委员会", 96, 2022),
        ("双柏县", "532322101009", "城关社区居民委员会", 96, 2021),
        ("双柏县", "532322101004", "西城一社区居民委员会", 96, 2022),
        ("禄丰市", "532302101001", "金山社区居民委员会", 96, 2021),
        ("禄丰市", "532302101002", "土主庙社区居民委员会", 96, 2022),
    ]
    year = Closings(tmp_path / "archive").year(2022).load()
    assert (year.count, [len(unit.green) for unit in year.units]) == (4, [1, 1, 1, 1])


# --- a third year ---------------------------------------------------------------------------------------------------------


def test_a_third_year_needs_no_code(tmp_path):
    """The form's years are data: a standard and a template of 2021–2023."""
    text = DEFAULT.read_text(encoding="utf-8").replace("years = [2021, 2022]", "years = [2021, 2022, 2023]")
    assert tomllib.loads(text)["annex2"]["years"] == [2021, 2022, 2023]
    (tmp_path / "standard.toml").write_text(text, encoding="utf-8")
    standard = load_standard(tmp_path / "standard.toml")
    build_annex2(tmp_path / "template.xlsx", standard)
    members = [demo.community(f"53230110100{n}", name, status) for n, name, status in
               ((1, "甲", MISSING), (2, "乙", BELOW), (3, "丙", GREEN), (4, "丁", MISSING))]  # fmt: skip
    result = demo.region([demo.unit("532301", "楚雄市", members)], year=2023)
    past = [closed_year(2021, {"532301": ("楚雄市", ["532301101001"])}), closed_year(2022, {"532301": ("楚雄市", ["532301101002"])})]
    units, _ = with_earlier_years(result.units, past, result.roster, standard, lambda unit: standard)
    result = dataclasses.replace(result, standard=standard, units=units, earlier=tuple(past))
    fill(tmp_path / "annex2.xlsx", annex2_form(result), tmp_path / "template.xlsx")
    assert rows(tmp_path / "annex2.xlsx") == [
        ("楚雄市", "社区001", 1, 0.1, "社区002", 1, 0.1, "丙", 1, 0.25, 0.75),
        ("地区", "/", 1, 0.1, "/", 1, 0.1, "/", 1, 0.25, 0.75),
    ]


def test_a_year_without_columns_is_refused_before_forms_go_out(tmp_path, monkeypatch, capsys):
    """The run and ``forms`` say the same, and what to do."""
    monkeypatch.chdir(tmp_path)
    place = Prefecture(tmp_path)
    place.receive(2022)
    told = []
    for words in ([], ["forms"]):
        assert place.do(2022, *words, "--year", "2023") == 2
        told.append(next(line for line in capsys.readouterr().err.splitlines() if line.startswith("现在的附件2")))
    assert told[0] == told[1] == (
        "现在的附件2只有2021、2022年度的栏目，不能办2023年度。年度写错的，请改名册“批次”表的“年度”；"
        "确实要办2023年度的，请把上级新的附件2样式交软件维护人员。"
    )
    assert not list((tmp_path / "output").glob("*"))


# --- following lists to a roster -----------------------------------------------------------------------------------------


def closed_year(year, units, below=(), urban=10):
    """A year whose units have ``urban`` communities each; ``below`` are codes that did not reach the standard."""
    made, communities = [], []
    for code, (name, green) in units.items():
        listed = tuple(Listed(each, f"社区{each[-3:]}") for each in green)
        made.append(ClosedUnit(code, name, listed, len(green), urban, Fraction(len(green), urban)))
        communities += [ClosedCommunity(each, f"社区{each[-3:]}", code, True, 90) for each in green]
    communities += [ClosedCommunity(each, f"社区{each[-3:]}", each[:6], False, 70) for each in below]
    count = sum(unit.count for unit in made)
    return ClosedYear(year, count, urban * len(made), Fraction(count, urban * len(made)), tuple(made), tuple(communities))


def roster(year=2022, communities=None):
    batch = Batch("楚雄州", year, ANNUAL, "州住建局", "", "", {}, None)
    return Roster(batch, UNITS[2022], communities or COMMUNITIES[2022])


def test_a_list_is_followed_through_former_codes():
    past = follow([closed_year(2021, {"532331": ("禄丰县", ["532331101001"])})], roster())
    assert past.listed == {"532302101001": 2021}
    (trace,) = past.traces
    assert (trace.fate, trace.community.name) == (Fate.PRESENT, "金山社区居民委员会")


def test_the_earliest_list_counts():
    years = [closed_year(year, {"532301": ("楚雄市", ["532301101001"])}) for year in (2022, 2021)]
    assert follow(years, roster(2023)).listed == {"532301101001": 2021}


def rules_of(past, **words):
    _, unowned = result = with_earlier_years(
        [demo.unit(unit.code, unit.name) for unit in UNITS[2022]], past, roster(**words), STANDARD, lambda unit: STANDARD
    )
    return sorted(finding.rule for finding in (*unowned, *(f for unit in result[0] for f in unit.findings)))


def test_a_merger_with_one_that_was_not_green_is_to_be_verified():
    both = closed_year(2021, {"532322": ("双柏县", ["532322101001", "532322101002"])})
    one = closed_year(2021, {"532322": ("双柏县", ["532322101001"])}, below=["532322101002"])
    assert rules_of([both]) == ["Y04"] and rules_of([one]) == ["Y05"]


def test_a_unit_that_no_roster_row_stands_for():
    past = closed_year(2021, {"532399": ("某县", ["532399101001"])})
    assert rules_of([past]) == ["Y07", "Y10"]


def test_a_unit_s_new_code_is_told_once_and_not_for_each_community():
    past = closed_year(2021, {"532331": ("禄丰县", ["532331101001", "532331101002"])})
    renamed = [dataclasses.replace(each, name=f"社区{each.code[-3:]}") for each in COMMUNITIES[2022]]
    assert rules_of([past], communities=tuple(renamed)) == ["Y09"]
    assert rules_of([past]) == ["Y03", "Y03", "Y09"]


def test_every_rule_about_earlier_lists_cites_the_decision():
    assert all({"D-11", "D-15"} & set(rule.decisions) for code, rule in CATALOGUE.items() if code[0] == "Y")
