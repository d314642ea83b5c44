"""The strip of key numbers at the top of a job's page."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from reportgen.model.metrics import EVAL_MINIMUM
from reportgen.pages.values import Loss, Part
from reportgen.report.report import JobDetail, JobSummary
from reportgen.report.wording import duration, shown_change, steps
from reportgen.text.javascript import js_number


class Fact(msgspec.Struct, frozen=True):
    """A number with its label, and a note beneath it."""

    label: str
    value: Part
    note: tuple[Part, ...] = ()
    tone: str = ""
    """`good`, `bad` or empty."""


def strip(detail: JobDetail, snapshot_at: datetime, zone: ZoneInfo) -> Iterator[Fact]:
    """Yield the known numbers that show whether a job went well."""
    job = detail.summary
    yield from _result(job)
    if job.change is not None:
        shown = shown_change(job.change, zone)
        yield Fact("Change", shown.difference, (shown.baseline,), shown.tone)
    yield from _last_loss(job)
    seconds = job.seconds_at(snapshot_at)
    if seconds is not None:
        yield Fact("Duration", duration(seconds), ("so far",) if job.status == "running" else ())
    if job.last_step is not None:
        yield Fact("Steps", steps(job), _share(job))
    if detail.throughput.last is not None:
        yield Fact("Throughput", detail.throughput.last, ("samples per second, last",))
    yield from _checkpoint(job)


def _result(job: JobSummary) -> Iterator[Fact]:
    if job.result is None:
        return
    if job.result.metric == EVAL_MINIMUM and (found := job.eval_loss):
        step = f"at step {js_number(found.min_step)}"
        yield Fact("Best eval loss", Loss.of(found.min, found), (step,))
    else:
        value = job.result.value
        yield Fact("Result", "NaN" if value is None else value, ("mean of the last tenth",))


def _last_loss(job: JobSummary) -> Iterator[Fact]:
    if job.last_not_finite is not None:
        note: tuple[Part, ...] = ("last finite ", job.loss.last) if job.loss else ()
        yield Fact("Last loss", job.last_not_finite, note, "bad")
    elif job.loss:
        lowest = Loss.of(job.loss.min, job.loss)
        note = ("lowest ", lowest, f" at step {js_number(job.loss.min_step)}")
        yield Fact("Last loss", Loss.of(job.loss.last, job.loss), note)


def _share(job: JobSummary) -> tuple[Part, ...]:
    """Return the percentage of its steps that a job has done: 100 % only if it did them all."""
    most = job.max_steps
    if most is None or job.last_step is None or not 0 < job.last_step <= most:
        return ()
    share = int(100 * (job.last_step / most))
    return (f"{share} %",)


def _checkpoint(job: JobSummary) -> Iterator[Fact]:
    """Yield the checkpoint nearest to the best evaluation or, without one, to the lowest loss."""
    if job.checkpoint is not None:
        note = "nearest to the best evaluation" if job.eval_loss else "nearest to the lowest loss"
        yield Fact("Checkpoint", f"step {js_number(job.checkpoint.step)}", (note,))
