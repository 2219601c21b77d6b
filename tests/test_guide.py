"""The clerks' documents say what the program does: generated parts have not drifted, pictures, links, names and words are there."""

from __future__ import annotations

import ast
import html
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
import python_calamine

from greencomm.cli import _parse
from greencomm.rules import CATALOGUE
from greencomm.standard import ANNUAL, SELF_EVALUATION, load_standard
from greencomm.usage import HELP

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import build_guide  # noqa: E402
import guide_notice  # noqa: E402
import guide_pictures  # noqa: E402

MANUAL = build_guide.MANUAL.read_text(encoding="utf-8")
NOTICE = build_guide.NOTICE.read_text(encoding="utf-8")
GUIDE = MANUAL.split("## 十五、")[0]
"""What is written by hand: the rest is made from the catalogue and from what the program says of files."""
MOST_BYTES, LEAST_WIDTH = 200_000, 900
TOP = {"运行.bat", "运行.sh", "示例", "input", "output", "forms", "archive", "templates", "docs", "填报须知.docx", "操作手册.html"}
"""What lies in the bundle's folder, by the names that other tests look after."""
OUTSIDE = {
    # Windows, Office, WPS, mail.
    "全部解压缩", "解压到当前文件夹", "启用编辑", "受保护的视图", "在终端中打开", "常规", "属性", "新宋体",
    "在终端中运行", "权限", "允许以程序执行",
    # The launcher, what lies beside it, and where it is put.
    "运行", "离线安装", "绿色社区", "绿色社区创建评价",
    # Spoken of, not shown.
    "某某农村社区", "无", "—", "以上", "分", "单位", "、", "情况属实", "社区", "表格",
}  # fmt: skip
"""Quoted words that are not the program's."""


# --- generated parts ------------------------------------------------------------------------------------------------------

pages = cache(build_guide.pages)


@pytest.mark.parametrize("path", [build_guide.MANUAL, build_guide.PAGE, build_guide.NOTICE], ids=lambda path: path.name)
def test_a_document_has_not_drifted(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run: python tools/build_guide.py"


def test_a_rule_without_an_explanation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {code: text for code, text in build_guide.meanings().items() if code != "H04"}
    monkeypatch.setattr(build_guide, "meanings", lambda: told)
    with pytest.raises(SystemExit, match="messages.toml does not say what H04 means"):
        build_guide.main([])


def test_the_notice_in_word_is_the_notice() -> None:
    assert build_guide.NOTICE_DOCX.read_bytes() == guide_notice.notice_docx(NOTICE), "run: python tools/build_guide.py"


def test_every_rule_is_explained_and_nothing_else() -> None:
    assert set(build_guide.meanings()) == set(CATALOGUE)
    for code in CATALOGUE:
        assert re.search(rf"^\| {code} \| (退回|需核实|提示) \| [^|]+ \| [^|]+。 \| [^|]+。 \|$", MANUAL, re.MULTILINE), code


def test_no_brace_is_left() -> None:
    assert not re.search(r"[{}]", MANUAL + NOTICE)


def test_dates_and_marks_are_the_standards() -> None:
    standard = load_standard()
    for phase in (SELF_EVALUATION, ANNUAL):
        deadline = standard.deadline(phase)
        assert f"{deadline.month}月{deadline.day}日" in MANUAL and f"{deadline.month}月{deadline.day}日" in NOTICE
        assert deadline.quote in MANUAL
    assert f"正好{standard.pass_mark.points}分" in MANUAL and f"（含{standard.pass_mark.points}分）" in NOTICE


@pytest.mark.parametrize("source", ["操作手册.md", "填报须知.md", "messages.toml"])
def test_no_source_holds_a_date_a_target_or_a_pass_mark_of_the_notice(source: str) -> None:
    text = (build_guide.SOURCES / source).read_text(encoding="utf-8")
    standard = load_standard()
    for deadline in standard.deadlines:
        assert f"{deadline.month}月{deadline.day}日" not in text
    for target in standard.targets:
        assert f"{float(target.ratio * 100):g}%" not in text
    assert f"{standard.pass_mark.points}分" not in text


def test_examples_of_the_rate_are_the_decision_record() -> None:
    """D-04: 95 % takes nothing, 90 % and 85 % take 1, 60 % is 4, 59.9 % the whole item (6)."""
    noise = load_standard().clause["10.1"]
    taken = {rate: build_guide.took(noise, rate) for rate in ("100", "95", "90", "85", "60", "59.9")}  # type: ignore[arg-type]
    assert taken == {"100": 0, "95": 0, "90": 1, "85": 1, "60": 4, "59.9": 6}


# --- pictures, links ------------------------------------------------------------------------------------------------------


def test_every_picture_is_shown_and_none_is_left_over() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(操作手册/([^)]+)\.png\)", MANUAL)
    there = {path.stem for path in guide_pictures.PICTURES.iterdir()}
    assert set(shown) == there == set(guide_pictures.NAMES)
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("name", guide_pictures.NAMES)
def test_a_picture_is_light_and_wide_enough(name: str) -> None:
    data = (guide_pictures.PICTURES / f"{name}.png").read_bytes()
    assert data.startswith(b"\x89PNG") and len(data) < MOST_BYTES
    assert struct.unpack(">I", data[16:20])[0] >= LEAST_WIDTH


def test_links_lead_somewhere() -> None:
    anchors = [build_guide.anchor(heading) for heading in re.findall(r"^#+ (.+)$", MANUAL, re.MULTILINE)]
    for target in re.findall(r"\]\(([^)]+)\)", MANUAL):
        if target.startswith("#"):
            assert anchors.count(target[1:]) == 1, target
        else:
            assert (build_guide.DOCS / target).is_file(), target


def test_the_page_has_the_same_links_and_pictures() -> None:
    text = build_guide.PAGE.read_text(encoding="utf-8")
    names = set(re.findall(r'<h\d id="([^"]+)"', text))
    for target in map(unquote, re.findall(r'href="([^"]+)"', text)):
        assert target[1:] in names if target.startswith("#") else (build_guide.DOCS / target).is_file(), target
    pictures = [unquote(source) for source in re.findall(r'<img src="([^"]+)"', text)]
    assert pictures == [f"操作手册/{name}.png" for name in re.findall(r"\(操作手册/([^)]+)\.png\)", MANUAL)]
    assert "http" not in text and "<script" not in text


@pytest.mark.parametrize("leaf", build_guide.LEAVES, ids=lambda leaf: leaf.name)
def test_a_page_of_the_bundle_is_for_who_has_no_repository(leaf: build_guide.Leaf) -> None:
    """Whom it is for stands first; what only the repository has (decisions, tools) and how engineers start the program do not."""
    text = build_guide.leaf_page(leaf).split("<body>")[1]
    assert "信息技术人员看" in text.split("</h1>")[1][:200]
    assert not re.search(r"python process|build_templates|[DS]-\d\d|\.md\b", text)


def test_years_that_can_be_done_are_those_of_annex_2() -> None:
    years = "、".join(f"{year}年" for year in load_standard().annex2.years)
    for chapter in ("## 二、", "## 十一、"):
        assert f"现在是{years}" in section(chapter) or f"现在有{years}" in section(chapter)


def section(heading: str) -> str:
    """A chapter of the manual."""
    return MANUAL.split(f"\n{heading}")[1].split("\n## ")[0]


def test_the_table_of_contents_is_complete() -> None:
    listed = re.findall(r"^\d+\. \[(.+)\]\(#(.+)\)$", MANUAL, re.MULTILINE)
    chapters = re.findall(r"^## ([一二三四五六七八九十]+、(.+))$", MANUAL, re.MULTILINE)
    assert listed == [(title, build_guide.anchor(heading)) for heading, title in chapters]


def test_questions_are_many_and_numbered() -> None:
    numbers = [int(number) for number in re.findall(r"^\*\*问(\d+)：.+\*\*$", MANUAL, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 25


# --- words and names ------------------------------------------------------------------------------------------------------


@cache
def program() -> str:
    """Every piece of text in the program's code, and its letters."""
    pieces = []
    for path in (*sorted((ROOT / "greencomm").rglob("*.py")), ROOT / "desk" / "start.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                pieces.append(node.value)
    pieces += [path.read_text(encoding="utf-8-sig") for path in sorted((ROOT / "templates" / "letters").glob("*.txt"))]
    return "\n".join(pieces)


def cells(path: Path) -> Iterator[str]:
    """The text of every cell, and the names of the sheets."""
    book = python_calamine.CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        yield name
        for row in book.get_sheet_by_name(name).to_python():
            yield from (str(value) for value in row if value != "")


@pytest.fixture(scope="module")
def shown() -> tuple[str, set[str], dict[str, str]]:
    """Every word that the season of the pictures shows; names of its files and folders; the text of each shot's file."""
    told = []
    with guide_pictures.season() as folder:
        screens = guide_pictures.run_all()
        told += [html.unescape(re.sub(r"<[^>]+>", "", page)) for page in screens.values()]
        wanted = {shot.file for shot in guide_pictures.SHOTS}
        texts = {}
        for path in sorted(folder.rglob("*.xlsx")):
            name = path.relative_to(folder).as_posix()
            if name in wanted or "units/双柏县" in name or name.startswith("output/2022-annual/") and "/units/" not in name:
                texts[name] = "\n".join(cells(path))
        names = {path.name for path in folder.rglob("*")}
        told.append((folder / "output/2022-annual/overview.html").read_text(encoding="utf-8"))
    return "\n".join([*told, *texts.values()]), names, texts


def test_what_is_quoted_is_what_people_see(shown: tuple[str, set[str], dict[str, str]]) -> None:
    words, names, _ = shown
    known = words + program() + "\n".join(names) + load_standard().deadline(ANNUAL).quote + load_standard().deadline(SELF_EVALUATION).quote
    quoted = re.findall(r"“([^“”]+)”", GUIDE + NOTICE)
    lost = {text for text in quoted if text not in known and text not in OUTSIDE}
    assert not lost


def test_names_and_commands_exist(shown: tuple[str, set[str], dict[str, str]]) -> None:
    _, names, _ = shown
    names = names | TOP | {"单位_催报.txt", "楚雄市_2022年度总结_填报工作簿.xlsx", "2022-self-evaluation", "2022", "letters", "changed", "reopened"}
    for text in re.findall(r"`([^`]+)`", GUIDE):
        command = re.fullmatch(r"(?:运行\.bat|\./运行\.sh)(?: (.+))?", text)
        if command:
            words = (command[1] or "").split()
            assert text == "运行.bat --help" or _parse(words)
        elif re.fullmatch(r"\.\w+", text):
            assert text in {".xlsx", ".xls", ".et", ".ods", ".eml", ".zip", ".rar", ".7z", ".txt"}
        elif len(text) == 1:
            choices = (ROOT / "desk" / "start.py").read_text(encoding="utf-8")
            assert re.search(rf"^  {text}  ", choices, re.MULTILINE), text
        elif text not in {"cmd", "python process.py"}:
            unit = text.replace("单位_", "双柏县_") if "审核通过" not in text else text.replace("单位_", "牟定县_")
            assert text in names or unit in names, text


def test_sentences_of_the_screen_are_the_programs() -> None:
    for sentence in build_guide.screen():
        for piece in sentence["says"].split("……"):
            for part in re.split(r"[“”]", piece):
                assert part in program(), sentence["says"]


def test_ends_of_a_run_are_those_of_the_help() -> None:
    for number, meaning in build_guide.EXITS:
        assert re.search(rf"{number} {meaning}", HELP)


def test_pictures_show_the_words_that_they_are_made_for(shown: tuple[str, set[str], dict[str, str]]) -> None:
    _, _, texts = shown
    for shot in guide_pictures.SHOTS:
        if shot.file in texts:
            for text in (*shot.page, *shot.marks, shot.top, shot.bottom, shot.right, *shot.cut):
                assert text.removeprefix("^") in texts[shot.file], (shot.name, text)


# --- the notice -----------------------------------------------------------------------------------------------------------


@pytest.mark.office
def test_the_notice_is_one_page(tmp_path: Path) -> None:
    """With room for three lines more: fonts differ from desk to desk."""
    padded = NOTICE.rstrip("\n") + "\n\n" + "\n\n".join("另起一行。" for _ in range(3)) + "\n"
    for name, text in (("notice", NOTICE), ("padded", padded)):
        (tmp_path / f"{name}.docx").write_bytes(guide_notice.notice_docx(text))
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(tmp_path / "notice.docx"), str(tmp_path / "padded.docx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    for name in ("notice", "padded"):
        pages = guide_pictures.words_of(tmp_path / f"{name}.pdf")
        assert len(pages) == 1 and any("填报须知" in word.text for word in pages[0])
