"""Reads mail messages (.eml): their attachments under the names that their senders gave them, and when they were sent.

Names come in every spelling that mail programs ever had: RFC 2231, RFC 2047 (where it is not allowed too), raw GBK or
UTF-8 bytes, percent signs of web mailers. The library parses the structure; names, codings and dates are read here,
because it gives up or guesses where a name is written wrongly.
"""

from __future__ import annotations

import binascii
import datetime
import email
import email.utils
import hashlib
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from urllib.parse import quote, unquote_to_bytes

from greencomm.intake.containers import Member
from greencomm.intake.errors import Unreadable
from greencomm.intake.labels import decoded_name, safe_label
from greencomm.intake.limits import MAX_ENTRIES, MAX_SIGNATURE_PICTURE
from greencomm.intake.times import as_utc

UNSENT_FIELD, DRAFT_FIELD = "X-Unsent", "X-Greencomm-Draft"
"""Header fields of the program's own drafts (outputs.mail): Outlook opens the first as a draft, the second is ``draft_mark``."""
OWN_DRAFT = "这是本程序生成的回复邮件草稿，不是报送"
_PICTURE_IN_TEXT = "邮件正文中的图片"
_NO_ATTACHMENT_ADVICE = "请对方把填报工作簿（.xlsx）作为附件重新发送"
_CLOUD = re.compile("超大附件|云附件|文件中转站|从网盘发来|ftnExs_download|mail.163.com/large-attachment")
_ENCODED = re.compile(r"=\?([A-Za-z0-9_.:\-]+)(?:\*[A-Za-z\-]*)?\?([bBqQ])\?([^?\s]*(?:\?(?!=)[^?\s]*)*)\?=")
_BETWEEN_ENCODED = re.compile(r"(\?=)\s+(=\?)")
_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_UUENCODED = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]+)\r?\n(.*?)^end[ \t]*\r?$", re.MULTILINE | re.DOTALL)
_EXTENSIONS = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel.sheet.macroenabled.12": ".xlsm",
    "application/vnd.ms-excel": ".xls",
    "application/msexcel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
}


@dataclass(slots=True)
class Mail:
    """A message: when it was sent (UTC; None where its Date is missing or broken), its subject and its attachments."""

    received: datetime.datetime | None
    subject: str
    members: list[Member]
    is_own_draft: bool = False
    """It is a draft of this program, as it was made: nobody's submission."""


def read_mail(data: bytes) -> Mail:
    """The message with its attachments, in their order. Raises Unreadable where it has none at all."""
    message = email.message_from_bytes(data.lstrip(b"\xef\xbb\xbf\r\n \t"))
    reader = _Reader()
    reader.walk(message)
    fields = _fields(message)
    if _is_own_draft(fields, reader.members):
        for member in reader.members:
            member.ignored = OWN_DRAFT
        return Mail(None, "", reader.members, is_own_draft=True)
    if not any(member.ignored is None for member in reader.members):
        if _CLOUD.search(reader.text):
            reason = "邮件里没有附件，正文里只有网盘（超大附件）的下载链接"
            advice = "请对方把填报工作簿（.xlsx）作为普通附件重新发送；也可以先下载，再把工作簿放进来"
        else:
            reason, advice = "邮件里没有附件", _NO_ATTACHMENT_ADVICE
        raise NoAttachment(reason, advice, reader.members)
    return Mail(sent_at(fields.get("date", "")), header_text(fields.get("subject", "")), reader.members)


def draft_mark(attachments: Iterable[str]) -> str:
    """Names the attachments of a draft, in order, by their SHA-256 in hex: a draft whose workbook somebody has filled in is no
    longer as it was made."""
    return hashlib.sha256("\n".join(attachments).encode()).hexdigest()[:32]


def _is_own_draft(fields: dict[str, str], members: Iterable[Member]) -> bool:
    """Whether a draft of this program was put among what was received: neither sent nor changed since it was made."""
    if DRAFT_FIELD.lower() not in fields or fields.get(UNSENT_FIELD.lower()) != "1":
        return False
    return fields[DRAFT_FIELD.lower()] == draft_mark(hashlib.sha256(member.data or b"").hexdigest() for member in members)


class NoAttachment(Unreadable):
    """A mail that brought nothing; ``members`` are the ignored pictures of its text."""

    def __init__(self, reason: str, advice: str, members: list[Member]) -> None:
        super().__init__(reason, advice)
        self.members = members


class _Reader:
    def __init__(self) -> None:
        self.members: list[Member] = []
        self.text = ""
        """The message's own words, as far as they matter."""

    def walk(self, message: Message) -> None:
        """Depth first over the parts; a message within the message is one member."""
        waiting = [message]
        while waiting:
            part = waiting.pop()
            payload = part.get_payload()
            kind = part.get_content_type()
            if kind == "message/rfc822":
                self.add(_inner_mail(part, self.number))
            elif kind.startswith("message/"):
                if kind == "message/partial":
                    self.add(Member(f"邮件的一部分{self.number}", refused="邮件被拆成了几封，这只是其中一部分", advice=_NO_ATTACHMENT_ADVICE))
            elif isinstance(payload, list):
                waiting += [child for child in reversed(payload) if isinstance(child, Message)]
            else:
                self.leaf(part, kind)
            if len(self.members) > MAX_ENTRIES:
                raise Unreadable(f"邮件里的附件超过{MAX_ENTRIES}个，为安全起见不予打开", _NO_ATTACHMENT_ADVICE)

    @property
    def number(self) -> int:
        return len(self.members) + 1

    def add(self, member: Member) -> None:
        self.members.append(member)

    def leaf(self, part: Message, kind: str) -> None:
        fields = _fields(part)
        disposition = fields.get("content-disposition", "").partition(";")[0].strip().lower()
        name = attachment_name(fields.get("content-disposition", ""), fields.get("content-type", ""))
        data, damaged = _decoded(part, fields.get("content-transfer-encoding", ""))
        if not name and disposition != "attachment" and (kind.startswith("text/") or not data.strip()):
            self.body(data, part.get_content_charset())
            return
        if kind in ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"):
            self.add(Member(safe_label(name) or f"签名{self.number}", data, ignored="邮件的电子签名"))
            return
        label = safe_label(name) or f"附件{self.number}{_EXTENSIONS.get(kind) or _extension_of(data)}"
        member = Member(label, data, damaged=damaged)
        in_text = disposition == "inline" or (disposition != "attachment" and "content-id" in fields)
        if in_text and kind.startswith("image/") and len(data) <= MAX_SIGNATURE_PICTURE:
            member.ignored = _PICTURE_IN_TEXT
        self.add(member)

    def body(self, data: bytes, charset: str | None) -> None:
        """The text of the message; old mailers put attachments straight into it, uuencoded."""
        for match in _UUENCODED.finditer(data):
            content, damaged = _uudecoded(match[2])
            self.add(Member(safe_label(decoded_name(match[1].strip())) or f"附件{self.number}", content, damaged=damaged))
        if len(self.text) < 100_000:
            self.text += decoded_text(data[:200_000], charset or "")


def _extension_of(data: bytes) -> str:
    """An extension for an attachment without a name, by its contents."""
    from greencomm.intake.contents import kind_of

    try:
        return kind_of(data).value
    except Unreadable:
        return ""


def _inner_mail(part: Message, number: int) -> Member:
    fields = _fields(part)
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    name = attachment_name(fields.get("content-disposition", ""), fields.get("content-type", ""))
    if not isinstance(inner, Message):
        return Member(safe_label(name) or f"转发邮件{number}.eml", refused="转发的邮件是空的", advice=_NO_ATTACHMENT_ADVICE)
    data = inner.as_bytes()
    coding = fields.get("content-transfer-encoding", "").strip().lower()
    if coding in ("base64", "quoted-printable"):
        # Not allowed, and done: then the parser took the coded text for the message.
        coded = _raw(inner)
        data = _base64(coded)[0] if coding == "base64" else quopri.decodestring(coded)
        inner = email.message_from_bytes(data)
    subject = header_text(_fields(inner).get("subject", "")).replace("/", "_")
    label = safe_label(name) or f"{safe_label(subject) or f'转发邮件{number}'}.eml"
    return Member(label, data, is_mail=True)


# ── Header fields ────────────────────────────────────────────────────────────────────────────────────────────────────


def _fields(message: Message) -> dict[str, str]:
    """Header fields by name in small letters, unfolded; raw bytes are decoded as names are. The first of a kind counts."""
    fields: dict[str, str] = {}
    for name, value in message.raw_items():
        raw = str(value).encode("utf-8", "surrogateescape")
        fields.setdefault(name.lower(), re.sub(r"\r?\n[ \t]*", " ", decoded_name(raw)).strip())
    return fields


def header_text(value: str) -> str:
    """Words of RFC 2047 decoded wherever they stand; a character cut in two between two words is put together."""
    joined = _BETWEEN_ENCODED.sub(r"\1\2", value)
    pieces: list[str] = []
    place, pending, pending_charset = 0, b"", ""

    def flush() -> None:
        nonlocal pending
        if pending:
            pieces.append(decoded_text(pending, pending_charset))
            pending = b""

    for match in _ENCODED.finditer(joined):
        if match.start() > place or match[1].lower() != pending_charset:
            flush()
            pieces.append(joined[place : match.start()])
        pending_charset = match[1].lower()
        coded = match[3].encode("ascii", "replace")
        pending += _base64(coded)[0] if match[2] in "bB" else quopri.decodestring(coded, header=True)
        place = match.end()
    flush()
    return "".join(pieces) + joined[place:]


def decoded_text(raw: bytes, charset: str) -> str:
    """Bytes in a stated charset. GB2312 in mails means GBK or more; what the charset cannot read is read as names are."""
    folded = charset.lower().replace("_", "-")
    encoding = "gb18030" if folded in ("gb2312", "gbk", "gb18030", "cp936", "x-gbk", "gb-2312", "hz-gb-2312-x") else folded
    try:
        return raw.decode(encoding)
    except (LookupError, UnicodeDecodeError, ValueError):
        return decoded_name(raw)


def attachment_name(disposition: str, content_type: str) -> str:
    """The best name that Content-Disposition or Content-Type gives; empty where none does."""
    names = [_name_in(field, key) for field, key in ((disposition, "filename"), (content_type, "name"))]
    return next((name for name in names if name and "\N{REPLACEMENT CHARACTER}" not in name), names[0] or names[1])


def _name_in(field: str, key: str) -> str:
    """``filename*=`` (RFC 2231, also in parts) before ``filename=``, whatever that one holds."""
    parameters = _parameters(field)
    if f"{key}*" in parameters:
        return _extended(parameters[f"{key}*"])
    parts: list[tuple[int, bool, str]] = []
    for name, value in parameters.items():
        match = re.fullmatch(rf"{key}\*([0-9]{{1,3}})(\*?)", name)
        if match:
            parts.append((int(match[1]), bool(match[2]), value))
    if parts and key not in parameters:
        return _joined(sorted(parts))
    return _plain(parameters.get(key, ""))


def _extended(value: str) -> str:
    """``GBK'zh'%B3%FE`` → 楚; some mailers put words of RFC 2047 here all the same."""
    charset, mark, rest = value.partition("'")
    if not mark:
        return _plain(decoded_text(unquote_to_bytes(value), "utf-8") if "%" in value else value)
    return decoded_text(unquote_to_bytes(rest.partition("'")[2]), charset)


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    """Parts of a long name, of which each may be percent-coded or plain; a character may be cut between two."""
    charset = ""
    if parts[0][1] and parts[0][2].count("'") >= 2:
        charset, _, rest = parts[0][2].partition("'")
        parts[0] = (parts[0][0], True, rest.partition("'")[2])
    if not any(coded for _, coded, _ in parts):
        return _plain("".join(value for *_, value in parts))
    whole = "".join(value if coded else quote(value) for _, coded, value in parts)
    return _plain(decoded_text(unquote_to_bytes(whole), charset or "utf-8"))


def _plain(value: str) -> str:
    """A plain value: words of RFC 2047 and percent signs decoded where somebody put them."""
    text = header_text(value).strip()
    if re.search("%[0-9A-Fa-f]{2}", text) and text.isascii():
        raw = unquote_to_bytes(text)
        if not raw.isascii():
            text = decoded_name(raw)
    return text.strip().strip('"').strip()


def _parameters(field: str) -> dict[str, str]:
    """``a; b="c; d"; e*0*=f`` → parameters by name in small letters; the first of a name counts."""
    found: dict[str, str] = {}
    for text in _split(field)[1:]:
        name, mark, value = text.partition("=")
        if not mark:
            continue
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] == '"':
            # A backslash before anything but a quote or itself is a path of Windows.
            value = re.sub(r'\\(["\\])', r"\1", value[1:-1])
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _split(field: str) -> list[str]:
    """Split at ``;`` outside quotes; a quote that never ends quotes nothing."""
    pieces, current, quoted, escaped = [], "", False, False
    if field.replace('\\"', "").count('"') % 2:
        field = field.replace('"', "")
    for ch in field:
        if ch == '"' and not escaped:
            quoted = not quoted
        if ch == ";" and not quoted:
            pieces.append(current)
            current = ""
        else:
            current += ch
        escaped = ch == "\\" and not escaped
    return [*pieces, current]


def sent_at(date: str) -> datetime.datetime | None:
    """The Date header in UTC; one without a zone was read off a clock in China. None where it is missing or nonsense."""
    try:
        stated = email.utils.parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if stated.tzinfo is None and re.search(r"-0000\b", date):
        # UTC, from a machine that does not say where it stands.
        stated = stated.replace(tzinfo=datetime.UTC)
    return as_utc(stated)


# ── Codings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _decoded(part: Message, coding: str) -> tuple[bytes, bool]:
    """The contents of a part, and whether its coding was damaged."""
    raw = _raw(part)
    match coding.strip().strip('"').lower():
        case "base64":
            return _base64(raw)
        case "quoted-printable":
            return quopri.decodestring(raw), bool(re.search(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)", raw))
        case "x-uuencode" | "uuencode" | "uue" | "x-uue":
            match = _UUENCODED.search(raw)
            return _uudecoded(match[2] if match else raw.partition(b"\n")[2])
    match = _UUENCODED.match(raw.lstrip())
    if match and not part.get_content_type().startswith("text/"):
        return _uudecoded(match[2])
    return raw, False


def _raw(part: Message) -> bytes:
    """The bytes of a part as they stand in the message; get_payload would already have guessed at their charset."""
    payload = part.__dict__.get("_payload")
    return payload.encode("ascii", "surrogateescape") if isinstance(payload, str) else b""


def _base64(raw: bytes) -> tuple[bytes, bool]:
    """Decode whatever there is: foreign characters are left out, and a piece cut short at the end."""
    body = raw.rstrip().rstrip(b"=")
    letters = _BASE64.sub(b"", body)
    foreign = len(_BASE64.sub(b"", body)) != len(body.translate(None, b" \t\r\n"))
    damaged = foreign or len(letters) % 4 == 1
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)), damaged


def _uudecoded(raw: bytes) -> tuple[bytes, bool]:
    data, damaged = b"", False
    pieces: list[bytes] = []
    for line in raw.splitlines():
        if not line.strip() or line.startswith((b"begin ", b"end")):
            continue
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders pad beyond the length that the line states.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                pieces.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                damaged = True
    data = b"".join(pieces)
    return data, damaged


def members_of(mail: Mail) -> Iterator[Member]:
    """The attachments, each with the time of the mail that brought it."""
    for member in mail.members:
        member.received = member.received or mail.received
        yield member
