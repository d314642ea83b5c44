"""The format of a job's event log: what arrived, verbatim, and what became of the connection.

One record a line, the fields apart by carriage returns, which no field of an event stream can
hold. A line feed between an event's data lines is kept as one more carriage return, so nothing
is ever escaped and a record is never longer than the frame that it came in:

    <ms> CR <event name> CR <id> CR <data> LF          an event
    !<ms> CR <event name> CR <id> CR <why> LF          an event whose frame was over the limit
    #<ms> CR <kind> CR CR <JSON> LF                    a note of ours

`<ms>` is the time of arrival, in milliseconds since the `run` note above it. `<id>` is empty
where the frame brought no id of its own, and a NUL, which no id can hold, where it reset the id.

The notes: `log` opens the file and says its version and job; `run` starts a command's work on
the stream and says when; `open`, `break` and `end` tell of connections and of the outcome. `end`
also holds the fingerprint of all that stands before it.
"""

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

VERSION: Final = 1

EVENT_FIELDS: Final = 4
RESET_ID: Final = b"\0"


_NOTES: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


class DamagedLogError(ValueError):
    """A line of the log is none that this version writes."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line of ours in a log: what kind, and what it says."""

    kind: str
    values: dict[str, str | int | None]


class Fingerprint:
    """Of all that a page shows of a log: its events and breaks, but not when they came.

    Who reads a log through and shows each line to it learns of damage that left lines which still
    read as such.
    """

    __slots__ = ("is_broken", "value")

    def __init__(self) -> None:
        self.value = 0
        self.is_broken = False
        """Whether the stream broke and was not opened since, within one run."""

    def event(self, name: bytes, field: bytes) -> None:
        """Take a job event, its data as it stands in the log; none where it was over the limit."""
        self._add(name + b"\r" + field)

    def events(self, name: bytes, fields: Sequence[bytes]) -> None:
        """Take many job events of one name, as `event` takes each."""
        before = name + b"\r"
        self._add(before + before.join(fields))

    def note(self, kind: str) -> None:
        """Take a note of this kind."""
        if kind == "break" or (kind == "open" and self.is_broken):
            self._add(kind.encode())
        self.is_broken = kind == "break" or (self.is_broken and kind not in {"open", "run"})

    def check(self, note: Note) -> None:
        """Raise `DamagedLogError` where a note that is read tells of another fingerprint."""
        told = note.values.get("fingerprint") if note.kind == "end" else None
        if told is not None and told != self.value:
            raise DamagedLogError("it does not hold what was written")

    def _add(self, part: bytes) -> None:
        self.value = zlib.crc32(part, self.value)


def event_line(ms: int, name: bytes, event_id: bytes | None, data: bytes) -> bytes:
    """Write an event as a line. `event_id` is None where the frame brought no id of its own."""
    return b"%d\r%s\r%s\r%s\n" % (
        ms,
        name,
        _id_field(event_id),
        data.replace(b"\n", b"\r"),
    )


def event_lines(ms: int, name: bytes, ids: Sequence[bytes | None], datas: Iterable[bytes]) -> bytes:
    """Write one or more events of one name, each with one line of data, as `event_line` does."""
    head = b"%d\r%b\r" % (ms, name)
    fields = [event_id or _id_field(event_id) for event_id in ids]
    return head + (b"\n" + head).join(map(b"\r".join, zip(fields, datas, strict=True))) + b"\n"


def over_limit_line(ms: int, name: bytes, event_id: bytes | None, why: str) -> bytes:
    """Write the place of an event whose frame was larger than a frame may be."""
    return b"!%d\r%s\r%s\r%s\n" % (ms, name, _id_field(event_id), why.encode())


def note_line(ms: int, kind: str, **values: str | int | None) -> bytes:
    """Write a note of ours as a line."""
    return b"#%d\r%s\r\r%s\n" % (ms, kind.encode(), _NOTES.encode(values).encode())


def split(line: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Cut a line, without its line feed, into time, name, id and data as they stand in the file.

    Raises `DamagedLogError` where there are fewer than four fields.
    """
    fields = line.split(b"\r", EVENT_FIELDS - 1)
    if len(fields) != EVENT_FIELDS:
        raise DamagedLogError(f"{len(fields)} fields instead of {EVENT_FIELDS}")
    return fields[0], fields[1], fields[2], fields[3]


def runs(blocks: Iterable[bytes], name: bytes) -> Iterator[list[bytes] | bytes]:
    """Gather the events of one name: what is done for many at once costs a fraction.

    Takes whole lines in blocks, with line feeds between the lines of one and none at its end.
    Gives the data fields of events that follow one another in a block, as a list, and every other
    line as it is.
    """
    head = re.compile(rb"\n\d++\r%b\r[^\r\n]*+\r" % re.escape(name))
    for block in blocks:
        # A field ends where the head of the next event begins, or with lines that are no event's.
        before, *fields = head.split(b"\n" + block)
        if before:
            yield from before[1:].split(b"\n")
        yield from _stretches(fields)


def _stretches(fields: list[bytes]) -> Iterator[list[bytes] | bytes]:
    """Take apart the fields that have other lines behind them."""
    start = 0
    if b"\n" in b"".join(fields):
        for end, field in enumerate(fields, 1):
            if b"\n" in field:
                last, *others = field.split(b"\n")
                yield [*fields[start : end - 1], last]
                yield from others
                start = end
    if start < len(fields):
        yield fields[start:] if start else fields


def data_of(field: bytes) -> bytes:
    """Give an event's data as it came, line feeds between its data lines."""
    return field.replace(b"\r", b"\n")


def read_note(name: bytes, data: bytes) -> Note:
    """Read what a note says. Raises `DamagedLogError`."""
    try:
        values = msgspec.convert(json.loads(data), dict[str, str | int | None])
    except (ValueError, msgspec.ValidationError, RecursionError) as error:
        raise DamagedLogError(str(error)) from error
    return Note(name.decode("ascii", "replace"), values)


def _id_field(event_id: bytes | None) -> bytes:
    if event_id is None:
        return b""
    return event_id or RESET_ID
