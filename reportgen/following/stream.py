"""One job's event stream, followed to its end: opened, read, broken, resumed, given up.

What decides is pure and lies elsewhere: `sse` cuts frames, `resume` tells replayed events from
new ones, `deadlines` says when to close, `retry` when to try again. Here they meet the socket,
the clock and the log.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from itertools import accumulate
from typing import Final, Protocol

from reportgen.events import event_log, wire
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
    """What became of a stream: a state of `history`, and why if it is not complete."""

    state: str
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
        if read_before and self.log.was_read:
            # It had been read to its end, and nothing came since: a failed look changes nothing.
            outcome = Outcome(history.COMPLETE)
        with self.log:
            self._note(
                "end",
                state=outcome.state,
                reason=outcome.reason,
                fingerprint=self.log.fingerprint,
                size=self.log.size,
            )
        await self._sync()
        self.watcher.ended(self.job_id, outcome)
        return outcome

    async def _sync(self) -> None:
        """Wait until the log has reached the disk, while the streams of others go on."""
        async with self.disk:
            await asyncio.to_thread(self.log.sync)

    def _begin(self) -> bool:
        """Note in the log that a command begins; tell whether the stream had been read."""
        self.facts.terminal = self.log.terminal
        read_before = self.log.was_read
        self._note("run", at=self.began[1].isoformat(timespec="milliseconds"))
        return read_before

    def _note(self, kind: str, **values: str | int | None) -> None:
        # A refusal's own words may repeat the token.
        self.log.append(self.clean(event_log.note_line(self.milliseconds(), kind, **values)))
        self.log.note(kind)

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
        self._note("open", resumed=None if sent is None else sent.decode("latin-1"))
        self.watcher.opened(self.job_id)
        return reading

    def took(self, usable: Callable[[], bool]) -> None:
        """Learn that something new came; `usable` tells whether it shows that the stream works."""
        self.facts.terminal = self.log.terminal
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
            return Outcome(history.COMPLETE)
        if self.source.recorded and ended.how is _How.CLEAN:
            return Outcome(history.CAUGHT_UP, "still open when it was recorded")
        return None

    def _outcome_of_close(self, close: Close | None, *, opened: bool) -> Outcome | None:
        if close is Close.READ or (close is None and self.facts.terminal):
            return Outcome(history.COMPLETE)
        if close is None:
            return _interrupted("interrupted while the stream was open")
        if close not in _WAITING_ENDED:
            return None
        if not opened:
            return self._unfinished("the request was not answered before waiting ended")
        if math.isfinite(self.facts.waiting_ends):
            return Outcome(history.CAUGHT_UP, "still open when the list had lost the job")
        return Outcome(history.CAUGHT_UP, _WAITING_ENDED[close])

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
            self._note("break", reason=ended.reason)
            clean = ended.how is _How.CLEAN
            self._closed_cleanly_at = self.log.trail.events if clean else None
            stood = _now() - connection.opened_at >= retry.STEADY_CONNECTION
            if stood and not self.facts.ended:
                return
        self._failures.add(ended.reason)

    def _unfinished(self, reason: str) -> Outcome:
        if self.log.trail.events > 0 or self.log.was_opened:
            return Outcome(history.INTERRUPTED, reason)
        return Outcome(history.UNAVAILABLE, reason)


def _interrupted(reason: str) -> Outcome:
    """Give the outcome of a signal: whatever was read, the stream may well have been there."""
    return Outcome(history.INTERRUPTED, reason)


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
        """Take the next bytes; tell whether the `end` event came."""
        self._connection.last_byte_at = _now()
        frames: list[Frame] = []
        for part in self._decoder.parts(chunk):
            if isinstance(part, Frame):
                frames.append(part)
            elif self._keep(frames):
                return True
            else:
                frames = []
                self._keep_run(part)
        return self._keep(frames)

    def finish(self) -> None:
        """Take what the end of the connection leaves."""
        self._keep(self._decoder.close())

    def _keep(self, frames: list[Frame]) -> bool:
        """Take frames into the log in one piece; tell whether `end` is among them."""
        if not frames:
            return False
        names = [frame.name for frame in frames]
        ended = wire.END in names
        if ended:
            del frames[names.index(wire.END) + 1 :]
        if names.count(wire.PING) < len(names):
            self._connection.last_event_at = _now()
        fresh = self._cleaned(frames)
        if self._replay.under_way:
            fresh = [frame for frame in fresh if self._is_new(frame)]
        if fresh:
            self._append(fresh)
        return ended

    def _cleaned(self, frames: list[Frame]) -> list[Frame]:
        """Take the tool's own token out of all frames."""
        clean = self._follower.clean
        # What is not found in all texts at once is in none of them; no text goes past its line.
        texts = b"\n".join([text for f in frames for text in (f.name, f.id or b"", f.data)])
        if clean(texts) == texts:
            return frames
        return [
            Frame(
                frame.name if frame.name in wire.JOB_EVENTS else clean(frame.name),
                clean(frame.data),
                None if frame.id is None else clean(frame.id),
                frame.over_limit,
            )
            for frame in frames
        ]

    def _is_new(self, frame: Frame) -> bool:
        """Tell whether a frame is not only replayed."""
        if not self._replay.under_way:
            return True
        if frame.name in wire.JOB_EVENTS:
            data = None if frame.over_limit else frame.data
            return not self._replay.drops(frame.name, frame.id, data)
        return frame.name == wire.END

    def _append(self, frames: list[Frame]) -> None:
        """Append frames to the log, and tell of the job events among them."""
        milliseconds = self._follower.milliseconds()
        lines = [_line(milliseconds, frame) for frame in frames]
        offsets = list(accumulate(map(len, lines), initial=self._log.size))
        self._log.append(b"".join(lines))
        for frame, offset in zip(frames, offsets, strict=False):
            if frame.name in wire.JOB_EVENTS:
                self._log.note_event(offset, frame.name, frame.id, frame.data)
        events = [frame for frame in frames if frame.name in wire.JOB_EVENTS]
        if events:
            logs = (frame.data for frame in reversed(events) if frame.name == wire.LOG)
            self._tell(len(events), next(logs, None), lambda: _has_usable(events))

    def _keep_run(self, run: Run) -> None:
        """Take many logs into the log: at once, unless each must be looked at."""
        lines = event_log.event_lines(self._follower.milliseconds(), wire.LOG, run.ids, run.datas)
        if self._replay.under_way or self._follower.clean(lines) != lines:
            self._keep(run.frames())
            return
        self._connection.last_event_at = _now()
        self._log.append(lines)
        self._log.note_logs(lines, run.ids, run.datas)
        self._tell(len(run.datas), run.datas[-1], lambda: _has_usable(run.frames()))

    def _tell(self, events: int, last_log: bytes | None, usable: Callable[[], bool]) -> None:
        """Tell of new job events."""
        self._follower.took(usable)
        self._follower.watcher.arrived(self._follower.job_id, events, last_log)


def _line(milliseconds: int, frame: Frame) -> bytes:
    if frame.over_limit:
        return event_log.over_limit_line(milliseconds, frame.name, frame.id, history.TOO_LARGE)
    return event_log.event_line(milliseconds, frame.name, frame.id, frame.data)


def _has_usable(events: list[Frame]) -> bool:
    return any(not frame.over_limit and wire.usable(frame.name, frame.data) for frame in events)


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
