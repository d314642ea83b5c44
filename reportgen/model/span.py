"""The range of an axis, and the position of a value in it."""

import math
from collections.abc import Iterable, Sequence


class Span:
    """The range of an axis, and the position of a value in it."""

    __slots__ = ("_base", "_unit", "_width", "high", "low")

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        # The difference of two doubles can exceed a double's range; that of their halves cannot.
        # Always halving would lose the last bit of the smallest doubles.
        self._unit = 1.0 if math.isfinite(high - low) else 0.5
        self._base = low * self._unit
        self._width = high * self._unit - self._base

    def fraction(self, value: float) -> float:
        """Return a value's position between the ends, from 0 to 1; 0.5 if they are equal."""
        return (value * self._unit - self._base) / self._width if self._width else 0.5

    def fractions(self, values: Sequence[float]) -> list[float]:
        """Return the `fraction` of each of many values, at a third of the cost."""
        unit, base, width = self._unit, self._base, self._width
        if not width:
            return [0.5] * len(values)
        return [(value * unit - base) / width for value in values]

    def columns(self, values: Sequence[float], count: int) -> list[int]:
        """Return the 0-based index of each value's column, out of `count` equally wide ones."""
        places = [int(fraction * count) for fraction in self.fractions(values)]
        return [place if place < count else count - 1 for place in places]


def span_of(values: Iterable[float]) -> Span | None:
    """Return the range of values; None if there are none."""
    ends = list(values)
    return Span(min(ends), max(ends)) if ends else None
