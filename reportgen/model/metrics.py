"""The numbers that a report shows for a curve."""

import math
from dataclasses import dataclass
from typing import Final

from reportgen.model.curves import Curve, Superseded
from reportgen.model.statistics import finite, finite_count, mean
from reportgen.text.javascript import js_number

EVAL_MINIMUM: Final = "evalLoss.min"
TAIL_MEAN: Final = "loss.tailMean"
_TAIL: Final = 10
"""One point in so many, at the end of the training curve, makes the tail."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A curve in numbers, from all its finite points."""

    points: int
    first: float
    last: float
    min: float
    min_step: float
    """The first step at which the value is the smallest."""
    max: float


def metric(curve: Curve | Superseded) -> Metric | None:
    """Return a curve in numbers; None if it has no finite point."""
    values = curve.values
    n = finite_count(values)
    if not n:
        return None
    smallest = min(finite(values, n))
    return Metric(
        points=n,
        first=next(filter(math.isfinite, values)),
        last=next(filter(math.isfinite, reversed(values))),
        min=smallest,
        min_step=curve.steps[values.index(smallest)],
        max=max(finite(values, n)),
    )


@dataclass(frozen=True, slots=True)
class Result:
    """The number that a job is judged by; the lower, the better."""

    metric: str
    """`evalLoss.min`, or `loss.tailMean` for a job without an evaluation loss."""
    value: float | None
    """None if it is not finite."""


def result(loss: Curve, eval_loss: Curve) -> Result | None:
    """Return a job's result; None if it has no loss at all."""
    if best := metric(eval_loss):
        return Result(EVAL_MINIMUM, best.min)
    if not len(loss):
        return None
    tail = loss.values[-max(len(loss) // _TAIL, 1) :]
    n = finite_count(tail)
    return Result(TAIL_MEAN, mean(tail, n) if n == len(tail) else None)


def last_not_finite(curve: Curve) -> str | None:
    """Return a curve's last value as a word, such as `NaN`; None if it is finite or missing."""
    last = curve.values[-1] if len(curve) else 0.0
    return None if math.isfinite(last) else js_number(last)
