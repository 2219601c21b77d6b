"""Command line: arguments, exit status, and nothing heavy until it is needed."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import difflib
import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from greencomm import __version__, spelling
from greencomm.errors import OutputError, UserError, keep_traceback
from greencomm.machine import print_json, print_json_bytes
from greencomm.spelling import COMMANDS, HELP_WORDS
from greencomm.texts import visible
from greencomm.usage import as_started, page

if TYPE_CHECKING:
    from greencomm.batch import Options
    from greencomm.rollup import Rolled

PHASES = {"self-evaluation": "self-evaluation", "annual": "annual", "自评": "self-evaluation", "年度总结": "annual"}
OPENING = ("run", "receive", "forms", "rollup")
"""Commands after which ``--open`` shows a folder."""
INTERRUPTED = 130


class UsageError(UserError):
    """The command line cannot be understood."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    for option in ("--input", "--output", "--roster", "--archive", "--annex2", "--standards", "--standard", "--run"):
        parser.add_argument(option, type=Path)
    for option in ("--year", "--phase", "--date", "--reason", "--who"):
        parser.add_argument(option)
    parser.add_argument("--unit", action="append", default=[])
    for option in ("--accept-open", "--reopen", "--open", "--json"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--version", action="store_true")
    return parser


def _options_known() -> tuple[set[str], set[str]]:
    """All options, and those that take a value."""
    actions = _parser()._actions
    known = {option for action in actions for option in action.option_strings}
    return known, {option for action in actions if action.nargs is None for option in action.option_strings}


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line, after ``spelling.put_right``. Raises UsageError with what was probably meant."""
    known, takes_value = _options_known()
    expecting = ""
    for word in argv:
        if expecting:
            if word.startswith("--") or not word.strip():
                raise UsageError(f"选项 {expecting} 后面缺少内容。{_example(expecting)}")
            expecting = ""
            continue
        name = word.split("=", 1)[0]
        if word.startswith(("-", "－")) and word != "-" and name not in known:
            hint = spelling.near_option(word, known)
            if os.path.lexists(word):
                hint = f"文件名以横线开头的，前面要加上“./”：./{word}。"
            raise UsageError(f"不认识的选项 {word}。{hint}{_SEE_HELP}")
        if word.startswith("--") and "=" in word and name not in takes_value:
            raise UsageError(f"选项 {name} 后面不需要写内容。")
        if word.startswith("--") and "=" in word and not word.partition("=")[2].strip():
            # An empty path would stand for the folder at hand, and be written to.
            raise UsageError(f"选项 {name} 后面缺少内容。{_example(name)}")
        expecting = word if word in takes_value else ""
    if expecting:
        raise UsageError(f"选项 {expecting} 后面缺少内容。{_example(expecting)}")
    args = _parser().parse_intermixed_args(list(argv))
    command, *rest = args.words or ["run"]
    if args.version:
        return args
    if command not in COMMANDS:
        hint = _named_path(args.words) or spelling.near_command(command, known, rest)
        raise UsageError(f"不认识的命令“{command}”。{hint}{_SEE_HELP}")
    if command == "receive" and not rest:
        raise UsageError("请写明收到的文件，例如：python process.py receive 楚雄市.xlsx")
    if args.open and command not in OPENING:
        raise UsageError(f"选项 --open 不用于 {command}：它不写结果文件夹。{_SEE_HELP}")
    if command == "check" and not rest:
        raise UsageError("请写明要自查的文件，例如：python process.py check 楚雄市.xlsx")
    if args.run is not None and command != "rollup":
        raise UsageError("选项 --run 只用于汇总（先审核其中的各个地区），例如：python process.py rollup --run 云南省")
    if args.run is not None and (rest or args.input is not None):
        raise UsageError("写了 --run 的，审核和汇总的就是这个文件夹中的各个地区，不再写其他文件夹。")
    if command == "rollup" and not rest and args.run is None:
        raise UsageError("请写明要汇总的结果文件夹，例如：python process.py rollup 楚雄州/2021-annual 大理州/2021-annual")
    if command not in ("check", "rollup", "receive") and rest:
        if second := spelling.meant_command(rest[0]):
            also = "" if second == command else f"；要用的是 {second}，请写：python process.py {second}"
            raise UsageError(f"命令只写一个就够了：python process.py {command}{also}。{_SEE_HELP}")
        raise UsageError(f"多余的内容“{rest[0]}”。{spelling.near_command(rest[0], known - {'--help'}, rest[1:])}{_SEE_HELP}")
    if command == "replay" and args.standard is None:
        raise UsageError("请写明用哪个标准重算，例如：python process.py replay --standard 新标准.toml --year 2021")
    for option, value in (("--standard", args.standard), ("--unit", args.unit)):
        if value and command != "replay":
            raise UsageError(f"选项 {option} 只用于 replay（用另一个标准重算）。{_SEE_HELP}")
    if command != "close":
        for option in ("annex2", "reason", "who", "accept_open", "reopen"):
            if getattr(args, option):
                raise UsageError(f"选项 --{option.replace('_', '-')} 只用于封存，例如：python process.py close --year 2021")
    args.command, args.files = command, rest
    return args


def _help_wanted(words: Sequence[str]) -> str | None:
    """The page of help that is asked for, whatever else was written; None where none is.

    Raises UsageError where it is asked for a command that there is none of.
    """
    named = [command for word in words if not word.startswith("-") and (command := spelling.meant_command(word))]
    if "--help" not in words and HELP_WORDS[0] not in named[:2]:
        return None
    others = [word for word in words if word != "--help" and spelling.meant_command(word) != HELP_WORDS[0]]
    if len(others) == 1 and spelling.meant_command(others[0]) is None and not others[0].startswith("-"):
        raise UsageError(f"没有“{others[0]}”这个命令。{spelling.nearest_command(others[0])}{_SEE_HELP}")
    return page(next((command for command in named if command in COMMANDS), None))


_SEE_HELP = "可以用 python process.py --help 查看用法。"


def _named_path(words: Sequence[str]) -> str:
    """What to write where the first word is a file or folder, as when it was dropped on the program; else empty."""
    first = Path(words[0])
    if not os.path.lexists(first):
        return ""
    named = " ".join(_quoted(word) for word in words)
    if first.is_dir():
        if (first / "result.json").is_file():
            return f"要汇总这个地区的结果，请写：python process.py rollup {named}\n"
        return f"要审核这个文件夹中收到的文件，请写：python process.py receive {named}\n"
    if first.suffix.lower() == ".toml":
        return f"要用这个标准重算，请写：python process.py replay --standard {_quoted(words[0])}\n"
    return (
        f"\n收到的文件要放进 input 文件夹并审核，请写：python process.py receive {named}\n"
        f"要自查这个文件，请写：python process.py check {named}\n"
    )


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def _example(option: str) -> str:
    examples = {"--year": "2021", "--phase": "annual", "--date": "2021-10-18", "--roster": "input/roster.xlsx",
                "--reason": "双柏县补报两个社区", "--who": "王某", "--annex2": "2021年附件2.xlsx",
                "--standard": "新标准.toml", "--unit": "楚雄市", "--run": "云南省"}  # fmt: skip
    return f"例如：{option} {examples.get(option, '文件夹')}"


def existing_files(words: Sequence[str], folder: Path, command: str = "check") -> list[Path]:
    """The files that are meant, ``*`` and ``?`` filled in where the console has not done so; ``receive`` takes folders too.

    Raises UsageError for what is not there, with what was probably meant.
    """
    paths: list[Path] = []
    for word in words:
        if os.path.isdir(word) and command == "check":
            example = _check_command(os.path.join(word, "*.xlsx"))
            raise UsageError(f"“{word}”是文件夹，请写明其中的文件。全部自查可以写：{example}")
        meant = [Path(word)] if os.path.lexists(word) else [Path(name) for name in sorted(glob.glob(word)) if os.path.isfile(name)]
        if not meant:
            raise UsageError(f"找不到文件“{word}”，请检查文件名是否写对。{_meant(words, Path(word), folder, command)}")
        paths += meant
    return paths


def existing_folders(words: Sequence[str]) -> list[Path]:
    """The folders that are meant, ``*`` and ``?`` filled in where the console has not done so.

    Raises UsageError for what is not there. A file is left to the rollup, which names it; ``result.json`` stands for its folder.
    """
    paths: list[Path] = []
    for word in words:
        meant = [Path(word)] if os.path.lexists(word) else [Path(name) for name in sorted(glob.glob(word)) if os.path.isdir(name)]
        if not meant:
            joined = " ".join(words)
            hint = f"文件夹名中有空格的，要用英文双引号括起来：\"{joined}\"" if len(words) > 1 and os.path.isdir(joined) else ""
            raise UsageError(f"找不到文件夹“{word}”，请检查文件夹名是否写对。{hint}")
        paths += meant
    return paths


def _meant(words: Sequence[str], missing: Path, folder: Path, command: str) -> str:
    """What may have been meant by a file that is not there: a name with blanks, a near name, one in the input folder."""
    joined = " ".join(words)
    if len(words) > 1 and os.path.isfile(joined):
        return f"文件名中有空格的，要用英文双引号括起来：python process.py {command} {_quoted(joined)}"
    for place in (missing.parent, folder):
        try:
            names = sorted(entry.name for entry in os.scandir(place) if entry.is_file() and not entry.name.startswith("~$"))
        except OSError:
            continue
        stems = {Path(name).stem: name for name in names}
        # 楚雄市.xlsx stands for 楚雄市绿色社区填报.xlsx as well as for 楚雄.xlsx.
        inside = [each for each in stems if min(len(each), len(missing.stem)) > 1 and (missing.stem in each or each in missing.stem)]
        inside.sort(key=lambda stem: abs(len(stem) - len(missing.stem)))
        for stem in (missing.name, missing.stem, *inside, *difflib.get_close_matches(missing.stem, stems, n=1)):
            if stem in stems:
                return f"您是不是想写：python process.py {command} {_quoted(str(place / stems[stem]))}"
    return ""


def _check_command(file: str) -> str:
    return f"python process.py check {_quoted(file)}"


def _options(args: argparse.Namespace) -> Options:
    from greencomm.batch import Options

    folder = args.input or Path("input")
    year = None
    if args.year is not None:
        stated = spelling.folded(args.year)
        if not (stated.isascii() and stated.isdigit() and len(stated) == 4):
            raise UsageError(f"年度“{args.year}”应写成4位数字，例如：--year {spelling.meant_year(args.year) or 2021}")
        year = int(stated)
    phase = None
    if args.phase is not None:
        stated = spelling.folded(args.phase)
        if stated not in PHASES:
            raise UsageError(f"阶段“{args.phase}”应写成 self-evaluation（自评）或 annual（年度总结），例如：--phase 年度总结")
        phase = PHASES[stated]
    if args.standards is not None and not args.standards.is_dir():
        raise UsageError(f"找不到标准文件夹“{args.standards}”，请检查 --standards 后面的文件夹名是否写对。")
    date = datetime.date.today()
    if args.date is not None:
        try:
            date = datetime.datetime.strptime(spelling.folded(args.date), "%Y-%m-%d").date()
        except ValueError:
            meant = spelling.meant_day(args.date)
            hint = f"您是不是想写：--date {meant}" if meant else "例如：--date 2021-10-18（要写日历上有的日子）"
            raise UsageError(f"日期“{args.date}”应写成年-月-日，{hint}") from None
    return Options(
        input=folder,
        output=args.output or Path("output"),
        roster=args.roster or folder / "roster.xlsx",
        archive=args.archive or Path("archive"),
        run_date=date,
        year=year,
        phase=phase,
        standards=args.standards,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status of the contract. Never raises for what a person did."""
    for stream in (sys.stdout, sys.stderr):
        # A GBK console must never break on a rare character.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    words = spelling.put_right(sys.argv[1:] if argv is None else argv, *_options_known())
    as_json = "--json" in words
    archive = Path("archive")
    try:
        if wanted := _help_wanted(words):
            print(as_started(wanted), end="")
            return 0
        args = _parse(words)
        if args.version:
            print(__version__)
            return 0
        options = _options(args)
        archive = options.archive
        return _dispatch(args, options)
    except UserError as error:
        _notify(_notes(error))
        if _was_interrupted(error):
            return _complain("已按您的要求停止。", INTERRUPTED, as_json)
        return _complain(str(error), error.exit_status, as_json)
    except (Exception, KeyboardInterrupt) as error:
        _notify(_notes(error))
        if _was_interrupted(error):
            return _complain("已按您的要求停止。" if _notes(error) else "已按您的要求停止；原有结果没有改动。", INTERRUPTED, as_json)
        return _complain(_crash(archive, _notes(error)), 4, as_json)


def leave(status: int) -> NoReturn:
    """End the process with this exit status, without taking apart what a run has made: millions of objects, half a second.

    All files are closed by then, and all other processes have ended.
    """
    for stream in (sys.stdout, sys.stderr):
        # Whoever was to read it may have left: the work is done all the same.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or what a library made of it while it cleaned up (zipfile refuses to close what is half written)."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _complain(message: str, status: int, as_json: bool) -> int:
    if as_json:
        print_json({"error": message, "exit_status": status})
    print(as_started(visible(message)), file=sys.stderr)
    return status


def _notes(error: BaseException) -> list[str]:
    """What an error carries besides: sentences about earlier runs (archive.Publication)."""
    return list(getattr(error, "__notes__", ()))


def _notify(notices: Sequence[str]) -> None:
    for notice in notices:
        print(as_started(f"请注意：{notice}"), file=sys.stderr)


def _crash(archive: Path, notes: Sequence[str]) -> str:
    """Keep what only a programmer can read in a file, and say so in one sentence; ``notes`` tell what has been done by then."""
    message = "程序内部出错，没有全部做完。" if notes else "程序内部出错，没有完成；原有结果没有改动。"
    log = keep_traceback(archive)
    if log is None:
        return message + "请把使用的文件发给软件维护人员。"
    return message + f"请把“{log}”发给软件维护人员。"


def _dispatch(args: argparse.Namespace, options: Options) -> int:
    from greencomm import screen

    if args.command == "forms":
        return _forms(args, options)
    if args.command == "replay":
        return _replay(args, options)
    if args.command == "rollup":
        return _rollup(args, options)
    if args.command == "close":
        return _close(args, options)
    from greencomm import batch

    if args.command == "check":
        files = existing_files(args.files, options.input)
        with screen.progress(quiet=args.json, title="正在读取") as step:
            checked = batch.check(files, options, step)
        with _reader_may_leave():
            if args.json:
                _notify(checked.notices)
                print_json(checked.document)
            else:
                screen.show_check(checked)
        return 1 if checked.has_send_back else 0
    if args.command == "receive":
        _receive(args, options)
    with _guided(args, options), screen.progress(quiet=args.json, title="正在审核") as step:
        outcome = batch.run(options, step)
    with _reader_may_leave():
        if args.json:
            _notify(outcome.notices)
            print_json(outcome.document)
        else:
            screen.show_run(outcome)
    _show(args, outcome.folder)
    return 1 if outcome.has_send_back else 0


@contextlib.contextmanager
def _guided(args: argparse.Namespace, options: Options) -> Iterator[None]:
    """How to begin, where there is no roster yet; with ``--open`` the folder that it is to be filled in is shown."""
    from greencomm.beginning import guided
    from greencomm.errors import NothingToProcess, RosterError

    own_input, own_roster = args.input is not None, args.roster is not None
    try:
        with guided(options, own_input=own_input, own_roster=own_roster, forms=args.command == "forms"):
            yield
    except (NothingToProcess, RosterError):
        _show(args, options.input)
        raise


def _show(args: argparse.Namespace, folder: Path | None) -> None:
    """Open a folder where that was asked for; everything is in place by now."""
    if args.open and folder is not None:
        from greencomm.desktop import show_folder

        show_folder(folder)


def _receive(args: argparse.Namespace, options: Options) -> None:
    """Put what came in into the input folder, and say so."""
    from greencomm import screen
    from greencomm.receiving import receive

    if args.input is not None and not options.input.is_dir():
        raise UsageError(f"找不到输入文件夹“{options.input}”，请检查 --input 后面的文件夹名是否写对。")
    paths = existing_files(args.files, options.input, "receive")
    with screen.progress(quiet=args.json, title="正在放入") as step:
        received = receive(paths, options, step)
    with _reader_may_leave():
        screen.show_received(received.lines(options.input), aside=args.json)


def _forms(args: argparse.Namespace, options: Options) -> int:
    from greencomm import screen
    from greencomm.issuing import issue_forms

    with _guided(args, options), screen.progress(quiet=args.json, title="正在生成填报工作簿") as step:
        issued = issue_forms(options, direct=args.output is not None, progress=step)
    with _reader_may_leave():
        if args.json:
            _notify(issued.notices)
        screen.show_forms(issued.made, issued.notices, as_json=args.json)
    _show(args, issued.folder)
    return 0


def _replay(args: argparse.Namespace, options: Options) -> int:
    """``replay`` shows and at most writes one workbook that is asked for; whatever comes out, its exit status is 0."""
    from greencomm import screen
    from greencomm.replay import closed_options, replay, replay_document, write_workbook

    options, notices = closed_options(options, given_input=args.input is not None, given_roster=args.roster is not None)
    with screen.progress(quiet=args.json, title="正在读取") as step:
        done = replay(options, args.standard, args.unit, step)
    if args.output is not None:
        write_workbook(args.output, done, options)
    with _reader_may_leave():
        if args.json:
            _notify(notices)
            print_json(replay_document(done))
        else:
            screen.show_replay(done, args.output, notices)
    return 0


def _run_tree(args: argparse.Namespace, options: Options) -> Rolled:
    from greencomm import screen
    from greencomm.tree import TreeOptions, run_tree

    if not args.run.is_dir():
        raise UsageError(f"找不到文件夹“{args.run}”，请检查 --run 后面的文件夹名是否写对。")
    given = TreeOptions(args.run, options.run_date, args.output, args.archive, args.roster, options.year, options.phase)
    with screen.progress(quiet=args.json, title="正在审核和汇总", percent=True) as step:
        return run_tree(given, step)


def _rollup(args: argparse.Namespace, options: Options) -> int:
    from greencomm import screen

    done = _run_tree(args, options) if args.run is not None else _roll_up(args, options)
    with _reader_may_leave():
        if args.json:
            _notify(done.notices)
            print_json_bytes(done.document)
        else:
            screen.show_rollup(done)
    _show(args, done.folder)
    return 1 if done.province.to_correct else 0


def _roll_up(args: argparse.Namespace, options: Options) -> Rolled:
    from greencomm import screen
    from greencomm.rollup import RollupOptions, rollup

    given = RollupOptions(
        folders=tuple(existing_folders(args.files)),
        output=options.output,
        archive=options.archive,
        run_date=options.run_date,
        roster=args.roster,
        year=options.year,
        phase=options.phase,
    )
    with screen.progress(quiet=args.json, title="正在汇总") as step:
        return rollup(given, step)


def _close(args: argparse.Namespace, options: Options) -> int:
    from greencomm import screen
    from greencomm.closing import Wish, close

    wish = Wish(args.accept_open, args.reopen, args.reason or "", args.who or "", args.annex2)
    with screen.progress(quiet=args.json, title="正在封存") as step:
        done = close(options, wish, step)
    with _reader_may_leave():
        if args.json:
            _notify(done.notices)
            print_json(done.document)
        else:
            screen.show_close(done)
    return 0 if done.closed or done.reopened else 1


@contextlib.contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Whoever reads our output may have had enough (``| more``): no error, and the exit status stays the command's own."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # Rich makes the one into the other. What is still to be written goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError("屏幕上的内容没有能全部写出来：接收它的文件写不进去，例如磁盘已满。已经写好的结果没有受影响。") from None
