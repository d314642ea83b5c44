"""What became of a job's event stream, according to the records of its log.

Everything that writes a log, indexes it, merges it, folds it into a page or decides whether to
fetch it again asks this module. Whether a reading of the stream completes it is decided once, by
`following.outcomes` as the stream closes, and recorded in the log.
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
    """The state of a stream, learned from one record after another."""

    events: int = 0
    """How many job events there are."""
    started: bool = False
    """Whether `training.started` ever came."""
    ended_as: wire.EndedAs | None = None
    """According to the last terminal event, unless the job was started after it."""
    ended_at: str | None = None
    """When that event says that it happened."""
    was_opened: bool = False
    """Whether the stream was ever answered."""
    reconnects: int = 0
    """How often the stream was opened again after it had broken, within one run."""
    fingerprint: int = 0
    """Of all that a page shows of the log: its events and breaks, but not when they came.

    It reveals damage to a log whose lines can still be read.
    """
    _is_broken: bool = False
    _in_run: bool = False
    _events_when_complete: int | None = None
    _outcome: tuple[State, str | None] = (UNAVAILABLE, "not read yet")

    @property
    def is_complete(self) -> bool:
        """Whether the stream was read to its end, and nothing came after that."""
        return self._events_when_complete == self.events

    @property
    def outcome(self) -> tuple[State, str | None]:
        """What became of the stream, and why if it is not complete."""
        if self._in_run and not self.is_complete:
            return INTERRUPTED, "the command was stopped before the stream was read"
        return self._outcome

    def learn(self, record: Record) -> None:
        """Learn what the next record says.

        Raises `DamagedLogError` if it says that other records were written before it.
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
    """Return whether the last line of a log says that the stream was read to its end."""
    return end is not None and end.state == COMPLETE
