"""The smoothed line: which curves have one, and that it is the mean of what is around."""

import math
import random
from array import array
from collections.abc import Callable

import pytest

from reportgen.charts.smoothing import Column, Smoothed, column_values, smoothed
from reportgen.model.curves import Curve
from reportgen.model.span import Span

COLUMNS = 640


def curve(value: Callable[[int], float], steps: range = range(401)) -> Curve:
    return Curve(array("d", steps), array("d", map(value, steps)))


def noise(step: int) -> float:
    return random.Random(step).uniform(-0.2, 0.2)


def smooth(points: Curve) -> Smoothed | None:
    return smoothed(points, Span(points.steps[0], points.steps[-1]), [])


def over_columns(points: Curve) -> Smoothed | None:
    across = Span(points.steps[0], points.steps[-1])
    return smoothed(points, across, column_values(points, across, COLUMNS))


@pytest.mark.parametrize(
    ("value", "is_noisy"),
    [
        (lambda step: math.exp(-step / 90), False),
        (lambda step: math.exp(-step / 90) + noise(step) / 20, False),
        (lambda step: math.exp(-step / 90) + noise(step), True),
        (lambda step: 1.0, False),
        (lambda step: noise(step) if step < 390 else 1e300, False),  # a spike, not noise
        (lambda step: math.nan, False),
    ],
    ids=["even", "almost", "noisy", "equal", "spike", "nothing"],
)
def test_only_a_noisy_curve_is_smoothed(value: Callable[[int], float], *, is_noisy: bool) -> None:
    assert (smooth(curve(value)) is not None) is is_noisy


def test_few_points_are_not_smoothed() -> None:
    assert smooth(curve(noise, range(39))) is None
    assert smooth(curve(noise, range(40))) is not None


def test_each_point_is_the_mean_of_those_in_its_window() -> None:
    points = curve(noise)
    found = smooth(points)
    assert found
    assert found.window == 10
    (run,) = found.runs
    assert [step for step, _ in run] == list(points.steps)
    for at, (_, value) in enumerate(run):
        around = points.values[max(at - 5, 0) : at + 6]
        assert value == pytest.approx(sum(around) / len(around))


@pytest.mark.parametrize("gap", [math.nan, math.inf, -math.inf])
def test_a_gap_is_never_bridged(gap: float) -> None:
    points = curve(lambda step: gap if step == 200 else noise(step) + (step > 200))
    found = smooth(points)
    assert found
    left, right = found.runs
    assert (left[-1][0], right[0][0]) == (199, 201)
    assert max(value for _, value in left) < 0.3
    assert min(value for _, value in right) > 0.7


def test_a_long_curve_is_smoothed_over_all_its_points() -> None:
    """One point in a hundred is an outlier, yet the mean hardly moves."""
    found = over_columns(curve(lambda step: noise(step) + 10 * (step % 100 == 0), range(64_001)))
    assert found
    assert found.window == 1600
    (run,) = found.runs
    assert len(run) == COLUMNS / 2 + 1  # enough to draw it
    assert all(abs(value - 0.1) < 0.05 for _, value in run)


def test_a_gap_in_a_long_curve_is_never_bridged() -> None:
    gaps = (20_000, 20_001, 50_000)
    found = over_columns(
        curve(lambda step: math.nan if step in gaps else noise(step), range(64_001))
    )
    assert found
    ends = [(run[0][0], run[-1][0]) for run in found.runs]
    assert len(ends) == 3
    assert ends[0][1] < 20_000
    assert ends[1][0] > 20_001
    assert ends[1][1] < 50_000 < ends[2][0]


def test_columns_without_points_are_no_gap() -> None:
    columns: list[Column] = [None if place % 2 else noise(place) for place in range(COLUMNS)]
    found = smoothed(curve(noise, range(0, 6400, 20)), Span(0, 6400), columns)
    assert found
    assert len(found.runs) == 1


@pytest.mark.parametrize("size", [1.7e308, 5e-324])
def test_values_at_the_ends_of_a_doubles_range(size: float) -> None:
    found = smooth(curve(lambda step: size * (-1) ** step))
    assert found is None or all(math.isfinite(value) for run in found.runs for _, value in run)
