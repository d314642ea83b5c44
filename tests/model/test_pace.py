"""When a running job is expected to end."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from reportgen.model.pace import Pace

BEGAN = datetime(2026, 5, 1, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def expected_end(
    points: Sequence[tuple[float, float]], last_step: float, now: float
) -> float | None:
    """Return the expected end of a run with these logged steps and their times in seconds."""
    pace = Pace()
    pace.add([step for step, _ in points], [at(time).isoformat() for _, time in points])
    last_event = at(points[-1][1]) if points else None
    end = pace.expected_end(last_step, last_event, at(now))
    return None if end is None else (end - BEGAN).total_seconds()


def steady(steps: range, seconds: float, since: float = 0) -> list[tuple[float, float]]:
    return [(step, since + seconds * (step - steps.start)) for step in steps]


@pytest.mark.parametrize(
    ("points", "now", "end"),
    [
        # Ten seconds a step.
        (steady(range(1, 11), 10), 95, 990),
        (steady(range(10, 91, 10), 10), 805, 900),
        (steady(range(1, 11), 10), 90, 990),
        # A stall of four hours, the start of a slow first step, and checkpoints are outvoted.
        ([*steady(range(1, 6), 10), *steady(range(6, 12), 10, 14_400)], 14_455, 15_340),
        ([(0, 0), *steady(range(1, 11), 10, 600)], 700, 1590),
        # The last event is ten minutes old, or ten usual gaps; older ones say nothing.
        (steady(range(1, 11), 10), 90 + 600, 990),
        (steady(range(1, 11), 10), 90 + 601, None),
        (steady(range(1, 11), 600), 5400 + 6000, 5400 + 90 * 600),
        (steady(range(1, 11), 600), 5400 + 6001, None),
        # An end that is past, or that nobody can tell.
        (steady(range(1, 100), 1), 200, None),
        (steady(range(1, 3), 0), 0, 0),
        ([(1, 0)], 1, None),
        ([], 1, None),
        ([(1, 0), (1, 10), (1, 20)], 21, None),
        ([(1, 0), (1 + 1e-12, 1e9)], 1e9, None),
    ],
)
def test_the_expected_end(points: list[tuple[float, float]], now: float, end: float | None) -> None:
    assert expected_end(points, 100, now) == (None if end is None else pytest.approx(end))


def test_only_the_last_hundred_steps_count() -> None:
    slow, fast = steady(range(1, 201), 60), steady(range(201, 301), 1, 12_000)
    assert expected_end([*slow, *fast], 400, 12_100) == pytest.approx(12_199)
