"""The bytes of a received file once more, exactly as they came: known by their hash, also within archives and mails."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from greencomm.intake import limits
from greencomm.intake.containers import Budget, Member, zip_members
from greencomm.intake.contents import Kind, kind_of
from greencomm.intake.errors import Unreadable
from greencomm.intake.mails import NoAttachment, members_of, read_mail


def original(path: str, sha256: str | None, named: Mapping[str, Path]) -> bytes | None:
    """The contents of the file that findings call ``path``; None where the disk no longer holds them.

    ``named`` is what lies in the input folder, by the names that findings use. Of a file within a container the
    container on disk is opened again, as carefully as the first time.
    """
    if sha256 is None:
        return None
    on_disk = max((name for name in named if path == name or path.startswith(f"{name}/")), key=len, default=None)
    if on_disk is None:
        return None
    try:
        info = named[on_disk].lstat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > limits.MAX_FILE_SIZE:
            return None
        data = named[on_disk].read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() == sha256:
        return data
    try:
        return next(_equal(data, sha256, Budget(), 2 * limits.MAX_LEVELS), None) if on_disk != path else None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # Whatever another file in a container brings about costs this copy only.
        return None


def _equal(data: bytes, sha256: str, budget: Budget, levels: int) -> Iterator[bytes]:
    """Members of a container that have this hash, however deep."""
    for member in _members(data, budget):
        if member.data is None:
            continue
        if hashlib.sha256(member.data).hexdigest() == sha256:
            yield member.data
        elif levels:
            yield from _equal(member.data, sha256, budget, levels - 1)


def _members(data: bytes, budget: Budget) -> Iterator[Member]:
    try:
        kind = kind_of(data)
        if kind is Kind.ZIP:
            yield from zip_members(data, budget)
        elif kind is Kind.MAIL:
            yield from members_of(read_mail(data))
    except NoAttachment as error:
        yield from error.members
    except Unreadable:
        return
