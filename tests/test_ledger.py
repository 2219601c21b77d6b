"""报送台账: the notice's deliverables, the roster's sheet, who owes what on which day, records and pilots."""

from __future__ import annotations

import dataclasses
import datetime
import io
from pathlib import Path

import demo
import openpyxl
import pytest
from season import CITY, COUNTY, EAST, ROSTER, arrive, form, judge
from test_roster import roster_file

from greencomm.document import result_document
from greencomm.ledger import LedgerRow, deliverable_named
from greencomm.outputs.ledger import write_ledger
from greencomm.results import Since, Status, UnitSince, UnitState
from greencomm.review.deliverables import Source, State, entries_of, group, owed, year_of
from greencomm.roster import load_roster
from greencomm.rosters_io import write_roster
from greencomm.standard import ANNUAL, SELF_EVALUATION, load_standard

STANDARD = load_standard()
DAY = datetime.date
TODAY = DAY(2021, 10, 18)


# --- the notice ---------------------------------------------------------------------------------------------------------


def test_what_the_notice_asks_for_and_when() -> None:
    """Read from the notice, not from the data: 一/二 工作目标, 四(一), 四(二), 四(三), 三(四)."""
    deadlines = {SELF_EVALUATION: DAY(2021, 8, 31), ANNUAL: DAY(2021, 10, 20)}
    assert [(each.name, each.due_in(2021, deadlines), each.optional) for each in STANDARD.deliverables] == [
        ("实施方案", DAY(2021, 3, 31), False),
        ("本地创建标准", DAY(2021, 3, 31), True),
        ("试点社区", DAY(2021, 3, 31), False),
        ("创建成果名单", DAY(2021, 8, 31), False),
        ("年度总结评估报告及附件2", DAY(2021, 10, 20), False),
        ("示范教育基地", None, False),
        ("表扬单位", None, False),
        ("表扬个人", None, False),
    ]
    # The first three were due once; a second year does not ask for them again.
    assert [each.year for each in STANDARD.deliverables if not each.is_record] == [2021, 2021, 2021, None, None]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("实施方案", "实施方案"),
        ("绿色社区创建行动实施方案", "实施方案"),
        ("年度总结", "年度总结评估报告及附件2"),
        ("附件 2", "年度总结评估报告及附件2"),
        ("成果名单", "创建成果名单"),
        ("创建", None),  # 本地创建标准 or 创建成果名单
        ("表扬", None),  # 单位 or 个人
        ("其他材料", None),
        ("2", None),
    ],
)
def test_an_item_is_known_by_its_name_or_a_part_that_fits_only_one(typed: str, meant: str | None) -> None:
    found = deliverable_named(typed, STANDARD)
    assert (found.name if found else None) == meant


# --- the roster's sheet -------------------------------------------------------------------------------------------------

HEADER = ["填报单位", "事项", "名称或内容", "收到日期", "文号", "备注"]


def ledger_roster(folder: Path, *rows: list[object], header: list[str] | None = HEADER):
    path = roster_file(folder)
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("报送台账")
    for row in ([header] if header else []) + list(rows):
        sheet.append(row)
    book.save(path)
    return load_roster(path, STANDARD)


def test_rows_are_read_with_units_under_any_name(tmp_path: Path) -> None:
    roster = ledger_roster(
        tmp_path,
        ["楚雄市", "实施方案", "楚雄市方案", DAY(2021, 3, 29), "楚市住建〔2021〕5号", "盖章件"],
        [],
        ["禄丰县", "创建成果名单", None, "2021年9月2日", None, None],
        [532390, "试点社区", "1个", None, None, None],
        [None, "表扬个人", "张三", None, None, None],
    )
    assert roster.findings[1:] == ()  # The first is the roster's village committee.
    assert roster.ledger == (
        LedgerRow("532301", "plan", "楚雄市方案", DAY(2021, 3, 29), "楚市住建〔2021〕5号", "盖章件", 2),
        LedgerRow("532302", "achievement-list", "", DAY(2021, 9, 2), "", "", 4),
        LedgerRow("532390", "pilots", "1个", None, "", "", 5),
        LedgerRow(None, "commended-person", "张三", None, "", "", 6),
    )


MISTAKES = {
    "R10": (["大理市", "实施方案"], "A2", "名册“报送台账”第2行的填报单位“大理市”不在工作表“填报单位”中，这一行没有采用。"),
    "R11": (["楚雄市", "工作简报"], "B2", "名册“报送台账”第2行的事项“工作简报”认不出是哪一项，这一行没有采用。"),
    "R12": (
        ["楚雄市", "实施方案", "", "三月底"], "D2",
        "名册“报送台账”第2行的收到日期“三月底”读不出，这一行按“已报、日期不详”处理，不判断是否迟报。",
    ),
    "R13": (["", "实施方案", "某方案"], "A2", "名册“报送台账”第2行的“填报单位”空白，这一行没有采用。"),
}  # fmt: skip


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_mistake_is_told_and_costs_at_most_its_row(tmp_path: Path, rule: str) -> None:
    row, cell, message = MISTAKES[rule]
    roster = ledger_roster(tmp_path, row, ["楚雄市", "试点社区"])
    (finding,) = roster.findings[1:]
    assert (finding.rule, finding.place.sheet, finding.place.cell, finding.message) == (rule, "报送台账", cell, message)
    kept = [("plan", None), ("pilots", None)] if rule == "R12" else [("pilots", None)]
    assert [(entry.deliverable, entry.received) for entry in roster.ledger] == kept


def test_a_row_without_an_item_is_told(tmp_path: Path) -> None:
    (finding,) = ledger_roster(tmp_path, ["楚雄市", None, "某文件"]).findings[1:]
    assert (finding.rule, finding.message) == ("R13", "名册“报送台账”第2行的“事项”空白，这一行没有采用。")


def test_a_sheet_without_its_header_costs_the_sheet_only(tmp_path: Path) -> None:
    roster = ledger_roster(tmp_path, ["楚雄市", "实施方案"], header=None)
    assert [finding.rule for finding in roster.findings[1:]] == ["R14"]
    assert roster.ledger == () and len(roster.communities) == 3


def test_an_empty_sheet_and_none_at_all_are_no_mistake(tmp_path: Path) -> None:
    assert ledger_roster(tmp_path, header=None).findings[1:] == ()
    assert load_roster(roster_file(tmp_path, name="二.xlsx"), STANDARD).ledger == ()


def test_a_written_ledger_is_read_again(tmp_path: Path) -> None:
    rows = (
        LedgerRow("532301", "plan", "=方案", DAY(2021, 3, 29), "5号", "盖章件", 2),
        LedgerRow(None, "demonstration-base", "生活馆", None, "", "", 3),
    )
    path = tmp_path / "roster.xlsx"
    from greencomm.roster import BatchLabel

    write_roster(path, STANDARD, {BatchLabel.YEAR: 2021, BatchLabel.PHASE: "自评"}, ROSTER.units, ROSTER.communities, rows)
    assert load_roster(path, STANDARD).ledger == rows
    sheet = openpyxl.load_workbook(path)["报送台账"]
    choices = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert choices["A2:A5001"] == "'填报单位'!$B$2:$B$13"
    assert choices["B2:B5001"].startswith('"实施方案,本地创建标准,试点社区,')


# --- who owes what by when ------------------------------------------------------------------------------------------------


def row(unit: str | None, deliverable: str, received: datetime.date | None = None, text: str = "") -> LedgerRow:
    return LedgerRow(unit, deliverable, text, received, "", "", 2)


def with_ledger(*rows: LedgerRow, day: datetime.date = TODAY, arrivals=(), **batch: object):
    roster = dataclasses.replace(ROSTER, ledger=rows, batch=dataclasses.replace(ROSTER.batch, **batch))
    return dataclasses.replace(judge(*arrivals, roster=roster), run_date=day)


def entry(result, deliverable: str, unit: str = "532301"):
    (found,) = [each for each in entries_of(result) if (each.unit.code, each.deliverable.id) == (unit, deliverable)]
    return found


STATES = {
    "in time, on the day itself": (row("532301", "plan", DAY(2021, 3, 31)), State.RECEIVED, "已报"),
    "a day late": (row("532301", "plan", DAY(2021, 4, 1)), State.LATE, "迟报1天"),
    "no day": (row("532301", "plan"), State.UNDATED, "已报，日期不详"),
    "another unit's": (row("532322", "plan", DAY(2021, 3, 1)), State.OWED, "未报，已过201天"),
}


@pytest.mark.parametrize(("entered", "state", "label"), STATES.values(), ids=STATES)
def test_states_of_the_plan_on_18_october(entered: LedgerRow, state: State, label: str) -> None:
    # From 31 March to 18 October: 30 + 31 + 30 + 31 + 31 + 30 + 18 = 201 days.
    found = entry(with_ledger(entered), "plan")
    assert (found.state, found.label) == (state, label)


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (DAY(2021, 10, 18), "未到期，还有2天"),
        (DAY(2021, 10, 20), "未到期，今天截止"),
        (DAY(2021, 10, 21), "未报，已过1天"),
    ],
)
def test_the_annual_report_around_its_deadline(day: datetime.date, label: str) -> None:
    assert entry(with_ledger(day=day), "annual-report").label == label


def test_the_first_of_several_rows_decides_whether_it_was_late() -> None:
    found = entry(with_ledger(row("532301", "plan", DAY(2021, 5, 1)), row("532301", "plan", DAY(2021, 3, 30))), "plan")
    assert (found.state, found.received, len(found.rows)) == (State.RECEIVED, DAY(2021, 3, 30), 2)


def test_a_local_standard_is_owed_by_nobody() -> None:
    result = with_ledger()
    assert entry(result, "local-standard").label == "未报（有才报）"
    assert {each.deliverable.id for each in owed(result)} == {"plan", "pilots", "achievement-list"}


def test_pilots_and_a_standard_named_in_the_roster_have_come() -> None:
    pilot = dataclasses.replace(EAST, pilot=True)
    city = dataclasses.replace(CITY, standard="楚雄市.toml")
    roster = dataclasses.replace(ROSTER, units=(city, COUNTY), communities=(pilot, *ROSTER.communities[1:]))
    result = judge(roster=roster)
    for deliverable in ("pilots", "local-standard"):
        found = entry(result, deliverable)
        assert (found.state, found.source) == (State.UNDATED, Source.ROSTER)
    assert entry(result, "pilots").remark == "名册已标试点1个，收到日期请登记到“报送台账”"
    assert entry(result, "pilots", "532322").state is State.OWED


def received(day: int, month: int = 10) -> datetime.datetime:
    return datetime.datetime(2021, month, day, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))


def test_a_workbook_that_the_run_received_is_entered_with_its_day() -> None:
    arrivals = [arrive("楚雄市.xlsx", form(CITY), received=received(22)), arrive("双柏县.xlsx", form(COUNTY))]
    result = with_ledger(arrivals=arrivals, day=DAY(2021, 10, 25))
    city, county = entry(result, "annual-report"), entry(result, "annual-report", "532322")
    assert (city.label, city.source, city.received) == ("迟报2天", Source.RUN, DAY(2021, 10, 22))
    assert (county.label, county.source, county.received) == ("已收填报工作簿，日期不详", Source.RUN, None)
    assert "盖章件" in city.remark


def test_the_ledger_goes_before_the_workbook() -> None:
    arrivals = [arrive("楚雄市.xlsx", form(CITY), received=received(22))]
    entered = row("532301", "annual-report", DAY(2021, 10, 19))
    found = entry(with_ledger(entered, arrivals=arrivals), "annual-report")
    assert (found.label, found.source) == ("已报", Source.LEDGER)


def test_the_list_of_august_may_be_known_from_the_self_evaluation() -> None:
    result = with_ledger()
    past = {unit.code: UnitSince(unit is CITY, DAY(2021, 9, 3) if unit is CITY else None, 2, 2, 2) for unit in ROSTER.units}
    found = entry(dataclasses.replace(result, since=Since(DAY(2021, 9, 5), past)), "achievement-list")
    assert (found.label, found.source) == ("迟报3天", Source.SELF_EVALUATION)


def test_the_roster_deadline_holds_for_the_phase() -> None:
    deadlines = {SELF_EVALUATION: DAY(2021, 8, 25), ANNUAL: DAY(2021, 10, 20)}
    found = entry(with_ledger(row("532301", "achievement-list", DAY(2021, 8, 26)), deadlines=deadlines), "achievement-list")
    assert (found.due, found.label) == (DAY(2021, 8, 25), "迟报1天")


@pytest.mark.parametrize(
    ("entered", "year"),
    [
        (row("532301", "annual-report", DAY(2021, 10, 19)), 2021),
        (row("532301", "annual-report", DAY(2022, 1, 5)), 2021),  # Two and a half months late rather than nine early.
        (row("532301", "annual-report", DAY(2022, 9, 30)), 2022),
        (row("532301", "annual-report", DAY(2022, 9, 30), "2021年度总结评估报告"), 2021),
        (row("532301", "annual-report", DAY(2021, 10, 1), "2021—2022年总结"), 2021),  # Two years named: the day decides.
        (row("532301", "annual-report"), 2021),  # Nothing known: the year of the batch.
    ],
)
def test_which_year_an_entry_about_a_yearly_report_is_for(entered: LedgerRow, year: int) -> None:
    assert year_of(entered, STANDARD.deliverable["年度总结评估报告及附件2"], with_ledger()) == year


def test_in_a_second_year_what_was_due_once_is_not_owed_again() -> None:
    result = dataclasses.replace(
        with_ledger(
            row("532301", "plan", DAY(2021, 3, 30)), row("532301", "achievement-list", DAY(2021, 8, 30)),
            year=2022, deadlines={SELF_EVALUATION: DAY(2022, 8, 31), ANNUAL: DAY(2022, 10, 20)},
        ),
        run_date=DAY(2022, 9, 10),
    )  # fmt: skip
    assert entry(result, "plan").label == "已报"
    assert entry(result, "plan", "532322").label == "往年事项，未登记"
    assert entry(result, "achievement-list").label == "未报，已过10天"
    assert {each.deliverable.id for each in owed(result)} == {"achievement-list"}
    rows = [line for line in sheets(result)["报送台账"] if line[2] == "2021年度"]
    assert [line[:2] for line in rows] == [["楚雄市", "创建成果名单"]]


def test_a_unit_without_urban_communities_owes_nothing() -> None:
    result = judge(roster=dataclasses.replace(ROSTER, communities=ROSTER.communities[:2]))
    assert {each.state for each in entries_of(result) if each.unit.code == "532322"} == {State.NOT_ASKED}


# --- the workbook -------------------------------------------------------------------------------------------------------


def sheets(result) -> dict[str, list[list[object]]]:
    target = io.BytesIO()
    write_ledger(target, result)
    book = openpyxl.load_workbook(io.BytesIO(target.getvalue()))
    return {sheet.title: [[cell.value for cell in line] for line in sheet.iter_rows()] for sheet in book.worksheets}


def test_the_workbook_names_who_owes_what_and_keeps_records() -> None:
    rows = (
        LedgerRow("532301", "plan", "=1+1", DAY(2021, 4, 2), "5号", "盖章件", 2),
        LedgerRow("532301", "demonstration-base", "生活馆", DAY(2021, 6, 5), "", "", 3),
        LedgerRow(None, "commended-person", "张三", None, "7号", "", 4),
    )
    made = sheets(with_ledger(*rows))
    assert list(made) == ["报送台账", "示范与表扬", "试点社区"]
    ledger = made["报送台账"]
    assert ledger[2][0] == (
        "欠报“试点社区”的有2个单位：楚雄市、双柏县\n欠报“创建成果名单”的有2个单位：楚雄市、双柏县\n欠报“实施方案”的有1个单位：双柏县"
    )
    assert ledger[4] == ["楚雄市", "实施方案", "2021年3月31日", "2021年4月2日", "迟报2天", "名册登记", "=1+1", "5号", "盖章件"]
    assert len([line for line in ledger if line[0] in ("楚雄市", "双柏县")]) == 10
    assert made["示范与表扬"][3:] == [
        [1, "示范教育基地", "楚雄市", "生活馆", "2021年6月5日", None, None],
        [2, "表扬个人", "楚雄州", "张三", "—", "7号", None],
    ]


def test_rows_that_were_not_taken_stand_in_the_workbook(tmp_path: Path) -> None:
    roster = ledger_roster(tmp_path, ["大理市", "实施方案"])
    text = "\n".join(str(value) for line in sheets(judge(roster=roster))["报送台账"] for value in line)
    assert "第2行的填报单位“大理市”不在工作表“填报单位”中" in text


def test_pilots_against_the_rest() -> None:
    def pilot(result):
        return dataclasses.replace(result, community=dataclasses.replace(result.community, pilot=True))

    # Pilots: 91 (96 - 5) and 76 (96 - 20, below); the rest: 96, 93, and one that sent nothing.
    members = [
        pilot(demo.community("532301101001", "东兴社区居民委员会", lost={1: 3, 8: 2})),
        pilot(demo.community("532301101002", "学桥街社区居民委员会", Status.BELOW, lost={1: 6, 2: 6, 3: 3, 9: 5})),
        demo.community("532301101003", "中大街社区居民委员会"),
        demo.community("532301101004", "米市街社区居民委员会", lost={9: 3}),
        demo.community("532301101005", "西城社区居民委员会", Status.MISSING),
    ]
    units = (demo.unit("532301", "楚雄市", members), demo.unit("532322", "双柏县", state=UnitState.MISSING, files=()))
    pilots = group(units, pilot=True)
    assert (pilots.communities, pilots.reported, pilots.green, pilots.scores) == (2, 2, 1, (91, 76))
    rows = sheets(demo.region(units))["试点社区"]
    # Averages: 167 ÷ 2 = 83.5; (96 + 93) ÷ 2 = 94.5. Shares: 1 of 2; 2 of 3.
    assert rows[4] == ["楚雄市", 2, 2, 1, "50.00%", "83.5", 3, 2, 2, "66.67%", "94.5"]
    assert rows[5] == ["双柏县", 0, 0, 0, "—", "—", 0, 0, 0, "—", "—"]
    assert rows[6] == ["地区", 2, 2, 1, "50.00%", "83.5", 3, 2, 2, "66.67%", "94.5"]
    listed = [line for line in rows if line[1] and str(line[1]).startswith("532301")]
    assert [(line[1], line[3], line[6], line[7]) for line in listed] == [
        ("532301101001", "东兴社区居民委员会", "达标", 91), ("532301101002", "学桥街社区居民委员会", "未达标", 76),
    ]  # fmt: skip


def test_programs_read_deliverables_and_times_of_receipt() -> None:
    arrivals = [arrive("楚雄市.xlsx", form(CITY), received=received(19))]
    document = result_document(with_ledger(row("532301", "plan", DAY(2021, 4, 2)), arrivals=arrivals), [])
    assert document["deliverables"][0] == {
        "unit": "532301", "deliverable": "plan", "due": "2021-03-31", "state": "late", "received": "2021-04-02", "source": "ledger",
    }  # fmt: skip
    assert [(file["unit"], file["received"]) for file in document["files"]] == [("532301", "2021-10-19T12:00:00+08:00")]
