"""How often each rule and clause was applied, found something, or could not be checked: so that silence is provable (S-28).

For every rule: the things of its scope, counted from the results; those it could not be applied to, with the reason; the
rest is what it was applied to. What only the review knows it leaves as ``Unchecked``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter

from greencomm import rules
from greencomm.findings import Finding
from greencomm.ledger import LedgerColumn
from greencomm.past_years import Fate, follow, present_unit
from greencomm.results import (
    Basis,
    ClauseResult,
    CommunityResult,
    FileKind,
    FileState,
    RegionResult,
    Status,
    UnitResult,
    UnitState,
)
from greencomm.rules import CATALOGUE, Rule, Scope
from greencomm.standard import Clause, Standard

_OF_CLAUSES = frozenset({
    Scope.CLAUSE, Scope.MEASURED, Scope.UNMEASURED, Scope.DISCRETIONARY, Scope.AWARD, Scope.ANSWER, Scope.ITEM, Scope.TOTAL,
})  # fmt: skip
"""Scopes with some things for every community of the roster, looked at where its sheet is scored."""
_TOTALS = 2
_CRASHED = "检查中途出错"
_LISTED_NO_MORE = "已列入往年名单，不再问"
_COUNTED_STATES = {
    FileState.REJECTED: "文件未采用",
    FileState.SUPERSEDED: "文件已被替代",
    FileState.IGNORED: "文件未处理（示例）",
}
_UNIT_STATES = {UnitState.MISSING: "单位没有报送", UnitState.REJECTED: "单位的文件未采用"}


@dataclass(frozen=True, slots=True)
class RuleCount:
    """One rule of the catalogue in one run. ``applied`` = ``hits`` + ``silent``; with ``unchecked`` they are all things."""

    rule: Rule
    applied: int
    """Things of its scope that it looked at."""
    hits: int
    """Of these, things with a finding."""
    findings: int
    """More than ``hits`` only where the rule may say several things of one (``Rule.several``)."""
    unchecked: tuple[tuple[str, int], ...]
    """Why it could not look, in Chinese, and at how many things."""

    @property
    def silent(self) -> int:
        """Things that it looked at and found in order."""
        return self.applied - self.hits

    @property
    def things(self) -> int:
        """All of its scope."""
        return self.applied + sum(count for _, count in self.unchecked)


@dataclass(frozen=True, slots=True)
class ClauseCount:
    """One clause of one standard over all communities that follow it."""

    standard: Standard
    clause: Clause
    asked: int
    """Communities of the roster whose unit follows the standard."""
    measured: int
    """Resolved by the measured value."""
    stated: int
    """Resolved by the county's own deduction."""
    deducted: int
    """Of the resolved, those with more than 0 points deducted (of an award: added)."""
    unresolved: int
    """On a scored sheet, and without a deduction."""
    absent: int
    """Communities without a sheet that can be scored."""

    @property
    def resolved(self) -> int:
        return self.measured + self.stated


def clause_counts(result: RegionResult) -> tuple[ClauseCount, ...]:
    """Every clause of every standard in use, the prefecture's first, in the order of the notice."""
    standards = {each.sha256: each for each in (result.standard, *result.local_standards)}
    units: dict[str, list[UnitResult]] = {}
    for unit in result.units:
        units.setdefault(result.standard_of(unit).sha256, []).append(unit)
    made = []
    for key, standard in standards.items():
        followers = units.get(key, [])
        asked = sum(unit.urban_communities for unit in followers)
        scored = [community for unit in followers for community in unit.communities if community.clauses]
        tally = Counter(
            (clause.clause, clause.basis, bool(clause.assessed)) for community in scored for clause in community.clauses
        )
        for clause in standard.clauses:
            by_basis = {basis: tally[clause.id, basis, False] + tally[clause.id, basis, True] for basis in Basis}
            made.append(
                ClauseCount(
                    standard, clause, asked, by_basis[Basis.MEASURED], by_basis[Basis.STATED],
                    sum(tally[clause.id, basis, True] for basis in Basis), by_basis[Basis.UNRESOLVED], asked - len(scored),
                )  # fmt: skip
            )
    return tuple(made)


def rule_counts(result: RegionResult) -> tuple[RuleCount, ...]:
    """Every rule of the catalogue, in its order."""
    counter = _Counter(result)
    return tuple(counter.count(rule) for rule in CATALOGUE.values())


def why_unscored(community: CommunityResult, unit: UnitResult) -> str:
    """Why nothing of a community could be scored, in Chinese; empty where its sheet was."""
    if community.clauses:
        return ""
    if unit.state is not UnitState.RECEIVED:
        return _UNIT_STATES[unit.state]
    if community.file is None:
        return "没有它的社区表"
    if community.status is Status.MISSING:
        return "整张表未填"
    codes = {finding.rule for finding in unit.findings if finding.place.community == community.community.code}
    if codes & {rules.SHEET_TWICE_IN_FILE.code, rules.SHEET_TWICE_IN_FILES.code}:
        return "有几张答案不同的表，都没有采用"
    return "表不能用（年度不符或结构被破坏）"


class _Counter:
    """Things, gaps and findings of one result."""

    def __init__(self, result: RegionResult) -> None:
        self.result = result
        self.things: Counter[Scope] = Counter()
        self.gaps: dict[str, Counter[str]] = {code: Counter() for code in CATALOGUE}
        self.found: dict[str, list[Finding]] = {code: [] for code in CATALOGUE}
        for finding in result.findings:
            if finding.rule in self.found:
                self.found[finding.rule].append(finding)
        for each in (*result.unchecked, *(each for unit in result.units for each in unit.unchecked)):
            self.gap(each.rules, each.reason, each.count)
        self.files()
        self.sheets()
        self.communities()
        self.roster()
        self.earlier()

    def gap(self, codes: tuple[str, ...], reason: str, count: int = 1) -> None:
        for code in codes if count else ():
            self.gaps[code][reason] += count

    def fired(self, *which: Rule) -> int:
        return sum(len(self.found[rule.code]) for rule in which)

    def chain(self, reason: str, *chain: Rule) -> None:
        """Rules that look one after the other: what one has caught the next ones do not look at any more."""
        for place, rule in enumerate(chain):
            self.gap((rule.code,), reason, self.fired(*chain[:place]))

    def count(self, rule: Rule) -> RuleCount:
        findings = self.found[rule.code]
        gaps = self.gaps[rule.code]
        applied = self.things[rule.scope] - gaps.total()
        hits = len({_thing(finding, rule.scope) for finding in findings}) if rule.several else len(findings)
        return RuleCount(rule, applied, hits, len(findings), tuple((why, count) for why, count in gaps.items() if count))

    # --- files and sheets -----------------------------------------------------------------------------------------------

    def files(self) -> None:
        files = self.result.files
        read = [file for file in files if file.kind is FileKind.WORKBOOK]
        self.things[Scope.OPENED] = len(read) + sum(file.kind is FileKind.UNREADABLE for file in files)
        self.things[Scope.WORKBOOK] = len(read)
        chain = (rules.FILE_FOREIGN, rules.FILE_YEAR, rules.FILE_PHASE, rules.FILE_UNIT_UNKNOWN)
        self.chain("因前面的问题已不采用", *chain)
        self.things[Scope.ACCEPTED] = len(read)
        counted = tuple(rule.code for rule in CATALOGUE.values() if rule.scope is Scope.ACCEPTED)
        for state, reason in _COUNTED_STATES.items():
            self.gap(counted, reason, sum(file.state is state for file in read))
        # Of archives and mails that were opened only the name is compared with the contents.
        opened = sum(file.kind is FileKind.CONTAINER and file.state is FileState.ACCEPTED for file in files)
        self.things[Scope.ACCEPTED] += opened
        others = tuple(code for code in counted if code != rules.FILE_EXTENSION.code)
        self.gap(others, "是压缩包、邮件或文件夹，只看里面的文件", opened)
        self.things[Scope.SUBMISSION] = len(self.result.units)
        submissions = tuple(rule.code for rule in CATALOGUE.values() if rule.scope is Scope.SUBMISSION)
        for missing, reason in _UNIT_STATES.items():
            self.gap(submissions, reason, sum(unit.state is missing for unit in self.result.units))

    def sheets(self) -> None:
        typed = [(sheet, unit) for unit in self.result.units for sheet in unit.typed]
        damaged = self.found[rules.SHEET_UNUSABLE.code]
        self.things[Scope.SHEET] = len(typed) + len(damaged)
        nobodys = sum(sheet.community is None for sheet, _ in typed)
        read_only = tuple(rule.code for rule in CATALOGUE.values() if rule.scope is Scope.SHEET and rule is not rules.SHEET_UNUSABLE)
        twice = (rules.SHEET_TWICE_IN_FILE.code, rules.SHEET_TWICE_IN_FILES.code)
        whose = (rules.SHEET_NOT_IN_ROSTER.code, rules.SHEET_OTHER_UNIT.code, rules.SHEET_CODE_GUESSED.code)
        self.gap(tuple(code for code in read_only if code not in twice), "表的结构被破坏", len(damaged))
        self.gap(twice, "看不出是哪个社区的", sum(finding.place.community is None for finding in damaged))
        self.gap((rules.SHEET_OTHER_UNIT.code,), "不在名册中", self.fired(rules.SHEET_NOT_IN_ROSTER))
        self.gap(tuple(code for code in read_only if code not in whose), "不是本单位名册中的社区", nobodys)
        reported = {sheet.community for sheet, _ in typed} | {finding.place.community for finding in damaged}
        self.things[Scope.REPORTED] = len(reported - {None})
        for sheet, unit in typed:
            if sheet.community is not None:
                self.things[Scope.ROW] += len(self.result.standard_of(unit).clauses)

    # --- communities and their clauses ----------------------------------------------------------------------------------

    def communities(self) -> None:
        crashed = {finding.place.community for finding in self.found[rules.CHECK_FAILED.code]}
        rows: Counter[tuple[str, _Seen]] = Counter()
        standards: dict[str, Standard] = {}
        for unit in self.result.units:
            standard = self.result.standard_of(unit)
            standards[standard.sha256] = standard
            sizes = _sizes(standard)
            for scope in _OF_CLAUSES:
                self.things[scope] += sizes[scope] * unit.urban_communities
            self.things[Scope.COMMUNITY] += unit.urban_communities
            for community in unit.communities:
                self._about(community, unit)
                if community.community.code in crashed:
                    self._crashed(community, sizes)
                elif community.clauses:
                    rows.update(zip(repeat(standard.sha256), map(_seen, community.clauses), strict=False))
                else:
                    self._unscored(why_unscored(community, unit), sizes)
        for (key, (clause, *how)), count in rows.items():
            for codes, reason, each in _clause_gaps(standards[key].clause[clause], *how):  # type: ignore[arg-type]
                self.gap(codes, reason, each * count)

    def _about(self, community: CommunityResult, unit: UnitResult) -> None:
        """Rules that look at a community as a whole."""
        claims = (rules.CLAIM_BELOW.code, rules.CLAIM_GREEN.code)
        without, crash = (rules.COMMUNITY_WITHOUT_SHEET.code,), (rules.CHECK_FAILED.code,)
        if unit.state is not UnitState.RECEIVED:
            self.gap(without, _UNIT_STATES[unit.state])
        elif community.listed is not None:
            self.gap(without, _LISTED_NO_MORE)
        if why := why_unscored(community, unit):
            self.gap((*claims, *crash), why)
        elif community.listed is not None:
            self.gap(claims, _LISTED_NO_MORE)
        elif community.assessed_score is None:
            self.gap(claims, "有条款没有核定")
        elif community.claimed is None:
            self.gap(claims, "“申报绿色社区”空白或读不懂")

    def _unscored(self, why: str, sizes: Counter[Scope]) -> None:
        for rule in CATALOGUE.values():
            if rule.scope in _OF_CLAUSES:
                self.gap((rule.code,), why, sizes[rule.scope])

    def _crashed(self, community: CommunityResult, sizes: Counter[Scope]) -> None:
        """Where the check broke off only what it had found is known to have been looked at."""
        for rule in CATALOGUE.values():
            told = sum(finding.place.community == community.community.code for finding in self.found[rule.code])
            if rule.scope in _OF_CLAUSES:
                self.gap((rule.code,), _CRASHED, sizes[rule.scope] - told)
            elif rule in (rules.CLAIM_BELOW, rules.CLAIM_GREEN) and not told and not self._passed_claim(community):
                self.gap((rule.code,), _CRASHED)

    @staticmethod
    def _passed_claim(community: CommunityResult) -> bool:
        """Whether the claim is not compared anyway, so that its gap is counted already."""
        return community.listed is not None or community.assessed_score is None or community.claimed is None

    # --- roster and closed years ----------------------------------------------------------------------------------------

    def roster(self) -> None:
        roster = self.result.roster
        self.things[Scope.ROSTER_ROW] = len(roster.communities) + self.fired(rules.ROSTER_NOT_URBAN)
        shared = self.fired(rules.ROSTER_CODE_SHARED)
        former = {code for community in roster.communities for code in community.former_codes}
        self.things[Scope.FORMER_CODE] = max(len(former), shared)
        incomplete, unknown = self.fired(rules.WAIVER_INCOMPLETE), self.fired(rules.WAIVER_UNKNOWN)
        self.things[Scope.WAIVER] = len(roster.waivers) + incomplete + unknown
        self.chain("这一行填写不全", rules.WAIVER_INCOMPLETE, rules.WAIVER_UNKNOWN)
        self.gap((rules.WAIVER_FUTURE.code, rules.WAIVER_IDLE.code), "这一行没有采用", incomplete + unknown)
        due = [waiver for waiver in roster.waivers if waiver.date <= self.result.run_date]
        self.gap((rules.WAIVER_IDLE.code,), "日期还没有到", len(roster.waivers) - len(due))
        silent = {unit.unit.code for unit in self.result.units if not unit.files}
        self.gap((rules.WAIVER_IDLE.code,), "单位没有报送", sum(waiver.unit in silent for waiver in due))
        self._ledger()

    def _ledger(self) -> None:
        rows, header = self.result.roster.ledger, self.fired(rules.LEDGER_HEADER)
        unknown_unit, unknown_item = self.fired(rules.LEDGER_UNIT_UNKNOWN), self.fired(rules.LEDGER_ITEM_UNKNOWN)
        incomplete = self.found[rules.LEDGER_INCOMPLETE.code]
        no_item = sum(finding.about == LedgerColumn.ITEM.value for finding in incomplete)
        total = len(rows) + unknown_unit + unknown_item + len(incomplete)
        # A date that cannot be read has a row of its own among those taken; results made by hand may lack it.
        total = max(total, self.fired(rules.LEDGER_DATE_UNREADABLE))
        self.things[Scope.LEDGER_ROW] = total
        self.things[Scope.LEDGER] = 1
        if not total and not header:
            self.gap((rules.LEDGER_HEADER.code,), "名册没有这张表，或表是空的")
        blank = "事项空白"
        self.gap((rules.LEDGER_ITEM_UNKNOWN.code,), blank, no_item)
        self.gap((rules.LEDGER_UNIT_UNKNOWN.code,), "事项或填报单位空白", len(incomplete) + sum(row.unit is None for row in rows))
        self.gap((rules.LEDGER_UNIT_UNKNOWN.code,), "事项不认识", unknown_item)
        self.gap((rules.LEDGER_DATE_UNREADABLE.code,), "这一行没有采用", unknown_unit + unknown_item + len(incomplete))
        dateless = sum(row.received is None for row in rows) - self.fired(rules.LEDGER_DATE_UNREADABLE)
        self.gap((rules.LEDGER_DATE_UNREADABLE.code,), "收到日期空白", max(dateless, 0))

    def earlier(self) -> None:
        roster = self.result.roster
        past = follow(self.result.earlier, roster)
        self.things[Scope.ENTRY] = len(past.traces)
        followed = {trace.community.code for trace in past.traces if trace.fate is Fate.PRESENT and trace.community}
        self.things[Scope.FOLLOWED] = len(followed)
        self.chain("已作为合并的社区提出", rules.LISTED_MERGED_IN_PART, rules.LISTED_MERGED, rules.LISTED_RENAMED)
        filed = [row for year in self.result.earlier for row in year.units]
        self.things[Scope.CLOSED_UNIT] = len(filed)
        gone = sum(present_unit(row, roster) is None for row in filed)
        self.gap((rules.UNIT_RENAMED.code,), "本年名册中没有这个单位", gone)
        both = (rules.LISTED_AGAIN.code, rules.LISTED_BELOW.code)
        for unit in self.result.units:
            for community in unit.listed:
                self.things[Scope.LISTED] += 1
                if community.sheet is None:
                    self.gap(both, "本年没有它的社区表（不用再报）")
                    continue
                if community.claimed is None:
                    self.gap(both[:1], "“申报绿色社区”空白或读不懂")
                if community.status not in (Status.GREEN, Status.BELOW):
                    self.gap(both[1:], "本年的结论待核实，或整张表未填")


def _thing(finding: Finding, scope: Scope) -> object:
    """What a finding of a rule that may say several things is about, as the rule's scope counts things."""
    place = finding.place
    if scope is Scope.ACCEPTED:
        return place.file
    return place.unit if scope is Scope.SUBMISSION else (place.file, place.sheet)


def _sizes(standard: Standard) -> Counter[Scope]:
    """How many things of each scope one community has by a standard."""
    clauses = standard.clauses
    return Counter({
        Scope.CLAUSE: len(clauses),
        Scope.MEASURED: sum(clause.measure is not None for clause in clauses),
        Scope.UNMEASURED: sum(clause.measure is None for clause in clauses),
        Scope.ANSWER: sum(1 + (clause.measure is not None) for clause in clauses),
        Scope.DISCRETIONARY: sum(clause.needs_reason for clause in clauses),
        Scope.AWARD: sum(clause.adds for clause in clauses),
        Scope.ITEM: sum(not item.clauses[0].adds for item in standard.items),
        Scope.TOTAL: _TOTALS,
    })  # fmt: skip


_Seen = tuple[str, Basis, bool | None, bool | None, bool]
_seen: Callable[[ClauseResult], _Seen] = attrgetter("clause", "basis", "actual_read", "stated_read", "has_row")
"""All that decides, by one standard, which rules look at a clause of a scored sheet."""


_C = {code: rule for code, rule in CATALOGUE.items() if code[0] == "C"}
_STATED = (rules.STATED_IMPOSSIBLE.code, rules.STATED_UNREADABLE.code, rules.STATED_NEGATIVE.code)
"""Look at 扣分 where the deduction rests on it."""


def _clause_gaps(
    clause: Clause, basis: Basis, actual_read: bool | None, stated_read: bool | None, has_row: bool
) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Rules that do not look at a clause of a scored sheet: their codes, why, and for how many things."""
    kinds = {Scope.CLAUSE, Scope.MEASURED if clause.measure else Scope.UNMEASURED}
    kinds |= {Scope.DISCRETIONARY} if clause.needs_reason else set()
    kinds |= {Scope.AWARD} if clause.adds else set()
    if not has_row:
        why = "表中没有这一条，或重复的行答案不同"
        yield tuple(code for code, rule in _C.items() if rule.scope in kinds), why, 1
        yield (rules.CLAUSE_CONVERTED.code,), why, 1 + (clause.measure is not None)
        return
    unread = (actual_read is False) + (stated_read is False)
    if unread:
        yield (rules.CLAUSE_CONVERTED.code,), "读不出（另有问题）", unread
    if basis is Basis.UNRESOLVED:
        later = (rules.REASON_MISSING, rules.AWARD_EVIDENCE_MISSING)
        yield tuple(rule.code for rule in later if rule.scope in kinds), "这一条没有核定", 1
    if clause.measure is not None:
        yield from _measured_gaps(basis, stated_read)
        if basis is Basis.MEASURED:
            yield _STATED, "按实际值核定，扣分只作比较", 1
            return
        if actual_read is False:
            yield _STATED, "实际值读不出（另有问题）", 1
            return
    if stated_read is None:
        yield _STATED, "扣分空白（另有问题）", 1
    elif stated_read is False:
        yield _STATED[:1], "扣分读不出（另有问题）", 1


def _measured_gaps(basis: Basis, stated_read: bool | None) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """The same of the rules that compare 扣分 with a measured value."""
    differs, unreadable = rules.STATED_DIFFERS.code, rules.STATED_UNREADABLE_MEASURED.code
    if basis is not Basis.MEASURED:
        yield (differs, unreadable), "没有可用的实际值", 1
    elif stated_read is None:
        yield (differs, unreadable), "扣分空白，由实际值算出", 1
    elif stated_read is False:
        yield (differs,), "扣分读不出（另有问题）", 1
