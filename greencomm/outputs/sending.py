"""What goes to a unit: its letter as text, and the same letter as a mail draft with its attachments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from greencomm import durable
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
    by_role = {each.role: each for each in made}
    attached = [by_role[role] for role in attached_roles(unit) if role in by_role]
    text = letters.write(unit, result, [(each.role, PurePosixPath(each.path).name) for each in attached])
    note = text.for_notepad()
    (folder / path).write_bytes(note)
    batch = result.roster.batch
    draft = write_mail(
        text.title,
        text.body,
        [Attachment(PurePosixPath(each.path).name, (folder / each.path).read_bytes(), each.sha256) for each in attached],
        date=result.run_date,
        sender=(batch.reporting_unit, batch.email),
        receiver=(unit.unit.name, unit.unit.email),
    )
    (folder / mail).write_bytes(draft)
    code = unit.unit.code
    return [
        Made("letter", code, path, durable.bytes_sha256(note)),
        Made("mail", code, mail, durable.bytes_sha256(draft)),
    ]
