"""The lines that Studio's event log shows for a job's records, and the last of these lines."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Final, NamedTuple

import msgspec

from reportgen.events import wire
from reportgen.events.columns import LogColumn
from reportgen.events.event_log import Broke, Events, LogRun, Record
from reportgen.text.javascript import js_value
from reportgen.text.times import time_or_none

STREAM_ERROR_LINE: Final = "[stream error]"

_LABELS: Final = {
    wire.STARTED: "[started] ",
    wire.LOG: "[log] ",
    wire.CHECKPOINT: "[checkpoint] ",
    wire.COMPLETED: "[completed] ",
    wire.FAILED: "[failed] ",
}

_LONGEST_TAIL_LINE: Final = 1 << 16
"""The amount of an event's data kept for the tail: a page shows far less, and fifty frames of
megabytes each would take too much memory."""


# --- Lines as text -------------------------------------------------------------------------------


def text_of(record: Record, last: int = 0) -> str:
    """Return the raw lines that Studio shows for a record, each ending in a line feed.

    If `last` is given, only as many of the last lines are returned. A line break within a line
    becomes a space, so that it stays one line.
    """
    if isinstance(record, Broke):
        return STREAM_ERROR_LINE + "\n"
    if isinstance(record, LogRun):
        return _training_logs(record, last)
    if isinstance(record, Events) and record.is_of_job:
        return "".join(map(_data_line, repeat(record.name), record.fields[-last:]))
    return ""


def says_only_numbers(record: Record) -> bool:
    """Return whether a record's lines contain only numbers and our own words."""
    if not isinstance(record, LogRun) or not record.is_whole:
        return False
    columns = record.columns
    shown = (columns.step, columns.loss, columns.evalLoss)
    return all(column.numbers is not None for column in shown)


def _training_logs(run: LogRun, last: int) -> str:
    columns = run.columns
    parts: list[Iterable[str]] = [repeat("[log]", len(run.fields[-last:]))]
    for name, column in (
        (" step=", columns.step),
        (" loss=", columns.loss),
        (" evalLoss=", columns.evalLoss),
    ):
        texts = _printed(column)[-last:]
        if column.is_full:
            parts += [repeat(name), texts]
        elif not column.is_missing:
            parts.append([f"{name}{text}" if text else "" for text in texts])
    text = "".join(chain.from_iterable(zip(*parts, repeat("\n"), strict=False)))
    if run.is_whole:
        return text
    said = zip(run.logs[-last:], text.split("\n")[:-1], run.fields[-last:], strict=True)
    return "".join(
        _data_line(wire.LOG, field) if log is None else f"{line}\n" for log, line, field in said
    )


def _printed(column: LogColumn) -> Sequence[str]:
    """Return the values as a log line shows them, "" for missing ones."""
    texts = column.printed()
    if texts is not None:
        return texts
    unset = msgspec.UNSET
    return ["" if value is None or value is unset else js_value(value) for value in column.values]


def _data_line(name: bytes, field: bytes) -> str:
    text = field.decode("utf-8", "replace").replace("\r", " ")
    return f"{_LABELS[name]}{text}\n"


# --- The last lines ------------------------------------------------------------------------------


class LogLine(NamedTuple):
    """A line of the event log as Studio shows it, unredacted, with the event's time."""

    text: str
    time: str | None = None
    is_cut: bool = False
    """Whether the text is the start of a much longer line; it may end within a secret."""
    gist: str | None = None
    """A summary of the line, if it is JSON."""


class Tail:
    """The last lines of a log; all of them if `limit` is None."""

    def __init__(self, limit: int | None) -> None:
        self._kept: deque[LogLine] = deque(maxlen=limit)

    def add(self, record: Events | Broke) -> None:
        """Record a job's events, or a break in the stream."""
        last = self._kept.maxlen or 0
        texts = text_of(record, last).split("\n")[:-1]
        self._kept.extend(map(_line, texts, _times(record, last)))

    def lines(self) -> list[LogLine]:
        """Return the last lines, up to the limit."""
        return list(self._kept)


def _line(text: str, time: object) -> LogLine:
    is_cut = len(text) > _LONGEST_TAIL_LINE
    return LogLine(text[:_LONGEST_TAIL_LINE], time_or_none(time), is_cut)


def _times(record: Events | Broke, last: int) -> Sequence[object]:
    """Return the times of a record's last events, each of which can be any value."""
    if isinstance(record, Broke):
        return [None]
    if isinstance(record, LogRun):
        return record.columns.timestamp.values[-last:]
    said = map(wire.decode_event, record.known_fields[-last:])
    return [None if event is None else event.timestamp for event in said]
