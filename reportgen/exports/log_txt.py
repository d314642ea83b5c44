"""A job's whole log as Studio's event log shows it, with no line cut."""

from collections.abc import Callable

from reportgen.events import event_log, wire
from reportgen.events.columns import LogRun
from reportgen.model.history import STREAM_ERROR_LINE, log_line, number_lines
from reportgen.text import inert


def line(of_log: bytes, redacted: Callable[[str], str]) -> str:
    """Return what a line of an event log reads as, redacted; empty if it is not shown."""
    shown = _shown(of_log)
    return "" if shown is None else _line(shown, redacted)


def _shown(line: bytes) -> str | None:
    time, name, _, data = event_log.split(line)
    if time[:1] == b"#":
        return STREAM_ERROR_LINE if name == b"break" else None
    return log_line(name, event_log.data_of(data))


def _line(shown: str, redacted: Callable[[str], str]) -> str:
    return inert.html(redacted(shown)) + "\n"


def training_logs(
    run: LogRun, redacted: Callable[[str], str], is_clean: Callable[[str], bool]
) -> str:
    """Return the lines of consecutive `training.log` events.

    `is_clean` returns whether a text of numbers and our own words holds no secret.
    """
    text = number_lines(run)
    # Numbers and our own words are inert, and a line holds no secret if the whole text does not.
    if text is not None and is_clean(text):
        return text
    shown = (log_line(wire.LOG, event_log.data_of(field)) or "" for field in run.fields)
    return "".join([_line(text, redacted) for text in shown])
