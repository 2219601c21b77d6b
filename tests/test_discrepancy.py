"""The discrepancy report: what to do by when, findings in the order of their weight, points lost, lists."""

from __future__ import annotations

import dataclasses
import datetime
import io
from decimal import Decimal

import demo
import openpyxl
import pytest
from season import BRIDGE, CITY, arrive, clean, form, judge
from season import EAST as EAST_SIDE

from greencomm import __version__
from greencomm.findings import Impact, Life, PastFinding, Settled, Settlement, Severity
from greencomm.forms.issue import SheetAnswers
from greencomm.outputs.discrepancy import grouped, item_name, task, write_discrepancy
from greencomm.results import CellChange, FileState, ReceivedFile, RegionResult, Status, UnitResult, UnitState
from greencomm.roster import Waiver

SHEETS = ["概况", "问题清单", "整改情况", "得失分", "名单", "与自评相比"]
EAST = demo.community("532301101001", "东兴社区居民委员会", declared=100)
ABSENT = demo.community("532301101001", "东兴社区居民委员会", Status.MISSING)


def report(unit: UnitResult, result: RegionResult | None = None) -> openpyxl.Workbook:
    target = io.BytesIO()
    write_discrepancy(target, unit, result or demo.region([unit]))
    return openpyxl.load_workbook(target)


def table(sheet, header: str) -> list[list[object]]:
    """Rows below the row whose first cell is ``header``, down to the first empty row."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    start = next(number for number, row in enumerate(rows) if row[0] == header)
    below = rows[start + 1 :]
    end = next((number for number, row in enumerate(below) if not any(row)), len(below))
    return below[:end]


def texts(sheet) -> str:
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)


# --- what is to be done -------------------------------------------------------------------------------------------------

BACK = demo.finding("C01", Severity.SEND_BACK, "没有填写。", "请填写。", sheet="东兴社区", cell="G10", clause="1.1")
VERIFY = demo.finding("C07", Severity.VERIFY, "不符。", "请核对。", sheet="东兴社区", cell="G11", clause="1.2")
NOTE = demo.finding("C11", Severity.NOTE, "已换算。", "无需处理。", sheet="东兴社区", cell="G12", clause="2.1")

TASKS = {
    "clean": (demo.unit("532301", "楚雄市", [EAST]), "审核通过，无需修改"),
    "only notes": (demo.unit("532301", "楚雄市", [EAST], findings=[NOTE]), "审核通过，无需修改"),
    "to verify": (demo.unit("532301", "楚雄市", [EAST], findings=[VERIFY, NOTE]), "没有必须修改的内容，有 1 处需要核实"),
    "sent back": (demo.unit("532301", "楚雄市", [EAST], findings=[BACK, VERIFY]), "有 1 处必须修改，请改好后重新报送"),
    "nothing came": (
        demo.unit("532301", "楚雄市", [ABSENT], state=UnitState.MISSING, files=()),
        "尚未收到本单位的填报工作簿，请填报",
    ),
    "only rejected": (demo.unit("532301", "楚雄市", [ABSENT], state=UnitState.REJECTED), "收到的文件都不能采用，请重新报送"),
    "no community": (demo.unit("532301", "楚雄市", state=UnitState.MISSING, files=()), "名册中本单位没有城市社区，无需填报"),
}


@pytest.mark.parametrize(("unit", "headline"), TASKS.values(), ids=TASKS)
def test_headline_comes_first(unit, headline):
    workbook = report(unit)
    assert workbook.sheetnames == SHEETS
    first_lines = [row[0].value for row in workbook["概况"].iter_rows() if row[0].value]
    assert first_lines[2] == "一、需要办理的事项"
    shown, _, due = first_lines[3].partition("\n")
    assert shown == headline
    nothing_to_do = "无需" in headline
    assert due == ("" if nothing_to_do else "截止日期：2021年10月20日（还有2天）")


@pytest.mark.parametrize(
    ("day", "far"),
    [(18, "还有2天"), (19, "还有1天"), (20, "今天截止"), (21, "已过1天，请尽快办理")],
)
def test_days_to_the_deadline(day, far):
    unit = TASKS["sent back"][0]
    result = demo.region([unit], run_date=datetime.date(2021, 10, day))
    assert task(unit, result).due == f"截止日期：2021年10月20日（{far}）"


@pytest.mark.parametrize(("submission", "following"), [(1, 2), (3, 4), (None, 2)])
def test_the_next_submission_is_numbered(submission, following):
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[BACK], submission=submission)
    steps = "".join(task(unit, demo.region([unit])).steps)
    assert f"“报送批次”已改为 {following}（" in steps


def test_absent_communities_are_mentioned_without_being_chased():
    unit = demo.unit("532301", "楚雄市", [EAST, ABSENT])
    todo = task(unit, demo.region([unit]))
    assert todo.headline == "审核通过，无需修改"
    assert "另有 1 个社区没有填报" in todo.steps[0]


# --- figures beside the claims ------------------------------------------------------------------------------------------


def test_figures_beside_the_unit_s_own():
    # Claimed: 东兴, 中大街, 米市街, 西城 = 4 of 6; green: 东兴, 学桥街 = 2 of 6.
    rows = table(report(demo.chuxiong())["概况"], "指标")
    assert [row[:3] for row in rows] == [
        ["城市社区总数", "—", 6],
        ["已报社区", "—", 5],
        ["达标", 4, 2],
        ["未达标", "—", 1],
        ["待核实", "—", 2],
        ["未报", "—", 1],
        ["完成比例", "66.67%", "33.33%"],
    ]
    assert rows[2][3] == "审核结果比自报少2个，见“名单”"
    assert rows[6][3] == "楚雄州2021年目标20.00%，供参考"


def test_findings_are_counted_by_severity():
    rows = table(report(demo.chuxiong())["概况"], "类别")
    assert [row[:2] for row in rows] == [["退回", 3], ["需核实", 2], ["提示", 2]]


def test_files_with_state_reason_and_hash():
    files = (
        ReceivedFile("a/楚雄市.xlsx", "0123456789abcdef" + "0" * 48, FileState.ACCEPTED),
        ReceivedFile("旧.xls", None, FileState.REJECTED, "年度不符", advice="请改用新表"),
    )
    rows = table(report(demo.unit("532301", "楚雄市", [EAST], files=files))["概况"], "文件")
    assert rows[:2] == [
        ["a/楚雄市.xlsx", "已采用", "0123456789abcdef", None],
        ["旧.xls", "未采用", "—", "年度不符\n请改用新表"],
    ]


# --- the list of findings -------------------------------------------------------------------------------------------------


def test_findings_in_order_of_weight_grouped_and_filterable():
    sheet = report(demo.chuxiong())["问题清单"]
    assert [row[1:8] + row[9:11] + row[12:] for row in table(sheet, "序号")] == [
        ["退回", "新增", "是否达标", "C01", "西城社区", "G18", "4.2", None, "0或3", None, 1],
        ["退回", "新增", None, "C01", "米市街社区", "G29、G30", "9.1、9.2", None, "0或3", None, 2],
        ["需核实", "新增", None, "C07", "东兴社区", "G25", "8.1", "1", "2", None, 1],
        ["需核实", "新增", None, "K01", "中大街社区", "B6", None, "74", "80", None, 1],
        ["提示", "新增", None, "U04", "chuxiong.xlsx\n北浦社区居民委员会", None, None, "532301101006", None, None, 1],
        ["提示", "新增", None, "C11", "东兴社区", "F26", "8.2", "１处", "1", None, 1],
    ]
    assert sheet.auto_filter.ref == "A3:N9"
    assert sheet.freeze_panes == "A4"


def test_only_equal_findings_of_one_sheet_share_a_row():
    other_sheet = dataclasses.replace(BACK, place=dataclasses.replace(BACK.place, sheet="西城社区"))
    other_fix = dataclasses.replace(BACK, fix="请另填。")
    other_rule = dataclasses.replace(BACK, rule="C02")
    same = dataclasses.replace(BACK, place=dataclasses.replace(BACK.place, cell="G11", clause="1.2"))
    groups = grouped([BACK, other_sheet, other_fix, same, other_rule])
    assert groups == [(BACK, same), (other_sheet,), (other_fix,), (other_rule,)]


def test_different_values_of_a_group_keep_their_clauses():
    def one(clause: str, found: str):
        message = f"条款{clause}错。"
        return demo.finding("C03", Severity.SEND_BACK, message, "请改。", sheet="东兴社区", clause=clause, found=found)

    unit = demo.unit("532301", "楚雄市", [EAST], findings=[one("1.1", "5"), one("2.1", ""), one("2.2", "5")])
    (row,) = table(report(unit)["问题清单"], "序号")
    assert row[8] == "条款1.1错。\n条款2.1错。\n条款2.2错。"
    assert row[9] == "1.1：5；2.1：空白；2.2：5"


def test_many_sentences_of_a_group_are_led_by_the_title():
    clauses = ("1.1", "2.1", "2.2", "4.2")
    found = [demo.finding("C01", Severity.SEND_BACK, f"条款{c}没填。", "请填。", sheet="东兴社区", clause=c) for c in clauses]
    (row,) = table(report(demo.unit("532301", "楚雄市", [EAST], findings=found))["问题清单"], "序号")
    assert row[7:9] == ["1.1、2.1、2.2、4.2", "条款未填（共4处），例如：条款1.1没填。"]


def test_without_findings_the_list_says_so():
    assert "没有发现问题。" in texts(report(TASKS["clean"][0])["问题清单"])


# --- what became of earlier findings ---------------------------------------------------------------------------------------

LONG_AGO = datetime.date(2021, 10, 12)
EXPLAINED = dataclasses.replace(
    VERIFY, settlement=Settlement(Settled.EXPLAINED, "照片见附件3", date=LONG_AGO), remedy="已复核", value="实际值 3；扣分 1"
)
WAIVED = dataclasses.replace(VERIFY, settlement=Settlement(Settled.WAIVED, "现场核实", "张三", LONG_AGO))


def test_settled_findings_are_counted_apart_and_ask_for_nothing():
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[EXPLAINED, WAIVED, NOTE])
    assert task(unit, demo.region([unit])).headline == "审核通过，无需修改"
    assert [row[:3] for row in table(report(unit)["概况"], "类别")] == [["退回", 0, 0], ["需核实", 0, 2], ["提示", 1, 0]]
    rows = table(report(unit)["问题清单"], "序号")
    assert [(row[2], row[11], row[12]) for row in rows] == [
        ("新增", "无需处理。", None),
        ("已说明", None, "整改情况：已复核\n情况说明：照片见附件3（2021年10月12日采用）"),
        ("免予处理", None, "免予处理：现场核实（张三，2021年10月12日）"),
    ]


def test_one_that_is_left_open_still_asks():
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[EXPLAINED, VERIFY])
    todo = task(unit, demo.region([unit]))
    assert todo.headline == "没有必须修改的内容，有 1 处需要核实"
    assert "“问题清单”表的“情况说明”栏写明理由（只写“核实无误”不算）" in todo.steps[0]


def test_findings_in_different_states_share_no_row():
    other = dataclasses.replace(VERIFY, life=Life.RELAPSED)
    refused = dataclasses.replace(VERIFY, refusal="没有说出理由")
    assert len(grouped([VERIFY, other, refused, EXPLAINED, WAIVED])) == 5


def test_what_hangs_on_a_finding_is_said_with_the_points_that_are_open():
    mark = dataclasses.replace(BACK, decides=True, impact=Impact.MARK, lowest=76, highest=83)
    ratio = dataclasses.replace(VERIFY, impact=Impact.RATIO)
    unit = demo.unit("532301", "楚雄市", [EAST], findings=[NOTE, ratio, mark])
    rows = table(report(unit)["问题清单"], "序号")
    assert [(row[3], row[4]) for row in rows] == [("是否达标（76～83分）", "C01"), ("是否达到20%目标", "C07"), (None, "C11")]


def test_the_first_submission_has_nothing_to_compare_with():
    said = texts(report(TASKS["sent back"][0])["整改情况"])
    assert "第一次报送" in said and said.count("无") == 4


def test_corrected_changed_explained_and_waived():
    waiver = Waiver("532301", "532301101001", "8.1", "C07", "张三", "现场核实", LONG_AGO, 2)
    about = dataclasses.replace(WAIVED, place=dataclasses.replace(WAIVED.place, community="532301101001", clause="8.1"))
    unit = dataclasses.replace(
        demo.unit("532301", "楚雄市", [EAST], findings=[EXPLAINED, about, dataclasses.replace(BACK, life=Life.OPEN)]),
        earlier=1,
        corrected=(PastFinding("C01", Severity.SEND_BACK, "条款未填", "532301101001", "1.1", "", "没有填写。", "已补填"),),
        changes=(CellChange("532301101001", "1.1", "扣分", "", "=0"), CellChange("532301101001", "", "整张表", "有", "没有")),
    )
    result = demo.region([unit])
    result = dataclasses.replace(result, roster=dataclasses.replace(result.roster, waivers=(waiver,)))
    sheet = report(unit, result)["整改情况"]
    said = texts(sheet)
    assert "与上一次报送（第1批）对照：已改1处，未改1处，已说明1处，免予处理1处；填报内容改动2处。" in said
    rows = [[cell.value for cell in row] for row in sheet.iter_rows() if isinstance(row[0].value, int)]
    assert rows == [
        [1, "东兴社区", "1.1", "C01 条款未填", "没有填写。", "已补填"],
        [1, "东兴社区", "1.1", "扣分", "（空白）", "=0"],
        [2, "东兴社区", None, "整张表", "有", "没有"],
        [1, None, "1.2", "C07 条款未填", "实际值 3；扣分 1", "整改情况：已复核\n情况说明：照片见附件3（2021年10月12日采用）"],
        [1, "东兴社区", "8.1", "C07 扣分与实际值不符", "现场核实", "张三，2021年10月12日；涉及1处"],
    ]
    assert [s for s in said.splitlines() if s[1:2] == "、"] == [
        "一、已改的问题（1处）", "二、改动的内容（2处）", "三、已说明的问题（1处）", "四、免予处理的问题（1处）",
    ]  # fmt: skip


# --- points lost ------------------------------------------------------------------------------------------------------------


def test_points_lost_by_item():
    sheet = report(demo.chuxiong())["得失分"]
    header = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "社区")
    assert header[1] == "坚持美好环境与幸福生活共同缔造理念"
    assert header[18:] == ("失分合计", "申报得分", "核定得分", "最低分", "最高分", "结论")
    rows = {row[0]: row[1:] for row in table(sheet, "社区")}

    def items(points: dict[int, object]) -> list[object]:
        return [points.get(number, 0) for number in range(1, 18)]

    assert rows["东兴社区"] == [*items({1: 3, 8: 2}), 5, 95, 91, 91, 91, "达标"]
    # 学桥街: 96 points without item 17, 3 lost, 2 added.
    assert rows["学桥街社区"] == [*items({9: 3, 17: 2}), 3, 95, 95, 95, 95, "达标"]
    assert rows["中大街社区"] == [*items({1: 6, 2: 6, 11: 6, 12: 4}), 22, 82, 74, 74, 74, "未达标"]
    assert rows["西城社区"] == [*items({1: 6, 2: 6, 4: "待核实", 5: 4}), 16, "—", "—", 74, 80, "待核实"]
    assert rows["北浦社区"] == ["—"] * 22 + ["未报"]
    assert rows["合计（已报5个社区）"][:18] == [*items({1: 18, 2: 12, 5: 4, 8: 2, 9: 3, 11: 6, 12: 4, 17: 2}), 49]
    assert sheet.cell(sheet.max_row, 18).number_format == "+0;-0;0"


def test_points_are_coloured_by_what_is_lost():
    sheet = report(demo.chuxiong())["得失分"]
    row = next(cells for cells in sheet.iter_rows() if cells[0].value == "西城社区")
    fills = {cell.value: cell.fill.fgColor.rgb for cell in row[1:18]}
    assert len({fills[0], fills[4], fills[6], fills["待核实"]}) == 4


def test_item_names_are_short_enough_for_a_header():
    assert max(len(item_name(item)) for item in demo.STANDARD.items) <= 26
    assert item_name(demo.STANDARD.item[2]) == "搭建沟通议事平台"


# --- lists ------------------------------------------------------------------------------------------------------------------


def test_lists_of_every_standing():
    rows = [row[:1] + row[2:] for row in table(report(demo.chuxiong())["名单"], "序号")][:-1]
    assert rows == [
        ["达标（2个）", *[None] * 7],
        [1, "东兴社区居民委员会", "是", 95, 91, 91, 91, None],
        [2, "学桥街社区居民委员会", "否", 95, 95, 95, 95, "未自报达标，审核达标"],
        ["未达标（1个）", *[None] * 7],
        [1, "中大街社区居民委员会", "是", 82, 74, 74, 74, "自报达标，审核未达标"],
        ["待核实（2个）", *[None] * 7],
        [1, "西城社区居民委员会", "是", "—", "—", 74, 80, "补正的内容决定是否达标"],
        [2, "米市街社区居民委员会", "是", "—", "—", 90, 93, "最低也有80分，补正后即可认定"],
        ["未报（1个）", *[None] * 7],
        [1, "北浦社区居民委员会", "—", "—", "—", "—", "—", None],
    ]


def test_half_points_and_open_claims_are_shown_as_they_are():
    half = dataclasses.replace(EAST, declared_score=Decimal("95.5"), claimed=None)
    rows = table(report(demo.unit("532301", "楚雄市", [half]))["名单"], "序号")
    assert rows[1][3:5] == ["未填", 95.5]


# --- every sheet --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_says_where_it_comes_from_and_prints_on_a4(name):
    sheet = report(demo.chuxiong())[name]
    origin = sheet["A2"].value
    standard = demo.STANDARD
    for part in ("楚雄州2021年度总结", "填报单位：楚雄市", "2021年10月18日", standard.id, standard.sha256[:8], __version__):
        assert part in origin
    assert int(sheet.page_setup.paperSize) == 9
    assert sheet.oddFooter.center.text == "第 &P 页 共 &N 页"
    assert sheet.print_title_rows.startswith("$1:")
    assert "【示例】" not in texts(sheet)


@pytest.mark.parametrize("name", SHEETS)
def test_a_sample_is_marked_on_every_sheet(name):
    unit = demo.chuxiong()
    sheet = report(unit, demo.region([unit], sample=True))[name]
    assert sheet["A1"].value.endswith("【示例】")
    assert "示例" in sheet.oddHeader.right.text


@pytest.mark.parametrize("data", ["=1+1", "+1", "-3", "@A1", "http://a.b", "{=1}", "<b>&amp;", "东\x07兴\ud800"])
def test_what_counties_wrote_is_text(data):
    found = demo.finding("C03", Severity.SEND_BACK, data, data, sheet=data, cell="G1", found=data, expected=data)
    files = (ReceivedFile(data, "ab" * 32, FileState.REJECTED, data),)
    place = demo.community("532301101001", data)
    workbook = report(demo.unit("532301", data, [place], findings=[found], files=files))
    kinds = {cell.data_type for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s", "n"}
    assert not any(cell.hyperlink for sheet in workbook for row in sheet.iter_rows() for cell in row)
    (row,) = table(workbook["问题清单"], "序号")
    assert row[9] == {"东\x07兴\ud800": "东〔U+0007〕兴〔U+D800〕"}.get(data, data)


def test_same_result_same_bytes(tmp_path):
    unit = demo.chuxiong()
    in_memory = io.BytesIO()
    write_discrepancy(in_memory, unit, demo.region([unit]))
    write_discrepancy(tmp_path / "report.xlsx", unit, demo.region([unit]))
    assert (tmp_path / "report.xlsx").read_bytes() == in_memory.getvalue()
    created = openpyxl.load_workbook(in_memory).properties.created
    assert created == datetime.datetime(2021, 10, 18)


def test_a_unit_of_1004_communities():
    sheet = report(demo.many("532301", "楚雄市", 1004, 1000))["名单"]
    rows = table(sheet, "序号")
    assert [row[0] for row in rows if isinstance(row[0], str)][:4] == ["达标（1000个）", "未达标（0个）", "无", "待核实（0个）"]
    assert rows[1000][2] == "楚雄市1000号社区居民委员会"


def test_a_blank_sheet_counts_as_not_reported_and_shows_no_figures():
    """东兴 answered, 学桥街 sent its sheet as it was issued: one of two reported, as 概况 says."""
    nothing = SheetAnswers({}, {})
    result = judge(arrive("楚雄市.xlsx", form(CITY, {BRIDGE.code: nothing, EAST_SIDE.code: clean(c1_1=(None, 3, None))})))
    (unit, _) = result.units
    assert [each.status for each in unit.communities] == [Status.GREEN, Status.MISSING]
    rows = {row[0]: row[1:] for row in table(report(unit, result)["得失分"], "社区")}
    assert rows["学桥街社区"] == ["—"] * 22 + ["未报"]
    assert rows["合计（已报1个社区）"][:18] == [3, *[0] * 16, 3]
