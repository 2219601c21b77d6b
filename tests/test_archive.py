"""Publication and kept runs: what a person finds after changed files, moved folders, damage, and two runs at once."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import faults
import pytest

from greencomm import archive, durable
from greencomm.archive import Publication
from greencomm.errors import OutputError
from greencomm.outputs import folder_names
from greencomm.runs import Runs

NAME = faults.NAME


@pytest.fixture
def scene(tmp_path):
    """Old results stand, with a person's own file beside them."""
    return faults.build("update", tmp_path)


def publish(scene, edition="new"):
    return faults.publish(str(scene.archive), str(scene.output), edition)


def stands(scene, edition):
    there = faults.snapshot(scene.target)
    mine = there.pop(faults.MINE, None)
    return there == faults.whole(edition) and mine == faults.NOTES


def numbers(scene):
    return [path.name for path in sorted((scene.archive / "runs" / NAME).iterdir())]


def test_an_update_replaces_its_own_and_leaves_what_is_not_its_own(scene):
    before = (scene.target / "units/甲县/甲县_差异报告.xlsx").stat()
    assert publish(scene) == (0, "")
    assert stands(scene, "new") and numbers(scene) == ["0001", "0002"]
    after = (scene.target / "units/甲县/甲县_差异报告.xlsx").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), "an unchanged output is not touched"
    assert not (scene.target / "units/乙县").exists()


def test_an_unchanged_run_adds_nothing_and_touches_nothing(scene):
    publish(scene)
    marks = {path: path.stat().st_mtime_ns for path in scene.target.rglob("*")}
    assert publish(scene) == (0, "")
    assert marks == {path: path.stat().st_mtime_ns for path in scene.target.rglob("*")}
    assert numbers(scene) == ["0001", "0002"]


def test_a_file_changed_by_hand_is_replaced_kept_and_named(scene):
    (scene.target / "annex2.xlsx").write_bytes(faults.EDITED)
    status, said = publish(scene)
    copy = scene.archive / "changed" / NAME / "0001" / "annex2.xlsx"
    assert status == 0 and stands(scene, "new")
    assert copy.read_bytes() == faults.EDITED and "annex2.xlsx" in said and str(copy) in said
    # Changed again, and the same results again: restored, and this copy is kept too.
    (scene.target / "annex2.xlsx").write_bytes(b"again")
    _, said = publish(scene)
    assert stands(scene, "new") and "0002" in said
    assert (scene.archive / "changed" / NAME / "0002" / "annex2.xlsx").read_bytes() == b"again"


def test_an_output_no_longer_made_but_changed_by_hand_is_kept(scene):
    (scene.target / "units/乙县/乙县_差异报告.xlsx").write_bytes(faults.EDITED)
    _, said = publish(scene)
    assert "乙县_差异报告.xlsx" in said and stands(scene, "new")
    assert (scene.archive / "changed" / NAME / "0001" / "units/乙县/乙县_差异报告.xlsx").read_bytes() == faults.EDITED


def test_what_a_person_removed_is_restored(scene):
    publish(scene)
    shutil.rmtree(scene.output)
    publish(scene)
    assert faults.snapshot(scene.target) == faults.whole("new") and numbers(scene) == ["0001", "0002"]


def test_without_the_archive_the_outputs_are_still_known(scene):
    shutil.rmtree(scene.archive)
    status, _ = publish(scene)
    assert status == 0 and stands(scene, "new") and not (scene.target / "units/乙县").exists()


def test_archive_and_output_may_be_moved_together(scene):
    commit = next(point for point in faults.points(scene) if point[2])
    scene.run(prefix=faults.injection("rename", commit[1] + 2, f"signal={faults.KILL}"))
    assert not (scene.target / "result.json").exists()
    moved = faults.Scene(scene.root.rename(scene.root.with_name("moved")))
    status, said = publish(moved)
    assert status == 0 and "补写完整" in said and stands(moved, "new")


@pytest.mark.parametrize("path", ["annex2.xlsx", "result.json", "units/丙县/丙县_差异报告.xlsx"])
def test_a_folder_where_a_file_should_be(scene, path):
    (scene.target / path).unlink(missing_ok=True)
    (scene.target / path).mkdir(parents=True)
    before = faults.snapshot(scene.target)
    status, said = publish(scene)
    assert status == 4 and Path(path).name in said and "占用" in said
    assert faults.snapshot(scene.target) == before and numbers(scene) == ["0001"]
    (scene.target / path).rmdir()
    assert publish(scene)[0] == 0 and stands(scene, "new")


@pytest.mark.parametrize("path", [NAME, f"{NAME}/units/丙县"])
def test_a_file_where_a_folder_should_be(scene, path):
    if path == NAME:
        shutil.rmtree(scene.target)
    (scene.output / path).write_bytes(b"in the way")
    status, said = publish(scene)
    assert status == 4 and Path(path).name in said and (scene.output / path).read_bytes() == b"in the way"


def test_a_file_held_open_is_named_before_anything_is_changed(scene, monkeypatch):
    def held(path):
        if path.name == "annex2.xlsx":
            raise PermissionError(errno.EACCES, "", str(path))

    monkeypatch.setattr(durable, "check_replaceable", held)
    status, said = publish(scene)
    assert status == 4 and "annex2.xlsx" in said and "Excel" in said and "原有结果没有改动" in said
    assert stands(scene, "old") and numbers(scene) == ["0001"]


def test_a_link_in_the_place_of_an_output_is_moved_not_followed(scene, tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_bytes(b"precious")
    (scene.target / "annex2.xlsx").unlink()
    (scene.target / "annex2.xlsx").symlink_to(precious)
    assert publish(scene)[0] == 0
    assert precious.read_bytes() == b"precious" and stands(scene, "new")


def test_paths_in_a_tampered_result_lead_nowhere(scene):
    outside = scene.root / "outside.txt"
    outside.write_bytes(b"outside")
    listed = [{"path": path, "sha256": faults.digest(b"outside")} for path in ("../../outside.txt", str(outside), "a\\..\\b")]
    (scene.target / "result.json").write_text(json.dumps({"outputs": listed}), encoding="utf-8")
    assert publish(scene)[0] == 0
    assert outside.read_bytes() == b"outside" and stands(scene, "new")


def test_across_file_systems_without_nameless_files(scene, monkeypatch):
    """As on Windows with two drives: copies are finished beside their place."""
    rename = os.rename

    def other_drive(source, target):
        if str(scene.output) in (str(source)[: len(str(scene.output))], str(target)[: len(str(scene.output))]):
            raise OSError(errno.EXDEV, "", str(source))
        rename(source, target)

    monkeypatch.setattr(os, "rename", other_drive)
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    (scene.target / "annex2.xlsx").write_bytes(faults.EDITED)
    assert publish(scene)[0] == 0 and stands(scene, "new")


def test_a_second_run_is_turned_away_and_a_dead_one_does_not_block(scene):
    with Publication(scene.archive, scene.output):
        status, said = scene.run("new")
        assert status == 4 and "另一个程序窗口" in said
        # Another archive, the same output folder: turned away as well while that is being written.
    assert (scene.archive / "lock").exists() and publish(scene)[0] == 0


def test_two_archives_never_write_one_folder_at_once(scene, tmp_path):
    publication = Publication(scene.archive, scene.output)
    with publication, publication._output_held():
        status, said = faults.publish(str(tmp_path / "other"), str(scene.output), "new")
    assert status == 4 and "另一个程序窗口" in said and stands(scene, "old")


def test_a_child_that_outlives_its_parent_does_not_keep_the_lock(scene):
    """Worker processes may live on for a moment after the run was killed."""
    script = (
        "import os, sys, time; from pathlib import Path; from greencomm.archive import Publication\n"
        "Publication(Path(sys.argv[1]), Path(sys.argv[2])).__enter__()\n"
        "if os.fork() == 0: time.sleep(20)\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(scene.archive), str(scene.output)], cwd=faults.ROOT, check=False)
    started = time.monotonic()
    status, said = publish(scene)
    assert status == 0 and "中断" in said and time.monotonic() - started < 10


def test_the_error_carries_what_was_recovered(scene):
    (scene.archive / "work").mkdir(exist_ok=True)
    publication = Publication(scene.archive, scene.output)
    (publication.work / "building").mkdir(parents=True, exist_ok=True)
    with pytest.raises(OutputError) as caught, Publication(scene.archive, scene.output):
        raise OutputError("别的事")
    assert any("没有完成就中断了" in note for note in caught.value.__notes__)


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.txt").touch()
    (tmp_path / "a" / "link").symlink_to("b")
    assert durable.files_below(tmp_path) == ["a/b/c.txt", "a/link"] and durable.files_below(tmp_path / "none") == []
    scandir = os.scandir

    def refused(path):
        if Path(path).name == "b":
            raise PermissionError(errno.EACCES, "", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(PermissionError):
        durable.files_below(tmp_path)


def test_ctrl_c_while_placing_puts_the_old_results_back(scene, monkeypatch):
    move, moved = archive.move, []

    def interrupted(source, target):
        if len(moved) == 3:
            moved.append(target)
            raise KeyboardInterrupt
        moved.append(target)
        move(source, target)

    monkeypatch.setattr(archive, "move", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        publish(scene)
    assert stands(scene, "old") and not getattr(caught.value, "__notes__", ())
    monkeypatch.undo()
    status, said = publish(scene)
    assert status == 0 and "补写完整" in said and stands(scene, "new")


UNWRITABLE = (
    "程序或结果所在的文件夹不能写入（光盘、只读的共享文件夹或系统文件夹里都不行）。"
    "请把整个程序文件夹复制到自己的文件夹里，再运行。"
)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "磁盘空间不足"), (errno.EACCES, "正在 Excel 或 WPS 中打开"), (errno.EROFS, UNWRITABLE),
        (errno.ENAMETOOLONG, "路径太长"), (errno.EMFILE, "打开的文件太多"), (errno.EISDIR, "占用了位置"), (errno.EIO, "磁盘读写出错"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_said_in_chinese(tmp_path, number, words):
    report = tmp_path / "楚雄市_差异报告.xlsx"
    report.write_bytes(b"an older one")
    said = durable.complaint(OSError(number, "No such luck", str(report)), tmp_path)
    assert words in said and said.endswith("。") and "luck" not in said and str(tmp_path) not in said


@pytest.mark.parametrize("name", ["lock", "楚雄市_差异报告.xlsx"], ids=["a lock that was there", "a file that was not"])
def test_a_folder_that_became_read_only_is_told_as_such(tmp_path, name):
    (tmp_path / "lock").write_bytes(b"")
    assert durable.complaint(PermissionError(errno.EACCES, "", str(tmp_path / name)), tmp_path) == UNWRITABLE


def test_names_that_some_system_takes_for_the_same_are_told_apart():
    from demo import unit

    names = ["Ａ县", "abc", "ABC", "con", "COM1", "𠮷" * 60, "甲/乙:丙", " .", "e\u0301", "\u00e9"]
    folders = folder_names(tuple(unit(f"{532300 + n}", name) for n, name in enumerate(names)))
    assert list(folders.values())[:5] == ["Ａ县", "abc", "ABC_532302", "con_532303", "COM1_532304"]
    assert all(len(f"{folder}_差异报告.xlsx".encode()) < 255 for folder in folders.values())
    assert folders["532306"] == "甲_乙_丙" and folders["532307"] == "532307" and folders["532309"] == "\u00e9_532309"


# --- kept runs --------------------------------------------------------------------------------------------------------


def test_kept_runs_give_back_what_was_published(scene):
    publish(scene)
    run = Runs(scene.archive, NAME).latest()
    assert (run.number, run.input_sha256, run.manifest["run_date"]) == (2, "new", "2021-10-18")
    assert run.document()["edition"] == "new"
    assert run.open("annex2.xlsx").read() == faults.NEW_FILES["annex2.xlsx"]


def test_the_previous_run_is_the_last_one_with_another_input(scene):
    """An unchanged run, and one that goes back to an earlier input, compare with the same run each time."""
    publish(scene, "new")
    publish(scene, "new")
    runs = Runs(scene.archive, NAME)
    assert [runs.previous(given).number for given in ("new", "old", "third")] == [1, 2, 2]
    publish(scene, "old")
    assert numbers(scene) == ["0001", "0002", "0003"]
    assert Runs(scene.archive, NAME).previous("old").number == 2
    publish(scene, "old")
    assert Runs(scene.archive, NAME).previous("old").number == 2 and numbers(scene) == ["0001", "0002", "0003"]


def test_no_run_yet(tmp_path):
    runs = Runs(tmp_path, NAME)
    assert runs.latest() is None and runs.previous("x") is None and runs.numbers() == []


@pytest.mark.parametrize("name", ["manifest.json", "result.json", "outputs.zip", "history.json"])
@pytest.mark.parametrize("how", ["gone", "cut", "changed"])
def test_a_damaged_kept_run_is_named_and_stops_nothing(scene, name, how):
    path = scene.archive / "runs" / NAME / "0001" / name
    data = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes(data[:40] if how == "cut" else bytes([data[0] ^ 1]) + data[1:])
    status, said = publish(scene)
    assert status == 0 and str(path.parent) in said and "已损坏" in said
    assert stands(scene, "new") and numbers(scene) == ["0001", "0002"]


def test_a_damaged_run_that_was_to_be_finished_is_given_up(scene):
    commit = next(point for point in faults.points(scene) if point[2])
    scene.run(prefix=faults.injection("rename", commit[1] + 2, f"signal={faults.KILL}"))
    shutil.rmtree(scene.archive / "work" / next((scene.archive / "work").iterdir()).name / "building")
    (scene.archive / "runs" / NAME / "0002" / "outputs.zip").write_bytes(b"")
    status, said = publish(scene)
    assert status == 0 and "已损坏" in said and stands(scene, "new")
