"""What the review does with single files while others are still read changes nothing of what it finds (S-53)."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from localities import LOCAL as OWN_STANDARD
from localities import LOCAL_ROSTER, OWN, both, county_form
from season import CITY, DAY, ROSTER, STANDARD, arrive, form

from greencomm.adopted import adopt
from greencomm.batch import Options, prepare
from greencomm.history import History
from greencomm.intake.collect import collect
from greencomm.review.ahead import Ahead
from greencomm.review.region import review_after

ROOT = Path(__file__).resolve().parents[1]


def sample():
    """The sample's files, read afresh, with roster and standards: what the review works in is never used twice."""
    options = Options(ROOT / "input", ROOT / "output", ROOT / "input" / "roster.xlsx", ROOT / "archive", datetime.date(2022, 10, 20))
    standard, roster = prepare(options)
    adopted = adopt(ROOT / "input" / "标准", standard, roster)
    arrivals = collect(options.input, options.roster, standard, standards=adopted.files, workers=0)
    return arrivals, roster, standard, adopted.of, options.run_date


def reviewed(arrivals, roster, standard, standard_of, day, ahead=None):
    return review_after(History(), arrivals, roster, standard, standard_of, day, (), ahead)


ORDERS = {
    "as they lie": lambda arrivals: arrivals,
    "backwards": lambda arrivals: arrivals[::-1],
    "half of them": lambda arrivals: arrivals[::2],
    "none": lambda arrivals: [],
}


@pytest.fixture(scope="module")
def expected():
    return reviewed(*sample())


@pytest.mark.parametrize("order", ORDERS)
def test_it_makes_no_difference_in_which_order_files_arrive(expected, order):
    arrivals, roster, standard, standard_of, day = sample()
    ahead = Ahead(roster, standard_of)
    for arrival in ORDERS[order](arrivals):
        ahead.look_at([arrival])
    # Every kind of mistake is in the sample; histories hold what was typed.
    assert len(expected[0].findings) > 50
    assert reviewed(arrivals, roster, standard, standard_of, day, ahead) == expected


def test_a_county_is_looked_at_by_its_own_standard():
    def standard_of(unit):
        return OWN_STANDARD if unit.code == OWN.code else STANDARD

    def arrivals():
        return [arrive("双柏县.xlsx", county_form(both())), arrive("楚雄市.xlsx", form(CITY, roster=LOCAL_ROSTER))]

    ahead, seen = Ahead(LOCAL_ROSTER, standard_of), arrivals()
    ahead.look_at(seen)
    result, history = reviewed(seen, LOCAL_ROSTER, STANDARD, standard_of, DAY, ahead)
    assert (result, history) == reviewed(arrivals(), LOCAL_ROSTER, STANDARD, standard_of, DAY)
    county = next(unit for unit in result.units if unit.unit.code == OWN.code)
    assert "18.1" in {clause.clause for community in county.communities for clause in community.clauses}


def test_a_second_review_of_the_same_files_starts_anew():
    """A replay reviews twice; what the first one wrote into sheets must not be in the second."""
    arrivals = [arrive("楚雄市.xlsx", form(CITY))]
    ahead = Ahead(ROSTER, lambda unit: STANDARD)
    ahead.look_at(arrivals)
    first = reviewed(arrivals, ROSTER, STANDARD, lambda unit: STANDARD, DAY, ahead)
    assert first[0].units[0].unchecked
    assert reviewed(arrivals, ROSTER, STANDARD, lambda unit: STANDARD, DAY, ahead) == first
