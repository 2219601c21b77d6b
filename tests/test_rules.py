"""Every rule of the catalogue: one situation that fires it, as a clerk would cause it; the clean season fires none.

A situation builds the arrivals; expected are the rule and where it points (cell by label, worked out from the form).
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import tempfile
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from intake import FIXTURES
from season import (
    BRIDGE,
    CITY,
    COUNTY,
    EAST,
    ROSTER,
    STANDARD,
    TOWN,
    arrive,
    beside,
    cell_of,
    clean,
    form,
    judge,
    put,
    put_heading,
)

from greencomm.findings import Place, Severity
from greencomm.forms.layout import REAL, SAMPLE
from greencomm.intake.arrivals import Arrival
from greencomm.past_years import ClosedCommunity, ClosedUnit, ClosedYear, Listed
from greencomm.results import FileState, Status, UnitState
from greencomm.roster import WAIVER_SHEET, BatchLabel, WaiverColumn, load_roster
from greencomm.rosters_io import write_roster
from greencomm.rules import CATALOGUE, ROSTER_CODE_SHARED, ROSTER_NOT_URBAN
from greencomm.standard import SELF_EVALUATION
from greencomm.summary import summary_of

SHEET = "东兴社区"


def city(*changes, **options):
    def change(book):
        for one in changes:
            one(book)

    return [arrive("楚雄市.xlsx", form(CITY, options.pop("answers", None), change if changes else None, **options))]


def answers(**changes):
    """东兴社区 with these clauses changed."""
    return city(answers={EAST.code: clean(**changes)})


def meta(key, value):
    def change(book):
        for row in book["_meta"].iter_rows():
            if row[0].value == key:
                row[1].value = value

    return change


def delete_clause_row(book):
    page = book[SHEET]
    row = page[cell_of(page, "4.2", "条款")].row
    for cells in list(page.merged_cells.ranges):
        page.unmerge_cells(str(cells))
    page.delete_rows(row)


def new_row(page):
    """An empty row above 合计."""
    for cells in list(page.merged_cells.ranges):
        page.unmerge_cells(str(cells))
    row = page[cell_of(page, "合计", "条款")].row
    page.insert_rows(row)
    return row


def repeat_clause_row(actual, stated):
    def change(book):
        page = book[SHEET]
        first = page[cell_of(page, "8.1", "条款")]
        row = new_row(page)
        page.cell(row, first.column, "8.1")
        page.cell(row, page[cell_of(page, "8.1", "实际值")].column, actual)
        page.cell(row, page[cell_of(page, "8.1", "扣分")].column, stated)

    return change


def add_unknown_clause(book):
    page = book[SHEET]
    column = page[cell_of(page, "8.1", "条款")].column
    page.cell(new_row(page), column, "8.9")


def copy_sheet(name, **headings):
    def change(book):
        book.copy_worksheet(book[SHEET]).title = name
        for label, value in headings.items():
            book[name][beside(book[name], label)] = value

    return change


def clear_sheet(claim):
    def change(book):
        page = book[SHEET]
        for clause in EMPTIED:
            for header in ("实际值", "扣分", "说明"):
                page[cell_of(page, clause, header)] = None
        page[beside(page, "申报绿色社区")] = claim

    return change


EMPTIED = [f"{item}.{n}" for item, count in zip(range(1, 18), (2, 2, 1, 2, 3, 2, 2, 3, 2, 1, 1, 1, 2, 1, 3, 2, 1), strict=True)
           for n in range(1, count + 1)]  # fmt: skip


def break_header(book):
    page = book[SHEET]
    page[cell_of(page, "条款", "条款")] = "号"


def hide_sheet(book):
    book[SHEET].sheet_state = "hidden"


def hide_row(book):
    page = book[SHEET]
    page.row_dimensions[page[cell_of(page, "8.1", "条款")].row].hidden = True


def write_outside(book):
    page = book[SHEET]
    page.cell(page.max_row + 3, 2, "另有一个小区没有计入")


def remove_summary(book):
    del book["汇总"]


def remove_community(name):
    def change(book):
        del book[name]

    return change


def add_sheet(book):
    book.create_sheet("照片清单")["A1"] = "见附件"


def other_book():
    import io

    book = openpyxl.Workbook()
    book.active["A1"] = "工资表"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def nobodys_unit(book):
    for change in (
        meta("unit_code", "999999"),
        put_heading("汇总", "填报单位", "某某局"),
        put_heading(SHEET, "社区代码", "999999101001"),
        put_heading("学桥街社区", "社区代码", "999999101002"),
    ):
        change(book)


def at(hour):
    return datetime.datetime(2021, 10, 11, hour)


def two_files_with_one_community():
    """东兴社区 in both files with different answers, each file with a community of its own."""
    third = dataclasses.replace(EAST, code="532301101003", name="中大街社区居民委员会")
    roster = dataclasses.replace(ROSTER, communities=(EAST, BRIDGE, third, TOWN))
    one = form(CITY, change=remove_community("中大街社区"), roster=roster)
    other = form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}, remove_community("学桥街社区"), roster=roster)
    return judge(arrive("甲.xlsx", one), arrive("乙.xlsx", other), roster=roster)


def after(*listed, unit=("532301", "楚雄市"), not_green=(), roster=ROSTER, answers=None):
    """The season after 2020, when ``listed`` (code, name) were on the list of ``unit`` and ``not_green`` were not green."""
    green = tuple(Listed(code, name) for code, name in listed)
    row = ClosedUnit(unit[0], unit[1], green, len(green), 10, Fraction(len(green), 10))
    known = [ClosedCommunity(each.code, each.name, unit[0], True, 90) for each in green]
    known += [ClosedCommunity(code, name, unit[0], False, 70) for code, name in not_green]
    year = ClosedYear(2020, len(green), 10, Fraction(len(green), 10), (row,), tuple(known))
    return judge(arrive("楚雄市.xlsx", form(CITY, answers)), roster=roster, earlier=[year])


def formerly(**codes):
    """The roster in which 东兴 (``east``) and 学桥街 (``bridge``) have these former codes."""
    east, bridge = (dataclasses.replace(each, former_codes=codes.get(name, ())) for each, name in ((EAST, "east"), (BRIDGE, "bridge")))
    return dataclasses.replace(ROSTER, communities=(east, bridge, TOWN))


def with_shared_code():
    place = Place(unit="532301", sheet="社区名册", cell="H2")
    finding = ROSTER_CODE_SHARED.at(place, found="532301101009", names="甲、乙")
    return judge(*city(), roster=dataclasses.replace(ROSTER, findings=(finding,)))


ON_LIST = (EAST.code, EAST.name)
FORMER, OTHER = ("532301101008", "老东兴社区居民委员会"), ("532301101009", "新东兴社区居民委员会")
SIX = {f"c{c}": (None, 3, None) for c in ("1_1", "2_1", "2_2", "4_2", "9_1", "9_2")}


def with_roster_finding():
    finding = ROSTER_NOT_URBAN.at(Place(unit=CITY.code, sheet="社区名册", cell="C5"), found="532301101201", name="某村村委会")
    return judge(*city(), roster=dataclasses.replace(ROSTER, findings=(finding,)))


def with_waiver(**cells):
    """The roster with one row on 免予处理; ``cells`` change it."""
    def situation():
        row = dict(zip(WaiverColumn, ("楚雄市", EAST.code, "8.1", "C07", "张三", "现场核实", "2021-10-15"), strict=True))
        row |= {WaiverColumn[name]: value for name, value in cells.items()}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "roster.xlsx"
            batch = {BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结"}
            write_roster(path, STANDARD, batch, ROSTER.units, ROSTER.communities)
            book = openpyxl.load_workbook(path)
            for column, value in enumerate(row.values(), 1):
                book[WAIVER_SHEET].cell(2, column).value = value or None
            book.save(path)
            return judge(*city(), roster=load_roster(path, STANDARD))

    return situation


def ledger_finding(rule, **words):
    """A mistake on the roster's sheet 报送台账 (tests/test_ledger.py causes each in a roster)."""

    def situation():
        finding = CATALOGUE[rule].at(Place(sheet="报送台账", cell="A2" if rule != "R14" else None), found="x", **words)
        return judge(*city(), roster=dataclasses.replace(ROSTER, findings=(finding,)))

    return situation


def with_broken_check(monkeypatch):
    from greencomm.review import region

    def crash(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(region, "review_answers", crash)
    return judge(*city())


def rewritten_form():
    """All 31 clauses there, in an older template."""
    return city(meta("template_version", "0.9"))


# rule: (situation, clause, header or heading label whose cell it points to; None = no cell)
CASES = {
    "F01": (lambda: [Arrival("楚雄市.xlsx", "0", refused="文件是空的（0字节）")], None, None),
    "F02": (lambda: [arrive("工资.xlsx", other_book())], None, None),
    "F03": (lambda: city(meta("year", "2020")), None, None),
    "F04": (lambda: city(meta("phase", "self-evaluation")), None, None),
    "F05": (lambda: city(nobodys_unit), None, None),
    "F06": (rewritten_form, None, None),
    "F07": (lambda: city(meta("standard_id", "chuxiong-2019")), None, None),
    "F08": (
        lambda: [
            arrive("早.xlsx", form(CITY), received=at(9)),
            arrive("晚.xlsx", form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}), received=at(15)),
        ],
        None, None,
    ),
    "F09": (lambda: city(meta("unit_code", "532322")), None, None),
    "F10": (lambda: city(put_heading("汇总", "填报单位", "楚雄市住建局")), None, ("汇总", "填报单位")),
    "F11": (lambda: [dataclasses.replace(city()[0], has_macros=True)], None, None),
    "F12": (lambda: [dataclasses.replace(city()[0], extras=("图片",))], None, None),
    "F15": (lambda: [dataclasses.replace(city()[0], read_once=(SHEET,))], None, None),
    "F16": (lambda: [dataclasses.replace(city()[0], conflicts=((SHEET, "B3", "甲 / 乙"),))], None, "A"),
    "S01": (lambda: city(put_heading(SHEET, "社区代码", "532301101099")), None, (SHEET, "社区代码")),
    "S02": (lambda: city(copy_sheet("东城", 社区代码=TOWN.code, 社区名称=TOWN.name)), None, ("东城", "社区代码")),
    "S03": (
        lambda: city(copy_sheet("东兴社区 (2)"), put("东兴社区 (2)", "1.1", "扣分", 3)), None, (SHEET, "社区代码"),
    ),
    "S04": (two_files_with_one_community, None, (SHEET, "社区代码")),
    "S05": (lambda: city(copy_sheet("东兴社区 (2)")), None, None),
    "S06": (lambda: city(clear_sheet("否")), None, (SHEET, "申报绿色社区")),
    "S07": (lambda: city(clear_sheet("是")), None, (SHEET, "申报绿色社区")),
    "S08": (lambda: city(break_header), None, None),
    "S09": (lambda: city(delete_clause_row), "4.2", None),
    "S10": (lambda: city(add_unknown_clause), None, "A"),
    "S11": (lambda: city(repeat_clause_row(2, 2)), "8.1", "A"),
    "S12": (lambda: city(repeat_clause_row(0, 0)), "8.1", "A"),
    "S13": (lambda: city(put(SHEET, "8.1", "评分标准", "乱停车每发现1处扣2分")), "8.1", "条款"),
    "S14": (lambda: city(hide_sheet), None, None),
    "S15": (lambda: city(hide_row), None, None),
    "S16": (lambda: city(add_sheet), None, None),
    "S17": (lambda: city(put_heading(SHEET, "社区名称", "东兴社区居委会")), None, (SHEET, "社区名称")),
    "S18": (lambda: city(put_heading(SHEET, "社区名称", "米市街社区居民委员会")), None, (SHEET, "社区名称")),
    "S19": (lambda: city(put_heading(SHEET, "社区代码", None)), None, (SHEET, "社区代码")),
    "S20": (
        lambda: [arrive("双柏县.xlsx", form(COUNTY, change=put_heading("东城社区", "社区代码", "532999101001")))],
        None, ("东城社区", "社区代码"),
    ),
    "S21": (lambda: city(write_outside), None, "A"),
    "H01": (lambda: city(put_heading(SHEET, "年度", 2020)), None, (SHEET, "年度")),
    "H02": (lambda: city(put_heading(SHEET, "县（市、区）", "双柏县")), None, (SHEET, "县（市、区）")),
    "H03": (lambda: city(put_heading(SHEET, "填表人", None)), None, (SHEET, "填表人")),
    "H04": (lambda: city(put_heading(SHEET, "申报绿色社区", "看情况")), None, (SHEET, "申报绿色社区")),
    "C01": (lambda: answers(c1_1=(None, None, None)), "1.1", "扣分"),
    "C02": (lambda: answers(c8_1=(None, None, None)), "8.1", "实际值"),
    "C03": (lambda: answers(c1_2=(None, 0.5, "理由")), "1.2", "扣分"),
    "C04": (lambda: answers(c1_1=(None, "无", None)), "1.1", "扣分"),
    "C05": (lambda: answers(c1_1=(None, -3, None)), "1.1", "扣分"),
    "C06": (lambda: answers(c8_1=("若干", None, None)), "8.1", "实际值"),
    "C07": (lambda: answers(c8_1=(3, 1, None)), "8.1", "扣分"),
    "C08": (lambda: answers(c8_1=(None, 1, None)), "8.1", "实际值"),
    "C09": (lambda: answers(c8_1=("若干", 1, None)), "8.1", "实际值"),
    "C10": (lambda: answers(c8_1=(1, "一分", None)), "8.1", "扣分"),
    "C11": (lambda: answers(c8_1=("1处", None, None)), "8.1", "实际值"),
    "C12": (lambda: answers(c1_2=(None, 2, None)), "1.2", "说明"),
    "C13": (lambda: answers(c17_1=(None, 2, None)), "17.1", "说明"),
    "C14": (lambda: answers(c16_1=(None, 3, None), c16_2=(None, 6, None)), "16.2", "扣分"),
    "C15": (lambda: city(put(SHEET, "1.1", "实际值", "有文件")), "1.1", "实际值"),
    "T01": (lambda: city(put_heading(SHEET, "自评总分", 99)), None, (SHEET, "自评总分")),
    "T02": (lambda: city(put_heading(SHEET, "自评总分", 96)), None, (SHEET, "自评总分")),
    "T03": (lambda: city(put(SHEET, "1.1", "得分", 7)), "1.1", "得分"),
    "K01": (
        lambda: answers(**{f"c{c}": (None, 3, None) for c in ("1_1", "2_1", "2_2", "4_2", "9_1", "9_2")}),
        None, (SHEET, "申报绿色社区"),
    ),
    "K02": (lambda: city(put_heading(SHEET, "申报绿色社区", "否")), None, (SHEET, "申报绿色社区")),
    "U01": (lambda: city(put_heading("汇总", "联系人", None)), None, ("汇总", "联系人")),
    "U02": (lambda: city(put_heading("汇总", "报送批次", "最后一批")), None, ("汇总", "报送批次")),
    "U03": (
        lambda: [
            arrive("甲.xlsx", form(CITY, change=remove_community("学桥街社区"))),
            arrive("乙.xlsx", form(CITY, change=remove_community("东兴社区"))),
        ],
        None, None,
    ),
    "U04": (lambda: city(remove_community("学桥街社区")), None, None),
    "U05": (lambda: city(remove_summary), None, None),
    "F13": (lambda: [arrive("楚雄市.doc", form(CITY))], None, None),
    "F14": (lambda: [arrive("双柏县.xls", (FIXTURES / "form.xls").read_bytes())], None, None),
    "U07": (
        lambda: [
            arrive("乙.xlsx", form(CITY, submission=2), received=at(9)),
            arrive("丁.xlsx", form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}, put_heading("汇总", "报送批次", "最终")),
                   received=at(10)),
        ],
        None, ("汇总", "报送批次"),
    ),
    "U06": (
        lambda: [
            arrive("第1批.xlsx", form(CITY)),
            arrive("第2批.xlsx", form(CITY, change=remove_community("学桥街社区"), submission=2)),
        ],
        None, None,
    ),
    "R03": (with_roster_finding, None, "A"),
    "R04": (with_waiver(WHO=""), None, "A"),
    "R05": (with_waiver(RULE="C99"), None, "A"),
    "R06": (with_waiver(), None, "A"),
    "Y01": (lambda: after(ON_LIST), None, None),
    "Y02": (lambda: after(ON_LIST, answers={EAST.code: clean(**SIX)}), None, None),
    "Y03": (lambda: after((EAST.code, "东升社区居民委员会")), None, None),
    "Y04": (lambda: after(FORMER, OTHER, roster=formerly(east=(FORMER[0], OTHER[0]))), None, None),
    "Y05": (lambda: after(FORMER, not_green=[OTHER], roster=formerly(east=(FORMER[0], OTHER[0]))), None, None),
    "Y06": (lambda: after(FORMER, roster=formerly(east=(FORMER[0],), bridge=(FORMER[0],))), None, None),
    "Y07": (lambda: after(FORMER), None, None),
    "Y08": (lambda: after((TOWN.code, TOWN.name)), None, None),
    "Y09": (lambda: after(ON_LIST, unit=("532301", "楚雄县")), None, None),
    "Y10": (lambda: after(ON_LIST, unit=("532399", "某县")), None, None),
    "Y11": (with_shared_code, None, "A"),
    "R10": (ledger_finding("R10", where="第2行"), None, "A"),
    "R11": (ledger_finding("R11", where="第2行", expected="实施方案"), None, "A"),
    "R12": (ledger_finding("R12", where="第2行"), None, "A"),
    "R13": (ledger_finding("R13", where="第2行", column="事项"), None, "A"),
    "R14": (ledger_finding("R14", expected="“事项”"), None, None),
    "U08": (lambda: [arrive("楚雄市.xlsx", form(CITY), received=at(9) + datetime.timedelta(days=30))], None, None),
    "R07": (with_waiver(DATE="2021-10-19"), None, "A"),
    "X01": (with_broken_check, None, None),
}  # fmt: skip


def outcome(situation, monkeypatch):
    made = situation(monkeypatch) if situation is with_broken_check else situation()
    return made if not isinstance(made, list) else judge(*made)


def test_every_rule_has_a_case():
    assert set(CASES) == set(CATALOGUE)


def test_a_clean_season_has_no_finding():
    result = judge(arrive("楚雄市.xlsx", form(CITY)), arrive("双柏县.xlsx", form(COUNTY)))
    assert result.findings == ()
    assert result.green_count == 3


@pytest.mark.parametrize("code", CASES)
def test_rule_fires(code, monkeypatch):
    situation, clause, where = CASES[code]
    result = outcome(situation, monkeypatch)
    found = [finding for finding in result.findings if finding.rule == code]
    assert found, [(f.rule, f.message) for f in result.findings]
    finding = found[0]
    assert finding.place.clause == clause
    if where is None:
        assert finding.place.cell is None
    elif where != "A":
        page = openpyxl.load_workbook(__import__("io").BytesIO(form(TOWN_FORM if where[0] == "东城社区" else CITY)))
        sheet = page[SHEET if where[0] == "东城" or not isinstance(where, tuple) else where[0]]
        expected = beside(sheet, where[1]) if isinstance(where, tuple) else cell_of(sheet, clause, where)
        assert finding.place.cell == expected
    assert "{" not in finding.message + finding.fix
    # One cause, one finding: nothing else but notes and what this rule is known to come with.
    others = {f.rule for f in result.findings if f.rule != code and f.severity is not Severity.NOTE}
    assert others <= COMPANIONS.get(code, set()), [(f.rule, f.message) for f in result.findings]


TOWN_FORM = COUNTY
COMPANIONS = {
    "F14": {"C01", "C07", "T01"},  # The form of the fixture has an answer that is a fault.
    "K01": set(),
    "S02": set(),
    "S20": set(),
    # A whole file of another year or unit also leaves nothing else to say; a crashed check neither.
}


def test_a_listed_community_needs_neither_a_sheet_nor_a_claim():
    remove = city(remove_community("学桥街社区"), put_heading(SHEET, "申报绿色社区", "否"))
    listed = [Listed(EAST.code, EAST.name), Listed(BRIDGE.code, BRIDGE.name)]
    row = ClosedUnit("532301", "楚雄市", tuple(listed), 2, 2, Fraction(1))
    past = ClosedYear(2020, 2, 2, Fraction(1), (row,), ())
    assert {finding.rule for finding in judge(*remove).findings} == {"K02", "U04"}
    result = judge(*remove, earlier=[past])
    assert result.findings == () and result.green_count == 0
    assert (result.combined_count, result.combined_ratio) == (2, Fraction(2, 3))


# --- consequences -----------------------------------------------------------------------------------------------------


def status_of(result, community):
    return next(c.status for unit in result.units for c in unit.communities if c.community.code == community.code)


def test_a_blank_clause_does_not_also_question_total_and_claim():
    result = judge(*answers(c1_1=(None, None, None)))
    assert [finding.rule for finding in result.findings] == ["C01"]
    assert status_of(result, EAST) is Status.PENDING or status_of(result, EAST) is Status.GREEN


def test_a_community_twice_with_different_answers_is_pending_and_both_sheets_are_told():
    result = judge(*CASES["S03"][0]())
    assert status_of(result, EAST) is Status.PENDING
    assert sorted(f.place.sheet for f in result.findings if f.rule == "S03") == ["东兴社区", "东兴社区 (2)"]
    result = CASES["S04"][0]()
    assert status_of(result, EAST) is Status.PENDING
    assert sorted(f.place.file for f in result.findings if f.rule == "S04") == ["乙.xlsx", "甲.xlsx"]


def test_the_highest_submission_counts():
    later = form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}, submission=2)
    result = judge(arrive("a.xlsx", later), arrive("b.xlsx", form(CITY)))
    assert {file.path: file.state for file in result.files} == {"a.xlsx": FileState.ACCEPTED, "b.xlsx": FileState.SUPERSEDED}
    assert result.units[0].communities[0].assessed_score == 93


def test_equal_contents_count_once():
    result = judge(arrive("a.xlsx", form(CITY)), arrive("b.xlsx", form(CITY)))
    assert [file.state for file in result.files] == [FileState.ACCEPTED, FileState.SUPERSEDED]
    assert result.findings == ()


def test_samples_are_ignored_beside_real_workbooks():
    sample, real = form(COUNTY, kind=SAMPLE), form(CITY)
    result = judge(arrive("样.xlsx", sample), arrive("真.xlsx", real))
    assert {file.path: file.state for file in result.files} == {"样.xlsx": FileState.IGNORED, "真.xlsx": FileState.ACCEPTED}
    assert result.units[1].communities[0].status is Status.MISSING and not result.sample
    assert judge(arrive("样.xlsx", sample)).sample


@pytest.mark.parametrize("other", [{"year": 2022}, {"phase": SELF_EVALUATION}], ids=["of another year", "of another phase"])
def test_samples_beside_real_workbooks_are_nobodys_mistake_whatever_they_are(other):
    roster = dataclasses.replace(ROSTER, batch=dataclasses.replace(ROSTER.batch, **other))
    sample = form(COUNTY, kind=SAMPLE, roster=roster)
    result = judge(arrive("样.xlsx", sample), arrive("真.xlsx", form(CITY)))
    (row,) = [file for file in result.files if file.path == "样.xlsx"]
    assert (row.state, row.reason) == (FileState.IGNORED, "示例文件：已有正式报送的工作簿，示例不参与审核")
    assert not [finding for finding in result.findings if finding.place.file == "样.xlsx"]
    assert result.units[1].state is UnitState.MISSING
    lines = [line.text for line in summary_of(result, has_send_back=False).lines]
    assert "input 文件夹里还有1个示例文件，没有采用，可以移走。" in lines
    # Without a real one it is what it is.
    assert [file.state for file in judge(arrive("样.xlsx", sample)).files] == [FileState.REJECTED]


def test_a_real_workbook_that_cannot_be_accepted_is_real_all_the_same():
    other = dataclasses.replace(ROSTER, batch=dataclasses.replace(ROSTER.batch, year=2022))
    result = judge(arrive("样.xlsx", form(COUNTY, kind=SAMPLE)), arrive("真.xlsx", form(CITY, roster=other)))
    assert {file.path: file.state for file in result.files} == {"样.xlsx": FileState.IGNORED, "真.xlsx": FileState.REJECTED}
    assert not result.sample


def test_what_the_samples_roster_left_is_told_beside_real_workbooks_only():
    left = "名册“批次”表B5写的是“示例联系人”，会印在附件2和函件上，请改成自己的。"
    roster = dataclasses.replace(ROSTER, placeholders=(left,))

    def told(kind):
        result = judge(arrive("甲.xlsx", form(CITY, kind=kind)), roster=roster)
        return left in [line.text for line in summary_of(result, has_send_back=False).lines]

    assert told(REAL) and not told(SAMPLE)


def test_the_order_of_sheets_and_files_never_matters():
    def reverse(book):
        book._sheets.reverse()

    def outcome_of(*arrivals):
        result = judge(*arrivals)
        return [(c.status, c.assessed_score, c.items) for unit in result.units for c in unit.communities]

    wrong = {EAST.code: clean(c8_1=(3, 1, None), c1_1=(None, None, None))}
    one, other = arrive("a.xlsx", form(CITY, wrong)), arrive("b.xlsx", form(COUNTY))
    turned = arrive("z.xlsx", form(CITY, wrong, reverse))
    assert outcome_of(one, other) == outcome_of(copy.deepcopy(other), copy.deepcopy(one)) == outcome_of(other, turned)


def test_a_pending_community_whose_range_straddles_the_mark_comes_first():
    deductions = {f"c{c}": (None, 3, None) for c in ("1_1", "2_1", "2_2", "4_2", "9_1")}  # 96 - 15 = 81
    result = judge(*city(answers={
        BRIDGE.code: clean(**deductions, c5_1=(None, None, None)),  # 79 … 81
        EAST.code: clean(c5_1=(None, None, None)),
    }))  # fmt: skip
    blanks = [finding for finding in result.findings if finding.rule == "C01"]
    assert [(f.place.community, f.decides) for f in blanks] == [(BRIDGE.code, True), (EAST.code, False)]
    assert status_of(result, BRIDGE) is Status.PENDING


def test_a_broken_sheet_costs_only_itself():
    import io
    import zipfile

    source, target = zipfile.ZipFile(io.BytesIO(form(CITY))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as broken:
        for name in source.namelist():
            data = source.read(name)
            broken.writestr(name, data[: len(data) // 2] if name == "xl/worksheets/sheet3.xml" else data)
    result = judge(arrive("楚雄市.xlsx", target.getvalue()))
    assert [(c.status, c.lowest, c.highest) for c in result.units[0].communities] == [
        (Status.PENDING, 0, 100), (Status.GREEN, 96, 96),
    ]  # fmt: skip
    assert [finding.rule for finding in result.findings] == ["S08"]
