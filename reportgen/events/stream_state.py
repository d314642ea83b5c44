"""The state of a job's event stream, according to the records in its log.

All code that writes, indexes or merges logs, folds them into pages or decides whether to fetch them
again uses this module. Whether the stream was read completely is decided once, by
`following.outcomes` when the stream closes, and recorded in the log.
"""

import zlib
from dataclasses import dataclass

from reportgen.events import event_log, wire
from reportgen.events.event_log import (
    COMPLETE,
    INTERRUPTED,
    UNAVAILABLE,
    Broke,
    Ended,
    Events,
    Opened,
    Record,
    RunStarted,
    State,
)
from reportgen.text.times import time_or_none


@dataclass(slots=True)
class StreamState:
    """The state of a stream, updated record by record."""

    events: int = 0
    """The number of job events."""
    started: bool = False
    """Whether there was a `training.started` event."""
    ended_as: wire.EndedAs | None = None
    """The job's status after the last terminal event; None if the job was started again since."""
    ended_at: str | None = None
    """The timestamp of that event."""
    was_opened: bool = False
    """Whether the stream was ever opened."""
    reconnects: int = 0
    """How often the stream was reopened after a break within a run."""
    fingerprint: int = 0
    """A checksum of all that a page shows of the log: events and breaks, but not their times.

    It reveals damage to a log whose lines can still be read.
    """
    _is_broken: bool = False
    _in_run: bool = False
    _events_when_complete: int | None = None
    _outcome: tuple[State, str | None] = (UNAVAILABLE, "not read yet")

    @property
    def is_complete(self) -> bool:
        """Whether the stream was read to its end, with no events after that."""
        return self._events_when_complete == self.events

    @property
    def outcome(self) -> tuple[State, str | None]:
        """The state of the stream, and the reason if it is not complete."""
        if self._in_run and not self.is_complete:
            return INTERRUPTED, "the command was stopped before the stream was read"
        return self._outcome

    def learn(self, record: Record) -> None:
        """Update the state from the next record.

        Raises `DamagedLogError` if its fingerprint does not match the records before it.
        """
        match record:
            case Events():
                if record.is_of_job:
                    self._learn_events(record)
            case RunStarted():
                self._in_run = True
                self._is_broken = False
            case Opened():
                self.was_opened = True
                if self._is_broken:
                    self.reconnects += 1
                    self._add(b"open")
                self._is_broken = False
            case Broke():
                self._add(b"break")
                self._is_broken = True
            case Ended():
                self._learn_end(record)

    def _learn_events(self, events: Events) -> None:
        self.events += len(events)
        before = events.name + b"\r"
        self._add(before + before.join(events.known_fields))
        if events.name == wire.STARTED:
            self.started = True
            self.ended_as = self.ended_at = None
        elif events.name in wire.TERMINAL:
            last = wire.decode_event(events.known_fields[-1])
            self.ended_as = wire.ended_as(events.name, last)
            self.ended_at = None if last is None else time_or_none(last.timestamp)

    def _learn_end(self, end: Ended) -> None:
        if end.fingerprint not in {None, self.fingerprint}:
            raise event_log.DamagedLogError("its contents differ from what was written")
        self._in_run = False
        if says_complete(end):
            self._events_when_complete = self.events
            self._outcome = COMPLETE, None
        elif not self.is_complete:
            self._outcome = end.state, end.reason or "unknown"

    def _add(self, part: bytes) -> None:
        self.fingerprint = zlib.crc32(part, self.fingerprint)


def says_complete(end: Ended | None) -> bool:
    """Return whether a log's end note says that the stream was read to its end."""
    return end is not None and end.state == COMPLETE
