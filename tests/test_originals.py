"""The bytes of a received file once more (greencomm/intake/originals.py), and what is said where the program itself breaks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from intake import archive, attachment, mail
from test_run import place  # noqa: F401 (fixture)

from greencomm import batch
from greencomm.cli import main
from greencomm.intake import limits
from greencomm.intake.originals import original

FORM = b"a county's workbook"
SHA256 = hashlib.sha256(FORM).hexdigest()
IN_ZIP = archive({"表/楚雄市.xlsx": FORM, "说明.txt": b"x"})
IN_MAIL = mail(attachment(IN_ZIP, 'attachment; filename="a.zip"'))


@pytest.mark.parametrize(
    ("name", "data", "path"),
    [
        ("楚雄市.xlsx", FORM, "楚雄市.xlsx"),
        ("a.zip", IN_ZIP, "a.zip/表/楚雄市.xlsx"),
        ("a.eml", IN_MAIL, "a.eml/a.zip/表/楚雄市.xlsx"),
    ],
)
def test_it_is_found_by_its_hash_however_deep(tmp_path: Path, name: str, data: bytes, path: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert original(path, SHA256, {name: tmp_path / name}) == FORM


@pytest.mark.parametrize("data", [b"another file", archive({"表/楚雄市.xlsx": b"changed"}), IN_ZIP[: len(IN_ZIP) // 2]])
def test_what_is_changed_or_broken_is_not_given_for_it(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    assert original("a.zip/表/楚雄市.xlsx", SHA256, {"a.zip": tmp_path / "a.zip"}) is None


def test_what_is_gone_unknown_or_too_large_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"楚雄市.xlsx": tmp_path / "楚雄市.xlsx"}
    assert original("楚雄市.xlsx", SHA256, there) is None
    assert original("双柏县.xlsx", SHA256, there) is None
    there["楚雄市.xlsx"].write_bytes(FORM)
    assert original("楚雄市.xlsx", None, there) is None
    monkeypatch.setattr(limits, "MAX_FILE_SIZE", len(FORM) - 1)
    assert original("楚雄市.xlsx", SHA256, there) is None


@pytest.mark.parametrize("writable", [True, False])
def test_an_error_of_the_program_itself_is_one_sentence_and_a_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], writable: bool  # noqa: F811
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.chdir(place)
    monkeypatch.setattr(batch, "run", crash)
    if not writable:
        (place / "archive").write_bytes(b"")
    assert main(["--date", "2021-10-18"]) == 4
    said = capsys.readouterr()
    assert "程序内部出错，没有完成；原有结果没有改动。" in said.err and "ZeroDivisionError" not in said.out + said.err
    if writable:
        assert "error.log" in said.err and "ZeroDivisionError: inside" in (place / "archive" / "error.log").read_text(encoding="utf-8")
    else:
        assert "请把使用的文件发给软件维护人员。" in said.err
