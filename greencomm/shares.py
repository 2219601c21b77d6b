"""Work shared out to processes that are forked from this one, see all that it holds, and return little (S-46).

Each process takes the next piece from a pipe that holds their numbers: nothing is locked, so that a process that is killed
holds up nobody, and a quick one takes more. What is left in the end (a process died, or none could be made, as on
Windows, where there is no fork) is done here.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import select
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

T = TypeVar("T")
_TICKET = struct.Struct("<H")
_MOST_TICKETS = 8000
"""As many as a pipe holds on every system; more pieces are taken several at a time."""

_SHORT = select.PIPE_BUF - 64 if hasattr(select, "PIPE_BUF") else 0
"""What a pipe that can be written to takes without waiting."""


_most_cores: int | None = None


def cores() -> int:
    """How many cores this process may use."""
    if _most_cores is not None:
        return _most_cores
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Not on Windows.
        return os.cpu_count() or 1


def use_cores(count: int) -> None:
    """Have this process share out its work as if the computer had so many cores: the others have work already."""
    global _most_cores
    _most_cores = count


def die_with_parent() -> None:
    """Where the program itself is killed, a process that hangs would stay: Linux can end it."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))  # PR_SET_PDEATHSIG


class Shares(Generic[T]):
    """``count`` pieces of work, done by ``work(number)``; used as a context, results by :meth:`results`.

    ``work`` must not change what this process holds: whatever it changes is seen by its own process only.
    """

    def __init__(self, count: int, work: Callable[[int], T], processes: int | None = None) -> None:
        self.count, self.work = count, work
        self.step = -(-count // _MOST_TICKETS) or 1
        self.done: dict[int, T] = {}
        wanted = min(cores() if processes is None else processes, count)
        self.processes = wanted if wanted > 1 and sys.platform == "linux" else 0
        self.helpers: dict[Connection, BaseProcess] = {}
        self.tickets: tuple[int, int] | None = None

    def __enter__(self) -> Shares[T]:
        if self.processes:
            self.tickets = os.pipe()
            reading, writing = self.tickets
            for first in range(0, self.count, self.step):
                os.write(writing, _TICKET.pack(first // self.step))
            context = multiprocessing.get_context("fork")
            for _ in range(self.processes):
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=self._help, args=(reading, writing, there), daemon=True)
                try:
                    process.start()
                except OSError:  # The system allows none.
                    here.close()
                    break
                finally:
                    there.close()
                self.helpers[here] = process
            # From here on an empty pipe means that there is no more to do.
            os.close(writing)
        return self

    def __exit__(self, *_: object) -> None:
        for pipe, process in self.helpers.items():
            pipe.close()
            process.kill()
        for process in self.helpers.values():
            process.join()
        if self.tickets:
            os.close(self.tickets[0])

    def results(self, progress: Callable[[int], None] | None = None) -> Iterator[T]:
        """What ``work`` gave for each piece, in their order, each as soon as it and all before it are done: whoever takes it does
        so while others are at work. Raises what ``work`` raised, here or there.

        ``progress`` is called with how many are done.
        """
        given = 0

        def ready() -> Iterator[T]:
            nonlocal given
            if progress:
                progress(given + len(self.done))
            while given in self.done:
                given += 1
                yield self.done.pop(given - 1)

        for number in self._claim_here():
            self._take_what_is_ready()
            self._do(number)
            yield from ready()
        while self.helpers:
            self._take_what_is_ready(patient=True)
            yield from ready()
        while given < self.count:
            # A process that died has taken pieces with it.
            self._do(given)
            yield from ready()

    def _claim_here(self) -> Iterator[int]:
        """Numbers that this process takes for itself; none where it has no helpers, so that everything is done in its order."""
        if self.tickets and self.helpers:
            yield from self._claim(self.tickets[0])

    def _claim(self, reading: int) -> Iterator[int]:
        while len(ticket := os.read(reading, _TICKET.size)) == _TICKET.size:
            first = _TICKET.unpack(ticket)[0] * self.step
            yield from range(first, min(first + self.step, self.count))

    def _do(self, number: int) -> None:
        self.done[number] = self.work(number)

    def _take_what_is_ready(self, *, patient: bool = False) -> None:
        for pipe in wait(list(self.helpers), None if patient else 0):
            assert isinstance(pipe, Connection)
            try:
                number, worked, value = pickle.loads(pipe.recv_bytes())
            except (EOFError, OSError):
                # Nothing left for it to do, or it died.
                self.helpers.pop(pipe).join()
                pipe.close()
                continue
            if not worked:
                raise value
            self.done[number] = value

    def _help(self, reading: int, writing: int, pipe: Connection) -> None:
        """The life of a helper: it ends with the last piece, and with the process that waits for it."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent()
        os.close(writing)
        with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
            ready: list[bytes] = []
            for number in self._claim(reading):
                try:
                    ready.append(pickle.dumps((number, True, self.work(number))))
                except Exception as error:
                    ready.append(_message_of(number, error))
                    break
                # Whoever waits for this may be busy: what is done is sent when there is room for it.
                while ready and len(ready[0]) < _SHORT and select.select([], [pipe], [], 0)[1]:
                    pipe.send_bytes(ready.pop(0))
            for message in ready:
                pipe.send_bytes(message)
        pipe.close()
        # Neither what this process would write at its end, nor what it would close, is its own.
        os._exit(0)


def _message_of(number: int, error: Exception) -> bytes:
    try:
        message = pickle.dumps((number, False, error))
        pickle.loads(message)
    except Exception:  # An error that cannot travel: its words can.
        return pickle.dumps((number, False, RuntimeError(f"{type(error).__name__}: {error}")))
    return message
