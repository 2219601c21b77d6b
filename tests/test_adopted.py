"""Counties' standards beside the roster: found by the roster's column 标准, accounted for, followed by the whole run."""

from __future__ import annotations

import dataclasses
import json

import openpyxl
import pytest
from localities import EXAMPLE, LOCAL, LOCAL_ROSTER, OWN, TOWN, both, county_form, sheet
from season import CITY, STANDARD, form
from test_run import run

from greencomm.adopted import adopt
from greencomm.closings import Closings
from greencomm.errors import RosterError, StandardError
from greencomm.roster import BatchLabel
from greencomm.rosters_io import write_roster

BATCH = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局"}


def roster_naming(name):
    return dataclasses.replace(LOCAL_ROSTER, units=(CITY, dataclasses.replace(OWN, standard=name)))


@pytest.fixture
def shelf(tmp_path):
    """A folder 标准 with the example under another name."""
    folder = tmp_path / "标准"
    folder.mkdir()
    (folder / "双柏.toml").write_bytes(EXAMPLE.read_bytes())
    return folder


@pytest.mark.parametrize("name", ["示例县-2021", "双柏.toml", "双柏", "示例县－２０２１"])
def test_a_unit_names_its_standard_by_id_or_file(shelf, name):
    adopted = adopt(shelf, STANDARD, roster_naming(name))
    assert adopted.of(OWN) == dataclasses.replace(LOCAL, file_name="双柏.toml")
    assert adopted.of(CITY) is STANDARD
    assert adopted.files == {shelf / "双柏.toml": None}


@pytest.mark.parametrize("name", ["", "chuxiong-2021", "chuxiong-2021.toml"])
def test_the_prefectures_own_is_no_local_one(shelf, name):
    adopted = adopt(shelf, STANDARD, roster_naming(name))
    assert adopted.of(OWN) is STANDARD and adopted.local == ()
    assert adopted.files == {shelf / "双柏.toml": "这是自定标准，名册中没有单位采用它"}


def test_an_unknown_name_is_told_with_those_there_are(shelf):
    with pytest.raises(RosterError) as caught:
        adopt(shelf, STANDARD, roster_naming("双柏县标准"))
    assert str(caught.value) == (
        "名册的工作表“填报单位”：“双柏县”的“标准”写的是“双柏县标准”，找不到这个标准。"
        "“标准”文件夹中现有：示例县-2021。请改正；按州标准评分的，请把这一格留空。"
    )


def test_where_there_is_no_folder_it_is_said_where_standards_go(tmp_path):
    with pytest.raises(RosterError, match="标准”文件夹中没有标准文件。请把标准文件（.toml）放进去"):
        adopt(tmp_path / "标准", STANDARD, roster_naming("双柏"))


def test_a_damaged_file_stops_only_where_it_may_be_meant(shelf):
    (shelf / "坏的.toml").write_text("id = ", encoding="utf-8")
    assert adopt(shelf, STANDARD, roster_naming("双柏")).of(OWN).id == LOCAL.id
    with pytest.raises(StandardError, match="标准文件“坏的.toml”有误"):
        adopt(shelf, STANDARD, roster_naming("别的"))


def test_one_id_in_two_files_is_refused(shelf):
    (shelf / "副本.toml").write_bytes(EXAMPLE.read_bytes())
    with pytest.raises(StandardError) as caught:
        adopt(shelf, STANDARD, roster_naming("示例县-2021"))
    assert "“副本.toml”、“双柏.toml”" in str(caught.value) and "请只保留一个，或改正编号" in str(caught.value)


# --- the whole run ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path):
    """A folder with roster, the county's standard beside it and two workbooks."""
    standards = tmp_path / "input" / "标准"
    standards.mkdir(parents=True)
    (standards / "双柏县.toml").write_bytes(EXAMPLE.read_bytes())
    (standards / "双柏县文件.pdf").write_bytes(b"%PDF-1.4 document")
    (standards / "旧的.toml").write_text('id = "旧的"', encoding="utf-8")
    write_roster(tmp_path / "input" / "roster.xlsx", STANDARD, BATCH, LOCAL_ROSTER.units, LOCAL_ROSTER.communities)
    (tmp_path / "input" / "双柏县.xlsx").write_bytes(county_form(both()))
    (tmp_path / "input" / "楚雄市.xlsx").write_bytes(form(CITY, roster=LOCAL_ROSTER))
    return tmp_path


def test_a_run_follows_the_countys_standard_and_accounts_for_its_file(place):
    status, out, err = run("--date", "2021-10-18", cwd=place)
    result = json.loads((place / "output" / "2021-annual" / "result.json").read_text(encoding="utf-8"))
    assert status == 0 and not err
    assert [unit["standard"]["id"] for unit in result["units"]] == ["chuxiong-2021", "示例县-2021"]
    assert [unit["green"] for unit in result["units"]] == [["532301101001"], [TOWN.code]]
    assert {file["path"]: (file["state"], file["reason"]) for file in result["files"]} == {
        "roster.xlsx": ("accepted", None),
        "双柏县.xlsx": ("accepted", None),
        "楚雄市.xlsx": ("accepted", None),
        "标准/双柏县.toml": ("accepted", None),
        "标准/双柏县文件.pdf": ("ignored", "这是与自定标准放在一起的文件，不是报送材料"),
        "标准/旧的.toml": ("ignored", "这是自定标准，名册中没有单位采用它"),
    }
    assert "双柏县按自定标准“示例县-2021”审核，达标1个；同样的填报内容按州标准达标1个，只供参考。" in out
    manifest = json.loads((place / "archive" / "runs" / "2021-annual" / "0001" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["local_standards"] == {"示例县-2021": result["units"][1]["standard"]["sha256"]}


def test_check_and_forms_follow_it_too(place):
    status, out, _ = run("check", "input/双柏县.xlsx", "--date", "2021-10-18", cwd=place)
    assert status == 0 and "未达到85分" in out
    assert "双柏县：按自定标准“示例县-2021”审核，2个社区，达标1个，未达标1个。" in out
    status, out, _ = run("forms", "--output", "下发", "--date", "2021-03-01", cwd=place)
    assert status == 0 and "按双柏县的自定标准“示例县-2021”生成。" in out
    ids = {}
    for path in (place / "下发").iterdir():
        meta = openpyxl.load_workbook(path)["_meta"]
        ids[path.name[:3]] = {row[0]: row[1] for row in meta.iter_rows(max_col=2, values_only=True)}["standard_id"]
    assert ids == {"楚雄市": "chuxiong-2021", "双柏县": "示例县-2021"}


def test_a_damaged_standard_stops_with_one_sentence(place):
    path = place / "input" / "标准" / "双柏县.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("cap = 4", "cap = 9"), encoding="utf-8")
    status, _, err = run("--date", "2021-10-18", cwd=place)
    assert (status, err.strip()) == (2, "标准文件“双柏县.toml”有误：条款8.1：上限 cap（9）超过本项分值（6）。")
    assert not (place / "output").exists()


def test_standards_may_lie_elsewhere(place):
    (place / "input" / "标准").rename(place / "县标准")
    assert run("--date", "2021-10-18", cwd=place)[0] == 2
    status, _, err = run("--date", "2021-10-18", "--standards", "nope", cwd=place)
    assert (status, err.strip()) == (2, "找不到标准文件夹“nope”，请检查 --standards 后面的文件夹名是否写对。")
    status, out, _ = run("--date", "2021-10-18", "--phase", "self-evaluation", "--standards", "县标准", cwd=place)
    assert "2021年自评绿色社区创建审核结果" in out
    status, out, _ = run("--date", "2021-10-18", "--standards", "县标准", cwd=place)
    assert status == 0 and "示例县-2021" in out


# --- replay -----------------------------------------------------------------------------------------------------------------


def new_standard(place, changes):
    """The prefecture's standard of next year: the shipped one with passages changed."""
    from greencomm.standard.loader import DEFAULT

    text = DEFAULT.read_text(encoding="utf-8").replace('id = "chuxiong-2021"', 'id = "chuxiong-2023"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    path = place / "新标准.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def closed(place):
    """The year 2021 in the archive, both units by the prefecture's standard."""
    closings = Closings(place / "archive")
    folder = closings.building(2021)
    (place / "input").rename(folder / "input")
    units = roster_naming("").units
    write_roster(folder / "input" / "roster.xlsx", STANDARD, BATCH, units, LOCAL_ROSTER.communities)
    # 东城: three cars (2), two trainings, 9.1 (3), 5.1 (2), 5.2 (2): 96−9 = 87. 西城: two cars (2), one training (3), 1.1 (3): 88.
    town = {"8.1": (3, None, None), "14.1": (2, None, None), "9.1": (None, 3, None), "5.1": (None, 2, None), "5.2": (None, 2, None)}
    hill = {"8.1": (2, None, None), "14.1": (1, None, None), "1.1": (None, 3, None)}
    answers = {TOWN.code: sheet(town, STANDARD), "532322101002": sheet(hill, STANDARD)}
    (folder / "input" / "双柏县.xlsx").write_bytes(county_form(answers, STANDARD))
    # Beside the workbooks something that replay does not read.
    (folder / "register.xlsx").write_bytes(b"a register")
    closings.seal(2021, folder, MANIFEST)
    return place


MANIFEST = {
    "schema": "greencomm-year/1", "year": 2021, "closed": "2021-10-25", "who": "王某", "number": 1, "imported": False, "input": "",
    "roster": "input/roster.xlsx",
}  # fmt: skip


def replayed(place, *words):
    """Exit status, what is said on the screen and what is said to be wrong."""
    return run("replay", "--standard", new_standard(place, HARDER), "--year", "2021", *words, cwd=place)


@pytest.mark.parametrize("name", ["双柏县.xlsx", "roster.xlsx"])
def test_replay_reads_no_closed_file_that_was_changed(closed, name):
    path = closed / "archive" / "2021" / "input" / name
    path.write_bytes(path.read_bytes() + b" ")
    status, _, err = replayed(closed)
    assert status == 2 and f"“input/{name}”被改动过" in err and "请用备份恢复这个文件" in err


def test_replay_reads_no_closed_year_that_lost_or_got_a_file(closed):
    folder = closed / "archive" / "2021" / "input"
    (folder / "双柏县.xlsx").rename(folder / "另存.xlsx")
    status, _, err = replayed(closed)
    assert status == 2 and "“input/双柏县.xlsx”不见了；“input/另存.xlsx”是后来放进去的" in err
    (closed / "archive" / "2021" / "manifest.json").write_text("{}", encoding="utf-8")
    status, _, err = replayed(closed)
    assert status == 2 and "manifest.json”读不出来或被改动过" in err


def test_replay_names_other_damage_and_goes_on(closed):
    (closed / "archive" / "2021" / "register.xlsx").write_bytes(b"another")
    status, out, _ = replayed(closed)
    assert status == 0 and "请注意：2021年度的封存档案" in out and "“register.xlsx”被改动过" in out
    status, out, err = replayed(closed, "--json")
    assert status == 0 and json.loads(out)["year"] == 2021 and "“register.xlsx”被改动过" in err


def test_an_imported_year_has_no_workbooks_to_replay(place):
    closings = Closings(place / "archive")
    folder = closings.building(2021)
    (folder / "results").mkdir()
    (folder / "results" / "imported.json").write_text("{}", encoding="utf-8")
    closings.seal(2021, folder, {**MANIFEST, "imported": True})
    status, _, err = replayed(place)
    assert status == 2 and "2021年度是由上报的附件2导入的，封存资料中没有各县市的填报工作簿，不能重算。" in err


def test_replay_finds_a_roster_that_lay_elsewhere(closed):
    closings = Closings(closed / "archive")
    folder = closings.building(2021)
    closings.year(2021).folder.rename(folder)
    (folder / "manifest.json").unlink()
    (folder / "roster").mkdir()
    (folder / "input" / "roster.xlsx").rename(folder / "roster" / "名册.xlsx")
    closings.seal(2021, folder, {**MANIFEST, "number": 2, "roster": "roster/名册.xlsx"})
    status, out, _ = replayed(closed)
    assert status == 0 and "试算3个社区" in out


# 8.1 takes 3 each, at most 6; 4 trainings a year; pass mark 82.
HARDER = {
    'name = "乱停车"\npoints = 1\ncap = 2': 'name = "乱停车"\npoints = 3\ncap = 6',
    "required = 2": "required = 4",
    "points = 80": "points = 82",
}


def test_replay_shows_whose_result_changes_and_by_which_clause(closed):
    trial = new_standard(closed, HARDER)
    before = sorted(path for path in closed.rglob("*"))
    status, out, err = run("replay", "--standard", trial, "--year", "2021", "--json", "--date", "2021-12-01", cwd=closed)
    assert (status, err) == (0, "")
    assert sorted(path for path in closed.rglob("*")) == before, "it writes nothing"
    told = json.loads(out)
    # 东城: 8.1 min(9,6) for 2; 14.1 2 short, 6 for 0: 87−4−6 = 77, below. 西城: 8.1 6 for 2; 14.1 3 short, 6 for 3: 81 of 82.
    # 东兴: two trainings are 2 short: 90.
    moves = {each["name"]: each for each in told["communities"]}
    town, hill, east = (moves[f"{name}社区居民委员会"] for name in ("东城", "西城", "东兴"))
    assert (town["before"]["status"], town["before"]["assessed_score"]) == ("green", 87)
    assert (town["after"]["status"], town["after"]["assessed_score"]) == ("below", 77)
    assert [(each["clause"], each["before"], each["after"]) for each in town["clauses"]] == [("8.1", 2, 6), ("14.1", 0, 6)]
    assert town["reasons"] == ["8.1 乱停车：扣2→扣6", "14.1 培训次数：扣0→扣6", "达标线：80→82"]
    assert (hill["before"]["assessed_score"], hill["after"]["assessed_score"], hill["after"]["status"]) == (88, 81, "below")
    assert [(each["clause"], each["before"], each["after"]) for each in hill["clauses"]] == [("8.1", 2, 6), ("14.1", 3, 6)]
    assert (east["before"]["assessed_score"], east["after"]["assessed_score"], east["after"]["status"]) == (96, 90, "green")
    assert east["reasons"] == ["14.1 培训次数：扣0→扣6"]
    assert told["region"] == {
        "before": {"green": 3, "completion_ratio": "1.0000"},
        "after": {"green": 1, "completion_ratio": "0.3333"},
    }
    assert (told["received"], told["standard"]["id"], told["year"], told["phase"]) == (3, "chuxiong-2023", 2021, "annual")


def test_replay_on_the_screen_and_as_a_workbook(closed):
    trial = new_standard(closed, HARDER)
    words = ("replay", "--standard", trial, "--year", "2021", "--date", "2021-12-01", "--output", "试算.xlsx")
    status, out, _ = run(*words, cwd=closed)
    assert status == 0
    assert "试算3个社区：结论变动2个，只有得分变动1个，没有变动0个。达标由3个变为1个，待核实由0个变为0个。" in out
    assert "楚雄州达标3个变为1个，待核实0个变为0个，完成比例100.00%变为33.33%。" in out
    assert "8.1 乱停车：扣2→扣6" in out and "完成比例100.00%变为33.33%" in out
    first = (closed / "试算.xlsx").read_bytes()
    book = openpyxl.load_workbook(closed / "试算.xlsx")
    assert book.sheetnames == ["试算结果", "变动明细"]
    lines = [row for row in book["变动明细"].iter_rows(values_only=True) if row[1] == TOWN.code]
    assert lines == [
        ("双柏县", TOWN.code, TOWN.name, "达标 87分", "未达标 77分", "8.1 乱停车：扣2→扣6\n14.1 培训次数：扣0→扣6\n达标线：80→82")
    ]
    run(*words, cwd=closed)
    assert (closed / "试算.xlsx").read_bytes() == first


def test_a_countys_draft_is_replayed_on_the_unit_that_is_named(closed):
    words = ("replay", "--standard", EXAMPLE, "--unit", "双柏县", "--year", "2021", "--json")
    status, out, _ = run(*words, cwd=closed)
    told = json.loads(out)
    assert status == 0 and [unit["name"] for unit in told["units"]] == ["双柏县"]
    town = told["communities"][0]
    # 100−4 (8.1)−2 (14.1)−3−2−2 = 87; 9.3 and 18.1 were not asked for: 83 to 87.
    assert (town["after"]["status"], town["after"]["lowest"], town["after"]["highest"]) == ("pending", 83, 87)
    assert [(each["clause"], each["state"]) for each in town["clauses"]] == [
        ("8.1", "changed"), ("9.3", "added"), ("14.1", "changed"), ("18.1", "added")
    ]  # fmt: skip
    assert "9.3 未设置无障碍停车位（新增）：当时没有要求填写，待核实" in town["reasons"]
    assert "第9项分值：6→8" in town["reasons"] and "增加第18项（2分）" in town["reasons"]


def test_a_standard_that_changes_nothing_moves_nobody(closed):
    status, out, _ = run("replay", "--standard", new_standard(closed, {}), "--year", "2021", cwd=closed)
    assert status == 0 and "结论变动0个，只有得分变动0个，没有变动3个。" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("replay", "--year", "2021"), "请写明用哪个标准重算，例如：python process.py replay --standard 新标准.toml --year 2021"),
        (("replay", "--standard", "没有.toml", "--year", "2021"), "标准文件“没有.toml”打不开"),
        (("replay", "--standard", "新标准.toml"), "请写明要重算的年度，例如：--year 2021"),
        (("replay", "--standard", "新标准.toml", "--year", "2020"), "“archive”中没有2020年度的封存资料"),
        (("replay", "--standard", "新标准.toml", "--year", "2021", "--unit", "大理市"), "名册中没有填报单位“大理市”，现有：楚雄市、双柏县"),
        (("replay", "--standard", "新标准.toml", "--input", "没有"), "找不到文件夹“没有”"),
        (("replay", "--standard", "新标准.toml", "--year", "2021", "--output", "试算"), "“试算”应是一个工作簿的文件名"),
        (
            ("replay", "--standard", "新标准.toml", "--year", "2021", "--output", "archive/试算.xlsx"),
            "试算的结果不能写在运行记录文件夹“archive”里面",
        ),
        (("run", "--standard", "新标准.toml"), "选项 --standard 只用于 replay"),
        (("check", "a.xlsx", "--unit", "楚雄市"), "选项 --unit 只用于 replay"),
    ],
)
def test_wrong_use_of_replay_is_one_sentence(closed, words, sentence):
    new_standard(closed, {})
    status, _, err = run(*words, cwd=closed)
    assert status == 2 and sentence in err and err.strip().count("\n") == 0
