"""The history beside kept runs: what the next run compares with, also after damage, and that it changes no byte of a repeated run."""

from __future__ import annotations

import datetime
import json
import shutil

import openpyxl
import pytest
from season import CITY, COUNTY, EAST, ROSTER, TOWN, clean, form
from test_run import snapshot

from greencomm.batch import Options, check, run_afresh
from greencomm.history import BadHistory, dump, load
from greencomm.roster import BatchLabel
from greencomm.rosters_io import write_roster
from greencomm.runs import HISTORY, MANIFEST, Runs
from greencomm.screen import show_check, show_run
from greencomm.standard import load_standard

NAME = "2021-annual"
BLANK = {"c1_1": (None, None, None)}
DIFFERS = {"c8_1": (3, 1, None)}


class Office:
    """A prefecture's folder: files are put into ``input/`` and the program is run."""

    def __init__(self, root):
        self.root = root
        (root / "input").mkdir()
        self.roster("2021", "年度总结")

    def roster(self, year, phase):
        batch = {BatchLabel.YEAR: int(year), BatchLabel.PHASE: phase}
        write_roster(self.root / "input" / "roster.xlsx", load_standard(), batch, ROSTER.units, ROSTER.communities)

    def put(self, name, data):
        (self.root / "input" / name).write_bytes(data)

    def options(self, day=18):
        return Options(
            self.root / "input", self.root / "output", self.root / "input" / "roster.xlsx", self.root / "archive",
            datetime.date(2021, 10, day),
        )  # fmt: skip

    def run(self, day=18):
        return run_afresh(self.options(day))

    @property
    def kept(self):
        return sorted((self.root / "archive" / "runs" / NAME).iterdir())

    def report(self, unit="楚雄市"):
        return (self.root / "output" / NAME / "units" / unit / f"{unit}_差异报告.xlsx").read_bytes()


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def lives(outcome, unit=0):
    return [(finding.rule, finding.life.value) for finding in outcome.result.units[unit].findings]


def city(submission=1, **changes):
    return form(CITY, {EAST.code: clean(**changes)}, submission=submission)


def test_a_season_with_a_real_archive(office):
    office.put("楚雄市.xlsx", city(**BLANK))
    assert lives(office.run()) == [("C01", "new")]
    first = snapshot(office.root / "output")
    assert lives(office.run()) == [("C01", "new")]
    assert snapshot(office.root / "output") == first and len(office.kept) == 1
    office.put("楚雄市（第2批）.xlsx", city(2, **DIFFERS))
    second = office.run()
    assert lives(second) == [("C07", "new")]
    document = json.loads((office.root / "output" / NAME / "result.json").read_bytes())
    assert document["units"][0]["corrected"] == [
        {"rule": "C01", "community": EAST.code, "clause": "1.1", "message": second.result.units[0].corrected[0].message,
         "state": "corrected", "remedy": None, "reply": None}
    ]
    assert (document["units"][0]["submission"], document["units"][0]["earlier_submission"]) == (2, 1)
    after = snapshot(office.root / "output")
    office.run()
    assert snapshot(office.root / "output") == after and len(office.kept) == 2
    # The file of another unit changes no byte of this one's report, nor does it move its history on.
    report = office.report()
    office.put("双柏县.xlsx", form(COUNTY))
    office.run()
    assert office.report() == report
    # Back to the blank: a relapse.
    office.put("楚雄市（第3批）.xlsx", city(3, **BLANK))
    assert lives(office.run()) == [("C01", "relapsed")]


def test_the_same_results_on_another_machine_with_the_same_archive(office, tmp_path_factory):
    office.put("楚雄市.xlsx", city(**BLANK))
    office.run()
    office.put("楚雄市.xlsx", city(**DIFFERS))
    office.run()
    there = tmp_path_factory.mktemp("there")
    for folder in ("input", "archive"):
        shutil.copytree(office.root / folder, there / folder)
    other = Office.__new__(Office)
    other.root = there
    other.run()
    assert snapshot(there / "output") == snapshot(office.root / "output")


def test_phases_are_separate(office):
    office.put("楚雄市.xlsx", city(**BLANK))
    office.run()
    office.roster("2021", "自评")
    runs = Runs(office.root / "archive", "2021-self-evaluation")
    assert runs.latest() is None
    office.roster("2021", "年度总结")
    office.put("楚雄市.xlsx", city(**BLANK, **DIFFERS))
    assert lives(office.run()) == [("C01", "open"), ("C07", "new")]


@pytest.mark.parametrize("how", ["gone", "cut", "changed", "nonsense"])
def test_a_damaged_history_is_passed_over_and_the_one_before_counts(office, how):
    office.put("楚雄市.xlsx", city(**BLANK))
    office.run()
    office.put("楚雄市.xlsx", city(**DIFFERS))
    office.run()
    path = office.kept[-1] / HISTORY
    data = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes({"cut": data[:40], "changed": data.replace(b"C07", b"C08"), "nonsense": b"[]" * (len(data) // 2)}[how])
    office.put("楚雄市.xlsx", city(c1_1=(None, None, None), c2_1=(None, 3, None)))
    outcome = office.run()
    # Compared with the first run, in which the blank stood.
    assert lives(outcome) == [("C01", "open")]
    assert any("已损坏" in notice and "0002" in notice for notice in outcome.notices)


def test_a_history_that_is_whole_but_unreadable_counts_as_none(office):
    """As a later version might write it: the manifest is right, the schema another."""
    from greencomm import durable

    office.put("楚雄市.xlsx", city(**BLANK))
    office.run()
    folder = office.kept[0]
    data = json.dumps({"schema": "greencomm-history/9"}).encode()
    (folder / HISTORY).write_bytes(data)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["kept"][HISTORY] = {"sha256": durable.bytes_sha256(data), "size": len(data)}
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    office.put("楚雄市.xlsx", city(**BLANK, **DIFFERS))
    assert lives(office.run()) == [("C01", "new"), ("C07", "new")]


def test_runs_kept_without_a_history_stay_valid(office):
    office.put("楚雄市.xlsx", city(**BLANK))
    office.run()
    folder = office.kept[0]
    manifest = json.loads((folder / MANIFEST).read_bytes())
    del manifest["kept"][HISTORY]
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    (folder / HISTORY).unlink()
    before = snapshot(office.root / "output")
    outcome = office.run()
    # The same results once more, now with a history for the next run.
    assert snapshot(office.root / "output") == before and len(office.kept) == 2 and outcome.notices == ()
    office.put("楚雄市.xlsx", city(**BLANK, **DIFFERS))
    assert lives(office.run()) == [("C01", "open"), ("C07", "new")]


def test_check_tells_what_a_run_would_and_writes_nothing(office):
    office.put("楚雄市.xlsx", city(**BLANK))
    office.run()
    office.put("楚雄市.xlsx", city(**BLANK, **DIFFERS))
    before = snapshot(office.root / "archive")
    assert lives(check([office.root / "input" / "楚雄市.xlsx"], office.options())) == [("C01", "open"), ("C07", "new")]
    assert snapshot(office.root / "archive") == before
    (office.kept[0] / HISTORY).write_bytes(b"damaged")
    assert lives(check([office.root / "input" / "楚雄市.xlsx"], office.options())) == [("C01", "new"), ("C07", "new")]


def test_check_needs_no_archive(office):
    office.put("楚雄市.xlsx", city(**BLANK))
    check([office.root / "input" / "楚雄市.xlsx"], office.options())
    assert not (office.root / "archive").exists()


# --- as it is kept ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The history after two runs, the second with another file of 楚雄市."""
    office = Office(tmp_path_factory.mktemp("kept"))
    office.put("楚雄市.xlsx", city(**BLANK))
    office.put("双柏县.xlsx", form(COUNTY, {TOWN.code: clean(c1_2=(None, 1, "＝1+1"))}))
    office.run()
    office.put("楚雄市.xlsx", city(**DIFFERS))
    office.run()
    return (office.kept[-1] / HISTORY).read_bytes()


def test_it_is_read_back_as_it_was_written(kept):
    history = load(kept, ROSTER)
    assert dump(history) == kept
    unit = history.units[CITY.code]
    assert [stood.rule for stood in unit.current.findings] == ["C07"]
    assert unit.before and [stood.rule for stood in unit.before.findings] == ["C01"]
    assert unit.gone == {(EAST.code, "C01", "1.1", "")}
    assert unit.current.sheets[EAST.code].answers["8.1"] == ("3", "1", "")


def spoilt(document, path, value):
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["schema"], "greencomm-history/2"), (["units"], []), (["units", CITY.code, "current"], None),
        (["units", CITY.code, "gone"], [["C01"]]), (["units", CITY.code, "current", "submission"], "1"),
        (["units", CITY.code, "current", "fingerprint"], 5), (["units", CITY.code, "current", "findings", 0], []),
        (["units", CITY.code, "current", "findings", 0, 1], "grave"), (["units", CITY.code, "current", "sheets"], None),
        (["units", CITY.code, "current", "sheets", EAST.code, "answers", "8.1"], ["3"]),
        (["units", CITY.code, "current", "explanations"], [[None] * 8]),
    ],
)  # fmt: skip
def test_another_shape_is_refused(kept, path, value):
    document = json.loads(kept)
    with pytest.raises(BadHistory):
        load(spoilt(document, path, value), ROSTER)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_json_is_refused(data):
    with pytest.raises(BadHistory):
        load(data, ROSTER)


# --- the sample -------------------------------------------------------------------------------------------------------------------


def test_no_two_findings_of_the_sample_are_taken_for_one(shipped):
    """Or an explanation of one would settle another: equal subject and token only where a reader sees the same."""
    day = datetime.date(2022, 10, 18)
    options = Options(shipped / "input", shipped / "output", shipped / "input" / "roster.xlsx", shipped / "archive", day)
    found = run_afresh(options).result.findings
    said = {}
    for finding in found:
        said.setdefault((finding.subject, finding.token), set()).add(finding.message)
    assert len(found) > 50 and all(len(messages) == 1 for messages in said.values())
    # No address tells findings apart or stands in what an explanation is for: rows and sheets move.
    for finding in found:
        assert not finding.place.cell or finding.place.cell not in finding.about.split() + finding.value.split()


# --- on the screen ------------------------------------------------------------------------------------------------------------------


def with_waivers(office, *rows):
    path = office.root / "input" / "roster.xlsx"
    book = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            book["免予处理"].cell(number, column).value = value
    book.save(path)


WAIVED = ("楚雄市", EAST.code, "1.1", "C01", "张三", "州里已另行核实", "2021-10-15")


def test_settled_findings_ask_for_nothing_on_the_screen(office, capsys):
    office.put("楚雄市.xlsx", city(**BLANK))
    office.put("双柏县.xlsx", form(COUNTY))
    with_waivers(office, WAIVED, (*WAIVED[:3], "C99", *WAIVED[4:]))
    outcome = office.run()
    show_run(outcome)
    said = capsys.readouterr().out
    assert not outcome.has_send_back and "下一步：没有需要退回的" in said
    assert "名册的“免予处理”表有1处需要看一下" in said and "“C99”，没有这个编号" in said
    document = json.loads((office.root / "output" / NAME / "result.json").read_bytes())
    assert document["waivers"] == [
        {"unit": CITY.code, "community": EAST.code, "clause": "1.1", "rule": "C01", "who": "张三", "reason": "州里已另行核实",
         "date": "2021-10-15", "findings": 1}
    ]  # fmt: skip
    (finding,) = [finding for finding in document["findings"] if finding["rule"] == "C01"]
    assert (finding["state"], finding["settled"], finding["explanation"]) == ("new", "waived", "州里已另行核实")
    # The blank is still undecided: settled is not scored.
    assert document["communities"][0]["status"] == "pending"
    show_check(check([office.root / "input" / "楚雄市.xlsx"], office.options()))
    said = capsys.readouterr().out
    assert "【不必再改】免予处理1条" in said and "免予处理：州里已另行核实" in said and "可以报送" in said
