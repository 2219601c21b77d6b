"""The discrepancy report (差异报告) of one unit: what to correct by when, what became of earlier findings, every score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from greencomm import __version__
from greencomm.findings import Finding, Life, PastFinding, Settled, Severity
from greencomm.forms.layout import ISSUES_SHEET, Column, Heading, IssueColumn, Summary
from greencomm.forms.style import GREY, RED, SMALL
from greencomm.outputs import phases
from greencomm.outputs.book import (
    BAD,
    BLANK,
    BOXED,
    CALM,
    CENTRED,
    FINE,
    GOOD,
    HEAD,
    PILOT,
    SAMPLE_SUFFIX,
    SECTION,
    SEVERITY_FILL,
    TEXT,
    TITLE,
    WARN,
    Box,
    Page,
    Report,
    Style,
    chinese_date,
    impact_text,
    plain_number,
    provenance,
)
from greencomm.outputs.effective import EFFECTIVE, WIDTHS, write_effective
from greencomm.results import (
    NOT_AGAIN,
    CommunityResult,
    FileState,
    RegionResult,
    Status,
    UnitResult,
    UnitState,
    percent,
    ratio,
    standing_place,
    standings,
)
from greencomm.review.deliverables import papers
from greencomm.rules import CATALOGUE
from greencomm.standard import ANNUAL, Item, Standard

OVERVIEW, FINDINGS, FOLLOW_UP, LOSSES, LISTS = "概况", "问题清单", "整改情况", "得失分", "名单"
_STANDING_FILLS = (GOOD, BAD, WARN, CALM, GOOD)
"""Of the standings, in their order."""
_SOME_LOST, _ALL_LOST = "#FCE4D6", "#F4B183"
_HASH_SHOWN = 16
_LISTED = 6
"""How many names or values of one row are listed before the rest is counted."""
_MEANING = {
    Severity.SEND_BACK: "填报内容无法计分，必须修改后重新报送",
    Severity.VERIFY: "暂按审核结果计分，请核对，或说明情况",
    Severity.NOTE: "已自动处理或仅供参考，不必重新报送",
}
_DECISIVE = "是否达标"
"""Marks findings that decide whether the community reaches the pass mark."""
_PENDING = Status.PENDING.label
_BY_PREFECTURE = "按州标准达标（参考）"
_YES_NO = {True: "是", False: "否", None: "未填"}

# A style that is one object, not made anew for each cell, is known to the workbook by its first use.
_SMALL_TEXT: Style = {**BOXED, "font_size": SMALL}
_SMALL: Style = {**CENTRED, "font_size": SMALL}
_OF_SEVERITY = {severity: {**_SMALL, "bg_color": fill} for severity, fill in SEVERITY_FILL.items()}
_DECIDES: Style = {**_SMALL, "bold": True, "font_color": RED}
_SETTLED: Style = {**_SMALL, "bg_color": GOOD}
_BIGGER: Style = {**BOXED, "font_size": 11}
_BOLD: Style = {**CENTRED, "bold": True}
_NONE: Style = {**BOXED, "font_color": GREY}
_STANDING: tuple[Style, ...] = tuple({**_SMALL, "bg_color": fill} for fill in _STANDING_FILLS)
_STANDING_TITLE: tuple[Style, ...] = tuple({**BOXED, "bold": True, "bg_color": fill} for fill in _STANDING_FILLS)
_TINY_HEAD: Style = {**HEAD, "font_size": 8}
_CENTRED_FINE: Style = {**FINE, "align": "center"}


def write_discrepancy(target: Path | BinaryIO, unit: UnitResult, result: RegionResult) -> None:
    """Write the report of ``unit``: sheets 概况, 问题清单, 整改情况, 得失分 and 名单, with its own standard 适用标准, in the annual phase 与自评相比.

    The same result gives the same bytes.
    """
    writer = _Writer(target, unit, result)
    writer.overview()
    writer.findings()
    writer.follow_up()
    writer.losses()
    writer.lists()
    if unit.own_standard:
        writer.effective(unit.own_standard)
    if result.phase == ANNUAL:
        writer.since()
    writer.report.close()


# --- what is to be done -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Task:
    """What the unit has to do: one headline, by when, the steps, and the fill that says how pressing it is."""

    headline: str
    due: str
    """Empty where nothing is to be done."""
    steps: tuple[str, ...]
    fill: str


def task(unit: UnitResult, result: RegionResult) -> Task:
    """What ``unit`` has to do, and by when, as of the run's date."""
    if not unit.urban_communities:
        return Task("名册中本单位没有城市社区，无需填报", "", (), GOOD)
    due = deadline_text(result)
    hand_in = f"把整个工作簿报送{result.roster.batch.reporting_unit}。"
    if unit.state is UnitState.MISSING:
        if not unit.unreported:
            return _papers(unit, result)
        fill_in = f"填写下发给本单位的填报工作簿：每个社区一张表，{len(result.standard_of(unit).clauses)}个条款逐条填写。"
        if unit.excused:
            fill_in += f"已在往年名单上的 {len(unit.excused)} 个社区不用再填。"
        return Task("尚未收到本单位的填报工作簿，请填报", due, (fill_in, hand_in), BAD)
    if unit.state is UnitState.REJECTED:
        return Task("收到的文件都不能采用，请重新报送", due, ("按下方“收到的文件”中的原因和建议处理。", hand_in), BAD)
    absent = len(unit.unreported)
    more = (f"另有 {absent} 个社区没有填报，见“{LISTS}”；已经开展创建的，请一并补报。",) if absent else ()
    number = (unit.submission or 1) + 1
    # Where the county corrects its own file instead, the number is the one thing that it must not forget.
    resend = (f"退回修改工作簿的“{Summary.SUBMISSION}”已改为 {number}（在原来的工作簿中修改的，请自行改为 {number}），{hand_in}", *more)
    send_back, verify = unit.open_count(Severity.SEND_BACK), unit.open_count(Severity.VERIFY)
    if send_back:
        also = f"，再核对“{Severity.VERIFY.label}”项" if verify else ""
        first = f"打开“{FINDINGS}”，先改“{Severity.SEND_BACK.label}”项（标有“{_DECISIVE}”的最先改）{also}。"
        where = "请在随本报告退回的“退回修改”工作簿中修改：原来填的内容都在里面，有问题的格子已标出颜色。"
        return Task(f"有 {send_back} 处必须修改，请改好后重新报送", due, (first, where, *resend), BAD)
    if verify:
        phrase = next(iter(result.standard_of(unit).reading.empty_phrases), "")
        not_enough = f"（只写“{phrase}”不算）" if phrase else ""
        explain = f"无误的在退回修改工作簿“{ISSUES_SHEET}”表的“{IssueColumn.EXPLANATION}”栏写明理由{not_enough}"
        check = f"打开“{FINDINGS}”，逐条核对“{Severity.VERIFY.label}”项：有误的修改，{explain}。"
        return Task(f"没有必须修改的内容，有 {verify} 处需要核实", due, (check, *resend), WARN)
    return Task("审核通过，无需修改", "", more, GOOD)


def _papers(unit: UnitResult, result: RegionResult) -> Task:
    """What a unit has to do whose communities are all on earlier lists."""
    names = "、".join(f"“{entry.deliverable.name}”" for entry in papers(unit, result))
    if not names:
        return Task("本单位的社区都已在往年名单上，无需填报", "", (), GOOD)
    hand_in = f"把{names}（盖章）报送{result.roster.batch.reporting_unit}；社区的表不用再填。"
    return Task(f"本单位的社区都已在往年名单上，只需报送{names}", deadline_text(result), (hand_in,), WARN)


def deadline_text(result: RegionResult) -> str:
    """The phase's deadline and how far away it is: ``截止日期：2021年10月20日（还有2天）``."""
    deadline = result.roster.batch.deadlines[result.phase]
    days = (deadline - result.run_date).days
    far = f"还有{days}天" if days > 0 else "今天截止" if days == 0 else f"已过{-days}天，请尽快办理"
    return f"截止日期：{chinese_date(deadline)}（{far}）"


# --- findings, grouped for the reader -------------------------------------------------------------------------------


def grouped(findings: Iterable[Finding]) -> list[tuple[Finding, ...]]:
    """Findings of one rule with one way to mend them on one sheet (or on none), in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        place = finding.place
        community = place.community if place.sheet else None
        weight = (finding.decides, finding.impact, finding.lowest, finding.highest)
        standing = (finding.state_label, finding.settlement, finding.remedy, finding.reply, finding.refusal)
        key = (finding.rule, finding.severity, weight, standing, place.file, place.sheet, community, finding.fix)
        groups.setdefault(key, []).append(finding)
    return [tuple(group) for group in groups.values()]


def _distinct(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _listed(texts: Iterable[str | None]) -> str:
    """All texts joined, or the first of many: ``甲、乙、丙、丁、戊等20个``."""
    distinct = _distinct(texts)
    if len(distinct) <= _LISTED:
        return "、".join(distinct)
    return f"{'、'.join(distinct[:_LISTED])}等{len(distinct)}个"


def _spread(group: Sequence[Finding], values: Sequence[str]) -> str:
    """One value where all are equal, else each with its clause or cell: ``8.1：3；9.2：1``."""
    places = [finding.place.clause or finding.place.cell for finding in group]
    if len(set(values)) == 1:
        return values[0]
    if not all(places):
        return _listed(values)
    return "；".join(f"{place}：{value or '空白'}" for place, value in zip(places, values, strict=True))


def _standing(finding: Finding) -> str:
    """What the county did or said of a finding, what the prefecture decided, and why an explanation is not enough."""
    lines = [f"{IssueColumn.REMEDY}：{finding.remedy}"] if finding.remedy else []
    settlement = finding.settlement
    if settlement is not None:
        day = chinese_date(settlement.date) if settlement.date else ""
        if settlement.kind is Settled.WAIVED:
            lines.append(f"{settlement.kind.label}：{settlement.text}（{'，'.join(part for part in (settlement.who, day) if part)}）")
        else:
            lines.append(f"{IssueColumn.EXPLANATION}：{settlement.text}{f'（{day}采用）' if day else ''}")
    if finding.reply and (settlement is None or settlement.text != finding.reply):
        lines.append(f"未采用：{finding.reply}" if finding.refusal or settlement else f"{IssueColumn.EXPLANATION}：{finding.reply}")
    if finding.refusal:
        lines.append(finding.refusal)
    return "\n".join(lines)


def _said(past: PastFinding) -> str:
    """What the county typed of a finding that is gone."""
    return "\n".join(part for part in (past.remedy, f"{IssueColumn.EXPLANATION}：{past.reply}" if past.reply else "") if part)


def _messages(group: Sequence[Finding]) -> str:
    """All that is said of a group; many different sentences are led by the rule's title and one example."""
    messages = _distinct(finding.message for finding in group)
    if len(messages) <= 3:
        return "\n".join(messages)
    return f"{group[0].title}（共{len(group)}处），例如：{messages[0]}"


# --- points -----------------------------------------------------------------------------------------------------------


def item_name(item: Item) -> str:
    """The item's first phrase, short enough for a column's header."""
    return item.standard.replace("，", ",").partition(",")[0]


def only_adds(item: Item) -> bool:
    """Whether the item starts at 0 and only adds points (D-02)."""
    return item.base < item.points


def points_shown(item: Item, score: int) -> int:
    """Points lost in an item; where it only adds, the points added."""
    return score if only_adds(item) else item.points - score


_POINTS: Style = {**CENTRED, "num_format": "0"}
_ADDED: Style = {**CENTRED, "num_format": "+0;-0;0"}


_NO_POINTS: Style = {**_POINTS, "font_color": GREY}
_NO_SHEET: Style = {**CENTRED, "font_color": GREY}
_UNDECIDED: Style = {**CENTRED, "font_size": 8, "bg_color": WARN}


def _points_style(item: Item, points: int) -> Style:
    if points == 0:
        return _NO_POINTS
    if only_adds(item):
        return {**_ADDED, "bg_color": GOOD, "bold": True}
    return {**_POINTS, "bg_color": _ALL_LOST if points == item.points else _SOME_LOST}


# --- the sheets -------------------------------------------------------------------------------------------------------


class _Writer:
    def __init__(self, target: Path | BinaryIO, unit: UnitResult, result: RegionResult) -> None:
        self.unit, self.result, self.standard = unit, result, result.standard_of(unit)
        self.name = unit.unit.name
        self.suffix = SAMPLE_SUFFIX if result.sample else ""
        self.report = Report(target, result.run_date, f"{self.name}差异报告{self.suffix}")
        self.report.state(provenance(result, "差异报告", unit))
        self.provenance = "　".join(
            (
                f"{result.name}{result.roster.batch.round_title}",
                f"填报单位：{self.name}",
                f"审核日期：{chinese_date(result.run_date)}",
                f"标准：{self.standard.id}（{self.standard.sha256[:8]}）",
                f"程序版本：{__version__}",
                f"输入校验码：{result.unit_input_sha256(unit)[:8]}",
            )
        )

    def page(self, name: str, title: str, widths: Sequence[float], *, landscape: bool) -> Page:
        page = self.report.page(name, widths, landscape=landscape, sample=self.result.sample)
        page.wide(f"{title}{self.suffix}", TITLE, 34)
        page.wide(self.provenance, _CENTRED_FINE)
        return page

    # 概况

    def overview(self) -> None:
        page = self.page(OVERVIEW, f"{self.name}绿色社区创建差异报告", (21, 15, 18, 39), landscape=False)
        page.keep_above(page.next_row - 1)
        page.skip()
        self._task(page)
        page.skip()
        self._figures(page)
        page.skip()
        self._files(page)
        page.skip()
        page.wide("说明", SECTION, 22)
        mark = self.standard.pass_mark.points
        lines = [
            f"达标线为{mark}分（含{mark}分），依据{self.standard.document}《{self.standard.title}》。",
            f"申报得分按本单位填写的扣分计算，核定得分由{Column.ACTUAL}按标准推算。",
            "有条款待核实的社区没有核定得分，给出可能的最低分和最高分。",
            f"“{FINDINGS}”是每处问题和修改办法，“{FOLLOW_UP}”是与上一次报送的对照，“{LOSSES}”是逐项失分，“{LISTS}”是各社区的结论。",
            "表中的工作表名和单元格，都以本单位报送的文件为准。",
        ]
        if self.unit.own_standard:
            lines.append(f"达标与否按本单位自定的标准认定，它与州标准的不同之处见“{EFFECTIVE}”；按州标准的得分只供参考。")
        for number, line in enumerate(lines, 1):
            page.wide(f"{number}. {line}", TEXT)

    def _task(self, page: Page) -> None:
        todo = task(self.unit, self.result)
        page.wide("一、需要办理的事项", SECTION, 22)
        banner = {**CENTRED, "bold": True, "font_size": 14, "bg_color": todo.fill}
        page.wide("\n".join(line for line in (todo.headline, todo.due) if line), banner, 40)
        for number, step in enumerate(todo.steps, 1):
            page.wide(f"{number}. {step}" if len(todo.steps) > 1 else step, _BIGGER, 22)
        batch = self.result.roster.batch
        contact = "　".join(part for part in (batch.contact, batch.phone) if part)
        if contact:
            page.wide(f"联系人及电话：{contact}", _BIGGER, 22)
        page.skip()
        page.row([Box(title, HEAD) for title in ("类别", "待处理", "已说明或免予处理", "含义")])
        for severity in Severity:
            style = {**CENTRED, "bg_color": SEVERITY_FILL[severity]}
            open_count = self.unit.open_count(severity)
            settled = self.unit.count(severity) - open_count
            counts = [Box(open_count, CENTRED), Box(settled, CENTRED)]
            page.row([Box(severity.label, style), *counts, Box(_MEANING[severity], BOXED)])

    def _figures(self, page: Page) -> None:
        unit, result = self.unit, self.result
        page.wide("二、完成情况（自报与审核对照）", SECTION, 22)
        page.row([Box(title, HEAD) for title in ("指标", "本单位自报", "审核结果", "说明")])
        counts = {status: len(unit.of(status)) for status in Status}
        reported = unit.state is UnitState.RECEIVED
        claimed: int | None = unit.declared_green if reported else None
        claimed_ratio = ratio(unit.declared_green, unit.urban_communities) if reported else None
        target = self.standard.target(result.year)
        aim = f"{result.name}{result.year}年目标{percent(target.ratio)}，供参考" if target else ""
        rows: list[tuple[str, int | str | None, int | str, str]] = [
            ("城市社区总数", None, unit.urban_communities, "以名册为准，是完成比例的分母"),
            ("已报社区", None, unit.urban_communities - counts[Status.MISSING], "收到填报表的社区"),
            (Status.GREEN.label, claimed, counts[Status.GREEN], self._difference(claimed, counts[Status.GREEN])),
            (Status.BELOW.label, None, counts[Status.BELOW], f"核定得分达不到{self.standard.pass_mark.points}分"),
            (_PENDING, None, counts[Status.PENDING], "有条款无法计分，补正后才能确定"),
            (Status.MISSING.label, None, len(unit.unreported), "没有收到填报表，或填报表是空白"),
            ("完成比例", percent(claimed_ratio), percent(unit.completion_ratio), aim),
        ]
        if self.unit.own_standard and reported:
            remark = f"同样的填报内容按州标准（{result.standard.id}）评分，只供参考"
            rows.insert(3, (_BY_PREFECTURE, None, unit.reference_green, remark))
        if result.earlier:
            rows.insert(-1, (NOT_AGAIN, None, len(unit.excused), "已在往年名单上，本年没有填报"))
            # Who stands on a list and reports again is in 达标; one row never compares figures with and without them.
            newly: int | None = unit.newly_declared if reported else None
            new_ratio = ratio(unit.newly_declared, unit.urban_communities) if reported else None
            rows[-1:] = [
                ("本年新达标", newly, len(unit.green), "不含已在往年名单上的社区"),
                ("本年完成比例", percent(new_ratio), percent(unit.completion_ratio), "只计本年新达标的社区"),
                ("往年名单", None, len(unit.listed), "已在往年绿色社区名单上，不用再申报"),
                ("合计完成比例", None, percent(unit.combined_ratio), aim),
            ]
        for label, own, assessed, remark in rows:
            shown = BLANK if own is None else own
            page.row([Box(label, CENTRED), Box(shown, CENTRED), Box(assessed, _BOLD), Box(remark, BOXED)])

    @staticmethod
    def _difference(claimed: int | None, green: int) -> str:
        if claimed is None:
            return "没有可采用的自报数"
        if claimed == green:
            return "自报与审核一致"
        return f"审核结果比自报{'少' if green < claimed else '多'}{abs(claimed - green)}个，见“{LISTS}”"

    def _files(self, page: Page) -> None:
        page.wide("三、收到的文件", SECTION, 22)
        if not self.unit.files:
            page.wide("没有收到本单位的文件。", BOXED)
            return
        page.row([Box(title, HEAD) for title in ("文件", "处理结果", "文件校验码", "原因和建议")])
        for file in self.unit.files:
            fill = {FileState.ACCEPTED: GOOD, FileState.REJECTED: BAD}.get(file.state, CALM)
            reason = "\n".join(part for part in (file.reason, file.advice) if part)
            code = (file.sha256 or BLANK)[:_HASH_SHOWN]
            page.row(
                [
                    Box(file.path, BOXED),
                    Box(file.state.label, {**CENTRED, "bg_color": fill}),
                    Box(code, _SMALL),
                    Box(reason, BOXED),
                ]
            )
        page.wide(f"文件校验码为 SHA-256 的前{_HASH_SHOWN}位，用来确认审核的就是这一份文件。", FINE)

    # 问题清单

    def findings(self) -> None:
        titles = (
            "序号", "类别", "状态", "影响", "编号", "工作表", "单元格", "条款", "问题", "填写内容", "应为", "怎样修改",
            "整改和说明", "处数",
        )  # fmt: skip
        widths = (5, 7, 8, 10, 6, 15, 8, 8, 29, 13, 11, 29, 23, 5)
        page = self.page(FINDINGS, f"{self.name}问题清单", widths, landscape=True)
        groups = grouped(self.unit.findings)
        if not groups:
            page.wide("没有发现问题。", {**TEXT, "align": "center"}, 40)
            return
        head = page.head(titles)
        several = len({finding.place.file for finding in self.unit.findings if finding.place.file}) > 1
        body, centred = _SMALL_TEXT, _SMALL
        for number, group in enumerate(groups, 1):
            first = group[0]
            state = _SETTLED if first.settlement else _DECIDES if first.life is Life.RELAPSED else centred
            page.row(
                [
                    Box(number, centred),
                    Box(first.severity.label, _OF_SEVERITY[first.severity]),
                    Box(first.state_label, state),
                    Box(impact_text(first, self.result), _DECIDES),
                    Box(first.rule, centred),
                    Box(self._where(group, several), body),
                    Box("、".join(_distinct(finding.place.cell for finding in group)), centred),
                    Box("、".join(_distinct(finding.place.clause for finding in group)), centred),
                    Box(_messages(group), body),
                    Box(_spread(group, [finding.found for finding in group]), body),
                    Box(_spread(group, [finding.expected for finding in group]), body),
                    Box("" if first.settlement else first.fix, body),
                    Box(_standing(first), body),
                    Box(len(group), centred),
                ]
            )
        page.sheet.autofilter(head, 0, page.next_row - 1, len(titles) - 1)

    def _where(self, group: Sequence[Finding], several_files: bool) -> str:
        place = group[0].place
        lines = [place.file if several_files or not place.sheet else None, place.sheet]
        members = [self.result.roster.community.get(finding.place.community or "") for finding in group]
        lines.append(_listed(member.name for member in members if member and member.short_name != place.sheet))
        return "\n".join(line for line in lines if line)

    # 整改情况

    def follow_up(self) -> None:
        """What became of the findings of last time, what the county changed, and what needs no correction any more."""
        unit = self.unit
        page = self.page(FOLLOW_UP, f"{self.name}整改情况", (5, 24, 8, 24, 42, 42), landscape=True)
        page.keep_above(page.next_row - 1)
        if unit.earlier is None:
            page.wide("这是本单位第一次报送的审核，没有可以对照的上一次报送。", TEXT)
        else:
            labels = [finding.state_label for finding in unit.findings]
            labels += [past.life.label for past in unit.corrected]
            states = (Life.CORRECTED, *(life for life in Life if life is not Life.CORRECTED), *Settled)
            counted = [(each.label, labels.count(each.label)) for each in states]
            counts = "，".join(f"{label}{count}处" for label, count in counted if count) or "没有问题"
            page.wide(f"与上一次报送（第{unit.earlier}批）对照：{counts}；填报内容改动{len(unit.changes)}处。", TEXT)
        page.skip()
        for restored, title in ((False, "一、已改的问题"), (True, "新表已恢复的问题（表的结构和公式，不是本单位改的）")):
            gone = [past for past in unit.corrected if past.restored is restored]
            if restored and not gone:
                continue
            self._follow_up_table(
                page, title, ("社区", "条款", "编号和名称", "原来的问题", "整改情况"),
                [
                    (self._community(past.community), past.clause or "", f"{past.rule} {past.title}", past.message, _said(past))
                    for past in gone
                ],
            )  # fmt: skip
        self._follow_up_table(
            page, "二、改动的内容", ("社区", "条款", "栏目", "原填", "现填"),
            [
                (self._community(c.community), c.clause, c.column, c.before or "（空白）", c.after or "（空白）")
                for c in unit.changes
            ],
        )  # fmt: skip
        explained = [f for f in unit.findings if f.settlement and f.settlement.kind is Settled.EXPLAINED]
        self._follow_up_table(
            page, "三、已说明的问题", ("社区", "条款", "编号和名称", "填报内容", "情况说明"),
            [
                (self._community(f.place.community), f.place.clause or "", f"{f.rule} {f.title}", f.value, _standing(f))
                for f in explained
            ],
        )  # fmt: skip
        waivers = [waiver for waiver in self.result.roster.waivers if waiver.unit == unit.unit.code and waiver.date <= self.result.run_date]
        self._follow_up_table(
            page, "四、免予处理的问题", ("社区", "条款", "编号和名称", "理由", "批准人和日期"),
            [
                (
                    self._community(waiver.community),
                    waiver.clause,
                    f"{waiver.rule} {CATALOGUE[waiver.rule].title}",
                    waiver.reason,
                    f"{waiver.who}，{chinese_date(waiver.date)}；涉及{sum(map(waiver.settles, unit.findings))}处",
                )
                for waiver in waivers
            ],
        )  # fmt: skip
        if unit.other_replies:
            self._follow_up_table(
                page, "其他说明：没有对应的问题，没有采用", ("社区", "条款", "编号", "整改情况", "情况说明"),
                [
                    (self._community(other.community), other.clause, other.rule, other.remedy, other.explanation)
                    for other in unit.other_replies
                ],
            )  # fmt: skip

    def _community(self, code: str | None) -> str:
        if code is None:
            return ""
        member = self.result.roster.community.get(code)
        return member.short_name if member else code

    @staticmethod
    def _follow_up_table(page: Page, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        page.wide(f"{title}（{len(rows)}处）", SECTION, 22)
        if not rows:
            page.wide("无", _NONE)
        else:
            page.row([Box(head, HEAD) for head in ("序号", *heads)])
        body, centred = _SMALL_TEXT, _SMALL
        for number, (community, clause, what, before, after) in enumerate(rows, 1):
            page.row(
                [Box(number, centred), Box(community, body), Box(clause, centred), Box(what, body), Box(before, body), Box(after, body)]
            )
        page.skip()

    # 得失分

    def losses(self) -> None:
        items = self.standard.items
        after = ("失分合计", "申报得分", "核定得分", "最低分", "最高分", "结论")
        widths = (16, *(5.8 for _ in items), 6, 6, 6, 6, 6, 8)
        page = self.page(LOSSES, f"{self.name}各社区逐项失分", widths, landscape=True)
        small = _TINY_HEAD
        explained = [f"数字为该项失分，0为没有失分，“{_PENDING}”为有条款无法计分"]
        explained += [f"第{item.number}项为加分" for item in items if only_adds(item)]
        page.wide("；".join(explained) + "。", _CENTRED_FINE)
        page.row(
            [
                Box("内容", small),
                *(Box(content.name, small, len(content.items)) for content in self.standard.contents),
                Box("得分", small, len(after)),
            ]
        )
        points = [Box(f"第{item.number}项\n{item.points}分", small) for item in items]
        page.row([Box("项和分值", small), *points, *(Box("", small) for _ in after)])
        titles = ("社区", *(item_name(item) for item in items), *after)
        head = page.row([Box(title, small) for title in titles])
        page.sheet.freeze_panes(head + 1, 1)
        page.sheet.repeat_rows(0, head)
        words = standings(self.result)
        for community in self.unit.communities:
            place = standing_place(community)
            page.row(
                [
                    Box(community.community.short_name, _SMALL_TEXT),
                    *self._losses_of(community),
                    *(Box(value, CENTRED) for value in _scores(community)),
                    Box(words[place], _STANDING[place]),
                ]
            )
        self._total_losses(page, len(after))

    def _losses_of(self, community: CommunityResult) -> list[Box]:
        """Points lost by item, and their sum; — where nothing was received, or a sheet without an answer."""
        scores = community.items
        if not _is_reported(community):
            return [*(Box(BLANK, _NO_SHEET) for _ in self.standard.items), Box(BLANK, _POINTS)]
        lost = [self._lost[item.number, scores[item.number]] for item in self.standard.items]
        return [*(box for box, _ in lost), Box(sum(counted for _, counted in lost), _POINTS)]

    @cached_property
    def _lost(self) -> dict[tuple[int, int | None], tuple[Box, int]]:
        """What is shown of an item by its number and score, and what counts of it in the sum of points lost.

        Items that are not decided or only add do not count.
        """
        shown: dict[tuple[int, int | None], tuple[Box, int]] = {}
        for item in self.standard.items:
            shown[item.number, None] = Box(_PENDING, _UNDECIDED), 0
            for score in {community.items[item.number] for community in self.unit.communities if community.items}:
                if score is not None:
                    points = points_shown(item, score)
                    shown[item.number, score] = Box(points, _points_style(item, points)), 0 if only_adds(item) else points
        return shown

    def _total_losses(self, page: Page, rest: int) -> None:
        reported = [community for community in self.unit.communities if _is_reported(community)]
        style = {**_POINTS, "bold": True, "bg_color": GOOD}
        boxes = [Box(f"合计（已报{len(reported)}个社区）", {**style, "font_size": SMALL})]
        lost = 0
        for item in self.standard.items:
            known = [score for community in reported if (score := community.items[item.number]) is not None]
            whole = sum(points_shown(item, score) for score in known)
            boxes.append(Box(whole, {**style, "num_format": _ADDED["num_format"]} if only_adds(item) else style))
            lost += 0 if only_adds(item) else whole
        boxes.append(Box(lost, style))
        page.row([*boxes, *(Box("", style) for _ in range(rest - 1))], 22)

    # 名单

    def lists(self) -> None:
        titles = ["序号", "社区代码", "社区名称", "自报", "申报得分", "核定得分", "最低分", "最高分", "备注"]
        widths = [5, 14, 25, 6, 8, 8, 7, 7, 24]
        if self.unit.own_standard:
            titles[8:8], widths[8:8] = ["按州标准得分（参考）", "按州标准（参考）"], [11, 9]
        page = self.page(LISTS, f"{self.name}社区名单", widths, landscape=self.unit.own_standard is not None)
        page.head(titles)
        mark = self.standard.pass_mark.points
        by_place: dict[int, list[CommunityResult]] = {}
        for community in self.unit.communities:
            by_place.setdefault(standing_place(community), []).append(community)
        for place, word in enumerate(standings(self.result)):
            members = by_place.get(place, [])
            if word == _PENDING:
                # Where the range straddles the pass mark, the answer decides; those come first (D-09).
                members.sort(key=lambda community: (community.lowest or 0) >= mark)
            page.wide(f"{word}（{len(members)}个）", _STANDING_TITLE[place], 22)
            if not members:
                page.wide("无", _NONE)
            for number, community in enumerate(members, 1):
                page.row(
                    [
                        Box(number, CENTRED),
                        Box(community.community.code, _SMALL),
                        Box(community.community.name + (PILOT if community.community.pilot else ""), BOXED),
                        Box(BLANK if community.status is Status.MISSING else _YES_NO[community.claimed], CENTRED),
                        *(Box(value, CENTRED) for value in _scores(community)),
                        *self._reference(community),
                        Box(_remark(community, mark), _SMALL_TEXT),
                    ]
                )
        page.wide(f"自报：本单位是否{Heading.CLAIM}。得分以{self.standard.full_score}分计，{mark}分以上（含）为达标。", FINE)

    # 与自评相比

    def since(self) -> None:
        page = self.page(phases.SHEET, f"{self.name}与本年度自评相比", phases.UNIT_WIDTHS, landscape=True)
        page.keep_above(page.next_row - 1)
        phases.lay_out_unit(page, self.unit, self.result)


    def _reference(self, community: CommunityResult) -> list[Box]:
        """Score and standing by the prefecture's standard, where the unit has its own; a range where it is open (D-14)."""
        if self.unit.own_standard is None:
            return []
        reference = community.reference
        if reference is None:
            return [Box(BLANK, CENTRED), Box(BLANK, CENTRED)]
        score = f"{reference.lowest}～{reference.highest}" if reference.score is None else reference.score
        return [Box(score, CENTRED), Box(reference.status.label, CENTRED)]

    # 适用标准

    def effective(self, standard: Standard) -> None:
        page = self.page(EFFECTIVE, f"{self.name}适用标准", WIDTHS, landscape=True)
        write_effective(page, standard)


def _scores(community: CommunityResult) -> list[int | float | str]:
    """Declared, assessed, lowest and highest score; — where there is none."""
    if not _is_reported(community):
        return [BLANK] * 4
    values = (community.declared_score, community.assessed_score, community.lowest, community.highest)
    return [BLANK if value is None else plain_number(value) for value in values]


def _is_reported(community: CommunityResult) -> bool:
    """Whether a sheet with answers came: a blank one counts as 未报 and shows no figures."""
    return community.status is not Status.MISSING


def _remark(community: CommunityResult, mark: int) -> str:
    if community.listed is not None:
        listed = f"已在{community.listed}年名单上"
        return f"{listed}，复核不达标" if community.status is Status.BELOW else listed
    match community.status:
        case Status.BELOW if community.claimed:
            return "自报达标，审核未达标"
        case Status.GREEN if community.claimed is False:
            return "未自报达标，审核达标"
        case Status.PENDING if (community.lowest or 0) >= mark:
            return f"最低也有{mark}分，补正后即可认定"
        case Status.PENDING:
            return "补正的内容决定是否达标"
    return ""
