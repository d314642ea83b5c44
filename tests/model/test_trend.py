"""Trends: a long series in bounded memory, and what a resumed run supersedes."""

import math
from collections.abc import Sequence
from itertools import cycle, islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from reportgen.model.trend import COLUMNS, Clock, Trend

VALUES = st.floats(allow_nan=False, allow_infinity=False, width=32)


def trend_of(values: Sequence[float]) -> Trend:
    trend = Trend()
    for step, value in enumerate(values):
        trend.add([float(step)], [value])
    return trend


def test_a_short_series_is_kept_point_by_point() -> None:
    values = [3.0, 1.0, 2.0]
    assert list(trend_of(values).points()) == [(0, 3), (1, 1), (2, 2)]


@given(st.lists(VALUES, min_size=1, max_size=2000))
def test_a_long_series_is_the_means_of_equal_stretches(values: list[float]) -> None:
    points = list(trend_of(values).points())
    assert len(points) <= COLUMNS
    each = 1
    while len(values) >= COLUMNS * each:
        each *= 2
    stretches = [values[start : start + each] for start in range(0, len(values), each)]
    assert len(points) == len(stretches)
    scale = max(1.0, *map(abs, values))
    for place, ((step, mean), part) in enumerate(zip(points, stretches, strict=True)):
        assert step == place * each + (len(part) - 1) / 2
        assert math.isclose(mean, math.fsum(part) / len(part), rel_tol=1e-9, abs_tol=1e-9 * scale)


def test_the_first_and_the_last_value_are_kept_exactly() -> None:
    trend = trend_of(range(1000))
    assert (trend.first, trend.last) == (0, 999)
    trend.cut(500)
    assert (trend.first, trend.last) == (0, None)
    trend.add([500, 501], [7, 8])
    assert (trend.first, trend.last) == (0, 8)
    trend.cut(0)
    trend.add([3], [9])
    assert (trend.first, trend.last) == (9, 9)


def test_a_mean_of_the_largest_doubles_is_finite() -> None:
    points = list(trend_of([1.7e308, -1.7e308] * COLUMNS).points())
    assert all(math.isfinite(mean) for _, mean in points)


def test_a_resumed_run_supersedes_what_it_repeats() -> None:
    trend = trend_of(range(10))
    trend.cut(4)
    assert [step for step, _ in trend.points()] == [0, 1, 2, 3]
    trend.add([4], [40])
    assert list(trend.points())[-1] == (4, 40)


def test_a_stretch_that_reaches_the_step_goes_whole() -> None:
    trend = trend_of(range(2 * COLUMNS + 1))  # four points per stretch, and one more
    trend.cut(2 * COLUMNS)
    assert list(trend.points())[-1][0] == 2 * COLUMNS - 2.5
    trend.cut(2 * COLUMNS - 1)
    assert list(trend.points())[-1][0] == 2 * COLUMNS - 6.5
    trend.cut(0)
    assert list(trend.points()) == []
    trend.add([0], [1])
    assert list(trend.points()) == [(0, 1)]


def test_a_step_below_the_last_is_left_out() -> None:
    trend, clock = trend_of([1, 2, 3]), Clock()
    trend.add([1], [9])
    trend.add([2], [5])
    assert list(trend.points()) == [(0, 1), (1, 2), (2, 3), (2, 5)]
    for step, time in ((1.0, "a"), (3.0, "b"), (2.0, "c")):
        clock.add([step], [time])
    assert clock.pairs == [(1, "a"), (3, "b")]


def test_a_clock_keeps_every_nth_pair() -> None:
    clock = Clock()
    for step in range(10_000):
        clock.add([float(step)], [str(step)])
    steps = [step for step, _ in clock.pairs]
    assert COLUMNS // 2 <= len(steps) <= COLUMNS
    assert len({later - sooner for sooner, later in pairwise(steps)}) == 1
    assert steps[-1] > 9_800
    assert all(time == f"{step:.0f}" for step, time in clock.pairs)
    clock.cut(5_000)
    assert clock.pairs[-1][0] < 5_000


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1.0, 1.0, 0.5, -3.0, -200.0]),
            st.tuples(
                st.integers(1, 500), st.lists(VALUES | st.integers(-5, 5), min_size=1, max_size=9)
            ),
            st.sampled_from([None, None, 1.0, 40.0]),
        ),
        max_size=8,
    )
)
def test_many_at_once_equal_one_after_another(
    runs: list[tuple[float, tuple[int, list[float]], float | None]],
) -> None:
    bulk, single = (Trend(), Clock()), (Trend(), Clock())
    last = 0.0
    for jump, (length, some), back in runs:
        values = list(islice(cycle(some), length))
        steps = [last + jump + place for place in range(len(values))]
        times = [f"at {step}" for step in steps]
        bulk[0].add(steps, values)
        bulk[1].add(steps, times)
        for step, value, time in zip(steps, values, times, strict=True):
            single[0].add([step], [value])
            single[1].add([step], [time])
        last = steps[-1]
        if back is not None:
            for small in (*bulk, *single):
                small.cut(last - back)
        # Every digit is the same, and so is everything added later.
        assert repr(bulk) == repr(single)


def test_samples_are_logged_values_at_the_start_of_each_stretch() -> None:
    trend = trend_of([math.sin(step) for step in range(1000)])
    assert not trend.is_exact
    assert trend.count == 1000
    pairs = zip(trend.starts, trend.samples, strict=True)
    assert all(value == math.sin(step) for step, value in pairs)


def test_the_peak_is_the_first_of_the_highest_values() -> None:
    values = [-abs(500.0 - step) for step in range(1000)]
    values[600] = 0.0
    trend = trend_of(values)
    assert trend.peak == (500, 0.0)
    trend.cut(550)
    assert trend.peak == (500, 0.0)
    trend.cut(500)
    step, value = trend.peak or (0, 0)
    assert 480 < step < 500
    assert value == values[int(step)]
    trend.cut(0)
    assert trend.peak is None
