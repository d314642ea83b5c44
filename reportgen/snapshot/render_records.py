"""What was rendered from each log, kept in `rendered.jsonl` so that it is not rendered again.

Each line is a JSON array: the name of a job's log, a key, and a value. The key is a hash of all
that the value was made from, so a record that is out of date is never looked up. Lines are only
appended. A render reads the file once to find the lines, and decodes only the values it needs.
Damaged lines, such as one torn by a crash, are skipped: the worst result is that a job is rendered
again.

New records are first written to a scratch file, since there may be too many for memory, and since
a snapshot directory may be read-only.
"""

import io
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from reportgen.files import Directory, ForeignFileError
from reportgen.snapshot.failures import reading, writing

FILE: Final = "rendered.jsonl"

_HEAD: Final = re.compile(rb'\["([a-z0-9-]{1,64}\.log)","([a-z0-9-]{1,64})",')
_END: Final = b"]\n"
_BLOCK: Final = 1 << 20
_LONGEST: Final = 1 << 24
"""The length in bytes beyond which a line is not ours: it is read in parts, which are skipped."""
_SMALL: Final = 1 << 20
"""The size in bytes up to which the file is not worth rewriting."""
_VERSIONS: Final = 3
"""How many records of a kind are kept of a job: options may differ between renders."""


_Place: TypeAlias = tuple[int, int]
"""The start of a line and its length."""


class _Line(NamedTuple):
    log: str
    key: str
    start: int
    data: bytes

    @property
    def place(self) -> "_Place":
        """Where the line is: its start and its length."""
        return self.start, len(self.data)


class RenderRecords:
    """The records in a source's folder, and new ones in `scratch`, a file that is empty at first.

    `folder` opens the source's folder. Raises `SnapshotError` if something else has the file's
    name.
    """

    def __init__(self, path: Path, folder: Callable[[], Directory], scratch: io.FileIO) -> None:
        self._path = path / FILE
        self._folder = folder
        self._scratch = scratch
        self._kept: io.FileIO | None = None
        self._old: dict[str, _Place] = {}
        self._new: dict[str, _Place] = {}
        with reading(self._path), suppress(FileNotFoundError, PermissionError):
            self._kept = folder().open_for_reading(FILE)
        if self._kept is not None:
            self._old = {line.key: line.place for line in _lines(self._kept)}

    def close(self) -> None:
        """Close the file; `scratch` stays open."""
        if self._kept is not None:
            self._kept.close()

    def value(self, key: str) -> bytes | None:
        """Return the value of the record with this key, which may be anything; None without one."""
        line = None
        if key in self._new:
            line = _read(self._scratch, *self._new[key])
        elif key in self._old and self._kept is not None:
            line = _read(self._kept, *self._old[key])
        head = _HEAD.match(line or b"")
        return None if line is None or head is None else line[head.end() : -len(_END)]

    def add(self, log: str, key: str, value: bytes) -> None:
        """Add a record: the name of the job's log, its key, and a JSON value on one line."""
        if self.value(key) == value:
            return
        line = b'["%b","%b",%b]\n' % (log.encode(), key.encode(), value)
        self._new[key] = self._scratch.seek(0, os.SEEK_END), len(line)
        with memoryview(line) as rest:
            written = 0
            while written < len(rest):
                written += self._scratch.write(rest[written:])

    def keep(self, keys: Iterable[str]) -> None:
        """Append the new records with these keys to the file, if it can be written.

        Raises `WriteError` if something else has the file's name.
        """
        wanted = [self._new[key] for key in keys if key in self._new]
        if not wanted:
            return
        try:
            self._append(_read(self._scratch, *place) for place in wanted)
            self._tidy()
        except ForeignFileError:
            with writing(self._path):
                raise
        except OSError:
            pass  # so these jobs will be rendered again

    def _append(self, lines: Iterable[bytes]) -> None:
        descriptor = self._folder().open_for_appending(FILE)
        with open(descriptor, "r+b", buffering=_BLOCK) as file:  # noqa: PTH123 - by handle
            size = file.seek(0, os.SEEK_END)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                file.write(b"\n")
            file.writelines(lines)

    def _tidy(self) -> None:
        """Remove superseded records if they are more than half of a large file."""
        with self._folder().open_for_reading(FILE) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= _SMALL:
                return
            lines = [(line.log, line.key, line.place) for line in _lines(file)]
        last = {key: (log, place) for log, key, place in lines}
        versions: Counter[tuple[str, str]] = Counter()
        kept: dict[int, int] = {}
        for key, (log, (start, length)) in reversed(last.items()):
            kind = log, key.partition("-")[2]
            versions[kind] += 1
            if versions[kind] <= _VERSIONS:
                kept[start] = length
        if sum(kept.values()) < size / 2:
            _rewrite(self._folder(), lambda line: line.start in kept)


def forget(path: Path, folder: Directory, logs: Collection[str]) -> None:
    """Remove all records of these logs. Raises `WriteError`."""
    with writing(path / FILE), suppress(FileNotFoundError):
        with folder.open_for_reading(FILE) as file:
            found = any(line.log in logs for line in _lines(file))
        if found:
            _rewrite(folder, lambda line: line.log not in logs)


def _rewrite(folder: Directory, is_kept: Callable[[_Line], bool]) -> None:
    with folder.open_for_reading(FILE) as old, folder.replacing(FILE) as new:
        new.writelines(line.data for line in _lines(old) if is_kept(line))


def _lines(file: io.FileIO) -> Iterator[_Line]:
    """Yield the file's lines that have the form of a record, from the start."""
    start = 0
    file.seek(0)
    with io.BufferedReader(io.FileIO(file.fileno(), closefd=False), _BLOCK) as lines:
        while data := lines.readline(_LONGEST):
            head = _HEAD.match(data)
            if head is not None and data.endswith(_END):
                yield _Line(head[1].decode(), head[2].decode(), start, data)
            start += len(data)


def _read(file: io.FileIO, start: int, size: int) -> bytes:
    return os.pread(file.fileno(), size, start)
