"""Which jobs changed since the previous snapshot, based on their status then and now. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reportgen.events import wire
from reportgen.model.baseline import PREVIOUS, Known, choose
from reportgen.report.change import NOTABLE, Change, change
from reportgen.report.report import JobSummary
from reportgen.text.times import parse_time

NEW: Final = "new"
ENDED: Final = "ended"
FAILED: Final = "failed"


def mark(job_id: str, status_now: str, before: Mapping[str, str] | None) -> str | None:
    """Return how a job changed since the previous snapshot: `new`, `ended`, `failed` or None.

    `before` maps the id of each job in that snapshot to the status shown then. It is None if there
    was no such snapshot, and then no job counts as changed.
    """
    if before is None:
        return None
    status_then = before.get(job_id)
    if status_then is None:
        return NEW
    if status_now == status_then:
        return None
    if status_now == "failed":
        return FAILED
    if status_now in wire.ENDED_STATUSES and status_then not in wire.ENDED_STATUSES:
        return ENDED
    return None


@dataclass(frozen=True, slots=True)
class BadNews:
    """What broke or got worse since the previous snapshot."""

    failed: tuple[JobSummary, ...]
    worse: tuple[tuple[JobSummary, Change], ...]
    """The jobs that completed with a worse result than the last one of the same name before them,
    the worst first."""


def bad_news(jobs: Sequence[JobSummary], marks: Mapping[str, str | None]) -> BadNews:
    """Return what broke or got worse; `marks` maps job ids to how these jobs changed."""
    changed = [job for job in jobs if marks.get(job.id)]
    completed = [job for job in changed if job.status == "completed"]
    worse = sorted(_worse(completed, jobs), key=lambda found: -found[1].badness)
    return BadNews(tuple(job for job in changed if job.status == "failed"), tuple(worse))


def _worse(
    completed: Sequence[JobSummary], jobs: Sequence[JobSummary]
) -> Iterator[tuple[JobSummary, Change]]:
    if not completed:
        return
    by_id = {job.id: job for job in jobs}
    known = [Known(job.id, job.name, job.status, parse_time(job.created_at)) for job in jobs]
    previous = choose(PREVIOUS, known)
    for job in completed:
        before = by_id.get(previous.get(job.id, ""))
        found = before and change(job.result, job.tail, before.as_baseline)
        if found and found.is_worse_by(NOTABLE):
            yield job, found
