"""What lies in the input folder, each file opened as far as it can be."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from greencomm.forms.entries import FormReading


@dataclass(slots=True)
class Arrival:
    """One file found in the input folder.

    Exactly one of three holds: ``form`` is read; ``refused`` says in Chinese why it cannot be read; or ``ignored``
    says why it is nobody's submission (the roster, lock files).
    """

    path: str
    """Relative to the input folder, with ``/``."""
    sha256: str | None = None
    form: FormReading | None = None
    refused: str | None = None
    advice: str | None = None
    """What to ask the county for, where it is not the usual advice."""
    ignored: str | None = None
    is_roster: bool = False
    is_container: bool = False
    """An archive or mail: its contents have rows of their own."""
    saved: datetime.datetime | None = None
    """When the document was last saved, as it says itself."""
    received: datetime.datetime | None = None
    """When the mail that brought it was sent."""
    has_macros: bool = False
    extras: tuple[str, ...] = ()
    """Chinese names of contents that are not read (图片, 批注 …)."""
    conflicts: tuple[tuple[str, str, str], ...] = field(default=())
    """(sheet, cell, what may stand there) where a cell cannot be read for sure; the cell is empty for the rest of many."""
    read_once: tuple[str, ...] = ()
    """Sheets that only one of two readings could read."""
