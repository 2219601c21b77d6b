"""Reporting units and communities with their names and codes before and after a change (D-10, D-15, D-16).

The roster's workbook: its sheets and labels (contract), and ``load_roster`` that reads it. A damaged roster stops
the run with one sentence, because no ratio could be right; ``rosters_io`` writes one.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import python_calamine

from greencomm.errors import EmptyRoster, RosterError
from greencomm.findings import Finding, Place
from greencomm.intake.workbook import cell_name
from greencomm.ledger import LEDGER_SHEET, LedgerColumn, LedgerRow, read_ledger
from greencomm.rules import (
    CATALOGUE,
    LEDGER_HEADER,
    ROSTER_CODE_SHARED,
    ROSTER_NOT_URBAN,
    WAIVER_INCOMPLETE,
    WAIVER_UNKNOWN,
)
from greencomm.standard import ANNUAL, PHASE_TITLES, SELF_EVALUATION, Standard
from greencomm.texts import normal_label, one_line

COMMITTEE = "居民委员会"

BATCH_SHEET, UNIT_SHEET, COMMUNITY_SHEET = "批次", "填报单位", "社区名册"
REGION_SHEET = "地区"
"""Of a province's roster: the regions of which it expects results."""
GUIDE_SHEET = "说明"
"""What each sheet and column is for; never read."""
WAIVER_SHEET = "免予处理"
"""Optional: findings that the prefecture waives."""


PLACEHOLDER = "示例"
"""Stands in everything that is invented in the shipped sample's roster."""
EXAMPLE = "例："
"""Begins every filled cell of an example row of the starter (S-58). A row of nothing else is no data."""


class BatchLabel(StrEnum):
    """Labels in column A of 批次; the value stands in column B."""

    REGION = "地区"
    YEAR = "年度"
    PHASE = "阶段"
    UNIT = "填报单位"
    CONTACT = "联系人"
    PHONE = "联系电话"
    EMAIL = "电子邮箱"
    """Optional: the sender of letters."""
    SELF_EVALUATION_DUE = "自评截止日期"
    ANNUAL_DUE = "年度总结截止日期"
    FORM_DATE = "填报时间"


_DEADLINES = {SELF_EVALUATION: BatchLabel.SELF_EVALUATION_DUE, ANNUAL: BatchLabel.ANNUAL_DUE}


class UnitColumn(StrEnum):
    """Headers of 填报单位."""

    CODE = "代码"
    NAME = "名称"
    FORMER_CODES = "曾用代码"
    FORMER_NAMES = "曾用名"
    STANDARD = "标准"
    CONTACT = "联系人"
    PHONE = "联系电话"
    EMAIL = "电子邮箱"
    """These three are optional: whom to chase, and where letters go."""


class CommunityColumn(StrEnum):
    """Headers of 社区名册."""

    COUNTY = "县（市、区）"
    TOWN = "乡镇（街道）"
    CODE = "社区代码"
    NAME = "社区名称"
    FORMER_NAMES = "曾用名"
    UNIT = "填报单位"
    PILOT = "试点"
    FORMER_CODES = "曾用代码"
    """Optional: stands in the place of the codes that follow from the unit's former ones."""


class WaiverColumn(StrEnum):
    """Headers of 免予处理."""

    UNIT = "填报单位"
    COMMUNITY = "社区代码"
    CLAUSE = "条款"
    RULE = "问题编号"
    WHO = "批准人"
    REASON = "理由"
    DATE = "日期"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A decision of the prefecture that findings need no correction (免予处理). It never changes a score or a standing."""

    unit: str
    """Code of the unit."""
    community: str | None
    """Code of the community; None = findings about the unit's files and 汇总."""
    clause: str
    """Clause id; empty = any, and findings about no clause."""
    rule: str
    who: str
    reason: str
    date: datetime.date
    row: int
    """Where it stands on the sheet."""
    cell: str | None = None

    def settles(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        place = finding.place
        return (
            (self.unit, self.community, self.rule) == (place.unit, place.community, finding.rule)
            and self.clause in ("", place.clause)
        )


@dataclass(frozen=True, slots=True)
class Unit:
    """A reporting unit (填报单位): a county or city, or the development zone."""

    code: str
    name: str
    former_codes: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    standard: str = ""
    """Id or file name of the unit's own standard; empty for the prefecture's (D-14)."""
    contact: str = ""
    """Whom to chase; like phone and email as written, empty where the roster says nothing."""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Community:
    """An urban community (居民委员会) of the roster; it counts in its reporting unit only."""

    code: str
    name: str
    county: str
    town: str
    unit: str
    """Code of its reporting unit."""
    former_names: tuple[str, ...] = ()
    former_codes: tuple[str, ...] = ()
    pilot: bool = False

    @property
    def short_name(self) -> str:
        """The name without 居民委员会, as sheets are named."""
        return self.name.removesuffix(COMMITTEE) or self.name


@dataclass(frozen=True, slots=True)
class Batch:
    """Sheet 批次: what is collected, by whom, until when."""

    region: str
    year: int
    phase: str
    reporting_unit: str
    contact: str
    phone: str
    deadlines: dict[str, datetime.date]
    """By phase; the standard's where the sheet leaves them blank."""
    form_date: datetime.date | None
    """填报时间 on the forms; None = the run's date."""
    email: str = ""
    """As written; empty where the sheet says nothing."""

    @property
    def round_title(self) -> str:
        """What this collection is called: ``2021年自评``, ``2021年度总结``."""
        return f"{self.year}年{PHASE_TITLES[self.phase].removeprefix('年')}"


@dataclass(frozen=True, slots=True)
class StatedDeadline:
    """A deadline as sheet 批次 has it."""

    phase: str
    date: datetime.date
    cell: str
    sheet_year: int


@dataclass(frozen=True)
class Roster:
    """The denominators of every ratio: units in the order of Annex 2, communities in the order of the roster."""

    batch: Batch
    units: tuple[Unit, ...]
    communities: tuple[Community, ...]
    findings: tuple[Finding, ...] = field(default=())
    """Rows reported and not counted (village committees, D-16)."""
    sha256: str = ""
    """Of the file that was read; empty where the roster comes from no file."""
    waivers: tuple[Waiver, ...] = ()
    """Whole and known rows of 免予处理; other rows are findings."""
    ledger: tuple[LedgerRow, ...] = ()
    """Rows of 报送台账 that could be assigned; the others are findings."""
    placeholders: tuple[str, ...] = ()
    """What the shipped sample's roster left in this one, each a Chinese sentence: of no concern beside samples."""
    stated_deadlines: tuple[StatedDeadline, ...] = ()
    """As the sheet has them, whether they hold or not."""

    @property
    def about_dates(self) -> tuple[str, ...]:
        """Deadlines of the sheet that belong to another year, and what holds in their stead, each a Chinese sentence."""
        told = []
        for stated in self.stated_deadlines:
            held = self.batch.deadlines[stated.phase]
            if stated.date != held:
                # Where another year than the sheet's was asked for, nothing is wrong with the sheet.
                advice = "；请改正或清空" if stated.date.year != stated.sheet_year else ""
                told.append(
                    f"名册“{BATCH_SHEET}”表{stated.cell}写的是{stated.date.year}年的日期，"
                    f"本次{PHASE_TITLES[stated.phase]}的截止日期按{held.year}年{held.month}月{held.day}日{advice}。"
                )
        return tuple(told)

    @cached_property
    def unit(self) -> dict[str, Unit]:
        """Units by current code."""
        return {unit.code: unit for unit in self.units}

    @cached_property
    def unit_by_any_code(self) -> dict[str, Unit]:
        """Units by current and former codes."""
        former = {code: unit for unit in self.units for code in unit.former_codes}
        return former | self.unit

    @cached_property
    def unit_by_any_name(self) -> dict[str, Unit]:
        """Units by current and former names."""
        former = {name: unit for unit in self.units for name in unit.former_names}
        return former | {unit.name: unit for unit in self.units}

    @cached_property
    def community(self) -> dict[str, Community]:
        """Communities by current code."""
        return {community.code: community for community in self.communities}

    @cached_property
    def community_by_any_code(self) -> dict[str, Community]:
        """Communities by current and former codes; a former code that several name (a split) stands for none of them."""
        claims = [(code, community) for community in self.communities for code in community.former_codes]
        return {code: community for code, community in claims if code not in self.parts_of} | self.community

    @cached_property
    def parts_of(self) -> dict[str, tuple[Community, ...]]:
        """Former codes that several communities name, because that community was split, with those communities."""
        claims: dict[str, list[Community]] = {}
        for community in self.communities:
            for code in dict.fromkeys(community.former_codes):
                claims.setdefault(code, []).append(community)
        return {code: tuple(parts) for code, parts in claims.items() if len(parts) > 1}

    @cached_property
    def of_unit(self) -> dict[str, tuple[Community, ...]]:
        """Communities of each unit, by unit code; an empty tuple where a unit has none."""
        members: dict[str, list[Community]] = {unit.code: [] for unit in self.units}
        for community in self.communities:
            members[community.unit].append(community)
        return {code: tuple(communities) for code, communities in members.items()}


@dataclass(frozen=True)
class RegionRoster:
    """The regions of which a province expects results, in the order of its Annex 2 (S-37)."""

    name: str
    """The province."""
    year: int
    phase: str | None
    """None where the sheet does not say."""
    reporting_unit: str
    contact: str
    phone: str
    form_date: datetime.date | None
    regions: tuple[Unit, ...]
    """By code and name, with former ones."""
    sha256: str

    def find(self, name: str, code: str = "") -> Unit | None:
        """The region that has this name now or had it formerly, else this code; None where none has."""
        for region in self.regions:
            if normal_label(name) in map(normal_label, (region.name, *region.former_names)):
                return region
        return next((region for region in self.regions if code and code in (region.code, *region.former_codes)), None)


def load_region_roster(path: Path, standard: Standard, *, year: int | None = None) -> RegionRoster:
    """Read and check a province's roster; ``year`` (from the command line) takes the place of the sheet's. Raises RosterError."""
    return _Loader(path, standard).load_regions(year)


def load_roster(path: Path, standard: Standard, *, year: int | None = None, phase: str | None = None) -> Roster:
    """Read and check the roster in ``path``.

    ``year`` and ``phase`` (from the command line) take the place of the sheet's; the sheet's dates then hold only
    where they belong to ``year``. Rows that are no residents' committee become notes (D-16).
    Raises RosterError with one sentence naming file, sheet, cell, the mistake and what to do.
    """
    return _Loader(path, standard).load(year, phase)


def blanks_of(path: Path, standard: Standard) -> list[str]:
    """Of a roster that names no unit or no community yet: every place that is still to be filled, sheet and cell, in Chinese.

    An empty list for a roster that has both. Raises RosterError where it cannot be read at all.
    """
    return _Loader(path, standard).blanks()


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Pasted along from Word and databases; most of them break the parts of a workbook that a name is written into."""
_EDGE = re.compile(r"^[\s\u200b-\u200d\ufeff]+|[\s\u200b-\u200d\ufeff]+$")
_SEPARATORS = re.compile(r"[、，,;；\r\n]+")
_YEAR = re.compile(r"(20[0-9]{2})(?:年|年度)?")
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_UNIT_CODE = re.compile(r"[0-9]{6}(?:[0-9]{3})?")
"""A county's 6 digits; a development zone may have 9."""
_COMMUNITY_CODE = re.compile(r"[0-9]{12}")
_COUNTY_DIGITS = 6
_NAMED = 4
"""How many cells or rows a remark names before the rest is counted."""
_Column = TypeVar("_Column", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell of the roster; ``cell`` is None where the sheet has no such column or label."""

    sheet: str
    row: int
    cell: str | None
    value: object = ""

    @property
    def text(self) -> str:
        """The value trimmed, otherwise as written; whole numbers without a fraction, blank as empty, no control characters."""
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return _EDGE.sub("", _CONTROL.sub("", str(self.value)))

    @property
    def folded(self) -> str:
        """The text for codes and dates: full width folded, no blanks."""
        return normal_label(self.text)

    @property
    def is_example(self) -> bool:
        """Whether it is marked as an example."""
        return self.text.startswith((EXAMPLE, "例:"))

    @property
    def place(self) -> str:
        """``第5行（C5）``."""
        return f"第{self.row}行（{self.cell}）" if self.cell else f"第{self.row}行"


class _Loader:
    def __init__(self, path: Path, standard: Standard) -> None:
        self.file, self.standard = path.name, standard
        self.placeholders: list[str] = []
        self.stated_deadlines: list[StatedDeadline] = []
        try:
            raw = path.read_bytes()
            self.sha256 = hashlib.sha256(raw).hexdigest()
        except FileNotFoundError:
            folder = path.resolve().parent.name
            raise RosterError(f"找不到名册“{self.file}”，请把它放到“{folder}”文件夹，或用 --roster 指明它的位置。") from None
        except OSError:
            advice = "请确认它是一个文件、可以读取，并先在 Excel 或 WPS 中关闭它"
            raise RosterError(f"名册“{self.file}”打不开，{advice}。") from None
        try:
            self.book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
        except Exception:
            # Whatever the reader trips over, to the clerk it is one mistake with one remedy.
            raise self._damaged() from None

    def _damaged(self) -> RosterError:
        advice = "请用 Excel 或 WPS 打开检查，另存为“Excel 工作簿（.xlsx）”，或换用备份"
        return RosterError(f"名册“{self.file}”不是可以读取的工作簿，{advice}。")

    def _error(self, sheet: str, mistake: str, kind: type[RosterError] = RosterError) -> RosterError:
        return kind(f"名册“{self.file}”的工作表“{sheet}”{mistake}。")

    def _at(self, cell: _Cell, mistake: str) -> RosterError:
        return self._error(cell.sheet, f"{cell.place}：{mistake}")

    def load(self, year: int | None, phase: str | None) -> Roster:
        batch = self._batch(year, phase)
        units = self._units()
        communities, findings = self._communities(units)
        roster = Roster(batch, tuple(units), communities, findings, self.sha256)
        waivers, about_waivers = self._waivers(roster)
        ledger, about_ledger = self._ledger(units)
        return replace(
            roster,
            waivers=waivers,
            ledger=ledger,
            findings=(*findings, *about_waivers, *about_ledger),
            placeholders=tuple(self.placeholders),
            stated_deadlines=tuple(self.stated_deadlines),
        )

    def _left_over(self, sheet: str, cells: Iterable[_Cell], then: str) -> None:
        """Remark cells that still hold what the sample's roster had there."""
        found = [f"{cell.cell}写的是“{one_line(cell.text)}”" for cell in cells if PLACEHOLDER in cell.text]
        if found:
            more = f"等{len(found)}处" if len(found) > _NAMED else ""
            self.placeholders.append(f"名册“{sheet}”表{'、'.join(found[:_NAMED])}{more}，{then}")

    # --- sheets and tables ---

    def _rows(self, title: str) -> Sequence[Sequence[object]]:
        name = next((name for name in self.book.sheet_names if normal_label(name) == normal_label(title)), None)
        if name is None:
            raise RosterError(f"名册“{self.file}”缺少工作表“{title}”，请补上；工作表的名称须与此完全一致。")
        try:
            return self.book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except Exception:
            raise self._damaged() from None

    def _table(self, sheet: str, columns: type[_Column], required: tuple[_Column, ...]) -> Iterator[dict[_Column, _Cell]]:
        """Rows under the header row, by header; rows without anything in a known column and rows of examples are skipped."""
        rows, header, position = self._header(sheet, columns, required)
        for number, row in enumerate(rows[header + 1 :], header + 2):
            cells = {
                column: _Cell(sheet, number, cell_name(number, position[column] + 1), row[position[column]])
                if column in position
                else _Cell(sheet, number, None)
                for column in columns
            }
            filled = [cell for cell in cells.values() if cell.text]
            if filled and not all(cell.is_example for cell in filled):
                yield cells

    def _header(
        self, sheet: str, columns: type[_Column], required: tuple[_Column, ...]
    ) -> tuple[Sequence[Sequence[object]], int, dict[_Column, int]]:
        """The sheet's rows, which of them has the headers (from 0), and where each header stands in it (from 0)."""
        by_label = {normal_label(column.value): column for column in columns}
        rows = self._rows(sheet)
        found = [[by_label.get(normal_label(value)) for value in row] for row in rows]
        header = max(range(len(found)), key=lambda at: sum(map(bool, found[at])), default=0)
        labels = found[header] if found else []
        for label in required:
            if label not in labels:
                raise self._error(sheet, f"找不到标题“{label.value}”，请在表头一行补上这一列")
        position: dict[_Column, int] = {}
        for at, column in enumerate(labels):
            if column is not None:
                if column in position:
                    both = f"{cell_name(header + 1, position[column] + 1)}和{cell_name(header + 1, at + 1)}"
                    raise self._error(sheet, f"{both}：标题“{column.value}”出现了两次，请只保留一列")
                position[column] = at
        return rows, header, position

    def _no_example(self, row: dict[_Column, _Cell]) -> None:
        """Refuse an example that somebody began to overwrite: what is left of it would count as the truth."""
        for column, cell in row.items():
            if cell.is_example:
                raise self._at(cell, f"“{column.value}”还是示例（{cell.text}），请改成真实内容，没有的请清空")

    # --- what is still to be filled ---

    def blanks(self) -> list[str]:
        """As ``blanks_of``."""
        units = self._free_row(UNIT_SHEET, UnitColumn, (UnitColumn.CODE, UnitColumn.NAME))
        communities = self._free_row(COMMUNITY_SHEET, CommunityColumn, (CommunityColumn.CODE, CommunityColumn.NAME))
        if not (units or communities):
            return []
        cells = self._batch_cells()
        wanted = (BatchLabel.YEAR, BatchLabel.PHASE, BatchLabel.UNIT, BatchLabel.CONTACT, BatchLabel.PHONE)
        blank = [cells[label] for label in wanted if cells[label].cell and not cells[label].text]
        found = []
        if blank:
            titles = "、".join(f"{cell.cell}（{label}）" for label, cell in cells.items() if cell in blank)
            found.append(f"工作表“{BATCH_SHEET}”：{titles}")
        if units:
            found.append(f"工作表“{UNIT_SHEET}”：从{units}起，每个填报单位一行，填代码和名称")
        if communities:
            found.append(f"工作表“{COMMUNITY_SHEET}”：从{communities}起，每个城市社区一行，填所在县（市）、社区代码和社区名称")
        return found

    def _free_row(self, sheet: str, columns: type[_Column], required: tuple[_Column, ...]) -> str:
        """The cells of the required columns in the first row below the examples; empty where the sheet has data."""
        if any(True for _ in self._table(sheet, columns, required)):
            return ""
        rows, header, position = self._header(sheet, columns, required)
        # Nothing but examples and blank rows lies below the header.
        last = max((at for at, row in enumerate(rows) if any(_Cell(sheet, at, None, value).text for value in row)), default=header)
        return "、".join(cell_name(last + 2, position[column] + 1) for column in required)

    def _required(self, cell: _Cell, title: str, example: str) -> str:
        if not cell.text:
            raise self._at(cell, f"“{title}”空白，请填写，例如“{example}”")
        return cell.text

    # --- 批次 ---

    def _batch_cells(self) -> dict[BatchLabel, _Cell]:
        cells = {label: _Cell(BATCH_SHEET, 0, None) for label in BatchLabel}
        by_label = {normal_label(label.value): label for label in BatchLabel}
        for number, row in enumerate(self._rows(BATCH_SHEET), 1):
            label = by_label.get(normal_label(row[0])) if row else None
            if label is None:
                continue
            if cells[label].cell:
                raise self._error(BATCH_SHEET, f"第{cells[label].row}行和第{number}行：“{label}”出现了两次，请只保留一行")
            cells[label] = _Cell(BATCH_SHEET, number, cell_name(number, 2), row[1] if len(row) > 1 else "")
        return cells

    def _batch(self, year: int | None, phase: str | None) -> Batch:
        cells = self._batch_cells()
        stated_year = self._year(cells[BatchLabel.YEAR], year)
        year = year or stated_year
        phase = self._phase(cells[BatchLabel.PHASE], phase)
        dates = {
            label: self._date(cells[label])
            for label in (BatchLabel.SELF_EVALUATION_DUE, BatchLabel.ANNUAL_DUE, BatchLabel.FORM_DATE)
        }
        for each, label in _DEADLINES.items():
            cell, date = cells[label], dates[label]
            if date is not None and cell.cell is not None:
                self.stated_deadlines.append(StatedDeadline(each, date, cell.cell, stated_year))
        if stated_year != year:
            # The sheet was written for another year, and so were its dates.
            dates = dict.fromkeys(dates, None)
        whom = (BatchLabel.UNIT, BatchLabel.CONTACT, BatchLabel.PHONE, BatchLabel.EMAIL)
        self._left_over(BATCH_SHEET, (cells[label] for label in whom), "会印在附件2和函件上，请改成自己的。")
        stated = {each: dates[label] for each, label in _DEADLINES.items()}
        return Batch(
            region=cells[BatchLabel.REGION].text or self.standard.region,
            year=year,
            phase=phase,
            reporting_unit=cells[BatchLabel.UNIT].text,
            contact=cells[BatchLabel.CONTACT].text,
            phone=cells[BatchLabel.PHONE].text,
            deadlines={each: stated[each] or self.standard.deadline(each).in_year(year) for each in PHASE_TITLES},
            form_date=dates[BatchLabel.FORM_DATE],
            email=cells[BatchLabel.EMAIL].text,
        )

    def _present(self, cell: _Cell, label: BatchLabel) -> None:
        if cell.cell is None:
            raise self._error(BATCH_SHEET, f"缺少“{label}”，请在A列写“{label}”，在右边一格填写")

    def _year(self, cell: _Cell, given: int | None) -> int:
        """The year of the sheet; where it names none, the one given."""
        if given and not cell.text:
            return given
        self._present(cell, BatchLabel.YEAR)
        match = _YEAR.fullmatch(cell.folded)
        if match is None:
            raise self._at(cell, f"年度{_unread(cell)}，请填四位数的年份，例如 2021")
        return int(match[1])

    def _phase(self, cell: _Cell, given: str | None) -> str:
        """The phase given, else the sheet's."""
        if given and not cell.text:
            return given
        self._present(cell, BatchLabel.PHASE)
        stated = next((phase for phase, title in PHASE_TITLES.items() if title == cell.folded), None)
        if stated is None:
            raise self._at(cell, f"阶段{_unread(cell)}，请填“{'”或“'.join(PHASE_TITLES.values())}”")
        return given or stated

    def _date(self, cell: _Cell) -> datetime.date | None:
        if isinstance(cell.value, datetime.datetime):
            return cell.value.date()
        if isinstance(cell.value, datetime.date):
            return cell.value
        if not cell.text:
            return None
        match = _DATE.fullmatch(cell.folded)
        try:
            if match:
                return datetime.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
        raise self._at(cell, f"日期“{cell.text}”读不出，请写成 2021-08-31 这样的日期，或留空")

    # --- 报送台账 ---

    def _ledger(self, units: list[Unit]) -> tuple[tuple[LedgerRow, ...], tuple[Finding, ...]]:
        """Entries of the optional sheet; nothing on it ever stops a run."""
        if not any(normal_label(name) == normal_label(LEDGER_SHEET) for name in self.book.sheet_names):
            return (), ()
        try:
            if not any(_Cell(LEDGER_SHEET, 0, None, value).text for row in self._rows(LEDGER_SHEET) for value in row):
                return (), ()
            rows = list(self._table(LEDGER_SHEET, LedgerColumn, (LedgerColumn.UNIT, LedgerColumn.ITEM)))
        except RosterError:
            expected = "、".join(f"“{column}”" for column in LedgerColumn)
            return (), (LEDGER_HEADER.at(Place(sheet=LEDGER_SHEET), expected=expected),)
        codes = {word: unit.code for word, unit in _unit_lookup(units).items()}
        samples = [row[LedgerColumn.UNIT].row for row in rows if any(PLACEHOLDER in cell.text for cell in row.values())]
        if samples:
            more = f"等{len(samples)}行" if len(samples) > _NAMED else "行"
            named = "、".join(map(str, samples[:_NAMED]))
            self.placeholders.append(f"名册“{LEDGER_SHEET}”表第{named}{more}写有“{PLACEHOLDER}”，会记入台账和报告，请改成自己的或删去。")
        entries, findings = read_ledger(rows, self.standard, codes, self._date)
        return tuple(entries), tuple(findings)

    # --- 填报单位 ---

    def load_regions(self, year: int | None) -> RegionRoster:
        """The roster of a province: 批次 and 地区."""
        cells = self._batch_cells()
        name = cells[BatchLabel.REGION]
        self._present(name, BatchLabel.REGION)
        phase = cells[BatchLabel.PHASE]
        stated = self._year(cells[BatchLabel.YEAR], year)
        form_date = self._date(cells[BatchLabel.FORM_DATE])
        return RegionRoster(
            name=self._required(name, BatchLabel.REGION, "云南省"),
            year=year or stated,
            phase=self._phase(phase, None) if phase.text else None,
            reporting_unit=cells[BatchLabel.UNIT].text,
            contact=cells[BatchLabel.CONTACT].text,
            phone=cells[BatchLabel.PHONE].text,
            # The sheet was written for its own year, and so was its date.
            form_date=form_date if year in (None, stated) else None,
            regions=tuple(self._units(REGION_SHEET, ("地区", "532300", "楚雄州"))),
            sha256=self.sha256,
        )

    def _units(self, sheet: str = UNIT_SHEET, like: tuple[str, str, str] = ("填报单位", "532301", "楚雄市")) -> list[Unit]:
        """The rows of a sheet of units; ``like`` is what they are called, with an example of a code and of a name."""
        what, example_code, example_name = like
        units: list[Unit] = []
        owners: dict[str, tuple[str, _Cell]] = {}
        """Unit code and cell by current code or name, to which nothing else may be equal."""
        formers: list[tuple[str, str, str, _Cell]] = []
        contacts: list[_Cell] = []
        for row in self._table(sheet, UnitColumn, (UnitColumn.CODE, UnitColumn.NAME)):
            self._no_example(row)
            code_cell, name_cell = row[UnitColumn.CODE], row[UnitColumn.NAME]
            code = self._code(code_cell, code_cell.folded, UnitColumn.CODE, _UNIT_CODE, "6位（开发区可为9位）", example_code)
            name = self._required(name_cell, UnitColumn.NAME, example_name)
            for title, text, cell in (("代码", code, code_cell), ("名称", normal_label(name), name_cell)):
                if text in owners:
                    raise self._at(cell, f"{title}“{cell.text}”与第{owners[text][1].row}行重复，请改正或删去其中一行")
                owners[text] = code, cell
            former_cell, names_cell = row[UnitColumn.FORMER_CODES], row[UnitColumn.FORMER_NAMES]
            codes = tuple(
                self._code(former_cell, text, UnitColumn.FORMER_CODES, _UNIT_CODE, "6位（开发区可为9位）", "532331")
                for text in _split(former_cell, fold=True)
            )
            names = tuple(_split(names_cell))
            formers += [("曾用代码", code, text, former_cell) for text in codes]
            formers += [("曾用名", code, normal_label(text), names_cell) for text in names]
            whom = [row[column] for column in (UnitColumn.CONTACT, UnitColumn.PHONE, UnitColumn.EMAIL)]
            contacts += whom
            units.append(Unit(code, name, codes, names, row[UnitColumn.STANDARD].text, *(cell.text for cell in whom)))
        if not units:
            each = "每个县（市）" if sheet == UNIT_SHEET else "每个州（市）"
            raise self._error(sheet, f"没有{what}，请在表头下{each}填一行代码和名称", EmptyRoster)
        self._distinct(owners, formers)
        self._left_over(sheet, contacts, "会用在催报名单和函件上，请改成各单位的。")
        return units

    def _distinct(self, owners: dict[str, tuple[str, _Cell]], formers: list[tuple[str, str, str, _Cell]]) -> None:
        """Refuse what was formerly another's: a record of the past must lead to one owner."""
        for title, owner, text, cell in formers:
            other, other_cell = owners.setdefault(text, (owner, cell))
            if other != owner:
                raise self._at(cell, f"{title}“{text}”也是第{other_cell.row}行的代码或名称，请核对后改正")

    def _code(self, cell: _Cell, text: str, title: str, pattern: re.Pattern[str], digits: str, example: str) -> str:
        if not text:
            raise self._at(cell, f"“{title}”空白，请填写{digits}数字代码，例如 {example}")
        if not pattern.fullmatch(text):
            advice = f"请按统计用区划代码改正，例如 {example}，并把该列设为文本格式"
            raise self._at(cell, f"“{title}”现为“{text}”，不是{digits}数字，{advice}")
        return text

    # --- 社区名册 ---

    def _communities(self, units: list[Unit]) -> tuple[tuple[Community, ...], tuple[Finding, ...]]:
        communities: list[Community] = []
        findings: list[Finding] = []
        lookup = _unit_lookup(units)
        owners: dict[str, tuple[str, _Cell]] = {}
        names: dict[str, str] = {}
        formers: list[tuple[str, str, str, _Cell]] = []
        columns = CommunityColumn
        for row in self._table(COMMUNITY_SHEET, columns, (columns.CODE, columns.NAME)):
            self._no_example(row)
            cell = row[columns.CODE]
            code = self._code(cell, cell.folded, columns.CODE, _COMMUNITY_CODE, "12位", "532301101001")
            name = self._required(row[columns.NAME], columns.NAME, "东兴社区居民委员会")
            if code in owners:
                both = f"“{names[code]}”与“{name}”"
                raise self._at(cell, f"社区代码“{code}”与第{owners[code][1].row}行重复（{both}），请改正代码或删去其中一行")
            owners[code], names[code] = (code, cell), name
            unit = self._unit_of(row, lookup)
            if not self.standard.urban_community.includes(code):
                place = Place(unit=unit.code, sheet=COMMUNITY_SHEET, cell=cell.cell)
                allowed = self.standard.urban_community.allowed
                findings.append(ROSTER_NOT_URBAN.at(place, found=code, expected=allowed, name=name))
                continue
            former_codes = self._former_codes(row[columns.FORMER_CODES], code, unit)
            formers += [("曾用代码", code, former, row[columns.FORMER_CODES]) for former in former_codes]
            communities.append(
                Community(
                    code=code,
                    name=name,
                    county=row[columns.COUNTY].text,
                    town=row[columns.TOWN].text,
                    unit=unit.code,
                    former_names=tuple(_split(row[columns.FORMER_NAMES])),
                    former_codes=former_codes,
                    pilot=self._pilot(row[columns.PILOT]),
                )
            )
        if not communities:
            raise self._error(COMMUNITY_SHEET, "没有可以计入的城市社区（居民委员会），请在表头下每个社区填一行", EmptyRoster)
        shared = self._shared(formers)
        self._distinct(owners, [former for former in formers if former[2] not in shared or former[2] in owners])
        findings += self._about_shared(shared, communities)
        return tuple(communities), tuple(findings)

    @staticmethod
    def _shared(formers: list[tuple[str, str, str, _Cell]]) -> dict[str, list[_Cell]]:
        """Former codes that more than one community names, with the cells that do: a community that was split."""
        owners: dict[str, dict[str, _Cell]] = {}
        for _, owner, text, cell in formers:
            owners.setdefault(text, {})[owner] = cell
        return {text: list(cells.values()) for text, cells in owners.items() if len(cells) > 1}

    def _about_shared(self, shared: dict[str, list[_Cell]], communities: list[Community]) -> Iterator[Finding]:
        for text, cells in shared.items():
            parts = [community for community in communities if text in community.former_codes]
            place = Place(unit=parts[0].unit, sheet=COMMUNITY_SHEET, cell=next((c.cell for c in cells if c.cell and c.text), None))
            yield ROSTER_CODE_SHARED.at(place, found=text, names="、".join(part.name for part in parts))

    def _unit_of(self, row: dict[CommunityColumn, _Cell], lookup: dict[str, Unit]) -> Unit:
        """The unit named, or where none is named the county's."""
        column = CommunityColumn.UNIT if row[CommunityColumn.UNIT].text else CommunityColumn.COUNTY
        cell = row[column]
        unit = lookup.get(cell.folded)
        if unit is None and not cell.text:
            advice = "请填写县名（合并的单元格请先拆开，逐行填写）"
            raise self._at(cell, f"“{CommunityColumn.COUNTY}”和“{CommunityColumn.UNIT}”都空白，{advice}")
        if unit is None:
            advice = f"请改正，或先把它填进工作表“{UNIT_SHEET}”"
            raise self._at(cell, f"“{column}”的“{cell.text}”不在工作表“{UNIT_SHEET}”中，{advice}")
        return unit

    def _former_codes(self, cell: _Cell, code: str, unit: Unit) -> tuple[str, ...]:
        """A community's codes before a change: as the roster says, else as its unit's code changed (D-15)."""
        if cell.text:
            return tuple(
                self._code(cell, text, CommunityColumn.FORMER_CODES, _COMMUNITY_CODE, "12位", "532331101001")
                for text in _split(cell, fold=True)
            )
        return former_codes_of(code, unit.code, unit.former_codes)

    def _pilot(self, cell: _Cell) -> bool:
        reading = self.standard.reading
        if cell.folded in ("", reading.no):
            return False
        if cell.folded != reading.yes:
            raise self._at(cell, f"“{CommunityColumn.PILOT}”现为“{cell.text}”，试点社区请填“{reading.yes}”，其他留空")
        return True


    # --- 免予处理 ---

    def _waivers(self, roster: Roster) -> tuple[tuple[Waiver, ...], tuple[Finding, ...]]:
        """Waivers, and what is wrong with rows that are none; nothing on this sheet ever stops a run."""
        if not any(normal_label(name) == normal_label(WAIVER_SHEET) for name in self.book.sheet_names):
            return (), ()
        place = Place(sheet=WAIVER_SHEET)
        try:
            if not any(str(value).strip() for row in self._rows(WAIVER_SHEET) for value in row):
                return (), ()
            rows = list(self._table(WAIVER_SHEET, WaiverColumn, (WaiverColumn.RULE,)))
        except RosterError:
            labels = "、".join(f"“{column}”" for column in WaiverColumn)
            found = f"的表头读不出（应有{labels}各一列）"
            return (), (WAIVER_INCOMPLETE.at(place, found=found, where=""),)
        waivers: list[Waiver] = []
        findings: list[Finding] = []
        for row in rows:
            made = self._waiver(row, roster)
            if isinstance(made, Waiver):
                waivers.append(made)
            else:
                findings.append(made)
        return tuple(waivers), tuple(findings)

    def _waiver(self, row: dict[WaiverColumn, _Cell], roster: Roster) -> Waiver | Finding:
        """One row as a waiver, else the first thing that is wrong with it."""
        columns = WaiverColumn
        first = row[columns.UNIT]
        where = f"第{first.row}行"

        def unknown(column: WaiverColumn, why: str) -> Finding:
            place = Place(sheet=WAIVER_SHEET, cell=row[column].cell)
            return WAIVER_UNKNOWN.at(place, found=row[column].text, where=where, column=column.value, why=why)

        needed = (columns.RULE, columns.WHO, columns.REASON, columns.DATE)
        blank = [column for column in needed if not row[column].text]
        if not row[columns.UNIT].text and not row[columns.COMMUNITY].text:
            blank.insert(0, columns.UNIT)
        if blank:
            found = f"缺{'、'.join(f'“{column}”' for column in blank)}"
            return WAIVER_INCOMPLETE.at(Place(sheet=WAIVER_SHEET, cell=row[blank[0]].cell), found=found, where=where)
        rule, clause = row[columns.RULE].folded.upper(), row[columns.CLAUSE].folded
        unit = _unit_lookup(list(roster.units)).get(row[columns.UNIT].folded)
        community = roster.community_by_any_code.get(row[columns.COMMUNITY].folded)
        if row[columns.UNIT].text and unit is None:
            return unknown(columns.UNIT, f"工作表“{UNIT_SHEET}”中没有它")
        if row[columns.COMMUNITY].text and community is None:
            return unknown(columns.COMMUNITY, f"工作表“{COMMUNITY_SHEET}”中没有它")
        if community is not None and unit is not None and community.unit != unit.code:
            return unknown(columns.COMMUNITY, f"“{community.name}”不由“{unit.name}”填报")
        if clause and clause not in self.standard.clause:
            return unknown(columns.CLAUSE, "标准中没有这一条")
        if rule not in CATALOGUE:
            return unknown(columns.RULE, "没有这个编号")
        try:
            date = self._date(row[columns.DATE])
        except RosterError:
            date = None
        if date is None:
            return unknown(columns.DATE, "读不出日期（应写成 2021-10-15 这样）")
        owner = unit.code if unit is not None else community.unit if community is not None else ""
        code = community.code if community is not None else None
        who, reason = row[columns.WHO].text, row[columns.REASON].text
        return Waiver(owner, code, clause, rule, who, reason, date, first.row, row[columns.RULE].cell)


def former_codes_of(code: str, unit: str, former_units: Sequence[str]) -> tuple[str, ...]:
    """Codes that a community had by those that its unit had (D-15); none where its code has another county's digits."""
    if code[:_COUNTY_DIGITS] != unit:
        return ()
    return tuple(former + code[_COUNTY_DIGITS:] for former in former_units if len(former) == _COUNTY_DIGITS)


def _unread(cell: _Cell) -> str:
    return f"“{cell.text}”读不出" if cell.text else "空白"


def _split(cell: _Cell, *, fold: bool = False) -> list[str]:
    """Several former codes or names in one cell."""
    text = unicodedata.normalize("NFKC", cell.text) if fold else cell.text
    return [part for part in (_EDGE.sub("", part) for part in _SEPARATORS.split(text)) if part]


def _unit_lookup(units: list[Unit]) -> dict[str, Unit]:
    """Units by everything that may name them: current and former names and codes."""
    return {
        normal_label(word): unit for unit in units for word in (unit.name, unit.code, *unit.former_names, *unit.former_codes)
    }
