"""考核排名.xlsx: units ranked for the prefecture's own appraisal, with every figure's arithmetic and the rule beside it (S-38)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from greencomm import __version__
from greencomm.forms.style import SMALL
from greencomm.outputs.book import (
    BAD,
    BLANK,
    BOXED,
    CALM,
    CENTRED,
    FINE,
    GOOD,
    HEAD,
    SAMPLE_SUFFIX,
    SECTION,
    TEXT,
    TITLE,
    WARN,
    Box,
    Report,
    chinese_date,
    provenance,
)
from greencomm.ranking import Lift, Ranked, criteria_in_use, ranked, ranking_rule
from greencomm.results import RegionResult, UnitState, percent
from greencomm.standard import SELF_EVALUATION
from greencomm.standard.ranking import Criterion, Measure, NotReported, RankingRule

NAME = "考核排名"
_NAMED = 3
"""How many communities that only wait for an answer are named before the rest is counted."""
_NUMERALS = "一二三四五六七八九"
_LIFT = 46


def write_ranking(target: Path | BinaryIO, result: RegionResult) -> None:
    """Write the one sheet 考核排名: one row per unit by rank, below it the rule. The same result gives the same bytes."""
    rule, criteria, rows = ranking_rule(), criteria_in_use(result), ranked(result)
    suffix = SAMPLE_SUFFIX if result.sample else ""
    title = f"{result.name}{result.roster.batch.round_title}{rule.title}{suffix}"
    report = Report(target, result.run_date, title)
    report.state(provenance(result, NAME))
    widths = (7, 18, 9, *(width for each in criteria for width in (_width(each), 6)), _LIFT)
    page = report.page(NAME, widths, landscape=True, sample=result.sample)
    page.wide(title, TITLE, 34)
    origin = (
        f"审核日期：{chinese_date(result.run_date)}",
        f"标准：{result.standard.id}（{result.standard.sha256[:8]}）",
        f"排名办法：{rule.sha256[:8]}",
        f"程序版本：{__version__}",
        f"输入校验码：{result.input_sha256[:8]}",
    )
    page.wide("　".join(origin), {**FINE, "align": "center"})
    page.wide(f"{compares(result)}；办法见表下。", {**TEXT, "bold": True}, 22)
    names = [Box(each.name, HEAD, 2) for each in criteria]
    page.row([Box("名次", HEAD), Box("填报单位", HEAD), Box("城市社区", HEAD), *names, Box("怎样提升", HEAD)], 22)
    below = [box for _ in criteria for box in (Box("算式", HEAD), Box("名次", HEAD))]
    page.keep_above(page.row([*(Box("", HEAD) for _ in range(3)), *below, Box("", HEAD)], 18))
    for row in rows:
        page.row(_row(row, criteria, result), 30)
    page.skip()
    page.wide(_COLOURS, FINE, 16)
    page.wide("排名办法", SECTION, 22)
    for line in rule_lines(result, rule):
        page.wide(line, TEXT, 16)
    report.close()


_COLOURS = "名次的底色：绿色是第一名；黄色是还有“退回”问题没有改正；红色是没有报送可以审核的填报工作簿；灰色是没有城市社区、不排名；没有底色是其他。"


def _width(criterion: Criterion) -> float:
    return 22 if criterion.measure is Measure.SINCE_SELF_EVALUATION else 17


def compares(result: RegionResult) -> str:
    """The rule in one sentence without its end: ``依次比较……，前一项相同的才比后一项``."""
    return f"依次比较{'、'.join(each.name for each in criteria_in_use(result))}，前一项相同的才比后一项"


def rule_lines(result: RegionResult, rule: RankingRule | None = None) -> tuple[str, ...]:
    """The rule in sentences, as it is printed beside the ranking, with what of it could not be used here."""
    rule = rule or ranking_rule()
    criteria = criteria_in_use(result, rule)
    lines = [
        f"（{_numeral(number)}）{each.name}：{each.explains}，{each.order.label}。" for number, each in enumerate(criteria, 1)
    ]
    lines.append("按以上先后依次比较，前一项相同的才比后一项；各项都相同的名次并列，后面的名次空出。按准确的分数比较，不按四舍五入后的百分比。")
    lines += [
        f"“{each.name}”这次没有使用：{'自评没有可比的结果' if result.phase == SELF_EVALUATION else '没有本年度自评的审核结果可比'}。"
        for each in rule.criteria
        if each not in criteria
    ]
    if rule.not_reported is NotReported.LAST:
        lines.append("没有报送可以审核的填报工作簿的单位，排在其他单位之后；各项没有数值的，排在有数值的之后。")
    else:
        lines.append("没有报送可以审核的填报工作簿的单位，与其他单位一样比较；各项没有数值的，排在有数值的之后。")
    if not result.earlier:
        lines.append("本年是第一年，没有往年名单，合计就是本年新增，这两项的数值和名次相同。")
    lines.append("没有城市社区的单位不排名。已说明和免予处理的问题不计入未改正、未核实的问题。")
    if result.local_standards:
        lines.append("有自定标准的单位，按自定标准的审核结果比较。")
    lines.append(rule.source)
    return tuple(lines)


def _numeral(number: int) -> str:
    return _NUMERALS[number - 1] if number <= len(_NUMERALS) else str(number)


def _row(row: Ranked, criteria: tuple[Criterion, ...], result: RegionResult) -> list[Box]:
    unit = row.unit
    place = [
        Box(rank_text(row), {**CENTRED, "bold": True, "bg_color": _fill(row)}),
        Box(unit.unit.name, BOXED),
        Box(unit.urban_communities, CENTRED),
    ]
    small = {**CENTRED, "font_size": SMALL}
    for each in criteria:
        alone = row.ranks.get(each.measure)
        place += [Box(arithmetic(row, each, result), small), Box(BLANK if alone is None else alone, CENTRED)]
    return [*place, Box(lift_text(row), {**BOXED, "font_size": SMALL})]


def _fill(row: Ranked) -> str:
    if row.rank is None:
        return CALM
    return BAD if not row.reported else GOOD if row.rank == 1 else WARN if row.open_send_back else "#FFFFFF"


def rank_text(row: Ranked) -> str | int:
    """``3``, ``并列3``, ``不排名``."""
    if row.rank is None:
        return "不排名"
    return f"并列{row.rank}" if row.shared else row.rank


def arithmetic(row: Ranked, criterion: Criterion, result: RegionResult) -> str:
    """How the unit's value comes about: ``5÷13=38.46%``, ``3条÷13=0.23``; why there is none."""
    unit, value = row.unit, row.values.get(criterion.measure)
    whole = unit.urban_communities
    if value is None:
        if not whole:
            return BLANK
        return "自评时没有报" if criterion.measure is Measure.SINCE_SELF_EVALUATION else "没有审核"
    match criterion.measure:
        case Measure.COMBINED_RATIO:
            return f"{unit.combined_count}÷{whole}={percent(value)}"
        case Measure.YEAR_PROGRESS:
            return f"{len(unit.green)}÷{whole}={percent(value)}"
        case Measure.SINCE_SELF_EVALUATION:
            then = result.since.units[unit.unit.code].green if result.since else 0
            return f"（{len(unit.green)}－{then}）÷{whole}={_signed(value)}"
        case Measure.OPEN_SEND_BACK:
            count = row.open_send_back
        case Measure.OPEN_VERIFY:
            count = row.open_verify
    return f"{count}条÷{whole}={_two_decimals(value)}"


def _signed(value: Fraction) -> str:
    sign = "－" if value < 0 else "＋" if value > 0 else ""
    return sign + percent(abs(value))


def _two_decimals(value: Fraction) -> str:
    hundredths = (value * 200 + 1) // 2
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def lift_text(row: Ranked) -> str:
    """What would lift the unit, in Chinese; empty for the first."""
    if row.rank is None:
        return "没有城市社区，不排名。"
    lift = row.lift
    if not row.reported:
        came = "文件没有一个可以采用" if row.unit.state is UnitState.REJECTED else "还没有报送填报工作簿"
        return f"{came}；报送审核后，与其他单位按同样的指标比较。"
    if lift is None:
        return ""
    ahead = f"第{lift.rank}名“{lift.ahead.unit.name}”"
    where = f"与{ahead}差在“{lift.decides.name}”：" if lift.decides else ""
    ways = [f"再有{lift.greens}个社区达标"] if lift.greens is not None else []
    if lift.corrections is not None:
        ways.append(f"改正或核实{lift.corrections}条问题（先“退回”后“需核实”）")
    if not ways:
        return f"{where}只靠增加达标的社区，或者只靠了结问题，都不能超过它。{_waiting(lift)}"
    return f"{where}{'，或者'.join(ways)}，就超过它。{_waiting(lift)}"


def _waiting(lift: Lift) -> str:
    if not lift.waiting:
        return ""
    names = "、".join(near.community.community.short_name for near in lift.waiting[:_NAMED])
    more = "等" if len(lift.waiting) > _NAMED else ""
    return f"待核实的{len(lift.waiting)}个社区（{names}{more}）补正后可能达标。"
