"""Helpers of the intake tests: files on disk, archives with raw names, mails with raw headers."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from pathlib import Path

from greencomm.intake.arrivals import Arrival
from greencomm.intake.collect import open_entry
from greencomm.standard import load_standard

FIXTURES = Path(__file__).parent / "fixtures"
STANDARD = load_standard()


def opened(folder: Path, name: str, data: bytes) -> list[Arrival]:
    """The file written to disk and opened as the run opens it."""
    path = folder / name
    path.write_bytes(data)
    return open_entry(path, name, STANDARD)


def state(arrival: Arrival) -> str:
    """What intake made of a file, in one word."""
    if arrival.ignored:
        return "ignored"
    if arrival.refused:
        return "refused"
    return "container" if arrival.is_container else "form" if arrival.form else "nothing"


def states(arrivals: list[Arrival]) -> dict[str, str]:
    found = {arrival.path: state(arrival) for arrival in arrivals}
    assert len(found) == len(arrivals), "a path stands twice"
    return found


def raw_zip(*entries: tuple[bytes, bytes, int, bytes]) -> bytes:
    """A stored zip of (raw name, contents, flags, extra field), byte by byte."""
    body, directory = b"", b""
    for name, data, flags, extra in entries:
        common = struct.pack("<HHHHHIIIHH", 20, flags, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), len(extra))
        directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name + extra
        body += b"PK\3\4" + common + name + extra + data
    count = len(entries)
    return body + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)


def archive(entries: dict[str, bytes]) -> bytes:
    """A usual zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return target.getvalue()


TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DATE = "Tue, 12 Oct 2021 09:30:00 +0800"


def part(data: bytes, *headers: bytes | str) -> bytes:
    """A part of a mail in base64."""
    lines = [line.encode() if isinstance(line, str) else line for line in headers]
    coded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return b"\r\n".join([*lines, b"Content-Transfer-Encoding: base64", b"", coded])


def attachment(data: bytes, disposition: bytes | str, kind: bytes | str = TYPE) -> bytes:
    """A part with these values of Content-Disposition and Content-Type."""
    disposition, kind = (text.encode() if isinstance(text, str) else text for text in (disposition, kind))
    return part(data, b"Content-Type: " + kind, b"Content-Disposition: " + disposition)


TEXT = b"Content-Type: text/plain; charset=gbk\r\n\r\n" + "您好，附件是本县的工作簿。".encode("gbk")


def mail(*parts: bytes, date: str | None = DATE, subject: str = "report") -> bytes:
    """A message with a text and these parts."""
    head = ["From: a@example.cn", "To: b@example.cn", f"Subject: {subject}", "MIME-Version: 1.0"]
    head += [f"Date: {date}"] if date is not None else []
    # A mail within a mail must not end the outer one.
    mark = f"=_{zlib.crc32(b''.join(parts)):08x}"
    head.append(f'Content-Type: multipart/mixed; boundary="{mark}"')
    between = f"\r\n--{mark}\r\n".encode()
    return "\r\n".join(head).encode() + b"\r\n" + between + between.join((TEXT, *parts)) + f"\r\n--{mark}--\r\n".encode()


def ole(*streams: str) -> bytes:
    """As much of an OLE file as tells what it holds: a header and a directory."""
    entries = b""
    for name, kind in [("Root Entry", 5), *((stream, 2) for stream in streams)]:
        coded = (name + "\0").encode("utf-16-le")
        entries += coded.ljust(64, b"\0") + struct.pack("<HB", len(coded), kind) + b"\0" * 61
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entries
