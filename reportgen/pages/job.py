"""What a job's page shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.charts import loss_chart
from reportgen.charts.loss_chart import Chart, DrawnCurve
from reportgen.charts.small_chart import SmallChart, draw_small
from reportgen.model import history
from reportgen.model.log_lines import LogLine
from reportgen.model.metrics import Metric
from reportgen.model.origin import Origin
from reportgen.pages.findings import MetricStatistics, findings, statistics_of
from reportgen.pages.looks import Looks
from reportgen.report.report import JobDetail, JobSummary, StreamSummary
from reportgen.report.wording import (
    LIST_LENGTH,
    MESSAGE_LENGTH,
    NAME_LENGTH,
    OWN_PAGE_LENGTH,
    REASON_LENGTH,
    Badge,
    Moment,
    Provenance,
    ShownList,
    badge,
    clock_times,
    cut,
    duration,
    identity,
    moment,
    parts,
    plural,
    shown_list,
    source_name,
    steps,
    stream_state,
)
from reportgen.text.javascript import JSON, Object, js_number, js_value
from reportgen.text.times import parse_time

_SHORTER_TEXTS: Final = (250, 100, 40)


@dataclass(frozen=True, slots=True)
class Field:
    """A label with its text, or with a time if `time` is not None."""

    label: str
    text: str = ""
    time: Moment | None = None


@dataclass(frozen=True, slots=True)
class ShownLogLine:
    """A line of the log and its event's time of day, empty if the time is unknown."""

    text: str
    time: str


@dataclass(frozen=True, slots=True)
class JobView:
    """All that a job's page shows."""

    heading: str
    identity: str
    id: str
    name: str | None
    listed: bool
    status: Badge
    artifacts_count: int | None
    error: str | None
    chart: Chart | None
    chart_description: str
    small_charts: tuple[SmallChart, ...]
    captions: tuple[str, ...]
    resumed: ShownList
    findings: tuple[str, ...]
    statistics: tuple[MetricStatistics, ...]
    slug: str
    log: tuple[ShownLogLine, ...]
    log_note: str
    log_empty: str
    sections: tuple[tuple[str, tuple[Field, ...]], ...]
    artifacts: ShownList
    checkpoints: ShownList
    stale_after: float | None
    """The page's age, in seconds, from which on it warns; None if the job has ended."""
    provenance: Provenance


def job_view(
    detail: JobDetail, origin: Origin, snapshot_at: datetime, generator: str, looks: Looks
) -> JobView:
    """Return what a job's page shows."""
    job, zone = detail.summary, looks.timezone
    chart = loss_chart.draw(detail.loss, detail.eval_loss, detail.superseded, detail.checkpoints)
    return JobView(
        heading=cut(job.display_name, NAME_LENGTH),
        identity=identity(origin),
        id=cut(job.id, OWN_PAGE_LENGTH),
        name=cut(job.name, OWN_PAGE_LENGTH) if job.display_name == job.name else None,
        listed=job.listed,
        status=badge(job.status),
        artifacts_count=job.artifacts,
        error=None if job.error is None else cut(job.error, MESSAGE_LENGTH),
        chart=chart,
        chart_description=_chart_description(job),
        small_charts=tuple(_small_charts(detail, chart)),
        captions=tuple(_captions(job, chart)),
        findings=tuple(findings(detail, snapshot_at, zone)),
        statistics=tuple(statistics_of(detail)),
        slug=job.slug,
        resumed=_resumed(detail),
        log=tuple(_log(detail.log, zone)),
        log_note=_log_note(detail, zone),
        log_empty="Not shown." if detail.log_lines else "No events yet.",
        sections=_sections(detail, zone),
        artifacts=shown_list(detail.artifacts),
        checkpoints=shown_list([f"step {js_number(step)}" for step in detail.checkpoints]),
        provenance=Provenance(
            source=source_name(origin),
            url=None,  # Studio's port may change from one build to the next; this page must not
            as_of=moment(job.as_of if job.ended else snapshot_at, zone),
            facts=(plural(job.stream.events, "event"), f"stream {stream_state(job.stream)}"),
            generator=generator,
        ),
        stale_after=None if job.ended else looks.stale_after,
    )


def _resumed(detail: JobDetail) -> ShownList:
    shown = shown_list([f"resumed at step {js_number(step)}" for step in detail.resumed_at])
    return replace(shown, more=detail.resumes - len(shown.entries))


def _small_charts(detail: JobDetail, chart: Chart | None) -> Iterable[SmallChart]:
    for title, trend in (
        ("Learning rate", detail.learning_rate),
        ("Samples per second", detail.throughput),
    ):
        if small := draw_small(title, trend, chart.across if chart else None):
            yield small


def smaller(view: JobView) -> Iterator[JobView]:
    """Yield views of the same job that take up less and less of a page."""
    slim = view
    if view.chart is not None:
        slim = replace(view, chart=view.chart.without_script_data())
        yield slim
    for length in _SHORTER_TEXTS:
        yield replace(
            slim,
            error=None if view.error is None else cut(view.error, 8 * length),
            log=tuple(replace(line, text=cut(line.text, length)) for line in view.log),
            log_note=f"{view.log_note} · lines cut at {length} characters to keep this page small",
            sections=tuple(
                (name, tuple(replace(f, text=cut(f.text, length)) for f in fields[:LIST_LENGTH]))
                for name, fields in view.sections
            ),
            artifacts=_shorter(view.artifacts, length),
            checkpoints=_shorter(view.checkpoints, length),
        )


def _shorter(full: ShownList, length: int) -> ShownList:
    entries = tuple(cut(entry, length) for entry in full.entries[:length])
    return ShownList(entries, full.more + len(full.entries) - len(entries))


def _captions(job: JobSummary, chart: Chart | None) -> Iterable[str]:
    """Yield the captions below the chart: its numbers, and what the chart cannot show."""
    step = [] if job.last_step is None else [f"step: {js_number(job.last_step)}"]
    if job.loss:
        yield " · ".join([f"loss: {_range(job.loss)}", *step])
    if job.eval_loss:
        yield " · ".join([f"eval loss: {_range(job.eval_loss)}", *([] if job.loss else step)])
    for name, curve in _drawn_curves(chart):
        if curve.drawn < curve.points:
            yield f"{name}drawn from {curve.drawn} of {curve.points} points"
    if job.not_finite:
        yield f"{plural(job.not_finite, 'loss', 'losses')} not finite"
    unusable = dict(job.stream.skipped_reasons).get(history.NO_LOSS, 0)
    if unusable:
        yield f"{plural(unusable, 'loss', 'losses')} unusable"


def _drawn_curves(chart: Chart | None) -> Iterable[tuple[str, DrawnCurve]]:
    if chart is None:
        return ()
    return (
        ("", chart.loss),
        ("eval loss: ", chart.eval_loss),
        ("superseded: ", chart.superseded),
    )


def _range(metric: Metric) -> str:
    return f"min {js_number(metric.min)} · max {js_number(metric.max)}"


def _chart_description(job: JobSummary) -> str:
    """Describe the chart in words, for screen readers."""
    metrics = (("Training loss", job.loss), ("Evaluation loss", job.eval_loss))
    return " ".join(f"{name}: {_first_to_last(metric)}." for name, metric in metrics if metric)


def _first_to_last(metric: Metric) -> str:
    return (
        f"{js_number(metric.first)} → {js_number(metric.last)}, "
        f"lowest {js_number(metric.min)} at step {js_number(metric.min_step)}"
    )


def _log(lines: Sequence[LogLine], zone: ZoneInfo) -> Iterable[ShownLogLine]:
    times = clock_times((line.time for line in lines), zone)
    for line, time in zip(lines, times, strict=True):
        yield ShownLogLine(line.text, time)


def _log_note(detail: JobDetail, zone: ZoneInfo) -> str:
    """Describe how much of the log is shown, and in which time zone."""
    shown, lines = len(detail.log), detail.log_lines
    note = f"last {shown} of {lines} lines" if shown < lines else plural(lines, "line")
    timed = any(parse_time(line.time) for line in detail.log)
    return f"{note} · times in {zone.key}" if timed else note


def _sections(detail: JobDetail, zone: ZoneInfo) -> tuple[tuple[str, tuple[Field, ...]], ...]:
    job = detail.summary
    return (
        ("Metadata", tuple(_metadata(detail, zone))),
        ("Stream", tuple(_stream_fields(job.stream))),
        ("Config", tuple(_config_fields(job.config))),
        ("Run metadata", tuple(_config_fields(detail.metadata))),
        ("Final metrics", tuple(_config_fields(detail.metrics))),
    )


def _metadata(detail: JobDetail, zone: ZoneInfo) -> Iterable[Field]:
    job = detail.summary
    for label, time in (
        ("Created", job.created_at),
        ("Started", job.started_at),
        ("Completed", job.completed_at),
    ):
        yield Field(label, "—", moment(time, zone))
    yield Field("Duration", duration(job.duration_seconds))
    yield Field("Model", _config_text(job.config.get("model")))
    yield Field("Dataset", _dataset(job.config.get("datasetSource")))
    yield Field("Steps", steps(job))
    if detail.failed_at is not None:
        yield Field("Failed at", f"step {js_number(detail.failed_at)}")
    for label, metric in (("Loss", job.loss), ("Eval loss", job.eval_loss)):
        if metric:
            yield Field(label, _first_to_last(metric))


def _dataset(source: JSON) -> str:
    """Return a dataset's name or URL with its subset and split: `org/name (en, train)`."""
    if not isinstance(source, dict):
        return _config_text(source)
    name = source.get("name") or source.get("url")
    if not isinstance(name, str):
        return _config_text(source)
    parts = [part for key in ("subset", "split") if isinstance(part := source.get(key), str)]
    return cut(f"{name} ({', '.join(parts)})" if parts else name, MESSAGE_LENGTH)


def _config_fields(config: Object) -> Iterable[Field]:
    config = parts(config)
    names = shown_list(list(config))
    texts = shown_list([_config_text(value) for value in config.values()])
    for name, text in zip(names.entries, texts.entries, strict=True):
        yield Field(name, text)
    if names.more:
        yield Field(f"… and {names.more} more")


def _config_text(value: JSON) -> str:
    if value is None:
        return "—"
    return cut(value if isinstance(value, str) else js_value(value), MESSAGE_LENGTH)


def _stream_fields(stream: StreamSummary) -> Iterable[Field]:
    yield Field("State", stream.state)
    if stream.reason:
        yield Field("Reason", cut(stream.reason, REASON_LENGTH))
    yield Field("Events", str(stream.events))
    why = ", ".join(f"{reason}: {count}" for reason, count in stream.skipped_reasons)
    yield Field("Skipped", f"{stream.skipped} ({why})" if why else str(stream.skipped))
    yield Field("Reconnects", str(stream.reconnects))
