"""What stderr shows while streams are read, where there is no live display: a record each.

The records' words are as the server sent them: `logs.py` makes lines of them that may be seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

import msgspec

from reportgen.console import messages
from reportgen.console.messages import Record
from reportgen.events import event_log, wire
from reportgen.following.outcomes import Outcome
from reportgen.text import javascript
from reportgen.text.javascript import as_double, is_number

_WELL: Final = (event_log.COMPLETE, event_log.CAUGHT_UP)


@dataclass(slots=True)
class Stream:
    """What is shown of one open stream."""

    state: str = "open"
    events: int = 0
    step: float | None = None
    loss: float | None = None

    def learn(self, events: int, log: bytes | None) -> None:
        """Record new events, and what the last log among them says."""
        self.events += events
        data = wire.decode_log(log) if log is not None else None
        if data is None:
            return
        step = None if data.step is msgspec.UNSET else javascript.finite(data.step)
        if step is not None:
            self.step = step
        loss = None if data.loss is msgspec.UNSET else data.loss
        if is_number(loss):
            self.loss = as_double(loss)


class Plain:
    """A record for what becomes of each stream; with `verbose`, for each connection too.

    `tell` takes the records, `now` gives the time in the zone that people are told it in.
    """

    def __init__(
        self, tell: Callable[[Record], None], now: Callable[[], datetime], *, verbose: bool
    ) -> None:
        self._tell = tell
        self._now = now
        self._verbose = verbose
        self._streams: dict[str, Stream] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def reading(self, introduction: str) -> None:
        """Report which server is read, and why that one."""
        self._say("source", introduction)

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Report how many jobs are meant, and how many of them have a stream to be read."""
        words = f"{count(jobs, 'job')}, {count(to_fetch, 'stream')} to read"
        self._say("listed", words, jobs=jobs, streams=to_fetch)

    def warn(self, message: str) -> None:
        """Report of something that did not work."""
        self._tell(Record(self._now(), messages.WARNING, "warning", message))

    def opened(self, job_id: str) -> None:
        """Report that the stream is open."""
        self._streams.setdefault(job_id, Stream())
        if self._verbose:
            self._say("opened", "open", job_id)

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:
        """Count new events; a record for each chunk would drown all others."""
        self._streams[job_id].learn(events, last_log)

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        """Report that the stream broke or was refused, and when it is tried again."""
        words = f"{reason}; trying again in {wait:.1f} s"
        self._say("broke", words, job_id, reason=reason, wait=round(wait, 3))

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Report what became of the stream."""
        events = self._streams.pop(job_id, Stream()).events
        reason = f": {outcome.reason}" if outcome.reason else ""
        words = f"{outcome.state}, {count(events, 'new event')}{reason}"
        told = {"state": outcome.state, "reason": outcome.reason, "events": events}
        level = messages.INFO if outcome.state in _WELL else messages.WARNING
        self._tell(Record(self._now(), level, "ended", words, job_id, told))

    def _say(
        self, event: str, message: str, job_id: str | None = None, **details: str | float
    ) -> None:
        self._tell(Record(self._now(), messages.INFO, event, message, job_id, details))


class Quiet(Plain):
    """Nothing at all, but for errors, which are not progress."""

    def __init__(self) -> None:
        super().__init__(lambda _: None, lambda: datetime.min.replace(tzinfo=UTC), verbose=False)


def count(number: int, thing: str) -> str:
    """Format a number of things, like `1,200 streams`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
