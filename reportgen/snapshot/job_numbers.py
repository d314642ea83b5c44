"""A number for each job, which never changes and decides the colour of its curve. Pure."""

from collections.abc import Mapping

from reportgen.events import wire
from reportgen.text.times import parse_time


def numbered(entries: Mapping[str, bytes], known: Mapping[str, int]) -> dict[str, int]:
    """Return the number of each job of a list: the known one, or the next for one that is new.

    New jobs are numbered by age, the oldest first, so that the first reading of a list always
    yields the same numbers.
    """
    numbers = {job_id: known[job_id] for job_id in entries if job_id in known}
    following = max(known.values(), default=-1) + 1
    new = [job_id for job_id in entries if job_id not in known]
    new.sort(key=lambda job_id: (_age(entries[job_id]), job_id))
    numbers.update({job_id: following + place for place, job_id in enumerate(new)})
    return {job_id: numbers[job_id] for job_id in entries}


def _age(entry: bytes) -> float:
    job = wire.decode_job(entry)
    created = parse_time(job.created_at) if job else None
    return created.timestamp() if created else 0.0
