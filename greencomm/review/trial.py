"""Two reviews of the same submissions side by side: whose result another standard changes, and by which clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from greencomm.results import ClauseResult, CommunityResult, RegionResult, Status, UnitResult
from greencomm.roster import Unit
from greencomm.standard import Clause, Standard


@dataclass(frozen=True, slots=True)
class ClauseMove:
    """One clause that gives another deduction (or award) by the standard on trial; points, None = unresolved."""

    clause: str
    name: str
    adds: bool
    before: int | None
    after: int | None
    state: str
    """``changed``, ``added`` (the submissions were not asked for it) or ``removed``."""

    @property
    def text(self) -> str:
        """``8.1 乱停车：扣2→扣4``."""
        verb = "加" if self.adds else "扣"
        before, after = ("待核实" if points is None else f"{verb}{points}" for points in (self.before, self.after))
        name = f"{self.clause} {self.name}"
        if self.state == "added":
            return f"{name}（新增）：{'当时没有要求填写，待核实' if self.after is None else after}"
        return f"{name}（取消）：原{before}" if self.state == "removed" else f"{name}：{before}→{after}"


@dataclass(frozen=True, slots=True)
class Move:
    """One community whose standing or score the standard on trial would change, and by what."""

    unit: Unit
    before: CommunityResult
    after: CommunityResult
    clauses: tuple[ClauseMove, ...]
    others: tuple[str, ...]
    """What moves it besides clauses, in Chinese: points of an item, the pass mark."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """All that moves it, in Chinese."""
        return (*(clause.text for clause in self.clauses), *self.others)


@dataclass(frozen=True)
class Replay:
    """A year's submissions by the standards that held, and with the one on trial."""

    trial: Standard
    tried: tuple[str, ...]
    """Codes of the units that it is tried on."""
    before: RegionResult
    after: RegionResult
    moves: tuple[Move, ...]

    @property
    def status_moves(self) -> tuple[Move, ...]:
        """Communities whose standing changes."""
        return tuple(move for move in self.moves if move.before.status is not move.after.status)

    @property
    def units(self) -> tuple[tuple[UnitResult, UnitResult], ...]:
        """The units it is tried on, before and after."""
        pairs = zip(self.before.units, self.after.units, strict=True)
        return tuple((before, after) for before, after in pairs if before.unit.code in self.tried)

    @property
    def received(self) -> int:
        """How many communities of these units have a sheet."""
        return sum(unit.urban_communities - len(unit.of(Status.MISSING)) for unit, _ in self.units)


def pending_count(units: Iterable[UnitResult]) -> int:
    """Communities whose standing is open and that stand on no earlier list: what may still become newly green."""
    return sum(not each.counts for unit in units for each in unit.of(Status.PENDING))


def result_shown(result: CommunityResult) -> str:
    """``达标 88分``, ``待核实 76～82分``, ``未报``."""
    if result.assessed_score is not None:
        return f"{result.status.label} {result.assessed_score}分"
    if result.lowest is None:
        return result.status.label
    return f"{result.status.label} {result.lowest}～{result.highest}分"


def moves_between(before: RegionResult, after: RegionResult, tried: Sequence[str]) -> list[Move]:
    """Communities of the units ``tried`` (by code) whose standing or score differs, in the order of the roster."""
    moves = []
    for unit, again in zip(before.units, after.units, strict=True):
        if unit.unit.code not in tried:
            continue
        old, new = before.standard_of(unit), after.standard_of(again)
        for one, other in zip(unit.communities, again.communities, strict=True):
            if _standing(one) != _standing(other):
                clauses = tuple(_clause_moves(one, other, old, new))
                moves.append(Move(unit.unit, one, other, clauses, tuple(_other_moves(one, other, old, new))))
    return moves


def _standing(result: CommunityResult) -> object:
    # Of a sheet that cannot be scored only the full score moves, which is nothing about the community.
    span = (result.lowest, result.highest) if result.clauses else ()
    return (result.status, result.assessed_score, span)


def _clause_moves(before: CommunityResult, after: CommunityResult, old: Standard, new: Standard) -> list[ClauseMove]:
    """Clauses that give other points, in the order of the new standard, those that it lacks last."""
    was: Mapping[str, ClauseResult] = {result.clause: result for result in before.clauses}
    now: Mapping[str, ClauseResult] = {result.clause: result for result in after.clauses}
    moves = []
    for clause in (*new.clauses, *(clause for clause in old.clauses if clause.id not in new.clause)):
        one, other = was.get(clause.id), now.get(clause.id)
        points, again = one.assessed if one else None, other.assessed if other else None
        if one and other and points != again:
            moves.append(_move(clause, points, again, "changed"))
        elif other and not one and again != 0:
            moves.append(_move(clause, None, again, "added"))
        elif one and not other and points != 0:
            moves.append(_move(clause, points, None, "removed"))
    return moves


def _move(clause: Clause, before: int | None, after: int | None, state: str) -> ClauseMove:
    return ClauseMove(clause.id, clause.name, clause.adds, before, after, state)


def _other_moves(before: CommunityResult, after: CommunityResult, old: Standard, new: Standard) -> list[str]:
    moves = []
    for number in dict.fromkeys((*old.item, *new.item)):
        one, other = old.item.get(number), new.item.get(number)
        if one is None and other is not None:
            moves.append(f"增加第{number}项（{other.points}分）")
        elif one is not None and other is None:
            moves.append(f"取消第{number}项（{one.points}分）")
        elif one is not None and other is not None and one.points != other.points:
            moves.append(f"第{number}项分值：{one.points}→{other.points}")
    if before.status is not after.status and old.pass_mark.points != new.pass_mark.points:
        moves.append(f"达标线：{old.pass_mark.points}→{new.pass_mark.points}")
    return moves
