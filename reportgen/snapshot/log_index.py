"""Facts about each event log that save reading it.

Facts are valid as long as the log's size and modification time are the same. If they differ, the
log's last line decides, then the whole log.
"""

import io
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from reportgen.events import event_log, wire
from reportgen.events.event_log import Ended, Record
from reportgen.events.stream_state import StreamState

VERSION: Final = 2
DROPPED: Final = -1
"""The recorded size of a dropped log; only how its job ended is still known."""

_LONGEST_NOTE: Final = 1 << 12  # its reason is truncated far below this


@dataclass(frozen=True, slots=True)
class LogFacts:
    """Facts about a log when it was last read or written.

    `end` is the log's end note, None if it has none; `started`, `ended_as` and `ended_at` are from
    its `StreamState`.
    """

    size: int
    mtime_ns: int
    end: Ended | None
    started: bool
    ended_as: wire.EndedAs | None
    ended_at: str | None

    def dropped(self) -> "LogFacts":
        """Return the facts still known once the log is removed."""
        return replace(self, size=DROPPED, mtime_ns=0, end=None)

    def holds_for(self, stat: os.stat_result) -> bool:
        """Return whether the log is unchanged since, judging by its file status."""
        return stat.st_size == self.size and stat.st_mtime_ns == self.mtime_ns

    @classmethod
    def of(cls, stat: os.stat_result, end: Ended | None, state: StreamState) -> "LogFacts":
        """Return the facts about a log with this file status, end note and stream state."""
        return cls(
            stat.st_size, stat.st_mtime_ns, end, state.started, state.ended_as, state.ended_at
        )


class _Document(msgspec.Struct):
    """The content of `logs.json`."""

    version: int
    logs: dict[str, LogFacts]
    """By log name."""


_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def document(facts: Mapping[str, LogFacts]) -> bytes:
    """Return the facts about all logs, by log name, as JSON."""
    whole = _Document(VERSION, dict(sorted(facts.items())))
    try:
        return msgspec.json.encode(whole) + b"\n"
    except UnicodeEncodeError:  # a reason may contain lone surrogates
        return json.dumps(msgspec.to_builtins(whole), separators=(",", ":")).encode() + b"\n"


def read(data: bytes) -> dict[str, LogFacts]:
    """Parse the facts about all logs; return an empty dict if another version wrote them."""
    try:
        whole = _document(data)
    except (ValueError, msgspec.ValidationError, RecursionError):
        return {}
    return whole.logs if whole.version == VERSION else {}


def _document(data: bytes) -> _Document:
    try:
        return _DOCUMENT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):  # a reason may contain lone surrogates
        return msgspec.convert(json.loads(data), _Document)


def examine(records: Iterable[Record]) -> StreamState:
    """Return the stream state according to all records in a log. Raises `DamagedLogError`."""
    state = StreamState()
    for record in records:
        state.learn(record)
    return state


def end_note(file: io.FileIO) -> Ended | None:
    """Read an open log's end note; return None if the log ends with something else."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_NOTE))
    tail = file.read(_LONGEST_NOTE)
    line = tail.removesuffix(b"\n").rpartition(b"\n")[2]
    with suppress(event_log.DamagedLogError):
        note = event_log.record(line)
        # Its size is that of the log before it, unless the log was changed since.
        if isinstance(note, Ended) and tail.endswith(b"\n") and note.size == size - len(line) - 1:
            return note
    return None
