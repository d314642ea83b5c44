"""Which jobs are shown over time, as which series, and what is said of the others."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN
from reportgen.report.over_time import OverTime, over_time
from reportgen.report.report import JobSummary
from tests.samples import judged

START = datetime(2026, 5, 1, tzinfo=UTC)


def job(day: int, name: str = "bot", **changes: object) -> JobSummary:
    """Return a job created on a day, which is also its id and its loss."""
    created = START + timedelta(days=day)
    known = {"tail": float(day), "evaluated": float(day), "created_at": created.isoformat()}
    return judged(str(day), **{"name": name, **known, **changes})  # type: ignore[arg-type]


def shown(found: OverTime | None) -> list[tuple[str, float | None]]:
    assert found
    return [(dated.outcome.job.id, dated.outcome.value) for dated in found.shown]


def test_three_ended_jobs_with_a_result_are_shown_in_the_order_of_their_creation() -> None:
    found = over_time([job(3), job(1), job(2)])
    assert shown(found) == [("1", 1.0), ("2", 2.0), ("3", 3.0)]
    assert found
    assert (found.metric, found.names, found.baseline) == (EVAL_MINIMUM, ("bot",), None)
    assert (found.undated, found.unknown, found.older) == (0, 0, 0)


@pytest.mark.parametrize(
    "third",
    [
        job(3, status="running"),
        job(3, status="queued", tail=None, evaluated=None),
        job(3, tail=None, evaluated=None),
        job(3, status="failed", tail=None, evaluated=None),
    ],
)
def test_fewer_are_not_shown(third: JobSummary) -> None:
    assert over_time([job(1), job(2), third]) is None


def test_what_cannot_be_placed_has_no_number_or_is_counted() -> None:
    failed = job(4, status="failed", evaluated=None)
    crashed = job(5, status="failed", tail=None, evaluated=None)
    undated = job(6, created_at=None)
    running = job(7, status="running")
    found = over_time(
        [job(1), job(2), job(3, status="cancelled"), failed, crashed, undated, running]
    )
    assert shown(found) == [("1", 1.0), ("2", 2.0), ("3", 3.0), ("4", None), ("5", None)]
    assert found
    assert (found.metric, found.undated, found.unknown) == (EVAL_MINIMUM, 1, 0)


def test_one_job_without_evaluation_makes_training_losses_the_metric_of_all() -> None:
    diverged = job(3, tail=math.nan, evaluated=None)
    evaluated_only = job(4, tail=None)
    found = over_time([job(1, evaluated=0.1), job(2, evaluated=0.2), diverged, evaluated_only])
    assert shown(found) == [("1", 1.0), ("2", 2.0), ("3", None)]
    assert found
    assert (found.metric, found.unknown) == (TAIL_MEAN, 1)


def test_the_newest_are_shown_and_the_older_ones_counted() -> None:
    found = over_time([job(day) for day in range(9)], most=4)
    assert [job_id for job_id, _ in shown(found)] == ["5", "6", "7", "8"]
    assert found
    assert found.older == 5


def test_the_eight_most_frequent_names_have_series_and_of_equal_ones_the_newest() -> None:
    names = [*"abcdefghij", "a", "a", "b"]
    found = over_time([job(day, name) for day, name in enumerate(names)])
    assert found
    assert found.names == ("a", "b", "j", "i", "h", "g", "f", "e")


@pytest.mark.parametrize(
    ("baseline", "metric", "value"),
    [
        (job(9, evaluated=0.5), EVAL_MINIMUM, 0.5),
        (job(9, tail=0.25, evaluated=None), TAIL_MEAN, 0.25),
        (job(9, tail=math.nan, evaluated=None), TAIL_MEAN, None),
    ],
)
def test_the_baseline_is_shown_in_the_same_metric(
    baseline: JobSummary, metric: str, value: float | None
) -> None:
    found = over_time([job(1), job(2), job(3)], baseline.as_baseline)
    assert found
    assert (found.metric, found.baseline) == (metric, (baseline.as_baseline, value))


def test_nothing_is_shown_if_no_creation_time_is_known() -> None:
    assert over_time([job(day, created_at=None) for day in range(3)]) is None
