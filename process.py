"""Entry point: python process.py --help."""

import gc
import os
import sys

if sys.argv[1:] in (["--help"], ["-h"]):
    from greencomm.usage import show

    raise SystemExit(show())

from greencomm.cli import main

# What loading makes stays: looking through it for rubbish on the way would take a twentieth of a second.
gc.set_threshold(50_000)
status = main()
for stream in (sys.stdout, sys.stderr):
    try:
        stream.flush()
    except (AttributeError, OSError, ValueError):
        continue  # Whoever was to read it has left: the work is done all the same.
# All files are closed, other processes have ended: taking millions of objects apart before leaving would only cost time.
os._exit(status)
