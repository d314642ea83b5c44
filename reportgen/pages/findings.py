"""A job's statistics, and what stands out in its numbers, in plain words.

The rules are in `model.findings`. Every number in a sentence is a logged one, or a difference.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.model import history, statistics
from reportgen.model.curves import Curve, Point
from reportgen.model.findings.course import course_of
from reportgen.model.findings.losses import (
    Divergence,
    LossFindings,
    Overfitting,
    Upturn,
    divergence,
    loss_findings,
)
from reportgen.model.findings.trends import Phase, drop, phase, rate_above_zero
from reportgen.model.metrics import Metric
from reportgen.model.rounding import significant
from reportgen.pages.values import Loss, Part, distance
from reportgen.report.report import JobDetail, JobSummary
from reportgen.report.wording import duration, moment, plural
from reportgen.text import javascript
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
    """Yield what stands out in a job's numbers, the bad first.

    What explains a failure is not among them, but in `likely_cause`.
    """
    job = detail.summary
    found = loss_findings(detail.loss, detail.eval_loss, failed=job.status == "failed")
    if found.divergence is None and job.not_finite:
        yield Finding("bad", (_not_finite(detail),))
    elif found.divergence is not None and not likely_cause(detail):
        yield Finding("bad", _capitalised(_divergence(detail, found.divergence)))
    yield from _warnings(detail, found)
    unusable = dict(job.stream.skipped_reasons).get(history.NO_LOSS, 0)
    if unusable:
        yield Finding("warning", (f"{plural(unusable, 'loss', 'losses')} unusable",))
    if slower := drop(detail.throughput):
        at = "at" if detail.throughput.is_exact else "around"
        dropped = f"Throughput dropped {at} step {js_number(slower.step)} and stayed low: "
        numbers = (slower.before, " → ", slower.after)
        yield Finding("warning", (dropped, *numbers, " samples per second"))
    yield from _plateau(job, found)
    completed = job.status == "completed" and not found.divergence
    if completed and (rate := rate_above_zero(detail.learning_rate)):
        share = f", {js_number(significant(100 * rate.last / rate.peak.value, 2))} % of its peak"
        yield Finding("", ("The learning rate ended above zero: at ", rate.last, share))
    if job.status == "running" and job.max_steps is not None:
        end = detail.pace.expected_end(job.max_steps, parse_time(detail.last_event_at), snapshot_at)
        if shown := moment(end, zone):
            yield Finding("", ("Expected to end at about ", shown))
    yield from _pause(detail)


def likely_cause(detail: JobDetail) -> tuple[Part, ...]:
    """Return why a job failed, if its losses show it and its error names no other cause."""
    job = detail.summary
    if job.status != "failed" or _OTHER_CAUSE.search(job.error or ""):
        return ()
    found = divergence(course_of(detail.loss), failed=True)
    return () if found is None else ("Likely cause: ", *_divergence(detail, found))


_OTHER_CAUSE: Final = re.compile(
    r"memory|\boom\b|space left|connection|timed? ?out|killed|preempted", re.IGNORECASE
)
"""Errors that no loss causes, however bad it was."""


# --- Divergence --------------------------------------------------------------------------------

_RATE_DIGITS: Final = 2
"""The digits of a learning rate that is only to be seen beside its peak."""


def _divergence(detail: JobDetail, found: Divergence) -> tuple[Part, ...]:
    """Return where a loss left its range, and what the learning rate was doing there."""
    lost = _not_finite(detail)
    if not math.isfinite(found.onset.value):
        return (lost, *_rate_at(detail, found.onset.step))
    left = f"loss left its range at step {js_number(found.onset.step)}"
    return (left, *_rate_at(detail, found.onset.step), f"; {lost}" if lost else "")


def _rate_at(detail: JobDetail, step: float) -> tuple[Part, ...]:
    """Return what the learning rate was doing at a step; nothing if that is not known."""
    rate, trend = detail.onset_rate, detail.learning_rate
    if rate is None or trend.peak is None:
        return ()
    target = javascript.finite(detail.summary.config.get("learningRate")) or 0.0
    high = max(trend.peak.value, target)
    match phase(trend, Point(step, rate), high):
        case Phase.WARMING_UP:
            shown = Loss(rate, _RATE_DIGITS)
            return (" while the learning rate was still warming up, ", shown, " of ", high)
        case Phase.AT_PEAK:
            return (" while the learning rate was at its peak, ", rate)
        case Phase.CONSTANT:
            return (" at a learning rate of ", rate)
        case Phase.FALLING:
            return (" after the learning rate had come down to ", rate, " from ", trend.peak.value)


def _capitalised(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    first, *rest = parts
    return (first[:1].upper() + first[1:] if isinstance(first, str) else first, *rest)


def _not_finite(detail: JobDetail) -> str:
    """Return how many losses are not finite, and the first such step in each curve."""
    if not detail.summary.not_finite:
        return ""
    curves = (("training", detail.loss), ("evaluation", detail.eval_loss))
    firsts = [(name, _first_not_finite(points)) for name, points in curves]
    where = [f"{name} at step {js_number(step)}" for name, step in firsts if step is not None]
    count = plural(detail.summary.not_finite, "loss", "losses")
    return f"{count} not finite, first in {' and in '.join(where)}"


def _first_not_finite(points: Curve) -> float | None:
    pairs = zip(points.steps, points.values, strict=True)
    return next((step for step, value in pairs if not math.isfinite(value)), None)


# --- Curves that went wrong --------------------------------------------------------------------


def _warnings(detail: JobDetail, found: LossFindings) -> Iterable[Finding]:
    job = detail.summary
    if found.overfitting and job.eval_loss:
        yield Finding("warning", _overfitting(job, job.eval_loss, found.overfitting))
    if found.evaluation_upturn and job.eval_loss:
        went_up = _upturn(found.evaluation_upturn, job.eval_loss)
        too: tuple[Part, ...] = ()
        if found.upturn and job.loss:
            too = (", and so did training loss", *_upturn(found.upturn, job.loss))
        yield Finding("warning", ("Evaluation loss went up", *went_up, *too))
    elif found.upturn and job.loss:
        yield Finding("warning", ("Training loss went up", *_upturn(found.upturn, job.loss)))
    if found.spikes and job.loss:
        highest = found.spikes.highest
        times = "once" if found.spikes.count == 1 else f"{found.spikes.count} times"
        about = ": " if found.spikes.count == 1 else ", highest "
        value = Loss.of(highest.value, job.loss)
        at = f" at step {js_number(highest.step)}"
        yield Finding("warning", (f"Training loss spiked {times} and came back{about}", value, at))


def _upturn(found: Upturn, metric: Metric) -> tuple[Part, ...]:
    after = f" after step {js_number(found.best.step)} and stayed up: "
    return (after, Loss.of(found.best.value, metric), " → ", Loss.of(found.end.value, metric))


def _overfitting(job: JobSummary, metric: Metric, found: Overfitting) -> tuple[Part, ...]:
    start = f"Overfitting after step {js_number(found.best.step)}: evaluation loss rose from "
    best, end = Loss.of(found.best.value, metric), Loss.of(found.end.value, metric)
    rose: tuple[Part, ...] = (start, best, " to ", end, " while training loss fell; ")
    kept = job.checkpoint
    if kept is None or kept.evaluation is None or kept.evaluation.value >= found.end.value:
        return (*rose, *distance(found.end.value, found.best.value), " lost since")
    at = f" lost against the checkpoint at step {js_number(kept.step)}"
    if kept.evaluation.step != kept.step:
        at += f", evaluated at step {js_number(kept.evaluation.step)}"
    return (*rose, *distance(found.end.value, kept.evaluation.value), at)


def _plateau(job: JobSummary, found: LossFindings) -> Iterable[Finding]:
    """Yield that a loss got no better, if the job has ended: until then it still may."""
    for name, flat, metric in (
        ("evaluation", found.evaluation_plateau, job.eval_loss),
        ("training", found.plateau, job.loss),
    ):
        if flat and metric and job.ended:
            about = f"No better for the last third: {name} loss has stayed around "
            since = f" since step {js_number(flat.since)}"
            yield Finding("", (about, Loss.of(flat.typical.value, metric), since))


# --- Pauses and statistics ---------------------------------------------------------------------

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
