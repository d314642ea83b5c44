"""What stands out in a learning rate and in a throughput, and what does not."""

import math
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.model.curves import Point
from reportgen.model.findings.trends import Phase, drop, phase, rate_above_zero
from reportgen.model.trend import Trend
from tests import samples

RATE = 2e-4


def linear(step: int) -> float:
    return RATE * min(step / 40, (400 - step) / 360)


def cosine(step: int, floor: float = 0.2) -> float:
    """Return a rate that comes down to a part of its peak."""
    if step < 40:
        return RATE * step / 40
    part = (1 + math.cos(math.pi * (step - 40) / 360)) / 2
    return RATE * (floor + (1 - floor) * part)


@pytest.mark.parametrize(
    ("rate", "steps", "last"),
    [
        (cosine, 400, cosine(400)),
        (lambda step: cosine(step, 0.1), 400, None),  # a common schedule
        (linear, 300, linear(300)),  # it was stopped early
        (linear, 400, None),
        (linear, 399, None),
        (lambda _: RATE, 400, None),
        (lambda step: RATE * min(1, step / 40), 400, None),
        (cosine, 29, None),
    ],
)
def test_a_rate_that_came_down_but_not_to_zero(
    rate: Callable[[int], float], steps: int, last: float | None
) -> None:
    found = rate_above_zero(samples.trend(range(1, steps + 1), rate))
    assert (found.last if found else None) == last
    assert found is None or found.peak == Point(40, RATE)


@pytest.mark.parametrize(
    ("rate", "step", "high", "expected"),
    [
        (linear, 20, RATE, Phase.WARMING_UP),
        (linear, 20, 10 * RATE, Phase.WARMING_UP),
        (linear, 40, RATE, Phase.AT_PEAK),
        (linear, 200, RATE, Phase.FALLING),
        (lambda _: RATE, 200, RATE, Phase.CONSTANT),
    ],
)
def test_what_a_rate_was_doing(
    rate: Callable[[int], float], step: int, high: float, expected: Phase
) -> None:
    trend = samples.trend(range(1, 401), rate)
    assert phase(trend, Point(step, rate(step)), high) is expected


def throughput(n: int, share: float, seed: int) -> list[float]:
    """Return a throughput that drops halfway through a run, with noise and pauses."""
    chance = random.Random(seed)
    return [
        (share if step > n / 2 else 1.0)
        * chance.gauss(60_000, 3_000)
        * (0.3 if chance.random() < 0.02 else 1)
        for step in range(n)
    ]


def trend_of(values: Sequence[float]) -> Trend:
    trend = Trend()
    trend.add(range(len(values)), values)
    return trend


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n", [60, 3000])
def test_a_drop_is_quoted_by_logged_values(n: int, seed: int) -> None:
    values = throughput(n, 0.5, seed)
    found = drop(trend_of(values))
    assert found
    assert {found.before, found.after} <= set(values)
    assert found.step == pytest.approx(n / 2, rel=0.1)
    assert found.before == pytest.approx(60_000, rel=0.1)
    assert found.after == pytest.approx(30_000, rel=0.1)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("n", "share"), [(15, 0.5), (60, 1.0), (60, 0.9), (3000, 1.0)])
def test_noise_small_drops_and_short_runs_are_no_drop(n: int, share: float, seed: int) -> None:
    assert drop(trend_of(throughput(n, share, seed))) is None


def test_a_throughput_that_recovers_or_alternates_is_no_drop() -> None:
    assert drop(trend_of([30_000 if 100 < step < 200 else 60_000 for step in range(300)])) is None
    sides = [[60_000, 60_000, 30_000], [60_000, 30_000, 30_000]]
    assert drop(trend_of([rate for side in sides for rate in side * 20])) is None


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=400))
def test_any_numbers_do(values: list[float]) -> None:
    drop(trend_of(values))
    rate_above_zero(trend_of(values))
