"""``python process.py forms``: one fill-in workbook for each reporting unit."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from greencomm import durable
from greencomm.archive import folder_key, next_number
from greencomm.batch import Options, about_open, adopted_by, prepare
from greencomm.errors import OutputError
from greencomm.forms.issue import form_file_name, issue_workbook
from greencomm.intake.collect import Progress
from greencomm.outputs import TEMPLATES
from greencomm.outputs.annex2 import check_year

FORMS_FOLDER = Path("forms")
_ISSUED = "issued.json"


@dataclass
class Issued:
    """What ``forms`` wrote, and what the person should know besides, in Chinese."""

    made: list[Path] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    folder: Path = FORMS_FOLDER


def issue_forms(options: Options, *, direct: bool, progress: Progress | None = None) -> Issued:
    """Write the forms of all units; straight into ``--output`` where that was given, else into the folder ``forms``.

    Each file is whole or absent; a form in the folder that was filled or changed by hand is kept under the archive before
    a new one takes its place. A form that is held open costs only itself. Raises OutputError that names what could not
    be written, after all others were.
    """
    standard, roster = prepare(options)
    # Not only when the filled forms are back: the results of the year would have no place.
    check_year(TEMPLATES / "annex2.xlsx", standard, roster.batch.year)
    adopted = adopted_by(options, standard, roster)
    folder = options.output if direct else FORMS_FOLDER
    form_date = roster.batch.form_date or options.run_date
    issued, held = Issued(folder=folder), []
    issued.notices += [*about_open(options.roster), *roster.placeholders, *roster.about_dates]
    with _Desk(options.archive, folder) as desk:
        for number, unit in enumerate(roster.units):
            if progress:
                progress(number, len(roster.units), unit.name)
            content = io.BytesIO()
            issue_workbook(content, unit, roster, adopted.of(unit), form_date=form_date)
            name = form_file_name(unit, roster)
            try:
                kept = desk.put(name, content.getvalue())
            except (PermissionError, IsADirectoryError):
                held.append(name)
                continue
            issued.made.append(folder / name)
            if adopted.of(unit).base is not None:
                issued.notices.append(f"“{name}”按{unit.name}的自定标准“{adopted.of(unit).id}”生成。")
            if kept:
                issued.notices.append(f"“{name}”已被填写或改动过，现已换成新的空白表；原来的文件保存在“{kept}”。")
    if held:
        names = "、".join(f"“{name}”" for name in held)
        error = OutputError(
            f"无法写入{names}：可能正在 Excel 或 WPS 中打开，或者位置被同名的文件夹占用。请关闭或移走后再运行。"
            f"其余{len(issued.made)}个填报工作簿已经写好。"
        )
        for notice in issued.notices:
            error.add_note(notice)
        raise error
    return issued


class _Desk:
    """Where forms are finished before they are put into their folder; nothing unfinished ever lies in that one."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self.archive, self.folder = archive, folder
        self.work = archive / "work" / f"forms-{folder_key(archive, folder)}"
        self.issued: dict[str, str] = {}
        """Hashes of the forms as this program last wrote them, by name."""

    def __enter__(self) -> _Desk:
        with durable.speaking(self.work, ""):
            durable.make_folder(self.work)
            self._lock = FileLock(self.work / durable.LOCK)
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                raise OutputError("另一个程序窗口正在生成填报工作簿，请等它结束后再运行。") from None
        with self._released_on_error(), durable.speaking(self.folder, ""):
            with contextlib.suppress(OSError, ValueError):
                self.issued = dict(json.loads((self.work / _ISSUED).read_bytes()))
            durable.make_folder(self.folder)
            durable.remove_tree(self.work / "aside")
            (self.work / "aside").mkdir()
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        try:
            with contextlib.suppress(OSError):
                durable.remove_tree(self.work / "aside")
            if isinstance(error, OSError):
                raise OutputError(durable.complaint(error, self.folder) + "已经写好的填报工作簿没有改动。") from None
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def _released_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._lock.release()
            raise

    def put(self, name: str, data: bytes) -> Path | None:
        """Write one form; where the one it replaces was not as this program wrote it, the path of the copy that was kept."""
        place, aside, digest = self.folder / name, self.work / "aside" / name, durable.bytes_sha256(data)
        # What a killed run may leave where the system has no nameless files.
        place.with_name(name + durable.ASIDE).unlink(missing_ok=True)
        kept = None
        if durable.is_there(place):
            if durable.holds(place, digest):
                self._remember(name, digest)
                return None
            if place.is_dir():
                raise IsADirectoryError(str(place))
            durable.check_replaceable(place)
            if not durable.holds(place, self.issued.get(name)):
                changed = self.archive / "changed" / "forms"
                durable.make_folder(changed)
                folder = changed / f"{next_number(changed):04d}"
                durable.make_folder(folder)
                kept = folder / name
                durable.copy_in(place, kept)
                durable.sync(folder)
        durable.write_file(aside, data)
        # Remembered only afterwards: after a kill in between, a copy too many is kept rather than one too few.
        if place.parent.stat().st_dev == aside.parent.stat().st_dev:
            os.replace(aside, place)
        else:
            beside = place.with_name(name + durable.ASIDE)
            durable.copy_in(aside, beside)
            os.replace(beside, place)
        durable.sync(self.folder)
        self._remember(name, digest)
        return kept

    def _remember(self, name: str, digest: str) -> None:
        if self.issued.get(name) != digest:
            self.issued[name] = digest
            durable.write_file(self.work / _ISSUED, json.dumps(self.issued, ensure_ascii=False, indent=1).encode())
