"""Builds the offline bundles: the program, the sample, the guides and all wheels, in one archive for each platform.

    python tools/build_bundle.py --platform windows-x86_64 --platform linux-x86_64 --platform linux-aarch64 OUT

Wheels are those of requirements.txt, with its hashes, from whatever index pip is set up with; bundles for other platforms than
this one are made as well. Nothing is written unless each requirement has a fitting wheel for every Python that the bundle
serves. The same sources and wheels give the same bytes. What a bundle looks like and why: docs/decisions/S-55.md.

Messages are in Chinese: the person who builds a bundle is the prefecture's own (docs/离线安装.md).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from greencomm import __version__  # noqa: E402
from greencomm.durable import ZIP_DATE  # noqa: E402

SCHEMA = "greencomm-bundle/1"
NAME = "绿色社区创建评价"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SAMPLE = "示例"
GLIBC = (2, 28)
"""Kylin V10 and UOS 20 have it; wheels that need a newer one are of no use there."""
_OLDEST_GLIBC = 5
_TAR_DATE = 315532800  # 1980-01-01, as ZIP_DATE
_MARKED_EXECUTABLE = "100755"

# What a clerk needs of the repository, as patterns of its paths; the rest (tests, tools, records) stays at home.
_EVERYWHERE = (
    "process.py",
    "requirements.txt",
    "greencomm/**",
    "templates/**",
    "desk/check.py",
    "desk/start.py",
    # Pages, for a clerk's computer opens no Markdown (S-56).
    "docs/*.html",
    "docs/操作手册/**",
    "docs/填报须知.docx",
    "docs/examples/**",
)
_WINDOWS = ("运行.bat", "desk/no-python.txt", "desk/windows-32.txt")
_LINUX = ("运行.sh",)
_SAMPLE = ("input/**", "archive/**")


class Faults(Exception):
    """Why no bundle is written: sentences."""


@dataclass(frozen=True)
class Platform:
    """What a bundle is made for. ``tags`` are the platform tags of wheels that work there, ``markers`` what requirements ask."""

    name: str
    tags: tuple[str, ...]
    markers: Mapping[str, str]

    @property
    def windows(self) -> bool:
        return self.name.startswith("windows")


def _manylinux(machine: str) -> tuple[str, ...]:
    older = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    tags = []
    for minor in range(GLIBC[1], (16 if machine == "aarch64" else _OLDEST_GLIBC - 1), -1):
        tags.append(f"manylinux_{GLIBC[0]}_{minor}_{machine}")
        if minor in older:
            tags.append(f"{older[minor]}_{machine}")
    return tuple(tags)


def _linux(machine: str) -> Platform:
    markers = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine}
    return Platform(f"linux-{machine}", _manylinux(machine), markers)


PLATFORMS = {
    platform.name: platform
    for platform in (
        Platform(
            "windows-x86_64",
            ("win_amd64",),
            {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
        ),
        _linux("x86_64"),
        _linux("aarch64"),
    )
}


# --- requirements and wheels ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pinned:
    """One line of requirements.txt."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (only,) = self.requirement.specifier
        return only.version

    def applies(self, platform: Platform, python: str) -> bool:
        """Whether it is wanted on this platform with this Python ("3.11")."""
        marker = self.requirement.marker
        environment = {
            **platform.markers,
            "python_version": python,
            "python_full_version": f"{python}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{python}.0",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_version": "",
            "extra": "",
        }
        return marker is None or marker.evaluate(environment)


def read_requirements(text: str) -> list[Pinned]:
    """The pins of a requirements file with hashes; ValueError for one that is not pinned or has no hash."""
    pins = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line:
            continue
        wanted, *hashes = re.split(r"\s+--hash=sha256:", line)
        requirement = Requirement(wanted)
        if [only.operator for only in requirement.specifier] != ["=="] or not hashes:
            raise ValueError(wanted)
        pins.append(Pinned(requirement, frozenset(one.strip() for one in hashes)))
    return pins


def _tags(platform: Platform, python: str) -> frozenset[Tag]:
    major, minor = (int(part) for part in python.split("."))
    interpreter = f"cp{major}{minor}"
    return frozenset(
        [
            *cpython_tags((major, minor), [interpreter], platform.tags),
            *compatible_tags((major, minor), interpreter, platform.tags),
        ]
    )


def faults(platform: Platform, pythons: Sequence[str], pins: Sequence[Pinned], wheels: Mapping[str, str]) -> list[str]:
    """What is missing or wrong among ``wheels`` (file name → sha256), a sentence each; [] for a complete set.

    Each requirement that applies needs, for each Python, a wheel of its version whose tags fit and whose hash is pinned; and no
    wheel may lie there that nothing asks for.
    """
    found: list[str] = []
    known: dict[tuple[str, str], list[tuple[str, frozenset[Tag]]]] = {}
    for file in sorted(wheels):
        try:
            name, version, _, tags = parse_wheel_filename(file)
        except InvalidWheelFilename:
            found.append(f"不是安装包（wheel）：{file}")
            continue
        known.setdefault((name, str(version)), []).append((file, tags))
    used = set()
    for python in pythons:
        usable = _tags(platform, python)
        for pin in pins:
            if not pin.applies(platform, python):
                continue
            label = f"{pin.name} {pin.version}（{platform.name}，Python {python}）"
            fitting = [file for file, tags in known.get((pin.name, pin.version), []) if tags & usable]
            good = [file for file in fitting if wheels[file] in pin.hashes]
            if not fitting:
                found.append(f"缺少 {label}")
            elif not good:
                found.append(f"校验和与 requirements.txt 不符：{fitting[0]}，需要 {label}")
            used.update(fitting)
    found += [f"用不到的安装包：{file}" for versions in known.values() for file, _ in versions if file not in used]
    return found


def download(platform: Platform, python: str, pins: Iterable[Pinned], folder: Path) -> None:
    """Let pip fetch the wheels of all that applies into ``folder``, hashes checked; Faults with pip's words where it cannot."""
    _pip(["download", "--dest", str(folder)], platform, python, pins)


def offered(platform: Platform, python: str, pins: Iterable[Pinned]) -> dict[str, str]:
    """The wheels that pip would fetch, file name → sha256 by the index, without fetching them."""
    with tempfile.TemporaryDirectory() as made:
        report = Path(made) / "report.json"
        _pip(["install", "--dry-run", "--ignore-installed", "--target", made, "--report", str(report)], platform, python, pins)
        found = [each["download_info"] for each in json.loads(report.read_text("utf-8"))["install"]]
    return {unquote(each["url"].rsplit("/", 1)[-1]): each["archive_info"]["hashes"]["sha256"] for each in found}


def _pip(order: Sequence[str], platform: Platform, python: str, pins: Iterable[Pinned]) -> None:
    """pip judges markers by the Python that it runs on: so only what applies is asked for, without markers."""
    lines = [
        f"{pin.name}=={pin.version} " + " ".join(f"--hash=sha256:{one}" for one in sorted(pin.hashes))
        for pin in pins
        if pin.applies(platform, python)
    ]
    with tempfile.TemporaryDirectory() as made:
        wanted = Path(made) / "requirements.txt"
        wanted.write_text("\n".join(lines) + "\n", "utf-8")
        whole = [sys.executable, "-m", "pip", "--disable-pip-version-check", *order, "--quiet", "--no-deps"]
        # Of the Python that a package wants pip asks the one that it runs on, too; the tags say it as well, and are checked.
        whole += ["--ignore-requires-python"]
        whole += ["--only-binary", ":all:", "--require-hashes", "-r", str(wanted), "--implementation", "cp"]
        whole += ["--python-version", python, *(part for tag in platform.tags for part in ("--platform", tag))]
        done = subprocess.run(whole, capture_output=True, text=True)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Faults("\n".join([f"取不到安装包（{platform.name}，Python {python}）：", *told]))


# --- what goes into a bundle ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One file of a bundle."""

    data: bytes
    executable: bool = False


def _matches(path: str, patterns: Iterable[str]) -> bool:
    for pattern in patterns:
        if pattern.endswith("/**"):
            if path.startswith(pattern[:-2]):
                return True
        elif PurePosixPath(path).match(pattern) and path.count("/") == pattern.count("/"):
            return True
    return False


def tracked(root: Path) -> dict[str, Entry]:
    """Every file that git tracks below ``root``, as it lies there; Faults where this is no git checkout."""
    try:
        order = ["git", "-C", str(root), "ls-files", "-s", "-z"]
        listed = subprocess.run(order, capture_output=True, check=True).stdout.decode("utf-8")
    except (OSError, subprocess.CalledProcessError):
        raise Faults("制作程序包要用git取得文件清单，请在git仓库里运行。") from None
    entries = {}
    for row in filter(None, listed.split("\0")):
        head, path = row.split("\t", 1)
        entries[path] = Entry((root / path).read_bytes(), head.split(" ")[0] == _MARKED_EXECUTABLE)
    return entries


def program(platform: Platform, files: Mapping[str, Entry]) -> dict[str, Entry]:
    """What of the repository's ``files`` a clerk needs, by its path in the bundle."""
    own = _WINDOWS if platform.windows else _LINUX
    entries = {path: entry for path, entry in files.items() if _matches(path, (*_EVERYWHERE, *own))}
    entries |= {f"{SAMPLE}/{path}": entry for path, entry in files.items() if _matches(path, _SAMPLE)}
    text = files[f"desk/read-me-{'windows' if platform.windows else 'linux'}.txt"].data.decode("utf-8-sig").replace("\r\n", "\n")
    if platform.windows:
        text = "\ufeff" + text.replace("\n", "\r\n")
    entries["请先看我.txt"] = Entry(text.encode())
    return entries


def runtime(platform: Platform, folder: Path) -> tuple[str, dict[str, Entry]]:
    """A Python that runs where it lies, unpacked in ``folder``: its version, and its files by their path in the bundle.

    Links are followed: neither a ZIP file nor a memory stick keeps them.
    """
    pattern = "python3[0-9]*.dll" if platform.windows else "bin/python3.[0-9]*"
    start = "python.exe" if platform.windows else "bin/python3"
    versions = {f"3.{found[1]}" for path in folder.glob(pattern) if (found := re.search(r"python3\.?(\d+)(\.dll)?$", path.name))}
    if len(versions) != 1 or not (folder / start).exists():
        raise Faults(f"{folder} 里不是可直接使用的Python（应有 {start}），或不是给 {platform.name} 用的。")
    entries = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            entries[f"python/{path.relative_to(folder).as_posix()}"] = Entry(path.read_bytes(), os.access(path, os.X_OK))
    return versions.pop(), entries


def manifest(platform: Platform, pythons: Sequence[str], entries: Mapping[str, Entry]) -> Entry:
    """What the bundle is and the hash of each of its files; desk/check.py and desk/start.py read it."""
    (installer,) = (path for path in entries if path.startswith("wheels/pip-"))
    content = {
        "schema": SCHEMA,
        "version": __version__,
        "platform": platform.name,
        "pythons": list(pythons),
        "glibc": None if platform.windows else ".".join(str(part) for part in GLIBC),
        "installer": installer,
        "files": {path: hashlib.sha256(entry.data).hexdigest() for path, entry in sorted(entries.items())},
    }
    return Entry((json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def pack(platform: Platform, entries: Mapping[str, Entry], path: Path) -> None:
    """Write the archive: all in one folder, an empty ``input`` among it, in a fixed order, with fixed dates."""
    part = path.with_name(f"{path.name}.part")
    folders = [f"{NAME}/input/"]
    if platform.windows:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in folders:
                packed.writestr(_zip_info(name), b"")
            for name, entry in sorted(entries.items()):
                kind = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
                packed.writestr(_zip_info(f"{NAME}/{name}"), entry.data, kind)
    else:
        with (
            part.open("wb") as raw,
            gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as packed,
        ):
            for name in folders:
                info = _tar_info(name.rstrip("/"), 0o755)
                info.type = tarfile.DIRTYPE
                packed.addfile(info)
            for name, entry in sorted(entries.items()):
                info = _tar_info(f"{NAME}/{name}", 0o755 if entry.executable else 0o644)
                info.size = len(entry.data)
                packed.addfile(info, io.BytesIO(entry.data))
    part.replace(path)


def _zip_info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, ZIP_DATE)
    # As made on Unix, wherever it is made: for those of Windows some unpackers take names for the old code page, UTF-8 or not.
    info.create_system = 3
    info.external_attr = (0o40755 << 16) | 0x10 if name.endswith("/") else 0o100644 << 16
    return info


def _tar_info(name: str, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = mode, _TAR_DATE
    return info


def build(platform: Platform, pythons: Sequence[str], out: Path, portable: Path | None = None, root: Path = ROOT) -> Path:
    """Make one bundle in ``out``; its path. Faults where something is missing: then nothing is written."""
    entries = program(platform, tracked(root))
    if portable is not None:
        version, files = runtime(platform, portable)
        pythons = pythons or [version]
        if version not in pythons:
            raise Faults(f"{portable} 里是Python {version}，不在 --python 所列之中。")
        entries |= files
    pythons = sorted(pythons or PYTHONS, key=lambda text: [int(part) for part in text.split(".")])
    pins = read_requirements((root / "requirements.txt").read_text("utf-8"))
    installer = read_requirements((root / "requirements-bundle.txt").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for python in pythons:
            download(platform, python, [*pins, *installer], folder)
        wheels = {path.name: path.read_bytes() for path in folder.iterdir()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in wheels.items()}
    if found := faults(platform, pythons, [*pins, *installer], hashes):
        raise Faults("\n".join(found))
    entries |= {f"wheels/{name}": Entry(data) for name, data in wheels.items()}
    entries["desk/manifest.json"] = manifest(platform, pythons, entries)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}-{__version__}-{platform.name}.{'zip' if platform.windows else 'tar.gz'}"
    pack(platform, entries, path)
    return path


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 made, 1 something is missing (nothing written for that platform), 2 wrong use."""
    parser = argparse.ArgumentParser(description="制作离线程序包", usage="%(prog)s --platform 平台 [--python 版本 …] [--runtime 文件夹] 输出文件夹")
    parser.add_argument("--platform", action="append", choices=list(PLATFORMS), required=True, help="给哪种电脑用，可写几次")
    parser.add_argument("--python", action="append", choices=PYTHONS, help=f"给哪个版本的Python用，可写几次；不写则为{'、'.join(PYTHONS)}")
    parser.add_argument("--runtime", type=Path, metavar="文件夹", help="把这个文件夹里可直接使用的Python一起装进去（只能有一个平台）")
    parser.add_argument("out", type=Path, metavar="输出文件夹")
    args = parser.parse_args(arguments)
    if args.runtime and len(args.platform) > 1:
        parser.error("--runtime 只能用于一个平台")
    failed = False
    for name in args.platform:
        try:
            path = build(PLATFORMS[name], args.python or [], args.out, args.runtime)
        except Faults as found:
            print(f"{name}：没有制作。\n{found}", file=sys.stderr)
            failed = True
        else:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            print(f"{path}  {path.stat().st_size / 1e6:.0f}MB\nsha256 {sha256}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
