"""``python process.py rollup DIR…``: regions' results become a province's Annex 2, sums and never averages (S-37).

Folders → regions → which of them count → province → workbooks and ``result.json``, published as a whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greencomm import __version__, durable
from greencomm.archive import Publication
from greencomm.closings import RESULTS
from greencomm.document import Output
from greencomm.errors import NothingToProcess, UserError
from greencomm.outputs.rollup import write_rollup
from greencomm.province import (
    Before,
    GivenFile,
    Member,
    Oddity,
    Province,
    Region,
    Remark,
    Row,
    Slot,
    remark,
    sorted_remarks,
)
from greencomm.regions import Found, difference, difference_of, folders_of, read
from greencomm.results import FileState
from greencomm.rollup_document import rollup_document, write_document
from greencomm.roster import RegionRoster, load_region_roster
from greencomm.runs import RESULT, DamagedRun, Runs
from greencomm.runs import SCHEMA as RUN_SCHEMA
from greencomm.standard import ANNUAL, PHASE_TITLES, load_standard

SUFFIX = "rollup"
_NAMED = 5
"""How many folders, communities or regions a sentence names before the rest is counted."""
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class RollupOptions:
    """What the command line asks of ``rollup``."""

    folders: tuple[Path, ...]
    output: Path
    archive: Path
    run_date: datetime.date
    roster: Path | None = None
    """The province's own roster; None = only what is given is known."""
    year: int | None = None
    phase: str | None = None
    name: str = ""
    """What the whole is called where no roster names it; empty = after its regions."""
    not_run: tuple[tuple[Path, str], ...] = ()
    """Regions' folders that could not be reviewed just now, and why, in Chinese."""


@dataclass(frozen=True)
class Rolled:
    """What a rollup leaves for the screen."""

    province: Province
    folder: Path
    notices: tuple[str, ...]

    @property
    def document(self) -> bytes:
        """``result.json`` as it stands."""
        return (self.folder / RESULT).read_bytes()


def rollup(options: RollupOptions, progress: Progress | None = None) -> Rolled:
    """Read every region's results, sum those that count, and write ``output/<year>-<phase>-rollup/`` as a whole.

    Raises NothingToProcess where no result can be counted, UserError and OutputError as a run does.
    """
    if options.archive.resolve().is_relative_to(options.output.resolve()):
        raise UserError(f"运行记录文件夹“{options.archive.name}”不能放在结果文件夹“{options.output}”里面，请用另外的文件夹。")
    with Publication(options.archive, options.output) as publication:
        standard = load_standard()
        roster = load_region_roster(options.roster, standard, year=options.year) if options.roster else None
        gathering = _Gathering(options, roster, progress)
        province = gathering.province()
        name = f"{province.year}-{province.phase}-{SUFFIX}"
        with durable.speaking(options.archive):
            province, before = _with_changes(province, publication.runs(name))
            publication.name_damage(publication.runs(name))
        with durable.speaking(publication.building):
            outputs = [
                Output(made.role, made.unit, made.path, durable.file_sha256(publication.building / made.path))
                for made in write_rollup(publication.building, province, standard, _pages(province, options.output / name))
            ]
            document = rollup_document(province, outputs, before)
            write_document(publication.building / RESULT, document, province)
            made = publication.made()
        publication.publish(name, _manifest(province, options, made))
        return Rolled(province, options.output / name, tuple(publication.notices))


def _pages(province: Province, target: Path) -> dict[str, str]:
    """Regions' own overviews by name, as a page in ``target`` links to them; none where a region has none, or lies on another drive."""
    found: dict[str, str] = {}
    for region in province.regions:
        for place in (Path(region.folder), Path(region.folder) / RESULTS):
            with contextlib.suppress(ValueError):
                if (place / "overview.html").is_file():
                    found[region.name] = Path(os.path.relpath((place / "overview.html").resolve(), target.resolve())).as_posix()
    return found


def _manifest(province: Province, options: RollupOptions, made: Mapping[str, str]) -> dict[str, Any]:
    """What is kept of a rollup besides its outputs (runs.manifest_of)."""
    return {
        "schema": RUN_SCHEMA,
        "year": province.year,
        "phase": province.phase,
        "run_date": province.run_date.isoformat(),
        "program": __version__,
        "standard": dict(zip(("id", "sha256"), province.standard, strict=True)),
        "local_standards": {},
        "options": {
            "folders": [folder.as_posix() for folder in options.folders],
            "roster": options.roster.as_posix() if options.roster else None,
            "year": options.year,
            "phase": options.phase,
        },
        "input": {
            "sha256": province.input_sha256,
            "roster": province.roster_sha256,
            "files": [{"path": file.path, "sha256": file.sha256} for file in province.files],
        },
        "outputs": dict(sorted(made.items())),
    }


def _with_changes(province: Province, runs: Runs) -> tuple[Province, str | None]:
    """The province with what changed since the last rollup of other input, and that rollup's date."""
    kept = runs.previous(province.input_sha256)
    try:
        document = kept.document() if kept else None
    except DamagedRun:
        return province, None
    if document is None or document["sample"] != province.sample:
        return province, None
    date = str(document["run_date"])
    then = {
        each["name"]: Before(
            each["urban_communities"], each["green"], each["combined"], each["figures_sha256"], each["closed"] is not None
        )
        for each in document["rollup"]["regions"]
        if each["counted"]
    }
    remarks = list(province.remarks)
    for region in province.regions:
        before = then.get(region.name)
        if before is None or before.figures_sha256 == region.figures_sha256:
            continue
        kind = Oddity.CHANGED_SINCE_CLOSED if before.closed else Oddity.CHANGED_SINCE
        moved = difference_of(
            (before.urban_communities, before.green, before.combined),
            (region.urban_communities, region.green_count, region.combined),
        )
        remarks.append(remark(kind, region=region.name, code=region.code, folder=region.folder, before=date, difference=moved))
    return dataclasses.replace(province, remarks=sorted_remarks(remarks)), date


# --- what counts ------------------------------------------------------------------------------------------------------


def period(year: int, phase: str) -> str:
    """``2021年度总结``, ``2021年自评``."""
    return f"{year}年{PHASE_TITLES[phase].removeprefix('年')}"


def listing(names: Iterable[str], mark: str = "“{}”", counted: str = "处") -> str:
    """Names in a sentence, the first few and how many there are."""
    each = [mark.format(name) for name in names]
    more = f"等{len(each)}{counted}" if len(each) > _NAMED else ""
    return "、".join(each[:_NAMED]) + more


class _Gathering:
    """Which of the given folders count, and what is odd about the others."""

    def __init__(self, options: RollupOptions, roster: RegionRoster | None, progress: Progress | None) -> None:
        self.options, self.roster = options, roster
        self.remarks = [remark(Oddity.NOT_RUN, folder=folder.as_posix(), what=why) for folder, why in options.not_run]
        self.found = self._read(progress)
        self.state: dict[int, tuple[FileState, str | None]] = {}
        """What became of each of ``found``, by its place there."""

    def _read(self, progress: Progress | None) -> list[Found]:
        places: dict[Path, str] = {}
        for given in self.options.folders:
            below = list(folders_of(given))
            if not below:
                self.remarks.append(remark(Oddity.NO_RESULTS, folder=given.as_posix()))
            for folder in below:
                places.setdefault(folder.resolve(), folder.as_posix())
        own = self.options.output.resolve()
        found = []
        ordered = sorted(places.items(), key=lambda item: item[1])
        for done, (real, shown) in enumerate(ordered):
            if progress:
                progress(done, len(ordered), shown)
            each = read(Path(shown), shown)
            if each.is_rollup and real.parent == own and each.region is not None:
                # A rollup never counts itself.
                self.remarks.append(remark(Oddity.OWN_ROLLUP, folder=shown, name=each.region.name))
                continue
            found.append(each)
        return found

    def province(self) -> Province:
        """The province. Raises NothingToProcess where nothing counts."""
        real = any(each.region and not each.region.sample for each in self.found)
        candidates: list[int] = []
        for at, each in enumerate(self.found):
            if each.region is None:
                self.remarks += each.remarks
                self.state[at] = FileState.REJECTED, each.remarks[0].message if each.remarks else None
            elif real and each.region.sample:
                self._set_aside(at, FileState.IGNORED, remark(Oddity.SAMPLE, region=each.region.name, folder=each.shown))
            elif self._place_of(each.region) is None:
                name = each.region.name
                self._set_aside(at, FileState.REJECTED, remark(Oddity.UNKNOWN_REGION, region=name, folder=each.shown))
            else:
                candidates.append(at)
        year, phase = self._period(candidates)
        chosen = self._choose(candidates, year, phase)
        if not chosen:
            told = [f"  ● {each.message}{each.fix}" for each in sorted_remarks(self.remarks)[:20]]
            raise NothingToProcess("\n".join(["没有可以汇总的结果，没有写任何文件。", *told]))
        return self._sum(chosen, year, phase, real)

    def _set_aside(self, at: int, state: FileState, why: Remark) -> None:
        self.state[at] = state, why.message
        self.remarks.append(why)

    def _place_of(self, region: Region) -> str | None:
        """The name under which a region counts; None where the roster does not have it."""
        if self.roster is None:
            return region.name
        unit = self.roster.find(region.name, region.code)
        return unit.name if unit else None

    def _period(self, candidates: Sequence[int]) -> tuple[int, str]:
        """Year and phase: as asked for, as the roster says, else what most regions have, of equally many the latest."""
        there = Counter((r.year, r.phase) for at in candidates if (r := self.found[at].region))
        year = self.options.year or (self.roster.year if self.roster else None)
        phase = self.options.phase or (self.roster.phase if self.roster else None)
        wanted = {key: n for key, n in there.items() if year in (None, key[0]) and phase in (None, key[1])}
        most = max(wanted.values(), default=0)
        # The annual summary comes after the self-evaluation of its year.
        best = max((key for key, n in wanted.items() if n == most), key=lambda key: (key[0], key[1] == ANNUAL), default=None)
        if best is None:
            return year or max((key[0] for key in there), default=self.options.run_date.year), phase or ANNUAL
        if len(wanted) > 1:
            what = "、".join(f"{period(*key)}{n}份" for key, n in sorted(wanted.items()))
            tied = list(wanted.values()).count(most) > 1
            why = "份数相同时取最近的" if tied else "份数最多的"
            self.remarks.append(remark(Oddity.SEVERAL_PERIODS, what=what, why=why, wanted=period(*best)))
        return best

    def _choose(self, candidates: Sequence[int], year: int, phase: str) -> dict[str, Found]:
        """One result for each region, by the name under which it counts."""
        of: dict[str, list[int]] = {}
        other: list[int] = []
        for at in candidates:
            region = self.found[at].region
            assert region is not None
            if (region.year, region.phase) == (year, phase):
                of.setdefault(self._place_of(region) or region.name, []).append(at)
            else:
                other.append(at)
        for at in other:
            region = self.found[at].region
            assert region is not None
            name = self._place_of(region) or region.name
            kind, state = (
                (Oddity.OTHER_OF_COUNTED, FileState.IGNORED) if name in of else (Oddity.OTHER_PERIOD, FileState.REJECTED)
            )
            words = {"theirs": period(region.year, region.phase), "wanted": period(year, phase)}
            self._set_aside(at, state, remark(kind, region=name, code=region.code, folder=self.found[at].shown, **words))
        return {name: self._one_of(name, places) for name, places in of.items()}

    def _one_of(self, name: str, places: Sequence[int]) -> Found:
        """The result of a region that counts: the closed one, else the one of the latest run."""

        def rank(at: int) -> tuple[bool, str, str]:
            region = self.found[at].region
            assert region is not None
            return region.closed is not None, region.run_date, region.result_sha256

        first, *rest = sorted(places, key=rank, reverse=True)
        used = self.found[first]
        assert used.region is not None
        self.state[first] = FileState.ACCEPTED, None
        self.remarks += used.remarks
        if rest:
            self._several(name, first, rest)
        if used.beside is not None:
            closed = used.beside
            self.remarks.append(
                remark(
                    Oddity.NOT_AS_CLOSED, region=name, code=closed.code, folder=used.shown, year=closed.year,
                    closed=closed.closed.date if closed.closed else "", difference=difference(closed, used.region),
                )
            )  # fmt: skip
            return dataclasses.replace(used, region=closed)
        return used

    def _several(self, name: str, first: int, rest: Sequence[int]) -> None:
        regions = [region for at in (first, *rest) if (region := self.found[at].region)]
        used, others = regions[0], regions[1:]
        folders = listing(region.folder for region in regions)
        if all(other.figures_sha256 == used.figures_sha256 for other in others):
            said = remark(Oddity.SAME_TWICE, region=name, code=used.code, folders=folders)
        elif any({row.code for row in used.rows}.isdisjoint(row.code for row in other.rows) for other in others):
            said = remark(
                Oddity.TWO_REGIONS, region=name, code=used.code, folders=folders, used=used.folder, count=len(regions)
            )
        else:
            later = "运行日期最近的" if any(other.run_date != used.run_date for other in others) else "按固定的先后选定，请务必核对"
            why = "已封存的" if used.closed and not all(other.closed for other in others) else later
            said = remark(
                Oddity.TWICE, region=name, code=used.code, folders=folders, used=used.folder, why=why, count=len(regions)
            )
        self.remarks.append(said)
        for at in rest:
            self.state[at] = FileState.SUPERSEDED, said.message
            # What is amiss with a folder is told even where it does not count.
            self.remarks += self.found[at].remarks

    # the sum

    def _sum(self, chosen: Mapping[str, Found], year: int, phase: str, real: bool) -> Province:
        slots = self._slots(chosen, year, phase)
        slots = self._once(slots)
        regions = [slot.region for slot in slots if slot.region is not None]
        self._about(regions)
        self._earlier(regions)
        standard = self._standard(regions)
        roster, folder_names = self.roster, [region.name for region in regions]
        if roster is None:
            self.remarks.append(remark(Oddity.NO_ROSTER))
        known = tuple(self.remarks)
        return Province(
            name=roster.name if roster else self.options.name or _joined(folder_names),
            year=year,
            phase=phase,
            run_date=self.options.run_date,
            slots=slots,
            remarks=sorted_remarks(dict.fromkeys(known)),
            files=tuple(
                GivenFile(f"{each.shown}/{RESULT}", each.sha256, *self.state[at]) for at, each in enumerate(self.found)
            ),
            standard=standard,
            roster_sha256=roster.sha256 if roster else "",
            reporting_unit=roster.reporting_unit if roster else "",
            contact=roster.contact if roster else "",
            phone=roster.phone if roster else "",
            form_date=roster.form_date if roster else None,
            sample=not real,
            # What was found amiss with outputs and archives shows in the results, and so belongs to the input.
            given=_hash(each.message for each in sorted_remarks(known)),
        )

    def _slots(self, chosen: Mapping[str, Found], year: int, phase: str) -> tuple[Slot, ...]:
        """Regions in the order of the roster, else of their codes; with a roster also those that are missing."""
        by_name = {
            name: dataclasses.replace(found.region, name=name) for name, found in chosen.items() if found.region is not None
        }
        if self.roster is None:
            ordered = sorted(by_name.values(), key=lambda region: (not region.code, region.code, region.name))
            codes = Counter(region.code for region in ordered)
            # A code that several have, or none, tells no region from another.
            return tuple(
                Slot(each.name, each.code if each.code and codes[each.code] == 1 else each.name, each) for each in ordered
            )
        handed_in = {name for at, (state, _) in self.state.items() if state is FileState.REJECTED for name in self._named(at)}
        slots = tuple(
            Slot(unit.name, unit.code, by_name.get(unit.name), unit.name in handed_in) for unit in self.roster.regions
        )
        for slot in slots:
            if slot.region is None:
                words = {"code": slot.code, "wanted": period(year, phase)}
                self.remarks.append(remark(Oddity.MISSING, region=slot.name, **words))
        return slots

    def _named(self, at: int) -> Iterator[str]:
        """Regions of the roster whose result this may be: by what it says, else by the folders that it lies in."""
        found = self.found[at]
        for name in [found.name] if found.name else Path(found.shown).parts:
            unit = self.roster.find(name, found.region.code if found.region else "") if self.roster else None
            if unit is not None:
                yield unit.name

    def _once(self, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        """The same with each community in one region only; shared codes are named."""
        units: dict[str, list[str]] = {}
        claims: dict[str, list[tuple[int, str]]] = {}
        """Slot and unit of every community code that stands more than once."""
        seen: dict[str, tuple[int, str]] = {}
        for at, slot in enumerate(slots):
            for row in slot.region.rows if slot.region else ():
                units.setdefault(row.code, []).append(f"{slot.name}“{row.name}”")
                for member in row.members:
                    if member.code in seen:
                        claims.setdefault(member.code, [seen[member.code]]).append((at, row.code))
                    else:
                        seen[member.code] = at, row.code
        for code, places in units.items():
            if len(places) > 1:
                self.remarks.append(remark(Oddity.SHARED_UNIT, code=code, places="、".join(places)))
        if not claims:
            return slots

        def fits(code: str, place: tuple[int, str]) -> tuple[bool, int]:
            """How well a community's code fits the unit and the region that claim it."""
            at, unit = place
            region = slots[at].code.rstrip("0")
            return code.startswith(unit), len(region) if code.startswith(region) else 0

        # Of those that fit equally well the first (max keeps it).
        owners = {code: max(places, key=lambda place: fits(code, place))[0] for code, places in claims.items()}
        lost: dict[tuple[int, int], list[Member]] = {}
        made = []
        for at, slot in enumerate(slots):
            if slot.region is None:
                made.append(slot)
                continue
            rows: list[Row] = []
            for row in slot.region.rows:
                kept = tuple(each for each in row.members if owners.get(each.code, at) == at)
                for each in row.members:
                    if owners.get(each.code, at) != at:
                        lost.setdefault((at, owners[each.code]), []).append(each)
                rows.append(row if len(kept) == len(row.members) else dataclasses.replace(row, members=kept))
            made.append(dataclasses.replace(slot, region=dataclasses.replace(slot.region, rows=tuple(rows))))
        for (loser, owner), members in lost.items():
            what = listing((f"{each.name}（{each.code}）" for each in members), "{}", "个")
            self.remarks.append(
                remark(
                    Oddity.SHARED_COMMUNITY, region=slots[loser].name, code=slots[loser].code, loser=slots[loser].name,
                    owner=slots[owner].name, count=len(members), what=what,
                )
            )  # fmt: skip
        return tuple(made)

    def _about(self, regions: Sequence[Region]) -> None:
        """Whose figures may still change."""
        for region in regions:
            if region.send_back:
                kind = Oddity.ACCEPTED_OPEN if region.closed else Oddity.OPEN_SEND_BACK
            elif region.verify:
                kind = Oddity.OPEN_FINDINGS
            else:
                continue
            words = {"send_back": region.send_back, "verify": region.verify}
            self.remarks.append(remark(kind, region=region.name, code=region.code, folder=region.folder, **words))
        # A self-evaluation is never closed.
        if still_open := [region for region in regions if region.closed is None and region.phase == ANNUAL]:
            what = listing((region.name for region in still_open), "{}", "个地区")
            self.remarks.append(remark(Oddity.NOT_CLOSED, what=what, year=still_open[0].year))

    def _earlier(self, regions: Sequence[Region]) -> None:
        """Name the regions of which a closed year's figures are not known, though others have them."""
        for year in sorted({year for region in regions for year in region.totals}):
            for region in regions:
                filed = region.totals.get(year)
                if filed is None and not region.urban_communities:
                    continue  # Without a community then as now, as far as anybody knows.
                if filed is None or filed.urban_communities is None:
                    why = "" if filed is None else "的社区总数（从附件2导入的，或是旧版程序的结果）"
                    words = {"year": year, "why": why}
                    self.remarks.append(
                        remark(Oddity.EARLIER_UNKNOWN, region=region.name, code=region.code, folder=region.folder, **words)
                    )

    def _standard(self, regions: Sequence[Region]) -> tuple[str, str]:
        of: dict[tuple[str, str], list[str]] = {}
        for region in regions:
            of.setdefault(region.standard, []).append(region.name)
        if len(of) == 1:
            return next(iter(of))
        what = "；".join(f"{id}（{sha[:8]}）：{listing(names, '{}', '个地区')}" for (id, sha), names in of.items())
        self.remarks.append(remark(Oddity.STANDARDS_DIFFER, what=what))
        ids = list(dict.fromkeys(id for id, _ in of))
        return listing(ids, "{}"), _hash(f"{id} {sha}" for id, sha in sorted(of))


def _joined(names: Sequence[str]) -> str:
    """What a rollup without a roster is called."""
    return "、".join(names) if len(names) < 4 else f"{names[0]}等{len(names)}个地区"


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
