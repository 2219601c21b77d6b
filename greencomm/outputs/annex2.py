"""Annex 2 (附件2 绿色社区建设任务完成情况汇总表): the officer's template filled with the year's results.

The template may be restyled in Excel: its cells are found by their labels, and the county rows look like its first one.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.properties import PageSetupProperties

from greencomm import paper
from greencomm.errors import UserError
from greencomm.outputs import book
from greencomm.past_years import ClosedUnit, filed_rows
from greencomm.results import RegionResult, UnitResult, percent
from greencomm.results import ratio as share
from greencomm.standard import Standard
from greencomm.texts import normal_label

# The labels of the form, as the notice prints them; the standard's data gives the years and the remaining words.
COUNTY = "县（市、区）"
NAMES, COUNT, RATIO = "{year} 年绿色社区名单", "{year} 年完成数量", "{year} 年完成比例"
COMBINED = "合计完成比例"
UNIT, STAMP, DATE, CONTACT = "填报单位", "（盖章）", "填报时间", "联系人及联系电话"
NO_LIST = "/"
"""What the row 地区 shows under the lists."""
PERCENT = "0.00%"
_COLON = "："
_DEFAULT_HEIGHT, _DEFAULT_SIZE = 15.0, 11.0
_LONGEST_RATIO = "100.00%"
_MOST_PARTS = 4
"""How many rows of the greatest height a list takes at most where it stands on another sheet too."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One year of one row: names for the list (None in the row 地区), how many, their share of all communities."""

    names: tuple[str, ...] | None
    count: int
    ratio: Fraction | None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. Columns of a year without figures stay empty."""

    label: str
    years: Mapping[int, Figures]
    combined: Fraction | None
    """合计完成比例: each community counted once (D-11)."""
    sheet: str = ""
    """Where the lists stand too: one that takes more than _MOST_PARTS rows is then counted here and read there."""
    absent: str = ""
    """Of a row that nothing is known of: the word that stands in its list instead of figures, so that it is not taken for none."""


@dataclass(frozen=True, slots=True)
class Form:
    """All that is written into the template."""

    title: str
    years: tuple[int, ...]
    total_label: str
    heading: Mapping[str, str]
    """Values by label, as they follow the label's colon."""
    lines: tuple[Line, ...]
    total: Line
    date: datetime.date
    sample: bool
    year: int = 0
    """Whose list says why a row is absent."""
    first_column: str = ""
    """What the rows are, where they are no counties; empty keeps the template's word."""
    foot: str = ""
    """Stands below the table instead of the template's note; empty keeps that."""


class Part(StrEnum):
    """What a cell of the filled form is, in the word that people see."""

    FIXED = "表式文字"
    """Of the template, unchanged."""
    HEADING = "表头"
    LABEL = "填报单位"
    NAMES = "绿色社区名单"
    COUNT = "完成数量"
    RATIO = "完成比例"
    COMBINED = "合计完成比例"


@dataclass(frozen=True, slots=True)
class Placed:
    """One cell of the filled form, as it was written."""

    cell: str
    """Its address; of merged cells the first."""
    part: Part
    value: str
    """What it shows."""
    line: int | None = None
    """Position in Form.lines; None for the row 地区 and what is no row."""
    year: int | None = None
    """Of its column; None where that is of no year."""
    names: tuple[int, int] = (0, 0)
    """Of a list: its names are these of the line's (from, to): a long list takes several cells."""
    is_total: bool = False
    """Whether it stands in the row 地区."""


def write_annex2(target: Path, result: RegionResult, template: Path) -> tuple[Placed, ...]:
    """Write the completed Annex 2 of the region: one row per unit in roster order, then the row 地区.

    Returns every cell with content, in reading order. Raises UserError where the template cannot be opened or lacks a label.
    """
    return fill(target, annex2_form(result), template, book.provenance(result, "附件2"))


def annex2_form(result: RegionResult) -> Form:
    """What Annex 2 says about a region: this year's figures, and those of closed years as they were filed (D-11)."""
    batch, words = result.roster.batch, result.standard.annex2
    years = {year.year: Figures(None, year.count, year.ratio) for year in result.earlier}
    # The region's ratio divides the sums; it does not average the ratios (D-10).
    years[result.year] = Figures(None, result.green_count, result.completion_ratio)
    return _form(
        result,
        reporting_unit=batch.reporting_unit,
        contact=(batch.contact, batch.phone),
        lines=tuple(_line(unit, result) for unit in result.units),
        total=Line(words.total_label, years, result.combined_ratio),
    )


def unit_form(unit: UnitResult, result: RegionResult) -> Form:
    """What Annex 2 says about one unit: its row, and the row 地区 with the same figures, for it is all that it reports."""
    line = _line(unit, result)
    totals = {year: dataclasses.replace(figures, names=None) for year, figures in line.years.items()}
    return _form(
        result,
        reporting_unit=unit.unit.name,
        contact=(unit.contact, unit.phone),
        lines=(line,),
        total=Line(result.standard.annex2.total_label, totals, line.combined),
    )


def _form(
    result: RegionResult, *, reporting_unit: str, contact: tuple[str, str], lines: tuple[Line, ...], total: Line
) -> Form:
    batch, words = result.roster.batch, result.standard.annex2
    return Form(
        title=words.title,
        years=tuple(sorted({*words.years, result.year})),
        total_label=words.total_label,
        heading={
            UNIT: reporting_unit + STAMP,
            DATE: book.chinese_date(batch.form_date or result.run_date),
            CONTACT: "  ".join(part for part in contact if part),
        },
        lines=lines,
        total=total,
        date=result.run_date,
        sample=result.sample,
    )


def _line(unit: UnitResult, result: RegionResult) -> Line:
    """A unit's row: a closed year as its row was filed, under whatever code it had then."""
    names = tuple(community.community.name for community in unit.green)
    years = {year.year: _as_filed(filed_rows(year, unit.unit, result.roster)) for year in result.earlier}
    years[result.year] = Figures(names, len(names), share(len(names), unit.urban_communities))
    return Line(unit.unit.name, years, unit.combined_ratio)


def _as_filed(rows: Sequence[ClosedUnit]) -> Figures:
    """The figures of a closed year in a unit's row. Units that were united since give one list; one that was not there none."""
    names = tuple(entry.name for row in rows for entry in row.green)
    count = sum(row.count for row in rows)
    if len(rows) == 1:
        return Figures(names, count, rows[0].ratio)
    urban = [row.urban_communities for row in rows]
    known = sum(number for number in urban if number is not None)
    return Figures(names, count, share(count, known) if None not in urban else None)


def fill(target: Path, form: Form, template: Path, origin: Mapping[str, str] | None = None) -> tuple[Placed, ...]:
    """Fill ``template`` with ``form`` and save it as ``target``; ``origin`` goes into the document's properties.

    Returns every cell with content, in reading order. Raises UserError where the template cannot be opened or lacks a label.
    """
    return fill_book(target, {"": form}, template, form.date, origin)[0]


def fill_book(
    target: Path, forms: Mapping[str, Form], template: Path, date: datetime.date, origin: Mapping[str, str] | None = None
) -> list[tuple[Placed, ...]]:
    """Fill a copy of ``template``'s sheet with each of ``forms``, by the sheet's name; an empty name keeps the template's.

    Returns every cell with content, sheet by sheet. Raises as :func:`fill` does.
    """
    workbook, fillers = filled_book(forms, template)
    book.save_workbook(workbook, target, date, origin)
    return [filler.placed() for filler in fillers]


def filled_book(forms: Mapping[str, Form], template: Path) -> tuple[Any, list[Filler]]:
    """The filled workbook (openpyxl's) and what filled its sheets. Raises as :func:`fill` does."""
    workbook, sheet = _open(template)
    # Copies are made before anything is written; the first form has the template's own sheet, with all its settings.
    sheets = [sheet, *(workbook.copy_worksheet(sheet) for _ in range(len(forms) - 1))]
    for name, page in zip(forms, sheets, strict=True):
        page.title = name or page.title
        if page is not sheet:
            page.oddHeader, page.oddFooter = copy.copy(sheet.oddHeader), copy.copy(sheet.oddFooter)
    fillers = [Filler(page, form, template.name) for form, page in zip(forms.values(), sheets, strict=True)]
    for filler in fillers:
        filler.fill()
    return workbook, fillers


def _open(template: Path) -> tuple[Any, Any]:
    """The template with its one sheet."""
    try:
        workbook = openpyxl.load_workbook(template)
    except FileNotFoundError:
        raise UserError(f"找不到附件2模板“{template.name}”，请把它放回 {template.parent.name} 文件夹。") from None
    except Exception:  # openpyxl raises whatever the damage happens to break
        raise UserError(f"附件2模板“{template.name}”打不开，请用 Excel 另存为 .xlsx 格式，或恢复原来的模板。") from None
    sheet = next((sheet for sheet in workbook.worksheets if _find(sheet, COUNTY)), workbook.worksheets[0])
    for other in workbook.sheetnames:
        if other != sheet.title:
            del workbook[other]
    return workbook, sheet


def _find(sheet: Any, label: str) -> Any:
    """The first cell that holds ``label`` and nothing else; None where there is none."""
    wanted = normal_label(label)
    return next((cell for row in sheet.iter_rows() for cell in row if normal_label(cell.value) == wanted), None)


def name_parts(names: Iterable[str], width: float, size: float) -> list[str]:
    """Names joined by 、 in as many texts as rows are needed: none is higher than Excel's highest row."""
    return [text for text, _ in _numbered_parts(names, width, size)]


def _numbered_parts(names: Iterable[str], width: float, size: float) -> list[tuple[str, int]]:
    """``name_parts`` with the number of names in each."""
    parts = [("", 0)]
    for name in names:
        text, count = parts[-1]
        longer = f"{text}、{name}" if text else name
        if text and paper.height(paper.line_count(longer + "、", width, size), size) >= paper.MAX_ROW_HEIGHT:
            parts[-1] = (f"{text}、", count)
            parts.append((name, 1))
        else:
            parts[-1] = (longer, count + 1)
    return parts


def _columns_of(year: int) -> tuple[str, ...]:
    return tuple(each.format(year=year) for each in (NAMES, COUNT, RATIO))


def _missing_label(file_name: str, label: str, header: Iterable[object], years: Sequence[int]) -> UserError:
    """The error for a label that the template lacks: one cell that was lost, or all columns of a year that it never had."""
    there = {normal_label(text) for text in header}
    has = [year for year in years if any(normal_label(each) in there for each in _columns_of(year))]
    year = next((year for year in years if label in _columns_of(year)), None)
    if year is None or not has or min(has) <= year <= max(has):
        return UserError(f"附件2模板“{file_name}”中找不到“{label}”，请补上这一格，或恢复原来的模板。")
    # What whoever looks after the program has to do stands in docs/architecture.md (A third year).
    return UserError(
        f"现在的附件2只有{'、'.join(map(str, has))}年度的栏目，不能办{year}年度。年度写错的，请改名册“批次”表的“年度”；"
        f"确实要办{year}年度的，请把上级新的附件2样式交软件维护人员。"
    )


def check_year(template: Path, standard: Standard, year: int) -> None:
    """Raise UserError where Annex 2 has no columns for ``year``, as filling it would; a template that cannot be opened at all
    is left to the filling.
    """
    try:
        workbook = openpyxl.load_workbook(template)
    except Exception:  # openpyxl raises whatever the damage happens to break
        return
    sheet = next((sheet for sheet in workbook.worksheets if _find(sheet, COUNTY)), None)
    if sheet is None:
        return
    header = [cell.value for cell in sheet[_find(sheet, COUNTY).row]]
    there = {normal_label(text) for text in header}
    years = sorted({*standard.annex2.years, year})
    for label in (label for each in years for label in _columns_of(each)):
        if normal_label(label) not in there:
            raise _missing_label(template.name, label, header, years)


class Filler:
    """One sheet of a template, filled with a form."""

    def __init__(self, sheet: Any, form: Form, file_name: str) -> None:
        self.sheet, self.form, self.file_name = sheet, form, file_name
        self._placed: dict[tuple[int, int], Placed] = {}
        self._widths: dict[int, float] = {}
        self.headings: dict[str, tuple[str, str]] = {}
        """By its label in the form, where each line of the heading stands and what its text begins with, once it is filled."""
        self.header_row = 0
        """0 until it is found."""
        self.title = self._containing(form.title)
        header = self._cell(COUNTY)
        self.header_row = header.row
        self.county: int = header.column
        self.names = {year: self._column(NAMES.format(year=year)) for year in form.years}
        self.counts = {year: self._column(COUNT.format(year=year)) for year in form.years}
        self.ratios = {year: self._column(RATIO.format(year=year)) for year in form.years}
        self.combined = self._column(COMBINED)
        if form.first_column:
            book.write_text(header, form.first_column)
        self.first: int = 1 + max(merge.max_row for merge in self._merges_at(self.header_row, self.county))
        self.total_row = self._total_row()

    def fill(self) -> None:
        """Write heading, rows and print set-up."""
        form = self.form
        for label, value in form.heading.items():
            cell = self._starting(label)
            self.headings[label] = cell.coordinate, re.split(f"[{_COLON}:]", str(cell.value).strip())[0] + _COLON
            book.write_text(cell, self.headings[label][1] + value)
            self._place(cell.row, cell.column, Part.HEADING, str(cell.value))
        if form.sample:
            book.write_text(self.title, str(self.title.value) + book.SAMPLE_SUFFIX)
            self.sheet.oddHeader.right.text = book.SAMPLE_HEADER
            self.sheet.page_margins.header = book.EDGE
        parts = [self.parts(line) for line in form.lines]
        needed = sum(map(len, parts))
        self._make_room(needed)
        row = self.first
        for position, (line, texts) in enumerate(zip(form.lines, parts, strict=True)):
            self._write_line(row, line, texts, position)
            row += len(texts)
        self._write_figures(row, form.total, None)
        for year in form.years:
            self._write(row, self.names[year], NO_LIST)
            self._place(row, self.names[year], Part.NAMES, NO_LIST, year=year, is_total=True)
        self._place(row, self.county, Part.LABEL, str(self.sheet.cell(row, self.county).value), is_total=True)
        if form.foot:
            self._write_foot(row + 1)
        self._set_paper()

    def _write_foot(self, first: int) -> None:
        """Put the form's foot where the template has its note, or directly below the table where it has none."""
        below = (cell for row in self.sheet.iter_rows(min_row=first) for cell in row if cell.value is not None)
        cell = next(below, None) or self.sheet.cell(first, self.county)
        book.write_text(cell, self.form.foot)
        self._wrap(cell.row, cell.column)
        merge = self._merges_at(cell.row, cell.column)[0]
        width = sum(book.column_width(self.sheet, index) for index in range(merge.min_col, merge.max_col + 1))
        size = float(cell.font.sz or _DEFAULT_SIZE)
        dimension = self.sheet.row_dimensions[cell.row]
        dimension.height = max(dimension.height or _DEFAULT_HEIGHT, paper.row_height([(self.form.foot, width)], size))

    def placed(self) -> tuple[Placed, ...]:
        """Every cell with content, in reading order."""
        for row in self.sheet.iter_rows():
            for cell in row:
                if cell.value is not None and (cell.row, cell.column) not in self._placed:
                    self._place(cell.row, cell.column, Part.FIXED, str(cell.value))
        return tuple(self._placed[place] for place in sorted(self._placed))

    def _place(self, row: int, column: int, part: Part, value: str, **known: Any) -> None:
        self._placed[row, column] = Placed(self.sheet.cell(row, column).coordinate, part, book.clean(value), **known)

    # finding

    def _missing(self, label: str) -> UserError:
        header = [cell.value for cell in self.sheet[self.header_row]] if self.header_row else []
        return _missing_label(self.file_name, label, header, self.form.years)

    def _cell(self, label: str) -> Any:
        cell = _find(self.sheet, label)
        if cell is None:
            raise self._missing(label)
        return cell

    def _column(self, label: str) -> int:
        wanted = normal_label(label)
        for cell in self.sheet[self.header_row]:
            if normal_label(cell.value) == wanted:
                return int(cell.column)
        raise self._missing(label)

    def _matching(self, label: str, *, start: bool) -> Any:
        wanted = normal_label(label)
        for row in self.sheet.iter_rows():
            for cell in row:
                text = normal_label(cell.value)
                if text.startswith(wanted) if start else wanted in text:
                    return cell
        raise self._missing(label)

    def _starting(self, label: str) -> Any:
        return self._matching(label, start=True)

    def _containing(self, label: str) -> Any:
        return self._matching(label, start=False)

    def _total_row(self) -> int:
        wanted = normal_label(self.form.total_label)
        for row in range(self.first, self.sheet.max_row + 1):
            if normal_label(self.sheet.cell(row, self.county).value) == wanted:
                if row == self.first:
                    label = self.form.total_label
                    raise UserError(f"附件2模板“{self.file_name}”的表头与“{label}”之间没有空行，请至少留一行供填写。")
                return row
        raise self._missing(self.form.total_label)

    def _merges_at(self, row: int, column: int) -> list[CellRange]:
        """The merged range that holds a cell, or the cell alone."""
        alone = CellRange(min_row=row, max_row=row, min_col=column, max_col=column)
        return [merge for merge in self.sheet.merged_cells.ranges if alone.issubset(merge)] or [alone]

    # layout

    def _width(self, column: int) -> float:
        """Width of a column of the table, or of the columns that the model row merges there."""
        if column not in self._widths:
            self._widths[column] = self._measured(column)
        return self._widths[column]

    def _measured(self, column: int) -> float:
        merge = self._merges_at(self.first, column)[0]
        return sum(book.column_width(self.sheet, index) for index in range(merge.min_col, merge.max_col + 1))

    def _size(self, column: int) -> float:
        return float(self.sheet.cell(self.first, column).font.sz or _DEFAULT_SIZE)

    def parts(self, line: Line) -> list[dict[int, tuple[str, int]]]:
        """The texts of the lists and how many names they have, by year, for each of the rows that the line takes."""
        lists = {
            year: _numbered_parts(figures.names or (), self._width(self.names[year]), self._size(self.names[year]))
            for year, figures in line.years.items()
        }
        if line.sheet:
            lists |= {
                year: [(f"共{line.years[year].count}个社区，名单见“{line.sheet}”表", line.years[year].count)]
                for year, parts in lists.items()
                if len(parts) > _MOST_PARTS
            }
        if line.absent:
            lists[self.form.year] = [(line.absent, 0)]
        rows = max(map(len, lists.values()), default=1)
        return [{year: parts[row] for year, parts in lists.items() if row < len(parts)} for row in range(rows)]

    def _make_room(self, needed: int) -> None:
        """Put ``needed`` empty rows, all like the template's first one, between the header and the row 地区."""
        sheet, first, total = self.sheet, self.first, self.total_row
        shift = needed - (total - first)
        styles = {cell.column: copy.copy(cell._style) for cell in sheet[first]}
        heights = {row: sheet.row_dimensions[row].height for row in range(first, sheet.max_row + 1)}
        merges = []
        for merge in sheet.merged_cells.sorted():
            if merge.min_row >= total:
                merge = CellRange(merge.coord)
                merge.shift(row_shift=shift)
            elif merge.min_row == merge.max_row == first:
                merges += [_moved(merge, row) for row in range(first + 1, first + needed)]
            elif merge.max_row >= first:
                continue
            merges.append(merge)
        sheet.delete_rows(first, total - first)
        sheet.insert_rows(first, needed)
        sheet.merged_cells = book.OrderedRanges(merges)
        for row in heights:
            sheet.row_dimensions.pop(row, None)
        self.model_height = heights[first] or _DEFAULT_HEIGHT
        for row in range(first, first + needed):
            for column, style in styles.items():
                sheet.cell(row, column)._style = copy.copy(style)
        for row, height in heights.items():
            if row >= total and height:
                sheet.row_dimensions[row + shift].height = height

    def _write_line(self, first: int, line: Line, texts: list[dict[int, tuple[str, int]]], position: int) -> None:
        last = first + len(texts) - 1
        self._write(first, self.county, line.label)
        self._place(first, self.county, Part.LABEL, line.label, line=position)
        self._write_figures(first, line, position)
        told: dict[int, int] = {}
        for row, by_year in enumerate(texts, first):
            for year, (text, count) in by_year.items():
                self._write(row, self.names[year], text)
                self._wrap(row, self.names[year])
                if count:
                    names = (told.get(year, 0), told.get(year, 0) + count)
                    self._place(row, self.names[year], Part.NAMES, text, line=position, year=year, names=names)
                    told[year] = names[1]
            shown = {self.names[year]: text for year, (text, _) in by_year.items()}
            self.sheet.row_dimensions[row].height = self.height(shown | ({self.county: line.label} if row == first else {}))
        self._wrap(first, self.county)
        if last > first:
            lists = set(self.names.values())
            for column in {self.county, self.combined, *self.counts.values(), *self.ratios.values()} - lists:
                self._merge_down(first, last, column)
                self._align(first, column, vertical="top")  # in sight on the first of several pages

    def height(self, texts: Mapping[int, str]) -> float:
        """How high a row of the table is that shows these texts, by column."""
        needed = (paper.row_height([(text, self._width(column))], self._size(column)) for column, text in texts.items())
        return max([self.model_height, *needed])

    def _merge_down(self, first: int, last: int, column: int) -> None:
        """Merge a cell over the rows that its county takes."""
        across = self._merges_at(first, column)[0]
        kept = [merge for merge in self.sheet.merged_cells.ranges if not self._within(merge, first, last, across)]
        whole = CellRange(min_row=first, max_row=last, min_col=across.min_col, max_col=across.max_col)
        self.sheet.merged_cells = book.OrderedRanges([*kept, whole])

    @staticmethod
    def _within(merge: CellRange, first: int, last: int, across: CellRange) -> bool:
        return bool(first <= merge.min_row <= last and merge.min_col == across.min_col)

    def _write_figures(self, row: int, line: Line, position: int | None) -> None:
        known: dict[str, Any] = {"line": position, "is_total": position is None}
        for year, figures in line.years.items():
            self._write(row, self.counts[year], figures.count)
            self._place(row, self.counts[year], Part.COUNT, str(figures.count), year=year, **known)
            self._write_ratio(row, self.ratios[year], figures.ratio)
            self._place(row, self.ratios[year], Part.RATIO, percent(figures.ratio), year=year, **known)
        if line.absent:
            return
        self._write_ratio(row, self.combined, line.combined)
        self._place(row, self.combined, Part.COMBINED, percent(line.combined), **known)

    def _write_ratio(self, row: int, column: int, value: Fraction | None) -> None:
        if value is None:
            self._write(row, column, book.BLANK)
        else:
            self._write(row, column, book.number_of_ratio(value))
            cell = self.sheet.cell(row, column)
            cell.number_format = PERCENT
            if paper.text_width(_LONGEST_RATIO, self._size(column)) + 1 > self._width(column):
                # An officer's narrower column: smaller figures rather than ####.
                smaller = copy.copy(cell.alignment)
                smaller.shrink_to_fit, smaller.wrap_text = True, False
                cell.alignment = smaller

    def _write(self, row: int, column: int, value: str | float) -> None:
        cell = self.sheet.cell(row, column)
        if isinstance(value, str):
            book.write_text(cell, value)
        else:
            cell.value = value

    def _align(self, row: int, column: int, **changes: object) -> None:
        cell = self.sheet.cell(row, column)
        alignment = copy.copy(cell.alignment)
        for name, value in changes.items():
            setattr(alignment, name, value)
        cell.alignment = alignment

    def _wrap(self, row: int, column: int) -> None:
        self._align(row, column, wrap_text=True, shrink_to_fit=False)

    def _set_paper(self) -> None:
        """As wide as one page, its header repeated and its pages numbered where there are several."""
        sheet = self.sheet
        sheet.print_area = None
        sheet.row_breaks.brk = []
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.print_title_rows = f"{self.header_row}:{self.first - 1}"
        self._room = _page_room(sheet)
        if self.pages() > 1:
            sheet.oddFooter.center.text = book.PAGE_NUMBERS
            sheet.page_margins.footer = book.EDGE


    def pages(self, first_height: float | None = None) -> int:
        """How many pages the filled sheet takes; ``first_height``: were the table's first row so high."""
        rows = {row: self.sheet.row_dimensions[row].height or _DEFAULT_HEIGHT for row in range(1, self.sheet.max_row + 1)}
        if first_height is not None:
            rows[self.first] = first_height
        return _printed_pages(rows.values(), rows[self.header_row], self._room)


def _moved(merge: CellRange, row: int) -> CellRange:
    return CellRange(min_row=row, max_row=row, min_col=merge.min_col, max_col=merge.max_col)


def _page_room(sheet: Any) -> float:
    """Points of the sheet's rows that an A4 page has room for, when the sheet is as wide as the page."""
    margins = sheet.page_margins
    down, across = book.A4_SIDES if sheet.page_setup.orientation == "landscape" else reversed(book.A4_SIDES)
    # A column of n units takes 7 pixels each and 5 for its edges, at 96 dots an inch.
    pixels = sum(book.column_width(sheet, column) * 7 + 5 for column in range(1, sheet.max_column + 1))
    scale = min(1.0, (across - margins.left - margins.right) * 96 / pixels)
    return float((down - margins.top - margins.bottom) * 72 / scale)


def _printed_pages(heights: Iterable[float], header: float, room: float) -> int:
    """How many pages rows of these heights take, each page but the first with the table's header."""
    pages, used = 1, 0.0
    for height in heights:
        if used + height > room and used:
            pages, used = pages + 1, header
        used += height
    return pages
