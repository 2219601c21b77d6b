"""Draws ``templates/assessment.docx`` and ``templates/assessment-unit.docx`` as GB/T 9704 lays out an official document.

Made once; from then on they are the officers', who edit them in Word. ``build_templates.py`` makes them anew on request.
"""

from __future__ import annotations

import html
import io
import math
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from greencomm.outputs import assessment
from greencomm.outputs.charts import DATA_REL, ChartData, Series

FANG, KAI, SONG, HEI, TITLE = "仿宋_GB2312", "楷体_GB2312", "宋体", "黑体", "方正小标宋简体"
FONTS = {
    # Name as GB/T 9704 wants it: other names of the same face, and what comes nearest on Windows, WPS and domestic Linux.
    FANG: ("仿宋,FangSong_GB2312,FangSong,方正仿宋_GBK,方正仿宋简体,华文仿宋,STFangsong", "02010609030101010101", "modern"),
    KAI: ("楷体,KaiTi_GB2312,KaiTi,方正楷体_GBK,方正楷体简体,华文楷体,STKaiti", "02010609030101010101", "modern"),
    TITLE: ("方正小标宋_GBK,FZXiaoBiaoSong-B05S,华文中宋,STZhongsong,宋体,SimSun", "02010600030101010101", "auto"),
    SONG: ("SimSun,NSimSun,方正书宋_GBK,Noto Serif CJK SC", "02010600030101010101", "auto"),
    HEI: ("SimHei,方正黑体_GBK,Noto Sans CJK SC", "02010609060101010101", "modern"),
}
_MM = 1440 / 25.4
TOP, LEFT, WIDE, HIGH = 37, 28, 156, 225
"""Millimetres: margins above and at the left, the text block (GB/T 9704, 5.2)."""
PAPER = (210, 297)
LINES, LETTERS = 22, 28
"""Lines on a page, characters on a line (GB/T 9704, 5.2.2)."""
SIZE_TITLE, SIZE, SIZE_PAGE, SIZE_CAPTION, SIZE_TABLE, SIZE_FINE = 22, 16, 14, 12, 10.5, 9
"""Points: 二号, 三号, 四号, 小四, 五号, 小五."""
_LINE = round(HIGH * _MM / LINES)
_TIGHTER = math.floor(WIDE * _MM / LETTERS) - SIZE * 20
"""Twentieths of a point by which letters stand closer, so that LETTERS of them fill a line. A grid of letters would say the
same, but programs that are not Word tear digits and Latin words apart in it."""
_EMU = 36000
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMES = (
    f'xmlns:w="{_W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
_HEAD = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"


def build_region(target: Path) -> None:
    """Write the region's template."""
    _save(target, _region(), {assessment.RATIO_CHART: _ratio_chart(), assessment.ITEM_CHART: _item_chart(("地区",))})


def build_unit(target: Path) -> None:
    """Write the template of units."""
    charts = {assessment.STANDING_CHART: _standing_chart(), assessment.ITEM_CHART: _item_chart(("单位", "地区"))}
    _save(target, _unit(), charts)


# --- the words ----------------------------------------------------------------------------------------------------------

_OVERALL = (
    "经审核，本年新达标的社区{{ 达标数 }}个，完成比例{{ 完成比例 }}。"
    "{% if 往年名单数 %}加上往年名单上的{{ 往年名单数 }}个，合计{{ 合计数 }}个，合计完成比例{{ 合计完成比例 }}。{% endif %}"
    "{% if 往年再报数 %}已报的{{ 已报社区数 }}个中，本年新达标{{ 达标数 }}个，未达标{{ 未达标数 }}个，待核实{{ 待核实数 }}个，"
    "往年名单上再次填报的{{ 往年再报数 }}个{% if 复核不达标数 %}（其中复核不达标{{ 复核不达标数 }}个）{% endif %}。{% endif %}"
    "没有计入的社区中，未达标{{ 未达标数 }}个，待核实{{ 待核实数 }}个，未填报{{ 未报数 }}个。"
    "{% if 自评阶段 %}以上是自评阶段的结果，最终结果以年度总结为准。{% endif %}"
)
_SCORES = "核定得分已经确定的社区{{ 得分社区数 }}个，达标线为{{ 达标线 }}分，得分分布为：{{ 得分分布 }}。"
_GOAL = (
    "{{ 目标.年度 }}年的目标是{{ 目标.目标比例 }}"
    "{% if 目标.总数已知 %}，按{{ 目标.城市社区数 }}个城市社区计算需要{{ 目标.需要数 }}个{% endif %}，"
    "{% if 目标.已上报 %}当年上报{% else %}现有{% endif %}{{ 目标.完成数 }}个（{{ 目标.完成比例 }}），{{ 目标.结论 }}。"
)
_LOST = (
    "按“{{ 标准 }}”逐条评分的社区{{ 已评社区数 }}个，各项共扣{{ 扣分合计 }}分，平均每个社区扣{{ 平均扣分 }}分。"
    "{% if 失分条款 %}扣分最多的条款见下表。{% endif %}"
)
_AWARD = (
    "，核定得分{{ 行.得分 }}分{% if 行.加分 %}，其中加{{ 行.加分 }}分{% endif %}。"
    "{% if 行.佐证 %}说明及佐证：{{ 行.佐证 }}。{% endif %}"
)
_FALLEN = (
    "往年名单上的社区中，本年复核不达标的有{{ 复核不达标数 }}个：{{ 复核不达标社区 }}。它们仍保留在名单上、计入合计，"
    "需核实得分下降的原因并整改。"
)
_EQUAL = "另有{{ 未列典型数 }}个社区得分相同，没有列出。"
_NEAR = "最接近达标的社区见下表{% if 未列最接近数 %}，另有{{ 未列最接近数 }}个没有列出{% endif %}。"
_ANNEX = "{% if loop.first %}附件：{% else %}　　　{% endif %}{{ 行.序号 }}．{{ 行.名称 }}（{{ 行.文件 }}）"
_NEAR_TABLE = (
    ("社区", "{{ 行.社区 }}", 24, True), ("结论", "{{ 行.结论 }}", 15, False), ("得分", "{{ 行.得分 }}", 15, False),
    ("达标线", "{{ 行.达标线 }}", 13, False), ("还差（分）", "{{ 行.还差 }}", 24, False),
    ("待核实和扣分最多的条款", "{{ 行.条款 }}", 65, True),
)  # fmt: skip
_LOSS_TABLE = (
    ("条款", "{{ 行.条款 }}", 12, False), ("名称", "{{ 行.名称 }}", 40, True), ("扣分社区（个）", "{{ 行.社区数 }}", 17, False),
    ("共扣（分）", "{{ 行.扣分 }}", 15, False), ("平均（分）", "{{ 行.平均 }}", 15, False),
)  # fmt: skip


def _region() -> str:
    table = [
        ("填报单位", "{{ 行.单位 }}{% if 行.状态 != '已报' %}（{{ 行.状态 }}）{% endif %}", "合计", 27),
        ("城市社区", "{{ 行.城市社区数 }}", "{{ 城市社区数 }}", 11.5),
        ("已报", "{{ 行.已报数 }}", "{{ 已报社区数 }}", 11.5),
        ("本年新达标", "{{ 行.达标数 }}", "{{ 达标数 }}", 11.5),
        ("完成比例", "{{ 行.完成比例 }}", "{{ 完成比例 }}", 19),
        ("合计达标", "{{ 行.合计数 }}", "{{ 合计数 }}", 11.5),
        ("合计比例", "{{ 行.合计完成比例 }}", "{{ 合计完成比例 }}", 19),
        ("待核实", "{{ 行.待核实数 }}", "{{ 待核实数 }}", 11),
        ("未达标", "{{ 行.未达标数 }}", "{{ 未达标数 }}", 11),
        ("未填报", "{{ 行.未报数 }}", "{{ 未报数 }}", 11),
        ("未改正问题", "{{ 行.未改正数 }}", "{{ 未改正数 }}", 12),
    ]
    first_year = [
        ("达标" if head == "本年新达标" else head, cell, total, width + (30.5 if number == 0 else 0))
        for number, (head, cell, total, width) in enumerate(table)
        if not head.startswith("合计")
    ]
    near = (("单位", "{{ 行.单位 }}", 22, True), *((head, cell, _narrower(width), left) for head, cell, width, left in _NEAR_TABLE))
    return "".join(
        [
            _p("Title", "{{ 地区 }}{{ 年度 }}年绿色社区创建\n{{ 报告名称 }}"),
            _p("Subtitle", "{{ 报送单位 }}"),
            _p("Subtitle", "（{{ 日期 }}）"),
            _p("", ""),
            _p("", "按照{{ 文件 }}文件的要求，{{ 地区 }}开展了{{ 年度 }}年绿色社区创建{{ 评估 }}，现将情况报告如下。"),
            _p("Heading1", "一、总体情况"),
            _p(
                "",
                "名册中的城市社区共{{ 城市社区数 }}个，由{{ 单位数 }}个单位填报。截至{{ 日期 }}，收到{{ 已报单位数 }}个单位的填报工作簿，"
                "涉及{{ 已报社区数 }}个社区。{% if 未报单位数 %}尚未报送的单位有{{ 未报单位数 }}个：{{ 未报单位 }}。{% endif %}"
                "{% if 未采用单位数 %}报来的文件不能采用、需要重新报送的单位有{{ 未采用单位数 }}个：{{ 未采用单位 }}。{% endif %}",
            ),
            _p("", _OVERALL),
            _if("得分社区数", _p("", _SCORES)),
            _p("Heading1", "二、目标完成情况"),
            _for("目标 in 目标完成", _p("", _GOAL)),
            _if("目标完成", _p("", "以上是{{ 地区 }}整体的目标，各单位的比例只供参考。")),
            _if("not 目标完成", _p("", "通知没有规定目标。")),
            _if(
                "城市社区数",
                _chart(1, assessment.RATIO_CHART, 75),
                _p("Caption", "图1　各单位完成比例与目标"),
                _if("完成比例图说明", _p("Fine", "{{ 完成比例图说明 }}")),
            ),
            _p("Heading1", "三、各县市情况"),
            _p("", "各填报单位的情况见下表。"),
            _p("Caption", "表1　各县市完成情况（社区和问题单位：个）"),
            # What only a second year has would say everything twice in a first one.
            _if("往年名单数", _unit_table(table)),
            _if("not 往年名单数", _unit_table(first_year)),
            _p(
                "Fine",
                "注：{% if 往年名单数 %}合计达标为往年名单上的和本年新达标的社区，一个只计一次；{% endif %}"
                "未改正问题为退回和需核实的问题中还没有改正、核实或说明的。",
            ),
            _p("Heading1", "四、主要失分"),
            _if("已评社区数", _p("", _LOST)),
            _if("not 已评社区数", _p("", "还没有逐条评分的社区。")),
            _if(
                "失分条款",
                _p("Caption", "表2　扣分最多的条款"),
                _simple_table("失分条款", (*_LOSS_TABLE, ("平均扣分最多的单位（平均分）", "{{ 行.主要单位 }}", 57, True))),
                _p("Fine", "注：平均为已评社区平均每个扣的分。"),
                _chart(2, assessment.ITEM_CHART, 100),
                _p("Caption", "图2　各项平均每个社区扣的分"),
            ),
            _if("已评社区数 and not 失分条款", _p("", "没有扣分的条款。")),
            _for(
                "行 in 自定标准",
                _p(
                    "",
                    "{{ 行.单位 }}按本地的“{{ 行.标准 }}”评分（达标线{{ 行.达标线 }}分），没有并入上面的数字：已评社区{{ 行.已评社区数 }}个"
                    "{% if 行.条款 %}，扣分最多的是{{ 行.条款 }}{% endif %}。",
                ),
            ),
            _p("Heading1", "五、典型做法"),
            _for("行 in 典型", _p("", "{{ 行.序号 }}．{{ 行.单位 }}{{ 行.社区 }}" + _AWARD)),
            _if("未列典型数", _p("", _EQUAL)),
            _if("not 典型", _p("", "暂无。")),
            _p("Heading1", "六、存在问题和下一步工作"),
            _p("Heading2", "（一）存在问题"),
            _if(
                "未改正数",
                _p(
                    "",
                    "审核发现的问题中，还有{{ 未改正单位数 }}个单位的{{ 未改正数 }}个没有处理完，其中退回修改的{{ 退回数 }}个，"
                    "需核实或说明的{{ 核实数 }}个。",
                ),
            ),
            _if("not 未改正数", _p("", "审核发现的问题都已改正、核实或说明。")),
            _if("未报数", _p("", "还有{{ 未报数 }}个社区没有填报{% if 往年名单数 %}，也不在往年名单上{% endif %}。")),
            _for("行 in 欠报", _p("", "过期未报“{{ 行.材料 }}”的单位有{{ 行.单位数 }}个：{{ 行.单位 }}。")),
            _if("复核不达标数", _p("", _FALLEN)),
            _if("最接近", _p("", _NEAR), _p("Caption", "表3　最接近达标的社区"), _simple_table("最接近", near)),
            _p("Heading2", "（二）下一步工作"),
            _if("未改正数", _p("", "督促有关单位对照差异报告逐条改正，重新报送。")),
            _if("未报单位数 or 未采用单位数 or 未报数", _p("", "催促尚未报送的单位和社区尽快报送。")),
            _if("欠报", _p("", "督促有关单位补齐过期未报的材料。")),
            _if("复核不达标数", _p("", "核实复核不达标社区得分下降的原因，督促整改。")),
            _if("最接近", _p("", "对最接近达标的社区逐个指导，对照扣分的条款补齐短板。")),
            _if("典型", _p("", "总结推广典型做法，巩固创建成果。")),
            *_ending("{{ 报送单位 }}", "{{ 日期 }}"),
        ]
    )


def _unit_table(columns: Sequence[tuple[str, str, str, float]]) -> str:
    """One row for each unit, and their sum."""
    widths = [width for *_, width in columns]
    rows = _loop("各县市", [(cell, number == 0) for number, (_, cell, _, _) in enumerate(columns)], widths)
    total = _row([(total, False) for _, _, total, _ in columns], widths, bold=True)
    return _table([(head, width) for head, *_, width in columns], rows + total)


def _unit() -> str:
    table = (
        ("序号", "{{ 行.序号 }}", 10, False), ("社区", "{{ 行.社区 }}", 27, True), ("乡镇（街道）", "{{ 行.街道 }}", 18, False),
        ("结论", "{{ 行.结论 }}", 23, False), ("核定得分", "{{ 行.核定得分 }}", 14, False), ("自报得分", "{{ 行.自报得分 }}", 12, False),
        ("待核实和扣分最多的条款", "{{ 行.主要扣分 }}", 52, True),
    )  # fmt: skip
    return "".join(
        [
            _p("Title", "{{ 单位 }}{{ 年度 }}年绿色社区创建\n{{ 报告名称 }}"),
            _p("", ""),
            _p("Receiver", "{{ 报送单位 }}："),
            _p("", "按照{{ 文件 }}文件的要求，{{ 单位 }}开展了{{ 年度 }}年绿色社区创建{{ 评估 }}，现将情况报告如下。"),
            _p("Heading1", "一、总体情况"),
            _if("not 城市社区数", _p("", "名册中没有需要填报的城市社区。")),
            _if(
                "城市社区数",
                _p(
                    "",
                    "名册中的城市社区共{{ 城市社区数 }}个。{% if 已收到 %}截至{{ 日期 }}，已报送{{ 已报社区数 }}个社区的填报表。"
                    "{% elif 未采用 %}截至{{ 日期 }}，报来的文件不能采用，需要重新报送。"
                    "{% else %}截至{{ 日期 }}，没有收到填报工作簿。{% endif %}",
                ),
                _p("", _OVERALL),
                _if("得分社区数", _p("", _SCORES)),
                _if("自定标准", _p("", "评分用的是本地的“{{ 标准 }}”。")),
                _chart(1, assessment.STANDING_CHART, 62),
                _p("Caption", "图1　社区结论（个）"),
            ),
            _p("Heading1", "二、目标完成情况"),
            _for("目标 in 目标完成", _p("", "按{{ 地区 }}的目标计算（供参考），" + _GOAL)),
            _if("not 目标完成", _p("", "通知没有规定目标。")),
            _p(
                "",
                "{{ 地区 }}{{ 地区城市社区数 }}个城市社区，本年完成比例{{ 地区完成比例 }}"
                "{% if 地区合计完成比例 != 地区完成比例 %}，合计完成比例{{ 地区合计完成比例 }}{% endif %}。",
            ),
            _p("Heading1", "三、各社区情况"),
            _if("not 各社区", _p("", "无。")),
            _if(
                "各社区",
                _p("Caption", "表1　各社区情况"),
                _simple_table("各社区", table),
                _if("未列社区数", _p("Fine", "另有{{ 未列社区数 }}个社区没有列出。")),
            ),
            _p("Heading1", "四、主要失分"),
            _if("已评社区数", _p("", _LOST)),
            _if("not 已评社区数", _p("", "还没有逐条评分的社区。")),
            _if(
                "失分条款",
                _p("Caption", "表2　扣分最多的条款"),
                _simple_table("失分条款", (*_LOSS_TABLE, ("{{ 地区 }}平均（分）", "{{ 行.地区平均 }}", 57, False))),
                _p("Fine", "注：平均为已评社区平均每个扣的分。"),
                _chart(2, assessment.ITEM_CHART, 130),
                _p("Caption", "图2　各项平均每个社区扣的分"),
            ),
            _if("已评社区数 and not 失分条款", _p("", "没有扣分的条款。")),
            _p("Heading1", "五、典型做法"),
            _for("行 in 典型", _p("", "{{ 行.序号 }}．{{ 行.社区 }}" + _AWARD)),
            _if("未列典型数", _p("", _EQUAL)),
            _if("not 典型", _p("", "暂无。")),
            _p("Heading1", "六、存在问题和下一步工作"),
            _p("Heading2", "（一）存在问题"),
            _if(
                "退回数 or 核实数",
                _p("", "审核发现的问题中，还有退回修改的{{ 退回数 }}个、需核实或说明的{{ 核实数 }}个没有处理完，详见差异报告。"),
            ),
            _if("已收到 and not 退回数 and not 核实数", _p("", "审核发现的问题都已改正、核实或说明。")),
            _if("未报数", _p("", "还有{{ 未报数 }}个社区没有填报{% if 往年名单数 %}，也不在往年名单上{% endif %}。")),
            _if("欠报材料", _p("", "过期未报的材料有：{{ 欠报材料 }}。")),
            _if("复核不达标数", _p("", _FALLEN)),
            _if("最接近", _p("", _NEAR), _p("Caption", "表3　最接近达标的社区"), _simple_table("最接近", _NEAR_TABLE)),
            _if("not 退回数 and not 核实数 and not 未报数 and not 欠报材料 and not 最接近 and not 复核不达标数 and not 已收到", _p("", "无。")),
            _p("Heading2", "（二）下一步工作"),
            _if("退回数 or 核实数", _p("", "对照差异报告逐条改正、核实或说明，尽快重新报送。")),
            _if("未报数", _p("", "尽快报送尚未填报的社区。")),
            _if("欠报材料", _p("", "补齐过期未报的材料。")),
            _if("复核不达标数", _p("", "核实复核不达标社区得分下降的原因，督促整改。")),
            _if("最接近", _p("", "对最接近达标的社区逐个指导，对照扣分的条款补齐短板。")),
            _p("", "巩固创建成果，继续开展绿色社区创建。"),
            *_ending("{{ 单位 }}（盖章）", "{{ 年度 }}年　　月　　日"),
        ]
    )


def _ending(signer: str, date: str) -> list[str]:
    return [
        _if("附件", _p("", "")),
        _for("行 in 附件", _p("Annexes", _ANNEX)),
        _p("", "", keep=True),
        _p("Signature", signer, keep=True),
        _p("Signature", date, keep=True),
        _p("", "", keep=True),
        _p("Fine", "{{ 出处 }}"),
    ]


def _narrower(width: float) -> float:
    """Of a table that has a column for the unit besides."""
    narrower: dict[float, float] = {24: 21, 65: 52, 15: 14, 13: 13}
    return narrower.get(width, width)


# --- Word's XML ---------------------------------------------------------------------------------------------------------


def _p(style: str, text: str, *, keep: bool = False) -> str:
    look = f'<w:pStyle w:val="{style}"/>' if style else ""
    look += "<w:keepNext/>" if keep else ""
    lines = "<w:r><w:br/></w:r>".join(f'<w:r><w:t xml:space="preserve">{html.escape(line, quote=False)}</w:t></w:r>' for line in text.split("\n"))
    return f"<w:p>{f'<w:pPr>{look}</w:pPr>' if look else ''}{lines if text else ''}</w:p>"


def _if(condition: str, *body: str) -> str:
    return _p("Tag", f"{{%p if {condition} %}}") + "".join(body) + _p("Tag", "{%p endif %}")


def _for(what: str, *body: str) -> str:
    return _p("Tag", f"{{%p for {what} %}}") + "".join(body) + _p("Tag", "{%p endfor %}")


def _table(columns: Sequence[tuple[str, float]], rows: str) -> str:
    widths = [width for _, width in columns]
    grid = "".join(f'<w:gridCol w:w="{round(width * _MM)}"/>' for width in widths)
    head = _row([(text, False) for text, _ in columns], widths, head=True)
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="{round(sum(widths) * _MM)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{rows}</w:tbl>'
    )


def _simple_table(rows: str, columns: Sequence[tuple[str, str, float, bool]]) -> str:
    widths = [width for *_, width, _ in columns]
    return _table(
        [(head, width) for head, _, width, _ in columns], _loop(rows, [(cell, left) for _, cell, _, left in columns], widths)
    )


def _loop(rows: str, cells: Sequence[tuple[str, bool]], widths: Sequence[float]) -> str:
    def tag(text: str) -> str:
        return _row([(text, True), *[("", False)] * (len(cells) - 1)], widths)

    return tag(f"{{%tr for 行 in {rows} %}}") + _row(cells, widths) + tag("{%tr endfor %}")


def _row(cells: Sequence[tuple[str, bool]], widths: Sequence[float], *, head: bool = False, bold: bool = False) -> str:
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{round(width * _MM)}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        f"{_p('TableHead' if head or bold else 'TableLeft' if left else 'TableText', text)}</w:tc>"
        for (text, left), width in zip(cells, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{made}</w:tr>"


def _chart(number: int, name: str, height: float) -> str:
    size = f'cx="{WIDE * _EMU}" cy="{round(height * _EMU)}"'
    return (
        '<w:p><w:pPr><w:pStyle w:val="Figure"/></w:pPr><w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent {size}/><wp:effectExtent l="0" t="0" r="0" b="0"/><wp:docPr id="{number}" name="图{number}" descr="{name}"/>'
        "<wp:cNvGraphicFramePr/><a:graphic>"
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        f'<c:chart r:id="rIdChart{number}"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
    )


def _document(body: str) -> str:
    right, bottom = PAPER[0] - LEFT - WIDE, PAPER[1] - TOP - HIGH
    # The page number stands 7 mm below the text block (GB/T 9704, 7.5); the rest down to the edge is the footer's distance.
    foot = round((bottom - 7) * _MM - SIZE_PAGE * 20)
    return (
        f"{_HEAD}<w:document {_NAMES}><w:body>{body}<w:sectPr>"
        '<w:footerReference w:type="default" r:id="rIdOdd"/><w:footerReference w:type="even" r:id="rIdEven"/>'
        f'<w:pgSz w:w="{round(PAPER[0] * _MM)}" w:h="{round(PAPER[1] * _MM)}"/>'
        f'<w:pgMar w:top="{round(TOP * _MM)}" w:right="{round(right * _MM)}" w:bottom="{round(bottom * _MM)}" '
        f'w:left="{round(LEFT * _MM)}" w:header="851" w:footer="{foot}" w:gutter="0"/>'
        f'<w:docGrid w:type="lines" w:linePitch="{_LINE}"/>'
        "</w:sectPr></w:body></w:document>"
    )


def _fonts(name: str) -> str:
    return f'<w:rFonts w:ascii="{name}" w:hAnsi="{name}" w:eastAsia="{name}" w:cs="{name}"/>'


def _style(
    key: str, name: str, font: str, size: float, *, indent: str = "", line: int = _LINE, exact: bool = True, align: str = "both",
    more: str = "", after: int = 0, before: int = 0, based: str = "Normal", next_: str = "", bold: bool = False, colour: str = "",
) -> str:  # fmt: skip
    rule = "exact" if exact else "auto"
    grid = "" if exact else '<w:snapToGrid w:val="0"/>'
    follow = f'<w:next w:val="{next_}"/>' if next_ else ""
    weight = "<w:b/>" if bold else ""
    tint = f'<w:color w:val="{colour}"/>' if colour else ""
    level = re.search(r"<w:outlineLvl[^>]*/>", more)
    more = more.replace(level[0], "") if level else more
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="{based}"/>{follow}<w:qFormat/>'
        f'<w:pPr>{more}{grid}<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="{rule}"/>'
        f'<w:ind {indent or _NO_INDENT}/><w:jc w:val="{align}"/>{level[0] if level else ""}</w:pPr>'
        f'<w:rPr>{_fonts(font)}{weight}{tint}<w:spacing w:val="{_TIGHTER if size == SIZE else 0}"/>'
        f'<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/></w:rPr></w:style>'
    )


_NO_INDENT = 'w:firstLine="0" w:firstLineChars="0"'
_TWO = f'w:firstLineChars="200" w:firstLine="{SIZE * 40}"'


def _styles() -> str:
    keep = "<w:keepNext/><w:keepLines/>"
    cell = "<w:keepLines/>"
    return (
        f'{_HEAD}<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr>{_fonts(FANG)}<w:kern w:val="2"/>'
        f'<w:sz w:val="{SIZE * 2}"/><w:szCs w:val="{SIZE * 2}"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr>'
        "</w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f'<w:pPr><w:widowControl w:val="0"/><w:spacing w:before="0" w:after="0" w:line="{_LINE}" w:lineRule="exact"/>'
        f'<w:ind {_TWO}/><w:jc w:val="both"/></w:pPr><w:rPr><w:spacing w:val="{_TIGHTER}"/></w:rPr></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:uiPriority w:val="99"/>'
        '<w:semiHidden/><w:unhideWhenUsed/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/>'
        '<w:left w:w="40" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="40" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
        '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>'
        + "".join(
            f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
            for side in ("top", "left", "bottom", "right", "insideH", "insideV")
        )
        + "</w:tblBorders></w:tblPr></w:style>"
        + _style("Title", "Title", TITLE, SIZE_TITLE, line=round(SIZE_TITLE * 1.5 * 20), align="center", more=keep, next_="Normal")
        + _style("Subtitle", "Subtitle", KAI, SIZE, align="center", next_="Normal")
        + _style("Receiver", "主送", FANG, SIZE, next_="Normal")
        + _style("Heading1", "heading 1", HEI, SIZE, indent=_TWO, more=keep + '<w:outlineLvl w:val="0"/>', next_="Normal")
        + _style("Heading2", "heading 2", KAI, SIZE, indent=_TWO, more=keep + '<w:outlineLvl w:val="1"/>', next_="Normal")
        + _style("Caption", "caption", HEI, SIZE_CAPTION, line=400, align="center", more="<w:keepNext/>", before=60, after=60)
        + _style("Figure", "图", FANG, SIZE, line=240, exact=False, align="center", more="<w:keepNext/>", before=120)
        + _style("TableText", "表内文字", FANG, SIZE_TABLE, line=240, exact=False, align="center", more=cell, before=30, after=30)
        + _style("TableLeft", "表内文字（左）", FANG, SIZE_TABLE, line=240, exact=False, align="left", more=cell, before=30, after=30)
        + _style("TableHead", "表头", HEI, SIZE_TABLE, line=240, exact=False, align="center", more=cell, before=30, after=30)
        + _style("Fine", "小字", FANG, SIZE_FINE, line=280, before=60, more="<w:keepLines/>")
        + _style("Annexes", "附件说明", FANG, SIZE, align="left", more=keep, indent=f'w:left="{SIZE * 120}" w:hanging="{SIZE * 80}"')
        + _style("Tag", "模板标记", FANG, SIZE_FINE, line=240, colour="8A5A00", align="left")
        + _style("Signature", "落款", FANG, SIZE, align="right", indent=f'{_NO_INDENT} w:rightChars="400" w:right="{SIZE * 80}"')
        + _style("Footer", "footer", SONG, SIZE_PAGE, line=240, exact=False)
        + "</w:styles>"
    )


def _footer(*, odd: bool) -> str:
    side, room = ("right", "right") if odd else ("left", "left")
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    return (
        f'{_HEAD}<w:ftr {_NAMES}><w:p><w:pPr><w:pStyle w:val="Footer"/><w:ind w:{room}="{SIZE_PAGE * 20}" {_NO_INDENT}/>'
        f'<w:jc w:val="{side}"/></w:pPr><w:r><w:t xml:space="preserve">— </w:t></w:r>{field}'
        '<w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>'
    )


def font_table() -> str:
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:panose1 w:val="{panose}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{family}"/><w:pitch w:val="{"fixed" if family == "modern" else "variable"}"/></w:font>'
        for name, (others, panose, family) in FONTS.items()
    )
    return f'{_HEAD}<w:fonts xmlns:w="{_W}">{fonts}</w:fonts>'


_SETTINGS = (
    f'{_HEAD}<w:settings xmlns:w="{_W}"><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/>'
    '<w:characterSpacingControl w:val="compressPunctuation"/><w:compat>'
    '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
    '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>'
)


def _save(target: Path, body: str, charts: dict[str, tuple[str, ChartData]]) -> None:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    types = {
        "word/document.xml": f"{word}.document.main+xml", "word/styles.xml": f"{word}.styles+xml",
        "word/settings.xml": f"{word}.settings+xml", "word/fontTable.xml": f"{word}.fontTable+xml",
        "word/footer1.xml": f"{word}.footer+xml", "word/footer2.xml": f"{word}.footer+xml",
        "word/theme/theme1.xml": "application/vnd.openxmlformats-officedocument.theme+xml",
    }  # fmt: skip
    rels = [
        ("rIdStyles", f"{base}/styles", "styles.xml"), ("rIdSettings", f"{base}/settings", "settings.xml"),
        ("rIdFonts", f"{base}/fontTable", "fontTable.xml"), ("rIdOdd", f"{base}/footer", "footer1.xml"),
        ("rIdEven", f"{base}/footer", "footer2.xml"), ("rIdTheme", f"{base}/theme", "theme/theme1.xml"),
    ]  # fmt: skip
    parts: dict[str, str | bytes] = {
        "word/document.xml": _document(body), "word/styles.xml": _styles(), "word/settings.xml": _SETTINGS,
        "word/fontTable.xml": font_table(), "word/footer1.xml": _footer(odd=True), "word/footer2.xml": _footer(odd=False),
        "word/theme/theme1.xml": _theme(),
    }  # fmt: skip
    for number, (chart, data) in enumerate(charts.values(), 1):
        name = f"word/charts/chart{number}.xml"
        parts[name] = chart
        parts[f"word/charts/_rels/chart{number}.xml.rels"] = _rels([(DATA_REL, f"{base}/package", f"../embeddings/chart_data{number}.xlsx")])
        parts[f"word/embeddings/chart_data{number}.xlsx"] = data.workbook()
        types[name] = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
        rels.append((f"rIdChart{number}", f"{base}/chart", f"charts/chart{number}.xml"))
    parts["word/_rels/document.xml.rels"] = _rels(rels)
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    content_types = (
        f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="xlsx" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"/>'
        f"{overrides}</Types>"
    )
    root = _rels([("rIdDocument", f"{base}/officeDocument", "word/document.xml")])
    with zipfile.ZipFile(target, "w") as packed:
        for name, part in {"[Content_Types].xml": content_types, "_rels/.rels": root, **parts}.items():
            packed.writestr(zipfile.ZipInfo(name, _ZIP_DATE), part, zipfile.ZIP_DEFLATED)


def _rels(relations: Sequence[tuple[str, str, str]]) -> str:
    made = "".join(f'<Relationship Id="{key}" Type="{kind}" Target="{to}"/>' for key, kind, to in relations)
    return f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{made}</Relationships>'


# --- charts -------------------------------------------------------------------------------------------------------------

_FONT = {"name": SONG, "size": 9}
_TICKS = {"major_tick_mark": "none", "minor_tick_mark": "none"}
_QUIET = {"color": "#D9DEDB", "width": 0.5}
_INK = "#1F5C45"


def _ratio_chart() -> tuple[str, ChartData]:
    data = ChartData(
        ("甲县", "乙县"), (Series("完成比例", (0, 0), 4, "0.00%"), Series("前一目标", (0, 0), 4, "0.00%"), Series("后一目标", (0, 0), 4, "0.00%"))
    )

    def draw(book: Any) -> Any:
        bars, lines = book.add_chart({"type": "column"}), book.add_chart({"type": "line"})
        label = {"value": True, "font": {"name": SONG, "size": 8}, "num_format": "0%"}
        bars.add_series({**_range(1), "fill": {"color": _INK}, "gap": 60, "data_labels": label})
        lines.add_series({**_range(2), "line": {"color": "#C77700", "width": 1.75, "dash_type": "dash"}, "marker": {"type": "none"}})
        lines.add_series({**_range(3), "line": {"color": "#B42318", "width": 1.75}, "marker": {"type": "none"}})
        bars.combine(lines)
        bars.set_x_axis({**_TICKS, "num_font": _FONT, "line": {"color": "#59635E"}})
        bars.set_y_axis(
            {
                **_TICKS, "num_font": _FONT, "num_format": "0%", "min": 0, "max": 1, "major_unit": 0.2,
                "major_gridlines": {"visible": True, "line": _QUIET},
            }
        )
        bars.set_legend({"position": "top", "font": _FONT})
        return bars

    return _drawn(draw), data


def _item_chart(names: Sequence[str]) -> tuple[str, ChartData]:
    data = ChartData(("1 甲", "2 乙"), tuple(Series(name, (0, 0), 2, "0.00") for name in names))

    def draw(book: Any) -> Any:
        bars = book.add_chart({"type": "bar"})
        for number, _ in enumerate(names):
            label = {"value": True, "font": {"name": SONG, "size": 8}, "num_format": "0.00"}
            fill = {"color": (_INK, "#B9C4BE")[number]}
            bars.add_series({**_range(number + 1), "fill": fill, "gap": 40, "data_labels": label})
        bars.set_y_axis({**_TICKS, "num_font": _FONT, "reverse": True, "line": {"color": "#59635E"}})
        bars.set_x_axis(
            {**_TICKS, "num_font": _FONT, "num_format": "0.0", "min": 0, "major_gridlines": {"visible": True, "line": _QUIET}}
        )
        bars.set_legend({"position": "top", "font": _FONT} if len(names) > 1 else {"none": True})
        return bars

    return _drawn(draw), data


def _standing_chart() -> tuple[str, ChartData]:
    data = ChartData(("达标", "未达标"), (Series("社区数", (0, 0)),))

    def draw(book: Any) -> Any:
        bars = book.add_chart({"type": "bar"})
        bars.add_series({**_range(1), "fill": {"color": _INK}, "gap": 50, "data_labels": {"value": True, "font": _FONT}})
        bars.set_y_axis({**_TICKS, "num_font": _FONT, "reverse": True, "line": {"color": "#59635E"}})
        bars.set_x_axis(
            {**_TICKS, "num_font": _FONT, "num_format": "0", "min": 0, "major_gridlines": {"visible": True, "line": _QUIET}}
        )
        bars.set_legend({"none": True})
        return bars

    return _drawn(draw), data


def _range(column: int) -> dict[str, Any]:
    return {"name": ["数据", 0, column], "categories": ["数据", 1, 0, 2, 0], "values": ["数据", 1, column, 2, column]}


def _theme() -> bytes:
    """Office's own theme: the colours that Word gives to what has none."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.add_worksheet()
    return zipfile.ZipFile(target).read("xl/theme/theme1.xml")


def _drawn(draw: Any) -> str:
    """The chart as XlsxWriter draws it, fit for Word: with all switches that Word's charts have, and pointing to its workbook."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("数据")
        sheet.write_row(0, 1, ["甲", "乙", "丙"])
        sheet.insert_chart(5, 5, draw(book))
    xml = zipfile.ZipFile(target).read("xl/charts/chart1.xml").decode()
    xml = re.sub(r"<c:printSettings>.*?</c:printSettings>", "", xml)
    xml = xml.replace('<c:lang val="en-US"/>', '<c:lang val="zh-CN"/><c:roundedCorners val="0"/>')
    xml = re.sub(r"<c:delete val=[^>]*/>", "", xml).replace("</c:scaling>", '</c:scaling><c:delete val="0"/>')
    xml = re.sub(r"(<c:chart>)(?!<c:autoTitleDeleted)", r'\1<c:autoTitleDeleted val="1"/>', xml)
    # What is not said counts as yes.
    shown = "".join(f'<c:{name} val="0"/>' for name in ("showCatName", "showSerName", "showPercent", "showBubbleSize"))
    xml = xml.replace('<c:showVal val="1"/>', f'<c:showLegendKey val="0"/><c:showVal val="1"/>{shown}')
    xml = re.sub(r'(<c:grouping val="[a-z]+"/>)', r'\1<c:varyColors val="0"/>', xml)
    frame = '<c:spPr><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill><a:ln><a:noFill/></a:ln></c:spPr>'
    data = f'<c:externalData r:id="{DATA_REL}"><c:autoUpdate val="0"/></c:externalData>'
    return xml.replace("</c:chartSpace>", f"{frame}{data}</c:chartSpace>")
