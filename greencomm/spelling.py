"""Words of the command line as people type them: what is certainly meant is put right, what may be meant is suggested.

Chinese keyboards give full-width letters and dashes, Word makes one long dash of two, a clerk writes 下发 for ``forms``.
None of that can mean anything else, so it is understood. A misspelt word is never guessed, only suggested (S-59).
"""

from __future__ import annotations

import datetime
import difflib
import re
import unicodedata
from collections.abc import Collection, Sequence

COMMANDS = ("run", "receive", "forms", "check", "close", "replay", "rollup")
HELP_WORDS = ("help", "帮助")
_DASHES = "-－﹣−–—―‐‑‒─﹘"
_AS_DASH = str.maketrans(dict.fromkeys(_DASHES, "-"))
_NEAR, _NEAR_CHINESE = 0.6, 0.5

_COMMANDS_IN_CHINESE = {
    "运行": "run", "审核": "run", "开始": "run",
    "接收": "receive", "收件": "receive", "收文": "receive",
    "下发": "forms", "填报工作簿": "forms", "生成": "forms",
    "自查": "check", "检查": "check",
    "封存": "close",
    "重算": "replay", "试算": "replay",
    "汇总": "rollup",
}  # fmt: skip
_OPTIONS_IN_CHINESE = {
    "输入": "input", "输入文件夹": "input",
    "输出": "output", "结果": "output", "结果文件夹": "output", "输出文件夹": "output",
    "名册": "roster",
    "档案": "archive", "运行记录": "archive",
    "年度": "year", "年份": "year", "年": "year",
    "阶段": "phase",
    "日期": "date", "运行日期": "date",
    "标准": "standard", "标准文件夹": "standards",
    "单位": "unit", "填报单位": "unit",
    "原因": "reason", "姓名": "who", "经办人": "who", "附件2": "annex2",
    "重新打开": "reopen", "打开": "open", "打开结果": "open",
    "帮助": "help", "版本": "version",
}  # fmt: skip
_HELP_OPTIONS = {"/?", "-?", "--?", "/h", "/help", "-h", "?", "？"}
_DAY = re.compile(r"([0-9]{4})[^0-9]*([0-9]{1,2})[^0-9]+([0-9]{1,2})日?|([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR = re.compile(r"(20[0-9]{2})年?度?")


def folded(word: str) -> str:
    """Full width, capital letters and every kind of dash as the plain ones."""
    return unicodedata.normalize("NFKC", word).translate(_AS_DASH).strip().lower()


def put_right(argv: Sequence[str], options: Collection[str], takes_value: Collection[str]) -> list[str]:
    """The words with options and the command as the program writes them; values and files stay as typed.

    ``options`` are all options with their dashes, ``takes_value`` those with a value.
    """
    made: list[str] = []
    expecting = command = False
    for word in argv:
        option = meant_option(word, options)
        if option is not None:
            made.append(option)
            expecting = option in takes_value
        elif expecting:
            expecting = False
            # A value that begins with one dash would be taken for an option.
            made[-1:] = [f"{made[-1]}={word}"] if word.startswith("-") and not word.startswith("--") else [made[-1], word]
        elif not command and not _looks_like_option(word):
            command = True
            made.append(meant_command(word) or word)
        else:
            made.append(word)
    return made


def meant_option(word: str, options: Collection[str]) -> str | None:
    """The option that this word is, however its dashes and letters are written, with its ``=value``; None where it is none."""
    if folded(word) in _HELP_OPTIONS:
        return "--help"
    if not _looks_like_option(word):
        return None
    name, equals, value = _split(word)
    name = _OPTIONS_IN_CHINESE.get(name, name)
    if f"--{name}" not in options:
        return None
    return f"--{name}{equals}{value}"


def meant_command(word: str) -> str | None:
    """The command that this word is; None where it is none."""
    name = folded(word)
    if name in HELP_WORDS:
        return HELP_WORDS[0]
    return name if name in COMMANDS else _COMMANDS_IN_CHINESE.get(name)


def near_option(word: str, options: Collection[str]) -> str:
    """What a word that is no option may have been meant for, as a sentence; empty where nothing is near."""
    name, _, _ = _split(word)
    if command := meant_command(name):
        return f"{command} 是命令，前面不写横线：python process.py {command}。"
    near = _nearest(name, {option.lstrip("-"): option.lstrip("-") for option in options if len(option) > 2} | _OPTIONS_IN_CHINESE)
    return f"您是不是想写 --{near}？" if near else ""


def near_command(word: str, options: Collection[str], after: Sequence[str] = ()) -> str:
    """What a word that is no command may have been meant for, as a sentence; ``after`` are the words behind it."""
    name, equals, value = _split(word.lstrip("/"))
    option = _OPTIONS_IN_CHINESE.get(name, name)
    if f"--{option}" in options and option != "help":
        rest = equals + value or (f" {after[0]}" if after else "")
        return f"选项前面要写两个横线：--{option}{rest}。"
    text = folded(word)
    if match := _YEAR.fullmatch(text):
        return f"要指定年度，请写：--year {match[1]}。"
    if day := meant_day(text):
        return f"要指定运行日期，请写：--date {day}。"
    if text in ("自评", "年度总结", "annual", "self-evaluation"):
        return f"要指定阶段，请写：--phase {text}。"
    return nearest_command(text)


def nearest_command(word: str) -> str:
    """The command that is written most like this word, as a sentence; empty where none is near."""
    near = _nearest(folded(word), {command: command for command in (*COMMANDS, HELP_WORDS[0])} | _COMMANDS_IN_CHINESE)
    return f"您是不是想写 {near}？" if near else ""


def meant_day(text: str) -> datetime.date | None:
    """The day that a text in another form than 2021-10-18 names; None where it names none."""
    match = _DAY.fullmatch(folded(text))
    if match is None:
        return None
    try:
        return datetime.date(*(int(part) for part in match.groups() if part))
    except ValueError:
        return None


def meant_year(text: str) -> str | None:
    """The year that a text like 2021年 names; None where it names none."""
    match = _YEAR.fullmatch(folded(text).replace(" ", ""))
    return match[1] if match else None


def _looks_like_option(word: str) -> bool:
    return len(word) > 1 and word[0] in _DASHES


def _split(word: str) -> tuple[str, str, str]:
    """Name of an option without its dashes, the sign of equality where there is one, and the value as typed."""
    head, equals, value = word.replace("＝", "=", 1).partition("=")
    return folded(head).strip("-").replace("_", "-"), equals, value


def _nearest(word: str, known: dict[str, str]) -> str | None:
    cutoff = _NEAR if word.isascii() else _NEAR_CHINESE
    for near in difflib.get_close_matches(word, sorted(name for name in known if len(name) > 1), n=1, cutoff=cutoff):
        return known[near] if near.isascii() else f"{known[near]}（{near}）"
    return None
