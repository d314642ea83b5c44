"""What a report says, as plain values: one for each job and one for the whole.

Pages and exports lay these out and decide nothing. Every text in them has passed `redact`, so no
secret can reach a file by a way that was forgotten; it is still the server's own text, which
whoever writes it out makes inert for the place it goes to.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from reportgen import history as hist
from reportgen import wire
from reportgen.history import Curve, History, LogLine
from reportgen.redact import Redactor

SCHEMA: Final = 1
LINE_LENGTH: Final = 500
"""How much of a log line a page shows."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the jobs came from, as far as the source tells."""

    kind: str
    url: str | None = None
    """The base URL without user info and query; None where there is no server."""
    mode: str | None = None
    org: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the project would train next: the trainer's name, or why there is none."""

    trainer: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """What became of a job's event stream, and how much of it could be used."""

    state: str
    reason: str | None
    events: int
    skipped: int
    reconnects: int
    skipped_reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """A curve in numbers, from all its finite points."""

    points: int
    first: float
    last: float
    min: float
    min_step: float
    max: float


@dataclass(frozen=True, slots=True)
class JobSummary:
    """What home page and exports say of a job; it holds no points, so a thousand fit in memory."""

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
    stream: Stream
    loss: Metric | None
    eval_loss: Metric | None
    not_finite: int
    last_step: float | None
    checkpoints: tuple[float, ...]
    log_tail: tuple[str, ...]
    config: wire.Object
    as_of: str | None
    """Of a job that has ended, the time that its page is a picture of; None while it runs on."""

    @property
    def page(self) -> str:
        """The path of the job's page from the home page."""
        return f"jobs/{self.slug}.html"

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come."""
        return self.status in wire.ENDED_STATUSES


@dataclass(frozen=True, slots=True)
class JobDetail:
    """All that a job's own page says: its summary, its curves and its last log lines."""

    summary: JobSummary
    loss: Curve
    eval_loss: Curve
    superseded: hist.Superseded
    resumed_at: tuple[float, ...]
    checkpoints: tuple[float, ...]
    artifacts: tuple[str, ...]
    """Each artifact as a line of text: a string as it is, an object as JSON."""
    log: tuple[LogLine, ...]
    log_lines: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report, jobs in the order in which they are shown."""

    generator: str
    snapshot_at: datetime
    origin: Origin
    manifest: Manifest | None
    jobs: tuple[JobSummary, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs have which status: the five first, then any other in order of coming."""
        counts = dict.fromkeys(wire.STATUSES, 0)
        for job in self.jobs:
            counts[job.status] = counts.get(job.status, 0) + 1
        return counts
