"""Reading, scoring and writing apart, on the second year of the shipped sample (90 communities): python benchmarks/stages.py [rounds].

Beside them calamine's own read of the same files, in the same rounds, as the yardstick; medians of interleaved rounds.
"""

from __future__ import annotations

import datetime
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import python_calamine  # noqa: E402

from greencomm.batch import Options, prepare  # noqa: E402
from greencomm.intake.collect import collect  # noqa: E402
from greencomm.outputs import write_outputs  # noqa: E402
from greencomm.review.region import review  # noqa: E402


def raw_read(folder: Path) -> None:
    """Every cell of every workbook by calamine alone."""
    for path in sorted(folder.glob("*.xlsx")):
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def main(rounds: int) -> None:
    """Print a table of medians."""
    folder = ROOT / "input"
    options = Options(folder, Path(), folder / "roster.xlsx", Path(), datetime.date(2022, 10, 18))
    standard, roster = prepare(options)
    arrivals = collect(folder, options.roster, standard)
    result = review(arrivals, roster, standard, lambda _: standard, options.run_date)

    def write() -> None:
        with tempfile.TemporaryDirectory() as place:
            list(write_outputs(Path(place), result))

    stages: dict[str, Callable[[], object]] = {
        "calamine alone (yardstick)": lambda: raw_read(folder),
        "reading, both passes": lambda: collect(folder, options.roster, standard),
        "scoring and review": lambda: review(arrivals, roster, standard, lambda _: standard, options.run_date),
        "writing all outputs": write,
    }
    times: dict[str, list[float]] = {name: [] for name in stages}
    for _ in range(rounds):
        for name, stage in stages.items():
            start = time.perf_counter()
            stage()
            times[name].append(time.perf_counter() - start)
    yardstick = statistics.median(times["calamine alone (yardstick)"])
    print(f"| stage | median of {rounds}, s | × yardstick |\n|---|---:|---:|")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"| {name} | {median:.3f} | {median / yardstick:.1f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
