"""When to close an open stream from this side, and why: pure, with times as arguments.

All times are seconds of one monotonic clock. A stream is *quiet* while it brings nothing but
comments and pings, and *stalled* while it brings no byte at all (for a job that has ended: while it
is quiet).
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reportgen.events import wire
from reportgen.settings import Following

ENDED_JOB_GRACE: Final = 30.0
"""Seconds past the wait in which the stream of an ended job may begin or be retried."""
LONGEST_DRAIN: Final = 600.0
"""Seconds past the wait in which the stream of an ended job is drained if it is never quiet."""
_RESTLESS_SETTLES: Final = 10
"""The same for any other job, in `--settle`s."""


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
    """Its status in the last reading of the list."""
    terminal: bool = False
    """Whether a terminal event came, and no `training.started` after it."""
    cancelled_at: float | None = None
    """When the list first called it cancelled."""
    waiting_ends: float = math.inf
    """When waiting ends for this job alone, because the list no longer has it."""

    @property
    def ended(self) -> bool:
        """Whether the list says that it has ended, or a terminal event came."""
        return self.terminal or self.listed_status in wire.ENDED_STATUSES


@dataclass(slots=True)
class Connection:
    """What is known about one connection."""

    requested_at: float
    opened_at: float | None = None
    last_byte_at: float = 0.0
    last_event_at: float | None = None
    """When the last event other than a ping came, replayed or not; None before the first."""


def closing(
    connection: Connection, job: JobFacts, settings: Following, waiting_ends: float
) -> tuple[float, Close]:
    """Return when to close the connection if nothing more comes, and why.

    `waiting_ends` is when waiting ends for all jobs, or infinity.
    """
    if connection.opened_at is None:
        candidates = [(connection.requested_at + settings.stall_timeout, Close.NO_ANSWER)]
    else:
        candidates = _by_the_stream(connection, connection.opened_at, job, settings)
    waiting_ends = min(waiting_ends, job.waiting_ends)
    # Past the wait nothing is reopened, so a stall is mere quiet.
    candidates = [
        (when, why) for when, why in candidates if why is not Close.STALLED or when < waiting_ends
    ]
    if math.isfinite(waiting_ends):
        candidates += _by_the_wait(connection, job, settings, waiting_ends)
    # Of reasons for the same moment, that the stream was read to its end says most.
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
        return candidates  # quiet is then the end, even if a stall would come first
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
