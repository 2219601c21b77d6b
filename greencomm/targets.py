"""Progress against the notice's targets, and which communities are nearest to the pass mark (D-12, S-34)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from greencomm.results import CommunityResult, RegionResult, Status, UnitResult, ratio
from greencomm.standard import Standard
from greencomm.standard.model import Target


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a region, or for information a unit, is from one target. Communities are counted once over all years (D-11)."""

    target: Target
    count: int
    """Communities on an earlier list or newly green."""
    urban_communities: int | None
    """None for a year whose imported form does not tell it."""
    ratio: Fraction | None
    """合计完成比例; None where there is no urban community."""
    filed: bool = False
    """True where these are the figures that were filed of the target's own, closed year; else they are today's."""

    @property
    def needed(self) -> int | None:
        """The smallest number of communities that reaches the target, exact; None where it is of an unknown number."""
        return None if self.urban_communities is None else math.ceil(self.target.ratio * self.urban_communities)

    @property
    def missing(self) -> int | None:
        """How many more communities are needed; 0 where the target is met; None where that is not known."""
        return None if self.needed is None else max(0, self.needed - self.count)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached (以上 includes it, D-01); None where there is no urban community (D-10)."""
        return None if self.ratio is None else self.ratio >= self.target.ratio


@dataclass(frozen=True, slots=True)
class Loss:
    """A clause that costs a community points; ``points`` is None where the clause is unresolved."""

    clause: str
    name: str
    points: int | None
    most: int
    """The most points that it can still cost where it is unresolved; else ``points``."""


@dataclass(frozen=True, slots=True)
class Near:
    """A community that does not count yet and is close to the pass mark."""

    community: CommunityResult
    lowest: int
    """Points that it has for sure."""
    highest: int
    """Points that it may have; the same where nothing is unresolved."""
    short: int
    """Points that are missing for sure, even with every unresolved clause decided in its favour; 0 or less is none."""
    losses: tuple[Loss, ...]
    """Unresolved clauses first, then the dearest."""


def progress(result: RegionResult) -> tuple[Progress, ...]:
    """The region against each target of the prefecture's standard, ascending.

    A past target is measured by what was filed of its year, where that is closed; this year's and later ones by today's
    figures, and so does the last one after its year.
    """
    ahead = _ahead(result.standard, result.year)
    today = result.combined_count, result.urban_communities, result.combined_ratio
    past = sorted((each for each in result.standard.targets if each not in ahead), key=lambda target: target.year)
    return tuple(_filed(target, result) or Progress(target, *today) for target in past) + tuple(
        Progress(target, *today) for target in ahead
    )


def _filed(target: Target, result: RegionResult) -> Progress | None:
    """The figures of the closed year of ``target``, all lists up to it together; None where that year is not closed."""
    years = [year for year in result.earlier if year.year <= target.year]
    if not years or years[-1].year != target.year:
        return None
    year = years[-1]
    if len(years) == 1:
        return Progress(target, year.count, year.urban_communities, year.ratio, filed=True)
    # A year's own count leaves out who was listed before; its roster has them, an imported form does not.
    count = sum(each.count for each in years) if year.imported else sum(each.green for each in year.communities)
    whole = None if year.urban_communities is None else ratio(count, year.urban_communities)
    return Progress(target, count, year.urban_communities, whole, filed=True)


def unit_progress(unit: UnitResult, result: RegionResult) -> tuple[Progress, ...]:
    """A unit's own share against the region's targets, for information only (D-12)."""
    return tuple(
        Progress(target, unit.combined_count, unit.urban_communities, unit.combined_ratio)
        for target in _ahead(result.standard, result.year)
    )


def _ahead(standard: Standard, year: int) -> list[Target]:
    """Targets of this year and later ones; after the last of them it goes on being the measure."""
    ordered = sorted(standard.targets, key=lambda target: target.year)
    return [target for target in ordered if target.year >= year] or ordered[-1:]


def nearest_communities(unit: UnitResult, standard: Standard) -> tuple[Near, ...]:
    """Communities of a unit that are pending, or below the mark by at most ``pass_mark.near_points``, nearest first.

    ``standard`` is the one the unit is scored by.
    """
    found = [near for result in unit.communities if (near := _near(result, standard))]
    mark = standard.pass_mark.points
    # Who only waits for an answer first; then by the points that are missing; the roster's order last (sorting is stable).
    return tuple(sorted(found, key=lambda near: (max(0, mark - near.highest), max(0, mark - near.lowest))))


def nearest_in_region(result: RegionResult) -> tuple[tuple[UnitResult, Near], ...]:
    """The same for all units together, each by its own standard; equally near ones in the order of Annex 2."""
    found = [(unit, near) for unit in result.units for near in nearest_communities(unit, result.standard_of(unit))]

    def far(entry: tuple[UnitResult, Near]) -> tuple[int, int]:
        unit, near = entry
        mark = result.standard_of(unit).pass_mark.points
        return max(0, mark - near.highest), max(0, mark - near.lowest)

    return tuple(sorted(found, key=far))


def _near(result: CommunityResult, standard: Standard) -> Near | None:
    if result.counts or result.lowest is None or result.highest is None or not result.clauses:
        return None
    mark = standard.pass_mark
    if result.status is Status.BELOW and result.highest < mark.points - mark.near_points:
        return None
    return Near(result, result.lowest, result.highest, mark.points - result.highest, losses_of(result, standard))


def losses_of(result: CommunityResult, standard: Standard) -> tuple[Loss, ...]:
    """What costs a community points: unresolved clauses first, then the dearest; ``standard`` is the one it is scored by."""
    return tuple(sorted(_losses(result, standard), key=lambda loss: (loss.points is not None, -loss.most)))


def _losses(result: CommunityResult, standard: Standard) -> Iterator[Loss]:
    for entry in result.clauses:
        if entry.assessed == 0:
            continue
        clause = standard.clause[entry.clause]
        if entry.assessed is None:
            yield Loss(clause.id, clause.name, None, max(clause.possible))
        elif not clause.adds:
            yield Loss(clause.id, clause.name, entry.assessed, entry.assessed)
