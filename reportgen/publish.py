"""Texts to files of the report, whole or not at all.

All new files are written under `out/.arkor-report.tmp` first. `out/.arkor-report.json` names
every file that is ours: before the first new file takes its place it names the old ones, the new
ones and the temporary folder, so that a crash at any moment leaves nothing that the next build
could not clear away. Only files named there are ever replaced or removed. The home page is the
last to take its place, and what the new report does not have any more is removed after it.
"""

import filecmp
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import filelock

from reportgen import wire
from reportgen.errors import WriteError

HOME: Final = "index.html"
_OURS: Final = ".arkor-report.json"
_LOCK: Final = ".arkor-report.lock"
_TEMPORARY: Final = ".arkor-report.tmp"
_VERSION: Final = 1
_PIECE: Final = 1 << 16


class Publication:
    """One report on its way into a directory."""

    def __init__(self, out: Path, holds_secret: Callable[[bytes], bool]) -> None:
        self._out = out
        self._holds_secret = holds_secret
        self._old, self._remembered, self._temporary_is_ours = _read_ours(out)
        self._new: set[str] = set()
        self._staged: list[str] = []
        self._to_remember: dict[str, wire.JSON] = {}

    @classmethod
    @contextmanager
    def into(
        cls, out: Path, holds_secret: Callable[[bytes], bool] = lambda _: False
    ) -> Iterator[Self]:
        """Publish into a directory, made if need be, when it is this build's turn.

        What was staged takes its place when the block ends without an error; with one, the old
        report stays as it was. `holds_secret` is the last check on everything that is written.
        Raises `WriteError`.
        """
        with _writing(out):
            out.mkdir(parents=True, exist_ok=True)
        with _writing(out), filelock.FileLock(out / _LOCK):
            publication = cls(out, holds_secret)
            publication._begin()
            try:
                yield publication
            except BaseException:
                publication._leave_as_it_was()
                raise
            try:
                publication._take_place()
            finally:
                shutil.rmtree(out / _TEMPORARY, ignore_errors=True)

    def stage(self, name: str, text: Iterable[str]) -> int:
        """Write a new file, named by its path within the report, next to the old report.

        Gives its size in bytes.
        """
        size = 0
        target = self._out / name
        self._refuse_stranger(name)
        with _writing(target):
            temporary = self._out / _TEMPORARY / name
            temporary.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                for piece in _pieces(text):
                    self._check(piece, len(self._new))
                    size += file.write(piece)
        self._new.add(name)
        self._staged.append(name)
        return size

    def _refuse_stranger(self, name: str) -> None:
        """Raise `WriteError` where something of someone else's is in a file's way."""
        target = self._out / name
        folders = [self._out / parent for parent in Path(name).parents if parent != Path()]
        strangers = [
            place
            for place in folders
            if os.path.lexists(place) and (place.is_symlink() or not place.is_dir())
        ]
        if os.path.lexists(target) and (name not in self._old or target.is_dir()):
            strangers.append(target)
        if strangers:
            raise WriteError(
                f"{strangers[0]} is in the way, and it is none of this tool's files: move it, or "
                "name another directory with --out."
            )

    def _check(self, piece: bytes, number: int) -> None:
        if self._holds_secret(piece):
            raise WriteError(
                f"File {number + 1} of the report would hold the token: nothing is published, "
                "the old report stays. This should never happen: please tell us."
            )

    def has(self, name: str) -> bool:
        """Tell whether the old report has this file, and it is ours."""
        return name in self._old and (self._out / name).is_file()

    def keep(self, name: str) -> None:
        """Take a file into the new report as it is: staged by now, or in the old one."""
        self._new.add(name)

    def remember(self, name: str, record: wire.JSON) -> None:
        """Keep a record with a file, for the build that finds it in the old report."""
        if record is not None:
            self._to_remember[name] = record

    def remembered(self, name: str) -> wire.JSON:
        """Give the record that was kept with a file of the old report, or None."""
        return self._remembered.get(name)

    def _begin(self) -> None:
        """Clear away what a crash left, and say that a temporary folder is ours from now on."""
        if self._temporary_is_ours:
            shutil.rmtree(self._out / _TEMPORARY, ignore_errors=True)
        elif os.path.lexists(self._out / _TEMPORARY):
            raise WriteError(
                f"{self._out / _TEMPORARY} is in the way, and it is none of this tool's files: "
                "move it, or name another directory with --out."
            )
        self._name_ours(self._old, self._remembered, temporary=True)

    def _leave_as_it_was(self) -> None:
        """Clear away what was staged; nothing has taken its place yet."""
        shutil.rmtree(self._out / _TEMPORARY, ignore_errors=True)
        with suppress(OSError):  # whoever comes next finds a folder named that is gone already
            self._name_ours(self._old, self._remembered, temporary=False)

    def _take_place(self) -> None:
        self._name_ours(self._old | self._new, {}, temporary=True)
        for name in sorted(self._staged, key=lambda name: (name == HOME, name)):
            self._move(name)
        for name in sorted(self._old - self._new):
            self._remove(name)
        self._remove_empty_folders()
        shutil.rmtree(self._out / _TEMPORARY, ignore_errors=True)  # while it is named
        self._name_ours(self._new, self._to_remember, temporary=False)

    def _remove(self, name: str) -> None:
        """Remove a file of the old report, if it still is one and stands within the report."""
        target = self._out / name
        links = any((self._out / parent).is_symlink() for parent in Path(name).parents[:-1])
        if not links and (target.is_file() or target.is_symlink()):
            target.unlink()

    def _move(self, name: str) -> None:
        """Let a staged file take its place; one that did not change stays untouched."""
        staged, target = self._out / _TEMPORARY / name, self._out / name
        if target.is_file() and filecmp.cmp(staged, target, shallow=False):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)

    def _remove_empty_folders(self) -> None:
        for folder in {Path(name).parent for name in self._old - self._new} - {Path()}:
            place = self._out / folder
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()

    def _name_ours(
        self, names: set[str], records: dict[str, wire.JSON], *, temporary: bool
    ) -> None:
        document: wire.JSON = {
            "version": _VERSION,
            "files": list[wire.JSON](sorted(names)),
            "temporary": [f"{_TEMPORARY}/"] if temporary else [],
            "remembered": records,
        }
        file = self._out / _OURS
        # Its own temporary name is fixed, so that it needs no naming.
        fresh = self._out / f"{_OURS}.tmp"
        with fresh.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(json.dumps(document, indent=1) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)


def _pieces(text: Iterable[str]) -> Iterator[bytes]:
    """Join short texts into pieces worth writing; none is cut, so no secret lies across two."""
    held: list[str] = []
    size = 0
    for part in text:
        held.append(part)
        size += len(part)
        if size >= _PIECE:
            yield "".join(held).encode()
            held.clear()
            size = 0
    if held:
        yield "".join(held).encode()


def _read_ours(out: Path) -> tuple[set[str], dict[str, wire.JSON], bool]:
    """Read which files are ours, and what was remembered of them.

    None where nothing tells, so that nothing is ever guessed. Raises `WriteError`.
    """
    try:
        document = json.loads((out / _OURS).read_bytes())
        names = {str(name) for name in document["files"]}
        records = dict(document.get("remembered", {}))
        temporary = f"{_TEMPORARY}/" in document.get("temporary", [])
    except FileNotFoundError:
        return set(), {}, False
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WriteError(
            f"{out / _OURS}, which lists this tool's files, is damaged ({error!r}): "
            f"delete {out}, or name another directory with --out."
        ) from error
    return {name for name in names if _is_inside(name)}, records, temporary


def _is_inside(name: str) -> bool:
    path = Path(name)
    plain = path.parts and "\0" not in name
    return bool(plain) and not path.is_absolute() and ".." not in path.parts


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"Can't write the report at {place}: {error.strerror or error}. "
            "Make room or mend its permissions, or name another directory with --out."
        ) from error
