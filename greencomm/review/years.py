"""This year against the lists of earlier ones: who already stands on a list, and what became of those who did (D-11)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from greencomm import rules
from greencomm.findings import Finding, Place, sorted_for_readers
from greencomm.past_years import ClosedYear, Fate, Past, Trace, follow, present_unit
from greencomm.results import Status, UnitResult
from greencomm.review.names import is_variant, nearest
from greencomm.review.submissions import StandardOf
from greencomm.roster import COMMUNITY_SHEET, UNIT_SHEET, Community, Roster, former_codes_of
from greencomm.standard import Standard

_NOT_ASKED = frozenset(rule.code for rule in (rules.COMMUNITY_WITHOUT_SHEET, rules.CLAIM_BELOW, rules.CLAIM_GREEN))
"""What is not said of a community that already stands on a list: it need not report nor claim again."""


def with_earlier_years(
    units: Sequence[UnitResult], earlier: Sequence[ClosedYear], roster: Roster, standard: Standard, standard_of: StandardOf
) -> tuple[tuple[UnitResult, ...], tuple[Finding, ...]]:
    """The units with ``listed`` set and the findings about earlier lists, and the findings that belong to no unit.

    ``standard`` is the prefecture's; ``standard_of`` gives the one a unit is scored by.
    """
    if not earlier:
        return tuple(units), ()
    past = follow(earlier, roster)
    found = [*_about_units(past, roster, standard), *_about_traces(past, roster)]
    found += [finding for unit in units for finding in _about_results(unit, past, standard_of(unit.unit))]
    made = []
    for unit in units:
        communities = tuple(
            dataclasses.replace(result, listed=past.listed.get(result.community.code)) for result in unit.communities
        )
        kept = [
            finding
            for finding in unit.findings
            if not (finding.rule in _NOT_ASKED and finding.place.community in past.listed)
        ]
        kept += [finding for finding in found if finding.place.unit == unit.unit.code]
        ordered = sorted_for_readers(kept)
        made.append(dataclasses.replace(unit, communities=communities, findings=ordered))
    return tuple(made), tuple(finding for finding in found if finding.place.unit not in roster.unit)


def _about_results(unit: UnitResult, past: Past, standard: Standard) -> Iterable[Finding]:
    """Sheets that came from communities of earlier lists."""
    for result in unit.communities:
        year = past.listed.get(result.community.code)
        if year is None:
            continue
        community = result.community
        place = Place(unit.unit.code, community.code, file=result.file, sheet=result.sheet)
        if result.claimed:
            yield rules.LISTED_AGAIN.at(place, found=community.code, name=community.name, year=year)
        if result.status is Status.BELOW and result.highest is not None:
            score = result.assessed_score
            shown = str(score) if score is not None else f"最高{result.highest}"
            mark = str(standard.pass_mark.points)
            yield rules.LISTED_BELOW.at(place, found=shown, expected=mark, name=community.name, year=year)


def _about_units(past: Past, roster: Roster, standard: Standard) -> Iterable[Finding]:
    """Units whose code or name has changed since a closed year, or that are gone."""
    for year in past.years:
        for row in year.units:
            unit = present_unit(row, roster)
            if unit is None:
                if row.count:
                    total = standard.annex2.total_label
                    place = Place(sheet=UNIT_SHEET)
                    yield rules.UNIT_GONE.at(place, found=row.code, name=row.name, year=year.year, total=total)
            elif (unit.code, unit.name) != (row.code, row.name):
                words: dict[str, Any] = {"code": row.code, "now": unit.code, "year": year.year}
                place = Place(unit.code, sheet=UNIT_SHEET)
                yield rules.UNIT_RENAMED.at(place, found=row.name, expected=unit.name, about=str(year.year), **words)


def _about_traces(past: Past, roster: Roster) -> Iterable[Finding]:
    """What became of the communities of earlier lists: renamed, merged, split, gone, moved to another unit."""
    by_community: dict[str, list[Trace]] = {}
    for trace in past.traces:
        if trace.community is not None:
            by_community.setdefault(trace.community.code, []).append(trace)
        elif trace.fate is Fate.SPLIT:
            yield _split(trace)
        else:
            yield _gone(trace, roster)
    for traces in by_community.values():
        yield from _present(traces, past, roster)


def _present(traces: list[Trace], past: Past, roster: Roster) -> Iterable[Finding]:
    first = traces[0]
    community = first.community
    assert community is not None
    place = Place(community.unit, community.code, sheet=COMMUNITY_SHEET)
    words: dict[str, Any]
    about: dict[str, Any] = {"name": community.name, "code": community.code, "year": first.year}
    codes = {trace.listed.code for trace in traces}
    others = [known for known in _not_listed(community, past) if known[0] not in codes]
    on_lists = "、".join(f"“{trace.listed.name}”（{trace.listed.code}）" for trace in traces)
    if others:
        words = {"others": "、".join(f"“{name}”（{code}）" for code, name in others), "codes": "、".join(sorted(codes))}
        yield rules.LISTED_MERGED_IN_PART.at(place, found=on_lists, **about, **words)
    elif len(codes) > 1:
        yield rules.LISTED_MERGED.at(place, found=on_lists, **about)
    elif _is_renamed(first, community, roster):
        words = {"code": first.listed.code, "now": community.code, "year": str(first.year)}
        yield rules.LISTED_RENAMED.at(place, found=first.listed.name, expected=community.name, **words)
    filed = present_unit(first.filed_unit, roster)
    if filed is None or filed.code != community.unit:
        now = roster.unit[community.unit].name
        yield rules.LISTED_MOVED.at(place, found=first.filed_unit.name, expected=now, **about)


def _not_listed(community: Community, past: Past) -> list[tuple[str, str]]:
    """(code, name) of those that were merged into ``community`` without having reached the standard."""
    codes = {community.code, *community.former_codes}
    found: dict[str, str] = {}
    for year in past.years:
        members = [known for known in year.communities if known.code in codes]
        # One community that changed its code between two closed years is not two that merged.
        if len(members) > 1:
            found |= {known.code: known.name for known in members if not known.green}
    return sorted(found.items())


def _is_renamed(trace: Trace, community: Community, roster: Roster) -> bool:
    """A new name, or a new code that does not just follow the new code of its unit (that is told once for the unit)."""
    if trace.listed.name != community.name:
        return True
    unit = roster.unit[community.unit]
    expected = former_codes_of(community.code, unit.code, unit.former_codes)
    return trace.listed.code not in (community.code, *expected)


def _split(trace: Trace) -> Finding:
    place = Place(trace.parts[0].unit, None, sheet=COMMUNITY_SHEET)
    parts = "、".join(f"“{part.name}”（{part.code}）" for part in trace.parts)
    return rules.LISTED_SPLIT.at(
        place, found=trace.listed.code, name=trace.listed.name, year=trace.year, parts=parts, about=trace.listed.code
    )


def _gone(trace: Trace, roster: Roster) -> Finding:
    unit = present_unit(trace.filed_unit, roster)
    members = roster.of_unit[unit.code] if unit else roster.communities
    near = _same_name(trace.listed.name, members) or nearest(trace.listed.name, members)
    hint = f"（名称相近的有“{near.name}”{near.code}）" if near else ""
    place = Place(unit.code if unit else None, sheet=COMMUNITY_SHEET)
    words: dict[str, Any] = {"name": trace.listed.name, "unit": trace.filed_unit.name, "year": trace.year, "hint": hint}
    return rules.LISTED_GONE.at(place, found=trace.listed.code, about=trace.listed.code, **words)


def _same_name(name: str, communities: Iterable[Community]) -> Community | None:
    same = [c for c in communities if is_variant(name, c.name) or name in c.former_names]
    return same[0] if len(same) == 1 else None
