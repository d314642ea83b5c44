"""When an open stream is closed from this side, and what that means: pure, times passed in.

All times are seconds of one monotonic clock. *Quiet* is a stream that gives nothing but comments
and pings; *stalled* one that gives no byte at all, or, for a job that has ended, is quiet.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reportgen.events import wire
from reportgen.settings import Following

ENDED_JOB_GRACE: Final = 30.0
"""How long the stream of a job that has ended may take to begin, and be retried, past the wait."""
LONGEST_READING_UP: Final = 600.0
"""How long the stream of a job that has ended is read past the wait if it never falls quiet."""
_RESTLESS_SETTLES: Final = 10


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
    """What is known of a job while its stream is followed."""

    listed_status: str | None = None
    """What the list calls it, as last read."""
    terminal: bool = False
    """A terminal event came, and no `training.started` after it."""
    cancelled_at: float | None = None
    """When the list was read that calls it cancelled."""
    waiting_ends: float = math.inf
    """When waiting ends for this job alone: the list does not have it any more."""

    @property
    def ended(self) -> bool:
        """The list calls it ended, or a terminal event came."""
        return self.terminal or self.listed_status in wire.ENDED_STATUSES


@dataclass(slots=True)
class Connection:
    """What is known of one connection."""

    requested_at: float
    opened_at: float | None = None
    last_byte_at: float = 0.0
    last_event_at: float | None = None
    """When the last event came that is no ping, replayed ones included; None before the first."""


def closing(
    connection: Connection, job: JobFacts, settings: Following, waiting_ends: float
) -> tuple[float, Close]:
    """Return when to close the connection if nothing more comes, and why.

    `waiting_ends` is when waiting ends for all jobs; may be infinity.
    """
    if connection.opened_at is None:
        candidates = [(connection.requested_at + settings.stall_timeout, Close.NO_ANSWER)]
    else:
        candidates = _by_the_stream(connection, connection.opened_at, job, settings)
    waiting_ends = min(waiting_ends, job.waiting_ends)
    # Past the wait a stall is only quiet: nothing is opened again for it.
    candidates = [
        (when, why) for when, why in candidates if why is not Close.STALLED or when < waiting_ends
    ]
    if math.isfinite(waiting_ends):
        candidates += _by_the_wait(connection, job, settings, waiting_ends)
    # At the same moment, having read the stream says more than any other reason.
    return min(candidates, key=lambda candidate: (candidate[0], candidate[1] is not Close.READ))


def last_retry_at(job: JobFacts, waiting_ends: float) -> float:
    """Return the time after which a broken stream is not opened again."""
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
        return candidates  # quiet means that it was read, however short a stall is
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
    reading_up = LONGEST_READING_UP if job.ended else _RESTLESS_SETTLES * settings.settle
    return [
        (max(waiting_ends, quiet), Close.WAITED),
        (max(waiting_ends, connection.requested_at) + reading_up, Close.CUT),
    ]
