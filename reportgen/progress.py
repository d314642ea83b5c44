"""What stderr shows while streams are read: a live display on a terminal, plain lines elsewhere.

All words pass `say`, which takes secrets out and makes the text inert.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reportgen import history, wire
from reportgen.follow import Outcome
from reportgen.javascript import js_number

_REFRESHES_A_SECOND: Final = 8
_MOST_ROWS: Final = 16
_NAME_WIDTH: Final = 32

_STYLES: Final = {
    history.COMPLETE: "green",
    history.CAUGHT_UP: "cyan",
    history.INTERRUPTED: "red",
    history.UNAVAILABLE: "red",
}


@dataclass(slots=True)
class _Stream:
    """What is shown of one open stream."""

    state: str = "open"
    events: int = 0
    step: float | None = None
    loss: float | None = None

    def learn(self, events: int, log: bytes | None) -> None:
        """Take new events, and what the last log among them says."""
        self.events += events
        data = wire.decode_log(log) if log is not None else None
        if data is None:
            return
        step = None if data.step is msgspec.UNSET else wire.finite(data.step)
        if step is not None:
            self.step = step
        loss = None if data.loss is msgspec.UNSET else data.loss
        if wire.is_number(loss):
            self.loss = wire.as_double(loss)


class Plain:
    """One line for what becomes of each stream; with `verbose`, for each connection too."""

    def __init__(self, say: Callable[[str], None], *, verbose: bool) -> None:
        self._say = say
        self._verbose = verbose
        self._streams: dict[str, _Stream] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Tell how many jobs are meant, and how many of them have a stream to be read."""
        self._say(f"{_count(jobs, 'job')}, {_count(to_fetch, 'stream')} to read")

    def warn(self, message: str) -> None:
        """Tell of something that did not work."""
        self._say(f"warning: {message}")

    def opened(self, job_id: str) -> None:
        """Tell that the stream is open."""
        self._streams.setdefault(job_id, _Stream())
        if self._verbose:
            self._say(f"{job_id}: open")

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:
        """Count new events; a line for each chunk would drown all others."""
        self._streams[job_id].learn(events, last_log)

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        """Tell that the stream broke or was refused, and when it is tried again."""
        self._say(f"{job_id}: {reason}; trying again in {wait:.1f} s")

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Tell what became of the stream."""
        events = self._streams.pop(job_id, _Stream()).events
        reason = f": {outcome.reason}" if outcome.reason else ""
        self._say(f"{job_id}: {outcome.state}, {_count(events, 'new event')}{reason}")


class Quiet(Plain):
    """Nothing at all, but for errors, which are not progress."""

    def __init__(self) -> None:
        super().__init__(lambda _: None, verbose=False)


class Display(Plain):
    """A live line for each open stream and a bar for all of them, on a terminal.

    `inert` makes an id or a name safe to be shown there.
    """

    def __init__(
        self,
        console: Console,
        say: Callable[[str], None],
        inert: Callable[[str], str],
        *,
        verbose: bool,
    ) -> None:
        super().__init__(say, verbose=verbose)
        self._inert = inert
        self._to_fetch = 0
        self._done = 0
        self._live = Live(
            console=console,
            refresh_per_second=_REFRESHES_A_SECOND,
            get_renderable=self._render,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Set the bar's length."""
        self._to_fetch = to_fetch
        super().listed(jobs, to_fetch)

    def opened(self, job_id: str) -> None:
        """Show the stream as open."""
        super().opened(job_id)
        self._streams[job_id].state = "open"

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        """Show that the stream waits for its next try."""
        super().broke(job_id, reason, wait)
        self._streams.setdefault(job_id, _Stream()).state = "waiting to retry"

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Move the bar on."""
        super().ended(job_id, outcome)
        self._done += 1

    def _render(self) -> Group:
        rows = Table.grid(padding=(0, 2))
        for job_id, stream in list(self._streams.items())[:_MOST_ROWS]:
            rows.add_row(
                Text(_cut(self._inert(job_id)), style="bold"),
                Text(stream.state, style="dim"),
                Text("" if stream.step is None else f"step {js_number(stream.step)}"),
                Text("" if stream.loss is None else f"loss {js_number(stream.loss)}"),
                Text(_count(stream.events, "event"), style="dim"),
            )
        hidden = len(self._streams) - _MOST_ROWS
        if hidden > 0:
            rows.add_row(Text(f"… and {hidden} more", style="dim"))
        return Group(rows, self._bar())

    def _bar(self) -> Table:
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(1, self._to_fetch), completed=self._done, width=32),
            Text(f"{self._done} of {_count(self._to_fetch, 'stream')} read"),
        )
        return bar


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= _NAME_WIDTH else text[: _NAME_WIDTH - 1] + "…"
