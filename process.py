"""Entry point: python process.py --help."""

import sys

if __name__ == "__main__":  # Windows reads this file anew in each process that opens files (S-11), and must not begin a run there.
    if sys.argv[1:] in (["--help"], ["-h"]):
        from greencomm.usage import show

        raise SystemExit(show())

    from greencomm.cli import main

    raise SystemExit(main())
