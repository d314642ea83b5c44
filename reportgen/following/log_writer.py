"""A job's event log, open for appending."""

import io
import os
from collections.abc import Iterator, Sequence
from typing import Final, Self

from reportgen.events import event_log, wire
from reportgen.files import Directory
from reportgen.following.replay import Kept, Trail
from reportgen.snapshot import log_index
from reportgen.snapshot.failures import writing
from reportgen.snapshot.log_index import Course

_BLOCK: Final = 1 << 20


class EventLog:
    """A job's log, to be appended to within a `with` block; what a crash tore is cut off first.

    What the log holds is learned when it is first opened. Between blocks no file is open, since
    thousands of streams can be waiting for their next try.
    """

    def __init__(self, events: Directory, name: str, job_id: str) -> None:
        self.path = events.path / name
        """For messages; the file is opened by handle."""
        self.name = name
        self.trail = Trail()
        self.course = Course()
        self.was_opened = False
        """Whether the stream was ever answered."""
        self.was_read = False
        """Whether the stream was read to its end before, and nothing came since."""
        self.end: event_log.Note | None = None
        """The note that it ends with, once it was synced."""
        self._fingerprint = event_log.Fingerprint()
        self._events = events
        self._job_id = job_id
        self._file = -1
        self._size = -1

    def __enter__(self) -> Self:
        is_new = self._size < 0
        with writing(self.path):
            self._file = self._events.open_for_appending(self.name)
        if is_new:
            self._learn_all()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
        self._file = -1

    def _learn_all(self) -> None:
        try:
            self._size = self._scan()
        except event_log.DamagedLogError:
            self._start_again()
        if self._size == 0:
            head = event_log.note_line(0, "log", version=event_log.VERSION, job=self._job_id)
            self.append(head)

    def _scan(self) -> int:
        """Learn what the log holds, cut off a torn last line, and give the size."""
        size = 0
        for offset, line in self._lines(0):
            size = offset + len(line) + 1
            self._learn(offset, line)
        with writing(self.path):
            if os.fstat(self._file).st_size > size:
                os.ftruncate(self._file, size)
        return size

    def _start_again(self) -> None:
        # In doubt about a record it is fetched again; what can't be read is of no use to anyone.
        self.trail = Trail()
        self.course = Course()
        self.was_opened = self.was_read = False
        self._fingerprint = event_log.Fingerprint()
        with writing(self.path):
            os.ftruncate(self._file, 0)
        self._size = 0

    def _learn(self, offset: int, line: bytes) -> None:
        time, name, event_id, data = event_log.split(line)
        if time[:1] == b"#":
            note = event_log.read_note(name, data)
            self._fingerprint.check(note)
            self.note(note.kind)
            if note.kind == "end":
                self.was_read = note.values.get("state") == "complete"
        elif name in wire.JOB_EVENTS:
            # Of a frame that was over the limit no data came; the log says why in its place.
            self.note_event(offset, name, _event_id(event_id), b"" if time[:1] == b"!" else data)

    def note(self, kind: str) -> None:
        """Learn of a note that the log holds."""
        if kind == "open":
            self.was_opened = True
        self._fingerprint.note(kind)

    def note_event(self, offset: int, name: bytes, event_id: bytes | None, data: bytes) -> None:
        """Learn of a job event that the log holds at this offset, its data as it came."""
        self.trail.add(offset, event_id)
        self.was_read = False
        # The log has a carriage return where a line feed came.
        self._fingerprint.event(name, data.replace(b"\n", b"\r"))
        if name != wire.LOG:
            self.course.note(name, data)

    def note_logs(self, lines: bytes, ids: Sequence[bytes | None], datas: Sequence[bytes]) -> None:
        """Learn of the `training.log` events that were appended last: id and data of each.

        Each has one line of data, and its own line in `lines`.
        """
        self.trail.add_all(self._size - len(lines), lines, ids)
        self.was_read = False
        self._fingerprint.events(wire.LOG, datas)

    @property
    def terminal(self) -> bool:
        """Whether a terminal event came, and no `training.started` after it."""
        return self.course.ended_as is not None

    @property
    def fingerprint(self) -> int:
        """Of all that a page shows of the log, as `eventlog.Fingerprint` has it."""
        return self._fingerprint.value

    @property
    def size(self) -> int:
        """The log's length in bytes: the offset of what is appended next."""
        return self._size

    def append(self, lines: bytes) -> None:
        """Write whole lines behind the last. Raises `WriteError`."""
        with writing(self.path):
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        self._size += len(lines)

    def kept(self, start: int) -> Iterator[Kept]:
        """Read the job events from an offset on, up to where the log ends at the call."""
        end = self._size
        for offset, line in self._lines(start):
            if offset >= end:
                return
            time, name, event_id, data = event_log.split(line)
            if time[:1] != b"#" and name in wire.JOB_EVENTS:
                whole = None if time[:1] == b"!" else event_log.data_of(data)
                yield Kept(offset, name, _event_id(event_id), whole)

    def ids(self) -> Iterator[bytes | None]:
        """Read the ids of all job events."""
        return (kept.id for kept in self.kept(0))

    def sync(self) -> None:
        """Wait until what was written has reached the disk. Raises `WriteError`.

        May be called from any thread.
        """
        with (
            writing(self.path),
            io.FileIO(self._events.open_for_appending(self.name), "rb+") as file,
        ):
            self.end = log_index.end_note(file)
            os.fsync(file.fileno())

    def _lines(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Give each whole line from an offset on, without its end, with its own offset."""
        offset, rest = start, b""
        while block := os.pread(self._file, _BLOCK, offset + len(rest)):
            if b"\n" not in block:
                rest += block
                continue
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield offset, line
                offset += len(line) + 1


def _event_id(field: bytes) -> bytes | None:
    if not field:
        return None
    return b"" if field == event_log.RESET_ID else field
