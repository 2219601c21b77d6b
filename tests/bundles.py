"""Small bundles for tests: the real launchers and start script, one package of a few bytes, and a program that tells how it was called."""

from __future__ import annotations

import ensurepip
import functools
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from tools import build_bundle
from tools.build_bundle import Entry

ROOT = Path(__file__).resolve().parents[1]
HERE = build_bundle.PLATFORMS[f"linux-{platform.machine()}"]
"""The platform of bundles that can be installed on this machine."""
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
SH = "运行.sh"

PROGRAM = """
import json, os, sys
import tiny
if __name__ == "__main__":
    print(json.dumps({"arguments": sys.argv[1:], "tiny": tiny.VALUE, "folder": os.getcwd(), "utf8": sys.flags.utf8_mode}))
    raise SystemExit(1)
"""


def wheel(version: str, value: str, *says: str) -> tuple[str, bytes]:
    """A wheel of the package ``tiny``: its file name and bytes; ``says`` are more lines of its metadata."""
    info = f"tiny-{version}.dist-info"
    parts = {
        "tiny/__init__.py": f"VALUE = {value!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n" + "".join(f"{line}\n" for line in says),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*parts, f"{info}/RECORD"])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, text in {**parts, f"{info}/RECORD": record}.items():
            packed.writestr(zipfile.ZipInfo(name, build_bundle.ZIP_DATE), text)
    return f"tiny-{version}-py3-none-any.whl", stream.getvalue()


def installer() -> tuple[str, bytes]:
    """The wheel of pip that Python brings along; where a distribution has taken it out, its own."""
    folders = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    path = sorted(found for folder in folders for found in folder.glob("pip-*.whl"))[0]
    return path.name, path.read_bytes()


def entries(version: str = "1.0", value: str = "one") -> dict[str, Entry]:
    """The files of a small bundle."""
    name, data = wheel(version, value)
    pip, pip_data = installer()
    made = {
        "process.py": Entry(PROGRAM.encode()),
        "requirements.txt": Entry(f"tiny=={version} --hash=sha256:{hashlib.sha256(data).hexdigest()}\n".encode()),
        f"wheels/{name}": Entry(data),
        f"wheels/{pip}": Entry(pip_data),
        "greencomm/__init__.py": Entry(b""),
        "templates/letters/催报.txt": Entry("请报送".encode()),
        "示例/input/roster.xlsx": Entry(b"roster of the sample"),
        "示例/archive/closings.json": Entry(b"{}"),
        SH: Entry((ROOT / SH).read_bytes(), executable=True),
    }
    for script in ("desk/start.py", "desk/check.py"):
        made[script] = Entry((ROOT / script).read_bytes())
    return made


def unpacked(folder: Path, files: dict[str, Entry] | None = None) -> Path:
    """A small bundle, packed and unpacked into ``folder`` (over what lies there); the program's folder."""
    files = entries() if files is None else files
    files = {**files, "desk/manifest.json": build_bundle.manifest(HERE, [PYTHON], files)}
    archive = folder / "bundle.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    build_bundle.pack(HERE, files, archive)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="tar")
    archive.unlink()
    return folder / build_bundle.NAME


def bare(folder: Path, *, python: bool = True, more: dict[str, str] | None = None) -> dict[str, str]:
    """An empty environment: no settings, a home with nothing in it, and a PATH with what every system has, and one Python at most.

    ``more`` are shell scripts to be found on the PATH, by name.
    """
    path = folder / "bin"
    path.mkdir(parents=True)
    for tool in ("sh", "dirname", "basename", "readlink", "cat", "chmod", "printf", "mktemp", "rm", "sleep", "true", "mkdir", "touch"):
        found = next(place for place in (Path("/usr/bin") / tool, Path("/bin") / tool) if place.exists())
        (path / tool).symlink_to(found)
    if python:
        (path / f"python{PYTHON}").symlink_to(os.path.realpath(sys.executable))
    for name, script in (more or {}).items():
        (path / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (path / name).chmod(0o755)
    home = folder / "home"
    home.mkdir()
    return {"PATH": str(path), "HOME": str(home)}


@functools.cache
def _unshare() -> list[str]:
    """What to put before a command so that it has no network at all; [] where the system does not allow that."""
    unshare = shutil.which("unshare")
    for how in ([unshare, "-n"], [unshare, "-rn"]) if unshare else []:
        if subprocess.run([*how, "true"], capture_output=True).returncode == 0:
            return how
    return []


def without_network(order: list[str], **how: Any) -> subprocess.CompletedProcess[bytes]:
    """Run ``order`` without network; where the system refuses that, see to it that it asks for none. AssertionError if neither can be done."""
    if before := _unshare():
        return subprocess.run([*before, *order], **how)
    return watched(order, **how)


def watched(order: list[str], **how: Any) -> subprocess.CompletedProcess[bytes]:
    """Run ``order`` with the network on; AssertionError where it or a process that it starts turns to an address."""
    strace = shutil.which("strace")
    assert strace, "neither unshare nor strace: nothing shows that this works without network"
    with tempfile.TemporaryDirectory() as made:
        log = Path(made) / "calls"
        calls = "trace=connect,sendto,sendmsg,sendmmsg,exit_group"
        done = subprocess.run([strace, "-f", "-qq", "-e", calls, "-e", "signal=none", "-o", str(log), *order], **how)
        seen = log.read_text("utf-8", "replace") if log.exists() else ""
    assert "exit_group" in seen, "strace may not watch here"
    asked = [line for line in seen.splitlines() if "AF_INET" in line]
    assert not asked, asked
    return done


def launch(program: Path, environment: dict[str, str], *arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    """Run 运行.sh as a file manager does, without a terminal and without network: exit status and screen."""
    done = without_network(
        [str(program / SH), *arguments],
        env=environment,
        cwd=cwd or program.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    return done.returncode, done.stdout.decode("utf-8")
