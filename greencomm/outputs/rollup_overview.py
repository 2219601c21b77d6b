"""``overview.html`` of a rollup: regions in the place of units, each leading to its own overview (S-49).

A page without script: its figures are sums out of what the rollup has read of each region anyway.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from greencomm import __version__
from greencomm.figures import NOTHING, Band, Tally, bands, tally
from greencomm.outputs.book import SAMPLE_HEADER, SAMPLE_SUFFIX, chinese_date
from greencomm.outputs.discrepancy import item_name, only_adds
from greencomm.outputs.overview import OWN_MARK, STEP_LABELS, average_text, level
from greencomm.outputs.overview_page import asset, share, shown
from greencomm.province import Member, Province, Region
from greencomm.results import NOT_AGAIN, STATUSES, Status, percent
from greencomm.standard import PHASE_TITLES, Standard
from greencomm.standard.model import Item
from greencomm.targets import Progress
from greencomm.texts import visible

Cell = tuple[str, str, str]
"""Class, text, what is said besides."""


def write_rollup_overview(
    target: Path, province: Province, standard: Standard, pages: Mapping[str, str], origin: Mapping[str, str], workbook: str
) -> None:
    """Write the page; ``pages`` are regions' own by the region's name, seen from the page's folder; ``workbook`` has the rest.

    The same province gives the same bytes.
    """
    css = asset("overview.css") + asset("rollup_overview.css")
    context = {
        "o": _Overview(province, standard, pages), "p": province, "percent": percent, "css": Markup(css), "policy": _policy(css),
        "origin": origin, "version": __version__, "date": chinese_date(province.run_date), "sample": SAMPLE_HEADER,
        "suffix": SAMPLE_SUFFIX, "steps": STEP_LABELS, "own_mark": OWN_MARK, "workbook": workbook,
    }  # fmt: skip
    target.write_bytes(_template().render(context).encode())


def _policy(css: str) -> str:
    """Content-Security-Policy: nothing is fetched and nothing runs; one style, known by its hash."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=shown
    )
    return environment.from_string(asset("rollup_overview.html"))


@dataclass(frozen=True, slots=True)
class _Column:
    """One item of the standard."""

    number: int
    name: str
    adds: bool
    title: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One region, or one whose result is missing."""

    name: str
    region: Region | None
    page: str
    listed: int
    counts: tuple[int, ...]
    """Communities of each standing; together all."""
    shares: tuple[str, str]
    heat: tuple[Cell, ...]


class _Overview:
    """What the template shows."""

    def __init__(self, province: Province, standard: Standard, pages: Mapping[str, str]) -> None:
        self.province, self.standard = province, standard
        self.heading = f"{province.name}{province.year}年绿色社区创建{PHASE_TITLES[province.phase]}汇总总览"
        self.mark = standard.pass_mark.points
        self.several = bool(province.earlier_years)
        self.columns = [
            _Column(item.number, item_name(item), only_adds(item),
                    f"第{item.number}项 {item_name(item)}（{item.points}分{'，加分' if only_adds(item) else ''}）")
            for item in self._items
        ]  # fmt: skip
        self._whole = [NOTHING] * len(self._items)
        self._scores: Counter[int] = Counter()
        self.standings = [*(status.label for status in STATUSES), *([NOT_AGAIN] if self.several else [])]
        self.counts = [0] * len(self.standings)
        self._without: Counter[str] = Counter()
        self.listed = 0
        self.rows = [self._row(slot.name, slot.region, pages.get(slot.name, "")) for slot in province.slots]
        self.linked = any(row.page for row in self.rows)
        self.others = any(row.name.endswith(OWN_MARK) for row in self.rows)
        self.shares = _shares(self.listed, province.combined, province.urban_communities)
        self.heat = tuple(_cell(tally, item) for tally, item in zip(self._whole, self._items, strict=True))

    @cached_property
    def _items(self) -> list[Item]:
        """Those that take points first, then those that only add."""
        return sorted(self.standard.items, key=only_adds)

    def _row(self, name: str, region: Region | None, page: str) -> _Row:
        if region is None:
            return _Row(visible(name), None, "", 0, (), ("0%", "0%"), ())
        words = Counter(_standing(member) for member in region.members)
        counts = tuple(words[word] for word in self.standings)
        listed = sum(member.listed is not None for member in region.members)
        self.counts = [one + other for one, other in zip(self.counts, counts, strict=True)]
        self.listed += listed
        same = region.standard[1] == self.standard.sha256
        by_it = [member for member in region.members if same and not member.own_standard]
        self._add_scores(by_it, region.urban_communities)
        tallies = self._tallies(by_it)
        self._whole = [one + other for one, other in zip(self._whole, tallies, strict=True)]
        heat = tuple(_cell(each, item) for each, item in zip(tallies, self._items, strict=True))
        mark = "" if len(by_it) == region.urban_communities else OWN_MARK
        shares = _shares(listed, region.combined, region.urban_communities)
        return _Row(visible(name) + mark, region, quote(page), listed, counts, shares, heat)

    def _add_scores(self, members: Iterable[Member], whole: int) -> None:
        count = 0
        for member in members:
            count += 1
            if member.assessed is not None:
                self._scores[member.assessed] += 1
            elif member.status is Status.BELOW:
                self._without["未达标、有条款没有确定的"] += 1
            else:
                self._without[_standing(member)] += 1
        self._without["other"] += whole - count

    def _tallies(self, members: Iterable[Member]) -> list[Tally]:
        """Points lost by item, of the communities that have a sheet."""
        numbers = [str(item.number) for item in self._items]
        found: dict[str, list[int | None]] = {number: [] for number in numbers}
        by_order: dict[tuple[str, ...], list[tuple[int | None, ...]]] = {}
        for member in members:
            if member.numbers:
                by_order.setdefault(member.numbers, []).append(member.points)
        for order, rows in by_order.items():
            for number, values in zip(order, zip(*rows, strict=True), strict=True):
                if number in found:
                    found[number] += values
        return [tally(found[number], item.base) for number, item in zip(numbers, self._items, strict=True)]

    @property
    def lines(self) -> list[tuple[str, str, int]]:
        """Target lines: place in percent, label, year."""
        return [
            (percent(each.ratio), f"{each.year}年目标{percent(each.ratio)}", each.year)
            for each in sorted(self.standard.targets, key=lambda target: target.year)
        ]

    @property
    def targets(self) -> list[Progress]:
        """A past year's target by what was filed of it where that is the only closed year till then, else today's figures."""
        province, found = self.province, []
        for target in sorted(self.standard.targets, key=lambda each: each.year):
            closed = [year for year in province.earlier_years if year <= target.year]
            if closed == [target.year]:
                filed = province.earlier(target.year)
                found.append(Progress(target, filed.count, filed.urban_communities, filed.ratio, filed=True))
            else:
                found.append(Progress(target, province.combined, province.urban_communities, province.combined_ratio))
        return found

    @property
    def bands(self) -> list[tuple[Band, str]]:
        """Bands with their widths."""
        found = bands(list(self._scores.elements()), self.standard)
        most = max([band.count for band in found] + [1])
        return [(band, share(band.count, most)) for band in found]

    @property
    def without_score(self) -> str:
        """Who is in no band, so that the bands and these together are all communities."""
        told = "，".join(f"{label}{count}个" for label, count in sorted(self._without.items()) if count and label != "other")
        others = self._without["other"]
        return (f"没有确定得分的不在内：{told}。" if told else "") + (
            f"用另外标准的{others}个社区，得分不是同一个标准，也不在内。" if others else ""
        )


def _standing(member: Member) -> str:
    """The word of a community's standing, on the same basis as in its region's own overview (S-47)."""
    return NOT_AGAIN if member.excused else member.status.label


def _shares(listed: int, combined: int, urban: int) -> tuple[str, str]:
    """Widths of the bar's two parts: on earlier lists, newly green."""
    return share(listed, urban or 1), share(combined - listed, urban or 1)


def _cell(found: Tally, item: Item) -> Cell:
    adds, step = only_adds(item), level(found.average)
    kind = "none" if step is None else f"a{min(step, 3)}" if adds else f"h{step}"
    return kind, average_text(found, adds), f"{found.unresolved}个待核实" if found.unresolved else ""


