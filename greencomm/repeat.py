"""A run on unchanged input: where all that results rest on is as it was, they are not made again (S-45).

After every whole run a record is left in the work folder of the archive: one hash (``basis``) of all that the results rest
on, and what the screen said. The next run that finds the same basis, the same kept run as the last of its batch, and the same closed years
and self-evaluation, only sees that its outputs stand; everything else is as if it had run. Whoever removes the record
loses nothing but time.

What may come out otherwise the next time (a file that could not be opened, or that took too long) leaves no record.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from greencomm import __version__, durable
from greencomm.adopted import standards_folder
from greencomm.archive import Publication
from greencomm.closings import Closings
from greencomm.intake.arrivals import Arrival
from greencomm.intake.collect import found_in
from greencomm.options import Options
from greencomm.past_years import ClosedYear
from greencomm.runs import MANIFEST, RESULT, KeptRun, Runs
from greencomm.standard import ANNUAL, SELF_EVALUATION, load_standard
from greencomm.summary import Summary

SCHEMA = "greencomm-repeat/1"
PACKAGE = Path(__file__).resolve().parent
TEMPLATES = PACKAGE.parent / "templates"
_SUMS = "sha256"


@dataclass(frozen=True)
class Repeated:
    """What a run on unchanged input leaves for the screen: the same as the run before it."""

    kept: KeptRun
    summary: Summary
    has_send_back: bool
    folder: Path
    notices: tuple[str, ...]

    @cached_property
    def document(self) -> dict[str, Any]:
        """``result.json``."""
        return self.kept.document()


# --- what results rest on -----------------------------------------------------------------------------------------------


def surroundings(options: Options) -> str:
    """One hash of what a run is made with: the program's own files, its templates and standard, Python and the libraries
    that are installed, and the folder of counties' own standards. Raises OSError."""
    digest = hashlib.sha256(json.dumps([__version__, sys.version, sys.platform, _libraries()]).encode())
    folder = options.standards or standards_folder(options.roster)
    for place in (PACKAGE, TEMPLATES, folder):
        for name in durable.files_below(place):
            if "__pycache__" not in name:
                digest.update(f"\n{place.name}/{name} {_sha256(f'{place}/{name}')}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


_digests: dict[str, tuple[tuple[int, ...], str]] = {}
"""Files that this process has read: what the system says of each, and its hash."""


def _sha256(path: str) -> str:
    """SHA-256 of a file, read once as long as the system says that nobody has written it: the program's own files are looked
    at before and after each run, in the national run 682 times."""
    about = os.stat(path)
    state = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
    kept = _digests.get(path)
    if kept is None or kept[0] != state:
        kept = _digests[path] = state, durable.file_sha256(Path(path))
    return kept[1]


def _libraries() -> list[str]:
    """Everything that is installed, with its version, as the names of its folders have it."""
    found: set[str] = set()
    for folder in sys.path:
        with contextlib.suppress(OSError):
            found.update(name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info")))
    return sorted(found)


def given(options: Options) -> dict[str, Any]:
    """The options that say what is to be reviewed. Where results go is none of them: they are put there."""
    return {
        "input": options.input.as_posix(),
        "roster": options.roster.as_posix(),
        "standards": options.standards.as_posix() if options.standards else None,
        "year": options.year,
        "phase": options.phase,
        "date": options.run_date.isoformat(),
    }


def roles(options: Options) -> dict[str, str] | None:
    """What lies in the input folder: by name whether it is the roster itself, one of the standards' files, or sent in.

    None where something is no plain file: what becomes of it, its contents alone do not say. Raises OSError.
    """
    known = {_identity(options.roster): "roster"}
    folder = options.standards or standards_folder(options.roster)
    for name in durable.files_below(folder):
        known.setdefault(_identity(folder / name), f"standard {name}")
    found: dict[str, str] = {}
    for name, path in found_in(options.input).items():
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            return None
        found[name] = known.get((about.st_dev, about.st_ino), "")
    return found


def _identity(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_dev, about.st_ino


def basis(options: Options, around: str, roster: str, files: Mapping[str, str], sha256: Mapping[str, str]) -> str:
    """One hash of all that results rest on, besides the archive; ``files`` as ``roles`` gives them."""
    rows = [[name, role, sha256[name]] for name, role in sorted(files.items())]
    text = json.dumps([given(options), around, roster, rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# --- the record ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """What is remembered of the last run of a batch."""

    basis: str
    options: dict[str, Any]
    name: str
    """``2021-annual``."""
    number: int
    """Of the kept run, with the hash of its manifest."""
    manifest: str
    real: bool
    """Closings.real."""
    earlier: list[list[Any]]
    """Year and manifest's hash of each closed year that was used."""
    self_evaluation: str | None
    """Hash of the self-evaluation's ``result.json`` that was compared with."""
    has_send_back: bool
    summary: dict[str, Any]


def _place(archive: Path, name: str) -> Path:
    return archive / "work" / f"repeat-{name}.json"


def _load(path: Path) -> Record | None:
    try:
        document = json.loads(path.read_bytes())
        kept = document["record"]
        if document["schema"] == SCHEMA and document[_SUMS] == _sum(kept):
            return Record(**kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _sum(kept: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


class Watch:
    """Follows one whole run, so that at its end it can be said what the results rest on."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.around = self._around()

    def _around(self) -> str | None:
        try:
            return surroundings(self.options)
        except OSError:
            return None

    def remember(
        self,
        publication: Publication,
        name: str,
        arrivals: Sequence[Arrival],
        roster: str,
        *,
        real: bool,
        earlier: Sequence[ClosedYear],
        self_evaluation: str | None,
        has_send_back: bool,
        summary: Summary,
    ) -> None:
        """Leave the record of a run that was published, unless something may come out otherwise the next time."""
        archive = publication.archive
        with contextlib.suppress(OSError):
            own = self._basis(arrivals, roster)
            number = max(publication.runs(name).numbers(), default=0)
            if own is None or not number:
                return
            manifest = durable.file_sha256(publication.runs(name).path_of(number) / MANIFEST)
            years = [[year.year, year.manifest_sha256] for year in earlier]
            record = Record(
                own, given(self.options), name, number, manifest, real, years, self_evaluation, has_send_back, asdict(summary)
            )
            kept = json.loads(json.dumps(asdict(record)))
            text = json.dumps({"schema": SCHEMA, _SUMS: _sum(kept), "record": kept}, ensure_ascii=False)
            durable.write_file(_place(archive, name), text.encode("utf-8", "surrogatepass"))

    def _basis(self, arrivals: Sequence[Arrival], roster: str) -> str | None:
        """By the hashes of what was read, never of what lies there now."""
        files = roles(self.options)
        if files is None or self.around is None or self.around != self._around():
            return None
        read = {arrival.path: arrival.sha256 for arrival in arrivals if arrival.sha256 is not None and arrival.path in files}
        if read.keys() != files.keys() or any(arrival.by_chance for arrival in arrivals):
            return None
        return basis(self.options, self.around, roster, files, read)


# --- the next run -------------------------------------------------------------------------------------------------------


def find(
    watch: Watch, publication: Publication, closings: Closings, roster_year: Callable[[], int]
) -> Repeated | None:
    """See that all is as after the last run, and that its outputs stand; None where a whole run is needed.

    Raises what a whole run would: DamagedYear, UserError for a closed year, OutputError. ``closings.real`` is set only where
    nothing more is to be done; ``roster_year`` as for ``Closings.guard``.
    """
    options = watch.options
    asked = given(options)
    records = [record for path in sorted((publication.archive / "work").glob("repeat-*.json")) if (record := _load(path))]
    records = [record for record in records if record.options == asked]
    try:
        present = _present(watch) if records else None
        record = next((record for record in records if record.basis == present), None)
        kept = _kept(record, publication.runs(record.name)) if record else None
    except OSError:
        return None
    if record is None or kept is None:
        return None
    return _repeated(record, kept, options, publication, closings, roster_year)


def _present(watch: Watch) -> str | None:
    """The basis as things are now."""
    options, files = watch.options, roles(watch.options)
    if files is None or watch.around is None:
        return None
    found = found_in(options.input)
    sha256 = {name: durable.file_sha256(found[name]) for name in files}
    return basis(options, watch.around, durable.file_sha256(options.roster), files, sha256)


def _kept(record: Record, runs: Runs) -> KeptRun | None:
    """The run of the record where it is still the last one, and sound."""
    if max(runs.numbers(), default=0) != record.number:
        return None
    kept = runs.latest()
    if kept is None or kept.number != record.number or durable.file_sha256(kept.folder / MANIFEST) != record.manifest:
        return None
    return kept


def _repeated(
    record: Record,
    kept: KeptRun,
    options: Options,
    publication: Publication,
    closings: Closings,
    roster_year: Callable[[], int],
) -> Repeated | None:
    year, phase = int(kept.manifest["year"]), str(kept.manifest["phase"])
    known = Closings(options.archive, real=record.real)
    earlier, notices = known.earlier_years(load_standard(), year)
    if [[each.year, each.manifest_sha256] for each in earlier] != record.earlier:
        return None
    runs = publication.runs(f"{year}-{SELF_EVALUATION}")
    if phase == ANNUAL:
        with durable.speaking(publication.archive):
            before = runs.latest()
        if (before.outputs[RESULT] if before else None) != record.self_evaluation:
            return None
    # The input is that of the kept run: only where the closed one is another is the roster asked for its year.
    said = known.guard(year, kept.input_sha256, found_in(options.input) if phase == ANNUAL else {}, earlier, roster_year)
    closings.real = record.real
    publication.notices += [*notices, *([said] if said else [])]
    if phase == ANNUAL:
        publication.name_damage(runs)
    publication.confirm(record.name, kept)
    summary = Summary.of(record.summary)
    return Repeated(kept, summary, record.has_send_back, options.output / record.name, tuple(publication.notices))
