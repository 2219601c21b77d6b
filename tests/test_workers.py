"""Files opened in worker processes: what kills one costs its file only, and nobody can tell how many processes there were."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from openers import opener
from season import CITY, COUNTY, STANDARD, form

from greencomm.intake import limits, workers
from greencomm.intake.collect import collect, open_entry
from greencomm.intake.workers import open_all

ROOT = Path(__file__).resolve().parents[1]
METHODS = ["fork", "spawn"] if sys.platform == "linux" else ["spawn"]


def test_a_process_started_anew_does_not_begin_a_run_of_its_own():
    """Where there is no fork each worker reads process.py again, under the name that multiprocessing gives to it."""
    code = "import runpy; runpy.run_path('process.py', run_name='__mp_main__')"
    done = subprocess.run([sys.executable, "-c", code, "--no-such-option"], cwd=ROOT, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.fixture
def named(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).write_bytes(name.encode())
        return [(tmp_path / name, name) for name in names]

    return make


@pytest.mark.parametrize("method", METHODS)
def test_what_kills_a_process_costs_one_file(named, method, capfd):
    files = named("甲", "中止", "乙", "段错误", "退出", "恐慌", "内存", "吵闹", "丙")
    results = open_all(files, STANDARD, opener, workers=2, method=method)
    outcome = {arrival.path: arrival.refused or arrival.ignored for (arrival,) in results}
    died = "读取时程序意外中断，文件内容可能已损坏"
    assert outcome == {
        "甲": "甲好", "中止": died, "乙": "乙好", "段错误": died, "退出": died, "恐慌": died,
        "内存": "读取时占用的内存过多，文件内容异常庞大", "吵闹": "吵闹好", "丙": "丙好",
    }  # fmt: skip
    assert list(outcome) == [name for _, name in files]
    assert all(arrival.sha256 and arrival.advice.startswith("请") for (arrival,) in results if arrival.refused)
    assert capfd.readouterr() == ("", "")


def test_what_hangs_is_ended(named, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SECONDS", 1)
    begun = time.monotonic()
    results = open_all(named("甲", "挂起", "乙"), STANDARD, opener, workers=1)
    assert [arrival.refused for (arrival,) in results] == [None, "读取超过1秒仍未完成，文件内容可能异常", None]
    assert 1 <= time.monotonic() - begun < 10


def test_a_large_file_may_take_longer(tmp_path):
    large = tmp_path / "大.zip"
    with large.open("wb") as stream:
        stream.truncate(10 * limits.MB)
    assert workers._seconds(large) == limits.MAX_SECONDS + 10 * limits.SECONDS_PER_MB


@pytest.mark.parametrize(("number", "method"), [(0, None), (1, None), (2, None), (4, None), (2, "spawn")])
def test_the_same_whatever_the_number_of_processes(tmp_path, number, method):
    for name, data in (("楚雄市.xlsx", form(CITY)), ("双柏县.xlsx", form(COUNTY)), ("坏.xlsx", form(CITY)[:3000]), ("空.xlsx", b"")):
        (tmp_path / name).write_bytes(data)
    files = [(path, path.name) for path in sorted(tmp_path.iterdir())]
    expected = [open_entry(path, name, STANDARD) for path, name in files]
    assert open_all(files, STANDARD, open_entry, workers=number, method=method) == expected
    if method is None:
        assert collect(tmp_path, tmp_path / "roster.xlsx", STANDARD, workers=number) == [one for (one,) in expected]


@pytest.mark.parametrize("number", [0, 2])
def test_progress_is_told(named, number):
    steps = []
    open_all(named("甲", "乙", "丙"), STANDARD, opener, lambda *step: steps.append(step), workers=number)
    assert {name for _, _, name in steps} == {"甲", "乙", "丙", ""}
    assert [done for done, _, _ in steps] == sorted(done for done, _, _ in steps)
    assert steps[-1] == (3, 3, "")


def test_without_processes_files_are_opened_here(named, monkeypatch):
    def no_process(*_):
        raise OSError("out of processes")

    monkeypatch.setattr(workers._Pool, "start", lambda pool: setattr(pool, "usable", False))
    assert [arrival.ignored for (arrival,) in open_all(named("甲", "乙"), STANDARD, opener)] == ["甲好", "乙好"]
    monkeypatch.undo()
    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", no_process)
    assert [arrival.ignored for (arrival,) in open_all(named("甲", "乙"), STANDARD, opener)] == ["甲好", "乙好"]


def test_too_little_memory_costs_one_file_without_processes_too(named):
    (result,) = open_all(named("内存"), STANDARD, lambda *_: (_ for _ in ()).throw(MemoryError), workers=0)
    assert result[0].refused == "读取时占用的内存过多，文件内容异常庞大"


def test_a_new_worker_needs_no_pandas():
    code = "import sys, greencomm.intake.collect; sys.exit('pandas' in sys.modules or 'python_calamine' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


CLIENT = """
import sys, pathlib
sys.path[:0] = {path!r}
from greencomm.intake.workers import open_all
from openers import opener
if __name__ == "__main__":
    print("begun", flush=True)
    open_all([(pathlib.Path("挂起"), "a"), (pathlib.Path("挂起"), "b")], None, opener, workers=2, method={method!r})
"""


def processes_in(folder):
    """Processes that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.unmeasured
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_when_the_program_ends_no_process_is_left(tmp_path, method, end):
    script = tmp_path / "client.py"
    script.write_text(CLIENT.format(path=[str(ROOT), str(ROOT / "tests")], method=method), encoding="utf-8")
    client = subprocess.Popen([sys.executable, script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    client.stdout.readline()
    deadline = time.monotonic() + 20
    while len(processes_in(tmp_path)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    client.send_signal(end)
    begun = time.monotonic()
    client.wait(10)
    if end == signal.SIGINT:
        assert time.monotonic() - begun < 5
    # Killed, the program can do nothing; the system ends its workers with it, also one that hangs.
    while processes_in(tmp_path) and time.monotonic() - begun < 10:
        time.sleep(0.05)
    assert processes_in(tmp_path) == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_came_of_each_file_is_shown_once(named, number, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SECONDS", 2)
    names = ["甲", "乙", "丙", "丁"] + (["挂起", "退出", "恐慌"] if number else [])
    shown = []
    results = open_all(named(*names), STANDARD, opener, workers=number, arrived=shown.append)
    # Those that could not be opened, too; the very same, in whatever order they were ready.
    assert len(results) == len(names)
    assert sorted(map(id, shown)) == sorted(map(id, results))


def test_workers_have_the_next_files_before_any_is_shown(named):
    handed, seen = [], []

    def arrived(arrivals):
        seen.append((arrivals[0].path, list(handed)))

    open_all(named("甲", "乙", "丙"), STANDARD, opener, lambda done, files, name: handed.append(name), workers=1, arrived=arrived)
    first, before = seen[0]
    # One worker: when its first file is shown, it has been given the second.
    assert before.index(first) < len(before) - 1


def test_workers_read_on_while_what_is_needed_later_is_loaded(named):
    """They have several files each by then; what kills one of them costs that file only."""
    given = []

    def meanwhile():
        given.append(len(names))

    names = []
    files = named("甲", "中止", "乙", "内存", "丙", "退出", "丁", "戊")
    results = open_all(
        files, STANDARD, opener, lambda done, count, name: names.append(name), workers=2, meanwhile=meanwhile
    )  # fmt: skip
    assert given == [8]
    assert [arrival.ignored for (arrival,) in results] == ["甲好", None, "乙好", None, "丙好", None, "丁好", "戊好"]
    assert [arrival.refused for (arrival,) in results if arrival.refused] == [
        workers._DIED, workers._TOO_LARGE, workers._DIED,
    ]  # fmt: skip


def test_a_file_waits_for_no_other_longer_than_that_may_take(named, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SECONDS", 1)
    begun = time.monotonic()
    results = open_all(named("甲", "挂起", "乙", "丙"), STANDARD, opener, workers=1, meanwhile=lambda: None)
    assert [arrival.refused for (arrival,) in results] == [None, "读取超过1秒仍未完成，文件内容可能异常", None, None]
    assert 1 <= time.monotonic() - begun < 10
