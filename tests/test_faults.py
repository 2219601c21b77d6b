"""A publication killed before, or failed at, a seeded sample of its system calls; ``python tools/try_faults.py`` tries them all."""

from __future__ import annotations

import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import faults
import pytest

SAMPLE = 8
"""Points for each scene and kind of fault."""


@pytest.fixture
def elsewhere(tmp_path, tmp_path_factory):
    """Another file system, where this machine has one."""
    far = faults.other_file_system(tmp_path) or tmp_path_factory.mktemp("elsewhere")
    yield far
    shutil.rmtree(far)


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", faults.SCENES)
def test_old_results_or_new_ones_whatever_the_system_does(kind, tmp_path, elsewhere):
    scene = faults.build(kind, tmp_path, elsewhere)
    calls = faults.points(scene)
    assert len(calls) > 50
    pick = random.Random(f"faults {kind}")
    chosen = [(call, number, faults.KILL) for call, number, _ in pick.sample(calls, SAMPLE)]
    failing = [(call, number, error) for call, number, _ in calls for error in faults.faults_of(call)[1:]]
    chosen += pick.sample(failing, SAMPLE)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda point: faults.disturb(scene, kind, *point), chosen))
    assert [problem for problems in found for problem in problems] == []


@pytest.mark.unmeasured
def test_the_commit_is_one_rename_and_decides(tmp_path):
    """Killed before it, the old results stand and are said to; killed after it, the next run completes the new ones."""
    scene = faults.build("update", tmp_path)
    calls = faults.points(scene)
    renames = [(number, commit) for call, number, commit in calls if call == "rename"]
    commit = next(number for number, commit in renames if commit)
    said = {}
    for number in (commit, commit + 1):
        case = scene.copy()
        case.run(prefix=faults.injection("rename", number, f"signal={faults.KILL}"))
        assert faults.violations_at_rest(case, "update") == []
        said[number] = faults.publish(str(case.archive), str(case.output), "new")
    assert said[commit][0] == said[commit + 1][0] == 0
    assert "没有完成就中断了" in said[commit][1] and "补写完整" in said[commit + 1][1]


@pytest.mark.unmeasured
def test_the_harness_sees_what_it_looks_for(tmp_path):
    """A mixture, a missing output, litter and a lost file are all called by their names."""
    scene = faults.build("update", tmp_path)
    assert faults.violations_at_rest(scene, "update") == []
    (scene.target / "annex2.xlsx").write_bytes(faults.NEW_FILES["annex2.xlsx"])
    assert "another hash" in faults.torn(scene.target)
    (scene.target / "result.json").unlink()
    (scene.output / "x.tmp").touch()
    (scene.target / faults.MINE).unlink()
    words = " ".join(faults.violations_at_rest(scene, "update"))
    assert "mixture" in words and "x.tmp" in words and "own file is gone" in words
