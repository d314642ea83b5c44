"""A job's statistics, and in plain words what a reader would look for in its numbers."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.model import statistics
from reportgen.model.curves import Curve
from reportgen.report.report import JobDetail
from reportgen.report.wording import duration, moment, short
from reportgen.text.javascript import js_number
from reportgen.text.times import parse_time


@dataclass(frozen=True, slots=True)
class MetricStatistics:
    """The statistics of one metric: each one's name and text."""

    metric: str
    numbers: tuple[tuple[str, str], ...]


def findings(detail: JobDetail, snapshot_at: datetime, zone: ZoneInfo) -> Iterable[str]:
    """Yield what a reader would look for in a job's numbers, in plain words."""
    job = detail.summary
    if not job.ended and job.last_step is not None:
        yield from _progress(detail, job.last_step, snapshot_at, zone)
    if best := job.eval_loss or job.loss:
        name = "Best evaluation loss" if job.eval_loss else "Lowest training loss"
        found = f"{name} {js_number(best.min)} at step {js_number(best.min_step)}"
        if detail.checkpoints:
            nearest = min(detail.checkpoints, key=lambda step: abs(step - best.min_step))
            found += f", nearest checkpoint: step {js_number(nearest)}"
        yield found
    for name, points in (("Training", detail.loss), ("Evaluation", detail.eval_loss)):
        if rise := statistics.rise(points):
            yield (
                f"{name} loss went up after step {js_number(rise.step)} and stayed up: "
                f"{short(rise.low)} → {short(rise.high)}"
            )
        bad = _first_not_finite(points) if job.not_finite else None
        if bad is not None:
            yield f"{name} loss not finite, first at step {js_number(bad)}"
    yield from _pause(detail)


_NOTABLE_PAUSE: Final = 5
"""How long a pause must be to be mentioned, in mean times between two events."""


def _pause(detail: JobDetail) -> Iterable[str]:
    """Yield the longest time without an event, if it is long enough to mention."""
    pause, job = detail.pause, detail.summary
    if pause is None:
        return
    if job.duration_seconds and pause.seconds * job.stream.events < (
        _NOTABLE_PAUSE * job.duration_seconds
    ):
        return
    where = "" if pause.after_step is None else f", after step {js_number(pause.after_step)}"
    yield f"Longest time between two events: {duration(pause.seconds)}{where}"


def _first_not_finite(points: Curve) -> float | None:
    pairs = zip(points.steps, points.values, strict=True)
    return next((step for step, value in pairs if not math.isfinite(value)), None)


def _progress(
    detail: JobDetail, last: float, snapshot_at: datetime, zone: ZoneInfo
) -> Iterable[str]:
    """Yield how far a running job has come, and when it is expected to end."""
    most = detail.summary.max_steps
    if most is None or not 0 < last <= most:
        return
    text = f"Step {js_number(last)} of {js_number(most)} ({100 * last / most:.0f} %)"
    end = None
    if detail.summary.status == "running":
        end = detail.pace.expected_end(most, parse_time(detail.last_event_at), snapshot_at)
    shown = moment(end, zone)
    yield f"{text}, expected to end at about {shown.text}" if shown else text


def statistics_of(detail: JobDetail) -> Iterable[MetricStatistics]:
    """Yield the statistics of both curves, for the *Advanced* panel."""
    for name, points in (("Training loss", detail.loss), ("Eval loss", detail.eval_loss)):
        found = statistics.describe(points)
        if found is None:
            continue
        mean = short(found.mean)
        if found.margin is not None:
            mean += f" ± {short(found.margin)}"
        numbers = (
            ("n", str(found.n)),
            ("Mean ± 95 % CI", mean),
            ("Standard deviation", short(found.deviation)),
            ("Variance", short(found.variance)),
            ("p90", short(found.p90)),
            ("p95", short(found.p95)),
        )
        yield MetricStatistics(name, numbers)
