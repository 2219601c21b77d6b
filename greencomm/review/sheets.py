"""From the sheets of a unit's submission to one set of answers per community, with what is wrong on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from greencomm import rules
from greencomm.findings import Finding, Place
from greencomm.forms.entries import ClauseRow, SheetReading
from greencomm.forms.layout import Heading
from greencomm.forms.read import by_standard
from greencomm.forms.values import read_claim
from greencomm.history import TypedAnswers
from greencomm.results import TypedSheet
from greencomm.review.names import is_variant, nearest, same_place_name
from greencomm.review.rows import RowFacts, is_worded, rows_by
from greencomm.review.submissions import Filed, code_text, is_blank, sheet_contents, year_text
from greencomm.review.typed import typed_answers, typed_sheet
from greencomm.roster import Community, Roster
from greencomm.standard import Clause, Standard

_EMPTY = "整张表未填"
_FILLED_ONLY = (rules.HEADING_BLANK, rules.HEADING_CLAIM_UNREADABLE, rules.SHEET_CLAUSE_ADDED)
"""Not applied to a sheet on which nothing is filled."""
_ROWS = (
    rules.SHEET_CLAUSE_MISSING, rules.SHEET_CLAUSE_TWICE, rules.SHEET_CLAUSE_TWICE_SAME, rules.SHEET_CLAUSE_REWORDED,
)  # fmt: skip
"""Applied to each clause of a filled sheet; the first alone where the row is missing."""
_TOLD_OUTSIDE = 20
"""How many cells outside the form have a finding of their own; the others are counted."""


Gaps = Counter[tuple[tuple[str, ...], str]]
"""How many things some rules (codes) could not be applied to, by the reason (findings.Unchecked)."""


@dataclass(slots=True)
class CommunitySheet:
    """One sheet that speaks for a community of the unit.

    ``rows`` holds the row of each clause in the standard's order, None where the sheet cannot tell. ``usable`` is
    False where the sheet was received but cannot be scored; ``filled`` is False where nothing was typed (D-07).
    """

    community: Community
    file: str
    sheet: str
    reading: SheetReading | None
    rows: tuple[ClauseRow | None, ...] = ()
    facts: tuple[RowFacts | None, ...] = ()
    """Of each of ``rows``."""
    said: TypedAnswers | None = None
    """What stands on it, for telling what changes until the next submission; None where it could not be read."""
    usable: bool = True
    filled: bool = True
    claimed: bool | None = None
    findings: list[Finding] = field(default_factory=list)
    unchecked: Gaps = field(default_factory=Counter)
    """What the review of its answers could not check."""

    @property
    def is_untouched(self) -> bool:
        """Whether nothing at all was typed on a sheet as it was issued, so that it says nothing."""
        asked = (Heading.AUTHOR, Heading.DATE, Heading.CLAIM)
        return self.usable and not self.filled and self.reading is not None and all(
            self.reading.heading[label].value is None for label in asked
        )

    @property
    def place(self) -> Place:
        """The sheet itself."""
        return Place(self.community.unit, self.community.code, file=self.file, sheet=self.sheet)

    def at(self, cell: str | None, clause: str | None = None) -> Place:
        """A cell of the sheet."""
        return Place(self.community.unit, self.community.code, clause, self.file, self.sheet, cell)


@dataclass(slots=True)
class CommunitySheets:
    """All that a submission says of its unit's communities: by community code, more than one where it stands twice
    with different answers; findings that belong to no sheet of a community."""

    of: dict[str, list[CommunitySheet]]
    findings: list[Finding]
    typed: list[TypedSheet]
    """What was typed on every community sheet, in the order of files and sheets."""
    unchecked: Gaps = field(default_factory=Counter)
    """What the review of headings and structure could not check."""


@dataclass(slots=True)
class FileSheets:
    """What one file says of its unit's communities; it hangs on nothing but the file, the roster and the unit's standard."""

    sheets: list[CommunitySheet]
    """In the order of the file."""
    findings: list[Finding]
    typed: list[TypedSheet]
    unchecked: Gaps


def sheets_of(filed: Filed, roster: Roster, standard: Standard) -> FileSheets:
    """Find out which community each sheet of a file speaks for and what is on it."""
    reader = _FileSheets(filed, roster, standard)
    return FileSheets(list(reader.sheets()), reader.findings, reader.typed, reader.unchecked)


def sort_sheets(files: Iterable[FileSheets]) -> CommunitySheets:
    """The sheets of a submission's files by community; report what is there twice."""
    result = CommunitySheets({}, [], [])
    for file in files:
        for sheet in file.sheets:
            result.of.setdefault(sheet.community.code, []).append(sheet)
        result.findings += file.findings
        result.typed += file.typed
        result.unchecked.update(file.unchecked)
    for code, sheets in result.of.items():
        result.of[code] = _settle_twice(sheets)
    return result


def _settle_twice(sheets: list[CommunitySheet]) -> list[CommunitySheet]:
    """One sheet per community where they agree; all of them, each with a finding, where they differ."""
    if len(sheets) == 1:
        return sheets
    # An unfilled or unusable copy beside a filled one is no second opinion.
    speaking = [sheet for sheet in sheets if sheet.usable and sheet.filled] or sheets[:1]
    if len(speaking) == 1 and all(sheet.is_untouched for sheet in sheets if sheet is not speaking[0]):
        # The empty sheet that every community of the roster has, and its own one under a code put right.
        return speaking
    contents = {repr(sheet_contents(sheet.reading)) for sheet in speaking if sheet.reading}
    several_files = len({sheet.file for sheet in sheets}) > 1
    names = "、".join(f"“{sheet.file}”的“{sheet.sheet}”" if several_files else f"“{sheet.sheet}”" for sheet in sheets)
    words: dict[str, Any] = {"name": sheets[0].community.name, "found": sheets[0].community.code, "sheets": names}
    if len(contents) <= 1:
        first = speaking[0]
        first.findings += [finding for other in sheets if other is not first for finding in other.findings]
        first.findings.append(rules.SHEET_TWICE_SAME.at(first.place, **words))
        return [first]
    rule = rules.SHEET_TWICE_IN_FILES if len({sheet.file for sheet in speaking}) > 1 else rules.SHEET_TWICE_IN_FILE
    for sheet in speaking:
        cell = sheet.reading.heading[Heading.CODE].cell if sheet.reading else None
        about = f"{sheet.file}/{sheet.sheet}" if several_files else sheet.sheet
        sheet.findings.append(rule.at(sheet.at(cell), decides=True, about=about, value=names, **words))
    speaking[0].findings += [finding for other in sheets if other not in speaking for finding in other.findings]
    return speaking


class _FileSheets:
    """The community sheets of one file."""

    def __init__(self, filed: Filed, roster: Roster, standard: Standard) -> None:
        self.filed, self.form, self.unit = filed, filed.form, filed.unit
        self.roster, self.standard = roster, standard
        self.findings: list[Finding] = []
        self.typed: list[TypedSheet] = []
        self.unchecked: Gaps = Counter()
        self.facts_of = rows_by(standard).of

    def pass_over(self, passed: tuple[rules.Rule, ...], reason: str, count: int = 1) -> None:
        """Remember that rules cannot be applied to ``count`` things here."""
        self.unchecked[tuple(rule.code for rule in passed), reason] += count

    def place(self, sheet: str, cell: str | None = None) -> Place:
        return Place(unit=self.unit.code, file=self.filed.path, sheet=sheet, cell=cell)

    def sheets(self) -> Iterator[CommunitySheet]:
        reread: dict[int, ClauseRow] = {}
        for reading in self.form.communities:
            identified = self.identify(reading)
            whose = identified[0].code if identified else None
            typed = typed_sheet(reading, self.filed.path, whose, self.standard)
            self.typed.append(typed)
            if identified is None:
                continue
            reading = by_standard(reading, self.standard, reread)
            sheet = CommunitySheet(identified[0], self.filed.path, reading.sheet, reading, findings=identified[1])
            sheet.said = typed_answers(reading, typed, self.standard)
            self.look_at(sheet, reading)
            yield sheet
        for name in self.form.damaged_sheets:
            yield from self.damaged(name)

    # --- whose sheet --------------------------------------------------------------------------------------------------

    def identify(self, reading: SheetReading) -> tuple[Community, list[Finding]] | None:
        """The community a sheet speaks for and what is to be said of that; None where it is nobody's of this unit."""
        heading = reading.heading
        code, name = code_text(heading[Heading.CODE]), heading[Heading.NAME].text
        cell = heading[Heading.CODE].cell
        found: list[Finding] = []
        community = self.roster.community_by_any_code.get(code) if code else self.guess(reading, name, found)
        if community is None:
            near = nearest(name, self.roster.of_unit[self.unit.code]) if name else None
            hint = f"本单位名册中有相近的“{near.name}”（{near.code}）。" if near else ""
            self.findings.append(
                rules.SHEET_NOT_IN_ROSTER.at(
                    self.place(reading.sheet, cell), found=code or "（空）", name=name or "社区名称未填", hint=hint,
                    value=f"{code} {name}".strip(),
                )  # fmt: skip
            )
            return None
        if community.unit != self.unit.code:
            owner = self.roster.unit[community.unit]
            self.findings.append(
                rules.SHEET_OTHER_UNIT.at(
                    self.place(reading.sheet, cell), found=community.code, expected=owner.name, name=community.name,
                    value=f"{code} {name}".strip(),
                )  # fmt: skip
            )
            return None
        place = Place(self.unit.code, community.code, file=self.filed.path, sheet=reading.sheet, cell=cell)
        if code and code != community.code:
            found.append(rules.SHEET_CODE_FORMER.at(place, found=code, expected=community.code, name=community.name))
        return community, found

    def guess(self, reading: SheetReading, name: str, found: list[Finding]) -> Community | None:
        """Without a code: the community this sheet was issued for, else the one of exactly that name in the unit."""
        issued = self.form.meta.sheets.get(reading.sheet, "") if self.form.meta else ""
        community, by = self.roster.community_by_any_code.get(issued), "工作表名称"
        if community is not None and name and not is_variant(name, community.name):
            community = None
        if community is None and name:
            same = [c for c in self.roster.of_unit[self.unit.code] if name in (c.name, c.short_name, *c.former_names)]
            community, by = (same[0], "社区名称") if len(same) == 1 else (None, "")
        if community is not None:
            cell = reading.heading[Heading.CODE].cell
            place = Place(self.unit.code, community.code, file=self.filed.path, sheet=reading.sheet, cell=cell)
            found.append(rules.SHEET_CODE_GUESSED.at(place, expected=community.name, code=community.code, by=by))
        return community

    def damaged(self, name: str) -> Iterator[CommunitySheet]:
        """A sheet without header row or code: unusable; it speaks for the community it was issued for, if that is known."""
        reason = "找不到“条款”“扣分”的表头行或“社区代码”一栏，或者内容已经损坏"
        issued = self.form.meta.sheets.get(name, "") if self.form.meta else ""
        community = self.roster.community_by_any_code.get(issued)
        if community is None:
            same = [c for c in self.roster.of_unit[self.unit.code] if name in (c.name, c.short_name)]
            community = same[0] if len(same) == 1 else None
        if community is None or community.unit != self.unit.code:
            self.findings.append(rules.SHEET_UNUSABLE.at(self.place(name), reason=reason, about=name))
            return
        sheet = CommunitySheet(community, self.filed.path, name, None, usable=False)
        sheet.findings.append(rules.SHEET_UNUSABLE.at(sheet.place, decides=True, reason=reason, about=name))
        yield sheet

    # --- what is on it ------------------------------------------------------------------------------------------------

    def look_at(self, sheet: CommunitySheet, reading: SheetReading) -> None:
        """Judge heading and structure; leave the answers to scoring."""
        sheet.findings += self.about_heading(sheet, reading)
        sheet.findings += self.about_parts(sheet, reading)
        year = reading.heading[Heading.YEAR]
        if not year.text:
            self.pass_over((rules.HEADING_YEAR,), "表上的年度空白或读不出")
        if not code_text(reading.heading[Heading.CODE]):
            self.pass_over((rules.SHEET_CODE_FORMER,), "社区代码空白")
        if sheet.filled and year.text and year_text(year.text) != str(self.roster.batch.year):
            sheet.usable = False
            expected = str(self.roster.batch.year)
            sheet.findings.append(rules.HEADING_YEAR.at(sheet.at(year.cell), found=year.text, expected=expected, decides=True))
        claim = read_claim(reading.heading[Heading.CLAIM].value, self.standard.reading)
        sheet.claimed = claim.value
        if reading.is_empty:
            sheet.filled = False
            rule = rules.SHEET_EMPTY_CLAIMED if sheet.claimed else rules.SHEET_EMPTY
            sheet.findings.append(rule.at(sheet.at(reading.heading[Heading.CLAIM].cell), decides=bool(sheet.claimed)))
            self.pass_over(_FILLED_ONLY, _EMPTY)
            self.pass_over(_ROWS, _EMPTY, len(self.standard.clauses))
            return
        sheet.findings += self.about_blanks(sheet, reading)
        if not claim.readable:
            located = reading.heading[Heading.CLAIM]
            sheet.findings.append(rules.HEADING_CLAIM_UNREADABLE.at(sheet.at(located.cell), found=claim.shown))
        rows: dict[str, list[ClauseRow]] = {}
        for row in reading.rows:
            rows.setdefault(row.clause, []).append(row)
        found = [self.row_of(sheet, rows.get(clause.id, ()), clause) for clause in self.standard.clauses]
        sheet.rows, sheet.facts = tuple([row for row, _ in found]), tuple([facts for _, facts in found])
        for row in reading.rows:
            if row.clause not in self.standard.clause:
                value = f"条款 {row.clause}；{_typed(row)}"
                place = sheet.at(row.clause_cell)
                sheet.findings.append(rules.SHEET_CLAUSE_ADDED.at(place, found=row.clause, about=row.clause, value=value))

    def about_heading(self, sheet: CommunitySheet, reading: SheetReading) -> Iterator[Finding]:
        """Name and county against the roster (D-15)."""
        community, heading = sheet.community, reading.heading
        name = heading[Heading.NAME]
        if not name.text:
            self.pass_over((rules.SHEET_NAME_VARIANT, rules.SHEET_NAME_DIFFERS), "社区名称空白或读不出")
        if name.text and name.text != community.name:
            known = name.text in community.former_names or is_variant(name.text, community.name)
            rule = rules.SHEET_NAME_VARIANT if known else rules.SHEET_NAME_DIFFERS
            yield rule.at(sheet.at(name.cell), found=name.text, expected=community.name, code=community.code)
        county = heading[Heading.COUNTY]
        if not county.text:
            self.pass_over((rules.HEADING_COUNTY,), "“县（市、区）”空白或读不出")
        unit = self.roster.unit[community.unit]
        accepted = (community.county, unit.name, *unit.former_names)
        if county.text and not any(same_place_name(county.text, known) for known in accepted):
            yield rules.HEADING_COUNTY.at(sheet.at(county.cell), found=county.text, expected=community.county)

    def about_parts(self, sheet: CommunitySheet, reading: SheetReading) -> Iterator[Finding]:
        """Hidden parts are read and said; what stands outside the form is said."""
        if reading.hidden_sheet:
            yield rules.SHEET_HIDDEN.at(sheet.place)
        if reading.hidden_parts:
            yield rules.SHEET_HIDDEN_PARTS.at(sheet.place, found=reading.hidden_parts, value="")
        for cell, text in reading.extra_cells[:_TOLD_OUTSIDE]:
            yield rules.SHEET_OUTSIDE.at(sheet.at(cell), found=text, about=text)
        more = len(reading.extra_cells) - _TOLD_OUTSIDE + reading.extra_more
        if more > 0:
            rest = reading.extra_cells[_TOLD_OUTSIDE:]
            found = f"……其余{more}处"
            yield rules.SHEET_OUTSIDE.at(sheet.at(rest[0][0] if rest else None), found=found, about=found)

    def about_blanks(self, sheet: CommunitySheet, reading: SheetReading) -> Iterator[Finding]:
        asked = (Heading.COUNTY, Heading.NAME, Heading.YEAR, Heading.AUTHOR, Heading.DATE, Heading.CLAIM)
        blank = [label for label in asked if is_blank(reading.heading[label])]
        if blank:
            found = "、".join(f"“{label}”" for label in blank)
            yield rules.HEADING_BLANK.at(sheet.at(reading.heading[blank[0]].cell), found=found)

    def row_of(
        self, sheet: CommunitySheet, rows: Sequence[ClauseRow], clause: Clause
    ) -> tuple[ClauseRow, RowFacts] | tuple[None, None]:
        """The one of its ``rows`` that answers a clause; None where it is missing, or there twice with different answers."""
        if len(rows) == 1:
            facts = self.facts_of(rows[0])
            if facts.is_worded:
                return rows[0], facts
        words: dict[str, Any] = {"clause": clause.id, "name": clause.name}
        if not rows:
            self.pass_over(_ROWS[1:], "表中没有这一行")
            sheet.findings.append(rules.SHEET_CLAUSE_MISSING.at(sheet.at(None, clause.id), **words))
            return None, None
        first = rows[0]
        if len(rows) > 1:
            same = len({_answer_of(row) for row in rows}) == 1
            rule = rules.SHEET_CLAUSE_TWICE_SAME if same else rules.SHEET_CLAUSE_TWICE
            found = "、".join(row.clause_cell for row in rows)
            value = "／".join(_typed(row) for row in rows)
            sheet.findings.append(rule.at(sheet.at(rows[1].clause_cell, clause.id), found=found, value=value, **words))
            if not same:
                self.pass_over((rules.SHEET_CLAUSE_REWORDED,), "重复的行答案不同")
                return None, None
        if not first.criterion:
            self.pass_over((rules.SHEET_CLAUSE_REWORDED,), "表中没有写评分标准")
        if not is_worded(first.criterion, clause):
            place = sheet.at(first.clause_cell, clause.id)
            sheet.findings.append(rules.SHEET_CLAUSE_REWORDED.at(place, found=first.criterion, expected=clause.quote, **words))
        return first, self.facts_of(first)


def _typed(row: ClauseRow) -> str:
    """The answers of a row as typed: ``实际值 3；扣分 1；说明 …``."""
    cells = (("实际值", row.actual.shown), ("扣分", row.stated.shown), ("说明", row.evidence.text))
    return "；".join(f"{title} {text}" for title, text in cells if text.strip()) or "空白"


def _answer_of(row: ClauseRow) -> object:
    return (row.actual.state, row.actual.value, row.stated.state, row.stated.value, row.evidence.text)
