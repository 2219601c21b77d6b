"""Word templates that officers edit: read, checked and compiled once, then filled as often as there are reports (S-29).

docxtpl makes a Jinja template out of Word's XML, in which a placeholder may be cut into several runs. Whatever an officer
can get wrong is told before anything is written: a name that is none, a tag that is torn, a chart that is nobody's. The
text that is filled in is data: it is escaped, and never read as a placeholder or as XML.
"""

from __future__ import annotations

import datetime
import html
import io
import posixpath
import re
import traceback
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from docxtpl import DocxTemplate
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from greencomm.errors import UserError
from greencomm.outputs import grammar, slips
from greencomm.outputs.book import SAMPLE_HEADER
from greencomm.outputs.charts import DATA_REL, Chart, ChartData, ChartSlip
from greencomm.packing import Part, packed, part
from greencomm.texts import one_line, visible

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_DOCUMENT = "word/document.xml"
_FILLED = re.compile(r"word/(?:document|header[0-9]*|footer[0-9]*|footnotes|endnotes)\.xml")
"""Parts in which placeholders count."""
_CORE, _CUSTOM, _CONTENT_TYPES, _ROOT_RELS = "docProps/core.xml", "docProps/custom.xml", "[Content_Types].xml", "_rels/.rels"
_LARGEST = 20_000_000
"""Bytes of a template, unpacked: more is none that anybody wrote."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONE_TAG = re.compile(r"\{(%|\{|#)-?\s*(p|tr|tc)\s")
_REVISIONS = ("ins", "del", "moveFrom", "moveTo")
_HELD_BY_TEXT = frozenset(f"{{{W}}}{name}" for name in ("t", "instrText", "delText", "delInstrText"))
_TRIALS = ((True, 2, True), (True, 2, False), (False, 2, True), (False, 2, False), (True, 0, True), (False, 0, False))
"""Values that a template is tried out with: whether as much as there can be, rows of each list, whether these are full."""
_QUOTED = 60
"""Characters of a paragraph that a sentence about a slip quotes."""
_EXTENT = f"{{{WP}}}docPr"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One name that a template may use: what it means and an example. ``fields`` makes it a list of rows with these."""

    name: str
    meaning: str
    example: object = ""
    fields: tuple[Placeholder, ...] = ()

    @property
    def kind(self) -> grammar.Kind:
        """What a template may do with it: a list of rows, a number, a text, or a flag."""
        return {field.name: field.kind for field in self.fields} if self.fields else type(self.example)

    def trial(self, *, full: bool, rows: int, full_rows: bool | None = None) -> object:
        """A value of its kind: as much as there can be, or as little; of a list so many ``rows``, as ``full`` unless told."""
        if self.fields:
            inner = full if full_rows is None else full_rows
            return [{field.name: field.trial(full=inner, rows=rows) for field in self.fields}] * rows
        if isinstance(self.example, bool):
            return full
        if isinstance(self.example, int):
            return 2 if full else 0
        return "甲" if full else ""


class WordTemplate:
    """One template, checked when it is read. Raises UserError with one Chinese sentence for the first mistake in it.

    ``charts`` are the names of the charts that it may have; one that it lacks is not missed.
    """

    def __init__(self, path: Path, placeholders: Sequence[Placeholder], charts: Collection[str]) -> None:
        self.name, self._placeholders, self._chart_names = path.name, placeholders, charts
        self._grammar = grammar.Grammar({each.name: each.kind for each in placeholders})
        self._environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=True)
        parts = self._unpack(path)
        self._types, self._rels = parts.pop(_CONTENT_TYPES), parts.pop(_ROOT_RELS)
        for name in (_CORE, _CUSTOM):
            parts.pop(name, None)
        self._find_charts(parts)
        self._compiled: dict[str, tuple[jinja2.Template, list[str]]] = {}
        self._static: dict[str, Part] = {}
        for name, data in parts.items():
            if _FILLED.fullmatch(name) and (name == _DOCUMENT or b"{" in data or "｛".encode() in data):
                self._compiled[name] = self._compile(data, whole=name == _DOCUMENT)
            else:
                self._static[name] = part(data)
        self._try_out()

    def fill(
        self, values: Mapping[str, object], charts: Mapping[str, ChartData], *, title: str, author: str,
        date: datetime.date, origin: Mapping[str, str],
    ) -> bytes:  # fmt: skip
        """The report as bytes: same values, same bytes. Texts in ``values`` stay text on one line.

        ``origin`` goes into the document's properties; charts that the values leave out of the text are not in the file.
        Raises UserError where the template fails with these values.
        """
        shown = _shown(values)
        filled = {name: self._render(name, shown) for name in self._compiled}
        document = filled[_DOCUMENT]
        used = [chart for chart in self._charts if f'"{chart.relation}"' in document]
        dropped = {name for chart in self._charts if chart not in used for name in chart.parts}
        parts: dict[str, bytes | Part] = {
            _CONTENT_TYPES: self._types_without(dropped) if dropped else self._all_types,
            _ROOT_RELS: self._rels_with_ours,
        }
        parts |= {name: text.encode() for name, text in filled.items()}
        parts |= {name: data for name, data in self._static.items() if name not in dropped}
        if dropped:
            rels = _rels_of(_DOCUMENT)
            parts[rels] = _without_targets(self._static[rels].data, {posixpath.relpath(name, "word") for name in dropped})
        for chart in used:
            shown_by = charts[chart.name]
            parts[chart.part] = chart.chart.fill(shown_by)
            parts[chart.workbook] = shown_by.workbook()
        parts[_CORE] = _core(title, author, date)
        parts[_CUSTOM] = _custom(origin)
        return packed(parts.items())

    # --- reading ----------------------------------------------------------------------------------------------------

    def _unpack(self, path: Path) -> dict[str, bytes]:
        where = f"“{path.parent.name}”文件夹"
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            raise UserError(f"找不到报告模板“{path.name}”，请把它放回{where}（可从程序的原件中取回）。") from None
        except OSError:
            raise UserError(
                f"报告模板“{path.name}”打不开，请确认{where}里的它是一个文件、可以读取，并先关闭正在编辑它的窗口。"
            ) from None
        damaged = UserError(
            f"报告模板“{path.name}”已损坏，或者不是 Word 文档（.docx），请用 Word 或 WPS 打开检查，另存为 .docx，或从程序的原件中取回。"
        )
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as given:
                if sum(entry.file_size for entry in given.infolist()) > _LARGEST:
                    raise damaged
                parts = {entry.filename: given.read(entry) for entry in given.infolist() if not entry.is_dir()}
            for name, data in parts.items():
                if name.endswith((".xml", ".rels")):
                    _parse(data)
            for name in (_CONTENT_TYPES, _ROOT_RELS, _DOCUMENT, _rels_of(_DOCUMENT)):
                if name not in parts:
                    raise damaged
        except UserError:
            raise
        except Exception:  # Whatever a torn archive makes the library do.
            raise damaged from None
        return parts

    def _find_charts(self, parts: dict[str, bytes]) -> None:
        """Take the charts of the text out of ``parts``; each is known by its 替代文字."""
        targets = _targets(parts[_rels_of(_DOCUMENT)], "word")
        self._charts: list[_Placed] = []
        for inline in _parse(parts[_DOCUMENT]).iter(f"{{{WP}}}inline", f"{{{WP}}}anchor"):
            chart = inline.find(f".//{{{_C}}}chart")
            if chart is None:
                continue
            relation, properties = chart.get(f"{{{_R}}}id") or "", inline.find(_EXTENT)
            said = [(properties.get(key) or "").strip() for key in ("descr", "title", "name")] if properties is not None else []
            name = next((text for text in said if text in self._chart_names), None)
            if name is None:
                raise self._failed(
                    f"中有一个图表的替代文字是“{one_line(said[0][:_QUOTED]) if said else ''}”，程序不知道它是哪个图；"
                    f"请在图表上点右键，在“编辑替代文字”里写上：{'、'.join(self._chart_names)}"
                )
            if any(other.name == name for other in self._charts):
                raise self._failed(f"中有两个图表的替代文字都是“{name}”，每个图只能有一个")
            part = targets.get(relation, "")
            try:
                made = Chart(parts[part])
            except (ChartSlip, KeyError, etree.LxmlError):
                raise self._failed(f"中的图表“{name}”不是柱形图、条形图或折线图，程序填不了数据，请从程序的原件中取回") from None
            number = len(self._charts) + 1
            self._charts.append(_Placed(name, relation, part, f"word/embeddings/chart_data{number}.xlsx", made, ()))
        for number, chart_ in enumerate(self._charts):
            self._charts[number] = _own_parts(chart_, parts)

    # --- the mistakes that officers make ----------------------------------------------------------------------------

    def _compile(self, data: bytes, *, whole: bool) -> tuple[jinja2.Template, list[str]]:
        root = _parse(data)
        self._check_paragraphs(root)
        source = DocxTemplate(None).patch_xml(etree.tostring(root, encoding="unicode"))
        # One line for each paragraph, so that a slip can be shown with the words around it.
        source = re.sub(r"<w:p([ >])", r"\n<w:p\1", source)
        if whole:
            # Said by the program, so that no edit of a template loses it.
            source = re.sub(r"(<w:body>)", lambda match: f"{match[1]}{{% if 示例 %}}{_SAMPLE}{{% endif %}}", source, count=1)
        lines = source.split("\n")
        if slip := self._grammar.first_slip(source):
            raise self._failed_at(slip, source)
        try:
            return self._environment.from_string(source), lines
        except jinja2.TemplateSyntaxError as error:
            raise self._failed(slips.syntax(error.message or ""), lines, error.lineno) from None

    def _check_paragraphs(self, root: Any) -> None:
        """What docxtpl would silently swallow, or what it cannot tell the place of."""
        if next(root.iter(*(f"{{{W}}}{name}" for name in _REVISIONS)), None) is not None:
            raise self._failed("里有没有接受的修订，请在 Word 的“审阅”里接受全部修订后保存")
        for paragraph in root.iter(f"{{{W}}}p"):
            text = _text_of(paragraph)
            if slip := slips.FULL_WIDTH.search(text):
                raise self._failed(slips.full_width(slip[0], "地区"), [text], 1, slip.start())
            for opening, closing in (("{{", "}}"), ("{%", "%}")):
                if text.count(opening) != text.count(closing):
                    raise self._failed(
                        f"有没写完的“{opening}”，每个“{opening}”都要在同一段里有一个“{closing}”", [text], 1, _unpaired(text, opening, closing)
                    )
            if brace := grammar.single_brace(text):
                raise self._failed(brace[0], [text], 1, brace[1])
            lone = _LONE_TAG.search(text)
            if lone is None:
                continue
            if lone[2] == "p" and len(grammar.TAG.findall(text)) + len(grammar.TAG.sub("", text).strip()) > 1:
                raise self._failed("里写了“{%p … %}”的一段不能再有别的内容，请让它单独成一段", [text], 1)
            if lone[2] == "tr":
                row = next(paragraph.iterancestors(f"{{{W}}}tr"), None)
                if row is None:
                    raise self._failed("里“{%tr … %}”只能写在表格的一行里", [text], 1)
                whole = "".join(map(_text_of, row.iter(f"{{{W}}}p")))
                if len(grammar.TAG.findall(whole)) + len(grammar.TAG.sub("", whole).strip()) > 1:
                    raise self._failed("里写了“{%tr … %}”的一行不能再有别的内容，请让它单独成一行", [whole], 1)

    def _try_out(self) -> None:
        """Fill the template with as much as there can be and with as little, and look whether Word would open it."""
        for full, rows, full_rows in _TRIALS:
            values = {each.name: each.trial(full=full, rows=rows, full_rows=full_rows) for each in self._placeholders}
            for name in self._compiled:
                self._check_structure(self._render(name, values))
        sample = ChartData(("甲",), ())
        for chart in self._charts:
            try:
                _parse(chart.chart.fill(sample))
            except etree.LxmlError:
                raise self._failed(f"中的图表“{chart.name}”程序填不了数据，请从程序的原件中取回") from None

    def _check_structure(self, xml: str) -> None:
        try:
            root = _parse(xml.encode())
        except etree.LxmlError:
            raise self._failed("填写后不是完整的文档：成对的 {% %} 要么都在同一段的文字里，要么各自单独成段（{%p %}）或成行（{%tr %}）") from None
        for element in root.iter():
            if not isinstance(element.tag, str) or not element.tag.startswith(f"{{{W}}}"):
                continue
            loose = (element.text or "") if element.tag not in _HELD_BY_TEXT else ""
            if stray := (loose + (element.tail or "")).strip():
                raise self._failed("里 {{p }}、{{r }} 和 {{tr }} 这样的写法不能用，请写 {{ }}", [stray], 1)
            local = etree.QName(element).localname
            if local == "tc" and (len(element) == 0 or element[-1].tag != f"{{{W}}}p"):
                raise self._failed("里有表格的单元格可能一段也不剩，Word 会打不开；请在这个单元格里另留一个空段")
            if local == "tbl" and element.find(f"{{{W}}}tr") is None:
                raise self._failed("里有表格可能一行也不剩，Word 会打不开；请给它加上表头，或用 {%p if %} 把整个表格包起来")
        for chart in self._charts:
            if xml.count(f'r:id="{chart.relation}"') > 1:
                raise self._failed(f"中的图表“{chart.name}”不能放在重复的部分（{{% for %}}）里")

    def _render(self, name: str, values: Mapping[str, object]) -> str:
        template, lines = self._compiled[name]
        try:
            return template.render(values).replace("\n<w:p", "<w:p")
        except Exception as error:  # Whatever goes wrong in a template is one mistake of the person who edited it.
            frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
            raise self._failed(slips.reason(error), lines, frames[-1] if frames else None) from None

    def _failed_at(self, slip: grammar.Slip, source: str) -> UserError:
        begin, end = source.rfind("\n", 0, slip.start) + 1, source.find("\n", slip.start)
        line = source[begin : end if end >= 0 else None]
        return self._failed(slip.mistake, [line], 1, len(_plain_left(line[: slip.start - begin])), slip.end - slip.start)

    def _failed(
        self, mistake: str, lines: Sequence[str] = (), line: int | None = None, start: int = 0, length: int = 2
    ) -> UserError:
        """``start`` and ``length``: where in the words of that line the mistake is."""
        text = _plain(lines[line - 1]) if line and line <= len(lines) else ""
        quoted = f"这一段是：{one_line(grammar.around(text, start, start + length, _QUOTED)).rstrip('。')}" if text else ""
        guide = "写法和全部名称请对照 docs/总结评估报告的模板.html"
        return UserError("。".join(part for part in (f"报告模板“{self.name}”{mistake}", quoted, f"{guide}。") if part))

    # --- the package around it --------------------------------------------------------------------------------------

    @cached_property
    def _types_with_ours(self) -> Any:
        root = _parse(self._types)
        ours = {
            f"/{_CORE}": "application/vnd.openxmlformats-package.core-properties+xml",
            f"/{_CUSTOM}": "application/vnd.openxmlformats-officedocument.custom-properties+xml",
        }
        ours |= {f"/{chart.workbook}": _XLSX for chart in self._charts}
        gone = {*ours, *(f"/{part}" for chart in self._charts for part in chart.replaced)}
        for override in root.findall(f"{{{_TYPES}}}Override"):
            if override.get("PartName") in gone:
                root.remove(override)
        for name, kind in ours.items():
            etree.SubElement(root, f"{{{_TYPES}}}Override", {"PartName": name, "ContentType": kind})
        return root

    @cached_property
    def _all_types(self) -> Part:
        return part(_serialised(self._types_with_ours))

    def _types_without(self, dropped: Collection[str]) -> bytes:
        types = _parse(etree.tostring(self._types_with_ours))
        for override in types.findall(f"{{{_TYPES}}}Override"):
            if (override.get("PartName") or "")[1:] in dropped:
                types.remove(override)
        return _serialised(types)

    @cached_property
    def _rels_with_ours(self) -> Part:
        root = _parse(self._rels)
        kinds = {
            "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties": _CORE,
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties": _CUSTOM,
        }
        for old in list(root):
            if old.get("Type") in kinds or (old.get("Target") or "").endswith("core-properties"):
                root.remove(old)
        for number, (kind, target) in enumerate(kinds.items(), 1):
            etree.SubElement(root, f"{{{_RELS}}}Relationship", {"Id": f"rIdOurs{number}", "Type": kind, "Target": target})
        return part(_serialised(root))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A chart of the text: its name, the relation that the text names, its part, and where its workbook goes."""

    name: str
    relation: str
    part: str
    workbook: str
    chart: Chart
    parts: tuple[str, ...]
    """All parts that go where the chart goes."""
    replaced: tuple[str, ...] = ()
    """Workbooks of the template, in whose place ours comes."""


def _own_parts(chart: _Placed, parts: dict[str, bytes]) -> _Placed:
    """Take chart and workbook out of ``parts``, and point the chart's relations to the workbook that it will have."""
    rels = _rels_of(chart.part)
    root = _parse(parts.get(rels, f'<Relationships xmlns="{_RELS}"/>'.encode()))
    replaced = []
    for relation in list(root):
        if (relation.get("Type") or "").endswith(("/package", "/oleObject")):
            if relation.get("TargetMode") != "External":
                replaced.append(_resolved(relation.get("Target") or "", posixpath.dirname(chart.part)))
            root.remove(relation)
    others = [
        _resolved(relation.get("Target") or "", posixpath.dirname(chart.part))
        for relation in root
        if relation.get("TargetMode") != "External"
    ]
    target = posixpath.relpath(chart.workbook, posixpath.dirname(chart.part))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/package"
    etree.SubElement(root, f"{{{_RELS}}}Relationship", {"Id": DATA_REL, "Type": kind, "Target": target})
    for name in (chart.part, *replaced):
        parts.pop(name, None)
    parts[rels] = _serialised(root)
    own = (chart.part, rels, chart.workbook, *others)
    return _Placed(chart.name, chart.relation, chart.part, chart.workbook, chart.chart, own, tuple(replaced))


def _rels_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _resolved(target: str, folder: str) -> str:
    return target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))


def _targets(rels: bytes, folder: str) -> dict[str, str]:
    return {each.get("Id") or "": _resolved(each.get("Target") or "", folder) for each in _parse(rels)}


def _without_targets(rels: bytes, dropped: Collection[str]) -> bytes:
    root = _parse(rels)
    for relation in list(root):
        if _resolved(relation.get("Target") or "", "word").removeprefix("word/") in dropped:
            root.remove(relation)
    return _serialised(root)


def _parse(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))


def _serialised(root: Any) -> bytes:
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return data


def _text_of(paragraph: Any) -> str:
    """The words of one paragraph, not those of a text box that hangs on it."""
    texts = paragraph.iter(f"{{{W}}}t")
    return "".join(each.text or "" for each in texts if next(each.iterancestors(f"{{{W}}}p")) is paragraph)


def _plain(line: str) -> str:
    return _plain_left(line).rstrip()


def _plain_left(line: str) -> str:
    """The words of a line of XML; less-than signs of conditions, which docxtpl has unescaped, are none of its marks."""
    return html.unescape(re.sub(r"</?[A-Za-z][^>]*>", "", line)).lstrip()


def _unpaired(text: str, opening: str, closing: str) -> int:
    """Where the first one stands that has no counterpart before the next begins."""
    waiting: int | None = None
    for found in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text):
        if (found[0] == opening) is (waiting is not None):
            return found.start() if waiting is None else waiting
        waiting = found.start() if found[0] == opening else None
    return waiting or 0


def _shown(value: Any) -> Any:
    """The same with every text on one line and everything in it visible."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {name: _shown(each) for name, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value


def _core(title: str, author: str, date: datetime.date) -> bytes:
    stamp = f"{date.isoformat()}T00:00:00Z"
    return (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{html.escape(one_line(title), quote=False)}</dc:title>"
        f"<dc:creator>{html.escape(one_line(author), quote=False)}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{stamp}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{stamp}</dcterms:modified></cp:coreProperties>'
    ).encode()


def _custom(origin: Mapping[str, str]) -> bytes:
    properties = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{html.escape(name)}">'
        f"<vt:lpwstr>{html.escape(visible(value), quote=False)}</vt:lpwstr></property>"
        for number, (name, value) in enumerate(origin.items(), 2)
    )
    return (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
        f'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{properties}</Properties>'
    ).encode()


_SAMPLE = (
    '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="400" w:lineRule="exact"/><w:ind w:firstLine="0" w:firstLineChars="0"/>'
    '<w:jc w:val="right"/></w:pPr><w:r><w:rPr><w:rFonts w:ascii="黑体" w:hAnsi="黑体" w:eastAsia="黑体"/>'
    f'<w:color w:val="B42318"/><w:sz w:val="24"/></w:rPr><w:t>{SAMPLE_HEADER}</w:t></w:r></w:p>'
)
