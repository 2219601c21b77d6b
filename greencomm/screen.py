"""What the person at the keyboard sees: a bar while it works, a table, the next step. All in Chinese.

Redirected, there is no bar and no escape code, and rare characters never break a GBK console.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greencomm.findings import Finding, Settled, Severity
from greencomm.intake.collect import Progress
from greencomm.machine import print_json
from greencomm.results import FileState, percent, standing_counts, standings
from greencomm.review.trial import pending_count, result_shown
from greencomm.standard import PHASE_TITLES
from greencomm.summary import open_findings, stray_files
from greencomm.texts import one_line
from greencomm.usage import as_started

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from greencomm.batch import Outcome
    from greencomm.closing import Closed
    from greencomm.repeat import Repeated
    from greencomm.review.trial import Replay
    from greencomm.rollup import Rolled
    from greencomm.summary import Summary

_REDIRECTED_WIDTH = 120
BEGIN = (
    "开始真实工作：把 input 文件夹中的示例（连同名册 roster.xlsx）全部移走，再运行一次，"
    "程序会放好一份空白名册，并写明先做什么、后做什么。"
)
"""Said below the sample's results, and in the same words by desk/start.py and desk/read-me-*.txt."""


def _console() -> Console:
    from rich.console import Console

    redirected = not sys.stdout.isatty()
    return Console(width=_REDIRECTED_WIDTH if redirected else None, highlight=False, markup=False, emoji=False)


@contextlib.contextmanager
def progress(*, quiet: bool, title: str, percent: bool = False) -> Iterator[Progress | None]:
    """A progress bar where a person is watching; None where the output is redirected or machine-readable.

    ``percent``: what is done is a share, not a number of things; what is left is told as time too.
    """
    if quiet or not sys.stdout.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    done = (TaskProgressColumn(), TextColumn("剩余"), TimeRemainingColumn()) if percent else (MofNCompleteColumn(),)
    with Progress(TextColumn(title), BarColumn(), *done, TextColumn("{task.description}", markup=False)) as bar:
        # Where nothing has changed since the last run there is no step, and so no bar that stands still.
        task = bar.add_task("", visible=False)

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=one_line(what), visible=True)

        yield step


def show_run(outcome: Outcome | Repeated) -> None:
    """A table per unit, what became of files that were not accepted, and the next step."""
    said, console = outcome.summary, _console()
    for notice in outcome.notices:
        _say(f"请注意：{one_line(notice)}")
    if said.sample:
        console.print("【示例】以下结果来自随程序附带的示例数据，不是真实评价结果。")
    table, left_out = run_table(said, console)
    console.print(table)
    if left_out:
        console.print(f"窗口较窄，表中没有列出：{'、'.join(left_out)}（见 status.xlsx）。把窗口放宽，再运行一次就都有。")
    for line in said.lines:
        console.print(line.text, soft_wrap=line.whole)
    console.print(f"结果已写到：{outcome.folder}")
    console.print(said.next_step)
    if said.sample:
        console.print(BEGIN)


_LEAST_NEEDED = ("社区数", "已报", "提示", "本年比例", "报送情况", "需核实", "本年新增")
"""Columns that a narrow console does without, in this order; of none of them hangs what to do next."""


def run_table(said: Summary, console: Console) -> tuple[Table, list[str]]:
    """The table of a run as wide as the console allows, and the headings of columns that it has no room for.

    First headings break into two lines, then the space around cells goes, then columns, the least needed first. What is
    left is never cropped: a unit's name that is still too long goes on in a second line.
    """
    for broken, padding in ((False, 1), (True, 1), (True, 0)):
        table = _table(said, (), broken=broken, padding=padding)
        if _fits(table, said, console):
            return table, []
    left_out: list[str] = []
    for heading in _LEAST_NEEDED:
        if heading in said.headings:
            left_out.append(heading)
            table = _table(said, left_out, broken=True, padding=0)
            if _fits(table, said, console):
                break
    return table, left_out


def _longest_name(said: Summary) -> int:
    from rich.cells import cell_len

    return max(cell_len(text) for text in (said.headings[0], said.total[0], *(row[0] for row in said.rows)))


def _fits(table: Table, said: Summary, console: Console) -> bool:
    """Whether the console holds the table with units' names in lines of at least ``_NAME_WIDTH``."""
    # Never measured against the console itself: rich would only say that all of it is taken.
    needed = console.measure(table, options=console.options.update(width=sys.maxsize)).maximum
    return needed - max(_longest_name(said) - _NAME_WIDTH, 0) <= console.width


def _table(said: Summary, left_out: Sequence[str], *, broken: bool, padding: int) -> Table:
    from rich.table import Table

    table = Table(title=said.title, show_lines=False, padding=(0, padding))
    kept = [position for position, heading in enumerate(said.headings) if heading not in left_out]
    for position in kept:
        heading = said.headings[position]
        shown = _IN_TWO_LINES.get(heading, heading) if broken else heading
        if position:
            table.add_column(shown, justify="right" if position > 1 else "left", no_wrap=True)
        else:
            table.add_column(shown, min_width=min(_longest_name(said), _NAME_WIDTH), overflow="fold")
    for row, style in ((*((row, "") for row in said.rows), (said.total, "bold"))):
        table.add_row(*(row[position] for position in kept), style=style)
    return table


_NAME_WIDTH = 20
"""Columns of the console that a unit's name gets at least, ten characters; a longer one may go on in the next line."""
_IN_TWO_LINES = {
    "报送情况": "报送\n情况", "社区数": "社区\n数", "完成比例": "完成\n比例", "本年新增": "本年\n新增",
    "本年比例": "本年\n比例", "合计比例": "合计\n比例", "需核实": "需\n核实",
}  # fmt: skip


def show_received(lines: Sequence[str], *, aside: bool) -> None:
    """What was put into the input folder and what was not; ``aside``: standard output belongs to JSON."""
    for line in lines:
        if aside:
            print(one_line(line), file=sys.stderr)
        else:
            _say(one_line(line))
    if not aside:
        _say("")


_WEIGHTS = {
    Severity.SEND_BACK: "须改正后再报送",
    Severity.VERIFY: "请核对，属实的可以不改",
    Severity.NOTE: "不影响结果",
}
_CHECKED = {FileState.ACCEPTED: "已审核", FileState.REJECTED: "不能采用，原因和办法见下面的“退回”"}


def show_check(outcome: Outcome) -> None:
    """What the prefecture will find: each file, each unit's standing, the findings, and whether it can be sent."""
    result = outcome.result
    if result.sample:
        _say("【示例】这是随程序附带的示例工作簿，不是真实的填报。")
    for file in result.files:
        about = _CHECKED.get(file.state) or f"{file.state.label}，{file.reason}"
        _say(f"{one_line(file.path)}：{one_line(about)}。")
    for unit in result.units:
        counts = zip(standings(result), standing_counts((unit,), result), strict=True)
        standing = "，".join(f"{word}{count}个" for word, count in counts if count)
        by = f"按自定标准“{unit.own_standard.id}”审核，" if unit.own_standard else ""
        _say(f"{unit.unit.name}：{by}{unit.urban_communities}个社区，{standing}。")
    several = len(result.files) > 1
    for severity in Severity:
        found = open_findings(result.findings, severity)
        if found:
            _say(f"\n【{severity.label}】{len(found)}条（{_WEIGHTS[severity]}）")
        for finding in found:
            _say(f"  ● {_where(finding, several)}{one_line(finding.message)}\n    {one_line(finding.fix)}")
            if finding.refusal:
                _say(f"    {one_line(finding.refusal)}")
    settled = [finding for finding in result.findings if finding.settlement is not None]
    if settled:
        kinds = [finding.settlement.kind for finding in settled if finding.settlement]
        each = "，".join(f"{kind.label}{kinds.count(kind)}条" for kind in Settled if kind in kinds)
        _say(f"\n【不必再改】{each}")
    for finding in settled:
        _say(f"  ● {_where(finding, several)}{one_line(finding.message)}\n    {_settled_by(finding)}")
    counted = {severity: len(open_findings(result.findings, severity)) for severity in Severity}
    _say("\n合计：" + "，".join(f"{severity.label}{count}条" for severity, count in counted.items()) + "。")
    if counted[Severity.SEND_BACK]:
        _say("还不能报送：请先改正“退回”的问题，保存后再自查一次。")
    elif result.sample:
        _say("没有需要退回的问题；示例只供练习，不用来报送。")
    elif counted[Severity.VERIFY]:
        _say("没有需要退回的问题，可以报送；报送前请核对“需核实”的问题。")
    else:
        _say("没有需要退回的问题，可以报送。")


def _settled_by(finding: Finding) -> str:
    settlement = finding.settlement
    return f"{settlement.kind.label}：{one_line(settlement.text)}" if settlement else ""


def show_replay(replay: Replay, workbook: Path | None, notices: Sequence[str] = ()) -> None:
    """Whose result the standard on trial changes, and by which clauses."""
    from rich.table import Table

    from greencomm.outputs.trial import summary_sentence

    before, after, console = replay.before, replay.after, _console()
    if before.sample:
        _say("【示例】以下是随程序附带的示例数据，不是真实评价结果。")
    _say(f"用标准“{replay.trial.id}”重算{before.name}{before.year}年度的填报；只作比较，不改变任何审核结果。")
    if replay.moves:
        table = Table(title="结果会变动的社区")
        for heading in ("填报单位", "社区", "原结果", "重算结果", "由哪些条款引起"):
            table.add_column(heading)
        for move in replay.moves:
            community = one_line(move.before.community.short_name)
            results = (result_shown(move.before), result_shown(move.after))
            table.add_row(one_line(move.unit.name), community, *results, "\n".join(one_line(reason) for reason in move.reasons))
        console.print(table)
    _say(summary_sentence(replay))
    ratios = f"{percent(before.completion_ratio)}变为{percent(after.completion_ratio)}"
    pending = f"待核实{pending_count(before.units)}个变为{pending_count(after.units)}个"
    _say(f"{before.name}达标{before.green_count}个变为{after.green_count}个，{pending}，完成比例{ratios}。")
    if workbook:
        _say(f"明细已写到：{workbook}")
    for notice in notices:
        _say(f"请注意：{one_line(notice)}")


def _say(text: str) -> None:
    """One line of plain words; the console breaks it where it is full, a file keeps it whole."""
    _console().print(as_started(text), soft_wrap=True)


def _where(finding: Finding, several: bool) -> str:
    """Which cell; with the file where there are several, or where it is the roster."""
    place = finding.place
    file = (one_line(place.file) if several else "") if place.file else "名册" if place.sheet else ""
    parts = (file, place.sheet and f"“{one_line(place.sheet)}”表", place.cell and f"{place.cell}单元格")
    found = [part for part in parts if part]
    return f"{' '.join(found)}：" if found else ""


def show_close(done: Closed) -> None:
    """What was frozen or opened again, or which open findings stand in the way."""
    for notice in done.notices:
        _say(f"请注意：{one_line(notice)}")
    if done.reopened:
        kept = f"；原来的档案保存在：{done.folder}" if done.folder else "；原来的档案已经不见了，没有可以保存的"
        _say(f"{done.year}年度已重新打开，可以修改后再运行、再封存{kept}")
        _say("接下来请依次做：")
        for number, step in zip(_CIRCLED, done.steps, strict=False):
            _say(f"  {number}{one_line(step)}")
        return
    if done.open:
        _say(f"还有{len(done.open)}条“退回”的问题没有解决：")
        for code, name in done.names.items():
            own = [finding for finding in done.open if finding["unit"] == code]
            if own:
                _say(f"  {name}：{len(own)}条")
            _say_open(own, done.communities)
        _say_open([finding for finding in done.open if finding["unit"] not in done.names], done.communities)
    silent = f"另有{len(done.silent)}个单位没有报送：{'、'.join(done.silent)}" if done.silent else ""
    if not done.closed:
        strays = [finding["file"] for finding in done.open if finding["unit"] not in done.names and finding["file"]]
        what = ["请等各单位改正后重新运行再封存"] if len(strays) < len(done.open) else []
        what += [f"{stray.rstrip('。')}，然后封存"] if (stray := stray_files(strays, done.holders)) else []
        _say(
            f"{done.year}年度没有封存。{'；'.join(what)}；确实不再改正的，可以写："
            f"python process.py close --year {done.year} --accept-open"
        )
        if silent:
            _say(f"{silent}；封存时它们的社区按未报计。")
    elif done.already:
        _say(f"{done.year}年度已经封存，内容相同，没有改动：{done.folder}")
    else:
        accepted = "（以上问题已记入档案）" if done.open else ""
        _say(f"{done.year}年度已封存{accepted}，共{len(done.files)}个文件：{done.folder}")
        if silent:
            _say(f"{silent}；它们的社区按未报封存。")
        _say("下一步：请备份这个文件夹；以后各年的附件2由它取得往年的名单和数量，请不要改动其中的文件。")


_CIRCLED = "①②③④⑤⑥⑦⑧⑨"


def _say_open(findings: Sequence[Mapping[str, Any]], communities: Mapping[str, str]) -> None:
    """A line for each place of these findings, as result.json has them; two that would read alike name their sheets."""

    def line(finding: Mapping[str, Any], *, sheet: bool) -> str:
        file, on = finding["file"] and f"“{finding['file']}”", sheet and finding["sheet"] and f"“{finding['sheet']}”表"
        member = communities.get(finding["community"], "")
        where = "，".join(part for part in (member, file, on, finding["cell"]) if part)
        return f"    ● {one_line(where)}：{one_line(finding['message'])}" if where else f"    ● {one_line(finding['message'])}"

    short = [line(finding, sheet=False) for finding in findings]
    told = [line(each, sheet=short.count(text) > 1) for each, text in zip(findings, short, strict=True)]
    for text in dict.fromkeys(told):
        _say(text)


def show_rollup(done: Rolled) -> None:
    """The regions that count, what is to be corrected, and the next step."""
    from rich.table import Table

    from greencomm.outputs.rollup import NAME, next_step, summary

    province, console = done.province, _console()
    for notice in done.notices:
        _say(f"请注意：{one_line(notice)}")
    if province.sample:
        console.print("【示例】以下是示例数据的汇总，不是真实评价结果。")
    several = bool(province.earlier_years)
    table = Table(title=one_line(f"{province.name}{province.year}年绿色社区创建{PHASE_TITLES[province.phase]}汇总"))
    table.add_column("地区")
    for heading in ("社区数", *(("本年新增", "本年比例", "合计", "合计比例") if several else ("达标", "完成比例"))):
        table.add_column(heading, justify="right")
    table.add_column("封存")
    for slot in province.slots:
        region = slot.region
        if region is None:
            table.add_row(one_line(slot.name), slot.absent)
            continue
        both = (str(region.combined), percent(region.combined_ratio)) if several else ()
        figures = (str(region.urban_communities), str(region.green_count), percent(region.completion_ratio), *both)
        table.add_row(one_line(slot.name), *figures, "已封存" if region.closed else "—")
    both = (str(province.combined), percent(province.combined_ratio)) if several else ()
    sums = (str(province.urban_communities), str(province.green_count), percent(province.completion_ratio), *both)
    table.add_row("合计", *sums, "", style="bold")
    console.print(table)
    _say(one_line(summary(province)))
    for severity in Severity:
        found = [each for each in province.remarks if each.oddity.severity is severity]
        if found:
            _say(f"【{severity.label}】{len(found)}条")
        for each in found[:_MOST_REMARKS]:
            advice = f"\n    {one_line(each.fix)}" if severity is not Severity.NOTE else ""
            _say(f"  ● {one_line(each.message)}{advice}")
        if len(found) > _MOST_REMARKS:
            _say(f"  ……其余{len(found) - _MOST_REMARKS}条见“{NAME}.xlsx”。")
    console.print(f"结果已写到：{done.folder}")
    _say(one_line(next_step(province)))


_MOST_REMARKS = 20
"""How many remarks of one weight the screen shows; all stand in the workbook."""


def show_forms(made: Sequence[Path], notices: Sequence[str], *, as_json: bool) -> None:
    """Which workbooks were written and what to do with them."""
    if as_json:
        print_json([path.as_posix() for path in made])
        return
    console = _console()
    for notice in notices:
        _say(f"请注意：{one_line(notice)}")
    console.print(f"已生成{len(made)}个填报工作簿：")
    for path in made:
        console.print(f"  {path}")
    _say("下一步：把各工作簿发给对应的填报单位，请他们填好后发回；收到的放进 input 文件夹，再运行 python process.py。")
