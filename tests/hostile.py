"""Hostile and broken files, each with the outcome that is right for it: made anew in every run from one clean form.

A case is rejected with words of its reason, or accepted with the rules of the findings that must be there (none: the file
is as good as the clean one). What a reader gets wrong in silence is a case too.
"""

from __future__ import annotations

import io
import random
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import openpyxl
from intake import ole
from season import CITY, cell_of, form

REJECTED, ACCEPTED, IGNORED = "rejected", "accepted", "ignored"
SHEET = "东兴社区"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BROKEN = "不完整或已损坏"


@dataclass(frozen=True)
class Hostile:
    """One file; ``words`` stand in the reason, ``rules`` are what must be found in an accepted one."""

    name: str
    data: Callable[[], bytes]
    state: str
    words: str = ""
    rules: tuple[str, ...] = ()


CASES: list[Hostile] = []


def rejected(name: str, words: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        CASES.append(Hostile(name, make, REJECTED, words))
        return make

    return keep


def accepted(name: str, *rules: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        CASES.append(Hostile(name, make, ACCEPTED, "", rules))
        return make

    return keep


# --- material ---------------------------------------------------------------------------------------------------------


@cache
def clean() -> bytes:
    return form(CITY)


@cache
def _parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(clean())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def sheet_part() -> str:
    """The part of 东兴社区: the third sheet, after 填报说明 and 汇总."""
    return "xl/worksheets/sheet3.xml"


@cache
def address(clause: str, header: str) -> str:
    return cell_of(openpyxl.load_workbook(io.BytesIO(clean()))[SHEET], clause, header)


def packed(parts: dict[str, bytes] | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as archive:
        warnings.simplefilter("ignore")  # Names that are there twice.
        for name, content in parts.items() if isinstance(parts, dict) else parts:
            info = zipfile.ZipInfo(name, (2021, 10, 11, 8, 0, 0))
            archive.writestr(info, content, method)
    return target.getvalue()


def changed(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The form with one part changed."""
    before = _parts()[part]
    after = change(before)
    assert after != before, f"the case changes nothing in {part}"
    return packed(_parts() | {part: after})


def in_sheet(old: bytes, new: bytes) -> bytes:
    return changed(sheet_part(), lambda xml: xml.replace(old, new, 1))


def with_cell(clause: str, header: str, cell: str) -> bytes:
    """The form with one answer cell written as ``cell``, where {r} is its address."""
    place = address(clause, header)
    pattern = re.compile(rb'<c r="%s"[^>]*?(?:/>|>.*?</c>)' % place.encode())
    return changed(sheet_part(), lambda xml: pattern.sub(lambda _: cell.replace("{r}", place).encode(), xml, count=1))


def with_part(name: str, content: bytes) -> bytes:
    return packed(_parts() | {name: content})


def without(name: str) -> bytes:
    return packed({part: content for part, content in _parts().items() if part != name})


def patched(at: Callable[[bytes], int], value: bytes, data: bytes | None = None) -> bytes:
    """The file with bytes written over."""
    raw = bytearray(data or clean())
    place = at(bytes(raw))
    raw[place : place + len(value)] = value
    return bytes(raw)


def entry(data: bytes, name: str) -> zipfile.ZipInfo:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.getinfo(name)


def directory_entry(data: bytes, name: str) -> int:
    """Where the directory's entry of a part begins."""
    place = data.index(b"PK\1\2")
    while data[place + 46 : place + 46 + len(name)] != name.encode():
        place = data.index(b"PK\1\2", place + 4)
    return place


def xml_bomb(declaration: str) -> bytes:
    return in_sheet(b"<worksheet", declaration.encode() + b"<worksheet")


# --- no workbook at all -----------------------------------------------------------------------------------------------

for _name, _data, _words in (
    ("空文件", b"", "空的"),
    ("全零", b"\0" * 5000, "空字节"),
    ("随机字节", random.Random(4).randbytes(5000), "不是 Excel"),
    ("文本", "条款,扣分\n1.1,0\n".encode("gbk"), "文本"),
    ("网页", b"\xef\xbb\xbf <HTML><table></table></HTML>", "网页"),
    ("XML表格", b"<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook/>", ""),
    ("PDF", b"%PDF-1.7\n1 0 obj", "PDF"),
    ("图片JPG", b"\xff\xd8\xff\xe0\0\x10JFIF", "图片"),
    ("图片PNG", b"\x89PNG\r\n\x1a\n", "图片"),
    ("RAR", b"Rar!\x1a\x07\x01\0", "RAR"),
    ("7z", b"7z\xbc\xaf\x27\x1c", "7z"),
    ("加密", ole("EncryptionInfo", "EncryptedPackage"), "密码"),
    ("只有文件头", b"PK\x03\x04", BROKEN),
    ("空压缩包", b"PK\x05\x06" + b"\0" * 18, ""),
    ("只有目录尾", b"PK\x03\x04" + b"\0" * 40 + b"PK\x05\x06" + b"\0" * 18, ""),
    ("压缩包里是文本", packed({"说明.txt": b"x"}), ""),
):
    CASES.append(Hostile(_name, lambda data=_data: data, REJECTED, _words))


# --- torn and damaged -------------------------------------------------------------------------------------------------

for _share in (1, 10, 25, 50, 75, 90, 99):
    CASES.append(
        Hostile(f"截到{_share}%", lambda share=_share: clean()[: len(clean()) * share // 100], REJECTED, BROKEN)
    )
for _share in (5, 40, 60):
    # Bytes lost in the middle, as by a mail gateway.
    CASES.append(
        Hostile(
            f"中间少了一段{_share}%",
            lambda share=_share: clean()[: len(clean()) * share // 100] + clean()[len(clean()) * share // 100 + 100 :],
            REJECTED, BROKEN,
        )
    )  # fmt: skip


@rejected("换行被改写", "文件")
def _() -> bytes:
    return clean().replace(b"\n", b"\r\n")


@rejected("一个部件的字节坏了", BROKEN)
def _() -> bytes:
    return patched(lambda data: entry(data, sheet_part()).header_offset + 100, b"\xff" * 20)


@rejected("没人读的部件坏了", BROKEN)
def _() -> bytes:
    return patched(lambda data: entry(data, "xl/theme/theme1.xml").header_offset + 100, b"\xff" * 20)


@rejected("校验码不对", BROKEN)
def _() -> bytes:
    return patched(lambda data: directory_entry(data, sheet_part()) + 16, b"\1\2\3\4")


@accepted("文件后面多了字节")
def _() -> bytes:
    return clean() + b"\0" * 100


@rejected("文件前面多了字节", "不是 Excel")
def _() -> bytes:
    return b"\0" * 100 + clean()


@rejected("两个文件首尾相接", "接在了一起")
def _() -> bytes:
    # Readers take the last; which one the county meant is not for them to say.
    return clean() + clean()


# --- zip --------------------------------------------------------------------------------------------------------------


@rejected("同名部件", "同名")
def _() -> bytes:
    return packed([*_parts().items(), (sheet_part(), _parts()[sheet_part()])])


@rejected("大小写不同的同名部件", "同名")
def _() -> bytes:
    return packed([*_parts().items(), (sheet_part().upper(), b"<a/>")])


@rejected("反斜杠的同名部件", "同名")
def _() -> bytes:
    return packed([*_parts().items(), (sheet_part().replace("/", "\\"), b"<a/>")])


@rejected("部件互相重叠", "")
def _() -> bytes:
    # Two names for the same packed bytes: the trick of the bombs without nesting.
    data = clean()
    theirs = entry(data, "xl/worksheets/sheet2.xml").header_offset
    return patched(lambda raw: directory_entry(raw, sheet_part()) + 42, struct.pack("<I", theirs), data)


@rejected("重叠的炸弹", "重叠")
def _() -> bytes:
    # Many directory entries for one local entry of the same name.
    name, content = "a", zlib.compress(b"\0" * 100_000, 9)[2:-4]
    crc = zlib.crc32(b"\0" * 100_000)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(content), 100_000, 1, 0) + name.encode() + content
    central = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(content), 100_000, 1, 0, 0, 0, 0, 0, 0
    ) + name.encode()
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 50, 50, 50 * len(central), len(local), 0)
    return local + central * 50 + end


@rejected("声明的大小偏小", BROKEN)
def _() -> bytes:
    data = clean()
    size = entry(data, sheet_part()).file_size
    return patched(lambda raw: directory_entry(raw, sheet_part()) + 24, struct.pack("<I", size - 1), data)


@rejected("声明的大小偏大", BROKEN)
def _() -> bytes:
    data = clean()
    size = entry(data, sheet_part()).file_size
    return patched(lambda raw: directory_entry(raw, sheet_part()) + 24, struct.pack("<I", size + 1), data)


@rejected("声明的大小是零", BROKEN)
def _() -> bytes:
    return patched(lambda raw: directory_entry(raw, sheet_part()) + 24, struct.pack("<I", 0))


@rejected("压缩后大小超出文件", "")
def _() -> bytes:
    return patched(lambda raw: directory_entry(raw, sheet_part()) + 20, struct.pack("<I", 10**8))


@rejected("部件位置超出文件", "")
def _() -> bytes:
    return patched(lambda raw: directory_entry(raw, sheet_part()) + 42, struct.pack("<I", 10**9))


@rejected("目录位置不对", BROKEN)
def _() -> bytes:
    return patched(lambda raw: raw.rindex(b"PK\5\6") + 16, struct.pack("<I", 10**9))


@rejected("目录与部件的名字不同", BROKEN)
def _() -> bytes:
    return patched(lambda raw: entry(raw, sheet_part()).header_offset + 30, b"y")


@rejected("加密的部件", "密码")
def _() -> bytes:
    return patched(lambda raw: directory_entry(raw, sheet_part()) + 8, struct.pack("<H", 1))


@rejected("不用的压缩方式", "压缩方式")
def _() -> bytes:
    return packed(_parts(), zipfile.ZIP_BZIP2)


@rejected("LZMA压缩", "压缩方式")
def _() -> bytes:
    return packed(_parts(), zipfile.ZIP_LZMA)


@accepted("不压缩")
def _() -> bytes:
    return packed(_parts(), zipfile.ZIP_STORED)


@rejected("压缩炸弹", "膨胀")
def _() -> bytes:
    return with_part("xl/media/image1.png", b"\0" * 60_000_000)


@rejected("解压后太大", "解压后")
def _() -> bytes:
    # Declared sizes alone are enough to refuse it.
    data = bytearray(with_part("xl/media/a.bin", b"\0" * 1000))
    place = directory_entry(bytes(data), "xl/media/a.bin")
    data[place + 24 : place + 28] = struct.pack("<I", 3_000_000_000)
    return bytes(data)


@rejected("部件太多", "部件超过")
def _() -> bytes:
    return packed(_parts() | {f"xl/media/{number}": b"" for number in range(10_001)}, zipfile.ZIP_STORED)


@accepted("部件名想跳出文件夹")
def _() -> bytes:
    return packed(_parts() | {"../../../etc/passwd": b"x", "C:\\windows\\x": b"x", "/abs": b"x"})


@accepted("空部件不占字节")
def _() -> bytes:
    # As LibreOffice writes an empty picture: packed by deflate into nothing.
    data = bytearray(with_part("docProps/thumbnail.wmf", b""))
    place, header = directory_entry(bytes(data), "docProps/thumbnail.wmf"), entry(bytes(data), "docProps/thumbnail.wmf").header_offset
    start, size = header + 30 + len("docProps/thumbnail.wmf"), entry(bytes(data), "docProps/thumbnail.wmf").compress_size
    data[place + 20 : place + 24] = data[header + 18 : header + 22] = b"\0" * 4
    for end in (data.rindex(b"PK\5\6") + 16,):
        data[end : end + 4] = struct.pack("<I", struct.unpack("<I", data[end : end + 4])[0] - size)
    del data[start : start + size]
    return bytes(data)


@accepted("压缩包注释里有目录尾")
def _() -> bytes:
    return patched(lambda raw: raw.rindex(b"PK\5\6") + 20, struct.pack("<H", 22), clean() + b"PK\7\7" + b"\0" * 18)


# --- XML --------------------------------------------------------------------------------------------------------------

_LAUGHS = "<!DOCTYPE a [" + '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip
for _name, _declaration in (
    ("十亿笑", _LAUGHS),
    ("二次膨胀", f'<!DOCTYPE a [<!ENTITY a "{"x" * 50_000}">]>'),
    ("外部实体", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    ("外部DTD", '<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd">'),
    ("参数实体", '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://example.invalid/a">%x;]>'),
    ("属性默认值", '<!DOCTYPE a [<!ATTLIST c t CDATA "b">]>'),
    ("空DOCTYPE", "<!DOCTYPE worksheet>"),
):
    CASES.append(Hostile(_name, lambda declaration=_declaration: xml_bomb(declaration), REJECTED, "DOCTYPE"))
for _part in (
    "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml",
    "xl/styles.xml", "docProps/core.xml", "docProps/app.xml", "xl/theme/theme1.xml",
):  # fmt: skip
    CASES.append(
        Hostile(
            f"DOCTYPE在{_part.replace('/', '／')}",
            lambda part=_part: changed(part, lambda xml: re.sub(rb"(<\?xml.*?\?>)?\s*", rb"\1<!DOCTYPE x>", xml, count=1)),
            REJECTED, "DOCTYPE",
        )
    )  # fmt: skip


@rejected("UTF-16里的DOCTYPE", "DOCTYPE")
def _() -> bytes:
    def change(xml: bytes) -> bytes:
        text = re.sub(r"^<\?xml.*?\?>", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x>', xml.decode())
        return text.encode("utf-16")

    return changed("docProps/app.xml", change)


@accepted("注释里写着DOCTYPE")
def _() -> bytes:
    return changed("docProps/app.xml", lambda xml: xml.replace(b"<Properties", b"<!-- <!DOCTYPE x> --><Properties", 1))


@accepted("UTF-16编码的表", "F15")
def _() -> bytes:
    def change(xml: bytes) -> bytes:
        return re.sub(r"^<\?xml.*?\?>", '<?xml version="1.0" encoding="UTF-16"?>', xml.decode()).encode("utf-16")

    return changed(sheet_part(), change)


@accepted("带BOM的表")
def _() -> bytes:
    return changed(sheet_part(), lambda xml: b"\xef\xbb\xbf" + xml)


for _name, _encoding in (("UTF-7", b"UTF-7"), ("GBK", b"gb2312"), ("UTF-32", b"UTF-32"), ("西欧", b"ISO-8859-1"), ("EBCDIC", b"cp037")):
    CASES.append(
        Hostile(
            f"声明编码{_name}",
            lambda encoding=_encoding: changed("xl/workbook.xml", lambda xml: xml.replace(b"UTF-8", encoding, 1)),
            REJECTED, "已损坏",
        )
    )  # fmt: skip


@rejected("声明UTF-16实为UTF-8", "已损坏")
def _() -> bytes:
    return changed("xl/workbook.xml", lambda xml: xml.replace(b"UTF-8", b"UTF-16", 1))


@rejected("BOM与声明矛盾", "已损坏")
def _() -> bytes:
    return changed("xl/workbook.xml", lambda xml: xml.decode().encode("utf-16"))


@rejected("不是UTF-8的字节", "已损坏")
def _() -> bytes:
    return changed("xl/workbook.xml", lambda xml: xml.replace("汇总".encode(), "汇总".encode("gbk"), 1))


for _name, _change in (
    ("层层嵌套", lambda xml: xml.replace(b"<sheetData>", b"<a>" * 100_000 + b"</a>" * 100_000 + b"<sheetData>", 1)),
    ("行套行", lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b"<row>" * 50_000 + b"</row>" * 50_000, 1)),
    ("格套格", lambda xml: xml.replace(b"<sheetData>", b'<sheetData><row r="900"><c r="A900"><c r="B900"/></c></row>', 1)),
    ("没有结尾", lambda xml: xml[:-20]),
    ("标签交错", lambda xml: xml.replace(b"</row>", b"</c>", 1)),
    ("未定义的实体", lambda xml: xml.replace(b"<v>0</v>", b"<v>&nought;</v>", 1)),
    ("空字符", lambda xml: xml.replace(b"<v>0</v>", b"<v>0\0</v>", 1)),
    ("空字符的编号", lambda xml: xml.replace(b"<v>0</v>", b"<v>0&#0;</v>", 1)),
    ("半个字符的编号", lambda xml: xml.replace(b"<v>0</v>", b"<v>0&#xD800;</v>", 1)),
    ("属性重复", lambda xml: xml.replace(b'<c r="', b'<c r="A1" r="', 1)),
    ("两个根", lambda xml: xml + b"<worksheet/>"),
):
    CASES.append(Hostile(f"一张表{_name}", lambda change=_change: changed(sheet_part(), change), ACCEPTED, "", ("S08",)))


@rejected("目录层层嵌套", "嵌套")
def _() -> bytes:
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    return changed("xl/workbook.xml", lambda xml: xml.replace(b"<sheets>", deep + b"<sheets>", 1))


@rejected("巨大的属性", "长得异常")
def _() -> bytes:
    return in_sheet(b'<c r="', b'<c x="' + b"y" * 2_000_000 + b'" r="')


@rejected("巨大的文字", "长得异常")
def _() -> bytes:
    return changed("xl/sharedStrings.xml", lambda xml: xml.replace(b"<si>", b"<si><t>" + b"y" * 2_000_000 + b"</t></si><si>", 1))


@rejected("属性太多", "长得异常")
def _() -> bytes:
    return in_sheet(b'<c r="', b"<c " + b" ".join(b'a%d=">"' % n for n in range(5_000)) + b' r="')


@rejected("巨大的标签名", "长得异常")
def _() -> bytes:
    return in_sheet(b"<sheetData>", b"<" + b"a" * 2_000_000 + b"/><sheetData>")


# --- structure --------------------------------------------------------------------------------------------------------


@rejected("没有工作簿部件", "没有 Excel 工作簿")
def _() -> bytes:
    return without("xl/workbook.xml")


@rejected("没有关系表", "没有 Excel 工作簿")
def _() -> bytes:
    return without("_rels/.rels")


@rejected("没有工作簿的关系表", "缺失")
def _() -> bytes:
    return without("xl/_rels/workbook.xml.rels")


@rejected("没有共享文字", "缺少部件")
def _() -> bytes:
    return without("xl/sharedStrings.xml")


@rejected("没有格式表", "缺少部件")
def _() -> bytes:
    return without("xl/styles.xml")


@accepted("一张表没有内容", "S08")
def _() -> bytes:
    return without(sheet_part())


@accepted("没有主题", "F12")
def _() -> bytes:
    return without("xl/theme/theme1.xml")


@accepted("关系指向不存在的部件", "F12")
def _() -> bytes:
    link = (
        b'<Relationship Id="rId900" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"'
        b' Target="NULL"/></Relationships>'
    )
    return changed("xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"</Relationships>", link))


@accepted("关系跳出压缩包", "S08")
def _() -> bytes:
    return changed("xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"worksheets/sheet3.xml", b"../../../../etc/passwd"))


@accepted("表在网上", "S08")
def _() -> bytes:
    return changed(
        "xl/_rels/workbook.xml.rels",
        lambda xml: xml.replace(b'"worksheets/sheet3.xml"', b'"http://example.invalid/a.xml" TargetMode="External"'),
    )


@rejected("二进制工作簿", "xlsb")
def _() -> bytes:
    workbook, binary = b"openxmlformats-officedocument.spreadsheetml.sheet.main+xml", b"ms-excel.sheet.binary.macroEnabled.main"
    return changed("[Content_Types].xml", lambda xml: xml.replace(workbook, binary))


@rejected("Word文档", "Word")
def _() -> bytes:
    return changed("[Content_Types].xml", lambda xml: xml.replace(b"spreadsheetml.sheet.main", b"wordprocessingml.document.main"))


@rejected("没有工作表", "没有工作表")
def _() -> bytes:
    return changed("xl/workbook.xml", lambda xml: re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", xml))


@rejected("两张表同名", "两个工作表")
def _() -> bytes:
    return changed("xl/workbook.xml", lambda xml: xml.replace("学桥街社区".encode(), SHEET.encode(), 1))


@rejected("工作表太多", "工作表超过")
def _() -> bytes:
    more = b"".join(b'<sheet name="s%d" sheetId="%d" r:id="rId1"/>' % (n, n + 100) for n in range(2_100))
    return changed("xl/workbook.xml", lambda xml: xml.replace(b"</sheets>", more + b"</sheets>"))


@rejected("工作表名太长", "名称超过")
def _() -> bytes:
    return changed("xl/workbook.xml", lambda xml: xml.replace("学桥街社区".encode(), "长".encode() * 5_000, 1))


# --- cells ------------------------------------------------------------------------------------------------------------

for _name, _old, _new in (
    ("行号太大", b'<row r="1"', b'<row r="4294967297"'),
    ("行号是零", b'<row r="1"', b'<row r="0"'),
    ("行号是负数", b'<row r="1"', b'<row r="-1"'),
    ("行号不是数字", b'<row r="1"', b'<row r="one"'),
    ("地址不在本行", b'<c r="B1"', b'<c r="B2"'),
    ("地址太大", b'<c r="B1"', b'<c r="XFE1"'),
    ("地址是小写", b'<c r="B1"', b'<c r="b1"'),
    ("地址带$", b'<c r="B1"', b'<c r="$B$1"'),
    ("合并区域倒置", b"<mergeCells", b'<mergeCells><mergeCell ref="C3:A1"/></mergeCells><mergeCells'),
):
    CASES.append(
        Hostile(f"单元格{_name}", lambda old=_old, new=_new: in_sheet(old, new), ACCEPTED, "", ("S08",))
    )
for _name, _clause, _header, _cell, _rule in (
    ("错误值", "1.1", "扣分", '<c r="{r}" t="e"><v>#REF!</v></c>', "C04"),
    ("除以零", "8.1", "实际值", '<c r="{r}" t="e"><v>#DIV/0!</v></c>', "C09"),
    ("NaN", "1.1", "扣分", '<c r="{r}"><v>NaN</v></c>', "C04"),
    ("INF", "8.1", "实际值", '<c r="{r}"><v>INF</v></c>', "C09"),
    ("极大数", "1.1", "扣分", '<c r="{r}"><v>1e999</v></c>', "C04"),
    ("大数", "1.1", "扣分", '<c r="{r}"><v>1e300</v></c>', "C04"),
    ("十六进制", "1.1", "扣分", '<c r="{r}"><v>0x3</v></c>', "C04"),
    ("下划线数字", "1.1", "扣分", '<c r="{r}"><v>1_0</v></c>', "C04"),
    ("公式没有值", "1.1", "扣分", '<c r="{r}"><f>1+2</f></c>', "C04"),
    ("共享公式没有值", "1.1", "扣分", '<c r="{r}"><f t="shared" si="0"/></c>', "C04"),
    ("日期", "1.1", "扣分", '<c r="{r}" t="d"><v>2021-10-01</v></c>', "C04"),
    ("逻辑值", "1.1", "扣分", '<c r="{r}" t="b"><v>1</v></c>', "C04"),
    ("未知类型", "1.1", "扣分", '<c r="{r}" t="z"><v>3</v></c>', "C04"),
    ("NA是文字", "1.1", "扣分", '<c r="{r}" t="str"><v>NA</v></c>', "C04"),
    ("null是文字", "1.1", "扣分", '<c r="{r}" t="str"><v>null</v></c>', "C04"),
    ("空字符转义", "1.1", "扣分", '<c r="{r}" t="str"><v>3_x0000_</v></c>', "C04"),
    ("文字编号不存在", "1.1", "扣分", '<c r="{r}" t="s"><v>999999</v></c>', "C04"),
    ("文字编号是负数", "1.1", "扣分", '<c r="{r}" t="s"><v>-1</v></c>', "C04"),
    ("文字编号溢出", "1.1", "扣分", '<c r="{r}" t="s"><v>4294967296</v></c>', "C04"),
    ("同一地址两次", "1.1", "扣分", '<c r="{r}"><v>0</v></c><c r="{r}"><v>3</v></c>', "C04"),
    ("两个值", "1.1", "扣分", '<c r="{r}"><v>0</v><v>3</v></c>', "C03|C04|T01"),
    ("值和内嵌文字都有", "8.2", "扣分", '<c r="{r}"><v>0</v><is/></c>', "C10"),
    ("佐证两个值", "1.1", "说明", '<c r="{r}" t="str"><v>甲</v><v>乙</v></c>', "F16"),
    ("佐证地址两次", "1.1", "说明", '<c r="{r}" t="str"><v>甲</v></c><c r="{r}" t="str"><v>乙</v></c>', "F16"),
    ("负数", "1.1", "扣分", '<c r="{r}"><v>-3</v></c>', "C05"),
    ("值里夹着标签", "1.1", "扣分", '<c r="{r}"><v>0<x/>3</v></c>', "C03|C04|T01"),
):
    CASES.append(
        Hostile(
            f"答案{_name}", lambda clause=_clause, header=_header, cell=_cell: with_cell(clause, header, cell),
            ACCEPTED, "", (_rule,),
        )
    )  # fmt: skip
for _kind in ("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"):
    CASES.append(
        Hostile(
            f"新错误值{_kind[1:-1]}",
            lambda kind=_kind: with_cell("1.1", "扣分", f'<c r="{{r}}" t="e"><v>{kind}</v></c>'), ACCEPTED, "", ("C04", "F15"),
        )
    )  # fmt: skip


@accepted("文字编号两边有空白")
def _() -> bytes:
    return changed(sheet_part(), lambda xml: re.sub(rb't="s"><v>(\d+)</v>', rb't="s"><v> \1 </v>', xml))


@accepted("存的范围太小")
def _() -> bytes:
    return changed(sheet_part(), lambda xml: re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1"/>', xml))


@accepted("存的范围太大")
def _() -> bytes:
    return changed(sheet_part(), lambda xml: re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1:XFD1048576"/>', xml))


@accepted("严格的OOXML")
def _() -> bytes:
    strict = {
        name: xml.replace(MAIN, b"http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
        for name, xml in _parts().items()
    }
    return packed(strict)


@accepted("最后一格有字", "S21", "F15")
def _() -> bytes:
    last = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return in_sheet(b"</sheetData>", last)


@accepted("答案被合并单元格遮住", "C04")
def _() -> bytes:
    place = address("1.1", "扣分")
    column = chr(ord(re.sub(r"\d", "", place)) - 1)
    area = f"{column}{re.sub('[A-Z]', '', place)}:{place}"
    return in_sheet(b"<mergeCells", f'<mergeCells><mergeCell ref="{area}"/></mergeCells><mergeCells'.encode())


@rejected("合并区域盖住整张表", "合并")
def _() -> bytes:
    return in_sheet(b"<mergeCells", b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells><mergeCells')


@rejected("合并区域太多", "合并")
def _() -> bytes:
    many = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (n, n) for n in range(1_000, 101_100))
    return in_sheet(b"<mergeCells", b"<mergeCells>" + many + b"</mergeCells><mergeCells")


@rejected("单元格太多", "单元格超过")
def _() -> bytes:
    rows = b"".join(b'<row r="%d">%s</row>' % (n, b"<c/>" * 1500) for n in range(1_000, 3_100))
    return in_sheet(b"</sheetData>", rows + b"</sheetData>")


@accepted("百分比格式的300%", "C04")
def _() -> bytes:
    place = address("12.1", "实际值")
    xml = _parts()[sheet_part()]
    found = re.search(rb'<c r="%s" s="(\d+)"' % place.encode(), xml)
    assert found is not None
    return with_cell("1.1", "扣分", f'<c r="{{r}}" s="{percent_style()}"><v>3</v></c>')


@accepted("百分比格式的150%", "C09")
def _() -> bytes:
    return with_cell("12.1", "实际值", f'<c r="{{r}}" s="{percent_style()}"><v>1.5</v></c>')


def percent_style() -> int:
    """Index of a cell format that shows percentages, as the form has one."""
    styles = _parts()["xl/styles.xml"].decode()
    block = re.search(r"<cellXfs.*?</cellXfs>", styles, re.DOTALL)
    assert block is not None
    codes = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"', styles))
    for index, number in enumerate(re.findall(r'<xf numFmtId="(\d+)"', block[0])):
        if number in ("9", "10") or "%" in codes.get(number, ""):
            return index
    raise AssertionError("the form has no percent format")
