"""A run on unchanged input (S-45): it shows the same, touches nothing, and whatever changes leads to a whole run."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import shutil
import sys
from pathlib import Path

import openpyxl
import pytest
from season import clean, form
from test_run import snapshot
from two_years import Prefecture

from greencomm import batch, repeat
from greencomm.batch import Options, run, run_afresh
from greencomm.cli import main
from greencomm.closings import DamagedYear
from greencomm.errors import UserError
from greencomm.roster import load_roster
from greencomm.standard import load_standard

NAME = "2022-annual"


class WholeRun(Exception):
    """Reading has begun."""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """2021 is closed; of 2022 there are a self-evaluation and an annual summary. A lock file, an archive and a county's
    standard that nobody follows lie in the input folder."""
    place = Prefecture(tmp_path_factory.mktemp("played"))
    place.first_year()
    place.receive(2022, "self-evaluation")
    assert place.do(2022, phase="self-evaluation") == 0
    place.receive(2022)
    folder = place.input(2022)
    (folder / "~$双柏县.xlsx").write_bytes(b"lock")
    shutil.make_archive(str(folder / "双柏"), "zip", folder, "双柏县.xlsx")
    (folder / "双柏县.xlsx").unlink()
    (folder / "标准").mkdir()
    (folder / "标准" / "某县.toml").write_text('id = "某县-2022"\n', encoding="utf-8")
    folder.rename(place.folder / "input")
    with contextlib.chdir(place.folder):
        assert main(["--date", "2022-10-20"]) == 0
    return place.folder


@pytest.fixture
def place(played, tmp_path, monkeypatch):
    """A copy of it, in the folder where the program is run."""
    shutil.copytree(played, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")
    return Path()


OPTIONS = Options(
    Path("input"), Path("output"), Path("input/roster.xlsx"), Path("archive"), datetime.date(2022, 10, 20)
)  # fmt: skip


def read_nothing(monkeypatch):
    """From here on a whole run raises WholeRun."""

    def refuse(*_, **__):
        raise WholeRun

    monkeypatch.setattr(batch, "collect", refuse)


@pytest.fixture
def unread(monkeypatch):
    """Nothing may be read."""
    read_nothing(monkeypatch)


def marks():
    places = [*Path("output").rglob("*"), *Path("archive/runs").rglob("*")]
    return {path: path.stat().st_mtime_ns for path in places}


# --- nothing has changed ------------------------------------------------------------------------------------------------


def test_it_says_the_same_and_touches_nothing(place, capsys, monkeypatch):
    words, before = ["--date", "2022-10-20"], marks()
    with monkeypatch.context() as patched:
        patched.setattr(repeat, "find", lambda *_: None)
        statuses = [main(words), main([*words, "--json"])]
    whole = capsys.readouterr()
    assert "结果已写到" in whole.out and '"schema"' in whole.out and "已于2021-10-20由王某封存" not in whole.out
    read_nothing(monkeypatch)
    assert [main(words), main([*words, "--json"])] == statuses
    again = capsys.readouterr()
    assert (again.out, again.err) == (whole.out, whole.err) and marks() == before


def test_the_exit_status_is_that_of_the_results(place, monkeypatch):
    roster = load_roster(Path("input/roster.xlsx"), load_standard())
    CITY.write_bytes(form(roster.units[0], {"532301101003": clean(c1_1=(None, None, None))}, roster=roster))
    assert main(["--date", "2022-10-20"]) == 1
    read_nothing(monkeypatch)
    assert main(["--date", "2022-10-20"]) == 1


def test_outputs_removed_or_changed_by_hand_are_put_back(place, unread):
    before, target = snapshot(Path("output")), Path("output") / NAME
    (target / "status.xlsx").unlink()
    shutil.rmtree(target / "units" / "双柏县")
    (target / "annex2.xlsx").write_bytes(b"mine")
    notices = run(OPTIONS).notices
    assert snapshot(Path("output")) == before
    (kept,) = Path("archive/changed", NAME).rglob("annex2.xlsx")
    assert kept.read_bytes() == b"mine" and [notice for notice in notices if "annex2.xlsx" in notice]
    (target / "result.json").unlink()
    assert run(OPTIONS).document == json.loads((target / "result.json").read_bytes())


def test_results_may_go_to_another_folder(place, unread):
    run(dataclasses.replace(OPTIONS, output=Path("elsewhere")))
    there, here = Path("elsewhere") / NAME, Path("output") / NAME
    assert snapshot(there) == snapshot(here)


def test_a_whole_run_finds_the_same_as_the_one_that_was_not_made(place):
    before = snapshot(Path("output"))
    assert isinstance(run(OPTIONS), repeat.Repeated)
    run_afresh(OPTIONS)
    assert snapshot(Path("output")) == before and isinstance(run(OPTIONS), repeat.Repeated)


def test_the_year_may_have_been_closed_since(place, monkeypatch):
    assert main(["close", "--year", "2022", "--who", "王某", "--accept-open", "--date", "2022-10-20"]) == 0
    read_nothing(monkeypatch)
    assert [notice for notice in run(OPTIONS).notices if "2022年度已于2022-10-20由王某封存" in notice]


# --- something has changed ----------------------------------------------------------------------------------------------

CITY = Path("input/楚雄市.xlsx")


def write(path, data=b"another"):
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_bytes(data)


def saved_again(path):
    sheets = openpyxl.load_workbook(path)
    sheets.properties.title = "另存"
    sheets.save(path)


def linked():
    CITY.rename("elsewhere.xlsx")
    CITY.symlink_to(Path("elsewhere.xlsx").resolve())


def without_roster_beside():
    shutil.copy("input/roster.xlsx", "roster.xlsx")
    return dataclasses.replace(OPTIONS, roster=Path("roster.xlsx"))


def twin_of_roster():
    """The same bytes under the same name, and no longer the roster itself."""
    options = dataclasses.replace(OPTIONS, roster=Path("roster.xlsx"))
    Path("roster.xlsx").hardlink_to("input/roster.xlsx")
    run_afresh(options)
    Path("roster.xlsx").unlink()
    shutil.copy("input/roster.xlsx", "roster.xlsx")
    return options


def run_of(what, *words):
    """Other results were there in between."""
    kept = CITY.read_bytes()
    what()
    main(["--date", "2022-10-20", *words])
    CITY.write_bytes(kept)


def last_run():
    return max(Path("archive/runs", NAME).iterdir())


RECORD = Path("archive/work", f"repeat-{NAME}.json")
CHANGES = {
    "a workbook": lambda: saved_again(CITY),
    "a workbook that is one byte longer": lambda: CITY.write_bytes(CITY.read_bytes() + b"\n"),
    "another file": lambda: write("input/武定县.xlsx"),
    "another file in a folder": lambda: write("input/十月/说明.txt"),
    "a file gone": lambda: CITY.unlink(),
    "a file renamed": lambda: CITY.rename("input/楚雄.xlsx"),
    "two files that changed names": lambda: (
        CITY.rename("input/x"), Path("input/禄丰市.xlsx").rename(CITY), Path("input/x").rename("input/禄丰市.xlsx"),
    ),  # fmt: skip
    "an archive": lambda: write("input/双柏.zip"),
    "a lock file": lambda: write("input/~$双柏县.xlsx"),
    "a link instead of a file": linked,
    "a folder named like a workbook": lambda: Path("input/附件.xlsx").mkdir(),
    "the roster": lambda: saved_again("input/roster.xlsx"),
    "the roster's place": without_roster_beside,
    "a twin of the roster": twin_of_roster,
    "a county's standard": lambda: write("input/标准/某县.toml", 'id = "另一县-2022"\n'.encode()),
    "one more standard": lambda: write("input/标准/又一县.toml"),
    "the folder of standards": lambda: (
        shutil.copytree("input/标准", "标准"), dataclasses.replace(OPTIONS, standards=Path("标准")),
    )[1],
    "the day": lambda: dataclasses.replace(OPTIONS, run_date=datetime.date(2022, 10, 21)),
    "the year": lambda: dataclasses.replace(OPTIONS, year=2022),
    "the phase": lambda: dataclasses.replace(OPTIONS, phase="annual"),
    "the input folder": lambda: (
        shutil.copytree("input", "second"), dataclasses.replace(OPTIONS, input=Path("second")),
    )[1],
    "the archive": lambda: dataclasses.replace(OPTIONS, archive=Path("second")),
    "an earlier year reopened": lambda: main(["close", "--year", "2021", "--reopen", "--reason", "补报"]),
    "another self-evaluation": lambda: main(
        ["--input", "input-2022-self-evaluation", "--roster", "input-2022-self-evaluation/roster.xlsx", "--date", "2022-10-21"]
    ),
    "no self-evaluation": lambda: shutil.rmtree("archive/runs/2022-self-evaluation"),
    "a run in between": lambda: run_of(lambda: saved_again(CITY)),
    "the last run gone": lambda: shutil.rmtree(last_run()),
    "the last run damaged": lambda: write(last_run() / "outputs.zip", b""),
    "its history damaged": lambda: write(last_run() / "history.json", b"{}"),
    "its manifest touched": lambda: (last_run() / "manifest.json").write_bytes(
        (last_run() / "manifest.json").read_bytes() + b"\n"
    ),
    "a later run that is damaged": lambda: Path("archive/runs", NAME, "0007").mkdir(),
    "no record": lambda: RECORD.unlink(),
    "a record that is no record": lambda: write(RECORD, b"{}"),
    "a record with another figure": lambda: RECORD.write_text(
        RECORD.read_text(encoding="utf-8").replace('"real": true', '"real": false').replace("3", "4", 1), encoding="utf-8"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_leads_to_a_whole_run(place, change, monkeypatch):
    assert isinstance(run(OPTIONS), repeat.Repeated)
    changed = CHANGES[change]()
    options = changed if isinstance(changed, Options) else OPTIONS
    read_nothing(monkeypatch)
    with pytest.raises(WholeRun):
        run(options)


def other_file(tmp_path, monkeypatch, attribute, change):
    """The program's or the templates' folder, with one file changed."""
    folder = tmp_path / "other" / getattr(repeat, attribute).name
    shutil.copytree(getattr(repeat, attribute), folder)
    file = folder / change
    assert file.is_file()
    file.write_bytes(file.read_bytes() + b"\n")
    monkeypatch.setattr(repeat, attribute, folder)


def library(tmp_path, monkeypatch):
    (tmp_path / "site" / "xlsxwriter-99.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path / "site")


MADE_WITH = {
    "version": lambda _, patch: patch.setattr(repeat, "__version__", "99"),
    "program": lambda tmp, patch: other_file(tmp, patch, "PACKAGE", "scoring.py"),
    "the prefecture's standard": lambda tmp, patch: other_file(tmp, patch, "PACKAGE", "standard/chuxiong-2021.toml"),
    "form": lambda tmp, patch: other_file(tmp, patch, "TEMPLATES", "annex2.xlsx"),
    "letter": lambda tmp, patch: other_file(tmp, patch, "TEMPLATES", "letters/催报.txt"),
    "library": library,
    "Python": lambda _, patch: patch.setattr(sys, "version", "4.0"),
}


@pytest.mark.parametrize("what", MADE_WITH)
def test_another_program_leads_to_a_whole_run(place, what, tmp_path, monkeypatch):
    assert isinstance(run(OPTIONS), repeat.Repeated)
    MADE_WITH[what](tmp_path, monkeypatch)
    read_nothing(monkeypatch)
    with pytest.raises(WholeRun):
        run(OPTIONS)


def test_every_library_counts():
    root = Path(__file__).resolve().parents[1]
    names = {name.partition("-")[0].lower().replace("_", "-") for name in repeat._libraries()}
    assert set((root / "requirements.in").read_text(encoding="utf-8").split()) <= names


def test_what_a_whole_run_refuses_is_refused(place, unread):
    needed = Path("archive/2021/results/result.json")
    needed.write_bytes(needed.read_bytes() + b"\n")
    with pytest.raises(DamagedYear, match="被改动过"):
        run(OPTIONS)
    Path("archive/closings.json").write_bytes(b"{}")
    with pytest.raises(UserError, match="封存记录"):
        run(OPTIONS)


# --- what leaves no record ----------------------------------------------------------------------------------------------


def during(monkeypatch, what):
    """Something happens while a run reads."""
    collect = batch.collect

    def read(*words, **more):
        arrivals = collect(*words, **more)
        what(arrivals)
        return arrivals

    monkeypatch.setattr(batch, "collect", read)


DURING = {
    "a workbook changed": lambda _: saved_again(CITY),
    "a file added": lambda _: write("input/武定县.xlsx"),
    "a standard added": lambda _: write("input/标准/又一县.toml"),
    "a file that could not be read in time": lambda arrivals: setattr(arrivals[-1], "by_chance", True),
}


@pytest.mark.parametrize("what", DURING)
def test_what_happens_during_a_run_is_not_taken_for_read(place, what, monkeypatch):
    before = CITY.read_bytes()
    with monkeypatch.context() as patched:
        during(patched, DURING[what])
        run_afresh(dataclasses.replace(OPTIONS, run_date=datetime.date(2022, 10, 22)))
    changed = CITY.read_bytes() != before
    read_nothing(monkeypatch)
    with pytest.raises(WholeRun):
        run(dataclasses.replace(OPTIONS, run_date=datetime.date(2022, 10, 22)))
    assert changed == (what == "a workbook changed")
