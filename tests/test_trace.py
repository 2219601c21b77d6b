"""trace.xlsx: from each cell of Annex 2 to the county's own cell, and how often everything was checked.

What the workbook says is followed by reading code of its own: links by their formula, files with openpyxl, sums by hand.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import io
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import demo
import openpyxl
import pytest
import python_calamine
import test_rules
from injections import INJECTIONS
from localities import LOCAL
from office import recalculated
from openxml_audit import FileFormat, OpenXmlValidator
from programme import NEXT_YEAR, Prefecture
from season import BRIDGE, CITY, COUNTY, EAST, ROSTER, TOWN, arrive, clean, form, judge, put, put_heading

from greencomm import batch
from greencomm.coverage import clause_counts, rule_counts
from greencomm.findings import Settled, Settlement
from greencomm.outputs import TEMPLATES
from greencomm.outputs.annex2 import Placed, write_annex2
from greencomm.outputs.trace import write_trace
from greencomm.results import RegionResult
from greencomm.review import answers as answers_review
from greencomm.review import region as region_review
from greencomm.review import rows
from greencomm.review import sheets as sheets_review
from greencomm.review import submissions as submissions_review
from greencomm.rules import CATALOGUE, Scope
from greencomm.standard import SELF_EVALUATION

FIGURES, COMMUNITIES, CLAUSES, SOURCES, FILES, CHECKS = "附件2", "社区", "条款", "条款原文", "文件", "检查次数"
_LINK = re.compile(r"""=HYPERLINK\("#'([^']+)'!A([0-9]+)","[^"]+"\)""")


class Book:
    """A trace read back: rows of a sheet by their headers, links followed."""

    def __init__(self, data: bytes) -> None:
        self.data, self.book = data, openpyxl.load_workbook(io.BytesIO(data))

    def rows(self, sheet: str) -> dict[int, dict[str, object]]:
        """Rows below the sheet's header by their number; the header is the row that is frozen."""
        page = self.book[sheet]
        head = page[page.freeze_panes].row - 1
        titles = [cell.value for cell in page[head]]
        rows = page.iter_rows(min_row=head + 1, values_only=True)
        return {number: dict(zip(titles, row, strict=True)) for number, row in enumerate(rows, head + 1)}

    def checks(self) -> tuple[dict[str, list[object]], dict[str, list[object]]]:
        """Clauses and rules of 检查次数 by their number: what stands right of the number."""
        rows = [list(row) for row in self.book[CHECKS].iter_rows(values_only=True)]
        numbered = [row for row in rows if isinstance(row[0], str)]
        clauses = {str(row[0]): row[1:] for row in numbered if re.fullmatch(r"[0-9]+\.[0-9]+", str(row[0]))}
        return clauses, {str(row[0]): row[1:] for row in numbered if row[0] in CATALOGUE}


def target_of(formula: object) -> tuple[str, int]:
    """Sheet and row to which a link leads."""
    found = _LINK.fullmatch(str(formula))
    assert found, formula
    return found[1], int(found[2])


def traced(result: RegionResult, folder: Path, **options: int) -> tuple[Book, tuple[Placed, ...]]:
    placed = write_annex2(folder / "annex2.xlsx", result, TEMPLATES / "annex2.xlsx")
    write_trace(folder / "trace.xlsx", result, placed, **options)
    return Book((folder / "trace.xlsx").read_bytes()), placed


@pytest.fixture(scope="module")
def sample(shipped, tmp_path_factory):
    """The shipped season's folder, its Annex 2 and its trace; no other output is written."""
    made: list[RegionResult] = []
    options = batch.Options(
        shipped / "input", shipped / "output", shipped / "input" / "roster.xlsx", shipped / "archive", datetime.date(2022, 10, 25)
    )
    with pytest.MonkeyPatch.context() as patch:
        def take(result, *_):
            made.append(result)
            # A whole run; that a file is gone leaves no record of it.
            return None, False

        patch.setattr(batch, "publish", take)
        batch.run(options)
    folder = tmp_path_factory.mktemp("traced")
    trace, _ = traced(made[0], folder)
    return shipped / "input", openpyxl.load_workbook(folder / "annex2.xlsx").active, trace


# --- from Annex 2 to the county's cell ------------------------------------------------------------------------------------


def shown(cell) -> str:
    """A cell of Annex 2 as people see it."""
    if isinstance(cell.value, float) or cell.number_format == "0.00%":
        return f"{(Decimal(repr(cell.value)) * 100).quantize(Decimal('0.01'), ROUND_HALF_UP)}%"
    return str(cell.value)


def test_every_cell_of_annex_2_has_a_row_with_what_it_shows(sample):
    _, page, trace = sample
    told: dict[str, str] = {}
    for row in trace.rows(FIGURES).values():
        told.setdefault(str(row["单元格"]), str(row["显示的内容"]))
    assert told == {cell.coordinate: shown(cell) for row in page.iter_rows() for cell in row if cell.value is not None}


def test_every_ratio_is_the_division_that_it_says(sample):
    _, page, trace = sample
    divisions = 0
    for row in trace.rows(FIGURES).values():
        found = re.search(r"(?:([0-9]+)|（([^）]*)）)÷([0-9]+)＝([0-9.]+%)", str(row["怎样得出"]))
        if not found:
            continue
        part = int(found[1]) if found[1] else sum(map(int, re.findall("[0-9]+", found[2].replace("往年", ""))))
        exact = (Decimal(part) * 100 / Decimal(found[3])).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert found[4] == f"{exact}%" == row["显示的内容"] == shown(page[row["单元格"]])
        divisions += 1
    assert divisions == 11 * 3  # Ten units and the region, two years and both together.


def test_the_region_is_the_sum_of_its_units(sample):
    _, page, trace = sample
    sums = [row for row in trace.rows(FIGURES).values() if row["行"] == "地区" and str(row["栏目"]).endswith("完成数量")]
    assert len(sums) == 2
    for row in sums:
        cells, figures, total = str(row["怎样得出"]).split("；")[0].split("＝")
        assert [page[cell].value for cell in cells.split("＋")] == [int(figure) for figure in figures.split("＋")]
        assert sum(map(int, figures.split("＋"))) == int(total) == page[row["单元格"]].value


def scored(rows: list[dict[str, object]]) -> int:
    """A score from the deductions of 31 clause rows, by the notice: 16 items of 6 points, never below 0, and the award."""
    taken: Counter[str] = Counter()
    for row in rows:
        taken[str(row["条款"]).split(".")[0]] += row["核定扣分"]
    assert set(taken) == {str(item) for item in range(1, 18)}
    return sum(max(0, 6 - taken[str(item)]) for item in range(1, 17)) + min(4, taken["17"])


def test_names_lead_to_communities_clauses_files_and_cells(sample):
    folder, page, trace = sample
    communities, clauses = trace.rows(COMMUNITIES), trace.rows(CLAUSES)
    books: dict[Path, openpyxl.Workbook] = {}
    followed = cells = 0
    for row in trace.rows(FIGURES).values():
        if not re.search("^2022年绿色社区名单.第[0-9]+个$", str(row["栏目"])):
            continue
        sheet, number = target_of(row["来源"])
        community = communities[number]
        assert (sheet, community["社区名称"], community["结论"]) == (COMMUNITIES, row["显示的内容"], "达标")
        assert str(community["社区名称"]) in page[row["单元格"]].value.split("、")
        sheet, first = target_of(community["条款"])
        own = [clauses[number] for number in range(first, first + 31)]
        assert {(each["社区代码"], each["文件"], each["工作表"]) for each in own} == {
            (community["社区代码"], community["文件"], community["工作表"])
        }  # fmt: skip
        assert scored(own) == community["核定得分"] >= 80
        path = folder / str(community["文件"])
        assert hashlib.sha256(path.read_bytes()).hexdigest() == community["文件校验码（sha256）"]
        if path not in books:
            books[path] = openpyxl.load_workbook(path, data_only=True)
        book = books[path]
        for each in own:
            source = book[str(each["工作表"])]
            for title, place in (("实际值（原样）", "实际值格"), ("扣分（原样）", "扣分格")):
                value = source[str(each[place])].value
                assert (value.strip() if isinstance(value, str) else value) == each[title], each
                cells += value is not None
            assert source.cell(source[str(each["扣分格"])].row, 1).value == each["条款"]
        followed += 1
    assert followed == sum(cell.value for cell in page["F"] if isinstance(cell.value, int)) / 2  # Units, and their sum.
    assert cells > followed * 23


def test_counts_and_ratios_lead_to_all_communities_of_the_unit(sample):
    _, page, trace = sample
    communities = trace.rows(COMMUNITIES)
    for row in trace.rows(FIGURES).values():
        if row["行"] in ("地区", "—") or row["栏目"] not in ("2022年完成数量", "合计完成比例"):
            continue
        span = re.search("第([0-9]+)～([0-9]+)行", str(row["来源"]))
        assert span and target_of(row["来源"]) == (COMMUNITIES, int(span[1]))
        first, last = map(int, span.groups())
        own = [communities[number] for number in range(first, last + 1)]
        assert {each["填报单位"] for each in own} == {row["行"]}
        counted = [each for each in own if row["单元格"] in str(each["计入附件2的单元格"]).split("分母")[0]]
        if row["栏目"] == "2022年完成数量":
            assert len(counted) == page[row["单元格"]].value
        else:
            assert all(row["单元格"] in str(each["计入附件2的单元格"]) for each in own)
            assert page[row["单元格"]].value == pytest.approx(len(counted) / len(own), abs=5e-5)
    assert len(communities) == 137


def test_scores_are_told_item_by_item(sample):
    _, _, trace = sample
    told = 0
    for row in trace.rows(COMMUNITIES).values():
        text = str(row["核定得分怎样得出"] or "")
        if not text:
            assert row["核定得分"] == "—"
            continue
        *parts, total = text.split("；")
        ends = [re.search("(?:共|＝)([0-9]+)(?:～([0-9]+))?$", part) for part in parts]
        assert all(ends), text
        sums = sum(int(end[1]) for end in ends), sum(int(end[2] or end[1]) for end in ends)
        assert total == f"合计{row['核定得分']}分"
        assert (f"{sums[0]}" if sums[0] == sums[1] else f"{sums[0]}～{sums[1]}") == str(row["核定得分"])
        told += 1
    assert told == 88


def test_communities_without_a_score_say_why(sample):
    _, _, trace = sample
    clauses = trace.rows(CLAUSES)
    unscored = [row for row in trace.rows(COMMUNITIES).values() if not row["核定得分怎样得出"]]
    assert len(unscored) == 137 - 88
    for row in unscored:
        assert row["为什么"] and row["核定得分"] == "—"
        if row["条款"] == "没有条款行":
            assert row["结论"] in ("未报", "已列入2021年名单")
        else:
            sheet, first = target_of(row["条款"])
            assert str(clauses[first]["怎样得出"]).startswith("没有计分：") and clauses[first]["核定扣分"] == "未定"
    listed = [row for row in unscored if row["结论"] == "已列入2021年名单"]
    assert listed and all("2021年封存档案" in str(row["为什么"]) for row in listed)


def test_closed_years_lead_to_the_archive(sample, shipped):
    _, page, trace = sample
    digest = hashlib.sha256((shipped / "archive" / "2021" / "manifest.json").read_bytes()).hexdigest()
    assert any(digest in str(cell.value) for cell in trace.book[FIGURES]["A"])
    names = [row for row in trace.rows(FIGURES).values() if re.search("^2021年绿色社区名单.第", str(row["栏目"]))]
    register = openpyxl.load_workbook(shipped / "archive" / "2021" / "register.xlsx").active
    entries = {(row[2], row[3]) for row in register.iter_rows(values_only=True)}
    assert len(names) == page["C16"].value
    for row in names:
        code = re.search("代码([0-9]{12})", str(row["怎样得出"]))
        assert code and (code[1], row["显示的内容"]) in entries
    moved = [row for row in names if row["行"] == "禄丰市"]
    assert moved and all(re.search("代码532331[0-9]+，现为.*（532302", str(row["怎样得出"])) for row in moved)


def test_files_are_all_there_with_their_sheets(sample):
    folder, _, trace = sample
    rows = {str(row["文件"]): row for row in trace.rows(FILES).values()}
    assert set(rows) == {path.name for path in folder.iterdir() if path.is_file()}
    for name, row in rows.items():
        assert row["校验码（sha256）"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    taken = sum(int(str(row["从中采用的社区表"]).split("张")[0]) for row in rows.values() if "张" in str(row["从中采用的社区表"]))
    assert taken == 88
    assert rows["roster.xlsx"]["是什么"] == "名册"


def test_clauses_have_their_quotes(sample, standard):
    _, _, trace = sample
    rows = {str(row["条款"]): row for row in trace.rows(SOURCES).values()}
    assert {clause.id: clause.quote for clause in standard.clauses} == {
        clause: row["评分标准（原文）"] for clause, row in rows.items() if "." in clause
    }  # fmt: skip


# --- clause rows ------------------------------------------------------------------------------------------------------------


def city(**changes) -> RegionResult:
    return judge(arrive("楚雄市.xlsx", form(CITY, {EAST.code: clean(**changes)})))


def east(trace: Book, clause: str) -> dict[str, object]:
    return next(row for row in trace.rows(CLAUSES).values() if (row["社区代码"], row["条款"]) == (EAST.code, clause))


@pytest.mark.parametrize(
    ("clause", "answer", "expected"),
    [
        ("8.1", (3, None, None), (3, "3处", None, 2, "3处×1=3，上限2，扣2", "按实际值核定", 2)),
        ("8.1", (3, 1, None), (3, "3处", 1, 2, "3处×1=3，上限2，扣2", "按实际值核定", 1)),
        ("8.1", (None, 1, None), (None, None, 1, 1, "没有实际值，按填报扣1", "按填报扣分", 1)),
        ("8.1", ("若干", 1, None), ("若干", "读不出", 1, 1, "实际值读不出，按填报扣1", "按填报扣分", 1)),
        ("8.1", ("若干", None, None), ("若干", "读不出", None, "未定", "填写的内容不能用；可能扣0～2", "没有核定", "—")),
        ("8.1", (None, None, None), (None, None, None, "未定", "没有填写；可能扣0～2", "没有核定", "—")),
        ("10.1", (0.85, None, None), (0.85, "85%", None, 1, "100%起每低10%为一档，85%低1档×1=1，扣1", "按实际值核定", 1)),
        ("10.1", ("59.9%", None, None), ("59.9%", "59.9%", None, 6, "59.9%低于60%，此项不得分，扣6", "按实际值核定", 6)),
        ("10.1", ("不适用", None, None), ("不适用", "不适用", None, 0, "不适用，不扣分", "按实际值核定", 0)),
        ("14.1", (1, None, None), (1, "1次", None, 3, "应2次，少1次×3=3，扣3", "按实际值核定", 3)),
        ("1.1", (None, 3, None), (None, None, 3, 3, "按填报扣3", "按填报扣分", 3)),
        ("1.2", (None, 0.5, "有"), (None, None, 0.5, "未定", "填写的内容不能用；可能扣0～3", "没有核定", "—")),
        ("17.1", (None, 2, "奖状"), (None, None, 2, 2, "按填报加2", "按填报加分", 2)),
    ],
)  # fmt: skip
def test_a_clause_row_shows_typed_read_and_worked_out(clause, answer, expected, tmp_path):
    trace, _ = traced(city(**{f"c{clause}".replace(".", "_"): answer}), tmp_path)
    row = east(trace, clause)
    titles = ("实际值（原样）", "读作", "扣分（原样）", "核定扣分", "怎样得出", "依据", "申报扣分")
    assert tuple(row[title] for title in titles) == expected


def test_an_items_floor_and_open_points_are_in_the_arithmetic(tmp_path):
    changes = {"c16_1": (None, 3, None), "c16_2": (None, 6, None), "c2_1": (None, None, None), "c17_1": (None, 2, "奖状")}
    trace, _ = traced(city(**changes), tmp_path)
    row = next(row for row in trace.rows(COMMUNITIES).values() if row["社区代码"] == EAST.code)
    assert row["核定得分怎样得出"] == (
        "第1、3、4、5、6、7、8、9、10、11、12、13、14、15项没有扣分，共84；第2项6－0～3（2.1未定0～3）＝3～6；"
        "第16项6－9（16.1扣3，16.2扣6，最低0分）＝0；第17项0＋2（17.1加2）＝2；合计89～92分"
    )  # fmt: skip
    assert (row["核定得分"], row["申报得分"]) == ("89～92", "—")
    assert row["为什么"] == "1条没有核定（2.1），89～92分都有可能，达标线80分；不计入完成数量"


def test_findings_stand_at_their_clause_with_how_they_are_settled(tmp_path):
    result = city(c8_1=(3, 1, None), c8_2=(1, 0, None))
    settled = Settlement(Settled.WAIVED, "现场核实属实", "张三", datetime.date(2021, 10, 15))
    units = tuple(
        dataclasses.replace(unit, findings=tuple(
            dataclasses.replace(finding, settlement=settled) if finding.place.clause == "8.2" else finding for finding in unit.findings
        ))
        for unit in result.units
    )  # fmt: skip
    trace, _ = traced(dataclasses.replace(result, units=units), tmp_path)
    assert re.fullmatch("C07 需核实 扣分与实际值不符：条款8.1.*【新增】", str(east(trace, "8.1")["问题和处理"]))
    assert str(east(trace, "8.2")["问题和处理"]).endswith("【免予处理：现场核实属实（张三，2021-10-15）】")
    assert east(trace, "8.3")["问题和处理"] is None


def test_sheets_that_were_not_taken_show_what_was_typed(tmp_path):
    trace, _ = traced(judge(*test_rules.CASES["S03"][0]()), tmp_path)
    rows = [row for row in trace.rows(CLAUSES).values() if row["社区代码"] == EAST.code and row["条款"] == "1.1"]
    assert [(row["工作表"], row["扣分（原样）"], row["核定扣分"], row["依据"]) for row in rows] == [
        ("东兴社区", 0, "未定", "没有计分"), ("东兴社区 (2)", 3, "未定", "没有计分"),
    ]  # fmt: skip
    row = next(row for row in trace.rows(COMMUNITIES).values() if row["社区代码"] == EAST.code)
    assert row["为什么"] == "有几张答案不同的表，都没有采用；不计入完成数量"


def test_clauses_go_on_on_further_sheets(tmp_path):
    result = judge(arrive("楚雄市.xlsx", form(CITY)), arrive("双柏县.xlsx", form(COUNTY)))
    trace, _ = traced(result, tmp_path, max_clause_rows=70)
    assert trace.book.sheetnames == [FIGURES, COMMUNITIES, CLAUSES, "条款2", SOURCES, FILES, CHECKS]
    for row in trace.rows(COMMUNITIES).values():
        sheet, first = target_of(row["条款"])
        own = [trace.rows(sheet)[number] for number in range(first, first + 31)]
        assert {each["社区代码"] for each in own} == {row["社区代码"]} and scored(own) == row["核定得分"] == 96
    assert (len(trace.rows(CLAUSES)), len(trace.rows("条款2"))) == (62, 31)
    assert trace.book["条款2"].auto_filter.ref == "A4:P35"


# --- the workbook -------------------------------------------------------------------------------------------------------------


def test_a_list_in_several_cells_is_traced_name_by_name(tmp_path):
    trace, placed = traced(demo.region([demo.many("532322", "双柏县", 600, 600)]), tmp_path)
    lists = [each for each in placed if each.names[1]]
    assert len(lists) > 1 and lists[0].names[0] == 0 and lists[-1].names[1] == 600
    assert all(one.names[1] == other.names[0] for one, other in zip(lists, lists[1:], strict=False))
    rows = [row for row in trace.rows(FIGURES).values() if "第" in str(row["栏目"])]
    page = openpyxl.load_workbook(tmp_path / "annex2.xlsx").active
    assert [row["显示的内容"] for row in rows] == "".join(str(page[each.cell].value) for each in lists).split("、")
    assert all(row["显示的内容"] in page[row["单元格"]].value for row in rows)


def test_text_of_counties_and_rosters_stays_text(tmp_path):
    texts = [text for text in INJECTIONS if text.strip()]
    communities = tuple(
        dataclasses.replace(EAST, code=f"532301101{number:03d}", name=text) for number, text in enumerate(texts, 1)
    )
    roster = dataclasses.replace(ROSTER, communities=(*communities, TOWN))
    result = judge(arrive("楚雄市.xlsx", form(CITY, {EAST.code: clean(c1_2=(None, 2, "理由"))})), roster=roster)
    first = next(each for each in result.units[0].communities if each.clauses)
    clauses = tuple(
        each._replace(evidence=text, actual_shown=text, stated_shown=text)
        for each, text in zip(first.clauses, [*texts[:30], "长" * 40_000], strict=True)
    )
    hostile = dataclasses.replace(first, clauses=clauses, file="=cmd()<b>&.xlsx", sheet="=1+1")
    unit = dataclasses.replace(result.units[0], communities=(hostile, *result.units[0].communities[1:]), typed=())
    trace, _ = traced(dataclasses.replace(result, units=(unit, *result.units[1:])), tmp_path)
    for page in trace.book:
        for row in page.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or _LINK.fullmatch(cell.value), (page.title, cell.coordinate)
    names = [row["社区名称"] for row in trace.rows(COMMUNITIES).values()]
    assert "<img src=x onerror=alert(1)>" in names and "=1+1" in names and "=cmd|' /C calc'!A0" in names
    evidence = [row["说明及佐证材料（原样）"] for row in trace.rows(CLAUSES).values()]
    assert evidence[:2] == ["=1+1", "=cmd|' /C calc'!A0"] and len(str(evidence[30])) <= 32_767
    kept = trace.book[CLAUSES]["M5"]
    assert kept.quotePrefix and kept.data_type in ("s", "inlineStr")
    assert validity(trace.data, tmp_path) == []


def validity(data: bytes, folder: Path) -> list[str]:
    path = folder / "looked-at.xlsx"
    path.write_bytes(data)
    return [str(error) for error in OpenXmlValidator(file_format=FileFormat.OFFICE_2010).validate(path).errors]


def test_another_reader_and_a_validator_agree(tmp_path):
    trace, _ = traced(city(c8_1=(3, 1, None), c1_2=(None, 2, "说明")), tmp_path)
    assert validity(trace.data, tmp_path) == []
    other = python_calamine.load_workbook(io.BytesIO(trace.data))
    stored = openpyxl.load_workbook(io.BytesIO(trace.data), data_only=True)
    for page in stored:
        rows = [[cell.value if cell.value is not None else "" for cell in row] for row in page.iter_rows()]
        assert other.get_sheet_by_name(page.title).to_python(skip_empty_area=False) == rows


def test_the_same_result_gives_the_same_bytes(tmp_path):
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.append(traced(city(c8_1=(3, 1, None)), tmp_path / name)[0].data)
    assert made[0] == made[1]


def test_filters_frozen_heads_and_marks(sample):
    _, _, trace = sample
    for name, last in ((FIGURES, "F"), (COMMUNITIES, "N"), (CLAUSES, "P"), (FILES, "K")):
        page = trace.book[name]
        head = page[page.freeze_panes].row - 1
        assert page.auto_filter.ref == f"A{head}:{last}{page.max_row}" and page.freeze_panes.startswith("A")
    for page in trace.book:
        assert "【示例】" in page["A1"].value and "示例" in page.oddHeader.right.text
    assert {each.name: each.value for each in trace.book.custom_doc_props.props}["文件"] == "数据溯源"


def test_a_self_evaluation_and_missing_units_are_traced(tmp_path):
    batch = dataclasses.replace(ROSTER.batch, phase=SELF_EVALUATION)
    roster = dataclasses.replace(ROSTER, batch=batch)
    trace, _ = traced(judge(arrive("楚雄市.xlsx", form(CITY, roster=roster)), roster=roster), tmp_path)
    rows = {row["社区代码"]: row for row in trace.rows(COMMUNITIES).values()}
    assert "自评" in str(trace.book[FIGURES]["A1"].value)
    assert (rows[EAST.code]["结论"], rows[TOWN.code]["结论"]) == ("达标", "未报")
    assert (rows[TOWN.code]["为什么"], rows[TOWN.code]["条款"]) == ("单位没有报送；不计入完成数量", "没有条款行")


def test_nothing_at_all_is_traced_too(tmp_path):
    trace, _ = traced(demo.region([demo.unit("532399", "空县")]), tmp_path)
    assert not any(any(row.values()) for row in trace.rows(COMMUNITIES).values())
    ratio = next(row for row in trace.rows(FIGURES).values() if row["行"] == "空县" and row["栏目"] == "2021年完成比例")
    assert (ratio["显示的内容"], ratio["怎样得出"], ratio["来源"]) == ("—", "名册中没有城市社区，没有比例", None)


@pytest.mark.office
def test_libreoffice_opens_it_and_follows_the_links(tmp_path):
    trace, _ = traced(city(c8_1=(3, 1, None)), tmp_path)
    book = recalculated(trace.data, tmp_path)
    assert book[COMMUNITIES]["J5"].value == "第5～35行" and book[FIGURES]["F5"].value == "社区表第5～6行"
    assert [[cell.value for cell in row] for row in book[CLAUSES].iter_rows(max_col=16)] == [
        [cell.value for cell in row] for row in trace.book[CLAUSES].iter_rows()
    ]  # fmt: skip


# --- how often everything was checked -----------------------------------------------------------------------------------------


def counts(result: RegionResult) -> dict[str, object]:
    return {count.rule.code: count for count in rule_counts(result)}


def test_every_rule_and_clause_has_a_row_that_adds_up(sample, standard):
    clauses, rules = sample[2].checks()
    assert list(clauses) == [clause.id for clause in standard.clauses] and list(rules) == list(CATALOGUE)
    for row in clauses.values():
        asked, measured, stated, deducted, unresolved, absent = row[3:]
        assert asked == measured + stated + unresolved + absent == 137 and deducted <= measured + stated
    for row in rules.values():
        things, applied, hits, silent, findings, why = row[3:]
        gaps = sum(int(number) for number in re.findall("：([0-9]+)(?:；|$)", why))
        assert applied + gaps == things and hits + silent == applied and silent >= 0 and findings >= hits


def test_the_samples_clauses_are_counted_as_its_rows_stand(sample):
    _, _, trace = sample
    clauses, _ = trace.checks()
    rows = [row for row in trace.rows(CLAUSES).values() if row["依据"] != "没有计分"]
    for clause, row in clauses.items():
        own = [each for each in rows if each["条款"] == clause]
        measured, stated, deducted, unresolved, absent = row[4:]
        basis = Counter(each["依据"] for each in own)
        assert (measured, unresolved) == (basis["按实际值核定"], basis["没有核定"])
        assert stated == basis["按填报扣分"] + basis["按填报加分"]
        assert deducted == sum(each["核定扣分"] not in (0, "未定") for each in own)
        assert absent == 137 - len(own)


@pytest.mark.parametrize("code", test_rules.CASES)
def test_counts_fit_in_every_situation(code, monkeypatch):
    result = test_rules.outcome(test_rules.CASES[code][0], monkeypatch)
    found = Counter(finding.rule for finding in result.findings)
    for count in rule_counts(result):
        assert count.findings == found[count.rule.code]
        assert count.applied >= count.hits >= 0 and count.silent >= 0
        assert count.rule.several or count.hits == count.findings
        assert all(number > 0 and why for why, number in count.unchecked)
    for count in clause_counts(result):
        assert count.asked == count.resolved + count.unresolved + count.absent
        assert count.deducted <= count.resolved


def test_every_scope_is_some_rules():
    assert {rule.scope for rule in CATALOGUE.values()} == set(Scope)


THIRD, FOURTH, FIFTH = (dataclasses.replace(EAST, code=f"53230110100{n}", name=f"第{n}社区居民委员会") for n in (3, 4, 5))
WIDE = dataclasses.replace(ROSTER, communities=(EAST, BRIDGE, THIRD, FOURTH, FIFTH, TOWN))


def mixed() -> list:
    """Five communities of 楚雄市: one clean, one with every sort of answer, one blank, one of another year, one without a
    row and without names; a superseded workbook, a foreign one, one that cannot be read; nothing of use from 双柏县."""
    odd = clean(
        c8_1=(3, 1, None), c8_2=(None, 1, None), c8_3=("若干", None, None), c6_2=(1, "一分", None), c13_2=(None, None, None),
        c1_1=(None, "无", None), c1_2=(None, 2, None), c2_1=(None, None, None), c2_2=(None, 2, None), c17_1=(None, 2, None),
    )  # fmt: skip

    def change(book):
        blank = book["第3社区"]
        for row in blank.iter_rows():
            if re.fullmatch(r"[0-9]+\.[0-9]+", str(row[0].value)):
                for header in ("实际值", "扣分", "说明"):
                    put("第3社区", str(row[0].value), header, None)(book)
        put_heading("第4社区", "年度", 2020)(book)
        put_heading("第5社区", "社区名称", None)(book)
        put_heading("第5社区", "申报绿色社区", None)(book)
        put_heading("汇总", "填报单位", None)(book)
        page = book["第5社区"]
        row = next(row[0].row for row in page.iter_rows() if row[0].value == "4.2")
        for cells in list(page.merged_cells.ranges):
            page.unmerge_cells(str(cells))
        page.delete_rows(row)

    first = arrive("第1批.xlsx", form(CITY, roster=WIDE))
    second = arrive("第2批.xlsx", form(CITY, {BRIDGE.code: odd}, change, roster=WIDE, submission=2))
    broken = arrive("双柏县.xlsx", b"x")
    return [first, second, arrive("工资.xlsx", test_rules.other_book()), broken]


def test_counts_of_a_season_worked_out_by_hand():
    count = counts(judge(*mixed(), roster=WIDE))

    def of(code: str) -> tuple[int, int, int]:
        return count[code].things, count[code].applied, count[code].hits

    # Four files: one unreadable; of three workbooks one is foreign, so two are asked for year, phase and unit.
    assert (of("F01"), of("F02"), of("F03"), of("F05")) == ((4, 4, 1), (3, 3, 1), (3, 2, 0), (3, 2, 0))
    # One counts; its 汇总 names no unit; it came without a mail.
    assert (of("F06"), of("F10"), of("U05"), of("U08")) == ((3, 1, 0), (3, 0, 0), (3, 1, 0), (3, 0, 0))
    # Five sheets of one unit, one of them without a name, one blank, one of 2020.
    assert (of("S01"), of("S17"), of("H01"), of("S07"), of("H03")) == ((5, 5, 0), (5, 4, 0), (5, 5, 1), (5, 5, 1), (5, 4, 1))
    # Rows of the table: 5 × 31; the blank sheet's are not looked at, of a missing row only that it is missing.
    assert (of("S09"), of("S12")) == ((155, 124, 1), (155, 123, 0))
    # Six communities × 31 clauses, 8 of them measured; three sheets are scored (93), one row is missing there.
    assert (of("C02"), of("C01")) == ((48, 24, 1), (138, 68, 1))
    # 扣分 decides in 68 rows without 实际值, blank in one of them (2.1), and in 8.2 and 13.2, which is blank; 8.3 cannot be read.
    assert (of("C03"), of("C04")) == ((186, 67, 1), (186, 68, 1))
    # 扣分 beside a value: eight on each of the two clean sheets, four on the other, and 6.2, which cannot be read.
    assert (of("C07"), of("C10")) == ((48, 20, 1), (48, 21, 1))
    # Reasons for deductions within a range: five clauses on three sheets; awards: one each.
    assert (of("C12"), of("C13")) == ((30, 15, 1), (6, 3, 1))
    # Sixteen items that deduct on three sheets; open are 1, 2, 8 and 13 of one, 4 of the other.
    assert of("C14") == (96, 43, 0)
    # Scored as a whole is one community, whose file has no stored totals. All six are of units; only one unit reported.
    assert (of("T02"), of("K01"), of("U04"), of("X01")) == ((12, 0, 0), (6, 1, 0), (6, 5, 0), (6, 3, 0))
    reasons = dict(count["C01"].unchecked)
    assert reasons == {
        "表中没有这一条，或重复的行答案不同": 1, "整张表未填": 23, "表不能用（年度不符或结构被破坏）": 23, "单位的文件未采用": 23,
    }  # fmt: skip
    assert (of("U06"), of("U07")) == ((2, 1, 0), (2, 1, 0))


@pytest.fixture
def every_row_anew(monkeypatch):
    """What is known of a row from other sheets (S-53) is not used: each is looked at."""

    class NothingKnown(set[tuple[int, int]]):
        def __contains__(self, _: object) -> bool:
            return False

    original = rows._facts
    monkeypatch.setattr(rows, "_tables", {})
    monkeypatch.setattr(rows, "_facts", lambda *given: dataclasses.replace(original(*given), silent=NothingKnown()))


@pytest.mark.usefixtures("every_row_anew")
def test_counts_are_those_of_real_evaluations(monkeypatch):
    """The reviewers are wrapped, and count for themselves what they are asked to look at."""
    real: Counter[str] = Counter()

    def count(owner, name, *codes, when=lambda *_: True):
        original = getattr(owner, name)

        def wrapped(*arguments, **words):
            if when(*arguments):
                real.update(codes)
            return original(*arguments, **words)

        monkeypatch.setattr(owner, name, wrapped)

    reviewer, files = answers_review._Reviewer, sheets_review._FileSheets
    blank, fault = 0, 3  # States of an answer.
    count(submissions_review._Sorter, "refusal", "F02")
    count(submissions_review._Sorter, "about", "F11", "F12", "F16", "U05", "S16")
    count(files, "identify", "S01", "S19")
    count(files, "about_parts", "S14", "S15", "S21")
    count(files, "about_heading", "S17", "S18", when=lambda _, sheet, reading: reading.heading["社区名称"].text)
    count(files, "about_blanks", "H03", "H04")
    count(files, "row_of", "S09")
    count(files, "row_of", "S11", "S12", when=lambda _, sheet, rows, clause: rows)
    count(region_review, "review_answers", "X01")
    count(reviewer, "clause", "C02", "C06", "C08", "C09", when=lambda _, clause, *__: clause.measure)
    count(reviewer, "unmeasured", "C01", "C15")
    count(reviewer, "measured", "C07", when=lambda _, __, row, *___: row.stated.state not in (blank, fault))
    count(reviewer, "measured", "C10", when=lambda _, __, row, *___: row.stated.state != blank)
    for located in (lambda reading: reading.total, lambda reading: reading.heading["自评总分"]):
        count(reviewer, "totals", "T01", "T02", when=lambda self, located=located: (
            self.scores.score is not None and answers_review.number_in(located(self.sheet.reading)) is not None
        ))  # fmt: skip
    count(reviewer, "claim", "K01", "K02", when=lambda self: self.scores.score is not None and self.sheet.claimed is not None)
    told: Counter[str] = Counter()
    for situation in (mixed(), test_rules.CASES["S05"][0](), test_rules.CASES["F08"][0](), test_rules.CASES["S11"][0]()):
        real.clear()
        result = judge(*situation, roster=WIDE if len(situation) == 4 else ROSTER)
        counted = counts(result)
        for code in {
            "F02", "F11", "F12", "F16", "U05", "S16", "S01", "S19", "S14", "S15", "S21", "S17", "S18", "H03", "H04", "S09", "S11",
            "S12", "X01", "C02", "C06", "C08", "C09", "C01", "C15", "C07", "C10", "T01", "T02", "K01", "K02",
        }:  # fmt: skip
            assert counted[code].applied == real[code], code
        told += real
    assert min(told.values()) > 0 and told["T01"] and told["C07"] and told["C10"] and told["K01"]


@pytest.mark.usefixtures("every_row_anew")
def test_a_check_that_broke_off_counts_only_what_it_told(monkeypatch):
    original = answers_review._Reviewer.clause

    def crash_at_8_1(self, clause, row, position):
        if clause.id == "8.1":
            raise ZeroDivisionError
        return original(self, clause, row, position)

    monkeypatch.setattr(answers_review._Reviewer, "clause", crash_at_8_1)
    count = counts(city(c1_1=(None, "无", None), c2_1=(None, None, None)))
    assert (count["X01"].applied, count["X01"].hits) == (2, 2)
    assert (count["C01"].applied, count["C01"].hits) == (1, 1) and dict(count["C01"].unchecked)["检查中途出错"] == 2 * 23 - 1
    assert (count["K02"].applied, count["C07"].applied, count["T01"].applied) == (0, 0, 0)


def test_rules_about_earlier_years_are_counted_in_a_second_year(tmp_path):
    prefecture = Prefecture(tmp_path)
    prefecture.receive_all()
    assert prefecture.do(year=2021)[0] in (0, 1)
    assert prefecture.do("close", "--who", "王某", "--accept-open", year=2021)[0] == 0
    assert prefecture.do(year=2022)[0] in (0, 1)
    trace = Book((prefecture.output / "2022-annual" / "trace.xlsx").read_bytes())
    _, rules = trace.checks()

    def of(code: str) -> tuple[object, ...]:
        return tuple(rules[code][3:8])

    # Nine on the list of 2021, five rows of its Annex 2. 西城 was split, 北城 is gone; 东城 and 南城 are one: six are followed.
    assert (of("Y06")[:3], of("Y07")[:3], of("Y09")[:3]) == ((9, 9, 1), (9, 9, 1), (5, 5, 1))
    # 东兴, 学桥街, 彝人, 城关, 元马, 金山 are listed; 学桥街, 彝人 and 元马 sent a sheet.
    assert of("Y01")[:2] == of("Y02")[:2] == (6, 3)
    assert of("Y05")[:2] == (6, 6)
    clauses = [row for row in trace.book[CHECKS].iter_rows(values_only=True) if str(row[0]).startswith("一、条款")]
    assert [re.search("应查([0-9]+)个", str(row[0]))[1] for row in clauses] == ["14", "3"]  # 元谋县 has its own standard.
    absent = {code for code, sheet in NEXT_YEAR.items() if sheet is None}
    rows = {row["社区代码"]: row for row in trace.rows(COMMUNITIES).values()}
    assert all(rows[code]["条款"] == "没有条款行" for code in absent if code in rows)
    assert rows["532328101001"]["标准"] == LOCAL.id
