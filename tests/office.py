"""Headless LibreOffice for tests: recalculates a workbook whose stored values were taken away.

Rules of entry go, too: they calculate nothing and cost LibreOffice a third of its time.
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
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


def recalculate(data: bytes, folder: Path) -> bytes:
    """The workbook as LibreOffice calculates and saves it; its profile lies in ``folder``."""
    (folder / "given.xlsx").write_bytes(strip_stored_values(data))
    (folder / "out").mkdir(exist_ok=True)
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(folder / "out"), str(folder / "given.xlsx")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return (folder / "out" / "given.xlsx").read_bytes()


def recalculated(data: bytes, folder: Path) -> openpyxl.Workbook:
    """The workbook as LibreOffice calculates it, values only."""
    return openpyxl.load_workbook(io.BytesIO(recalculate(data, folder)), data_only=True)
