"""The format of a job's event log: what arrived, verbatim, and what became of the connection.

This module alone knows it. A log is a sequence of lines, each with four fields separated
by carriage returns, which no field of an event stream can hold. A line feed between an event's data
lines is kept as one more carriage return, so nothing is ever escaped and a line is never longer
than the frame that it came in. A line may hold:

    <ms> CR <event name> CR <id> CR <data>                an event
    !<ms> CR <event name> CR <id> CR <why>                an event whose frame was over the limit
    #<ms> CR log CR CR {"version", "job"}                 opens the file
    #<ms> CR run CR CR {"at"}                             a command begins to follow the stream
    #<ms> CR open CR CR {"resumed"}                       the stream was opened
    #<ms> CR break CR CR {"reason"}                       an open stream broke
    #<ms> CR end CR CR {"state", "reason", "fingerprint", "size"}     how the following ended

`<ms>` is the time of arrival, in milliseconds since the `run` note above it. `<id>` is empty if
the frame brought no id of its own, and a NUL, which no id can hold, if it reset the id. A note of
ours is a JSON object, without the values that are not known.

Any other line is damage. Only a last line without its line feed is not: a crash tore it, and it
does not count.
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
_LONGEST_LINE: Final = 2 * MAX_FRAME_BYTES  # what replaces a token may be longer than the token


class DamagedLogError(ValueError):
    """A line of the log is not one that this version writes."""


# --- Events --------------------------------------------------------------------------------------


class Events:
    """Events of one name that follow one another in a log; a single event is a run of one.

    `fields` holds the data of each as it is in the log, `heads` the line feed and fields before it.
    """

    def __init__(self, name: bytes, heads: Sequence[bytes], fields: Sequence[bytes]) -> None:
        self.name = name
        self.heads = heads
        self.fields = fields

    @classmethod
    def of(
        cls, ms: int, name: bytes, ids: Sequence[bytes | None], datas: Sequence[bytes]
    ) -> "Events":
        """Make the record of events that arrived: the id of each, None without one, and data."""
        if b"\n" in b"".join(datas):
            datas = [data.replace(b"\n", b"\r") for data in datas]
        return Events(name, _heads(b"%d" % ms, name, ids), datas)

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, part: slice) -> Self:
        return type(self)(self.name, self.heads[part], self.fields[part])

    def cleaned(self, clean: Callable[[bytes], bytes]) -> Self:
        """Return the events with their texts passed through `clean`; job events keep their name."""
        name = self.name if self.is_of_job else clean(self.name)
        heads = []
        for head in self.heads:
            time, _, event_id, _ = head.split(b"\r")
            heads.append(b"%b\r%b\r%b\r" % (time, name, clean(event_id)))
        return type(self)(name, heads, list(map(clean, self.fields)))

    @property
    def is_of_job(self) -> bool:
        """Whether the events say something about the job, rather than about the stream."""
        return self.name in wire.JOB_EVENTS

    @property
    def ids(self) -> Sequence[bytes | None]:
        """The id of each event, None if it has none of its own and empty if it reset the id."""
        ids = b"".join(self.heads).split(b"\r")[2::3]
        return [None if not i else b"" if i == _RESET_ID else i for i in ids]

    @property
    def datas(self) -> Sequence[bytes | None]:
        """The data of each event as it came; None if its frame was over the limit."""
        return [field.replace(b"\r", b"\n") for field in self.fields]

    @property
    def known_fields(self) -> Sequence[bytes]:
        """The data of each event as it is in the log, empty if its frame was over the limit."""
        return self.fields

    @cached_property
    def lines(self) -> bytes:
        """The lines of the log, each with its line feed."""
        return b"".join(chain.from_iterable(zip(self.heads, self.fields, strict=True)))[1:] + b"\n"

    @property
    def sizes(self) -> Sequence[int]:
        """The length of each line."""
        return list(map(add, map(len, self.heads), map(len, self.fields)))


class LogRun(Events):
    """`training.log` events that follow one another, decoded on first use.

    They are nearly all of a log. Decoded together, with each of their fields in a column, they
    cost a fraction of what each costs alone.
    """

    @cached_property
    def logs(self) -> Sequence[wire.LogData | None]:
        """What each says; None for one whose data is not a JSON object."""
        # What replaced a line feed is white space in JSON as well.
        return wire.decode_logs(self.fields)

    @cached_property
    def is_whole(self) -> bool:
        """Whether the data of each is a JSON object; in the columns any other says nothing."""
        return None not in self.logs

    @cached_property
    def columns(self) -> LogColumns:
        """What they say, field by field."""
        return columns_of(self.logs)


class OverLimitEvents(Events):
    """Events whose frames were over the limit: in place of the data is the reason, as a text."""

    @classmethod
    def at(cls, ms: int, name: bytes, event_id: bytes | None, why: str) -> "OverLimitEvents":
        """Make the record of one such event."""
        return OverLimitEvents(name, _heads(b"!%d" % ms, name, [event_id]), [why.encode()])

    @property
    def datas(self) -> Sequence[bytes | None]:
        """None for each."""
        return [None] * len(self.fields)

    @property
    def known_fields(self) -> Sequence[bytes]:
        """Nothing for each."""
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
    """The log was made for this job."""

    version: int = VERSION
    job: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A command began to follow the stream, at this time."""

    at: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The stream was opened, behind this event ID if it was resumed."""

    resumed: str | None = None


@dataclass(frozen=True, slots=True)
class Broke:
    """An open stream broke."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The command stopped following: what became of the stream, and why if it is not complete."""

    state: State
    reason: str | None = None
    fingerprint: int | None = None
    """Of all before (see `stream_state`)."""
    size: int | None = None
    """The length of the log before."""


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
    """Return the line of a note, with its line feed."""
    fields = ((name, getattr(note, name)) for name in note.__match_args__)
    data = javascript.encode({name: value for name, value in fields if value is not None})
    return b"#%d\r%b\r\r%b\n" % (ms, _KIND_NAMES[type(note)], data)


def _note(name: bytes, event_id: bytes, data: bytes) -> Note:
    kind = _KINDS.get(name)
    if kind is None or event_id:
        raise DamagedLogError("a note of an unknown kind")
    try:
        # msgspec's own decoder refuses lone surrogates, which a server's texts may hold.
        return msgspec.convert(json.loads(data), kind)
    except (ValueError, RecursionError) as error:
        raise DamagedLogError(f"a note that cannot be read: {error}") from error


# --- Reading -------------------------------------------------------------------------------------

Record: TypeAlias = Events | Note
"""One line of a log, or as many lines as hold events of one name."""

_LINE: Final = re.compile(rb"([#!]?+)\d++\r([^\r]*+)\r([^\r]*+)\r")
_LOG_HEAD: Final = re.compile(rb"(\n\d++\r%b\r[^\r\n]*+\r)" % re.escape(wire.LOG))


class Readable(Protocol):
    """An open log, read from its start to its end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, up to `size`; none at the end."""
        ...


def blocks(file: Readable) -> Iterator[bytes]:
    """Yield the whole lines of an open log in blocks, without the last line feed of each.

    Raises `DamagedLogError` if a line is longer than any that is kept.
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
    """Yield the records in blocks, `training.log` events in runs. Raises `DamagedLogError`."""
    for part in _parts(blocks):
        yield record(part) if isinstance(part, bytes) else part


def located(blocks: Iterable[bytes], offset: int) -> Iterator[tuple[int, Record]]:
    """Yield the records in blocks, each with its offset. Raises `DamagedLogError`."""
    for part in _parts(blocks):
        if isinstance(part, bytes):
            yield offset, record(part)
            offset += len(part) + 1
        else:
            yield offset, part
            offset += sum(part.sizes)


def record(line: bytes) -> Record:
    """Read one line of a log, without its line feed. Raises `DamagedLogError`."""
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
    """Yield runs of `training.log` events and, as they are, all other lines."""
    for block in blocks:
        # A field ends where the next event begins, or with lines that are not such events.
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
