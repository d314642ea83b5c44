"""Times as the server writes them: ISO 8601 text."""

from datetime import UTC, datetime


def parse_time(text: object) -> datetime | None:
    """Give an ISO 8601 time as an aware datetime, UTC where it names no zone, or None."""
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
    """Give a time as it was told, None where it is none."""
    return value if isinstance(value, str) and parse_time(value) else None
