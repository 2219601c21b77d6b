"""报送台账.xlsx: who owes what by when, demonstration bases and commendations, pilots compared with the rest (S-36)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from greencomm import __version__
from greencomm.forms.style import SMALL
from greencomm.ledger import LEDGER_SHEET, LedgerRow
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
    Page,
    Report,
    chinese_date,
    provenance,
)
from greencomm.outputs.owing import STATE_FILL, one_decimal
from greencomm.results import RegionResult, Status, UnitResult, percent
from greencomm.review.deliverables import Entry, Group, Source, State, entries_of, green_label, group, other_years, records_of

NAME = LEDGER_SHEET
RECORDS_SHEET, PILOT_SHEET = "示范与表扬", "试点社区"
_SOURCE = {
    Source.LEDGER: "名册登记", Source.RUN: "本次收到", Source.SELF_EVALUATION: "自评时收到", Source.ROSTER: "名册已列",
}  # fmt: skip
_STATUS_FILL = {Status.GREEN: GOOD, Status.BELOW: BAD, Status.PENDING: WARN, Status.MISSING: CALM}


def write_ledger(target: Path | BinaryIO, result: RegionResult) -> None:
    """Write the outputs' copy of the ledger: sheets 报送台账, 示范与表扬 and 试点社区."""
    suffix = SAMPLE_SUFFIX if result.sample else ""
    report = Report(target, result.run_date, f"{result.name}{result.year}年{NAME}{suffix}")
    report.state(provenance(result, "报送台账"))
    _ledger(report, result, suffix)
    _records(report, result, suffix)
    _pilots(report, result, suffix)
    report.close()


def _page(report: Report, name: str, title: str, widths: Sequence[float], result: RegionResult) -> Page:
    page = report.page(name, widths, landscape=True, sample=result.sample)
    page.wide(title, TITLE, 34)
    origin = (
        f"{result.name}{result.roster.batch.round_title}",
        f"截至{chinese_date(result.run_date)}",
        f"标准：{result.standard.id}（{result.standard.sha256[:8]}）",
        f"程序版本：{__version__}",
        f"输入校验码：{result.input_sha256[:8]}",
    )
    page.wide("　".join(origin), {**FINE, "align": "center"})
    return page


def _ledger(report: Report, result: RegionResult, suffix: str) -> None:
    page = _page(report, NAME, f"{result.name}{result.year}年绿色社区创建{NAME}{suffix}", (14, 26, 15, 15, 16, 11, 32, 22, 34), result)
    entries = entries_of(result)
    owed = [entry for entry in entries if entry.state is State.OWED]
    page.wide(_owed_text(owed), {**CENTRED, "bold": True, "bg_color": BAD if owed else GOOD}, 26)
    head = page.head(("填报单位", "事项", "应报日期", "收到日期", "状态", "来源", "名称或内容", "文号", "备注"))
    for entry in entries:
        received = chinese_date(entry.received) if entry.received else BLANK
        page.row(
            [
                Box(entry.unit.name, BOXED),
                Box(entry.deliverable.name, BOXED),
                Box(chinese_date(entry.due) if entry.due else BLANK, CENTRED),
                Box(received, CENTRED),
                Box(entry.label, {**CENTRED, "bg_color": STATE_FILL[entry.state]}),
                Box(_SOURCE[entry.source] if entry.source else "", CENTRED),
                Box(_joined(row.text for row in entry.rows), {**BOXED, "font_size": SMALL}),
                Box(_joined(row.number for row in entry.rows), {**BOXED, "font_size": SMALL}),
                Box(entry.remark, {**BOXED, "font_size": SMALL}),
            ]
        )
    page.sheet.autofilter(head, 0, page.next_row - 1, 8)
    page.skip()
    others = other_years(result)
    if others:
        page.wide("其他年度的登记（不计入本年度）", SECTION, 22)
        for row, year in others:
            name = next(each.name for each in result.standard.deliverables if each.id == row.deliverable)
            page.row(
                [
                    Box(_unit_name(row, result), BOXED),
                    Box(name, BOXED),
                    Box(f"{year}年度", CENTRED),
                    Box(chinese_date(row.received) if row.received else BLANK, CENTRED),
                    Box("", CENTRED),
                    Box("名册登记", CENTRED),
                    *(Box(text, {**BOXED, "font_size": SMALL}) for text in (row.text, row.number, row.remark)),
                ]
            )
        page.skip()
    for finding in result.roster.findings:
        if finding.place.sheet == LEDGER_SHEET:
            page.wide(f"{finding.message}{finding.fix}", {**BOXED, "bg_color": WARN})
    lines = [
        f"收到日期先看名册的工作表“{LEDGER_SHEET}”，那里没有的，以收到填报工作簿的邮件时间为准；没有邮件时间的，日期不详。",
        "同一事项有几条记录的，以最早收到的日期判断是否迟报；截止日以后改正重报的，不算迟报。",
    ]
    lines += [f"“{each.name}”：{each.note}" for each in result.standard.deliverables if each.note]
    for line in lines:
        page.wide(line, FINE)


def _owed_text(owed: Sequence[Entry]) -> str:
    if not owed:
        return "到期应报的都已收到"
    names: dict[str, list[str]] = {}
    for entry in owed:
        names.setdefault(entry.deliverable.name, []).append(entry.unit.name)
    return "\n".join(f"欠报“{name}”的有{len(units)}个单位：{'、'.join(units)}" for name, units in names.items())


def _records(report: Report, result: RegionResult, suffix: str) -> None:
    page = _page(report, RECORDS_SHEET, f"{result.name}{RECORDS_SHEET}{suffix}", (6, 16, 18, 46, 16, 26, 40), result)
    page.head(("序号", "类别", "填报单位", "名称或内容", "日期", "文号", "备注"))
    records = records_of(result)
    for number, (kind, row) in enumerate(records, 1):
        page.row(
            [
                Box(number, CENTRED),
                Box(kind.name, CENTRED),
                Box(_unit_name(row, result), BOXED),
                Box(row.text, BOXED),
                Box(chinese_date(row.received) if row.received else BLANK, CENTRED),
                Box(row.number, BOXED),
                Box(row.remark, BOXED),
            ]
        )
    if not records:
        page.wide(f"没有登记。在名册的工作表“{LEDGER_SHEET}”中填写，下次运行就列在这里。", {**TEXT, "align": "center"}, 40)


def _unit_name(row: LedgerRow, result: RegionResult) -> str:
    return result.roster.unit[row.unit].name if row.unit else result.name


_POINTS_WIDTHS = (16, 10, 10, 10, 12, 12, 10, 10, 10, 12, 12)


def _pilots(report: Report, result: RegionResult, suffix: str) -> None:
    page = _page(report, PILOT_SHEET, f"{result.name}{PILOT_SHEET}与其他社区对比{suffix}", _POINTS_WIDTHS, result)
    groups = ("试点社区", "其他社区")
    page.row([Box("", HEAD), *(Box(name, HEAD, 5) for name in groups)])
    page.head(("填报单位", *(("社区数", "已报", green_label(result), "达标比例", "平均核定得分") * 2)))
    for unit in result.units:
        page.row([Box(unit.unit.name, BOXED), *_groups([unit])])
    page.row([Box(result.standard.annex2.total_label, {**BOXED, "bold": True}), *_groups(result.units, bold=True)], 22)
    counted = "达标含往年名单上的社区，每个只计一次，已在名单上的不必再报；" if result.earlier else ""
    page.wide(f"{counted}达标比例＝达标社区数÷社区数；平均核定得分只算没有待核实条款的社区，四舍五入保留一位小数。", FINE)
    page.skip()
    pilots = [(unit, each) for unit in result.units for each in unit.communities if each.community.pilot]
    page.wide(f"试点社区（{len(pilots)}个）", SECTION, 22)
    if not pilots:
        page.wide("名册“社区名册”的“试点”一栏没有填“是”的社区。", TEXT)
        return
    spans = (("填报单位", 1), ("社区代码", 2), ("社区名称", 3), ("结论", 1), ("核定得分", 1), ("可能得分", 1), ("自报", 2))
    page.row([Box(title, HEAD, span) for title, span in spans])
    for unit, each in pilots:
        open_range = each.lowest is not None and each.assessed_score is None
        possible = f"{each.lowest}～{each.highest}" if open_range else BLANK
        claimed = {True: "申报", False: "不申报", None: BLANK}[each.claimed]
        page.row(
            [
                Box(unit.unit.name, BOXED),
                Box(each.community.code, CENTRED, 2),
                Box(each.community.name, BOXED, 3),
                Box(each.standing_label, {**CENTRED, "bg_color": GOOD if each.excused else _STATUS_FILL[each.status]}),
                Box(BLANK if each.assessed_score is None else each.assessed_score, {**CENTRED, "bold": True}),
                Box(possible, CENTRED),
                Box(claimed, CENTRED, 2),
            ]
        )


def _groups(units: Sequence[UnitResult], *, bold: bool = False) -> list[Box]:
    return [box for pilot in (True, False) for box in _group(group(units, pilot=pilot), bold=bold)]


def _group(counted: Group, *, bold: bool) -> list[Box]:
    style: dict[str, Any] = {**CENTRED, "bold": bold}
    values: tuple[int | str, ...] = (counted.communities, counted.reported, counted.green)
    return [*(Box(value, style) for value in (*values, percent(counted.ratio), one_decimal(counted.average)))]


def _joined(texts: Any) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))
