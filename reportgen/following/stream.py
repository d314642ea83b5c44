"""Follow one job's event stream to its end: open it, read it, resume it after breaks, or give up.

Decisions are pure functions in other modules: `sse` decodes frames, `replay` tells replayed events
from new ones, `deadlines` decides when to close a stream, `outcomes` whether it was read to its
end, and `sources.retry` when to reopen it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reportgen.events import wire
from reportgen.events.event_log import (
    CAUGHT_UP,
    COMPLETE,
    INTERRUPTED,
    UNAVAILABLE,
    Broke,
    Ended,
    Events,
    Note,
    Opened,
    RunStarted,
)
from reportgen.following import deadlines
from reportgen.following.deadline_timer import DeadlineTimer
from reportgen.following.deadlines import Close, Connection, JobFacts
from reportgen.following.log_writer import LogWriter
from reportgen.following.outcomes import (
    ConnectionEnd,
    How,
    Outcome,
    completes,
    interrupted,
    outcome_of_close,
)
from reportgen.following.progress import StreamProgress
from reportgen.following.queue import StreamQueue
from reportgen.following.reading import Reading
from reportgen.settings import Following
from reportgen.sources import Source, StreamBrokenError, StreamRefusedError, retry


@dataclass
class Follower:
    """Follows one job's stream into its log; call `facts_changed` after changing `facts`.

    `disk` limits how many logs are synced at once; `clean` removes our own token from what is
    stored; `began` is when the command began, by the event loop's clock and by the wall clock;
    `waiting_ends` is an event loop time, or infinity; `chance` returns the jitter for retries,
    uniform in [0, 1).
    """

    job_id: str
    source: Source
    log: LogWriter
    disk: asyncio.Semaphore
    settings: Following
    progress: StreamProgress
    clean: Callable[[bytes], bytes]
    facts: JobFacts
    began: tuple[float, datetime]
    waiting_ends: float
    chance: Callable[[], float]
    _failures: retry.Failures = field(init=False)
    _timer: DeadlineTimer | None = None
    _stopping: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _closed_cleanly_at: int | None = None
    """The number of events in the log if the last connection was closed cleanly, else None."""
    _is_id_reset: bool = False
    """Whether the stream's last event ID was most recently set to empty."""
    _reconnection_time: float = 0.0
    """The reconnection time that the server set, in seconds."""

    def __post_init__(self) -> None:
        self._failures = retry.Failures(self.settings.retries)

    def stop(self) -> None:
        """Stop following immediately, keeping what has arrived."""
        self._stopping = True
        self.facts_changed()

    def facts_changed(self) -> None:
        """Reconsider when to close the stream, and whether to retry."""
        self._changed.set()
        if self._timer is not None:
            self._timer.look()

    async def follow(self, queue: StreamQueue) -> Outcome:
        """Read the stream, whose turn it is, until it ends, it is given up or the wait is over."""
        with queue.first_turn(), self.log:
            read_before = self._begin()
            ended, outcome = await self._connect()
        while outcome is None:
            outcome = await self._wait_to_retry(ended)
            if outcome is None:
                async with queue.turn(self.facts):
                    outcome = self._too_late_to_retry(ended)
                    if outcome is None:
                        with self.log:
                            ended, outcome = await self._connect()
        if read_before and self.log.state.is_complete:
            # It was already complete and nothing new arrived, so a failure changes nothing.
            outcome = Outcome(COMPLETE)
        reason = _without_token(self.clean, outcome.reason)
        fingerprint, size = self.log.state.fingerprint, self.log.size
        with self.log:
            self._note(Ended(outcome.state, reason, fingerprint, size))
        await self._sync()
        self.progress.ended(self.job_id, outcome)
        return outcome

    async def _sync(self) -> None:
        """Wait until the log is on disk, without blocking other streams."""
        async with self.disk:
            await asyncio.to_thread(self.log.sync)

    def _begin(self) -> bool:
        """Log the start of a command; return whether the stream was already complete."""
        self.facts.terminal = self.log.state.ended_as is not None
        read_before = self.log.state.is_complete
        self._note(RunStarted(self.began[1].isoformat(timespec="milliseconds")))
        return read_before

    def _note(self, note: Note) -> None:
        self.log.append_note(self.milliseconds(), note)

    def milliseconds(self) -> int:
        """Return the time since the command began, for the log."""
        return int((_now() - self.began[0]) * 1000)

    # Between two connections

    async def _wait_to_retry(self, ended: ConnectionEnd) -> Outcome | None:
        """Wait until it is time to retry; return an outcome if there will be no retry."""
        if ended.close is Close.STALLED:  # not a failure: reopen it silently
            return None
        if self._failures.too_many:
            times = f"{self._failures.in_a_row} failure{'s' * (self._failures.in_a_row > 1)}"
            return _unfinished(self.log, f"gave up after {times} in a row: {ended.reason}")
        asked = max(ended.asked or 0.0, self._reconnection_time)
        wait = self._failures.delay(self.chance, asked)
        self.progress.broke(self.job_id, ended.reason, wait)
        due = _now() + wait
        while _now() < min(due, self._last_retry_at()) and not self._stopping:
            await _wait(self._changed, min(due, self._last_retry_at()) - _now())
        if self._stopping:
            return interrupted(f"interrupted before the next try: {ended.reason}")
        return self._too_late_to_retry(ended, due)

    def _too_late_to_retry(self, ended: ConnectionEnd, due: float | None = None) -> Outcome | None:
        """Return an outcome if the wait is over when the retry is due (by default, now)."""
        due = _now() if due is None else due
        if ended.close is Close.STALLED or due <= self._last_retry_at():
            return None
        return _unfinished(self.log, f"{ended.reason}, and the wait was over")

    def _last_retry_at(self) -> float:
        return deadlines.last_retry_at(self.facts, self.waiting_ends)

    # One connection

    async def _connect(self) -> tuple[ConnectionEnd, Outcome | None]:
        """Open and read the stream once; return how that ended, and the outcome if it is final."""
        if self._stopping:
            return ConnectionEnd(How.CLOSED), interrupted("interrupted before its turn came")
        connection = Connection(requested_at=_now(), last_byte_at=_now())
        ended = await self._read(connection)
        outcome = self._outcome(ended, connection)
        if outcome is None and ended.close is not Close.STALLED:
            self._note_failure(ended, connection)
        return ended, outcome

    async def _read(self, connection: Connection) -> ConnectionEnd:
        """Open the stream and read it until it ends for any reason."""
        timer = self._timer = DeadlineTimer(lambda: self._closing(connection))
        reading = None
        try:
            async with timer:
                trail = self.log.trail
                sent = None if self._is_id_reset else trail.last_event_id(self.log.ids)
                async with self.source.events(self.job_id, sent, ended=self.facts.ended) as stream:
                    reading = self._opened(connection, sent)
                    async for chunk in stream.chunks:
                        if reading.take(chunk):
                            return ConnectionEnd(How.SENTINEL)
                        timer.look()
                reading.finish()
                # A server that closes before resending all earlier events has not reached the end.
                how = How.BROKEN if reading.is_short_of_log else How.CLEAN
                return ConnectionEnd(how, "the server closed the stream before its end")
            return ConnectionEnd(How.CLOSED, timer.reason, close=timer.close)
        except StreamRefusedError as refusal:
            how = How.FINAL if refusal.final else How.BROKEN
            return ConnectionEnd(how, refusal.reason, asked=refusal.retry_after)
        except StreamBrokenError as broken:
            return ConnectionEnd(How.BROKEN, str(broken))
        finally:
            self._timer = None
            if reading is not None:
                reading.finish()
                self._learn(reading)

    def _learn(self, reading: Reading) -> None:
        """Store what this connection sets for later ones."""
        if reading.retry is not None:
            self._reconnection_time = reading.retry
        if reading.last_id is not None:
            self._is_id_reset = not reading.last_id

    def _opened(self, connection: Connection, sent: bytes | None) -> Reading:
        connection.opened_at = connection.last_byte_at = _now()
        reading = Reading(
            self.log,
            connection,
            sent,
            clean=self.clean,
            milliseconds=self.milliseconds,
            arrived=self._arrived,
        )
        self._note(Opened(None if sent is None else sent.decode("latin-1")))
        self.progress.opened(self.job_id)
        return reading

    def _arrived(self, batch: Sequence[Events]) -> None:
        """Report new job events; a usable one proves that the stream works."""
        self.facts.terminal = self.log.state.ended_as is not None
        if self._failures.in_a_row and any(map(_has_usable, batch)):
            self._failures.forget()
        logs = [events for events in batch if events.name == wire.LOG]
        last_log = logs[-1].known_fields[-1] if logs else None
        self.progress.arrived(self.job_id, sum(map(len, batch)), last_log)

    def _closing(self, connection: Connection) -> tuple[float, Close | None]:
        if self._stopping:
            return 0.0, None
        return deadlines.closing(connection, self.facts, self.settings, self.waiting_ends)

    def _outcome(self, ended: ConnectionEnd, connection: Connection) -> Outcome | None:
        """Return the outcome of the stream, or None to reopen it."""
        opened = connection.opened_at is not None
        if ended.how is How.FINAL:
            return _unfinished(self.log, ended.reason)
        if ended.how is How.CLOSED:
            if not opened and ended.close in {Close.WAITED, Close.CUT}:
                return _unfinished(self.log, "the request was not answered before the wait ended")
            return outcome_of_close(ended.close, self.facts)
        events = self.log.trail.events
        if opened and completes(ended, self.facts, events, self._closed_cleanly_at):
            return Outcome(COMPLETE)
        if self.source.recorded and ended.how is How.CLEAN:
            return Outcome(CAUGHT_UP, "still open when it was recorded")
        return None

    def _note_failure(self, ended: ConnectionEnd, connection: Connection) -> None:
        if connection.opened_at is not None:
            self._note(Broke(_without_token(self.clean, ended.reason)))
            self._closed_cleanly_at = self.log.trail.events if ended.how is How.CLEAN else None
            has_stood = _now() - connection.opened_at >= retry.STEADY_CONNECTION
            if has_stood and not self.facts.ended:
                return
        self._failures.add(ended.reason)


def _unfinished(log: LogWriter, reason: str) -> Outcome:
    if log.trail.events > 0 or log.state.was_opened:
        return Outcome(INTERRUPTED, reason)
    return Outcome(UNAVAILABLE, reason)


def _without_token(clean: Callable[[bytes], bytes], reason: str | None) -> str | None:
    """Return a reason that is safe to log, since a refusal may quote the token."""
    if reason is None:
        return None
    return clean(reason.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    """Wait for some seconds, or until facts about the job change."""
    changed.clear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await changed.wait()


def _has_usable(events: Events) -> bool:
    return any(data is not None and wire.usable(events.name, data) for data in events.datas)


def _now() -> float:
    return asyncio.get_running_loop().time()
