"""Makes input/roster.xlsx, the roster of 2022, from the published list of residents' committees (tools/roster_2020.csv).

Source: 国家统计局 统计用区划代码（2020年版）. The roster of 2021 has names as published, misprints kept; build_sample.py
makes it for the closed year. In the roster of 2022 禄丰县 532331 has become 禄丰市 532302: the codes of its communities
begin with the new one (what follows it is kept), and their three misprinted names are put right. Contact and telephone
are invented and marked 示例. Run again: identical bytes.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from greencomm.ledger import LedgerRow  # noqa: E402
from greencomm.roster import BatchLabel, Community, Unit  # noqa: E402
from greencomm.rosters_io import write_roster  # noqa: E402
from greencomm.standard import load_standard  # noqa: E402

SOURCE = ROOT / "tools" / "roster_2020.csv"
TARGET = ROOT / "input" / "roster.xlsx"

FIRST, SECOND = 2021, 2022

OLD, NEW = Unit("532331", "禄丰县"), Unit("532302", "禄丰市", ("532331",), ("禄丰县",))
"""The county that became a city: renamed between the two years."""
CORRECTED = {
    "532331103001": "碧城社区居民委员会",
    "532331107001": "黑井社区居民委员会",
    "532331108003": "老鸦关社区居民委员会",
}
"""Names of 2022, by the code of 2021, in the place of misprinted ones."""


def batch(year: int) -> dict[BatchLabel, str | int | datetime.date]:
    """Sheet 批次."""
    return {
        BatchLabel.REGION: "楚雄州",
        BatchLabel.YEAR: year,
        BatchLabel.PHASE: "年度总结",
        BatchLabel.UNIT: "楚雄彝族自治州住房和城乡建设局",
        BatchLabel.CONTACT: "示例联系人",
        BatchLabel.PHONE: "0878-0000000（示例）",
        BatchLabel.SELF_EVALUATION_DUE: datetime.date(year, 8, 31),
        BatchLabel.ANNUAL_DUE: datetime.date(year, 10, 20),
    }


PILOTS = frozenset({"532301101001", "532301101005", "532322101001", "532324101001", "532325101001", "532326101001"})
"""Invented: the real programme's pilots are not published."""

# Invented, marked 示例: (unit, deliverable, content, received, number, remark).
LEDGER = (
    ("532301", "plan", "楚雄市绿色社区创建行动实施方案（示例）", datetime.date(2021, 3, 26), "示例〔2021〕1号", "示例"),
    ("532301", "local-standard", "楚雄市绿色社区创建标准（示例）", datetime.date(2021, 3, 30), "示例〔2021〕2号", "示例"),
    ("532301", "pilots", "2个社区", datetime.date(2021, 3, 26), "", "示例"),
    ("532322", "plan", "双柏县绿色社区创建行动实施方案（示例）", datetime.date(2021, 4, 6), "示例〔2021〕3号", "示例"),
    ("532322", "pilots", "妥甸镇1个社区", datetime.date(2021, 3, 29), "", "示例"),
    ("532324", "plan", "南华县绿色社区创建行动实施方案（示例）", datetime.date(2021, 3, 31), "示例〔2021〕4号", "示例"),
    ("532301", "achievement-list", "2021年创建成果名单（示例）", datetime.date(2021, 8, 30), "", "示例"),
    ("532322", "achievement-list", "2021年创建成果名单（示例）", datetime.date(2021, 9, 2), "", "示例"),
    ("532301", "demonstration-base", "示例社区绿色生活馆", datetime.date(2021, 6, 5), "", "示例"),
    ("532322", "commended-unit", "示例社区居民委员会", datetime.date(2021, 9, 10), "示例〔2021〕5号", "示例"),
    (None, "commended-person", "示例某某", None, "", "示例"),
)
LEDGER_SECOND = (
    ("532301", "achievement-list", "2022年创建成果名单（示例）", datetime.date(2022, 8, 29), "", "示例"),
    ("532302", "achievement-list", "2022年创建成果名单（示例）", datetime.date(2022, 9, 5), "", "示例"),
    ("532324", "achievement-list", "2022年创建成果名单（示例）", datetime.date(2022, 8, 31), "", "示例"),
    ("532302", "commended-unit", "示例街道办事处", datetime.date(2022, 9, 20), "示例〔2022〕1号", "示例"),
)
"""What the second year adds: the office goes on writing on the same sheet."""


def renamed(community: Community) -> Community:
    """A community of the roster of 2021 as that of 2022 has it."""
    if community.unit != OLD.code:
        return community
    name = CORRECTED.get(community.code, community.name)
    return dataclasses.replace(
        community,
        code=NEW.code + community.code.removeprefix(OLD.code),
        name=name,
        county=NEW.name,
        unit=NEW.code,
        former_names=(community.name,) if name != community.name else (),
        former_codes=(community.code,),
    )


def build(target: Path = TARGET, year: int = SECOND) -> None:
    """Write the roster of ``year`` to ``target``."""
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
            pilot=row["community_code"] in PILOTS,
        )
        for row in rows
    ]
    entries: tuple[tuple[str | None, str, str, datetime.date | None, str, str], ...] = LEDGER
    if year == SECOND:
        units = sorted((NEW if unit.code == OLD.code else unit for unit in units), key=lambda unit: unit.code)
        communities = sorted(map(renamed, communities), key=lambda community: community.code)
        entries += LEDGER_SECOND
    ledger = [LedgerRow(*entry, row) for row, entry in enumerate(entries, 2)]
    write_roster(target, load_standard(), batch(year), units, communities, ledger)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
