"""Sums over many communities that reports and overviews share: points lost by item and clause, scores around the pass mark.

Every output that shows such a figure takes it from here, so that none can say something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from greencomm.findings import Severity
from greencomm.results import CommunityResult, RegionResult, UnitResult, ratio
from greencomm.standard import Standard

BAND_WIDTH = 5
"""Points of one band of the distribution of scores; bands begin at the pass mark and go both ways."""
BANDS_BELOW = 4
"""Bands of that width below the pass mark; everything lower is one band."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Points that one item or clause took from (of an award: added to) the communities that were assessed."""

    communities: int
    """With a sheet on which it is resolved."""
    unresolved: int
    """With a sheet on which it is not."""
    affected: int
    """To which it cost (of an award: gave) at least one point."""
    points: int
    """All of these together."""

    @property
    def average(self) -> Fraction | None:
        """Points for each assessed community, exact; None where none was assessed."""
        return ratio(self.points, self.communities)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.communities + other.communities,
            self.unresolved + other.unresolved,
            self.affected + other.affected,
            self.points + other.points,
        )


NOTHING = Tally(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Losses:
    """What the items and clauses of one standard cost some communities."""

    standard: Standard
    items: dict[int, Tally]
    """By item number, in the standard's order. An item never loses more than its points (D-05), so that it may lose less
    than its clauses together."""
    clauses: dict[str, Tally]
    """By clause id, in the standard's order: deductions as assessed."""

    def plus(self, other: Losses) -> Losses:
        """Both together; ``other`` is of the same standard."""
        return Losses(
            self.standard,
            {number: tally + other.items[number] for number, tally in self.items.items()},
            {clause: tally + other.clauses[clause] for clause, tally in self.clauses.items()},
        )

    @property
    def dearest(self) -> tuple[str, ...]:
        """Clauses that cost something, dearest first; equal ones in the standard's order. Awards are none of them."""
        costly = [each for each, tally in self.clauses.items() if tally.points and not self.standard.clause[each].adds]
        return tuple(sorted(costly, key=lambda each: (-self.clauses[each].points, -self.clauses[each].affected)))


def losses(communities: Iterable[CommunityResult], standard: Standard) -> Losses:
    """Sum over the communities among ``communities`` that have a sheet; all are scored by ``standard``."""
    sheets = [community for community in communities if community.clauses]
    items = {item.number: tally([sheet.items[item.number] for sheet in sheets], item.base) for item in standard.items}
    by_clause: dict[str, list[int | None]] = {clause.id: [] for clause in standard.clauses}
    for sheet in sheets:
        for entry in sheet.clauses:
            by_clause[entry.clause].append(entry.assessed)
    return Losses(standard, items, {clause: tally(values, 0) for clause, values in by_clause.items()})


def tally(values: Sequence[int | None], base: int) -> Tally:
    """Of the values that are known, how far they lie from ``base`` (a score from full points; a deduction from 0)."""
    known = [abs(base - value) for value in values if value is not None]
    return Tally(len(known), len(values) - len(known), sum(points > 0 for points in known), sum(known))


@dataclass(frozen=True, slots=True)
class LossTable:
    """Points lost unit by unit, worked out once for everything that shows them."""

    units: tuple[tuple[UnitResult, Losses], ...]
    """Every unit in the order of Annex 2, each by its own standard."""
    region: Losses
    """The units that are scored by the prefecture's standard together: items and clauses of a county's own standard (D-14)
    may be others, and cannot be added to these."""

    def by_unit(self, clause: str) -> tuple[tuple[UnitResult, Tally], ...]:
        """Where a clause of the prefecture's standard costs most: points for each community, dearest first.

        Only units that are scored by that standard and lost something.
        """
        found = [
            (unit, tally)
            for unit, lost in self.units
            if unit.own_standard is None and (tally := lost.clauses[clause]).points
        ]
        return tuple(sorted(found, key=lambda entry: (-(entry[1].average or 0), -entry[1].points)))


def loss_table(result: RegionResult) -> LossTable:
    """What each item and clause cost, by unit and for the region."""
    units = tuple((unit, losses(unit.communities, result.standard_of(unit))) for unit in result.units)
    region = losses([], result.standard)
    for unit, lost in units:
        if unit.own_standard is None:
            region = region.plus(lost)
    return LossTable(units, region)


@dataclass(frozen=True, slots=True)
class Band:
    """A range of whole scores, both ends included, and how many communities have one of them."""

    lowest: int
    highest: int
    count: int
    reaches_mark: bool
    """Whether its scores are at or above the pass mark (D-01)."""

    @property
    def label(self) -> str:
        """``80～84分``; the lowest band ``60分以下`` would include 60 (D-01), so it names both its ends too."""
        return f"{self.lowest}～{self.highest}分" if self.lowest != self.highest else f"{self.lowest}分"


def distribution(communities: Iterable[CommunityResult], standard: Standard) -> tuple[Band, ...]:
    """Assessed scores in bands that begin at the pass mark, lowest first; communities without a certain score are in none."""
    return bands([community.assessed_score for community in communities if community.assessed_score is not None], standard)


def bands(scores: Sequence[int], standard: Standard) -> tuple[Band, ...]:
    """The same of scores."""
    mark = standard.pass_mark.points
    starts = [start for start in range(mark - BANDS_BELOW * BAND_WIDTH, standard.full_score, BAND_WIDTH) if start > 0]
    edges = [0, *starts, standard.full_score + 1]
    return tuple(
        Band(low, high - 1, sum(low <= score < high for score in scores), low >= mark)
        for low, high in zip(edges, edges[1:], strict=False)
    )


@dataclass(frozen=True, slots=True)
class Examples:
    """Good examples, and how many more are as good as one of them."""

    chosen: tuple[tuple[UnitResult, CommunityResult], ...]
    equal: int
    """Communities that are not chosen and have the score and the awards of one that is."""


def examples(result: RegionResult, units: Iterable[UnitResult], count: int, of_one_unit: int | None = None) -> Examples:
    """Good examples: at most ``count`` communities that count and about which nothing is open; at most ``of_one_unit`` of
    one unit.

    Those whose award has its evidence written down come first (clauses that add, such as 17.1, ask for it), then the best
    score, more points by awards, the roster's order.
    """
    found = []
    for unit in units:
        adding = {clause.id for clause in result.standard_of(unit).clauses if clause.adds}
        open_ones = {
            finding.place.community
            for finding in unit.findings
            if finding.settlement is None and finding.severity is not Severity.NOTE
        }
        for community in unit.communities:
            if community.counts and community.assessed_score is not None and community.community.code not in open_ones:
                given = [entry for entry in community.clauses if entry.clause in adding and entry.assessed]
                awards = sum(entry.assessed or 0 for entry in given)
                told = any(entry.evidence.strip() for entry in given)
                found.append(((not told, -community.assessed_score, -awards), unit, community))
    found.sort(key=lambda entry: entry[0])
    chosen: list[tuple[tuple[bool, int, int], UnitResult, CommunityResult]] = []
    left, taken = [], Counter[str]()
    for entry in found:
        code = entry[1].unit.code
        if len(chosen) < count and (of_one_unit is None or taken[code] < of_one_unit):
            taken[code] += 1
            chosen.append(entry)
        else:
            left.append(entry)
    ranks = {rank for rank, _, _ in chosen}
    return Examples(tuple((unit, community) for _, unit, community in chosen), sum(rank in ranks for rank, _, _ in left))
