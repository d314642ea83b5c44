"""Curves of several jobs over one another: which jobs, their courses, the drawing. Pure.

A course is at most 160 places long: the means of a curve's finite values in as many columns of
its own steps, so that of noisy curves over one another each can still be told from the rest. A
curve of no more points than that is taken as it is.
"""

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final

from reportgen.charts import axes
from reportgen.charts.axes import HEIGHT, WIDTH, Tick, joined
from reportgen.model.curves import Curve
from reportgen.model.span import Span, span_of
from reportgen.model.statistics import column_means, finite_count
from reportgen.model.trend import Clock
from reportgen.report.report import JobDetail, JobSummary
from reportgen.text.times import parse_time

JOBS: Final = 50
"""How many jobs are compared, the newest of those with points."""

LEAST_JOBS: Final = 2

SHOWN: Final = 8
"""How many of them are drawn before anyone chose."""

COLUMNS: Final = 160


@dataclass(frozen=True, slots=True)
class Course:
    """A curve in few points, steps rising; `seconds` is empty where the times are not known."""

    steps: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    """When each step was, since the job's start."""

    @property
    def is_whole(self) -> bool:
        """Whether there is a value, and a time or none at all, for each step."""
        return len(self.values) == len(self.steps) and len(self.seconds) in {0, len(self.steps)}


@dataclass(frozen=True, slots=True)
class Courses:
    """What of one job's curves is compared."""

    loss: Course
    eval_loss: Course


def courses(detail: JobDetail) -> Courses:
    """Give a job's curves in few points each."""
    start = parse_time(detail.summary.started_at)
    knots = _knots(detail.clock, start)
    return Courses(_course(detail.loss, knots), _course(detail.eval_loss, knots))


def newest(jobs: Iterable[JobSummary]) -> list[JobSummary]:
    """Give the 50 newest jobs that have points, the newest first; without a time they come last."""
    compared = (job for job in jobs if job.loss or job.eval_loss)
    return heapq.nsmallest(JOBS, compared, key=_age)


@dataclass(slots=True)
class Shortlist:
    """The courses of the jobs that are the newest so far, as one job after another comes."""

    courses: dict[str, Courses] = field(default_factory=dict)
    """By id; some more than are compared, since not every one that is out-aged is dropped."""
    _ages: list[tuple[float, str]] = field(default_factory=list)

    def has_room_for(self, job: JobSummary) -> bool:
        """Take note of a job; tell whether it is among the newest 50 with points so far."""
        if not (job.loss or job.eval_loss):
            return False
        age = _age(job)
        # Of jobs of one age those that come first are compared.
        if len(self._ages) >= JOBS and age >= self._ages[-1][0]:
            return False
        insort(self._ages, (age, job.id), key=itemgetter(0))
        del self._ages[JOBS:]
        return True

    def add(self, job_id: str, found: Courses) -> None:
        """Hold a job's courses for as long as it may be compared."""
        self.courses[job_id] = found
        if len(self.courses) > 2 * JOBS:
            for gone in self.courses.keys() - {job_id for _, job_id in self._ages}:
                del self.courses[gone]


def _age(job: JobSummary) -> float:
    created = parse_time(job.created_at)
    return math.inf if created is None else (_EPOCH - created).total_seconds()


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


# --- Courses -----------------------------------------------------------------------------------


def _course(curve: Curve, knots: Sequence[tuple[float, float]]) -> Course:
    points = _points(curve)
    if not points:
        return Course()
    steps = tuple(step for step, _ in points)
    seconds = tuple(_seconds_at(step, knots) for step in steps) if knots else ()
    return Course(steps, tuple(value for _, value in points), seconds)


def _points(curve: Curve) -> list[tuple[float, float]]:
    if finite_count(curve.values) <= COLUMNS:
        return list(curve.finite())
    across = Span(curve.steps[0], curve.steps[-1])
    apart = 1 / COLUMNS
    return [
        (_between(across, (column + 0.5) * apart), mean)
        for column, mean in enumerate(column_means(curve, across, COLUMNS))
        if mean is not None
    ]


def _between(span: Span, part: float) -> float:
    return span.low * (1 - part) + span.high * part


def _knots(clock: Clock, start: datetime | None) -> list[tuple[float, float]]:
    """Give known steps with their seconds since the start, or since the first of them."""
    known = [(step, time) for step, text in clock.pairs if (time := parse_time(text))]
    if not known:
        return []
    first = start or known[0][1]
    return [(step, (time - first).total_seconds()) for step, time in known]


def _seconds_at(step: float, knots: Sequence[tuple[float, float]]) -> float:
    """Read a step's time off its neighbours, or off the nearest pair where it lies outside."""
    if len(knots) == 1:
        return knots[0][1]
    after = min(max(bisect_left(knots, (step, -math.inf)), 1), len(knots) - 1)
    (step_a, time_a), (step_b, time_b) = knots[after - 1], knots[after]
    if step_a == step_b:
        return time_b
    return time_a + (time_b - time_a) * ((step - step_a) / (step_b - step_a))


# --- The drawing -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overlay:
    """Courses over the same axes; `lines` holds the `d` of each, empty where it has no point."""

    lines: tuple[str, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    left_at: tuple[float | None, ...]
    """Where each course leaves the plot upwards: the step, None where it does not."""


def overlay(drawn: Sequence[Course]) -> Overlay | None:
    """Lay courses over one another by step; None where none has a point.

    A course that climbs far above where all of them began leaves the plot: it would press the
    others flat.
    """
    across = span_of(step for course in drawn for step in course.steps)
    upwards = _upwards(drawn)
    if across is None or upwards is None:
        return None
    return Overlay(
        lines=tuple(_line(course, across, upwards) for course in drawn),
        x_ticks=axes.x_ticks(across),
        y_ticks=axes.y_ticks(upwards),
        left_at=tuple(_left_at(course, upwards.high) for course in drawn),
    )


_FAR: Final = 2.0
_ABOVE: Final = 0.1


def _upwards(drawn: Sequence[Course]) -> Span | None:
    span = span_of(value for course in drawn for value in course.values)
    if span is None:
        return None
    began = max(course.values[0] for course in drawn if course.values)
    fall = began - span.low
    if 0 < fall < math.inf and span.high - span.low > _FAR * fall:
        return Span(span.low, began + _ABOVE * fall)
    return span


def _line(course: Course, across: Span, upwards: Span) -> str:
    xs = [WIDTH * place for place in across.fractions(course.steps)]
    # Above the plot a line goes on for one more height and no further: it is cut off there.
    ys = [max(-HEIGHT, HEIGHT * (1 - place)) for place in upwards.fractions(course.values)]
    return f"M{joined(xs, ys)}" if xs else ""


def _left_at(course: Course, high: float) -> float | None:
    pairs = zip(course.steps, course.values, strict=True)
    return next((step for step, value in pairs if value > high), None)
