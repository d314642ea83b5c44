"""The numbers that a report shows for a curve."""

import math
from dataclasses import dataclass
from typing import Final

from reportgen.model.curves import Curve, Superseded
from reportgen.model.statistics import finite, finite_count, mean_of
from reportgen.text.javascript import js_number

EVAL_MINIMUM: Final = "evalLoss.min"
TAIL_MEAN: Final = "loss.tailMean"
"""The metrics that a result can have: see `result`."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A curve summarised in numbers, from all its finite points."""

    points: int
    first: float
    last: float
    min: float
    min_step: float
    """The first step with the smallest value."""
    max: float


def metric(curve: Curve | Superseded) -> Metric | None:
    """Summarise a curve in numbers; return None if it has no finite point."""
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
    """The number that a job is judged by; lower is better."""

    metric: str
    value: float | None
    """None if it is not finite, which is worse than any number."""


def result(loss: Curve, eval_loss: Metric | None) -> Result | None:
    """Return a job's result: its lowest evaluation loss, else its last training losses' mean."""
    return tail_mean(loss) if eval_loss is None else Result(EVAL_MINIMUM, eval_loss.min)


def tail_mean(loss: Curve) -> Result | None:
    """Return the mean of a job's last training losses; None if it has none.

    The last tenth counts, rounded down, but at least one loss.
    """
    if not len(loss):
        return None
    tail = loss.values[-max(len(loss) // 10, 1) :]
    is_finite = finite_count(tail) == len(tail)
    return Result(TAIL_MEAN, mean_of(tail, len(tail)) if is_finite else None)


def last_if_not_finite(curve: Curve) -> str | None:
    """Return `NaN`, `Infinity` or `-Infinity` if the curve ends in it, else None."""
    if not len(curve) or math.isfinite(curve.values[-1]):
        return None
    return js_number(curve.values[-1])
