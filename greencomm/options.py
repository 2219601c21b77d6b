"""What a command was asked to do."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """Where to read and write, what batch, which day (contract, Commands)."""

    input: Path
    output: Path
    roster: Path
    archive: Path
    run_date: datetime.date
    year: int | None = None
    phase: str | None = None
    standards: Path | None = None
    """Where counties' own standards lie; None = the folder 标准 beside the roster."""
