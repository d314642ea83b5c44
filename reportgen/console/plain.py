"""Progress without a live display: one message per stream, with its outcome."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Self

from reportgen.console import messages
from reportgen.console.messages import Message
from reportgen.events import event_log
from reportgen.following.outcomes import Outcome

_EXPECTED: Final = (event_log.COMPLETE, event_log.CAUGHT_UP)


class Plain:
    """Reports the outcome of each stream and, with `verbose`, each connection.

    `write` is called with each message, whose text is still as sent by the server; `now` returns
    the time in the zone that lines show.
    """

    def __init__(
        self, write: Callable[[Message], None], now: Callable[[], datetime], *, verbose: bool
    ) -> None:
        self._write = write
        self._now = now
        self._verbose = verbose
        self._events: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def reading(self, introduction: str) -> None:
        """Report which server is read, and why."""
        self._report("source", introduction)

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Report how many jobs are selected, and how many of their streams will be read."""
        text = f"{count(jobs, 'job')}, {count(to_fetch, 'stream')} to read"
        self._report("listed", text, jobs=jobs, streams=to_fetch)

    def warn(self, message: str) -> None:
        """Report a failure that does not stop the command."""
        self._report("warning", message, level=messages.WARNING)

    def opened(self, job_id: str) -> None:
        """Report that a stream is open, if `verbose`."""
        if self._verbose:
            self._report("opened", "open", job_id)

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:  # noqa: ARG002 - for a live display
        """Count new events; a message for each chunk would drown out all others."""
        self._events[job_id] += events

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        """Report that a stream broke or was refused, and when it is retried."""
        text = f"{reason}; trying again in {wait:.1f} s"
        self._report("broke", text, job_id, reason=reason, wait=round(wait, 3))

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Report a stream's outcome."""
        state, reason = outcome.state, outcome.reason
        events = self._events.pop(job_id, 0)
        text = f"{state}, {count(events, 'new event')}{f': {reason}' if reason else ''}"
        level = messages.INFO if state in _EXPECTED else messages.WARNING
        details = {"state": state, "reason": reason, "events": events}
        self._report("ended", text, job_id, level=level, **details)

    def _report(
        self,
        event: str,
        text: str,
        job_id: str | None = None,
        *,
        level: str = messages.INFO,
        **details: str | float | None,
    ) -> None:
        self._write(Message(self._now(), level, event, text, job_id, details))


class Quiet(Plain):
    """Reports nothing; errors are not progress."""

    def __init__(self) -> None:
        super().__init__(lambda _: None, lambda: datetime.min.replace(tzinfo=UTC), verbose=False)


def count(number: int, thing: str) -> str:
    """Format a number of things, like `1,200 streams`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
