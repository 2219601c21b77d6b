"""Writes docs/standard.md, docs/rules.md and docs/decisions/README.md from the data, the catalogue and the records.

Run after a change of any of them; tests/test_docs.py fails when a page has drifted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from greencomm.adopted import FOLDER  # noqa: E402
from greencomm.outputs import assessment  # noqa: E402
from greencomm.outputs.word import Placeholder  # noqa: E402
from greencomm.results import percent  # noqa: E402
from greencomm.rules import CATALOGUE, SUBJECTS  # noqa: E402
from greencomm.standard import PHASE_TITLES, Deliverable, Standard, load_any_standard, load_standard  # noqa: E402
from greencomm.standard.ranking import RULE_FILE, NotReported, load_ranking_rule  # noqa: E402

DOCS = ROOT / "docs"
RECORDS = DOCS / "decisions"
LOCAL = ROOT / "input" / FOLDER
GENERATED = "<!-- 由 tools/build_docs.py 生成，请勿手改 -->"
_RECORD_NAME = re.compile(r"[DS]-[0-9]+")


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return re.sub(r"([\\|*<>`_])", r"\\\1", text).replace("\n", " ")


def table(headers: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Lines of a Markdown table; cells are Markdown already."""
    return [f"| {' | '.join(row)} |" for row in (headers, ("---",) * len(headers), *rows)]


def links(decisions: tuple[str, ...]) -> str:
    """The decisions as links to their records, as seen from docs/."""
    return "、".join(f"[{each}](decisions/{each}.md)" for each in decisions)


def titles() -> dict[str, str]:
    """Title of every decision record by its number, in order."""
    records = sorted(path for path in RECORDS.glob("*.md") if _RECORD_NAME.fullmatch(path.stem))
    return {path.stem: path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ").strip() for path in records}


def local_standards() -> dict[str, Standard]:
    """Counties' own standards that lie with the input, and the example, by the folder they lie in."""
    paths = [*sorted(LOCAL.glob("*.toml")), *sorted((DOCS / "examples").glob("*.toml"))]
    return {path.relative_to(ROOT).as_posix(): load_any_standard(path) for path in paths}


def differences(standard: Standard) -> list[str]:
    """Where a county's standard differs from the prefecture's; nothing for the prefecture's own."""
    if standard.base is None:
        return []
    rows = [
        (change.where, cell(change.difference), cell(change.authority), cell(change.quote.replace("**", "")))
        for change in standard.changes
    ]
    heading = f"## 与州标准（{standard.base.document}，`{standard.base.id}`）不同之处"
    return ["", heading, "", *table(("何处", "不同", "规定的单位", "原文"), rows)]


def standard_page(standard: Standard, folder: str = "greencomm/standard") -> str:
    """The standard as a page: every clause with its terms, the notice's words and the decisions."""
    lines = [
        f"# {standard.title}",
        "",
        GENERATED,
        "",
        f"依据：{standard.source}。标准编号 `{standard.id}`，数据在 `{folder}/{standard.file_name}`。",
        f"满分{standard.full_score}分，{len(standard.contents)}个内容、{len(standard.items)}项、{len(standard.clauses)}条。"
        "“口径”是对原文的理解，点开可见理由和修改办法。",
        *differences(standard),
        "",
        "## 达标线、目标和截止日期",
        "",
    ]
    mark, urban = standard.pass_mark, standard.urban_community
    rows = [("达标线", f"{mark.points}分", cell(mark.quote), links(mark.decisions))]
    if mark.near_points:
        shown = f"{mark.points - mark.near_points}—{mark.points - 1}分"
        rows.append(("接近达标", shown, "（不是通知的规定，只用来列出最接近达标的社区）", links(("S-34",))))
    rows += [
        (
            f"{target.year}年目标",
            percent(target.ratio),
            cell(target.quote),
            links(target.decisions),
        )
        for target in standard.targets
    ]
    rows += [
        (
            f"{PHASE_TITLES[deadline.phase]}截止",
            f"{deadline.month}月{deadline.day}日",
            cell(deadline.quote),
            links(deadline.decisions),
        )
        for deadline in standard.deadlines
    ]
    rows.append(("计入的社区", f"代码末{urban.digits}位为{urban.allowed}", cell(urban.quote), links(urban.decisions)))
    lines += table(("事项", "规定", "原文", "口径"), rows)
    if standard.deliverables:
        lines += ["", "报送事项（名册“报送台账”中的“事项”）：", ""]
        lines += table(("事项", "应报日期", "原文", "执行口径"), [deliverable_row(each) for each in standard.deliverables])
    reading = standard.reading
    lines += [
        "",
        f"填写用语：“{reading.none}”“{reading.not_applicable}”“{reading.yes}”“{reading.no}”；"
        f"大于{reading.count_limit}的数不当作次数。口径：{links(reading.decisions)}。",
        "",
        f"不能作为情况说明的空话：“{'”“'.join(reading.empty_phrases)}”（标点和空格不算）；只有数字或标点的也不算说明。",
        "",
        f"只由这些空话和套话用词组成的也不算：“{'”“'.join(reading.fillers)}”，以及本单位和社区的名称。",
    ]
    for content in standard.contents:
        lines += ["", f"## 内容{content.number}　{content.name}（{content.points}分）"]
        for item in content.items:
            start = "从0分起加" if item.base == 0 else "从满分起扣，最低0分"
            lines += ["", f"### 第{item.number}项（{item.points}分）", "", f"{item.standard}", "", f"{start}。", ""]
            lines += table(
                ("条款", "名称", "类型", "分值", "上限", "实际值填", "扣（加）分办法", "可填的分", "原文", "口径"),
                [
                    (
                        clause.id,
                        cell(clause.name),
                        clause.kind_title,
                        str(clause.points),
                        str(clause.cap),
                        cell(f"{clause.wanted}（{clause.unit}）") if clause.measure else "—",
                        cell(clause.terms),
                        clause.allowed,
                        cell(clause.criterion),
                        links(clause.decisions) or "—",
                    )
                    for clause in item.clauses
                ],
            )
    if standard.base is None:
        lines += ranking_section()
    return "\n".join(lines) + "\n"


def ranking_section() -> list[str]:
    """How units are ranked: data of its own beside the standard (S-38)."""
    rule = load_ranking_rule()
    rows = [
        (str(number), cell(each.name), cell(each.explains), each.order.label, links(each.decisions))
        for number, each in enumerate(rule.criteria, 1)
    ]
    return [
        "",
        f"## {rule.title}",
        "",
        f"{rule.source}数据在 `greencomm/standard/{RULE_FILE.name}`，不属于标准：改了它，得分和标准的校验码都不变。口径：{links(rule.decisions)}。",
        "",
        *table(("先后", "指标", "怎么算", "先后次序", "口径"), rows),
        "",
        "前一项相同的才比后一项，都相同的名次并列；没有城市社区的单位不排名。"
        + ("没有报送可以审核的填报工作簿的单位排在最后。" if rule.not_reported is NotReported.LAST else ""),
    ]


def deliverable_row(deliverable: Deliverable) -> tuple[str, ...]:
    """One deliverable: its name, when it is due, the notice's words, how they are read."""
    if deliverable.is_record:
        due = "只作登记"
    elif deliverable.phase is not None:
        due = f"{PHASE_TITLES[deliverable.phase]}截止日期"
    else:
        year = f"{deliverable.year}年" if deliverable.year else "每年"
        due = f"{year}{deliverable.month}月{deliverable.day}日" + ("（有才报）" if deliverable.optional else "")
    return deliverable.name, due, cell(deliverable.quote), cell(deliverable.note) or links(deliverable.decisions) or "—"


def rules_page() -> str:
    """The catalogue of rules, grouped by subject; words in braces are filled in for each finding."""
    lines = [
        "# 审核规则目录",
        "",
        GENERATED,
        "",
        f"共{len(CATALOGUE)}条规则。“退回”的须改正后重新报送，“需核实”的请确认或说明，“提示”的不影响结果。"
        "花括号中的词在每条问题中换成具体内容。编号不重复使用。“查什么”是规则逐个去看的对象；每次运行看了多少、查不了多少，"
        "见 trace.xlsx 的“检查次数”表（[S-28](decisions/S-28.md)）。",
    ]
    for subject in SUBJECTS.values():
        rules = [rule for rule in CATALOGUE.values() if rule.subject == subject]
        lines += ["", f"## {subject}", ""]
        lines += table(
            ("编号", "程度", "名称", "查什么", "问题", "怎么办", "口径"),
            [
                (
                    rule.code,
                    rule.severity.label,
                    cell(rule.title),
                    rule.scope.value + ("（一处可有几个问题）" if rule.several else ""),
                    cell(rule.message),
                    cell(rule.fix),
                    links(rule.decisions) or "—",
                )
                for rule in sorted(rules, key=lambda rule: rule.code)
            ],
        )
    return "\n".join(lines) + "\n"


def index_page() -> str:
    """The index of the decision records."""
    lines = [
        "# 决定记录",
        "",
        GENERATED,
        "",
        "D 开头的是对通知的理解（口径），S 开头的是程序结构的选择。",
        "口径用在哪里，见 [标准](../standard.md) 和 [规则目录](../rules.md)。",
        "",
    ]
    lines += [f"- [{title}]({number}.md)" for number, title in titles().items()]
    return "\n".join(lines) + "\n"


GUIDE = """\
用 Word 或 WPS 打开下面两个文件就可以修改。文字、字体、版式、表格的列、图表的颜色和位置都可以改，保存后下一次运行就用新的。

| 模板 | 用来写 |
|---|---|
| `templates/{region}` | 地区的总结评估报告 `assessment.docx` |
| `templates/{unit}` | 每个单位的总结评估报告 `units/单位/单位_总结评估报告.docx` |

## 怎样写

- `{{{{ 地区 }}}}` 这样的地方，写报告时换成具体内容。两边各两个大括号，用英文半角，里面只能写下表中的名称：不能计算、加工，也不能写文字和数字。
  模板里不要直接写数字，数字都从结果中来。
- `{{% if 往年名单数 %}}……{{% endif %}}`：有（不是0、不是空）才写中间的文字；`{{% else %}}` 后面写没有时的文字。都在同一段里。
  条件里可以用 `not`、`and`、`or`；也可以比较，例如 `{{% if 已报社区数 < 城市社区数 %}}`、`{{% if 行.状态 != '已报' %}}`：`<`、`>` 只能比个数和分数。
- 只有是和否的名称（下表写成 `{{% if … %}}` 的）只能写在条件里；有很多行的名称（写成 `for …` 的）要一行一行写，写出“行.”和每一项的名称。
- 整段或几段有时才要，用单独成段的 `{{%p if 典型 %}}` 和 `{{%p endif %}}` 把它们夹在中间。这两段自己不会留在报告里，也不能再有别的字。
- 一种一段：`{{%p for 行 in 典型 %}}`、`{{{{ 行.社区 }}}}`、`{{%p endfor %}}`，各成一段。
- 表格一行一个：`{{%tr for 行 in 各县市 %}}`、内容行、`{{%tr endfor %}}`，各成一行；前后两行不会留在报告里。
- 一个名称内的文字可以只改一部分的字体；但不要开着“修订”保存，先接受全部修订。
- 示例数据的报告由程序自己加上“示例”字样，文件属性中的标准、校验码和程序版本也由程序写，不用写在模板里。

写错了名称、括号不成对、模板打不开时，程序什么也不写，只说是哪个模板的哪一段、错在哪里。两个模板都可以从程序的原件中取回，
也可以用 `python tools/build_templates.py {region} {unit}` 重新生成（原有的修改会丢失）。

## 图表

图表是可以编辑的 Word 图表，程序按“替代文字”（右键“编辑替代文字”）认出是哪个图，换上数据；点“编辑数据”看到的就是图中的数。
可以改颜色、字体、大小、位置，柱形图和条形图可以互换；不要的可以删掉。单位多于{most}个时，图中只列合计完成比例最低的{most}个，并在图下说明。

| 替代文字 | 内容 | 用在 |
|---|---|---|
| {ratio} | 柱：各单位（合计）完成比例；线：各年目标 | 地区 |
| {standing} | 各种结论的社区数 | 单位 |
| {item} | 各项平均每个社区扣的分；单位的图里还有全地区的平均，按自己标准评分的单位除外 | 地区、单位 |
"""


def assessment_page() -> str:
    """What an officer may write into the templates of the annual report."""
    common = assessment.COMMON
    parts = (
        ("两个模板都能用的名称", common),
        ("只在地区的模板里用的名称", assessment.REGION[len(common) :]),
        ("只在单位的模板里用的名称", assessment.UNIT[len(common) :]),
    )
    text = GUIDE.format(
        region=assessment.REGION_FILE, unit=assessment.UNIT_FILE, most=assessment.UNITS_IN_CHART,
        ratio=assessment.RATIO_CHART, standing=assessment.STANDING_CHART, item=assessment.ITEM_CHART,
    )  # fmt: skip
    lines = ["# 总结评估报告的模板", "", GENERATED, "", *text.splitlines()]
    for title, placeholders in parts:
        lines += ["", f"## {title}", "", *table(("写法", "意思", "例子"), placeholder_rows(placeholders))]
    return "\n".join(lines) + "\n"


def placeholder_rows(placeholders: tuple[Placeholder, ...]) -> list[tuple[str, ...]]:
    """Name, meaning and example of each; the fields of a list behind it."""
    rows: list[tuple[str, ...]] = []
    for each in placeholders:
        if each.fields:
            rows.append((f"`for 行 in {each.name}`", cell(each.meaning), ""))
        for field in each.fields or (each,):
            name = f"行.{field.name}" if each.fields else field.name
            is_choice = isinstance(field.example, bool)
            shown = f"`{{% if {name} %}}`" if is_choice else f"`{{{{ {name} }}}}`"
            rows.append((f"　{shown}" if each.fields else shown, cell(field.meaning), "是或否" if is_choice else cell(f"{field.example}")))
    return rows


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    own = {DOCS / f"standard-{each.id}.md": standard_page(each, path.rpartition("/")[0]) for path, each in local_standards().items()}
    return own | {
        DOCS / "standard.md": standard_page(load_standard()),
        DOCS / "rules.md": rules_page(),
        DOCS / "assessment-template.md": assessment_page(),
        RECORDS / "README.md": index_page(),
    }


def main() -> None:
    """Write every page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
