"""Publishing the report's files: all of them or none.

New files are first written to a temporary folder in the directory, `.arkor-report.<16 hex
digits>.tmp`. The list `.arkor-report.json` names every file of ours: the temporary folder before it
is created, and the old and new files before the first new one is moved into place, so that a crash
at any moment leaves nothing that the next build cannot remove. Only files named in it are ever
replaced or removed. The home page is the last file to be moved into place; then files that are not
in the new report are removed. The list of the new files alone is on disk before the first file
moves, so that it cannot fail for lack of space.

Every file is accessed by handle and never through a link, so that nothing outside the directory is
touched. The directory itself may be a link, since the user named it.
"""

import io
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, Self

from reportgen.errors import WriteError
from reportgen.files import Directory, ForeignFileError, locked, temporary_name
from reportgen.rendering import file_list
from reportgen.rendering.file_list import JOBS, FileList, is_report_file
from reportgen.rendering.replacement import PROBE, Replacement, ReportFolders

_LOCK: Final = ".arkor-report.lock"
_LOCK_POLL: Final = 0.05
_SILENT_SECONDS: Final = 1.0
"""How many seconds to wait for another build before warning about it."""
_KEPT: Final = "old"
_PIECE: Final = 1 << 16
_MOST_NAMES: Final = 3


class Publication:
    """A report that is being published to a directory."""

    def __init__(
        self, out: Directory, stack: ExitStack, holds_secret: Callable[[bytes], bool]
    ) -> None:
        self._directory = out
        self._holds_secret = holds_secret
        self._old = _read_list(out)
        self._new: set[str] = set()
        self._staged: dict[str, None] = {}
        self._made_from: dict[str, str] = {}
        self._is_in_place = False
        _clear_leftovers(out, self._old)
        self._temporary = temporary_name()
        _write_list(out, replace(self._old, temporary=self._temporary))
        os.mkdir(self._temporary, dir_fd=out.descriptor)  # fails if the name is taken
        top = stack.enter_context(out.folder(self._temporary))
        kept = stack.enter_context(top.folder(_KEPT, create=True))
        self._out = stack.enter_context(ReportFolders(out))
        self._new_files = stack.enter_context(ReportFolders(top, create=True))
        old_files = stack.enter_context(ReportFolders(kept, create=True))
        self._lost = self._old.files - self._out.names()
        """Files of ours that are gone, or that something else has taken the place of."""
        self._replacement = Replacement(self._out, self._new_files, old_files)

    @classmethod
    @contextmanager
    def into(
        cls,
        out: Path,
        holds_secret: Callable[[bytes], bool] = lambda _: False,
        *,
        warn: Callable[[str], None] = lambda _: None,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Iterator[Self]:
        """Publish to a directory, created if it is missing, once no other build publishes there.

        Staged files are moved into place when the block ends without an error; otherwise the old
        report stays as it was. `holds_secret` is the last check on everything that is written.
        `waiting` is a context manager around the wait for the lock, so that signals can end it;
        `warn` is called if the wait is long. Raises `WriteError`.
        """
        with _writing(out), ExitStack() as stack:
            directory = stack.enter_context(Directory.open(out, create=True))
            with waiting():
                _lock(directory, stack, warn)
            publication = cls(directory, stack, holds_secret)
            try:
                yield publication
                publication._take_place()
            except BaseException as error:
                left = publication._leave_as_it_was()
                if left and isinstance(error, Exception):
                    raise _not_put_back(error, left) from error
                raise

    def stage(self, name: str, text: Iterable[str]) -> int:
        """Stage a new file, named by its path within the report; return its size in bytes.

        It replaces any file already staged under this name.
        """
        with self.staging(name) as file:
            for part in text:
                file.write(part)
        return file.size

    @contextmanager
    def staging(self, name: str) -> Iterator["Staged"]:
        """Stage a new file, as `stage` does, but written piece by piece in the block."""
        if not is_report_file(name):
            raise ValueError(f"{name!r} is not a name that the next build would recognise")
        with _writing(self._directory.path / name):
            folder, leaf = self._new_files.of(name)
            if name in self._staged:
                folder.remove(leaf)
            with folder.create(leaf) as stream:
                file = Staged(stream.write, self._check)
                yield file
                file.flush()
        self.staged(name)

    def staged(self, name: str) -> None:
        """Record a file as staged, perhaps by another process."""
        self._new.add(name)
        self._staged[name] = None

    def _check(self, piece: bytes) -> None:
        if self._holds_secret(piece):
            raise WriteError(
                f"The report's file {len(self._new) + 1} would contain the token, so nothing is "
                "published and the old report is kept. This should never happen: please report it."
            )

    def has(self, name: str) -> bool:
        """Return whether the old report had this file at first, and lists it as ours."""
        return name in self._old.files and name not in self._lost

    def keep(self, name: str) -> None:
        """Include a file as it is: already staged, or in the old report."""
        self._new.add(name)

    def remember(self, slug: str, made_from: str) -> None:
        """Store what a job's files were made from, for the next build."""
        self._made_from[slug] = made_from

    def made_from(self, slug: str) -> str | None:
        """Return what a job's files in the old report were made from; None if unknown."""
        return self._old.made_from.get(slug)

    def scratch(self) -> io.FileIO:
        """Open a new file that vanishes once it is closed. Raises `WriteError`."""
        name = temporary_name()
        with _writing(self._directory.path), self._directory.folder(self._temporary) as top:
            descriptor = top.create_file(name, os.O_RDWR)
            top.remove(name)
        return io.FileIO(descriptor, "r+b")

    def _take_place(self) -> None:
        everything = self._old.files | self._new
        _write_list(self._directory, FileList(everything, temporary=self._temporary))
        with self._directory.replacing(file_list.NAME) as stream:
            _write(stream, FileList(frozenset(self._new), self._made_from))
            gone = self._old.files - self._new
            self._replacement.prepare(list(self._staged), gone, ours=self._old.files)
            self._replacement.carry_out()
            self._is_in_place = True
            self._remove_empty_jobs()
            _clear_temporary(self._directory, self._temporary)  # while the list names it

    def _leave_as_it_was(self) -> list[str]:
        """Put old files back and remove staged ones.

        Returns the names of the files that could not be put back.
        """
        if self._is_in_place:
            return []  # only the new list failed, and the existing one names all files
        left = self._replacement.undo()
        self._remove_empty_jobs()
        _clear_temporary(self._directory, self._temporary)
        there = FileList(self._old.files | self._new) if left else self._old
        with suppress(OSError):  # the next build copes with a list that names missing files
            _write_list(self._directory, replace(there, temporary=None))
        return left

    def _remove_empty_jobs(self) -> None:
        if any(name.startswith(f"{JOBS}/") for name in self._old.files | self._new):
            with suppress(OSError):  # it may not be empty, or not exist
                self._directory.remove_folder(JOBS)


class Staged:
    """A file that is being written in large pieces.

    No text passed to `write` is split between pieces, so that the check sees every secret whole.
    """

    def __init__(self, put: Callable[[bytes], int], check: Callable[[bytes], None]) -> None:
        self.size = 0
        """The number of bytes written so far."""
        self._put = put
        self._check = check
        self._held: list[str] = []
        self._length = 0

    def write(self, text: str) -> None:
        """Append text, which may be buffered until more comes."""
        self._held.append(text)
        self._length += len(text)
        if self._length >= _PIECE:
            self.flush()

    def flush(self) -> None:
        """Check and write the buffered text."""
        piece = "".join(self._held).encode()
        self._held.clear()
        self._length = 0
        self._check(piece)
        self.size += self._put(piece)


def _clear_leftovers(out: Directory, old: FileList) -> None:
    """Remove files left by a crash, if their names and places are those of ours."""
    out.remove_leftovers()
    with suppress(OSError), out.folder(JOBS) as jobs:
        jobs.remove_leftovers()
    if old.temporary is not None:
        _clear_temporary(out, old.temporary)


def _clear_temporary(out: Directory, name: str) -> None:
    """Remove the temporary folder and all our files in it."""
    with suppress(OSError), out.folder(name) as top:
        with suppress(OSError), top.folder(_KEPT) as kept:
            _clear_report(kept)
        _clear_report(top)
        with suppress(OSError):
            top.remove_folder(_KEPT)
    with suppress(OSError):  # it may hold something else
        out.remove_folder(name)


def _clear_report(top: Directory) -> None:
    """Remove the files named as in a report, and the folder `jobs` if it is then empty."""
    with suppress(OSError), top.folder(JOBS) as jobs:
        _clear_files(jobs, f"{JOBS}/")
    _clear_files(top, "")
    with suppress(OSError):
        top.remove_folder(JOBS)


def _clear_files(folder: Directory, prefix: str) -> None:
    for leaf in folder.names():
        if is_report_file(prefix + leaf) or leaf == PROBE:
            with suppress(OSError):
                folder.remove(leaf)


def _read_list(out: Directory) -> FileList:
    """Read the list of our files, empty if there is none. Raises `WriteError` or `OSError`."""
    try:
        return file_list.parse(out.read(file_list.NAME))
    except FileNotFoundError:
        return FileList()
    except file_list.DamagedListError as error:
        raise WriteError(
            f"Cannot read {out.path / file_list.NAME}, the list of the report's files: it is "
            f"damaged ({error}). Delete {out.path}, or name another directory with --out."
        ) from error


def _write_list(out: Directory, files: FileList) -> None:
    with out.replacing(file_list.NAME) as stream:
        _write(stream, files)


def _write(stream: IO[bytes], files: FileList) -> None:
    stream.write(files.encoded())
    stream.flush()
    os.fsync(stream.fileno())


def _lock(out: Directory, stack: ExitStack, warn: Callable[[str], None]) -> None:
    """Wait until no other build is publishing here, and hold the lock until the stack closes."""
    silent_until = time.monotonic() + _SILENT_SECONDS
    while True:
        try:
            return stack.enter_context(locked(out, _LOCK))
        except BlockingIOError:
            time.sleep(_LOCK_POLL)
        if time.monotonic() >= silent_until:
            silent_until = math.inf
            warn(f"another build is publishing into {out.path}: waiting for it to finish")


def _not_put_back(error: Exception, names: Sequence[str]) -> WriteError:
    shown = ", ".join(names[:_MOST_NAMES]) + (" and others" if len(names) > _MOST_NAMES else "")
    return WriteError(f"{error} Not all replaced files could be put back ({shown}): build again.")


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except ForeignFileError as error:
        raise WriteError(
            f"{error.path} is in the way: it is {error.kind}, not made by arkor-report. "
            "Move it away, or name another directory with --out."
        ) from error
    except OSError as error:
        named = str(error.filename)
        where = named if named.startswith(str(place)) else place
        raise WriteError(
            f"Cannot write the report at {where}: {error.strerror or error}. "
            "Free some space or fix its permissions, or name another directory with --out."
        ) from error
