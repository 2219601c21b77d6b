"""A county with its own standard (D-14): forms, review, reference score and reports follow it; figures worked out by hand.

The example of docs/examples changes the prefecture's standard so: 8.1 takes 2 each, at most 4; 14.1 wants 3 trainings and takes
2 each; item 9 has 8 points and a clause 9.3 of 2; 16.1 is gone; an item 18 of 2 points is new; 104 points, pass mark 85.
"""

from __future__ import annotations

import io

import openpyxl
import pytest
from localities import HILL, LOCAL, LOCAL_ROSTER, OWN, TOWN_ANSWERS, both, county_form, judge, sheet
from office import recalculated
from season import CITY, EAST, STANDARD, TOWN, Course, beside, cell_of, send

from greencomm.document import result_document
from greencomm.forms.layout import META_SHEET, Column, Heading
from greencomm.forms.live import live_view
from greencomm.forms.returned import write_returned
from greencomm.outputs.annex2 import annex2_form
from greencomm.outputs.book import provenance
from greencomm.outputs.discrepancy import write_discrepancy
from greencomm.outputs.letters import values_for
from greencomm.outputs.status import write_status
from greencomm.results import Status
from greencomm.standard import load_local_standard


@pytest.fixture(scope="module")
def result():
    return judge(county_form(both()))


def unit_of(result, code):
    return next(unit for unit in result.units if unit.unit.code == code)


def community(result, code):
    return next(each for unit in result.units for each in unit.communities if each.community.code == code)


# --- the score ------------------------------------------------------------------------------------------------------------


def test_a_community_is_scored_by_its_countys_standard(result):
    # 100 points without the award. 8.1: 3×2=6, at most 4. 14.1: 1 short, 2. 9.1: 3. 9.3: 2. 18.1: 1. 100−12 = 88 of 85 wanted.
    town = community(result, TOWN.code)
    assert (town.status, town.assessed_score, town.declared_score) == (Status.GREEN, 88, 88)
    assert {number: town.items[number] for number in (8, 9, 14, 16, 18)} == {8: 2, 9: 3, 14: 4, 16: 6, 18: 1}
    # 1.1: 3. 2.1: 3. 8.1: 2×2=4. 14.1: 3 short, 6. 18.1: 5, at most 2. 100−18 = 82.
    hill = community(result, HILL.code)
    assert (hill.status, hill.assessed_score, hill.highest) == (Status.BELOW, 82, 82)


def test_the_same_answers_by_the_prefectures_standard_stand_beside(result):
    # 96 without the award. 8.1: at most 2. 14.1: 2 of 2. 9.1: 3. 16.1 was not asked: 0 to 3. 91 down to 88.
    town = community(result, TOWN.code).reference
    assert (town.score, town.lowest, town.highest) == (None, 88, 91)
    assert town.status is Status.GREEN, "whatever 16.1 would have taken, 88 is enough"
    # 1.1: 3. 2.1: 3. 8.1: 2. 14.1: 2 short, 6. 82 down to 79: on both sides of 80.
    hill = community(result, HILL.code).reference
    assert (hill.status, hill.score, hill.lowest, hill.highest) == (Status.PENDING, None, 79, 82)
    assert unit_of(result, OWN.code).reference_green == 1


def test_the_prefectures_units_in_the_same_run_are_as_ever(result):
    east = community(result, EAST.code)
    assert (east.status, east.assessed_score, east.reference) == (Status.GREEN, 96, None)
    assert unit_of(result, CITY.code).own_standard is None
    assert result.standard_of(unit_of(result, CITY.code)) is STANDARD
    assert result.standard_of(unit_of(result, OWN.code)) is LOCAL


def test_annex_2_counts_by_the_countys_standard(result):
    form = annex2_form(result)
    county = form.lines[1].years[2021]
    assert (county.names, county.count) == (("东城社区居民委员会",), 1)
    assert form.total.years[2021].count == 2, "东城 by its county's standard, 东兴 by the prefecture's"


def test_no_finding_comes_of_the_form_being_the_countys(result):
    assert [finding.rule for finding in unit_of(result, OWN.code).findings] == ["K01"], "西城 claims, and has 82 of 85"
    claim = unit_of(result, OWN.code).findings[0]
    assert (claim.found, claim.expected) == ("82", "85")


def test_without_anything_removed_the_reference_is_one_score(tmp_path):
    standard = own_standard(tmp_path, PASS_MARK)
    # 9.1, 9.2, 5.1, 5.2 and 1.1: 96−13 = 83: green by 80, not by 85.
    answers = {clause: (None, points, None) for clause, points in {"9.1": 3, "9.2": 3, "5.1": 2, "5.2": 2, "1.1": 3}.items()}
    town = community(judge(county_form({TOWN.code: sheet(answers, standard)}, standard), standard), TOWN.code)
    assert (town.status, town.assessed_score) == (Status.BELOW, 83)
    assert (town.reference.status, town.reference.score) == (Status.GREEN, 83)


def test_a_condition_costs_what_the_prefecture_says_in_the_reference(tmp_path):
    standard = own_standard(tmp_path, '[[replace]]\nclause = "1.1"\npoints = 5\nquote = "缺文件扣5分"\n')
    town = community(
        judge(county_form({TOWN.code: sheet({"1.1": (None, 5, None)}, standard)}, standard), standard), TOWN.code
    )
    assert (town.assessed_score, town.reference.score) == (91, 93)


def test_a_blank_clause_leaves_both_open():
    answers = both() | {TOWN.code: sheet(TOWN_ANSWERS | {"9.3": (None, None, None), "5.1": (None, None, None)})}
    town = community(judge(county_form(answers)), TOWN.code)
    # 88+2 where 9.3 takes nothing, 88−2 where 5.1 takes 2.
    assert (town.status, town.lowest, town.highest) == (Status.PENDING, 86, 90)
    # 5.1 (2) and 16.1 (3) are open: 91 down to 86. The sheet is not complete, so nothing is settled.
    assert (town.reference.status, town.reference.lowest, town.reference.highest) == (Status.PENDING, 86, 91)


def test_a_blank_sheet_has_no_reference():
    assert community(judge(county_form({TOWN.code: sheet(TOWN_ANSWERS)})), HILL.code).reference is None


def test_a_form_of_the_prefecture_is_read_by_the_countys_standard_and_said():
    """F07: what the old form does not ask for is unresolved, what it asks for besides is told."""
    old = county_form({TOWN.code: sheet({"8.1": (3, None, None), "14.1": (2, None, None)}, STANDARD)}, STANDARD)
    result = judge(old)
    found = {(finding.rule, finding.place.clause) for finding in unit_of(result, OWN.code).findings}
    assert ("F07", None) in found
    missing = {clause for rule, clause in found if rule == "S09"}
    assert missing == {"9.3", "18.1"}
    town = community(result, TOWN.code)
    # 100−4−2 = 94; 9.3 and 18.1 may take 2 each.
    assert (town.status, town.assessed_score, town.lowest, town.highest) == (Status.PENDING, None, 90, 94)
    # The prefecture's own questions are all answered, 16.1 as well: 96−2.
    assert town.reference.score == 94


# --- forms ------------------------------------------------------------------------------------------------------------------


def test_the_form_asks_what_the_countys_standard_asks():
    book = openpyxl.load_workbook(io.BytesIO(county_form({})))
    page = book["东城社区"]
    ids = [cell.value for row in page.iter_rows() for cell in row if cell.value in LOCAL.clause or cell.value == "16.1"]
    assert ids == list(LOCAL.clause) and len(ids) == 32
    row = page[cell_of(page, "8.1", Column.CRITERION)].row
    assert page[cell_of(page, "8.1", Column.CRITERION)].value == "乱停车每发现1处扣2分，最高扣4分"
    assert page[cell_of(page, "9.3", Column.POINTS)].row > row
    meta = {row[0]: row[1] for row in book[META_SHEET].iter_rows(max_col=2, values_only=True)}
    assert (meta["standard_id"], meta["standard_sha256"]) == ("示例县-2021", LOCAL.sha256)
    guide = "\n".join(str(cell.value) for row in book["填报说明"].iter_rows() for cell in row if cell.value)
    assert "依据：《示例县绿色社区创建标准》（示县住建〔2021〕1号）" in guide
    assert "六、标准全文（示县住建〔2021〕1号）" in guide and "满分104分" in guide and "85分即为达标" in guide
    assert "七、与州标准（楚住建城〔2021〕1号）不同之处" in guide and "条款16.1取消：未得到有效保护：符合即扣3分" in guide
    assert len(book.properties.description) and LOCAL.id in book.properties.description


def test_a_second_item_that_only_adds_is_named_in_the_header_and_scored(tmp_path):
    added = '[add.item]\nnumber = 18\npoints = 2\nstandard = "示范"\n[[add.item.clause]]\nid = "18.1"\nkind = "award"\n'
    rest = 'name = "示范社区"\npoints = 1\ncap = 2\nquote = "示范社区加1-2分"\n'
    standard = own_standard(tmp_path, "full_score = 102\n[[add]]\ncontent = 5\n" + added + rest)
    data = county_form({TOWN.code: sheet({"17.1": (None, 3, "证书"), "18.1": (None, 2, "批文")}, standard)}, standard)
    page = openpyxl.load_workbook(io.BytesIO(data))["东城社区"]
    assert "扣分（第17、18项填加分）" in [cell.value for row in page.iter_rows() for cell in row]
    town = community(judge(data, standard), TOWN.code)
    assert (town.assessed_score, town.items[17], town.items[18], town.reference.score) == (101, 3, 2, 99)


def test_what_the_form_shows_follows_the_countys_standard():
    view = live_view(LOCAL, {clause: (actual, stated, why) for clause, (actual, stated, why) in both()[TOWN.code].answers.items()})
    assert (view.total, view.due["8.1"], view.due["14.1"], view.due["9.3"], view.score[9]) == (88, 4, 2, 2, 3)


@pytest.mark.office
def test_the_countys_form_calculates_in_libreoffice(tmp_path):
    book = recalculated(county_form(both()), tmp_path)
    for name, total, due, standing in (("东城社区", 88, 4, "达标"), ("西城社区", 82, 4, "未达标")):
        page = book[name]
        assert page[beside(page, Heading.TOTAL)].value == total
        assert page[cell_of(page, "8.1", Column.DUE)].value == due
        row = next(row for row in book["汇总"].iter_rows() if any(cell.value == f"{name}居民委员会" or cell.value == name for cell in row))
        assert standing in [cell.value for cell in row]


# --- outputs ----------------------------------------------------------------------------------------------------------------


def report(result, code):
    target = io.BytesIO()
    write_discrepancy(target, unit_of(result, code), result)
    return openpyxl.load_workbook(target)


def rows(page):
    return [[cell for cell in row if cell is not None] for row in page.iter_rows(values_only=True) if any(row)]


def test_the_report_of_the_county_lists_its_standard_and_where_it_differs(result):
    page = report(result, OWN.code)["适用标准"]
    lines = {(row[0], row[1]): row for row in page.iter_rows(values_only=True)}
    car = lines[8, "8.1"]
    assert car[4:6] == (6, "按次扣分：每1处扣2分，最多扣4分")
    assert car[6] == "修改：州标准为“乱停车：每1处扣1分，最多扣2分”，本标准为“乱停车：每1处扣2分，最多扣4分”"
    assert car[7:9] == ("示例县住房和城乡建设局", "乱停车每发现1处扣2分，最高扣4分")
    assert lines[9, "9.3"][6:8] == ("增加：未设置无障碍停车位：符合即扣2分", "示例县残疾人联合会")
    assert lines[9, None][4] == 8 and lines[18, None][6] == "增加：开展节水型居民小区建设（2分）"
    assert lines[16, "16.1"][6] == "取消：未得到有效保护：符合即扣3分"
    assert lines[None, "达标线"][4] == 85
    assert lines[8, "8.2"][6] is None, "as the prefecture's"
    told = [key for key in lines if isinstance(key[1], str) and key[1] in (*LOCAL.clause, "16.1")]
    assert len(told) == 33


def test_the_report_shows_the_reference_score_beside_the_one_that_counts(result):
    book = report(result, OWN.code)
    lists = rows(book["名单"])
    header = next(row for row in lists if "核定得分" in row)
    at = header.index("按州标准得分（参考）")
    town, hill = (next(row for row in lists if name in row) for name in (TOWN.name, HILL.name))
    assert town[header.index("核定得分")] == 88 and town[at : at + 2] == ["88～91", "达标"]
    assert hill[at : at + 2] == ["79～82", "待核实"]
    overview = rows(book["概况"])
    assert next(row for row in overview if row[0] == "按州标准达标（参考）")[2] == 1
    text = "\n".join(str(cell) for row in overview for cell in row)
    assert "达标线为85分（含85分），依据示县住建〔2021〕1号《示例县绿色社区创建标准》。" in text
    assert "核定得分达不到85分" in text and f"标准：{LOCAL.id}" in text
    assert "得分以104分计，85分以上（含）为达标。" in lists[-1][0]
    heads = [cell for row in rows(book["得失分"]) for cell in row]
    assert "第18项\n2分" in heads and "第9项\n8分" in heads


def test_a_unit_of_the_prefecture_has_neither(result):
    book = report(result, CITY.code)
    assert "适用标准" not in book.sheetnames
    text = "\n".join(str(cell) for page in book for row in rows(page) for cell in row)
    assert "州标准" not in text and LOCAL.id not in text


def returned(result):
    target = io.BytesIO()
    write_returned(target, unit_of(result, OWN.code), result)
    return target.getvalue()


def test_what_goes_back_asks_by_the_countys_standard_and_reads_back_unchanged():
    # 9.3 is the county's own; blank. 8.1 states 1 where 3 cars take 4.
    answers = both() | {TOWN.code: sheet(TOWN_ANSWERS | {"9.3": (None, None, None), "8.1": (3, 1, None)})}
    first = judge(county_form(answers))
    data = returned(first)
    page = openpyxl.load_workbook(io.BytesIO(data))["东城社区"]
    ids = [cell.value for row in page.iter_rows() for cell in row if cell.value in LOCAL.clause or cell.value == "16.1"]
    assert ids == list(LOCAL.clause)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert {row[0]: row[1] for row in book[META_SHEET].iter_rows(max_col=2, values_only=True)}["standard_id"] == LOCAL.id
    texts = "\n".join(str(cell.value) for row in page.iter_rows() for cell in row if cell.value)
    assert ">=85" in texts.replace(" ", "") and ">=80" not in texts.replace(" ", "")
    second = judge(data)
    about = [{(f.rule, f.place.community, f.place.clause, f.severity) for f in unit_of(each, OWN.code).findings} for each in (first, second)]
    assert about[0] == about[1] and {("C01", TOWN.code, "9.3"), ("C07", TOWN.code, "8.1")} <= {found[:3] for found in about[0]}
    for one, other in zip(unit_of(first, OWN.code).typed, unit_of(second, OWN.code).typed, strict=True):
        assert (one.answers, one.heading) == (other.answers, other.heading)
    for code in (TOWN.code, HILL.code):
        one, other = community(first, code), community(second, code)
        assert (one.status, one.lowest, one.highest) == (other.status, other.lowest, other.highest)


def test_the_letter_and_the_status_name_the_countys_pass_mark(result):
    county = unit_of(result, OWN.code)
    assert values_for(county, result, [])["达标线"] == 85
    assert values_for(unit_of(result, CITY.code), result, [])["达标线"] == 80
    target = io.BytesIO()
    write_status(target, result)
    book = openpyxl.load_workbook(target)
    told = [row[0] for row in book["社区"].iter_rows(values_only=True) if row[0]]
    assert "双柏县的得分和状态按自定的标准“示例县绿色社区创建标准”（示例县-2021）认定：满分104分，85分以上（含）为达标。" in told
    # 西城 has 82: near the county's 85, not green by the prefecture's 80.
    (near,) = [row for row in book["目标进度"].iter_rows(values_only=True) if row[1] == HILL.code]
    assert near[3:7] == ("未达标", "82", 85, "3")
    assert near[7] == "14.1 培训次数扣6；8.1 乱停车扣4；1.1 缺文件扣3；2.1 无议事平台扣3；18.1 未达到节水型标准的小区扣2"


def test_changes_of_the_countys_own_clauses_are_told_in_its_order():
    course = Course(LOCAL_ROSTER, lambda unit: LOCAL if unit.code == OWN.code else STANDARD)
    course.run(send(county_form(both()), "双柏县.xlsx"))
    changed = both() | {TOWN.code: sheet(TOWN_ANSWERS | {"9.3": (None, 0, None), "18.1": (0, None, None), "10.1": (0.9, None, None)})}
    later = course.run(send(county_form(changed), "双柏县.xlsx"))
    assert [(change.clause, change.before, change.after) for change in unit_of(later, OWN.code).changes] == [
        ("9.3", "2", "0"), ("10.1", "1", "0.9"), ("18.1", "1", "0")
    ]  # fmt: skip


def test_result_json_names_each_units_standard_and_the_reference(result):
    document = result_document(result, [])
    assert document["standard"]["id"] == STANDARD.id
    city, county = document["units"]
    assert (city["standard"]["id"], city["reference_green"]) == (STANDARD.id, None)
    assert county["standard"] == {"id": LOCAL.id, "sha256": LOCAL.sha256} and county["reference_green"] == 1
    about = {each["code"]: each for each in document["communities"]}
    keys = ("reference_status", "reference_score", "reference_lowest", "reference_highest")
    assert [about[HILL.code][key] for key in keys] == ["pending", None, 79, 82]
    assert [about[EAST.code][key] for key in keys] == [None] * 4


def test_what_figures_rest_on_names_the_countys_standard(result):
    assert provenance(result, "差异报告", unit_of(result, OWN.code))["标准"] == LOCAL.id
    assert provenance(result, "差异报告", unit_of(result, CITY.code))["标准"] == STANDARD.id
    assert provenance(result, "附件2")["自定标准"] == f"{LOCAL.id} {LOCAL.sha256}"


# --- a standard made for a test ---------------------------------------------------------------------------------------------

PASS_MARK = '[pass_mark]\npoints = 85\nquote = "85分以上"\n'


def own_standard(folder, changes):
    path = folder / "县.toml"
    head = 'schema = "greencomm-standard/1"\nbased_on = "chuxiong-2021"\nid = "县-1"\ntitle = "县标准"\ndocument = "县1号"\n'
    path.write_text(head + 'authority = "县住建局"\n' + changes, encoding="utf-8")
    return load_local_standard(path, STANDARD)
