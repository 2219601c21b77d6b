"""Errors that end a command: each is one polite Chinese sentence and an exit status of the contract."""

from __future__ import annotations

from pathlib import Path


class UserError(Exception):
    """Something the person at the keyboard can mend; ``str(error)`` is the sentence shown to them."""

    exit_status = 2


class StandardError(UserError):
    """A mistake in a standard's file: names the file, the clause and the mistake."""


class RosterError(UserError):
    """A roster that is missing or damaged, so that no ratio could be right."""


class EmptyRoster(RosterError):
    """A roster that names no unit, or no community: not damaged, but not filled yet."""


class NothingToProcess(UserError):
    """No workbook of a county lies in the input folder."""

    exit_status = 3


class OutputError(UserError):
    """An output could not be written; earlier complete results stay as they were."""

    exit_status = 4


def keep_traceback(archive: Path) -> Path | None:
    """Keep what only a programmer can read of the error at hand in a file; None where that cannot be written."""
    import traceback

    try:
        archive.mkdir(parents=True, exist_ok=True)
        log = archive / "error.log"
        log.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        return None
    return log
