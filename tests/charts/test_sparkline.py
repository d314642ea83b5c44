"""The sparkline: the shape of a curve in a few bytes, whatever its values."""

import math
import re
from array import array
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.charts.sparkline import HEIGHT, WIDTH, path, sparkline
from reportgen.model.curves import Curve

NUMBER = st.floats(allow_nan=True, allow_infinity=True)
STEP = st.floats(allow_nan=False, allow_infinity=False)


def curve(points: dict[float, float]) -> Curve:
    return Curve(array("d", points), array("d", points.values()))


def drawn(d: str) -> list[tuple[int, int]]:
    """Return the points of a path, reading it as an SVG viewer does."""
    numbers = [int(number) for number in re.findall(r"-?\d+", d)]
    return list(zip(accumulate(numbers[::2]), accumulate(numbers[1::2]), strict=True))


@pytest.mark.parametrize(
    ("points", "d"),
    [
        ({}, ""),
        ({1: 2.0}, ""),
        ({1: math.nan, 2: 1.0}, ""),
        ({1: 1.0, 2: 0.0}, "M0 0l124 40"),
        ({1: 0.0, 2: 1.0}, "M0 40l124-40"),
        ({1: 5.0, 2: 5.0}, "M0 20l124 0"),
        ({1: 3.0, 2: math.nan, 3: 1.0}, "M0 0l124 40"),
        ({-1e308: 1e308, 1e308: -1e308}, "M0 0l124 40"),
        ({0: 5e-324, 1: 0.0}, "M0 20l124 0"),
    ],
)
def test_a_curve_as_a_path(points: dict[float, float], d: str) -> None:
    assert path(sparkline(curve(points))) == d


def test_a_column_is_the_mean_of_its_points() -> None:
    points = {float(step): 4.0 if step < 32 else float(step % 2) * 2 for step in range(64)}
    places = drawn(path(sparkline(curve(points))))
    assert places == [(4 * n, 0 if n < 16 else 40) for n in range(32)]


@given(st.dictionaries(STEP, NUMBER))
@settings(deadline=None)
def test_any_curve_stays_small_and_inside(points: dict[float, float]) -> None:
    d = path(sparkline(curve(dict(sorted(points.items())))))
    assert len(d) <= 260
    places = drawn(d)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert [x for x, _ in places] == sorted({x for x, _ in places})
