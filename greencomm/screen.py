"""What the person at the keyboard sees: a bar while it works, a table, the next step. All in Chinese.

Redirected, there is no bar and no escape code, and rare characters never break a GBK console.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from greencomm.findings import Finding, Severity
from greencomm.intake.collect import Progress
from greencomm.ledger import LEDGER_SHEET
from greencomm.machine import print_json
from greencomm.results import FileState, Status, UnitState, percent
from greencomm.review.deliverables import late_text, owed
from greencomm.texts import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from greencomm.batch import Outcome

_STATES = {UnitState.RECEIVED: "已报", UnitState.REJECTED: "文件未采用", UnitState.MISSING: "未报"}
_REDIRECTED_WIDTH = 120


def _console() -> Console:
    from rich.console import Console

    redirected = not sys.stdout.isatty()
    return Console(width=_REDIRECTED_WIDTH if redirected else None, highlight=False, markup=False, emoji=False)


@contextlib.contextmanager
def progress(*, quiet: bool, title: str) -> Iterator[Progress | None]:
    """A progress bar where a person is watching; None where the output is redirected or machine-readable."""
    if quiet or not sys.stdout.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    with Progress(TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False)) as bar:
        task = bar.add_task("")

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=one_line(what))

        yield step


def show_run(outcome: Outcome) -> None:
    """A table per unit, what became of files that were not accepted, and the next step."""
    from rich.table import Table

    result, console = outcome.result, _console()
    for notice in outcome.notices:
        _say(f"请注意：{one_line(notice)}")
    if result.sample:
        console.print("【示例】以下结果来自随程序附带的示例数据，不是真实评价结果。")
    table = Table(title=f"{result.name} {result.year}年度绿色社区创建审核结果", show_lines=False)
    table.add_column("填报单位")
    table.add_column("报送情况")
    for heading in ("社区数", "已报", "达标", "完成比例", "退回", "需核实", "提示"):
        table.add_column(heading, justify="right")
    for unit in result.units:
        received = sum(community.status is not Status.MISSING for community in unit.communities)
        table.add_row(
            unit.unit.name,
            _STATES[unit.state],
            str(unit.urban_communities),
            str(received),
            str(len(unit.green)),
            percent(unit.completion_ratio),
            *(str(unit.count(severity)) for severity in Severity),
        )
    received = sum(community.status is not Status.MISSING for unit in result.units for community in unit.communities)
    table.add_row(
        result.standard.annex2.total_label,
        "",
        str(result.urban_communities),
        str(received),
        str(result.green_count),
        percent(result.completion_ratio),
        *(str(sum(finding.severity is severity for finding in result.findings)) for severity in Severity),
        style="bold",
    )
    console.print(table)
    rejected = [file for file in result.files if file.state is FileState.REJECTED]
    if rejected:
        console.print(f"有{len(rejected)}个文件未采用：")
        for file in rejected:
            reason = one_line(file.reason or "").rstrip("。") + "。"
            console.print(f"  ● {one_line(file.path)}：{reason}{one_line(file.advice or '')}", soft_wrap=True)
    missing = [unit.unit.name for unit in result.units if unit.state is UnitState.MISSING]
    if missing:
        console.print(f"未报送的单位：{'、'.join(missing)}。")
    if late := late_text(result):
        console.print(f"迟报的单位：{late}。已照常审核。")
    if missing_items := owed(result):
        units = list(dict.fromkeys(entry.unit.name for entry in missing_items))
        console.print(f"到期未报的材料有{len(missing_items)}件（{'、'.join(units)}），见“{LEDGER_SHEET}.xlsx”。")
    console.print(f"结果已写到：{outcome.folder}")
    console.print(_next_step(outcome))


def _next_step(outcome: Outcome) -> str:
    if outcome.has_send_back:
        return "下一步：打开 units 文件夹，把各单位的差异报告发给有“退回”问题的单位，收到修改后的工作簿放进 input 再运行一次。"
    if any(finding.severity is Severity.VERIFY for finding in outcome.result.findings):
        return "下一步：没有需要退回的；请把差异报告中的“需核实”问题与单位核对，然后打印 annex2.xlsx 盖章。"
    return "下一步：没有需要修改的，可以打印 annex2.xlsx 盖章归档。"


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
        counts = ((status, len(unit.of(status))) for status in Status)
        standing = "，".join(f"{status.label}{count}个" for status, count in counts if count)
        _say(f"{unit.unit.name}：{unit.urban_communities}个社区，{standing}。")
    several = len(result.files) > 1
    for severity in Severity:
        found = [finding for finding in result.findings if finding.severity is severity]
        if found:
            _say(f"\n【{severity.label}】{len(found)}条（{_WEIGHTS[severity]}）")
        for finding in found:
            _say(f"  ● {_where(finding, several)}{one_line(finding.message)}\n    {one_line(finding.fix)}")
    counted = {severity: sum(finding.severity is severity for finding in result.findings) for severity in Severity}
    _say("\n合计：" + "，".join(f"{severity.label}{count}条" for severity, count in counted.items()) + "。")
    if counted[Severity.SEND_BACK]:
        _say("还不能报送：请先改正“退回”的问题，保存后再自查一次。")
    elif result.sample:
        _say("没有需要退回的问题；示例只供练习，不用来报送。")
    elif counted[Severity.VERIFY]:
        _say("没有需要退回的问题，可以报送；报送前请核对“需核实”的问题。")
    else:
        _say("没有需要退回的问题，可以报送。")


def _say(text: str) -> None:
    """One line of plain words; the console breaks it where it is full, a file keeps it whole."""
    _console().print(text, soft_wrap=True)


def _where(finding: Finding, several: bool) -> str:
    """Which cell; with the file where there are several, or where it is the roster."""
    place = finding.place
    file = (one_line(place.file) if several else "") if place.file else "名册" if place.sheet else ""
    parts = (file, place.sheet and f"“{one_line(place.sheet)}”表", place.cell and f"{place.cell}单元格")
    found = [part for part in parts if part]
    return f"{' '.join(found)}：" if found else ""


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
    console.print("下一步：把各工作簿发给对应的填报单位，请他们填好后发回。")
