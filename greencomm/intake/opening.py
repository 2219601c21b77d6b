"""Opens the bytes of one file as far as they can be opened: a workbook into a form, a container into its members.

Whatever a file holds is said in its arrival; nothing is raised.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from greencomm.durable import is_lock_mark
from greencomm.forms.layout import LETTER_NAMES, PROVENANCE, PROVENANCE_KIND
from greencomm.forms.read import read_form
from greencomm.intake import limits
from greencomm.intake.arrivals import Arrival
from greencomm.intake.containers import Budget, Member, zip_members
from greencomm.intake.contents import FORMAT_NAMES, RIGHT_EXTENSIONS, Kind, kind_of
from greencomm.intake.errors import Unreadable
from greencomm.intake.labels import unique
from greencomm.intake.mails import OWN_DRAFT, NoAttachment, members_of, read_mail
from greencomm.intake.ods import read_ods
from greencomm.intake.workbook import Workbook
from greencomm.intake.xls import read_xls
from greencomm.intake.xlsx import properties_of, read_xlsx
from greencomm.standard import Standard

WORKBOOK_EXTENSIONS = RIGHT_EXTENSIONS[Kind.XLSX] | RIGHT_EXTENSIONS[Kind.XLS] | RIGHT_EXTENSIONS[Kind.ODS]
ROSTER_NAME = "roster.xlsx"
_OWN_FILES = {"thumbs.db", "desktop.ini", ".ds_store", ".gitkeep", "说明.txt"}
_READERS = {Kind.XLSX: read_xlsx, Kind.XLS: read_xls, Kind.ODS: read_ods}
_TOO_DEEP = {Kind.ZIP: "压缩包里套了好几层压缩包，没有再往下打开", Kind.MAIL: "邮件里转发了好几层邮件，没有再往下打开"}
_TOO_DEEP_ADVICE = "请把填报工作簿直接作为附件重新发送，不要一层套一层"
_NO_MEMORY = "打开这个文件需要的内存太多，远超正常的填报工作簿"
_IN_MAIL = "附件在邮件传输中已经损坏（编码不完整）"
_IN_MAIL_ADVICE = "请对方重新发送一次，或者把工作簿压缩成 .zip 再发"

_OWN_LETTER = re.compile(rf"_({'|'.join(LETTER_NAMES)})\s*([(（]\d+[)）])?\.txt$", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"


def ignorable(path: str) -> str | None:
    """Why a file is nobody's submission by its name alone, in Chinese; None where it may be one."""
    folders, name = PurePosixPath(path).parent.parts, PurePosixPath(path).name
    if is_lock_mark(name):
        return "这是 Excel 或 WPS 打开文件时的临时锁文件"
    if name.startswith("._") or "__MACOSX" in folders:
        return "这是苹果电脑附带的系统文件"
    return "系统文件或说明文件" if name.lower() in _OWN_FILES or name.startswith(".") else None


def other_roster(path: str, workbook: Workbook) -> str | None:
    """Why a workbook that is called as the roster is nobody's submission; None where it is none by its sheets."""
    if PurePosixPath(path).name.lower() != ROSTER_NAME:
        return None
    from greencomm.roster import BATCH_SHEET, COMMUNITY_SHEET, UNIT_SHEET  # A worker has no other use for it.

    sheets = {sheet.name.strip() for sheet in workbook.sheets}
    return "这是名册，本次运行用的是另一份名册" if {BATCH_SHEET, UNIT_SHEET, COMMUNITY_SHEET} <= sheets else None


def own_output(workbook: Workbook) -> str | None:
    """Why a workbook of results, which this program made itself, is nobody's submission; None where it is none."""
    return _own(workbook.properties)


def own_report(data: bytes) -> str | None:
    """The same of a Word document: a unit's report, which comes back beside the workbook."""
    if not data.startswith(b"PK") or len(data) > limits.MAX_WORKBOOK:
        return None
    try:
        return _own(properties_of(data))
    except Exception:  # What cannot be unpacked is none of ours.
        return None


def _own(properties: Mapping[str, str]) -> str | None:
    if not all(name in properties for name in PROVENANCE):
        return None
    kind = properties.get(PROVENANCE_KIND, "")
    return f"这是本程序生成的结果{f'（{kind}）' if kind else ''}，不是报送的工作簿"


def own_letter(path: str, data: bytes) -> str | None:
    """Why a letter of this program, under its own name, is nobody's submission; None where it is none."""
    match = _OWN_LETTER.search(PurePosixPath(path).name)
    if match is None or not data.startswith(_BOM):
        return None
    return f"这是本程序生成的函件（{match[1]}），不是报送的工作簿"


def open_bytes(arrival: Arrival, data: bytes, standard: Standard) -> list[Arrival]:
    """Read the contents into the arrival; the arrivals of what lies within, where it is a container."""
    return _Opener(standard).open(arrival, data, _Level())


@dataclass(frozen=True, slots=True)
class _Level:
    """How deep within containers a file lies, and the mail that brought it."""

    zips: int = 0
    mails: int = 0
    received: datetime.datetime | None = None
    subject: str = ""


@dataclass(slots=True)
class _Opener:
    """Opens one file found on disk with all that lies within."""

    standard: Standard
    budget: Budget = field(default_factory=Budget)
    taken: set[str] = field(default_factory=set)
    """Paths that are given away already."""

    def open(self, arrival: Arrival, data: bytes, level: _Level, kind: Kind | None = None) -> list[Arrival]:
        letter = own_letter(arrival.path, data)
        if letter:
            arrival.ignored, arrival.is_own = letter, True
            return []
        try:
            return self._open(arrival, data, level, kind or kind_of(data))
        except NoAttachment as error:
            arrival.is_container = True
            arrival.refused, arrival.advice = error.reason, f"{error.advice}。"
            return self.members(arrival, error.members, level)
        except Unreadable as error:
            if own := own_report(data):
                arrival.ignored, arrival.is_own = own, True
                return []
            arrival.refused, arrival.advice = error.reason, f"{error.advice}。"
        except MemoryError:
            arrival.refused, arrival.advice, arrival.by_chance = _NO_MEMORY, None, True
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # Whatever a damaged file brings about; calamine's panics are no Exception.
            arrival.refused, arrival.advice = "文件内容已损坏", None
        arrival.form = None
        return []

    def _open(self, arrival: Arrival, data: bytes, level: _Level, kind: Kind) -> list[Arrival]:
        note_format(arrival, kind)
        if kind is Kind.ZIP:
            arrival.is_container = True
            if level.zips >= limits.MAX_LEVELS:
                raise Unreadable(_TOO_DEEP[kind], _TOO_DEEP_ADVICE)
            inner = _Level(level.zips + 1, level.mails, level.received, level.subject)
            within = self.members(arrival, zip_members(data, self.budget), inner)
            if not within:
                raise Unreadable("压缩包是空的，里面没有文件", "请对方重新压缩后发送，或者把工作簿直接作为附件发送")
            if any(inside.is_own for inside in within):
                # Our own attachments, packed and sent back: each says so itself.
                return within
            if all(inside.ignored for inside in within):
                # Somebody meant to send something: to pass over it in silence would leave the county believing that it did.
                arrival.refused = "压缩包里没有填报工作簿，只有系统文件或说明文件"
                arrival.advice = "请对方把填报工作簿放进压缩包，或者直接作为附件重新发送。"
            return within
        if kind is Kind.MAIL:
            arrival.is_container = True
            if level.mails >= limits.MAX_LEVELS:
                raise Unreadable(_TOO_DEEP[kind], _TOO_DEEP_ADVICE)
            mail = read_mail(data)
            if mail.is_own_draft:
                arrival.is_container, arrival.ignored = False, OWN_DRAFT
            # A forwarded message says itself when the county sent it; one without a date came with the outer one.
            arrival.received = mail.received or level.received
            arrival.subject = f"{level.subject} {mail.subject}".strip()
            inner = _Level(level.zips, level.mails + 1, arrival.received, arrival.subject)
            return self.members(arrival, members_of(mail), inner)
        if len(data) > limits.MAX_WORKBOOK:
            raise Unreadable(f"文件超过{limits.MAX_WORKBOOK // limits.MB}MB，不像填报工作簿")
        workbook = _READERS[kind](data)
        if roster := other_roster(arrival.path, workbook):
            arrival.ignored = roster
            return []
        form = read_form(workbook, self.standard)
        if not form.communities and not form.damaged_sheets and (own_result := own_output(workbook)):
            arrival.ignored, arrival.is_own, arrival.wrong_extension, arrival.old_format = own_result, True, None, None
            return []
        arrival.form = form
        _describe(arrival, workbook)
        return []

    def members(self, container: Arrival, members: Iterable[Member], level: _Level) -> list[Arrival]:
        """The arrivals of a container's members and of what lies within them, each under a path of its own."""
        arrivals: list[Arrival] = []
        paths: list[str] = []
        self.taken.add(container.path)
        for member in members:
            path = unique(f"{container.path}/{member.label}", self.taken)
            self.taken.add(path)
            paths.append(path)
            arrivals += self.member(Arrival(path, received=level.received, subject=level.subject), member, level)
        folders = sorted(_folders_like_workbooks(paths, container.path) - self.taken)
        self.taken.update(folders)
        return [*(Arrival(path, is_container=True, received=level.received) for path in folders), *arrivals]

    def member(self, arrival: Arrival, member: Member, level: _Level) -> list[Arrival]:
        inside = arrival.path
        if member.data is not None:
            arrival.sha256 = hashlib.sha256(member.data).hexdigest()
        ignored = member.ignored or ignorable(inside)
        if ignored:
            arrival.ignored = ignored
            return [arrival]
        if member.data is None:
            arrival.refused, arrival.advice = member.refused, f"{member.advice}。" if member.advice else None
            return [arrival]
        within = self.open(arrival, member.data, level, Kind.MAIL if member.is_mail else None)
        if member.damaged and arrival.refused:
            arrival.refused, arrival.advice = _IN_MAIL, f"{_IN_MAIL_ADVICE}。"
        return [arrival, *within]


def _folders_like_workbooks(paths: Iterable[str], root: str) -> set[str]:
    """Folders within a container that are named like workbooks."""
    found: set[str] = set()
    for path in paths:
        parts = path.removeprefix(root + "/").split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            if looks_like_workbook(parts[depth - 1]):
                found.add("/".join((root, *parts[:depth])))
    return found


def looks_like_workbook(name: str) -> bool:
    """Whether a name ends like a workbook's."""
    return PurePosixPath(name).suffix.lower() in WORKBOOK_EXTENSIONS


def note_format(arrival: Arrival, kind: Kind) -> None:
    """What the contents are, and whether the name says something else."""
    suffix = PurePosixPath(arrival.path).suffix.lower()
    if suffix not in RIGHT_EXTENSIONS[kind]:
        arrival.wrong_extension = (suffix or "（没有扩展名）", FORMAT_NAMES[kind])
    if kind in (Kind.XLS, Kind.ODS):
        arrival.old_format = FORMAT_NAMES[kind]
    elif kind is Kind.XLSX and suffix in (".et", ".ett"):
        arrival.old_format = "WPS 表格（.et）"


def _describe(arrival: Arrival, workbook: Workbook) -> None:
    arrival.saved = workbook.saved
    arrival.has_macros = workbook.has_macros
    arrival.extras = workbook.extras
    arrival.conflicts, arrival.read_once = workbook.doubts, workbook.read_once
