"""The curve of one metric, and the parts of curves superseded by resumed runs. Pure.

Points are stored in arrays, not as objects: a job may log millions.
"""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import lt
from typing import NamedTuple


class Point(NamedTuple):
    """A logged value and its step."""

    step: float
    value: float


@dataclass(slots=True)
class Curve:
    """One metric by step, in increasing order, each step once.

    `steps` and `values` hold doubles and have equal lengths. A value that is not finite breaks the
    line; it is kept in place and superseded like any other.
    """

    steps: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def end(self) -> float:
        """The last step; minus infinity without points."""
        return self.steps[-1] if self.steps else -math.inf

    def finite(self) -> Iterator[tuple[float, float]]:
        """Yield the (step, value) pairs with finite values: the points of the chart."""
        for step, value in zip(self.steps, self.values, strict=True):
            if math.isfinite(value):
                yield step, value

    def extend(self, steps: Sequence[float], values: Sequence[float]) -> None:
        """Append points whose steps never decrease and start no lower than the curve's last step.

        If several points share a step, the last one counts.
        """
        if steps and steps[0] > self.end and all(map(lt, steps, islice(steps, 1, None))):
            self.steps.extend(array("d", steps))
            self.values.extend(array("d", values))
            return
        for step, value in zip(steps, values, strict=True):
            if step == self.end:
                self.values[-1] = value
            else:
                self.steps.append(step)
                self.values.append(value)

    def cut_from(self, step: float) -> "Curve":
        """Remove the points at or above a step, and return them."""
        return self._cut(bisect_left(self.steps, step))

    def cut_above(self, step: float) -> "Curve":
        """Remove the points above a step, and return them."""
        return self._cut(bisect_right(self.steps, step))

    def _cut(self, start: int) -> "Curve":
        tail = Curve(self.steps[start:], self.values[start:])
        del self.steps[start:], self.values[start:]
        return tail


@dataclass(slots=True)
class Superseded:
    """The parts of curves superseded by resumed runs, in the order in which they were superseded.

    The parts are joined in `steps` and `values`; `starts` holds the index where each begins.
    """

    steps: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    starts: "array[int]" = field(default_factory=lambda: array("L"))

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, part: Curve) -> None:
        """Append a part, unless it is empty."""
        if len(part):
            self.starts.append(len(self.steps))
            self.steps.extend(part.steps)
            self.values.extend(part.values)
