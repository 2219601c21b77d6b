"""What lies in the input folder, each file opened as far as it can be."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from greencomm.forms.entries import FormReading


@dataclass(slots=True)
class Arrival:
    """One file found in the input folder.

    Exactly one of four holds: ``form`` is read; ``refused`` says in Chinese why it cannot be read; ``ignored`` says why
    it is nobody's submission (lock files); or it is the roster, a standard in use or a container that was opened.
    """

    path: str
    """Relative to the input folder, with ``/``."""
    sha256: str | None = None
    form: FormReading | None = None
    refused: str | None = None
    advice: str | None = None
    """What to ask the county for, where it is not the usual advice."""
    by_chance: bool = False
    """``refused`` for want of time or memory: the same file may be read the next time."""
    ignored: str | None = None
    is_own: bool = False
    """``ignored`` because this program made it: a result or letter that came back."""
    is_roster: bool = False
    is_standard: bool = False
    """A county's own standard that a unit of the roster follows."""
    is_container: bool = False
    """An archive or mail: its contents have rows of their own."""
    saved: datetime.datetime | None = None
    """When the document was last saved, as it says itself."""
    received: datetime.datetime | None = None
    """When the mail that brought it was sent (UTC); of the innermost message that says it."""
    subject: str = ""
    """Of the mail that brought it; only tells whom to ask about a file that cannot be read."""
    wrong_extension: tuple[str, str] | None = None
    """Its extension and what it is, where the two differ."""
    old_format: str | None = None
    """Chinese name of its format where that is accepted but better not used (.xls, .et, .ods)."""
    has_macros: bool = False
    extras: tuple[str, ...] = ()
    """Chinese names of contents that are not read (图片, 批注 …)."""
    conflicts: tuple[tuple[str, str, str], ...] = field(default=())
    """(sheet, cell, what may stand there) where a cell cannot be read for sure; the cell is empty for the rest of many."""
    read_once: tuple[str, ...] = ()
    """Sheets that only one of two readings could read."""
