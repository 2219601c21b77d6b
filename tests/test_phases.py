"""Self-evaluation and annual summary of one year (D-13): the list of results, what changed in between, late workbooks."""

from __future__ import annotations

import dataclasses
import datetime
import io
import json
import shutil

import demo
import openpyxl
import pytest
from season import BRIDGE, CITY, COUNTY, EAST, ROSTER, TOWN, arrive, clean, form, judge

from greencomm.document import result_document
from greencomm.outputs import phases
from greencomm.outputs.achievement import write_achievement_list, write_unit_achievement_list
from greencomm.outputs.book import Report
from greencomm.outputs.discrepancy import write_discrepancy
from greencomm.results import ClauseMove, Move, Status, UnitState
from greencomm.review.deliverables import late_text
from greencomm.review.phases import compare
from greencomm.roster import Unit
from greencomm.standard import SELF_EVALUATION

AUGUST = dataclasses.replace(ROSTER, batch=dataclasses.replace(ROSTER.batch, phase=SELF_EVALUATION))


def document(*arrivals, roster=AUGUST):
    """result.json of a self-evaluation."""
    return json.loads(json.dumps(result_document(judge(*arrivals, roster=roster), []), ensure_ascii=False))


def since(then, *arrivals, roster=ROSTER):
    result = judge(*arrivals, roster=roster)
    return dataclasses.replace(result, since=compare(then, result))


def without(*names):
    def change(book):
        for name in names:
            del book[name]

    return change


def told(result, unit=CITY):
    return [(move.code, move.kind, move.before.score_text, move.after.score_text) for move in result.since.units[unit.code].moves]


def cells(data):
    book = openpyxl.load_workbook(io.BytesIO(data) if isinstance(data, bytes) else data)
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


def text_of(rows):
    return "\n".join(str(value) for row in rows for value in row if value is not None)


# --- what changed since the self-evaluation -----------------------------------------------------------------------------


def test_a_score_that_moved_is_told_clause_by_clause():
    # August: 8.1 two places, 2 off: 94. October: 8.1 one place, 1 off, and 1.1 without a document, 3 off: 92.
    then = document(arrive("八月.xlsx", form(CITY, {EAST.code: clean(c8_1=(2, None, None))}, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY, {EAST.code: clean(c8_1=(1, None, None), c1_1=(None, 3, None))})))
    assert told(result) == [(EAST.code, Move.SCORE, "94", "92")]
    (move,) = result.since.units[CITY.code].moves
    assert move.clauses == (ClauseMove("1.1", 0, 3), ClauseMove("8.1", 2, 1))
    assert phases.clause_text(move.clauses, result.standard) == "1.1 缺文件：0 → 3\n8.1 乱停车：2 → 1"


def test_clauses_that_cancel_out_are_told_though_the_score_is_the_same():
    then = document(arrive("八月.xlsx", form(CITY, {EAST.code: clean(c9_1=(None, 3, None))}, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY, {EAST.code: clean(c9_2=(None, 3, None))})))
    assert told(result) == [(EAST.code, Move.CLAUSES, "93", "93")]


def test_communities_added_and_dropped():
    then = document(arrive("八月.xlsx", form(CITY, change=without("东兴社区"), roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY, change=without("学桥街社区"))))
    assert told(result) == [(EAST.code, Move.ADDED, "—", "96"), (BRIDGE.code, Move.DROPPED, "96", "—")]
    assert (result.since.units[CITY.code].communities, result.since.units[CITY.code].green) == (1, 1)


def test_a_clause_that_was_unresolved_shows_the_range_of_then():
    # 4.2 blank takes 0 or 3: 93 to 96, pending (D-09); answered with 0 in October.
    then = document(arrive("八月.xlsx", form(CITY, {EAST.code: clean(c4_2=(None, None, None))}, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY)))
    assert told(result) == [(EAST.code, Move.STANDING, "93～96", "96")]
    (move,) = result.since.units[CITY.code].moves
    assert phases.clause_text(move.clauses, result.standard) == "4.2 无整改计划：待核实 → 0"


def test_a_standing_that_moved():
    lost = {f"c{clause}": (None, points, None) for clause, points in (("11_1", 6), ("16_2", 6), ("9_1", 3), ("9_2", 3))}
    # 96 - 6 - 6 - 3 - 3 = 78 in August, 96 in October.
    then = document(arrive("八月.xlsx", form(CITY, {EAST.code: clean(**lost)}, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY)))
    assert told(result) == [(EAST.code, Move.STANDING, "78", "96")]
    assert result.since.units[CITY.code].moves[0].before.status is Status.BELOW


def test_nothing_changed():
    then = document(arrive("八月.xlsx", form(CITY, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY)))
    assert told(result) == []
    rows = cells(discrepancy(result))["与自评相比"]
    assert "各社区的结论和得分与自评时一样。" in text_of(rows)


def test_the_same_community_under_its_code_of_august():
    """双柏区 532999 became 双柏县 532322 between August and October; its community is not new."""
    old_unit = Unit("532999", "双柏区")
    old_town = dataclasses.replace(TOWN, code="532999101001", unit="532999", county="双柏区", former_codes=())
    august = dataclasses.replace(AUGUST, units=(CITY, old_unit), communities=(EAST, BRIDGE, old_town))
    then = document(
        arrive("八月.xlsx", form(old_unit, {old_town.code: clean(c13_1=(None, 2, None))}, roster=august)), roster=august
    )
    result = since(then, arrive("十月.xlsx", form(COUNTY)))
    assert told(result, COUNTY) == [(TOWN.code, Move.SCORE, "94", "96")]
    assert (result.since.units[COUNTY.code].urban_communities, result.since.gone) == (1, ())


def test_two_communities_merged_since_august():
    """学桥街 went into 东兴: compared with 东兴 of August, and named itself."""
    merged = dataclasses.replace(EAST, former_codes=(BRIDGE.code,))
    october = dataclasses.replace(ROSTER, communities=(merged, TOWN))
    then = document(arrive("八月.xlsx", form(CITY, {EAST.code: clean(c9_1=(None, 3, None))}, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY, roster=october)), roster=october)
    assert told(result) == [(EAST.code, Move.SCORE, "93", "96"), (BRIDGE.code, Move.MERGED, "96", "96")]
    assert result.since.units[CITY.code].moves[1].remark == "已并入“东兴社区居民委员会”（532301101001）"


def test_a_community_that_the_roster_lost():
    october = dataclasses.replace(ROSTER, communities=(EAST, TOWN))
    then = document(arrive("八月.xlsx", form(CITY, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY, roster=october)), roster=october)
    assert told(result) == [(BRIDGE.code, Move.GONE, "96", "—")]


def test_a_unit_without_a_self_evaluation_says_so():
    then = document(arrive("八月.xlsx", form(CITY, roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY)), arrive("双柏.xlsx", form(COUNTY)))
    assert not result.since.units[COUNTY.code].reported
    rows = cells(discrepancy(result, 1))["与自评相比"]
    assert "本年度自评时没有收到可以审核的材料，无从比较。" in text_of(rows)


def test_a_kept_run_of_an_older_program_is_compared_without_clauses():
    then = document(arrive("八月.xlsx", form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}, roster=AUGUST)))
    for community in then["communities"]:
        del community["clauses"]
    for file in then["files"]:
        del file["unit"], file["received"]
    result = since(then, arrive("十月.xlsx", form(CITY)))
    assert told(result) == [(EAST.code, Move.SCORE, "93", "96")]
    (move,) = result.since.units[CITY.code].moves
    assert (move.clauses, move.remark) == ((), "当时或现在没有逐条的结果，不能逐条比较")


def test_in_a_second_year_the_green_of_august_are_the_newly_green():
    """东兴 stood on the list of 2021 when August 2022 was assessed: of two green ones one is new."""
    then = document(arrive("八月.xlsx", form(CITY, roster=AUGUST)))
    then["communities"][0]["listed"] = 2021
    then["units"][0]["green"] = [BRIDGE.code]
    result = since(then, arrive("十月.xlsx", form(CITY)))
    assert (result.since.units[CITY.code].green, result.since.units[CITY.code].communities) == (1, 2)
    # 东兴 is gone from the roster: it was none of the newly green, 学桥街 would have been.
    without_east = dataclasses.replace(ROSTER, communities=(BRIDGE, TOWN))
    assert since(then, roster=without_east).since.units[CITY.code].green == 1
    without_bridge = dataclasses.replace(ROSTER, communities=(EAST, TOWN))
    assert since(then, roster=without_bridge).since.units[CITY.code].green == 1


def discrepancy(result, unit=0):
    target = io.BytesIO()
    write_discrepancy(target, result.units[unit], result)
    return target.getvalue()


def test_the_sheet_of_a_unit():
    then = document(arrive("八月.xlsx", form(CITY, {EAST.code: clean(c8_1=(2, None, None))}, change=without("学桥街社区"), roster=AUGUST)))
    rows = cells(discrepancy(since(then, arrive("十月.xlsx", form(CITY)))))["与自评相比"]
    figures = {row[0]: (row[3], row[5]) for row in rows if row[0] in ("城市社区总数", "已报社区", "达标", "完成比例")}
    assert figures == {"城市社区总数": (2, 2), "已报社区": (1, 2), "达标": (1, 2), "完成比例": ("50.00%", "100.00%")}
    moved = [row for row in rows if row[1] in (EAST.code, BRIDGE.code)]
    assert moved == [
        [1, EAST.code, EAST.name, "得分变动", "达标", "达标", "94", "96", "8.1 乱停车：2 → 0"],
        [2, BRIDGE.code, BRIDGE.name, "新报", "未报", "达标", "—", "96", None],
    ]


def test_the_sheet_of_the_region():
    then = document(arrive("八月.xlsx", form(CITY, change=without("学桥街社区"), roster=AUGUST)))
    result = since(then, arrive("十月.xlsx", form(CITY)), arrive("双柏.xlsx", form(COUNTY)))
    target = io.BytesIO()
    report = Report(target, result.run_date, "x")
    phases.lay_out_region(report.page("与自评相比", phases.REGION_WIDTHS, landscape=True, sample=False), result)
    report.close()
    rows = cells(target.getvalue())["与自评相比"]
    assert rows[1] == ["楚雄市", 1, "1 → 2", 1, 0, 0, 0, 0, None]
    assert rows[2][:2] == ["双柏县", "本年度自评时没有收到可以审核的材料，无从比较。"]
    assert [row[:4] for row in rows if row[1] == BRIDGE.code] == [["楚雄市", BRIDGE.code, BRIDGE.name, "新报"]]


def test_the_self_evaluation_itself_has_no_such_sheet():
    result = judge(arrive("八月.xlsx", form(CITY, roster=AUGUST)), roster=AUGUST)
    assert "与自评相比" not in cells(discrepancy(result))
    assert "运行记录中没有本年度自评的审核结果，无从比较。" in text_of(cells(discrepancy(judge()))["与自评相比"])


# --- 创建成果名单 -------------------------------------------------------------------------------------------------------


def august_result(units):
    result = demo.region(units)
    batch = dataclasses.replace(result.roster.batch, phase=SELF_EVALUATION)
    return dataclasses.replace(result, phase=SELF_EVALUATION, roster=dataclasses.replace(result.roster, batch=batch))


def pilot(result):
    return dataclasses.replace(result, community=dataclasses.replace(result.community, pilot=True))


def units_of_august():
    # 东兴 lost 3 + 2 of 96: 91; 学桥街 3, with an award of 2: 95.
    east = pilot(demo.community("532301101001", "东兴社区居民委员会", lost={1: 3, 8: 2}, declared=95))
    bridge = demo.community("532301101002", "学桥街社区居民委员会", lost={9: 3}, award=2, declared=95)
    below = demo.community("532301101003", "中大街社区居民委员会", Status.BELOW, lost={1: 6, 2: 6, 11: 6, 12: 4})
    rest = [demo.community(f"53232210100{n}", f"{n}号社区居民委员会", Status.MISSING) for n in range(1, 9)]
    return demo.unit("532301", "楚雄市", [east, bridge, below]), demo.unit("532322", "双柏县", rest, state=UnitState.MISSING, files=())


def test_the_list_of_the_region():
    target = io.BytesIO()
    write_achievement_list(target, august_result(units_of_august()))
    rows = cells(target.getvalue())["创建成果名单"]
    assert rows[0][0] == "楚雄州2021年绿色社区创建成果名单"
    assert rows[2] == ["填报单位", "序号", "社区代码", "社区名称", "核定得分", "自报得分", "试点"]
    assert rows[3:8] == [
        ["楚雄市", 1, "532301101001", "东兴社区居民委员会", 91, 95, "是"],
        ["楚雄市", 2, "532301101002", "学桥街社区居民委员会", 95, 95, None],
        ["楚雄市", "小计", "达标2个，城市社区3个，完成比例66.67%", None, None, None, None],
        ["双柏县", "小计", "达标0个，城市社区8个，完成比例0.00%", None, None, None, None],
        ["地区", "合计", "达标2个，城市社区11个，完成比例18.18%", None, None, None, None],
    ]
    # 20 % of 11 are 2.2: three communities are needed.
    assert "楚雄州2021年目标为20.00%，按11个城市社区计需3个；现有2个，还差1个（供参考）。" in text_of(rows)


def test_the_list_of_a_unit_is_ready_to_be_stamped():
    units = units_of_august()
    target = io.BytesIO()
    write_unit_achievement_list(target, units[0], august_result(units))
    rows = cells(target.getvalue())["创建成果名单"]
    assert rows[3:6] == [
        [1, "532301101001", "东兴社区居民委员会", "鹿城镇", 91, 95, "是"],
        [2, "532301101002", "学桥街社区居民委员会", "鹿城镇", 95, 95, None],
        ["合计：达标2个，城市社区3个，完成比例66.67%", None, None, None, None, None, None],
    ]
    assert "填报单位：楚雄市（盖章）" in text_of(rows)


def test_a_unit_that_sent_nothing_is_not_said_to_have_no_green_community():
    units = units_of_august()
    target = io.BytesIO()
    write_unit_achievement_list(target, units[1], august_result(units))
    assert "尚未收到本单位可以审核的填报工作簿，名单待补。" in text_of(cells(target.getvalue())["创建成果名单"])


def test_pilots_are_marked_in_the_lists_of_the_discrepancy_report():
    units = units_of_august()
    names = [row[2] for row in cells(discrepancy(demo.region(units)))["名单"]]
    assert "东兴社区居民委员会（试点）" in names
    assert "学桥街社区居民委员会" in names


# --- late ---------------------------------------------------------------------------------------------------------------


def china(day, hour=12, minute=0):
    zone = datetime.timezone(datetime.timedelta(hours=8))
    return datetime.datetime(2021, 10, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("received", "days"),
    [
        (china(20, 23, 59), None),  # The last minute of the deadline's day.
        (china(21, 0, 0), 1),
        (datetime.datetime(2021, 10, 20, 16, 0, tzinfo=datetime.UTC), 1),  # Midnight in China.
        (datetime.datetime(2021, 10, 20, 15, 59, tzinfo=datetime.UTC), None),
        (china(23), 3),
        (None, None),  # Not by mail: not known, and not guessed from when it was saved.
    ],
)
def test_late_by_the_calendar_day_in_china(received, days):
    result = judge(arrive("楚雄市.xlsx", form(CITY), received=received, saved=china(28)))
    late = [finding for finding in result.findings if finding.rule == "U08"]
    assert len(late) == (days is not None)
    assert result.units[0].state is UnitState.RECEIVED and result.green_count == 2
    if days is not None:
        day = 20 + days
        assert late[0].message == f"“楚雄市.xlsx”于2021年10月{day}日收到，比截止日期2021年10月20日晚{days}天；照常审核。"
        assert late_text(result) == f"楚雄市（2021年10月{day}日，晚{days}天）"


def test_a_correction_sent_after_the_deadline_is_told_but_does_not_make_the_unit_late():
    first = arrive("第1批.xlsx", form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}), received=china(19))
    second = arrive("第2批.xlsx", form(CITY, submission=2), received=china(25))
    result = judge(first, second)
    (finding,) = [finding for finding in result.findings if finding.rule == "U08"]
    assert finding.message == (
        "“第2批.xlsx”于2021年10月25日收到，比截止日期2021年10月20日晚5天"
        "（本单位的“第1批.xlsx”已在2021年10月19日按时收到）；照常审核。"
    )
    assert late_text(result) == ""


def test_a_late_file_that_does_not_count_is_not_told():
    first = arrive("第1批.xlsx", form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}), received=china(25))
    second = arrive("第2批.xlsx", form(CITY, submission=2), received=china(19))
    assert [finding for finding in judge(first, second).findings if finding.rule == "U08"] == []


def test_the_deadline_of_the_self_evaluation_is_its_own():
    result = judge(arrive("八月.xlsx", form(CITY, roster=AUGUST), received=datetime.datetime(2021, 9, 2, 4, tzinfo=datetime.UTC)), roster=AUGUST)
    assert [f.message for f in result.findings if f.rule == "U08"] == [
        "“八月.xlsx”于2021年9月2日收到，比截止日期2021年8月31日晚2天；照常审核。"
    ]


# --- both phases from the command line ----------------------------------------------------------------------------------


def test_august_then_october(tmp_path):
    from test_run import run

    from greencomm.roster import BatchLabel
    from greencomm.rosters_io import write_roster
    from greencomm.standard import load_standard

    (tmp_path / "input").mkdir()
    batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "自评", BatchLabel.UNIT: "州住建局"}
    units = ROSTER.units
    write_roster(tmp_path / "input" / "roster.xlsx", load_standard(), batch, units, ROSTER.communities)
    (tmp_path / "input" / "楚雄市.xlsx").write_bytes(form(CITY, {EAST.code: clean(c8_1=(2, None, None))}, roster=AUGUST))
    assert run("--date", "2021-08-31", cwd=tmp_path)[0] == 0
    output = tmp_path / "output"
    august = json.loads((output / "2021-self-evaluation" / "result.json").read_text(encoding="utf-8"))
    lists = [(made["unit"], made["path"]) for made in august["outputs"] if made["role"] == "achievement_list"]
    assert sorted(lists, key=str) == [
        ("532301", "units/楚雄市/楚雄市_创建成果名单.xlsx"), ("532322", "units/双柏县/双柏县_创建成果名单.xlsx"),
        (None, "创建成果名单.xlsx"),
    ]  # fmt: skip
    assert august["communities"][0]["clauses"]["8.1"] == 2
    # The region's Annex 2 is there in both phases, units stamp theirs in October only.
    assert {made["unit"] for made in august["outputs"] if made["role"] in ("annex2", "unit_annex2")} == {None}

    (tmp_path / "input" / "楚雄市.xlsx").write_bytes(form(CITY))
    status, _, _ = run("--date", "2021-10-18", "--phase", "annual", cwd=tmp_path)
    assert status == 0
    october = json.loads((output / "2021-annual" / "result.json").read_text(encoding="utf-8"))
    roles = {(made["role"], made["unit"]) for made in october["outputs"]}
    assert {unit for role, unit in roles if role == "unit_annex2"} == {"532301", "532322"} and ("annex2", None) in roles
    assert "achievement_list" not in {role for role, _ in roles}
    rows = cells(output / "2021-annual" / "units" / "楚雄市" / "楚雄市_差异报告.xlsx")["与自评相比"]
    assert [row[6:] for row in rows if row[1] == EAST.code] == [["94", "96", "8.1 乱停车：2 → 0"]]
    listed = {entry["deliverable"]: entry for entry in october["deliverables"] if entry["unit"] == "532301"}
    assert (listed["achievement-list"]["state"], listed["achievement-list"]["source"]) == ("undated", "self_evaluation")

    # The kept self-evaluation is damaged: named, and the run goes on without it.
    kept = tmp_path / "archive" / "runs" / "2021-self-evaluation" / "0001" / "result.json"
    kept.write_text("{}", encoding="utf-8")
    status, out, _ = run("--date", "2021-10-19", "--phase", "annual", cwd=tmp_path)
    assert status == 0
    assert "读不出来或已损坏" in out
    shutil.rmtree(tmp_path / "archive" / "runs" / "2021-self-evaluation")
    rows = cells(output / "2021-annual" / "units" / "楚雄市" / "楚雄市_差异报告.xlsx")["与自评相比"]
    assert "运行记录中没有本年度自评的审核结果，无从比较。" in text_of(rows)
