"""What people open: each output lays out results and decides nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from greencomm.results import ReceivedFile, RegionResult, UnitResult
from greencomm.standard import ANNUAL, SELF_EVALUATION

Originals = Callable[[ReceivedFile], bytes | None]
"""The bytes of a received file exactly as they came; None where they cannot be had any more."""

_LONGEST_NAME = 180
"""Bytes of a unit's folder name, so that file names made from it stay below the 255 that systems allow."""
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@dataclass(frozen=True, slots=True)
class Made:
    """One output that was written: ``path`` relative to the folder, with ``/``."""

    role: str
    unit: str | None
    path: str


def write_outputs(folder: Path, result: RegionResult, originals: Originals | None = None) -> Iterator[Made]:
    """Write all outputs of a run below ``folder``, one after the other.

    ``originals`` gives the bytes of received files, which lie beside the workbooks that go back.
    """
    from greencomm.outputs import assessment, ledger, ranking
    from greencomm.outputs.annex2 import write_annex2, write_unit_annex2
    from greencomm.outputs.discrepancy import write_discrepancy
    from greencomm.outputs.ledger import write_ledger
    from greencomm.outputs.letters import Letters
    from greencomm.outputs.ranking import write_ranking
    from greencomm.outputs.returned import write_return
    from greencomm.outputs.sending import write_letter
    from greencomm.outputs.status import write_status
    from greencomm.outputs.trace import write_trace

    # Templates first: a slip in one of them stops the run before anything is written.
    letters = Letters(TEMPLATES / "letters")
    reports = assessment.Assessments(TEMPLATES, result)
    sent: dict[str, str] = {}
    checked: dict[str, str] = {}
    placed = write_annex2(folder / "annex2.xlsx", result, TEMPLATES / "annex2.xlsx")
    yield Made("annex2", None, "annex2.xlsx")
    write_trace(folder / "trace.xlsx", result, placed)
    yield Made("trace", None, "trace.xlsx")
    write_ledger(folder / f"{ledger.NAME}.xlsx", result)
    yield Made("ledger", None, f"{ledger.NAME}.xlsx")
    names = folder_names(result.units)
    lists = list(_achievement_lists(folder, result, names))
    yield from lists
    (folder / "assessment.docx").write_bytes(reports.region(_annexes(lists, None, result)))
    yield Made("assessment", None, "assessment.docx")
    for unit in result.units:
        name = names[unit.unit.code]
        place = folder / "units" / name
        place.mkdir(parents=True, exist_ok=True)
        path = f"units/{name}/{name}_差异报告.xlsx"
        write_discrepancy(folder / path, unit, result)
        checked[unit.unit.code] = path
        made = [Made("discrepancy", unit.unit.code, path)]
        made += [Made(role, unit.unit.code, path) for role, path in write_return(folder, name, unit, result, originals)]
        if result.phase == ANNUAL:
            # Units stamp and file Annex 2 in October only; what they file in August is 创建成果名单 (S-33).
            path = f"units/{name}/{name}_附件2.xlsx"
            write_unit_annex2(folder / path, unit, result, TEMPLATES / "annex2.xlsx")
            made.append(Made("unit_annex2", unit.unit.code, path))
        path = f"units/{name}/{name}_{assessment.KIND}.docx"
        (folder / path).write_bytes(reports.unit(unit, _annexes([*lists, *made], unit.unit.code, result)))
        made.append(Made("assessment", unit.unit.code, path))
        # Last, since a letter attaches what was made before it.
        made += write_letter(folder, f"units/{name}/{name}", unit, result, letters, made)
        sent[unit.unit.code] = next((each.path for each in made if each.role == "letter"), "")
        yield from made
    write_status(folder / "status.xlsx", result, sent)
    yield Made("status", None, "status.xlsx")
    write_ranking(folder / f"{ranking.NAME}.xlsx", result)
    yield Made("ranking", None, f"{ranking.NAME}.xlsx")
    yield from _overviews(folder, result, checked)


def _overviews(folder: Path, result: RegionResult, reports: dict[str, str]) -> Iterator[Made]:
    """The overview as a page and as a workbook; ``reports`` names each unit's discrepancy report by unit code."""
    from greencomm.outputs.overview import overview_of
    from greencomm.outputs.overview_book import write_overview_book
    from greencomm.outputs.overview_page import write_overview_page

    overview = overview_of(result)
    write_overview_page(folder / "overview.html", overview, reports, "overview.xlsx")
    yield Made("overview", None, "overview.html")
    write_overview_book(folder / "overview.xlsx", overview)
    yield Made("overview_workbook", None, "overview.xlsx")


def _annexes(made: Iterable[Made], unit: str | None, result: RegionResult) -> list[tuple[str, str]]:
    """Names and files of what is filed with a report: the region's, or the one of ``unit``."""
    titles = {"unit_annex2": result.standard.annex2.title, "achievement_list": "绿色社区创建成果名单"}
    filed = [(titles[each.role], PurePosixPath(each.path).name) for each in made if each.unit == unit and each.role in titles]
    if unit is None:
        filed = [*filed, (result.standard.annex2.title, "annex2.xlsx"), ("绿色社区创建报送台账", "报送台账.xlsx")]
    return filed


def _achievement_lists(folder: Path, result: RegionResult, names: dict[str, str]) -> Iterator[Made]:
    """The lists of the self-evaluation: the region's, and one of each unit that has a community."""
    from greencomm.outputs.achievement import NAME, write_achievement_list, write_unit_achievement_list

    if result.phase != SELF_EVALUATION:
        return
    write_achievement_list(folder / f"{NAME}.xlsx", result)
    yield Made("achievement_list", None, f"{NAME}.xlsx")
    for unit in result.units:
        if unit.urban_communities:
            name = names[unit.unit.code]
            (folder / "units" / name).mkdir(parents=True, exist_ok=True)
            path = f"units/{name}/{name}_{NAME}.xlsx"
            write_unit_achievement_list(folder / path, unit, result)
            yield Made("achievement_list", unit.unit.code, path)


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
