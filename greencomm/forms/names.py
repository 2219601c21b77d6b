"""Names that Excel and file systems accept, made from names of the roster."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from greencomm.forms.layout import GUIDE_SHEET, ISSUES_SHEET, LEFT_SHEET, META_SHEET, SUMMARY_SHEET
from greencomm.roster import Community

LONGEST = 31
"""Excel's longest sheet name, in UTF-16 units."""
_RESERVED = ("History", "历史记录", GUIDE_SHEET, SUMMARY_SHEET, META_SHEET, ISSUES_SHEET, LEFT_SHEET)
# The Excel of East Asia refuses full-width twins of what it forbids, and takes ’ and ＇ for the apostrophe.
_LEGAL = str.maketrans(dict.fromkeys("[［", "（") | dict.fromkeys("]］", "）") | dict.fromkeys(":：*＊?？/／\\＼￥", "-") | dict.fromkeys("’＇", "'"))
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""Begins what Excel reads as one character: ``_x0041_`` would be ``A``."""
_FILE_FULL_WIDTH = str.maketrans('[]:*?/\\<>|"', "［］：＊？／＼＜＞｜＂")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
"""Unicode categories of control and format characters, half surrogate pairs and blanks."""
_DOTLESS = str.maketrans("ıİ", "ii")


def sheet_names(communities: Iterable[Community]) -> dict[str, str]:
    """A sheet name for each community, by its code: 居民委员会 dropped, legal in every Excel, unique without regard to case.

    A bracket that Excel forbids becomes a round one, another forbidden character a hyphen; a name that is taken gets a
    number: ``东兴社区（2）``. Taken is what ``alike`` says, so that a name may get a number that no Excel would ask for.
    """
    return unique_names(((each.code, each.short_name) for each in communities), _RESERVED)


def unique_names(wanted: Iterable[tuple[str, str]], reserved: Iterable[str]) -> dict[str, str]:
    """A sheet name for each (key, name), by its key, legal and unique as ``sheet_names`` says; ``reserved`` names are taken."""
    taken = {key for name in reserved for key in alike(name)}
    names: dict[str, str] = {}
    for key, plain in wanted:
        legal = _ESCAPE.sub("-", _visible(plain).translate(_LEGAL)).strip("' ") or key
        number, name = 1, _shorten(legal, LONGEST)
        while taken & alike(name):
            number += 1
            suffix = f"（{number}）"
            name = _shorten(legal, LONGEST - len(suffix)) + suffix
        taken |= alike(name)
        names[key] = name
    return names


def alike(name: str) -> frozenset[str]:
    """Names that share one of these cannot stand in one workbook.

    How Excel compares is unpublished and depends on its language: small and capital letters are one, in East Asia also
    full and half width, in Turkey ı and I, i and İ. So every way counts: compatibility forms folded (``Ａ``, the Kelvin
    sign), then by full case folding (``ß`` is ``ss``), by small and by capital letters.
    """
    folded = unicodedata.normalize("NFKC", name).translate(_DOTLESS)
    return frozenset({folded.casefold(), folded.lower(), folded.upper()})


def file_name_part(text: str) -> str:
    """``text`` fit to stand in a file name on Windows and Linux."""
    return _visible(text).translate(_FILE_FULL_WIDTH).strip(". ")


def _visible(text: str) -> str:
    """``text`` without what cannot be seen or stored.

    Characters that this Python does not know yet stay, so that every version gives the same name.
    """
    return "".join(ch for ch in text if ch == " " or not (unicodedata.category(ch) in _UNSEEN or _is_nonchar(ord(ch))))


def _is_nonchar(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _shorten(text: str, units: int) -> str:
    """``text`` cut to at most ``units`` UTF-16 units, never inside a character nor with ``'`` at its end."""
    while len(text.encode("utf-16-le")) // 2 > units:
        text = text[:-1]
    return text.rstrip("' ")
