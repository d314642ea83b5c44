"""Rounding a number equals printing it and reading it back."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.model.rounding import significant


@example(0.0, 5)
@example(5e-324, 4)
@example(999.9999999999999, 5)
@example(9.9999e22, 4)
@example(0.5 - 2**-54, 5)
@given(st.floats(-1e308, 1e308), st.sampled_from([4, 5, 6, 9]))
def test_it_is_what_printing_so_many_digits_would_say(value: float, digits: int) -> None:
    assert significant(value, digits) == float(f"{value:.{digits}g}")


@pytest.mark.parametrize("value", [1.7976931348623157e308, -1.7976931348623157e308])
def test_it_never_becomes_infinite(value: float) -> None:
    assert significant(value, 5) == value
    assert math.isfinite(significant(value, 1))
