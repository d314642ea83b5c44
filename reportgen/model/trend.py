"""A value by step in a fixed amount of memory, for small charts. Pure.

A loss is kept point by point. For a learning rate, a throughput or the times of steps, a small
chart can show only about a hundred points, so no more are kept, however long the run is.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from reportgen.model.curves import Point

COLUMNS: Final = 160
"""The maximum number of points kept; even, since pairs are merged when it is reached."""


@dataclass(slots=True)
class Trend:
    """Means of a value over stretches of equally many points, in order.

    A value at a step below the last is ignored; when a run is resumed, `cut` first removes the
    superseded values.
    """

    starts: "array[float]" = field(default_factory=lambda: array("d"))
    ends: "array[float]" = field(default_factory=lambda: array("d"))
    """The first and last step of each stretch."""
    means: "array[float]" = field(default_factory=lambda: array("d"))
    samples: "array[float]" = field(default_factory=lambda: array("d"))
    """The first value of each stretch: a logged one, where the mean may be none."""
    peak: Point | None = None
    """The first of the highest values; of those sampled, if it was removed."""
    first: float | None = None
    last: float | None = None
    """The first and last value themselves; None if they were removed."""
    _each: int = 1
    _points: int = 0
    _start: float = 0.0
    _end: float = -math.inf
    _mean: float = 0.0
    _sample: float = 0.0

    def add(self, steps: Sequence[float], values: Sequence[float]) -> None:
        """Add finite values at steps that never decrease."""
        at = bisect_left(steps, self._end)
        if at == len(steps):
            return
        if self._is_empty:
            self.first = float(values[at])
        self.last = float(values[-1])
        self._raise_peak(steps[at:], values[at:])
        if self._each == 1:
            at += self._add_singly(steps[at:], values[at:])
        while at < len(steps):
            end = min(len(steps), at + self._each - self._points)
            if not self._points:
                self._start, self._mean = steps[at], float(values[at])
                self._sample = self._mean
                self._points, at = 1, at + 1
            mean, points = self._mean, self._points
            for value in values[at:end]:
                points += 1
                # Halves first: the difference of two doubles can exceed a double's range.
                mean += (value / 2 - mean / 2) / points * 2
            self._mean, self._points, self._end = mean, points, steps[end - 1]
            at = end
            if points == self._each:
                self._close()

    def _add_singly(self, steps: Sequence[float], values: Sequence[float]) -> int:
        """Add as many points as there is room for, each as a stretch; return their number."""
        count = min(len(steps), COLUMNS - len(self.means))
        self.starts.extend(steps[:count])
        self.ends.extend(steps[:count])
        self.means.extend(values[:count])
        self.samples.extend(values[:count])
        self._start, self._end, self._mean = self.starts[-1], self.ends[-1], self.means[-1]
        self._make_room()
        return count

    def _close(self) -> None:
        self.starts.append(self._start)
        self.ends.append(self._end)
        self.means.append(self._mean)
        self.samples.append(self._sample)
        self._points = 0
        self._make_room()

    def _make_room(self) -> None:
        """Merge stretches in pairs if the maximum is reached."""
        if len(self.means) == COLUMNS:
            self.starts = self.starts[::2]
            self.ends = self.ends[1::2]
            self.samples = self.samples[::2]
            pairs = zip(self.means[::2], self.means[1::2], strict=True)
            self.means = array("d", (one / 2 + other / 2 for one, other in pairs))
            self._each *= 2

    def cut(self, step: float) -> None:
        """Remove each stretch that ends at or beyond `step`."""
        if self._end >= step:
            self.last = None
        if self._points and self._end >= step:
            self._points = 0
        while self.ends and self.ends[-1] >= step:
            del self.starts[-1], self.ends[-1], self.means[-1], self.samples[-1]
        if not self._points:
            self._end = self.ends[-1] if self.ends else -math.inf
        if self.peak is not None and self.peak.step >= step:
            self.peak = None
            self._raise_peak(self.starts, self.samples)

    def _raise_peak(self, steps: Sequence[float], values: Sequence[float]) -> None:
        high = max(values, default=-math.inf)
        if self.peak is None or high > self.peak.value:
            self.peak = Point(steps[values.index(high)], float(high)) if len(values) else None

    @property
    def _is_empty(self) -> bool:
        return not self._points and not self.ends

    @property
    def count(self) -> int:
        """The number of values in all stretches."""
        return len(self.means) * self._each + self._points

    @property
    def is_exact(self) -> bool:
        """Whether each stretch is still a single point."""
        return self._each == 1

    def points(self) -> Iterator[tuple[float, float]]:
        """Yield the middle step and the mean of each stretch."""
        for start, end, mean in zip(self.starts, self.ends, self.means, strict=True):
            yield start / 2 + end / 2, mean
        if self._points:
            yield self._start / 2 + self._end / 2, self._mean


@dataclass(slots=True)
class Clock:
    """The times of steps: every nth pair, with n such that at most 160 are kept."""

    pairs: list[tuple[float, str]] = field(default_factory=list)
    _each: int = 1
    _seen: int = 0

    def add(self, steps: Sequence[float], times: Sequence[str]) -> None:
        """Add the times of steps that never decrease, skipping those below the last pair's."""
        at = bisect_left(steps, self.pairs[-1][0]) if self.pairs else 0
        while at < len(steps):
            # The next pairs to keep, as many as there is room for; others are only counted.
            first = at + (-self._seen) % self._each
            kept = slice(first, first + (COLUMNS - len(self.pairs)) * self._each, self._each)
            self.pairs += zip(steps[kept], times[kept], strict=True)
            end = len(steps)
            if len(self.pairs) == COLUMNS:
                end = kept.stop - self._each + 1
            self._seen += end - at
            at = end
            self._make_room()

    def _make_room(self) -> None:
        """Drop every second pair if the maximum is reached."""
        if len(self.pairs) == COLUMNS:
            self.pairs = self.pairs[::2]
            self._each *= 2

    def cut(self, step: float) -> None:
        """Remove the times at or beyond this step."""
        while self.pairs and self.pairs[-1][0] >= step:
            self.pairs.pop()
        self._seen = 0
