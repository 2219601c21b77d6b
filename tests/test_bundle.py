"""The offline bundle: complete for its platform before it is written, and a run from it like any other.

Tests marked ``index`` let pip fetch wheels from the index that it is set up with.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from bundles import HERE, PYTHON, ROOT, SH, bare, entries, launch
from filelock import FileLock

from tools import build_bundle
from tools.build_bundle import PLATFORMS, PYTHONS, Entry, Faults, faults, read_requirements

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
    ],
)
def test_a_missing_or_wrong_wheel_is_named(wheels, said):
    assert faults(WINDOWS, ["3.11", "3.12"], PINS, wheels) == said


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
@pytest.mark.parametrize("platform, python", [(LINUX, "3.14"), (ARM, "3.11"), (ARM, "3.14")])
def test_every_requirement_has_a_wheel_for_linux(platform, python):
    assert complete(platform, python) == []


def complete(platform, python):
    """Faults of what the index offers, as pip sees it; nothing is fetched but metadata."""
    pins = read_requirements((ROOT / "requirements.txt").read_text("utf-8"))
    return faults(platform, [python], pins, build_bundle.offered(platform, python, pins))


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


def test_a_portable_python_can_be_put_in(tmp_path):
    windows, linux = tmp_path / "w", tmp_path / "l"
    for path in ("python.exe", "python3.dll", "python312.dll", "Lib/os.py", "Lib/__pycache__/os.pyc"):
        (windows / path).parent.mkdir(parents=True, exist_ok=True)
        (windows / path).write_bytes(b"x")
    version, made = build_bundle.runtime(WINDOWS, windows)
    assert version == "3.12"
    assert set(made) == {"python/python.exe", "python/python3.dll", "python/python312.dll", "python/Lib/os.py"}
    (linux / "bin").mkdir(parents=True)
    (linux / "bin" / "python3.13").write_bytes(b"x")
    (linux / "bin" / "python3.13").chmod(0o755)
    (linux / "bin" / "python3").symlink_to("python3.13")
    version, made = build_bundle.runtime(LINUX, linux)
    assert version == "3.13" and made["python/bin/python3"] == Entry(b"x", executable=True)
    for platform, folder in ((WINDOWS, linux), (LINUX, windows), (LINUX, tmp_path)):
        with pytest.raises(Faults, match="不是可直接使用的Python"):
            build_bundle.runtime(platform, folder)


def test_no_address_stands_in_anything_that_a_bundle_is_made_of(files):
    for path in files:
        if path.startswith(("desk/", "运行", "tools/build_bundle", "requirements", "docs/离线安装")):
            text = files[path].data.decode("utf-8")
            assert not re.search(r"https?://|--(extra-)?index-url|--trusted-host", text), path


# --- installed without network ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """The real bundle for this machine and this Python; built once, however many processes test."""
    shared = tmp_path_factory.getbasetemp().parent / "bundle"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            build_bundle.build(HERE, [PYTHON], shared)
    (path,) = shared.iterdir()
    return path


@pytest.mark.index
def test_the_bundle_installs_without_network_and_the_sample_comes_out_the_same(bundle, tmp_path):
    with tarfile.open(bundle) as packed:
        packed.extractall(tmp_path / "a b 中文", filter="tar")
    program = tmp_path / "a b 中文" / "绿色社区创建评价"
    listed = json.loads((program / "desk" / "manifest.json").read_text("utf-8"))
    there = {path.relative_to(program).as_posix(): path for path in program.rglob("*") if path.is_file()}
    assert set(listed["files"]) == set(there) - {"desk/manifest.json"}
    for path, sha256 in listed["files"].items():
        assert hashlib.sha256(there[path].read_bytes()).hexdigest() == sha256

    environment = bare(tmp_path / "system")
    status, screen = launch(program, environment, "--date", "2022-10-20")
    assert status == 1 and "安装完成" in screen and "示例" in screen
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
    assert status == 0 and "第一次使用" not in again
    assert (program / SH).exists()
