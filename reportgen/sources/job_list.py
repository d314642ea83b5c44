"""A job list as a server sends it, read so that an odd entry costs that entry at most."""

from datetime import datetime
from typing import Final

from reportgen.errors import SourceError
from reportgen.sources import JobList
from reportgen.text import javascript
from reportgen.text.javascript import JSON, NotJSON, Object
from reportgen.text.redact import Redactor

MAX_LIST_BYTES: Final = 64 * 1024 * 1024
_MOST_VALUES: Final = 4_000_000
"""Of a list of the size allowed, as many values as jobs could need; more would be objects by the
gigabyte, made of nothing but brackets."""

_MOST_ODDITIES: Final = 100
_SHOWN: Final = 80


def read_job_list(body: bytes, url: str, read_at: datetime, redactor: Redactor) -> JobList:
    """Read `{"jobs": [...]}`; raises `SourceError` with the beginning of anything else."""
    jobs = _jobs_of(body, url, redactor)
    entries: dict[str, Object] = {}
    oddities: list[str] = []
    more = 0
    for place, entry in enumerate(jobs, start=1):
        job_id = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(job_id, str):
            oddities.append(f"entry {place} of the job list is left out: it has no id")
        elif job_id in entries:
            oddities.append(f"entry {place} of the job list is left out: its id came before")
        else:
            oddities += _without_deep_fields(place, entry)
            entries[job_id] = entry
        if len(oddities) > _MOST_ODDITIES:
            more += len(oddities) - _MOST_ODDITIES
            del oddities[_MOST_ODDITIES:]
    if more:
        oddities.append(f"… and {more} more oddities in the job list")
    return JobList(read_at, tuple(entries.values()), tuple(oddities))


def _without_deep_fields(place: int, entry: Object) -> list[str]:
    """Take out the fields that nobody could have meant; they count as missing."""
    deep = [name for name, value in entry.items() if javascript.is_too_deep(value)]
    for name in deep:
        del entry[name]
    return [
        f"entry {place} of the job list: its {name} is nested too deep and left out"
        for name in deep
    ]


def _jobs_of(body: bytes, url: str, redactor: Redactor) -> list[JSON]:
    if len(body) > MAX_LIST_BYTES:
        most = MAX_LIST_BYTES >> 20
        raise SourceError(f"{url} sent more than {most} MiB as its job list: that can't be meant.")
    if sum(map(body.count, (b",", b"{", b"["))) > _MOST_VALUES:
        raise SourceError(
            f"{url} sent a job list of more than {_MOST_VALUES:,} values: that can't be meant."
        )
    try:
        document = javascript.decode(body, any_depth=True)
    except NotJSON as error:
        raise SourceError(
            f"{url} sent no job list but {_shown(body, redactor)} ({error}): "
            "is this the right --url?"
        ) from error
    jobs = document.get("jobs") if isinstance(document, dict) else None
    if not isinstance(jobs, list):
        raise SourceError(
            f"{url} sent no job list but {_shown(body, redactor)}: expected a JSON object with a "
            "`jobs` array; is this the right --url?"
        )
    return jobs


def _shown(body: bytes, redactor: Redactor) -> str:
    if not body.strip():
        return "an empty answer"
    text = redactor.beginning(body)
    return repr(text[:_SHOWN] + ("…" if len(text) > _SHOWN else ""))
