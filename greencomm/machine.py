"""JSON for other programs: in UTF-8, whatever the console's encoding."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

_END = b"\n}\n"
_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\uffff]"
)
"""Control and format characters, half surrogate pairs and noncharacters that JSON would let through."""


def json_bytes(value: object) -> bytes:
    """The same bytes for the same value. What cannot be seen is escaped: the same text to a program, harmless to whoever
    opens the file."""
    return b"".join(_pieces(value)) + b"\n"


def _pieces(value: object) -> Iterator[bytes]:
    """Lists of a document entry by entry: as a whole, its many small parts would take several times the room."""
    if not isinstance(value, dict) or not value:
        yield _indented(value, 0)
        return
    start = b"{\n "
    for key, part in value.items():
        name = json.dumps(key if isinstance(key, str) else str(key), ensure_ascii=False)
        yield start + _escaped(name) + b": "
        start = b",\n "
        if not isinstance(part, list) or not part:
            yield _indented(part, 1)
            continue
        opening = b"[\n  "
        for entry in part:
            yield opening + _indented(entry, 2)
            opening = b",\n  "
        yield b"\n ]"
    yield b"\n}"


_PARTS = (dict, list, tuple)


def _indented(value: object, depth: int) -> bytes:
    """JSON within ``depth`` levels."""
    return _escaped(_laid_out(value, depth))


def _laid_out(value: object, depth: int) -> str:
    """What ``json.dumps`` gives with ``indent=1``, in two thirds of its time: Python's library indents in Python, and writes in C only
    what stands in one line. Here C writes every run of values without parts, with line end and indentation for a comma."""
    if not isinstance(value, _PARTS) or not value:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        opening, closing, pieces = "{", "}", _entries(value, depth + 1)
    elif any(isinstance(part, _PARTS) and part for part in value):
        opening, closing, pieces = "[", "]", [_laid_out(part, depth + 1) for part in value]
    else:
        opening, closing, pieces = "[", "]", [_flat(depth + 1)(value)[1:-1]]
    line = "\n" + " " * depth
    return f"{opening}{line} {f',{line} '.join(pieces)}{line}{closing}"


def _entries(value: dict[object, object], depth: int) -> list[str]:
    """Entries of an object, those without parts together as far as they follow each other."""
    flat = _flat(depth)
    pieces: list[str] = []
    plain: dict[object, object] = {}
    for key, part in value.items():
        if not isinstance(part, _PARTS) or not part:
            plain[key] = part
            continue
        if plain:
            pieces.append(flat(plain)[1:-1])
            plain = {}
        pieces.append(_name(key) + _laid_out(part, depth))
    if plain:
        pieces.append(flat(plain)[1:-1])
    return pieces


def _name(key: object) -> str:
    """A key and its colon; what is no text as the library has it, which is not ``str``."""
    return _text_name(key) if key.__class__ is str else json.dumps({key: 0}, ensure_ascii=False)[1:-2]


@lru_cache(1024)
def _text_name(key: object) -> str:
    return json.dumps({key: 0}, ensure_ascii=False)[1:-2]


@cache
def _flat(depth: int) -> Callable[[object], str]:
    """JSON of an object or a list without parts, its entries on lines of their own, ``depth`` levels in."""
    return json.JSONEncoder(ensure_ascii=False, separators=(",\n" + " " * depth, ": ")).encode


def json_but_last(value: dict[str, object]) -> bytes:
    """The beginning of ``json_bytes`` of a document whose last entry is not known yet; ``json_last`` gives its end."""
    return json_bytes(value)[: -len(_END)]


def json_last(key: str, value: object) -> bytes:
    """What ends a document that ``json_but_last`` began."""
    return b"," + json_bytes({key: value})[1:]


def json_line(value: object) -> bytes:
    """The same on one line and without its end: for rows of a long list, where it takes a fraction of the time and room."""
    return _escaped(json.dumps(value, ensure_ascii=False))


def _escaped(text: str) -> bytes:
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def print_json(value: object) -> None:
    """``value`` and nothing else on standard output."""
    print_json_bytes(json_bytes(value))


def print_json_bytes(data: bytes) -> None:
    """A document that is written already, and nothing else on standard output; none where that is closed."""
    if sys.stdout is None:
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
