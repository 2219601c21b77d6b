"""A region of 5,000 communities: every region output is written, can be read, and says what it leaves out."""

from __future__ import annotations

import dataclasses
import re
import time

import browser as browsers
import demo
import docx
import pytest
import spoken
from programme import poor
from season import CITY, EAST, arrive, clean, form, judge

from greencomm.document import dump, result_document
from greencomm.outputs import TEMPLATES, assessment, overview_page
from greencomm.outputs.annex2 import write_annex2
from greencomm.outputs.ledger import write_ledger
from greencomm.outputs.overview import overview_of
from greencomm.outputs.overview_book import write_overview_book
from greencomm.outputs.overview_page import write_overview_page
from greencomm.outputs.ranking import write_ranking
from greencomm.outputs.status import write_status
from greencomm.outputs.trace import write_trace
from greencomm.results import Status

UNITS, EACH = 100, 50
BOUND = 60.0
"""Seconds for all of them, on a machine that does other things besides; 12 were measured."""


def region():
    """Of every ten communities four are green, four below, one pending, one sent nothing: 2,000, 2,000, 500, 500."""
    sheets = (clean(c8_1=(3, None, None)), poor(), clean(c1_1=(None, None, None)))
    judged = [judge(arrive("楚雄市.xlsx", form(CITY, {EAST.code: sheet}))).units[0] for sheet in sheets]
    patterns = [next(each for each in unit.communities if each.community.code == EAST.code) for unit in judged]
    order = (0, 1, 0, 1, 0, 1, 0, 1, 2, None)
    units = []
    for number in range(UNITS):
        code, name, members = f"53{number:04d}", f"第{number}县（市、区）", []
        for at in range(EACH):
            place = dataclasses.replace(
                EAST, code=f"{code}101{at:03d}", name=f"{number}街{at}号社区居民委员会", county=name, unit=code
            )
            which = order[at % 10]
            if which is None:
                members.append(demo.CommunityResult(place, Status.MISSING))
            else:
                members.append(dataclasses.replace(patterns[which], community=place, file=f"{name}.xlsx", sheet=place.short_name))
        units.append(demo.unit(code, name, members))
    return demo.region(units)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    result, place = region(), tmp_path_factory.mktemp("large")
    begun = time.process_time()
    placed = write_annex2(place / "annex2.xlsx", result, TEMPLATES / "annex2.xlsx")
    write_trace(place / "trace.xlsx", result, placed)
    write_ledger(place / "报送台账.xlsx", result)
    write_status(place / "status.xlsx", result)
    write_ranking(place / "考核排名.xlsx", result)
    (place / "assessment.docx").write_bytes(assessment.Assessments(TEMPLATES, result).region())
    overview = overview_of(result)
    write_overview_book(place / "overview.xlsx", overview)
    write_overview_page(place / "overview.html", overview, {}, "overview.xlsx")
    (place / "result.json").write_bytes(dump(result_document(result, ())))
    assert time.process_time() - begun < BOUND
    return place


def test_all_of_them_say_the_same(folder):
    said = spoken.facts(folder)
    assert spoken.disagreements(said) == []
    found = {key: value for key, value, _ in said}
    assert found["urban", ""] == 5000 and found["combined ratio", ""] == "40.00%"
    assert [found["standing", "", word] for word in ("达标", "未达标", "待核实", "未报")] == [2000, 2000, 500, 500]
    # Every community is told of in the sheets that have one row for each.
    assert sum(key[0] == "community" for key in found) == 5000
    for name in ("status.xlsx", "trace.xlsx", "overview.xlsx"):
        assert sum(key[0] == "community" and where.startswith(name) for key, _, where in said) == 5000


def test_what_is_left_out_is_said(folder):
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(folder / "assessment.docx")).paragraphs)
    assert f"共{UNITS}个，图中只列" in text and f"最低的{assessment.UNITS_IN_CHART}个" in text
    assert re.search(r"最接近达标的社区见下表，另有\d+个没有列出", text)
    told = [str(row[0]) for row in spoken.book(folder / "overview.xlsx")["总览"]]
    assert any("图中是完成比例最低的40个" in line for line in told)


@pytest.mark.browser
def test_the_page_is_readable_and_says_what_it_leaves_out(folder):
    with browsers.chromium() as browser:
        for width, height in ((1280, 900), (360, 740)):
            with browsers.opened(browser, folder / "overview.html", width, height) as page:
                assert page.evaluate("document.documentElement.scrollWidth") == width
                assert page.inner_text("#found") == "共5000个社区"
                assert page.locator("#unit-table tbody tr").count() == page.locator("#ranking-table tbody tr").count() == UNITS
                assert f"这里列出前{overview_page.MOST_PENDING}个" in page.inner_text("#pending")
                # Long tables of units scroll by themselves, so that the next section is near.
                assert page.locator("#units").bounding_box()["height"] < 1.6 * height
                page.select_option("#f-status", label="未报")
                assert page.inner_text("#found") == "共500个社区"
