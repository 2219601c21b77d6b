"""A filed Annex 2 of a year that the archive lacks, read back: its lists matched to the roster's communities (D-11)."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

import python_calamine

from greencomm.errors import UserError
from greencomm.outputs.annex2 import COUNT, COUNTY, NAMES, NO_LIST, RATIO
from greencomm.outputs.book import BLANK
from greencomm.past_years import ClosedUnit, ClosedYear, Listed
from greencomm.review.names import base_name, is_variant, nearest, same_place_name
from greencomm.roster import Community, Roster, Unit
from greencomm.standard import Standard
from greencomm.texts import normal_label, quoted

_SEPARATORS = re.compile(r"[、，,;；\r\n]+")
_EMPTY = {"", NO_LIST, BLANK, "-", "－", "——", "……", "......"}
_WHOLE = 100


@dataclass
class Filed:
    """What a filed form says of one year; ``problems`` are whole Chinese sentences, and then there is no year."""

    year: ClosedYear | None = None
    problems: list[str] = field(default_factory=list)


def read_filed(path: Path, year: int, standard: Standard, roster: Roster) -> Filed:
    """Read the columns of ``year`` and match every name to one community of its unit, by present and former names.

    Raises UserError where the file cannot be read or is no Annex 2 with that year.
    """
    return _Reader(path, year, standard, roster).read()


class _Reader:
    def __init__(self, path: Path, year: int, standard: Standard, roster: Roster) -> None:
        self.path, self.year, self.standard, self.roster = path, year, standard, roster
        self.problems: list[str] = []
        try:
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
            sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
        except FileNotFoundError:
            raise UserError(f"找不到附件2文件“{path}”，请检查文件名是否写对。") from None
        except Exception:  # Whatever the reader trips over, the remedy is one.
            raise UserError(f"附件2文件“{path.name}”打不开，请用 Excel 或 WPS 另存为 .xlsx 格式后再导入。") from None
        wanted = [normal_label(label.format(year=year)) for label in (COUNTY, NAMES, COUNT, RATIO)]
        for rows in sheets:
            for number, row in enumerate(rows):
                labels = [normal_label(value) for value in row]
                if all(label in labels for label in wanted):
                    self.rows, self.header = rows, number
                    self.columns = [labels.index(label) for label in wanted]
                    return
        raise UserError(
            f"附件2文件“{path.name}”中找不到“{COUNTY}”和“{NAMES.format(year=year)}”“{COUNT.format(year=year)}”"
            f"“{RATIO.format(year=year)}”的表头，请确认它是{year}年度上报的附件2，或用 --year 写明年度。"
        )

    def read(self) -> Filed:
        total = normal_label(self.standard.annex2.total_label)
        blocks: list[tuple[str, list[Sequence[object]]]] = []
        last: Sequence[object] | None = None
        for row in self.rows[self.header + 1 :]:
            label = str(self._cell(row, 0)).strip()
            if normal_label(label) == total:
                last = row
                break
            if label and label not in _EMPTY:
                blocks.append((label, [row]))
            elif blocks and any(str(value).strip() for value in row):
                blocks[-1][1].append(row)  # A long list goes on in further rows.
        units = [unit for label, rows in blocks if (unit := self._unit(label, rows))]
        doubled = {unit.code for unit in units if sum(other.code == unit.code for other in units) > 1}
        for code in sorted(doubled):
            self.problems.append(f"“{self.roster.unit[code].name}”有两行，请合并为一行。")
        whole, ratio = self._total(last, sum(unit.count for unit in units))
        if not units and not self.problems:
            self.problems.append(f"{self.year}年的各栏没有任何一个县（市、区）的数据。")
        if self.problems:
            return Filed(None, self.problems)
        year = ClosedYear(self.year, whole, None, ratio, tuple(units), (), imported=True)
        return Filed(year)

    def _cell(self, row: Sequence[object], which: int) -> object:
        at = self.columns[which]
        return row[at] if at < len(row) else ""

    def _unit(self, label: str, rows: list[Sequence[object]]) -> ClosedUnit | None:
        unit = self.roster.unit_by_any_name.get(label) or next(
            (unit for name, unit in self.roster.unit_by_any_name.items() if same_place_name(label, name)), None
        )
        names = [name for row in rows for name in self._names(self._cell(row, 1))]
        count = self._count(label, self._cell(rows[0], 2))
        if unit is None:
            if names or count:
                self.problems.append(f"“{quoted(label)}”不在名册的填报单位中，请在名册“填报单位”表相应单位的“曾用名”里填上它。")
            return None
        if count is not None and count != len(names):
            self.problems.append(f"“{quoted(label)}”的完成数量是{count}，名单上有{len(names)}个社区，请核对。")
        green = [entry for name in names if (entry := self._match(name, unit, label))]
        codes = [entry.name for entry in green]
        for name in sorted({name for name in codes if codes.count(name) > 1}):
            self.problems.append(f"“{quoted(label)}”的名单上“{quoted(name)}”出现了两次，请核对。")
        ratio = self._ratio(label, self._cell(rows[0], 3))
        return ClosedUnit(unit.code, label, tuple(green), len(names), None, ratio)

    def _names(self, value: object) -> list[str]:
        parts = [part.strip() for part in _SEPARATORS.split(str(value))]
        return [part for part in parts if part not in _EMPTY and part != self.standard.reading.none]

    def _count(self, label: str, value: object) -> int | None:
        text = normal_label(str(int(value) if isinstance(value, float) and value.is_integer() else value)).removesuffix("个")
        if text in _EMPTY:
            return None
        if text.isascii() and text.isdigit():
            return int(text)
        self.problems.append(f"“{quoted(label)}”的完成数量“{quoted(str(value))}”不是整数，请填数字，例如 12。")
        return None

    def _ratio(self, label: str, value: object) -> Fraction | None:
        text = normal_label(str(value))
        if text in _EMPTY:
            return None
        try:
            number = Fraction(Decimal(text.removesuffix("%")))
            ratio = number / _WHOLE if text.endswith("%") or number > 1 else number
            if 0 <= ratio <= 1:
                return ratio
        except (InvalidOperation, ValueError, OverflowError):
            pass
        self.problems.append(f"“{quoted(label)}”的完成比例“{quoted(str(value))}”读不出，请写成 51.09% 这样的百分比。")
        return None

    def _total(self, row: Sequence[object] | None, summed: int) -> tuple[int, Fraction | None]:
        label = self.standard.annex2.total_label
        if row is None:
            self.problems.append(f"找不到“{label}”一行，请补上。")
            return summed, None
        count, ratio = self._count(label, self._cell(row, 2)), self._ratio(label, self._cell(row, 3))
        if count is not None and count != summed and not self.problems:
            self.problems.append(f"“{label}”的完成数量是{count}，各单位合计是{summed}，请核对。")
        return summed if count is None else count, ratio

    def _match(self, name: str, unit: Unit, label: str) -> Listed | None:
        """The one community of the unit, or of its county, that has this name now or had it formerly."""
        own = self.roster.of_unit[unit.code]
        county = tuple(c for c in self.roster.communities if c.unit != unit.code and c.county in (unit.name, *unit.former_names))
        for members in (own, county):
            found: list[Community] = []
            for same in (_is_written, _is_same, is_variant):
                # The plainest way in which any name is the same decides.
                found = found or [c for c in members if any(same(name, known) for known in (c.name, *c.former_names))]
            if len(found) == 1:
                return Listed(found[0].code, name)
            if found:
                names = "、".join(f"“{c.name}”（{c.code}）" for c in found)
                self.problems.append(
                    f"“{quoted(label)}”名单上的“{quoted(name)}”可能是{names}，不能确定是哪一个；请把名称写全，"
                    "或在名册“社区名册”表的“曾用名”里注明。"
                )
                return None
        near = nearest(name, [*own, *county])
        hint = f"（名称相近的有“{near.name}”）" if near else ""
        self.problems.append(
            f"“{quoted(label)}”名单上的“{quoted(name)}”在名册中找不到{hint}；改了名称的，请在名册“社区名册”表该社区的“曾用名”里填上它。"
        )
        return None


def _is_written(name: str, official: str) -> bool:
    """Letter by letter, but for width and blanks."""
    return normal_label(name) == normal_label(official)


def _is_same(name: str, official: str) -> bool:
    """But for 社区, 居委会 and 居民委员会 as well."""
    return base_name(name) == base_name(official)
