"""Statistics of a curve's finite values: mean, spread and percentiles.

Also the rank correlation of two samples. Pure. Besides a long curve itself, at most eight bytes per
point are used: no list of all values is ever made. Functions that take `values` and `n` use only
the finite values, whose number is `n`.
"""

import heapq
import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
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


# --- Rank correlation --------------------------------------------------------------------------


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation of paired values; None if either side is constant.

    It is Pearson's correlation of the ranks; equal values share the average of their ranks. The
    values are finite.
    """
    x_ranks, y_ranks = _double_ranks(xs), _double_ranks(ys)
    middle = len(xs) + 1  # twice the mean rank
    x_spread = sum((rank - middle) ** 2 for rank in x_ranks)
    y_spread = sum((rank - middle) ** 2 for rank in y_ranks)
    if not x_spread or not y_spread:
        return None
    pairs = zip(x_ranks, y_ranks, strict=True)
    together = sum((x_rank - middle) * (y_rank - middle) for x_rank, y_rank in pairs)
    return together / math.sqrt(x_spread * y_spread)


def _double_ranks(values: Sequence[float]) -> list[int]:
    """Return twice the rank of each value: whole numbers, so that sums of them are exact."""
    ordered = sorted(values)
    return [bisect_left(ordered, value) + bisect_right(ordered, value) + 1 for value in values]
