"""trace.xlsx (数据溯源): each cell of Annex 2 → communities → clauses → the county's own file, and what was checked how often.

Sheets: 附件2, 社区, 条款 (as many as the rows need), 条款原文, 文件, 检查次数 (S-27, S-28).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from greencomm import __version__
from greencomm.coverage import ClauseCount, RuleCount, clause_counts, rule_counts, why_unscored
from greencomm.findings import Finding, Severity
from greencomm.forms import values
from greencomm.forms.style import GREEN, GREY, SMALL
from greencomm.intake.times import shown_time
from greencomm.intake.workbook import CellValue
from greencomm.outputs import bulk
from greencomm.outputs.annex2 import Part, Placed
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
    Style,
    chinese_date,
    plain_number,
    provenance,
)
from greencomm.outputs.bulk import Bulk, Styles
from greencomm.past_years import ClosedUnit, ClosedYear, Fate, Listed, Trace, filed_rows, follow
from greencomm.results import (
    Basis,
    ClauseResult,
    CommunityResult,
    FileKind,
    FileState,
    ReceivedFile,
    RegionResult,
    Status,
    TypedSheet,
    UnitResult,
    percent,
    ratio,
)
from greencomm.standard import PHASE_TITLES, Clause, Item, Standard, percent_text

NAME = "数据溯源"
FIGURES, COMMUNITIES, CLAUSES, SOURCES, FILES, CHECKS = "附件2", "社区", "条款", "条款原文", "文件", "检查次数"
MAX_CLAUSE_ROWS = 1_000_000
"""Rows of one sheet of clauses; Excel has 1,048,576."""

_FIGURE_COLUMNS = (("单元格", 8), ("行", 18), ("栏目", 24), ("显示的内容", 44), ("怎样得出", 74), ("来源", 24))
_COMMUNITY_COLUMNS = (
    ("填报单位", 16), ("社区代码", 15), ("社区名称", 28), ("结论", 14), ("核定得分", 9), ("申报得分", 9), ("计入附件2的单元格", 24),
    ("为什么", 36), ("核定得分怎样得出", 60), ("条款", 14), ("文件", 24), ("工作表", 16), ("文件校验码（sha256）", 34), ("标准", 14),
)  # fmt: skip
_CLAUSE_COLUMNS = (
    ("社区代码", 15), ("社区名称", 26), ("条款", 6), ("实际值（原样）", 13), ("读作", 10), ("扣分（原样）", 11), ("核定扣分", 7),
    ("怎样得出", 46), ("依据", 14), ("申报扣分", 7), ("实际值格", 7), ("扣分格", 7), ("说明及佐证材料（原样）", 40), ("问题和处理", 56),
    ("文件", 26), ("工作表", 18),
)  # fmt: skip
_NAME_WIDTH, _ACTUAL_WIDTH, _STATED_WIDTH, _HOW_WIDTH, _EVIDENCE_WIDTH, _ISSUES_WIDTH, _FILE_WIDTH, _SHEET_WIDTH = (
    _CLAUSE_COLUMNS[column][1] for column in (1, 3, 5, 7, 12, 13, 14, 15)
)
"""Of the columns of clause rows whose text may take several lines."""

# Bulk cells are plain: a border on each of a million cells serves nobody.
_PLAIN: Style = {**TEXT, "font_size": SMALL, "valign": "top"}
_ONE_LINE: Style = {**_PLAIN, "text_wrap": False}
_MIDDLE: Style = {**_ONE_LINE, "align": "center"}
_BULK_STYLES: tuple[Style, ...] = (
    _PLAIN,
    {**_PLAIN, "quote_prefix": True},
    _MIDDLE,
    {**_ONE_LINE, "font_color": GREEN, "underline": 1},
    {**_MIDDLE, "bg_color": WARN},
    {**_PLAIN, "bg_color": WARN},
    {**_PLAIN, "bg_color": WARN, "quote_prefix": True},
    {**_MIDDLE, "bg_color": GOOD},
    {**_MIDDLE, "bg_color": BAD},
    {**_MIDDLE, "bg_color": CALM},
)
_TEXT, _QUOTED, _CENTRE, _LINK, _CENTRE_OPEN, _OPEN, _QUOTED_OPEN, _GREEN, _BELOW, _MISSING = range(len(_BULK_STYLES))
_STATUS_STYLE = {Status.GREEN: _GREEN, Status.BELOW: _BELOW, Status.PENDING: _CENTRE_OPEN, Status.MISSING: _MISSING}

_BASIS = {Basis.MEASURED: "按实际值核定", Basis.STATED: "按填报扣分", Basis.UNRESOLVED: "没有核定"}


def write_trace(
    target: Path | BinaryIO, result: RegionResult, annex2: Sequence[Placed], max_clause_rows: int = MAX_CLAUSE_ROWS
) -> None:
    """Write where every figure comes from; ``annex2`` are the cells of the Annex 2 of this run, as it was written.

    The same result gives the same bytes.
    """
    _Writer(target, result, annex2, max_clause_rows).write()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where the clause rows of one community stand: ``count`` rows from ``first`` on."""

    sheet: str
    first: int
    count: int

    @property
    def shown(self) -> str:
        return f"第{self.first}～{self.first + self.count - 1}行"


@dataclass(frozen=True, slots=True)
class _Figure:
    """One row of the sheet 附件2; ``to`` is a row of 社区 (its number) or of 附件2 itself, else there is no link."""

    cell: str
    line: str
    part: str
    value: str
    how: str
    source: str = ""
    to: tuple[str, int] | None = None


class _Writer:
    def __init__(self, target: Path | BinaryIO, result: RegionResult, annex2: Sequence[Placed], max_clause_rows: int) -> None:
        self.target, self.result, self.placed, self.max_clause_rows = target, result, annex2, max_clause_rows
        self.suffix = SAMPLE_SUFFIX if result.sample else ""
        self.heading = f"{result.name}{result.year}年绿色社区创建{PHASE_TITLES[result.phase]}"
        self.report = Report(target, result.run_date, f"{self.heading}{NAME}{self.suffix}")
        self.report.state(provenance(result, NAME))
        self.provenance = "　".join(
            (
                f"审核日期：{chinese_date(result.run_date)}",
                f"标准：{result.standard.id}（{result.standard.sha256[:8]}）",
                f"程序版本：{__version__}",
                f"输入校验码：{result.input_sha256[:8]}",
            )
        )
        self.past = follow(result.earlier, result.roster)
        self.traces: dict[tuple[int, str], Trace] = {(trace.year, trace.listed.code): trace for trace in self.past.traces}
        self.hashes = {file.path: file.sha256 or "" for file in result.files}
        self.row_of: dict[str, int] = {}
        """Row of each community on 社区, by code."""
        self.unit_rows: dict[str, tuple[int, int]] = {}
        self.stretch: dict[str, _Stretch] = {}
        self.arithmetic: dict[str, _Arithmetic] = {}
        """By standard."""
        self.cells_of: dict[str, list[str]] = {}
        """Cells of lists in which a community stands, by its present code."""

    def write(self) -> None:
        figures = self.begin(FIGURES, "附件2各单元格的来源", _FIGURE_COLUMNS, (
            "附件2的每个单元格怎样得出，来自哪些社区。点“来源”到“社区”表，从那里再到“条款”表；“条款”表中每条都写明原文件、工作表和单元格。",
            *map(_about_archive, self.result.earlier),
        ))  # fmt: skip
        communities = self.begin(COMMUNITIES, "各社区得分的来源", _COMMUNITY_COLUMNS, (
            "名册中的每个社区一行。“条款”栏通到它的各条款；没有可计分的表的，没有条款行，原因见“为什么”。"
            "扣分写在“－”后面，后面的括号是各条款的扣分；没有写出的项没有扣分，也没有加分。",
        ))  # fmt: skip
        self._place_communities(communities.first)
        clauses = self._begin_clauses()
        self._sources()
        self._files()
        self._checks()
        rows = self._figures()
        self._end(figures, len(rows), _FIGURE_COLUMNS)
        figures.rows = lambda styles: self._figure_rows(rows, figures.first, styles)
        self._end(communities, len(self.row_of), _COMMUNITY_COLUMNS)
        communities.rows = lambda styles: self._community_rows(communities.first, styles)
        bulk.close(self.report, self.target, (figures, communities, *clauses))

    def begin(self, name: str, title: str, columns: Sequence[tuple[str, float]], notes: Sequence[str]) -> Bulk:
        page = self.page(name, title, [width for _, width in columns], notes)
        page.head([title for title, _ in columns])
        return bulk.begin(page, _BULK_STYLES)

    def page(self, name: str, title: str, widths: Sequence[float], notes: Sequence[str]) -> Page:
        page = self.report.page(name, widths, landscape=True, sample=self.result.sample)
        page.wide(f"{self.heading}{title}{self.suffix}", {**TITLE, "align": "left"}, 34)
        for note in (self.provenance, *notes):
            page.wide(note, FINE)
        return page

    def _end(self, sheet: Bulk, count: int, columns: Sequence[object]) -> None:
        """Tell a sheet how many rows follow, so that its filter covers them."""
        sheet.count = count
        if count:
            sheet.page.sheet.autofilter(sheet.first - 2, 0, sheet.first + count - 2, len(columns) - 1)

    def _place_communities(self, first: int) -> None:
        row = first
        for unit in self.result.units:
            self.unit_rows[unit.unit.code] = (row, row + unit.urban_communities - 1)
            for community in unit.communities:
                self.row_of[community.community.code] = row
                row += 1

    # --- 附件2 ----------------------------------------------------------------------------------------------------------

    def _figures(self) -> list[_Figure]:
        """Figures and names first, then the heading, then what the template says anyway."""
        figures: list[_Figure] = []
        for placed in self.placed:
            if placed.part not in (Part.FIXED, Part.HEADING):
                figures += self._figure(placed)
        for placed in self.placed:
            if placed.part is Part.HEADING:
                figures.append(_Figure(placed.cell, BLANK, placed.part.value, placed.value, "名册的工作表“批次”；填报时间空白的用审核日期"))
        for placed in self.placed:
            if placed.part is Part.FIXED:
                figures.append(_Figure(placed.cell, BLANK, placed.part.value, placed.value, "附件2模板上的文字"))
        return figures

    def _figure(self, placed: Placed) -> Iterator[_Figure]:
        title = placed.part.value if placed.year is None else f"{placed.year}年{placed.part.value}"
        unit = None if placed.line is None else self.result.units[placed.line]
        line = self.result.standard.annex2.total_label if unit is None else unit.unit.name
        year = next((year for year in self.result.earlier if year.year == placed.year), None)
        if unit is None:
            yield _Figure(placed.cell, line, title, placed.value, *self._of_region(placed, year))
            return
        rows = filed_rows(year, unit.unit, self.result.roster) if year else ()
        how = self._of_closed(placed, year, rows) if year else self._of_unit(placed, unit)
        first, last = self.unit_rows[unit.unit.code]
        source, to = (f"社区表第{first}～{last}行", (COMMUNITIES, first)) if last >= first else ("", None)
        if year:
            source, to = _past_source(year, placed.cell), None
        yield _Figure(placed.cell, line, title, placed.value, how, source, to)
        if placed.part is Part.NAMES:
            yield from self._names(placed, unit, year, rows, line, title)

    def _names(
        self, placed: Placed, unit: UnitResult, year: ClosedYear | None, rows: Sequence[ClosedUnit], line: str, title: str
    ) -> Iterator[_Figure]:
        """One row for each name of a list."""
        start, end = placed.names
        if year is None:
            for position, community in enumerate(unit.green[start:end], start + 1):
                code = community.community.code
                self.cells_of.setdefault(code, []).append(placed.cell)
                how = f"{code}，核定{community.assessed_score}分，达到{self._mark(unit)}分，不在往年名单上"
                yield self._name(placed.cell, line, title, position, community.community.name, how, code)
            return
        filed = [entry for row in rows for entry in row.green]
        for position, entry in enumerate(filed[start:end], start + 1):
            yield self._filed_name(placed.cell, line, title, position, entry, year)

    def _filed_name(self, cell: str, line: str, title: str, position: int, entry: Listed, year: ClosedYear) -> _Figure:
        trace = self.traces.get((year.year, entry.code))
        told = f"{year.year}年上报时的代码{entry.code}"
        if trace is None or trace.community is None:
            fate = "已拆分为几个社区" if trace is not None and trace.fate is Fate.SPLIT else "本年名册中找不到"
            return self._name(cell, line, title, position, entry.name, f"{told}；{fate}，暂不计入合计", None)
        community = trace.community
        self.cells_of.setdefault(community.code, []).append(cell)
        now = "" if (community.code, community.name) == (entry.code, entry.name) else f"，现为{community.name}（{community.code}）"
        return self._name(cell, line, title, position, entry.name, f"{told}{now}", community.code)

    def _name(self, cell: str, line: str, title: str, position: int, name: str, how: str, code: str | None) -> _Figure:
        row = self.row_of.get(code or "")
        source, to = (f"社区表第{row}行", (COMMUNITIES, row)) if row else ("", None)
        return _Figure(cell, line, f"{title}　第{position}个", name, how, source, to)

    def _of_unit(self, placed: Placed, unit: UnitResult) -> str:
        """How a figure of this year, or 合计, of one unit is worked out."""
        green, urban, listed = len(unit.green), unit.urban_communities, len(unit.listed)
        match placed.part:
            case Part.LABEL:
                return f"名册的工作表“填报单位”，代码{unit.unit.code}；名册中有{urban}个城市社区"
            case Part.NAMES:
                start, end = placed.names
                which = "" if end - start == green else f"，这一格是第{start + 1}～{end}个"
                return f"{self._newly}的社区，按名册的顺序，共{green}个{which}；逐个见下面各行"
            case Part.COUNT:
                return f"{self._newly}的社区，名单共{green}个社区"
            case Part.RATIO:
                return _division(str(green), unit.completion_ratio, urban)
        if not self.result.earlier:
            return _division(str(green), unit.combined_ratio, urban) + "；没有往年，与本年相同"
        counted = f"（往年名单上的{listed}＋本年新增{green}）"
        return _division(counted, unit.combined_ratio, urban) + "；每个社区只计一次"

    @property
    def _newly(self) -> str:
        return "达标、且不在往年名单上" if self.result.earlier else "达标"

    def _of_closed(self, placed: Placed, year: ClosedYear, rows: Sequence[ClosedUnit]) -> str:
        """How a figure of a closed year in a unit's row is worked out."""
        if not rows:
            return f"{year.year}年没有这个填报单位"
        united = "、".join(f"{row.name}（{row.code}）" for row in rows)
        count = sum(row.count for row in rows)
        whose = f"当年由{united}上报，" if len(rows) > 1 or rows[0].name != self._label(placed) else "当年上报，"
        match placed.part:
            case Part.NAMES:
                start, end = placed.names
                which = "" if end - start == count else f"，这一格是第{start + 1}～{end}个"
                return f"{whose}按当年的名单，共{count}个{which}；{_archive(year)}"
            case Part.COUNT:
                added = "＋".join(str(row.count) for row in rows)
                return f"{whose}{f'{added}＝{count}' if len(rows) > 1 else f'名单共{count}个社区'}；{_archive(year)}"
        urban = [row.urban_communities for row in rows if row.urban_communities is not None]
        if len(urban) < len(rows):
            return f"{whose}比例按上报的附件2；{_archive(year)}"
        return f"{whose}{_division(str(count), ratio(count, sum(urban)), sum(urban))}；{_archive(year)}"

    def _label(self, placed: Placed) -> str:
        return "" if placed.line is None else self.result.units[placed.line].unit.name

    def _of_region(self, placed: Placed, year: ClosedYear | None) -> tuple[str, str, tuple[str, int] | None]:
        """How a figure of the row 地区 is worked out: always of the sums."""
        result = self.result
        same = [each for each in self.placed if (each.part, each.year) == (placed.part, placed.year) and each.line is not None]
        if placed.part is Part.LABEL:
            return "标准数据中规定的行名", "", None
        if placed.part is Part.NAMES:
            return "按表式，地区一行不列名单", "", None
        if year is not None:
            filed = f"{year.year}年附件2“{result.standard.annex2.total_label}”一行，当年上报；{_archive(year)}"
            if placed.part is Part.COUNT:
                return f"{_sum(same, year.count)}；{filed}", _past_source(year, placed.cell), None
            if year.urban_communities is None:
                return filed, _past_source(year, placed.cell), None
            return f"{_division(str(year.count), year.ratio, year.urban_communities)}；{filed}", _past_source(year, placed.cell), None
        to = ("本表各单位的行", (FIGURES, 0))
        urban = "＋".join(str(unit.urban_communities) for unit in result.units)
        of_sums = f"；社区数之和{urban}＝{result.urban_communities}，按合计数相除，不是比例的平均"
        match placed.part:
            case Part.COUNT:
                return _sum(same, result.green_count), *to
            case Part.RATIO:
                return _division(str(result.green_count), result.completion_ratio, result.urban_communities) + of_sums, *to
        counted = "＋".join(str(unit.combined_count) for unit in result.units)
        whole = f"（{counted}）" if len(result.units) > 1 else counted
        return _division(whole, result.combined_ratio, result.urban_communities) + of_sums, *to

    def _figure_rows(self, figures: Sequence[_Figure], first: int, styles: Styles) -> Iterator[str]:
        cells_of = {figure.cell: number for number, figure in reversed(list(enumerate(figures, first)))}
        plain, quoted = styles[_TEXT], styles[_QUOTED]
        for number, figure in enumerate(figures, first):
            texts = (figure.line, figure.part, figure.value, figure.how)
            cells = [bulk.text(figure.cell, styles[_CENTRE], styles[_CENTRE]), *(bulk.text(each, plain, quoted) for each in texts)]
            if figure.to is None:
                cells.append(bulk.text(figure.source, plain, quoted))
            else:
                sheet, row = figure.to
                cells.append(bulk.link(sheet, row or min(cells_of.values()), figure.source, styles[_LINK]))
            yield bulk.row(number, "".join(cells), _highest(texts, [width for _, width in _FIGURE_COLUMNS[1:5]]))

    # --- 社区 -----------------------------------------------------------------------------------------------------------

    def _community_rows(self, first: int, styles: Styles) -> Iterator[str]:
        numbers = self._numbers()
        number = first
        for position, unit in enumerate(self.result.units):
            standard = self.result.standard_of(unit)
            for community in unit.communities:
                yield self._community(number, community, unit, standard, numbers[position], numbers[None], styles)
                number += 1

    def _numbers(self) -> dict[int | None, dict[tuple[Part, int | None], str]]:
        """Addresses of the figures by row of the form (None = 地区), part and year."""
        found: dict[int | None, dict[tuple[Part, int | None], str]] = {None: {}}
        found |= {position: {} for position in range(len(self.result.units))}
        for placed in self.placed:
            if placed.part in (Part.COUNT, Part.RATIO, Part.COMBINED):
                found[placed.line][placed.part, placed.year] = placed.cell
        return found

    def _community(
        self, number: int, community: CommunityResult, unit: UnitResult, standard: Standard,
        own: dict[tuple[Part, int | None], str], region: dict[tuple[Part, int | None], str], styles: Styles,
    ) -> str:  # fmt: skip
        plain, quoted, centre = styles[_TEXT], styles[_QUOTED], styles[_CENTRE]
        known = community.community
        counted, why, how = self._counted(community, own, region), self._why(community, unit, standard), self._arithmetic(standard).of(community)
        stretch = self.stretch.get(known.code)
        status = styles[_GREEN if community.excused else _STATUS_STYLE[community.status]]
        digest = self.hashes.get(community.file or "", "")
        texts = (unit.unit.name, known.name, counted, why, how, community.file or "", community.sheet or "", digest, standard.id)
        cells = (
            bulk.text(unit.unit.name, plain, quoted),
            bulk.text(known.code, centre, centre),
            bulk.text(known.name, plain, quoted),
            bulk.text(community.standing_label, status, status),
            _points(community.assessed_score, centre) if community.assessed_score is not None else bulk.text(_range(community), centre, centre),
            _points(community.declared_score, centre),
            bulk.text(counted, plain, quoted),
            bulk.text(why, plain, quoted),
            bulk.text(how, plain, quoted),
            bulk.link(stretch.sheet, stretch.first, stretch.shown, styles[_LINK]) if stretch else bulk.text("没有条款行", plain, plain),
            bulk.text(community.file or BLANK, plain, quoted),
            bulk.text(community.sheet or BLANK, plain, quoted),
            bulk.text(digest, plain, quoted),
            bulk.text(standard.id, plain, quoted),
        )
        widths = [_COMMUNITY_COLUMNS[column][1] for column in (0, 2, 6, 7, 8, 10, 11, 12, 13)]
        return bulk.row(number, "".join(cells), _highest(texts, widths))

    def _arithmetic(self, standard: Standard) -> _Arithmetic:
        known = self.arithmetic.get(standard.sha256)
        if known is None:
            known = self.arithmetic[standard.sha256] = _Arithmetic(standard)
        return known

    def _counted(
        self, community: CommunityResult, own: dict[tuple[Part, int | None], str], region: dict[tuple[Part, int | None], str]
    ) -> str:
        """The cells of Annex 2 in which a community counts: as one of the green, and among all."""
        year = self.result.year
        over = [own[Part.RATIO, year], own[Part.COMBINED, None], region[Part.RATIO, year], region[Part.COMBINED, None]]
        lists = self.cells_of.get(community.community.code, [])
        counts = []
        if community.newly_green:
            counts += [own[Part.COUNT, year], own[Part.RATIO, year], region[Part.COUNT, year], region[Part.RATIO, year]]
        if community.counts:
            counts += [own[Part.COMBINED, None], region[Part.COMBINED, None]]
        told = [f"名单：{'、'.join(dict.fromkeys(lists))}"] if lists else []
        told += [f"计数：{'、'.join(counts)}"] if counts else []
        return "；".join([*told, f"{'' if counts else '只计入'}分母：{'、'.join(over)}"])

    def _why(self, community: CommunityResult, unit: UnitResult, standard: Standard) -> str:
        """Why a community counts, or does not."""
        mark = standard.pass_mark.points
        unscored = why_unscored(community, unit)
        open_clauses = [clause.clause for clause in community.clauses if clause.assessed is None]
        match community.status:
            case Status.GREEN:
                said = f"核定{community.assessed_score}分，达到{mark}分"
            case Status.BELOW:
                most = community.assessed_score if community.assessed_score is not None else f"最高{community.highest}"
                said = f"核定{most}分，不到{mark}分"
            case Status.PENDING if community.clauses:
                said = f"{len(open_clauses)}条没有核定（{'、'.join(open_clauses)}），{_range(community)}分都有可能，达标线{mark}分"
            case _:
                said = unscored
        if community.listed is None:
            return f"{said}；计入本年新增" if community.newly_green else f"{said}；不计入完成数量"
        year = next(each for each in self.result.earlier if each.year == community.listed)
        now = "" if community.excused else f"；本年{community.status.label}：{said}，不影响名单"
        return f"已列入{community.listed}年名单（{_archive(year)}），合计计一次，不计入本年新增{now}"

    def _mark(self, unit: UnitResult) -> int:
        return self.result.standard_of(unit).pass_mark.points

    # --- 条款 -----------------------------------------------------------------------------------------------------------

    def _begin_clauses(self) -> list[Bulk]:
        """The sheets of clause rows with their headers, and where each community's rows will stand."""
        typed = {unit.unit.code: _typed_by_community(unit) for unit in self.result.units}
        sheets: list[Bulk] = []
        groups: list[list[tuple[UnitResult, CommunityResult, list[TypedSheet]]]] = []
        for unit in self.result.units:
            clauses = len(self.result.standard_of(unit).clauses)
            for community in unit.communities:
                said = typed[unit.unit.code].get(community.community.code, [])
                if community.clauses:
                    said = [sheet for sheet in said if (sheet.file, sheet.sheet) == (community.file, community.sheet)][:1]
                count = clauses * (1 if community.clauses else len(said))
                if not sheets or sheets[-1].count + count > self.max_clause_rows:
                    sheets.append(self._clause_sheet(len(sheets)))
                    groups.append([])
                if count:
                    name = sheets[-1].page.sheet.get_name()
                    self.stretch[community.community.code] = _Stretch(name, sheets[-1].first + sheets[-1].count, count)
                    sheets[-1].count += count
                    groups[-1].append((unit, community, said))
        for sheet, group in zip(sheets, groups, strict=True):
            self._end(sheet, sheet.count, _CLAUSE_COLUMNS)
            sheet.rows = _Clauses(self.result, group, sheet.first).rows
        return sheets

    def _clause_sheet(self, before: int) -> Bulk:
        name = CLAUSES if not before else f"{CLAUSES}{before + 1}"
        return self.begin(name, "各条款的来源", _CLAUSE_COLUMNS, (
            "每个社区的每条一行；单元格是原文件中的位置，“原样”是单元格里写的内容。用筛选查某个社区或某条；评分标准原文按条款号见“条款原文”表，"
            "文件的校验码见“文件”表。第17项等加分的条款，扣分栏写的是加分。没有采用的表也列出填写的内容，依据写“没有计分”。",
        ))  # fmt: skip

    # --- 条款原文 -------------------------------------------------------------------------------------------------------

    def _sources(self) -> None:
        titles = ("项", "条款", "名称", "建设标准", "评分标准（原文）", "执行口径", "扣（加）分办法", "本项分值", "口径编号")
        page = self.page(SOURCES, "各条款的评分标准原文", (5, 7, 18, 40, 44, 30, 34, 8, 12), (
            "“条款”表中的条款号在这里查原文。",
        ))  # fmt: skip
        page.head(titles)
        for standard in (self.result.standard, *self.result.local_standards):
            page.wide(f"{standard.source}《{standard.title}》（{standard.id}，校验码{standard.sha256[:8]}）", {**SECTION, "font_size": 10})
            for clause in standard.clauses:
                self._source(page, standard.item[clause.item_number], clause)

    def _source(self, page: Page, item: Item, clause: Clause) -> None:
        small, centred = {**BOXED, "font_size": SMALL}, {**CENTRED, "font_size": SMALL}
        terms = clause.terms if clause.terms.startswith(clause.kind_title[:2]) else f"{clause.kind_title}：{clause.terms}"
        page.row(
            [
                Box(item.number, centred),
                Box(clause.id, centred),
                Box(clause.name, small),
                Box(item.standard, small),
                Box(clause.quote, small),
                Box(clause.note or BLANK, small),
                Box(terms, small),
                Box(item.points, centred),
                Box("、".join(clause.decisions) or BLANK, centred),
            ]
        )

    # --- 文件 -----------------------------------------------------------------------------------------------------------

    def _files(self) -> None:
        columns = (("文件", 34), ("是什么", 12), ("处理", 10), ("填报单位", 14), ("报送批次", 8), ("收到时间", 17), ("保存时间", 17),
                   ("校验码（sha256）", 36), ("没有采用的原因", 36), ("从中采用的社区表", 60), ("其他社区表", 36))  # fmt: skip
        page = self.page(FILES, "收到的文件和从中采用的表", [width for _, width in columns], (
            f"收到的每个文件一行，压缩包和邮件里的文件各有一行。名册的校验码：{self.result.roster.sha256 or BLANK}。时间都是北京时间。",
        ))  # fmt: skip
        head = page.head([title for title, _ in columns])
        taken, others = self._sheets_by_file()
        for file in self.result.files:
            self._file(page, file, taken.get(file.path, []), others.get(file.path, []))
        if self.result.files:
            page.sheet.autofilter(head, 0, page.next_row - 1, len(columns) - 1)

    def _sheets_by_file(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """By file: the sheets whose answers were scored, and all other sheets of communities with what became of them."""
        taken: dict[str, list[str]] = {}
        others: dict[str, list[str]] = {}
        for unit in self.result.units:
            results = {community.community.code: community for community in unit.communities}
            for sheet in unit.typed:
                community = results.get(sheet.community or "")
                if community is None:
                    others.setdefault(sheet.file, []).append(f"{sheet.sheet}（不是本单位名册中的社区）")
                elif community.clauses and (sheet.file, sheet.sheet) == (community.file, community.sheet):
                    taken.setdefault(sheet.file, []).append(sheet.sheet)
                else:
                    others.setdefault(sheet.file, []).append(f"{sheet.sheet}（{why_unscored(community, unit) or '与采用的表重复'}）")
            for finding in unit.findings:
                if finding.rule == "S08" and finding.place.file:
                    others.setdefault(finding.place.file, []).append(f"{finding.place.sheet}（结构被破坏，读不出）")
        return taken, others

    def _file(self, page: Page, file: ReceivedFile, taken: list[str], others: list[str]) -> None:
        unit = self.result.roster.unit.get(file.unit or "")
        small, centred = {**BOXED, "font_size": SMALL}, {**CENTRED, "font_size": SMALL}
        fill = {FileState.ACCEPTED: GOOD, FileState.REJECTED: BAD}.get(file.state, CALM)
        workbook = file.kind is FileKind.WORKBOOK and file.state is FileState.ACCEPTED
        page.row(
            [
                Box(file.path, small),
                Box(file.kind.label, centred),
                Box(file.state.label, {**centred, "bg_color": fill}),
                Box(unit.name if unit else BLANK, small),
                Box(BLANK if file.submission is None else file.submission, centred),
                Box(shown_time(file.received) if file.received else BLANK, centred),
                Box(shown_time(file.saved) if file.saved else BLANK, centred),
                Box(file.sha256 or BLANK, small),
                Box(file.reason or BLANK, small),
                Box(f"{len(taken)}张：{'、'.join(taken)}" if taken else "没有" if workbook else BLANK, small),
                Box(f"{len(others)}张：{'、'.join(others)}" if others else BLANK, small),
            ]
        )

    # --- 检查次数 -------------------------------------------------------------------------------------------------------

    def _checks(self) -> None:
        widths = (7, 30, 9, 27, 9, 9, 9, 10, 9, 70)
        page = self.page(CHECKS, "每条标准、每条规则检查了多少次", widths, (
            "没有发现问题，也要看查了多少：“查了”是真正看过的数，“查不了”写明没有看到的数和原因。查了＝有问题的＋没有问题的；对象总数＝查了＋查不了。",
            "条款：应查的社区＝按实际值核定＋按填报核定＋没有核定＋没有可计分的表。",
            "没有采用的文件里的表不在“社区表”的数内，它们的社区在“社区×条款”的“查不了”里。一处可能有几个问题的规则，“问题数”可以多于“有问题的”。",
        ))  # fmt: skip
        page.keep_above(page.next_row - 1)
        self._clause_checks(page)
        page.skip()
        self._rule_checks(page)

    def _clause_checks(self, page: Page) -> None:
        standard = None
        for count in clause_counts(self.result):
            if count.standard is not standard:
                standard = count.standard
                page.wide(f"一、条款：{standard.title}（{standard.id}），应查{count.asked}个社区", SECTION, 24)
                page.row([Box(title, HEAD) for title in (
                    "条款", "名称", "类型", "算法", "应查社区", "按实际值核定", "按填报核定", "其中有扣（加）分", "没有核定", "没有可计分的表",
                )], 32)  # fmt: skip
            self._clause_check(page, count)

    def _clause_check(self, page: Page, count: ClauseCount) -> None:
        small, centred = {**BOXED, "font_size": SMALL}, {**CENTRED, "font_size": SMALL}
        page.row(
            [
                Box(count.clause.id, centred),
                Box(count.clause.name, small),
                Box(count.clause.kind_title, centred),
                Box(count.clause.terms, small),
                Box(count.asked, centred),
                *(_tally(number, fill) for number, fill in (
                    (count.measured, CALM), (count.stated, CALM), (count.deducted, WARN), (count.unresolved, BAD),
                )),
                Box(count.absent, {**centred, "align": "left", "indent": 1}),
            ]
        )  # fmt: skip

    def _rule_checks(self, page: Page) -> None:
        counts = rule_counts(self.result)
        fired = sum(bool(count.findings) for count in counts)
        page.wide(f"二、审核规则：共{len(counts)}条，本次{fired}条发现了问题，{len(counts) - fired}条没有发现", SECTION, 24)
        page.row([Box(title, HEAD) for title in (
            "编号", "规则", "程度", "查什么", "对象总数", "查了", "有问题的", "没有问题的", "问题数", "查不了的数和原因",
        )], 32)  # fmt: skip
        for count in counts:
            self._rule_check(page, count)

    def _rule_check(self, page: Page, count: RuleCount) -> None:
        small, centred = {**BOXED, "font_size": SMALL}, {**CENTRED, "font_size": SMALL}
        several = "（一处可有几个）" if count.rule.several else ""
        reasons = [f"{why}：{number}" for why, number in count.unchecked]
        if not count.things:
            reasons.append("本次没有这样的对象")
        fill = {Severity.SEND_BACK: BAD, Severity.VERIFY: WARN, Severity.NOTE: CALM}[count.rule.severity]
        page.row(
            [
                Box(count.rule.code, centred),
                Box(count.rule.title.replace("{by}", "工作表名称或社区名称"), small),
                Box(count.rule.severity.label, centred),
                Box(f"{count.rule.scope.value}{several}", small),
                Box(count.things, centred),
                _tally(count.applied, CALM),
                _tally(count.hits, fill),
                _tally(count.silent, GOOD),
                _tally(count.findings, fill),
                Box("；".join(reasons) or BLANK, small),
            ]
        )


_NOT_TYPED = (None, None, None)


class _Clauses:
    """The rows of one sheet of clauses. What equal answers give is worked out once."""

    def __init__(
        self, result: RegionResult, group: Sequence[tuple[UnitResult, CommunityResult, list[TypedSheet]]], first: int
    ) -> None:
        self.result, self.group, self.number = result, group, first
        self.kept: dict[str, dict[tuple[ClauseResult, str | int | float, str | int | float], tuple[str, float]]] = {}
        """By standard the cells that follow from equal answers, and how high they are."""

    def rows(self, styles: Styles) -> Iterator[str]:
        self.styles = styles
        unit_of_findings, findings = None, dict[tuple[str | None, str | None], list[Finding]]()
        for unit, community, said in self.group:
            if unit is not unit_of_findings:
                unit_of_findings, findings = unit, {}
                for finding in unit.findings:
                    if finding.place.clause:
                        findings.setdefault((finding.place.community, finding.place.clause), []).append(finding)
            standard = self.result.standard_of(unit)
            if community.clauses:
                yield from self._scored(community, said[0] if said else None, standard, findings)
            else:
                why = f"没有计分：{why_unscored(community, unit)}"
                for sheet in said:
                    yield from self._unscored(community, sheet, standard, why, findings)

    def _scored(
        self, community: CommunityResult, said: TypedSheet | None, standard: Standard,
        findings: dict[tuple[str | None, str | None], list[Finding]],
    ) -> Iterator[str]:  # fmt: skip
        known = community.community
        start, end = self._start(known.code, known.name), self._end(community.file or "", community.sheet or "")
        around = _around(known.name, community.file or "", community.sheet or "")
        typed = said.answers if said else {}
        kept = self.kept.setdefault(standard.sha256, {})
        code = known.code
        for result, clause in zip(community.clauses, standard.clauses, strict=True):
            actual, stated, _ = typed.get(result.clause, _NOT_TYPED)
            # A number as a number, all else as its author sees it.
            if not isinstance(actual, int | float):
                actual = result.actual_shown
            if not isinstance(stated, int | float):
                stated = result.stated_shown
            middle = kept.get((result, actual, stated))
            if middle is None:
                middle = kept[result, actual, stated] = self._middle(result, clause, actual, stated)
            cells, high = middle
            told = findings.get((code, result.clause))
            yield self._row(start, cells, result.evidence, told, end, high if high > around else around)

    def _unscored(
        self, community: CommunityResult, sheet: TypedSheet, standard: Standard, why: str,
        findings: dict[tuple[str | None, str | None], list[Finding]],
    ) -> Iterator[str]:  # fmt: skip
        known = community.community
        start, end = self._start(known.code, known.name), self._end(sheet.file, sheet.sheet)
        around = _around(known.name, sheet.file, sheet.sheet)
        for clause in standard.clauses:
            actual, stated, evidence = sheet.answers.get(clause.id, (None, None, None))
            cells = sheet.cells.get(clause.id, (None, None, None))
            middle, high = self._cells(clause.id, actual, "", stated, None, why, "没有计分", None, *cells[:2])
            own = [each for each in findings.get((known.code, clause.id), ()) if each.place.sheet == sheet.sheet]
            yield self._row(start, middle, values.shown(evidence), own, end, max(around, high))

    def _start(self, code: str, name: str) -> str:
        plain = self.styles[_TEXT]
        return bulk.text(code, self.styles[_CENTRE], plain) + bulk.text(name, plain, self.styles[_QUOTED])

    def _end(self, file: str, sheet: str) -> str:
        plain, quoted = self.styles[_TEXT], self.styles[_QUOTED]
        return bulk.text(file, plain, quoted) + bulk.text(sheet, plain, quoted)

    def _row(self, start: str, middle: str, evidence: str, told: list[Finding] | None, end: str, high: float) -> str:
        plain, quoted = self.styles[_TEXT], self.styles[_QUOTED]
        number, self.number = self.number, self.number + 1
        if not evidence and not told:
            return bulk.row(number, f'{start}{middle}<c s="{plain}"/><c s="{plain}"/>{end}', high)
        issues = "\n".join(map(_issue, told or ()))
        is_open = any(finding.is_open for finding in told or ())
        marked = (self.styles[_OPEN], self.styles[_QUOTED_OPEN]) if is_open else (plain, quoted)
        high = max(
            high,
            bulk.height(evidence, _EVIDENCE_WIDTH, SMALL) if evidence else 0,
            bulk.height(issues, _ISSUES_WIDTH, SMALL) if issues else 0,
        )
        return bulk.row(number, f"{start}{middle}{bulk.text(evidence, plain, quoted)}{bulk.text(issues, *marked)}{end}", high)

    def _middle(
        self, result: ClauseResult, clause: Clause, actual: str | int | float, stated: str | int | float
    ) -> tuple[str, float]:
        how, read = _how(result, clause), _read(result, clause)
        basis = "按填报加分" if clause.adds and result.basis is Basis.STATED else _BASIS[result.basis]
        return self._cells(
            clause.id, actual, read, stated, result.assessed, how, basis, result.declared, result.actual_cell, result.stated_cell
        )

    def _cells(
        self, clause: str, actual: CellValue, read: str, stated: CellValue, assessed: int | None, how: str, basis: str,
        declared: object, actual_cell: str | None, stated_cell: str | None,
    ) -> tuple[str, float]:  # fmt: skip
        """The cells from 条款 to 扣分格, and how high their texts are."""
        plain, quoted, centre = self.styles[_TEXT], self.styles[_QUOTED], self.styles[_CENTRE]
        open_style = self.styles[_CENTRE_OPEN]
        cells = "".join(
            (
                bulk.text(clause, centre, centre),
                self._typed(actual),
                bulk.text(read, centre, centre),
                self._typed(stated),
                bulk.text("未定", open_style, open_style) if assessed is None else bulk.number(assessed, centre),
                bulk.text(how, plain, quoted),
                bulk.text(basis, centre if assessed is not None else open_style, open_style),
                _points(declared, centre),
                bulk.text(actual_cell or "", centre, centre),
                bulk.text(stated_cell or "", centre, centre),
            )
        )
        widths = (_ACTUAL_WIDTH, _STATED_WIDTH, _HOW_WIDTH)
        return cells, _highest((values.shown(actual), values.shown(stated), how), widths)

    def _typed(self, value: CellValue) -> str:
        if isinstance(value, int | float):
            return bulk.number(value, self.styles[_CENTRE])
        return bulk.text(values.shown(value), self.styles[_TEXT], self.styles[_QUOTED])


def _around(name: str, file: str, sheet: str) -> float:
    """How high a clause row must be for what stands in each row of its community."""
    return _highest((name, file, sheet), (_NAME_WIDTH, _FILE_WIDTH, _SHEET_WIDTH))


def _how(result: ClauseResult, clause: Clause) -> str:
    """How a clause's points come about, in Chinese."""
    word = "加" if clause.adds else "扣"
    if result.basis is Basis.MEASURED:
        return f"{result.actual_shown}，不扣分" if result.actual is None else clause.arithmetic(result.actual)
    if result.basis is Basis.STATED:
        why = ""
        if clause.measure is not None:
            why = "没有实际值，" if result.actual_read is None else "实际值读不出，"
        return f"{why}按填报{word}{result.assessed}"
    if not result.has_row:
        return f"表中没有这一条，或重复的行答案不同；可能{word}0～{max(clause.possible)}"
    blank = result.stated_read is None and result.actual_read is None
    return f"{'没有填写' if blank else '填写的内容不能用'}；可能{word}0～{max(clause.possible)}"


def _read(result: ClauseResult, clause: Clause) -> str:
    """How the measured value was read: ``3处``, ``85%``, ``不适用``."""
    if clause.measure is None or result.actual_read is None:
        return ""
    if not result.actual_read:
        return "读不出"
    if result.actual is None:
        return "不适用"
    return percent_text(result.actual) if clause.measure == "rate" else f"{result.actual}{clause.unit}"


def _issue(finding: Finding) -> str:
    """A finding as a clause row tells it, and where it stands."""
    settled = finding.settlement
    state = finding.state_label
    if settled is not None:
        who = "，".join(part for part in (settled.who, settled.date.isoformat() if settled.date else "") if part)
        state = f"{state}：{settled.text}{f'（{who}）' if who else ''}"
    return f"{finding.rule} {finding.severity.label} {finding.title}：{finding.message}【{state}】"


class _Arithmetic:
    """The arithmetic of scores by one standard; what equal points of an item's clauses give is worked out once."""

    def __init__(self, standard: Standard) -> None:
        known: list[dict[tuple[int | None, ...], tuple[str, int, int]]] = [{} for _ in standard.items]
        self._items = [(item, standard.positions[item.number], told) for item, told in zip(standard.items, known, strict=True)]

    def of(self, community: CommunityResult) -> str:
        """A score item by item; empty where nothing was scored."""
        if not community.clauses:
            return ""
        assessed = [clause.assessed for clause in community.clauses]
        untouched: list[int] = []
        parts: list[str] = []
        lowest = highest = full = 0
        for item, positions, known in self._items:
            points = tuple([assessed[position] for position in positions])
            item_score = known.get(points)
            if item_score is None:
                item_score = known[points] = _item_score(item, points)
            told, low, high = item_score
            lowest, highest = lowest + low, highest + high
            if told:
                parts.append(told)
            elif item.base:
                untouched.append(item.number)
                full += item.points
        if untouched:
            parts.insert(0, f"第{'、'.join(map(str, untouched))}项没有扣分，共{full}")
        total = str(lowest) if lowest == highest else f"{lowest}～{highest}"
        return f"{'；'.join(parts)}；合计{total}分"


def _item_score(item: Item, assessed: tuple[int | None, ...]) -> tuple[str, int, int]:
    """``第2项6－3（2.1）＝3`` (empty where nothing was taken or added), and the lowest and highest points of an item; ``assessed``
    are the points of its clauses."""
    sign, adds = ("＋", True) if item.clauses[0].adds else ("－", False)
    taken = list(zip(item.clauses, assessed, strict=True))
    sure = sum(points for _, points in taken if points is not None)
    possible = sum(max(clause.possible) for clause, points in taken if points is None)
    ends = [item.base + points if adds else item.base - points for points in (sure, sure + possible)]
    kept = sorted(min(max(end, 0), item.points) for end in ends)
    said = [f"{clause.id}{'未定0～' + str(max(clause.possible)) if points is None else word_of(clause, points)}"
            for clause, points in taken if points is None or points]  # fmt: skip
    if not said:
        return "", kept[0], kept[1]
    points = str(sure) if not possible else f"{sure}～{sure + possible}"
    shown = str(kept[0]) if kept[0] == kept[1] else f"{kept[0]}～{kept[1]}"
    floor = "，最低0分" if not adds and ends[1] < 0 else ""
    return f"第{item.number}项{item.base}{sign}{points}（{'，'.join(said)}{floor}）＝{shown}", kept[0], kept[1]


def word_of(clause: Clause, points: int) -> str:
    """``扣3`` or ``加2``."""
    return f"{'加' if clause.adds else '扣'}{points}"


def _range(community: CommunityResult) -> str:
    """The score, or the points left open; a dash where there is no sheet."""
    if community.assessed_score is not None:
        return str(community.assessed_score)
    if community.lowest is None or community.highest is None or not community.clauses:
        return BLANK
    return f"{community.lowest}～{community.highest}"


def _points(value: object, style: str) -> str:
    if value is None:
        return bulk.text(BLANK, style, style)
    return bulk.number(plain_number(value), style)  # type: ignore[arg-type]


def _highest(texts: Sequence[str], widths: Sequence[float]) -> float:
    return max(bulk.height(text, width, SMALL) for text, width in zip(texts, widths, strict=True))


def _division(part: str, value: Fraction | None, whole: int) -> str:
    """``2÷31＝6.45%``."""
    if value is None:
        return "名册中没有城市社区，没有比例"
    rounded = "" if math.gcd(value.denominator, 10000) == value.denominator else "（四舍五入）"
    return f"{part}÷{whole}＝{percent(value)}{rounded}"


def _sum(cells: Sequence[Placed], total: int) -> str:
    """``C6＋C7＝2＋3＝5``; what is not in any unit's row is said."""
    shown = sum(int(each.value) for each in cells)
    rest = f"，另有不在本年名册的单位{total - shown}" if shown != total else ""
    if not cells:
        return f"合计{total}"
    return f"{'＋'.join(each.cell for each in cells)}＝{'＋'.join(each.value for each in cells)}{rest}＝{total}"


def _archive(year: ClosedYear) -> str:
    """Where a closed year lies; the sheet 附件2 says of each what is in it."""
    return f"见{year.year}年封存档案"


def _past_source(year: ClosedYear, cell: str) -> str:
    """Where a closed year's figure is traced further: its own trace, by the column, for its rows may have been others."""
    if year.imported:
        return f"{year.year}年封存档案（补录的附件2，没有数据溯源）"
    column = cell.rstrip("0123456789")
    return f"{year.year}年封存档案 results/trace.xlsx（数据溯源）“{FIGURES}”表，“单元格”栏中当年这一行的{column}列"


def _about_archive(year: ClosedYear) -> str:
    """What a closed year's folder holds, with the hash that tells whether it is still the same."""
    check = f"清单 manifest.json 的校验码{year.manifest_sha256 or BLANK}"
    if year.imported:
        return (
            f"{year.year}年封存档案：运行记录文件夹中的{year.year}文件夹，由上报的附件2补录，没有社区的填报表，"
            f"也没有数据溯源，只能查到补录的附件2；{check}。"
        )
    return (
        f"{year.year}年封存档案：运行记录文件夹中的{year.year}文件夹，名册在 register.xlsx，当年的附件2在 results/annex2.xlsx，"
        f"当年每个单元格的来源在 results/trace.xlsx（旧版程序封存的没有这个文件，请查名册和附件2），"
        f"收到的文件在 input 文件夹；{check}。"
    )


def _typed_by_community(unit: UnitResult) -> dict[str, list[TypedSheet]]:
    found: dict[str, list[TypedSheet]] = {}
    for sheet in unit.typed:
        if sheet.community is not None:
            found.setdefault(sheet.community, []).append(sheet)
    return found


def _tally(count: int, fill: str) -> Box:
    """A number that is coloured where it is not 0."""
    small = {**CENTRED, "font_size": SMALL}
    return Box(count, {**small, "bg_color": fill} if count else {**small, "font_color": GREY})
