"""The contents of a report as plain values: one for each job and one for the whole report.

Pages and exports lay these values out and decide nothing. All text in them has been redacted, so
that no page or export can forget to; it still comes from the server, and pages and exports make it
inert for their format.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from reportgen.charts.sparkline import Sparkline, sparkline
from reportgen.events import wire
from reportgen.model import history as hist
from reportgen.model.checkpoints import Checkpoint, best_checkpoint
from reportgen.model.curves import Curve, Superseded
from reportgen.model.history import History
from reportgen.model.log_lines import LogLine
from reportgen.model.metrics import Metric, Result, last_if_not_finite, metric, result, tail_mean
from reportgen.model.origin import Manifest, Origin
from reportgen.model.pace import Pace
from reportgen.model.trend import Clock, Trend
from reportgen.report.artifacts import Artifact
from reportgen.report.change import Baseline, Change
from reportgen.report.gist import gist
from reportgen.text import javascript
from reportgen.text.redact import Redactor
from reportgen.text.times import parse_time
from reportgen.text.visible import has_visible_text

if TYPE_CHECKING:
    from reportgen.text.javascript import Object
else:
    Object = dict[str, Any]  # msgspec, which encodes summaries, cannot resolve the recursive type

SCHEMA: Final = 1
LINE_LENGTH: Final = 500
"""The maximum length of a log line on a page."""


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """The state of a job's event stream, and how much of it was usable."""

    state: str
    reason: str | None
    events: int
    skipped: int
    reconnects: int
    skipped_reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class JobSummary:
    """Everything that the pages and exports about all jobs show about a job.

    It holds neither points nor lists, so that the summaries of thousands of jobs fit in memory.
    """

    id: str
    slug: str
    name: str | None
    status: str
    listed: bool
    created_at: str | None
    started_at: str | None
    completed_at: str | None
    duration_seconds: float | None
    artifacts: int | None
    error: str | None
    stream: StreamSummary
    loss: Metric | None
    eval_loss: Metric | None
    not_finite: int
    last_step: float | None
    config: Object
    as_of: str | None
    """The time shown on the page of a job that has ended; None if it has not."""
    sparkline: Sparkline = ()
    result: Result | None = None
    tail: Result | None = None
    """The result from training losses, for comparison with jobs that have no other."""
    change: Change | None = None
    """The change from the baseline; None without a baseline or a loss to compare."""
    last_not_finite: str | None = None
    """`NaN`, `Infinity` or `-Infinity` if the last training loss was that; `loss` ignores it."""
    checkpoint: Checkpoint | None = None
    """The checkpoint to take the model from."""

    compared: bool = False
    """Whether its page links to the comparison."""

    @property
    def display_name(self) -> str:
        """The name, or the id if the name is invisible, or the slug if both are."""
        texts = (self.name, self.id)
        return next((text for text in texts if text and has_visible_text(text)), self.slug)

    def seconds_at(self, now: datetime) -> float | None:
        """Return the job's duration in seconds; until `now` for a running job."""
        if self.status != "running":
            return self.duration_seconds
        started = parse_time(self.started_at)
        return None if started is None else max((now - started).total_seconds(), 0.0)

    @property
    def max_steps(self) -> float | None:
        """The number of steps to train, if the config gives it: -1 and 0 mean by epochs."""
        steps = self.config.get("maxSteps")
        if isinstance(steps, str):
            with suppress(ValueError):
                steps = float(steps)
        most = javascript.finite(steps)
        return most if most is not None and most > 0 else None

    @property
    def page(self) -> str:
        """The path of the job's page, relative to the home page."""
        return f"jobs/{self.slug}.html"

    @property
    def as_baseline(self) -> Baseline:
        """The job as a baseline for others."""
        return Baseline(self.id, self.display_name, self.created_at, self.result, self.tail)

    @property
    def ended(self) -> bool:
        """Whether the job has completed, failed or been cancelled."""
        return self.status in wire.ENDED_STATUSES


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as `report.json` has it: its summary, and lists that only few jobs have in memory."""

    summary: JobSummary
    checkpoints: tuple[float, ...]
    log_tail: tuple[str, ...]
    """The last 50 log lines."""


@dataclass(frozen=True, slots=True)
class JobDetail:
    """Everything that a job's page shows: its summary, its curves and its last log lines."""

    summary: JobSummary
    loss: Curve
    eval_loss: Curve
    superseded: Superseded
    resumed_at: tuple[float, ...]
    """The first 200 steps at which the job was resumed."""
    resumes: int
    learning_rate: Trend
    throughput: Trend
    clock: Clock
    pause: hist.Pause | None
    checkpoints: tuple[float, ...]
    artifacts: tuple[Artifact, ...]
    """Each artifact, without home directories."""
    log: tuple[LogLine, ...]
    log_lines: int
    log_tail: tuple[str, ...] = ()
    """The last 50 log lines, however many the page shows."""
    pace: Pace = field(default_factory=Pace)
    last_event_at: str | None = None
    metadata: Object = field(default_factory=dict)
    """What the run says about itself at its start."""
    metrics: Object = field(default_factory=dict)
    """What it says about its results at its end."""
    failed_at: float | None = None
    """The step at which the job failed, if known."""
    baseline: Curve | None = None
    """The baseline's curve for the compared metric."""
    onset_rate: float | None = None
    """The learning rate logged where the loss left its range, if it did so."""

    @property
    def record(self) -> JobRecord:
        """The job as `report.json` has it."""
        return JobRecord(self.summary, self.checkpoints, self.log_tail)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report, with jobs in the order in which they are shown."""

    generator: str
    snapshot_at: datetime
    origin: Origin
    manifest: Manifest | None
    jobs: tuple[JobSummary, ...]
    regression: float | None = None
    """How many percent worse than its baseline a job may be; None if that is not checked."""
    baseline: Baseline | None = None
    """The job that all others are measured against; None if there is none, or not only one."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of jobs with each status: the five known ones, then others as they occur."""
        counts = dict.fromkeys(wire.STATUSES, 0)
        for job in self.jobs:
            counts[job.status] = counts.get(job.status, 0) + 1
        return counts


# --- From an entry and a history to a job's values ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A job from the list, with its slug and whether it is still listed."""

    job: wire.Job
    slug: str
    listed: bool


def job_detail(
    entry: Entry, history: History, redactor: Redactor, log_lines: int | None
) -> JobDetail:
    """Combine what the list and the event stream say about a job, with all text redacted.

    `log_lines` is the number of last log lines on the page; None shows all of them.
    """
    lines = _shown_lines(history.tail, redactor)
    shown = lines if log_lines is None else lines[len(lines) - min(len(lines), log_lines) :]
    artifacts = history.artifacts or []
    return JobDetail(
        summary=_summary(entry, history, redactor),
        loss=history.loss,
        eval_loss=history.eval_loss,
        superseded=history.superseded,
        resumed_at=tuple(history.resumed_at),
        resumes=history.resumes,
        learning_rate=history.learning_rate,
        throughput=history.throughput,
        clock=history.clock,
        pause=history.pause,
        checkpoints=tuple(history.checkpoints),
        artifacts=tuple(Artifact.of(redactor.value(artifact)) for artifact in artifacts),
        pace=history.pace,
        last_event_at=history.last_event_at,
        metadata=_object(history.metadata, redactor),
        metrics=_object(history.metrics, redactor),
        failed_at=history.failed_at,
        log=tuple(shown),
        log_lines=history.log_lines,
        log_tail=tuple(line.text for line in lines[-hist.TAIL_LINES :]),
    )


def _summary(entry: Entry, history: History, redactor: Redactor) -> JobSummary:
    job = entry.job
    status = hist.status_of(history.terminal, job.status, started=history.started)
    started = job.started_at or history.started_at
    completed = job.completed_at or history.completed_at
    error = history.error if history.error is not None else job.error
    losses = (history.loss, history.eval_loss)
    loss, eval_loss = metric(history.loss), metric(history.eval_loss)
    finite = sum(numbers.points for numbers in (loss, eval_loss) if numbers)
    return JobSummary(
        id=job.id,
        slug=entry.slug,
        name=None if job.name is None else redactor.text(job.name),
        status=redactor.text(status),
        listed=entry.listed,
        created_at=job.created_at,
        started_at=started,
        completed_at=completed,
        duration_seconds=_seconds_between(started, completed),
        artifacts=None if history.artifacts is None else len(history.artifacts),
        error=None if error is None else redactor.event_text(error),
        stream=_stream(history, redactor),
        loss=loss,
        eval_loss=eval_loss,
        not_finite=sum(map(len, losses)) - finite,
        last_step=max((curve.steps[-1] for curve in losses if len(curve)), default=None),
        config=redactor.config(job.config or {}),
        as_of=_as_of(status, history, job, completed),
        sparkline=sparkline(history.loss),
        result=result(history.loss, eval_loss),
        tail=tail_mean(history.loss),
        last_not_finite=last_if_not_finite(history.loss),
        checkpoint=best_checkpoint(history.checkpoints, history.eval_loss, eval_loss or loss),
    )


def _stream(history: History, redactor: Redactor) -> StreamSummary:
    stream = history.stream
    return StreamSummary(
        state=stream.state,
        reason=None if stream.reason is None else redactor.text(stream.reason),
        events=stream.events,
        skipped=sum(stream.skipped.values()),
        reconnects=stream.reconnects,
        skipped_reasons=tuple(sorted(stream.skipped.items())),
    )


def _as_of(status: str, history: History, job: wire.Job, completed: str | None) -> str | None:
    if status not in wire.ENDED_STATUSES:
        return None
    return history.last_event_at or completed or job.created_at


def _seconds_between(start: str | None, end: str | None) -> float | None:
    started, ended = parse_time(start), parse_time(end)
    if started is None or ended is None:
        return None
    return (ended - started).total_seconds()


_MEASUREMENT: Final = re.compile(r"\[log\](?: (?:step|loss|evalLoss)=[0-9.e+-]++)*+")
"""A line of numbers, as nearly all are: no secret looks like that, except the tool's own tokens."""


def _shown_lines(lines: Sequence[LogLine], redactor: Redactor) -> list[LogLine]:
    """Return the lines as a page shows them: lines of numbers that hold no token as they are."""
    texts = [line.text for line in lines if _MEASUREMENT.fullmatch(line.text)]
    plain = frozenset() if redactor.holds_token("\n".join(texts).encode()) else frozenset(texts)
    return [line if line.text in plain else _shown_line(line, redactor) for line in lines]


def _shown_line(line: LogLine, redactor: Redactor) -> LogLine:
    text = redactor.event_text(line.text)
    brief = gist(text)
    if line.is_cut:
        text = text[: -redactor.longest_part]
    if line.is_cut or len(text) > LINE_LENGTH:
        text = f"{text[:LINE_LENGTH]} … (line cut at {LINE_LENGTH} characters)"
    if brief is None and text == line.text:  # true of nearly all lines
        return line
    return LogLine(text, line.time, gist=brief)


def _object(fields: Object, redactor: Redactor) -> Object:
    clean = redactor.value(fields)
    return clean if isinstance(clean, dict) else {}
