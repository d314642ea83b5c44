"""The smoothed line of a noisy curve: means over a window of steps. Pure.

A long curve is smoothed from the means of its points in columns of equal width. Windows do not
extend across a loss that is not finite.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import filterfalse, pairwise, repeat
from operator import sub
from statistics import median
from typing import Final, TypeAlias

import msgspec

from reportgen.model.curves import Curve
from reportgen.model.rounding import significant
from reportgen.model.span import Span
from reportgen.model.statistics import column_bounds, finite_count, mean_of

_WINDOW: Final = 1 / 40
"""The width of the window as a fraction of the axis."""

_DRAWN: Final = 320
"""The approximate number of points that are enough to draw the line."""

_LEAST_POINTS: Final = 40
_NOISY: Final = 0.03
_SAMPLE: Final = 1 << 12

Column: TypeAlias = float | None
"""The mean of a column; None without points; NaN, a break, if a point is not finite."""

Run: TypeAlias = list[tuple[float, float]]
"""Steps and values without a break."""


class Smoothed(msgspec.Struct, frozen=True):
    """A smoothed line, split into unbroken parts of at least two points."""

    runs: tuple[Run, ...]
    window: float
    """The number of steps over which each point is a mean."""


def column_values(curve: Curve, across: Span, columns: int) -> list[Column]:
    """Return the means of a long curve in columns of equal width."""
    found: list[Column] = []
    for start, end in pairwise(column_bounds(curve.steps, across, columns)):
        part = curve.values[start:end]
        is_whole = finite_count(part) == len(part)
        found.append((mean_of(part, len(part)) if len(part) else None) if is_whole else math.nan)
    return found


def smoothed(curve: Curve, across: Span, columns: Sequence[Column]) -> Smoothed | None:
    """Return the smoothed line of a curve if the curve is noisy, else None.

    It is noisy if it has 40 points or more and the median change from one to the next is more than
    3 % of the height of the smoothed line. `columns` holds the means of a long curve; it is empty
    if the curve's own points are smoothed.
    """
    window = significant((across.high - across.low) * _WINDOW, 2)
    if not math.isfinite(window) or finite_count(curve.values) < _LEAST_POINTS:
        return None
    whole = _of_columns(columns, across) if columns else _of_points(curve)
    runs = tuple(_means(run, window / 2) for run in whole if len(run) > 1)
    values = [value for run in runs for _, value in run]
    if not values or _typical_change(curve) <= _NOISY * (max(values) - min(values)):
        return None
    stride = len(values) // _DRAWN or 1
    return Smoothed(tuple(_thinned(run, stride) for run in runs), window)


def _thinned(run: Run, stride: int) -> Run:
    return [*run[: len(run) - 1 : stride], run[-1]]


def _of_points(curve: Curve) -> Iterator[Run]:
    if finite_count(curve.values) == len(curve):
        yield list(zip(curve.steps, curve.values, strict=True))
        return
    run: Run = []
    for step, value in zip(curve.steps, curve.values, strict=True):
        if math.isfinite(value):
            run.append((step, value))
        else:
            yield run
            run = []
    yield run


def _of_columns(columns: Sequence[Column], across: Span) -> Iterator[Run]:
    run: Run = []
    width = (across.high - across.low) / len(columns)
    for place, mean in enumerate(columns):
        if mean is None:
            continue
        if math.isfinite(mean):
            run.append((across.low + (place + 0.5) * width, mean))
        else:
            yield run
            run = []
    yield run


def _means(run: Run, reach: float) -> Run:
    """Return, for each point in a run, the mean of the points up to `reach` steps away."""
    steps, values = [step for step, _ in run], [value for _, value in run]
    starts = map(bisect_left, repeat(steps), [step - reach for step in steps])
    ends = map(bisect_right, repeat(steps), [step + reach for step in steps])
    windows = list(zip(starts, ends, strict=True))
    try:
        means = [math.fsum(values[start:end]) / (end - start) for start, end in windows]
    except OverflowError:
        means = [mean_of(values[start:end], end - start) for start, end in windows]
    return list(zip(steps, means, strict=True))


def _typical_change(curve: Curve) -> float:
    """Return the median change from one value to the next, in up to 4,096 pairs."""
    values = curve.values
    stride = len(values) // _SAMPLE + 1
    changes: Iterator[float] = map(abs, map(sub, values[1::stride], values[::stride]))
    return median(filterfalse(math.isnan, changes))
