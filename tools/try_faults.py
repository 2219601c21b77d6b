"""Every fault that ``tests/faults.py`` knows, and what only whole machines have: kills at random times of the whole program,
full, read-only and locked file systems, pairs of runs at once. Prints a table: tried, survived, violations.

    python tools/try_faults.py [--kills 200] [--sample N]

Needs strace, and root for mounts (without, those lines say so). ``--sample N`` tries N points for each scene instead of all.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import faults  # noqa: E402

_ROWS: list[tuple[str, int, int, float]] = []


def report(title: str, tried: int, wrong: list[str], started: float) -> None:
    _ROWS.append((title, tried, len(wrong), time.monotonic() - started))
    print(f"{title}: {tried} tried, {len(wrong)} violations, {time.monotonic() - started:.0f} s", flush=True)
    for problem in wrong[:20]:
        print(f"  {problem.strip().splitlines()[0][:150]} … {problem.strip().splitlines()[-1][:150]}", flush=True)


def all_points(folder: Path, far: Path | None, sample: int | None) -> None:
    """Kills before, and errors of, each system call of a publication."""
    for kind in faults.SCENES:
        if kind == "elsewhere" and far is None:
            print("elsewhere: this machine has one file system only")
            continue
        scene = faults.build(kind, folder, far)
        calls = faults.points(scene)
        kills = [(call, number, faults.KILL) for call, number, _ in calls]
        errors = [(call, number, error) for call, number, _ in calls for error in faults.faults_of(call)[1:]]
        for title, chosen in ((f"{kind}: kill before a system call", kills), (f"{kind}: a system call fails", errors)):
            if sample:
                chosen = random.Random(title).sample(chosen, min(sample, len(chosen)))
            started = time.monotonic()
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                found = list(pool.map(lambda point, s=scene, k=kind: faults.disturb(s, k, *point), chosen))
            report(title, len(chosen), [problem for problems in found for problem in problems], started)


def season(folder: Path) -> Path:
    """A place with a roster and one filled workbook, for the whole program."""
    from season import COUNTY, ROSTER, form

    from greencomm.roster import BatchLabel
    from greencomm.rosters_io import write_roster
    from greencomm.standard import load_standard

    place = folder / "season"
    (place / "input").mkdir(parents=True)
    batch: dict[BatchLabel, str | int | datetime.date] = {
        BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局",
    }  # fmt: skip
    write_roster(place / "input" / "roster.xlsx", load_standard(), batch, ROSTER.units, ROSTER.communities)
    (place / "input" / "双柏县.xlsx").write_bytes(form(COUNTY))
    return place


def program(place: Path, day: int) -> list[str]:
    return [sys.executable, str(ROOT / "process.py"), "--date", f"2021-10-{day}"]


def quietly(words: list[str], place: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(words, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)


def random_kills(folder: Path, kills: int) -> None:
    """The whole program killed at random times, its outputs watched at every instant, a plain run after every tenth kill."""
    place = season(folder)
    target, given = place / "output" / faults.NAME, faults.snapshot(place / "input")
    expected, wrong = {}, []
    for day in (18, 19):
        began = time.monotonic()
        quietly(program(place, day), place)
        lasts = time.monotonic() - began
        expected[day] = faults.snapshot(target)
    pick, started, hits = random.Random("kills"), time.monotonic(), 0
    with faults.watching(target) as torn:
        for number in range(kills):
            day = 18 + number % 2
            victim = subprocess.Popen(program(place, day), cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            # Half of the kills fall into the last part of the run, where it writes.
            time.sleep(lasts * (pick.random() if number % 2 else 1 - 0.35 * pick.random()))
            hits += victim.poll() is None
            victim.kill()
            victim.wait()
            there = faults.snapshot(target)
            if "result.json" in there and there not in expected.values():
                wrong.append(f"kill {number}: a mixture")
            if {path.name for path in target.parent.iterdir()} != {faults.NAME}:
                wrong.append(f"kill {number}: litter")
            if number % 10 == 9:
                done = quietly(program(place, day), place)
                if done.returncode not in (0, 1) or faults.snapshot(target) != expected[day]:
                    wrong.append(f"after kill {number}: {done.returncode} {done.stderr.decode('utf-8', 'replace')}")
    if faults.snapshot(place / "input") != given:
        wrong.append("input was changed")
    report(f"whole program killed at random times ({hits} while it ran)", kills, wrong + torn, started)


def killed_forms(folder: Path, kills: int) -> None:
    """``forms`` killed at random times: each form is the old one or the new one, and nothing lies beside them."""
    place = season(folder / "forms")
    target, expected = place / "forms", {}
    for day in (18, 19):
        began = time.monotonic()
        subprocess.run([*program(place, day), "forms"], cwd=place, stdout=subprocess.DEVNULL, check=True)
        lasts = time.monotonic() - began
        expected[day] = faults.snapshot(target)
    wrong, started, pick = [], time.monotonic(), random.Random("forms")
    for number in range(kills):
        command = [*program(place, 18 + number % 2), "forms"]
        victim = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(lasts * (1 - 0.6 * pick.random()))
        victim.kill()
        victim.wait()
        there = faults.snapshot(target)
        if there.keys() != expected[18].keys() or any(data not in (expected[18][p], expected[19][p]) for p, data in there.items()):
            wrong.append(f"kill {number}: {sorted(there)}")
    subprocess.run([*program(place, 18), "forms"], cwd=place, stdout=subprocess.DEVNULL, check=True)
    if faults.snapshot(target) != expected[18]:
        wrong.append("the next run did not write all forms")
    report("forms killed at random times", kills, wrong, started)


@contextlib.contextmanager
def small_disk(kilobytes: int) -> Iterator[Path | None]:
    """A file system of this size; None where this machine lets nobody mount one."""
    folder = Path(tempfile.mkdtemp(prefix="faults"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    mounted = shutil.which("mount") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()


def full_disks() -> None:
    """A file system with less room than a run takes, in steps of one page; also with the archive elsewhere."""
    started, tried, wrong = time.monotonic(), 0, []
    for apart in (False, True):
        with small_disk(4096) as disk:
            if disk is None:
                print("full file system: nobody may mount one here")
                return
            for pages in range(0, 48, 2):
                base = disk / f"n{pages}"
                base.mkdir()
                near = Path(tempfile.mkdtemp(prefix="faults")) if apart else None
                scene = faults.build("update", near or base, None)
                if near:
                    (base / "output").mkdir()
                    shutil.rmtree(scene.archive)
                    shutil.rmtree(scene.output)
                    scene = faults.Scene(scene.root, base)
                    faults.publish(str(scene.archive), str(scene.output), "old")
                    (scene.target / faults.MINE).write_bytes(faults.NOTES)
                free = shutil.disk_usage(disk).free
                filler = disk / "filler"
                filler.write_bytes(b"\0" * max(0, free - pages * 4096))
                status, said = scene.run("new")
                tried += 1
                if status not in (0, 4) or "Traceback" in said:
                    wrong.append(f"{pages} pages left: ended with {status}: {said}")
                wrong += [f"{pages} pages left: {problem}" for problem in faults.violations_at_rest(scene, "update")]
                if status == 4 and "result.json" not in faults.snapshot(scene.target):
                    wrong.append(f"{pages} pages left: the old results are gone")
                filler.unlink()
                wrong += [f"{pages} pages left: {problem}" for problem in faults.violations_after_next_run(scene, "update")]
                shutil.rmtree(base)
                if near:
                    shutil.rmtree(near)
    report("full file system", tried, wrong, started)


def refused() -> None:
    """Read-only file systems, and outputs that the system does not let go (as a file open in Excel on Windows)."""
    started, tried, wrong = time.monotonic(), 0, []
    with small_disk(4096) as disk:
        if disk is None:
            print("read-only and locked: nobody may mount here")
            return
        scene = faults.build("update", disk)
        before = faults.snapshot(scene.target)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        status, said = scene.run("new")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        tried += 1
        if status != 4 or faults.snapshot(scene.target) != before:
            wrong.append(f"read-only: {status} {said}")
        for path in faults.whole("old"):
            held = scene.target / path
            subprocess.run(["mount", "--bind", str(held), str(held)], check=True)
            before = faults.snapshot(scene.target)
            status, said = scene.run("new")
            tried += 1
            after = faults.snapshot(scene.target)
            subprocess.run(["umount", str(held)], check=True)
            if status == 4 and (after != before or held.name not in said):
                wrong.append(f"{path} held: {status} {said}")
            if status == 0 and {k: v for k, v in after.items() if k != faults.MINE} != faults.whole("new"):
                wrong.append(f"{path} held: a mixture")
            wrong += faults.violations_after_next_run(scene, "update")
            shutil.rmtree(scene.root)
            scene = faults.build("update", disk)
    report("read-only and held outputs", tried, wrong, started)


def pairs(folder: Path, number: int) -> None:
    """Two runs at once, every other pair with different archives for the same output folder."""
    started, wrong, turned_away = time.monotonic(), [], 0
    for pair in range(number):
        place = folder / f"pair{pair}"
        place.mkdir()
        scene = faults.build("update", place)
        other = faults.Scene(place / "second", scene.root) if pair % 2 else scene
        with faults.watching(scene.target) as torn:
            runs = [
                subprocess.Popen(each.command("new"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for each in (scene, other)
            ]
            ended = [(run.communicate()[0].decode("utf-8", "replace"), run.returncode) for run in runs]
        turned_away += sum(status == 4 for _, status in ended)
        if {status for _, status in ended} - {0, 4} or all(status == 4 for _, status in ended):
            wrong.append(f"pair {pair}: {ended}")
        there = faults.snapshot(scene.target)
        there.pop(faults.MINE, None)
        if there != faults.whole("new"):
            wrong.append(f"pair {pair}: not the new results")
        wrong += torn
        shutil.rmtree(place)
    report(f"pairs of runs at once ({turned_away} turned away)", number, wrong, started)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--sample", type=int)
    arguments = parser.parse_args()
    memory = Path("/dev/shm")
    # In memory, where syncing costs nothing; the other file system is then the disk.
    with tempfile.TemporaryDirectory(prefix="faults", dir=memory if memory.is_dir() else None) as near:
        with tempfile.TemporaryDirectory(prefix="faults") as far:
            different = os.stat(near).st_dev != os.stat(far).st_dev
            all_points(Path(near), Path(far) if different else None, arguments.sample)
        full_disks()
        refused()
        pairs(Path(near), 40)
        random_kills(Path(near), arguments.kills)
        killed_forms(Path(near), max(arguments.kills // 5, 1))
    print(f"\n{'what':62}{'tried':>8}{'survived':>10}{'violations':>12}{'seconds':>9}")
    for title, tried, violations, seconds in _ROWS:
        print(f"{title:62}{tried:>8}{max(tried - violations, 0):>10}{violations:>12}{seconds:>9.0f}")
    print(f"{'all':62}{sum(row[1] for row in _ROWS):>8}{'':>10}{sum(row[2] for row in _ROWS):>12}")
    return 1 if any(row[2] for row in _ROWS) else 0


if __name__ == "__main__":
    raise SystemExit(main())
