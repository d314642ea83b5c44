"""A job's statistics, and what stands out in its numbers, in plain words."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.model import history, statistics
from reportgen.model.curves import Curve
from reportgen.pages.values import Loss, Part
from reportgen.report.report import JobDetail
from reportgen.report.wording import duration, moment, plural
from reportgen.text.javascript import js_number
from reportgen.text.times import parse_time


@dataclass(frozen=True, slots=True)
class MetricStatistics:
    """The statistics of one metric, with their names."""

    metric: str
    numbers: tuple[tuple[str, tuple[Part, ...]], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about a job's numbers; `tone` is `bad`, `warning` or empty."""

    tone: str
    parts: tuple[Part, ...]


def findings(detail: JobDetail, snapshot_at: datetime, zone: ZoneInfo) -> Iterable[Finding]:
    """Yield what stands out in a job's numbers, the bad first."""
    job = detail.summary
    if job.not_finite:
        yield Finding("bad", _not_finite(detail))
    for name, points, metric in (
        ("Training", detail.loss, job.loss),
        ("Evaluation", detail.eval_loss, job.eval_loss),
    ):
        if metric and (rise := statistics.rise(points)):
            after = f"{name} loss went up after step {js_number(rise.step)} and stayed up: "
            low, high = Loss.of(rise.low, metric), Loss.of(rise.high, metric)
            yield Finding("warning", (after, low, " → ", high))
    unusable = dict(job.stream.skipped_reasons).get(history.NO_LOSS, 0)
    if unusable:
        yield Finding("warning", (f"{plural(unusable, 'loss', 'losses')} unusable",))
    if job.status == "running" and job.max_steps is not None:
        end = detail.pace.expected_end(job.max_steps, parse_time(detail.last_event_at), snapshot_at)
        if shown := moment(end, zone):
            yield Finding("", ("Expected to end at about ", shown))
    yield from _pause(detail)


def _not_finite(detail: JobDetail) -> tuple[Part, ...]:
    """Return how many losses are not finite, and the first such step in each curve."""
    curves = (("training", detail.loss), ("evaluation", detail.eval_loss))
    firsts = [(name, _first_not_finite(points)) for name, points in curves]
    where = [f"{name} at step {js_number(step)}" for name, step in firsts if step is not None]
    count = plural(detail.summary.not_finite, "loss", "losses")
    return (f"{count} not finite, first in {' and in '.join(where)}",)


_NOTABLE_PAUSE: Final = 5
"""The minimum length of a pause worth mentioning, in mean times between two events."""


def _pause(detail: JobDetail) -> Iterable[Finding]:
    """Yield the longest time without an event, if it is long enough to mention."""
    pause, job = detail.pause, detail.summary
    if pause is None:
        return
    if job.duration_seconds and pause.seconds * job.stream.events < (
        _NOTABLE_PAUSE * job.duration_seconds
    ):
        return
    where = "" if pause.after_step is None else f", after step {js_number(pause.after_step)}"
    text = f"Longest time between two events: {duration(pause.seconds)}{where}"
    yield Finding("", (text,))


def _first_not_finite(points: Curve) -> float | None:
    pairs = zip(points.steps, points.values, strict=True)
    return next((step for step, value in pairs if not math.isfinite(value)), None)


def statistics_of(detail: JobDetail) -> Iterable[MetricStatistics]:
    """Yield the statistics of both curves, for the *Advanced* panel."""
    job = detail.summary
    for name, points, metric in (
        ("Training loss", detail.loss, job.loss),
        ("Eval loss", detail.eval_loss, job.eval_loss),
    ):
        found = statistics.describe(points)
        if found is None or metric is None:
            continue
        margin: tuple[Part, ...] = () if found.margin is None else (" ± ", found.margin)
        numbers: tuple[tuple[str, tuple[Part, ...]], ...] = (
            ("n", (float(found.n),)),
            ("First", (metric.first,)),
            ("Highest", (metric.max,)),
            ("Mean ± 95 % CI", (found.mean, *margin)),
            ("Standard deviation", _known(found.deviation)),
            ("Variance", _known(found.variance)),
            ("p90", (found.p90,)),
            ("p95", (found.p95,)),
        )
        yield MetricStatistics(name, numbers)


def _known(number: float | None) -> tuple[Part, ...]:
    return ("—" if number is None else number,)
