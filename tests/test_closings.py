"""Closing a year: what is frozen, what is refused, damage, reopening, import of a filed Annex 2, interruptions."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import random
import shutil

import openpyxl
import pytest
from season import clean, form
from two_years import CITY, Prefecture

from greencomm import durable
from greencomm.archive import Publication
from greencomm.cli import main
from greencomm.closings import Closings
from greencomm.roster import load_roster
from greencomm.standard import load_standard
from greencomm.standard.loader import DEFAULT


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    """2021 has been run, with an archive of two files, and is not closed."""
    place = Prefecture(tmp_path_factory.mktemp("run"))
    place.receive(2021)
    folder = place.input(2021)
    (folder / "附件").mkdir()
    shutil.make_archive(str(folder / "禄丰"), "zip", folder, "禄丰县.xlsx")
    shutil.move(folder / "双柏县.xlsx", folder / "附件" / "双柏县.xlsx")
    (folder / "~$双柏县.xlsx").write_bytes(b"lock")
    place.do(2021)
    return place


@pytest.fixture(scope="module")
def closed_once(run_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("closed")
    shutil.copytree(run_once.folder, folder, dirs_exist_ok=True)
    place = Prefecture(folder)
    assert place.do(2021, "close", "--who", "王某") == 0
    return place


def fresh(source, tmp_path):
    shutil.copytree(source.folder, tmp_path, dirs_exist_ok=True)
    return Prefecture(tmp_path)


@pytest.fixture
def ready(run_once, tmp_path):
    return fresh(run_once, tmp_path)


@pytest.fixture
def closed(closed_once, tmp_path):
    return fresh(closed_once, tmp_path)


def below(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def said(capsys):
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return out + err


def events(place):
    return json.loads((place.archive / "closings.json").read_text(encoding="utf-8"))["events"]


# --- what is frozen -----------------------------------------------------------------------------------------------------


def test_inputs_and_results_are_frozen_with_their_hashes(closed):
    year = closed.archive / "2021"
    files = below(year)
    manifest = json.loads(files.pop("manifest.json"))
    assert {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} == {
        name: about["sha256"] for name, about in manifest["files"].items()
    }
    received, results = below(closed.input(2021)), below(closed.output / "2021-annual")
    # Files as they lie in the folder: the zip itself, not what is within it. A mark of an open document is no input.
    assert received.pop("~$双柏县.xlsx") == b"lock"
    assert {name[6:]: data for name, data in files.items() if name.startswith("input/")} == received
    assert {name[8:]: data for name, data in files.items() if name.startswith("results/")} == results
    assert files.keys() - {f"input/{name}" for name in received} - {f"results/{name}" for name in results} == {"register.xlsx"}
    assert (manifest["closed"], manifest["who"], manifest["run"]["number"]) == ("2021-10-20", "王某", 1)
    assert manifest["input"] == closed.result(2021)["input"]["sha256"] and manifest["roster"] == "input/roster.xlsx"
    assert [(event["event"], event["year"], event["who"]) for event in events(closed)] == [("close", 2021, "王某")]


def test_a_roster_from_elsewhere_is_frozen_too(ready):
    roster = ready.input(2021) / "roster.xlsx"
    elsewhere = ready.folder / "名册2021.xlsx"
    shutil.move(roster, elsewhere)
    assert ready.do(2021, "--roster", str(elsewhere)) in (0, 1)
    assert ready.do(2021, "close", "--roster", str(elsewhere)) == 0
    closed = Closings(ready.archive).year(2021)
    assert closed.manifest["roster"] == "roster/名册2021.xlsx"
    assert (closed.folder / "roster" / "名册2021.xlsx").read_bytes() == elsewhere.read_bytes()


def test_closing_again_changes_nothing(closed, capsys):
    before = below(closed.archive)
    assert closed.do(2021, "close", "--who", "李某") == 0
    assert "已经封存，内容相同" in said(capsys)
    assert below(closed.archive) == before


MARKS = ("~$roster.xlsx", ".~roster.xlsx", ".~lock.roster.xlsx#")
"""What Excel, WPS and LibreOffice leave beside a roster that is open."""
OPEN = "请注意：名册正在 Excel 或 WPS 中打开，这次按上次保存的内容办；没有保存的请保存、关闭后再运行。"


@pytest.mark.parametrize("mark", MARKS)
def test_an_open_roster_is_told_once_and_is_no_other_input(closed, mark, capsys):
    beside, before = closed.input(2021) / mark, closed.result(2021)
    for _ in range(2):
        beside.write_bytes(b"user")
        assert closed.do(2021) == 0 and said(capsys).count(OPEN) == 1
        with_it = closed.result(2021)
        (row,) = [file for file in with_it["files"] if file["path"] == mark]
        assert (row["state"], row["reason"]) == ("ignored", "这是 Excel 或 WPS 打开文件时的临时锁文件")
        assert with_it["input"] == before["input"]
        assert closed.do(2021, "close") == 0 and said(capsys).count(OPEN) == 1
        beside.unlink()
        assert closed.do(2021, "close") == 0 and OPEN not in said(capsys)
        assert closed.do(2021) == 0 and OPEN not in said(capsys)
        assert closed.result(2021) == before


def test_marks_of_open_documents_do_not_stand_in_the_way_of_a_closing(ready, capsys):
    (ready.input(2021) / "~$双柏县.xlsx").unlink()
    (ready.input(2021) / "~$roster.xlsx").write_bytes(b"user")
    assert ready.do(2021, "close") == 0
    assert "后来放进去的" not in said(capsys)
    assert not list((ready.archive / "2021").rglob("~$*"))


def test_a_closed_file_that_is_looked_at_is_no_damage(closed, capsys):
    (closed.archive / "2021" / "input" / "~$roster.xlsx").write_bytes(b"user")
    (closed.archive / "2021" / "results" / "~$annex2.xlsx").write_bytes(b"user")
    assert closed.do(2021, "close") == 0
    assert "已经封存，内容相同" in said(capsys)


def test_json_of_a_closing(ready, capsys):
    assert ready.do(2021, "close", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["closed"], document["year"], document["open"]) == (True, 2021, [])
    assert document["folder"].endswith("archive/2021") and "results/result.json" in document["files"]


def test_the_register_lists_every_green_community(closed):
    (sheet,) = openpyxl.load_workbook(closed.archive / "2021" / "register.xlsx").worksheets
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=3)]
    assert rows[0][:6] == ("序号", "填报单位", "社区代码", "社区名称", "核定得分", "名单年度")
    assert [row[:6] for row in rows[1:3]] == [
        (1, "楚雄市", "532301101001", "东兴社区居民委员会", 96, 2021),
        (2, "楚雄市", "532301101002", "学桥街社区居民委员会", 96, 2021),
    ]
    assert len(rows) == 1 + 8


# --- what is refused ------------------------------------------------------------------------------------------------------


def test_nothing_to_close(tmp_path, capsys):
    place = Prefecture(tmp_path)
    place.receive(2021)
    assert place.do(2021, "close") == 3
    assert "还没有运行过" in said(capsys) and not (place.archive / "2021").exists()


def change(path):
    path.write_bytes(path.read_bytes() + b" ")


CHANGES = {
    "changed": (lambda folder: change(folder / "楚雄市.xlsx"), "“楚雄市.xlsx”被改动过"),
    "missing": (lambda folder: (folder / "禄丰.zip").unlink(), "“禄丰.zip”不见了"),
    "added": (lambda folder: (folder / "附件" / "补报.xlsx").write_bytes(b"x"), "“附件/补报.xlsx”是后来放进去的"),
    "roster": (lambda folder: change(folder / "roster.xlsx"), "“roster.xlsx”被改动过"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_an_input_that_is_not_the_same_any_more(ready, how, capsys):
    alter, words = CHANGES[how]
    alter(ready.input(2021))
    assert ready.do(2021, "close") == 2
    screen = said(capsys)
    assert words in screen and "请先重新运行" in screen
    assert not (ready.archive / "2021").exists() and not (ready.archive / "closings.json").exists()


def test_open_findings_to_send_back_stand_in_the_way(ready, capsys):
    roster = load_roster(ready.input(2021) / "roster.xlsx", load_standard())
    blank = clean(c1_1=(None, None, None))
    (ready.input(2021) / "楚雄市.xlsx").write_bytes(form(CITY, {"532301101001": blank}, roster=roster))
    assert ready.do(2021) == 1
    capsys.readouterr()
    assert ready.do(2021, "close") == 1
    screen = said(capsys)
    assert "楚雄市：1条" in screen and "条款1.1" in screen and "--accept-open" in screen
    assert not (ready.archive / "2021").exists()
    assert ready.do(2021, "close", "--accept-open", "--json") == 0
    assert [finding["rule"] for finding in json.loads(capsys.readouterr().out)["open"]] == ["C01"]
    accepted = Closings(ready.archive).year(2021).manifest["accepted_open"]
    assert [(finding["rule"], finding["clause"]) for finding in accepted] == [("C01", "1.1")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--phase", "self-evaluation"], "封存的是年度总结的结果"),
        (["--reopen"], "须写明原因"),
        (["--reopen", "--reason", "补报"], "没有封存，不需要重新打开"),
        (["--reopen", "--reason", "补报", "--accept-open"], "不能与"),
        (["--annex2", "x.xlsx"], "请用 --year 写明"),
        (["--annex2", "没有.xlsx", "--year", "2020"], "找不到附件2文件"),
        (["--reason"], "后面缺少内容"),
    ],
)
def test_wrong_use(ready, words, told, capsys):
    assert ready.do(2021, "close", *words) == 2
    assert told in said(capsys)


def test_options_of_closing_belong_to_closing(ready, capsys):
    assert ready.do(2021, "--accept-open") == 2
    assert "只用于封存" in said(capsys)


# --- a closed year run again ----------------------------------------------------------------------------------------------


def test_a_closed_year_run_again_with_the_same_input(closed, capsys):
    before = below(closed.archive / "2021")
    assert closed.do(2021) in (0, 1)
    assert "已于2021-10-20由王某封存，这次的输入与封存时相同" in said(capsys)
    assert below(closed.archive / "2021") == before


@pytest.mark.parametrize("phase", ["annual", "self-evaluation"])
def test_a_closed_year_run_again_with_another_input(closed, phase, capsys):
    closed.receive(2021, phase)
    roster = load_roster(closed.input(2021, phase) / "roster.xlsx", load_standard())
    (closed.input(2021, phase) / "楚雄市.xlsx").write_bytes(form(CITY, {"532301101001": clean(c1_1=(None, 3, None))}, roster=roster))
    before = below(closed.output)
    assert closed.do(2021, phase=phase) == 2
    screen = said(capsys)
    assert "2021年度已于2021-10-20由王某封存" in screen and "--reopen --reason" in screen
    assert below(closed.output) == before
    if phase == "annual":
        assert closed.do(2021, "close") == 2 and "内容与这次的不同" in said(capsys)


def test_reopening_says_who_when_and_why(closed, capsys):
    frozen = below(closed.archive / "2021")
    assert closed.do(2021, "close", "--reopen", "--reason", "双柏县补报两个社区", "--who", "李某") == 0
    assert "已重新打开" in said(capsys)
    assert below(closed.archive / "reopened" / "2021" / "0001") == frozen and not (closed.archive / "2021").exists()
    last = events(closed)[-1]
    assert (last["event"], last["who"], last["date"], last["reason"]) == ("reopen", "李某", "2021-10-20", "双柏县补报两个社区")
    (closed.input(2021) / "说明.txt").write_text("补报两个社区", encoding="utf-8")
    assert closed.do(2021) == 0 and closed.do(2021, "close") == 0
    assert [event["event"] for event in events(closed)] == ["close", "reopen", "close"]
    assert Closings(closed.archive).year(2021).manifest["number"] == 2


# --- damage -----------------------------------------------------------------------------------------------------------------


DAMAGE = {
    "manifest.json changed": ("manifest.json", change, 2, "被改动过"),
    "manifest.json gone": ("manifest.json", os.unlink, 2, "不见了"),
    "manifest.json cut": ("manifest.json", lambda path: path.write_bytes(b"{"), 2, "读不出来"),
    "result.json changed": ("results/result.json", change, 2, "被改动过"),
    "result.json gone": ("results/result.json", os.unlink, 2, "不见了"),
    "input changed": ("input/楚雄市.xlsx", change, 0, "“input/楚雄市.xlsx”被改动过"),
    "annex2 gone": ("results/annex2.xlsx", os.unlink, 0, "“results/annex2.xlsx”不见了"),
    "file added": ("results/说明.txt", lambda path: path.write_bytes(b"x"), 0, "“results/说明.txt”是后来放进去的"),
    "same length": ("register.xlsx", lambda path: path.write_bytes(bytes(path.stat().st_size)), 0, "“register.xlsx”被改动过"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_archive_is_named(closed, how, capsys):
    name, damage, expected, words = DAMAGE[how]
    damage(closed.archive / "2021" / name)
    closed.receive(2022)
    assert closed.do(2022) == expected
    screen = said(capsys)
    remedy = "移走" if how == "file added" else "备份"
    assert name.rsplit("/")[-1] in screen and words in screen and remedy in screen
    assert (closed.output / "2022-annual").exists() == (expected == 0)
    assert closed.do(2021, "close") == 2 and remedy in said(capsys)


def test_a_damaged_year_can_be_reopened(closed, capsys):
    (closed.archive / "2021" / "manifest.json").unlink()
    assert closed.do(2021, "close", "--reopen", "--year", "2021", "--reason", "档案损坏") == 0
    assert closed.do(2021, "close") == 0
    assert [event["event"] for event in events(closed)] == ["close", "reopen", "close"]


def test_a_damaged_record_of_closings_is_named_and_never_overwritten(closed, capsys):
    record = closed.archive / "closings.json"
    record.write_bytes(b"{")
    assert closed.do(2021, "close", "--reopen", "--reason", "补报") == 2
    assert "closings.json" in said(capsys) and record.read_bytes() == b"{" and (closed.archive / "2021").exists()
    closed.receive(2022)
    for words in ([], ["close"]):
        assert closed.do(2022, *words) == 2 and "closings.json" in said(capsys)
    assert not (closed.output / "2022-annual").exists()


def test_a_year_that_was_closed_and_is_gone_is_never_taken_for_one_that_was_not(closed, capsys):
    """The folder away, the record there: whatever needs the year stops and says to restore it."""
    shutil.rmtree(closed.archive / "2021")
    closed.receive(2022)
    sheet = str(closed.input(2022) / "楚雄市.xlsx")
    standard = ["replay", "--standard", str(DEFAULT), "--year", "2021", "--archive", str(closed.archive)]
    commands = (lambda: closed.do(2022), lambda: closed.do(2022, "check", sheet), lambda: closed.do(2021, "close"),
                lambda: closed.do(2021), lambda: main(standard))  # fmt: skip
    for command in commands:
        assert command() == 2
        screen = said(capsys)
        assert "封存记录中2021年度已封存（2021-10-20，王某），但“" in screen and "不见了。请用备份恢复" in screen
    assert not (closed.output / "2022-annual").exists()
    # Without a backup the year is opened again, with a reason, and closed anew.
    assert closed.do(2021, "close", "--reopen", "--reason", "档案丢失") == 0 and "已经不见了" in said(capsys)
    assert closed.do(2021) in (0, 1) and closed.do(2021, "close") == 0
    assert [event["event"] for event in events(closed)] == ["close", "reopen", "close"]


def test_a_closing_that_was_entered_later_is_told_at_every_run_until_it_is_confirmed(closed, capsys):
    (closed.archive / "closings.json").unlink()
    for _ in range(2):
        assert closed.do(2021) in (0, 1)
        assert "于2021-10-20按“" in (screen := said(capsys)) and "补记" in screen
    assert [event.get("entered") for event in events(closed)] == ["2021-10-20"]
    assert closed.do(2021, "close", "--who", "李某") == 0 and "已由李某确认" in said(capsys)
    assert closed.do(2021) in (0, 1) and "补记" not in said(capsys)
    assert [event["event"] for event in events(closed)] == ["close", "confirm"]


# --- a later year that is closed too ----------------------------------------------------------------------------------------


def test_reopening_a_year_that_a_closed_one_builds_on(closed, capsys):
    closed.receive(2022)
    assert closed.do(2022) in (0, 1) and closed.do(2022, "close", "--accept-open") == 0
    assert closed.do(2022) in (0, 1)
    said(capsys)
    before = below(closed.output / "2022-annual")
    assert closed.do(2021, "close", "--reopen", "--reason", "补报", "--who", "李某") == 0
    assert "已封存的2022年度是在2021年度的基础上封存的" in said(capsys)
    assert closed.do(2022) == 2
    screen = said(capsys)
    assert "2021年度已重新打开，尚未再封存（2021-10-20，李某，原因：补报）" in screen and "会与封存的不同" in screen
    assert "还没有封存" not in screen
    assert closed.do(2021, "close") == 0
    said(capsys)
    assert closed.do(2022) == 2 and "2021年度已重新打开并再次封存" in said(capsys)
    assert below(closed.output / "2022-annual") == before
    # Opened again itself, it is built on what 2021 is now.
    assert closed.do(2022, "close", "--reopen", "--reason", "往年名单有变动") == 0
    assert closed.do(2022) in (0, 1)


def test_a_closed_year_asked_of_another_year_s_folder(closed, capsys):
    closed.receive(2022)
    for words in ([], ["close"]):
        assert closed.do(2022, *words, "--year", "2021") == 2
        screen = said(capsys)
        assert "2021年度已封存（2021-10-20，王某）；输入文件夹里是2022年度的材料（名册年度2022）" in screen
        assert "后来放进去" not in screen


# --- interruptions ----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for the end of the process at that very call."""


CALLS = ((os, "rename"), (os, "replace"), (shutil, "copyfile"), (durable, "sync"))
"""What changes the disk for good."""
WORDS = {"close": ["close"], "reopen": ["close", "--reopen", "--reason", "补报"]}


@contextlib.contextmanager
def disturbed(monkeypatch, at, error):
    """Raise ``error`` at the ``at``-th of CALLS; yields how many there have been. A killed process cleans nothing up."""
    count = [0]
    with monkeypatch.context() as patch:
        for module, name in CALLS:
            before = getattr(module, name)

            def call(*given, original=before, **named):
                count[0] += 1
                if count[0] == at or (count[0] > at > 0 and error is Killed):
                    raise error if error is Killed else error()
                return original(*given, **named)

            patch.setattr(module, name, call)
        if error is Killed:
            patch.setattr(durable, "remove_tree", lambda path: None)
        yield count


def full():
    return OSError(errno.ENOSPC, "", "x")


@pytest.mark.parametrize("command", WORDS)
@pytest.mark.parametrize("error", [Killed, full])
def test_a_closing_that_is_interrupted_leaves_a_year_whole_or_absent(
    run_once, closed_once, tmp_path, monkeypatch, capsys, command, error
):
    """Some of the calls that build the year, and every one of the last that put it in place and record it."""
    source = run_once if command == "close" else closed_once

    def scene(name):
        place = Prefecture(tmp_path / name)
        shutil.copytree(source.archive, place.archive)
        shutil.copytree(source.output, place.output)
        os.symlink(source.input(2021), place.input(2021))
        return place

    undisturbed = scene("whole")
    with disturbed(monkeypatch, 0, None) as count:
        assert undisturbed.do(2021, *WORDS[command]) == 0
    (calls,) = count
    early, last = range(1, calls - 7), range(max(1, calls - 7), calls + 1)
    steps = [*random.Random(f"{command} {error.__name__}").sample(early, min(4, len(early))), *last]
    assert len(steps) > 5
    for step in steps:
        place = scene(str(step))
        with disturbed(monkeypatch, step, error):
            try:
                status = place.do(2021, *WORDS[command])
                assert error is full and status in (0, 4)
            except Killed:
                pass
        screen = said(capsys)
        closings = Closings(place.archive)
        year = closings.year(2021)
        if year.is_there:
            assert year.differences() == []
        if error is full and status == 4:
            assert "磁盘空间不足" in screen
            assert ("2021年度没有封存" in screen) == (not year.is_there)
        # Whatever comes next finishes or clears what was begun, and the year is what the record says.
        if step == calls - 3:
            assert place.do(2021) in (0, 1)
        else:
            with Publication(place.archive, place.output):
                closings.recover()
        year, recorded = Closings(place.archive).year(2021), closings.last_event(2021)
        assert year.is_there == (recorded is not None and recorded["event"] == "close")
        assert not list((place.archive / "work").glob("close-*"))
        shutil.rmtree(place.folder)


# --- a filed Annex 2 --------------------------------------------------------------------------------------------------------


def filed(place, change=None, name="2021年附件2.xlsx"):
    """The Annex 2 of 2021 as it was filed, after ``change``."""
    path = place.folder / name
    book = openpyxl.load_workbook(place.output / "2021-annual" / "annex2.xlsx")
    if change:
        change(book.active)
    book.save(path)
    return path


@pytest.fixture
def later(run_once, tmp_path):
    """2022, and nothing of 2021 but its filed Annex 2."""
    place = fresh(run_once, tmp_path)
    place.receive(2022)
    return place


def old_names(place):
    """The roster of 2022 knows the names of what was merged, split or dissolved."""
    path = place.input(2022) / "roster.xlsx"
    book = openpyxl.load_workbook(path)
    page = book["社区名册"]
    column = {cell.value: cell.column for cell in page[1]}
    known = {"532322101009": "东城社区、南城社区、北城社区", "532322101004": "西城社区"}
    for row in range(2, page.max_row + 1):
        code = page.cell(row, column["社区代码"]).value
        if code in known:
            page.cell(row, column["曾用名"]).value = known[code]
    book.save(path)


def test_a_filed_annex_2_stands_in_for_a_year_that_was_never_run(later, capsys):
    path = filed(later)
    old_names(later)
    shutil.rmtree(later.archive)
    assert later.do(2022, "close", "--year", "2021", "--annex2", str(path), "--who", "王某") == 0
    closed = Closings(later.archive).year(2021)
    assert closed.manifest["imported"] and (closed.folder / "input" / path.name).read_bytes() == path.read_bytes()
    assert later.do(2022) == 0
    result = later.result(2022)
    # As in test_two_years, but 西城一 stands for 西城, so that it is listed and not new: 双柏县 has 城关 and 西城一.
    assert [unit["combined_ratio"] for unit in result["units"]] == ["1.0000", "1.0000", "0.6667", "0.6667"]
    assert [len(unit["green"]) for unit in result["units"]] == [1, 1, 0, 1]
    (sheet,) = openpyxl.load_workbook(later.output / "2022-annual" / "annex2.xlsx").worksheets
    assert [[cell.value for cell in row][:4] for row in sheet["A6:H10"]] == [
        ["楚雄市", "东兴社区居民委员会、学桥街社区居民委员会、米市街社区居民委员会", 3, 0.75],
        ["开发区规划建设局", None, 0, "—"],
        ["双柏县", "东城社区居民委员会、南城社区居民委员会、西城社区居民委员会、北城社区居民委员会", 4, 1],
        ["禄丰市", "金山社区居民委员会", 1, 0.3333],
        ["地区", "/", 8, 0.7273],
    ]


def put(address, value):
    def change(sheet):
        sheet[address] = value

    return change


UNMATCHED = {
    "unknown name": (
        put("B6", "东兴社区、学桥街社区、米市接社区"),
        "“楚雄市”名单上的“米市接社区”在名册中找不到（名称相近的有“米市街社区居民委员会”）",
    ),
    "twice": (put("B6", "东兴社区、东兴社区、米市街社区"), "“东兴社区”出现了两次"),
    "count": (put("C6", 5), "“楚雄市”的完成数量是5，名单上有3个社区"),
    "count as text": (put("C6", "三个"), "完成数量“三个”不是整数"),
    "unknown county": (put("A6", "某某县"), "“某某县”不在名册的填报单位中"),
    "ratio": (put("D6", "很高"), "完成比例“很高”读不出"),
    "total": (put("C9", 9), "“地区”的完成数量是9，各单位合计是8"),
}


@pytest.mark.parametrize("how", UNMATCHED)
def test_what_cannot_be_matched_is_listed_and_nothing_is_closed(later, how, capsys):
    alter, words = UNMATCHED[how]
    path = filed(later, alter)
    assert later.do(2021, "close", "--year", "2021", "--annex2", str(path)) == 2
    screen = said(capsys)
    assert words in screen and "没有导入" in screen
    assert not (later.archive / "2021").exists()


def test_an_ambiguous_name_is_not_guessed(later, capsys):
    page_path = later.input(2021) / "roster.xlsx"
    book = openpyxl.load_workbook(page_path)
    page = book["社区名册"]
    column = {cell.value: cell.column for cell in page[1]}
    for row in (2, 3):
        page.cell(row, column["曾用名"]).value = "老城社区"
    book.save(page_path)
    path = filed(later, put("B6", "老城社区、米市街社区、中大街社区"))
    assert later.do(2021, "close", "--year", "2021", "--annex2", str(path)) == 2
    screen = said(capsys)
    assert "“老城社区”可能是“东兴社区居民委员会”（532301101001）、“学桥街社区居民委员会”（532301101002）" in screen


@pytest.mark.parametrize(
    ("make", "words"),
    [(lambda path: path.write_bytes(b"no workbook"), "打不开"), (lambda path: openpyxl.Workbook().save(path), "找不到“县（市、区）”")],
)
def test_a_file_that_is_no_annex_2(later, make, words, capsys):
    make(later.folder / "x.xlsx")
    assert later.do(2021, "close", "--year", "2021", "--annex2", str(later.folder / "x.xlsx")) == 2
    assert words in said(capsys)


def test_a_year_that_is_closed_is_not_imported_over(closed, capsys):
    path = filed(closed)
    before = below(closed.archive / "2021")
    assert closed.do(2021, "close", "--year", "2021", "--annex2", str(path)) == 2
    assert "已于2021-10-20由王某封存" in said(capsys) and below(closed.archive / "2021") == before


def test_a_second_year_without_the_first_says_how_to_get_it(later, capsys):
    assert later.do(2022) in (0, 1)
    screen = said(capsys)
    assert "2021年度还没有封存" in screen and "close --year 2021 --annex2" in screen
