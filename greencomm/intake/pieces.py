"""A worksheet's rows, read by what lies between its values: that is the same on sheet after sheet, so it is learned once.

A county's form has some eighty sheets of one layout. Between one stored value and the next stand the same bytes on each of
them (``</v></c><c r="C7" s="33"/><c r="D7" s="32" t="s"><v>``), and what they say is independent of everything else: which
cells end, which begin, in which row. Such a piece is taken apart by a grammar far stricter than XML and then remembered.

Whatever the grammar does not know is ``Unusual``: then the whole sheet goes through the XML parser, which decides. So
nothing is ever refused here, and nothing accepted that the parser would refuse (S-44).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, product
from string import ascii_uppercase
from typing import NamedTuple

from greencomm.intake.workbook import MAX_COLUMN, MAX_ROW, Address

TRUE = ("1", "true", "on")
"""How XML says yes."""
LONGEST_SHEET = 1024 * 1024
"""Bytes of a sheet that is read by pieces: ten times a form's. What is larger is no form, and would fill the memory."""

_ROW = 15
"""Bits of a column's number: a place is ``row << 15 | column``, so that places rise as a sheet is read."""
_REMEMBERED = 16 * 1024 * 1024
"""Bytes of pieces that are kept; the layouts of a whole season's forms have some 0.3 MB."""
_NO_CELL = ("", "")
_KINDS = frozenset(("n", "s", "str", "b", "e"))
_TEXT = rb"[^<&\x00-\x1f]*(?:&(?:amp|lt|gt|quot|apos);[^<&\x00-\x1f]*)*"
_ATTRIBUTES = rb'((?: [A-Za-z0-9]+(?::dyDescent)?="[^"<>&\x00-\x1f]*")*)'
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_CELL = re.compile(rb"<c" + _ATTRIBUTES + rb"(/?)>")
_FORMULA = re.compile(rb"<f" + _ATTRIBUTES + rb"(?:/>|>(" + _TEXT + rb")</f>)")
_ROW_TAG = re.compile(rb"<row" + _ATTRIBUTES + rb"(/?)>")
_ATTRIBUTE = re.compile(rb' ([A-Za-z0-9:]+)="([^"]*)"')
_PLAIN = re.compile(_TEXT)
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_FORMULA_ATTRIBUTES = frozenset(("t", "ref", "si", "ca", "aca"))
_CELL_ATTRIBUTES = frozenset(("r", "s", "t"))
_ROW_ATTRIBUTES = frozenset((
    "r", "spans", "s", "customFormat", "ht", "hidden", "customHeight", "outlineLevel", "collapsed", "thickTop", "thickBot",
    "x14ac:dyDescent",
))  # fmt: skip


class Unusual(Exception):
    """Not written as spreadsheet programs write forms; it may be right or wrong."""


class Asides(NamedTuple):
    """What few pieces say beside their cells."""

    without: tuple[tuple[Address, str], ...]
    """Formulas without a value."""
    hidden_rows: tuple[int, ...]


Piece = tuple[Address | None, tuple[str, str], str | None, int, int, int, int, Asides | None]
"""What a piece says: the cell whose value follows (None at the end of the rows), its kind and style, its formula; between
which places the piece before must end (at least the first, below the second); the place of its own last row or cell; how
many cells begin in it. A plain tuple: some two hundred are taken apart for each sheet."""


@cache
def columns() -> dict[str, int]:
    """Letters → column."""
    spelled = chain.from_iterable(product(ascii_uppercase, repeat=length) for length in (1, 2, 3))
    return {"".join(letters): number for number, letters in zip(range(1, MAX_COLUMN + 1), spelled, strict=False)}


def is_zero(measure: str | None) -> bool:
    """Whether a height or width is 0."""
    if measure is None:
        return False
    try:
        return float(measure) == 0
    except ValueError:
        return False


def simple_text(stored: bytes) -> str:
    """The text that an XML parser makes of these bytes, where it makes what everybody sees. Raises Unusual."""
    if _PLAIN.fullmatch(stored) is None or b"]]>" in stored:
        raise Unusual
    return _decoded(stored)


def _decoded(stored: bytes) -> str:
    try:
        text = stored.decode("utf-8")
    except UnicodeDecodeError:
        raise Unusual from None
    if "\ufffe" in text or "\uffff" in text:
        raise Unusual
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    return text


def split_rows(rows: bytes) -> list[bytes]:
    """What lies between ``<sheetData>`` and its end, as pieces and stored values in turn, pieces first and last."""
    # As if a cell and a row ended before: so the first piece is like the others.
    return _VALUE.split(b"</c></row>" + rows)


class Pieces(dict[bytes, Piece]):
    """Pieces by their bytes, each learned when it is first met. Looking up raises Unusual.

    ``has_descents`` where the sheet's root declares the prefix of ``x14ac:dyDescent``, which Excel writes into rows.
    """

    def __init__(self, *, has_descents: bool) -> None:
        super().__init__()
        self.has_descents = has_descents
        self.size = 0

    def __missing__(self, piece: bytes) -> Piece:
        learned = self._learned(piece)
        self.size += len(piece)
        if self.size > _REMEMBERED:
            self.clear()
            self.size = len(piece)
        self[piece] = learned
        return learned

    def _learned(self, piece: bytes) -> Piece:
        if not piece.startswith(b"</c>") or b"]]>" in piece:
            raise Unusual
        _decoded(piece)  # Raises where it holds what no XML may.
        at, inside = len(b"</c>"), True
        after = last = row = count = 0
        first: int | None = None
        address: Address | None = None
        key = _NO_CELL
        formula: str | None = None
        without: list[tuple[Address, str]] = []
        hidden: list[int] = []
        while at < len(piece):
            if inside and piece.startswith(b"</row>", at):
                at, inside = at + len(b"</row>"), False
                continue
            if inside and (match := _CELL.match(piece, at)):
                attributes = dict(_unique(match[1], _CELL_ATTRIBUTES))
                address = _address(attributes.get("r", ""))
                kind = attributes.get("t", "n")
                place = address[0] << _ROW | address[1]
                if first is None:
                    # It goes on with the row of the piece before.
                    row, after, first = address[0], address[0] << _ROW, place
                if kind not in _KINDS or address[0] != row or place <= last:
                    raise Unusual
                at, last, count = match.end(), place, count + 1
                if match[2]:
                    continue
                formula = None
                if match := _FORMULA.match(piece, at):
                    at = match.end()
                    if dict(_unique(match[1], _FORMULA_ATTRIBUTES)).get("t") not in (None, "normal", "shared"):
                        raise Unusual
                    formula = simple_text(match[2] or b"")
                if at == len(piece):
                    key = (kind, attributes.get("s", "0"))
                elif not piece.startswith(b"</c>", at):
                    raise Unusual
                else:
                    at += len(b"</c>")
                    if formula is not None:
                        if kind == "s":
                            raise Unusual
                        without.append((address, formula))
                continue
            if not inside and (match := _ROW_TAG.match(piece, at)):
                attributes = dict(_unique(match[1], _ROW_ATTRIBUTES))
                row = _row(attributes.get("r", ""))
                if "x14ac:dyDescent" in attributes and not self.has_descents:
                    raise Unusual
                place = row << _ROW
                if place <= last:
                    raise Unusual
                first = place if first is None else first
                if attributes.get("hidden") in TRUE or is_zero(attributes.get("ht")):
                    hidden.append(row)
                at, last, inside = match.end(), place, not match[2]
                continue
            raise Unusual
        if key is _NO_CELL:
            if inside:
                raise Unusual
            address = formula = None
        # The last piece may hold no row and no cell: it follows whatever comes before.
        bound = first if first is not None else (MAX_ROW + 1) << _ROW
        asides = Asides(tuple(without), tuple(hidden)) if without or hidden else None
        return address, key, formula, after, bound, last, count, asides


def _unique(attributes: bytes, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Names and values of attributes, each of which is known and given once."""
    seen: set[str] = set()
    for name, value in _ATTRIBUTE.findall(attributes):
        text = name.decode("ascii")
        if text in seen or text not in known:
            raise Unusual
        seen.add(text)
        yield text, value.decode("utf-8")


def _row(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= MAX_ROW):
        raise Unusual
    return int(text)


def _address(reference: str) -> Address:
    match = _REFERENCE.fullmatch(reference)
    column = columns().get(match[1]) if match else None
    if match is None or column is None:
        raise Unusual
    return _row(match[2]), column
