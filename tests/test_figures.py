"""Sums that reports and overviews share (greencomm/figures.py), on communities whose points were put together by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from greencomm.figures import NOTHING, Band, Tally, distribution, losses
from greencomm.results import ClauseResult, CommunityResult, Status
from greencomm.roster import Community
from greencomm.standard import load_standard

STANDARD = load_standard()


def clause(identity: str, assessed: int | None) -> ClauseResult:
    return ClauseResult(identity, assessed, None, None, "", "", "", None, None)


def community(number: int, **deducted: int | None) -> CommunityResult:
    """A community of one unit; ``c16_1=3`` deducts 3 points by clause 16.1, everything else 0."""
    taken = {each.id: deducted.get("c" + each.id.replace(".", "_"), 0) for each in STANDARD.clauses}
    items: dict[int, int | None] = {}
    for item in STANDARD.items:
        points = [taken[each.id] for each in item.clauses]
        known = [each for each in points if each is not None]
        sign = 1 if item.base == 0 else -1
        items[item.number] = max(0, item.base + sign * sum(known)) if len(known) == len(points) else None
    whole = None if None in items.values() else sum(each for each in items.values() if each is not None)
    status = Status.PENDING if whole is None else Status.GREEN if whole >= 80 else Status.BELOW
    place = Community(f"53230110100{number}", f"第{number}社区居民委员会", "楚雄市", "鹿城镇", "532301")
    return CommunityResult(
        place, status, assessed_score=whole, lowest=whole, highest=whole, items=items,
        clauses=tuple(clause(each, points) for each, points in taken.items()), file="a.xlsx", sheet=f"第{number}社区",
    )  # fmt: skip


MISSING = CommunityResult(Community("532301101009", "第9社区居民委员会", "楚雄市", "鹿城镇", "532301"), Status.MISSING)


def test_an_item_loses_no_more_than_its_points_though_its_clauses_do() -> None:
    # 16.1 takes 3 and 16.2 takes 6, but the item has 6 points (D-05); the second community loses 3.
    found = losses([community(1, c16_1=3, c16_2=6), community(2, c16_1=3), MISSING], STANDARD)
    assert found.items[16] == Tally(communities=2, unresolved=0, affected=2, points=9)
    assert found.clauses["16.1"] == Tally(2, 0, 2, 6)
    assert found.clauses["16.2"] == Tally(2, 0, 1, 6)
    assert found.items[16].average == Fraction(9, 2)


def test_an_unresolved_clause_leaves_its_item_out_and_says_so() -> None:
    found = losses([community(1, c8_1=None, c8_2=2), community(2, c8_1=1)], STANDARD)
    assert found.items[8] == Tally(communities=1, unresolved=1, affected=1, points=1)
    assert found.clauses["8.1"] == Tally(1, 1, 1, 1)
    assert found.clauses["8.2"] == Tally(2, 0, 1, 2)


def test_an_award_counts_points_added_and_is_never_among_the_dearest() -> None:
    found = losses([community(1, c17_1=4, c1_1=3), community(2, c1_1=3, c11_1=6)], STANDARD)
    assert found.items[17] == Tally(2, 0, 1, 4)
    # Six points each; two communities come before one.
    assert found.dearest == ("1.1", "11.1")


def test_without_a_sheet_there_is_no_average() -> None:
    found = losses([MISSING], STANDARD)
    assert found.items[1] == NOTHING
    assert found.items[1].average is None
    assert found.dearest == ()


def test_two_units_together_are_the_sum_never_the_average() -> None:
    # Two communities with 3 points, one with 6: 9 points over three communities, not (3 + 6) / 2.
    first = losses([community(1, c1_1=3), community(2, c1_1=3)], STANDARD)
    second = losses([community(3, c1_1=3, c1_2=3)], STANDARD)
    both = first.plus(second)
    assert both.items[1] == Tally(3, 0, 3, 12)
    assert both.items[1].average == Fraction(12, 3)


@pytest.mark.parametrize(
    ("score", "label"),
    [(0, "0～59分"), (59, "0～59分"), (60, "60～64分"), (79, "75～79分"), (80, "80～84分"), (84, "80～84分"), (95, "95～100分"),
     (100, "95～100分")],
)  # fmt: skip
def test_bands_begin_at_the_pass_mark(score: int, label: str) -> None:
    one = replace(community(1), assessed_score=score)
    bands = distribution([one, MISSING], STANDARD)
    assert [band.label for band in bands if band.count] == [label]
    assert [band.label for band in bands] == [
        "0～59分", "60～64分", "65～69分", "70～74分", "75～79分", "80～84分", "85～89分", "90～94分", "95～100分",
    ]  # fmt: skip
    assert [band.reaches_mark for band in bands] == [False] * 5 + [True] * 4


def test_who_has_no_certain_score_is_in_no_band() -> None:
    assert all(band.count == 0 for band in distribution([community(1, c1_1=None)], STANDARD))
    assert isinstance(distribution([], STANDARD)[0], Band)
