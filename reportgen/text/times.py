"""Times as servers write them: ISO 8601 text."""

from datetime import UTC, datetime


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
