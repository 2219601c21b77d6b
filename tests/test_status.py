"""The status workbook: who has reported when, what is open, whom to chase; expectations worked out by hand."""

from __future__ import annotations

import dataclasses
import datetime
import io
from fractions import Fraction

import demo
import openpyxl
import pytest
from injections import INJECTIONS
from season import CITY, COUNTY, arrive, clean, form, judge

from greencomm.document import result_document
from greencomm.findings import Impact, Place, Settled, Settlement, Severity
from greencomm.intake.times import CHINA
from greencomm.ledger import LedgerRow
from greencomm.outputs import TEMPLATES, prospects
from greencomm.outputs.discrepancy import task
from greencomm.outputs.letters import Letter, Letters, attached_roles, letter_for
from greencomm.outputs.progress import Step, next_step, step_of, timing
from greencomm.outputs.status import write_status
from greencomm.past_years import ClosedYear
from greencomm.results import FileState, ReceivedFile, RegionResult, UnitResult, UnitState
from greencomm.review.deliverables import group
from greencomm.roster import Unit
from greencomm.standard import SELF_EVALUATION

BACK = demo.finding("C01", Severity.SEND_BACK, "没有填写。", "请填写。", sheet="东兴社区", cell="G10", clause="1.1",
                    community="532301101001")  # fmt: skip
VERIFY = dataclasses.replace(BACK, rule="C07", severity=Severity.VERIFY, message="不符。", fix="请核对。")
NOTE = dataclasses.replace(BACK, rule="C11", severity=Severity.NOTE, message="已换算。", fix="无需处理。")
EXPLAINED = dataclasses.replace(VERIFY, message="已经说明的。", settlement=Settlement(Settled.EXPLAINED, "实地测量为准"))
WAIVED = dataclasses.replace(BACK, message="免予处理的。", settlement=Settlement(Settled.WAIVED, "并入改造项目", "张三"))
EAST = demo.community("532301101001", "东兴社区居民委员会", lost={1: 3}, declared=93)
OPEN = demo.community("532301101002", "学桥街社区居民委员会", demo.PENDING, lost={1: 6, 2: 6, 4: None}, open_points=3)
ABSENT = demo.community("532301101003", "中大街社区居民委员会", demo.MISSING)


def book_of(result: RegionResult, **letters: str) -> openpyxl.Workbook:
    target = io.BytesIO()
    write_status(target, result, {code.removeprefix("u"): path for code, path in letters.items()})
    return openpyxl.load_workbook(target)


def rows_of(sheet, first: str) -> list[list[object]]:
    """Rows from the one whose first cell is ``first`` on, down to the first empty row; merged cells give their value once."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    start = next(number for number, row in enumerate(rows) if row[0] == first)
    end = next((number for number in range(start, len(rows)) if not any(rows[number])), len(rows))
    return rows[start:end]


def texts(sheet) -> str:
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)


def china(day: int, hour: int = 9, minute: int = 0) -> datetime.datetime:
    """A time of October 2021 in China, as results have it: in UTC."""
    return datetime.datetime(2021, 10, day, hour, minute, tzinfo=CHINA).astimezone(datetime.UTC)


def file(state: FileState = FileState.ACCEPTED, code: str | None = "532301", path: str = "楚雄市.xlsx", **known: object) -> ReceivedFile:
    return ReceivedFile(path, "ab" * 32, state, unit=code, **known)


def prefecture() -> RegionResult:
    """Five units, one in every state."""
    city = demo.unit(
        "532301", "楚雄市", [EAST, OPEN, ABSENT], findings=[BACK, VERIFY, NOTE, EXPLAINED, WAIVED], submission=2,
        files=(file(received=china(12, 9, 30)), file(FileState.SUPERSEDED, path="旧.xlsx", received=china(8))),
    )  # fmt: skip
    passed = demo.unit("532323", "牟定县", [demo.community("532323101001", "茅阳社区居民委员会")],
                       files=(file(code="532323", path="牟定.eml/牟定县.xlsx", received=china(22, 8)),))  # fmt: skip
    absent = demo.unit("532328", "元谋县", [demo.community("532328101001", "元马社区居民委员会", demo.MISSING)],
                       state=UnitState.MISSING, files=(), submission=None)  # fmt: skip
    refused = ReceivedFile("武定.xls", "cd" * 32, FileState.REJECTED, "文件加了密码，打不开。", "532329",
                           "请去掉密码后重新发送。", saved=china(11, 16, 5))  # fmt: skip
    rejected = demo.unit("532329", "武定县", [demo.community("532329101001", "中心社区居民委员会", demo.MISSING)],
                         state=UnitState.REJECTED, files=(refused,), submission=None)  # fmt: skip
    none = demo.unit("532399", "开发区", [], state=UnitState.MISSING, files=(), submission=None)
    units = [city, passed, absent, rejected, none]
    units[2] = dataclasses.replace(units[2], unit=dataclasses.replace(units[2].unit, contact="王五", phone="0878-8211234", email="坏地址"))
    result = demo.region(units)
    lost = ReceivedFile("扫描件.pdf", "ef" * 32, FileState.REJECTED, "这是 PDF 文件。", None, "请发工作簿。")
    return dataclasses.replace(result, files=(*result.files, lost))


def test_one_row_for_each_unit_and_the_sums():
    sheet = book_of(prefecture())["进度"]
    head, *rows = rows_of(sheet, "填报单位")
    assert head == ["填报单位", "报送情况", "收到时间", "报送批次", "社区数", "已报", "达标", "未达标", "待核实", "未报", "需改正", "需核实",
                    "已说明", "免予处理", "距截止", "下一步"]  # fmt: skip
    assert rows == [
        ["楚雄市", "已报", "2021-10-12 09:30", 2, 3, 2, 1, 0, 1, 1, 1, 1, 1, 1, "还有2天", "退回修改"],
        ["牟定县", "已报", "2021-10-22 08:00", 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, "迟报2天", "审核通过"],
        ["元谋县", "未报", "未收到", "—", 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, "还有2天", "催报"],
        ["武定县", "文件未采用", "2021-10-11 16:05（保存）", "—", 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, "还有2天", "请重新报送"],
        ["开发区", "—", "—", "—", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "—", "无需填报"],
        ["合计", "已报2个", None, None, 6, 3, 2, 0, 1, 3, 1, 1, 1, 1, None, None],
    ]


def test_the_summary_stands_on_top():
    lines = [row[0].value for row in book_of(prefecture())["进度"].iter_rows(max_row=3)]
    assert lines[0] == "楚雄州2021年绿色社区创建年度总结报送和审核进度"
    assert lines[2] == (
        "截止日期：2021年10月20日（还有2天）。应报单位4个：已报2个，文件未采用1个，未报1个，迟报1个。"
        "已报单位中：退回修改1个，核实或说明0个，审核通过1个。\n"
        "城市社区6个：达标2个，未达标0个，待核实1个，未报3个；完成比例33.33%。"
    )


def test_one_row_for_each_community():
    head, *rows = rows_of(book_of(prefecture())["社区"], "填报单位")
    assert head == ["填报单位", "社区代码", "社区名称", "状态", "核定得分", "报送批次", "需改正", "需核实", "已说明", "免予处理", "下一步"]
    assert rows == [
        ["楚雄市", "532301101001", "东兴社区居民委员会", "达标", 93, 2, 1, 1, 1, 1, "退回修改"],
        ["楚雄市", "532301101002", "学桥街社区居民委员会", "待核实", "81～84", 2, 0, 0, 0, 0, "无需办理"],
        ["楚雄市", "532301101003", "中大街社区居民委员会", "未报", "—", "—", 0, 0, 0, 0, "已创建的请补报"],
        ["牟定县", "532323101001", "茅阳社区居民委员会", "达标", 96, 1, 0, 0, 0, 0, "无需办理"],
        ["元谋县", "532328101001", "元马社区居民委员会", "未报", "—", "—", 0, 0, 0, 0, "催报"],
        ["武定县", "532329101001", "中心社区居民委员会", "未报", "—", "—", 0, 0, 0, 0, "请重新报送"],
    ]


def test_whom_to_chase_and_how_to_send_again():
    sheet = book_of(prefecture(), u532328="units/元谋县/元谋县_催报.txt")["催报"]
    sections = [row[0].value for row in sheet.iter_rows() if str(row[0].value or "")[:2] in ("一、", "二、", "三、")]
    assert sections == ["一、没有收到任何文件的单位（1个）", "二、文件未采用、须重新报送的单位（1个）",
                        "三、没有采用、也看不出是哪个单位的文件（1个）"]  # fmt: skip
    shown = [[cell.value for cell in row] for row in sheet.iter_rows() if row[0].value == 1]
    assert shown == [
        [1, "元谋县", "王五", 1, "0878-8211234\n坏地址（写法有误，请在名册中改正）", "units/元谋县/元谋县_催报.txt"],
        [1, "武定县", "武定.xls", "2021-10-11 16:05（保存）", "文件加了密码，打不开。", "请去掉密码后重新发送。"],
        [1, "请按来件人确认", "扫描件.pdf", "无时间信息", "这是 PDF 文件。", "请发工作簿。"],
    ]


def test_what_decides_results_comes_first_whoever_it_is():
    """Of 先办问题: what decides 80 with the points still possible, then what decides a ratio, then nothing else."""
    mark = dataclasses.replace(BACK, message="决定是否达标的。", impact=Impact.MARK, lowest=78, highest=81)
    ratio = dataclasses.replace(VERIFY, message="决定比例的。", impact=Impact.RATIO)
    settled = dataclasses.replace(EXPLAINED, impact=Impact.RATIO)
    city = demo.unit("532301", "楚雄市", [EAST, OPEN], findings=[ratio, mark, NOTE, settled, BACK])
    # On the county's ratio nothing hangs; the region's own weighing finds one.
    county = demo.unit("532322", "双柏县", [demo.community("532322101001", "东城社区居民委员会")])
    regions = dataclasses.replace(VERIFY, place=Place("532322", "532322101001", "8.1"), message="决定全州比例的。", impact=Impact.RATIO)
    result = demo.region([city, county])
    result = dataclasses.replace(result, findings=(*result.findings, regions))
    sheet = book_of(result)["先办问题"]
    head, *rows = rows_of(sheet, "填报单位")
    assert head == ["填报单位", "社区", "条款", "类别", "影响", "问题", "怎样修改"]
    assert rows == [
        ["楚雄市", "东兴社区", "1.1", "退回", "是否达标（78～81分）", "决定是否达标的。", "请填写。"],
        ["楚雄市", "东兴社区", "1.1", "需核实", "楚雄市是否达到20%目标", "决定比例的。", "请核对。"],
        ["双柏县", "东城社区", "8.1", "需核实", "楚雄州是否达到20%目标", "决定全州比例的。", "请核对。"],
    ]
    assert sheet["A3"].value == "影响结果的问题3处：决定社区是否达标的1处，决定比例是否达到目标的2处。请先办这些。"
    told = [(each["impact"], each["lowest"], each["highest"]) for each in result_document(result, [])["findings"]]
    assert sorted(told, key=str) == sorted(
        [("mark", 78, 81), ("ratio", None, None), ("ratio", None, None), ("ratio", None, None), (None, None, None),
         (None, None, None)], key=str,
    )  # fmt: skip


def test_nothing_decides_anything():
    assert "没有：目前没有影响是否达标或比例的问题。" in texts(book_of(demo.region([demo.unit("532301", "楚雄市", [EAST])]))["先办问题"])


def test_a_waived_problem_that_leaves_no_score_is_told_beside_the_next_step():
    hidden = dataclasses.replace(WAIVED, place=dataclasses.replace(WAIVED.place, community="532301101002"))
    book = book_of(demo.region([demo.unit("532301", "楚雄市", [EAST, OPEN], findings=[WAIVED, hidden])]))
    assert rows_of(book["进度"], "填报单位")[1][-1] == "审核通过\n1个社区有免予处理的问题，不能计分，不计入达标：学桥街社区"
    assert [row[-1] for row in rows_of(book["社区"], "填报单位")[1:]] == ["无需办理", "免予处理，不能计分"]


def test_nobody_to_chase():
    sheet = book_of(demo.region([demo.unit("532301", "楚雄市", [EAST])]))["催报"]
    assert "没有：应报单位都已报送。" in texts(sheet) and "三、" not in texts(sheet)


def test_tables_can_be_filtered_and_printed():
    book = book_of(prefecture())
    assert book.sheetnames == ["进度", "社区", "先办问题", "催报", "目标进度", "与自评相比", "报送事项"]
    # The row of sums is no unit.
    assert book["进度"].auto_filter.ref == "A4:P9" and book["社区"].auto_filter.ref == "A4:K10"
    for sheet in book:
        assert sheet.print_title_rows and sheet.freeze_panes and sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9 and sheet.sheet_properties.pageSetUpPr.fitToPage


@pytest.mark.parametrize(
    ("received", "submission", "earlier", "late", "in_time"),
    [
        (china(20, 23, 59), 1, None, "", True),
        # A quarter past midnight in China is still the 20th in UTC.
        (china(21, 0, 15), 1, None, "迟报1天", False),
        (china(25), 1, None, "迟报5天", False),
        # Corrected after the deadline, reported before it.
        (china(25), 2, china(19), "", True),
        (china(25), 2, china(21), "迟报1天", False),
        # The first submission is no longer at hand: nobody can say that it was late.
        (china(25), 2, None, "更正晚5天", False),
        (None, 1, None, "", False),
    ],
)
def test_late_by_the_day_of_receipt_in_china(received, submission, earlier, late, in_time):
    files = [file(received=received, saved=china(30))]
    files += [file(FileState.SUPERSEDED, path="旧.xlsx", received=earlier)] if earlier else []
    unit = demo.unit("532301", "楚雄市", [EAST], files=tuple(files), submission=submission)
    when = timing(unit, demo.region([unit]))
    assert (when.late_text, when.in_time) == (late, in_time)


def lateness(*files: ReceivedFile, submission: int = 1) -> tuple[str, bool]:
    unit = demo.unit("532301", "楚雄市", [EAST], files=files, submission=submission)
    when = timing(unit, demo.region([unit]))
    return when.late_text, when.in_time


def test_a_correction_of_a_file_that_came_without_a_mail_is_not_a_late_report():
    by_hand = ReceivedFile("旧.xlsx", "cd" * 32, FileState.SUPERSEDED, unit="532301", submission=1)
    assert lateness(by_hand, file(received=china(25), submission=2), submission=2) == ("更正晚5天", False)
    # Corrected under the same number.
    assert lateness(by_hand, file(received=china(25), submission=1)) == ("更正晚5天", False)


def test_a_second_submission_sent_twice_is_no_first_one():
    copy = file(FileState.SUPERSEDED, path="又一份.xlsx", received=china(22), submission=2)
    assert lateness(copy, file(received=china(25), submission=2), submission=2) == ("更正晚5天", False)


def test_a_copy_beside_its_own_mail_tells_nothing_new():
    copy = file(FileState.SUPERSEDED, path="另存.xlsx", submission=1)
    assert lateness(copy, file(received=china(25), submission=1)) == ("迟报5天", False)


def test_the_review_tells_late_corrections_from_late_reports():
    late = datetime.datetime(2021, 10, 25, 1, tzinfo=datetime.UTC)
    first = arrive("楚雄市.xlsx", form(CITY), sha256="1" * 64)
    second = arrive("更正.eml/楚雄市.xlsx", form(CITY, submission=2), received=late, sha256="2" * 64)
    result = judge(first, second, arrive("双柏县.eml/a.xlsx", form(COUNTY), received=late, sha256="3" * 64))
    assert [timing(unit, result).late_text for unit in result.units] == ["更正晚5天", "迟报5天"]


@pytest.mark.parametrize(
    ("day", "findings", "received", "shown"),
    [
        (18, [BACK], None, "还有2天"),
        (20, [BACK], None, "今天截止"),
        (23, [VERIFY], china(12), "已过3天"),
        (23, [VERIFY], china(21), "迟报1天\n已过3天"),
        (23, [], china(12), "按时报送"),
        (23, [], china(21), "迟报1天"),
        (23, [NOTE, EXPLAINED], None, "—"),
    ],
)
def test_days_to_or_past_the_deadline(day, findings, received, shown):
    unit = demo.unit("532301", "楚雄市", [EAST], findings=findings, files=(file(received=received),))
    row = rows_of(book_of(demo.region([unit], run_date=datetime.date(2021, 10, day)))["进度"], "填报单位")[1]
    assert row[14] == shown


@pytest.mark.parametrize(
    ("findings", "step"),
    [
        ([BACK, VERIFY], Step.SEND_BACK),
        ([VERIFY], Step.VERIFY),
        ([WAIVED, VERIFY], Step.VERIFY),
        ([WAIVED, EXPLAINED, NOTE], Step.PASSED),
    ],
)
def test_settled_findings_ask_for_nothing(findings, step):
    assert step_of(demo.unit("532301", "楚雄市", [EAST], findings=findings)) is step


def test_a_form_that_nobody_has_saved_has_no_time():
    sheet = book_of(judge(arrive("楚雄市.xlsx", form(CITY))))["进度"]
    assert rows_of(sheet, "填报单位")[1][2] == "无时间信息"
    assert "“无时间信息”是人工放入的" in texts(sheet)


def test_times_come_from_mail_and_document_never_from_the_disk():
    mailed = datetime.datetime(2021, 10, 12, 1, 30, tzinfo=datetime.UTC)
    result = judge(
        arrive("楚雄市.xlsx", form(CITY), received=mailed, saved=datetime.datetime(2021, 10, 11, 8, 0)),
        arrive("双柏县.xlsx", form(COUNTY), saved=datetime.datetime(2021, 10, 11, 8, 0)),
    )
    known = {each.path: (each.received, each.saved) for each in result.files}
    saved = datetime.datetime(2021, 10, 11, 0, 0, tzinfo=datetime.UTC)
    assert known == {"楚雄市.xlsx": (mailed, saved), "双柏县.xlsx": (None, saved)}
    rows = rows_of(book_of(result)["进度"], "填报单位")
    assert [row[2] for row in rows[1:3]] == ["2021-10-12 09:30", "2021-10-11 08:00（保存）"]


def test_same_result_same_bytes():
    one, two = io.BytesIO(), io.BytesIO()
    write_status(one, prefecture())
    write_status(two, prefecture())
    assert one.getvalue() == two.getvalue()


def test_a_sample_is_marked_on_every_sheet():
    result = dataclasses.replace(prefecture(), sample=True)
    for sheet in book_of(result):
        assert "【示例】" in sheet["A1"].value and "【示例】" in sheet.oddHeader.right.text


def test_what_counties_and_the_roster_say_stays_text():
    units: list[UnitResult] = []
    for number, text in enumerate(INJECTIONS):
        bad = ReceivedFile(text, "ab" * 32, FileState.REJECTED, text, f"{number:06d}", text)
        unit = demo.unit(f"{number:06d}", "县", [ABSENT], state=UnitState.REJECTED if number % 2 else UnitState.MISSING, files=(bad,))
        units.append(dataclasses.replace(unit, unit=Unit(unit.unit.code, text[:200] or "县", contact=text, phone=text, email=text)))
    for sheet in book_of(demo.region(units)):
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)


# --- a second year ----------------------------------------------------------------------------------------------------


def second_year(day: int = 23, *, ledger: tuple[LedgerRow, ...] = ()) -> RegionResult:
    """2022 after its deadline: 楚雄市 reported 东兴 and 学桥街, 中大街 is listed and 米市街 is not; all of 元谋县 is listed, it sent
    nothing; of 武定县's two one is listed, it sent nothing."""
    west = demo.community("532301101004", "米市街社区居民委员会", demo.MISSING)
    city = demo.unit("532301", "楚雄市", [EAST, OPEN, dataclasses.replace(ABSENT, listed=2021), west])
    pair = [demo.community(f"53232910100{n}", f"{n}号社区居民委员会", demo.MISSING) for n in (1, 2)]
    pair[0] = dataclasses.replace(pair[0], listed=2021)
    horse = dataclasses.replace(demo.community("532328101001", "元马社区居民委员会", demo.MISSING), listed=2021)
    absent = demo.unit("532328", "元谋县", [horse], state=UnitState.MISSING, files=(), submission=None)
    part = demo.unit("532329", "武定县", pair, state=UnitState.MISSING, files=(), submission=None)
    result = demo.region([city, absent, part], year=2022, run_date=datetime.date(2022, 10, day))
    year = ClosedYear(2021, 3, 7, Fraction(3, 7), (), ())
    return dataclasses.replace(result, earlier=(year,), roster=dataclasses.replace(result.roster, ledger=ledger))


REPORTED = LedgerRow("532328", "annual-report", "2022年度总结", datetime.date(2022, 10, 15), "", "", 2)


def test_communities_on_earlier_lists_are_not_chased():
    book = book_of(second_year())
    steps = {row[1]: row[10] for row in rows_of(book["社区"], "填报单位")[1:]}
    assert steps == {
        "532301101001": "无需办理", "532301101002": "无需办理", "532301101003": "无需报送（2021年已达标）", "532301101004": "已创建的请补报",
        "532328101001": "无需报送（2021年已达标）", "532329101001": "无需报送（2021年已达标）", "532329101002": "催报",
    }  # fmt: skip
    assert [row[18] for row in rows_of(book["进度"], "填报单位")[1:-1]] == ["审核通过", "报书面材料", "催报"]
    # 未报: 米市街 and one of 武定县; 中大街, 元马, the other of 武定县 are listed. 东兴 is new: 1 of 7; with the three 4 of 7.
    assert "未报2个，不用再报3个（已在往年名单上）；本年新增1个（14.29%）、合计4个（57.14%）。" in book["进度"]["A3"].value
    head, *rows = rows_of(book["进度"], "填报单位")
    assert head[9:13] == ["未报", "不用再报", "本年新增", "合计"]
    assert [row[9:13] for row in rows[:4]] == [[1, 1, 1, 2], [0, 1, 0, 1], [1, 1, 0, 1], [2, 3, 1, 4]]
    assert "合计是往年名单上的和本年新增的，每个社区只计一次。" in texts(book["进度"])
    assert [[row[1].value, row[3].value] for row in book["催报"].iter_rows() if isinstance(row[0].value, int)] == [
        ["元谋县", "1（应报0）"], ["武定县", "2（应报1）"]
    ]  # fmt: skip


def test_nothing_is_asked_of_a_unit_on_earlier_lists_whose_report_has_come():
    result = second_year(ledger=(REPORTED,))
    assert [next_step(unit, result) for unit in result.units] == [Step.PASSED, Step.NONE, Step.CHASE]
    assert letter_for(result.units[1], result) is None and letter_for(result.units[1], second_year()) is Letter.CHASE
    assert task(result.units[1], result).headline == "本单位的社区都已在往年名单上，无需填报"


def test_what_a_unit_on_earlier_lists_is_asked_for():
    result = second_year()
    letters = Letters(TEMPLATES / "letters")
    body = letters.write(result.units[1], result, [("unit_annex2", "元谋县_附件2.xlsx")]).body
    assert "你单位共有城市社区1个，都已在往年绿色社区名单上，不用再填报。请报送“年度总结评估报告及附件2”（盖章）。" in body
    assert "填报工作簿" not in body and "附件：1. 元谋县_附件2.xlsx" in body and "\n\n\n" not in body
    assert attached_roles(result.units[1]) == ("unit_annex2",)
    body = letters.write(result.units[2], result, []).body
    assert "城市社区2个，其中1个已在往年绿色社区名单上，不用再填报，还应填报1个；未报的社区不能认定为达标" in body
    assert "请填写下发给你单位的填报工作簿" in body
    body = letters.write(result.units[0], result, []).body
    assert "没有填报的1个社区" in body
    assert "未报1个，往年已达标、不用再报1个，完成比例25.00%（只计本年新达标的；连同往年名单上的1个，合计完成比例50.00%）。" in body
    todo = task(result.units[1], result)
    assert todo.headline == "本单位的社区都已在往年名单上，只需报送“年度总结评估报告及附件2”" and "已过3天" in todo.due
    assert task(result.units[0], result).steps == ("另有 1 个社区没有填报，见“名单”；已经开展创建的，请一并补报。",)
    assert "已在往年名单上的 1 个社区不用再填。" in task(result.units[2], result).steps[0]


def test_progress_against_the_target_with_earlier_lists():
    sheet = book_of(second_year())["目标进度"]
    # 60 % of 7 are 4.2: 5. Three listed and 东兴 are 4.
    # 2021 is closed: 20 % of its 7 are 1.4, so 2, and 3 were filed, whatever became of them.
    assert sheet["A3"].value == (
        "2021年目标20.00%：城市社区7个，需2个，当年上报3个（42.86%），已经达到。\n"
        "2022年目标60.00%：城市社区7个，需5个，已有4个（57.14%），还差1个。"
    )
    past, target = rows_of(sheet, "年度")[1:]
    assert past == ["2021年", "20.00%", None, 7, 2, 3, 0, "已达到：当年上报42.86%"]
    assert target == ["2022年", "60.00%", None, 7, 5, 4, 1, "未达到：现为57.14%"]
    assert rows_of(sheet, "一、楚雄州的目标")[0][0] == "一、楚雄州的目标"
    units = rows_of(sheet, "二、各单位的完成情况（供参考）")[2:]
    assert units == [
        ["楚雄市", 4, 2, 1, 1, 2, "50.00%", "2022年60.00%需3个，还差1个"],
        ["元谋县", 1, 1, 1, 0, 0, "100.00%", "2022年60.00%需1个，已达到"],
        ["武定县", 2, 1, 1, 0, 1, "50.00%", "2022年60.00%需2个，还差1个"],
    ]
    assert "还没有填报、也不在往年名单上的社区2个" in texts(sheet)


def test_the_nearest_communities_of_all_units_with_their_clauses():
    lost = {f"c{c}": (None, 3, None) for c in ("1_1", "2_1", "2_2", "4_2", "9_1")}  # 96 - 15 = 81
    city = form(CITY, {
        "532301101001": clean(**lost, c9_2=(None, 3, None)),  # 78
        "532301101002": clean(**lost, c5_1=(None, None, None)),  # 79 … 81
    })  # fmt: skip
    county = form(COUNTY, {"532322101001": clean(**lost, c8_1=(3, None, None))})  # 79
    sheet = book_of(judge(arrive("楚雄市.xlsx", city), arrive("双柏县.xlsx", county)))["目标进度"]
    near = [row for row in sheet.iter_rows(values_only=True) if str(row[1]).startswith("532") and len(str(row[1])) == 12]
    common = "1.1 缺文件扣3；2.1 无议事平台扣3；2.2 未开展基层协商扣3；4.2 无整改计划扣3；9.1 无适老化改造扣3"
    assert [row[1:7] for row in near] == [
        ("532301101002", "学桥街社区居民委员会", "待核实", "79～81", 80, "待核实，最多差1"),
        ("532322101001", "东城社区居民委员会", "未达标", "79", 80, "1"),
        ("532301101001", "东兴社区居民委员会", "未达标", "78", 80, "2"),
    ]
    assert near[0][7] == f"5.1 未开展社区道路综合治理待核实（最多2分）；{common}"
    assert near[1][7] == f"{common}；8.1 乱停车扣2" and near[2][7] == f"{common}；9.2 无无障碍设施扣3"


def test_who_owes_what_by_when_and_pilots_against_the_rest():
    city = demo.unit("532301", "楚雄市", [pilot(EAST), OPEN, ABSENT], files=(file(received=china(12)),))
    absent = demo.unit("532328", "元谋县", [demo.community("532328101001", "元马社区居民委员会", demo.MISSING)],
                       state=UnitState.MISSING, files=(), submission=None)  # fmt: skip
    result = demo.region([city, absent])
    plan = LedgerRow("532328", "plan", "方案", datetime.date(2021, 4, 2), "", "", 2)
    book = book_of(dataclasses.replace(result, roster=dataclasses.replace(result.roster, ledger=(plan,))))
    head, *rows = rows_of(book["报送事项"], "填报单位")
    assert head == ["填报单位", "实施方案\n（2021年3月31日）", "本地创建标准\n（2021年3月31日）", "试点社区\n（2021年3月31日）",
                    "创建成果名单\n（2021年8月31日）", "年度总结评估报告及附件2\n（2021年10月20日）"]  # fmt: skip
    # 31 March to 18 October are 201 days, from 31 August 48.
    assert rows == [
        ["楚雄市", "未报，已过201天", "未报（有才报）", "已报，日期不详", "未报，已过48天", "已收填报工作簿\n2021年10月12日收到"],
        ["元谋县", "迟报2天\n2021年4月2日收到", "未报（有才报）", "未报，已过201天", "未报，已过48天", "未到期，还有2天"],
    ]
    assert book["报送事项"]["A3"].value == (
        "欠报“实施方案”的有1个单位：楚雄市。\n欠报“创建成果名单”的有2个单位：楚雄市、元谋县。\n欠报“试点社区”的有1个单位：元谋县。"
    )
    compared = rows_of(book["报送事项"], "试点社区与其他社区")[2:4]
    assert [row[:6] for row in compared] == [["试点社区", 1, 1, 1, "100.00%", "93.0"], ["其他社区", 3, 1, 0, "0.00%", "—"]]
    assert [row[2] for row in rows_of(book["社区"], "填报单位")[1:3]] == ["东兴社区居民委员会（试点）", "学桥街社区居民委员会"]
    assert "试点社区1个：已报1个，达标1个，达标比例100.00%；其他社区3个：已报1个，达标0个，达标比例0.00%。" in texts(book["社区"])


def test_pilots_and_the_rest_are_the_combined_number_together():
    result = second_year()
    city, *others = result.units
    members = (*(pilot(each) for each in city.communities[:3]), *city.communities[3:])
    result = dataclasses.replace(result, units=(dataclasses.replace(city, communities=members), *others))
    groups = [group(result.units, pilot=flag) for flag in (True, False)]
    # 东兴 is new, 中大街 on the list, 学桥街 pending; of the other four 元马 and one of 武定县 are on the list.
    assert [(each.communities, each.reported, each.green) for each in groups] == [(3, 2, 2), (4, 0, 2)]
    assert sum(each.green for each in groups) == result.combined_count == 4
    book = book_of(result)
    compared = rows_of(book["报送事项"], "试点社区与其他社区")[1:4]
    assert [row[3:5] for row in compared] == [["达标（含往年名单）", "达标比例"], [2, "66.67%"], [2, "50.00%"]]
    assert "试点社区3个：已报2个，达标（含往年名单）2个，达标比例66.67%" in texts(book["社区"])
    standing = {row[1]: row[3] for row in rows_of(book["社区"], "填报单位")[1:8]}
    assert standing["532301101003"] == "已列入2021年名单" and standing["532301101004"] == "未报"


@pytest.mark.parametrize(
    ("certain", "at_most", "pending", "shown"),
    [
        (1, 1, False, "1"),
        (0, 0, True, "待核实，补正后可达标"),
        (0, 3, True, "待核实，最多差3"),
        (1, 3, True, "待核实，差1～3"),
    ],
)
def test_how_far_a_community_is_from_the_mark(certain, at_most, pending, shown):
    assert prospects.short_text(certain, at_most, pending) == shown


def pilot(result):
    return dataclasses.replace(result, community=dataclasses.replace(result.community, pilot=True))


def test_the_self_evaluation_is_compared_with_nothing():
    result = prefecture()
    batch = dataclasses.replace(result.roster.batch, phase=SELF_EVALUATION)
    august = dataclasses.replace(result, phase=SELF_EVALUATION, roster=dataclasses.replace(result.roster, batch=batch))
    assert "与自评相比" not in book_of(august).sheetnames
    assert "运行记录中没有本年度自评的审核结果，无从比较。" in texts(book_of(result)["与自评相比"])
