"""View models and Jinja templates to text: the home page and one page a job.

Values in, text out. What a page says is decided here, as plain values; the templates only lay it
out. Every text of a server's is escaped by Jinja and made inert on its way out, so a template
cannot forget to.
"""

import base64
import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from reportgen import curve, history, inert, statistics, wire
from reportgen.curve import Chart, Metric
from reportgen.history import LogLine
from reportgen.javascript import js_number, js_value
from reportgen.origin import Manifest, Origin
from reportgen.report import JobDetail, JobSummary, Report, Stream

LIST_LENGTH: Final = 200
"""How many entries of a list a page shows."""

NAME_LENGTH: Final = 80
ID_LENGTH: Final = 40
STATUS_LENGTH: Final = 24
"""Where names, ids and statuses are cut in tables and titles; a job's own page has them whole."""

MESSAGE_LENGTH: Final = 8_000
"""Where an error is cut: long enough for a traceback, short enough for the page."""

REASON_LENGTH: Final = 300
_SHORTER_TEXTS: Final = (250, 100, 40)
PAGE_LENGTH: Final = 145_000
"""Beyond so many bytes a page goes without the exact points for its chart's script; if that is
not enough, without the script."""

LISTING_LENGTH: Final = 8_000
"""How many characters the entries of one list may take together."""

_STREAMS_ON_HOME: Final = 20
_TOTALS: Final = 12
_MINUTE: Final = 60
_HOUR: Final = 3600
_FORMAT: Final = "%m-%d %H:%M:%S"
_DATE: Final = len("2026-05-01")
_SECONDS: Final = len("2026-05-01 09:00:00")


@dataclass(frozen=True, slots=True)
class Looks:
    """How every page of a report looks, whatever it is about."""

    title: str
    theme: str
    """`auto` (as the reader's system), `light` or `dark`."""
    timezone: ZoneInfo
    """The zone that times are shown in."""
    stale_after: float = 86_400.0
    """After how many seconds a page of what goes on says that it is old."""


# --- What the templates get --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """A time twice: in UTC for programs, in the report's zone for people."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A status as its word and as its CSS class."""

    text: str
    css: str


@dataclass(frozen=True, slots=True)
class Row:
    """A job in the home page's table."""

    status: Badge
    page: str
    name: str
    id: str
    created: Moment | None
    listed: bool
    duration: str
    seconds: str
    """The duration to sort by, empty where it is not known."""
    steps: str
    loss: str
    sparkline: str
    """The `d` of an SVG path, empty where there is no curve."""
    best: str
    best_step: str


@dataclass(frozen=True, slots=True)
class Total:
    """How many jobs have a status."""

    status: Badge
    count: int


@dataclass(frozen=True, slots=True)
class Field:
    """A term with what it says: a text, or a time where there is one."""

    label: str
    text: str = ""
    time: Moment | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of a list that are shown, and how many more there are."""

    entries: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a page is a picture of: where from, as of when, and how much of it was read."""

    source: str
    url: str | None
    as_of: Moment | None
    facts: tuple[str, ...]
    generator: str


@dataclass(frozen=True, slots=True)
class HomeView:
    """All that the home page says."""

    identity: str
    manifest: Manifest | None
    totals: tuple[Total, ...]
    other_statuses: int
    """How many more statuses there are than `totals` tells of."""
    rows: tuple[Row, ...]
    stale_after: str
    """Seconds."""
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log and the event's time of day, empty where it is not known."""

    text: str
    time: str


@dataclass(frozen=True, slots=True)
class Column:
    """The statistics of one metric, each as a text with its name."""

    metric: str
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JobView:
    """All that a job's page says."""

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
    small_charts: tuple[curve.SmallChart, ...]
    captions: tuple[str, ...]
    resumed: Listing
    findings: tuple[str, ...]
    statistics: tuple[Column, ...]
    slug: str
    log: tuple[Line, ...]
    log_note: str
    log_empty: str
    sections: tuple[tuple[str, tuple[Field, ...]], ...]
    artifacts: Listing
    checkpoints: Listing
    stale_after: str
    """Seconds; empty where the job has ended, and its page with it."""
    provenance: Provenance


View: TypeAlias = HomeView | JobView


# --- Pages -------------------------------------------------------------------------------------


class Pages:
    """Writes pages in one set of looks; each method gives the whole text of one page."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._templates = _environment()
        self._style = shortened(_source(self._templates, "report.css"))
        self._chart_script = shortened(_source(self._templates, "chart.js"))
        self._home_script = shortened(_source(self._templates, "home.js"))
        self._age_script = shortened(_source(self._templates, "age.js"))
        names = sorted(self._templates.list_templates())
        sources = "".join(_source(self._templates, name) for name in names)
        self.digest = hashlib.sha256(sources.encode()).hexdigest()
        """What all pages are made from, as one hash."""

    def home(self, report: Report) -> str:
        """Give the home page, as Studio has it: *Run training* and *Jobs*."""
        view = home_view(report, self._looks.timezone, self._looks.stale_after)
        return self._render("home.html", view, self._age_script + self._home_script)

    def job(
        self, detail: JobDetail, report_origin: Origin, snapshot_at: datetime, generator: str
    ) -> str:
        """Give a job's page. The page of a job that has ended does not depend on `snapshot_at`."""
        view = job_view(detail, report_origin, snapshot_at, generator, self._looks)
        age = self._age_script if view.stale_after else ""
        script = age + self._chart_script if view.chart else age
        page = self._render("job.html", view, script)
        for smaller in _smaller(view):
            if len(page.encode()) <= PAGE_LENGTH:
                break
            # The script can do without exact points, a reader without the script, and texts that
            # a server made to be long are cut last.
            with_script = smaller.chart is not None and smaller.log == view.log
            page = self._render("job.html", smaller, script if with_script else age)
        return page

    def _render(self, template: str, view: View, script: str = "") -> str:
        return self._templates.get_template(template).render(
            view=view,
            title=self._looks.title,
            theme=self._looks.theme,
            style=self._style,
            style_hash=csp_hash(self._style),
            script=script,
            script_hash=csp_hash(script),
        )


def csp_hash(text: str) -> str:
    """Give the source by which a CSP knows an inline style or script: `sha256-` and base64."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def shortened(source: str) -> str:
    """Take indentation, blank lines and `//` lines out of a style or script of one-line texts."""
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_templates_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _templates_folder() -> Path:
    """Give the packaged templates, or those of the checkout that this module stands in."""
    packaged = Path(__file__).parent / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "templates"


def _source(templates: jinja2.Environment, name: str) -> str:
    if templates.loader is None:
        raise jinja2.TemplateNotFound(name)
    return templates.loader.get_source(templates, name)[0]


def _finalize(value: object) -> object:
    """Make a text inert on its way into a page; Jinja escapes it after that."""
    return inert.html(value) if isinstance(value, str) and not isinstance(value, Markup) else value


# --- The home page -----------------------------------------------------------------------------


def home_view(report: Report, zone: ZoneInfo, stale_after: float) -> HomeView:
    """Lay out what the home page says; `stale_after` in seconds."""
    totals = _totals(report)
    return HomeView(
        identity=_identity(report.origin),
        manifest=None if report.manifest is None else _manifest(report.manifest),
        totals=totals[:_TOTALS],
        other_statuses=len(totals[_TOTALS:]),
        rows=tuple(_row(job, zone) for job in report.jobs),
        stale_after=js_number(stale_after),
        provenance=Provenance(
            source=_source_name(report.origin),
            url=report.origin.url,
            as_of=moment(report.snapshot_at, zone),
            facts=(
                _plural(len(report.jobs), "job"),
                _plural(sum(job.stream.events for job in report.jobs), "event"),
                *_streams(job.stream for job in report.jobs),
            ),
            generator=report.generator,
        ),
    )


def _manifest(manifest: Manifest) -> Manifest:
    texts = (manifest.trainer, manifest.error)
    return Manifest(*(None if text is None else _cut(text, MESSAGE_LENGTH) for text in texts))


def _row(job: JobSummary, zone: ZoneInfo) -> Row:
    return Row(
        status=badge(job.status),
        page=job.page,
        name=_cut(job.name or job.id, NAME_LENGTH),
        id=_cut(job.id, ID_LENGTH),
        created=moment(job.created_at, zone),
        listed=job.listed,
        duration=_duration(job.duration_seconds),
        seconds="" if job.duration_seconds is None else js_number(job.duration_seconds),
        steps=_steps(job),
        loss="—" if job.loss is None else _short(job.loss.last),
        sparkline=job.sparkline,
        best="—" if job.eval_loss is None else _short(job.eval_loss.min),
        best_step="" if job.eval_loss is None else js_number(job.eval_loss.min_step),
    )


def _totals(report: Report) -> tuple[Total, ...]:
    """Give how many jobs have which status, those that none has left out; long ones as shown."""
    totals: dict[Badge, int] = {}
    for status, count in report.counts.items():
        if count:
            shown = badge(status)
            totals[shown] = totals.get(shown, 0) + count
    return tuple(Total(status, count) for status, count in totals.items())


def _streams(streams: Iterable[Stream]) -> list[str]:
    """Say in what state how many streams are and why, alike ones as one, most frequent first."""
    states = Counter(_state(stream) for stream in streams).most_common()
    said = [f"{_plural(n, 'stream')} {state}" for state, n in states[:_STREAMS_ON_HOME]]
    rest = sum(n for _, n in states[_STREAMS_ON_HOME:])
    return [*said, f"… and {rest} more"] if rest else said


# --- A job's page ------------------------------------------------------------------------------


def job_view(
    detail: JobDetail, origin: Origin, snapshot_at: datetime, generator: str, looks: Looks
) -> JobView:
    """Lay out what a job's page says."""
    job, zone = detail.summary, looks.timezone
    chart = curve.draw(detail.loss, detail.eval_loss, detail.superseded, detail.checkpoints)
    return JobView(
        heading=_cut(job.name or job.id, NAME_LENGTH),
        identity=_identity(origin),
        id=job.id,
        name=job.name,
        listed=job.listed,
        status=badge(job.status),
        artifacts_count=job.artifacts,
        error=None if job.error is None else _cut(job.error, MESSAGE_LENGTH),
        chart=chart,
        chart_description=_chart_description(job),
        small_charts=tuple(_small_charts(detail, chart)),
        captions=tuple(_captions(job, chart)),
        findings=tuple(_findings(detail, zone)),
        statistics=tuple(_statistics(detail)),
        slug=job.slug,
        resumed=_resumed(detail),
        log=tuple(_log(detail.log, zone)),
        log_note=_log_note(detail, zone),
        log_empty="Not shown." if detail.log_lines else "No events yet.",
        sections=_sections(job, zone),
        artifacts=_listing(detail.artifacts),
        checkpoints=_listing([f"step {js_number(step)}" for step in detail.checkpoints]),
        provenance=Provenance(
            source=_source_name(origin),
            url=None,  # Studio's port may be another one at the next build, this page the same
            as_of=moment(job.as_of if job.ended else snapshot_at, zone),
            facts=(_plural(job.stream.events, "event"), f"stream {_state(job.stream)}"),
            generator=generator,
        ),
        stale_after="" if job.ended else js_number(looks.stale_after),
    )


def _resumed(detail: JobDetail) -> Listing:
    shown = _listing([f"resumed at step {js_number(step)}" for step in detail.resumed_at])
    return replace(shown, more=detail.resumes - len(shown.entries))


def _small_charts(detail: JobDetail, chart: Chart | None) -> Iterable[curve.SmallChart]:
    for title, trend in (
        ("Learning rate", detail.learning_rate),
        ("Samples per second", detail.throughput),
    ):
        if small := curve.draw_small(title, trend, chart):
            yield small


def _smaller(view: JobView) -> Iterator[JobView]:
    """Give views of the same job that take less and less room on a page."""
    slim = view
    if view.chart is not None:
        slim = replace(view, chart=view.chart.without_script_data())
        yield slim
    for length in _SHORTER_TEXTS:
        yield replace(
            slim,
            error=None if view.error is None else _cut(view.error, 8 * length),
            log=tuple(replace(line, text=_cut(line.text, length)) for line in view.log),
            log_note=f"{view.log_note} · cut at {length} characters to keep this page small",
            sections=tuple(
                (name, tuple(replace(f, text=_cut(f.text, length)) for f in fields[:LIST_LENGTH]))
                for name, fields in view.sections
            ),
            artifacts=_shorter(view.artifacts, length),
            checkpoints=_shorter(view.checkpoints, length),
        )


def _shorter(listing: Listing, length: int) -> Listing:
    shown = tuple(_cut(entry, length) for entry in listing.entries[:length])
    return Listing(shown, listing.more + len(listing.entries) - len(shown))


def _captions(job: JobSummary, chart: Chart | None) -> Iterable[str]:
    """Give the lines beneath the chart: the curves in numbers, and what cannot be seen of them."""
    step = [] if job.last_step is None else [f"step: {js_number(job.last_step)}"]
    if job.loss:
        yield " · ".join([f"loss: {_range(job.loss)}", *step])
    if job.eval_loss:
        yield " · ".join([f"eval loss: {_range(job.eval_loss)}", *([] if job.loss else step)])
    for what, line in _drawn_lines(chart):
        if line.drawn < line.points:
            yield f"{what}drawn from {line.drawn} of {line.points} points"
    if job.not_finite:
        yield f"{_plural(job.not_finite, 'loss', 'losses')} not finite"
    unusable = dict(job.stream.skipped_reasons).get(history.NO_LOSS, 0)
    if unusable:
        yield f"{_plural(unusable, 'loss', 'losses')} unusable"


def _drawn_lines(chart: Chart | None) -> Iterable[tuple[str, curve.Line]]:
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
    """Say in words what the chart shows, for those who cannot see it."""
    metrics = (("Training loss", job.loss), ("Evaluation loss", job.eval_loss))
    return " ".join(f"{name}: {_course(metric)}." for name, metric in metrics if metric)


def _course(metric: Metric) -> str:
    return (
        f"{js_number(metric.first)} → {js_number(metric.last)}, "
        f"least {js_number(metric.min)} at step {js_number(metric.min_step)}"
    )


def _findings(detail: JobDetail, zone: ZoneInfo) -> Iterable[str]:
    """Say in plain words what a person would look for in the numbers."""
    job = detail.summary
    if not job.ended and job.last_step is not None:
        yield from _progress(detail, job.last_step, zone)
    if best := job.eval_loss or job.loss:
        name = "Best evaluation loss" if job.eval_loss else "Least training loss"
        found = f"{name} {js_number(best.min)} at step {js_number(best.min_step)}"
        if detail.checkpoints:
            nearest = min(detail.checkpoints, key=lambda step: abs(step - best.min_step))
            found += f", nearest checkpoint: step {js_number(nearest)}"
        yield found
    for name, points in (("Training", detail.loss), ("Evaluation", detail.eval_loss)):
        if rise := statistics.rise(points):
            yield (
                f"{name} loss went up after step {js_number(rise.step)} and stayed up: "
                f"{_short(rise.low)} → {_short(rise.high)}"
            )
        bad = next((step for step, value in _points(points) if not math.isfinite(value)), None)
        if bad is not None:
            yield f"{name} loss not finite, first at step {js_number(bad)}"
    yield from _pause(detail)


_NOTABLE_PAUSE: Final = 5
"""How many times as long as the mean time between two events a pause has to be for a word."""


def _pause(detail: JobDetail) -> Iterable[str]:
    """Tell of the longest time without an event, where it stands out."""
    pause, job = detail.pause, detail.summary
    if pause is None:
        return
    if job.duration_seconds and pause.seconds * job.stream.events < (
        _NOTABLE_PAUSE * job.duration_seconds
    ):
        return
    where = "" if pause.after_step is None else f", after step {js_number(pause.after_step)}"
    yield f"Longest time between two events: {_duration(pause.seconds)}{where}"


def _points(points: history.Curve) -> Iterable[tuple[float, float]]:
    return zip(points.steps, points.values, strict=True)


def _progress(detail: JobDetail, last: float, zone: ZoneInfo) -> Iterable[str]:
    """Say how far a job is that runs on, and when it ends if it goes on at the pace it had."""
    most = wire.finite(detail.summary.config.get("maxSteps"))
    if most is None or not 0 < last <= most:
        return
    text = f"Step {js_number(last)} of {js_number(most)} ({100 * last / most:.0f} %)"
    end = _expected_end(detail, last, most)
    shown = moment(end, zone)
    yield f"{text}, at its pace so far it ends about {shown.text}" if shown else text


def _expected_end(detail: JobDetail, last: float, most: float) -> datetime | None:
    """Give when the last step is due; None where the times or a resumed run do not tell."""
    started = wire.parse_time(detail.summary.started_at)
    times = (wire.parse_time(line.time) for line in reversed(detail.log))
    latest = next((time for time in times if time), None)
    if started is None or latest is None or latest <= started or detail.resumed_at:
        return None
    try:
        return latest + (latest - started) * ((most - last) / last)
    except OverflowError:
        return None


def _statistics(detail: JobDetail) -> Iterable[Column]:
    for name, points in (("Training loss", detail.loss), ("Eval loss", detail.eval_loss)):
        found = statistics.describe(points)
        if found is None:
            continue
        mean = _short(found.mean)
        if found.margin is not None:
            mean += f" ± {_short(found.margin)}"
        numbers = (
            ("n", str(found.n)),
            ("Mean ± 95 % CI", mean),
            ("Standard deviation", _short(found.deviation)),
            ("Variance", _short(found.variance)),
            ("p90", _short(found.p90)),
            ("p95", _short(found.p95)),
        )
        yield Column(name, numbers)


def _short(value: float | None) -> str:
    return "—" if value is None else js_number(float(f"{value:.5g}"))


def _log(lines: Sequence[LogLine], zone: ZoneInfo) -> Iterable[Line]:
    """Give the lines with their times of day, the date too where they are of several days."""
    moments = [moment(line.time, zone) for line in lines]
    days = {known.text[:_DATE] for known in moments if known}
    start = 0 if len(days) > 1 else _DATE + 1
    for line, known in zip(lines, moments, strict=True):
        yield Line(line.text, known.text[start:_SECONDS] if known else "")


def _log_note(detail: JobDetail, zone: ZoneInfo) -> str:
    """Say how much of the log is shown, and of which zone its times are."""
    shown, lines = len(detail.log), detail.log_lines
    note = f"last {shown} of {lines} lines" if shown < lines else _plural(lines, "line")
    timed = any(wire.parse_time(line.time) for line in detail.log)
    return f"{note} · times in {zone.key}" if timed else note


def _sections(job: JobSummary, zone: ZoneInfo) -> tuple[tuple[str, tuple[Field, ...]], ...]:
    return (
        ("Metadata", tuple(_metadata(job, zone))),
        ("Stream", tuple(_stream_fields(job.stream))),
        ("Config", tuple(_config_fields(job.config))),
    )


def _metadata(job: JobSummary, zone: ZoneInfo) -> Iterable[Field]:
    for label, time in (
        ("Created", job.created_at),
        ("Started", job.started_at),
        ("Completed", job.completed_at),
    ):
        yield Field(label, "—", moment(time, zone))
    yield Field("Duration", _duration(job.duration_seconds))
    yield Field("Model", _config_text(job.config.get("model")))
    yield Field("Dataset", _dataset(job.config.get("datasetSource")))
    yield Field("Steps", _steps(job))
    for label, metric in (("Loss", job.loss), ("Eval loss", job.eval_loss)):
        if metric:
            yield Field(label, _course(metric))


def _steps(job: JobSummary) -> str:
    """Give the last step, and of how many where the config tells: `388 of 400`."""
    last = None if job.last_step is None else js_number(job.last_step)
    most = wire.finite(job.config.get("maxSteps"))
    if most is None:
        return last or "—"
    return f"{last or 0} of {js_number(most)}"


def _dataset(source: wire.JSON) -> str:
    """Name a dataset by its name or URL, then its subset and split: `org/name (en, train)`."""
    if not isinstance(source, dict):
        return _config_text(source)
    name = source.get("name") or source.get("url")
    if not isinstance(name, str):
        return _config_text(source)
    parts = [part for key in ("subset", "split") if isinstance(part := source.get(key), str)]
    return _cut(f"{name} ({', '.join(parts)})" if parts else name, MESSAGE_LENGTH)


def _config_fields(config: wire.Object) -> Iterable[Field]:
    names = _listing(list(config))
    texts = _listing([_config_text(value) for value in config.values()])
    for name, text in zip(names.entries, texts.entries, strict=True):
        yield Field(name, text)
    if names.more:
        yield Field(f"… and {names.more} more")


def _config_text(value: wire.JSON) -> str:
    if value is None:
        return "—"
    return _cut(value if isinstance(value, str) else js_value(value), MESSAGE_LENGTH)


def _stream_fields(stream: Stream) -> Iterable[Field]:
    yield Field("State", stream.state)
    if stream.reason:
        yield Field("Reason", _cut(stream.reason, REASON_LENGTH))
    yield Field("Events", str(stream.events))
    why = ", ".join(f"{reason}: {count}" for reason, count in stream.skipped_reasons)
    yield Field("Skipped", f"{stream.skipped} ({why})" if why else str(stream.skipped))
    yield Field("Reconnects", str(stream.reconnects))


# --- Words that both pages use -----------------------------------------------------------------


def badge(status: str) -> Badge:
    """Give a status's word and class; one that is not of the five gets a class that is safe."""
    return Badge(_cut(status, STATUS_LENGTH), f"status-{_class_name(status)}")


def _class_name(status: str) -> str:
    if status in wire.STATUSES:
        return status
    name = re.sub(r"[^a-z0-9]+", "-", status.lower())[:STATUS_LENGTH].strip("-")
    # What only looks like one of the five after cleaning must not get its colours.
    return "other" if name in wire.STATUSES else name or "other"


def moment(time: str | datetime | None, zone: ZoneInfo) -> Moment | None:
    """Give a time as pages show it, to the second; None where there is none or it is no time."""
    utc = time.astimezone(UTC) if isinstance(time, datetime) else wire.parse_time(time)
    if utc is None:
        return None
    try:
        local = utc.astimezone(zone)
    except OverflowError:  # the calendar's first and last day have no other zones
        local = utc
    # strftime pads a year differently from one C library to the next.
    text = f"{local.year:04}-{local.strftime(_FORMAT)} {local.tzname()}"
    return Moment(f"{utc.year:04}-{utc.strftime('%m-%dT%H:%M:%SZ')}", text)


def _identity(origin: Origin) -> str:
    """Say who looks at what, as far as is known: `anonymous · org / project`."""
    mode = "anonymous" if origin.mode == "anon" else origin.mode
    return " · ".join(part for part in (mode, _scope(origin)) if part)


def _scope(origin: Origin) -> str:
    return " / ".join(part for part in (origin.org, origin.project) if part)


_SOURCE_NAMES: Final[Mapping[str, str]] = {
    "studio": "Arkor Studio",
    "cloud": "Arkor cloud",
    "demo": "the demo recording",
}


def _source_name(origin: Origin) -> str:
    name = _SOURCE_NAMES.get(origin.kind, origin.kind)
    return ", ".join(part for part in (name, _scope(origin)) if part)


def _state(stream: Stream) -> str:
    if not stream.reason:
        return stream.state
    return f"{stream.state}: {_cut(stream.reason, REASON_LENGTH)}"


def _duration(seconds: float | None) -> str:
    """Give a duration in its two or three largest units: `4.2s`, `13m 23s`, `1h 05m 09s`."""
    if seconds is None:
        return "—"
    sign, length = ("-" if seconds < 0 else ""), abs(seconds)
    if length < _MINUTE:
        return f"{sign}{js_number(round(length, 1))}s"
    minutes, second = divmod(int(length), _MINUTE)
    if length < _HOUR:
        return f"{sign}{minutes}m {second:02}s"
    return f"{sign}{minutes // 60}h {minutes % 60:02}m {second:02}s"


def _plural(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _listing(texts: Sequence[str]) -> Listing:
    """Cut a list after its 200th entry, and its entries so that all together stay small."""
    shown = texts[:LIST_LENGTH]
    length = LISTING_LENGTH // max(len(shown), 1)
    return Listing(tuple(_cut(text, length) for text in shown), len(texts) - len(shown))


def _cut(text: str, length: int) -> str:
    """Cut a text to so many characters, the last of them an ellipsis where any were lost.

    It is made inert first, since that can make it longer.
    """
    shown = inert.html(text[: length + 1])
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"
