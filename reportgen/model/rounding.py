"""Rounding to significant digits, and numbers as short texts."""

import math
from typing import Final

from reportgen.text.javascript import js_number

_SHORT_DIGITS: Final = 4

_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e6
"""The sizes of a number that is printed without an exponent."""

_WHOLE_BELOW: Final = 1e15


def significant(value: float, digits: int) -> float:
    """Return a finite value rounded to so many significant digits.

    Only what would round beyond the range of doubles stays as it is.
    """
    if not value:
        return value
    try:
        return round(value, digits - 1 - math.floor(math.log10(abs(value))))
    except OverflowError:
        return value


def short_number(value: float) -> str:
    """Format a number to four significant digits: `0.4303`, `2e-4`, `1.5e6`.

    A whole number keeps all its digits, up to 15.
    """
    if not math.isfinite(value) or (value == round(value) and abs(value) < _WHOLE_BELOW):
        return js_number(value)
    if _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return js_number(significant(value, _SHORT_DIGITS))
    mantissa, _, exponent = f"{value:.{_SHORT_DIGITS - 1}e}".partition("e")
    return f"{js_number(float(mantissa))}e{int(exponent)}"
