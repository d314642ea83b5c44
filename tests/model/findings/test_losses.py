"""What stands out in loss curves, and what does not: noise, short curves, any numbers at all."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.model.curves import Curve, Point
from reportgen.model.findings.course import course_of
from reportgen.model.findings.losses import (
    LossFindings,
    divergence,
    evaluation_plateau,
    evaluation_upturn,
    loss_findings,
    overfitting,
    plateau,
    spikes,
    upturn,
)
from tests.model.findings.curves import Shape, curve, falling, noisy, settling, turning

NOTHING = LossFindings()
NAN, INF = math.nan, math.inf


# --- Noise, and too few points -------------------------------------------------------------------


@pytest.mark.parametrize("n", [8, 20, 60, 300, 1200])
@pytest.mark.parametrize("sigma", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("shape", [falling, lambda _: 2.0, lambda done: 2.7 - done])
def test_noise_is_nothing(shape: Shape, sigma: float, n: int) -> None:
    for seed in range(30 if n < 1200 else 5):
        training = noisy(shape, n, sigma, (seed, "training"))
        evaluation = noisy(shape, max(n // 25, 3), sigma / 5, (seed, "evaluation"), every=25)
        assert loss_findings(training, evaluation) == NOTHING, seed


@pytest.mark.parametrize("n", range(5))
def test_a_few_points_are_nothing(n: int) -> None:
    for few in ([1, 9, 99, 999], [9, 1, 9, 1], [4, 3, 2, 3]):
        assert loss_findings(curve(few[:n]), curve(few[:n])) == NOTHING


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(), max_size=70), st.lists(st.floats(), max_size=20))
def test_any_numbers_do(losses: list[float], evaluations: list[float]) -> None:
    loss_findings(curve(losses), curve(evaluations))


@pytest.mark.parametrize("size", [1e-300, 1e99, 1.7e308])
def test_numbers_at_the_ends_of_a_doubles_range_do(size: float) -> None:
    values = [size * turning(place / 100) / 3 for place in range(100)]
    loss_findings(curve(values), curve(values))
    loss_findings(curve([-size, size] * 50), curve([size, -size] * 50))


# --- Divergence ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "onset"),
    [
        ([3.9, 8.0, 20.0, NAN, NAN], 101),
        ([2.6, 20.0, 50.0, 60.0, 55.0, 57.0], 102),  # 2.6 was the loss at the start, too
        ([NAN], 101),
        ([INF, INF], 101),
        ([9.0, NAN, 8.0, NAN], 101),
        ([NAN, 1.6, NAN, NAN], 103),  # it came back once
        ([2.7, 2.9, 3.1, NAN], 104),  # until then, it only got worse
    ],
)
def test_where_a_loss_left_its_range(end: list[float], onset: int) -> None:
    start = list(noisy(falling, 100, 0.03).values)
    found = divergence(course_of(curve([*start, *end])))
    assert found
    assert found.onset.step == onset
    alone = loss_findings(curve([*start, *end]), curve([3, 2, 1, 2, 3, 4]))
    assert repr(alone) == repr(LossFindings(divergence=found))


@pytest.mark.parametrize(
    "values",
    [
        [NAN] * 30,  # it never had a range
        [*[2.0] * 50, NAN, *[2.0] * 50],
        [*[2.0] * 50, NAN, 9.0, 9.0, *[2.0] * 9],
        [*[2.0] * 50, 9.0],  # perhaps a spike
        [*[2.0] * 50, *[3.0] * 50],  # it rose
        [20.0, 10.0, 5.0, *[2.0] * 50, *[9.0] * 50],  # it was as high before
    ],
)
def test_what_did_not_leave_its_range_for_good(values: list[float]) -> None:
    assert divergence(course_of(curve(values))) is None


def test_a_loss_that_is_not_finite_leaves_even_a_short_range() -> None:
    found = divergence(course_of(curve([2.0, 1.9, NAN])))
    assert found
    assert found.onset.step == 3


# --- Upturns and overfitting ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_an_upturn_counts_from_the_lowest_point_and_quotes_logged_ones(seed: int) -> None:
    losses = noisy(turning, 400, 0.03, seed)
    found = upturn(course_of(losses))
    assert found
    points = list(losses.finite())
    assert (found.best.step, found.best.value) in points
    assert found.best.value == min(losses.values)
    assert (found.end.step, found.end.value) in points
    assert found.end.step > 390
    assert found.end.value == pytest.approx(turning(1), abs=0.1)


@pytest.mark.parametrize(
    ("values", "best", "end"),
    [
        ([3.0, 2.0, 1.0, 1.1, 1.2, 1.3, 1.4], 1.0, 1.4),
        ([3.0, 2.0, NAN, 1.0, 1.1, 1.2, 1.3, 1.4, NAN], 1.0, 1.4),
        ([1.0, 1.1, 1.2, 1.3, 1.4, 1.5], 1.0, 1.5),
        ([2.0, 1.5, 1.01, 1.0, 1.0, 1.2, 1.3, 1.4, 1.55], 1.0, 1.55),
    ],
)
def test_an_evaluation_upturn_ends_at_the_last_evaluation(
    values: list[float], best: float, end: float
) -> None:
    evaluations = curve(values, every=50)
    found = evaluation_upturn(course_of(evaluations))
    assert found
    lowest = len(values) - values[::-1].index(best)  # the last of several
    assert found.best == Point(50.0 * lowest, best)
    assert found.end == Point(50.0 * (values.index(end) + 1), end)


@pytest.mark.parametrize(
    "values",
    [
        [3.0, 2.0, 1.0, 1.2],  # one point does not count
        [3.0, 2.0, 1.0, 1.2, 1.03, 1.3],  # it came down again
        [3.0, 2.0, 1.5, 1.4, 1.35, 1.33, 1.34, 1.33, 1.34, 1.35],  # by 2 %
        [2.0, 1.5, 1.9, 1.4, 1.8, 1.3, 1.7, 1.6],  # it went up as far before
        [2 - at / 20 if at != 8 else 0.5 for at in range(20)],  # one lucky evaluation
        [
            2 - at / 100 + 0.3 * math.sin(0.3534 * at) for at in range(40)
        ],  # it had gone up as far before
    ],
)
def test_what_is_no_evaluation_upturn(values: list[float]) -> None:
    assert evaluation_upturn(course_of(curve(values, every=50))) is None


@pytest.mark.parametrize("seed", range(20))
def test_overfitting_replaces_the_upturn_of_the_evaluation_loss(seed: int) -> None:
    training = noisy(lambda done: 2.2 - done, 500, 0.1, seed)
    evaluations = noisy(turning, 20, 0.002, seed, every=25)
    found = loss_findings(training, evaluations)
    assert found.overfitting
    assert found.overfitting.best.value == min(evaluations.values)
    assert found.overfitting.best.step in {200, 225, 250}
    assert found.overfitting.end == Point(500, evaluations.values[-1])
    assert (found.upturn, found.evaluation_upturn, found.evaluation_plateau) == (None,) * 3


def test_an_evaluation_loss_that_rises_with_the_training_loss_is_not_overfitting() -> None:
    training, evaluations = noisy(turning, 500, 0.05), noisy(turning, 20, 0.002, every=25)
    found = loss_findings(training, evaluations)
    assert found.overfitting is None
    assert found.upturn
    assert found.evaluation_upturn


def test_a_slight_rise_is_overfitting_only_if_training_loss_falls_by_more_than_its_noise() -> None:
    evaluations = curve([2.0, 1.5, 1.2, 1.1, 1.11, 1.12, 1.13, 1.14, 1.15], every=50)
    steep, flat = noisy(lambda done: 2 - done, 450, 0.05), noisy(lambda _: 2.0, 450, 0.05)
    assert overfitting(course_of(steep), course_of(evaluations))
    assert overfitting(course_of(flat), course_of(evaluations)) is None
    assert evaluation_upturn(course_of(evaluations)) is None
    assert overfitting(course_of(Curve()), course_of(evaluations)) is None


# --- Plateaus ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_plateau_is_where_the_last_third_begins(seed: int) -> None:
    found = plateau(course_of(noisy(settling, 1200, 0.01, seed)))
    assert found
    assert 780 < found.since <= 820
    assert found.typical.value == pytest.approx(1.7, abs=0.02)
    assert found.typical.step >= found.since


def test_evaluations_decide_whether_a_loss_is_flat_if_there_are_enough() -> None:
    flat, better = noisy(settling, 600, 0.02), noisy(falling, 24, 0.001, every=25)
    assert loss_findings(flat, better) == NOTHING
    few = curve(list(better.values)[:6], every=100)
    assert loss_findings(flat, few) == LossFindings(plateau=plateau(course_of(flat)))
    stalled = noisy(settling, 24, 0.001, every=25)
    assert loss_findings(noisy(falling, 600, 0.02), stalled) == LossFindings(
        evaluation_plateau=evaluation_plateau(course_of(stalled))
    )


def test_a_loss_that_never_fell_or_still_falls_slowly_has_no_plateau() -> None:
    assert plateau(course_of(curve([2.0] * 300))) is None
    slow = noisy(lambda done: 1 + math.exp(-6 * done), 600)
    assert plateau(course_of(slow)) is None


# --- Spikes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [300, 5000])
def test_spikes_are_counted_with_the_highest(n: int) -> None:
    losses = noisy(falling, n, 0.05)
    at = [n // 4, n // 2, n * 4 // 5]
    for place, height in zip(at, (6.0, 9.0, 7.0), strict=True):
        losses.values[place] = height
    found = spikes(course_of(losses))
    assert found
    assert (found.count, found.highest) == (3, Point(at[1] + 1, 9.0))


def test_a_spike_of_several_points_is_one() -> None:
    losses = noisy(falling, 400, 0.05)
    losses.values[200:204] = losses.values[:4].__class__("d", [4.0, 7.0, 5.0, 3.5])
    losses.values[300] = NAN
    found = spikes(course_of(losses))
    assert found
    assert (found.count, found.highest) == (1, Point(202, 7.0))


@pytest.mark.parametrize("at", [0, 399])
def test_a_high_loss_at_an_end_did_not_come_from_below_or_back(at: int) -> None:
    losses = noisy(falling, 400, 0.05)
    losses.values[at] = 9.0
    assert spikes(course_of(losses)) is None


def test_a_curve_full_of_spikes_has_none() -> None:
    losses = noisy(falling, 600, 0.02)
    for place in range(20, 580, 25):
        losses.values[place] = 9.0
    assert spikes(course_of(losses)) is None
