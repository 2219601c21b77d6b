"""Targets: exact numbers of communities, and which are the nearest to the pass mark by which clauses."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import demo
import pytest
from demo import BELOW, GREEN, MISSING, PENDING, STANDARD
from season import BRIDGE, CITY, EAST, arrive, clean, form, judge

from greencomm import summary
from greencomm.past_years import ClosedYear
from greencomm.results import ClauseResult
from greencomm.targets import Loss, nearest_communities, nearest_in_region, progress, unit_progress


@pytest.mark.parametrize(
    ("urban", "green", "needed", "missing", "met"),
    [
        # 20 % of 137 are 27.4: 28 communities.
        (137, 27, 28, 1, False),
        (137, 28, 28, 0, True),
        # 20 % of 5 is exactly 1: 以上 includes it.
        (5, 1, 1, 0, True),
        (5, 0, 1, 1, False),
        (1, 0, 1, 1, False),
        (0, 0, 0, 0, None),
    ],
)
def test_how_many_more_are_needed(urban, green, needed, missing, met):
    first = progress(demo.region([demo.many("532322", "双柏县", urban, green)]))[0]
    assert (first.target.year, first.needed, first.missing, first.met) == (2021, needed, missing, met)


def test_the_targets_of_the_years_that_come():
    def years(year):
        return [(each.target.year, each.needed) for each in progress(demo.region([demo.many("532322", "双柏县", 137, 0)], year=year))]

    # 60 % of 137 are 82.2: 83.
    assert years(2021) == [(2021, 28), (2022, 83)]
    assert years(2022) == years(2023) == [(2021, 28), (2022, 83)]


def test_earlier_lists_count_towards_the_target():
    unit = demo.many("532322", "双柏县", 5, 1)
    members = [dataclasses.replace(each, listed=2021) if n in (0, 4) else each for n, each in enumerate(unit.communities)]
    unit = dataclasses.replace(unit, communities=tuple(members))
    result = demo.region([unit], year=2022)
    _, combined = progress(result)
    # The first is green and on the list, the fifth only on the list: two of five, three are needed.
    assert (combined.count, combined.ratio, combined.missing) == (2, Fraction(2, 5), 1)
    assert unit_progress(unit, result) == (combined,)


def closed(year, count, urban, **more):
    return ClosedYear(year, count, urban, Fraction(count, urban) if urban else Fraction(1, 4), (), (), **more)


def test_a_past_target_is_measured_by_what_was_filed_of_its_year():
    result = demo.region([demo.many("532322", "双柏县", 5, 1)], year=2022)
    first, second = progress(dataclasses.replace(result, earlier=(closed(2021, 2, 11),)))
    # 20 % of 11 are 2.2: 3 were needed, 2 were filed; 60 % of today's 5 are 3.
    assert (first.filed, first.count, first.needed, first.missing, first.met) == (True, 2, 3, 1, False)
    assert (second.filed, second.count, second.needed, second.missing) == (False, 1, 3, 2)
    # An imported form does not tell how many communities there were, but its ratio.
    first, _ = progress(dataclasses.replace(result, earlier=(closed(2021, 2, None, imported=True),)))
    assert (first.count, first.needed, first.missing, first.met) == (2, None, None, True)


def test_the_screen_and_the_sheet_name_the_same_nearest_communities():
    result = dataclasses.replace(demo.region([demo.many("532322", "双柏县", 5, 1)], year=2022), earlier=(closed(2021, 2, 11),))
    told = summary._targets(result)
    assert told.startswith(
        "目标进度：2021年目标20.00%（3个），2021年上报2个，还差1个社区；2022年目标60.00%（3个），现有1个，还差2个社区。"
    )
    lost = {f"c{c}": (None, 3, None) for c in ("1_1", "2_1", "2_2", "4_2", "9_1")}  # 96 - 15 = 81
    result = judge(arrive("楚雄市.xlsx", form(CITY, {
        EAST.code: clean(c1_1=(None, None, None)),  # 93 … 96: only its answer is missing
        BRIDGE.code: clean(**lost, c5_1=(None, None, None)),  # 79 … 81
    })))  # fmt: skip
    order = [near.community.community.name for _, near in nearest_in_region(result)]
    assert order == [EAST.name, BRIDGE.name]
    assert summary._targets(result).endswith(f"最接近达标线的：{EAST.name}（93～96分，待核实）、{BRIDGE.name}（79～81分，待核实）。")


def test_the_nearest_and_what_costs_them_points():
    deductions = {f"c{c}": (None, 3, None) for c in ("1_1", "2_1", "2_2", "4_2", "9_1")}  # 96 - 15 = 81
    result = judge(arrive("楚雄市.xlsx", form(CITY, {
        EAST.code: clean(**deductions, c8_1=(3, None, None)),  # 79
        BRIDGE.code: clean(**deductions, c5_1=(None, None, None)),  # 79 … 81
    })))  # fmt: skip
    bridge, east = nearest_communities(result.units[0], STANDARD)
    assert (bridge.community.community, bridge.lowest, bridge.highest, bridge.short) == (BRIDGE, 79, 81, -1)
    assert (east.community.community, east.lowest, east.highest, east.short) == (EAST, 79, 79, 1)
    assert bridge.losses[0] == Loss("5.1", "未开展社区道路综合治理", None, 2)
    assert [(loss.clause, loss.points) for loss in east.losses] == [
        ("1.1", 3), ("2.1", 3), ("2.2", 3), ("4.2", 3), ("9.1", 3), ("8.1", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "lowest", "highest", "listed", "near"),
    [
        (BELOW, 75, 75, None, True),
        (BELOW, 74, 74, None, False),
        (BELOW, 70, 76, None, True),
        (PENDING, 40, 80, None, True),
        (GREEN, 80, 80, None, False),
        (BELOW, 79, 79, 2021, False),
        (MISSING, None, None, None, False),
    ],
)
def test_who_is_near(status, lowest, highest, listed, near):
    answered = (ClauseResult("1.1", 3, None, None, "", "", "", None, None),)
    place = dataclasses.replace(
        demo.community("532301101001", "东兴社区居民委员会", status), lowest=lowest, highest=highest, listed=listed,
        clauses=answered if lowest is not None else (),
    )  # fmt: skip
    assert bool(nearest_communities(demo.unit("532301", "楚雄市", [place]), STANDARD)) == near
