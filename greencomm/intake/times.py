"""Times of receipt on one scale, so that a mail, an .xlsx and an .ods can be compared."""

from __future__ import annotations

import datetime

CHINA = datetime.timezone(datetime.timedelta(hours=8), "中国标准时间")
"""The clock of every county of the country."""
EARLIEST = datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC)
"""Times before it are those of a clock that was never set."""


def as_utc(time: datetime.datetime | None) -> datetime.datetime | None:
    """The time in UTC; one without a zone was read off a clock in China. None where it cannot be true."""
    if time is None:
        return None
    try:
        moment = (time if time.tzinfo else time.replace(tzinfo=CHINA)).astimezone(datetime.UTC)
    except (OverflowError, ValueError):
        return None
    return moment if moment >= EARLIEST else None


def shown_time(time: datetime.datetime) -> str:
    """As a clerk reads it: ``2021-10-12 09:30``, on the clock of China."""
    moment = (time if time.tzinfo else time.replace(tzinfo=CHINA)).astimezone(CHINA)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")


def china_day(time: datetime.datetime | None) -> datetime.date | None:
    """The calendar day in China of a time; None where there is none or it cannot be true."""
    moment = as_utc(time)
    return moment.astimezone(CHINA).date() if moment else None


def shown_day(day: datetime.date) -> str:
    """``2021年10月20日``."""
    return f"{day.year}年{day.month}月{day.day}日"
