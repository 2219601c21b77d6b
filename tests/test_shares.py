"""Work shared out to processes (greencomm/shares.py): the same results in the same order, whatever becomes of a process."""

from __future__ import annotations

import os
import signal
import time

import pytest

from greencomm.errors import OutputError
from greencomm.shares import Shares


@pytest.mark.parametrize("processes", [0, 1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_results_come_in_order_with_any_number_of_processes(count, processes):
    with Shares(count, lambda number: number * number, processes) as shares:
        assert list(shares.results()) == [number * number for number in range(count)]


def test_more_pieces_than_a_pipe_holds_are_all_done():
    with Shares(20_001, lambda number: number, 2) as shares:
        assert list(shares.results()) == list(range(20_001))


def test_several_processes_do_the_work():
    def slowly(number: int) -> int:
        time.sleep(0.02)
        return os.getpid()

    with Shares(20, slowly, 2) as shares:
        done = list(shares.results())
    assert len(set(done)) > 1


def test_a_process_that_dies_costs_nothing():
    here = os.getpid()

    def deadly(number: int) -> int:
        if number == 3 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.01)
        return number

    with Shares(8, deadly, 2) as shares:
        assert list(shares.results()) == list(range(8))


@pytest.mark.parametrize("processes", [0, 2])
def test_an_error_is_raised_here_as_it_was_there(processes):
    def fails(number: int) -> int:
        if number == 2:
            raise OutputError("磁盘已满。")
        return number

    with pytest.raises(OutputError, match="磁盘已满"), Shares(5, fails, processes) as shares:
        list(shares.results())


def test_an_error_that_cannot_travel_is_told_in_its_words():
    class Local(Exception):
        pass

    here = os.getpid()

    def fails(number: int) -> int:
        if os.getpid() != here:
            raise Local("说明")
        time.sleep(0.1)
        return number

    with pytest.raises(RuntimeError, match="说明"), Shares(5, fails, 2) as shares:
        list(shares.results())


def test_whoever_leaves_early_leaves_no_process_behind():
    def forever(number: int) -> int:
        time.sleep(60)
        return number

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Shares(4, forever, 2) as shares:
        processes = list(shares.helpers.values())
        raise KeyboardInterrupt
    assert len(processes) == 2
    assert not any(process.is_alive() for process in processes)
    assert time.monotonic() - start < 30


def test_progress_counts_every_piece():
    seen: list[int] = []
    with Shares(10, lambda number: number, 2) as shares:
        list(shares.results(seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == 10


def test_helpers_go_on_while_this_process_is_busy_elsewhere(tmp_path):
    def large(number: int) -> bytes:
        (tmp_path / str(number)).touch()
        return bytes(50_000)

    with Shares(12, large, 2) as shares:
        end = time.monotonic() + 20
        # Far more than a pipe holds; nobody reads it yet.
        while len(list(tmp_path.iterdir())) < 12 and time.monotonic() < end:
            time.sleep(0.02)
        assert len(list(tmp_path.iterdir())) == 12
        assert [len(value) for value in shares.results()] == [50_000] * 12


def test_a_result_is_given_before_the_next_piece_is_done():
    """So that what is written can be kept while more is being written."""
    done = []
    with Shares(3, done.append, 0) as shares:
        results = shares.results()
        seen = [(next(results), list(done)) for _ in range(3)]
    assert [pieces for _, pieces in seen] == [[0], [0, 1], [0, 1, 2]]


def test_results_of_others_come_as_they_are_ready(tmp_path):
    """The second piece waits until the first one's result was taken."""

    def work(number):
        if number:
            while not (tmp_path / "taken").exists():
                time.sleep(0.01)
        return number

    with Shares(2, work, 2) as shares:
        shares._claim_here = lambda: iter(())  # type: ignore[method-assign]
        results = shares.results()
        assert next(results) == 0
        (tmp_path / "taken").touch()
        assert list(results) == [1]
