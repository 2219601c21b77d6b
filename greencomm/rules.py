"""The catalogue of rules: every Chinese sentence of the review on one page, for one officer to proofread.

A rule is a check of ours; a finding is one instance of it. Codes are grouped by subject and never reused:
F file · S sheet · H heading · C clause · T totals · K claim · U unit's summary · R roster · Y years before · X program.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from greencomm.findings import Finding, Impact, Misreading, Place, Severity
from greencomm.texts import quoted

SUBJECTS = {
    "F": "文件",
    "S": "工作表",
    "H": "表头",
    "C": "条款填报",
    "T": "得分与合计",
    "K": "申报",
    "U": "汇总表",
    "R": "名册",
    "Y": "往年名单",
    "X": "程序",
}


class Scope(StrEnum):
    """What a rule looks at, one thing at a time; the value is the word that people see. ``coverage`` counts them (S-28)."""

    OPENED = "打开的文件"
    """Files that the program tried to read: neither roster nor standard, nor ignored, nor an archive that was opened."""
    WORKBOOK = "读出的工作簿"
    ACCEPTED = "采用的工作簿"
    SUBMISSION = "单位的报送"
    SHEET = "社区表"
    """Sheets of accepted workbooks that are, or look like, a community's."""
    REPORTED = "有表的社区"
    ROW = "社区表×条款"
    COMMUNITY = "名册中的社区"
    CLAUSE = "社区×条款"
    """Communities of the roster × clauses of their standard, like the next five."""
    MEASURED = "社区×填实际值的条款"
    UNMEASURED = "社区×只填扣分的条款"
    DISCRETIONARY = "社区×酌情扣分的条款"
    AWARD = "社区×加分的条款"
    ANSWER = "实际值、扣分单元格"
    """扣分 of every clause, 实际值 where the clause asks for it."""
    ITEM = "社区×扣分的项"
    TOTAL = "合计和自评总分"
    """Two cells of every community."""
    ROSTER_ROW = "社区名册的行"
    FORMER_CODE = "名册中的曾用代码"
    WAIVER = "免予处理的行"
    LEDGER = "报送台账"
    LEDGER_ROW = "报送台账的行"
    LISTED = "已在往年名单上的社区"
    """Communities of this year's roster that stand on an earlier list."""
    FOLLOWED = "往年名单上、本年名册中有的社区"
    ENTRY = "往年名单的条目"
    CLOSED_UNIT = "往年附件2的单位"


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: ``message`` says what is wrong, ``fix`` what to do; {words} are filled in for each finding."""

    code: str
    severity: Severity
    scope: Scope
    title: str
    message: str
    fix: str
    decisions: tuple[str, ...] = ()
    family: str = ""
    """Code that rules share which tell one fault in different shapes: from one submission to the next it is the same finding."""
    healed: bool = False
    """Whether a fresh form makes the fault disappear by itself, without anything that the county did."""
    several: bool = False
    """Whether one thing of its scope may have several findings of it; else it has at most one."""

    @property
    def subject(self) -> str:
        """Chinese name of the rule's group."""
        return SUBJECTS[self.code[0]]

    def at(
        self,
        place: Place,
        *,
        found: str = "",
        expected: str = "",
        decides: bool = False,
        about: str = "",
        value: str | None = None,
        lowest: int | None = None,
        highest: int | None = None,
        **words: object,
    ) -> Finding:
        """The finding of this rule at one place. ``value`` is what an explanation would explain (default: ``found``).

        ``lowest`` and ``highest`` are the points that the community may still reach, kept where it ``decides``.
        """
        typed = found if value is None else value
        found, expected = quoted(found), quoted(expected)
        words = {word: quoted(text) if isinstance(text, str) else text for word, text in words.items()}
        words |= {"found": found, "expected": expected}
        return Finding(
            rule=self.code,
            severity=self.severity,
            place=place,
            message=self.message.format(**words),
            fix=self.fix.format(**words),
            title=self.title,
            found=found,
            expected=expected,
            decides=decides,
            about=about,
            value=typed,
            impact=Impact.MARK if decides else Impact.NONE,
            lowest=lowest if decides else None,
            highest=highest if decides else None,
        )


CATALOGUE: dict[str, Rule] = {}


def _rule(
    code: str, severity: Severity, scope: Scope, title: str, message: str, fix: str, *decisions: str,
    family: str = "", healed: bool = False, several: bool = False,
) -> Rule:  # fmt: skip
    if code in CATALOGUE:
        raise ValueError(f"rule code used twice: {code}")
    rule = CATALOGUE[code] = Rule(code, severity, scope, title, message, fix, decisions, family, healed, several)
    return rule


def family_of(code: str) -> str:
    """The code that stands for a rule in a finding's life: its family's, or its own; also of rules that are no more."""
    rule = CATALOGUE.get(code)
    return rule.family if rule and rule.family else code


# Families: a clause without an answer, or one that cannot be read; a community that says nothing, or says two things.
UNANSWERED, ILLEGIBLE, SILENT, DOUBLE = "C01", "C04", "U04", "S03"
SEND_BACK, VERIFY, NOTE = Severity.SEND_BACK, Severity.VERIFY, Severity.NOTE

# --- 文件 -----------------------------------------------------------------------------------------------------------
FILE_UNREADABLE = _rule(
    "F01", SEND_BACK, Scope.OPENED, "文件读不出",
    "这个文件无法读取：{reason}。",
    "请用 Excel 或 WPS 打开原文件，另存为“Excel 工作簿（.xlsx）”后重新报送；若本机也打不开，请用备份重新填写。",
)
FILE_FOREIGN = _rule(
    "F02", SEND_BACK, Scope.WORKBOOK, "不是填报工作簿",
    "这个工作簿不是绿色社区创建的填报工作簿：{reason}。",
    "请填写州里下发的填报工作簿（应为{expected}），不要另建表格，填好后重新报送。",
)
FILE_YEAR = _rule(
    "F03", SEND_BACK, Scope.WORKBOOK, "年度不符",
    "工作簿的年度是“{found}”，本次收的是{expected}年度。",
    "请改用{form}填报后重新报送。",
)
FILE_PHASE = _rule(
    "F04", SEND_BACK, Scope.WORKBOOK, "阶段不符",
    "工作簿是“{found}”用的，本次收的是“{expected}”。",
    "请改用{form}填报后重新报送。",
    "D-13",
)
FILE_UNIT_UNKNOWN = _rule(
    "F05", SEND_BACK, Scope.WORKBOOK, "认不出填报单位",
    "从工作簿里认不出是哪个填报单位（填报单位写的是“{found}”），其中的社区代码也都不在名册中。",
    "请在“汇总”表的“填报单位”后写明单位全称（如“{expected}”），并核对各社区表的“社区代码”，重新报送。",
)
FILE_OLD_TEMPLATE = _rule(
    "F06", NOTE, Scope.ACCEPTED, "模板版本较旧",
    "工作簿的模板版本是“{found}”，现行版本是“{expected}”；已照常审核。",
    "本次无需处理，下次请使用新下发的填报工作簿。",
    healed=True,
)
FILE_OTHER_STANDARD = _rule(
    "F07", VERIFY, Scope.ACCEPTED, "标准版本不同",
    "工作簿按标准“{found}”制作，本单位应按“{expected}”评分；已按应用的标准审核。",
    "请核对各条款的评分标准是否一致；如不一致，请改用新下发的填报工作簿。",
    "D-14",
    healed=True,
)
FILE_SAME_SUBMISSION = _rule(
    "F08", VERIFY, Scope.SUBMISSION, "同一批次有两份不同的文件",
    "报送批次都是{found}，但内容不同的文件有：{files}；{why}“{chosen}”。",
    "请确认以“{chosen}”为准；如不是，请把正确的一份的“报送批次”加1后重新报送。",
    several=True,
)
FILE_UNIT_DIFFERS = _rule(
    "F09", VERIFY, Scope.ACCEPTED, "填报单位与社区不一致",
    "工作簿下发给“{found}”，里面的社区却都属于“{expected}”；已按社区代码归入“{expected}”。",
    "请确认文件没有用错；今后请使用下发给本单位的工作簿。",
    healed=True,
)
FILE_NO_SUMMARY_UNIT = _rule(
    "F10", NOTE, Scope.ACCEPTED, "填报单位名称不一致",
    "“汇总”表的填报单位写作“{found}”，名册中为“{expected}”；已按“{expected}”处理。",
    "无需处理；方便时请改为名册中的名称。",
    "D-15",
    healed=True,
)
FILE_MACROS = _rule(
    "F11", NOTE, Scope.ACCEPTED, "文件带有宏",
    "文件带有宏；宏没有运行，只读取了表中的内容。",
    "无需处理；今后请另存为不带宏的 .xlsx 再报送。",
    healed=True,
)
FILE_PARTS_LOST = _rule(
    "F12", NOTE, Scope.ACCEPTED, "附带内容未读取",
    "工作簿中有{found}，审核不读取这些内容。",
    "佐证材料请另行报送；需要说明的内容请写在“说明及佐证材料”栏。",
    healed=True,
)
FILE_EXTENSION = _rule(
    "F13", NOTE, Scope.ACCEPTED, "扩展名与内容不符",
    "文件的扩展名是“{found}”，内容其实是{expected}；已按内容读取。",
    "无需处理；今后请用“另存为”保存，不要直接改扩展名。",
    healed=True,
)
FILE_OLD_FORMAT = _rule(
    "F14", NOTE, Scope.ACCEPTED, "不是 .xlsx 格式",
    "文件是{found}，已照常读取。",
    "本次无需处理；下次请用“另存为”选“Excel 工作簿（.xlsx）”再报送，旧格式会丢失一部分格式和公式。",
    healed=True,
)
FILE_READ_ONCE = _rule(
    "F15", VERIFY, Scope.ACCEPTED, "只有一种方法能读",
    "为防止读错，程序用两种互不相干的方法读取每张表并互相对照；工作表{found}只有一种方法读得出，没有可以对照的，已按读出的内容审核。",
    "请对照原文件抽查几处数字；也可以用 Excel 或 WPS 打开后另存为“Excel 工作簿（.xlsx）”，重新报送。",
    healed=True,
)
FILE_CELL_DOUBTFUL = _rule(
    "F16", VERIFY, Scope.ACCEPTED, "单元格读不准",
    "这里的内容读不准（{found}），没有采用：可能是两种方法读出的不一样，一格里存了几个值，或者被合并单元格遮住。",
    "请在 Excel 或 WPS 中打开原文件，把这个单元格重新输入一遍，另存为“Excel 工作簿（.xlsx）”后重新报送。",
    healed=True, several=True,
)

# --- 工作表 ---------------------------------------------------------------------------------------------------------
SHEET_NOT_IN_ROSTER = _rule(
    "S01", SEND_BACK, Scope.SHEET, "名册中没有这个社区",
    "社区代码“{found}”（{name}）不在名册中，这张表没有计入。{hint}",
    "请核对“社区代码”（12位数字，如 532301101001）和“社区名称”；确属新设社区的，请先报州住房城乡建设局更新名册。",
    "D-16",
)
SHEET_OTHER_UNIT = _rule(
    "S02", SEND_BACK, Scope.SHEET, "属于其他填报单位的社区",
    "“{name}”（{found}）属于“{expected}”，不由本单位填报，这张表没有计入。",
    "请删除这张表，由“{expected}”填报；如果只是代码填错，请改正“社区代码”。",
    "D-15",
)
SHEET_TWICE_IN_FILE = _rule(
    "S03", SEND_BACK, Scope.SHEET, "同一社区在一个文件中填了两次",
    "“{name}”（{found}）在这个文件中有多张表，内容不同：{sheets}；两张都没有采用。",
    "请只保留正确的一张；如果其中一张是别的社区，请改正它的“社区代码”和“社区名称”。",
    family=DOUBLE,
)
SHEET_TWICE_IN_FILES = _rule(
    "S04", SEND_BACK, Scope.SHEET, "同一社区在两个文件中填报",
    "“{name}”（{found}）在多个文件中都有，内容不同：{sheets}；两张都没有采用。",
    "请确认以哪一份为准，只在一个文件中保留它，并把“报送批次”加1后重新报送。",
    family=DOUBLE,
)
SHEET_TWICE_SAME = _rule(
    "S05", NOTE, Scope.REPORTED, "同一社区重复，内容相同",
    "“{name}”（{found}）重复出现，内容相同：{sheets}；只计一次。",
    "无需处理；方便时请删去多余的一张。",
    healed=True,
)
SHEET_EMPTY = _rule(
    "S06", NOTE, Scope.SHEET, "整张表未填",
    "这张表的实际值、扣分、说明都是空的，按“未报”处理。",
    "如该社区参加创建，请逐条填写后重新报送；不参加的无需处理。",
    "D-07",
    family=SILENT,
)
SHEET_EMPTY_CLAIMED = _rule(
    "S07", SEND_BACK, Scope.SHEET, "申报了但整张表未填",
    "“申报绿色社区”填的是“是”，但实际值、扣分、说明全部是空的，无法评分。",
    "请逐条填写扣分（没有扣分的填0）；如不申报，请把“申报绿色社区”改为“否”。",
    "D-07",
)
SHEET_UNUSABLE = _rule(
    "S08", SEND_BACK, Scope.SHEET, "社区表结构被破坏",
    "这张表像是社区表，但{reason}，无法读取。",
    "请从下发的工作簿中复制一张完好的社区表重新填写，不要删除表头行和“社区代码”一行。",
    family=SILENT, healed=True,
)
SHEET_CLAUSE_MISSING = _rule(
    "S09", SEND_BACK, Scope.ROW, "缺少条款行",
    "表中没有条款{clause}（{name}）这一行，该条无法评分。",
    "请恢复这一行：“条款”栏填 {clause}，并填写扣分（没有扣分的填0）。",
    "D-07",
    family=UNANSWERED,
)
SHEET_CLAUSE_ADDED = _rule(
    "S10", VERIFY, Scope.SHEET, "多出条款行",
    "表中有一行条款“{found}”，标准中没有这一条，没有计分。",
    "请删去这一行；如果条款号写错了，请改正（如 8.1）。",
    healed=True, several=True,
)
SHEET_CLAUSE_TWICE = _rule(
    "S11", SEND_BACK, Scope.ROW, "条款行重复且答案不同",
    "条款{clause}（{name}）出现了多次（{found}），答案不同，无法确定以哪一行为准。",
    "请只保留正确的一行。",
    family=ILLEGIBLE, healed=True,
)
SHEET_CLAUSE_TWICE_SAME = _rule(
    "S12", NOTE, Scope.ROW, "条款行重复，答案相同",
    "条款{clause}（{name}）出现了多次（{found}），答案相同，只计一次。",
    "无需处理；方便时请删去多余的一行。",
    healed=True,
)
SHEET_CLAUSE_REWORDED = _rule(
    "S13", VERIFY, Scope.ROW, "条款文字被改动",
    "条款{clause}的评分标准与下发的不一致，现为“{found}”。",
    "请核对该条是按原文“{expected}”评的，并恢复原文。",
    healed=True,
)
SHEET_HIDDEN = _rule(
    "S14", NOTE, Scope.SHEET, "工作表被隐藏",
    "这张表是隐藏的，已照常读取。",
    "无需处理；如不想报送这张表，请删除它而不是隐藏。",
    healed=True,
)
SHEET_HIDDEN_PARTS = _rule(
    "S15", NOTE, Scope.SHEET, "有隐藏的行或列",
    "表中有隐藏的内容（{found}），已照常读取。",
    "无需处理；请取消隐藏后核对一遍其中的内容。",
    healed=True,
)
SHEET_EXTRA = _rule(
    "S16", NOTE, Scope.ACCEPTED, "多余的工作表未读取",
    "工作簿中有一张不属于填报内容的表“{found}”，没有读取。",
    "无需处理；如其中有需要报送的内容，请写到对应社区表的“说明及佐证材料”栏。",
    healed=True, several=True,
)
SHEET_NAME_VARIANT = _rule(
    "S17", NOTE, Scope.SHEET, "社区名称写法不同",
    "社区名称写作“{found}”，名册中为“{expected}”；按社区代码认定为同一社区。",
    "无需处理；方便时请改为名册中的名称。",
    "D-15",
)
SHEET_NAME_DIFFERS = _rule(
    "S18", VERIFY, Scope.SHEET, "社区名称与社区代码不一致",
    "社区代码 {code} 在名册中是“{expected}”，表上的社区名称却是“{found}”；已按社区代码计入。",
    "请核对这张表是哪个社区的：代码错了请改代码，名称错了请改名称。",
    "D-15",
)
SHEET_CODE_GUESSED = _rule(
    "S19", NOTE, Scope.SHEET, "社区代码未填，按{by}认定",
    "“社区代码”是空的，按{by}认定为“{expected}”（{code}）。",
    "请补填“社区代码”：{code}。",
    healed=True,
)
SHEET_CODE_FORMER = _rule(
    "S20", NOTE, Scope.SHEET, "使用了曾用代码",
    "社区代码“{found}”是“{name}”的曾用代码，已按现用代码 {expected} 计入。",
    "无需处理；今后请使用现用代码 {expected}。",
    "D-15",
)
SHEET_OUTSIDE = _rule(
    "S21", NOTE, Scope.SHEET, "表格以外有内容",
    "表格以外的单元格写有“{found}”，没有读取。",
    "无需处理；需要说明的内容请写到“说明及佐证材料”栏。",
    healed=True, several=True,
)

# --- 表头 -----------------------------------------------------------------------------------------------------------
HEADING_YEAR = _rule(
    "H01", SEND_BACK, Scope.SHEET, "表上的年度不符",
    "这张表的“年度”是“{found}”，本次收的是{expected}年度，这张表没有计入。",
    "如果填的确实是{expected}年度的情况，请把“年度”改为{expected}；否则请改用{expected}年度的表重新填写。",
)
HEADING_COUNTY = _rule(
    "H02", VERIFY, Scope.SHEET, "表上的县（市、区）不符",
    "“县（市、区）”写的是“{found}”，该社区在名册中属于“{expected}”；已按社区代码计入。",
    "请核对后改正“县（市、区）”或“社区代码”。",
    "D-15",
)
HEADING_BLANK = _rule(
    "H03", NOTE, Scope.SHEET, "表头未填全",
    "表头的{found}没有填写。",
    "请补填{found}。",
    healed=True,
)
HEADING_CLAIM_UNREADABLE = _rule(
    "H04", VERIFY, Scope.SHEET, "申报栏读不懂",
    "“申报绿色社区”填的是“{found}”，读不出是否申报；暂不计入申报数。",
    "请填“是”或“否”。",
)

# --- 条款填报 -------------------------------------------------------------------------------------------------------
CLAUSE_BLANK = _rule(
    "C01", SEND_BACK, Scope.UNMEASURED, "条款未填",
    "条款{clause}（{name}）没有填写，不能当作没有扣分。",
    "请填写：{wanted}；可填{expected}。",
    "D-07",
    family=UNANSWERED,
)
CLAUSE_MEASURED_BLANK = _rule(
    "C02", SEND_BACK, Scope.MEASURED, "条款未填",
    "条款{clause}（{name}）的实际值和扣分都没有填写，不能当作没有扣分。",
    "请填写实际值：{actual}。扣分可以不填，由实际值算出。",
    "D-07",
    family=UNANSWERED,
)
STATED_IMPOSSIBLE = _rule(
    "C03", SEND_BACK, Scope.CLAUSE, "扣分不是该条款能给的值",
    "条款{clause}（{name}）填的是“{found}”，这一条只能填{expected}。",
    "请改填{expected}中的一个；没有扣分的填0。",
    "D-06",
)
STATED_UNREADABLE = _rule(
    "C04", SEND_BACK, Scope.CLAUSE, "扣分读不出",
    "条款{clause}（{name}）的扣分“{found}”{why}。",
    "请只填数字，可填{expected}，例如 {example}。",
    "D-07",
    family=ILLEGIBLE,
)
STATED_NEGATIVE = _rule(
    "C05", SEND_BACK, Scope.CLAUSE, "扣分带了负号",
    "条款{clause}（{name}）填的是“{found}”，扣分不用写负号，无法确定本意。",
    "请填不带负号的数字，可填{expected}，例如扣3分就填 3。",
)
ACTUAL_UNUSABLE = _rule(
    "C06", SEND_BACK, Scope.MEASURED, "实际值读不出，又没有可用的扣分",
    "条款{clause}（{name}）的实际值“{found}”{why}，扣分{stated}，该条无法评分。",
    "请把实际值改为{expected}，例如 {example}。",
    "D-08",
    family=ILLEGIBLE,
)
STATED_DIFFERS = _rule(
    "C07", VERIFY, Scope.MEASURED, "扣分与实际值不符",
    "条款{clause}（{name}）填的扣分是{found}，按实际值应扣{expected}（{arithmetic}）；已按实际值计分。",
    "请核对：实际值有误请改实际值，扣分有误请改为{expected}。",
    "D-08",
)
ACTUAL_MISSING = _rule(
    "C08", VERIFY, Scope.MEASURED, "缺实际值",
    "条款{clause}（{name}）只填了扣分{found}，没有实际值；暂按扣分计。",
    "请补填实际值：{expected}。",
    "D-08",
)
ACTUAL_UNREADABLE = _rule(
    "C09", VERIFY, Scope.MEASURED, "实际值读不出",
    "条款{clause}（{name}）的实际值“{found}”{why}；暂按所填扣分{stated}计。",
    "请把实际值改为{expected}，例如 {example}。",
    "D-08",
    family=ILLEGIBLE,
)
STATED_UNREADABLE_MEASURED = _rule(
    "C10", VERIFY, Scope.MEASURED, "扣分读不出，已按实际值计",
    "条款{clause}（{name}）的扣分“{found}”{why}；已按实际值扣{expected}分（{arithmetic}）。",
    "请把扣分改为{expected}，或者留空。",
    "D-08",
    family=ILLEGIBLE,
)
CLAUSE_CONVERTED = _rule(
    "C11", NOTE, Scope.ANSWER, "写法已换算",
    "条款{clause}的{column}是文本“{found}”，已按{expected}读取。",
    "不用改；下次先清空这一格，再直接输入 {expected} 即可。",
)
REASON_MISSING = _rule(
    "C12", VERIFY, Scope.DISCRETIONARY, "酌情扣分没有说明理由",
    "条款{clause}（{name}）扣了{found}分，“说明及佐证材料”是空的。",
    "请写明扣分的理由，例如“两个小区业委会未参与，会议记录见附件2”。",
    "D-06",
)
AWARD_EVIDENCE_MISSING = _rule(
    "C13", NOTE, Scope.AWARD, "加分没有写佐证",
    "条款{clause}（{name}）加了{found}分，“说明及佐证材料”是空的。",
    "请写明奖状、证书或报道的名称、颁发单位和日期。",
    "D-02",
)
ITEM_ABOVE_POINTS = _rule(
    "C14", NOTE, Scope.ITEM, "一项的扣分合计超过分值",
    "第{item}项各条扣分合计{found}分，超过分值{expected}分；该项按0分计，不再多扣。",
    "无需处理；请核对各条是否都属实。",
    "D-05",
)
ACTUAL_NOT_WANTED = _rule(
    "C15", NOTE, Scope.UNMEASURED, "该条款不用填实际值",
    "条款{clause}（{name}）不按实际值评分，实际值栏的“{found}”没有采用。",
    "无需处理；需要说明的内容请写到“说明及佐证材料”栏。",
)

# --- 得分与合计 -----------------------------------------------------------------------------------------------------
TOTAL_DIFFERS = _rule(
    "T01", VERIFY, Scope.TOTAL, "总分与核算不符",
    "{where}写的是{found}，按各条款核算应为{expected}（公式可能被覆盖）；以核算为准。",
    "请恢复公式（可从下发的工作簿复制该单元格），或核对各条扣分。",
    "D-08",
    healed=True,
)
TOTAL_OVERWRITTEN = _rule(
    "T02", NOTE, Scope.TOTAL, "总分公式被数字覆盖",
    "{where}的公式被数字{found}覆盖，与核算结果一致。",
    "无需处理；如继续修改，请先恢复公式，否则总分不会跟着变化。",
    healed=True,
)
SCORE_DIFFERS = _rule(
    "T03", VERIFY, Scope.CLAUSE, "项得分与核算不符",
    "第{item}项的得分写的是{found}，按各条款核算应为{expected}（分值{points}，公式可能被覆盖）；以核算为准。",
    "请恢复得分栏的公式，或核对该项各条扣分。",
    "D-08",
    healed=True,
)

# --- 申报 -----------------------------------------------------------------------------------------------------------
CLAIM_BELOW = _rule(
    "K01", VERIFY, Scope.COMMUNITY, "申报了但核定未达标",
    "“申报绿色社区”填“是”，核定得分{found}，未达到{expected}分。",
    "请核对各条扣分；确未达标的，请把“申报绿色社区”改为“否”。",
    "D-01", "D-09",
)
CLAIM_GREEN = _rule(
    "K02", VERIFY, Scope.COMMUNITY, "达标但未申报",
    "“申报绿色社区”填“否”，核定得分{found}，已达到{expected}分，计为达标。",
    "请确认：达标属实的请改为“是”；扣分漏填的请补充。",
    "D-01", "D-09", "D-10",
)

# --- 汇总表 ---------------------------------------------------------------------------------------------------------
SUMMARY_BLANK = _rule(
    "U01", NOTE, Scope.ACCEPTED, "汇总表未填全",
    "“汇总”表的{found}没有填写。",
    "请补填，以便联系。",
)
SUBMISSION_UNREADABLE = _rule(
    "U02", NOTE, Scope.ACCEPTED, "报送批次读不出",
    "“报送批次”是“{found}”，按第1批处理。",
    "请填1、2、3这样的数字；每次重新报送加1。",
    healed=True,
)
SUBMISSION_MIXED = _rule(
    "U03", NOTE, Scope.SUBMISSION, "分几个文件报送",
    "本单位的社区分在{found}个文件中，合并为一次报送审核。",
    "无需处理；方便时请合并为一个工作簿。",
    healed=True,
)
COMMUNITY_WITHOUT_SHEET = _rule(
    "U04", NOTE, Scope.COMMUNITY, "名册中的社区没有表",
    "名册中的“{name}”（{found}）没有填报表，按“未报”处理，仍计入比例的分母。",
    "如该社区参加创建，请补报；不参加的无需处理。",
    "D-09", "D-10",
    family=SILENT,
)
SUMMARY_MISSING = _rule(
    "U05", NOTE, Scope.ACCEPTED, "没有汇总表",
    "工作簿中没有“汇总”表，按第1批处理。",
    "无需处理；请不要删除“汇总”表，重新报送时在其中把“报送批次”加1。",
    healed=True,
)

COMMUNITY_DROPPED = _rule(
    "U06", VERIFY, Scope.SUBMISSION, "上一批报过的社区这一批没有",
    "第{expected}批中有“{name}”（{found}），最新一批中没有；以最新一批为准，该社区按“未报”处理。",
    "请确认是否撤回；不是撤回的，请在最新的工作簿中补上这张表，并把“报送批次”加1后重新报送。",
    several=True,
)
SUBMISSION_UNREADABLE_LATER = _rule(
    "U07", VERIFY, Scope.SUBMISSION, "较晚的文件报送批次读不出，没有采用",
    "“{file}”的报送批次是“{found}”，读不出，按第1批处理；它并不比已采用的第{expected}批“{chosen}”早，却被替代了。",
    "请确认以“{chosen}”为准；如应以“{file}”为准，请把它的“报送批次”改为比{expected}大的数字（如 {next}）后重新报送。",
    several=True,
)
FILE_LATE = _rule(
    "U08", NOTE, Scope.ACCEPTED, "迟报",
    "“{file}”于{found}收到，比截止日期{expected}晚{days}天{first}；照常审核。",
    "本次无需处理；今后请在截止日期前报送。",
    "D-13",
)

# --- 名册 -----------------------------------------------------------------------------------------------------------
ROSTER_NOT_URBAN = _rule(
    "R03", NOTE, Scope.ROSTER_ROW, "非居民委员会，不计入",
    "名册中的“{name}”（{found}）代码末三位不在{expected}之间，不是居民委员会，不计入社区数。",
    "请核对代码；确为村民委员会的，请从名册中删去。",
    "D-16",
)
WAIVER_INCOMPLETE = _rule(
    "R04", VERIFY, Scope.WAIVER, "免予处理填写不全",
    "名册的工作表“免予处理”{where}{found}，没有采用。",
    "请补全“填报单位”“问题编号”“批准人”“理由”和“日期”，例如 楚雄市、C07、张三、现场核实属实、2021-10-15。",
)
WAIVER_UNKNOWN = _rule(
    "R05", VERIFY, Scope.WAIVER, "免予处理对不上",
    "名册的工作表“免予处理”{where}的“{column}”写的是“{found}”，{why}，没有采用。",
    "请改正；“问题编号”照差异报告中的“编号”栏填（如 C07），“社区代码”和“条款”照同一行填。",
)
WAIVER_IDLE = _rule(
    "R06", NOTE, Scope.WAIVER, "免予处理没有对应的问题",
    "名册的工作表“免予处理”{where}（{found}）没有对应的问题：可能已经改正，也可能编号或条款填错了。",
    "无需处理；填错了的请改正。",
)
WAIVER_FUTURE = _rule(
    "R07", VERIFY, Scope.WAIVER, "免予处理的日期还没有到",
    "名册的工作表“免予处理”{where}的日期是“{found}”，晚于审核日期“{expected}”，没有采用。",
    "请核对日期：写错了的请改正；确定以后才免予处理的，到那一天再运行就会采用。",
)

LEDGER_UNIT_UNKNOWN = _rule(
    "R10", VERIFY, Scope.LEDGER_ROW, "报送台账的填报单位不认识",
    "名册“报送台账”{where}的填报单位“{found}”不在工作表“填报单位”中，这一行没有采用。",
    "请改成工作表“填报单位”中的名称，例如“楚雄市”。",
)
LEDGER_ITEM_UNKNOWN = _rule(
    "R11", VERIFY, Scope.LEDGER_ROW, "报送台账的事项不认识",
    "名册“报送台账”{where}的事项“{found}”认不出是哪一项，这一行没有采用。",
    "请从下拉框中选，可填：{expected}。",
)
LEDGER_DATE_UNREADABLE = _rule(
    "R12", VERIFY, Scope.LEDGER_ROW, "报送台账的收到日期读不出",
    "名册“报送台账”{where}的收到日期“{found}”读不出，这一行按“已报、日期不详”处理，不判断是否迟报。",
    "请写成 2021-03-31 这样的日期。",
)
LEDGER_INCOMPLETE = _rule(
    "R13", VERIFY, Scope.LEDGER_ROW, "报送台账缺填报单位或事项",
    "名册“报送台账”{where}的“{column}”空白，这一行没有采用。",
    "请补填“{column}”；这一行不要了的，请整行删除。",
)
LEDGER_HEADER = _rule(
    "R14", VERIFY, Scope.LEDGER, "报送台账的表头读不出",
    "名册的工作表“报送台账”里找不到表头（应有{expected}各一列），整张表没有采用。",
    "请在第一行补上这些标题，每个只写一次；也可以从新生成的名册中复制这张表。",
)

# --- 往年名单 -------------------------------------------------------------------------------------------------------
LISTED_AGAIN = _rule(
    "Y01", NOTE, Scope.LISTED, "已在往年名单上，又申报",
    "“{name}”（{found}）已列入{year}年绿色社区名单，本年又申报；每个社区只计一次，不计入本年新增。",
    "无需处理；往年已达标的社区不用再申报。",
    "D-11",
)
LISTED_BELOW = _rule(
    "Y02", VERIFY, Scope.LISTED, "复核不达标",
    "“{name}”已列入{year}年绿色社区名单，本年核定得分{found}，未达到{expected}分；仍保留在{year}年名单上，合计照计。",
    "请核实得分下降的原因，督促整改，并把核实情况书面报州里。",
    "D-11",
)
LISTED_RENAMED = _rule(
    "Y03", NOTE, Scope.FOLLOWED, "往年名单上的社区改了名称或代码",
    "{year}年名单上的“{found}”（{code}），在本年名册中是“{expected}”（{now}），按同一社区计。",
    "无需处理；如不是同一社区，请改正名册“社区名册”表中该社区的“曾用代码”。",
    "D-11", "D-15",
)
LISTED_MERGED = _rule(
    "Y04", NOTE, Scope.FOLLOWED, "往年名单上的社区已合并",
    "“{name}”（{code}）由{found}合并而成，合并前的社区都在往年名单上；合并后按一个社区计，计入{year}年名单。",
    "无需处理；请核对名册“社区名册”表中该社区的“曾用代码”。",
    "D-11", "D-15",
)
LISTED_MERGED_IN_PART = _rule(
    "Y05", VERIFY, Scope.FOLLOWED, "合并前的社区有的不在名单上",
    "“{name}”（{code}）由几个社区合并而成，{found}在{year}年名单上，{others}当年未达标；现按已列入名单计一个社区。",
    "请核实合并后的社区整体上是否仍符合标准；不宜沿用往年结果的，由它重新申报，并请州里从名册该社区的“曾用代码”中删去{codes}。",
    "D-11", "D-15",
)
LISTED_SPLIT = _rule(
    "Y06", VERIFY, Scope.ENTRY, "往年名单上的社区已拆分",
    "{year}年名单上的“{name}”（{found}）已拆分为{parts}，不能确定由哪个社区承接，暂都不计入合计。",
    "请确定由哪个社区承接，再由州里在名册“社区名册”表中只在它的“曾用代码”里保留{found}，其他社区的删去；其余社区可重新申报。",
    "D-11", "D-15",
)
LISTED_GONE = _rule(
    "Y07", VERIFY, Scope.ENTRY, "往年名单上的社区不在名册中",
    "{year}年名单上的“{name}”（{found}，{unit}）在本年名册中找不到，暂不计入合计。",
    "请核实这个社区的去向，再由州里改名册：漏列的补上；改了代码或被合并的，在“社区名册”表现在那个社区的“曾用代码”里"
    "填 {found}{hint}；已撤销的无需处理。",
    "D-11", "D-15",
)
LISTED_MOVED = _rule(
    "Y08", NOTE, Scope.FOLLOWED, "往年名单上的社区改由其他单位报送",
    "“{name}”（{code}）{year}年列在“{found}”的名单上，本年名册中由“{expected}”报送；{year}年一栏仍按当年上报，合计计入“{expected}”。",
    "无需处理；请核对名册“社区名册”表的“填报单位”。",
    "D-11", "D-15",
)
UNIT_RENAMED = _rule(
    "Y09", NOTE, Scope.CLOSED_UNIT, "填报单位改了名称或代码",
    "{year}年的“{found}”（{code}），本年名册中是“{expected}”（{now}），按同一单位计。",
    "无需处理。",
    "D-15",
)
UNIT_GONE = _rule(
    "Y10", VERIFY, Scope.CLOSED_UNIT, "往年的填报单位不在名册中",
    "{year}年的“{name}”（{found}）在本年名册中找不到，它{year}年的名单和数量没有列入各单位，只计入“{total}”一行。",
    "请核对名册：改了代码或并入其他单位的，请在“填报单位”表承接单位的“曾用代码”里填 {found}。",
    "D-11", "D-15",
)
ROSTER_CODE_SHARED = _rule(
    "Y11", NOTE, Scope.FORMER_CODE, "曾用代码由几个社区共用",
    "名册中曾用代码{found}由{names}共用，按一个社区拆分成几个处理，这个代码不代表其中任何一个。",
    "确为拆分的无需处理；填错的请改正“曾用代码”一列。",
    "D-15",
)

# --- 程序 -----------------------------------------------------------------------------------------------------------
CHECK_FAILED = _rule(
    "X01", NOTE, Scope.COMMUNITY, "一项检查未能完成",
    "有一项自动检查在这里没有完成，其余检查不受影响；请人工核对这张表。",
    "请把这个文件发给软件维护人员。",
)

REFUSED_SEND_BACK = "“退回”的问题需要改正，不能只说明：请在填报工作簿中改正后重新报送；认为没有填错的，请与审核单位联系。"
"""Why a 情况说明 does not settle a finding that was sent back."""
REFUSED_EMPTY = "情况说明“{text}”没有说出理由，没有采用；请写明依据，例如“其余2处当天已整改，照片见附件3”。"
REFUSED_CHANGED = "情况说明针对的是原来填的“{before}”，现在是“{now}”，没有采用；请重新说明或改正。"

WHY_UNREADABLE: dict[Misreading, str] = {
    Misreading.TEXT: "不是单独一个数字",
    Misreading.NONE_WORD: "在这一条含义不明确",
    Misreading.NEGATIVE: "带了负号",
    Misreading.NOT_WHOLE: "不是整数",
    Misreading.OUT_OF_RANGE: "不在0%到100%之间",
    Misreading.TOO_LARGE: "数字过大，像是日期或电话号码填错了位置",
    Misreading.PERCENT: "是百分比，这里应填个数或分数",
    Misreading.ERROR: "是公式错误值",
    Misreading.NO_VALUE: "是没有保存结果的公式",
    Misreading.DATE: "是日期，可能是单元格格式被改成了日期",
    Misreading.LOGICAL: "是逻辑值（TRUE/FALSE），不是数字",
    Misreading.UNREADABLE: "两种方式读出的结果不一致，文件可能已损坏",
}
"""Why a cell cannot be read, as it follows the value in a sentence."""
