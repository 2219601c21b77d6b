"""What people open: each output lays out results and decides nothing."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from greencomm import durable
from greencomm.results import ReceivedFile, RegionResult, UnitResult
from greencomm.shares import Shares
from greencomm.standard import ANNUAL, SELF_EVALUATION

Originals = Callable[[ReceivedFile], bytes | None]
"""The bytes of a received file exactly as they came; None where they cannot be had any more."""

_LONGEST_NAME = 180
"""Bytes of a unit's folder name, so that file names made from it stay below the 255 that systems allow."""
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


_FEW_SHEETS = 20
"""Up to so many received sheets no process is worth its start."""


@dataclass(frozen=True, slots=True)
class Made:
    """One output that was written: ``path`` relative to the folder, with ``/``."""

    role: str
    unit: str | None
    path: str
    sha256: str = ""
    """Of its bytes, in hex; empty as long as nobody has worked it out."""


def write_outputs(
    folder: Path,
    result: RegionResult,
    originals: Originals | None = None,
    *,
    lost: Callable[[str], None] | None = None,
    processes: int | None = None,
    progress: Callable[[int], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Generator[Made, None, None]:
    """Write all outputs of a run below ``folder``.

    ``originals`` gives the bytes of received files, which lie beside the workbooks that go back; ``lost`` is called with the
    path of each that could not be had. The outputs of units are written by as many ``processes`` as there are cores (None),
    or here (0); ``progress`` is called with how many units are done, ``meanwhile`` once while
    others may be at work. The same bytes in every case.
    """
    from greencomm.outputs import ledger, ranking
    from greencomm.outputs.annex2 import write_annex2
    from greencomm.outputs.ledger import write_ledger
    from greencomm.outputs.ranking import write_ranking
    from greencomm.outputs.sending import letter_path
    from greencomm.outputs.status import write_status
    from greencomm.outputs.trace import write_trace

    def made(role: str, path: str) -> Made:
        return _hashed(folder, Made(role, None, path))

    # Templates first: a slip in one of them stops the run before anything is written.
    units = UnitOutputs(folder, result, originals)
    if processes is None and sum(len(unit.typed) for unit in result.units) <= _FEW_SHEETS:
        processes = 0
    with Shares(len(result.units), units, processes) as shared:
        placed = write_annex2(folder / "annex2.xlsx", result, TEMPLATES / "annex2.xlsx")
        yield made("annex2", "annex2.xlsx")
        write_trace(folder / "trace.xlsx", result, placed)
        yield made("trace", "trace.xlsx")
        write_ledger(folder / f"{ledger.NAME}.xlsx", result)
        yield made("ledger", f"{ledger.NAME}.xlsx")
        filed = list(_achievement_list(folder, result))
        yield from filed
        (folder / "assessment.docx").write_bytes(units.reports.region(_annexes(filed, None, result)))
        yield made("assessment", "assessment.docx")
        write_ranking(folder / f"{ranking.NAME}.xlsx", result)
        yield made("ranking", f"{ranking.NAME}.xlsx")
        for role, path in _overviews(folder, result, units.checked):
            yield made(role, path)
        letters = {unit.unit.code: letter_path(units.start(unit), unit, result) for unit in result.units}
        write_status(folder / "status.xlsx", result, letters)
        yield made("status", "status.xlsx")
        if meanwhile:
            meanwhile()
        for written, gone in shared.results(progress):
            yield from written
            for path in gone:
                if lost:
                    lost(path)


def make_ready() -> None:
    """Load what writing takes, and read the templates, so that :func:`write_outputs` finds it done.

    A mistake in a template is told there, when everything has been reviewed.
    """
    import greencomm.outputs.achievement
    import greencomm.outputs.annex2
    import greencomm.outputs.discrepancy
    import greencomm.outputs.ledger
    import greencomm.outputs.overview_book
    import greencomm.outputs.overview_page
    import greencomm.outputs.ranking
    import greencomm.outputs.returned
    import greencomm.outputs.sending
    import greencomm.outputs.status
    import greencomm.outputs.trace
    import greencomm.outputs.unit_annex2  # noqa: F401
    from greencomm.errors import UserError
    from greencomm.outputs import assessment
    from greencomm.outputs.letters import Letters

    with contextlib.suppress(UserError):
        Letters(TEMPLATES / "letters")
        assessment.templates(TEMPLATES)


class UnitOutputs:
    """Writes all that goes to one unit; called with its place in the order of Annex 2.

    Raises UserError where a template cannot be used, before anything is written.
    """

    def __init__(self, folder: Path, result: RegionResult, originals: Originals | None) -> None:
        from greencomm.outputs.assessment import Assessments
        from greencomm.outputs.letters import Letters
        from greencomm.outputs.unit_annex2 import UnitForms

        self.folder, self.result, self.originals = folder, result, originals
        self.letters = Letters(TEMPLATES / "letters")
        self.reports = Assessments(TEMPLATES, result)
        # Units stamp and file Annex 2 in October only; what they file in August is 创建成果名单 (S-33).
        self.forms = UnitForms(result, TEMPLATES / "annex2.xlsx") if result.phase == ANNUAL else None
        self.names = folder_names(result.units)
        self.checked = {code: f"units/{name}/{name}_差异报告.xlsx" for code, name in self.names.items()}
        """Each unit's discrepancy report by its code."""

    def __call__(self, number: int) -> tuple[list[Made], list[str]]:
        """What was written, and the paths of received files that could not be had any more."""
        from greencomm.outputs import assessment
        from greencomm.outputs.achievement import NAME, write_unit_achievement_list
        from greencomm.outputs.discrepancy import write_discrepancy
        from greencomm.outputs.returned import write_return
        from greencomm.outputs.sending import write_letter

        folder, result, unit = self.folder, self.result, self.result.units[number]
        code, name, start = unit.unit.code, self.names[unit.unit.code], self.start(unit)
        (folder / "units" / name).mkdir(parents=True, exist_ok=True)
        gone: list[str] = []
        filed = []
        if result.phase == SELF_EVALUATION and unit.urban_communities:
            write_unit_achievement_list(folder / f"{start}_{NAME}.xlsx", unit, result)
            filed.append(Made("achievement_list", code, f"{start}_{NAME}.xlsx"))
        write_discrepancy(folder / self.checked[code], unit, result)
        made = [Made("discrepancy", code, self.checked[code])]
        made += write_return(folder, name, unit, result, self._original(gone))
        if self.forms:
            self.forms.write(folder / f"{start}_附件2.xlsx", unit)
            made.append(Made("unit_annex2", code, f"{start}_附件2.xlsx"))
        path = f"{start}_{assessment.KIND}.docx"
        (folder / path).write_bytes(self.reports.unit(unit, _annexes([*filed, *made], code, result)))
        made.append(Made("assessment", code, path))
        made = [_hashed(folder, each) for each in (*filed, *made)]
        # Last, since a letter attaches what was made before it.
        made += write_letter(folder, start, unit, result, self.letters, made)
        return made, gone

    def start(self, unit: UnitResult) -> str:
        """What the paths of all that goes to a unit begin with: its folder, and its name."""
        name = self.names[unit.unit.code]
        return f"units/{name}/{name}"

    def _original(self, gone: list[str]) -> Originals | None:
        originals = self.originals
        if originals is None:
            return None

        def find(file: ReceivedFile) -> bytes | None:
            data = originals(file)
            if data is None:
                gone.append(file.path)
            return data

        return find


def _hashed(folder: Path, made: Made) -> Made:
    return made if made.sha256 else replace(made, sha256=durable.file_sha256(folder / made.path))


def _overviews(folder: Path, result: RegionResult, reports: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The overview as a page and as a workbook: role and path; ``reports`` names each unit's discrepancy report by unit code."""
    from greencomm.outputs.overview import overview_of
    from greencomm.outputs.overview_book import write_overview_book
    from greencomm.outputs.overview_page import write_overview_page

    overview = overview_of(result)
    write_overview_page(folder / "overview.html", overview, reports, "overview.xlsx")
    yield "overview", "overview.html"
    write_overview_book(folder / "overview.xlsx", overview)
    yield "overview_workbook", "overview.xlsx"


def _annexes(made: Iterable[Made], unit: str | None, result: RegionResult) -> list[tuple[str, str]]:
    """Names and files of what is filed with a report: the region's, or the one of ``unit``."""
    titles = {"unit_annex2": result.standard.annex2.title, "achievement_list": "绿色社区创建成果名单"}
    filed = [(titles[each.role], PurePosixPath(each.path).name) for each in made if each.unit == unit and each.role in titles]
    if unit is None:
        filed = [*filed, (result.standard.annex2.title, "annex2.xlsx"), ("绿色社区创建报送台账", "报送台账.xlsx")]
    return filed


def _achievement_list(folder: Path, result: RegionResult) -> Iterator[Made]:
    """The region's list of the self-evaluation."""
    from greencomm.outputs.achievement import NAME, write_achievement_list

    if result.phase == SELF_EVALUATION:
        write_achievement_list(folder / f"{NAME}.xlsx", result)
        yield _hashed(folder, Made("achievement_list", None, f"{NAME}.xlsx"))


def folder_names(units: tuple[UnitResult, ...]) -> dict[str, str]:
    """A folder name for each unit by code: its name, made legal on every system and unique."""
    taken: dict[str, str] = {}
    used: set[str] = set()
    for unit in units:
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f\ud800-\udfff]', "_", unit.unit.name).strip(" .")[:60]
        while len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
            name = name[:-1].strip(" .")
        name = name or unit.unit.code
        if re.fullmatch(r"(?i)con|prn|aux|nul|(com|lpt)[0-9¹²³]", name) or _folded(name) in used:
            name = f"{name}_{unit.unit.code}"
        used.add(_folded(name))
        taken[unit.unit.code] = name
    return taken


def _folded(name: str) -> str:
    """Equal for names that some system takes for the same: case and composed characters."""
    return unicodedata.normalize("NFC", name).casefold()
