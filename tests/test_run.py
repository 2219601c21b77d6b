"""The whole run from the command line: damaged inputs, exit statuses, the same bytes again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from intake import archive, attachment, mail, raw_zip
from season import CITY, COUNTY, clean, form

from greencomm.cli import main
from greencomm.errors import OutputError

ROOT = Path(__file__).resolve().parents[1]


def run(*words, cwd=ROOT, encoding="utf-8", **environment):
    """The program as a person starts it; returns (exit status, standard output, standard error)."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "process.py"), *map(str, words)],
        cwd=cwd,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding} | environment,
        check=False,
    )
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


@pytest.fixture
def place(tmp_path):
    """A folder with a roster of the season's two units."""
    from season import ROSTER

    from greencomm.roster import BatchLabel
    from greencomm.rosters_io import write_roster

    (tmp_path / "input").mkdir()
    batch = {BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局"}
    from greencomm.standard import load_standard

    write_roster(tmp_path / "input" / "roster.xlsx", load_standard(), batch, ROSTER.units, ROSTER.communities)
    return tmp_path


def review(place, *words):
    """Run in ``place`` on 18 October 2021; returns (exit status, result.json, screen)."""
    status, out, err = run("--date", "2021-10-18", *words, cwd=place)
    result = place / "output" / "2021-annual" / "result.json"
    return status, json.loads(result.read_text(encoding="utf-8")) if result.exists() else None, out + err


def put(place, name, data):
    path = place / "input" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def truncated_zip():
    return form(CITY)[:5000]


def other_programme(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["姓名", "工资"])
    book.save(tmp_path / "other.xlsx")
    return (tmp_path / "other.xlsx").read_bytes()


DAMAGED = {
    "空文件.xlsx": (lambda _: b"", "0字节"),
    "文本.xlsx": (lambda _: "条款,扣分\n1.1,0\n".encode("gbk"), "文本"),
    "截断.xlsx": (lambda _: truncated_zip(), "无法读取"),
    "工资.xlsx": (other_programme, "不是绿色社区创建的填报工作簿"),
    "网页.xls": (lambda _: b"<html><table></table></html>", "网页"),
    "照片.jpg": (lambda _: b"\xff\xd8\xff\xe0 photo", "图片"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_costs_only_itself(place, tmp_path, name):
    put(place, "双柏县.xlsx", form(COUNTY))
    make, words = DAMAGED[name]
    put(place, name, make(tmp_path))
    status, result, screen = review(place)
    assert status == 1
    states = {file["path"]: file for file in result["files"]}
    assert states[name]["state"] == "rejected" and words in states[name]["reason"]
    assert states["双柏县.xlsx"]["state"] == states["roster.xlsx"]["state"] == "accepted"
    assert result["units"][1]["green"] == ["532322101001"]
    assert name in screen and "Traceback" not in screen


def test_a_unit_whose_only_file_was_rejected(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    put(place, "楚雄市.xlsx", b"")
    _, result, screen = review(place)
    assert [unit["state"] for unit in result["units"]] == ["rejected", "received"]
    assert "文件未采用" in screen


def test_nothing_to_process(place):
    status, result, screen = review(place)
    assert (status, result) == (3, None)
    assert "还没有各县市报送的工作簿" in screen


def roster_with(place, change):
    path = place / "input" / "roster.xlsx"
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


def same_code_twice(book):
    page = book["社区名册"]
    column = next(cell.column for cell in page[1] if cell.value == "社区代码")
    page.cell(3, column).value = page.cell(2, column).value


def no_name(book):
    page = book["社区名册"]
    column = next(cell.column for cell in page[1] if cell.value == "社区名称")
    page.cell(2, column).value = None


@pytest.mark.parametrize(("change", "words"), [(same_code_twice, "532301101001"), (no_name, "社区名称")])
def test_a_damaged_roster_stops_with_one_sentence(place, change, words):
    put(place, "双柏县.xlsx", form(COUNTY))
    roster_with(place, change)
    status, result, screen = review(place)
    assert (status, result) == (2, None)
    assert words in screen and screen.strip().count("\n") == 0


def test_a_missing_roster(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    (place / "input" / "roster.xlsx").unlink()
    status, _, screen = review(place)
    assert status == 2 and "没有名册" in screen and "roster.xlsx" in screen


def test_an_output_that_cannot_be_written_leaves_what_stood_there(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    review(place)
    folder = place / "output" / "2021-annual"
    before = snapshot(folder)
    put(place, "楚雄市.xlsx", form(CITY))
    # A folder in the place of an output cannot be replaced, not even by root.
    (folder / "annex2.xlsx").unlink()
    (folder / "annex2.xlsx").mkdir()
    status, _, screen = review(place)
    assert status == 4 and "annex2.xlsx" in screen and "Traceback" not in screen
    assert {name: digest for name, digest in before.items() if name != "annex2.xlsx"} == snapshot(folder)
    (folder / "annex2.xlsx").rmdir()
    status, result, _ = review(place)
    assert status == 0 and result["region"]["green"] == 3


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def snapshot(folder):
    return {
        path.relative_to(folder).as_posix(): digest(path)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_same_input_same_bytes_and_inputs_untouched(place, tmp_path_factory):
    put(place, "双柏县.xlsx", form(COUNTY))
    put(place, "子文件夹/楚雄市.xlsx", form(CITY))
    given = snapshot(place / "input")
    review(place)
    first = snapshot(place / "output")
    again = tmp_path_factory.mktemp("again")
    (again / "input").mkdir()
    for name in sorted(given, reverse=True):
        (again / "input" / name).parent.mkdir(exist_ok=True)
        shutil.copy(place / "input" / name, again / "input" / name)
    review(again, "--archive", again / "elsewhere")
    assert snapshot(again / "output") == first
    assert snapshot(place / "input") == given
    review(place)
    assert snapshot(place / "output") == first


def test_outputs_listed_with_their_hashes_and_nothing_else(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    _, result, _ = review(place)
    folder = place / "output" / "2021-annual"
    listed = {output["path"]: output["sha256"] for output in result["outputs"]}
    assert {**listed, "result.json": None}.keys() == snapshot(folder).keys()
    assert all(snapshot(folder)[path] == digest for path, digest in listed.items())
    assert [path.name for path in (place / "output").iterdir()] == ["2021-annual"]


def test_an_output_no_longer_made_is_taken_away(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    review(place)
    mine = place / "output" / "2021-annual" / "我的笔记.txt"
    mine.write_text("留着", encoding="utf-8")
    roster_with(place, lambda book: [setattr(cell, "value", "双柏新县") for row in book for cells in row for cell in cells
                                     if cell.value == "双柏县"])  # fmt: skip
    _, result, _ = review(place)
    assert result["units"][1]["name"] == "双柏新县"
    assert sorted(p.name for p in (place / "output" / "2021-annual" / "units").iterdir()) == ["双柏新县", "楚雄市"]
    assert mine.exists()


def test_another_roster_leaves_the_one_in_the_folder_alone(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    shutil.copy(place / "input" / "roster.xlsx", place / "名册.xlsx")
    status, result, _ = review(place, "--roster", place / "名册.xlsx")
    assert status == 0
    assert {file["path"]: file["state"] for file in result["files"]} == {"roster.xlsx": "ignored", "双柏县.xlsx": "accepted"}


def test_json_is_all_that_stands_on_standard_output(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    status, out, _ = run("--json", "--date", "2021-10-18", cwd=place)
    document = json.loads(out)
    assert status == 0 and document["schema"] == "greencomm-result/1"
    assert json.loads((place / "output" / "2021-annual" / "result.json").read_text(encoding="utf-8")) == document


def test_a_gbk_console_never_breaks(place):
    put(place, "双柏县✔🌳.xlsx", b"")
    status, out, err = run("--date", "2021-10-18", cwd=place, encoding="gbk")
    assert status == 1 and "双柏县??.xlsx" in out and err == ""


def test_check_says_the_same_and_writes_nothing(place):
    path = put(place, "双柏县.xlsx", form(COUNTY, change=None))
    status, out, _ = run("check", path, cwd=place)
    assert status == 0 and "可以报送" in out
    assert not (place / "output").exists()
    status, out, _ = run("check", put(place, "坏.xlsx", b""), "--json", cwd=place)
    assert status == 1 and [finding["rule"] for finding in json.loads(out)["findings"]] == ["F01"]


def test_archives_and_mails_are_taken_as_they_come(place):
    put(place, "m.eml", mail(attachment(form(CITY), 'attachment; filename="楚雄市.xlsx"'.encode("gbk"))))
    put(place, "附件/全部.zip", raw_zip(("双柏县.xlsx".encode("gbk"), form(COUNTY), 0, b""), (b"1.jpg", b"\xff\xd8\xff", 0, b"")))
    put(place, "通知.eml", mail())
    status, result, screen = review(place)
    assert status == 1
    assert {file["path"]: file["state"] for file in result["files"]} == {
        "m.eml": "accepted", "m.eml/楚雄市.xlsx": "accepted", "roster.xlsx": "accepted", "通知.eml": "rejected",
        "附件/全部.zip": "accepted", "附件/全部.zip/双柏县.xlsx": "accepted", "附件/全部.zip/1.jpg": "rejected",
    }  # fmt: skip
    assert {community["file"] for community in result["communities"]} == {"m.eml/楚雄市.xlsx", "附件/全部.zip/双柏县.xlsx"}
    assert "通知.eml：这个文件无法读取：邮件里没有附件。请对方把填报工作簿（.xlsx）作为附件重新发送。" in screen
    assert "附件/全部.zip/1.jpg：这个文件无法读取：这是图片，不是工作簿。请把填报工作簿（.xlsx）本身发来" in screen


@pytest.mark.parametrize(("name", "inner"), [("m.eml", "m.eml/a.xlsx"), ("全部.zip", "全部.zip/a.xlsx")])
def test_check_takes_a_container(place, name, inner):
    data = form(CITY, {"532301101001": clean(c1_1=(None, None, None))})
    put(place, name, mail(attachment(data, "attachment; filename=a.xlsx")) if name == "m.eml" else archive({"a.xlsx": data}))
    status, out, _ = run("check", place / "input" / name, "--json", cwd=place)
    document = json.loads(out)
    assert status == 1
    assert {file["path"]: file["state"] for file in document["files"]} == {name: "accepted", inner: "accepted"}
    assert [(finding["rule"], finding["file"]) for finding in document["findings"]] == [("C01", inner)]


def test_forms_are_written_for_every_unit(place):
    status, out, _ = run("forms", "--output", place / "下发", "--date", "2021-09-01", cwd=place)
    assert status == 0
    assert sorted(path.name for path in (place / "下发").iterdir()) == [
        "双柏县_2021年度总结_填报工作簿.xlsx", "楚雄市_2021年度总结_填报工作簿.xlsx",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--inptu", "x"], "您是不是想写 --input"),
        (["chek", "a.xlsx"], "您是不是想写 check"),
        (["--year", "21"], "4位数字"),
        (["--date", "2021.10.18"], "年-月-日"),
        (["--phase", "autumn"], "self-evaluation"),
        (["--input"], "后面缺少内容"),
        (["check"], "请写明要自查的文件"),
        (["forms", "x"], "多余的内容"),
    ],
)
def test_wrong_use_gets_a_hint(place, words, answer):
    status, out, err = run(*words, cwd=place)
    assert status == 2 and answer in err and out == ""


def test_help_is_chinese_and_quick(place):
    status, out, _ = run("--help", cwd=place)
    assert status == 0 and "用法" in out and "例子" in out


def test_the_same_bytes_whatever_the_clock_and_the_machine_say(place, tmp_path_factory):
    """Another time zone, language, hash seed, umask, folder, order of files, age of files; and some seconds later."""
    put(place, "双柏县.xlsx", form(COUNTY))
    put(place, "b/楚雄市.xlsx", form(CITY))
    put(place, "坏.xlsx", b"")
    review(place)
    first = snapshot(place / "output")
    again = tmp_path_factory.mktemp("别处")
    for name in sorted(snapshot(place / "input"), reverse=True):
        copy = again / "input" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((place / "input" / name).read_bytes())
        os.utime(copy, (1_000_000_000, 1_000_000_000))
    before = os.umask(0o077)
    try:
        status, _, err = run(
            "--date", "2021-10-18", "--input", again / "input", "--output", again / "out", "--archive", again / "kept",
            TZ="Pacific/Kiritimati", LANG="C", LC_ALL="C", PYTHONHASHSEED="4242",
        )  # fmt: skip
    finally:
        os.umask(before)
    assert status == 1 and err == ""
    assert snapshot(again / "out") == first


def test_input_is_never_modified(place):
    put(place, "双柏县.xlsx", form(COUNTY))
    put(place, "坏.xlsx", b"")

    def state():
        return {path: (path.lstat().st_mtime_ns, path.lstat().st_mode, path.is_file() and digest(path)) for path in
                sorted((place / "input").rglob("*"))} | {"folder": (place / "input").stat().st_mtime_ns}  # fmt: skip

    given = state()
    review(place)
    run("check", place / "input" / "双柏县.xlsx", cwd=place)
    run("forms", "--output", place / "下发", cwd=place)
    assert state() == given


def properties(path):
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as packed:
            return {each.get("name"): each[0].text for each in ElementTree.fromstring(packed.read("docProps/custom.xml"))}
    return {each.name: each.value for each in openpyxl.load_workbook(path).custom_doc_props.props}


def test_every_output_names_standard_program_and_input(place):
    from greencomm import __version__
    from greencomm.standard import load_standard

    put(place, "双柏县.xlsx", form(COUNTY))
    _, result, _ = review(place)
    assert result["program"] == {"version": __version__} and len(result["input"]["sha256"]) == 64
    assert result["input"]["roster"] == digest(place / "input" / "roster.xlsx")
    expected = {
        "标准": "chuxiong-2021", "标准校验码": load_standard().sha256, "程序版本": __version__, "审核日期": "2021-10-18",
        "输入校验码": result["input"]["sha256"],
    }  # fmt: skip
    folder = place / "output" / "2021-annual"
    roster, own = digest(place / "input" / "roster.xlsx"), digest(place / "input" / "双柏县.xlsx")
    of_unit = {"532322": f"roster {roster}\n{own} 双柏县.xlsx", "532301": f"roster {roster}"}
    for output in result["outputs"]:
        expected["输入校验码"] = result["input"]["sha256"]
        if output["role"] in ("letter", "mail", "overview"):
            # A letter names none of this; the report that goes with it does. The page says it in its head (tests/test_overview.py).
            continue
        if output["unit"] and output["role"] != "assessment":
            # What others send never changes a byte of a unit's report; 总结评估报告 compares it with them (S-29).
            expected["输入校验码"] = hashlib.sha256(of_unit[output["unit"]].encode()).hexdigest()
        names = {
            "discrepancy": "差异报告", "status": "进度表", "annex2": "附件2", "unit_annex2": "附件2", "ledger": "报送台账",
            "ranking": "考核排名", "assessment": "总结评估报告", "overview_workbook": "总览", "trace": "数据溯源",
        }  # fmt: skip
        expected["文件"] = names[output["role"]]
        assert properties(folder / output["path"]) == expected, output["path"]
    put(place, "楚雄市.xlsx", form(CITY))
    assert review(place)[1]["input"]["sha256"] != result["input"]["sha256"]


def test_a_run_is_kept_with_all_it_was_given(place):
    from greencomm.runs import Runs

    put(place, "双柏县.xlsx", form(COUNTY))
    _, result, _ = review(place)
    review(place)
    runs = Runs(place / "archive", "2021-annual")
    kept = runs.latest()
    assert runs.numbers() == [1] and kept.document() == result
    assert kept.manifest["input"]["files"] == [{"path": f["path"], "sha256": f["sha256"]} for f in result["files"]]
    assert {"roster.xlsx", "双柏县.xlsx"} == {file["path"] for file in kept.manifest["input"]["files"]}
    assert kept.manifest["standard"] == result["standard"] and kept.manifest["run_date"] == "2021-10-18"
    assert kept.outputs == snapshot(place / "output" / "2021-annual")
    put(place, "楚雄市.xlsx", form(CITY))
    review(place)
    later = Runs(place / "archive", "2021-annual")
    assert later.previous(later.latest().input_sha256).document() == result


def test_a_second_run_at_once_is_turned_away_politely(place):
    from filelock import FileLock

    put(place, "双柏县.xlsx", form(COUNTY))
    (place / "archive").mkdir()
    with FileLock(place / "archive" / "lock"):
        status, result, screen = review(place)
    assert (status, result) == (4, None)
    assert screen.strip() == "另一个程序窗口正在处理同一批数据，请等它结束后再运行。"


def test_what_an_interrupted_run_left_is_said_even_where_this_run_fails(place):
    from greencomm.archive import Publication

    unit = put(place, "双柏县.xlsx", form(COUNTY))
    left = Publication(place / "archive", place / "output")
    left.building.mkdir(parents=True)
    unit.unlink()
    status, _, screen = review(place)
    assert status == 3 and "上次运行没有完成就中断了" in screen
    put(place, "双柏县.xlsx", form(COUNTY))
    assert "上次运行" not in review(place)[2]


@pytest.mark.parametrize(
    "words", [["--output", "input/结果"], ["--archive", "input/记录"], ["--archive", "output/记录"], ["--output", "input"]]
)
def test_folders_within_each_other_are_refused(place, words):
    put(place, "双柏县.xlsx", form(COUNTY))
    status, _, screen = review(place, *words)
    assert status == 2 and "不能放在" in screen
    assert not (place / "output").exists() and not (place / "archive").exists()


# --- forms: whole or absent -------------------------------------------------------------------------------------------


def forms(place, *words):
    status, out, err = run("forms", "--output", place / "下发", "--date", "2021-09-01", *words, cwd=place)
    return status, out + err


def test_a_form_that_is_held_costs_only_itself(place):
    names = ["双柏县_2021年度总结_填报工作簿.xlsx", "楚雄市_2021年度总结_填报工作簿.xlsx"]
    (place / "下发" / names[1]).mkdir(parents=True)
    status, said = forms(place)
    assert status == 4 and names[1] in said and "其余1个填报工作簿已经写好" in said
    assert (place / "下发" / names[0]).is_file()
    (place / "下发" / names[1]).rmdir()
    assert forms(place)[0] == 0 and sorted(path.name for path in (place / "下发").iterdir()) == names


def test_a_form_that_was_filled_in_is_kept_before_it_is_replaced(place):
    name = "楚雄市_2021年度总结_填报工作簿.xlsx"
    forms(place)
    blank = digest(place / "下发" / name)
    assert "请注意" not in forms(place)[1]
    (place / "下发" / name).write_bytes(form(CITY))
    status, said = forms(place)
    kept = place / "archive" / "changed" / "forms" / "0001" / name
    assert status == 0 and str(kept.relative_to(place)) in said and kept.read_bytes() == form(CITY)
    assert digest(place / "下发" / name) == blank
    # A form as this program wrote it gives way without a word.
    assert "请注意" not in forms(place, "--date", "2021-09-02")[1]


def test_what_a_killed_forms_left_is_cleared(place):
    forms(place)
    work = next((place / "archive" / "work").glob("forms-*"))
    (work / "aside").mkdir()
    (work / "aside" / "x.xlsx").write_bytes(b"half")
    (place / "下发" / "楚雄市_2021年度总结_填报工作簿.xlsx.tmp").write_bytes(b"half")
    assert forms(place)[0] == 0
    assert not (work / "aside").exists() and not list((place / "下发").glob("*.tmp"))


@pytest.mark.parametrize("becomes", [ValueError("Can't close the ZIP file"), OutputError("写不进去。"), None])
def test_ctrl_c_is_told_as_such_whatever_a_library_makes_of_it(monkeypatch, capsys, becomes):
    def stopped(*_):
        try:
            raise KeyboardInterrupt
        finally:
            if becomes is not None:
                raise becomes

    monkeypatch.setattr("greencomm.batch.run", stopped)
    monkeypatch.chdir(ROOT)
    assert main([]) == 130
    assert "已按您的要求停止" in capsys.readouterr().err


# --- interrupted, or out of order, when the results stand already ----------------------------------------------------------


@pytest.mark.parametrize(("error", "status", "said"), [(KeyboardInterrupt, 130, "已按您的要求停止。"), (ZeroDivisionError, 4, "没有全部做完")])
def test_new_results_are_not_called_unchanged(place, monkeypatch, capsys, error, status, said):
    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("greencomm.repeat.Watch.remember", stop)
    monkeypatch.chdir(place)
    put(place, "市.xlsx", form(CITY))
    assert main(["--date", "2021-10-18"]) == status
    screen = capsys.readouterr().err
    assert said in screen and "原有结果没有改动" not in screen and "新的结果已经写好" in screen and "2021-annual" in screen
    assert (place / "output" / "2021-annual" / "result.json").exists()


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_screen_that_cannot_be_written_is_told(place, words):
    """Standard output goes into a file on a full disk, as Linux plays it."""
    put(place, "市.xlsx", form(CITY))
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, str(ROOT / "process.py"), "--date", "2021-10-18", *words], cwd=place, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 4 and "写不进去" in done.stderr.decode() and b"Traceback" not in done.stderr
    assert (place / "output" / "2021-annual" / "result.json").exists()
