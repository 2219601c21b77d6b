"""Every hostile or broken file has its right outcome, singly and all at once, and costs the good files nothing."""

from __future__ import annotations

import io
import json
import random
import shutil
import time
import zipfile

import hostile
import pytest
from season import CITY, COUNTY, arrive, form, judge
from test_run import place, put, review  # noqa: F401

from greencomm.texts import for_cell

GOOD = form(COUNTY)
CASES = {case.name: case for case in hostile.CASES}
SECONDS = 20
"""More than any case may take on a busy computer; what is refused is refused in a moment."""


def good_of(document):
    """All that a run says of the county whose file is good."""
    code = COUNTY.code
    return (
        [unit for unit in document["units"] if unit["code"] == code],
        [community for community in document["communities"] if community["unit"] == code],
        [finding for finding in document["findings"] if finding["unit"] == code],
        [file for file in document["files"] if file["path"] == "双柏县.xlsx"],
        # 总结评估报告 compares the unit with the others, and names all input (S-29).
        [output for output in document["outputs"] if output["unit"] == code and output["role"] != "assessment"],
    )


def test_there_are_enough_and_no_name_is_taken_twice():
    assert len(CASES) == len(hostile.CASES) >= 100


@pytest.mark.parametrize("name", CASES)
def test_the_right_outcome(name):
    case = CASES[name]
    begun = time.monotonic()
    result = judge(arrive("双柏县.xlsx", GOOD), arrive("楚雄市.xlsx", case.data()))
    assert time.monotonic() - begun < SECONDS
    (file,) = [file for file in result.files if file.path == "楚雄市.xlsx"]
    assert file.state == case.state, (file.reason, [f.rule for f in result.findings])
    assert case.words in (file.reason or "")
    found = {finding.rule for finding in result.findings if finding.place.unit == CITY.code}
    for rule in case.rules:
        assert found & set(rule.split("|")), (found, [f.message for f in result.findings])
    if case.state == hostile.ACCEPTED and not case.rules:
        assert found == set()
    assert result.units[1].communities[0].assessed_score == 96


def test_the_largest_genuine_workbooks_pass():
    """What was seen among 3,829 public workbooks: 60 MB unpacked, 1,033 parts, packed 121 to 1."""
    parts = hostile._parts() | {f"xl/media/{number}.png": bytes([number % 256]) for number in range(1_033)}
    noise = random.Random(121).randbytes(400_000)
    parts["xl/media/large.bin"] = noise + bytes(60_000_000 - len(noise))
    data = hostile.packed(parts)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed = sum(info.compress_size for info in archive.infolist())
        assert len(archive.infolist()) > 1_033 and sum(info.file_size for info in archive.infolist()) / packed > 110
    arrival = arrive("楚雄市.xlsx", data)
    assert arrival.refused is None and arrival.extras == ("图片",)


def test_all_at_once(place):  # noqa: F811
    put(place, "双柏县.xlsx", GOOD)
    status, alone, _ = review(place)
    assert status == 0
    for number, case in enumerate(hostile.CASES):
        put(place, f"{number:03d}{case.name}.xlsx", case.data())
    shutil.rmtree(place / "output")
    status, together, screen = review(place)
    assert status == 1
    assert good_of(together) == good_of(alone)
    states = {file["path"]: file for file in together["files"]}
    for number, case in enumerate(hostile.CASES):
        file = states.pop(f"{number:03d}{case.name}.xlsx")
        # Beside each other the acceptable ones compete for one unit.
        assert file["state"] == case.state or (case.state == hostile.ACCEPTED and file["state"] == "superseded")
        assert case.words in (file["reason"] or "")
    assert {path for path in states if "/" not in path} == {"roster.xlsx", "双柏县.xlsx"}
    assert "Traceback" not in screen and "panicked" not in screen
    assert json.loads((place / "output" / "2021-annual" / "result.json").read_text(encoding="utf-8")) == together


@pytest.mark.parametrize("length", [15_999, 16_000, 16_383, 16_384, 20_000, 40_000])
def test_a_text_of_emoji_fits_into_a_cell(length):
    """Excel counts units of UTF-16, two for each: one more than it has room for, and it offers to repair the workbook."""
    shown = for_cell("😀" * length)
    assert len(shown.encode("utf-16-le")) // 2 <= 32_767
    assert shown.startswith("😀" * min(length, 15_990)) and (length > 16_000) == shown.endswith("……")
