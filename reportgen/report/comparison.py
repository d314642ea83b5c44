"""The compared jobs, and their loss curves overlaid. Pure.

A compared curve has at most 160 points: the means of its finite values in 160 columns of its own
steps, so that noisy curves stay distinct when overlaid. A curve with at most 160 points is used
unchanged. Its line breaks at values that are not finite.
"""

import heapq
import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from operator import itemgetter
from typing import Final, TypeAlias

from reportgen.charts import axes
from reportgen.charts.axes import HEIGHT, WIDTH, Tick
from reportgen.charts.labels import spread
from reportgen.charts.svg import Polyline
from reportgen.model.curves import Curve
from reportgen.model.span import Span, span_of
from reportgen.model.statistics import column_bounds, column_means, finite_count
from reportgen.model.trend import Clock
from reportgen.report.report import JobDetail, JobSummary
from reportgen.text.times import parse_time

JOBS: Final = 50
"""The maximum number of jobs compared: the newest of those with points."""

LEAST_JOBS: Final = 2

SHOWN: Final = 8
"""The number of compared jobs drawn when the page is opened."""

COLUMNS: Final = 160


@dataclass(frozen=True, slots=True)
class ComparedCurve:
    """A downsampled curve with increasing steps."""

    steps: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    """The time of each step since the job's start; empty if times are unknown."""
    averaged: bool = False
    """Whether the values are means, not the logged ones."""
    breaks: tuple[int, ...] = ()
    """The increasing indices of the points before which the line breaks."""

    @property
    def is_whole(self) -> bool:
        """Whether all steps have a value, all or none have a time, and breaks are at points."""
        count = len(self.steps)
        return (
            len(self.values) == count
            and len(self.seconds) in {0, count}
            and all(0 < at < count for at in self.breaks)
        )


@dataclass(frozen=True, slots=True)
class ComparedCurves:
    """The curves of one job in the comparison."""

    loss: ComparedCurve
    eval_loss: ComparedCurve


def compared_curves(detail: JobDetail) -> ComparedCurves:
    """Return a job's downsampled curves for the comparison."""
    start = parse_time(detail.summary.started_at)
    times = _known_times(detail.clock, start)
    return ComparedCurves(
        _compared_curve(detail.loss, times), _compared_curve(detail.eval_loss, times)
    )


def newest(jobs: Iterable[JobSummary]) -> list[JobSummary]:
    """Return the 50 newest jobs with points, newest first, those of unknown age last."""
    with_points = (job for job in jobs if job.loss or job.eval_loss)
    return heapq.nsmallest(JOBS, with_points, key=_age)


@dataclass(slots=True)
class Shortlist:
    """The curves of the newest jobs so far, while jobs are rendered one after another."""

    curves: dict[str, ComparedCurves] = field(default_factory=dict)
    """By job id. They include some jobs that turned out to be too old, which are dropped later."""
    _ages: list[tuple[float, str]] = field(default_factory=list)

    def has_room_for(self, job: JobSummary) -> bool:
        """Count a job, and return whether it is among the newest 50 with points so far."""
        if not (job.loss or job.eval_loss):
            return False
        age = _age(job)
        # Among jobs of the same age, the first ones are compared.
        if len(self._ages) >= JOBS and age >= self._ages[-1][0]:
            return False
        insort(self._ages, (age, job.id), key=itemgetter(0))
        del self._ages[JOBS:]
        return True

    def add(self, job_id: str, curves: ComparedCurves) -> None:
        """Keep a job's curves for as long as the job may be compared."""
        self.curves[job_id] = curves
        if len(self.curves) > 2 * JOBS:
            for too_old in self.curves.keys() - {job_id for _, job_id in self._ages}:
                del self.curves[too_old]


def _age(job: JobSummary) -> float:
    created = parse_time(job.created_at)
    return math.inf if created is None else (_EPOCH - created).total_seconds()


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


# --- Downsampled curves ------------------------------------------------------------------------


def _compared_curve(curve: Curve, times: Sequence[tuple[float, float]]) -> ComparedCurve:
    is_long = finite_count(curve.values) > COLUMNS
    points, breaks = _unbroken(_columns(curve) if is_long else _logged(curve))
    if not points:
        return ComparedCurve()
    steps = tuple(step for step, _ in points)
    seconds = tuple(_seconds_at(step, times) for step in steps) if times else ()
    values = tuple(value for _, value in points)
    return ComparedCurve(steps, values, seconds, averaged=is_long, breaks=tuple(breaks))


_Place: TypeAlias = tuple[float, float | None, bool]
"""A step, its value if it has one, and whether the line breaks after it."""


def _logged(curve: Curve) -> Iterable[_Place]:
    for step, value in zip(curve.steps, curve.values, strict=True):
        is_finite = math.isfinite(value)
        yield step, value if is_finite else None, not is_finite


def _columns(curve: Curve) -> Iterable[_Place]:
    across = Span(curve.steps[0], curve.steps[-1])
    bounds = pairwise(column_bounds(curve.steps, across, COLUMNS))
    means = column_means(curve, across, COLUMNS)
    for column, (mean, (start, end)) in enumerate(zip(means, bounds, strict=True)):
        is_broken = finite_count(curve.values[start:end]) < end - start
        yield _between(across, (column + 0.5) / COLUMNS), mean, is_broken


def _unbroken(places: Iterable[_Place]) -> tuple[list[tuple[float, float]], list[int]]:
    """Return the points, and the indices of those before which the line breaks."""
    points: list[tuple[float, float]] = []
    breaks: list[int] = []
    is_broken = False
    for step, value, breaks_after in places:
        if value is not None:
            if is_broken and points:
                breaks.append(len(points))
            points.append((step, value))
            is_broken = False
        is_broken = is_broken or breaks_after
    return points, breaks


def _between(span: Span, part: float) -> float:
    return span.low * (1 - part) + span.high * part


def _known_times(clock: Clock, start: datetime | None) -> list[tuple[float, float]]:
    """Return the steps with known times, and their seconds since the start.

    If the start is unknown, the seconds count from the first of these steps.
    """
    known = [(step, time) for step, text in clock.pairs if (time := parse_time(text))]
    if not known:
        return []
    first = start or known[0][1]
    return [(step, (time - first).total_seconds()) for step, time in known]


def _seconds_at(step: float, known: Sequence[tuple[float, float]]) -> float:
    """Interpolate a step's time, or extrapolate it from the two nearest known ones."""
    if len(known) == 1:
        return known[0][1]
    after = min(max(bisect_left(known, (step, -math.inf)), 1), len(known) - 1)
    (step_a, time_a), (step_b, time_b) = known[after - 1], known[after]
    if step_a == step_b:
        return time_b
    return time_a + (time_b - time_a) * ((step - step_a) / (step_b - step_a))


# --- The overlay -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineEnd:
    """The point where a line ends in the plot, and the height of its label beside the plot."""

    x: float
    y: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Overlay:
    """Curves on the same axes. Tuples other than ticks have an entry per curve, None if empty."""

    lines: tuple[tuple[Polyline, ...], ...]
    """The unbroken parts of each curve."""
    ends: tuple[LineEnd | None, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    left_at: tuple[float | None, ...]
    """The step at which each curve leaves the plot at the top, or None."""
    beyond: int
    """The number of curves that continue beyond the right edge."""


def overlay(curves: Sequence[ComparedCurve]) -> Overlay | None:
    """Overlay curves by step; return None if all are empty.

    The plot ends where only one curve is left, so that one long run does not squeeze the others.
    A curve that rises far above the highest first value leaves the plot, so as not to flatten them.
    """
    across = _across(curves)
    if across is None:
        return None
    visible = [_up_to(curve, across.high) for curve in curves]
    upwards = _upwards(visible)
    if upwards is None:
        return None
    return Overlay(
        lines=tuple(_lines(curve, across, upwards) for curve in curves),
        ends=tuple(_ends(visible, across, upwards)),
        x_ticks=axes.x_ticks(across),
        y_ticks=axes.y_ticks(upwards),
        left_at=tuple(_left_at(curve, upwards.high) for curve in visible),
        beyond=sum(bool(curve.steps) and curve.steps[-1] > across.high for curve in curves),
    )


def _across(curves: Sequence[ComparedCurve]) -> Span | None:
    """Return the range of steps until only one curve has points; all steps of a single curve."""
    known = [curve.steps for curve in curves if curve.steps]
    if not known:
        return None
    low = min(steps[0] for steps in known)
    last = sorted(steps[-1] for steps in known)
    high = last[-2] if len(last) > 1 and last[-2] > low else last[-1]
    return Span(low, high)


def _up_to(curve: ComparedCurve, step: float) -> ComparedCurve:
    end = bisect_right(curve.steps, step)
    return ComparedCurve(curve.steps[:end], curve.values[:end])


_FAR: Final = 2.0
_ABOVE: Final = 0.1
_SPIKE: Final = 20
_NEARLY_ALL: Final = 0.98


def _upwards(curves: Sequence[ComparedCurve]) -> Span | None:
    span = span_of(value for curve in curves for value in curve.values)
    if span is None:
        return None
    began = max(_start(curve.values) for curve in curves if curve.values)
    fall = began - span.low
    if 0 < fall < math.inf and span.high - span.low > _FAR * fall:
        return Span(span.low, began + _ABOVE * fall)
    return span


def _start(values: Sequence[float]) -> float:
    """Return a curve's first value or, if that is a spike, the 98th percentile of the values."""
    ordered = sorted(values)
    high = ordered[int(_NEARLY_ALL * (len(ordered) - 1))]
    return high if values[0] - ordered[0] > _SPIKE * (high - ordered[0]) > 0 else values[0]


def _lines(curve: ComparedCurve, across: Span, upwards: Span) -> tuple[Polyline, ...]:
    """Return a curve's unbroken parts with at most one point beyond the right edge of the plot.

    They are clipped there. A lone point is a line of no length, which is drawn as a dot.
    """
    if not curve.steps:
        return ()
    end = bisect_right(curve.steps, across.high) + 1
    xs = [WIDTH * place for place in across.fractions(curve.steps[:end])]
    # Lines above the plot are clipped too, so one more height is enough.
    ys = [max(-HEIGHT, HEIGHT * (1 - place)) for place in upwards.fractions(curve.values[:end])]
    edges = [0, *(at for at in curve.breaks if at < len(xs)), len(xs)]
    repeats = (2 if end - start == 1 else 1 for start, end in pairwise(edges))
    return tuple(
        Polyline(times * xs[start:end], times * ys[start:end])
        for times, (start, end) in zip(repeats, pairwise(edges), strict=True)
    )


def _ends(curves: Sequence[ComparedCurve], across: Span, upwards: Span) -> Iterable[LineEnd | None]:
    heights = [
        min(max(HEIGHT * (1 - upwards.fraction(curve.values[-1])), 0.0), float(HEIGHT))
        for curve in curves
        if curve.steps
    ]
    placed = zip(heights, spread(heights), strict=True)
    for curve in curves:
        if curve.steps:
            y, label_y = next(placed)
            yield LineEnd(WIDTH * across.fraction(curve.steps[-1]), y, label_y)
        else:
            yield None


def _left_at(curve: ComparedCurve, high: float) -> float | None:
    pairs = zip(curve.steps, curve.values, strict=True)
    return next((step for step, value in pairs if value > high), None)
