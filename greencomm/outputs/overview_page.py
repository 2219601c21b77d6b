"""``overview.html``: the overview as one page that needs no network, with its data inside (S-41)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from greencomm import __version__
from greencomm.findings import Finding, Severity
from greencomm.outputs.book import PILOT, SAMPLE_HEADER, SAMPLE_SUFFIX, chinese_date, plain_number, provenance
from greencomm.outputs.overview import (
    NAME,
    OWN_MARK,
    STEP_LABELS,
    Column,
    Overview,
    Pending,
    adds_here,
    arithmetic,
    average_text,
    level,
    open_findings,
    pending_reasons,
    pending_remark,
    points_of,
    tally_of,
)
from greencomm.outputs.progress import STATE_LABELS, next_step
from greencomm.outputs.ranking import arithmetic as ranking_arithmetic
from greencomm.outputs.ranking import compares, lift_text, rank_text, rule_lines
from greencomm.ranking import Ranked, criteria_in_use, ranking_rule
from greencomm.results import CommunityResult, UnitResult, percent, standing_counts, standing_place
from greencomm.standard import Standard
from greencomm.standard.ranking import Measure
from greencomm.texts import quoted, visible

MOST_UNITS = 300
"""Units that the page shows; of more those with the lowest ratio."""
MOST_COMMUNITIES = 6000
"""Communities that the page lists; of more those that matter (``Overview.that_matter``)."""
MOST_OPEN = 40
"""Units up to which their tables lie open; longer ones scroll in a box on the screen, so that what follows is near."""
MOST_PENDING = 200
"""Pending communities in the page's own list; the rest are in the list below and in the workbook."""
MOST_NAMED = 50
"""Communities that one sentence names before it says 等; all of them are in the list."""
_HEAD = 14
"""Characters of an item's name in the head of the heat map; the whole name is its title, and below the map."""
_LISTS = {
    Measure.COMBINED_RATIO: "r", Measure.YEAR_PROGRESS: "n", Measure.SINCE_SELF_EVALUATION: "n", Measure.OPEN_SEND_BACK: "f0",
    Measure.OPEN_VERIFY: "f1",
}  # fmt: skip
"""What a cell of the ranking opens: a kind of ``overview.js``'s lists."""
_CLAUSES = 4
"""Unresolved clauses of a pending community that are named before the rest is counted."""


def write_overview_page(target: Path, overview: Overview, reports: Mapping[str, str], workbook: str) -> None:
    """Write the page; ``reports`` names each unit's discrepancy report by unit code, ``workbook`` the same overview in Excel.

    Paths are relative to the page's folder, with ``/``. The same overview gives the same bytes.
    """
    page = _Page(overview, reports)
    context = {
        "o": overview, "r": overview.result, "page": page, "css": Markup(asset("overview.css")), "js": Markup(asset("overview.js")),
        "policy": _policy(), "data": Markup(embedded(page.data())), "workbook": workbook, "version": __version__,
        "origin": provenance(overview.result, NAME), "sample": SAMPLE_HEADER, "suffix": SAMPLE_SUFFIX,
        "date": chinese_date(overview.result.run_date), "own_mark": OWN_MARK,
        "steps": STEP_LABELS, "most_named": MOST_NAMED, "most_units": MOST_UNITS, "most_pending": MOST_PENDING,
    }  # fmt: skip
    target.write_bytes(_template().render(context).encode())


def embedded(data: Any) -> str:
    """JSON that can stand inside a ``<script>``: nothing in it ends the element or begins markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "&<>\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@cache
def asset(name: str) -> str:
    """The text of a file beside this module."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _policy() -> str:
    """Content-Security-Policy: nothing is fetched from anywhere, and no style or script runs but the page's own two."""

    def hash_of(name: str) -> str:
        return base64.b64encode(hashlib.sha256(asset(name).encode()).digest()).decode()

    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{hash_of('overview.css')}'; script-src 'sha256-{hash_of('overview.js')}'"
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=shown
    )
    return environment.from_string(asset("overview.html"))


def shown(value: Any) -> Any:
    """Text as people see it: marks that turn the direction of writing, and the like, made visible."""
    return visible(value) if type(value) is str else value


class _Page:
    """What the template asks for beside the overview's own figures."""

    def __init__(self, overview: Overview, reports: Mapping[str, str]) -> None:
        self.overview, self.result = overview, overview.result
        self.reports = reports
        self.units = self._units()
        self.number = {unit.unit.code: number for number, (unit, _) in enumerate(self.units)}
        self.standards = {standard.id: number for number, standard in enumerate(overview.standards)}
        self.communities = self._communities()
        self.place = {
            (unit.unit.code, each.community.code): number for number, (unit, each) in enumerate(self.communities)
        }

    # what is shown

    percent = staticmethod(percent)

    def _units(self) -> list[tuple[UnitResult, Any]]:
        """In the order of Annex 2."""
        units = list(enumerate(self.overview.table.units))
        if len(units) > MOST_UNITS:
            lowest = sorted(units, key=lambda entry: (entry[1][0].combined_ratio is None, entry[1][0].combined_ratio or 0))
            units = sorted(lowest[:MOST_UNITS], key=lambda entry: entry[0])
        return [entry for _, entry in units]

    def _communities(self) -> list[tuple[UnitResult, CommunityResult]]:
        return list(self.overview.that_matter(MOST_COMMUNITIES))

    @property
    def left_out(self) -> int:
        """Communities that the page does not list."""
        return self.result.urban_communities - len(self.communities)

    def name(self, unit: UnitResult) -> str:
        return visible(unit.unit.name) + (OWN_MARK if unit.own_standard else "")

    def state(self, unit: UnitResult) -> str:
        return STATE_LABELS[unit.state]

    @property
    def boxed(self) -> str:
        """The class of tables of units that scroll by themselves."""
        return " box" if len(self.units) > MOST_OPEN else ""

    def standing_counts(self, unit: UnitResult) -> tuple[int, ...]:
        return standing_counts((unit,), self.result)

    @property
    def ranking(self) -> tuple[Ranked, ...]:
        """The units by rank; where there are very many those that are ranked first."""
        return self.overview.ranking[:MOST_UNITS]

    rank_text, lift_text = staticmethod(rank_text), staticmethod(lift_text)

    @property
    def ranking_title(self) -> str:
        return ranking_rule().title

    @property
    def ranking_order(self) -> str:
        return compares(self.result)

    @property
    def ranking_rule(self) -> tuple[str, ...]:
        return rule_lines(self.result)

    @property
    def criteria(self) -> list[str]:
        return [each.name for each in criteria_in_use(self.result)]

    def shown_unit(self, unit: UnitResult) -> int | None:
        """Number of a unit that the page has details of."""
        number = self.number.get(unit.unit.code, len(self.units))
        return number if number < len(self.units) else None

    def ranking_cells(self, row: Ranked) -> list[tuple[str, str, str]]:
        """How the value of each criterion comes about, with the rank by it alone, and the list that it opens."""
        cells = []
        for each in criteria_in_use(self.result):
            alone = row.ranks.get(each.measure)
            kind = "" if row.values.get(each.measure) is None else _LISTS[each.measure]
            cells.append((ranking_arithmetic(row, each, self.result), "" if alone is None else f"第{alone}", kind))
        return cells

    def shares(self, unit: UnitResult) -> tuple[str, str]:
        """Widths of the bar's two parts, in percent: on earlier lists, newly green."""
        whole = unit.urban_communities or 1
        return share(len(unit.listed), whole), share(unit.combined_count - len(unit.listed), whole)

    def region_shares(self) -> tuple[str, str]:
        whole = self.result.urban_communities or 1
        return share(self.overview.listed, whole), share(self.result.combined_count - self.overview.listed, whole)

    def lines(self) -> list[tuple[str, str, int]]:
        """Target lines: place in percent, label, year."""
        return [
            (percent(each.ratio), f"{each.year}年目标{percent(each.ratio)}", each.year)
            for each in sorted(self.result.standard.targets, key=lambda target: target.year)
        ]

    def heat(self, lost: Any) -> list[tuple[str, str, str]]:
        """Cells of one row: class, text, what a screen reader says besides."""
        cells = []
        for column in self.overview.items:
            tally, adds = tally_of(lost, column), adds_here(lost, column)
            step = level(tally.average) if tally else None
            kind = "none" if step is None else f"a{min(step, 3)}" if adds else f"h{step}"
            cells.append((kind, average_text(tally, adds), f"{tally.unresolved}个待核实" if tally and tally.unresolved else ""))
        return cells

    def column_title(self, column: Column) -> str:
        own = f"（仅自定标准{OWN_MARK}）" if column.own else ""
        return f"{column.label} {column.name}（{column.points}分{'，加分' if column.adds else ''}）{own}"

    def short(self, column: Column) -> str:
        """The item's name above a narrow column; ``…`` says where it is cut."""
        return column.name if len(column.name) <= _HEAD else column.name[: _HEAD - 1].rstrip("、，") + "…"

    def band_width(self, count: int) -> str:
        return share(count, max([band.count for band in self.overview.bands] + [1]))

    def reasons(self, pending: Pending) -> str:
        return pending_reasons(pending, _CLAUSES)

    def remark(self, pending: Pending) -> str:
        return pending_remark(pending, self.result.standard_of(pending.unit))

    def clause_groups(self) -> list[tuple[Column, list[Column]]]:
        """Items with their clauses, for the filter."""
        item_of = {clause.id: clause.item_number for standard in self.overview.standards for clause in standard.clauses}
        return [(item, [each for each in self.overview.clauses if item_of[str(each.key)] == item.key]) for item in self.overview.items]

    # what a click leads to

    def data(self) -> dict[str, Any]:
        """The page's data: whoever changes its shape changes ``overview.js`` with it (S-41)."""
        self.files: dict[str, int] = {}
        found = {unit.unit.code: open_findings(unit) for unit in self.result.units}
        return {
            "statuses": list(self.overview.standings),
            "severities": [severity.label for severity in Severity],
            "standards": [_standard(standard) for standard in self.overview.standards],
            "units": [self._unit(unit, lost, found[unit.unit.code].get(None, [])) for unit, lost in self.units],
            "others": self._others(),
            "communities": [
                self._community(unit, each, found[unit.unit.code].get(each.community.code, [])) for unit, each in self.communities
            ],
            "files": [visible(name) for name in self.files],
            "leftOut": self.left_out,
        }

    def _others(self) -> list[str]:
        """Names of units that the page does not show but some of whose communities it lists; numbered after the others."""
        names: list[str] = []
        for unit, _ in self.communities:
            if unit.unit.code not in self.number:
                self.number[unit.unit.code] = len(self.units) + len(names)
                names.append(visible(unit.unit.name))
        return names

    def _file(self, name: str | None) -> int:
        return -1 if name is None else self.files.setdefault(name, len(self.files))

    def _unit(self, unit: UnitResult, lost: Any, findings: list[Finding]) -> list[Any]:
        report = self.reports.get(unit.unit.code, "")
        standard = self.result.standard_of(unit)
        return [
            self.name(unit),
            unit.unit.code,
            self.standards[standard.id],
            [unit.urban_communities, len(unit.listed), len(unit.green), unit.combined_count, *self.standing_counts(unit)],
            percent(unit.combined_ratio),
            STATE_LABELS[unit.state],
            next_step(unit, self.result).value,
            [unit.open_count(Severity.SEND_BACK), unit.open_count(Severity.VERIFY)],
            [[t.communities, t.affected, t.points, t.unresolved] for t in lost.items.values()],
            [[t.communities, t.affected, t.points, t.unresolved] for t in lost.clauses.values()],
            quote(report),
            [self._finding(finding, None) for finding in findings],
        ]

    def _community(self, unit: UnitResult, each: CommunityResult, findings: list[Finding]) -> list[Any]:
        standard = self.result.standard_of(unit)
        position = _positions(standard)
        entries = [
            _trimmed(
                [
                    position[clause.id], entry.assessed, quoted(entry.actual_shown), quoted(entry.stated_shown),
                    entry.actual_cell or "", entry.stated_cell or "", arithmetic(clause, entry), quoted(entry.evidence),
                ]
            )
            for clause, entry in points_of(each, standard)
        ]  # fmt: skip
        return _trimmed(
            [
                self.number[unit.unit.code],
                each.community.code,
                visible(each.community.name) + (PILOT if each.community.pilot else ""),
                standing_place(each),
                None if each.declared_score is None else plain_number(each.declared_score),
                each.assessed_score,
                each.lowest if each.sheet else None,
                each.highest if each.sheet else None,
                {True: 1, False: 0, None: None}[each.claimed],
                each.listed,
                self.standards[standard.id],
                self._file(each.file),
                visible(each.sheet or ""),
                entries,
                [self._finding(finding, each) for finding in findings],
            ]
        )

    def _finding(self, finding: Finding, community: CommunityResult | None) -> list[Any]:
        place = finding.place
        same = community is not None and (place.file, place.sheet) == (community.file, community.sheet)
        return _trimmed(
            [
                finding.severity.rank, finding.rule, place.clause or "", visible(finding.message),
                "" if finding.settlement else visible(finding.fix), finding.state_label, place.cell or "",
                int(finding.is_open), -2 if same else self._file(place.file), "" if same else visible(place.sheet or ""),
            ]
        )  # fmt: skip


def share(part: int, whole: int) -> str:
    """A width in percent."""
    return f"{part * 100 / whole:.2f}%"


_position: dict[str, dict[str, int]] = {}


def _positions(standard: Standard) -> dict[str, int]:
    """Number of each clause in the standard's order."""
    if standard.sha256 not in _position:
        _position[standard.sha256] = {clause.id: number for number, clause in enumerate(standard.clauses)}
    return _position[standard.sha256]


def _standard(standard: Standard) -> dict[str, Any]:
    return {
        "title": standard.title,
        "id": standard.id,
        "mark": standard.pass_mark.points,
        "full": standard.full_score,
        "items": [[item.number, item.standard, item.points, int(item.base < item.points)] for item in standard.items],
        "clauses": [
            [clause.id, clause.item_number, clause.name, clause.terms, int(clause.adds), int(clause.measure is not None)]
            for clause in standard.clauses
        ],
    }


def _trimmed(values: list[Any]) -> list[Any]:
    """Without what is empty at the end."""
    while values and values[-1] in ("", None, []):
        values.pop()
    return values
