"""The checkpoint to take a job's model from, and how it was evaluated. Pure."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.model.curves import Curve, Point
from reportgen.model.metrics import Metric


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The checkpoint nearest to the best evaluation or, without one, to the lowest loss."""

    step: float
    evaluation: Point | None
    """The evaluation at this step, or else the nearest one; None without evaluations."""


def best_checkpoint(
    checkpoints: Sequence[float], eval_loss: Curve, best: Metric | None
) -> Checkpoint | None:
    """Return the checkpoint nearest to the lowest point of `best`; None without checkpoints.

    Of two that are equally near, the first counts, for checkpoints and for evaluations.
    """
    if best is None or not checkpoints:
        return None
    step = min(checkpoints, key=lambda step: abs(step - best.min_step))
    return Checkpoint(step, _evaluation_at(eval_loss, step))


def _evaluation_at(eval_loss: Curve, step: float) -> Point | None:
    """Return the finite evaluation nearest to a step."""
    if not len(eval_loss):
        return None
    at = bisect_left(eval_loss.steps, step)
    before = _first_finite(eval_loss, range(at - 1, -1, -1))
    after = _first_finite(eval_loss, range(at, len(eval_loss)))
    near = [point for point in (before, after) if point is not None]
    return min(near, key=lambda point: abs(point.step - step), default=None)


def _first_finite(curve: Curve, places: range) -> Point | None:
    finite = (place for place in places if math.isfinite(curve.values[place]))
    place = next(finite, None)
    return None if place is None else Point(curve.steps[place], curve.values[place])
