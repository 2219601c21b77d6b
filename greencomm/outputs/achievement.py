"""The list of results (创建成果名单) of the self-evaluation: for the region, and for each unit to stamp and file (D-13)."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from greencomm import __version__
from greencomm.forms.style import SMALL
from greencomm.outputs.book import (
    BLANK,
    BOXED,
    CENTRED,
    FINE,
    GOOD,
    SAMPLE_SUFFIX,
    TEXT,
    TITLE,
    Box,
    Page,
    Report,
    chinese_date,
    plain_number,
    provenance,
)
from greencomm.results import CommunityResult, RegionResult, UnitResult, UnitState, percent

NAME = "创建成果名单"
PILOT = "试点"
_SHEET = NAME
_REGION = ("填报单位", "序号", "社区代码", "社区名称", "核定得分", "自报得分", PILOT)
_REGION_WIDTHS = (15, 6, 16, 34, 9, 9, 8)
_UNIT = ("序号", "社区代码", "社区名称", "乡镇（街道）", "核定得分", "自报得分", PILOT)
_UNIT_WIDTHS = (6, 16, 34, 16, 9, 9, 8)
_BOLD = {"bold": True, "bg_color": GOOD}
_SIGNATURE = {**TEXT, "align": "right", "indent": 2, "font_size": 12}


def write_achievement_list(target: Path | BinaryIO, result: RegionResult) -> None:
    """Write the region's list: the green communities of every unit with a subtotal, and the target for information."""
    report, page = _start(target, result, None, _REGION_WIDTHS)
    page.head(_REGION)
    for unit in result.units:
        for number, community in enumerate(unit.green, 1):
            page.row([Box(unit.unit.name, BOXED), Box(number, CENTRED), *_community(community), *_scores(community)])
        page.row(
            [
                Box(unit.unit.name, {**BOXED, **_BOLD}),
                Box("小计", {**CENTRED, **_BOLD}),
                Box(_sum(len(unit.green), unit.urban_communities, percent(unit.completion_ratio)), {**BOXED, **_BOLD}, 5),
            ],
            20,
        )
    total = _sum(result.green_count, result.urban_communities, percent(result.completion_ratio))
    label = result.standard.annex2.total_label
    page.row([Box(label, {**BOXED, **_BOLD}), Box("合计", {**CENTRED, **_BOLD}), Box(total, {**BOXED, **_BOLD}, 5)], 24)
    page.skip()
    for line in (_target(result), *_how_to_read(result)):
        page.wide(line, FINE)
    report.close()


def write_unit_achievement_list(target: Path | BinaryIO, unit: UnitResult, result: RegionResult) -> None:
    """Write one unit's list, with the line where it is dated and stamped."""
    report, page = _start(target, result, unit, _UNIT_WIDTHS)
    page.head(_UNIT)
    for number, community in enumerate(unit.green, 1):
        boxes = _community(community)
        page.row([Box(number, CENTRED), *boxes, Box(community.community.town, BOXED), *_scores(community)])
    if not unit.green:
        received = unit.state is UnitState.RECEIVED
        page.wide("没有达到标准的社区。" if received else "尚未收到本单位可以审核的填报工作簿，名单待补。", CENTRED, 30)
    total = _sum(len(unit.green), unit.urban_communities, percent(unit.completion_ratio))
    page.wide(f"合计：{total}", {**BOXED, **_BOLD}, 24)
    page.skip()
    for line in _how_to_read(result):
        page.wide(line, FINE)
    page.skip(24)
    page.wide(f"填报单位：{unit.unit.name}（盖章）", _SIGNATURE, 30)
    page.wide("负责人（签字）：　　　　　　　　　填报人：　　　　　　　　　", _SIGNATURE, 30)
    page.wide("　　　　年　　月　　日", _SIGNATURE, 30)
    report.close()


def _start(
    target: Path | BinaryIO, result: RegionResult, unit: UnitResult | None, widths: tuple[float, ...]
) -> tuple[Report, Page]:
    suffix = SAMPLE_SUFFIX if result.sample else ""
    whose = unit.unit.name if unit else result.name
    title = f"{whose}{result.year}年绿色社区{NAME}{suffix}"
    report = Report(target, result.run_date, title)
    report.state(provenance(result, "创建成果名单", unit))
    page = report.page(_SHEET, widths, landscape=False, sample=result.sample)
    page.wide(title, TITLE, 36)
    batch = result.roster.batch
    where = f"报送：{batch.reporting_unit or result.name}　截止日期：{chinese_date(batch.deadlines[result.phase])}"
    origin = f"标准：{result.standard.id}（{result.standard.sha256[:8]}）　程序版本：{__version__}"
    page.wide(f"{where}\n审核日期：{chinese_date(result.run_date)}　{origin}", {**FINE, "align": "center"})
    return report, page


def _community(result: CommunityResult) -> list[Box]:
    code, name = result.community.code, result.community.name
    return [Box(code, {**CENTRED, "font_size": SMALL}), Box(name, BOXED)]


def _scores(result: CommunityResult) -> list[Box]:
    declared = result.declared_score
    return [
        Box(BLANK if result.assessed_score is None else result.assessed_score, {**CENTRED, "bold": True}),
        Box(BLANK if declared is None else plain_number(declared), CENTRED),
        Box("是" if result.community.pilot else "", CENTRED),
    ]


def _sum(green: int, communities: int, ratio: str) -> str:
    return f"达标{green}个，城市社区{communities}个，完成比例{ratio}"


def _target(result: RegionResult) -> str:
    """Where the region stands to the year's target, which is stated for the whole prefecture (D-12)."""
    target = result.standard.target(result.year)
    if target is None or not result.urban_communities:
        return f"{result.year}年没有全州的目标比例。" if target is None else "名册中没有城市社区。"
    needed = -(-target.ratio.numerator * result.urban_communities // target.ratio.denominator)
    rest = needed - result.green_count
    stand = f"还差{rest}个" if rest > 0 else "已达到"
    return (
        f"{result.name}{result.year}年目标为{percent(target.ratio)}，按{result.urban_communities}个城市社区计需{needed}个；"
        f"现有{result.green_count}个，{stand}（供参考）。"
    )


def _how_to_read(result: RegionResult) -> list[str]:
    mark = result.standard.pass_mark.points
    return [
        f"名单列核定得分{mark}分（含）以上、没有待核实条款的社区；核定得分由实际值按标准推算，自报得分按本单位填写的扣分计算。",
        "完成比例＝达标社区数÷名册中的城市社区总数。",
    ]
