"""What pages say, as values and words that several of them use."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.events import wire
from reportgen.model.origin import Origin
from reportgen.report.report import JobSummary, Stream
from reportgen.text import inert, javascript
from reportgen.text.javascript import js_number
from reportgen.text.times import parse_time

LIST_LENGTH: Final = 200
"""How many entries of a list a page shows."""

NAME_LENGTH: Final = 80

ID_LENGTH: Final = 40

STATUS_LENGTH: Final = 24
"""Where names, ids and statuses are cut in tables and titles; a job's own page has them whole."""

MESSAGE_LENGTH: Final = 8_000
"""Where an error is cut: long enough for a traceback, short enough for the page."""

REASON_LENGTH: Final = 300

LISTING_LENGTH: Final = 8_000
"""How many characters the entries of one list may take together."""

_MINUTE: Final = 60

_HOUR: Final = 3600

_SECONDS: Final = len("2026-05-01T09:00:00")

# For `%`, which is faster than `isoformat`: a log has many times.
_TO_THE_SECOND: Final = "%04d-%02d-%02d %02d:%02d:%02d"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time twice: in UTC for programs, in the report's zone for people."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A status as its word and as its CSS class."""

    text: str
    css: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of a list that are shown, and how many more there are."""

    entries: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a page is a picture of: where from, as of when, and how much of it was read."""

    source: str
    url: str | None
    as_of: Moment | None
    facts: tuple[str, ...]
    generator: str


def badge(status: str) -> Badge:
    """Give a status's word and class; one that is not of the five gets a class that is safe."""
    return Badge(cut(status, STATUS_LENGTH), f"status-{_class_name(status)}")


def _class_name(status: str) -> str:
    if status in wire.STATUSES:
        return status
    name = re.sub(r"[^a-z0-9]+", "-", status.lower())[:STATUS_LENGTH].strip("-")
    # What only looks like one of the five after cleaning must not get its colours.
    return "other" if name in wire.STATUSES else name or "other"


def moment(time: str | datetime | None, zone: ZoneInfo) -> Moment | None:
    """Give a time as pages show it, to the second; None where there is none or it is no time."""
    utc = time.astimezone(UTC) if isinstance(time, datetime) else parse_time(time)
    if utc is None:
        return None
    local = _local(utc, zone)
    return Moment(f"{utc.isoformat()[:_SECONDS]}Z", f"{_to_the_second(local)} {local.tzname()}")


def clock_time(time: str | None, zone: ZoneInfo) -> str:
    """Give a time's date and time of day as `moment` shows them; empty where it is no time."""
    utc = parse_time(time)
    return "" if utc is None else _to_the_second(_local(utc, zone))


def _local(utc: datetime, zone: ZoneInfo) -> datetime:
    try:
        return utc.astimezone(zone)
    except OverflowError:  # the calendar's first and last day have no other zones
        return utc


def _to_the_second(time: datetime) -> str:
    # Not by strftime, which pads a year differently from one C library to the next.
    date = (time.year, time.month, time.day)
    return _TO_THE_SECOND % (*date, time.hour, time.minute, time.second)


def identity(origin: Origin) -> str:
    """Say who looks at what, as far as is known: `anonymous · org / project`."""
    mode = "anonymous" if origin.mode == "anon" else origin.mode
    return " · ".join(part for part in (cut(mode or "", STATUS_LENGTH), _scope(origin)) if part)


def _scope(origin: Origin) -> str:
    return " / ".join(cut(part, NAME_LENGTH) for part in (origin.org, origin.project) if part)


_SOURCE_NAMES: Final[Mapping[str, str]] = {
    "studio": "Arkor Studio",
    "cloud": "Arkor cloud",
    "demo": "the demo recording",
}


def source_name(origin: Origin) -> str:
    """Name where the jobs come from, with org and project where they are known."""
    name = _SOURCE_NAMES.get(origin.kind, origin.kind)
    return ", ".join(part for part in (name, _scope(origin)) if part)


def stream_state(stream: Stream) -> str:
    """Say in what state a stream is and why."""
    if not stream.reason:
        return stream.state
    return f"{stream.state}: {cut(stream.reason, REASON_LENGTH)}"


def duration(seconds: float | None) -> str:
    """Give a duration in its two or three largest units: `4.2s`, `13m 23s`, `1h 05m 09s`."""
    if seconds is None:
        return "—"
    sign, length = ("-" if seconds < 0 else ""), abs(seconds)
    if length < _MINUTE:
        return f"{sign}{js_number(round(length, 1))}s"
    minutes, second = divmod(int(length), _MINUTE)
    if length < _HOUR:
        return f"{sign}{minutes}m {second:02}s"
    return f"{sign}{minutes // 60}h {minutes % 60:02}m {second:02}s"


def plural(number: int, one: str, many: str | None = None) -> str:
    """Count things: `1 job`, `2 jobs`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def short(value: float | None) -> str:
    """Print a number to five digits, a dash where there is none."""
    return "—" if value is None else js_number(float(f"{value:.5g}"))


def steps(job: JobSummary) -> str:
    """Give the last step, and of how many where the config tells: `388 of 400`."""
    last = None if job.last_step is None else js_number(job.last_step)
    most = javascript.finite(job.config.get("maxSteps"))
    if most is None:
        return last or "—"
    return f"{last or 0} of {js_number(most)}"


def listing(texts: Sequence[str]) -> Listing:
    """Cut a list after its 200th entry, and its entries so that all together stay small."""
    shown = texts[:LIST_LENGTH]
    length = LISTING_LENGTH // max(len(shown), 1)
    return Listing(tuple(cut(text, length) for text in shown), len(texts) - len(shown))


def cut(text: str, length: int) -> str:
    """Cut a text to so many characters, the last of them an ellipsis where any were lost.

    It is made inert first, since that can make it longer.
    """
    return inert.cut(inert.html(text[: length + 1]), length)
