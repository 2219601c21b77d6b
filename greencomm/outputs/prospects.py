"""Sheet 目标进度: the region against the notice's targets, each unit's share, and the nearest communities (D-12, S-34)."""

from __future__ import annotations

from greencomm.forms.style import SMALL
from greencomm.outputs.book import BAD, BLANK, BOXED, CENTRED, FINE, GOOD, HEAD, PILOT, SECTION, WARN, Box, Page
from greencomm.results import RegionResult, Status, UnitResult, percent
from greencomm.standard import Standard
from greencomm.targets import Loss, Near, Progress, nearest_in_region, progress, unit_progress

SHEET = "目标进度"
WIDTHS = (16, 16, 30, 10, 13, 9, 15, 60)
_CLAUSES = 6
"""How many clauses of one community are named before the rest is counted."""
STATES = {True: "已经达到。", False: "没有达到。", None: "没有可比的比例。"}
_MET = {True: ("已达到", GOOD), False: ("未达到", WARN), None: (BLANK, WARN)}


def summary(result: RegionResult) -> str:
    """One line for each target: past ones by what was filed of their year, the others by today's figures."""
    lines = []
    for each in progress(result):
        needed = "" if each.needed is None else f"城市社区{each.urban_communities}个，需{each.needed}个，"
        rest = f"还差{each.missing}个。" if each.missing else STATES[each.met]
        have = "当年上报" if each.filed else "已有"
        lines.append(f"{each.target.year}年目标{percent(each.target.ratio)}：{needed}{have}{each.count}个（{percent(each.ratio)}），{rest}")
    return "\n".join(lines) or "标准没有规定目标。"


def lay_out(page: Page, result: RegionResult) -> None:
    """``page`` has WIDTHS and already its title and ``summary``."""
    _targets(page, result)
    _shares(page, result)
    _nearest(page, result)
    page.skip()
    counted = "达标的社区，一个只计一次：" + ("往年名单上的和本年新达标的。" if result.earlier else "本年达标的。")
    page.wide(f"{counted}需要的个数按名册的城市社区总数算，不满一个的按一个计。目标是全州的，各单位的比例只供参考。", FINE)


def _targets(page: Page, result: RegionResult) -> None:
    page.skip()
    page.wide(f"一、{result.name}的目标", SECTION, 22)
    titles = ("年度", "目标比例", "城市社区", "需要（个）", "已有", "还差（个）", "进度")
    page.row([Box(title, HEAD, 2 if title == titles[1] else 1) for title in titles], 22)
    for each in progress(result):
        label, fill = _MET[each.met]
        page.row(
            [
                Box(f"{each.target.year}年", CENTRED),
                Box(percent(each.target.ratio), CENTRED, 2),
                Box(_known(each.urban_communities), CENTRED),
                Box(_known(each.needed), CENTRED),
                Box(each.count, CENTRED),
                Box(_known(each.missing), {**CENTRED, "bold": True}),
                Box(f"{label}：{'当年上报' if each.filed else '现为'}{percent(each.ratio)}", {**BOXED, "bg_color": fill}),
            ]
        )


def _shares(page: Page, result: RegionResult) -> None:
    page.skip()
    page.wide("二、各单位的完成情况（供参考）", SECTION, 22)
    titles = ("填报单位", "城市社区", "已达标（含往年名单）", "往年名单", "本年新达标", "未计入", "完成比例", "按全州目标计")
    page.row([Box(title, HEAD) for title in titles], 22)
    for unit in result.units:
        ahead = unit_progress(unit, result)
        page.row(
            [
                Box(unit.unit.name, BOXED),
                Box(unit.urban_communities, CENTRED),
                Box(unit.combined_count, CENTRED),
                Box(len(unit.listed), CENTRED),
                Box(len(unit.green), CENTRED),
                Box(unit.urban_communities - unit.combined_count, CENTRED),
                Box(percent(unit.combined_ratio), CENTRED),
                Box("；".join(_share(each) for each in ahead if each.ratio is not None), {**BOXED, "font_size": SMALL}),
            ]
        )


def _known(value: int | None) -> int | str:
    return BLANK if value is None else value


def _share(each: Progress) -> str:
    rest = f"还差{each.missing}个" if each.missing else "已达到"
    return f"{each.target.year}年{percent(each.target.ratio)}需{each.needed}个，{rest}"


def _nearest(page: Page, result: RegionResult) -> None:
    near = nearest_in_region(result)
    page.skip()
    page.wide(f"三、最接近达标的社区（{len(near)}个）：待核实的，和差得不多的，最近的在前", SECTION, 22)
    if near:
        titles = ("填报单位", "社区代码", "社区名称", "状态", "得分", "达标线", "还差（分）", "待核实和扣分的条款")
        page.row([Box(title, HEAD) for title in titles], 22)
        for unit, each in near:
            _community(page, unit, each, result.standard_of(unit))
    else:
        page.wide("没有。", BOXED)
    shown = {each.community.community.code for _, each in near}
    rest = [each for unit in result.units for each in unit.of(Status.PENDING) if not each.counts]
    unknown = sum(each.community.code not in shown for each in rest)
    if unknown:
        page.wide(f"另有待核实社区{unknown}个，表重复或无法采用，没有逐条结果，见各单位差异报告的“问题清单”。", BOXED)
    absent = sum(len(unit.unreported) for unit in result.units)
    if absent:
        page.wide(f"还没有填报、也不在往年名单上的社区{absent}个，见“社区”表。", BOXED)


def _community(page: Page, unit: UnitResult, near: Near, standard: Standard) -> None:
    community, mark = near.community, standard.pass_mark.points
    score = str(near.lowest) if near.lowest == near.highest else f"{near.lowest}～{near.highest}"
    pending = community.status is Status.PENDING
    fill = BAD if community.status is Status.BELOW else WARN
    page.row(
        [
            Box(unit.unit.name, BOXED),
            Box(community.community.code, {**CENTRED, "font_size": SMALL}),
            Box(community.community.name + (PILOT if community.community.pilot else ""), BOXED),
            Box(community.status.label, {**CENTRED, "bg_color": fill}),
            Box(score, {**CENTRED, "bold": True}),
            Box(mark, CENTRED),
            Box(short_text(max(0, near.short), max(0, mark - near.lowest), pending), CENTRED),
            Box(losses_text(near.losses, _CLAUSES), {**BOXED, "font_size": SMALL}),
        ]
    )


def short_text(certain: int, at_most: int, pending: bool) -> str:
    """Points that are missing: for sure, and where clauses are open at most."""
    if not pending:
        return str(certain)
    if not at_most:
        return "待核实，补正后可达标"
    if not certain:
        return f"待核实，最多差{at_most}"
    return f"待核实，差{certain}～{at_most}" if certain < at_most else f"待核实，差{certain}"


def losses_text(losses: tuple[Loss, ...], most: int) -> str:
    """The clauses that a community lost or may lose points by; ``most`` of them are named and the rest is counted."""
    parts = [f"{each.clause} {each.name}{_points(each)}" for each in losses[:most]]
    more = len(losses) - len(parts)
    return "；".join(parts) + (f"；另有{more}条" if more else "")


def _points(loss: Loss) -> str:
    return f"扣{loss.points}" if loss.points is not None else f"待核实（最多{loss.most}分）"
