"""Axes: ticks are accurate and distinct, whatever the range."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportgen.charts.axes import HEIGHT, WIDTH, Tick, x_ticks, y_ticks
from reportgen.model.span import Span

FINITE = st.floats(allow_nan=False, allow_infinity=False)

CLOSE = st.builds(
    lambda low, doubles: (low, low + doubles * math.ulp(low)),
    st.floats(-1e300, 1e300),
    st.integers(1, 300),
)
"""Ranges of a few doubles."""


def are_true(ticks: tuple[Tick, ...], low: float, high: float, size: float) -> bool:
    """Return whether each tick is, to a unit, at the value that its label names.

    A label is the exact value, except at an end, where it is the double.
    """
    width = Fraction(high) - Fraction(low)
    named = [
        Fraction(float(tick.label) if float(tick.label) in {low, high} else tick.label)
        for tick in ticks
    ]
    places = [(value - Fraction(low)) / width * Fraction(size) for value in named]
    return all(abs(tick.at - place) < 1 for tick, place in zip(ticks, places, strict=True))


@example((-1.7976931348623157e308, 1.7976931348623157e308))
@example((0.0, 5e-324))
@example((0.0, 1e-310))
@example((1.0, 1.0000000000000002))
@example((2.0**53, 2.0**53 + 20))
@example((-3.2202480976533152e-06, -3.220248097653315e-06))
@example((1.7976931348623155e308, 1.7976931348623157e308))
@given(st.tuples(FINITE, FINITE) | CLOSE)
def test_ticks_are_true_and_differ(ends: tuple[float, float]) -> None:
    low, high = sorted(ends)
    if low == high:
        return
    for ticks in (x_ticks(Span(low, high)), y_ticks(Span(low, high))):
        assert 2 <= len(ticks) <= 9
        assert len({tick.label for tick in ticks}) == len(ticks)
    across = x_ticks(Span(low, high))
    assert are_true(across, low, high, WIDTH)
    assert all(0 <= one.at < other.at <= WIDTH for one, other in pairwise(across))
    upwards = tuple(Tick(HEIGHT - tick.at, tick.label) for tick in y_ticks(Span(low, high)))
    assert are_true(upwards, low, high, HEIGHT)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.1, 0.3, "0.10 0.15 0.20 0.25 0.30"),
        (0.3, 1.1, "0.4 0.6 0.8 1.0"),
        (0.6, 1.2, "0.6 0.7 0.8 0.9 1.0 1.1 1.2"),
        (-0.2, 0.1, "-0.20 -0.15 -0.10 -0.05 0.00 0.05 0.10"),
        (1000, 1013, "1000 1002 1004 1006 1008 1010 1012"),
        (12345678, 12385678, "1.235e7 1.236e7 1.237e7 1.238e7"),
        (1e-9, 1.4e-8, "2e-9 4e-9 6e-9 8e-9 1e-8 1.2e-8 1.4e-8"),
        (-1e308, 1e308, "-1e308 -5e307 0 5e307 1e308"),
        (1.0, 1.0000000000000002, "1 1.0000000000000002"),
        (0.0, 5e-324, "0 5e-324"),
    ],
)
def test_labels_of_the_y_axis(low: float, high: float, labels: str) -> None:
    assert " ".join(tick.label for tick in y_ticks(Span(low, high))) == labels


@pytest.mark.parametrize(
    ("value", "label"),
    [(0.123456, "0.1235"), (0.0, "0"), (1e300, "1e+300"), (-1.7976931348623157e308, None)],
)
def test_equal_values_have_one_label_which_is_never_infinite(
    value: float, label: str | None
) -> None:
    (tick,) = y_ticks(Span(value, value))
    assert (tick.at, tick.label) == (100, label or str(value))


# --- Places of values ----------------------------------------------------------------------------


@settings(deadline=None)
@example([-1.7e308, 1.7e308, 0.0], 640)
@example([5e-324, 1.5e-323, 1e-323], 4)
@example([2.0], 32)
@given(st.lists(FINITE, min_size=1, max_size=12), st.integers(1, 700))
def test_many_values_are_placed_as_each_alone(values: list[float], count: int) -> None:
    span = Span(min(values), max(values))
    fractions = [span.fraction(value) for value in values]
    assert span.fractions(values) == fractions
    assert all(map(math.isfinite, fractions))
    columns = [min(int(fraction * count), count - 1) for fraction in fractions]
    assert span.columns(values, count) == columns
