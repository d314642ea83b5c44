"""The course of a curve without its noise, on which rules decide. Pure."""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from statistics import median
from typing import Final

from reportgen.model.curves import Curve
from reportgen.model.statistics import finite_count

LEVELS: Final = 40
"""The maximum number of stretches: each is a fortieth of a run, about what a person sees."""

_SAMPLE: Final = 101
"""The maximum number of values of a stretch that are looked at, so that long curves cost little."""


@dataclass(frozen=True, slots=True)
class Course:
    """A curve with its levels: the medians of stretches of equally many finite values, in order.

    A curve of at most 40 finite values has a stretch for each.
    """

    curve: Curve
    points: int
    """The number of finite values."""
    places: tuple[tuple[int, int], ...]
    """The indices in the curve where each stretch begins, and of the value after its last."""
    levels: tuple[float, ...]
    noise: float
    """The standard deviation of a level around a smooth course."""

    @property
    def lowest(self) -> int:
        """The index of the lowest level."""
        return self.levels.index(min(self.levels))


def course_of(curve: Curve) -> Course:
    """Return the course of a curve."""
    points = finite_count(curve.values)
    places = tuple(_stretches(curve, points))
    levels = tuple(median(sample(curve.values, *place)) for place in places)
    return Course(curve, points, places, levels, noise(levels))


def _stretches(curve: Curve, points: int) -> Iterator[tuple[int, int]]:
    at: Sequence[int] = range(points)
    if points < len(curve):
        at = array("L", compress(range(len(curve)), map(math.isfinite, curve.values)))
    count = min(points, LEVELS)
    bounds = [points * place // count for place in range(count + 1)] if count else []
    for start, end in pairwise(bounds):
        yield at[start], at[end - 1] + 1


def sample(values: Sequence[float], start: int, end: int) -> list[float]:
    """Return up to about 100 finite values between two indices, evenly spaced."""
    start, end = max(start, 0), max(end, 0)
    stride = max((end - start) // _SAMPLE, 1)
    return list(filter(math.isfinite, values[start:end:stride]))


_NOISES: Final = 300
_MEDIAN: Final = 0.6745
"""The median size of values of a normal distribution whose standard deviation is 1."""


def noise(values: Sequence[float]) -> float:
    """Return the standard deviation of values around a smooth course, unaffected by outliers.

    It is the lower of two estimates: second differences cancel a course that is locally a line,
    third differences a parabola, and of few values a single bend spoils only one of them.
    """
    places = range(3, len(values), max(len(values) // _NOISES, 1))
    seconds = (values[at] - 2 * values[at - 1] + values[at - 2] for at in places)
    thirds = (
        values[at] - 3 * values[at - 1] + 3 * values[at - 2] - values[at - 3] for at in places
    )
    return min(_spread(seconds, 6), _spread(thirds, 20))


def _spread(differences: Iterable[float], variance: int) -> float:
    """Return the standard deviation of noise whose differences have `variance` times its own."""
    sizes = [abs(each) for each in differences if math.isfinite(each)]
    return median(sizes) / _MEDIAN / math.sqrt(variance) if sizes else 0.0
