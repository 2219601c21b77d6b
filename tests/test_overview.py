"""The overview as a page, in a real browser, and as a workbook; expectations from result.json, the counties' own files, by hand."""

from __future__ import annotations

import dataclasses
import datetime
import io
import json
import re
import subprocess

import browser as browsers
import demo
import openpyxl
import pytest
from localities import both, county_form
from localities import judge as judge_local
from office import recalculate
from playwright.sync_api import expect
from season import CITY, COUNTY, EAST, arrive, clean, form, judge
from test_forms_issue import FUNCTIONS

from greencomm import batch
from greencomm.outputs import overview_book, overview_page
from greencomm.outputs.overview import Pending, overview_of, pending_remark
from greencomm.outputs.overview_book import write_overview_book
from greencomm.outputs.overview_page import embedded, write_overview_page
from greencomm.results import RegionResult, Status

REPORTS: dict[str, str] = {}


@pytest.fixture(scope="module")
def sample(shipped):
    """The shipped sample, run: result, document, folder."""
    options = batch.Options(
        shipped / "input", shipped / "output", shipped / "input" / "roster.xlsx", shipped / "archive", datetime.date(2022, 10, 24)
    )
    return batch.run(options)


@pytest.fixture(scope="module")
def chromium():
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium, sample):
    with browsers.opened(chromium, sample.folder / "overview.html") as page:
        yield page


def written(folder, result: RegionResult):
    """The page of a result that was put together by hand."""
    path = folder / "overview.html"
    write_overview_page(path, overview_of(result), REPORTS, "overview.xlsx")
    return path


def book_of(result: RegionResult, *, values=True):
    target = io.BytesIO()
    write_overview_book(target, overview_of(result))
    return openpyxl.load_workbook(target, data_only=values)


def table(sheet, head: str):
    """Rows as dictionaries by the header that begins with ``head``, down to the first row without a first cell."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    start = next(number for number, row in enumerate(rows) if row[0] == head)
    titles = [str(title).split("\n")[0] for title in rows[start]]
    found = []
    for row in rows[start + 1 :]:
        if row[0] in (None, "", "合计"):
            break
        found.append(dict(zip(titles, row, strict=True)))
    return found


def rows(page, selector="#communities tbody tr"):
    """What each row of a table shows, cell by cell."""
    return page.eval_on_selector_all(selector, "rows => rows.map(row => Array.from(row.children, cell => cell.innerText.trim()))")


def shows(page, count: int) -> None:
    """Wait until the list of communities has so many rows."""
    expect(page.locator("#communities tbody tr")).to_have_count(count)


# --- the page's figures -----------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_the_figures_stand_in_the_page_itself_and_equal_those_of_result_json(chromium, sample):
    document = sample.document
    region = document["region"]
    with browsers.opened(chromium, sample.folder / "overview.html", java_script_enabled=False) as page:
        assert page.inner_text("#ratio") == f"{float(region['combined_ratio']) * 100:.2f}%" == "58.39%"
        for where, figure in (("combined", "combined"), ("urban", "urban_communities"), ("green", "green")):
            assert page.inner_text(f"#{where}") == str(region[figure])
        # Of the 47 without a sheet 35 stand on the list of 2021 and need none; with them all standings are all communities.
        assert [int(page.inner_text(f"#status-{place}")) for place in range(5)] == [44, 41, 5, 12, 35]
        assert 44 + 41 + 5 + 12 + 35 == region["urban_communities"] == 137
        # Two of the 37 listed reported again, one of them green: 44 - 1 = 43 newly green, 37 + 43 = 80.
        note = page.inner_text("#standing-note")
        assert "不用再报的35个已列入往年名单" in note and "往年名单上另有2个本年又填报了（其中达标1个）" in note
        assert "本年新达标43个＝达标44个－其中已在往年名单上的1个；合计80个＝往年名单37个＋本年新达标43个。" in note
        shown = {row[0]: row for row in rows(page, "#unit-table tbody tr")}
        assert list(shown) == [unit["name"] for unit in document["units"]]
        for unit in document["units"]:
            row = shown[unit["name"]]
            counts = [unit["urban_communities"], len(unit["listed"]), len(unit["green"]), unit["combined"]]
            assert [row[2], *row[8:11]] == [str(count) for count in counts]
            assert sum(map(int, row[3:8])) == unit["urban_communities"]
            assert row[11].endswith(f"{float(unit['combined_ratio']) * 100:.2f}%")
        assert "58.39%" in page.inner_text(".targets") and "还差3个" in page.inner_text(".targets")
        assert "浏览器没有启用脚本" in page.inner_text("header")
        pending = [each["name"] for each in document["communities"] if each["status"] == "pending"]
        assert sorted(row[1].removesuffix("（试点）") for row in rows(page, ".pending tbody tr")) == sorted(pending)


def test_the_heat_map_shows_the_average_that_the_sheets_give(sample):
    # 楚雄市's points of item 1, by hand from result.json: 6 less the score, over the sheets whose item is resolved.
    city = [each for each in sample.document["communities"] if each["unit"] == "532301" and each["items"].get("1") is not None]
    lost = sum(6 - each["items"]["1"] for each in city)
    assert (len(city), lost) == (20, 23)
    text = (sample.folder / "overview.html").read_text(encoding="utf-8")
    assert re.search(r'<td class="h4"><button type="button" data-cell="0,0">1.15</button></td>', text)
    assert {
        "items": book_of(sample.result, values=False)["各项失分"]["E5"].value[:8],
        "value": book_of(sample.result)["各项失分"]["E5"].value,
    } == {"items": "=IFERROR", "value": 23 / 20}


def test_who_straddles_the_mark_comes_first_and_each_is_told_what_hangs_on_it():
    members = [
        demo.community("532301101001", "稳社区居民委员会", demo.PENDING, lost={1: None}, open_points=6),
        demo.community("532301101002", "悬社区居民委员会", demo.PENDING, lost={1: 6, 2: 6, 3: None}, open_points=6),
        demo.community("532301101003", "重社区居民委员会", demo.PENDING, lost={1: 6, 2: 6, 3: 6, 4: None}, open_points=6),
    ]
    # 90～96, 78～84, 72～78 of 80.
    found = overview_of(demo.region([demo.unit("532301", "楚雄市", members)])).pending
    assert [(each.community.community.name[0], each.decides, each.range_text) for each in found] == [
        ("悬", True, "78～84"), ("稳", False, "90～96"), ("重", False, "72～78"),
    ]  # fmt: skip
    assert [pending_remark(each, demo.STANDARD) for each in found] == [
        "补正的内容决定是否达标", "最低也有80分，补正后即可认定", "收到的内容最高78分，补正后重新认定",
    ]  # fmt: skip
    assert isinstance(found[0], Pending)


def test_outputs_list_both_under_roles_of_their_own(sample):
    made = {(each["role"], each["unit"]): each["path"] for each in sample.document["outputs"]}
    assert made["overview", None] == "overview.html" and made["overview_workbook", None] == "overview.xlsx"


def test_the_page_says_what_its_figures_were_made_from(sample):
    text = (sample.folder / "overview.html").read_text(encoding="utf-8")
    said = dict(re.findall('<meta name="([^"]*)" content="([^"]*)">', text))
    assert said["标准校验码"] == sample.document["standard"]["sha256"] and said["审核日期"] == "2022-10-24"
    assert said["输入校验码"] == sample.document["input"]["sha256"]


def test_the_same_result_gives_the_same_bytes(sample, tmp_path):
    (tmp_path / "again").mkdir()
    for folder in (tmp_path, tmp_path / "again"):
        written(folder, sample.result)
        write_overview_book(folder / "overview.xlsx", overview_of(sample.result))
    for name in ("overview.html", "overview.xlsx"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


# --- filters, sorting, drill-down ---------------------------------------------------------------------------------------


@pytest.mark.browser
def test_filters_narrow_the_list(page, sample):
    communities = sample.document["communities"]
    assert page.inner_text("#found") == "共137个社区" and len(rows(page)) == 50
    page.select_option("#f-status", label="待核实")
    assert len(rows(page)) == sum(each["status"] == "pending" for each in communities) == 5
    page.click("#f-clear")
    shows(page, 50)
    page.select_option("#f-unit", label="永仁县")
    assert {row[0] for row in rows(page)} == {"永仁县"} and len(rows(page)) == 3
    page.select_option("#f-unit", label="全部")
    page.select_option("#f-clause", "c8.1")
    matching = [each["name"] for each in communities if each["clauses"].get("8.1", 0) != 0]
    assert page.inner_text("#found") == f"共{len(matching)}个社区" and 0 < len(matching) < 50
    assert [row[1].removesuffix("（试点）") for row in rows(page)] == matching
    page.click("#f-clear")
    page.fill("#f-text", "中大街")
    shows(page, 1)
    assert rows(page)[0][:3] == ["楚雄市", "中大街社区居民委员会", "达标"]


@pytest.mark.browser
def test_figures_lead_to_their_communities(page, sample):
    page.click("[data-status='1']")
    below = sum(each["status"] == "below" for each in sample.document["communities"])
    assert page.inner_text("#found") == f"共{below}个社区" and {row[2] for row in rows(page)} == {"未达标", "未达标 复核不达标"}
    page.click("[data-band='80,84']")
    scores = [each["assessed_score"] for each in sample.document["communities"]]
    assert len(rows(page)) == sum(score is not None and 80 <= score <= 84 for score in scores) == 9
    assert {80 <= int(row[4]) <= 84 for row in rows(page)} == {True}
    page.click("[data-counts]")
    assert page.inner_text("#found") == f"共{sample.document['region']['combined']}个社区"


def listed_names(page, selector="#detail-body tbody tr", column=0):
    return [row[column].removesuffix("（试点）") for row in rows(page, selector)]


@pytest.mark.browser
def test_a_units_counts_open_the_communities_that_they_count(page, sample):
    city = [each for each in sample.document["communities"] if each["unit"] == "532301"]
    listed = set(next(unit["listed"] for unit in sample.document["units"] if unit["code"] == "532301"))
    expected = {
        "a": [each["name"] for each in city],
        **{str(place): [each["name"] for each in city if each["status"] == status]
           for place, status in enumerate(("green", "below", "pending"))},
        "3": [each["name"] for each in city if each["status"] == "missing" and each["code"] not in listed],
        "4": [each["name"] for each in city if each["status"] == "missing" and each["code"] in listed],
        "l": [each["name"] for each in city if each["code"] in listed],
        "n": [each["name"] for each in city if each["status"] == "green" and each["code"] not in listed],
        "c": [each["name"] for each in city if each["status"] == "green" or each["code"] in listed],
    }  # fmt: skip
    assert len(expected["a"]) == 31 and len(expected["0"]) == 13
    for kind, names in expected.items():
        figure = page.locator(f"#unit-table button[data-list='0,{kind}']")
        assert figure.inner_text() == str(len(names))
        figure.click()
        assert page.inner_text("#detail-title").startswith("楚雄市：") and f"（{len(names)}个）" in page.inner_text("#detail-title")
        assert listed_names(page) == names
        page.keyboard.press("Escape")
    # The ratio and its bar open who counts and who does not.
    page.locator("#unit-table button[data-list='0,r']").nth(1).click()
    counted = expected["c"]
    assert listed_names(page) == counted + [each["name"] for each in city if each["name"] not in counted]
    page.locator("#detail-body .inner button").nth(0).click()
    assert page.inner_text("#detail-title").removesuffix("（试点）") == counted[0]


@pytest.mark.browser
def test_a_cell_of_the_ranking_opens_its_findings(page, sample):
    row = page.locator("#ranking-table tr", has_text="楚雄市").first
    figure = row.locator("[data-list='0,f1']")
    expected = [each for each in sample.document["findings"] if each["unit"] == "532301" and each["severity"] == "verify" and each["settled"] is None]
    assert figure.inner_text().startswith(f"{len(expected)}条÷31") and len(expected) == 3
    figure.click()
    assert page.inner_text("#detail-title") == "楚雄市：未办结的“需核实”问题（3处）"
    text = page.inner_text("#detail-body")
    assert page.locator("#detail-body .findings li").count() == 3 and all(each["message"] in text for each in expected)


@pytest.mark.browser
def test_region_figures_and_bands_open_the_list(page, sample):
    region = sample.document["region"]
    for where, count in (("#urban", 137), ("#listed", 37), ("#green", 43), ("#ratio", 80), ("#failing span", 1)):
        page.click(f"{where} button")
        assert page.inner_text("#found") == f"共{count}个社区"
    assert rows(page) == [["大姚县", "北城社区居民委员会（试点）", "未达标 复核不达标", *rows(page)[0][3:]]] and rows(page)[0][4] == "65"
    # 137 - 80 do not count; who is nearest to the mark stands first.
    page.click(".targets [data-filter='d']")
    assert page.inner_text("#found") == f"共{137 - region['combined']}个社区"
    page.locator(".bands td [data-band='80,84']").first.click()
    assert len(rows(page)) == 9


@pytest.mark.browser
def test_the_browsers_back_closes_a_dialog_step_by_step(chromium, sample):
    for width in (360, 1280):
        with browsers.opened(chromium, sample.folder / "overview.html", width, 800) as page:
            address = page.url
            page.click("#unit-table button[data-unit='0']")
            page.click("#detail-body .facts button >> nth=0")
            assert page.inner_text("#detail-title") == "楚雄市：城市社区（31个）"
            page.go_back()
            expect(page.locator("#detail-title")).to_have_text("楚雄市")
            page.go_back()
            expect(page.locator("#detail")).not_to_be_visible()
            assert page.url == address and page.inner_text("h1").startswith("楚雄州")
            # Closed by its own button, the dialog leaves no step behind.
            page.click("#unit-table button[data-unit='1']")
            page.click("#detail-close")
            expect(page.locator("#detail")).not_to_be_visible()
            page.wait_for_function("!(history.state && history.state.depth)")
            page.click("#unit-table button[data-unit='2']")
            page.go_back()
            expect(page.locator("#detail")).not_to_be_visible()


@pytest.mark.browser
def test_figures_open_by_keyboard(page):
    page.focus("#unit-table [data-list='0,0']")
    page.keyboard.press("Enter")
    assert page.inner_text("#detail-title") == "楚雄市：达标（13个）"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.list") == "0,0"


@pytest.mark.browser
def test_losing_counts_in_a_dialog_open_who_loses(page, sample):
    page.click("#unit-table button[data-unit='0']")
    row = page.locator("#detail-body table.inner").first.locator("tbody tr").first
    clause = row.locator("td").first.inner_text().split()[0]
    losing = [each["name"] for each in sample.document["communities"] if each["unit"] == "532301" and (each["clauses"].get(clause) or 0) > 0]
    assert row.locator("button").first.inner_text() == str(len(losing))
    row.locator("button").first.click()
    assert listed_names(page) == losing


@pytest.mark.browser
def test_the_search_box_finds_clauses(page, sample):
    page.fill("#f-text", "16.2")
    matching = [each["name"] for each in sample.document["communities"] if each["clauses"].get("16.2", 0) != 0]
    shows(page, len(matching))
    assert listed_names(page, "#communities tbody tr", 1) == matching
    page.fill("#f-text", "乱停车")
    said = {each["community"] for each in sample.document["findings"] if "乱停车" in each["message"]}
    matching = [each for each in sample.document["communities"] if each["clauses"].get("8.1", 0) != 0 or each["code"] in said]
    expect(page.locator("#found")).to_have_text(f"共{len(matching)}个社区")


@pytest.mark.browser
def test_rows_of_units_are_of_one_line_on_a_desktop(chromium, sample):
    with browsers.opened(chromium, sample.folder / "overview.html", 1400) as page:
        heights = page.eval_on_selector_all("#unit-table .state", "cells => cells.map(cell => cell.clientHeight)")
        assert max(heights) < 45


def test_the_workbook_marks_who_failed_the_recheck(sample):
    marked = [row["社区"] for row in table(book_of(sample.result)["社区明细"], "单位代码") if row["复核"]]
    assert marked == ["北城社区居民委员会（试点）"]


@pytest.mark.browser
def test_sorting_goes_both_ways_and_what_has_no_value_stays_last(page):
    head = page.locator("#communities th", has_text="核定得分")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    lowest = [int(row[4].split("～")[0]) for row in rows(page)]
    assert lowest == sorted(lowest)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    highest = [int(row[4].split("～")[0]) for row in rows(page)]
    assert highest == sorted(highest, reverse=True) and highest[0] > lowest[-1]
    page.click("#next")
    page.click("#next")
    assert page.inner_text("#where") == "第3页，共3页" and rows(page)[-1][4] == "—"
    page.locator("#unit-table th", has_text="合计比例").locator("button").click()
    assert rows(page, "#unit-table tbody tr")[0][0] == "南华县"
    page.select_option("#heat-sort", "10")
    assert rows(page, "#heat tbody tr")[0][:1] == ["永仁县"]


@pytest.mark.browser
def test_a_heat_cell_leads_down_to_the_cell_of_the_countys_own_file(page, shipped):
    # 8.1 of 中大街社区: 实际值 3 in F21, 扣分 1 in G21 of the file as it came, so 3处×1=3, at most 2.
    own = openpyxl.load_workbook(shipped / "input" / "楚雄市绿色社区填报.xlsx", data_only=True)["中大街社区"]
    assert [own[cell].value for cell in ("F21", "G21")] == [3, 1]
    assert "8.1" in [cell.value for cell in own[21]]
    page.click("[data-cell='0,7']")
    assert page.inner_text("#detail-title") == "楚雄市：第8项"
    assert "8.1扣2" in page.inner_text("#detail-body")
    page.click("#detail-body button:has-text('中大街社区居民委员会')")
    assert page.inner_text("#detail-title") == "中大街社区居民委员会"
    text = page.inner_text("#detail-body .facts")
    assert "楚雄市绿色社区填报.xlsx" in text and "中大街社区" in text and "自报达标" in text
    clause = next(row for row in rows(page, "#detail-body .source tbody tr") if row[0].startswith("8.1"))
    assert clause == ["8.1 乱停车", "扣2分", "3处×1=3，上限2，扣2", "F21", "3", "G21", "1", "—"]
    finding = page.inner_text("#detail-body .findings")
    assert "C07" in finding and "楚雄市绿色社区填报.xlsx › 中大街社区 › G21" in finding
    page.click("#detail-back")
    assert page.inner_text("#detail-title") == "楚雄市：第8项"


@pytest.mark.browser
def test_an_item_and_a_unit_open_too(page, sample):
    page.click("thead [data-item='15']")
    assert page.inner_text("#detail-title") == "第16项" and "发生损毁的恶性事件" in page.inner_text("#detail-body")
    points = [each["clauses"].get("16.2") or 0 for each in sample.document["communities"]]
    row = next(row for row in rows(page, "#detail-body tbody tr") if row[0].startswith("16.2"))
    assert row[2:4] == [str(sum(each > 0 for each in points)), str(sum(points))]
    page.keyboard.press("Escape")
    page.click("#unit-table button[data-unit='0']")
    report = page.locator("#detail-body a")
    assert report.inner_text() == "units/楚雄市/楚雄市_差异报告.xlsx"
    assert report.evaluate("link => link.href") == (sample.folder / report.inner_text()).as_uri()
    assert (sample.folder / report.inner_text()).is_file()


@pytest.mark.browser
def test_everything_works_by_keyboard(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    for _ in range(60):
        if page.evaluate("document.activeElement.dataset.unit"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "楚雄市"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('detail').open && document.activeElement.id") == "detail-title"
    page.keyboard.press("Escape")
    assert page.evaluate("!document.getElementById('detail').open && document.activeElement.textContent") == "楚雄市"
    # The heat map is one stop; arrows walk in it.
    page.focus("[data-cell='0,0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.cell") == "1,1"
    assert page.locator("#heat button[tabindex='0']").count() == 2
    page.keyboard.press("Enter")
    assert page.inner_text("#detail-title") == "禄丰市：第2项"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.cell") == "1,1"


# --- paper, phone -------------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_it_prints_on_four_sheets_of_a4_with_nothing_cut_off(chromium, sample, tmp_path):
    with browsers.opened(chromium, sample.folder / "overview.html") as page:
        page.pdf(path=tmp_path / "overview.pdf", prefer_css_page_size=True)
        page.set_viewport_size({"width": 1047, "height": 700})
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1047
    info = subprocess.run(["pdfinfo", tmp_path / "overview.pdf"], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Pages:\s+4\b", info) and "841.92 x 594.96" in info
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "overview.pdf", "-"], check=True, capture_output=True, text=True).stdout
    total = next(line for line in text.splitlines() if line.strip().startswith("全部单位"))
    assert len(total.split()) == 18 and total.split()[-1] == "+0.42"
    assert sum("武定县" in line for line in text.splitlines()) >= 4
    assert "社区名单" not in text, "the list is printed only where that is asked for"


@pytest.mark.browser
def test_a_phone_shows_it_without_scrolling_sideways(chromium, sample):
    with browsers.opened(chromium, sample.folder / "overview.html", 360, 740) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.click("#pending button >> nth=0")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        box = page.locator("#detail").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 360


# --- what others wrote stays text ---------------------------------------------------------------------------------------

HOSTILE = (
    "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "=cmd|'/c calc'!A1", "\u202e倒过来\u2028", "很长" * 150,
    "{{ 7*7 }}{% raw %}", "\" onfocus=\"alert(3)\" autofocus=\"", "<!--<script>", "半\ud800个",
)  # fmt: skip


def hostile_result() -> RegionResult:
    """Hostile words as names, evidence, file, sheet and finding, everywhere that a county's words can be."""
    units = []
    sent = form(CITY, {EAST.code: clean(c1_1=(None, 3, "x"), c8_1=(3, None, None))})
    answers = judge(arrive("楚雄市.xlsx", sent)).units[0].communities[0]
    for number, words in enumerate(HOSTILE, 1):
        code = f"5323{number:02d}"
        member = demo.community(f"{code}101001", words, demo.PENDING, lost={1: None, 2: 3}, open_points=6)
        clauses = tuple(
            entry._replace(evidence=words, actual_shown=words, stated_shown=words, assessed=None) if entry.assessed else entry
            for entry in answers.clauses
        )
        member = dataclasses.replace(member, clauses=clauses, file=f"{words}.xlsx", sheet=words)
        finding = demo.finding(
            "C01", demo.Severity.SEND_BACK, words, words, sheet=words, cell="G10", community=member.community.code, file=words
        )
        of_nobody = dataclasses.replace(finding, place=dataclasses.replace(finding.place, community=None))
        units.append(demo.unit(code, words, [member], findings=[finding, of_nobody]))
    return demo.region(units)


@pytest.mark.browser
def test_hostile_words_stay_text(chromium, tmp_path):
    path = written(tmp_path, hostile_result())
    with browsers.opened(chromium, path, 360, 740) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        shown = [row[1] for row in rows(page)]
        assert shown[0] == HOSTILE[0] and shown[1] == HOSTILE[1] and shown[2] == HOSTILE[2] and shown[4] == HOSTILE[4]
        assert shown[3] == "〔U+202E〕倒过来〔U+2028〕" and shown[8] == "半〔U+D800〕个" and shown[5] == HOSTILE[5]
        assert [row[0] for row in rows(page, "#heat tbody tr")][:3] == list(HOSTILE[:3])
        for number in range(len(HOSTILE)):
            page.locator("#pending button").nth(number).click()
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            page.locator("#detail-body .facts button").click()
            page.keyboard.press("Escape")
        assert page.locator("img").count() == 0 and page.locator("script").count() == 2
        assert page.locator("[onfocus], [onerror]").count() == 0


@pytest.mark.browser
def test_no_script_but_the_pages_own_runs(chromium, sample, tmp_path):
    path = tmp_path / "overview.html"
    text = (sample.folder / "overview.html").read_text(encoding="utf-8")
    path.write_text(text.replace("</main>", "<script>document.title = 'taken'</script></main>"), encoding="utf-8")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    assert "总览" in page.title() and len(rows(page)) == 50
    context.close()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy and policy[1].startswith("default-src &#39;none&#39;") and "unsafe" not in policy[1]


def test_data_inside_a_script_element_ends_nothing():
    text = embedded({"a": "</script><!--&\u2028"})
    assert not re.search("[<>&\u2028]", text) and json.loads(text) == {"a": "</script><!--&\u2028"}


def test_the_workbook_keeps_words_as_text():
    book = book_of(hostile_result(), values=False)
    names = [row["单位"] for row in table(book["单位"], "单位代码")]
    assert names[:3] == list(HOSTILE[:3])
    cell = next(cell for row in book["单位"].iter_rows() for cell in row if cell.value == HOSTILE[2])
    assert cell.data_type == "s" and cell.quotePrefix
    assert not any(cell.data_type == "f" and "cmd" in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


# --- many ----------------------------------------------------------------------------------------------------------------


def many(result: RegionResult, communities: int) -> RegionResult:
    """The same units again and again, until there are so many communities."""
    units = []
    while sum(unit.urban_communities for unit in units) < communities:
        for unit in result.units:
            code = f"{600000 + len(units)}"
            members = tuple(
                dataclasses.replace(each, community=dataclasses.replace(each.community, code=code + each.community.code[6:], unit=code))
                for each in unit.communities
            )
            places = [
                dataclasses.replace(each.place, unit=code, community=each.place.community and code + each.place.community[6:])
                for each in unit.findings
            ]
            findings = tuple(dataclasses.replace(each, place=place) for each, place in zip(unit.findings, places, strict=True))
            named = dataclasses.replace(unit.unit, code=code, name=f"{unit.unit.name}{len(units)}")
            units.append(dataclasses.replace(unit, unit=named, communities=members, findings=findings))
    roster = dataclasses.replace(
        result.roster, units=tuple(unit.unit for unit in units), communities=tuple(each.community for unit in units for each in unit.communities)
    )
    return dataclasses.replace(result, units=tuple(units), roster=roster)


@pytest.mark.browser
def test_five_thousand_communities_give_a_page_that_opens_and_works(chromium, sample, tmp_path):
    result = many(sample.result, 5000)
    path = written(tmp_path, result)
    assert path.stat().st_size < 5_000_000
    with browsers.opened(chromium, path) as page:
        assert page.inner_text("#found") == f"共{result.urban_communities}个社区" and len(rows(page)) == 50
        assert len(rows(page, "#unit-table tbody tr")) == overview_page.MOST_UNITS and "本页列出完成比例最低的300个" in page.inner_text("#units")
        assert len(rows(page, ".pending tbody tr")) <= overview_page.MOST_PENDING
        heat = page.locator("#heatbox").bounding_box()
        assert heat and heat["height"] <= 900, "the heat map scrolls in its own box"
        page.select_option("#f-status", label="待核实")
        assert page.inner_text("#found") == f"共{sum(len(unit.of(Status.PENDING)) for unit in result.units)}个社区"


@pytest.mark.browser
def test_beyond_a_number_of_communities_the_page_lists_those_that_matter_and_says_so(chromium, sample, tmp_path, monkeypatch):
    monkeypatch.setattr(overview_page, "MOST_COMMUNITIES", 20)
    monkeypatch.setattr(overview_page, "MOST_UNITS", 4)
    path = written(tmp_path, sample.result)
    with browsers.opened(chromium, path) as page:
        shown = rows(page)
        assert len(shown) == 20 and page.inner_text("#left-out").endswith("其余117个见 overview.xlsx。")
        pending = [each["name"] for each in sample.document["communities"] if each["status"] == "pending"]
        assert set(pending) <= {row[1].removesuffix("（试点）") for row in shown}
        assert [row[0] for row in rows(page, "#unit-table tbody tr")] == ["南华县", "姚安县", "元谋县", "武定县"]
        page.locator("#pending button").nth(0).click()
        assert page.inner_text("#detail-title") == "南街社区居民委员会"


# --- the workbook ---------------------------------------------------------------------------------------------------------


def test_the_workbook_has_the_figures_of_result_json(sample):
    book = book_of(sample.result)
    units = table(book["单位"], "单位代码")
    for unit, row in zip(sample.document["units"], units, strict=True):
        assert row["单位"] == unit["name"] and row["城市社区"] == unit["urban_communities"]
        assert (row["往年名单"], row["本年新达标"], row["计入达标"]) == (len(unit["listed"]), len(unit["green"]), unit["combined"])
        assert round(row["合计完成比例"], 4) == float(unit["combined_ratio"])
    communities = table(book["社区明细"], "单位代码")
    for each, row in zip(sample.document["communities"], communities, strict=True):
        assert row["社区代码"] == each["code"] and row["文件"] == each["file"] and row["工作表"] == each["sheet"]
        no_score = None if each["status"] == "missing" else "待核实"
        assert row["核定得分"] == (no_score if each["assessed_score"] is None else each["assessed_score"])
        assert (row["最低分"], row["最高分"]) == ((each["lowest"], each["highest"]) if each["sheet"] else (None, None))
        if each["items"].get("8") is not None:
            assert row["第8项"] == 6 - each["items"]["8"]
    assert book["总览"]["B5"].value == 137 and round(book["总览"]["B9"].value, 4) == 0.5839
    scores = [each["assessed_score"] for each in sample.document["communities"]]
    assert sum(row["社区数"] for row in table(book["得分分布"], "核定得分")) == sum(score is not None for score in scores) == 82
    # 82 + 5 + 12 + 35 + 3 = 137.
    told = "没有确定得分的不在内：待核实5个，未报12个，不用再报35个，未达标、有条款没有确定的3个。"
    assert any(cell.value == told for cell in book["得分分布"]["A"])
    assert [row["社区"].removesuffix("（试点）") for row in table(book["待核实"], "单位")][0] == "南街社区居民委员会"
    assert len(book["总览"]._charts) == 2 and book["社区明细"].auto_filter.ref and book["社区明细"].freeze_panes


def test_formulas_are_of_the_shared_kind(sample):
    book = book_of(sample.result, values=False)
    formulas = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    used = {name for formula in formulas for name in re.findall(r"([A-Z]+)\(", re.sub('"[^"]*"', "", formula))}
    # SUMIF is as old as COUNTIF.
    assert used <= FUNCTIONS | {"SUMIF"} and len(formulas) > 137 + 10 * 17


@pytest.mark.office
def test_recalculated_figures_are_the_stored_ones(sample, tmp_path):
    stored = openpyxl.load_workbook(sample.folder / "overview.xlsx", data_only=True)
    again = openpyxl.load_workbook(io.BytesIO(recalculate((sample.folder / "overview.xlsx").read_bytes(), tmp_path)), data_only=True)
    live = openpyxl.load_workbook(sample.folder / "overview.xlsx")
    checked = 0
    for sheet in live:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    was, now = stored[sheet.title][cell.coordinate].value, again[sheet.title][cell.coordinate].value
                    assert was == now or was == pytest.approx(now, abs=1e-12), (sheet.title, cell.coordinate, was, now)
                    checked += 1
    assert checked > 137 + 10 * 17


def test_a_large_workbook_has_values_for_sums(sample, monkeypatch):
    monkeypatch.setattr(overview_book, "MOST_LIVE", 100)
    assert book_of(sample.result, values=False)["单位"]["D5"].value == 31
    assert "合计是数值" in book_of(sample.result)["总览"]["A3"].value


def test_a_workbook_of_very_many_communities_lists_those_that_matter(sample, monkeypatch):
    monkeypatch.setattr(overview_book, "MOST_ROWS", 20)
    book = book_of(sample.result)
    assert len(table(book["社区明细"], "单位代码")) == 20
    assert book["社区明细"]["A3"].value.startswith("社区多，只列需要关注的20个，其余117个见各单位差异报告。")
    assert book_of(sample.result, values=False)["单位"]["D5"].value == 31
    assert sum(row["社区数"] for row in table(book["得分分布"], "核定得分")) == 82


# --- years and standards ---------------------------------------------------------------------------------------------------


def test_a_first_year_speaks_of_one_year(tmp_path):
    result = judge(arrive("楚雄市.xlsx", form(CITY)), arrive("双柏县.xlsx", form(COUNTY)))
    text = written(tmp_path, result).read_text(encoding="utf-8")
    # The rule of the ranking is the same in all years.
    rest = re.sub('<section id="ranking".*?</section>', "", text, flags=re.DOTALL)
    assert '<p class="label">完成比例</p>' in text and "合计完成比例" not in rest and 'id="listed"' not in text
    assert "<span>不用再报</span>" not in text and "往年" not in re.sub("<script.*?</script>", "", rest, flags=re.DOTALL)
    assert [cell.value for cell in book_of(result)["单位"][4]][7:12] == ["达标", "未达标", "待核实", "未报", "完成比例"]
    assert '<p class="big" id="ratio" data-filter="c">100.00%</p>' in text


@pytest.mark.browser
def test_a_unit_with_its_own_standard_is_marked_and_keeps_its_own_items(chromium, tmp_path):
    # TOWN and HILL: item 18 gives 1 and 2 of 2 by a clause only of the county's standard; 8 loses 4 and 4 of 6.
    result = judge_local(county_form(both()))
    path = written(tmp_path, result)
    with browsers.opened(chromium, path) as page:
        county = next(row for row in rows(page, "#heat tbody tr") if row[0].startswith("双柏县"))
        assert county[0] == "双柏县※" and "自定的标准" in page.inner_text("#units")
        heads = page.eval_on_selector_all("#heat thead .plain .no", "heads => heads.map(head => head.textContent)")
        by_item = dict(zip(heads, county[1:], strict=True))
        assert by_item["8"] == "4.00" and "18" in by_item
        page.locator("#heat tbody tr", has_text="双柏县").locator("td button").nth(heads.index("18")).click()
        assert "18.1" in page.inner_text("#detail-body")
        assert "自定标准的单位的2个社区" in page.inner_text("#scores")
    book = book_of(result)
    assert {row["标准"] for row in table(book["社区明细"], "单位代码")} == {"州标准", "自定标准"}
    assert {row["社区"][:2]: row["核定得分"] for row in table(book["社区明细"], "单位代码") if row["标准"] == "自定标准"}
