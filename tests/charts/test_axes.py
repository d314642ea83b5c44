"""Axes: many places at once are the places that each one has."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportgen.charts.axes import WIDTH, joined, plain
from reportgen.model.span import Span

FINITE = st.floats(allow_nan=False, allow_infinity=False)

# Whole numbers, halves of a hundredth, which are rounded to even digits, and anything between.
COORDINATES = (
    st.integers(0, WIDTH).map(float)
    | st.integers(0, 8 * WIDTH).map(lambda eighths: eighths / 8)
    | st.integers(0, 1000 * WIDTH).map(lambda thousandths: thousandths / 1000)
    | st.floats(-WIDTH, WIDTH)
)


@settings(deadline=None)
@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=12))
def test_points_are_printed_at_once_as_one_by_one(points: list[tuple[float, float]]) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    assert joined(xs, ys) == "L".join(f"{plain(x)},{plain(y)}" for x, y in points)


def test_noughts_go_only_from_behind_the_point() -> None:
    numbers = [0.0, 100.0, 10.5, 0.05, 200.1, 0.001, 640.0]
    assert joined(numbers, numbers).split("L") == [
        "0,0", "100,100", "10.5,10.5", "0.05,0.05", "200.1,200.1", "0,0", "640,640",
    ]  # fmt: skip


@settings(deadline=None)
@example([-1.7e308, 1.7e308, 0.0], 640)
@example([5e-324, 1.5e-323, 1e-323], 4)
@example([2.0], 32)
@given(st.lists(FINITE, min_size=1, max_size=12), st.integers(1, 700))
def test_many_values_lie_where_each_one_does(values: list[float], count: int) -> None:
    span = Span(min(values), max(values))
    fractions = [span.fraction(value) for value in values]
    assert span.fractions(values) == fractions
    assert all(map(math.isfinite, fractions))
    columns = [min(int(fraction * count), count - 1) for fraction in fractions]
    assert span.columns(values, count) == columns
