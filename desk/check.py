# -*- coding: utf-8 -*-
"""Can this Python run the program? Says in Chinese what is wrong and what to get.

Runs on any Python from 2.7 on, 32 or 64 bit, and needs nothing but this file and, where there is one, ``manifest.json`` beside
it. The launchers call it with each Python that they find; ``--silent`` says nothing.

Exit status: 0 it can, 3 it cannot. Whatever else comes back did not come from a Python.
"""

from __future__ import unicode_literals

import io
import json
import os
import platform
import re
import struct
import sys

FITS, DOES_NOT = 0, 3
OLDEST = (3, 11)
"""The oldest Python on which the program runs (requires-python in pyproject.toml)."""

SYSTEMS = {"windows": "Windows", "linux": "Linux（统信UOS、麒麟等）"}
MACHINES = {"x86_64": "x86-64（英特尔、AMD、海光、兆芯）", "aarch64": "ARM64（飞腾、鲲鹏）"}
SAME_MACHINE = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}

ASK = "不清楚怎样做的，请把这段话交给单位的信息技术人员（详见 docs 文件夹里的“离线安装”）。"


def facts():
    """What this Python and the system below it are; the values that ``complaint`` judges."""
    system = {"win32": "windows", "linux2": "linux"}.get(sys.platform, sys.platform)
    found = {
        "version": tuple(sys.version_info[:3]),
        "bits": struct.calcsize("P") * 8,
        "system": system,
        "machine": machine(),
        "implementation": platform.python_implementation(),
        "free_threaded": _configured("Py_GIL_DISABLED"),
        "windows": None,
        "windows_bits": None,
        "glibc": None,
    }
    if system == "windows":
        found["windows"] = tuple(sys.getwindowsversion()[:2])
        # A 32-bit program sees the machine's own kind in the second variable, and only where that is another.
        kind = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE") or ""
        found["windows_bits"] = 64 if "64" in kind or found["bits"] == 64 else 32
    elif system == "linux":
        found["glibc"] = glibc()
    return found


def machine():
    """The kind of processor that this Python was built for, by the name that Linux gives to it."""
    name = platform.machine().lower()
    if sys.platform == "win32":
        # On Windows for ARM a Python for x86-64 runs too, and is the one that is wanted.
        import sysconfig

        name = {"win-amd64": "x86_64", "win-arm64": "aarch64", "win32": "i686"}.get(sysconfig.get_platform(), name)
    return SAME_MACHINE.get(name, name)


def glibc():
    """The version of the system's C library, (2, 28); None where it is another one."""
    try:
        words = os.confstr(str("CS_GNU_LIBC_VERSION")).split()
        found = re.match(r"(\d+)\.(\d+)", words[1])
        return (int(found.group(1)), int(found.group(2)))
    except (AttributeError, IndexError, OSError, ValueError):
        return None


def _configured(name):
    try:
        import sysconfig
    except ImportError:
        return False
    return bool(sysconfig.get_config_var(name))


def bundle(folder=None):
    """What this bundle is made for (manifest.json); {} where the program did not come in a bundle, or that file is damaged."""
    folder = folder or os.path.dirname(os.path.abspath(__file__))
    # On Python 2 the folder's name is bytes, and joins no text as soon as there is Chinese in it.
    name = "manifest.json".encode("ascii") if isinstance(folder, bytes) else "manifest.json"
    try:
        with io.open(os.path.join(folder, name), encoding="utf-8") as stream:
            read = json.load(stream)
        # What is damaged is told by start.py, which names the file; here it says nothing of the computer.
        for version in [read["glibc"] or "0"] + read["pythons"]:
            [int(part) for part in version.split(".")]
        return read if read["pythons"] and read["platform"].split("-") else {}
    except (AttributeError, IOError, OSError, KeyError, TypeError, ValueError):
        return {}


def complaint(found, made_for):
    """Why the program cannot run here, and what to get: one paragraph; "" where it can.

    ``found`` is what ``facts`` returns, ``made_for`` what ``bundle`` returns.
    """
    versions = [tuple(int(part) for part in text.split(".")) for text in made_for.get("pythons", [])]
    named = "、".join(".".join(str(part) for part in version) for version in versions) or "%d.%d或更新版本" % OLDEST
    system, processor = (made_for.get("platform") or "-").split("-", 1)
    get = get_python(found["system"], named)
    here = ".".join(str(part) for part in found["version"])

    if found["system"] == "windows":
        if found["windows_bits"] == 32:
            return (
                "这台电脑装的是32位Windows，本程序不能在上面运行。请换一台装有64位Windows 10或更新系统的电脑"
                "（右键点“此电脑”，选“属性”，看“系统类型”一行）。"
            )
        if found["windows"] and found["windows"] < (6, 2):
            return "这台电脑装的是Windows 7或更旧的系统，本程序需要的Python不支持。请换一台装有64位Windows 10或更新系统的电脑。"
    if system in SYSTEMS and system != found["system"]:
        return "这个程序包是给%s用的，不能在这台电脑上使用。请向发给您程序包的人要适合这台电脑系统的那一个。" % SYSTEMS[system]
    if found["version"][:2] < OLDEST:
        return "这台电脑上的Python是%s版，太旧，本程序需要%s（64位）。%s" % (here, named, get)
    if found["bits"] == 32:
        return "这台电脑上的Python是32位的（%s版），本程序需要64位的%s。%s" % (here, named, get)
    if found["implementation"] != "CPython" or found["free_threaded"]:
        return "这台电脑上的Python（%s版）不是通常的版本，本程序需要通常的Python %s（64位）。%s" % (here, named, get)
    if versions and found["version"][:2] not in versions:
        return "这台电脑上的Python是%s版，这个程序包是为%s准备的。%s" % (here, named, get)
    if processor in MACHINES and processor != found["machine"]:
        if found["system"] == "windows":
            return "这台电脑上的Python是为ARM处理器制作的，本程序需要64位x86的Python %s。%s" % (named, get)
        return "这个程序包是给%s处理器的电脑用的，这台电脑的处理器是%s，不能使用。请向发给您程序包的人要适合的那一个。" % (
            MACHINES[processor],
            MACHINES.get(found["machine"], found["machine"]),
        )
    if found["system"] == "linux" and made_for.get("glibc"):
        least = tuple(int(part) for part in made_for["glibc"].split("."))
        if found["glibc"] is None or found["glibc"] < least:
            return "这台电脑的操作系统太旧，不能使用这个程序包。请换用银河麒麟V10、统信UOS 20或更新的系统（系统的glibc须为%s或更新）。" % (
                made_for["glibc"]
            )
    return ""


def get_python(system, versions):
    """What to get, in one sentence or two."""
    if system == "windows":
        return (
            "请到Python官方网站下载“Windows installer (64-bit)”，版本%s均可，安装后再双击“运行”；原有的Python不用卸载。"
            "这台电脑不能上网的，可在别的电脑上下载后用U盘拷来。" % versions
        )
    return (
        "请安装Python %s，或把可直接使用的Python放进本程序的 python 文件夹，再运行一次；系统原有的Python不要卸载。" % versions
    )


def say(text):
    """Show Chinese on whatever screen there is; what an old Python on Windows cannot show there is opened as a text."""
    stream = sys.stdout
    try:
        if sys.version_info[0] >= 3:
            stream.write(text + "\n")
        else:
            stream.write((text + "\n").encode(getattr(stream, "encoding", None) or "utf-8"))
    except UnicodeError:
        if sys.platform != "win32":
            getattr(stream, "buffer", stream).write((text + "\n").encode("utf-8"))
        else:
            import tempfile

            handle, path = tempfile.mkstemp(".txt")
            with os.fdopen(handle, "wb") as opened:
                opened.write((text + "\r\n").encode("utf-8-sig"))
            os.startfile(path)
    stream.flush()


def main(arguments):
    """Exit status, see above."""
    text = complaint(facts(), bundle())
    if not text:
        return FITS
    if "--silent" not in arguments:
        say(text)
        say(ASK)
    return DOES_NOT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
