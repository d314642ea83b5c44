"""The live display on a terminal: a line for each open stream, and a bar for all of them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reportgen.console.messages import Message
from reportgen.console.plain import Plain, count
from reportgen.events import wire
from reportgen.following.outcomes import Outcome
from reportgen.text import inert, javascript
from reportgen.text.javascript import as_double, is_number, js_number

_REFRESHES_A_SECOND: Final = 8
_MOST_ROWS: Final = 16
_NAME_WIDTH: Final = 32


def on_stderr(
    line: Callable[[Message], str],
    now: Callable[[], datetime],
    safe: Callable[[str], str],
    *,
    colour: bool,
    verbose: bool,
) -> "Display":
    """Return a display on stderr; `line` formats messages for the area above the display."""
    console = Console(stderr=True, no_color=not colour)

    def write(message: Message) -> None:
        console.print(Text.from_ansi(line(message)))

    return Display(console, write, now, safe, verbose=verbose)


@dataclass(slots=True)
class _Row:
    """The displayed state of one open stream."""

    state: str = "open"
    step: float | None = None
    loss: float | None = None

    def update(self, log: bytes) -> None:
        """Show the step and loss of a `training.log` event, if they are usable."""
        data = wire.decode_log(log)
        if data is None:
            return
        step = None if data.step is msgspec.UNSET else javascript.finite(data.step)
        if step is not None:
            self.step = step
        loss = None if data.loss is msgspec.UNSET else data.loss
        if is_number(loss):
            self.loss = as_double(loss)


class Display(Plain):
    """A live line for each open stream and a bar for all of them.

    `safe` makes an id safe to show.
    """

    def __init__(
        self,
        console: Console,
        write: Callable[[Message], None],
        now: Callable[[], datetime],
        safe: Callable[[str], str],
        *,
        verbose: bool,
    ) -> None:
        super().__init__(write, now, verbose=verbose)
        self._safe = safe
        self._rows: dict[str, _Row] = {}
        self._to_fetch = 0
        self._done = 0
        self._live = Live(
            console=console,
            refresh_per_second=_REFRESHES_A_SECOND,
            get_renderable=self._render,
            transient=True,
        )

    def __enter__(self) -> Self:
        with suppress(RuntimeError):  # without threads, it is redrawn with each message
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Set the bar's length."""
        self._to_fetch = to_fetch
        super().listed(jobs, to_fetch)

    def opened(self, job_id: str) -> None:
        """Show the stream as open."""
        super().opened(job_id)
        self._rows.setdefault(job_id, _Row()).state = "open"

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:
        """Show the stream's last step and loss."""
        super().arrived(job_id, events, last_log)
        if last_log is not None:
            self._rows[job_id].update(last_log)

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        """Show that the stream is waiting for a retry."""
        super().broke(job_id, reason, wait)
        self._rows.setdefault(job_id, _Row()).state = "waiting to retry"

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Advance the bar."""
        super().ended(job_id, outcome)
        self._rows.pop(job_id, None)
        self._done += 1

    def _render(self) -> Group:
        rows = Table.grid(padding=(0, 2))
        for job_id, row in list(self._rows.items())[:_MOST_ROWS]:
            rows.add_row(
                Text(inert.cut(self._safe(job_id), _NAME_WIDTH), style="bold"),
                Text(row.state, style="dim"),
                Text("" if row.step is None else f"step {js_number(row.step)}"),
                Text("" if row.loss is None else f"loss {js_number(row.loss)}"),
                Text(count(self._events[job_id], "event"), style="dim"),
            )
        hidden = len(self._rows) - _MOST_ROWS
        if hidden > 0:
            rows.add_row(Text(f"… and {hidden} more", style="dim"))
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(1, self._to_fetch), completed=self._done, width=32),
            Text(f"{self._done} of {count(self._to_fetch, 'stream')} read"),
        )
        return Group(rows, bar)
