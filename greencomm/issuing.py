"""``python process.py forms``: one fill-in workbook for each reporting unit."""

from __future__ import annotations

import io
import os
from pathlib import Path

from greencomm.batch import Options, prepare
from greencomm.errors import OutputError
from greencomm.forms.issue import form_file_name, issue_workbook
from greencomm.intake.collect import Progress

FORMS_FOLDER = Path("forms")


def issue_forms(options: Options, *, direct: bool, progress: Progress | None = None) -> list[Path]:
    """Write the forms of all units; straight into ``--output`` where that was given, else into the folder ``forms``.

    Each file is whole or absent. Raises OutputError where the folder cannot be written.
    """
    standard, roster = prepare(options)
    folder = options.output if direct else FORMS_FOLDER
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, unit in enumerate(roster.units):
            if progress:
                progress(number, len(roster.units), unit.name)
            content = io.BytesIO()
            form_date = roster.batch.form_date or options.run_date
            issue_workbook(content, unit, roster, standard, form_date=form_date)
            path = folder / form_file_name(unit, roster)
            aside = path.with_name(path.name + ".tmp")
            aside.write_bytes(content.getvalue())
            os.replace(aside, path)
            made.append(path)
    except OSError as error:
        name = Path(str(error.filename or folder)).name
        raise OutputError(f"无法写入“{name}”：请关闭已打开的同名文件，检查文件夹是否允许写入后再运行。") from None
    return made
