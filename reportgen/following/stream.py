"""One job's event stream, followed to its end: opened, read, broken, resumed, given up.

What decides is pure and lies elsewhere: `sse` cuts frames, `resume` tells replayed events from
new ones, `deadlines` says when to close, `retry` when to try again. Here they meet the socket,
the clock and the log.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Final, Protocol

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
    OverLimitEvents,
    RunStarted,
    State,
)
from reportgen.following import deadlines
from reportgen.following.deadlines import Close, Connection, JobFacts
from reportgen.following.log_writer import EventLog
from reportgen.following.replay import Replay
from reportgen.following.sse import Frame, FrameDecoder, Run
from reportgen.model import history
from reportgen.settings import Following
from reportgen.sources import Source, StreamBrokenError, StreamRefusedError, retry

_LOOK_AGAIN: Final = 0.02  # a due close waits so long for bytes that have come but were not read

_WAITING_ENDED: Final = {
    Close.WAITED: "still open when waiting ended",
    Close.CUT: "still open, and never quiet, when waiting ended",
}


class Line(Protocol):
    """Where streams wait for their turn to be open."""

    def turn(self, job: JobFacts) -> AbstractAsyncContextManager[None]:
        """Wait for a turn; the stream may be open while the context lasts."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stream, and why if it is not complete."""

    state: State
    reason: str | None = None


class Watcher(Protocol):
    """Who is told how a stream goes, for progress."""

    def opened(self, job_id: str) -> None:
        """Tell that the stream is open."""
        ...

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:
        """Tell how many new events came, and the data of the last log among them."""
        ...

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        """Tell that the stream broke or was refused, and when it is tried again."""
        ...

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Tell what became of the stream."""
        ...


class _How(Enum):
    """How a connection ended."""

    SENTINEL = auto()  # the `end` event came
    CLEAN = auto()  # the server closed it, nothing torn
    BROKEN = auto()  # it broke, or there never was one
    FINAL = auto()  # a refusal that stays the same
    CLOSED = auto()  # closed from this side


@dataclass(frozen=True, slots=True)
class _Ended:
    how: _How
    reason: str = ""
    close: Close | None = None
    """Why it was closed from this side; None where the command was interrupted."""
    asked: float | None = None
    """How long the server wants to be left alone, in seconds."""


@dataclass
class Follower:
    """Follows one job's stream into its log; `facts` may change from outside while it does.

    `disk` bounds how many logs are written to disk at once; `clean` takes the tool's own token
    out of what is kept; `began` is when the command began, on the event loop's clock and on the
    wall's; `waiting_ends` is a time of the event loop's, or infinity; `chance` returns the jitter,
    uniform in [0, 1).
    """

    job_id: str
    source: Source
    log: EventLog
    disk: asyncio.Semaphore
    settings: Following
    watcher: Watcher
    clean: Callable[[bytes], bytes]
    facts: JobFacts
    began: tuple[float, datetime]
    waiting_ends: float
    chance: Callable[[], float]
    _failures: retry.Failures = field(init=False)
    _watch: "_Watch | None" = None
    _stopping: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _closed_cleanly_at: int | None = None
    """How many events there were when the last connection was closed cleanly."""
    _reconnection_time: float = 0.0
    """The last `retry:` of the stream, in seconds."""

    def __post_init__(self) -> None:
        self._failures = retry.Failures(self.settings.retries)

    # Told from outside

    def stop(self) -> None:
        """End the following at once; what has arrived stays."""
        self._stopping = True
        self.facts_changed()

    def facts_changed(self) -> None:
        """Think again about when to close, and whether to try again."""
        self._changed.set()
        if self._watch is not None:
            self._watch.look()

    # The whole way

    async def follow(self, line: Line) -> Outcome:
        """Read the stream to its end, or until it is given up or waiting is over."""
        async with line.turn(self.facts):
            with self.log:
                read_before = self._begin()
                ended, outcome = await self._connect()
        while outcome is None:
            outcome = await self._wait_to_retry(ended)
            if outcome is None:
                async with line.turn(self.facts):
                    with self.log:
                        ended, outcome = await self._connect()
        if read_before and self.log.state.is_complete:
            # It had been read to its end, and nothing came since: a failed look changes nothing.
            outcome = Outcome(COMPLETE)
        reason = self._without_token(outcome.reason)
        fingerprint, size = self.log.state.fingerprint, self.log.size
        with self.log:
            self._note(Ended(outcome.state, reason, fingerprint, size))
        await self._sync()
        self.watcher.ended(self.job_id, outcome)
        return outcome

    async def _sync(self) -> None:
        """Wait until the log has reached the disk, while the streams of others go on."""
        async with self.disk:
            await asyncio.to_thread(self.log.sync)

    def _begin(self) -> bool:
        """Note in the log that a command begins; return whether the stream had been read."""
        self.facts.terminal = self.log.state.ended_as is not None
        read_before = self.log.state.is_complete
        self._note(RunStarted(self.began[1].isoformat(timespec="milliseconds")))
        return read_before

    def _note(self, note: Note) -> None:
        self.log.append_note(self.milliseconds(), note)

    def _without_token(self, reason: str | None) -> str | None:
        """Return a reason as the log may keep it: a refusal's own words may repeat the token."""
        if reason is None:
            return None
        return self.clean(reason.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def milliseconds(self) -> int:
        """Give the time since the command began, as the log notes it."""
        return int((_now() - self.began[0]) * 1000)

    # Between two connections

    async def _wait_to_retry(self, ended: "_Ended") -> Outcome | None:
        """Wait for the next try; an outcome where there is to be none."""
        if ended.close is Close.STALLED:  # no failure: it is opened again without a word
            return None
        if self._failures.too_many:
            times = f"{self._failures.in_a_row} failure{'s' * (self._failures.in_a_row > 1)}"
            return self._unfinished(f"given up after {times} in a row: {ended.reason}")
        asked = max(ended.asked or 0.0, self._reconnection_time)
        wait = self._failures.delay(self.chance, asked)
        self.watcher.broke(self.job_id, ended.reason, wait)
        due = _now() + wait
        while _now() < min(due, self._last_retry_at()) and not self._stopping:
            await self._sleep(min(due, self._last_retry_at()) - _now())
        if self._stopping:
            return _interrupted(f"interrupted before the next try: {ended.reason}")
        if due > self._last_retry_at():
            return self._unfinished(f"{ended.reason}, and waiting was over")
        return None

    def _last_retry_at(self) -> float:
        return deadlines.last_retry_at(self.facts, self.waiting_ends)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or less if what is known of the job changes."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    # One connection

    async def _connect(self) -> tuple["_Ended", Outcome | None]:
        """Open the stream once and read it; say how that ended and what it means."""
        if self._stopping:
            return _Ended(_How.CLOSED), _interrupted("interrupted before its turn came")
        connection = Connection(requested_at=_now(), last_byte_at=_now())
        ended = await self._read(connection)
        outcome = self._outcome(ended, connection)
        if outcome is None and ended.close is not Close.STALLED:
            self._note_failure(ended, connection)
        return ended, outcome

    async def _read(self, connection: Connection) -> "_Ended":
        """Open the stream and take what comes, until it ends one way or the other."""
        watch = self._watch = _Watch(lambda: self._closing(connection))
        reading = None
        try:
            async with watch:
                sent = self.log.trail.last_event_id(self.log.ids)
                async with self.source.events(self.job_id, sent, ended=self.facts.ended) as stream:
                    reading = self._opened(connection, sent)
                    async for chunk in stream.chunks:
                        if reading.take(chunk):
                            return _Ended(_How.SENTINEL)
                        watch.look()
                return _Ended(_How.CLEAN, "the server closed the stream before its end")
            return _Ended(_How.CLOSED, watch.words, close=watch.close)
        except StreamRefusedError as refusal:
            how = _How.FINAL if refusal.final else _How.BROKEN
            return _Ended(how, refusal.reason, asked=refusal.retry_after)
        except StreamBrokenError as broken:
            return _Ended(_How.BROKEN, str(broken))
        finally:
            self._watch = None
            if reading is not None:
                reading.finish()
                self._reconnection_time = reading.retry or self._reconnection_time

    def _opened(self, connection: Connection, sent: bytes | None) -> "_Reading":
        connection.opened_at = connection.last_byte_at = _now()
        reading = _Reading(self, connection, sent)
        self._note(Opened(None if sent is None else sent.decode("latin-1")))
        self.watcher.opened(self.job_id)
        return reading

    def took(self, usable: Callable[[], bool]) -> None:
        """Learn that something new came; `usable` tells whether it shows that the stream works."""
        self.facts.terminal = self.log.state.ended_as is not None
        if self._failures.in_a_row and usable():
            self._failures.forget()

    def _closing(self, connection: Connection) -> tuple[float, Close | None]:
        if self._stopping:
            return 0.0, None
        return deadlines.closing(connection, self.facts, self.settings, self.waiting_ends)

    # What the end of a connection means

    def _outcome(self, ended: "_Ended", connection: Connection) -> Outcome | None:
        """Give what became of the stream; None where it is to be opened again."""
        opened = connection.opened_at is not None
        if ended.how is _How.FINAL:
            return self._unfinished(ended.reason)
        if ended.how is _How.CLOSED:
            return self._outcome_of_close(ended.close, opened=opened)
        if opened and self._is_complete(ended):
            return Outcome(COMPLETE)
        if self.source.recorded and ended.how is _How.CLEAN:
            return Outcome(CAUGHT_UP, "still open when it was recorded")
        return None

    def _outcome_of_close(self, close: Close | None, *, opened: bool) -> Outcome | None:
        if close is Close.READ or (close is None and self.facts.terminal):
            return Outcome(COMPLETE)
        if close is None:
            return _interrupted("interrupted while the stream was open")
        if close not in _WAITING_ENDED:
            return None
        if not opened:
            return self._unfinished("the request was not answered before waiting ended")
        if math.isfinite(self.facts.waiting_ends):
            return Outcome(CAUGHT_UP, "still open when the list had lost the job")
        return Outcome(CAUGHT_UP, _WAITING_ENDED[close])

    def _is_complete(self, ended: "_Ended") -> bool:
        if ended.how is _How.SENTINEL or self.facts.terminal:
            return True
        if ended.how is not _How.CLEAN:
            return False
        events = self.log.trail.events
        twice = events > 0 and self._closed_cleanly_at == events
        return self.facts.cancelled_at is not None or (self.facts.ended and twice)

    def _note_failure(self, ended: "_Ended", connection: Connection) -> None:
        if connection.opened_at is not None:
            self._note(Broke(self._without_token(ended.reason)))
            clean = ended.how is _How.CLEAN
            self._closed_cleanly_at = self.log.trail.events if clean else None
            stood = _now() - connection.opened_at >= retry.STEADY_CONNECTION
            if stood and not self.facts.ended:
                return
        self._failures.add(ended.reason)

    def _unfinished(self, reason: str) -> Outcome:
        if self.log.trail.events > 0 or self.log.state.was_opened:
            return Outcome(INTERRUPTED, reason)
        return Outcome(UNAVAILABLE, reason)


def _interrupted(reason: str) -> Outcome:
    """Give the outcome of a signal: whatever was read, the stream may well have been there."""
    return Outcome(INTERRUPTED, reason)


class _Reading:
    """Takes one connection's bytes into the log: only what is new, and only whole lines."""

    def __init__(self, follower: Follower, connection: Connection, sent: bytes | None) -> None:
        self._follower = follower
        self._connection = connection
        self._log = follower.log
        self._decoder = FrameDecoder()
        self._replay = Replay(self._log.trail.copy(), sent, self._log.kept)

    @property
    def retry(self) -> float | None:
        """The `retry:` that the server set, in seconds."""
        milliseconds = self._decoder.retry
        return None if milliseconds is None else milliseconds / 1000

    def take(self, chunk: bytes) -> bool:
        """Take the next bytes; return whether the `end` event came."""
        self._connection.last_byte_at = _now()
        return self._keep(self._decoder.parts(chunk))

    def finish(self) -> None:
        """Take what the end of the connection leaves."""
        self._keep(self._decoder.close())

    def _keep(self, parts: Sequence[Frame | Run]) -> bool:
        """Write to the log what is new, up to an `end` event; return whether that is among it."""
        if not parts:
            return False
        milliseconds = self._follower.milliseconds()
        batch = [_events_of(milliseconds, part) for part in parts]
        names = [events.name for events in batch]
        ended = wire.END in names
        if ended:
            del batch[names.index(wire.END) + 1 :]
        if names.count(wire.PING) < len(names):
            self._connection.last_event_at = _now()
        batch = self._new(self._cleaned(batch))
        if batch:
            self._log.append_events(batch)
            self._report([events for events in batch if events.is_of_job])
        return ended

    def _cleaned(self, batch: list[Events]) -> list[Events]:
        """Remove the tool's own token from events."""
        clean = self._follower.clean
        # What is not found in all lines at once is in none of them: no text goes past its line.
        lines = b"".join([events.lines for events in batch])
        if clean(lines) == lines:
            return batch
        return [events.cleaned(clean) for events in batch]

    def _new(self, batch: list[Events]) -> list[Events]:
        """Return the events that are not only replayed."""
        if not self._replay.under_way:
            return batch
        fresh = [events[self._replayed(events) :] for events in batch]
        return [events for events in fresh if len(events)]

    def _replayed(self, events: Events) -> int:
        """Return how many of these events, from the first one on, are only replayed."""
        replay = self._replay
        if not events.is_of_job:
            return len(events) if replay.under_way and events.name != wire.END else 0
        for place, (event_id, data) in enumerate(zip(events.ids, events.datas, strict=True)):
            if not (replay.under_way and replay.drops(events.name, event_id, data)):
                return place
        return len(events)

    def _report(self, batch: Sequence[Events]) -> None:
        """Report new job events."""
        if batch:
            logs = [events for events in batch if events.name == wire.LOG]
            last_log = logs[-1].known_fields[-1] if logs else None
            self._follower.took(lambda: any(map(_has_usable, batch)))
            count = sum(map(len, batch))
            self._follower.watcher.arrived(self._follower.job_id, count, last_log)


def _events_of(milliseconds: int, part: Frame | Run) -> Events:
    if isinstance(part, Run):
        return Events.of(milliseconds, wire.LOG, part.ids, part.datas)
    if part.over_limit:
        return OverLimitEvents.at(milliseconds, part.name, part.id, history.TOO_LARGE)
    return Events.of(milliseconds, part.name, [part.id], [part.data])


def _has_usable(events: Events) -> bool:
    return any(data is not None and wire.usable(events.name, data) for data in events.datas)


class _Watch:
    """Cancels what runs within it once a deadline has passed that only ever moves with the facts.

    `due` gives the deadline as things stand, and why. It is asked again when it seems to have
    passed, so an event need not move any timer, and `look` is called when it may have come nearer.
    """

    def __init__(self, due: Callable[[], tuple[float, Close | None]]) -> None:
        self.close: Close | None = None
        self._due = due
        self._fired = False
        self._armed_for = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None

    @property
    def words(self) -> str:
        """Why it was closed, for people."""
        return "interrupted" if self.close is None else self.close.value

    async def __aenter__(self) -> None:
        self._task = asyncio.current_task()
        self.look()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> bool:
        if self._timer is not None:
            self._timer.cancel()
        if not self._fired or self._task is None:
            return False
        # The cancellation was ours; it ends here, unless someone else wants the task to end too.
        return self._task.uncancel() == 0 and kind is asyncio.CancelledError

    def look(self) -> None:
        """Move the timer nearer, if the deadline has come nearer."""
        when, _ = self._due()
        if when < self._armed_for and not self._fired:
            self._arm(when, self._passed)

    def _arm(self, when: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = when
        self._timer = asyncio.get_running_loop().call_at(when, then)

    def _passed(self) -> None:
        when, _ = self._due()
        if when > _now():
            self._arm(when, self._passed)
        else:
            # Bytes may have come that this busy process has not read yet: they are, before then.
            self._arm(_now() + _LOOK_AGAIN, self._fire)

    def _fire(self) -> None:
        when, close = self._due()
        if when > _now():
            self._arm(when, self._passed)
        elif self._task is not None:
            self._fired = True
            self.close = close
            self._task.cancel()


def _now() -> float:
    return asyncio.get_running_loop().time()
