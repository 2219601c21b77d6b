"""Names of files as they come: in any encoding, with any path in them. They become labels, never places on this machine."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable

from greencomm.intake.limits import MAX_LABEL
from greencomm.texts import printable

_UNICODE_PATH = 0x7075
_ACCENTED_437 = frozenset(range(0x80, 0xA6))
"""Letters of code page 437; beyond them lie box drawings, which nobody has in a file's name."""
_COMMON_HANZI = "gb2312"
"""The characters that Chinese names are made of; GBK's others are rare."""


def decoded_name(raw: bytes) -> str:
    """A name of unknown encoding: UTF-8 where it makes sense as Chinese, else GBK, else code page 437 of old DOS tools."""
    if raw.isascii():
        return raw.decode("ascii")
    as_utf8, as_gbk = _tried(raw, "utf-8"), _tried(raw, "gb18030")
    if as_utf8 is not None and (as_gbk is None or _has_east_asian(as_utf8) or not _is_common(as_gbk)):
        return as_utf8
    if as_gbk is not None and _is_common(as_gbk):
        return as_gbk
    if all(byte < 0x80 or byte in _ACCENTED_437 for byte in raw):
        return raw.decode("cp437")
    return as_gbk if as_gbk is not None else raw.decode("gb18030", "replace")


def _tried(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _has_east_asian(text: str) -> bool:
    return any(unicodedata.east_asian_width(ch) in "WF" for ch in text)


def _is_common(text: str) -> bool:
    """Whether every character is one that Chinese names are made of."""
    try:
        text.encode(_COMMON_HANZI)
    except UnicodeEncodeError:
        return False
    return True


def zip_name(raw: bytes, extra: bytes, *, says_utf8: bool) -> str:
    """The name of a zip's entry: by Info-ZIP's Unicode path where it belongs to this name, by the UTF-8 flag, by guess."""
    stated = _unicode_path(raw, extra)
    if stated is not None:
        return stated
    if says_utf8 and (text := _tried(raw, "utf-8")) is not None:
        return text
    return decoded_name(raw)


def _unicode_path(raw: bytes, extra: bytes) -> str | None:
    """Field 0x7075: version 1, CRC-32 of the name it stands for, the name in UTF-8."""
    place = 0
    while place + 4 <= len(extra):
        code, size = (int.from_bytes(extra[place + i : place + i + 2], "little") for i in (0, 2))
        body = extra[place + 4 : place + 4 + size]
        if code == _UNICODE_PATH and body[:1] == b"\x01" and int.from_bytes(body[1:5], "little") == zlib.crc32(raw):
            return _tried(body[5:], "utf-8") or None
        place += 4 + size
    return None


def safe_label(name: str) -> str:
    """A name as a label: ``/`` between folders, no root, drive, ``.`` or ``..``, nothing that cannot be printed."""
    text = unicodedata.normalize("NFC", name).replace("\\", "/")
    text = text.encode("utf-8", "replace").decode()
    text = "".join(ch if ch.isprintable() else "?" for ch in text)
    parts = [part.strip() for part in text.split("/")]
    if parts and re.fullmatch(r"[A-Za-z]:", parts[0][:2]):
        parts[0] = parts[0][2:]
    kept = [_shortened(part) for part in parts if part not in ("", ".", "..")]
    return "/".join(kept[:1] + kept[-7:] if len(kept) > 8 else kept)


def _shortened(part: str) -> str:
    if len(part) <= MAX_LABEL:
        return part
    stem, dot, suffix = part.rpartition(".")
    return f"{stem[:MAX_LABEL]}….{suffix}" if dot and len(suffix) <= 8 else part[:MAX_LABEL] + "…"


def disk_label(name: str) -> str:
    """The name of a file on disk, relative and with ``/``; bytes that the system could not decode are read as GBK, or shown."""
    return "/".join(printable(part) for part in name.split("/"))


def unique(label: str, taken: Iterable[str]) -> str:
    """The label, with a number before its extension where it is taken: ``楚雄市(2).xlsx``."""
    present = taken if isinstance(taken, (set, frozenset, dict)) else set(taken)
    if label not in present:
        return label
    folder, slash, name = label.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    number = 2
    while (made := f"{folder}{slash}{stem}({number}){dot}{suffix}") in present:
        number += 1
    return made
