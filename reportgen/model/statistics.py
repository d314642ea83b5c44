"""Statistics of a curve's finite values: mean, spread, percentiles, and where they got worse.

Pure. Besides a long curve itself, at most eight bytes per point are used: no list of all values
is ever made. Functions that take `values` and `n` use only the finite values, whose number is `n`.
"""

import heapq
import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, islice, pairwise
from statistics import median_low
from typing import Final

from reportgen.model.curves import Curve
from reportgen.model.span import Span


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of all finite values of a curve, as one sample.

    The spread of a single value is unknown: `margin`, `deviation` and `variance` are None.
    """

    n: int
    mean: float
    margin: float | None
    """Half the width of the mean's 95 % confidence interval, by Student's t."""
    deviation: float | None
    """The sample's standard deviation (divided by n - 1)."""
    variance: float | None
    p90: float
    p95: float
    """Percentiles by linear interpolation, as in NumPy by default."""


@dataclass(frozen=True, slots=True)
class Rise:
    """A loss that went up and stayed up: after `step`, from `low` to `high`.

    Both are logged values: the medians of a stretch at the bottom and of the last stretch.
    """

    step: float
    low: float
    high: float


def describe(curve: Curve) -> Statistics | None:
    """Return the statistics of a curve's finite values; None if it has none."""
    values = curve.values
    n = finite_count(values)
    if not n:
        return None
    mean = mean_of(values, n)
    variance = _variance(values, n, mean) if n > 1 else None
    deviation = None if variance is None else math.sqrt(variance)
    p90, p95 = _percentiles(values, n, (90, 95))
    return Statistics(
        n=n,
        mean=mean,
        margin=None if deviation is None else student_t(n - 1) * (deviation / math.sqrt(n)),
        deviation=deviation,
        variance=variance,
        p90=p90,
        p95=p95,
    )


def finite_count(values: "array[float]") -> int:
    """Count the finite values."""
    # A sum is finite only if all its terms are, and takes a third of the time.
    return len(values) if math.isfinite(sum(values)) else sum(map(math.isfinite, values))


def finite(values: Sequence[float], n: int) -> Iterable[float]:
    """Return the `n` finite values, for a single iteration."""
    return values if n == len(values) else filter(math.isfinite, values)


# --- Moments -----------------------------------------------------------------------------------

_ROOM: Final = 2.0**-64
"""The exact power of two that scales doubles near the end of their range before a sum."""


def mean_of(values: Sequence[float], n: int) -> float:
    """Return the mean of the `n` finite values; each may be as large as a double can be."""
    try:
        return math.fsum(finite(values, n)) / n
    except OverflowError:
        return math.fsum(map(_ROOM.__mul__, finite(values, n))) / n / _ROOM


def _variance(values: "array[float]", n: int, mean: float) -> float:
    """Return the sample variance, computed in two passes to be exact to the last digits."""
    try:
        squares = ((apart := value - mean) * apart for value in finite(values, n))
        return math.fsum(squares) / (n - 1)
    except OverflowError:
        return math.inf


# --- Student's t -------------------------------------------------------------------------------

_Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""

# The 97.5 % quantile of Student's t with 1, 2, … degrees of freedom.
_T: Final = (
    *(12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356),
    *(2.4469118511, 2.3646242516, 2.3060041352, 2.2621571628, 2.2281388520),
    *(2.2009851601, 2.1788128297, 2.1603686565, 2.1447866879, 2.1314495456),
    *(2.1199052992, 2.1098155778, 2.1009220402, 2.0930240544, 2.0859634473),
)


def student_t(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t with `freedom` degrees of freedom, to six digits.

    Up to 20, it comes from a table; beyond, from the expansion around the normal quantile
    (Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5), which is the same on
    every machine.
    """
    if freedom <= len(_T):
        return _T[freedom - 1]
    z2 = _Z * _Z
    terms: tuple[float, ...] = (
        (z2 + 1) / 4,
        ((5 * z2 + 16) * z2 + 3) / 96,
        (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
        ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92_160,
    )
    return _Z * (1 + math.fsum(term / freedom**n for n, term in enumerate(terms, start=1)))


# --- Percentiles -------------------------------------------------------------------------------

_SAMPLE: Final = 1 << 12
_CHUNK: Final = 1 << 14
"""The number of values sorted at once: only these are objects."""


def _percentiles(values: "array[float]", n: int, percents: Sequence[int]) -> list[float]:
    """Return percentiles; of many values, only those from the lowest percentile up are sorted.

    A percentile has the rank (n - 1) × percent / 100, interpolated between whole ranks.
    """
    if n <= _CHUNK:
        top: Sequence[float] = sorted(finite(values, n), reverse=True)
    else:
        floor = (n - 1) * min(percents) // 100
        top = _largest(values, n, n - floor)  # the values with ranks n - 1 down to floor
    return [_at_rank(top, n, percent) for percent in percents]


def _at_rank(top: Sequence[float], n: int, percent: int) -> float:
    whole, hundredths = divmod((n - 1) * percent, 100)
    low = top[n - 1 - whole]
    high = top[max(n - 2 - whole, 0)]
    part = hundredths / 100
    return low * (1 - part) + high * part if hundredths else low


def _largest(values: "array[float]", n: int, wanted: int) -> "array[float]":
    """Return the `wanted` largest values, in decreasing order, by merging sorted chunks."""
    runs = _sorted_runs(values, n, _floor(values, n))
    if sum(map(len, runs)) < wanted:
        runs.clear()
        runs = _sorted_runs(values, n, -math.inf)
    return array("d", islice(heapq.merge(*runs, reverse=True), wanted))


def _sorted_runs(values: "array[float]", n: int, floor: float) -> "list[array[float]]":
    """Return the values from `floor` up, in chunks, each in decreasing order."""
    high = (value for value in finite(values, n) if value >= floor)
    return [
        array("d", chunk) for chunk in iter(lambda: sorted(islice(high, _CHUNK), reverse=True), [])
    ]


def _floor(values: "array[float]", n: int) -> float:
    """Estimate, from a sample, a value that an eighth of all exceed, so the rest can be skipped."""
    sample = sorted(filter(math.isfinite, values[:: n // _SAMPLE + 1]))
    return sample[len(sample) * 7 // 8] if sample else -math.inf


# --- Losses that went up -----------------------------------------------------------------------

_STRETCHES: Final = 20
_STAYED: Final = 2
_RISE: Final = 0.05


def rise(curve: Curve) -> Rise | None:
    """Return where a loss went up and stayed up; None if it did not.

    The finite points are divided into 20 stretches of equal size (or fewer, of one point each).
    The loss went up after the last stretch whose mean is within 5 % of the lowest mean, if at
    least two more follow.
    """
    stretches = list(_stretches(curve))
    if len(stretches) <= _STAYED:
        return None

    def values(stretch: slice) -> "array[float]":
        return array("d", filter(math.isfinite, curve.values[stretch]))

    means = [mean_of(part, len(part)) for part in map(values, stretches)]
    low = min(means)
    limit = low + _RISE * abs(low)
    last = max(place for place, average in enumerate(means) if average <= limit)
    if len(stretches) - 1 - last < _STAYED:
        return None
    bottom, top = stretches[last], stretches[-1]
    return Rise(curve.steps[bottom][-1], median_low(values(bottom)), median_low(values(top)))


def _stretches(curve: Curve) -> Iterator[slice]:
    """Yield each stretch's slice of the curve, starting and ending with a finite value."""
    n = finite_count(curve.values)
    at: Sequence[int] = range(n)
    if n < len(curve):
        at = array("L", compress(range(len(curve)), map(math.isfinite, curve.values)))
    count = min(n, _STRETCHES)
    bounds = [n * place // count for place in range(count + 1)] if count else []
    for start, end in pairwise(bounds):
        yield slice(at[start], at[end - 1] + 1)


# --- Column means ------------------------------------------------------------------------------


def column_means(curve: Curve, across: Span, columns: int) -> list[float | None]:
    """Return the mean of the finite values in each column of a chart; None for an empty column.

    `across` holds the chart's edges. Lines are smoothed from these means, since downsampling
    keeps only a curve's extremes.
    """
    values = curve.values
    bounds = column_bounds(curve.steps, across, columns)
    parts = (values[start:end] for start, end in pairwise(bounds))
    counts: Callable[[array[float]], int] = len
    if finite_count(values) < len(values):
        counts = finite_count
    return [mean_of(part, n) if (n := counts(part)) else None for part in parts]


def column_bounds(steps: "array[float]", across: Span, columns: int) -> Sequence[int]:
    """Return the indices at which a chart's columns begin in increasing steps, then the end."""
    if len(steps) <= _STEPS_A_COLUMN * columns:
        inside = across.columns(steps, columns)
        return [bisect_left(inside, place) for place in range(columns)] + [len(steps)]

    def column(step: float) -> int:
        return min(int(across.fraction(step) * columns), columns - 1)

    return [bisect_left(steps, place, key=column) for place in range(columns)] + [len(steps)]


_STEPS_A_COLUMN: Final = 16
"""Above this, it is faster to search for each column's start than to place every step."""
