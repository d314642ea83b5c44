"""Downsampling: which points of a long curve are drawn, and where its line breaks. Pure.

It takes time linear in the number of points, and at most four points per column exist as objects.
"""

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import count, islice, pairwise
from operator import eq, le

from reportgen.model.curves import Curve, Superseded
from reportgen.model.span import Span
from reportgen.model.statistics import column_bounds

_POINTS_A_COLUMN = 4
"""With more points per column than this, it is faster to process a column's points together."""


def kept(across: Span, curve: Curve | Superseded, points: int, columns: int) -> Sequence[int]:
    """Return the increasing indices of the points kept when a curve is downsampled by M4.

    `points` is the number of the curve's finite points. In each of `columns` columns of equal
    width, the first, last, smallest and largest values are kept (Jugel et al., "M4: a
    visualization-oriented time series data aggregation", 2014): when drawn, they cover the same
    pixels as the whole curve.
    """
    steps, values = curve.steps, curve.values
    if isinstance(curve, Curve) or all(map(le, steps, islice(steps, 1, None))):  # increasing
        if len(steps) > _POINTS_A_COLUMN * columns:
            return _kept_of_rising(across, curve, points, columns)
        places = across.columns(steps, columns)
        if points == len(steps) and not any(map(eq, places, islice(places, 2, None))):
            return range(points)  # no column has more than two points
    first, last, low_at, high_at = ([-1] * columns for _ in range(4))
    low, high = [math.inf] * columns, [-math.inf] * columns
    fraction, rightmost = across.fraction, columns - 1
    for at, step, value in zip(count(), steps, values):  # count() is infinite
        if value - value != 0:  # not finite; cheaper than calling math.isfinite
            continue
        column = min(int(fraction(step) * columns), rightmost)
        if first[column] < 0:
            first[column] = at
        last[column] = at
        if value < low[column]:
            low[column], low_at[column] = value, at
        if value > high[column]:
            high[column], high_at[column] = value, at
    return sorted({*first, *last, *low_at, *high_at} - {-1})


def _kept_of_rising(
    across: Span, curve: Curve | Superseded, points: int, columns: int
) -> list[int]:
    """Return the result of `kept` for a curve with increasing steps."""
    found: set[int] = set()
    values = curve.values
    for start, end in pairwise(column_bounds(curve.steps, across, columns)):
        places: Sequence[int] = range(start, end)
        part = values[start:end]
        if points < len(curve):
            places = [place for place in places if math.isfinite(values[place])]
            part = array("d", filter(math.isfinite, part))
        if part:
            low, high = part.index(min(part)), part.index(max(part))
            found.update((places[0], places[-1], places[low], places[high]))
    return sorted(found)


def segment_starts(indices: Sequence[int], curve: Curve | Superseded, points: int) -> list[int]:
    """Return the positions in `indices` where a line begins: the first, and after each gap.

    A line has gaps at values that are not finite, and where another superseded part begins.
    """
    starts = curve.starts if isinstance(curve, Superseded) else ()
    if points == len(curve) and not starts:
        return [0]
    view = memoryview(curve.values)
    return [0] + [
        place
        for place, (before, at) in enumerate(pairwise(indices), start=1)
        if bisect_right(starts, before) != bisect_right(starts, at)
        or not all(map(math.isfinite, view[before + 1 : at]))
    ]


def picked(numbers: "array[float]", indices: Sequence[int]) -> list[float]:
    """Return the numbers at increasing indices."""
    return numbers.tolist() if len(indices) == len(numbers) else [numbers[at] for at in indices]
