"""The whole run on one page: input → workbooks → entries → findings and scores → results → outputs.

Nothing here prints or reads the clock: the run's date comes in with the options.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greencomm import __version__, durable, repeat
from greencomm.adopted import Adopted, adopt, standards_folder
from greencomm.archive import Publication
from greencomm.closings import Closings
from greencomm.document import Output, begin, end, result_document
from greencomm.errors import NothingToProcess, UserError
from greencomm.findings import Severity
from greencomm.history import BadHistory, History, load
from greencomm.history import dump as dump_history
from greencomm.intake.arrivals import Arrival
from greencomm.intake.collect import Progress, collect, found_in, open_named
from greencomm.intake.labels import disk_label
from greencomm.intake.originals import original
from greencomm.options import Options as Options
from greencomm.past_years import ClosedYear
from greencomm.ranking import ranking_rule
from greencomm.repeat import Repeated
from greencomm.results import ReceivedFile, RegionResult
from greencomm.review.phases import compare
from greencomm.review.submissions import has_real
from greencomm.roster import Roster, load_roster
from greencomm.rules import CHECK_FAILED
from greencomm.runs import RESULT, DamagedRun, Runs, manifest_of
from greencomm.standard import ANNUAL, SELF_EVALUATION, Standard, load_standard
from greencomm.summary import Summary, summary_of

if TYPE_CHECKING:
    from greencomm.review.ahead import Ahead


@dataclass(frozen=True)
class Outcome:
    """What a run leaves for the screen."""

    result: RegionResult
    document: dict[str, Any]
    folder: Path | None = None
    notices: tuple[str, ...] = ()
    """What the person should know about earlier runs and their outputs, in Chinese."""

    @property
    def has_send_back(self) -> bool:
        """Whether some county has something to correct: exit status 1."""
        return any(
            finding.severity is Severity.SEND_BACK and finding.settlement is None for finding in self.result.findings
        )

    @cached_property
    def summary(self) -> Summary:
        """What the screen says of a run."""
        return summary_of(self.result, has_send_back=self.has_send_back)


def prepare(options: Options) -> tuple[Standard, Roster]:
    """Standard and roster of the batch; year and phase from the options where given."""
    standard = load_standard()
    roster = load_roster(options.roster, standard)
    year, phase = options.year or roster.batch.year, options.phase or roster.batch.phase
    deadlines = {
        key: day if day.year == year else standard.deadline(key).in_year(year) for key, day in roster.batch.deadlines.items()
    }
    batch = dataclasses.replace(roster.batch, year=year, phase=phase, deadlines=deadlines)
    return standard, dataclasses.replace(roster, batch=batch)


def roster_year(options: Options) -> int:
    """The year that the roster itself names, whatever was asked for."""
    return prepare(dataclasses.replace(options, year=None))[1].batch.year


def adopted_by(options: Options, standard: Standard, roster: Roster) -> Adopted:
    """The standard of each unit: the prefecture's, or the one that the roster names (D-14)."""
    return adopt(options.standards or standards_folder(options.roster), standard, roster)


def run(options: Options, progress: Progress | None = None) -> Outcome | Repeated:
    """The main job: review ``input/`` and write ``output/<year>-<phase>/`` as a whole; where nothing has changed since the
    last run, only see that its outputs stand (``repeat``)."""
    return _whole_or_again(options, progress, afresh=False)


def run_afresh(options: Options, progress: Progress | None = None) -> Outcome:
    """The same, and everything is read and written once more even where nothing has changed."""
    outcome = _whole_or_again(options, progress, afresh=True)
    assert isinstance(outcome, Outcome)
    return outcome


def _whole_or_again(options: Options, progress: Progress | None, *, afresh: bool) -> Outcome | Repeated:
    if not options.input.is_dir():
        raise UserError(f"找不到输入文件夹“{options.input}”，请新建它并把各县市报送的文件放进去。")
    keep_apart(options)
    with _seldom_searching():
        return _run(options, progress, afresh=afresh)


@contextlib.contextmanager
def _seldom_searching() -> Iterator[None]:
    """Let Python look for rubbish seldom: what a batch makes is millions of small objects that all stay.

    With the usual thresholds a fifth of the time goes there. What was read and reviewed is frozen (``gc.freeze``) and never
    looked through again; what writing leaves in circles is still found.
    """
    before = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


_SELDOM = (50_000, 10, 10)
"""Thresholds of Python's three generations."""


def _run(options: Options, progress: Progress | None, *, afresh: bool) -> Outcome | Repeated:
    watch = repeat.Watch(options)
    # From here on no other run is at work, and what an interrupted one left is finished or cleared.
    with Publication(options.archive, options.output) as publication:
        closings = Closings(options.archive)
        with durable.speaking(options.archive):
            publication.notices += closings.recover(options.run_date.isoformat())
        publication.notices += about_open(options.roster)
        if not afresh and (repeated := repeat.find(watch, publication, closings, lambda: roster_year(options))):
            return repeated
        standard, roster = prepare(options)
        ranking_rule()  # A mistake in it is told before anything is read.
        adopted = adopted_by(options, standard, roster)
        step = _Steps(progress, len(roster.units))
        begun = _Begun(roster, adopted)
        arrivals = collect(
            options.input, options.roster, standard, step.read,
            standards=adopted.files, meanwhile=_load_review, arrived=begun.look_at,
        )  # fmt: skip
        gc.freeze()
        if not any(arrival.form or arrival.refused for arrival in arrivals):
            raise NothingToProcess(f"“{options.input}”中还没有各县市报送的工作簿，请把收到的附件放进去后再运行。")
        closings.real = has_real(arrivals)
        earlier = _earlier(closings, standard, roster, publication)
        name = f"{roster.batch.year}-{roster.batch.phase}"
        with durable.speaking(options.archive):
            history = last_history(publication.runs(name), roster, sample=not closings.real)
        result, history = _review(arrivals, adopted, roster, options, history, earlier, begun.ahead)
        del begun
        for arrival in arrivals:
            # What was read is in the results now; a country's forms are too many to be kept twice.
            arrival.form = None
        # What is closed is the annual summary's input: against the self-evaluation's folder every file would differ.
        found = found_in(options.input) if result.phase == ANNUAL else {}
        if said := closings.guard(result.year, result.input_sha256, found, earlier, lambda: roster_year(options)):
            publication.notices.append(said)
        result, self_evaluation = _with_self_evaluation(result, publication)
        gc.freeze()
        outcome, whole = publish(result, history, options, publication, step.wrote)
        with _results_stand(outcome):
            if whole and not any(finding.rule == CHECK_FAILED.code for finding in result.findings):
                watch.remember(
                    publication, name, arrivals, roster.sha256, real=closings.real, earlier=earlier,
                    self_evaluation=self_evaluation, has_send_back=outcome.has_send_back, summary=outcome.summary,
                )  # fmt: skip
        return outcome


@contextlib.contextmanager
def _results_stand(outcome: Outcome) -> Iterator[None]:
    """Whatever ends the run from here on (Ctrl-C, a mistake of ours): nobody shall hear that the old results are unchanged."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"新的结果已经写好，在“{outcome.folder}”文件夹中。")
        raise


class _Steps:
    """How far a run is, reading and writing together: a file read and a unit's outputs written cost about the same."""

    def __init__(self, progress: Progress | None, units: int) -> None:
        self.progress, self.units, self.files = progress, units, 0

    def read(self, done: int, files: int, what: str) -> None:
        """So many files of all are read."""
        self.files = files
        if self.progress:
            self.progress(done, files + self.units, what)

    def wrote(self, done: int) -> None:
        """The outputs of so many units are written."""
        if self.progress:
            self.progress(self.files + done, self.files + self.units, "正在写出结果")


class _Begun:
    """The review as far as it goes while files are still being read."""

    def __init__(self, roster: Roster, adopted: Adopted) -> None:
        self.roster, self.adopted = roster, adopted

    @cached_property
    def ahead(self) -> Ahead:
        """What was done; made when the first file arrives, by when the review is loaded (``_load_review``)."""
        from greencomm.review.ahead import Ahead

        return Ahead(self.roster, self.adopted.of)

    def look_at(self, arrivals: Sequence[Arrival]) -> None:
        """One file has been read, with all that lies within."""
        self.ahead.look_at(arrivals)


def _load_review() -> None:
    """Have pandas, the outputs' libraries and the templates loaded while the workers read."""
    import greencomm.review.region  # noqa: F401
    from greencomm.outputs import make_ready

    make_ready()


def _earlier(closings: Closings, standard: Standard, roster: Roster, publication: Publication) -> list[ClosedYear]:
    earlier, notices = closings.earlier_years(standard, roster.batch.year)
    publication.notices += notices
    return earlier


def _with_self_evaluation(result: RegionResult, publication: Publication) -> tuple[RegionResult, str | None]:
    """In the annual phase, the result with what changed since the last kept self-evaluation of the year (D-13); the hash of
    that one's ``result.json``."""
    if result.phase != ANNUAL:
        return result, None
    runs = publication.runs(f"{result.year}-{SELF_EVALUATION}")
    with durable.speaking(publication.archive):
        kept = runs.latest()
        publication.name_damage(runs)
        try:
            document = kept.document() if kept else None
        except DamagedRun:
            # Damaged between two looks: as if it were not there, and named by the next run.
            return result, None
    sha256 = kept.outputs[RESULT] if kept else None
    if document is None or document["sample"] != result.sample:
        # A run of the shipped samples says nothing about real workbooks.
        return result, sha256
    return dataclasses.replace(result, since=compare(document, result)), sha256


def about_open(roster: Path) -> list[str]:
    """What to say where somebody has the roster open: what is not saved yet takes no part."""
    if not durable.is_open_elsewhere(roster):
        return []
    return ["名册正在 Excel 或 WPS 中打开，这次按上次保存的内容办；没有保存的请保存、关闭后再运行。"]


def keep_apart(options: Options) -> None:
    """Refuse folders within each other: results would be read as submissions, or records lie among results."""
    input, output, archive = (path.resolve() for path in (options.input, options.output, options.archive))
    for inner, word in ((output, "结果文件夹"), (archive, "运行记录文件夹")):
        if inner.is_relative_to(input):
            raise UserError(f"{word}“{inner.name}”不能放在输入文件夹“{options.input}”里面，请用另外的文件夹。")
    if archive.is_relative_to(output):
        raise UserError(f"运行记录文件夹“{archive.name}”不能放在结果文件夹“{options.output}”里面，请用另外的文件夹。")


def check(paths: Sequence[Path], options: Options, progress: Progress | None = None) -> Outcome:
    """The same review of single workbooks before they are sent: what a run finds about them and their units; writes nothing."""
    standard, roster = prepare(options)
    adopted = adopted_by(options, standard, roster)
    named = review_names(paths, options.input)
    arrivals = open_named({disk_label(name): path for name, path in named.items()}, options.roster, standard, progress)
    for arrival in arrivals:
        if arrival.is_roster:
            # A run uses it; here somebody took it for a workbook of a county.
            arrival.is_roster, arrival.ignored = False, "这是名册，不是填报工作簿"
    if not any(arrival.form or arrival.refused for arrival in arrivals):
        idle = next(arrival for arrival in arrivals if arrival.ignored)
        raise NothingToProcess(f"没有可以自查的填报工作簿：“{idle.path}”没有审核，因为{idle.ignored}。")
    names = {arrival.path for arrival in arrivals}
    real = has_real(arrivals)
    earlier, _ = Closings(options.archive, real=real).earlier_years(standard, roster.batch.year)
    history = _history_to_read(options, roster, sample=not real)
    whole, _ = _review(arrivals, adopted, roster, options, history, earlier)
    concerned = {file.unit for file in whole.files if file.unit is not None}
    units = tuple(unit for unit in whole.units if unit.unit.code in concerned)
    # As the units' reports have them: what hangs on the region's ratio shows only beside all other units' files.
    own = [finding for unit in units for finding in unit.findings]
    others = [f for f in whole.findings if f.place.unit not in concerned and f.place.file in names]
    result = dataclasses.replace(whole, units=units, findings=(*own, *others))
    document = result_document(result, [])
    # The files of some units say nothing of the region's result.
    unknown = dict.fromkeys(("green", "completion_ratio", "combined", "combined_ratio"))
    document["region"] |= unknown | {"urban_communities": whole.urban_communities, "targets": []}
    return Outcome(result, document)


def review_names(paths: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Each file once, by the name that findings call it: as a run names it in the input folder, elsewhere its own name.

    Where that is not enough to tell files apart, names begin with as many folders as it takes.
    """
    files = dict.fromkeys(path.parent.resolve() / path.name for path in paths)
    home = folder.resolve()
    inside = {path.relative_to(home).as_posix(): path for path in files if path.is_relative_to(home)}
    others = [path for path in files if not path.is_relative_to(home)]
    depth = 1
    while len(named := inside | {"/".join(path.parts[-depth:]): path for path in others}) < len(files):
        depth += 1
    return named


def last_history(runs: Runs, roster: Roster, *, sample: bool) -> History:
    """What the last sound run of samples, or of real workbooks, left; an empty history where there is none that can be read."""
    for run in runs.sound_ones():
        try:
            if run.document()["sample"] is sample:
                data = run.history()
                return load(data, roster) if data is not None else History()
        except (BadHistory, DamagedRun, KeyError):
            return History()
    return History()


def _history_to_read(options: Options, roster: Roster, *, sample: bool) -> History:
    """The history where there is an archive; nothing is locked or written, and what cannot be read counts as none."""
    try:
        return last_history(Runs(options.archive, f"{roster.batch.year}-{roster.batch.phase}"), roster, sample=sample)
    except OSError:
        return History()


def _review(
    arrivals: Sequence[Arrival],
    adopted: Adopted,
    roster: Roster,
    options: Options,
    history: History,
    earlier: Sequence[ClosedYear],
    ahead: Ahead | None = None,
) -> tuple[RegionResult, History]:
    from greencomm.review.region import review_after

    return review_after(history, arrivals, roster, adopted.standard, adopted.of, options.run_date, earlier, ahead)


def publish(
    result: RegionResult,
    history: History,
    options: Options,
    publication: Publication,
    progress: Callable[[int], None] | None = None,
) -> tuple[Outcome, bool]:
    """Write every output aside, then keep the run and put all in place; also whether every received file was still there."""
    from greencomm.outputs import write_outputs

    name, gone = f"{result.year}-{result.phase}", list[str]()
    written: list[bytes] = []

    def meanwhile() -> None:
        # While other processes write what units get: all that does not hang on it.
        written.extend((begin(result_document(result, [])), dump_history(history)))

    with durable.speaking(publication.building):
        outputs: list[Output] = []
        making = write_outputs(
            publication.building, result, _originals(options.input), lost=gone.append, progress=progress, meanwhile=meanwhile
        )
        # Closed whatever happens: it may have processes at work.
        with contextlib.closing(making):
            for made in making:
                publication.take(made.path)
                outputs.append(Output(made.role, made.unit, made.path, made.sha256))
        document = result_document(result, outputs)
        kept_history = written.pop()
        (publication.building / RESULT).write_bytes(written.pop() + end(document))
        files = publication.made({output.path: output.sha256 for output in outputs})
    publication.publish(name, manifest_of(result, _as_given(options), __version__, files), kept_history)
    notices = [
        f"“{path}”在运行过程中被移走或改动，退回修改的工作簿旁边没有附上它的原件；请把它放回输入文件夹后再运行一次。" for path in gone
    ]
    return Outcome(result, document, options.output / name, (*publication.notices, *notices)), not gone


def _originals(folder: Path) -> Callable[[ReceivedFile], bytes | None]:
    """Gives the bytes of received files out of the input folder; None for one that is gone."""
    named = found_in(folder)
    return lambda file: original(file.path, file.sha256, named)


def _as_given(options: Options) -> dict[str, Any]:
    """The options as a kept run remembers them."""
    return {
        "input": options.input.as_posix(),
        "roster": options.roster.as_posix(),
        "year": options.year,
        "phase": options.phase,
        "standards": options.standards.as_posix() if options.standards else None,
    }
