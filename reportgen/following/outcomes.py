"""How a connection ended, and what that means for its stream: pure functions."""

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from reportgen.events.event_log import CAUGHT_UP, COMPLETE, INTERRUPTED, State
from reportgen.following.deadlines import Close, JobFacts


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state in which a stream is left, and the reason unless it is complete."""

    state: State
    reason: str | None = None


class How(Enum):
    """How a connection ended."""

    SENTINEL = auto()  # by an `end` event
    CLEAN = auto()  # by the server, at the end of the body
    BROKEN = auto()  # by a fault, or it was never open
    FINAL = auto()  # by a refusal that will stay the same
    CLOSED = auto()  # from this side


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    """How a connection ended, and why."""

    how: How
    reason: str = ""
    close: Close | None = None
    """Why it was closed from this side; None if the command was interrupted."""
    asked: float | None = None
    """The delay that the server asks for, in seconds."""


def interrupted(reason: str) -> Outcome:
    """Return the outcome after a signal: even with nothing read, the stream may have been there."""
    return Outcome(INTERRUPTED, reason)


_WAITING_ENDED: Final = {
    Close.WAITED: "still open when the wait ended",
    Close.CUT: "still open, and never quiet, when waiting ended",
}


def outcome_of_close(close: Close | None, facts: JobFacts) -> Outcome | None:
    """Return the outcome of a stream that was closed from this side; None if it is reopened.

    `close` is None if the command was interrupted.
    """
    if close is Close.READ or (close is None and facts.terminal):
        return Outcome(COMPLETE)
    if close is None:
        return interrupted("interrupted while the stream was open")
    if close not in _WAITING_ENDED:
        return None
    if math.isfinite(facts.waiting_ends):
        return Outcome(CAUGHT_UP, "still open when the job disappeared from the list")
    return Outcome(CAUGHT_UP, _WAITING_ENDED[close])


def completes(
    ended: ConnectionEnd, facts: JobFacts, events: int, closed_cleanly_at: int | None
) -> bool:
    """Return whether a stream is complete after a connection that was not closed from this side.

    `events` is the number of events in the log, and `closed_cleanly_at` the number that it had when
    the connection before was closed cleanly, or None if it was not.
    """
    if ended.how is How.SENTINEL or facts.terminal:
        return True
    if ended.how is not How.CLEAN:
        return False
    twice = events > 0 and closed_cleanly_at == events
    return facts.cancelled_at is not None or (facts.ended and twice)
