"""Axes: the size of the plot area, and the round values that label its edges. Pure.

All geometry is in the SVG's units: the top left of the plot area is at 0,0, and y increases
downwards.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from reportgen.model.rounding import significant
from reportgen.model.span import Span
from reportgen.text.javascript import as_double, js_number

WIDTH: Final = 640
HEIGHT: Final = 200
"""The size of the plot area."""


class Tick(msgspec.Struct, frozen=True):
    """A labelled position on an axis: its x on the x axis, its y on the y axis."""

    at: float
    label: str


_TICKS: Final = 7
_ROUND: Final = (1, 2, 5, 10)
_X_LABEL: Final = 10
_X_LETTER: Final = 13
"""The width of a digit, with some space, at the largest label size, used on narrow screens."""

_Y_LABEL: Final = 7
"""The maximum length of a plain label before one with an exponent is tried."""

_ONE_VALUE_DIGITS: Final = 4

_RESOLVED: Final = 64
"""The minimum distance of two ticks, in doubles: closer ones would be drawn a unit off."""


def x_ticks(across: Span) -> tuple[Tick, ...]:
    """Return the ticks of the x axis, at whole steps if both ends are whole."""
    if across.low == across.high:
        return (Tick(WIDTH / 2, js_number(across.low)),)
    whole = across.low.is_integer() and across.high.is_integer()
    ticks = _ticks(across, 1.0 if whole else 0.0, _X_LABEL)
    longest = max((len(label) for _, label in ticks), default=0)
    if len(ticks[::2]) > 1 and len(ticks) * longest * _X_LETTER > WIDTH:  # labels must not touch
        ticks = ticks[::2]
    return tuple(Tick(WIDTH * across.fraction(value), label) for value, label in ticks)


def y_ticks(upwards: Span) -> tuple[Tick, ...]:
    """Return the ticks of the y axis; one if all values are equal."""
    if upwards.low == upwards.high:
        return (Tick(HEIGHT / 2, js_number(significant(upwards.low, _ONE_VALUE_DIGITS))),)
    ticks = _ticks(upwards, 0.0, _Y_LABEL)
    return tuple(Tick(HEIGHT * (1 - upwards.fraction(value)), label) for value, label in ticks)


def _ticks(span: Span, least: float, room: int) -> list[tuple[float, str]]:
    """Return two to eight round values within a span, at least `least` apart, with their labels.

    If the ends are too close for round values, they are returned instead. `room` is the maximum
    length of a label before one with an exponent is tried.
    """
    width = span.high - span.low
    # The difference of the ends can exceed a double's range.
    step = width / _TICKS if width < math.inf else span.high / _TICKS - span.low / _TICKS
    step = max(step, least)
    if step < _RESOLVED * math.ulp(max(abs(span.low), abs(span.high))):
        return [(end, js_number(end)) for end in (span.low, span.high)]
    factor, exponent = _round_up(step)
    step = _scaled(factor, exponent)
    first, last = math.floor(span.low / step), math.ceil(span.high / step)
    # Values are computed from whole numbers, so that 3 × 0.1 is 0.3, also in the label.
    wholes = [
        whole
        for whole in range(first * factor, last * factor + 1, factor)
        if span.low <= _scaled(whole, exponent) <= span.high
    ]
    values = [_scaled(whole, exponent) for whole in wholes]
    return list(zip(values, _labels(wholes, exponent, room), strict=True))


def _round_up(number: float) -> tuple[int, int]:
    """Round up to 1, 2 or 5 times a power of ten; return the factor and the exponent."""
    exponent = math.floor(math.log10(number))
    factor = next(factor for factor in _ROUND if _scaled(factor, exponent) >= number)
    return (factor, exponent) if factor < _ROUND[-1] else (1, exponent + 1)


def _scaled(whole: int, exponent: int) -> float:
    """Return the double nearest to a whole number times a power of ten; it may be infinite."""
    return as_double(whole * 10**exponent) if exponent >= 0 else whole / 10**-exponent


def _labels(wholes: Sequence[int], exponent: int, room: int) -> list[str]:
    """Format an axis's values in the same way: `2.5`, `2.0` or, if that is too long, `1.5e-7`."""
    if exponent >= 0:
        fixed = [str(whole * 10**exponent) for whole in wholes]
    else:
        fixed = [f"{_scaled(whole, exponent):.{-exponent}f}" for whole in wholes]
    if max(map(len, fixed)) <= room:
        return fixed
    short = [_with_exponent(whole, exponent) for whole in wholes]
    return min(fixed, short, key=lambda labels: max(map(len, labels)))


def _with_exponent(whole: int, exponent: int) -> str:
    if not whole:
        return "0"
    digits = len(str(abs(whole))) - 1
    return f"{js_number(_scaled(whole, -digits))}e{exponent + digits}"
