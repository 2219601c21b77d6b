"""A rollup in the schema of ``result.json``: regions are its units, so that it can be rolled up again (S-37)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from greencomm import __version__
from greencomm.document import SCHEMA, Output
from greencomm.machine import json_bytes, json_line
from greencomm.province import Province, Region, Remark, Slot
from greencomm.results import UnitState, ratio_text
from greencomm.runs import RESULT


def rollup_document(province: Province, outputs: Sequence[Output], before: str | None) -> dict[str, Any]:
    """The document as plain values, but for its communities, which ``write_document`` writes one by one; ``before`` is the
    date of the rollup that this one is compared with."""
    codes = {slot.name: slot.code for slot in province.slots}
    return {
        "schema": SCHEMA,
        "year": province.year,
        "phase": province.phase,
        "standard": {"id": province.standard[0], "sha256": province.standard[1]},
        "program": {"version": __version__},
        "run_date": province.run_date.isoformat(),
        "input": {"sha256": province.input_sha256, "roster": province.roster_sha256},
        "sample": province.sample,
        "region": {
            "name": province.name,
            "urban_communities": province.urban_communities,
            "green": province.green_count,
            "completion_ratio": ratio_text(province.completion_ratio),
            "combined": province.combined,
            "combined_ratio": ratio_text(province.combined_ratio),
            "reporting_unit": province.reporting_unit or province.name,
            "contact": province.contact,
            "phone": province.phone,
            "form_date": (province.form_date or province.run_date).isoformat(),
            "targets": [],
        },
        "earlier": [_earlier(year, province) for year in province.earlier_years],
        "units": [_unit(slot) for slot in province.slots],
        "communities": [],
        "findings": [_finding(each, codes.get(each.region, each.code)) for each in province.remarks],
        "waivers": [],
        "files": [
            {"path": file.path, "sha256": file.sha256, "state": file.state.value, "reason": file.reason, "unit": None, "received": None}
            for file in province.files
        ],
        "deliverables": [],
        "outputs": [dataclasses.asdict(output) for output in outputs],
        "rollup": {
            "compared_with": before,
            "regions": [_region(slot) for slot in province.slots],
        },
    }


_NO_COMMUNITIES = b'"communities": []'


def write_document(target: Path, document: dict[str, Any], province: Province) -> None:
    """Write the whole document, communities one a line, so that a country's 118,025 never lie in memory as text."""
    # A text inside the document has its quotation marks escaped, so that this stands there once.
    head, tail = json_bytes(document).split(_NO_COMMUNITIES)
    with target.open("wb") as stream:
        stream.write(head + b'"communities": [')
        mark = b"\n  "
        for slot in province.slots:
            for community in _communities(slot.region, slot.code) if slot.region else ():
                stream.write(mark + json_line(community))
                mark = b",\n  "
        stream.write((b"]" if mark == b"\n  " else b"\n ]") + tail)


def _earlier(year: int, province: Province) -> dict[str, Any]:
    total = province.earlier(year)
    return {
        "year": year,
        "imported": False,
        "manifest": None,
        "green": total.count,
        "urban_communities": total.urban_communities,
        "completion_ratio": ratio_text(total.ratio),
        "units": [
            {
                "unit": slot.code,
                "green": [{"code": entry.code, "name": entry.name} for entry in filed.green],
                "count": filed.count,
                "urban_communities": filed.urban_communities,
                "completion_ratio": ratio_text(filed.ratio),
            }
            for slot in province.slots
            if slot.region is not None and (filed := slot.region.earlier(year)) is not None
        ],
    }


def _unit(slot: Slot) -> dict[str, Any]:
    region = slot.region
    members = list(region.members) if region else []
    return {
        "code": slot.code,
        "name": slot.name,
        "state": (UnitState.RECEIVED if region else UnitState.MISSING).value,
        "urban_communities": len(members),
        "green": [member.code for member in members if member.newly_green],
        "completion_ratio": ratio_text(region.completion_ratio) if region else None,
        "listed": [member.code for member in members if member.listed is not None],
        "combined": region.combined if region else 0,
        "combined_ratio": ratio_text(region.combined_ratio) if region else None,
        "declared_green": sum(member.claimed is True for member in members),
        "standard": {"id": region.standard[0], "sha256": region.standard[1]} if region else None,
    }


def _communities(region: Region, code: str) -> Iterator[dict[str, Any]]:
    file = f"{region.folder}/{RESULT}"
    for row in region.rows:
        for member in row.members:
            yield {
                "code": member.code,
                "name": member.name,
                "unit": code,
                "county": row.code,
                "status": member.status.value,
                "listed": member.listed,
                "declared_score": member.declared,
                "assessed_score": member.assessed,
                "lowest": member.lowest,
                "highest": member.highest,
                "items": dict(zip(member.numbers, member.points, strict=True)),
                "claimed": member.claimed,
                "file": file,
                "sheet": None,
            } | ({"own_standard": True} if member.own_standard else {})


def _finding(each: Remark, unit: str | None) -> dict[str, Any]:
    return {
        "rule": each.oddity.code,
        "severity": each.oddity.severity.value,
        "unit": unit,
        "community": None,
        "clause": None,
        "file": each.folder,
        "sheet": None,
        "cell": None,
        "message": each.message,
        "fix": each.fix,
        "settled": None,
    }


def _region(slot: Slot) -> dict[str, Any]:
    region = slot.region
    if region is None:
        return {"name": slot.name, "code": slot.code, "counted": False}
    return {
        "name": slot.name,
        "code": slot.code,
        "counted": True,
        "folder": region.folder,
        "result_sha256": region.result_sha256,
        "figures_sha256": region.figures_sha256,
        "standard": {"id": region.standard[0], "sha256": region.standard[1]},
        "run_date": region.run_date,
        "program": region.program,
        "closed": dataclasses.asdict(region.closed) if region.closed else None,
        "open_send_back": region.send_back,
        "open_verify": region.verify,
        "urban_communities": region.urban_communities,
        "green": region.green_count,
        "combined": region.combined,
        "units": [
            {"code": row.code, "name": row.name, "state": row.state, "urban_communities": row.urban_communities,
             "green": len(row.green), "combined": row.combined}
            for row in region.rows
        ],
    }  # fmt: skip
