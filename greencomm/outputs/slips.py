"""Mistakes that officers make in templates, in their words: what letters and reports say of a slip is the same."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import jinja2

FULL_WIDTH = re.compile("｛｛|｝｝|｛％|％｝|｛%|%｝|{％|％}|｛#|#｝|｛{|{｛|｝}|}｝")
"""Braces and signs as a Chinese input method types them: they look like a tag and are none."""


def full_width(slip: str, example: str) -> str:
    """What is said of one of them."""
    return f"有全角的“{slip}”，大括号和百分号要用英文半角，例如“{{{{ {example} }}}}”"


FEW = 15
"""More names than these are not told in one sentence: they stand in the guide."""


def unknown_name(word: str, known: Sequence[str]) -> str:
    """That a name means nothing, with the nearest one; with all where none is near and they are few."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5) or [each for each in known if each in word or word in each][:1]
    hint = f"，您是不是想写“{near[0]}”" if near else f"；可以使用的有：{'、'.join(known)}" if len(known) <= FEW else ""
    return f"：“{word}”不是可以使用的名称{hint}"


def syntax(message: str) -> str:
    """What the library says of a mistake, as far as a clerk can use it."""
    filter_name = re.match(r"No (?:filter|test) named '(.+?)'", message)
    if filter_name:
        return f"：“{filter_name[1]}”不是可以使用的写法"
    if "end of template" in message or "Missing end of" in message:
        return "里有没写完的“{%”“{{”或“{#”：{% if %}要有{% endif %}，{% for %}要有{% endfor %}，括号要成对"
    return "附近的写法有误：{{ }} 和 {% %} 要成对，里面只能写名称和 if、for 等"


def reason(error: Exception) -> str:
    """Why a template cannot be filled."""
    if isinstance(error, jinja2.UndefinedError):
        name = re.search(r"'([^']+)'(?: is undefined$)", str(error)) or re.search(r"has no attribute '([^']+)'", str(error))
        return f"：“{name[1]}”不是可以使用的名称" if name else "：用到了不存在的内容"
    if isinstance(error, jinja2.TemplateError):
        return syntax(str(error))
    return "算不出结果，例如把文字当作数字相加"
