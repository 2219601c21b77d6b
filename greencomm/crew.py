"""Long pieces of work, each a whole run of its own, done by forked processes that return little (S-48).

Unlike ``shares``, where this process does its part, it only waits here: it moves the bar, and an interruption reaches it at once.
The processes may start others (the guard's workers do what may kill a process), and are told to stop before they are made to.
"""

from __future__ import annotations

import contextlib
import mmap
import multiprocessing
import os
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from greencomm.shares import cores, die_with_parent, use_cores

T = TypeVar("T")
Step = Callable[[float], None]
"""Called by a piece of work with how much of it is done, 0 to 1."""
Progress = Callable[[float, int], None]
"""Called with how much of all is done, 0 to 1 by weight, and how many pieces are."""

_LOOK = 0.2
"""Seconds between two looks at how far everybody is."""
_GRACE = 0.6
"""Seconds that processes have to undo what they have begun."""
_MOST_MEMORY = 200 << 20
"""Bytes, of which it has half from the beginning; a process that has more is replaced after its piece, for what has grown is rarely given back."""
_PART = struct.Struct("=d")


def can_fork(processes: int | None) -> bool:
    """Whether a crew of so many processes has any of its own."""
    return processes != 0 and sys.platform == "linux"


class Died(Exception):
    """The process that did a piece of work was ended by something else, twice."""


@dataclass(slots=True)
class _Helper:
    process: BaseProcess
    pipe: Connection
    number: int | None = None


class Crew(Generic[T]):
    """Does ``work(number, step)`` for every number below ``len(weights)``, the heaviest first.

    What ``work`` returns must be small, and it must not raise. A piece whose process is killed is done once more, when
    nothing else is at work; killed again it is a ``Died``. Where no processes can be forked all is done here.
    """

    def __init__(self, weights: Sequence[int], work: Callable[[int, Step], T], processes: int | None = None) -> None:
        self.weights, self.work = weights, work
        wanted = min(cores() if processes is None else processes, len(weights))
        self.processes = wanted if can_fork(processes) else 0
        self.helpers: list[_Helper] = []
        self.waiting = sorted(range(len(weights)), key=lambda number: (weights[number], -number))
        self.alone: list[int] = []
        """Pieces whose process died."""
        self.results: dict[int, T | Died] = {}
        self.meter = mmap.mmap(-1, max(len(weights) * _PART.size, 1))
        """How far each piece is, written by the process that does it."""

    def run(self, progress: Progress | None = None) -> list[T | Died]:
        """All results in the order of their numbers. Whatever happens, no process is left."""
        if not self.processes:
            self._here(progress)
        else:
            with self._ending():
                while self.waiting or self.alone or self._busy():
                    self._hand_out()
                    self._collect()
                    self._tell(progress)
        return [self.results[number] for number in range(len(self.weights))]

    # --- here -------------------------------------------------------------------------------------------------------------

    def _here(self, progress: Progress | None) -> None:
        while self.waiting:
            number = self.waiting.pop()

            def step(part: float, number: int = number) -> None:
                self._mark(number, part)
                self._tell(progress)

            self.results[number] = self.work(number, step)
            step(1)

    def _mark(self, number: int, part: float) -> None:
        _PART.pack_into(self.meter, number * _PART.size, part)

    def _tell(self, progress: Progress | None) -> None:
        if progress:
            parts = (part for (part,) in _PART.iter_unpack(self.meter[: len(self.weights) * _PART.size]))
            done = sum(weight * part for weight, part in zip(self.weights, parts, strict=True))
            progress(done / (sum(self.weights) or 1), len(self.results))

    def _busy(self) -> list[_Helper]:
        return [helper for helper in self.helpers if helper.number is not None]

    def _hand_out(self) -> None:
        """A piece for everybody who has none, and as many processes as there is work for."""
        while self.processes and len(self.helpers) < min(self.processes, len(self.waiting) + len(self._busy())):
            self._start()
        for helper in self.helpers:
            if helper.number is None and self.waiting:
                self._give(helper, self.waiting.pop())
        if self.alone and not self.waiting and not self._busy():
            if not self.helpers:
                self._start()
            if self.helpers:
                self._give(self.helpers[0], self.alone[0])
        if not self.helpers:
            # None could be made: here, then. What killed a process is not tried in this one.
            self._here(None)
            self.results |= {number: Died() for number in self.alone}
            self.alone.clear()

    def _give(self, helper: _Helper, number: int) -> None:
        helper.number = number
        with contextlib.suppress(OSError):  # It died: seen when its answer is waited for.
            helper.pipe.send(number)

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe()
        inherited = [here, *(helper.pipe for helper in self.helpers)]
        # Not a daemon: such may have no children, and the guard's workers are children.
        process = context.Process(target=self._help, args=(there, inherited))
        try:
            process.start()
        except OSError:
            here.close()
            self.processes = len(self.helpers)
            return
        finally:
            there.close()
        self.helpers.append(_Helper(process, here))

    def _collect(self) -> None:
        busy = {helper.pipe: helper for helper in self._busy()}
        for pipe in wait(list(busy), _LOOK):
            helper = busy[pipe]  # type: ignore[index]
            number = helper.number
            assert number is not None
            try:
                self.results[number], stays = helper.pipe.recv()
                helper.number = None
                self._mark(number, 1)
                if number in self.alone:
                    self.alone.remove(number)
            except (EOFError, OSError):
                stays = False
                if number in self.alone:
                    self.alone.remove(number)
                    self.results[number] = Died()
                else:
                    self.alone.append(number)
            if not stays:
                self.helpers.remove(helper)
                helper.pipe.close()
                helper.process.join()

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        """At the end, and where anything is raised, every process stops, and undoes what it has begun where there is time."""
        try:
            yield
        finally:
            with _deaf():
                for helper in self.helpers:
                    with contextlib.suppress(OSError):
                        os.kill(helper.process.pid or 0, signal.SIGTERM)
                latest = time.monotonic() + _GRACE
                for helper in self.helpers:
                    helper.process.join(max(latest - time.monotonic(), 0))
                    helper.process.kill()
                    helper.process.join()
                    helper.pipe.close()
                self.helpers = []

    # --- in the process ---------------------------------------------------------------------------------------------------

    def _help(self, pipe: Connection, inherited: Sequence[Connection]) -> None:
        """The life of a process: one piece after another, until told to stop or nobody is there to tell."""
        # Ctrl+C goes to everybody at once; who waits for this one decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _interrupt)
        die_with_parent()
        use_cores(1)
        with contextlib.suppress(KeyboardInterrupt, EOFError, OSError):
            for other in inherited:
                other.close()
            stays = True
            while stays:
                number = pipe.recv()
                result = self.work(number, lambda part, number=number: self._mark(number, part))  # type: ignore[misc]
                stays = _memory() < _MOST_MEMORY
                pipe.send((result, stays))
        # Neither what this process would write at its end, nor what it would close, is its own.
        os._exit(0)


def _interrupt(*_: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # Once is enough: what is undone now is not to be disturbed.
    raise KeyboardInterrupt


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl+C pressed again does not keep this process from ending the others."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # Not the main thread, which alone is interrupted.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _memory() -> int:
    """Bytes that this process has in memory now."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
