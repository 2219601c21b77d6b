"""What changed between the self-evaluation and the annual summary of one year (D-13, S-35).

The self-evaluation is read from the ``result.json`` that its last run left, so that the comparison needs none of its
files; codes of that time are followed to the roster of today (D-15).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from greencomm.intake.times import CHINA
from greencomm.results import (
    ClauseMove,
    CommunityMove,
    CommunityResult,
    Move,
    RegionResult,
    Since,
    Standing,
    Status,
    UnitSince,
    UnitState,
)
from greencomm.roster import Community, Roster

Document = Mapping[str, Any]
"""A ``result.json`` as plain values."""
_NO_CLAUSES = "当时或现在没有逐条的结果，不能逐条比较"


def compare(document: Document, result: RegionResult) -> Since:
    """``result`` against the self-evaluation that ``document`` tells of."""
    roster = result.roster
    past: dict[str, list[Document]] = {}
    """Rows of the self-evaluation by present community code."""
    lost: dict[str, list[CommunityMove]] = {}
    """By present unit code; under an empty code those of units that are gone too."""
    for row in document["communities"]:
        present = roster.community_by_any_code.get(row["code"])
        if present is not None:
            past.setdefault(present.code, []).append(row)
        elif row["status"] != Status.MISSING:
            unit = roster.unit_by_any_code.get(row["unit"])
            remark = "名册中已没有这个社区；如属更名、换代码，请在名册“曾用代码”中填上"
            move = CommunityMove(row["code"], row["name"], Move.GONE, _then(row), Standing(Status.MISSING), remark=remark)
            lost.setdefault(unit.code if unit else "", []).append(move)
    # Newly green as the run itself counted them: a community that was on an earlier list is none (D-11).
    green = frozenset(code for row in document["units"] for code in row["green"])
    units = {
        unit.unit.code: _unit(
            _rows_of(document, unit.unit.code, roster), unit.communities, past, tuple(lost.get(unit.unit.code, ())),
            _first_received(document, unit.unit.code, roster), green,
        )
        for unit in result.units
    }  # fmt: skip
    return Since(datetime.date.fromisoformat(document["run_date"]), units, tuple(lost.get("", ())))


def _rows_of(document: Document, code: str, roster: Roster) -> list[Document]:
    """The unit's row of then; several where units have been merged."""
    present = ((roster.unit_by_any_code.get(row["code"]), row) for row in document["units"])
    return [row for unit, row in present if unit is not None and unit.code == code]


def _first_received(document: Document, code: str, roster: Roster) -> datetime.date | None:
    """The day on which the first of the unit's files that were taken came, where a mail says so."""
    days = []
    for file in document["files"]:
        unit = roster.unit_by_any_code.get(file.get("unit") or "")
        if unit is not None and unit.code == code and file.get("received") and file["state"] in ("accepted", "superseded"):
            days.append(datetime.datetime.fromisoformat(file["received"]).astimezone(CHINA).date())
    return min(days, default=None)


def _unit(
    rows: Sequence[Document],
    communities: Sequence[CommunityResult],
    past: Mapping[str, Sequence[Document]],
    lost: tuple[CommunityMove, ...],
    received: datetime.date | None,
    green: frozenset[str],
) -> UnitSince:
    then = [row for community in communities for row in past.get(community.community.code, ())]
    with_sheet = [row for row in then if row["status"] != Status.MISSING]
    reported = bool(with_sheet or lost) or any(row["state"] == UnitState.RECEIVED for row in rows)
    moves: list[CommunityMove] = []
    if reported:
        for community in communities:
            moves += _moves(community, past.get(community.community.code, ()))
    return UnitSince(
        reported=reported,
        received=received,
        urban_communities=sum(row["urban_communities"] for row in rows),
        communities=len(with_sheet) + len(lost),
        green=sum(code in green for code in (*(row["code"] for row in with_sheet), *(move.code for move in lost))),
        moves=(*moves, *lost),
    )


def _moves(result: CommunityResult, rows: Sequence[Document]) -> list[CommunityMove]:
    community, now = result.community, _now(result)
    reported = [row for row in rows if row["status"] != Status.MISSING]
    # Of several that were merged, the one that kept its code is compared; the others are named.
    first = min(reported, key=lambda row: row["code"] != community.code, default=None)
    made = [_merged(row, community, now) for row in reported if row is not first]
    if first is None:
        if now.status is not Status.MISSING:
            made.insert(0, CommunityMove(community.code, community.name, Move.ADDED, Standing(Status.MISSING), now))
        return made
    before = _then(first)
    if now.status is Status.MISSING:
        made.insert(0, CommunityMove(community.code, community.name, Move.DROPPED, before, now))
        return made
    clauses, remark = _clauses(first, result)
    if before != now or clauses:
        kind = Move.CLAUSES if before == now else Move.SCORE if before.status is now.status else Move.STANDING
        made.insert(0, CommunityMove(community.code, community.name, kind, before, now, clauses, remark))
    return made


def _merged(row: Document, community: Community, now: Standing) -> CommunityMove:
    remark = f"已并入“{community.name}”（{community.code}）"
    return CommunityMove(row["code"], row["name"], Move.MERGED, _then(row), now, remark=remark)


def _clauses(row: Document, result: CommunityResult) -> tuple[tuple[ClauseMove, ...], str]:
    """Clauses whose deduction changed, in the standard's order; and why there are none to compare."""
    then: Mapping[str, int | None] = row.get("clauses") or {}
    now = {clause.clause: clause.assessed for clause in result.clauses}
    if not then or not now:
        return (), _NO_CLAUSES
    moved = (ClauseMove(clause, then[clause], after) for clause, after in now.items() if clause in then)
    return tuple(move for move in moved if move.before != move.after), ""


def _then(row: Document) -> Standing:
    return Standing(Status(row["status"]), row["assessed_score"], row["lowest"], row["highest"])


def _now(result: CommunityResult) -> Standing:
    return Standing(result.status, result.assessed_score, result.lowest, result.highest)
