"""A county with a standard of its own, for tests: the example of docs/examples, its forms, its review."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path

from season import CITY, COUNTY, DAY, EAST, ROSTER, STANDARD, TOWN, arrive, form

from greencomm.forms.issue import SheetAnswers, issue_workbook
from greencomm.forms.layout import Heading
from greencomm.results import RegionResult
from greencomm.review.region import review
from greencomm.roster import Community
from greencomm.standard import Standard, load_local_standard

EXAMPLE = Path(__file__).resolve().parents[1] / "docs" / "examples" / "示例县-2021.toml"
LOCAL = load_local_standard(EXAMPLE, STANDARD)
HILL = Community("532322101002", "西城社区居民委员会", "双柏县", "妥甸镇", "532322")
OWN = dataclasses.replace(COUNTY, standard=LOCAL.id)
LOCAL_ROSTER = dataclasses.replace(ROSTER, units=(CITY, OWN), communities=(EAST, TOWN, HILL))
ACTUAL = {"6.2": 0, "8.1": 0, "8.2": 0, "8.3": 0, "10.1": 1, "12.1": 0.8, "13.2": 0, "14.1": 3, "18.1": 0}
"""Measured values of a community where nothing is deducted by the example."""

# 1.1 holds, as 9.1 and 9.3 do; three cars in the way, two trainings of three, one block that wastes water.
TOWN_ANSWERS = {"8.1": (3, None, None), "14.1": (2, None, None), "9.1": (None, 3, None), "9.3": (None, 2, None),
                "18.1": (1, None, None)}  # fmt: skip
HILL_ANSWERS = {"1.1": (None, 3, None), "2.1": (None, 3, None), "8.1": (2, None, None), "14.1": (0, None, None),
                "18.1": (5, None, None)}  # fmt: skip


def sheet(answers: Mapping[str, tuple[object, object, object]], standard: Standard = LOCAL) -> SheetAnswers:
    """A complete, claimed sheet by ``standard`` where nothing is deducted but what ``answers`` says."""
    filled = {clause.id: (ACTUAL.get(clause.id), 0, None) for clause in standard.clauses}
    # Where something is measured, 扣分 may stay blank.
    filled |= {clause: (actual, None, None) for clause, (actual, _, _) in filled.items() if actual is not None}
    heading = {Heading.AUTHOR: "李填表", Heading.DATE: "2021-10-11", Heading.CLAIM: "是"}
    return SheetAnswers(heading, filled | dict(answers))


def county_form(answers: Mapping[str, SheetAnswers], standard: Standard = LOCAL, roster=LOCAL_ROSTER) -> bytes:
    """The county's workbook by ``standard``, filled."""
    target = io.BytesIO()
    issue_workbook(
        target, OWN, roster, standard, form_date=DAY, answers=answers, contact="王联系", phone="0878-1234567"
    )  # fmt: skip
    return target.getvalue()


def both() -> dict[str, SheetAnswers]:
    """The answers of the county's two communities."""
    return {TOWN.code: sheet(TOWN_ANSWERS), HILL.code: sheet(HILL_ANSWERS)}


def judge(county: bytes, standard: Standard = LOCAL, roster=LOCAL_ROSTER) -> RegionResult:
    """The review of the county's workbook by its own standard beside the city's by the prefecture's."""
    arrivals = (arrive("双柏县.xlsx", county), arrive("楚雄市.xlsx", form(CITY, roster=roster)))
    return review(arrivals, roster, STANDARD, lambda unit: standard if unit.code == OWN.code else STANDARD, DAY)
