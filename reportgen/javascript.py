"""Values as JavaScript prints them: Studio is a web page, and its users compare."""

import json
import math
from collections.abc import Sequence
from typing import Final

import msgspec

from reportgen import wire

# ECMAScript's Number::toString writes 0.d1…dk × 10^n out while n is within these.
_LARGEST_POINT: Final = 21
_SMALLEST_POINT: Final = -5

_EXACT: Final = 2**53  # up to here every integer is a double


def js_number(value: float) -> str:
    """Print a number as JavaScript does: `3`, `0.1`, `1e-7`, `1e+21`, `NaN`, `-Infinity`.

    The rule is ECMAScript's Number::toString with radix 10; the shortest digits that give the
    double back are the same ones that Python's `repr` finds.
    """
    number = wire.as_double(value)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    if number == 0:
        return "0"
    text = repr(number)
    if "e" not in text:
        return text.removesuffix(".0")  # nearly every number: Python writes it the same way
    sign = "-" if number < 0 else ""
    digits, exponent = _digits(abs(number))
    return sign + _place_point(digits, exponent)


def js_numbers(values: Sequence[float]) -> list[str]:
    """Print many numbers, each as `js_number` does, at a fraction of the cost.

    msgspec finds the same digits, and writes most numbers as JavaScript does.
    """
    if not values:
        return []
    if not wire.are_finite(values) or min(values) < -_EXACT or max(values) > _EXACT:
        return [js_number(value) for value in values]
    texts = f"{msgspec.json.encode(values).decode()[1:-1]},".replace(".0,", ",")
    printed = texts.split(",")[:-1]
    if "e" in texts or "-0," in texts:
        return [
            js_number(value) if "e" in text or text == "-0" else text
            for text, value in zip(printed, values, strict=True)
        ]
    return printed


def _digits(number: float) -> tuple[str, int]:
    """Give the shortest digits d1d2…dk and the n for which the number is 0.d1d2…dk × 10^n."""
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    return digits.rstrip("0"), point


def _place_point(digits: str, n: int) -> str:
    k = len(digits)
    if k <= n <= _LARGEST_POINT:
        return digits + "0" * (n - k)
    if 0 < n <= _LARGEST_POINT:
        return f"{digits[:n]}.{digits[n:]}"
    if _SMALLEST_POINT <= n <= 0:
        return f"0.{'0' * -n}{digits}"
    fraction = f".{digits[1:]}" if k > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if n > 0 else '-'}{abs(n - 1)}"


def js_value(value: wire.JSON) -> str:
    """Print any JSON value as `JSON.stringify` does, numbers that are not finite by their word."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int() | float():
            return js_number(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{','.join(js_value(item) for item in value)}]"
        case dict():
            return f"{{{','.join(f'{js_value(key)}:{js_value(v)}' for key, v in value.items())}}}"
