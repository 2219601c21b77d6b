"""Sheets that show what changed since the self-evaluation of the same year: for one unit, and for the region (D-13)."""

from __future__ import annotations

from collections.abc import Iterable

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
    SECTION,
    TEXT,
    WARN,
    Box,
    Page,
    chinese_date,
)
from greencomm.results import (
    ClauseMove,
    CommunityMove,
    Move,
    RegionResult,
    Standing,
    Status,
    UnitResult,
    UnitSince,
    percent,
    ratio,
)
from greencomm.standard import Standard

SHEET = "与自评相比"
UNIT_WIDTHS = (5, 15, 24, 9, 9, 9, 8, 8, 52)
REGION_WIDTHS = (14, 15, 24, 9, 9, 9, 8, 8, 52)
_TITLES = ("社区代码", "社区名称", "变化", "自评结论", "现在结论", "自评得分", "现在得分", "条款变化（扣分）和说明")
NO_RUN = "运行记录中没有本年度自评的审核结果，无从比较。"
NOT_REPORTED = "本年度自评时没有收到可以审核的材料，无从比较。"
_FILL = {Move.ADDED: GOOD, Move.DROPPED: BAD, Move.STANDING: WARN, Move.SCORE: CALM, Move.CLAUSES: CALM, Move.MERGED: CALM, Move.GONE: BAD}
_STATUS_FILL = {Status.GREEN: GOOD, Status.BELOW: BAD, Status.PENDING: WARN, Status.MISSING: CALM}


def lay_out_unit(page: Page, unit: UnitResult, result: RegionResult) -> None:
    """One unit against its self-evaluation. ``page`` has UNIT_WIDTHS and already its title."""
    since = result.since
    if since is None or not since.units[unit.unit.code].reported:
        page.wide(NO_RUN if since is None else NOT_REPORTED, {**TEXT, "align": "center"}, 40)
        return
    past = since.units[unit.unit.code]
    head = [Box("指标", HEAD, 3), Box("自评", HEAD, 2), Box("现在", HEAD, 2), Box("说明", HEAD, 2)]
    page.row(head)
    for label, before, after, remark in _figures(unit, past, result):
        page.row([Box(label, BOXED, 3), Box(before, CENTRED, 2), Box(after, {**CENTRED, "bold": True}, 2), Box(remark, BOXED, 2)])
    page.skip()
    if not past.moves:
        page.wide("各社区的结论和得分与自评时一样。", TEXT, 24)
        return
    page.wide(f"有变化的社区（{len(past.moves)}个）", SECTION, 22)
    page.row([Box(title, HEAD) for title in ("序号", *_TITLES)], 24)
    for number, move in enumerate(past.moves, 1):
        page.row([Box(number, CENTRED), *_move(move, result.standard_of(unit))])
    page.skip()
    page.wide(_how(result), FINE)


def lay_out_region(page: Page, result: RegionResult) -> None:
    """Every unit against its self-evaluation. ``page`` has REGION_WIDTHS and already its title."""
    since = result.since
    if since is None:
        page.wide(NO_RUN, {**TEXT, "align": "center"}, 40)
        return
    titles = ("填报单位", "自评已报", "自评达标 → 现在", "新报", "未再报", "结论变动", "得分变动", "其他", "说明")
    page.row([Box(title, HEAD) for title in titles], 24)
    for unit in result.units:
        past = since.units[unit.unit.code]
        if not past.reported:
            page.row([Box(unit.unit.name, BOXED), Box(NOT_REPORTED, BOXED, 8)])
            continue
        counts = {kind: sum(move.kind is kind for move in past.moves) for kind in Move}
        first = (counts[Move.ADDED], counts[Move.DROPPED], counts[Move.STANDING], counts[Move.SCORE])
        rest = counts[Move.CLAUSES] + counts[Move.MERGED] + counts[Move.GONE]
        page.row(
            [
                Box(unit.unit.name, BOXED),
                Box(past.communities, CENTRED),
                Box(f"{past.green} → {len(unit.green)}", CENTRED),
                *(Box(count, CENTRED) for count in (*first, rest)),
                Box("" if past.moves else "没有变化", BOXED),
            ]
        )
    page.skip()
    moves = [
        (unit.unit.name, move, result.standard_of(unit))
        for unit in result.units
        for move in since.units[unit.unit.code].moves
    ]
    moves += [("名册中已无", move, result.standard) for move in since.gone]
    if moves:
        page.wide(f"有变化的社区（{len(moves)}个）", SECTION, 22)
        page.row([Box(title, HEAD) for title in ("填报单位", *_TITLES)], 24)
        for name, move, standard in moves:
            page.row([Box(name, BOXED), *_move(move, standard)])
        page.skip()
    page.wide(_how(result), FINE)


def clause_text(moves: Iterable[ClauseMove], standard: Standard) -> str:
    """``8.1 乱停车：0 → 2；17.1 …（加分）：2 → 0``."""
    parts = []
    for move in moves:
        clause = standard.clause.get(move.clause)
        name = f" {clause.name}{'（加分）' if clause.adds else ''}" if clause else ""
        before, after = ("待核实" if points is None else str(points) for points in (move.before, move.after))
        parts.append(f"{move.clause}{name}：{before} → {after}")
    return "\n".join(parts)


def _figures(unit: UnitResult, past: UnitSince, result: RegionResult) -> list[tuple[str, int | str, int | str, str]]:
    assert result.since is not None
    reported = sum(community.status is not Status.MISSING for community in unit.communities)
    when = f"自评以{chinese_date(result.since.run_date)}的审核结果为准"
    changed = "" if past.urban_communities == unit.urban_communities else "名册有变动"
    return [
        ("城市社区总数", past.urban_communities or BLANK, unit.urban_communities, changed),
        ("已报社区", past.communities, reported, when),
        (Status.GREEN.label, past.green, len(unit.green), ""),
        ("完成比例", percent(ratio(past.green, past.urban_communities)), percent(unit.completion_ratio), ""),
    ]


def _move(move: CommunityMove, standard: Standard) -> list[Box]:
    small = {**BOXED, "font_size": SMALL}
    about = "\n".join(part for part in (clause_text(move.clauses, standard), move.remark) if part)
    return [
        Box(move.code, {**CENTRED, "font_size": SMALL}),
        Box(move.name, small),
        Box(move.kind.label, {**CENTRED, "bg_color": _FILL[move.kind]}),
        *(Box(standing.status.label, {**CENTRED, "bg_color": _STATUS_FILL[standing.status]}) for standing in _two(move)),
        *(Box(standing.score_text, CENTRED) for standing in _two(move)),
        Box(about, small),
    ]


def _two(move: CommunityMove) -> tuple[Standing, Standing]:
    return move.before, move.after


def _how(result: RegionResult) -> str:
    assert result.since is not None
    return (
        f"自评：{chinese_date(result.since.run_date)}审核、保存在运行记录中的最后一次结果。“条款变化”按核定扣分（加分条款为加分）比较，"
        "箭头前为自评，后为现在。名册改了代码或名称的社区按同一社区比较。"
    )
