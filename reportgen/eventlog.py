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
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1

EVENT_FIELDS: Final = 4
RESET_ID: Final = b"\0"

NOTE: Final = ord("#")
OVER_LIMIT: Final = ord("!")

_RUN_BYTES: Final = 1 << 18


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
        self._add(name + name.join([b"\r" + field for field in fields]))

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


def event_lines(ms: int, events: Iterable[tuple[bytes, bytes | None, bytes]]) -> list[bytes]:
    """Write many events, name, id and data each, as `event_line` does, at less cost."""
    time = b"%d" % ms
    return [
        b"%s\r%s\r%s\r%s\n"
        % (time, name, event_id or _id_field(event_id), data.replace(b"\n", b"\r"))
        for name, event_id, data in events
    ]


def over_limit_line(ms: int, name: bytes, event_id: bytes | None, why: str) -> bytes:
    """Write the place of an event whose frame was larger than a frame may be."""
    return b"!%d\r%s\r%s\r%s\n" % (ms, name, _id_field(event_id), why.encode())


def note_line(ms: int, kind: str, **values: str | int | None) -> bytes:
    """Write a note of ours as a line."""
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
    return b"#%d\r%s\r\r%s\n" % (ms, kind.encode(), text.encode())


def split(line: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Cut a line, without its line feed, into time, name, id and data as they stand in the file.

    Raises `DamagedLogError` where there are fewer than four fields.
    """
    fields = line.split(b"\r", EVENT_FIELDS - 1)
    if len(fields) != EVENT_FIELDS:
        raise DamagedLogError(f"{len(fields)} fields instead of {EVENT_FIELDS}")
    return fields[0], fields[1], fields[2], fields[3]


def runs(lines: Iterable[bytes], name: bytes) -> Iterator[list[bytes] | bytes]:
    """Gather the plain events of one name: what is done for many at once costs a fraction.

    Gives the data of plain events that follow one another, as a list of some 256 kB at most, and
    every other line as it is. Plain is an event of this name whose data is a single line.
    """
    run: list[bytes] = []
    size = 0
    for line in lines:
        fields = line.split(b"\r", EVENT_FIELDS)
        plain = len(fields) == EVENT_FIELDS and fields[1] == name and fields[0].isdigit()
        if plain:
            run.append(fields[3])
            size += len(line)
        if run and (not plain or size >= _RUN_BYTES):
            yield run
            run, size = [], 0
        if not plain:
            yield line
    if run:
        yield run


def data_of(field: bytes) -> bytes:
    """Give an event's data as it came, line feeds between its data lines."""
    return field.replace(b"\r", b"\n")


def read_note(name: bytes, data: bytes) -> Note:
    """Read what a note says. Raises `DamagedLogError`."""
    try:
        values = json.loads(data)
    except ValueError as error:
        raise DamagedLogError(str(error)) from error
    if not isinstance(values, dict):
        raise DamagedLogError("a note that is no object")
    return Note(name.decode("ascii", "replace"), values)


def _id_field(event_id: bytes | None) -> bytes:
    if event_id is None:
        return b""
    return event_id or RESET_ID
