"""Values as JavaScript prints them, since users compare the report with Studio, a web page."""

import json
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeAlias, TypeGuard, cast

import msgspec

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Object: TypeAlias = dict[str, JSON]

MAX_DEPTH: Final = 64
"""JSON nested deeper than this is not decoded: nobody needs it, and it could exhaust the stack."""

MAX_VALUES: Final = 200_000
"""JSON with more values is not decoded, since one byte can become an object of a hundred bytes.

Scalars, arrays and objects count, keys do not.
"""


class NotJSON(ValueError):  # noqa: N818 - the name says what the text is
    """The text exceeds a limit or is not JSON that a browser's `JSON.parse` would accept."""


_INTEGER_DIGITS: Final = 310  # more digits than the largest double has


def decode(data: bytes) -> JSON:
    """Decode UTF-8 JSON as `JSON.parse` would, but allow bare `NaN`, `Infinity` and `-Infinity`.

    Invalid UTF-8 is first replaced by U+FFFD, as in any event stream. Raises `NotJSON`, even for
    valid JSON if it has more than `MAX_VALUES` values or `MAX_DEPTH` levels.
    """
    check_limits(data)
    return decode_own(data)


def decode_own(data: bytes) -> JSON:
    """Decode JSON that this tool wrote, as `decode` does but without limits. Raises `NotJSON`."""
    try:
        return cast("JSON", msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Browsers also accept lone surrogates and huge numbers.
        text = data.decode("utf-8", "replace").strip(" \t\n\r")
    try:
        return cast("JSON", _TOLERANT.decode(text))
    except (ValueError, RecursionError) as error:
        raise NotJSON(str(error)) from error


def _integer(digits: str) -> int | float:
    # Python refuses to convert integers with thousands of digits; doubles overflow long before.
    return int(digits) if len(digits) < _INTEGER_DIGITS else float(digits)


_TOLERANT: Final = json.JSONDecoder(parse_int=_integer)


def decode_object(data: bytes) -> Object | None:
    """Decode an event's data; return None if it is not a JSON object."""
    try:
        value = decode(data)
    except NotJSON:
        return None
    return value if isinstance(value, dict) else None


def encode(value: JSON) -> bytes:
    """Encode any value as ASCII JSON, from which `decode` returns the same value."""
    return json.dumps(value, separators=(",", ":")).encode()


# --- Limits --------------------------------------------------------------------------------------


def check_limits(data: bytes) -> None:
    """Raise `NotJSON` if the JSON has more than `MAX_VALUES` values or `MAX_DEPTH` levels.

    The JSON is not validated any further: the decoder does that.
    """
    if has_more_values(data, MAX_VALUES):
        raise NotJSON(f"more than {MAX_VALUES:,} values")
    if is_deep(data):
        raise NotJSON(f"nested deeper than {MAX_DEPTH} levels")


def has_more_values(data: bytes, most: int) -> bool:
    """Return whether the JSON has more than `most` values; keys do not count."""
    # Each value but the first needs a comma or a bracket before it.
    if len(data) < most or sum(map(data.count, (b",", b"[", b"{"))) < most:
        return False
    structure = _structure(data)
    # All items of an array or object but the first follow a comma.
    containers = structure.count(b"[") + structure.count(b"{")
    empty = structure.count(b"[]") + structure.count(b"{}")
    return 1 + structure.count(b",") + containers - empty > most


def is_deep(data: bytes) -> bool:
    """Return whether the JSON is nested deeper than `MAX_DEPTH`."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _structure(data).translate(_AS_SQUARE, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")  # the innermost level
    return bool(brackets)


_AT_ONCE: Final = 1 << 18


def _structure(data: bytes) -> bytes:
    """Return the JSON without white space, and with each string replaced by zeros."""
    structure = bytearray()
    in_string = False
    start = 0
    while start < len(data):  # piece by piece, since every other byte can be a string
        end = start + _AT_ONCE
        while data.endswith(b"\\", start, end) and end < len(data):
            end += _AT_ONCE  # so that no escape is split
        # Escaped quotes do not end a string; escaped backslashes do not escape.
        piece = data[start:end].replace(b"\\\\", b"").replace(b'\\"', b"")
        texts = piece.split(b'"')
        if in_string:
            structure += b"0"
        structure += b"0".join(texts[in_string::2]).translate(None, b" \t\r\n")
        in_string ^= len(texts) % 2 == 0
        start = end
    return bytes(structure)


_AS_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


# --- Numbers -------------------------------------------------------------------------------------


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a JSON number; unlike in Python, booleans are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def are_finite(numbers: Iterable[float]) -> bool:
    """Return whether all numbers are finite as doubles."""
    try:
        return all(map(math.isfinite, numbers))
    except OverflowError:
        return False


def finite(value: object) -> float | None:
    """Return a JSON number as a double; None for anything but a finite number."""
    if not is_number(value):
        return None
    number = as_double(value)
    return number if math.isfinite(number) else None


def as_double(value: float) -> float:
    """Return a number as a double, as JavaScript would: infinite if it is out of range."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


# --- Printing ------------------------------------------------------------------------------------

_SMALLEST_WITHOUT_EXPONENT: Final = 1e-6
_SMALLEST_LARGE: Final = 1e21
_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_EXACT: Final = 2**53  # up to this number every integer is a double


def js_number(value: float) -> str:
    """Return a number as JavaScript prints it: `3`, `0.1`, `1e-7`, `1e+21`, `NaN`, `-Infinity`.

    The rule is ECMAScript's Number::toString with radix 10. Python produces the same digits.
    """
    number = as_double(value)
    text = repr(number).removesuffix(".0")
    if "n" in text:
        return _NOT_FINITE[text]
    if "e" not in text:
        return "0" if text == "-0" else text
    if _SMALLEST_WITHOUT_EXPONENT <= abs(number) < _SMALLEST_LARGE:
        return f"{Decimal(text):f}"
    digits, _, exponent = text.partition("e")
    return f"{digits}e{int(exponent):+d}"


def js_numbers(values: Sequence[float]) -> list[str]:
    """Return numbers as `js_number` does, but mostly through msgspec, which is fast for many."""
    if values and are_finite(values) and min(values) >= -_EXACT and max(values) <= _EXACT:
        texts = f"{msgspec.json.encode(values).decode()[1:-1]},".replace(".0,", ",")
        if "e" not in texts and "-0," not in texts:
            return texts.split(",")[:-1]
    return list(map(js_number, values))


def js_value(value: JSON) -> str:
    """Format any JSON value as `JSON.stringify` does, but with `NaN` and the infinities by name."""
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
