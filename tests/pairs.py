"""Parameters of tests that would take too long with all combinations."""

from collections.abc import Sequence

import pytest
from _pytest.mark import ParameterSet


def pairs(
    first: Sequence[object], second: Sequence[object], *, impossible: Sequence[object] = ()
) -> list[ParameterSet]:
    """Return all pairs as parameters; a few that have each value once run by default.

    All others are `thorough`, which is enough where the second value does not change the rule.
    """
    longest = max(len(first), len(second))
    usual = {(n % len(first), n % len(second)) for n in range(longest)}
    return [
        pytest.param(one, other, marks=[] if (i, j) in usual else [pytest.mark.thorough])
        for i, one in enumerate(first)
        for j, other in enumerate(second)
        if (one, other) not in impossible
    ]
