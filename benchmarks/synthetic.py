"""Seasons of any size for benchmarks: a roster and one filled workbook a unit, the same bytes for the same sizes.

The workbooks are the program's own forms. Answers are drawn as the sample's are; one sheet in eight has a mistake that clerks
make, so that nearly every unit gets its workbook back. Everything is invented.
"""

from __future__ import annotations

import datetime
import functools
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from build_sample import answers_of, draw  # noqa: E402

from greencomm.forms.issue import SheetAnswers, form_file_name, issue_workbook  # noqa: E402
from greencomm.forms.layout import Heading  # noqa: E402
from greencomm.roster import BatchLabel, Community, Roster, Unit, load_roster  # noqa: E402
from greencomm.rosters_io import write_roster  # noqa: E402
from greencomm.standard import load_standard  # noqa: E402

YEAR = 2021
DAY = datetime.date(YEAR, 10, 18)
_PER_TOWN = 199
"""Urban communities are numbered from 001 to 199 within a town."""
MISTAKES: tuple[dict[str, tuple[object, object, object]], ...] = (
    {"8.1": (3, 1, None), "1.2": (None, 2, None)},
    {"8.1": ("2处", None, None), "1.1": (None, "扣3分", None)},
    {"3.1": (None, 0.5, "个别小区"), "4.2": (None, None, None)},
    {"12.1": (None, 2, None), "17.1": (None, 3, None)},
    {"2.1": (None, -3, None)},
    {"8.2": ("若干", None, None), "14.1": ("两次", 3, None)},
    {"16.1": (None, 3, "古树围栏破损"), "16.2": (None, 6, "古井损毁")},
)
ONE_IN = 8


def communities_of(unit: str, count: int) -> list[Community]:
    """So many communities of the county with this six-digit code."""
    towns = [(n, n // _PER_TOWN) for n in range(count)]
    return [
        Community(
            f"{unit}{101 + town}{n % _PER_TOWN + 1:03d}", f"第{n + 1}社区居民委员会", f"{unit}县", f"第{town + 1}街道", unit
        )
        for n, town in towns
    ]


def sheet_of(code: str) -> SheetAnswers:
    """What the clerk of one community typed."""
    careless = draw(code, "careless", 3) == 0
    answers = answers_of(code, load(), careless=careless)
    if draw(code, "mistake", ONE_IN) == 0:
        answers |= MISTAKES[draw(code, "which", len(MISTAKES))]
    heading = {Heading.AUTHOR: "填表人", Heading.DATE: f"{YEAR}-10-11", Heading.CLAIM: "否" if careless else "是"}
    return SheetAnswers(heading, answers)  # type: ignore[arg-type]


load = functools.cache(load_standard)


def make_roster(path: Path, sizes: Mapping[str, int], region: str = "测试州") -> Roster:
    """Write a roster with a unit for each code in ``sizes``, and read it back as the program does."""
    units = [Unit(code, f"{code}县") for code in sizes]
    batch: dict[BatchLabel, str | int | datetime.date] = {
        BatchLabel.REGION: region, BatchLabel.YEAR: YEAR, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: f"{region}住建局",
    }  # fmt: skip
    communities = [each for code, count in sizes.items() for each in communities_of(code, count)]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_roster(path, load(), batch, units, communities)
    return load_roster(path, load())


def _fill(folder: Path, code: str) -> None:
    roster = _roster(folder / "roster.xlsx")
    unit = roster.unit[code]
    answers = {each.code: sheet_of(each.code) for each in roster.of_unit[code]}
    target = folder / form_file_name(unit, roster)
    issue_workbook(target, unit, roster, load(), form_date=DAY, answers=answers, contact="联系人", phone="0878-0000000")


@functools.lru_cache(maxsize=4)
def _roster(path: Path) -> Roster:
    return load_roster(path, load())


def make_season(folder: Path, sizes: Mapping[str, int], region: str = "测试州", processes: int = 2) -> None:
    """Write roster and filled workbooks of all units into ``folder``, which is an ``input`` folder afterwards; here where
    ``processes`` is 0."""
    make_roster(folder / "roster.xlsx", sizes, region)
    if not processes:
        for code in sizes:
            _fill(folder, code)
        return
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(functools.partial(_fill, folder), sizes, chunksize=4))


if __name__ == "__main__":
    # python benchmarks/synthetic.py FOLDER UNITS SHEETS
    place, units, sheets = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    make_season(place, {f"{530100 + number}": sheets for number in range(1, units + 1)})
