"""Why a file cannot be read as a workbook."""

from __future__ import annotations

RESAVE = "请在 Excel 或 WPS 中打开原文件，确认内容完整后另存为 .xlsx 格式，重新报送"


class Unreadable(Exception):
    """The whole file cannot be read; nothing of it was taken.

    ``reason`` is a Chinese sentence fragment that says what is wrong (``文件不完整，…``), ``advice`` one that says
    what to ask the county for; neither ends with a full stop.
    """

    def __init__(self, reason: str, advice: str = RESAVE) -> None:
        super().__init__(reason)
        self.reason, self.advice = reason, advice


class BrokenPart(Unreadable):
    """One part of the file is broken; where it is a sheet, it costs that sheet only."""
