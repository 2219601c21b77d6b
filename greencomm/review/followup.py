"""What became of findings since the unit's last submission: their life, explanations, waivers, and what hangs on them.

A unit is compared with its own last state only (``history``), so that other units' files never change a byte of its report.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from greencomm import rules
from greencomm.findings import Finding, Impact, Life, PastFinding, Place, Settled, Settlement, Severity
from greencomm.forms import values
from greencomm.forms.entries import Reply, SheetReading
from greencomm.forms.layout import Column, Heading
from greencomm.history import Explanation, History, State, Stood, Subject, TypedAnswers, UnitHistory, matched, subject_of
from greencomm.results import (
    CellChange,
    CommunityResult,
    FileState,
    ReceivedFile,
    RegionResult,
    Status,
    UnitResult,
    UnitState,
    ratio,
)
from greencomm.roster import WAIVER_SHEET, Roster, Waiver
from greencomm.standard import Standard
from greencomm.texts import bare_phrase, normal_label, quoted

WHOLE_SHEET = "整张表"
"""Stands for the column where a community's sheet is new or gone."""
_THERE, _NOT_THERE = "有", "没有"
_ABSENT = (rules.COMMUNITY_WITHOUT_SHEET.code, rules.SHEET_EMPTY.code)
"""Notes that say of a community that it sent nothing."""
_Key = tuple[str | None, str]
"""Community code and token: what an explanation belongs to."""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What the follow-up needs of a unit's submission besides its results."""

    replies: tuple[Reply, ...] = ()
    """Of all files that count, in their order."""
    sheets: Mapping[str, TypedAnswers] = field(default_factory=dict)
    """By community code."""


def follow_up(result: RegionResult, history: History, facts: Mapping[str, UnitFacts]) -> tuple[RegionResult, History]:
    """``result`` with every finding's life, settlement and impact, and the history for the next run."""
    histories = dict(history.units)
    units: list[UnitResult] = []
    region_findings: list[Finding] = []
    used: set[Waiver] = set()
    target = result.standard.target(result.year)
    aim = target.ratio if target else None
    region_open = aim is not None and _straddles(aim, [unit.communities for unit in result.units])
    for unit in result.units:
        if unit.state is UnitState.RECEIVED:
            follower = _UnitFollower(unit, history.of(unit.unit.code), facts.get(unit.unit.code, UnitFacts()), result)
            unit = follower.followed()
            histories[unit.unit.code] = follower.history()
        findings = [_waived(finding, result.roster, used) for finding in unit.findings]
        unit_open = aim is not None and _straddles(aim, [unit.communities])
        # The region's ratio rests on all units: it must not show in the report of one (S-24).
        unit = replace(unit, findings=_sorted(_weighed(findings, unit, unit_open)))
        units.append(unit)
        region_findings += _sorted(_weighed(unit.findings, unit, region_open))
    nobodys = [finding for finding in result.findings if finding.place.unit not in result.roster.unit]
    nobodys += _idle_waivers(result, used)
    everything = (*region_findings, *_sorted(nobodys))
    return replace(result, units=tuple(units), findings=everything), History(histories)


def typed_answers(sheet: SheetReading) -> TypedAnswers:
    """What a community's sheet says, as people see it; of a clause that stands twice the first row."""
    heading: dict[str, str] = {}
    for label in Heading:
        located = sheet.heading[label]
        text = values.shown(located.value)
        if text and not (label is Heading.TOTAL and located.is_formula):
            heading[label.value] = text
    answers: dict[str, tuple[str, str, str]] = {}
    for row in sheet.rows:
        typed = (row.actual.shown.strip(), row.stated.shown.strip(), values.shown(row.evidence.value))
        if any(typed):
            answers.setdefault(row.clause, typed)
    return TypedAnswers(heading, answers)


def fingerprint(files: Iterable[ReceivedFile]) -> str:
    """One hash of a unit's files that count, whatever their names."""
    hashes = sorted(file.sha256 or "" for file in files if file.state is FileState.ACCEPTED)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def is_empty_phrase(text: str, standard: Standard) -> bool:
    """Whether a 情况说明 explains nothing: one of the standard's empty phrases, or no more than digits and marks."""
    bare = bare_phrase(text)
    return bare.isdigit() or not bare or bare in {bare_phrase(phrase) for phrase in standard.reading.empty_phrases}


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.sort_key))


# --- one unit -----------------------------------------------------------------------------------------------------------


class _UnitFollower:
    def __init__(self, unit: UnitResult, past: UnitHistory | None, facts: UnitFacts, result: RegionResult) -> None:
        self.unit, self.past, self.facts = unit, past, facts
        self.roster, self.standard, self.run_date = result.roster, result.standard_of(unit), result.run_date
        self.fingerprint = fingerprint(unit.files)
        self.before: State | None = past.preceding(self.fingerprint) if past else None
        self.gone = past.gone if past else frozenset()
        stood_before = self.before.findings if self.before else ()
        self.stood, absent = matched(unit.findings, stood_before)
        there = {community.community.code for community in unit.communities if community.sheet is not None}
        self.there = there
        # Where a community's sheet is gone altogether, nothing on it was corrected.
        self.corrected = [stood for stood in absent if stood.community is None or stood.community in there]
        self.by_key: dict[_Key, list[Finding]] = {}
        self.by_subject: dict[Subject, list[Finding]] = {}
        self.by_clause: dict[tuple[str, str, str], list[Finding]] = {}
        """By rule, community and clause."""
        for finding in unit.findings:
            subject = subject_of(finding)
            self.by_key.setdefault((finding.place.community, finding.token), []).append(finding)
            self.by_subject.setdefault(subject, []).append(finding)
            self.by_clause.setdefault((finding.rule, subject[0], subject[2]), []).append(finding)
        self.subject_before: dict[_Key, Subject] = {(stood.community, stood.token): stood.subject for stood in stood_before}
        self.keys_corrected = {(stood.community, stood.token) for stood in self.corrected}
        self.accepted: dict[_Key, Explanation] = {}
        self.remedies: dict[_Key, str] = {}
        self.refusals: dict[_Key, str] = {}
        self.past_remedies: dict[_Key, str] = {}
        self._explain()

    # Explanations

    def _explain(self) -> None:
        lapsed = self._carry_over()
        stale: list[tuple[_Key, Reply]] = []
        for reply in self.facts.replies:
            code = normal_label(reply.community)
            known = self.roster.community_by_any_code.get(code)
            if code and known is None:
                continue
            key = (known.code if known else None, reply.token)
            if key in self.by_key:
                self._answer(key, reply)
            else:
                stale.append((key, reply))
        for key, reply in stale:
            self._answer_of_other_values(key, reply)
        for explanation in lapsed:
            subject = (explanation.community or "", explanation.rule, explanation.clause, explanation.about)
            for finding in self.by_subject.get(subject, ()):
                self._refuse(finding, explanation.value)

    def _carry_over(self) -> list[Explanation]:
        """Keep explanations whose values still stand, or whose community sent nothing; returns those that lapse."""
        lapsed = []
        for explanation in self.before.explanations if self.before else ():
            if explanation.key in self.by_key or explanation.community not in (None, *self.there):
                self.accepted[explanation.key] = explanation
            else:
                lapsed.append(explanation)
        return lapsed

    def _answer(self, key: _Key, reply: Reply) -> None:
        """A reply to exactly what stands now."""
        if reply.remedy.strip():
            self.remedies[key] = reply.remedy.strip()
        text = reply.explanation.strip()
        if not text:
            return
        finding = self.by_key[key][0]
        if finding.severity is Severity.SEND_BACK:
            self.refusals[key] = rules.REFUSED_SEND_BACK
        elif is_empty_phrase(text, self.standard):
            if key not in self.accepted:
                self.refusals[key] = rules.REFUSED_EMPTY.format(text=quoted(text))
        else:
            self.refusals.pop(key, None)
            clause = finding.place.clause or ""
            self.accepted[key] = Explanation(
                *key, finding.rule, clause, finding.about, finding.value, text, self._since(key, text)
            )

    def _since(self, key: _Key, text: str) -> datetime.date:
        """When an explanation was accepted first: a run that is repeated on another day finds the day again."""
        known = [self.accepted[key]] if key in self.accepted else []
        if self.past and self.past.current.fingerprint == self.fingerprint:
            known += self.past.current.explanations
        return next((each.date for each in known if each.key == key and each.text == text), self.run_date)

    def _answer_of_other_values(self, key: _Key, reply: Reply) -> None:
        """A reply to what stood earlier: gone, or there with other values."""
        if key in self.keys_corrected:
            if reply.remedy.strip():
                self.past_remedies[key] = reply.remedy.strip()
            return
        subject = self.subject_before.get(key)
        same_clause = (reply.rule.strip(), key[0] or "", reply.clause.strip())
        for finding in self.by_subject.get(subject, []) if subject else self.by_clause.get(same_clause, []):
            if reply.remedy.strip():
                self.remedies.setdefault((finding.place.community, finding.token), reply.remedy.strip())
            if reply.explanation.strip():
                self._refuse(finding, reply.value)

    def _refuse(self, finding: Finding, before: str) -> None:
        """Say that an explanation was of other values, unless something was said of the present ones."""
        key = (finding.place.community, finding.token)
        if key in self.accepted or key in self.refusals:
            return
        if finding.severity is Severity.SEND_BACK:
            self.refusals[key] = rules.REFUSED_SEND_BACK
            return
        words = {"before": quoted(before) or "空白", "now": quoted(finding.value) or "空白"}
        self.refusals[key] = rules.REFUSED_CHANGED.format(**words)

    # Results

    def followed(self) -> UnitResult:
        """The unit with the life of its findings and what changed."""
        corrected = (
            PastFinding(
                stood.rule, stood.severity, stood.title, stood.community, stood.clause, stood.value, stood.message,
                self.past_remedies.get((stood.community, stood.token), ""),
            )
            for stood in self.corrected
        )  # fmt: skip
        return replace(
            self.unit,
            findings=tuple(self._lived(*pair) for pair in zip(self.unit.findings, self.stood, strict=True)),
            corrected=tuple(sorted(corrected, key=_past_order)),
            changes=tuple(self._changes()),
            earlier=self.before.submission if self.before else None,
        )

    def _lived(self, finding: Finding, stood: bool) -> Finding:
        key = (finding.place.community, finding.token)
        relapsed = not stood and subject_of(finding) in self.gone
        explanation = self.accepted.get(key)
        settled = explanation is not None and finding.severity is not Severity.SEND_BACK
        return replace(
            finding,
            life=Life.OPEN if stood else Life.RELAPSED if relapsed else Life.NEW,
            settlement=Settlement(Settled.EXPLAINED, explanation.text, date=explanation.date)
            if settled and explanation
            else None,
            remedy=self.remedies.get(key, ""),
            refusal=self.refusals.get(key, ""),
        )

    def history(self) -> UnitHistory:
        """What the next run compares with."""
        state = State(
            self.fingerprint,
            self.unit.submission,
            tuple(Stood.of(finding) for finding in self.unit.findings),
            dict(sorted(self.facts.sheets.items())),
            tuple(sorted(self.accepted.values(), key=lambda each: (each.community or "", each.token))),
        )
        return UnitHistory(state, self.before, self.gone | {stood.subject for stood in self.corrected})

    # What the county changed

    def _changes(self) -> Iterator[CellChange]:
        if self.before is None:
            return
        for result in self.unit.communities:
            code = result.community.code
            before, now = self.before.sheets.get(code), self.facts.sheets.get(code)
            if before is None or now is None:
                if before is not now:
                    yield CellChange(
                        code, "", WHOLE_SHEET, _THERE if before else _NOT_THERE, _THERE if now else _NOT_THERE
                    )
                continue
            yield from self._changes_of(code, before, now)

    def _changes_of(self, code: str, before: TypedAnswers, now: TypedAnswers) -> Iterator[CellChange]:
        for label in Heading:
            pair = (before.heading.get(label.value, ""), now.heading.get(label.value, ""))
            if pair[0] != pair[1]:
                yield CellChange(code, "", label.value, *pair)
        standing = [clause.id for clause in self.standard.clauses]
        others = sorted({*before.answers, *now.answers} - set(standing))
        blank = ("", "", "")
        for clause in (*standing, *others):
            rows = (before.answers.get(clause, blank), now.answers.get(clause, blank))
            for column, old, new in zip((Column.ACTUAL, Column.STATED, Column.EVIDENCE), *rows, strict=True):
                if old != new:
                    yield CellChange(code, clause, column.value, old, new)


def _past_order(past: PastFinding) -> tuple[object, ...]:
    # By length first: 9.1 before 10.1.
    clause = tuple((len(part), part) for part in (past.clause or "").split("."))
    return (past.severity.rank, past.community or "", clause, past.rule, past.message)


# --- waivers ------------------------------------------------------------------------------------------------------------


def _waived(finding: Finding, roster: Roster, used: set[Waiver]) -> Finding:
    """The finding as the prefecture settled it; its decision goes before a county's explanation."""
    hits = [waiver for waiver in roster.waivers if waiver.settles(finding)]
    used.update(hits)
    if not hits:
        return finding
    first = hits[0]
    return replace(finding, settlement=Settlement(Settled.WAIVED, first.reason, first.who, first.date), refusal="")


def _idle_waivers(result: RegionResult, used: set[Waiver]) -> Iterator[Finding]:
    """Waivers that settle nothing, of units that sent something: before that, nothing can be said."""
    for waiver in result.roster.waivers:
        unit = next(unit for unit in result.units if unit.unit.code == waiver.unit)
        if waiver not in used and unit.files:
            found = "，".join(part for part in (unit.unit.name, waiver.community or "", waiver.clause, waiver.rule) if part)
            place = Place(sheet=WAIVER_SHEET, cell=waiver.cell)
            yield rules.WAIVER_IDLE.at(place, found=found, where=f"第{waiver.row}行")


# --- what hangs on a finding ----------------------------------------------------------------------------------------------


def _straddles(aim: Fraction, groups: Sequence[Sequence[CommunityResult]]) -> bool:
    """Whether 合计完成比例 of these communities may still fall on either side of the target ``aim`` (D-11, D-12)."""
    communities = [community for group in groups for community in group]
    certain = sum(community.counts for community in communities)
    undecided = sum(_undecided(community) for community in communities)
    lowest, highest = ratio(certain, len(communities)), ratio(certain + undecided, len(communities))
    return lowest is not None and highest is not None and lowest < aim <= highest


def _undecided(community: CommunityResult) -> bool:
    """Whether it may still come to count: on no earlier list, and not yet decided."""
    return community.listed is None and community.status in (Status.PENDING, Status.MISSING)


def _weighed(findings: Iterable[Finding], unit: UnitResult, ratio_open: bool) -> Iterator[Finding]:
    """Findings that decide whether a ratio crosses its target: those of communities whose standing is open."""
    undecided = {c.community.code for c in unit.communities if _undecided(c)}
    for finding in findings:
        community = finding.place.community
        if community is None:
            # A file or sheet that could not be used: communities without a standing wait for it.
            bears = finding.severity is Severity.SEND_BACK and bool(undecided)
        else:
            bears = community in undecided and (finding.severity is not Severity.NOTE or finding.rule in _ABSENT)
        if ratio_open and bears and finding.impact is Impact.NONE:
            finding = replace(finding, impact=Impact.RATIO)
        yield finding
