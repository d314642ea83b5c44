"""One metric for all jobs that are compared, and their order by it."""

import math
from dataclasses import replace

import pytest

from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN
from reportgen.report.ranking import common_metric, ranked, results
from reportgen.report.report import JobSummary
from tests.samples import judged

BOTH = judged("both", tail=0.5, evaluated=0.9)
EVALUATED = judged("evaluated", evaluated=0.8)
TRAINED = judged("trained", tail=0.7)
DIVERGED = judged("diverged", tail=math.nan)
QUEUED = judged("queued")


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


def test_failed_jobs_come_last() -> None:
    jobs = [replace(BOTH, status="failed"), DIVERGED, TRAINED]
    assert [each.id for each, _ in ranked(jobs, TAIL_MEAN)] == ["trained", "diverged", "both"]


def test_equally_good_jobs_keep_their_order() -> None:
    jobs = [judged(name, tail=0.5) for name in ("b", "a", "c")]
    assert [each.id for each, _ in ranked(jobs, TAIL_MEAN)] == ["b", "a", "c"]


@pytest.mark.parametrize("status", ["failed", "running"])
def test_a_job_that_has_no_evaluation_yet_does_not_decide(status: str) -> None:
    early = replace(TRAINED, status=status)
    assert common_metric((EVALUATED, early)) == EVAL_MINIMUM
    assert common_metric((QUEUED, early)) == TAIL_MEAN
    assert [job.id for job, _ in ranked((early, EVALUATED), EVAL_MINIMUM)] == ["evaluated"]


def test_the_baseline_is_compared_too() -> None:
    assert common_metric((EVALUATED, BOTH), TRAINED.as_baseline) == TAIL_MEAN
    assert common_metric((EVALUATED, BOTH), EVALUATED.as_baseline) == EVAL_MINIMUM
    assert common_metric((EVALUATED, BOTH), QUEUED.as_baseline) == EVAL_MINIMUM
    assert common_metric((), EVALUATED.as_baseline) is None
