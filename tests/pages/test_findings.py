"""The sentences on a job's page: the rules are tested with the model, the words here."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reportgen.model.checkpoints import best_checkpoint
from reportgen.model.curves import Curve
from reportgen.model.metrics import metric
from reportgen.pages.findings import findings, likely_cause
from reportgen.report.report import JobDetail
from tests import samples
from tests.model.findings.curves import curve, falling, noisy, settling, turning
from tests.pages.render import Page, job
from tests.pages.sentences import text

NAN = math.nan


def detail(loss: Curve, eval_loss: Curve | None = None, **changes: Any) -> JobDetail:
    """Return a job with these curves; `changes` are to its detail or its summary."""
    evaluations = eval_loss or Curve()
    known = metric(loss), metric(evaluations)
    losses = len(loss) + len(evaluations)
    made = samples.detail(
        samples.summary(
            loss=known[0],
            eval_loss=known[1],
            not_finite=losses - sum(one.points for one in known if one),
        ),
        loss=loss,
        eval_loss=evaluations,
    )
    of_detail = {key: value for key, value in changes.items() if hasattr(made, key)}
    of_summary = {key: value for key, value in changes.items() if key not in of_detail}
    summary = replace(made.summary, **of_summary)
    return replace(made, summary=summary, **of_detail)


def sentences(shown: JobDetail) -> list[str]:
    found = findings(shown, samples.SNAPSHOT_AT, samples.LOOKS.timezone)
    return [text(finding.parts) for finding in found]


# --- Divergence ----------------------------------------------------------------------------------

EXPLODED = curve([*noisy(falling, 294, 0.03).values, 4.4, 12.0, 57.0, 55.0, NAN, NAN])
TURNED_NAN = curve([*noisy(falling, 100, 0.03).values, NAN, NAN, NAN])
LEFT, TURNED = (
    "oss left its range at step 295",
    "3 losses not finite, first in training at step 101",
)
NOT_FINITE = "2 losses not finite, first in training at step 299"


def rated(rate: Callable[[int], float], at: int, learning_rate: object = 1.0) -> dict[str, Any]:
    """Return the changes to a job with a learning rate; `learning_rate` is in its config."""
    trend = samples.trend(range(1, 309), rate)
    config = {**samples.CONFIG, "learningRate": learning_rate}
    return {"learning_rate": trend, "onset_rate": rate(at), "config": config}


@pytest.mark.parametrize(
    ("rate", "target", "words"),
    [
        (lambda step: step / 400, 1.0, " while the learning rate was still warming up, 0.74 of 1"),
        (lambda step: step / 400, "x", " while the learning rate was still warming up, 0.74 of 0"),
        (lambda _: 2e-4, 2e-4, " at a learning rate of 2e-4"),
        (lambda step: min(step, 200) / 200, 1.0, " while the learning rate was at its peak, 1"),
        (
            lambda step: 1 - step / 500,
            1.0,
            " after the learning rate had come down to 0.41 from 0.9",
        ),
    ],
)
def test_a_divergence_is_one_sentence_with_the_learning_rate_at_its_onset(
    rate: Callable[[int], float], target: object, words: str
) -> None:
    (sentence,) = sentences(detail(EXPLODED, **rated(rate, 295, target)))
    assert sentence.startswith(f"L{LEFT}{words}")
    assert sentence.endswith(f"; {NOT_FINITE}")
    (sentence,) = sentences(detail(TURNED_NAN, **rated(rate, 295, target)))
    assert sentence.startswith(f"{TURNED}{words}")


def test_without_a_learning_rate_a_divergence_is_as_far_as_the_losses_show() -> None:
    assert sentences(detail(EXPLODED)) == [f"L{LEFT}; {NOT_FINITE}"]
    assert sentences(detail(TURNED_NAN)) == [TURNED]


def test_a_failed_job_has_its_likely_cause_in_the_banner_alone() -> None:
    failed = detail(
        EXPLODED, status="failed", error="loss is NaN", **rated(lambda step: step / 400, 295)
    )
    assert sentences(failed) == []
    page = job(failed)
    words = Page(page).text
    cause = f"Likely cause: l{LEFT} while the learning rate was still warming up, 0.74 of 1"
    assert words.count(LEFT) == 1
    assert f"error: loss is NaN {cause}; {NOT_FINITE}" in words
    assert '<data value="0.7375" title="0.7375">0.74</data>' in page


@pytest.mark.parametrize("values", [noisy(falling, 300, 0.03), noisy(turning, 300, 0.03), Curve()])
def test_a_failure_that_the_losses_do_not_show_has_no_cause(values: Curve) -> None:
    out_of_memory = detail(values, status="failed", error="CUDA out of memory")
    assert likely_cause(out_of_memory) == ()
    assert "Likely cause" not in job(out_of_memory)


def test_a_failed_job_whose_last_loss_exploded_has_its_likely_cause() -> None:
    exploded = curve([*noisy(falling, 294, 0.03).values, 57.0])
    failed = detail(exploded, status="failed", error="the loss exploded")
    assert text(likely_cause(failed)) == f"Likely cause: l{LEFT}"
    assert sentences(failed) == []
    assert sentences(replace(failed, summary=replace(failed.summary, status="completed"))) == []


def test_an_error_that_names_another_cause_is_not_explained_by_the_losses() -> None:
    for error in ("CUDA out of memory. Tried to allocate 2.00 GiB", "Killed", "Connection reset"):
        failed = detail(EXPLODED, status="failed", error=error)
        assert likely_cause(failed) == ()
        assert sentences(failed) == [f"L{LEFT}; {NOT_FINITE}"]


def test_a_loss_that_is_not_finite_for_a_moment_is_counted() -> None:
    losses = noisy(falling, 300, 0.03)
    losses.values[99] = NAN
    assert sentences(detail(losses)) == ["1 loss not finite, first in training at step 100"]
    evaluations = curve([2.0, NAN], every=50)
    assert sentences(detail(losses, evaluations)) == [
        "2 losses not finite, first in training at step 100 and in evaluation at step 100"
    ]


# --- The rest ------------------------------------------------------------------------------------

EVALUATIONS = curve([2.0, 1.5, 1.2, 1.1, 1.2, 1.3, 1.4, 1.5, 1.61], every=50)
TRAINING = noisy(lambda done: 2 - done, 450, 0.03)
OVERFITTING = (
    "Overfitting after step 200: evaluation loss rose from 1.1 to 1.61 while training loss fell; "
)


@pytest.mark.parametrize(
    ("checkpoints", "lost"),
    [
        ((), "0.51 (46 %) lost since"),
        ((200.0, 400.0), "0.51 (46 %) lost against the checkpoint at step 200"),
        (
            (100.0, 240.0),
            "0.41 (34 %) lost against the checkpoint at step 240, evaluated at step 250",
        ),
        ((450.0,), "0.51 (46 %) lost since"),
    ],
)
def test_overfitting_says_since_when_and_what_was_lost(
    checkpoints: tuple[float, ...], lost: str
) -> None:
    kept = best_checkpoint(checkpoints, EVALUATIONS, metric(EVALUATIONS))
    shown = detail(TRAINING, EVALUATIONS, checkpoint=kept)
    assert sentences(shown) == [OVERFITTING + lost]
    assert "0.51000" not in job(shown)


def test_an_upturn_has_its_lowest_point_and_the_one_where_it_ended() -> None:
    risen = curve([*[2.0] * 49, 1.8, *[2.9] * 50])
    up = "went up after step 50 and stayed up: 1.8 → 2.9"
    assert sentences(detail(risen)) == [f"Training loss {up}"]
    evaluations = curve([2.0, 1.5, 1.2, 1.1, 1.3, 1.4, 1.5, 1.6], every=50)
    evaluated = "Evaluation loss went up after step 200 and stayed up: 1.1 → 1.6"
    assert sentences(detail(risen, evaluations)) == [
        f"{evaluated}, and so did training loss{up[7:]}"
    ]


def test_spikes_have_their_number_and_the_highest() -> None:
    losses = noisy(falling, 400, 0.03)
    losses.values[99] = 7.5
    once = "Training loss spiked once and came back: 7.5 at step 100"
    assert sentences(detail(losses)) == [once]
    losses.values[299] = 9.0
    twice = "Training loss spiked 2 times and came back, highest 9 at step 300"
    assert sentences(detail(losses)) == [twice]


def test_a_plateau_is_reported_once_a_job_has_ended() -> None:
    flat = curve(round(settling(place / 300), 2) for place in range(300))
    shown = detail(flat)
    since = "No better for the last third: training loss has stayed around 1.7 since step"
    (sentence,) = sentences(shown)
    assert sentence.startswith(since)
    assert sentences(detail(flat, status="running")) == []
    (sentence,) = sentences(detail(Curve(), curve(flat.values[::10], every=10)))
    assert sentence.startswith(since.replace("training", "evaluation"))


def test_a_learning_rate_above_zero_is_reported_if_a_job_completed() -> None:
    rate = samples.trend(range(1, 301), lambda step: 0.03 - step * 8e-5)
    expected = "The learning rate ended above zero: at 0.006, 20 % of its peak"
    assert sentences(detail(Curve(), learning_rate=rate)) == [expected]
    assert sentences(detail(Curve(), learning_rate=rate, status="cancelled")) == []


def test_a_throughput_that_dropped_is_reported() -> None:
    slower = samples.trend(range(1, 101), lambda step: 60_000 if step < 50 else 31_000)
    assert sentences(detail(Curve(), throughput=slower)) == [
        "Throughput dropped at step 50 and stayed low: 60000 → 31000 samples per second"
    ]


def test_unusable_losses_and_resumed_runs_are_reported() -> None:
    words = Page(job(samples.failed())).text
    assert "5 losses not finite, first in training at step 116" in words
    assert "2 losses unusable" in words
    assert "resumed at step 60" in words
    assert "stayed up" not in words


def test_the_caption_of_a_learning_rate_names_a_peak_inside_the_run() -> None:
    def caption(rate: Callable[[int], float]) -> str:
        page = job(detail(Curve(), learning_rate=samples.trend(range(1, 301), rate)))
        return page.partition("<figcaption>")[2].partition("</figcaption>")[0]

    peaked = caption(lambda step: 3e-4 * step if step <= 100 else 3e-2 - (step - 100) * 1e-4)
    assert peaked == "Learning rate: 3e-4 → 0.01, peak 0.03 at step 100"
    assert caption(lambda step: 3e-4 * min(step, 100)) == "Learning rate: 3e-4 → 0.03"
    assert caption(lambda _: 2e-4) == "Learning rate: 2e-4"
