"""A county's workbook is read by label and clause id, whatever people did to it; each oddity is one test."""

import datetime
import io
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbooks import CODE, community, community_table, sheet, workbook, xlsx

from greencomm.findings import Misreading
from greencomm.forms import layout
from greencomm.forms.entries import POINT_SCALE, FormReading, SheetReading, State
from greencomm.forms.issue import SheetAnswers, issue_workbook
from greencomm.forms.layout import Column, Heading, Summary
from greencomm.forms.read import MAX_EXTRA_CELLS, clause_id, read_form
from greencomm.intake.workbook import Fault, FaultyCell, Sheet, Visibility, Workbook
from greencomm.intake.xlsx import read_xlsx
from greencomm.roster import Batch, Community, Roster, Unit
from greencomm.standard import ANNUAL, RATE_SCALE, SELF_EVALUATION, load_standard

STANDARD = load_standard()
ALL_CLAUSES = [clause.id for clause in STANDARD.clauses]


def form(*sheets: Sheet) -> FormReading:
    return read_form(workbook(*sheets), STANDARD)


def only(*sheets: Sheet) -> SheetReading:
    (reading,) = form(*sheets).communities
    return reading


def table(*lines: str) -> str:
    return "\n".join(("社区代码 | '532301101001 |", *lines))


def row_of(reading: SheetReading, clause: str):
    (row,) = (row for row in reading.rows if row.clause == clause)
    return row


def stated(reading: SheetReading, clause: str):
    answer = row_of(reading, clause).stated
    return answer.value / POINT_SCALE if answer.state is State.VALUE else answer.misreading or answer.state


# The form as it is issued


def test_a_whole_sheet():
    reading = only(community(STANDARD, {"1.2": ("", "2", "少"), "8.1": ("3", "2"), "10.1": ("0.85", "1")}))
    assert [row.clause for row in reading.rows] == ALL_CLAUSES
    assert {label: located.text for label, located in reading.heading.items()} == {
        "县（市、区）": "楚雄市", "社区名称": "东兴社区居民委员会", "社区代码": CODE, "年度": "2021", "填表人": "李明",
        "填表日期": "2021年8月20日", "申报绿色社区": "是", "自评总分": "",
    }  # fmt: skip
    row = row_of(reading, "8.1")
    assert (row.actual.value, row.actual.cell, row.stated.value, row.stated.cell) == (3, "F19", 2 * POINT_SCALE, "G19")
    assert (row.clause_cell, row.criterion) == ("A19", "乱停车每发现1处扣1分，最高扣2分")
    assert row_of(reading, "10.1").actual.value == 85 * RATE_SCALE
    assert row_of(reading, "1.2").evidence.text == "少"
    assert (reading.total.value, reading.total.cell) == (96, "I36")
    assert (reading.is_empty, reading.hidden_parts, reading.extra_cells) == (False, "", ())


ROSTER = Roster(
    Batch("楚雄州", 2021, ANNUAL, "楚雄州住建局", "", "",
          {SELF_EVALUATION: datetime.date(2021, 8, 31), ANNUAL: datetime.date(2021, 10, 20)}, None),
    (Unit("532301", "楚雄市"),),
    (Community(CODE, "东兴社区居民委员会", "楚雄市", "鹿城镇", "532301"),
     Community("532301101002", "彝海社区居民委员会", "楚雄市", "鹿城镇", "532301")),
)  # fmt: skip


def issued(answers: dict[str, SheetAnswers]) -> FormReading:
    target = io.BytesIO()
    issue_workbook(
        target, ROSTER.units[0], ROSTER, STANDARD,
        form_date=datetime.date(2021, 10, 8), answers=answers, submission=3, contact="李明", phone="0878-3123456",
    )  # fmt: skip
    book = read_xlsx(target.getvalue())
    assert book.read_once == ()
    return read_form(book, STANDARD)


def test_an_issued_form_is_read_back():
    reading = issued({})
    assert reading.meta is not None
    assert (reading.meta.programme, reading.meta.template, reading.meta.standard) == (
        layout.PROGRAMME, layout.TEMPLATE_VERSION, STANDARD.id,
    )  # fmt: skip
    assert (reading.meta.unit, reading.meta.year, reading.meta.phase) == ("532301", "2021", ANNUAL)
    assert reading.meta.kind == layout.REAL
    assert list(reading.meta.sheets.values()) == [CODE, "532301101002"]
    assert {label: located.text for label, located in reading.summary.items()} == {
        Summary.UNIT: "楚雄市", Summary.DATE: "2021年10月8日", Summary.CONTACT: "李明", Summary.PHONE: "0878-3123456",
        Summary.SUBMISSION: "3",
    }  # fmt: skip
    assert (reading.damaged_sheets, reading.other_sheets, reading.hidden_sheets) == ((), (), ())
    for sheet_reading in reading.communities:
        assert sheet_reading.is_empty
        assert [row.clause for row in sheet_reading.rows] == ALL_CLAUSES
        assert (sheet_reading.hidden_parts, sheet_reading.extra_cells) == ("", ())
        assert all(row.criterion == STANDARD.clause[row.clause].criterion for row in sheet_reading.rows)


ENTRIES = st.fixed_dictionaries(
    {
        clause.id: st.tuples(
            st.none() if clause.measure is None
            else st.integers(0, 9999) if clause.measure == "count"
            else st.decimals(0, 1, places=4).map(float) | st.decimals(2, 100, places=2).map(float),
            st.none() | st.sampled_from(clause.possible) | st.decimals(0, 9, places=2).map(float),
            st.none() | st.text("照片编号A1-【】", min_size=1, max_size=8),
        )
        for clause in STANDARD.clauses
    }
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(ENTRIES, st.sampled_from(["是", "否"]))
def test_an_entry_written_into_a_form_is_read_back_as_it_was(entries, claim):
    reading = issued({CODE: SheetAnswers({Heading.CLAIM: claim, Heading.AUTHOR: "王芳"}, entries)}).communities[0]
    assert (reading.heading[Heading.CLAIM].text, reading.heading[Heading.AUTHOR].text) == (claim, "王芳")
    for row in reading.rows:
        actual, deduction, evidence = entries[row.clause]
        assert row.stated.state is (State.BLANK if deduction is None else State.VALUE)
        assert row.stated.value == round((deduction or 0) * POINT_SCALE)
        assert row.evidence.value == evidence
        clause = STANDARD.clause[row.clause]
        if actual is None:
            assert row.actual.state is State.BLANK
        elif clause.measure == "count":
            assert row.actual.value == actual
        else:
            assert row.actual.value == round((actual * 100 if actual <= 1 else actual) * 10**6) * (RATE_SCALE // 10**6)
        assert not row.actual.converted and not row.stated.converted


# The table, found by its labels


def test_columns_in_any_order():
    columns = (Column.EVIDENCE, Column.STATED, Column.SCORE, Column.CLAUSE, Column.ACTUAL)
    reading = only(sheet(community_table(STANDARD, {"8.1": ("3", "2", "照片")}, columns=columns)))
    row = row_of(reading, "8.1")
    assert (row.evidence.cell, row.stated.cell, row.clause_cell, row.actual.cell) == ("A19", "B19", "D19", "E19")
    assert (row.evidence.text, row.stated.value, row.actual.value) == ("照片", 2 * POINT_SCALE, 3)


def test_missing_columns_leave_answers_without_a_cell():
    reading = only(sheet(community_table(STANDARD, columns=(Column.CLAUSE, Column.STATED))))
    row = row_of(reading, "8.1")
    assert (row.actual.state, row.actual.cell, row.evidence.cell, row.criterion) == (State.BLANK, None, None, "")
    assert reading.columns == {"条款", "扣分"}


def test_inserted_rows():
    lines = community_table(STANDARD, {"8.1": ("3", "2")}).split("\n")
    for place in (18, 10, 3):
        lines.insert(place, "")
    row = row_of(only(sheet("\n".join(lines))), "8.1")
    assert (row.stated.cell, row.stated.value) == ("G22", 2 * POINT_SCALE)


def test_the_header_of_deductions_may_go_on():
    reading = only(sheet(table("条款 | 扣分（第17项填加分） | 扣分理由", "1.1 | 3 | 缺文件")))
    assert stated(reading, "1.1") == 3


def test_labels_with_blanks_full_width_and_colon():
    reading = only(sheet(" 社区 代码： | '532301101001\n 条 款 | 扣　分：\n1.1 | 3"))
    assert (reading.heading[Heading.CODE].text, stated(reading, "1.1")) == (CODE, 3)


def test_a_header_printed_again_is_no_clause():
    reading = only(sheet(table("条款 | 扣分", "1.1 | 3", "条款 | 扣分", "1.2 | 2")))
    assert [(row.clause, row.stated.value // POINT_SCALE) for row in reading.rows] == [("1.1", 3), ("1.2", 2)]


def test_a_header_printed_again_in_another_order_holds_from_there():
    reading = only(sheet(table("条款 | 实际值 | 扣分", "8.1 | 3 | 2", "条款 | 扣分 | 实际值", "8.2 | 1 | 9")))
    assert (stated(reading, "8.2"), row_of(reading, "8.2").actual.value) == (1, 9)


@pytest.mark.parametrize(
    "typed, name",
    [("8.1", "8.1"), (8.1, "8.1"), (10.1, "10.1"), ("８．１", "8.1"), (" 8.1 ", "8.1"), ("8 .1", "8.1"), ("8.1、", "8.1"),
     ("8.1.", "8.1"), ("8.1\u200b", "8.1"), ("其他", "其他"), (None, ""), (FaultyCell(Fault.ERROR, "#N/A"), "#N/A")],
)  # fmt: skip
def test_clause_ids_as_people_write_them(typed, name):
    assert clause_id(typed) == name


def test_unknown_clauses_are_rows_too():
    reading = only(sheet(table("条款 | 实际值 | 扣分", "1.1 | | 0", "18.1 | 好 | 0", "合计")))
    row = row_of(reading, "18.1")
    assert (row.actual.misreading, row.stated.misreading) == (Misreading.TEXT, Misreading.TEXT)


def test_a_clause_twice_gives_two_rows():
    reading = only(sheet(table("条款 | 扣分", "1.1 | 3", "1.1 | 0")))
    assert [(row.clause, row.clause_cell) for row in reading.rows] == [("1.1", "A3"), ("1.1", "A4")]


def test_a_clause_below_the_total_is_not_lost():
    reading = only(sheet(table("条款 | 扣分", "1.1 | 3", "合计 | 3", "1.2 | 2")))
    assert (stated(reading, "1.2"), reading.extra_cells) == (2, ())


def test_the_total_is_the_one_below_the_clauses():
    lines = ("1.1 | 3 | 3", "合计 | | 3", "1.2 | 2 | 4", "合计 | | 97", "", "合计 | | 5")
    reading = only(sheet(table("条款 | 扣分 | 得分", *lines)))
    assert (reading.total.value, reading.total.cell) == (97, "C6")


def test_a_column_twice_counts_where_one_is_filled_and_fails_where_both_differ():
    reading = only(sheet(table("条款 | 扣分 | 扣分", "1.1 | 3", "1.2 | | 2", "2.1 | 3 | 3", "2.2 | 3 | 0")))
    assert [stated(reading, clause) for clause in ("1.1", "1.2", "2.1", "2.2")] == [3, 2, 3, Misreading.UNREADABLE]
    assert row_of(reading, "2.2").stated.shown == "3 / 0"


@pytest.mark.parametrize(
    "typed, why",
    [("#REF!", Misreading.ERROR), ("=F5", Misreading.NO_VALUE), ("@2021-03-05", Misreading.DATE), ("TRUE", Misreading.LOGICAL)],
)
def test_faulty_answers_keep_their_address(typed, why):
    answer = row_of(only(sheet(table("条款 | 扣分", f"1.1 | {typed}"))), "1.1").stated
    assert (answer.misreading, answer.cell) == (why, "B3")


def test_a_formula_counts_by_its_stored_value():
    reading = only(sheet(table("条款 | 扣分 | 得分", "1.1 | =1+2 -> 3 | =6-3 -> 3")))
    assert stated(reading, "1.1") == 3
    assert row_of(reading, "1.1").score.is_formula


# The heading block


def test_the_value_stands_past_the_merged_label():
    reading = only(sheet("社区代码 | | '532301101001\n条款 | 扣分", merges=["A1:B1"]))
    assert (reading.heading[Heading.CODE].text, reading.heading[Heading.CODE].cell) == (CODE, "C1")


def test_after_unmerging_the_value_may_stand_further_right():
    reading = only(sheet("社区名称 | | 东兴社区 | 社区代码 | '532301101001\n条款 | 扣分 | | 得分 | 说明及佐证材料"))
    assert (reading.heading[Heading.NAME].text, reading.heading[Heading.NAME].cell) == ("东兴社区", "C1")


@pytest.mark.parametrize("beyond", ["社区代码 | '532301101001", "审核人： | 王芳", "返回汇总"])
def test_a_blank_value_never_takes_its_neighbours(beyond):
    reading = only(sheet(f"填表人 | | {beyond}\n社区代码 | '532301101001\n条款 | 扣分 | | 得分 | 说明及佐证材料"))
    assert (reading.heading[Heading.AUTHOR].value, reading.heading[Heading.AUTHOR].cell) == (None, "B1")


def test_a_remark_right_of_the_table_is_no_heading():
    reading = only(sheet("填表人 | | | 记得填\n社区代码 | '532301101001\n条款 | 扣分\n1.1 | 0"))
    assert reading.heading[Heading.AUTHOR].value is None
    assert reading.extra_cells == (("D1", "记得填"),)


@pytest.mark.parametrize(
    "typed", ["532301101001", "'532301101001", "'５３２３０１１０１００１", "' 532301101001 ", "532301101001.0"]
)
def test_codes_as_text_or_number(typed):
    assert only(sheet(f"社区代码 | {typed}\n条款 | 扣分")).heading[Heading.CODE].value == CODE


def test_a_heading_beside_the_table():
    reading = only(sheet("条款 | 扣分 | | 社区代码 | '532301101001\n1.1 | 0"))
    assert reading.heading[Heading.CODE].text == CODE
    assert reading.extra_cells == ()


def test_a_label_within_the_table_is_evidence():
    reading = only(sheet(table("条款 | 扣分 | 说明及佐证材料", "1.1 | 0 | 社区名称", "合计")))
    assert reading.heading[Heading.NAME].cell is None


def test_a_label_twice_with_different_values_is_no_value():
    reading = only(sheet("社区代码 | '532301101001\n社区代码 | '532301101002\n条款 | 扣分"))
    assert reading.heading[Heading.CODE].value == FaultyCell(Fault.UNREADABLE, "532301101001 / 532301101002")


# Hidden and stray parts


def test_hidden_parts_that_hold_something_are_named():
    text = table("条款 | 扣分", "1.1 | 0", "1.2 | 0", "2.1 | 0", "合计")
    reading = only(sheet(text, hidden_rows=[3, 4, 6, 50], hidden_columns="BF"))
    assert reading.hidden_parts == "第3至4行、第6行、B列"
    assert [row.hidden for row in reading.rows] == [True, True, False]


def test_hidden_sheets_are_read_and_named():
    reading = form(sheet(table("条款 | 扣分", "1.1 | 3"), "东兴", visibility=Visibility.VERY_HIDDEN))
    assert (reading.hidden_sheets, reading.communities[0].hidden_sheet) == (("东兴",), True)
    assert stated(reading.communities[0], "1.1") == 3


def test_what_stands_outside_the_form_is_told():
    reading = only(sheet(table("条款 | 扣分", "1.1 | 0 | | 待补", "合计 | 0", "", "备注 | 乱停车已整改")))
    assert reading.extra_cells == (("D3", "待补"), ("A6", "备注"), ("B6", "乱停车已整改"))


def test_an_answer_without_its_clause_is_told():
    reading = only(sheet(table("条款 | 实际值 | 扣分", "8.1 | 1 | 1", " | 2 | 2", "合计")))
    assert reading.extra_cells == (("B4", "2"), ("C4", "2"))


def test_a_foreign_table_below_is_told_in_part():
    reading = only(sheet(table("条款 | 扣分", "1.1 | 0", "合计", *["甲 | 乙"] * 600)))
    assert (len(reading.extra_cells), reading.extra_more) == (MAX_EXTRA_CELLS, 1200 - MAX_EXTRA_CELLS)


# The workbook


def test_sheets_renamed_and_reordered():
    reading = form(
        sheet("programme | 绿色社区创建\nsheet | 东兴社区 | '532301101001", "_META", visibility=Visibility.VISIBLE),
        community(STANDARD, name="Sheet3"),
        sheet("填报单位 | 楚雄市\n报送批次 | 2", "一览"),
    )
    assert reading.meta is not None
    assert reading.meta.sheets == {"东兴社区": CODE}
    assert (reading.summary_sheet, reading.summary[Summary.SUBMISSION].value) == ("一览", 2)
    assert [sheet_reading.sheet for sheet_reading in reading.communities] == ["Sheet3"]


def test_the_summary_by_its_name_where_labels_are_gone():
    reading = form(community(STANDARD), sheet("随便 | 写", "汇总"))
    assert (reading.summary_sheet, reading.other_sheets) == ("汇总", ())
    assert reading.summary[Summary.UNIT].cell is None


def test_a_workbook_without_meta_and_summary():
    reading = form(community(STANDARD))
    assert (reading.meta, reading.summary_sheet, reading.summary, reading.is_form) == (None, None, {}, True)


@pytest.mark.parametrize(
    "text",
    [
        "条款 | 扣分\n1.1 | 0",
        "社区代码 | '532301101001 | 申报绿色社区 | 是",
        "\n".join(f"'{clause} | 0" for clause in ALL_CLAUSES),
    ],
    ids=["no code", "no header", "neither, but the clauses"],
)
def test_a_damaged_community_sheet(text):
    assert form(sheet(text, "东兴社区")).damaged_sheets == ("东兴社区",)


def test_a_wiped_sheet_that_was_issued_is_damaged():
    reading = form(sheet("sheet | 东兴社区 | '532301101001", "_meta"), sheet("", "东兴社区"))
    assert reading.damaged_sheets == ("东兴社区",)


def test_other_sheets_are_named_and_empty_ones_are_not():
    foreign = sheet("社区代码 | 社区名称\n1 | 甲", "名单")
    reading = form(community(STANDARD), foreign, sheet("", "Sheet2"), sheet("说明", "填报说明"))
    assert (reading.other_sheets, reading.damaged_sheets) == (("名单",), ())


def test_a_foreign_workbook_is_no_form():
    reading = form(sheet("姓名 | 分数\n甲 | 3", "Sheet1"))
    assert (reading.is_form, reading.other_sheets) == (False, ("Sheet1",))


def test_a_written_file_reads_like_its_table():
    source = community(STANDARD, {"1.1": ("", "=1+2 -> 3"), "8.1": ("3处", "@2021-03-05"), "12.1": ("TRUE", "#REF!")})
    from_file, from_table = only(*read_xlsx(xlsx(source)).sheets), only(source)
    assert [row.stated for row in from_file.rows] == [row.stated for row in from_table.rows]
    assert [row.actual for row in from_file.rows] == [row.actual for row in from_table.rows]
    assert from_file.heading == from_table.heading


WORDS = st.sampled_from(
    [*Heading, *Summary, *Column, "合计", "1.1", "8.1", "扣分（", "返回汇总", "是", "_meta", "汇总", "sheet"]
)
CELLS = (
    st.none() | WORDS | WORDS | st.text(max_size=5) | st.floats() | st.integers()
    | st.sampled_from([math.nan, math.inf, FaultyCell(Fault.DATE, "2021-01-01")])
)  # fmt: skip
SHEETS = st.builds(
    Sheet,
    name=WORDS | st.text(max_size=5),
    cells=st.builds(
        lambda typed, labels: typed | labels,
        st.dictionaries(st.tuples(st.integers(1, 12), st.integers(1, 6)), CELLS),
        st.sampled_from([{}, {(1, 1): "社区代码", (3, 1): "条款", (3, 3): "扣分", (3, 2): "实际值"}]),
    ),
    visibility=st.sampled_from(Visibility),
    merges=st.lists(st.tuples(*[st.integers(1, 6)] * 4)).map(tuple),
    hidden_rows=st.frozensets(st.integers(1, 12)),
    hidden_columns=st.frozensets(st.integers(1, 6)),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(SHEETS, max_size=3))
def test_nothing_that_a_workbook_can_hold_breaks_reading(sheets):
    reading = read_form(Workbook(sheets), STANDARD)
    named = [*(found.sheet for found in reading.communities), *reading.damaged_sheets, *reading.other_sheets]
    assert len(named) <= len(sheets)
    for found in reading.communities:
        assert found.is_empty in (True, False)
        assert set(found.heading) == set(Heading)
