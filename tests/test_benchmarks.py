"""The benchmarks work (benchmarks/): one command gives the table of docs/performance.md. What they measure is no test."""

from __future__ import annotations

import re
import subprocess
import sys

from test_run import ROOT


def test_one_command_gives_the_table():
    words = [sys.executable, str(ROOT / "benchmarks" / "reach.py"), "--small", "--rounds", "1"]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    head, line, *rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert head == "| what | at least | aim | measured |" and line == "|---|---|---|---|"
    assert len(rows) == 10
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 4 and re.search("[0-9]", cells[3])


def test_another_says_where_the_time_goes(tmp_path):
    make = [sys.executable, str(ROOT / "benchmarks" / "synthetic.py"), str(tmp_path / "input"), "2", "2"]
    subprocess.run(make, capture_output=True, timeout=120, check=True)
    words = [sys.executable, str(ROOT / "benchmarks" / "where.py"), str(tmp_path / "input")]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert len([line for line in done.stdout.splitlines() if line.endswith("% |")]) > 20
