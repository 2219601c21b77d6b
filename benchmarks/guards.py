"""What the guards cost beside what they guard: python benchmarks/guards.py [rounds].

The same clean forms (the shipped sample) in one run, processor time, median of interleaved rounds: the guards, which are
all that comes before and beside the reading of cells, must cost no more than the reading.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from greencomm.forms.read import read_form  # noqa: E402
from greencomm.intake import xlsx  # noqa: E402
from greencomm.intake.contents import kind_of  # noqa: E402
from greencomm.intake.workbook import Workbook  # noqa: E402
from greencomm.standard import load_standard  # noqa: E402


def inflate(data: bytes) -> None:
    """What reading needs of the zip anyway: the parts with cells, by the standard library."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/"):
                archive.read(name)


def main(rounds: int) -> int:
    """Print a table of medians; 1 where the guards cost more than the reading."""
    standard = load_standard()
    forms = [path.read_bytes() for path in sorted((ROOT / "input").glob("*.xlsx"))]
    books: list[Workbook] = [xlsx.read_xlsx(data) for data in forms]
    compare = xlsx._compare_with_calamine

    def guards() -> None:
        for data in forms:
            kind_of(data)
            package = xlsx._Package(data)
            package.missing_targets()

    def unpacked() -> None:
        for data in forms:
            inflate(data)

    def whole() -> None:
        for data in forms:
            xlsx.read_xlsx(data)

    def single() -> None:
        xlsx._compare_with_calamine = lambda *_: ()
        try:
            whole()
        finally:
            xlsx._compare_with_calamine = compare

    def understand() -> None:
        for book in books:
            read_form(book, standard)

    stages: dict[str, Callable[[], object]] = {
        "unpacking alone": unpacked,
        "guards (with unpacking)": guards,
        "guards and first reading": single,
        "guards, first and second reading": whole,
        "understanding the form": understand,
    }
    times: dict[str, list[float]] = {name: [] for name in stages}
    for _ in range(rounds):
        for name, stage in stages.items():
            start = time.process_time()
            stage()
            times[name].append(time.process_time() - start)
    median = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"| stage | processor time, median of {rounds}, s |\n|---|---:|")
    for name, seconds in median.items():
        print(f"| {name} | {seconds:.3f} |")
    guarding = median["guards (with unpacking)"]
    reading = median["guards, first and second reading"] - guarding + median["understanding the form"]
    print(f"\nguards {guarding:.3f} s, reading {reading:.3f} s: {guarding / reading:.2f} of it")
    return 0 if guarding <= reading else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
