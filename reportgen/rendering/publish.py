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
import msgspec

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
        self._folders: set[Path] = set()
        self._to_remember: dict[str, str] = {}

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
        with self.staging(name) as file:
            for part in text:
                file.write(part)
        return file.size

    @contextmanager
    def staging(self, name: str) -> Iterator["Staged"]:
        """Write a new file, as `stage` does, bit by bit while the block lasts."""
        target, temporary = self._out / name, self._out / _TEMPORARY / name
        with _writing(target):
            self._make_folder(temporary.parent, Path(name).parent)
            if os.path.lexists(target) and (name not in self._old or target.is_dir()):
                raise _in_the_way(target)
            with temporary.open("wb") as stream:
                file = Staged(stream.write, self._check)
                yield file
                file.flush()
        self.staged(name)

    def staged(self, name: str) -> None:
        """Take note of a file that was staged, perhaps by another process."""
        self._new.add(name)
        self._staged.append(name)

    def _make_folder(self, temporary: Path, folder: Path) -> None:
        """Make a folder for new files, once, if nothing of someone else's is in its way."""
        if folder in self._folders:
            return
        for parent in {folder, *folder.parents} - {Path()}:
            place = self._out / parent
            if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
                raise _in_the_way(place)
        temporary.mkdir(parents=True, exist_ok=True)
        self._folders.add(folder)

    def _check(self, piece: bytes) -> None:
        if self._holds_secret(piece):
            raise WriteError(
                f"File {len(self._new) + 1} of the report would hold the token: nothing is "
                "published, the old report stays. This should never happen: please tell us."
            )

    def has(self, name: str) -> bool:
        """Tell whether the old report has this file, and it is ours."""
        return name in self._old and (self._out / name).is_file()

    def keep(self, name: str) -> None:
        """Take a file into the new report as it is: staged by now, or in the old one."""
        self._new.add(name)

    def remember(self, name: str, record: str) -> None:
        """Keep a record, as JSON, with a file, for the build that finds it in the old report."""
        self._to_remember[name] = record

    def remembered(self, name: str) -> str | None:
        """Give the record that was kept with a file of the old report, as JSON, or None."""
        return self._remembered.get(name)

    def _begin(self) -> None:
        """Clear away what a crash left, and say that a temporary folder is ours from now on."""
        if self._temporary_is_ours:
            shutil.rmtree(self._out / _TEMPORARY, ignore_errors=True)
        elif os.path.lexists(self._out / _TEMPORARY):
            raise _in_the_way(self._out / _TEMPORARY)
        self._name_ours(self._old, self._remembered, temporary=True)

    def _leave_as_it_was(self) -> None:
        """Clear away what was staged; nothing has taken its place yet."""
        shutil.rmtree(self._out / _TEMPORARY, ignore_errors=True)
        with suppress(OSError):  # whoever comes next finds a folder named that is gone already
            self._name_ours(self._old, self._remembered, temporary=False)

    def _take_place(self) -> None:
        self._name_ours(self._old | self._new, {}, temporary=True)
        for folder in {name.rpartition("/")[0] for name in self._staged}:
            (self._out / folder).mkdir(parents=True, exist_ok=True)
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
        staged.replace(target)

    def _remove_empty_folders(self) -> None:
        for folder in {Path(name).parent for name in self._old - self._new} - {Path()}:
            place = self._out / folder
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()

    def _name_ours(self, names: set[str], records: dict[str, str], *, temporary: bool) -> None:
        document = {
            "version": _VERSION,
            "files": sorted(names),
            "temporary": [f"{_TEMPORARY}/"] if temporary else [],
        }
        file = self._out / _OURS
        # Its own temporary name is fixed, so that it needs no naming.
        fresh = self._out / f"{_OURS}.tmp"
        with fresh.open("wb") as stream:
            stream.write(json.dumps(document, indent=1).removesuffix("\n}").encode())
            stream.write(b',\n "remembered": {')
            # Records are JSON already: thousands of them are neither read nor written anew.
            between = ""
            for name, record in records.items():
                stream.write(f"{between}{json.dumps(name)}: {record}".encode())
                between = ",\n"
            stream.write(b"}\n}\n")
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)


def _in_the_way(place: Path) -> WriteError:
    return WriteError(
        f"{place} is in the way, and it is none of this tool's files: move it, or "
        "name another directory with --out."
    )


class Staged:
    """A file that is being written, in pieces worth writing.

    No text is cut between two pieces, so that no secret lies across them.
    """

    def __init__(self, put: Callable[[bytes], int], check: Callable[[bytes], None]) -> None:
        self.size = 0
        """In bytes, as far as it is written."""
        self._put = put
        self._check = check
        self._held: list[str] = []
        self._length = 0

    def write(self, text: str) -> None:
        """Append a text; it may wait for more."""
        self._held.append(text)
        self._length += len(text)
        if self._length >= _PIECE:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        piece = "".join(self._held).encode()
        self._held.clear()
        self._length = 0
        self._check(piece)
        self.size += self._put(piece)


class _Ours(msgspec.Struct):
    """What `out/.arkor-report.json` holds."""

    files: list[object]
    temporary: list[object] = []
    remembered: dict[str, msgspec.Raw] = {}


def _read_ours(out: Path) -> tuple[set[str], dict[str, str], bool]:
    """Read which files are ours, and what was remembered of them, as JSON.

    None where nothing tells, so that nothing is ever guessed. Raises `WriteError`.
    """
    try:
        ours, records = _parsed((out / _OURS).read_bytes())
    except FileNotFoundError:
        return set(), {}, False
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise WriteError(
            f"{out / _OURS}, which lists this tool's files, is damaged ({error!r}): "
            f"delete {out}, or name another directory with --out."
        ) from error
    names = {str(name) for name in ours.files}
    return (
        {name for name in names if _is_inside(name)},
        records,
        f"{_TEMPORARY}/" in ours.temporary,
    )


def _parsed(data: bytes) -> tuple[_Ours, dict[str, str]]:
    try:
        ours = msgspec.json.decode(data, type=_Ours)
        return ours, {name: bytes(record).decode() for name, record in ours.remembered.items()}
    except (msgspec.DecodeError, UnicodeError):
        document = json.loads(data)  # it takes lone surrogates, too
    records = document.pop("remembered", {}) if isinstance(document, dict) else {}
    ours = msgspec.convert(document, _Ours)
    return ours, {str(name): json.dumps(record) for name, record in dict(records).items()}


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
