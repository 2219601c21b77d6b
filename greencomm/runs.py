"""Kept runs: what each run was given and what it made, under ``archive/runs/<year>-<phase>/<number>/``.

A kept run is a folder of files: ``manifest.json`` (hashes of input, standard and outputs, program version, run's date,
options), ``result.json`` as it was published, ``outputs.zip`` with every other output, and ``history.json``, what the next
run compares with (``history``; runs of earlier versions have none). Folders are numbered in order and appear by one rename,
so none is ever half there.

Reports about earlier runs compare with ``Runs.previous(before_input=…)``, the last run whose *input* differed: a run
that is repeated finds the same one again, and so changes no byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from greencomm import durable

if TYPE_CHECKING:
    from greencomm.results import RegionResult

SCHEMA = "greencomm-run/1"
RESULT, MANIFEST, OUTPUTS, HISTORY = "result.json", "manifest.json", "outputs.zip", "history.json"
_DIGITS = 4
_PACKED = (".xlsx", ".docx", ".eml")
"""Outputs that are packed already, or are letters with such a file attached: packing them once more costs more time than
everything else that is done to keep a run, and saves a sixth of the room (S-45)."""
_REMEMBERED = 50
"""How many runs back a file in the output folder is recognised as the program's own."""


class DamagedRun(Exception):
    """A kept run whose files are missing, unreadable or not what its manifest says."""


def manifest_of(
    result: RegionResult, options: Mapping[str, Any], program: str, outputs: Mapping[str, str]
) -> dict[str, Any]:
    """What is kept of a run besides its outputs; ``outputs`` maps paths to SHA-256, ``result.json`` included."""
    return {
        "schema": SCHEMA,
        "year": result.year,
        "phase": result.phase,
        "run_date": result.run_date.isoformat(),
        "program": program,
        "standard": {"id": result.standard.id, "sha256": result.standard.sha256},
        "local_standards": {own.id: own.sha256 for own in result.local_standards},
        "options": dict(options),
        "input": {
            "sha256": result.input_sha256,
            "roster": result.roster.sha256,
            "files": [{"path": file.path, "sha256": file.sha256} for file in result.files],
        },
        "outputs": dict(sorted(outputs.items())),
    }


def same_run(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two manifests tell of the same input, date, standard, program and outputs."""

    def essence(manifest: Mapping[str, Any]) -> list[Any]:
        keys = ("run_date", "program", "standard", "outputs")
        return [manifest["input"]["sha256"], *(manifest[key] for key in keys), manifest.get("local_standards", {})]

    return essence(one) == essence(other)


@dataclass(frozen=True)
class KeptRun:
    """One kept run; its manifest is read, its other files are checked when they are used."""

    number: int
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def input_sha256(self) -> str:
        """Combined hash of all that the run was given."""
        return str(self.manifest["input"]["sha256"])

    @property
    def outputs(self) -> dict[str, str]:
        """SHA-256 of every file that the run published, ``result.json`` included, by path."""
        return dict(self.manifest["outputs"])

    def document(self) -> dict[str, Any]:
        """The run's ``result.json``. Raises DamagedRun."""
        document: dict[str, Any] = json.loads(self.read(RESULT))
        return document

    def read(self, path: str) -> bytes:
        """Contents of one output by its path in ``outputs``. Raises DamagedRun."""
        expected = self.outputs.get(path)
        try:
            if path == RESULT:
                data = (self.folder / RESULT).read_bytes()
            else:
                with zipfile.ZipFile(self.folder / OUTPUTS) as kept:
                    data = kept.read(path)
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
            raise DamagedRun(str(self.folder)) from error
        if durable.bytes_sha256(data) != expected:
            raise DamagedRun(str(self.folder))
        return data

    @property
    def history_sha256(self) -> str | None:
        """SHA-256 of ``history.json``; None where the run kept none."""
        kept: Mapping[str, Any] = self.manifest["kept"]
        return str(kept[HISTORY]["sha256"]) if HISTORY in kept else None

    def history(self) -> bytes | None:
        """``history.json``; None where the run kept none. Raises DamagedRun."""
        if self.history_sha256 is None:
            return None
        try:
            data = (self.folder / HISTORY).read_bytes()
        except OSError as error:
            raise DamagedRun(str(self.folder)) from error
        if durable.bytes_sha256(data) != self.history_sha256:
            raise DamagedRun(str(self.folder))
        return data

    def open(self, path: str) -> io.BytesIO:
        """One output as a file to read, for example for a workbook reader. Raises DamagedRun."""
        return io.BytesIO(self.read(path))

    @cached_property
    def sound(self) -> bool:
        """Whether every file of the run is what its manifest says."""
        sizes: Mapping[str, Any] = self.manifest["kept"]
        return all(durable.surely_holds(self.folder / name, about["sha256"]) for name, about in sizes.items())


class Runs:
    """The kept runs of one batch (``2021-annual``), in order. What is damaged is passed over and named."""

    def __init__(self, archive: Path, target_name: str) -> None:
        self.folder = archive / "runs" / target_name
        self.damaged: list[Path] = []
        """Folders of runs that were found damaged, as they were come upon."""
        self._read: dict[int, KeptRun | None] = {}

    def numbers(self) -> list[int]:
        """Numbers that are taken, whole or damaged, ascending. Raises OSError where the folder cannot be read."""
        try:
            names = [entry.name for entry in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def next_folder(self) -> Path:
        """Where the next run is kept."""
        return self.folder / f"{max(self.numbers(), default=0) + 1:0{_DIGITS}d}"

    def get(self, number: int) -> KeptRun | None:
        """One run by its number; None where it is missing or damaged."""
        if number not in self._read:
            self._read[number] = self._load(number)
        return self._read[number]

    def newest_first(self) -> Iterator[KeptRun]:
        """Runs whose manifest can be read and whose files are all there, from the last one back."""
        for number in reversed(self.numbers()):
            run = self.get(number)
            if run:
                yield run

    def latest(self) -> KeptRun | None:
        """The last sound run; None where there is none."""
        return next(self.sound_ones(), None)

    def sound_ones(self) -> Iterator[KeptRun]:
        """Sound runs from the last one back; damaged ones come upon are noted."""
        for run in self.newest_first():
            if run.sound:
                yield run
            else:
                self._damage(run.folder)

    def previous(self, before_input: str) -> KeptRun | None:
        """The last sound run whose input was another than ``before_input`` (a combined hash)."""
        return self._first_sound(run for run in self.newest_first() if run.input_sha256 != before_input)

    def known_outputs(self) -> dict[str, set[str]]:
        """Hashes that the program gave to each path in recent runs: how its own files are told from changed ones."""
        known: dict[str, set[str]] = {}
        for run, _ in zip(self.newest_first(), range(_REMEMBERED), strict=False):
            for path, digest in run.outputs.items():
                known.setdefault(path, set()).add(digest)
        return known

    def _first_sound(self, runs: Iterable[KeptRun]) -> KeptRun | None:
        for run in runs:
            if run.sound:
                return run
            self._damage(run.folder)
        return None

    def _load(self, number: int) -> KeptRun | None:
        folder = self.path_of(number)
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
            outputs = manifest["outputs"]
            shaped = (
                manifest["schema"] == SCHEMA
                and isinstance(manifest["input"]["sha256"], str)
                and RESULT in outputs
                and all(durable.safe_name(path) and isinstance(digest, str) for path, digest in outputs.items())
                and {"run_date", "program", "standard"} <= manifest.keys()
                and {RESULT, OUTPUTS} <= set(manifest["kept"]) <= {RESULT, OUTPUTS, HISTORY}
                and all((folder / name).stat().st_size == about["size"] for name, about in manifest["kept"].items())
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            shaped = False
        if not shaped:
            self._damage(folder)
            return None
        return KeptRun(number, folder, manifest)

    def path_of(self, number: int) -> Path:
        """Where a run with this number is or would be kept."""
        plain = self.folder / f"{number:0{_DIGITS}d}"
        if plain.exists():
            return plain
        try:
            entries = [entry for entry in self.folder.iterdir() if entry.name.isascii() and entry.name.isdigit()]
        except FileNotFoundError:
            return plain
        return next((entry for entry in entries if int(entry.name) == number), plain)

    def _damage(self, folder: Path) -> None:
        if folder not in self.damaged:
            self.damaged.append(folder)


class Keeping:
    """A run that is being kept in ``folder``: outputs are added as they are made, ``finish`` writes the rest."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._added: set[str] = set()
        self._open = contextlib.ExitStack()
        stream = self._open.enter_context(durable.writing(folder / OUTPUTS))
        self._pieces = _Pieces(stream)
        self._zip = self._open.enter_context(zipfile.ZipFile(self._pieces, "w"))

    def add(self, path: str, file: Path) -> None:
        """Pack one output, whole in ``file``: straight to the disk, for all of a country's at once would not fit into memory."""
        entry = durable.zip_entry(path)
        entry.external_attr = 0o644 << 16
        packed = PurePosixPath(path).suffix in _PACKED
        self._zip.writestr(entry, file.read_bytes(), zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)
        self._pieces.release()
        self._added.add(path)

    def finish(self, manifest: Mapping[str, Any], files: Path, history: bytes | None = None) -> None:
        """Have all on the disk; ``files`` holds what the manifest lists as outputs, and those not added yet are."""
        with self._open:
            for path in sorted(manifest["outputs"].keys() - self._added - {RESULT}):
                self.add(path, files / path)
            self._zip.close()
            self._pieces.release()
        kept_files = {RESULT: (files / RESULT).read_bytes()}
        if history is not None:
            kept_files[HISTORY] = history
        about = {name: {"sha256": durable.bytes_sha256(data), "size": len(data)} for name, data in kept_files.items()}
        about[OUTPUTS] = {"sha256": self._pieces.sha256.hexdigest(), "size": self._pieces.released}
        text = json.dumps({**manifest, "kept": about}, ensure_ascii=False, indent=1) + "\n"
        for name, data in {**kept_files, MANIFEST: text.encode()}.items():
            durable.write_file(self.folder / name, data)

    def give_up(self) -> None:
        """Leave nothing open; what was written is of no use."""
        with contextlib.suppress(Exception), self._open:
            raise DamagedRun


class _Pieces(io.BytesIO):
    """A zip on its way to a file, a part at a time: the library goes back to a part's head when it is written, and what
    is released is hashed on its way, so that it need not be read again."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.stream, self.released, self.sha256 = stream, 0, hashlib.sha256()

    def tell(self) -> int:
        return self.released + super().tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.released + super().seek(offset - self.released if whence == io.SEEK_SET else offset, whence)

    def release(self) -> None:
        """Write what has come since the last time."""
        with self.getbuffer() as part:
            self.stream.write(part)
            self.sha256.update(part)
            self.released += len(part)
        super().seek(0)
        self.truncate()
