"""Durable writing: outputs are whole or absent, whatever interrupts the run.

A run builds its files aside under the archive, writes a manifest, and commits by one rename. Then they are put in
place: ``result.json`` is taken away first and put back last, so that wherever it stands everything it lists stands
beside it. An interrupted run is finished by the next one from the committed files.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from greencomm.errors import OutputError

RESULT = "result.json"
_BUILDING, _COMMITTED, _MANIFEST = "building", "committed", "manifest.json"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Publication:
    """Writes one folder of outputs (``output/2021-annual``) as a whole.

    Use as a context: ``with Publication(target, archive) as publication:`` build files under
    ``publication.building``, then call ``publish()``. Raises OutputError with one Chinese sentence where a folder
    cannot be written or another run is at work; what stood there before stays as it was.
    """

    def __init__(self, target: Path, archive: Path) -> None:
        self.target = target
        self.work = archive / "work" / target.name
        self.building = self.work / _BUILDING
        self.committed = self.work / _COMMITTED
        self.kept = archive / "runs" / target.name
        self.recovered = False
        """True where an earlier, interrupted run was finished on entering."""

    def __enter__(self) -> Publication:
        with self._speaking(self.work):
            self.work.mkdir(parents=True, exist_ok=True)
            self.lock = FileLock(self.work / "lock")
            try:
                self.lock.acquire(timeout=0)
            except Timeout:
                raise OutputError("另一个程序窗口正在处理同一批数据，请等它结束后再运行。") from None
        try:
            if (self.committed / _MANIFEST).exists():
                self._place()
                self.recovered = True
            with self._speaking(self.building):
                self._remove(self.committed)
                self._remove(self.building)
                self.building.mkdir()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._remove(self.building)
        self.lock.release()

    def publish(self) -> None:
        """Commit what was built and put it in place."""
        with self._speaking(self.target):
            manifest = {}
            for path in sorted(self.building.rglob("*")):
                if path.is_file():
                    _sync(path)
                    manifest[path.relative_to(self.building).as_posix()] = file_sha256(path)
            if self._stands(manifest):
                return
            self._check_writable(manifest)
            path = self.building / _MANIFEST
            path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
            _sync(path)
            _sync(self.building)
            os.rename(self.building, self.committed)
            _sync(self.work)
        self._place()

    # --- steps ------------------------------------------------------------------------------------------------------------

    def _stands(self, manifest: dict[str, str]) -> bool:
        """Whether exactly these files stand in place already, so that an unchanged run changes no byte."""
        return self._placed() == manifest and all(
            (self.target / name).is_file() and file_sha256(self.target / name) == digest for name, digest in manifest.items()
        )

    def _placed(self) -> dict[str, str]:
        """Manifest of what the last run put in place."""
        try:
            placed: dict[str, str] = json.loads((self.kept / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return placed

    def _check_writable(self, manifest: dict[str, str]) -> None:
        """Refuse before anything is changed where a file in place is held open by another program."""
        self.target.mkdir(parents=True, exist_ok=True)
        if not os.access(self.target, os.W_OK | os.X_OK):
            raise PermissionError(13, "", str(self.target))
        for name in (*manifest, *self._placed()):
            path = self.target / name
            if path.is_dir():
                raise IsADirectoryError(21, "", str(path))
            if path.exists():
                with path.open("r+b"):
                    pass

    def _place(self) -> None:
        """Put the committed files in place; may be repeated after any interruption."""
        with self._speaking(self.target):
            manifest: dict[str, str] = json.loads((self.committed / _MANIFEST).read_text(encoding="utf-8"))
            self.target.mkdir(parents=True, exist_ok=True)
            (self.target / RESULT).unlink(missing_ok=True)
            _sync(self.target)
            for name in sorted(set(self._placed()) - set(manifest)):
                self._take_away(name)
            for name, digest in sorted(manifest.items(), key=lambda entry: (entry[0] == RESULT, entry[0])):
                self._put(name, digest)
            self.kept.mkdir(parents=True, exist_ok=True)
            for name in (RESULT, _MANIFEST):
                source = self.target / name if name == RESULT else self.committed / name
                _replace_with_copy(source, self.kept / name)
            self._remove(self.committed)

    def _put(self, name: str, digest: str) -> None:
        source, path = self.committed / name, self.target / name
        if path.is_file() and file_sha256(path) == digest:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.replace(source, path)
        except OSError as error:
            if error.errno != 18:  # another file system: copy beside, then rename
                raise
            _replace_with_copy(source, path)
        _sync(path.parent)

    def _take_away(self, name: str) -> None:
        """Remove an output that the new run no longer has, and folders it leaves empty."""
        (self.target / name).unlink(missing_ok=True)
        for folder in PurePosixPath(name).parents:
            with contextlib.suppress(OSError):
                if folder.name:
                    (self.target / folder).rmdir()

    def _remove(self, folder: Path) -> None:
        if folder.exists():
            shutil.rmtree(folder)

    @contextlib.contextmanager
    def _speaking(self, path: Path) -> Iterator[None]:
        """Turn errors of the operating system into one sentence."""
        try:
            yield
        except OSError as error:
            place = error.filename or str(path)
            name = Path(str(place)).name
            if isinstance(error, IsADirectoryError):
                raise OutputError(f"无法写入“{name}”：同名的文件夹占用了位置，请移走后再运行。") from None
            if isinstance(error, PermissionError):
                raise OutputError(
                    f"无法写入“{name}”：可能正在 Excel 或 WPS 中打开，或者文件夹不允许写入。请关闭文件、检查权限后再运行；原有结果没有改动。"
                ) from None
            if error.errno in (28, 122):
                raise OutputError("磁盘空间不足，结果没有写完。请清理磁盘后再运行，程序会自动接着完成。") from None
            raise OutputError(f"无法写入“{name}”，请检查文件夹是否存在、是否允许写入后再运行。") from None


def _sync(path: Path) -> None:
    """Force a file or folder to the disk; folders cannot be synced on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace_with_copy(source: Path, target: Path) -> None:
    """Copy whole or not at all: beside the target first, then one rename."""
    aside = target.with_name(target.name + ".tmp")
    try:
        shutil.copyfile(source, aside)
        _sync(aside)
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)
