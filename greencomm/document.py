"""``result.json``: the results as other programs read them (contract, Results)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from greencomm import __version__
from greencomm.findings import Finding, Impact
from greencomm.intake.times import CHINA
from greencomm.machine import json_but_last, json_bytes, json_last
from greencomm.past_years import ClosedYear, filed_rows
from greencomm.results import CommunityResult, RegionResult, UnitResult, ratio_text
from greencomm.review.deliverables import Entry, entries_of
from greencomm.roster import Batch, Waiver
from greencomm.standard import Standard
from greencomm.targets import Progress, progress

SCHEMA = "greencomm-result/1"
OUTPUTS = "outputs"


@dataclass(frozen=True, slots=True)
class Output:
    """One file beside ``result.json``: its role, the unit it is for (None = the region), path with ``/`` and hash."""

    role: str
    unit: str | None
    path: str
    sha256: str


def result_document(result: RegionResult, outputs: Sequence[Output]) -> dict[str, Any]:
    """The whole document as plain values."""
    return {
        "schema": SCHEMA,
        "year": result.year,
        "phase": result.phase,
        "standard": _standard(result.standard),
        "program": {"version": __version__},
        "run_date": result.run_date.isoformat(),
        "input": {"sha256": result.input_sha256, "roster": result.roster.sha256},
        "sample": result.sample,
        "region": {
            "name": result.name,
            "urban_communities": result.urban_communities,
            "green": result.green_count,
            "completion_ratio": ratio_text(result.completion_ratio),
            "combined": result.combined_count,
            "combined_ratio": ratio_text(result.combined_ratio),
            **_form_heading(result.roster.batch, result.run_date),
            "targets": [_target(each) for each in progress(result)],
        },
        "earlier": [_earlier(year, result) for year in result.earlier],
        "units": [_unit(unit, result.standard_of(unit)) for unit in result.units],
        "communities": [_community(community) for unit in result.units for community in unit.communities],
        "findings": [_finding(finding) for finding in result.findings],
        "waivers": [_waiver(waiver, result) for waiver in result.roster.waivers],
        "files": [
            {
                "path": file.path,
                "sha256": file.sha256,
                "state": file.state.value,
                "reason": file.reason,
                "unit": file.unit,
                "received": _china_time(file.received),
            }
            for file in result.files
        ],
        "deliverables": [_deliverable(entry) for entry in entries_of(result)],
        # Last, so that all else can be written before they are made.
        OUTPUTS: outputs_list(outputs),
    }


def outputs_list(outputs: Sequence[Output]) -> list[dict[str, str | None]]:
    """The entries of ``outputs``."""
    return [{"role": output.role, "unit": output.unit, "path": output.path, "sha256": output.sha256} for output in outputs]


def _form_heading(batch: Batch, run_date: datetime.date) -> dict[str, str]:
    """What the head of Annex 2 says, so that a rollup gives the region's own sheet the same head."""
    return {
        "reporting_unit": batch.reporting_unit,
        "contact": batch.contact,
        "phone": batch.phone,
        "form_date": (batch.form_date or run_date).isoformat(),
    }


def dump(document: dict[str, Any]) -> bytes:
    """UTF-8 JSON, the same bytes for the same document."""
    return json_bytes(document)


def begin(document: dict[str, Any]) -> bytes:
    """``dump`` of a document up to its outputs; ``end`` gives the rest."""
    return json_but_last({key: value for key, value in document.items() if key != OUTPUTS})


def end(document: dict[str, Any]) -> bytes:
    """The rest of what ``begin`` began."""
    return json_last(OUTPUTS, document[OUTPUTS])


def _standard(standard: Standard) -> dict[str, str]:
    return {"id": standard.id, "sha256": standard.sha256}


def _unit(unit: UnitResult, standard: Standard) -> dict[str, Any]:
    return {
        "code": unit.unit.code,
        "name": unit.unit.name,
        "state": unit.state.value,
        "urban_communities": unit.urban_communities,
        "green": [community.community.code for community in unit.green],
        "completion_ratio": ratio_text(unit.completion_ratio),
        "listed": [community.community.code for community in unit.listed],
        "combined": unit.combined_count,
        "combined_ratio": ratio_text(unit.combined_ratio),
        "declared_green": unit.declared_green,
        "submission": unit.submission,
        "earlier_submission": unit.earlier,
        "corrected": [
            {
                "rule": past.rule,
                "community": past.community,
                "clause": past.clause,
                "message": past.message,
                "state": past.life.value,
                "remedy": past.remedy or None,
                "reply": past.reply or None,
            }
            for past in unit.corrected
        ],
        "standard": _standard(standard),
        "reference_green": unit.reference_green if unit.own_standard else None,
        "other_replies": [
            {
                "rule": other.rule,
                "community": other.community,
                "clause": other.clause,
                "remedy": other.remedy or None,
                "reply": other.explanation or None,
            }
            for other in unit.other_replies
        ],
    }


def _earlier(year: ClosedYear, result: RegionResult) -> dict[str, Any]:
    """A closed year with the figures that Annex 2 shows of it: the region's and each unit's, as they were filed."""
    return {
        "year": year.year,
        "imported": year.imported,
        "manifest": year.manifest_sha256,
        "green": year.count,
        "urban_communities": year.urban_communities,
        "completion_ratio": ratio_text(year.ratio),
        "units": [
            {
                "unit": unit.unit.code,
                "green": [{"code": each.code, "name": each.name} for row in rows for each in row.green],
                "count": sum(row.count for row in rows),
                "urban_communities": _sum_known(row.urban_communities for row in rows),
                "completion_ratio": ratio_text(rows[0].ratio) if len(rows) == 1 else None,
            }
            for unit in result.units
            if (rows := filed_rows(year, unit.unit, result.roster))
        ],
    }


def _sum_known(numbers: Iterable[int | None]) -> int | None:
    """The sum; None where any is not known."""
    known = list(numbers)
    return sum(number for number in known if number is not None) if None not in known else None


def _target(progress: Progress) -> dict[str, Any]:
    return {
        "year": progress.target.year,
        "ratio": ratio_text(progress.target.ratio),
        "needed": progress.needed,
        "missing": progress.missing,
        "met": progress.met,
    }


def _community(result: CommunityResult) -> dict[str, Any]:
    reference = result.reference
    return {
        "code": result.community.code,
        "name": result.community.name,
        "unit": result.community.unit,
        "status": result.status.value,
        "listed": result.listed,
        "declared_score": _number(result.declared_score),
        "assessed_score": result.assessed_score,
        "lowest": result.lowest,
        "highest": result.highest,
        "items": {str(number): points for number, points in result.items.items()},
        "reference_status": reference.status.value if reference else None,
        "reference_score": reference.score if reference else None,
        "reference_lowest": reference.lowest if reference else None,
        "reference_highest": reference.highest if reference else None,
        "claimed": result.claimed,
        "file": result.file,
        "sheet": result.sheet,
        "clauses": {clause.clause: clause.assessed for clause in result.clauses},
    }


def _deliverable(entry: Entry) -> dict[str, Any]:
    return {
        "unit": entry.unit.code,
        "deliverable": entry.deliverable.id,
        "due": entry.due.isoformat() if entry.due else None,
        "state": entry.state.value,
        "received": entry.received.isoformat() if entry.received else None,
        "source": entry.source.value if entry.source else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "unit": place.unit,
        "community": place.community,
        "clause": place.clause,
        "file": place.file,
        "sheet": place.sheet,
        "cell": place.cell,
        "message": finding.message,
        "fix": finding.fix,
        "impact": None if finding.impact is Impact.NONE else finding.impact.name.lower(),
        "lowest": finding.lowest,
        "highest": finding.highest,
        "state": finding.life.value,
        "settled": finding.settlement.kind.value if finding.settlement else None,
        "explanation": finding.settlement.text if finding.settlement else None,
        "remedy": finding.remedy or None,
        "reply": finding.reply or None,
        "refusal": finding.refusal or None,
    }


def _waiver(waiver: Waiver, result: RegionResult) -> dict[str, Any]:
    return {
        "unit": waiver.unit,
        "community": waiver.community,
        "clause": waiver.clause or None,
        "rule": waiver.rule,
        "who": waiver.who,
        "reason": waiver.reason,
        "date": waiver.date.isoformat(),
        "findings": sum(waiver.settles(finding) for finding in result.findings) if waiver.date <= result.run_date else 0,
    }


def _china_time(time: datetime.datetime | None) -> str | None:
    """On the clock of China, with its zone."""
    return time.astimezone(CHINA).isoformat(timespec="seconds") if time else None


def _number(value: Decimal | None) -> int | float | None:
    """A whole score as an integer; a written half point keeps its digits (at most six decimals, so repr is exact)."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
