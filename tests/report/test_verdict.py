"""The verdict of the comparison, as values and in words."""

import math
from dataclasses import replace

import pytest

from reportgen.model.checkpoints import Checkpoint
from reportgen.model.curves import Point
from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN, Metric, Result
from reportgen.pages.verdict import sentences
from reportgen.report.labels import Label, labels
from reportgen.report.report import JobSummary
from reportgen.report.verdict import verdict
from tests import samples
from tests.pages.sentences import text


def job(
    job_id: str, tail: float | None = None, evaluated: float | None = None, **changes: object
) -> JobSummary:
    """Return a job with these results; a `tail` of NaN is a result that is not finite."""
    tail_mean = None
    if tail is not None:
        tail_mean = Result(TAIL_MEAN, tail if math.isfinite(tail) else None)
    eval_loss = result = None
    if evaluated is not None:
        eval_loss = Metric(9, 3.0, evaluated, evaluated, 350.0, 3.0)
        result = Result(EVAL_MINIMUM, evaluated)
    plain = samples.summary(
        job_id, job_id, slug=job_id, tail=tail_mean, result=result or tail_mean, eval_loss=eval_loss
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def said(*jobs: JobSummary) -> str | None:
    """Return the verdict as text; None if there is none."""
    found = verdict(jobs)
    if found is None:
        return None
    shown = labels(jobs, 60, samples.LOOKS.timezone)
    by_id: dict[str, Label] = {one.id: label for one, label in zip(jobs, shown, strict=True)}
    return text(sentences(found, by_id))


NEAREST = "Its checkpoint nearest to the best evaluation, at step"
NONE_KEPT = "It saved no checkpoint."


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (None, NONE_KEPT),
        (350.0, f"{NEAREST} 350, has an evaluation loss of 0.61."),
        (360.0, f"{NEAREST} 360, has an evaluation loss of 0.61 (the nearest one, at step 350)."),
    ],
)
def test_the_best_is_measured_against_the_second_best_by_evaluation_loss(
    kept: float | None, words: str
) -> None:
    checkpoint = None if kept is None else Checkpoint(kept, Point(350.0, 0.61))
    best = job("best", 0.5, 0.61, checkpoint=checkpoint)
    jobs = job("worse", 0.1, 0.64), best, job("worst", 0.1, 0.7)
    expected = (
        "Of the 3 jobs, best is the best by its lowest evaluation loss: 0.61 at step 350, "
        "0.03 (4.7 %) better than worse at 0.64. "
    )
    assert said(*jobs) == expected + words


def test_jobs_are_judged_by_training_loss_unless_all_were_evaluated() -> None:
    kept = Checkpoint(390.0, None)
    best, evaluated = job("best", 0.4, checkpoint=kept), job("evaluated", 0.5, 0.61)
    tail = "the mean of the last tenth of its training losses"
    assert said(evaluated, best, job("queued")) == (
        f"Of the 2 jobs with a training loss, best is the best by {tail}: 0.4, 0.1 (20 %) better "
        "than evaluated at 0.5. "
        "Its checkpoint nearest to the lowest loss is at step 390."
    )
    still = job("still", 0.4, status="running")
    assert said(job("done", 0.5), still) == (
        f"Of the 2 jobs, still is the best so far by {tail}: 0.4, 0.1 (20 %) better than done at "
        f"0.5. {NONE_KEPT}"
    )


def test_results_that_differ_look_different_and_equal_ones_are_called_so() -> None:
    close = said(job("a", evaluated=0.69314719), job("b", evaluated=0.69314718))
    assert close
    assert ": 0.69314718 at step 350, 1e-8 (0.0000014 %) better than a at 0.69314719. " in close
    equal = said(job("a", evaluated=0.5), job("b", evaluated=0.5))
    assert equal
    assert (
        "a is the best by its lowest evaluation loss: 0.5 at step 350, exactly as good as b. "
        in equal
    )


def test_without_two_results_and_a_finite_one_there_is_no_verdict() -> None:
    assert said() is None
    assert said(job("a", 0.5), job("b")) is None
    assert said(job("a", math.nan), job("b", math.nan)) is None
    alone = said(job("a", math.nan), job("b", 0.5))
    assert alone
    assert (
        "b is the best by the mean of the last tenth of its training losses: 0.5, and the only"
        in alone
    )
    zero = said(job("a", 0.0), job("b", -1.0))
    assert zero
    assert ": -1, 1 better than a at 0. " in zero


def test_jobs_of_one_name_can_be_told_apart() -> None:
    early = job("1", 0.5, name="bot", created_at="2026-05-01T09:00:00Z")
    late = job("2", 0.4, name="bot", created_at="2026-05-02T09:00:00Z")
    found = said(early, late)
    assert found
    assert found.startswith("Of the 2 jobs, bot (2026-05-02 09:00) is the best by the mean")
    assert "better than bot (2026-05-01 09:00) at 0.5" in found
