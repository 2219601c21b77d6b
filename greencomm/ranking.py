"""Ranking of units for the prefecture's own appraisal (目标管理考核): exact, by a rule that is data (S-38)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from greencomm.findings import Severity
from greencomm.results import RegionResult, UnitResult, UnitState, ratio
from greencomm.standard.ranking import Criterion, Measure, NotReported, Order, RankingRule, load_ranking_rule
from greencomm.targets import Near, nearest_communities


@dataclass(frozen=True, slots=True)
class Lift:
    """What would bring a unit past the one directly ahead of it, all else unchanged."""

    ahead: UnitResult
    """The nearest unit with a better rank; of several that share it the last in the order of Annex 2."""
    rank: int
    """Its rank."""
    decides: Criterion | None
    """The first criterion in which they differ; None where only the report is missing."""
    greens: int | None
    """The fewest more communities that would have to reach the standard; None where even all would not do."""
    corrections: int | None
    """The fewest open findings that would have to be settled instead, 退回 before 需核实; None where even all would not do."""
    waiting: tuple[Near, ...] = ()
    """Communities that only wait for an answer: with every unresolved clause decided in their favour they are green."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One unit's place. Ratios are exact; None where there is nothing to divide by or nothing was received."""

    unit: UnitResult
    rank: int | None
    """1 is best; equal units share a rank and the following ranks stay free (1, 2, 2, 4). None for a unit without urban
    communities, which is not ranked."""
    shared: bool
    """Whether another unit has the same rank (并列)."""
    reported: bool
    """False where nothing of the unit could be reviewed although communities are to report."""
    ratio: Fraction | None
    """合计完成比例 (D-10, D-11)."""
    progress: Fraction | None
    """Newly green of this year ÷ urban communities."""
    since: Fraction | None
    """How many more are newly green than in the self-evaluation ÷ urban communities; None where there is none to compare with."""
    open_send_back: int
    """退回 that are not settled."""
    open_verify: int
    """需核实 that are not settled."""
    values: Mapping[Measure, Fraction | None] = field(default_factory=dict)
    """What each criterion in use compares."""
    ranks: Mapping[Measure, int | None] = field(default_factory=dict)
    """The rank by each criterion in use alone; None where there is no value."""
    lift: Lift | None = None
    """None for the first, and for units that are not ranked."""


@lru_cache(maxsize=1)
def ranking_rule() -> RankingRule:
    """The shipped rule."""
    return load_ranking_rule()


def criteria_in_use(result: RegionResult, rule: RankingRule | None = None) -> tuple[Criterion, ...]:
    """The rule's criteria that can be compared here: without a kept self-evaluation there is no progress since it."""
    rule = rule or ranking_rule()
    return tuple(each for each in rule.criteria if each.measure is not Measure.SINCE_SELF_EVALUATION or result.since is not None)


def ranked(result: RegionResult, rule: RankingRule | None = None) -> tuple[Ranked, ...]:
    """Every unit with its place: by rank, equal ones in the order of Annex 2, units that are not ranked last."""
    rule = rule or ranking_rule()
    criteria = criteria_in_use(result, rule)
    entries = [_Entry(unit, result, criteria, rule) for unit in result.units]
    placed = sorted((each for each in entries if each.unit.urban_communities), key=lambda each: each.key())
    ranks = _ranks([each.key() for each in placed])
    by_measure = {
        criterion.measure: _alone([each.value(criterion.measure) for each in placed], criterion) for criterion in criteria
    }
    sharing = Counter(ranks)
    made = []
    for at, (entry, rank) in enumerate(zip(placed, ranks, strict=True)):
        # Before a group that shares a rank stand rank - 1 units: the last of them is directly ahead.
        lift = None if rank == 1 else entry.lift(placed[rank - 2], ranks[rank - 2])
        alone = {measure: column[at] for measure, column in by_measure.items()}
        made.append(entry.ranked(rank, sharing[rank] > 1, alone, lift))
    rest = (each for each in entries if not each.unit.urban_communities)
    return (*made, *(each.ranked(None, False, {}, None) for each in rest))


_Key = tuple[object, ...]


def _ranks(keys: list[_Key]) -> list[int]:
    """Ranks of sorted keys: equal ones share the first of their places."""
    first: dict[_Key, int] = {}
    return [first.setdefault(key, place) for place, key in enumerate(keys, 1)]


def _alone(values: list[Fraction | None], criterion: Criterion) -> list[int | None]:
    """The rank of each value among all that are there."""
    first: dict[Fraction, int] = {}
    there = sorted((value for value in values if value is not None), reverse=criterion.order is Order.DESCENDING)
    for place, value in enumerate(there, 1):
        first.setdefault(value, place)
    return [None if value is None else first[value] for value in values]


class _Entry:
    """One unit while it is being placed."""

    def __init__(self, unit: UnitResult, result: RegionResult, criteria: tuple[Criterion, ...], rule: RankingRule) -> None:
        self.unit, self.result, self.criteria, self.rule = unit, result, criteria, rule
        self.urban, self.combined, self.green = unit.urban_communities, unit.combined_count, len(unit.green)
        since = result.since.units.get(unit.unit.code) if result.since else None
        self.then = since.green if since is not None and since.reported else None
        # A unit all of whose communities stand on earlier lists owes no sheet (D-11).
        self.reported = unit.state is UnitState.RECEIVED or (self.urban > 0 and not unit.unreported)
        self.send_back, self.verify = unit.open_count(Severity.SEND_BACK), unit.open_count(Severity.VERIFY)

    def value(self, measure: Measure, greens: int = 0, settled: int = 0) -> Fraction | None:
        """What is compared, with so many more communities green, or findings settled (退回 first)."""
        match measure:
            case Measure.COMBINED_RATIO:
                return ratio(self.combined + greens, self.urban)
            case Measure.YEAR_PROGRESS:
                return ratio(self.green + greens, self.urban)
            case Measure.SINCE_SELF_EVALUATION:
                return None if self.then is None else ratio(self.green + greens - self.then, self.urban)
        if not self.reported:
            # Nothing was reviewed: that nothing is open says nothing.
            return None
        if measure is Measure.OPEN_SEND_BACK:
            return ratio(self.send_back - min(settled, self.send_back), self.urban)
        return ratio(self.verify - max(0, settled - self.send_back), self.urban)

    def key(self, greens: int = 0, settled: int = 0) -> _Key:
        """Smaller is better."""
        behind = self.rule.not_reported is NotReported.LAST and not self.reported
        return (behind, *(self._part(each, greens, settled) for each in self.criteria))

    def _part(self, criterion: Criterion, greens: int, settled: int) -> tuple[bool, Fraction]:
        value = self.value(criterion.measure, greens, settled)
        if value is None:
            return True, Fraction(0)
        return False, -value if criterion.order is Order.DESCENDING else value

    def lift(self, ahead: _Entry, rank: int) -> Lift:
        theirs, mine = ahead.key(), self.key()
        at = next(place for place, (one, other) in enumerate(zip(theirs, mine, strict=True)) if one != other)
        mark = self.result.standard_of(self.unit).pass_mark.points
        near = nearest_communities(self.unit, self.result.standard_of(self.unit))
        return Lift(
            ahead.unit,
            rank,
            self.criteria[at - 1] if at else None,
            _fewest(self.urban - self.combined, lambda greens: self.key(greens) < theirs),
            _fewest(self.send_back + self.verify, lambda settled: self.key(0, settled) < theirs),
            tuple(each for each in near if each.highest >= mark),
        )

    def ranked(self, rank: int | None, shared: bool, ranks: Mapping[Measure, int | None], lift: Lift | None) -> Ranked:
        return Ranked(
            unit=self.unit,
            rank=rank,
            shared=shared,
            reported=self.reported,
            ratio=self.value(Measure.COMBINED_RATIO),
            progress=self.value(Measure.YEAR_PROGRESS),
            since=self.value(Measure.SINCE_SELF_EVALUATION),
            open_send_back=self.send_back,
            open_verify=self.verify,
            values={each.measure: self.value(each.measure) for each in self.criteria},
            ranks=ranks,
            lift=lift,
        )


def _fewest(most: int, enough: Callable[[int], bool]) -> int | None:
    """The smallest number from 1 to ``most`` that is enough, where more is never worse; None where not even ``most`` is."""
    if most < 1 or not enough(most):
        return None
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
