"""An opener for tests of worker processes, in a module of its own so that a new process imports little."""

from __future__ import annotations

import os
import signal
import time

from greencomm.intake import limits
from greencomm.intake.arrivals import Arrival


def opener(path, name, standard):
    """Does what the file's name says."""
    match path.stem:
        case "挂起":
            time.sleep(600)
        case "中止":
            os.abort()
        case "段错误":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "退出":
            os._exit(0)
        case "恐慌":
            raise BaseException("a panic is no Exception")
        case "内存":
            b"x" * (64 * limits.MAX_MEMORY)
        case "吵闹":
            os.write(1, b"thread 'main' panicked")
            os.write(2, b"thread 'main' panicked")
    return [Arrival(name, ignored=f"{path.stem}好")]
