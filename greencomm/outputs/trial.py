"""The workbook of a replay (试算): whose result another standard would change, and by which clauses."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from greencomm import __version__
from greencomm.forms.style import SMALL
from greencomm.outputs.book import (
    BAD,
    BOXED,
    CENTRED,
    FINE,
    GOOD,
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
from greencomm.outputs.effective import EFFECTIVE, WIDTHS, write_effective
from greencomm.results import Status, percent
from greencomm.review.trial import Replay, pending_count, result_shown

SUMMARY, MOVES = "试算结果", "变动明细"
_FILLS = {Status.GREEN: GOOD, Status.BELOW: BAD, Status.PENDING: WARN}


def write_replay(target: Path | BinaryIO, replay: Replay) -> None:
    """Write sheets 试算结果 and 变动明细, for a county's standard also 适用标准. The same replay gives the same bytes."""
    before, after, trial = replay.before, replay.after, replay.trial
    suffix = SAMPLE_SUFFIX if before.sample else ""
    report = Report(target, before.run_date, f"标准试算{suffix}")
    report.state({**provenance(before, "标准试算"), "试算标准": f"{trial.id} {trial.sha256}"})
    origin = f"试算标准：{trial.id}（{trial.sha256[:8]}）　程序版本：{__version__}　试算日期：{chinese_date(before.run_date)}"
    page = report.page(SUMMARY, (24, 10, 10, 10, 10, 10, 14, 14, 24), landscape=True, sample=before.sample)
    page.wide(f"{before.name}{before.year}年度填报按另一标准试算{suffix}", TITLE, 34)
    page.wide(origin, {**FINE, "align": "center"})
    page.wide(summary_sentence(replay), {**TEXT, "bold": True}, 30)
    page.head(("填报单位", "社区数", "原达标", "试算达标", "原待核实", "试算待核实", "原完成比例", "试算完成比例", "原来的标准"))
    for one, other in replay.units:
        figures = (one.urban_communities, len(one.green), len(other.green), pending_count([one]), pending_count([other]))
        ratios = (percent(one.completion_ratio), percent(other.completion_ratio))
        boxes = [Box(one.unit.name, BOXED), *(Box(value, CENTRED) for value in (*figures, *ratios))]
        page.row([*boxes, Box(before.standard_of(one).id, BOXED)])
    label = before.standard.annex2.total_label
    open_then, open_now = pending_count(before.units), pending_count(after.units)
    figures = (before.urban_communities, before.green_count, after.green_count, open_then, open_now)
    ratios = (percent(before.completion_ratio), percent(after.completion_ratio))
    bold = {**CENTRED, "bold": True}
    page.row([Box(label, bold), *(Box(value, bold) for value in (*figures, *ratios)), Box("含没有试算的单位", BOXED)])
    page.wide("试算只作比较，不改变任何审核结果。当时没有要求填写的条款按“待核实”处理。", FINE)

    page = report.page(MOVES, (14, 15, 24, 16, 16, 62), landscape=True, sample=before.sample)
    page.wide(f"结果有变动的社区（{len(replay.moves)}个）{suffix}", TITLE, 34)
    if replay.moves:
        page.head(("填报单位", "社区代码", "社区名称", "原结果", "试算结果", "由哪些条款引起"))
    else:
        page.row([Box("没有社区的结果会变动。", SECTION, 6)])
    for move in replay.moves:
        changed = move.before.status is not move.after.status
        fill = {"bg_color": _FILLS[move.after.status]} if changed and move.after.status in _FILLS else {}
        page.row(
            [
                Box(move.unit.name, CENTRED),
                Box(move.before.community.code, {**CENTRED, "font_size": SMALL}),
                Box(move.before.community.name, BOXED),
                Box(result_shown(move.before), CENTRED),
                Box(result_shown(move.after), {**CENTRED, **fill}),
                Box("\n".join(move.reasons), {**BOXED, "font_size": SMALL}),
            ]
        )
    if trial.base is not None:
        page = report.page(EFFECTIVE, WIDTHS, landscape=True, sample=before.sample)
        page.wide(f"试算的标准{suffix}", TITLE, 34)
        write_effective(page, trial)
    report.close()


def summary_sentence(replay: Replay) -> str:
    """The whole in one sentence: ``试算4个社区：结论变动2个，只有得分变动1个，没有变动1个。达标由3个变为2个，待核实由0个变为1个。``."""
    standing, moved = len(replay.status_moves), len(replay.moves)
    green = sum(len(one.green) for one, _ in replay.units), sum(len(other.green) for _, other in replay.units)
    befores, afters = zip(*replay.units, strict=True) if replay.units else ((), ())
    pending = f"待核实由{pending_count(befores)}个变为{pending_count(afters)}个"
    return (
        f"试算{replay.received}个社区：结论变动{standing}个，只有得分变动{moved - standing}个，"
        f"没有变动{replay.received - moved}个。达标由{green[0]}个变为{green[1]}个，{pending}。"
    )
