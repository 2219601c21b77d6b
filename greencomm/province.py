"""What a province (or the country) rolls up: regions' results in short, what is odd about them, and the sums (S-37).

Nothing here averages a ratio: counts and denominators are summed, then divided (D-10), each community counted once (D-11).
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import cached_property

from greencomm.durable import is_lock_mark
from greencomm.findings import Severity
from greencomm.past_years import Listed
from greencomm.results import FileState, Status, ratio
from greencomm.standard import ANNUAL
from greencomm.texts import quoted


@dataclass(frozen=True, slots=True)
class Member:
    """One community as a region's result has it; scores in points."""

    code: str
    name: str
    status: Status
    listed: int | None
    declared: int | float | None
    assessed: int | None
    lowest: int | None
    highest: int | None
    numbers: tuple[str, ...]
    """Numbers of the items, one tuple for all communities of a standard."""
    points: tuple[int | None, ...]
    """Assessed points by item."""
    claimed: bool | None
    own_standard: bool = False
    """Whether its unit follows a standard of its own (D-14): its points are in no sum with others'."""

    @property
    def newly_green(self) -> bool:
        """Green, and on no earlier list (D-11)."""
        return self.status is Status.GREEN and self.listed is None

    @property
    def excused(self) -> bool:
        """On an earlier list, and nothing was sent this year: 不用再报 (S-47)."""
        return self.status is Status.MISSING and self.listed is not None

    @property
    def counts(self) -> bool:
        """Whether it counts in 合计."""
        return self.listed is not None or self.newly_green


@dataclass(frozen=True, slots=True)
class Filed:
    """A closed year of one row, as it was filed."""

    green: tuple[Listed, ...]
    count: int
    urban_communities: int | None
    """None where an imported form, or an older result, does not tell it."""
    stated: Fraction | None = None
    """The ratio as the form shows it, where the denominator is not known."""

    @property
    def ratio(self) -> Fraction | None:
        """Exact where the denominator is known."""
        return self.stated if self.urban_communities is None else ratio(self.count, self.urban_communities)


@dataclass(frozen=True)
class Row:
    """One reporting unit of a region: one row of the region's Annex 2."""

    code: str
    name: str
    state: str
    """received, rejected or missing."""
    members: tuple[Member, ...]
    earlier: Mapping[int, Filed] = field(default_factory=dict)

    @cached_property
    def green(self) -> tuple[Member, ...]:
        """The newly green of this year."""
        return tuple(member for member in self.members if member.newly_green)

    @property
    def urban_communities(self) -> int:
        return len(self.members)

    @cached_property
    def combined(self) -> int:
        """Communities that count in 合计, each once."""
        return sum(member.counts for member in self.members)


@dataclass(frozen=True)
class Closing:
    """That a region's year is closed: when, by whom, and by which manifest."""

    date: str
    who: str
    manifest_sha256: str


@dataclass(frozen=True)
class Region:
    """One region's result, as far as a province needs it."""

    name: str
    code: str
    year: int
    phase: str
    sample: bool
    rows: tuple[Row, ...]
    totals: Mapping[int, Filed]
    """Closed years: the region's own figures as filed; their lists stand with the rows."""
    folder: str
    """The folder as it was given, or found in one that was."""
    result_sha256: str
    standard: tuple[str, str]
    """Id and hash."""
    run_date: str
    program: str
    send_back: int
    verify: int
    """Open findings."""
    closed: Closing | None = None
    rolled: bool = False
    """Whether it is a rollup itself, its rows regions."""
    reporting_unit: str = ""
    """As the region's own Annex 2 has them, these four; empty where an older result does not keep them."""
    contact: str = ""
    phone: str = ""
    form_date: datetime.date | None = None

    @cached_property
    def figures_sha256(self) -> str:
        """Of what Annex 2 and the lists say: the same for two runs that only differ in date or program."""
        told = [
            self.year, self.phase, self.name,
            [[row.code, row.name, [[m.code, m.name, m.status, m.listed, m.assessed] for m in row.members]] for row in self.rows],
            [[year, filed.count, filed.urban_communities] for year, filed in sorted(self.totals.items())],
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()

    @property
    def members(self) -> Iterator[Member]:
        return (member for row in self.rows for member in row.members)

    @property
    def urban_communities(self) -> int:
        return sum(row.urban_communities for row in self.rows)

    @property
    def green_count(self) -> int:
        return sum(len(row.green) for row in self.rows)

    @property
    def combined(self) -> int:
        return sum(row.combined for row in self.rows)

    @property
    def completion_ratio(self) -> Fraction | None:
        return ratio(self.green_count, self.urban_communities)

    @property
    def combined_ratio(self) -> Fraction | None:
        return ratio(self.combined, self.urban_communities)

    def earlier(self, year: int) -> Filed | None:
        """The region's row of a closed year, its units' lists together; None where it has no such year."""
        total = self.totals.get(year)
        if total is None:
            return None
        green = tuple(entry for row in self.rows if year in row.earlier for entry in row.earlier[year].green)
        return Filed(green, total.count, total.urban_communities, total.stated)


class Oddity(Enum):
    """What can be odd about what was given: code, weight, title, what is said, what to do.

    退回 is what is to be corrected before the sums can be filed (exit status 1); 需核实 and 提示 leave them as they are.
    """

    NO_RESULTS = (
        "H01", Severity.SEND_BACK, "不是结果文件夹", "“{folder}”中没有审核结果（result.json），没有计入。",
        "请给出该地区的结果文件夹，例如 output 中的“2021-annual”，或封存档案中的年度文件夹，例如 archive 中的“2021”。",
    )  # fmt: skip
    DAMAGED = (
        "H02", Severity.SEND_BACK, "结果读不出来", "{name}“{folder}”的结果{what}，没有计入。",
        "{remedy}",
    )  # fmt: skip
    OTHER_PERIOD = (
        "H03", Severity.SEND_BACK, "年度或阶段不同", "“{folder}”是{name}{theirs}的结果，这次汇总的是{wanted}，没有计入。",
        "请该地区报来{wanted}的结果；要汇总{theirs}的，请用 --year 和 --phase 写明。",
    )  # fmt: skip
    MISSING = (
        "H04", Severity.SEND_BACK, "没有报来结果", "{name}（{code}）在名册的“地区”表中，没有可以计入的结果；合计不含它的社区。",
        "请该地区报来{wanted}的结果文件夹，放进来后再汇总一次。",
    )  # fmt: skip
    TWICE = (
        "H05", Severity.SEND_BACK, "同一地区有几份不同的结果",
        "{name}有{count}份不同的结果：{folders}。只计入“{used}”（{why}），没有重复计算。",
        "请与该地区核对哪一份是上报的，只留那一份，再汇总一次。",
    )  # fmt: skip
    TWO_REGIONS = (
        "H06", Severity.SEND_BACK, "不同的地区用了同一个名称",
        "{count}份结果都写作“{name}”，但填报单位完全不同：{folders}。只计入了“{used}”。",
        "请让写错的地区在名册“批次”表的“地区”中改正名称，重新运行后再报来。",
    )  # fmt: skip
    CHANGED_OUTPUT = (
        "H07", Severity.SEND_BACK, "结果文件在生成之后有变动",
        "“{folder}”中有文件与 result.json 的记录不同：{what}。数字按 result.json 计入。",
        "请该地区再运行一次恢复这些文件，不要手工改动结果；需要更改的，改正填报内容后重新运行。",
    )  # fmt: skip
    CLOSED_CHANGED = (
        "H08", Severity.SEND_BACK, "封存之后被改动",
        "{name}封存的{year}年度“{folder}”与封存时不一致：{what}。数字按 result.json 计入，它与封存时相同。",
        "请该地区用备份恢复封存档案后再报来；确需更改的，应重新打开、重新运行、再封存。",
    )  # fmt: skip
    NOT_AS_CLOSED = (
        "H09", Severity.SEND_BACK, "与封存的结果不同",
        "{name}报来的“{folder}”与它封存的{year}年度（{closed}封存）不同：{difference}。按封存的结果计入。",
        "请与该地区核对：以封存的为准的，报来封存的年度文件夹；确需更改的，应重新打开、重新运行、再封存。",
    )  # fmt: skip
    REOPENED = (
        "H10", Severity.SEND_BACK, "封存后又重新打开",
        "{name}的{year}年度已重新打开，尚未再封存（{why}）。“{folder}”的数字还可能变动。",
        "请该地区再封存后报来，再汇总一次。",
    )  # fmt: skip
    CHANGED_SINCE_CLOSED = (
        "H11", Severity.SEND_BACK, "上次汇总之后，封存的结果有变动",
        "{name}的结果在上次汇总（{before}）时已经封存，现在不同：{difference}。",
        "请与该地区核对原因；属实的，上次汇总的表须重新上报。",
    )  # fmt: skip
    UNKNOWN_REGION = (
        "H12", Severity.SEND_BACK, "名册中没有这个地区", "“{folder}”是“{name}”的结果，名册的“地区”表中没有它，没有计入。",
        "请核对；是名册中某个地区改了名称的，请在该地区的“曾用名”里填上“{name}”；漏列的请补上一行。",
    )  # fmt: skip
    SHARED_UNIT = (
        "H13", Severity.SEND_BACK, "几个地区有同一个填报单位代码", "填报单位代码 {code} 出现在几个地区：{places}。",
        "请核对该单位属于哪个地区，由另一个地区在名册中改正，重新运行后再报来。",
    )  # fmt: skip
    SHARED_COMMUNITY = (
        "H14", Severity.SEND_BACK, "几个地区有同一个社区", "{loser}的{count}个社区在{owner}也有：{what}。只在{owner}计入一次。",
        "请核对这些社区属于哪个地区，由另一个地区在名册中删去，重新运行后再报来。",
    )  # fmt: skip
    IMPORTED = (
        "H15", Severity.SEND_BACK, "封存的年度是从附件2导入的",
        "“{folder}”是从当年上报的附件2导入的，没有社区总数，不能汇总，没有计入。", "请该地区报来当年审核的结果文件夹。",
    )  # fmt: skip
    NOT_RUN = (
        "H17", Severity.SEND_BACK, "没有审核成", "“{folder}”没有审核成，没有计入：{what}",
        "请按原因处理后再运行一次；其他地区的结果不受影响。",
    )  # fmt: skip
    OPEN_SEND_BACK = (
        "H16", Severity.SEND_BACK, "还有“退回”问题没有解决",
        "{name}还有“退回”问题{send_back}条、“需核实”问题{verify}条没有解决，数字还可能变动。",
        "请催该地区办理；办完后重新运行，再报来。",
    )  # fmt: skip
    ACCEPTED_OPEN = (
        "H23", Severity.VERIFY, "封存时仍有没有解决的问题",
        "{name}封存时还有“退回”问题{send_back}条、“需核实”问题{verify}条没有解决；封存时已记入它的档案。", "请知悉；数字不再变动。",
    )  # fmt: skip
    OPEN_FINDINGS = (
        "H20", Severity.VERIFY, "还有没有核实的问题", "{name}还有“需核实”问题{verify}条没有核实，数字还可能变动。",
        "请催该地区办理；办完后重新运行，再报来。",
    )  # fmt: skip
    EARLIER_UNKNOWN = (
        "H21", Severity.VERIFY, "往年的数字不全", "{name}没有{year}年度的上报数字{why}。{year}年完成数量的合计不含缺少的部分，合计的比例不计算。",
        "请该地区封存{year}年度（或导入当年上报的附件2），用本版程序重新运行后再报来。",
    )  # fmt: skip
    ONLY_RESULT = (
        "H22", Severity.VERIFY, "只有 result.json", "“{folder}”中只有 result.json，其他结果文件不在，无法核对它们是否改动过。",
        "请该地区把整个结果文件夹报来。",
    )  # fmt: skip
    SEVERAL_PERIODS = (
        "H30", Severity.NOTE, "给出的结果不是同一个年度", "给出的结果有{what}；没有写明年度，按{why}汇总{wanted}。",
        "要汇总另一个年度的，请用 --year 和 --phase 写明。",
    )  # fmt: skip
    OTHER_OF_COUNTED = (
        "H31", Severity.NOTE, "同一地区其他年度的结果", "“{folder}”是{name}{theirs}的结果，这次没有用。", "不用处理。",
    )  # fmt: skip
    SAME_TWICE = (
        "H32", Severity.NOTE, "同一份结果给了几次", "{name}的结果在{folders}中各有一份，内容相同，只计入一次。", "不用处理。",
    )  # fmt: skip
    SAMPLE = (
        "H33", Severity.NOTE, "示例数据", "“{folder}”是示例数据，与正式的结果放在一起时不计入。", "不用处理；要练习的，请只给示例的文件夹。",
    )  # fmt: skip
    CHANGED_SINCE = (
        "H34", Severity.NOTE, "上次汇总之后有变动", "与上次汇总（{before}）相比，{name}：{difference}。", "请确认上次汇总的表是否已经上报。",
    )  # fmt: skip
    NOT_CLOSED = (
        "H35", Severity.NOTE, "还没有封存", "{what}的{year}年度还没有封存，或者给出的文件夹旁边没有封存档案，看不出封存之后有没有变动。",
        "正式上报前，请这些地区封存后报来封存档案中的年度文件夹。",
    )  # fmt: skip
    STANDARDS_DIFFER = (
        "H36", Severity.NOTE, "各地区的标准不同", "计入的地区用了不同的标准：{what}。", "各地区按自己的标准审核，比例可以相加；请知悉。",
    )  # fmt: skip
    NO_ROSTER = (
        "H37", Severity.NOTE, "没有给名册", "没有用 --roster 给出本级的名册，只汇总了给出的地区，看不出还缺哪些地区。",
        "需要核对缺报的，请建一个有“批次”和“地区”两个工作表的名册，用 --roster 指明。",
    )  # fmt: skip
    OWN_ROLLUP = (
        "H38", Severity.NOTE, "以前的汇总结果", "“{folder}”是本级以前的汇总结果（{name}），没有计入。", "不用处理。",
    )  # fmt: skip

    def __init__(self, code: str, severity: Severity, title: str, message: str, fix: str) -> None:
        self.code, self.severity, self.title, self.message, self.fix = code, severity, title, message, fix


_RUN_AGAIN = "请该地区重新运行一次，或用备份恢复，再把整个结果文件夹报来。"
RESTORE = "请该地区用备份恢复整个封存的年度文件夹后再报来，不要重新运行；确需更改的，应重新打开、重新运行、再封存。"
"""What to do about a closed year that was changed: it is the filed one, and a new run would not be."""


@dataclass(frozen=True)
class Remark:
    """One oddity at one region or folder."""

    oddity: Oddity
    message: str
    fix: str
    region: str = ""
    """Name of the region; empty where it is about none."""
    code: str | None = None
    folder: str | None = None


def remark(oddity: Oddity, *, region: str = "", code: str | None = None, folder: str | None = None, **words: object) -> Remark:
    """A remark with its sentences filled in; words that came from files are made visible."""
    given = {"name": region, "code": code, "folder": folder, "remedy": _RUN_AGAIN} | words
    shown = {key: quoted(value) if isinstance(value, str) and key != "what" else value for key, value in given.items()}
    return Remark(oddity, oddity.message.format(**shown), oddity.fix.format(**shown), region, code, folder)


@dataclass(frozen=True)
class GivenFile:
    """One ``result.json`` that was found, and what became of it."""

    path: str
    sha256: str | None
    state: FileState
    reason: str | None = None


@dataclass(frozen=True)
class Before:
    """What the last rollup with other input had of a region."""

    urban_communities: int
    green: int
    combined: int
    figures_sha256: str
    closed: bool


@dataclass(frozen=True)
class Slot:
    """One row of the province's Annex 2: a region with its result, or one that is missing."""

    name: str
    code: str
    region: Region | None
    handed_in: bool = False
    """Of one without a result: whether something was handed in that could not be counted."""

    @property
    def absent(self) -> str:
        """Why there are no figures, in the word of the form; empty where there are."""
        return "" if self.region else "未计入" if self.handed_in else "未报送"


@dataclass(frozen=True)
class Province:
    """The whole rollup."""

    name: str
    year: int
    phase: str
    run_date: datetime.date
    slots: tuple[Slot, ...]
    remarks: tuple[Remark, ...]
    files: tuple[GivenFile, ...]
    standard: tuple[str, str]
    """Id and hash of the standard; of several different ones their ids, and a hash over all."""
    roster_sha256: str = ""
    reporting_unit: str = ""
    contact: str = ""
    phone: str = ""
    form_date: datetime.date | None = None
    sample: bool = False
    given: str = ""
    """One line for each thing that the result depends on besides the files' hashes."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """Those that count."""
        return tuple(slot.region for slot in self.slots if slot.region is not None)

    @property
    def missing(self) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.region is None)

    @property
    def urban_communities(self) -> int:
        return sum(region.urban_communities for region in self.regions)

    @property
    def green_count(self) -> int:
        return sum(region.green_count for region in self.regions)

    @property
    def combined(self) -> int:
        return sum(region.combined for region in self.regions)

    @property
    def completion_ratio(self) -> Fraction | None:
        """Of the sums."""
        return ratio(self.green_count, self.urban_communities)

    @property
    def combined_ratio(self) -> Fraction | None:
        return ratio(self.combined, self.urban_communities)

    @cached_property
    def earlier_years(self) -> tuple[int, ...]:
        return tuple(sorted({year for region in self.regions for year in region.totals}))

    def earlier(self, year: int) -> Filed:
        """The sums of a closed year; no denominator where any region's is not known."""
        totals = [region.totals.get(year) for region in self.regions if region.urban_communities or year in region.totals]
        known = [total for total in totals if total is not None]
        urban = [total.urban_communities if total else None for total in totals]
        whole = None if None in urban else sum(number for number in urban if number is not None)
        return Filed((), sum(total.count for total in known), whole)

    @property
    def to_correct(self) -> tuple[Remark, ...]:
        """What makes the exit status 1."""
        return tuple(each for each in self.remarks if each.oddity.severity is Severity.SEND_BACK)

    @property
    def sending_back(self) -> tuple[Region, ...]:
        """Regions that still have 退回 open."""
        return tuple(region for region in self.regions if region.send_back)

    @property
    def not_closed(self) -> tuple[Region, ...]:
        """Regions whose year may still change; a self-evaluation is never closed."""
        return tuple(region for region in self.regions if region.closed is None and region.phase == ANNUAL)

    @property
    def uncounted(self) -> int:
        """Results that were handed in and rejected, whosever they are."""
        return sum(file.state is FileState.REJECTED for file in self.files)

    @property
    def input_sha256(self) -> str:
        """One hash of all that was given."""
        received = (file for file in self.files if not is_lock_mark(file.path))
        lines = [f"roster {self.roster_sha256}", self.given, *sorted(f"{file.sha256 or '-'} {file.path}" for file in received)]
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def sorted_remarks(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """The gravest first, then by region and code."""
    return tuple(sorted(remarks, key=lambda each: (each.oddity.severity.rank, each.oddity.code, each.region, each.folder or "", each.message)))
