"""Small zips in memory, the bytes that ``zipfile`` would make, with parts that many zips have alike deflated once (S-51).

``zipfile`` deflates each part anew and writes headers through a stream: a report of Word with its charts has some forty
parts, of which five are its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

_LOCAL = struct.Struct("<4s2B4HL2L2H")
_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION, _UNIX, _UTF8, _DEFLATED = 20, 3, 0x800, 8
_TIME, _DATE = 0, 1 << 5 | 1
"""1 January 1980, as zips write it: the one date of all that is zipped (``durable.ZIP_DATE``)."""
_OWNER_ONLY = 0o600 << 16


@dataclass(frozen=True, slots=True)
class Part:
    """One part, deflated."""

    data: bytes
    crc: int
    deflated: bytes


def part(data: bytes) -> Part:
    """``data`` for all the zips that it goes into."""
    deflater = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Part(data, zlib.crc32(data), deflater.compress(data) + deflater.flush())


def packed(parts: Iterable[tuple[str, bytes | Part]]) -> bytes:
    """A zip of these parts by name, in their order. Raises struct.error beyond 65,535 parts or 4 GiB."""
    pieces: list[bytes] = []
    directory: list[bytes] = []
    size = 0
    for name, content in parts:
        each = part(content) if isinstance(content, bytes) else content
        coded = name.encode()
        flags = 0 if name.isascii() else _UTF8
        known = (flags, _DEFLATED, _TIME, _DATE, each.crc, len(each.deflated), len(each.data), len(coded), 0)
        directory += [_CENTRAL.pack(b"PK\1\2", _VERSION, _UNIX, _VERSION, 0, *known, 0, 0, 0, _OWNER_ONLY, size), coded]
        pieces += [_LOCAL.pack(b"PK\3\4", _VERSION, 0, *known), coded, each.deflated]
        size += _LOCAL.size + len(coded) + len(each.deflated)
    count, length = len(directory) // 2, sum(map(len, directory))
    return b"".join([*pieces, *directory, _END.pack(b"PK\5\6", 0, 0, count, count, length, size, 0)])
