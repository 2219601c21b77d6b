"""Text as people type it, folded for comparison."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_T = TypeVar("_T")
_SHORT = 400
"""Characters of a text up to which what was made of it is remembered: longer ones are seldom said twice, and take room."""


def remembered(most: int) -> Callable[[Callable[[str], _T]], Callable[[str], _T]]:
    """Have a function of a text remember what it made of the last ``most`` short ones."""

    def remembering(function: Callable[[str], _T]) -> Callable[[str], _T]:
        known = lru_cache(maxsize=most)(function)

        @wraps(function)
        def result(text: str) -> _T:
            return known(text) if len(text) <= _SHORT else function(text)

        return result

    return remembering


def normal_label(text: object) -> str:
    """A label for comparison: full width folded, blanks and a closing colon dropped."""
    return _normal_label(text) if isinstance(text, str) else ""


@lru_cache(maxsize=4096)
def _normal_label(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(ch for ch in folded if not ch.isspace() and ch not in "\u200b\u200c\u200d\ufeff").rstrip(":")


def bare_phrase(text: str) -> str:
    """The letters and digits of a phrase, folded, for telling whether two say the same: ``情况 属实！`` → ``情况属实``."""
    return "".join(ch for ch in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(ch)[0] in "LN")


_LONGEST_WORD = 500
"""Characters of a county's text that a sentence quotes; the whole text stands in the county's own file."""
_FILLERS = re.compile("[\u115f\u1160\u17b4\u17b5\u3164\uffa0]")
"""Letters without a shape."""


def visible(text: str) -> str:
    """Text from a file with everything that cannot be seen, or acts on what stands around it, made visible.

    Control characters, marks that turn the direction of writing, characters without width, half surrogate pairs and
    noncharacters become ``〔U+202E〕``; line ends become ``\\n``. All else stays: emoji keep the joiner between their parts.
    """
    if text.isprintable() and not _FILLERS.search(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_mark(ch) if _is_unseen(text, place) else ch for place, ch in enumerate(text))


_LONGEST_TEXT = 32_000
"""A little less than the 32,767 characters that an Excel cell holds."""
_CELL_UNITS = 32_767
"""UTF-16 units that an Excel cell holds."""
_UNSTORABLE = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef" + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)) + "]"
)
"""Half surrogate pairs and noncharacters."""
_SHARED_ESCAPE = re.compile("(_x[0-9A-Fa-f]{4})_(?=x[0-9A-Fa-f]{4}_)")


@remembered(8192)
def for_cell(text: str) -> str:
    """Text that came from a county, fit for a cell: what cannot be seen or stored made visible, and not too long."""
    # XlsxWriter escapes what Excel reads as an escape, but not where two of them share an underscore.
    kept = _SHARED_ESCAPE.sub(r"\1＿", visible(text))
    end = _fitting(kept, _LONGEST_TEXT)
    return kept if end == len(kept) else kept[:end] + "……"


@remembered(8192)
def as_typed(text: str) -> tuple[str, str]:
    """A county's text as it goes back into a cell, character by character, and what a cell has no room for.

    Only what no workbook can store (half surrogate pairs, noncharacters) is made visible.
    """
    kept = _UNSTORABLE.sub(lambda match: _mark(match[0]), text)
    kept = _SHARED_ESCAPE.sub(r"\1＿", kept)
    end = _fitting(kept, _CELL_UNITS)
    return kept[:end], kept[end:]


def _fitting(text: str, units: int) -> int:
    """How many characters of a text take no more than so many units of UTF-16, by which Excel counts."""
    if len(text) <= units // 2:
        return len(text)
    end = min(len(text), units)
    while (over := len(text[:end].encode("utf-16-le")) // 2 - units) > 0:
        end -= max(1, over // 2)
    return end


def quoted(text: str) -> str:
    """A county's text as a sentence quotes it: visible, and not longer than a sentence bears."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST_WORD else f"{shown[:_LONGEST_WORD]}……（共{len(text)}字）"


def one_line(text: str) -> str:
    """Visible text for one line of a screen: no line of it can pretend to be the program's."""
    return " ".join(visible(text).split("\n")).replace("\t", " ")


def printable(name: str) -> str:
    """A file's name as it can be written anywhere: bytes that are no text in this system are taken for GBK, else ``〔FF〕``."""
    if not re.search("[\udc80-\udcff]", name):
        return name
    try:
        return name.encode("utf-8", "surrogateescape").decode("gb18030")
    except UnicodeError:
        pass
    return re.sub("[\udc80-\udcff]", lambda match: f"〔{ord(match[0]) - 0xDC00:02X}〕", name)


_JOINER = "\u200d"


def _mark(ch: str) -> str:
    return f"〔U+{ord(ch):04X}〕"


def _is_unseen(text: str, place: int) -> bool:
    ch = text[place]
    if ch in "\n\t":
        return False
    if ch == _JOINER:
        return not (0 < place < len(text) - 1 and _is_picture(text[place - 1]) and _is_picture(text[place + 1]))
    if _FILLERS.match(ch):
        return True
    code = ord(ch)
    return unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Zl", "Zp") or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _is_picture(ch: str) -> bool:
    return unicodedata.category(ch) in ("So", "Sk") or ch == "\ufe0f"
