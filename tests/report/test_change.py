"""A job's result beside its baseline's."""

from zoneinfo import ZoneInfo

import pytest

from reportgen.model.metrics import Result
from reportgen.report.change import Baseline, Change, change
from reportgen.report.wording import change_in_words, shown_change

EVAL, TAIL = "evalLoss.min", "loss.tailMean"


def of(value: float | None, metric: str = EVAL) -> Result:
    return Result(metric, value)


def baseline(result: Result | None, tail: Result | None = None) -> Baseline:
    return Baseline("job_1", "support-bot", "2026-04-30T12:00:00Z", result, tail)


def between(own: float | None, base: float | None) -> Change:
    found = change(of(own), None, baseline(of(base)))
    assert found is not None
    return found


def test_evaluation_losses_are_compared_if_both_have_them() -> None:
    found = change(of(0.5), of(0.9, TAIL), baseline(of(0.4), of(0.8, TAIL)))
    assert found is not None
    assert (found.own, found.other) == (of(0.5), of(0.4))


@pytest.mark.parametrize("own", [of(0.5), of(0.9, TAIL)])
def test_else_the_ends_of_the_training_losses(own: Result) -> None:
    found = change(own, of(0.9, TAIL), baseline(of(0.8, TAIL), of(0.8, TAIL)))
    assert found is not None
    assert (found.own, found.other) == (of(0.9, TAIL), of(0.8, TAIL))


def test_without_a_loss_there_is_no_change() -> None:
    assert change(None, None, baseline(of(0.4))) is None
    assert change(of(0.4), None, baseline(of(0.4, TAIL), of(0.4, TAIL))) is None


@pytest.mark.parametrize(
    ("own", "base", "delta", "relative", "words"),
    [
        (0.61, 0.63, -0.02, -0.02 / 0.63, "3.2 % better than"),
        (1.05, 1.0, 0.05, 0.05, "5 % worse than"),
        (-1.0, -2.0, 1.0, 0.5, "50 % worse than"),
        (0.5, 0.5, 0.0, 0.0, "the same as"),
        (0.25, 0.0, 0.25, None, "0.25 worse than"),
        (None, 0.5, None, None, "not finite, so worse than"),
        (0.5, None, None, None, "finite, so better than"),
        (None, None, None, None, "the same as"),
        (1e308, -1e308, None, 2.0, "200 % worse than"),
    ],
)
def test_a_change_in_numbers_and_in_words(
    own: float | None, base: float | None, delta: float | None, relative: float | None, words: str
) -> None:
    found = between(own, base)
    assert found.delta == delta
    assert found.relative == pytest.approx(relative)
    text = change_in_words(found, ZoneInfo("Europe/Berlin"))
    assert text == f"{words} support-bot (2026-04-30 14:00)"


@pytest.mark.parametrize(
    ("own", "base", "percent", "worse"),
    [
        (1.05, 1.0, 5, False),
        (1.0500001, 1.0, 5, True),
        (0.9, 1.0, 0, False),
        (1.0, 1.0, 0, False),
        (1e-9, 0.0, 50, True),
        (-1e-9, 0.0, 0, False),
        (-1.8, -2.0, 5, True),
        (None, 1.0, 1000, True),
        (1.0, None, 0, False),
        (None, None, 0, False),
    ],
)
def test_worse_by_more_than_so_many_percent(
    *, own: float | None, base: float | None, percent: float, worse: bool
) -> None:
    assert between(own, base).is_worse_by(percent) is worse


@pytest.mark.parametrize(
    ("own", "base", "tone"),
    [
        (1.011, 1.0, "bad"),
        (1.01, 1.0, ""),
        (1.0, 1.0, ""),
        (0.99, 1.0, ""),
        (0.989, 1.0, "good"),
        (None, 1.0, "bad"),
        (1.0, None, "good"),
        (None, None, ""),
        (1e-9, 0.0, "bad"),
        (-1e-9, 0.0, "good"),
    ],
)
def test_a_change_of_up_to_one_percent_has_no_colour(
    own: float | None, base: float | None, tone: str
) -> None:
    assert shown_change(between(own, base), ZoneInfo("UTC")).tone == tone
