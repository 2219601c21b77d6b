"""Makes the pictures of docs/操作手册.md from what the program really writes: workbooks printed by LibreOffice, pages and screens
drawn by Chromium. Numbers are put beside the words that the manual explains, found by the words themselves (S-56).

Pictures are not the same bytes on every machine, so nobody compares them; ``tests/test_guide.py`` says when one is missing,
left over, too large, or when the words that it should show are no longer there.
"""

from __future__ import annotations

import contextlib
import html
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import chromium  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402
from rich.cells import cell_len, chop_cells  # noqa: E402
from rich.console import Console  # noqa: E402
from two_years import Prefecture  # noqa: E402

from greencomm import screen  # noqa: E402
from greencomm.cli import main as command  # noqa: E402

PICTURES = ROOT / "docs" / "操作手册"
DAY = "2022-10-18"
COLUMNS = 104
"""Letters on a line of the console that is shown."""
WIDTH = 960
"""Pixels of a picture; readers see some 800 of them."""
_MARGIN = 8
"""Points of paper left around what is shown."""
_FOOTER = 45
"""Points at the foot of a page that hold its number."""
_ABOVE = 26
"""Pixels above a page that begins with its columns' titles, for numbers."""
_BESIDE = 27
"""Pixels from a number's left to what it stands beside."""
_TOUCH = 1.5
"""Points by which the boxes of words in neighbouring columns may overlap."""
_SIDE = 30
"""Pixels at the left of a printed page where numbers may stand."""


@dataclass(frozen=True)
class Shot:
    """One picture of a printed workbook or report."""

    name: str
    file: str
    """Where it lies in the folder of the season."""
    page: tuple[str, ...]
    """Words that are all on the page that is meant; the first such page is taken."""
    marks: tuple[str, ...] = ()
    """Words at whose left, or with ``^`` above which, 1, 2, 3 … stand: each the first on the page that is it or contains it."""
    top: str = ""
    """The first word at the top that is shown; empty for all."""
    bottom: str = ""
    """The last word below that is shown."""
    right: str = ""
    """The word before which the picture ends at its right."""
    cut: tuple[str, str] = ("", "")
    """Columns that are left out so that the others can be read: from the one word's left edge to the other's."""


YEAR = "output/2022-annual"
UNIT = f"{YEAR}/units/南华县/南华县"
SHOTS = (
    Shot("名册-批次", "input/roster.xlsx", ("项目", "怎么填"), ("年度", "阶段", "填报单位", "年度总结截止日期")),
    Shot("名册-填报单位", "input/roster.xlsx", ("曾用代码", "禄丰县"), ("^曾用代码", "^电子邮箱", "禄丰市"), top="代码", bottom="武定县"),
    Shot("名册-社区名册", "input/roster.xlsx", ("社区代码", "乡镇（街道）", "东兴社区居民委员会"),
         ("^社区代码", "^填报单位", "^试点"), top="社区代码", bottom="河前社区居民委员会"),
    Shot("填报工作簿-汇总", "input/双柏县.xlsx", ("报送批次", "社区（点名称打开）"),
         ("联系人", "报送批次", "报送前请核对", "^自评得分"), bottom="海资底社区居民委员会"),
    Shot("填报工作簿-表头", "input/双柏县.xlsx", ("申报绿色社区", "填报状态", "西城社区居民委员会"),
         ("申报绿色社区", "填表人", "自评总分"), bottom="申报绿色社区"),
    Shot("填报工作簿-社区", "input/双柏县.xlsx", ("申报绿色社区", "填报状态", "西城社区居民委员会"),
         ("^实际值", "^扣分（第17项", "^填报状态", "^说明及佐证材料"), top="扣分（第17项", bottom="5.3", cut=("坚持美好", "缺文件扣")),
    Shot("进度", f"{YEAR}/status.xlsx", ("报送和审核进度", "楚雄市"), ("^报送情况", "^需改正", "^下一步"), top="填报单位", bottom="武定县",
         cut=("2022-10-11", "需改正")),
    Shot("先办问题", f"{YEAR}/status.xlsx", ("先办问题", "影响", "怎样修改"), ("^影响", "^怎样修改"), top="填报单位"),
    Shot("目标进度", f"{YEAR}/status.xlsx", ("一、楚雄州的目标", "目标比例"), ("^还差（个）", "^按全州目标计"), bottom="武定县"),
    Shot("报送事项", f"{YEAR}/status.xlsx", ("欠报“创建成果名单”", "实施方案"), (), bottom="武定县"),
    Shot("差异报告-概况", f"{UNIT}_差异报告.xlsx", ("一、需要办理的事项",), ("^处必须修改", "^待处理"), bottom="提示"),
    Shot("差异报告-问题清单", f"{UNIT}_差异报告.xlsx", ("问题清单", "怎样修改"), ("^类别", "^编号", "^单元格", "^怎样修改"),
         top="序号", bottom="中有多张表", right="整改和说明"),
    Shot("退回修改-社区", f"{UNIT}_退回修改.xlsx", ("【退回】条款11.1", "审核意见", "整改状态"), ("^审核意见", "^整改状态", "11.1"),
         top="扣分（第17", bottom="12.1", cut=("在基础设施改造建设中", "建设中铺张浪费")),
    Shot("退回修改-问题清单", f"{UNIT}_退回修改.xlsx", ("南华县绿色社区创建问题清单", "情况说明"),
         ("^怎样修改", "^整改情况", "^情况说明", "^状态"), top="序号", bottom="532324101011", right="校验码",
         cut=("影响", "表中没有条款5.2")),
    Shot("附件2", f"{YEAR}/annex2.xlsx", ("绿色社区建设任务完成情况汇总表", "双柏县"), ("填报单位", "县（市、区）"), bottom="双柏县"),
    Shot("来源", f"{YEAR}/trace.xlsx", ("各社区得分的来源", "为什么"), ("^为什么", "^核定得分怎样得出"),
         top="填报单位", bottom="532301101004", right="条款",
         cut=("申报得分", "已列入2021年名单（见")),
    Shot("排名", f"{YEAR}/考核排名.xlsx", ("考核排名", "名次"), (), bottom="元谋县"),
    Shot("总结评估报告", f"{YEAR}/assessment.docx", ("年度总结评估报告", "一、总体情况"), (), bottom="社区。尚未报送"),
    Shot("创建成果名单", "self/output/2021-self-evaluation/创建成果名单.xlsx", ("创建成果名单",), ()),
)  # fmt: skip
OTHERS = ("结果文件夹", "运行画面", "自查画面", "封存画面", "函件", "总览", "总览-单位")
"""Pictures that are not printed pages: folders, screens, a letter, the overview."""
NAMES = (*(shot.name for shot in SHOTS), *OTHERS)

FOLDER = (
    ("status.xlsx", "谁报了、谁没报、下一步做什么：每次运行后最先看"),
    ("units", "每个单位一个文件夹：差异报告、退回修改、函件、邮件草稿"),
    ("annex2.xlsx", "填好的附件2，打印盖章用"),
    ("assessment.docx", "全州的年度总结评估报告"),
    ("overview.html", "开会用的总览，用浏览器打开"),
    ("overview.xlsx", "总览的表格，可以筛选、重算"),
    ("trace.xlsx", "附件2的每个数从哪里来"),
    ("报送台账.xlsx", "各单位的方案、名单、报告收到了没有"),
    ("考核排名.xlsx", "各单位的先后和理由"),
    ("result.json", "给其他程序读的，不用打开，也不要改"),
)
"""What lies in the results folder, in the order in which the manual explains it."""
UNIT_FOLDER = (
    ("差异报告.xlsx", "查出了哪些问题、得了多少分"),
    ("退回修改.xlsx", "标好问题的工作簿，县里就在这里面改"),
    ("退回修改.txt", "函件"),
    ("退回修改.eml", "写好的邮件草稿，附件已经带上"),
    ("附件2.xlsx", "这个单位自己的附件2"),
    ("总结评估报告.docx", "这个单位的总结评估报告"),
    ("原文件", "县里发来的文件，一个字没有动"),
)


# --- the season that is shown --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def season() -> Iterator[Path]:
    """A folder, which is the current one meanwhile, with the shipped sample; and ``self``, an invented prefecture of 2021."""
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        shutil.copytree(ROOT / "input", "input")
        shutil.copytree(ROOT / "archive" / "2021", "archive/2021")
        shutil.copyfile(ROOT / "archive" / "closings.json", "archive/closings.json")
        Path("self").mkdir()
        first = Prefecture(Path("self"))
        first.receive(2021, "self-evaluation")
        first.receive(2021)
        yield Path(place)


def run_all() -> dict[str, str]:
    """Every command that the manual shows, given as a person gives it; its screen by the picture's name, as HTML."""
    first, second = ("--input", "input-2021-self-evaluation"), ("--input", "input-2021-annual")
    steps: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
        ("运行画面", ".", 1, ("--date", DAY)),
        ("自查画面", ".", 1, ("check", "input/武定县绿色社区.xlsx", "--date", DAY)),
        ("", "self", 0, (*first, "--date", "2021-08-25")),
        ("", "self", 0, (*second, "--date", "2021-10-18")),
        ("封存画面", "self", 0, ("close", *second, "--who", "王某", "--date", "2021-10-25")),
    )
    told = {}
    for name, place, status, words in steps:
        with contextlib.chdir(place), _recorded() as console:
            assert command(words) == status, words
        if name:
            told[name] = _screen(console.export_text())
    return told


@contextlib.contextmanager
def _recorded() -> Iterator[Console]:
    """Keep what the program says on its screen."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False, markup=False, emoji=False)
    before, screen._console = screen._console, lambda: console
    try:
        yield console
    finally:
        screen._console = before


# --- drawing -------------------------------------------------------------------------------------------------------------

_STYLE = f":root {{ --width: {WIDTH}px; --side: {_SIDE}px }}\n" + (Path(__file__).parent / "guide" / "pictures.css").read_text(encoding="utf-8")


def _html(body: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style><div id="picture">{body}</div>'


def _screen(text: str) -> str:
    """The screen cell by cell, since no font for Chinese draws frames as wide as letters; long lines break as a console does."""
    lines = []
    for line in text.rstrip().splitlines():
        for piece in chop_cells(line.rstrip(), COLUMNS) or [""]:
            cells = "".join(f'<i class="w{cell_len(letter)}">{html.escape(letter)}</i>' for letter in piece)
            lines.append(f"<p>{cells}</p>")
    return _html(f'<div class="console">{"".join(lines)}</div>')


def _letter(text: str) -> str:
    return _html(f'<div class="letter">{html.escape(text.lstrip(chr(0xFEFF)).rstrip())}</div>')


def _folders() -> str:
    """The results folder as a file manager lists it, each name with what it is for; only what is really there is shown."""
    rows = []
    for title, place, known in (
        ("output ＞ 2022-annual", Path(YEAR), [(name, name, what) for name, what in FOLDER]),
        ("output ＞ 2022-annual ＞ units ＞ 南华县", Path(UNIT).parent,
         [(name if name == "原文件" else f"南华县_{name}", name, what) for name, what in UNIT_FOLDER]),
    ):  # fmt: skip
        there = {path.name for path in place.iterdir()}
        assert there == {name for name, _, _ in known}, there ^ {name for name, _, _ in known}
        lines = ""
        for name, _, what in known:
            icon = "icon folder" if (place / name).is_dir() else "icon"
            lines += f'<tr><td><span class="{icon}"></span>{html.escape(name)}</td><td>{html.escape(what)}</td></tr>'
        rows.append(f'<div class="bar">{title}</div><table>{lines}</table>')
    return _html("".join(rows))


@dataclass(frozen=True)
class Word:
    """A piece of text on a printed page, in points from its left upper corner."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


_WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')


def words_of(pdf: Path) -> list[list[Word]]:
    """The words of every page, without its footer."""
    told = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], check=True, capture_output=True, timeout=120).stdout.decode()
    pages = []
    for page in told.split("<page ")[1:]:
        height = float(page.split('height="', 1)[1].split('"', 1)[0])
        words = [
            Word(float(match[1]), float(match[2]), float(match[3]), float(match[4]), html.unescape(match[5]))
            for match in _WORD.finditer(page)
        ]
        pages.append([word for word in words if word.bottom < height - _FOOTER])
    return pages


def page_of(shot: Shot, pages: Sequence[Sequence[Word]]) -> int:
    """Number of the page that is meant, from 1."""
    for number, words in enumerate(pages, 1):
        if all(any(wanted in word.text for word in words) for wanted in shot.page):
            return number
    raise LookupError(f"{shot.name}: no page of {shot.file} has all of {shot.page}")


def _first(shot: Shot, words: Sequence[Word], text: str) -> Word:
    """The word that is meant: the first one that is the text alone, else the first that contains it."""
    found = [word for word in words if word.text == text] or [word for word in words if text in word.text]
    if not found:
        raise LookupError(f"{shot.name}: “{text}” is not on its page")
    return found[0]


def _leftmost(wanted: Word, words: Iterable[Word]) -> Word:
    """What begins farthest to the left in the column of a word: above or below it."""
    return min([wanted, *(word for word in words if word.left < wanted.right and wanted.left < word.right)], key=lambda word: word.left)


def _before(wanted: Word, words: Iterable[Word]) -> float:
    """Where a column is cut off before a word of it: in the middle of the gap to what the column before has there."""
    near = [word.right for word in words if wanted.left - _MARGIN < word.right <= wanted.left + _TOUCH and word.left < wanted.left]
    return (max([wanted.left - _MARGIN, *near]) + wanted.left) / 2


def _printed(shot: Shot, pdf: Path, folder: Path) -> str:
    """The part of the page that is meant, with its numbers."""
    pages = words_of(pdf)
    number = page_of(shot, pages)
    words = pages[number - 1]
    left, right = min(word.left for word in words) - _MARGIN, max(word.right for word in words) + _MARGIN
    top, bottom = min(word.top for word in words) - _MARGIN, max(word.bottom for word in words) + _MARGIN
    if shot.top:
        top = _first(shot, words, shot.top).top - _MARGIN / 2
    if shot.bottom:
        bottom = _first(shot, words, shot.bottom).bottom + _MARGIN / 2
    shown = [word for word in words if top < (word.top + word.bottom) / 2 < bottom]
    if shot.right:
        right = _before(_leftmost(_first(shot, words, shot.right), shown), shown)
    away = again = right
    if shot.cut[0]:
        away = _before(_leftmost(_first(shot, words, shot.cut[0]), shown), shown)
        again = _before(_first(shot, words, shot.cut[1]), shown)
    scale = (WIDTH - _SIDE) / (away - left + right - again)
    above = _ABOVE if shot.top and any(text.startswith("^") for text in shot.marks) else 0

    def across(x: float) -> float:
        return ((x if x < away else max(away, x - again + away)) - left) * scale + _SIDE

    def down(y: float) -> float:
        return (y - top) * scale + above

    parts = []
    for place, (start, end) in enumerate(((left, away), (again, right))):
        if end - start < 1:
            continue
        image = folder / f"{shot.name}-{place}"
        box = [str(round(value * scale)) for value in (start, top, end - start, bottom - top)]
        subprocess.run(
            ["pdftoppm", "-png", "-r", f"{72 * scale:.4f}", "-f", str(number), "-singlefile",
             "-x", box[0], "-y", box[1], "-W", box[2], "-H", box[3], str(pdf), str(image)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        parts.append(f'<img src="{image.as_uri()}.png"{" class=again" if place else ""}>')
    marks: list[str] = []
    placed: list[tuple[float, float]] = []
    for position, text in enumerate(shot.marks, 1):
        word = _first(shot, words, text.removeprefix("^"))
        x, y = across(word.left) - _BESIDE, (down(word.top) + down(word.bottom)) / 2 - 11
        if text.startswith("^"):
            x, y = (across(word.left) + across(word.right)) / 2 - 11, down(word.top) - 23
        while any(abs(x - other) < _BESIDE and abs(y - above_it) < _BESIDE for other, above_it in placed):
            x -= _BESIDE
        placed.append((x, y))
        marks.append(f'<span class="mark" style="left:{max(x, 2):.0f}px;top:{max(y, 2):.0f}px">{position}</span>')
    return _html(f'<div class="page" style="padding-top:{above}px">{"".join(parts)}</div>{"".join(marks)}')


def print_all(files: Iterable[str], folder: Path) -> dict[str, Path]:
    """The files as LibreOffice prints them, by their names in the season; started once."""
    given = {name: folder / f"{number}{Path(name).suffix}" for number, name in enumerate(dict.fromkeys(files))}
    for name, path in given.items():
        shutil.copyfile(name, path)
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "pdf",
         "--outdir", str(folder), *map(str, given.values())],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return {name: path.with_suffix(".pdf") for name, path in given.items()}


def _draw(browser: Browser, page_text: str, target: Path, folder: Path) -> None:
    source = folder / "page.html"
    source.write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH + 20, "height": 900})
    page.goto(source.as_uri())
    page.locator("#picture").screenshot(path=target)
    page.close()


def _overview(browser: Browser) -> None:
    """The page for meetings, as it opens, and with the window of one unit."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 760})
    page.goto((Path(YEAR) / "overview.html").resolve().as_uri())
    page.screenshot(path=PICTURES / "总览.png")
    page.locator("#units table tbody tr button, #units table tbody tr a").first.click()
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / "总览-单位.png")
    page.close()


def main(names: Sequence[str] = ()) -> None:
    """Make all pictures, or those that are named."""
    wanted = set(names or NAMES)
    with season() as place, tempfile.TemporaryDirectory() as work, chromium() as browser:
        told, folder = run_all(), Path(work)
        for name, text in {**told, "函件": _letter(Path(f"{UNIT}_退回修改.txt").read_text(encoding="utf-8")), "结果文件夹": _folders()}.items():
            if name in wanted:
                _draw(browser, text, PICTURES / f"{name}.png", folder)
        shots = [shot for shot in SHOTS if shot.name in wanted]
        printed = print_all((shot.file for shot in shots), folder) if shots else {}
        lost = []
        for shot in shots:
            try:
                _draw(browser, _printed(shot, printed[shot.file], folder), PICTURES / f"{shot.name}.png", folder)
            except LookupError as error:
                lost.append(str(error))
        if lost:
            raise SystemExit("\n".join(lost))
        if wanted & {"总览", "总览-单位"}:
            _overview(browser)
        assert place.is_dir()


if __name__ == "__main__":
    main(sys.argv[1:])
