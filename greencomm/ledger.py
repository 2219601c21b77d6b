"""The roster's sheet 报送台账: what the prefecture received or recorded besides the workbooks, and when (S-36)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from greencomm import rules
from greencomm.errors import RosterError
from greencomm.findings import Finding, Place
from greencomm.standard import Deliverable, Standard
from greencomm.texts import normal_label

LEDGER_SHEET = "报送台账"


class LedgerColumn(StrEnum):
    """Headers of 报送台账."""

    UNIT = "填报单位"
    ITEM = "事项"
    TEXT = "名称或内容"
    RECEIVED = "收到日期"
    NUMBER = "文号"
    REMARK = "备注"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One entry: a deliverable that came, a demonstration base, a commendation."""

    unit: str | None
    """Code of the unit; None only for a record that names none."""
    deliverable: str
    """Id of the standard's deliverable."""
    text: str
    received: datetime.date | None
    """None where the sheet leaves it blank or it cannot be read."""
    number: str
    """文号."""
    remark: str
    row: int
    """Where it stands on the sheet."""


class LedgerCell(Protocol):
    """A cell as the roster reads it."""

    @property
    def row(self) -> int: ...
    @property
    def cell(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def folded(self) -> str: ...


_Cell = TypeVar("_Cell", bound=LedgerCell)


def read_ledger(
    rows: Iterable[Mapping[LedgerColumn, _Cell]],
    standard: Standard,
    unit_codes: Mapping[str, str],
    date_of: Callable[[_Cell], datetime.date | None],
) -> tuple[list[LedgerRow], list[Finding]]:
    """Entries, and what is wrong with rows or cells; a row that cannot be assigned costs only itself.

    ``unit_codes`` maps everything that names a unit (normal labels) to its code; ``date_of`` raises RosterError for what
    is no date.
    """
    entries: list[LedgerRow] = []
    findings: list[Finding] = []

    def tell(rule: rules.Rule, cell: _Cell, **words: Any) -> None:
        where = f"第{cell.row}行"
        findings.append(rule.at(Place(sheet=LEDGER_SHEET, cell=cell.cell), found=cell.text, where=where, **words))

    columns = LedgerColumn
    names = "、".join(deliverable.name for deliverable in standard.deliverables)
    for cells in rows:
        unit, item, date = cells[columns.UNIT], cells[columns.ITEM], cells[columns.RECEIVED]
        if not item.text:
            tell(rules.LEDGER_INCOMPLETE, item, column=columns.ITEM.value, about=columns.ITEM.value)
            continue
        deliverable = deliverable_named(item.text, standard)
        if deliverable is None:
            tell(rules.LEDGER_ITEM_UNKNOWN, item, expected=names)
            continue
        if not unit.text and not deliverable.is_record:
            tell(rules.LEDGER_INCOMPLETE, unit, column=columns.UNIT.value, about=columns.UNIT.value)
            continue
        if unit.text and unit.folded not in unit_codes:
            tell(rules.LEDGER_UNIT_UNKNOWN, unit)
            continue
        received = None
        try:
            received = date_of(date)
        except RosterError:
            tell(rules.LEDGER_DATE_UNREADABLE, date)
        texts = (cells[column].text for column in (columns.TEXT, columns.NUMBER, columns.REMARK))
        text, number, remark = texts
        entries.append(LedgerRow(unit_codes.get(unit.folded), deliverable.id, text, received, number, remark, item.row))
    return entries, findings


def deliverable_named(text: str, standard: Standard) -> Deliverable | None:
    """The deliverable that is meant: by its name, or by a part or a longer form of it where that fits only one."""
    typed = normal_label(text)
    named = {normal_label(deliverable.name): deliverable for deliverable in standard.deliverables}
    if typed in named:
        return named[typed]
    near = [deliverable for name, deliverable in named.items() if name in typed or (len(typed) > 1 and typed in name)]
    return near[0] if len(near) == 1 else None
