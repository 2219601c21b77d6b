"""Ctrl-C while the outputs are being written by several processes: old results stand, and nobody goes on working."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import synthetic  # noqa: E402

SIZES = {f"{530100 + number}": 12 for number in range(1, 7)}
PATIENCE = 120
"""Seconds until something must have happened on the slowest machine."""


def below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def family_of(process: int) -> set[int]:
    """The process and all that it started, by /proc."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = {process}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    place = tmp_path_factory.mktemp("season")
    synthetic.make_season(place / "input", SIZES)
    return place


def command(place: Path, date: str) -> list[str]:
    return [sys.executable, str(ROOT / "process.py"), "--input", str(place / "input"), "--output", str(place / "output"),
            "--archive", str(place / "archive"), "--date", date]  # fmt: skip


@pytest.mark.unmeasured
def test_ctrl_c_while_units_are_written(season):
    first = subprocess.run(command(season, "2021-10-19"), capture_output=True)
    assert first.returncode == 1, first.stderr.decode()
    before = below(season / "output")
    # Another day, so that everything is written again.
    run = subprocess.Popen(command(season, "2021-10-20"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    end = time.monotonic() + PATIENCE
    while not list((season / "archive" / "work").rglob("units/*/*.xlsx")):
        assert run.poll() is None and time.monotonic() < end, "it was over before anything could be interrupted"
        time.sleep(0.005)
    family = family_of(run.pid)
    # As a terminal does: everybody in front of it gets the signal.
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert "已按您的要求停止" in said.decode() and "Traceback" not in said.decode()
    assert len(family) > 1, "no other process was at work"
    time.sleep(0.2)
    assert not [process for process in family if Path(f"/proc/{process}").exists()]
    assert below(season / "output") == before
    again = subprocess.run(command(season, "2021-10-20"), capture_output=True)
    assert again.returncode == 1, again.stderr.decode()
