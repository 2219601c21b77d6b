"""Measures of text on a worksheet: how wide Chinese text is, how many lines it takes, how high its row must be.

Widths are in Excel's column units (the width of a digit in the default font), heights in points. Measured for
宋体 and for the wider Noto fonts of Linux, so that nothing is clipped in either.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_ROW_HEIGHT = 409.0
"""Excel's highest row, in points."""
_LINE_FACTOR = 1.5
"""Line height over font size; Noto CJK needs 1.45."""
_WIDE, _NARROW = 2.12, 1.1
"""Widths of a full-width and a half-width character at 11 points."""
WIDEST = _WIDE / 11
"""Width of a full-width character for each point of its size."""

_OPENING, _CLOSING = "（〔《“‘【［(", "，。；：、！？）〕》”’】］…—,.;:!?)%％"
_PIECE = re.compile(f"[{re.escape(_OPENING)}]*(?:[!-~]+|.)?[{re.escape(_CLOSING)}]*")
"""What stays on one line: a word or a character with the punctuation that clings to it."""


@lru_cache(maxsize=65536)
def _char_width(ch: str) -> float:
    if unicodedata.combining(ch):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(ch) in "WFA" else _NARROW


_SHORT = 200
"""Characters of a text up to which its measures are remembered."""


def text_width(text: str, size: float = 11) -> float:
    """Width of the longest line of ``text``."""
    return max((sum(map(_char_width, line)) for line in text.split("\n")), default=0.0) * size / 11


def line_count(text: str, width: float, size: float = 11) -> int:
    """How many lines ``text`` takes when it wraps within a column (or merged columns) of ``width``.

    Words and numbers stay whole, closing punctuation never begins a line and opening punctuation never ends one.
    """
    return _known_count(text, width, size) if len(text) <= _SHORT else _line_count(text, width, size)


def _line_count(text: str, width: float, size: float) -> int:
    room = max((width - 0.8) * 11 / size, _WIDE)
    lines = 0
    for paragraph in text.split("\n"):
        used, lines = 0.0, lines + 1
        for piece in _PIECE.findall(paragraph):
            wide = sum(map(_char_width, piece))
            if used + wide <= room:
                used += wide
                continue
            if used:
                used, lines = 0.0, lines + 1
            for ch in piece:  # A word longer than the line is broken where the line ends.
                if used + _char_width(ch) > room:
                    used, lines = 0.0, lines + 1
                used += _char_width(ch)
    return lines


_known_count = lru_cache(maxsize=65536)(_line_count)


@lru_cache(maxsize=4096)
def height(lines: int, size: float = 11, padding: float = 4) -> float:
    """Height of a row that shows ``lines`` lines, at most Excel's highest."""
    return min(round(lines * size * _LINE_FACTOR + padding, 1), MAX_ROW_HEIGHT)


def text_height(text: str, width: float, size: float = 11) -> float:
    """Height of a row that shows ``text`` whole in a column of ``width``."""
    return _known_height(text, width, size) if len(text) <= _SHORT else height(line_count(text, width, size), size)


@lru_cache(maxsize=65536)
def _known_height(text: str, width: float, size: float) -> float:
    return height(line_count(text, width, size), size)


def row_height(cells: list[tuple[str, float]], size: float = 11, least: float = 20) -> float:
    """Height of a row so that each (text, column width) shows whole."""
    return max(least, height(max((line_count(text, width, size) for text, width in cells), default=1), size))
