"""Reads a county's own standard (D-14): a TOML file that says where it differs from the prefecture's.

The result is an ordinary ``Standard`` with the changes worked in, checked as the prefecture's is. Quotes are the county's
own words: they need an authority, and are checked against the county's document where its text is given.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greencomm.standard.kinds import KINDS, Clause, ClauseMistake, Flag
from greencomm.standard.loader import FOLDER, SCHEMA, Loader, Table, load_standard
from greencomm.standard.model import Change, ChangeKind, Content, Item, PassMark, Standard

_ID = re.compile(r"[\w][\w.-]*")
"""An id stands in the roster and in names of files."""


def load_local_standard(path: Path, base: Standard) -> Standard:
    """Read and check the county's standard in ``path``, based on ``base``.

    Raises StandardError with one sentence naming the file, the place and the mistake, as load_standard does.
    """
    return _LocalLoader(path, base).load()


def load_any_standard(path: Path) -> Standard:
    """Read a standard of either kind; what a local one is based on is looked for beside it and among the shipped ones."""
    loader = Loader(path)
    if not loader.is_local:
        return loader.load()
    based_on = loader.root.take("based_on", str)
    for folder in (path.parent, FOLDER):
        for candidate in sorted(folder.glob("*.toml")):
            base = _prefecture_standard(candidate, based_on) if candidate.stem == based_on else None
            if base is not None:
                return load_local_standard(path, base)
    raise loader.root.fail(f"找不到它依据的州标准 based_on“{based_on}”，请把“{based_on}.toml”放在同一文件夹")


def _prefecture_standard(path: Path, wanted: str) -> Standard | None:
    """The prefecture's standard in ``path`` where its id is ``wanted``; None for a local one."""
    if Loader(path).is_local:
        return None
    standard = load_standard(path)
    return standard if standard.id == wanted else None


def local_id(path: Path) -> str:
    """The id in a county's file, without checking the rest. Raises StandardError where it cannot be read."""
    loader = Loader(path)
    text: str = loader.root.take("id", str)
    return text


@dataclass
class _Draft:
    """An item while changes are worked into it."""

    content: Content
    number: int
    points: int
    standard: str
    clauses: list[Clause]


class _LocalLoader(Loader):
    def __init__(self, path: Path, base: Standard) -> None:
        super().__init__(path)
        self.base = base
        self.changes: list[Change] = []
        self.own_text: str | None = None
        self.drafts = [
            _Draft(content, item.number, item.points, item.standard, list(item.clauses))
            for content in base.contents
            for item in content.items
        ]
        self.decisions = base.decisions
        self.count_limit = base.reading.count_limit
        self.clause_ids = set(base.clause)
        self.touched: set[str] = set()
        """Clauses and items that a change speaks of already, by what people call them."""

    def load(self) -> Standard:
        base, root = self.base, self.root
        if (schema := root.take("schema", str)) != SCHEMA:
            raise root.fail(f"schema 应为“{SCHEMA}”，现为“{schema}”")
        based_on = root.take("based_on", str)
        if based_on != base.id:
            raise root.fail(f"based_on 应为现行的州标准“{base.id}”，现为“{based_on}”")
        standard_id = root.take("id", str)
        if not _ID.fullmatch(standard_id):
            raise root.fail(f"标准编号 id“{standard_id}”只能用汉字、字母、数字、横线和点，例如“{base.id}-1”")
        if standard_id == base.id:
            raise root.fail(f"标准编号 id 不能与州标准“{base.id}”相同，请另取一个")
        title, document = root.take("title", str), root.take("document", str)
        self.authority = root.take("authority", str, "")
        notice = root.take("notice", str, "")
        if notice:
            self.own_text, self.own_name = self._own_text(notice), notice
        full_score = root.take("full_score", int, base.full_score)
        for order, table in enumerate(root.tables("remove", "", []), 1):
            self._remove(table.at(f"第{order}处 [[remove]]"))
        replacing = [table.at(f"第{order}处 [[replace]]") for order, table in enumerate(root.tables("replace", "", []), 1)]
        # Items first: what their clauses may take depends on them.
        for table in sorted(replacing, key=lambda table: "item" not in table):
            self._replace(table)
        for order, table in enumerate(root.tables("add", "", []), 1):
            self._add(table.at(f"第{order}处 [[add]]"))
        contents = tuple(self._contents())
        total = sum(content.points for content in contents)
        if total != full_score:
            advice = "请核对各项分值，或在开头写明新的 full_score"
            raise root.fail(f"各项分值合计为 {total}，与满分 full_score（{full_score}）不符，{advice}")
        pass_mark = self._local_pass_mark(full_score)
        root.done()
        if not self.changes:
            raise root.fail("没有写任何与州标准不同的地方；用州标准的单位，名册“标准”一列留空即可")
        digest = hashlib.sha256(f"{base.sha256} {self.sha256}".encode()).hexdigest()
        return dataclasses.replace(
            base,
            id=standard_id,
            title=title,
            document=document,
            full_score=full_score,
            contents=contents,
            pass_mark=pass_mark,
            sha256=digest,
            file_name=self.path.name,
            base=base,
            changes=tuple(sorted(self.changes, key=_place_of)),
            authority=self.authority,
        )

    def _own_text(self, name: str) -> str:
        path = self.path.parent / name
        try:
            if Path(name).name != name:
                raise ValueError
            return path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            advice = f"请把它存成 UTF-8 编码的文本，与“{self.path.name}”放在一起"
            raise self.root.fail(f"notice 所写的本地文件原文“{name}”打不开，{advice}") from None

    def _quote(self, table: Table, key: str = "quote") -> str:
        quote: str = table.take(key, str)
        if self.own_text is not None and quote not in self.own_text:
            raise table.fail(f"引文“{quote}”在“{self.own_name}”中找不到，请按原文逐字抄录")
        return quote

    def _whose(self, table: Table) -> str:
        """The authority of one change; where it names none, the whole file's."""
        authority: str = table.take("authority", str, self.authority)
        if not authority:
            raise table.fail("缺少“authority”，请写明这一处是谁规定的，例如“某某县住房和城乡建设局”")
        return authority

    # --- what a change speaks of ------------------------------------------------------------------------------------

    def _subject(self, table: Table) -> tuple[_Draft, Clause | None]:
        """The item of the prefecture's standard, and the clause where one is named, that a change speaks of."""
        clause_id, number = table.take("clause", str, ""), table.take("item", int, 0)
        if bool(clause_id) == bool(number):
            raise table.fail("请写明改的是哪一条（clause，如 \"8.1\"）或哪一项（item，如 8），只写其中一个")
        if number:
            table.at(f"第{number}项")
            draft = next((draft for draft in self.drafts if draft.number == number), None)
            if draft is None:
                raise table.fail(f"州标准没有第{number}项，或它已在别处取消")
            self._touch(table)
            return draft, None
        table.at(f"条款{clause_id}")
        for draft in self.drafts:
            for clause in draft.clauses:
                if clause.id == clause_id:
                    self._touch(table)
                    return draft, clause
        raise table.fail(f"州标准没有条款“{clause_id}”，或它已在别处取消；新的条款请写在 [[add]] 中")

    def _touch(self, table: Table) -> None:
        if table.where in self.touched:
            raise table.fail("改了两次，请合并成一处")
        self.touched.add(table.where)

    # --- the three kinds --------------------------------------------------------------------------------------------

    def _remove(self, table: Table) -> None:
        draft, clause = self._subject(table)
        authority, quote = self._whose(table), self._quote(table)
        table.done()
        if clause is None:
            self.drafts.remove(draft)
            self._note(ChangeKind.REMOVE, draft.number, None, _item_words(draft), "", authority, quote)
            return
        draft.clauses.remove(clause)
        self._note(ChangeKind.REMOVE, draft.number, clause.id, _clause_words(clause), "", authority, quote)

    def _replace(self, table: Table) -> None:
        draft, clause = self._subject(table)
        authority = self._whose(table)
        if clause is None:
            self._replace_item(draft, table, authority)
            return
        given = table.rest()
        if "id" in given:
            raise table.fail("修改时不能换条款号；要换号的，请取消（[[remove]]）后另行增加（[[add]]）")
        if "quote" not in given:
            raise table.fail("缺少“quote”，请抄录本地文件中这一条的原文")
        kind = given.get("kind", clause.kind)
        merged = _as_data(clause, KINDS.get(kind) if isinstance(kind, str) else None) | given
        if merged.get("item_zero_below") == 0:
            del merged["item_zero_below"]
        if kind == Flag.kind and "cap" not in given:
            merged["cap"] = merged["points"]
        self.clause_ids.discard(clause.id)
        replaced = self._clause(Table(self.path.name, table.where, merged), draft.number, draft.points)
        if _content_of(replaced) == _content_of(clause) and not replaced.note:
            raise table.fail("与州标准完全相同，请删去这一处")
        draft.clauses[draft.clauses.index(clause)] = replaced
        words = _clause_words(clause), _clause_words(replaced)
        self._note(ChangeKind.REPLACE, draft.number, clause.id, *words, authority, replaced.quote)

    def _replace_item(self, draft: _Draft, table: Table, authority: str) -> None:
        before = _item_words(draft)
        points = table.take("points", int, draft.points)
        quote = self._quote(table)
        if points < 1:
            raise table.fail(f"分值 points 应为正整数，现为 {points}")
        draft.standard = self._quote(table, "standard") if "standard" in table else draft.standard
        draft.points = points
        table.done()
        if _item_words(draft) == before:
            raise table.fail("与州标准完全相同，请写明新的 points（分值）或 standard（建设标准），或删去这一处")
        self._note(ChangeKind.REPLACE, draft.number, None, before, _item_words(draft), authority, quote)

    def _add(self, table: Table) -> None:
        authority = self._whose(table)
        if "content" in table:
            self._add_item(table, authority)
            return
        if "item" not in table:
            raise table.fail("请写明加在哪一项（item，如 9）；整项增加的，写明内容号（content，如 5）和 [add.item]")
        number = table.take("item", int)
        draft = next((draft for draft in self.drafts if draft.number == number), None)
        if draft is None:
            raise table.fail(f"没有第{number}项，不能在其中增加条款；整项增加的，请写 content 和 [add.item]")
        clause = self._clause(table, number, draft.points)
        draft.clauses.append(clause)
        draft.clauses.sort(key=_sequence)
        self._note(ChangeKind.ADD, number, clause.id, "", _clause_words(clause), authority, clause.quote)

    def _add_item(self, table: Table, authority: str) -> None:
        number = table.take("content", int)
        content = next((content for content in self.base.contents if content.number == number), None)
        if content is None:
            known = "、".join(str(content.number) for content in self.base.contents)
            raise table.fail(f"州标准没有内容{number}，可用的有 {known}")
        self.item_numbers = {item.number for item in self.base.items} | {draft.number for draft in self.drafts}
        item = self._item(table.table("item", f"内容{number}增加的项"), content.name)
        table.done()
        last = max((at for at, draft in enumerate(self.drafts) if draft.content.number <= number), default=-1)
        draft = _Draft(content, item.number, item.points, item.standard, list(item.clauses))
        self.drafts.insert(last + 1, draft)
        self._note(ChangeKind.ADD, item.number, None, "", _item_words(draft), authority, item.standard)
        for clause in item.clauses:
            self._note(ChangeKind.ADD, item.number, clause.id, "", _clause_words(clause), authority, clause.quote)

    def _local_pass_mark(self, full_score: int) -> PassMark:
        before = self.base.pass_mark
        where = "达标线（pass_mark）"
        if "pass_mark" not in self.root:
            if before.points > full_score:
                raise self.root.fail(f"州标准的达标线 {before.points} 超过满分 {full_score}，请写明新的 [pass_mark]")
            return before
        table = self.root.table("pass_mark", where)
        authority = self._whose(table)
        # What is nearly green is the prefecture's own measure: it goes with a new mark unless the county says otherwise.
        mark = self._pass_mark(table, full_score, before.near_points)
        if mark.points == before.points:
            raise table.fail(f"与州标准的 {before.points} 分相同，请删去这一节")
        self._note(ChangeKind.REPLACE, None, None, f"{before.points}分", f"{mark.points}分", authority, mark.quote)
        return dataclasses.replace(mark, decisions=mark.decisions or before.decisions)

    def _note(
        self, kind: ChangeKind, item: int | None, clause: str | None, before: str, after: str, authority: str, quote: str
    ) -> None:
        self.changes.append(Change(kind, item, clause, before, after, authority, quote))

    # --- the whole again --------------------------------------------------------------------------------------------

    def _contents(self) -> Iterator[Content]:
        """Contents of the items as they are now; points of a content follow from its items."""
        for content in self.base.contents:
            items = tuple(self._settled(draft) for draft in self.drafts if draft.content is content)
            if items:
                yield Content(content.number, content.name, sum(item.points for item in items), items)

    def _settled(self, draft: _Draft) -> Item:
        table = Table(self.path.name, f"第{draft.number}项", {})
        if not draft.clauses:
            raise table.fail(f"条款都取消了；不再考核这一项的，请取消整项（[[remove]] 下写 item = {draft.number}）")
        clauses = []
        for clause in draft.clauses:
            try:
                clauses.append(dataclasses.replace(clause, item_points=draft.points))
            except ClauseMistake as mistake:
                raise table.at(f"条款{clause.id}").fail(str(mistake)) from None
        if len({clause.adds for clause in clauses}) > 1:
            raise table.fail("加分条款不能与扣分条款同在一项")
        return Item(draft.number, draft.points, draft.standard, draft.content.name, tuple(clauses))


def _as_data(clause: Clause, kind: type[Clause] | None) -> dict[str, Any]:
    """A clause as its table would stand in a file, as far as a changed one of ``kind`` goes on with it.

    How the old words are read (note) says nothing of new words; what 实际值 asks for goes with being measured.
    """
    data: dict[str, Any] = {
        "id": clause.id,
        "kind": clause.kind,
        "name": clause.name,
        "points": clause.points,
        "cap": clause.cap,
        "decisions": list(clause.decisions),
    }
    if kind is None or (kind.measure is None) == (clause.measure is None):
        data |= {"unit": clause.unit} if clause.unit else {}
        data |= {"asks": clause.asks} if clause.asks else {}
        data |= {"cases": list(clause.cases)} if clause.cases else {}
    own = clause.own_keys.keys() & (clause if kind is None else kind).own_keys.keys()
    return data | {key: value for key in sorted(own) if (value := getattr(clause, key)) is not None}


def _content_of(clause: Clause) -> dict[str, Any]:
    """All that a clause says of itself, for telling whether two are the same."""
    own = {field.name: getattr(clause, field.name) for field in dataclasses.fields(clause)}
    return own | {"kind": clause.kind, "note": "", "item_points": 0}


def _clause_words(clause: Clause) -> str:
    return f"{clause.name}：{clause.terms}"


def _item_words(draft: _Draft) -> str:
    return f"{draft.standard}（{draft.points}分）"


def _sequence(clause: Clause) -> int:
    return int(clause.id.partition(".")[2])


def _place_of(change: Change) -> tuple[int, int]:
    return (change.item or 0, int((change.clause or "").partition(".")[2] or 0))
