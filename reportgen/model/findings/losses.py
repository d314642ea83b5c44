"""The rules for loss curves: divergence, upturns, overfitting, plateaus and spikes. Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median, median_low
from typing import Final

from reportgen.model.curves import Curve, Point
from reportgen.model.findings.course import Course, course_of, noise, sample
from reportgen.model.statistics import student_t

_SIGMAS: Final = 5
"""How many standard deviations of the noise, which is itself only estimated, a change exceeds."""


@dataclass(frozen=True, slots=True)
class LossFindings:
    """What stands out in a job's losses, each phenomenon once."""

    divergence: "Divergence | None" = None
    overfitting: "Overfitting | None" = None
    upturn: "Upturn | None" = None
    evaluation_upturn: "Upturn | None" = None
    plateau: "Plateau | None" = None
    evaluation_plateau: "Plateau | None" = None
    spikes: "Spikes | None" = None


def loss_findings(loss: Curve, eval_loss: Curve, *, failed: bool = False) -> LossFindings:
    """Return what stands out in a job's losses; `failed` is whether the job failed.

    A divergence is all there is to say: after it, the rest of the curve means nothing.
    Overfitting says more than the upturn that is part of it. Only a curve that did not go up can
    have stopped getting better, and the evaluation loss is the one that matters.
    """
    training, evaluation = course_of(loss), course_of(eval_loss)
    if diverged := divergence(training, failed=failed):
        return LossFindings(divergence=diverged)
    overfitted = overfitting(training, evaluation)
    up = upturn(training)
    evaluation_up = None if overfitted else evaluation_upturn(evaluation)
    is_flat = not (overfitted or up or evaluation_up)
    is_evaluated = evaluation.points >= _LEAST_EVALUATIONS_TO_STALL
    return LossFindings(
        overfitting=overfitted,
        upturn=up,
        evaluation_upturn=evaluation_up,
        plateau=plateau(training) if is_flat and not is_evaluated else None,
        evaluation_plateau=evaluation_plateau(evaluation) if is_flat else None,
        spikes=spikes(training),
    )


# --- Divergence --------------------------------------------------------------------------------

_LEAST_TO_LEAVE: Final = 8
"""The minimum number of losses that make a range; with fewer, only a loss that is not finite has
left it."""

_OUTSIDE: Final = 0.25
"""How far above its highest level a loss has left its range, as a fraction of that level: a run
that is merely getting worse stays below."""

_STAYED_OUT: Final = 5
"""The minimum number of losses outside the range, if the last is finite: fewer may be a spike. If
the job failed, nothing followed that could have come back, so one is enough."""

_EXPLODED: Final = 2
"""How high such losses are, as a multiple of the range's highest level: below, they only rose."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """A loss that left its range for good: the first one outside, which may not be finite."""

    onset: Point


def divergence(training: Course, *, failed: bool = False) -> Divergence | None:
    """Return where a loss left its range and did not come back; None if it did not leave it.

    The range ends a quarter above the highest level before the lowest one. A loss that is not
    finite is outside, but so long as no finite one came before it, there was no range to leave.
    `failed` is whether the job failed.
    """
    loss = training.curve
    values = loss.values
    high = limit = math.inf
    if training.points >= _LEAST_TO_LEAVE:
        high = max(training.levels[: training.lowest + 1])
        limit = high + _OUTSIDE * abs(high)
        if values[-1] > limit:
            limit = max(limit, high + _SIGMAS * noise(values))
    first = len(values)
    while first and not values[first - 1] <= limit:
        first -= 1
    outside = len(values) - first
    if not first or not outside:
        return None
    if math.isfinite(values[-1]):
        exploded = median(sample(values, first, len(values))) > _EXPLODED * abs(high)
        if outside < (1 if failed else _STAYED_OUT) or not exploded:
            return None
    return Divergence(Point(loss.steps[first], values[first]))


# --- Upturns and overfitting -------------------------------------------------------------------

_LEAST_LOSSES: Final = 20
_LEAST_EVALUATIONS: Final = 5
"""The minimum numbers of points of a training and of an evaluation curve. An evaluation is the mean
over a whole data set, so a few of them already show a course."""

_WORSE: Final = 0.05
"""The minimum rise of a loss that went up, as a fraction of its lowest level."""

_OVERFITTED: Final = 0.01
"""The minimum rise of the evaluation loss, as a fraction of its lowest, while training loss falls:
that the two part is a sign in itself."""

_FELL: Final = 0.01
"""The minimum fall of the training loss in that time, as a fraction of its level."""

_ENDING: Final = 10
"""A loss has stayed up if it was up for the last tenth of its levels, and at least for two."""


@dataclass(frozen=True, slots=True)
class Upturn:
    """A loss that went up after its lowest point and stayed up."""

    best: Point
    end: Point
    """The point at the end of which the loss is quoted; both points are logged ones."""


@dataclass(frozen=True, slots=True)
class Overfitting:
    """An evaluation loss that rose from its lowest point while training loss fell."""

    best: Point
    end: Point
    """The last evaluation."""


def upturn(training: Course) -> Upturn | None:
    """Return how a training loss went up for good; None if it did not.

    Its end is quoted by a typical loss of the last stretch, since a single one can be anything.
    """
    if not _has(training, _LEAST_LOSSES) or not _stayed_up(training, _WORSE):
        return None
    return Upturn(_lowest(training.curve), typical(training.curve, *training.places[-1]))


def evaluation_upturn(evaluation: Course) -> Upturn | None:
    """Return how an evaluation loss went up for good; None if it did not."""
    if not _has(evaluation, _LEAST_EVALUATIONS) or not _stayed_up(evaluation, _WORSE):
        return None
    return Upturn(_lowest(evaluation.curve), _last(evaluation.curve))


def overfitting(training: Course, evaluation: Course) -> Overfitting | None:
    """Return where the evaluation loss began to rise while training loss fell, if it did so."""
    if not (_has(evaluation, _LEAST_EVALUATIONS) and _has(training, _LEAST_TO_LEAVE)):
        return None
    if not _stayed_up(evaluation, _OVERFITTED):
        return None
    best = _lowest(evaluation.curve)
    before = [
        level
        for (_, end), level in zip(training.places, training.levels, strict=True)
        if training.curve.steps[end - 1] <= best.step
    ]
    if not before:
        return None
    then, now = median(before[-3:]), median(training.levels[-3:])
    if then - now <= max(_FELL * abs(then), _SIGMAS * training.noise):
        return None
    return Overfitting(best, _last(evaluation.curve))


_LARGEST: Final = 1e100
"""Beyond this, squares leave the range of doubles; no loss that still says something is there."""


def _has(course: Course, least: int) -> bool:
    """Return whether a curve has enough points, none of which is typically beyond all reason."""
    return course.points >= least and max(map(abs, course.levels)) < _LARGEST


def _stayed_up(course: Course, share: float) -> bool:
    """Return whether the last levels are above the lowest by more than a share and the noise."""
    ending = max(len(course.levels) // _ENDING, 2)
    if len(course.levels) - 1 - course.lowest < ending:
        return False
    # The second lowest: a single level may be low by luck.
    low = sorted(course.levels)[1]
    rise = min(course.levels[-ending:]) - low
    return rise > max(share * abs(low), _SIGMAS * course.noise, _overcome(course))


def _overcome(course: Course) -> float:
    """Return the largest rise before the lowest level: a loss that wanders went up before."""
    low, rise = math.inf, 0.0
    for level in course.levels[: course.lowest + 1]:
        low = min(low, level)
        rise = max(rise, level - low)
    return rise


def _lowest(curve: Curve) -> Point:
    """Return the last of the lowest points: after it, the loss only went up."""
    value = min(filter(math.isfinite, curve.values))
    return _last(curve, lambda each: each == value)


def _last(curve: Curve, is_it: Callable[[float], bool] = math.isfinite) -> Point:
    place = next(at for at in reversed(range(len(curve))) if is_it(curve.values[at]))
    return Point(curve.steps[place], curve.values[place])


def typical(curve: Curve, start: int, end: int) -> Point:
    """Return a logged point between two indices whose value is about the median."""
    value = median_low(sample(curve.values, start, end))
    return Point(curve.steps[curve.values.index(value, start)], value)


# --- Plateaus ----------------------------------------------------------------------------------

_LEAST_TO_STALL: Final = 60
_LEAST_EVALUATIONS_TO_STALL: Final = 12
"""The minimum number of points of which a third show whether a curve is flat."""

_BETTER, _SURELY_BETTER = 0.005, 0.02
"""The fall over the last third that would still be better, as fractions of the whole fall: as it
seems, and as it is at most, given the noise."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """A loss that got no better over the last third."""

    since: float
    """The step at which the last third begins."""
    typical: Point
    """A logged point of the last third, about its median."""


def plateau(training: Course) -> Plateau | None:
    """Return where a training loss stopped getting better; None if it got better to the end."""
    return _plateau(training) if _has(training, _LEAST_TO_STALL) else None


def evaluation_plateau(evaluation: Course) -> Plateau | None:
    """Return where an evaluation loss stopped getting better; None if it did not, or is short."""
    return _plateau(evaluation) if _has(evaluation, _LEAST_EVALUATIONS_TO_STALL) else None


def _plateau(course: Course) -> Plateau | None:
    third = len(course.levels) * 2 // 3
    fall = course.levels[0] - min(course.levels)
    if fall <= max(_FELL * abs(course.levels[0]), _SIGMAS * course.noise):
        return None  # it never fell
    fell, margin = _fall(course.levels[third:], course.noise)
    if fell > _BETTER * fall or max(fell, 0.0) + margin > _SURELY_BETTER * fall:
        return None
    start, end = course.places[third][0], course.places[-1][1]
    return Plateau(course.curve.steps[start], typical(course.curve, start, end))


def _fall(values: Sequence[float], noise: float) -> tuple[float, float]:
    """Return the fall along the line of least squares, and half its 95 % confidence interval.

    The values are taken to be no closer to the line, by luck, than the noise allows.
    """
    line = linear_regression(range(len(values)), values)
    off = [value - line.intercept - line.slope * at for at, value in enumerate(values)]
    freedom, length = len(values) - 2, len(values) - 1
    variance = max(math.fsum(each * each for each in off) / freedom, noise * noise)
    error = math.sqrt(variance / math.fsum((at - length / 2) ** 2 for at in range(len(values))))
    return -line.slope * length, student_t(freedom) * error * length


# --- Spikes ------------------------------------------------------------------------------------

_LEAST_TO_SPIKE: Final = 50

_COLUMNS: Final = 640
"""At most one spike is found in each of these: nobody sees more of them on a chart."""

_REACH, _NEIGHBOURS = 20, 5
"""How far on each side points are compared with a spike, and the fewest of them."""

_TALL: Final = 0.5
"""The minimum height of a spike, as a fraction of the loss around it."""

_APART: Final = 8
"""The minimum height of a spike, as a multiple of the third highest of about 30 neighbours."""

_COMMON: Final = 50
"""If more than one loss in 50 is a spike, that is how the curve is."""


@dataclass(frozen=True, slots=True)
class Spikes:
    """Losses far above those around them."""

    count: int
    highest: Point


def spikes(training: Course) -> Spikes | None:
    """Return the spikes in a training loss; None if it has none."""
    if not _has(training, _LEAST_TO_SPIKE):
        return None
    loss = training.curve
    reach = max(_REACH, len(loss) // 50)
    found: list[int] = []
    last = -math.inf
    for place in _spiking(training, reach):
        if place - last > reach // 4:
            found.append(place)
        elif loss.values[place] > loss.values[found[-1]]:
            found[-1] = place
        last = place
    if not found or len(found) * _COMMON > len(loss):
        return None
    highest = max(found, key=loss.values.__getitem__)
    return Spikes(len(found), Point(loss.steps[highest], loss.values[highest]))


def _spiking(training: Course, reach: int) -> Iterator[int]:
    """Yield the index of each column's highest value, if it is a spike."""
    values = training.curve.values
    width = -(-len(values) // _COLUMNS)
    for number, (first, end) in enumerate(training.places):
        # Nearly all stretches are ruled out by the levels nearby, before any value is looked at.
        low = min(training.levels[max(number - 1, 0) : number + 2])
        tall = low + _TALL * abs(low)
        if _highest(values, first, end) > tall:
            for start in range(first, end, width):
                top = _highest(values, start, min(start + width, end))
                if top > tall and _is_spike(values, place := values.index(top, start), reach):
                    yield place


def _highest(values: Sequence[float], start: int, end: int) -> float:
    return max(filter(math.isfinite, values[start:end]), default=-math.inf)


def _is_spike(values: Sequence[float], place: int, reach: int) -> bool:
    gap = reach // 4  # a spike can be several points wide
    before = sample(values, place - reach, place - gap)
    after = sample(values, place + gap + 1, place + reach + 1)
    if min(len(before), len(after)) < _NEIGHBOURS:
        return False
    around = max(median(before), median(after))
    usual = sorted(before + after)[-3] - around
    return values[place] - around > max(_TALL * abs(around), _APART * usual)
