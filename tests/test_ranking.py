"""Ranking of units: every place worked out by hand; the rule as data, one broken copy per mistake.

The ranking of two whole years from the command line is in test_programme.py.
"""

from __future__ import annotations

import dataclasses
import io
import json
from fractions import Fraction

import demo
import openpyxl
import pytest
from demo import BELOW, GREEN, MISSING, PENDING
from localities import LOCAL
from season import BRIDGE, CITY, COUNTY, EAST, arrive, clean, form, judge

from greencomm.errors import StandardError
from greencomm.findings import Severity
from greencomm.outputs.ranking import lift_text, rank_text, rule_lines, write_ranking
from greencomm.ranking import ranked, ranking_rule
from greencomm.results import Since, UnitSince, UnitState
from greencomm.standard import SELF_EVALUATION
from greencomm.standard.ranking import RULE_FILE, Measure, load_ranking_rule

BACK, VERIFY = Severity.SEND_BACK, Severity.VERIFY


def unit(code, name, standings, *, back=0, verify=0, listed=0, state=UnitState.RECEIVED):
    """A unit whose communities stand as ``standings`` say (``"gb"``: green, below); the last ``listed`` are on an earlier list."""
    of = {"g": GREEN, "b": BELOW, "p": PENDING, "-": MISSING}
    members = [
        demo.community(f"{code}101{n:03d}", f"{name}{n}号社区居民委员会", of[each], **({"lost": {4: None}, "open_points": 3} if each == "p" else {}))
        for n, each in enumerate(standings, 1)
    ]
    first = len(members) - listed
    members = [dataclasses.replace(each, listed=2021) if n >= first else each for n, each in enumerate(members)]
    found = [demo.finding("C01", BACK, f"问题{n}", "改") for n in range(back)]
    found += [demo.finding("C07", VERIFY, f"核实{n}", "核") for n in range(verify)]
    return demo.unit(code, name, members, findings=found, state=state, files=() if state is UnitState.MISSING else None)


def places(*units, **more):
    return [(each.unit.unit.name, each.rank, each.shared) for each in ranked(demo.region(units, **more))]


def cells(result):
    target = io.BytesIO()
    write_ranking(target, result)
    (sheet,) = openpyxl.load_workbook(target).worksheets
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


# --- places -----------------------------------------------------------------------------------------------------------


def test_by_ratio_exactly():
    # 1/3 and 33/99 are equal, 333/1000 is a little less though both show 33.3 %.
    assert places(unit("532301", "甲", "gbb"), unit("532302", "乙", "g" * 33 + "b" * 66), unit("532303", "丙", "g" * 333 + "b" * 667)) == [
        ("甲", 1, True), ("乙", 1, True), ("丙", 3, False),
    ]  # fmt: skip


def test_equal_ratios_are_told_apart_by_progress_then_by_open_corrections():
    # All 2 of 4. 甲 has both from the list; 乙 one of them; 丙 and 丁 none, 丁 has a 退回 open; 戊 like 丁 with a 需核实 besides.
    made = [
        unit("532301", "甲", "bb--", listed=2),
        unit("532302", "乙", "gbb-", listed=1),
        unit("532305", "戊", "ggbb", back=1, verify=1),
        unit("532304", "丁", "ggbb", back=1),
        unit("532303", "丙", "ggbb"),
    ]
    assert places(*made, year=2022) == [("丙", 1, False), ("丁", 2, False), ("戊", 3, False), ("乙", 4, False), ("甲", 5, False)]


def test_open_corrections_count_per_community():
    # 3 of 30 communities are fewer than 1 of 2.
    assert places(unit("532301", "小", "gb", back=1), unit("532302", "大", "gb" * 15, back=3))[0] == ("大", 1, False)


def test_a_settled_finding_counts_for_nobody():
    from greencomm.findings import Settled, Settlement

    one = unit("532301", "甲", "gb", back=1)
    settled = dataclasses.replace(one.findings[0], settlement=Settlement(Settled.WAIVED, "可以"))
    assert places(dataclasses.replace(one, findings=(settled,)), unit("532302", "乙", "gb")) == [("甲", 1, True), ("乙", 1, True)]


def test_who_did_not_report_is_last_and_who_has_no_community_is_not_ranked():
    silent = unit("532301", "甲", "--", listed=1, state=UnitState.MISSING)  # 1 of 2, by its list.
    refused = unit("532302", "乙", "---", back=1, state=UnitState.REJECTED)
    excused = unit("532303", "丙", "--", listed=2, state=UnitState.MISSING)  # Owes no sheet.
    result = demo.region([silent, refused, excused, unit("532304", "丁", "bb", back=9), unit("532305", "戊", "")], year=2022)
    rows = ranked(result)
    assert [(each.unit.unit.name, each.rank, each.reported) for each in rows] == [
        ("丙", 1, True), ("丁", 2, True), ("甲", 3, False), ("乙", 4, False), ("戊", None, True),
    ]  # fmt: skip
    # That nothing is open says nothing where nothing was reviewed.
    assert rows[2].values[Measure.OPEN_SEND_BACK] is None and rows[3].ranks[Measure.OPEN_SEND_BACK] is None
    assert lift_text(rows[2]) == "还没有报送填报工作簿；报送审核后，与其他单位按同样的指标比较。"
    assert lift_text(rows[3]) == "文件没有一个可以采用；报送审核后，与其他单位按同样的指标比较。"
    assert (rank_text(rows[4]), lift_text(rows[4])) == ("不排名", "没有城市社区，不排名。")


def test_progress_since_the_self_evaluation():
    # Both 2 of 4 now; in August 甲 had 1, 乙 none, 丙 had not reported, 丁 had 3.
    made = [unit(f"53230{n}", name, "ggbb") for n, name in enumerate("甲乙丙丁", 1)]
    then = {"532301": (True, 1), "532302": (True, 0), "532303": (False, 0), "532304": (True, 3)}
    since = Since(demo.RUN_DATE, {code: UnitSince(reported, None, 4, 4, green) for code, (reported, green) in then.items()})
    rows = ranked(dataclasses.replace(demo.region(made), since=since))
    assert [(each.unit.unit.name, each.since) for each in rows] == [
        ("乙", Fraction(1, 2)), ("甲", Fraction(1, 4)), ("丁", Fraction(-1, 4)), ("丙", None),
    ]  # fmt: skip
    shown = cells(dataclasses.replace(demo.region(made), since=since))
    by_name = {row[1]: row for row in shown if row[1] in ("甲", "乙", "丙", "丁")}
    assert [by_name[name][7] for name in "乙甲丁丙"] == [
        "（2－0）÷4=＋50.00%", "（2－1）÷4=＋25.00%", "（2－3）÷4=－25.00%", "自评时没有报",
    ]  # fmt: skip


def test_the_rank_by_each_criterion_alone():
    rows = ranked(demo.region([unit("532301", "甲", "ggb", back=3), unit("532302", "乙", "gbb", back=3), unit("532303", "丙", "gbb")]))
    assert [(each.unit.unit.name, each.ranks[Measure.COMBINED_RATIO], each.ranks[Measure.OPEN_SEND_BACK]) for each in rows] == [
        ("甲", 1, 2), ("丙", 2, 1), ("乙", 2, 2),
    ]  # fmt: skip


# --- what would lift a unit -------------------------------------------------------------------------------------------


def test_the_fewest_communities_and_the_fewest_corrections():
    first, second, third = ranked(
        demo.region([unit("532301", "甲", "ggbbb"), unit("532302", "乙", "gbbbb", back=2, verify=3), unit("532303", "丙", "gpbbb", back=2, verify=4)])
    )
    assert first.lift is None and lift_text(first) == ""
    # 乙 has 1 of 5, 甲 2 of 5: at 2 of 5 still behind by its findings, so two more.
    assert (second.lift.decides.measure, second.lift.greens, second.lift.corrections) == (Measure.COMBINED_RATIO, 2, None)
    # 丙 differs from 乙 by one 需核实: it passes with one community, or with one 退回 less.
    assert (third.lift.ahead.unit.name, third.lift.greens, third.lift.corrections) == ("乙", 1, 1)
    assert lift_text(third) == (
        "与第2名“乙”差在“每社区需核实问题”：再有1个社区达标，或者改正或核实1条问题（先“退回”后“需核实”），就超过它。"
    )


def test_communities_that_only_wait_for_an_answer_are_named():
    # 东兴 has 93 to 96 points: only its answer to 1.1 is missing.
    result = judge(
        arrive("楚雄市.xlsx", form(CITY, {EAST.code: clean(c1_1=(None, None, None))})), arrive("双柏县.xlsx", form(COUNTY))
    )
    rows = ranked(result)
    assert [(each.unit.unit.name, each.ratio) for each in rows] == [("双柏县", Fraction(1)), ("楚雄市", Fraction(1, 2))]
    # With both green 楚雄市 has all like 双柏县, but its 退回 are still open.
    assert (rows[1].lift.greens, rows[1].lift.corrections) == (None, None)
    assert lift_text(rows[1]).endswith("待核实的1个社区（东兴社区）补正后可能达标。")
    assert BRIDGE.code in {each.community.code for each in rows[1].unit.green}


def test_where_nothing_would_lift_a_unit():
    _, second = ranked(demo.region([unit("532301", "甲", "gg"), unit("532302", "乙", "-g", listed=1)], year=2022))
    # Both have all: 甲 this year, 乙 one of them before.
    assert (second.lift.greens, second.lift.corrections) == (None, None)
    assert "都不能超过它" in lift_text(second)


def test_below_a_group_that_shares_a_rank_the_last_of_it_is_ahead():
    rows = ranked(demo.region([unit("532301", "甲", "gg"), unit("532302", "乙", "gg"), unit("532303", "丙", "gb")]))
    assert [rank_text(each) for each in rows] == ["并列1", "并列1", 3]
    assert (rows[2].lift.rank, rows[2].lift.ahead.unit.name) == (1, "乙")


# --- the workbook -----------------------------------------------------------------------------------------------------


def test_the_arithmetic_and_the_rule_stand_beside_the_places():
    rows = cells(demo.region([unit("532301", "=cmd()", "ggb", back=1, verify=2), unit("532302", "乙", "bbb")]))
    shown = next(row for row in rows if row[1] == "=cmd()")
    assert shown[:11] == [1, "=cmd()", 3, "2÷3=66.67%", 1, "2÷3=66.67%", 1, "1条÷3=0.33", 2, "2条÷3=0.67", 2]
    text = "\n".join(str(value) for row in rows for value in row if value)
    for line in rule_lines(demo.region([])):
        assert line in text
    assert "（一）合计完成比例：往年名单上的和本年新达标的社区（每个只计一次）÷全部城市社区，高的在前。" in text
    assert "“自评以来增幅”这次没有使用：没有本年度自评的审核结果可比。" in text
    assert ranking_rule().sha256[:8] in text and "通知没有规定排名办法，这是程序的建议" in text


def test_what_the_rule_says_in_a_self_evaluation_and_with_local_standards():
    result = demo.region([dataclasses.replace(unit("532301", "甲", "gb"), own_standard=LOCAL)])
    lines = rule_lines(dataclasses.replace(result, phase=SELF_EVALUATION))
    assert "“自评以来增幅”这次没有使用：自评没有可比的结果。" in lines and "有自定标准的单位，按自定标准的审核结果比较。" in lines


def test_the_same_result_the_same_bytes():
    def made():
        target = io.BytesIO()
        write_ranking(target, demo.region([demo.chuxiong(), demo.many("532322", "双柏县", 3, 1)]))
        return target.getvalue()

    assert made() == made()


# --- the rule as data -------------------------------------------------------------------------------------------------


def test_the_shipped_rule():
    rule = load_ranking_rule()
    assert [each.measure for each in rule.criteria] == list(Measure)
    assert [each.order.label for each in rule.criteria] == ["高的在前"] * 3 + ["低的在前"] * 2


def changed(tmp_path, old, new):
    text = RULE_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "ranking.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_another_order_is_a_change_of_data(tmp_path):
    # 甲 has the better ratio, 乙 nothing open.
    made = [unit("532301", "甲", "ggb", back=1), unit("532302", "乙", "gbb")]
    text = RULE_FILE.read_text(encoding="utf-8")
    head, *criteria = text.split("[[criterion]]")
    path = tmp_path / "ranking.toml"
    path.write_text("[[criterion]]".join([head, criteria[3], *criteria[:3]]), encoding="utf-8")
    rule = load_ranking_rule(path)
    assert [each.unit.unit.name for each in ranked(demo.region(made), rule)] == ["乙", "甲"]
    assert rule_lines(demo.region(made), rule)[0].startswith("（一）每社区退回问题")


def test_those_who_did_not_report_may_be_compared_like_the_others(tmp_path):
    made = [unit("532301", "甲", "--", listed=1, state=UnitState.MISSING), unit("532302", "乙", "bb")]
    result = demo.region(made, year=2022)
    assert [each.unit.unit.name for each in ranked(result)] == ["乙", "甲"]
    rule = load_ranking_rule(changed(tmp_path, 'not_reported = "last"', 'not_reported = "by_measures"'))
    assert [each.unit.unit.name for each in ranked(result, rule)] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('schema = "greencomm-ranking/1"', 'schema = "x"', "schema 应为“greencomm-ranking/1”，现为“x”"),
        ("title = ", "titel = ", "缺少“title”"),
        ('not_reported = "last"', 'not_reported = "first"', "not_reported 只能写 last、by_measures，现为“first”"),
        ('not_reported = "last"', 'not_reported = "last"\nweight = 3', "有不认识的键“weight”"),
        ('measure = "combined_ratio"', 'measure = "beauty"', "measure 只能写 combined_ratio、year_progress"),
        ('measure = "year_progress"', 'measure = "combined_ratio"', "指标“combined_ratio”：写了两次"),
        ('name = "本年新增比例"', 'name = "合计完成比例"', "指标“year_progress”：名称 name“合计完成比例”与另一项指标相同"),
        ('order = "descending"', 'order = "高"', "指标“combined_ratio”：order 只能写 descending、ascending，现为“高”"),
        ('name = "合计完成比例"', 'name = ""', "指标“combined_ratio”：“name”不能为空"),
        ('decisions = ["D-13"]', 'decisions = ["口径13"]', "引用的决定“口径13”应写成 S-38 这样的编号"),
        ('explains = "本年', 'note = 1\nexplains = "本年', "指标“year_progress”：有不认识的键“note”"),
        ("[[criterion]]", "[[criterion", "不符合 TOML 格式"),
    ],
)
def test_a_mistake_stops_with_one_sentence(tmp_path, old, new, sentence):
    with pytest.raises(StandardError) as told:
        load_ranking_rule(changed(tmp_path, old, new))
    assert sentence in str(told.value) and str(told.value).startswith("排名办法文件“ranking.toml”有误：")


def test_a_rule_without_criteria_and_one_that_is_not_there(tmp_path):
    path = tmp_path / "ranking.toml"
    path.write_text(RULE_FILE.read_text(encoding="utf-8").split("[[criterion]]")[0], encoding="utf-8")
    with pytest.raises(StandardError, match="缺少“criterion”"):
        load_ranking_rule(path)
    with pytest.raises(StandardError, match="排名办法文件“没有.toml”打不开"):
        load_ranking_rule(tmp_path / "没有.toml")


def test_the_rule_is_no_part_of_the_standard():
    assert "ranking" not in json.dumps([field.name for field in dataclasses.fields(demo.STANDARD)])
