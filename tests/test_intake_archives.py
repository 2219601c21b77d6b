"""Zip archives: names in every encoding, nesting, hostile entries; each file within is accounted for once."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from intake import archive, opened, raw_zip, state, states
from season import CITY, COUNTY, ROSTER, STANDARD, form, judge

from greencomm.intake import containers
from greencomm.intake.labels import decoded_name, safe_label, unique
from greencomm.results import FileState
from greencomm.rosters_io import write_roster

CITY_FORM, COUNTY_FORM = form(CITY), form(COUNTY)
NAME = "文件夹/楚雄市.xlsx"


# --- names --------------------------------------------------------------------------------------------------------------


def unicode_path(raw: bytes, name: str, crc: int | None = None) -> bytes:
    body = b"\x01" + struct.pack("<I", zlib.crc32(raw) if crc is None else crc) + name.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


NAMES = {
    "UTF-8, flagged": (NAME.encode(), 0x800, b"", NAME),
    "UTF-8, not flagged": (NAME.encode(), 0, b"", NAME),
    "GBK": (NAME.encode("gbk"), 0, b"", NAME),
    "GBK, flagged as UTF-8": (NAME.encode("gbk"), 0x800, b"", NAME),
    "rare characters of GB18030": ("㐂镇.xlsx".encode("gb18030"), 0, b"", "㐂镇.xlsx"),
    "code page 437": ("résumé.xlsx".encode("cp437"), 0, b"", "résumé.xlsx"),
    "Info-ZIP's Unicode path": (b"????.xlsx", 0, unicode_path(b"????.xlsx", NAME), NAME),
    "a Unicode path of another name": (b"a.xlsx", 0, unicode_path(b"a.xlsx", NAME, crc=1), "a.xlsx"),
    "backslashes": (NAME.replace("/", "\\").encode("gbk"), 0, b"", NAME),
    "GBK that is also UTF-8": ("某.xlsx".encode("gbk"), 0, b"", "某.xlsx"),
}


@pytest.mark.parametrize("how", NAMES)
def test_names_are_read_as_they_were_written(tmp_path, how):
    raw, flags, extra, expected = NAMES[how]
    found = states(opened(tmp_path, "archive.zip", raw_zip((raw, CITY_FORM, flags, extra))))
    assert found == {"archive.zip": "container", f"archive.zip/{expected}": "form"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd.xlsx", "etc/passwd.xlsx"),
        ("/root/a.xlsx", "root/a.xlsx"),
        ("C:\\Users\\a.xlsx", "Users/a.xlsx"),
        ("..\\a.xlsx", "a.xlsx"),
        ("a/./b//c.xlsx", "a/b/c.xlsx"),
        ("行\n尾\x1b[31m.xlsx", "行?尾?[31m.xlsx"),
        ("gnp.\u202exslx.xlsx", "gnp.?xslx.xlsx"),
        ("长" * 400 + ".xlsx", "长" * 200 + "….xlsx"),
    ],
)
def test_paths_are_labels_only(tmp_path, name, expected):
    assert safe_label(name) == expected
    before = set(tmp_path.parent.rglob("*"))
    found = states(opened(tmp_path, "a.zip", raw_zip((name.encode(), CITY_FORM, 0x800, b""))))
    assert found == {"a.zip": "container", f"a.zip/{expected}": "form"}
    assert set(tmp_path.parent.rglob("*")) - before == {tmp_path / "a.zip"}


def test_a_name_that_is_no_name(tmp_path):
    assert list(states(opened(tmp_path, "a.zip", raw_zip((b"../..", CITY_FORM, 0, b""))))) == ["a.zip", "a.zip/未命名文件1"]


def test_equal_names_are_told_apart(tmp_path):
    data = raw_zip(*((b"a.xlsx", content, 0, b"") for content in (CITY_FORM, COUNTY_FORM, b"")))
    found = states(opened(tmp_path, "a.zip", data))
    assert found == {"a.zip": "container", "a.zip/a.xlsx": "form", "a.zip/a(2).xlsx": "form", "a.zip/a(3).xlsx": "refused"}
    assert unique("夹/无扩展名", {"夹/无扩展名"}) == "夹/无扩展名(2)"


def test_a_folder_and_an_archive_of_one_name_never_share_a_path(tmp_path):
    inner = archive({"x.xlsx": COUNTY_FORM})
    found = states(opened(tmp_path, "a.zip", archive({"b.zip/x.xlsx": CITY_FORM, "b.zip": inner})))
    assert found == {"a.zip": "container", "a.zip/b.zip/x.xlsx": "form", "a.zip/b.zip": "container",
                     "a.zip/b.zip/x(2).xlsx": "form"}  # fmt: skip


def test_names_of_the_disk_are_guessed_alike():
    assert decoded_name("双柏县".encode("gbk")) == decoded_name("双柏县".encode()) == "双柏县"


# --- contents -----------------------------------------------------------------------------------------------------------


def test_everything_within_has_a_row(tmp_path):
    data = archive({
        "楚雄市.xlsx": CITY_FORM, "子夹/双柏县.xlsx": COUNTY_FORM, "空夹/": b"", "照片.jpg": b"\xff\xd8\xff",
        "~$楚雄市.xlsx": b"x", "__MACOSX/._楚雄市.xlsx": b"x", "Thumbs.db": b"x", "roster.xlsx": b"x",
    })  # fmt: skip
    arrivals = opened(tmp_path, "全部.zip", data)
    assert states(arrivals) == {
        "全部.zip": "container", "全部.zip/楚雄市.xlsx": "form", "全部.zip/子夹/双柏县.xlsx": "form",
        "全部.zip/照片.jpg": "refused", "全部.zip/~$楚雄市.xlsx": "ignored", "全部.zip/__MACOSX/._楚雄市.xlsx": "ignored",
        "全部.zip/Thumbs.db": "ignored", "全部.zip/roster.xlsx": "refused",
    }  # fmt: skip
    assert all(arrival.sha256 for arrival in arrivals)
    result = judge(*arrivals)
    assert {file.path: file.state.value for file in result.files}["全部.zip"] == "accepted"
    assert result.units[1].communities[0].file == "全部.zip/子夹/双柏县.xlsx"


def test_a_workbook_is_no_archive_whatever_its_name(tmp_path):
    assert states(opened(tmp_path, "楚雄市.zip", CITY_FORM)) == {"楚雄市.zip": "form"}
    assert state(opened(tmp_path, "楚雄市.xlsx", archive({"楚雄市.xlsx": CITY_FORM}))[0]) == "container"


def test_a_wrong_extension_of_an_archive_is_noted(tmp_path):
    result = judge(*opened(tmp_path, "楚雄市.xlsx", archive({"内.xlsx": CITY_FORM})))
    assert [(f.rule, f.place.file) for f in result.findings] == [("F13", "楚雄市.xlsx")]


def test_a_folder_within_that_is_named_like_a_workbook(tmp_path):
    arrivals = opened(tmp_path, "a.zip", archive({"楚雄市.xlsx/内.xlsx": CITY_FORM, "坏.xls/b.txt": b"x"}))
    assert states(arrivals) == {
        "a.zip": "container", "a.zip/坏.xls": "container", "a.zip/楚雄市.xlsx": "container",
        "a.zip/楚雄市.xlsx/内.xlsx": "form", "a.zip/坏.xls/b.txt": "refused",
    }  # fmt: skip
    found = {file.path: file.state.value for file in judge(*arrivals).files}
    assert (found["a.zip/楚雄市.xlsx"], found["a.zip/坏.xls"]) == ("accepted", "rejected")


def test_nested_once_and_no_deeper(tmp_path):
    third = archive({"c.xlsx": CITY_FORM})
    second = archive({"三.zip": third, "b.xlsx": COUNTY_FORM})
    arrivals = opened(tmp_path, "一.zip", archive({"二.zip": second}))
    assert states(arrivals) == {
        "一.zip": "container", "一.zip/二.zip": "container", "一.zip/二.zip/三.zip": "refused", "一.zip/二.zip/b.xlsx": "form",
    }  # fmt: skip
    deep = next(arrival for arrival in arrivals if arrival.path.endswith("三.zip"))
    assert "好几层" in deep.refused and "直接作为附件" in deep.advice


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"a.xlsx": CITY_FORM, "b.txt": b"x"}, "accepted"),
        ({"b.txt": b"x", "Thumbs.db": b"x"}, "rejected"),
        ({"Thumbs.db": b"x"}, "rejected"),
    ],
)
def test_a_container_is_what_its_contents_are(tmp_path, contents, expected):
    files = judge(*opened(tmp_path, "a.zip", archive(contents))).files
    (row,) = [file for file in files if file.path == "a.zip"]
    assert row.state.value == expected and (row.reason is None) is (expected == "accepted")


def test_a_container_of_superseded_files_is_superseded(tmp_path):
    newer = form(CITY, submission=2)
    arrivals = [*opened(tmp_path, "旧.zip", archive({"a.xlsx": CITY_FORM})), *opened(tmp_path, "新.xlsx", newer)]
    assert {file.path: file.state for file in judge(*arrivals).files} == {
        "旧.zip": FileState.SUPERSEDED, "旧.zip/a.xlsx": FileState.SUPERSEDED, "新.xlsx": FileState.ACCEPTED,
    }  # fmt: skip


# --- hostile and broken ----------------------------------------------------------------------------------------------------


def test_an_empty_archive(tmp_path):
    (arrival,) = opened(tmp_path, "a.zip", archive({}))
    assert "空的" in arrival.refused


def test_encrypted_entries_are_named_and_cost_only_themselves(tmp_path):
    data = raw_zip(("密.xlsx".encode("gbk"), CITY_FORM, 1, b""), (b"b.xlsx", COUNTY_FORM, 0, b""))
    arrivals = opened(tmp_path, "a.zip", data)
    assert states(arrivals) == {"a.zip": "container", "a.zip/密.xlsx": "refused", "a.zip/b.xlsx": "form"}
    assert "密码" in arrivals[1].refused and "去掉压缩包的密码" in arrivals[1].advice


def test_a_damaged_entry_costs_only_itself(tmp_path):
    data = raw_zip((b"a.xlsx", CITY_FORM, 0, b""), (b"b.xlsx", COUNTY_FORM, 0, b""))
    data = data.replace(CITY_FORM[1000:1100], b"\0" * 100)
    assert states(opened(tmp_path, "a.zip", data)) == {"a.zip": "container", "a.zip/a.xlsx": "refused", "a.zip/b.xlsx": "form"}


def test_a_compression_method_that_nobody_knows(tmp_path):
    data = bytearray(raw_zip((b"a.xlsx", CITY_FORM, 0, b"")))
    for start, place in ((data.find(b"PK\3\4"), 8), (data.rfind(b"PK\1\2"), 10)):
        data[start + place : start + place + 2] = (98).to_bytes(2, "little")
    (_, inner) = opened(tmp_path, "a.zip", bytes(data))
    assert "压缩方法" in inner.refused and "普通的 .zip" in inner.advice


def test_a_torn_archive(tmp_path):
    data = archive({"a.xlsx": CITY_FORM})
    (arrival,) = opened(tmp_path, "a.zip", data[: len(data) // 2])
    assert "不完整" in arrival.refused


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = archive({"a.xlsx": b"\0" * (32 * 1024 * 1024), "b.xlsx": CITY_FORM})
    found = opened(tmp_path, "a.zip", bomb)
    assert states(found) == {"a.zip": "container", "a.zip/a.xlsx": "refused", "a.zip/b.xlsx": "form"}
    assert "压缩比" in found[1].refused and found[1].sha256 is None


def test_limits_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(containers.Budget.__init__, "__defaults__", (3, 100_000))
    many = archive({f"{n}.txt": b"x" for n in range(4)})
    assert "个，为安全起见" in opened(tmp_path, "a.zip", many)[0].refused
    large = raw_zip((b"a.bin", b"\1" * 200_000, 0, b""))
    assert "MB，为安全起见" in opened(tmp_path, "a.zip", large)[0].refused


def test_what_is_unpacked_is_counted_over_all_levels(tmp_path, monkeypatch):
    monkeypatch.setattr(containers.Budget.__init__, "__defaults__", (100, 100_000))
    inner = {f"{n}.zip": archive({"a.bin": bytes([n]) * 40_000}) for n in range(4)}
    found = states(opened(tmp_path, "a.zip", archive(inner)))
    assert found["a.zip/0.zip"] == found["a.zip/1.zip"] == "container"
    assert found["a.zip/2.zip"] == found["a.zip/3.zip"] == "refused"


def test_overlapping_entries_are_refused(tmp_path):
    data = bytearray(raw_zip((b"a.bin", b"\1" * 5000, 0, b""), (b"b.bin", b"\2" * 5000, 0, b"")))
    directory = data.find(b"PK\1\2")
    data[directory + 20 : directory + 24] = (20_000).to_bytes(4, "little")
    assert "重叠" in opened(tmp_path, "a.zip", bytes(data))[0].refused


def test_a_size_that_lies(tmp_path):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.xlsx", CITY_FORM)
    data = bytearray(target.getvalue())
    directory = data.rfind(b"PK\1\2")
    data[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    assert states(opened(tmp_path, "a.zip", bytes(data)))["a.zip/a.xlsx"] == "refused"


def test_random_damage_never_raises_and_loses_no_path(tmp_path):
    data = archive({"a.xlsx": CITY_FORM, "夹/b.txt": b"x" * 50})
    for place in range(0, len(data), 331):
        found = opened(tmp_path, "a.zip", data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        assert found[0].path == "a.zip" and "nothing" not in states(found).values()


def test_a_countys_workbook_may_be_called_roster_in_an_archive(tmp_path):
    """By its name alone it was taken for another roster and left out; what is in it decides."""
    write_roster(tmp_path / "名册.xlsx", STANDARD, {}, ROSTER.units, ROSTER.communities)
    within = {"双柏县/roster.xlsx": CITY_FORM, "roster.xlsx": (tmp_path / "名册.xlsx").read_bytes()}
    found = states(opened(tmp_path, "报送.zip", archive(within)))
    assert found == {"报送.zip": "container", "报送.zip/双柏县/roster.xlsx": "form", "报送.zip/roster.xlsx": "ignored"}
