"""Scales and ticks for points in a chart that is as wide as its page. Pure.

Widths are percentages, so that marks and text have one size on every screen; heights are in pixels.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reportgen.charts import axes
from reportgen.charts.axes import Tick
from reportgen.model.rounding import short_number
from reportgen.model.span import Span

WIDTH: Final = 100
HEIGHT: Final = 80
"""The size of the plot area, in percent and in pixels."""

FLOOR: Final = HEIGHT + 14
"""The height of marks without a number, below the plot area."""

ROW: Final = 30
"""The height of a row: its label, and marks below it."""

BESIDE: Final = 0.88
"""The part of a row that results take if there are marks without a number.

These are at the row's end.
"""

_NARROWEST: Final = 190
"""The width of the plot area on a narrow screen, in pixels."""

_LETTER: Final = 6.2
_GAP: Final = 10
_LINE: Final = 13
"""The size of text, in pixels, estimated generously."""

_MARK_Y: Final = 21

_LOG_FROM: Final = 100
"""The minimum ratio of the ends of a logarithmic scale: two decades."""

_FEW: Final = 6
_MOST_DECADES: Final = 5
_PLAIN_EXPONENT: Final = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """The shape of a point, drawn around 0,0."""

    id: str
    path: str
    is_filled: bool = True


_CIRCLE: Final = "M-4 0a4 4 0 1 1 8 0a4 4 0 1 1-8 0z"
_SQUARE: Final = "M-3.5-3.5h7v7h-7z"
_TRIANGLE: Final = "M0-4.5 4.5 3.5h-9z"
_DIAMOND: Final = "M0-5 5 0 0 5-5 0z"

MARKS: Final = (
    Mark("mark-0", _CIRCLE),
    Mark("mark-1", _SQUARE, is_filled=False),
    Mark("mark-2", _TRIANGLE),
    Mark("mark-3", _DIAMOND, is_filled=False),
    Mark("mark-4", _SQUARE),
    Mark("mark-5", _CIRCLE, is_filled=False),
    Mark("mark-6", _DIAMOND),
    Mark("mark-7", _TRIANGLE, is_filled=False),
)
"""A mark for each colour, so that colour is not the only difference."""

DOT: Final = Mark("mark-dot", "M-2.5 0a2.5 2.5 0 1 1 5 0a2.5 2.5 0 1 1-5 0z")

CROSS: Final = Mark("mark-x", "M-4-4 4 4M-4 4 4-4", is_filled=False)
"""The mark of a job without a number."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of an axis: logarithmic if its values are positive and span over two decades."""

    values: tuple[float, ...]
    """The different values, in ascending order; at least one."""
    span: Span
    is_log: bool

    @classmethod
    def of(cls, values: Iterable[float]) -> "Scale":
        """Return the scale for finite values, of which there is at least one."""
        ordered = tuple(sorted(set(map(float, values))))
        low, high = ordered[0], ordered[-1]
        is_log = low > 0 and high / low > _LOG_FROM
        span = Span(math.log10(low), math.log10(high)) if is_log else Span(low, high)
        return cls(ordered, span, is_log)

    def x(self, value: float) -> float:
        """Return the position of a value in percent, from the left."""
        return WIDTH * self._fraction(value)

    def y(self, value: float) -> float:
        """Return the position of a value in pixels, from the top."""
        return HEIGHT * (1 - self._fraction(value))

    def x_ticks(self) -> tuple[Tick, ...]:
        """Return ticks for a horizontal axis: at all values if they are few, else at round ones."""
        if len(self.values) <= _FEW:
            ticks = [Tick(self.x(value), short_number(value)) for value in self.values]
        elif self.is_log:
            ticks = [Tick(self.x(value), label) for value, label in self._decades()]
        else:
            linear = axes.x_ticks(self.span)
            ticks = [Tick(WIDTH * tick.at / axes.WIDTH, tick.label) for tick in linear]
        return spaced(ticks)

    def y_ticks(self) -> tuple[Tick, ...]:
        """Return ticks for a vertical axis."""
        if self.is_log:
            return tuple(Tick(self.y(value), label) for value, label in self._decades())
        ticks = axes.y_ticks(self.span)
        every = 1 + len(ticks) * _LINE // HEIGHT
        return tuple(Tick(HEIGHT * tick.at / axes.HEIGHT, tick.label) for tick in ticks[::every])

    def _fraction(self, value: float) -> float:
        return self.span.fraction(math.log10(value) if self.is_log else value)

    def _decades(self) -> list[tuple[float, str]]:
        """Return powers of ten, of which there are at least two."""
        exponents = range(math.ceil(self.span.low), math.floor(self.span.high) + 1)
        every = math.ceil(len(exponents) / _MOST_DECADES)
        return [(10.0**exponent, _power(exponent)) for exponent in exponents[::every]]


def _power(exponent: int) -> str:
    return f"1e{exponent}" if abs(exponent) > _PLAIN_EXPONENT else short_number(10.0**exponent)


def row_y(row: int) -> float:
    """Return the height of the marks in a row."""
    return ROW * row + _MARK_Y


def spaced(ticks: Sequence[Tick]) -> tuple[Tick, ...]:
    """Return those ticks of a horizontal axis whose labels do not touch on a narrow screen."""
    kept: list[Tick] = []
    end = -math.inf
    for tick in ticks:
        middle = tick.at / WIDTH * _NARROWEST
        half = _LETTER * len(tick.label) / 2
        if middle - half >= end:
            kept.append(tick)
            end = middle + half + _GAP
    return tuple(kept)
