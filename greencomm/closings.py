"""Closed years: what lies under ``archive/<year>/``, checked at every use, put there and taken away whole (S-32).

``archive/<year>/`` holds ``manifest.json`` (hash and size of every other file, who closed it, when, from which run),
``input/`` (byte copies of what was received), ``results/`` (every output of the run that was closed) and ``register.xlsx``.
A folder appears by one rename, and a reopened one leaves by one. ``archive/closings.json`` tells every closing and
reopening. Both are written under the archive's lock (``archive.Publication``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from greencomm import durable
from greencomm.archive import next_number
from greencomm.errors import UserError
from greencomm.intake.collect import found_in
from greencomm.past_years import ClosedCommunity, ClosedUnit, ClosedYear, Listed
from greencomm.runs import MANIFEST, RESULT
from greencomm.standard import Standard

SCHEMA, IMPORTED_SCHEMA, EVENTS_SCHEMA = "greencomm-year/1", "greencomm-imported-year/1", "greencomm-closings/1"
INPUT, RESULTS, REGISTER = "input", "results", "register.xlsx"
IMPORTED = f"{RESULTS}/imported.json"
"""What a filed Annex 2 says, where a year was imported and not run."""
EVENTS = "closings.json"
CLOSE, REOPEN, CONFIRM = "close", "reopen", "confirm"
"""A confirmation says that a closing that was entered later from the archive (``entered``) has been looked at."""
RESTORE = "请用备份恢复这个文件（或整个文件夹）后再运行"
"""What to do about a damaged file of a closed year."""


class DamagedYear(UserError):
    """A closed year that cannot be used: names the file and says to restore it."""


@dataclass(frozen=True)
class YearFolder:
    """The folder of one closed year."""

    year: int
    folder: Path

    @property
    def is_there(self) -> bool:
        return durable.is_there(self.folder)

    def damaged(self, name: str, what: str) -> DamagedYear:
        """The error for a file of this year that later years cannot do without."""
        return DamagedYear(f"{self.year}年度的封存档案已损坏：“{self.folder / name}”{what}。{RESTORE}。")

    @cached_property
    def manifest_sha256(self) -> str | None:
        """Of the manifest as it lies there; None where it cannot be read."""
        try:
            return durable.file_sha256(self.folder / MANIFEST)
        except OSError:
            return None

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What was closed. Raises DamagedYear."""
        try:
            manifest = json.loads((self.folder / MANIFEST).read_bytes())
            files = manifest["files"]
            sound = (
                manifest["schema"] == SCHEMA
                and manifest["year"] == self.year
                and all(isinstance(about["sha256"], str) and isinstance(about["size"], int) for about in files.values())
                and {"closed", "who", "number", "imported", "input", "roster"} <= manifest.keys()
            )
        except FileNotFoundError:
            raise self.damaged(MANIFEST, "不见了") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            sound = False
        if not sound:
            raise self.damaged(MANIFEST, "读不出来或被改动过")
        return dict(manifest)

    @property
    def closed_words(self) -> str:
        """``2021-10-25由王某封存``."""
        return f"{self.manifest['closed']}由{self.manifest['who']}封存"

    @property
    def is_imported(self) -> bool:
        """Whether a filed form stands for the year. Raises DamagedYear."""
        return bool(self.manifest["imported"])

    @property
    def needed(self) -> str:
        """The one file that later years read."""
        return IMPORTED if self.manifest["imported"] else f"{RESULTS}/{RESULT}"

    def differences(self, concerns: Callable[[str], bool] = lambda name: True) -> list[str]:
        """Every file that is not as it was closed, each as a clause of a Chinese sentence: changed, missing or added.

        ``concerns`` picks files by their name in the manifest; the rest is not looked at.
        """
        found = files_of(self.folder)
        expected: Mapping[str, Any] = self.manifest["files"]
        told = []
        for name in sorted({*found, *expected} - {MANIFEST}):
            if not concerns(name) or (name not in expected and durable.is_lock_mark(name)):
                continue
            if name not in found:
                told.append(f"“{name}”不见了")
            elif name not in expected:
                told.append(f"“{name}”是后来放进去的")
            elif not durable.surely_holds(found[name], expected[name]["sha256"]):
                told.append(f"“{name}”被改动过")
        return told

    def changes(self, found: Mapping[str, Path]) -> list[str]:
        """What of an input folder's files is not as it was closed, each as a clause of a Chinese sentence."""
        start = f"{INPUT}/"
        files: Mapping[str, Any] = self.manifest["files"]
        expected = {name.removeprefix(start): about["sha256"] for name, about in files.items() if name.startswith(start)}
        # Links, folders and the marks of open documents are never kept.
        expected = {name: digest for name, digest in expected.items() if not durable.is_lock_mark(name)}
        found = {name: path for name, path in found.items() if not durable.is_lock_mark(name)}
        found = {name: path for name, path in found.items() if path.is_file() and not path.is_symlink()}
        told = []
        for name in sorted({*expected, *found}):
            if name not in found:
                told.append(f"“{name}”不见了")
            elif name not in expected:
                told.append(f"“{name}”是后来放进去的")
            elif not durable.surely_holds(found[name], expected[name]):
                told.append(f"“{name}”被改动过")
        return told

    def document(self) -> dict[str, Any]:
        """``result.json`` as it was closed, or what was imported. Raises DamagedYear."""
        name = self.needed
        about = self.manifest["files"].get(name)
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise self.damaged(name, "不见了") from None
        except OSError:
            raise self.damaged(name, "打不开") from None
        if about is None or durable.bytes_sha256(data) != about["sha256"]:
            raise self.damaged(name, "被改动过")
        document: dict[str, Any] = json.loads(data)
        return document

    def load(self) -> ClosedYear:
        """The year as later years see it. Raises DamagedYear."""
        document, sha256 = self.document(), self.manifest_sha256 or ""
        return _imported_year(document, sha256) if self.manifest["imported"] else run_year(document, sha256)


def files_of(folder: Path) -> dict[str, Path]:
    """Every file of a closed year by its name in the manifest: what was received by the labels that reviews call it."""
    inside = found_in(folder / INPUT) if (folder / INPUT).is_dir() else {}
    received = {f"{INPUT}/{label}": path for label, path in inside.items() if path.is_symlink() or not path.is_dir()}
    rest = {name: folder / name for name in durable.files_below(folder) if not name.startswith(f"{INPUT}/")}
    return received | rest


class Closings:
    """The closed years of an archive and the record of closings and reopenings."""

    def __init__(self, archive: Path, *, real: bool = False) -> None:
        self.archive = archive
        self.real = real
        """Whether real workbooks are at hand: then years closed from samples count as not closed, as samples beside real
        workbooks do."""

    def year(self, year: int) -> YearFolder:
        """The folder of a year, whether it is there or not."""
        return YearFolder(year, self.archive / str(year))

    # --- the record ---------------------------------------------------------------------------------------------------

    def events(self) -> list[dict[str, Any]]:
        """Closings and reopenings in order. Raises UserError where the record cannot be read."""
        path = self.archive / EVENTS
        try:
            record = json.loads(path.read_bytes())
            events = [dict(event) for event in record["events"]]
            if record["schema"] == EVENTS_SCHEMA and all(
                {"event", "year", "who", "date", "reason", "manifest"} <= event.keys() for event in events
            ):
                return events
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError):
            pass
        raise UserError(
            f"封存记录“{path}”读不出来或被改动过，没有运行，原有结果没有改动。{RESTORE}；"
            "没有备份的，请把它移到别处保存再运行，程序会按各年度的档案补记，并一直提示到再次封存确认为止。"
        )

    def record(self, event: Mapping[str, Any]) -> None:
        """Add one event, on the disk."""
        events = [*self.events(), dict(event)]
        text = json.dumps({"schema": EVENTS_SCHEMA, "events": events}, ensure_ascii=False, indent=1) + "\n"
        durable.write_file(self.archive / EVENTS, text.encode())

    def last_event(self, year: int) -> dict[str, Any] | None:
        """The last closing or reopening that was recorded of a year."""
        happened = (event for event in reversed(self.events()) if event["year"] == year and event["event"] != CONFIRM)
        return next(happened, None)

    def reopened(self, year: int) -> str:
        """Date, who and why of a reopening after which the year was not closed again; empty where there is none."""
        last = self.last_event(year)
        return f"{last['date']}，{last['who']}，原因：{last['reason']}" if last is not None and last["event"] == REOPEN else ""

    def check_there(self, closed: YearFolder) -> bool:
        """Whether the year is closed. Raises DamagedYear where the record says so and its folder is gone."""
        if closed.is_there:
            return not self.is_passed_over(closed)
        last = self.last_event(closed.year)
        if last is not None and last["event"] == CLOSE:
            raise DamagedYear(
                f"封存记录中{closed.year}年度已封存（{last['date']}，{last['who']}），但“{closed.folder}”不见了。"
                "请用备份恢复这个文件夹后再运行；确实没有备份的，请重新打开后再封存："
                f"python process.py close --year {closed.year} --reopen --reason 档案丢失"
            )
        return False

    def is_passed_over(self, closed: YearFolder) -> bool:
        """Whether a year's folder is a sample that real workbooks have nothing to do with. Raises DamagedYear."""
        return self.real and closed.is_there and bool(closed.manifest["sample"])

    def make_way(self, closed: YearFolder, *, who: str, date: str) -> None:
        """Set a sample aside, as a reopening does, so that the real year can be closed."""
        if self.is_passed_over(closed):
            self.reopen(closed, who=who, date=date, reason="示例数据，改由正式的结果封存")

    # --- closings that were entered later -------------------------------------------------------------------------------

    def entered(self, year: int) -> dict[str, Any] | None:
        """The closing of a year that was entered from its archive and not confirmed since."""
        own = [event for event in self.events() if event["year"] == year]
        return own[-1] if own and own[-1]["event"] == CLOSE and "entered" in own[-1] else None

    def confirm(self, closed: YearFolder, *, who: str, date: str) -> str | None:
        """Record that a closing that was entered later is right; what to say of it, None where there is nothing to confirm."""
        if self.entered(closed.year) is None:
            return None
        about = {"event": CONFIRM, "year": closed.year, "who": who, "date": date, "reason": ""}
        self.record(about | {"manifest": closed.manifest_sha256})
        return f"补记的{closed.year}年度封存已由{who}确认，以后不再提示。"

    # --- closing and reopening ------------------------------------------------------------------------------------------

    def number(self, year: int) -> int:
        """How many times the year will have been closed with the next closing: no two manifests of a year are equal."""
        return 1 + len([event for event in self.events() if event["year"] == year and event["event"] == CLOSE])

    def building(self, year: int) -> Path:
        """An empty folder in which a year is put together; what an interrupted closing left there is cleared."""
        folder = self.archive / "work" / f"close-{year}"
        durable.remove_tree(folder)
        durable.make_folder(folder)
        return folder

    def seal(self, year: int, building: Path, manifest: Mapping[str, Any]) -> YearFolder:
        """Give what was built its manifest and its place, by one rename, then record it."""
        files = {
            name: {"sha256": durable.file_sha256(path), "size": path.stat().st_size}
            for name, path in sorted(files_of(building).items())
        }
        text = json.dumps({**manifest, "files": files}, ensure_ascii=False, indent=1) + "\n"
        durable.write_file(building / MANIFEST, text.encode())
        for path in [*building.rglob("*"), building]:
            if not path.is_symlink():
                durable.sync(path)
        os.rename(building, self.archive / str(year))
        durable.sync(self.archive)
        closed = self.year(year)
        self.record(closing_event(closed))
        return closed

    def reopen(self, closed: YearFolder, *, who: str, date: str, reason: str) -> Path | None:
        """Record it, then move the year's folder to ``archive/reopened/``; returns where it lies now, None where it was lost."""
        self.record(
            {
                "event": REOPEN,
                "year": closed.year,
                "who": who,
                "date": date,
                "reason": reason,
                "manifest": closed.manifest_sha256,
            }
        )
        return self._set_aside(closed) if closed.is_there else None

    def _set_aside(self, closed: YearFolder) -> Path:
        folder = self.archive / "reopened" / str(closed.year)
        durable.make_folder(folder)
        place = folder / f"{next_number(folder):04d}"
        os.rename(closed.folder, place)
        durable.sync(folder)
        durable.sync(self.archive)
        return place

    def before_reopening(self, year: int) -> ClosedYear | None:
        """The year as it was closed before it was opened again; None where it was not, or that archive cannot be read."""
        last = self.last_event(year)
        folder = self.archive / "reopened" / str(year)
        if last is None or last["event"] != REOPEN or not folder.is_dir():
            return None
        for place in sorted(folder.iterdir(), reverse=True):
            closed = YearFolder(year, place)
            if closed.manifest_sha256 is not None and closed.manifest_sha256 == last["manifest"]:
                try:
                    return closed.load()
                except DamagedYear:
                    return None
        return None

    def recover(self, today: str = "") -> list[str]:
        """Finish what an interrupted command had begun, under the archive's lock; says so in Chinese.

        ``today`` is the date that a closing is entered with which the record lacks. Raises UserError where the record
        cannot be read: it is the proof that nothing was changed unseen.
        """
        self.events()
        notices = []
        for aside in sorted((self.archive / "work").glob("close-*")):
            durable.remove_tree(aside)
            notices.append("上次封存没有完成就中断了：没有写完的内容已经清除，那个年度没有封存，请再封存一次。")
        for closed in self.folders():
            last = self.last_event(closed.year)
            if last is not None and last["event"] == REOPEN and last["manifest"] == closed.manifest_sha256:
                self._set_aside(closed)
                notices.append(f"上次重新打开{closed.year}年度时中断，现已完成：{closed.year}年度不再是封存状态。")
            elif last is None or last["event"] == REOPEN:
                try:
                    self.record(closing_event(closed) | {"entered": today})
                except DamagedYear:
                    continue  # Named by whoever needs the year.
            if entered := self.entered(closed.year):
                on = f"于{entered['entered']}" if entered["entered"] else ""
                notices.append(
                    f"封存记录中缺少{closed.year}年度的封存，{on}按“{closed.folder}”补记。请核对这个文件夹是不是原来封存的那一份；"
                    f"核对无误的，用当年的材料再封存一次予以确认，以后不再提示：python process.py close --year {closed.year}"
                )
        return notices

    def folders(self) -> list[YearFolder]:
        """Folders of closed years, ascending, sound or not."""
        try:
            names = [entry.name for entry in self.archive.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [self.year(int(name)) for name in sorted(names) if len(name) == 4 and name.isascii() and name.isdigit()]

    # --- for runs -------------------------------------------------------------------------------------------------------

    def check_manifest(self, closed: YearFolder) -> None:
        """Raise DamagedYear where the manifest is not the one that was recorded."""
        closed.manifest  # noqa: B018  Raises where it cannot be read.
        last = self.last_event(closed.year)
        if last is not None and last["event"] == CLOSE and last["manifest"] != closed.manifest_sha256:
            raise closed.damaged(MANIFEST, "被改动过")

    def earlier_years(self, standard: Standard, year: int) -> tuple[list[ClosedYear], list[str]]:
        """The closed years before ``year`` that the form has columns for, and what the person should know, in Chinese.

        Raises DamagedYear where what is needed of a year is damaged; other damage is only named.
        """
        found, notices = [], []
        for each in standard.annex2.years:
            if each >= year:
                continue
            closed = self.year(each)
            if self.is_passed_over(closed):
                notices.append(
                    f"档案中的{each}年度是示例数据，没有采用：附件2中{each}年的各栏留空，合计不含{each}年。有{each}年度正式数据的，"
                    f"可封存它，或导入当年上报的附件2：python process.py close --year {each} --annex2 附件2.xlsx"
                )
                continue
            if not self.check_there(closed):
                if reopened := self.reopened(each):
                    notices.append(
                        f"{each}年度已重新打开，尚未再封存（{reopened}），附件2中{each}年的各栏留空，合计不含{each}年。"
                        f"请先再封存：python process.py close --year {each}"
                    )
                    continue
                notices.append(
                    f"{each}年度还没有封存，附件2中{each}年的各栏留空，合计不含{each}年。"
                    f"请先封存：python process.py close --year {each}；没有当年数据的，可导入当年上报的附件2："
                    f"python process.py close --year {each} --annex2 附件2.xlsx"
                )
                continue
            self.check_manifest(closed)
            found.append(closed.load())
            if found[-1].sample:
                notices.append(
                    f"封存的{each}年度是示例数据；放入正式报送的工作簿以后，程序不再采用它。"
                )
            notices += damage_notices(closed)
        return found, notices

    def guard(
        self,
        year: int,
        input_sha256: str,
        found: Mapping[str, Path],
        earlier: Sequence[ClosedYear],
        roster_year: Callable[[], int],
    ) -> str | None:
        """Refuse a run of a closed year with another input than the closed one, or upon other earlier years; else what to say,
        None where it is not closed.

        ``found`` are the files of the input folder by label, so that the differing ones can be named; ``roster_year`` gives
        the year that the roster itself names.
        """
        closed = self.year(year)
        if not self.check_there(closed):
            return None
        self.check_manifest(closed)
        how_to = f"确需更改的，请先重新打开：python process.py close --year {year} --reopen --reason 原因"
        if closed.manifest["imported"]:
            raise UserError(
                f"{year}年度已于{closed.closed_words}（从当年上报的附件2导入），没有运行，原有结果没有改动。{how_to}"
            )
        if closed.manifest["input"] != input_sha256:
            if (other := roster_year()) != year:
                raise of_another_year(closed, other)
            changes = named(closed.changes(found))
            raise UserError(
                f"{year}年度已于{closed.closed_words}，这次的输入与封存时不同{changes}，没有运行，原有结果没有改动。{how_to}"
            )
        if told := self.moved_below(closed, earlier):
            raise UserError(
                f"{year}年度已于{closed.closed_words}，它所依据的往年此后有变动：{'；'.join(told)}。"
                f"这次算出的数字会与封存的不同，没有运行，原有结果没有改动。需要按变动后的往年重算的，请先封存往年，再重新打开{year}年度："
                f"python process.py close --year {year} --reopen --reason 往年名单有变动"
            )
        return f"{year}年度已于{closed.closed_words}，这次的输入与封存时相同，封存的内容没有改动。"

    def moved_below(self, closed: YearFolder, earlier: Sequence[ClosedYear]) -> list[str]:
        """Which earlier years are not those that a closed year was built on, each as a clause of a Chinese sentence."""
        then = {each["year"]: each["manifest"] for each in closed.document().get("earlier", ())}
        now = {each.year: each.manifest_sha256 for each in earlier}
        told = []
        for year in sorted({*then, *now}):
            if year not in now:
                why = self.reopened(year)
                told.append(f"{year}年度已重新打开，尚未再封存（{why}）" if why else f"{year}年度现在没有封存")
            elif year not in then:
                told.append(f"{year}年度是在那之后才封存的")
            elif then[year] != now[year]:
                told.append(f"{year}年度已重新打开并再次封存")
        return told

    def built_upon(self, year: int) -> list[int]:
        """The closed later years that were made from this one; those that cannot be read are counted in."""
        later = []
        for closed in self.folders():
            if closed.year > year:
                try:
                    if closed.is_imported or year not in {each["year"] for each in closed.document().get("earlier", ())}:
                        continue
                except DamagedYear:
                    pass
                later.append(closed.year)
        return later


def of_another_year(closed: YearFolder, roster_year: int) -> UserError:
    """The refusal where the input folder holds another year than the closed one that was asked for."""
    return UserError(
        f"{closed.year}年度已封存（{closed.manifest['closed']}，{closed.manifest['who']}）；"
        f"输入文件夹里是{roster_year}年度的材料（名册年度{roster_year}）。没有运行，原有结果没有改动。"
        f"请用 --input 指明{closed.year}年度的文件夹，或改写 --year {roster_year}。"
    )


_NAMED = 5
"""How many files a sentence names before the rest is counted."""


def named(changes: Sequence[str]) -> str:
    """What differs, in brackets; empty where nothing is known of it."""
    if not changes:
        return ""
    more = f"等{len(changes)}处" if len(changes) > _NAMED else ""
    return f"（{'；'.join(changes[:_NAMED])}{more}）"


def closing_event(closed: YearFolder) -> dict[str, Any]:
    """What the record says of a closing; it follows from the manifest, so that it can be written later."""
    manifest = closed.manifest
    return {
        "event": CLOSE,
        "year": closed.year,
        "who": manifest["who"],
        "date": manifest["closed"],
        "reason": manifest.get("reason", ""),
        "manifest": closed.manifest_sha256,
    }


def restore(told: Sequence[str]) -> str:
    """What to do about these differences of an archive."""
    added = sum("后来放进去" in each for each in told)
    steps = ("被改动和不见的文件请用备份恢复",) if added < len(told) else ()
    return "，".join((*steps, *(("多出来的文件请移走",) if added else ())))


def damage_notices(closed: YearFolder) -> list[str]:
    """What is not as it was closed, though nothing that is needed now."""
    told = closed.differences()
    if not told:
        return []
    return [f"{closed.year}年度的封存档案“{closed.folder}”与封存时不一致：{'；'.join(told)}。不影响本次结果；{restore(told)}。"]


# --- what a year was --------------------------------------------------------------------------------------------------


def run_year(document: Mapping[str, Any], manifest_sha256: str) -> ClosedYear:
    """A closed year from its ``result.json``."""
    names = {each["code"]: each["name"] for each in document["communities"]}
    green = {code for unit in document["units"] for code in (*unit["green"], *unit.get("listed", ()))}
    units = tuple(
        ClosedUnit(
            unit["code"],
            unit["name"],
            tuple(Listed(code, names[code]) for code in unit["green"]),
            len(unit["green"]),
            unit["urban_communities"],
            _share(len(unit["green"]), unit["urban_communities"]),
        )
        for unit in document["units"]
    )
    communities = tuple(
        ClosedCommunity(each["code"], each["name"], each["unit"], each["code"] in green, each["assessed_score"])
        for each in document["communities"]
    )
    region = document["region"]
    return ClosedYear(
        document["year"],
        region["green"],
        region["urban_communities"],
        _share(region["green"], region["urban_communities"]),
        units,
        communities,
        sample=bool(document.get("sample")),
        manifest_sha256=manifest_sha256,
    )


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def imported_document(year: ClosedYear) -> dict[str, Any]:
    """What is kept of an imported year; :func:`_imported_year` reads it back."""

    def exact(ratio: Fraction | None) -> str | None:
        return None if ratio is None else str(ratio)

    return {
        "schema": IMPORTED_SCHEMA,
        "year": year.year,
        "region": {"green": year.count, "completion_ratio": exact(year.ratio)},
        "units": [
            {
                "code": unit.code,
                "name": unit.name,
                "green": [{"code": entry.code, "name": entry.name} for entry in unit.green],
                "count": unit.count,
                "completion_ratio": exact(unit.ratio),
            }
            for unit in year.units
        ],
    }


def _imported_year(document: Mapping[str, Any], manifest_sha256: str) -> ClosedYear:
    def ratio(text: str | None) -> Fraction | None:
        return None if text is None else Fraction(text)

    units = tuple(
        ClosedUnit(
            unit["code"],
            unit["name"],
            tuple(Listed(entry["code"], entry["name"]) for entry in unit["green"]),
            unit["count"],
            None,
            ratio(unit["completion_ratio"]),
        )
        for unit in document["units"]
    )
    return ClosedYear(
        document["year"],
        document["region"]["green"],
        None,
        ratio(document["region"]["completion_ratio"]),
        units,
        tuple(listed_communities(units)),
        imported=True,
        manifest_sha256=manifest_sha256,
    )


def listed_communities(units: Iterable[ClosedUnit]) -> Iterable[ClosedCommunity]:
    """The communities of imported lists, of which nothing but the names is known."""
    for unit in units:
        for entry in unit.green:
            yield ClosedCommunity(entry.code, entry.name, unit.code, green=True, score=None)
