"""Whole runs done by forked processes (greencomm/crew.py): nothing is lost, and nothing is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from greencomm import crew
from greencomm.crew import Crew, Died
from greencomm.shares import cores


@pytest.mark.parametrize("processes", [0, 1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_results_come_in_order(processes, count):
    assert Crew([1] * count, lambda number, step: number * number, processes).run() == [n * n for n in range(count)]


def test_the_heaviest_begin(tmp_path):
    def note(number, step):
        with (tmp_path / "order").open("a") as stream:
            stream.write(f"{number}\n")

    Crew([5, 30, 1, 30], note, 1).run()
    assert (tmp_path / "order").read_text().split() == ["1", "3", "0", "2"]


def test_this_process_does_nothing_itself_and_others_may_have_children():
    def work(number, step):
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(0,), daemon=True)
        child.start()
        child.join()
        return os.getpid(), child.exitcode, cores()

    done = Crew([1] * 4, work, 2).run()
    assert os.getpid() not in {pid for pid, _, _ in done}
    assert {(code, seen) for _, code, seen in done} == {(0, 1)}


def test_progress_is_by_weight_and_reaches_the_whole():
    seen = []

    def work(number, step):
        step(0.5)
        time.sleep(0.5)

    Crew([90, 10], work, 2).run(lambda part, count: seen.append((round(part, 3), count)))
    assert seen == sorted(seen)
    assert (0.5, 0) in seen and seen[-1] == (1, 2)


def test_a_piece_whose_process_is_killed_is_done_once_more(tmp_path):
    def deadly(number, step):
        marker = tmp_path / str(number)
        if number == 2 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert Crew([1] * 5, deadly, 2).run() == [0, 1, 2, 3, 4]


def test_a_piece_that_kills_twice_is_given_up_and_the_others_are_done():
    def deadly(number, step):
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    done = Crew([1] * 5, deadly, 2).run()
    assert isinstance(done.pop(2), Died)
    assert done == [0, 1, 3, 4]


def test_a_process_that_has_grown_is_replaced(monkeypatch):
    monkeypatch.setattr(crew, "_MOST_MEMORY", 1)
    assert len(set(Crew([1] * 4, lambda number, step: os.getpid(), 1).run())) == 4


def test_where_no_process_can_be_made_all_is_done_here(monkeypatch):
    def refuse(*_):
        raise OSError

    monkeypatch.setattr(multiprocessing.get_context("fork").Process, "start", refuse)
    assert Crew([1] * 3, lambda number, step: os.getpid(), 2).run() == [os.getpid()] * 3


def test_who_is_interrupted_may_undo_what_was_begun_and_nobody_is_left(tmp_path):
    def work(number, step):
        try:
            (tmp_path / f"begun{number}").touch()
            time.sleep(60)
        finally:
            (tmp_path / f"undone{number}").touch()

    def press(part, count):
        if len(list(tmp_path.glob("begun*"))) == 2:
            raise KeyboardInterrupt

    own = Crew([1] * 3, work, 2)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        own.run(press)
    assert time.monotonic() - start < 10
    assert sorted(path.name for path in tmp_path.glob("undone*")) == ["undone0", "undone1"]
    assert own.helpers == [] and multiprocessing.active_children() == []


def test_who_does_not_stop_is_stopped(tmp_path):
    def stubborn(number, step):
        (tmp_path / "begun").touch()
        while True:
            try:
                time.sleep(60)
            except KeyboardInterrupt:
                continue

    def press(part, count):
        if (tmp_path / "begun").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Crew([1], stubborn, 1).run(press)
    assert multiprocessing.active_children() == []
