"""What the home page shows: Studio's *Run training* and *Jobs*."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.charts.sparkline import Sparkline
from reportgen.model.origin import Manifest
from reportgen.pages.looks import Looks
from reportgen.report.report import JobSummary, Report, StreamSummary
from reportgen.report.wording import (
    ID_LENGTH,
    NAME_LENGTH,
    Badge,
    Moment,
    Provenance,
    badge,
    cut,
    duration,
    identity,
    last_loss,
    moment,
    plural,
    short,
    source_name,
    steps,
    stream_state,
)

TRAINER_LENGTH: Final = 500
ERROR_LENGTH: Final = 4_000
"""Where the manifest's texts are cut: when escaped, a character can take six bytes."""

_STREAMS_ON_HOME: Final = 20

_TOTALS: Final = 12


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
    seconds: float | None
    """The duration to sort by; None if it is unknown."""
    steps: str
    loss: str
    sparkline: Sparkline
    best: str
    best_step: float | None
    compared: bool
    """Whether the comparison includes it."""
    mark: str
    """How it changed since the previous snapshot: `new`, `ended`, `failed` or empty."""


@dataclass(frozen=True, slots=True)
class Total:
    """A status, and the number of jobs that have it."""

    status: Badge
    count: int


@dataclass(frozen=True, slots=True)
class HomeView:
    """All that the home page shows."""

    identity: str
    manifest: Manifest | None
    totals: tuple[Total, ...]
    other_statuses: int
    """The number of statuses that are not in `totals`."""
    rows: tuple[Row, ...]
    news: str
    """How many jobs changed since the previous snapshot, and how: `2 ended, 1 new`."""
    stale_after: float
    """The page's age, in seconds, from which on it warns."""
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
    """Return what the home page shows.

    `compared` holds the ids of the jobs in the comparison, `marks` maps a job's id to how the job
    changed since the previous snapshot, and `link` returns the address of a job's page.
    """
    zone = looks.timezone
    totals = _totals(report)
    return HomeView(
        identity=identity(report.origin),
        manifest=None if report.manifest is None else _manifest(report.manifest),
        totals=totals[:_TOTALS],
        other_statuses=len(totals[_TOTALS:]),
        rows=tuple(
            _row(
                job,
                zone,
                link(job),
                compared=job.id in compared,
                mark=marks.get(job.id) or "",
            )
            for job in report.jobs
        ),
        news=_news(marks.values()),
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


def _news(marks: Iterable[str | None]) -> str:
    counts = Counter(mark for mark in marks if mark)
    return ", ".join(f"{counts[mark]} {mark}" for mark in sorted(counts))


def _manifest(manifest: Manifest) -> Manifest:
    trainer, error = manifest.trainer, manifest.error
    return Manifest(
        trainer=None if trainer is None else cut(trainer, TRAINER_LENGTH),
        error=None if error is None else cut(error, ERROR_LENGTH),
    )


def _row(job: JobSummary, zone: ZoneInfo, page: str, *, compared: bool, mark: str) -> Row:
    return Row(
        status=badge(job.status),
        page=page,
        name=cut(job.display_name, NAME_LENGTH),
        id=cut(job.id, ID_LENGTH),
        created=moment(job.created_at, zone),
        listed=job.listed,
        duration=duration(job.duration_seconds),
        seconds=job.duration_seconds,
        steps=steps(job),
        loss=last_loss(job),
        sparkline=job.sparkline,
        best="—" if job.eval_loss is None else short(job.eval_loss.min),
        best_step=None if job.eval_loss is None else job.eval_loss.min_step,
        compared=compared,
        mark=mark,
    )


def _totals(report: Report) -> tuple[Total, ...]:
    """Count the jobs of each status that occurs. Statuses that look alike once cut are one."""
    totals: dict[Badge, int] = {}
    for status, count in report.counts.items():
        if count:
            shown = badge(status)
            totals[shown] = totals.get(shown, 0) + count
    return tuple(Total(status, count) for status, count in totals.items())


def _streams(streams: Iterable[StreamSummary]) -> list[str]:
    """Count the streams of each state and reason, the most frequent first."""
    states = Counter(stream_state(stream) for stream in streams).most_common()
    facts = [f"{plural(n, 'stream')} {state}" for state, n in states[:_STREAMS_ON_HOME]]
    rest = sum(n for _, n in states[_STREAMS_ON_HOME:])
    return [*facts, f"… and {rest} more"] if rest else facts
