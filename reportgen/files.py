"""Access to files below an open directory, without following links.

The directory itself may be a link, since the user named it. Everything below it is accessed
relative to a descriptor, without following links. So a planted link, FIFO or device is refused by
name and cannot block the command, and a directory that is swapped for a link after it was checked
leads nowhere.

Files are replaced atomically. Each is first written under a random name, which nobody can have
taken; the form of the name identifies files left by a crash.
"""

import errno
import fcntl
import io
import os
import re
import secrets
import shutil
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, Self

_SAFE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC
_LARGEST: Final = 1 << 29
"""The maximum size of a file read whole: far above what this tool writes, far below memory."""
_TEMPORARY: Final = re.compile(r"\.arkor-report\.[0-9a-f]{16}\.tmp")
_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600
_LOCK_TRIES: Final = 10


class ForeignFileError(OSError):
    """Something else has the name of one of this tool's files or directories."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(errno.EEXIST, f"it is {kind}", str(path))
        self.path = path
        self.kind = kind
        """Its kind, with an article: `a symbolic link`."""

    def __reduce__(self) -> "tuple[type[ForeignFileError], tuple[Path, str]]":
        """Support pickling, so that a worker process can raise it in its parent."""
        return type(self), (self.path, self.kind)


def temporary_name() -> str:
    """Return an unguessable name, which `is_temporary_name` recognises."""
    return f".arkor-report.{secrets.token_hex(8)}.tmp"


def is_temporary_name(name: str) -> bool:
    """Return whether a name has the form that `temporary_name` returns."""
    return _TEMPORARY.fullmatch(name) is not None


def open_named(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file that the user or the environment named; return a descriptor.

    The name may be a link. Raises `ForeignFileError`, without blocking, if it is anything else.
    """
    try:
        _refuse_all_but_files(path, path.stat().st_mode)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o666)
    try:
        _refuse_all_but_files(path, os.fstat(descriptor).st_mode)
    except ForeignFileError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_all_but_files(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise ForeignFileError(path, _kind(mode))


def _refuse_all_but_directories(path: Path) -> None:
    """Raise `ForeignFileError` if a path or one of its parents is not a directory."""
    for place in (*reversed(path.parents), path):
        if place.is_dir():
            continue
        with suppress(FileNotFoundError):
            kind = _kind(place.lstat().st_mode)
            if place.is_symlink():
                kind += " that does not lead to a directory"
            raise ForeignFileError(place, kind)


class Directory:
    """An open directory.

    Like a file, it is closed by `close`, by its `with` block, or once nothing refers to it.
    Each method raises `ForeignFileError` if a name is not that of a regular file (or, for `folder`,
    a directory), and leaves it alone; other failures raise `OSError`.
    """

    def __init__(self, path: Path, descriptor: int, *, private: bool) -> None:
        self.path = path
        """Its path when it was opened, for messages only."""
        self.descriptor = descriptor
        """The descriptor, for calls that take `dir_fd`."""
        self._private = private
        self.close = weakref.finalize(self, os.close, descriptor)
        """Close the descriptor, after which no method works."""

    @classmethod
    def open(cls, path: Path, *, create: bool = False, private: bool = False) -> Self:
        """Open a directory that the user named; it and its parents may be links.

        With `create`, it is created if it is missing; raises `ForeignFileError` if it or a parent
        is something else. Only the owner can read what is created in a private directory.
        """
        if create:
            try:
                path.mkdir(mode=_PRIVATE_FOLDER if private else 0o777, parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                _refuse_all_but_directories(path)
                raise
        return cls(path, os.open(path, _FOLDER), private=private)

    def folder(self, name: str, *, create: bool = False) -> "Directory":
        """Open a directory in this one, creating it if it is missing and `create` is set."""
        if create:
            with suppress(FileExistsError):
                mode = _PRIVATE_FOLDER if self._private else 0o777
                os.mkdir(_checked(name), mode, dir_fd=self.descriptor)
        try:
            descriptor = os.open(_checked(name), _FOLDER | os.O_NOFOLLOW, dir_fd=self.descriptor)
        except OSError:
            kind = _kind(self.stat(name).st_mode)
            if kind != _DIRECTORY:
                raise ForeignFileError(self.path / name, kind) from None
            raise
        return Directory(self.path / name, descriptor, private=self._private)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Looking

    def names(self) -> list[str]:
        """Return the names in the directory, in no particular order."""
        return os.listdir(self.descriptor)  # noqa: PTH208 - a descriptor, not a path

    def file_names(self) -> Iterator[str]:
        """Yield the names of the regular files in the directory, in no particular order."""
        with os.scandir(self.descriptor) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield entry.name

    def stat(self, name: str) -> os.stat_result:
        """Return the status of a name, without following a link."""
        return os.stat(_checked(name), dir_fd=self.descriptor, follow_symlinks=False)

    def has(self, name: str) -> bool:
        """Return whether a regular file has this name."""
        with suppress(ForeignFileError):
            return self.file_status(name) is not None
        return False

    def file_status(self, name: str) -> os.stat_result | None:
        """Return the status of a regular file; None if it does not exist."""
        try:
            status = self.stat(name)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise ForeignFileError(self.path / name, _kind(status.st_mode))
        return status

    # Reading

    def open_for_reading(self, name: str) -> io.FileIO:
        """Open a file, unbuffered."""
        return io.FileIO(self.open_file(name, os.O_RDONLY), "rb")

    def read(self, name: str, largest: int = _LARGEST) -> bytes:
        """Return a file's content. Raises `OSError` if it is larger than `largest` bytes."""
        with self.open_for_reading(name) as file:
            if os.fstat(file.fileno()).st_size > largest:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(self.path / name))
            return file.readall()

    def open_file(self, name: str, flags: int) -> int:
        """Open an existing file with these `os.open` flags; return a descriptor."""
        # Opening a FIFO or a device can have side effects, so the name is checked first, and again
        # once it is open, since it may have been swapped in between.
        self.file_status(name)
        try:
            descriptor = os.open(name, flags | _SAFE, dir_fd=self.descriptor)
        except OSError:
            self.file_status(name)
            raise
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            raise ForeignFileError(self.path / name, _kind(mode))
        return descriptor

    # Writing

    def open_for_appending(self, name: str) -> int:
        """Open a file for reading and appending, creating it if it is missing.

        A file with several hard links is copied first, since the others may belong to a backup; so
        is a read-only one, which was restored or belongs to someone else. Returns a descriptor.
        """
        flags = os.O_RDWR | os.O_APPEND
        status = self.file_status(name)
        if status is None:
            return self.create_file(name, flags)
        if status.st_nlink > 1:
            self._unshare(name)
        try:
            return self.open_file(name, flags)
        except PermissionError:
            self._unshare(name)
            return self.open_file(name, flags)

    def create(self, name: str) -> IO[bytes]:
        """Create a file, which must not exist, and open it for writing."""
        return open(self.create_file(name, os.O_WRONLY), "wb")  # noqa: PTH123 - by handle

    @contextmanager
    def replacing(self, name: str) -> Iterator[IO[bytes]]:
        """Replace a file when the block ends, once the new content is on disk.

        If the block or the writing fails, nothing changes.
        """
        self.file_status(name)
        temporary = temporary_name()
        try:
            with self.create(temporary) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            self.rename(temporary, name)
        except BaseException:
            with suppress(OSError):
                self.remove(temporary)
            raise

    def rename(self, name: str, new_name: str, into: "Directory | None" = None) -> None:
        """Move a file to another name, here or in `into`, replacing any file with that name."""
        into = into or self
        self.file_status(name)
        into.file_status(new_name)
        os.replace(name, new_name, src_dir_fd=self.descriptor, dst_dir_fd=into.descriptor)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        if self.file_status(name) is not None:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self.descriptor)

    def remove_folder(self, name: str) -> None:
        """Remove an empty directory."""
        os.rmdir(_checked(name), dir_fd=self.descriptor)

    def remove_leftovers(self) -> None:
        """Remove temporary files left by a crash, if they are ours and have no other hard link."""
        for name in filter(is_temporary_name, self.names()):
            status = self.stat(name)
            mine = status.st_uid == os.geteuid() and status.st_nlink == 1
            if mine and stat.S_ISREG(status.st_mode):
                self.remove(name)

    def make_private(self) -> None:
        """Make this directory accessible to its owner alone."""
        if stat.S_IMODE(os.fstat(self.descriptor).st_mode) != _PRIVATE_FOLDER:
            os.fchmod(self.descriptor, _PRIVATE_FOLDER)

    def make_file_private(self, name: str) -> None:
        """Make a file, if it exists, accessible to its owner alone."""
        status = self.file_status(name)
        if status is None or stat.S_IMODE(status.st_mode) == _PRIVATE_FILE:
            return
        if status.st_nlink > 1:
            self._unshare(name)
        else:
            with self.open_for_reading(name) as file:
                os.fchmod(file.fileno(), _PRIVATE_FILE)

    def create_file(self, name: str, flags: int) -> int:
        """Create a file, which must not exist, with these `os.open` flags; return a descriptor."""
        mode = _PRIVATE_FILE if self._private else 0o666
        flags |= _SAFE | os.O_CREAT | os.O_EXCL
        return os.open(_checked(name), flags, mode, dir_fd=self.descriptor)

    def _unshare(self, name: str) -> None:
        """Replace a file with a copy that has the same times."""
        with self.open_for_reading(name) as shared, self.replacing(name) as copy:
            shutil.copyfileobj(shared, copy)
            copy.flush()
            status = os.fstat(shared.fileno())
            os.utime(copy.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))


@contextmanager
def locked(directory: Directory, name: str) -> Iterator[None]:
    """Hold a lock during the block: an empty file with this name, which is never removed.

    Raises `BlockingIOError` if another process holds it, and `ForeignFileError` if the file is not
    empty.
    """
    descriptor = _lock(directory, name)
    try:
        yield
    finally:
        # Closing is not enough: processes forked in the meantime may have it open.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _lock(directory: Directory, name: str) -> int:
    for _ in range(_LOCK_TRIES):
        try:
            descriptor = directory.create_file(name, os.O_RDWR)
        except FileExistsError:
            found = directory.file_status(name)
            if found is not None and found.st_size:
                raise ForeignFileError(directory.path / name, "a file that is not a lock") from None
            # Read permission is enough: the file may be someone else's.
            descriptor = directory.open_file(name, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            status = os.fstat(descriptor)
            # Only the holder of the lock with this name may replace it.
            if os.path.samestat(status, directory.stat(name)):
                if status.st_nlink == 1:
                    return descriptor
                # `cp -al` shared the lock with another directory: give this one its own.
                with directory.replacing(name):
                    pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise BlockingIOError(errno.EAGAIN, "the lock keeps being replaced", str(directory.path))


_DIRECTORY: Final = "a directory"
_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: _DIRECTORY,
    stat.S_IFREG: "a file",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "a special file")


def _checked(name: str) -> str:
    """Return the name; raise `ValueError` if it could lead outside its directory."""
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is not a file name")
    return name
