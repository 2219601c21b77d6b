"""What earlier runs of a batch leave to the next one: per unit, its last state and the one before that.

A unit's history moves on only when its own files that count change: other units' files and edits of the roster never touch
it, and a run that is repeated compares with the same state again, so that it changes no byte (S-23). The history is
cumulative, so that only that of the last sound run is read.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from greencomm.findings import Finding, Severity
from greencomm.roster import Roster
from greencomm.rules import CATALOGUE, family_of

SCHEMA = "greencomm-history/1"


class BadHistory(ValueError):
    """Bytes that are no history."""


@dataclass(frozen=True, slots=True)
class Stood:
    """A finding as it stood in one state of its unit."""

    rule: str
    severity: Severity
    title: str
    community: str | None
    clause: str | None
    about: str
    value: str
    message: str
    token: str
    remedy: str = ""
    reply: str = ""
    refusal: str = ""

    @property
    def subject(self) -> Subject:
        """What it is about within its unit."""
        return subject_in(self.community, self.rule, self.clause, self.about)

    @classmethod
    def of(cls, finding: Finding) -> Stood:
        """What is kept of a finding: no addresses, since rows and sheets move."""
        p = finding.place
        return cls(
            finding.rule, finding.severity, finding.title, p.community, p.clause, finding.about, finding.value,
            finding.message, finding.token, finding.remedy, finding.reply, finding.refusal,
        )  # fmt: skip


Subject = tuple[str, str, str, str]
"""Community code, rule or its family, clause and ``about``; empty where a finding has none."""


def subject_in(community: str | None, rule: str, clause: str | None, about: str) -> Subject:
    """The subject within a unit. Rules of a family tell one fault, each in words of its own: there ``about`` says nothing."""
    known = CATALOGUE.get(rule)
    return (community or "", family_of(rule), clause or "", "" if known and known.family else about)


def subject_of(finding: Finding) -> Subject:
    """The subject of a finding within its unit."""
    place = finding.place
    return subject_in(place.community, finding.rule, place.clause, finding.about)


@dataclass(frozen=True, slots=True)
class TypedAnswers:
    """What stands on one community's sheet, as people see it; only what is not blank."""

    heading: Mapping[str, str]
    """By label; 自评总分 only where it is typed over its formula."""
    answers: Mapping[str, tuple[str, str, str]]
    """By clause as written: 实际值, 扣分, 说明及佐证材料."""
    reissued: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """By clause: what a returned workbook holds instead where it holds something else: a cell that was not read for sure,
    rows of one clause joined in one."""
    name: str = ""
    """Of the sheet."""
    more: tuple[TypedAnswers, ...] = ()
    """Further sheets of the community, where they say something else."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A 情况说明 that was accepted: it belongs to a community (None = the unit), a rule and the values it explains."""

    community: str | None
    token: str
    rule: str
    clause: str
    about: str
    value: str
    text: str
    date: datetime.date
    """Run's date of the run that accepted it first."""

    @property
    def key(self) -> tuple[str | None, str]:
        """What it holds for within its unit."""
        return (self.community, self.token)


@dataclass(frozen=True, slots=True)
class State:
    """A unit's submission as one run found it."""

    fingerprint: str
    """Of the unit's files that count (results.fingerprint)."""
    submission: int | None
    findings: tuple[Stood, ...]
    sheets: Mapping[str, TypedAnswers]
    """By community code."""
    explanations: tuple[Explanation, ...]
    """Those that hold after this state."""


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """``current`` is the last state; ``before`` the last one with other files, None where there is none."""

    current: State
    before: State | None = None
    gone: frozenset[Subject] = frozenset()
    """Subjects that were corrected at some time: what comes back of them is a relapse (复发)."""

    def preceding(self, fingerprint: str) -> State | None:
        """The state that a submission with this fingerprint is compared with."""
        return self.before if self.current.fingerprint == fingerprint else self.current


@dataclass(frozen=True)
class History:
    """Histories by unit code."""

    units: Mapping[str, UnitHistory] = field(default_factory=dict)

    def of(self, unit: str) -> UnitHistory | None:
        """The history of one unit; None where there is none."""
        return self.units.get(unit)


# --- on the disk --------------------------------------------------------------------------------------------------------


def dump(history: History) -> bytes:
    """JSON, the same bytes for the same history."""
    document = {"schema": SCHEMA, "units": {code: _unit(unit) for code, unit in sorted(history.units.items())}}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "surrogatepass")


def load(data: bytes, roster: Roster) -> History:
    """The history in ``data``, with the codes that units and communities have now (D-15). Raises BadHistory."""
    try:
        document = json.loads(data)
        if document["schema"] != SCHEMA:
            raise BadHistory
        units: dict[str, UnitHistory] = {}
        for code, unit in document["units"].items():
            known = roster.unit_by_any_code.get(code)
            read = _Reader(roster).unit(unit)
            # Where two units have become one, the one that kept its code counts.
            if known is None or known.code == code or known.code not in document["units"]:
                units.setdefault(known.code if known else code, read)
        return History(units)
    except BadHistory:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise BadHistory from error


def _unit(unit: UnitHistory) -> dict[str, Any]:
    return {
        "current": _state(unit.current),
        "before": _state(unit.before) if unit.before else None,
        "gone": sorted(unit.gone),
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "fingerprint": state.fingerprint,
        "submission": state.submission,
        "findings": [
            [s.rule, s.severity.value, s.title, s.community, s.clause, s.about, s.value, s.message, s.token, s.remedy, s.reply, s.refusal]
            for s in state.findings
        ],
        "sheets": {code: _sheet(sheet) for code, sheet in state.sheets.items()},
        "explanations": [
            [e.community, e.token, e.rule, e.clause, e.about, e.value, e.text, e.date.isoformat()] for e in state.explanations
        ],
    }


def _sheet(sheet: TypedAnswers) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "name": sheet.name,
        "heading": dict(sheet.heading),
        "answers": {clause: list(row) for clause, row in sheet.answers.items()},
    }
    if sheet.reissued:
        kept["reissued"] = {clause: list(row) for clause, row in sheet.reissued.items()}
    if sheet.more:
        kept["more"] = [_sheet(other) for other in sheet.more]
    return kept


class _Reader:
    """Reads one unit's history and refuses what has another shape."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster

    def unit(self, unit: Any) -> UnitHistory:
        gone = frozenset(self.subject(row) for row in unit["gone"])
        before = self.state(unit["before"]) if unit["before"] is not None else None
        return UnitHistory(self.state(unit["current"]), before, gone)

    def code(self, code: str | None) -> str | None:
        """A community's present code; its own where the roster does not know it."""
        if code is None:
            return None
        known = self.roster.community_by_any_code.get(_text(code))
        return known.code if known else code

    def subject(self, row: Any) -> Subject:
        community, rule, clause, about = map(_text, row)
        return subject_in(self.code(community), rule, clause, about)

    def state(self, state: Any) -> State:
        sheets = {self.code(code) or "": self.sheet(sheet) for code, sheet in state["sheets"].items()}
        number = state["submission"]
        if number is not None and type(number) is not int:
            raise BadHistory
        return State(
            _text(state["fingerprint"]),
            number,
            tuple(self.stood(row) for row in state["findings"]),
            sheets,
            tuple(self.explanation(row) for row in state["explanations"]),
        )

    def sheet(self, sheet: Any) -> TypedAnswers:
        # Histories of earlier versions have headings and answers only.
        return TypedAnswers(
            {_text(label): _text(value) for label, value in sheet["heading"].items()},
            {_text(clause): self.row(row) for clause, row in sheet["answers"].items()},
            {_text(clause): self.row(row) for clause, row in sheet.get("reissued", {}).items()},
            _text(sheet.get("name", "")),
            tuple(self.sheet(other) for other in sheet.get("more", [])),
        )

    @staticmethod
    def row(row: Any) -> tuple[str, str, str]:
        actual, stated, evidence = map(_text, row)
        return (actual, stated, evidence)

    def stood(self, row: Any) -> Stood:
        rule, severity, title, community, clause, about, value, message, token, *said = row
        if len(said) not in (0, 3):
            raise BadHistory
        texts = map(_text, (about, value, message, token, *said))
        clause = clause if clause is None else _text(clause)
        return Stood(_text(rule), Severity(severity), _text(title), self.code(community), clause, *texts)

    def explanation(self, row: Any) -> Explanation:
        community, *texts, date = row
        token, rule, clause, about, value, text = map(_text, texts)
        day = datetime.date.fromisoformat(date)
        return Explanation(self.code(community), token, rule, clause, about, value, text, day)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadHistory
    return value


# --- from one state to the next -----------------------------------------------------------------------------------------


def matched(now: Iterable[Finding], before: Iterable[Stood]) -> tuple[list[bool], list[Stood]]:
    """Which of ``now`` stood before, and which of ``before`` are gone.

    Findings of one subject are counted; of several, those with the same values belong together first.
    """
    findings = list(now)
    left: dict[Subject, list[Stood]] = {}
    for stood in before:
        left.setdefault(stood.subject, []).append(stood)
    found = [False] * len(findings)

    def take(alike: Callable[[Finding, Stood], bool]) -> None:
        for position, finding in enumerate(findings):
            rest = left.get(subject_of(finding), [])
            hit = None if found[position] else next((stood for stood in rest if alike(finding, stood)), None)
            if hit is not None:
                rest.remove(hit)
                found[position] = True

    take(lambda finding, stood: finding.token == stood.token)
    take(lambda finding, stood: True)
    return found, [stood for rest in left.values() for stood in rest]
