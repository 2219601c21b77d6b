"""Entry point: python process.py --help."""

import sys

if __name__ == "__main__":  # Windows reads this file anew in each process that opens files (S-11), and must not begin a run there.
    from greencomm.usage import answer

    if answer(sys.argv[1:]):
        raise SystemExit

    from greencomm.cli import main

    raise SystemExit(main())
