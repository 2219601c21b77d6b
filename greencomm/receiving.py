"""``python process.py receive FILE…``: copies of what came in are put into the input folder, never over anything (S-59).

Nothing at the source is moved or changed, and each copy is whole or absent. What has the same bytes as a file of the
input folder is not put there twice; other bytes under a name that is taken get a name of their own. Whatever is left
out is named with the reason.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from greencomm import durable
from greencomm.beginning import is_roster
from greencomm.errors import UserError
from greencomm.forms.names import file_name_part
from greencomm.intake.collect import Progress, found_in, same_file
from greencomm.intake.labels import unique
from greencomm.intake.opening import ROSTER_NAME, ignorable
from greencomm.options import Options
from greencomm.rosters_io import is_untouched_starter
from greencomm.standard import load_standard
from greencomm.texts import one_line, printable

MOST_FILES, MOST_BYTES = 5_000, 4 << 30
"""More than any season brings at once: whoever drops that much has taken a wrong folder, or the whole disk."""
MOST_ROWS, _MOST_GROUPS = 30, 10
"""Files of one list that the screen names, and folders by which it counts the others."""
_PATIENCE = 1.0
"""Seconds of looking through folders without a word."""
_LONGEST_PART, _LONGEST_BYTES, _LONGEST_PATH = 80, 200, 160
"""Characters and UTF-8 bytes of one name, characters of a path below the input folder: Windows stops at 260 in all."""
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""Names that Windows keeps for itself, with any extension."""
_SHORTCUTS = (".lnk", ".url", ".desktop")
_HOME = Path(__file__).resolve().parents[1]
"""The folder in which the program lies."""
_LAUNCHERS = ("运行.bat", "运行.sh", "process.py")
_OWN_FOLDERS = ("greencomm", "templates", "docs", "desk", "tools", "wheels", ".packages", ".venv", ".git")
_OWN_SUFFIXES = (".py", ".bat", ".sh", ".md", ".toml", ".in", ".desktop")
_OWN_TEXTS = ("请先看我.txt", "安装记录.txt")
_OWN_RESULT, _OWN_FILE = "程序自己的结果", "程序自己的文件"
_LINK = "这是快捷方式（链接），不是文件本身；请拖入它所指的文件"


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one file; where there are too many to name, those that need a word (``matters``) are named first."""

    text: str
    group: str = ""
    """Under what it is counted where it is not named: its folder, or why it was left out."""
    matters: bool = False


@dataclass
class Received:
    """What became of each file, in Chinese, and in the order in which they were found."""

    placed: list[Told] = field(default_factory=list)
    present: list[Told] = field(default_factory=list)
    left_out: list[Told] = field(default_factory=list)
    own: dict[str, list[Path]] = field(default_factory=dict)
    """Left out as well: what is the program's own, by what it is."""

    def lines(self, folder: Path) -> list[str]:
        """What the screen says, one line each: ``MOST_ROWS`` files of each list, and how many others there are.

        What was left out and may be somebody's submission (a link, a file that cannot be read) is always named: nothing
        else tells of it.
        """
        told = []
        see = f"，见“{folder}”文件夹"
        # A folder of results holds dozens of files with one and the same reason.
        own = [Told(_of_one_kind(what, paths), matters=True) for what, paths in self.own.items()]
        left_out = len(self.left_out) + sum(map(len, self.own.values()))
        for title, rows, always, where in (
            (f"已放进“{folder}”文件夹{len(self.placed)}个：", self.placed, False, see),
            (f"原来就在“{folder}”文件夹中的{len(self.present)}个，没有再放：", self.present, False, see),
            (f"没有放进去的{left_out}个：", [*self.left_out, *own], True, ""),
        ):
            told += [title, *_named(rows, always, where)] if rows else []
        return told or ["没有找到文件。"]


def _of_one_kind(what: str, paths: Sequence[Path]) -> str:
    if len(paths) == 1:
        return f"{_shown(paths[0])}：这是{what}，不是收到的文件。"
    try:
        common = os.path.commonpath([path.parent for path in paths])
    except ValueError:  # On different drives.
        common = ""
    return f"这{len(paths)}个文件是{what}，没有放" + (f"（都在“{_shown(Path(common))}”里）。" if common else "。")


def _named(rows: Sequence[Told], always: bool, where: str) -> list[str]:
    """A line for each file that is named, and one for all others; ``always``: whatever matters is named."""
    first = sorted(range(len(rows)), key=lambda number: not rows[number].matters)
    most = max(MOST_ROWS, sum(row.matters for row in rows)) if always else MOST_ROWS
    named, others = sorted(first[:most]), first[most:]
    lines = [f"  ● {rows[number].text}" for number in named]
    if others:
        groups = [rows[number].group for number in others]
        if len(set(groups)) > _MOST_GROUPS:
            groups = [group.partition("/")[0] for group in groups]
        counted = Counter(groups).most_common()
        parts = [f"“{group}”{number}个" if group else f"不在文件夹中的{number}个" for group, number in counted[:_MOST_GROUPS]]
        rest = f"，以及其他{len(counted) - _MOST_GROUPS}处的" if len(counted) > _MOST_GROUPS else ""
        by_group = f"（{'、'.join(parts)}{rest}）" if set(groups) != {""} else ""
        lines.append(f"  另外还有{len(others)}个{by_group}{where}。")
    return lines


@dataclass(frozen=True, slots=True)
class _Found:
    """A file to be put away; ``name`` is its path below the input folder, as far as it has its way."""

    path: Path
    name: str
    why_not: str = ""
    by_name: bool = False
    """Left out as the system's own, by its name alone: nobody's submission."""


def receive(paths: Sequence[Path], options: Options, progress: Progress | None = None) -> Received:
    """Put copies of these files, and of what lies in these folders, into the input folder.

    Raises UserError where a folder holds the program's own folders or far too much, OutputError where the input folder
    cannot be written; what was put there before that stays, whole.
    """
    home = options.input.resolve()
    found = _bearable(_found(paths, options), progress)
    told = Received()
    with durable.speaking(options.input, "已经放进去的文件是完整的；原来的文件没有改动。"):
        durable.make_folder(options.input)
        shelf = _Shelf(options.input)
        for number, each in enumerate(found):
            if progress:
                progress(number, len(found), each.name)
            if each.why_not != _LINK and each.path.resolve().is_relative_to(home):
                told.present.append(Told(_shown(each.path), _folder(each.name)))
            elif each.why_not in (_OWN_RESULT, _OWN_FILE):
                told.own.setdefault(each.why_not, []).append(each.path)
            elif each.why_not:
                told.left_out.append(Told(f"{_shown(each.path)}：{each.why_not}。", each.why_not, not each.by_name))
            else:
                _put(each, shelf, options, told)
        shelf.sync()
    return told


def _put(each: _Found, shelf: _Shelf, options: Options, told: Received) -> None:
    shown = _shown(each.path)
    unreadable = Told(f"{shown}：打不开，可能没有读取权限或正被其他程序占用。", "打不开", True)
    try:
        shelf.know(each.path.stat().st_size)
        sha256 = durable.file_sha256(each.path)
        # By what is in it: a county may call its workbook roster.xlsx, and a roster may have any name.
        roster = is_roster(each.path)
    except OSError:
        told.left_out.append(unreadable)
        return
    if there := shelf.same(sha256):
        same = "" if PurePosixPath(there).name == each.path.name else f"（内容与“{one_line(there)}”相同）"
        told.present.append(Told(f"{shown}{same}", _folder(each.name)))
        return
    name = each.name
    if roster:
        name = ROSTER_NAME
        if shelf.same_place(options.roster) and is_untouched_starter(options.roster, load_standard()):
            # Nobody has written anything in it: it is the program's own, and it stands in the way of the clerk's.
            durable.write_file(options.roster, each.path.read_bytes())
            told.placed.append(Told(f"{shown} → {ROSTER_NAME}（这是名册，换下了程序放的空白名册）", matters=True))
            return
        if durable.is_there(options.roster) or name in shelf:
            place = one_line(printable(str(options.roster)))
            told.left_out.append(Told(
                f"{shown}：这是名册，已有名册“{place}”，没有换掉它。确实要换的，请先把“{place}”移到别处保存，再放一次。", "名册", True
            ))  # fmt: skip
            return
    elif _is_roster_name(name):
        name = _for_submission(name)
    try:
        made = shelf.put(each.path, name, sha256)
    except _Unreadable:
        told.left_out.append(unreadable)
        return
    where = "" if made in (each.path.name, shown) else f" → {one_line(made)}"
    why = ""
    if roster:
        why = "（这是名册）"
    elif name != each.name:
        why = f"（内容不是名册，“{ROSTER_NAME}”是名册的名称，所以换了名称）"
    elif made != name:
        why = "（已有同名的文件，内容不同）"
    elif PurePosixPath(made).name != each.path.name:
        why = "（原名太长或有不能用的字符）"
    told.placed.append(Told(f"{shown}{where}{why}", _folder(made), bool(why)))


def _folder(name: str) -> str:
    """The folder of a path below the input folder, for counting."""
    return one_line(name.rpartition("/")[0])


def _is_roster_name(name: str) -> bool:
    """Whether what has this path below the input folder is taken for the roster."""
    return name.lower() == ROSTER_NAME


def _for_submission(name: str) -> str:
    """A name for a submission that is called as only the roster may be: ``报送_roster.xlsx``."""
    return f"报送_{name}"


class _Unreadable(Exception):
    """The source cannot be read, or is another one by now."""


class _Shelf:
    """The input folder: what lies there, by its bytes and by its names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sizes: dict[int, list[tuple[str, Path]]] = {}
        """What was there before, by size: only files of one size need to be compared."""
        self.taken: set[str] = set()
        """Names without regard to case, folders among them: on Windows those are one file."""
        self.hashes: dict[str, str] = {}
        self.folders: dict[Path, None] = {}
        for name, path in found_in(folder).items():
            self._take(path.relative_to(folder).as_posix())
            if durable.is_plain_file(path):
                self.sizes.setdefault(path.stat().st_size, []).append((name, path))
        self._hashed: set[int] = set()

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self.taken or durable.is_there(self.folder / name)

    def _take(self, name: str) -> None:
        self.taken.update(each.as_posix().casefold() for each in (PurePosixPath(name), *PurePosixPath(name).parents))

    def same_place(self, roster: Path) -> bool:
        """Whether the roster in use is the one in this folder."""
        return same_file(roster, self.folder / ROSTER_NAME)

    def know(self, size: int) -> None:
        """Have the hashes of all files of this size."""
        for name, path in self.sizes.get(size, ()) if size not in self._hashed else ():
            if _is_roster_name(name) and not is_roster(path):
                # No review looks at what has this name: a copy there would be as good as none.
                continue
            try:
                self.hashes.setdefault(durable.file_sha256(path), name)
            except OSError:
                continue
        self._hashed.add(size)

    def same(self, sha256: str) -> str | None:
        """The name of a file with these bytes."""
        return self.hashes.get(sha256)

    def put(self, source: Path, name: str, sha256: str) -> str:
        """Copy to ``name``, or to one like it that is free; returns the name that it got."""
        wanted = name
        while True:
            made = self._free(wanted)
            target = self.folder / made
            durable.make_folder(target.parent)
            try:
                durable.copy_in(source, target)
                break
            except FileExistsError:
                # Another window was quicker.
                self._take(made)
            except OSError as error:
                if error.filename == str(source) or not os.access(source, os.R_OK):
                    raise _Unreadable from None
                raise
        self._take(made)
        self.folders[target.parent] = None
        self.hashes.setdefault(sha256, made)
        return made

    def _free(self, name: str) -> str:
        parts = name.split("/")
        for depth in range(1, len(parts)):
            # A file where a folder is wanted, or a link that would lead out.
            tried: set[str] = set()
            own = parts[depth - 1]
            while os.path.lexists(above := self.folder / "/".join(parts[:depth])) and (above.is_symlink() or not above.is_dir()):
                tried.add(parts[depth - 1])
                parts[depth - 1] = unique(own, tried)
        name = "/".join(parts)
        taken: set[str] = set()
        made = name
        while made in self:
            taken.add(made)
            made = unique(name, taken)
        return made

    def sync(self) -> None:
        """Have the names of all copies on the disk."""
        durable.sync_all(self.folders)


# --- what was given ---------------------------------------------------------------------------------------------------


def _found(paths: Sequence[Path], options: Options) -> Iterator[_Found]:
    """Every file that was meant, once; what lies in a folder in the order of names, under the folder's name."""
    seen: set[Path] = set()
    for path in paths:
        whole = path.resolve()
        if whole.is_dir():
            _refuse_own(path, whole, options)
            name = path.name if path.name not in ("", "..") else whole.name
            inside = _below(path, legal_part(printable(name)) if name else "", options)
        else:
            inside = iter((_file(path, _legal(path.name), options),))
        for each in inside:
            if (place := each.path.parent.resolve() / each.path.name) not in seen:
                seen.add(place)
                yield each


def _refuse_own(path: Path, whole: Path, options: Options) -> None:
    for own, what in ((options.input, "放收到的文件的文件夹"), (options.output, "结果文件夹"), (options.archive, "运行记录文件夹")):
        inner = own.resolve()
        if inner != whole and inner.is_relative_to(whole):
            raise UserError(f"“{_shown(path)}”里面有程序自己的{what}“{own}”，没有放进去。请只选收到的文件，或者只放收到的文件的文件夹。")


def _below(folder: Path, name: str, options: Options) -> Iterator[_Found]:
    try:
        with os.scandir(folder) as listing:
            entries = list(itertools.islice(listing, MOST_FILES + 1))
    except OSError:
        yield _Found(folder, name, "文件夹打不开，可能没有读取权限")
        return
    if len(entries) > MOST_FILES:
        # Even the list of such a folder may take minutes to come over a network.
        raise _too_much(f"{MOST_FILES}个文件")
    entries.sort(key=lambda entry: os.fsencode(entry.name))
    for entry in entries:
        inner = f"{name}/{legal_part(printable(entry.name))}" if name else legal_part(printable(entry.name))
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), inner, options)
        elif entry.is_symlink():
            # Never followed: nobody asked for what lies elsewhere.
            yield _Found(Path(entry.path), inner, _LINK)
        else:
            yield _file(Path(entry.path), _legal(inner), options)


def _file(path: Path, name: str, options: Options) -> _Found:
    whole = path.resolve()
    if any(whole.is_relative_to(own.resolve()) for own in (options.output, options.archive)):
        return _Found(path, name, _OWN_RESULT)
    if _is_programs_own(whole):
        return _Found(path, name, _OWN_FILE)
    if same_file(path, options.roster):
        return _Found(path, name, "这就是正在使用的名册")
    try:
        mode = path.stat().st_mode
    except OSError:
        return _Found(path, name, "打不开，可能没有读取权限，或者是失效的快捷方式")
    if not stat.S_ISREG(mode):
        return _Found(path, name, "这不是普通文件（是管道、设备一类）")
    if path.name.lower().endswith(_SHORTCUTS):
        return _Found(path, name, _LINK)
    shown = f"{PurePosixPath(name).parent}/{printable(path.name)}"
    why = ignorable(shown)
    return _Found(path, name, why or "", by_name=bool(why))


def _is_programs_own(path: Path) -> bool:
    """Whether a file is part of the program: a launcher wherever it lies, a file of the program's folders, or one beside
    them that nobody receives. Workbooks that a clerk put beside the launchers are the clerk's."""
    if path.name in _LAUNCHERS:
        return True
    if not path.is_relative_to(_HOME):
        return False
    parts = path.relative_to(_HOME).parts
    if len(parts) > 1:
        return parts[0] in _OWN_FOLDERS
    return path.suffix.lower() in _OWN_SUFFIXES or path.name in _OWN_TEXTS or path.name.startswith("requirements")


def _too_much(limit: str) -> UserError:
    return UserError(f"要放进去的超过{limit}，太多了，可能选错了文件夹；没有放进任何文件。请只选收到的文件，或者分几次放。")


def _bearable(found: Iterator[_Found], progress: Progress | None) -> list[_Found]:
    """All that was found. Raises UserError as soon as it is more than a season can bring, before anything is copied.

    Not a file further is looked at then: a whole disk has hundreds of thousands, a network's takes minutes.
    """
    kept: list[_Found] = []
    size, began = 0, time.monotonic()
    for each in found:
        kept.append(each)
        with contextlib.suppress(OSError):
            size += each.path.stat().st_size if not each.why_not else 0
        if len(kept) > MOST_FILES or size > MOST_BYTES:
            much = f"{MOST_FILES}个文件" if len(kept) > MOST_FILES else f"{MOST_BYTES >> 30}GB"
            raise _too_much(much)
        if progress and time.monotonic() - began > _PATIENCE:
            progress(0, len(kept), f"正在查看所选的文件夹：{each.name}")
    return kept


# --- names ------------------------------------------------------------------------------------------------------------


def legal_part(name: str) -> str:
    """One name fit for Windows and Linux: nothing that they forbid, not too long, its extension kept."""
    text = file_name_part(name) or "_"
    stem, dot, suffix = text.rpartition(".")
    if not stem or len(suffix) > 8:
        stem, dot, suffix = text, "", ""
    if stem.partition(".")[0].strip().lower() in _DEVICES:
        stem = f"{stem}_"
    end = dot + suffix
    while len(stem + end) > _LONGEST_PART or len((stem + end).encode("utf-8", "replace")) > _LONGEST_BYTES:
        stem = stem[:-1]
    return stem.rstrip(". ") + end


def _legal(name: str) -> str:
    """A path below the input folder; one that is too long keeps its first folder and its name."""
    parts = [legal_part(printable(part)) for part in name.split("/")]
    if len("/".join(parts)) > _LONGEST_PATH:
        parts = [parts[0][:40].rstrip(". "), parts[-1]]
    return "/".join(parts)


def _shown(path: Path) -> str:
    return one_line(printable(str(path)))
