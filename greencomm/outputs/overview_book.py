"""``overview.xlsx``: the overview for those who would rather calculate, with native charts and live sums (S-42)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from greencomm import __version__
from greencomm.figures import Tally
from greencomm.findings import Severity
from greencomm.forms.style import FORMULA_STARTS, GREEN, SMALL
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
    TITLE,
    WARN,
    Box,
    Page,
    Report,
    Style,
    chinese_date,
    clean,
    plain_number,
    provenance,
)
from greencomm.outputs.overview import (
    NAME,
    OWN_MARK,
    Column,
    Overview,
    adds_here,
    open_findings,
    pending_reasons,
    pending_remark,
    recheck_failed,
    tally_of,
)
from greencomm.outputs.progress import STATE_LABELS, next_step
from greencomm.outputs.prospects import summary
from greencomm.outputs.ranking import arithmetic, compares, lift_text, rank_text, rule_lines
from greencomm.ranking import criteria_in_use
from greencomm.results import NOT_AGAIN, CommunityResult, Status, UnitResult, standing_counts, standing_place
from greencomm.standard import Standard

SUMMARY, UNITS, RANKING, ITEMS, CLAUSES = NAME, "单位", "考核排名", "各项失分", "各条失分"
SCORES, PENDING, MATRIX = "得分分布", "待核实", "社区明细"
MOST_LIVE = 1_000_000
"""Units times communities up to which sums over the matrix are formulas; a larger workbook would take minutes to open."""
MOST_ROWS = 20_000
"""Communities of the sheet 社区明细; of more those that matter (``Overview.that_matter``), and sums are values then."""
MOST_BARS = 40
"""Units of the chart; of more those with the lowest ratio."""
PREFECTURES, OWN = "州标准", "自定标准"
_CLAUSES = 30
_STANDINGS = 7
"""Column of the first standing on the sheet of units, from 0."""
_NUMBER: Style = {**CENTRED, "num_format": "0"}
_AVERAGE: Style = {**CENTRED, "num_format": "0.00"}
_RATIO: Style = {**CENTRED, "num_format": "0.00%"}
_SMALL: Style = {**BOXED, "font_size": SMALL, "text_wrap": False}
_TINY: Style = {**CENTRED, "font_size": SMALL, "text_wrap": False}
_TOTAL: Style = {**CENTRED, "bold": True, "bg_color": GOOD}
_FILL = {Status.GREEN: GOOD, Status.BELOW: BAD, Status.PENDING: WARN, Status.MISSING: CALM}
_SCALE = {"type": "3_color_scale", "min_color": "#FFFFFF", "mid_color": "#FFB866", "max_color": "#E8743B",
          "min_type": "num", "mid_type": "num", "max_type": "num", "min_value": 0, "mid_value": 1, "max_value": 3}  # fmt: skip
_LINES, _DASHES = ("#B42318", "#59635E", "#1B4F8A"), ("solid", "round_dot", "dash")
"""Of target lines by their column: the first two are dashed blue and plain red, as on the page."""

Live = tuple[str, int | float | str]
"""A formula and what it gives."""


def write_overview_book(target: Path | BinaryIO, overview: Overview) -> None:
    """Write the workbook; the same overview gives the same bytes."""
    writer = _Writer(target, overview)
    writer.summary()
    writer.unit_rows()
    writer.ranking()
    writer.items()
    writer.clauses()
    writer.scores()
    writer.pending()
    writer.matrix()
    writer.chart_of_units()
    writer.report.close()


class _Look:
    """A style as the workbook knows it, resolved once; ``quoted`` is for texts that look like formulas."""

    def __init__(self, report: Report, style: Style) -> None:
        self._report, self._style = report, style
        self.plain = report.style(style)

    @cached_property
    def quoted(self) -> Any:
        return self._report.style({**self._style, "quote_prefix": True})


@dataclasses.dataclass
class _Sheet:
    """A page with cells written one by one below its heading."""

    page: Page

    def put(self, row: int, column: int, value: object, style: Style) -> None:
        """A text that stays one, a number, a formula with its value, or nothing."""
        self.write(row, column, value, _Look(self.page.report, style))

    def write(self, row: int, column: int, value: object, look: _Look) -> None:
        """The same with a look that many cells share."""
        sheet = self.page.sheet
        if value is None or value == "":
            sheet.write_blank(row, column, None, look.plain)
        elif isinstance(value, str):
            text = clean(value)
            sheet.write_string(row, column, text, look.quoted if text.startswith(FORMULA_STARTS) else look.plain)
        elif isinstance(value, tuple):
            sheet.write_formula(row, column, value[0], look.plain, value[1])
        else:
            sheet.write_number(row, column, value, look.plain)

    def row(self, row: int, cells: Sequence[tuple[object, Style]]) -> None:
        for column, (value, style) in enumerate(cells):
            self.put(row, column, value, style)


class _Writer:
    def __init__(self, target: Path | BinaryIO, overview: Overview) -> None:
        self.o, self.result = overview, overview.result
        self.suffix = SAMPLE_SUFFIX if self.result.sample else ""
        self.report = Report(target, self.result.run_date, f"{overview.heading}{self.suffix}")
        self.report.state(provenance(self.result, NAME))
        self.members = overview.that_matter(MOST_ROWS)
        self.left_out = self.result.urban_communities - len(self.members)
        self.live = not self.left_out and len(self.result.units) * len(self.members) <= MOST_LIVE
        self.lists = bool(self.result.earlier)
        self.target_list = sorted(self.result.standard.targets, key=lambda target: target.year)
        self.columns = _matrix_columns(overview.items)
        self.first = 4
        """First row of the matrix's data, from 0: below title, origin, note and header."""
        self.last = self.first + max(len(self.members), 1) - 1

    # shared

    @property
    def ratio_column(self) -> str:
        """Letter of 完成比例 on the sheet of units."""
        return str(xl_col_to_name(_STANDINGS + len(self.o.standings)))

    def page(self, name: str, title: str, widths: Sequence[float], note: str, *, landscape: bool = True) -> _Sheet:
        page = self.report.page(name, widths, landscape=landscape, sample=self.result.sample)
        result = self.result
        page.wide(f"{result.name}{result.year}年绿色社区创建{title}{self.suffix}", {**TITLE, "align": "left", "text_wrap": False}, 30)
        origin = (
            f"审核日期：{chinese_date(result.run_date)}",
            f"标准：{result.standard.id}（{result.standard.sha256[:8]}）",
            f"程序版本：{__version__}",
            f"输入校验码：{result.input_sha256[:8]}",
        )
        page.wide("　".join(origin), {**FINE, "text_wrap": False})
        page.wide(note, FINE)
        return _Sheet(page)

    def head(self, sheet: _Sheet, titles: Sequence[str], *, left: int, height: float = 32) -> int:
        """The table's header, frozen with ``left`` columns; returns the row below."""
        page = sheet.page
        row = page.next_row
        sheet.row(row, [(title, HEAD) for title in titles])
        page.sheet.set_row(row, height)
        page.sheet.freeze_panes(row + 1, left)
        page.sheet.repeat_rows(0, row)
        page.next_row = row + 1
        return row + 1

    def area(self, key: str | int) -> str:
        """A column of the matrix, from its first community to its last."""
        name = xl_col_to_name(self.columns.index(key))
        return f"{MATRIX}!${name}${self.first + 1}:${name}${self.last + 1}"

    def of(self, formula: str, value: float) -> Live | float:
        """The formula where the workbook is live, else its value."""
        return (formula, value) if self.live else value

    @staticmethod
    def name(unit: UnitResult) -> str:
        return unit.unit.name + (OWN_MARK if unit.own_standard else "")

    # 总览

    def summary(self) -> None:
        result = self.result
        widths = (22, 14, 14, 14, 14, 14, 14, 14)
        page = self.page(SUMMARY, "总览", widths, "各表的合计和比例是公式，随“社区明细”重算。" if self.live else _TOO_MANY, landscape=False).page
        sheet = _Sheet(page)
        page.wide("一、完成情况", SECTION, 22)
        row = page.next_row
        total = self.unit_total_row + 1
        ratio = (f"={UNITS}!{self.ratio_column}{total}", _ratio(result.combined_ratio))
        figures: list[tuple[str, object, Style]] = [
            ("城市社区", (f"={UNITS}!D{total}", result.urban_communities), _NUMBER),
            ("往年名单", (f"={UNITS}!E{total}", self.o.listed), _NUMBER),
            ("本年新达标", (f"={UNITS}!F{total}", result.green_count), _NUMBER),
            ("计入达标", (f"={UNITS}!G{total}", result.combined_count), _NUMBER),
            ("合计完成比例" if self.lists else "完成比例", ratio, {**_RATIO, "bold": True}),
            *(
                (word, (f"={UNITS}!{xl_col_to_name(_STANDINGS + place)}{total}", self.o.counts[place]), _NUMBER)
                for place, word in enumerate(self.o.standings)
            ),
        ]
        for label, value, style in figures:
            sheet.put(page.next_row, 0, label, BOXED)
            sheet.put(page.next_row, 1, value, style)
            page.next_row += 1
        for number, line in enumerate(summary(result).split("\n")):
            page.sheet.merge_range(row + 2 * number, 2, row + 2 * number + 1, 7, "", self.report.style(BOXED))
            sheet.put(row + 2 * number, 2, line, {**BOXED, "bold": True})
        page.skip()
        page.wide("二、各单位完成比例和目标", SECTION, 22)
        self.chart_row = page.next_row
        page.next_row += 20
        page.wide("三、得分分布", SECTION, 22)
        self.score_chart_row = page.next_row
        page.next_row += 18
        page.wide("图的数据", SECTION, 22)
        self.summary_page = sheet

    def chart_of_units(self) -> None:
        """The chart with its data, which is taken from the sheet of units."""
        sheet, page = self.summary_page, self.summary_page.page
        units = list(enumerate(self.result.units))
        if len(units) > MOST_BARS:
            lowest = sorted(units, key=lambda entry: (entry[1].combined_ratio is None, entry[1].combined_ratio or 0))
            units = sorted(lowest[:MOST_BARS], key=lambda entry: entry[0])
            page.wide(f"单位多，图中是完成比例最低的{MOST_BARS}个。", FINE)
        titles = ["单位", "完成比例", *(f"{target.year}年目标" for target in self.target_list)]
        head = page.next_row
        sheet.row(head, [(title, HEAD) for title in titles])
        for place, (number, unit) in enumerate(units):
            row = head + 1 + place
            at = self.unit_first + number + 1
            sheet.put(row, 0, self.name(unit), BOXED)
            ratio = _ratio(unit.combined_ratio)
            sheet.put(row, 1, (f"={UNITS}!{self.ratio_column}{at}", ratio), _RATIO)
            for column, target in enumerate(self.target_list):
                sheet.put(row, 2 + column, float(target.ratio), _RATIO)
        last = head + max(len(units), 1)
        page.next_row = last + 1
        book = self.report.book
        chart = book.add_chart({"type": "column"})
        names = [SUMMARY, head + 1, 0, last, 0]
        chart.add_series({"name": "完成比例", "categories": names, "values": [SUMMARY, head + 1, 1, last, 1], "fill": {"color": "#4F9A78"},
                          "gap": 60, "data_labels": {"value": True, "num_format": "0%", "font": _FONT} if len(units) <= 20 else {}})  # fmt: skip
        if self.target_list:
            lines = book.add_chart({"type": "line"})
            for column in range(2, 2 + len(self.target_list)):
                look = {"color": _LINES[column % 3], "width": 2, "dash_type": _DASHES[column % 3]}
                values = [SUMMARY, head + 1, column, last, column]
                lines.add_series({"name": [SUMMARY, head, column], "categories": names, "values": values, "line": look})
            chart.combine(lines)
        chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%", "num_font": _FONT, "major_gridlines": _GRID})
        chart.set_x_axis({"num_font": _FONT})
        chart.set_title({"none": True})
        chart.set_legend({"position": "bottom", "font": _FONT})
        chart.set_size({"width": 860, "height": 390})
        page.sheet.insert_chart(self.chart_row, 0, chart, {"x_offset": 4, "y_offset": 4, "description": "各单位完成比例和目标"})
        first, end = self.band_rows
        chart = book.add_chart({"type": "column"})
        points = [{"fill": {"color": "#4F9A78" if band.reaches_mark else "#B7763A"}} for band in self.o.bands]
        chart.add_series({"name": "社区数", "categories": [SCORES, first, 0, end, 0], "values": [SCORES, first, 3, end, 3], "points": points,
                          "gap": 40, "data_labels": {"value": True, "font": _FONT}})  # fmt: skip
        chart.set_title({"none": True})
        chart.set_legend({"none": True})
        chart.set_x_axis({"num_font": _FONT})
        chart.set_y_axis({"num_font": _FONT, "major_gridlines": _GRID})
        chart.set_size({"width": 860, "height": 350})
        page.sheet.insert_chart(self.score_chart_row, 0, chart, {"x_offset": 4, "y_offset": 4, "description": "核定得分的分布"})

    # 单位

    @property
    def unit_first(self) -> int:
        """First row of units on every sheet that has one row for each, from 0."""
        return 4

    @property
    def unit_total_row(self) -> int:
        return self.unit_first + len(self.result.units)

    def unit_rows(self) -> None:
        titles = [
            "单位代码", "单位", "报送", "城市社区", "往年名单", "本年新达标", "计入达标", *self.o.standings,
            "合计完成比例" if self.lists else "完成比例",
            *(title for target in self.target_list for title in (f"{target.year}年目标", f"{target.year}年目标还差")),
            "未办结：退回", "未办结：需核实", "下一步", "标准",
        ]  # fmt: skip
        widths = (11, 18, 9, 9, 9, 9, 9, *(8 for _ in self.o.standings), 11, *(9 for _ in self.target_list for _ in "ab"), 9, 9, 13, 11)
        note = "计入达标：往年名单上的和本年新达标的，一个社区只计一次。目标按全部城市社区计，各单位的比例和还差的社区数供参考。"
        note += self.o.standing_note
        sheet = self.page(UNITS, "各单位完成情况", widths, note)
        first = self.head(sheet, titles, left=2, height=48)
        for number, unit in enumerate(self.result.units):
            self._unit(sheet, first + number, unit)
        if self.result.units:
            sheet.page.sheet.autofilter(first - 1, 0, self.unit_total_row - 1, len(titles) - 1)
            ratio = f"{self.ratio_column}{first + 1}:{self.ratio_column}{self.unit_total_row}"
            sheet.page.sheet.conditional_format(ratio, {"type": "data_bar", "bar_color": "#8FC7AC", "min_type": "num",
                                                        "min_value": 0, "max_type": "num", "max_value": 1})  # fmt: skip
        self._unit_total(sheet, len(titles))

    def _unit(self, sheet: _Sheet, row: int, unit: UnitResult) -> None:
        own, code = row + 1, self.area("code")
        counts = {"listed": len(unit.listed), "newly": len(unit.green), "counted": unit.combined_count}
        cells: list[tuple[object, Style]] = [
            (unit.unit.code, _TINY),
            (self.name(unit), BOXED),
            (STATE_LABELS[unit.state], CENTRED),
            (self.of(f"=COUNTIF({code},$A{own})", unit.urban_communities), _NUMBER),
            *((self.of(f"=SUMIF({code},$A{own},{self.area(key)})", value), _NUMBER) for key, value in counts.items()),
            *(
                (self.of(f'=COUNTIFS({code},$A{own},{self.area("status")},"{word}")', count), _NUMBER)
                for word, count in zip(self.o.standings, standing_counts((unit,), self.result), strict=True)
            ),
            ((f'=IF(D{own}=0,"{BLANK}",G{own}/D{own})', _ratio(unit.combined_ratio)), _RATIO),
            *self._against_targets(own, unit.urban_communities, unit.combined_count, CENTRED),
            (unit.open_count(Severity.SEND_BACK), _NUMBER),
            (unit.open_count(Severity.VERIFY), _NUMBER),
            (next_step(unit, self.result).value, CENTRED),
            (OWN if unit.own_standard else PREFECTURES, CENTRED),
        ]
        sheet.row(row, cells)

    def _against_targets(self, own: int, urban: int, count: int, style: Style) -> list[tuple[object, Style]]:
        cells: list[tuple[object, Style]] = []
        for target in self.target_list:
            share = target.ratio
            missing = max(0, -(-urban * share.numerator // share.denominator) - count)
            formula = f"=MAX(0,-INT(-D{own}*{share.numerator}/{share.denominator})-G{own})"
            cells += [(float(share), {**style, "num_format": "0.00%"}), ((formula, missing), {**style, "num_format": "0"})]
        return cells

    def _unit_total(self, sheet: _Sheet, width: int) -> None:
        row, result = self.unit_total_row, self.result
        first, end, own = self.unit_first + 1, max(self.unit_total_row, self.unit_first + 1), row + 1
        sums = [result.urban_communities, self.o.listed, result.green_count, result.combined_count, *self.o.counts]
        opened = [sum(unit.open_count(severity) for unit in result.units) for severity in (Severity.SEND_BACK, Severity.VERIFY)]
        place = _STANDINGS + len(sums[4:]) + 1 + 2 * len(self.target_list)

        def total(column: int, value: int) -> tuple[object, Style]:
            letter = xl_col_to_name(column)
            return (f"=SUM({letter}{first}:{letter}{end})", value) if result.units else value, {**_TOTAL, "num_format": "0"}

        cells: list[tuple[object, Style]] = [
            ("", _TOTAL), ("合计", _TOTAL), ("", _TOTAL),
            *(total(3 + number, value) for number, value in enumerate(sums)),
            ((f'=IF(D{own}=0,"{BLANK}",G{own}/D{own})', _ratio(result.combined_ratio)), {**_TOTAL, "num_format": "0.00%"}),
            *self._against_targets(own, result.urban_communities, result.combined_count, _TOTAL),
            *(total(place + number, value) for number, value in enumerate(opened)),
        ]  # fmt: skip
        cells += [("", _TOTAL)] * (width - len(cells))
        sheet.row(row, cells)

    # 考核排名

    def ranking(self) -> None:
        result, criteria = self.result, criteria_in_use(self.result)
        titles = ["名次", "单位代码", "单位", "城市社区", *(title for each in criteria for title in (each.name, "名次")), "怎样提升"]
        widths = (7, 11, 18, 9, *(width for _ in criteria for width in (22, 6)), 60)
        sheet = self.page(RANKING, "考核排名", widths, f"{compares(result)}；办法见表下。")
        page = sheet.page
        head = self.head(sheet, titles, left=3, height=48)
        for row in self.o.ranking:
            values = []
            for each in criteria:
                alone = row.ranks.get(each.measure)
                values += [Box(arithmetic(row, each, result), {**CENTRED, "font_size": SMALL}), Box(BLANK if alone is None else alone, CENTRED)]
            page.row([
                Box(rank_text(row), {**CENTRED, "bold": True}), Box(row.unit.unit.code, _TINY), Box(self.name(row.unit), BOXED),
                Box(row.unit.urban_communities, CENTRED), *values, Box(lift_text(row), {**BOXED, "font_size": SMALL}),
            ])  # fmt: skip
        if self.o.ranking:
            page.sheet.autofilter(head - 1, 0, page.next_row - 1, len(titles) - 1)
        page.skip()
        page.wide("排名办法", SECTION, 22)
        for line in rule_lines(result):
            page.wide(line, FINE)

    # 各项失分

    def items(self) -> None:
        columns = self.o.items
        titles = ["单位代码", "单位", "标准", "已报社区", *(_head(column, 8) for column in columns)]
        note = "平均每个已报社区失几分（加分项为加几分）：该项可以计分的社区的失分合计÷社区数。"
        if self.result.local_standards:
            note += f"{OWN_MARK} 按自定标准评分，条款和分值可能不同，不在合计内。"
        sheet = self.page(ITEMS, "各单位各项失分", (11, 18, 10, 8, *(9.5 for _ in columns)), note)
        first = self.head(sheet, titles, left=2, height=58)
        code = self.area("code")
        for number, (unit, lost) in enumerate(self.o.table.units):
            row = first + number
            cells: list[tuple[object, Style]] = [
                (unit.unit.code, _TINY), (self.name(unit), BOXED), (OWN if unit.own_standard else PREFECTURES, CENTRED),
                (sum(each.status is not Status.MISSING for each in unit.communities), _NUMBER),
            ]  # fmt: skip
            for column in columns:
                area = self.area(column.key)
                formula = f'=IFERROR(SUMIF({code},$A{row + 1},{area})/COUNTIFS({code},$A{row + 1},{area},">=0"),"{BLANK}")'
                cells.append((self._average(formula, tally_of(lost, column)), self._style(adds_here(lost, column), _AVERAGE)))
            sheet.row(row, cells)
        last = first + len(self.o.table.units) - 1
        self._item_total(sheet, last + 1)
        if last >= first:
            sheet.page.sheet.autofilter(first - 1, 0, last, len(titles) - 1)
            plain = [number for number, column in enumerate(columns) if not column.adds]
            if plain:
                sheet.page.sheet.conditional_format(first, 4, last + 1, 4 + plain[-1], _SCALE)

    def _item_total(self, sheet: _Sheet, row: int) -> None:
        standard = self.area("standard")
        own = (each for unit in self.result.units if unit.own_standard is None for each in unit.communities)
        reported = sum(each.status is not Status.MISSING for each in own)
        cells: list[tuple[object, Style]] = [
            ("", _TOTAL), ("合计", _TOTAL), (PREFECTURES, _TOTAL), (reported, _TOTAL),
        ]  # fmt: skip
        for column in self.o.items:
            area = self.area(column.key)
            formula = f'=IFERROR(SUMIF({standard},"{PREFECTURES}",{area})/COUNTIFS({standard},"{PREFECTURES}",{area},">=0"),"{BLANK}")'
            value = self._average(formula, tally_of(self.o.table.region, column))
            cells.append((value, {**CENTRED, "bold": True, "num_format": _AVERAGE["num_format"]}))
        sheet.row(row, cells)

    def _average(self, formula: str, tally: Tally | None) -> object:
        average = tally.average if tally else None
        value: float | str = BLANK if average is None else float(average)
        return (formula, value) if self.live else value

    @staticmethod
    def _style(adds: bool, style: Style) -> Style:
        return {**style, "num_format": "+0.00;-0.00;0.00", "bg_color": GOOD} if adds else style

    # 各条失分

    def clauses(self) -> None:
        columns = self.o.clauses
        titles = ["单位代码", "单位", "标准", *(_head(column, 10) for column in columns)]
        note = (
            "各条款共失几分（加分条款为共加几分）；“—”为没有可以计分的社区，或标准没有此条。"
            "条款的失分没有按每项最低0分封顶，合计可能多于该项失分。"
        )
        sheet = self.page(CLAUSES, "各单位各条失分", (11, 18, 10, *(9.5 for _ in columns)), note)
        first = self.head(sheet, titles, left=2, height=72)
        for number, (unit, lost) in enumerate(self.o.table.units):
            cells: list[tuple[object, Style]] = [
                (unit.unit.code, _TINY), (self.name(unit), BOXED), (OWN if unit.own_standard else PREFECTURES, CENTRED),
            ]  # fmt: skip
            for column in columns:
                tally = tally_of(lost, column)
                style = {**_NUMBER, "bg_color": GOOD} if adds_here(lost, column) else _NUMBER
                cells.append((tally.points if tally and tally.communities else BLANK, style))
            sheet.row(first + number, cells)
        last = first + len(self.o.table.units) - 1
        self._clause_totals(sheet, first, last)
        if last >= first:
            sheet.page.sheet.autofilter(first - 1, 0, last, len(titles) - 1)
            plain = [number for number, column in enumerate(columns) if not column.adds]
            if plain:
                scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#F4A261"}
                sheet.page.sheet.conditional_format(first, 3, last, 3 + plain[-1], scale)

    def _clause_totals(self, sheet: _Sheet, first: int, last: int) -> None:
        end = max(last, first)
        labels = ("共失分", "失分的社区", "可计分的社区", "平均")
        for number, label in enumerate(labels):
            row = last + 1 + number
            sheet.row(row, [("", _TOTAL), (label, _TOTAL), (PREFECTURES, _TOTAL)])
            for place, column in enumerate(self.o.clauses):
                tally = tally_of(self.o.table.region, column) or Tally(0, 0, 0, 0)
                letter = xl_col_to_name(3 + place)
                value: object = (tally.points, tally.affected, tally.communities)[number] if number < 3 else None
                if number == 0:
                    value = (f'=SUMIF($C${first + 1}:$C${end + 1},"{PREFECTURES}",{letter}${first + 1}:{letter}${end + 1})', tally.points)
                if number == 3:
                    average = BLANK if tally.average is None else float(tally.average)
                    value = (f'=IFERROR({letter}{last + 2}/{letter}{last + 4},"{BLANK}")', average)
                sheet.put(row, 3 + place, value, {**_TOTAL, "num_format": "0.00" if number == 3 else "0"})

    # 得分分布

    def scores(self) -> None:
        mark = self.result.standard.pass_mark.points
        note = f"{mark}分以上（含{mark}分）为达标。只计按州标准评分、得分已经确定的社区。"
        sheet = self.page(SCORES, "核定得分分布", (16, 10, 10, 12, 14), note, landscape=False)
        first = self.head(sheet, ("核定得分", "最低", "最高", "社区数", "结论"), left=0, height=24)
        score, standard = self.area("score"), self.area("standard")
        for number, band in enumerate(self.o.bands):
            row = first + number
            formula = f'=COUNTIFS({standard},"{PREFECTURES}",{score},">="&B{row + 1},{score},"<="&C{row + 1})'
            fill = GOOD if band.reaches_mark else BAD
            sheet.row(row, [
                (band.label, CENTRED), (band.lowest, _NUMBER), (band.highest, _NUMBER), (self.of(formula, band.count), _NUMBER),
                (Status.GREEN.label if band.reaches_mark else Status.BELOW.label, {**CENTRED, "bg_color": fill}),
            ])  # fmt: skip
        self.band_rows = first, first + len(self.o.bands) - 1
        end = first + len(self.o.bands)
        whole = sum(band.count for band in self.o.bands)
        sheet.row(end, [("合计", _TOTAL), ("", _TOTAL), ("", _TOTAL), ((f"=SUM(D{first + 1}:D{end})", whole), _TOTAL), ("", _TOTAL)])
        page = sheet.page
        page.next_row = end + 2
        page.wide(self.o.without_score, FINE)

    # 待核实

    def pending(self) -> None:
        titles = ("单位", "社区代码", "社区", "最低分", "最高分", "达标线", "决定是否达标", "未定的条款", "说明", "文件", "工作表")
        widths = (16, 15, 26, 8, 8, 8, 10, 50, 26, 26, 18)
        note = f"共{len(self.o.pending)}个，补正的内容决定是否达标的在前。"
        sheet = self.page(PENDING, "待核实的社区", widths, note)
        page = sheet.page
        head = self.head(sheet, titles, left=3)
        for each in self.o.pending:
            community, standard = each.community, self.result.standard_of(each.unit)
            page.row([
                Box(self.name(each.unit), BOXED),
                Box(community.community.code, {**CENTRED, "font_size": SMALL}),
                Box(_name(community), BOXED),
                Box(community.lowest, CENTRED),
                Box(community.highest, CENTRED),
                Box(standard.pass_mark.points, CENTRED),
                Box("是" if each.decides else "否", {**CENTRED, "bg_color": WARN} if each.decides else CENTRED),
                Box(pending_reasons(each, _CLAUSES), {**BOXED, "font_size": SMALL}),
                Box(pending_remark(each, standard), {**BOXED, "font_size": SMALL}),
                Box(community.file, {**BOXED, "font_size": SMALL}),
                Box(community.sheet, {**BOXED, "font_size": SMALL}),
            ])  # fmt: skip
        if self.o.pending:
            page.sheet.autofilter(head - 1, 0, page.next_row - 1, len(titles) - 1)
        else:
            page.wide("没有：已报社区都有确定的结论。", BOXED)

    # 社区明细

    def matrix(self) -> None:
        items = self.o.items
        titles = [*_TITLES, *(_head(column, 6) for column in items), *_AFTER_TITLES]
        widths = (10, 14, 15, 26, 8, 9, 9, 9, 9, 8, 7, 8, 8, 7, 7, *(7.5 for _ in items), 8, 8, 10, 26, 18)
        left_out = f"社区多，只列需要关注的{len(self.members)}个，其余{self.left_out}个见各单位差异报告。" if self.left_out else ""
        note = left_out + (
            "每个社区一行；各项为失分（加分项为加分），“待核实”为有条款没有确定，空白为没有填报；核定得分是公式；"
            "“复核”为不达标的，已在往年名单上、本年未达标。可按任一列筛选、排序。"
        )
        sheet = self.page(MATRIX, "社区明细", widths, note)
        first = self.head(sheet, titles, left=4, height=58)
        assert first == self.first
        # Too wide for one sheet of A4: two, each with the communities' names.
        sheet.page.sheet.fit_to_pages(2, 0)
        sheet.page.sheet.repeat_columns(3, 3)
        page, write = sheet.page, sheet.write
        looks = {name: _Look(self.report, style) for name, style in _LOOKS.items()}
        tiny, small = looks["tiny"], looks["small"]
        scorers = {standard.id: _Scorer(standard, items) for standard in self.o.standards}
        row = first
        for unit, group in groupby(self.members, key=lambda member: member[0]):
            found = open_findings(unit)
            scorer = scorers[self.result.standard_of(unit).id]
            for _, each in group:
                self._community(write, row, unit, each, scorer, looks)
                opened = [finding.severity for finding in found.get(each.community.code, ()) if finding.is_open]
                write(row, len(titles) - 5, opened.count(Severity.SEND_BACK), tiny)
                write(row, len(titles) - 4, opened.count(Severity.VERIFY), tiny)
                write(row, len(titles) - 3, OWN if unit.own_standard else PREFECTURES, tiny)
                write(row, len(titles) - 2, each.file, small)
                write(row, len(titles) - 1, each.sheet, small)
                row += 1
        last = max(row - 1, first)
        page.sheet.autofilter(first - 1, 0, last, len(titles) - 1)
        plain = [number for number, column in enumerate(items) if not column.adds]
        if plain:
            start = len(_TITLES)
            page.sheet.conditional_format(first, start, last, start + plain[-1], {**_SCALE, "mid_value": 3, "max_value": 6})

    def _community(
        self, write: Any, row: int, unit: UnitResult, each: CommunityResult, scorer: _Scorer, looks: dict[str, _Look]
    ) -> None:
        tiny, small = looks["tiny"], looks["small"]
        declared = None if each.declared_score is None else plain_number(each.declared_score)
        standing = self.o.standings[standing_place(each)]
        values: tuple[object, ...] = (
            unit.unit.code, self.name(unit), each.community.code, _name(each), standing, each.listed or "",
            int(each.listed is not None), int(each.newly_green), int(each.counts),
            "不达标" if recheck_failed(each) else "", _CLAIMED[each.claimed] if each.sheet else "",
            declared,
        )  # fmt: skip
        for column, value in enumerate(values[:4]):
            write(row, column, value, small if column in (1, 3) else tiny)
        write(row, 4, standing, looks[NOT_AGAIN if each.excused else each.status.value])
        for column, value in enumerate(values[5:], 5):
            write(row, column, value, tiny)
        start = len(_TITLES)
        write(row, start - 3, scorer.score(each, row, start), looks["score"])
        write(row, start - 2, each.lowest if each.sheet else None, tiny)
        write(row, start - 1, each.highest if each.sheet else None, tiny)
        for column, points in enumerate(scorer.shown(each), start):
            write(row, column, points, looks["open"] if isinstance(points, str) else tiny)


_TOO_MANY = "单位和社区多，各表的合计是数值；“社区明细”中的核定得分仍是公式。"
_FONT = {"name": "宋体", "size": 9, "color": GREEN}
_GRID = {"visible": True, "line": {"color": "#D9DFDC"}}
_CLAIMED = {True: "是", False: "否", None: "未填"}
_LOOKS: dict[str, Style] = {
    "tiny": _TINY, "small": _SMALL, "open": {**_TINY, "bg_color": WARN, "font_size": 8}, "score": {**_TINY, "bold": True},
    **{status.value: {**_TINY, "bg_color": fill} for status, fill in _FILL.items()}, NOT_AGAIN: {**_TINY, "bg_color": GOOD},
}  # fmt: skip
_KEYS: tuple[str, ...] = (
    "code", "unit", "community", "name", "status", "year", "listed", "newly", "counted", "again", "claimed", "declared", "score", "lowest", "highest",
)  # fmt: skip
_TITLES = (
    "单位代码", "单位", "社区代码", "社区", "结论", "往年名单年度", "往年名单", "本年新达标", "计入达标", "复核", "自报达标", "申报得分", "核定得分",
    "最低分", "最高分",
)  # fmt: skip
_AFTER_TITLES = ("未办结：退回", "未办结：需核实", "标准", "文件", "工作表")


def _matrix_columns(items: Sequence[Column]) -> list[str | int]:
    """What stands in each column of the matrix."""
    return [*_KEYS, *(column.key for column in items), "send_back", "verify", "standard", "file", "sheet"]


class _Scorer:
    """Items of one standard in the matrix's columns, and the score as a formula over them."""

    def __init__(self, standard: Standard, items: Sequence[Column]) -> None:
        self.items = [standard.item.get(int(column.key)) for column in items]
        self.own = [item for item in self.items if item is not None]
        self.base = sum(item.base for item in self.own)
        self.signs = [0 if item is None else 1 if item.base < item.points else -1 for item in self.items]

    def shown(self, community: CommunityResult) -> list[int | str | None]:
        """Points lost, of an award added; 待核实 where unresolved, None where there is no such item or no sheet with answers."""
        if community.status is Status.MISSING:
            return [None] * len(self.items)
        found: list[int | str | None] = []
        for item in self.items:
            score = community.items.get(item.number) if item else None
            found.append(None if item is None else Status.PENDING.label if score is None else abs(item.base - score))
        return found

    def score(self, community: CommunityResult, row: int, start: int) -> object:
        """The assessed score: full points less what was lost, plus awards."""
        if community.status is Status.MISSING:
            return None
        cells = [xl_rowcol_to_cell(row, start + number) for number in range(len(self.items))]
        whole = f"{cells[0]}:{cells[-1]}"
        taken, added = ([cell for cell, sign in zip(cells, self.signs, strict=True) if sign == which] for which in (-1, 1))
        parts = f"{self.base}" + (f"-{_sum(taken)}" if taken else "") + (f"+{_sum(added)}" if added else "")
        value = Status.PENDING.label if community.assessed_score is None else community.assessed_score
        return f'=IF(COUNT({whole})={len(self.own)},{parts},"{Status.PENDING.label}")', value


def _sum(cells: Sequence[str]) -> str:
    """``SUM(P5:AE5)`` of cells side by side in one row, else each by itself."""
    numbers = [_column(cell) for cell in cells]
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"SUM({cells[0]}:{cells[-1]})"
    return f"SUM({','.join(cells)})"


def _column(cell: str) -> int:
    number = 0
    for ch in cell:
        if ch.isalpha():
            number = number * 26 + ord(ch) - 64
    return number


def _head(column: Column, length: int) -> str:
    """The column's label above the first characters of its name."""
    return f"{column.label}\n{column.name[:length]}{'（加分）' if column.adds else ''}{OWN_MARK if column.own else ''}"


def _name(community: CommunityResult) -> str:
    return community.community.name + (PILOT if community.community.pilot else "")


def _ratio(value: Fraction | None) -> float | str:
    """As a cell shows it: the exact ratio's nearest number, as a spreadsheet's own division gives it."""
    return BLANK if value is None else float(value)
