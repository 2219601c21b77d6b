"""The workbook that goes back: what the county typed is kept, every finding stands at its place, and it is read again."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter

import hypothesis
import office
import openpyxl
import pytest
from hypothesis import strategies as st
from injections import INJECTIONS
from openxml_audit import FileFormat, OpenXmlValidator
from season import CITY, ROSTER, STANDARD, arrive, beside, cell_of, clean, form, judge, put, put_heading
from soundness import faults

from greencomm.findings import Settled, Severity
from greencomm.forms import layout
from greencomm.forms.issue import SheetAnswers, issue_workbook
from greencomm.forms.layout import Heading, IssueColumn, Summary
from greencomm.forms.returned import (
    EDITED,
    RESTORED,
    STILL_WRONG,
    TO_CHECK,
    TO_CORRECT,
    ReturnedForm,
    answers_of,
    write_returned,
)
from greencomm.intake.originals import original
from greencomm.intake.workbook import Fault, FaultyCell
from greencomm.outputs import write_outputs
from greencomm.outputs.returned import is_returned
from greencomm.results import FileState, ReceivedFile, TypedSheet
from greencomm.review.followup import is_empty_phrase
from greencomm.texts import as_typed

EAST, BRIDGE = (community.code for community in ROSTER.of_unit[CITY.code])
FAULTY = clean(
    c1_1=(None, 2, None), c1_2=(None, 2, None), c3_1=(None, None, None), c8_1=("3处", None, "照片见附件"), c8_2=(4, 1, None),
    c8_3=("几处", "半分", None), c10_1=(1.5, None, None), c12_1=(0.27, 0, None), c2_1=(7, 0, None),
)  # fmt: skip


def reviewed(answers=FAULTY, change=None):
    """The city's result for a form that is filled so and then changed."""
    return judge(arrive("楚雄市.xlsx", form(CITY, {EAST: answers}, change)))


def city(result):
    return next(unit for unit in result.units if unit.unit.code == CITY.code)


def returned(result) -> bytes:
    target = io.BytesIO()
    write_returned(target, city(result), result)
    return target.getvalue()


def edited(data, *changes) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    for change in changes:
        change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def again(data):
    return judge(arrive("退回.xlsx", data))


def asking(result):
    """What somebody has to do, by community, in the words that an explanation is bound to."""
    return Counter((f.place.community, f.token) for f in city(result).findings if f.is_open)


def issues(data):
    """Rows of 问题清单 by rule and clause, each by header."""
    page = openpyxl.load_workbook(io.BytesIO(data), data_only=True)[layout.ISSUES_SHEET]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    head = next(number for number, row in enumerate(rows) if row[0] == IssueColumn.NUMBER)
    named = [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]
    return {(row[IssueColumn.RULE], row[IssueColumn.CLAUSE]): row for row in named}


# --- what was typed ---------------------------------------------------------------------------------------------------


def test_every_cell_comes_back_as_it_was_typed():
    first = reviewed()
    second = again(returned(first))
    kept = {sheet.community: sheet for sheet in city(second).typed}
    assert set(kept) == {EAST, BRIDGE}
    for sheet in city(first).typed:
        assert (sheet.answers, sheet.heading) == (kept[sheet.community].answers, kept[sheet.community].heading)
    assert kept[EAST].answers["8.1"] == ("3处", None, "照片见附件")
    assert kept[EAST].heading[Heading.AUTHOR] == "李填表"
    assert (city(second).contact, city(second).phone, city(second).submission) == ("王联系", "0878-1234567", 2)
    assert city(second).summary[Summary.DATE] == city(first).summary[Summary.DATE]


def test_an_uncorrected_workbook_asks_the_same_again():
    first = reviewed()
    second = again(returned(first))
    assert asking(first) == asking(second) and len(asking(first)) == 5
    assert {f.rule for f in city(first).findings} == {f.rule for f in city(second).findings}
    assert city(second).left_behind == () and not any(sheet.beside for sheet in city(second).typed)


def test_a_corrected_workbook_gives_no_finding():
    data = returned(reviewed(clean(c1_2=(None, 2, None), c3_1=(None, None, None))))
    result = again(edited(data, put("东兴社区", "1.2", "说明", "两个小区没有参与，见附件2"), put("东兴社区", "3.1", "扣分", 0)))
    assert city(result).findings == ()
    assert not is_returned(city(result))


cells = st.one_of(
    st.none(), st.integers(-5, 10**7), st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.sampled_from([text for text in INJECTIONS if len(text) < 1000]), st.text(max_size=30),
)  # fmt: skip


@hypothesis.settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(st.lists(st.tuples(cells, cells, cells), min_size=31, max_size=31))
def test_whatever_was_typed_is_typed_again(typed):
    def stored(value):
        return as_typed(value)[0] if isinstance(value, str) else value

    # What a first reading makes of it is what has to come back.
    answers = {clause.id: tuple(map(stored, row)) for clause, row in zip(STANDARD.clauses, typed, strict=True)}
    first = reviewed(SheetAnswers({Heading.CLAIM: "是"}, answers))
    second = again(returned(first))
    before, after = ({sheet.community: sheet for sheet in city(result).typed} for result in (first, second))
    assert before[EAST].answers == after[EAST].answers
    assert asking(first) == asking(second)


@pytest.mark.parametrize(
    ("clause", "faulty"),
    [
        ("1.1", FaultyCell(Fault.DATE, "3")),
        ("8.1", FaultyCell(Fault.UNREADABLE, "2")),
        ("8.1", FaultyCell(Fault.ERROR, "#REF!")),
        ("10.1", FaultyCell(Fault.PERCENT, "150%")),
        ("12.1", FaultyCell(Fault.LOGICAL, "TRUE")),
    ],
)
def test_a_faulty_cell_never_becomes_an_answer(clause, faulty):
    typed = TypedSheet("a.xlsx", "东兴社区", EAST, {}, {clause: (faulty, faulty, None)}, {clause: ("F7", "G7", "K7")})
    actual, stated, _ = answers_of(typed, STANDARD).answers[clause]
    target = io.BytesIO()
    filled = SheetAnswers({Heading.CLAIM: "是"}, {clause: (actual, stated, None)})
    issue_workbook(target, CITY, ROSTER, STANDARD, form_date=ROSTER.batch.deadlines["annual"], answers={EAST: filled})
    rules = {f.rule for f in city(again(target.getvalue())).findings if f.place.clause == clause}
    assert rules & {"C04", "C06"}
    assert str(stated).startswith(faulty.shown)


def test_rows_that_differ_are_all_kept_and_none_is_chosen():
    typed = TypedSheet(
        "a.xlsx", "东兴社区", EAST, {}, {"8.1": (3, None, "甲"), "1.1": (None, 0, None)}, {}, repeated={"8.1": ((5, None, "乙"),)},
    )  # fmt: skip
    answers = answers_of(typed, STANDARD).answers
    assert answers == {"8.1": ("3 / 5", None, "甲 / 乙"), "1.1": (None, 0, None)}


def test_sheets_beyond_the_roster_come_back_as_sheets():
    first = reviewed(clean(), put_heading("东兴社区", "社区代码", "532301999999"))
    second = again(returned(first))
    assert [f.rule for f in city(first).findings if f.severity is Severity.SEND_BACK] == ["S01"]
    assert asking(first) == asking(second)
    # The code put right, nothing is left to say: the empty sheet of the same community is no second opinion.
    name = next(sheet.sheet for sheet in city(second).typed if sheet.community is None)
    assert city(again(edited(returned(first), put_heading(name, "社区代码", EAST)))).findings == ()


def test_a_community_that_stands_twice_stays_so_until_the_county_decides():
    first = reviewed(clean(c1_1=(None, 3, None)), put_heading("学桥街社区", "社区代码", EAST))
    data = returned(first)
    assert [f.rule for f in city(first).findings].count("S03") == 2
    assert [f.rule for f in city(again(data)).findings].count("S03") == 2


def test_what_has_no_place_is_listed_and_not_told_again():
    def change(book):
        book.create_sheet("附表")["A1"] = "社区照片"
        book["东兴社区"]["M40"] = "另有一个小区正在验收"
        put_heading("东兴社区", "自评总分", 99)(book)

    first = reviewed(clean(), change)
    data = returned(first)
    texts = [str(cell.value) for row in openpyxl.load_workbook(io.BytesIO(data))[layout.LEFT_SHEET] for cell in row]
    assert any("附表" in text for text in texts)
    assert any("另有一个小区正在验收" in text for text in texts) and "M40" in texts
    assert any("99" in text for text in texts)
    assert {f.rule for f in city(first).findings} == {"S16", "S21", "T01"}
    assert issues(data)["T01", None][IssueColumn.STATE] == RESTORED
    assert city(again(data)).findings == ()


# --- where findings stand ---------------------------------------------------------------------------------------------


def test_links_lead_to_the_cells():
    data = returned(reviewed())
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book[layout.ISSUES_SHEET]
    links = {row[3].value + (row[6].value or ""): row[7].hyperlink.location for row in page.iter_rows(min_row=5)}
    east = book["东兴社区"]
    assert links["C121.2"] == f"'东兴社区'!{cell_of(east, '1.2', '说明')}"
    assert links["C013.1"] == f"'东兴社区'!{cell_of(east, '3.1', '扣分')}"
    assert links["C068.3"] == f"'东兴社区'!{cell_of(east, '8.3', '实际值')}"
    assert links["C118.1"] == f"'东兴社区'!{cell_of(east, '8.1', '实际值')}"


def test_each_finding_stands_beside_its_row_and_above_the_table():
    data = returned(reviewed(FAULTY, put_heading("东兴社区", "县（市、区）", "大理市")))
    page = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["东兴社区"]
    opinion = page[cell_of(page, "1.2", layout.OPINION)].value
    assert opinion.startswith("【需核实】条款1.2") and "请写明扣分的理由" in opinion
    assert page[cell_of(page, "1.2", layout.PROGRESS)].value == TO_CHECK
    assert page[cell_of(page, "3.1", layout.PROGRESS)].value == TO_CORRECT
    assert page[cell_of(page, "2.2", layout.OPINION)].value is None
    assert "【需核实】“县（市、区）”写的是“大理市”" in page["B5"].value


def test_only_the_answers_of_the_county_are_open_on_the_list():
    page = openpyxl.load_workbook(io.BytesIO(returned(reviewed())))[layout.ISSUES_SHEET]
    head = {cell.value: cell.column for cell in page[4]}
    opened = {column for column in head if not page.cell(5, head[column]).protection.locked}
    assert opened == {IssueColumn.REMEDY, IssueColumn.EXPLANATION}
    assert page.protection.sheet and page.auto_filter.ref and page.freeze_panes == "A5"
    assert all(len(rule.prompt or "") <= 255 for rule in page.data_validations.dataValidation)
    assert any(rule.promptTitle == "情况说明怎么写" for rule in page.data_validations.dataValidation)


# --- replies ----------------------------------------------------------------------------------------------------------


def replying(sheet):
    def change(book):
        page = book[layout.ISSUES_SHEET]
        head = {cell.value: cell.column for cell in page[4]}
        row = next(row for row in range(5, page.max_row + 1) if page.cell(row, head[IssueColumn.RULE]).value == "C12")
        page.cell(row, head[IssueColumn.EXPLANATION], "业委会未参与，会议记录见附件2")
        page.cell(row, head[IssueColumn.REMEDY], "已补充")
        page.title = sheet

    return change


@pytest.mark.parametrize("sheet", [layout.ISSUES_SHEET, "我们的答复"])
def test_answers_on_the_list_are_read_whatever_the_sheet_is_called(sheet):
    result = reviewed()
    (finding,) = (f for f in city(result).findings if f.rule == "C12")
    reading = arrive("退回.xlsx", edited(returned(result), replying(sheet))).form
    (reply,) = (reply for reply in reading.replies if reply.explanation)
    # The other rows are read as well: an answer that stood there may have been taken back.
    assert len(reading.replies) == len(city(result).findings) and reading.is_returned
    assert (reply.rule, reply.community, reply.clause, reply.token) == ("C12", EAST, "1.2", finding.token)
    assert (reply.remedy, reply.explanation) == ("已补充", "业委会未参与，会议记录见附件2")
    assert reading.other_sheets == ()


def test_the_list_of_the_discrepancy_report_is_no_reply(tmp_path):
    result = reviewed()
    list(write_outputs(tmp_path, result))
    report = openpyxl.load_workbook(tmp_path / "units/楚雄市/楚雄市_差异报告.xlsx")[layout.ISSUES_SHEET]

    def change(book):
        copy = book.create_sheet(layout.ISSUES_SHEET)
        for row in report.iter_rows():
            for cell in row:
                if cell.value is not None:
                    copy[cell.coordinate] = cell.value

    reading = arrive("楚雄市.xlsx", form(CITY, change=change)).form
    assert reading.replies == () and not reading.is_returned and reading.other_sheets == (layout.ISSUES_SHEET,)


def test_what_somebody_wrote_into_the_column_of_opinions_is_told():
    def change(book):
        page = book["东兴社区"]
        page[cell_of(page, "2.2", layout.OPINION)] = "我们不同意"

    reading = arrive("退回.xlsx", edited(returned(reviewed()), change)).form
    assert [text for sheet in reading.communities for _, text in sheet.extra_cells] == ["我们不同意"]


# --- the file itself --------------------------------------------------------------------------------------------------


def test_the_same_result_gives_the_same_bytes():
    assert returned(reviewed()) == returned(reviewed())


@pytest.mark.parametrize("version", [FileFormat.OFFICE_2010, FileFormat.MICROSOFT_365])
def test_it_is_valid_open_xml_and_nothing_is_dropped(tmp_path, version):
    hostile = clean(**{f"c{n}_1": (text, text, text) for n, text in enumerate(INJECTIONS[:5], 1)})
    path = tmp_path / "a.xlsx"
    path.write_bytes(returned(reviewed(dataclasses.replace(hostile, heading={**hostile.heading, Heading.NAME: "=1+1"}))))
    assert [str(e) for e in OpenXmlValidator(file_format=version, max_errors=0).validate(path).errors] == []
    assert faults(path.read_bytes()) == []


def test_a_unit_with_nothing_to_correct_gets_no_workbook_back(tmp_path):
    made = list(write_outputs(tmp_path, reviewed(clean()), lambda file: b"x"))
    assert {m.role for m in made if m.unit == CITY.code} == {"discrepancy", "unit_annex2", "assessment", "letter", "mail"}


def test_the_originals_lie_beside_it_untouched(tmp_path):
    made = list(write_outputs(tmp_path, reviewed(), lambda file: b"as it came"))
    (path,) = (m.path for m in made if m.role == "original")
    assert path == "units/楚雄市/原文件/楚雄市.xlsx" and (tmp_path / path).read_bytes() == b"as it came"
    assert [m.path for m in made if m.role == "return"] == ["units/楚雄市/楚雄市_退回修改.xlsx"]


def test_an_original_is_known_by_its_hash_wherever_it_lies(tmp_path):
    import hashlib
    import zipfile

    data = b"PK workbook"
    digest = hashlib.sha256(data).hexdigest()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/other.xlsx", b"other")
        archive.writestr("x/楚雄市.xlsx", data)
    (tmp_path / "b.xlsx").write_bytes(data)
    named = {"a.zip": tmp_path / "a.zip", "b.xlsx": tmp_path / "b.xlsx"}
    assert original("b.xlsx", digest, named) == data
    assert original("a.zip/x/楚雄市.xlsx", digest, named) == data
    assert original("b.xlsx", hashlib.sha256(b"changed since").hexdigest(), named) is None
    assert original("gone.xlsx", digest, named) is None
    assert ReceivedFile("b.xlsx", digest, FileState.ACCEPTED).state is FileState.ACCEPTED


# --- counting down ----------------------------------------------------------------------------------------------------


def typed(**cells):
    """An edit of 东兴社区: ``c3_1=("扣分", 0)``."""
    return [put("东兴社区", key[1:].replace("_", "."), *edit) for key, edit in cells.items()]


def explaining(text):
    """情况说明 beside the reason that 1.2 lacks."""

    def change(book):
        page = book[layout.ISSUES_SHEET]
        head = {cell.value: cell.column for cell in page[4]}
        row = next(row for row in range(5, page.max_row + 1) if page.cell(row, head[IssueColumn.RULE]).value == "C12")
        page.cell(row, head[IssueColumn.EXPLANATION], text)

    return change


COUNTDOWN = {
    "nothing": ([], 0, {"1.2": TO_CHECK, "3.1": TO_CORRECT, "8.3": TO_CORRECT}),
    "two corrected": ([*typed(c1_2=("说明", "见附件2"), c3_1=("扣分", 0)), explaining("已补充")], 2, {"1.2": EDITED, "3.1": EDITED}),
    # 填报状态 beside still says 有误 or that something is missing.
    "wrong again": (typed(c3_1=("扣分", 0.7)), 0, {"3.1": STILL_WRONG}),
    # 8.3 has two findings, 几处 as 实际值 and 半分 as 扣分; only one of both is right now.
    "half": (typed(c8_3=("实际值", 2)), 0, {"8.3": STILL_WRONG}),
    # The points of 8.2 stand without the number that they follow from.
    "blank": (typed(c8_2=("实际值", None)), 0, {"8.2": STILL_WRONG}),
    # Five do not give 扣分 1, as four did not.
    "differs": (typed(c8_2=("实际值", 5)), 0, {"8.2": STILL_WRONG}),
    "explained": ([explaining("业委会未参与，会议记录见附件2")], 1, {"1.2": Settled.EXPLAINED.label}),
    "true": ([explaining("属实")], 0, {"1.2": TO_CHECK}),
    "the same": ([explaining(" 同 上！\n")], 0, {"1.2": TO_CHECK}),
    "OK": ([explaining("“OK”。")], 0, {"1.2": TO_CHECK}),
    "n/a": ([explaining("N/A")], 0, {"1.2": TO_CHECK}),
    "wild": ([explaining("*")], 0, {"1.2": TO_CHECK}),
    "digits": ([explaining("2021-10-19")], 0, {"1.2": TO_CHECK}),
    "a number": ([explaining(3)], 0, {"1.2": TO_CHECK}),
    "more than the phrase": ([explaining("情况属实：两个小区未参与")], 1, {"1.2": Settled.EXPLAINED.label}),
}
"""Edits, how many places they settle, and what stands beside the clauses then."""


@pytest.mark.office
def test_it_counts_down_while_places_are_put_right(tmp_path):
    result = reviewed(FAULTY, put_heading("东兴社区", "县（市、区）", "大理市"))
    data = returned(result)
    made = {name: edited(data, *edits) if edits else data for name, (edits, _, _) in COUNTDOWN.items()}
    books = office.recalculated_all(made, tmp_path)
    stored = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    for name in stored.sheetnames:
        for row in stored[name].iter_rows():
            for cell in row:
                found = books["nothing"][name][cell.coordinate].value
                assert found == cell.value or {found, cell.value} == {"", None}, (name, cell.coordinate)

    def left(book):
        page = book[layout.SUMMARY_SHEET]
        head = next(row for row in page.iter_rows() if row[0].value == "序号")
        place = next(cell for cell in head if cell.value == "待改正（处）")
        return page.cell(place.row + 1, place.column).value, page.cell(6, place.column).value

    before = left(stored)
    for name, (_, settled, states) in COUNTDOWN.items():
        assert left(books[name]) == (before[0] - settled, before[1] - settled), name
        east = books[name]["东兴社区"]
        assert {clause: east[cell_of(east, clause, layout.PROGRESS)].value for clause in states} == states, name
        explanation = next((str(reply.explanation) for reply in arrive("退回.xlsx", made[name]).form.replies), "")
        if explanation and "1.2" in states and states["1.2"] != EDITED:
            # The workbook and the review agree on what explains nothing.
            assert (states["1.2"] == TO_CHECK) == is_empty_phrase(explanation, STANDARD), name


EMPTY_SHEET = SheetAnswers({Heading.CLAIM: "是"}, {})


@pytest.mark.office
def test_an_empty_sheet_counts_until_its_last_clause_is_filled(tmp_path):
    data = returned(reviewed(EMPTY_SHEET))
    assert {f.rule for f in city(reviewed(EMPTY_SHEET)).findings if f.is_open} == {"S07"}
    clauses = [clause.id for clause in STANDARD.clauses]
    all_but_one, the_last = ([put("东兴社区", clause, "扣分", 0) for clause in some] for some in (clauses[:-1], clauses[-1:]))
    books = office.recalculated_all({"most": edited(data, *all_but_one), "all": edited(data, *all_but_one, *the_last)}, tmp_path)
    states = {name: [row[13].value for row in book[layout.ISSUES_SHEET].iter_rows(min_row=5)] for name, book in books.items()}
    assert states == {"most": [TO_CORRECT], "all": [EDITED]}


@pytest.mark.office
def test_a_workbook_that_libreoffice_only_opened_and_saved_says_nothing_else(tmp_path):
    """It writes a drawing without a shape for the links of 问题清单."""
    data = returned(reviewed())
    saved = office.recalculate(data, tmp_path)
    assert arrive("退回.xlsx", saved).extras == ()
    assert {f.rule for f in city(again(saved)).findings} == {f.rule for f in city(again(data)).findings}


def test_a_text_that_becomes_a_number_is_an_edit():
    form_ = ReturnedForm(city(reviewed()), reviewed())
    assert form_.title == "退回修改"
    page = openpyxl.load_workbook(io.BytesIO(returned(reviewed())))["东兴社区"]
    flags = [cell.value for row in page.iter_rows(min_row=7, max_row=37, min_col=17, max_col=19) for cell in row if cell.value]
    assert flags and all("ISTEXT" in flag and "EXACT" in flag for flag in flags)
    assert page[beside(page, "社区代码")].value == EAST
