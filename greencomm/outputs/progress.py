"""How far a unit has come: when it reported, what is still open, which step is next. Status and letters both say it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from greencomm.findings import Settled, Severity
from greencomm.forms import layout
from greencomm.intake.times import china_day, shown_time
from greencomm.outputs.book import chinese_date
from greencomm.results import CommunityResult, FileState, ReceivedFile, RegionResult, Status, UnitResult, UnitState
from greencomm.review.deliverables import papers

STATE_LABELS = {UnitState.RECEIVED: "已报", UnitState.REJECTED: "文件未采用", UnitState.MISSING: "未报"}
NO_TIME, NOT_RECEIVED = "无时间信息", "未收到"
"""Where a file came without any time, and where none came."""
SAVED = "保存"
"""Said behind a time that is not of receipt: a file without a mail only knows when it was saved."""


NOTHING = "无需办理"
"""Said of a community that nothing is asked of."""
UNCOUNTED = "免予处理，不能计分"
"""Said of a community that nothing is asked of and that cannot be scored all the same."""
EXCUSED = "无需报送"
"""Said of a community on an earlier list that sent nothing."""


class Step(StrEnum):
    """What comes next for a unit, in the words that people see."""

    NONE = "无需填报"
    """The roster has no community of it, or all are on earlier lists and the rest has come."""
    PAPERS = "报书面材料"
    """All its communities are on earlier lists: only the stamped report of the phase is asked for."""
    CHASE = "催报"
    RESEND = "请重新报送"
    SEND_BACK = "退回修改"
    VERIFY = "核实或说明"
    PASSED = "审核通过"


def step_of(unit: UnitResult) -> Step:
    """What comes next for ``unit``, whatever else than workbooks it handed in."""
    if not unit.urban_communities:
        return Step.NONE
    if unit.state is UnitState.MISSING and not unit.unreported:
        return Step.PAPERS
    if unit.state is not UnitState.RECEIVED:
        return Step.CHASE if unit.state is UnitState.MISSING else Step.RESEND
    if unit.open_count(Severity.SEND_BACK):
        return Step.SEND_BACK
    return Step.VERIFY if unit.open_count(Severity.VERIFY) else Step.PASSED


def next_step(unit: UnitResult, result: RegionResult) -> Step:
    """What comes next for ``unit``, the roster's ledger considered."""
    step = step_of(unit)
    return Step.NONE if step is Step.PAPERS and not papers(unit, result) else step


def community_step(community: CommunityResult, step: Step, send_back: int, verify: int) -> str:
    """What comes next for a community of a unit whose next step is ``step``, by its own open findings."""
    if community.excused and not send_back and not verify:
        return f"{EXCUSED}（{community.listed}年已达标）"
    if step in (Step.CHASE, Step.RESEND):
        return step.value
    if send_back:
        return Step.SEND_BACK.value
    if verify:
        return Step.VERIFY.value
    return "已创建的请补报" if community.status is Status.MISSING else NOTHING


def uncounted(unit: UnitResult) -> tuple[CommunityResult, ...]:
    """Communities without a score because the prefecture waived what was sent back: nobody has to do anything, and none
    of them counts as green."""
    waived = {
        finding.place.community
        for finding in unit.findings
        if finding.severity is Severity.SEND_BACK and finding.settlement and finding.settlement.kind is Settled.WAIVED
    }
    return tuple(c for c in unit.of(Status.PENDING) if c.community.code in waived)


def uncounted_text(unit: UnitResult) -> str:
    """``1个社区有免予处理的问题，不能计分，不计入达标：东兴社区``; empty where there is none."""
    communities = uncounted(unit)
    names = "、".join(community.community.short_name for community in communities)
    return f"{len(communities)}个社区有免予处理的问题，不能计分，不计入达标：{names}" if communities else ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Where a unit or the batch stands to the deadline."""

    received: datetime.datetime | None
    """When the last file that counts was received, else saved; None where neither is known."""
    by_mail: bool
    """Whether ``received`` is the mail's date."""
    days_late: int
    """Days after the deadline at which the unit first reported, or its correction came where nobody knows when it first
    reported, by the mail's date; 0 where that was in time or is unknown."""
    correction: bool
    """Whether what came late is a correction: the first submission is not at hand, or came without a mail."""
    in_time: bool
    """Whether a mail that arrived in time is known."""
    days_left: int
    """Days from the run's date to the deadline, negative after it."""

    @property
    def received_text(self) -> str:
        """``2021-10-12 09:30``; with 保存 behind it where only that is known; empty where nothing is."""
        if self.received is None:
            return ""
        return time_text(self.received, self.by_mail)

    @property
    def left_text(self) -> str:
        """``还有2天``, ``今天截止`` or ``已过1天``."""
        return left_text(self.days_left)

    @property
    def late_text(self) -> str:
        """``迟报2天``; a late correction alone is told as such; empty where nothing came late."""
        if not self.days_late:
            return ""
        return f"更正晚{self.days_late}天" if self.correction else f"迟报{self.days_late}天"


def time_text(time: datetime.datetime, by_mail: bool) -> str:
    """``2021-10-12 09:30``; with 保存 behind it where it is not of receipt."""
    return shown_time(time) if by_mail else f"{shown_time(time)}（{SAVED}）"


def left_text(days: int) -> str:
    """``还有2天``, ``今天截止`` or ``已过1天``."""
    return f"还有{days}天" if days > 0 else "今天截止" if days == 0 else f"已过{-days}天"


def deadline_of(result: RegionResult) -> datetime.date:
    """The deadline of the phase."""
    return result.roster.batch.deadlines[result.phase]


def deadline_line(result: RegionResult) -> str:
    """``截止日期：2021年10月20日（还有2天）``."""
    deadline = deadline_of(result)
    return f"截止日期：{chinese_date(deadline)}（{left_text((deadline - result.run_date).days)}）"


def timing(unit: UnitResult, result: RegionResult) -> Timing:
    """When ``unit`` reported, and how that and the run's date stand to the deadline."""
    deadline = deadline_of(result)
    wanted = FileState.ACCEPTED if unit.state is UnitState.RECEIVED else FileState.REJECTED
    received, by_mail = received_at((file for file in unit.files if file.state is wanted), result.year)
    usable = [file for file in unit.files if file.state in (FileState.ACCEPTED, FileState.SUPERSEDED)]
    days = [day for file in usable if (day := china_day(file.received))]
    late = max((min(days) - deadline).days, 0) if days else 0
    correction = bool(late) and not _is_first_known(unit, usable)
    if correction:
        counting = [day for file in usable if file.state is FileState.ACCEPTED and (day := china_day(file.received))]
        late = max((max(counting, default=min(days)) - deadline).days, 0)
    return Timing(
        received,
        by_mail,
        days_late=late,
        correction=correction,
        in_time=bool(days) and not late,
        days_left=(deadline - result.run_date).days,
    )


def _is_first_known(unit: UnitResult, usable: Sequence[ReceivedFile]) -> bool:
    """Whether the mail of the unit's first submission is at hand: then the earliest of its mails says when it reported.

    A file without a mail may have come at any time; a copy of one that came by mail tells nothing new.
    """
    by_mail = {file.sha256 for file in usable if file.received}
    if any(file.received is None and file.sha256 not in by_mail for file in usable):
        return False
    counting = unit.submission or 1
    numbers = [file.submission or (counting if file.state is FileState.ACCEPTED else 1) for file in usable]
    return 1 in numbers


def received_at(files: Iterable[ReceivedFile], year: int) -> tuple[datetime.datetime | None, bool]:
    """The last time of receipt of these files, else the last at which one was saved, and whether it is of receipt.

    The time that forms of ``year`` are issued with says nothing and counts as none.
    """
    files = list(files)
    issued = layout.issue_stamp(year).replace(tzinfo=datetime.UTC)
    received = [file.received for file in files if file.received]
    saved = [file.saved for file in files if file.saved and file.saved != issued]
    return max(received, default=None) or max(saved, default=None), bool(received)
