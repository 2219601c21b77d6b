"""Reporting units and communities with their names and codes before and after a change (D-10, D-15, D-16)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from functools import cached_property

from greencomm.findings import Finding

COMMITTEE = "居民委员会"


@dataclass(frozen=True, slots=True)
class Unit:
    """A reporting unit (填报单位): a county or city, or the development zone."""

    code: str
    name: str
    former_codes: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    standard: str = ""
    """File name of the unit's own standard; empty for the prefecture's (D-14)."""


@dataclass(frozen=True, slots=True)
class Community:
    """An urban community (居民委员会) of the roster; it counts in its reporting unit only."""

    code: str
    name: str
    county: str
    town: str
    unit: str
    """Code of its reporting unit."""
    former_names: tuple[str, ...] = ()
    former_codes: tuple[str, ...] = ()
    pilot: bool = False

    @property
    def short_name(self) -> str:
        """The name without 居民委员会, as sheets are named."""
        return self.name.removesuffix(COMMITTEE) or self.name


@dataclass(frozen=True, slots=True)
class Batch:
    """Sheet 批次: what is collected, by whom, until when."""

    region: str
    year: int
    phase: str
    reporting_unit: str
    contact: str
    phone: str
    deadlines: dict[str, datetime.date]
    """By phase; the standard's where the sheet leaves them blank."""
    form_date: datetime.date | None
    """填报时间 on the forms; None = the run's date."""


@dataclass(frozen=True)
class Roster:
    """The denominators of every ratio: units in the order of Annex 2, communities in the order of the roster."""

    batch: Batch
    units: tuple[Unit, ...]
    communities: tuple[Community, ...]
    findings: tuple[Finding, ...] = field(default=())
    """Rows reported and not counted (village committees, D-16)."""

    @cached_property
    def unit(self) -> dict[str, Unit]:
        """Units by current code."""
        return {unit.code: unit for unit in self.units}

    @cached_property
    def unit_by_any_code(self) -> dict[str, Unit]:
        """Units by current and former codes."""
        former = {code: unit for unit in self.units for code in unit.former_codes}
        return former | self.unit

    @cached_property
    def unit_by_any_name(self) -> dict[str, Unit]:
        """Units by current and former names."""
        former = {name: unit for unit in self.units for name in unit.former_names}
        return former | {unit.name: unit for unit in self.units}

    @cached_property
    def community(self) -> dict[str, Community]:
        """Communities by current code."""
        return {community.code: community for community in self.communities}

    @cached_property
    def community_by_any_code(self) -> dict[str, Community]:
        """Communities by current and former codes."""
        former = {code: community for community in self.communities for code in community.former_codes}
        return former | self.community

    @cached_property
    def of_unit(self) -> dict[str, tuple[Community, ...]]:
        """Communities of each unit, by unit code; an empty tuple where a unit has none."""
        members: dict[str, list[Community]] = {unit.code: [] for unit in self.units}
        for community in self.communities:
            members[community.unit].append(community)
        return {code: tuple(communities) for code, communities in members.items()}
