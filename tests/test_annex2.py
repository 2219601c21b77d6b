"""Annex 2: the template true to the notice, its cells found by label, names and figures as the notice asks for them."""

from __future__ import annotations

import dataclasses
import datetime
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import demo
import openpyxl
import pytest
from build_templates import build_annex2

from greencomm import paper
from greencomm.errors import UserError
from greencomm.outputs.annex2 import fill, name_parts, unit_form, write_annex2
from greencomm.outputs.book import provenance
from greencomm.outputs.unit_annex2 import UnitForms
from greencomm.results import RegionResult, UnitResult

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "templates" / "annex2.xlsx"

TEMPLATE_DUMP = """
A1:H1 绿色社区建设任务完成情况汇总表
A2:H2 填报单位：（盖章）
A3:H3 填报时间：
A4:H4 联系人及联系电话：
A5 县（市、区）
B5 2021 年绿色社区名单
C5 2021 年完成数量
D5 2021 年完成比例
E5 2022 年绿色社区名单
F5 2022 年完成数量
G5 2022 年完成比例
H5 合计完成比例
A6 ……
A7 ……
A8 ……
A9 地区
B9 /
E9 /
A10:H10 注：本表由各县市住房城乡建设部门汇总填写，与年度总结评估报告一并于当年 10 月 20 日前上报州住房城乡建设局。
"""

# 楚雄市: 2 of 6 are green, 1/3; 双柏县: 3 of 3; 空县 has no urban community (D-10). Region: 5 of 9.
FILLED_DUMP = """
A1:H1 绿色社区建设任务完成情况汇总表
A2:H2 填报单位：楚雄州住房和城乡建设局（盖章）
A3:H3 填报时间：2021年10月18日
A4:H4 联系人及联系电话：李明  0878-3100000
A5 县（市、区）
B5 2021 年绿色社区名单
C5 2021 年完成数量
D5 2021 年完成比例
E5 2022 年绿色社区名单
F5 2022 年完成数量
G5 2022 年完成比例
H5 合计完成比例
A6 楚雄市
B6 东兴社区居民委员会、学桥街社区居民委员会
C6 2
D6 0.3333 [0.00%]
H6 0.3333 [0.00%]
A7 双柏县
B7 双柏1号社区居民委员会、双柏2号社区居民委员会、双柏3号社区居民委员会
C7 3
D7 1 [0.00%]
H7 1 [0.00%]
A8 空县
C8 0
D8 —
H8 —
A9 牟定县
C9 0
D9 0 [0.00%]
H9 0 [0.00%]
A10 地区
B10 /
C10 5
D10 0.5 [0.00%]
E10 /
H10 0.5 [0.00%]
A11:H11 注：本表由各县市住房城乡建设部门汇总填写，与年度总结评估报告一并于当年 10 月 20 日前上报州住房城乡建设局。
"""


def dump(path: Path) -> str:
    """The one sheet of a workbook as text: address (or merged range), value, format of a number that has one."""
    (sheet,) = openpyxl.load_workbook(path).worksheets
    merges = {merge.start_cell.coordinate: str(merge) for merge in sheet.merged_cells.ranges}
    lines = []
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                form = f" [{cell.number_format}]" if cell.data_type == "n" and cell.number_format != "General" else ""
                lines.append(f"{merges.get(cell.coordinate, cell.coordinate)} {cell.value:{'g' if form else ''}}{form}")
    return "\n" + "\n".join(lines) + "\n"


def prefecture(**words: object) -> RegionResult:
    units = (
        demo.chuxiong(),
        demo.many("532322", "双柏县", 3, 3),
        demo.unit("532399", "空县"),
        demo.many("532323", "牟定县", 1, 0),
    )
    return demo.region(units, **words)  # type: ignore[arg-type]


def written(tmp_path: Path, result: RegionResult, template: Path = TEMPLATE) -> openpyxl.worksheet.worksheet.Worksheet:
    target = tmp_path / "annex2.xlsx"
    write_annex2(target, result, template)
    return openpyxl.load_workbook(target).active


def restyled(tmp_path: Path, change) -> Path:
    """The shipped template after an officer's ``change``."""
    workbook = openpyxl.load_workbook(TEMPLATE)
    change(workbook.active)
    path = tmp_path / "template.xlsx"
    workbook.save(path)
    return path


def test_shipped_template_is_the_notice_s_form(tmp_path, standard):
    assert dump(TEMPLATE) == TEMPLATE_DUMP
    build_annex2(tmp_path / "again.xlsx", standard)
    assert dump(tmp_path / "again.xlsx") == TEMPLATE_DUMP
    sheet = openpyxl.load_workbook(TEMPLATE).active
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")


def test_filled_form(tmp_path):
    write_annex2(tmp_path / "annex2.xlsx", prefecture(), TEMPLATE)
    assert dump(tmp_path / "annex2.xlsx") == FILLED_DUMP


def test_date_and_contact(tmp_path):
    sheet = written(tmp_path, prefecture(form_date=datetime.date(2021, 9, 3), contact="", phone=""))
    assert sheet["A3"].value == "填报时间：2021年9月3日"
    assert sheet["A4"].value == "联系人及联系电话："


def test_sample_is_marked(tmp_path):
    sheet = written(tmp_path, prefecture(sample=True))
    assert sheet["A1"].value == "绿色社区建设任务完成情况汇总表【示例】"
    assert "示例" in sheet.oddHeader.right.text
    real = written(tmp_path, prefecture())
    assert "示例" not in real["A1"].value and not real.oddHeader.right.text


@pytest.mark.parametrize(
    ("green", "urban", "shown"),
    [(1, 7, 0.1429), (2, 3, 0.6667), (1, 32, 0.0313), (1, 160, 0.0063), (1, 800, 0.0013)],
)
def test_ratio_is_rounded_half_up(tmp_path, green, urban, shown):
    # 1/32 = 3.125 % and 1/160 = 0.625 % and 1/800 = 0.125 % lie halfway: 3.13 %, 0.63 %, 0.13 %.
    sheet = written(tmp_path, demo.region([demo.many("532322", "双柏县", urban, green)]))
    assert [sheet[cell].value for cell in ("D6", "H6", "D7", "H7")] == [shown] * 4


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "#REF!", '=HYPERLINK("http://a.b")'])
def test_a_name_is_never_a_formula(tmp_path, name):
    place = demo.community("532301101001", name)
    sheet = written(tmp_path, demo.region([demo.unit("532301", name, [place])]))
    for address in ("A6", "B6"):
        cell = sheet[address]
        assert (cell.value, cell.data_type) == (name, "s")
        assert cell.quotePrefix == (name[0] in "=+-@")


def test_a_name_with_control_characters_shows_them(tmp_path):
    place = demo.community("532301101001", "东\x07兴\ud800社区")
    assert written(tmp_path, demo.region([demo.unit("532301", "楚雄市", [place])]))["B6"].value == "东〔U+0007〕兴〔U+D800〕社区"


def test_same_result_same_bytes_in_every_process(tmp_path):
    code = (
        "import sys, pathlib, demo; from greencomm.outputs.annex2 import write_annex2; "
        "result = demo.region([demo.chuxiong(), demo.many('532322', '双柏县', 200, 200)]); "
        "write_annex2(pathlib.Path(sys.argv[1]), result, pathlib.Path(sys.argv[2]))"
    )
    made = []
    for seed in ("1", "2"):
        target = tmp_path / f"{seed}.xlsx"
        paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": paths, "TZ": f"UTC+{seed}"}
        subprocess.run([sys.executable, "-c", code, str(target), str(TEMPLATE)], check=True, env=environment)
        made.append(target.read_bytes())
    assert made[0] == made[1]
    assert openpyxl.load_workbook(target).properties.modified == datetime.datetime(2021, 10, 18)


# --- lists too long for one row ---------------------------------------------------------------------------------------


def test_a_list_of_200_names_goes_on_in_further_rows(tmp_path):
    sheet = written(tmp_path, demo.region([demo.many("532322", "双柏县", 200, 200), demo.many("532323", "牟定县", 1, 1)]))
    last = next(row for row in range(6, 99) if sheet.cell(row, 1).value == "牟定县") - 1
    parts = [sheet.cell(row, 2).value for row in range(6, last + 1)]
    assert len(parts) > 1
    assert "".join(parts).split("、") == [f"双柏{n}号社区居民委员会" for n in range(1, 201)]
    merged = {str(merge) for merge in sheet.merged_cells.ranges}
    assert {f"{column}6:{column}{last}" for column in "ACDFGH"} <= merged
    for row, text in enumerate(parts, 6):
        needed = paper.height(paper.line_count(text, sheet.column_dimensions["B"].width, 10), 10)
        assert needed <= sheet.row_dimensions[row].height <= paper.MAX_ROW_HEIGHT
        assert sheet.cell(row, 2).alignment.wrap_text
    assert (sheet["C6"].value, sheet.cell(last + 2, 1).value, sheet.cell(last + 2, 3).value) == (200, "地区", 201)


def test_pages_are_numbered_and_headed_only_where_there_are_several(tmp_path):
    one = written(tmp_path, prefecture())
    assert one.oddFooter.center.text is None
    several = written(tmp_path, demo.region([demo.many("532322", "双柏县", 200, 200)]))
    assert several.oddFooter.center.text == "第 &P 页 共 &N 页"
    assert several.print_title_rows == "$5:$5"
    assert (several.page_setup.fitToWidth, several.page_setup.fitToHeight) == (1, 0)


def test_no_part_is_higher_than_a_row_can_be():
    assert name_parts((), 45, 10) == [""]
    assert name_parts(("甲社区", "乙社区"), 45, 10) == ["甲社区、乙社区"]
    for part in name_parts([f"{n}号社区居民委员会" for n in range(1004)], 20, 14):
        assert paper.height(paper.line_count(part, 20, 14), 14) < paper.MAX_ROW_HEIGHT


# --- the forms that units stamp (S-33, S-51) ----------------------------------------------------------------------------


def units_of_all_kinds() -> list[UnitResult]:
    """Units whose forms are laid out alike, and those whose are not: long lists, several pages, no ratio, odd texts."""
    names = ["甲&乙<社区>", '"引号"社区', " 前后空格 ", "东\x07兴", "一行\n两行", "_x000D_"]
    alike = [demo.many(f"5323{n:02d}", f"第{n}县", 12, n) for n in range(10, 13)]
    odd = [demo.unit(f"5324{n:02d}", name, [demo.community(f"5324{n:02d}101001", name)]) for n, name in enumerate(names, 10)]
    formulas = [demo.unit(f"5325{n:02d}", name, [demo.community(f"5325{n:02d}101001", name)]) for n, name in enumerate(["=1+1", "@a", "#REF!"], 10)]
    rest = [
        demo.chuxiong(),
        demo.unit("532399", "空县"),
        demo.many("532326", "无达标县", 3, 0),
        demo.many("532327", "近满行县", 60, 60),
        demo.many("532328", "多行县", 200, 200),
        dataclasses.replace(demo.many("532329", "有联系人县", 2, 1), contact="王芳", phone="0878-3122222"),
        dataclasses.replace(demo.many("532330", "公式联系人县", 2, 1), contact="=1+1", phone="+86"),
    ]
    return [*alike, *odd, *formulas, *rest]


def narrow(sheet: Any) -> None:
    """A list in a narrow column is high: the table takes several pages. Ratios shrink."""
    for column, width in (("B", 14), ("D", 4), ("H", 4)):
        sheet.column_dimensions[column].width = width
    sheet.row_dimensions[1].height = sheet.row_dimensions[9].height = 150


@pytest.mark.parametrize("change", [lambda sheet: None, narrow], ids=["shipped", "narrow"])
@pytest.mark.parametrize("sample", [False, True], ids=["real", "sample"])
def test_a_unit_s_form_is_the_same_as_if_it_were_filled_by_itself(tmp_path, change, sample):
    result, template = demo.region(units_of_all_kinds(), sample=sample), restyled(tmp_path, change)
    forms, numbered = UnitForms(result, template), set()
    for unit in result.units:
        alone = tmp_path / "alone.xlsx"
        fill(alone, unit_form(unit, result), template, provenance(result, "附件2", unit))
        numbered.add(openpyxl.load_workbook(alone).active.oddFooter.center.text)
        forms.write(tmp_path / "among others.xlsx", unit)
        assert (tmp_path / "among others.xlsx").read_bytes() == alone.read_bytes(), unit.unit.name
    assert numbered == {None, "第 &P 页 共 &N 页"}


def test_forms_that_differ_in_texts_and_figures_take_the_template_once(tmp_path, monkeypatch):
    result = demo.region([demo.many(f"5323{n:02d}", f"第{n}县", 12, n) for n in range(10, 13)])
    forms = UnitForms(result, TEMPLATE)
    forms.write(tmp_path / "first.xlsx", result.units[0])
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_: pytest.fail("read again"))
    for unit in result.units[1:]:
        forms.write(tmp_path / f"{unit.unit.code}.xlsx", unit)
    monkeypatch.undo()
    assert dump(tmp_path / "532312.xlsx").split("\n")[13:18] == [
        "A6 第12县", f"B6 {'、'.join(f'第12{n}号社区居民委员会' for n in range(1, 13))}", "C6 12", "D6 1 [0.00%]", "H6 1 [0.00%]",
    ]  # fmt: skip


# --- a template restyled by an officer ----------------------------------------------------------------------------------


def test_row_inserted_above_and_rows_added_below(tmp_path):
    def change(sheet):
        for merge in list(sheet.merged_cells.ranges):
            sheet.unmerge_cells(str(merge))
        sheet.insert_rows(7, 4)
        sheet.insert_rows(1)
        sheet["A1"] = "附件2"

    write_annex2(tmp_path / "annex2.xlsx", prefecture(), restyled(tmp_path, change))
    lines = dump(tmp_path / "annex2.xlsx").split("\n")
    assert lines[1:4] == ["A1 附件2", "A2 绿色社区建设任务完成情况汇总表", "A3 填报单位：楚雄州住房和城乡建设局（盖章）"]
    assert [line for line in lines if "楚雄市" in line or "地区" in line] == ["A7 楚雄市", "A11 地区"]
    assert lines[-2].startswith("A12 注：")


def test_columns_moved(tmp_path):
    def change(sheet):
        for row in range(5, 10):
            cells = [sheet.cell(row, column).value for column in range(1, 9)]
            for column, value in zip((3, 7, 6, 5, 8, 1, 2, 4), cells, strict=True):
                sheet.cell(row, column).value = value

    sheet = written(tmp_path, prefecture(), restyled(tmp_path, change))
    assert [sheet.cell(6, column).value for column in range(1, 9)] == [
        None, None, "楚雄市", 0.3333, 0.3333, 2, "东兴社区居民委员会、学桥街社区居民委员会", None,
    ]  # fmt: skip
    assert [sheet.cell(10, column).value for column in (3, 5, 6, 7, 8)] == ["地区", 0.5, 5, "/", "/"]


def test_more_county_rows_than_units_and_fewer(tmp_path):
    ten = [demo.many(f"5323{n:02d}", f"第{n}县", 2, 1) for n in range(10, 20)]
    sheet = written(tmp_path, demo.region(ten))
    assert [sheet.cell(row, 1).value for row in range(6, 17)] == [*(f"第{n}县" for n in range(10, 20)), "地区"]
    sheet = written(tmp_path, demo.region(ten[:1]))
    assert [sheet.cell(row, 1).value for row in (6, 7)] == ["第10县", "地区"]
    assert sheet["A8"].value.startswith("注：")
    assert "A8:H8" in {str(merge) for merge in sheet.merged_cells.ranges}


def test_style_of_the_first_county_row_and_heights_below_are_kept(tmp_path):
    def change(sheet):
        for cell in sheet[6]:
            cell.font = openpyxl.styles.Font(name="仿宋", size=14)
        sheet.row_dimensions[9].height, sheet.row_dimensions[10].height = 51, 66

    sheet = written(tmp_path, prefecture(), restyled(tmp_path, change))
    assert [(sheet.cell(row, 2).font.name, sheet.cell(row, 2).font.sz) for row in range(6, 10)] == [("仿宋", 14)] * 4
    assert [sheet.row_dimensions[row].height for row in (10, 11)] == [51, 66]
    assert sheet["D6"].number_format == "0.00%"


def test_labels_may_be_written_otherwise(tmp_path):
    def change(sheet):
        sheet["A1"] = "楚雄州绿色社区建设任务\n完成情况汇总表"
        sheet["A2"] = "填报单位: （盖章）"
        sheet["A5"], sheet["B5"], sheet["A9"] = "县(市、区)", "2021年绿色社区\n名单", "地 区"

    sheet = written(tmp_path, prefecture(), restyled(tmp_path, change))
    assert sheet["A2"].value == "填报单位：楚雄州住房和城乡建设局（盖章）"
    assert (sheet["A6"].value, sheet["B6"].value[:4], sheet["A10"].value) == ("楚雄市", "东兴社区", "地 区")


def test_further_sheets_are_left_out(tmp_path):
    def change(sheet):
        sheet.parent.create_sheet("Sheet2", 0)

    target = tmp_path / "annex2.xlsx"
    write_annex2(target, prefecture(), restyled(tmp_path, change))
    assert dump(target) == FILLED_DUMP


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("A1", "绿色社区建设任务完成情况汇总表"),
        ("A2", "填报单位"),
        ("A4", "联系人及联系电话"),
        ("A5", "县（市、区）"),
        ("C5", "2021 年完成数量"),
        ("G5", "2022 年完成比例"),
        ("H5", "合计完成比例"),
        ("A9", "地区"),
    ],
)
def test_a_missing_label_is_named(tmp_path, address, label):
    def change(sheet):
        sheet[address] = None

    with pytest.raises(UserError) as error:
        written(tmp_path, prefecture(), restyled(tmp_path, change))
    assert str(error.value) == f"附件2模板“template.xlsx”中找不到“{label}”，请补上这一格，或恢复原来的模板。"
    assert not (tmp_path / "annex2.xlsx").exists()


def test_a_template_without_county_rows_is_refused(tmp_path):
    with pytest.raises(UserError, match="请至少留一行"):
        written(tmp_path, prefecture(), restyled(tmp_path, lambda sheet: sheet.delete_rows(6, 3)))


def test_a_missing_or_damaged_template_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="找不到附件2模板“none.xlsx”"):
        write_annex2(tmp_path / "a.xlsx", prefecture(), tmp_path / "none.xlsx")
    (tmp_path / "text.xlsx").write_text("文字", encoding="utf-8")
    with pytest.raises(UserError, match="附件2模板“text.xlsx”打不开"):
        write_annex2(tmp_path / "a.xlsx", prefecture(), tmp_path / "text.xlsx")


def test_a_ratio_is_never_clipped_to_hashes(tmp_path):
    """100.00% takes 7 half-width characters: the shipped columns hold it, and in narrower ones it shrinks."""
    all_green = demo.many("532301", "楚雄县", 2, 2)
    for width, shrinks in ((None, False), (6.0, True)):
        template = TEMPLATE
        if width:
            book = openpyxl.load_workbook(TEMPLATE)
            book.active.column_dimensions["D"].width = width
            template = tmp_path / "narrow.xlsx"
            book.save(template)
        write_annex2(tmp_path / "annex2.xlsx", demo.region([all_green]), template)
        page = openpyxl.load_workbook(tmp_path / "annex2.xlsx").active
        assert page["D6"].value == 1 and page["D6"].number_format == "0.00%"
        assert bool(page["D6"].alignment.shrink_to_fit) is shrinks
        assert width or page.column_dimensions["D"].width >= 10
