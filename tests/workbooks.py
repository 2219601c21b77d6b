"""Builds test workbooks from text tables, as values, as real .xlsx files, or from raw XML.

A table has a row per line and ``|`` between cells. A cell is written as it would be typed: ``3`` and ``0.5`` are
numbers, ``'3`` is the text 3, ``#REF!`` an error, ``TRUE`` a logical, ``@2021-03-05`` a date, ``=G9 -> 3`` a formula with
its stored value (``=G9`` one without); everything else is text.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterable, Mapping

import xlsxwriter

from greencomm.forms.layout import Column, Heading
from greencomm.intake.workbook import Address, CellValue, Fault, FaultyCell, Sheet, Visibility, Workbook, column_letters
from greencomm.standard import Standard

CODE = "532301101001"
HEADING = {
    Heading.COUNTY: "楚雄市",
    Heading.NAME: "东兴社区居民委员会",
    Heading.CODE: CODE,
    Heading.YEAR: "2021",
    Heading.AUTHOR: "李明",
    Heading.DATE: "2021年8月20日",
    Heading.CLAIM: "是",
    Heading.TOTAL: "",
}


# From text tables to values.


def sheet(
    table: str,
    name: str = "东兴社区",
    *,
    merges: Iterable[str] = (),
    hidden_rows: Iterable[int] = (),
    hidden_columns: str = "",
    visibility: Visibility = Visibility.VISIBLE,
) -> Sheet:
    """A sheet whose first line is row 1; ``merges`` as ``B1:C1``, ``hidden_columns`` as letters."""
    cells: dict[Address, CellValue] = {}
    formulas = set()
    for row, line in enumerate(table.strip("\n").split("\n"), 1):
        for column, typed in enumerate(line.split("|"), 1):
            formula, _, stored = typed.strip().partition("->")
            if formula.startswith("="):
                formulas.add((row, column))
                value = cell(stored.strip()) if stored else FaultyCell(Fault.NO_VALUE, formula.strip())
            else:
                value = cell(typed.strip())
            if value is not None:
                cells[row, column] = value
    return Sheet(
        name=name,
        cells=cells,
        visibility=visibility,
        formulas=frozenset(formulas),
        merges=tuple(area(text) for text in merges),
        hidden_rows=frozenset(hidden_rows),
        hidden_columns=frozenset(column_number(letter) for letter in hidden_columns),
    )


def cell(typed: str) -> CellValue:
    """One cell of a table (see above) as a value."""
    if typed.startswith("'"):
        return typed[1:]
    if typed.startswith("#"):
        return FaultyCell(Fault.ERROR, typed)
    if typed.startswith("@"):
        return FaultyCell(Fault.DATE, typed[1:])
    if typed in ("TRUE", "FALSE"):
        return FaultyCell(Fault.LOGICAL, typed)
    if re.fullmatch(r"-?[0-9]+", typed):
        return int(typed)
    if re.fullmatch(r"-?[0-9]+\.[0-9]+", typed):
        return float(typed)
    return typed or None


def workbook(*sheets: Sheet) -> Workbook:
    """A workbook of these sheets."""
    return Workbook(list(sheets))


def area(text: str) -> tuple[int, int, int, int]:
    """``B1:C2`` → first row, first column, last row, last column."""
    (first_letters, first_row), (last_letters, last_row) = re.findall(r"([A-Z]+)([0-9]+)", text)
    return int(first_row), column_number(first_letters), int(last_row), column_number(last_letters)


def column_number(letters: str) -> int:
    return next(number for number in range(1, 703) if column_letters(number) == letters)


# A whole community sheet.


def community_table(
    standard: Standard,
    answers: Mapping[str, tuple[str, ...]] | None = None,
    heading: Mapping[Heading, str] | None = None,
    columns: Iterable[Column] = tuple(Column),
    without: Iterable[str] = (),
) -> str:
    """The text table of a filled sheet: heading in rows 1–2, header in row 4, clauses from row 5, last 合计.

    ``answers`` by clause: 实际值, 扣分 and optionally 说明, as typed; the others hold nothing to deduct (0, 100% or 不扣分).
    ``without`` leaves out clauses.
    """
    titles = HEADING | dict(heading or {})
    pairs = [f"{label} | {titles[label] if label is not Heading.CODE else chr(39) + titles[label]}" for label in Heading]
    columns = tuple(columns)
    lines = [" | ".join(pairs[:4]), " | ".join(pairs[4:]), "", " | ".join(columns)]
    for clause in standard.clauses:
        if clause.id in set(without):
            continue
        untouched = {"count": str(getattr(clause, "required", 0)), "rate": "'100%", None: ""}[clause.measure]
        actual, stated, *evidence = (answers or {}).get(clause.id, (untouched, "0"))
        found = {
            Column.CLAUSE: f"'{clause.id}",
            Column.CRITERION: clause.quote,
            Column.ACTUAL: actual,
            Column.STATED: stated,
            Column.EVIDENCE: "".join(evidence),
        }
        lines.append(" | ".join(found.get(column, "") for column in columns))
    total = {Column.CLAUSE: "合计", Column.SCORE: "96"}
    lines.append(" | ".join(total.get(column, "") for column in columns))
    return "\n".join(lines)


def community(
    standard: Standard,
    answers: Mapping[str, tuple[str, ...]] | None = None,
    heading: Mapping[Heading, str] | None = None,
    name: str = "东兴社区",
) -> Sheet:
    """A filled community sheet as values."""
    return sheet(community_table(standard, answers, heading), name)


# Real files.


def xlsx(*sheets: Sheet) -> bytes:
    """The sheets as a workbook written by XlsxWriter; formulas as ``=1*1`` with the sheet's values stored."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"created": datetime.datetime(2021, 8, 20)})  # The same bytes, whatever the clock.
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    for source in sheets:
        page = book.add_worksheet(source.name)
        for first_row, first_column, last_row, last_column in source.merges:
            page.merge_range(first_row - 1, first_column - 1, last_row - 1, last_column - 1, "")
        for (row, column), value in source.cells.items():
            place = (row - 1, column - 1)
            if (row, column) in source.formulas:
                page.write_formula(*place, "=1*1", None, value.shown if isinstance(value, FaultyCell) else value)
            elif isinstance(value, FaultyCell) and value.fault is Fault.DATE:
                page.write_datetime(*place, datetime.datetime.fromisoformat(value.shown), date)
            elif isinstance(value, FaultyCell) and value.fault is Fault.LOGICAL:
                page.write_boolean(*place, value.shown == "TRUE")
            elif isinstance(value, FaultyCell):
                page.write_formula(*place, f"={value.shown}", None, value.shown)
            elif isinstance(value, str):
                page.write_string(*place, value)
            elif value is not None:
                page.write_number(*place, value)
        for row in source.hidden_rows:
            page.set_row(row - 1, None, None, {"hidden": True})
        for column in source.hidden_columns:
            page.set_column(column - 1, column - 1, None, None, {"hidden": True})
        if source.visibility is Visibility.HIDDEN:
            page.hide()
        elif source.visibility is Visibility.VERY_HIDDEN:
            page.very_hidden()
    book.close()
    return target.getvalue()


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def raw_parts(rows: str = "", *, strings: str = "", styles: str = "", before: str = "", after: str = "") -> dict[str, str]:
    """Parts of a minimal package with one sheet ``S``: ``rows`` stand in sheetData, ``before`` and ``after`` around it."""

    def links(*targets: tuple[str, str]) -> str:
        entries = "".join(
            f'<Relationship Id="rId{number}" Type="{LINKS}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(targets, 1)
        )
        return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'

    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_BOOK_TYPE}"/></Types>'
        ),
        "_rels/.rels": links(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><workbookPr/>'
            '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": links(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>',
    }


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """The parts as a zip archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


def raw(rows: str = "", **parts: str) -> bytes:
    """A minimal package as a file (see raw_parts)."""
    return zipped(raw_parts(rows, **parts))
