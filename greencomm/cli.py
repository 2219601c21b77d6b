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

from greencomm import __version__
from greencomm.errors import UserError
from greencomm.machine import print_json, print_json_bytes
from greencomm.texts import visible

if TYPE_CHECKING:
    from greencomm.batch import Options

COMMANDS = ("run", "forms", "check", "close", "replay", "rollup")
PHASES = {"self-evaluation": "self-evaluation", "annual": "annual", "自评": "self-evaluation", "年度总结": "annual"}
INTERRUPTED = 130

HELP = f"""绿色社区创建评价数据审核程序 {__version__}

用法：python process.py [命令] [选项]

命令：
  （不写）          审核 input 文件夹中各县市报送的工作簿，结果写到 output 文件夹
  forms             生成下发给各填报单位的填报工作簿
  check 文件…       报送前自查一个或几个工作簿，只在屏幕上显示，不写结果
  close             封存一个年度：当年的名单和结果成为以后各年的依据，不再改变
  replay            用另一个标准重算一个年度的填报，看谁的结果会变、由哪些条款引起（不改变任何结果）
  rollup 文件夹…    把几个地区（州、市）的结果汇总成上一级的附件2：个数和社区总数相加，不平均

选项：
  --input 文件夹    各县市报送的文件所在的文件夹（默认 input）
  --output 文件夹   结果写到哪里（默认 output）
  --roster 文件     名册（默认是 input 中的 roster.xlsx）
  --standards 文件夹  县（市）自定标准所在的文件夹（默认是名册旁边的“标准”文件夹）
  --archive 文件夹  运行记录保存在哪里（默认 archive）
  --year 年度       例如 2021（默认按名册）
  --phase 阶段      self-evaluation（自评）或 annual（年度总结）（默认按名册）
  --standard 文件   只用于 replay：用来重算的标准文件（.toml）
  --unit 单位       只用于 replay：只在这个填报单位上重算（可以写几次）
  --date 日期       运行日期，例如 2021-10-18（默认今天）
  --json            只输出 JSON，供其他程序读取
  --help            显示这段说明

只用于 close 的选项：
  --accept-open     还有“退回”问题没有解决也封存，并把这些问题记入档案
  --annex2 文件     封存档案中没有的年度，从当年上报的附件2导入（须写 --year）
  --reopen          重新打开已封存的年度（须写 --reason）
  --reason 文字     重新打开的原因
  --who 姓名        由谁封存或重新打开（默认是电脑的登录名）

rollup 给出的文件夹是各地区的结果文件夹（如 output 中的“2021-annual”）、封存的年度文件夹（如 archive 中的“2021”），或者放着它们的文件夹。
--roster 是本级的名册（工作表“批次”和“地区”），用来核对缺报的地区；不给也可以。结果写到 output 的“年度-阶段-rollup”文件夹。
有地区缺报、没有计入，或者还有“退回”问题没有解决（已封存的除外）的，退出码是1，屏幕上写明还要做什么。

例子：
  python process.py
  python process.py forms --output 下发表格
  python process.py check 楚雄市.xlsx
  python process.py --input 收到的附件 --date 2021-10-18
  python process.py close --year 2021 --who 王某
  python process.py close --year 2021 --annex2 2021年附件2.xlsx
  python process.py close --year 2021 --reopen --reason 双柏县补报两个社区
  python process.py replay --standard 新标准.toml --year 2021 --output 试算.xlsx
  python process.py rollup 楚雄州/2021 大理州/2021 --roster 全省名册.xlsx
  python process.py rollup 各州市报来的结果 --year 2021

退出码：0 完成，没有需要退回的；1 完成，有单位需要修改；2 用法或名册有误；3 没有可处理的文件；4 结果无法写入
close 的退出码：0 已封存（或已重新打开）；1 还有退回的问题，没有封存；2 用法有误，或与已封存的内容不一致、封存档案有损坏；3 没有可以封存的运行结果
"""


class UsageError(UserError):
    """The command line cannot be understood."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    for option in ("--input", "--output", "--roster", "--archive", "--annex2", "--standards", "--standard"):
        parser.add_argument(option, type=Path)
    for option in ("--year", "--phase", "--date", "--reason", "--who"):
        parser.add_argument(option)
    parser.add_argument("--unit", action="append", default=[])
    for option in ("--accept-open", "--reopen"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--version", action="store_true")
    return parser


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    known = {option for action in parser._actions for option in action.option_strings}
    takes_value = {option for action in parser._actions if action.nargs is None for option in action.option_strings}
    expecting = ""
    for word in argv:
        if expecting:
            if word.startswith("--"):
                raise UsageError(f"选项 {expecting} 后面缺少内容。{_example(expecting)}")
            expecting = ""
            continue
        name = word.split("=", 1)[0]
        if word.startswith("-") and word != "-" and name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"您是不是想写 {near[0]}？" if near else ""
            raise UsageError(f"不认识的选项 {word}。{hint}可以用 python process.py --help 查看全部选项。")
        if word.startswith("--") and "=" in word and name not in takes_value:
            raise UsageError(f"选项 {name} 后面不需要写内容。")
        expecting = word if word in takes_value else ""
    if expecting:
        raise UsageError(f"选项 {expecting} 后面缺少内容。{_example(expecting)}")
    args = parser.parse_intermixed_args(list(argv))
    if args.help or args.version:
        # Whatever else was written: who asks for help is not told that something is missing.
        return args
    command, *rest = args.words or ["run"]
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"您是不是想写 {near[0]}？" if near else ""
        if os.path.isfile(command):
            hint = f"要自查这个文件，请写：{_check_command(command)}\n"
        raise UsageError(f"不认识的命令“{command}”。{hint}可以用 python process.py --help 查看用法。")
    if command == "check" and not rest:
        raise UsageError("请写明要自查的文件，例如：python process.py check 楚雄市.xlsx")
    if command == "rollup" and not rest:
        raise UsageError("请写明要汇总的结果文件夹，例如：python process.py rollup 楚雄州/2021-annual 大理州/2021-annual")
    if command not in ("check", "rollup") and rest:
        raise UsageError(f"多余的内容“{rest[0]}”。可以用 python process.py --help 查看用法。")
    if command == "replay" and args.standard is None:
        raise UsageError("请写明用哪个标准重算，例如：python process.py replay --standard 新标准.toml --year 2021")
    for option, value in (("--standard", args.standard), ("--unit", args.unit)):
        if value and command != "replay":
            raise UsageError(f"选项 {option} 只用于 replay（用另一个标准重算）。可以用 python process.py --help 查看用法。")
    if command != "close":
        for option in ("annex2", "reason", "who", "accept_open", "reopen"):
            if getattr(args, option):
                raise UsageError(f"选项 --{option.replace('_', '-')} 只用于封存，例如：python process.py close --year 2021")
    args.command, args.files = command, rest
    return args


def _example(option: str) -> str:
    examples = {"--year": "2021", "--phase": "annual", "--date": "2021-10-18", "--roster": "input/roster.xlsx",
                "--reason": "双柏县补报两个社区", "--who": "王某", "--annex2": "2021年附件2.xlsx",
                "--standard": "新标准.toml", "--unit": "楚雄市"}  # fmt: skip
    return f"例如：{option} {examples.get(option, '文件夹')}"


def existing_files(words: Sequence[str], folder: Path) -> list[Path]:
    """The files that are meant, ``*`` and ``?`` filled in where the console has not done so.

    Raises UsageError for a folder and for what is not there, with what was probably meant.
    """
    paths: list[Path] = []
    for word in words:
        if os.path.isdir(word):
            example = _check_command(os.path.join(word, "*.xlsx"))
            raise UsageError(f"“{word}”是文件夹，请写明其中的文件。全部自查可以写：{example}")
        meant = [Path(word)] if os.path.lexists(word) else [Path(name) for name in sorted(glob.glob(word)) if os.path.isfile(name)]
        if not meant:
            raise UsageError(f"找不到文件“{word}”，请检查文件名是否写对。{_meant(words, Path(word), folder)}")
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


def _meant(words: Sequence[str], missing: Path, folder: Path) -> str:
    """What may have been meant by a file that is not there: a name with blanks, a near name, one in the input folder."""
    joined = " ".join(words)
    if len(words) > 1 and os.path.isfile(joined):
        return f"文件名中有空格的，要用英文双引号括起来：{_check_command(joined)}"
    for place in (missing.parent, folder):
        try:
            names = sorted(entry.name for entry in os.scandir(place) if entry.is_file() and not entry.name.startswith("~$"))
        except OSError:
            continue
        stems = {Path(name).stem: name for name in names}
        for stem in (missing.name, *difflib.get_close_matches(missing.stem, stems, n=1)):
            if stem in stems:
                return f"您是不是想写：{_check_command(str(place / stems[stem]))}"
    return ""


def _check_command(file: str) -> str:
    return "python process.py check " + (f'"{file}"' if " " in file else file)


def _options(args: argparse.Namespace) -> Options:
    from greencomm.batch import Options

    folder = args.input or Path("input")
    year = None
    if args.year is not None:
        if not (args.year.isascii() and args.year.isdigit() and len(args.year) == 4):
            raise UsageError(f"年度“{args.year}”应写成4位数字，例如：--year 2021")
        year = int(args.year)
    phase = None
    if args.phase is not None:
        if args.phase not in PHASES:
            raise UsageError(f"阶段“{args.phase}”应写成 self-evaluation（自评）或 annual（年度总结）。")
        phase = PHASES[args.phase]
    if args.standards is not None and not args.standards.is_dir():
        raise UsageError(f"找不到标准文件夹“{args.standards}”，请检查 --standards 后面的文件夹名是否写对。")
    date = datetime.date.today()
    if args.date is not None:
        try:
            date = datetime.date.fromisoformat(args.date)
        except ValueError:
            raise UsageError(f"日期“{args.date}”应写成年-月-日，例如：--date 2021-10-18") from None
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
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    archive = Path("archive")
    try:
        args = _parse(words)
        if args.help:
            print(HELP, end="")
            return 0
        if args.version:
            print(__version__)
            return 0
        options = _options(args)
        archive = options.archive
        return _dispatch(args, options)
    except UserError as error:
        _notify(_notes(error))
        return _complain(str(error), error.exit_status, as_json)
    except KeyboardInterrupt as error:
        _notify(_notes(error))
        return _complain("已按您的要求停止。" if _notes(error) else "已按您的要求停止；原有结果没有改动。", INTERRUPTED, as_json)
    except Exception as error:
        _notify(_notes(error))
        return _complain(_crash(archive), 4, as_json)


def _complain(message: str, status: int, as_json: bool) -> int:
    if as_json:
        print_json({"error": message, "exit_status": status})
    print(visible(message), file=sys.stderr)
    return status


def _notes(error: BaseException) -> list[str]:
    """What an error carries besides: sentences about earlier runs (archive.Publication)."""
    return list(getattr(error, "__notes__", ()))


def _notify(notices: Sequence[str]) -> None:
    for notice in notices:
        print(f"请注意：{notice}", file=sys.stderr)


def _crash(archive: Path) -> str:
    """Keep what only a programmer can read in a file, and say so in one sentence."""
    import traceback

    message = "程序内部出错，没有完成；原有结果没有改动。"
    try:
        archive.mkdir(parents=True, exist_ok=True)
        log = archive / "error.log"
        log.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        return message + "请把使用的文件发给软件维护人员。"
    return message + f"请把“{log}”发给软件维护人员。"


def _dispatch(args: argparse.Namespace, options: Options) -> int:
    from greencomm import screen

    if args.command == "forms":
        from greencomm.issuing import issue_forms

        with screen.progress(quiet=args.json, title="正在生成填报工作簿") as step:
            issued = issue_forms(options, direct=args.output is not None, progress=step)
        if args.json:
            _notify(issued.notices)
        screen.show_forms(issued.made, issued.notices, as_json=args.json)
        return 0
    if args.command == "replay":
        return _replay(args, options)
    if args.command == "rollup":
        return _rollup(args, options)
    if args.command == "close":
        return _close(args, options)
    from greencomm import batch

    files = existing_files(args.files, options.input)
    with screen.progress(quiet=args.json, title="正在读取" if args.command == "check" else "正在审核") as step:
        outcome = batch.check(files, options, step) if args.command == "check" else batch.run(options, step)
    with _reader_may_leave():
        if args.json:
            _notify(outcome.notices)
            print_json(outcome.document)
        elif isinstance(outcome, batch.Outcome) and args.command == "check":
            screen.show_check(outcome)
        else:
            screen.show_run(outcome)
    return 1 if outcome.has_send_back else 0


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


def _rollup(args: argparse.Namespace, options: Options) -> int:
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
        done = rollup(given, step)
    with _reader_may_leave():
        if args.json:
            _notify(done.notices)
            print_json_bytes(done.document)
        else:
            screen.show_rollup(done)
    return 1 if done.province.to_correct else 0


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
