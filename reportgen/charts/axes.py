"""Axes: the range of what is drawn, where in it a value lies, and round values to label. Pure.

All geometry is in an SVG's own units: the plot area has its top left at 0,0, and y grows downwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from typing import Final

from reportgen.model.span import Span
from reportgen.text.javascript import js_number

WIDTH: Final = 640
HEIGHT: Final = 200
"""The size of the plot area."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis: x of one on the x axis, y of one on the y axis."""

    at: str
    label: str


def plain(number: float) -> str:
    """Print a coordinate, never negative, with at most two places and never an exponent."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def joined(xs: Sequence[float], ys: Sequence[float]) -> str:
    """Print points as a path joins them, `x,yLx,y`, each coordinate as `plain` prints it.

    All are printed at once, since a page has hundreds: with two places for each of them, a zero
    at a number's end is one that says nothing.
    """
    coordinates = [0.0] * (2 * len(xs))
    coordinates[::2], coordinates[1::2] = xs, ys
    text = "%.2f,%.2fL" * len(xs) % tuple(coordinates)
    for mark in ",L":
        text = text.replace(f"0{mark}", mark).replace(f".0{mark}", mark)
    return text[:-1]


# --- Round values ------------------------------------------------------------------------------

_TICKS: Final = 7
_ROUND: Final = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_X_LABEL: Final = 10
_Y_LABEL: Final = 7
"""How many characters a plain label may have before one with an exponent is tried."""

_ONE_VALUE_DIGITS: Final = 4
# Two doubles differ in their 17th digit at the latest; the rest is room to calculate in.
_DECIMALS: Final = Context(prec=60)


def x_ticks(across: Span) -> tuple[Tick, ...]:
    """Give labelled places along the x axis; between whole ends only whole ones."""
    if across.low == across.high:
        return (Tick(plain(WIDTH / 2), js_number(across.low)),)
    whole = across.low.is_integer() and across.high.is_integer()
    return tuple(
        Tick(plain(WIDTH * place), label)
        for place, label in _ticks(across, Decimal(1 if whole else 0), _X_LABEL)
    )


def y_ticks(upwards: Span) -> tuple[Tick, ...]:
    """Give labelled places along the y axis; one where all values are equal."""
    if upwards.low == upwards.high:
        label = js_number(float(f"{upwards.low:.{_ONE_VALUE_DIGITS}g}"))
        return (Tick(plain(HEIGHT / 2), label),)
    return tuple(
        Tick(plain(HEIGHT * (1 - place)), label)
        for place, label in _ticks(upwards, Decimal(0), _Y_LABEL)
    )


def _ticks(span: Span, least: Decimal, room: int) -> list[tuple[float, str]]:
    """Give four to eight round values within a span as places from 0 to 1 and labels of one kind.

    They are `least` apart at least. It is done in decimals, since no two doubles are too far
    apart for these, or too close, and 3 × 0.1 is 0.3.
    """
    with localcontext(_DECIMALS):
        low, high = Decimal(span.low), Decimal(span.high)
        width = high - low
        apart = max(_round_up(width / _TICKS), least)
        start = int((low / apart).to_integral_value(ROUND_CEILING))
        values: list[Decimal] = []
        while (value := (start + len(values)) * apart) <= high:
            values.append(value)
        places = [float((value - low) / width) for value in values]
        return list(zip(places, _labels(values, apart, room), strict=True))


def _round_up(number: Decimal) -> Decimal:
    """Give the next larger of 1, 2 or 5 times a power of ten."""
    power = Decimal(1).scaleb(number.adjusted())
    return next(step * power for step in _ROUND if step * power >= number)


def _labels(values: Sequence[Decimal], apart: Decimal, room: int) -> list[str]:
    """Print the values of an axis alike: plain (`2.5`, `2.0`), or where that is long, `1.5e-7`."""
    places = max(0, -apart.normalize().adjusted())
    fixed = [f"{value:.{places}f}" for value in values]
    if max(map(len, fixed), default=0) <= room:
        return fixed
    short = [_with_exponent(value) for value in values]
    return min(fixed, short, key=lambda labels: max(map(len, labels)))


def _with_exponent(value: Decimal) -> str:
    if not value:
        return "0"
    exponent = value.adjusted()
    return f"{value.scaleb(-exponent).normalize():f}e{exponent}"
