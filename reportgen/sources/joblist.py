"""A job list as a server sends it, read so that an odd entry costs that entry at most."""

from datetime import datetime
from typing import Final

from reportgen import wire
from reportgen.errors import SourceError
from reportgen.sources import JobList

_SHOWN: Final = 80


def read_job_list(body: bytes, url: str, read_at: datetime) -> JobList:
    """Read `{"jobs": [...]}`; raises `SourceError` with what came instead where it is none."""
    jobs = _jobs_of(body, url)
    entries: dict[str, wire.Object] = {}
    oddities: list[str] = []
    for place, entry in enumerate(jobs, start=1):
        job_id = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(job_id, str):
            oddities.append(f"entry {place} of the job list is left out: it has no id")
        elif job_id in entries:
            oddities.append(f"entry {place} of the job list is left out: its id came before")
        else:
            entries[job_id] = entry
    return JobList(read_at, tuple(entries.values()), tuple(oddities))


def _jobs_of(body: bytes, url: str) -> list[wire.JSON]:
    try:
        document = wire.decode(body)
    except wire.NotJSON as error:
        raise SourceError(
            f"{url} sent no job list but {_shown(body)} ({error}): is this the right --url?"
        ) from error
    jobs = document.get("jobs") if isinstance(document, dict) else None
    if not isinstance(jobs, list):
        raise SourceError(
            f"{url} sent no job list but {_shown(body)}: expected a JSON object with a `jobs` "
            "array; is this the right --url?"
        )
    return jobs


def _shown(body: bytes) -> str:
    text = body[: 4 * _SHOWN].decode("utf-8", "replace")
    if not text.strip():
        return "an empty answer"
    return repr(text[:_SHOWN] + ("…" if len(text) > _SHOWN else ""))
