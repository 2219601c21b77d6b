"""Writes templates that officers may edit: the empty Annex 2 and the two of the annual report.

``python tools/build_templates.py`` makes what is missing; ``python -m tools.build_templates annex2.xlsx`` makes that one anew,
whatever somebody edited in it.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import openpyxl
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import report_templates  # noqa: E402

from greencomm.forms.style import HEI, SONG  # noqa: E402
from greencomm.outputs import annex2, book  # noqa: E402
from greencomm.outputs.assessment import REGION_FILE, UNIT_FILE  # noqa: E402
from greencomm.standard import Standard, load_standard  # noqa: E402

FOLDER = ROOT / "templates"
ISSUED = datetime.date(2021, 1, 12)
"""The notice's date, as the fixed date of the template."""
COUNTY_ROWS = 3
WIDTHS = {annex2.COUNTY: 13.5, annex2.NAMES: 48.0, annex2.COUNT: 9.0, annex2.RATIO: 10.5, annex2.COMBINED: 10.5}
"""Narrow enough that the headers break between words: 2021 年 / 完成数量; wide enough for 100.00%."""


def build_annex2(target: Path, standard: Standard) -> None:
    """Write the empty form true to Annex 2: title, heading, eight columns, county rows, the row 地区, the note."""
    words = standard.annex2
    workbook = openpyxl.Workbook()
    workbook.properties.creator, workbook.properties.title = standard.document, words.title
    sheet = workbook.active
    sheet.title = "附件2"
    columns = [(annex2.COUNTY, annex2.COUNTY)]
    for year in words.years:
        columns += [(label, label.format(year=year)) for label in (annex2.NAMES, annex2.COUNT, annex2.RATIO)]
    columns.append((annex2.COMBINED, annex2.COMBINED))
    last = len(columns)

    def across(row: int, text: str, height: float, font: Font, alignment: Alignment) -> None:
        cell = sheet.cell(row, 1, text)
        cell.font, cell.alignment = font, alignment
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=last)
        sheet.row_dimensions[row].height = height

    body, left = Font(name=SONG, size=11), Alignment(horizontal="left", vertical="center", wrap_text=True)
    centre = Alignment(horizontal="center", vertical="center", wrap_text=True)
    across(1, words.title, 40, Font(name=HEI, size=20), centre)
    # Three generous lines leave room for the round stamp, which is pressed over the name of the reporting unit.
    for row, text in enumerate((f"{annex2.UNIT}：{annex2.STAMP}", f"{annex2.DATE}：", f"{annex2.CONTACT}："), 2):
        across(row, text, 26, Font(name=SONG, size=12), left)
    sides = Side(style="thin", color="000000")
    box = Border(left=sides, right=sides, top=sides, bottom=sides)
    header = 5
    total = header + COUNTY_ROWS + 1
    for column, (label, text) in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTHS[label]
        for row in range(header, total + 1):
            cell = sheet.cell(row, column)
            cell.font, cell.alignment, cell.border = body, centre, box
            if row == header:
                cell.value, cell.font = text, Font(name=HEI, size=11)
            elif row == total:
                cell.value = annex2.NO_LIST if label == annex2.NAMES else None
            elif label == annex2.NAMES:
                cell.font, cell.alignment = Font(name=SONG, size=10), left
            if label in (annex2.RATIO, annex2.COMBINED) and row > header:
                cell.number_format = annex2.PERCENT
    sheet.row_dimensions[header].height = 36
    for row in range(header + 1, total):
        sheet.cell(row, 1).value = "……"
        sheet.row_dimensions[row].height = 28
    sheet.cell(total, 1).value = words.total_label
    sheet.row_dimensions[total].height = 28
    across(total + 1, words.note, 28, Font(name=SONG, size=10.5), left)

    sheet.page_setup.paperSize, sheet.page_setup.orientation = book.A4, "landscape"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = margins.top = margins.bottom = book.MARGIN
    margins.header = margins.footer = book.EDGE
    sheet.print_title_rows = f"{header}:{header}"
    book.save_workbook(workbook, target, ISSUED)


TEMPLATES = {
    "annex2.xlsx": lambda target: build_annex2(target, load_standard()),
    REGION_FILE: report_templates.build_region,
    UNIT_FILE: report_templates.build_unit,
}


def main(names: list[str]) -> None:
    """Make the templates of these names, or all that are missing."""
    FOLDER.mkdir(exist_ok=True)
    if unknown := set(names) - TEMPLATES.keys():
        sys.exit(f"没有这个模板：{'、'.join(sorted(unknown))}；可以重新生成的有：{'、'.join(TEMPLATES)}")
    for name, build in TEMPLATES.items():
        if name in names or not names and not (FOLDER / name).exists():
            build(FOLDER / name)


if __name__ == "__main__":
    main(sys.argv[1:])
