"""A small country (12 counties, 4 prefectures, 2 provinces) reviewed and summed by one command (S-48, S-49).

What every county, prefecture, province and the country must show is worked out from the counties' own workbooks by the
yardstick script ``benchmarks/naive.py``, which shares no code with the program.
"""

from __future__ import annotations

import datetime
import hashlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pandas as pd
import pytest
from test_run import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import naive
import national
import synthetic

from greencomm import batch, rehearsal, shares, tree
from greencomm.batch import Options, run_afresh
from greencomm.cli import main
from greencomm.intake import limits
from greencomm.tree import TreeOptions, find, run_tree

PREFECTURES = {"5401": 3, "5425": 3, "6322": 4, "6323": 2}
"""How many counties of each are taken: the smallest."""
NAMES = {"5401": "西藏自治区/5401地区", "5425": "西藏自治区/5425地区", "6322": "青海省/6322地区", "6323": "青海省/6323地区"}
NAME = "2021-annual"
ROLLUP = Path(f"output/{NAME}-rollup")


def sizes() -> dict[str, int]:
    """Twelve counties of the country's list with their real sizes."""
    taken: dict[str, int] = {}
    for prefecture, count in PREFECTURES.items():
        own = sorted((item for item in national.counties().items() if item[0][:4] == prefecture), key=lambda item: (item[1], item[0]))
        taken |= dict(own[:count])
    return taken


@pytest.fixture(scope="module")
def received(tmp_path_factory):
    """What the counties sent in, without mistakes, so that the yardstick script understands it too."""
    place = tmp_path_factory.mktemp("received")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "ONE_IN", 1 << 60)
        national.make_tree(place / "全国", national.tree_of(sizes()), processes=0)
    return place / "全国"


@pytest.fixture(scope="module")
def played(received, tmp_path_factory):
    """The tree after one run of the command."""
    place = tmp_path_factory.mktemp("played")
    shutil.copytree(received, place / "全国")
    assert command(place).returncode == 0
    return place


@pytest.fixture
def place(played, tmp_path):
    shutil.copytree(played, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def words(*more: str) -> list[str]:
    return [sys.executable, str(ROOT / "process.py"), "rollup", "--run", "全国", "--date", "2021-10-20", *more]


def command(place: Path, *more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(words(*more), cwd=place, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert "Traceback" not in done.stdout + done.stderr and "None" not in done.stdout + done.stderr
    return done


def result_of(folder: Path) -> dict:
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def files_of(place: Path) -> dict[str, str]:
    """Hash of every result below a place; records and what was sent in are none."""
    return {
        path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file() and "output" in path.relative_to(place).parts
    }


@pytest.fixture(scope="module")
def expected(received):
    """Per county: communities and how many reach 80 points, by the yardstick script."""
    found: dict[str, tuple[int, int]] = {}
    for path in received.rglob("*_*.xlsx"):
        scores = []
        for table in pd.read_excel(path, sheet_name=None, header=None, engine="openpyxl").values():
            if naive.heading(table, "社区代码"):
                points, wrong, _ = naive.score(table)
                assert not wrong
                scores.append(points)
        found[path.name[:6]] = len(scores), sum(points >= naive.MARK for points in scores)
    return found


def total(expected: dict[str, tuple[int, int]], begins: str) -> tuple[int, int]:
    """Communities and green ones of all counties whose code begins so."""
    own = [figures for code, figures in expected.items() if code.startswith(begins)]
    return sum(urban for urban, _ in own), sum(green for _, green in own)


# --- figures ------------------------------------------------------------------------------------------------------------


def test_the_country_is_the_one_that_is_meant(expected):
    assert len(expected) == 12 and {code: figures[0] for code, figures in expected.items()} == sizes()
    urban, green = total(expected, "")
    assert 0 < green < urban  # Else sums could be right by chance.


def test_every_county_prefecture_province_and_the_country(played, expected):
    tree = played / "全国"
    for prefecture, folder in NAMES.items():
        result = result_of(tree / folder / "output" / NAME)
        assert {u["code"]: (u["urban_communities"], len(u["green"])) for u in result["units"]} == {
            code: figures for code, figures in expected.items() if code.startswith(prefecture)
        }
        assert (result["region"]["urban_communities"], result["region"]["green"]) == total(expected, prefecture)
    for code, province in (("54", "西藏自治区"), ("63", "青海省")):
        result = result_of(tree / province / ROLLUP)
        assert result["region"]["name"] == province
        assert [(u["name"], u["urban_communities"], len(u["green"])) for u in result["units"]] == [
            (f"{prefecture}地区", *total(expected, prefecture)) for prefecture in PREFECTURES if prefecture.startswith(code)
        ]
    whole = result_of(tree / ROLLUP)
    urban, green = total(expected, "")
    assert (whole["region"]["name"], whole["region"]["urban_communities"], whole["region"]["green"]) == ("全国", urban, green)
    assert whole["region"]["completion_ratio"] == f"{round(green / urban + 1e-9, 4):.4f}"
    assert [(u["name"], u["urban_communities"], len(u["green"])) for u in whole["units"]] == [
        ("西藏自治区", *total(expected, "54")), ("青海省", *total(expected, "63")),
    ]  # fmt: skip
    assert len(whole["communities"]) == urban


def test_the_annex_of_the_country(played, expected):
    book = openpyxl.load_workbook(played / "全国" / ROLLUP / "annex2.xlsx")
    assert book.sheetnames == ["汇总", "西藏自治区", "青海省"]
    rows = {row[0].value: row[2].value for row in book["汇总"].iter_rows() if row[0].value}
    assert (rows["西藏自治区"], rows["青海省"], rows["地区"]) == tuple(total(expected, code)[1] for code in ("54", "63", ""))


def test_every_unit_has_its_report(played):
    for folder in NAMES.values():
        output = played / "全国" / folder / "output" / NAME
        result = result_of(output)
        reports = {each["unit"] for each in result["outputs"] if each["role"] == "assessment"}
        assert reports == {None, *(unit["code"] for unit in result["units"])}
        assert all((output / each["path"]).is_file() for each in result["outputs"])


# --- the overview ---------------------------------------------------------------------------------------------------------


def page_of(folder: Path) -> str:
    return (folder / "overview.html").read_text(encoding="utf-8")


def links(folder: Path) -> list[Path]:
    """Where the links of an overview lead, other than into itself."""
    found = [unquote(link) for link in re.findall(r'<a href="([^"#]+)"', page_of(folder))]
    return [(folder / link).resolve() for link in found]


def test_one_overview_leads_from_the_country_to_every_prefecture(played):
    tree = (played / "全国").resolve()
    assert links(tree / ROLLUP) == [tree / province / ROLLUP / "overview.html" for province in ("西藏自治区", "青海省")]
    for province in ("西藏自治区", "青海省"):
        own = [tree / folder / "output" / NAME / "overview.html" for folder in NAMES.values() if folder.startswith(province)]
        assert links(tree / province / ROLLUP) == own
        assert all(page.is_file() for page in own)


def test_figures_of_the_overview(played, expected, received):
    page = page_of(played / "全国" / ROLLUP)
    urban, green = total(expected, "")
    shown = {name: re.search(f'id="{name}">([^<]*)<', page)[1] for name in ("ratio", "combined", "urban", "regions")}
    assert shown == {"ratio": f"{green / urban:.2%}", "combined": str(green), "urban": str(urban), "regions": "2"}
    # All were assessed for certain: every community is in one of the bands.
    scores = page.partition('id="scores"')[2]
    bands = [int(count) for count in re.findall(r'</th><td class="n">(\d+)</td>', scores)]
    assert sum(bands) == urban and "没有确定得分" not in page
    above = [int(count) for count in re.findall(r'<tr class="above[^"]*">.*?<td class="n">(\d+)</td>', scores)]
    assert sum(above) == green
    # Item 17 of every community by the yardstick script, as the last column of the heat map averages it.
    added = []
    for path in received.rglob("*_*.xlsx"):
        for table in pd.read_excel(path, sheet_name=None, header=None, engine="openpyxl").values():
            if naive.heading(table, "社区代码"):
                items = naive.score(table)[2]
                added.append(int(items.loc[items["项"] == 17, "得分"].iloc[0]))
    foot = re.findall(r"<td[^>]*>([^<]*)</td>", page.partition("<tfoot>")[2].partition("</tfoot>")[0])
    assert len(foot) == 17 and foot[-1] == f"+{sum(added) / len(added):.2f}"


def test_the_overview_runs_and_fetches_nothing(played):
    page = page_of(played / "全国" / ROLLUP)
    assert "<script" not in page and "http:" not in page and "https:" not in page and " style=" not in page
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    assert policy.startswith("default-src 'none'") and "script" not in policy and "unsafe" not in policy


# --- again, apart, damaged ------------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_reviewed_again(place, monkeypatch):
    before = files_of(place)
    times = {path: path.stat().st_mtime_ns for path in place.rglob("units/*/*")}
    # One prefecture hands in one workbook anew; of the others not even reading may begin.
    changed = place / "全国" / NAMES["6323"]
    (workbook, *_) = sorted((changed / "input").glob("*_*.xlsx"))
    book = openpyxl.load_workbook(workbook)
    book.save(workbook)
    monkeypatch.chdir(place)
    read: list[str] = []
    collect = batch.collect
    monkeypatch.setattr(batch, "collect", lambda folder, *a, **k: (read.append(folder.as_posix()), collect(folder, *a, **k))[1])
    assert main(["rollup", "--run", "全国", "--date", "2021-10-20"]) == 0
    # All in this process, so that what is read is seen: nothing any more.
    run_tree(TreeOptions(Path("全国"), run_date=datetime.date(2021, 10, 20), processes=0))
    assert read == []
    after = files_of(place)
    moved = {path for path in after if before[path] != after[path]}
    assert moved and {Path(path).parts[1] for path in moved} <= {"青海省", "output"}
    assert {path for path, at in times.items() if path.stat().st_mtime_ns != at and "6323" not in str(path)} == set()


def test_the_same_bytes_with_one_process_or_many(received, played, tmp_path, monkeypatch):
    shutil.copytree(received, tmp_path / "全国")
    monkeypatch.chdir(tmp_path)
    run_tree(TreeOptions(Path("全国"), datetime.date(2021, 10, 20), processes=0))
    assert files_of(tmp_path) == files_of(played)


def test_the_same_bytes_after_a_rehearsal_and_nothing_is_left_of_it(received, played, tmp_path, monkeypatch):
    """A rehearsal spares the processes what a first run costs; neither its community nor its folder is ever seen."""
    (tmp_path / "temp").mkdir()
    shutil.copytree(received, tmp_path / "全国")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    monkeypatch.setattr(tree, "_WORTH_A_REHEARSAL", 2)
    rehearsed = []
    monkeypatch.setattr(rehearsal, "_play", lambda *given, play=rehearsal._play: rehearsed.append(play(*given)))
    run_tree(TreeOptions(Path("全国"), datetime.date(2021, 10, 20)))
    assert rehearsed == [None], "a rehearsal that fails is of no use, and says nothing"
    assert files_of(tmp_path) == files_of(played)
    assert not list((tmp_path / "temp").iterdir())


@pytest.mark.parametrize("season", ["sample", "synthetic"])
def test_one_region_has_the_same_bytes_with_one_process_or_many(season, tmp_path, monkeypatch):
    folder = ROOT / "input"
    if season == "synthetic":
        folder = tmp_path / "input"
        synthetic.make_season(folder, {"530101": 9, "530102": 8, "530103": 7}, processes=0)
    made = []
    for number, (workers, cores) in enumerate(((0, 1), (2, 2))):
        monkeypatch.setattr(limits, "MAX_WORKERS", workers)
        monkeypatch.setattr(shares, "_most_cores", cores)
        own = tmp_path / str(number)
        run_afresh(Options(folder, own / "output", folder / "roster.xlsx", own / "archive", datetime.date(2022, 10, 20)))
        made.append(files_of(own))
    assert len(made[0]) > 10 and made[0] == made[1]


def test_a_region_that_cannot_be_reviewed_is_named_and_costs_only_itself(place, expected):
    tree = place / "全国"
    (tree / NAMES["5401"] / "input" / "roster.xlsx").write_bytes(b"torn")
    for path in (tree / NAMES["6322"] / "input").glob("*_*.xlsx"):
        path.unlink()
    (tree / "青海省" / "6325地区").mkdir()
    done = command(place)
    assert done.returncode == 1
    whole = result_of(tree / ROLLUP)
    urban, green = (one + other for one, other in zip(total(expected, "5425"), total(expected, "6323"), strict=True))
    assert (whole["region"]["urban_communities"], whole["region"]["green"]) == (urban, green)
    told = sorted(each["message"] for each in whole["findings"] if each["rule"] == "H17")
    assert [message.partition("”")[0] for message in told] == [
        "“全国/西藏自治区/5401地区", "“全国/青海省/6322地区", "“全国/青海省/6325地区",
    ]  # fmt: skip
    assert "名册" in told[0] and "还没有各县市报送的工作簿" in told[1] and "没有放报送文件的“input”文件夹" in told[2]
    assert all(message in done.stdout for message in told)
    # Its results of the last time stand as they were, and count nowhere.
    assert result_of(tree / NAMES["5401"] / "output" / NAME)["region"]["name"] == "5401地区"


def test_nothing_that_could_be_reviewed(tmp_path):
    (tmp_path / "全国" / "某省").mkdir(parents=True)
    done = command(tmp_path)
    assert done.returncode == 2 and "没有找到地区" in done.stderr
    for folder in (tmp_path / "全国" / "某省" / "某州" / "input",):
        folder.mkdir(parents=True)
    done = command(tmp_path)
    assert done.returncode == 3 and "“全国/某省/某州”没有审核成" in done.stderr


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--run", "全国", "--input", "别处"], "不再写其他文件夹"),
        (["别处", "--run", "全国"], "不再写其他文件夹"),
        (["--run", "没有"], "找不到文件夹“没有”"),
        (["--run"], "选项 --run 后面缺少内容。例如：--run 云南省"),
    ],
)
def test_mistakes_at_the_keyboard(typed, told, place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(["rollup", *typed]) == 2
    assert told in capsys.readouterr().err


def test_run_belongs_to_rollup(capsys):
    assert main(["--run", "全国"]) == 2
    assert "选项 --run 只用于汇总" in capsys.readouterr().err


def test_a_roster_of_the_province_tells_who_is_missing(place):
    from test_rollup import roster

    rows = (("540100", "5401地区", ""), ("542500", "5425地区", ""), ("540500", "山南市", ""))
    roster(place / "全国" / "西藏自治区" / "roster.xlsx", rows, 地区="西藏")
    # A region is missing, and what others have to correct is open.
    assert command(place).returncode == 1
    result = result_of(place / "全国" / "西藏自治区" / ROLLUP)
    assert result["region"]["name"] == "西藏"
    assert [unit["state"] for unit in result["units"]] == ["received", "received", "missing"]


def test_folders_of_regions_at_any_depth(tmp_path):
    for name in ("甲/input", "乙/丙/input", "乙/丁/戊/input", "乙/丁/output", "己/庚", ".git/input"):
        (tmp_path / name).mkdir(parents=True)
    root = find(tmp_path)
    assert [place.relative_to(tmp_path).as_posix() for place in root.all_regions()] == ["乙/丁/戊", "乙/丙", "甲"]
    assert [node.folder.relative_to(tmp_path).as_posix() for node in root.all_nodes()] == ["乙/丁", "乙", "."]
    assert [place.name for place in root.empty] == ["己"]


# --- Ctrl+C -----------------------------------------------------------------------------------------------------------------


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for process in [pid]:
        try:
            children = [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.unmeasured
def test_ctrl_c_ends_within_a_second_and_leaves_no_process_and_nothing_half_done(received, played, tmp_path):
    shutil.copytree(received, tmp_path / "全国")
    started = subprocess.Popen(
        words(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    )
    end = time.monotonic() + 60
    # In the middle: one prefecture is done, others are at work.
    while not list(tmp_path.glob(f"全国/*/*/output/{NAME}/result.json")) and time.monotonic() < end:
        time.sleep(0.01)
    own = descendants(started.pid)
    assert own
    pressed = time.monotonic()
    os.killpg(started.pid, signal.SIGINT)
    _, told = started.communicate(timeout=30)
    taken = time.monotonic() - pressed
    assert started.returncode == 130
    assert "已按您的要求停止" in told and "再运行一次" in told and "Traceback" not in told
    assert taken < 1.5  # A second, and what a busy machine takes to give us the processor back.
    assert [pid for pid in own if is_alive(pid)] == []
    whole = 0
    for folder in NAMES.values():
        output = tmp_path / "全国" / folder / "output" / NAME
        if (output / "result.json").exists():
            whole += 1
            for each in result_of(output)["outputs"]:
                assert hashlib.sha256((output / each["path"]).read_bytes()).hexdigest() == each["sha256"]
    assert whole
    assert command(tmp_path).returncode == 0
    assert files_of(tmp_path) == files_of(played)
