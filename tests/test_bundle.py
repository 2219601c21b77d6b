"""The offline bundle: complete for its platform before it is written, and a run from it like any other.

Tests marked ``index`` let pip fetch wheels from the index that it is set up with.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from bundles import HERE, PYTHON, ROOT, SH, bare, entries, installer, launch, watched, wheel, without_network
from filelock import FileLock
from season import ACTUAL, ROSTER, STANDARD, beside, put_heading

from greencomm.forms.layout import Heading
from tools import build_bundle
from tools.build_bundle import PLATFORMS, PYTHONS, Entry, Faults, Metadata, metadata_of, read_requirements

WINDOWS, LINUX, ARM = PLATFORMS["windows-x86_64"], PLATFORMS["linux-x86_64"], PLATFORMS["linux-aarch64"]
A, B, C, D = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)

REQUIREMENTS = f"""
pure==1.0 \\
    --hash=sha256:{A} \\
    --hash=sha256:{"0" * 64}
    # via something
native==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:{B}
native==2.5 ; python_full_version >= '3.12' \\
    --hash=sha256:{C}
console==3.0 ; sys_platform == 'win32' --hash=sha256:{D}
"""
PINS = read_requirements(REQUIREMENTS)
COMPLETE = {
    "pure-1.0-py3-none-any.whl": A,
    "native-2.0-cp311-cp311-win_amd64.whl": B,
    "native-2.5-cp312-cp312-win_amd64.whl": C,
    "console-3.0-py2.py3-none-any.whl": D,
}


def plain(wheels):
    """What such wheels say of themselves where they ask for nothing."""
    return {file: Metadata(*file.split("-")[:2]) for file in wheels}


def faults(platform, pythons, pins, wheels, **inside):
    """Faults of ``wheels``; ``inside``: by package, what its wheel says otherwise."""
    said = plain(wheels)
    for name, metadata in inside.items():
        said |= {file: metadata for file in wheels if file.startswith(f"{name}-")}
    return build_bundle.faults(platform, pythons, pins, wheels, said)


def without(name):
    return {file: sha256 for file, sha256 in COMPLETE.items() if not file.startswith(name)}


# --- completeness by platform -----------------------------------------------------------------------------------------


def test_a_complete_set_has_no_faults():
    assert faults(WINDOWS, ["3.11", "3.12"], PINS, COMPLETE) == []


@pytest.mark.parametrize(
    "wheels, said",
    [
        (without("native-2.5"), ["缺少 native 2.5（windows-x86_64，Python 3.12）"]),
        (without("pure"), ["缺少 pure 1.0（windows-x86_64，Python 3.11）", "缺少 pure 1.0（windows-x86_64，Python 3.12）"]),
        (without("console"), ["缺少 console 3.0（windows-x86_64，Python 3.11）", "缺少 console 3.0（windows-x86_64，Python 3.12）"]),
        # Another Python's, another platform's, a 32-bit one, a source: of no use.
        (
            {**without("native-2.0"), "native-2.0-cp313-cp313-win_amd64.whl": B},
            ["缺少 native 2.0（windows-x86_64，Python 3.11）", "用不到的安装包：native-2.0-cp313-cp313-win_amd64.whl"],
        ),
        (
            {**without("native-2.0"), "native-2.0-cp311-cp311-win32.whl": B},
            ["缺少 native 2.0（windows-x86_64，Python 3.11）", "用不到的安装包：native-2.0-cp311-cp311-win32.whl"],
        ),
        (
            {**without("native-2.0"), "native-2.0-cp311-cp311-manylinux_2_17_x86_64.whl": B},
            ["缺少 native 2.0（windows-x86_64，Python 3.11）", "用不到的安装包：native-2.0-cp311-cp311-manylinux_2_17_x86_64.whl"],
        ),
        (
            {**without("native-2.0"), "native-2.0.tar.gz": B},
            ["不是安装包（wheel）：native-2.0.tar.gz", "缺少 native 2.0（windows-x86_64，Python 3.11）"],
        ),
        # Another version, and bytes that are not the pinned ones.
        (
            {**without("pure"), "pure-1.1-py3-none-any.whl": A},
            [
                "缺少 pure 1.0（windows-x86_64，Python 3.11）",
                "缺少 pure 1.0（windows-x86_64，Python 3.12）",
                "用不到的安装包：pure-1.1-py3-none-any.whl",
            ],
        ),
        (
            {**COMPLETE, "native-2.5-cp312-cp312-win_amd64.whl": A},
            ["校验和与 requirements.txt 不符：native-2.5-cp312-cp312-win_amd64.whl，需要 native 2.5（windows-x86_64，Python 3.12）"],
        ),
        # A tampered one beside a good one.
        (
            {**COMPLETE, "native-2.5-cp312-abi3-win_amd64.whl": A},
            ["校验和与 requirements.txt 不符：native-2.5-cp312-abi3-win_amd64.whl，需要 native 2.5（windows-x86_64，Python 3.12）"],
        ),
    ],
)
def test_a_missing_or_wrong_wheel_is_named(wheels, said):
    assert faults(WINDOWS, ["3.11", "3.12"], PINS, wheels) == said


PURE = "pure-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    "said, told",
    [
        (Metadata("Pure", "1.0.0", ">=3.11,<4", ("Native>=2", "console; sys_platform == 'win32'")), []),
        # Not for this platform, this Python or without this extra: nothing is asked for.
        (Metadata("pure", "1.0", "", ("lost; sys_platform == 'linux'", "lost; python_version < '3.11'", "lost>=9; extra == 'all'")), []),
        (Metadata("pure", "1.0", ">=3.12"), [f"{PURE} 不适用于Python 3.11（它要求 >=3.12）"]),
        (
            Metadata("pure", "1.0", "", ("lost>=1; python_version >= '3.12'",)),
            [f"{PURE} 还需要 lost>=1（windows-x86_64，Python 3.12），requirements.txt 里没有"],
        ),
        (
            Metadata("pure", "1.0", "", ("native>=2.5",)),
            [f"{PURE} 还需要 native>=2.5（windows-x86_64，Python 3.11），requirements.txt 里是 2.0"],
        ),
        (Metadata("other", "1.0"), [f"安装包的内容与名称不符：{PURE} 里是 other 1.0"] * 2),
        (Metadata("pure", "1.1"), [f"安装包的内容与名称不符：{PURE} 里是 pure 1.1"] * 2),
        (Metadata("pure", "1.0", "newest"), [f"安装包里的说明（METADATA）读不出来：{PURE}"] * 2),
        (Metadata("pure", "1.0", "", (">>",)), [f"安装包里的说明（METADATA）读不出来：{PURE}"] * 2),
        (None, [f"安装包里的说明（METADATA）读不出来：{PURE}"] * 2),
    ],
)
def test_what_a_wheel_says_of_itself_must_hold(said, told):
    assert faults(WINDOWS, ["3.11", "3.12"], PINS, COMPLETE, pure=said) == told


def test_a_package_asked_for_with_an_extra_asks_for_more():
    """Listed after and before the one that asks for it."""
    for asking, asked in (("pure", "native"), ("native", "pure")):
        said = {
            asking: Metadata(asking, {"pure": "1.0", "native": "2.0"}[asking], "", (f"{asked}[extra]",)),
            asked: Metadata(asked, {"pure": "1.0", "native": "2.0"}[asked], "", ("lost; extra == 'extra'",)),
        }
        (told,) = faults(WINDOWS, ["3.11"], PINS, without("native-2.5"), **said)
        assert re.fullmatch(rf"{asked}-.*\.whl 还需要 lost（windows-x86_64，Python 3\.11），requirements\.txt 里没有", told)


def test_what_a_wheel_says_of_itself_is_read_out_of_it():
    _, data = wheel("1.0", "one", "Requires-Python: >=3.11", "Requires-Dist: pandas>=2", "Requires-Dist: x; extra == 'y'")
    assert metadata_of(data) == Metadata("tiny", "1.0", ">=3.11", ("pandas>=2", "x; extra == 'y'"))
    assert metadata_of(data[:50]) is metadata_of(b"") is None
    file, data = installer()
    assert (metadata_of(data).name, metadata_of(data).version) == ("pip", file.split("-")[1])


@pytest.mark.parametrize(
    "platform, tag, fits",
    [
        (LINUX, "manylinux_2_28_x86_64", True),
        (LINUX, "manylinux2014_x86_64", True),
        (LINUX, "manylinux_2_27_x86_64.manylinux_2_28_x86_64", True),
        (LINUX, "manylinux_2_31_x86_64", False),  # newer than what Kylin V10 and UOS 20 have
        (LINUX, "musllinux_1_2_x86_64", False),
        (LINUX, "manylinux_2_28_aarch64", False),
        (LINUX, "linux_x86_64", False),
        (ARM, "manylinux_2_28_aarch64", True),
        (ARM, "manylinux_2_35_aarch64", False),
        (ARM, "manylinux_2_28_x86_64", False),
    ],
)
def test_wheels_for_linux_are_no_newer_than_the_systems_in_offices(platform, tag, fits):
    pins = read_requirements(f"native==1 --hash=sha256:{A}")
    assert (faults(platform, ["3.11"], pins, {f"native-1-cp311-cp311-{tag}.whl": A}) == []) is fits


@pytest.mark.parametrize("text", ["loose", f"loose>=1 --hash=sha256:{A}", "bare==1.0"])
def test_requirements_that_are_not_pinned_with_hashes_are_no_ground_for_a_bundle(text):
    with pytest.raises(ValueError, match="loose|bare"):
        read_requirements(text)


def test_the_projects_own_requirements_are_read_whole():
    pins = read_requirements((ROOT / "requirements.txt").read_text("utf-8"))
    text = (ROOT / "requirements.txt").read_text("utf-8")
    assert len(pins) == len(re.findall(r"(?m)^[a-z].*==", text)) > 15
    assert sum(len(pin.hashes) for pin in pins) == text.count("--hash=sha256:")
    for platform in PLATFORMS.values():
        for python in PYTHONS:
            names = [pin.name for pin in pins if pin.applies(platform, python)]
            assert len(set(names)) == len(names) and {"pandas", "numpy", "openpyxl", "python-calamine"} <= set(names)


@pytest.mark.index
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_every_requirement_has_a_wheel_for_windows(python):
    assert complete(WINDOWS, python) == []


@pytest.mark.index
@pytest.mark.parametrize("python", ["3.11", "3.14"])
def test_every_requirement_has_a_wheel_for_linux_on_arm(python):
    assert complete(ARM, python) == []


def complete(platform, python):
    """Faults of what the index offers, as pip sees it; nothing is fetched but metadata."""
    pins = read_requirements((ROOT / "requirements.txt").read_text("utf-8"))
    hashes, inside = build_bundle.offered(platform, python, pins)
    assert all(inside.values()) and len([need for said in inside.values() for need in said.requires_dist]) > 10
    return build_bundle.faults(platform, [python], pins, hashes, inside)


@pytest.mark.index
def test_what_no_index_has_is_told_and_nothing_is_written(tmp_path, monkeypatch):
    """A hash that no file has: pip refuses, the builder says so."""
    root = tmp_path / "repository"
    root.mkdir()
    shutil.copytree(ROOT / "desk", root / "desk")
    shutil.copy(ROOT / "requirements-bundle.txt", root)
    (root / "requirements.txt").write_text("xlrd==2.0.2 --hash=sha256:" + "0" * 64 + "\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "add", "-A"], check=True)
    with pytest.raises(Faults, match=r"取不到安装包（windows-x86_64，Python 3\.11）"):
        build_bundle.build(WINDOWS, ["3.11"], tmp_path / "out", root=root)
    assert not (tmp_path / "out").exists()


# --- what lies in a bundle --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files():
    return build_bundle.tracked(ROOT)


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
def test_a_bundle_holds_what_a_clerk_needs_and_no_more(files, platform):
    made = build_bundle.program(platform, files)
    top = {path.split("/")[0] for path in made}
    launcher = "运行.bat" if platform.windows else "运行.sh"
    assert top == {"process.py", "requirements.txt", "greencomm", "templates", "desk", "docs", "示例", "请先看我.txt", launcher}
    # Everything that the program reads is there, and the whole sample; not over anybody's own input and archive.
    assert {path for path in files if path.startswith(("greencomm/", "templates/"))} <= set(made)
    assert {f"示例/{path}" for path in files if path.startswith(("input/", "archive/"))} <= set(made)
    for path in ("docs/离线安装.html", "docs/操作手册.html", "docs/填报须知.docx", "desk/start.py", "desk/check.py"):
        assert path in made
    assert not [path for path in made if path.startswith("docs/") and path.endswith(".md")], "a clerk's computer opens no Markdown"
    assert not [path for path in made if path.startswith(("docs/decisions", "tests", "tools", ".")) or path.endswith(".pyc")]
    assert made[launcher].data == (ROOT / launcher).read_bytes()
    read_me = made["请先看我.txt"].data
    assert read_me.startswith(b"\xef\xbb\xbf") is platform.windows
    assert read_me.count(b"\r\n") == (read_me.count(b"\n") if platform.windows else 0)
    assert "离线安装" in read_me.decode("utf-8-sig") and "运行" in read_me.decode("utf-8-sig")


def test_documents_of_the_guide_come_along_when_there_are_any(files):
    more = {**files, "docs/又一页.html": Entry(b""), "docs/操作手册/1.png": Entry(b"")}
    made = build_bundle.program(LINUX, more)
    assert {"docs/又一页.html", "docs/操作手册/1.png"} <= set(made)


def test_pages_in_the_bundle_lead_only_to_what_is_in_the_bundle(files):
    """The manual leads to the pages on a county's own standard and on the report's templates, the former to the example."""
    made = build_bundle.program(LINUX, files)
    led_to = {}
    for path in (path for path in made if path.startswith("docs/") and path.endswith(".html")):
        text = made[path].data.decode("utf-8")
        anchors = set(re.findall(r'<h\d id="([^"]+)"', text))
        targets = {unquote(target) for target in re.findall(r'(?:href|src)="([^"]+)"', text)}
        assert {target[1:] for target in targets if target.startswith("#")} <= anchors, path
        led_to[path] = {f"docs/{target}" for target in targets if not target.startswith("#")}
        assert led_to[path] <= set(made), path
    assert {path for path in led_to["docs/操作手册.html"] if path.endswith(".html")} == {
        "docs/县（市）自定标准.html", "docs/总结评估报告的模板.html", "docs/离线安装.html",
    }  # fmt: skip
    assert led_to["docs/县（市）自定标准.html"] == {"docs/examples/示例县-2021.toml"}


@pytest.mark.parametrize("platform", [WINDOWS, LINUX], ids=["zip", "tar.gz"])
def test_the_same_files_make_the_same_bytes(tmp_path, platform):
    made = entries()
    for name, order in (("one", made), ("two", dict(reversed(made.items())))):
        build_bundle.pack(platform, order, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_names_in_the_archives_are_read_everywhere(tmp_path):
    build_bundle.pack(WINDOWS, entries(), tmp_path / "windows.zip")
    with zipfile.ZipFile(tmp_path / "windows.zip") as packed:
        for info in packed.infolist():
            assert info.filename.isascii() or info.flag_bits & 0x800, info.filename
            assert info.create_system == 3  # else unzip reads names in the old code page
            assert info.date_time == (1980, 1, 1, 0, 0, 0) and info.filename.startswith("绿色社区创建评价/")
        assert "绿色社区创建评价/input/" in packed.namelist()
    build_bundle.pack(LINUX, entries(), tmp_path / "linux.tar.gz")
    with tarfile.open(tmp_path / "linux.tar.gz") as packed:
        modes = {info.name: info.mode for info in packed.getmembers()}
        assert modes["绿色社区创建评价/运行.sh"] == 0o755 and modes["绿色社区创建评价/process.py"] == 0o644
        assert {(info.uid, info.uname, info.mtime) for info in packed.getmembers()} == {(0, "", 315532800)}


def elf(machine, bits=2):
    return b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9) + struct.pack("<HH", 3, machine) + bytes(40)


def exe(machine):
    return b"MZ" + bytes(0x3A) + struct.pack("<I", 0x80) + bytes(0x40) + b"PE\0\0" + struct.pack("<H", machine) + bytes(40)


def windows_python(folder, start):
    for path in ("python.exe", "python3.dll", "python312.dll", "Lib/os.py", "Lib/__pycache__/os.pyc"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(start if path == "python.exe" else b"x")
    return folder


def linux_python(folder, start):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python3.13").write_bytes(start)
    (folder / "bin" / "python3.13").chmod(0o755)
    (folder / "bin" / "python3").symlink_to("python3.13")
    return folder


def test_a_portable_python_can_be_put_in(tmp_path):
    windows, linux = windows_python(tmp_path / "w", exe(0x8664)), linux_python(tmp_path / "l", elf(62))
    version, made = build_bundle.runtime(WINDOWS, windows)
    assert version == "3.12"
    assert set(made) == {"python/python.exe", "python/python3.dll", "python/python312.dll", "python/Lib/os.py"}
    version, made = build_bundle.runtime(LINUX, linux)
    assert version == "3.13" and made["python/bin/python3"] == Entry(elf(62), executable=True)
    assert build_bundle.runtime(ARM, linux_python(tmp_path / "a", elf(183)))[0] == "3.13"
    for platform, folder in ((WINDOWS, linux), (LINUX, windows), (LINUX, tmp_path)):
        with pytest.raises(Faults, match="不是可直接使用的Python"):
            build_bundle.runtime(platform, folder)


def test_a_portable_python_of_another_processor_is_refused(tmp_path):
    """i386, ARM64, x86-64 where ARM is wanted and the other way round; 32 bits; a script; a text."""
    odd = [(WINDOWS, windows_python, start) for start in (exe(0x14C), exe(0xAA64), elf(62), b"MZ", b"")]
    odd += [(LINUX, linux_python, start) for start in (elf(183), elf(3, bits=1), elf(62, bits=1), exe(0x8664), b"#!/bin/sh\n", b"")]
    odd += [(ARM, linux_python, elf(62))]
    for number, (platform, lay, start) in enumerate(odd):
        with pytest.raises(Faults, match=f"不是给 {platform.name} 用的"):
            build_bundle.runtime(platform, lay(tmp_path / str(number), start))


@pytest.mark.parametrize(
    "pythons, said", [(["3.12"], "3.12"), (["3.11", "3.13"], "3.11或3.13"), (list(PYTHONS), "3.11、3.12、3.13或3.14")]
)
def test_texts_name_the_pythons_that_the_bundle_is_made_for(files, pythons, said):
    for platform, path in ((WINDOWS, "desk/no-python.txt"), (LINUX, "运行.sh")):
        entry = build_bundle.program(platform, files, pythons)[path]
        text = entry.data.decode("utf-8-sig")
        (sentence,) = [line for line in text.splitlines() if re.search(r"Python 3|版本3", line)]
        assert re.findall(r"(?:Python |版本)(3[^（。]*)", sentence) == [said]
        assert entry.executable is files[path].executable
        assert (entry.data.count(b"\r\n"), entry.data.count(b"\n")) == (files[path].data.count(b"\r\n"), files[path].data.count(b"\n"))


def test_changes_that_are_not_committed_are_told(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e"]
    for name in ("甲.py", "乙 1.py", "丙.py"):
        (tmp_path / name).write_text("1\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "m"], check=True)
    (tmp_path / "notes.txt").write_text("not in a bundle")
    assert build_bundle.changed(tmp_path) == []
    (tmp_path / "甲.py").write_text("2\n")
    (tmp_path / "乙 1.py").write_text("2\n")
    subprocess.run([*git, "add", "乙 1.py"], check=True)
    assert build_bundle.changed(tmp_path) == ["乙 1.py", "甲.py"]
    assert build_bundle.tracked(tmp_path)["甲.py"].data == b"2\n"
    (tmp_path / "丙.py").unlink()
    with pytest.raises(Faults, match="“丙.py”被删除"):
        build_bundle.tracked(tmp_path)


def test_no_address_stands_in_anything_that_a_bundle_is_made_of(files):
    for path in files:
        if path.startswith(("desk/", "运行", "tools/build_bundle", "requirements", "docs/离线安装")):
            text = files[path].data.decode("utf-8")
            assert not re.search(r"https?://|--(extra-)?index-url|--trusted-host", text), path


# --- installed without network ----------------------------------------------------------------------------------------


def of_this_session(tmp_path_factory, name):
    """A folder that all processes of this session of tests share."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """The real bundle for this machine and this Python; built once, however many processes test."""
    shared = of_this_session(tmp_path_factory, "bundle")
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            build_bundle.build(HERE, [PYTHON], shared)
    (path,) = shared.iterdir()
    return path


@pytest.fixture(scope="session")
def started(bundle, tmp_path_factory):
    """That bundle unpacked in an empty system and started for the first time: its folder, environment, exit status and screen."""
    shared = of_this_session(tmp_path_factory, "a b 中文")
    with FileLock(f"{shared}.lock"):
        told = shared / "told.json"
        if not told.exists():
            with tarfile.open(bundle) as packed:
                packed.extractall(shared, filter="tar")
            environment = bare(shared / "system")
            before = {path.relative_to(shared).as_posix() for path in shared.rglob("*") if path.is_file()}
            status, screen = launch(shared / build_bundle.NAME, environment, "--date", "2022-10-20")
            told.write_text(json.dumps([environment, sorted(before), status, screen]))
    return shared / build_bundle.NAME, *json.loads(told.read_text())


@pytest.mark.index
def test_the_bundle_installs_without_network_and_the_sample_comes_out_the_same(started, tmp_path):
    program, environment, before, status, screen = started
    listed = json.loads((program / "desk" / "manifest.json").read_text("utf-8"))
    there = {path.removeprefix(f"{program.name}/") for path in before if path.startswith(f"{program.name}/")}
    assert set(listed["files"]) == there - {"desk/manifest.json"}
    for path, sha256 in listed["files"].items():
        assert hashlib.sha256((program / path).read_bytes()).hexdigest() == sha256

    assert status == 1 and FIRST in screen and "安装完成" in screen and "示例" in screen
    assert not re.search("Traceback|WARNING|ERROR", screen)
    # Nothing but what the bundle and the program put there, and nothing outside.
    assert list(Path(environment["HOME"]).iterdir()) == []

    normal = tmp_path / "normal"
    for part in ("input", "archive"):
        shutil.copytree(program / "示例" / part, normal / part)
    done = subprocess.run([sys.executable, ROOT / "process.py", "--date", "2022-10-20"], cwd=normal, capture_output=True)
    assert done.returncode == 1
    ours, theirs = ({path.relative_to(top): path.read_bytes() for path in (top / "output").rglob("*") if path.is_file()} for top in (program, normal))
    assert len(ours) > 50 and ours == theirs

    # Once more, and then it only starts.
    status, again = launch(program, environment, "--help")
    assert status == 0 and FIRST not in again and "运行.sh forms" in again
    assert (program / SH).exists()


def fill_in(page):
    """As a clerk of a community does where nothing is to be deducted."""
    for label, value in ((Heading.AUTHOR, "李填表"), (Heading.DATE, "2021-10-11"), (Heading.CLAIM, "是")):
        page[beside(page, label)] = value
    head = next(row for row in page.iter_rows() if any(cell.value == "条款" for cell in row))
    column = {str(cell.value).split("\n")[0].split("（")[0]: cell.column for cell in head if cell.value}
    rows = {page.cell(row, column["条款"]).value: row for row in range(head[0].row + 1, page.max_row + 1)}
    for clause in STANDARD.clauses:
        page.cell(rows[clause.id], column["扣分"], 0)
        if clause.id in ACTUAL:
            page.cell(rows[clause.id], column["实际值"], ACTUAL[clause.id])


FIRST = "第一次使用，正在安装"
"""What installing says; help has the first three of these words too."""


@pytest.mark.index
def test_a_whole_year_from_the_bundle_without_network(started, tmp_path):
    """From the sample to the closed year as docs/操作手册.md goes: two units, three communities, of which 学桥街 takes no part."""
    installed, environment, *_ = started
    program = tmp_path / "绿色社区"
    shutil.copytree(installed, program, ignore=lambda folder, _: {"wheels"} if Path(folder) == installed else set())
    day = ("--date", "2021-10-18")

    def do(*words):
        status, screen = launch(program, environment, *words, *day)
        assert not re.search("Traceback|Error|程序内部出错", screen) and FIRST not in screen
        return status, screen

    # The sample has been looked at; everything received is moved away. A roster to fill in appears.
    shutil.move(program / "input", tmp_path / "示例的文件")
    (program / "input").mkdir()
    status, screen = do()
    assert status == 3 and sorted(path.name for path in (program / "input").iterdir()) == ["roster.xlsx"]
    assert "运行.sh forms" in screen
    book = openpyxl.load_workbook(program / "input" / "roster.xlsx")
    for cell, value in (("B5", "楚雄州住建局"), ("B6", "王某"), ("B7", "0878")):
        book["批次"][cell] = value
    for row, unit in enumerate(ROSTER.units, 4):
        book["填报单位"].cell(row, 1, unit.code)
        book["填报单位"].cell(row, 2, unit.name)
    for row, community in enumerate(ROSTER.communities, 4):
        for column, value in enumerate((community.county, community.town, community.code, community.name), 1):
            book["社区名册"].cell(row, column, value)
    book.save(program / "input" / "roster.xlsx")

    # Forms are issued and filled in: nothing is deducted, which makes 96 points.
    assert do("forms")[0] == 0
    received = tmp_path / "收到的"
    received.mkdir()
    for form in (program / "forms").iterdir():
        book = openpyxl.load_workbook(form)
        for label, value in (("联系人", "李填报"), ("联系电话", "0878-1")):
            put_heading("汇总", label, value)(book)
        for name in book.sheetnames:
            if not name.endswith("社区") or name == "学桥街社区":
                continue
            fill_in(book[name])
        book.save(received / form.name.replace("填报工作簿", "报送"))
    assert len(list(received.iterdir())) == 2
    status, screen = do("receive", *map(str, sorted(received.iterdir())))
    assert status == 0, screen
    assert len(list((program / "input").glob("*_报送.xlsx"))) == 2
    status, _ = do()
    assert status == 0

    status, screen = do("close", "--who", "王某")
    assert status == 0, screen
    closed = program / "archive" / "2021" / "results" / "annex2.xlsx"
    assert closed.read_bytes() == (program / "output" / "2021-annual" / "annex2.xlsx").read_bytes()
    rows = [[cell for cell in row if cell is not None] for row in openpyxl.load_workbook(closed).active.iter_rows(values_only=True)]
    (head,) = [at for at, row in enumerate(rows) if row[:1] == ["县（市、区）"]]
    assert rows[head][1:4] == ["2021 年绿色社区名单", "2021 年完成数量", "2021 年完成比例"]
    # The list, how many, of how many: 1 of 2, 1 of 1, 2 of 3.
    assert rows[head + 1 : head + 3] == [
        ["楚雄市", "东兴社区居民委员会", 1, 0.5, 0.5],
        ["双柏县", "东城社区居民委员会", 1, 1, 1],
    ]
    assert rows[head + 3] == ["地区", "/", 2, 0.6667, "/", 0.6667]


# --- no network -------------------------------------------------------------------------------------------------------

TURNS_TO_AN_ADDRESS = "import socket, sys\ntry: socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)\nexcept OSError: sys.exit(7)"


def test_without_network_means_without_network():
    """Where the system allows no process without network it is watched; never is a test passed over."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        order = [sys.executable, "-c", TURNS_TO_AN_ADDRESS, str(server.getsockname()[1])]
        assert subprocess.run(order).returncode == 0  # it is there
        with pytest.raises(AssertionError, match="AF_INET"):
            watched(order)
        try:
            assert without_network(order).returncode == 7
        except AssertionError as error:  # this system only lets itself be watched
            assert "AF_INET" in str(error)
    done = watched([sys.executable, "-c", "print('alone')"], capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"alone\n")
