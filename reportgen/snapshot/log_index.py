"""What is known of each event log without reading it, checked by nothing but `stat`.

The snapshot step keeps one `LogFacts` for each log. It holds for as long as size and time of the
last change are the log's own; in doubt the log's last line decides, then the whole log.
"""

import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final, Protocol

import msgspec

from reportgen.events import event_log, wire
from reportgen.events.wire import MAX_FRAME_BYTES
from reportgen.text.times import time_or_none

VERSION: Final = 1
DROPPED: Final = -1
"""The size of a log that was dropped: how its job had ended is still known."""

_ENDS: Final = frozenset({None, *wire.TERMINAL.values()})
_BLOCK: Final = 1 << 18
_LONGEST_LINE: Final = 2 * MAX_FRAME_BYTES  # what is put in a token's place may be longer than it
_LONGEST_NOTE: Final = 1 << 12  # a refusal's words are cut far below this

Note = dict[str, str | int | None]


class Course:
    """How a job went by the events that change its status."""

    __slots__ = ("ended_as", "ended_at", "started")

    def __init__(self) -> None:
        self.started = False
        self.ended_as: str | None = None
        """`completed` or `failed`, unless the job was started after it."""
        self.ended_at: str | None = None
        """The time of that event, as it says itself."""

    def note(self, name: bytes, data: bytes) -> None:
        """Learn of a job event."""
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

    `end` holds what the note says that the log ends with, but for its size; None where it ends
    with none.
    """

    size: int
    mtime_ns: int
    end: Note | None
    started: bool
    ended_as: str | None
    ended_at: str | None

    def dropped(self) -> "LogFacts":
        """Return what stays known of a log that is gone."""
        return replace(self, size=DROPPED, mtime_ns=0, end=None)

    def holds_for(self, stat: os.stat_result) -> bool:
        """Return whether the log is still the one that these facts are about."""
        return stat.st_size == self.size and stat.st_mtime_ns == self.mtime_ns

    @classmethod
    def of(cls, stat: os.stat_result, end: event_log.Note | None, course: Course) -> "LogFacts":
        """Put together what is known of a log."""
        return cls(
            stat.st_size,
            stat.st_mtime_ns,
            None if end is None else end.values,
            course.started,
            course.ended_as,
            course.ended_at,
        )


# --- The file ----------------------------------------------------------------------------------


def document(facts: Mapping[str, LogFacts]) -> str:
    """Write the facts of all logs, by the logs' names, as JSON."""
    logs = {name: asdict(of_log) for name, of_log in sorted(facts.items())}
    return json.dumps({"version": VERSION, "logs": logs}, separators=(",", ":")) + "\n"


def read(data: bytes) -> dict[str, LogFacts]:
    """Read the facts back; none if it is not what this version writes: the logs hold them all."""
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
    """What a whole reading of a log tells; `complete` if its stream was read to its end."""

    events: int
    complete: bool
    course: Course


def examine(lines: Iterable[bytes]) -> Examination:
    """Read all lines of a log, without their line feeds.

    Raises `eventlog.DamagedLogError` where a line is none of a log's, as whoever reads the log for
    a page will.
    """
    course, fingerprint = Course(), event_log.Fingerprint()
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
            raise event_log.DamagedLogError("a line that begins with no time")
        elif name in wire.JOB_EVENTS:
            events += 1
            field = b"" if time[:1] == b"!" else data
            fingerprint.event(name, field)
            if name != wire.LOG:
                course.note(name, event_log.data_of(field))
    return Examination(events, events_when_read == events, course)


class Readable(Protocol):
    """An open log, read from its start to its end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, up to `size`; none at the end."""
        ...


def whole_lines(file: Readable) -> Iterator[bytes]:
    """Yield the whole lines of an open log without their ends, and not a torn last one."""
    for block in blocks(file):
        yield from block.split(b"\n")


def blocks(file: Readable) -> Iterator[bytes]:
    """Yield the whole lines of an open log, as many at once as are read at once.

    Line feeds stand between the lines of a block, and none at its end. Raises `DamagedLogError`
    where a line is longer than any that is kept.
    """
    torn: list[bytes] = []
    while read := file.read(_BLOCK):
        if len(torn) > _LONGEST_LINE // _BLOCK:
            raise event_log.DamagedLogError("a line without end")
        lines, feed, rest = read.rpartition(b"\n")
        if feed:
            block = b"".join([*torn, lines])
            torn.clear()
            yield block
        torn.append(rest)


def end_note(file: io.FileIO) -> event_log.Note | None:
    """Read the note that an open log ends with, if it says what became of the stream."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_NOTE))
    try:
        note = _last_note(file.read(_LONGEST_NOTE), size)
    except event_log.DamagedLogError:
        return None
    return note if note is not None and note.kind == "end" else None


def _last_note(tail: bytes, size: int) -> event_log.Note | None:
    """Read the last line of a log of this size, if it is whole and a note of ours."""
    if not tail.endswith(b"\n"):
        return None
    line = tail[:-1].rpartition(b"\n")[2]
    if not line.startswith(b"#"):
        return None
    _, name, _, data = event_log.split(line)
    note = event_log.read_note(name, data)
    # A log that is shorter or longer than when this was written was not left by this tool.
    whole = note.values.pop("size", None) == size - len(line) - 1
    return note if whole else None
