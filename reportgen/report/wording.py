"""The wording of numbers, times, statuses and lists, on pages and in exports."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from reportgen.events import wire
from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN
from reportgen.model.origin import Origin
from reportgen.model.rounding import SHORT_DIGITS, short_number, significant
from reportgen.report.change import NOTABLE, Change
from reportgen.report.report import JobSummary, StreamSummary
from reportgen.text import inert
from reportgen.text.javascript import Object, js_number
from reportgen.text.times import local_time, offset_if_ambiguous, parse_time

LIST_LENGTH: Final = 200
"""The maximum number of list entries that a page shows."""

NAME_LENGTH: Final = 80

ID_LENGTH: Final = 40

STATUS_LENGTH: Final = 24
"""The lengths to which names, ids and statuses are truncated in tables and titles."""

OWN_PAGE_LENGTH: Final = 2_000
"""The length to which a job's own page truncates its name and id; report.json has them whole."""

MESSAGE_LENGTH: Final = 8_000
"""The length to which an error is truncated: a traceback fits, and the page stays short."""

REASON_LENGTH: Final = 300

ENTRIES_LENGTH: Final = 8_000
"""The maximum total length of a list's entries."""

_MINUTE: Final = 60

_HOUR: Final = 3600

_DATE_LENGTH: Final = len("2026-05-01")

_TIME_LENGTH: Final = len("2026-05-01 12:00:00")


METRIC_NAMES: Final[Mapping[str, str]] = {
    EVAL_MINIMUM: "Lowest evaluation loss",
    TAIL_MEAN: "Mean of the last training losses",
}
"""The metrics that a result can have, in words."""


class Moment(msgspec.Struct, frozen=True):
    """A time in two forms: in UTC for programs, in the report's zone for people."""

    iso: str
    text: str


class Badge(msgspec.Struct, frozen=True):
    """A status as text and as a CSS class."""

    text: str
    css: str


class ShownList(msgspec.Struct, frozen=True):
    """The shown entries of a list, and the number of hidden ones."""

    entries: tuple[str, ...]
    more: int


class Provenance(msgspec.Struct, frozen=True):
    """The source of a page's values, their time, and how much was read."""

    source: str
    url: str | None
    as_of: Moment | None
    facts: tuple[str, ...]
    generator: str


def badge(status: str) -> Badge:
    """Return a status's text and class; an unknown status gets a safe class."""
    return Badge(cut(status, STATUS_LENGTH), f"status-{_class_name(status)}")


def _class_name(status: str) -> str:
    if status in wire.STATUSES:
        return status
    name = re.sub(r"[^a-z0-9]+", "-", status.lower())[:STATUS_LENGTH].strip("-")
    # A status that matches one of the five only after cleaning must not get its colours.
    return "other" if name in wire.STATUSES else name or "other"


def moment(time: str | datetime | None, zone: ZoneInfo) -> Moment | None:
    """Return a time as pages show it, to the second; None if it is missing or invalid."""
    utc = time.astimezone(UTC) if isinstance(time, datetime) else parse_time(time)
    if utc is None:
        return None
    local = local_time(utc, zone)
    iso = utc.replace(tzinfo=None).isoformat(timespec="seconds")
    return Moment(f"{iso}Z", f"{_to_the_second(local)} {local.tzname()}")


def clock_times(times: Iterable[str | None], zone: ZoneInfo) -> list[str]:
    """Return times of day, with dates if they span several days; "" for invalid times."""
    parsed = map(parse_time, times)
    local = [None if time is None else local_time(time, zone) for time in parsed]
    texts = ["" if time is None else _to_the_second(time) for time in local]
    one_day = len({text[:_DATE_LENGTH] for text in texts if text}) <= 1
    return [text[_DATE_LENGTH + 1 :] for text in texts] if one_day else texts


def _to_the_second(time: datetime) -> str:
    """Return a date and the time of day, with its offset if clocks show this time twice."""
    # Not by strftime, whose padding of years depends on the C library.
    return time.isoformat(" ", "seconds")[:_TIME_LENGTH] + offset_if_ambiguous(time)


def identity(origin: Origin) -> str:
    """Return the owner of the jobs, as far as known: `anonymous · org / project`."""
    mode = "anonymous" if origin.mode == "anon" else origin.mode
    return " · ".join(part for part in (cut(mode or "", STATUS_LENGTH), _scope(origin)) if part)


def _scope(origin: Origin) -> str:
    project = "no project" if origin.without_project else origin.project
    return " / ".join(cut(part, NAME_LENGTH) for part in (origin.org, project) if part)


_SOURCE_NAMES: Final[Mapping[str, str]] = {
    "studio": "Arkor Studio",
    "cloud": "Arkor cloud",
    "demo": "the demo recording",
}


def source_name(origin: Origin) -> str:
    """Return the name of the jobs' source, with org and project if they are known."""
    name = _SOURCE_NAMES.get(origin.kind, origin.kind)
    return ", ".join(part for part in (name, _scope(origin)) if part)


def stream_state(stream: StreamSummary) -> str:
    """Return a stream's state with its reason, if it has one."""
    if not stream.reason:
        return stream.state
    return f"{stream.state}: {cut(stream.reason, REASON_LENGTH)}"


def duration(seconds: float | None) -> str:
    """Format seconds: `4.2s`, `13m 23s`, `1h 05m 09s`."""
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
    """Return a count with its noun: `1 job`, `2 jobs`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def short(value: float | None, digits: int = SHORT_DIGITS) -> str:
    """Format a number to four significant digits, or to `digits`; None becomes a dash."""
    return "—" if value is None else short_number(value, digits)


_SIZES: Final = ("bytes", "kB", "MB", "GB", "TB", "PB")
_KILO: Final = 1000


def size(length: float) -> str:
    """Format a number of bytes: `512 bytes`, `113 kB`, `41.9 MB`."""
    power = 0
    while length >= _KILO and power < len(_SIZES) - 1:
        length, power = length / _KILO, power + 1
    return f"{js_number(significant(length, 3))} {_SIZES[power]}"


def last_loss(job: JobSummary) -> str:
    """Return the last training loss; `NaN (last finite 55.11)` if it is not finite."""
    finite = None if job.loss is None else short(job.loss.last)
    if job.last_not_finite is None:
        return finite or "—"
    return f"{job.last_not_finite} (last finite {finite})" if finite else job.last_not_finite


def parts(values: Object) -> Object:
    """Return settings with each object's members as separate settings: `datasetSource.name`.

    Empty objects are kept.
    """
    flat: Object = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            flat |= {f"{key}.{part}": item for part, item in value.items()}
        else:
            flat[key] = value
    return flat


def steps(job: JobSummary) -> str:
    """Return the last step and, if the config gives it, the number of steps: `388 of 400`."""
    last = None if job.last_step is None else js_number(job.last_step)
    if job.max_steps is None:
        return last or "—"
    return f"{last or 0} of {js_number(job.max_steps)}"


class ShownChange(msgspec.Struct, frozen=True):
    """A change from the baseline: `3.2 % better` and `than support-bot-v1 (2026-04-30 12:00)`."""

    difference: str
    baseline: str
    tone: str
    """`good`, `bad` or empty."""
    badness: float


def shown_change(change: Change, zone: ZoneInfo) -> ShownChange:
    """Return a change from the baseline as a page shows it."""
    baseline = change.baseline
    name = cut(baseline.name, NAME_LENGTH)
    created = parse_time(baseline.created_at)
    time = f" ({local_time(created, zone):%Y-%m-%d %H:%M})" if created else ""
    preposition = "as" if change.is_none else "than"
    tone = "bad" if change.is_worse_by(NOTABLE) else "good" if change.is_better_by(NOTABLE) else ""
    return ShownChange(_difference(change), f"{preposition} {name}{time}", tone, change.badness)


def change_in_words(change: Change, zone: ZoneInfo) -> str:
    """Format a change from the baseline: `3.2 % better than support-bot-v1 (2026-04-30 12:00)`."""
    shown = shown_change(change, zone)
    return f"{shown.difference} {shown.baseline}"


def _difference(change: Change) -> str:
    own, other = change.own.value, change.other.value
    if change.is_none:
        return "the same"
    if own is None:
        return "not finite, so worse"
    if other is None:
        return "finite, so better"
    better = "better" if own < other else "worse"
    if change.relative is None:
        return f"{short(abs(own - other))} {better}"
    return f"{js_number(significant(abs(change.relative) * 100, 2))} % {better}"


def shown_list(texts: Sequence[str]) -> ShownList:
    """Truncate a list after its 200th entry, and its entries to limit their total length."""
    shown = texts[:LIST_LENGTH]
    length = ENTRIES_LENGTH // max(len(shown), 1)
    return ShownList(tuple(cut(text, length) for text in shown), len(texts) - len(shown))


def cut(text: str, length: int) -> str:
    """Make text inert, and truncate it to `length` characters including an ellipsis.

    It is made inert first, since that can make it longer.
    """
    return inert.cut(inert.html(text[: length + 1]), length)
