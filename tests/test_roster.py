"""The roster: what is read from it, what is not counted, and the sentence for each kind of damage."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from greencomm.batch import prepare
from greencomm.errors import RosterError
from greencomm.findings import Severity
from greencomm.options import Options
from greencomm.roster import BatchLabel, Community, Roster, Unit, Waiver, load_roster
from greencomm.rosters_io import write_roster, write_starter
from greencomm.standard import ANNUAL, SELF_EVALUATION, load_standard

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import build_roster  # noqa: E402

STANDARD = load_standard()

# A small roster: a city, a county that became a city, and a development zone with one community of the first.
TABLES: dict[str, str] = {
    "批次": """
        地区             | 楚雄州
        年度             | 2021
        阶段             | 年度总结
        填报单位         | 楚雄州住房和城乡建设局
        联系人           | 张三
        联系电话         | 0878-0000000
        自评截止日期     | 2021-08-30
        年度总结截止日期 | 2021年10月18日
        填报时间         |
        """,
    "填报单位": """
        代码   | 名称   | 曾用代码 | 曾用名 | 标准
        532301 | 楚雄市 |          |        |
        532302 | 禄丰市 | 532331   | 禄丰县 | lufeng.toml
        532390 | 开发区 |          |        |
        """,
    "社区名册": """
        县（市、区） | 乡镇（街道） | 社区代码     | 社区名称             | 曾用名           | 填报单位 | 试点
        楚雄市       | 鹿城镇       | 532301101001 | 东兴社区居民委员会   | 东兴居委会、东兴 |          | 是
        楚雄市       | 东瓜镇       | 532301102001 | 永安社区居民委员会   |                  | 开发区   |
        禄丰县       | 金山镇       | 532302101199 | 董户村社区居民委员会 |                  |          |
        禄丰市       | 中村乡       | 532302105200 | 中山农村社区         |                  |          |
        """,
}


def roster_file(folder: Path, changes: dict[str, Any] | None = None, without: str = "", name: str = "roster.xlsx") -> Path:
    """The small roster as a workbook; ``changes`` sets cells by ``sheet!cell``, ``without`` leaves a sheet out."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, table in TABLES.items():
        sheet = book.create_sheet(title)
        for row, line in enumerate(table.strip().splitlines(), 1):
            for column, text in enumerate(line.split("|"), 1):
                sheet.cell(row, column).value = text.strip() or None
    for place, value in (changes or {}).items():
        title, cell = place.split("!")
        book[title][cell].value = value
    if without:
        del book[without]
    path = folder / name
    book.save(path)
    return path


def read(folder: Path, changes: dict[str, Any] | None = None) -> Roster:
    return load_roster(roster_file(folder, changes), STANDARD)


def test_the_small_roster_is_read_as_it_stands(tmp_path: Path) -> None:
    roster = read(tmp_path)
    batch = roster.batch
    assert (batch.region, batch.year, batch.phase) == ("楚雄州", 2021, ANNUAL)
    assert (batch.reporting_unit, batch.contact, batch.phone) == ("楚雄州住房和城乡建设局", "张三", "0878-0000000")
    assert batch.deadlines == {SELF_EVALUATION: datetime.date(2021, 8, 30), ANNUAL: datetime.date(2021, 10, 18)}
    assert batch.form_date is None
    assert roster.units == (
        Unit("532301", "楚雄市"),
        Unit("532302", "禄丰市", ("532331",), ("禄丰县",), "lufeng.toml"),
        Unit("532390", "开发区"),
    )
    assert roster.communities == (
        Community(
            code="532301101001",
            name="东兴社区居民委员会",
            county="楚雄市",
            town="鹿城镇",
            unit="532301",
            former_names=("东兴居委会", "东兴"),
            pilot=True,
        ),
        Community("532301102001", "永安社区居民委员会", "楚雄市", "东瓜镇", "532390"),
        Community("532302101199", "董户村社区居民委员会", "禄丰县", "金山镇", "532302", former_codes=("532331101199",)),
    )


def test_a_village_committee_is_a_note_and_not_counted(tmp_path: Path) -> None:
    (finding,) = read(tmp_path).findings
    assert (finding.rule, finding.severity, finding.title) == ("R03", Severity.NOTE, "非居民委员会，不计入")
    place = finding.place
    assert (place.unit, place.community, place.file, place.sheet, place.cell) == ("532302", None, None, "社区名册", "C5")
    assert "中山农村社区" in finding.message
    assert "532302105200" in finding.message


def test_a_changed_unit_is_found_by_old_and_new_name_and_code(tmp_path: Path) -> None:
    roster = read(tmp_path)
    assert roster.unit_by_any_code["532331"] is roster.unit_by_any_code["532302"] is roster.unit["532302"]
    assert roster.unit_by_any_name["禄丰县"] is roster.unit_by_any_name["禄丰市"] is roster.unit["532302"]
    assert roster.community_by_any_code["532331101199"] is roster.community["532302101199"]


@pytest.mark.parametrize("county", ["楚雄市", " 楚雄市　", "532301", 532301])
def test_a_county_may_be_written_by_name_or_code(tmp_path: Path, county: str | int) -> None:
    assert read(tmp_path, {"社区名册!A2": county}).communities[0].unit == "532301"


def test_codes_may_be_numbers_and_the_name_stays_as_written(tmp_path: Path) -> None:
    changes = {
        "填报单位!A2": 532301,
        "填报单位!C3": 532331,
        "社区名册!C2": 532301101001,
        "社区名册!D2": "  东兴社区 居民 委员会　",
        "社区名册!C3": "５３２３０１１０２００１ ",
    }
    roster = read(tmp_path, changes)
    assert roster.units[0].code == "532301"
    assert roster.units[1].former_codes == ("532331",)
    assert [community.code for community in roster.communities[:2]] == ["532301101001", "532301102001"]
    assert roster.communities[0].name == "东兴社区 居民 委员会"


@pytest.mark.parametrize("separator", ["、", "，", ",", ";", "；", "\n"])
def test_several_former_codes_in_one_cell(tmp_path: Path, separator: str) -> None:
    roster = read(tmp_path, {"填报单位!C3": f"532331{separator} 532332"})
    assert roster.units[1].former_codes == ("532331", "532332")
    assert roster.communities[2].former_codes == ("532331101199", "532332101199")


def test_a_community_may_state_its_own_former_code(tmp_path: Path) -> None:
    roster = read(tmp_path, {"社区名册!H1": "曾用代码", "社区名册!H4": "532331109007"})
    assert roster.communities[2].former_codes == ("532331109007",)


def test_a_community_with_another_countys_digits_has_no_derived_former_code(tmp_path: Path) -> None:
    roster = read(tmp_path, {"社区名册!F3": "禄丰市"})
    assert roster.communities[1].former_codes == ()


def test_a_development_zone_may_have_a_nine_digit_code(tmp_path: Path) -> None:
    assert read(tmp_path, {"填报单位!A4": "532301901"}).communities[1].unit == "532301901"


@pytest.mark.parametrize("year", [2021, 2021.0, "2021", "2021年", "2021年度", " ２０２１ "])
def test_ways_to_write_the_year(tmp_path: Path, year: object) -> None:
    assert read(tmp_path, {"批次!B2": year}).batch.year == 2021


@pytest.mark.parametrize(("word", "phase"), [("自评", SELF_EVALUATION), (" 年度 总结", ANNUAL)])
def test_ways_to_write_the_phase(tmp_path: Path, word: str, phase: str) -> None:
    assert read(tmp_path, {"批次!B3": word}).batch.phase == phase


DATES = [
    datetime.date(2021, 9, 3),
    datetime.datetime(2021, 9, 3, 8, 30),
    "2021-09-03",
    "2021/9/3",
    "2021.9.3",
    "2021年9月3日",
    "2021 年 9 月 3 日",
]


@pytest.mark.parametrize("date", DATES)
def test_ways_to_write_a_date(tmp_path: Path, date: object) -> None:
    batch = read(tmp_path, {"批次!B7": date, "批次!B9": date}).batch
    assert batch.deadlines[SELF_EVALUATION] == batch.form_date == datetime.date(2021, 9, 3)


def test_labels_that_are_absent_count_as_blank(tmp_path: Path) -> None:
    blank = {f"批次!{column}{row}": None for column in "AB" for row in (1, 4, 5, 6, 7, 8, 9)}
    columns = {f"社区名册!{column}1": None for column in "BEG"}
    roster = read(tmp_path, blank | columns)
    batch = roster.batch
    assert (batch.region, batch.reporting_unit, batch.contact, batch.phone) == ("楚雄州", "", "", "")
    assert batch.deadlines == {SELF_EVALUATION: datetime.date(2021, 8, 31), ANNUAL: datetime.date(2021, 10, 20)}
    first = roster.communities[0]
    assert (first.town, first.former_names, first.pilot) == ("", (), False)


def test_columns_in_any_order_below_a_title_with_more_columns_rows_and_sheets(tmp_path: Path) -> None:
    path = roster_file(tmp_path)
    book = openpyxl.load_workbook(path)
    sheet = book["社区名册"]
    sheet.move_range("A1:A5", cols=8)
    sheet["A1"].value = "备注"
    sheet["A2"].value = "甲"
    sheet.insert_rows(3)
    sheet.insert_rows(1, 2)
    sheet["A1"].value = "楚雄州社区名册"
    sheet["A9"].value = "备注栏里的话不算一行"
    book.create_sheet("豁免").append(["社区代码", "条款"])
    book.save(path)
    roster = load_roster(path, STANDARD)
    assert roster.communities == read(tmp_path).communities
    assert roster.findings[0].place.cell == "C8"


@pytest.mark.parametrize(("value", "pilot"), [("是", True), ("否", False), (None, False)])
def test_pilot(tmp_path: Path, value: str | None, pilot: bool) -> None:
    assert read(tmp_path, {"社区名册!G2": value}).communities[0].pilot is pilot


def test_the_command_lines_year_and_phase_go_before_the_sheets(tmp_path: Path) -> None:
    path = roster_file(tmp_path)
    same = load_roster(path, STANDARD, year=2021, phase=SELF_EVALUATION).batch
    assert (same.phase, same.deadlines[ANNUAL]) == (SELF_EVALUATION, datetime.date(2021, 10, 18))
    later = load_roster(path, STANDARD, year=2022).batch
    assert (later.year, later.phase, later.deadlines[ANNUAL]) == (2022, ANNUAL, datetime.date(2022, 10, 20))
    bare = load_roster(roster_file(tmp_path, {"批次!B2": None, "批次!A3": None}), STANDARD, year=2022, phase=ANNUAL).batch
    assert (bare.year, bare.phase) == (2022, ANNUAL)


def test_a_roster_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    roster = read(tmp_path)
    path = tmp_path / "again.xlsx"
    batch = {
        BatchLabel.REGION: "楚雄州",
        BatchLabel.YEAR: 2021,
        BatchLabel.PHASE: "年度总结",
        BatchLabel.UNIT: "楚雄州住房和城乡建设局",
        BatchLabel.CONTACT: "张三",
        BatchLabel.PHONE: "0878-0000000",
        BatchLabel.SELF_EVALUATION_DUE: datetime.date(2021, 8, 30),
        BatchLabel.ANNUAL_DUE: datetime.date(2021, 10, 18),
    }
    write_roster(path, STANDARD, batch, roster.units, roster.communities)
    again = load_roster(path, STANDARD)
    assert (again.batch, again.units, again.communities, again.findings) == (
        roster.batch,
        roster.units,
        roster.communities,
        (),
    )


def test_whom_to_chase_and_where_letters_go_may_be_named(tmp_path: Path) -> None:
    plain = read(tmp_path)
    assert plain.batch.email == "" and plain.units[0] == Unit("532301", "楚雄市")
    extra = {"批次!A10": "电子邮箱", "批次!B10": "zjj@example.cn", "填报单位!F1": "联系电话", "填报单位!G1": "联系人",
             "填报单位!H1": "电子邮箱", "填报单位!F2": "0878-3100000", "填报单位!G2": "李四",
             "填报单位!H2": "a@example.cn、b@example.cn"}  # fmt: skip
    roster = read(tmp_path, extra)
    assert roster.batch.email == "zjj@example.cn"
    assert roster.units[0] == Unit(
        "532301", "楚雄市", contact="李四", phone="0878-3100000", email="a@example.cn、b@example.cn"
    )
    path = tmp_path / "again.xlsx"
    batch = {BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.EMAIL: "zjj@example.cn"}
    write_roster(path, STANDARD, batch, roster.units, roster.communities)
    again = load_roster(path, STANDARD)
    assert again.units == roster.units and again.batch.email == "zjj@example.cn"


CLOSED = ROOT / "archive" / "2021" / "input" / "roster.xlsx"
COUNTS = {
    "楚雄市": 31, "双柏县": 8, "牟定县": 5, "南华县": 12, "姚安县": 13, "大姚县": 17, "永仁县": 3, "元谋县": 10, "武定县": 9,
}  # fmt: skip


def published() -> list[tuple[str, str, str, str]]:
    with build_roster.SOURCE.open(encoding="utf-8", newline="") as file:
        return [(row["community_code"], row["community"], row["county"], row["town"]) for row in csv.DictReader(file)]


def test_the_roster_of_the_closed_year_is_the_published_list() -> None:
    """137 residents' committees in ten counties and cities; the list's misprints kept."""
    roster = load_roster(CLOSED, STANDARD)
    assert {unit.name: len(roster.of_unit[unit.code]) for unit in roster.units} == COUNTS | {"禄丰县": 29}
    assert len(roster.communities) == 137
    assert [(each.code, each.name, each.county, each.town) for each in roster.communities] == published()
    assert "碧城社区民居委员会" in {community.name for community in roster.communities}


def test_the_shipped_roster_has_the_county_that_became_a_city() -> None:
    """The same 137; the codes of one county are new and its three misprinted names put right, each with what it was."""
    roster = load_roster(build_roster.TARGET, STANDARD)
    assert roster.batch.year == 2022 and "示例" in roster.batch.contact and "示例" in roster.batch.phone
    assert {unit.name: len(roster.of_unit[unit.code]) for unit in roster.units} == COUNTS | {"禄丰市": 29}
    assert [unit.code for unit in roster.units] == sorted(unit.code for unit in roster.units)
    assert roster.findings == ()
    assert roster.unit["532302"] == Unit("532302", "禄丰市", ("532331",), ("禄丰县",))
    was = {code: (name, town) for code, name, _, town in published()}
    corrected = {}
    for each in roster.communities:
        name, town = was.pop(each.former_codes[0] if each.unit == "532302" else each.code)
        assert town == each.town
        if name != each.name:
            corrected[each.code] = (name, each.name)
            assert each.former_names == (name,)
    assert was == {}
    assert corrected == {
        "532302103001": ("碧城社区民居委员会", "碧城社区居民委员会"),
        "532302107001": ("黑井社区居民民委员会", "黑井社区居民委员会"),
        "532302108003": ("老鸦关区居民委员会", "老鸦关社区居民委员会"),
    }


def test_the_shipped_roster_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    build_roster.build(tmp_path / "roster.xlsx")
    assert (tmp_path / "roster.xlsx").read_bytes() == build_roster.TARGET.read_bytes()


def test_codes_and_dropdowns_of_the_shipped_roster() -> None:
    book = openpyxl.load_workbook(build_roster.TARGET)
    assert book.sheetnames == ["批次", "填报单位", "社区名册", "免予处理", "报送台账", "说明"]
    community, batch = book["社区名册"], book["批次"]
    code = community["C2"]
    assert (code.value, code.data_type, code.number_format) == ("532301101001", "s", "@")
    assert community["C200"].number_format == "@" or community.column_dimensions["C"].number_format == "@"
    assert community.freeze_panes == "A2"
    dropdowns = {
        str(rule.sqref): rule.formula1 for sheet in (batch, community) for rule in sheet.data_validations.dataValidation
    }
    assert dropdowns == {"B4": '"自评,年度总结"', "G2:G5001": '"是"'}


def test_the_starter_asks_for_what_is_missing_and_explains_every_column(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    write_starter(path, STANDARD, datetime.date(2021, 3, 1))
    with pytest.raises(RosterError, match="“填报单位”没有填报单位"):
        load_roster(path, STANDARD)
    book = openpyxl.load_workbook(path)
    explained = {(row[0].value, row[1].value) for row in book["说明"].iter_rows(min_row=2)}
    for title in ("填报单位", "社区名册", "报送台账"):
        for header in book[title][1]:
            assert (title, header.value) in explained


# (cell, what it became, the sentence after “名册“roster.xlsx”的工作表”)
DAMAGE = [
    ("批次!A2", None, "“批次”缺少“年度”，请在A列写“年度”，在右边一格填写"),
    ("批次!B2", None, "“批次”第2行（B2）：年度空白，请填四位数的年份，例如 2021"),
    ("批次!B2", "二〇二一", "“批次”第2行（B2）：年度“二〇二一”读不出，请填四位数的年份，例如 2021"),
    ("批次!B2", 21, "“批次”第2行（B2）：年度“21”读不出，请填四位数的年份，例如 2021"),
    ("批次!A3", "阶 段 名", "“批次”缺少“阶段”，请在A列写“阶段”，在右边一格填写"),
    ("批次!B3", "总结", "“批次”第3行（B3）：阶段“总结”读不出，请填“自评”或“年度总结”"),
    ("批次!B7", "8月底", "“批次”第7行（B7）：日期“8月底”读不出，请写成 2021-08-31 这样的日期，或留空"),
    ("批次!B8", "2021-09-31", "“批次”第8行（B8）：日期“2021-09-31”读不出，请写成 2021-08-31 这样的日期，或留空"),
    ("批次!A9", "年度", "“批次”第2行和第9行：“年度”出现了两次，请只保留一行"),
    ("填报单位!A1", "编号", "“填报单位”找不到标题“代码”，请在表头一行补上这一列"),
    ("填报单位!E1", "名称", "“填报单位”B1和E1：标题“名称”出现了两次，请只保留一列"),
    ("填报单位!A2", None, "“填报单位”第2行（A2）：“代码”空白，请填写6位（开发区可为9位）数字代码，例如 532301"),
    (
        "填报单位!A2",
        "53230",
        "“填报单位”第2行（A2）：“代码”现为“53230”，不是6位（开发区可为9位）数字，"
        "请按统计用区划代码改正，例如 532301，并把该列设为文本格式",
    ),
    (
        "填报单位!C3",
        "53233X",
        "“填报单位”第3行（C3）：“曾用代码”现为“53233X”，不是6位（开发区可为9位）数字，"
        "请按统计用区划代码改正，例如 532331，并把该列设为文本格式",
    ),
    ("填报单位!B2", None, "“填报单位”第2行（B2）：“名称”空白，请填写，例如“楚雄市”"),
    ("填报单位!A3", "532301", "“填报单位”第3行（A3）：代码“532301”与第2行重复，请改正或删去其中一行"),
    ("填报单位!B3", "楚雄市 ", "“填报单位”第3行（B3）：名称“楚雄市”与第2行重复，请改正或删去其中一行"),
    ("填报单位!C3", "532301", "“填报单位”第3行（C3）：曾用代码“532301”也是第2行的代码或名称，请核对后改正"),
    ("填报单位!D3", "开发区", "“填报单位”第3行（D3）：曾用名“开发区”也是第4行的代码或名称，请核对后改正"),
    ("填报单位!C4", "532331", "“填报单位”第4行（C4）：曾用代码“532331”也是第3行的代码或名称，请核对后改正"),
    ("社区名册!C1", None, "“社区名册”找不到标题“社区代码”，请在表头一行补上这一列"),
    ("社区名册!D1", "名称", "“社区名册”找不到标题“社区名称”，请在表头一行补上这一列"),
    ("社区名册!C2", None, "“社区名册”第2行（C2）：“社区代码”空白，请填写12位数字代码，例如 532301101001"),
    (
        "社区名册!C2",
        "53230110100",
        "“社区名册”第2行（C2）：“社区代码”现为“53230110100”，不是12位数字，"
        "请按统计用区划代码改正，例如 532301101001，并把该列设为文本格式",
    ),
    ("社区名册!D2", None, "“社区名册”第2行（D2）：“社区名称”空白，请填写，例如“东兴社区居民委员会”"),
    ("社区名册!D2", "　", "“社区名册”第2行（D2）：“社区名称”空白，请填写，例如“东兴社区居民委员会”"),
    (
        "社区名册!C4",
        "532301101001",
        "“社区名册”第4行（C4）：社区代码“532301101001”与第2行重复（“东兴社区居民委员会”与“董户村社区居民委员会”），"
        "请改正代码或删去其中一行",
    ),
    (
        "社区名册!A2",
        "昆明市",
        "“社区名册”第2行（A2）：“县（市、区）”的“昆明市”不在工作表“填报单位”中，请改正，或先把它填进工作表“填报单位”",
    ),
    (
        "社区名册!F3",
        "经开区",
        "“社区名册”第3行（F3）：“填报单位”的“经开区”不在工作表“填报单位”中，请改正，或先把它填进工作表“填报单位”",
    ),
    (
        "社区名册!A2",
        None,
        "“社区名册”第2行（A2）：“县（市、区）”和“填报单位”都空白，请填写县名（合并的单元格请先拆开，逐行填写）",
    ),
    ("社区名册!G2", "√", "“社区名册”第2行（G2）：“试点”现为“√”，试点社区请填“是”，其他留空"),
]


@pytest.mark.parametrize(("cell", "value", "sentence"), DAMAGE)
def test_damage_stops_with_one_sentence(tmp_path: Path, cell: str, value: object, sentence: str) -> None:
    with pytest.raises(RosterError) as caught:
        read(tmp_path, {cell: value})
    assert str(caught.value) == f"名册“roster.xlsx”的工作表{sentence}。"
    assert caught.value.exit_status == 2


def test_a_former_code_that_several_name_stands_for_none_of_them(tmp_path: Path) -> None:
    split = {"社区名册!H1": "曾用代码", "社区名册!H2": "532301101088", "社区名册!H4": "532301101088"}
    roster = read(tmp_path, split)
    east, _, village = roster.communities
    assert "532301101088" not in roster.community_by_any_code
    assert roster.parts_of == {"532301101088": (east, village)}
    (note,) = [finding for finding in roster.findings if finding.rule == "Y11"]
    assert note.place.cell == "H2" and "东兴社区居民委员会、董户村社区居民委员会" in note.message


def test_a_stated_former_code_that_follows_for_another_is_a_split_too(tmp_path: Path) -> None:
    # 532302101199 was 532331101199, because its unit was 532331; 东兴 says that it was, too.
    roster = read(tmp_path, {"社区名册!H1": "曾用代码", "社区名册!H2": "532331101199"})
    assert list(roster.parts_of) == ["532331101199"] and [f.rule for f in roster.findings if f.rule == "Y11"] == ["Y11"]


def test_former_codes_are_written_where_they_do_not_follow_from_the_unit_s(tmp_path: Path) -> None:
    merged = read(tmp_path, {"社区名册!H1": "曾用代码", "社区名册!H2": "532301101088、532301101089"})
    batch = {BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结"}
    write_roster(tmp_path / "again.xlsx", STANDARD, batch, merged.units, merged.communities)
    assert load_roster(tmp_path / "again.xlsx", STANDARD).communities == merged.communities


def test_a_communitys_former_code_may_not_be_anothers_code(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="第2行（H2）：曾用代码“532302101199”也是第4行的代码或名称"):
        read(tmp_path, {"社区名册!H1": "曾用代码", "社区名册!H2": "532302101199"})


@pytest.mark.parametrize("sheet", list(TABLES))
def test_a_missing_sheet(tmp_path: Path, sheet: str) -> None:
    path = roster_file(tmp_path, without=sheet)
    with pytest.raises(RosterError) as caught:
        load_roster(path, STANDARD)
    assert str(caught.value) == f"名册“roster.xlsx”缺少工作表“{sheet}”，请补上；工作表的名称须与此完全一致。"


@pytest.mark.parametrize(
    ("sheet", "rows", "sentence"),
    [
        ("填报单位", range(2, 5), "没有填报单位，请在表头下每个县（市）填一行代码和名称"),
        ("社区名册", range(2, 5), "没有可以计入的城市社区（居民委员会），请在表头下每个社区填一行"),
    ],
)
def test_nothing_to_count(tmp_path: Path, sheet: str, rows: range, sentence: str) -> None:
    """Of the communities only the village committee is left, which does not count."""
    with pytest.raises(RosterError) as caught:
        read(tmp_path, {f"{sheet}!{column}{row}": None for row in rows for column in "ABCDEFG"})
    assert str(caught.value) == f"名册“roster.xlsx”的工作表“{sheet}”{sentence}。"


def test_an_empty_sheet_has_no_headers(tmp_path: Path) -> None:
    path = roster_file(tmp_path, without="社区名册")
    book = openpyxl.load_workbook(path)
    book.create_sheet("社区名册")
    book.save(path)
    with pytest.raises(RosterError, match="“社区名册”找不到标题“社区代码”"):
        load_roster(path, STANDARD)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(RosterError) as caught:
        load_roster(tmp_path / "roster.xlsx", STANDARD)
    assert str(caught.value) == f"找不到名册“roster.xlsx”，请把它放到“{tmp_path.name}”文件夹，或用 --roster 指明它的位置。"


def test_a_folder_named_like_the_roster(tmp_path: Path) -> None:
    (tmp_path / "roster.xlsx").mkdir()
    with pytest.raises(
        RosterError, match="^名册“roster.xlsx”打不开，请确认它是一个文件、可以读取，并先在 Excel 或 WPS 中关闭它。$"
    ):
        load_roster(tmp_path / "roster.xlsx", STANDARD)


def test_no_workbook(tmp_path: Path) -> None:
    whole = roster_file(tmp_path, name="whole.xlsx").read_bytes()
    path = tmp_path / "roster.xlsx"
    for content in (b"", "社区名册".encode(), whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(RosterError, match="^名册“roster.xlsx”不是可以读取的工作簿，请用 Excel 或 WPS 打开检查.*。$"):
            load_roster(path, STANDARD)


# --- 免予处理 -----------------------------------------------------------------------------------------------------------

HEADERS = ("填报单位", "社区代码", "条款", "问题编号", "批准人", "理由", "日期")
ROW = ("楚雄市", "532301101001", "8.1", "C07", "张三", "现场核实", "2021-10-15")


def waivers_of(folder: Path, *rows: tuple[object, ...], headers: tuple[str, ...] = HEADERS) -> Roster:
    """The small roster with these rows on 免予处理."""
    path = roster_file(folder)
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("免予处理")
    for row in (headers, *rows):
        sheet.append(row)
    book.save(path)
    return load_roster(path, STANDARD)


def changed(**cells: object) -> tuple[object, ...]:
    names = dict(zip(("unit", "community", "clause", "rule", "who", "reason", "date"), ROW, strict=True))
    return tuple((names | cells).values())


def test_waivers_are_read_by_their_labels(tmp_path: Path) -> None:
    roster = waivers_of(tmp_path, ROW, headers=HEADERS)
    date = datetime.date(2021, 10, 15)
    assert roster.waivers == (Waiver("532301", "532301101001", "8.1", "C07", "张三", "现场核实", date, 2, "D2"),)
    turned = waivers_of(tmp_path, tuple(reversed(ROW)), headers=tuple(reversed(HEADERS)))
    assert turned.waivers == (dataclasses.replace(roster.waivers[0], cell="D2"),)


@pytest.mark.parametrize(
    ("row", "unit", "community", "clause"),
    [
        (changed(unit="禄丰县", community="", clause=""), "532302", None, ""),
        (changed(unit="532331", community="532331101199"), "532302", "532302101199", "8.1"),
        (changed(unit="", community="５３２３０２１０１１９９"), "532302", "532302101199", "8.1"),
        (changed(rule="c07", date=datetime.datetime(2021, 10, 15)), "532301", "532301101001", "8.1"),
        (changed(clause=8.1, date="2021年10月15日"), "532301", "532301101001", "8.1"),
    ],
    ids=["a unit's own findings", "former codes", "full width, no unit", "small letter and a true date", "a number for a clause"],
)
def test_waivers_as_people_write_them(
    tmp_path: Path, row: tuple[object, ...], unit: str, community: str | None, clause: str
) -> None:
    roster = waivers_of(tmp_path, row)
    (waiver,) = roster.waivers
    assert (waiver.unit, waiver.community, waiver.clause, waiver.rule) == (unit, community, clause, "C07")
    assert waiver.date == datetime.date(2021, 10, 15)


@pytest.mark.parametrize(
    ("row", "rule", "cell", "words"),
    [
        (changed(who=""), "R04", "E2", "第2行缺“批准人”"),
        (changed(reason=None, date=""), "R04", "F2", "第2行缺“理由”、“日期”"),
        (changed(rule=""), "R04", "D2", "缺“问题编号”"),
        (changed(unit="", community=""), "R04", "A2", "缺“填报单位”"),
        (changed(unit="某县"), "R05", "A2", "“填报单位”写的是“某县”，工作表“填报单位”中没有它"),
        (changed(community="532301101099"), "R05", "B2", "“社区代码”写的是“532301101099”"),
        (changed(unit="禄丰市"), "R05", "B2", "“东兴社区居民委员会”不由“禄丰市”填报"),
        (changed(clause="8.9"), "R05", "C2", "标准中没有这一条"),
        (changed(rule="C99"), "R05", "D2", "没有这个编号"),
        (changed(date="去年"), "R05", "G2", "“日期”写的是“去年”，读不出日期"),
    ],
)
def test_a_waiver_with_a_mistake_is_told_and_costs_nothing_else(
    tmp_path: Path, row: tuple[object, ...], rule: str, cell: str, words: str
) -> None:
    roster = waivers_of(tmp_path, row, ROW)
    assert [waiver.row for waiver in roster.waivers] == [3]
    (finding,) = [finding for finding in roster.findings if finding.place.sheet == "免予处理"]
    assert (finding.rule, finding.severity, finding.place.unit, finding.place.cell) == (rule, Severity.VERIFY, None, cell)
    assert words in finding.message and "没有采用" in finding.message


def test_a_sheet_of_waivers_without_a_header_is_told(tmp_path: Path) -> None:
    roster = waivers_of(tmp_path, ROW, headers=("县", "码"))
    (finding,) = [finding for finding in roster.findings if finding.rule == "R04"]
    assert roster.waivers == () and "表头读不出" in finding.message and "“问题编号”" in finding.message
    twice = waivers_of(tmp_path, ROW, headers=(*HEADERS, "理由"))
    assert twice.waivers == () and [f.rule for f in twice.findings if f.place.sheet == "免予处理"] == ["R04"]


def test_an_empty_sheet_of_waivers_says_nothing(tmp_path: Path) -> None:
    assert [f.rule for f in waivers_of(tmp_path, headers=()).findings] == ["R03"]
    assert [f.rule for f in waivers_of(tmp_path).findings] == ["R03"]


def test_missing_columns_of_waivers_count_as_blank(tmp_path: Path) -> None:
    roster = waivers_of(tmp_path, ("楚雄市", "C07"), headers=("填报单位", "问题编号"))
    (finding,) = [finding for finding in roster.findings if finding.rule == "R04"]
    assert "缺“批准人”、“理由”、“日期”" in finding.message


def test_a_starter_has_an_empty_sheet_of_waivers_with_its_labels(tmp_path: Path) -> None:
    write_starter(tmp_path / "roster.xlsx", STANDARD, datetime.date(2021, 3, 1))
    sheet = openpyxl.load_workbook(tmp_path / "roster.xlsx")["免予处理"]
    assert tuple(cell.value for cell in sheet[1]) == HEADERS and sheet["A2"].value is None
    guide = openpyxl.load_workbook(tmp_path / "roster.xlsx")["说明"]
    explained = {row[1].value for row in guide.iter_rows() if row[0].value == "免予处理"}
    assert explained == {"全表", *HEADERS}


# --- what is told of a roster that is used all the same -------------------------------------------------------------------

def with_ledger(folder: Path, rows: list[tuple[int, str, str, str]], changes: dict[str, Any] | None = None) -> Roster:
    path = roster_file(folder, changes)
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("报送台账")
    sheet.append(["填报单位", "事项", "名称或内容", "收到日期", "文号", "备注"])
    for number, unit, item, remark in rows:
        for column, text in ((1, unit), (2, item), (6, remark)):
            sheet.cell(number, column).value = text
    book.save(path)
    return load_roster(path, STANDARD)


def test_what_the_sample_left_in_a_roster_is_named(tmp_path: Path) -> None:
    changes = {
        "批次!B5": "示例联系人", "批次!B6": "0878-0000000（示例）",
        "填报单位!F1": "联系人", "填报单位!F3": "示例李某",
    }  # fmt: skip
    plan = next(each.name for each in STANDARD.deliverables if each.id == "plan")
    rows = [(2, "楚雄市", plan, "示例"), (3, "禄丰市", plan, "")]
    assert with_ledger(tmp_path, rows, changes).placeholders == (
        "名册“批次”表B5写的是“示例联系人”、B6写的是“0878-0000000（示例）”，会印在附件2和函件上，请改成自己的。",
        "名册“填报单位”表F3写的是“示例李某”，会用在催报名单和函件上，请改成各单位的。",
        "名册“报送台账”表第2行写有“示例”，会记入台账和报告，请改成自己的或删去。",
    )
    many = [(number, "楚雄市", plan, "示例") for number in range(2, 8)]
    assert with_ledger(tmp_path, many).placeholders == (
        "名册“报送台账”表第2、3、4、5等6行写有“示例”，会记入台账和报告，请改成自己的或删去。",
    )
    assert read(tmp_path).placeholders == ()


def prepared(folder: Path, changes: dict[str, Any], year: int | None = None) -> Roster:
    roster, day = roster_file(folder, changes), datetime.date(2021, 10, 18)
    return prepare(Options(folder, folder / "output", roster, folder / "archive", day, year))[1]


def test_a_deadline_of_another_year_is_told_with_the_one_that_holds(tmp_path: Path) -> None:
    roster = prepared(tmp_path, {"批次!B8": "2022-10-18"})
    assert roster.batch.deadlines == {SELF_EVALUATION: datetime.date(2021, 8, 30), ANNUAL: datetime.date(2021, 10, 20)}
    assert roster.about_dates == ("名册“批次”表B8写的是2022年的日期，本次年度总结的截止日期按2021年10月20日；请改正或清空。",)
    assert prepared(tmp_path, {}).about_dates == ()


def test_where_another_year_was_asked_for_the_sheet_is_not_wrong(tmp_path: Path) -> None:
    assert prepared(tmp_path, {"批次!B7": None}, year=2022).about_dates == (
        "名册“批次”表B8写的是2021年的日期，本次年度总结的截止日期按2022年10月20日。",
    )
