"""A number for each job, which never changes and decides the colour of its curve. Pure."""

from collections.abc import Mapping

from reportgen.events import wire
from reportgen.text.javascript import Object
from reportgen.text.times import parse_time


def numbered(entries: Mapping[str, Object], known: Mapping[str, int]) -> dict[str, int]:
    """Return each job's number: the known one or, for a new job, the next one.

    New jobs are numbered by age, the oldest first, so that the first reading of a list always
    yields the same numbers.
    """
    numbers = {job_id: known[job_id] for job_id in entries if job_id in known}
    following = max(known.values(), default=-1) + 1
    new = [job_id for job_id in entries if job_id not in known]
    new.sort(key=lambda job_id: (_age(entries[job_id]), job_id))
    numbers.update({job_id: following + place for place, job_id in enumerate(new)})
    return {job_id: numbers[job_id] for job_id in entries}


def _age(entry: Object) -> float:
    job = wire.read_job(entry)
    created = parse_time(job.created_at) if job else None
    return created.timestamp() if created else 0.0
