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
from greencomm.findings import (
    Finding,
    Impact,
    Life,
    OtherReply,
    PastFinding,
    Place,
    Settled,
    Settlement,
    Severity,
    sorted_for_readers,
)
from greencomm.forms.entries import Reply
from greencomm.forms.layout import Column, Heading
from greencomm.history import (
    Explanation,
    History,
    State,
    Stood,
    Subject,
    TypedAnswers,
    UnitHistory,
    matched,
    subject_in,
    subject_of,
)
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
from greencomm.roster import WAIVER_SHEET, Community, Waiver
from greencomm.standard import Standard
from greencomm.texts import bare_phrase, for_cell, normal_label, quoted

WHOLE_SHEET = "整张表"
"""Stands for the column where a community's sheet is new or gone."""
_THERE, _NOT_THERE = "有", "没有"
_ABSENT = (rules.COMMUNITY_WITHOUT_SHEET.code, rules.SHEET_EMPTY.code)
"""Notes that say of a community that it sent nothing."""
_BLANK = ("", "", "")
_UNLESS_EDITED = (rules.SHEET_CLAUSE_TWICE.code, rules.HEADING_BLANK.code)
"""Faults that a fresh form takes away in part: where the county edited the place, they count as corrected by it."""
_Key = tuple[str | None, str]
"""Community code and token: what an explanation belongs to."""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What the follow-up needs of a unit's submission besides its results."""

    replies: tuple[Reply, ...] = ()
    """Of all files that count, in their order."""
    sheets: Mapping[str, TypedAnswers] = field(default_factory=dict)
    """By community code."""
    is_returned: bool = False
    """Whether it is a workbook that was sent back (FormReading.is_returned)."""


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
            histories[unit.unit.code] = follower.history(unit)
        findings = [_waived(finding, result, used) for finding in unit.findings]
        unit_open = aim is not None and _straddles(aim, [unit.communities])
        # The region's ratio rests on all units: it must not show in the report of one (S-24).
        unit = replace(unit, findings=sorted_for_readers(_weighed(findings, unit, unit_open)))
        units.append(unit)
        region_findings += sorted_for_readers(_weighed(unit.findings, unit, True)) if region_open else unit.findings
    nobodys = [finding for finding in result.findings if finding.place.unit not in result.roster.unit]
    nobodys += _idle_waivers(result, used)
    everything = (*region_findings, *sorted_for_readers(nobodys))
    return replace(result, units=tuple(units), findings=everything), History(histories)


def fingerprint(files: Iterable[ReceivedFile]) -> str:
    """One hash of a unit's files that count, whatever their names."""
    hashes = sorted(file.sha256 or "" for file in files if file.state is FileState.ACCEPTED)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def is_empty_phrase(text: str, standard: Standard, names: Iterable[str] = ()) -> bool:
    """Whether a 情况说明 explains nothing: it is made up of the standard's empty phrases and fillers alone, or of digits.

    ``names`` of the unit and its community say nothing either.
    """
    bare = bare_phrase(text)
    reading = standard.reading
    words = {bare_phrase(word) for word in (*reading.empty_phrases, *reading.fillers, *names)} - {""}
    lengths = sorted({len(word) for word in words})
    # Every way to cut the text into words is tried, place by place: cut greedily, one long word would hide two short ones.
    reached = {0}
    for end in range(1, len(bare) + 1):
        if any(end - length in reached and bare[end - length : end] in words for length in lengths):
            reached.add(end)
    return bare.isdigit() or len(bare) in reached


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
        self.there = {community.community.code for community in unit.communities if community.sheet is not None}
        self.answered = {code for code, sheet in facts.sheets.items() if any(each.answers for each in (sheet, *sheet.more))}
        self.changes = tuple(self._changes())
        self.edited = {(change.community, change.clause) for change in self.changes}
        self.absent = [stood for stood in absent if self._is_gone(stood)]
        self.by_key: dict[_Key, list[Finding]] = {}
        self.by_subject: dict[Subject, list[Finding]] = {}
        self.by_clause: dict[tuple[str, str, str], list[Finding]] = {}
        """By rule, community and clause."""
        for finding in unit.findings:
            subject = subject_of(finding)
            self.by_key.setdefault((finding.place.community, finding.token), []).append(finding)
            self.by_subject.setdefault(subject, []).append(finding)
            self.by_clause.setdefault((subject[1], subject[0], subject[2]), []).append(finding)
        self.stood_before: dict[_Key, Stood] = {(stood.community, stood.token): stood for stood in stood_before}
        self.keys_absent = {(stood.community, stood.token) for stood in self.absent}
        self.accepted: dict[_Key, Explanation] = {}
        self.remedies: dict[_Key, str] = {}
        self.replies: dict[_Key, str] = {}
        self.refusals: dict[_Key, str] = {}
        self.past_remedies: dict[_Key, str] = {}
        self.past_replies: dict[_Key, str] = {}
        self.others: list[OtherReply] = []
        self._explain()

    def _is_gone(self, stood: Stood) -> bool:
        """Whether a finding that is no longer there went by what stands now: leaving a sheet out or blank corrects nothing."""
        withdrawn = stood.rule == rules.SHEET_EMPTY_CLAIMED.code and stood.community in self.there
        return stood.community is None or stood.community in self.answered or withdrawn

    def _is_restored(self, stood: Stood) -> bool:
        """Whether a finding is gone because the workbook that was sent back is a fresh form."""
        rule = rules.CATALOGUE.get(stood.rule)
        if not self.facts.is_returned or rule is None or not rule.healed:
            return False
        if rule is rules.SHEET_UNUSABLE:
            # Of a community: it comes back blank, and whoever filled it has corrected it.
            return stood.community is None
        return rule.code not in _UNLESS_EDITED or (stood.community or "", stood.clause or "") not in self.edited

    # Explanations

    def _explain(self) -> None:
        lapsed = self._carry_over()
        stale: list[tuple[_Key, Reply]] = []
        rows: dict[_Key, bool] = {}
        for reply in self.facts.replies:
            code = normal_label(reply.community)
            known = self.roster.community_by_any_code.get(code)
            if code and known is None:
                self._set_aside(reply, reply.remedy, reply.explanation)
                continue
            key = (known.code if known else None, reply.token)
            if key in self.by_key:
                rows[key] = rows.get(key, False) or bool(reply.explanation.strip())
                self._answer(key, reply)
            else:
                stale.append((key, reply))
        for key, is_explained in rows.items():
            if not is_explained:
                # Its row came back empty: whoever emptied it takes back what stood there.
                self.accepted.pop(key, None)
        for key, reply in stale:
            self._answer_of_other_values(key, reply)
        for explanation in lapsed:
            subject = subject_in(explanation.community, explanation.rule, explanation.clause, explanation.about)
            for finding in self.by_subject.get(subject, ()):
                self._refuse(finding, explanation.value, explanation.text)
        for key, stood in self.stood_before.items():
            if key in self.by_key and key not in rows:
                self._remember(key, stood)

    def _carry_over(self) -> list[Explanation]:
        """Keep explanations whose values still stand, or whose community sent nothing; returns those that lapse."""
        lapsed = []
        for explanation in self.before.explanations if self.before else ():
            if explanation.key in self.by_key or explanation.community not in (None, *self.answered):
                self.accepted[explanation.key] = explanation
            else:
                lapsed.append(explanation)
        return lapsed

    def _answer(self, key: _Key, reply: Reply) -> None:
        """A reply to exactly what stands now."""
        remedy, text = reply.remedy.strip(), reply.explanation.strip()
        if remedy:
            if self.remedies.get(key, remedy) != remedy:
                self._set_aside(reply, self.remedies[key], "")
            self.remedies[key] = remedy
        if not text:
            return
        accepted = self.accepted.get(key)
        if accepted is not None and for_cell(accepted.text).strip() == text:
            text = accepted.text  # As the returned workbook shows it.
        replied = self.replies.get(key, text)
        is_empty = is_empty_phrase(text, self.standard, self._names(key[0]))
        if replied != text and not (is_empty and accepted is not None and accepted.text == replied):
            self._set_aside(reply, "", replied)
        self.replies[key] = text
        finding, stood = self.by_key[key][0], self.stood_before.get(key)
        if finding.severity is Severity.SEND_BACK:
            self.refusals[key] = rules.REFUSED_SEND_BACK
        elif is_empty:
            if key not in self.accepted:
                self.refusals[key] = rules.REFUSED_EMPTY.format(text=quoted(text))
        elif accepted is None and stood is not None and stood.refusal and for_cell(stood.reply).strip() == text:
            # The returned workbook shows what was refused: sent back as it is, it says nothing new.
            self.replies[key], self.refusals[key] = stood.reply, stood.refusal
        else:
            self.refusals.pop(key, None)
            clause = finding.place.clause or ""
            self.accepted[key] = Explanation(
                *key, finding.rule, clause, finding.about, finding.value, text, self._since(key, text)
            )

    def _names(self, code: str | None) -> Iterator[str]:
        """What the unit and a community of it are called."""
        yield self.unit.unit.name
        community = self.roster.community.get(code or "")
        if community is not None:
            yield from (community.name, community.short_name, community.county, community.town)

    def _since(self, key: _Key, text: str) -> datetime.date:
        """When an explanation was accepted first: a run that is repeated on another day finds the day again."""
        known = [self.accepted[key]] if key in self.accepted else []
        if self.past and self.past.current.fingerprint == self.fingerprint:
            known += self.past.current.explanations
        return next((each.date for each in known if each.key == key and each.text == text), self.run_date)

    def _answer_of_other_values(self, key: _Key, reply: Reply) -> None:
        """A reply to what stood earlier: gone, or there with other values."""
        remedy, text = reply.remedy.strip(), reply.explanation.strip()
        if key in self.keys_absent:
            for kept, said in ((self.past_remedies, remedy), (self.past_replies, text)):
                if said and said not in kept.get(key, "").split("\n"):
                    kept[key] = "\n".join(part for part in (kept.get(key, ""), said) if part)
            return
        stood = self.stood_before.get(key)
        same_clause = (rules.family_of(reply.rule.strip()), key[0] or "", reply.clause.strip())
        for finding in list(self.by_subject.get(stood.subject, []) if stood else self.by_clause.get(same_clause, [])):
            own = (finding.place.community, finding.token)
            if remedy and self.remedies.setdefault(own, remedy) == remedy:
                remedy = ""
            if text and self._refuse(finding, reply.value, text):
                text = ""
        if key in self.accepted and for_cell(self.accepted[key].text).strip() == text:
            text = ""  # Kept, while its community sends nothing.
        self._set_aside(reply, remedy, text)

    def _set_aside(self, reply: Reply, remedy: str, text: str) -> None:
        """Keep what was typed and belongs to no finding, or stands beside something else that does."""
        if remedy.strip() or text.strip():
            code = normal_label(reply.community)
            known = self.roster.community_by_any_code.get(code)
            self.others.append(
                OtherReply(known.code if known else code, reply.clause.strip(), reply.rule.strip(), remedy.strip(), text.strip())
            )

    def _remember(self, key: _Key, stood: Stood) -> None:
        """What was said of a finding stays beside it while its values stand, also where a file without the list came."""
        if stood.remedy:
            self.remedies.setdefault(key, stood.remedy)
        if stood.reply and key not in self.accepted and key not in self.replies:
            self.replies[key] = stood.reply
            if stood.refusal:
                self.refusals.setdefault(key, stood.refusal)

    def _refuse(self, finding: Finding, before: str, text: str) -> bool:
        """Say that an explanation was of other values, unless something was said of the present ones; whether it is kept there."""
        key = (finding.place.community, finding.token)
        if key in self.accepted or key in self.refusals:
            return self.replies.get(key) == text
        self.replies[key] = text
        if finding.severity is Severity.SEND_BACK:
            self.refusals[key] = rules.REFUSED_SEND_BACK
            return True
        words = {"before": quoted(before) or "空白", "now": quoted(finding.value) or "空白"}
        self.refusals[key] = rules.REFUSED_CHANGED.format(**words)
        return True

    # Results

    def followed(self) -> UnitResult:
        """The unit with the life of its findings and what changed."""
        gone = (
            PastFinding(
                stood.rule, stood.severity, stood.title, stood.community, stood.clause, stood.value, stood.message,
                self.past_remedies.get((stood.community, stood.token), ""),
                self.past_replies.get((stood.community, stood.token), ""),
                self._is_restored(stood),
            )
            for stood in self.absent
        )  # fmt: skip
        return replace(
            self.unit,
            findings=tuple(self._lived(*pair) for pair in zip(self.unit.findings, self.stood, strict=True)),
            corrected=tuple(sorted(gone, key=_past_order)),
            other_replies=tuple(self.others),
            changes=self.changes,
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
            reply=self.replies.get(key) or (explanation.text if explanation else ""),
            refusal=self.refusals.get(key, ""),
        )

    def history(self, followed: UnitResult) -> UnitHistory:
        """What the next run compares with, of the unit as it was followed up."""
        state = State(
            self.fingerprint,
            self.unit.submission,
            tuple(Stood.of(finding) for finding in followed.findings),
            dict(sorted(self.facts.sheets.items())),
            tuple(sorted(self.accepted.values(), key=lambda each: (each.community or "", each.token))),
        )
        corrected = {stood.subject for stood in self.absent if not self._is_restored(stood)}
        return UnitHistory(state, self.before, self.gone | corrected)

    # What the county changed

    def _changes(self) -> Iterator[CellChange]:
        if self.before is None:
            return
        for result in self.unit.communities:
            code = result.community.code
            before, now = ([one, *one.more] if one else [] for one in (self.before.sheets.get(code), self.facts.sheets.get(code)))
            yield from self._changes_between(result.community, before, now)

    def _changes_between(
        self, community: Community, before: Sequence[TypedAnswers], now: Sequence[TypedAnswers]
    ) -> Iterator[CellChange]:
        """Sheets of one community: those that are most alike are compared, the others are new or gone."""
        several = len(before) > 1 or len(now) > 1
        left, new = list(before), []
        for sheet in now:
            if not left:
                new.append(sheet)
                continue
            changes = [list(self._changes_of(community, other, sheet)) for other in left]
            nearest = min(range(len(left)), key=lambda position: len(changes[position]))
            del left[nearest]
            yield from changes[nearest]

        def there(sheet: TypedAnswers) -> str:
            return f"{_THERE}（工作表“{quoted(sheet.name)}”）" if several and sheet.name else _THERE

        for sheet in left:
            yield CellChange(community.code, "", WHOLE_SHEET, there(sheet), _NOT_THERE)
        for sheet in new:
            if self.facts.is_returned and not sheet.answers:
                # Every community of the roster has a sheet in a returned workbook.
                yield from self._changes_of(community, TypedAnswers({}, {}), sheet)
            else:
                yield CellChange(community.code, "", WHOLE_SHEET, _NOT_THERE, there(sheet))

    def _changes_of(self, community: Community, before: TypedAnswers, now: TypedAnswers) -> Iterator[CellChange]:
        """Cells of a sheet that the county changed; what a fresh form does by itself is none of them."""
        for label in Heading:
            pair = (before.heading.get(label.value, ""), now.heading.get(label.value, ""))
            if pair[0] != pair[1] and not (self.facts.is_returned and self._is_issued(community, label, pair)):
                yield CellChange(community.code, "", label.value, *pair)
        standing = [clause.id for clause in self.standard.clauses]
        others = sorted({*before.answers, *now.answers} - set(standing))
        for clause in (*standing, *others):
            old, new = before.answers.get(clause, _BLANK), now.answers.get(clause, _BLANK)
            # Rows of clauses unknown to the standard are not carried over.
            sent = _BLANK if clause not in self.standard.clause else before.reissued.get(clause, old)
            for position, column in enumerate((Column.ACTUAL, Column.STATED, Column.EVIDENCE)):
                pair = (old[position], new[position])
                if pair[0] != pair[1] and not (self.facts.is_returned and new[position] == sent[position]):
                    yield CellChange(community.code, clause, column.value, *pair)

    def _is_issued(self, community: Community, label: Heading, pair: tuple[str, str]) -> bool:
        """Whether a heading is as the form writes it: a blank one filled from the roster, the formula of 自评总分 whole again."""
        if label is Heading.TOTAL:
            return pair[1] == ""
        known = {
            Heading.COUNTY: community.county,
            Heading.NAME: community.name,
            Heading.CODE: community.code,
            Heading.YEAR: str(self.roster.batch.year),
        }
        return pair[0] == "" and pair[1] == known.get(label)


def _past_order(past: PastFinding) -> tuple[object, ...]:
    # By length first: 9.1 before 10.1.
    clause = tuple((len(part), part) for part in (past.clause or "").split("."))
    return (past.severity.rank, past.community or "", clause, past.rule, past.message)


# --- waivers ------------------------------------------------------------------------------------------------------------


def _waived(finding: Finding, result: RegionResult, used: set[Waiver]) -> Finding:
    """The finding as the prefecture settled it by the run's date; its decision goes before a county's explanation."""
    hits = [waiver for waiver in result.roster.waivers if waiver.date <= result.run_date and waiver.settles(finding)]
    used.update(hits)
    if not hits:
        return finding
    first = hits[0]
    return replace(finding, settlement=Settlement(Settled.WAIVED, first.reason, first.who, first.date), refusal="")


def _idle_waivers(result: RegionResult, used: set[Waiver]) -> Iterator[Finding]:
    """Waivers of a day to come, and those that settle nothing, of units that sent something: before that, nothing can be said."""
    for waiver in result.roster.waivers:
        if waiver.date > result.run_date:
            yield rules.WAIVER_FUTURE.at(
                Place(sheet=WAIVER_SHEET, cell=waiver.cell), found=waiver.date.isoformat(),
                expected=result.run_date.isoformat(), where=f"第{waiver.row}行",
            )  # fmt: skip
            continue
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
