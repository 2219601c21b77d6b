"""What makes Excel repair or refuse a workbook, looked for in the parts of the file themselves.

Written from ECMA-376 and from Excel's own limits, without the program's code and without XlsxWriter's; openxml-audit
checks schema types besides but overlooks torn parts, dangling formats, overlapping merges and over-long texts.
"""

from __future__ import annotations

import io
import itertools
import posixpath
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import openpyxl
from openpyxl.utils import range_boundaries

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINKS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"

WORKSHEET_ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr",
    "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter",
    "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing",
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
"""The children of a worksheet in the only order that CT_Worksheet allows (ECMA-376 Part 1, 18.3.1.99)."""
REPEATED = {"conditionalFormatting"}
"""The only child that may stand more than once."""

NAME_UNITS, PROMPT, TITLE, LIST, FORMULA, LITERAL, NESTING, CELL_TEXT, URL = 31, 255, 32, 255, 8192, 255, 64, 32767, 2079
FORBIDDEN = set("[]:*?/\\") | set("［］：＊？／＼￥")
"""In sheet names; the second half by the Excel of East Asia only."""
APOSTROPHES = set("'’＇")
RESERVED = {"history", "历史记录"}


@dataclass(frozen=True)
class Page:
    """One worksheet part."""

    name: str
    state: str
    part: str
    xml: ElementTree.Element

    def all(self, tag: str) -> list[ElementTree.Element]:
        return list(self.xml.iter(MAIN + tag))

    def one(self, tag: str) -> dict[str, str]:
        """Attributes of the only element of that name; empty where there is none."""
        found = self.all(tag)
        assert len(found) <= 1, tag
        return dict(found[0].attrib) if found else {}

    def children(self) -> list[str]:
        return [child.tag.removeprefix(MAIN) for child in self.xml]


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def pages_of(data: bytes) -> list[Page]:
    """The worksheets in their order."""
    parts = parts_of(data)
    links = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])
    targets = {link.get("Id"): posixpath.join("/xl", link.get("Target", ""))[1:] for link in links}
    book = ElementTree.fromstring(parts["xl/workbook.xml"])
    pages = []
    for sheet in book.iter(f"{MAIN}sheet"):
        part = targets[sheet.get(f"{LINKS}id")]
        pages.append(Page(sheet.get("name", ""), sheet.get("state", "visible"), part, ElementTree.fromstring(parts[part])))
    return pages


def defined_names(data: bytes) -> dict[tuple[str, str], str]:
    """(name without prefix, sheet) → what it refers to."""
    book = ElementTree.fromstring(parts_of(data)["xl/workbook.xml"])
    sheets = [sheet.get("name", "") for sheet in book.iter(f"{MAIN}sheet")]
    return {
        (name.get("name", "").removeprefix("_xlnm."), sheets[int(name.get("localSheetId", ""))]): name.text or ""
        for name in book.iter(f"{MAIN}definedName")
    }


def units(text: str) -> int:
    """Length as Excel counts it."""
    return len(text.encode("utf-16-le")) // 2


def name_faults(names: list[str]) -> list[str]:
    """What Excel refuses about the names of a workbook's sheets."""
    found = []
    for name in names:
        if not 0 < units(name) <= NAME_UNITS:
            found.append(f"length of sheet name {name!r}")
        if FORBIDDEN & set(name) or APOSTROPHES & {name[:1], name[-1:]}:
            found.append(f"character in sheet name {name!r}")
        if any(unicodedata.category(ch) in ("Cc", "Cs") or ch in "\ufffe\uffff" for ch in name):
            found.append(f"control character in sheet name {name!r}")
        if re.search("_x[0-9A-Fa-f]{4}_", name):
            found.append(f"escape in sheet name {name!r}")
        if unicodedata.normalize("NFKC", name).casefold() in RESERVED:
            found.append(f"reserved sheet name {name!r}")
    for fold in (str.lower, str.upper, str.casefold, lambda name: unicodedata.normalize("NFKC", name).casefold()):
        if len({fold(name) for name in names}) < len(names):
            found.append("two sheets of one name")
    return found


def faults(data: bytes) -> list[str]:
    """Everything that Excel would repair or refuse; empty for a sound workbook."""
    parts = parts_of(data)
    for name, content in parts.items():
        if name.endswith((".xml", ".rels")):
            try:
                ElementTree.fromstring(content)
            except ElementTree.ParseError as error:
                return [f"{name} is not well-formed: {error}"]
    pages = pages_of(data)
    found = [*_package_faults(parts), *name_faults([page.name for page in pages]), *_book_faults(data, parts, pages)]
    styles = ElementTree.fromstring(parts["xl/styles.xml"])
    formats, differences = (len(list(styles.iterfind(f"{MAIN}{tag}/*"))) for tag in ("cellXfs", "dxfs"))
    names = {page.name for page in pages}
    for page in pages:
        found += [f"{page.name}: {fault}" for fault in _page_faults(page, formats, differences, names)]
    return found


def _package_faults(parts: dict[str, bytes]) -> Iterator[str]:
    types = ElementTree.fromstring(parts["[Content_Types].xml"])
    named = {override.get("PartName", "").lstrip("/") for override in types.iter(f"{TYPES}Override")}
    extensions = {default.get("Extension") for default in types.iter(f"{TYPES}Default")} - {"xml"}
    for part in parts.keys() - {"[Content_Types].xml"}:
        if part not in named and part.rpartition(".")[2] not in extensions:
            yield f"{part} has no content type"
    yield from (f"{part} has a content type but is not there" for part in named - parts.keys())


def _book_faults(data: bytes, parts: dict[str, bytes], pages: list[Page]) -> Iterator[str]:
    book = ElementTree.fromstring(parts["xl/workbook.xml"])
    active = int(next(book.iter(f"{MAIN}workbookView")).get("activeTab", "0"))
    if pages[active].state != "visible":
        yield "the active sheet is hidden"
    names = {page.name for page in pages}
    for (name, sheet), target in defined_names(data).items():
        quoted = re.fullmatch(r"(?:'((?:[^']|'')+)'|([^'!]+))!(.+)", target)
        refers = (quoted[1] or quoted[2]).replace("''", "'") if quoted else ""
        if refers != sheet or refers not in names:
            yield f"{name} of {sheet} refers to {target}"


def _page_faults(page: Page, formats: int, differences: int, names: set[str]) -> Iterator[str]:
    yield from _order_faults(page)
    yield from _cell_faults(page, formats, names)
    yield from _merge_faults(page)
    yield from _validation_faults(page)
    for rule in page.all("cfRule"):
        if int(rule.get("dxfId", "0")) >= differences:
            yield f"conditional format {rule.get('dxfId')} is not there"
        yield from (fault for formula in rule for fault in _formula_faults(formula.text or "", names))
    for link in page.all("hyperlink"):
        location = link.get("location", "")
        target = re.fullmatch(r"'((?:[^']|'')+)'!([A-Z]+[0-9]+)", location)
        if not target or target[1].replace("''", "'") not in names or units(location) > URL:
            yield f"link to {location!r}"


def _order_faults(page: Page) -> Iterator[str]:
    children = page.children()
    places = [WORKSHEET_ORDER.index(child) if child in WORKSHEET_ORDER else -1 for child in children]
    if -1 in places or places != sorted(places):
        yield f"order of {children}"
    if any(children.count(child) > 1 for child in set(children) - REPEATED):
        yield f"repeated among {children}"


def _cell_faults(page: Page, formats: int, names: set[str]) -> Iterator[str]:
    last_row = 0
    for row in page.all("row"):
        number, last_column = int(row.get("r", "0")), 0
        if number <= last_row:
            yield f"row {number} after {last_row}"
        last_row = number
        for cell in row:
            where = cell.get("r", "")
            first = _area(where)
            if first is None or first[1] != number or first[0] <= last_column:
                yield f"cell {where} in row {number}"
            last_column = first[0] if first else last_column
            if int(cell.get("s", "0")) >= formats:
                yield f"{where}: format {cell.get('s')} is not there"
            formula, value = cell.find(f"{MAIN}f"), cell.find(f"{MAIN}v")
            if formula is not None:
                if value is None or (not value.text and cell.get("t") != "str"):
                    yield f"{where}: formula without a stored value"
                yield from _formula_faults(formula.text or "", names)
            if value is not None and units(value.text or "") > CELL_TEXT:
                yield f"{where}: text too long"


def _formula_faults(formula: str, names: set[str]) -> Iterator[str]:
    if units(formula) > FORMULA:
        yield f"formula of {units(formula)} characters"
    depth = 0
    for token in re.findall(r"'(?:[^']|'')*'!?|\"(?:[^\"]|\"\")*\"|[()]", formula):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth > NESTING:
            yield f"formula nested deeper than {NESTING}: {formula[:60]}"
            break
        if token.startswith('"') and units(token) - 2 > LITERAL:
            yield f"text of {units(token)} characters in a formula"
        if token.startswith("'") and token[1:].removesuffix("!").removesuffix("'").replace("''", "'") not in names:
            yield f"formula refers to {token}"
    if depth:
        yield f"brackets of {formula[:60]}"


def _area(reference: str) -> tuple[int, int, int, int] | None:
    """First column, first row, last column, last row; None where it is no reference."""
    if not re.fullmatch(r"[A-Z]{1,3}[1-9][0-9]{0,6}(:[A-Z]{1,3}[1-9][0-9]{0,6})?", reference):
        return None
    left, top, right, bottom = range_boundaries(reference)
    return (left, top, right, bottom) if right <= 16384 and bottom <= 1048576 and left <= right and top <= bottom else None


def _overlap(areas: list[tuple[int, int, int, int]]) -> bool:
    return any(
        one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
        for one, other in itertools.combinations(areas, 2)
    )


def _merge_faults(page: Page) -> Iterator[str]:
    areas = [_area(merge.get("ref", "")) for merge in page.all("mergeCell")]
    if None in areas or _overlap([area for area in areas if area]):
        yield "merged ranges"
    if areas and page.one("mergeCells").get("count") != str(len(areas)):
        yield "count of merged ranges"


def _validation_faults(page: Page) -> Iterator[str]:
    rules = page.all("dataValidation")
    if rules and page.one("dataValidations").get("count") != str(len(rules)):
        yield "count of validations"
    areas = [_area(part) for rule in rules for part in rule.get("sqref", "").split()]
    if None in areas or _overlap([area for area in areas if area]):
        yield "ranges of validations"
    for rule in rules:
        for kind, limit in (("promptTitle", TITLE), ("errorTitle", TITLE), ("prompt", PROMPT), ("error", PROMPT)):
            if units(rule.get(kind, "")) > limit:
                yield f"{kind} of {units(rule.get(kind, ''))} characters"
        for formula in rule:
            # Excel's own dialogue takes no more in a rule, whether list or formula.
            if units((formula.text or "").strip('"')) > LIST:
                yield f"rule of {units(formula.text or '')} characters"


def changed(data: bytes, part: str, change) -> bytes:
    """The workbook with one part's text changed, or taken away where ``change`` returns None."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts_of(data).items():
            if name == part:
                text = change(content.decode())
                assert text != content.decode(), "the change changed nothing"
                content = None if text is None else text.encode()
            if content is not None:
                package.writestr(name, content)
    return target.getvalue()


def values(data: bytes) -> openpyxl.Workbook:
    """The workbook with stored values in the place of formulas."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=True)
