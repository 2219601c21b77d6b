"""Writes the roster's workbook as ``greencomm.roster`` reads it: the shipped one, and an empty one to start from."""

from __future__ import annotations

import datetime
import errno
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range

from greencomm import durable
from greencomm.ledger import LEDGER_SHEET, LedgerColumn, LedgerRow
from greencomm.paper import row_height, text_width
from greencomm.roster import (
    BATCH_SHEET,
    COMMUNITY_SHEET,
    EXAMPLE,
    GUIDE_SHEET,
    UNIT_SHEET,
    WAIVER_SHEET,
    BatchLabel,
    Community,
    CommunityColumn,
    Unit,
    UnitColumn,
    WaiverColumn,
    former_codes_of,
)
from greencomm.standard import ANNUAL, PHASE_TITLES, SELF_EVALUATION, Standard

_CREATED = datetime.datetime(2021, 1, 12)
"""Stored in the document instead of the clock, so that the same roster is the same bytes."""
_FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
_LINE = {"border": 1, "border_color": "#BFBFBF"}
_TEXT = "@"
_FAINT = {"num_format": _TEXT, "text_wrap": True, "indent": 1, "italic": True, "font_color": "#7F7F7F", "bg_color": "#F2F2F2"}
"""How an example looks."""
_DATE = "yyyy-mm-dd"
_EMPTY_ROWS = 10
"""Ruled rows below the last one, so that there is room to go on."""
_DROPDOWN_ROWS = 5000

_TO_FILL = (BatchLabel.UNIT, BatchLabel.CONTACT, BatchLabel.PHONE)
"""What only the clerk knows."""
_BATCH_DATES = (BatchLabel.SELF_EVALUATION_DUE, BatchLabel.ANNUAL_DUE, BatchLabel.FORM_DATE)
_WIDTHS = {
    UnitColumn.CODE: 14,
    UnitColumn.NAME: 24,
    UnitColumn.FORMER_CODES: 20,
    UnitColumn.FORMER_NAMES: 24,
    UnitColumn.STANDARD: 24,
    UnitColumn.CONTACT: 14,
    UnitColumn.PHONE: 18,
    UnitColumn.EMAIL: 28,
    CommunityColumn.COUNTY: 16,
    CommunityColumn.TOWN: 24,
    CommunityColumn.CODE: 18,
    CommunityColumn.NAME: 40,
    CommunityColumn.FORMER_NAMES: 30,
    CommunityColumn.UNIT: 20,
    CommunityColumn.PILOT: 10,
    WaiverColumn.CLAUSE: 10,
    WaiverColumn.RULE: 12,
    WaiverColumn.WHO: 12,
    WaiverColumn.REASON: 50,
    WaiverColumn.DATE: 14,
    CommunityColumn.FORMER_CODES: 30,
    LedgerColumn.ITEM: 28,
    LedgerColumn.TEXT: 44,
    LedgerColumn.RECEIVED: 14,
    LedgerColumn.NUMBER: 24,
    LedgerColumn.REMARK: 30,
}


def write_starter(path: Path, standard: Standard, day: datetime.date) -> None:
    """A roster to begin with, for a prefecture that has none yet (S-58): whole or absent, never put over a file.

    Year, phase and deadlines are filled from the standard and the day of the run; example rows are marked and are no
    data. Same day, same bytes. Raises FileExistsError where ``path`` is taken, OSError where it cannot be written.
    """
    if durable.is_there(path):
        raise FileExistsError(errno.EEXIST, "", str(path))
    durable.write_file(path, _starter(standard, day))


def is_untouched_starter(path: Path, standard: Standard) -> bool:
    """Whether a file is, byte by byte, a starter as this program writes it: nobody's work is in it. Raises OSError."""
    if not durable.is_plain_file(path):
        return False
    there = path.read_bytes()
    # All that the day decides is the year and the phase: first and last day of each year give every starter there is.
    days = (datetime.date(year, month, day) for year in standard.annex2.years for month, day in ((1, 1), (12, 31)))
    return any(_starter(standard, each) == there for each in days)


def _starter(standard: Standard, day: datetime.date) -> bytes:
    year = min(max(day.year, min(standard.annex2.years)), max(standard.annex2.years))
    due = {phase: standard.deadline(phase).in_year(year) for phase in (SELF_EVALUATION, ANNUAL)}
    batch: dict[BatchLabel, str | int | datetime.date] = {
        BatchLabel.REGION: standard.region,
        BatchLabel.YEAR: year,
        BatchLabel.PHASE: PHASE_TITLES[SELF_EVALUATION if day <= due[SELF_EVALUATION] else ANNUAL],
        BatchLabel.SELF_EVALUATION_DUE: due[SELF_EVALUATION],
        BatchLabel.ANNUAL_DUE: due[ANNUAL],
    }
    made = io.BytesIO()
    _write(made, standard, batch, (), (), (), starter=True)
    return made.getvalue()


def write_roster(
    path: Path,
    standard: Standard,
    batch: Mapping[BatchLabel, str | int | datetime.date],
    units: Sequence[Unit],
    communities: Sequence[Community],
    ledger: Sequence[LedgerRow] = (),
) -> None:
    """Write a roster; labels absent from ``batch`` stay blank. Same values, same bytes.

    Former codes of communities are written only where any differs from what follows from its unit's.
    """
    _write(str(path), standard, batch, units, communities, ledger, starter=False)


def _write(
    target: str | io.BytesIO,
    standard: Standard,
    batch: Mapping[BatchLabel, str | int | datetime.date],
    units: Sequence[Unit],
    communities: Sequence[Community],
    ledger: Sequence[LedgerRow],
    *,
    starter: bool,
) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": f"{standard.region}绿色社区创建名册", "created": _CREATED})
        _batch_sheet(book, standard, batch, starter=starter)
        _unit_sheet(book, units, _UNIT_EXAMPLES if starter else [])
        _community_sheet(book, standard, units, communities, _community_examples(standard) if starter else [])
        _page(_table_sheet(book, WAIVER_SHEET, list(WaiverColumn), []), landscape=True)
        _ledger_sheet(book, standard, units, ledger, starter=starter)
        _guide_sheet(book, standard, _BEGIN if starter else [])


def _example(*cells: str) -> list[str]:
    return [f"{EXAMPLE}{cell}" if cell else "" for cell in cells]


_UNIT_EXAMPLES = [
    _example("532301", "楚雄市", "", "", "", "李明", "0878-3100000", "zjj@example.cn"),
    _example("532302", "禄丰市", "532331", "禄丰县", "", "", "", ""),
]


def _community_examples(standard: Standard) -> list[list[str]]:
    return [
        _example("楚雄市", "鹿城镇", "532301101001", "东兴社区居民委员会", "", "", standard.reading.yes),
        _example("楚雄市", "东瓜镇", "532301102001", "某某社区居民委员会", "", "楚雄高新区", ""),
    ]


_BEGIN = [
    ("先看这里", "第1步", f"“{BATCH_SHEET}”：黄色的格子请填写；已经填好的年度、阶段和截止日期请核对。", ""),
    ("先看这里", "第2步", f"“{UNIT_SHEET}”：在示例下面，每个报送材料的县（市）、开发区填一行。", ""),
    (
        "先看这里",
        "第3步",
        f"“{COMMUNITY_SHEET}”：在示例下面，每个城市社区填一行。可以从统计用区划代码表中整列复制过来，粘贴时选“只粘贴值”。",
        "",
    ),
    (
        "先看这里",
        "示例",
        f"灰色、以“{EXAMPLE}”开头的行是示例，程序不把它们当作数据，可以留着，也可以整行删去。其他的表现在不用填。",
        f"{EXAMPLE}楚雄市",
    ),
    ("先看这里", "填好以后", "保存、关闭，再运行一次程序；还缺什么，程序会写明是哪张表的哪一格。", ""),
]
"""What the starter's guide says before all else."""


def _header_format(book: Any) -> Any:
    return book.add_format(_FONT | _LINE | {"bold": True, "bg_color": "#DDEBDA", "align": "center", "text_wrap": True})


def _page(sheet: Any, *, landscape: bool) -> None:
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.freeze_panes(1, 0)


def _put(sheet: Any, row: int, column: int, value: str | int | datetime.date, cell_format: Any) -> None:
    """A value by its type; a text is never taken for a formula."""
    if isinstance(value, datetime.date):
        sheet.write_datetime(row, column, value, cell_format)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, cell_format)
    elif value:
        sheet.write_string(row, column, value, cell_format)
    else:
        sheet.write_blank(row, column, None, cell_format)


def _batch_sheet(
    book: Any, standard: Standard, batch: Mapping[BatchLabel, str | int | datetime.date], *, starter: bool
) -> None:
    sheet = book.add_worksheet(BATCH_SHEET)
    header = _header_format(book)
    label_format = book.add_format(_FONT | _LINE | {"bold": True, "bg_color": "#F2F2F2", "indent": 1})
    hint_format = book.add_format(_FONT | {"font_color": "#595959", "text_wrap": True, "indent": 1})
    formats = {
        number_format: book.add_format(
            _FONT | _LINE | {"num_format": number_format, "align": "left", "indent": 1, "text_wrap": True}
        )
        for number_format in (_TEXT, _DATE, "0")
    }
    to_fill = book.add_format(_FONT | _LINE | {"num_format": _TEXT, "indent": 1, "text_wrap": True, "bg_color": "#FFF2CC"}) if starter else None
    widths = (22, 44, 70)
    for column, (title, width) in enumerate(zip(("项目", "填写", "怎么填"), widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, header)
    sheet.set_row(0, 24)
    hints = _batch_hints(standard)
    if starter:
        hints |= {label: f"已填好，请核对。{hints[label]}" for label in (*batch,) if label is not BatchLabel.REGION}
        years = "、".join(map(str, standard.annex2.years))
        hints[BatchLabel.YEAR] += f"按通知，附件2现有{years}年度。"
    for row, label in enumerate(BatchLabel, 1):
        value = batch.get(label, "")
        number_format = _DATE if label in _BATCH_DATES else "0" if label is BatchLabel.YEAR else _TEXT
        sheet.write_string(row, 0, label.value, label_format)
        _put(sheet, row, 1, value, to_fill if to_fill and label in _TO_FILL else formats[number_format])
        sheet.write_string(row, 2, hints[label], hint_format)
        sheet.set_row(row, row_height([(str(value), widths[1]), (hints[label], widths[2])], least=24))
        if label is BatchLabel.PHASE:
            sheet.data_validation(row, 1, row, 1, _choice(list(PHASE_TITLES.values()), "阶段"))
    _page(sheet, landscape=True)


def _batch_hints(standard: Standard) -> dict[BatchLabel, str]:
    def due(phase: str) -> str:
        deadline = standard.deadline(phase)
        return f"写成 2021-08-31 这样的日期；空白时按通知为当年{deadline.month}月{deadline.day}日。"

    return {
        BatchLabel.REGION: f"全州的名称；空白时为“{standard.region}”。",
        BatchLabel.YEAR: "必填，四位数的年份，例如 2021。",
        BatchLabel.PHASE: f"必填，从下拉框中选“{'”或“'.join(PHASE_TITLES.values())}”。",
        BatchLabel.UNIT: "印在《汇总表》“填报单位（盖章）”处的单位全称。",
        BatchLabel.CONTACT: "印在《汇总表》上。",
        BatchLabel.PHONE: "印在《汇总表》上。",
        BatchLabel.EMAIL: "可留空。填了的，给各单位的邮件草稿以它为发件人，例如 zjj@example.cn。",
        BatchLabel.SELF_EVALUATION_DUE: due(SELF_EVALUATION),
        BatchLabel.ANNUAL_DUE: due(ANNUAL),
        BatchLabel.FORM_DATE: "印在《汇总表》上的日期；空白时用审核当天的日期。",
    }


def _choice(values: list[str], title: str) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": values,
        "error_title": title,
        "error_message": f"请填“{'”或“'.join(values)}”{'' if len(values) > 1 else '，或留空'}。",
    }


def _table_sheet(
    book: Any,
    name: str,
    columns: Sequence[UnitColumn | CommunityColumn | WaiverColumn | LedgerColumn],
    rows: list[list[str]],
    examples: Sequence[list[str]] = (),
) -> Any:
    """A sheet with a header row and rows of text; whole columns are text, so that a code typed later keeps its digits.

    ``examples`` stand above all rows, in another colour."""
    sheet = book.add_worksheet(name)
    header = _header_format(book)
    plain = book.add_format(_FONT | {"num_format": _TEXT, "text_wrap": True, "indent": 1})
    ruled = book.add_format(_FONT | _LINE | {"num_format": _TEXT, "text_wrap": True, "indent": 1})
    widths = [
        max(_WIDTHS[column], *(text_width(example[at]) + 4 for example in examples)) if examples else _WIDTHS[column]
        for at, column in enumerate(columns)
    ]
    faint = book.add_format(_FONT | _LINE | _FAINT) if examples else None
    for at, column in enumerate(columns):
        sheet.set_column(at, at, widths[at], plain)
        sheet.write_string(0, at, column.value, header)
    sheet.set_row(0, 24)
    for number, row in enumerate([*examples, *rows, *[[""] * len(columns)] * _EMPTY_ROWS], 1):
        for at, value in enumerate(row):
            _put(sheet, number, at, value, faint if number <= len(examples) else ruled)
        sheet.set_row(number, row_height(list(zip(row, widths, strict=True))))
    last = len(examples) + len(rows) + _EMPTY_ROWS
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.ignore_errors({"number_stored_as_text": xl_range(1, 0, last, len(columns) - 1)})
    return sheet


def _unit_sheet(book: Any, units: Sequence[Unit], examples: Sequence[list[str]]) -> None:
    rows = [
        [
            unit.code,
            unit.name,
            "、".join(unit.former_codes),
            "、".join(unit.former_names),
            unit.standard,
            unit.contact,
            unit.phone,
            unit.email,
        ]
        for unit in units
    ]
    _page(_table_sheet(book, UNIT_SHEET, list(UnitColumn), rows, examples), landscape=True)


def _community_sheet(
    book: Any, standard: Standard, units: Sequence[Unit], communities: Sequence[Community], examples: Sequence[list[str]]
) -> None:
    names = {unit.code: unit.name for unit in units}
    derived = {unit.code: unit.former_codes for unit in units}
    stated = {
        community.code: "、".join(community.former_codes)
        for community in communities
        if community.former_codes != former_codes_of(community.code, community.unit, derived[community.unit])
    }
    columns = [column for column in CommunityColumn if stated or column is not CommunityColumn.FORMER_CODES]
    yes = standard.reading.yes
    rows = []
    for community in communities:
        unit = names[community.unit]
        rows.append(
            [
                community.county,
                community.town,
                community.code,
                community.name,
                "、".join(community.former_names),
                "" if unit == community.county else unit,
                yes if community.pilot else "",
                *([stated.get(community.code, "")] if stated else []),
            ]
        )
    sheet = _table_sheet(book, COMMUNITY_SHEET, columns, rows, examples)
    pilot = columns.index(CommunityColumn.PILOT)
    sheet.data_validation(1, pilot, _DROPDOWN_ROWS, pilot, _choice([yes], "试点"))
    _page(sheet, landscape=True)


def _ledger_sheet(
    book: Any, standard: Standard, units: Sequence[Unit], ledger: Sequence[LedgerRow], *, starter: bool
) -> None:
    columns = list(LedgerColumn)
    names = {unit.code: unit.name for unit in units}
    titles = {deliverable.id: deliverable.name for deliverable in standard.deliverables}
    rows = [
        [
            names[entry.unit] if entry.unit else "",
            titles[entry.deliverable],
            entry.text,
            entry.received.isoformat() if entry.received else "",
            entry.number,
            entry.remark,
        ]
        for entry in ledger
    ]
    sheet = _table_sheet(book, LEDGER_SHEET, columns, rows)
    unit, item = columns.index(LedgerColumn.UNIT), columns.index(LedgerColumn.ITEM)
    if units or starter:
        # The names of 填报单位, so that a unit added there can be chosen here; examples cannot.
        first = len(_UNIT_EXAMPLES) + 2 if starter else 2
        source = f"='{UNIT_SHEET}'!$B${first}:$B${first + len(units) + _EMPTY_ROWS - 1}"
        sheet.data_validation(1, unit, _DROPDOWN_ROWS, unit, {"validate": "list", "source": source, "error_type": "warning"})
    sheet.data_validation(1, item, _DROPDOWN_ROWS, item, _choice(list(titles.values()), LedgerColumn.ITEM.value))
    _page(sheet, landscape=True)


def _guide_sheet(book: Any, standard: Standard, first: Sequence[tuple[str, str, str, str]]) -> None:
    """What each sheet and column is for, in a clerk's words."""
    sheet = book.add_worksheet(GUIDE_SHEET)
    header = _header_format(book)
    body = book.add_format(_FONT | _LINE | {"text_wrap": True, "indent": 1})
    urban, yes = standard.urban_community, standard.reading.yes
    rows: list[tuple[str, str, str, str]] = [
        *first,
        (BATCH_SHEET, "全表", "本次收什么、由谁收、何时截止。A列是项目，B列填写，C列是说明。", ""),
        (UNIT_SHEET, "全表", "每个报送材料的县（市）和开发区一行；各行的先后就是《汇总表》的先后。", ""),
        (UNIT_SHEET, UnitColumn.CODE, "必填。县（市）的6位区划代码；开发区可自编6位或9位数字，不能重复。", "532301"),
        (UNIT_SHEET, UnitColumn.NAME, "必填。现在的名称，不能重复。", "楚雄市"),
        (UNIT_SHEET, UnitColumn.FORMER_CODES, "变更以前的代码。变更前后视为同一单位；有几个时用“、”隔开。", "532331"),
        (UNIT_SHEET, UnitColumn.FORMER_NAMES, "变更以前的名称，有几个时用“、”隔开。", "禄丰县"),
        (
            UNIT_SHEET,
            UnitColumn.STANDARD,
            "该县（市）自定标准的编号（id）或文件名，标准文件放在名册旁边的“标准”文件夹；用州的标准时留空。",
            "",
        ),
        (UNIT_SHEET, UnitColumn.CONTACT, "可留空。催报时找谁，列在“status.xlsx”的“催报”中。", "李明"),
        (UNIT_SHEET, UnitColumn.PHONE, "可留空。催报时打的电话。", "0878-3100000"),
        (
            UNIT_SHEET,
            UnitColumn.EMAIL,
            "可留空。填了的，给该单位的邮件草稿写好收件人；有几个时用“、”隔开。",
            "zjj@example.cn",
        ),
        (COMMUNITY_SHEET, "全表", "每个城市社区（居民委员会）一行，不论是否参加创建。完成比例以这里的社区数为分母。", ""),
        (COMMUNITY_SHEET, CommunityColumn.COUNTY, f"社区所在的县（市），写法与“{UNIT_SHEET}”中的名称相同。", "楚雄市"),
        (COMMUNITY_SHEET, CommunityColumn.TOWN, "社区所在的乡镇或街道。", "鹿城镇"),
        (
            COMMUNITY_SHEET,
            CommunityColumn.CODE,
            f"必填。12位统计用区划代码，不能重复。末{urban.digits}位在{urban.allowed}之间的才是居民委员会；"
            "其他的（如村民委员会）会列入提示，不计入社区数。",
            "532301101001",
        ),
        (COMMUNITY_SHEET, CommunityColumn.NAME, "必填。按公布的全称填写。", "东兴社区居民委员会"),
        (COMMUNITY_SHEET, CommunityColumn.FORMER_NAMES, "变更以前的名称，有几个时用“、”隔开。", ""),
        (
            COMMUNITY_SHEET,
            CommunityColumn.UNIT,
            "由本县（市）报送的留空；由开发区等其他单位报送的，填该单位的名称。一个社区只计入一个单位。",
            "",
        ),
        (COMMUNITY_SHEET, CommunityColumn.PILOT, f"试点社区填“{yes}”，其他留空。", yes),
        (
            COMMUNITY_SHEET,
            CommunityColumn.FORMER_CODES,
            f"一般不用这一列：社区以前的代码由“{UNIT_SHEET}”的“{UnitColumn.FORMER_CODES}”推出。"
            "推出的不对时，可在表头右边加上这一列，填该社区以前的12位代码。几个社区合并的，填合并前各社区的代码，用“、”隔开；"
            "一个社区拆分成几个的，几个社区都填拆分前的代码。",
            "532331101001",
        ),
        (
            WAIVER_SHEET,
            "全表",
            "州里决定不必再改的问题，每个决定一行；没有的留空。免予处理只了结问题，不改变得分和是否达标；缺项、对不上的行会提示，不采用。",
            "",
        ),
        (WAIVER_SHEET, WaiverColumn.UNIT, f"问题所属的填报单位，写法与“{UNIT_SHEET}”中的名称相同。", "楚雄市"),
        (
            WAIVER_SHEET,
            WaiverColumn.COMMUNITY,
            "问题所在社区的12位代码；关于文件和“汇总”表的问题留空。",
            "532301101001",
        ),
        (WAIVER_SHEET, WaiverColumn.CLAUSE, "问题所在的条款；留空表示该社区的这一编号全部免予处理。", "8.1"),
        (WAIVER_SHEET, WaiverColumn.RULE, "必填。差异报告“问题清单”中的编号。", "C07"),
        (WAIVER_SHEET, WaiverColumn.WHO, "必填。批准人姓名。", "张三"),
        (WAIVER_SHEET, WaiverColumn.REASON, "必填。为什么可以不改。", "现场核实，以实际值为准"),
        (WAIVER_SHEET, WaiverColumn.DATE, "必填。批准的日期。", "2021-10-15"),
        (
            LEDGER_SHEET,
            "全表",
            "各单位报来的实施方案、名单、报告等，以及示范教育基地、表扬，收到一件填一行；没有的留空。"
            "结果文件夹中的“报送台账.xlsx”据此列出谁还欠什么；认不出的行会提示，不采用，也不影响审核。",
            "",
        ),
        (LEDGER_SHEET, LedgerColumn.UNIT, "必填，从下拉框中选。州里自己的示范、表扬可留空。", "楚雄市"),
        (LEDGER_SHEET, LedgerColumn.ITEM, "必填，从下拉框中选。", standard.deliverables[0].name if standard.deliverables else ""),
        (
            LEDGER_SHEET,
            LedgerColumn.TEXT,
            "文件的标题，或基地、单位、个人的名称。每年都报的事项写明年度；没写的，按收到日期算最近一次该报的。",
            "2021年度总结评估报告",
        ),
        (LEDGER_SHEET, LedgerColumn.RECEIVED, "收到的日期，用来判断是否迟报。空白的按“已报、日期不详”。", "2021-03-29"),
        (LEDGER_SHEET, LedgerColumn.NUMBER, "来文的文号，可留空。", "楚市住建〔2021〕5号"),
        (LEDGER_SHEET, LedgerColumn.REMARK, "可留空，例如“盖章件”“电子版”。", "盖章件"),
        ("各表", "", "列的先后可以调换，可以另加别的列和工作表；工作表名称和列的标题请不要改。空白行没有影响。", ""),
    ]
    titles = ("工作表", "栏目", "怎么填", "例")
    widths = (14, 20, 84, max(text_width(row[3]) for row in rows) + 2)
    for column, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, header)
    sheet.set_row(0, 24)
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row):
            sheet.write_string(number, column, str(text), body)
        sheet.set_row(number, row_height([(str(text), width) for text, width in zip(row, widths, strict=True)], least=24))
    _page(sheet, landscape=True)
