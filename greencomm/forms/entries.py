"""What a county's workbook says, read back: answers with their addresses, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import IntEnum
from operator import attrgetter

from greencomm.findings import Misreading
from greencomm.forms.layout import Heading, Summary
from greencomm.intake.workbook import CellValue

POINT_SCALE = 10**6
"""Stated deductions travel as integers in units of 1/POINT_SCALE points, so that ``0.5`` stays exact."""


class State(IntEnum):
    """What an answer cell holds (D-07: blank is not zero)."""

    BLANK = 0
    VALUE = 1
    NOT_APPLICABLE = 2
    """不适用 (or 无) where the clause allows it: nothing to measure, nothing deducted."""
    FAULT = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer cell.

    ``value`` (where state is VALUE) is a count, a rate × RATE_SCALE percent points, or points × POINT_SCALE.
    """

    state: State
    cell: str | None = None
    """Address in the county's own file; None where the sheet has no such column."""
    value: int = 0
    shown: str = ""
    """The cell as its author sees it."""
    converted: bool = False
    """True where it was not a plain number (``3分``, ``８５％``, a number stored as text): leaves a note."""
    misreading: Misreading | None = None
    raw: CellValue = None
    """The cell's value as it was read."""

    def __reduce__(self) -> tuple[type[Answer], tuple[object, ...]]:
        return Answer, _fields_of_answer(self)


@dataclass(frozen=True, slots=True)
class Located:
    """A cell found by its label; ``cell`` is None where the label is not on the sheet."""

    value: CellValue = None
    cell: str | None = None
    is_formula: bool = False

    def __reduce__(self) -> tuple[type[Located], tuple[object, ...]]:
        return Located, _fields_of_located(self)

    @property
    def is_blank(self) -> bool:
        """Nothing typed but blanks; a faulty cell is not blank."""
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())

    @property
    def text(self) -> str:
        """The value as text, trimmed; whole numbers without a fraction; empty for blank and faulty cells."""
        if isinstance(self.value, str):
            return self.value.strip()
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return str(self.value) if isinstance(self.value, (int, float)) else ""


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One row of the table whose 条款 is filled, known to the standard or not, in the order of the sheet."""

    clause: str
    """条款 as text: ``8.1``; numbers and stray blanks are put right."""
    row: int
    clause_cell: str
    criterion: str
    """评分标准 as it stands, empty where the column is missing."""
    actual: Answer
    stated: Answer
    evidence: Located
    due: Located
    score: Located
    status: Located
    hidden: bool = False

    def __reduce__(self) -> tuple[type[ClauseRow], tuple[object, ...]]:
        return ClauseRow, _fields_of_row(self)


# Processes send these by the thousand: as fields in their order, for dataclasses with slots by default send each field by
# its name and set it by a function of Python.
_fields_of_answer = attrgetter(*(field.name for field in fields(Answer)))
_fields_of_located = attrgetter(*(field.name for field in fields(Located)))
_fields_of_row = attrgetter(*(field.name for field in fields(ClauseRow)))


@dataclass(slots=True)
class SheetReading:
    """One community sheet."""

    sheet: str
    heading: dict[Heading, Located]
    """Every label; a Located without a cell where the label is not there."""
    rows: tuple[ClauseRow, ...]
    total: Located
    """得分 of the row 合计."""
    columns: frozenset[str]
    """Headers found, as layout.Column values."""
    hidden_sheet: bool = False
    hidden_parts: str = ""
    """Hidden rows and columns that hold something, in Chinese: ``第12行、H列``; empty where there are none."""
    extra_cells: tuple[tuple[str, str], ...] = ()
    """(cell, text) of what stands outside the form: typed beside or below it, so that nothing is skipped silently."""
    extra_more: int = 0
    """How many such cells there are beyond those."""
    read_by: str = ""
    """SHA-256 of the standard by which the answers are read (forms.read.by_standard)."""

    @property
    def is_empty(self) -> bool:
        """No 实际值, 扣分 or 说明 at all: the sheet was not filled (D-07). As 汇总 of the form counts it."""
        return all(
            row.actual.state is State.BLANK and row.stated.state is State.BLANK and row.evidence.value in (None, "")
            for row in self.rows
        )


@dataclass(slots=True)
class FormMeta:
    """The very hidden ``_meta`` sheet; empty texts where a key is missing."""

    programme: str = ""
    template: str = ""
    standard: str = ""
    standard_sha256: str = ""
    unit: str = ""
    year: str = ""
    phase: str = ""
    kind: str = ""
    sheets: dict[str, str] = field(default_factory=dict)
    """Community code by sheet name."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One row of 问题清单 in a returned workbook: what the county says of a finding."""

    rule: str
    community: str
    """社区代码 as it stands; empty where the finding is about the workbook."""
    clause: str
    token: str
    """Finding.token: rule, clause and values that the row is about."""
    value: str
    """填报内容 as it stands, for people."""
    remedy: str
    """整改情况; empty where nothing is typed."""
    explanation: str
    """情况说明; empty where nothing is typed."""
    cell: str | None = None
    """Where 情况说明 stands."""


@dataclass(slots=True)
class FormReading:
    """A whole county workbook."""

    meta: FormMeta | None
    """None where there is no ``_meta`` sheet."""
    summary: dict[Summary, Located]
    summary_sheet: str | None
    """The name of the sheet that was read as 汇总."""
    communities: list[SheetReading]
    damaged_sheets: tuple[str, ...] = ()
    """Sheets that look like a community sheet but lack the label 社区代码 or the header row: unusable."""
    other_sheets: tuple[str, ...] = ()
    """Sheets that belong to nothing known; listed so that none is skipped silently."""
    hidden_sheets: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = ()
    """Rows of 问题清单 that have a 校验码, or in which 整改情况 or 情况说明 is filled."""
    is_returned: bool = False
    """Whether it has a 问题清单: a workbook that was sent back, in a fresh form."""

    @property
    def is_form(self) -> bool:
        """Whether this is a workbook of this programme at all."""
        return bool(self.communities or self.damaged_sheets or self.meta)
