"""The numbers that a report shows for a curve."""

import math
from dataclasses import dataclass

from reportgen.model.curves import Curve, Superseded
from reportgen.model.statistics import finite, finite_count


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
