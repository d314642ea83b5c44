"""A job's result beside its baseline's: what `--baseline` adds to a report. Pure."""

import math
from dataclasses import dataclass
from decimal import Decimal

from reportgen.model.metrics import Result


@dataclass(frozen=True, slots=True)
class Baseline:
    """What other jobs are measured against: a job, and the results that it is known by."""

    id: str
    name: str
    """The name, or the id if nobody can see the name; redacted."""
    created_at: str | None
    result: Result | None
    tail: Result | None


@dataclass(frozen=True, slots=True)
class Change:
    """A job's result and its baseline's, both of one metric; lower is better."""

    baseline: Baseline
    own: Result
    other: Result

    @property
    def delta(self) -> float | None:
        """By how much the job's result is larger; None if either is not finite."""
        delta = self._delta
        return None if delta is None else float(delta)

    @property
    def relative(self) -> float | None:
        """The difference as a share of the baseline's result; None if zero or not finite."""
        delta, base = self._delta, _decimal(self.other)
        return None if delta is None or not base else float(delta / abs(base))

    def is_worse_by(self, percent: float) -> bool:
        """Return whether the job is worse by more than this; any increase from zero is more."""
        delta, base = self._delta, _decimal(self.other)
        if delta is None or base is None:
            return self.own.value is None and base is not None
        return delta > abs(base) * Decimal(repr(percent)) / 100

    @property
    def is_none(self) -> bool:
        """Whether both results are the same."""
        return self.own.value == self.other.value

    @property
    def badness(self) -> float:
        """A number to sort by, the worst change highest."""
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
    """Return a result as it is printed, so that 1.05 is 5 % above 1 and not a hair more."""
    return None if result.value is None else Decimal(repr(result.value))


def change(result: Result | None, tail: Result | None, baseline: Baseline) -> Change | None:
    """Return a job's change from its baseline; None if either has no loss.

    Evaluation losses are compared if both have them, else the ends of the training losses.
    """
    for own, other in ((result, baseline.result), (tail, baseline.tail)):
        if own is not None and other is not None and own.metric == other.metric:
            return Change(baseline, own, other)
    return None
