"""Mutates valid forms and reviews them: python tools/fuzz.py --mutants 100000 --seed 1 --jobs 2 [--keep DIR].

Mutants are reviewed in batches, each the only file of a unit of its own, beside a unit whose file is good. Checked is that

- every review ends, with a result, without an exception, and that opening a file ends in time,
- what the review says of the good unit, and its report, are byte for byte what they are without the mutants,
- no answer that a mutant changed is taken without a word: either a finding points at it or another reader of the same file
  sees the same value in the same cell.

One batch in fifty goes through the whole program. Mutants are numbered, and number and seed alone decide what they are;
``--keep`` saves those that break a promise.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import multiprocessing
import random
import re
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import openpyxl  # noqa: E402
import python_calamine  # noqa: E402
from season import clean  # noqa: E402

from greencomm.batch import Options, run_afresh  # noqa: E402
from greencomm.document import dump, result_document  # noqa: E402
from greencomm.forms.entries import Answer, Located, State  # noqa: E402
from greencomm.forms.issue import SheetAnswers, issue_workbook  # noqa: E402
from greencomm.forms.layout import REAL, Heading  # noqa: E402
from greencomm.forms.read import clause_answers  # noqa: E402
from greencomm.intake.arrivals import Arrival  # noqa: E402
from greencomm.intake.collect import open_entry  # noqa: E402
from greencomm.intake.workers import open_all  # noqa: E402
from greencomm.outputs.discrepancy import write_discrepancy  # noqa: E402
from greencomm.results import FileState, RegionResult  # noqa: E402
from greencomm.review.region import review  # noqa: E402
from greencomm.roster import Batch, BatchLabel, Community, Roster, Unit  # noqa: E402
from greencomm.rosters_io import write_roster  # noqa: E402
from greencomm.standard import ANNUAL, SELF_EVALUATION, Standard, load_standard  # noqa: E402

BATCH = 40
"""Mutants reviewed together."""
WHOLE_EVERY = 50
"""Every so many batches the whole program runs on them."""
SLOW_SECONDS = 20.0
"""Opening a mutant of a form of 40 KB must not take longer, on however busy a computer."""
DAY = datetime.date(2021, 10, 18)
STANDARD = load_standard()
GOOD = Unit("532322", "双柏县")
UNITS = tuple(Unit(f"5324{number:02d}", f"第{number}试验县") for number in range(BATCH))


def _community(unit: Unit) -> Community:
    return Community(f"{unit.code}101001", f"{unit.name}社区居民委员会", unit.name, "某镇", unit.code)


ROSTER = Roster(
    Batch(
        "楚雄州", 2021, ANNUAL, "楚雄州住房和城乡建设局", "", "",
        {SELF_EVALUATION: datetime.date(2021, 8, 31), ANNUAL: datetime.date(2021, 10, 20)}, None,
    ),
    (*UNITS, GOOD),
    tuple(_community(unit) for unit in (*UNITS, GOOD)),
)  # fmt: skip


# --- valid forms ------------------------------------------------------------------------------------------------------

_ANSWERS: tuple[Callable[[], SheetAnswers], ...] = (
    clean,
    lambda: clean(c1_2=(None, 2, "两个小区未参与"), c8_1=(3, 2, None), c10_1=(0.85, 1, None), c17_1=(None, 4, "省级表彰")),
    lambda: clean(c1_1=(None, 3, None), c10_1=("不适用", None, None), c12_1=("27%", None, None), c14_1=(1, None, None)),
    lambda: clean(c8_1=("2处", None, None), c8_2=(None, None, None), c4_1=(None, "3分", "管网老旧"), c6_2=(2, 1, None)),
)


@cache
def base(unit: int) -> bytes:
    """A valid form of one unit; one in four as another program saves it."""
    place = UNITS[unit] if unit < BATCH else GOOD
    target = io.BytesIO()
    answers = _ANSWERS[unit % len(_ANSWERS)]() if unit < BATCH else clean()
    issue_workbook(
        target, place, ROSTER, STANDARD, form_date=DAY, kind=REAL, answers={f"{place.code}101001": answers}, submission=1,
        contact="王联系", phone="0878-1234567",
    )  # fmt: skip
    if unit % 4 != 3:
        return target.getvalue()
    book = openpyxl.load_workbook(target)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


@cache
def parts_of(unit: int) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(base(unit))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- mutations --------------------------------------------------------------------------------------------------------

_VALUES = (
    "3", "0", "-3", "1", "1.5", "0.5", "150", "1e3", "1E400", "NaN", "INF", "", " 3 ", "\u00a03", "３", "3,5", "0x3", "1_0", "TRUE",
    "#REF!", "#SPILL!", "99999999999999999999", "0.1000000000000000055", "4294967297", "-1", "44260", "NA", "null", "无", "是",
    "否", "不适用", "85%", "8.1", "_x0033_", "&#51;", "&amp;", "<x/>", "<![CDATA[3]]>", "3<!-- -->0", "\x00", "\ufffd", "\u202e3",
)  # fmt: skip
_PLAIN = ("0", "1", "2", "3", "4", "6", "0.5", "0.85", "1.0", "85", "3E0", "2.0000000000000001", "100%", "3分")
_ATTRIBUTES = (
    "s", "str", "inlineStr", "b", "e", "d", "n", "z", "", "0", "1", "2", "7", "29", "99999", "-1", "A1", "G9", "H10", "XFD1048576",
    "A1048577", "a1", "shared", "array", "hidden", "veryHidden", "rId1", "rId3", "External", "A1:Z99", "true", "preserve",
)  # fmt: skip
_TAGS = ("c", "v", "f", "row", "is", "t", "r", "si", "rPh", "sheetData", "sheet", "xf", "numFmt", "mergeCell", "col", "Relationship", "x")


def mutate(number: int, seed: int) -> tuple[str, bytes]:
    """The mutant of this number: what was done, and the file."""
    chance = random.Random(f"{seed}:{number}")
    unit = number % BATCH
    kind = chance.choices(list(_KINDS), [weight for weight, _ in _KINDS.values()])[0]
    return kind, _KINDS[kind][1](chance, unit)


def _bytes(chance: random.Random, unit: int) -> bytes:
    data = bytearray(base(unit))
    for _ in range(chance.randint(1, 4)):
        start, length = chance.randrange(len(data)), chance.choice((1, 1, 2, 4, 16, 200, 5000))
        match chance.randrange(5):
            case 0:
                data[start : start + length] = chance.randbytes(min(length, len(data) - start))
            case 1:
                del data[start : start + length]
            case 2:
                data[start:start] = chance.randbytes(length)
            case 3:
                del data[max(start, 1) :]
            case 4:
                other = chance.randrange(len(data))
                data[start : start + length] = data[other : other + length]
        if not data:
            break
    return bytes(data)


def _directory(chance: random.Random, unit: int) -> bytes:
    """Bytes of headers and directory, where the packed contents stay whole."""
    data = bytearray(base(unit))
    heads = [match.start() for match in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
    for _ in range(chance.randint(1, 2)):
        place = chance.choice(heads) + chance.randint(4, 50)
        if place + 4 < len(data):
            value = chance.choice((0, 1, 8, 0xFF, 0xFFFF, 0xFFFFFFFF, chance.randrange(1 << 16)))
            width = chance.choice((1, 2, 4))
            data[place : place + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    return bytes(data)


def _packed(parts: Sequence[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts:
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


def _parts(chance: random.Random, unit: int) -> bytes:
    parts = list(parts_of(unit).items())
    place = chance.randrange(len(parts))
    name, content = parts[place]
    match chance.randrange(7):
        case 0:
            del parts[place]
        case 1:
            parts.insert(chance.randrange(len(parts)), (name.swapcase(), content))
        case 2:
            other = chance.randrange(len(parts))
            parts[place], parts[other] = (name, parts[other][1]), (parts[other][0], content)
        case 3:
            parts[place] = (chance.choice((name + "x", "xl/" + name, name.replace("/", "\\"), name.upper(), "../" + name)), content)
        case 4:
            parts[place] = (name, content[: chance.randrange(len(content) + 1)])
        case 5:
            changed = bytearray(content or b" ")
            changed[chance.randrange(len(changed))] = chance.randrange(256)
            parts[place] = (name, bytes(changed))
        case 6:
            chance.shuffle(parts)
    return _packed(parts)


def _chosen(chance: random.Random, unit: int) -> str:
    """A part that reading rests on, mostly the community's sheet."""
    names = [name for name in parts_of(unit) if name.endswith((".xml", ".rels"))]
    sheets = [name for name in names if "worksheets/sheet" in name]
    return chance.choice((sheets[2], sheets[2], sheets[2], *names))


def _with_xml(chance: random.Random, unit: int, change: Callable[[random.Random, str], str]) -> bytes:
    parts = dict(parts_of(unit))
    name = _chosen(chance, unit)
    text = parts[name].decode()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        text = change(chance, text)
    parts[name] = text.encode("utf-8", "surrogatepass")
    return _packed(list(parts.items()))


def _tokens(chance: random.Random, unit: int) -> bytes:
    def change(chance: random.Random, text: str) -> str:
        tags = [(match.start(), match.end()) for match in re.finditer(r"<[^>]*>", text)]
        if not tags:
            return text
        start, end = chance.choice(tags)
        tag = text[start:end]
        match chance.randrange(8):
            case 0:
                return text[:start] + text[end:]
            case 1:
                return text[:end] + tag + text[end:]
            case 2:
                other = chance.choice(tags)
                return text[:start] + text[other[0] : other[1]] + text[end:]
            case 3:
                return text[:start] + re.sub(r"(?<=<)(/?)[\w:]+", rf"\g<1>{chance.choice(_TAGS)}", tag, count=1) + text[end:]
            case 4:
                return text[:end] + f"<{chance.choice(_TAGS)}/>" + text[end:]
            case 5:
                # An element with all that is in it, moved or repeated.
                match = re.match(r"<([\w:]+)", tag)
                close = text.find(f"</{match[1]}>", end) if match else -1
                if match is None or close < 0 or close - start > 20_000:
                    return text
                whole = text[start : close + len(match[1]) + 3]
                where = chance.choice(tags)[1]
                return text[:where] + whole + text[where:]
            case 6:
                return text[:start] + tag.replace('"', "'", 1) + text[end:]
            case _:
                return text[:end] + chance.choice(_VALUES) + text[end:]

    return _with_xml(chance, unit, change)


def _attributes(chance: random.Random, unit: int) -> bytes:
    def change(chance: random.Random, text: str) -> str:
        places = list(re.finditer(r'\s([\w:]+)="([^"]*)"', text))
        if not places:
            return text
        match = chance.choice(places)
        action = chance.randrange(4)
        if action == 0:
            return text[: match.start()] + text[match.end() :]
        if action == 1:
            return text[: match.start(2)] + chance.choice(places)[2] + text[match.end(2) :]
        if action == 2:
            return text[: match.start(2)] + chance.choice(_ATTRIBUTES) + text[match.end(2) :]
        return text[: match.end()] + f' {chance.choice(("r", "t", "s", "si", "ref"))}="{chance.choice(_ATTRIBUTES)}"' + text[match.end() :]

    return _with_xml(chance, unit, change)


def _values(chance: random.Random, unit: int) -> bytes:
    def change(chance: random.Random, text: str) -> str:
        places = list(re.finditer(r"<(?:v|t|f)(?: [^>]*)?>([^<]*)</", text))
        if not places:
            return text
        match = chance.choice(places)
        value = match[1]
        match chance.randrange(4):
            case 0 | 1:
                value = chance.choice(_VALUES)
            case 2:
                value = chance.choice(places)[1]
            case _:
                where = chance.randrange(len(value) + 1)
                value = value[:where] + chance.choice(("0", "1", "9", ".", "-", " ", "\n", "\u200b", "e", "%")) + value[where:]
        return text[: match.start(1)] + value + text[match.end(1) :]

    return _with_xml(chance, unit, change)


def _answers(chance: random.Random, unit: int) -> bytes:
    """Answer cells of the community's sheet, written in other ways."""
    parts = dict(parts_of(unit))
    name = [part for part in parts if "worksheets/sheet" in part][2]
    text = parts[name].decode()
    cells = list(re.finditer(r'<c r="([FGH]\d+)"([^>]*?)(?:/>|>(.*?)</c>)', text))
    if chance.random() < 0.5:
        # Another answer that the clause can give: nothing is wrong with it, so only the other reader can confirm it.
        clause = chance.choice(STANDARD.clauses)
        answer = base_answers(unit)[clause.id][1]
        found = [match for match in cells if match[1] == answer.cell]
        if found:
            right = chance.choice(sorted(clause.possible))
            style = re.search(r' s="\d+"', found[0][2])
            cell = f'<c r="{answer.cell}"{style[0] if style else ""}><v>{right}</v></c>'
            parts[name] = (text[: found[0].start()] + cell + text[found[0].end() :]).encode()
            return _packed(list(parts.items()))
    match = chance.choice(cells)
    kind = chance.choice(("", "", ' t="s"', ' t="str"', ' t="inlineStr"', ' t="b"', ' t="e"', ' t="d"', ' t="n"'))
    style = re.search(r' s="\d+"', match[2])
    value = chance.choice(chance.choice((_PLAIN, _VALUES)))
    inside = f"<is><t>{value}</t></is>" if "inline" in kind else f"<v>{value}</v>"
    inside = chance.choice(("", "", "", "<f>1+2</f>", '<f t="shared" si="0"/>')) + chance.choice((inside, inside, inside, ""))
    chosen = chance.choice((style[0] if style else "", f' s="{chance.randrange(60)}"'))
    cell = f'<c r="{match[1]}"{chosen}{kind}>{inside}</c>'
    parts[name] = (text[: match.start()] + cell + text[match.end() :]).encode()
    return _packed(list(parts.items()))


_KINDS: dict[str, tuple[int, Callable[[random.Random, int], bytes]]] = {
    "bytes": (10, _bytes),
    "zip directory": (10, _directory),
    "zip parts": (10, _parts),
    "XML tokens": (20, _tokens),
    "XML attributes": (15, _attributes),
    "values": (15, _values),
    "answer cells": (20, _answers),
}


# --- reviewing them ---------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What came of a run; adds up over jobs."""

    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    whole_runs: int = 0
    changed: int = 0
    """Answers that a mutant changed and the review took."""
    confirmed: int = 0
    """Of these, seen in the same cell by another reader; the rest have a finding."""
    slowest: tuple[float, int] = (0.0, -1)
    largest: tuple[int, int] = (0, -1)
    """Bytes beyond what the process had before, and the mutant."""
    violations: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.accepted += other.accepted
        self.rejected += other.rejected
        for name in ("batches", "whole_runs", "changed", "confirmed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.slowest, self.largest = max(self.slowest, other.slowest), max(self.largest, other.largest)
        self.violations += other.violations


def measured_entry(path: Path, name: str, standard: Standard) -> list[Arrival]:
    """open_entry, with a second arrival that says what it cost: seconds, and bytes of memory at the most."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as stream:
        stream.write("5")
    before = _most_memory()
    begun = time.perf_counter()
    arrivals = open_entry(path, name, standard)
    return [*arrivals, Arrival(name, ignored=f"{time.perf_counter() - begun} {_most_memory() - before}")]


def _most_memory() -> int:
    """Bytes that this process had in memory at the most since it was last asked to forget."""
    with open("/proc/self/status", encoding="ascii") as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith("VmHWM")) * 1024


def about_good(result: RegionResult) -> tuple[bytes, bytes]:
    """All that is said of the good unit: its part of the document, and its report."""
    document = result_document(result, [])
    mine: dict[str, Any] = {
        "units": [unit for unit in document["units"] if unit["code"] == GOOD.code],
        "communities": [entry for entry in document["communities"] if entry["unit"] == GOOD.code],
        "findings": [finding for finding in document["findings"] if finding["unit"] == GOOD.code],
        "files": [file for file in document["files"] if file["path"] == "good.xlsx"],
    }
    report = io.BytesIO()
    write_discrepancy(report, next(unit for unit in result.units if unit.unit.code == GOOD.code), result)
    return dump(mine), report.getvalue()


def judged(arrivals: Sequence[Arrival]) -> RegionResult:
    return review(arrivals, ROSTER, STANDARD, lambda _: STANDARD, DAY)


@cache
def good_arrival() -> Arrival:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "good.xlsx"
        path.write_bytes(base(BATCH))
        return open_entry(path, "good.xlsx", STANDARD)[0]


@cache
def good_alone() -> tuple[bytes, bytes]:
    return about_good(judged([good_arrival()]))


@cache
def base_answers(unit: int) -> dict[str, tuple[Answer, Answer]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base.xlsx"
        path.write_bytes(base(unit))
        return answers_of(open_entry(path, "base.xlsx", STANDARD)[0], UNITS[unit])


def answers_of(arrival: Arrival, unit: Unit) -> dict[str, tuple[Answer, Answer]]:
    """The answers of the unit's community by clause; of several sheets of it the first (the review takes none of them)."""
    for sheet in arrival.form.communities if arrival.form else ():
        if sheet.heading[Heading.CODE].text.startswith(unit.code):
            return {row.clause: (row.actual, row.stated) for row in reversed(sheet.rows)}
    return {}


def one_batch(first: int, seed: int, tally: Tally, keep: Path | None) -> None:
    """Review the mutants from ``first`` on, and check every promise."""
    mutants = {number: mutate(number, seed) for number in range(first, first + BATCH)}
    whole = (first // BATCH) % WHOLE_EVERY == 0

    def broken(number: int, what: str) -> None:
        tally.violations.append((number, what))
        if keep is not None and number >= 0:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{seed}-{number}.xlsx").write_bytes(mutants[number][1])

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        files = []
        for number, (_, data) in mutants.items():
            path = place / f"{UNITS[number % BATCH].code}.xlsx"
            path.write_bytes(data)
            files.append((path, path.name))
        opened = open_all(files, STANDARD, measured_entry, workers=1)
        arrivals: list[Arrival] = []
        for number, found in zip(mutants, opened, strict=True):
            arrivals += found[:1]
            if len(found) == 1:
                broken(number, f"the worker died or was ended: {found[0].refused}")
                continue
            seconds, most = (found[1].ignored or "0 0").split()
            tally.slowest = max(tally.slowest, (float(seconds), number))
            tally.largest = max(tally.largest, (int(most), number))
            if float(seconds) > SLOW_SECONDS:
                broken(number, f"took {seconds} s")
        try:
            result = judged([good_arrival(), *arrivals])
            if about_good(result) != good_alone():
                broken(first, "the good unit's results differ (in this batch)")
        except Exception:
            broken(first, "exception in this batch:\n" + traceback.format_exc())
            return
        states = {file.path: file.state for file in result.files}
        for number, arrival in zip(mutants, arrivals, strict=True):
            accepted = states[arrival.path] is FileState.ACCEPTED
            (tally.accepted if accepted else tally.rejected)[mutants[number][0]] += 1
            if accepted:
                for what in unsaid(number, mutants[number][1], arrival, result, tally):
                    broken(number, what)
            elif not any(file.reason for file in result.files if file.path == arrival.path):
                broken(number, "not accepted, and no reason given")
        tally.batches += 1
        if whole:
            tally.whole_runs += 1
            for what in through_the_program(place):
                broken(first, what)


def unsaid(number: int, data: bytes, arrival: Arrival, result: RegionResult, tally: Tally) -> Iterator[str]:
    """Changed answers that were taken without a word and that no other reader sees."""
    unit = UNITS[number % BATCH]
    (reviewed,) = [one for one in result.units if one.unit.code == unit.code]
    (community,) = reviewed.communities
    if community.sheet is None or not community.clauses:
        return  # No answer was taken; that the community is missing or pending is a finding.
    told = {finding.place.clause for finding in reviewed.findings}
    everything = {finding.rule for finding in reviewed.findings} & {"F15"}
    before, after = base_answers(number % BATCH), answers_of(arrival, unit)
    other: Callable[[str], Any] | None = None
    for clause, answers in before.items():
        now = after.get(clause)
        for was, found in zip(answers, now or (None, None), strict=True):
            same = found is not None and (was.state, was.value) == (found.state, found.value)
            if same or found is None or found.state is State.FAULT:
                continue
            tally.changed += 1
            if clause in told:
                continue
            other = other or other_reading(data, community.sheet)
            if other is None:
                if not everything:
                    yield f"{clause}: {was.shown!r} became {found.shown!r}, and no other reader opens the file"
                continue
            located = Located(other(found.cell or "A1"), found.cell)
            policy = STANDARD.clause[clause]
            pair = clause_answers(policy, located, located, STANDARD.reading)
            if (found.state, found.value) not in {(one.state, one.value) for one in pair}:
                yield f"{clause} {found.cell}: {was.shown!r} became {found.shown!r} without a word; another reader sees {located.value!r}"
            else:
                tally.confirmed += 1


def other_reading(data: bytes, sheet: str) -> Callable[[str], Any] | None:
    """The sheet by openpyxl, else by calamine: value of a cell by its address. None where neither opens it."""
    try:
        page = openpyxl.load_workbook(io.BytesIO(data), data_only=True)[sheet]
        return lambda cell: page[cell].value
    except Exception:
        pass
    try:
        table = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(sheet)
        rows = table.to_python(skip_empty_area=False)
    except BaseException:
        return None

    def value(cell: str) -> Any:
        row, column = openpyxl.utils.cell.coordinate_to_tuple(cell)
        found = rows[row - 1][column - 1] if row <= len(rows) and column <= len(rows[row - 1]) else ""
        return None if found == "" else found

    return value


def through_the_program(folder: Path) -> Iterator[str]:
    """The batch's files as the input of a run."""
    (folder / "good.xlsx").write_bytes(base(BATCH))
    titles: dict[BatchLabel, str | int | datetime.date] = {
        BatchLabel.REGION: "楚雄州", BatchLabel.YEAR: 2021, BatchLabel.PHASE: "年度总结", BatchLabel.UNIT: "州住建局",
    }  # fmt: skip
    write_roster(folder / "roster.xlsx", STANDARD, titles, ROSTER.units, ROSTER.communities)
    with tempfile.TemporaryDirectory() as other:
        options = Options(folder, Path(other) / "output", folder / "roster.xlsx", Path(other) / "archive", DAY)
        try:
            outcome = run_afresh(options)
        except Exception:
            yield "exception in the program:\n" + traceback.format_exc()
            return
        if outcome.folder is None or not (outcome.folder / "result.json").is_file():
            yield "no result.json"
            return
        document = json.loads((outcome.folder / "result.json").read_bytes())
        paths = [file["path"] for file in document["files"]]
        # A mutant may have become an archive, whose contents have rows of their own.
        on_disk = {path.name for path in folder.iterdir()}
        if len(set(paths)) != len(paths) or {path for path in paths if "/" not in path} != on_disk:
            yield "not every file is accounted for once"
        if [unit["green"] for unit in document["units"] if unit["code"] == GOOD.code] != [[f"{GOOD.code}101001"]]:
            yield "the good unit's result differs in the program"


# --- the whole ---------------------------------------------------------------------------------------------------------


def job(batches: Sequence[int], seed: int, keep: Path | None) -> Tally:
    """These batches, one after another."""
    tally = Tally()
    for number in batches:
        one_batch(number * BATCH, seed, tally, keep)
    return tally


def fuzz(mutants: int, seed: int, jobs: int = 1, keep: Path | None = None, progress: bool = False) -> Tally:
    """Review so many mutants (whole batches) and add up what came of them."""
    batches = range(-(-mutants // BATCH))
    tally = Tally()
    if jobs == 1:
        return job(batches, seed, keep)
    pieces = [list(batches[start : start + 10]) for start in range(0, len(batches), 10)]
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for done, part in enumerate(pool.map(job, pieces, [seed] * len(pieces), [keep] * len(pieces)), 1):
            tally.add(part)
            if progress and done % 10 == 0:
                print(f"{done * 10 * BATCH} mutants, {len(tally.violations)} violations", file=sys.stderr, flush=True)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mutants", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    begun = time.perf_counter()
    tally = fuzz(options.mutants, options.seed, options.jobs, options.keep, progress=True)
    print("| mutated | mutants | accepted | rejected |\n|---|---:|---:|---:|")
    for kind in _KINDS:
        accepted, rejected = tally.accepted[kind], tally.rejected[kind]
        print(f"| {kind} | {accepted + rejected} | {accepted} | {rejected} |")
    accepted, rejected = tally.accepted.total(), tally.rejected.total()
    print(f"| all | {accepted + rejected} | {accepted} | {rejected} |\n")
    print(f"changed answers taken: {tally.changed}, of these confirmed by another reader: {tally.confirmed}, the rest told of")
    print(f"reviews: {tally.batches}, whole runs: {tally.whole_runs}, minutes: {(time.perf_counter() - begun) / 60:.1f}")
    print(f"slowest: {tally.slowest[0]:.2f} s (mutant {tally.slowest[1]})")
    print(f"largest: {tally.largest[0] / 2**20:.0f} MB (mutant {tally.largest[1]})")
    print(f"violations: {len(tally.violations)}")
    for number, what in tally.violations[:50]:
        print(f"- {number}: {what}")
    return 1 if tally.violations else 0


if __name__ == "__main__":
    sys.exit(main())
