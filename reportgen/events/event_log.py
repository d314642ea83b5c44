"""The format of a job's event log: the events, verbatim, and notes about the connection.

Only this module knows the format. A log is a sequence of lines, each with four fields separated by
carriage returns, which a field of an event stream cannot contain. A line feed between an event's
data lines is stored as another carriage return, so nothing is ever escaped and a line is never
longer than its frame. A line may be:

    <ms> CR <event name> CR <id> CR <data>                an event
    !<ms> CR <event name> CR <id> CR <why>                an event whose frame was over the limit
    #<ms> CR log CR CR {"version", "job"}                 opens the file
    #<ms> CR run CR CR {"at"}                             a command begins to follow the stream
    #<ms> CR open CR CR {"resumed"}                       the stream was opened
    #<ms> CR break CR CR {"reason"}                       an open stream broke
    #<ms> CR end CR CR {"state", "reason", "fingerprint", "size"}     the command stopped following

`<ms>` is the time of arrival, in milliseconds since the `run` note above it. `<id>` is empty if
the frame had no id of its own, and NUL, which an id cannot contain, if it reset the id. A note's
data is a JSON object that omits unknown values.

Any other line is damage, except a last line without a line feed: it was torn by a crash and is
ignored.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import add
from typing import Final, Literal, Protocol, Self, TypeAlias

import msgspec

from reportgen.events import wire
from reportgen.events.columns import LogColumns, columns_of
from reportgen.events.wire import MAX_FRAME_BYTES
from reportgen.text import javascript

VERSION: Final = 1

State: TypeAlias = Literal["complete", "caught-up", "interrupted", "unavailable"]
COMPLETE: Final = "complete"
CAUGHT_UP: Final = "caught-up"
INTERRUPTED: Final = "interrupted"
UNAVAILABLE: Final = "unavailable"

_RESET_ID: Final = b"\0"

_BLOCK: Final = 1 << 18
_LONGEST_LINE: Final = 2 * MAX_FRAME_BYTES  # a token's replacement may be longer than the token


class DamagedLogError(ValueError):
    """The log has a line that this version does not write."""


# --- Events --------------------------------------------------------------------------------------


class Events:
    """Consecutive events in a log with the same name; a single event is a run of one.

    `fields` holds each event's data as it is in the log, `heads` the line feed and fields before
    it.
    """

    def __init__(self, name: bytes, heads: Sequence[bytes], fields: Sequence[bytes]) -> None:
        self.name = name
        self.heads = heads
        self.fields = fields

    @classmethod
    def of(
        cls, ms: int, name: bytes, ids: Sequence[bytes | None], datas: Sequence[bytes]
    ) -> "Events":
        """Return the record of received events, given their ids (None for no id) and data."""
        if b"\n" in b"".join(datas):
            datas = [data.replace(b"\n", b"\r") for data in datas]
        return Events(name, _heads(b"%d" % ms, name, ids), datas)

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, part: slice) -> Self:
        return type(self)(self.name, self.heads[part], self.fields[part])

    def cleaned(self, clean: Callable[[bytes], bytes]) -> Self:
        """Return the events with `clean` applied to all text, except the names of job events."""
        name = self.name if self.is_of_job else clean(self.name)
        heads = []
        for head in self.heads:
            time, _, event_id, _ = head.split(b"\r")
            heads.append(b"%b\r%b\r%b\r" % (time, name, clean(event_id)))
        return type(self)(name, heads, list(map(clean, self.fields)))

    @property
    def is_of_job(self) -> bool:
        """Whether the events are about the job rather than the stream."""
        return self.name in wire.JOB_EVENTS

    @property
    def ids(self) -> Sequence[bytes | None]:
        """The id of each event: None if it has no id of its own, empty if it reset the id."""
        ids = b"".join(self.heads).split(b"\r")[2::3]
        return [None if not i else b"" if i == _RESET_ID else i for i in ids]

    @property
    def datas(self) -> Sequence[bytes | None]:
        """The data of each event as received; None if its frame was over the limit."""
        return [field.replace(b"\r", b"\n") for field in self.fields]

    @property
    def known_fields(self) -> Sequence[bytes]:
        """The data of each event as it is in the log; empty if its frame was over the limit."""
        return self.fields

    @cached_property
    def lines(self) -> bytes:
        """The events' lines in the log, each with its line feed."""
        return b"".join(chain.from_iterable(zip(self.heads, self.fields, strict=True)))[1:] + b"\n"

    @property
    def sizes(self) -> Sequence[int]:
        """The length of each line, in bytes."""
        return list(map(add, map(len, self.heads), map(len, self.fields)))


class LogRun(Events):
    """Consecutive `training.log` events, decoded on first use.

    They make up nearly all of a log. Decoding them together, into a column per field, costs a
    fraction of decoding each one alone.
    """

    @cached_property
    def logs(self) -> Sequence[wire.LogData | None]:
        """The decoded data of each event; None if it is not a JSON object."""
        # The carriage returns that replace line feeds are white space in JSON, too.
        return wire.decode_logs(self.fields)

    @cached_property
    def is_whole(self) -> bool:
        """Whether all data are JSON objects; in the columns, fields of any other are missing."""
        return None not in self.logs

    @cached_property
    def columns(self) -> LogColumns:
        """The decoded data, field by field."""
        return columns_of(self.logs)


class OverLimitEvents(Events):
    """Events whose frames were over the limit; the log has the reason in place of the data."""

    @classmethod
    def at(cls, ms: int, name: bytes, event_id: bytes | None, why: str) -> "OverLimitEvents":
        """Return the record of one such event."""
        return OverLimitEvents(name, _heads(b"!%d" % ms, name, [event_id]), [why.encode()])

    @property
    def datas(self) -> Sequence[bytes | None]:
        """None for each event."""
        return [None] * len(self.fields)

    @property
    def known_fields(self) -> Sequence[bytes]:
        """Empty for each event."""
        return [b""] * len(self.fields)


def _heads(time: bytes, name: bytes, ids: Iterable[bytes | None]) -> Sequence[bytes]:
    start = b"\n%b\r%b\r" % (time, name)
    return [
        b"%b%b\r" % (start, event_id or (b"" if event_id is None else _RESET_ID))
        for event_id in ids
    ]


# --- Notes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogOpened:
    """The log was created for this job."""

    version: int = VERSION
    job: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A command began to follow the stream at this time."""

    at: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The stream was opened, after this event ID if it was resumed."""

    resumed: str | None = None


@dataclass(frozen=True, slots=True)
class Broke:
    """An open stream broke."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The command stopped following: the stream's state, and the reason if it is not complete."""

    state: State
    reason: str | None = None
    fingerprint: int | None = None
    """The fingerprint of the log before this line (see `stream_state`)."""
    size: int | None = None
    """The size of the log before this line, in bytes."""


Note: TypeAlias = LogOpened | RunStarted | Opened | Broke | Ended

_KINDS: Final[dict[bytes, type[Note]]] = {
    b"log": LogOpened,
    b"run": RunStarted,
    b"open": Opened,
    b"break": Broke,
    b"end": Ended,
}
_KIND_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def note_line(ms: int, note: Note) -> bytes:
    """Return the line for a note, with its line feed."""
    fields = ((name, getattr(note, name)) for name in note.__match_args__)
    data = javascript.encode({name: value for name, value in fields if value is not None})
    return b"#%d\r%b\r\r%b\n" % (ms, _KIND_NAMES[type(note)], data)


def _note(name: bytes, event_id: bytes, data: bytes) -> Note:
    kind = _KINDS.get(name)
    if kind is None or event_id:
        raise DamagedLogError("a note of an unknown kind")
    try:
        # msgspec's own decoder rejects lone surrogates, which text from a server may contain.
        return msgspec.convert(json.loads(data), kind)
    except (ValueError, RecursionError) as error:
        raise DamagedLogError(f"a note that cannot be read: {error}") from error


# --- Reading -------------------------------------------------------------------------------------

Record: TypeAlias = Events | Note
"""One line of a log, or consecutive lines with events of the same name."""

_LINE: Final = re.compile(rb"([#!]?+)\d++\r([^\r]*+)\r([^\r]*+)\r")
_LOG_HEAD: Final = re.compile(rb"(\n\d++\r%b\r[^\r\n]*+\r)" % re.escape(wire.LOG))


class Readable(Protocol):
    """An open log, read from start to end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; empty at the end."""
        ...


def blocks(file: Readable) -> Iterator[bytes]:
    """Yield the complete lines of an open log in blocks, each without its last line feed.

    Raises `DamagedLogError` if a line is too long to have been written by this tool.
    """
    torn: list[bytes] = []
    while read := file.read(_BLOCK):
        if len(torn) > _LONGEST_LINE // _BLOCK:
            raise DamagedLogError("an unterminated line")
        lines, feed, rest = read.rpartition(b"\n")
        if feed:
            block = b"".join([*torn, lines])
            torn.clear()
            yield block
        torn.append(rest)


def read(file: Readable) -> Iterator[Record]:
    """Yield the records of an open log. Raises `DamagedLogError`."""
    return records(blocks(file))


def records(blocks: Iterable[bytes]) -> Iterator[Record]:
    """Yield the records in blocks, with `training.log` events in runs. Raises `DamagedLogError`."""
    for part in _parts(blocks):
        yield record(part) if isinstance(part, bytes) else part


def located(blocks: Iterable[bytes], offset: int) -> Iterator[tuple[int, Record]]:
    """Yield the records in blocks that start at `offset`, each with its own offset.

    Raises `DamagedLogError`.
    """
    for part in _parts(blocks):
        if isinstance(part, bytes):
            yield offset, record(part)
            offset += len(part) + 1
        else:
            yield offset, part
            offset += sum(part.sizes)


def record(line: bytes) -> Record:
    """Parse one line of a log, given without its line feed. Raises `DamagedLogError`."""
    head = _LINE.match(line)
    if head is None:
        raise DamagedLogError("a line that is neither an event nor a note")
    mark, name, event_id = head.groups()
    field = line[head.end() :]
    if mark == b"#":
        return _note(name, event_id, field)
    kind = OverLimitEvents if mark else LogRun if name == wire.LOG else Events
    return kind(name, [b"\n" + head[0]], [field])


def _parts(blocks: Iterable[bytes]) -> Iterator[LogRun | bytes]:
    """Yield runs of `training.log` events, and all other lines unparsed."""
    for block in blocks:
        # Lines that are not such events may follow each field.
        before, *rest = _LOG_HEAD.split(b"\n" + block)
        if before:
            yield from before[1:].split(b"\n")
        yield from _runs(rest[::2], rest[1::2])


def _runs(heads: Sequence[bytes], fields: Sequence[bytes]) -> Iterator[LogRun | bytes]:
    """Separate the fields from the lines that follow them."""
    start = 0
    if b"\n" in b"".join(fields):
        for end, field in enumerate(fields, 1):
            if b"\n" in field:
                last, *others = field.split(b"\n")
                yield LogRun(wire.LOG, heads[start:end], [*fields[start : end - 1], last])
                yield from others
                start = end
    if start < len(fields):
        yield LogRun(wire.LOG, heads[start:], fields[start:])
