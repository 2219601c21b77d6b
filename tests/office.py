"""Headless LibreOffice for tests: recalculates a workbook whose stored values were taken away.

Rules of entry go, too: they calculate nothing and cost LibreOffice a third of its time.
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl


def strip_stored_values(data: bytes) -> bytes:
    """The workbook with every formula's stored value removed, so that nothing but a recalculation can give one, and bare of
    rules of entry."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bare:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/"):
                part = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", part)
                part = re.sub(rb'(<c [^>]*?) t="(?:str|e)"([^>]*><f>)', rb"\1\2", part)
                part = re.sub(rb"<dataValidations.*</dataValidations>", b"", part, flags=re.DOTALL)
            bare.writestr(name, part)
    return target.getvalue()


def recalculate_all(made: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The workbooks as LibreOffice, started once, calculates and saves them; its profile lies in ``folder``."""
    (folder / "out").mkdir(exist_ok=True)
    given = {name: folder / f"given{number}.xlsx" for number, name in enumerate(made)}
    for name, path in given.items():
        path.write_bytes(strip_stored_values(made[name]))
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(folder / "out"), *map(str, given.values())],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return {name: (folder / "out" / path.name).read_bytes() for name, path in given.items()}


def recalculate(data: bytes, folder: Path) -> bytes:
    """The workbook as LibreOffice calculates and saves it; its profile lies in ``folder``."""
    return recalculate_all({"": data}, folder)[""]


def recalculated_all(made: Mapping[str, bytes], folder: Path) -> dict[str, openpyxl.Workbook]:
    """The workbooks as LibreOffice calculates them, values only."""
    saved = recalculate_all(made, folder)
    return {name: openpyxl.load_workbook(io.BytesIO(data), data_only=True) for name, data in saved.items()}


def recalculated(data: bytes, folder: Path) -> openpyxl.Workbook:
    """The workbook as LibreOffice calculates it, values only."""
    return recalculated_all({"": data}, folder)[""]
