"""The annual report in Word: its words and figures, its charts, templates as officers edit them, and what may not happen."""

from __future__ import annotations

import dataclasses
import datetime
import io
import json
import posixpath
import re
import shutil
import subprocess
import zipfile
from fractions import Fraction
from pathlib import Path

import demo
import docx
import openpyxl
import pytest
import report_templates
from docx.table import Table
from docx.text.paragraph import Paragraph
from injections import INJECTIONS, UNSAFE
from lxml import etree
from openxml_audit import OpenXmlValidator
from programme import poor
from season import CITY, COUNTY, ROSTER, STANDARD, arrive, clean, form, judge
from test_run import run

from greencomm.cli import main
from greencomm.errors import UserError
from greencomm.intake.opening import open_bytes
from greencomm.outputs import TEMPLATES, assessment, letters, write_outputs
from greencomm.outputs.assessment import REGION, REGION_FILE, UNIT, UNIT_FILE, Assessments
from greencomm.outputs.charts import Chart, ChartData, Series
from greencomm.outputs.letters import attached_roles
from greencomm.outputs.word import Placeholder, WordTemplate
from greencomm.results import RegionResult, UnitState
from greencomm.standard import SELF_EVALUATION

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
REASON = "入选省级绿色社区典型案例"


@pytest.fixture(scope="module")
def season() -> RegionResult:
    """东兴 93 (9.1 costs 3), 学桥街 98 (an award of 2), 东城 78 (six clauses cost 3 each): two of three are green."""
    city = {
        "532301101001": clean(c9_1=(None, 3, None)),
        "532301101002": clean(c17_1=(None, 2, REASON)),
    }
    return judge(
        arrive("楚雄市.xlsx", form(CITY, city)), arrive("双柏县.xlsx", form(COUNTY, {"532322101001": poor()}))
    )


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A copy of the templates to edit."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def reports(result: RegionResult, folder: Path = TEMPLATES) -> Assessments:
    return Assessments(folder, result)


def blocks(data: bytes) -> list[str]:
    """The report as a person reads it: a line for each paragraph, cells of a row with | between them."""
    body = docx.Document(io.BytesIO(data)).element.body
    lines: list[str] = []
    for child in body:
        if child.tag == f"{W}p":
            text = Paragraph(child, None).text
            names = [each.get("descr") for each in child.iter("{*}docPr")]
            lines += [f"[{name}]" for name in names] or ([text] if text.strip() else [])
        elif child.tag == f"{W}tbl":
            lines += [" | ".join(cell.text for cell in row.cells) for row in Table(child, None).rows]
    return lines


def text_of(data: bytes) -> str:
    return "\n".join(blocks(data))


# --- what it says -----------------------------------------------------------------------------------------------------------

EXPECTED = """\
楚雄州2021年绿色社区创建
年度总结评估报告
楚雄州住房和城乡建设局
（2021年10月18日）
按照楚住建城〔2021〕1号文件的要求，楚雄州开展了2021年绿色社区创建年度总结评估，现将情况报告如下。
一、总体情况
名册中的城市社区共3个，由2个单位填报。截至2021年10月18日，收到2个单位的填报工作簿，涉及3个社区。
经审核，本年新达标的社区2个，完成比例66.67%。没有计入的社区中，未达标1个，待核实0个，未填报0个。
核定得分已经确定的社区3个，达标线为80分，得分分布为：75～79分1个、90～94分1个、95～100分1个。
二、目标完成情况
2021年的目标是20.00%，按3个城市社区计算需要1个，现有2个（66.67%），已经达到。
2022年的目标是60.00%，按3个城市社区计算需要2个，现有2个（66.67%），已经达到。
以上是楚雄州整体的目标，各单位的比例只供参考。
[各单位完成比例]
图1　各单位完成比例与目标
三、各县市情况
各填报单位的情况见下表。
表1　各县市完成情况（社区和问题单位：个）
填报单位 | 城市社区 | 已报 | 达标 | 完成比例 | 待核实 | 未达标 | 未填报 | 未改正问题
楚雄市 | 2 | 2 | 2 | 100.00% | 0 | 0 | 0 | 0
双柏县 | 1 | 1 | 0 | 0.00% | 0 | 1 | 0 | 0
合计 | 3 | 3 | 2 | 66.67% | 0 | 1 | 0 | 0
注：未改正问题为退回和需核实的问题中还没有改正、核实或说明的。
四、主要失分
按“楚雄州绿色社区创建标准（试行）”逐条评分的社区3个，各项共扣21分，平均每个社区扣7.00分。扣分最多的条款见下表。
表2　扣分最多的条款
条款 | 名称 | 扣分社区（个） | 共扣（分） | 平均（分） | 平均扣分最多的单位（平均分）
9.1 | 无适老化改造 | 2 | 6 | 2.00 | 双柏县（3.00，已评1个）、楚雄市（1.50，已评2个）
1.1 | 缺文件 | 1 | 3 | 1.00 | 双柏县（3.00，已评1个）
2.1 | 无议事平台 | 1 | 3 | 1.00 | 双柏县（3.00，已评1个）
2.2 | 未开展基层协商 | 1 | 3 | 1.00 | 双柏县（3.00，已评1个）
4.2 | 无整改计划 | 1 | 3 | 1.00 | 双柏县（3.00，已评1个）
9.2 | 无无障碍设施 | 1 | 3 | 1.00 | 双柏县（3.00，已评1个）
注：平均为已评社区平均每个扣的分。
[各项平均扣分]
图2　各项平均每个社区扣的分
五、典型做法
1．楚雄市学桥街社区，核定得分98分，其中加2分。说明及佐证：入选省级绿色社区典型案例。
2．楚雄市东兴社区，核定得分93分。
六、存在问题和下一步工作
（一）存在问题
审核发现的问题都已改正、核实或说明。
过期未报“实施方案”的单位有2个：楚雄市、双柏县。
过期未报“试点社区”的单位有2个：楚雄市、双柏县。
过期未报“创建成果名单”的单位有2个：楚雄市、双柏县。
最接近达标的社区见下表。
表3　最接近达标的社区
单位 | 社区 | 结论 | 得分 | 达标线 | 还差（分） | 待核实和扣分最多的条款
双柏县 | 东城社区 | 未达标 | 78 | 80 | 2 | 1.1 缺文件扣3；2.1 无议事平台扣3；2.2 未开展基层协商扣3；另有3条
（二）下一步工作
督促有关单位补齐过期未报的材料。
对最接近达标的社区逐个指导，对照扣分的条款补齐短板。
总结推广典型做法，巩固创建成果。
附件：1．绿色社区建设任务完成情况汇总表（annex2.xlsx）
楚雄州住房和城乡建设局
2021年10月18日"""


def test_the_regions_report_says_what_was_worked_out_by_hand(season) -> None:
    data = reports(season).region([("绿色社区建设任务完成情况汇总表", "annex2.xlsx")])
    lines = blocks(data)
    assert lines[-1].startswith(f"数据来源：标准chuxiong-2021（校验码{STANDARD.sha256[:8]}），输入数据校验码{season.input_sha256[:12]}，")
    assert "\n".join(lines[:-1]) == EXPECTED


EXPECTED_UNIT = """\
双柏县2021年绿色社区创建
年度总结评估报告
楚雄州住房和城乡建设局：
按照楚住建城〔2021〕1号文件的要求，双柏县开展了2021年绿色社区创建年度总结评估，现将情况报告如下。
一、总体情况
名册中的城市社区共1个。截至2021年10月18日，已报送1个社区的填报表。
经审核，本年新达标的社区0个，完成比例0.00%。没有计入的社区中，未达标1个，待核实0个，未填报0个。
核定得分已经确定的社区1个，达标线为80分，得分分布为：75～79分1个。
[社区结论]
图1　社区结论（个）
二、目标完成情况
按楚雄州的目标计算（供参考），2021年的目标是20.00%，按1个城市社区计算需要1个，现有0个（0.00%），还差1个。
按楚雄州的目标计算（供参考），2022年的目标是60.00%，按1个城市社区计算需要1个，现有0个（0.00%），还差1个。
楚雄州3个城市社区，本年完成比例66.67%。
三、各社区情况
表1　各社区情况
序号 | 社区 | 乡镇（街道） | 结论 | 核定得分 | 自报得分 | 待核实和扣分最多的条款
1 | 东城社区 | 妥甸镇 | 未达标 | 78 | 78 | 1.1 缺文件扣3；2.1 无议事平台扣3；另有4条
四、主要失分
按“楚雄州绿色社区创建标准（试行）”逐条评分的社区1个，各项共扣18分，平均每个社区扣18.00分。扣分最多的条款见下表。
表2　扣分最多的条款
条款 | 名称 | 扣分社区（个） | 共扣（分） | 平均（分） | 楚雄州平均（分）
1.1 | 缺文件 | 1 | 3 | 3.00 | 1.00
2.1 | 无议事平台 | 1 | 3 | 3.00 | 1.00
2.2 | 未开展基层协商 | 1 | 3 | 3.00 | 1.00
4.2 | 无整改计划 | 1 | 3 | 3.00 | 1.00
9.1 | 无适老化改造 | 1 | 3 | 3.00 | 2.00
9.2 | 无无障碍设施 | 1 | 3 | 3.00 | 1.00
注：平均为已评社区平均每个扣的分。
[各项平均扣分]
图2　各项平均每个社区扣的分
五、典型做法
暂无。
六、存在问题和下一步工作
（一）存在问题
审核发现的问题都已改正、核实或说明。
过期未报的材料有：实施方案、试点社区、创建成果名单。
最接近达标的社区见下表。
表3　最接近达标的社区
社区 | 结论 | 得分 | 达标线 | 还差（分） | 待核实和扣分最多的条款
东城社区 | 未达标 | 78 | 80 | 2 | 1.1 缺文件扣3；2.1 无议事平台扣3；2.2 未开展基层协商扣3；另有3条
（二）下一步工作
补齐过期未报的材料。
对最接近达标的社区逐个指导，对照扣分的条款补齐短板。
巩固创建成果，继续开展绿色社区创建。
双柏县（盖章）
2021年　　月　　日"""


def test_a_units_report_says_what_was_worked_out_by_hand(season) -> None:
    assert "\n".join(blocks(reports(season).unit(season.units[1]))[:-1]) == EXPECTED_UNIT


def test_the_self_evaluation_is_called_so_and_not_the_last_word(season) -> None:
    result = dataclasses.replace(season, phase=SELF_EVALUATION)
    for text in (text_of(reports(result).region()), text_of(reports(result).unit(result.units[0]))):
        assert "自评总结评估报告" in text and "绿色社区创建自评，现将" in text
        assert "以上是自评阶段的结果，最终结果以年度总结为准。" in text
        assert "年度总结评估" not in text.split("一、总体情况")[0]


def test_who_sent_nothing_or_nothing_usable_is_named(season) -> None:
    absent = demo.unit("532301", "楚雄市", [demo.community("532301101001", "东兴社区居民委员会", demo.MISSING)], state=UnitState.MISSING)
    refused = demo.unit("532322", "双柏县", [demo.community("532322101001", "东城社区居民委员会", demo.MISSING)], state=UnitState.REJECTED)
    none = demo.unit("532323", "牟定县", [])
    result = demo.region([absent, refused, none])
    text = text_of(reports(result).region())
    assert "尚未报送的单位有1个：楚雄市。" in text
    assert "需要重新报送的单位有1个：双柏县。" in text
    assert "楚雄市（未报） | 1 | 0 | 0 | 0.00%" in text and "牟定县 | 0 | 0 | 0 | —" in text
    assert "还没有逐条评分的社区。" in text and "各项平均扣分" not in text and "表2" not in text
    assert "没有收到填报工作簿。" in text_of(reports(result).unit(absent))
    assert "报来的文件不能采用，需要重新报送。" in text_of(reports(result).unit(refused))
    assert "名册中没有需要填报的城市社区。" in text_of(reports(result).unit(none))


def test_no_word_is_a_programs(season) -> None:
    for data in (reports(season).region(), *map(reports(season).unit, season.units)):
        assert not re.findall(r"None|True|False|Undefined|\{|\}|green|pending|missing", text_of(data))


def test_the_templates_hold_no_figure_of_their_own() -> None:
    for name in (REGION_FILE, UNIT_FILE):
        words = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text_of((TEMPLATES / name).read_bytes()))
        assert re.findall(r"[0-9]+", re.sub(r"[图表][0-9]", "", words)) == []


def test_every_placeholder_that_is_explained_is_filled_and_no_other(season, monkeypatch) -> None:
    given = []
    monkeypatch.setattr(WordTemplate, "fill", lambda self, values, charts, **known: given.append((values, charts)) or b"")
    made = reports(season)
    made.region([("附件", "a.xlsx")])
    made.unit(season.units[1], [("附件", "a.xlsx")])
    for (values, charts), known, names in zip(
        given, (REGION, UNIT), (assessment.REGION_CHARTS, assessment.UNIT_CHARTS), strict=True
    ):
        assert values.keys() == {each.name for each in known}
        assert set(charts) == set(names)
        for each in known:
            rows = values[each.name]
            if each.fields and rows:
                assert rows[0].keys() == {field.name for field in each.fields}, each.name
            assert isinstance(rows, list) if each.fields else type(rows) is type(each.example), each.name


def _listed(result: RegionResult, place: int, number: int, **changed: object) -> RegionResult:
    """The season with one community on the list of 2020."""
    units = list(result.units)
    members = list(units[place].communities)
    members[number] = dataclasses.replace(members[number], listed=2020, **changed)
    units[place] = dataclasses.replace(units[place], communities=tuple(members))
    return dataclasses.replace(result, units=tuple(units))


def test_who_fell_short_of_an_earlier_list_is_named_and_the_received_add_up(season) -> None:
    """学桥街 (98) and 东城 (78) are on an earlier list: of 3 received 1 is newly green, 2 came again, 1 of them below 80."""
    result = _listed(_listed(season, 0, 1), 1, 0)
    text = text_of(reports(result).region())
    assert (
        "加上往年名单上的2个，合计3个，合计完成比例100.00%。"
        "已报的3个中，本年新达标1个，未达标0个，待核实0个，往年名单上再次填报的2个（其中复核不达标1个）。"
    ) in text
    assert "往年名单上的社区中，本年复核不达标的有1个：双柏县东城社区（78分）。它们仍保留在名单上、计入合计，" in text
    assert "核实复核不达标社区得分下降的原因，督促整改。" in text
    assert "合计达标 | 合计比例" in text and "注：合计达标为往年名单上的和" in text
    assert "本年复核不达标的有1个：东城社区（78分）。" in text_of(reports(result).unit(result.units[1]))
    assert "复核不达标" not in text_of(reports(result).unit(result.units[0]))


def test_a_first_year_says_nothing_of_earlier_lists(season) -> None:
    for result in (season, dataclasses.replace(season, phase=SELF_EVALUATION)):
        text = text_of(reports(result).region())
        assert text.count("合计") == text.count("\n合计 | 3 | 3 |") == 1
        assert "往年" not in text and "复核不达标" not in text and "本年新达标 |" not in text


def _best(code: str, name: str, scores: list[int], season: RegionResult, evidence: str = "") -> object:
    """A unit whose communities have these scores; the first has an award of 2 with its ``evidence``."""
    base, plain = season.units[0].communities[1], season.units[0].communities[0]
    members = [
        dataclasses.replace(
            base if evidence and number == 0 else plain,
            community=dataclasses.replace(base.community, name=f"{name}{number}社区居民委员会", code=f"{code}{number}"),
            lowest=score, highest=score,
        )
        for number, score in enumerate(scores)
    ]  # fmt: skip
    unit = dataclasses.replace(season.units[0].unit, code=code, name=name)
    return dataclasses.replace(season.units[0], unit=unit, communities=tuple(members), findings=())


def test_examples_with_evidence_come_first_two_of_a_unit_and_equals_are_counted(season) -> None:
    """甲 has three of 99 (two may stand), 乙 one of 85 with evidence and one of 99, 丙 two of 90: the first is the one with
    evidence; 甲's third has the score of the others."""
    units = (
        _best("1", "甲", [99, 99, 99], season), _best("2", "乙", [85, 99], season, REASON), _best("3", "丙", [90, 90], season)
    )  # fmt: skip
    result = dataclasses.replace(season, units=units)
    text = text_of(reports(result).region()).split("五、典型做法\n")[1].split("\n六、")[0].split("\n")
    assert [line.split("，")[0] for line in text[:-1]] == ["1．乙乙0社区", "2．甲甲0社区", "3．甲甲1社区", "4．乙乙1社区", "5．丙丙0社区"]
    # Left: 甲's third (99) and 丙's second (90), each with the score of one that stands.
    assert text[-1] == "另有2个社区得分相同，没有列出。"


# --- the run ----------------------------------------------------------------------------------------------------------------


def test_a_run_writes_one_for_the_region_and_one_for_each_unit_with_the_figures_of_result_json(shipped, tmp_path) -> None:
    """Of the sample; each is valid, and says that it is one."""
    folders = ("--input", shipped / "input", "--output", tmp_path / "output", "--archive", shipped / "archive")
    status, _, err = run(*folders, "--date", "2022-10-25", cwd=shipped)
    assert status == 1, err
    sample = tmp_path / "output" / "2022-annual"
    document = json.loads((sample / "result.json").read_text(encoding="utf-8"))
    made = {each["unit"]: each["path"] for each in document["outputs"] if each["role"] == "assessment"}
    assert made.keys() == {None, *(unit["code"] for unit in document["units"])}
    assert made[None] == "assessment.docx" and made["532301"] == "units/楚雄市/楚雄市_总结评估报告.docx"

    def shown(ratio: str) -> str:
        return f"{float(ratio):.2%}"

    region, text = document["region"], text_of((sample / "assessment.docx").read_bytes())
    assert f"本年新达标的社区{region['green']}个，完成比例{shown(region['completion_ratio'])}。" in text
    assert f"合计{region['combined']}个，合计完成比例{shown(region['combined_ratio'])}。" in text
    for unit in document["units"]:
        own = text_of((sample / made[unit["code"]]).read_bytes())
        assert f"本年新达标的社区{len(unit['green'])}个，完成比例{shown(unit['completion_ratio'])}。" in own
        assert f"| {len(unit['green'])} | {shown(unit['completion_ratio'])} |" in next(
            line for line in text.split("\n") if line.startswith(unit["name"])
        )
    assert "附件：1．绿色社区建设任务完成情况汇总表（annex2.xlsx）\n　　　2．绿色社区创建报送台账（报送台账.xlsx）" in text
    found = sorted(sample.rglob("*.docx"))
    assert len(found) == 11
    for path in found:
        assert [str(error) for error in OpenXmlValidator(max_errors=0).validate(path).errors] == []
        assert blocks(path.read_bytes())[0] == "【示例】数据为虚构，不作为上报依据"
        assert docx.Document(str(path)).core_properties.title.endswith("【示例】")


def test_no_letter_takes_the_report_along(season, tmp_path) -> None:
    for unit in season.units:
        assert "assessment" not in attached_roles(unit)
    made = list(write_outputs(tmp_path, season))
    mails = [tmp_path / each.path for each in made if each.role == "mail"]
    assert mails and not any(b"wordprocessingml" in mail.read_bytes() for mail in mails)


def test_our_own_report_among_what_came_is_no_submission(season) -> None:
    arrival = arrive("双柏县.xlsx", form(COUNTY))
    arrival = dataclasses.replace(arrival, path="双柏县_总结评估报告.docx", form=None)
    open_bytes(arrival, reports(season).unit(season.units[1]), STANDARD)
    assert (arrival.ignored, arrival.refused) == ("这是本程序生成的结果（总结评估报告），不是报送的工作簿", None)


def test_the_same_input_gives_the_same_bytes_and_the_days_of_the_run(season) -> None:
    first, again = reports(season), reports(season)
    assert first.region() == again.region() and first.unit(season.units[0]) == again.unit(season.units[0])
    properties = docx.Document(io.BytesIO(first.region())).core_properties
    assert properties.created.replace(tzinfo=None) == properties.modified.replace(tzinfo=None) == datetime.datetime(2021, 10, 18)
    assert properties.title == "楚雄州2021年绿色社区创建年度总结评估报告" and properties.author == "楚雄州住房和城乡建设局"
    custom = zipfile.ZipFile(io.BytesIO(first.region())).read("docProps/custom.xml").decode()
    assert STANDARD.sha256 in custom and season.input_sha256 in custom and "总结评估报告" in custom


def test_a_units_report_names_all_input_since_it_compares_with_the_region(season) -> None:
    custom = zipfile.ZipFile(io.BytesIO(reports(season).unit(season.units[0]))).read("docProps/custom.xml").decode()
    assert season.input_sha256 in custom


# --- the form of an official document -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [REGION_FILE, UNIT_FILE])
def test_the_page_is_that_of_gb_t_9704(name) -> None:
    document = docx.Document(str(TEMPLATES / name))
    section = document.sections[0]
    margins = {side: round(getattr(section, f"{side}_margin").mm) for side in ("top", "left", "right", "bottom")}
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert margins == {"top": 37, "left": 28, "right": 26, "bottom": 35}
    styles = {style.name: style for style in document.styles}
    fonts = {key: styles[key].element.find(f".//{W}rFonts").get(f"{W}eastAsia") for key in ("Title", "Heading 1", "Heading 2")}
    assert fonts == {"Title": "方正小标宋简体", "Heading 1": "黑体", "Heading 2": "楷体_GB2312"}
    assert styles["Title"].font.size.pt == 22 and styles["Heading 1"].font.size.pt == 16
    assert 28 <= styles["Normal"].paragraph_format.line_spacing.pt <= 29
    xml = zipfile.ZipFile(TEMPLATES / name)
    settings, odd, even = (xml.read(f"word/{part}.xml").decode() for part in ("settings", "footer1", "footer2"))
    assert "evenAndOddHeaders" in settings and '"right"/>' in odd and '"left"/>' in even
    assert all("— " in footer and " PAGE " in footer and " —" in footer for footer in (odd, even))
    table = xml.read("word/fontTable.xml").decode()
    assert re.search('"仿宋_GB2312"><w:altName w:val="仿宋,', table) and re.search('"楷体_GB2312"><w:altName w:val="楷体,', table)


def test_tables_repeat_their_head_and_keep_rows_whole(season) -> None:
    for table in docx.Document(io.BytesIO(reports(season).region())).tables:
        rows = table._tbl.findall(f"{W}tr")
        assert rows[0].find(f"{W}trPr/{W}tblHeader") is not None
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)


def test_the_shipped_templates_are_what_the_tool_draws(tmp_path) -> None:
    report_templates.build_region(tmp_path / "a.docx")
    report_templates.build_unit(tmp_path / "b.docx")
    assert (tmp_path / "a.docx").read_bytes() == (TEMPLATES / REGION_FILE).read_bytes()
    assert (tmp_path / "b.docx").read_bytes() == (TEMPLATES / UNIT_FILE).read_bytes()


@pytest.mark.office
def test_writer_opens_it_and_shows_all_of_it(season, tmp_path) -> None:
    (tmp_path / "a.docx").write_bytes(reports(season).region())
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "a.docx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    text = subprocess.run(["pdftotext", str(tmp_path / "a.pdf"), "-"], check=True, capture_output=True, timeout=60).stdout.decode()
    joined = re.sub(r"\s+", "", text)
    for words in ("楚雄州2021年绿色社区创建", "双柏县（3.00，已评1个）", "图2各项平均每个社区扣的分", "—1—", "2022年目标（60.00%）"):
        assert words.replace(" ", "") in joined


# --- charts -----------------------------------------------------------------------------------------------------------------


def charts_of(data: bytes) -> dict[str, tuple[list[tuple[str, list[str], list[str | None]]], list[list[object]]]]:
    """Of each chart by its 替代文字: (name, categories, values) of its series as drawn, and the rows of its workbook."""
    packed = zipfile.ZipFile(io.BytesIO(data))

    def links(part: str) -> dict[str, str]:
        folder, name = posixpath.split(part)
        root = etree.fromstring(packed.read(f"{folder}/_rels/{name}.rels"))
        return {each.get("Id"): posixpath.normpath(posixpath.join(folder, each.get("Target"))) for each in root}

    found = {}
    for inline in etree.fromstring(packed.read("word/document.xml")).iter("{*}inline"):
        part = links("word/document.xml")[inline.find(f".//{C}chart").get(f"{R}id")]
        root = etree.fromstring(packed.read(part))
        series = []
        for ser in root.iter(f"{C}ser"):
            values = {int(point.get("idx")): point.findtext(f"{C}v") for point in ser.iterfind(f"{C}val//{C}pt")}
            categories = [each.text for each in ser.iterfind(f"{C}cat//{C}v")]
            series.append((ser.findtext(f"{C}tx//{C}v"), categories, [values.get(n) for n in range(len(categories))]))
        relation = root.find(f"{C}externalData").get(f"{R}id")
        workbook = openpyxl.load_workbook(io.BytesIO(packed.read(links(part)[relation])))
        assert [sheet.title for sheet in workbook] == ["数据"]
        found[inline.find("{*}docPr").get("descr")] = (series, [list(row) for row in workbook["数据"].iter_rows(values_only=True)])
    return found


def test_the_regions_chart_has_a_bar_for_each_unit_and_a_line_for_each_target(season) -> None:
    series, _ = charts_of(reports(season).region())["各单位完成比例"]
    units = ["楚雄市", "双柏县"]
    assert series == [
        ("完成比例", units, ["1.0000", "0.0000"]),
        ("2021年目标（20.00%）", units, ["0.2000", "0.2000"]),
        ("2022年目标（60.00%）", units, ["0.6000", "0.6000"]),
    ]


def test_points_lost_by_item_are_averages_and_leave_out_what_only_adds(season) -> None:
    [(name, items, values)], _ = charts_of(reports(season).region())["各项平均扣分"]
    assert name == "楚雄州" and len(items) == 16 and items[7] == "8 社区停车秩序规范"
    # 9.1 cost two communities 3 and 9.2 one of them 3 more: 9 of three communities.
    assert [values[number - 1] for number in (1, 2, 3, 4, 9)] == ["1.00", "2.00", "0.00", "1.00", "3.00"]
    own, region = charts_of(reports(season).unit(season.units[0]))["各项平均扣分"][0]
    assert (own[0], own[2][8], region[0], region[2][8]) == ("楚雄市", "1.50", "楚雄州", "3.00")


def test_what_is_edited_is_what_is_drawn(season) -> None:
    for data in (reports(season).region(), *map(reports(season).unit, season.units)):
        charts = charts_of(data)
        assert len(charts) == 2
        for series, (head, *rows) in charts.values():
            assert head[1:] == [name for name, _, _ in series]
            for column, (_, categories, values) in enumerate(series, 1):
                assert [row[0] for row in rows] == categories
                assert [row[column] for row in rows] == [None if value is None else float(value) for value in values]


def test_a_unit_with_its_own_standard_is_compared_with_nobody(season) -> None:
    own = dataclasses.replace(STANDARD, id="own", title="本地标准")
    city = dataclasses.replace(season.units[0], own_standard=own)
    result = dataclasses.replace(season, units=(city, season.units[1]))
    series, _ = charts_of(reports(result).unit(city))["各项平均扣分"]
    assert [name for name, _, _ in series] == ["楚雄市"]
    text = text_of(reports(result).region())
    assert "逐条评分的社区1个，各项共扣18分" in text
    assert "楚雄市按本地的“本地标准”评分（达标线80分），没有并入上面的数字：已评社区2个，扣分最多的是9.1 无适老化改造（1个社区，共扣3分）。" in text


def test_of_many_units_the_chart_shows_those_with_the_lowest_ratio_and_says_so() -> None:
    units = [demo.many(f"5323{n:02d}", f"第{n}县", 4, n % 5) for n in range(40)]
    data = reports(demo.region(units)).region()
    series, _ = charts_of(data)["各单位完成比例"]
    # Ratios go 0, ¼, ½, ¾, 1 and again: of 40 units 32 have at most ¾; of the last eight the first six are shown.
    expected = [f"第{n}县" for n in range(40) if n % 5 < 3 or (n % 5 == 3 and n < 30)]
    assert len(expected) == 30 and series[0][1] == expected
    text = text_of(data)
    assert "有城市社区的单位共40个，图中只列合计完成比例最低的30个，全部单位见各县市情况表。" in text
    assert sum(line.startswith("第") for line in text.split("\n")) == 40


def test_a_chart_keeps_the_officers_look_and_takes_more_or_fewer_series() -> None:
    packed = zipfile.ZipFile(TEMPLATES / REGION_FILE)
    restyled = packed.read("word/charts/chart1.xml").replace(b"C77700", b"123456")
    chart = Chart(restyled)
    for count in (0, 1, 2, 3, 4, 5):
        data = ChartData(("甲", "乙"), tuple(Series(f"第{n}", (Fraction(1, 3), None), 4, "0.00%") for n in range(count)))
        root = etree.fromstring(chart.fill(data))
        assert [ser.findtext(f"{C}tx//{C}v") for ser in root.iter(f"{C}ser")] == [f"第{n}" for n in range(count)]
        assert [ser.find(f"{C}idx").get("val") for ser in root.iter(f"{C}ser")] == [str(n) for n in range(count)]
        assert [each.text for ser in root.iter(f"{C}ser") for each in ser.iterfind(f"{C}val//{C}v")] == ["0.3333"] * count
        assert (b"123456" in chart.fill(data)) is (count > 1)
        bars, lines = root.find(f".//{C}barChart"), root.find(f".//{C}lineChart")
        assert (len(bars.findall(f"{C}ser")), len(lines.findall(f"{C}ser"))) == (min(count, 1), max(count - 1, 0))


# --- templates that officers edit ---------------------------------------------------------------------------------------------


def edit(path: Path, old: str, new: str, part: str = "word/document.xml") -> None:
    """Replace the first ``old`` in a part of a document, as Word would have written it."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    text = parts[part].decode()
    assert old in text
    parts[part] = text.replace(old, new, 1).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)


def refusal(result: RegionResult, folder: Path) -> str:
    with pytest.raises(UserError) as error:
        reports(result, folder)
    assert error.value.exit_status == 2
    return str(error.value)


RUN = '</w:t></w:r><w:proofErr w:type="spellStart"/><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{{ 地区 }}{{", f"{{{{ 地{RUN}区 }}}}{{{{"),
        ("{{ 地区 }}{{", f"{{{RUN}{{ {RUN}地区{RUN} }}{RUN}}}{{{{"),
        ("{% if 往年名单数 %}", f"{{{RUN}% if 往年{RUN}名单数 %{RUN}}}"),
        ("行.状态 != '已报'", "行.状态 != ‘已报’"),
        ("行.状态 != '已报'", "行.状态 != “已报”"),
    ],
)
def test_word_may_cut_placeholders_into_pieces(season, templates, old, new) -> None:
    edit(templates / REGION_FILE, old, new)
    assert blocks(reports(season, templates).region())[:-1] == blocks(reports(season).region())[:-1]


def test_an_officers_words_and_look_come_into_the_report(season, templates) -> None:
    edit(templates / REGION_FILE, "现将情况报告如下", "现将{{ 合计数 }}个社区的有关情况汇报如下")
    edit(templates / REGION_FILE, 'w:eastAsia="方正小标宋简体"', 'w:eastAsia="华文中宋"', "word/styles.xml")
    data = reports(season, templates).region()
    assert 'w:eastAsia="华文中宋"' in zipfile.ZipFile(io.BytesIO(data)).read("word/styles.xml").decode()
    assert "现将2个社区的有关情况汇报如下。" in text_of(data)


def test_a_placeholder_in_a_footer_is_filled(season, templates) -> None:
    edit(templates / REGION_FILE, "— </w:t>", "{{ 地区 }} — </w:t>", "word/footer1.xml")
    data = reports(season, templates).region()
    assert "楚雄州 — " in zipfile.ZipFile(io.BytesIO(data)).read("word/footer1.xml").decode()


def test_a_chart_that_was_deleted_is_not_missed(season, templates) -> None:
    path = templates / REGION_FILE
    xml = zipfile.ZipFile(path).read("word/document.xml").decode()
    edit(path, re.search("<w:drawing>.*?</w:drawing>", xml)[0], "")
    assert list(charts_of(reports(season, templates).region())) == ["各项平均扣分"]


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (REGION_FILE, "{{ 地区 }}{{", "{{ 地曲 }}{{", "“地曲”不是可以使用的名称，您是不是想写“地区”。这一段是：{{ 地曲 }}{{ 年度 }}年绿色社区创建"),
        (REGION_FILE, "{{ 地区 }}{{", "{{ xyz }}{{", "“xyz”不是可以使用的名称。这一段是：{{ xyz }}{{ 年度 }}"),
        (REGION_FILE, "{{ 行.城市社区数 }}", "{{ 行.城市社区 }}", "“城市社区”不是可以使用的名称，您是不是想写“城市社区数”"),
        (REGION_FILE, "{{ 行.主要单位 }}", "{{ 行.状态 }}", "“状态”不是可以使用的名称；可以使用的有：条款、名称、"),
        (UNIT_FILE, "{{ 单位 }}（盖章）", "{{ 单位数 }}（盖章）", "“单位数”不是可以使用的名称"),
        (REGION_FILE, "{{ 地区 }}{{", "｛｛地区｝｝{{", "有全角的“｛｛”，大括号和百分号要用英文半角，例如“{{ 地区 }}”"),
        (REGION_FILE, "{{ 地区 }}{{", "{{ 地区 {{", "有没写完的“{{”"),
        (REGION_FILE, "{% endif %}", "", "里的“{% if 未报单位数 %}”没有写完，后面要有一个“{% endif %}”。这一段是：……"),
        (REGION_FILE, "{{ 日期 }}）", "{{ 日期|大写 }}）", "里的“{{ 日期|大写 }}”不能写；大括号里只能写一个名称"),
        (REGION_FILE, "{{ 日期 }}）", "{{ 日期 + 1 }}）", "里的“{{ 日期 + 1 }}”不能写；大括号里只能写一个名称"),
        (REGION_FILE, "{{ 日期 }}）", "{日期}）", "有单个的“{”：要换成内容的地方，名称两边各写两个大括号"),
        (REGION_FILE, "{{ 日期 }}）", "{{r 日期 }}）", "这样的写法不能用"),
        (REGION_FILE, "{%p if 得分社区数 %}", "{%p if 得分社区数 %}说明", "一段不能再有别的内容"),
        (REGION_FILE, "{%p if 得分社区数 %}", "{%p if 得分社区数 %}{%p if 典型 %}", "一段不能再有别的内容"),
        (REGION_FILE, "{%tr for 行 in 各县市 %}", "{%tr for 行 in 各县市 %}说明", "一行不能再有别的内容"),
        (REGION_FILE, "（{{ 日期 }}）", "{%tr if 日期 %}", "只能写在表格的一行里"),
        (REGION_FILE, "<w:r><w:t", '<w:ins w:id="9" w:author="甲"><w:r><w:t xml:space="preserve">新</w:t></w:r></w:ins><w:r><w:t', "接受全部修订"),
        (REGION_FILE, 'descr="各项平均扣分"', 'descr="别的图"', "替代文字是“别的图”，程序不知道它是哪个图；请在图表上点右键"),
        (REGION_FILE, 'descr="各项平均扣分"', 'descr="各单位完成比例"', "两个图表的替代文字都是“各单位完成比例”"),
        (
            REGION_FILE, "{%p if 城市社区数 %}", "{%p for 行 in 典型 %}</w:t></w:r></w:p><w:p><w:r><w:t>{%p if 城市社区数 %}",
            "里的“{% for 行 in 典型 %}”没有写完，后面要有一个“{% endfor %}”",
        ),
    ],
)  # fmt: skip
def test_a_slip_is_told_in_one_chinese_sentence_before_anything_is_written(season, templates, tmp_path, monkeypatch, name, old, new, told) -> None:
    edit(templates / name, old, new)
    said = refusal(season, templates)
    assert said.startswith(f"报告模板“{name}”") and told in said and said.endswith("写法和全部名称请对照 docs/总结评估报告的模板.html。")
    assert not re.search("[A-Za-z]+Error|jinja|docxtpl|line [0-9]", said)
    monkeypatch.setattr("greencomm.outputs.TEMPLATES", templates)
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError):
        list(write_outputs(tmp_path / "out", season))
    assert list((tmp_path / "out").iterdir()) == []


VALUE = "大括号里只能写一个名称"


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("{{ 合计数 + 5 }}", VALUE),
        ("{{ -合计数 }}", VALUE),
        ('{{ 合计完成比例|replace("58","68") }}', VALUE),
        ("{{ 58 }}", VALUE),
        ("{{ '58%' }}", VALUE),
        ("{{ 合计数 ~ 0 }}", VALUE),
        ("{{ 合计数, 合计数 }}", VALUE),
        ("{{ 合计数 if 示例 else 达标数 }}", VALUE),
        ("{{ range(9) }}", VALUE),
        ("{{ 文件.upper() }}", VALUE),
        ("{{ 失分条款[0] }}", VALUE),
        ('{{ "}}" }}', "有没写完的“{{”"),
        ("{{ }}", VALUE),
        ("{{ 文件.长度 }}", "“文件”后面不能加“.长度”"),
        ("{{ 目标完成 }}", "“目标完成”有很多行，要写“{%p for 行 in 目标完成 %}”"),
        ("{{ 示例 }}", "“示例”只有是和否，要写在“{% if 示例 %}”里"),
        ("{% for 行 in 典型 %}{{ 行 }}{% endfor %}", "里的“{{ 行 }}”不能写：“行”是一整行，要写出是哪一项，例如“{{ 行.序号 }}”"),
        ("{% for 行 in 典型 %}{{ loop.index }}{% endfor %}", "“loop”不是可以使用的名称"),
        ("{% for 行 in 典型 %}{% endfor %}{{ 行.序号 }}", "“行”不是可以使用的名称"),
        ("{% for 行 in 地区 %}{% endfor %}", "重复的部分写成"),
        ("{% for 行 in range(3) %}{% endfor %}", "重复的部分写成"),
        ("{% for 行 in 典型 if 行.得分 %}{% endfor %}", "重复的部分写成"),
        ("{% for 年度 in 典型 %}{% endfor %}", "“年度”已经另有意思"),
        ("{% set x = 99 %}", "里的“{% set x = 99 %}”不能写；{% %} 里只能写 if、elif、else、endif、for、endfor"),
        ("{% macro 甲() %}{% endmacro %}", "{% %} 里只能写"),
        ("{% raw %}{{ 地区 }}{% endraw %}", "{% %} 里只能写"),
        ("{% if 合计数 + 1 %}{% endif %}", "{% if %} 里只能写名称"),
        ("{% if 1 %}{% endif %}", "{% if %} 里只能写名称"),
        ("{% if 地区|length %}{% endif %}", "{% if %} 里只能写名称"),
        ("{% if 完成比例 &gt; '50%' %}{% endif %}", "大小只能比个数和分数"),
        ("{% if 合计数 == 地区 %}{% endif %}", "相同不相同只能比同一种内容"),
        ("{% if 示例 %}{% endfor %}", "里的“{% endfor %}”前面没有和它成对的“{% for %}”，先要写完“{% if 示例 %}”"),
        ("{% else %}", "前面没有还没写完的“{% if %}”"),
        ("甲}乙", "有单个的“}”"),
    ],
)
def test_a_template_can_neither_make_nor_change_a_figure(season, templates, tag, told) -> None:
    edit(templates / REGION_FILE, "现将情况报告如下", f"现将{tag}报告如下")
    said = refusal(season, templates)
    assert told in said and said.startswith("报告模板“assessment.docx”") and "这一段是：" in said


def test_conditions_may_join_and_compare_names(season, templates) -> None:
    """Of three communities two are newly green: 2 is less than 3, and the flags are what they are."""
    tag = "{% if 达标数 &lt; 城市社区数 and not (示例 or 自评阶段) and 达标数 &gt;= 2 %}甲{% elif 往年名单数 %}乙{% else %}丙{% endif %}"
    edit(templates / REGION_FILE, "现将情况报告如下", f"现将{tag}报告如下")
    assert "现将甲报告如下。" in text_of(reports(season, templates).region())


def test_the_words_around_a_slip_are_quoted_and_cuts_are_shown(season, templates) -> None:
    edit(templates / REGION_FILE, "现将情况报告如下", f"{'前' * 80}{{{{ 年渡 }}}}{'后' * 80}")
    quoted = refusal(season, templates).split("这一段是：")[1].split("。写法")[0]
    assert re.fullmatch("……前{20,}{{ 年渡 }}后{20,}……", quoted)


def test_a_chart_that_would_be_repeated_is_refused(season, templates) -> None:
    path = templates / REGION_FILE
    paragraph = re.search(r'<w:p><w:pPr><w:pStyle w:val="Figure"/>.*?</w:p>', zipfile.ZipFile(path).read("word/document.xml").decode())[0]
    before, after = (f"<w:p><w:r><w:t>{{%p {tag} %}}</w:t></w:r></w:p>" for tag in ("for 行 in 各县市", "endfor"))
    edit(path, paragraph, before + paragraph + after)
    assert "图表“各单位完成比例”不能放在重复的部分" in refusal(season, templates)


def test_a_cell_that_could_be_left_empty_is_refused(season, templates) -> None:
    path = templates / REGION_FILE
    new = ">{%p if 行.已报数 %}</w:t></w:r></w:p><w:p/><w:p><w:r><w:t>{%p endif %}</w:t></w:r></w:p>"
    edit(path, ">{{ 行.城市社区数 }}</w:t></w:r></w:p>", new)
    assert "单元格可能一段也不剩" in refusal(season, templates)


def test_a_table_that_could_be_left_without_a_row_is_refused(season, templates) -> None:
    path = templates / REGION_FILE
    xml = zipfile.ZipFile(path).read("word/document.xml").decode()
    head = re.search(r"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>(?:(?!</w:tr>).)*条款.*?</w:tr>", xml)[0]
    edit(path, head, "")
    # The table stands within {%p if 失分条款 %}; without that it would stay without a row.
    reports(season, templates)
    edit(path, "{%p if 失分条款 %}", "{%p if 地区 or not 地区 %}")
    assert "表格可能一行也不剩" in refusal(season, templates)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.unlink(), "找不到报告模板“assessment.docx”，请把它放回“templates”文件夹"),
        (lambda path: path.write_bytes(path.read_bytes()[:9000]), "已损坏，或者不是 Word 文档"),
        (lambda path: path.write_bytes(b""), "已损坏，或者不是 Word 文档"),
        (lambda path: shutil.copyfile(TEMPLATES / "annex2.xlsx", path), "已损坏，或者不是 Word 文档"),
        (lambda path: (path.unlink(), path.mkdir()), "打不开"),
        (lambda path: edit(path, "</w:body>", ""), "已损坏，或者不是 Word 文档"),
        (lambda path: edit(path, "barChart", "pieChart", "word/charts/chart1.xml"), "已损坏，或者不是 Word 文档"),
    ],
)
def test_a_template_that_is_gone_or_damaged_is_named(season, templates, damage, told) -> None:
    damage(templates / REGION_FILE)
    assert told in refusal(season, templates)


def test_the_command_ends_with_status_2_and_leaves_nothing(shipped, templates, tmp_path, monkeypatch) -> None:
    edit(templates / UNIT_FILE, "{{ 单位 }}（盖章）", "{{ 单味 }}（盖章）")
    monkeypatch.setattr("greencomm.outputs.TEMPLATES", templates)
    folders = {"--input": shipped / "input", "--output": tmp_path / "out", "--archive": tmp_path / "archive"}
    assert main([str(word) for pair in folders.items() for word in pair] + ["--date", "2022-10-25"]) == 2
    assert not list((tmp_path / "out").glob("**/*.docx"))


def test_a_trial_value_is_of_the_kind_of_the_example() -> None:
    rows = Placeholder("行", "", fields=(Placeholder("甲", "", 1),))
    assert (rows.trial(full=True, rows=2), rows.trial(full=False, rows=1)) == ([{"甲": 2}, {"甲": 2}], [{"甲": 0}])
    assert [Placeholder("甲", "", example).trial(full=False, rows=0) for example in ("a", 1, True)] == ["", 0, False]


# --- text stays text ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def poisoned(season) -> RegionResult:
    """The season with every text of the roster and every evidence of a county replaced by a hostile one."""
    texts = iter(INJECTIONS * 3)
    units, members = [], []
    for number in range(12):
        base = season.units[number % 2]
        communities = []
        for member in base.communities:
            place = dataclasses.replace(member.community, name=next(texts), town=next(texts))
            clauses = tuple(entry._replace(evidence=next(texts) if entry.clause == "17.1" else "") for entry in member.clauses)
            communities.append(dataclasses.replace(member, community=place, clauses=clauses))
            members.append(place)
        unit = dataclasses.replace(base.unit, code=f"{base.unit.code}{number:03d}", name=next(texts))
        units.append(dataclasses.replace(base, unit=unit, communities=tuple(communities)))
    batch = dataclasses.replace(ROSTER.batch, region=next(texts), reporting_unit=next(texts))
    roster = dataclasses.replace(ROSTER, batch=batch, units=tuple(each.unit for each in units), communities=tuple(members))
    return dataclasses.replace(season, units=tuple(units), roster=roster)


def test_hostile_names_stay_text_in_words_charts_and_workbooks(poisoned, tmp_path) -> None:
    made = reports(poisoned)
    for number, data in enumerate((made.region(), *map(made.unit, poisoned.units))):
        path = tmp_path / "a.docx"
        path.write_bytes(data)
        docx.Document(str(path))
        if number < 3:
            assert [str(error) for error in OpenXmlValidator(max_errors=0).validate(path).errors] == []
        assert not UNSAFE & set(text_of(data))
        for series, rows in charts_of(data).values():
            # A text in a cell in which Excel would see an escape is escaped; openpyxl does not take that back.
            assert [re.sub("_x005F(?=_x[0-9A-Fa-f]{4}_)", "", row[0]) for row in rows[1:]] == series[0][1]
        packed = zipfile.ZipFile(io.BytesIO(data))
        for name in packed.namelist():
            if name.endswith(".xlsx"):
                sheet = zipfile.ZipFile(io.BytesIO(packed.read(name))).read("xl/worksheets/sheet1.xml")
                assert b"<f>" not in sheet


@pytest.mark.parametrize("text", ["=1+1", "{{7*7}}", "<img src=x onerror=alert(1)>", "]]><evil/><![CDATA[", "&lt;b&gt;&amp;&#60;"])
def test_a_unit_of_any_name_is_called_by_it(season, text) -> None:
    unit = dataclasses.replace(season.units[0], unit=dataclasses.replace(season.units[0].unit, name=text))
    result = dataclasses.replace(season, units=(unit, season.units[1]))
    assert text_of(reports(result).unit(unit)).startswith(f"{text}2021年绿色社区创建")
    assert f"\n{text} | 2 | 2 | 2 | 100.00%" in text_of(reports(result).region())


def test_letters_and_reports_speak_of_slips_alike() -> None:
    assert letters.slips.unknown_name("地曲", ["地区"]) == "：“地曲”不是可以使用的名称，您是不是想写“地区”"
