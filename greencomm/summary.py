"""What a run says on the screen, as plain values: made of its results once, and shown again where nothing has changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greencomm import rules
from greencomm.findings import Finding, Severity
from greencomm.ledger import LEDGER_SHEET
from greencomm.results import FileState, RegionResult, Status, UnitState, percent
from greencomm.review.deliverables import late_text, owed, papers
from greencomm.review.submissions import SAMPLE_IGNORED
from greencomm.roster import WAIVER_SHEET
from greencomm.standard import SELF_EVALUATION
from greencomm.targets import Near, nearest_in_region
from greencomm.targets import progress as progress_to
from greencomm.texts import one_line

_STATES = {UnitState.RECEIVED: "已报", UnitState.REJECTED: "文件未采用", UnitState.MISSING: "未报"}


@dataclass(frozen=True)
class Line:
    """One line below the table; ``whole``: a console breaks it wherever it is full, a file keeps it whole."""

    text: str
    whole: bool = False


@dataclass(frozen=True)
class Summary:
    """A table per unit, what needs a word, and the next step."""

    sample: bool
    title: str
    headings: tuple[str, ...]
    """Of the columns; all but the first two hold numbers."""
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]
    lines: tuple[Line, ...]
    next_step: str

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Summary:
        """From what ``dataclasses.asdict`` made of one, after a way through JSON."""
        return cls(
            kept["sample"],
            kept["title"],
            tuple(kept["headings"]),
            tuple(tuple(row) for row in kept["rows"]),
            tuple(kept["total"]),
            tuple(Line(**line) for line in kept["lines"]),
            kept["next_step"],
        )


def summary_of(result: RegionResult, *, has_send_back: bool) -> Summary:
    """What the screen says of a run."""
    several = bool(result.earlier)
    figures = ("本年新增", "本年比例", "合计", "合计比例") if several else ("达标", "完成比例")
    rows = []
    for unit in result.units:
        received = sum(community.status is not Status.MISSING for community in unit.communities)
        rows.append(
            (
                unit.unit.name,
                _STATES[unit.state],
                str(unit.urban_communities),
                str(received),
                str(len(unit.green)),
                percent(unit.completion_ratio),
                *((str(unit.combined_count), percent(unit.combined_ratio)) if several else ()),
                *(str(unit.open_count(severity)) for severity in Severity),
            )
        )
    received = sum(community.status is not Status.MISSING for unit in result.units for community in unit.communities)
    total = (
        result.standard.annex2.total_label,
        "",
        str(result.urban_communities),
        str(received),
        str(result.green_count),
        percent(result.completion_ratio),
        *((str(result.combined_count), percent(result.combined_ratio)) if several else ()),
        *(str(len(open_findings(result.findings, severity))) for severity in Severity),
    )
    return Summary(
        result.sample,
        f"{result.name} {result.roster.batch.round_title}绿色社区创建审核结果",
        ("填报单位", "报送情况", "社区数", "已报", *figures, "退回", "需核实", "提示"),
        tuple(rows),
        total,
        tuple(_lines(result)),
        _next_step(result, has_send_back),
    )


def _lines(result: RegionResult) -> list[Line]:
    # Beside samples, what is invented in the roster is as it should be.
    about_roster = (*(() if result.sample else result.roster.placeholders), *result.roster.about_dates)
    lines = [Line(text, whole=True) for text in about_roster]
    rejected = [file for file in result.files if file.state is FileState.REJECTED]
    if rejected:
        lines.append(Line(f"有{len(rejected)}个文件未采用："))
        for file in rejected[:_MOST_FILES]:
            reason = one_line(file.reason or "").rstrip("。") + "。"
            lines.append(Line(f"  ● {one_line(file.path)}：{reason}{one_line(file.advice or '')}", whole=True))
        if len(rejected) > _MOST_FILES:
            from greencomm.outputs.trace import FILES

            lines.append(Line(f"  另外还有{len(rejected) - _MOST_FILES}个，原因和办法见 trace.xlsx 的“{FILES}”表。"))
    if samples := sum(file.reason == SAMPLE_IGNORED for file in result.files):
        lines.append(Line(f"input 文件夹里还有{samples}个示例文件，没有采用，可以移走。"))
    missing = [unit.unit.name for unit in result.units if unit.state is UnitState.MISSING and unit.unreported]
    if missing:
        lines.append(Line(f"未报送的单位：{'、'.join(missing)}（催报名单见 status.xlsx）。"))
    lines += _only_papers(result)
    waivers = [finding for finding in result.findings if finding.place.sheet == WAIVER_SHEET and finding.place.unit is None]
    if waivers:
        lines.append(Line(f"名册的“{WAIVER_SHEET}”表有{len(waivers)}处需要看一下："))
        lines += [Line(f"  ● {one_line(finding.message)}{one_line(finding.fix)}", whole=True) for finding in waivers]
    changed = [finding for finding in open_findings(result.findings, Severity.VERIFY) if finding.rule in _ROSTER_CHANGES]
    if changed:
        lines.append(Line(f"往年名单与本年名册有{len(changed)}处对不上，会影响合计，请先核实："))
        lines += [Line(f"  ● {one_line(finding.message)}{one_line(finding.fix)}", whole=True) for finding in changed]
    for unit in result.units:
        if unit.own_standard:
            by_prefecture = f"；同样的填报内容按州标准达标{unit.reference_green}个，只供参考" if unit.state is UnitState.RECEIVED else ""
            text = f"{unit.unit.name}按自定标准“{unit.own_standard.id}”审核，达标{len(unit.green)}个{by_prefecture}。"
            lines.append(Line(text, whole=True))
    if late := late_text(result):
        lines.append(Line(f"迟报的单位：{late}。已照常审核。"))
    if missing_items := owed(result):
        units = list(dict.fromkeys(entry.unit.name for entry in missing_items))
        lines.append(Line(f"到期未报的材料有{len(missing_items)}件（{'、'.join(units)}），见“{LEDGER_SHEET}.xlsx”。"))
    lines.append(Line(_targets(result), whole=True))
    return lines


def _only_papers(result: RegionResult) -> list[Line]:
    """The units that stand on earlier lists whole: no form is asked of them, only what goes with it."""
    from greencomm.outputs.progress import Step, step_of

    wanting = [(unit, papers(unit, result)) for unit in result.units if step_of(unit) is Step.PAPERS]
    named = [unit.unit.name for unit, absent in wanting if absent]
    if not named:
        return []
    what = list(dict.fromkeys(entry.deliverable.name for _, absent in wanting for entry in absent))
    more = "等材料" if len(what) > 1 else ""
    return [Line(f"只欠{what[0]}{more}（不用再报填报工作簿）：{'、'.join(named)}。")]


_ROSTER_CHANGES = frozenset(
    rule.code for rule in (rules.LISTED_MERGED_IN_PART, rules.LISTED_SPLIT, rules.LISTED_GONE, rules.UNIT_GONE)
)
"""What only the prefecture can put right, in its roster."""
_STRAYS_NAMED = 5
"""How many files that are nobody's a sentence names."""
_MOST_FILES = 30
"""How many files that were not accepted the screen names; ``trace.xlsx`` has all."""
_NAMED = 3
"""How many of the nearest communities the screen names."""


def _targets(result: RegionResult) -> str:
    """One line: the target of the year, how many more communities it takes, and which are the nearest."""
    told = []
    for each in progress_to(result):
        state = "没有可比的比例" if each.met is None else "已达到" if each.met else f"还差{each.missing}个社区" if each.missing else "未达到"
        needed = "" if each.needed is None else f"（{each.needed}个）"
        have = f"{each.target.year}年上报{each.count}个" if each.filed else f"现有{each.count}个"
        told.append(f"{each.target.year}年目标{percent(each.target.ratio)}{needed}，{have}，{state}")
    near = [each for _, each in nearest_in_region(result)][:_NAMED]
    named = "、".join(f"{each.community.community.name}（{_score(each)}）" for each in near)
    return f"目标进度：{'；'.join(told)}。" + (f"最接近达标线的：{named}。" if named else "")


def _score(near: Near) -> str:
    return f"{near.lowest}分" if near.lowest == near.highest else f"{near.lowest}～{near.highest}分，待核实"


def _next_step(result: RegionResult, has_send_back: bool) -> str:
    from greencomm.outputs.achievement import NAME

    silent = silent_units(result)
    chase = f"还有{len(silent)}个单位没有报送，先催报（结果文件夹的 units 里有催报函）"
    # Of files that are nobody's there is nobody to whom anything could be returned.
    sent_back = open_findings(result.findings, Severity.SEND_BACK) if has_send_back else []
    strays = [finding.place.file for finding in sent_back if finding.place.unit is None and finding.place.file]
    stray = stray_files(strays, {file.path for file in result.files if file.sha256})
    if len(sent_back) > len(strays):
        return (
            "下一步：打开结果文件夹中的 units 文件夹，核对后把函件和附件发给有“退回”问题的单位（.eml 是写好的邮件草稿，程序不会发出），"
            "收到修改后的工作簿放进 input 文件夹，再运行一次。"
            + (f"另外，{stray}" if stray else "") + (f"{chase}。" if silent else "")
        )  # fmt: skip
    own_lists = result.phase == SELF_EVALUATION
    stamp = f"打印“{NAME}.xlsx”盖章" if own_lists else "打印 annex2.xlsx 盖章归档"
    verify = bool(open_findings(result.findings, Severity.VERIFY))
    if not stray and not silent:
        if verify:
            return f"下一步：没有需要退回的；请把差异报告中的“需核实”问题与单位核对，然后{stamp}。"
        if own_lists:
            return f"下一步：没有需要修改的，可以{stamp}；各单位的名单在 units 文件夹中，由各单位盖章报送。"
        return "下一步：没有需要修改的，可以打印 annex2.xlsx 盖章归档。"
    compare = "请把差异报告中的“需核实”问题与单位核对。" if verify else ""
    wait = f"{chase}；确定不再等的，才{stamp}。" if silent else ""
    return f"下一步：{stray}{compare}{wait}"


def silent_units(result: RegionResult) -> list[str]:
    """Names of units that are asked for sheets and sent nothing that counts, and to which nothing is returned.

    Units that stand on earlier lists whole owe no form and are not among them.
    """
    return [
        unit.unit.name
        for unit in result.units
        if unit.unreported and unit.state is not UnitState.RECEIVED and not unit.open_count(Severity.SEND_BACK)
    ]


def stray_files(paths: Sequence[str], holders: Collection[str]) -> str:
    """What to do about files that are no unit's, such as a photograph; empty where there are none.

    ``holders`` are the paths of received files: what lies within one of them cannot be moved away by itself.
    """
    files = list(dict.fromkeys(paths))
    if not files:
        return ""
    named = "、".join(one_line(path) for path in files[:_STRAYS_NAMED]) + ("等" if len(files) > _STRAYS_NAMED else "")
    inside = any(path.startswith(f"{holder}/") for path in files for holder in holders)
    held = "（在压缩包或邮件里的，先把其中的报送材料另存到 input，再移走压缩包或邮件）" if inside else ""
    return f"有{len(files)}个文件认不出是哪个单位的（{named}）：是报送材料的请对方重发；不是的，从 input 移走{held}，再运行一次。"


def open_findings(findings: Sequence[Finding], severity: Severity) -> list[Finding]:
    """Findings of one severity that are not settled."""
    return [finding for finding in findings if finding.severity is severity and finding.settlement is None]
