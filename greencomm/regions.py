"""Regions' results as they are handed to the province: found in folders, checked by their hashes, read in short (S-37).

One region is read at a time, and of its ``result.json`` only what a province needs stays in memory.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import python_calamine

from greencomm import durable
from greencomm.closings import EVENTS, REOPEN, RESULTS, Closings, DamagedYear, YearFolder, named
from greencomm.closings import SCHEMA as YEAR_SCHEMA
from greencomm.document import SCHEMA
from greencomm.errors import UserError
from greencomm.findings import Severity
from greencomm.outputs import annex2, book
from greencomm.past_years import Listed
from greencomm.province import RESTORE, Closing, Filed, Member, Oddity, Region, Remark, Row, remark
from greencomm.results import Status, UnitState, ratio, ratio_text
from greencomm.runs import MANIFEST, RESULT
from greencomm.standard import PHASE_TITLES, load_standard
from greencomm.texts import normal_label, quoted

_DEEPEST = 4
"""How many folders down from a given one results are looked for: 云南省/楚雄州/output/2021-annual."""
_LARGEST = 1 << 30
"""Bytes of a ``result.json`` that is believed: a country's takes some 60 MB."""
_OURS = {"input", "runs", "work", "reopened", "changed", "units", "standards", "标准"}
"""Folders that hold no results of their own: inputs, records of runs, years that were opened again."""
_NUMBER = re.compile(r"[0-9]+")


@dataclass
class Found:
    """One folder of results and what was made of it."""

    path: Path
    shown: str
    """As it was typed, or found in what was typed."""
    region: Region | None = None
    remarks: list[Remark] = field(default_factory=list)
    sha256: str | None = None
    is_rollup: bool = False
    name: str = ""
    """The region that the results say they are of, as far as that can be read; known also of those that cannot count."""
    beside: Region | None = None
    """The year as the archive beside the results has it closed, where its figures differ from these."""


# --- finding ----------------------------------------------------------------------------------------------------------


def folders_of(given: Path) -> Iterator[Path]:
    """The folders of results that a given folder is or holds, in the order of their names; nothing where there is none."""
    if given.is_file() and given.name == RESULT:
        given = given.parent
    yield from _below(given, _DEEPEST)


def _below(folder: Path, deep: int) -> Iterator[Path]:
    if (folder / RESULT).is_file() or _is_closed_year(folder):
        yield folder
        return
    if not deep:
        return
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in names:
        if name not in _OURS and not name.startswith("."):
            yield from _below(folder / name, deep - 1)


def _is_closed_year(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() and (folder / RESULTS).is_dir()


# --- reading ----------------------------------------------------------------------------------------------------------


def read(folder: Path, shown: str) -> Found:
    """One folder of results. Whatever is wrong with it is a remark; ``region`` is None where it cannot count."""
    found = Found(folder, shown)
    try:
        if _is_closed_year(folder):
            _read_closed(found)
        else:
            _read_results(found)
    except OSError:
        found.region = None
        found.remarks = [_damaged(found, "打不开，请检查文件夹是否允许读取")]
    return found


def _damaged(found: Found, what: str) -> Remark:
    more = {"remedy": RESTORE} if _is_closed_year(found.path) else {}
    return remark(Oddity.DAMAGED, region=found.name, folder=found.shown, what=what, **more)


def _name_in(document: Mapping[str, Any]) -> str:
    """The region's name, of whatever kind the document is; empty where it has none."""
    region = document.get("region")
    name = region.get("name") if isinstance(region, dict) else None
    return name.strip() if isinstance(name, str) else ""


class _Unfit(Exception):
    """A result that cannot be counted; ``str`` is a clause of a Chinese sentence."""


def _read_results(found: Found) -> None:
    path = found.path / RESULT
    try:
        data = _bytes(path)
        found.sha256 = durable.bytes_sha256(data)
        document = _parse(data)
        del data
        found.name = _name_in(document)
        found.is_rollup = isinstance(document.get("rollup"), dict)
        found.region = _region(document, found)
        _check_form(document, found)
        _check_outputs(document, found)
    except _Unfit as unfit:
        found.region = None
        found.remarks.append(_damaged(found, str(unfit)))
        return
    _look_beside(found)


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST:
        raise _Unfit("太大，不是本程序写的")
    return path.read_bytes()


def _parse(data: bytes) -> dict[str, Any]:
    """The document without what a province does not need. Raises _Unfit."""
    try:
        document = json.loads(data, object_hook=_shorten)
    except (ValueError, RecursionError):
        raise _Unfit("（result.json）读不出来，可能没有写完或被改动过") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _Unfit("（result.json）不是本程序写的，或者是更新版本的程序写的")
    return document


_COMMUNITY = (
    "code", "name", "unit", "status", "listed", "declared_score", "assessed_score", "lowest", "highest", "items", "claimed",
    "own_standard",
    "file", "sheet",
)  # fmt: skip
_FINDING = ("severity", "settled", "community")


def _shorten(value: dict[str, Any]) -> dict[str, Any]:
    """Called for every object while it is read, so that a large document never lies in memory whole."""
    if "severity" in value and "message" in value:
        return {key: value.get(key) for key in _FINDING}
    if "message" in value or "other_replies" in value:
        return {key: each for key, each in value.items() if key not in ("message", "reply", "remedy", "corrected", "other_replies")}
    if "assessed_score" in value and "unit" in value:
        return {key: value.get(key) for key in _COMMUNITY}
    return value


def _region(document: Mapping[str, Any], found: Found) -> Region:
    """The region in short. Raises _Unfit where the document's figures do not agree with its own communities."""
    try:
        region = _build(document, found)
        told = document["region"]
        stated = (told["urban_communities"], told["green"], told.get("combined", region.combined))
        units = [(row.code, row.urban_communities, [member.code for member in row.green]) for row in region.rows]
        claimed = [(unit["code"], unit["urban_communities"], list(unit["green"])) for unit in document["units"]]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, ZeroDivisionError):
        raise _Unfit("（result.json）内容不全或不合格式，可能被改动过") from None
    if stated != (region.urban_communities, region.green_count, region.combined) or units != claimed:
        raise _Unfit("（result.json）前后数字不一致，可能被改动过")
    _check_grounds(document, region)
    codes = [member.code for member in region.members]
    if len(set(codes)) != len(codes):
        raise _Unfit("（result.json）中有社区出现了两次，可能被改动过")
    return region


def _check_grounds(document: Mapping[str, Any], region: Region) -> None:
    """Raise _Unfit where a community is on the list without what puts it there, or a ratio does not follow from its counts."""
    shipped = load_standard()
    by_unit = {unit["code"]: (unit.get("standard") or document["standard"]).get("sha256") for unit in document["units"]}
    for each in document["communities"]:
        if each["status"] != Status.GREEN or each.get("listed") is not None:
            continue
        score = each["assessed_score"]
        # The mark of a standard that is not here is not known; that there is a score, is.
        below = by_unit.get(each["unit"]) == shipped.sha256 and score is not None and score < shipped.pass_mark.points
        if score is None or below or not each.get("file") or not (each.get("sheet") or region.rolled):
            raise _Unfit(f"（result.json）前后不一致，可能被改动过：达标的“{quoted(each['name'])}”没有足够的得分、文件或工作表")
    rows = [(row.name, unit, len(row.green), row.combined, row.urban_communities)
            for row, unit in zip(region.rows, document["units"], strict=True) if unit["state"] != UnitState.MISSING]  # fmt: skip
    told = document["region"]
    for name, stated, green, combined, urban in (
        *rows, (region.name, told, region.green_count, region.combined, region.urban_communities)
    ):  # fmt: skip
        for key, count in (("completion_ratio", green), ("combined_ratio", combined)):
            if key in stated and stated[key] != ratio_text(ratio(count, urban)):
                raise _Unfit(f"（result.json）前后不一致，可能被改动过：“{quoted(name)}”的比例与社区的个数对不上")


def _check_form(document: Mapping[str, Any], found: Found) -> None:
    """Raise _Unfit where the Annex 2 beside ``result.json`` shows other figures. One that cannot be read tells nothing."""
    region = found.region
    outputs = document.get("outputs")
    listed = [each for each in outputs if isinstance(each, dict)] if isinstance(outputs, list) else []
    path = next((each.get("path") for each in listed if each.get("role") == "annex2" and each.get("unit") is None), None)
    if region is None or not isinstance(path, str) or not durable.safe_name(path):
        return
    try:
        form = python_calamine.CalamineWorkbook.from_path(found.path / path)
        rows = form.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except Exception:  # Whatever the reader trips over; that the file was changed is told by its hash.
        return
    wanted = [normal_label(label.format(year=region.year)) for label in (annex2.COUNT, annex2.RATIO, annex2.COMBINED)]
    labels: list[str] = []
    shown: dict[str, list[object]] = {}
    for row in rows:
        texts = [normal_label(value) for value in row]
        if not labels:
            labels = texts if all(label in texts for label in wanted) else []
        elif texts[0]:
            shown.setdefault(texts[0], [row[labels.index(label)] for label in wanted])
    told = [
        row.name
        for row in region.rows
        if (cells := shown.get(normal_label(row.name))) is not None and cells[0] != "" and not _same(cells, row)
    ]
    if told:
        raise _Unfit(f"（result.json）与旁边的“{quoted(path)}”数字不同（{'、'.join(map(quoted, told[:5]))}），其中一个被改动过")


def _same(cells: Sequence[object], row: Row) -> bool:
    """Whether Annex 2 shows a unit's count and ratios; a ratio as rounded there, — for none."""
    urban = row.urban_communities
    ratios = (ratio(len(row.green), urban), ratio(row.combined, urban))
    numbers = [book.BLANK if value is None else book.number_of_ratio(value) for value in ratios]
    return list(cells) == [len(row.green), *numbers]


def _build(document: Mapping[str, Any], found: Found) -> Region:
    year, phase, name = document["year"], document["phase"], document["region"]["name"]
    if type(year) is not int or phase not in PHASE_TITLES or not isinstance(name, str) or not name.strip():
        raise ValueError
    members: dict[str, list[Member]] = {_text(unit["code"]): [] for unit in document["units"]}
    main = document["standard"]
    if len(members) != len(document["units"]):
        raise ValueError
    rolled = document.get("rollup") or {}
    # A rollup's regions may each follow a standard of their own; which communities do not follow their region's, it says itself.
    own = set() if rolled else {unit["code"] for unit in document["units"] if unit.get("standard", main) != main}
    for each in document["communities"]:
        members[each["unit"]].append(_member(each, own_standard=each["unit"] in own or each.get("own_standard") is True))
    earlier: dict[str, dict[int, Filed]] = {code: {} for code in members}
    totals: dict[int, Filed] = {}
    for closed in document.get("earlier", ()):
        _add_earlier(closed, members, earlier, totals)
    rows = tuple(
        Row(unit["code"], _text(unit["name"]), UnitState(unit["state"]).value, tuple(members[unit["code"]]), earlier[unit["code"]])
        for unit in document["units"]
    )
    open_ones = [each["severity"] for each in document["findings"] if each.get("settled") is None]
    counted = [each for each in rolled.get("regions", ()) if each["counted"]]
    told = document["region"]
    form_date = told.get("form_date")
    return Region(
        name=name.strip(),
        code=_code(document, [row.code for row in rows]),
        year=year,
        phase=phase,
        sample=document["sample"] is True,
        rows=rows,
        totals=totals,
        folder=found.shown,
        result_sha256=found.sha256 or "",
        standard=(_text(document["standard"]["id"]), _text(document["standard"]["sha256"])),
        run_date=datetime.date.fromisoformat(document["run_date"]).isoformat(),
        program=_text(document["program"]["version"]),
        send_back=open_ones.count(Severity.SEND_BACK) + sum(each["open_send_back"] for each in counted),
        verify=open_ones.count(Severity.VERIFY) + sum(each["open_verify"] for each in counted),
        rolled=found.is_rollup,
        reporting_unit=_text(told.get("reporting_unit") or ""),
        contact=_text(told.get("contact") or ""),
        phone=_text(told.get("phone") or ""),
        form_date=None if form_date is None else datetime.date.fromisoformat(_text(form_date)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError
    return value


@lru_cache(maxsize=64)
def _numbers(numbers: tuple[str, ...]) -> tuple[str, ...]:
    """The first of equal tuples, so that all communities share it."""
    return numbers


def _member(each: Mapping[str, Any], *, own_standard: bool) -> Member:
    declared, claimed = each["declared_score"], each["claimed"]
    if not (declared is None or type(declared) in (int, float)) or not (claimed is None or isinstance(claimed, bool)):
        raise TypeError
    return Member(
        code=_text(each["code"]),
        name=_text(each["name"]),
        status=Status(each["status"]),
        listed=_whole(each.get("listed")),
        declared=declared,
        assessed=_whole(each["assessed_score"]),
        lowest=_whole(each["lowest"]),
        highest=_whole(each["highest"]),
        numbers=_numbers(tuple(map(_text, each["items"] or ()))),
        points=tuple(map(_whole, (each["items"] or {}).values())),
        claimed=claimed,
        own_standard=own_standard,
    )


def _add_earlier(
    closed: Mapping[str, Any],
    members: Mapping[str, Sequence[Member]],
    earlier: Mapping[str, dict[int, Filed]],
    totals: dict[int, Filed],
) -> None:
    year = closed["year"]
    if type(year) is not int:
        raise TypeError
    if "units" not in closed:
        # Written by an older program: what of the list stands in this year's roster is all that is known.
        for code, own in members.items():
            listed = tuple(Listed(member.code, member.name) for member in own if member.listed == year)
            earlier[code][year] = Filed(listed, len(listed), None)
        totals[year] = Filed((), sum(each[year].count for each in earlier.values()), None)
        return
    for unit in closed["units"]:
        green = tuple(Listed(_text(entry["code"]), _text(entry["name"])) for entry in unit["green"])
        urban, count = _whole(unit["urban_communities"]), _whole(unit["count"])
        earlier[unit["unit"]][year] = Filed(green, count or 0, urban, _ratio(unit["completion_ratio"]))
    totals[year] = Filed(
        (), _whole(closed["green"]) or 0, _whole(closed["urban_communities"]), _ratio(closed["completion_ratio"])
    )


def _ratio(text: object) -> Fraction | None:
    return None if text is None else Fraction(_text(text))


def _code(document: Mapping[str, Any], codes: Sequence[str]) -> str:
    """The region's code: as it says, else what most of its units' codes begin with, in whole levels (州市 4 digits, 省 2)."""
    stated = document["region"].get("code")
    if isinstance(stated, str) and _NUMBER.fullmatch(stated):
        return stated
    numbers = [code[:6] for code in codes if len(code) >= 6 and _NUMBER.fullmatch(code)]
    if len(numbers) == 1:
        # A city without counties (省直辖) has nothing above it but the province.
        return numbers[0]
    for digits in (4, 2):
        begins = Counter(code[:digits] for code in numbers)
        if begins and begins.most_common(1)[0][1] * 2 > len(codes):
            return begins.most_common(1)[0][0].ljust(6, "0")
    return ""


def _check_outputs(document: Mapping[str, Any], found: Found) -> None:
    """Name every output that is not as ``result.json`` lists it."""
    told, missing = [], 0
    try:
        listed = {output["path"]: output["sha256"] for output in document["outputs"]}
    except (KeyError, TypeError):
        raise _Unfit("（result.json）没有列出结果文件，可能被改动过") from None
    for path, digest in listed.items():
        if not durable.safe_name(path) or not isinstance(digest, str):
            raise _Unfit("（result.json）列出的结果文件名不合规范，可能被改动过")
        place = found.path / path
        if not durable.is_there(place):
            missing += 1
            told.append(f"“{quoted(path)}”不见了")
        elif not durable.surely_holds(place, digest):
            told.append(f"“{quoted(path)}”被改动过")
    name = found.region.name if found.region else ""
    if missing and missing == len(listed):
        found.remarks.append(remark(Oddity.ONLY_RESULT, region=name, folder=found.shown))
    elif told:
        what = named(told).strip("（）")
        found.remarks.append(remark(Oddity.CHANGED_OUTPUT, region=name, folder=found.shown, what=what))


# --- closed years -----------------------------------------------------------------------------------------------------


def _read_closed(found: Found) -> None:
    """A closed year's folder: every file by the manifest, the manifest by the record of its archive."""
    try:
        manifest = json.loads((found.path / MANIFEST).read_bytes())
        year = manifest["year"] if manifest["schema"] == YEAR_SCHEMA else None
    except (ValueError, KeyError, TypeError, RecursionError):
        year = None
    if type(year) is not int:
        found.remarks.append(_damaged(found, "的封存清单（manifest.json）读不出来或被改动过"))
        return
    closed = YearFolder(year, found.path)
    try:
        if closed.is_imported:
            found.remarks.append(remark(Oddity.IMPORTED, folder=found.shown))
            return
        region = _region_of(closed, found)
        told = closed.differences()
    except _Unfit as unfit:
        found.remarks.append(_damaged(found, str(unfit)))
        return
    except DamagedYear:
        found.remarks.append(_damaged(found, "的封存清单（manifest.json）读不出来或被改动过"))
        return
    closings = Closings(found.path.parent)
    if found.path.name == str(year) and (found.path.parent / EVENTS).is_file():
        try:
            closings.check_manifest(closed)
        except DamagedYear:
            told.insert(0, "“manifest.json”与封存记录不同")
        except UserError:
            told.insert(0, f"封存记录“{EVENTS}”读不出来")
    found.region = region
    if told:
        what = named(told).strip("（）")
        found.remarks.append(
            remark(Oddity.CLOSED_CHANGED, region=region.name, code=region.code, folder=found.shown, year=year, what=what)
        )
    if why := _reopened(found.path):
        found.remarks.append(remark(Oddity.REOPENED, region=region.name, code=region.code, folder=found.shown, year=year, why=why))


def _region_of(closed: YearFolder, found: Found) -> Region:
    """The region of a closed year, its result checked by the manifest. Raises _Unfit or DamagedYear."""
    manifest = closed.manifest
    try:
        data = _bytes(closed.folder / closed.needed)
    except FileNotFoundError:
        raise _Unfit(f"（{closed.needed}）不见了") from None
    sha256 = durable.bytes_sha256(data)
    if sha256 != manifest["files"].get(closed.needed, {}).get("sha256"):
        with contextlib.suppress(_Unfit):
            found.name = _name_in(_parse(data))
        raise _Unfit(f"（{closed.needed}）封存之后被改动过")
    found.sha256 = sha256
    document = _parse(data)
    del data
    found.is_rollup = isinstance(document.get("rollup"), dict)
    region = _region(document, found)
    return replace(region, closed=Closing(str(manifest["closed"]), str(manifest["who"]), closed.manifest_sha256 or ""))


def _reopened(folder: Path) -> str:
    """Why a closed year's folder no longer counts as closed: it was set aside by a reopening; empty where it was not."""
    aside = folder.parent.parent
    if aside.name != "reopened" or not _NUMBER.fullmatch(folder.parent.name):
        return ""
    try:
        return Closings(aside.parent).reopened(int(folder.parent.name)) or "之后已另行封存"
    except UserError:
        return "封存记录读不出来"


def _look_beside(found: Found) -> None:
    """Compare results with the closed year of an archive beside them, where there is one."""
    region = found.region
    if region is None or region.phase != "annual" or found.is_rollup:
        return
    for archive in _archives(found.path):
        closed = Closings(archive).year(region.year)
        if not closed.is_there:
            try:
                last = Closings(archive).last_event(region.year)
            except UserError:
                continue
            if last is not None and last["event"] == REOPEN:
                why = f"{last['date']}，{last['who']}，原因：{last['reason']}"
                found.remarks.append(
                    remark(Oddity.REOPENED, region=region.name, code=region.code, folder=found.shown, year=region.year, why=why)
                )
                return
            continue
        probe = Found(closed.folder, (archive / str(region.year)).as_posix())
        try:
            _read_closed(probe)
        except OSError:
            continue
        other = probe.region
        if other is None or other.name != region.name or other.sample != region.sample:
            continue
        found.remarks += probe.remarks
        if other.figures_sha256 == region.figures_sha256:
            found.region = replace(region, closed=other.closed)
        else:
            found.beside = other
        return


def _archives(folder: Path) -> Iterator[Path]:
    """Where the archive of a results folder usually lies: beside the folder ``output``."""
    place = folder.resolve()
    for parent in (place.parent.parent, place.parent):
        if (parent / "archive").is_dir():
            yield parent / "archive"


def difference(before: Region, after: Region) -> str:
    """What became of the sums, as a clause of a Chinese sentence; names what moved where the sums are the same."""
    return difference_of(
        (before.urban_communities, before.green_count, before.combined), (after.urban_communities, after.green_count, after.combined)
    )


def difference_of(before: tuple[int, int, int], after: tuple[int, int, int]) -> str:
    """The same for (城市社区, 本年达标, 合计)."""
    titles = ("城市社区", "本年达标", "合计达标")
    moved = [f"{title}由{one}个变为{other}个" for title, one, other in zip(titles, before, after, strict=True) if one != other]
    return "，".join(moved) or "总数相同，名单、得分或社区的结论有变动"
