"""Which standard each reporting unit follows (D-14): the prefecture's, or its own as the roster's column 标准 names it.

Counties' standards lie in the folder 标准 beside the roster that names them (S-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from greencomm.errors import RosterError, StandardError
from greencomm.roster import UNIT_SHEET, Roster, Unit, UnitColumn
from greencomm.standard import Standard, load_local_standard
from greencomm.standard.local import local_id
from greencomm.texts import normal_label

FOLDER = "标准"
_SUFFIX = ".toml"
_BESIDE = {_SUFFIX, ".txt", ".md", ".pdf", ".doc", ".docx", ".wps", ".ofd"}
"""What lies in the folder of standards without being anybody's submission: the standards, and the documents they rest on."""
_NOT_USED = "这是自定标准，名册中没有单位采用它"
_DOCUMENT = "这是与自定标准放在一起的文件，不是报送材料"


@dataclass(frozen=True)
class Adopted:
    """The prefecture's standard, and the local ones in use."""

    standard: Standard
    own: Mapping[str, Standard] = field(default_factory=dict)
    """Local standards by the code of the unit that follows them."""
    files: Mapping[Path, str | None] = field(default_factory=dict)
    """What lies in the folder of standards: None where it is in use, else why it is not, in Chinese."""

    def of(self, unit: Unit) -> Standard:
        """The standard that ``unit`` is scored by."""
        return self.own.get(unit.code, self.standard)

    @cached_property
    def local(self) -> tuple[Standard, ...]:
        """The local standards in use, each once, in the order of units."""
        return tuple({standard.id: standard for standard in self.own.values()}.values())


def standards_folder(roster: Path) -> Path:
    """Where counties' own standards lie unless another folder is given."""
    return roster.parent / FOLDER


def adopt(folder: Path, standard: Standard, roster: Roster) -> Adopted:
    """Read the standards that units of the roster name, from ``folder``.

    Raises RosterError for a name that no file has, with those there are; StandardError for a damaged file that is needed.
    """
    shelf = _Shelf(folder, standard)
    own: dict[str, Standard] = {}
    for unit in roster.units:
        if unit.standard and normal_label(unit.standard) not in shelf.of_prefecture:
            own[unit.code] = shelf.take(unit)
    return Adopted(standard, own, shelf.files())


class _Shelf:
    """The files of one folder, read as they are asked for."""

    def __init__(self, folder: Path, standard: Standard) -> None:
        self.folder, self.standard = folder, standard
        self.of_prefecture = {normal_label(name) for name in (standard.id, standard.file_name)}
        self.loaded: dict[Path, Standard] = {}
        try:
            self.there = sorted(path for path in folder.iterdir() if path.suffix.lower() in _BESIDE and path.is_file())
        except OSError:
            self.there = []
        self.paths = [path for path in self.there if path.suffix.lower() == _SUFFIX]

    def take(self, unit: Unit) -> Standard:
        """The standard that a unit names by its id or by the name of its file."""
        wanted = normal_label(unit.standard)
        named = [path for path in self.paths if wanted in (normal_label(path.name), normal_label(path.stem))]
        ids, damaged = self._ids()
        meant = [path for path, own_id in ids.items() if normal_label(own_id) == wanted] or named
        if len(meant) > 1:
            both = "、".join(f"“{path.name}”" for path in meant)
            raise StandardError(f"“{self.folder.name}”文件夹中有几个标准的编号 id 都是“{unit.standard}”：{both}。请只保留一个，或改正编号。")
        if not meant and damaged:
            # It may be the one that is meant.
            raise damaged[0]
        if not meant:
            raise self._unknown(unit, list(ids.values()))
        path = meant[0]
        if path not in self.loaded:
            self.loaded[path] = load_local_standard(path, self.standard)
        return self.loaded[path]

    def _ids(self) -> tuple[dict[Path, str], list[StandardError]]:
        ids: dict[Path, str] = {}
        damaged: list[StandardError] = []
        for path in self.paths:
            try:
                ids[path] = local_id(path)
            except StandardError as error:
                damaged.append(error)
        return ids, damaged

    def _unknown(self, unit: Unit, ids: list[str]) -> RosterError:
        if ids:
            known = f"“{self.folder.name}”文件夹中现有：{'、'.join(ids)}。请改正"
        else:
            known = f"“{self.folder}”文件夹中没有标准文件。请把标准文件（.toml）放进去"
        return RosterError(
            f"名册的工作表“{UNIT_SHEET}”：“{unit.name}”的“{UnitColumn.STANDARD}”写的是“{unit.standard}”，找不到这个标准。"
            f"{known}；按州标准评分的，请把这一格留空。"
        )

    def files(self) -> dict[Path, str | None]:
        """What lies in the folder and what became of it."""
        return {
            path: None if path in self.loaded else _NOT_USED if path in self.paths else _DOCUMENT for path in self.there
        }
