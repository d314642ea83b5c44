"""How fast a run trains, according to its events' times, and its expected end. Pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, pairwise
from operator import lt
from statistics import median
from typing import Final

from reportgen.text.times import parse_time

_STEPS: Final = 100
_FRESH: Final = 600.0
"""The maximum age of a running job's last event: this many seconds, or `_GAPS` usual gaps."""
_GAPS: Final = 10


@dataclass(slots=True)
class Pace:
    """The times of the last hundred logged steps since the run was started or resumed."""

    pairs: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_STEPS))

    def add(self, steps: Sequence[float], times: Sequence[str]) -> None:
        """Add the times of logged steps, skipping steps that are not above the previous one."""
        rising = all(map(lt, steps, islice(steps, 1, None)))
        start = -_STEPS if rising else 0  # else earlier ones may be among the steps to keep
        for step, time in zip(steps[start:], times[start:], strict=True):
            if not self.pairs or step > self.pairs[-1][0]:
                self.pairs.append((step, time))

    def expected_end(
        self, last_step: float, last_event: datetime | None, now: datetime
    ) -> datetime | None:
        """Return when a running job is expected to reach its last step; None if unknown.

        `last_event` is the time of its last event, if known: a run whose last event is too old may
        never continue. Medians are used, so that a stall of hours does not count as a slower pace.
        """
        timed = [(step, at) for step, time in self.pairs if (at := parse_time(time))]
        if len(timed) < 2:  # noqa: PLR2004 - a gap has two ends
            return None
        step, at = timed[-1]
        gaps = [
            ((after - before).total_seconds(), later - step)
            for (step, before), (later, after) in pairwise(timed)
        ]
        age = (now - (last_event or at)).total_seconds()
        if age > max(_FRESH, _GAPS * median(seconds for seconds, _ in gaps)):
            return None
        left = median(seconds / steps for seconds, steps in gaps) * (last_step - step)
        try:
            end = at + timedelta(seconds=left)
        except (OverflowError, ValueError):  # ValueError: infinity times zero
            return None
        return end if end >= now else None
