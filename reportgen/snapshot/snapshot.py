"""The snapshot directory: what was fetched, kept between builds.

    <snapshot-dir>/
        CACHEDIR.TAG, .gitignore     so that backups and git leave it alone
        lock                         held while a build works
        index.json                   version, the folder fetched last, and which URL led to which
        <source>/                    one folder a source: a server's project, or the demo
            jobs.json                the job list without its secrets, manifest and scope, and
                                     each job's status in the snapshot before
            logs.json                what is known of each log (see `logindex`)
            events/<job>.log         one event log a job (see `eventlog`), append-only

Everything is readable by its owner alone: events are kept verbatim. A file is replaced whole or
not at all; a log only ever grows, and a line torn by a crash is cut off when it is next opened.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Self, cast

import filelock
import msgspec

from reportgen.errors import SnapshotError, WriteError
from reportgen.events import event_log, stream_state, wire
from reportgen.events.event_log import Ended
from reportgen.events.stream_state import StreamState
from reportgen.files import PRIVATE, replacing
from reportgen.model import history
from reportgen.model.origin import Manifest, Origin
from reportgen.snapshot import log_index
from reportgen.snapshot.log_index import LogFacts
from reportgen.snapshot.retention import Candidate, Retention
from reportgen.text.javascript import JSON, Object
from reportgen.text.times import parse_time

VERSION: Final = 2

_PRIVATE_DIR: Final = 0o700
_TAG: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory holds what arkor-report fetched. Deleting it costs another fetch.\n"
    "# For what this tag means see https://bford.info/cachedir/\n"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The job list as it was last read, with what the source said of itself.

    `entries` holds, by id, each job's entry without its secrets, listed jobs first and in the
    server's order, then those that the server no longer lists.
    """

    origin: Origin
    manifest: Manifest | None
    read_at: datetime
    listed: tuple[str, ...]
    selected: tuple[str, ...]
    entries: dict[str, Object] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """Each job's number, which it keeps (see `numbering`)."""
    before: dict[str, str] | None = None
    """Each job's status in the snapshot before, as it was shown; None where there was none."""
    finished: bool = True
    """Whether the command that made it came to its end; else it is no snapshot to compare with."""


class Snapshot:
    """An open snapshot directory."""

    def __init__(self, path: Path, index: "_Index") -> None:
        self.path = path
        self._index = index
        self._before: dict[str, dict[str, str] | None] = {}

    @classmethod
    @contextmanager
    def locked(cls, path: Path) -> Iterator[Self]:
        """Open the directory for writing, made if need be; one command at a time.

        Raises `WriteError` where it can't be written, is someone else's, or is in use, and
        `SnapshotError` where it is damaged or of a newer version.
        """
        with _writing(path):
            _make_ours(path)
            lock = filelock.FileLock(path / "lock", timeout=0, mode=PRIVATE)
            try:
                lock.acquire()
            except filelock.Timeout:
                raise WriteError(
                    f"Another build is working on the snapshot directory {path}: "
                    "wait for it to end, or name another one with --snapshot-dir."
                ) from None
        try:
            yield cls(path, _read_index(path) or _Index())
        finally:
            lock.release()

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open the directory as it is, also beside a running build. Raises `SnapshotError`."""
        index = _read_index(path)
        if index is None:
            raise SnapshotError(
                f"There is no snapshot in {path}: make one with `arkor-report snapshot`, "
                "or name its place with --snapshot-dir."
            )
        return cls(path, index)

    def folder(self, origin: Origin) -> "SourceFolder":
        """Give the folder of a source, so that no two sources ever mix.

        A server is known by its org and project where it tells them; where it fails to tell, by
        the folder last used with its URL, else by the URL.
        """
        name = _folder_name(origin)
        if not tells_scope(origin) and origin.url is not None:
            name = self._index.urls.get(f"{origin.kind} {origin.url}", name)
        return SourceFolder(self.path / name)

    def use(self, folder: "SourceFolder", origin: Origin) -> None:
        """Remember the folder as the one fetched last, and as the one of this URL."""
        self._index.last = folder.path.name
        self._index.kinds[origin.kind] = folder.path.name
        if origin.url is not None:
            self._index.urls[f"{origin.kind} {origin.url}"] = folder.path.name
        text = json.dumps({"version": VERSION, **asdict(self._index)}, indent=1) + "\n"
        folder.make()
        with _writing(self.path):
            _replace(self.path / "index.json", text)

    def before(self, folder: "SourceFolder", kept: Listing | None) -> dict[str, str] | None:
        """Give each job's status in the snapshot before, by id; None where there was none.

        `kept` is the list that the folder holds. One that was never finished is no snapshot, so
        what it was to be compared with still is; and whatever one command fetches, however often,
        is one snapshot.
        """
        name = folder.path.name
        if name not in self._before:
            self._before[name] = _statuses_before(folder, kept)
        return self._before[name]

    @property
    def folders(self) -> list["SourceFolder"]:
        """The folders of all sources that it holds, the one fetched last first."""
        names = [self._index.last, *self._index.kinds.values(), *self._index.urls.values()]
        return [SourceFolder(self.path / name) for name in dict.fromkeys(names) if name]

    def make_private(self, folder: "SourceFolder") -> None:
        """Leave what a source's folder holds to its owner alone. Raises `WriteError`."""
        with _writing(self.path):
            files = [path for path in self.path.iterdir() if path.is_file()]
            for path in (*files, folder.path, *folder.path.rglob("*")):
                mode = path.lstat().st_mode
                private = _PRIVATE_DIR if stat.S_ISDIR(mode) else PRIVATE
                if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != private:
                    path.chmod(private)

    def last_folder(self, kind: str | None = None, url: str | None = None) -> "SourceFolder":
        """Give the folder fetched last, of all or of this kind and URL. Raises `SnapshotError`."""
        if url is not None:
            name = self._index.urls.get(f"{kind or 'studio'} {url}")
        elif kind is not None:
            name = self._index.kinds.get(kind)
        else:
            name = self._index.last
        if name is None:
            raise SnapshotError(
                f"There is nothing of {url or kind or 'any source'} in the snapshot directory "
                f"{self.path}: make a snapshot of it first."
            )
        return SourceFolder(self.path / name)


class SourceFolder:
    """What was fetched from one source."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._paths: dict[str, Path] = {}
        self._facts: dict[str, LogFacts] = {}
        self._facts_are_read = False
        self._facts_changed = False

    def make(self) -> None:
        """Make the folder where there is none. Raises `WriteError`."""
        with _writing(self.path):
            self.path.mkdir(mode=_PRIVATE_DIR, exist_ok=True)
            (self.path / "events").mkdir(mode=_PRIVATE_DIR, exist_ok=True)

    # The job list

    def listing(self) -> Listing | None:
        """Read the job list; None where none was kept yet. Raises `SnapshotError`."""
        file = self.path / "jobs.json"
        try:
            return _listing_of(json.loads(file.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SnapshotError(
                f"The job list kept in {file} can't be read ({error!r}): "
                "delete this file and build again."
            ) from error

    def keep_listing(self, listing: Listing) -> None:
        """Replace the job list. Raises `WriteError`."""
        with _writing(self.path):
            _replace(self.path / "jobs.json", json.dumps(_document_of(listing)) + "\n")

    def statuses(self, listing: Listing) -> dict[str, str]:
        """Give each job's status as a page shows it, by id, from its entry and its log's facts."""
        return {
            job.id: self.status(job)
            for entry in listing.entries.values()
            if (job := wire.read_job(entry))
        }

    def status(self, job: wire.Job) -> str:
        """Give a job's status as its page shows it."""
        facts = self.facts(job.id)
        if facts is None:
            return history.status_of(None, job.status, started=False)
        return history.status_of(facts.ended_as, job.status, started=facts.started)

    def dropped(self, listing: Listing, retention: Retention) -> frozenset[str]:
        """Give the jobs that are over and that no rule keeps, by all that is known of them."""
        if not retention:
            return frozenset()
        listed = set(listing.listed)
        jobs = (job for entry in listing.entries.values() if (job := wire.read_job(entry)))
        candidates = [self._candidate(job, listed=job.id in listed) for job in jobs]
        return retention.drops(candidates, listing.read_at)

    def _candidate(self, job: wire.Job, *, listed: bool) -> Candidate:
        facts = self.facts(job.id)
        return Candidate.of(
            job.id,
            status=self.status(job),
            listed=listed,
            completed_at=job.completed_at or (facts.ended_at if facts is not None else None),
            created_at=job.created_at,
        )

    # Event logs

    def log_path(self, job_id: str) -> Path:
        """Give the place of a job's event log: a safe name for any id, the same on every build."""
        if job_id not in self._paths:  # it is asked for again and again
            digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()[:20]
            readable = re.sub(r"[^A-Za-z0-9]+", "-", job_id)[:40].strip("-").lower()
            name = f"{readable}-{digest}.log".removeprefix("-")
            self._paths[job_id] = self.path / "events" / name
        return self._paths[job_id]

    def log_size(self, job_id: str) -> int:
        """Give the length of a job's log in bytes, 0 where there is none that tells it."""
        try:
            return self.log_path(job_id).stat().st_size
        except FileNotFoundError:
            return 0

    def fingerprint(self, job_id: str) -> JSON:
        """Give what stands for all that a page shows of a job's log; None where it must be read."""
        end = self.end_of(job_id)
        if end is None:
            return None if self.log_path(job_id).exists() else "no log"
        return {"state": end.state, "reason": end.reason, "fingerprint": end.fingerprint}

    def is_read(self, job_id: str) -> bool:
        """Tell whether a job's log ends with the note that its stream was read to its end."""
        return stream_state.says_complete(self.end_of(job_id))

    def end_of(self, job_id: str) -> Ended | None:
        """Return the note that a job's log ends with; the log is read only in doubt."""
        if self.is_as_left(job_id):
            return self._all_facts()[self.log_path(job_id).name].end
        return log_index.end_note(self.log_path(job_id))

    def is_as_left(self, job_id: str) -> bool:
        """Tell whether a job's log is there, and as it was when this tool last wrote or read it."""
        path = self.log_path(job_id)
        known = self._all_facts().get(path.name)
        return known is not None and known.holds_for_file(path)

    # What is known of the logs

    def facts(self, job_id: str) -> LogFacts | None:
        """Give what is known of a job's log; None where there is none. It is read only in doubt.

        Of a log that was dropped it is what was known of it then.
        """
        path = self.log_path(job_id)
        known = self._all_facts().get(path.name)
        try:
            status = path.stat()
        except FileNotFoundError:
            return known if known is not None and known.size == log_index.DROPPED else None
        if known is not None and known.holds_for(status):
            return known
        try:
            facts = _facts_anew(path, status, known)
        except event_log.DamagedLogError:
            return LogFacts.of(
                status, None, StreamState()
            )  # whoever renders it has it fetched again
        self._set_facts(path, facts)
        return facts

    def learn(self, job_id: str, state: StreamState, end: Ended | None) -> None:
        """Take what is known of a job's log as it is now, and the note that it ends with."""
        path = self.log_path(job_id)
        try:
            self._set_facts(path, LogFacts.of(path.stat(), end, state))
        except FileNotFoundError:
            self._all_facts().pop(path.name, None)

    def keep_facts(self) -> None:
        """Have what was learned of the logs outlive the command. Raises `WriteError`."""
        if self._facts_changed:
            with _writing(self.path):
                _replace(self.path / "logs.json", log_index.document(self._facts))
            self._facts_changed = False

    def _all_facts(self) -> dict[str, LogFacts]:
        if not self._facts_are_read:
            self._facts_are_read = True
            with suppress(OSError):
                self._facts = log_index.read((self.path / "logs.json").read_bytes())
        return self._facts

    def _set_facts(self, path: Path, facts: LogFacts) -> None:
        self._all_facts()[path.name] = facts
        self._facts_changed = True

    def drop_log(self, job_id: str, *, forget: bool) -> None:
        """Remove a job's log; how the job ended is forgotten too, or not. Raises `WriteError`."""
        path = self.log_path(job_id)
        facts = self.facts(job_id)
        with _writing(path):
            path.unlink(missing_ok=True)
        if forget or facts is None:
            if self._all_facts().pop(path.name, None) is not None:
                self._facts_changed = True
        elif facts.size != log_index.DROPPED:
            self._set_facts(path, facts.dropped())

    # Fetched anew

    def clear_unfinished(self) -> None:
        """Remove new logs that a refresh did not finish. Raises `WriteError`."""
        with _writing(self.path):
            for file in (self.path / "events").glob("*.new*"):
                file.unlink()

    def renew(self, job_id: str, fresh: Path) -> bool:
        """Let a log that was fetched anew take the old one's place, if it holds as much.

        The old one stands until the new one is read to its end; where the old one was not either,
        the one with more events is kept. Tells whether the new one is. Raises `WriteError`.
        """
        old = self.log_path(job_id)
        with _writing(old):
            if _is_read(fresh) or not (_is_read(old) or _events(old) > _events(fresh)):
                fresh.replace(old)
                return True
            fresh.unlink(missing_ok=True)
            return False

    def place(self, job_id: str, data: Iterable[bytes]) -> None:
        """Put a log in a job's place, whole or not at all. Raises `WriteError`."""
        path = self.log_path(job_id)
        with _writing(path), replacing(path) as stream:
            stream.writelines(data)


# --- Event logs, open for writing --------------------------------------------------------------


def _is_read(path: Path) -> bool:
    return stream_state.says_complete(log_index.end_note(path))


def _facts_anew(path: Path, status: os.stat_result, known: LogFacts | None) -> LogFacts:
    """Learn what there is to know of a log that is not as it was left, or was never looked at.

    Where its last line says that it has the same events, only its time has changed. Raises
    `DamagedLogError`.
    """
    note = log_index.end_note(path)
    if known is not None and note is not None:
        same = (status.st_size, note) == (known.size, known.end)
        if same:
            return replace(known, mtime_ns=status.st_mtime_ns)
    with log_index.reading(path) as records:
        return LogFacts.of(status, note, log_index.examine(records))


def _events(path: Path) -> int:
    """Count a log's job events; a log that is damaged, or not there, holds none."""
    try:
        with log_index.reading(path) as records:
            return log_index.examine(records).events
    except event_log.DamagedLogError:
        return 0


# --- The directory's own files -----------------------------------------------------------------


@dataclass(slots=True)
class _Index:
    last: str | None = None
    urls: dict[str, str] = field(default_factory=dict)
    """The folder last used with a kind of source and a URL."""
    kinds: dict[str, str] = field(default_factory=dict)
    """The folder last used with a kind of source."""


def _read_index(path: Path) -> _Index | None:
    file = path / "index.json"
    try:
        document = json.loads(file.read_bytes())
        version = document["version"]
        index = _index_of(document) if version == VERSION else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SnapshotError(
            f"The snapshot's {file} can't be read ({error!r}): delete the directory {path}, "
            "or name another one with --snapshot-dir."
        ) from error
    if index is None:
        raise SnapshotError(
            f"The snapshot directory {path} has format version {version}, but this arkor-report "
            f"reads version {VERSION}. Delete the directory and build again, use another "
            "arkor-report, or name another directory with --snapshot-dir."
        )
    return index


def _index_of(document: Object) -> _Index:
    """Read the index back; raises KeyError, TypeError or ValueError."""
    index = msgspec.convert(
        {"last": document["last"], "urls": document["urls"], "kinds": document.get("kinds", {})},
        _Index,
    )
    names = [*index.urls.values(), *index.kinds.values(), *([index.last] if index.last else [])]
    if any(re.fullmatch("[a-z0-9-]+", name) is None for name in names):
        raise ValueError("a folder's name that is none")
    return index


def _make_ours(path: Path) -> None:
    """Make the directory, or take it if it is empty or was made by this tool."""
    path.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
    tag = path / "CACHEDIR.TAG"
    if tag.exists() and b"arkor-report" not in tag.read_bytes():
        raise WriteError(
            f"{path} is someone else's cache: name an empty or a new directory with --snapshot-dir."
        )
    if not tag.exists():
        if {child.name for child in path.iterdir()} - {"CACHEDIR.TAG.new"}:
            raise WriteError(
                f"{path} holds files and is no snapshot directory: "
                "name an empty or a new one with --snapshot-dir."
            )
        _replace(path / "CACHEDIR.TAG", _TAG)
    if not (path / ".gitignore").exists():
        _replace(path / ".gitignore", "*\n")
    path.chmod(_PRIVATE_DIR)


def tells_scope(origin: Origin) -> bool:
    """Tell whether a server is known by its org and project, wherever it is reached."""
    return origin.org is not None and origin.project is not None


def _folder_name(origin: Origin) -> str:
    """Name a source's folder: readable, and never the same for two sources."""
    if tells_scope(origin):
        key = [origin.kind, "scope", origin.org or "", origin.project or ""]
        readable = f"{origin.org}-{origin.project}"
    else:
        key = [origin.kind, "url", origin.url or ""]
        readable = (origin.url or "").partition("://")[2]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:10]
    plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{origin.kind}-{readable}")[:60].strip("-").lower()
    return f"{plain}-{digest}"


def _replace(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with replacing(file) as stream:
        stream.write(text.encode())


def _statuses_before(folder: SourceFolder, kept: Listing | None) -> dict[str, str] | None:
    if kept is None:
        return None
    return folder.statuses(kept) if kept.finished else kept.before


class _writing:  # noqa: N801 - used as a function; each append is within one
    """Raises `WriteError` for an `OSError` in its block, with the place that can't be written."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            raise WriteError(
                f"Can't write the snapshot at {self._path}: {error.strerror or error}. "
                "Make room or mend its permissions, or name another place with --snapshot-dir."
            ) from error


def _document_of(listing: Listing) -> dict[str, object]:
    return {
        "version": VERSION,
        "origin": asdict(listing.origin),
        "manifest": None if listing.manifest is None else asdict(listing.manifest),
        "readAt": listing.read_at.isoformat(),
        "listed": listing.listed,
        "selected": listing.selected,
        "entries": list(listing.entries.items()),
        "numbers": listing.numbers,
        "before": listing.before,
        "finished": listing.finished,
    }


def _listing_of(document: JSON) -> Listing:
    """Read back what `_document_of` made; raises KeyError, TypeError or ValueError."""
    if not isinstance(document, dict) or document["version"] != VERSION:
        raise ValueError("not of this version")
    manifest = document["manifest"]
    read_at = parse_time(document["readAt"])
    if read_at is None:
        raise ValueError("no time of reading")
    entries = dict(cast("Iterable[tuple[str, Object]]", document["entries"]))
    if not all(isinstance(entry, dict) for entry in entries.values()):
        raise TypeError("an entry that is no object")
    return Listing(
        origin=Origin(**cast("dict[str, str]", document["origin"])),
        manifest=Manifest(**cast("dict[str, str]", manifest)) if manifest is not None else None,
        read_at=read_at,
        listed=tuple(cast("list[str]", document["listed"])),
        selected=tuple(cast("list[str]", document["selected"])),
        entries=entries,
        numbers=msgspec.convert(document.get("numbers", {}), dict[str, int]),
        before=msgspec.convert(document.get("before"), dict[str, str] | None),
        finished=document.get("finished") is not False,
    )
