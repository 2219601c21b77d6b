"""What goes to a unit: its letter as text, and the same letter as a mail draft with its attachments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from greencomm.outputs import Made
from greencomm.outputs.letters import Letters, attached_roles, letter_for
from greencomm.outputs.mail import Attachment, write_mail
from greencomm.results import RegionResult, UnitResult


def letter_path(stem: str, unit: UnitResult, result: RegionResult) -> str:
    """Where the unit's letter lies; empty where none is written. ``stem`` as for ``write_letter``."""
    letter = letter_for(unit, result)
    return f"{stem}_{letter}.txt" if letter else ""


def write_letter(
    folder: Path, stem: str, unit: UnitResult, result: RegionResult, letters: Letters, made: Iterable[Made]
) -> list[Made]:
    """Write the unit's letter and its draft beside what was ``made`` for it; nothing where nothing is asked of the unit.

    ``stem`` is folder and name of the unit below ``folder`` (``units/楚雄市/楚雄市``).
    """
    letter = letter_for(unit, result)
    if letter is None:
        return []
    path, mail = letter_path(stem, unit, result), f"{stem}_{letter}.eml"
    by_role = {each.role: each.path for each in made}
    attached = [(role, by_role[role]) for role in attached_roles(unit) if role in by_role]
    named = [(role, PurePosixPath(file).name) for role, file in attached]
    text = letters.write(unit, result, named)
    (folder / path).write_bytes(text.for_notepad())
    batch = result.roster.batch
    draft = write_mail(
        text.title,
        text.body,
        [Attachment(PurePosixPath(file).name, (folder / file).read_bytes()) for _, file in attached],
        date=result.run_date,
        sender=(batch.reporting_unit, batch.email),
        receiver=(unit.unit.name, unit.unit.email),
    )
    (folder / mail).write_bytes(draft)
    return [Made("letter", unit.unit.code, path), Made("mail", unit.unit.code, mail)]
