"""The look of issued forms: one set of named cell styles, a green for order, a pale yellow to write in, a red for faults."""

from __future__ import annotations

from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

SONG, HEI = "宋体", "黑体"
SIZE = 10
"""Points of ordinary text; row heights are worked out from it."""
TITLE_SIZE = 16
SMALL = 9

GREEN, PALE_GREEN, LINE = "#1F5C45", "#E8F1EC", "#A9BDB2"
INPUT, LOCKED = "#FFF9E5", "#F2F4F3"
RED, PALE_RED = "#B42318", "#FDE8E6"
AMBER, PALE_AMBER = "#8A5A00", "#FDEBC8"
GREY = "#59635E"

BLUE, PALE_BLUE = "#1B4F8A", "#DCEAF8"
PALE_GREY = "#E3E8EC"

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")
"""How a text begins that some program takes for a formula once it is edited, unless its cell says that it is text."""

_CELL = {"border": 1, "border_color": LINE}
_CENTRE = {"align": "center"}
_LEFT = {"align": "left", "indent": 1}
_LABEL = {"align": "right", "indent": 1, "font_color": GREEN, "bold": True}
_INPUT = {**_CELL, "bg_color": INPUT, "locked": False}
_SIDES = {"left": 1, "right": 1, "left_color": LINE, "right_color": LINE}
_TOP, _BOTTOM = {"top": 1, "top_color": LINE}, {"bottom": 1, "bottom_color": LINE}
_PLACES = {"only": {**_TOP, **_BOTTOM}, "first": _TOP, "middle": {}, "last": _BOTTOM}
"""Edges of a cell by its place in a group of rows that belong together."""

STYLES: dict[str, dict[str, Any]] = {
    "title": {"font_name": HEI, "font_size": TITLE_SIZE, "font_color": GREEN, "align": "left", "text_wrap": False},
    "centre_title": {"font_name": HEI, "font_size": TITLE_SIZE, "font_color": GREEN, **_CENTRE},
    "hint": {"font_size": SMALL, "font_color": GREY},
    "centre_hint": {"font_size": SMALL, "font_color": GREY, **_CENTRE},
    "label": _LABEL,
    "value": {**_CELL, **_LEFT, "bg_color": LOCKED},
    "figure": {**_CELL, "bg_color": LOCKED, "bold": True, **_CENTRE},
    "ratio": {**_CELL, "bg_color": LOCKED, "bold": True, **_CENTRE, "num_format": "0.00%"},
    "link": {"font_color": GREEN, "underline": 1, "align": "right"},
    "header": {**_CELL, "font_name": HEI, "bg_color": PALE_GREEN, "font_color": GREEN, **_CENTRE},
    "cell": _CELL,
    "cell_link": {**_CELL, "font_color": GREEN, "underline": 1},
    "centre": {**_CELL, **_CENTRE},
    "bold_centre": {**_CELL, **_CENTRE, "bold": True},
    "code": {**_CELL, **_CENTRE, "num_format": "@"},
    "reference": {**_CELL, "font_size": SMALL},
    "status": {**_CELL, "font_size": SMALL},
    # What an item's rows share stands in the first of them; not merged, or rows could not grow with what is typed.
    **{
        f"{name}_{place}": {**_SIDES, **edges, "valign": "top", **look}
        for name, look in (
            ("group_text", {"font_size": SMALL}),
            ("group_points", {"font_size": SMALL, **_CENTRE}),
            ("group_score", {"bold": True, **_CENTRE}),
        )
        for place, edges in _PLACES.items()
    },
    "unused": {**_CELL, "bg_color": LOCKED},
    "input": _INPUT,
    "centre_input": {**_INPUT, **_CENTRE},
    "small_input": {**_INPUT, "font_size": SMALL},
    "text_input": {**_INPUT, **_LEFT, "num_format": "@"},
    "number_input": {**_INPUT, **_LEFT},
    "total": {**_CELL, "bg_color": PALE_GREEN, "bold": True, **_CENTRE},
    "band": {**_CELL, "font_name": HEI, "font_size": SMALL, "bg_color": PALE_GREEN, "font_color": GREEN},
    "centre_reference": {**_CELL, **_CENTRE, "font_size": SMALL},
    "small_header": {**_CELL, "font_name": HEI, "font_size": SMALL, "bg_color": PALE_GREEN, "font_color": GREEN, **_CENTRE},
    "section": {"font_name": HEI, "font_size": 11, "font_color": GREEN, "bottom": 1, "bottom_color": LINE},
    "text": {"valign": "top"},
    "number": {"align": "right", "valign": "top"},
    "notice": {"bold": True, "font_color": AMBER, "bg_color": PALE_AMBER, **_CELL},
    "sample": {"bold": True, "font_color": RED},
    "legend_wrong": {**_CELL, **_CENTRE, "font_color": RED, "bg_color": PALE_RED},
    "legend_done": {**_CELL, **_CENTRE, "font_color": GREEN},
    "legend_asking": {**_CELL, **_CENTRE, "font_color": AMBER, "bg_color": PALE_AMBER},
    # Differences that conditional formats make.
    "if_wrong": {"font_color": RED, "bg_color": PALE_RED},
    "if_asking": {"font_color": AMBER, "bg_color": PALE_AMBER},
    "if_reason_missing": {"bg_color": PALE_AMBER, "border": 1, "border_color": RED},
    "if_done": {"font_color": GREEN},
    "if_blank": {"font_color": GREY},
    # A returned workbook's: by severity, and what was edited since.
    "if_send_back": {"font_color": RED, "bg_color": PALE_RED},
    "if_verify": {"font_color": AMBER, "bg_color": PALE_AMBER},
    "if_note": {"bg_color": PALE_GREY},
    "if_edited": {"font_color": BLUE, "bg_color": PALE_BLUE},
    "opinion_send_back": {**_CELL, "font_size": SMALL, "font_color": RED, "bg_color": PALE_RED, "valign": "top"},
    "opinion_verify": {**_CELL, "font_size": SMALL, "font_color": AMBER, "bg_color": PALE_AMBER, "valign": "top"},
    "opinion_note": {**_CELL, "font_size": SMALL, "font_color": GREY, "bg_color": PALE_GREY, "valign": "top"},
    "kind_send_back": {**_CELL, **_CENTRE, "font_size": SMALL, "font_color": RED, "bg_color": PALE_RED},
    "kind_verify": {**_CELL, **_CENTRE, "font_size": SMALL, "font_color": AMBER, "bg_color": PALE_AMBER},
    "kind_note": {**_CELL, **_CENTRE, "font_size": SMALL, "font_color": GREY, "bg_color": PALE_GREY},
    "block_send_back": {**_CELL, "font_size": SMALL, "font_color": RED, "bg_color": PALE_RED},
    "block_verify": {**_CELL, "font_size": SMALL, "font_color": AMBER, "bg_color": PALE_AMBER},
    "block_note": {**_CELL, "font_size": SMALL, "font_color": GREY, "bg_color": PALE_GREY},
    "legend_edited": {**_CELL, **_CENTRE, "font_color": BLUE, "bg_color": PALE_BLUE},
    "legend_note": {**_CELL, **_CENTRE, "bg_color": PALE_GREY},
    "small_centre": {**_CELL, **_CENTRE, "font_size": SMALL},
    "small_code": {**_CELL, **_CENTRE, "font_size": SMALL, "num_format": "@"},
    "small_link": {**_CELL, "font_size": SMALL, "font_color": GREEN, "underline": 1},
    "small_text_input": {**_INPUT, "font_size": SMALL, "num_format": "@", "valign": "top"},
    "token": {**_CELL, **_CENTRE, "font_size": 8, "font_color": "#9AA5A0", "num_format": "@"},
    "helper": {"font_size": 8, "font_color": "#9AA5A0", "text_wrap": False},
}


class Styles:
    """The named styles of one workbook, each made once: ``styles["input"]``."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[str, bool], Format] = {}

    def __getitem__(self, name: str) -> Format:
        return self._style(name, False)

    def of(self, name: str, value: object) -> Format:
        """The style for a cell that holds ``value``: a text that begins like a formula is marked as text."""
        return self._style(name, isinstance(value, str) and value.startswith(FORMULA_STARTS))

    def _style(self, name: str, quoted: bool) -> Format:
        if (name, quoted) not in self._made:
            look = STYLES[name]
            if not name.startswith("if_"):
                look = {"font_name": SONG, "font_size": SIZE, "valign": "vcenter", "text_wrap": True} | look
            self._made[name, quoted] = self._book.add_format(look | {"quote_prefix": True} if quoted else look)
        return self._made[name, quoted]
