"""What is known of each event log without reading it, checked only by `stat`.

The snapshot step keeps one `LogFacts` per log, which holds as long as the log's size and
modification time are the same. In doubt the log's last line decides, then the whole log.
"""

import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final, Protocol, TypeAlias

import msgspec

from reportgen.events import event_log, wire
from reportgen.events.wire import MAX_FRAME_BYTES
from reportgen.text.times import time_or_none

VERSION: Final = 1
DROPPED: Final = -1
"""The recorded size of a log that was dropped, so that only how its job ended is known."""

_ENDS: Final = frozenset({None, *wire.TERMINAL.values()})
_BLOCK: Final = 1 << 18
_LONGEST_LINE: Final = 2 * MAX_FRAME_BYTES  # a stand-in may be longer than the token it replaces
_LONGEST_NOTE: Final = 1 << 12  # the reason in a note is cut far below this

NoteValues: TypeAlias = dict[str, str | int | None]


class StatusEvents:
    """What the events say that change a job's status."""

    __slots__ = ("ended_as", "ended_at", "started")

    def __init__(self) -> None:
        self.started = False
        self.ended_as: str | None = None
        """`completed` or `failed`, unless the job was started after it."""
        self.ended_at: str | None = None
        """The time of that event, as it says itself."""

    def add(self, name: bytes, data: bytes) -> None:
        """Add a job event, which need not be one that changes the status."""
        if name == wire.STARTED:
            self.started = True
            self.ended_as = self.ended_at = None
        elif name in wire.TERMINAL:
            self.ended_as = wire.TERMINAL[name]
            event = wire.decode_event(data) or wire.EventData()
            self.ended_at = time_or_none(event.timestamp)


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log said when it was last read or written.

    `end` holds the values, except the size, of the note that ends the log; None if there is no such
    note.
    """

    size: int
    mtime_ns: int
    end: NoteValues | None
    started: bool
    ended_as: str | None
    ended_at: str | None

    def dropped(self) -> "LogFacts":
        """Return what is still known once the log is removed."""
        return replace(self, size=DROPPED, mtime_ns=0, end=None)

    def holds_for(self, stat: os.stat_result) -> bool:
        """Return whether the log has not changed since."""
        return stat.st_size == self.size and stat.st_mtime_ns == self.mtime_ns

    @classmethod
    def of(
        cls, stat: os.stat_result, end: event_log.Note | None, status_events: StatusEvents
    ) -> "LogFacts":
        """Return the facts of a log with this file status, end note and status events."""
        return cls(
            stat.st_size,
            stat.st_mtime_ns,
            None if end is None else end.values,
            status_events.started,
            status_events.ended_as,
            status_events.ended_at,
        )


# --- The file ----------------------------------------------------------------------------------


def document(facts: Mapping[str, LogFacts]) -> str:
    """Return the facts of all logs, by log name, as JSON."""
    logs = {name: asdict(of_log) for name, of_log in sorted(facts.items())}
    return json.dumps({"version": VERSION, "logs": logs}, separators=(",", ":")) + "\n"


def read(data: bytes) -> dict[str, LogFacts]:
    """Parse the facts of all logs; return none if this version did not write them."""
    try:
        whole = json.loads(data)
        if whole["version"] != VERSION:
            return {}
        logs = msgspec.convert(whole["logs"], dict[str, LogFacts])
    except (ValueError, msgspec.ValidationError, KeyError, TypeError, RecursionError):
        return {}
    return {name: facts for name, facts in logs.items() if facts.ended_as in _ENDS}


# --- Logs --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Examination:
    """What a log says as a whole; `complete` if its stream is."""

    events: int
    complete: bool
    status_events: StatusEvents


def examine(lines: Iterable[bytes]) -> Examination:
    """Return what the lines of a log, without their line feeds, say.

    Raises `DamagedLogError` for a line that cannot be part of a log, as rendering the log would.
    """
    status_events, fingerprint = StatusEvents(), event_log.Fingerprint()
    events, events_when_read = 0, -1
    for line in lines:
        time, name, _, data = event_log.split(line)
        if time[:1] == b"#":
            note = event_log.read_note(name, data)
            fingerprint.check(note)
            fingerprint.note(note.kind)
            if note.kind == "end" and note.values.get("state") == "complete":
                events_when_read = events
        elif not time.removeprefix(b"!").isdigit():
            raise event_log.DamagedLogError("a line does not begin with a time")
        elif name in wire.JOB_EVENTS:
            events += 1
            field = b"" if time[:1] == b"!" else data
            fingerprint.event(name, field)
            if name != wire.LOG:
                status_events.add(name, event_log.data_of(field))
    return Examination(events, events_when_read == events, status_events)


class Readable(Protocol):
    """An open log, read from its start to its end."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        ...


def whole_lines(file: Readable) -> Iterator[bytes]:
    """Yield the lines of an open log without their line feeds, except a torn last line."""
    for block in blocks(file):
        yield from block.split(b"\n")


def blocks(file: Readable) -> Iterator[bytes]:
    """Yield the lines of an open log, except a torn last line, in blocks of many lines.

    A block has line feeds between its lines and none at its end. Raises `DamagedLogError` if a line
    is longer than any that is kept.
    """
    torn: list[bytes] = []
    while read := file.read(_BLOCK):
        if len(torn) > _LONGEST_LINE // _BLOCK:
            raise event_log.DamagedLogError("a line is too long")
        lines, feed, rest = read.rpartition(b"\n")
        if feed:
            block = b"".join([*torn, lines])
            torn.clear()
            yield block
        torn.append(rest)


def end_note(file: io.FileIO) -> event_log.Note | None:
    """Read the note about the stream's end that ends an open log; None if something else does."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_NOTE))
    try:
        note = _last_note(file.read(_LONGEST_NOTE), size)
    except event_log.DamagedLogError:
        return None
    return note if note is not None and note.kind == "end" else None


def _last_note(tail: bytes, size: int) -> event_log.Note | None:
    """Read the last line of a log of `size` bytes; None if it is torn or not a note."""
    if not tail.endswith(b"\n"):
        return None
    line = tail[:-1].rpartition(b"\n")[2]
    if not line.startswith(b"#"):
        return None
    _, name, _, data = event_log.split(line)
    note = event_log.read_note(name, data)
    # If the log's size is not the one in its note, this tool did not leave it as it is.
    whole = note.values.pop("size", None) == size - len(line) - 1
    return note if whole else None
