"""Letters to the units (函件) from templates that the prefecture can edit: 退回修改, 审核通过, 催报.

The templates are Jinja2 in ``templates/letters``; their placeholders have Chinese names. What a county or the roster says
is data: it is put in, never interpreted. A mistake in a template stops the run before anything is published, with one
sentence naming file, line and mistake.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from greencomm.errors import UserError
from greencomm.findings import Finding, Severity
from greencomm.forms.returned import ReturnedPlace, returned_places
from greencomm.outputs import slips
from greencomm.outputs.book import SAMPLE_SUFFIX, chinese_date
from greencomm.outputs.discrepancy import grouped
from greencomm.outputs.kept import Kept
from greencomm.outputs.progress import Step, deadline_of, next_step, step_of, timing, uncounted
from greencomm.results import FileState, RegionResult, Status, UnitResult, percent
from greencomm.review.deliverables import papers
from greencomm.standard import PHASE_TITLES
from greencomm.texts import one_line

LISTED_PROBLEMS = 10
"""How many problems a letter lists; the rest stands in the report that is attached."""
RESTORED = "新表已自动恢复，不用改动，请核对后重新报送。"
"""Said of what the returned workbook has put right by itself, where nothing else is to be done."""
_LISTED = 6
"""How many places of one problem are named before the rest is counted."""
SAMPLE_LINE = f"{SAMPLE_SUFFIX}本函由示例数据生成，数据为虚构，不要发出。"
_ENCODINGS = ("utf-8", "gb18030")
_TAG = r"\{%(?:(?!%\}).)*%\}"
_TAGS_ALONE = re.compile(rf"^[^\S\n]*({_TAG}(?:[^\S\n]*{_TAG})*)[^\S\n]*$", re.MULTILINE)
"""A line that holds nothing but {% %} leaves no line in the letter; a line that only ends with one keeps its end."""
_NO_LINE = "\0"
"""Marks the end of such a line until the letter is written; no text holds it, since it cannot be seen."""
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ADVICE = "写法请对照“退回修改.txt”开头的说明"


class Letter(StrEnum):
    """The letters by the names of their templates."""

    SEND_BACK = "退回修改"
    PASSED = "审核通过"
    CHASE = "催报"


_LETTERS = {
    Step.CHASE: Letter.CHASE,
    Step.RESEND: Letter.CHASE,
    Step.PAPERS: Letter.CHASE,
    Step.SEND_BACK: Letter.SEND_BACK,
    Step.VERIFY: Letter.SEND_BACK,
    Step.PASSED: Letter.PASSED,
}
ATTACHED = {Step.CHASE: (), Step.PAPERS: ("unit_annex2",), Step.RESEND: ("discrepancy",), Step.PASSED: ("discrepancy",)}
"""Roles of a unit's outputs that go with its letter where they were made; otherwise report and returned workbook."""
_ATTACHED_USUALLY = ("return", "discrepancy")

PLACEHOLDERS: dict[str, object] = {
    "单位": "", "地区": "", "年度": 0, "阶段": "", "报送批次": 1, "下次批次": 2, "收到时间": "", "迟报天数": 0, "截止日期": "",
    "还有几天": 0, "退回数": 0, "核实数": 0, "已说明数": 0, "免予处理数": 0, "社区数": 0, "已报数": 0, "达标数": 0, "未达标数": 0,
    "待核实数": 0, "未报数": 0, "不用再报数": 0, "往年名单数": 0, "完成比例": "", "合计完成比例": "",
    "达标线": 0, "未报材料": (), "问题": (), "未列问题数": 0, "未采用文件": (), "附件": (),
    "退回工作簿": "", "已恢复数": 0, "不能计分社区": (),
    "收件人": "", "收件电话": "", "联系人": "", "联系电话": "", "落款": "", "日期": "", "示例": False,
}  # fmt: skip
"""Every placeholder with a value of its kind."""
PROBLEM_FIELDS = ("类别", "社区", "条款", "位置", "问题", "怎样修改", "处数")
FILE_FIELDS = ("名称", "原因", "办法")


def letter_for(unit: UnitResult, result: RegionResult | None = None) -> Letter | None:
    """Which letter goes to ``unit``; None where nothing is asked of it. ``result`` tells what it handed in besides."""
    return _LETTERS.get(next_step(unit, result) if result else step_of(unit))


def attached_roles(unit: UnitResult) -> tuple[str, ...]:
    """Roles of the outputs that go with the unit's letter, the one to work in first."""
    return ATTACHED.get(step_of(unit), _ATTACHED_USUALLY)


@dataclass(frozen=True, slots=True)
class Text:
    """A letter as it goes out: its title (also the mail's subject) and the whole text with LF line ends."""

    title: str
    body: str

    def for_notepad(self) -> bytes:
        """UTF-8 with BOM and CRLF: every Notepad of Windows shows it right."""
        return self.body.replace("\n", "\r\n").encode("utf-8-sig", "replace")


_templates = Kept[dict[Letter, tuple[jinja2.Template, list[str]]]]()


class Letters:
    """The three templates, read and checked. Raises UserError with one Chinese sentence for the first mistake."""

    def __init__(self, folder: Path) -> None:
        self._templates = _templates.of([folder / f"{letter}.txt" for letter in Letter], lambda: self._checked(folder))

    def _checked(self, folder: Path) -> dict[Letter, tuple[jinja2.Template, list[str]]]:
        self.environment = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True
        )
        self._templates = {letter: self._load(folder / f"{letter}.txt") for letter in Letter}
        # A slip in a branch that no unit of this run takes would wait for the run where it matters.
        for letter in Letter:
            for values in _trials(letter):
                self._render(letter, values)
        return self._templates

    def write(self, unit: UnitResult, result: RegionResult, attachments: Sequence[tuple[str, str]]) -> Text:
        """The letter to ``unit``; ``attachments`` are (role, file name) of what goes with it.

        Raises UserError where the template fails with this unit's values.
        """
        letter = letter_for(unit)
        assert letter is not None
        text = self._render(letter, values_for(unit, result, attachments))
        title = next(line.strip() for line in text.split("\n") if line.strip())
        if result.sample:
            return Text(SAMPLE_SUFFIX + title, f"{SAMPLE_LINE}\n\n{text}")
        return Text(title, text)

    def _render(self, letter: Letter, values: Mapping[str, object]) -> str:
        name = f"{letter}.txt"
        template, lines = self._templates[letter]
        try:
            text = template.render(values)
        except Exception as error:
            # Whatever goes wrong in a template is one mistake of the person who edited it.
            frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
            line = frames[-1] if frames else None
            raise _failed(name, line, lines, slips.reason(error)) from None
        text = text.replace(f"{_NO_LINE}\n", "").replace(_NO_LINE, "")
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")
        if not text:
            raise UserError(f"信函模板“{name}”写不出任何内容，请补上函件的文字；{_ADVICE}。")
        return text + "\n"

    def _load(self, path: Path) -> tuple[jinja2.Template, list[str]]:
        name, text = path.name, _read(path)
        lines = text.split("\n")
        slip = slips.FULL_WIDTH.search(text)
        if slip:
            line = text.count("\n", 0, slip.start()) + 1
            raise _failed(name, line, lines, slips.full_width(slip[0], "单位"))
        try:
            tree = self.environment.parse(text)
            self._check_names(name, tree, lines)
            return self.environment.from_string(_TAGS_ALONE.sub(rf"\g<1>{_NO_LINE}", text)), lines
        except jinja2.TemplateSyntaxError as error:
            raise _failed(name, error.lineno, lines, slips.syntax(error.message or "")) from None

    @staticmethod
    def _check_names(name: str, tree: nodes.Template, lines: list[str]) -> None:
        unknown = find_undeclared_variables(tree) - PLACEHOLDERS.keys() - {"range", "dict", "lipsum", "cycler", "joiner", "namespace"}
        for node in tree.find_all(nodes.Name):
            if node.name in unknown:
                raise _failed(name, node.lineno, lines, slips.unknown_name(node.name, list(PLACEHOLDERS)))
        fields = [*PROBLEM_FIELDS, *FILE_FIELDS]
        for attribute in tree.find_all(nodes.Getattr):
            # loop.index and the like are the library's; a wrong one shows when it is rendered.
            if not attribute.attr.isascii() and attribute.attr not in fields:
                raise _failed(name, attribute.lineno, lines, slips.unknown_name(attribute.attr, fields))


def values_for(unit: UnitResult, result: RegionResult, attachments: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The placeholders for one unit: plain texts on one line, numbers, lists of such."""
    batch, when = result.roster.batch, timing(unit, result)
    problems, restored = _open_problems(unit, result, any(role == "return" for role, _ in attachments))
    open_findings = [problem.finding for problem in problems]
    groups = _problem_groups(problems)
    number = unit.submission or 1
    rejected = [file for file in unit.files if file.state is FileState.REJECTED]
    counts = {status: len(unit.of(status)) for status in Status}
    values: dict[str, object] = {
        "单位": unit.unit.name,
        "地区": result.name,
        "年度": result.year,
        "阶段": PHASE_TITLES[result.phase],
        "报送批次": number,
        "下次批次": number + 1,
        "收到时间": when.received_text,
        "迟报天数": 0 if when.correction else when.days_late,
        "截止日期": chinese_date(deadline_of(result)),
        "还有几天": when.days_left,
        "退回数": sum(finding.severity is Severity.SEND_BACK for finding in open_findings),
        "核实数": sum(finding.severity is Severity.VERIFY for finding in open_findings),
        "已说明数": _settled(unit, "explained"),
        "免予处理数": _settled(unit, "waived"),
        "社区数": unit.urban_communities,
        "已报数": unit.urban_communities - counts[Status.MISSING],
        "达标数": counts[Status.GREEN],
        "未达标数": counts[Status.BELOW],
        "待核实数": counts[Status.PENDING],
        "未报数": len(unit.unreported),
        "不用再报数": len(unit.excused),
        "往年名单数": len(unit.listed),
        "完成比例": percent(unit.completion_ratio),
        "合计完成比例": percent(unit.combined_ratio),
        "达标线": result.standard_of(unit).pass_mark.points,
        "未报材料": [entry.deliverable.name for entry in papers(unit, result)],
        "问题": [_problem(group, result) for group in groups[:LISTED_PROBLEMS]],
        "未列问题数": max(len(groups) - LISTED_PROBLEMS, 0),
        "未采用文件": [
            {"名称": file.path, "原因": _sentence(file.reason or ""), "办法": _sentence(file.advice or "")} for file in rejected
        ],
        "附件": [name for _, name in attachments],
        "退回工作簿": next((name for role, name in attachments if role == "return"), ""),
        "已恢复数": restored,
        "不能计分社区": [community.community.short_name for community in uncounted(unit)],
        "收件人": unit.unit.contact or unit.contact,
        "收件电话": unit.unit.phone or unit.phone,
        "联系人": batch.contact,
        "联系电话": batch.phone,
        "落款": batch.reporting_unit or batch.region,
        "日期": chinese_date(result.run_date),
        "示例": result.sample,
    }
    shown: dict[str, object] = _shown(values)
    return shown


def _settled(unit: UnitResult, kind: str) -> int:
    return sum(finding.settlement is not None and finding.settlement.kind.value == kind for finding in unit.findings)


def _shown(value: Any) -> Any:
    """The same with every text on one line and everything in it visible: no value can pretend to be a line of the letter."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class _Problem:
    """An open finding as the letter tells it: where it stands in the workbook that the county works in, and what to do there."""

    finding: Finding
    place: str
    """Sheet, or file where it has none, in words; empty where neither says anything."""
    cell: str
    fix: str


def _open_problems(unit: UnitResult, result: RegionResult, is_returned: bool) -> tuple[list[_Problem], int]:
    """What the unit has to do, and how much more the returned workbook has put right by itself.

    Where that is all that is open, it is told all the same: the workbook still has to be sent again.
    """
    if not is_returned:
        return [_received(finding, result) for finding in unit.findings if finding.is_open], 0
    places = returned_places(unit, result)
    both = [(finding, place) for finding, place in zip(unit.findings, places, strict=True) if finding.is_open]
    left = [(finding, place) for finding, place in both if not place.restored]
    told = [_returned(finding, place, result) for finding, place in left or both]
    return told, len(both) - len(told)


def _received(finding: Finding, result: RegionResult, original: str = "") -> _Problem:
    """With its place in the file as it was received; ``original`` says so before a sheet."""
    place = finding.place
    file = f"文件“{place.file}”" if place.file and place.community not in result.roster.community else ""
    where, cell = (f"{original}“{place.sheet}”表", place.cell or "") if place.sheet else (file, "")
    return _Problem(finding, where, cell, finding.fix)


def _returned(finding: Finding, place: ReturnedPlace, result: RegionResult) -> _Problem:
    """With its place in the returned workbook; what has none there keeps the one in the original file."""
    fix = RESTORED if place.restored else place.fix
    if place.sheet:
        return _Problem(finding, f"“{place.sheet}”表", place.cell, fix)
    return replace(_received(finding, result, "原文件"), fix=fix)


def _problem_groups(problems: Sequence[_Problem]) -> list[list[_Problem]]:
    """Findings of one rule and remedy on one sheet together, and then whatever would be told in the same words."""
    by_id = {id(problem.finding): problem for problem in problems}
    merged: dict[tuple[object, ...], list[_Problem]] = {}
    for group in grouped(problem.finding for problem in problems):
        first = group[0]
        messages = tuple(dict.fromkeys(finding.message for finding in group))
        key = (first.rule, first.severity, first.place.community, messages, first.fix, first.refusal)
        merged.setdefault(key, []).extend(by_id[id(finding)] for finding in group)
    return list(merged.values())


def _problem(group: Sequence[_Problem], result: RegionResult) -> dict[str, object]:
    """One problem as a letter lists it."""
    findings = [problem.finding for problem in group]
    first = findings[0]
    messages = list(dict.fromkeys(finding.message for finding in findings))
    member = result.roster.community.get(first.place.community or "")
    cells: dict[str, list[str]] = {}
    for problem in group:
        cells.setdefault(problem.place, []).append(problem.cell)
    what = _sentence(messages[0] if len(messages) == 1 else f"{first.title}（共{len(group)}处），例如：{messages[0]}")
    return {
        "类别": first.severity.label,
        "社区": member.short_name if member and len({finding.place.community for finding in findings}) == 1 else "",
        "条款": _listed([finding.place.clause for finding in findings]),
        "位置": _listed([place + _listed(there) for place, there in cells.items()]),
        "问题": what + _sentence(first.refusal),
        "怎样修改": _sentence(group[0].fix),
        "处数": len(group),
    }


def _listed(texts: Sequence[str | None]) -> str:
    distinct = list(dict.fromkeys(text for text in texts if text))
    more = f"等{len(distinct)}处" if len(distinct) > _LISTED else ""
    return "、".join(distinct[:_LISTED]) + more


def _sentence(text: str) -> str:
    """With a full stop, so that another sentence can follow."""
    text = text.strip()
    return text if not text or text.rstrip("）”")[-1:] in tuple("。！？；") else f"{text}。"


# --- mistakes in templates ----------------------------------------------------------------------------------------------


def _read(path: Path) -> str:
    """The template whatever Notepad saved it as: UTF-8 with or without BOM, “Unicode”, ANSI; any line ends."""
    where = f"“{path.parent.parent.name}/{path.parent.name}”文件夹"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"找不到信函模板“{path.name}”，请把它放回{where}（可从程序的原件中取回）。") from None
    except OSError:
        raise UserError(f"信函模板“{path.name}”打不开，请确认{where}里的它是一个文件、可以读取，并先关闭正在编辑它的窗口。") from None
    encodings = ("utf-16",) if raw.startswith(_UTF16_MARKS) else _ENCODINGS
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace(_NO_LINE, "")
    raise UserError(f"信函模板“{path.name}”不是文本文件，请用记事本打开检查，另存为 UTF-8 编码的文本，或从程序的原件中取回。")


def _failed(name: str, line: int | None, lines: Sequence[str], mistake: str) -> UserError:
    at = f"第{line}行" if line else ""
    text = lines[line - 1].strip() if line and line <= len(lines) else ""
    quoted = f"这一行是：{one_line(text[:80])}" if text else ""
    return UserError("。".join(part for part in (f"信函模板“{name}”{at}{mistake}", quoted, f"{_ADVICE}。") if part))


def _trials(letter: Letter) -> list[dict[str, object]]:
    """Values that take every branch of a sensible template: as little as the letter can tell of and as much, before and
    after the deadline."""
    problem = dict.fromkeys(PROBLEM_FIELDS, "甲")
    file = dict.fromkeys(FILE_FIELDS, "甲")
    least = dict(PLACEHOLDERS) | {"社区数": 1}
    if letter is not Letter.CHASE:
        least["附件"] = ["甲"]
    if letter is Letter.SEND_BACK:
        least["问题"] = [problem]
    full = {name: "甲" if value == "" else 1 if isinstance(value, int) else value for name, value in PLACEHOLDERS.items()}
    full |= {"问题": [problem, problem], "未采用文件": [file, file], "附件": ["甲", "乙"], "未报材料": ["甲", "乙"]}
    full |= {"不能计分社区": ["甲"], "示例": True}
    return [least, full, full | {"还有几天": -1, "退回数": 0}, full | {"还有几天": 1, "核实数": 0}]
