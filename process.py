"""Entry point: python process.py --help."""

import sys

from greencomm.usage import answer

if answer(sys.argv[1:]):
    raise SystemExit

from greencomm.cli import main

raise SystemExit(main())
