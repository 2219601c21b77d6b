"""Finds every file in the input folder and opens it as far as it can be opened: nothing is skipped silently."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from greencomm.forms.read import read_form
from greencomm.intake import limits
from greencomm.intake.arrivals import Arrival
from greencomm.intake.errors import Unreadable
from greencomm.intake.workers import Progress, open_all
from greencomm.intake.xlsx import read_xlsx
from greencomm.standard import Standard
from greencomm.texts import printable

__all__ = ["Progress", "collect", "open_bytes", "open_entry", "open_file", "open_named", "same_file"]




_ROSTER_NAME = "roster.xlsx"
_OWN_FILES = {"thumbs.db", "desktop.ini", ".ds_store", ".gitkeep", "说明.txt"}
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "这是 PDF 文件，不是工作簿"),
    (b"\x89PNG", "这是图片，不是工作簿"),
    (b"\xff\xd8\xff", "这是图片，不是工作簿"),
    (b"GIF8", "这是图片，不是工作簿"),
    (b"BM", "这是图片，不是工作簿"),
    (b"Rar!", "这是 RAR 压缩包，无法打开"),
    (b"7z\xbc\xaf", "这是 7z 压缩包，无法打开"),
)


def collect(
    folder: Path, roster: Path, standard: Standard, progress: Progress | None = None, *, workers: int | None = None
) -> list[Arrival]:
    """Every file below ``folder``, in the order of paths, opened as far as it can be; ``workers`` as open_all's."""
    found = sorted(_walk(folder), key=lambda path: path.relative_to(folder).as_posix())
    named = [(path, printable(path.relative_to(folder).as_posix())) for path in found]
    return open_named(named, roster, standard, progress, workers=workers)


def open_named(
    named: Sequence[tuple[Path, str]],
    roster: Path,
    standard: Standard,
    progress: Progress | None = None,
    *,
    workers: int | None = None,
) -> list[Arrival]:
    """These files under these names, each opened in a worker process; the roster is only recognised."""
    rosters = {name for path, name in named if same_file(path, roster)}
    others = [(path, name) for path, name in named if name not in rosters]
    opened = iter(open_all(others, standard, open_entry, progress, workers=workers))
    arrivals: list[Arrival] = []
    for path, name in named:
        arrivals += [open_file(path, name, standard, is_roster=True)] if name in rosters else next(opened)
    return arrivals


def open_entry(path: Path, name: str, standard: Standard) -> list[Arrival]:
    """One file found on disk, opened: itself, and what is in it where it is a container. Never raises."""
    return [open_file(path, name, standard)]


def _walk(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to one file; False where either leads nowhere."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def open_file(path: Path, name: str, standard: Standard, *, is_roster: bool = False) -> Arrival:
    """One file, opened; whatever is wrong with it is said in the arrival, never raised."""
    arrival = Arrival(name)
    ignored = _ignorable(path.name)
    try:
        info = path.lstat()
        if stat.S_ISLNK(info.st_mode):
            arrival.refused = "这是快捷方式（链接），不是文件本身"
            return arrival
        if not stat.S_ISREG(info.st_mode):
            arrival.refused = "这不是普通文件"
            return arrival
        if info.st_size > limits.MAX_FILE_SIZE and not (ignored or is_roster):
            arrival.refused = f"文件超过{limits.MAX_FILE_SIZE // 1024 // 1024}MB，不像填报工作簿"
            return arrival
        data = path.read_bytes()
    except OSError:
        arrival.refused = "文件打不开，可能没有读取权限或正被其他程序占用"
        return arrival
    arrival.sha256 = hashlib.sha256(data).hexdigest()
    if is_roster:
        arrival.is_roster = True
    elif ignored:
        arrival.ignored = ignored
    else:
        open_bytes(arrival, data, standard)
    return arrival


def _ignorable(name: str) -> str | None:
    """Why a file is nobody's submission by its name."""
    if name.startswith(("~$", ".~")):
        return "这是 Excel 或 WPS 打开文件时的临时锁文件"
    if name.startswith("._"):
        return "这是苹果电脑附带的系统文件"
    if name.lower() == _ROSTER_NAME:
        return "这是名册，本次运行用的是另一份名册"
    return "系统文件或说明文件" if name.lower() in _OWN_FILES or name.startswith(".") else None


def open_bytes(arrival: Arrival, data: bytes, standard: Standard) -> None:
    """Read the contents into the arrival; content decides, not the extension."""
    refused = not_a_workbook(data)
    if refused:
        arrival.refused = refused
        return
    try:
        workbook = read_xlsx(data)
        arrival.form = read_form(workbook, standard)
    except Unreadable as error:
        arrival.refused, arrival.advice = error.reason, f"{error.advice}。"
        return
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:
        arrival.refused = "文件内容已损坏"
        return
    arrival.saved = workbook.saved
    arrival.has_macros = workbook.has_macros
    arrival.extras = workbook.extras
    arrival.conflicts, arrival.read_once = workbook.doubts, workbook.read_once


def not_a_workbook(data: bytes) -> str | None:
    """Why these bytes are no workbook at all; None where they may be one."""
    if not data:
        return "文件是空的（0字节）"
    for signature, reason in _SIGNATURES:
        if data.startswith(signature):
            return reason
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        return "这是网页（HTML），只是扩展名像工作簿"
    if not data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return "这是文本或其他文件，不是 Excel 工作簿"
    return None
