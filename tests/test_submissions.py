"""Which of a unit's files counts: 报送批次, equal contents, times of receipt, files that complete each other."""

from __future__ import annotations

import datetime
import io
import itertools

import openpyxl
import pytest
from intake import FIXTURES, archive, attachment, mail, opened
from season import BRIDGE, CITY, COUNTY, EAST, ROSTER, TOWN, arrive, clean, form, judge, put_heading
from test_rules import delete_clause_row, remove_community

from greencomm.forms.entries import Located
from greencomm.intake.workbook import Fault, FaultyCell
from greencomm.outputs import write_outputs
from greencomm.review.submissions import submission_number

CHINA = datetime.timezone(datetime.timedelta(hours=8))


def china(day, hour=0, minute=0):
    return datetime.datetime(2021, 10, day, hour, minute, tzinfo=CHINA)


def version(points, **options):
    """东兴社区 with so many points deducted, so that versions differ."""
    return form(CITY, {EAST.code: clean(c1_1=(None, points, None), **options.pop("answers", {}))}, **options)


ONE, TWO = version(0), version(3)
"""96 and 93 points; the document itself says in both that it was saved at one time."""


def files(result):
    return {file.path: file.state.value for file in result.files}


def told(result, rule="F08"):
    return [finding.message for finding in result.findings if finding.rule == rule]


def east(result):
    return next(c for unit in result.units for c in unit.communities if c.community == EAST)


# --- time of receipt ------------------------------------------------------------------------------------------------------


def test_the_mail_that_was_sent_later_counts(tmp_path):
    monday = mail(attachment(TWO, "attachment; filename=a.xlsx"), date="Mon, 11 Oct 2021 09:00:00 +0800")
    tuesday = mail(attachment(ONE, "attachment; filename=a.xlsx"), date="Tue, 12 Oct 2021 09:00:00 +0800")
    result = judge(*opened(tmp_path, "z.eml", monday), *opened(tmp_path, "a.eml", tuesday))
    assert files(result) == {
        "z.eml": "superseded", "z.eml/a.xlsx": "superseded", "a.eml": "accepted", "a.eml/a.xlsx": "accepted",
    }  # fmt: skip
    (message,) = told(result)
    assert "“a.eml/a.xlsx”（2021-10-12 09:00收到）" in message and "“z.eml/a.xlsx”（2021-10-11 09:00收到）" in message
    assert "较晚的“a.eml/a.xlsx”" in message


def test_times_of_different_zones_are_compared_as_moments():
    """10:00 in China is 02:00 UTC, before 03:00 UTC; the numerals say the opposite."""
    early = arrive("早.xlsx", ONE, received=china(12, 10))
    late = arrive("晚.xlsx", TWO, received=datetime.datetime(2021, 10, 12, 3, tzinfo=datetime.UTC))
    assert files(judge(early, late)) == {"早.xlsx": "superseded", "晚.xlsx": "accepted"}


def test_a_saved_time_without_a_zone_was_read_off_a_clock_in_china():
    """09:00 on a clerk's clock is 01:00 UTC, before a mail of 02:00 UTC."""
    local = arrive("本机.xlsx", ONE, saved=datetime.datetime(2021, 10, 12, 9))
    sent = arrive("邮件.xlsx", TWO, received=datetime.datetime(2021, 10, 12, 2, tzinfo=datetime.UTC))
    result = judge(local, sent)
    assert files(result) == {"本机.xlsx": "superseded", "邮件.xlsx": "accepted"}
    assert "（2021-10-12 09:00保存）" in told(result)[0] and "（2021-10-12 10:00收到）" in told(result)[0]


def test_the_mails_date_goes_before_the_time_saved():
    by_mail = arrive("邮件.xlsx", ONE, saved=china(20), received=china(11))
    by_hand = arrive("手工.xlsx", TWO, saved=china(12))
    assert files(judge(by_mail, by_hand)) == {"邮件.xlsx": "superseded", "手工.xlsx": "accepted"}


def test_a_file_in_an_archive_in_a_mail_came_with_the_mail(tmp_path):
    data = mail(attachment(archive({"夹/a.xlsx": TWO}), "attachment; filename=b.zip"), date="Wed, 13 Oct 2021 09:00:00 +0800")
    result = judge(*opened(tmp_path, "m.eml", data), arrive("手工.xlsx", ONE, saved=china(12)))
    assert files(result)["m.eml/b.zip/夹/a.xlsx"] == "accepted" and files(result)["手工.xlsx"] == "superseded"


@pytest.mark.parametrize(
    ("times", "chosen", "words"),
    [
        ((china(12), china(12)), "甲.xlsx", "时间相同，无法确定先后，暂按文件名"),  # 乙 sorts before 甲.
        ((None, None), "甲.xlsx", "都没有收到或保存的时间，无法确定先后，暂按文件名"),
        ((None, china(1)), "乙.xlsx", "有的文件没有时间，无法确定先后，暂采用有时间的"),
    ],
)
def test_where_times_decide_nothing_the_choice_is_said_plainly(times, chosen, words):
    pair = [arrive(path, data, saved=time) for path, data, time in zip(("甲.xlsx", "乙.xlsx"), (ONE, TWO), times, strict=True)]
    one, other = judge(*pair), judge(*reversed(pair))
    assert one == other
    (message,) = told(one)
    assert words in message and f"“{chosen}”。" in message
    assert [path for path, state in files(one).items() if state == "accepted"] == [chosen]


def test_a_clock_that_was_never_set_is_no_time():
    never = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
    result = judge(arrive("甲.xlsx", ONE, saved=never), arrive("乙.xlsx", TWO, saved=china(1)))
    assert files(result) == {"甲.xlsx": "superseded", "乙.xlsx": "accepted"} and "没有时间" in told(result)[0]


def test_the_order_of_files_never_matters():
    times = china(11), china(12), china(12), None
    arrivals = [arrive(f"{n}.xlsx", version(n), saved=time) for n, time in enumerate(times)]
    results = [judge(*order) for order in itertools.permutations(arrivals)]
    assert all(result == results[0] for result in results)
    assert files(results[0]) == {"0.xlsx": "superseded", "1.xlsx": "superseded", "2.xlsx": "accepted", "3.xlsx": "superseded"}


# --- equal contents -------------------------------------------------------------------------------------------------------


def test_one_file_by_mail_and_by_hand_counts_once(tmp_path):
    by_mail = opened(tmp_path, "m.eml", mail(attachment(ONE, "attachment; filename=a.xlsx")))
    result = judge(*by_mail, arrive("a.xlsx", ONE))
    assert files(result) == {"m.eml": "accepted", "m.eml/a.xlsx": "accepted", "a.xlsx": "superseded"}
    assert result.findings == () and east(result).file == "m.eml/a.xlsx"


def test_a_version_sent_again_after_another_is_the_latest_word():
    result = judge(
        arrive("1.xlsx", ONE, received=china(11)),
        arrive("2.xlsx", TWO, received=china(12)),
        arrive("3.xlsx", ONE, received=china(13)),
    )
    assert files(result) == {"1.xlsx": "superseded", "2.xlsx": "superseded", "3.xlsx": "accepted"}
    assert east(result).assessed_score == 96 and "3.xlsx" in told(result)[0]


def test_equal_answers_in_another_format_count_once():
    answers = {TOWN.code: clean(c8_1=(3, 1, None), c1_1=("", None, None))}
    old = arrive("双柏县.xls", (FIXTURES / "form.xls").read_bytes(), received=china(11))
    new = arrive("双柏县.xlsx", form(COUNTY, answers), received=china(12))
    assert files(judge(old, new)) == {"双柏县.xls": "superseded", "双柏县.xlsx": "accepted"}


# --- 报送批次 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (2, 2), (2.0, 2), ("2", 2), ("２", 2), ("第2批", 2), ("第 2 批次", 2), ("第二批", 2), ("2次", 2), ("第十批", 10),
        (None, None), ("", None), ("最终", None), (0, None), (2.5, None), ("2、3", None), ("-2", None),
        (FaultyCell(Fault.DATE, "1900-01-02"), None), (FaultyCell(Fault.ERROR, "#REF!"), None),
    ],
)  # fmt: skip
def test_submission_numbers(typed, number):
    assert submission_number(Located(typed, "B6")) == ((number, True) if number else (1, False))


def test_the_highest_number_counts_however_it_is_written_and_whenever_it_came():
    result = judge(
        arrive("早.xlsx", version(3, change=put_heading("汇总", "报送批次", "第2批")), received=china(11)),
        arrive("晚.xlsx", version(0, submission=1), received=china(15)),
    )
    assert files(result) == {"早.xlsx": "accepted", "晚.xlsx": "superseded"} and told(result) == []


def test_a_number_that_cannot_be_read_is_told_where_it_cost_a_later_file_its_place():
    lost = version(3, change=put_heading("汇总", "报送批次", "最终版"))
    second = version(0, submission=2)
    late = judge(arrive("甲.xlsx", lost, received=china(13)), arrive("乙.xlsx", second, received=china(12)))
    assert files(late) == {"甲.xlsx": "superseded", "乙.xlsx": "accepted"}
    (message,) = told(late, "U07")
    assert "“甲.xlsx”的报送批次是“最终版”" in message and "第2批“乙.xlsx”" in message
    early = judge(arrive("甲.xlsx", lost, received=china(11)), arrive("乙.xlsx", second, received=china(12)))
    assert told(early, "U07") == []


# --- several files together -----------------------------------------------------------------------------------------------


def test_different_communities_are_one_submission():
    result = judge(
        arrive("a.xlsx", form(CITY, change=remove_community("学桥街社区")), received=china(11)),
        arrive("b.xlsx", form(CITY, change=remove_community("东兴社区")), received=china(12)),
    )
    assert files(result) == {"a.xlsx": "accepted", "b.xlsx": "accepted"} and told(result) == []
    assert len(result.units[0].green) == 2


def test_one_file_replaced_by_two_later_ones_together():
    result = judge(
        arrive("全.xlsx", TWO, received=china(11)),
        arrive("东.xlsx", version(0, change=remove_community("学桥街社区")), received=china(12)),
        arrive("学.xlsx", form(CITY, change=remove_community("东兴社区")), received=china(13)),
    )
    assert files(result) == {"全.xlsx": "superseded", "东.xlsx": "accepted", "学.xlsx": "accepted"}
    (message,) = told(result)
    assert "东.xlsx" in message and "学.xlsx" in message and "全.xlsx" in message
    assert east(result).assessed_score == 96


def test_three_versions_that_overlap_in_part():
    """The first is covered by the second; the third has one community of both, with other answers: pending."""
    result = judge(
        arrive("1.xlsx", version(0), received=china(11)),
        arrive("2.xlsx", version(2), received=china(12)),
        arrive("3.xlsx", version(3, change=remove_community("学桥街社区")), received=china(13)),
    )
    assert files(result) == {"1.xlsx": "superseded", "2.xlsx": "accepted", "3.xlsx": "accepted"}
    assert sorted(f.place.file for f in result.findings if f.rule == "S04") == ["2.xlsx", "3.xlsx"]
    assert east(result).status.value == "pending"


def test_former_and_present_codes_are_one_community():
    old = form(COUNTY, change=put_heading("东城社区", "社区代码", "532999101001"))
    new = form(COUNTY, {TOWN.code: clean(c1_1=(None, 3, None))})
    result = judge(arrive("旧.xlsx", old, received=china(11)), arrive("新.xlsx", new, received=china(12)))
    assert files(result) == {"旧.xlsx": "superseded", "新.xlsx": "accepted"} and len(told(result)) == 1


def test_a_sheet_without_a_code_is_the_one_it_was_issued_for():
    blank = version(3, change=put_heading("东兴社区", "社区代码", None))
    result = judge(arrive("旧.xlsx", ONE, received=china(11)), arrive("新.xlsx", blank, received=china(12)))
    assert files(result) == {"旧.xlsx": "superseded", "新.xlsx": "accepted"}


def broken_header(book):
    page = book["东兴社区"]
    for row in page.iter_rows():
        for cell in row:
            if cell.value == "条款":
                cell.value = "号"


def test_a_damaged_version_gives_way_to_a_later_sound_one_and_never_replaces_it():
    damaged = form(CITY, change=broken_header)
    later = judge(arrive("坏.xlsx", damaged, received=china(11)), arrive("好.xlsx", ONE, received=china(12)))
    assert files(later) == {"坏.xlsx": "superseded", "好.xlsx": "accepted"} and east(later).assessed_score == 96
    earlier = judge(arrive("坏.xlsx", damaged, received=china(13)), arrive("好.xlsx", ONE, received=china(12)))
    assert files(earlier)["好.xlsx"] == "accepted" and east(earlier).assessed_score == 96


def test_a_missing_row_is_another_content():
    short = form(CITY, change=delete_clause_row)
    result = judge(arrive("全.xlsx", form(CITY), received=china(12)), arrive("缺.xlsx", short, received=china(11)))
    assert files(result) == {"全.xlsx": "accepted", "缺.xlsx": "superseded"} and len(told(result)) == 1


def test_nothing_is_chosen_across_units():
    result = judge(arrive("a.xlsx", form(CITY)), arrive("b.xlsx", form(COUNTY)))
    assert set(files(result).values()) == {"accepted"} and len(ROSTER.units) == 2 and BRIDGE.unit == CITY.code


# --- our own results among what was received --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What a run made of a workbook with something to correct, by name."""
    folder = tmp_path_factory.mktemp("results")
    blank = arrive("楚雄市.xlsx", form(CITY, {EAST.code: clean(c1_1=(None, None, None))}))
    made = list(write_outputs(folder, judge(blank, arrive("双柏县.xlsx", form(COUNTY)))))
    return {path.name: path.read_bytes() for path in (folder / one.path for one in made)}


OWN = {
    "楚雄市_差异报告.xlsx": "这是本程序生成的结果（差异报告），不是报送的工作簿",
    "status.xlsx": "这是本程序生成的结果（进度表），不是报送的工作簿",
    "overview.xlsx": "这是本程序生成的结果（总览），不是报送的工作簿",
    "annex2.xlsx": "这是本程序生成的结果（附件2），不是报送的工作簿",
    "楚雄市_退回修改.txt": "这是本程序生成的函件（退回修改），不是报送的工作簿",
    "双柏县_审核通过.txt": "这是本程序生成的函件（审核通过），不是报送的工作簿",
}


@pytest.mark.parametrize("name", OWN)
def test_our_own_results_are_nobodys_submission(tmp_path, results, name):
    result = judge(*opened(tmp_path, f"楚雄市 {name}", results[name]))
    (file,) = result.files
    assert (file.state, file.reason) == ("ignored", OWN[name])
    assert result.findings == () and {unit.state for unit in result.units} == {"missing"}


def test_a_report_saved_again_under_another_name_is_still_ours(tmp_path, results):
    book = openpyxl.load_workbook(io.BytesIO(results["楚雄市_差异报告.xlsx"]))
    book.worksheets[0]["A1"] = "已阅"
    saved = io.BytesIO()
    book.save(saved)
    result = judge(*opened(tmp_path, "楚雄市.xlsx", saved.getvalue()))
    assert files(result) == {"楚雄市.xlsx": "ignored"} and result.findings == ()


def test_our_attachments_sent_on_ask_nothing_of_the_county(tmp_path, results):
    report = results["楚雄市_差异报告.xlsx"]
    forwarded = mail(attachment(report, "attachment; filename=a.xlsx"), date="Mon, 11 Oct 2021 09:00:00 +0800")
    packed = archive({"a.xlsx": report, "楚雄市_退回修改.txt": results["楚雄市_退回修改.txt"]})
    result = judge(*opened(tmp_path, "楚雄市.eml", forwarded), *opened(tmp_path, "楚雄市.zip", packed))
    assert set(files(result).values()) == {"ignored"} and len(files(result)) == 5
    assert result.findings == ()


def test_the_returned_workbook_beside_our_report_counts(tmp_path, results):
    packed = archive({name: results[name] for name in ("楚雄市_差异报告.xlsx", "楚雄市_退回修改.xlsx")})
    result = judge(*opened(tmp_path, "楚雄市.zip", packed))
    assert files(result) == {"楚雄市.zip": "accepted", "楚雄市.zip/楚雄市_差异报告.xlsx": "ignored",
                             "楚雄市.zip/楚雄市_退回修改.xlsx": "accepted"}  # fmt: skip


def test_a_text_that_is_no_letter_of_ours_stays_what_it_is(tmp_path):
    result = judge(*opened(tmp_path, "楚雄市_说明.txt", "\ufeff已办理".encode()), *opened(tmp_path, "双柏县_催报.txt", b"abc"))
    assert set(files(result).values()) == {"rejected"} and {finding.rule for finding in result.findings} == {"F01"}


def test_a_fill_in_workbook_that_claims_to_be_ours_is_read(tmp_path, results):
    """A clerk who copies the community sheets into the report has sent something."""
    book = openpyxl.load_workbook(io.BytesIO(form(CITY)))
    for each in openpyxl.load_workbook(io.BytesIO(results["楚雄市_差异报告.xlsx"])).custom_doc_props.props:
        book.custom_doc_props.append(each)
    saved = io.BytesIO()
    book.save(saved)
    assert files(judge(*opened(tmp_path, "楚雄市.xlsx", saved.getvalue()))) == {"楚雄市.xlsx": "accepted"}
