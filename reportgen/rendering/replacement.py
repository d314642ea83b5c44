"""Replacing a report's files with staged ones: all of them or none.

`prepare` checks that the files can be moved into place, and keeps each old file as a second hard
link in the temporary folder (a copy, if the file system has no links). `carry_out` moves the files.
If that still fails, `undo` puts the old files back. No file is changed in place, so a backup made
of hard links stays intact.
"""

import errno
import os
import shutil
import stat
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeAlias

from reportgen.errors import WriteError
from reportgen.files import Directory, ForeignFileError, temporary_name
from reportgen.rendering.file_list import HOME, JOBS

PROBE: Final = "probe"
"""The name of an empty file in the temporary folder, used to try operations."""

_CHUNK: Final = 1 << 18

_Identity: TypeAlias = tuple[int, int, int, int] | None
"""A regular file's identity, which no replacement shares; None if there is no file.

An inode number is not enough: it may be reused at once.
"""


class ReportFolders:
    """An open directory with a report's files, and its folder `jobs`, opened on first use."""

    def __init__(self, top: Directory, *, create: bool = False) -> None:
        self.top = top
        self._jobs = top.folder(JOBS, create=True) if create else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._jobs is not None:
            self._jobs.close()

    def of(self, name: str, *, create: bool = False) -> tuple[Directory, str]:
        """Return the folder and the leaf name of a file, given its path within the report.

        Raises `FileNotFoundError` if the folder is missing and `create` is false.
        """
        folder, _, leaf = name.rpartition("/")
        if not folder:
            return self.top, leaf
        if self._jobs is None:
            self._jobs = self.top.folder(JOBS, create=create)
        return self._jobs, leaf

    def names(self) -> set[str]:
        """Return the paths of all regular files within the report's two folders."""
        names = set(self.top.file_names())
        with suppress(OSError):
            folder, _ = self.of(f"{JOBS}/")
            names.update(f"{JOBS}/{leaf}" for leaf in folder.file_names())
        return names

    def status(self, name: str) -> os.stat_result | None:
        """Return the status of a regular file; None if it does not exist."""
        try:
            folder, leaf = self.of(name)
            return folder.file_status(leaf)
        except FileNotFoundError:
            return None
        except OSError as error:
            if not isinstance(error, ForeignFileError):
                error.filename = str(self.top.path / name)
            raise

    def has(self, name: str) -> bool:
        """Return whether a regular file has this path."""
        try:
            return self.status(name) is not None
        except ForeignFileError:
            return False


@dataclass(frozen=True, slots=True)
class _Change:
    """A file that will be added, replaced or removed."""

    name: str
    old: _Identity
    new: _Identity


class Replacement:
    """The replacement of a report's files by staged ones."""

    def __init__(self, out: ReportFolders, staged: ReportFolders, kept: ReportFolders) -> None:
        self._out = out
        self._staged = staged
        self._kept = kept
        """Where old files are kept until the new ones are in place."""
        self._checked: set[Path] = set()
        self._changes: list[_Change] = []

    def prepare(self, names: Iterable[str], gone: Iterable[str], ours: Container[str]) -> None:
        """Check every destination, and keep the files that will be replaced or removed.

        `names` are the staged files; those identical to the old ones are skipped. `gone` are the
        files in the old report that are not in the new one. A file that already exists must be in
        `ours`. Raises `WriteError`, `ForeignFileError` or `OSError`.
        """
        can_link = self._can_link()
        for name in sorted(names, key=lambda name: (name == HOME, name)):
            self._check_folder(name)
            old, new = self._out.status(name), self._staged.status(name)
            if old is not None and name not in ours:
                raise ForeignFileError(self._out.top.path / name, "a file")
            if old is None or new is None or not self._is_unchanged(name, old, new):
                self._plan(name, old, _identity(new), can_link=can_link)
        for name in sorted(gone):
            if self._out.has(name):  # else it is not ours any more, and not in the way
                self._check_folder(name)
                self._plan(name, self._out.status(name), None, can_link=can_link)

    def carry_out(self) -> None:
        """Move the files, the home page last, and then remove those not in the new report."""
        for change in self._changes:
            folder, leaf = self._out.of(change.name)
            if _identity(folder.file_status(leaf)) != change.old:
                raise ForeignFileError(folder.path / leaf, "a file that has only just appeared")
            if change.new is None:
                folder.remove(leaf)
            else:
                staged, _ = self._staged.of(change.name)
                staged.rename(leaf, leaf, into=folder)

    def undo(self) -> list[str]:
        """Put the old files back; return the names of those that could not be put back."""
        return [change.name for change in reversed(self._changes) if not self._undo(change)]

    def _undo(self, change: _Change) -> bool:
        try:
            folder, leaf = self._out.of(change.name)
            found = _identity(folder.file_status(leaf))
            if found == change.old:
                return True
            if found != change.new:
                return False  # someone else's, so it stays
            if change.old is None:
                folder.remove(leaf)
            else:
                kept, _ = self._kept.of(change.name)
                kept.rename(leaf, leaf, into=folder)
        except OSError:
            return False
        return True

    # Checks before anything moves

    def _can_link(self) -> bool:
        """Return whether the file system supports hard links between folders."""
        top, kept = self._staged.top, self._kept.top
        with top.create(PROBE):
            pass
        try:
            _link(PROBE, top, kept)
        except OSError:
            return False
        finally:
            top.remove(PROBE)
            kept.remove(PROBE)
        return True

    def _check_folder(self, of_name: str) -> None:
        """Move a probe into a file's folder, which fails if the folder is read-only or a mount.

        Raises `WriteError`.
        """
        folder, _ = self._out.of(of_name, create=True)
        if folder.path in self._checked:
            return
        self._checked.add(folder.path)
        top, name = self._staged.top, temporary_name()
        with top.create(PROBE):
            pass
        try:
            top.rename(PROBE, name, into=folder)
            folder.remove(name)
        except OSError as error:
            raise _cannot_be_replaced(folder.path, error) from error

    def _is_unchanged(self, name: str, old: os.stat_result, new: os.stat_result) -> bool:
        """Return whether a staged file has the same content as the old one."""
        if old.st_size != new.st_size:
            return False
        (staged, leaf), (folder, _) = self._staged.of(name), self._out.of(name)
        with staged.open_for_reading(leaf) as one, folder.open_for_reading(leaf) as other:
            while chunk := one.read(_CHUNK):
                if other.read(len(chunk)) != chunk:
                    return False
        return True

    def _plan(
        self, name: str, old: os.stat_result | None, new: _Identity, *, can_link: bool
    ) -> None:
        if old is not None:
            self._keep(name, old, can_link=can_link)
            old = self._out.status(name)  # on an overlay, linking may change the inode
        self._changes.append(_Change(name, _identity(old), new))

    def _keep(self, name: str, status: os.stat_result, *, can_link: bool) -> None:
        """Keep an old file. Raises `WriteError` if another file cannot take its place."""
        (folder, leaf), (kept, _) = self._out.of(name), self._kept.of(name)
        _refuse_sticky(folder, leaf, status)
        if can_link:
            try:
                _link(leaf, folder, kept)
            except OSError as error:
                # A mounted file is on a different file system from its folder, and a file of ours
                # that cannot be linked is immutable. Any other may just have too many links.
                mine = status.st_uid == os.geteuid()
                if error.errno == errno.EXDEV or (error.errno == errno.EPERM and mine):
                    raise _cannot_be_replaced(folder.path / leaf, error) from error
            else:
                return
        with folder.open_for_reading(leaf) as old, kept.create(leaf) as copy:
            shutil.copyfileobj(old, copy, _CHUNK)


def _link(leaf: str, folder: Directory, into: Directory) -> None:
    source, target = folder.descriptor, into.descriptor
    os.link(leaf, leaf, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)


def _refuse_sticky(folder: Directory, leaf: str, status: os.stat_result) -> None:
    """Refuse someone else's file in a sticky folder, where users may move only their own."""
    of_folder = os.fstat(folder.descriptor)
    owners = {0, status.st_uid, of_folder.st_uid}
    if of_folder.st_mode & stat.S_ISVTX and os.geteuid() not in owners:
        error = PermissionError(
            errno.EPERM, "it is in a sticky directory and belongs to another user"
        )
        raise _cannot_be_replaced(folder.path / leaf, error)


def _identity(status: os.stat_result | None) -> _Identity:
    if status is None:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _cannot_be_replaced(path: Path, error: OSError) -> WriteError:
    reason = error.strerror or str(error)
    if error.errno in {errno.EXDEV, errno.EBUSY}:
        reason = "it is a mount of its own"
    return WriteError(
        f"{path} cannot be replaced ({reason}), so the old report stays: unmount it or fix its "
        "permissions, or name another directory with --out."
    )
