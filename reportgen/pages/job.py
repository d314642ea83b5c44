"""The contents of a job's page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from reportgen.charts import loss_chart
from reportgen.charts.labels import Margins, margins
from reportgen.charts.loss_chart import Chart, DrawnCurve
from reportgen.charts.small_chart import SmallChart, draw_small
from reportgen.events import event_log
from reportgen.model.log_lines import LogLine
from reportgen.model.origin import Origin
from reportgen.pages.findings import (
    Finding,
    MetricStatistics,
    findings,
    likely_cause,
    statistics_of,
)
from reportgen.pages.looks import Looks
from reportgen.pages.strip import Fact, strip
from reportgen.pages.values import (
    Field,
    Part,
    ShownFields,
    cut_parts,
    rows,
    shorter,
    shown_fields,
)
from reportgen.report.artifacts import Artifact
from reportgen.report.report import JobDetail, JobSummary, StreamSummary
from reportgen.report.wording import (
    LIST_LENGTH,
    MESSAGE_LENGTH,
    NAME_LENGTH,
    OWN_PAGE_LENGTH,
    REASON_LENGTH,
    Badge,
    Provenance,
    ShownList,
    badge,
    clock_times,
    cut,
    identity,
    moment,
    plural,
    shown_list,
    source_name,
    stream_state,
)
from reportgen.text.javascript import JSON, Object, js_number
from reportgen.text.times import parse_time

GIST_LENGTH: Final = 200
_ARTIFACTS_LENGTH: Final = 12_000
_SHORTER_TEXTS: Final = (250, 100, 40)


class Banner(msgspec.Struct, frozen=True):
    """Why a job failed, and where."""

    title: str
    text: str
    is_failure: bool
    cause: tuple[Part, ...] = ()
    """The likely cause of the failure, if the losses show it."""


class ShownLogLine(NamedTuple):
    """A line of the log, split into parts: `kind` and `message` joined are the raw line."""

    kind: str
    """Such as `[log]`."""
    css: str
    """The CSS class of its kind."""
    message: str
    time: str
    """The event's time of day, empty if unknown."""
    gist: str | None
    """A summary shown instead of the message until the line is opened."""


class ShownArtifact(msgspec.Struct, frozen=True):
    """A row in the table of artifacts."""

    name: str
    kind: str
    size: float | None
    rest: tuple[Field, ...]


class Section(msgspec.Struct, frozen=True):
    """A card of labelled values."""

    heading: str
    fields: ShownFields
    is_folded: bool = False


class JobView(msgspec.Struct, frozen=True):
    """Everything that a job's page shows."""

    heading: str
    identity: str
    id: str
    name: str
    listed: bool
    status: Badge
    artifacts_count: int | None
    comparison: str | None
    """The address of the comparison that includes the job."""
    banner: Banner | None
    strip: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    chart: Chart | None
    chart_description: str
    small_charts: tuple[SmallChart, ...]
    margins: Margins
    captions: tuple[str, ...]
    resumed: ShownList
    statistics: tuple[MetricStatistics, ...]
    slug: str
    log: tuple[ShownLogLine, ...]
    log_note: str
    log_empty: str
    sections: tuple[Section, ...]
    artifacts: tuple[ShownArtifact, ...]
    more_artifacts: int
    checkpoints: ShownList
    stale_after: float | None
    """The age, in seconds, at which the page starts to warn; None if the job has ended."""
    provenance: Provenance


def job_view(
    detail: JobDetail, origin: Origin, snapshot_at: datetime, generator: str, looks: Looks
) -> JobView:
    """Return the contents of a job's page."""
    job, zone = detail.summary, looks.timezone
    chart = loss_chart.draw(
        detail.loss, detail.eval_loss, detail.superseded, detail.checkpoints, detail.baseline
    )
    small_charts = tuple(_small_charts(detail, chart))
    return JobView(
        heading=cut(job.display_name, NAME_LENGTH),
        identity=identity(origin),
        id=cut(job.id, OWN_PAGE_LENGTH),
        name=cut(job.display_name, OWN_PAGE_LENGTH),
        listed=job.listed,
        status=badge(job.status),
        artifacts_count=job.artifacts,
        comparison=f"../compare.html#jobs={job.slug}" if job.compared else None,
        banner=_banner(detail),
        strip=tuple(strip(detail, snapshot_at, zone)),
        findings=tuple(findings(detail, snapshot_at, zone)),
        chart=chart,
        chart_description=_chart_description(job),
        small_charts=small_charts,
        margins=_margins(chart, small_charts),
        captions=tuple(_captions(chart)),
        resumed=_resumed(detail),
        statistics=tuple(statistics_of(detail)),
        slug=job.slug,
        log=tuple(_log(detail.log, zone)),
        log_note=_log_note(detail, zone),
        log_empty="Not shown." if detail.log_lines else "No events yet.",
        sections=tuple(section for section in _sections(detail, zone) if section.fields.fields),
        artifacts=_artifacts(detail.artifacts),
        more_artifacts=max(len(detail.artifacts) - LIST_LENGTH, 0),
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


def _banner(detail: JobDetail) -> Banner | None:
    job = detail.summary
    is_failure = job.status == "failed"
    if job.error is None and not is_failure:
        return None
    title = "Job failed" if is_failure else "The last error"
    if is_failure and detail.failed_at is not None:
        title += f" at step {js_number(detail.failed_at)}"
    elif is_failure and job.last_step is not None:
        title += f" after step {js_number(job.last_step)}"
    return Banner(title, cut(job.error or "", MESSAGE_LENGTH), is_failure, likely_cause(detail))


def _resumed(detail: JobDetail) -> ShownList:
    shown = shown_list([f"resumed at step {js_number(step)}" for step in detail.resumed_at])
    return replace(shown, more=detail.resumes - len(shown.entries))


# --- Keeping a page small ------------------------------------------------------------------------


def smaller(view: JobView) -> Iterator[JobView]:
    """Yield smaller and smaller views of the same job."""
    slim = view
    if view.chart is not None:
        slim = replace(view, chart=view.chart.without_script_data())
        yield slim
    for length in _SHORTER_TEXTS:
        yield replace(
            slim,
            banner=view.banner and replace(view.banner, text=cut(view.banner.text, 8 * length)),
            log=tuple(line._replace(message=cut(line.message, length)) for line in view.log),
            log_note=f"{view.log_note} · lines cut at {length} characters to keep this page small",
            sections=tuple(_shorter_section(section, length) for section in view.sections),
            artifacts=tuple(replace(artifact, rest=()) for artifact in view.artifacts[:length]),
            more_artifacts=view.more_artifacts + len(view.artifacts[length:]),
            checkpoints=_shorter(view.checkpoints, length),
        )


def _shorter(full: ShownList, length: int) -> ShownList:
    entries = tuple(cut(entry, length) for entry in full.entries[:length])
    return ShownList(entries, full.more + len(full.entries) - len(entries))


def _shorter_section(full: Section, length: int) -> Section:
    fields = tuple(shorter(field, length) for field in full.fields.fields)
    return replace(full, fields=replace(full.fields, fields=fields))


# --- The chart -----------------------------------------------------------------------------------


def _small_charts(detail: JobDetail, chart: Chart | None) -> Iterable[SmallChart]:
    edges = chart.across if chart else None
    for small in (
        draw_small("Learning rate", detail.learning_rate, edges, names_peak=True),
        draw_small("Samples per second", detail.throughput, edges),
    ):
        if small is not None:
            yield small


def _margins(chart: Chart | None, small_charts: Iterable[SmallChart]) -> Margins:
    """Return the margins for the labels of all charts, whose plots are below one another."""
    left = [label for small in small_charts for label in (small.low, small.high)]
    right = [f"last {small.last}" for small in small_charts]
    right += [extreme.label for extreme in chart.extremes] if chart else []
    return margins(chart.y_ticks if chart else (), left, right)


def _captions(chart: Chart | None) -> Iterable[str]:
    """Yield captions about points that the chart does not show."""
    for name, curve in _drawn_curves(chart):
        if curve.drawn < curve.points:
            yield f"{name}drawn from {curve.drawn} of {curve.points} points"


def _drawn_curves(chart: Chart | None) -> Iterable[tuple[str, DrawnCurve]]:
    if chart is None:
        return ()
    return (
        ("", chart.loss),
        ("eval loss: ", chart.eval_loss),
        ("superseded: ", chart.superseded),
    )


def _chart_description(job: JobSummary) -> str:
    """Describe the chart in words, for screen readers."""
    metrics = (("Training loss", job.loss), ("Evaluation loss", job.eval_loss))
    return " ".join(
        f"{name}: {js_number(metric.first)} → {js_number(metric.last)}, "
        f"lowest {js_number(metric.min)} at step {js_number(metric.min_step)}."
        for name, metric in metrics
        if metric
    )


# --- The log -------------------------------------------------------------------------------------


def _log(lines: Sequence[LogLine], zone: ZoneInfo) -> Iterable[ShownLogLine]:
    times = clock_times((line.time for line in lines), zone)
    for line, time in zip(lines, times, strict=True):
        end = line.text.find("]") + 1
        kind, message = line.text[:end], line.text[end:]
        gist = None if line.gist is None else cut(line.gist, GIST_LENGTH)
        yield ShownLogLine(kind, kind[1:-1].replace(" ", "-"), message, time, gist)


def _log_note(detail: JobDetail, zone: ZoneInfo) -> str:
    """Describe how much of the log is shown, and its time zone."""
    shown, lines = len(detail.log), detail.log_lines
    note = f"last {shown} of {lines} lines" if shown < lines else plural(lines, "line")
    timed = any(parse_time(line.time) for line in detail.log)
    return f"{note} · times in {zone.key}" if timed else note


# --- Cards of labelled values --------------------------------------------------------------------


def _sections(detail: JobDetail, zone: ZoneInfo) -> Iterable[Section]:
    job = detail.summary
    state = job.stream.state
    stream = Section(
        "Stream", shown_fields(_stream_fields(job.stream)), is_folded=state == event_log.COMPLETE
    )
    is_broken = state not in {event_log.COMPLETE, event_log.CAUGHT_UP}
    if is_broken:
        yield stream
    config = dict(job.config)
    model, dataset = config.pop("model", None), config.pop("datasetSource", None)
    yield Section("Metadata", shown_fields(_metadata(job, zone, model), MESSAGE_LENGTH))
    yield Section("Final metrics", shown_fields(rows(detail.metrics)))
    if dataset is not None:
        named: Object = dataset if isinstance(dataset, dict) else {"source": dataset}
        yield Section("Dataset", shown_fields(rows(named)))
    yield Section("Config", shown_fields(rows(config)))
    yield Section("Run metadata", shown_fields(rows(detail.metadata)))
    if not is_broken:
        yield stream


def _metadata(job: JobSummary, zone: ZoneInfo, model: JSON) -> Iterable[Field]:
    for label, time in (
        ("Created", job.created_at),
        ("Started", job.started_at),
        ("Completed", job.completed_at),
    ):
        if shown := moment(time, zone):
            yield Field(label, (shown,))
    if model is not None:
        yield from rows({"Model": model})


def _stream_fields(stream: StreamSummary) -> Iterable[Field]:
    yield Field("State", (stream.state,))
    if stream.reason:
        yield Field("Reason", (cut(stream.reason, REASON_LENGTH),))
    yield Field("Events", (float(stream.events),))
    why = ", ".join(f"{reason}: {count}" for reason, count in stream.skipped_reasons)
    yield Field("Skipped", (float(stream.skipped), *([f" ({why})"] if why else [])))
    yield Field("Reconnects", (float(stream.reconnects),))


def _artifacts(artifacts: Sequence[Artifact]) -> tuple[ShownArtifact, ...]:
    shown = artifacts[:LIST_LENGTH]
    each = _ARTIFACTS_LENGTH // max(len(shown), 1)
    return tuple(_artifact(artifact, each) for artifact in shown)


def _artifact(artifact: Artifact, length: int) -> ShownArtifact:
    """Return an artifact's row, with at most `length` characters."""
    name, kind = cut(artifact.name or "—", length), cut(artifact.kind or "—", NAME_LENGTH)
    rest: list[Field] = []
    room = length - len(name)
    for field in rows(artifact.rest):
        if room <= 0:
            break
        rest.append(Field(cut(field.label, NAME_LENGTH), cut_parts(field.parts, room)))
        room -= len(field.label) + sum(len(part) for part in field.parts if isinstance(part, str))
    return ShownArtifact(name, kind, artifact.size, tuple(rest))
