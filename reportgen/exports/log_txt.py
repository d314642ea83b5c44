"""A job's whole log as Studio's event log would show it, every line uncut."""

from collections.abc import Callable, Iterable, Iterator

from reportgen import eventlog, inert
from reportgen.history import STREAM_ERROR_LINE, log_line


def lines(log: Iterable[bytes], redacted: Callable[[str], str]) -> Iterator[str]:
    """Give the text's lines from an event log's; each passes `redacted`, nothing is held."""
    for line in log:
        time, name, _, data = eventlog.split(line)
        if time[:1] == b"#":
            shown = STREAM_ERROR_LINE if name == b"break" else None
        else:
            shown = log_line(name, eventlog.data_of(data))
        if shown is not None:
            yield inert.html(redacted(shown)) + "\n"
