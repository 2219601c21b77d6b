"""年度总结评估报告 for the region and for each unit, from Word templates of the prefecture (S-29).

The sentences stand in the templates, the figures in the results; here the one is made ready for the other. Placeholders
have Chinese names; :data:`REGION` and :data:`UNIT` say what each means, and docs/assessment-template.md is made from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from greencomm import __version__, figures, targets
from greencomm.findings import Severity
from greencomm.forms.layout import PROVENANCE, PROVENANCE_KIND
from greencomm.outputs.book import BLANK, PILOT, SAMPLE_SUFFIX, chinese_date, provenance
from greencomm.outputs.charts import ChartData, Series
from greencomm.outputs.kept import Kept
from greencomm.outputs.progress import STATE_LABELS
from greencomm.outputs.prospects import STATES, losses_text, short_text
from greencomm.outputs.word import Placeholder, WordTemplate
from greencomm.results import CommunityResult, RegionResult, Status, UnitResult, UnitState, percent, ratio_text
from greencomm.review.deliverables import Entry, State, owed, unit_entries
from greencomm.standard import ANNUAL, SELF_EVALUATION, Standard
from greencomm.standard.model import Item
from greencomm.texts import one_line, quoted

KIND = "总结评估报告"
"""What people call it; the name of a unit's file ends with it."""
REGION_FILE, UNIT_FILE = "assessment.docx", "assessment-unit.docx"
"""The templates."""
REPORT_NAMES = {SELF_EVALUATION: f"自评{KIND}", ANNUAL: f"年度{KIND}"}
_PHASES = {SELF_EVALUATION: "自评", ANNUAL: "年度总结评估"}

RATIO_CHART, ITEM_CHART, STANDING_CHART = "各单位完成比例", "各项平均扣分", "社区结论"
REGION_CHARTS, UNIT_CHARTS = (RATIO_CHART, ITEM_CHART), (STANDING_CHART, ITEM_CHART)
"""Names of the charts: the 替代文字 by which a template's charts are known."""

UNITS_IN_CHART = 30
"""More columns than this cannot be read on a page."""
CLAUSES, EXAMPLES, UNIT_EXAMPLES, NEAREST, COMMUNITIES, NAMES = 10, 5, 3, 10, 120, 30
"""How many are listed before the rest is counted."""
_PLACES, _FEW, _EVIDENCE, _CATEGORY, _COLUMN = 2, 3, 150, 14, 8
OF_ONE_UNIT = 2
"""Examples of one unit in the region's report, so that they come from several."""
FEW_ASSESSED = 3
"""Fewer assessed communities than these make no average of a unit that could lead."""
_MANY_COLUMNS, _NARROW_COLUMN = 15, 5

Text = Placeholder
_GOALS = (
    Text("年度", "目标的年度", 2022),
    Text("目标比例", "通知规定的比例", "60.00%"),
    Text("总数已知", "城市社区总数是否已知（以往封存年度可能不知道）", True),
    Text("城市社区数", "计算目标用的城市社区总数", 137),
    Text("需要数", "达到目标最少需要的社区数", 83),
    Text("已上报", "是否用的是那一年已经上报的数", False),
    Text("完成数", "计入的社区数", 76),
    Text("完成比例", "计入的社区数÷城市社区总数", "55.47%"),
    Text("结论", "已经达到，或者还差几个", "还差7个"),
)
_LOSSES = (
    Text("条款", "条款号", "9.1"),
    Text("名称", "条款的名称", "无适老化改造"),
    Text("社区数", "被扣分的社区数", 12),
    Text("扣分", "一共扣的分", 36),
    Text("平均", "已评的社区平均每个扣的分", "0.45"),
    Text("主要单位", f"平均扣分最多的几个单位，已评社区不到{FEW_ASSESSED}个的在后并注明（只在地区的报告里有内容）", "双柏县（1.50）"),
    Text("地区平均", "全地区平均每个社区扣的分（只在单位的报告里有内容）", "0.31"),
)
_EXAMPLES = (
    Text("序号", "从1起的序号", 1),
    Text("单位", "填报单位", "楚雄市"),
    Text("社区", "社区名称", "东兴社区"),
    Text("得分", "核定得分", 96),
    Text("加分", "其中加的分", 2),
    Text("佐证", "加分条款的说明及佐证，没有的为空", "获省级表扬"),
)
_NEAREST = (
    Text("单位", "填报单位", "双柏县"),
    Text("社区", "社区名称", "东城社区"),
    Text("结论", "待核实或未达标", "未达标"),
    Text("得分", "核定得分，有待核实条款的是范围", "76～79"),
    Text("达标线", "达到标准的分数", 80),
    Text("还差", "还差几分", "4"),
    Text("条款", "待核实和扣分最多的几条", "9.1 无适老化改造扣3"),
)
_ANNEXES = (
    Text("序号", "从1起的序号", 1),
    Text("名称", "附件的名称", "绿色社区建设任务完成情况汇总表"),
    Text("文件", "附件的文件名", "annex2.xlsx"),
)
COMMON: tuple[Placeholder, ...] = (
    Text("地区", "州（市）名称", "楚雄州"),
    Text("年度", "年度", 2022),
    Text("报告名称", "年度总结评估报告，自评阶段是自评总结评估报告", "年度总结评估报告"),
    Text("评估", "年度总结评估，或者自评", "年度总结评估"),
    Text("自评阶段", "是否自评阶段，写在 {% if %} 里用", False),
    Text("示例", "是否示例数据；“示例”字样由程序自己加上，模板里不用写", False),
    Text("文件", "通知的文号", "楚住建城〔2021〕1号"),
    Text("标准", "评分用的标准", "楚雄州绿色社区创建标准（试行）"),
    Text("达标线", "达到标准的分数", 80),
    Text("报送单位", "名册“批次”里的填报单位", "楚雄州住房和城乡建设局"),
    Text("日期", "审核日期", "2022年10月25日"),
    Text("城市社区数", "名册中的城市社区总数", 137),
    Text("已报社区数", "收到填报表的社区数", 120),
    Text("达标数", "本年新达标的社区数", 48),
    Text("完成比例", "本年新达标的社区数÷城市社区总数", "35.04%"),
    Text("往年名单数", "往年名单上的社区数", 28),
    Text("往年再报数", "其中本年又填报的社区数；已报社区数＝达标数＋未达标数＋待核实数＋往年再报数", 2),
    Text("复核不达标数", "其中本年核定得分没有达到达标线的社区数，仍留在名单上", 1),
    Text("复核不达标社区", f"它们的单位（单位的报告里没有）、名称和得分，最多列{NAMES}个", "楚雄市金山社区（75分）"),
    Text("合计数", "往年名单上的和本年新达标的，一个只计一次", 76),
    Text("合计完成比例", "合计数÷城市社区总数", "55.47%"),
    Text("待核实数", "没有计入、待核实的社区数", 6),
    Text("未达标数", "没有计入、未达标的社区数", 38),
    Text("未报数", "没有计入、也没有填报的社区数", 17),
    Text("得分分布", "核定得分的分布，空的分数段不列", "75～79分6个、80～84分12个"),
    Text("得分社区数", "有确定的核定得分的社区数", 110),
    Text("目标完成", "对照通知的目标，一个目标一行", fields=_GOALS),
    Text("已评社区数", "逐条评分的社区数", 114),
    Text("扣分合计", "这些社区各项一共扣的分", 912),
    Text("平均扣分", "平均每个社区扣的分", "8.00"),
    Text("失分条款", f"扣分最多的条款，最多{CLAUSES}条，最多的在前", fields=_LOSSES),
    Text(
        "典型",
        "没有未改正问题的社区，有加分佐证的在前，得分高的在前；"
        f"地区最多{EXAMPLES}个、一个单位最多{OF_ONE_UNIT}个，单位的报告最多{UNIT_EXAMPLES}个",
        fields=_EXAMPLES,
    ),
    Text("未列典型数", "另外还有几个得分和加分情况与列出的相同的社区", 0),
    Text("退回数", "还没有改正的退回问题", 3),
    Text("核实数", "还没有核实或说明的问题", 5),
    Text("最接近", f"最接近达标的社区，最多{NEAREST}个，最近的在前", fields=_NEAREST),
    Text("未列最接近数", "另外还有几个接近达标的社区", 0),
    Text("附件", "报告的附件", fields=_ANNEXES),
    Text("出处", "这些数是用哪个标准、哪些输入、哪个版本的程序得出的", "标准：…"),
)
REGION: tuple[Placeholder, ...] = (
    *COMMON,
    Text("单位数", "填报单位数", 10),
    Text("已报单位数", "已收到填报工作簿的单位数", 9),
    Text("未报单位数", "还没有报送的单位数", 1),
    Text("未报单位", f"它们的名称，最多列{NAMES}个", "武定县"),
    Text("未采用单位数", "报来的文件都不能采用的单位数", 0),
    Text("未采用单位", "它们的名称", ""),
    Text("未改正单位数", "还有问题没有改正的单位数", 3),
    Text(
        "各县市", "名册的顺序，一个单位一行",
        fields=(
            Text("单位", "填报单位", "楚雄市"),
            Text("状态", "已报、未报或文件未采用", "已报"),
            Text("城市社区数", "名册中的城市社区数", 31),
            Text("已报数", "收到填报表的社区数", 30),
            Text("达标数", "本年新达标的社区数", 12),
            Text("完成比例", "本年的完成比例", "38.71%"),
            Text("合计数", "往年名单上的和本年新达标的", 19),
            Text("合计完成比例", "合计数÷城市社区数", "61.29%"),
            Text("待核实数", "待核实的社区数", 1),
            Text("未达标数", "未达标的社区数", 10),
            Text("未报数", "没有填报的社区数", 1),
            Text("未改正数", "没有改正、核实或说明的问题数", 2),
        ),
    ),
    Text("未改正数", "所有单位没有改正、核实或说明的问题数", 8),
    Text("完成比例图说明", f"单位超过{UNITS_IN_CHART}个时说明图里列了哪些；不超过的为空", ""),
    Text(
        "自定标准", "有自己标准的单位，一个单位一行",
        fields=(
            Text("单位", "填报单位", "元谋县"),
            Text("标准", "标准的名称", "元谋县绿色社区创建标准"),
            Text("达标线", "达到标准的分数", 85),
            Text("已评社区数", "逐条评分的社区数", 3),
            Text("条款", f"扣分最多的{_FEW}条", "9.1 无适老化改造（2个社区，共扣6分）"),
        ),
    ),
    Text(
        "欠报", "已经过期还没有报的材料，一种一行",
        fields=(
            Text("材料", "报送事项", "实施方案"),
            Text("单位数", "欠报的单位数", 2),
            Text("单位", "它们的名称", "双柏县、元谋县"),
        ),
    ),
)  # fmt: skip
UNIT: tuple[Placeholder, ...] = (
    *COMMON,
    Text("单位", "填报单位", "楚雄市"),
    Text("已收到", "是否收到可以采用的填报工作簿", True),
    Text("未采用", "是否收到了文件、但都不能采用", False),
    Text("自定标准", "是否按本单位自己的标准评分", False),
    Text("地区城市社区数", "全地区的城市社区数", 137),
    Text("地区完成比例", "全地区本年的完成比例", "35.04%"),
    Text("地区合计完成比例", "全地区的合计完成比例", "55.47%"),
    Text(
        "各社区", f"名册的顺序，一个社区一行，最多{COMMUNITIES}行",
        fields=(
            Text("序号", "从1起的序号", 1),
            Text("社区", "社区名称", "东兴社区"),
            Text("街道", "乡镇（街道）", "鹿城镇"),
            Text("结论", "达标、未达标、待核实、未报，或已列入某年名单", "达标"),
            Text("核定得分", "核定得分，有待核实条款的是范围", "88"),
            Text("自报得分", "本单位自己填的得分", "90"),
            Text("主要扣分", f"待核实和扣分最多的{_PLACES}条", "9.1 无适老化改造扣3"),
        ),
    ),
    Text("未列社区数", "另外还有几个社区没有列出", 0),
    Text("欠报材料", "已经过期还没有报的材料", "实施方案"),
)  # fmt: skip


_templates = Kept[WordTemplate]()


def templates(folder: Path) -> tuple[WordTemplate, WordTemplate]:
    """The region's template and the units', read and checked. Raises UserError where one has a mistake."""
    region, unit = folder / REGION_FILE, folder / UNIT_FILE
    return (
        _templates.of([region], lambda: WordTemplate(region, REGION, REGION_CHARTS)),
        _templates.of([unit], lambda: WordTemplate(unit, UNIT, UNIT_CHARTS)),
    )


class Assessments:
    """Writes the reports of one run. Raises UserError where a template has a mistake."""

    def __init__(self, folder: Path, result: RegionResult) -> None:
        self.result = result
        self._region, self._unit = templates(folder)
        self._losses = figures.loss_table(result)
        self._lost_by = {unit.unit.code: lost for unit, lost in self._losses.units}
        self._author = result.roster.batch.reporting_unit or result.name
        # What every unit's report says of the region, and what it takes a walk over all units or files to know.
        self._of_region = {
            "地区城市社区数": result.urban_communities,
            "地区完成比例": percent(result.completion_ratio),
            "地区合计完成比例": percent(result.combined_ratio),
        }
        self._provenance, self._input = provenance(result, KIND), result.input_sha256[:12]

    def region(self, annexes: Sequence[tuple[str, str]] = ()) -> bytes:
        """The region's report; ``annexes`` are (name, file name) of what goes with it."""
        result, units = self.result, self.result.units
        owing: dict[str, list[str]] = {}
        for entry in owed(result):
            owing.setdefault(entry.deliverable.name, []).append(entry.unit.name)
        absent = [unit.unit.name for unit in units if unit.state is UnitState.MISSING and unit.unreported]
        refused = [unit.unit.name for unit in units if unit.state is UnitState.REJECTED]
        goals = targets.progress(result)
        near = targets.nearest_in_region(result)
        values = self._common(units, goals, near, annexes, result.standard, self._losses.region) | {
            "单位数": len(units),
            "已报单位数": sum(unit.state is UnitState.RECEIVED for unit in units),
            "未报单位数": len(absent),
            "未报单位": _names(absent),
            "未采用单位数": len(refused),
            "未采用单位": _names(refused),
            "未改正单位数": sum(_open(unit) > 0 for unit in units),
            "未改正数": sum(map(_open, units)),
            "各县市": [_unit_row(unit) for unit in units],
            "完成比例图说明": self._chart_note(),
            "自定标准": [self._own_standard(unit, unit.own_standard) for unit in units if unit.own_standard],
            "欠报": [{"材料": name, "单位数": len(who), "单位": _names(who)} for name, who in owing.items()],
            **self._examples(units, EXAMPLES, OF_ONE_UNIT),
            "复核不达标社区": _fallen_short(units, with_unit=True),
            "出处": self._origin(result.standard),
        }
        charts = {RATIO_CHART: self._ratios(), ITEM_CHART: self._items(self._losses.region, result.name, None)}
        return self._region.fill(
            values, charts, title=self._title(result.name), author=self._author, date=result.run_date,
            origin=self._provenance,
        )  # fmt: skip

    def unit(self, unit: UnitResult, annexes: Sequence[tuple[str, str]] = ()) -> bytes:
        """The report of one unit, for it to look over, stamp and file."""
        result, standard = self.result, self.result.standard_of(unit)
        name = unit.unit.name
        lost = self._lost_by[unit.unit.code]
        near = tuple((unit, each) for each in targets.nearest_communities(unit, standard))
        late = [entry.deliverable.name for entry in unit_entries(unit, result) if _is_owed(entry)]
        goals = targets.unit_progress(unit, result)
        values = self._common((unit,), goals, near, annexes, standard, lost) | {
            "单位": name,
            "已收到": unit.state is UnitState.RECEIVED,
            "未采用": unit.state is UnitState.REJECTED,
            "自定标准": unit.own_standard is not None,
            **self._of_region,
            "各社区": [
                _community_row(number, each, standard) for number, each in enumerate(unit.communities[:COMMUNITIES], 1)
            ],
            "未列社区数": max(0, unit.urban_communities - COMMUNITIES),
            "欠报材料": "、".join(late),
            **self._examples((unit,), UNIT_EXAMPLES, None),
            "复核不达标社区": _fallen_short((unit,), with_unit=False),
            "出处": self._origin(standard),
        }
        counts = _standings((unit,))
        shown = {"往年名单": counts["往年名单数"], "本年新达标": counts["达标数"]}
        shown |= {word: counts[f"{word}数"] for word in ("待核实", "未达标", "未报")}
        if not result.earlier:
            del shown["往年名单"]
        compared = None if unit.own_standard else self._losses.region
        charts = {
            STANDING_CHART: ChartData(tuple(shown), (Series("社区数", tuple(shown.values())),)),
            ITEM_CHART: self._items(lost, name, compared),
        }
        # Its averages are compared with the region's, so that it rests on all that was received.
        mine = dict(zip(PROVENANCE, (standard.id, standard.sha256), strict=False))
        origin = {name: mine.get(name, self._provenance[name]) for name in (*PROVENANCE, PROVENANCE_KIND)}
        return self._unit.fill(
            values, charts, title=self._title(name), author=self._author, date=result.run_date, origin=origin
        )

    def _origin(self, standard: Standard) -> str:
        """Small print: standard, input and program that the figures come from."""
        return (
            f"数据来源：标准{standard.id}（校验码{standard.sha256[:8]}），输入数据校验码{self._input}，"
            f"程序版本{__version__}，审核日期{chinese_date(self.result.run_date)}。"
        )

    def _title(self, whose: str) -> str:
        suffix = SAMPLE_SUFFIX if self.result.sample else ""
        return f"{whose}{self.result.year}年绿色社区创建{REPORT_NAMES[self.result.phase]}{suffix}"

    def _common(
        self,
        units: Sequence[UnitResult],
        goals: Iterable[targets.Progress],
        near: Sequence[tuple[UnitResult, targets.Near]],
        annexes: Sequence[tuple[str, str]],
        standard: Standard,
        lost: figures.Losses,
    ) -> dict[str, object]:
        result = self.result
        # Of several standards only one is summed; the units with their own are told apart (D-14).
        judged = [each for unit in units if result.standard_of(unit) is standard for each in unit.communities]
        bands = figures.distribution(judged, standard)
        assessed = sum(bool(each.clauses) for each in judged)
        points = sum(tally.points for number, tally in lost.items.items() if standard.item[number].base)
        total = sum(unit.urban_communities for unit in units)
        counts = _standings(units)
        combined = counts["达标数"] + counts["往年名单数"]
        return {
            "地区": result.name,
            "年度": result.year,
            "报告名称": REPORT_NAMES[result.phase],
            "评估": _PHASES[result.phase],
            "自评阶段": result.phase == SELF_EVALUATION,
            "示例": result.sample,
            "文件": result.standard.document,
            "标准": standard.title,
            "达标线": standard.pass_mark.points,
            "报送单位": self._author,
            "日期": chinese_date(result.run_date),
            "城市社区数": total,
            "已报社区数": sum(each.status is not Status.MISSING for unit in units for each in unit.communities),
            **counts,
            "往年再报数": sum(each.listed is not None and not each.excused for unit in units for each in unit.communities),
            "复核不达标数": sum(_fell_short(each) for unit in units for each in unit.communities),
            "完成比例": percent(Fraction(counts["达标数"], total) if total else None),
            "合计数": combined,
            "合计完成比例": percent(Fraction(combined, total) if total else None),
            "得分分布": "、".join(f"{band.label}{band.count}个" for band in bands if band.count),
            "得分社区数": sum(band.count for band in bands),
            "目标完成": [_goal(each) for each in goals],
            "已评社区数": assessed,
            "扣分合计": points,
            "平均扣分": _decimals(Fraction(points, assessed) if assessed else None),
            "失分条款": [self._loss(clause, lost) for clause in lost.dearest[:CLAUSES]],
            "退回数": sum(unit.open_count(Severity.SEND_BACK) for unit in units),
            "核实数": sum(unit.open_count(Severity.VERIFY) for unit in units),
            "最接近": [_near(unit, each, result) for unit, each in near[:NEAREST]],
            "未列最接近数": max(0, len(near) - NEAREST),
            "附件": [{"序号": number, "名称": name, "文件": file} for number, (name, file) in enumerate(annexes, 1)],
        }

    def _loss(self, clause: str, lost: figures.Losses) -> dict[str, object]:
        tally = lost.clauses[clause]
        places, average = "", BLANK
        if lost is self._losses.region:
            dearest = sorted(self._losses.by_unit(clause), key=lambda entry: entry[1].communities < FEW_ASSESSED)
            places = "、".join(f"{_short_name(unit.unit.name)}（{_average(each)}）" for unit, each in dearest[:_PLACES])
        elif lost.standard is self.result.standard:
            average = _decimals(self._losses.region.clauses[clause].average)
        return {
            "条款": clause,
            "名称": lost.standard.clause[clause].name,
            "社区数": tally.affected,
            "扣分": tally.points,
            "平均": _decimals(tally.average),
            "主要单位": places,
            "地区平均": average,
        }

    def _own_standard(self, unit: UnitResult, standard: Standard) -> dict[str, object]:
        lost = self._lost_by[unit.unit.code]
        told = [
            f"{clause} {standard.clause[clause].name}（{lost.clauses[clause].affected}个社区，共扣{lost.clauses[clause].points}分）"
            for clause in lost.dearest[:_FEW]
        ]
        return {
            "单位": unit.unit.name,
            "标准": standard.title,
            "达标线": standard.pass_mark.points,
            "已评社区数": sum(bool(each.clauses) for each in unit.communities),
            "条款": "；".join(told),
        }

    def _examples(self, units: Sequence[UnitResult], most: int, of_one_unit: int | None) -> dict[str, object]:
        rows: list[dict[str, object]] = []
        examples = figures.examples(self.result, units, most, of_one_unit)
        for number, (unit, community) in enumerate(examples.chosen, 1):
            clauses = self.result.standard_of(unit).clause
            given = [entry for entry in community.clauses if clauses[entry.clause].adds and entry.assessed]
            evidence = "；".join(one_line(entry.evidence).strip(" 。；") for entry in given if entry.evidence.strip())
            rows.append(
                {
                    "序号": number,
                    "单位": unit.unit.name,
                    "社区": community.community.short_name + (PILOT if community.community.pilot else ""),
                    "得分": community.assessed_score,
                    "加分": sum(entry.assessed or 0 for entry in given),
                    "佐证": evidence if len(evidence) <= _EVIDENCE else f"{evidence[:_EVIDENCE]}……",
                }
            )
        return {"典型": rows, "未列典型数": examples.equal}

    # --- charts -----------------------------------------------------------------------------------------------------

    def _charted(self) -> tuple[UnitResult, ...]:
        """The units that the chart of ratios shows: all, or those with the lowest ratios, in the order of Annex 2."""
        units = [unit for unit in self.result.units if unit.urban_communities]
        if len(units) <= UNITS_IN_CHART:
            return tuple(units)
        chosen = sorted(range(len(units)), key=lambda place: (units[place].combined_ratio or 0, place))[:UNITS_IN_CHART]
        return tuple(units[place] for place in sorted(chosen))

    def _chart_note(self) -> str:
        count = sum(bool(unit.urban_communities) for unit in self.result.units)
        if count <= UNITS_IN_CHART:
            return ""
        return f"有城市社区的单位共{count}个，图中只列合计完成比例最低的{UNITS_IN_CHART}个，全部单位见各县市情况表。"

    def _ratios(self) -> ChartData:
        units, form = self._charted(), "0.00%"
        label = "合计完成比例" if self.result.earlier else "完成比例"
        bars = Series(label, tuple(unit.combined_ratio for unit in units), 4, form)
        ordered = sorted(self.result.standard.targets, key=lambda target: target.year)
        lines = [
            Series(f"{target.year}年目标（{percent(target.ratio)}）", (target.ratio,) * len(units), 4, form) for target in ordered
        ]
        # Many names stand upright below their columns, and long ones would leave the columns no room.
        most = _COLUMN if len(units) <= _MANY_COLUMNS else _NARROW_COLUMN
        return ChartData(tuple(_short_name(unit.unit.name, most) for unit in units), (bars, *lines))

    def _items(self, lost: figures.Losses, whose: str, compared: figures.Losses | None) -> ChartData:
        """Average points lost by item; items that only add are left out."""
        items = [item for item in lost.standard.items if item.base]
        series = [Series(_short_name(whose), tuple(lost.items[item.number].average for item in items), 2, "0.00")]
        if compared is not None:
            averages = tuple(compared.items[item.number].average for item in items)
            series.append(Series(self.result.name, averages, 2, "0.00"))
        return ChartData(tuple(map(_item_label, items)), tuple(series))


# --- rows of tables and other pieces ------------------------------------------------------------------------------------


def _standings(units: Iterable[UnitResult]) -> dict[str, int]:
    """Every community once: on an earlier list, newly green, or why it does not count."""
    counts: Counter[str] = Counter()
    labels = {Status.GREEN: "达标数", Status.BELOW: "未达标数", Status.PENDING: "待核实数", Status.MISSING: "未报数"}
    for unit in units:
        for each in unit.communities:
            counts["往年名单数" if each.listed is not None else labels[each.status]] += 1
    return {name: counts[name] for name in ("达标数", "往年名单数", "待核实数", "未达标数", "未报数")}


def _fell_short(community: CommunityResult) -> bool:
    """复核不达标: on an earlier list, below the mark this year; it stays listed and is reported (D-11)."""
    return community.listed is not None and community.status is Status.BELOW


def _fallen_short(units: Iterable[UnitResult], *, with_unit: bool) -> str:
    told = [
        f"{unit.unit.name if with_unit else ''}{each.community.short_name}（{_score(each)}分）"
        for unit in units
        for each in unit.communities
        if _fell_short(each)
    ]
    return "、".join(told[:NAMES]) + (f"等{len(told)}个社区" if len(told) > NAMES else "")


def _average(tally: figures.Tally) -> str:
    few = f"，已评{tally.communities}个" if tally.communities < FEW_ASSESSED else ""
    return f"{_decimals(tally.average)}{few}"


def _open(unit: UnitResult) -> int:
    return unit.open_count(Severity.SEND_BACK) + unit.open_count(Severity.VERIFY)


def _unit_row(unit: UnitResult) -> dict[str, object]:
    counts = _standings((unit,))
    return {
        "单位": unit.unit.name,
        "状态": STATE_LABELS[unit.state],
        "城市社区数": unit.urban_communities,
        "已报数": sum(each.status is not Status.MISSING for each in unit.communities),
        "达标数": counts["达标数"],
        "完成比例": percent(unit.completion_ratio),
        "合计数": unit.combined_count,
        "合计完成比例": percent(unit.combined_ratio),
        "待核实数": counts["待核实数"],
        "未达标数": counts["未达标数"],
        "未报数": counts["未报数"],
        "未改正数": _open(unit),
    }


def _community_row(number: int, community: CommunityResult, standard: Standard) -> dict[str, object]:
    declared = community.declared_score
    return {
        "序号": number,
        "社区": community.community.short_name + (PILOT if community.community.pilot else ""),
        "街道": community.community.town,
        "结论": _standing(community),
        "核定得分": _score(community),
        "自报得分": BLANK if declared is None else f"{declared.normalize():f}",
        "主要扣分": losses_text(targets.losses_of(community, standard), _PLACES) if community.clauses else "",
    }


def _score(community: CommunityResult) -> str:
    """``88``; a range where clauses are pending."""
    low, high = community.lowest, community.highest
    if low is None or high is None:
        return BLANK
    return str(low) if low == high else f"{low}～{high}"


def _standing(community: CommunityResult) -> str:
    """The standing that counts: an earlier list before this year's score."""
    return f"已列入{community.listed}年名单" if community.listed is not None else community.status.label


def _goal(each: targets.Progress) -> dict[str, object]:
    return {
        "年度": each.target.year,
        "目标比例": percent(each.target.ratio),
        "总数已知": each.needed is not None,
        "城市社区数": each.urban_communities or 0,
        "需要数": each.needed or 0,
        "已上报": each.filed,
        "完成数": each.count,
        "完成比例": percent(each.ratio),
        "结论": f"还差{each.missing}个" if each.missing else STATES[each.met].rstrip("。"),
    }


def _near(unit: UnitResult, near: targets.Near, result: RegionResult) -> dict[str, object]:
    mark, community = result.standard_of(unit).pass_mark.points, near.community
    pending = community.status is Status.PENDING
    return {
        "单位": unit.unit.name,
        "社区": community.community.short_name + (PILOT if community.community.pilot else ""),
        "结论": community.status.label,
        "得分": str(near.lowest) if near.lowest == near.highest else f"{near.lowest}～{near.highest}",
        "达标线": mark,
        "还差": short_text(max(0, near.short), max(0, mark - near.lowest), pending),
        "条款": losses_text(near.losses, _FEW),
    }


def _is_owed(entry: Entry) -> bool:
    return entry.state is State.OWED


def _decimals(value: Fraction | None) -> str:
    """``0.45``: points to two decimals, rounded half up."""
    return ratio_text(value, 2) or BLANK


def _names(names: Sequence[str]) -> str:
    more = f"等{len(names)}个单位" if len(names) > NAMES else ""
    return "、".join(names[:NAMES]) + more


def _short_name(name: str, most: int = _CATEGORY) -> str:
    """A name for a chart or a narrow cell; the whole one stands in the table."""
    shown = one_line(quoted(name))
    return shown if len(shown) <= most else f"{shown[:most]}…"


def _item_label(item: Item) -> str:
    """``8 社区停车秩序规范``: the number and how the item's standard begins."""
    begin = item.standard.replace(",", "，").split("，")[0]
    return f"{item.number} {_short_name(begin)}"
