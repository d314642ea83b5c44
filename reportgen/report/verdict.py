"""Which of the compared jobs is the best, and by how much. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.report.ranking import common_metric, ranked
from reportgen.report.report import JobSummary


@dataclass(frozen=True, slots=True)
class Verdict:
    """The job with the best result, and the next best one, both by the metric that all share."""

    jobs: int
    """The number of jobs with a result in this metric."""
    others: int
    """The number of those without one."""
    metric: str
    best: JobSummary
    value: float
    second: JobSummary
    next_value: float | None
    """The second best result; None if it is not finite."""


def verdict(jobs: Sequence[JobSummary]) -> Verdict | None:
    """Return which job is the best; None if fewer than two have a result, or none a finite one.

    Of equally good jobs, the first counts as the best.
    """
    order = ranked(jobs, common_metric(jobs))
    if len(order) <= 1:
        return None
    (best, own), (second, other) = order[:2]
    if own.value is None:
        return None
    others = len(jobs) - len(order)
    return Verdict(len(order), others, own.metric, best, own.value, second, other.value)
