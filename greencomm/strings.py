"""The texts of a workbook that XlsxWriter makes, each a text whatever it holds, and what many workbooks say encoded once.

XlsxWriter takes a text from ``<r>`` to ``</r>`` for markup of its own (rich strings) and writes it as it is, so that whoever
types such a text damages the workbook in which it lands, or says there what he likes.
"""

from __future__ import annotations

from functools import lru_cache

from xlsxwriter.packager import Packager
from xlsxwriter.utility import _preserve_whitespace
from xlsxwriter.xmlwriter import XMLwriter

_SHORT = 400
"""Characters of a text up to which it is remembered; longer ones are seldom said twice."""
_START = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="{}" uniqueCount="{}">'
)


class StringsPackager(Packager):  # type: ignore[misc]  # XlsxWriter is not typed.
    """XlsxWriter's packager, but for the part with the texts."""

    def _write_shared_strings_file(self) -> None:
        table = self.workbook.str_table
        if table.count:
            items = [_known(text) if len(text) <= _SHORT else string_item(text) for text in table.string_array]
            part = self._filename("xl/sharedStrings.xml")
            part.write(f"{_START.format(table.count, table.unique_count)}{''.join(items)}</sst>")


def string_item(text: str) -> str:
    """A text as the part holds it: what cannot stand in XML, and what reads like Excel's escape for it, escaped as Excel does."""
    stored = XMLwriter._escape_control_characters(text)
    space = ' xml:space="preserve"' if _preserve_whitespace(stored) else ""
    stored = stored.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<si><t{space}>{stored}</t></si>"


_known = lru_cache(maxsize=16384)(string_item)
