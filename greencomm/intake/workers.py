"""Files are opened in worker processes, so that what kills, hangs or bloats a process costs one file only.

Each worker has a pipe of its own and works on one file at a time, in the order in which they were given: whose file it was
that killed it is never in doubt.
A worker that dies, takes too long or too much memory is replaced; results come back in the order of the files, whatever
the order in which they were ready. Where processes cannot be made the same function runs in this process.

A library's pool (pebble) was measured first: it costs a run 0.15 s, keeps threads in the process that forks, and lets all
workers share one pipe with a lock that a killed worker may hold (S-11).
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import hashlib
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from greencomm.intake import limits
from greencomm.intake.arrivals import Arrival
from greencomm.intake.errors import RESAVE
from greencomm.shares import cores, die_with_parent
from greencomm.standard import Standard

Opener = Callable[[Path, str, Standard], list[Arrival]]
"""Opens one file found on disk under a name; a function of a module, which never raises for what is in a file."""
Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the path at hand."""

_FEW_BYTES = 4 * limits.MB
"""Files of so little are read before what reviewing needs is loaded: a process for every core would only be in its way."""
_READY_SECONDS = 30.0
"""A new process that has not begun by then cannot be used here."""
_AT_FIRST = 8
"""Files that a worker is given at first, to go on with while this process is busy with ``meanwhile``."""
_TOO_LONG = "读取超过{seconds}秒仍未完成，文件内容可能异常"
_TOO_LARGE = "读取时占用的内存过多，文件内容异常庞大"
_DIED = "读取时程序意外中断，文件内容可能已损坏"


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    given: deque[int] = field(default_factory=deque)
    """Files to be opened, the one at work first."""
    deadline: float = 0.0
    """Of the one at work."""

    @property
    def job(self) -> int | None:
        """The file at work."""
        return self.given[0] if self.given else None


@dataclass(slots=True)
class _Jobs:
    """What is to be opened, and what came of it."""

    files: Sequence[tuple[Path, str]]
    results: list[list[Arrival] | None]
    waiting: list[int]
    retried: set[int] = field(default_factory=set)

    @property
    def done(self) -> int:
        return sum(result is not None for result in self.results)


def open_all(
    files: Sequence[tuple[Path, str]],
    standard: Standard,
    opener: Opener,
    progress: Progress | None = None,
    *,
    workers: int | None = None,
    method: str | None = None,
    meanwhile: Callable[[], None] | None = None,
    arrived: Callable[[list[Arrival]], None] | None = None,
) -> list[list[Arrival]]:
    """What ``opener`` makes of each (path, name), in the order given.

    ``workers`` is the number of processes (0: none, open here; None: as many as the computer has cores for), ``method``
    how they are started (None: by fork on Linux, which costs 10 ms, else by spawn). ``meanwhile`` is called once, when the
    workers have their first files: what is to be loaded by then need not be in any of them. ``arrived`` is called with what
    came of each file, once, in whatever order they are ready, while the workers read others: nothing may hang on that order.
    """
    if not files:
        return []
    jobs = _Jobs(files, [None] * len(files), sorted(range(len(files)), key=lambda job: (_size(files[job][0]), -job)))
    if workers is None:
        workers = cores()
        if meanwhile and sum(_size(path) for path, _ in files) < _FEW_BYTES:
            workers = max(workers - 1, 1)
    count = min(workers, limits.MAX_WORKERS, len(files))
    if count:
        method = method or ("fork" if sys.platform == "linux" else "spawn")
        _Pool(jobs, standard, opener, progress, method, meanwhile, arrived).run(count)
    for job, (path, name) in enumerate(files):
        if jobs.results[job] is None:
            if progress:
                progress(jobs.done, len(files), name)
            jobs.results[job] = opened = _open_here(opener, path, name, standard)
            if arrived:
                arrived(opened)
    if progress:
        progress(len(files), len(files), "")
    return [result or [] for result in jobs.results]


def _size(path: Path) -> int:
    """Large files go first, so that no worker is left with one at the end."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _seconds(path: Path) -> int:
    """How long opening this file may take."""
    return limits.MAX_SECONDS + limits.SECONDS_PER_MB * (_size(path) // limits.MB)


def _open_here(opener: Opener, path: Path, name: str, standard: Standard) -> list[Arrival]:
    """Open in this process; too little memory costs the file only."""
    try:
        return opener(path, name, standard)
    except MemoryError:
        return [_refused(path, name, _TOO_LARGE)]


def _refused(path: Path, name: str, reason: str) -> Arrival:
    """A file that could not be opened; its hash is had without opening it."""
    sha256 = None
    with contextlib.suppress(OSError):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Arrival(name, sha256=sha256, refused=reason, advice=f"{RESAVE}。", by_chance=True)


class _Pool:
    """The workers of one call of open_all."""

    def __init__(
        self,
        jobs: _Jobs,
        standard: Standard,
        opener: Opener,
        progress: Progress | None,
        method: str,
        meanwhile: Callable[[], None] | None,
        arrived: Callable[[list[Arrival]], None] | None,
    ) -> None:
        self.meanwhile, self.arrived = meanwhile, arrived
        self.fresh: deque[list[Arrival]] = deque()
        """What ``arrived`` has not been called with yet."""
        self.jobs, self.standard, self.opener, self.progress = jobs, standard, opener, progress
        self.context: Any = multiprocessing.get_context(method)
        self.workers: list[_Worker] = []
        self.usable = True
        """False once a process could not be made: what is left is opened in this process."""

    def run(self, count: int) -> None:
        """Open everything, or as much as processes can be made for."""
        try:
            while self.usable and self.jobs.done < len(self.jobs.files):
                self.workers = [worker for worker in self.workers if worker.process.is_alive() or worker.job is not None]
                while self.usable and len(self.workers) < min(count, len(self.workers) + len(self.jobs.waiting)):
                    self.start()
                self.hand_out()
                if self.meanwhile:
                    self.meanwhile()
                    self.meanwhile = None
                self.collect()
        finally:
            self.stop()
        while self.fresh:
            self.show()

    def start(self) -> None:
        """A new worker; where none can be made the pool is of no use."""
        here, there = self.context.Pipe()
        others = [worker.pipe for worker in self.workers] + [here]
        try:
            # A child that is forked holds copies of all our ends, and must let go of them: else it would never see us end.
            inherited = others if self.context.get_start_method() == "fork" else []
            process = self.context.Process(
                target=_work, args=(there, inherited, self.standard, self.opener, limits.MAX_MEMORY), daemon=True
            )
            process.start()
        except Exception:  # OSError where the system allows none; others where it has no such thing.
            self.usable = False
            here.close()
            return
        finally:
            there.close()
        worker = _Worker(process, here)
        self.workers.append(worker)
        ready = False
        with contextlib.suppress(EOFError, OSError):
            ready = here.poll(_READY_SECONDS) and here.recv() is None
        if not ready:
            self.usable = False

    def hand_out(self) -> None:
        """A file for every worker that has none; several where nobody will be there to give it the next."""
        most = 1
        if self.meanwhile and self.workers:
            # No more than its share: what one has cannot be done by another.
            most = min(_AT_FIRST, -(-len(self.jobs.waiting) // len(self.workers)))
        for _ in range(most):
            for worker in self.workers:
                if self.usable and len(worker.given) < most and self.jobs.waiting:
                    self.give(worker)

    def give(self, worker: _Worker) -> None:
        """The next file for a worker."""
        job = self.jobs.waiting[-1]
        path, name = self.jobs.files[job]
        with contextlib.suppress(OSError):
            worker.pipe.send((path, name))
            self.jobs.waiting.pop()
            worker.given.append(job)
            if worker.job == job:
                self.begin(worker)
            if self.progress:
                self.progress(self.jobs.done, len(self.jobs.files), name)

    def begin(self, worker: _Worker) -> None:
        """Its time for the file at work begins."""
        if worker.job is not None:
            worker.deadline = time.monotonic() + _seconds(self.jobs.files[worker.job][0])

    def collect(self) -> None:
        """Wait for the next results, deaths and deadlines; where nothing is ready, show what came instead of waiting."""
        busy = {worker.pipe: worker for worker in self.workers if worker.job is not None}
        if not busy:
            return
        soonest = min(worker.deadline for worker in busy.values())
        ready = wait(list(busy), 0 if self.fresh else max(soonest - time.monotonic(), 0))
        for pipe in ready:
            self.take(busy[pipe])  # type: ignore[index]
        if not ready and self.fresh:
            self.show()
        now = time.monotonic()
        for worker in busy.values():
            if worker.job is not None and now >= worker.deadline:
                seconds = _seconds(self.jobs.files[worker.job][0])
                self.end(worker, _TOO_LONG.format(seconds=seconds))

    def take(self, worker: _Worker) -> None:
        """What a worker sends: its result, or nothing where it died."""
        assert worker.job is not None
        collecting = gc.isenabled()
        gc.disable()  # Some ten thousand objects arrive, and none is rubbish: looking for it takes half the time.
        try:
            result = worker.pipe.recv()
        except Exception:  # EOFError: it died. Others: it died while sending.
            worker.process.join(1)
            died = worker.process.exitcode
            if died == -getattr(signal, "SIGKILL", 9) and worker.job not in self.jobs.retried:
                # The system ended it for want of memory, perhaps another file's: once more.
                self.jobs.retried.add(worker.job)
                self.jobs.waiting.insert(0, worker.job)
                self.end(worker, None)
            else:
                self.end(worker, _DIED)
            return
        finally:
            if collecting:
                gc.enable()
        if result is None:
            self.end(worker, _TOO_LARGE)
            return
        self.keep(worker.given.popleft(), result)
        self.begin(worker)

    def keep(self, job: int, result: list[Arrival]) -> None:
        """What came of a file; it is shown when the workers have been given others."""
        self.jobs.results[job] = result
        if self.arrived:
            self.fresh.append(result)

    def show(self) -> None:
        """Call ``arrived`` once."""
        result = self.fresh.popleft()
        if self.arrived:
            self.arrived(result)

    def end(self, worker: _Worker, reason: str | None) -> None:
        """End a worker; ``reason`` is what becomes of the file at work, those after it are for others."""
        if worker.job is not None and reason is not None:
            path, name = self.jobs.files[worker.job]
            self.keep(worker.job, [_refused(path, name, reason)])
        # The next to be given stands last.
        self.jobs.waiting += list(worker.given)[:0:-1]
        worker.given.clear()
        self.workers.remove(worker)
        _kill([worker])

    def stop(self) -> None:
        """No process is left, whatever happened."""
        _kill(self.workers)
        self.workers = []


def _kill(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        with contextlib.suppress(OSError, ValueError):
            worker.process.kill()
    for worker in workers:
        worker.pipe.close()
        with contextlib.suppress(OSError, ValueError):
            worker.process.join(1)
            worker.process.close()


# --- in the worker ----------------------------------------------------------------------------------------------------


def _work(pipe: Connection, inherited: Sequence[Connection], standard: Standard, opener: Opener, memory: int) -> None:
    """The life of a worker: open what comes, until nobody is there to send."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The program ends its workers itself.
    for other in inherited:
        other.close()
    gc.freeze()  # What a fork shares with the program stays shared: never looked through, so never copied.
    _quiet()
    die_with_parent()
    _limit_memory(memory)
    try:
        pipe.send(None)
        while True:
            path, name = pipe.recv()
            try:
                result = opener(path, name, standard)
            except MemoryError:
                pipe.send(None)
                break
            except BaseException:  # Panics of libraries are no Exception. What was half done cannot be trusted to go on.
                os._exit(1)
            pipe.send(result)
    except (EOFError, OSError):
        pass
    # Without the interpreter's good-byes: what was buffered for the screen before a fork is not ours to write.
    os._exit(0)


def _quiet() -> None:
    """A dying library writes to the screen what no clerk can read."""
    faulthandler.disable()
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)


def _limit_memory(memory: int) -> None:
    """Bound this process's memory, where the system can."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as stream:
            taken = int(stream.read().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = taken + memory
        resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass
