"""What the launchers start: installs the bundle's packages beside the program where that is still to be done, then runs it.

Called by 运行.bat and 运行.sh with a Python that ``check.py`` has found fit, as ``start.py [FILE…]`` or with any arguments of
process.py. Needs only the standard library; where things are put and why: docs/decisions/S-54.md.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
PACKAGES = ".packages"
"""Folder of installed packages: one folder in it for each Python, system and list of requirements."""
RECORD = "installed.json"
"""In each of them, written last: where it was installed, and how large each file is."""
LOG = "安装记录.txt"
BEGIN = (
    "开始真实工作：把 input 文件夹中的示例（连同名册 roster.xlsx）全部移走，再运行一次，"
    "程序会放好一份空白名册，并写明先做什么、后做什么。"
)
"""As the program's own screen says it below the sample's results (a test compares them)."""
SAMPLE = "示例"
KEPT = "模板备份"

_SPACE_MB = 400
_UNUSABLE = 5
"""Exit status where nothing could be started; process.py itself ends with 0 to 4."""


class Refused(Exception):
    """Why the program cannot be started: a sentence for the clerk."""


def say(text: str) -> None:
    """To the screen; where another program reads the screen (``--json``) beside it."""
    print(text, file=sys.stderr if asks(sys.argv[1:], "json") else sys.stdout, flush=True)


def asks(arguments: Sequence[str], *options: str) -> bool:
    """Whether one of ``options`` (without dashes) is among ``arguments``, in whatever width and with however many dashes."""
    known = {unicodedata.normalize("NFKC", word).lstrip("-—–").casefold() for word in arguments if word[:1] in ("-", "－", "—", "–")}
    return not known.isdisjoint(options)


# --- what was dropped -------------------------------------------------------------------------------------------------


def dropped(line: str, launcher: str) -> list[str]:
    """The files that Explorer has put behind the name of ``launcher`` in the command line ``line``; [] where there are none.

    Explorer quotes only names that hold a blank, and the command interpreter cuts what follows an ``&``: its own arguments
    cannot be trusted, the whole line can.
    """
    name = re.escape(launcher)
    # Explorer has it in quotation marks; a folder on the way to it may be called like it.
    found = re.search(rf'/c\s+"+(?:[^"]*[\\/])?{name}(?=")', line, re.IGNORECASE) or re.search(
        rf'(?:^|[\\/"\s]){name}(?=["\s]|$)', line, re.IGNORECASE
    )
    if not launcher or not found:
        return []
    rest = line[found.end() :].rstrip(" ")
    if rest.startswith('"'):
        rest = rest[1:]
    if rest.count('"') % 2:
        rest = rest[: rest.rindex('"')]  # of the pair around the whole command
    names = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^ \t"]+)', rest)]
    return names if all(re.match(r"[A-Za-z]:[\\/]|\\\\", name) for name in names) else []


def _is_path(argument: str) -> bool:
    """Whether a path of something that is there: commands and years have neither a dot nor a slash, whatever folder is called so."""
    return not argument.startswith("--") and bool(re.search(r"[./\\]", argument)) and os.path.exists(argument)


def command(arguments: list[str], files: list[str]) -> list[str]:
    """The arguments for process.py: files are received, nothing given means a run, all else is passed on.

    ``files`` are those that were dropped; where there are none ``arguments`` may be paths of such. Paths become absolute, for
    they are meant from where the caller stands, and the program works beside its own files.
    """
    if not files and arguments and all(map(_is_path, arguments)):
        files = [os.path.abspath(argument) for argument in arguments]
    if files:
        return ["receive", "--open", *files]
    return [os.path.abspath(argument) if _is_path(argument) else argument for argument in arguments] or ["--open"]


# --- installing -------------------------------------------------------------------------------------------------------


def manifest() -> dict[str, Any]:
    """What this bundle is (tools/build_bundle.py); {} where the program did not come in a bundle."""
    try:
        read = json.loads((HERE / "desk" / "manifest.json").read_text("utf-8"))
        _look_at(read)
    except FileNotFoundError:
        if (HERE / "wheels").is_dir():  # only bundles have them
            raise Refused(_incomplete(["desk/manifest.json"])) from None
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise Refused(_incomplete(["desk/manifest.json"])) from None
    return dict(read)


def _look_at(read: Any) -> None:
    """One of the errors above where it is not what the builder wrote."""
    listed = read["files"]
    for path in ("requirements.txt", "process.py", read["installer"], *listed):
        bytes.fromhex(listed[path])


def _incomplete(paths: list[str]) -> str:
    named = "、".join(paths[:3]) + (f" 等{len(paths)}个文件" if len(paths) > 3 else "")
    return f"程序包不完整，缺少或损坏：{named}。请重新解压整个压缩包（或重新拷贝一次），再双击“运行”。"


def home(made_for: dict[str, Any]) -> Path:
    """Where the packages for this Python, this system and this bundle's requirements belong."""
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return HERE / PACKAGES / f"{python}-{sysconfig.get_platform()}-{made_for['files']['requirements.txt'][:12]}"


def whole(folder: Path) -> bool:
    """Whether ``folder`` holds all that was installed into it.

    The record is written last, and the folder gets its name only then. Each start sees that no package is gone; all of its files
    are looked at only where it has come to another place, for a copy may have been broken off.
    """
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        if record["at"] == str(folder):
            return {name.split("/")[0] for name in record["files"]} <= set(os.listdir(folder))
        if _sizes(folder, record["files"]) != record["files"]:
            return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    with contextlib.suppress(OSError):
        _write_record(folder, folder, record["files"])
    return True


def _sizes(folder: Path, names: Any) -> dict[str, int]:
    sizes = {}
    for name in names:
        with contextlib.suppress(OSError):
            sizes[name] = (folder / name).stat().st_size
    return sizes


def _write_record(folder: Path, at: Path, files: dict[str, int]) -> None:
    part = folder / f"{RECORD}.part"
    part.write_text(json.dumps({"at": str(at), "files": files}, ensure_ascii=False), "utf-8")
    part.replace(folder / RECORD)


def damaged(made_for: dict[str, Any], *, wheels: bool) -> list[str]:
    """Files of the bundle that are missing or hold other bytes: the program, not what people may change; and its ``wheels``."""
    bad = []
    for path, sha256 in made_for["files"].items():
        if path.startswith("greencomm/") or path in ("requirements.txt", "process.py") or (wheels and path.startswith("wheels/")):
            try:
                with (HERE / path).open("rb") as stream:
                    good = hashlib.file_digest(stream, "sha256").hexdigest() == sha256
            except OSError:
                good = False
            if not good:
                bad.append(path)
    return bad


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other window is installing; where a share has no locks go on without."""
    path = HERE / PACKAGES / "lock"
    with path.open("ab") as stream:
        told = False
        while True:
            try:
                if sys.platform == "win32":
                    import msvcrt

                    msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    import fcntl

                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                    break
            if not told:
                say("另一个窗口正在安装，请稍候……")
                told = True
            time.sleep(0.5)
        yield


def install(made_for: dict[str, Any], folder: Path) -> None:
    """Install the bundle's wheels into ``folder``, without network; refused with a sentence where that fails."""
    bad = damaged(made_for, wheels=True)
    if bad:
        raise Refused(_incomplete(bad))
    say("第一次使用，正在安装本程序所需的组件（不用联网），约需一两分钟，请勿关闭窗口……")
    (HERE / PACKAGES).mkdir(exist_ok=True)
    with alone():
        if whole(folder):
            return
        for left in (HERE / PACKAGES).glob("new-*"):
            shutil.rmtree(left, ignore_errors=True)
        new = HERE / PACKAGES / f"new-{os.getpid()}"
        _pip(HERE / made_for["installer"], new)
        files = {path.relative_to(new).as_posix(): path.stat().st_size for path in sorted(new.rglob("*")) if path.is_file()}
        _write_record(new, folder, files)
        if folder.exists():
            shutil.rmtree(folder)
        _rename(new, folder)
        same = folder.name.rpartition("-")[0]
        for old in (HERE / PACKAGES).glob(f"{same}-*"):
            if old != folder:  # of an earlier bundle
                shutil.rmtree(old, ignore_errors=True)
    (HERE / LOG).unlink(missing_ok=True)
    say("安装完成。以后再运行不用再安装。")


def _rename(old: Path, new: Path) -> None:
    """Virus scanners hold new files open for some seconds, and Windows renames no folder with an open file in it."""
    for _ in range(40):
        try:
            old.rename(new)
            return
        except PermissionError:
            time.sleep(0.25)
    old.rename(new)


def _pip(wheel: Path, target: Path) -> None:
    """Run pip out of its own wheel: neither venv nor ensurepip is needed, which some systems and portable Pythons lack."""
    order = [sys.executable, "-I", "-X", "utf8", str(wheel / "pip"), "--isolated", "--disable-pip-version-check", "install"]
    order += ["--no-index", "--find-links", str(HERE / "wheels"), "--only-binary", ":all:", "--require-hashes"]
    # Compiling all of it takes longer than the rest; what a run needs it compiles for itself, once.
    order += ["--no-compile", "--no-warn-script-location", "-r", str(HERE / "requirements.txt"), "--target", str(target)]
    # The machine's own settings of pip name indexes and folders that have no say here.
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")}
    environment["PIP_CONFIG_FILE"] = os.devnull
    # Beside the program: the system's folder for temporary files may be on a small or another disk.
    temporary = target.with_name(f"{target.name}-tmp")
    temporary.mkdir(parents=True, exist_ok=True)
    environment.update({name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")})
    try:
        done = subprocess.run(order, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        text = done.stdout.decode("utf-8", "replace")
        (HERE / LOG).write_text(text, "utf-8-sig")
        if "Errno 28" in text or "No space left" in text:
            raise OSError(errno.ENOSPC, "")
        raise Refused(
            f"安装没有成功。请关闭杀毒软件的弹窗、把程序文件夹移到路径较短的地方（例如 D:\\绿色社区）后再运行一次；"
            f"仍不成功的，请把本文件夹里的“{LOG}”交给单位的信息技术人员。"
        )


def laid_out_sample() -> bool:
    """Put the sample into input/ and archive/ where neither holds anything yet; whether it was.

    The bundle keeps it apart, so that a newer bundle unpacked over this one replaces no roster and no closed year.
    """
    parts = [(HERE / SAMPLE / name, HERE / name) for name in ("archive", "input")]
    if not all(source.is_dir() for source, _ in parts):
        return False
    if any(there.exists() and (not there.is_dir() or any(there.iterdir())) for _, there in parts):
        return False
    for source, there in parts:
        copy = HERE / PACKAGES / f"new-{there.name}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        if there.exists():
            there.rmdir()
        _rename(copy, there)
    return True


def keep_templates(made_for: dict[str, Any]) -> list[str]:
    """Keep a copy of each template that people have changed; those that a newer bundle has replaced since, by their paths.

    A bundle unpacked over the old one replaces them unseen. The copies of what was replaced go to a folder of their own, so that
    it is told once.
    """
    replaced = []
    for path, sha256 in made_for["files"].items():
        if not path.startswith("templates/"):
            continue
        kept = HERE / KEPT / Path(path).relative_to("templates")
        try:
            data = (HERE / path).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            if not kept.exists() or kept.read_bytes() != data:
                kept.parent.mkdir(parents=True, exist_ok=True)
                part = kept.with_name(f"{kept.name}.part")
                part.write_bytes(data)
                part.replace(kept)
        elif kept.exists():
            before = HERE / KEPT / "更新前" / kept.relative_to(HERE / KEPT)
            before.parent.mkdir(parents=True, exist_ok=True)
            kept.replace(before)
            replaced.append(path)
    return replaced


# --- choosing ---------------------------------------------------------------------------------------------------------

MANUAL = "docs/操作手册.html"
CHOICES = """
请选择要做的事，输入前面的数字后按回车键：
  1  审核收到的文件（直接按回车）
  2  生成下发的填报工作簿
  3  封存本年度（盖章上报以后）
  4  看操作手册
  0  退出"""


def _answer(question: str) -> str:
    """What is typed behind ``question``, in narrow letters; EOFError where nobody can type."""
    return unicodedata.normalize("NFKC", input(question)).strip().strip("。.、)")


def choose() -> list[str] | None:
    """What whoever has double-clicked wants: arguments of process.py, None for nothing. Nobody there to ask: a run.

    A clerk who has never seen a terminal reaches forms and closing by it (S-54).
    """
    plain = ["--open"]
    actions: dict[str, Callable[[], list[str] | None]] = {
        "1": lambda: plain,
        "": lambda: plain,
        "2": lambda: ["forms", "--open"],
        "3": closing,
        "4": show_manual,
    }
    answered = False
    try:
        say(CHOICES)
        while True:
            typed = _answer("请输入数字：")
            answered = True
            if typed == "0":
                break
            if typed not in actions:
                say("没有这一项。请输入1、2、3、4或0，再按回车键；直接按回车就是审核。")
                continue
            if wanted := actions[typed]():
                return wanted
            say(CHOICES)
    except EOFError:
        say("")
        if not answered:
            return plain
    except KeyboardInterrupt:
        say("")
    say("已退出，什么也没有改动。")
    return None


def closing() -> list[str] | None:
    """Who closes which year: arguments of process.py; None where it is called off."""
    say("封存以后，这一年的名单和结果不再改变。请在盖章上报以后再封存。")
    named = year_of_roster()
    while True:
        hint = f"封存哪一年（四位数字，直接按回车就是名册上的{named}年）：" if named else "封存哪一年（四位数字）："
        year = _answer(hint).removesuffix("年度").removesuffix("年") or named
        if re.fullmatch(r"20[0-9]{2}", year):
            break
        say("年度要写成四位数字，例如2021。")
    while True:
        # As typed: a name is a name in any width.
        who = input("由谁封存（姓名，直接按回车用电脑的登录名）：").strip()
        if all(sign.isprintable() for sign in who):
            break
        say("姓名里有认不出来的字，请重新输入。")
    if _answer(f"现在封存{year}年度吗？输入“是”或y后按回车键；直接按回车就不封存：").casefold() not in ("是", "y", "yes", "是的"):
        say("没有封存，什么也没有改动。")
        return None
    return ["close", f"--year={year}", *([f"--who={who}"] if who else [])]


def year_of_roster() -> str:
    """The year that the roster names, read as the program reads it; "" where that cannot be told here: then it is asked for."""
    try:
        from greencomm.batch import roster_year
        from greencomm.options import Options

        folder = Path("input")
        return str(roster_year(Options(folder, Path("output"), folder / "roster.xlsx", Path("archive"), datetime.date.today())))
    except Exception:  # No roster, or a damaged one: closing says so itself.
        return ""


def show_manual() -> None:
    """Open the manual in the browser; where there is none say where it lies."""
    path = HERE / MANUAL
    folder, name = MANUAL.split("/")
    if not path.exists():
        say(f"没有找到操作手册（{folder} 文件夹里的“{name}”）。")
        return
    opened = False
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            os.startfile(path)
            opened = True
        elif (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and (opener := shutil.which("xdg-open")):
            nothing = subprocess.DEVNULL
            subprocess.Popen([opener, str(path)], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
            opened = True
    say("操作手册已在浏览器里打开。" if opened else f"请双击 {folder} 文件夹里的“{name}”，用浏览器看。")


# --- starting ---------------------------------------------------------------------------------------------------------


def elsewhere() -> Path | None:
    """The Python of a virtual environment beside the program (made as the README says), where there is one."""
    for name in ("bin/python", "Scripts/python.exe"):
        path = HERE / ".venv" / name
        if path.exists():
            return path
    return None


def _importable() -> bool:
    import importlib.util

    return all(importlib.util.find_spec(name) for name in ("pandas", "openpyxl", "xlsxwriter", "docxtpl", "python_calamine", "rich"))


def _is_run(arguments: list[str]) -> bool:
    """Whether it is a plain run, and no question about the program."""
    return not arguments or (arguments[0].startswith("-") and not asks(arguments, "help", "h", "version"))


def run(arguments: list[str], *, may_choose: bool = False) -> int:
    """Get ready what is missing, then be process.py; its exit status.

    ``may_choose``: nothing was asked for, and somebody sits before a screen. The very first start shows the sample unasked.
    """
    made_for = manifest()
    fresh = False
    if made_for:
        folder = home(made_for)
        if not whole(folder):
            install(made_for, folder)
        elif bad := damaged(made_for, wheels=False):  # an update that was broken off; looked at each time, for it takes no time
            raise Refused(_incomplete(bad))
        if replaced := keep_templates(made_for):
            say(f"您改过的模板现在是程序包里的原样：{'、'.join(replaced)}。改过的放在“{KEPT}/更新前”文件夹里，仍要用的请拷回去。")
        if _is_run(arguments) and laid_out_sample():
            fresh = True
            say(f"已把“{SAMPLE}”文件夹里的示例放进 input，供您试用。{BEGIN}")
        sys.path.insert(0, str(folder))
    sys.path.insert(0, str(HERE))
    other = None if made_for else elsewhere()
    if not made_for and not other and not _importable():
        raise Refused(
            "这里只有程序，没有安装所需的组件（缺少 wheels 文件夹），不能使用。请向发给您程序的人要完整的程序包；"
            "信息技术人员可按 docs 文件夹里的“离线安装”制作程序包，或在能上网的电脑上按 README 安装。"
        )
    if may_choose and not fresh:
        chosen = choose()
        if chosen is None:
            return 0
        arguments = chosen
    if other:
        return subprocess.call([str(other), "-X", "utf8", str(HERE / "process.py"), *arguments])
    sys.argv = ["process.py", *arguments]
    try:
        runpy.run_path(str(HERE / "process.py"), run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except (ImportError, SyntaxError) as error:
        if not made_for:
            (HERE / LOG).write_text(f"{type(error).__name__}: {error}\n", "utf-8-sig")
            raise Refused(f"程序不完整，缺少或损坏了文件。请重新取得整个程序；详细情况在本文件夹里的“{LOG}”。") from None
        shutil.rmtree(home(made_for), ignore_errors=True)
        (HERE / LOG).write_text(f"{type(error).__name__}: {error}\n", "utf-8-sig")
        raise Refused(
            "有组件不能使用，可能被杀毒软件隔离或误删。请在杀毒软件里信任本程序的文件夹，再运行一次，程序会重新安装；"
            f"仍不成功的，请把本文件夹里的“{LOG}”交给单位的信息技术人员。"
        ) from None
    return 0


def _somebody_is_there() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def main(arguments: list[str]) -> int:
    """Exit status: process.py's, or 5 where it could not be started."""
    wanted = command(arguments, dropped(os.environ.get("DESK_LINE", ""), os.environ.get("DESK_SELF", "")))
    try:
        os.chdir(HERE)
        return run(wanted, may_choose=wanted == ["--open"] and not arguments and _somebody_is_there())
    except Refused as refused:
        say(str(refused))
    except KeyboardInterrupt:
        say("已中断。再次运行时会从头接着做完。")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            say(f"磁盘空间不足，安装约需{_SPACE_MB}MB。请腾出空间后再运行一次。")
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            say("程序所在的文件夹不能写入（例如在光盘、只读的共享文件夹或系统文件夹里）。请把整个文件夹复制到自己的文件夹里，例如 D 盘，再运行。")
        else:
            say(f"程序所在的文件夹不能正常读写（{error.filename or HERE}）。请把整个文件夹复制到本机硬盘上再运行。")
    return _UNUSABLE


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
