"""The rules for learning rates and throughputs, of which no more than a trend is kept. Pure."""

from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from statistics import median_low
from typing import Final

from reportgen.model.curves import Point
from reportgen.model.statistics import mean_of
from reportgen.model.trend import Trend

# --- The learning rate -------------------------------------------------------------------------

_LEAST_RATES: Final = 30
_CAME_DOWN: Final = 0.9
"""A rate that ends above this fraction of its peak was never meant to come down."""

_ABOVE_ZERO: Final = 0.11
"""The fraction of its peak above which a rate should have come down further: many schedules end at
a tenth on purpose."""


@dataclass(frozen=True, slots=True)
class RateAboveZero:
    """A learning rate that came down, but not to zero."""

    last: float
    peak: Point


def rate_above_zero(rate: Trend) -> RateAboveZero | None:
    """Return the rate at which a learning rate that was coming down ended; None if at zero."""
    peak, last = rate.peak, rate.last
    if peak is None or last is None or rate.count < _LEAST_RATES:
        return None
    if not _ABOVE_ZERO * peak.value < last < _CAME_DOWN * peak.value:
        return None
    return RateAboveZero(last, peak)


class Phase(Enum):
    """What a learning rate was doing at a step."""

    WARMING_UP = "warming up"
    CONSTANT = "constant"
    AT_PEAK = "at its peak"
    FALLING = "falling"


_AT_PEAK: Final = 0.99


def phase(trend: Trend, at: Point, high: float) -> Phase:
    """Return what a learning rate was doing at a step; `high` is the peak that it was meant for."""
    peak = trend.peak or at
    if trend.first == trend.last == peak.value:
        return Phase.CONSTANT
    if at.value >= _AT_PEAK * high:
        return Phase.AT_PEAK
    return Phase.WARMING_UP if at.step <= peak.step else Phase.FALLING


# --- The throughput ----------------------------------------------------------------------------

_LEAST_STRETCHES: Final = 10
_DROP: Final = 0.2
"""The minimum drop of a throughput, as a fraction: it varies by a tenth on a busy machine."""

_STAYED: Final = 0.9
"""The fraction of the stretches before and after a drop that must be on its two sides."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A throughput that dropped at a step and stayed low, by typical logged values."""

    step: float
    before: float
    after: float


def drop(throughput: Trend) -> Drop | None:
    """Return where a throughput dropped for good; None if it did not."""
    means = throughput.means
    if len(means) < 2 * _LEAST_STRETCHES:
        return None
    place = _change(throughput)
    before, after = throughput.samples[:place], throughput.samples[place:]
    if min(len(before), len(after)) < _LEAST_STRETCHES:
        return None
    high, low = median_low(before), median_low(after)
    if high <= 0 or low > (1 - _DROP) * high:
        return None
    middle = high / 2 + low / 2
    above = sum(mean > middle for mean in means[:place])
    below = sum(mean < middle for mean in means[place:])
    if above < _STAYED * len(before) or below < _STAYED * len(after):
        return None
    return Drop(throughput.starts[place], high, low)


def _change(trend: Trend) -> int:
    """Return the index from which means are lower: where their sum above the mean is highest."""
    mean = mean_of(trend.means, len(trend.means))
    sums = list(accumulate(value - mean for value in trend.means))
    return sums.index(max(sums)) + 1
