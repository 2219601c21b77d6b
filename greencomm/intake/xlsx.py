"""Reads .xlsx and .xlsm twice: by our own pass over the XML, which gives the values, and by calamine, which must agree.

Every reader has silent errors of its own (calamine turns a padded string index into string 0, openpyxl blanks cells
under a merge, both lose strict OOXML or new error kinds). Two readings that share no code rarely share an error, so a
cell on which they differ is a faulty cell rather than a number somebody has to trust.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import math
import operator
import posixpath
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache
from typing import Any
from urllib.parse import unquote
from xml.parsers import expat

from greencomm.intake import limits
from greencomm.intake.errors import BrokenPart, Unreadable
from greencomm.intake.pieces import LONGEST_SHEET, TRUE, Asides, Pieces, Unusual, columns, is_zero, simple_text, split_rows
from greencomm.intake.workbook import (
    MAX_COLUMN,
    MAX_ROW,
    Address,
    CellValue,
    Doubt,
    Fault,
    FaultyCell,
    Sheet,
    Visibility,
    Workbook,
    cell_name,
    column_letters,
)

_ENCRYPTED = "文件设有打开密码或已加密，程序打不开"
_ENCRYPTED_ADVICE = "请在 Excel 或 WPS 中打开原文件，取消打开密码后另存为 .xlsx 格式，重新报送"
_BROKEN = "文件不完整或已损坏，多半是下载、拷贝或发送没有完成"
_BROKEN_ADVICE = "请在本机确认原文件能正常打开，再重新发送一次"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")

_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_LINKS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_PACKAGE_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_XML_SPACE = " \t\r\n"

_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Number formats that are dates or times without a code in the file; 27–36 and 50–58 are the East Asian ones."""

_BUILT_IN_PERCENT = ("9", "10")

_DRAWING = "/drawings/drawing"
_EXTRAS = (
    ("/media/", "图片"),
    ("/charts/", "图表"),
    (_DRAWING, "图形"),
    ("comments", "批注"),
    ("/embeddings/", "嵌入的文件"),
    ("/externallinks/", "外部链接"),
    ("/pivottables/", "数据透视表"),
    ("vbaproject.bin", "宏"),
)
"""Part of a part's name → what it is called."""


def read_xlsx(data: bytes) -> Workbook:
    """Read a whole .xlsx or .xlsm (strict and transitional); macros are never run.

    Numbers keep what the file stores: int where the stored text is integral, else float. A cell that has content but no
    usable value is a FaultyCell. Raises Unreadable where the file as a whole cannot be trusted: no or a torn zip,
    encrypted, not a workbook, a DOCTYPE, or larger than any genuine workbook; a sheet with broken XML or an impossible
    address costs that sheet only, unless nothing else is left.
    """
    package = _Package(data)
    book = _BookParts(package)
    values = _Values(
        _read_strings(package, book.strings_part), _read_formats(package, book.styles_part), book.uses_1904
    )
    sheets: list[Sheet] = []
    raws: list[_RawSheet] = []
    room = limits.MAX_CELLS
    first_broken: BrokenPart | None = None
    for entry in book.sheets:
        broken: BrokenPart | None = None
        try:
            if entry.part is None:
                raise BrokenPart(f"工作表“{entry.name}”的内容缺失")
            raw = _read_sheet(package.read(entry.part), entry.name, values, room)
        except BrokenPart as error:
            raw, broken = _RawSheet({}, 0), error
            first_broken = first_broken or error
        room -= raw.cell_count
        raws.append(raw)
        sheets.append(replace(_finished(entry, raw), is_broken=broken is not None))
    if first_broken is not None and all(sheet.is_broken or not sheet.cells for sheet in sheets):
        raise first_broken
    read_once = _compare_with_calamine(data, book, sheets, raws)
    saved, properties = _read_properties(package)
    return Workbook(
        sheets=sheets,
        saved=saved,
        properties=properties,
        has_macros=any(name.endswith("vbaproject.bin") for name in package.names),
        extras=tuple(
            title for mark, title in _EXTRAS if any(mark in name and not package.is_empty_drawing(name) for name in package.names)
        ) + (("图表工作表等非数据工作表",) if book.has_other_sheets else ())
        + (("已经丢失的部件",) if package.missing_targets() else ()),
        doubts=tuple(doubt for sheet in sheets for doubt in _doubtful(sheet)),
        read_once=read_once,
    )


# ── The package ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Link:
    kind: str
    """The last word of the relationship's type: ``worksheet``."""
    part: str


class _Package:
    """Parts of a zip by name; names compare without case, as the packaging standard says.

    Everything that can be said of a zip without looking into its parts is checked here, and every part is unpacked with
    its size and checksum verified, also those that nobody reads: a damaged picture tells of a damaged file.
    """

    def __init__(self, data: bytes) -> None:
        if data.startswith(_OLE):
            if _ENCRYPTED_STREAM in data:
                raise Unreadable(_ENCRYPTED, _ENCRYPTED_ADVICE)
            raise Unreadable("文件是旧版 Excel 97-2003 格式（.xls），不是 .xlsx")
        if not data.startswith(b"PK"):
            raise Unreadable("文件不是 Excel 工作簿（.xlsx）" if data else "文件是空的，没有任何内容")
        infos = _directory(data)
        files = [info for info in infos if not info.filename.endswith("/")]
        keys = [_part_key(info.filename) for info in files]
        if len(set(keys)) != len(keys):
            raise Unreadable("文件内部有同名的部件，无法确定以哪个为准")
        self._parts = {key: _unpacked(data, info) for key, info in zip(keys, files, strict=True)}
        for key, content in self._parts.items():
            if key.endswith(_XML_PARTS):
                _guard(content)
        self.names = sorted(self._parts)

    def __contains__(self, part: str) -> bool:
        return _part_key(part) in self._parts

    def read(self, part: str) -> bytes:
        """A part's bytes."""
        content = self._parts.get(_part_key(part))
        if content is None:
            raise Unreadable(f"文件内部缺少部件“{part[:100]}”", _BROKEN_ADVICE)
        if not _part_key(part).endswith(_XML_PARTS):
            _guard(content)
        return content

    def is_empty_drawing(self, part: str) -> bool:
        """Whether a part is a drawing without a shape: LibreOffice writes one for a sheet that has links and nothing drawn."""
        if _DRAWING not in part or not part.endswith(".xml"):
            return False
        anchors: list[str] = []
        with contextlib.suppress(Unreadable):
            _parse(self._parts[part], "图形", lambda tag, attributes: anchors.append(tag) if tag.endswith("Anchor") else None)
            return not anchors
        return False

    def missing_targets(self) -> bool:
        """Whether some part refers to another part that is not there. Those that reading needs are refused elsewhere."""
        for name in self.names:
            folder, _, file = name.rpartition("_rels/")
            if not file.endswith(".rels"):
                continue
            with contextlib.suppress(Unreadable):
                links = self.links(folder + file.removesuffix(".rels")).values()
                if any(link.part not in self and link.kind != "hyperlink" for link in links):
                    return True
        return False

    def links(self, part: str) -> dict[str, _Link]:
        """Relationships of a part (``""``: of the package) to parts of the package, by id."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, _Link] = {}
        if rels not in self:
            return found

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == f"{_PACKAGE_LINKS} Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                path = posixpath.normpath(target if target.startswith("/") else posixpath.join(folder, target)).lstrip("/")
                if path not in self and unquote(path) in self:
                    path = unquote(path)
                found[attributes.get("Id", "")] = _Link(attributes.get("Type", "").rpartition("/")[2], path)

        _parse(self.read(rels), "内部关系表", start)
        return found

    def content_type(self, part: str) -> str:
        """Declared type of a part; empty where none is declared."""
        by_part: dict[str, str] = {}
        by_extension: dict[str, str] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == f"{_CONTENT_TYPES} Override":
                by_part[_part_key(attributes.get("PartName", ""))] = attributes.get("ContentType", "")
            elif tag == f"{_CONTENT_TYPES} Default":
                by_extension[attributes.get("Extension", "").casefold()] = attributes.get("ContentType", "")

        if "[Content_Types].xml" in self:
            _parse(self.read("[Content_Types].xml"), "内容类型表", start)
        return by_part.get(_part_key(part), by_extension.get(part.rpartition(".")[2].casefold(), ""))


def _directory(data: bytes) -> list[zipfile.ZipInfo]:
    """The zip's entries: few enough, not encrypted, packed as Excel packs, and none over another."""
    if data.count(b"PK\1\2") > 10 * limits.MAX_PARTS:
        # Before the directory is read at all; an embedded workbook may have some of its own.
        raise Unreadable(f"文件内部的部件超过{limits.MAX_PARTS}个，不是正常的工作簿")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos, end = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError, struct.error):
        raise Unreadable(_BROKEN, _BROKEN_ADVICE) from None
    if len(infos) > limits.MAX_PARTS:
        raise Unreadable(f"文件内部的部件超过{limits.MAX_PARTS}个，不是正常的工作簿")
    if any(info.flag_bits & 1 for info in infos):
        raise Unreadable(_ENCRYPTED, _ENCRYPTED_ADVICE)
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise Unreadable("文件内部用了 Excel 不使用的压缩方式")
    expanded = sum(info.file_size for info in infos)
    if expanded > limits.MAX_EXPANDED:
        raise Unreadable(f"文件解压后超过{limits.MAX_EXPANDED // limits.MB}MB，远大于正常的填报工作簿")
    if expanded > limits.RATIO_FLOOR and expanded > limits.MAX_RATIO * sum(info.compress_size for info in infos):
        raise Unreadable(f"文件解压后膨胀到{limits.MAX_RATIO}倍以上，不是正常的工作簿")
    in_place = sorted(infos, key=lambda info: info.header_offset)
    if in_place and in_place[0].header_offset > 0:
        # Which of two files glued together is meant would be a guess.
        raise Unreadable("文件开头有不属于工作簿的内容，可能是几个文件接在了一起")
    previous = 0
    for info in in_place:
        if info.header_offset < 0:
            raise Unreadable(_BROKEN, _BROKEN_ADVICE)
        if info.header_offset < previous:
            raise Unreadable("文件内部的部件互相重叠，不是正常的工作簿")
        previous = _content_start(data, info) + info.compress_size
    if previous > end:
        raise Unreadable("文件内部的部件互相重叠，不是正常的工作簿")
    return infos


def _content_start(data: bytes, info: zipfile.ZipInfo) -> int:
    """Where an entry's packed bytes begin; its own header must name it as the directory does."""
    header = data[info.header_offset : info.header_offset + 30]
    if len(header) < 30 or not header.startswith(b"PK\3\4"):
        raise Unreadable(_BROKEN, _BROKEN_ADVICE)
    method, name_length, extra_length = (int.from_bytes(header[at : at + 2], "little") for at in (8, 26, 28))
    start = info.header_offset + 30 + name_length
    name = data[info.header_offset + 30 : start].decode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")
    if name != info.orig_filename or method != info.compress_type:
        raise Unreadable(_BROKEN, _BROKEN_ADVICE)
    return start + extra_length


def _unpacked(data: bytes, info: zipfile.ZipInfo) -> bytes:
    """A part's bytes, never more than it declares, with size and checksum verified."""
    start = _content_start(data, info)
    content = data[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_DEFLATED and (info.compress_size or info.file_size):
        # LibreOffice stores an empty part as no bytes at all.
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            packed, content = content, unpacker.decompress(content, info.file_size + 1)
            while not unpacker.eof and len(content) <= info.file_size and (rest := unpacker.unconsumed_tail):
                more = unpacker.decompress(rest, info.file_size + 1 - len(content))
                if not more and unpacker.unconsumed_tail == rest:
                    break
                content += more
        except zlib.error:
            raise Unreadable(_BROKEN, _BROKEN_ADVICE) from None
        if not unpacker.eof or unpacker.unused_data or len(packed) != info.compress_size:
            raise Unreadable(_BROKEN, _BROKEN_ADVICE)
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise Unreadable(_BROKEN, _BROKEN_ADVICE)
    return content


_XML_PARTS = (".xml", ".rels", ".vml")
_LONG_TOKEN = re.compile(rb"<[^<]{%d}" % limits.MAX_TOKEN)
_LONG = 8 * 1024
"""Bytes below which a tag cannot have more attributes than MAX_ATTRIBUTES at eight bytes each."""
_LONG_TAG = re.compile(rb"<[^<]{%d,}" % _LONG)
_TAG = re.compile(rb"""<[^>"'<]*(?:(?:"[^"<]*"|'[^'<]*')[^>"'<]*)*""")
_ATTRIBUTE = re.compile(rb"""=\s*(?:"[^"<]*"|'[^'<]*')""")


def _guard(content: bytes) -> None:
    """Refuse what no spreadsheet program writes into XML, before any parser sees it: cheap enough for every part.

    A ``<`` stands in no attribute and no text, so that the distance between two bounds every token.
    """
    original, content = content, _utf8(content) or content
    if _has_long_tags(content):
        if _LONG_TOKEN.search(content) is not None:
            raise Unreadable("文件内部有长得异常的内容，不是正常的工作簿")
        for match in _LONG_TAG.finditer(content):
            tag = _TAG.match(match[0])
            if tag is not None and len(_ATTRIBUTE.findall(tag[0])) > limits.MAX_ATTRIBUTES:
                raise Unreadable("文件内部有长得异常的内容，不是正常的工作簿")
    if b"<!DOCTYPE" in content:
        # In a comment or CDATA it would be harmless; the parser knows.
        with contextlib.suppress(BrokenPart):
            _parse(original, "部件", lambda *_: None)


def _has_long_tags(content: bytes) -> bool:
    """Whether _LONG bytes follow a ``<`` without another one. From each the last one within reach is sought, so that few are
    looked at."""
    at = content.find(b"<")
    while at >= 0 and at + _LONG < len(content):
        reach = at + _LONG + 1
        at = content.rfind(b"<", at + 1, reach)
        if at < 0:
            return True
    return False


def _utf8(content: bytes) -> bytes | None:
    """A part in UTF-8; None where it is neither UTF-8 nor UTF-16, which are all that the packaging standard allows."""
    for mark, encoding in (
        (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"),
    ):  # fmt: skip
        if content.startswith(mark):
            try:
                text = content.decode(encoding).removeprefix("\ufeff")
                declared = _DECLARED.match(text[:1024].encode("utf-8"))
                return text.encode("utf-8") if declared is None or declared[1].lower() in (b"utf-16", encoding.encode()) else None
            except UnicodeError:
                return None
    declared = _DECLARED.match(content[:1024])
    return content if declared is None or declared[1].lower() in (b"utf-8", b"us-ascii", b"ascii") else None


_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")


def _part_key(name: str) -> str:
    """A part's name for comparison; some writers use backslashes."""
    return name.replace("\\", "/").lstrip("/").casefold()


_NO_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]


class _Doctype(Exception):
    """Raised from within expat to stop at once."""


def _parse(
    data: bytes,
    what: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], object] | None = None,
    *,
    counts_depth: bool = False,
) -> None:
    """One pass of expat over a part; ``what`` names the part in the sentence for broken XML.

    A document type could define entities that expand without end or reach for other files; no spreadsheet
    program writes one, so any is refused. ``counts_depth`` where the caller bounds the depth itself.
    """
    known = _utf8(data)
    if known is None:
        raise BrokenPart(f"{what}的内容已损坏，读不出来（文字编码不是 UTF-8 或 UTF-16）")
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise _Doctype

    parser.StartDoctypeDeclHandler = refuse
    depth = 0

    def deeper(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.MAX_DEPTH:
            raise _too_deep(what)
        start(tag, attributes)

    def back(tag: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(tag)

    # Sheets count for themselves: two more calls an element would show there.
    parser.StartElementHandler = start if counts_depth else deeper
    parser.EndElementHandler = end if counts_depth else back
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(known, True)
    except _Doctype:
        raise Unreadable("文件内含有文档类型声明（DOCTYPE），正常的工作簿不会有，为安全起见不予打开") from None
    except expat.ExpatError as error:
        if error.code == _NO_MEMORY:
            raise MemoryError from None
        raise BrokenPart(f"{what}的内容已损坏，读不出来") from None


def _too_deep(what: str) -> BrokenPart:
    return BrokenPart(f"{what}的内容层层嵌套，已经损坏")


def _names(*short: str) -> dict[str, str]:
    """Full element names, in both namespaces of spreadsheets, → short ones."""
    return {f"{space} {name}": name for space in _MAIN for name in short}


def _attribute(attributes: dict[str, str], name: str) -> str:
    """An attribute in the namespace of relationships, whichever of the two it is."""
    return next((attributes[f"{space} {name}"] for space in _LINKS if f"{space} {name}" in attributes), "")


# ── The workbook part ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _SheetEntry:
    name: str
    part: str | None
    """None where it is missing."""
    visibility: Visibility
    index: int
    """Place among all sheets, charts included."""


class _BookParts:
    """What the workbook part says: its sheets in order, the date system, where strings and styles lie."""

    _NAMES = _names("workbook", "workbookPr", "sheet")

    def __init__(self, package: _Package) -> None:
        part = next((link.part for link in package.links("").values() if link.kind == "officeDocument"), None)
        if part is None or part not in package:
            raise Unreadable("压缩包里没有 Excel 工作簿的内容")
        declared = package.content_type(part)
        if "sheet.binary" in declared:
            raise Unreadable("文件是二进制工作簿格式（.xlsb），程序不能读取")
        if any(word in declared for word in ("wordprocessingml", "presentationml")):
            raise Unreadable("文件是 Word 文档或演示文稿，不是 Excel 工作簿")
        links = package.links(part)
        self.sheets: list[_SheetEntry] = []
        self.sheet_count = 0
        self._taken: set[str] = set()
        self.uses_1904 = False
        is_workbook = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal is_workbook
            match self._NAMES.get(tag):
                case "workbook":
                    is_workbook = True
                case "workbookPr":
                    self.uses_1904 = attributes.get("date1904") in TRUE
                case "sheet":
                    self._add(package, attributes, links.get(_attribute(attributes, "id")))

        _parse(package.read(part), "工作簿目录", start)
        if not is_workbook:
            raise Unreadable("压缩包里没有 Excel 工作簿的内容")
        if not self.sheets:
            raise Unreadable("工作簿里没有工作表")
        by_kind = {link.kind: link.part for link in links.values()}
        # None where the workbook has none; a part that is named but missing stops the reading.
        self.strings_part = by_kind.get("sharedStrings")
        self.styles_part = by_kind.get("styles")

    @property
    def has_other_sheets(self) -> bool:
        return self.sheet_count > len(self.sheets)

    def _add(self, package: _Package, attributes: dict[str, str], link: _Link | None) -> None:
        name, index = _clean(attributes.get("name", "")), self.sheet_count
        self.sheet_count += 1
        if self.sheet_count > limits.MAX_SHEETS:
            raise Unreadable(f"工作表超过{limits.MAX_SHEETS}张，不是正常的填报工作簿")
        if len(name) > limits.MAX_NAME:
            raise Unreadable(f"有工作表的名称超过{limits.MAX_NAME}个字，不是正常的填报工作簿")
        if name.casefold() in self._taken:
            raise Unreadable(f"工作簿里有两个工作表都叫“{name}”")
        self._taken.add(name.casefold())
        if link is not None and link.kind != "worksheet":
            return  # A chart or a dialog on a sheet of its own: has_other_sheets tells of it.
        # A sheet whose part is missing is a broken sheet, and costs no other.
        part = link.part if link is not None and link.part in package else None
        visibility = {"hidden": Visibility.HIDDEN, "veryHidden": Visibility.VERY_HIDDEN}
        self.sheets.append(_SheetEntry(name, part, visibility.get(attributes.get("state", ""), Visibility.VISIBLE), index))


def _read_strings(package: _Package, part: str | None) -> list[str]:
    """Shared strings: runs of rich text joined, phonetic guides left out."""
    strings: list[str] = []
    if part is None:
        return strings
    names = _names("si", "t", "rPh")
    chunks: list[str] = []
    texts: list[str] = []
    phonetic = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal phonetic
        name = names.get(tag)
        if name == "t":
            chunks.clear()
        elif name == "si":
            texts.clear()
        elif name == "rPh":
            phonetic += 1

    def end(tag: str) -> None:
        nonlocal phonetic
        name = names.get(tag)
        if name == "t":
            if not phonetic:
                texts.extend(chunks)
        elif name == "si":
            strings.append(_clean("".join(texts)))
        elif name == "rPh":
            phonetic -= 1

    _parse(package.read(part), "共享文字表", start, end, chunks.append)
    return strings


def _clean(text: str) -> str:
    """Text with Excel's ``_xHHHH_`` escapes decoded; half a surrogate pair becomes U+FFFD."""
    if "_x" not in text:
        return text
    decoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return decoded.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# ── Number formats ───────────────────────────────────────────────────────────────────────────────────────────────────


class _Shows(Enum):
    """What a number format makes of a number, where that is no plain number."""

    DATE = 1
    PERCENT = 2


def _read_formats(package: _Package, part: str | None) -> dict[str, _Shows]:
    """Cell formats that show a number as a date or time, or as a percentage; by index, as cells write it."""
    if part is None:
        return {}
    names = _names("numFmt", "cellXfs", "xf")
    codes: dict[str, str] = {}
    formats: list[str] = []
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        name = names.get(tag)
        if name == "xf" and inside:
            formats.append(attributes.get("numFmtId", "0"))
        elif name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside = True

    def end(tag: str) -> None:
        nonlocal inside
        if names.get(tag) == "cellXfs":
            inside = False

    _parse(package.read(part), "格式表", start, end)
    shows = {str(number): _Shows.DATE for number in _BUILT_IN_DATES} | dict.fromkeys(_BUILT_IN_PERCENT, _Shows.PERCENT)
    for number in set(formats) & codes.keys():
        # A code in the file overrides the built-in meaning of its number.
        shows.pop(number, None)
        if is_date_code(codes[number]):
            shows[number] = _Shows.DATE
        elif is_percent_code(codes[number]):
            shows[number] = _Shows.PERCENT
    return {str(index): shows[number] for index, number in enumerate(formats) if number in shows}


def is_date_code(code: str) -> bool:
    """Whether a number format's code shows a date, a time or an elapsed time: ``yyyy"年"m"月"``, ``[h]:mm``."""
    code = _bare(code)
    if re.search(r"\[(h+|m+|s+)\]", code):
        return True
    code = re.sub(r"\[[^\]]*\]|general|standard|e[+-]", "", code)
    return any(letter in code for letter in "ymdhse年月日")


def is_percent_code(code: str) -> bool:
    """Whether a number format's code shows a percentage: ``0.00%``."""
    return "%" in _bare(code)


def _bare(code: str) -> str:
    """A number format's code without what it only shows as it stands; Excel's own codes have 255 characters at most."""
    return re.sub(r'"[^"]*"|\\.|[_*].', "", code[:1000].casefold())


def percent_text(number: float) -> str:
    """A number as a percentage format shows it, with all its digits: 1.5 → ``150%``."""
    return f"{number * 100:.15g}%"


def date_text(serial: float, uses_1904: bool) -> str:
    """A serial number as the date or time that Excel shows, in ISO order: ``2021-03-05 08:30``."""
    days, part = divmod(serial, 1)
    seconds = round(part * 86400)
    if seconds == 86400:
        days, seconds = days + 1, 0
    time = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}" + (f":{seconds % 60:02d}" if seconds % 60 else "")
    if days == 0 and not uses_1904:
        return time
    # Excel keeps Lotus's 29 February 1900, so that days before it count from another base.
    base = datetime.date(1904, 1, 1) if uses_1904 else datetime.date(1899, 12, 30 if days >= 61 else 31)
    if days == 60 and not uses_1904:
        date = "1900-02-29"
    else:
        try:
            date = (base + datetime.timedelta(days=days)).isoformat()
        except OverflowError:
            return f"{serial:.15g}"
    return f"{date} {time}" if seconds else date


# ── A sheet ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _RawSheet:
    """What one pass over a sheet's XML finds."""

    cells: dict[Address, CellValue]
    cell_count: int
    """Cells in the XML, blank ones included."""
    row_count: int = field(default=0, compare=False)
    has_rows: bool = field(default=False, compare=False)
    """Whether there is a table at all (``sheetData``)."""
    formulas: set[Address] = field(default_factory=set)
    arrays: list[tuple[int, int, int, int]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Not to be changed: sheets alike share one list."""
    hidden_rows: set[int] = field(default_factory=set)
    hidden_ranges: list[tuple[int, int]] = field(default_factory=list)
    blanks: list[Address] = field(default_factory=list)
    """Cells that store an empty value: blank to us, but calamine may see something in them."""
    padded: set[Address] = field(default_factory=set)
    """Cells whose stored text has blanks around it: calamine is known to misread them, so they are not compared."""


class _Values:
    """What the stored values of a workbook's cells mean."""

    def __init__(self, strings: list[str], formats: dict[str, _Shows], uses_1904: bool) -> None:
        self.strings, self.formats, self.uses_1904 = strings, formats, uses_1904
        self.by_kind = _ValuesByKind(self)

    def value(self, kind: str, style: str, stored: str | None, formula: str | None) -> tuple[CellValue, bool]:
        """A cell's value, and whether blanks stand around what is stored: calamine misreads that."""
        if kind == "str" or kind == "inlineStr":
            return (_no_value(formula) if stored is None else _clean(stored) or None), False
        text = (stored or "").strip(_XML_SPACE)
        padded = text != stored and (kind == "s" or bool(text))
        if not text:
            return _no_value(formula), padded
        return self._value(kind, style, text), padded

    def _value(self, kind: str, style: str, text: str) -> CellValue:
        if kind == "s":
            if text.isascii() and text.isdigit() and len(text) < 10 and int(text) < len(self.strings):
                return self.strings[int(text)] or None
            return FaultyCell(Fault.UNREADABLE, f"文字编号{text[:20]}")
        if kind == "n":
            number = _number(text)
            if number is None:
                return FaultyCell(Fault.UNREADABLE, text[:40])
            shows = self.formats.get(style)
            if shows is _Shows.DATE and number >= 0:
                return FaultyCell(Fault.DATE, date_text(number, self.uses_1904))
            if shows is _Shows.PERCENT and number > 1:
                return FaultyCell(Fault.PERCENT, percent_text(number))
            return number
        if kind == "b":
            return FaultyCell(Fault.LOGICAL, "TRUE" if text in TRUE else "FALSE")
        if kind == "e":
            return FaultyCell(Fault.ERROR, text[:40])
        if kind == "d":
            return FaultyCell(Fault.DATE, text[:40])
        return FaultyCell(Fault.UNREADABLE, text[:40])


class _ValuesByKind(dict[tuple[str, str], "_ValuesOfKind"]):
    """Values by kind and style of their cells."""

    def __init__(self, book: _Values) -> None:
        super().__init__()
        self.book = book

    def __missing__(self, key: tuple[str, str]) -> _ValuesOfKind:
        found = self[key] = _ValuesOfKind(self.book, *key)
        return found


class _ValuesOfKind(dict[bytes, CellValue]):
    """Values of cells of one kind and style by the bytes stored, each worked out when it is first met.

    Raises Unusual for an empty number, for what has blanks around it, and for what could mean something else to an XML parser.
    """

    def __init__(self, book: _Values, kind: str, style: str) -> None:
        super().__init__()
        self.book, self.kind, self.style = book, kind, style

    def __missing__(self, stored: bytes) -> CellValue:
        text = simple_text(stored)
        value, padded = self.book.value(self.kind, self.style, text, None)
        if padded or not text and self.kind != "str":
            # What an empty number is depends on the cell's formula.
            raise Unusual
        self[stored] = value
        return value


_SHEET_NAMES = _names("worksheet", "sheetData", "row", "c", "v", "f", "is", "t", "rPh", "mergeCell", "col")


def _read_sheet(data: bytes, sheet_name: str, values: _Values, room: int) -> _RawSheet:
    """A worksheet's cells and whatever decides whether they are seen; by pieces where it is written as usual."""
    raw = _read_by_pieces(data, values, room)
    return raw if raw is not None else _read_whole(data, sheet_name, values, room)


_ROWS, _ROWS_END = b"<sheetData>", b"</sheetData>"
_ROOT = re.compile(rb"""(?:\xef\xbb\xbf)?(?:<\?xml [^<>]*\?>\s*)?(<worksheet(?: [A-Za-z0-9:]+="[^"<>&]*")*>)""")
_HEADERS = re.compile(
    rb'<headerFooter(?: [A-Za-z]+="[^"<>&]*")*>((?:<((?:odd|even|first)(?:Header|Footer))>[^<]*</\2>)*)</headerFooter>'
)
_HEADER_TEXT = re.compile(rb">([^<]+)</")
_REVISION = re.compile(rb' xr:uid="\{[0-9A-Fa-f-]{36}\}"')
_PIECES = {has_descents: Pieces(has_descents=has_descents) for has_descents in (False, True)}


def _read_by_pieces(data: bytes, values: _Values, room: int) -> _RawSheet | None:
    """What _read_whole finds, for less: only what this program has not met yet is taken apart (S-44).

    None where anything is unusual, be it right or wrong: _read_whole decides.
    """
    begin = data.find(_ROWS)
    end = data.find(_ROWS_END, begin)
    root = _ROOT.match(data)
    if len(data) > min(LONGEST_SHEET, limits.MAX_ROWS) or begin < 0 or end < 0 or root is None or _utf8(data) is not data:
        return None
    around = _around(data[: begin + len(_ROWS)], root[1], data[end:])
    if around is None:
        return None
    cells: dict[Address, CellValue] = {}
    raw = _RawSheet(cells, 0, merges=around.merges, hidden_ranges=around.hidden_ranges)
    formulas, tables, last, count = raw.formulas, values.by_kind, 0, 0
    pieces = _PIECES[b' xmlns:x14ac="' in root[1]]
    parts = split_rows(data[begin + len(_ROWS) : end])
    try:
        for piece, stored in zip(parts[:-1:2], parts[1::2], strict=True):
            address, key, formula, after, first, final, begun, asides = pieces[piece]
            if address is None or not after <= last < first:
                return None
            last = final
            count += begun
            if asides is not None:
                _take_asides(raw, asides)
            content = tables[key][stored]
            if formula is not None:
                formulas.add(address)
            if content is None:
                raw.blanks.append(address)
            else:
                cells[address] = content
        address, _, _, after, first, _, begun, asides = pieces[parts[-1]]
    except Unusual:
        return None
    raw.cell_count = count + begun
    if address is not None or not after <= last < first or raw.cell_count > room:
        return None
    if asides is not None:
        _take_asides(raw, asides)
    return raw


def _take_asides(raw: _RawSheet, asides: Asides) -> None:
    for address, formula in asides.without:
        raw.formulas.add(address)
        raw.cells[address] = _no_value(formula)
    raw.hidden_rows.update(asides.hidden_rows)


@dataclass(frozen=True, slots=True)
class _Around:
    """What the parts of a worksheet before and behind its rows say."""

    merges: list[tuple[int, int, int, int]]
    hidden_ranges: list[tuple[int, int]]


def _around(head: bytes, root: bytes, tail: bytes) -> _Around | None:
    """Both read by the XML parser, each as a worksheet without rows; None where one of them is none.

    What differs from sheet to sheet and says nothing to us is made alike before, so that most have been met.
    """
    headers = _HEADERS.match(tail, max(tail.rfind(b"<headerFooter"), 0))
    if headers is not None:
        try:
            for text in _HEADER_TEXT.findall(headers[1]):
                simple_text(text)
        except Unusual:
            return None
        tail = tail[: headers.start(1)] + tail[headers.end(1) :]
    if b" xr:uid" in head:
        head, root, tail = (_REVISION.sub(b' xr:uid="{}"', part) for part in (head, root, tail))
    before, behind = _read_around(head + _ROWS_END + b"</worksheet>"), _read_around(root + _ROWS + tail)
    if before is None or behind is None:
        return None
    if not before.merges and not before.hidden_ranges:
        return behind
    return _Around(before.merges + behind.merges, before.hidden_ranges + behind.hidden_ranges)


@lru_cache(maxsize=64)
def _read_around(part: bytes) -> _Around | None:
    """A worksheet without rows; None where it has some, or is no worksheet."""
    if part.count(b"sheetData") != 2:
        # The rows may stand elsewhere, too.
        return None
    try:
        raw = _read_whole(part, "", _Values([], {}, False), 0)
    except Unreadable:
        return None
    if not raw.has_rows or raw.row_count or raw.cell_count or raw.arrays:
        return None
    return _Around(raw.merges, raw.hidden_ranges)


def _read_whole(data: bytes, sheet_name: str, values: _Values, room: int) -> _RawSheet:
    """One pass of the XML parser over a worksheet. Written flat: each element of the sheet makes some of these calls."""
    cells: dict[Address, CellValue] = {}
    references: list[str] = []
    raw = _RawSheet(cells, 0)
    names, letters = _SHEET_NAMES, columns()
    chunks: list[str] = []
    texts: list[str] = []
    reference = kind = style = row_text = ""
    value: str | None = None
    formula: str | None = None
    row = row_start = depth = rows = 0
    row_is_given = False
    inside = has_root = False
    phonetic = 0

    def next_reference() -> str:
        """The address of a cell that does not give one: it follows the cell before it."""
        if not row:
            raise bad_address("")
        if len(references) == row_start:
            return f"A{row_text}"
        return f"{column_letters(_range(references[-1], bad_address)[1] + 1)}{row_text}"

    def bad_address(text: str) -> BrokenPart:
        return BrokenPart(f"工作表“{sheet_name}”里有不可能的单元格地址“{text[:20]}”")

    def misplaced() -> BrokenPart:
        return BrokenPart(f"工作表“{sheet_name}”的内容已损坏，读不出来")

    def too_many() -> Unreadable:
        return Unreadable(f"单元格超过{limits.MAX_CELLS}个，远多于正常的填报工作簿")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal reference, kind, style, value, formula, row, row_start, row_text, row_is_given, inside, has_root, phonetic
        nonlocal depth, rows
        depth += 1
        name = names.get(tag)
        if name == "c":
            if not inside:
                return
            if depth != 4:
                raise misplaced()
            reference = attributes.get("r") or next_reference()
            kind = attributes.get("t", "n")
            style = attributes.get("s", "0")
            value = formula = None
            references.append(reference)
        elif name == "v" or name == "t":
            if depth > limits.MAX_DEPTH:
                raise misplaced()
            chunks.clear()
        elif name == "f":
            if depth > limits.MAX_DEPTH:
                raise misplaced()
            chunks.clear()
            if attributes.get("t") == "array" and "ref" in attributes:
                raw.arrays.append(_range(attributes["ref"], bad_address))
        elif name == "row":
            if inside and depth != 3:
                raise misplaced()
            rows += 1
            given = attributes.get("r")
            row_is_given = given is not None
            row = _row_number(given, bad_address) if given is not None else row + 1
            row_text, row_start = str(row), len(references)
            if len(references) > room or rows > limits.MAX_ROWS:
                raise too_many()
            if attributes.get("hidden") in TRUE or is_zero(attributes.get("ht")):
                raw.hidden_rows.add(row)
        elif depth > limits.MAX_DEPTH:
            raise misplaced()
        elif name == "is":
            texts.clear()
        elif name == "rPh":
            phonetic += 1
        elif name == "mergeCell":
            raw.merges.append(_range(attributes.get("ref", ""), bad_address))
            if len(raw.merges) > limits.MAX_MERGES:
                raise Unreadable(f"工作表“{sheet_name}”里合并的单元格太多，远多于正常的填报工作簿")
        elif name == "col":
            if attributes.get("hidden") in TRUE or is_zero(attributes.get("width")):
                raw.hidden_ranges.append(_column_range(attributes, bad_address))
                if len(raw.hidden_ranges) > MAX_COLUMN:
                    raise misplaced()
        elif name == "sheetData":
            if depth != 2:
                raise misplaced()
            inside = raw.has_rows = True
        elif name == "worksheet":
            has_root = depth == 1

    def take(content: str) -> None:
        nonlocal value, kind
        if value is not None:
            # Which of two values its author sees is a guess; no kind of this name makes the cell unreadable.
            content, kind = f"{value} / {content}", "twice"
        value = content

    def end(tag: str) -> None:
        nonlocal value, formula, phonetic, inside, depth
        depth -= 1
        name = names.get(tag)
        if name == "c":
            if inside and (value is not None or formula is not None):
                store()
        elif name == "v":
            if kind != "inlineStr" or value is None:
                take(chunks[0] if len(chunks) == 1 else "".join(chunks))
        elif name == "f":
            formula = "".join(chunks)
        elif name == "t":
            if not phonetic:
                texts.extend(chunks)
        elif name == "is":
            if kind == "inlineStr":
                value = "".join(texts)  # Some writers put a number beside it; the text is what is shown.
            else:
                take("".join(texts))
        elif name == "rPh":
            phonetic -= 1
        elif name == "sheetData":
            inside = False

    def store() -> None:
        nonlocal row, row_text, row_is_given
        found = letters.get(reference.removesuffix(row_text)) if reference.endswith(row_text) else None
        if found is None:
            # Not of this row, which is right only where the row itself did not say which one it is.
            match = _REFERENCE.fullmatch(reference)
            if match is None or row_is_given or (found := letters.get(match[1])) is None:
                raise bad_address(reference)
            row, row_text, row_is_given = _row_number(match[2], bad_address), match[2], True
        address = (row, found)
        if formula is not None:
            raw.formulas.add(address)
        content, padded = values.value(kind, style, value, formula)
        if padded:
            raw.padded.add(address)
        if content is not None:
            cells[address] = content
        else:
            raw.blanks.append(address)

    if data.count(b"<c ") + data.count(b"<c/") + data.count(b"<c>") > room:
        # Seen at a glance; the count below is for other ways to write them.
        raise too_many()
    _parse(data, f"工作表“{sheet_name}”", start, end, chunks.append, counts_depth=True)
    if not has_root:
        raise misplaced()
    raw.cell_count, raw.row_count = len(references), rows
    if len(references) > room:
        raise too_many()
    if len(set(references)) != len(references):
        for repeated, count in Counter(references).items():
            if count > 1:
                address = _range(repeated, bad_address)[:2]
                if address in cells:
                    cells[address] = FaultyCell(Fault.UNREADABLE, f"{_shown(cells[address])}（同一单元格存了{count}次）")
    return raw


def _row_number(text: str, bad: Callable[[str], Unreadable]) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= MAX_ROW):
        raise bad(text)
    return int(text)


def _range(text: str, bad: Callable[[str], Unreadable]) -> tuple[int, int, int, int]:
    """``B2:D5`` or ``B2`` → first row, first column, last row, last column."""
    corners = [_REFERENCE.fullmatch(corner) for corner in text.split(":")]
    numbers: list[int] = []
    for corner in corners:
        if corner is None or corner[1] not in columns() or int(corner[2]) > MAX_ROW:
            raise bad(text)
        numbers += int(corner[2]), columns()[corner[1]]
    if len(corners) > 2 or numbers[0] > numbers[-2] or numbers[1] > numbers[-1]:
        raise bad(text)
    return numbers[0], numbers[1], numbers[-2], numbers[-1]


def _column_range(attributes: dict[str, str], bad: Callable[[str], Unreadable]) -> tuple[int, int]:
    first, last = attributes.get("min", ""), attributes.get("max", "")
    if not all(text.isascii() and text.isdigit() and len(text) <= 5 for text in (first, last)):
        raise bad(f"{first}:{last}")
    return int(first), min(int(last), MAX_COLUMN)


def _number(text: str) -> int | float | None:
    """A stored number; None where it is none, or none that Excel could hold."""
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 15:
        return int(text)
    if _NUMBER.fullmatch(text) is None:
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _no_value(formula: str | None) -> FaultyCell | None:
    if formula is None:
        return None
    shown = formula if len(formula) <= limits.MAX_FORMULA_SHOWN else formula[:limits.MAX_FORMULA_SHOWN] + "…"
    return FaultyCell(Fault.NO_VALUE, f"={shown}" if formula else "公式")


def _shown(value: CellValue) -> str:
    if isinstance(value, FaultyCell):
        return value.shown
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _finished(entry: _SheetEntry, raw: _RawSheet) -> Sheet:
    """The sheet as later stages see it: array formulas, covered cells and hidden columns resolved."""
    cells = raw.cells
    room = limits.MAX_COVERED
    for first_row, first_column, last_row, last_column in (*raw.arrays, *raw.merges):
        room -= (last_row - first_row + 1) * (last_column - first_column + 1)
    if room < 0:
        raise Unreadable(f"工作表“{entry.name}”里合并的单元格太多，远多于正常的填报工作簿")
    for area in raw.arrays:
        first = cells.get(area[:2])
        for address in _addresses(area):
            raw.formulas.add(address)
            if isinstance(first, FaultyCell) and first.fault is Fault.NO_VALUE:
                cells.setdefault(address, first)
    merges = tuple(raw.merges)
    if not _covered(merges).isdisjoint(cells):
        for area in merges:
            for address in _addresses(area):
                if address in cells and address != area[:2]:
                    # Nobody sees it, yet formulas count it.
                    cells[address] = FaultyCell(Fault.UNREADABLE, f"{_shown(cells[address])}（被合并单元格遮住）")
    columns = {column for _, column in cells} if raw.hidden_ranges else set()
    return Sheet(
        name=entry.name,
        cells=cells,
        visibility=entry.visibility,
        formulas=frozenset(raw.formulas),
        merges=merges,
        hidden_rows=frozenset(raw.hidden_rows),
        hidden_columns=frozenset(
            column for column in columns if any(first <= column <= last for first, last in raw.hidden_ranges)
        ),
    )


@lru_cache(maxsize=16)
def _covered(merges: tuple[tuple[int, int, int, int], ...]) -> frozenset[Address]:
    """Cells that lie under merged ranges, as nobody sees them."""
    return frozenset(address for area in merges for address in _addresses(area) if address != area[:2])


def _addresses(area: tuple[int, int, int, int]) -> Iterator[Address]:
    first_row, first_column, last_row, last_column = area
    return ((row, column) for row in range(first_row, last_row + 1) for column in range(first_column, last_column + 1))


# ── The second reading ───────────────────────────────────────────────────────────────────────────────────────────────


def _compare_with_calamine(
    data: bytes, book: _BookParts, sheets: list[Sheet], raws: list[_RawSheet]
) -> tuple[str, ...]:
    """Mark every cell that calamine reads otherwise as unreadable; the sheets that it cannot read."""
    import python_calamine

    names = tuple(sheet.name for sheet in sheets if not sheet.is_broken)
    try:
        other = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        if len(other.sheets_metadata) != book.sheet_count:
            return names
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # Its panics are no Exception.
        return names
    read_once: list[str] = []
    for entry, sheet, raw in zip(book.sheets, sheets, raws, strict=True):
        if sheet.is_broken:
            continue
        # Formulas stand where cells or blanks do, those of array formulas apart.
        height, width = _extent(sheet.cells, raw.blanks, raw.formulas if raw.arrays else ())
        if height * width > limits.MAX_SECOND_READING:
            read_once.append(entry.name)
            continue
        try:
            table: list[list[Any]] = other.get_sheet_by_index(entry.index).to_python(skip_empty_area=False)
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException:
            read_once.append(entry.name)
            continue
        if _is_same(sheet.cells, table):
            continue
        legible = any(not isinstance(value, FaultyCell) for value in sheet.cells.values())
        if legible and not any(value != "" for values in table for value in values):
            read_once.append(entry.name)
            continue
        _mark_differences(sheet.cells, table, raw.padded)
    return tuple(read_once)


def _extent(*addresses: Collection[Address]) -> tuple[int, int]:
    """The last row and the last column of any of these cells."""
    height = width = 0
    for part in addresses:
        if part:
            height = max(height, max(map(_ROW, part)))
            width = max(width, max(map(_COLUMN, part)))
    return height, width


_ROW: Callable[[Address], int] = operator.itemgetter(0)
_COLUMN: Callable[[Address], int] = operator.itemgetter(1)


def _is_same(cells: Mapping[Address, CellValue], table: list[list[Any]]) -> bool:
    """Whether the table holds these values and nothing else; False where only a closer look can tell."""
    own: list[list[object]] = [[""] * len(values) for values in table]
    try:
        for (row, column), value in cells.items():
            own[row - 1][column - 1] = value
    except IndexError:
        return False
    return bool(cells) and own == table


def _doubtful(sheet: Sheet) -> Iterator[Doubt]:
    """Cells whose content cannot be told for sure, whatever the reason."""
    if FaultyCell not in set(map(type, sheet.cells.values())):
        return
    found = sorted(
        (address, value.shown)
        for address, value in sheet.cells.items()
        if isinstance(value, FaultyCell) and value.fault is Fault.UNREADABLE
    )
    for address, shown in found[: limits.MAX_DOUBTS]:
        yield sheet.name, cell_name(*address), shown
    if len(found) > limits.MAX_DOUBTS:
        yield sheet.name, "", f"其余{len(found) - limits.MAX_DOUBTS}个单元格"


def _mark_differences(cells: dict[Address, CellValue], table: list[list[Any]], padded: Iterable[Address]) -> None:
    """Put a faulty cell wherever the table has another value than ``cells``, none included."""
    skipped = frozenset(padded)
    own = cells.get
    found: dict[Address, str] = {}
    met = 0
    for row, values in enumerate(table, 1):
        for column, second in enumerate(values, 1):
            if second == "":
                continue
            first = own((row, column))
            met += first is not None
            if first == second or (row, column) in skipped or isinstance(first, FaultyCell):
                continue
            if isinstance(second, str) and isinstance(first, str | None) and _squeezed(first) == _squeezed(second):
                continue
            found[row, column] = f"{'空白' if first is None else _shown(first)} / {_shown(second)}"
    if met < len(cells):
        for (row, column), first in cells.items():
            second = table[row - 1][column - 1] if row <= len(table) and column <= len(table[row - 1]) else ""
            if second != "" or isinstance(first, FaultyCell) or (row, column) in skipped:
                continue
            if not isinstance(first, str) or _squeezed(first):
                found[row, column] = f"{_shown(first)} / 空白"
    for address, both in found.items():
        cells[address] = FaultyCell(Fault.UNREADABLE, both)


def _squeezed(text: str | None) -> str:
    """Text without white space, which readers keep or drop as they please, and with escapes decoded."""
    return "".join(_clean(text or "").split())


# ── Document properties ──────────────────────────────────────────────────────────────────────────────────────────────


def properties_of(data: bytes) -> dict[str, str]:
    """What an Office document of any kind says of itself. Raises Unreadable where it cannot be unpacked."""
    return _read_properties(_Package(data))[1]


def _read_properties(package: _Package) -> tuple[datetime.datetime | None, dict[str, str]]:
    """The time at which the document was saved (UTC) and what else it says of itself. Damage here costs nothing."""
    properties: dict[str, str] = {}
    name = ""
    chunks: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        chunks.clear()
        name = attributes.get("name", name) if tag.endswith("/custom-properties property") else name

    def end(tag: str) -> None:
        nonlocal name
        if text := "".join(chunks).strip():
            properties[name or tag.rpartition(" ")[2]] = _clean(text)
        chunks.clear()
        if tag.endswith("property"):
            name = ""

    for link in package.links("").values():
        if link.kind in ("core-properties", "custom-properties", "coreProperties", "customProperties") and link.part in package:
            try:
                _parse(package.read(link.part), "文档属性", start, end, chunks.append)
            except Unreadable as error:
                if "DOCTYPE" in error.reason:
                    raise
    return _time(properties.get("modified", "")), properties


def _time(text: str) -> datetime.datetime | None:
    try:
        time = datetime.datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
