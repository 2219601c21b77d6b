"""Entry point: python process.py --help."""

import sys

if sys.argv[1:] in (["--help"], ["-h"]):
    from greencomm.usage import show

    raise SystemExit(show())

from greencomm.cli import main

raise SystemExit(main())
