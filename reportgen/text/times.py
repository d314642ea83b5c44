"""Times: parsed as servers write them, in ISO 8601, and as clocks show them in a time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def parse_time(text: object) -> datetime | None:
    """Parse an ISO 8601 time as a UTC datetime, assuming UTC without a zone; None if invalid."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is UTC:
            return moment
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_or_none(value: object) -> str | None:
    """Return a time unchanged; None if it is invalid."""
    return value if isinstance(value, str) and parse_time(value) else None


def local_time(utc: datetime, zone: ZoneInfo) -> datetime:
    """Return a UTC time in a zone; on the calendar's first and last day it may stay in UTC."""
    try:
        return utc.astimezone(zone)
    except OverflowError:
        return utc


def offset_if_ambiguous(time: datetime) -> str:
    """Return a local time's offset, after a space, if clocks show this time twice; else ""."""
    is_fixed = time.timetz().utcoffset() is not None  # known without a date, as in UTC
    if is_fixed or time.replace(fold=0).utcoffset() == time.replace(fold=1).utcoffset():
        return ""
    return f" {time.isoformat()[-6:]}"
