"""Every figure that the outputs of a run say, read back from the files as people open them.

Nothing here uses the program: workbooks are read by calamine, Word files by python-docx and their parts, the page by lxml,
letters as text. A fact is what is said (``("urban", "楚雄市")``), as text or number in one form, and where. Two places that
say the same fact differently are a disagreement. ``""`` is the region; a community is told by its code.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import docx
import lxml.html
from lxml import etree
from python_calamine import CalamineWorkbook

Key = tuple[Any, ...]
Fact = tuple[Key, Any, str]
REGION, CHART = "", "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
STANDINGS = ("达标", "未达标", "待核实", "未报", "不用再报")
_ROW_COUNTS = {"城市社区": "urban", "往年名单": "listed", "本年新达标": "newly", "计入达标": "combined", "合计": "combined"}


def facts(folder: Path, only: str = "") -> list[Fact]:
    """All that the outputs below ``folder`` say, or one of them."""
    return list(_Reader(folder).all(only))


def disagreements(said: Iterable[Fact]) -> list[str]:
    """Facts that are said differently, with where each is said."""
    by_key: dict[Key, dict[Any, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, value, where in said:
        by_key[key][value].append(where)
    return [
        f"{key}: " + " / ".join(f"{value} ({', '.join(places[:3])})" for value, places in values.items())
        for key, values in by_key.items()
        if len(values) > 1
    ]


def places(said: Iterable[Fact], key: Key) -> set[str]:
    """The files that say a fact."""
    return {where.split(" ")[0] for fact, _, where in said if fact == key}


def percent(value: Any) -> str:
    """``58.39%`` of a ratio in whatever form; half up."""
    if isinstance(value, str):
        if "%" in value or value == "—":
            return value
        value = Fraction(value)
    exact = Fraction(value).limit_denominator(1_000_000)
    hundredths = (exact * 20000 + 1) // 2
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def two(value: Any) -> str:
    """``1.25``, ``—``: points to two decimals, half up; without a sign."""
    if isinstance(value, str):
        return value.lstrip("+")
    exact = Fraction(value).limit_denominator(1_000_000)
    hundredths = (exact * 200 + 1) // 2
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def number(value: Any) -> Any:
    """A whole number as int whatever form it has."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def plain(name: str) -> str:
    """A unit's name without marks."""
    return re.sub(r"※$|（未报）$|（文件未采用）$", "", name.strip())


def book(data: Path | bytes) -> dict[str, list[list[Any]]]:
    source = CalamineWorkbook.from_filelike(io.BytesIO(data if isinstance(data, bytes) else data.read_bytes()))
    return {name: source.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in source.sheet_names}


def table(rows: list[list[Any]], first: str) -> list[dict[str, Any]]:
    """Rows below the header that begins with ``first``, down to the first empty one; a title that repeats has a number behind it."""
    start = next(at for at, row in enumerate(rows) if row[0] == first)
    titles: list[str] = []
    for title in rows[start]:
        short = str(title).split("\n")[0]
        titles.append(short if short not in titles else f"{short}{len(titles)}")
    found = []
    for row in rows[start + 1 :]:
        if not any(row[:2]):
            break
        found.append(dict(zip(titles, map(number, row), strict=True)))
    return found


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        self.units = {unit["code"]: unit["name"] for unit in self.document["units"]}
        self.members = defaultdict(list)
        for each in self.document["communities"]:
            self.members[self.units[each["unit"]]].append(each)
        self.own = {u["name"] for u in self.document["units"] if u["standard"]["id"] != self.document["standard"]["id"]}
        self.second = bool(self.document["earlier"])

    def all(self, only: str = "") -> Iterator[Fact]:
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and only in ("", name):
                yield from self.of_file(path, path.parent.name if name.startswith("units/") else REGION)

    def of_file(self, path: Path, unit: str) -> Iterable[Fact]:
        alone = {
            "result.json": self.json, "trace.xlsx": self.trace, "status.xlsx": self.status, "overview.xlsx": self.overview_book,
            "overview.html": self.overview_page, "考核排名.xlsx": self.ranking, "报送台账.xlsx": self.ledger,
        }  # fmt: skip
        name = path.name
        if name in alone and not unit:
            return alone[name]()
        if name == "annex2.xlsx" or name.endswith("_附件2.xlsx"):
            return self.annex2(path, unit)
        if path.suffix == ".docx":
            return self.assessment(path, unit)
        if name.endswith("创建成果名单.xlsx"):
            return self.achievement(path, unit)
        if name.endswith("_差异报告.xlsx"):
            return self.discrepancy(path, unit)
        return self.letter(path, unit) if path.suffix == ".txt" else ()

    def counts(self, scope: str, named: dict[str, Any], where: str) -> Iterator[Fact]:
        for title, key in _ROW_COUNTS.items():
            if title in named and (self.second or key != "listed"):
                yield (key, scope), number(named[title]), where
        for word in STANDINGS:
            if word in named:
                yield ("standing", scope, word), number(named[word]), where

    # --- what programs read ---------------------------------------------------------------------------------------------

    def json(self) -> Iterator[Fact]:
        """From the communities alone wherever they tell it; what units and region say is held against that."""
        where, document = "result.json", self.document
        for scope in (REGION, *self.members):
            group = [each for unit, members in self.members.items() if scope in (REGION, unit) for each in members]
            listed = [each for each in group if each["listed"]]
            newly = [each for each in group if each["status"] == "green" and not each["listed"]]
            words = dict(zip(("green", "below", "pending", "missing"), STANDINGS, strict=False))
            standing = ["不用再报" if each["status"] == "missing" and each["listed"] else words[each["status"]] for each in group]
            uncounted = [words[each["status"]] for each in group if not each["listed"]]
            yield ("urban", scope), len(group), where
            yield ("listed", scope), len(listed), where
            yield ("newly", scope), len(newly), where
            yield ("combined", scope), len(listed) + len(newly), where
            yield ("reported", scope), sum(each["status"] != "missing" for each in group), where
            for word in STANDINGS[: 5 if self.second else 4]:
                yield ("standing", scope, word), standing.count(word), where
            for word in STANDINGS[1:4]:
                yield ("uncounted", scope, word), uncounted.count(word), where
            whole = len(group)
            yield ("ratio", scope), percent(Fraction(len(newly), whole)) if whole else "—", where
            yield ("combined ratio", scope), percent(Fraction(len(listed) + len(newly), whole)) if whole else "—", where
            yield from self.sums(scope, [each for each in group if scope or self.units[each["unit"]] not in self.own])
        for scope, about in ((REGION, document["region"]), *((unit["name"], unit) for unit in document["units"])):
            yield ("urban", scope), about["urban_communities"], where
            yield ("newly", scope), len(about["green"]) if scope else about["green"], where
            yield ("combined", scope), about["combined"], where
            yield ("combined ratio", scope), percent(about["combined_ratio"] or "—"), where
        for target in document["region"]["targets"]:
            for word in ("needed", "missing"):
                yield ("target", REGION, target["year"], word), target[word], where
        for unit in document["units"]:
            names = {each["code"]: each["name"] for each in self.members[unit["name"]]}
            yield ("list", unit["name"], document["year"]), "、".join(names[code] for code in unit["green"]), where
        for scope in (REGION, *self.units.values()):
            for word in ("send_back", "verify"):
                found = [f for f in document["findings"] if f["severity"] == word and not f["settled"]]
                mine = [f for f in found if f["unit"] in self.units and scope in (REGION, self.units[f["unit"]])]
                yield ("open", scope, word), len(mine), where
        for each in document["communities"]:
            yield ("score", each["code"]), each["assessed_score"], where
            green = {"green": "达标", "below": "未达标", "pending": "待核实", "missing": "未报"}[each["status"]]
            excused = each["status"] == "missing" and each["listed"]
            yield ("community", each["code"]), f"已列入{each['listed']}年名单" if excused else green, where

    def sums(self, scope: str, group: list[dict[str, Any]]) -> Iterator[Fact]:
        """Points lost by item and clause, and the distribution of scores."""
        where = "result.json"
        if scope in self.own:
            return
        full = {str(n): 6 for n in range(1, 17)} | {"17": 0}
        for item, points in full.items():
            known = [abs(points - each["items"][item]) for each in group if each["items"].get(item) is not None]
            yield ("item", scope, int(item)), two(Fraction(sum(known), len(known))) if known else "—", where
        clauses = {clause for each in group for clause in each["clauses"]}
        for clause in clauses:
            known = [each["clauses"][clause] for each in group if each["clauses"].get(clause) is not None]
            if known:
                yield ("clause", scope, clause), sum(known), where
        scores = [each["assessed_score"] for each in group if each["assessed_score"] is not None]
        for low, high in ((0, 59), *((at, at + 4) for at in range(60, 95, 5)), (95, 100)):
            yield ("band", scope, f"{low}～{high}分"), sum(low <= score <= high for score in scores), where

    # --- workbooks ----------------------------------------------------------------------------------------------------

    def annex2(self, path: Path, scope: str) -> Iterator[Fact]:
        where = path.relative_to(self.folder).as_posix()
        rows = next(iter(book(path).values()))
        head = next(at for at, row in enumerate(rows) if row[0] == "县（市、区）")
        years = [int(str(title).split()[0]) for title in rows[head][1:-1:3]]
        for row in rows[head + 1 :]:
            if str(row[0]).startswith("注"):
                break
            of = scope if row[0] == "地区" else row[0]
            for at, year in enumerate(years):
                names, count, share = row[1 + 3 * at : 4 + 3 * at]
                if year > self.document["year"]:
                    assert not any((count, share)), "a year to come is blank"
                    continue
                if row[0] != "地区":
                    yield ("list", of, year), names, where
                yield ("count", of, year), number(count), where
                yield ("year ratio", of, year), percent(share), where
                if year == self.document["year"]:
                    yield ("newly", of), number(count), where
                    yield ("ratio", of), percent(share), where
            yield ("combined ratio", of), percent(row[-1]), where

    def trace(self) -> Iterator[Fact]:
        pages = book(self.folder / "trace.xlsx")
        names: dict[Key, list[str]] = defaultdict(list)
        for row in table(pages["附件2"], "单元格"):
            title, whose = str(row["栏目"]), "" if row["行"] == "地区" else row["行"]
            year = re.match(r"(\d{4})年", title)
            where = f"trace.xlsx 附件2 {row['单元格']}"
            if year and "　第" in title:
                names["list", whose, int(year[1])].append(row["显示的内容"])
            elif year and title.endswith("完成数量"):
                yield ("count", whose, int(year[1])), number(row["显示的内容"]), where
            elif year and title.endswith("完成比例"):
                yield ("year ratio", whose, int(year[1])), percent(row["显示的内容"]), where
            elif title == "合计完成比例":
                yield ("combined ratio", whose), percent(row["显示的内容"]), where
        for key, found in names.items():
            yield key, "、".join(found), "trace.xlsx 附件2"
        for row in table(pages["社区"], "填报单位"):
            yield ("community", str(row["社区代码"])), row["结论"], "trace.xlsx 社区"
            score = row["核定得分"]
            yield ("score", str(row["社区代码"])), score if isinstance(score, int) else None, "trace.xlsx 社区"
        points: dict[str, list[int]] = defaultdict(list)
        own = {each["code"] for name in self.own for each in self.members[name]}
        for row in table(pages["条款"], "社区代码"):
            if str(row["社区代码"]) not in own and isinstance(row["核定扣分"], int):
                points[str(row["条款"])].append(row["核定扣分"])
        for clause, given in points.items():
            yield ("clause", REGION, clause), sum(given), "trace.xlsx 条款"

    def status(self) -> Iterator[Fact]:
        pages = book(self.folder / "status.xlsx")
        for row in table(pages["进度"], "填报单位"):
            scope = REGION if row["填报单位"] == "合计" else row["填报单位"]
            where = "status.xlsx 进度"
            named = dict(row) | {"城市社区": row["社区数"]}
            if "本年新增" in row:
                named["本年新达标"] = row["本年新增"]
            yield from self.counts(scope, named, where)
            yield ("reported", scope), row["已报"], where
            yield ("open", scope, "send_back"), row["需改正"], where
            yield ("open", scope, "verify"), row["需核实"], where
        line = pages["进度"][2][0]
        for word in STANDINGS[: 5 if self.second else 4]:
            found = re.search(rf"[：，]{word}(\d+)个", line.split("\n")[1])
            yield ("standing", REGION, word), int(found[1]) if found else None, "status.xlsx 进度 A3"
        for row in table(pages["社区"], "填报单位"):
            score = row["核定得分"]
            yield ("community", str(row["社区代码"])), row["状态"], "status.xlsx 社区"
            yield ("score", str(row["社区代码"])), score if isinstance(score, int) else None, "status.xlsx 社区"
        yield from self.target_lines(pages["目标进度"][2][0], "status.xlsx 目标进度")
        for row in table(pages["目标进度"], "年度"):
            year = int(row["年度"][:4])
            yield ("target", REGION, year, "needed"), row["需要（个）"], "status.xlsx 目标进度"
            yield ("target", REGION, year, "missing"), row["还差（个）"], "status.xlsx 目标进度"
            yield ("target", REGION, year, "count"), row["已有"], "status.xlsx 目标进度"
        for row in table(pages["目标进度"][9:], "填报单位"):
            named = {"城市社区": row["城市社区"], "往年名单": row["往年名单"], "本年新达标": row["本年新达标"]}
            yield from self.counts(row["填报单位"], named | {"合计": row["已达标（含往年名单）"]}, "status.xlsx 目标进度")
            yield ("combined ratio", row["填报单位"]), row["完成比例"], "status.xlsx 目标进度"

    def target_lines(self, text: str, where: str) -> Iterator[Fact]:
        pattern = r"(\d{4})年(?:的)?目标 ?(?:是)?[\d.]+%[：，](?:城市社区(\d+)个，|按(\d+)个城市社区计算需要(\d+)个，)?(?:需(\d+)个，)?"
        pattern += r"(?:当年上报|已有|现有)(\d+)个（([\d.]+%|—)）[，。](?:需(\d+)个，)?(?:还差(\d+)个)?"
        for found in re.finditer(pattern, text):
            year, needed = int(found[1]), found[4] or found[5] or found[8]
            yield ("target", REGION, year, "count"), int(found[6]), where
            yield ("target", REGION, year, "ratio"), found[7], where
            if needed:
                yield ("target", REGION, year, "needed"), int(needed), where
            yield ("target", REGION, year, "missing"), int(found[9] or 0), where

    def overview_book(self) -> Iterator[Fact]:
        pages, where = book(self.folder / "overview.xlsx"), "overview.xlsx"
        head = {row[0]: row[1] for row in pages["总览"][4:15] if row[0]}
        yield from self.counts(REGION, head, f"{where} 总览")
        yield ("combined ratio", REGION), percent(head.get("合计完成比例", head.get("完成比例"))), f"{where} 总览"
        yield from self.target_lines("\n".join(str(row[2]) for row in pages["总览"][4:12]), f"{where} 总览")
        for row in table(pages["总览"][15:], "单位"):
            yield ("combined ratio", plain(row["单位"])), percent(row["完成比例"]), f"{where} 总览"
        for row in table(pages["单位"], "单位代码"):
            scope = REGION if row["单位"] == "合计" else plain(row["单位"])
            yield from self.counts(scope, row, f"{where} 单位")
            yield ("combined ratio", scope), percent(row.get("合计完成比例", row.get("完成比例"))), f"{where} 单位"
            yield ("open", scope, "send_back"), row["未办结：退回"], f"{where} 单位"
            yield ("open", scope, "verify"), row["未办结：需核实"], f"{where} 单位"
            if not scope:
                for year in (int(title[:4]) for title in row if title.endswith("目标还差")):
                    if year >= self.document["year"]:
                        yield ("target", REGION, year, "missing"), row[f"{year}年目标还差"], f"{where} 单位"
        for row in table(pages["各项失分"], "单位代码"):
            scope = REGION if row["单位"] == "合计" else plain(row["单位"])
            if scope or not self.own:
                yield ("reported", scope), row["已报社区"], f"{where} 各项失分"
            if scope not in self.own:
                for title, value in row.items():
                    if title.startswith("第") and title[1:-1] in map(str, range(1, 18)):
                        yield ("item", scope, int(title[1:-1])), two(value), f"{where} 各项失分"
        for row in table(pages["各条失分"], "单位代码"):
            scope = REGION if row["单位"] == "共失分" else plain(row["单位"])
            if row["单位"] in ("失分的社区", "可计分的社区", "平均") or scope in self.own:
                continue
            for title, value in row.items():
                if re.fullmatch(r"\d+\.\d+", str(title)) and value != "—":
                    yield ("clause", scope, str(title)), number(value), f"{where} 各条失分"
        for row in table(pages["得分分布"], "核定得分"):
            if row["核定得分"] != "合计":
                yield ("band", REGION, row["核定得分"]), row["社区数"], f"{where} 得分分布"
        for row in table(pages["社区明细"], "单位代码"):
            standing = f"已列入{row['往年名单年度']}年名单" if row["结论"] == "不用再报" else row["结论"]
            score = row["核定得分"]
            yield ("community", str(row["社区代码"])), standing, f"{where} 社区明细"
            yield ("score", str(row["社区代码"])), score if isinstance(score, int) else None, f"{where} 社区明细"
        yield from self.ranks([list(row.values()) for row in table(pages["考核排名"], "名次")], (0, 2, 4), f"{where} 考核排名")

    def ranks(self, rows: list[list[Any]], at: tuple[int, int, int], where: str) -> Iterator[Fact]:
        rank, unit, first = at
        for row in rows:
            name = plain(str(row[unit]))
            yield ("rank", name), str(number(row[rank])), where
            yield ("lift", name), str(row[-1]), where
            yield ("arithmetic", name), "|".join(str(number(value)) for value in row[first:-1]), where
            if found := re.fullmatch(r"(\d+)÷(\d+)=([\d.]+%)", str(row[first])):
                yield ("combined", name), int(found[1]), where
                yield ("urban", name), int(found[2]), where
                yield ("combined ratio", name), found[3], where

    def ranking(self) -> Iterator[Fact]:
        rows = next(iter(book(self.folder / "考核排名.xlsx").values()))
        start = next(at for at, row in enumerate(rows) if row[0] == "名次") + 2
        end = next(at for at, row in enumerate(rows[start:], start) if not any(row))
        yield from self.ranks(rows[start:end], (0, 1, 3), "考核排名.xlsx")

    def ledger(self) -> Iterator[Fact]:
        pages = book(self.folder / "报送台账.xlsx")
        if "试点社区" not in pages:
            return
        rows = pages["试点社区"]
        start = next(at for at, row in enumerate(rows) if row[0] == "填报单位") + 1
        for row in rows[start:]:
            scope = REGION if row[0] == "地区" else row[0]
            if scope not in (REGION, *self.members) or not isinstance(row[1], float):
                break
            yield ("urban", scope), int(row[1] + row[6]), "报送台账.xlsx 试点社区"
            yield ("reported", scope), int(row[2] + row[7]), "报送台账.xlsx 试点社区"
            yield ("combined", scope), int(row[3] + row[8]), "报送台账.xlsx 试点社区"

    def achievement(self, path: Path, scope: str) -> Iterator[Fact]:
        """Names of the green by unit, in the order of the list."""
        where = path.relative_to(self.folder).as_posix()
        names: dict[str, list[str]] = defaultdict(list)
        for rows in book(path).values():
            at = next((n for n, row in enumerate(rows) if "社区名称" in row), None)
            if at is None:
                continue
            title = [str(cell) for cell in rows[at]]
            for row in rows[at + 1 :]:
                shown = dict(zip(title, map(number, row), strict=True))
                unit = shown.get("填报单位", scope)
                if isinstance(shown["序号"], int):
                    names[unit].append(re.sub("（试点）$", "", shown["社区名称"]))
                    yield ("score", shown["社区代码"]), shown["核定得分"], where
                elif total := re.search(r"达标(\d+)个，城市社区(\d+)个，完成比例([\d.]+%|—)", "".join(map(str, row))):
                    of = REGION if unit == "地区" else unit
                    yield ("newly", of), int(total[1]), where
                    yield ("urban", of), int(total[2]), where
                    yield ("ratio", of), total[3], where
        for unit, found in names.items():
            yield ("list", unit, self.document["year"]), "、".join(found), where

    def discrepancy(self, path: Path, unit: str) -> Iterator[Fact]:
        where, pages = path.relative_to(self.folder).as_posix(), book(path)
        rows = {row[0]: row for row in pages["概况"] if row[0]}
        yield ("open", unit, "send_back"), int(rows["退回"][1]), f"{where} 概况"
        yield ("open", unit, "verify"), int(rows["需核实"][1]), f"{where} 概况"
        start = next(at for at, row in enumerate(pages["概况"]) if row[0] == "指标") + 1
        said = {row[0]: row[2] for row in pages["概况"][start:] if row[0]}
        yield ("urban", unit), int(said["城市社区总数"]), f"{where} 概况"
        yield ("reported", unit), int(said["已报社区"]), f"{where} 概况"
        for word in STANDINGS[: 5 if self.second else 4]:
            yield ("standing", unit, word), int(said[word]), f"{where} 概况"
        yield ("ratio", unit), said["本年完成比例" if self.second else "完成比例"], f"{where} 概况"
        if self.second:
            yield ("combined ratio", unit), said["合计完成比例"], f"{where} 概况"
            yield ("listed", unit), int(said["往年名单"]), f"{where} 概况"
            yield ("newly", unit), int(said["本年新达标"]), f"{where} 概况"
        word = ""
        for row in pages["名单"]:
            if found := re.fullmatch(r"(\D+)（(\d+)个）", str(row[0])):
                word = found[1]
                yield ("standing", unit, word), int(found[2]), f"{where} 名单"
            elif re.fullmatch(r"\d{12}", str(row[1])):
                score = number(row[5])
                yield ("score", str(row[1])), score if isinstance(score, int) else None, f"{where} 名单"
                if word != "不用再报":
                    yield ("community", str(row[1])), word, f"{where} 名单"
        if unit not in self.own and "得失分" in pages:
            yield from self.lost(pages["得失分"], unit, f"{where} 得失分")

    def lost(self, rows: list[list[Any]], unit: str, where: str) -> Iterator[Fact]:
        head = next((row for row in rows if row[0] == "项和分值"), None)
        total = next((row for row in rows if str(row[0]).startswith("合计")), None)
        if head is None or total is None:
            return
        body = rows[rows.index(head) + 2 : rows.index(total)]
        for at, title in enumerate(head):
            if found := re.match(r"第(\d+)项", str(title)):
                known = [row[at] for row in body if isinstance(row[at], float)]
                yield ("item", unit, int(found[1])), two(Fraction(int(total[at])) / len(known)) if known else "—", where

    # --- words ----------------------------------------------------------------------------------------------------------

    def assessment(self, path: Path, scope: str) -> Iterator[Fact]:
        where = path.relative_to(self.folder).as_posix()
        document = docx.Document(str(path))
        text = "\n".join(paragraph.text for paragraph in document.paragraphs)
        if found := re.search(r"城市社区共(\d+)个", text):
            yield ("urban", scope), int(found[1]), where
        if found := re.search(r"(?:本年新达标|达标)的社区(\d+)个，完成比例([\d.]+%)", text):
            yield ("newly", scope), int(found[1]), where
            yield ("ratio", scope), found[2], where
        if found := re.search(r"加上往年名单上的(\d+)个，合计(\d+)个，合计完成比例([\d.]+%)", text):
            yield ("listed", scope), int(found[1]), where
            yield ("combined", scope), int(found[2]), where
            yield ("combined ratio", scope), found[3], where
        if found := re.search(r"社区中，未达标(\d+)个，待核实(\d+)个，未填报(\d+)个", text):
            for word, count in zip(STANDINGS[1:4], found.groups(), strict=True):
                yield ("uncounted", scope, word), int(count), where
        if (bands := re.search(r"得分分布为：(.*?)。", text)) and scope not in self.own:
            for label, count in re.findall(r"(\d+～\d+分)(\d+)个", bands[1]):
                yield ("band", scope, label), int(count), where
        if scope:
            if found := re.search(r"(\d+)个城市社区，本年完成比例([\d.]+%)，合计完成比例([\d.]+%)", text):
                yield ("urban", REGION), int(found[1]), where
                yield ("ratio", REGION), found[2], where
                yield ("combined ratio", REGION), found[3], where
        else:
            yield from self.target_lines(text, where)
        counts = re.search(r"退回修改的(\d+)个.*?(\d+)个", text)
        if counts and not scope:
            yield ("open", REGION, "send_back"), int(counts[1]), where
            yield ("open", REGION, "verify"), int(counts[2]), where
        for each in document.tables:
            yield from self.word_table([[cell.text for cell in row.cells] for row in each.rows], scope, where)
        yield from self.charts(path, scope, where)

    def word_table(self, rows: list[list[str]], scope: str, where: str) -> Iterator[Fact]:
        head = rows[0]
        if head[0] == "填报单位":
            for row in rows[1:]:
                said = dict(zip(head, row, strict=True))
                of = REGION if row[0] == "合计" else plain(row[0])
                yield ("urban", of), int(said["城市社区"]), where
                yield ("reported", of), int(said["已报"]), where
                for title, key in (("本年新达标", "newly"), ("达标", "newly"), ("合计达标", "combined")):
                    if title in said:
                        yield (key, of), int(said[title]), where
                yield ("ratio", of), said["完成比例"], where
                if "合计比例" in said:
                    yield ("combined ratio", of), said["合计比例"], where
                for title, word in (("未达标", "未达标"), ("待核实", "待核实"), ("未填报", "未报")):
                    if title in said:
                        yield ("uncounted", of, word), int(said[title]), where
        elif head[0] == "条款" and scope not in self.own:
            for row in rows[1:]:
                yield ("clause", scope, row[0]), int(row[3]), where
        elif head[0] == "序号" and "社区" in head:
            for row in rows[1:]:
                each = self.members[scope][int(row[0]) - 1]
                said = dict(zip(head, row, strict=True))
                word = said["结论"]
                # Who is listed and reported again is told by the list here.
                if not each["listed"] or each["status"] == "missing":
                    yield ("community", each["code"]), word, where
                score = number(said["核定得分"])
                if each["assessed_score"] is not None:
                    yield ("score", each["code"]), score, where

    def charts(self, path: Path, scope: str, where: str) -> Iterator[Fact]:
        """The values that each chart has stored, and those of the workbook behind it."""
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if not re.fullmatch(r"word/charts/chart\d+\.xml", name):
                    continue
                chart = etree.fromstring(archive.read(name))
                place = f"{where} {name}"
                folder, leaf = name.rsplit("/", 1)
                relations = etree.fromstring(archive.read(f"{folder}/_rels/{leaf}.rels"))
                behind = next(iter(book(archive.read(str(relations[0].get("Target")).replace("../", "word/"))).values()))
                for column, series in enumerate(chart.iter(f"{CHART}ser"), 1):
                    labels = [point.text for point in series.find(f"{CHART}cat").iter(f"{CHART}v")]
                    points = {int(point.get("idx")): point.findtext(f"{CHART}v") for point in series.find(f"{CHART}val").iter(f"{CHART}pt")}
                    title = "".join(series.find(f"{CHART}tx").itertext()).strip()
                    yield from self.series(scope, column, title, labels, [points.get(n) for n in range(len(labels))], place)
                    cells = [row[column] if len(row) > column else "" for row in behind[1 : len(labels) + 1]]
                    yield from self.series(scope, column, title, [str(row[0]) for row in behind[1:]], cells, f"{place} workbook")

    def series(self, scope: str, column: int, title: str, labels: list[Any], values: list[Any], where: str) -> Iterator[Fact]:
        for label, value in zip(labels, values, strict=False):
            blank = value in (None, "")
            if re.match(r"\d+ ", str(label)) and scope not in self.own:
                yield ("item", scope if column == 1 else REGION, int(label.split()[0])), "—" if blank else two(Fraction(value)), where
            elif column == 1 and not scope and label in self.members:
                yield ("combined ratio", label), percent(Fraction(value)), where
            elif scope and label in ("往年名单", "本年新达标", "待核实", "未达标", "未报"):
                key = {"往年名单": "listed", "本年新达标": "newly"}.get(label)
                yield (key, scope) if key else ("uncounted", scope, label), int(float(value)), where

    def letter(self, path: Path, unit: str) -> Iterator[Fact]:
        text, where = path.read_text(encoding="utf-8-sig"), path.relative_to(self.folder).as_posix()
        if found := re.search(r"共有城市社区(\d+)个，已报(\d+)个", text):
            yield ("urban", unit), int(found[1]), where
            yield ("reported", unit), int(found[2]), where
            for word in ("未达标", "待核实", "未报"):
                if count := re.search(rf"，{word}(\d+)个", text):
                    yield ("standing", unit, word), int(count[1]), where
            if count := re.search(r"不用再报(\d+)个", text):
                yield ("standing", unit, "不用再报"), int(count[1]), where
            if count := re.search(r"[，、]达标的?(\d+)个", text):
                yield ("standing", unit, "达标"), int(count[1]), where
            if count := re.search(r"，完成比例([\d.]+%)", text):
                yield ("ratio", unit), count[1], where
            if count := re.search(r"合计完成比例([\d.]+%)", text):
                yield ("combined ratio", unit), count[1], where

    # --- page -----------------------------------------------------------------------------------------------------------

    def overview_page(self) -> Iterator[Fact]:
        where = "overview.html"
        page = lxml.html.fromstring((self.folder / "overview.html").read_bytes().decode())
        show = lambda node: re.sub(r"\s+", " ", node.text_content()).strip()  # noqa: E731
        by_id = {node.get("id"): show(node) for node in page.iter() if node.get("id")}
        data = json.loads(page.get_element_by_id("data").text)
        yield ("combined ratio", REGION), by_id["ratio"], where
        yield ("combined", REGION), int(by_id["combined"]), where
        yield ("urban", REGION), int(by_id["urban"]), where
        if self.second:
            yield ("listed", REGION), int(by_id["listed"]), where
            yield ("newly", REGION), int(by_id["green"]), where
        for place, word in enumerate(STANDINGS[: 5 if self.second else 4]):
            yield ("standing", REGION, word), int(by_id[f"status-{place}"]), where
        yield from self.target_lines("\n".join(show(node) for node in page.find_class("targets")[0]), where)
        cells = lambda kind: [[show(cell) for cell in row] for row in page.xpath(f"//table[@id='{kind}']/tbody/tr")]  # noqa: E731
        titles = [show(cell) for cell in page.xpath("//table[@id='unit-table']/thead/tr/th")]
        for row in cells("unit-table"):
            said = dict(zip(titles, row, strict=True))
            yield from self.counts(plain(row[0]), said, f"{where} 各单位")
            share = said.get("合计比例", said.get("完成比例"))
            yield ("combined ratio", plain(row[0])), share.split()[-1], f"{where} 各单位"
        for row in cells("ranking-table"):
            parts = [row[0], row[1], row[2]]
            for cell in row[3:-1]:
                value, _, rank = cell.partition(" 第")
                parts += [value, rank or "—"]
            yield from self.ranks([[*parts, row[-1]]], (0, 1, 3), f"{where} 排名")
        numbers = [int(show(node)) for node in page.xpath("//table[@id='heat']/thead//button/span[@class='no']")]
        total = page.xpath("//table[@id='heat']/tfoot/tr")[0]
        heat = [*cells("heat"), ["", *(show(cell) for cell in total[1:])]]
        for row in heat:
            if plain(row[0]) not in self.own:
                for item, value in zip(numbers, row[1:], strict=True):
                    if item <= 17:
                        yield ("item", plain(row[0]), item), two(value), f"{where} 各项失分"
        for row in page.xpath("//table[@class='bands']/tbody/tr"):
            yield ("band", REGION, show(row[0])), int(show(row[1])), f"{where} 得分分布"
        yield from self.page_data(data, f"{where} data")

    def page_data(self, data: dict[str, Any], where: str) -> Iterator[Fact]:
        for unit in data["units"]:
            name = plain(unit[0])
            for key, count in zip(("urban", "listed", "newly", "combined"), unit[3], strict=False):
                yield (key, name), count, where
            for word, count in zip(data["statuses"], unit[3][4:], strict=True):
                yield ("standing", name, word), count, where
            yield ("combined ratio", name), unit[4], where
            yield ("open", name, "send_back"), unit[7][0], where
            yield ("open", name, "verify"), unit[7][1], where
            if name not in self.own:
                for clause, tally in zip(data["standards"][0]["clauses"], unit[9], strict=True):
                    if tally[0]:
                        yield ("clause", name, clause[0]), tally[2], where
        for each in data["communities"]:
            each = [*each, *[None] * 12]
            word = data["statuses"][each[3]]
            yield ("community", each[1]), f"已列入{each[9]}年名单" if word == "不用再报" else word, where
            yield ("score", each[1]), each[5], where
