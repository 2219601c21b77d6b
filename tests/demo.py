"""Results made by hand, for tests of what lays them out: no workbook is read and nothing is scored here."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal

from greencomm.findings import Finding, Place, Severity
from greencomm.results import CommunityResult, FileState, ReceivedFile, RegionResult, Status, UnitResult, UnitState
from greencomm.roster import Batch, Community, Roster, Unit
from greencomm.standard import ANNUAL, SELF_EVALUATION, load_standard

STANDARD = load_standard()
RUN_DATE = datetime.date(2021, 10, 18)
GREEN, BELOW, PENDING, MISSING = Status.GREEN, Status.BELOW, Status.PENDING, Status.MISSING


def community(
    code: str,
    name: str,
    status: Status = GREEN,
    *,
    lost: Mapping[int, int | None] | None = None,
    award: int = 0,
    declared: Decimal | int | None = None,
    claimed: bool | None = None,
    open_points: int = 0,
) -> CommunityResult:
    """A community that lost ``lost`` points by item (None = unresolved, where ``open_points`` hang in the balance)."""
    place = Community(code, name, county="", town="鹿城镇", unit=code[:6])
    if status is MISSING:
        return CommunityResult(place, status)
    taken = lost or {}
    items: dict[int, int | None] = {}
    for item in STANDARD.items:
        points = taken.get(item.number, 0)
        items[item.number] = None if points is None else (award if item.base == 0 else item.points - points)
    decided = sum(score for score in items.values() if score is not None)
    highest = decided + sum(STANDARD.item[number].points for number, score in items.items() if score is None)
    unresolved = any(score is None for score in items.values())
    return CommunityResult(
        place,
        status,
        declared_score=None if declared is None else Decimal(declared),
        assessed_score=None if unresolved else decided,
        lowest=highest - open_points,
        highest=highest,
        items=items,
        claimed=status is GREEN if claimed is None else claimed,
        file="chuxiong.xlsx",
        sheet=place.short_name,
    )


def finding(
    rule: str,
    severity: Severity,
    message: str,
    fix: str,
    *,
    sheet: str | None = None,
    cell: str | None = None,
    clause: str | None = None,
    community: str | None = None,
    found: str = "",
    expected: str = "",
    decides: bool = False,
    title: str = "条款未填",
    file: str | None = "chuxiong.xlsx",
) -> Finding:
    """A finding with its place spelt out."""
    place = Place("532301", community, clause, file, sheet, cell)
    return Finding(rule, severity, place, message, fix, title, found, expected, decides)


def unit(
    code: str,
    name: str,
    communities: Iterable[CommunityResult] = (),
    *,
    state: UnitState = UnitState.RECEIVED,
    findings: Iterable[Finding] = (),
    files: tuple[ReceivedFile, ...] | None = None,
    submission: int | None = 1,
) -> UnitResult:
    """A reporting unit; without ``files`` one accepted workbook."""
    if files is None:
        files = (ReceivedFile("chuxiong.xlsx", "ab" * 32, FileState.ACCEPTED, unit=code),)
    ordered = tuple(sorted(findings, key=lambda each: each.sort_key))
    return UnitResult(Unit(code, name), state, tuple(communities), ordered, files, submission)


def region(
    units: Iterable[UnitResult],
    *,
    run_date: datetime.date = RUN_DATE,
    form_date: datetime.date | None = None,
    sample: bool = False,
    contact: str = "李明",
    phone: str = "0878-3100000",
    year: int = 2021,
) -> RegionResult:
    """The region made of ``units``, for the annual summary."""
    units = tuple(units)
    deadlines = {phase: STANDARD.deadline(phase).in_year(year) for phase in (SELF_EVALUATION, ANNUAL)}
    batch = Batch("楚雄州", year, ANNUAL, "楚雄州住房和城乡建设局", contact, phone, deadlines, form_date)
    roster = Roster(
        batch,
        tuple(each.unit for each in units),
        tuple(member.community for each in units for member in each.communities),
    )
    findings = tuple(each for one in units for each in one.findings)
    files = tuple(file for one in units for file in one.files)
    return RegionResult(year, ANNUAL, run_date, STANDARD, roster, units, findings, files, sample)


def chuxiong() -> UnitResult:
    """A unit with communities of every standing and findings of every severity."""
    members = (
        community("532301101001", "东兴社区居民委员会", lost={1: 3, 8: 2}, declared=95, claimed=True),
        community("532301101002", "学桥街社区居民委员会", lost={9: 3}, award=2, declared=95, claimed=False),
        community("532301101003", "中大街社区居民委员会", BELOW, lost={1: 6, 2: 6, 11: 6, 12: 4}, declared=82, claimed=True),
        community("532301101004", "米市街社区居民委员会", PENDING, lost={1: 3, 4: None}, open_points=3, claimed=True),
        community("532301101005", "西城社区居民委员会", PENDING, lost={1: 6, 2: 6, 4: None, 5: 4}, open_points=6, claimed=True),
        community("532301101006", "北浦社区居民委员会", MISSING),
    )
    blank = "请填写扣分：0或3；没有扣分的填0。"
    back, verify, note = Severity.SEND_BACK, Severity.VERIFY, Severity.NOTE
    west, rice, east = "532301101005", "532301101004", "532301101001"
    found = (
        finding("C01", back, "条款4.2（无整改计划）没有填写，不能当作没有扣分。", blank,
                sheet="西城社区", cell="G18", clause="4.2", community=west, expected="0或3", decides=True),
        finding("C01", back, "条款9.1（无适老化改造）没有填写，不能当作没有扣分。", blank,
                sheet="米市街社区", cell="G29", clause="9.1", community=rice, expected="0或3"),
        finding("C01", back, "条款9.2（无无障碍设施）没有填写，不能当作没有扣分。", blank,
                sheet="米市街社区", cell="G30", clause="9.2", community=rice, expected="0或3"),
        finding("C07", verify, "条款8.1（乱停车）填的扣分是1，按实际值应扣2（3处×1=3，上限2，扣2）；已按实际值计分。",
                "请核对：实际值有误请改实际值，扣分有误请改为2。", title="扣分与实际值不符",
                sheet="东兴社区", cell="G25", clause="8.1", community=east, found="1", expected="2"),
        finding("K01", verify, "“申报绿色社区”填“是”，核定得分74，未达到80分。",
                "请核对各条扣分；确未达标的，请把“申报绿色社区”改为“否”。", title="申报了但核定未达标",
                sheet="中大街社区", cell="B6", community="532301101003", found="74", expected="80"),
        finding("C11", note, "条款8.2的实际值是文本“１处”，已按1读取。", "不用改；下次先清空这一格，再直接输入 1 即可。",
                title="写法已换算", sheet="东兴社区", cell="F26", clause="8.2", community=east, found="１处", expected="1"),
        finding("U04", note, "名册中的“北浦社区居民委员会”（532301101006）没有填报表，按“未报”处理，仍计入比例的分母。",
                "如该社区参加创建，请补报；不参加的无需处理。", title="名册中的社区没有表",
                community="532301101006", found="532301101006"),
    )
    return unit("532301", "楚雄市", members, findings=found)


def many(code: str, name: str, count: int, green: int) -> UnitResult:
    """A unit of ``count`` communities of which the first ``green`` are green and the rest sent nothing."""
    members = (
        community(f"{code}101{n:03d}", f"{name.removesuffix('县')}{n}号社区居民委员会", GREEN if n <= green else MISSING)
        for n in range(1, count + 1)
    )
    return unit(code, name, members)
