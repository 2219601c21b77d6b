"""What ``--help`` shows. A module that imports next to nothing: whoever only asks how it goes does not wait for argparse."""

from __future__ import annotations

import sys

from greencomm import __version__

HELP = f"""绿色社区创建评价数据审核程序 {__version__}

用法：python process.py [命令] [选项]

命令：
  （不写）          审核 input 文件夹中各县市报送的工作簿，结果写到 output 文件夹
  forms             生成下发给各填报单位的填报工作簿
  check 文件…       报送前自查一个或几个工作簿，只在屏幕上显示，不写结果
  close             封存一个年度：当年的名单和结果成为以后各年的依据，不再改变
  replay            用另一个标准重算一个年度的填报，看谁的结果会变、由哪些条款引起（不改变任何结果）
  rollup 文件夹…    把几个地区（州、市）的结果汇总成上一级的附件2：个数和社区总数相加，不平均

选项：
  --input 文件夹    各县市报送的文件所在的文件夹（默认 input）
  --output 文件夹   结果写到哪里（默认 output）
  --roster 文件     名册（默认是 input 中的 roster.xlsx）
  --standards 文件夹  县（市）自定标准所在的文件夹（默认是名册旁边的“标准”文件夹）
  --archive 文件夹  运行记录保存在哪里（默认 archive）
  --year 年度       例如 2021（默认按名册）
  --phase 阶段      self-evaluation（自评）或 annual（年度总结）（默认按名册）
  --standard 文件   只用于 replay：用来重算的标准文件（.toml）
  --unit 单位       只用于 replay：只在这个填报单位上重算（可以写几次）
  --date 日期       运行日期，例如 2021-10-18（默认今天）
  --json            只输出 JSON，供其他程序读取
  --help            显示这段说明

只用于 close 的选项：
  --accept-open     还有“退回”问题没有解决也封存，并把这些问题记入档案
  --annex2 文件     封存档案中没有的年度，从当年上报的附件2导入（须写 --year）
  --reopen          重新打开已封存的年度（须写 --reason）
  --reason 文字     重新打开的原因
  --who 姓名        由谁封存或重新打开（默认是电脑的登录名）

rollup 给出的文件夹是各地区的结果文件夹（如 output 中的“2021-annual”）、封存的年度文件夹（如 archive 中的“2021”），或者放着它们的文件夹。
--roster 是本级的名册（工作表“批次”和“地区”），用来核对缺报的地区；不给也可以。结果写到 output 的“年度-阶段-rollup”文件夹。
有地区缺报、没有计入，或者还有“退回”问题没有解决（已封存的除外）的，退出码是1，屏幕上写明还要做什么。
rollup --run 文件夹：先审核这个文件夹中的每个地区（各有一个文件夹，其中的 input 放名册和收到的文件，结果写在它旁边的 output），再逐级汇总。

例子：
  python process.py
  python process.py forms --output 下发表格
  python process.py check 楚雄市.xlsx
  python process.py --input 收到的附件 --date 2021-10-18
  python process.py close --year 2021 --who 王某
  python process.py close --year 2021 --annex2 2021年附件2.xlsx
  python process.py close --year 2021 --reopen --reason 双柏县补报两个社区
  python process.py replay --standard 新标准.toml --year 2021 --output 试算.xlsx
  python process.py rollup 楚雄州/2021 大理州/2021 --roster 全省名册.xlsx
  python process.py rollup 各州市报来的结果 --year 2021
  python process.py rollup --run 云南省

退出码：0 完成，没有需要退回的；1 完成，有单位需要修改；2 用法或名册有误；3 没有可处理的文件；4 结果无法写入
close 的退出码：0 已封存（或已重新打开）；1 还有退回的问题，没有封存；2 用法有误，或与已封存的内容不一致、封存档案有损坏；3 没有可以封存的运行结果
"""


def show() -> None:
    """Print it; a GBK console must not break on a rare character."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    print(HELP, end="")
