"""The status workbook (进度表): who has reported when, what is still open, whom to chase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from greencomm import __version__
from greencomm.findings import Finding, Impact, Settled, Severity
from greencomm.forms.style import GREY, SMALL
from greencomm.outputs import owing, phases, prospects
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
    provenance,
)
from greencomm.outputs.mail import addresses
from greencomm.outputs.progress import (
    NO_TIME,
    NOT_RECEIVED,
    NOTHING,
    STATE_LABELS,
    UNCOUNTED,
    Step,
    community_step,
    deadline_line,
    next_step,
    received_at,
    time_text,
    timing,
    uncounted,
    uncounted_text,
)
from greencomm.results import (
    CommunityResult,
    FileState,
    ReceivedFile,
    RegionResult,
    Status,
    UnitResult,
    UnitState,
    percent,
    standing_counts,
    standings,
)
from greencomm.review.deliverables import green_label, group
from greencomm.standard import ANNUAL, PHASE_TITLES

UNITS, COMMUNITIES, FIRST, CHASE = "进度", "社区", "先办问题", "催报"
_STATE_FILL = {UnitState.RECEIVED: GOOD, UnitState.REJECTED: BAD, UnitState.MISSING: CALM}
_STATUS_FILL = {Status.GREEN: GOOD, Status.BELOW: BAD, Status.PENDING: WARN, Status.MISSING: CALM}
_STEP_FILL = {
    Step.NONE.value: CALM,
    Step.CHASE.value: BAD,
    Step.PAPERS.value: WARN,
    Step.RESEND.value: BAD,
    Step.SEND_BACK.value: BAD,
    Step.VERIFY.value: WARN,
    Step.PASSED.value: GOOD,
    NOTHING: GOOD,
    UNCOUNTED: WARN,
}
_STANDING_FILLS = (GOOD, BAD, WARN, CALM, GOOD)
"""Of the standings, in their order."""
_OPEN = (Severity.SEND_BACK, Severity.VERIFY)
_SETTLED = (Settled.EXPLAINED, Settled.WAIVED)
_COUNTED = ("需改正", "需核实", *(kind.label for kind in _SETTLED))
_MEANINGS = (
    "需改正：填报内容无法计分，须退回修改；需核实：暂按审核结果计分，请单位核对或说明；已说明、免予处理：不必再改。",
    "收到时间是邮件的发送时间；文件不是随邮件放入的，是它最后一次保存的时间（后面写有“保存”）。都是北京时间。"
    f"“{NO_TIME}”是人工放入的、文件里也没有保存时间的，不影响审核，也不算迟报。",
    "距截止：迟报只按首次报送的邮件计算，迟报的照常审核；首次报送没有邮件时间、以后的更正在截止日期后才收到的，写“更正晚几天”，不算迟报。",
)


_SECOND_YEAR = (
    "达标、未达标、待核实、未报、不用再报加起来是全部社区，是本年填报的结论，往年名单上的社区又报送的也在内；"
    "不用再报的是往年名单上、本年没有填报的。本年新增不含往年名单上的社区；合计是往年名单上的和本年新增的，每个社区只计一次。"
)


def write_status(target: Path | BinaryIO, result: RegionResult, letters: dict[str, str] | None = None) -> None:
    """Write sheets 进度, 社区, 先办问题, 催报, 目标进度, in the annual phase 与自评相比, and 报送事项.

    ``letters`` names each unit's letter by unit code, as 催报 shows it.

    The same result gives the same bytes.
    """
    writer = _Writer(target, result, letters or {})
    writer.units()
    writer.communities()
    writer.first()
    writer.chase()
    writer.targets()
    writer.since()
    writer.deliverables()
    writer.report.close()


class _Writer:
    def __init__(self, target: Path | BinaryIO, result: RegionResult, letters: dict[str, str]) -> None:
        self.result, self.letters = result, letters
        self.suffix = SAMPLE_SUFFIX if result.sample else ""
        self.heading = f"{result.name}{result.year}年绿色社区创建{PHASE_TITLES[result.phase]}"
        self.report = Report(target, result.run_date, f"{self.heading}进度{self.suffix}")
        self.report.state(provenance(result, "进度表"))
        self.provenance = "　".join(
            (
                f"审核日期：{chinese_date(result.run_date)}",
                f"标准：{result.standard.id}（{result.standard.sha256[:8]}）",
                f"程序版本：{__version__}",
                f"输入校验码：{result.input_sha256[:8]}",
            )
        )

    def page(self, name: str, title: str, widths: Sequence[float], summary: str) -> Page:
        page = self.report.page(name, widths, landscape=True, sample=self.result.sample)
        page.wide(f"{self.heading}{title}{self.suffix}", TITLE, 34)
        page.wide(self.provenance, {**FINE, "align": "center"})
        page.wide(summary, {**TEXT, "bold": True}, 24)
        return page

    @property
    def years(self) -> tuple[str, ...]:
        """Columns that only a year after a closed one has."""
        return ("本年新增", "合计") if self.result.earlier else ()

    # 进度

    def units(self) -> None:
        titles = (
            "填报单位", "报送情况", "收到时间", "报送批次", "社区数", "已报", *standings(self.result), *self.years,
            *_COUNTED, "距截止", "下一步",
        )  # fmt: skip
        widths = (16, 11, 23, 9, 8, 7, 7, 8, 8, 7, *(9 for _ in standings(self.result)[4:]), *(9 for _ in self.years), 8, 8, 8, 9, 12, 22)
        page = self.page(UNITS, "报送和审核进度", widths, self.summary())
        head = page.head(titles)
        for unit in self.result.units:
            self._unit(page, unit)
        if self.result.units:
            page.sheet.autofilter(head, 0, page.next_row - 1, len(titles) - 1)
        self._total(page)
        page.skip()
        if self.result.earlier:
            page.wide(_SECOND_YEAR, FINE)
        for line in _MEANINGS:
            page.wide(line, FINE)

    def _unit(self, page: Page, unit: UnitResult) -> None:
        when, step = timing(unit, self.result), next_step(unit, self.result)
        blank = Box(BLANK, {**CENTRED, "font_color": GREY})
        here = unit.state is UnitState.RECEIVED
        number = Box(unit.submission, CENTRED) if here and unit.submission else blank
        late = bool(when.days_late)
        page.row(
            [
                Box(unit.unit.name, BOXED),
                Box(STATE_LABELS[unit.state] if step is not Step.NONE or here else BLANK, _state_style(unit, step)),
                Box(when.received_text or _no_time(unit, step), {**CENTRED, "font_size": SMALL}),
                number,
                Box(unit.urban_communities, CENTRED),
                Box(_reported(unit), CENTRED),
                *map(_count, standing_counts((unit,), self.result), _STANDING_FILLS),
                *(_count(count, GOOD) for count in self._counts(unit)),
                _count(unit.open_count(Severity.SEND_BACK), BAD),
                _count(unit.open_count(Severity.VERIFY), WARN),
                *(_count(unit.settled_count(kind), CALM) for kind in _SETTLED),
                Box(self._to_deadline(unit, step), {**CENTRED, "bg_color": WARN} if late else CENTRED),
                Box(
                    "\n".join(part for part in (step.value, uncounted_text(unit)) if part),
                    {**CENTRED, "bold": True, "bg_color": WARN if step is Step.PASSED and uncounted(unit) else _STEP_FILL[step.value]},
                ),
            ]
        )

    def _counts(self, unit: UnitResult) -> tuple[int, ...]:
        """What stands under ``years``."""
        return (len(unit.green), unit.combined_count) if self.result.earlier else ()

    def _to_deadline(self, unit: UnitResult, step: Step) -> str:
        """Late or in time by receipt, and where something is still to be done the days from the run's date."""
        when = timing(unit, self.result)
        if step is Step.NONE:
            return BLANK
        if step is Step.PASSED:
            return when.late_text or ("按时报送" if when.in_time else BLANK)
        return "\n".join(part for part in (when.late_text, when.left_text) if part)

    def _total(self, page: Page) -> None:
        units = self.result.units
        style = {**CENTRED, "bold": True, "bg_color": GOOD}
        figures = [
            sum(unit.urban_communities for unit in units),
            sum(_reported(unit) for unit in units),
            *standing_counts(units, self.result),
            *(sum(counts) for counts in zip(*map(self._counts, units), strict=True)),
            *(sum(unit.open_count(severity) for unit in units) for severity in _OPEN),
            *(sum(unit.settled_count(kind) for unit in units) for kind in _SETTLED),
        ]
        page.row(
            [
                Box("合计", style),
                Box(f"已报{sum(unit.state is UnitState.RECEIVED for unit in units)}个", style),
                Box("", style, 2),
                *(Box(figure, style) for figure in figures),
                Box("", style, 2),
            ],
            22,
        )

    def summary(self) -> str:
        """Totals and the deadline, in two lines."""
        result = self.result
        expected = [unit for unit in result.units if next_step(unit, result) is not Step.NONE]
        states = Counter(unit.state for unit in expected)
        steps = Counter(next_step(unit, result) for unit in expected)
        reported = "，".join(f"{STATE_LABELS[state]}{states[state]}个" for state in UnitState)
        todo = "，".join(f"{step.value}{steps[step]}个" for step in (Step.SEND_BACK, Step.VERIFY, Step.PASSED))
        counted = zip(standings(result), standing_counts(result.units, result), strict=True)
        standing = "，".join(f"{word}{count}个" for word, count in counted)
        late = sum(bool(each.days_late and not each.correction) for each in (timing(unit, result) for unit in expected))
        if any(unit.excused for unit in result.units):
            standing += "（已在往年名单上）"
        done = f"完成比例{percent(result.completion_ratio)}"
        if result.earlier:
            added = f"本年新增{result.green_count}个（{percent(result.completion_ratio)}）"
            done = f"{added}、合计{result.combined_count}个（{percent(result.combined_ratio)}）"
        return (
            f"{deadline_line(result)}。应报单位{len(expected)}个：{reported}{f'，迟报{late}个' if late else ''}。已报单位中：{todo}。\n"
            f"城市社区{result.urban_communities}个：{standing}；{done}。"
        )

    # 社区

    def communities(self) -> None:
        titles = ("填报单位", "社区代码", "社区名称", "状态", "核定得分", "报送批次", *_COUNTED, "下一步")
        page = self.page(COMMUNITIES, "各社区进度", (16, 16, 30, 9, 12, 9, 8, 8, 8, 9, 26), self.summary())
        head = page.head(titles)
        for unit in self.result.units:
            by_community: dict[str, list[Finding]] = {}
            for finding in unit.findings:
                by_community.setdefault(finding.place.community or "", []).append(finding)
            for community in unit.communities:
                self._community(page, unit, community, by_community.get(community.community.code, []))
        page.sheet.autofilter(head, 0, max(page.next_row - 1, head), len(titles) - 1)
        self._about_communities(page)

    def _community(self, page: Page, unit: UnitResult, community: CommunityResult, findings: Sequence[Finding]) -> None:
        opened = [sum(f.severity is severity and f.settlement is None for f in findings) for severity in _OPEN]
        settled = [sum(f.settlement is not None and f.settlement.kind is kind for f in findings) for kind in _SETTLED]
        step = community_step(community, next_step(unit, self.result), *opened)
        if step == NOTHING and community in uncounted(unit):
            step = UNCOUNTED
        page.row(
            [
                Box(unit.unit.name, BOXED),
                Box(community.community.code, {**CENTRED, "font_size": SMALL}),
                Box(community.community.name + (PILOT if community.community.pilot else ""), BOXED),
                Box(community.standing_label, {**CENTRED, "bg_color": GOOD if community.excused else _STATUS_FILL[community.status]}),
                Box(_score(community), CENTRED),
                Box(unit.submission if community.sheet and unit.submission else BLANK, CENTRED),
                *(_count(count, fill) for count, fill in zip(opened, (BAD, WARN), strict=True)),
                *(_count(count, CALM) for count in settled),
                Box(step, {**CENTRED, "bg_color": _STEP_FILL.get(step, CALM)}),
            ]
        )

    # 先办问题

    def first(self) -> None:
        """All open findings on which a pass mark or a ratio hangs, in the order in which they are best dealt with."""
        found = [finding for finding in self.result.findings if finding.is_open and finding.impact is not Impact.NONE]
        marks = sum(finding.impact is Impact.MARK for finding in found)
        summary = f"影响结果的问题{len(found)}处：决定社区是否达标的{marks}处，决定比例是否达到目标的{len(found) - marks}处。请先办这些。"
        titles = ("填报单位", "社区", "条款", "类别", "影响", "问题", "怎样修改")
        page = self.page(FIRST, "先办问题", (16, 18, 7, 9, 24, 56, 44), summary)
        head = page.head(titles)
        # What hangs on a unit's own ratio is known from the unit's findings.
        own = {(f.subject, f.place) for unit in self.result.units for f in unit.findings if f.impact is Impact.RATIO}
        for finding in sorted(found, key=lambda finding: finding.impact):
            place = finding.place
            unit = self.result.roster.unit.get(place.unit or "")
            member = self.result.roster.community.get(place.community or "")
            whose = unit.name if unit and (finding.subject, place) in own else self.result.name
            page.row(
                [
                    Box(unit.name if unit else BLANK, BOXED),
                    Box(member.short_name if member else place.sheet or BLANK, BOXED),
                    Box(place.clause or BLANK, CENTRED),
                    Box(finding.severity.label, {**CENTRED, "bg_color": SEVERITY_FILL[finding.severity]}),
                    Box(("" if finding.impact is Impact.MARK else whose) + impact_text(finding, self.result), CENTRED),
                    Box(finding.message, BOXED),
                    Box(finding.fix, BOXED),
                ]
            )
        if found:
            page.sheet.autofilter(head, 0, page.next_row - 1, len(titles) - 1)
        else:
            page.wide("没有：目前没有影响是否达标或比例的问题。", BOXED)

    # 目标进度, 与自评相比, 报送事项

    def targets(self) -> None:
        page = self.page(prospects.SHEET, "目标进度", prospects.WIDTHS, prospects.summary(self.result))
        page.keep_above(page.next_row - 1)
        prospects.lay_out(page, self.result)

    def since(self) -> None:
        if self.result.phase != ANNUAL:
            return
        summary = "各单位年度总结与同一年度自评的审核结果比较：新报、未再报和结论、得分变动的社区，以及由哪些条款引起。"
        page = self.page(phases.SHEET, "与自评相比", phases.REGION_WIDTHS, summary)
        page.keep_above(page.next_row - 1)
        phases.lay_out_region(page, self.result)

    def deliverables(self) -> None:
        page = self.page(owing.SHEET, "报送事项", owing.widths(self.result), owing.summary(self.result))
        owing.lay_out(page, self.result)

    def _about_communities(self, page: Page) -> None:
        """Pilots against the rest, and who is scored by another standard, below the table."""
        page.skip()
        pilots, others = (group(self.result.units, pilot=pilot) for pilot in (True, False))
        if pilots.communities:
            told = [
                f"{name}{each.communities}个：已报{each.reported}个，{green_label(self.result)}{each.green}个，达标比例{percent(each.ratio)}"
                for name, each in (("试点社区", pilots), ("其他社区", others))
            ]
            page.wide("；".join(told) + "。", FINE)
        for unit in self.result.units:
            if own := unit.own_standard:
                marks = f"满分{own.full_score}分，{own.pass_mark.points}分以上（含）为达标"
                page.wide(f"{unit.unit.name}的得分和状态按自定的标准“{own.title}”（{own.id}）认定：{marks}。", FINE)

    # 催报

    def chase(self) -> None:
        page = self.page(CHASE, "催报名单", (5, 16, 30, 23, 36, 40), f"{deadline_line(self.result)}。")
        page.keep_above(page.next_row - 1)
        self._missing(page)
        self._rejected(page)
        self._unknown(page)

    def _missing(self, page: Page) -> None:
        missing = [unit for unit in self.result.units if next_step(unit, self.result) in (Step.CHASE, Step.PAPERS)]
        page.skip()
        page.wide(f"一、没有收到任何文件的单位（{len(missing)}个）", SECTION, 22)
        if not missing:
            page.wide("没有：应报单位都已报送。", BOXED)
            return
        page.row([Box(title, HEAD) for title in ("序号", "填报单位", "联系人", "社区数", "电话和邮箱", "催报函和邮件草稿")])
        for number, unit in enumerate(missing, 1):
            who, contact = unit.unit.contact or "名册中没有填写", _contact(unit)
            asked, all_of_it = len(unit.unreported), unit.urban_communities
            page.row(
                [
                    Box(number, CENTRED),
                    Box(unit.unit.name, BOXED),
                    Box(who, BOXED),
                    Box(all_of_it if asked == all_of_it else f"{all_of_it}（应报{asked}）", CENTRED),
                    Box(contact or "名册中没有填写", BOXED),
                    Box(self.letters.get(unit.unit.code, BLANK), BOXED),
                ]
            )

    def _rejected(self, page: Page) -> None:
        units = [unit for unit in self.result.units if next_step(unit, self.result) is Step.RESEND]
        page.skip()
        page.wide(f"二、文件未采用、须重新报送的单位（{len(units)}个）", SECTION, 22)
        if not units:
            page.wide("没有。", BOXED)
            return
        page.row([Box(title, HEAD) for title in ("序号", "填报单位", "文件", "收到时间", "未采用的原因", "怎样重新报送")])
        for number, unit in enumerate(units, 1):
            who = "\n".join(part for part in (unit.unit.name, unit.unit.contact, _contact(unit)) if part)
            for file in unit.files:
                if file.state is FileState.REJECTED:
                    self._file(page, number, who, file)

    def _unknown(self, page: Page) -> None:
        """Files that nobody can be asked about by the program: one of them may be a missing unit's."""
        rejected = [file for file in self.result.files if file.state is FileState.REJECTED]
        # A mail or archive whose files have rows of their own says nothing more.
        outer = {file.path for file in rejected if any(each.path.startswith(f"{file.path}/") for each in rejected)}
        files = [file for file in rejected if file.unit is None and file.path not in outer]
        if not files:
            return
        page.skip()
        page.wide(f"三、没有采用、也看不出是哪个单位的文件（{len(files)}个）", SECTION, 22)
        page.row([Box(title, HEAD) for title in ("序号", "填报单位", "文件", "收到时间", "未采用的原因", "怎样处理")])
        for number, file in enumerate(files, 1):
            self._file(page, number, "请按来件人确认", file)

    def _file(self, page: Page, number: int, who: str, file: ReceivedFile) -> None:
        received, by_mail = received_at([file], self.result.year)
        page.row(
            [
                Box(number, CENTRED),
                Box(who, BOXED),
                Box(file.path, BOXED),
                Box(time_text(received, by_mail) if received else NO_TIME, {**CENTRED, "font_size": SMALL}),
                Box(file.reason, BOXED),
                Box(file.advice or "请重新填写下发给本单位的填报工作簿并报送。", BOXED),
            ]
        )


def _contact(unit: UnitResult) -> str:
    """Telephone and mail address as the roster has them; an address that no mail can go to is said to be one."""
    email = unit.unit.email
    wrong = "（写法有误，请在名册中改正）" if email and not addresses(email) else ""
    return "\n".join(part for part in (unit.unit.phone, f"{email}{wrong}") if part)


def _no_time(unit: UnitResult, step: Step) -> str:
    if step is Step.NONE and unit.state is UnitState.MISSING:
        return BLANK
    return NOT_RECEIVED if unit.state is UnitState.MISSING else NO_TIME


def _state_style(unit: UnitResult, step: Step) -> Style:
    return {**CENTRED, "bg_color": CALM if step is Step.NONE else _STATE_FILL[unit.state]}


def _reported(unit: UnitResult) -> int:
    return unit.urban_communities - len(unit.of(Status.MISSING))


def _count(count: int, fill: str) -> Box:
    """A number that is coloured where it is not 0."""
    return Box(count, {**CENTRED, "bg_color": fill} if count else {**CENTRED, "font_color": GREY})


def _score(community: CommunityResult) -> str | int:
    """The assessed score, or the range that is still open: ``77～80``."""
    if community.assessed_score is not None:
        return community.assessed_score
    if community.lowest is None or community.highest is None or not community.sheet:
        return BLANK
    return f"{community.lowest}～{community.highest}"
