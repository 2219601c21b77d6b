"""Sheet 报送事项: who owes what by when, and pilots against the rest (S-36). 报送台账.xlsx has the entries themselves."""

from __future__ import annotations

from fractions import Fraction

from greencomm.forms.style import SMALL
from greencomm.ledger import LEDGER_SHEET
from greencomm.outputs.book import (
    BAD,
    BLANK,
    BOXED,
    CALM,
    CENTRED,
    FINE,
    GOOD,
    HEAD,
    SECTION,
    WARN,
    Box,
    Page,
    chinese_date,
)
from greencomm.results import RegionResult, percent
from greencomm.review.deliverables import Entry, State, entries_of, green_label, group, owed

SHEET = "报送事项"
STATE_FILL = {
    State.RECEIVED: GOOD, State.UNDATED: GOOD, State.LATE: WARN, State.OWED: BAD, State.DUE: CALM, State.OPTIONAL: CALM,
    State.PAST: CALM, State.NOT_ASKED: CALM,
}  # fmt: skip
_UNIT, _COLUMN, _LEAST_COLUMNS = 16, 25, 5


def widths(result: RegionResult) -> tuple[float, ...]:
    """A column for the unit and one for each thing that is due."""
    return (_UNIT, *([_COLUMN] * max(_LEAST_COLUMNS, len(_asked(result)))))


def summary(result: RegionResult) -> str:
    """What is overdue, by thing."""
    names: dict[str, list[str]] = {}
    for entry in owed(result):
        names.setdefault(entry.deliverable.name, []).append(entry.unit.name)
    lines = [f"欠报“{name}”的有{len(units)}个单位：{'、'.join(units)}。" for name, units in names.items()]
    return "\n".join(lines) or "到期应报的都已收到。"


def lay_out(page: Page, result: RegionResult) -> None:
    """``page`` has ``widths`` and already its title and ``summary``."""
    asked, blank = _asked(result), len(page.widths) - 1 - len(_asked(result))
    rest = [Box("", HEAD, blank)] if blank else []
    due = [f"{each.deliverable.name}\n（{chinese_date(each.due) if each.due else BLANK}）" for each in asked]
    head = page.row([Box("填报单位", HEAD), *(Box(text, HEAD) for text in due), *rest], 36)
    page.keep_above(head)
    rows: dict[str, list[Entry]] = {}
    for entry in entries_of(result):
        rows.setdefault(entry.unit.code, []).append(entry)
    for unit in result.units:
        entries = rows.get(unit.unit.code, [])
        page.row([Box(unit.unit.name, BOXED), *map(_entry, entries), *([Box("", BOXED, blank)] if blank else [])])
    page.skip()
    _pilots(page, result)
    page.skip()
    page.wide(f"收到日期、文号和登记内容见“{LEDGER_SHEET}.xlsx”；收到盖章件或其他材料后，请登记到名册的工作表“{LEDGER_SHEET}”。", FINE)


def _asked(result: RegionResult) -> tuple[Entry, ...]:
    """One entry for each thing that is due, in the standard's order."""
    return tuple({entry.deliverable.id: entry for entry in reversed(entries_of(result))}.values())[::-1]


def _entry(entry: Entry) -> Box:
    received = f"\n{chinese_date(entry.received)}收到" if entry.received else ""
    return Box(f"{entry.label}{received}", {**CENTRED, "font_size": SMALL, "bg_color": STATE_FILL[entry.state]})


def _pilots(page: Page, result: RegionResult) -> None:
    page.wide("试点社区与其他社区", SECTION, 22)
    page.row([Box(title, HEAD) for title in ("", "社区数", "已报", green_label(result), "达标比例", "平均核定得分")], 22)
    for pilot, name in ((True, "试点社区"), (False, "其他社区")):
        counted = group(result.units, pilot=pilot)
        figures: tuple[int | str, ...] = (counted.communities, counted.reported, counted.green)
        page.row(
            [
                Box(name, BOXED),
                *(Box(value, CENTRED) for value in (*figures, percent(counted.ratio), one_decimal(counted.average))),
            ]
        )
    page.wide("平均核定得分只算没有待核实条款的社区；各单位的对比和试点名单见“报送台账.xlsx”的“试点社区”。", FINE)


def one_decimal(value: Fraction | None) -> str:
    """``88.3``, rounded half up; — where there is nothing to average."""
    if value is None:
        return BLANK
    tenths = (value * 20 + 1) // 2
    return f"{tenths // 10}.{tenths % 10}"
