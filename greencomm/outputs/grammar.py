"""What a report template may say: names and conditions on names, and nothing that could make or change a figure (S-29).

A list of what is allowed, not of what is forbidden: every tag is parsed by itself, and a tag with any other kind of node is
told with its own words. The program alone works out figures; a template only says where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jinja2
from jinja2 import nodes

from greencomm.outputs import slips

Kind = object
"""``int``, ``str`` or ``bool`` of a value; a mapping of such for a list of rows."""

TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_ORDERED = frozenset({"gt", "gteq", "lt", "lteq"})
_EQUAL = frozenset({"eq", "ne"})
_SIMPLE = re.compile(r"\{%[-+]?\s*(\w+)(.*?)[-+]?%\}", re.DOTALL)
_ALLOWED = "；大括号里只能写一个名称，不能计算、加工，也不能写文字和数字"


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake in Chinese, and where its tag begins and ends in the source."""

    mistake: str
    start: int
    end: int


class _Wrong(Exception):
    """Says what is wrong with one tag."""


class Grammar:
    """Checks templates against the names that they may use."""

    def __init__(self, names: Mapping[str, Kind]) -> None:
        self._names = names
        self._environment = jinja2.Environment()

    def first_slip(self, source: str) -> Slip | None:
        """The first tag that says what it may not, or that lacks its counterpart."""
        opened: list[tuple[str, re.Match[str], str, Mapping[str, Kind]]] = []
        for tag in TAG.finditer(source):
            try:
                self._check(tag, opened)
            except _Wrong as wrong:
                return Slip(str(wrong), *tag.span())
        if opened:
            word, tag, *_ = opened[-1]
            return Slip(f"里的“{_told(tag[0])}”没有写完，后面要有一个“{{% end{word} %}}”", *tag.span())
        return None

    def _check(self, tag: re.Match[str], opened: list[tuple[str, re.Match[str], str, Mapping[str, Kind]]]) -> None:
        text = tag[0]
        rows = {row: fields for word, _, row, fields in opened if word == "for"}
        if text.startswith("{#"):
            return
        if text.startswith("{{"):
            self._check_value(text, rows)
            return
        statement = _SIMPLE.fullmatch(text)
        word, rest = (statement[1], statement[2].strip()) if statement else ("", "")
        if word in ("if", "for"):
            row, fields = self._check_loop(text, rows) if word == "for" else ("", {})
            if word == "if":
                self._check_condition(text, rest, rows)
            opened.append((word, tag, row, fields))
        elif word in ("elif", "else") and opened and opened[-1][0] == "if":
            if word == "elif":
                self._check_condition(text, rest, rows)
            elif rest:
                raise _Wrong(f"里的“{_told(text)}”不能写，“else”后面不能再有别的")
        elif word in ("elif", "else"):
            raise _Wrong(f"里的“{_told(text)}”前面没有还没写完的“{{% if %}}”")
        elif word in ("endif", "endfor"):
            kind = word.removeprefix("end")
            if not opened or opened[-1][0] != kind:
                inside = f"，先要写完“{_told(opened[-1][1][0])}”" if opened else ""
                raise _Wrong(f"里的“{_told(text)}”前面没有和它成对的“{{% {kind} %}}”{inside}")
            opened.pop()
        else:
            raise _Wrong(f"里的“{_told(text)}”不能写；{{% %}} 里只能写 if、elif、else、endif、for、endfor")

    def _check_value(self, text: str, rows: Mapping[str, Mapping[str, Kind]]) -> None:
        inner = re.sub(r"^[-+]|-$", "", text[2:-2]).strip()
        node = self._expression(text, inner, _ALLOWED)
        if not isinstance(node, nodes.Name | nodes.Getattr):
            raise _Wrong(f"里的“{_told(text)}”不能写{_ALLOWED}")
        kind = self._kind(text, node, rows, _ALLOWED)
        shown = _told(inner)
        if kind is bool:
            raise _Wrong(f"里的“{_told(text)}”不能写：“{shown}”只有是和否，要写在“{{% if {shown} %}}”里")
        if isinstance(kind, Mapping):
            if shown in rows:
                raise _Wrong(f"里的“{_told(text)}”不能写：“{shown}”是一整行，要写出是哪一项，例如“{{{{ {shown}.{next(iter(kind))} }}}}”")
            raise _Wrong(f"里的“{_told(text)}”不能写：“{shown}”有很多行，要写“{{%p for 行 in {shown} %}}”，再写“行.”和每一项的名称")

    def _check_loop(self, text: str, rows: Mapping[str, Mapping[str, Kind]]) -> tuple[str, Mapping[str, Kind]]:
        form = f"里的“{_told(text)}”不能写；重复的部分写成“{{% for 行 in 名称 %}}”，名称是有很多行的那些"
        try:
            loop = self._environment.parse(f"{text}{{% endfor %}}").body[0]
        except jinja2.TemplateSyntaxError:
            raise _Wrong(form) from None
        if (
            not isinstance(loop, nodes.For) or loop.test or loop.recursive
            or not isinstance(loop.target, nodes.Name) or not isinstance(loop.iter, nodes.Name)
        ):  # fmt: skip
            raise _Wrong(form)
        fields = self._kind(text, loop.iter, rows, "")
        if not isinstance(fields, Mapping) or loop.iter.name in rows:
            raise _Wrong(form)
        row: str = loop.target.name
        if row in self._names or row == "loop":
            raise _Wrong(f"里的“{_told(text)}”不能写：“{row}”已经另有意思，“for”后面请换一个，例如“行”")
        return row, fields

    def _check_condition(self, text: str, rest: str, rows: Mapping[str, Mapping[str, Kind]]) -> None:
        allowed = "；{% if %} 里只能写名称，以及 not、and、or 和比较（==、!=、>、<）"
        waiting: list[nodes.Node] = [self._expression(text, rest, allowed)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, nodes.Not):
                waiting.append(node.node)
            elif isinstance(node, nodes.And | nodes.Or):
                waiting += [node.left, node.right]
            elif isinstance(node, nodes.Compare) and len(node.ops) == 1:
                compared, op = (node.expr, node.ops[0].expr), node.ops[0].op
                sides = [self._side(text, each, rows, allowed) for each in compared]
                if op not in _ORDERED | _EQUAL or all(isinstance(each, nodes.Const) for each in compared):
                    raise _Wrong(f"里的“{_told(text)}”不能写{allowed}")
                # Texts such as ratios would be compared letter by letter, and say something wrong without a word.
                if sides[0] is not sides[1] or isinstance(sides[0], Mapping) or (op in _ORDERED and sides[0] is not int):
                    raise _Wrong(f"里的“{_told(text)}”比不了：大小只能比个数和分数，相同不相同只能比同一种内容")
            elif isinstance(node, nodes.Name | nodes.Getattr):
                self._kind(text, node, rows, allowed)
            else:
                raise _Wrong(f"里的“{_told(text)}”不能写{allowed}")

    def _side(self, text: str, node: nodes.Node, rows: Mapping[str, Mapping[str, Kind]], allowed: str) -> Kind:
        if isinstance(node, nodes.Const) and type(node.value) in (int, str):
            return type(node.value)
        if isinstance(node, nodes.Name | nodes.Getattr):
            return self._kind(text, node, rows, allowed)
        raise _Wrong(f"里的“{_told(text)}”不能写{allowed}")

    def _expression(self, text: str, inner: str, allowed: str) -> nodes.Node:
        try:
            output = self._environment.parse(f"{{{{ {inner} }}}}").body[0]
        except jinja2.TemplateError:
            raise _Wrong(f"里的“{_told(text)}”不能写{allowed}") from None
        if not isinstance(output, nodes.Output) or len(output.nodes) != 1:
            raise _Wrong(f"里的“{_told(text)}”不能写{allowed}")
        return output.nodes[0]

    def _kind(self, text: str, node: nodes.Name | nodes.Getattr, rows: Mapping[str, Mapping[str, Kind]], allowed: str) -> Kind:
        """What a name or ``行.名称`` stands for."""
        if isinstance(node, nodes.Name):
            if node.name in rows:
                return rows[node.name]
            if node.name not in self._names:
                raise _Wrong(slips.unknown_name(node.name, list(self._names)))
            return self._names[node.name]
        if not isinstance(node.node, nodes.Name):
            raise _Wrong(f"里的“{_told(text)}”不能写{allowed}")
        owner = node.node.name
        if owner == "loop" and rows and node.attr in ("first", "last"):
            return bool
        if owner not in rows:
            if owner in self._names:
                raise _Wrong(f"里的“{_told(text)}”不能写：“{owner}”后面不能加“.{node.attr}”")
            raise _Wrong(slips.unknown_name(owner, [*self._names, *rows]))
        if node.attr not in rows[owner]:
            raise _Wrong(slips.unknown_name(node.attr, list(rows[owner])))
        return rows[owner][node.attr]


def single_brace(text: str) -> tuple[str, int] | None:
    """What is said of a brace of a paragraph that belongs to no tag, and where it is."""
    rest = TAG.sub(lambda tag: "\0" * len(tag[0]), text)
    found = re.search(r"[{}｛｝]", rest)
    if found is None:
        return None
    return f"有单个的“{found[0]}”：要换成内容的地方，名称两边各写两个大括号，例如“{{{{ 地区 }}}}”；别的文字里请用圆括号", found.start()


def _told(tag: str) -> str:
    return tag if len(tag) <= 60 else f"{tag[:60]}……"


def around(text: str, start: int, end: int, most: int) -> str:
    """At most about ``most`` characters of a paragraph around its mistake, with …… where it was cut."""
    if len(text) <= most:
        return text
    begin = max(0, min(start - max(0, most - (end - start)) // 2, len(text) - most))
    stop = min(len(text), begin + most)
    return f"{'……' if begin else ''}{text[begin:stop]}{'……' if stop < len(text) else ''}"
