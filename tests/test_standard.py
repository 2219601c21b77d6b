"""The standard's file: the facts of the notice, and one broken copy for each mistake a policy author can make."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from greencomm.errors import StandardError
from greencomm.standard import ANNUAL, SELF_EVALUATION, load_standard, loader
from greencomm.standard.kinds import KINDS
from greencomm.standard.loader import DEFAULT

STANDARD = load_standard()
ORIGINAL = DEFAULT.read_text(encoding="utf-8")

# Annex 1 read independently of the data: (clause, kind, points, cap), item by item.
ANNEX_1 = {
    1: [("1.1", "flag", 3, 3), ("1.2", "discretionary", 1, 3)],
    2: [("2.1", "flag", 3, 3), ("2.2", "flag", 3, 3)],
    3: [("3.1", "discretionary", 1, 3)],
    4: [("4.1", "discretionary", 1, 3), ("4.2", "flag", 3, 3)],
    5: [("5.1", "flag", 2, 2), ("5.2", "flag", 2, 2), ("5.3", "flag", 2, 2)],
    6: [("6.1", "flag", 3, 3), ("6.2", "occurrence", 1, 3)],
    7: [("7.1", "discretionary", 1, 3), ("7.2", "discretionary", 1, 3)],
    8: [("8.1", "occurrence", 1, 2), ("8.2", "occurrence", 1, 2), ("8.3", "occurrence", 1, 2)],
    9: [("9.1", "flag", 3, 3), ("9.2", "flag", 3, 3)],
    10: [("10.1", "rate", 1, 6)],
    11: [("11.1", "flag", 6, 6)],
    12: [("12.1", "rate", 1, 6)],
    13: [("13.1", "flag", 2, 2), ("13.2", "occurrence", 2, 4)],
    14: [("14.1", "shortfall", 3, 6)],
    15: [("15.1", "flag", 2, 2), ("15.2", "flag", 2, 2), ("15.3", "flag", 2, 2)],
    16: [("16.1", "flag", 3, 3), ("16.2", "flag", 6, 6)],
    17: [("17.1", "award", 1, 4)],
}
UNITS = {"6.2": "项", "8.1": "处", "8.2": "处", "8.3": "处", "10.1": "%", "12.1": "%", "13.2": "季度", "14.1": "次"}


def test_five_contents_hold_seventeen_items_of_a_hundred_points() -> None:
    contents = [(content.number, content.points, [item.number for item in content.items]) for content in STANDARD.contents]
    assert contents == [
        (1, 18, [1, 2, 3]),
        (2, 18, [4, 5, 6]),
        (3, 24, [7, 8, 9, 10]),
        (4, 12, [11, 12]),
        (5, 28, [13, 14, 15, 16, 17]),
    ]
    assert STANDARD.full_score == 100
    assert [item.points for item in STANDARD.items] == [6] * 16 + [4]
    assert [item.base for item in STANDARD.items] == [6] * 16 + [0]


def test_thirty_one_clauses_as_annex_1_has_them() -> None:
    assert {
        item.number: [(clause.id, clause.kind, clause.points, clause.cap) for clause in item.clauses] for item in STANDARD.items
    } == ANNEX_1
    assert len(STANDARD.clauses) == 31
    assert {clause.id: clause.unit for clause in STANDARD.clauses if clause.measure} == UNITS


def test_what_is_measured_and_how() -> None:
    complaints, property_management, training = (STANDARD.clause[clause] for clause in ("10.1", "12.1", "14.1"))
    assert (complaints.start, complaints.step, complaints.item_zero_below, complaints.not_applicable) == (100, 10, 60, True)
    assert (property_management.start, property_management.step) == (30, 5)
    assert (property_management.item_zero_below, property_management.not_applicable) == (None, False)
    assert training.required == 2


def test_pass_mark_targets_deadlines_and_what_counts() -> None:
    assert STANDARD.pass_mark.points == 80
    assert [(target.year, target.ratio) for target in STANDARD.targets] == [(2021, Fraction(1, 5)), (2022, Fraction(3, 5))]
    assert STANDARD.target(2022) is STANDARD.targets[1]
    assert STANDARD.target(2023) is None
    assert STANDARD.deadline(SELF_EVALUATION).in_year(2021).isoformat() == "2021-08-31"
    assert STANDARD.deadline(ANNUAL).in_year(2022).isoformat() == "2022-10-20"
    urban = {code: STANDARD.urban_community.includes("532301101" + code) for code in ("000", "001", "199", "200", "399")}
    assert urban == {"000": False, "001": True, "199": True, "200": False, "399": False}
    assert STANDARD.urban_community.allowed == "001—199"


def test_a_discretionary_deduction_needs_a_reason_and_only_the_award_adds() -> None:
    assert [clause.id for clause in STANDARD.clauses if clause.needs_reason] == ["1.2", "3.1", "4.1", "7.1", "7.2"]
    assert [clause.id for clause in STANDARD.clauses if clause.adds] == ["17.1"]


def broken(tmp_path: Path, old: str, new: str, count: int = 1) -> Path:
    """A copy of the shipped standard with one passage changed at its first ``count`` places."""
    assert old in ORIGINAL
    path = tmp_path / "改动.toml"
    path.write_text(ORIGINAL.replace(old, new, count), encoding="utf-8")
    return path


LAST_CLAUSE = '[[content.item.clause]]\nid = "17.1"\n'

# (what the author did, passage, what it became, the sentence after “标准文件“改动.toml”有误：”)
MISTAKES = [
    ("unknown key at the top", 'id = "chuxiong', 'idd = 1\nid = "chuxiong', "有不认识的键“idd”。"),
    ("unknown key of the pass mark", "[pass_mark]", "[pass_mark]\nmark = 1", "达标线（pass_mark）：有不认识的键“mark”。"),
    ("unknown key of a target", "year = 2022\n", "year = 2022\nmark = 1\n", "2022年目标：有不认识的键“mark”。"),
    ("unknown key of a deadline", "day = 31", "day = 31\nhour = 12", "截止日期（deadline）：有不认识的键“hour”。"),
    ("unknown key of annex 2", "[annex2]", "[annex2]\nmark = 1", "附件2（annex2）：有不认识的键“mark”。"),
    ("unknown key of the reading", "[reading]", "[reading]\nmark = 1", "填写用语（reading）：有不认识的键“mark”。"),
    (
        "unknown key of what counts",
        "[urban_community]",
        "[urban_community]\nmark = 1",
        "城市社区（urban_community）：有不认识的键“mark”。",
    ),
    ("unknown key of a content", "[[content]]\n", "[[content]]\nmark = 1\n", "内容1：有不认识的键“mark”。"),
    ("unknown key of an item", "[[content.item]]\n", "[[content.item]]\nmark = 1\n", "第1项：有不认识的键“mark”。"),
    (
        "unknown key of a clause",
        'name = "缺文件"',
        'name = "缺文件"\ncapp = 3',
        "条款1.1：有不认识的键“capp”。",
    ),
    ("key of another kind", 'name = "缺文件"', 'name = "缺文件"\nrequired = 2', "条款1.1：有不认识的键“required”。"),
    (
        "unknown kind",
        'kind = "flag"',
        'kind = "flags"',
        "条款1.1：不认识的条款类型 kind“flags”，可用的有 " + "、".join(KINDS) + "。",
    ),
    ("clause twice", 'id = "1.2"', 'id = "1.1"', "条款1.1：条款出现了两次。"),
    ("clause of another item", 'id = "1.2"', 'id = "2.9"', "条款2.9：条款号应写成“1.1”这样的项号加序号。"),
    ("clause numbered from nought", 'id = "1.2"', 'id = "1.02"', "条款1.02：条款号应写成“1.1”这样的项号加序号。"),
    ("item twice", "number = 2\npoints = 6", "number = 1\npoints = 6", "第1项：项号重复。"),
    ("content twice", "number = 2\nname", "number = 1\nname", "内容1：内容号重复。"),
    ("item without points", "number = 1\npoints = 6", "number = 1\npoints = 0", "第1项：分值 points 应为正整数，现为 0。"),
    (
        "points of items",
        "number = 2\npoints = 6",
        "number = 2\npoints = 7",
        "内容1：各项分值合计为 19，与内容分值 points（18）不符。",
    ),
    ("points of contents", "full_score = 100", "full_score = 99", "各项内容分值合计为 100，与满分 full_score（99）不符。"),
    ("cap above the item", "cap = 3\nunit", "cap = 7\nunit", "条款6.2：上限 cap（7）超过本项分值（6）。"),
    ("cap below points", "points = 2\ncap = 4", "points = 2\ncap = 1", "条款13.2：上限 cap（1）小于每次扣分 points（2）。"),
    (
        "flag whose cap is not its points",
        'name = "缺文件"\npoints = 3\ncap = 3',
        'name = "缺文件"\npoints = 2\ncap = 3',
        "条款1.1：“符合即扣”条款的上限 cap（3）应等于扣分 points（2）。",
    ),
    (
        "no points",
        "points = 1\ncap = 6\nstart = 30",
        "points = 0\ncap = 6\nstart = 30",
        "条款12.1：每次扣分 points 应为正整数，现为 0。",
    ),
    ("start above 100 %", "start = 100", "start = 110", "条款10.1：起算比例 start 应在0到100之间，现为 110。"),
    ("step above start", "step = 5", "step = 35", "条款12.1：每档比例 step 应大于0且不超过起算比例 30，现为 35。"),
    (
        "floor above start",
        "item_zero_below = 60",
        "item_zero_below = 101",
        "条款10.1：不得分界线 item_zero_below 应大于0且不超过起算比例 100，现为 101。",
    ),
    ("nothing required", "required = 2", "required = 0", "条款14.1：应有次数 required 应为正整数，现为 0。"),
    ("measured without unit", 'unit = "次"\n', "", "条款14.1：有实际值的条款应写明单位 unit。"),
    ("award beside a deduction", 'kind = "discretionary"', 'kind = "award"', "第1项：加分条款不能与扣分条款同在一项。"),
    (
        "quote not in the notice",
        'quote = "缺文件扣 3 分"',
        'quote = "缺文件扣3分"',
        "条款1.1：引文“缺文件扣3分”在通知原文中找不到，请按原文逐字抄录。",
    ),
    ("quote empty", 'quote = "缺文件扣 3 分"', 'quote = " "', "条款1.1：“quote”不能为空。"),
    (
        "decision not in the list",
        'decisions = ["D-03", "D-06"]',
        'decisions = ["D-30", "D-06"]',
        "条款3.1：引用的口径“D-30”不在 decisions 清单中。",
    ),
    (
        "decision that is no text",
        'decisions = ["D-03", "D-06"]',
        "decisions = [3]",
        "条款3.1：“decisions”的每一个值都应为文字。",
    ),
    ("key missing", "required = 2\n", "", "条款14.1：缺少“required”。"),
    ("section missing", "[pass_mark]", "[pass_marks]", "缺少“pass_mark”。"),
    ("item without clauses", LAST_CLAUSE, LAST_CLAUSE.replace("clause", "clauses"), "第17项：缺少“clause”。"),
    ("list of clauses empty", LAST_CLAUSE, "clause = []\n[x]\n", "第17项：“clause”不能为空。"),
    ("clauses that are no sections", LAST_CLAUSE, "clause = [1]\n[x]\n", "第17项：“clause”的每一条应写成 [[clause]] 一节。"),
    ("text for a number", "points = 80", 'points = "80"', "达标线（pass_mark）：“points”应为整数，现为文字“80”。"),
    ("fraction for a number", "points = 80", "points = 79.5", "达标线（pass_mark）：“points”应为整数，现为79.5。"),
    ("logical for a number", "points = 80", "points = true", "达标线（pass_mark）：“points”应为整数，现为true。"),
    (
        "number for a logical",
        "not_applicable = true",
        "not_applicable = 1",
        "条款10.1：“not_applicable”应为true 或 false，现为1。",
    ),
    ("date for a text", 'region = "楚雄州"', "region = 2021-01-12", "“region”应为文字，现为日期。"),
    ("list for a section", "[annex2]", "[[annex2]]", "“annex2”应为一节，现为列表。"),
    ("section for a list", "[[content]]", "[content]", None),
    (
        "pass mark above the full score",
        "points = 80",
        "points = 101",
        "达标线（pass_mark）：达标线应在1到满分 100 之间，现为 101。",
    ),
    (
        "deadline that is no date",
        "month = 8\nday = 31",
        "month = 9\nday = 31",
        "截止日期（deadline）：9月31日不是日历上的日子。",
    ),
    (
        "unknown phase",
        'phase = "annual"',
        'phase = "yearly"',
        "截止日期（deadline）：不认识的阶段 phase“yearly”，可用的有 self-evaluation、annual。",
    ),
    (
        "phase missing",
        'phase = "annual"',
        'phase = "self-evaluation"',
        "阶段“自评”（self-evaluation）应有且只有一个截止日期。",
    ),
    ("target twice", "year = 2022", "year = 2021", "同一年度的目标写了两次。"),
    (
        "ratio malformed",
        'ratio = "0.60"',
        'ratio = "60%"',
        '2022年目标：目标比例 ratio 应写成 "0.20" 这样的小数，现为“60%”。',
    ),
    ("ratio above 1", 'ratio = "0.60"', 'ratio = "60"', "2022年目标：目标比例 ratio 应大于0且不超过1，现为“60”。"),
    (
        "years out of order",
        "years = [2021, 2022]",
        "years = [2022, 2021]",
        "附件2（annex2）：years 应为从小到大、不重复的年度。",
    ),
    (
        "codes turned round",
        "first = 1\nlast = 199",
        "first = 199\nlast = 1",
        "城市社区（urban_community）：社区代码末3位 digits 的起止 first（199）、last（1）颠倒了或超出了位数。",
    ),
    (
        "no count is believed",
        "count_limit = 9999",
        "count_limit = 0",
        "填写用语（reading）：次数上限 count_limit 应为正整数，现为 0。",
    ),
    ("empty phrases missing", "empty_phrases = [", "x = [", "填写用语（reading）：缺少“empty_phrases”。"),
    (
        "empty phrase that is no text",
        '"核实无误", "经',
        '1, "经',
        "填写用语（reading）：“empty_phrases”的每一个值都应为文字。",
    ),
    (
        "empty phrase of marks only",
        '"核实无误", "经',
        '"。", "经',
        "填写用语（reading）：空话清单 empty_phrases 中的每一句都应含有文字。",
    ),
    (
        "empty phrase twice",
        '"核实无误", "经',
        '"已 核实。", "经',
        "填写用语（reading）：空话清单 empty_phrases 中有重复的句子（标点和空格不算）。",
    ),
    ("fillers missing", "fillers = [", "y = [", "填写用语（reading）：缺少“fillers”。"),
    (
        "filler of marks only",
        '"经", "我", "我们"',
        '"、", "我", "我们"',
        "填写用语（reading）：套话用词 fillers 中的每一句都应含有文字。",
    ),
    (
        "filler twice",
        '"经", "我", "我们"',
        '"我 。", "我", "我们"',
        "填写用语（reading）：套话用词 fillers 中有重复的句子（标点和空格不算）。",
    ),
    (
        "another format",
        "greencomm-standard/1",
        "greencomm-standard/9",
        "schema 应为“greencomm-standard/1”，现为“greencomm-standard/9”。",
    ),
    (
        "a phase of a deliverable that is none",
        'name = "创建成果名单"\nphase = "self-evaluation"',
        'name = "创建成果名单"\nphase = "spring"',
        "报送事项“创建成果名单”：不认识的阶段 phase“spring”，可用的有 self-evaluation、annual。",
    ),
    (
        "a deliverable with two days",
        'name = "创建成果名单"\nphase = "self-evaluation"',
        'name = "创建成果名单"\nphase = "self-evaluation"\nmonth = 8\nday = 31',
        "报送事项“创建成果名单”：写了阶段 phase 的，期限就是该阶段的截止日期，不要再写 month、day、year。",
    ),
    (
        "a deliverable with half a day",
        'name = "实施方案"\nyear = 2021\nmonth = 3\nday = 31',
        'name = "实施方案"\nyear = 2021\nmonth = 3',
        "报送事项“实施方案”：期限的月 month 和日 day 应一起写。",
    ),
    (
        "a deliverable on no day of the calendar",
        'name = "实施方案"\nyear = 2021\nmonth = 3\nday = 31',
        'name = "实施方案"\nyear = 2021\nmonth = 2\nday = 29',
        "报送事项“实施方案”：2月29日不是日历上的日子。",
    ),
    (
        "a record with a year",
        'name = "示范教育基地"',
        'name = "示范教育基地"\nyear = 2021',
        "报送事项“示范教育基地”：没有期限的事项不写 year 和 optional。",
    ),
    (
        "a deliverable's id in Chinese",
        'id = "plan"',
        'id = "方案"',
        "报送事项“实施方案”：编号 id 应为小写字母、数字和短横，例如 plan，现为“方案”。",
    ),
    ("a deliverable's id twice", 'id = "plan"', 'id = "pilots"', "报送事项（deliverable）的编号 id“pilots”写了两次。"),
    (
        "a deliverable's name twice",
        'name = "实施方案"',
        'name = "试点社区"',
        "报送事项（deliverable）的名称 name“试点社区”写了两次。",
    ),
    (
        "an unknown key of a deliverable",
        'quote = "确定试点社区并启动实施"',
        'quote = "确定试点社区"\nnotes = "x"',
        "报送事项“试点社区”：有不认识的键“notes”。",
    ),
    (
        "a deliverable's quote is not in the notice",
        'quote = "确定试点社区并启动实施"',
        'quote = "确定试点社区名单"',
        "报送事项“试点社区”：引文“确定试点社区名单”在通知原文中找不到，请按原文逐字抄录。",
    ),
    (
        "what of the roster tells that a deliverable came",
        'roster = "pilots"',
        'roster = "villages"',
        "报送事项“试点社区”：名册依据 roster 只能写 pilots 或 local-standard，现为“villages”。",
    ),
    ("notice missing", "chuxiong-2021.notice.txt", "别的.txt", "找不到通知原文“别的.txt”，无法核对引文。"),
    (
        "bracket not closed",
        "years = [2021, 2022]",
        "years = [2021, 2022",
        None,
    ),
    ("quotation mark missing", 'unit = "次"', 'unit = "次', None),
    ("key twice", "full_score = 100", "full_score = 100\nfull_score = 100", None),
]


@pytest.mark.parametrize(("old", "new", "sentence"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_stops_with_one_sentence(tmp_path: Path, old: str, new: str, sentence: str | None) -> None:
    path = broken(tmp_path, old, new)
    with pytest.raises(StandardError) as caught:
        load_standard(path)
    message = str(caught.value)
    if sentence is None:
        line = "第[0-9]+行附近|文件末尾或其中一处"
        advice = "请检查引号、括号和等号，以及键是否重复"
        caught.match(f"^标准文件“改动.toml”有误：({line})不符合 TOML 格式，{advice}。$")
    else:
        assert message == f"标准文件“改动.toml”有误：{sentence}"
    assert "\n" not in message
    assert caught.value.exit_status == 2


def test_a_syntax_mistake_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "改动.toml"
    path.write_text('schema = "greencomm-standard/1"\nid = \n', encoding="utf-8")
    with pytest.raises(StandardError, match="第2行附近"):
        load_standard(path)


def test_a_missing_file_is_named_with_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "标准"
    folder.mkdir()
    with pytest.raises(StandardError) as caught:
        load_standard(folder / "没有.toml")
    assert str(caught.value) == "标准文件“没有.toml”打不开，请确认它在“标准”文件夹中且可以读取。"


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "改动.toml"
    path.write_bytes(ORIGINAL.encode("gb18030"))
    with pytest.raises(StandardError) as caught:
        load_standard(path)
    assert str(caught.value) == "标准文件“改动.toml”不是 UTF-8 文字，请另存为 UTF-8 编码。"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "改动.toml"
    path.write_bytes(ORIGINAL.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load_standard(path).clauses == STANDARD.clauses


def test_the_other_reading_of_item_3_is_one_line_of_data(tmp_path: Path) -> None:
    """D-03: 1–3 for each of the two conditions."""
    clause = 'name = "专业人员未参与谋划或整治效果不佳"\npoints = 1\n'
    other = load_standard(broken(tmp_path, clause + "cap = 3", clause + "cap = 6"))
    assert STANDARD.clause["3.1"].possible == (0, 1, 2, 3)
    assert other.clause["3.1"].possible == (0, 1, 2, 3, 4, 5, 6)
    changed = [new.id for old, new in zip(STANDARD.clauses, other.clauses, strict=True) if old != new]
    assert changed == ["3.1"]


def test_a_standard_without_deliverables_asks_for_none(tmp_path: Path) -> None:
    path = tmp_path / "无.toml"
    parts = ORIGINAL.split("[[deliverable]]")
    path.write_text(parts[0] + "[urban_community]" + parts[-1].split("[urban_community]")[1], encoding="utf-8")
    assert load_standard(path).deliverables == ()
    assert load_standard(path).clauses == STANDARD.clauses


def test_the_shipped_standard_is_read_again_once_its_file_is_another(tmp_path, monkeypatch) -> None:
    """A process that does many runs keeps it, but never beyond what the file says (S-52)."""
    copy = tmp_path / DEFAULT.name
    copy.write_text(ORIGINAL, encoding="utf-8")
    monkeypatch.setattr(loader, "DEFAULT", copy)
    monkeypatch.setattr(loader, "_shipped", None)
    first = load_standard(copy)
    assert load_standard(copy) is first
    copy.write_text(ORIGINAL.replace("[pass_mark]\npoints = 80", "[pass_mark]\npoints = 81"), encoding="utf-8")
    assert (first.pass_mark.points, load_standard(copy).pass_mark.points) == (80, 81)
    copy.unlink()
    with pytest.raises(StandardError, match="打不开"):
        load_standard(copy)
