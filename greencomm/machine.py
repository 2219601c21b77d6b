"""Standard output for other programs: JSON in UTF-8, whatever the console's encoding."""

from __future__ import annotations

import json
import sys


def print_json(value: object) -> None:
    """``value`` and nothing else on standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write((json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())
    sys.stdout.buffer.flush()
