"""What goes back to a unit that has something to correct: its marked workbook, and beside it the files as they came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from greencomm.forms.returned import write_returned
from greencomm.outputs import Made, Originals
from greencomm.results import FileState, RegionResult, UnitResult, UnitState

ORIGINALS = "原文件"
"""Folder within a unit's folder."""
_LONGEST = 60
"""Characters of an original's name without its extension."""


def is_returned(unit: UnitResult) -> bool:
    """Whether a unit gets its workbook back: something of it was accepted, and somebody has to correct or explain."""
    return unit.state is UnitState.RECEIVED and any(finding.is_open for finding in unit.findings)


def returned_path(name: str) -> str:
    """The returned workbook of the unit whose folder is ``name``, below the results."""
    return f"units/{name}/{name}_退回修改.xlsx"


def write_return(
    folder: Path, name: str, unit: UnitResult, result: RegionResult, originals: Originals | None
) -> Iterator[Made]:
    """Write all that goes back to ``unit`` below ``folder``. Nothing where nothing is open.

    An original that cannot be had is left out; the list of received files tells its name and hash.
    """
    if not is_returned(unit):
        return
    path, code = returned_path(name), unit.unit.code
    write_returned(folder / path, unit, result)
    yield Made("return", code, path)
    taken: set[str] = set()
    for file in unit.files:
        if originals is None or file.state is not FileState.ACCEPTED:
            continue
        data = originals(file)
        if data is None:
            continue
        path = f"units/{name}/{ORIGINALS}/{_original_name(file.path, taken)}"
        place = folder / path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        # Exactly as it came, so that its hash is known.
        yield Made("original", code, path, file.sha256 or "")


def _original_name(path: str, taken: set[str]) -> str:
    """The file's own name, made legal on every system and unique."""
    given = PurePosixPath(re.sub(r'[\\:*?"<>|\x00-\x1f\x7f]', "_", path)).name.strip(" .")
    stem, dot, suffix = given.rpartition(".")
    stem, suffix = (stem, dot + suffix[:10]) if dot else (suffix, "")
    stem = stem[:_LONGEST].strip(" .") or "原件"
    if re.fullmatch(r"(?i)con|prn|aux|nul|(com|lpt)[0-9¹²³]", stem.partition(".")[0]):
        stem = f"_{stem}"
    number, name = 1, stem + suffix
    while name.casefold() in taken:
        number += 1
        name = f"{stem}（{number}）{suffix}"
    taken.add(name.casefold())
    return name
