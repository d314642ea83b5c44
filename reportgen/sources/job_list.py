"""Read a job list as sent by a server, losing at most the entries that are malformed.

Entries are decoded one at a time, and only if they can be jobs: a list within the size limit can
hold millions of other values.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from reportgen.errors import SourceError
from reportgen.sources import JobList
from reportgen.text import javascript, json_parts
from reportgen.text.javascript import MAX_VALUES, NotJSON, Object
from reportgen.text.redact import Redactor

MAX_LIST_BYTES: Final = 64 * 1024 * 1024
MAX_LIST_VALUES: Final = 4_000_000
MAX_ENTRY_BYTES: Final = 16 * 1024 * 1024
"""The same limit as for an event's frame: decoded text can take four times as many bytes."""

_MOST_ODDITIES: Final = 100
_SHOWN: Final = 80


class _Oddities:
    """Reports on odd entries: the first hundred, and how many more there are."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._more = 0

    def add(self, place: int, what: str) -> None:
        if len(self._first) < _MOST_ODDITIES:
            self._first.append(f"entry {place} of the job list{what}")
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        more = [f"… and {self._more} more oddities in the job list"] if self._more else []
        return (*self._first, *more)


def read_job_list(body: bytes, url: str, read_at: datetime, redactor: Redactor) -> JobList:
    """Read `{"jobs": [...]}`. Raises `SourceError`, which shows what was sent instead."""
    if len(body) > MAX_LIST_BYTES:
        most = MAX_LIST_BYTES >> 20
        raise SourceError(f"{url} sent more than {most} MiB as its job list: that can't be right.")
    if javascript.has_more_values(body, MAX_LIST_VALUES):
        raise SourceError(
            f"{url} sent a job list of more than {MAX_LIST_VALUES:,} values: that can't be right."
        )
    entries: dict[str, bytes] = {}
    oddities = _Oddities()
    try:
        for place, item in enumerate(_items(body), start=1):
            entry = _entry(item, place, oddities)
            if entry is None:
                continue
            job_id = _decoded(entry).get("id")
            if not isinstance(job_id, str):
                oddities.add(place, " is left out: it has no id")
            elif job_id in entries:
                oddities.add(place, " is left out: its id came before")
            else:
                entries[job_id] = entry
    except NotJSON as error:
        raise SourceError(
            f"{url} sent {_shown(body, redactor)} instead of a job list, a JSON object with a "
            f"`jobs` array ({error}): is this the right --url?"
        ) from error
    return JobList(read_at, tuple(entries.values()), oddities.all())


def _items(body: bytes) -> Iterator[bytes]:
    """Yield the entries of the list, still encoded. Raises `NotJSON`."""
    jobs: bytes | None = None
    for key, value in json_parts.members(body):
        if javascript.decode(key) == "jobs":
            jobs = value
        else:
            javascript.decode(value)
    if jobs is None:
        raise NotJSON("it has no `jobs`")
    return json_parts.items(jobs)


def _entry(item: bytes, place: int, oddities: _Oddities) -> bytes | None:
    """Return an entry within the limits; if it can't be a job, report it and return None."""
    if not item.startswith(b"{"):
        oddities.add(place, " is left out: it has no id")
        return None
    if javascript.has_more_values(item, MAX_VALUES):
        oddities.add(place, f" is left out: it has more than {MAX_VALUES:,} values")
        return None
    if len(item) > MAX_ENTRY_BYTES:
        most = MAX_ENTRY_BYTES >> 20
        oddities.add(place, f" is left out: it is longer than {most} MiB")
        return None
    if javascript.is_deep(item):
        return _without_deep_fields(item, place, oddities)
    return item


def _decoded(entry: bytes) -> Object:
    fields = javascript.decode(entry)
    if not isinstance(fields, dict):
        raise NotJSON("an entry begins as an object but is not one")
    return fields


def _without_deep_fields(item: bytes, place: int, oddities: _Oddities) -> bytes:
    """Return an entry without fields that are nested too deeply; they count as missing."""
    entry: Object = {}
    for key, value in json_parts.members(item):
        name = str(javascript.decode(key))
        if javascript.is_deep(b"[%b]" % value):  # the entry itself is one level
            oddities.add(place, f": its {name} is nested too deep and left out")
            entry.pop(name, None)
        else:
            entry[name] = javascript.decode(value)
    return javascript.encode(entry)


def _shown(body: bytes, redactor: Redactor) -> str:
    if not body.strip():
        return "an empty answer"
    text = redactor.beginning(body)
    return repr(text[:_SHOWN] + ("…" if len(text) > _SHOWN else ""))
