"""The reach of the program, as a table: python benchmarks/reach.py [--rounds N] [--small] [--folder F] [--national F].

Every round takes every measure once, one after the other, so that whatever else the machine does falls on all alike; the
table has medians, and ratios of medians. ``--small`` is for seeing that it works. ``--folder`` keeps the synthetic seasons (they are
made anew otherwise), ``--national`` is a tree that ``national.py`` has made: it is run once more, and gives the last rows.
Prints Markdown, ready for docs/performance.md; figures behind it go to standard error.
"""

from __future__ import annotations

import argparse
import compileall
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greencomm.options import Options

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

from measure import Cost, cost_of  # noqa: E402

DATE = "2021-10-20"
USUAL = {"532301": 31, "532302": 29, "532322": 8, "532323": 5, "532324": 12, "532325": 13, "532326": 17, "532327": 3, "532328": 10,
         "532329": 9}  # fmt: skip
"""Communities of the ten units of Chuxiong, as in the shipped roster."""
PROGRAM = [sys.executable, str(ROOT / "process.py")]
SELF = [sys.executable, str(Path(__file__).resolve())]


# --- done in processes of their own ----------------------------------------------------------------------------------


def raw_read(folder: Path) -> dict[str, float]:
    """Every cell of every workbook by calamine alone, in one thread; without the start of Python."""
    import python_calamine

    files = sorted(path for path in folder.glob("*.xlsx") if path.name != "roster.xlsx")
    start = time.perf_counter()
    for path in files:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return {"raw": time.perf_counter() - start}


def core(folder: Path) -> dict[str, float]:
    """Read with all guards, review, Annex 2 and result.json: the stages of ``batch`` without its other outputs."""
    from greencomm import batch
    from greencomm.document import Output, dump, result_document
    from greencomm.durable import file_sha256
    from greencomm.history import History
    from greencomm.intake.collect import collect

    options = _options(folder)
    with batch._seldom_searching(), tempfile.TemporaryDirectory() as place:
        standard, roster = batch.prepare(options)
        adopted = batch.adopted_by(options, standard, roster)
        arrivals = collect(folder, options.roster, standard, standards=adopted.files, meanwhile=_load_core)
        from greencomm.outputs import TEMPLATES
        from greencomm.outputs.annex2 import write_annex2

        result, _ = batch._review(arrivals, adopted, roster, options, History(), [])
        annex2 = Path(place) / "annex2.xlsx"
        write_annex2(annex2, result, TEMPLATES / "annex2.xlsx")
        document = result_document(result, [Output("annex2", None, "annex2.xlsx", file_sha256(annex2))])
        (Path(place) / "result.json").write_bytes(dump(document))
    return {}


def _load_core() -> None:
    import greencomm.outputs.annex2
    import greencomm.review.region  # noqa: F401


def scoring_alone(folder: Path) -> dict[str, float]:
    """All answers scored at once, as a run does after reading."""
    from greencomm import batch, scoring
    from greencomm.history import History
    from greencomm.intake.collect import collect

    options = _options(folder)
    standard, roster = batch.prepare(options)
    adopted = batch.adopted_by(options, standard, roster)
    arrivals = collect(folder, options.roster, standard, standards=adopted.files)
    taken: list[float] = []
    score = scoring.score

    def timed(*given: object) -> object:
        start = time.perf_counter()
        scores = score(*given)  # type: ignore[arg-type]
        taken.append(time.perf_counter() - start)
        return scores

    scoring.score = timed  # type: ignore[assignment]
    batch._review(arrivals, adopted, roster, options, History(), [])
    return {"scoring": sum(taken)}


def returned_copy(folder: Path) -> dict[str, float]:
    """One unit's workbook marked and sent back: by the program, and by openpyxl as an average script does it."""
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    from greencomm import batch
    from greencomm.forms.returned import write_returned
    from greencomm.history import History
    from greencomm.intake.collect import collect

    options = _options(folder)
    standard, roster = batch.prepare(options)
    adopted = batch.adopted_by(options, standard, roster)
    arrivals = collect(folder, options.roster, standard, standards=adopted.files)
    result, _ = batch._review(arrivals, adopted, roster, options, History(), [])
    (unit,) = [unit for unit in result.units if unit.files]
    (received,) = [path for path in folder.glob("*.xlsx") if path.name != "roster.xlsx"]
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        write_returned(Path(place) / "ours.xlsx", unit, result)
        ours = time.perf_counter() - start
        start = time.perf_counter()
        book = openpyxl.load_workbook(received)
        for finding in unit.findings:
            if finding.place.sheet and finding.place.cell:
                cell = book[finding.place.sheet][finding.place.cell]
                cell.fill, cell.comment = PatternFill("solid", fgColor="FFC7CE"), Comment(finding.message, "审核")
        book.save(Path(place) / "theirs.xlsx")
        theirs = time.perf_counter() - start
    return {"returned": ours, "openpyxl": theirs}


def _options(folder: Path) -> Options:
    from greencomm.options import Options

    return Options(folder, Path(), folder / "roster.xlsx", Path(tempfile.gettempdir()) / "none", datetime.date.fromisoformat(DATE))


APART: dict[str, Callable[[Path], dict[str, float]]] = {
    "raw": raw_read, "core": core, "scoring": scoring_alone, "returned": returned_copy,
}  # fmt: skip


# --- the rounds --------------------------------------------------------------------------------------------------------


class Rounds:
    """What was measured, by name: seconds or MB of every round."""

    def __init__(self, place: Path, small: bool) -> None:
        self.place, self.small = place, small
        self.large = (4, 5) if small else (200, 40)
        self.usual = {"532323": 5, "532327": 3} if small else USUAL
        self.found: dict[str, list[float]] = {}

    @property
    def one(self) -> int:
        """Sheets of the unit whose copy goes back."""
        return 5 if self.small else USUAL["532301"]

    @property
    def sheets(self) -> int:
        """Of the large season."""
        return self.large[0] * self.large[1]

    def make(self) -> None:
        """The seasons, where they are not there from another time; the same bytes for the same sizes."""
        units, sheets = self.large
        large = {f"{530100 + number}": sheets for number in range(1, units + 1)}
        for name, sizes in (("usual", self.usual), ("large", large), ("one", {"532301": self.one})):
            if not (self.place / name / "whole").exists():
                shutil.rmtree(self.place / name, ignore_errors=True)
                code = "import sys, json; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from synthetic import make_season\n"
                code += "make_season(Path(sys.argv[2]), json.loads(sys.argv[3]))"
                words = [sys.executable, "-c", code, str(ROOT / "benchmarks"), str(self.place / name / "input"), json.dumps(sizes)]
                subprocess.run(words, check=True)
                (self.place / name / "whole").touch()

    def keep(self, **figures: float) -> None:
        for name, figure in figures.items():
            self.found.setdefault(name, []).append(figure)

    def run(self, name: str, fresh: bool) -> Cost:
        """A whole run of a season, out of nothing or on what the last left."""
        made = self.place / f"{name}-made"
        if fresh:
            shutil.rmtree(made, ignore_errors=True)
        words = ["--input", str(self.place / name / "input"), "--output", str(made / "output"), "--archive", str(made / "archive")]
        return cost_of([*PROGRAM, *words, "--date", DATE], may=(0, 1))

    def apart(self, what: str, name: str) -> None:
        words = [*SELF, "--apart", what, str(self.place / name / "input")]
        self.keep(**json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout))

    def round(self) -> None:
        """Every measure once."""
        usual = self.run("usual", fresh=True)
        self.keep(usual=usual.wall, usual_cpu=usual.cpu, usual_memory=usual.memory)
        naive = [sys.executable, str(ROOT / "benchmarks" / "naive.py"), str(self.place / "usual" / "input"), str(self.place / "naive")]
        self.keep(naive=cost_of(naive).wall, pandas=cost_of([sys.executable, "-c", "import pandas"]).wall)
        self.apart("raw", "large")
        whole = self.run("large", fresh=True)
        self.keep(large=whole.wall, large_cpu=whole.cpu, large_memory=whole.memory)
        again = self.run("large", fresh=False)
        self.keep(again=again.wall, again_memory=again.memory)
        lean = cost_of([*SELF, "--apart", "core", str(self.place / "large" / "input")])
        self.keep(core=lean.wall, core_cpu=lean.cpu)
        self.apart("scoring", "large")
        self.apart("returned", "one")
        self.keep(help=cost_of([*PROGRAM, "--help"]).wall, python=cost_of([sys.executable, "-c", "pass"]).wall)


def table(rounds: Rounds, national: tuple[Cost, int] | None) -> list[str]:
    """The issue's table with what was measured."""
    m = {name: statistics.median(figures) for name, figures in rounds.found.items()}
    units, sheets = rounds.large
    usual, large = sum(rounds.usual.values()), rounds.sheets
    memory = [f"{m['usual_memory']:.0f}", f"{m['large_memory']:.0f}"]
    a_sheet = [f"{m['usual_cpu'] / usual * 1000:.1f}", f"{m['large_cpu'] / large * 1000:.1f}"]
    clock = [f"{m['usual'] / usual * 1000:.1f}", f"{m['large'] / large * 1000:.1f}"]
    scale = [f"{usual}", f"{large:,}"]
    if national:
        cost, count = national
        memory.append(f"{cost.memory:.0f}")
        a_sheet.append(f"{cost.cpu / count * 1000:.1f}")
        clock.append(f"{cost.wall / count * 1000:.1f}")
        scale.append(f"{count:,}")
    of = " / ".join(scale)
    rows = [
        (f"usual batch ({len(rounds.usual)} units, {usual} sheets), all outputs, whole process, against the naive script", "5× faster", "25×",
         f"{m['naive'] / m['usual']:.1f}× faster ({m['usual']:.2f} s; {m['naive']:.1f} s)"),
        ("the same against `python -c \"import pandas\"`", "≤ 8×", "≤ 3×", f"{m['usual'] / m['pandas']:.1f}× ({m['pandas']:.2f} s)"),
        (f"{units} units × {sheets} sheets, all outputs with guards, {_cores()} cores, against calamine's raw read", "≤ 8×", "≤ 1.5×",
         f"{m['large'] / m['raw']:.1f}× ({m['large']:.1f} s; {m['raw']:.2f} s)"),
        ("the same, only read + guard + score + Annex 2 + result.json", "≤ 4×", "≤ 1.2×", f"{m['core'] / m['raw']:.1f}× ({m['core']:.1f} s)"),
        ("scoring alone, against the raw read", "≤ 10 %", "", f"{m['scoring'] / m['raw']:.1%} ({m['scoring']:.2f} s)"),
        (f"returned copy of one unit ({rounds.one} sheets), against openpyxl load–mark–save", "10× faster", "30×",
         f"{m['openpyxl'] / m['returned']:.1f}× faster ({m['returned']:.2f} s; {m['openpyxl']:.2f} s)"),
        (f"a run on unchanged input, against the first at {large:,} sheets", "≤ 10 %", "2 %",
         f"{m['again'] / m['large']:.1%} ({m['again']:.2f} s)"),
        (f"peak memory of a process at {of} sheets, MB", "≤ 250 / 400 / 800", "≤ 150 / 150 / 200", " / ".join(memory)),
        ("`--help`, against `python -c pass`", "≤ 3×", "", f"{m['help'] / m['python']:.1f}× ({m['help'] * 1000:.0f} ms)"),
        (f"cost per sheet at {of} sheets", "flat or falling", "", f"{' / '.join(a_sheet)} ms of processor, {' / '.join(clock)} ms by the clock"),
    ]  # fmt: skip
    return ["| what | at least | aim | measured |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]


def _cores() -> int:
    from greencomm.shares import cores

    return cores()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--national", type=Path)
    parser.add_argument("--apart", nargs=2)
    args = parser.parse_args()
    if args.apart:
        print(json.dumps(APART[args.apart[0]](Path(args.apart[1]))))
        return
    with tempfile.TemporaryDirectory() as place:
        rounds = Rounds(args.folder or Path(place), args.small)
        rounds.make()
        compileall.compile_dir(ROOT / "greencomm", quiet=1)
        load = [os.getloadavg()[0]]
        for number in range(args.rounds):
            rounds.round()
            print(f"round {number + 1} of {args.rounds}", {name: round(seen[-1], 3) for name, seen in rounds.found.items()}, file=sys.stderr)
        load.append(os.getloadavg()[0])
        national = None
        if args.national:
            import national as country

            sheets = sum(country.counties().values())
            for made in [*args.national.glob("**/output"), *args.national.glob("**/archive")]:
                shutil.rmtree(made, ignore_errors=True)
            national = cost_of(country.command(args.national), may=(0, 1)), sheets
        print("\n".join(table(rounds, national)))
        print(f"\nMedians of {args.rounds} interleaved rounds; load average {load[0]:.1f} before, {load[1]:.1f} after.")


if __name__ == "__main__":
    main()
