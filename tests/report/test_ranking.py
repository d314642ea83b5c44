"""One metric for all jobs that are compared, and their order by it."""

import math

import pytest

from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN, Result
from reportgen.report.ranking import common_metric, ranked, results
from reportgen.report.report import JobSummary
from tests import samples


def job(job_id: str, *, tail: float | None = None, evaluated: float | None = None) -> JobSummary:
    """Return a job with these results; a `tail` of NaN is a result that is not finite."""
    tail_mean = None if tail is None else Result(TAIL_MEAN, tail if math.isfinite(tail) else None)
    result = tail_mean if evaluated is None else Result(EVAL_MINIMUM, evaluated)
    return samples.summary(job_id, result=result, tail=tail_mean)


BOTH = job("both", tail=0.5, evaluated=0.9)
EVALUATED = job("evaluated", evaluated=0.8)
TRAINED = job("trained", tail=0.7)
DIVERGED = job("diverged", tail=math.nan)
QUEUED = job("queued")


@pytest.mark.parametrize(
    ("jobs", "metric", "order"),
    [
        ((BOTH, EVALUATED), EVAL_MINIMUM, ["evaluated", "both"]),
        ((QUEUED, BOTH, EVALUATED), EVAL_MINIMUM, ["evaluated", "both"]),
        ((TRAINED, BOTH, EVALUATED), TAIL_MEAN, ["both", "trained"]),
        ((DIVERGED, TRAINED, BOTH), TAIL_MEAN, ["both", "trained", "diverged"]),
        ((DIVERGED,), TAIL_MEAN, ["diverged"]),
        ((QUEUED,), None, []),
        ((), None, []),
    ],
)
def test_the_common_metric_and_the_order_by_it(
    jobs: tuple[JobSummary, ...], metric: str | None, order: list[str]
) -> None:
    assert common_metric(jobs) == metric
    assert [each.id for each, _ in ranked(jobs, metric)] == order
    assert {each.id for each, _ in results(jobs, metric)} == set(order)
    assert all(result.metric == metric for _, result in results(jobs, metric))


def test_equally_good_jobs_keep_their_order() -> None:
    jobs = [job(name, tail=0.5) for name in ("b", "a", "c")]
    assert [each.id for each, _ in ranked(jobs, TAIL_MEAN)] == ["b", "a", "c"]
