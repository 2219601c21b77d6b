"""Two seasons of a small prefecture, worked out by hand: 2021 as it was filed, 2022 after renames, a merger and a split.

2021, green ones marked *:  楚雄市 东兴* 学桥街* 中大街 米市街* (3 of 4); 双柏县 东城* 南城* 西城* 北城* (4 of 4);
禄丰县 金山* 土主庙 北门 (1 of 3). Region 8 of 11.

2022: 禄丰县 532331 is 禄丰市 532302; the zone reports 学桥街 and 彝人; 东城 and 南城 are now 城关; 西城 is now 西城一 and 西城二;
北城 is not in the roster. Newly green: 中大街, 彝人, 西城一, 土主庙. 金山 has 78 points. 米市街 claims again. Of the others on the
2021 list no sheet comes.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from season import clean, form

from greencomm.cli import main
from greencomm.forms.issue import SheetAnswers
from greencomm.forms.layout import Heading
from greencomm.roster import BatchLabel, Community, Roster, Unit, load_roster
from greencomm.rosters_io import write_roster
from greencomm.standard import PHASE_TITLES, load_standard

STANDARD = load_standard()


def community(code: str, name: str, county: str, unit: str = "", **known: Any) -> Community:
    return Community(code, f"{name}社区居民委员会", county, "城区", unit or code[:6], **known)


CITY, COUNTY = Unit("532301", "楚雄市"), Unit("532322", "双柏县")
UNITS = {
    2021: (CITY, COUNTY, Unit("532331", "禄丰县")),
    2022: (CITY, Unit("532301888", "开发区规划建设局"), COUNTY, Unit("532302", "禄丰市", ("532331",), ("禄丰县",))),
}
COMMUNITIES = {
    2021: (
        *(community(f"53230110100{n}", name, "楚雄市") for n, name in enumerate(("东兴", "学桥街", "中大街", "米市街"), 1)),
        *(community(f"53232210100{n}", name, "双柏县") for n, name in ((1, "东城"), (2, "南城"), (3, "西城"), (6, "北城"))),
        *(community(f"53233110100{n}", name, "禄丰县") for n, name in enumerate(("金山", "土主庙", "北门"), 1)),
    ),
    2022: (
        community("532301101001", "东兴", "楚雄市"),
        community("532301101002", "学桥街", "楚雄市", "532301888"),
        community("532301101003", "中大街", "楚雄市"),
        community("532301101004", "米市街", "楚雄市"),
        community("532301102001", "彝人", "楚雄市", "532301888"),
        community("532322101009", "城关", "双柏县", former_codes=("532322101001", "532322101002")),
        community("532322101004", "西城一", "双柏县", former_codes=("532322101003",)),
        community("532322101005", "西城二", "双柏县", former_codes=("532322101003",)),
        *(
            community(f"53230210100{n}", name, "禄丰市", former_codes=(f"53233110100{n}",))
            for n, name in enumerate(("金山", "土主庙", "北门"), 1)
        ),
    ),
}
BELOW = {
    2021: ("532301101003", "532331101002"),
    2022: ("532302101001", "532302101003", "532322101005"),
}
"""Communities of 78 points."""
ABSENT = {
    2021: ("532331101003",),
    2022: ("532301101001", "532301101002", "532322101009"),
}
"""Communities without a sheet."""
POOR = {f"c{clause}": (None, 3, None) for clause in ("1_1", "2_1", "2_2", "4_2", "9_1", "9_2")}


def below() -> SheetAnswers:
    """96 - 6 × 3 = 78 points, not claimed."""
    answers = clean(**POOR)
    return SheetAnswers({**answers.heading, Heading.CLAIM: "否"}, answers.answers)


class Prefecture:
    """A folder in which two years are played; every command as a person gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive, self.output = folder / "archive", folder / "output"

    def input(self, year: int, phase: str = "annual") -> Path:
        return self.folder / f"input-{year}-{phase}"

    def receive(self, year: int, phase: str = "annual", without: Iterable[str] = ()) -> None:
        """The year's roster and every unit's workbook lie in the input folder."""
        folder = self.input(year, phase)
        folder.mkdir(exist_ok=True)
        communities = [each for each in COMMUNITIES[year] if each.code not in without]
        batch: dict[BatchLabel, str | int | datetime.date] = {
            BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: year, BatchLabel.PHASE: PHASE_TITLES[phase],
            BatchLabel.UNIT: "楚雄州住房和城乡建设局", BatchLabel.CONTACT: "示例联系人",
        }  # fmt: skip
        write_roster(folder / "roster.xlsx", STANDARD, batch, UNITS[year], communities)
        roster: Roster = load_roster(folder / "roster.xlsx", STANDARD)
        sent = dataclasses.replace(
            roster, communities=tuple(each for each in roster.communities if each.code not in ABSENT[year])
        )
        for unit in roster.units:
            answers = {each.code: below() for each in sent.of_unit[unit.code] if each.code in BELOW[year]}
            (folder / f"{unit.name}.xlsx").write_bytes(form(unit, answers, roster=sent))

    def do(self, year: int, *words: str, phase: str = "annual") -> int:
        """One command on 20 October of the year; returns its exit status."""
        places = ["--input", self.input(year, phase), "--output", self.output, "--archive", self.archive]
        return main([*words, *map(str, places), "--date", f"{year}-10-20"])

    def result(self, year: int, phase: str = "annual") -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.output / f"{year}-{phase}" / "result.json").read_text(encoding="utf-8"))
        return document

    def first_year(self) -> None:
        """2021: self-evaluation, annual summary, closed."""
        for phase in ("self-evaluation", "annual"):
            self.receive(2021, phase)
            assert self.do(2021, phase=phase) == 0
        assert self.do(2021, "close", "--who", "王某") == 0
