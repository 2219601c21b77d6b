"""The first days at the desk (S-58): where there is no roster, or nothing in it yet, what to put where, in which order.

An empty folder is no mistake. Whoever runs the program there gets a roster to begin with and the order of steps; a
roster that is not filled yet is answered with the cells that are still blank.
"""

from __future__ import annotations

import contextlib
import html
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from greencomm import durable
from greencomm.adopted import FOLDER
from greencomm.errors import EmptyRoster, NothingToProcess, RosterError, UserError
from greencomm.intake.collect import found_in
from greencomm.intake.opening import ROSTER_NAME, ignorable
from greencomm.options import Options
from greencomm.roster import BATCH_SHEET, COMMUNITY_SHEET, GUIDE_SHEET, UNIT_SHEET, blanks_of
from greencomm.standard import load_standard
from greencomm.texts import one_line, printable

RUN = "python process.py"
FORMS = f"{RUN} forms"
_LARGEST_LIST = 1 << 20
"""Bytes of a workbook's list of sheets that are looked at; genuine ones have a few thousand."""
_SHEET = re.compile(r'<(?:\w+:)?sheet\s[^>]*?name="([^"]*)"')


@contextlib.contextmanager
def guided(options: Options, *, own_input: bool, own_roster: bool, forms: bool = False) -> Iterator[None]:
    """Around a command that needs the roster: where there is none, or one without contents, say how to begin.

    ``own_input`` and ``own_roster``: the person named the folder or the file; what is missing then is a slip of the pen,
    and nothing is written. ``forms``: the command issues forms, so that nothing needs to have been received yet.
    Raises NothingToProcess where nothing was received, else RosterError.
    """
    if not own_roster and not durable.is_there(options.roster) and (options.input.is_dir() or not own_input):
        raise _without_roster(options, forms=forms)
    try:
        yield
    except RosterError as error:
        blanks = _blanks(options.roster)
        if not blanks:
            raise
        besides = "" if isinstance(error, EmptyRoster) or "空白" in str(error) else f"另外：{error}\n"
        raise _unfilled(options, blanks, besides, forms=forms) from error
    except NothingToProcess as error:
        told = NothingToProcess(
            f"{error}\n还没有下发的：先用命令 {FORMS} 生成填报工作簿，再把 forms 文件夹中的工作簿发给各填报单位。\n"
            f"已经下发的：把收到的工作簿（邮件、压缩包也可以）放进“{options.input}”文件夹，再运行一次。"
        )
        for note in getattr(error, "__notes__", ()):
            told.add_note(note)
        raise told from error


def is_roster(path: Path) -> bool:
    """Whether a file has the sheets of a roster, by its list of sheets alone: nothing else of it is unpacked."""
    try:
        with zipfile.ZipFile(path) as package, package.open("xl/workbook.xml") as part:
            text = part.read(_LARGEST_LIST).decode("utf-8", "replace")
    except Exception:  # Whatever is no workbook is no roster.
        return False
    names = {html.unescape(name).strip() for name in _SHEET.findall(text)}
    return {BATCH_SHEET, UNIT_SHEET, COMMUNITY_SHEET} <= names


def received(folder: Path) -> int:
    """How many files lie in the input folder that may be somebody's submission."""
    if not folder.is_dir():
        return 0
    found = (name for name in found_in(folder) if name.lower() != ROSTER_NAME and not name.startswith(f"{FOLDER}/"))
    return sum(ignorable(name) is None for name in found)


def _without_roster(options: Options, *, forms: bool) -> UserError:
    folder, count = options.input, received(options.input)
    if meant := _misplaced(options):
        kind = RosterError if count or forms else NothingToProcess
        return kind(
            f"“{folder}”文件夹中没有名册“{ROSTER_NAME}”，但“{one_line(printable(str(meant)))}”看起来是名册。"
            f"请把它改名为“{ROSTER_NAME}”（电脑不显示扩展名的，改成“roster”），放在“{folder}”文件夹中，再运行一次。"
        )
    from greencomm.rosters_io import write_starter  # Only here: it loads what writes workbooks.

    with durable.speaking(options.roster, ""):
        durable.make_folder(options.roster.parent)
        write_starter(options.roster, load_standard(), options.run_date)
    if count:
        head = f"“{folder}”文件夹中有收到的文件，但没有名册，现在还不能审核；收到的文件没有改动。"
    elif forms:
        head = "还没有名册，现在还不能生成填报工作簿。"
    else:
        head = "这里还没有名册，也没有收到的工作簿。"
    steps = _steps(folder, replies=not count)
    return (RosterError if count or forms else NothingToProcess)(
        f"{head}程序已在“{folder}”文件夹中放好一份空白名册“{ROSTER_NAME}”。\n请按下面的次序做：\n{steps}\n"
        f"已有名册的，请用它换下这份空白的：放进“{folder}”文件夹，名称改为“{ROSTER_NAME}”。"
    )


def _steps(folder: Path, *, replies: bool) -> str:
    fill = (
        f"打开“{folder}”文件夹中的“{ROSTER_NAME}”，填好“{BATCH_SHEET}”“{UNIT_SHEET}”“{COMMUNITY_SHEET}”三张表"
        f"（怎么填见其中的“{GUIDE_SHEET}”表），保存并关闭。"
    )
    if not replies:
        steps = [fill, f"再运行一次（{RUN}），结果在 output 文件夹中。"]
    else:
        steps = [
            fill,
            f"用命令 {FORMS} 给每个填报单位生成一个填报工作簿，放在 forms 文件夹中。",
            "把这些工作簿发给各填报单位填写。",
            f"把各单位发回的工作簿（邮件、压缩包也可以，文件名不限）放进“{folder}”文件夹。",
            f"再运行一次（{RUN}），结果在 output 文件夹中。",
        ]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _misplaced(options: Options) -> Path | None:
    """A roster under another name in the input folder, or in the folder where the program was started."""
    for place in (options.input, Path(".")):
        try:
            names = sorted(entry.name for entry in os.scandir(place) if entry.is_file(follow_symlinks=False))
        except OSError:
            continue
        for name in names:
            if name.lower().endswith((".xlsx", ".xlsm")) and not name.startswith("~$") and is_roster(place / name):
                return place / name
    return None


def _blanks(roster: Path) -> list[str]:
    try:
        return blanks_of(roster, load_standard())
    except RosterError:
        # Damaged: the sentence about that says more.
        return []


def _unfilled(options: Options, blanks: list[str], besides: str, *, forms: bool) -> UserError:
    """What is still to be filled; ``besides`` is a mistake in what is filled already, as a line of its own."""
    kind = RosterError if forms or received(options.input) else NothingToProcess
    places = "\n".join(f"  ● {place}" for place in blanks)
    return kind(
        f"名册“{options.roster}”还没有填好，还要填：\n{places}\n{besides}"
        f"怎么填见其中的“{GUIDE_SHEET}”表；灰色的“例：”行是示例，不算数。填好、保存并关闭后，再运行一次。"
    )
