"""What the launchers start: installs the bundle's packages beside the program where that is still to be done, then runs it.

Called by 运行.bat and 运行.sh with a Python that ``check.py`` has found fit, as ``start.py [FILE…]`` or with any arguments of
process.py. Needs only the standard library; where things are put and why: docs/decisions/S-54.md.
"""

from __future__ import annotations

import contextlib
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
from collections.abc import Iterator
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
    print(text, flush=True)


# --- what was dropped -------------------------------------------------------------------------------------------------


def dropped(line: str, launcher: str) -> list[str]:
    """The files that Explorer has put behind the name of ``launcher`` in the command line ``line``; [] where there are none.

    Explorer quotes only names that hold a blank, and the command interpreter cuts what follows an ``&``: its own arguments
    cannot be trusted, the whole line can.
    """
    parts = re.split(re.escape(launcher), line, maxsplit=1, flags=re.IGNORECASE)
    if not launcher or len(parts) == 1:
        return []
    rest = parts[1].rstrip(" ")
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
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise Refused(_incomplete(["desk/manifest.json"])) from None
    return dict(read)


def _incomplete(paths: list[str]) -> str:
    named = "、".join(paths[:3]) + (f" 等{len(paths)}个文件" if len(paths) > 3 else "")
    return f"程序包不完整，缺少或损坏：{named}。请重新解压整个压缩包（或重新拷贝一次），再双击“运行”。"


def home(made_for: dict[str, Any]) -> Path:
    """Where the packages for this Python, this system and this bundle's requirements belong."""
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return HERE / PACKAGES / f"{python}-{sysconfig.get_platform()}-{made_for['files']['requirements.txt'][:12]}"


def whole(folder: Path) -> bool:
    """Whether ``folder`` holds all that was installed into it.

    The record is written last, and the folder gets its name only then. It is looked through only where it has come to another
    place, for a copy may have been broken off.
    """
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    if record["at"] == str(folder):
        return True
    if _sizes(folder, record["files"]) != record["files"]:
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


def damaged(made_for: dict[str, Any]) -> list[str]:
    """Files of the bundle that are missing or hold other bytes: packages and the program, not what people may change."""
    bad = []
    for path, sha256 in made_for["files"].items():
        if path.startswith(("wheels/", "greencomm/")) or path in ("requirements.txt", "process.py"):
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
    bad = damaged(made_for)
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


def run(arguments: list[str]) -> int:
    """Get ready what is missing, then be process.py; its exit status."""
    made_for = manifest()
    if made_for:
        folder = home(made_for)
        if not whole(folder):
            install(made_for, folder)
        if replaced := keep_templates(made_for):
            say(f"您改过的模板现在是程序包里的原样：{'、'.join(replaced)}。改过的放在“{KEPT}/更新前”文件夹里，仍要用的请拷回去。")
        if (arguments[:1] or ["--open"])[0].startswith("--") and "--help" not in arguments and laid_out_sample():
            say(f"已把“{SAMPLE}”文件夹里的示例放进 input，供您试用。{BEGIN}")
        sys.path.insert(0, str(folder))
    elif python := elsewhere():
        return subprocess.call([str(python), "-X", "utf8", str(HERE / "process.py"), *arguments])
    elif not _importable():
        raise Refused(
            "这里只有程序，没有安装所需的组件（缺少 wheels 文件夹），不能使用。请向发给您程序的人要完整的程序包；"
            "信息技术人员可按 docs 文件夹里的“离线安装”制作程序包，或在能上网的电脑上按 README 安装。"
        )
    sys.path.insert(0, str(HERE))
    sys.argv = ["process.py", *arguments]
    try:
        runpy.run_path(str(HERE / "process.py"), run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except ImportError as error:
        if not made_for:
            raise
        shutil.rmtree(home(made_for), ignore_errors=True)
        (HERE / LOG).write_text(f"{type(error).__name__}: {error}\n", "utf-8-sig")
        raise Refused(
            "有组件不能使用，可能被杀毒软件隔离或误删。请在杀毒软件里信任本程序的文件夹，再运行一次，程序会重新安装；"
            f"仍不成功的，请把本文件夹里的“{LOG}”交给单位的信息技术人员。"
        ) from None
    return 0


def main(arguments: list[str]) -> int:
    """Exit status: process.py's, or 5 where it could not be started."""
    wanted = command(arguments, dropped(os.environ.get("DESK_LINE", ""), os.environ.get("DESK_SELF", "")))
    try:
        os.chdir(HERE)
        return run(wanted)
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
