"""What is known of each event log without reading it, checked only by `stat`.

The snapshot step keeps one `LogFacts` per log, which holds as long as the log's size and
modification time are the same. In doubt the log's last line decides, then the whole log.
"""

import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

import msgspec

from reportgen.events import event_log, wire
from reportgen.events.event_log import Ended, Record
from reportgen.events.stream_state import StreamState

VERSION: Final = 2
DROPPED: Final = -1
"""The recorded size of a log that was dropped, so that only how its job ended is known."""

_ENDS: Final = frozenset({None, *wire.ENDED_STATUSES})
_LONGEST_NOTE: Final = 1 << 12  # the reason in it is cut far below this


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log said when it was last read or written.

    `end` is the note that ends the log, None if there is no such note; the other fields are those
    of its `StreamState`.
    """

    size: int
    mtime_ns: int
    end: Ended | None
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
    def of(cls, stat: os.stat_result, end: Ended | None, state: StreamState) -> "LogFacts":
        """Return the facts of a log with this file status, end note and stream state."""
        return cls(
            stat.st_size, stat.st_mtime_ns, end, state.started, state.ended_as, state.ended_at
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


def examine(records: Iterable[Record]) -> StreamState:
    """Return the stream state according to all records of a log. Raises `DamagedLogError`."""
    state = StreamState()
    for record in records:
        state.learn(record)
    return state


def end_note(file: io.FileIO) -> Ended | None:
    """Read the note about the stream's end that ends an open log; None if something else does."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_NOTE))
    try:
        return _last_note(file.read(_LONGEST_NOTE), size)
    except event_log.DamagedLogError:
        return None


def _last_note(tail: bytes, size: int) -> Ended | None:
    """Read the last line of a log of `size` bytes; None if it is torn or not an end note."""
    if not tail.endswith(b"\n"):
        return None
    line = tail[:-1].rpartition(b"\n")[2]
    note = event_log.record(line)
    # If the log's size is not the one in its note, this tool did not leave it as it is.
    if isinstance(note, Ended) and note.size == size - len(line) - 1:
        return note
    return None
