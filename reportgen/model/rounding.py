"""Rounding to significant digits, from number to number."""

import math


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
