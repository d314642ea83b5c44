"""Which checkpoint to take, and the evaluation that it is judged by."""

import math

import pytest

from reportgen.model.checkpoints import Checkpoint, best_checkpoint
from reportgen.model.curves import Curve, Point
from reportgen.model.metrics import metric
from tests.model.findings.curves import curve

EVALUATIONS = curve([3.0, 2.0, 1.0, math.nan, 1.5, 1.6], every=50)


@pytest.mark.parametrize(
    ("checkpoints", "step", "evaluation"),
    [
        ((100.0, 200.0, 150.0), 150.0, Point(150, 1.0)),
        ((100.0, 200.0), 100.0, Point(100, 2.0)),
        ((200.0,), 200.0, Point(150, 1.0)),  # its own is not finite
        ((170.0,), 170.0, Point(150, 1.0)),
        ((240.0,), 240.0, Point(250, 1.5)),
        ((1.0,), 1.0, Point(50, 3.0)),
        ((60.0,), 60.0, Point(50, 3.0)),
        ((999.0,), 999.0, Point(300, 1.6)),
    ],
)
def test_the_nearest_to_the_best_evaluation_with_its_nearest_evaluation(
    checkpoints: tuple[float, ...], step: float, evaluation: Point
) -> None:
    found = best_checkpoint(checkpoints, EVALUATIONS, metric(EVALUATIONS))
    assert found == Checkpoint(step, evaluation)


def test_without_evaluations_the_lowest_loss_counts() -> None:
    loss = curve([3, 2, 1, 2, 3])
    assert best_checkpoint((1.0, 4.0), Curve(), metric(loss)) == Checkpoint(4.0, None)
    assert best_checkpoint((), Curve(), metric(loss)) is None
    assert best_checkpoint((1.0,), Curve(), None) is None
