"""``python process.py close``: freeze a finished year, open it again, or import one from its filed Annex 2 (S-32)."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import getpass
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from greencomm import __version__, durable
from greencomm.archive import Publication
from greencomm.batch import Options, about_open, keep_apart, prepare
from greencomm.closings import (
    CLOSE,
    IMPORTED,
    INPUT,
    REGISTER,
    RESULTS,
    SCHEMA,
    Closings,
    DamagedYear,
    YearFolder,
    imported_document,
    named,
    of_another_year,
    restore,
    run_year,
)
from greencomm.errors import NothingToProcess, OutputError, UserError
from greencomm.filed import read_filed
from greencomm.findings import Severity
from greencomm.intake.collect import Progress, found_in, same_file
from greencomm.outputs.register import Entry, write_register
from greencomm.past_years import ClosedYear, Trace, follow
from greencomm.results import Status, UnitState
from greencomm.review.names import base_name
from greencomm.roster import Community, Roster
from greencomm.runs import DamagedRun, KeptRun
from greencomm.standard import ANNUAL, PHASE_TITLES, Standard
from greencomm.usage import started_by_launcher

_UNKNOWN = "（未记名）"
_ROSTER = "roster"
"""Folder of a year's archive for a roster that did not lie in the input folder."""


@dataclass(frozen=True)
class Wish:
    """What the command line asks of ``close`` besides the options of a run."""

    accept_open: bool = False
    reopen: bool = False
    reason: str = ""
    who: str = ""
    """Empty for the name that the system's user has."""
    annex2: Path | None = None
    """A filed form to import."""

    @property
    def person(self) -> str:
        """Whose closing it is."""
        if self.who.strip():
            return self.who.strip()
        try:
            return getpass.getuser()
        except Exception:  # No name at all: which error that is depends on the system.
            return _UNKNOWN


@dataclass(frozen=True)
class Closed:
    """What ``close`` did, for the screen and for programs."""

    closed: bool
    year: int
    folder: Path | None
    files: tuple[str, ...] = ()
    open: tuple[Mapping[str, Any], ...] = ()
    """Findings to send back that are still open, as result.json has them."""
    notices: tuple[str, ...] = ()
    already: bool = False
    reopened: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of units by code."""
    communities: Mapping[str, str] = field(default_factory=dict)
    """Names of communities by code."""
    silent: tuple[str, ...] = ()
    """Names of the units that are asked for sheets and of which nothing counts: their communities stand as 未报."""
    holders: frozenset[str] = frozenset()
    """Paths of received files, archives and mails among them."""
    steps: tuple[str, ...] = ()
    """What follows a reopening, in Chinese."""

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        folder = self.folder.as_posix() if self.folder else None
        return {
            "closed": self.closed,
            "year": self.year,
            "folder": folder,
            "files": list(self.files),
            "open": [dict(finding) for finding in self.open],
            "reopened": self.reopened,
        }


def close(options: Options, wish: Wish, progress: Progress | None = None) -> Closed:
    """Close, reopen or import a year as ``wish`` says; ``closed`` is False where open findings stand in the way."""
    if wish.reopen and (wish.accept_open or wish.annex2):
        raise UserError("--reopen 不能与 --accept-open 或 --annex2 同时使用。")
    if wish.reopen and not wish.reason.strip():
        raise UserError(
            "重新打开已封存的年度须写明原因，例如："
            f'python process.py close --year {options.year or 2021} --reopen --reason "双柏县补报两个社区"'
        )
    if options.phase not in (None, ANNUAL):
        raise UserError(f"封存的是年度总结的结果，不用写 --phase，或写 --phase {PHASE_TITLES[ANNUAL]}。")
    if wish.annex2 is not None and options.year is None:
        raise UserError("导入附件2时请用 --year 写明是哪一年的，例如：python process.py close --year 2021 --annex2 附件2.xlsx")
    keep_apart(options)
    with Publication(options.archive, options.output) as publication:
        publication.notices += about_open(options.roster)
        closings = Closings(options.archive)
        with durable.speaking(options.archive, ""):
            publication.notices += closings.recover(options.run_date.isoformat())
        if wish.reopen:
            done = _reopen(closings, options, wish)
        elif wish.annex2 is not None:
            done = _import(closings, options, wish, wish.annex2)
        else:
            done = _Closing(closings, publication, options, wish, progress).close()
        return dataclasses.replace(done, notices=(*publication.notices, *done.notices))


_PLACED = "的档案已经放好；排除后再运行一次，就会补记封存记录"


@contextlib.contextmanager
def _speaking(closed: YearFolder, where_there: str) -> Iterator[None]:
    """Turn the system's errors into one sentence that says how the year stands now."""
    try:
        yield
    except OSError as error:
        state = where_there if closed.is_there else "没有封存"
        raise OutputError(f"{durable.complaint(error, closed.folder)}{closed.year}年度{state}。") from None


# --- reopening ----------------------------------------------------------------------------------------------------------


def _reopen(closings: Closings, options: Options, wish: Wish) -> Closed:
    year = options.year or prepare(options)[1].batch.year
    closed = closings.year(year)
    last = closings.last_event(year)
    # A year whose folder was lost is opened again too, for there is no other way to close it anew.
    if not closed.is_there and (last is None or last["event"] != CLOSE):
        again = "已重新打开，尚未再封存" if closings.reopened(year) else "没有封存"
        raise UserError(f"{year}年度{again}，不需要重新打开。")
    later = "、".join(str(each) for each in closings.built_upon(year))
    steps = _Reopening(closed, options)
    with _speaking(closed, "仍是封存状态；如已记录重新打开，再运行一次就会接着完成"):
        place = closings.reopen(closed, who=wish.person, date=options.run_date.isoformat(), reason=wish.reason.strip())
    notices = (
        f"已封存的{later}年度是在{year}年度的基础上封存的，{year}年度有改动后，它的附件2和合计会与新的{year}年度对不上。"
        f"{year}年度再封存之后，请把{later}年度也重新打开、重新运行、再封存。",
    )
    return Closed(False, year, place, reopened=True, notices=notices if later else (), steps=steps.after(place))


class _Reopening:
    """What a person does after a year was opened again, so that it is closed with no less than before."""

    def __init__(self, closed: YearFolder, options: Options) -> None:
        self.year, self.options = closed.year, options
        self.roster = self.annex2 = ""
        self.same = False
        with contextlib.suppress(DamagedYear, OSError, KeyError):
            manifest = closed.manifest
            self.roster = str(manifest["roster"] or "")
            self.annex2 = str(manifest.get("annex2") or "") if closed.is_imported else ""
            # What was received later may lie beside it already; it is only asked whether all that was closed is still there.
            there = all("后来放进去" in each for each in closed.changes(found_in(options.input)))
            inside = self.roster.startswith(f"{INPUT}/")
            self.same = there and (inside or durable.surely_holds(options.roster, manifest["files"][self.roster]["sha256"]))

    def after(self, place: Path | None) -> tuple[str, ...]:
        """The steps in order, each a clause of a Chinese sentence; ``place`` is where the archive lies now."""
        again = f"python process.py close --year {self.year}"
        if self.annex2 and place is not None:
            return (
                f"改好附件2（原来导入的是“{place / self.annex2}”，请另存一份再改）",
                f"再导入、再封存：{again} --annex2 附件2.xlsx",
            )
        run = "双击运行" if started_by_launcher() else "运行 python process.py"
        folder = self.options.input.name or str(self.options.input)
        add, run, close = f"把补报、改正的文件放进 {folder}", f"{run}，核对结果", f"再封存：{again}"
        if self.same:
            # The files of the year still lie in the input folder: only what is new is to be added.
            return (add, run, close)
        kept = place / INPUT if place is not None else None
        source = f"把“{kept}”里的全部文件拷回 {folder}" if kept else f"把{self.year}年度的全部文件（连同当年的名册）放进 {folder}"
        inside = not self.roster or self.roster.startswith(f"{INPUT}/")
        roster = f"名册的“年度”应是{self.year}"
        if place is not None and not inside:
            roster = f"名册用“{place / self.roster}”，拷成 {folder} 里的 roster.xlsx"
        return (
            f"把 {folder} 里现在的文件连同名册移到别处放好",
            f"{source}（少拷了文件，其中的社区会从名单上消失）；{roster}",
            add,
            run,
            close,
            f"移走 {folder} 里的这些文件（已封存），把①的文件连同名册移回来（名册的“年度”又是现在办的年度）",
        )


# --- importing ----------------------------------------------------------------------------------------------------------


def _import(closings: Closings, options: Options, wish: Wish, form: Path) -> Closed:
    standard, roster = prepare(dataclasses.replace(options, year=None))
    year = options.year
    assert year is not None
    closings.real = True
    closed = closings.year(year)
    if closings.check_there(closed):
        return _imported_again(closings, closed, form, options, wish)
    filed = read_filed(form, year, standard, roster)
    if filed.year is None:
        lines = [f"附件2“{form.name}”没有导入，{year}年度没有封存：", *(f"  ● {line}" for line in filed.problems)]
        if roster.batch.year != year:
            lines.append(
                f"名册是{roster.batch.year}年度的；留有{year}年度名册的，可以按当年的名册导入（合并、拆分、撤销的社区也对得上）："
                f"python process.py close --year {year} --annex2 {form.name} --roster {year}年名册.xlsx"
            )
        raise UserError("\n".join(lines))
    before = closings.before_reopening(year)
    with _speaking(closings.year(year), _PLACED):
        number = closings.number(year)
        building = closings.building(year)
        try:
            kept, kept_roster = f"{INPUT}/{form.name}", f"{_ROSTER}/{options.roster.name}"
            _copy(form, building / kept)
            _copy(options.roster, building / kept_roster)
            _write(building / IMPORTED, imported_document(filed.year))
            _register(
                building, year, (), filed.year, roster, options.run_date, {"附件2校验码": durable.file_sha256(form)}, False
            )
            closings.make_way(closed, who=wish.person, date=options.run_date.isoformat())
            manifest = _manifest(year, options, wish, number, standard) | {
                "imported": True,
                "input": None,
                "roster": kept_roster,
                "annex2": kept,
                "sample": False,
            }
            closed = closings.seal(year, building, manifest)
        finally:
            durable.remove_tree(building)
    told = _dropped(before, filed.year) if before is not None else ""
    return Closed(True, year, closed.folder, tuple(closed.manifest["files"]), notices=(told,) if told else ())


def _imported_again(closings: Closings, closed: YearFolder, form: Path, options: Options, wish: Wish) -> Closed:
    """The year is closed: all is well where it was imported from this very form."""
    _check_sound(closings, closed)
    if not closed.manifest["imported"]:
        raise UserError(
            f"{closed.year}年度已于{closed.closed_words}，用的是审核结果，没有导入附件2，没有改动。{_how_to_reopen(closed)}"
        )
    if not form.is_file():
        raise UserError(f"找不到附件2文件“{form}”，请检查文件名是否写对。")
    kept = closed.manifest["files"].get(closed.manifest["annex2"])
    if kept is None or not durable.surely_holds(form, kept["sha256"]):
        raise _closed_already(closed)
    return _already(closings, closed, options, wish)


def _already(closings: Closings, closed: YearFolder, options: Options, wish: Wish) -> Closed:
    """Nothing to do, but that the officer has now looked at what was entered later."""
    confirmed = closings.confirm(closed, who=wish.person, date=options.run_date.isoformat())
    notices = (confirmed,) if confirmed else ()
    return Closed(True, closed.year, closed.folder, tuple(closed.manifest["files"]), already=True, notices=notices)


def _check_sound(closings: Closings, closed: YearFolder) -> None:
    """Raise where anything of a closed year is not as it was closed."""
    closings.check_manifest(closed)
    if told := closed.differences():
        raise UserError(
            f"{closed.year}年度已于{closed.closed_words}，但封存档案“{closed.folder}”与封存时不一致：{'；'.join(told)}。{restore(told)}。"
        )


def _closed_already(closed: YearFolder, changes: Sequence[str] = ()) -> UserError:
    where = named(changes)
    return UserError(f"{closed.year}年度已于{closed.closed_words}，内容与这次的不同{where}，没有改动。{_how_to_reopen(closed)}")


def _how_to_reopen(closed: YearFolder) -> str:
    return f"确需更改的，请先重新打开：python process.py close --year {closed.year} --reopen --reason 原因"


# --- closing ------------------------------------------------------------------------------------------------------------


class _Closing:
    """One closing of a year that was run."""

    def __init__(
        self, closings: Closings, publication: Publication, options: Options, wish: Wish, progress: Progress | None
    ) -> None:
        self.closings, self.publication, self.options, self.wish, self.progress = closings, publication, options, wish, progress
        self.standard, self.roster = prepare(dataclasses.replace(options, phase=ANNUAL))
        self.year = self.roster.batch.year

    def close(self) -> Closed:
        closed = self.closings.year(self.year)
        run = self._latest()
        self.closings.real = run is not None and not _document(run)["sample"]
        if self.closings.check_there(closed) and (run is None or closed.is_imported):
            return self._without_run(closed)
        if run is None:
            raise NothingToProcess(
                self._not_the_phase() or f"{self.year}年度的年度总结还没有运行过，没有可以封存的结果。{self._run_first('')}"
            )
        changes = self._changes(run)
        if self.closings.check_there(closed):
            return self._again(closed, run, changes)
        if changes:
            raise UserError(
                self._not_the_phase()
                or f"{self.year}年度的输入在上次运行之后有变动，没有封存：{'；'.join(changes)}。{self._run_first('重新')}"
            )
        document = _document(run)
        left = tuple(
            finding
            for finding in document["findings"]
            if finding["severity"] == Severity.SEND_BACK and finding.get("settled") is None
        )
        names = {unit["code"]: unit["name"] for unit in document["units"]}
        members = {each["code"]: each["name"] for each in document["communities"]}
        silent = silent_in(document)
        if left and not self.wish.accept_open:
            holders = frozenset(file["path"] for file in document["files"] if file["sha256"])
            return Closed(
                False, self.year, None, open=left, names=names, communities=members, silent=silent, holders=holders
            )
        earlier, notices = self.closings.earlier_years(self.standard, self.year)
        before = self.closings.before_reopening(self.year)
        with _speaking(closed, _PLACED):
            number = self.closings.number(self.year)
            building = self.closings.building(self.year)
            self.closings.make_way(closed, who=self.wish.person, date=self.options.run_date.isoformat())
            try:
                sealed = self._seal(building, number, run, document, earlier, left)
            finally:
                durable.remove_tree(building)
        files = tuple(sealed.manifest["files"])
        if before is not None and before.sample is bool(document["sample"]) and (told := _dropped(before, run_year(document, ""))):
            notices.append(told)
        return Closed(
            True, self.year, sealed.folder, files, left, tuple(notices), names=names, communities=members, silent=silent
        )

    @cached_property
    def _stated(self) -> tuple[int, str]:
        """Year and phase that the roster itself names."""
        batch = prepare(dataclasses.replace(self.options, year=None, phase=None))[1].batch
        return batch.year, batch.phase

    def _not_the_phase(self) -> str:
        """The sentence for whoever closes while the roster is at the self-evaluation; empty where that is not the reason."""
        year, phase = self._stated
        if phase == ANNUAL or self.options.phase is not None or year != self.year:
            return ""
        title = PHASE_TITLES[ANNUAL]
        return f"封存的是{title}；现在名册的阶段是“{PHASE_TITLES[phase]}”，不用封存。等{title}审核完了，再封存。"

    def _run_first(self, again: str) -> str:
        """How to run before closing: as the launcher does where the roster names this very batch, else with its options."""
        if self._stated == (self.year, ANNUAL):
            return "请再运行一次（双击），再封存。" if started_by_launcher() else f"请先{again}运行，再封存：python process.py"
        return f"请先{again}运行，再封存：python process.py --year {self.year} --phase {PHASE_TITLES[ANNUAL]}"

    def _latest(self) -> KeptRun | None:
        runs = self.publication.runs(f"{self.year}-{ANNUAL}")
        run = runs.latest()
        for folder in runs.damaged:
            self.publication.notices.append(f"运行记录“{folder}”读不出来或已损坏，没有使用它。")
        return run

    def _without_run(self, closed: YearFolder) -> Closed:
        """The year is closed, and no run of it is kept or it was imported: its archive alone tells what was closed."""
        _check_sound(self.closings, closed)
        if closed.manifest["imported"]:
            return self._as_it_is(closed)
        if changes := closed.changes(found_in(self.options.input)):
            raise self._differs(closed, changes)
        return self._as_it_is(closed)

    def _as_it_is(self, closed: YearFolder) -> Closed:
        return _already(self.closings, closed, self.options, self.wish)

    def _differs(self, closed: YearFolder, changes: Sequence[str]) -> UserError:
        if told := self._not_the_phase():
            return UserError(f"{self.year}年度已于{closed.closed_words}，没有改动。{told}")
        other, _ = self._stated
        return _closed_already(closed, changes) if other == self.year else of_another_year(closed, other)

    def _again(self, closed: YearFolder, run: KeptRun, changes: list[str]) -> Closed:
        """The year is closed: all is well where it is the same, and nothing of it has been changed."""
        _check_sound(self.closings, closed)
        if changes or closed.manifest["input"] != run.input_sha256 or not _same_results(closed.document(), _document(run)):
            raise self._differs(closed, changes or closed.changes(found_in(self.options.input)))
        return self._as_it_is(closed)

    def _changes(self, run: KeptRun) -> list[str]:
        """What of the input is not as it was when the run read it, each as a clause of a Chinese sentence."""
        expected = received(run)
        found = {name: path for name, path in found_in(self.options.input).items() if not durable.is_lock_mark(name)}
        told = []
        for name in sorted({*expected, *found}):
            if name not in found:
                told.append(f"“{name}”不见了")
            elif name not in expected:
                told.append(f"“{name}”是后来放进去的")
            elif expected[name] is not None and not durable.surely_holds(found[name], expected[name]):
                told.append(f"“{name}”被改动过")
        inside = any(same_file(path, self.options.roster) for path in found.values())
        if not inside and not durable.surely_holds(self.options.roster, run.manifest["input"]["roster"]):
            told.append(f"名册“{self.options.roster.name}”被改动过")
        return told

    def _seal(
        self,
        building: Path,
        number: int,
        run: KeptRun,
        document: Mapping[str, Any],
        earlier: list[ClosedYear],
        left: tuple[Mapping[str, Any], ...],
    ) -> YearFolder:
        found, roster = found_in(self.options.input), ""
        expected = {name: digest for name, digest in received(run).items() if digest is not None}
        steps = len(expected) + len(run.outputs)
        for step, (name, digest) in enumerate(expected.items()):
            self._tell(step, steps, name)
            if same_file(found[name], self.options.roster):
                roster = f"{INPUT}/{name}"
            # The name on the disk, not the label: two names may be shown alike, and one may be too long when spelt out.
            target = building / INPUT / found[name].relative_to(self.options.input)
            _copy(found[name], target)
            if not durable.surely_holds(target, digest):
                raise UserError(f"“{name}”在封存过程中被改动，{self.year}年度没有封存。请等文件不再变动后再封存。")
        if not roster:
            roster = f"{_ROSTER}/{self.options.roster.name}"
            _copy(self.options.roster, building / roster)
        for step, path in enumerate(run.outputs, len(expected)):
            self._tell(step, steps, path)
            target = building / RESULTS / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_read(run, path))
        origin = {"输入校验码": run.input_sha256, "标准": run.manifest["standard"]["id"], "程序版本": __version__}
        year = run_year(document, "")
        _register(building, self.year, earlier, year, self.roster, self.options.run_date, origin, bool(document.get("sample")))
        manifest = _manifest(self.year, self.options, self.wish, number, self.standard) | {
            "imported": False,
            "input": run.input_sha256,
            "roster": roster,
            "run": {"number": run.number, "date": run.manifest["run_date"], "program": run.manifest["program"]},
            "standard": run.manifest["standard"],
            "sample": bool(document.get("sample")),
            "accepted_open": [dict(finding) for finding in left],
        }
        return self.closings.seal(self.year, building, manifest)

    def _tell(self, step: int, steps: int, what: str) -> None:
        if self.progress:
            self.progress(step, steps, what)


def silent_in(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the units in a ``result.json`` that are asked for sheets and of which nothing counts.

    Units that stand on earlier lists whole owe no form and are not among them (``UnitResult.unreported``).
    """
    owing = {
        each["unit"] for each in document["communities"] if each["status"] == Status.MISSING and each.get("listed") is None
    }
    units = document["units"]
    return tuple(unit["name"] for unit in units if unit["state"] != UnitState.RECEIVED and unit["code"] in owing)


_DROPPED_NAMED = 5
"""How many communities that are green no longer a sentence names."""


def _dropped(before: ClosedYear, now: ClosedYear) -> str:
    """What the list of a year that was opened again lost since its last closing; empty where nothing."""
    green = {(unit.code, known) for unit in now.units for entry in unit.green for known in (entry.code, entry.name)}
    # A code that was put right in the roster makes no community another one.
    lost = [
        entry.name
        for unit in before.units
        for entry in unit.green
        if not {(unit.code, entry.code), (unit.code, entry.name)} & green
    ]
    if not lost:
        return ""
    named = "、".join(lost[:_DROPPED_NAMED]) + ("等" if len(lost) > _DROPPED_NAMED else "")
    return (
        f"比上次封存时少{len(lost)}个社区：{named}。请核对是不是漏了文件；"
        f"确是漏了的，请重新打开{now.year}年度，补齐后再运行、再封存。"
    )


def received(run: KeptRun) -> dict[str, str | None]:
    """SHA-256 of everything that lay in the input folder itself, by name; what was found inside archives and mails is part
    of those. None where nothing could be read (links, pipes, folders named like workbooks). Marks of open documents are no part of it."""
    files = {file["path"]: file["sha256"] for file in run.manifest["input"]["files"]}

    def inside(path: str) -> bool:
        parts = path.split("/")
        return any(files.get("/".join(parts[:depth])) is not None for depth in range(1, len(parts)))

    return {path: digest for path, digest in files.items() if not (inside(path) or durable.is_lock_mark(path))}


def _document(run: KeptRun) -> dict[str, Any]:
    try:
        return run.document()
    except DamagedRun:
        raise UserError(f"运行记录“{run.folder}”已损坏，没有封存。请重新运行后再封存。") from None


def _read(run: KeptRun, path: str) -> bytes:
    try:
        return run.read(path)
    except DamagedRun:
        raise UserError(f"运行记录“{run.folder}”已损坏，没有封存。请重新运行后再封存。") from None


def _same_results(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs came to the same figures and scores, whatever their dates."""
    return all(one.get(key) == other.get(key) for key in ("year", "phase", "region", "units", "communities", "standard"))


def _manifest(year: int, options: Options, wish: Wish, number: int, standard: Standard) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "year": year,
        "closed": options.run_date.isoformat(),
        "who": wish.person,
        "reason": wish.reason.strip(),
        "number": number,
        "program": __version__,
        "standard": {"id": standard.id, "sha256": standard.sha256},
    }


def _register(
    building: Path,
    year: int,
    earlier: Iterable[ClosedYear],
    this: ClosedYear,
    roster: Roster,
    date: datetime.date,
    origin: Mapping[str, str],
    sample: bool,
) -> None:
    """All communities of the lists up to this year that the roster still has, in its order, each once."""
    past = follow([*earlier, this], roster)
    scores = {(each.year, known.code): known.score for each in past.years for known in each.communities}
    entries = []
    traces: dict[str, list[Trace]] = {}
    for trace in past.traces:
        if trace.community is not None:
            traces.setdefault(trace.community.code, []).append(trace)
    for unit in roster.units:
        for community in roster.of_unit[unit.code]:
            own = traces.get(community.code, [])
            if not own:
                continue
            # Of a merger, those that stand on the earliest list.
            year_of_list = own[0].year
            known = [scores.get((trace.year, trace.listed.code)) for trace in own if trace.year == year_of_list]
            filed = _other_names([trace.listed.name for trace in own], community)
            codes = tuple(trace.listed.code for trace in own if trace.listed.code != community.code)
            entries.append(
                Entry(
                    unit.name,
                    community.code,
                    community.name,
                    tuple(dict.fromkeys(score for score in known if score is not None)),
                    year_of_list,
                    community.pilot,
                    (*community.former_names, *filed),
                    tuple(dict.fromkeys((*community.former_codes, *codes))),
                )
            )
    write_register(building / REGISTER, year, roster.batch.region, entries, date, origin, sample=sample)


def _other_names(names: Iterable[str], community: Community) -> tuple[str, ...]:
    """Those of ``names`` that the roster does not have for the community already, be it without 居民委员会."""
    known = {base_name(name) for name in (community.name, *community.former_names)}
    return tuple(name for name in dict.fromkeys(names) if base_name(name) not in known)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(target: Path, document: Mapping[str, Any]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
