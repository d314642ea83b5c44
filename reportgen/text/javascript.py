"""Values as JavaScript prints them, since users compare the report with Studio, a web page."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, TypeGuard, cast

import msgspec

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


Object: TypeAlias = dict[str, JSON]


MAX_DEPTH: Final = 64
"""JSON nested deeper than this is not decoded: it is never meant, and it could use up the stack."""

MAX_VALUES: Final = 200_000
"""JSON with more values is not decoded, since one byte can become an object of a hundred bytes.

Scalars, arrays and objects count, keys do not.
"""


class NotJSON(ValueError):  # noqa: N818 - the name says what the text is
    """The text is not JSON that a browser's `JSON.parse` would accept, or exceeds a limit."""


_INTEGER_DIGITS: Final = 310  # more digits than the largest double has


def decode(data: bytes) -> JSON:
    """Decode UTF-8 JSON as `JSON.parse` would, and bare `NaN`, `Infinity`, `-Infinity` as well.

    Bytes that are not UTF-8 become U+FFFD first, as in any event stream. Raises `NotJSON`, also
    for JSON of more than `MAX_VALUES` values or `MAX_DEPTH` levels.
    """
    check_limits(data)
    return decode_own(data)


def decode_own(data: bytes) -> JSON:
    """Decode JSON that this tool wrote, as `decode` does but without limits. Raises `NotJSON`."""
    try:
        return cast("JSON", msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_slowly(data)
    except RecursionError as error:
        raise NotJSON("nested far too deep") from error


def _decode_slowly(data: bytes) -> JSON:
    """Decode what browsers accept but msgspec refuses: lone surrogates and huge numbers."""
    text = data.decode("utf-8", "replace")
    try:
        return cast("JSON", _TOLERANT.decode(text.strip(" \t\n\r")))
    except (ValueError, RecursionError) as error:
        raise NotJSON(str(error)) from error


def _integer(digits: str) -> int | float:
    # Python refuses to convert integers of thousands of digits; a double is infinite long before.
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
    """Encode a value in ASCII, so that `decode` returns the same value, whatever is in it."""
    return json.dumps(value, separators=(",", ":")).encode()


# --- Limits ---


def check_limits(data: bytes) -> None:
    """Raise `NotJSON` if the JSON has more than `MAX_VALUES` values or `MAX_DEPTH` levels.

    The JSON is not validated: that is the decoder's business.
    """
    brackets = data.count(b"[") + data.count(b"{")
    maybe_deep = brackets > MAX_DEPTH
    # Each value but the first needs a comma or a bracket before it.
    maybe_many = len(data) >= MAX_VALUES and brackets + data.count(b",") >= MAX_VALUES
    if not (maybe_deep or maybe_many):
        return
    structure = _structure(data)
    if maybe_many and _values(structure) > MAX_VALUES:
        raise NotJSON(f"more than {MAX_VALUES:,} values")
    if maybe_deep and _depth_is_over(structure):
        raise NotJSON(f"nested deeper than {MAX_DEPTH} levels")


def has_more_values(data: bytes, most: int) -> bool:
    """Return whether the JSON has more than `most` values; keys do not count."""
    if len(data) < most or sum(map(data.count, (b",", b"[", b"{"))) < most:
        return False
    return _values(_structure(data)) > most


def is_deep(data: bytes) -> bool:
    """Return whether the JSON is nested deeper than `MAX_DEPTH`."""
    brackets = data.count(b"[") + data.count(b"{")
    return brackets > MAX_DEPTH and _depth_is_over(_structure(data))


_AT_ONCE: Final = 1 << 18


def _structure(data: bytes) -> bytes:
    """Return the JSON without white space, and with each string replaced by zeros."""
    structure = bytearray()
    in_string = False
    start = 0
    while start < len(data):  # piece by piece, since every other byte can be a string
        end = start + _AT_ONCE
        while data.endswith(b"\\", start, end) and end < len(data):
            end += _AT_ONCE  # so that no escape is cut in two
        # Escaped quotes do not end a string; escaped backslashes do not escape.
        piece = data[start:end].replace(b"\\\\", b"").replace(b'\\"', b"")
        texts = piece.split(b'"')
        if in_string:
            structure += b"0"
        structure += b"0".join(texts[in_string::2]).translate(None, b" \t\r\n")
        in_string ^= len(texts) % 2 == 0
        start = end
    return bytes(structure)


def _values(structure: bytes) -> int:
    """Count the values: those of an array or object that is not empty have commas between them."""
    containers = structure.count(b"[") + structure.count(b"{")
    empty = structure.count(b"[]") + structure.count(b"{}")
    return 1 + structure.count(b",") + containers - empty


def _depth_is_over(structure: bytes) -> bool:
    brackets = structure.translate(_AS_SQUARE, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")  # the innermost level
    return bool(brackets)


_AS_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


# --- Numbers ---


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


# --- Printing ---

# ECMAScript's Number::toString uses no exponent for 0.d1…dk × 10^n if n is within these.
_LARGEST_POINT: Final = 21
_SMALLEST_POINT: Final = -5

_EXACT: Final = 2**53  # up to this number every integer is a double


def js_number(value: float) -> str:
    """Return a number as JavaScript prints it: `3`, `0.1`, `1e-7`, `1e+21`, `NaN`, `-Infinity`."""
    return js_numbers([value])[0]


def js_numbers(values: Sequence[float]) -> list[str]:
    """Return numbers as JavaScript prints them.

    The rule is ECMAScript's Number::toString with radix 10. msgspec finds the same digits, and
    writes most numbers in the same way.
    """
    if not values:
        return []
    if not are_finite(values) or min(values) < -_EXACT or max(values) > _EXACT:
        return [_by_digits(as_double(value)) for value in values]
    texts = f"{msgspec.json.encode(values).decode()[1:-1]},".replace(".0,", ",")
    printed = texts.split(",")[:-1]
    if "e" in texts or "-0," in texts:
        return [
            _by_digits(as_double(value)) if "e" in text or text == "-0" else text
            for text, value in zip(printed, values, strict=True)
        ]
    return printed


def _by_digits(number: float) -> str:
    """Return any number as JavaScript prints it, one that msgspec writes in another way too."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    digits, exponent = _digits(abs(number))
    return sign + _place_point(digits, exponent)


def _digits(number: float) -> tuple[str, int]:
    """Return the shortest digits d1d2…dk, and n, such that the number is 0.d1d2…dk × 10^n."""
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


def js_value(value: JSON) -> str:
    """Format any JSON value as `JSON.stringify` does, but `NaN` and the infinities by name."""
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
