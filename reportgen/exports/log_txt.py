"""A job's whole log as Studio's event log would show it, every line uncut."""

from collections.abc import Callable, Sequence
from itertools import chain, repeat

from reportgen import eventlog, inert, wire
from reportgen.history import STREAM_ERROR_LINE, log_line
from reportgen.javascript import js_numbers


def line(of_log: bytes, redacted: Callable[[str], str]) -> str:
    """Give what is shown of a line of an event log, which passes `redacted`, if anything is."""
    shown = _shown(of_log)
    return "" if shown is None else _line(shown, redacted)


def _shown(line: bytes) -> str | None:
    time, name, _, data = eventlog.split(line)
    if time[:1] == b"#":
        return STREAM_ERROR_LINE if name == b"break" else None
    return log_line(name, eventlog.data_of(data))


def _line(shown: str, redacted: Callable[[str], str]) -> str:
    return inert.html(redacted(shown)) + "\n"


def training_logs(
    datas: Sequence[bytes],
    logs: Sequence[wire.LogData | None],
    redacted: Callable[[str], str],
    is_clean: Callable[[str], bool],
) -> str:
    """Give the lines of `training.log` events, from their data as it came and decoded.

    `is_clean` tells whether a text of numbers and our own words holds no secret.
    """
    text = _numbers_alone(logs)
    # Numbers and our own words are inert, and hold no secret unless the whole text does.
    if text is not None and is_clean(text):
        return text
    return "".join(_line(log_line(wire.LOG, data) or "", redacted) for data in datas)


def _numbers_alone(logs: Sequence[wire.LogData | None]) -> str | None:
    """Give the lines of logs that hold nothing but numbers; None where one holds more."""
    known = [log for log in logs if log is not None]
    columns = [
        _column("step", [log.step for log in known]),
        _column("loss", [log.loss for log in known]),
        _column("evalLoss", [log.evalLoss for log in known]),
    ]
    present = [column for column in columns if column is not None]
    if len(known) < len(logs) or len(present) < len(columns):
        return None
    return "".join(chain.from_iterable(zip(repeat("[log]", len(logs)), *present, repeat("\n"))))


def _column(name: str, values: Sequence[wire.Logged]) -> Sequence[str] | None:
    """Give what each line says of one value, nothing where it is missing; None if not a number."""
    if wire.are_missing(values):
        return [""] * len(values)
    if wire.are_numbers(values):
        return [f" {name}={text}" for text in js_numbers(values)]
    numbers = [value for value in values if wire.is_number(value)]
    texts = iter(js_numbers(numbers))
    rest = [value for value in values if not wire.is_number(value)]
    if not wire.are_missing(rest):
        return None
    return [f" {name}={next(texts)}" if wire.is_number(value) else "" for value in values]
