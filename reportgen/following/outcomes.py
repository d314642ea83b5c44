"""How a connection ended, and what that means for its stream: pure functions."""

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from reportgen.events.event_log import CAUGHT_UP, COMPLETE, INTERRUPTED, State
from reportgen.following.deadlines import Close, JobFacts


@dataclass(frozen=True, slots=True)
class Outcome:
    """A stream's final state, and the reason for it unless the stream is complete."""

    state: State
    reason: str | None = None


class How(Enum):
    """How a connection ended."""

    SENTINEL = auto()  # by an `end` event
    CLEAN = auto()  # by the server, at the end of the body
    BROKEN = auto()  # by a failure, or it was never open
    FINAL = auto()  # by a refusal that a retry can't change
    CLOSED = auto()  # from this side


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    """How a connection ended, and why."""

    how: How
    reason: str = ""
    close: Close | None = None
    """Why it was closed from this side; None if the command was interrupted."""
    asked: float | None = None
    """The delay that the server requested, in seconds."""


def interrupted(reason: str) -> Outcome:
    """Return the outcome after a signal: even if nothing was read, the stream may exist."""
    return Outcome(INTERRUPTED, reason)


_WAITING_ENDED: Final = {
    Close.WAITED: "still open when the wait ended",
    Close.CUT: "still open, and never quiet, when waiting ended",
}


def outcome_of_close(close: Close | None, facts: JobFacts) -> Outcome | None:
    """Return the outcome of a stream that was closed from this side; None to reopen it.

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

    `events` is the number of events in the log, and `closed_cleanly_at` that number when the
    previous connection was closed cleanly, or None if it was not.
    """
    if ended.how is How.SENTINEL or facts.terminal:
        return True
    if ended.how is not How.CLEAN:
        return False
    twice = events > 0 and closed_cleanly_at == events
    return facts.cancelled_at is not None or (facts.ended and twice)
