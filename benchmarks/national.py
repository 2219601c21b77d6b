"""The whole country in one run: python benchmarks/national.py FOLDER [--make] [--run] [--again] [--counties N].

``--make`` builds a tree of 31 provinces below FOLDER: in each a folder for every prefecture, with a roster and one filled
workbook for each of its counties (``synthetic.py``; as many sheets as the county has residents' committees, 118,025 in all).
``--run`` lets ``process.py rollup --run`` review and sum it, and prints what that took; ``--again`` once more on unchanged
input. Without any of them all three. ``--counties N`` takes about so many counties, evenly out of the list.

Counties and sizes: ``residents_committees_per_county_2020.csv`` (see README.md there). Everything else is invented.
"""

from __future__ import annotations

import argparse
import csv
import functools
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

from measure import cost_of  # noqa: E402
from synthetic import make_season  # noqa: E402

SIZES = Path(__file__).with_name("residents_committees_per_county_2020.csv")
DIRECT = {"11": "1101", "12": "1201", "31": "3101", "50": "5001"}
"""Cities directly under the State Council: all of their districts and counties are one region, whatever digits follow."""
PROVINCES = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区", "21": "辽宁省", "22": "吉林省", "23": "黑龙江省",
    "31": "上海市", "32": "江苏省", "33": "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省", "37": "山东省", "41": "河南省",
    "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区", "46": "海南省", "50": "重庆市", "51": "四川省", "52": "贵州省",
    "53": "云南省", "54": "西藏自治区", "61": "陕西省", "62": "甘肃省", "63": "青海省", "64": "宁夏回族自治区", "65": "新疆维吾尔自治区",
}  # fmt: skip
DATE = "2021-10-20"
Tree = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Province → prefecture → county → communities, by their codes."""


def counties(take: int | None = None) -> dict[str, int]:
    """Communities of each county by its code; ``take``: about so many counties, evenly out of the list."""
    with SIZES.open(encoding="utf-8", newline="") as stream:
        sizes = {row["county_code"]: int(row["residents_committees"]) for row in csv.DictReader(stream)}
    return sizes if take is None else dict(list(sizes.items())[:: max(len(sizes) // take, 1)])


def tree_of(sizes: Mapping[str, int]) -> dict[str, dict[str, dict[str, int]]]:
    """Counties by province (two digits) and prefecture (four).

    A city without counties (东莞 441900) is a region of one unit; counties directly under a province (429004: digits 90) are one
    region, as in the official list.
    """
    tree: dict[str, dict[str, dict[str, int]]] = {}
    for code, count in sizes.items():
        region = DIRECT.get(code[:2], code[:4])
        tree.setdefault(code[:2], {}).setdefault(region, {})[code] = count
    return tree


def region_name(region: str) -> str:
    """``5323地区``; of a directly governed city its name."""
    return PROVINCES[region[:2]] if DIRECT.get(region[:2]) == region else f"{region}地区"


def place_of(folder: Path, region: str) -> Path:
    """Where a region's folder lies in the tree."""
    return folder / PROVINCES[region[:2]] / region_name(region)


def _make(folder: Path, region: tuple[str, Mapping[str, int]]) -> None:
    code, sizes = region
    target = place_of(folder, code) / "input"
    if (target / "whole").exists():
        return
    make_season(target, sizes, region_name(code), processes=0)
    (target / "whole").touch()


def make_tree(folder: Path, tree: Tree, processes: int = 2) -> None:
    """Write rosters and filled workbooks of every region, here where ``processes`` is 0; begun trees are gone on with."""
    regions = [item for province in tree.values() for item in province.items()]
    regions.sort(key=lambda item: -sum(item[1].values()))
    if not processes:
        for region in regions:
            _make(folder, region)
    else:
        with ProcessPoolExecutor(processes) as pool:
            for done, _ in enumerate(pool.map(functools.partial(_make, folder), regions), 1):
                if done % 20 == 0:
                    print(f"{done} of {len(regions)} regions made", file=sys.stderr, flush=True)
    for code, _ in regions:
        (place_of(folder, code) / "input" / "whole").unlink(missing_ok=True)


def command(folder: Path) -> list[str]:
    """The run of a whole tree, as a clerk types it."""
    return [sys.executable, str(ROOT / "process.py"), "rollup", "--run", str(folder), "--date", DATE]


def bytes_below(folder: Path, part: str) -> int:
    """Bytes of all files in folders called ``part``."""
    found = 0
    for place, folders, files in os.walk(folder):
        if part in Path(place).relative_to(folder).parts:
            found += sum(os.lstat(os.path.join(place, name)).st_size for name in files)
        else:
            folders[:] = [name for name in folders if name not in {"input", "output", "archive"} - {part}]
    return found


def main() -> None:
    """Make, run, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--counties", type=int)
    for option in ("--make", "--run", "--again"):
        parser.add_argument(option, action="store_true")
    args = parser.parse_args()
    everything = not (args.make or args.run or args.again)
    tree = tree_of(counties(args.counties))
    regions = [region for province in tree.values() for region in province.values()]
    sheets, units = sum(sum(region.values()) for region in regions), sum(map(len, regions))
    if args.make or everything:
        make_tree(args.folder, tree)
    others = os.getloadavg()[0]
    shown = [("sheets", f"{sheets:,} of {units:,} units, {len(regions)} regions, {len(tree)} provinces"),
             ("load before (processes that ran besides)", f"{others:.1f}")]  # fmt: skip
    for title, wanted in (("", args.run or everything), ("on unchanged input: ", args.again or everything)):
        if wanted:
            # 1: some region has something to put right.
            cost = cost_of(command(args.folder), may=(0, 1))
            shown += [
                (f"{title}wall time", f"{cost.wall:.1f} s"),
                (f"{title}processor time", f"{cost.cpu:.1f} s"),
                (f"{title}peak memory of a process", f"{cost.memory:.0f} MB"),
                (f"{title}a sheet, wall time and processor time", f"{cost.wall / sheets * 1000:.2f} ms, {cost.cpu / sheets * 1000:.2f} ms"),
            ]
    for part in ("input", "output", "archive"):
        shown.append((f"size of {part}", f"{bytes_below(args.folder, part) / 1e6:,.0f} MB"))
    print("| national run | |\n|---|---|")
    for name, value in shown:
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
