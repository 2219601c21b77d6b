"""A run of one invented community that nobody sees: what a process reads, compiles and learns at its first run, had beforehand (S-52).

Libraries that are loaded when they are first used, templates, the pieces that sheets are read by: a process costs 0.2 s
more at its first region than at the next. Processes that are forked after a rehearsal have it from the one that played it.
"""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from pathlib import Path

from greencomm import batch
from greencomm.forms.issue import SheetAnswers, form_file_name, issue_workbook
from greencomm.forms.layout import Heading
from greencomm.intake.collect import open_entry
from greencomm.options import Options
from greencomm.roster import BatchLabel, Community, Unit, load_roster
from greencomm.rosters_io import write_roster
from greencomm.standard import PHASE_TITLES, load_standard

_UNIT, _COMMUNITY = "990101", "990101001001"
"""Codes of no place."""


def rehearse(run_date: datetime.date, phase: str) -> None:
    """Review one form in a temporary folder. What is wrong with a template, or with the disk, the real runs tell."""
    with contextlib.suppress(Exception), tempfile.TemporaryDirectory() as place:
        _play(Path(place), run_date, phase)


def _play(place: Path, run_date: datetime.date, phase: str) -> None:
    folder, standard, name = place / "input", load_standard(), "演练"
    folder.mkdir()
    roster_path = folder / "roster.xlsx"
    year = standard.annex2.years[0]
    unit, community = Unit(_UNIT, name), Community(_COMMUNITY, name, name, name, _UNIT)
    labels: dict[BatchLabel, str | int | datetime.date] = {
        BatchLabel.REGION: name, BatchLabel.YEAR: year, BatchLabel.PHASE: PHASE_TITLES[phase], BatchLabel.UNIT: name,
    }  # fmt: skip
    write_roster(roster_path, standard, labels, [unit], [community])
    roster = load_roster(roster_path, standard)
    form = folder / form_file_name(unit, roster)
    # Something is wrong with every clause, so that the unit gets its workbook back.
    answers = SheetAnswers({Heading.CLAIM: standard.reading.yes}, {clause.id: ("？", "？", name) for clause in standard.clauses})
    issue_workbook(form, unit, roster, standard, form_date=run_date, answers={_COMMUNITY: answers})
    # Here, too: within the run a process reads it whose memory is gone afterwards.
    open_entry(form, form.name, standard)
    batch.run(Options(folder, place / "output", roster_path, place / "archive", run_date))
