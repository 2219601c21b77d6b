"""``python process.py replay``: what another standard would make of a year's submissions, without touching any result.

The same files are reviewed twice, by the standards that held and with the one on trial; the difference is told community by
community and clause by clause. Nothing is kept, published or closed (S-31).
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from greencomm import durable
from greencomm.adopted import Adopted
from greencomm.batch import Options, adopted_by, prepare
from greencomm.closings import INPUT, RESTORE, Closings, DamagedYear, damage_notices, files_of
from greencomm.errors import NothingToProcess, UserError
from greencomm.intake.collect import Progress, collect
from greencomm.results import CommunityResult, RegionResult, ratio_text
from greencomm.review.region import review
from greencomm.review.trial import Replay, moves_between
from greencomm.roster import Roster, Unit
from greencomm.standard import ANNUAL, Standard, load_any_standard
from greencomm.texts import normal_label

SCHEMA = "greencomm-replay/1"


def replay(options: Options, trial: Path, names: Sequence[str] = (), progress: Progress | None = None) -> Replay:
    """Review ``options.input`` as it was and with the standard in ``trial``; writes nothing.

    A prefecture's standard is tried on every unit without one of its own; a county's on the units that the roster gives it
    to, where there are none on all that follow the prefecture's. ``names`` (of units, or their codes) picks others.
    """
    if not options.input.is_dir():
        raise UserError(
            f"找不到文件夹“{options.input}”。封存过的年度可以直接重算；没有封存的，请用 --input 指明当时各县市报送的文件所在的文件夹。"
        )
    candidate = load_any_standard(trial)
    standard, roster = prepare(options)
    adopted = adopted_by(options, standard, roster)
    tried = _units_on_trial(candidate, roster, adopted, names)
    arrivals = collect(options.input, options.roster, standard, progress, standards=adopted.files)
    if not any(arrival.form for arrival in arrivals):
        raise NothingToProcess(f"“{options.input}”中没有可以重算的填报工作簿。")
    own = {**adopted.own, **{unit.code: candidate for unit in tried}}
    before = review(arrivals, roster, standard, adopted.of, options.run_date)
    # Where no unit is left without one, the prefecture's standard is only the region's: targets, words of Annex 2.
    region = candidate if candidate.base is None else standard
    after = review(arrivals, roster, region, Adopted(standard, own).of, options.run_date)
    codes = tuple(unit.code for unit in tried)
    return Replay(candidate, codes, before, after, tuple(moves_between(before, after, codes)))


def _units_on_trial(candidate: Standard, roster: Roster, adopted: Adopted, names: Sequence[str]) -> list[Unit]:
    if names:
        return [_unit_called(name, roster) for name in dict.fromkeys(names)]
    following = [unit for unit in roster.units if unit.code not in adopted.own]
    if candidate.base is None:
        if not following:
            raise UserError("名册中的单位都有自定的标准，没有按州标准评分的单位可以试算；请用 --unit 指明单位，例如：--unit 楚雄市")
        return following
    called = {normal_label(text) for text in (candidate.id, candidate.file_name, Path(candidate.file_name).stem)}
    given = [unit for unit in roster.units if normal_label(unit.standard) in called]
    return given or following


def _unit_called(name: str, roster: Roster) -> Unit:
    unit = roster.unit_by_any_name.get(name) or roster.unit_by_any_code.get(name)
    if unit is None:
        known = "、".join(unit.name for unit in roster.units)
        raise UserError(f"名册中没有填报单位“{name}”，现有：{known}。例如：--unit {roster.units[0].name}")
    return unit


# --- what is told ---------------------------------------------------------------------------------------------------------


def replay_document(replay: Replay) -> dict[str, Any]:
    """The replay as plain values for other programs."""
    before, after = replay.before, replay.after
    return {
        "schema": SCHEMA,
        "year": before.year,
        "phase": before.phase,
        "standard": {"id": replay.trial.id, "sha256": replay.trial.sha256},
        "input": {"sha256": before.input_sha256, "roster": before.roster.sha256},
        "sample": before.sample,
        "region": {"before": _region(before), "after": _region(after)},
        "units": [
            {
                "code": one.unit.code,
                "name": one.unit.name,
                "standard": before.standard_of(one).id,
                "before": {"green": len(one.green), "completion_ratio": ratio_text(one.completion_ratio)},
                "after": {"green": len(other.green), "completion_ratio": ratio_text(other.completion_ratio)},
            }
            for one, other in replay.units
        ],
        "received": replay.received,
        "communities": [
            {
                "code": move.before.community.code,
                "name": move.before.community.name,
                "unit": move.unit.code,
                "before": _community(move.before),
                "after": _community(move.after),
                "clauses": [
                    {"clause": each.clause, "name": each.name, "state": each.state, "before": each.before, "after": each.after}
                    for each in move.clauses
                ],
                "reasons": list(move.reasons),
            }
            for move in replay.moves
        ],
    }


def _region(result: RegionResult) -> dict[str, Any]:
    return {"green": result.green_count, "completion_ratio": ratio_text(result.completion_ratio)}


def _community(result: CommunityResult) -> dict[str, Any]:
    return {
        "status": result.status.value,
        "assessed_score": result.assessed_score,
        "lowest": result.lowest,
        "highest": result.highest,
    }


def write_workbook(path: Path, done: Replay, options: Options) -> None:
    """Write the replay as a workbook, whole or not at all; never among what was received, kept or published."""
    if path.suffix.lower() != ".xlsx" or path.is_dir():
        raise UserError(f"“{path}”应是一个工作簿的文件名，例如：--output 试算.xlsx")
    for folder, word in ((options.input, "输入文件夹"), (options.archive, "运行记录文件夹")):
        if path.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"试算的结果不能写在{word}“{folder}”里面，请写到别处，例如：--output 试算.xlsx")
    from greencomm.outputs.trial import write_replay

    content = io.BytesIO()
    write_replay(content, done)
    with durable.speaking(path, ""):
        durable.make_folder(path.resolve().parent)
        durable.write_file(path, content.getvalue())


def closed_options(options: Options, *, given_input: bool, given_roster: bool) -> tuple[Options, list[str]]:
    """The options of a replay, and what the person should know, in Chinese: without a folder of its own it reads what was
    closed of the year, after comparing it with what was recorded.

    Raises UserError where nothing was closed that could be reviewed, DamagedYear where a file that is read is not as it was.
    """
    if given_input:
        return options, []
    if options.year is None:
        raise UserError("请写明要重算的年度，例如：--year 2021；或者用 --input 指明当时各县市报送的文件所在的文件夹。")
    elsewhere = "用 --input 指明当时各县市报送的文件所在的文件夹"
    closings = Closings(options.archive)
    closed = closings.year(options.year)
    if not closings.check_there(closed):
        raise UserError(
            f"“{options.archive}”中没有{options.year}年度的封存资料。请先用 python process.py close 封存，或者{elsewhere}。"
        )
    closings.check_manifest(closed)
    if closed.manifest["imported"]:
        raise UserError(
            f"{options.year}年度是由上报的附件2导入的，封存资料中没有各县市的填报工作簿，不能重算。有当时的工作簿的，请{elsewhere}。"
        )
    kept = str(closed.manifest["roster"])
    needed = () if given_roster else (kept,)
    told = closed.differences(lambda name: name in needed or name.startswith(f"{INPUT}/"))
    if told:
        raise DamagedYear(f"{options.year}年度的封存档案“{closed.folder}”与封存时不一致：{'；'.join(told)}。{RESTORE}。")
    roster = options.roster if given_roster else files_of(closed.folder)[kept]
    settled = dataclasses.replace(options, input=closed.folder / INPUT, roster=roster, phase=options.phase or ANNUAL)
    return settled, damage_notices(closed)
