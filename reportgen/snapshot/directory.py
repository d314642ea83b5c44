"""The snapshot directory: fetched data, kept between builds.

    <snapshot-dir>/
        CACHEDIR.TAG, .gitignore     so that backups and git leave it alone
        lock                         held during a build
        index.json                   the folder fetched last, and the folder for each URL
        <source>/                    one folder per source: a server's project, or the demo
            jobs.json                the job list without its secrets, the manifest and scope,
                                     and each job's status in the previous snapshot
            logs.json                facts about each log (see `log_index`)
            rendered.jsonl           what was rendered from each log (see `render_records`)
            events/<job>.log         one event log per job (see `event_log`), append-only

Only its owner can read any of it, since events are kept verbatim. Files are replaced atomically;
logs only grow, and a line torn by a crash is removed when the log is next opened.

The directory may have come from a repository, a cache or an artifact. Links in it are not followed,
and a name in one of its files is trusted only if it has the form of our own.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from reportgen.errors import SnapshotError, WriteError
from reportgen.files import Directory, is_temporary_name, locked
from reportgen.model.origin import Origin
from reportgen.snapshot import index
from reportgen.snapshot.failures import make_private, reading, writing
from reportgen.snapshot.index import Index
from reportgen.snapshot.job_list import Listing
from reportgen.snapshot.source_folder import SourceFolder

Warn = Callable[[str], None]

_TAG: Final = "CACHEDIR.TAG"
_TAG_TEXT: Final = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This directory holds what arkor-report fetched. Deleting it costs another fetch.\n"
    b"# For what this tag means see https://bford.info/cachedir/\n"
)
_IGNORE: Final = ".gitignore"
_LOCK: Final = "lock"
_OWN: Final = (_TAG, _IGNORE, _LOCK, index.FILE)
_LONGEST_TAG: Final = 1 << 16
_HARMLESS: Final = frozenset({"lost+found", ".gitkeep", ".DS_Store"})
"""Names that an otherwise empty directory may contain without being someone else's."""


class Snapshot:
    """An open snapshot directory."""

    def __init__(self, directory: Directory, known: Index, warn: Warn) -> None:
        self.path = directory.path
        self._directory = directory
        self._index = known
        self._warn = warn
        self._is_private = True
        self._before: dict[str, dict[str, str] | None] = {}

    @classmethod
    @contextmanager
    def locked(cls, path: Path, warn: Warn = lambda _: None) -> Iterator[Self]:
        """Open the directory for writing, one command at a time, creating it if it is missing.

        Raises `WriteError` if the directory cannot be written, is someone else's or is in use, and
        `SnapshotError` if it is damaged or from another version.
        """
        with ExitStack() as stack:
            with writing(path):
                directory = Directory.open(path, create=True, private=True)
                _make_ours(directory)
                try:
                    stack.enter_context(locked(directory, _LOCK))
                except BlockingIOError:
                    raise WriteError(
                        f"Another build is working on the snapshot directory {path}: "
                        "wait until it ends, or name another directory with --snapshot-dir."
                    ) from None
                directory.remove_leftovers()
            known = index.read(directory) or Index(last=None, urls={}, kinds={})
            snapshot = cls(directory, known, warn)
            snapshot._is_private = make_private(directory, _OWN, warn)
            yield snapshot

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open the directory for reading, even during a build. Raises `SnapshotError`."""
        known = None
        with reading(path), suppress(FileNotFoundError, NotADirectoryError):
            directory = Directory.open(path, private=True)
            known = index.read(directory)
        if known is None:
            raise SnapshotError(
                f"There is no snapshot in {path}: make one with `arkor-report snapshot`, "
                "or name another directory with --snapshot-dir."
            )
        return cls(directory, known, lambda _: None)

    def folder(self, origin: Origin) -> SourceFolder:
        """Return a source's folder; no two sources share one.

        A server is identified by its org and project. If it does not name them, the folder last
        used for its URL is returned, else one named after the URL.
        """
        name = _folder_name(origin)
        if not names_scope(origin) and origin.url is not None:
            name = self._index.urls.get(f"{origin.kind} {origin.url}", name)
        return SourceFolder(self._directory, name)

    def use(self, folder: SourceFolder, origin: Origin) -> None:
        """Record the folder as the one fetched last, and as the one for this URL.

        It is created if it is missing, and made private. Raises `WriteError`.
        """
        folder.make()
        self._is_private = self._is_private and folder.make_private(self._warn)
        self._index.last = folder.name
        self._index.kinds[origin.kind] = folder.name
        if origin.url is not None:
            self._index.urls[f"{origin.kind} {origin.url}"] = folder.name
        with writing(self.path):
            index.write(self._directory, self._index)

    def before(self, folder: SourceFolder, kept: Listing | None) -> dict[str, str] | None:
        """Return each job's status in the previous snapshot, by id; None if there was none.

        `kept` is the list in the folder. If its command was interrupted, it is not a snapshot, and
        the snapshot before it still counts as the previous one. Everything that one command
        fetches, even repeatedly, is one snapshot.
        """
        if folder.name not in self._before:
            statuses = None
            if kept is not None:
                statuses = folder.statuses(kept) if kept.finished else kept.before
            self._before[folder.name] = statuses
        return self._before[folder.name]

    @property
    def folders(self) -> list[SourceFolder]:
        """The folders of all sources in the directory, starting with the one fetched last."""
        names = [self._index.last, *self._index.kinds.values(), *self._index.urls.values()]
        return [SourceFolder(self._directory, name) for name in dict.fromkeys(names) if name]

    def last_folder(self, kind: str | None = None, url: str | None = None) -> SourceFolder:
        """Return the folder fetched last, from any source or from one of this kind or URL.

        Raises `SnapshotError` if there is none.
        """
        name = self._index.last
        if url is not None:
            name = self._index.urls.get(f"{kind or 'studio'} {url}")
        elif kind is not None:
            name = self._index.kinds.get(kind)
        if name is None:
            raise SnapshotError(
                f"The snapshot directory {self.path} holds nothing from "
                f"{url or kind or 'any source'}: make a snapshot of it first."
            )
        return SourceFolder(self._directory, name)


def _make_ours(directory: Directory) -> None:
    """Mark an empty directory as ours. Raises `WriteError` if it is someone else's."""
    path, names = directory.path, set(directory.names())
    if _TAG in names:
        if b"arkor-report" not in directory.read(_TAG, _LONGEST_TAG):
            raise WriteError(
                f"{path} is another program's cache: "
                "name an empty or new directory with --snapshot-dir."
            )
    elif any(name not in _HARMLESS and not is_temporary_name(name) for name in names):
        raise WriteError(
            f"{path} holds files and is not a snapshot directory: "
            "name an empty or new one with --snapshot-dir."
        )
    for name, text in ((_TAG, _TAG_TEXT), (_IGNORE, b"*\n")):
        if directory.file_status(name) is None:
            with directory.replacing(name) as file:
                file.write(text)


def names_scope(origin: Origin) -> bool:
    """Return whether a server is identified by its org and project rather than by its URL."""
    return origin.org is not None and origin.project is not None


def _folder_name(origin: Origin) -> str:
    """Return the name of a source's folder: readable, and different for each source."""
    if names_scope(origin):
        key = [origin.kind, "scope", origin.org or "", origin.project or ""]
        readable = f"{origin.org}-{origin.project}"
    else:
        key = [origin.kind, "url", origin.url or ""]
        readable = (origin.url or "").partition("://")[2]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:10]
    plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{origin.kind}-{readable}")[:60].strip("-").lower()
    return f"{plain}-{digest}"
