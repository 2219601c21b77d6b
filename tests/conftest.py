"""Shared fixtures: the shipped standard, a copy of the shipped sample."""

import os
import shutil
from pathlib import Path

import pytest

from greencomm.standard import Standard, load_standard


@pytest.fixture(autouse=True)
def unmeasured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a test marked so, processes that it starts write no coverage: it disturbs or times what they write to the disk."""
    if request.node.get_closest_marker("unmeasured"):
        for name in [name for name in os.environ if name.startswith("COV")]:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def standard() -> Standard:
    return load_standard()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shipped sample as a clone of the repository has it: input/ and the closed year, no earlier runs."""
    root, place = Path(__file__).resolve().parents[1], tmp_path_factory.mktemp("shipped")
    for folder in ("input", "archive/2021"):
        shutil.copytree(root / folder, place / folder)
    shutil.copyfile(root / "archive" / "closings.json", place / "archive" / "closings.json")
    return place
