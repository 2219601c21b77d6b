"""Publication: outputs are whole or absent, whatever interrupts the run, and each run's results are kept.

A run builds its files aside, and beside them what is kept of it; a journal says what is about to happen; one rename puts
the kept run among the others, and that is the point of commit. Then the old outputs are taken away, ``result.json``
first, and the new ones put in place, ``result.json`` last: wherever it stands, everything it lists stands beside it, and
old and new never lie side by side. Placing never uses up the kept run, so it can be repeated from there after any number of
interruptions. Where placing fails, the old outputs are put back. S-15 tells the steps, S-16 what is kept.

Under the archive: ``lock``; ``work/output-…/`` (``building/``, ``journal.json``, ``old/``) for each output folder;
``runs/<year>-<phase>/<number>/``; ``changed/<year>-<phase>/<number>/`` with outputs that people had changed by hand.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from greencomm import durable
from greencomm.durable import (
    LOCK,
    files_below,
    holds,
    is_there,
    make_folder,
    make_folders,
    move,
    safe_name,
    surely_holds,
    sync,
    sync_all,
)
from greencomm.errors import OutputError
from greencomm.runs import MANIFEST, RESULT, DamagedRun, Keeping, KeptRun, Runs, same_run

BUSY = "另一个程序窗口正在处理同一批数据，请等它结束后再运行。"
DISCARDED = "上次运行没有完成就中断了：没有写完的内容已经清除，原有结果没有改动。"
RECOVERED = "上次运行在写结果时中断：已先把上次的结果补写完整。"
LOST = "上次运行在写结果时中断，而它的运行记录读不出来或已损坏，不能补写；本次会重新生成全部结果。"
_UNCHANGED = "原有结果没有改动。"
_CONTINUED = "结果没有放完；排除后再运行一次，程序会自动接着完成。"
_SPARE = 1 << 20
"""Bytes that stay free on the output's file system beyond what the outputs take."""


@dataclass(frozen=True)
class _Journal:
    """What a run is about to put in place: enough to finish it or to undo it later."""

    name: str
    """Folder below the output folder: ``2021-annual``."""
    number: int
    """The kept run."""
    manifest_sha256: str
    changed: int
    """Number of the folder under ``changed/`` for files that people had changed."""
    files: Mapping[str, str]
    """SHA-256 of every file of the run, by path."""
    known: Mapping[str, list[str]]
    """Paths that are the program's to replace, with the hashes that its own files had there."""
    standing: list[str]
    """Paths where the right file stood before anything was done."""


class Publication:
    """One run's hold on an archive and an output folder.

    ``with Publication(archive, output) as publication:`` locks, finishes or clears what an interrupted run left
    (``notices`` says so in Chinese), and gives an empty folder ``building``; then ``publish(name, manifest)`` once.
    Raises OutputError with one Chinese sentence where something cannot be written or another run is at work; what stood in
    place before then stays. Any exception that leaves the context carries the notices with it (``__notes__``).
    """

    def __init__(self, archive: Path, output: Path) -> None:
        self.archive, self.output = archive, output
        self.work = archive / "work" / f"output-{folder_key(archive, output)}"
        self.building = self.work / "building" / "files"
        """Where a run's files are made, laid out as they will stand below ``output/<name>``."""
        self.notices: list[str] = []
        """What the person should know about earlier runs, in Chinese."""
        self._run = self.work / "building" / "run"
        self._journal = self.work / "journal.json"
        self._old = self.work / "old"
        self._runs: dict[str, Runs] = {}
        self._restored = True
        self._made_now: frozenset[str] = frozenset()
        """Files in ``building`` that this very run has made, hashed and forced to the disk."""
        self._keeping: Keeping | None = None
        self._syncing = durable.Syncing()

    def runs(self, name: str) -> Runs:
        """The kept runs of ``name`` (``2021-annual``)."""
        return self._runs.setdefault(name, Runs(self.archive, name))

    def __enter__(self) -> Publication:
        with durable.speaking(self.archive):
            make_folder(self.archive)
            self._lock = FileLock(self.archive / LOCK)
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                raise OutputError(BUSY) from None
        try:
            with durable.speaking(self.work):
                make_folder(self.work)
                self._recover()
                durable.remove_tree(self.building.parent)
                self.building.mkdir(parents=True)
        except BaseException as error:
            self._tell(error)
            self._release()
            raise
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._syncing.give_up()
        if self._keeping:
            self._keeping.give_up()
        with contextlib.suppress(OSError):
            durable.remove_tree(self.building.parent)
        if error is not None:
            self._tell(error)
        self._release()

    def _release(self) -> None:
        # Where the system refuses even this, the lock goes with the process.
        with contextlib.suppress(OSError):
            self._lock.release()

    def _tell(self, error: BaseException) -> None:
        for notice in self.notices:
            error.add_note(notice)

    # --- publishing -------------------------------------------------------------------------------------------------------

    def made(self, known: Mapping[str, str] | None = None) -> dict[str, str]:
        """SHA-256 of every file made so far in ``building``, by path; those in ``known`` are not read again."""
        known = known or {}
        return {name: known.get(name) or durable.file_sha256(self.building / name) for name in files_below(self.building)}

    def take(self, path: str) -> None:
        """An output is whole in ``building`` and will not change: it is packed for the kept run, and forced to the disk
        while others are still being made. What was not taken, ``publish`` takes."""
        self._syncing.add(self.building / path)
        if self._keeping is None:
            self._keeping = Keeping(self._run)
        self._keeping.add(path, self.building / path)

    def publish(self, name: str, manifest: Mapping[str, Any], history: bytes | None = None) -> None:
        """Keep the run and put what was built in place as ``output/<name>``; ``manifest`` as ``runs.manifest_of`` makes it.

        ``history`` is what the next run compares with. A run whose input, date, outputs and history are those of the last
        one adds no kept run, and touches nothing that stands.
        """
        target, runs, files = self.output / name, self.runs(name), manifest["outputs"]
        self._made_now = frozenset(files)
        with durable.speaking(target):
            self._syncing.finish(self.building / path for path in files)
            latest = runs.latest()
            digest = durable.bytes_sha256(history) if history is not None else None
            again = latest is not None and same_run(latest.manifest, manifest) and latest.history_sha256 == digest
            if not again:
                self._keeping = self._keeping or Keeping(self._run)
                self._keeping.finish(manifest, self.building, history)
            elif self._keeping:
                self._keeping.give_up()
        self._stand(name, files, latest if again else None)

    def confirm(self, name: str, kept: KeptRun) -> None:
        """Have the outputs of the last kept run stand as ``output/<name>``, as publishing the same once more would."""
        self._stand(name, kept.outputs, kept)

    def _stand(self, name: str, files: Mapping[str, str], again: KeptRun | None) -> None:
        """Keep the run that was built, unless it is ``again`` the last one, and put ``files`` in place where they are not."""
        target, runs = self.output / name, self.runs(name)
        with self._output_held():
            with durable.speaking(target):
                known = self._known(target, runs, files)
                wrong, missing = _differences(target, files, known)
                if again is not None:
                    self._unpack(again, missing)
                if wrong or missing:
                    self._check_places(target, wrong, missing)
                kept = again.folder if again else runs.next_folder()
                journal = None
                if wrong or missing:
                    journal = self._write_journal(name, kept, kept if again else self._run, files, known)
                if not again:
                    self._commit(kept)
            if journal:
                try:
                    self._finish(journal)
                except DamagedRun:
                    raise OutputError(f"“{kept}”写入后读不回来，请检查磁盘。{_UNCHANGED}") from None
                # The results are out; what the system refuses now, the next run does.
                with contextlib.suppress(OSError):
                    self._settle(journal)
            with contextlib.suppress(OSError):
                for path in runs.known_outputs().keys() - files.keys():
                    durable.remove_empty_parents(target, path)
        self.name_damage(runs)

    def _unpack(self, run: KeptRun, paths: list[str]) -> None:
        """Have in ``building`` what is to be put in place: of a run that was not made again, out of the kept one."""
        for path in paths:
            ready = self.building / path
            if not is_there(ready):
                try:
                    data = run.read(path)
                except DamagedRun:
                    raise OSError(errno.EIO, "", str(run.folder)) from None
                make_folder(ready.parent)
                durable.write_file(ready, data)

    def _commit(self, kept: Path) -> None:
        """The one rename after which the run's results are the ones that count."""
        try:
            make_folder(kept.parent)
            os.rename(self._run, kept)
        except OSError:
            if not is_there(kept):
                with contextlib.suppress(OSError):
                    self._journal.unlink(missing_ok=True)
            raise
        sync(kept.parent)

    def _write_journal(
        self, name: str, kept: Path, source: Path, files: Mapping[str, str], known: Mapping[str, set[str]]
    ) -> _Journal:
        journal = _Journal(
            name,
            int(kept.name),
            durable.file_sha256(source / MANIFEST),
            next_number(self.archive / "changed" / name),
            dict(files),
            {path: sorted(digests) for path, digests in sorted(known.items())},
            [path for path, digest in files.items() if holds(self.output / name / path, digest)],
        )
        durable.write_file(self._journal, json.dumps(asdict(journal), ensure_ascii=False, indent=1).encode())
        return journal

    def name_damage(self, runs: Runs) -> None:
        """Say which kept runs were found damaged, each once."""
        for folder in runs.damaged:
            self.notices.append(f"运行记录“{folder}”读不出来或已损坏，没有使用它；不影响本次结果，可以把这个文件夹移走。")
        runs.damaged.clear()

    @contextlib.contextmanager
    def _output_held(self) -> Iterator[None]:
        """Keep runs with another archive away from the same output folder, where the system can lock a folder."""
        with durable.speaking(self.output):
            make_folder(self.output)
            handle = _lock_folder(self.output)
        try:
            yield
        finally:
            if handle is not None:
                _unlock_folder(handle)

    # --- after an interruption --------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        """Finish what was committed, clear what was not, and say so."""
        for aside in self.work.glob("*" + durable.ASIDE):
            aside.unlink()
        if not is_there(self._journal):
            self._save_strays()
            if is_there(self.building.parent):
                self.notices.append(DISCARDED)
            return
        journal = self._read_journal()
        if journal is None:
            # Not of our making: a journal appears whole.
            self._journal.unlink()
            self._save_strays()
            self.notices.append(LOST)
            return
        run = self._run_of(journal)
        if run is None and not is_there(self._old) and not is_there(self.runs(journal.name).path_of(journal.number)):
            self._journal.unlink()
            sync(self.work)
            self.notices.append(DISCARDED)
            return
        with self._output_held():
            try:
                self._finish(journal)
                self.notices.append(RECOVERED)
            except DamagedRun:
                if not self._restored:
                    raise OSError(errno.EIO, "", str(self.output / journal.name)) from None
                self.notices.append(LOST)
            self._settle(journal)
        self.name_damage(self.runs(journal.name))

    def _read_journal(self) -> _Journal | None:
        try:
            journal = _Journal(**json.loads(self._journal.read_bytes()))
            paths = {*journal.files, *journal.known, journal.name}
            return journal if RESULT in journal.files and all(map(safe_name, paths)) and journal.number > 0 else None
        except (ValueError, TypeError, AttributeError):
            return None

    def _run_of(self, journal: _Journal) -> KeptRun | None:
        run = self.runs(journal.name).get(journal.number)
        return run if run and surely_holds(run.folder / MANIFEST, journal.manifest_sha256) else None

    def _save_strays(self) -> None:
        """Outputs taken away that no journal explains any more: nobody needs them, but nothing is thrown away unread."""
        if files_below(self._old):
            folder = self.archive / "changed" / "old"
            make_folder(folder)
            os.rename(self._old, folder / f"{next_number(folder):04d}")

    # --- placing ----------------------------------------------------------------------------------------------------------

    def _known(self, target: Path, runs: Runs, files: Mapping[str, str]) -> dict[str, set[str]]:
        """Paths below ``target`` that are the program's to replace, with the hashes that its own files had there."""
        earlier = runs.known_outputs()
        known: dict[str, set[str]] = {RESULT: set()}
        with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError, KeyError, TypeError):
            for output in self._listed(target, runs):
                if safe_name(output["path"]) and isinstance(output["sha256"], str):
                    known[output["path"]] = {output["sha256"]}
        for path, digests in earlier.items():
            if path in known or path in files or any(holds(target / path, digest) for digest in digests):
                known.setdefault(path, set()).update(digests)
        return known

    def _listed(self, target: Path, runs: Runs) -> list[Any]:
        """The outputs that the ``result.json`` in place names: as the last kept run has them where it is that run's."""
        data = (target / RESULT).read_bytes()
        last = next(runs.newest_first(), None)
        if last is not None and durable.bytes_sha256(data) == last.outputs[RESULT]:
            return [{"path": path, "sha256": digest} for path, digest in last.outputs.items() if path != RESULT]
        listed: list[Any] = json.loads(data)["outputs"]
        return listed

    def _check_places(self, target: Path, wrong: list[str], missing: list[str]) -> None:
        """Refuse before anything is changed: something in the way, a file held open, no room."""
        make_folder(target)
        folders: dict[Path, None] = {}
        for path in missing:
            place = (target / path).parent
            while place not in folders and place != target.parent:
                folders[place] = None
                place = place.parent
        for place in sorted(folders):
            if not is_there(place):
                continue
            if not place.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "", str(place))
            if not os.access(place, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "", str(place))
        for path in wrong:
            _check_movable(target / path)
            if durable.is_plain_file(target / path):
                durable.check_replaceable(target / path)
        if target.stat().st_dev != self.building.stat().st_dev:
            needed = sum((self.building / path).stat().st_size for path in missing)
            if shutil.disk_usage(target).free < needed + _SPARE:
                raise OSError(errno.ENOSPC, "", str(target))

    def _finish(self, journal: _Journal) -> None:
        """Put a committed run in place; where that fails, put back what stood there.

        Raises OutputError; DamagedRun where neither the kept run nor what was built can give the files.
        """
        target = self.output / journal.name
        self._restored = not is_there(self._old)
        try:
            self._place(target, journal)
        except OSError as error:
            after = _UNCHANGED if self._restored else _CONTINUED
            raise OutputError(durable.complaint(error, target) + after) from None

    def _place(self, target: Path, journal: _Journal) -> None:
        """Old outputs out, ``result.json`` first; new ones in, ``result.json`` last. May be repeated after an interruption."""
        for path in journal.files:
            with contextlib.suppress(OSError):
                (target / (path + durable.ASIDE)).unlink(missing_ok=True)
        wrong, missing = _differences(target, journal.files, journal.known)
        if not wrong and not missing:
            return
        # As long as anything is amiss, not even a result.json with the right hash may stand.
        wrong = [RESULT] * is_there(target / RESULT) + [path for path in wrong if path != RESULT]
        missing = [*(path for path in missing if path != RESULT), RESULT]
        try:
            self._fetch(journal, missing)
            make_folder(target)
            self._take_away(target, wrong)
            self._put_in(target, missing)
        except BaseException as error:
            # Also for Ctrl+C: the old results stand again before the program ends.
            self._restored = self._put_back(target, journal)
            if not self._restored and not isinstance(error, OSError | DamagedRun):
                error.add_note(_CONTINUED)
            raise

    def _fetch(self, journal: _Journal, paths: list[str]) -> None:
        """Have the files ready to be put in: as they were built, else from the kept run."""
        run = self._run_of(journal)
        for path in paths:
            ready = self.building / path
            if path in self._made_now and is_there(ready):
                continue
            if not surely_holds(ready, journal.files[path]):
                if run is None:
                    raise DamagedRun(str(journal.number))
                data = run.read(path)
                ready.parent.mkdir(parents=True, exist_ok=True)
                durable.write_file(ready, data)

    def _take_away(self, target: Path, paths: list[str]) -> None:
        """Move outputs in place to ``old/``, from where they can be put back."""
        for path in paths:
            _check_movable(target / path)
            number = next(n for n in range(1, 1 << 30) if not is_there(self._old / str(n) / path))
            aside = self._old / str(number) / path
            make_folder(aside.parent)
            move(target / path, aside)
            sync(aside.parent)
            sync((target / path).parent)

    def _put_in(self, target: Path, paths: list[str]) -> None:
        """Move the new files in; ``result.json``, the last of ``paths``, when all others are on the disk."""
        moved = self._put_in_folders(target, paths)
        left = [path for path in paths if not is_there(target / path)] if moved else paths
        make_folders((target / path).parent for path in left)
        for path in left:
            if path == RESULT:
                sync_all(_folders(target, paths))
            move(self.building / path, target / path)
        sync(target)

    def _put_in_folders(self, target: Path, paths: list[str]) -> bool:
        """Move folders that are not there yet as they were built, which saves the disk work for each of their files. Whether
        any could be moved: on another file system, for one, they cannot, and go file by file."""
        if not self._made_now.issuperset(paths):
            return False
        moved = False
        # From above: once one is moved, those below it are there. The first is the folder of all results.
        for folder in [each for each in _folders(target, paths)[1:] if not is_there(each)]:
            if is_there(folder):
                continue
            with contextlib.suppress(OSError):
                os.rename(self.building / folder.relative_to(target), folder)
                moved = True
        return moved

    def _put_back(self, target: Path, journal: _Journal) -> bool:
        """Undo every attempt at placing so far; whether what stood there before stands again, whole."""
        ours = [path for path in journal.files if path not in journal.standing and path != RESULT]
        try:
            for path in (RESULT, *ours):
                if holds(target / path, journal.files[path]):
                    (target / path).unlink()
                    sync((target / path).parent)
            back = [(path == RESULT, int(number), path) for number, path in self._taken()]
            for _, number, path in sorted(back):
                place, aside = target / path, self._old / str(number) / path
                if not is_there(place):
                    make_folder(place.parent)
                    move(aside, place)
                    sync(place.parent)
        except OSError:
            return False
        for path in ours:
            durable.remove_empty_parents(target, path)
        return True

    def _taken(self) -> list[tuple[str, str]]:
        """What was taken away: (number of the folder below ``old/``, path)."""
        return [(name.partition("/")[0], name.partition("/")[2]) for name in files_below(self._old)]

    def _settle(self, journal: _Journal) -> None:
        """All is in place: keep what people had changed, drop the rest, and last the journal. May be repeated."""
        changed = self.archive / "changed" / journal.name / f"{journal.changed:04d}"
        target = self.output / journal.name
        for number, path in self._taken():
            aside = self._old / number / path
            own = {*journal.known.get(path, ()), journal.files.get(path)}
            if any(holds(aside, digest) for digest in own):
                aside.unlink()
                continue
            kept = changed / path if number == "1" else changed / number / path
            make_folder(kept.parent)
            move(aside, kept)
            sync(kept.parent)
        for path in journal.known:
            if path not in journal.files:
                durable.remove_empty_parents(target, path)
        durable.remove_tree(self._old)
        durable.remove_tree(self.building.parent)
        self._journal.unlink()
        sync(self.work)
        for path in files_below(changed):
            self.notices.append(
                f"“{path}”在上次运行之后被改动过，或者不是本程序写的；现已换成新的结果，原来的文件保存在“{changed / path}”。"
            )


def folder_key(archive: Path, output: Path) -> str:
    """A short name for an output folder by where it lies seen from the archive, so that both may be moved together."""
    there, here = os.path.realpath(output), os.path.realpath(archive)
    try:
        way = os.path.relpath(there, here)
    except ValueError:  # Another drive of Windows.
        way = there
    return sha256(os.path.normcase(way).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def next_number(folder: Path) -> int:
    """One more than the highest number that names anything in ``folder``."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except FileNotFoundError:
        return 1
    return max((int(name) for name in names if name.isascii() and name.isdigit()), default=0) + 1


def _differences(target: Path, files: Mapping[str, str], known: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What stands and must go (other contents, outputs no longer made), and where the right file does not stand."""
    missing = sorted(path for path, digest in files.items() if not holds(target / path, digest))
    stale = [path for path in known if path not in files and (target / path).is_symlink() | durable.is_plain_file(target / path)]
    return sorted([path for path in missing if is_there(target / path)] + stale), missing


def _folders(target: Path, paths: Iterable[str]) -> list[Path]:
    """``target`` and all folders below it on the way to these files."""
    inner = {PurePosixPath(path).parent for path in paths}
    return [target / folder for folder in sorted(inner.union(*(folder.parents for folder in inner)))]


def _check_movable(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, "", str(path))


def _unlock_folder(handle: int) -> None:
    if sys.platform != "win32":
        import fcntl

        # Not only closed: a process that was just being started may still have the handle.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


def _lock_folder(folder: Path) -> int | None:
    """Lock a folder without leaving anything in it; the handle, or None where the system cannot."""
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OutputError(BUSY) from None
    except OSError:
        os.close(handle)
        return None
    return handle
