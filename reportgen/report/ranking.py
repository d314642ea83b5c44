"""The metric by which several jobs can be compared, and their results in it. Pure.

An evaluation loss and a training loss are different things: in a ranking, a plot or a sentence,
all jobs are judged by one of them.
"""

from collections.abc import Iterable, Sequence

from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN, Result
from reportgen.report.change import Baseline
from reportgen.report.report import JobSummary


def common_metric(jobs: Iterable[JobSummary], baseline: Baseline | None = None) -> str | None:
    """Return the metric that all jobs and the baseline have; None if no job has a result.

    This is the lowest evaluation loss, or else the mean of the last training losses. Jobs that
    failed or that have not ended do not decide, unless there are no others with a result: they may
    not have come to their first evaluation.
    """
    known = [job for job in jobs if job.result]
    final = [job for job in known if job.ended and job.status != "failed"]
    metrics = {each.result.metric for each in (*(final or known), baseline) if each and each.result}
    if not known:
        return None
    return EVAL_MINIMUM if metrics == {EVAL_MINIMUM} else TAIL_MEAN


def results(jobs: Iterable[JobSummary], metric: str | None) -> list[tuple[JobSummary, Result]]:
    """Return the jobs that have a result in a metric, with that result, in the given order."""
    found = ((job, result_in(job, metric)) for job in jobs)
    return [(job, result) for job, result in found if result is not None]


def ranked(jobs: Sequence[JobSummary], metric: str | None) -> list[tuple[JobSummary, Result]]:
    """Return the jobs that have a result in a metric, with that result, the best first.

    Failed jobs come last, since what they had reached by then is not a result to go by.
    """
    return sorted(
        results(jobs, metric), key=lambda found: (found[0].status == "failed", rank(found[1]))
    )


def rank(result: Result) -> tuple[bool, float]:
    """Return a sort key: the lowest result is the best, and one that is not finite the worst."""
    return (True, 0.0) if result.value is None else (False, result.value)


def result_in(job: JobSummary | Baseline, metric: str | None) -> Result | None:
    """Return a job's or a baseline's result in a metric; None if it has none."""
    known = (job.result, job.tail)
    return next((each for each in known if each and each.metric == metric), None)
