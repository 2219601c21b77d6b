"""docs/extending.md is true: its blocks are applied to a copy of the repository, and a small season is played with it.

The copy has two units: 楚雄市 follows the prefecture, 双柏县 the standard of the page, where 2 of 3 trainings take 1 point and none takes 4.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "extending.md"

SEASON = '''
import dataclasses, sys
from pathlib import Path
sys.path.insert(0, "tests")
from localities import LOCAL_ROSTER, OWN, TOWN, HILL, county_form, sheet
from season import BRIDGE, CITY, EAST, STANDARD, clean, form
from greencomm.forms.layout import Heading
from greencomm.roster import BatchLabel
from greencomm.rosters_io import write_roster
from greencomm.standard import load_local_standard

own = load_local_standard(Path("input/标准/示例县-2022.toml"), STANDARD)
roster = dataclasses.replace(LOCAL_ROSTER, units=(CITY, dataclasses.replace(OWN, standard=own.id)))
batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局"}
write_roster(Path("input/roster.xlsx"), STANDARD, batch, roster.units, roster.communities)
answers = {TOWN.code: sheet({"14.1": (2, None, None)}, own), HILL.code: sheet({"14.1": (0, None, None)}, own)}
Path("input/双柏县.xlsx").write_bytes(county_form(answers, own, roster))
east = clean()
east.heading[Heading.AUTHOR] = "0878-3123456"
Path("input/楚雄市.xlsx").write_bytes(form(CITY, {EAST.code: east}, roster=roster))
'''


class Block(NamedTuple):
    language: str
    path: str
    text: str


BLOCKS = [
    Block(*each) for each in re.findall(r"^```(\w+) (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
]


def apply(block: Block, root: Path) -> None:
    """Make the new file, or change the file as the lines with - and + say; their neighbours must stand there once."""
    path = root / block.path
    if block.language != "diff":
        assert not path.exists(), f"{block.path} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return
    for hunk in block.text.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"docs/extending.md: these lines are not (once) in {block.path}:\n{before}"
        path.write_text(text.replace(before, after), encoding="utf-8")


def python(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python in the copy; what it covers of the copy says nothing about the program."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("COV", "PYTEST"))}
    return subprocess.run(
        [sys.executable, *words], cwd=place, env=clean, capture_output=True, text=True, encoding="utf-8", timeout=300
    )


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the repository with all that the page adds."""
    place = tmp_path_factory.mktemp("extended")
    for folder in ("greencomm", "templates", "tests", "docs", "tools"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("process.py", "pyproject.toml"):
        shutil.copyfile(ROOT / name, place / name)
    for block in BLOCKS:
        apply(block, place)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def played(extended: Path) -> dict[str, Any]:
    """The result of the season."""
    made = python(extended, "-c", SEASON)
    assert made.returncode == 0, made.stderr
    run = python(extended, "process.py", "--date", "2021-10-18")
    assert run.returncode == 0, run.stdout + run.stderr
    result: dict[str, Any] = json.loads((extended / "output" / "2021-annual" / "result.json").read_text(encoding="utf-8"))
    return result


def test_the_page_has_blocks_for_all_three_examples() -> None:
    assert [(block.language, block.path) for block in BLOCKS] == [
        ("diff", "greencomm/standard/kinds.py"),
        ("toml", "input/标准/示例县-2022.toml"),
        ("python", "tests/test_banded.py"),
        ("diff", "greencomm/rules.py"),
        ("diff", "greencomm/review/sheets.py"),
        ("diff", "tests/test_rules.py"),
        ("diff", "tools/guide/messages.toml"),
        ("python", "greencomm/outputs/scores.py"),
        ("diff", "greencomm/outputs/__init__.py"),
    ]


def test_a_clause_of_the_new_kind_is_scored(played: dict[str, Any]) -> None:
    scores = {community["code"]: community["assessed_score"] for community in played["communities"]}
    assert scores == {"532301101001": 96, "532322101001": 95, "532322101002": 92}
    clauses = {community["code"]: community["clauses"]["14.1"] for community in played["communities"]}
    assert clauses == {"532301101001": 0, "532322101001": 1, "532322101002": 4}
    # Nor do totals differ: what the form calculates is what was scored, so that nothing is found but in the other unit's sheet.
    assert {(finding["unit"], finding["sheet"]) for finding in played["findings"]} == {("532301", "东兴社区")}


def test_the_form_explains_the_new_kind(extended: Path, played: dict[str, Any]) -> None:
    sheets = openpyxl.load_workbook(extended / "input" / "双柏县.xlsx").worksheets
    texts = {str(cell.value) for row in sheets[0].iter_rows() for cell in row}
    assert "2次（不足3次扣1分，不足2次扣4分），扣1" in texts


def test_the_new_rule_fires_where_it_should_and_nowhere_else(played: dict[str, Any]) -> None:
    (finding,) = (each for each in played["findings"] if each["rule"] == "H99")
    assert (finding["severity"], finding["unit"], finding["community"], finding["sheet"]) == (
        "note", "532301", "532301101001", "东兴社区",
    )  # fmt: skip
    assert finding["message"] == "“填表人”写的是“0878-3123456”，像是电话号码。"


def test_the_new_output_is_written_and_listed(extended: Path, played: dict[str, Any]) -> None:
    (output,) = (each for each in played["outputs"] if each["role"] == "scores")
    path = extended / "output" / "2021-annual" / "得分一览.xlsx"
    assert output == {
        "role": "scores", "unit": None, "path": "得分一览.xlsx", "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip
    rows = list(openpyxl.load_workbook(path)["得分一览"].iter_rows(min_row=2, values_only=True))
    assert rows == [
        ("填报单位", "社区名称", "核定得分", "结论"),
        ("楚雄市", "东兴社区居民委员会", 96, "达标"),
        ("双柏县", "东城社区居民委员会", 95, "达标"),
        ("双柏县", "西城社区居民委员会", 92, "达标"),
    ]


def test_the_repositorys_own_tests_take_them(extended: Path, played: dict[str, Any]) -> None:
    for script, page, line in (("build_docs", "rules", "| H99 | 提示 | 填表人写成了电话 |"), ("build_guide", "操作手册", "| H99 | 提示 |")):
        built = python(extended, f"tools/{script}.py")
        assert built.returncode == 0, built.stderr
        assert line in (extended / "docs" / f"{page}.md").read_text(encoding="utf-8")
    chosen = (
        "banded or H99 or every_rule_has_a_case or clean_season or every_scope"
        " or (unknown and kind) or every_rule_is_explained or drifted"
    )
    files = [f"tests/test_{name}.py" for name in ("banded", "rules", "trace", "standard", "local_standard", "guide")]
    tests = python(extended, "-m", "pytest", "-v", "-p", "no:cacheprovider", *files, "-k", chosen)
    assert tests.returncode == 0, tests.stdout
    # 9 of the kind; H99 fires, its counts add up; every rule has a case, every scope a rule, and a clean season has no finding.
    # Both standards name the kinds that there are; every rule is explained, and three documents for clerks are as they are made.
    assert "20 passed" in tests.stdout, tests.stdout


def test_what_the_page_leaves_out_is_told_in_a_sentence(extended: Path) -> None:
    """A rule that nobody has explained: the script for the manual says so."""
    words = extended / "tools" / "guide" / "messages.toml"
    whole = words.read_text(encoding="utf-8")
    words.write_text(re.sub(r"^H99 = .*\n", "", whole, flags=re.MULTILINE), encoding="utf-8")
    try:
        built = python(extended, "tools/build_guide.py")
    finally:
        words.write_text(whole, encoding="utf-8")
    assert built.returncode == 1 and built.stderr.startswith("tools/guide/messages.toml does not say what H99 means")


def test_the_tests_that_the_page_says_ask_for_a_new_output_do() -> None:
    assert '"overview_workbook": "总览"' in (ROOT / "tests" / "test_run.py").read_text(encoding="utf-8")
    assert '"报送台账.xlsx", "考核排名.xlsx",' in (ROOT / "tests" / "test_injections.py").read_text(encoding="utf-8")
