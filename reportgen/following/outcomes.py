"""How a connection ended, and what that means for its stream."""

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from reportgen.events.event_log import CAUGHT_UP, COMPLETE, INTERRUPTED, State
from reportgen.following.deadlines import Close, JobFacts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stream, and why if it is not complete."""

    state: State
    reason: str | None = None


class How(Enum):
    """How a connection ended."""

    SENTINEL = auto()  # the `end` event came
    CLEAN = auto()  # the server closed it, nothing torn
    BROKEN = auto()  # it broke, or there never was one
    FINAL = auto()  # a refusal that stays the same
    CLOSED = auto()  # closed from this side


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    """How a connection ended, and why."""

    how: How
    reason: str = ""
    close: Close | None = None
    """Why it was closed from this side; None if the command was interrupted."""
    asked: float | None = None
    """How long the server wants to be left alone, in seconds."""


def interrupted(reason: str) -> Outcome:
    """Return the outcome of a signal: whatever was read, the stream may well have been there."""
    return Outcome(INTERRUPTED, reason)


_WAITING_ENDED: Final = {
    Close.WAITED: "still open when waiting ended",
    Close.CUT: "still open, and never quiet, when waiting ended",
}


def outcome_of_close(close: Close | None, facts: JobFacts) -> Outcome | None:
    """Return what a close from this side means for an opened stream; None if it is reopened.

    `close` is None if the command was interrupted.
    """
    if close is Close.READ or (close is None and facts.terminal):
        return Outcome(COMPLETE)
    if close is None:
        return interrupted("interrupted while the stream was open")
    if close not in _WAITING_ENDED:
        return None
    if math.isfinite(facts.waiting_ends):
        return Outcome(CAUGHT_UP, "still open when the list had lost the job")
    return Outcome(CAUGHT_UP, _WAITING_ENDED[close])


def is_complete(
    ended: ConnectionEnd, facts: JobFacts, events: int, closed_cleanly_at: int | None
) -> bool:
    """Return whether an opened connection that ended by itself leaves the stream complete.

    `events` is how many the log holds; `closed_cleanly_at` how many it held when the connection
    before was closed cleanly, or None.
    """
    if ended.how is How.SENTINEL or facts.terminal:
        return True
    if ended.how is not How.CLEAN:
        return False
    twice = events > 0 and closed_cleanly_at == events
    return facts.cancelled_at is not None or (facts.ended and twice)
