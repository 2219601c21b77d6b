"""Writes the clerks' documents from their sources in tools/guide/ (S-56): docs/操作手册.md, the same as a page that every browser
opens (docs/操作手册.html), docs/填报须知.md and docs/填报须知.docx; and as pages, with Chinese names, the documents of docs/ that
the bundle carries (:data:`LEAVES`).

Every number, date and quote of the notice in them is filled in from the standard, every sentence about a rule or a file from the
program. Run after a change of any of them (``tests/test_guide.py`` says when); ``--pictures`` makes the manual's pictures anew too.
"""

from __future__ import annotations

import itertools
import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import jinja2  # noqa: E402
import numpy as np  # noqa: E402
from build_docs import cell, table  # noqa: E402
from markdown_it import MarkdownIt  # noqa: E402

from greencomm.archive import BUSY  # noqa: E402
from greencomm.intake.arrivals import Arrival  # noqa: E402
from greencomm.intake.contents import ENCRYPTED, ENCRYPTED_ADVICE  # noqa: E402
from greencomm.intake.opening import open_bytes  # noqa: E402
from greencomm.results import percent  # noqa: E402
from greencomm.rules import CATALOGUE, SUBJECTS  # noqa: E402
from greencomm.standard import ANNUAL, SELF_EVALUATION, load_standard  # noqa: E402
from greencomm.standard.kinds import RATE_SCALE, Rate  # noqa: E402
from greencomm.standard.model import Deadline  # noqa: E402

DOCS, SOURCES = ROOT / "docs", ROOT / "tools" / "guide"
MANUAL, PAGE = DOCS / "操作手册.md", DOCS / "操作手册.html"
NOTICE, NOTICE_DOCX = DOCS / "填报须知.md", DOCS / "填报须知.docx"
GENERATED = "<!-- 由 tools/build_guide.py 从 tools/guide/ 生成，请勿手改 -->"


@dataclass(frozen=True)
class Leaf:
    """A document of docs/ that the bundle carries as a page."""

    source: str
    name: str
    """File name of the page in docs/."""
    before: str = ""
    """What stands below the title: for whom the page is; Markdown."""
    left_out: tuple[str, ...] = ()
    """What is of use only where the whole repository lies: taken out as it stands there."""


LEAVES = (
    Leaf("离线安装.md", "离线安装.html"),
    Leaf("local-standards.md", "县（市）自定标准.html", "这一页请信息技术人员看：标准文件由他们写，放好以后照常运行就行。",
         ("（[D-14](decisions/D-14.md)）", "它的全文和不同之处见 [standard-示例县-2021.md](standard-示例县-2021.md)。")),
    Leaf("assessment-template.md", "总结评估报告的模板.html",
         "这一页请信息技术人员看。只改文字、字体和版式的不用看它：用 Word 或 WPS 直接改，大括号里的内容不要动。改以前先把模板另存一份。",
         ("，\n也可以用 `python tools/build_templates.py assessment.docx assessment-unit.docx` 重新生成（原有的修改会丢失）",)),
)  # fmt: skip
"""They are written for whoever has the repository; a clerk's computer opens no Markdown, and has no records of decisions."""
STANDARD = load_standard()

PARTS = {
    "found": "填的内容", "expected": "应填的内容", "chosen": "采用的文件", "column": "栏目", "hint": "提示", "example": "例子",
    "actual": "实际值", "file": "文件", "wanted": "要填什么", "by": "名称", "clause": "条款", "code": "社区代码", "codes": "代码",
    "form": "填报工作簿", "next": "批次",
}  # fmt: skip
"""What stands in a rule's title and remedy for what is filled in for each finding."""

FILES: tuple[tuple[str, bytes], ...] = (
    ("照片、截图", b"\x89PNG\r\n\x1a\n"),
    ("扫描件、打印件（.pdf）", b"%PDF-1.7"),
    ("Word 文档（旧格式或 .rtf）", b"{\\rtf1"),
    (".rar 压缩包", b"Rar!\x1a\x07"),
    (".7z 压缩包", b"7z\xbc\xaf\x27\x1c"),
    ("网页另存的“表格”", b"<html><body></body></html>"),
    ("文本、CSV", "社区,扣分\n".encode()),
    ("快捷方式", b"L\x00\x00\x00\x01\x14\x02\x00"),
    ("程序（.exe）", b"MZ\x90\x00"),
    ("空文件", b""),
    ("下载、拷贝没有完成的工作簿", b"PK\x03\x04" + bytes(26)),
    ("没有附件的邮件（.eml）", b"From: a@example.cn\r\nDate: Mon, 18 Oct 2021 09:00:00 +0800\r\nSubject: x\r\n\r\nx\r\n"),
    ("空的压缩包", b"PK\x05\x06" + bytes(18)),
)
"""What clerks receive that is no workbook, and how such a file begins."""

EXITS = (
    ("0", "完成，没有需要退回的"),
    ("1", "完成，有单位需要修改"),
    ("2", "用法或名册有误"),
    ("3", "没有可处理的文件"),
    ("4", "结果无法写入"),
)


def day(deadline: Deadline) -> str:
    """``month月day日``, without a year."""
    return f"{deadline.month}月{deadline.day}日"


def took(clause: Rate, rate: str) -> int:
    """What a rate of so many percent takes."""
    return int(clause.derive(np.array([int(Fraction(rate) * RATE_SCALE)]))[0])


def listed(ids: Iterable[str]) -> str:
    """``6.2、8.1``."""
    return "、".join(ids)


def values() -> dict[str, Any]:
    """Every figure, date and quote of the standard that the documents name, by the word that their sources use for it."""
    mark, clauses = STANDARD.pass_mark, STANDARD.clauses
    first, last = STANDARD.deadline(SELF_EVALUATION), STANDARD.deadline(ANNUAL)
    award = next(clause for clause in clauses if clause.adds)
    rates = [clause for clause in clauses if isinstance(clause, Rate)]
    noise = next(clause for clause in rates if clause.not_applicable)
    return {
        "GENERATED": GENERATED,
        "文号": STANDARD.document,
        "标准": STANDARD.title,
        "自评截止": day(first),
        "总结截止": day(last),
        "自评原文": f"“{first.quote}”",
        "总结原文": f"“{last.quote}”",
        "达标线": mark.points,
        "满分": STANDARD.full_score,
        "条款数": len(STANDARD.clauses),
        "项数": len(STANDARD.items),
        "居委会代码": STANDARD.urban_community.allowed,
        "目标": "，".join(f"{each.year}年{percent(each.ratio)}" for each in STANDARD.targets),
        "个数条款": listed(clause.id for clause in clauses if clause.measure and clause.measure != "rate"),
        "比例条款": listed(clause.id for clause in rates),
        "可不适用条款": listed(clause.id for clause in rates if clause.not_applicable),
        "理由条款": listed(clause.id for clause in clauses if clause.needs_reason and not clause.adds),
        "加分条款": award.id,
        "加分项": award.item_number,
        "加分上限": award.cap,
        "不适用": STANDARD.reading.not_applicable,
        "噪声条款": noise.id,
        "噪声办法": noise.terms,
        "噪声算例": "，".join(f"{rate}%扣{took(noise, rate)}分" for rate in ("95", "90", "85", "80", "59.9")),
        "加分原文": re.search(r"加[0-9]+分", award.quote)[0],  # type: ignore[index]
        "加分范围": f"{award.possible[1]}到{award.cap}分",
        "第一个目标": percent(STANDARD.targets[0].ratio),
        "附件2年度": "、".join(f"{year}年" for year in STANDARD.annex2.years),
        "旧代码": "532331",
        "示例年度": "封存的2021年度是示例数据；放入正式报送的工作簿以后，程序不再采用它",
        "正忙": BUSY.rstrip("。"),
    }


def filled(source: str, **more: str) -> str:
    """A document out of its source; a name that does not exist is an error."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    return environment.from_string((SOURCES / source).read_text(encoding="utf-8")).render(values() | more)


def plain(text: str) -> str:
    """A catalogue sentence for people: what is filled in for each finding in 〔〕."""
    return re.sub(r"\{(\w+)\}", lambda match: f"〔{PARTS[match[1]]}〕", text)


class Unexplained(Exception):
    """A rule of the catalogue has no words in messages.toml; the text says which and what to do."""


def meanings() -> dict[str, str]:
    """What each rule means and why, by its code."""
    told: dict[str, str] = tomllib.loads((SOURCES / "messages.toml").read_text(encoding="utf-8"))
    known = {name: str(value) for name, value in values().items()}
    return {code: re.sub(r"\{(\w+)\}", lambda match: known[match[1]], text) for code, text in told.items()}


def messages() -> str:
    """Every rule of the catalogue in plain words, by subject. Raises Unexplained where one has none."""
    told, lines = meanings(), []
    if missing := sorted(set(CATALOGUE) - set(told)):
        raise Unexplained(f"tools/guide/messages.toml does not say what {', '.join(missing)} means: add a line in a clerk's words")
    for letter, subject in SUBJECTS.items():
        rules = [rule for code, rule in sorted(CATALOGUE.items()) if code.startswith(letter)]
        lines += [f"### {subject}（编号{letter}开头）", ""]
        rows = [
            (rule.code, rule.severity.label, cell(plain(rule.title)), cell(told[rule.code]), cell(plain(rule.fix))) for rule in rules
        ]
        lines += [*table(("编号", "程度", "提示", "意思和原因", "怎么办"), rows), ""]
    return "\n".join(lines).strip()


def files() -> str:
    """What the program says of things that are no workbook: asked of the program itself."""
    rows = []
    for what, data in FILES:
        arrival = Arrival("x")
        open_bytes(arrival, data, STANDARD)
        if not arrival.refused:
            raise ValueError(f"the program opens this: {what}")
        rows.append((cell(what), cell(arrival.refused), cell((arrival.advice or "").rstrip("。"))))
    rows.append(("设了打开密码的工作簿", cell(ENCRYPTED), cell(ENCRYPTED_ADVICE)))
    return "\n".join(table(("收到的是", "程序说", "请对方怎么办"), rows))


def screen() -> list[dict[str, str]]:
    """Sentences of the screen and what to do."""
    return list(tomllib.loads((SOURCES / "screen.toml").read_text(encoding="utf-8"))["sentence"])


def manual() -> str:
    """docs/操作手册.md."""
    said = table(("屏幕上说", "怎么办"), [(each["says"].replace("|", "\\|"), each["do"]) for each in screen()])
    return filled(
        "操作手册.md",
        MESSAGES=messages(),
        FILES=files(),
        SCREEN="\n".join(said),
        EXITS="\n".join(table(("数", "意思"), list(EXITS))),
    )


def anchor(heading: str) -> str:
    """The name under which a heading is linked to, as GitHub and most readers of Markdown have it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def page(text: str, generated: str = GENERATED) -> str:
    """A document as a page: a clerk's computer opens no Markdown. Links to other documents lead to their pages."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(re.sub(r"<!--.*?-->", "", text))
    leaves = {quote(leaf.source): leaf.name for leaf in LEAVES}
    for opening, inside in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor(inside.content))
        for each in inside.children or ():
            if each.type == "link_open" and each.attrs["href"] in leaves:
                each.attrSet("href", quote(leaves[str(each.attrs["href"])]))
    body = reader.renderer.render(tokens, reader.options, {})
    title = text.split("\n", 1)[0].removeprefix("# ")
    style = (SOURCES / "page.css").read_text(encoding="utf-8")
    contents = '<a class="top" href="#目录">目录</a>\n' if "\n## 目录\n" in text else ""
    return (
        f'<!doctype html>\n{generated}\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>\n{style}</style>\n</head>\n<body>\n'
        f'{body}{contents}</body>\n</html>\n'
    )


def leaf_page(leaf: Leaf) -> str:
    """A document of docs/ as the bundle carries it: for a clerk's computer, where the program is started as the manual says."""
    text = (DOCS / leaf.source).read_text(encoding="utf-8")
    for part in leaf.left_out:
        if text.count(part) != 1:
            raise ValueError(f"{leaf.source} no longer has: {part}")
        text = text.replace(part, "")
    title, rest = text.replace("python process.py", "运行.bat").split("\n", 1)
    return page(f"{title}\n\n{leaf.before}\n{rest}", f"<!-- 由 tools/build_guide.py 从 docs/{leaf.source} 生成，请勿手改 -->")


def notice() -> str:
    """docs/填报须知.md."""
    return filled("填报须知.md")


def pages() -> dict[Path, str]:
    """The documents that are text, by path."""
    text = manual()
    return {MANUAL: text, PAGE: page(text), NOTICE: notice(), **{DOCS / leaf.name: leaf_page(leaf) for leaf in LEAVES}}


def main(arguments: Sequence[str]) -> None:
    """Write all; the pictures only where they are asked for."""
    from guide_notice import notice_docx

    try:
        made = pages()
    except Unexplained as error:
        raise SystemExit(str(error)) from None
    for path, text in made.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    NOTICE_DOCX.write_bytes(notice_docx(notice()))
    if "--pictures" in arguments:
        import guide_pictures

        guide_pictures.main()


if __name__ == "__main__":
    main(sys.argv[1:])
