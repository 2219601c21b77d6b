"""What the overviews (总览), page and workbook, show: put together once, worked out elsewhere (figures, targets, results)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from greencomm.figures import NOTHING, Band, Losses, LossTable, Tally, distribution, loss_table
from greencomm.findings import Finding
from greencomm.outputs.discrepancy import item_name, only_adds
from greencomm.ranking import Ranked, ranked
from greencomm.results import (
    NOT_AGAIN,
    ClauseResult,
    CommunityResult,
    RegionResult,
    Status,
    UnitResult,
    ratio_text,
    standing_counts,
    standings,
)
from greencomm.standard import PHASE_TITLES, Clause, Standard
from greencomm.targets import Progress, nearest_communities, progress

NAME = "总览"
OWN_MARK = "※"
"""Follows the name of a unit that is scored by its own standard (D-14)."""
STEPS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2))
"""Average points lost of the colours of the heat map: none, up to each of these, more than the last."""
STEP_LABELS = ("0", "0.25及以下", "0.5及以下", "1及以下", "2及以下", "2以上")


@dataclass(frozen=True, slots=True)
class Column:
    """An item, or a clause, of any standard in use; told by its number, which a county's own standard keeps (D-14)."""

    key: int | str
    """Number of the item, or id of the clause."""
    name: str
    points: int
    """Points of the item; the most that the clause takes or gives."""
    adds: bool
    own: bool
    """Whether only counties' own standards have it."""

    @property
    def label(self) -> str:
        """``第8项``, or the clause's id."""
        return f"第{self.key}项" if isinstance(self.key, int) else self.key


@dataclass(frozen=True, slots=True)
class Pending:
    """A pending community with the clauses that are unresolved; none where the sheet as a whole is in doubt."""

    unit: UnitResult
    community: CommunityResult
    clauses: tuple[Clause, ...]
    decides: bool
    """Whether its range straddles the pass mark, so that the answers decide whether it is green."""

    @property
    def range_text(self) -> str:
        """``77～83``; ``—`` where nothing is known."""
        return range_text(self.community)


@dataclass(frozen=True)
class Overview:
    """Figures of a region in the arrangement of the overviews."""

    result: RegionResult
    table: LossTable

    @property
    def heading(self) -> str:
        """``楚雄州2022年绿色社区创建年度总结总览``."""
        return f"{self.result.name}{self.result.year}年绿色社区创建{PHASE_TITLES[self.result.phase]}总览"

    @cached_property
    def targets(self) -> tuple[Progress, ...]:
        return progress(self.result)

    @cached_property
    def standards(self) -> tuple[Standard, ...]:
        """The prefecture's, then counties' own in use."""
        return (self.result.standard, *self.result.local_standards)

    @cached_property
    def items(self) -> tuple[Column, ...]:
        """Items that take points, in the prefecture's order, then those that only add; counties' own last of each."""
        found = {item.number: Column(item.number, item_name(item), item.points, only_adds(item), False) for item in self.result.standard.items}
        for standard in self.standards[1:]:
            for item in standard.items:
                found.setdefault(item.number, Column(item.number, item_name(item), item.points, only_adds(item), True))
        return tuple(sorted(found.values(), key=lambda column: (column.adds, column.own)))

    @cached_property
    def clauses(self) -> tuple[Column, ...]:
        """Clauses in the same order."""
        found = {clause.id: Column(clause.id, clause.name, max(clause.possible), clause.adds, False) for clause in self.result.standard.clauses}
        for standard in self.standards[1:]:
            for clause in standard.clauses:
                found.setdefault(clause.id, Column(clause.id, clause.name, max(clause.possible), clause.adds, True))
        return tuple(sorted(found.values(), key=lambda column: (column.adds, column.own)))

    @cached_property
    def by_prefecture(self) -> tuple[CommunityResult, ...]:
        """Communities that are scored by the prefecture's standard: scores of others are not of the same measure."""
        return tuple(each for unit in self.result.units if unit.own_standard is None for each in unit.communities)

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        return distribution(self.by_prefecture, self.result.standard)

    @cached_property
    def without_score(self) -> str:
        """Who is in no band, in Chinese, so that the bands and these together are all communities."""
        uncertain = sum(each.status is Status.BELOW and each.assessed_score is None for each in self.by_prefecture)
        counts = [
            ("待核实", sum(each.status is Status.PENDING for each in self.by_prefecture)),
            (Status.MISSING.label, sum(each.status is Status.MISSING and not each.excused for each in self.by_prefecture)),
            (NOT_AGAIN, sum(each.excused for each in self.by_prefecture)),
            ("未达标、有条款没有确定的", uncertain),
        ]
        text = "，".join(f"{label}{count}个" for label, count in counts if count)
        told = f"没有确定得分的不在内：{text}。" if text else ""
        own = sum(unit.urban_communities for unit in self.result.units if unit.own_standard)
        return told + (f"自定标准的单位的{own}个社区，得分不是同一个标准，也不在内。" if own else "")

    @cached_property
    def standings(self) -> tuple[str, ...]:
        """The words of the standings, those that there are in this year (S-47)."""
        return standings(self.result)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Communities of each standing in the region; together all communities."""
        return standing_counts(self.result.units, self.result)

    @cached_property
    def standing_note(self) -> str:
        """How the standings make up all communities, and how they relate to 合计; empty in a first year."""
        result = self.result
        if not result.earlier:
            return ""
        again = [each for unit in result.units for each in unit.listed if not each.excused]
        green = sum(each.status is Status.GREEN for each in again)
        parts = (
            f"{'、'.join(self.standings)}是本年填报的结论，加起来是全部{result.urban_communities}个城市社区；"
            f"{NOT_AGAIN}的{sum(len(unit.excused) for unit in result.units)}个已列入往年名单，本年没有填报。",
            f"往年名单上另有{len(again)}个本年又填报了（其中达标{green}个），不重复计入。" if again else "",
            f"本年新达标{result.green_count}个",
            f"＝达标{self.counts[0]}个－其中已在往年名单上的{green}个" if green else "",
            f"；合计{result.combined_count}个＝往年名单{self.listed}个＋本年新达标{result.green_count}个。",
        )
        return "".join(parts)

    @cached_property
    def ranking(self) -> tuple[Ranked, ...]:
        """The units as 考核排名.xlsx ranks them (S-38)."""
        return ranked(self.result)

    @cached_property
    def listed(self) -> int:
        """Communities on earlier lists (D-11)."""
        return sum(len(unit.listed) for unit in self.result.units)

    @cached_property
    def failing(self) -> tuple[tuple[UnitResult, CommunityResult], ...]:
        """复核不达标: on an earlier list, below the mark this year (D-11)."""
        return tuple((unit, each) for unit in self.result.units for each in unit.communities if recheck_failed(each))

    def that_matter(self, most: int) -> tuple[tuple[UnitResult, CommunityResult], ...]:
        """All communities in the roster's order where there are no more than ``most``, else at most so many that matter."""
        everyone = [(unit, each) for unit in self.result.units for each in unit.communities]
        if len(everyone) <= most:
            return tuple(everyone)
        weights = [weight for unit in self.result.units for weight in _weights(unit, self.result.standard_of(unit))]
        order = sorted((weight, number) for number, weight in enumerate(weights) if weight is not None)
        return tuple(everyone[number] for number in sorted(number for _, number in order[:most]))

    @cached_property
    def pending(self) -> tuple[Pending, ...]:
        """Those whose answers decide whether they are green first, then the rest; each in the order of Annex 2 (D-09)."""
        found = []
        for unit in self.result.units:
            standard = self.result.standard_of(unit)
            for each in unit.of(Status.PENDING):
                open_ones = tuple(standard.clause[entry.clause] for entry in each.clauses if entry.assessed is None)
                found.append(Pending(unit, each, open_ones, decides(each, standard)))
        return tuple(sorted(found, key=lambda pending: not pending.decides))


def recheck_failed(community: CommunityResult) -> bool:
    """复核不达标: on an earlier list, below the mark this year; it stays on that list and counts (D-11)."""
    return community.listed is not None and community.status is Status.BELOW


def overview_of(result: RegionResult) -> Overview:
    """The overview of a region; points lost are summed here, once for all that shows them."""
    return Overview(result, loss_table(result))


def decides(community: CommunityResult, standard: Standard) -> bool:
    """Whether what is unresolved decides if a pending community reaches the pass mark: its range straddles the mark."""
    mark = standard.pass_mark.points
    return (community.lowest or 0) < mark <= (standard.full_score if community.highest is None else community.highest)


def pending_remark(pending: Pending, standard: Standard) -> str:
    """What hangs on a pending community's answers, in Chinese."""
    community, mark = pending.community, standard.pass_mark.points
    if community.listed is not None:
        return f"已在{community.listed}年名单上"
    if pending.decides:
        return "补正的内容决定是否达标"
    if (community.lowest or 0) >= mark:
        return f"最低也有{mark}分，补正后即可认定"
    return f"收到的内容最高{community.highest}分，补正后重新认定"


def pending_reasons(pending: Pending, most: int) -> str:
    """The unresolved clauses, at most ``most`` by name."""
    if not pending.clauses:
        return "表重复或无法采用，没有逐条结果"
    named = "；".join(f"{clause.id} {clause.name}" for clause in pending.clauses[:most])
    return named + (f"；另有{len(pending.clauses) - most}条" if len(pending.clauses) > most else "")


def tally_of(lost: Losses, column: Column) -> Tally | None:
    """What an item or a clause cost; None where the unit's standard does not have it."""
    if isinstance(column.key, int):
        return lost.items.get(column.key)
    return lost.clauses.get(column.key)


def adds_here(lost: Losses, column: Column) -> bool:
    """Whether an item or clause adds points by the unit's own standard, whatever it does by the prefecture's."""
    if isinstance(column.key, int):
        item = lost.standard.item.get(column.key)
        return only_adds(item) if item else column.adds
    clause = lost.standard.clause.get(column.key)
    return clause.adds if clause else column.adds


def average_text(tally: Tally | None, adds: bool) -> str:
    """``1.25``, of an award ``+0.50``; ``—`` where nobody was assessed. Rounded half up."""
    text = ratio_text((tally or NOTHING).average, 2)
    if text is None:
        return "—"
    return f"+{text}" if adds and (tally or NOTHING).points else text


def level(average: Fraction | None) -> int | None:
    """The colour's step, 0 for no point at all; None where nobody was assessed."""
    if average is None:
        return None
    return next((number for number, most in enumerate(STEPS) if average <= most), len(STEPS))


def range_text(community: CommunityResult) -> str:
    """The certain score, else the range that is still open; ``—`` without either."""
    if community.assessed_score is not None:
        return str(community.assessed_score)
    if community.lowest is None or community.highest is None or not community.sheet:
        return "—"
    return f"{community.lowest}～{community.highest}" if community.lowest != community.highest else str(community.lowest)


def open_findings(unit: UnitResult) -> dict[str | None, list[Finding]]:
    """The unit's findings by community code; None for those about no community."""
    found: dict[str | None, list[Finding]] = {}
    for finding in unit.findings:
        found.setdefault(finding.place.community, []).append(finding)
    return found


def arithmetic(clause: Clause, entry: ClauseResult) -> str:
    """How the points of a clause came about, in Chinese: ``3处×1=3，上限2，扣2``."""
    if entry.assessed is None:
        return f"待核实，最多{'加' if clause.adds else '扣'}{max(clause.possible)}分"
    if entry.actual is not None:
        return clause.arithmetic(entry.actual)
    word = "加" if clause.adds else "扣"
    return f"按填写的{word}分：{word}{entry.assessed}"


def points_of(community: CommunityResult, standard: Standard) -> Iterator[tuple[Clause, ClauseResult]]:
    """The clauses that matter of a community: unresolved, or with points taken or added."""
    for entry in community.clauses:
        if entry.assessed != 0:
            yield standard.clause[entry.clause], entry


def _weights(unit: UnitResult, standard: Standard) -> list[int | None]:
    """How much each community of a unit matters where not all can be listed, 0 most; None where it does not.

    Pending ones that decide, other pending ones, those near the pass mark, claims that the assessment contradicts, open findings.
    """
    near = {each.community.community.code for each in nearest_communities(unit, standard)}
    opened = {finding.place.community for finding in unit.findings if finding.is_open}
    weights: list[int | None] = []
    for each in unit.communities:
        if each.status is Status.PENDING:
            weights.append(0 if decides(each, standard) else 1)
        elif each.community.code in near:
            weights.append(2)
        elif each.claimed is not None and each.claimed != (each.status is Status.GREEN) and each.status is not Status.MISSING:
            weights.append(3)
        else:
            weights.append(4 if each.community.code in opened else None)
    return weights
