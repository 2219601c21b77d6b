"""The shipped sample: two years, as a new clone has them, and what its script makes again byte for byte."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections import Counter

import openpyxl
import pytest
from season import COUNTY, ROSTER, TOWN, clean, form
from test_run import ROOT, run

from greencomm.closings import Closings
from greencomm.forms.layout import REAL, SAMPLE
from greencomm.forms.read import read_form
from greencomm.intake.xlsx import read_xlsx
from greencomm.roster import BatchLabel
from greencomm.rosters_io import write_roster
from greencomm.standard import load_standard


def digests(root):
    """Hash of every file of the sample: texts of two that differ are of no use to anybody and take minutes to make."""
    files = [*(root / "input").rglob("*"), *(root / "archive" / "2021").rglob("*"), root / "archive" / "closings.json"]
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()
    }


def git(place, *words):
    identity = ["-c", "user.name=example", "-c", "user.email=example@example.com", "-c", "core.quotePath=false"]
    return subprocess.run(["git", *identity, *words], cwd=place, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def cloned(shipped):
    """The first command of the README in a new clone; (exit status, standard output, standard error)."""
    for name in (".gitignore", ".gitattributes"):
        shutil.copy(ROOT / name, shipped)
    git(shipped, "init", "--quiet")
    git(shipped, "add", "--all")
    git(shipped, "commit", "--quiet", "--message", "clone")
    return run(cwd=shipped)


@pytest.fixture(scope="module")
def result(cloned, shipped):
    return json.loads((shipped / "output" / "2022-annual" / "result.json").read_text(encoding="utf-8"))


def test_the_sample_is_what_its_script_makes(tmp_path):
    from build_sample import build

    build(tmp_path)
    made, there = digests(tmp_path), digests(ROOT)
    assert made.keys() == there.keys()
    assert [name for name in made if made[name] != there[name]] == [], "run: python tools/build_sample.py"


def test_the_closed_year_is_tracked_whole_and_small(shipped, cloned):
    tracked = git(shipped, "ls-files", "archive").splitlines()
    manifest = json.loads((shipped / "archive" / "2021" / "manifest.json").read_text(encoding="utf-8"))
    own = {"archive/closings.json", "archive/2021/manifest.json"}
    assert set(tracked) == own | {f"archive/2021/{name}" for name in manifest["files"]}
    assert sum((shipped / name).stat().st_size for name in tracked) < 3_000_000
    assert (manifest["who"], manifest["closed"], manifest["sample"]) == ("示例", "2021-10-25", True)
    assert manifest["accepted_open"] == []


def test_after_a_run_nothing_that_git_knows_has_changed(shipped, cloned):
    assert git(shipped, "status", "--porcelain", "--untracked-files=all") == ""
    assert {path.name for path in (shipped / "archive").iterdir()} >= {"2021", "runs", "closings.json"}


def test_line_endings_of_the_closed_year_are_never_changed(shipped, cloned):
    """On Windows git would rewrite texts, and their hashes would no longer hold."""
    texts = [name for name in git(shipped, "ls-files", "archive").splitlines() if name.endswith((".json", ".txt", ".eml"))]
    told = git(shipped, "check-attr", "text", "--", *texts).splitlines()
    assert len(told) > 10 and all(line.endswith(": text: unset") for line in told)


def test_the_first_command_shows_two_years(cloned, shipped, result):
    status, out, err = cloned
    assert status == 1 and err == "" and "\x1b" not in out
    assert "【示例】" in out and "合计比例" in out
    assert out.startswith("请注意：封存的2021年度是示例数据；放入正式报送的工作簿以后，程序不再采用它。")
    assert "2022年目标60.00%（83个），现有80个，还差3个社区" in out
    # 37 reached the mark in 2021 (a few more took part), 43 more in 2022: 80 of 137.
    region = result["region"]
    assert (region["urban_communities"], region["green"], region["completion_ratio"]) == (137, 43, "0.3139")
    assert (region["combined"], region["combined_ratio"]) == (80, "0.5839")
    rows = list(openpyxl.load_workbook(shipped / "output" / "2022-annual" / "annex2.xlsx").active.values)
    last = next(row for row in rows if row[0] == "地区")
    assert [last[column] for column in (2, 3, 5, 6, 7)] == [37, 0.2701, 43, 0.3139, 0.5839]
    (city,) = [row for row in rows if row[0] == "禄丰市"]
    assert (city[2], city[5], city[7]) == (8, 12, 0.6897)
    assert "老鸦关区居民委员会" in city[1], "the list of 2021 as it was filed"
    assert "示例" in rows[0][0]


def test_the_sample_has_every_standing_and_severity(result):
    assert result["sample"] is True and len(result["communities"]) == 137
    assert {unit["name"] for unit in result["units"] if unit["state"] == "missing"} == {"元谋县"}
    assert {community["status"] for community in result["communities"]} == {"green", "below", "pending", "missing"}
    assert {finding["severity"] for finding in result["findings"]} == {"send_back", "verify", "note"}


def test_the_sample_has_what_a_second_year_brings(result):
    """Claimed again, fallen below the mark, two names put right, the unit renamed; a sheet with the community's old code is read."""
    told = [(finding["rule"], finding["unit"], finding["community"]) for finding in result["findings"]]
    assert sorted(entry for entry in told if entry[0].startswith("Y")) == [
        ("Y01", "532301", "532301101001"),
        ("Y02", "532326", "532326101001"),
        ("Y03", "532302", "532302103001"),
        ("Y03", "532302", "532302108003"),
        ("Y09", "532302", None),
    ]
    (old,) = [each for each in result["communities"] if each["code"] == "532302105002"]
    assert old["status"] == "green" and old["file"] == "禄丰.xlsx"
    listed = Counter(each["listed"] for each in result["communities"])
    assert listed == {2021: 37, None: 100}


def test_forms_of_the_sample_are_real_ones_of_the_rosters_year(shipped, cloned):
    status, _, _ = run("forms", "--output", shipped / "下发", "--archive", shipped / "archive-forms", cwd=shipped)
    assert status == 0
    (path,) = [path for path in (shipped / "下发").iterdir() if "禄丰市" in path.name]
    form = read_form(read_xlsx(path.read_bytes()), load_standard())
    assert (form.meta.kind, form.meta.year, form.meta.unit) == (REAL, "2022", "532302")


# --- the sample's closed year beside real work -----------------------------------------------------------------------------


@pytest.fixture
def real_place(tmp_path):
    """A prefecture's folder with the shipped archive and one county's own workbook of 2021."""
    (tmp_path / "input").mkdir()
    batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局"}
    write_roster(tmp_path / "input" / "roster.xlsx", load_standard(), batch, ROSTER.units, ROSTER.communities)
    (tmp_path / "input" / "双柏县.xlsx").write_bytes(form(COUNTY))
    shutil.copytree(ROOT / "archive" / "2021", tmp_path / "archive" / "2021")
    shutil.copy(ROOT / "archive" / "closings.json", tmp_path / "archive" / "closings.json")
    return tmp_path


def result_of(place):
    return json.loads((place / "output" / "2021-annual" / "result.json").read_text(encoding="utf-8"))


def test_the_closed_sample_is_no_hindrance_to_real_workbooks_of_its_year(real_place):
    status, _, error = run("--date", "2021-10-18", cwd=real_place)
    assert (status, result_of(real_place)["sample"]) == (0, False), error
    assert "示例" not in error
    # Closed for real, the sample makes way; the record tells.
    status, out, error = run("close", "--date", "2021-11-01", "--who", "王某", cwd=real_place)
    assert status == 0, out + error
    manifest = json.loads((real_place / "archive" / "2021" / "manifest.json").read_text(encoding="utf-8"))
    aside = json.loads((real_place / "archive" / "reopened" / "2021" / "0001" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["sample"], aside["sample"]) == (False, True)
    record = json.loads((real_place / "archive" / "closings.json").read_text(encoding="utf-8"))
    assert [event["event"] for event in record["events"]] == ["close", "reopen", "close"]
    assert run("--date", "2021-10-18", cwd=real_place)[0] == 0


def test_the_closed_sample_gives_no_figures_to_real_workbooks_of_the_next_year(real_place):
    standard = load_standard()
    sample, real = Closings(real_place / "archive"), Closings(real_place / "archive", real=True)
    assert [year.year for year in sample.earlier_years(standard, 2022)[0]] == [2021]
    years, told = real.earlier_years(standard, 2022)
    assert years == [] and "2021年度是示例数据，没有采用" in told[0]


def test_what_samples_left_is_no_history_of_real_workbooks(real_place):
    (real_place / "input" / "双柏县.xlsx").write_bytes(form(COUNTY, {TOWN.code: clean(c1_1=(None, None, None))}, kind=SAMPLE))
    assert run("--date", "2021-10-18", "--archive", "runs", cwd=real_place)[0] == 1
    (real_place / "input" / "双柏县.xlsx").write_bytes(form(COUNTY, {TOWN.code: clean(c1_1=(None, None, None))}))
    assert run("--date", "2021-10-19", "--archive", "runs", cwd=real_place)[0] == 1
    states = {finding["rule"]: finding["state"] for finding in result_of(real_place)["findings"]}
    assert states["C01"] == "new"
