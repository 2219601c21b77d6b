"""Files and folders that are whole or absent, on the disk and not only in memory; what the system refuses, in Chinese.

Nothing here knows what the files are. Each step may be interrupted and repeated.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar

from greencomm.errors import OutputError

ASIDE = ".tmp"
"""Ending of a file that is still being written, where the file system has no nameless files."""

LOCK = "lock"
"""Name of the file that keeps two runs apart."""

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""The one date of all parts of what is zipped, so that the same content gives the same bytes."""
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS}
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EBUSY, getattr(errno, "ETXTBSY", errno.EBUSY)}
_IN_THE_WAY = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY}
_MANY_OPEN = {errno.EMFILE, errno.ENFILE}
_PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between tries on Windows, where a virus scanner or an indexer holds a new file for a moment."""
_T = TypeVar("_T")


def zip_entry(name: str) -> zipfile.ZipInfo:
    """An entry of a zip, the same wherever it is made: Python's own name the system and the time at hand."""
    entry = zipfile.ZipInfo(name, ZIP_DATE)
    entry.create_system = 3  # Unix
    return entry



# --- what is there ----------------------------------------------------------------------------------------------------


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def bytes_sha256(data: bytes) -> str:
    """SHA-256 of these bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def is_there(path: Path) -> bool:
    """Whether anything has this name, a broken link included."""
    return os.path.lexists(path)


def is_plain_file(path: Path) -> bool:
    """Whether this is a file itself: no folder, link, pipe or device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


LOCK_PREFIXES = ("~$", ".~")
"""How Excel, WPS and LibreOffice begin the names of the marks that they leave beside a document while it is open."""


def is_lock_mark(name: str) -> bool:
    """Whether a file, by its name or path with ``/``, only says that a document is open somewhere. Nobody sends such a file:
    it comes and goes, and what was received stays the same."""
    return name.rpartition("/")[2].startswith(LOCK_PREFIXES)


def is_open_elsewhere(path: Path) -> bool:
    """Whether Excel, WPS or LibreOffice has left its mark beside a document, so that it may be changed and not saved yet."""
    names = (*(f"{prefix}{path.name}" for prefix in LOCK_PREFIXES), f".~lock.{path.name}#")
    return any(is_plain_file(path.parent / name) for name in names)


def holds(path: Path, sha256: str | None) -> bool:
    """Whether a plain file with this hash stands at ``path``. Raises OSError where the file cannot be read: nobody knows then."""
    return sha256 is not None and is_plain_file(path) and file_sha256(path) == sha256


def surely_holds(path: Path, sha256: str | None) -> bool:
    """The same, and False for a file that cannot be read."""
    try:
        return holds(path, sha256)
    except OSError:
        return False


def safe_name(name: object) -> bool:
    """Whether ``name`` leads to a place below the folder that it is for: relative, with ``/``, nothing that climbs."""
    if not isinstance(name, str) or not name or "\\" in name or ":" in name or "\x00" in name:
        return False
    parts = PurePosixPath(name).parts
    return not name.startswith("/") and ".." not in parts and "/".join(parts) == name


def files_below(folder: Path) -> list[str]:
    """Every file below ``folder``, links included, as sorted relative paths with ``/``; none where there is no folder.

    Raises OSError where a folder cannot be read: what is not seen must not be taken for what is not there.
    """

    def refuse(error: OSError) -> None:
        raise error

    found, start = [], len(str(folder))
    for root, folders, names in os.walk(folder, onerror=refuse) if is_there(folder) else ():
        names += [name for name in folders if os.path.islink(os.path.join(root, name))]
        inside = root[start:].replace(os.sep, "/").lstrip("/")
        found += [f"{inside}/{name}" for name in names] if inside else names
    return sorted(found)


# --- writing ----------------------------------------------------------------------------------------------------------


def sync(path: Path) -> None:
    """Force a file, or a folder's list of names, to the disk. Windows and some network drives cannot do it for folders."""
    folder = path.is_dir()
    if folder and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (folder and error.errno in _NO_FOLDER_SYNC):
            raise
    finally:
        os.close(handle)


_AT_ONCE = 8


def sync_all(paths: Iterable[Path]) -> None:
    """``sync`` for each, several at a time: the disk takes many together hardly longer than one. Raises the first error."""
    waiting = list(paths)
    if len(waiting) < _AT_ONCE:
        for path in waiting:
            sync(path)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(sync, waiting):
            pass


class Syncing:
    """``sync`` of files as they are written, while more is being done: threads wait for the disk meanwhile.

    No process may be forked before ``finish`` or ``give_up``.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._begun: dict[Path, Future[None]] = {}

    def add(self, path: Path) -> None:
        """Begin with a file that is whole."""
        self._pool = self._pool or ThreadPoolExecutor(_AT_ONCE)
        self._begun[path] = self._pool.submit(sync, path)

    def finish(self, paths: Iterable[Path]) -> None:
        """Have all of these on the disk, those begun with included. Raises the first error."""
        waiting = [path for path in paths if path not in self._begun]
        for begun in self._begun.values():
            begun.result()
        self.give_up()
        sync_all(waiting)

    def give_up(self) -> None:
        """Wait for no file that nobody has begun with; afterwards no thread is left."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
        self._begun = {}


def make_folders(paths: Iterable[Path]) -> None:
    """``make_folder`` for each, those of one depth together: a folder is on the disk before anything is made in it."""
    missing: set[Path] = set()
    for path in paths:
        while path not in missing and not path.is_dir():
            if is_there(path):
                raise NotADirectoryError(errno.ENOTDIR, "", str(path))
            missing.add(path)
            path = path.parent
    depths: dict[int, list[Path]] = {}
    for path in sorted(missing):
        depths.setdefault(len(path.parts), []).append(path)
    for depth in sorted(depths):
        for path in depths[depth]:
            with contextlib.suppress(FileExistsError):
                path.mkdir()
        sync_all(dict.fromkeys(path.parent for path in depths[depth]))


def make_folder(path: Path) -> None:
    """Make a folder and its parents, each of them on the disk before the next."""
    if path.is_dir():
        return
    if is_there(path):
        raise NotADirectoryError(errno.ENOTDIR, "", str(path))
    if path.parent != path:
        make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    sync(path.parent)


def write_file(path: Path, data: bytes) -> None:
    """Write beside, then one rename: readers see the old contents or the new, never a part."""
    with writing(path) as stream:
        stream.write(data)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write piece by piece that appears as ``write_file`` makes it appear, when all is written."""
    aside = path.with_name(path.name + ASIDE)
    try:
        with aside.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _patiently(lambda: os.replace(aside, path))
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def move(source: Path, target: Path) -> None:
    """Move a file to a name that is free, whole at every instant, also to another file system.

    The folders must exist; that of ``target`` is not yet synced. A link is moved as a link.
    """
    try:
        _patiently(lambda: os.rename(source, target))
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if source.is_symlink():
            os.symlink(os.readlink(source), target)
        else:
            copy_in(source, target)
        _patiently(source.unlink)


def copy_in(source: Path, target: Path) -> None:
    """Copy to a name that is free; it appears whole, and where the system can, nothing else ever appears beside it."""
    if not _copy_nameless(source, target):
        aside = target.with_name(target.name + ASIDE)
        try:
            shutil.copyfile(source, aside)
            sync(aside)
            _patiently(lambda: os.replace(aside, target))
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise


def _copy_nameless(source: Path, target: Path) -> bool:
    """Copy through a file without a name, so that a killed run leaves none; False where the system has no such files."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return False
    try:
        handle = os.open(target.parent, os.O_TMPFILE | os.O_RDWR, 0o666)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return False
        raise
    with os.fdopen(handle, "w+b") as copy:
        with source.open("rb") as stream:
            shutil.copyfileobj(stream, copy, 1 << 20)
        copy.flush()
        os.fsync(handle)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            # Only with a folder's handle does Python follow the link in /proc to the nameless file.
            os.link(f"/proc/self/fd/{handle}", target.name, dst_dir_fd=folder, follow_symlinks=True)
        except FileNotFoundError:
            return False
        finally:
            os.close(folder)
    return True


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it, where it exists."""
    if path.is_dir() and not path.is_symlink():
        _patiently(lambda: shutil.rmtree(path))


def remove_empty_parents(folder: Path, name: str) -> None:
    """Remove the folders of the file ``name`` below ``folder`` that have become empty."""
    for parent in PurePosixPath(name).parents:
        if parent.name:
            with contextlib.suppress(OSError):
                (folder / parent).rmdir()


def check_replaceable(path: Path) -> None:
    """Raise the system's error where the file at ``path`` is held open by another program or may not be written."""
    with path.open("r+b"):
        pass


def _patiently(action: Callable[[], _T]) -> _T:
    for pause in _PATIENCE if os.name == "nt" else ():
        try:
            return action()
        except PermissionError:
            time.sleep(pause)
    return action()


# --- what the person is told ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def speaking(place: Path, after: str = "原有结果没有改动。") -> Iterator[None]:
    """Turn the system's errors into an OutputError of one Chinese sentence; ``after`` says how things stand."""
    try:
        yield
    except OSError as error:
        raise OutputError(complaint(error, place) + after) from None


def complaint(error: OSError, place: Path) -> str:
    """What cannot be written, why, and what to do."""
    target = Path(str(error.filename2 or error.filename or place))
    name = target.name or str(place)
    if error.errno in _FULL:
        return "磁盘空间不足，结果没有写完。请清理磁盘后再运行。"
    if error.errno in _IN_THE_WAY:
        return f"无法写入“{name}”：同名的文件或文件夹占用了位置，请把它移走或改名后再运行。"
    # What is not there is open nowhere, and nobody opens a lock: then it is the folder that refuses. Of two names the other
    # may be the one that is held.
    folder_refuses = name == LOCK or (error.filename2 is None and not is_there(target))
    if error.errno == errno.EROFS or (error.errno in _REFUSED and folder_refuses):
        return (
            "程序或结果所在的文件夹不能写入（光盘、只读的共享文件夹或系统文件夹里都不行）。"
            "请把整个程序文件夹复制到自己的文件夹里，再运行。"
        )
    if error.errno in _REFUSED:
        return f"无法写入“{name}”：可能正在 Excel 或 WPS 中打开，或者文件夹不允许写入。请关闭文件、检查权限后再运行。"
    if error.errno == errno.ENAMETOOLONG:
        return f"无法写入“{name[:40]}”：路径太长。请把程序移到较浅的文件夹，例如 D:\\绿色社区，再运行。"
    if error.errno in _MANY_OPEN:
        return "电脑上打开的文件太多，结果没有写完。请关闭一些程序后再运行。"
    return f"无法写入“{name}”：磁盘读写出错，或者文件夹已不存在。请检查磁盘和文件夹后再运行。"
