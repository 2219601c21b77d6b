"""``python process.py rollup --run DIR``: every region below a folder is reviewed, then all are summed (S-48).

    DIR/云南省/楚雄州/input/…      a region: what came in, with its roster; its output and archive come to lie beside it
    DIR/云南省/roster.xlsx         a province's own roster, where it has one
    DIR/云南省/output/…-rollup     the province
    DIR/output/…-rollup            the whole

Any number of levels: each folder that holds regions is summed, out of what lies directly in it. A region that cannot be
reviewed is named, and costs only itself. What has not changed since the last time is not reviewed again (S-45).
"""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from greencomm import batch
from greencomm.crew import Crew, Died, Step, can_fork
from greencomm.errors import UserError, keep_traceback
from greencomm.options import Options
from greencomm.rehearsal import rehearse
from greencomm.repeat import Repeated
from greencomm.rollup import Progress, Rolled, RollupOptions, rollup
from greencomm.standard import ANNUAL

INPUT, OUTPUT, ARCHIVE, ROSTER = "input", "output", "archive", "roster.xlsx"
_DEEPEST = 4
"""How many folders down regions are looked for."""
_NO_PLACES = {OUTPUT, ARCHIVE, "标准", "standards"}
_REVIEWED, _SUMMED = 0.94, 0.98
"""How much of all is done when every region is reviewed, and when all but the whole is summed: as measured on a country."""
_WORTH_A_REHEARSAL = 16
"""Regions from which on half a second before the first of them is had back."""
_NO_INPUT = "里面没有放报送文件的“input”文件夹。"
_DIED = "审核时程序两次意外中断，可能是内存不足。"
_CRASHED = "程序内部出错。请把“{log}”发给软件维护人员。"


@dataclass(frozen=True)
class TreeOptions:
    """What the command line asks of ``rollup --run``."""

    folder: Path
    run_date: datetime.date
    output: Path | None = None
    """Where the whole goes; None = ``output`` below the folder, its records in ``archive`` beside it."""
    archive: Path | None = None
    roster: Path | None = None
    """The whole's own roster; None = ``roster.xlsx`` in the folder, where there is one."""
    year: int | None = None
    phase: str | None = None
    processes: int | None = None
    """How many regions are reviewed at a time; None = as many as there are cores, 0 = one after the other, in this process."""


@dataclass
class Node:
    """A folder with regions below it."""

    folder: Path
    regions: list[Path] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)
    """Folders in which there is no region."""

    def all_regions(self) -> Iterator[Path]:
        """Every region, those of lower folders in their place."""
        for node in self.nodes:
            yield from node.all_regions()
        yield from self.regions

    @property
    def height(self) -> int:
        """0 where only regions lie below."""
        return max((node.height + 1 for node in self.nodes), default=0)

    def all_nodes(self) -> Iterator[Node]:
        """This and all below, the lowest first."""
        for node in self.nodes:
            yield from node.all_nodes()
        yield self


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one region, or of one sum."""

    results: Path | None
    """Its folder of results; None where there are none."""
    why: str = ""
    again: bool = False
    """Nothing had changed."""
    notices: tuple[str, ...] = ()


def find(folder: Path, deep: int = _DEEPEST) -> Node:
    """The regions below a folder, in the order of their names."""
    node = Node(folder)
    if (folder / INPUT).is_dir():
        node.regions.append(folder)
        return node
    try:
        entries = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return node
    for name in entries:
        place = folder / name
        if name in _NO_PLACES or name.startswith("."):
            continue
        if (place / INPUT).is_dir():
            node.regions.append(place)
        elif deep and ((below := find(place, deep - 1)).regions or below.nodes):
            node.nodes.append(below)
        else:
            node.empty.append(place)
    return node


def run_tree(options: TreeOptions, progress: Progress | None = None) -> Rolled:
    """Review every region, sum every folder of regions, and last the whole.

    Raises UserError where there is no region, NothingToProcess where nothing can be summed, KeyboardInterrupt within a
    second with a note of what is done: regions' results are whole, each as it was or new.
    """
    root = find(options.folder)
    regions = list(root.all_regions())
    if not regions:
        raise UserError(
            f"“{options.folder}”中没有找到地区。每个地区应有一个文件夹，其中的“{INPUT}”文件夹放名册（{ROSTER}）和各填报单位的文件。"
        )
    tell = progress or (lambda done, total, what: None)
    weights = {region: sum(_sizes(region / INPUT)) + 1 for region in regions}
    done: dict[Path, Done] = {}
    reviewed = 0

    def reviewing(part: float, count: int) -> None:
        nonlocal reviewed
        reviewed = count
        tell(int(part * _REVIEWED * _WHOLE), _WHOLE, f"已审核{count}个地区，共{len(regions)}个")

    try:
        if len(regions) >= _WORTH_A_REHEARSAL and can_fork(options.processes):
            _load()
            rehearse(options.run_date, options.phase or ANNUAL)
        done |= _each(regions, [weights[each] for each in regions], lambda place, step: _review(place, options, step), options, reviewing)
        lower = list(root.all_nodes())[:-1]
        for height in sorted({node.height for node in lower}):
            now = [node for node in lower if node.height == height]
            loads = [sum(weights[each] for each in node.all_regions()) for node in now]

            def summing(part: float, count: int) -> None:
                tell(int((_REVIEWED + part * (_SUMMED - _REVIEWED)) * _WHOLE), _WHOLE, "正在逐级汇总")

            folders = {node.folder: node for node in now}
            done |= _each(list(folders), loads, lambda place, _: _sum(folders[place], options, done), options, summing)  # noqa: B023

        def last(count: int, of: int, _: str) -> None:
            tell(int((_SUMMED + (1 - _SUMMED) * count / (of or 1)) * _WHOLE), _WHOLE, "正在汇总全部")

        whole = rollup(_whole(root, options, done), last)
    except KeyboardInterrupt as error:
        error.add_note(f"停止前已审核完{reviewed}个地区（共{len(regions)}个），它们的结果是完整的；再运行一次，没有变动的不用重做。")
        raise
    notices = [f"“{place.as_posix()}”：{notice}" for place, each in done.items() for notice in each.notices]
    return dataclasses.replace(whole, notices=(*whole.notices, *notices))


_WHOLE = 1000
"""Steps of the bar."""


def _sizes(folder: Path) -> Iterator[int]:
    """Bytes of every file below a folder."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _sizes(Path(entry.path))
        else:
            try:
                yield entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue


def _each(
    places: Sequence[Path],
    weights: Sequence[int],
    work: Callable[[Path, Step], Done],
    options: TreeOptions,
    progress: Callable[[float, int], None],
) -> dict[Path, Done]:
    """``work`` done for every place by the crew."""
    crew = Crew(weights, lambda number, step: work(places[number], step), options.processes)
    if crew.processes:
        _load()
    results = crew.run(progress)
    return {
        place: Done(None, _DIED) if isinstance(each, Died) else each for place, each in zip(places, results, strict=True)
    }


def _load() -> None:
    """Have loaded here what every process would load for itself."""
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
    import greencomm.review.region  # noqa: F401


def _review(place: Path, options: TreeOptions, step: Step) -> Done:
    """One region's run; whatever is wrong with it is told, never raised."""
    own = Options(
        place / INPUT, place / OUTPUT, place / INPUT / ROSTER, place / ARCHIVE, options.run_date, options.year, options.phase
    )

    def progress(done: int, files: int, _: str) -> None:
        step(done / (files or 1))

    def run() -> Done:
        outcome = batch.run(own, progress)
        return Done(outcome.folder, again=isinstance(outcome, Repeated), notices=outcome.notices)

    return _telling(run, own.archive)


def _telling(work: Callable[[], Done], archive: Path) -> Done:
    try:
        return work()
    except UserError as error:
        return Done(None, str(error), notices=tuple(getattr(error, "__notes__", ())))
    except Exception:
        log = keep_traceback(archive)
        return Done(None, _CRASHED.format(log=log.as_posix()) if log else "程序内部出错。")


def _sum(node: Node, options: TreeOptions, done: dict[Path, Done]) -> Done:
    given = _rollup_of(node, options, done)

    def run() -> Done:
        rolled = rollup(given)
        return Done(rolled.folder, notices=rolled.notices)

    return _telling(run, given.archive)


def _rollup_of(node: Node, options: TreeOptions, done: dict[Path, Done]) -> RollupOptions:
    """The sum of what lies directly in a folder; all regions below that were not reviewed are named."""
    parts = [*(below.folder for below in node.nodes), *node.regions]
    own = node.folder / ROSTER
    below = [part for part in (*node.all_regions(), *(lower.folder for lower in node.all_nodes())) if part in done]
    return RollupOptions(
        folders=tuple(results for part in sorted(parts) if (results := done[part].results) is not None),
        output=node.folder / OUTPUT,
        archive=node.folder / ARCHIVE,
        run_date=options.run_date,
        roster=own if own.is_file() else None,
        year=options.year,
        phase=options.phase,
        name=node.folder.resolve().name,
        not_run=(
            *((part, done[part].why) for part in below if done[part].results is None),
            *((place, _NO_INPUT) for lower in node.all_nodes() for place in lower.empty),
        ),
    )


def _whole(root: Node, options: TreeOptions, done: dict[Path, Done]) -> RollupOptions:
    given = _rollup_of(root, options, done)
    return dataclasses.replace(
        given,
        output=options.output or given.output,
        archive=options.archive or given.archive,
        roster=options.roster or given.roster,
    )
