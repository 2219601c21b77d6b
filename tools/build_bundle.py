"""Builds the offline bundles: the program, the sample, the guides and all wheels, in one archive for each platform.

    python tools/build_bundle.py --platform windows-x86_64 --platform linux-x86_64 --platform linux-aarch64 OUT

Wheels are those of requirements.txt, with its hashes, from whatever index pip is set up with; bundles for other platforms than
this one are made as well. Nothing is written unless each requirement has a fitting wheel for every Python that the bundle
serves. The same sources and wheels give the same bytes. What a bundle looks like and why: docs/decisions/S-55.md.

Messages are in Chinese: the person who builds a bundle is the prefecture's own (docs/离线安装.md).
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

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
_NAME_PYTHONS = ("desk/no-python.txt", "运行.sh")
_ELF_MACHINES = {62: "x86_64", 183: "aarch64"}
_PE_MACHINES = {0x8664: "x86_64", 0xAA64: "aarch64"}


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
        return _wanted(self.requirement, platform, python)


@dataclass(frozen=True)
class Metadata:
    """What a wheel says of itself."""

    name: str
    version: str
    requires_python: str = ""
    requires_dist: tuple[str, ...] = ()


def _wanted(requirement: Requirement, platform: Platform, python: str, extra: str = "") -> bool:
    environment = {
        **platform.markers,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "extra": extra,
    }
    return requirement.marker is None or requirement.marker.evaluate(environment)


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


def faults(
    platform: Platform,
    pythons: Sequence[str],
    pins: Sequence[Pinned],
    wheels: Mapping[str, str],
    inside: Mapping[str, Metadata | None],
) -> list[str]:
    """What is missing or wrong among ``wheels`` (file name → sha256), a sentence each; [] for a complete set.

    Each requirement that applies needs, for each Python, a wheel of its version whose tags fit; every one that fits has a pinned
    hash, is for this Python and asks for nothing that is not pinned as well (``inside``: its metadata, None where that cannot be
    read); and no wheel may lie there that nothing asks for.
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
        applying = [pin for pin in pins if pin.applies(platform, python)]
        chosen: dict[str, tuple[Pinned, list[str]]] = {}
        for pin in applying:
            label = f"{pin.name} {pin.version}（{platform.name}，Python {python}）"
            fitting = [file for file, tags in known.get((pin.name, pin.version), []) if tags & usable]
            good = [file for file in fitting if wheels[file] in pin.hashes]
            if not fitting:
                found.append(f"缺少 {label}")
            found += [f"校验和与 requirements.txt 不符：{file}，需要 {label}" for file in fitting if file not in good]
            used.update(fitting)
            chosen[pin.name] = (pin, good)
        found += _faults_inside(platform, python, chosen, inside)
    found += [f"用不到的安装包：{file}" for versions in known.values() for file, _ in versions if file not in used]
    return found


def _faults_inside(
    platform: Platform, python: str, chosen: Mapping[str, tuple[Pinned, list[str]]], inside: Mapping[str, Metadata | None]
) -> list[str]:
    """What the wheels that are installed on this platform with this Python say against it; ``chosen``: by name the pin and its files."""
    found: dict[str, None] = {}
    # A package may ask for another one with an extra, which then asks for more: until nothing is added.
    extras = {name: set(pin.requirement.extras) for name, (pin, _) in chosen.items()}
    waiting = list(chosen)
    while waiting:
        name = waiting.pop()
        pin, files = chosen[name]
        for file in files:
            metadata = inside.get(file)
            try:
                if metadata is None:
                    raise ValueError
                own = (canonicalize_name(metadata.name), Version(metadata.version))
                fits = SpecifierSet(metadata.requires_python).contains(f"{python}.0", prereleases=True)
                needs = [Requirement(text) for text in metadata.requires_dist]
            except (ValueError, InvalidVersion, InvalidSpecifier, InvalidRequirement):
                found[f"安装包里的说明（METADATA）读不出来：{file}"] = None
                continue
            if own != (name, Version(pin.version)):
                found[f"安装包的内容与名称不符：{file} 里是 {metadata.name} {metadata.version}"] = None
            if not fits:
                found[f"{file} 不适用于Python {python}（它要求 {metadata.requires_python}）"] = None
            for need in needs:
                if not any(_wanted(need, platform, python, extra) for extra in ("", *extras[name])):
                    continue
                other = canonicalize_name(need.name)
                label = f"{file} 还需要 {need.name}{need.specifier}（{platform.name}，Python {python}）"
                if other not in chosen:
                    found[f"{label}，requirements.txt 里没有"] = None
                elif not need.specifier.contains(chosen[other][0].version, prereleases=True):
                    found[f"{label}，requirements.txt 里是 {chosen[other][0].version}"] = None
                elif not need.extras <= extras[other]:
                    extras[other] |= need.extras
                    waiting.append(other)
    return sorted(found)


def metadata_of(wheel: bytes) -> Metadata | None:
    """What a wheel says of itself; None where that cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as packed:
            (name,) = (name for name in packed.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
            raw, _ = parse_email(packed.read(name))
    except (ValueError, OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return None
    return Metadata(
        raw.get("name", ""), raw.get("version", ""), raw.get("requires_python", ""), tuple(raw.get("requires_dist", ()))
    )


def download(platform: Platform, python: str, pins: Iterable[Pinned], folder: Path) -> None:
    """Let pip fetch the wheels of all that applies into ``folder``, hashes checked; Faults with pip's words where it cannot."""
    _pip(["download", "--dest", str(folder)], platform, python, pins)


def offered(platform: Platform, python: str, pins: Iterable[Pinned]) -> tuple[dict[str, str], dict[str, Metadata | None]]:
    """The wheels that pip would fetch, without fetching them: file name → sha256 by the index, and their metadata."""
    with tempfile.TemporaryDirectory() as made:
        report = Path(made) / "report.json"
        _pip(["install", "--dry-run", "--ignore-installed", "--target", made, "--report", str(report)], platform, python, pins)
        found = json.loads(report.read_text("utf-8"))["install"]
    hashes: dict[str, str] = {}
    inside: dict[str, Metadata | None] = {}
    for each in found:
        file = unquote(each["download_info"]["url"].rsplit("/", 1)[-1])
        hashes[file] = each["download_info"]["archive_info"]["hashes"]["sha256"]
        told = each["metadata"]
        needs = tuple(told.get("requires_dist", ()))
        inside[file] = Metadata(told["name"], told["version"], told.get("requires_python", ""), needs)
    return hashes, inside


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
        try:
            entries[path] = Entry((root / path).read_bytes(), head.split(" ")[0] == _MARKED_EXECUTABLE)
        except OSError:
            raise Faults(f"仓库里的“{path}”被删除或读不出来，请先恢复（git checkout）。") from None
    return entries


def changed(root: Path) -> list[str]:
    """Files of the repository that lie there otherwise than they were committed: a bundle holds them as they lie."""
    order = ["git", "-C", str(root), "status", "--porcelain=v1", "--untracked-files=no", "--no-renames", "-z"]
    done = subprocess.run(order, capture_output=True)
    return sorted(row[3:] for row in done.stdout.decode("utf-8", "replace").split("\0") if row)


def _listed(pythons: Sequence[str]) -> str:
    return "或".join(filter(None, ("、".join(pythons[:-1]), pythons[-1])))


def _for_pythons(entry: Entry, pythons: Sequence[str]) -> Entry:
    """A text that says which Python is needed, with those that the bundle is made for."""
    said, wanted = _listed(PYTHONS).encode(), _listed(pythons).encode()
    assert entry.data.count(said) == 1
    return Entry(entry.data.replace(said, wanted), entry.executable)


def program(platform: Platform, files: Mapping[str, Entry], pythons: Sequence[str] = PYTHONS) -> dict[str, Entry]:
    """What of the repository's ``files`` a clerk needs, by its path in the bundle."""
    own = _WINDOWS if platform.windows else _LINUX
    entries = {path: entry for path, entry in files.items() if _matches(path, (*_EVERYWHERE, *own))}
    entries |= {f"{SAMPLE}/{path}": entry for path, entry in files.items() if _matches(path, _SAMPLE)}
    text = files[f"desk/read-me-{'windows' if platform.windows else 'linux'}.txt"].data.decode("utf-8-sig").replace("\r\n", "\n")
    if platform.windows:
        text = "\ufeff" + text.replace("\n", "\r\n")
    entries["请先看我.txt"] = Entry(text.encode())
    # Where there is no Python at all nothing can be read out of the manifest: the sentence itself has them.
    for path in _NAME_PYTHONS:
        if path in entries:
            entries[path] = _for_pythons(entries[path], pythons)
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
    if _made_for((folder / start).read_bytes()) != platform.name:
        raise Faults(f"{folder} 里的Python（{start}）不是给 {platform.name} 用的：处理器不同，或者是32位的。")
    entries = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            entries[f"python/{path.relative_to(folder).as_posix()}"] = Entry(path.read_bytes(), os.access(path, os.X_OK))
    return versions.pop(), entries


def _made_for(program: bytes) -> str:
    """The platform that an executable file runs on, by its own head (ELF, PE); "" for any other."""
    with contextlib.suppress(struct.error):
        if program.startswith(b"\x7fELF\x02\x01"):  # 64 bits, low byte first
            (machine,) = struct.unpack_from("<H", program, 18)
            return f"linux-{_ELF_MACHINES.get(machine, machine)}"
        if program.startswith(b"MZ"):
            (at,) = struct.unpack_from("<I", program, 0x3C)
            sign, machine = struct.unpack_from("<4sH", program, at)
            if sign == b"PE\0\0":
                return f"windows-{_PE_MACHINES.get(machine, machine)}"
    return ""


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
    files = tracked(root)
    beside: dict[str, Entry] = {}
    if portable is not None:
        version, beside = runtime(platform, portable)
        pythons = pythons or [version]
        if version not in pythons:
            raise Faults(f"{portable} 里是Python {version}，不在 --python 所列之中。")
    pythons = sorted(set(pythons or PYTHONS), key=lambda text: [int(part) for part in text.split(".")])
    entries = program(platform, files, pythons) | beside
    pins = read_requirements((root / "requirements.txt").read_text("utf-8"))
    installer = read_requirements((root / "requirements-bundle.txt").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for python in pythons:
            download(platform, python, [*pins, *installer], folder)
        wheels = {path.name: path.read_bytes() for path in folder.iterdir()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in wheels.items()}
    inside = {name: metadata_of(data) for name, data in wheels.items()}
    if found := faults(platform, pythons, [*pins, *installer], hashes, inside):
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
    if odd := changed(ROOT):
        named = "、".join(odd[:5]) + (f" 等{len(odd)}个文件" if len(odd) > 5 else "")
        print(f"请注意：仓库里有没有提交的改动，程序包里是改动以后的：{named}", file=sys.stderr)
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
