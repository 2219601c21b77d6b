"""Which files count: foreign and outdated ones are rejected, the highest 报送批次 of each unit is its submission."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from greencomm import rules
from greencomm.findings import Finding, Place, Unchecked
from greencomm.forms import layout, values
from greencomm.forms.entries import FormReading, Located, SheetReading, State
from greencomm.forms.layout import Heading, Summary
from greencomm.intake.arrivals import Arrival
from greencomm.intake.times import as_utc, china_day, shown_day, shown_time
from greencomm.results import FileKind, FileState, ReceivedFile
from greencomm.review.names import same_place_name
from greencomm.roster import Roster, Unit
from greencomm.standard import PHASE_TITLES, Standard
from greencomm.texts import normal_label

StandardOf = Callable[[Unit], Standard]
_BY_META = (rules.FILE_OLD_TEMPLATE, rules.FILE_OTHER_STANDARD, rules.FILE_UNIT_DIFFERS)
_BY_SUMMARY = (rules.FILE_NO_SUMMARY_UNIT, rules.SUMMARY_BLANK, rules.SUBMISSION_UNREADABLE)
_NAMED = 6
"""How many sheets are named before the rest is counted."""

SAMPLE_IGNORED = "示例文件：已有正式报送的工作簿，示例不参与审核"
"""Reason of samples beside real workbooks."""
_CONTAINER_STATES = (FileState.ACCEPTED, FileState.REJECTED, FileState.SUPERSEDED, FileState.IGNORED)
"""What a container is, by the first of these that any of its contents is."""
_CONTAINER_REASONS = {
    FileState.SUPERSEDED: "里面的文件都已被其他文件替代",
    FileState.IGNORED: "里面没有需要处理的文件",
}


@dataclass(slots=True)
class Filed:
    """A readable form with the unit it belongs to."""

    arrival: Arrival
    form: FormReading
    unit: Unit
    number: int
    """报送批次; 1 where it cannot be read."""

    @property
    def path(self) -> str:
        return self.arrival.path

    @property
    def is_sample(self) -> bool:
        return is_sample(self.form)


@dataclass(slots=True)
class Submission:
    """What counts of one unit: usually one file, several where they complete each other."""

    unit: Unit
    number: int
    files: list[Filed]
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)


@dataclass(slots=True)
class Sorted:
    """Every file accounted for exactly once, and each unit's submission by unit code."""

    submissions: dict[str, Submission]
    files: list[ReceivedFile]
    findings: list[Finding]
    sample: bool
    unchecked: list[Unchecked] = field(default_factory=list)


def sort_out(arrivals: Sequence[Arrival], roster: Roster, standard_of: StandardOf) -> Sorted:
    """Account for every arrival and choose what counts."""
    sorter = _Sorter(roster, standard_of)
    real = has_real(arrivals)
    filed = []
    for arrival in sorted(arrivals, key=lambda a: a.path):
        if real and arrival.form is not None and is_sample(arrival.form):
            # Whatever else is wrong with it (another year, another phase), nobody is asked to correct a sample.
            sorter.record(arrival, FileState.IGNORED, SAMPLE_IGNORED, sorter.unit_of(arrival.form))
        elif entry := sorter.admit(arrival):
            filed.append(entry)
    submissions: dict[str, Submission] = {}
    for unit in roster.units:
        own = [entry for entry in filed if entry.unit.code == unit.code]
        if own:
            submissions[unit.code] = sorter.choose(unit, own)
    sorter.settle_containers()
    files = sorted(sorter.files, key=lambda file: file.path)
    sample = bool(filed) and all(entry.is_sample for entry in filed)
    return Sorted(submissions, files, sorter.findings, sample, sorter.unchecked)


def filed(arrival: Arrival, roster: Roster, standard_of: StandardOf) -> Filed | None:
    """One arrival as a form of this batch, as ``sort_out`` will have it whatever else arrives; None where it is none."""
    return _Sorter(roster, standard_of).admit(arrival)


def has_real(arrivals: Sequence[Arrival]) -> bool:
    """Whether a county's own workbook is among them, rather than samples only."""
    forms = [arrival.form for arrival in arrivals if arrival.form is not None and arrival.form.communities]
    return any(not is_sample(form) for form in forms)


def is_sample(form: FormReading) -> bool:
    """Whether a workbook is one of the shipped samples, as it says itself."""
    return form.meta is not None and form.meta.kind == layout.SAMPLE


class _Sorter:
    def __init__(self, roster: Roster, standard_of: StandardOf) -> None:
        self.roster, self.batch, self.standard_of = roster, roster.batch, standard_of
        self.files: list[ReceivedFile] = []
        self.findings: list[Finding] = []
        self.containers: list[Arrival] = []
        self.unchecked: list[Unchecked] = []

    def record(
        self,
        arrival: Arrival,
        state: FileState,
        reason: str | None,
        unit: Unit | None = None,
        advice: str | None = None,
        number: int | None = None,
    ) -> None:
        code = unit.code if unit else None
        received, saved = as_utc(arrival.received), as_utc(arrival.saved)
        kind = kind_of_arrival(arrival)
        self.files.append(
            ReceivedFile(arrival.path, arrival.sha256, state, reason, code, advice, received, saved, number, kind)
        )

    def reject(self, arrival: Arrival, finding: Finding, unit: Unit | None) -> None:
        if arrival.advice:
            finding = replace(finding, fix=arrival.advice)
        self.findings.append(finding)
        self.record(arrival, FileState.REJECTED, finding.message, unit, finding.fix)

    # --- one file -----------------------------------------------------------------------------------------------------

    def admit(self, arrival: Arrival) -> Filed | None:
        """The file as a form of this batch; None where it is recorded as rejected, ignored or merely a container."""
        if arrival.is_roster or arrival.is_standard:
            self.record(arrival, FileState.ACCEPTED, None)
            return None
        if arrival.is_container and arrival.refused is None and arrival.ignored is None:
            self.containers.append(arrival)
            return None
        if arrival.ignored is not None:
            self.record(arrival, FileState.IGNORED, arrival.ignored, advice=arrival.advice)
            return None
        guess = self.unit_named_in(arrival.path) or self.unit_named_in(arrival.subject)
        place = Place(unit=guess.code if guess else None, file=arrival.path)
        if arrival.form is None:
            about, value = arrival.path, arrival.refused
            self.reject(arrival, rules.FILE_UNREADABLE.at(place, reason=arrival.refused, about=about, value=value), guess)
            return None
        form = arrival.form
        unit = self.unit_of(form)
        if unit is not None:
            place = Place(unit=unit.code, file=arrival.path)
        finding = self.refusal(form, unit, place)
        if finding is not None:
            finding = replace(finding, about=arrival.path)
            self.reject(arrival, finding, unit or guess)
            return None
        assert unit is not None
        number, _ = submission_number(form.summary.get(Summary.SUBMISSION))
        return Filed(arrival, form, unit, number)

    def expected_form(self, unit: Unit | None) -> str:
        name = f"“{unit.name}”的" if unit else "下发给本单位的"
        return f"{name}{self.batch.round_title}填报工作簿"

    def refusal(self, form: FormReading, unit: Unit | None, place: Place) -> Finding | None:
        """Why a workbook cannot be part of this batch; None where it can."""
        expected = self.expected_form(unit)
        meta = form.meta
        if meta is not None and meta.programme and meta.programme != layout.PROGRAMME:
            return rules.FILE_FOREIGN.at(place, reason=f"它属于“{meta.programme}”", expected=expected, value=meta.programme)
        if not form.communities and not form.damaged_sheets:
            reason = "里面没有社区表（含“条款”“扣分”“社区代码”的表）"
            return rules.FILE_FOREIGN.at(place, reason=reason, expected=expected, value="没有社区表")
        wrong_year = other_year(form, self.batch.year)
        if wrong_year:
            return rules.FILE_YEAR.at(place, found=wrong_year, expected=str(self.batch.year), form=expected)
        if meta is None or not meta.phase:
            self.unchecked.append(unchecked("没有写阶段（阶段只写在下发信息里）", rules.FILE_PHASE))
        if meta is not None and meta.phase and phase_of(meta.phase) != self.batch.phase:
            found = PHASE_TITLES.get(phase_of(meta.phase) or "", meta.phase)
            return rules.FILE_PHASE.at(place, found=found, expected=PHASE_TITLES[self.batch.phase], form=expected)
        if unit is None:
            stated = form.summary.get(Summary.UNIT, Located()).text or "（空）"
            return rules.FILE_UNIT_UNKNOWN.at(place, found=stated, expected=self.roster.units[0].name)
        return None

    def unit_of(self, form: FormReading) -> Unit | None:
        """The reporting unit: the one the form was made for, unless every community in it belongs to one other."""
        issued = self.roster.unit_by_any_code.get(form.meta.unit) if form.meta else None
        named = self.named_unit(form.summary.get(Summary.UNIT, Located()).text)
        stated = issued or named
        members = Counter(
            community.unit
            for sheet in form.communities
            if (community := self.roster.community_by_any_code.get(code_text(sheet.heading[Heading.CODE])))
        )
        if stated is not None and (stated.code in members or len(members) != 1):
            return stated
        if not members:
            return stated
        # Ties go to the unit that comes first in Annex 2, so that the order of sheets never matters.
        order = {unit.code: position for position, unit in enumerate(self.roster.units)}
        return self.roster.unit[min(members, key=lambda code: (-members[code], order[code]))]

    def named_unit(self, name: str) -> Unit | None:
        exact = self.roster.unit_by_any_name.get(name)
        if exact or not name:
            return exact
        return next(
            (unit for other, unit in self.roster.unit_by_any_name.items() if same_place_name(name, other)), None
        )

    def unit_named_in(self, path: str) -> Unit | None:
        """The unit whose name stands in a file's path: only tells whom to ask about a file that cannot be read."""
        folded = unicodedata.normalize("NFKC", path)
        hits = {unit.code: unit for name, unit in self.roster.unit_by_any_name.items() if name in folded}
        return next(iter(hits.values())) if len(hits) == 1 else None

    def settle_containers(self) -> None:
        """A container is accepted where anything in it is; else it shares what became of its contents."""
        states = [(file.path, file.state) for file in self.files]
        for arrival in self.containers:
            inside = {state for path, state in states if path.startswith(f"{arrival.path}/")}
            state = next((state for state in _CONTAINER_STATES if state in inside), FileState.REJECTED)
            if state is FileState.REJECTED:
                kind = "里面没有可以采用的文件" + ("" if inside else "（是空的文件夹）")
                self.record(arrival, state, kind, advice="里面每个文件的原因和办法见下面各行。" if inside else "请移走它。")
                continue
            self.record(arrival, state, _CONTAINER_REASONS.get(state))
            if state is FileState.ACCEPTED and arrival.wrong_extension is not None:
                found, expected = arrival.wrong_extension
                place = Place(file=arrival.path)
                self.findings.append(rules.FILE_EXTENSION.at(place, found=found, expected=expected))

    # --- the files of one unit ------------------------------------------------------------------------------------------

    def choose(self, unit: Unit, filed: list[Filed]) -> Submission:
        """The unit's submission: the highest 报送批次; within it, files that complete each other count together."""
        every = filed
        filed = self.drop_equal(unit, filed)
        number = max(entry.number for entry in filed)
        latest = [entry for entry in filed if entry.number == number]
        earlier = [entry for entry in filed if entry.number < number]
        submission = Submission(unit, number, self.settle(unit, latest))
        for entry in earlier:
            reason = f"已被第{number}批“{submission.files[0].path}”替代"
            self.record(entry.arrival, FileState.SUPERSEDED, reason, unit, number=entry.number)
        submission.findings += self.overlooked(submission, earlier)
        submission.findings += self.dropped(submission, earlier)
        if not earlier:
            rest = (rules.COMMUNITY_DROPPED, rules.SUBMISSION_UNREADABLE_LATER)
            submission.unchecked.append(unchecked("没有更早批次的文件", *rest))
        for entry in submission.files:
            self.record(entry.arrival, FileState.ACCEPTED, None, unit, number=entry.number)
            submission.findings += self.about(entry)
            submission.unchecked += self.not_asked(entry)
        submission.findings += self.late(submission, every)
        if len(submission.files) > 1:
            place = Place(unit=unit.code, file=submission.files[0].path)
            submission.findings.append(rules.SUBMISSION_MIXED.at(place, found=str(len(submission.files))))
        return submission

    def late(self, submission: Submission, every: Sequence[Filed]) -> Iterable[Finding]:
        """Files that count and were received after the phase's deadline, by the calendar day in China."""
        deadline = self.batch.deadlines[self.batch.phase]
        known = [(china_day(entry.arrival.received), entry.path) for entry in every]
        in_time = sorted((day, path) for day, path in known if day is not None and day <= deadline)
        for entry in submission.files:
            day = china_day(entry.arrival.received)
            if day is not None and day > deadline:
                place = Place(unit=submission.unit.code, file=entry.path)
                first = f"（本单位的“{in_time[0][1]}”已在{shown_day(in_time[0][0])}按时收到）" if in_time else ""
                yield rules.FILE_LATE.at(
                    place, found=shown_day(day), expected=shown_day(deadline), about=entry.path,
                    file=entry.path, days=(day - deadline).days, first=first,
                )  # fmt: skip

    def drop_equal(self, unit: Unit, filed: list[Filed]) -> list[Filed]:
        """Equal contents count once: the same bytes, or the same answers in a file saved again, in whatever format.

        The copy received last stands for all, so that one sent again after another version is the latest word.
        """
        if len({entry.number for entry in filed}) == len(filed):
            return sorted(filed, key=lambda entry: entry.path)
        kept: dict[object, Filed] = {}
        for entry in sorted(filed, key=lambda e: (-e.number, -received_at(e).timestamp(), e.path)):
            key = (entry.number, contents_of(entry))
            if key in kept:
                reason = f"与“{kept[key].path}”内容相同，只计一次"
                self.record(entry.arrival, FileState.SUPERSEDED, reason, unit, number=entry.number)
            else:
                kept[key] = entry
        return sorted(kept.values(), key=lambda entry: entry.path)

    def settle(self, unit: Unit, latest: list[Filed]) -> list[Filed]:
        """Of files with one 报送批次, later ones replace an earlier one whose communities they cover, each or together."""
        in_time = sorted(latest, key=lambda entry: (received_at(entry), entry.path))
        gone: set[str] = set()
        replaced: dict[tuple[str, ...], list[Filed]] = {}
        # From the last to the first, so that only files that count themselves replace others.
        for position in range(len(in_time) - 2, -1, -1):
            entry = in_time[position]
            later = [other for other in in_time[position + 1 :] if other.path not in gone]
            own = self.codes(entry) | self.damaged_codes(entry)
            single = next((other for other in reversed(later) if own <= self.codes(other)), None)
            covering = [single] if single else [other for other in later if own & self.codes(other)]
            if own and own <= frozenset().union(*(self.codes(other) for other in covering)):
                gone.add(entry.path)
                replaced.setdefault(tuple(other.path for other in covering), []).append(entry)
        by_path = {entry.path: entry for entry in latest}
        for chosen, entries in sorted(replaced.items()):
            counting = [by_path[path] for path in chosen]
            names = "”、“".join(chosen)
            self.findings.append(
                rules.FILE_SAME_SUBMISSION.at(
                    Place(unit=unit.code, file=chosen[0]),
                    found=f"第{entries[0].number}批",
                    files="、".join(with_time(entry) for entry in sorted([*counting, *entries], key=lambda e: e.path)),
                    chosen=names,
                    why=why_chosen(counting, entries),
                    value=fingerprints([*counting, *entries]),
                )
            )
            for entry in entries:
                reason = f"与“{names}”报送批次相同、内容不同，以后者为准"
                self.record(entry.arrival, FileState.SUPERSEDED, reason, unit, number=entry.number)
        return sorted((entry for entry in latest if entry.path not in gone), key=lambda entry: entry.path)

    def codes(self, entry: Filed) -> frozenset[str]:
        """The communities a file has readable sheets for, by their present codes, whichever way they are written."""
        return frozenset(self.present_code(entry, sheet) for sheet in entry.form.communities)

    def present_code(self, entry: Filed, sheet: SheetReading) -> str:
        written = code_text(sheet.heading[Heading.CODE])
        issued = entry.form.meta.sheets.get(sheet.sheet, "") if entry.form.meta and not written else ""
        community = self.roster.community_by_any_code.get(written or issued)
        return community.code if community else written or f"{sheet.heading[Heading.NAME].text}"

    def damaged_codes(self, entry: Filed) -> frozenset[str]:
        """The communities whose sheets in a file are damaged, as far as the form still says which they were."""
        issued = entry.form.meta.sheets if entry.form.meta else {}
        found = (self.roster.community_by_any_code.get(issued.get(name, "")) for name in entry.form.damaged_sheets)
        return frozenset(community.code for community in found if community)

    def overlooked(self, submission: Submission, earlier: list[Filed]) -> Iterable[Finding]:
        """Files whose 报送批次 cannot be read, so that they lost against a number, though they are not the older ones."""
        first = submission.files[0]
        known = max(received_at(entry) for entry in submission.files)
        for entry in sorted(earlier, key=lambda e: e.path):
            located = entry.form.summary.get(Summary.SUBMISSION)
            _, readable = submission_number(located)
            if not readable and (received_at(entry) >= known or received_at(entry) == UNKNOWN_TIME):
                place = Place(
                    unit=submission.unit.code, file=entry.path, sheet=entry.form.summary_sheet,
                    cell=located.cell if located else None,
                )  # fmt: skip
                yield rules.SUBMISSION_UNREADABLE_LATER.at(
                    place, found=shown_number(located), expected=str(submission.number), file=entry.path,
                    chosen=first.path, next=submission.number + 1, about=entry.path,
                    value=f"{shown_number(located)}；{fingerprints([entry, *submission.files])}",
                )  # fmt: skip

    def dropped(self, submission: Submission, earlier: list[Filed]) -> Iterable[Finding]:
        """Communities of an earlier submission that the one that counts no longer has."""
        if not earlier:
            return
        present = frozenset().union(*(self.codes(entry) | self.damaged_codes(entry) for entry in submission.files))
        told: set[str] = set()
        for entry in sorted(earlier, key=lambda e: (-e.number, e.path)):
            for sheet in entry.form.communities:
                code = self.present_code(entry, sheet)
                community = self.roster.community_by_any_code.get(code)
                gone = community is not None and code not in present and community.code not in told
                if gone and community is not None and not sheet.is_empty:
                    told.add(community.code)
                    place = Place(submission.unit.code, community.code, file=submission.files[0].path)
                    yield rules.COMMUNITY_DROPPED.at(
                        place, found=community.code, expected=str(entry.number), name=community.name, value=f"第{entry.number}批"
                    )

    def about(self, entry: Filed) -> Iterable[Finding]:
        """Findings about the file itself and its 汇总."""
        form, unit = entry.form, entry.unit
        place = Place(unit=unit.code, file=entry.path)
        standard = self.standard_of(unit)
        meta = form.meta
        if meta is not None:
            if meta.template != layout.TEMPLATE_VERSION:
                yield rules.FILE_OLD_TEMPLATE.at(place, found=meta.template or "（空）", expected=layout.TEMPLATE_VERSION)
            if meta.standard and meta.standard != standard.id:
                yield rules.FILE_OTHER_STANDARD.at(place, found=meta.standard, expected=standard.id)
            issued = self.roster.unit_by_any_code.get(meta.unit)
            if issued is not None and issued.code != unit.code:
                yield rules.FILE_UNIT_DIFFERS.at(place, found=issued.name, expected=unit.name)
        if entry.arrival.wrong_extension is not None:
            found, expected = entry.arrival.wrong_extension
            yield rules.FILE_EXTENSION.at(place, found=found, expected=expected)
        if entry.arrival.old_format is not None:
            yield rules.FILE_OLD_FORMAT.at(place, found=entry.arrival.old_format)
        if entry.arrival.has_macros:
            yield rules.FILE_MACROS.at(place)
        if entry.arrival.extras:
            yield rules.FILE_PARTS_LOST.at(place, found="、".join(entry.arrival.extras))
        yield from self.about_readings(entry)
        for name in form.other_sheets:
            yield rules.SHEET_EXTRA.at(Place(unit=unit.code, file=entry.path, sheet=name), found=name, about=name)
        yield from self.about_summary(entry)

    def not_asked(self, entry: Filed) -> Iterable[Unchecked]:
        """What ``about`` and ``late`` cannot check of a file that counts."""
        meta = entry.form.meta
        if meta is None:
            yield unchecked("没有下发信息，不像是下发的工作簿", *_BY_META)
        else:
            if not meta.standard:
                yield unchecked("下发信息里没有写标准", rules.FILE_OTHER_STANDARD)
            if meta.unit not in self.roster.unit_by_any_code:
                yield unchecked("下发信息里的填报单位不在名册中", rules.FILE_UNIT_DIFFERS)
        if entry.form.summary_sheet is None:
            yield unchecked("没有“汇总”表", *_BY_SUMMARY)
        elif not entry.form.summary.get(Summary.UNIT, Located()).text:
            yield unchecked("“汇总”表的填报单位空白或读不出", rules.FILE_NO_SUMMARY_UNIT)
        if entry.arrival.received is None:
            yield unchecked("没有收到的时间，不是随邮件放入的", rules.FILE_LATE)

    def about_readings(self, entry: Filed) -> Iterable[Finding]:
        """Cells that cannot be read for sure, and sheets that only one of two readings could read."""
        form, unit = entry.form, entry.unit
        read = {sheet.sheet for sheet in form.communities} | {form.summary_sheet}
        once = [name for name in entry.arrival.read_once if name in read]
        if once:
            found = "、".join(f"“{name}”" for name in once[:_NAMED]) + (f"等{len(once)}张" if len(once) > _NAMED else "")
            yield rules.FILE_READ_ONCE.at(Place(unit=unit.code, file=entry.path), found=found)
        if not entry.arrival.conflicts:
            return
        # An answer that cannot be read has a finding of its own.
        told = {
            (sheet.sheet, answer.cell)
            for sheet in form.communities
            for row in sheet.rows
            for answer in (row.actual, row.stated)
            if answer.state is State.FAULT
        }
        for name, cell, both in entry.arrival.conflicts:
            if (name, cell) not in told and name not in form.other_sheets:
                place = Place(unit=unit.code, file=entry.path, sheet=name, cell=cell or None)
                yield rules.FILE_CELL_DOUBTFUL.at(place, found=both, about=f"{name}：{both}")

    def about_summary(self, entry: Filed) -> Iterable[Finding]:
        form, unit = entry.form, entry.unit
        if form.summary_sheet is None:
            yield rules.SUMMARY_MISSING.at(Place(unit=unit.code, file=entry.path))
            return

        def at(label: Summary) -> Place:
            cell = form.summary.get(label, Located()).cell
            return Place(unit=unit.code, file=entry.path, sheet=form.summary_sheet, cell=cell)

        name = form.summary.get(Summary.UNIT, Located()).text
        if name and normal_label(name) != normal_label(unit.name):
            yield rules.FILE_NO_SUMMARY_UNIT.at(at(Summary.UNIT), found=name, expected=unit.name)
        blank = [label for label in (Summary.CONTACT, Summary.PHONE) if is_blank(form.summary.get(label, Located()))]
        if blank:
            yield rules.SUMMARY_BLANK.at(at(blank[0]), found="、".join(f"“{label}”" for label in blank))
        located = form.summary.get(Summary.SUBMISSION)
        _, readable = submission_number(located)
        if not readable:
            yield rules.SUBMISSION_UNREADABLE.at(at(Summary.SUBMISSION), found=shown_number(located))


def kind_of_arrival(arrival: Arrival) -> FileKind:
    """What a file turned out to be."""
    if arrival.is_roster or arrival.is_standard:
        return FileKind.ROSTER if arrival.is_roster else FileKind.STANDARD
    if arrival.form is not None:
        return FileKind.WORKBOOK
    if arrival.refused is not None:
        return FileKind.UNREADABLE
    return FileKind.OTHER if arrival.ignored is not None else FileKind.CONTAINER


def unchecked(reason: str, *passed: rules.Rule) -> Unchecked:
    """That rules could not be applied to one thing."""
    return Unchecked(tuple(rule.code for rule in passed), reason)


def is_blank(located: Located) -> bool:
    """Nothing typed; a faulty cell is not blank."""
    return located.is_blank


_CHINESE_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九十", 1)}


def submission_number(located: Located | None) -> tuple[int, bool]:
    """报送批次 as a number from 1, and whether it could be read: ``2``, ``第2批``, ``第二次报送``."""
    text = unicodedata.normalize("NFKC", "".join((located.text if located else "").split()))
    match = re.fullmatch(r"第?(?:(\d{1,4})(?:\.0+)?|([一二三四五六七八九十]))(?:批次|批|次)?(?:报送|上报)?", text)
    if match is None:
        return 1, False
    number = int(match[1]) if match[1] else _CHINESE_DIGITS[match[2]]
    return (number, True) if number >= 1 else (1, False)


def fingerprints(entries: Iterable[Filed]) -> str:
    """Files with the beginnings of their hashes, so that another file of the same name is another value."""
    return "；".join(f"“{e.path}”（文件校验码{(e.arrival.sha256 or '')[:8]}）" for e in sorted(entries, key=lambda e: e.path))


def shown_number(located: Located | None) -> str:
    """报送批次 as it stands in the cell."""
    shown = values.shown(located.value) if located else ""
    return shown or "（空）"


def code_text(located: Located) -> str:
    """A code with full-width digits and blanks put right."""
    return normal_label(located.text)


def phase_of(text: str) -> str | None:
    """A phase from its identifier or its Chinese name."""
    folded = normal_label(text)
    return next((phase for phase, title in PHASE_TITLES.items() if folded in (phase, title)), None)


def year_text(text: str) -> str:
    """``2021年度`` → ``2021``; other words stay as they are."""
    match = re.fullmatch(r"(\d{4})(?:\.0+)?年?度?", normal_label(text))
    return match[1] if match else normal_label(text)


def other_year(form: FormReading, year: int) -> str | None:
    """The year a whole workbook is about where it is not ``year``: by ``_meta``, or by every sheet's heading."""
    if form.meta is not None and form.meta.year and year_text(form.meta.year) != str(year):
        return form.meta.year
    stated = {year_text(sheet.heading[Heading.YEAR].text) for sheet in form.communities} - {""}
    return "、".join(sorted(stated)) if stated and str(year) not in stated else None


UNKNOWN_TIME = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
"""Stands for no time at all, before every true one."""


def received_at(entry: Filed) -> datetime.datetime:
    """When it was received: the mail's date, else when the document was last saved; UNKNOWN_TIME where neither is known."""
    return as_utc(entry.arrival.received) or as_utc(entry.arrival.saved) or UNKNOWN_TIME


def with_time(entry: Filed) -> str:
    """The file's name with its time and what that time is: ``“a.xlsx”（2021-10-12 09:30收到）``."""
    received, saved = as_utc(entry.arrival.received), as_utc(entry.arrival.saved)
    if received:
        return f"“{entry.path}”（{shown_time(received)}收到）"
    return f"“{entry.path}”（{shown_time(saved)}保存）" if saved else f"“{entry.path}”（没有时间）"


def why_chosen(chosen: Sequence[Filed], others: Sequence[Filed]) -> str:
    """Why of files with one 报送批次 these count, in words that the name of the chosen one follows."""
    earliest, latest = min(map(received_at, chosen)), max(map(received_at, others))
    if earliest > latest:
        if UNKNOWN_TIME in map(received_at, others):
            return "有的文件没有时间，无法确定先后，暂采用有时间的"
        return "已采用较晚的"
    if earliest == UNKNOWN_TIME:
        return "都没有收到或保存的时间，无法确定先后，暂按文件名的顺序采用排在后面的"
    return "时间相同，无法确定先后，暂按文件名的顺序采用排在后面的"


def contents_of(entry: Filed) -> object:
    """What a file says, for telling whether two files say the same. One with a damaged sheet is like its own copies only."""
    form = entry.form
    unread = (entry.arrival.sha256, entry.arrival.saved) if form.damaged_sheets else ()
    said = tuple(sorted((reply.community, reply.token, reply.remedy, reply.explanation) for reply in form.replies))
    return (tuple(sorted((sheet_contents(sheet) for sheet in form.communities), key=repr)), said, unread)


def sheet_contents(sheet: SheetReading) -> object:
    """What one sheet says: code, claim and every answer, whatever its layout."""
    rows = tuple(
        (row.clause, row.actual.state, row.actual.value, row.actual.shown.strip(), row.stated.state, row.stated.value,
         row.stated.shown.strip(), row.evidence.text)
        for row in sheet.rows
    )
    return (code_text(sheet.heading[Heading.CODE]), sheet.heading[Heading.CLAIM].text, rows)
