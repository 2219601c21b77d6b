"""What a file is, judged by its contents alone; its name may say anything."""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum

from xlrd.compdoc import CompDoc

from greencomm.intake.errors import Unreadable
from greencomm.intake.limits import MAX_NAMES_READ


class Kind(StrEnum):
    """What can be opened, by the extension that it should carry."""

    XLSX = ".xlsx"
    XLS = ".xls"
    ODS = ".ods"
    ZIP = ".zip"
    MAIL = ".eml"


RIGHT_EXTENSIONS = {
    Kind.XLSX: frozenset((".xlsx", ".xlsm", ".xltx", ".xltm", ".et", ".ett")),
    Kind.XLS: frozenset((".xls", ".xlt", ".et", ".ett")),
    Kind.ODS: frozenset((".ods", ".ots")),
    Kind.ZIP: frozenset((".zip",)),
    Kind.MAIL: frozenset((".eml", ".mail")),
}
"""Extensions under which each kind is rightly sent. WPS keeps .et whether it saves the old or the new format."""

FORMAT_NAMES = {
    Kind.XLSX: "Excel 工作簿（.xlsx）",
    Kind.XLS: "Excel 97-2003 或 WPS 旧格式（.xls、.et）",
    Kind.ODS: "OpenDocument 表格（.ods）",
    Kind.ZIP: "压缩包（.zip）",
    Kind.MAIL: "邮件（.eml）",
}

ENCRYPTED = "文件设有打开密码或已加密，程序打不开"
ENCRYPTED_ADVICE = "请在 Excel 或 WPS 中打开原文件，取消打开密码后另存为 .xlsx 格式，重新报送"
BROKEN = "文件不完整或已损坏，多半是下载、拷贝或发送没有完成"
BROKEN_ADVICE = "请在本机确认原文件能正常打开，再重新发送一次"
_SAVE_AS = "请用 Excel 或 WPS 打开它，用“另存为”选“Excel 工作簿（.xlsx）”保存后重新报送；只改扩展名不行"
_WORKBOOK = "请把填报工作簿（.xlsx）本身发来，不要发它的{}"
_PICTURE = ("这是图片，不是工作簿", _WORKBOOK.format("截图或照片") + "；佐证图片请另行报送")
_WORD = ("这是 Word 或 WPS 文字文档，不是工作簿", "请填写州里下发的填报工作簿（.xlsx），不要改用文字文档，填好后重新报送")
_SLIDES = ("这是演示文稿，不是工作簿", "请填写州里下发的填报工作簿（.xlsx），填好后重新报送")
_PDF = ("这是 PDF 文件，不是工作簿", _WORKBOOK.format("打印件或扫描件"))
_OFD = ("这是 OFD 版式文件，不是工作簿", _WORKBOOK.format("打印件或扫描件"))
_HTML = ("这是网页（HTML），只是扩展名像工作簿", _SAVE_AS)
_TEXT = ("这是文本或其他文件，不是 Excel 工作簿", "请发来州里下发的填报工作簿（.xlsx）；由文本（CSV）转存的，" + _SAVE_AS)
_XML_2003 = ("这是“XML 表格 2003”格式，不是工作簿", _SAVE_AS)
_PACKED = "请把里面的工作簿直接作为附件发来，或者改用普通的 .zip 压缩（不设密码）后重新发送"
_PROGRAM = ("这是程序文件，不是工作簿；为安全起见没有打开", "请核实是谁发来的，不要打开它；请对方只发填报工作簿（.xlsx）")
_MSG = ("这是 Outlook 专用的邮件文件（.msg），程序不能读取", "请在 Outlook 中把附件单独保存出来，或请对方把填报工作簿直接作为附件重新发送")
_TNEF = ("这是 Outlook 专用的附件包（winmail.dat），程序不能读取", "请对方把邮件格式改为“HTML”或“纯文本”，附上填报工作簿重新发送")
_XLSB = ("文件是二进制工作簿格式（.xlsb），程序不能读取", "请在 Excel 或 WPS 中打开原文件，另存为“Excel 工作簿（.xlsx）”后重新报送")
_SHORTCUT = ("这是快捷方式，不是文件本身", "请发来快捷方式所指的那个工作簿文件本身")

_SIGNATURES: tuple[tuple[bytes, tuple[str, str]], ...] = (
    (b"%PDF", _PDF),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"Rar!", ("这是 RAR 压缩包，程序不能打开", _PACKED)),
    (b"7z\xbc\xaf\x27\x1c", ("这是 7z 压缩包，程序不能打开", _PACKED)),
    (b"\x1f\x8b", ("这是 gz 压缩包，程序不能打开", _PACKED)),
    (b"BZh", ("这是 bz2 压缩包，程序不能打开", _PACKED)),
    (b"\xfd7zXZ\x00", ("这是 xz 压缩包，程序不能打开", _PACKED)),
    (b"MSCF", ("这是 CAB 压缩包，程序不能打开", _PACKED)),
    (b"\x78\x9f\x3e\x22", _TNEF),
    (b"\x7fELF", _PROGRAM),
    (b"{\\rtf", _WORD),
    (b"L\x00\x00\x00\x01\x14\x02\x00", _SHORTCUT),
    (b"!BDN", ("这是 Outlook 数据文件（.pst），程序不能读取", "请把其中的附件单独保存出来再放入")),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BARE_BIFF = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
"""A BOF record at the very start: .xls of before 1997, or written by programs that leave out the OLE container."""

_MAIL_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_MAIL_FIELDS = frozenset((
    b"from", b"to", b"date", b"subject", b"received", b"return-path", b"message-id", b"mime-version", b"content-type",
    b"delivered-to", b"sender", b"reply-to", b"x-mailer", b"dkim-signature", b"content-transfer-encoding",
))  # fmt: skip
_MAIL_HEAD = 256 * 1024
"""Bytes in which a mail's header must end; the longest seen, of many gateways, is below 64 KB."""


def kind_of(data: bytes) -> Kind:
    """What the contents are. Raises Unreadable, with what to ask for, where they are nothing that can be opened."""
    if not data:
        raise Unreadable("文件是空的（0字节）", "请在本机确认原文件有内容，再重新发送一次")
    for signature, (reason, advice) in _SIGNATURES:
        if data.startswith(signature):
            raise Unreadable(reason, advice)
    if data.startswith(b"PK"):
        return _kind_of_zip(data)
    if data.startswith(_OLE):
        return _kind_of_ole(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" or data[4:12] in _FTYP_PICTURES:
        raise Unreadable(*_PICTURE)
    if data[4:8] == b"ftyp":
        raise Unreadable("这是视频或音频文件，不是工作簿", "请把填报工作簿（.xlsx）本身发来；佐证材料请另行报送")
    if data.startswith(b"BM") and data[6:10] == b"\0\0\0\0":
        raise Unreadable(*_PICTURE)
    if data.startswith(b"MZ"):
        raise Unreadable(*_PROGRAM)
    if data[257:262] == b"ustar":
        raise Unreadable("这是 tar 压缩包，程序不能打开", _PACKED)
    if data[:2] in _BARE_BIFF and data[2:4] in (b"\x10\x00", b"\x08\x00", b"\x06\x00", b"\x04\x00"):
        return Kind.XLS
    return _kind_of_text(data)


_FTYP_PICTURES = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftypavif", b"ftyphevc", b"ftypheim")


def _kind_of_zip(data: bytes) -> Kind:
    try:
        names = zip_names(data)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, OverflowError):
        raise Unreadable(BROKEN, BROKEN_ADVICE) from None
    if "[content_types].xml" in names:
        if "xl/workbook.bin" in names:
            raise Unreadable(*_XLSB)
        if any(name.startswith("word/") for name in names):
            raise Unreadable(*_WORD)
        if any(name.startswith("ppt/") for name in names):
            raise Unreadable(*_SLIDES)
        return Kind.XLSX
    if "ofd.xml" in names:
        raise Unreadable(*_OFD)
    if "content.xml" in names and ("mimetype" in names or "meta-inf/manifest.xml" in names):
        return _kind_of_open_document(data)
    if any(name.startswith("index/") and name.endswith(".iwa") for name in names):
        raise Unreadable("这是苹果 Numbers 或 Pages 的文件，程序不能读取", "请在苹果电脑上用“导出为 Excel”存成 .xlsx 后重新报送")
    if "androidmanifest.xml" in names:
        raise Unreadable(*_PROGRAM)
    return Kind.ZIP


def open_zip(data: bytes) -> zipfile.ZipFile:
    """The archive; names that claim to be UTF-8 and are not do not stop it, their raw bytes come out as cp437.

    Raises BadZipFile, ValueError, NotImplementedError or OSError where it is no zip or is torn.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except UnicodeDecodeError:
        patched = bytearray(data)
        end = patched.rfind(b"PK\x05\x06")
        place = int.from_bytes(patched[end + 16 : end + 20], "little")
        # Bit 11 of the flags says UTF-8, in the directory and again before each entry.
        while patched[place : place + 4] == b"PK\x01\x02":
            entry = int.from_bytes(patched[place + 42 : place + 46], "little")
            patched[place + 9] &= 0xF7
            if patched[entry : entry + 4] == b"PK\x03\x04":
                patched[entry + 7] &= 0xF7
            place += 46 + sum(int.from_bytes(patched[place + at : place + at + 2], "little") for at in (28, 30, 32))
        return zipfile.ZipFile(io.BytesIO(bytes(patched)))


def zip_names(data: bytes) -> frozenset[str]:
    """Names of a zip's entries, folded as packages compare them."""
    with open_zip(data) as archive:
        return frozenset(
            info.filename.replace("\\", "/").lstrip("/").casefold() for info in archive.infolist()[:MAX_NAMES_READ]
        )


def _kind_of_open_document(data: bytes) -> Kind:
    """An OpenDocument file says in its ``mimetype`` what it is; where it does not, its manifest does."""
    stated = b""
    with open_zip(data) as archive:
        for name in ("mimetype", "META-INF/manifest.xml"):
            try:
                with archive.open(name) as part:
                    stated += part.read(64 * 1024)
            except Exception:  # Missing or torn: the other may still say it.
                continue
    if b"opendocument.spreadsheet" in stated:
        return Kind.ODS
    if b"opendocument.text" in stated:
        raise Unreadable(*_WORD)
    if b"opendocument.presentation" in stated:
        raise Unreadable(*_SLIDES)
    raise Unreadable("文件是 OpenDocument 格式，但不是表格", "请发来州里下发的填报工作簿（.xlsx）")


def _kind_of_ole(data: bytes) -> Kind:
    names = ole_names(data)
    if "EncryptedPackage" in names:
        raise Unreadable(ENCRYPTED, ENCRYPTED_ADVICE)
    if "Workbook" in names or "Book" in names:
        return Kind.XLS
    if any(name.startswith(("__substg1.0_", "__properties_version")) for name in names):
        raise Unreadable(*_MSG)
    if "WordDocument" in names:
        raise Unreadable(*_WORD)
    if "PowerPoint Document" in names:
        raise Unreadable(*_SLIDES)
    try:
        CompDoc(data, logfile=io.StringIO())
    except Exception:  # As a torn one makes it fail, in any way.
        raise Unreadable(BROKEN, BROKEN_ADVICE) from None
    raise Unreadable("这是旧版 Office 的其他文件，不是工作簿", "请发来州里下发的填报工作簿（.xlsx）")


def ole_names(data: bytes) -> frozenset[str]:
    """Names of the streams in an OLE file: every directory entry that can be told as one, also in a damaged file.

    Directory entries are 128 bytes at multiples of 128; the name's length stands at 64, the kind at 66.
    """
    found = set()
    for mark in _OLE_MARKS:
        place = data.find(mark)
        while place >= 0:
            length = int.from_bytes(data[place + 64 : place + 66], "little")
            if place % 128 == 0 and 4 <= length <= 64 and data[place + 66 : place + 67] in (b"\x01", b"\x02", b"\x05"):
                found.add(data[place : place + length - 2].decode("utf-16-le", "replace"))
                if mark != _SUBSTORAGE:
                    break
            place = data.find(mark, place + 2)
            if mark == _SUBSTORAGE and found:
                break
    return frozenset(found)


_SUBSTORAGE = "__substg1.0_".encode("utf-16-le")
_OLE_MARKS = (
    *((name + "\0").encode("utf-16-le") for name in (
        "Root Entry", "EncryptedPackage", "Workbook", "Book", "WordDocument", "PowerPoint Document", "__properties_version1.0",
        "_VBA_PROJECT_CUR", "\x05SummaryInformation",
    )),
    _SUBSTORAGE,
)  # fmt: skip


def _kind_of_text(data: bytes) -> Kind:
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    elif b"\0" in head and not head.strip(b"\0"):
        raise Unreadable("文件内容全是空字节，多半是拷贝或下载没有完成", BROKEN_ADVICE)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<?xml", b"<workbook", b"<ss:workbook")):
        if b"urn:schemas-microsoft-com:office:spreadsheet" in start or b"excel.sheet" in start:
            raise Unreadable(*_XML_2003)
        if b"opendocument:xmlns:office" in start:
            raise Unreadable("这是单个 XML 的 OpenDocument 表格（.fods），程序不能读取", _SAVE_AS)
        if b"<html" in start or b"xhtml" in start:
            raise Unreadable(*_HTML)
        if b"<svg" in start:
            raise Unreadable(*_PICTURE)
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<style", b"<body", b"<div", b"<!--")):
        raise Unreadable(*_HTML)
    fields = _mail_fields(data)
    if b"x-document-type" in fields or b"snapshot-content-location" in fields or fields == {b"mime-version", b"content-type"}:
        raise Unreadable("这是单个文件的网页（MHT），只是扩展名像工作簿", _SAVE_AS)
    if len(fields & _MAIL_FIELDS) >= 2:
        return Kind.MAIL
    if start.startswith(b"from ") and b"\nfrom:" in start:
        raise Unreadable("这是邮箱导出的文件（mbox），里面可能有多封邮件", "请在邮箱里把每封邮件单独另存为 .eml 再放入")
    raise Unreadable(*_TEXT)


def _mail_fields(data: bytes) -> set[bytes]:
    """Names of the header's fields where the file begins as a mail does, else nothing."""
    head = data[:_MAIL_HEAD].lstrip(b"\xef\xbb\xbf\r\n \t")
    fields: set[bytes] = set()
    for line in head.splitlines():
        if not line.strip():
            break
        if line[:1] in (b" ", b"\t"):
            continue
        match = _MAIL_FIELD.match(line)
        if match is None:
            # Gateways leave a stray line; a mail that has said who it is from is one all the same.
            if len(fields & _MAIL_FIELDS) < 3:
                return set()
            continue
        fields.add(match[1].lower())
    return fields
