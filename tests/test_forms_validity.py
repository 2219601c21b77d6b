"""An issued form opens without a repair: valid parts, every rule that was planned, a value for each formula, legal names.

The forms under test are an empty one, a filled one with every kind of mistake, a sample, and one for a roster whose
names hold whatever a name can hold, read from a roster's workbook as the program reads it.
"""

from __future__ import annotations

import dataclasses
import html
import io
import re
import subprocess
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import hypothesis
import openpyxl
import pytest
import python_calamine
from hypothesis import strategies as st
from openxml_audit import FileFormat, OpenXmlValidator
from season import CITY, DAY, ROSTER, STANDARD, arrive, beside, clean, judge
from soundness import (
    MAIN,
    PROMPT,
    RESERVED,
    WORKSHEET_ORDER,
    Page,
    changed,
    defined_names,
    faults,
    name_faults,
    pages_of,
    parts_of,
    units,
    values,
)
from test_run import run
from xlsxwriter.worksheet import Worksheet

from greencomm.forms import layout
from greencomm.forms.issue import SheetAnswers, issue_workbook, sheet_plan
from greencomm.forms.layout import Column, Heading
from greencomm.forms.live import live_view
from greencomm.forms.names import sheet_names
from greencomm.lean import LeanSheet
from greencomm.roster import BatchLabel, Community, Roster, load_roster
from greencomm.rosters_io import write_roster

HOSTILE = [
    # Reserved, or the form's own.
    "历史记录", "历史记录社区居民委员会", "History", "HISTORY", "ｈｉｓｔｏｒｙ", "填报说明", "汇总", "_meta", "_META", "合计", "条款",
    # Forbidden characters in both widths, apostrophes, blanks, and nothing left of the name.
    "甲/乙[1]:*?\\社区", "［全角］：＊？／＼￥社区", "'引号'", "’弯引号’", "＇全角引号＇", "中'间''两个", "' 边 '", "居民委员会", "'",
    "[]", "東興 社區",
    # Control and format characters, line breaks, private use, what Unicode has not assigned.
    "控\x0b制\x1f符", "\x01居民委员会", "换\n行社区", "\u202e反写\u202c", "零\u200b宽", "\ue000造字", "\U00031350新字", "_x0041_", "_xD83D_",
    # Characters of two units, and names that end inside one.
    "😀社区🏘️", "👨‍👩‍👧‍👦家园", "𠮷" * 31, "长" * 30 + "𠮷", "很" * 60 + "社区居民委员会", "很" * 60 + "二社区居民委员会",
    # Alike without regard to case, width and accents.
    "A社区", "a社区", "Ａ社区", "ａ社区居民委员会", "İ", "ı", "i", "I", "ß", "ẞ", "SS", "ss", "\u212a", "K", "k", "é", "e\u0301", "Σας", "ΣΑΣ",
    # What a formula, a link or a print area could mistake for something else.
    "A1", "R1C1", "RC", "1", "1.5", "TRUE", "=1+1", "-社区", "@社区", "#REF!", "a!b", '"引"', "&amp;", "<b>", "a#b%20c", "internal:x", "{社区}",
]  # fmt: skip
"""Names of communities, some of them several times after 居民委员会 is dropped."""
LONG_EVIDENCE = "社区内三处路灯损坏，两处排水管网老化，已列入改造计划。" * 10


def names_roster(names) -> Roster:
    members = [
        Community(f"532301{101 + n // 199:03d}{n % 199 + 1:03d}", name, "楚雄市", "鹿城镇", "532301") for n, name in enumerate(names)
    ]
    return dataclasses.replace(ROSTER, communities=tuple(members))


def through_a_workbook(roster: Roster, folder) -> Roster:
    """The roster as the program reads it from a file."""
    batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结"}
    write_roster(folder / "roster.xlsx", STANDARD, batch, roster.units, roster.communities)
    return load_roster(folder / "roster.xlsx", STANDARD)


def many_kinds() -> dict[str, SheetAnswers]:
    """Answers that make every live cell show each of its kinds: a number, a text, nothing, and 有误."""
    codes = [member.code for member in ROSTER.of_unit[CITY.code]]
    faulty = clean(
        c1_1=(None, 2, None), c1_2=(None, 2, None), c2_1=(None, None, None), c3_1=(None, 1, LONG_EVIDENCE), c4_1=(None, "=1+1", "=1+1"),
        c8_1=(3, 1, "https://example.org/照片?a=1&b=<2>"), c8_2=(None, 1, None), c8_3=("三处", None, None), c10_1=("不适用", None, None),
        c12_1=(0.27, 0, "换\n行"), c17_1=(None, "无", None),
    )  # fmt: skip
    return dict(zip(codes, (clean(c8_1=(1, None, None)), faulty), strict=True))


@dataclass
class Issued:
    """A form with what was asked of XlsxWriter for it, sheet by sheet."""

    data: bytes = field(repr=False)
    roster: Roster = field(repr=False)
    answers: dict[str, SheetAnswers] = field(repr=False)
    asked: dict[str, list[tuple[str, tuple[Any, ...], Any]]] = field(default_factory=dict, repr=False)
    """Sheet → method, arguments, and what it returned."""

    @cached_property
    def names(self) -> dict[str, str]:
        return sheet_names(self.roster.of_unit[CITY.code])

    @cached_property
    def pages(self) -> list[Page]:
        return pages_of(self.data)

    def calls(self, sheet: str, method: str) -> list[tuple[Any, ...]]:
        return [arguments for name, arguments, _ in self.asked[sheet] if name == method]


WATCHED = (
    "data_validation", "conditional_format", "write_url", "merge_range", "set_paper", "set_margins", "set_landscape", "set_portrait",
    "fit_to_pages", "repeat_rows", "print_area", "set_h_pagebreaks", "set_footer", "center_horizontally", "protect", "freeze_panes",
    "ignore_errors", "hide_gridlines", "write_formula", "write_string", "write_number",
)  # fmt: skip


def issue(roster: Roster, answers: dict[str, SheetAnswers], kind: str = layout.REAL) -> Issued:
    """Issue a form under watch; whatever XlsxWriter warns of is an error."""
    issued = Issued(b"", roster, answers)
    kept: dict[int, list[tuple[str, tuple[Any, ...], Any]]] = {}
    keep, begin_with, colour, is_known = LeanSheet.keep, LeanSheet.begin_with, LeanSheet.colour, LeanSheet.is_known
    first: dict[Any, tuple[str, int]] = {}
    """By key of a row: the sheet that has it first, and how much was asked of that sheet before."""

    def watch(name, original):
        def call(self, *arguments, **options):
            known = (*arguments, *options.values())
            answer = original(self, *arguments, **options)
            issued.asked.setdefault(self.name, []).append((name, known, answer))
            return answer

        return call

    def keep_asked(self):
        stencil = keep(self)
        # The rules of entry of the plan come to the sheet as they are written.
        planned = sheet_plan(STANDARD).rules_of_entry
        issued.asked[self.name] += [("data_validation", (row, column, row, column, rule), 0) for row, column, rule in planned]
        kept[id(stencil)] = list(issued.asked[self.name])
        return stencil

    def begin_with_asked(self, stencil):
        # What was asked of the first sheet is asked of this one, too.
        issued.asked[self.name] = list(kept[id(stencil)])
        return begin_with(self, stencil)

    def is_known_asked(self, row, key):
        known = is_known(self, row, key)
        if known:
            # What was asked for this row of another sheet is asked for it here.
            there, before = first[key]
            again = [call for call in issued.asked[there][before:] if call[0].startswith("write_") and call[1][0] == row]
            issued.asked[self.name] += again
        else:
            first[key] = (self.name, len(issued.asked[self.name]))
        return known

    def colour_asked(self, rules):
        rules = list(rules)
        for areas, (_, after) in rules:
            condition = re.search("<formula>(.*)</formula>", after)[1]
            issued.asked[self.name].append(("colour", (areas, html.unescape(condition)), None))
        return colour(self, rules)

    target = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in WATCHED:
            for kind_of_sheet in (Worksheet, LeanSheet):
                if name in vars(kind_of_sheet):
                    patch.setattr(kind_of_sheet, name, watch(name, getattr(kind_of_sheet, name)))
        for name, watched in (("keep", keep_asked), ("begin_with", begin_with_asked), ("colour", colour_asked),
                              ("is_known", is_known_asked)):  # fmt: skip
            patch.setattr(LeanSheet, name, watched)
        issue_workbook(target, CITY, roster, STANDARD, form_date=DAY, kind=kind, answers=answers, contact="王联系", phone="")
    issued.data = target.getvalue()
    return issued


@pytest.fixture(scope="module")
def forms(tmp_path_factory) -> dict[str, Issued]:
    hostile = through_a_workbook(names_roster(HOSTILE), tmp_path_factory.mktemp("roster"))
    return {
        "blank": issue(ROSTER, {}),
        "filled": issue(ROSTER, many_kinds()),
        "sample": issue(ROSTER, many_kinds(), kind=layout.SAMPLE),
        "hostile": issue(hostile, {member.code: clean() for member in hostile.communities[::2]}),
    }


KINDS = ("blank", "filled", "sample", "hostile")


# --- valid parts ------------------------------------------------------------------------------------------------------


def audit(data: bytes, folder, version: FileFormat) -> list[str]:
    """What openxml-audit has to say."""
    (folder / "form.xlsx").write_bytes(data)
    return [str(error) for error in OpenXmlValidator(file_format=version, max_errors=0).validate(folder / "form.xlsx").errors]


@pytest.mark.parametrize("version", [FileFormat.OFFICE_2010, FileFormat.MICROSOFT_365])
@pytest.mark.parametrize("kind", KINDS)
def test_a_form_is_valid_open_xml(forms, tmp_path, kind, version):
    assert audit(forms[kind].data, tmp_path, version) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_has_nothing_that_excel_would_repair(forms, kind):
    assert faults(forms[kind].data) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_children_of_each_worksheet_stand_in_the_order_of_the_standard(forms, kind):
    for page in forms[kind].pages:
        children = list(dict.fromkeys(page.children()))
        assert children == sorted(children, key=WORKSHEET_ORDER.index)
        assert {"sheetData", "pageMargins"} <= set(children)


@pytest.fixture(scope="module")
def sent_back(tmp_path_factory) -> dict[str, bytes]:
    """The returned workbooks of the shipped sample, which has every kind of mistake."""
    folder = tmp_path_factory.mktemp("sample")
    status, _, _ = run("--output", folder / "output", "--archive", folder / "archive", "--date", DAY.isoformat())
    assert status == 1
    return {path.name: path.read_bytes() for path in sorted(folder.glob("output/*/units/*/*_退回修改.xlsx"))}


def test_what_the_sample_sends_back_is_valid_open_xml(sent_back, tmp_path):
    assert len(sent_back) >= 5
    assert {name: audit(data, tmp_path, FileFormat.OFFICE_2010) for name, data in sent_back.items()} == dict.fromkeys(sent_back, [])


def test_what_the_sample_sends_back_has_nothing_that_excel_would_repair(sent_back):
    assert {name: faults(data) for name, data in sent_back.items()} == dict.fromkeys(sent_back, [])


SHEET, BOOK, TYPES = "xl/worksheets/sheet3.xml", "xl/workbook.xml", "[Content_Types].xml"


def swapped(text):
    """Merged ranges behind the conditional formats."""
    return re.sub(r"(<mergeCells.*</mergeCells>)(<conditionalFormatting.*</conditionalFormatting>)", r"\2\1", text)


def once(old, new):
    return lambda text: text.replace(old, new, 1)


# What is done to a sound form, who must notice it: openxml-audit, our own look at the parts, or both.
DAMAGE = {
    "two elements swapped": (SHEET, swapped, "both"),
    "an unknown element": (SHEET, once("<sheetData>", "<sheetDate/><sheetData>"), "both"),
    "a value of the wrong type": (SHEET, once('<sheetProtection sheet="1"', '<sheetProtection sheet="ja"'), "audit"),
    "a text that is not there": (SHEET, lambda text: re.sub(r't="s"><v>\d+', 't="s"><v>99999', text, count=1), "audit"),
    "a part that is not there": ("xl/styles.xml", lambda text: None, "audit"),
    "a control character": (SHEET, once("<sheetData>", "<sheetData>\x01"), "ours"),
    "a torn part": (SHEET, lambda text: text[:-400], "ours"),
    "a part without a type": (TYPES, once("/xl/worksheets/sheet3.xml", "/xl/worksheets/sheet9.xml"), "ours"),
    "a format that is not there": (SHEET, lambda text: re.sub(r' s="\d+"', ' s="999"', text, count=1), "ours"),
    "a conditional format that is not there": (SHEET, once('dxfId="1"', 'dxfId="99"'), "ours"),
    "overlapping merges": (SHEET, once('<mergeCell ref="B1:K1"/>', '<mergeCell ref="B1:K1"/><mergeCell ref="C1:D1"/>'), "ours"),
    "a reference that is none": (SHEET, once('<mergeCell ref="B1:K1"', '<mergeCell ref="B1:K"'), "ours"),
    "a wrong count": (SHEET, once('dataValidations count="', 'dataValidations count="1'), "ours"),
    "a prompt too long": (SHEET, once(' prompt="', ' prompt="' + "长" * PROMPT), "ours"),
    "a formula without a value": (SHEET, lambda text: re.sub(r"</f><v>[^<]*</v>", "</f>", text, count=1), "ours"),
    "a formula too long": (SHEET, once("<f>", "<f>" + "1+" * 4100), "ours"),
    "a formula too deep": (SHEET, once("<f>", "<f>" + "IF(" * 65 + "1" + ")" * 65 + "+"), "ours"),
    "a link to nowhere": ("xl/worksheets/sheet2.xml", once("location=\"'东兴社区'!", "location=\"'西兴社区'!"), "ours"),
    "a formula about no sheet": ("xl/worksheets/sheet2.xml", once("<f>'东兴社区'!", "<f>'西兴社区'!"), "ours"),
    "a sheet name too long": (BOOK, once('"学桥街社区"', f'"{"很" * 32}"'), "ours"),
    "a sheet name twice": (BOOK, once('"学桥街社区"', '"东兴社区"'), "both"),
    "a forbidden character": (BOOK, once('"学桥街社区"', '"学桥街：社区"'), "ours"),
    "a print area of another sheet": (BOOK, once(">东兴社区!$", ">学桥街社区!$"), "ours"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_both_checks_can_fail(forms, tmp_path, damage):
    part, change, noticed_by = DAMAGE[damage]
    broken = changed(forms["blank"].data, part, change)
    if noticed_by in ("audit", "both"):
        assert audit(broken, tmp_path, FileFormat.OFFICE_2010)
    if noticed_by in ("ours", "both"):
        assert faults(broken)


# --- nothing dropped --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_xlsxwriter_took_everything_that_it_was_given(forms, kind):
    """It returns a negative number, and no more than that, where it drops a rule, a link or a text."""
    answers = Counter(answer for calls in forms[kind].asked.values() for _, _, answer in calls)
    assert answers.keys() == {0, None} and answers[0] > 200 * len(forms[kind].names)


def test_a_prompt_that_xlsxwriter_would_drop_is_an_error(monkeypatch):
    monkeypatch.setattr("greencomm.forms.issue._LONGEST_PROMPT", PROMPT + 1)
    monkeypatch.setattr("greencomm.forms.issue._quote_line", lambda clause: "长" * PROMPT)
    monkeypatch.setattr("greencomm.forms.issue._PLANS", {})
    with pytest.raises(UserWarning, match="255"):
        issue(ROSTER, {})


def test_no_planned_text_is_cut_short_or_too_long():
    for row, column, rule in sheet_plan(STANDARD).rules_of_entry:
        where = (STANDARD.clauses[row - sheet_plan(STANDARD).rows[0].row].id, column)
        for title in ("input_title", "error_title"):
            assert units(rule.get(title, "")) <= 32, where
        for message in ("input_message", "error_message"):
            assert units(rule.get(message, "")) <= PROMPT and not rule.get(message, "").endswith("…"), where
        assert units(",".join(map(str, rule.get("source", ())))) <= 255, where


def validations(page):
    """Rule by cell, as it stands in the XML."""
    return {rule.get("sqref"): (rule, [formula.text for formula in rule]) for rule in page.all("dataValidation")}


def cell_at(row, column):
    return f"{openpyxl.utils.get_column_letter(column + 1)}{row + 1}"


def area(first_row, first_column, last_row, last_column):
    first, last = cell_at(first_row, first_column), cell_at(last_row, last_column)
    return first if first == last else f"{first}:{last}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_of_entry_of_the_plan_stands_on_every_community_sheet(forms, kind):
    pages = {page.name: validations(page) for page in forms[kind].pages}
    plan = sheet_plan(STANDARD)
    measured = sum(clause.measure is not None for clause in STANDARD.clauses)
    assert len(plan.rules_of_entry) == 2 * len(STANDARD.clauses) + measured
    for name in forms[kind].names.values():
        for row, column, planned in plan.rules_of_entry:
            rule, formulas = pages[name][cell_at(row, column)]
            assert rule.get("promptTitle") == planned["input_title"] and rule.get("prompt") == planned["input_message"]
            assert rule.get("error") == planned.get("error_message")
            if planned["validate"] == "list":
                assert formulas == ['"' + ",".join(map(str, planned["source"])) + '"']
            elif planned["validate"] == "custom":
                assert formulas == [planned["value"].removeprefix("=")]
        assert len(pages[name]) == len(plan.rules_of_entry) + len((Heading.AUTHOR, Heading.DATE, Heading.CLAIM))


@pytest.mark.parametrize("kind", KINDS)
def test_validations_merges_links_and_colours_are_those_that_were_asked_for(forms, kind):
    """Nothing lost between the call and the file, on any sheet, those of another layout included."""
    form = forms[kind]
    counts: Counter[str] = Counter()
    for page in form.pages:
        rules = {area(*arguments[:4]): arguments[4] for arguments in form.calls(page.name, "data_validation")}
        stands = validations(page)
        assert stands.keys() == rules.keys()
        for cell, rule in rules.items():
            found = stands[cell][0]
            shown = [found.get(name) for name in ("promptTitle", "prompt", "errorTitle", "error")]
            assert shown == [rule.get(name) for name in ("input_title", "input_message", "error_title", "error_message")]
        merges = Counter(area(*arguments[:4]) for arguments in form.calls(page.name, "merge_range"))
        assert merges == Counter(merge.get("ref") for merge in page.all("mergeCell"))
        links = {cell_at(*arguments[:2]): arguments[2].removeprefix("internal:") for arguments in form.calls(page.name, "write_url")}
        assert links == {link.get("ref"): link.get("location") for link in page.all("hyperlink")}
        colours = Counter(
            (rule.get("multi_range") or area(*place), str(rule.get("value", rule["criteria"])).removeprefix("="))
            for *place, rule in form.calls(page.name, "conditional_format")
        ) + Counter(form.calls(page.name, "colour"))
        blocks = page.all("conditionalFormatting")
        assert colours == Counter((block.get("sqref"), formula.text) for block in blocks for formula in block.iter(f"{MAIN}formula"))
        counts += Counter(rules=len(rules), merges=len(merges), links=len(links), colours=sum(colours.values()))
    members = len(form.names)
    assert counts["links"] == 2 * members + 1, "to each community, back from each, to the guide"
    assert counts["rules"] > 70 * members and counts["colours"] > 10 * members and counts["merges"] > 5 * members


@pytest.mark.parametrize("kind", KINDS)
def test_print_set_up_and_protection_stand_as_asked(forms, kind):
    form, names = forms[kind], defined_names(forms[kind].data)
    for page in form.pages:
        if page.state != "visible":
            continue
        setup = page.one("pageSetup")
        assert setup["paperSize"] == "9"
        assert setup["orientation"] == ("landscape" if form.calls(page.name, "set_landscape") else "portrait")
        assert page.one("pageSetUpPr") == {"fitToPage": "1"}
        across, down = form.calls(page.name, "fit_to_pages")[-1]
        assert (setup.get("fitToWidth", "1"), setup.get("fitToHeight", "1")) == (str(across), str(down))
        assert page.one("printOptions")["horizontalCentered"] == "1"
        assert page.one("pageMargins")["left"] == str(form.calls(page.name, "set_margins")[-1][0])
        footer = page.all("oddFooter")[0].text
        assert footer == form.calls(page.name, "set_footer")[-1][0] and "第 &P 页" in footer and len(footer) <= 255
        assert names["Print_Area", page.name].rpartition("!")[2].replace("$", "") == area(*form.calls(page.name, "print_area")[-1])
        for (row,) in form.calls(page.name, "repeat_rows"):
            assert names["Print_Titles", page.name].endswith(f"!${row + 1}:${row + 1}")
        asked = [mark for (marks,) in form.calls(page.name, "set_h_pagebreaks") for mark in marks]
        assert [int(mark.get("id")) for mark in page.all("brk")] == asked
        assert page.one("sheetProtection")["sheet"] == "1" and "password" not in page.one("sheetProtection")
        for frozen in form.calls(page.name, "freeze_panes"):
            assert page.one("pane")["ySplit"] == str(frozen[0]) and page.one("pane")["state"] == "frozen"
        if form.calls(page.name, "ignore_errors"):
            assert page.one("ignoredError")["numberStoredAsText"] == "1"
    titled = {sheet for name, sheet in names if name == "Print_Titles"}
    assert titled == {layout.SUMMARY_SHEET, *form.names.values()}


# --- a value for each formula -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_formula_has_a_stored_value_of_its_own_type(forms, kind):
    """An empty text counts; it says so by its type, for a cell without one would be read as 0."""
    empty = 0
    for page in forms[kind].pages:
        formulas = []
        for cell in page.all("c"):
            formula, value = cell.find(f"{MAIN}f"), cell.find(f"{MAIN}v")
            if formula is None:
                continue
            formulas.append((cell.get("r"), formula.text))
            assert value is not None, cell.get("r")
            if cell.get("t") == "str":
                empty += not value.text
            else:
                assert cell.get("t") in (None, "n") and float(value.text) >= 0
        asked = forms[kind].calls(page.name, "write_formula")
        assert sorted(formulas) == sorted((cell_at(row, column), text.removeprefix("=")) for row, column, text, *_ in asked)
        if page.name in forms[kind].names.values():
            # 应扣 and 填报状态 of each clause, 得分 of each item, 合计 and 自评总分.
            assert len(formulas) >= 2 * len(STANDARD.clauses) + len(STANDARD.items) + 2
    assert empty > 0


def table(page) -> dict[str, dict[str, Any]]:
    """Values of a community sheet's table by 条款 and header; an empty cell is an empty text."""
    rows = [["" if cell.value is None else cell.value for cell in row] for row in page.iter_rows()]
    head = next(number for number, row in enumerate(rows) if Column.CLAUSE in row and Column.EVIDENCE in row)
    return {row[rows[head].index(Column.CLAUSE)]: dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]}


@pytest.mark.parametrize("kind", KINDS)
def test_stored_values_are_what_the_live_view_says(forms, kind):
    form = forms[kind]
    book = values(form.data)
    for code, name in form.names.items():
        answers = form.answers.get(code, SheetAnswers()).answers
        rows, view = table(book[name]), live_view(STANDARD, answers)
        for clause in STANDARD.clauses:
            assert (rows[clause.id][Column.DUE], rows[clause.id][Column.STATUS]) == (view.due[clause.id], view.status[clause.id])
        for item in STANDARD.items:
            assert rows[item.clauses[0].id][Column.SCORE] == view.score[item.number]
        assert rows[layout.TOTAL_ROW][Column.SCORE] == view.total
        assert book[name][beside(book[name], Heading.TOTAL)].value == view.total
    summary = book[layout.SUMMARY_SHEET]
    head = next(row for row in summary.iter_rows() if row[0].value == "序号")
    column = {cell.value: cell.column for cell in head}
    for number, code in enumerate(form.names, 1):
        view = live_view(STANDARD, form.answers.get(code, SheetAnswers()).answers)
        row = {title: summary.cell(head[0].row + number, at).value for title, at in column.items()}
        assert row["自评得分"] == view.total and row["已填条款"] == f"{view.filled}/{len(STANDARD.clauses)}"
        assert row["需改正或补充（条）"] == view.open


# --- sheet names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_reader_finds_the_same_sheets(forms, kind):
    form = forms[kind]
    expected = [layout.GUIDE_SHEET, layout.SUMMARY_SHEET, *form.names.values(), layout.META_SHEET]
    assert openpyxl.load_workbook(io.BytesIO(form.data), read_only=True).sheetnames == expected
    assert python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(form.data)).sheet_names == expected
    assert [page.name for page in form.pages] == expected


def test_the_review_knows_each_community_whatever_its_name(forms):
    """The form of names that hold anything comes back as it was issued: every filled sheet counts for its community."""
    form = forms["hostile"]
    result = judge(arrive("楚雄市.xlsx", form.data), roster=form.roster)
    assert {community.community.code for community in result.units[0].green} == form.answers.keys()
    assert {finding.rule for finding in result.findings} <= {"S06", "U01"}, [finding.message for finding in result.findings]


def test_control_characters_of_a_roster_never_reach_a_form(forms):
    names = {member.name for member in forms["hostile"].roster.communities}
    assert "控制符" in names and "居民委员会" in names
    for part, content in parts_of(forms["hostile"].data).items():
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", content), part


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["东兴社区居民委员会"], ["东兴社区"]),
        (["东兴社区居民委员会", "东兴社区"], ["东兴社区", "东兴社区（2）"]),
        (["历史记录居民委员会", "汇总"], ["历史记录（2）", "汇总（2）"]),
        (["甲/乙[1]社区", "甲:乙（1）社区"], ["甲-乙（1）社区", "甲-乙（1）社区（2）"]),
        # The Excel of East Asia refuses full width as well.
        (["甲／乙［1］社区？"], ["甲-乙（1）社区-"]),
        (["'引号'", "’引号’", "中’间"], ["引号", "引号（2）", "中'间"]),
        (["A社区", "a社区", "Ａ社区"], ["A社区", "a社区（2）", "Ａ社区（3）"]),
        (["ß", "SS", "\u212a", "k", "İ", "ı", "I"], ["ß", "SS（2）", "\u212a", "k（2）", "İ", "ı（2）", "I（3）"]),
        (["很" * 40, "很" * 40], ["很" * 31, "很" * 28 + "（2）"]),
        (["𠮷" * 31], ["𠮷" * 15]),
        (["长" * 30 + "𠮷"], ["长" * 30]),
        (["长" * 30 + "'尾"], ["长" * 30]),
        (["'", " "], ["532301101001", "532301101002"]),
        (["_x0041_"], ["-x0041_"]),
    ],
)  # fmt: skip
def test_a_sheet_is_named_after_its_community(given, made):
    assert list(sheet_names(names_roster(given).communities).values()) == made


ALPHABET = st.one_of(
    st.characters(),
    st.characters(categories=["Cs", "Cc", "Cf", "Co"]),
    st.sampled_from("[]:*?/\\［］：＊？／＼￥'’＇ \u3000社区居民委员会历史记录（2）_x0041😀🏘\ufe0f\u200d𠮷\ufffe\uffff\x00\x0b"),
    st.sampled_from("AaＡａİıiIßẞſsSKk\u212aΣσς"),
)
NAMES = st.lists(st.text(ALPHABET, max_size=70) | st.sampled_from(HOSTILE), min_size=1, max_size=12)


@hypothesis.settings(max_examples=400, deadline=None, derandomize=True)
@hypothesis.given(NAMES)
def test_whatever_the_roster_holds_sheet_names_are_legal_unique_and_the_same_again(given):
    """Excel's comparison is unpublished, so names must differ in small letters, in capitals, folded, and in width."""
    communities = names_roster(given).communities
    made = list(sheet_names(communities).values())
    assert len(made) == len(given)
    assert name_faults([layout.GUIDE_SHEET, layout.SUMMARY_SHEET, *made, layout.META_SHEET]) == []
    assert list(sheet_names(communities).values()) == made
    # What stands further down the roster never renames a sheet above it.
    assert list(sheet_names(communities[:-1]).values()) == made[:-1]


def test_the_property_can_fail():
    wrong = ["很" * 32, "𠮷" * 16, "a:b", "a：b", "'a", "a’", "", "a\x0b", "_x0041_", *RESERVED]
    for names in (["a", "A"], ["Ａ", "a"], *([name] for name in wrong)):
        assert name_faults(names), names


# --- LibreOffice ------------------------------------------------------------------------------------------------------


def by_libreoffice(folder, target: str, *files: str) -> None:
    """Open files of ``folder`` and save them as ``target``."""
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", target,
         "--outdir", str(folder / target), *(str(folder / file) for file in files)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip


def kept(page) -> dict[str, Any]:
    """What must survive of a sheet, free of how a program groups it. Frozen panes are of a window, and there is none."""
    rules = {
        f"{openpyxl.utils.get_column_letter(column)}{row}": (rule.type, rule.prompt, rule.error)
        for rule in page.data_validations.dataValidation
        for part in rule.sqref.ranges
        for row, column in part.cells
        if rule.prompt or rule.error
    }
    return {
        "rules": rules,
        "protected": page.protection.sheet,
        "merged": {str(merge) for merge in page.merged_cells.ranges},
        "links": {cell.coordinate: cell.hyperlink.location for row in page.iter_rows() for cell in row if cell.hyperlink},
        "colours": sorted(rule.formula for block in page.conditional_formatting for rule in block.rules),
        "print": (page.print_title_rows, page.print_area, page.page_setup.orientation, page.sheet_properties.pageSetUpPr.fitToPage),
        "breaks": [mark.id for mark in page.row_breaks.brk],
    }


@pytest.mark.office
def test_libreoffice_opens_saves_and_prints_a_form_without_loss(forms, tmp_path):
    kinds = ("filled", "hostile")
    for kind in kinds:
        (tmp_path / f"{kind}.xlsx").write_bytes(forms[kind].data)
    by_libreoffice(tmp_path, "xlsx", *(f"{kind}.xlsx" for kind in kinds))
    for kind in kinds:
        given = openpyxl.load_workbook(io.BytesIO(forms[kind].data))
        saved = openpyxl.load_workbook(tmp_path / "xlsx" / f"{kind}.xlsx")
        assert saved.sheetnames == given.sheetnames
        assert saved[layout.META_SHEET].sheet_state != "visible"
        for name in given.sheetnames[:-1]:
            assert kept(saved[name]) == kept(given[name]), name
            locked = [cell.coordinate for row in given[name].iter_rows() for cell in row if cell.protection.locked]
            assert all(saved[name][cell].protection.locked for cell in locked)
    by_libreoffice(tmp_path, "pdf", "filled.xlsx")
    pages = subprocess.run(["pdftotext", "-layout", str(tmp_path / "pdf" / "filled.pdf"), "-"], capture_output=True, check=True)
    printed = re.sub(r"\s", "", pages.stdout.decode())
    assert all(code in printed for code in forms["filled"].names), "a sheet that was not printed"
    assert "绿色社区创建填报说明" in printed and "绿色社区创建汇总" in printed
