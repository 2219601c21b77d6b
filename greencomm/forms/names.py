"""Names that Excel and file systems accept, made from names of the roster."""

from __future__ import annotations

from collections.abc import Iterable

from greencomm.forms.layout import GUIDE_SHEET, META_SHEET, SUMMARY_SHEET
from greencomm.roster import Community

LONGEST = 31
"""Excel's longest sheet name, in UTF-16 units."""
_RESERVED = ("History", "历史记录", GUIDE_SHEET, SUMMARY_SHEET, META_SHEET)
_FULL_WIDTH = str.maketrans("[]:*?/\\", "［］：＊？／＼")
_FILE_FULL_WIDTH = str.maketrans('[]:*?/\\<>|"', "［］：＊？／＼＜＞｜＂")


def sheet_names(communities: Iterable[Community]) -> dict[str, str]:
    """A sheet name for each community, by its code: 居民委员会 dropped, legal in Excel, unique without regard to case.

    A character that Excel forbids becomes its full-width twin, a name that is taken gets a number: ``东兴社区（2）``.
    """
    taken = {name.casefold() for name in _RESERVED}
    names: dict[str, str] = {}
    for community in communities:
        legal = _visible(community.short_name).translate(_FULL_WIDTH).strip("' ") or community.code
        number, name = 1, _shorten(legal, LONGEST)
        while name.casefold() in taken:
            number += 1
            suffix = f"（{number}）"
            name = _shorten(legal, LONGEST - len(suffix)) + suffix
        taken.add(name.casefold())
        names[community.code] = name
    return names


def file_name_part(text: str) -> str:
    """``text`` fit to stand in a file name on Windows and Linux."""
    return _visible(text).translate(_FILE_FULL_WIDTH).strip(". ")


def _visible(text: str) -> str:
    return "".join(ch for ch in text if ch.isprintable())


def _shorten(text: str, units: int) -> str:
    """``text`` cut to at most ``units`` UTF-16 units, never inside a character nor with ``'`` at its end."""
    while len(text.encode("utf-16-le")) // 2 > units:
        text = text[:-1]
    return text.rstrip("' ")
