"""Where a run's processor time goes, stage by stage: python benchmarks/where.py INPUT (an ``input`` folder, see synthetic.py).

Everything in one process, so that nothing is done side by side; stages that lie within another are taken out of it.
"""

from __future__ import annotations

import datetime
import functools
import importlib
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from greencomm import batch, shares  # noqa: E402
from greencomm.intake import limits, opening  # noqa: E402
from greencomm.intake.contents import Kind  # noqa: E402
from greencomm.options import Options  # noqa: E402

STAGES = (
    ("greencomm.batch", "collect", "finding, opening and hashing files"),
    ("greencomm.intake.opening", "read_xlsx", "reading cells, with all guards"),
    ("greencomm.intake.xlsx", "_compare_with_calamine", "… second reading by calamine, compared"),
    ("greencomm.intake.opening", "read_form", "understanding the forms"),
    ("greencomm.batch", "_Begun.look_at", "review: what is done for each file as it arrives"),
    ("greencomm.batch", "_review", "review: findings, settling, sums"),
    ("greencomm.scoring", "score", "… scoring alone"),
    ("greencomm.outputs.annex2", "write_annex2", "Annex 2"),
    ("greencomm.outputs.trace", "write_trace", "trace.xlsx"),
    ("greencomm.outputs", "_overviews", "overview.html and overview.xlsx"),
    ("greencomm.outputs.status", "write_status", "status.xlsx"),
    ("greencomm.outputs.ledger", "write_ledger", "报送台账.xlsx"),
    ("greencomm.outputs.ranking", "write_ranking", "考核排名.xlsx"),
    ("greencomm.outputs.discrepancy", "write_discrepancy", "units: discrepancy reports"),
    ("greencomm.outputs.returned", "write_return", "units: workbooks that go back, with the originals"),
    ("greencomm.outputs.unit_annex2", "UnitForms.write", "units: Annex 2"),
    ("greencomm.outputs.assessment", "Assessments.unit", "units: annual reports"),
    ("greencomm.outputs.sending", "write_letter", "units: letters and mail drafts"),
    ("greencomm.batch", "result_document", "result.json: put together"),
    ("greencomm.batch", "begin", "result.json: as text"),
    ("greencomm.archive", "Publication.take", "keeping the run, while units are written"),
    ("greencomm.archive", "Publication.publish", "keeping the run, placing the results"),
    ("greencomm.repeat", "Watch.remember", "the record for unchanged input"),
)
_open: list[str] = []
_taken: dict[str, float] = defaultdict(float)
_mark = 0.0


def _switch() -> None:
    """Give the time since the last switch to the innermost stage."""
    global _mark
    now = time.process_time()
    _taken[_open[-1] if _open else "all the rest"] += now - _mark
    _mark = now


def _watched(function: Callable[..., Any], label: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*given: Any, **named: Any) -> Any:
        _switch()
        _open.append(label)
        try:
            done = function(*given, **named)
            # What a generator yields is made when it is asked for.
            return iter(list(done)) if hasattr(done, "__next__") else done
        finally:
            _switch()
            _open.pop()

    return timed


def main(folder: Path) -> None:
    """Print a table."""
    global _mark
    for module, name, label in STAGES:
        owner: Any = importlib.import_module(module)
        *path, name = name.split(".")
        for part in path:
            owner = getattr(owner, part)
        setattr(owner, name, _watched(getattr(owner, name), label))
    opening._READERS[Kind.XLSX] = vars(opening)["read_xlsx"]
    shares.use_cores(1)
    limits.MAX_WORKERS = 0
    start = _mark = time.process_time()
    with tempfile.TemporaryDirectory() as place:
        own = Path(place)
        options = Options(folder, own / "output", folder / "roster.xlsx", own / "archive", datetime.date(2021, 10, 20))
        outcome = batch.run_afresh(options)
    _switch()
    sheets, whole = outcome.result.urban_communities, time.process_time() - start
    print(f"| stage | processor time, ms a sheet ({sheets:,} sheets) | share |\n|---|---:|---:|")
    for label in [*(label for _, _, label in STAGES), "all the rest"]:
        print(f"| {label} | {_taken[label] / sheets * 1000:.2f} | {_taken[label] / whole:.1%} |")
    print(f"| **all** | {whole / sheets * 1000:.2f} | |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
