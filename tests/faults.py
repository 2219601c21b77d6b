"""Faults on purpose: a publication killed before, or failed at, each system call that touches the output or the archive.

``strace`` injects them. The publication is a small one made by hand (``python tests/faults.py publish …``), so that hundreds of
points take seconds; ``tools/try_faults.py`` adds kills of the whole program, full disks and pairs of runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "2021-annual"
MINE, NOTES = "我的笔记.txt", "留着".encode()
EDITED = "改过的附件2".encode() * 40
OLD_FILES = {
    "annex2.xlsx": b"old annex" * 900,
    "units/甲县/甲县_差异报告.xlsx": b"same report" * 300,
    "units/乙县/乙县_差异报告.xlsx": b"old name of the county",
}
NEW_FILES = {
    "annex2.xlsx": b"new annex" * 1100,
    "units/甲县/甲县_差异报告.xlsx": b"same report" * 300,
    "units/丙县/丙县_差异报告.xlsx": b"new name of the county",
}
EDITIONS = {"old": OLD_FILES, "new": NEW_FILES}

CALLS = (
    "openat", "write", "pwrite64", "fsync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat",
    "rmdir", "link", "linkat", "symlink", "ftruncate", "flock", "copy_file_range", "sendfile",
)  # fmt: skip
ERRORS = {
    "openat": ("EMFILE", "EACCES"),
    "write": ("ENOSPC", "EIO"),
    "pwrite64": ("ENOSPC", "EIO"),
    "fsync": ("EIO", "ENOSPC"),
    "rename": ("EACCES", "ENOSPC"),
    "unlink": ("EACCES", "EROFS"),
    "unlinkat": ("EACCES", "EIO"),
    "mkdir": ("ENOSPC", "EACCES", "EROFS"),
    "rmdir": ("EACCES", "EBUSY"),
    "linkat": ("ENOSPC", "EIO"),
    "flock": ("EIO",),
    "sendfile": ("EIO",),
    "copy_file_range": ("EIO",),
}
KILL = "SIGKILL"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def document(edition: str) -> bytes:
    outputs = [{"role": "x", "unit": None, "path": path, "sha256": digest(data)} for path, data in EDITIONS[edition].items()]
    return json.dumps({"edition": edition, "outputs": outputs}, ensure_ascii=False).encode()


def whole(edition: str) -> dict[str, bytes]:
    """All files of an edition, ``result.json`` included."""
    return EDITIONS[edition] | {"result.json": document(edition)}


def publish(archive: str, output: str, edition: str) -> tuple[int, str]:
    """What the process that suffers does: publishes an edition; returns the exit status and what is to be said."""
    from greencomm.archive import Publication
    from greencomm.errors import UserError

    files = whole(edition)
    manifest = {
        "schema": "greencomm-run/1", "run_date": "2021-10-18", "program": "1", "standard": {"id": "s", "sha256": "s"},
        "input": {"sha256": edition}, "outputs": {path: digest(data) for path, data in sorted(files.items())},
    }  # fmt: skip
    try:
        with Publication(Path(archive), Path(output)) as publication:
            try:
                for path, data in files.items():
                    (publication.building / path).parent.mkdir(parents=True, exist_ok=True)
                    (publication.building / path).write_bytes(data)
            except OSError as error:  # As batch.publish does.
                from greencomm import durable

                with durable.speaking(publication.building):
                    raise error
            publication.publish(NAME, manifest, f"history of {edition}".encode() * 30)
    except UserError as error:
        return error.exit_status, "\n".join([*getattr(error, "__notes__", ()), str(error)])
    return 0, "\n".join(publication.notices)


# --- scenes -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Scene:
    """A place where a publication is disturbed; everything is in ``root`` unless the output is on another file system."""

    root: Path
    elsewhere: Path | None = None

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def output(self) -> Path:
        return (self.elsewhere or self.root) / "output"

    @property
    def target(self) -> Path:
        return self.output / NAME

    def command(self, edition: str) -> list[str]:
        return [sys.executable, str(ROOT / "tests" / "faults.py"), "publish", str(self.archive), str(self.output), edition]

    def run(self, edition: str = "new", prefix: tuple[str, ...] = ()) -> tuple[int, str]:
        """(exit status, what was said), negative where it was killed."""
        environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
        done = subprocess.run([*prefix, *self.command(edition)], capture_output=True, env=environment, check=False)
        return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")

    def copy(self) -> Scene:
        root = Path(tempfile.mkdtemp(prefix="case", dir=self.root.parent))
        elsewhere = Path(tempfile.mkdtemp(prefix="case", dir=self.elsewhere.parent)) if self.elsewhere else None
        for source, target in ((self.root, root), (self.elsewhere, elsewhere)):
            if source and target:
                shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True)
        return Scene(root, elsewhere)

    def remove(self) -> None:
        for folder in (self.root, self.elsewhere):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)


SCENES = ("update", "first", "changed", "interrupted", "undone", "elsewhere")


def other_file_system(near: Path) -> Path | None:
    """A folder on another file system than ``near``; None where this machine has none."""
    shared = Path("/dev/shm")
    if shared.is_dir() and os.access(shared, os.W_OK) and shared.stat().st_dev != near.stat().st_dev:
        return Path(tempfile.mkdtemp(prefix="greencomm", dir=shared))
    return None


def build(kind: str, folder: Path, elsewhere: Path | None = None) -> Scene:
    """``update``: old results stand. ``first``: none. ``changed``: one was changed by hand. ``interrupted``: half placed.
    ``undone``: built and journalled, not committed. ``elsewhere``: the output is on another file system."""
    root = folder / kind
    root.mkdir()
    far = None
    if kind == "elsewhere" and elsewhere:
        far = elsewhere / kind
        far.mkdir()
    scene = Scene(root, far)
    if kind != "first":
        assert publish(str(scene.archive), str(scene.output), "old") == (0, "")
        (scene.target / MINE).write_bytes(NOTES)
    if kind == "changed":
        (scene.target / "annex2.xlsx").write_bytes(EDITED)
    if kind in ("interrupted", "undone"):
        calls = points(scene)
        renames = [point for point in calls if point[0] == "rename"]
        # The last renames put files in place; the commit is the one whose target is the new kept run.
        chosen = renames[-2] if kind == "interrupted" else next(p for p in renames if p[2])
        status, _ = scene.run(prefix=injection(chosen[0], chosen[1], f"signal={KILL}"))
        assert status != 0
    return scene


def points(scene: Scene, edition: str = "new") -> list[tuple[str, int, bool]]:
    """Each system call of an undisturbed run that touches the scene: (call, its number among calls of that name, commit?)."""
    case = scene.copy()
    log = case.root / "strace.log"
    prefix = ("strace", "--seccomp-bpf", "-f", "-qq", "-y", "-s", "400", "-o", str(log), "-e", f"trace={','.join(CALLS)}")
    status, said = case.run(edition, prefix)
    assert status == 0, said
    counts: dict[str, int] = {}
    found = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        call = re.match(r"(?:\d+ +)?(\w+)\(", line)
        if not call:
            continue
        counts[call[1]] = counts.get(call[1], 0) + 1
        if re.search(r"\bwrite\([12]<", line):
            continue  # the screen
        if str(case.root) in line or (case.elsewhere and str(case.elsewhere) in line):
            commit = call[1] == "rename" and "/building/run\"" in line
            found.append((call[1], counts[call[1]], commit))
    case.remove()
    return found


def injection(call: str, number: int, what: str, log: Path | None = None, *, for_good: bool = False) -> tuple[str, ...]:
    """The words before a command that disturb its ``number``-th call (and all later ones where ``for_good``)."""
    target = str(log) if log else os.devnull
    when = f"{number}+" if for_good else str(number)
    return ("strace", "-qq", "-o", target, "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={when}")


# --- what must hold ---------------------------------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def torn(target: Path) -> str | None:
    """What is wrong with a folder in which ``result.json`` stands and something it lists does not; checked while runs go on."""
    result = target / "result.json"
    for _ in range(3):
        try:
            before = result.stat()
            listed = json.loads(result.read_bytes())["outputs"]
        except FileNotFoundError:
            return None
        except ValueError:
            return "result.json itself is torn"
        wrong = None
        for output in listed:
            try:
                if digest((target / output["path"]).read_bytes()) != output["sha256"]:
                    wrong = f"{output['path']} has another hash"
            except OSError as error:
                wrong = f"{output['path']}: {error}"
        try:
            after = result.stat()
        except FileNotFoundError:
            return None
        if (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns):
            return wrong
        # Replaced while we looked: look again.
    return None


def violations_at_rest(scene: Scene, kind: str, *, whole_wanted: bool = False) -> list[str]:
    """What is wrong at the instant after a fault, before anything is repaired."""
    wrong = []
    there = snapshot(scene.target) if scene.target.is_dir() else {}
    if there.pop(MINE, NOTES if kind == "first" else b"") != NOTES:
        wrong.append("a person's own file is gone")
    old = {} if kind == "first" else whole("old")
    before = dict(old)
    if kind == "changed":
        before["annex2.xlsx"] = EDITED
        everything = [*snapshot(scene.archive).values(), *there.values()]
        if EDITED not in everything:
            wrong.append("what was changed by hand is lost")
    new = whole("new")
    if "result.json" in there:
        if there not in (before, new):
            wrong.append(f"result.json stands and the results are neither the old ones nor the new: {sorted(there)}")
        if kind != "changed" and (problem := torn(scene.target)):
            wrong.append(problem)
    else:
        olds = {path for path, data in there.items() if before.get(path) == data and new.get(path) != data}
        news = {path for path, data in there.items() if new.get(path) == data and before.get(path) != data}
        strange = there.keys() - olds - news - {p for p, d in there.items() if before.get(p) == new.get(p) == d}
        if olds and news:
            wrong.append(f"a mixture: old {sorted(olds)}, new {sorted(news)}")
        if strange:
            wrong.append(f"torn or litter: {sorted(strange)}")
    if whole_wanted and there not in (before, new):
        wrong.append(f"after an error neither the old results nor the new: {sorted(there)}")
    if scene.output.is_dir() and (litter := {path.name for path in scene.output.iterdir()} - {NAME}):
        wrong.append(f"litter in the output folder: {sorted(litter)}")
    return wrong


def violations_after_next_run(scene: Scene, kind: str, *, unread: bool = False) -> list[str]:
    """What is wrong after the next plain run; it must end well and leave what an undisturbed one leaves.

    ``unread``: a kept run could not be read before, and that was said; it may then have been kept once more.
    """
    status, said = publish(str(scene.archive), str(scene.output), "new")
    wrong = [] if status == 0 else [f"the next run ended with {status}: {said}"]
    there = snapshot(scene.target)
    there.pop(MINE, None)
    if there != whole("new"):
        wrong.append(f"the next run left {sorted(there)}")
    if [path for path in scene.target.rglob("*") if path.is_dir() and not any(path.iterdir())]:
        wrong.append("empty folders are left")
    work = [path.relative_to(scene.archive).as_posix() for path in (scene.archive / "work").rglob("*")]
    if any(path.count("/") > 1 for path in work):
        wrong.append(f"litter in the archive: {work}")
    kept = sorted(path.name for path in (scene.archive / "runs" / NAME).iterdir())
    wanted = ["0001"] + ["0002"] * (kind != "first")
    if kept != wanted and not (unread and kept == [*wanted, "0003"]):
        wrong.append(f"kept runs: {kept}")
    changed = [data for path, data in snapshot(scene.archive).items() if path.startswith("changed/")]
    if unread:
        # Rather a copy of its own file too many than somebody's lost.
        changed = [data for data in changed if data not in whole("old").values()]
    if changed != [EDITED] * (kind == "changed"):
        wrong.append(f"{len(changed)} changed files are kept")
    return wrong


def disturb(scene: Scene, kind: str, call: str, number: int, fault: str) -> list[str]:
    """One fault in a copy of ``scene``: ``SIGKILL``, an error's name, or one with ``+`` for that call and all later ones."""
    case = scene.copy()
    try:
        for_good = fault.endswith("+")
        what = f"signal={KILL}" if fault == KILL else f"error={fault.rstrip('+')}"
        log = case.root / "strace.log"
        status, said = case.run(prefix=injection(call, number, what, log, for_good=for_good))
        trace = log.read_text(encoding="utf-8", errors="replace")
        log.unlink()
        wrong = []
        if "INJECTED" not in trace and "killed by" not in trace and status == 0 and fault == KILL:
            wrong.append("the fault did not happen")
        # Where every write fails, so does the one to the screen.
        mute = call == "write" and for_good and "Traceback" not in said
        if fault != KILL and not mute and (status not in (0, 4) or "Traceback" in said or re.search(r"[A-Za-z]*Error", said)):
            wrong.append(f"ended with {status}: {said}")
        # Where only one call fails, the old results are put back; an interrupted scene has none to put back to.
        wanted = fault not in (KILL,) and not for_good and kind not in ("interrupted", "undone")
        wrong += violations_at_rest(case, kind, whole_wanted=wanted)
        wrong += violations_after_next_run(case, kind, unread="读不出来或已损坏" in said)
        return [f"{kind} {call}#{number} {fault}: {problem}" for problem in wrong]
    finally:
        case.remove()


def faults_of(call: str) -> list[str]:
    """Faults worth trying at a call: a kill everywhere; errors that this call really gives."""
    errors = ERRORS.get(call, ("EIO",))
    return [KILL, *errors, *(f"{error}+" for error in errors[:1])]


@contextlib.contextmanager
def watching(target: Path) -> Iterator[list[str]]:
    """Check at every instant that nothing listed is missing; yields what was found wrong (and grows)."""
    found: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            problem = torn(target)
            if problem:
                found.append(problem)
            time.sleep(0.0005)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    exit_status, text = publish(*sys.argv[2:])
    print(text)
    raise SystemExit(exit_status)
