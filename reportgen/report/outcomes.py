"""How jobs turned out, in numbers that can be compared. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from reportgen.report.change import Baseline
from reportgen.report.ranking import common_metric, result_in
from reportgen.report.report import JobSummary


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job turned out."""

    job: JobSummary
    value: float | None
    """Its result; None if it failed, or if the result is not finite."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How several jobs turned out, all by the same metric."""

    metric: str | None
    """None if no job has a result."""
    known: tuple[Outcome, ...]
    unknown: int
    """The number of jobs that ended without a result in this metric."""


def outcomes(jobs: Iterable[JobSummary], baseline: Baseline | None = None) -> Outcomes:
    """Return the outcomes of the jobs that ended, by their common metric.

    A failed job has no number: what it had reached by then is not comparable.
    """
    ended = [job for job in jobs if job.ended]
    metric = common_metric(ended, baseline)
    known = []
    for job in ended:
        result = result_in(job, metric)
        if _failed(job) or result is not None:
            value = None if _failed(job) or result is None else result.value
            known.append(Outcome(job, value))
    return Outcomes(metric, tuple(known), len(ended) - len(known))


def _failed(job: JobSummary) -> bool:
    return job.status == "failed"
