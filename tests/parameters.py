"""Parameters of tests that would take too long with all of them, so that most are `thorough`."""

from collections.abc import Sequence

import pytest
from _pytest.mark import ParameterSet


def thorough(*rows: object) -> list[ParameterSet]:
    """Return rows of parameters that run only in the thorough tests.

    They repeat what a row beside them shows, in another way that a user may write it.
    """
    return [
        pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=pytest.mark.thorough)
        for row in rows
    ]


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
