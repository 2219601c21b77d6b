"""A mail draft (.eml) for one unit: a letter with attachments, to be looked at and sent by a person. Nothing is sent here.

Names of attachments stand as words of RFC 2047 in ``name`` and ``filename`` alike, since Outlook, Foxmail and QQ mail
read these and not all read RFC 2231 (S-26). The message is put together line by line, so that the same letter is the
same bytes with every version of the library.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import email.utils
import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from greencomm.intake.mails import DRAFT_FIELD, UNSENT_FIELD, draft_mark
from greencomm.intake.times import CHINA
from greencomm.texts import one_line

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORD_BYTES = 33
"""UTF-8 bytes in one encoded word: 44 letters of base64, so that a line with ``filename="`` stays below 76."""
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LINE, _CODED_LINE = 57, 76
"""Bytes of a line of base64, before and after."""
_LINES = struct.Struct(f"{_CODED_LINE}s" * 512)
"""Cuts so many coded lines apart."""
_SEPARATORS = re.compile(r"[\s、，,;；]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached workbook: the name that the receiver sees, its bytes, and their SHA-256 in hex."""

    name: str
    data: bytes
    sha256: str = ""
    """Empty where nobody has worked it out yet."""


def addresses(text: str) -> tuple[str, ...]:
    """The mail addresses in a cell of the roster; empty where one of them is written wrongly, for it would go nowhere."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    return tuple(parts) if all(_ADDRESS.fullmatch(part) for part in parts) else ()


def write_mail(
    subject: str,
    body: str,
    attachments: Sequence[Attachment],
    *,
    date: datetime.date,
    sender: tuple[str, str] = ("", ""),
    receiver: tuple[str, str] = ("", ""),
) -> bytes:
    """The draft as bytes. ``sender`` and ``receiver`` are a name and the roster's cell of addresses.

    Without an address there is no From or To: the mail program fills in its own account, the person the receiver.
    """
    text = body.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    mark = draft_mark(attached.sha256 or hashlib.sha256(attached.data).hexdigest() for attached in attachments)
    said = hashlib.sha256("\n".join([subject, date.isoformat(), *sender, *receiver, mark]).encode("utf-8", "replace") + text)
    identity = said.hexdigest()[:32]
    moment = datetime.datetime.combine(date, datetime.time(), CHINA)
    fields = [
        f"{UNSENT_FIELD}: 1",
        f"{DRAFT_FIELD}: {mark}",
        *_address_field("From", sender),
        *_address_field("To", receiver),
        f"Subject: {encoded_words(subject)}",
        f"Date: {email.utils.format_datetime(moment)}",
        f"Message-ID: <{identity}@greencomm.invalid>",
        "MIME-Version: 1.0",
    ]
    letter = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", ""]
    if not attachments:
        return b"\r\n".join([_lines(*fields, *letter), _base64(text), b""])
    boundary = f"----=_greencomm_{identity}"
    start = _lines(*fields, f'Content-Type: multipart/mixed;\r\n boundary="{boundary}"', "", f"--{boundary}", *letter)
    parts = [start, _base64(text)]
    for attached in attachments:
        name = encoded_words(attached.name)
        heading = (
            f"--{boundary}",
            f'Content-Type: {XLSX};\r\n name="{name}"',
            "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment;\r\n filename="{name}"',
            "",
        )
        parts += [_lines(*heading), _base64(attached.data)]
    return b"\r\n".join([*parts, f"--{boundary}--".encode(), b""])


def _lines(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("ascii")


def encoded_words(text: str) -> str:
    """Text as words of RFC 2047, each at most 75 characters and folded; no character is cut in two."""
    words: list[bytes] = [b""]
    for ch in one_line(text):
        coded = ch.encode("utf-8", "replace")
        if len(words[-1]) + len(coded) > _WORD_BYTES:
            words.append(b"")
        words[-1] += coded
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in words)


def _address_field(field: str, who: tuple[str, str]) -> list[str]:
    """``To: =?utf-8?B?…?=\\r\\n <a@b.cn>``; nothing where the cell holds no address. Only the first goes with the name."""
    name, cell = who
    found = addresses(cell)[: 1 if field == "From" else None]
    if not found:
        return []
    first = f"{encoded_words(name)}\r\n <{found[0]}>" if name else f"<{found[0]}>"
    return [f"{field}: " + ",\r\n ".join([first, *(f"<{other}>" for other in found[1:])])]


def _base64(data: bytes) -> bytes:
    """In lines of 76 letters, the last without its end; so many lines at a time as a processor has at hand."""
    pieces: list[bytes] = []
    step = _LINE * _LINES.size // _CODED_LINE
    for start in range(0, len(data), step):
        coded = binascii.b2a_base64(data[start : start + step], newline=False)
        if len(coded) == _LINES.size:
            pieces += _LINES.unpack(coded)
        else:
            pieces += [coded[at : at + _CODED_LINE] for at in range(0, len(coded), _CODED_LINE)]
    return b"\r\n".join(pieces)
