"""Makes input/roster.xlsx from the published list of residents' committees (tools/roster_2020.csv).

Source: 国家统计局 统计用区划代码（2020年版）, names as published, misprints kept. Contact and telephone are invented
and marked 示例. Run again: identical bytes.
"""

from __future__ import annotations

import csv
import datetime
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from greencomm.roster import BatchLabel, Community, Unit  # noqa: E402
from greencomm.rosters_io import write_roster  # noqa: E402
from greencomm.standard import load_standard  # noqa: E402

SOURCE = ROOT / "tools" / "roster_2020.csv"
TARGET = ROOT / "input" / "roster.xlsx"

BATCH: dict[BatchLabel, str | int | datetime.date] = {
    BatchLabel.REGION: "楚雄州",
    BatchLabel.YEAR: 2021,
    BatchLabel.PHASE: "年度总结",
    BatchLabel.UNIT: "楚雄彝族自治州住房和城乡建设局",
    BatchLabel.CONTACT: "示例联系人",
    BatchLabel.PHONE: "0878-0000000（示例）",
    BatchLabel.SELF_EVALUATION_DUE: datetime.date(2021, 8, 31),
    BatchLabel.ANNUAL_DUE: datetime.date(2021, 10, 20),
}


def build(target: Path = TARGET) -> None:
    """Write the roster of the published list to ``target``."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    units = [Unit(code, name) for code, name in sorted({(row["county_code"], row["county"]) for row in rows})]
    communities = [
        Community(
            code=row["community_code"],
            name=row["community"],
            county=row["county"],
            town=row["town"],
            unit=row["county_code"],
        )
        for row in rows
    ]
    write_roster(target, load_standard(), BATCH, units, communities)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
