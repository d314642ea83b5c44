"""When to close an open stream from this side, and why: pure functions that take times.

All times are seconds on the same monotonic clock. A stream is *quiet* while it sends nothing but
comments and pings, and *stalled* while it sends no bytes at all (if the job has ended: while the
stream is quiet).
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reportgen.events import wire
from reportgen.settings import Following

ENDED_JOB_GRACE: Final = 30.0
"""Seconds after the wait in which an ended job's stream may begin or be retried."""
LONGEST_DRAIN: Final = 600.0
"""Seconds after the wait for which an ended job's stream is drained if it is never quiet."""
_RESTLESS_SETTLES: Final = 10
"""The same for any other job, as a multiple of `--settle`."""


class Close(Enum):
    """Why a stream is closed from this side."""

    READ = "the stream was read to its end"
    NO_ANSWER = "the request was not answered"
    SILENT = "the stream of a job that has ended fell silent before its end"
    STALLED = "the connection gave no byte"
    WAITED = "waiting was over and the stream was quiet"
    CUT = "waiting was over and the stream never fell quiet"


@dataclass(slots=True)
class JobFacts:
    """What is known about a job while its stream is followed."""

    listed_status: str | None = None
    """Its status when the list was last read."""
    terminal: bool = False
    """Whether a terminal event arrived, with no `training.started` after it."""
    cancelled_at: float | None = None
    """When the list first showed it as cancelled."""
    waiting_ends: float = math.inf
    """When waiting ends for this job only, because it is no longer in the list."""

    @property
    def ended(self) -> bool:
        """Whether the list says that it has ended, or a terminal event arrived."""
        return self.terminal or self.listed_status in wire.ENDED_STATUSES


@dataclass(slots=True)
class Connection:
    """What is known about one connection."""

    requested_at: float
    opened_at: float | None = None
    last_byte_at: float = 0.0
    last_event_at: float | None = None
    """When the last non-ping event arrived, replayed or not; None before the first."""


def closing(
    connection: Connection, job: JobFacts, settings: Following, waiting_ends: float
) -> tuple[float, Close]:
    """Return when to close the connection if nothing more arrives, and why.

    `waiting_ends` is when waiting ends for all jobs, or infinity.
    """
    if connection.opened_at is None:
        candidates = [(connection.requested_at + settings.stall_timeout, Close.NO_ANSWER)]
    else:
        candidates = _by_the_stream(connection, connection.opened_at, job, settings)
    waiting_ends = min(waiting_ends, job.waiting_ends)
    # After the wait nothing is reopened, so a stall is the same as quiet.
    candidates = [
        (when, why) for when, why in candidates if why is not Close.STALLED or when < waiting_ends
    ]
    if math.isfinite(waiting_ends):
        candidates += _by_the_wait(connection, job, settings, waiting_ends)
    # If reasons have the same time, prefer that the stream was read to its end.
    return min(candidates, key=lambda candidate: (candidate[0], candidate[1] is not Close.READ))


def last_retry_at(job: JobFacts, waiting_ends: float) -> float:
    """Return the time after which a broken stream is not reopened."""
    waiting_ends = min(waiting_ends, job.waiting_ends)
    return waiting_ends + ENDED_JOB_GRACE if job.ended else waiting_ends


def _by_the_stream(
    connection: Connection, opened_at: float, job: JobFacts, settings: Following
) -> list[tuple[float, Close]]:
    last_event = connection.last_event_at
    quiet_since = opened_at if last_event is None else last_event
    candidates: list[tuple[float, Close]] = []
    if job.terminal:
        candidates.append((quiet_since + settings.settle, Close.READ))
    if job.cancelled_at is not None:
        patience = settings.stall_timeout if last_event is None else settings.settle
        candidates.append((max(quiet_since, job.cancelled_at) + patience, Close.READ))
    if candidates:
        return candidates  # then quiet means the end, even if a stall would come first
    if job.ended:
        candidates.append((quiet_since + settings.stall_timeout, Close.SILENT))
    else:
        candidates.append((connection.last_byte_at + settings.stall_timeout, Close.STALLED))
    return candidates


def _by_the_wait(
    connection: Connection, job: JobFacts, settings: Following, waiting_ends: float
) -> list[tuple[float, Close]]:
    if connection.last_event_at is not None:
        quiet = connection.last_event_at + settings.settle
    elif job.ended:
        quiet = connection.requested_at + ENDED_JOB_GRACE
    else:
        quiet = connection.requested_at + settings.settle
    drain = LONGEST_DRAIN if job.ended else _RESTLESS_SETTLES * settings.settle
    return [
        (max(waiting_ends, quiet), Close.WAITED),
        (max(waiting_ends, connection.requested_at) + drain, Close.CUT),
    ]
