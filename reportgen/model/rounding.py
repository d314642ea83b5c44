"""Rounding to significant digits, and numbers as short strings."""

import math
from decimal import Decimal
from typing import Final

from reportgen.text.javascript import js_number

SHORT_DIGITS: Final = 4
_MOST_DIGITS: Final = 17  # enough to distinguish any two doubles

_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e6
"""The range of sizes of numbers that are printed without an exponent."""

_WHOLE_BELOW: Final = 1e15


def significant(value: float, digits: int) -> float:
    """Return a finite value rounded to `digits` significant digits.

    A value that would round to one beyond the range of doubles is returned unchanged.
    """
    if not value:
        return value
    try:
        return round(value, digits - 1 - math.floor(math.log10(abs(value))))
    except OverflowError:
        return value


def difference(a: float, b: float) -> float:
    """Return a - b by the numbers as printed, so that 1.05 - 1 is 0.05."""
    return float(Decimal(repr(a)) - Decimal(repr(b)))


def digits_for(low: float, high: float) -> int:
    """Return how many digits distinguish values that differ by a hundredth of a range."""
    width = high / 2 - low / 2
    if not width:
        return SHORT_DIGITS
    lost = math.floor(math.log10(max(abs(low), abs(high))) - math.log10(width) - math.log10(2))
    return min(SHORT_DIGITS + max(lost, 0), _MOST_DIGITS)


def short_number(value: float, digits: int = SHORT_DIGITS) -> str:
    """Format a number to four significant digits, or to `digits`: `0.4303`, `2e-4`, `1.5e6`.

    A whole number keeps all its digits, up to 15.
    """
    if not math.isfinite(value) or (value == round(value) and abs(value) < _WHOLE_BELOW):
        return js_number(value)
    if _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return js_number(significant(value, digits))
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{js_number(float(mantissa))}e{int(exponent)}"
