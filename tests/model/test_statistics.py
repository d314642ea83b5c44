"""Statistics of a curve, compared with known values and plainer algorithms."""

import math
import statistics as plain
import tracemalloc
from array import array
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.model.curves import Curve
from reportgen.model.metrics import Result, last_if_not_finite, metric, result
from reportgen.model.span import Span
from reportgen.model.statistics import (
    column_bounds,
    column_means,
    describe,
    finite,
    finite_count,
    spearman,
    student_t,
)

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def curve(values: Sequence[float]) -> Curve:
    return Curve(array("d", range(1, len(values) + 1)), array("d", values))


def numpys_percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def t_mass(t: float, freedom: int) -> float:
    """Integrate Student's density from -t to t by Simpson's rule."""
    half = (freedom + 1) / 2
    scale = math.exp(math.lgamma(half) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    pieces = 4000
    width = t / pieces
    heights = [math.pow(1 + (place * width) ** 2 / freedom, -half) for place in range(pieces + 1)]
    inner = 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2])
    return 2 * scale * width / 3 * (heights[0] + inner + heights[-1])


def test_a_known_sample() -> None:
    found = describe(curve([1.0, math.nan, 2.0, 3.0, 4.0, math.inf, 5.0]))
    assert found
    assert (found.n, found.mean, found.variance) == (5, 3.0, 2.5)
    assert found.deviation == pytest.approx(1.5811388)
    assert found.margin == pytest.approx(1.9632432)  # t(4) = 2.776, times s / √5
    assert [found.p90, found.p95] == pytest.approx([4.6, 4.8])


def test_no_value_and_one_value() -> None:
    assert describe(curve([])) is None
    assert describe(curve([math.nan, -math.inf])) is None
    one = describe(curve([0.25]))
    assert one
    assert (one.n, one.mean, one.p90, one.p95) == (1, 0.25, 0.25, 0.25)
    assert one.margin is one.deviation is one.variance is None


@pytest.mark.parametrize("freedom", [*range(1, 41), 60, 120, 1000])
def test_the_quantile_leaves_five_percent(freedom: int) -> None:
    assert t_mass(student_t(freedom), freedom) == pytest.approx(0.95, abs=2e-7)


def test_the_quantile_falls_to_the_normal_one() -> None:
    quantiles = [student_t(freedom) for freedom in range(1, 200)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert student_t(10**9) == pytest.approx(1.959964)


@given(st.lists(NUMBERS, min_size=2, max_size=200))
@settings(deadline=None)
def test_any_sample(values: list[float]) -> None:
    found = describe(curve(values))
    assert found
    assert found.mean == pytest.approx(plain.fmean(values), rel=1e-9, abs=1e-9)
    assert found.variance == pytest.approx(plain.variance(values), rel=1e-6, abs=1e-6)
    for percent, value in ((90, found.p90), (95, found.p95)):
        assert value == pytest.approx(numpys_percentile(values, percent), rel=1e-9, abs=1e-9)


@given(st.lists(st.floats() | st.sampled_from([1.7e308, -1.7e308]), max_size=9))
@settings(deadline=None)
def test_finite_values_are_distinguished_from_the_rest(values: list[float]) -> None:
    """Even if their sum exceeds a double's range, or adds an infinity to its opposite."""
    found = array("d", values)
    expected = [value for value in values if math.isfinite(value)]
    assert finite_count(found) == len(expected)
    assert list(finite(found, len(expected))) == expected


@pytest.mark.parametrize("value", [lambda _: 2.5, lambda place: place * 7919 % 997.0])
def test_at_most_eight_bytes_a_point_are_held_beyond_the_curve(
    value: Callable[[int], float],
) -> None:
    values = array("d", map(value, range(200_000)))
    values[5] = math.nan
    curve = Curve(array("d", range(200_000)), values)
    for look in (describe, metric):
        tracemalloc.start()
        look(curve)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 9 * len(values) + 1_000_000, look  # the rest is one chunk of objects


@pytest.mark.parametrize("shape", ["falling", "rising", "equal", "waves", "tall sample"])
def test_percentiles_of_many_values_are_those_of_all_of_them(shape: str) -> None:
    """Whatever share of the values their sample contains."""
    n = 60_011
    values = {
        "falling": [float(n - place) for place in range(n)],
        "rising": [float(place) for place in range(n)],
        "equal": [0.25] * n,
        "waves": [float(place % 5) for place in range(n)],
        "tall sample": [float(n if place % 15 == 0 else place % 97) for place in range(n)],
    }[shape]
    found = describe(curve(values))
    assert found
    expected = [numpys_percentile(values, 90), numpys_percentile(values, 95)]
    assert [found.p90, found.p95] == pytest.approx(expected)


def test_percentiles_over_many_chunks() -> None:
    values = [float(place * 7919 % 100_003) for place in range(100_003)]
    found = describe(curve(values))
    assert found
    assert [found.p90, found.p95] == pytest.approx([90_001.8, 95_001.9])


@pytest.mark.parametrize("size", [1.7e308, 5e-324])
def test_values_at_the_ends_of_a_doubles_range(size: float) -> None:
    found = describe(curve([size, -size, size, size]))
    assert found
    assert math.isfinite(found.mean)
    assert found.p95 == size
    column_means(curve([size] * 100), Span(0, 100), 4)


def test_column_means_are_of_all_finite_points() -> None:
    found = column_means(curve([1.0, 3.0, math.nan, 8.0]), Span(1, 4), 4)
    assert found == [1.0, 3.0, None, 8.0]
    halves = column_means(curve([1.0, 3.0, 5.0, 7.0]), Span(1, 4), 2)
    assert halves == [2.0, 6.0]


@settings(deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=30), st.integers(1, 12))
def test_column_means_are_those_of_each_columns_finite_values(
    values: list[float], columns: int
) -> None:
    points = curve(values)
    across = Span(points.steps[0], points.steps[-1])
    inside = [min(int(across.fraction(step) * columns), columns - 1) for step in points.steps]
    for column, mean in enumerate(column_means(points, across, columns)):
        finite = [v for v, at in zip(values, inside, strict=True) if at == column]
        finite = [value for value in finite if math.isfinite(value)]
        exact = sum(map(Fraction, finite)) / len(finite) if finite else None
        assert mean == (None if exact is None else pytest.approx(float(exact), rel=1e-12))


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=9), st.integers(1, 20), st.integers(1, 5))
def test_columns_are_found_however_many_steps_there_are(
    some: list[int], times: int, columns: int
) -> None:
    steps = sorted(some * times)
    last = steps[-1] or 1
    bounds = column_bounds(array("d", steps), Span(0, last), columns)
    assert bounds[0] == 0
    assert bounds[-1] == len(steps)
    for place, (start, end) in enumerate(pairwise(bounds)):
        inside = [min(int(step / last * columns), columns - 1) for step in steps[start:end]]
        assert set(inside) <= {place}


# --- The result of a job -------------------------------------------------------------------------


def test_the_result_is_the_lowest_evaluation_loss_if_there_is_one() -> None:
    evals = metric(curve([math.nan, 0.75, 0.5, 0.625]))
    assert result(curve([3.0, 0.25]), evals) == Result("evalLoss.min", 0.5)


@pytest.mark.parametrize(
    ("losses", "value"),
    [
        ([3.0], 3.0),
        ([3.0] * 10 + [1.0] * 9, 1.0),  # of 19 losses one
        ([3.0] * 18 + [1.0, 2.0], 1.5),
        ([3.0] * 18 + [math.nan, 2.0], None),
        ([math.nan] + [2.0] * 19, 2.0),
        ([3.0, -math.inf], None),
        ([1e308] * 40, 1e308),
    ],
)
def test_else_it_is_the_mean_of_the_last_tenth_of_the_losses(
    losses: list[float], value: float | None
) -> None:
    assert result(curve(losses), None) == Result("loss.tailMean", value)


def test_without_a_loss_there_is_no_result() -> None:
    assert result(Curve(), None) is None


def test_a_curve_that_ends_in_a_loss_that_is_not_finite_says_which() -> None:
    ends = [[], [1.0], [math.nan, 1.0], [1.0, math.nan], [1.0, math.inf], [-math.inf]]
    found = [last_if_not_finite(curve(values)) for values in ends]
    assert found == [None, None, None, "NaN", "Infinity", "-Infinity"]


# --- Rank correlation --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xs", "ys", "rho"),
    [
        ([1, 2, 3], [1e-9, 5, 1e300], 1.0),  # ranks alone count
        ([1, 2, 3, 4], [8, 4, 2, 1], -1.0),
        # Squared differences of ranks: 1, 1, 1, 1, 0, so 1 - 6 * 4 / (5 * 24).
        ([1, 2, 3, 4, 5], [2, 1, 4, 3, 5], 0.8),
        # Ranks with ties: 1, 2, 3.5, 5, 3.5, so 8 / sqrt(10 * 9.5).
        ([1, 2, 3, 4, 5], [5, 6, 7, 8, 7], 8 / math.sqrt(95)),
        # Ranks with ties on both sides: 1.5, 1.5, 3, 4 and 1, 2.5, 2.5, 4, so 3.75 / 4.5.
        ([1, 1, 2, 3], [1, 2, 2, 3], 3.75 / 4.5),
        ([1, 1, 1], [1, 2, 3], None),
        ([1, 2, 3], [0.0, -0.0, 0.0], None),
        ([1], [1], None),
        ([], [], None),
    ],
)
def test_rank_correlation(xs: list[float], ys: list[float], rho: float | None) -> None:
    found = spearman(xs, ys)
    assert found == (None if rho is None else pytest.approx(rho, rel=1e-15))
    assert spearman(ys, xs) == found


def test_a_rank_correlation_of_exactly_eight_tenths_is_not_rounded_below() -> None:
    assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == 0.8
