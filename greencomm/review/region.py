"""The whole review: submissions in, results of communities, units and the region out."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd

from greencomm import rules, scoring
from greencomm.findings import Finding, Impact, Place, Severity, Unchecked, sorted_for_readers
from greencomm.forms.entries import POINT_SCALE, Answer, ClauseRow, Located, State
from greencomm.forms.layout import Summary
from greencomm.forms.read import row_by
from greencomm.history import History, TypedAnswers
from greencomm.intake.arrivals import Arrival
from greencomm.past_years import ClosedYear
from greencomm.results import (
    Basis,
    ClauseResult,
    CommunityResult,
    FileState,
    Reference,
    RegionResult,
    Status,
    UnitResult,
    UnitState,
)
from greencomm.review.ahead import Ahead
from greencomm.review.answers import SheetScores, review_answers
from greencomm.review.followup import UnitFacts, follow_up
from greencomm.review.sheets import CommunitySheet, CommunitySheets, sort_sheets
from greencomm.review.submissions import StandardOf, Submission, sort_out
from greencomm.review.typed import left_behind, summary_places, summary_values
from greencomm.review.years import with_earlier_years
from greencomm.roster import Community, Roster, Unit
from greencomm.standard import Clause, Standard
from greencomm.standard.kinds import Flag


def review(
    arrivals: Sequence[Arrival],
    roster: Roster,
    standard: Standard,
    standard_of: StandardOf,
    run_date: datetime.date,
    earlier: Sequence[ClosedYear] = (),
) -> RegionResult:
    """Review everything that was received, without looking at earlier runs."""
    return review_after(History(), arrivals, roster, standard, standard_of, run_date, earlier)[0]


def review_after(
    history: History,
    arrivals: Sequence[Arrival],
    roster: Roster,
    standard: Standard,
    standard_of: StandardOf,
    run_date: datetime.date,
    earlier: Sequence[ClosedYear] = (),
    ahead: Ahead | None = None,
) -> tuple[RegionResult, History]:
    """Review everything that was received and follow up what earlier runs found; returns the next run's history too.

    ``standard`` is the prefecture's; ``standard_of`` gives the one a unit is scored by (D-14); ``earlier`` are the
    closed years before this one (D-11); ``ahead`` what was done of it before all had arrived, by the same roster and standards.
    """
    ahead = ahead or Ahead(roster, standard_of)
    received = sort_out(arrivals, roster, standard_of)
    sheets = {
        code: sort_sheets(ahead.take(filed) for filed in submission.files)
        for code, submission in received.submissions.items()
    }
    scores = _score_all(sheets, roster, standard_of)
    references = _score_references(sheets, roster, standard_of)
    units = []
    facts = {code: facts_of(submission, sheets[code]) for code, submission in received.submissions.items()}
    for unit in roster.units:
        own = standard_of(unit) if standard_of(unit).base is not None else None
        about_files = [finding for finding in received.findings if finding.place.unit == unit.code]
        about_files += [finding for finding in roster.findings if finding.place.unit == unit.code]
        files = tuple(file for file in received.files if file.unit == unit.code)
        submission = received.submissions.get(unit.code)
        if submission is None:
            rejected = any(file.state is FileState.REJECTED for file in files)
            state = UnitState.REJECTED if rejected else UnitState.MISSING
            communities = tuple(CommunityResult(c, Status.MISSING) for c in roster.of_unit[unit.code])
            units.append(UnitResult(unit, state, communities, sorted_for_readers(about_files), files, own_standard=own))
            continue
        maker = _UnitReview(submission, sheets[unit.code], scores, references, standard_of(unit))
        communities = tuple(maker.community(community) for community in roster.of_unit[unit.code])
        units.append(
            UnitResult(
                unit,
                UnitState.RECEIVED,
                communities,
                sorted_for_readers(about_files + submission.findings + maker.findings),
                files,
                submission.number,
                _summary_text(submission, Summary.CONTACT),
                _summary_text(submission, Summary.PHONE),
                typed=tuple(sheets[unit.code].typed),
                summary=summary_values(submission),
                summary_sheets=summary_places(submission),
                left_behind=left_behind(submission),
                own_standard=own,
                unchecked=(*submission.unchecked, *maker.unchecked),
            )
        )
    nobodys = [finding for finding in (*received.findings, *roster.findings) if finding.place.unit not in roster.unit]
    followed, unowned = with_earlier_years(units, earlier, roster, standard, standard_of)
    findings = (*(finding for unit in followed for finding in unit.findings), *sorted_for_readers([*nobodys, *unowned]))
    batch = roster.batch
    result = RegionResult(
        batch.year,
        batch.phase,
        run_date,
        standard,
        roster,
        followed,
        findings,
        tuple(received.files),
        received.sample or any(year.sample for year in earlier),
        tuple(sorted(earlier, key=lambda year: year.year)),
        unchecked=tuple(received.unchecked),
    )
    return follow_up(result, history, facts)


def facts_of(submission: Submission, sheets: CommunitySheets) -> UnitFacts:
    """What the follow-up needs of a submission: replies to findings, and what is typed on each community's sheet."""
    replies = tuple(reply for filed in submission.files for reply in filed.form.replies)
    typed: dict[str, TypedAnswers] = {}
    for code, same in sheets.of.items():
        said = [sheet.said for sheet in same if sheet.said is not None]
        if said:
            typed[code] = replace(said[0], more=tuple(said[1:])) if len(said) > 1 else said[0]
    return UnitFacts(replies, typed, any(filed.form.is_returned for filed in submission.files))


def _summary_text(submission: Submission, label: Summary) -> str:
    texts = (filed.form.summary.get(label, Located()).text for filed in submission.files)
    return next((text for text in texts if text), "")


def _score_all(
    sheets: dict[str, CommunitySheets], roster: Roster, standard_of: Callable[[Unit], Standard]
) -> dict[int, SheetScores]:
    """Scores of every scorable sheet by ``id(sheet)``: one frame for each standard in use."""
    by_standard: dict[str, tuple[Standard, list[CommunitySheet]]] = {}
    for unit in roster.units:
        if unit.code in sheets:
            standard = standard_of(unit)
            scorable = by_standard.setdefault(standard.sha256, (standard, []))[1]
            for same in sheets[unit.code].of.values():
                scorable += [sheet for sheet in same if sheet.usable and sheet.filled]
    taken: dict[int, SheetScores] = {}
    for standard, scorable in by_standard.values():
        answers = [[facts.answers if facts else None for facts in sheet.facts] for sheet in scorable]
        for sheet, scores in zip(scorable, _per_sheet(scoring.score(answers, standard), standard, len(scorable)), strict=True):
            taken[id(sheet)] = scores
    return taken


def _score_references(
    sheets: dict[str, CommunitySheets], roster: Roster, standard_of: Callable[[Unit], Standard]
) -> dict[int, SheetScores]:
    """Scores by the prefecture's standard of every scorable sheet that a local one counts for, by ``id(sheet)`` (D-14)."""
    taken: dict[int, SheetScores] = {}
    for unit in roster.units:
        own = standard_of(unit)
        if own.base is None or unit.code not in sheets:
            continue
        scorable = [sheet for same in sheets[unit.code].of.values() for sheet in same if sheet.usable and sheet.filled]
        answers = [reference_answers(sheet, own, own.base) for sheet in scorable]
        scores = _per_sheet(scoring.score(answers, own.base), own.base, len(scorable))
        taken |= {id(sheet): each for sheet, each in zip(scorable, scores, strict=True)}
    return taken


def reference_answers(sheet: CommunitySheet, own: Standard, base: Standard) -> list[tuple[Answer, Answer] | None]:
    """The answers of a sheet for the clauses of ``base``; None where the county's own form does not ask (D-14)."""
    settled = dict(zip(own.clause, sheet.rows, strict=True))
    answers: list[tuple[Answer, Answer] | None] = []
    for clause in base.clauses:
        row = settled[clause.id] if clause.id in settled else _only_row(sheet, clause.id)
        if row is None:
            answers.append(None)
            continue
        read = row_by(row, base)
        answers.append((read.actual, _same_condition(read.stated, own.clause.get(clause.id), clause)))
    return answers


def _only_row(sheet: CommunitySheet, clause: str) -> ClauseRow | None:
    """The row of a clause that the county's standard lacks but its workbook still has, as forms of the prefecture's do."""
    rows = [row for row in sheet.reading.rows if row.clause == clause] if sheet.reading else []
    return rows[0] if len(rows) == 1 else None


def _same_condition(stated: Answer, own: Clause | None, clause: Clause) -> Answer:
    """A condition that holds costs what the prefecture's standard says, whatever it costs by the county's own."""
    if not (isinstance(own, Flag) and isinstance(clause, Flag) and stated.state is State.VALUE):
        return stated
    holds = stated.value == own.points * POINT_SCALE
    return replace(stated, value=clause.points * POINT_SCALE) if holds else stated


def _per_sheet(scores: scoring.Scores, standard: Standard, count: int) -> list[SheetScores]:
    """The frames cut into one plain record per sheet, without a frame operation per sheet."""
    clauses, items = len(standard.clauses), [item.number for item in standard.items]

    def rows(frame: pd.DataFrame, column: str, width: int) -> list[list[int]]:
        values: list[list[int]] = frame[column].to_numpy().reshape(count, width).tolist()
        return values

    def none(value: int) -> int | None:
        return None if value == scoring.UNRESOLVED else value

    entry = {name: rows(scores.entries, name, clauses) for name in ("basis", "derived", "assessed")}
    item_score, least = rows(scores.items, "score", len(items)), rows(scores.items, "least", len(items))
    sheet = {name: scores.sheets[name].tolist() for name in ("lowest", "highest", "assessed", "declared")}
    return [
        SheetScores(
            basis=entry["basis"][n],
            derived=entry["derived"][n],
            assessed=entry["assessed"][n],
            items={number: none(value) for number, value in zip(items, item_score[n], strict=True)},
            item_deductions=dict(zip(items, least[n], strict=True)),
            lowest=sheet["lowest"][n],
            highest=sheet["highest"][n],
            score=none(sheet["assessed"][n]),
            declared=scoring.points(sheet["declared"][n]),
        )
        for n in range(count)
    ]


class _UnitReview:
    """Results of one unit's communities, and the unit's findings gathered on the way."""

    def __init__(
        self,
        submission: Submission,
        sheets: CommunitySheets,
        scores: dict[int, SheetScores],
        references: dict[int, SheetScores],
        standard: Standard,
    ) -> None:
        self.submission, self.sheets, self.standard = submission, sheets, standard
        self.scores, self.references = scores, references
        self.findings: list[Finding] = list(sheets.findings)
        self.gaps = sheets.unchecked

    @property
    def unchecked(self) -> tuple[Unchecked, ...]:
        """What could not be checked on the unit's sheets."""
        return tuple(Unchecked(codes, reason, count) for (codes, reason), count in sorted(self.gaps.items()))

    def community(self, community: Community) -> CommunityResult:
        """The result of one community of the roster."""
        same = self.sheets.of.get(community.code, [])
        if not same:
            place = Place(community.unit, community.code, file=self.submission.files[0].path)
            self.findings.append(rules.COMMUNITY_WITHOUT_SHEET.at(place, found=community.code, name=community.name))
            return CommunityResult(community, Status.MISSING)
        result = self.judged(community, same)
        for sheet in same:
            self.findings += (self.weighed(finding, result) for finding in sheet.findings)
        return result

    def weighed(self, finding: Finding, result: CommunityResult) -> Finding:
        """A finding about a sheet as a whole or about its rows: what it leaves open may decide about the pass mark."""
        if finding.severity is not Severity.SEND_BACK or result.lowest is None or result.highest is None:
            return finding
        if not result.lowest < self.standard.pass_mark.points <= result.highest:
            return replace(finding, decides=False, impact=Impact.NONE)
        return replace(finding, decides=True, impact=Impact.MARK, lowest=result.lowest, highest=result.highest)

    def judged(self, community: Community, same: list[CommunitySheet]) -> CommunityResult:
        """The result of a community that has one sheet, or several with different answers."""
        first = same[0]
        if not first.filled or not first.usable:
            return CommunityResult(
                community,
                Status.PENDING if not first.usable else Status.MISSING,
                lowest=0,
                highest=self.standard.full_score,
                items={item.number: None for item in self.standard.items},
                claimed=first.claimed,
                file=first.file,
                sheet=first.sheet,
                reference=None if first.usable else self.reference(same),
            )
        if len(same) > 1:
            return self.ambiguous(community, same)
        scores = self.scores[id(first)]
        self.findings += self.checked(first, scores)
        return CommunityResult(
            community,
            status_of(scores, self.standard),
            declared_score=scores.declared,
            assessed_score=scores.score,
            lowest=scores.lowest,
            highest=scores.highest,
            items=scores.items,
            claimed=first.claimed,
            file=first.file,
            sheet=first.sheet,
            clauses=clause_results(first, scores, self.standard),
            reference=self.reference(same),
        )

    def checked(self, sheet: CommunitySheet, scores: SheetScores) -> list[Finding]:
        """Findings about the answers; a check that crashes becomes a finding and costs nothing else."""
        found: list[Finding] = []
        try:
            for finding in review_answers(sheet, scores, self.standard):
                found.append(finding)
            self.gaps.update(sheet.unchecked)
        except Exception:
            found.append(rules.CHECK_FAILED.at(sheet.place))
        return found

    def reference(self, same: list[CommunitySheet]) -> Reference | None:
        """What the prefecture's standard makes of the sheets of one community, where the unit has its own (D-14)."""
        base = self.standard.base
        if base is None:
            return None
        scores = [self.references[id(sheet)] for sheet in same if id(sheet) in self.references]
        if len(same) == 1 and scores:
            status = status_of(scores[0], base)
            if self.scores[id(same[0])].score is not None and scores[0].lowest >= base.pass_mark.points:
                # All that the county asks is answered; what it does not ask cannot change the standing.
                status = Status.GREEN
            return Reference(status, scores[0].score, scores[0].lowest, scores[0].highest)
        lowest = min((score.lowest for score in scores), default=0)
        return Reference(Status.PENDING, None, lowest, max((score.highest for score in scores), default=base.full_score))

    def ambiguous(self, community: Community, same: list[CommunitySheet]) -> CommunityResult:
        """A community that stands twice with different answers: neither is chosen."""
        scores = [self.scores[id(sheet)] for sheet in same if id(sheet) in self.scores]
        claims = {sheet.claimed for sheet in same}
        return CommunityResult(
            community,
            Status.PENDING,
            lowest=min(score.lowest for score in scores),
            highest=max(score.highest for score in scores),
            items={item.number: None for item in self.standard.items},
            claimed=claims.pop() if len(claims) == 1 else None,
            file=same[0].file,
            sheet=same[0].sheet,
            reference=self.reference(same),
        )


def status_of(scores: SheetScores, standard: Standard) -> Status:
    """The standing that scores give by a standard (D-09)."""
    mark = standard.pass_mark.points
    if scores.score is not None and scores.score >= mark:
        return Status.GREEN
    return Status.BELOW if scores.highest < mark else Status.PENDING


def _is_read(answer: Answer) -> bool | None:
    """Whether an answer could be read; None where it is blank."""
    return None if answer.state is State.BLANK else answer.state is not State.FAULT


def clause_results(sheet: CommunitySheet, scores: SheetScores, standard: Standard) -> tuple[ClauseResult, ...]:
    """What each clause was given and on what grounds."""
    made: list[ClauseResult] = []
    all_given = zip(scores.assessed, scores.basis, strict=True)
    for clause, row, facts, given in zip(standard.clauses, sheet.rows, sheet.facts, all_given, strict=True):
        # Nearly every row stands on other sheets, too: there its result is the same.
        known = facts.results.get(given) if facts is not None else None
        if known is None:
            assessed, basis = given
            known = _shared(_clause_result(clause, row, assessed, BASES[basis]))
            if facts is not None:
                facts.results[given] = known
        made.append(known)
    return tuple(made)


BASES = tuple(Basis)
_RESULTS: dict[ClauseResult, ClauseResult] = {}
_MOST_RESULTS = 50_000


def _shared(result: ClauseResult) -> ClauseResult:
    """One object for equal results: nearly all are among a few."""
    if len(_RESULTS) >= _MOST_RESULTS:
        _RESULTS.clear()
    return _RESULTS.setdefault(result, result)


def _clause_result(clause: Clause, row: ClauseRow | None, assessed: int, basis: Basis) -> ClauseResult:
    resolved = assessed != scoring.UNRESOLVED
    if row is None:
        declared = scoring.points(assessed * POINT_SCALE) if resolved else None
        return ClauseResult(clause.id, assessed if resolved else None, declared, None, "", "", "", None, None, basis=basis)
    actual, stated = row.actual, row.stated
    scaled = stated.value if stated.state is State.VALUE else assessed * POINT_SCALE
    return ClauseResult(
        clause=clause.id,
        assessed=assessed if resolved else None,
        declared=scoring.points(scaled) if resolved else None,
        actual=actual.value if clause.measure is not None and actual.state is State.VALUE else None,
        actual_shown=actual.shown,
        stated_shown=stated.shown,
        evidence=row.evidence.text,
        actual_cell=actual.cell,
        stated_cell=stated.cell,
        basis=basis,
        actual_read=_is_read(actual) if clause.measure is not None else None,
        stated_read=_is_read(stated),
    )
