"""A unit as large as the country's largest county (1,004 communities) beside an ordinary one (31): python benchmarks/largest_unit.py.

For an empty and a filled form of each: its size, and what it takes to issue it, to open it in LibreOffice, to recalculate
it there from nothing and save it, and to read and review it here. What LibreOffice shows is held against what was stored.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import python_calamine  # noqa: E402
from office import strip_stored_values  # noqa: E402
from season import CITY, ROSTER, arrive, clean, form, judge  # noqa: E402

from greencomm.forms.issue import SheetAnswers  # noqa: E402
from greencomm.roster import Community, Roster  # noqa: E402

ORDINARY, LARGEST = 31, 1004
MEGABYTE = 1024 * 1024
_PER_TOWN = 199
"""Urban communities are numbered from 001 to 199 within a town."""


def roster_of(count: int) -> Roster:
    """One unit with so many communities."""
    members = tuple(
        Community(f"532301{101 + n // _PER_TOWN}{n % _PER_TOWN + 1:03d}", f"第{n + 1}社区居民委员会", "楚雄市", "鹿城镇", "532301")
        for n in range(count)
    )
    return dataclasses.replace(ROSTER, communities=members)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of the processor and result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def command(words: list[str]) -> tuple[float, float, float]:
    """Seconds of the clock and of the processor, and peak memory in MB, of a program and all that it starts."""
    start = time.perf_counter()
    started = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(started.pid, 0)
    if status:
        raise SystemExit(f"{words[0]}: status {status}: {started.stderr.read().decode() if started.stderr else ''}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def by_libreoffice(file: Path, target: str) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak memory in MB of LibreOffice opening a file and saving it as ``target`` into the folder out."""
    profile = f"-env:UserInstallation={(file.parent / 'profile').as_uri()}"
    return command(["soffice", profile, "--headless", "--convert-to", target, "--outdir", str(file.parent / "out"), str(file)])


def shown(data: bytes) -> Sequence[Sequence[Sequence[object]]]:
    """Every cell of every sheet as calamine reads it."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]


def differences(one: bytes, other: bytes) -> int:
    """Cells that show something else; sheets, rows and columns that only one has count by their cells."""
    count = 0
    sheets = list(zip(shown(one), shown(other), strict=True))
    for mine, theirs in sheets:
        for row in range(max(len(mine), len(theirs))):
            a, b = (sheet[row] if row < len(sheet) else [] for sheet in (mine, theirs))
            count += sum(x != y for x, y in itertools.zip_longest(a, b, fillvalue=""))
    return count


def measure(count: int, filled: bool, folder: Path) -> dict[str, str]:
    """One column of the table."""
    roster = roster_of(count)
    answers = {
        member.code: clean(c8_1=(n % 4, None, None), c1_2=(None, n % 3, "见会议记录")) if filled else SheetAnswers()
        for n, member in enumerate(roster.communities)
    }
    issuing, data = timed(lambda: form(CITY, answers, roster=roster))
    assert isinstance(data, bytes)
    reading, arrival = timed(lambda: arrive("given.xlsx", data))
    reviewing, result = timed(lambda: judge(arrival, roster=roster))  # type: ignore[arg-type]
    received = sum(community.file is not None for community in result.units[0].communities)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        unpacked = sum(info.file_size for info in package.infolist())
    given = folder / "given.xlsx"
    given.write_bytes(data)
    # As csv only one sheet is written, so that this is the time to open.
    clock, opening, memory = by_libreoffice(given, "csv")
    row = {
        "": f"{count:,} communities, {'filled' if filled else 'empty'}",
        "MB": f"{len(data) / MEGABYTE:.2f}",
        "MB unpacked": f"{unpacked / MEGABYTE:.1f}",
        "issue": f"{issuing:.1f} s",
        "read": f"{reading:.1f} s",
        "review": f"{reviewing:.1f} s",
        "sheets read": f"{received:,}",
        "LibreOffice opens it": f"{opening:.0f} s",
        "… by the clock, with what else ran": f"{clock:.0f} s",
        "… peak memory": f"{memory:.0f} MB",
        "a sheet: issue, read and review": f"{issuing * 1000 / count:.0f}, {(reading + reviewing) * 1000 / count:.0f} ms",
        "a sheet: LibreOffice opens it": f"{opening * 1000 / count:.0f} ms",
        "LibreOffice recalculates and saves it": "—",
        "… peak memory then": "—",
        "… cells that it shows otherwise": "—",
    }
    if filled:
        given.write_bytes(strip_stored_values(data))
        _, seconds, memory = by_libreoffice(given, "xlsx")
        row["LibreOffice recalculates and saves it"] = f"{seconds:.0f} s"
        row["… peak memory then"] = f"{memory:.0f} MB"
        row["… cells that it shows otherwise"] = str(differences(data, (folder / "out" / "given.xlsx").read_bytes()))
    return row


def main(counts: list[int]) -> None:
    """Print the table, measures down, forms across; seconds are the processor's, so that a busy machine measures the same."""
    rows = []
    for count in counts:
        for filled in (False, True):
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                # The first start of LibreOffice makes its profile; that is nobody's time to open a form.
                (folder / "first.csv").write_text("1\n")
                by_libreoffice(folder / "first.csv", "xlsx")
                rows.append(measure(count, filled, folder))
                print(rows[-1], file=sys.stderr)
    for title in rows[0]:
        print("| " + " | ".join([title, *(row[title] for row in rows)]) + " |")
        if not title:
            print("|---|" + "---:|" * len(rows))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [ORDINARY, LARGEST])
