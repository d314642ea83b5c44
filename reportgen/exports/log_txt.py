"""A job's whole log as Studio's event log would show it, every line uncut."""

from collections.abc import Callable

from reportgen.events import event_log, wire
from reportgen.events.columns import LogRun
from reportgen.model.history import STREAM_ERROR_LINE, log_line, number_lines
from reportgen.text import inert


def line(of_log: bytes, redacted: Callable[[str], str]) -> str:
    """Give what is shown of a line of an event log, which passes `redacted`, if anything is."""
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
    """Give the lines of `training.log` events that follow one another.

    `is_clean` tells whether a text of numbers and our own words holds no secret.
    """
    text = number_lines(run)
    # Numbers and our own words are inert, and hold no secret unless the whole text does.
    if text is not None and is_clean(text):
        return text
    shown = (log_line(wire.LOG, event_log.data_of(field)) or "" for field in run.fields)
    return "".join([_line(text, redacted) for text in shown])
