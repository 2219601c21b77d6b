"""Names as people write them: variants of one community's name, and the nearest name for a suggestion (D-15)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from greencomm.roster import Community
from greencomm.texts import normal_label

_SUFFIX = re.compile(r"(社区)?(居民委员会|居委会|居民委|村民委员会|村委会)?$")


def base_name(name: str) -> str:
    """The part that tells communities apart: ``东 兴社区居委会`` → ``东兴``."""
    folded = normal_label(name)
    head, mark, _ = folded.partition("社区")
    return head if mark and head else _SUFFIX.sub("", folded) or folded


def is_variant(name: str, official: str) -> bool:
    """Whether ``name`` is another way to write ``official``: full width, blanks, 居委会/居民委员会/社区."""
    one, other = base_name(name), base_name(official)
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    # The published list has slips of its own (老鸦关区居民委员会): one letter more at the end is the same name.
    return len(short) >= 2 and long.startswith(short) and len(long) - len(short) == 1


def same_place_name(name: str, official: str) -> bool:
    """County names, compared without 县, 市, 区 and full width."""

    def core(text: str) -> str:
        folded = normal_label(text)
        return folded.rstrip("县市区") or folded

    return core(name) == core(official)


def nearest(name: str, communities: Iterable[Community]) -> Community | None:
    """The community whose name is most like ``name``; None where none is close. A suggestion, never a match."""
    by_base = {base_name(community.name): community for community in communities}
    found = difflib.get_close_matches(base_name(name), by_base, n=1, cutoff=0.6)
    return by_base[found[0]] if found else None
