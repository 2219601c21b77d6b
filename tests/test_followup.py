"""From one submission to the next: life of findings, explanations, waivers, what hangs on a finding, what was changed."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import io

import demo
import openpyxl
import pytest
from season import (
    BRIDGE,
    CITY,
    COUNTY,
    DAY,
    EAST,
    ROSTER,
    STANDARD,
    TOWN,
    Course,
    arrive,
    cell_of,
    clean,
    form,
    put,
    put_heading,
    reply,
    send,
)

from greencomm.document import result_document
from greencomm.findings import Impact, Life, OtherReply, Settled, Severity
from greencomm.forms.layout import ISSUES_SHEET, IssueColumn
from greencomm.forms.returned import write_returned
from greencomm.history import History
from greencomm.outputs.discrepancy import write_discrepancy
from greencomm.results import CellChange, Status
from greencomm.review.followup import follow_up, is_empty_phrase
from greencomm.roster import Community, Waiver

DIFFERS = {"c8_1": (3, 1, None)}  # 3 places: 2 points; the county wrote 1 (C07).
BLANK = {"c1_1": (None, None, None)}  # C01.


def city(**changes):
    return form(CITY, {EAST.code: clean(**changes)})


def of(result, rule, unit=0):
    return [finding for finding in result.units[unit].findings if finding.rule == rule]


def lives(result, unit=0):
    return [(finding.rule, finding.life.value) for finding in result.units[unit].findings]


# --- life ---------------------------------------------------------------------------------------------------------------


def test_new_open_corrected_and_relapsed_in_four_submissions():
    course = Course()
    first = course.run(send(city(**BLANK)))
    assert lives(first) == [("C01", "new")]
    assert (first.units[0].earlier, first.units[0].corrected, first.units[0].changes) == (None, (), ())
    second = course.run(send(city(**BLANK, **DIFFERS)))
    assert lives(second) == [("C01", "open"), ("C07", "new")]
    third = course.run(send(city(**DIFFERS)))
    assert lives(third) == [("C07", "open")]
    (past,) = third.units[0].corrected
    assert (past.rule, past.severity, past.community, past.clause) == ("C01", Severity.SEND_BACK, EAST.code, "1.1")
    fourth = course.run(send(form(CITY, {EAST.code: clean(**BLANK)}, submission=2)))
    assert lives(fourth) == [("C01", "relapsed")] and [past.rule for past in fourth.units[0].corrected] == ["C07"]
    # It stays: what relapsed is then simply open.
    fifth = course.run(send(form(CITY, {EAST.code: clean(**BLANK, c2_1=(None, 3, None))}, submission=3)))
    assert lives(fifth) == [("C01", "open")] and fifth.units[0].earlier == 2


def test_a_run_that_is_repeated_says_the_same_and_keeps_the_same():
    course = Course()
    course.run(send(city(**BLANK)))
    second = course.run(send(city(**DIFFERS)))
    kept = course.kept
    for name in ("楚雄市.xlsx", "改名.xlsx"):
        again = course.run(send(city(**DIFFERS), name))
        assert lives(again) == lives(second) == [("C07", "new")]
        assert again.units[0].corrected == second.units[0].corrected and again.units[0].changes == second.units[0].changes
        assert course.kept == kept


def test_other_units_files_change_nothing():
    course, alone = Course(), Course()
    county = send(form(COUNTY), "双柏县.xlsx")
    for files in ((), (county,), (send(form(COUNTY, {TOWN.code: clean(**BLANK)}), "双柏县.xlsx"),)):
        course.run(send(city(**BLANK)), *files)
    alone.run(send(city(**BLANK)))
    second = send(city(**DIFFERS))
    assert course.run(second, county).units[0] == alone.run(second).units[0]


def test_roster_edits_are_no_submission():
    course = Course()
    course.run(send(city(**BLANK)))
    course.roster = dataclasses.replace(ROSTER, sha256="another")
    assert lives(course.run(send(city(**BLANK)))) == [("C01", "new")]


def test_a_unit_that_is_silent_for_a_run_keeps_its_history():
    course = Course()
    course.run(send(city(**BLANK)))
    silent = course.run(send(form(COUNTY), "双柏县.xlsx"))
    assert silent.units[0].corrected == ()
    assert lives(course.run(send(city(**BLANK, **DIFFERS)))) == [("C01", "open"), ("C07", "new")]


def test_history_follows_new_codes():
    """COUNTY was 532999 and its community 532999101001 (D-15)."""
    old = dataclasses.replace(
        ROSTER,
        units=(CITY, dataclasses.replace(COUNTY, code="532999", former_codes=())),
        communities=(EAST, BRIDGE, dataclasses.replace(TOWN, code="532999101001", unit="532999", former_codes=())),
    )
    course = Course(old)
    unit, community = old.units[1], old.communities[2]
    course.run(send(form(unit, {community.code: clean(**BLANK)}, roster=old), "双柏.xlsx"))
    course.roster = ROSTER
    later = course.run(send(form(COUNTY, {TOWN.code: clean(**BLANK, **DIFFERS)}), "双柏.xlsx"))
    assert lives(later, 1) == [("C01", "open"), ("C07", "new")]
    assert [(change.community, change.clause, change.column) for change in later.units[1].changes] == [
        (TOWN.code, "", "社区代码"), (TOWN.code, "8.1", "实际值"), (TOWN.code, "8.1", "扣分"),
    ]  # fmt: skip


def test_findings_of_one_subject_are_counted():
    def twice(*names):
        def change(book):
            for name in names:
                book.create_sheet(name)["A1"] = "见附件"

        return send(form(CITY, change=change))

    course = Course()
    course.run(twice("照片", "附表"))
    result = course.run(twice("照片", "名单", "清单"))
    assert sorted((f.found, f.life) for f in of(result, "S16")) == [
        ("名单", Life.NEW), ("清单", Life.NEW), ("照片", Life.OPEN),
    ]  # fmt: skip
    assert [past.value for past in result.units[0].corrected] == ["附表"]


def test_nothing_is_corrected_by_leaving_a_sheet_out():
    def without(book):
        del book["东兴社区"]

    course = Course()
    course.run(send(city(**BLANK)))
    result = course.run(send(form(CITY, change=without)))
    assert result.units[0].corrected == ()


# --- explanations ---------------------------------------------------------------------------------------------------------

REASON = "另外2处当天已清理，照片见附件3"


def explained(course, **changes):
    """C07 explained in a workbook with the same values."""
    (finding,) = of(course.run(send(city(**DIFFERS))), "C07")
    return course.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, submission=2), replies=[reply(finding, REASON, **changes)]))


def test_an_explanation_settles_what_is_to_be_verified():
    course = Course()
    (finding,) = of(explained(course), "C07")
    assert finding.settlement and (finding.settlement.kind, finding.settlement.text) == (Settled.EXPLAINED, REASON)
    assert (finding.settlement.date, finding.refusal, finding.is_open, finding.state_label) == (DAY, "", False, "已说明")


def test_it_holds_in_later_runs_also_without_the_list():
    course = Course()
    explained(course)
    course.day = DAY + datetime.timedelta(days=3)
    later = send(form(CITY, {EAST.code: clean(**DIFFERS, c2_1=(None, 3, None))}, submission=3))
    (finding,) = of(course.run(later), "C07")
    assert finding.settlement and (finding.settlement.text, finding.settlement.date) == (REASON, DAY)
    assert lives(course.run(later)) == [("C07", "open")]


def test_repeated_on_another_day_it_keeps_its_day():
    course = Course()
    (finding,) = of(course.run(send(city(**DIFFERS))), "C07")
    answered = send(city(**DIFFERS, c2_1=(None, 3, None)), replies=[reply(finding, REASON)])
    course.run(answered)
    course.day = DAY + datetime.timedelta(days=1)
    kept = course.kept
    (again,) = of(course.run(answered), "C07")
    assert again.settlement and again.settlement.date == DAY and course.kept == kept


@pytest.mark.parametrize("other", [(3, 0, None), (4, 1, None)], ids=["the deduction", "the measured value"])
def test_it_lapses_when_a_value_changes_and_the_finding_says_so(other):
    course = Course()
    explained(course)
    changed = send(form(CITY, {EAST.code: clean(c8_1=other)}, submission=3))
    for _ in range(2):  # Also when the run is repeated.
        (finding,) = of(course.run(changed), "C07")
        assert finding.settlement is None
        now = f"实际值 {other[0]}；扣分 {other[1]}"
        assert finding.refusal == f"情况说明针对的是原来填的“实际值 3；扣分 1”，现在是“{now}”，没有采用；请重新说明或改正。"
    # Back to the old values it has to be given again.
    assert of(course.run(send(city(**DIFFERS))), "C07")[0].settlement is None


def test_an_explanation_of_older_values_in_the_same_workbook_is_refused():
    course = Course()
    (old,) = of(course.run(send(city(**DIFFERS))), "C07")
    result = course.run(send(city(c8_1=(4, 1, None)), replies=[reply(old, REASON, "已核对台账")]))
    (finding,) = of(result, "C07")
    assert finding.settlement is None and "“实际值 3；扣分 1”" in finding.refusal and finding.remedy == "已核对台账"


def test_it_is_kept_while_the_community_sends_nothing():
    def without(book):
        del book["东兴社区"]

    course = Course()
    explained(course)
    course.run(send(form(CITY, change=without, submission=3)))
    course.run(send(form(COUNTY), "双柏县.xlsx"))
    (finding,) = of(course.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, submission=4))), "C07")
    assert finding.settlement and finding.settlement.text == REASON


def test_the_later_text_replaces_the_earlier_and_an_empty_phrase_does_not():
    course = Course()
    (finding,) = of(explained(course), "C07")
    better = reply(finding, "见整改台账第5页")
    result = course.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, submission=3), replies=[better]))
    assert of(result, "C07")[0].settlement.text == "见整改台账第5页"
    phrase = reply(finding, "情况属实")
    result = course.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, submission=4), replies=[phrase]))
    assert of(result, "C07")[0].settlement.text == "见整改台账第5页"


def test_the_community_may_be_named_by_its_former_code():
    course = Course()
    (finding,) = of(course.run(send(form(COUNTY, {TOWN.code: clean(**DIFFERS)}), "双柏.xlsx")), "C07", 1)
    answer = reply(finding, REASON, community="532999101001")
    result = course.run(send(form(COUNTY, {TOWN.code: clean(**DIFFERS)}, submission=2), "双柏.xlsx", [answer]))
    assert of(result, "C07", 1)[0].settlement
    nobodys = reply(finding, REASON, community="532999101099")
    result = Course().run(send(form(COUNTY, {TOWN.code: clean(**DIFFERS)}), "双柏.xlsx", [nobodys]))
    assert of(result, "C07", 1)[0].settlement is None


def test_an_explanation_is_for_one_community_only():
    both = {EAST.code: clean(**DIFFERS), BRIDGE.code: clean(**DIFFERS)}
    course = Course()
    first = of(course.run(send(form(CITY, both))), "C07")
    assert first[0].token == first[1].token
    result = course.run(send(form(CITY, both, submission=2), replies=[reply(first[0], REASON)]))
    assert [(f.place.community == first[0].place.community, f.settlement is not None) for f in of(result, "C07")] == [
        (False, False), (True, True),
    ]  # fmt: skip


def test_what_was_sent_back_cannot_be_explained_away():
    course = Course()
    (finding,) = of(course.run(send(city(**BLANK))), "C01")
    result = course.run(send(city(**BLANK, c2_1=(None, 3, None)), replies=[reply(finding, REASON, "正在补")]))
    (finding,) = of(result, "C01")
    assert finding.settlement is None and finding.is_open and finding.remedy == "正在补"
    assert finding.refusal.startswith("“退回”的问题需要改正，不能只说明")
    assert result.units[0].communities[0].status is not Status.GREEN


@pytest.mark.parametrize("phrase", ["核实无误", " 情况 属实。", "已核实！", "无", "——", "１２３", "…", "OK", "N/A", "没有问题"])
def test_empty_phrases_are_refused_with_an_example(phrase):
    course = Course()
    (finding,) = of(course.run(send(city(**DIFFERS))), "C07")
    (finding,) = of(course.run(send(city(**DIFFERS, c2_1=(None, 3, None)), replies=[reply(finding, phrase)])), "C07")
    assert finding.settlement is None
    assert finding.refusal == f"情况说明“{phrase.strip()}”没有说出理由，没有采用；请写明依据，例如“其余2处当天已整改，照片见附件3”。"


@pytest.mark.parametrize(
    "phrase",
    [
        "情况属实，无误！",
        "经核实，情况属实",
        "经社区核实情况属实，无误",
        "情况属实，特此说明",
        "情况属实情况属实",
        "情况说明如下：经我社区认真核实，填报数据真实。",
        "东兴社区居民委员会已核实",
        "经楚雄市住建局现场核查，情况属实",
    ],
)
def test_empty_phrases_put_together_are_empty_still(phrase):
    course = Course()
    (finding,) = of(course.run(send(city(**DIFFERS))), "C07")
    (finding,) = of(course.run(send(city(**DIFFERS, c2_1=(None, 3, None)), replies=[reply(finding, phrase)])), "C07")
    assert finding.settlement is None and finding.refusal.startswith(f"情况说明“{phrase}”没有说出理由")


@pytest.mark.parametrize(
    "text",
    ["经核实，2处已整改", "情况属实，见附件2", "无物业小区共3个", "是2020年的数", "经核实无误，当天只有1辆车违停，城管记录见台账", "业委会未成立"],
)
def test_reasons_that_contain_such_words_are_not(text):
    assert not is_empty_phrase(text, STANDARD)


def test_what_was_done_stands_beside_what_is_corrected():
    course = Course()
    (finding,) = of(course.run(send(city(**BLANK))), "C01")
    result = course.run(send(city(), replies=[reply(finding, remedy="已补填")]))
    assert [(past.rule, past.remedy) for past in result.units[0].corrected] == [("C01", "已补填")]


def test_a_community_at_the_mark_keeps_its_score_whatever_is_explained():
    course = Course()
    before = course.run(send(city(**DIFFERS))).units[0].communities[0]
    after = explained(Course()).units[0].communities[0]
    assert (before.assessed_score, before.status) == (after.assessed_score, after.status) == (94, Status.GREEN)


# --- waivers --------------------------------------------------------------------------------------------------------------


def waiver(rule="C07", community: str | None = EAST.code, clause="8.1", unit=CITY.code):
    return Waiver(unit, community, clause, rule, "张三", "现场核实", datetime.date(2021, 10, 15), 2, "D2")


def waived(*waivers, **changes):
    course = Course(dataclasses.replace(ROSTER, waivers=waivers))
    return course.run(send(city(**changes)))


@pytest.mark.parametrize("clause", ["8.1", ""])
def test_a_waiver_settles_with_name_reason_and_date(clause):
    (finding,) = of(waived(waiver(clause=clause), **DIFFERS), "C07")
    assert finding.settlement is not None and finding.state_label == "免予处理"
    assert (finding.settlement.kind, finding.settlement.text, finding.settlement.who, finding.settlement.date) == (
        Settled.WAIVED, "现场核实", "张三", datetime.date(2021, 10, 15),
    )  # fmt: skip


def test_a_waiver_settles_what_was_sent_back_and_changes_no_score():
    plain, result = waived(**BLANK), waived(waiver("C01", clause="1.1"), **BLANK)
    assert of(result, "C01")[0].settlement is not None
    assert result.units[0].communities == plain.units[0].communities
    assert result.units[0].open_count(Severity.SEND_BACK) == 0 < result.units[0].count(Severity.SEND_BACK)


@pytest.mark.parametrize(
    "other",
    [{"rule": "C08"}, {"community": BRIDGE.code}, {"community": None}, {"clause": "8.2"}, {"unit": COUNTY.code, "community": None}],
    ids=["rule", "community", "the unit's own", "clause", "unit"],
)
def test_a_waiver_of_something_else_settles_nothing(other):
    result = waived(waiver(**other), **DIFFERS)
    assert of(result, "C07")[0].settlement is None


def test_a_waiver_that_settles_nothing_is_noted_once_its_unit_has_sent_something():
    result = waived(waiver("C08"), waiver("C08", None, "", COUNTY.code), **DIFFERS)
    (idle,) = [finding for finding in result.findings if finding.rule == "R06"]
    assert (idle.place.unit, idle.place.sheet, idle.place.cell) == (None, "免予处理", "D2") and "第2行" in idle.message


def test_a_waiver_of_a_day_to_come_is_told_and_not_used():
    tomorrow = dataclasses.replace(waiver(), date=datetime.date(2021, 10, 19))
    result = waived(tomorrow, **DIFFERS)
    assert of(result, "C07")[0].settlement is None
    (told,) = [finding for finding in result.findings if finding.rule in ("R06", "R07")]
    assert told.message == "名册的工作表“免予处理”第2行的日期是“2021-10-19”，晚于审核日期“2021-10-18”，没有采用。"
    assert result_document(result, [])["waivers"][0]["findings"] == 0
    today = waived(dataclasses.replace(waiver(), date=datetime.date(2021, 10, 18)), **DIFFERS)
    assert of(today, "C07")[0].settlement is not None


def test_rejected_files_may_be_waived():
    from greencomm.intake.arrivals import Arrival

    course = Course(dataclasses.replace(ROSTER, waivers=(waiver("F01", None, ""),)))
    result = course.run(Arrival("楚雄市.xlsx", "0", refused="文件是空的（0字节）"))
    assert of(result, "F01")[0].settlement is not None and result.units[0].state == "rejected"


def test_the_prefecture_s_word_goes_before_the_county_s():
    course = Course(dataclasses.replace(ROSTER, waivers=(waiver(),)))
    (finding,) = of(explained(course), "C07")
    assert finding.settlement.kind is Settled.WAIVED


# --- what hangs on it -------------------------------------------------------------------------------------------------------

NEAR = {f"c{c}": (None, 3, None) for c in ("1_1", "2_1", "2_2", "4_2", "9_1")}  # 96 - 15 = 81


def weight(result, rule):
    return [(f.impact, f.lowest, f.highest) for f in of(result, rule)]


def test_an_unresolved_clause_gives_the_range_that_is_open():
    # 5.1 takes 0 or 2: 79 … 81.
    course = Course()
    result = course.run(send(city(**NEAR, c5_1=(None, None, None))))
    assert weight(result, "C01") == [(Impact.MARK, 79, 81)]


def test_a_difference_that_would_turn_the_result_gives_both_scores():
    # 3 places take 2: 79; by the stated 1 it would be 80.
    result = Course().run(send(city(**NEAR, c8_1=(3, 1, None))))
    assert weight(result, "C07") == [(Impact.MARK, 79, 80)]


def test_a_missing_measured_value_could_be_any():
    # Stated 1 of 0 … 2: 80; with 0 81, with 2 79.
    result = Course().run(send(city(**NEAR, c8_1=(None, 1, None))))
    assert weight(result, "C08") == [(Impact.MARK, 79, 81)]


def test_an_unreasoned_deduction_might_not_hold():
    # 1.2 takes 2: 79; without it 81.
    result = Course().run(send(city(**NEAR, c1_2=(None, 2, None))))
    assert weight(result, "C12") == [(Impact.MARK, 79, 81)]


def test_a_typed_total_on_the_other_side_of_the_mark():
    result = Course().run(send(form(CITY, {EAST.code: clean(**NEAR, c5_1=(None, 2, None))},
                                    put_heading("东兴社区", "自评总分", 85))))  # fmt: skip
    assert weight(result, "T01") == [(Impact.MARK, 79, 85)]


def test_a_missing_row_decides_as_a_blank_one_does():
    def without_row(book):
        page = book["东兴社区"]
        for cells in list(page.merged_cells.ranges):
            page.unmerge_cells(str(cells))
        page.delete_rows(next(row[0].row for row in page.iter_rows() if row[0].value == "5.1"))

    result = Course().run(send(form(CITY, {EAST.code: clean(**NEAR)}, without_row)))
    assert weight(result, "S09") == [(Impact.MARK, 79, 81)]


def test_a_sheet_twice_decides_only_where_the_answers_fall_on_both_sides():
    def again(taken):
        def change(book):
            book.copy_worksheet(book["东兴社区"]).title = "东兴社区 (2)"
            for clause in ("1.1", "2.1", "2.2", "4.2", "9.1", "9.2")[:taken]:
                put("东兴社区 (2)", clause, "扣分", 3)(book)

        return Course().run(send(form(CITY, change=change)))

    assert weight(again(1), "S03") == [(Impact.NONE, None, None)] * 2  # 93 … 96
    assert weight(again(6), "S03") == [(Impact.MARK, 78, 96)] * 2


def members(count, unit=CITY):
    return [Community(f"{unit.code}101{n:03d}", f"第{n}社区居民委员会", unit.name, "鹿城镇", unit.code) for n in range(1, count + 1)]


FAILS = {**NEAR, "c9_2": (None, 3, None)}  # 78


def test_what_decides_about_the_ratio_comes_before_what_does_not():
    """Six communities: one green (1/6 = 16.67 %), one open at 93 … 96; with it 2/6 = 33.33 %, beyond the target of 20 %."""
    own = members(6)
    roster = dataclasses.replace(ROSTER, communities=(*own, TOWN))
    answers = {c.code: clean(**FAILS) for c in own[2:]} | {own[0].code: clean(**DIFFERS), own[1].code: clean(**BLANK)}
    result = Course(roster).run(send(form(CITY, answers, roster=roster)))
    found = [(f.rule, f.impact) for f in result.units[0].findings]
    assert found[0] == ("C01", Impact.RATIO)
    assert dict(found)["C07"] is Impact.NONE and {rule for rule, _ in found[1:]} == {"C07", "K01"}


def test_a_unit_beyond_the_target_hangs_on_nothing():
    """Two of five are green: 40 %, whatever the third brings."""
    own = members(5)
    roster = dataclasses.replace(ROSTER, communities=(*own, TOWN))
    answers = {c.code: clean(**FAILS) for c in own[3:]} | {own[2].code: clean(**BLANK)}
    result = Course(roster).run(send(form(CITY, answers, roster=roster)))
    assert {f.impact for f in result.units[0].findings} == {Impact.NONE}
    # The region has six communities, two of them green: 33 %.
    assert {f.impact for f in result.findings} == {Impact.NONE}


def test_exactly_the_target_is_reached():
    """One of five is 20 %: with one green nothing hangs on the rest; with none and one open, everything does."""
    own = members(5)
    roster = dataclasses.replace(ROSTER, communities=(*own, TOWN))
    others = {c.code: clean(**FAILS) for c in own[1:]}
    one = Course(roster).run(send(form(CITY, others | {own[1].code: clean(**BLANK)}, roster=roster)))
    assert of(one, "C01")[0].impact is Impact.NONE
    none = Course(roster).run(send(form(CITY, others | {own[0].code: clean(**BLANK)}, roster=roster)))
    assert of(none, "C01")[0].impact is Impact.RATIO


def test_the_region_s_ratio_shows_in_the_region_s_list_only():
    """楚雄市 has 2 of 5 (40 %); with 15 communities of 双柏县 that sent nothing the region has 2 of 20: below 20 %, open above."""
    own, others = members(5), members(15, COUNTY)
    roster = dataclasses.replace(ROSTER, communities=(*own, *others))
    answers = {c.code: clean(**FAILS) for c in own[3:]} | {own[2].code: clean(**BLANK)}
    result = Course(roster).run(send(form(CITY, answers, roster=roster)))
    assert of(result, "C01")[0].impact is Impact.NONE
    assert [f.impact for f in result.findings if f.rule == "C01"] == [Impact.RATIO]


def test_no_target_no_ratio():
    own = members(6)
    batch = dataclasses.replace(ROSTER.batch, year=2023)
    roster = dataclasses.replace(ROSTER, batch=batch, communities=tuple(own))
    result = Course(roster).run(send(form(CITY, {own[0].code: clean(**BLANK)}, roster=roster)))
    assert result.units[0].state == "received" and Impact.RATIO not in {f.impact for f in result.findings}


@pytest.mark.parametrize(
    ("listed", "green", "hangs"),
    [
        # Of five, three are needed (60 %). Two on the list (one without a sheet, one at 78) and one open: 2 or 3.
        (("missing", "below"), 0, True),
        (("below",), 1, True),
        # Three on the list: whatever the open one brings.
        (("missing", "missing", "below"), 0, False),
        (("missing", "below"), 1, False),
        # One on the list, one open: 1 or 2. A listed one without a sheet is no open one.
        (("missing",), 0, False),
        # Nor does a listed one with an open clause decide.
        (("pending",), 1, True),
        (("pending", "pending"), 1, False),
    ],
)
def test_in_a_second_year_earlier_lists_count_towards_the_ratio(listed, green, hangs):
    states = [*listed, *["green"] * green, "pending"]
    states += ["below"] * (5 - len(states))
    members = [demo.community(f"53230110100{n}", f"{n}号社区居民委员会", Status(state)) for n, state in enumerate(states)]
    members = [dataclasses.replace(each, listed=2021) if n < len(listed) else each for n, each in enumerate(members)]
    open_one = members[len(listed) + green].community.code
    finding = demo.finding("C01", Severity.SEND_BACK, "没有填写。", "请填写。", sheet="甲", clause="1.1", community=open_one)
    of_listed = dataclasses.replace(finding, place=dataclasses.replace(finding.place, community=members[0].community.code))
    unit = demo.unit("532301", "楚雄市", members, findings=[finding, of_listed])
    result, _ = follow_up(demo.region([unit], year=2022), History(), {})
    impacts = {each.place.community: each.impact for each in result.units[0].findings}
    assert impacts == {open_one: Impact.RATIO if hangs else Impact.NONE, members[0].community.code: Impact.NONE}


def test_missing_communities_decide_about_the_ratio():
    def without(book):
        del book["学桥街社区"]

    both = {EAST.code: clean(**FAILS)}
    result = Course().run(send(form(CITY, both, without)))
    assert [f.impact for f in of(result, "U04")] == [Impact.RATIO]
    assert [f.impact for f in of(Course().run(send(form(CITY, change=without))), "U04")] == [Impact.NONE]  # One of two.


# --- what was changed -------------------------------------------------------------------------------------------------------


def test_changes_cell_by_cell():
    course = Course()
    course.run(send(city(c8_1=(3, 1, None), c1_2=(None, 2, "三个小区"))))
    result = course.run(send(form(CITY, {EAST.code: clean(c8_1=("2处", None, None), c1_2=(None, 2, "四个小区"))},
                                  put_heading("东兴社区", "填表人", "张填表"))))  # fmt: skip
    assert result.units[0].changes == (
        CellChange(EAST.code, "", "填表人", "李填表", "张填表"),
        CellChange(EAST.code, "1.2", "说明及佐证材料", "三个小区", "四个小区"),
        CellChange(EAST.code, "8.1", "实际值", "3", "2处"),
        CellChange(EAST.code, "8.1", "扣分", "1", ""),
    )


def test_a_total_is_a_change_only_where_it_is_typed():
    course = Course()
    course.run(send(city()))
    result = course.run(send(form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}, put_heading("东兴社区", "自评总分", 96))))
    assert [(c.column, c.before, c.after) for c in result.units[0].changes] == [("自评总分", "", "96"), ("扣分", "0", "3")]


def test_sheets_that_are_new_or_gone():
    def without(book):
        del book["学桥街社区"]

    course = Course()
    course.run(send(form(CITY, change=without)))
    there = course.run(send(form(CITY)))
    assert there.units[0].changes == (CellChange(BRIDGE.code, "", "整张表", "没有", "有"),)
    assert course.run(send(form(CITY, change=without))).units[0].changes == (CellChange(BRIDGE.code, "", "整张表", "有", "没有"),)


def test_moved_rows_and_sheets_are_no_change():
    def moved(book):
        page = book["东兴社区"]
        for cells in list(page.merged_cells.ranges):
            page.unmerge_cells(str(cells))
        page.insert_rows(1, 4)
        book._sheets.reverse()

    course = Course()
    course.run(send(city(**DIFFERS)))
    result = course.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, moved)))
    assert result.units[0].changes == () and ("C07", "open") in lives(result)


# --- the workbook that comes back -----------------------------------------------------------------------------------------


def sent_back(result, *changes, name="退回.xlsx"):
    """The city's returned workbook as it arrives again, changed as a clerk would."""
    target = io.BytesIO()
    write_returned(target, result.units[0], result)
    book = openpyxl.load_workbook(target)
    for change in changes:
        change(book)
    data = io.BytesIO()
    book.save(data)
    return arrive(name, data.getvalue(), sha256=hashlib.sha256(data.getvalue()).hexdigest())


def answer(rule, text, column=IssueColumn.EXPLANATION):
    """A change: type into the first row of a rule on 问题清单."""

    def change(book):
        page = book[ISSUES_SHEET]
        head = {cell.value: cell.column for cell in page[4]}
        row = next(row for row in range(5, page.max_row + 1) if page.cell(row, head[IssueColumn.RULE]).value == rule)
        page.cell(row, head[column]).value = text

    return change


def list_of(result):
    """情况说明 and 审核意见 of 问题清单 in the returned workbook, by rule."""
    target = io.BytesIO()
    write_returned(target, result.units[0], result)
    page = openpyxl.load_workbook(target)[ISSUES_SHEET]
    head = {cell.value: cell.column - 1 for cell in page[4]}
    columns = (IssueColumn.RULE, IssueColumn.EXPLANATION, IssueColumn.OPINION)
    rows = [[row[head[column]] for column in columns] for row in page.iter_rows(min_row=5, values_only=True)]
    return {rule: (text, opinion) for rule, text, opinion in rows}


def report_of(result, sheet):
    target = io.BytesIO()
    write_discrepancy(target, result.units[0], result)
    page = openpyxl.load_workbook(target)[sheet]
    return "\n".join(str(cell) for row in page.iter_rows(values_only=True) for cell in row if cell is not None)


def wrecked(book):
    """What counties do to a form: a row deleted, one added, one repeated, one reworded, parts hidden, totals typed, notes beside."""
    page = book["东兴社区"]
    for cells in list(page.merged_cells.ranges):
        page.unmerge_cells(str(cells))
    column = page[cell_of(page, "1.1", "条款")].column
    page[cell_of(page, "2.2", "评分标准")] = "我们改写的标准"
    page.row_dimensions[page[cell_of(page, "8.2", "条款")].row].hidden = True
    page.delete_rows(page[cell_of(page, "4.2", "条款")].row)
    page.delete_rows(page[cell_of(page, "8.3", "条款")].row)
    total = page[cell_of(page, "合计", "条款")].row
    page.insert_rows(total, 2)
    page.cell(total, column).value = "8.9"
    page.cell(total, page[cell_of(page, "1.1", "扣分")].column).value = 3
    page.cell(total + 1, column).value = "1.1"
    page.cell(total + 1, page[cell_of(page, "1.1", "扣分")].column).value = 3
    put_heading("东兴社区", "自评总分", 99)(book)
    put_heading("东兴社区", "县（市、区）", None)(book)
    page["T60"] = "另有说明"
    page.sheet_state = "hidden"
    book.create_sheet("附表")["A1"] = "照片"
    del book["学桥街社区"]


def test_a_workbook_that_comes_back_as_it_went_out_corrects_nothing_and_changes_nothing():
    course = Course()
    first = course.run(send(form(CITY, change=wrecked)))
    told = {f.rule for f in first.units[0].findings}
    assert {"S09", "S13", "S10", "S11", "S16", "S14", "S15", "S21", "U04", "H03"} <= told
    back = sent_back(first)
    second = course.run(back)
    unit = second.units[0]
    assert [past.rule for past in unit.corrected if not past.restored] == []
    assert {"S10", "S13", "S14", "S15", "S16", "S21", "H03"} <= {past.rule for past in unit.corrected}
    assert {(f.rule, f.life) for f in unit.findings} == {
        ("C01", Life.OPEN), ("C02", Life.OPEN), ("C04", Life.OPEN), ("S06", Life.OPEN),
    }  # fmt: skip
    assert unit.changes == ()
    assert "已恢复" in report_of(second, "整改情况") and "已改" not in report_of(second, "整改情况").replace("已改的问题（0处）", "")
    states = {entry["state"] for entry in result_document(second, [])["units"][0]["corrected"]}
    assert states == {"restored"}
    # Repeated, it says the same; what was restored is no relapse when it comes back.
    kept = course.kept
    assert course.run(back).units[0] == unit and course.kept == kept
    third = course.run(send(form(CITY, change=wrecked, submission=3)))
    assert {f.life for f in third.units[0].findings if f.rule in ("S10", "S16", "S21")} == {Life.NEW}


def test_a_total_typed_over_its_formula_is_restored_not_corrected():
    course = Course()
    first = course.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, put_heading("东兴社区", "自评总分", 99))))
    second = course.run(sent_back(first)).units[0]
    assert [(past.rule, past.restored) for past in second.corrected] == [("T01", True)] and second.changes == ()
    # In the county's own file it has to put the formula right itself.
    again = Course()
    again.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, put_heading("东兴社区", "自评总分", 99))))
    own = again.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, submission=2))).units[0]
    assert [(past.rule, past.restored) for past in own.corrected] == [("T01", False)]
    assert [(c.column, c.before, c.after) for c in own.changes] == [("自评总分", "99", "")]


def test_what_the_county_does_in_the_workbook_that_came_back_counts():
    course = Course()
    first = course.run(send(form(CITY, change=wrecked)))
    unit = course.run(
        sent_back(first, put("东兴社区", "4.2", "扣分", 0), put("东兴社区", "8.3", "实际值", 0), put("东兴社区", "1.1", "扣分", 3))
    ).units[0]
    assert [(past.rule, past.clause) for past in unit.corrected if not past.restored] == [("S11", "1.1"), ("S09", "4.2"), ("S09", "8.3")]
    assert [(c.clause, c.column, c.before, c.after) for c in unit.changes] == [
        ("1.1", "扣分", "0", "3"), ("4.2", "扣分", "", "0"), ("8.3", "实际值", "", "0"),
    ]  # fmt: skip


def test_a_sheet_that_comes_back_blank_corrects_nothing():
    def emptied(book):
        for clause in STANDARD.clauses:
            for header in ("实际值", "扣分", "说明"):
                put("东兴社区", clause.id, header, None)(book)

    course = Course()
    first = course.run(send(city(**BLANK)))
    unit = course.run(sent_back(first, emptied)).units[0]
    assert unit.corrected == () and [f.rule for f in unit.findings] == ["S07"]


def test_a_refused_explanation_is_kept_and_shown_wherever_the_finding_is():
    course = Course()
    first = course.run(send(city(**DIFFERS)))
    second = course.run(sent_back(first, answer("C07", "情况属实")))
    (finding,) = of(second, "C07")
    assert (finding.reply, finding.settlement) == ("情况属实", None)
    text, opinion = list_of(second)["C07"]
    assert text == "情况属实" and "没有说出理由" in opinion
    assert "未采用：情况属实" in report_of(second, "问题清单")
    (entry,) = [entry for entry in result_document(second, [])["findings"] if entry["rule"] == "C07"]
    assert (entry["reply"], entry["explanation"]) == ("情况属实", None)
    # Also after a file without the list.
    third = course.run(send(form(CITY, {EAST.code: clean(**DIFFERS, c2_1=(None, 3, None))}, submission=3)))
    assert of(third, "C07")[0].reply == "情况属实" and "没有说出理由" in of(third, "C07")[0].refusal


def test_a_refused_explanation_that_only_comes_back_prefilled_is_not_accepted():
    course = Course()
    explained(course)
    second = course.run(send(form(CITY, {EAST.code: clean(c8_1=(4, 1, None))}, submission=3)))
    assert of(second, "C07")[0].reply == REASON == list_of(second)["C07"][0]
    third = course.run(sent_back(second))
    (finding,) = of(third, "C07")
    assert finding.settlement is None and "针对的是原来填的“实际值 3；扣分 1”" in finding.refusal and finding.reply == REASON
    (finding,) = of(course.run(sent_back(third, answer("C07", "4处中2处当天清理，照片见附件4"))), "C07")
    assert finding.settlement and finding.settlement.text == "4处中2处当天清理，照片见附件4"


def test_what_is_typed_of_a_finding_that_is_gone_stands_beside_it():
    course = Course()
    first = course.run(send(city(**DIFFERS)))
    second = course.run(sent_back(first, put("东兴社区", "8.1", "扣分", 2), answer("C07", "原先数错了")))
    (past,) = second.units[0].corrected
    assert (past.rule, past.reply) == ("C07", "原先数错了") and second.units[0].other_replies == ()
    assert "情况说明：原先数错了" in report_of(second, "整改情况")


def test_what_belongs_to_no_finding_is_listed():
    course = Course()
    (finding,) = of(course.run(send(city(**DIFFERS))), "C07")
    strangers = [
        reply(finding, "这个社区已撤销", community="532301101099"),
        reply(finding, "没有这一处", "已核", token="0123456789", clause="9.9"),
    ]
    result = course.run(send(city(**DIFFERS, c2_1=(None, 3, None)), replies=strangers))
    assert result.units[0].other_replies == (
        OtherReply("532301101099", "8.1", "C07", "", "这个社区已撤销"), OtherReply(EAST.code, "9.9", "C07", "已核", "没有这一处"),
    )  # fmt: skip
    said = report_of(result, "整改情况")
    assert "其他说明" in said and "这个社区已撤销" in said and "没有这一处" in said
    replies = [entry["reply"] for entry in result_document(result, [])["units"][0]["other_replies"]]
    assert replies == ["这个社区已撤销", "没有这一处"]


def test_two_answers_to_one_finding_are_both_kept():
    course = Course()
    (finding,) = of(course.run(send(city(**DIFFERS))), "C07")
    two = [reply(finding, "照片见附件1"), reply(finding, "照片见附件2")]
    result = course.run(send(city(**DIFFERS, c2_1=(None, 3, None)), replies=two))
    assert of(result, "C07")[0].reply == "照片见附件2"
    assert [other.explanation for other in result.units[0].other_replies] == ["照片见附件1"]


def test_an_explanation_that_is_emptied_is_withdrawn():
    course = Course()
    second = explained(course)
    assert list_of(second)["C07"][0] == REASON
    kept = course.kept
    (finding,) = of(course.run(sent_back(second)), "C07")
    assert finding.settlement and (finding.settlement.text, finding.settlement.date) == (REASON, DAY)
    course.kept = kept
    withdrawn = sent_back(second, answer("C07", None))
    for _ in range(2):
        (finding,) = of(course.run(withdrawn), "C07")
        assert (finding.settlement, finding.reply, finding.is_open) == (None, "", True)
    later = send(form(CITY, {EAST.code: clean(**DIFFERS, c2_1=(None, 3, None))}, submission=4))
    assert of(course.run(later), "C07")[0].settlement is None


def test_under_a_waiver_an_explanation_is_prefilled_all_the_same():
    course = Course()
    explained(course)
    course.roster = dataclasses.replace(ROSTER, waivers=(waiver(),))
    second = course.run(send(form(CITY, {EAST.code: clean(**DIFFERS, c1_1=(None, None, None))}, submission=3)))
    assert list_of(second)["C07"][0] == REASON
    course.run(sent_back(second))
    course.roster = ROSTER
    third = course.run(send(form(CITY, {EAST.code: clean(**DIFFERS)}, submission=5)))
    assert of(third, "C07")[0].settlement is not None


def test_deleting_one_of_two_sheets_is_named():
    def twice(book):
        book.copy_worksheet(book["东兴社区"]).title = "东兴社区 (2)"
        put("东兴社区 (2)", "1.1", "扣分", 3)(book)

    def only_second(book):
        twice(book)
        del book["东兴社区"]

    course = Course()
    course.run(send(form(CITY, change=twice)))
    kept = course.kept
    unit = course.run(send(form(CITY, submission=2))).units[0]
    assert unit.changes == (CellChange(EAST.code, "", "整张表", "有（工作表“东兴社区 (2)”）", "没有"),)
    assert [past.rule for past in unit.corrected] == ["S03", "S03"]
    course.kept = kept
    unit = course.run(send(form(CITY, change=only_second, submission=2))).units[0]
    assert unit.changes == (CellChange(EAST.code, "", "整张表", "有（工作表“东兴社区”）", "没有"),)


def test_the_same_two_sheets_in_two_files_are_the_same_fault():
    def twice(book):
        book.copy_worksheet(book["东兴社区"]).title = "东兴社区 (2)"
        put("东兴社区 (2)", "1.1", "扣分", 3)(book)

    def without(book):
        del book["学桥街社区"]

    course = Course()
    course.run(send(form(CITY, change=twice)))
    result = course.run(send(form(CITY), "a.xlsx"), send(form(CITY, {EAST.code: clean(c1_1=(None, 3, None))}, without), "b.xlsx"))
    assert [f.life for f in of(result, "S04")] == [Life.OPEN, Life.OPEN]
    assert result.units[0].corrected == ()
