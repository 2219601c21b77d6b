"""Double click: what 运行.bat and 运行.sh do on a clerk's computer, and what they say where it cannot be done."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bundles import PYTHON, ROOT, SH, bare, entries, launch, unpacked

from greencomm.screen import BEGIN
from tools.build_bundle import PYTHONS, Entry

BAT = ROOT / "运行.bat"
INSTALLING, INSTALLED = "第一次使用，正在安装", "安装完成"


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "desk" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check, start = script("check"), script("start")


def told(screen):
    """What the stub of process.py tells of how it was called."""
    return json.loads(screen.splitlines()[-1])


# --- 运行.bat: its bytes and its branches ------------------------------------------------------------------------------


def test_the_bytes_of_the_launchers_are_those_of_their_systems():
    bat, sh = BAT.read_bytes(), (ROOT / SH).read_bytes()
    assert bat.isascii()
    assert bat.count(b"\r\n") == bat.count(b"\n") == bat.count(b"\r")
    assert bat.startswith(b"@echo off\r\n") and bat.endswith(b"\r\n")
    assert b"\r" not in sh and sh.startswith(b"#!/bin/sh\n")
    assert os.access(ROOT / SH, os.X_OK)
    for text in (ROOT / "desk").glob("*.txt"):
        assert text.name.isascii()


def test_every_checkout_keeps_line_ends_and_the_executable_bit(tmp_path):
    """Whatever git is told to do with line ends on that computer."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    names = [".gitattributes", "运行.bat", "运行.sh", "desk/no-python.txt", "desk/check.py"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e", "-c", "core.safecrlf=false"]
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "m"], check=True)
    for setting in ("true", "input", "false"):
        for name in names:
            (tmp_path / name).unlink()
        subprocess.run([*git, "-c", f"core.autocrlf={setting}", "checkout", "-q", "."], check=True)
        assert (tmp_path / "运行.bat").read_bytes() == BAT.read_bytes(), setting
        assert b"\r" not in (tmp_path / "运行.sh").read_bytes(), setting
        assert b"\r" not in (tmp_path / "desk" / "check.py").read_bytes(), setting
        lines = (tmp_path / "desk" / "no-python.txt").read_bytes()
        assert lines.count(b"\r\n") == lines.count(b"\n") > 10, setting
        assert lines.startswith(b"\xef\xbb\xbf"), setting
        assert os.access(tmp_path / "运行.sh", os.X_OK)


def bat_lines():
    return [line.strip() for line in BAT.read_text("ascii").splitlines() if line.strip() and not line.startswith("rem ")]


def bat_blocks():
    """The lines of 运行.bat by label; what stands before the first label has the name ''."""
    blocks, label = {"": []}, ""
    for line in bat_lines():
        if line.startswith(":"):
            label = line[1:]
            assert label not in blocks
            blocks[label] = []
        else:
            blocks[label].append(line)
    return blocks


def test_every_way_out_of_the_bat_waits_for_a_key():
    blocks = bat_blocks()
    jumps = {label: re.findall(r"\bgoto (\S+)", "\n".join(lines)) for label, lines in blocks.items()}
    calls = {called for lines in blocks.values() for called in re.findall(r"\bcall :(\S+)", "\n".join(lines))}
    assert {to for found in jumps.values() for to in found} | calls <= {*blocks, ":eof"}
    # The main story: nothing falls through into the next label, and all of it ends at :end.
    story = [label for label in blocks if label not in calls]
    for label in story[:-1]:
        assert re.fullmatch(r"goto \w+", blocks[label][-1]), label
        assert ":eof" not in jumps[label]
        seen, waiting = set(), [label]
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += jumps[at]
        assert "end" in seen
    assert story[-1] == "end"
    assert blocks["end"] == ["echo.", "pause", "if defined DESK_CLICKED exit %DESK_RESULT%", "exit /b %DESK_RESULT%"]
    # Whoever is called comes back, and only :end ends.
    for label in calls:
        assert blocks[label][-1] == "goto :eof"
        assert set(jumps[label]) == {":eof"}
    assert [label for label, lines in blocks.items() if re.search(r"\bexit\b", "\n".join(lines))] == ["end"]


def test_the_bat_reaches_what_is_there_and_touches_nothing_outside():
    text = "\n".join(bat_lines())
    for named in re.findall(r'%DESK_HERE%(desk\\[^"]+)"', text):
        assert (ROOT / named.replace("\\", "/")).exists(), named
    assert '-X utf8 "%DESK_HERE%desk\\start.py" %*' in text
    # setx, reg and assoc would last beyond the window; without setlocal so would set in a prompt.
    assert not re.search(r"\b(setx|reg|assoc|ftype|chcp)\b", text, re.I)
    assert text.index("setlocal") < text.index("set ")
    # An exclamation mark in a path is lost while delayed expansion is on.
    assert text.index("DisableDelayedExpansion") < text.index("%~dp0")
    # Brackets around commands would end at a bracket in a path.
    assert not re.search(r"(^|\s)\($|^\)", text, re.M)
    # All that is expanded in a command stands in quotation marks.
    for line in bat_lines():
        bare = re.sub(r'"[^"]*"', "", line)
        assert set(re.findall(r"%\w+%", bare)) <= {"%DESK_ARG%", "%DESK_TRY_ARG%", "%DESK_UNFIT_ARG%", "%DESK_RESULT%"}, line
    for python in PYTHONS:
        assert re.search(rf"\({re.escape('3.13 3.12 3.11 3.14')}\)", text) and python in text
    assert "(313 312 311 314)" in text


def test_started_from_within_the_zip_file_the_bat_says_so_in_chinese():
    (line,) = [line for line in bat_lines() if line.startswith("powershell")]
    numbers = re.search(r"\[char\[\]\]\(([\d,]+)\)", line)[1]
    said = "".join(chr(int(number)) for number in numbers.split(","))
    assert said == "请先把压缩包全部解压到一个文件夹里，再打开那个文件夹，双击里面的“运行”。"


def test_where_there_is_no_python_a_text_for_notepad_says_what_to_get():
    text = (ROOT / "desk" / "no-python.txt").read_text("utf-8-sig")
    for python in PYTHONS:
        assert python in text
    for word in ("64-bit", "Windows 10", "32位的Windows", "U盘", "双击“运行”"):
        assert word in text
    assert "64位" in (ROOT / "desk" / "windows-32.txt").read_text("utf-8-sig")


EXPLORER = r'C:\WINDOWS\system32\cmd.exe /c ""D:\绿 色\运行.bat" {}"'


@pytest.mark.parametrize(
    "behind, files",
    [
        ("", []),
        (r"D:\甲.xlsx", [r"D:\甲.xlsx"]),
        (r"D:\a&b.xlsx", [r"D:\a&b.xlsx"]),
        (r'"D:\甲 乙.xlsx"', [r"D:\甲 乙.xlsx"]),
        (r'"D:\c & d.xlsx" D:\a&b(1).xlsx', [r"D:\c & d.xlsx", r"D:\a&b(1).xlsx"]),
        (r'D:\100%!^.xlsx "\\处长\共享 文件\运行.bat"', [r"D:\100%!^.xlsx", r"\\处长\共享 文件\运行.bat"]),
        ("D:\\全角\u3000空格.xlsx", ["D:\\全角\u3000空格.xlsx"]),
        (r'"D:\运行.bat 备份\运行.bat" D:\运行.bat备份\乙.xlsx', [r"D:\运行.bat 备份\运行.bat", r"D:\运行.bat备份\乙.xlsx"]),
        ("forms --output D:\\x", []),
        ("--help", []),
    ],
)
def test_files_dropped_on_the_bat_are_found_in_the_whole_command_line(behind, files):
    assert start.dropped(EXPLORER.format(behind), "运行.bat") == files


@pytest.mark.parametrize("folder", ["运行.bat备份", "运行.bat", "运行.bat 备份", "旧运行.bat", "a(1)运行.bat-"])
def test_folders_may_be_called_like_the_launcher(folder):
    line = rf'C:\WINDOWS\system32\cmd.exe /c ""D:\{folder}\运行.bat" D:\甲.xlsx"'
    assert start.dropped(line, "运行.bat") == [r"D:\甲.xlsx"]
    assert start.dropped(rf"cmd /c D:\{folder.replace(' ', '')}\运行.bat D:\甲.xlsx", "运行.bat") == [r"D:\甲.xlsx"]


def test_a_command_line_that_is_not_explorers_holds_no_dropped_files():
    assert start.dropped(r'"C:\WINDOWS\system32\cmd.exe"', "运行.bat") == []
    assert start.dropped("", "") == []
    assert start.dropped(r"C:\WINDOWS\system32\cmd.exe /c D:\绿色\RUN.BAT D:\甲.xlsx", "run.bat") == [r"D:\甲.xlsx"]


# --- which Python, which computer --------------------------------------------------------------------------------------

MADE_FOR = {"platform": "windows-x86_64", "pythons": ["3.11", "3.12", "3.13"], "glibc": None}
MADE_FOR_LINUX = {"platform": "linux-x86_64", "pythons": ["3.11", "3.12", "3.13"], "glibc": "2.28"}
GOOD = {
    "version": (3, 11, 4),
    "bits": 64,
    "system": "windows",
    "machine": "x86_64",
    "implementation": "CPython",
    "free_threaded": False,
    "windows": (10, 0),
    "windows_bits": 64,
    "glibc": None,
}
GOOD_LINUX = {**GOOD, "system": "linux", "windows": None, "windows_bits": None, "glibc": (2, 28)}


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 0)])
def test_what_fits_is_told_nothing(version):
    assert check.complaint({**GOOD, "version": version}, MADE_FOR) == ""
    assert check.complaint({**GOOD_LINUX, "version": version}, MADE_FOR_LINUX) == ""
    assert check.complaint({**GOOD, "version": (3, 15, 0)}, {}) == ""  # a clone: whatever is installed there


@pytest.mark.parametrize(
    "odd, words",
    [
        ({"version": (3, 10, 13)}, ["3.10.13版，太旧", "3.11、3.12、3.13", "Windows installer (64-bit)"]),
        ({"version": (2, 7, 18)}, ["2.7.18版，太旧", "Windows installer (64-bit)"]),
        ({"version": (3, 15, 0)}, ["3.15.0版", "是为3.11、3.12、3.13准备的", "Windows installer (64-bit)"]),
        ({"bits": 32, "machine": "i686"}, ["Python是32位的", "需要64位的", "Windows installer (64-bit)"]),
        ({"bits": 32, "windows_bits": 32, "machine": "i686"}, ["32位Windows", "64位Windows 10"]),
        ({"bits": 32, "windows_bits": 32, "version": (2, 7, 18)}, ["32位Windows", "64位Windows 10"]),
        ({"windows": (6, 1), "version": (3, 8, 10)}, ["Windows 7", "64位Windows 10"]),
        ({"implementation": "PyPy"}, ["不是通常的版本"]),
        ({"free_threaded": True, "version": (3, 13, 0)}, ["不是通常的版本"]),
        ({"machine": "aarch64"}, ["ARM处理器", "64位x86"]),
        ({"system": "linux", "windows": None}, ["给Windows用的"]),
    ],
)
def test_what_does_not_fit_on_windows_is_told_what_to_get(odd, words):
    said = check.complaint({**GOOD, **odd}, MADE_FOR)
    for word in words:
        assert word in said
    assert "None" not in said and "{" not in said and "%" not in said


@pytest.mark.parametrize(
    "odd, words",
    [
        ({"version": (3, 7, 9)}, ["3.7.9版，太旧", "3.11、3.12、3.13", "python 文件夹"]),
        ({"machine": "loongarch64"}, ["英特尔、AMD、海光、兆芯", "loongarch64"]),
        ({"machine": "aarch64"}, ["这台电脑的处理器是ARM64（飞腾、鲲鹏）"]),
        ({"glibc": (2, 17)}, ["操作系统太旧", "银河麒麟V10", "2.28"]),
        ({"glibc": None}, ["操作系统太旧"]),
        ({"bits": 32}, ["32位的"]),
        ({"system": "windows", "windows": (10, 0), "windows_bits": 64}, ["给Linux（统信UOS、麒麟等）用的"]),
    ],
)
def test_what_does_not_fit_on_linux_is_told_what_to_get(odd, words):
    said = check.complaint({**GOOD_LINUX, **odd}, MADE_FOR_LINUX)
    for word in words:
        assert word in said


def test_the_check_is_written_for_every_python_and_this_one_fits():
    """Old Pythons read it: nothing in it may be younger than 2.7. (Where such Pythons are at hand they are asked themselves.)"""
    text = (ROOT / "desk" / "check.py").read_text("utf-8")
    assert text.startswith("# -*- coding: utf-8 -*-\n") and "from __future__ import unicode_literals" in text
    for young in (r'\bf"', r"\bf'", r"\bprint\b", r":=", r"->", r"\bnonlocal\b", r"\byield from\b", r"\bpathlib\b", r"\) from "):
        assert not re.search(young, text), young
    for name in ("python2.7", *(f"python3.{minor}" for minor in range(4, 16))):
        if not shutil.which(name):
            continue
        asked = subprocess.run([name, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"], capture_output=True)
        if asked.returncode:  # a name that only stands in for one
            continue
        version = asked.stdout.decode().strip()
        done = subprocess.run([name, "-E", "-s", ROOT / "desk" / "check.py"], capture_output=True, env={**os.environ, "LC_ALL": "C"})
        said = done.stdout.decode("utf-8")
        fits = tuple(int(part) for part in version.split(".")[:2]) >= (3, 11)
        assert (done.returncode, done.stderr) == (0 if fits else 3, b""), version
        assert said == "" if fits else f"{version}版，太旧" in said
    done = subprocess.run([sys.executable, ROOT / "desk" / "check.py"], capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"")


def test_the_check_reads_the_manifest_in_a_folder_with_a_chinese_name(tmp_path):
    """The bundle's own folder has one. Python 2 knows it as bytes, and joins no text to them."""
    folder = tmp_path / "绿色社区创建评价" / "desk"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "desk" / "check.py", folder)
    (folder / "manifest.json").write_text(json.dumps({"platform": "linux-x86_64", "pythons": ["3.99"], "glibc": None}))
    made_for = {"platform": "linux-x86_64", "pythons": ["3.99"], "glibc": None}
    assert check.bundle(os.fsencode(folder)) == check.bundle(str(folder)) == made_for
    asked = [sys.executable]
    for name in ("python2.7", "python3.6"):
        if shutil.which(name) and subprocess.run([name, "-c", "0"], capture_output=True).returncode == 0:
            asked.append(name)
    for name in asked:
        done = subprocess.run([name, "-E", "-s", folder / "check.py"], capture_output=True)
        assert (done.returncode, done.stderr) == (3, b""), name
        assert "3.99" in done.stdout.decode("utf-8"), name


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"files": {}}', '{"pythons": null}', '{"pythons": [3], "platform": "linux-x86_64", "glibc": ""}', '"x"']
)
def test_a_damaged_manifest_says_nothing_of_the_computer(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    assert check.bundle(str(tmp_path)) == {}


# --- 运行.sh -----------------------------------------------------------------------------------------------------------


def test_nothing_fitting_is_told_in_chinese(tmp_path):
    program = unpacked(tmp_path / "程序")
    status, screen = launch(program, bare(tmp_path / "none", python=False))
    assert status == 5 and "没有找到Python" in screen and all(python in screen for python in PYTHONS)

    old = 'case "$*" in *--silent*) exit 3;; *) echo "太旧了";; esac'
    stub = "exit 127"
    status, screen = launch(program, bare(tmp_path / "old", python=False, more={"python3.12": stub, "python3": old}))
    assert (status, screen) == (5, "太旧了\n")
    assert (program / "运行记录.txt").read_text("utf-8") == screen


def test_a_python_beside_the_program_comes_first(tmp_path):
    program = unpacked(tmp_path / "程序")
    (program / "python" / "bin").mkdir(parents=True)
    (program / "python" / "bin" / "python3").write_text('#!/bin/sh\ncase "$*" in *--silent*) exit 0;; esac\necho "beside"\n')
    (program / "python" / "bin" / "python3").chmod(0o755)
    assert launch(program, bare(tmp_path / "system")) == (0, "beside\n")


NAMES = ["甲 乙.xlsx", "a&b(1)!.xlsx", "100%$HOME`x`;'\".xlsx", "-开头.xlsx", "换\n行.xlsx"]


def test_first_start_installs_without_network_then_files_are_received_whatever_their_names(tmp_path):
    """One story, for installing takes its second: a folder with blanks, brackets and Chinese, then a move, a copy, an update."""
    program = unpacked(tmp_path / "a b 中文(1)&%!'")
    environment = bare(tmp_path / "system")
    # Settings of pip that would lead elsewhere have no say.
    misled = {**environment, "PIP_INDEX_URL": "file:///nowhere", "PIP_REQUIRE_VIRTUALENV": "1", "PYTHONPATH": "/nowhere"}
    status, screen = launch(program, misled)
    assert status == 1  # the program's own
    assert INSTALLING in screen and INSTALLED in screen and "示例" in screen
    assert told(screen) == {"arguments": ["--open"], "tiny": "one", "folder": str(program), "utf8": 1}
    assert (program / "input" / "roster.xlsx").read_bytes() == b"roster of the sample"
    assert (program / "archive" / "closings.json").exists()
    assert sorted(path.name[:5] for path in (program / ".packages").iterdir()) == ["cp" + PYTHON.replace(".", ""), "lock"]

    # The second start only starts; what is dropped comes through as it is.
    files = [tmp_path / name for name in NAMES]
    for file in files:
        file.write_bytes(b"x")
    status, screen = launch(program, environment, *map(str, files))
    assert INSTALLING not in screen
    assert told(screen)["arguments"] == ["receive", "--open", *map(str, files)]
    # From where the caller stands; other words are the program's.
    assert told(launch(program, environment, NAMES[0], cwd=tmp_path)[1])["arguments"][2:] == [str(files[0])]
    assert told(launch(program, environment, "check", "--json", "x y.xlsx")[1])["arguments"] == ["check", "--json", "x y.xlsx"]
    assert told(launch(program, environment, "check", NAMES[0], cwd=tmp_path)[1])["arguments"] == ["check", str(files[0])]
    # A folder may be called like a command or a year.
    (tmp_path / "forms").mkdir()
    (tmp_path / "2021").mkdir()
    words = ["forms", "--year", "2021"]
    assert told(launch(program, environment, *words, cwd=tmp_path)[1])["arguments"] == words

    # Moved elsewhere: nothing to install, even without the wheels.
    moved = tmp_path / "别处" / "程序"
    moved.parent.mkdir()
    program.rename(moved)
    (moved / "wheels").rename(moved / "w")
    status, screen = launch(moved, environment)
    assert INSTALLING not in screen and told(screen)["tiny"] == "one"
    (moved / "w").rename(moved / "wheels")

    # A component that a virus scanner has taken away is put back; one that it has harmed is told, and put back at the next start.
    (installed,) = (moved / ".packages").glob("cp*")
    (installed / "tiny").rename(tmp_path / "tiny")
    assert not start.whole(installed)
    (tmp_path / "tiny").rename(installed / "tiny")
    assert start.whole(installed)
    (installed / "tiny" / "__init__.py").write_text("import gone_from_tiny")
    status, screen = launch(moved, environment)
    assert status == 5 and "杀毒软件" in screen and "Traceback" not in screen and "Error" not in screen
    assert "gone_from_tiny" in (moved / "安装记录.txt").read_text("utf-8-sig")
    status, screen = launch(moved, environment)
    assert INSTALLED in screen and told(screen)["tiny"] == "one"
    assert not (moved / "安装记录.txt").exists()

    # What happens to the program itself after the installation: an update that was broken off, a file deleted.
    for path, harm in (("greencomm/__init__.py", b"def broken(:"), ("process.py", None), ("requirements.txt", b"")):
        kept = (moved / path).read_bytes()
        (moved / path).unlink() if harm is None else (moved / path).write_bytes(harm)
        status, screen = launch(moved, environment)
        said = f"程序包不完整，缺少或损坏：{path}。请重新解压整个压缩包（或重新拷贝一次），再双击“运行”。\n"
        assert (status, screen) == (5, said)
        (moved / path).write_bytes(kept)
    listed = moved / "desk" / "manifest.json"
    kept = listed.read_bytes()
    for harm in (b'{"files": {}}', b"[]", None):
        listed.unlink() if harm is None else listed.write_bytes(harm)
        status, screen = launch(moved, environment)
        assert status == 5 and screen.startswith("程序包不完整，缺少或损坏：desk/manifest.json。") and screen.count("\n") == 1
    listed.write_bytes(kept)
    assert told(launch(moved, environment)[1])["tiny"] == "one"

    # A copy that was broken off heals itself.
    copy = tmp_path / "copy"
    shutil.copytree(moved, copy)
    (installed,) = (copy / ".packages").glob("cp*")
    (installed / "tiny" / "__init__.py").unlink()
    status, screen = launch(copy, environment)
    assert INSTALLED in screen and told(screen)["tiny"] == "one"

    # A newer bundle unpacked over it brings its packages, and leaves roster, closed years and what people made alone.
    (moved / "input" / "roster.xlsx").write_bytes(b"our own")
    (moved / "input" / "双柏县.xlsx").write_bytes(b"received")
    template = moved / "templates" / "letters" / "催报.txt"
    template.write_text("请于月底前报送", "utf-8")
    assert "模板" not in launch(moved, environment)[1]
    newer = unpacked(tmp_path / "newer", entries("1.1", "two"))
    shutil.copytree(newer, moved, dirs_exist_ok=True)
    status, screen = launch(moved, environment)
    assert "您改过的模板现在是程序包里的原样：templates/letters/催报.txt。" in screen
    assert (moved / "模板备份" / "更新前" / "letters" / "催报.txt").read_text("utf-8") == "请于月底前报送"
    assert template.read_text("utf-8") == "请报送"
    assert "模板" not in launch(moved, environment)[1]
    assert INSTALLED in screen and told(screen)["tiny"] == "two"
    assert (moved / "input" / "roster.xlsx").read_bytes() == b"our own"
    assert (moved / "input" / "双柏县.xlsx").read_bytes() == b"received"
    assert len(list((moved / ".packages").glob("cp*"))) == 1


def test_an_interrupted_installation_is_finished_at_the_next_start(tmp_path):
    program, environment = unpacked(tmp_path), bare(tmp_path / "system")
    slow = "import time\ntime.sleep(60)\n"
    wheel = next((program / "wheels").glob("pip-*.whl"))
    kept = wheel.read_bytes()
    # pip hangs: as if the computer were switched off in the middle.
    (program / "desk" / "start.py").write_text(
        (program / "desk" / "start.py").read_text("utf-8").replace('str(wheel / "pip")', f'"-c", {slow!r}'), "utf-8"
    )
    process = subprocess.Popen([program / SH], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 120
    while not list((program / ".packages").glob("new-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert list((program / ".packages").glob("new-*")) and wheel.read_bytes() == kept

    shutil.copy(ROOT / "desk" / "start.py", program / "desk" / "start.py")
    status, screen = launch(program, environment)
    assert INSTALLED in screen and told(screen)["tiny"] == "one"
    assert not list((program / ".packages").glob("new-*"))


def test_two_impatient_double_clicks_install_once(tmp_path):
    program, environment = unpacked(tmp_path), bare(tmp_path / "system")
    how = {"env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    both = [subprocess.Popen([sys.executable, "-s", "-X", "utf8", program / "desk" / "start.py", "check"], **how) for _ in range(2)]
    screens = [process.communicate(timeout=120)[0].decode("utf-8") for process in both]
    assert [told(screen)["tiny"] for screen in screens] == ["one", "one"]
    assert sum(INSTALLED in screen for screen in screens) == 1


@pytest.mark.parametrize("harm", ["missing", "other bytes", "program"])
def test_a_bundle_that_was_not_unpacked_whole_is_named(tmp_path, harm):
    program, environment = unpacked(tmp_path), bare(tmp_path / "system")
    path = program / ("greencomm/__init__.py" if harm == "program" else "wheels/tiny-1.0-py3-none-any.whl")
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b"x")
    status, screen = launch(program, environment)
    assert status == 5
    assert f"程序包不完整，缺少或损坏：{path.relative_to(program)}。请重新解压" in screen
    assert "Traceback" not in screen


def test_a_wheel_that_is_not_the_pinned_one_is_not_installed(tmp_path):
    files = entries()
    files["requirements.txt"] = Entry(b"tiny==1.0 --hash=sha256:" + b"0" * 64 + b"\n")
    program, environment = unpacked(tmp_path, files), bare(tmp_path / "system")
    status, screen = launch(program, environment)
    assert status == 5 and "安装没有成功" in screen and "Traceback" not in screen
    assert "0000" in (program / "安装记录.txt").read_text("utf-8-sig")
    assert not list((program / ".packages").glob("cp*"))


def test_a_clone_without_wheels_says_what_to_do(tmp_path):
    for path in ("desk/start.py", "desk/check.py", SH):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / "process.py").write_text("print('here')")
    system = bare(tmp_path / "system")
    status, screen = launch(tmp_path, system)
    # Where this Python happens to have all that is needed it simply runs.
    assert (status == 5 and "缺少 wheels 文件夹" in screen) or (status, screen) == (0, "here\n")
    # With the environment that the README makes, the launcher starts that.
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    assert launch(tmp_path, system, "--year", "2021") == (0, f"-X utf8 {tmp_path}/process.py --year 2021\n")


def test_a_script_that_came_without_its_folder_says_so(tmp_path):
    shutil.copy(ROOT / SH, tmp_path / SH)
    status, screen = launch(tmp_path, bare(tmp_path / "system"))
    assert status == 5 and "全部解压" in screen


# --- sentences, the sample --------------------------------------------------------------------------------------------


def test_questions_lay_out_no_sample_and_json_is_not_mixed_with_sentences(tmp_path):
    """``--json``: the screen is read by a program; what installing says stands beside it."""
    program, environment = unpacked(tmp_path / "程序"), bare(tmp_path / "system")

    def do(*words):
        order = [sys.executable, "-s", "-X", "utf8", str(program / "desk" / "start.py"), *words]
        done = subprocess.run(order, env=environment, capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    status, screen, beside = do("--json", "--version")
    assert json.loads(screen)["arguments"] == ["--json", "--version"] and INSTALLING in beside and INSTALLED in beside
    for asked in ("--help", "-h", "－－help", "help"):
        assert told(do(asked)[1])["arguments"] == [asked]
    assert list((program / "input").iterdir()) == [] and not (program / "archive").exists()

    status, screen, beside = do("--json")
    assert json.loads(screen)["arguments"] == ["--json"] and "示例" in beside and (program / "input" / "roster.xlsx").exists()
    (installed,) = (program / ".packages").glob("cp*")
    (installed / "tiny" / "__init__.py").write_text("VALUE = (")
    status, screen, beside = do("－－json")
    assert (status, screen) == (5, "") and "有组件不能使用" in beside and "Error" not in beside
    assert "SyntaxError" in (program / "安装记录.txt").read_text("utf-8-sig")


# --- choosing ---------------------------------------------------------------------------------------------------------


def typing(monkeypatch, *lines):
    """A person types these lines; then nobody does. What is asked is kept."""
    asked, waiting = [], list(lines)

    def answer(question):
        asked.append(question)
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    monkeypatch.setattr("builtins.input", answer)
    return asked


@pytest.mark.parametrize(
    "lines, wanted",
    [
        ([""], ["--open"]),
        (["1"], ["--open"]),
        ([], ["--open"]),  # nobody there
        (["2"], ["forms", "--open"]),
        ([" ２。"], ["forms", "--open"]),
        (["0"], None),
        (["审核", "9", "1"], ["--open"]),
        (["x"], None),  # typed and then gone: nothing is done
        (["3", "", "", "是"], ["close", "--year=2021"]),
        (["3", "", "王某", "y"], ["close", "--year=2021", "--who=王某"]),
        (["3", "２０２０年", " --reopen ", "Ｙ"], ["close", "--year=2020", "--who=--reopen"]),
        (["3", "21", "2022", "王\x1b某", "王某", "是"], ["close", "--year=2022", "--who=王某"]),
        (["3", "", "王某", "", "0"], None),
        (["3", "", "王某", "不", "2"], ["forms", "--open"]),
        (["3", "", "王某"], None),
    ],
)
def test_a_double_click_offers_what_there_is_to_do(monkeypatch, capsys, lines, wanted):
    monkeypatch.setattr(start, "year_of_roster", lambda: "2021")
    asked = typing(monkeypatch, *lines)
    assert start.choose() == wanted
    said = capsys.readouterr().out + "".join(asked)
    for line in ("1  审核收到的文件（直接按回车）", "2  生成下发的填报工作簿", "3  封存本年度（盖章上报以后）", "4  看操作手册", "0  退出"):
        assert line in said
    said.encode("gbk")
    if lines[:1] == ["3"]:
        assert "直接按回车就是名册上的2021年" in said and "由谁封存（姓名，直接按回车用电脑的登录名）：" in said
    if "9" in lines or "x" in lines:
        assert "没有这一项。请输入1、2、3、4或0" in said


def test_without_a_roster_the_year_is_asked_for(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    asked = typing(monkeypatch, "", "2021", "", "是")
    assert start.closing() == ["close", "--year=2021"]
    assert asked[:2] == ["封存哪一年（四位数字）："] * 2
    monkeypatch.chdir(ROOT)
    assert start.year_of_roster() == "2022"  # the sample's


def test_ctrl_c_at_the_choices_does_nothing(monkeypatch, capsys):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", stop)
    assert start.choose() is None
    assert "已退出，什么也没有改动。" in capsys.readouterr().out


def test_the_manual_is_opened_or_its_place_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(start, "HERE", tmp_path)
    typing(monkeypatch, "4", "0")
    assert start.choose() is None
    assert "没有找到操作手册" in capsys.readouterr().out
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "操作手册.html").write_text("x")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    start.show_manual()
    assert "请双击 docs 文件夹里的“操作手册.html”" in capsys.readouterr().out
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" >"{tmp_path}/opened.part"\nmv "{tmp_path}/opened.part" "{tmp_path}/opened"\n')
    opener.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setenv("PATH", f"{opener.parent}:{os.environ['PATH']}")
    start.show_manual()
    assert "操作手册已在浏览器里打开。" in capsys.readouterr().out
    deadline = time.monotonic() + 30
    while not (tmp_path / "opened").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (tmp_path / "opened").read_text("utf-8") == f"{tmp_path}/docs/操作手册.html\n"


class Terminal:
    """运行.sh in a terminal of its own, as after a double click."""

    def __init__(self, program, environment, *arguments):
        self.main, end = pty.openpty()
        order = [program / SH, *arguments]
        self.process = subprocess.Popen(order, env=environment, stdin=end, stdout=end, stderr=end, close_fds=True, start_new_session=True)
        os.close(end)
        self.screen = ""
        self._read = b""

    def until(self, words):
        """Read on until these words appear."""
        while words.encode() not in self._read:
            self._read += os.read(self.main, 4096)
        self.screen += self._read.decode("utf-8", "replace")
        self._read = b""

    def type(self, text):
        os.write(self.main, text.encode())

    def leave(self):
        self.until("按回车键关闭窗口")
        self.type("\n")
        status = self.process.wait(30)
        os.close(self.main)
        return status


def test_in_a_terminal_choices_are_offered_but_not_at_the_very_first_start(tmp_path):
    program, environment = unpacked(tmp_path / "绿色"), bare(tmp_path / "system")
    first = Terminal(program, environment)
    assert first.leave() == 1  # the stub's own
    assert INSTALLED in first.screen and "请选择" not in first.screen and '"arguments": ["--open"]' in first.screen

    # Files, commands and questions go where they always went.
    for words in (["forms"], ["--version"], [str(program / "请看.txt")]):
        (program / "请看.txt").touch()
        again = Terminal(program, environment, *words)
        again.leave()
        assert "请选择" not in again.screen

    again = Terminal(program, environment)
    again.until("请输入数字：")
    again.type("7\n")
    again.until("请输入数字：")
    again.type("2\n")
    assert again.leave() == 1
    assert "没有这一项" in again.screen and '"arguments": ["forms", "--open"]' in again.screen

    again = Terminal(program, environment)
    for words, typed in (("请输入数字：", "3"), ("封存哪一年（四位数字）：", "2021"), ("由谁封存", "王某"), ("现在封存2021年度吗", "是")):
        again.until(words)
        again.type(f"{typed}\n")
    again.leave()
    assert '"arguments": ["close", "--year=2021", "--who=\\u738b\\u67d0"]' in again.screen

    again = Terminal(program, environment)
    again.until("请输入数字：")
    again.type("0\n")
    assert again.leave() == 0
    assert "arguments" not in again.screen and "已退出，什么也没有改动。" in again.screen

    # The end of input is nobody: a run.
    again = Terminal(program, environment)
    again.until("请输入数字：")
    again.type("\x04")
    again.until('"arguments": ["--open"]')
    again.process.kill()
    again.process.wait()
    os.close(again.main)


# --- windows, icons ----------------------------------------------------------------------------------------------------

QUIET = {"python3.12": 'case "$*" in *--silent*) exit 0;; esac\nfor a in "$@"; do echo "<$a>"; done'}


def test_in_a_terminal_it_waits_for_a_key(tmp_path):
    program, environment = unpacked(tmp_path), bare(tmp_path / "system", python=False, more=QUIET)
    main, terminal = pty.openpty()
    process = subprocess.Popen([program / SH], env=environment, stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True)
    os.close(terminal)
    screen = b""
    while "按回车键关闭窗口".encode() not in screen:
        screen += os.read(main, 1000)
    assert process.poll() is None
    os.write(main, b"\n")
    assert process.wait(10) == 0
    os.close(main)
    assert f"<{program}/desk/start.py>" in screen.decode("utf-8")


@pytest.mark.parametrize(
    "name, before",
    [
        ("mate-terminal", "--geometry=110x36 -x"),
        ("gnome-terminal", "--geometry=110x36 --"),
        ("xfce4-terminal", "--geometry=110x36 -x"),
        ("konsole", "-e"),
    ],
)
def test_from_a_file_manager_it_opens_a_terminal(tmp_path, name, before):
    """The terminal returns at once, as those do that hand the window to a server; another one before it only fails."""
    seen = tmp_path / "seen"
    checks = "".join(f'[ "$1" = {word} ] || exit 9\nshift\n' for word in before.split())
    opener = checks + f'("$@" </dev/null >"{seen}.part"; echo "ended $?" >>"{seen}.part"; mv "{seen}.part" "{seen}") &'
    tools = {**QUIET, name: opener, "deepin-terminal": "exit 1"}
    environment = {**bare(tmp_path / "system", python=False, more=tools), "DISPLAY": ":9"}
    Path(environment["PATH"], "mv").symlink_to("/bin/mv")
    program = unpacked(tmp_path / "程序")
    status, screen = launch(program, environment, "/x y/甲&乙.xlsx")
    assert (status, screen) == (0, "")
    deadline = time.monotonic() + 60
    while not seen.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    lines = seen.read_text("utf-8").splitlines()
    assert f"<{program}/desk/start.py>" in lines and "</x y/甲&乙.xlsx>" in lines
    assert lines[-1] == "按回车键关闭窗口……ended 0"
    assert not (program / "运行记录.txt").exists()


def test_without_any_terminal_the_screen_becomes_a_text_that_is_opened(tmp_path):
    tools = {**QUIET, "xdg-open": f'echo "$1" >"{tmp_path}/opened"'}
    environment = {**bare(tmp_path / "system", python=False, more=tools), "DISPLAY": ":9"}
    program = unpacked(tmp_path / "程序")
    status, screen = launch(program, environment)
    text = program / "运行记录.txt"
    assert status == 0 and text.read_text("utf-8") == screen
    assert (tmp_path / "opened").read_text("utf-8") == f"{text}\n"


def test_an_icon_to_drop_files_on_appears_and_follows_the_folder(tmp_path):
    program, environment = unpacked(tmp_path / "甲 (1)"), bare(tmp_path / "system", python=False, more=QUIET)
    launch(program, environment)
    icon = program / "绿色社区创建评价.desktop"
    assert f'Exec=/bin/sh "{program}/运行.sh" %F\n' in icon.read_text("utf-8")
    assert os.access(icon, os.X_OK)
    moved = program.rename(tmp_path / "乙")
    launch(moved, environment)
    assert f'Exec=/bin/sh "{moved}/运行.sh" %F\n' in (moved / icon.name).read_text("utf-8")
    # In a folder whose name means something in such a file there is none rather than a broken one.
    odd = moved.rename(tmp_path / "100%")
    (odd / icon.name).unlink()
    launch(odd, environment)
    assert not (odd / icon.name).exists()


def test_how_to_begin_is_said_in_one_wording() -> None:
    assert start.BEGIN == BEGIN
    for name in ("read-me-windows.txt", "read-me-linux.txt"):
        assert BEGIN in (ROOT / "desk" / name).read_text("utf-8-sig")
