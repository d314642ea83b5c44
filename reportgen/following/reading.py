"""Read one connection, from its bytes to the log."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence

from reportgen.errors import WriteError
from reportgen.events import wire
from reportgen.events.event_log import Events, OverLimitEvents
from reportgen.following.deadlines import Connection
from reportgen.following.log_writer import LogWriter
from reportgen.following.replay import Replay
from reportgen.following.sse import Frame, FrameDecoder, Run
from reportgen.model import history


class Reading:
    """Decodes one connection's bytes and appends the new events to the log.

    `sent` is the request's `Last-Event-ID`. `clean` removes our own tokens from bytes;
    `milliseconds` returns the time since the command began; `arrived` is called with new job
    events.
    """

    def __init__(
        self,
        log: LogWriter,
        connection: Connection,
        sent: bytes | None,
        *,
        clean: Callable[[bytes], bytes],
        milliseconds: Callable[[], int],
        arrived: Callable[[Sequence[Events]], None],
    ) -> None:
        self._log = log
        self._connection = connection
        self._clean = clean
        self._milliseconds = milliseconds
        self._arrived = arrived
        self._decoder = FrameDecoder()
        self._replay = Replay(self._log.trail.copy(), sent, self._log.kept)

    @property
    def retry(self) -> float | None:
        """The reconnection time that the server set, in seconds."""
        milliseconds = self._decoder.retry
        return None if milliseconds is None else milliseconds / 1000

    @property
    def last_id(self) -> bytes | None:
        """The last event ID: None if this connection sent no ID, and empty after a reset."""
        return self._decoder.last_id

    @property
    def is_short_of_log(self) -> bool:
        """Whether less has arrived than the log held when the connection was opened."""
        return self._replay.under_way

    def take(self, chunk: bytes) -> bool:
        """Process the next bytes; return whether they contain an `end` event."""
        self._connection.last_byte_at = asyncio.get_running_loop().time()
        with _writing_temporary_files():
            parts = self._decoder.parts(chunk)
        return self._keep(parts)

    def finish(self) -> None:
        """Process what is left in the decoder when the connection has ended."""
        with _writing_temporary_files():
            frames = self._decoder.close()
        self._keep(frames)

    def _keep(self, parts: Sequence[Frame | Run]) -> bool:
        """Append new events, up to an `end` event; return whether there is one."""
        if not parts:
            return False
        milliseconds = self._milliseconds()
        batch = [_events_of(milliseconds, part) for part in parts]
        names = [events.name for events in batch]
        ended = wire.END in names
        if ended:
            del batch[names.index(wire.END) + 1 :]
        if names.count(wire.PING) < len(names):
            self._connection.last_event_at = asyncio.get_running_loop().time()
        batch = self._new(self._cleaned(batch))
        if batch:
            self._log.append_events(batch)
            of_job = [events for events in batch if events.is_of_job]
            if of_job:
                self._arrived(of_job)
        return ended

    def _cleaned(self, batch: list[Events]) -> list[Events]:
        """Remove our own token from events."""
        clean = self._clean
        # A token contains no line break, so one search through all lines finds it in any line.
        lines = b"".join([events.lines for events in batch])
        if clean(lines) == lines:
            return batch
        return [events.cleaned(clean) for events in batch]

    def _new(self, batch: list[Events]) -> list[Events]:
        """Return the events that are not replays."""
        if not self._replay.under_way:
            return batch
        fresh = [events[self._replayed(events) :] for events in batch]
        return [events for events in fresh if len(events)]

    def _replayed(self, events: Events) -> int:
        """Return how many of these events are replays, which come first."""
        replay = self._replay
        if not events.is_of_job:
            return len(events) if replay.under_way and events.name != wire.END else 0
        for place, (event_id, data) in enumerate(zip(events.ids, events.datas, strict=True)):
            if not (replay.under_way and replay.drops(events.name, event_id, data)):
                return place
        return len(events)


@contextlib.contextmanager
def _writing_temporary_files() -> Iterator[None]:
    """Raise `WriteError` if the decoder cannot store a large frame on disk."""
    try:
        yield
    except OSError as error:
        place = tempfile.tempdir or "the directory for temporary files"
        raise WriteError(
            f"Cannot write temporary files in {place}: {error.strerror or error}. "
            "Free some space there, or set TMPDIR to another directory."
        ) from error


def _events_of(milliseconds: int, part: Frame | Run) -> Events:
    if isinstance(part, Run):
        return Events.of(milliseconds, wire.LOG, part.ids, part.datas)
    if part.over_limit:
        return OverLimitEvents.at(milliseconds, part.name, part.id, history.TOO_LARGE)
    return Events.of(milliseconds, part.name, [part.id], [part.data])
