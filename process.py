"""Entry point: python process.py --help."""

import gc
import sys

if __name__ == "__main__":  # Windows reads this file anew in each process that opens files (S-11), and must not begin a run there.
    from greencomm.usage import answer

    if answer(sys.argv[1:]):
        raise SystemExit

    # What loading makes stays: looking through it for rubbish on the way would take a twentieth of a second.
    gc.set_threshold(50_000)
    from greencomm.cli import leave, main

    leave(main())
