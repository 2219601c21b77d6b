"""What ``--help`` shows. A module that imports next to nothing: whoever only asks how it goes does not wait for argparse.

The first page begins with what is done every week; each command has a page of its own. No line is wider than 80 columns,
a Chinese character counting two.
"""

from __future__ import annotations

import os
import sys

from greencomm import __version__

PROGRAM = "python process.py"
"""What a person types to start the program, in all sentences about it."""
LAUNCHER = "DESK_SELF"
"""Environment variable in which a launcher leaves its own file name: whoever started with it types that."""
_TITLE = f"绿色社区创建评价数据审核程序 {__version__}"
_PLACES = """\
  --input 文件夹      收到的文件所在的文件夹（默认 input）
  --roster 文件       名册（默认是 input 中的 roster.xlsx）
  --standards 文件夹  县（市）自定标准的文件夹（默认是名册旁边的“标准”）
  --archive 文件夹    运行记录保存在哪里（默认 archive）
"""
_ROUND = """\
  --year 年度         例如 2021（默认按名册）
  --phase 阶段        自评 或 年度总结（默认按名册）
  --date 日期         运行日期，例如 2021-10-18（默认今天）
"""
_RESULTS = "  --output 文件夹     结果写到哪里（默认 output）\n"
_OPEN = "  --open              完成后打开结果文件夹\n"
_JSON = "  --json              只输出 JSON，供其他程序读取\n"

HELP = f"""\
{_TITLE}

平时只用这三样：
  python process.py forms
      生成填报工作簿，写到 forms 文件夹，发给各填报单位
  python process.py receive 文件…
      把收到的文件放进 input 文件夹，接着审核
  python process.py
      审核 input 文件夹中收到的文件，结果写到 output 文件夹

第一次使用：在空的文件夹中运行 python process.py，程序会放好一份空白名册，
并写明先做什么、后做什么。

其他命令：
  check 文件…      报送前自查，只在屏幕上显示，不写结果
  close            封存一个年度：当年的名单和结果成为以后各年的依据
  replay           用另一个标准重算，看谁的结果会变（不改变任何结果）
  rollup 文件夹…   把几个地区的结果汇总成上一级的附件2
  每个命令的详细说明：python process.py help 命令，例如 help close

常用选项：
{_ROUND}{_OPEN}  --help              显示这段说明；写在命令后面，只说明这个命令

其他选项：
{_PLACES}{_RESULTS}{_JSON}  --version           显示程序的版本

例子：
  python process.py --open
  python process.py receive 楚雄市.xlsx 双柏县的邮件.eml
  python process.py forms --output 下发表格
  python process.py check 楚雄市.xlsx
  python process.py --input 收到的附件 --date 2021-10-18
  python process.py close --year 2021 --who 王某

命令和选项也可以写中文，例如：python process.py 自查 楚雄市.xlsx

退出码：0 完成，没有需要退回的      1 完成，有单位需要修改
        2 用法或名册有误            3 没有可处理的文件
        4 结果无法写入
"""

_PAGES = {
    "run": f"""\
用法：python process.py [选项]

审核 input 文件夹中收到的文件（工作簿、压缩包、邮件都可以，文件名不限），结果写
到 output 文件夹中的“年度-阶段”文件夹：附件2、各单位的差异报告和函件，等等。
收到新的文件，放进 input 再运行一次就可以；收到的文件不会被改动。

选项：
{_PLACES}{_RESULTS}{_ROUND}{_OPEN}{_JSON}
例子：
  python process.py
  python process.py --open
  python process.py --input 收到的附件 --date 2021-10-18
""",
    "receive": f"""\
用法：python process.py receive 文件或文件夹… [选项]

把收到的文件复制到 input 文件夹，接着审核（同 python process.py）。
  ● 原来的文件不移动、不改动；文件夹连同里面的文件一起放进去
  ● input 中已有内容相同的，不再放第二份
  ● 同名但内容不同的，换一个名称放进去，不覆盖
  ● Office 的临时文件（~$…）和快捷方式不放进去，屏幕上写明
  ● 名册只在 input 中还没有名册时放进去

选项：
{_PLACES}{_RESULTS}{_ROUND}{_OPEN}{_JSON}
例子：
  python process.py receive 楚雄市.xlsx
  python process.py receive 各县报来 双柏县的邮件.eml --open
""",
    "forms": f"""\
用法：python process.py forms [选项]

按名册给每个填报单位生成一个填报工作簿，写到 forms 文件夹（或 --output 指明的
文件夹）。以前生成的如果已经填写过，会先保存到 archive 文件夹再换成空白的。

选项：
  --output 文件夹     写到哪里（默认 forms）
{_PLACES}{_ROUND}{_OPEN}{_JSON}
例子：
  python process.py forms
  python process.py forms --phase 自评
  python process.py forms --output 下发表格 --open
""",
    "check": f"""\
用法：python process.py check 文件… [选项]

报送前自查一个或几个工作簿：与正式审核用同样的规则，只在屏幕上显示，不写结果。

选项：
{_PLACES}{_ROUND}{_JSON}
例子：
  python process.py check 楚雄市.xlsx
  python process.py check 楚雄市.xlsx 双柏县.xlsx
""",
    "close": f"""\
用法：python process.py close [选项]

封存一个年度：当年的名单和结果成为以后各年的依据，不再改变。

选项：
  --year 年度         封存哪一年（默认按名册）
  --who 姓名          由谁封存或重新打开（默认是电脑的登录名）
  --accept-open       还有“退回”问题没有解决也封存，并把这些问题记入档案
  --annex2 文件       封存档案中没有的年度，从当年上报的附件2导入（须写 --year）
  --reopen            重新打开已封存的年度（须写 --reason）
  --reason 文字       重新打开的原因
  --date 日期         封存的日期，例如 2021-10-18（默认今天）
{_PLACES}{_RESULTS}{_JSON}
例子：
  python process.py close --year 2021 --who 王某
  python process.py close --year 2021 --annex2 2021年附件2.xlsx
  python process.py close --year 2021 --reopen --reason 双柏县补报两个社区

退出码：0 已封存（或已重新打开）
        1 还有退回的问题，没有封存
        2 用法有误，或与已封存的内容不一致、封存档案有损坏
        3 没有可以封存的运行结果
        4 无法写入
""",
    "replay": f"""\
用法：python process.py replay --standard 文件 [选项]

用另一个标准重算一个年度的填报，看谁的结果会变、由哪些条款引起。不改变任何结果。

选项：
  --standard 文件     用来重算的标准文件（.toml）
  --unit 单位         只在这个填报单位上重算（可以写几次）
  --output 文件       把明细写成一个工作簿
{_PLACES}{_ROUND}{_JSON}
例子：
  python process.py replay --standard 新标准.toml --year 2021
  python process.py replay --standard 新标准.toml --output 试算.xlsx
""",
    "rollup": f"""\
用法：python process.py rollup 文件夹… [选项]
      python process.py rollup --run 文件夹 [选项]

把几个地区（州、市）的结果汇总成上一级的附件2：个数和社区总数相加，不平均。
写的是各地区的结果文件夹（如 output 中的“2021-annual”）、封存的年度文件夹（如
archive 中的“2021”），或者放着它们的文件夹。结果写到 output 中的
“年度-阶段-rollup”文件夹。

--run：先审核这个文件夹中的每个地区（各有一个文件夹，其中的 input 放名册和收到的
文件，结果写在它旁边的 output），再逐级汇总。

选项：
  --roster 文件       本级的名册（工作表“批次”和“地区”），用来核对缺报的
                      地区；不给也可以
  --output 文件夹     结果写到哪里（默认 output）
  --archive 文件夹    运行记录保存在哪里（默认 archive）
{_ROUND}{_OPEN}{_JSON}
例子：
  python process.py rollup 楚雄州/2021 大理州/2021 --roster 全省名册.xlsx
  python process.py rollup 各州市报来的结果 --year 2021
  python process.py rollup --run 云南省

退出码是1的：有地区缺报、没有计入，或者还有“退回”问题没有解决（已封存的除
外），屏幕上写明还要做什么。
""",
}


def _launcher() -> str:
    """The launcher's file name; empty where there is none, or none that a person could type."""
    name = os.environ.get(LAUNCHER, "")
    return "" if "/" in name or "\\" in name or not name.isprintable() else name


def started_by_launcher() -> bool:
    """Whether the person at hand started with a double click, and so runs again with one (S-59)."""
    return bool(_launcher())


def as_started(text: str) -> str:
    """The text with commands as the person at hand types them: ``运行.bat forms`` where the launcher was used (S-59)."""
    name = _launcher()
    if not name:
        return text
    typed = name if name.lower().endswith((".bat", ".cmd")) else f"./{name}"
    # A double click offers forms as its second choice (desk/start.py).
    return text.replace(PROGRAM, typed).replace(f"用命令 {typed} forms ", f"双击“{name}”后输入2（或用命令 {typed} forms）")


def page(command: str | None = None) -> str:
    """The page of a command; without one, or for one that there is none of, the first page."""
    return f"{_TITLE}\n\n{_PAGES[command]}" if command in _PAGES else HELP


def answer(words: list[str]) -> bool:
    """Show help where these words ask for nothing else; False where they need a closer look."""
    asking = [word for word in words if word in ("--help", "-h", "help")]
    others = [word for word in words if word not in asking]
    if not asking or len(others) > 1 or (others and others[0] not in _PAGES):
        return False
    # A GBK console must not break on a rare character.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    print(as_started(page(*others)), end="")
    return True
