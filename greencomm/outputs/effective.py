"""The sheet 适用标准: the whole standard that a unit follows, and where it differs from the prefecture's (D-14)."""

from __future__ import annotations

from greencomm.forms.style import SMALL
from greencomm.outputs.book import BAD, BOXED, CENTRED, FINE, SECTION, TEXT, WARN, Box, Page, Style
from greencomm.standard import Change, ChangeKind, Clause, Item, Standard

EFFECTIVE = "适用标准"
TITLES = ("项", "条款", "内容和建设标准", "评分标准", "本项分值", "扣（加）分办法", "与州标准不同之处", "规定的单位", "原文")
WIDTHS = (5, 7, 26, 30, 6, 22, 28, 14, 26)
_CHANGED: Style = {**BOXED, "font_size": SMALL, "bg_color": WARN}
_REMOVED: Style = {**BOXED, "font_size": SMALL, "bg_color": BAD}
_PLAIN: Style = {**BOXED, "font_size": SMALL}


def write_effective(page: Page, standard: Standard) -> None:
    """Fill a page whose title is written: what holds, clause by clause, then what the prefecture's standard has besides."""
    base = standard.base
    assert base is not None
    mark = standard.pass_mark.points
    page.wide(f"本单位按{standard.document}《{standard.title}》（{standard.id}）评分：满分{standard.full_score}分，{mark}分以上（含）为达标。", TEXT)
    page.wide(f"它以州标准{base.document}《{base.title}》为依据，有{len(standard.changes)}处不同（标有底色），其余与州标准相同。", TEXT)
    page.head(TITLES)
    by_place = {(change.item, change.clause): change for change in standard.changes}
    for content in standard.contents:
        page.wide(f"{content.name}（{content.points}分）", {**SECTION, "font_size": 10})
        for item in content.items:
            if (item.number, None) in by_place:
                _item_row(page, item, by_place[item.number, None])
            for clause in item.clauses:
                _clause_row(page, item, clause, by_place.get((item.number, clause.id)))
    whole = by_place.get((None, None))
    gone = [change for change in standard.changes if change.kind is ChangeKind.REMOVE]
    if whole or gone:
        page.wide("达标线和取消的内容", {**SECTION, "font_size": 10})
    for change in [whole] if whole else []:
        _about(page, "", change.where, "", "", mark, "", change, _CHANGED)
    for change in gone:
        _about(page, change.item or "", change.clause or "", "", "", "", "", change, _REMOVED)
    page.wide("“原文”为本地标准文件中的原句。按州标准的参考得分见“名单”。", FINE)


def _item_row(page: Page, item: Item, change: Change) -> None:
    _about(page, item.number, "", item.standard, "", item.points, "", change, _CHANGED)


def _clause_row(page: Page, item: Item, clause: Clause, change: Change | None) -> None:
    told = clause.terms.startswith(clause.kind_title[:2])
    how = clause.terms if told else f"{clause.kind_title}：{clause.terms}"
    style = _CHANGED if change else _PLAIN
    _about(page, item.number, clause.id, item.standard, clause.criterion, item.points, how, change, style)


def _about(
    page: Page, item: int | str, clause: str, wanted: str, criterion: str, points: int | str, how: str,
    change: Change | None, style: Style,
) -> None:  # fmt: skip
    centred = {**CENTRED, "font_size": SMALL}
    said = (change.difference, change.authority, change.quote.replace("**", "")) if change else ("", "", "")
    page.row(
        [
            Box(item, centred),
            Box(clause, centred),
            Box(wanted, _PLAIN),
            Box(criterion, _PLAIN),
            Box(points, centred),
            Box(how, _PLAIN),
            *(Box(text, style if change else _PLAIN) for text in said),
        ]
    )
