"""A job's result compared with its baseline's, which `--baseline` adds to a report. Pure."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from reportgen.model.metrics import Result

NOTABLE: Final = 1.0
"""The percentage up to which a change is noise: another seed alone can cause it."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A job that other jobs are measured against, and its results."""

    id: str
    name: str
    """The name, or the id if the name is invisible; redacted."""
    created_at: str | None
    result: Result | None
    tail: Result | None


@dataclass(frozen=True, slots=True)
class Change:
    """A job's result and its baseline's, both for the same metric; lower is better."""

    baseline: Baseline
    own: Result
    other: Result

    @property
    def delta(self) -> float | None:
        """How much larger the job's result is; None if that is not a finite number."""
        return _finite(self._delta)

    @property
    def relative(self) -> float | None:
        """The difference relative to the baseline's result; None if zero, or not finite."""
        delta, base = self._delta, _decimal(self.other)
        return None if delta is None or not base else _finite(delta / abs(base))

    def is_worse_by(self, percent: float) -> bool:
        """Return whether the job is worse by more than `percent`; any increase from zero is."""
        delta, base = self._delta, _decimal(self.other)
        if delta is None or base is None:
            return self.own.value is None and base is not None
        return delta > abs(base) * Decimal(repr(percent)) / 100

    def is_better_by(self, percent: float) -> bool:
        """Return whether the job is better by more than `percent`."""
        delta, base = self._delta, _decimal(self.other)
        if delta is None or base is None:
            return base is None and self.own.value is not None
        return -delta > abs(base) * Decimal(repr(percent)) / 100

    @property
    def is_none(self) -> bool:
        """Whether both results are the same."""
        return self.own.value == self.other.value

    @property
    def badness(self) -> float:
        """A sort key, highest for the worst change."""
        if self.own.value is None or self.other.value is None:
            worse, better = self.own.value is None, self.other.value is None
            return math.inf * (worse - better) if worse != better else 0.0
        delta = self.own.value - self.other.value
        return delta if not self.other.value else delta / abs(self.other.value)

    @property
    def _delta(self) -> Decimal | None:
        own, base = _decimal(self.own), _decimal(self.other)
        return None if own is None or base is None else own - base


def _decimal(result: Result) -> Decimal | None:
    """Return a result as printed, so that 1.05 is exactly 5 % above 1."""
    return None if result.value is None else Decimal(repr(result.value))


def _finite(number: Decimal | None) -> float | None:
    value = math.nan if number is None else float(number)
    return value if math.isfinite(value) else None


def change(result: Result | None, tail: Result | None, baseline: Baseline) -> Change | None:
    """Return a job's change from its baseline; None if either has no loss.

    Evaluation losses are compared if both have them, else the means of the last training losses.
    """
    for own, other in ((result, baseline.result), (tail, baseline.tail)):
        if own is not None and other is not None and own.metric == other.metric:
            return Change(baseline, own, other)
    return None
