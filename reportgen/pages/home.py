"""The contents of the home page: Studio's *Run training* and *Jobs*."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from reportgen.charts.sparkline import Sparkline
from reportgen.model.metrics import EVAL_MINIMUM, Metric
from reportgen.model.origin import Manifest
from reportgen.model.rounding import significant
from reportgen.pages.looks import Looks
from reportgen.pages.news import bad_news, news
from reportgen.pages.over_time import OverTimeView, over_time_view
from reportgen.pages.scatter import escaped_size, fitting
from reportgen.pages.values import Part
from reportgen.report.ranking import common_metric, ranked
from reportgen.report.report import JobSummary, Report, StreamSummary
from reportgen.report.wording import (
    ID_LENGTH,
    NAME_LENGTH,
    Badge,
    Moment,
    Provenance,
    ShownChange,
    badge,
    cut,
    identity,
    moment,
    plural,
    shown_change,
    source_name,
    steps,
    stream_state,
)

TRAINER_LENGTH: Final = 500
ERROR_LENGTH: Final = 4_000
"""The length to which text from the manifest is truncated."""

_STREAMS_ON_HOME: Final = 20

_TOTALS: Final = 12

_STATUSES: Final = ("running", "completed", "queued", "failed", "cancelled")
"""The order of Studio's filters."""


_WHOLE: Final = 300
"""Up to this length, a name or an id is also there in full, for search and as a tooltip."""

_REASON_LENGTH: Final = 100

_ROW_TEXTS: Final = 400
"""The bytes available to each row's name, id and note if all rows need as many."""

_SPARE: Final = 6_000
"""The bytes that all rows may use in addition, so that short lists show everything."""

_NAME_SIZE: Final = 240
_ID_SIZE: Final = 120
"""The bytes to which names and ids are truncated: an escaped character can take six."""

_ID_END: Final = 4
_SHORT_ID: Final = 12
"""The length up to which an id is shown whole; CSS truncates longer ones in the middle."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name or an id as shown; `whole` is the full text if that is truncated, else empty."""

    text: str
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A job in the home page's table."""

    status: Badge
    page: str
    name: Named
    id: Named
    id_end: str
    """The last characters of an id that is too long for its column, else empty."""
    note: str
    """Why it failed, and whether it is no longer listed."""
    failed: bool
    created: Moment | None
    seconds: float | None
    """The duration; for a running job, so far."""
    running: bool
    last_step: float | None
    steps: str
    loss: float | None
    """The last finite training loss."""
    not_finite: str | None
    """The last training loss if it was not finite: `NaN`, `Infinity` or `-Infinity`."""
    best: float | None
    best_step: float | None
    change: ShownChange | None
    """The change from the baseline."""
    sparkline: Sparkline
    fall: float | None
    """How much lower the last loss is than the first, as a fraction of the first."""
    compared: bool
    """Whether the comparison includes it."""
    mark: str
    """How it changed since the previous snapshot: `new`, `ended`, `failed` or empty."""


@dataclass(frozen=True, slots=True)
class Total:
    """A status, and the number of jobs with it."""

    status: Badge
    count: int


@dataclass(frozen=True, slots=True)
class Best:
    """The lowest result of all jobs, and the job that reached it."""

    value: float
    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All jobs summarised in a few numbers."""

    jobs: int
    completed: int
    failed: int
    success: int | None
    """The percentage of jobs that completed among those that completed or failed."""
    seconds: float | None
    """The total training time of all jobs; None if no duration is known."""
    timed: int
    """The number of jobs with a known duration."""
    best: Best | None


@dataclass(frozen=True, slots=True)
class HomeView:
    """Everything that the home page shows."""

    identity: str
    manifest: Manifest | None
    totals: tuple[Total, ...]
    other_statuses: int
    """The number of statuses that are not in `totals`."""
    figures: Figures
    rows: Iterable[Row]
    """They can be iterated over once."""
    over_time: OverTimeView | None
    measured: bool
    """Whether any job is measured against a baseline."""
    news: str
    """How many jobs changed since the previous snapshot, and how: `2 ended, 1 new`."""
    bad_news: tuple[tuple[Part, ...], ...]
    """What broke or got worse since then."""
    stale_after: float
    """The age, in seconds, at which the page starts to warn."""
    compared: bool
    """Whether the report has a comparison."""
    provenance: Provenance


def home_view(
    report: Report,
    looks: Looks,
    compared: AbstractSet[str] = frozenset(),
    marks: Mapping[str, str | None] = MappingProxyType({}),
    link: Callable[[JobSummary], str] = lambda job: job.page,
) -> HomeView:
    """Return the contents of the home page.

    `compared` holds the ids of the jobs in the comparison, `marks` maps a job's id to how the job
    changed since the previous snapshot, and `link` returns the address of a job's page.
    """
    zone = looks.timezone
    totals = _totals(report)
    room = _Room()
    texts = [_row_texts(job, room) for job in report.jobs]
    return HomeView(
        identity=identity(report.origin),
        manifest=None if report.manifest is None else _manifest(report.manifest),
        totals=totals[:_TOTALS],
        other_statuses=len(totals[_TOTALS:]),
        figures=_figures(report),
        rows=(
            _row(
                job,
                shown,
                report,
                zone,
                link(job),
                compared=job.id in compared,
                mark=marks.get(job.id) or "",
            )
            for job, shown in zip(report.jobs, texts, strict=True)
        ),
        over_time=over_time_view(report, zone, link, room.left),
        measured=any(job.change for job in report.jobs),
        news=news(marks.values()),
        bad_news=tuple(bad_news(report.jobs, marks, zone, link)),
        stale_after=looks.stale_after,
        compared=bool(compared),
        provenance=Provenance(
            source=source_name(report.origin),
            url=report.origin.url,
            as_of=moment(report.snapshot_at, zone),
            facts=(
                plural(len(report.jobs), "job"),
                plural(sum(job.stream.events for job in report.jobs), "event"),
                *_streams(job.stream for job in report.jobs),
            ),
            generator=report.generator,
        ),
    )


def _manifest(manifest: Manifest) -> Manifest:
    trainer, error = manifest.trainer, manifest.error
    return Manifest(
        trainer=None if trainer is None else cut(trainer, TRAINER_LENGTH),
        error=None if error is None else cut(error, ERROR_LENGTH),
    )


class _RowTexts(NamedTuple):
    """The texts of a row that share the room there is."""

    name: Named
    id: Named
    note: str


def _row_texts(job: JobSummary, room: "_Room") -> _RowTexts:
    room.add_row()
    return _RowTexts(
        name=room.named(job.display_name, NAME_LENGTH, _NAME_SIZE),
        id=room.named(job.id, ID_LENGTH, _ID_SIZE),
        note=room.optional(_note(job), _REASON_LENGTH),
    )


def _row(
    job: JobSummary,
    texts: _RowTexts,
    report: Report,
    zone: ZoneInfo,
    page: str,
    *,
    compared: bool,
    mark: str,
) -> Row:
    loss = job.loss
    return Row(
        status=badge(job.status),
        page=page,
        name=texts.name,
        id=texts.id,
        id_end=cut(job.id[-_ID_END:], 2 * _ID_END) if len(job.id) > _SHORT_ID else "",
        note=texts.note,
        failed=job.status == "failed",
        created=moment(job.created_at, zone),
        seconds=job.seconds_at(report.snapshot_at),
        running=job.status == "running",
        last_step=job.last_step,
        steps=steps(job),
        loss=loss.last if loss else None,
        not_finite=job.last_not_finite,
        best=job.eval_loss.min if job.eval_loss else None,
        best_step=job.eval_loss.min_step if job.eval_loss else None,
        change=None if job.change is None else shown_change(job.change, zone),
        sparkline=job.sparkline,
        fall=_fall(loss) if loss and job.sparkline else None,
        compared=compared,
        mark=mark,
    )


def _note(job: JobSummary) -> str:
    notes = [] if job.listed else ["no longer listed"]
    if job.status == "failed" and job.error:
        notes.append(_reason(job.error))
    return " · ".join(notes)


def _reason(error: str) -> str:
    """Return an error as one line; for a traceback, its last line, which names the error."""
    if error.startswith("Traceback (most recent call last)"):
        error = error.rstrip().rpartition("\n")[2]
    return " ".join(error[: 4 * _REASON_LENGTH].split())


def _fall(loss: Metric) -> float | None:
    fall = (loss.first - loss.last) / abs(loss.first) if loss.first else math.inf
    return significant(fall, 2) if math.isfinite(fall) else None


class _Room:
    """The bytes left for text: bytes that one row does not need are available to longer ones."""

    def __init__(self) -> None:
        self._left = _SPARE

    @property
    def left(self) -> int:
        """The bytes that no row has needed."""
        return self._left

    def add_row(self) -> None:
        self._left += _ROW_TEXTS

    def named(self, text: str, length: int, size: int) -> Named:
        """Return a name or an id, truncated to a length and a size, and whole if there is room."""
        shown = fitting(text, length, size)
        self._left -= escaped_size(shown)
        return Named(shown, "" if cut(text, _WHOLE) == shown else self.optional(text, _WHOLE))

    def optional(self, text: str, length: int) -> str:
        """Return text truncated to a length; "" if there is no room for it."""
        shown = cut(text, length)
        size = escaped_size(shown)
        if size > self._left:
            return ""
        self._left -= size
        return shown


# --- All jobs in numbers -----------------------------------------------------------------------


def _figures(report: Report) -> Figures:
    jobs = report.jobs
    counts = Counter(job.status for job in jobs)
    ended = counts["completed"] + counts["failed"]
    durations = (job.seconds_at(report.snapshot_at) for job in jobs)
    known = [seconds for seconds in durations if seconds is not None]
    return Figures(
        jobs=len(jobs),
        completed=counts["completed"],
        failed=counts["failed"],
        # Rounded down: it is 100 only if no job failed.
        success=100 * counts["completed"] // ended if ended else None,
        seconds=sum(max(seconds, 0) for seconds in known) if known else None,
        timed=len(known),
        best=_best(report),
    )


def _best(report: Report) -> Best | None:
    """Return the best result, by the metric that all jobs have; None if there is no finite one."""
    metric = common_metric(report.jobs, report.baseline)
    for job, result in ranked(report.jobs, metric):
        if result.value is not None:
            what = "eval loss" if metric == EVAL_MINIMUM else "mean of the last losses"
            return Best(result.value, what, cut(job.display_name, NAME_LENGTH))
    return None


def _totals(report: Report) -> tuple[Total, ...]:
    """Count the jobs with each status that occurs, in Studio's order, then others.

    Statuses that look alike once truncated are counted as one.
    """
    totals: dict[Badge, int] = {}
    counts = report.counts
    for status in dict.fromkeys((*_STATUSES, *counts)):
        if count := counts.get(status):
            shown = badge(status)
            totals[shown] = totals.get(shown, 0) + count
    return tuple(Total(status, count) for status, count in totals.items())


def _streams(streams: Iterable[StreamSummary]) -> list[str]:
    """Count the streams by state and reason, the most frequent first."""
    states = Counter(stream_state(stream) for stream in streams).most_common()
    facts = [f"{plural(n, 'stream')} {state}" for state, n in states[:_STREAMS_ON_HOME]]
    rest = sum(n for _, n in states[_STREAMS_ON_HOME:])
    return [*facts, f"… and {rest} more"] if rest else facts
