"""The lines that Studio's event log shows for a job's records, and the last of these lines."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Final, NamedTuple, TypeAlias

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


def text_of(record: Record) -> str:
    """Return the raw lines that Studio shows for a record, each ending in a line feed.

    A line break within a line becomes a space, so that it stays one line.
    """
    if isinstance(record, Broke):
        return STREAM_ERROR_LINE + "\n"
    if isinstance(record, LogRun):
        return _training_logs(record)
    if isinstance(record, Events) and record.is_of_job:
        return "".join(map(_data_line, repeat(record.name), record.fields))
    return ""


def says_only_numbers(record: Record) -> bool:
    """Return whether a record's lines contain only numbers and our own words."""
    if not isinstance(record, LogRun) or not record.is_whole:
        return False
    columns = record.columns
    shown = (columns.step, columns.loss, columns.evalLoss)
    return all(column.numbers is not None for column in shown)


def _training_logs(run: LogRun) -> str:
    columns = run.columns
    parts: list[Iterable[str]] = [repeat("[log]", len(run))]
    for name, column in (
        (" step=", columns.step),
        (" loss=", columns.loss),
        (" evalLoss=", columns.evalLoss),
    ):
        texts = _printed(column)
        if column.is_full:
            parts += [repeat(name), texts]
        elif not column.is_missing:
            parts.append([f"{name}{text}" if text else "" for text in texts])
    text = "".join(chain.from_iterable(zip(*parts, repeat("\n"), strict=False)))
    if run.is_whole:
        return text
    said = zip(run.logs, text.split("\n")[:-1], run.fields, strict=True)
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


_Kept: TypeAlias = Events | list[LogLine]


class Tail:
    """The last lines of a log, formatted at the end: few lines of a long log are ever shown."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._kept: deque[_Kept] = deque()
        self._count = 0

    def add(self, record: Events | Broke) -> None:
        """Record a job's events, or a break in the stream."""
        if isinstance(record, Broke):
            self._append([LogLine(STREAM_ERROR_LINE)])
            return
        # A separate slice, so that data decoded for others does not stay in memory.
        last = record[-(self._limit or len(record)) :]
        if max(map(len, last.fields)) <= _LONGEST_TAIL_LINE:
            self._append(last)
        else:  # megabytes are formatted and truncated now
            self._append(list(map(_shortened, _lines_of(last))))

    def _append(self, lines: _Kept) -> None:
        self._kept.append(lines)
        self._count += len(lines)
        while self._limit is not None and self._count - len(self._kept[0]) >= self._limit:
            self._count -= len(self._kept.popleft())

    def lines(self) -> list[LogLine]:
        """Return the last lines, up to the limit."""
        every = (line for kept in self._kept for line in _lines_of(kept))
        return list(every if self._limit is None else deque(every, self._limit))


def _lines_of(kept: _Kept) -> Iterable[LogLine]:
    if isinstance(kept, list):
        return kept
    events = kept[:]  # data decoded here must not stay in memory either
    return map(LogLine, text_of(events).split("\n")[:-1], _times(events))


def _times(events: Events) -> Iterator[str | None]:
    if isinstance(events, LogRun):
        return map(time_or_none, events.columns.timestamp.values)
    said = map(wire.decode_event, events.known_fields)
    return (None if event is None else time_or_none(event.timestamp) for event in said)


def _shortened(line: LogLine) -> LogLine:
    if len(line.text) <= _LONGEST_TAIL_LINE:
        return line
    return line._replace(text=line.text[:_LONGEST_TAIL_LINE], is_cut=True)
