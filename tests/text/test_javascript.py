"""Values as JavaScript prints them; every text in the tables was printed by Node."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.text.javascript import as_double, js_number, js_numbers, js_value

SHAPE = re.compile(r"-?(?:0|[1-9]\d{0,20}|0\.\d+|[1-9]\d*\.\d+|[1-9](?:\.\d+)?e[+-][1-9]\d*)")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.0, "3"), (3, "3"), (100.0, "100"), (0.1, "0.1"), (-2.5, "-2.5"), (4.35, "4.35"),
        (0.0, "0"), (-0.0, "0"), (0.1 + 0.2, "0.30000000000000004"),
        # Small ones: up to six zeros after the point are written out, more become an exponent.
        (0.00001234, "0.00001234"), (0.000001, "0.000001"), (0.0000012, "0.0000012"),
        (1e-7, "1e-7"), (-1e-7, "-1e-7"), (1.5e-7, "1.5e-7"), (1e-300, "1e-300"),
        (5e-324, "5e-324"), (2.2250738585072014e-308, "2.2250738585072014e-308"),
        # Large ones: twenty-one digits are written out.
        (1e20, "100000000000000000000"), (1e21, "1e+21"), (-1e21, "-1e+21"),
        (999999999999999900000, "999999999999999900000"), (1e23, "1e+23"),
        (123456789012345680000, "123456789012345680000"),
        (1234567890123456800000, "1.2345678901234568e+21"), (1e300, "1e+300"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (2**53 + 1, "9007199254740992"),
        # Past the range.
        (10**400, "Infinity"), (-(10**400), "-Infinity"), (math.inf, "Infinity"),
        (-math.inf, "-Infinity"), (math.nan, "NaN"),
    ],
)  # fmt: skip
def test_numbers(number: float, text: str) -> None:
    assert js_number(number) == text


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE)
def test_a_printed_number_has_a_form_of_javascripts(number: float) -> None:
    text = js_number(number)
    assert float(text) == number
    assert SHAPE.fullmatch(text)
    assert js_number(-number) == (text if number == 0 else f"-{text}".replace("--", ""))


@settings(deadline=None)
@given(st.integers(-(2**80), 2**80))
def test_an_integer_prints_as_the_double_that_it_becomes(number: int) -> None:
    assert js_number(number) == js_number(float(number))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.50, None, True, False, "x"]}, '{"a":[1,2.5,null,true,false,"x"]}'),
        ([-0.0, 1e21, 1e-7], "[0,1e+21,1e-7]"),
        ([], "[]"),
        ({}, "{}"),
        ({"": {}}, '{"":{}}'),
        ("é😀\u2028", '"é😀\u2028"'),
        ('a"b\\c/d\n\t\b\f\x01\x7f', '"a\\"b\\\\c/d\\n\\t\\b\\f\\u0001\x7f"'),
        # JSON cannot express these; a log line prints them as they were logged.
        ([math.nan, math.inf, -math.inf], "[NaN,Infinity,-Infinity]"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert js_value(value) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


def as_doubles(value: Any) -> Any:
    """Return a value as a browser holds it: all numbers are doubles, with a single zero."""
    match value:
        case bool():
            return value
        case int() | float():
            return as_double(value) + 0.0
        case list():
            return [as_doubles(item) for item in value]
        case dict():
            return {key: as_doubles(item) for key, item in value.items()}
        case _:
            return value


@settings(deadline=None)
@given(VALUES)
def test_a_printed_value_is_one_line_of_json_that_reads_back(value: Any) -> None:
    text = js_value(value)
    assert "\n" not in text
    assert repr(as_doubles(json.loads(text))) == repr(as_doubles(value))


NUMBERS = st.one_of(
    st.floats(),
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.integers(-(10**17), 10**17).map(float),
    st.tuples(st.integers(-999, 999), st.integers(-25, 25)).map(lambda n: n[0] * 10.0 ** n[1]),
    st.sampled_from([0.0, -0.0, 2**53, 2**53 + 1, -(2**53), 1e15, 1e16, 1e21, 5e-324, 1.8e308]),
)


@given(st.lists(NUMBERS, max_size=6))
def test_many_numbers_print_as_each_one_does(values: list[float]) -> None:
    assert js_numbers(values) == [js_number(value) for value in values]


def test_many_usual_numbers_print_as_each_one_does() -> None:
    values = [step / 1000 for step in range(-500, 20_000)] + [10.0**n for n in range(-30, 30)]
    assert js_numbers(values) == [js_number(value) for value in values]
