"""What lies in an archive or a mail: its members, each with a name, contents, or a reason why there are none."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from greencomm.intake.contents import BROKEN, BROKEN_ADVICE, open_zip
from greencomm.intake.errors import Unreadable
from greencomm.intake.labels import safe_label, zip_name
from greencomm.intake.limits import MAX_ENTRIES, MAX_MEMBER_RATIO, MAX_UNPACKED, MAX_WORKBOOK, MEMBER_RATIO_FLOOR

_LOCKED = "压缩包设有密码，里面的“{}”打不开"
_LOCKED_ADVICE = "请去掉压缩包的密码，或者把工作簿直接作为附件重新发送"
_TOO_MUCH_ADVICE = "请只压缩填报工作簿，或者把工作簿直接作为附件重新发送"


@dataclass(slots=True)
class Member:
    """One file within a container. Either ``data``, or ``refused`` with ``advice``, or ``ignored`` is given."""

    label: str
    """A safe, relative name with ``/``; not necessarily unique."""
    data: bytes | None = None
    refused: str | None = None
    advice: str | None = None
    ignored: str | None = None
    damaged: bool = False
    """Its coding in the mail was broken: if it cannot be read, that is why."""
    is_mail: bool = False
    """A message within a message, whatever its contents look like."""
    received: datetime.datetime | None = None


@dataclass(slots=True)
class Budget:
    """What may still be unpacked from one file on disk, all levels together."""

    entries: int = MAX_ENTRIES
    bytes: int = MAX_UNPACKED

    def takes(self, size: int) -> bool:
        """Take ``size`` bytes; False where there is no room, and then nothing is taken."""
        if size > self.bytes:
            return False
        self.bytes -= size
        return True


def zip_members(data: bytes, budget: Budget) -> Iterator[Member]:
    """The files in a zip, in its own order, each unpacked only when it is asked for. Folders are no members.

    Raises Unreadable, before anything is unpacked, where the archive as a whole is torn or out of all bounds.
    """
    try:
        archive = open_zip(data)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        raise Unreadable(BROKEN, BROKEN_ADVICE) from None
    infos = archive.infolist()
    if len(infos) > budget.entries:
        raise Unreadable(f"压缩包里的文件超过{MAX_ENTRIES}个，为安全起见不予打开", _TOO_MUCH_ADVICE)
    if sum(info.file_size for info in infos) > budget.bytes:
        raise Unreadable(f"压缩包解开后超过{MAX_UNPACKED // 1024 // 1024}MB，为安全起见不予打开", _TOO_MUCH_ADVICE)
    if sum(info.compress_size for info in infos) > len(data):
        raise Unreadable("压缩包内部的文件互相重叠，不是正常的压缩包，为安全起见不予打开", _TOO_MUCH_ADVICE)
    budget.entries -= len(infos)
    return _unpacked(archive, infos, budget)


def _unpacked(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], budget: Budget) -> Iterator[Member]:
    for number, info in enumerate(infos, 1):
        says_utf8 = bool(info.flag_bits & 0x800)
        try:
            raw = info.orig_filename.encode("utf-8" if says_utf8 else "cp437")
        except UnicodeEncodeError:
            raw = info.orig_filename.encode("utf-8", "replace")
        # Some tools write the folder's mark as a backslash.
        name = zip_name(raw, info.extra, says_utf8=says_utf8)
        if name.endswith(("/", "\\")) and info.file_size == 0:
            continue
        label = safe_label(name.partition("\0")[0]) or f"未命名文件{number}"
        yield _member(archive, info, label, budget)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str, budget: Budget) -> Member:
    short = label.rpartition("/")[2]
    if info.flag_bits & 1:
        return Member(label, refused=_LOCKED.format(short), advice=_LOCKED_ADVICE)
    if info.file_size > MAX_WORKBOOK:
        return Member(label, refused=f"文件超过{MAX_WORKBOOK // 1024 // 1024}MB，不像填报工作簿", advice=_TOO_MUCH_ADVICE)
    if info.file_size > MEMBER_RATIO_FLOOR and info.file_size > MAX_MEMBER_RATIO * max(info.compress_size, 1):
        return Member(label, refused="压缩比高得不正常，为安全起见不予打开", advice=_TOO_MUCH_ADVICE)
    if not budget.takes(info.file_size):
        return Member(label, refused="压缩包逐层解开后总量过大，没有再往下打开", advice=_TOO_MUCH_ADVICE)
    try:
        with archive.open(info) as source:
            data = source.read(info.file_size + 1)
            if len(data) != info.file_size or source.read(1):
                raise zipfile.BadZipFile
    except MemoryError:
        raise
    except NotImplementedError:
        reason = "压缩包用了程序不支持的压缩方法"
        return Member(label, refused=reason, advice="请改用普通的 .zip 压缩，或者把工作簿直接作为附件重新发送")
    except Exception:  # zlib.error, BadZipFile, EOFError, RuntimeError …: all say the same to a clerk.
        return Member(label, refused="压缩包里的这个文件不完整或已损坏", advice=BROKEN_ADVICE)
    return Member(label, data)
