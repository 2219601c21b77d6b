"""Entry point: python process.py --help."""

from greencomm.cli import main

raise SystemExit(main())
