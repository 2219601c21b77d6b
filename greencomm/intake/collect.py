"""Finds every file in the input folder and opens it as far as it can be opened: nothing is skipped silently."""

from __future__ import annotations

import functools
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from greencomm.intake import limits
from greencomm.intake.arrivals import Arrival
from greencomm.intake.labels import disk_label, unique
from greencomm.intake.opening import ignorable, looks_like_workbook, open_bytes
from greencomm.intake.workers import Progress, open_all
from greencomm.standard import Standard

__all__ = ["Progress", "collect", "found_in", "open_entry", "open_named", "same_file"]




_HASH_PIECE = 1024 * 1024


def collect(
    folder: Path,
    roster: Path,
    standard: Standard,
    progress: Progress | None = None,
    *,
    standards: Mapping[Path, str | None] | None = None,
    workers: int | None = None,
    meanwhile: Callable[[], None] | None = None,
    arrived: Callable[[list[Arrival]], None] | None = None,
) -> list[Arrival]:
    """Every file below ``folder``, in the order of paths, opened as far as it can be; what lies in a container follows it.

    ``standards`` are files of policy (``Adopted.files``): only recognised, like the roster. ``workers``, ``meanwhile``
    and ``arrived`` as open_all's.
    """
    named = found_in(folder)
    return open_named(
        named, roster, standard, progress, standards=standards, workers=workers, meanwhile=meanwhile, arrived=arrived
    )


def found_in(folder: Path) -> dict[str, Path]:
    """What lies below the folder, by the name that findings call it, in the order of names: files of every kind, folders
    named like workbooks, and folders that cannot be opened."""
    named: dict[str, Path] = {}
    places = dict.fromkeys(_walk(folder))
    raw = sorted(((path.relative_to(folder).as_posix(), path) for path in places), key=lambda found: os.fsencode(found[0]))
    # Names that need no decoding come first, so that theirs are never changed.
    for name, path in sorted(raw, key=lambda found: disk_label(found[0]) != found[0]):
        named[unique(disk_label(name), named)] = path
    return dict(sorted(named.items()))


def _walk(folder: Path) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            entries = list(os.scandir(place))
        except OSError:
            yield place
            continue
        for entry in entries:
            path = Path(entry.path)
            if not entry.is_dir(follow_symlinks=False):
                yield path
                continue
            waiting.append(path)
            if looks_like_workbook(entry.name):
                yield path


def open_named(
    named: Mapping[str, Path],
    roster: Path,
    standard: Standard,
    progress: Progress | None = None,
    *,
    standards: Mapping[Path, str | None] | None = None,
    workers: int | None = None,
    meanwhile: Callable[[], None] | None = None,
    arrived: Callable[[list[Arrival]], None] | None = None,
) -> list[Arrival]:
    """These files by name, each opened in a worker process; the run's own roster and standards are only recognised."""
    known = {name: Arrival(name, _sha256(path), is_roster=True) for name, path in named.items() if same_file(path, roster)}
    for name, path in named.items():
        for file, ignored in (standards or {}).items():
            if name not in known and same_file(path, file):
                known[name] = Arrival(name, _sha256(path), ignored=ignored, is_standard=ignored is None)
    others = [(path, name) for name, path in named.items() if name not in known]
    opened = iter(
        open_all(others, standard, open_entry, progress, workers=workers, meanwhile=meanwhile, arrived=arrived)
    )
    arrivals: list[Arrival] = []
    for name in named:
        arrivals += [known[name]] if name in known else next(opened)
    return arrivals


def same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to one file; False where either leads nowhere."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def open_entry(path: Path, name: str, standard: Standard) -> list[Arrival]:
    """One file found on disk, called ``name``: its own arrival, then one for each file within where it is a container.

    Whatever is wrong with it is said in its arrival, never raised.
    """
    arrival = Arrival(name)
    ignored = ignorable(name)
    try:
        info = path.lstat()
        if stat.S_ISDIR(info.st_mode):
            return [_folder(arrival, path)]
        refused = _no_file(info.st_mode)
        if refused:
            # Not even opened: a pipe without a writer would never answer.
            arrival.refused, arrival.advice = refused
            return [arrival]
        if ignored:
            arrival.ignored, arrival.sha256 = ignored, _sha256(path)
            return [arrival]
        if info.st_size > limits.MAX_FILE_SIZE:
            arrival.sha256 = _sha256(path)
            arrival.refused = f"文件超过{limits.MAX_FILE_SIZE // 1024 // 1024}MB，不像填报工作簿"
            arrival.advice = "请只报送填报工作簿，图片等佐证材料另行报送。"
            return [arrival]
        data = path.read_bytes()
    except OSError:
        arrival.refused = "文件打不开，可能没有读取权限或正被其他程序占用"
        arrival.advice = "请关闭正在使用它的程序、检查文件的读取权限后再运行一次；仍打不开的，请对方重新发送。"
        return [arrival]
    arrival.sha256 = hashlib.sha256(data).hexdigest()
    return [arrival, *open_bytes(arrival, data, standard)]


def _no_file(mode: int) -> tuple[str, str] | None:
    """Why something on disk is no file to be read, and what to do; None where it is one."""
    if stat.S_ISLNK(mode):
        return "这是快捷方式（链接），不是文件本身", "请把链接所指的文件本身复制到这里，再运行一次。"
    if not stat.S_ISREG(mode):
        return "这不是普通文件（是管道、设备一类），没有打开", "请把收到的附件本身放进来，并把这一项移走。"
    return None


def _folder(arrival: Arrival, path: Path) -> Arrival:
    """A folder named like a workbook, or one that cannot be looked into."""
    try:
        os.scandir(path).close()
        arrival.is_container = True
    except OSError:
        arrival.refused = "文件夹打不开，可能没有读取权限"
        arrival.advice = "请检查这个文件夹的读取权限后再运行一次。"
    return arrival


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        for piece in iter(functools.partial(source.read, _HASH_PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()
