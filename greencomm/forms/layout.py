"""Labels and order of the county workbook (contract): the one place that issue, read and return share.

Everything received is found by these labels, never by an address.
"""

from __future__ import annotations

import datetime
from enum import StrEnum

TEMPLATE_VERSION = "1.1"
PROGRAMME = "绿色社区创建"
"""Written into ``_meta``; a workbook of another programme has another word there."""

GUIDE_SHEET = "填报说明"
SUMMARY_SHEET = "汇总"
META_SHEET = "_meta"
ISSUES_SHEET = "问题清单"
"""Only in a returned workbook: all findings, with the columns that the county answers in."""
LEFT_SHEET = "未带入内容"
"""Only in a returned workbook: what was received and could not be carried over into it."""
OPINION = "审核意见"
"""Only in a returned workbook: the column beside a community's table with what was found in each row."""


PROGRESS = "整改状态"
"""Only in a returned workbook: the column beside 审核意见 that says live what is still to be corrected."""
ORIGINAL, EDITED = "原填内容", "改动标记"
"""Only in a returned workbook: hidden columns beside a community's table, for telling whether a cell was edited."""
OPINION_MARK = "【"
"""How every text of this program in 审核意见 begins; what begins otherwise was typed there by somebody."""


class IssueColumn(StrEnum):
    """Headers of 问题清单 in a returned workbook, in their order."""

    NUMBER = "序号"
    SEVERITY = "类别"
    IMPACT = "影响"
    RULE = "编号"
    COMMUNITY = "社区"
    CODE = "社区代码"
    CLAUSE = "条款"
    PLACE = "位置"
    VALUE = "填报内容"
    OPINION = "审核意见"
    FIX = "怎样修改"
    REMEDY = "整改情况"
    EXPLANATION = "情况说明"
    STATE = "状态"
    TOKEN = "校验码"


class Heading(StrEnum):
    """Labels of a community sheet's heading block; the value stands in the next cell to the right."""

    COUNTY = "县（市、区）"
    NAME = "社区名称"
    CODE = "社区代码"
    YEAR = "年度"
    AUTHOR = "填表人"
    DATE = "填表日期"
    CLAIM = "申报绿色社区"
    TOTAL = "自评总分"


class Column(StrEnum):
    """Headers of a community sheet's table, in the order in which forms are issued."""

    CLAUSE = "条款"
    CONTENT = "内容"
    POINTS = "分值"
    STANDARD = "建设标准"
    CRITERION = "评分标准"
    ACTUAL = "实际值"
    STATED = "扣分"
    DUE = "应扣"
    SCORE = "得分"
    STATUS = "填报状态"
    EVIDENCE = "说明及佐证材料"


STATED_HEADER = "扣分（第{item}项填加分）"
"""The header of 扣分 as issued; ``item`` is the number of the item that adds points."""
TOTAL_ROW = "合计"


class Summary(StrEnum):
    """Labels of the heading block of 汇总."""

    UNIT = "填报单位"
    DATE = "填报时间"
    CONTACT = "联系人"
    PHONE = "联系电话"
    SUBMISSION = "报送批次"


class Meta(StrEnum):
    """Keys of the very hidden ``_meta`` sheet: key in column A, value in B."""

    PROGRAMME = "programme"
    TEMPLATE = "template_version"
    STANDARD = "standard_id"
    STANDARD_HASH = "standard_sha256"
    UNIT = "unit_code"
    YEAR = "year"
    PHASE = "phase"
    KIND = "kind"
    """``sample`` or ``real``."""
    SHEET = "sheet"
    """One row per community sheet: ``sheet`` in A, the sheet's name in B, the community's code in C."""


SAMPLE, REAL = "sample", "real"
SAMPLE_MARK = "示例"

PROVENANCE = ("标准", "标准校验码", "程序版本", "审核日期", "输入校验码")
"""Document properties of every workbook of results: what its figures were made from. Fill-in workbooks have none of them."""
PROVENANCE_KIND = "文件"
"""Beside them: which output it is, in the word that people know it by."""
LETTER_NAMES = ("退回修改", "审核通过", "催报")
"""What the file of a letter is called behind the unit's name."""

# What live formulas show; the differential test and the review's view of a live cell use the same words.
WRONG = "有误"
STATUS_BLANK = "待填"
"""How the 填报状态 of a blank clause begins; what is wanted follows."""
STATUS_DONE = "已填"
STATUS_NO_REASON = "请填扣分理由"
STATUS_DIFFERS = "与实际值不符"
STATUS_NO_ACTUAL = "请补实际值"


def status_blank(wanted: str) -> str:
    """What 填报状态 shows for a clause without an answer: ``待填：0或3``."""
    return f"{STATUS_BLANK}：{wanted}"


def status_wrong(allowed: str) -> str:
    """What 填报状态 shows for an entry that cannot be: ``有误，应填0或3``."""
    return f"{WRONG}，应填{allowed}"


def total_unfinished(missing: int, wrong: int) -> str:
    """What a total shows before every clause has its deduction: ``还差3项，有误2项``."""
    parts = ([f"还差{missing}项"] if missing else []) + ([f"{WRONG}{wrong}项"] if wrong else [])
    return "，".join(parts)


def issue_stamp(year: int) -> datetime.datetime:
    """When an issued form says that it was saved (UTC): a fixed time instead of the clock's, until somebody saves it."""
    return datetime.datetime(year, 1, 1)
