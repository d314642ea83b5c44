"""A job's event log, open for appending."""

import io
import os
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Self

from reportgen.events import event_log
from reportgen.events.event_log import Ended, Events, LogOpened, Note, Record
from reportgen.events.stream_state import StreamState
from reportgen.files import Directory
from reportgen.following.replay import Kept, Trail
from reportgen.snapshot import log_index
from reportgen.snapshot.failures import writing


class LogWriter:
    """A job's log, for appending within a `with` block.

    It is read when it is first opened, and a partial last line from a crash is removed. No file is
    open between blocks, since thousands of streams can be waiting for a retry.
    """

    def __init__(self, events: Directory, name: str, job_id: str) -> None:
        self.path = events.path / name
        """The path for messages; the file is opened through its directory's handle."""
        self.name = name
        self.trail = Trail()
        self.state = StreamState()
        self.end: Ended | None = None
        """The note at the end of the log, once the log has been synced."""
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
            self.append_note(0, LogOpened(job=self._job_id))

    def _scan(self) -> int:
        """Read the log, remove a partial last line, and return the size."""
        size = 0
        for block in event_log.blocks(_Reader(self._file, 0)):
            for offset, record in event_log.located([block], size):
                self._learn(offset, record)
            size += len(block) + 1
        with writing(self.path):
            if os.fstat(self._file).st_size > size:
                os.ftruncate(self._file, size)
        return size

    def _start_again(self) -> None:
        # Everything in the log is fetched again, since an unreadable log is useless.
        self.trail = Trail()
        self.state = StreamState()
        with writing(self.path):
            os.ftruncate(self._file, 0)
        self._size = 0

    def _learn(self, offset: int, record: Record) -> None:
        """Update the trail and state with the record at an offset. Raises `DamagedLogError`."""
        self.state.learn(record)
        if isinstance(record, Events) and record.is_of_job:
            self.trail.add(offset, record.sizes, record.ids)

    @property
    def size(self) -> int:
        """The log's length in bytes: the offset of the next record."""
        return self._size

    def append_events(self, batch: Sequence[Events]) -> None:
        """Append events. Raises `WriteError`."""
        offset = self._size
        self._append(b"".join([events.lines for events in batch]))
        for events in batch:
            self._learn(offset, events)
            offset += len(events.lines)

    def append_note(self, ms: int, note: Note) -> None:
        """Append a note. Raises `WriteError`."""
        offset = self._size
        self._append(event_log.note_line(ms, note))
        self._learn(offset, note)

    def _append(self, lines: bytes) -> None:
        with writing(self.path):
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        self._size += len(lines)

    def kept(self, start: int) -> Iterator[Kept]:
        """Yield the job events from an offset to the end of the log at the time of the call."""
        end = self._size
        blocks = event_log.blocks(_Reader(self._file, start))
        for first, record in event_log.located(blocks, start):
            if first >= end:
                return
            if isinstance(record, Events) and record.is_of_job:
                offsets = accumulate(record.sizes, initial=first)
                for offset, event_id, data in zip(offsets, record.ids, record.datas, strict=False):
                    if offset >= end:
                        return
                    yield Kept(offset, record.name, event_id, data)

    def ids(self) -> Iterator[bytes | None]:
        """Yield the ids of all job events."""
        return (kept.id for kept in self.kept(0))

    def sync(self) -> None:
        """Block until the log is on disk. Raises `WriteError`.

        May be called from any thread.
        """
        with (
            writing(self.path),
            io.FileIO(self._events.open_for_appending(self.name), "rb+") as file,
        ):
            self.end = log_index.end_note(file)
            os.fsync(file.fileno())


class _Reader:
    """Reads an open log from an offset, independently of other reads and writes."""

    def __init__(self, descriptor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._offset = offset

    def read(self, size: int, /) -> bytes:
        data = os.pread(self._descriptor, size, self._offset)
        self._offset += len(data)
        return data
