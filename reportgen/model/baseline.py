"""The job that each job is measured against, according to `--baseline`. Pure."""

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from reportgen.errors import SourceError
from reportgen.events import wire
from reportgen.text.times import parse_time

PREVIOUS: Final = "previous"

_COMPLETED: Final = "completed"


@dataclass(frozen=True, slots=True)
class Known:
    """A job that may be a baseline: any job in the list or the snapshot, selected or not."""

    id: str
    name: str | None
    status: str
    """The status shown on its page."""
    created: datetime | None

    @classmethod
    def of(cls, job: wire.Job, status: str) -> "Known":
        """Return a job from the list with the status shown on its page."""
        return cls(job.id, job.name, status, parse_time(job.created_at))


def choose(baseline: str, jobs: Iterable[Known]) -> Mapping[str, str]:
    """Return the id of each job's baseline, by the job's id; jobs without one are missing.

    `baseline` is `previous`, else the id of a known job, else a glob for names. If several names
    match, the newest completed job is chosen, or the first of equally new ones. Raises
    `SourceError` if an id or a glob matches nothing.
    """
    known = list(jobs)
    if baseline == PREVIOUS:
        return dict(_previous(known))
    chosen = _by_id_or_name(baseline, known)
    return {job.id: chosen for job in known if job.id != chosen}


def _by_id_or_name(baseline: str, known: list[Known]) -> str:
    if any(job.id == baseline for job in known):
        return baseline
    named = (job for job in known if job.name and fnmatch.fnmatchcase(job.name, baseline))
    newest = max(_candidates(named), default=None, key=_created)
    if newest is None:
        raise SourceError(
            f"--baseline {baseline!r} is neither the id of a known job nor the name of a completed "
            "one: check it, or leave it out."
        )
    return newest.id


def _previous(known: list[Known]) -> Iterator[tuple[str, str]]:
    """Yield the id of each job, and that of the last completed job with its name before it."""
    named = sorted((job for job in known if job.name and job.created), key=_name_and_time)
    for _, same_name in groupby(named, key=lambda job: job.name):
        before: Known | None = None
        for _, same_time in groupby(same_name, key=_created):
            jobs = list(same_time)
            if before is not None:
                yield from ((job.id, before.id) for job in jobs)
            before = next(_candidates(jobs), before)


def _candidates(jobs: Iterable[Known]) -> Iterator[Known]:
    return (job for job in jobs if job.status == _COMPLETED and job.created)


def _created(job: Known) -> datetime:
    assert job.created is not None  # noqa: S101 - only jobs with a time are compared
    return job.created


def _name_and_time(job: Known) -> tuple[str, datetime]:
    return job.name or "", _created(job)
