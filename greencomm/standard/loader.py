"""Reads a standard's TOML file into the model; every mistake is one Chinese sentence naming file, clause and mistake."""

from __future__ import annotations

import datetime
import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from greencomm.errors import StandardError
from greencomm.standard.kinds import KINDS, Clause, ClauseMistake, Counted
from greencomm.standard.model import (
    LOCAL_STANDARD,
    PHASE_TITLES,
    PILOTS,
    Annex2,
    Content,
    Deadline,
    Deliverable,
    Item,
    PassMark,
    Reading,
    Standard,
    Target,
    UrbanCommunity,
)
from greencomm.texts import bare_phrase

SCHEMA = "greencomm-standard/1"
FOLDER = Path(__file__).parent
DEFAULT = FOLDER / "chuxiong-2021.toml"

_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""What nobody sees: texts of a standard go into cells, prompts and file names."""
_TYPE_NAMES = {
    bool: "true 或 false",
    int: "整数",
    float: "小数",
    str: "文字",
    list: "列表",
    dict: "一节",
    datetime.date: "日期",
    datetime.time: "时间",
}


def _shown(value: object) -> str:
    """A value of the file as a policy author would recognise it."""
    if isinstance(value, str):
        return f"文字“{value}”"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return next(name for kind, name in _TYPE_NAMES.items() if isinstance(value, kind))


class Table:
    """One table of the file: takes keys with their types and refuses what is left over."""

    def __init__(self, file_name: str, where: str, data: dict[str, Any], what: str = "标准文件") -> None:
        self.file_name, self.where, self._data, self.what = file_name, where, dict(data), what

    def fail(self, mistake: str) -> StandardError:
        place = f"{self.where}：" if self.where else ""
        return StandardError(f"{self.what}“{self.file_name}”有误：{place}{mistake}。")

    def at(self, where: str) -> Table:
        """The same table, named more exactly once its number is known."""
        self.where = where
        return self

    def take(self, key: str, kind: type, default: Any = ...) -> Any:
        if key not in self._data:
            if default is ...:
                raise self.fail(f"缺少“{key}”")
            return default
        value = self._data.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.fail(f"“{key}”应为{_TYPE_NAMES[kind]}，现为{_shown(value)}")
        if isinstance(value, str) and not value.strip():
            raise self.fail(f"“{key}”不能为空")
        if isinstance(value, str) and _UNSEEN.search(value):
            raise self.fail(f"“{key}”中有看不见的控制字符，请删去重写")
        return value

    def table(self, key: str, where: str) -> Table:
        return Table(self.file_name, where, self.take(key, dict), self.what)

    def tables(self, key: str, where: str, default: Any = ...) -> Iterable[Table]:
        rows = self.take(key, list, default)
        if rows is default:
            return
        if not rows:
            raise self.fail(f"“{key}”不能为空")
        for row in rows:
            if not isinstance(row, dict):
                raise self.fail(f"“{key}”的每一条应写成 [[{key}]] 一节")
            yield Table(self.file_name, where, row, self.what)

    def texts(self, key: str, default: Any = ...) -> tuple[str, ...]:
        values = self.take(key, list, default)
        if not all(isinstance(value, str) for value in values):
            raise self.fail(f"“{key}”的每一个值都应为文字")
        if any(_UNSEEN.search(value) for value in values):
            raise self.fail(f"“{key}”中有看不见的控制字符，请删去重写")
        return tuple(values)

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def rest(self) -> dict[str, Any]:
        """All that was not taken yet; nothing is left over afterwards."""
        rest, self._data = self._data, {}
        return rest

    def done(self) -> None:
        if self._data:
            raise self.fail(f"有不认识的键“{next(iter(self._data))}”")


def read_toml(path: Path, what: str = "标准文件") -> tuple[Table, str]:
    """The file as one table, and its SHA-256. Raises StandardError, which calls the file ``what``."""
    try:
        raw = path.read_bytes()
    except OSError:
        folder = path.resolve().parent.name
        raise StandardError(f"{what}“{path.name}”打不开，请确认它在“{folder}”文件夹中且可以读取。") from None
    try:
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise StandardError(f"{what}“{path.name}”不是 UTF-8 文字，请另存为 UTF-8 编码。") from None
    except (ValueError, RecursionError) as error:
        # Besides bad syntax: a number or a nesting that no file of a policy author needs.
        line = re.search(r"line (\d+)", str(error))
        place = f"第{line[1]}行附近" if line else "文件末尾或其中一处"
        advice = "请检查引号、括号和等号，以及键是否重复"
        raise StandardError(f"{what}“{path.name}”有误：{place}不符合 TOML 格式，{advice}。") from None
    return Table(path.name, "", data, what), hashlib.sha256(raw).hexdigest()


class Loader:
    """One file on its way into the model."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root, self.sha256 = read_toml(path)

    @property
    def is_local(self) -> bool:
        """Whether the file is a county's own standard, based on another."""
        return "based_on" in self.root

    def load(self) -> Standard:
        root = self.root
        if self.is_local:
            raise root.fail("这是县（市）自定的标准（有 based_on），这里需要州的标准")
        if (schema := root.take("schema", str)) != SCHEMA:
            raise root.fail(f"schema 应为“{SCHEMA}”，现为“{schema}”")
        self.decisions = root.texts("decisions")
        self.notice = self._notice(root.take("notice", str))
        urban_community = self._urban_community(root.table("urban_community", "城市社区（urban_community）"))
        annex2 = self._annex2(root.table("annex2", "附件2（annex2）"))
        reading = self._reading(root.table("reading", "填写用语（reading）"))
        self.count_limit = reading.count_limit
        full_score = root.take("full_score", int)
        self.clause_ids: set[str] = set()
        self.content_numbers: set[int] = set()
        self.item_numbers: set[int] = set()
        contents = tuple(self._content(table) for table in root.tables("content", "内容"))
        total = sum(content.points for content in contents)
        if total != full_score:
            raise root.fail(f"各项内容分值合计为 {total}，与满分 full_score（{full_score}）不符")
        standard = Standard(
            id=root.take("id", str),
            title=root.take("title", str),
            document=root.take("document", str),
            region=root.take("region", str),
            full_score=full_score,
            contents=contents,
            pass_mark=self._pass_mark(root.table("pass_mark", "达标线（pass_mark）"), full_score),
            targets=tuple(self._target(table) for table in root.tables("target", "目标（target）")),
            deadlines=tuple(self._deadline(table) for table in root.tables("deadline", "截止日期（deadline）")),
            urban_community=urban_community,
            annex2=annex2,
            reading=reading,
            decisions=self.decisions,
            sha256=self.sha256,
            file_name=self.path.name,
            deliverables=tuple(self._deliverable(table) for table in root.tables("deliverable", "报送事项（deliverable）", [])),
        )
        for phase, title in PHASE_TITLES.items():
            if sum(deadline.phase == phase for deadline in standard.deadlines) != 1:
                raise root.fail(f"阶段“{title}”（{phase}）应有且只有一个截止日期")
        years = [target.year for target in standard.targets]
        if len(set(years)) != len(years):
            raise root.fail("同一年度的目标写了两次")
        for what, keys in (("编号 id", [each.id for each in standard.deliverables]), ("名称 name", [each.name for each in standard.deliverables])):
            if twice := next((key for key in keys if keys.count(key) > 1), None):
                raise root.fail(f"报送事项（deliverable）的{what}“{twice}”写了两次")
        root.done()
        return standard

    def _notice(self, name: str) -> str:
        path = self.path.parent / name
        if Path(name).name != name or not path.is_file():
            # A standard kept elsewhere may lean on a notice shipped with the program.
            path = FOLDER / Path(name).name
        self.notice_path = path
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            raise self.root.fail(f"找不到通知原文“{name}”，无法核对引文") from None

    def _quote(self, table: Table, key: str = "quote") -> str:
        quote: str = table.take(key, str)
        if quote not in self.notice:
            raise table.fail(f"引文“{quote}”在通知原文中找不到，请按原文逐字抄录")
        return quote

    def _decisions(self, table: Table) -> tuple[str, ...]:
        cited = table.texts("decisions", [])
        for decision in cited:
            if decision not in self.decisions:
                raise table.fail(f"引用的口径“{decision}”不在 decisions 清单中")
        return cited

    def _content(self, table: Table) -> Content:
        number = table.take("number", int)
        table.at(f"内容{number}")
        if number in self.content_numbers:
            raise table.fail("内容号重复")
        self.content_numbers.add(number)
        name, points = self._quote(table, "name"), table.take("points", int)
        items = tuple(self._item(row, name) for row in table.tables("item", f"内容{number}的项"))
        total = sum(item.points for item in items)
        if total != points:
            raise table.fail(f"各项分值合计为 {total}，与内容分值 points（{points}）不符")
        table.done()
        return Content(number, name, points, items)

    def _item(self, table: Table, content_name: str) -> Item:
        number = table.take("number", int)
        table.at(f"第{number}项")
        if number in self.item_numbers:
            raise table.fail("项号重复")
        self.item_numbers.add(number)
        points = table.take("points", int)
        if points < 1:
            raise table.fail(f"分值 points 应为正整数，现为 {points}")
        clauses = tuple(self._clause(row, number, points) for row in table.tables("clause", f"第{number}项的条款"))
        if len({clause.adds for clause in clauses}) > 1:
            raise table.fail("加分条款不能与扣分条款同在一项")
        item = Item(number, points, self._quote(table, "standard"), content_name, clauses)
        table.done()
        return item

    def _clause(self, table: Table, item_number: int, item_points: int) -> Clause:
        clause_id = table.take("id", str)
        table.at(f"条款{clause_id}")
        if clause_id in self.clause_ids:
            raise table.fail("条款出现了两次")
        self.clause_ids.add(clause_id)
        if not re.fullmatch(rf"{item_number}\.[1-9][0-9]*", clause_id):
            raise table.fail(f"条款号应写成“{item_number}.1”这样的项号加序号")
        kind = table.take("kind", str)
        if kind not in KINDS:
            raise table.fail(f"不认识的条款类型 kind“{kind}”，可用的有 {'、'.join(KINDS)}")
        cls = KINDS[kind]
        own: dict[str, Any] = {key: table.take(key, *wanted) for key, wanted in sorted(cls.own_keys.items())}
        if issubclass(cls, Counted):
            own["count_limit"] = self.count_limit
        unit = table.take("unit", str, "")
        if cls.measure is not None and not unit:
            raise table.fail("有实际值的条款应写明单位 unit")
        asks = table.take("asks", str, "")
        if asks and cls.measure is None:
            raise table.fail("没有实际值的条款不能写 asks（实际值填什么）")
        cases = table.texts("cases", [])
        if cases and (cls.measure is not None or len(cases) != 2):
            raise table.fail("cases（什么情况填0、什么情况填分数）应写两句，只用于没有实际值的条款")
        try:
            clause = cls(
                id=clause_id,
                name=table.take("name", str),
                points=table.take("points", int),
                cap=table.take("cap", int),
                quote=self._quote(table),
                item_number=item_number,
                item_points=item_points,
                unit=unit,
                decisions=self._decisions(table),
                asks=asks,
                cases=(cases[0], cases[1]) if cases else None,
                note=table.take("note", str, ""),
                **own,
            )
        except ClauseMistake as mistake:
            raise table.fail(str(mistake)) from None
        table.done()
        return clause

    def _pass_mark(self, table: Table, full_score: int, near_points: int = 0) -> PassMark:
        """``near_points`` holds where the table does not say."""
        points = table.take("points", int)
        if not 0 < points <= full_score:
            raise table.fail(f"达标线应在1到满分 {full_score} 之间，现为 {points}")
        near = table.take("near_points", int, near_points)
        if not 0 <= near < points:
            raise table.fail(f"接近达标的范围 near_points 应在0到达标线 {points} 之间，现为 {near}")
        mark = PassMark(quote=self._quote(table), decisions=self._decisions(table), points=points, near_points=near)
        table.done()
        return mark

    def _target(self, table: Table) -> Target:
        year = table.take("year", int)
        table.at(f"{year}年目标")
        text = table.take("ratio", str)
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?", text):
            raise table.fail(f'目标比例 ratio 应写成 "0.20" 这样的小数，现为“{text}”')
        ratio = Fraction(text)
        if not 0 < ratio <= 1:
            raise table.fail(f"目标比例 ratio 应大于0且不超过1，现为“{text}”")
        target = Target(quote=self._quote(table), decisions=self._decisions(table), year=year, ratio=ratio)
        table.done()
        return target

    def _deadline(self, table: Table) -> Deadline:
        phase = table.take("phase", str)
        if phase not in PHASE_TITLES:
            raise table.fail(f"不认识的阶段 phase“{phase}”，可用的有 {'、'.join(PHASE_TITLES)}")
        deadline = Deadline(
            quote=self._quote(table),
            decisions=self._decisions(table),
            phase=phase,
            month=table.take("month", int),
            day=table.take("day", int),
        )
        try:
            deadline.in_year(2023)
        except (ValueError, OverflowError):
            raise table.fail(f"{deadline.month}月{deadline.day}日不是日历上的日子") from None
        table.done()
        return deadline

    def _deliverable(self, table: Table) -> Deliverable:
        deliverable = Deliverable(
            quote="",
            decisions=self._decisions(table),
            id=table.take("id", str),
            name=table.take("name", str),
            phase=table.take("phase", str, None),
            month=table.take("month", int, None),
            day=table.take("day", int, None),
            year=table.take("year", int, None),
            optional=table.take("optional", bool, False),
            roster=table.take("roster", str, ""),
            note=table.take("note", str, ""),
        )
        table.at(f"报送事项“{deliverable.name}”")
        deliverable = replace(deliverable, quote=self._quote(table))
        if not re.fullmatch(r"[a-z][a-z0-9-]*", deliverable.id):
            raise table.fail(f"编号 id 应为小写字母、数字和短横，例如 plan，现为“{deliverable.id}”")
        if deliverable.roster not in ("", PILOTS, LOCAL_STANDARD):
            raise table.fail(f"名册依据 roster 只能写 {PILOTS} 或 {LOCAL_STANDARD}，现为“{deliverable.roster}”")
        if deliverable.phase is not None:
            if deliverable.phase not in PHASE_TITLES:
                raise table.fail(f"不认识的阶段 phase“{deliverable.phase}”，可用的有 {'、'.join(PHASE_TITLES)}")
            if (deliverable.month, deliverable.day, deliverable.year) != (None, None, None):
                raise table.fail("写了阶段 phase 的，期限就是该阶段的截止日期，不要再写 month、day、year")
        elif (deliverable.month is None) != (deliverable.day is None):
            raise table.fail("期限的月 month 和日 day 应一起写")
        elif deliverable.month is None and (deliverable.year is not None or deliverable.optional):
            raise table.fail("没有期限的事项不写 year 和 optional")
        elif deliverable.month is not None and deliverable.day is not None:
            try:
                datetime.date(deliverable.year or 2023, deliverable.month, deliverable.day)
            except (ValueError, OverflowError):
                raise table.fail(f"{deliverable.month}月{deliverable.day}日不是日历上的日子") from None
        table.done()
        return deliverable

    def _urban_community(self, table: Table) -> UrbanCommunity:
        urban = UrbanCommunity(
            quote=self._quote(table),
            decisions=self._decisions(table),
            digits=table.take("digits", int),
            first=table.take("first", int),
            last=table.take("last", int),
        )
        if not 1 <= urban.digits <= 12 or not 0 <= urban.first <= urban.last < 10**urban.digits:
            raise table.fail(
                f"社区代码末{urban.digits}位 digits 的起止 first（{urban.first}）、last（{urban.last}）颠倒了或超出了位数"
            )
        table.done()
        return urban

    def _annex2(self, table: Table) -> Annex2:
        years = table.take("years", list)
        if not years or not all(type(year) is int for year in years) or years != sorted(set(years)):
            raise table.fail("years 应为从小到大、不重复的年度")
        annex2 = Annex2(
            title=self._quote(table, "title"),
            years=tuple(years),
            total_label=self._quote(table, "total_label"),
            note=self._quote(table, "note"),
        )
        table.done()
        return annex2

    def _reading(self, table: Table) -> Reading:
        reading = Reading(
            none=table.take("none", str),
            not_applicable=table.take("not_applicable", str),
            yes=table.take("yes", str),
            no=table.take("no", str),
            count_limit=table.take("count_limit", int),
            decisions=self._decisions(table),
            empty_phrases=table.texts("empty_phrases"),
            fillers=table.texts("fillers"),
        )
        for name, key, phrases in (
            ("空话清单", "empty_phrases", reading.empty_phrases),
            ("套话用词", "fillers", reading.fillers),
        ):
            if not all(bare_phrase(phrase) for phrase in phrases):
                raise table.fail(f"{name} {key} 中的每一句都应含有文字")
            if len({bare_phrase(phrase) for phrase in phrases}) < len(phrases):
                raise table.fail(f"{name} {key} 中有重复的句子（标点和空格不算）")
        if reading.count_limit < 1:
            raise table.fail(f"次数上限 count_limit 应为正整数，现为 {reading.count_limit}")
        table.done()
        return reading


def load_standard(path: Path = DEFAULT) -> Standard:
    """Read and check the standard in ``path``.

    Raises StandardError with one sentence naming the file, the clause and the mistake: points that do not sum, a
    cap above its item, an unknown key or kind, a clause twice, a quote that is not in the notice.
    """
    global _shipped
    if path != DEFAULT:
        return Loader(path).load()
    if _shipped is None or not _shipped.is_whole():
        loader = Loader(path)
        _shipped = _Shipped(loader.load(), loader.notice_path, loader.notice)
    return _shipped.standard


@dataclass(frozen=True)
class _Shipped:
    """The program's own standard as it was read last: a process that does many runs takes it apart once (S-52)."""

    standard: Standard
    notice_path: Path
    notice: str

    def is_whole(self) -> bool:
        """Whether its files hold what they held; False where one cannot be read, so that the loader says why."""
        try:
            same = hashlib.sha256(DEFAULT.read_bytes()).hexdigest() == self.standard.sha256
            return same and self.notice_path.read_text(encoding="utf-8") == self.notice
        except (OSError, ValueError):
            return False


_shipped: _Shipped | None = None
