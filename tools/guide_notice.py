"""Lays out docs/填报须知.docx from the text of docs/填报须知.md: one A4 page with the fonts of an official document (GB/T 9704).

The same text gives the same bytes. ``tests/test_guide.py`` has LibreOffice print it and counts the pages.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from report_templates import FANG, HEI, PAPER, TITLE, font_table

SIZE_TITLE, SIZE, LINE = 20, 11, 17
"""Points: of the title, of all else, from line to line. Smaller than a letter's three-hao, so that all is on one page."""
MARGINS = {"top": 20, "bottom": 15, "left": 25, "right": 23}
"""Millimetres."""
_DAY = datetime.datetime(2021, 1, 1)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def notice_docx(text: str) -> bytes:
    """The document; ``text`` is Markdown with a title, headings, paragraphs and numbered lines, and nothing else."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(side) for side in PAPER)
    for side, width in MARGINS.items():
        setattr(section, f"{side}_margin", Mm(width))
    for line in text.splitlines():
        _add(document, line.strip())
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by, properties.comments = "绿色社区创建填报须知", "", "", ""
    properties.created = properties.modified = _DAY
    properties.language = "zh-CN"
    made = io.BytesIO()
    document.save(made)
    return _settled(made.getvalue())


def _add(document: Document, line: str) -> None:
    if not line or line.startswith("<!--"):
        return
    if re.search(r"[*_`|\[]|^\d+\. *$", line):
        raise ValueError(f"this layout knows no such line: {line}")
    paragraph = document.add_paragraph()
    if line.startswith("# "):
        _write(paragraph, line[2:], TITLE, SIZE_TITLE)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.line_spacing = Pt(SIZE_TITLE * 1.5)
        paragraph.paragraph_format.space_after = Pt(4)
        return
    if line.startswith("## "):
        _write(paragraph, line[3:], HEI, SIZE)
        paragraph.paragraph_format.space_before = Pt(3)
    else:
        _write(paragraph, line, FANG, SIZE)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.first_line_indent = Pt(SIZE * 2)


def _write(paragraph: Paragraph, text: str, font: str, size: float) -> None:
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    paragraph.paragraph_format.line_spacing = Pt(LINE)
    run = paragraph.add_run(text)
    run.font.size, run.font.name = Pt(size), font
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("eastAsia", "ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), font)
    fonts.set(qn("w:hint"), "eastAsia")


def _settled(data: bytes) -> bytes:
    """The package with fixed dates, with our list of fonts and what stands for them, and without python-docx's picture."""
    settled = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(settled, "w") as target:
        for name in source.namelist():
            part = font_table().encode() if name == "word/fontTable.xml" else source.read(name)
            if name == "_rels/.rels":
                part = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", part)
            if name != "docProps/thumbnail.jpeg":
                target.writestr(zipfile.ZipInfo(name, _ZIP_DATE), part, zipfile.ZIP_DEFLATED)
    return settled.getvalue()
