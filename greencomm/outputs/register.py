"""register.xlsx (绿色社区名册): one row per green community at the closing of a year."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from greencomm.outputs.book import BLANK, BOXED, CENTRED, FINE, SAMPLE_SUFFIX, TITLE, Box, Report

_COLUMNS = (("序号", 6), ("填报单位", 16), ("社区代码", 16), ("社区名称", 34), ("核定得分", 10), ("名单年度", 10), ("试点", 7),
            ("曾用名", 28), ("曾用代码", 28))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One green community."""

    unit: str
    code: str
    name: str
    scores: tuple[int, ...]
    """核定得分 of the year in which it reached the standard: several where it was merged from several that differ, none where
    unknown (imported lists)."""
    year: int
    """Of the list on which it stands."""
    pilot: bool = False
    former_names: tuple[str, ...] = ()
    former_codes: tuple[str, ...] = ()


def write_register(
    target: Path,
    year: int,
    region: str,
    entries: Iterable[Entry],
    date: datetime.date,
    origin: Mapping[str, str],
    *,
    sample: bool,
) -> None:
    """Write the register of all communities on the lists up to ``year``, in the order of ``entries``."""
    title = f"{region}绿色社区名册（截至{year}年度）"
    report = Report(target, date, title)
    page = report.page("绿色社区名册", [width for _, width in _COLUMNS], landscape=True, sample=sample)
    page.wide(title + (SAMPLE_SUFFIX if sample else ""), TITLE, 36)
    rows = list(entries)
    page.wide(f"共{len(rows)}个社区。名单年度是社区列入绿色社区名单的年度，核定得分是当年的得分。", FINE)
    page.head([name for name, _ in _COLUMNS])
    for number, entry in enumerate(rows, 1):
        page.row(
            [
                Box(number, CENTRED),
                Box(entry.unit, BOXED),
                Box(entry.code, CENTRED),
                Box(entry.name, BOXED),
                Box(_shown(entry.scores), CENTRED),
                Box(entry.year, CENTRED),
                Box("是" if entry.pilot else "", CENTRED),
                Box("、".join(entry.former_names), BOXED),
                Box("、".join(entry.former_codes), BOXED),
            ]
        )
    report.state(origin)
    report.close()


def _shown(scores: tuple[int, ...]) -> int | str:
    return scores[0] if len(scores) == 1 else "、".join(map(str, scores)) or BLANK
