"""What a province files and keeps of a rollup: Annex 2 with a sheet per region, and 汇总说明.xlsx (S-37)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from greencomm import __version__
from greencomm.findings import Severity
from greencomm.forms.layout import PROVENANCE, PROVENANCE_KIND
from greencomm.forms.names import unique_names
from greencomm.forms.style import SMALL
from greencomm.outputs import TEMPLATES, Made, annex2
from greencomm.outputs.book import (
    BAD,
    BLANK,
    BOXED,
    CENTRED,
    FINE,
    GOOD,
    SAMPLE_SUFFIX,
    SEVERITY_FILL,
    TEXT,
    TITLE,
    WARN,
    Box,
    Page,
    Report,
    chinese_date,
)
from greencomm.outputs.rollup_overview import write_rollup_overview
from greencomm.province import Filed, Province, Region, Row, Slot
from greencomm.results import FileState, percent, ratio
from greencomm.standard import PHASE_TITLES, SELF_EVALUATION, Standard

NAME = "汇总说明"
REGIONS, REMARKS, FILES = "各地区", "需要处理", "收到的结果"
_ALL = "汇总"
"""Name of the sheet with the province's own Annex 2."""
_KIND = {"annex2": "附件2", "rollup": NAME, "overview": "总览"}


def write_rollup(folder: Path, province: Province, standard: Standard, pages: Mapping[str, str]) -> Iterator[Made]:
    """Write the workbooks and the overview of a rollup; ``standard`` gives the words of Annex 2, its items and targets.

    ``pages`` are the paths of regions' own overviews by the region's name, seen from where the rollup's will stand. Raises
    UserError as Annex 2 does.
    """
    forms = annex2_forms(province, standard)
    annex2.fill_book(folder / "annex2.xlsx", forms, TEMPLATES / "annex2.xlsx", province.run_date, provenance(province, "annex2"))
    yield Made("annex2", None, "annex2.xlsx")
    write_summary(folder / f"{NAME}.xlsx", province, standard)
    yield Made("rollup", None, f"{NAME}.xlsx")
    write_rollup_overview(folder / "overview.html", province, standard, pages, provenance(province, "overview"), f"{NAME}.xlsx")
    yield Made("overview", None, "overview.html")


def provenance(province: Province, role: str) -> dict[str, str]:
    """What the figures were made from, as every workbook carries it in its properties."""
    origin = (*province.standard, __version__, province.run_date.isoformat(), province.input_sha256)
    return {**dict(zip(PROVENANCE, origin, strict=True)), PROVENANCE_KIND: _KIND[role]}


# --- Annex 2 ----------------------------------------------------------------------------------------------------------


def annex2_forms(province: Province, standard: Standard) -> dict[str, annex2.Form]:
    """The province's Annex 2, then each region's by unit, by sheet name."""
    counted = [slot for slot in province.slots if slot.region is not None]
    sheets = unique_names(((slot.name, slot.name) for slot in counted), (_ALL, "History", "历史记录"))
    forms = {_ALL: _whole(province, standard, sheets)}
    for slot in counted:
        assert slot.region is not None
        forms[sheets[slot.name]] = _region_form(slot.region, province, standard)
    return forms


def _whole(province: Province, standard: Standard, sheets: Mapping[str, str]) -> annex2.Form:
    years = {year: _figures(province.earlier(year), names=False) for year in province.earlier_years}
    years[province.year] = annex2.Figures(None, province.green_count, province.completion_ratio)
    codes = [slot.code for slot in province.slots]
    return _form(
        province,
        standard,
        (province.reporting_unit or province.name, province.contact, province.phone),
        province.form_date,
        (_rows_are(codes), _foot(province)),
        tuple(_slot_line(slot, province, sheets) for slot in province.slots),
        annex2.Line(standard.annex2.total_label, years, province.combined_ratio),
    )


def _slot_line(slot: Slot, province: Province, sheets: Mapping[str, str]) -> annex2.Line:
    """A region's row: the names of its lists in the order of its units. One that is missing has no figures."""
    region = slot.region
    if region is None:
        return annex2.Line(slot.name, {}, None, absent=slot.absent)
    years = {year: _figures(filed) for year in province.earlier_years if (filed := region.earlier(year))}
    names = tuple(member.name for row in region.rows for member in row.green)
    years[province.year] = annex2.Figures(names, region.green_count, region.completion_ratio)
    return annex2.Line(slot.name, years, region.combined_ratio, sheets[slot.name])


def _region_form(region: Region, province: Province, standard: Standard) -> annex2.Form:
    years = {year: _figures(total, names=False) for year, total in region.totals.items()}
    years[province.year] = annex2.Figures(None, region.green_count, region.completion_ratio)
    date = region.form_date or datetime.date.fromisoformat(region.run_date)
    return _form(
        province,
        standard,
        (region.reporting_unit or region.name, region.contact, region.phone),
        date,
        # A region of counties keeps the words of its own form.
        (_rows_are([row.code for row in region.rows]), _SUMMED) if region.rolled else ("", ""),
        tuple(_row_line(row, province.year) for row in region.rows),
        annex2.Line(standard.annex2.total_label, years, region.combined_ratio),
    )


def _row_line(row: Row, year: int) -> annex2.Line:
    years = {each: _figures(filed) for each, filed in row.earlier.items()}
    names = tuple(member.name for member in row.green)
    years[year] = annex2.Figures(names, len(names), ratio(len(names), row.urban_communities))
    return annex2.Line(row.name, years, ratio(row.combined, row.urban_communities))


def _figures(filed: Filed, *, names: bool = True) -> annex2.Figures:
    return annex2.Figures(tuple(entry.name for entry in filed.green) if names else None, filed.count, filed.ratio)


def _form(
    province: Province,
    standard: Standard,
    who: tuple[str, str, str],
    date: datetime.date | None,
    words_of_rows: tuple[str, str],
    lines: tuple[annex2.Line, ...],
    total: annex2.Line,
) -> annex2.Form:
    """``who`` are reporting unit, contact and telephone; ``words_of_rows`` are first column and foot (annex2.Form)."""
    words, (unit, *contact), (first_column, foot) = standard.annex2, who, words_of_rows
    years = tuple(sorted({*words.years, *province.earlier_years, province.year}))
    return annex2.Form(
        title=words.title,
        years=years,
        total_label=words.total_label,
        heading={
            annex2.UNIT: unit + annex2.STAMP,
            annex2.DATE: chinese_date(date or province.run_date),
            annex2.CONTACT: "  ".join(part for part in contact if part),
        },
        lines=lines,
        total=total,
        date=province.run_date,
        sample=province.sample,
        year=province.year,
        first_column=first_column,
        foot=foot,
    )


_SUMMED = "注：个数和社区总数由各地区报送的审核结果相加，比例按相加后的数计算，不是各地区比例的平均。"


def _rows_are(codes: Sequence[str]) -> str:
    """What the first column lists: by the codes provinces (two digits and zeros), else prefectures."""
    return "省（区、市）" if codes and all(len(code) >= 6 and not code[2:].strip("0") for code in codes) else "州（市）"


def _foot(province: Province) -> str:
    """The foot of the province's sheet: first of all whom the sums lack."""
    return shortage(province) + _SUMMED


def shortage(province: Province) -> str:
    """``缺3个地区（……），合计不含。`` with a line break behind it; empty where nothing is missing."""
    missing = province.missing
    said = ""
    if missing:
        each = "、".join(f"{slot.name}{slot.absent}" for slot in missing)
        said = f"缺{len(missing)}个地区（{each}），合计不含。\n"
    rest = province.uncounted - sum(slot.handed_in for slot in missing)
    if rest > 0:
        said += f"另有{rest}份报来的结果没有计入，原因见“{NAME}.xlsx”。\n" if missing else f"有{rest}份报来的结果没有计入，原因见“{NAME}.xlsx”。\n"
    return said


# --- 汇总说明 ---------------------------------------------------------------------------------------------------------


def write_summary(target: Path, province: Province, standard: Standard) -> None:
    """Write sheets 各地区, 需要处理 and 收到的结果. The same province gives the same bytes."""
    suffix = SAMPLE_SUFFIX if province.sample else ""
    heading = f"{province.name}{province.year}年绿色社区创建{PHASE_TITLES[province.phase]}汇总说明"
    report = Report(target, province.run_date, heading + suffix)
    report.state(provenance(province, "rollup"))

    def page(name: str, title: str, widths: Sequence[float], summary: str) -> Page:
        made = report.page(name, widths, landscape=True, sample=province.sample)
        made.wide(f"{heading}：{title}{suffix}", TITLE, 34)
        made.wide(_origin(province), {**FINE, "align": "center"})
        made.wide(summary, {**TEXT, "bold": True}, 22)
        return made

    _regions(page(REGIONS, "各地区", (18, 9, 8, 10, 8, 10, 9, 9, 20, 14, 22, 34, 12), summary(province)), province, standard)
    _remarks(page(REMARKS, "需要处理的", (9, 8, 24, 16, 66, 56), remarks_summary(province)), province)
    _files(page(FILES, "收到的结果", (60, 12, 70, 14), f"共找到{len(province.files)}份结果。"), province)
    report.close()


def _origin(province: Province) -> str:
    parts = (
        f"汇总日期：{chinese_date(province.run_date)}",
        f"标准：{province.standard[0]}（{province.standard[1][:8]}）",
        f"程序版本：{__version__}",
        f"输入校验码：{province.input_sha256[:8]}",
    )
    return "　".join(parts)


def summary(province: Province) -> str:
    """The sums in one sentence."""
    several = bool(province.earlier_years)
    year = f"本年新达标{province.green_count}个（{percent(province.completion_ratio)}）"
    both = f"，连同往年名单合计{province.combined}个（{percent(province.combined_ratio)}）" if several else ""
    missing = f"；缺{len(province.missing)}个地区：{'、'.join(slot.name for slot in province.missing)}" if province.missing else ""
    return f"计入{len(province.regions)}个地区，城市社区{province.urban_communities}个，{year}{both}{missing}。"


def next_step(province: Province) -> str:
    """What is still to be done before Annex 2 can be stamped and filed; all of it, the gravest first."""
    steps = []
    sending_back, not_closed = province.sending_back, province.not_closed
    if province.to_correct:
        steps.append(f"按“{NAME}.xlsx”的“需要处理”表请有关地区改正或补报，再汇总一次")
    elif sending_back:
        steps.append(f"{_some(sending_back)}封存时还有“退回”问题没有解决，请与有关地区确认不再改正")
    if not_closed:
        steps.append(f"请{_some(not_closed)}封存{province.year}年度后报来封存的年度文件夹，再汇总一次")
    if province.sample:
        steps.append("示例数据只供练习，不能上报")
    if not steps and province.phase == SELF_EVALUATION:
        return "下一步：自评结果供掌握进度，正式上报以年度总结为准。"
    if not steps:
        return "下一步：没有需要改正的，可以打印 annex2.xlsx 盖章上报。"
    return f"下一步：{'；'.join(steps)}。{'' if province.sample else '在此之前，annex2.xlsx 请不要盖章上报。'}"


def _some(regions: Sequence[Region]) -> str:
    names = "、".join(region.name for region in regions[:_NAMED])
    return f"{names}等{len(regions)}个地区" if len(regions) > _NAMED else names


_NAMED = 5
"""How many regions the next step names before the rest is counted."""


def remarks_summary(province: Province) -> str:
    """How many remarks of each weight."""
    counts = ((severity, sum(each.oddity.severity is severity for each in province.remarks)) for severity in Severity)
    return "，".join(f"{severity.label}{count}条" for severity, count in counts) + "。“退回”的须请有关地区改正后再汇总；其余不影响本次的数字。"


def _regions(page: Page, province: Province, standard: Standard) -> None:
    titles = (
        "地区", "城市社区", "本年达标", "本年比例", "合计达标", "合计比例", "退回未改", "需核实", "标准", "审核日期", "封存", "文件夹", "结果校验码",
    )  # fmt: skip
    page.head(titles)
    small = {**CENTRED, "font_size": SMALL}
    for slot in province.slots:
        region = slot.region
        if region is None:
            page.row([Box(slot.name, {**BOXED, "bg_color": BAD}), Box(f"{slot.absent}，合计不含它的社区", {**BOXED, "bg_color": BAD}, 12)])
            continue
        figures = (
            region.urban_communities, region.green_count, percent(region.completion_ratio), region.combined,
            percent(region.combined_ratio), region.send_back, region.verify,
        )  # fmt: skip
        closed = f"{region.closed.date}，{region.closed.who}" if region.closed else "没有封存"
        fill = {"bg_color": WARN if _odd(province, region) else GOOD}
        page.row(
            [
                Box(region.name, {**BOXED, **fill}),
                *(Box(value, CENTRED) for value in figures),
                Box(f"{region.standard[0]}（{region.standard[1][:8]}）", small),
                Box(region.run_date, small),
                Box(closed, small),
                Box(region.folder, {**BOXED, "font_size": SMALL}),
                Box(region.result_sha256[:8], small),
            ]
        )
    bold = {**CENTRED, "bold": True}
    sums = (
        province.urban_communities, province.green_count, percent(province.completion_ratio), province.combined,
        percent(province.combined_ratio), sum(each.send_back for each in province.regions), sum(each.verify for each in province.regions),
    )  # fmt: skip
    page.row([Box(standard.annex2.total_label, {**BOXED, "bold": True}), *(Box(value, bold) for value in sums), Box("", BOXED, 5)])
    page.skip()
    page.wide("比例是各地区的个数相加后再相除，不是各地区比例的平均。每个社区只计一次。颜色深的地区在“需要处理”表中有要改正的。", FINE)


def _odd(province: Province, region: Region) -> bool:
    return any(each.region == region.name for each in province.to_correct)


def _remarks(page: Page, province: Province) -> None:
    if not province.remarks:
        page.wide("没有。", BOXED)
        return
    page.head(("程度", "编号", "问题", "地区", "说明", "怎么办"))
    for each in province.remarks:
        fill = {**CENTRED, "bg_color": SEVERITY_FILL[each.oddity.severity]}
        page.row(
            [
                Box(each.oddity.severity.label, fill),
                Box(each.oddity.code, CENTRED),
                Box(each.oddity.title, BOXED),
                Box(each.region or BLANK, CENTRED),
                Box(each.message, BOXED),
                Box(each.fix, BOXED),
            ]
        )


_FATES = {
    FileState.ACCEPTED: "已计入", FileState.SUPERSEDED: "没有用", FileState.REJECTED: "没有计入", FileState.IGNORED: "没有用",
}  # fmt: skip


def _files(page: Page, province: Province) -> None:
    page.head(("结果文件", "是否计入", "原因", "校验码"))
    for file in province.files:
        fill = {"bg_color": GOOD if file.state is FileState.ACCEPTED else WARN}
        page.row(
            [
                Box(file.path, {**BOXED, "font_size": SMALL}),
                Box(_FATES[file.state], {**CENTRED, **fill}),
                Box(file.reason or "", {**BOXED, "font_size": SMALL}),
                Box((file.sha256 or BLANK)[:8], {**CENTRED, "font_size": SMALL}),
            ]
        )
