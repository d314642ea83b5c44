"""The scales of points: linear or logarithmic, with labels that fit on a narrow screen."""

import math
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportgen.charts.axes import Tick
from reportgen.charts.scatter import HEIGHT, WIDTH, Scale, spaced

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NARROW = 190
LETTER = 6.2


@pytest.mark.parametrize(
    ("values", "logarithmic", "middle"),
    [
        ([1e-5, 1e-3, 1e-1], True, 50.0),
        ([1.0, 10.0, 100.0], False, 100 * 9 / 99),  # two decades, not more
        ([1.0, 10.0, 101.0], True, 100 / math.log10(101)),
        ([0.0, 1.0, 1000.0], False, 0.1),
        ([-1000.0, 1.0, 1000.0], False, 100 * 1001 / 2000),
        ([3.0, 3.0], False, 50.0),
        ([5e-324, 1.0, 1.7976931348623157e308], True, 51.19),
    ],
)
def test_a_scale_is_logarithmic_over_more_than_two_decades_of_positive_values(
    values: list[float], *, logarithmic: bool, middle: float
) -> None:
    scale = Scale.of(values)
    assert scale.is_log == logarithmic
    assert scale.x(sorted(values)[len(values) // 2]) == pytest.approx(middle, abs=0.01)
    assert scale.y(values[0]) == HEIGHT * (1 - scale.x(values[0]) / WIDTH)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([8, 16, 32], ["8", "16", "32"]),  # few values are their own ticks
        ([0.003, 0.03, 0.3, 0.4], ["0.003", "0.03", "0.3"]),  # 0.4 would touch 0.3
        ([2e-5, 2e-4, 0.001], ["2e-5", "2e-4", "0.001"]),
        ([1, 2, 3, 5, 8, 13, 21], ["5", "10", "15", "20"]),
        ([*(10.0**-n for n in range(8))], ["1e-7", "1e-5", "0.001", "0.1"]),
        ([7], ["7"]),
    ],
)
def test_the_ticks_across(values: list[float], labels: list[str]) -> None:
    assert [tick.label for tick in Scale.of(values).x_ticks()] == labels


def test_the_ticks_upwards() -> None:
    linear = Scale.of([0.5, 0.9]).y_ticks()
    assert [tick.label for tick in linear] == ["0.5", "0.6", "0.7", "0.8", "0.9"]
    assert [tick.at for tick in linear] == pytest.approx([80, 60, 40, 20, 0])
    assert [tick.label for tick in Scale.of([0.12, 0.88]).y_ticks()] == ["0.2", "0.4", "0.6", "0.8"]
    decades = Scale.of([0.5, 2000.0]).y_ticks()
    assert [tick.label for tick in decades] == ["1", "10", "100", "1000"]
    assert decades[0].at > decades[-1].at


def test_labels_do_not_touch() -> None:
    ticks = [Tick(at, "12345") for at in (0.0, 10.0, 25.0, 99.0)]
    assert [tick.at for tick in spaced(ticks)] == [0.0, 25.0, 99.0]


@example([1e-300, 1e300])
@example([-1.7976931348623157e308, 1.7976931348623157e308])
@example([0.1, 0.1 + 2e-17, 0.2])
@given(st.lists(FINITE, min_size=1, max_size=12))
@settings(deadline=None)
def test_everything_is_within_the_plot(values: list[float]) -> None:
    scale = Scale.of(values)
    assert all(-1e-9 <= scale.x(value) <= WIDTH + 1e-9 for value in values)
    x_ticks, y_ticks = scale.x_ticks(), scale.y_ticks()
    assert x_ticks
    assert y_ticks
    assert all(-1e-9 <= tick.at <= WIDTH + 1e-9 for tick in x_ticks)
    assert all(-1e-9 <= tick.at <= HEIGHT + 1e-9 for tick in y_ticks)
    for one, other in pairwise(x_ticks):
        width = LETTER * (len(one.label) + len(other.label)) / 2
        assert (other.at - one.at) / WIDTH * NARROW >= width
