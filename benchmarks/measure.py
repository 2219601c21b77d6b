"""What a command takes, with all processes that it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_LAUNCH = """
import json, os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(json.dumps([time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)]))
"""
"""A small process starts the command: Linux counts the memory of whoever starts a program as that program's."""


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of the processor, MB that the largest of the processes had at most, exit status."""

    wall: float
    cpu: float
    memory: float
    status: int


def cost_of(words: list[str], cwd: Path | None = None, may: tuple[int, ...] = (0,)) -> Cost:
    """Run a command, what it prints is not kept. Ends the benchmark where its exit status is none of ``may``."""
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, *words]
    # As on a desk: Python keeps what it compiles, and no command pays for compiling again.
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    cost = Cost(*json.loads(subprocess.run(launch, cwd=cwd, env=around, stdout=subprocess.PIPE, check=True).stdout))
    if cost.status not in may:
        raise SystemExit(f"{' '.join(words)}: exit status {cost.status}")
    return cost
