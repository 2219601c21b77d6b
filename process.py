"""Entry point: python process.py --help."""

import gc
import sys

if __name__ == "__main__":  # Windows reads this file anew in each process that opens files (S-11), and must not begin a run there.
    if sys.argv[1:] in (["--help"], ["-h"]):
        from greencomm.usage import show

        raise SystemExit(show())

    # What loading makes stays: looking through it for rubbish on the way would take a twentieth of a second.
    gc.set_threshold(50_000)
    from greencomm.cli import leave, main

    leave(main())
