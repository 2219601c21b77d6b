"""Closed years as later years see them, and where their communities stand in the roster of this year (D-11, D-15).

A closed year's list, counts and ratios are as they were filed and never change. What changes is the roster: units and
communities get new codes and names, merge, split, or move to another reporting unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from greencomm.roster import Community, Roster, Unit


@dataclass(frozen=True, slots=True)
class Listed:
    """One community on a closed year's 绿色社区名单: code and name as they were filed."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ClosedUnit:
    """One row of a closed year's Annex 2, as filed."""

    code: str
    name: str
    green: tuple[Listed, ...]
    """The communities that newly reached the standard in that year, in the order of the list."""
    count: int
    """年完成数量."""
    urban_communities: int | None
    """The denominator; None for an imported form, which does not tell it."""
    ratio: Fraction | None
    """年完成比例; exact where the denominator is known, else as the form shows it; None where it shows —."""


@dataclass(frozen=True, slots=True)
class ClosedCommunity:
    """A community of a closed year's roster with its standing then."""

    code: str
    name: str
    unit: str
    green: bool
    """Whether it was on the list after that year: newly green, or on an earlier list."""
    score: int | None
    """核定得分 in points; None where unknown."""


@dataclass(frozen=True, slots=True)
class ClosedYear:
    """A year as its archive holds it: what the columns of that year in Annex 2 show, and each community's standing."""

    year: int
    count: int
    """The region's 年完成数量."""
    urban_communities: int | None
    ratio: Fraction | None
    units: tuple[ClosedUnit, ...]
    communities: tuple[ClosedCommunity, ...]
    """Of an imported form only those on its list."""
    imported: bool = False
    """True where the year comes from a filed Annex 2 and not from a run."""
    sample: bool = False
    """True where it was made from the shipped samples."""
    manifest_sha256: str = ""
    """Of the archive's manifest, so that outputs can name what they were made from."""


class Fate(StrEnum):
    """What the roster of this year says about a community of an earlier list."""

    PRESENT = "present"
    SPLIT = "split"
    """Several communities name its code as their former one."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Trace:
    """One community of an earlier list, followed to the roster of this year."""

    year: int
    listed: Listed
    filed_unit: ClosedUnit
    fate: Fate
    community: Community | None = None
    """What it is today, where PRESENT."""
    parts: tuple[Community, ...] = ()
    """What it was split into, where SPLIT."""


@dataclass(frozen=True)
class Past:
    """All earlier years seen from one roster."""

    years: tuple[ClosedYear, ...] = ()
    """Ascending."""
    traces: tuple[Trace, ...] = ()
    """Every entry of every list, in the order of years and lists."""
    listed: Mapping[str, int] = field(default_factory=dict)
    """By present code: the year of the list that the community already stands on, the earliest where several."""


def follow(years: Sequence[ClosedYear], roster: Roster) -> Past:
    """Follow every listed community of ``years`` to ``roster``, through present and former codes."""
    ordered = tuple(sorted(years, key=lambda year: year.year))
    traces: list[Trace] = []
    listed: dict[str, int] = {}
    for year in ordered:
        for unit in year.units:
            for entry in unit.green:
                trace = _trace(year.year, entry, unit, roster)
                traces.append(trace)
                if trace.community is not None:
                    listed.setdefault(trace.community.code, year.year)
    return Past(ordered, tuple(traces), listed)


def _trace(year: int, entry: Listed, unit: ClosedUnit, roster: Roster) -> Trace:
    community = roster.community_by_any_code.get(entry.code)
    if community is not None:
        return Trace(year, entry, unit, Fate.PRESENT, community)
    parts = roster.parts_of.get(entry.code, ())
    return Trace(year, entry, unit, Fate.SPLIT if parts else Fate.GONE, parts=parts)


def present_unit(unit: ClosedUnit, roster: Roster) -> Unit | None:
    """The unit of this year's roster that has a closed year's unit code now or had it formerly; None where none has."""
    return roster.unit_by_any_code.get(unit.code)


def filed_rows(year: ClosedYear, unit: Unit, roster: Roster) -> tuple[ClosedUnit, ...]:
    """The rows of a closed year that belong into the row of ``unit``: one, none, or several where units were united."""
    return tuple(row for row in year.units if (found := present_unit(row, roster)) and found.code == unit.code)
