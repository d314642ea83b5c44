"""The live display on a terminal: a line for each open stream, and a bar for all of them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reportgen.console.messages import Record
from reportgen.console.plain import Plain, Stream, count
from reportgen.following.outcomes import Outcome
from reportgen.text import inert
from reportgen.text.javascript import js_number

_REFRESHES_A_SECOND: Final = 8
_MOST_ROWS: Final = 16
_NAME_WIDTH: Final = 32


def on_stderr(
    line: Callable[[Record], str],
    now: Callable[[], datetime],
    safe: Callable[[str], str],
    *,
    colour: bool,
    verbose: bool,
) -> "Display":
    """Return a display on stderr; `line` formats a record as it is shown above the display."""
    console = Console(stderr=True, no_color=not colour)

    def write(record: Record) -> None:
        console.print(Text.from_ansi(line(record)))

    return Display(console, write, now, safe, verbose=verbose)


class Display(Plain):
    """A live line for each open stream and a bar for all of them, on a terminal.

    `safe` makes an id or a name fit to be shown there.
    """

    def __init__(
        self,
        console: Console,
        tell: Callable[[Record], None],
        now: Callable[[], datetime],
        safe: Callable[[str], str],
        *,
        verbose: bool,
    ) -> None:
        super().__init__(tell, now, verbose=verbose)
        self._safe = safe
        self._to_fetch = 0
        self._done = 0
        self._live = Live(
            console=console,
            refresh_per_second=_REFRESHES_A_SECOND,
            get_renderable=self._render,
            transient=True,
        )

    def __enter__(self) -> Self:
        with suppress(RuntimeError):  # no thread can be started: it is drawn with each message
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
        self._streams.setdefault(job_id, Stream()).state = "waiting to retry"

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Move the bar on."""
        super().ended(job_id, outcome)
        self._done += 1

    def _render(self) -> Group:
        rows = Table.grid(padding=(0, 2))
        for job_id, stream in list(self._streams.items())[:_MOST_ROWS]:
            rows.add_row(
                Text(inert.cut(self._safe(job_id), _NAME_WIDTH), style="bold"),
                Text(stream.state, style="dim"),
                Text("" if stream.step is None else f"step {js_number(stream.step)}"),
                Text("" if stream.loss is None else f"loss {js_number(stream.loss)}"),
                Text(count(stream.events, "event"), style="dim"),
            )
        hidden = len(self._streams) - _MOST_ROWS
        if hidden > 0:
            rows.add_row(Text(f"… and {hidden} more", style="dim"))
        return Group(rows, self._bar())

    def _bar(self) -> Table:
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(1, self._to_fetch), completed=self._done, width=32),
            Text(f"{self._done} of {count(self._to_fetch, 'stream')} read"),
        )
        return bar
