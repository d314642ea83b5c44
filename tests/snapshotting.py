"""Fetch snapshots of a stand-in by plain calls: only the snapshot step, at a given time."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reportgen.events.event_log import Ended, Record
from reportgen.files import Directory
from reportgen.following import fetch
from reportgen.following.log_writer import LogWriter
from reportgen.following.outcomes import Outcome
from reportgen.model.selection import Selection
from reportgen.report import changes
from reportgen.settings import Following
from reportgen.snapshot import log_index
from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.job_list import Listing
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.source_folder import SourceFolder
from reportgen.sources.http import BaseURL
from reportgen.sources.studio import Studio
from reportgen.text.secrets import Secrets
from tests.standin import StandIn

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)


@dataclass
class RecordingListener:
    """A progress listener that records what is reported."""

    warnings: list[str] = field(default_factory=list)
    to_fetch: int = 0

    def reading(self, introduction: str) -> None:
        pass

    def listed(self, jobs: int, to_fetch: int) -> None:
        self.to_fetch = to_fetch

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def opened(self, job_id: str) -> None:
        pass

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:
        pass

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        pass

    def ended(self, job_id: str, outcome: Outcome) -> None:
        pass


@dataclass(frozen=True)
class Fetched:
    """What a snapshot left behind."""

    folder: SourceFolder
    listing: Listing
    watcher: RecordingListener

    @property
    def marks(self) -> dict[str, str]:
        """What the home page would mark."""
        statuses = self.folder.statuses(self.listing)
        shown = {job_id: statuses[job_id] for job_id in self.listing.selected}
        marks = {
            job_id: changes.mark(job_id, status, self.listing.before)
            for job_id, status in shown.items()
        }
        return {job_id: mark for job_id, mark in marks.items() if mark is not None}


def take(
    studio: StandIn,
    place: Path,
    *,
    selection: Selection | None = None,
    keep: float | None = None,
    keep_last: int | None = None,
    refresh: bool = False,
    now: datetime = NOW,
    watcher: RecordingListener | None = None,
) -> Fetched:
    """Fetch a snapshot without waiting for running jobs."""
    watcher = watcher or RecordingListener()
    with Snapshot.locked(place, watcher.warn) as snapshot:
        return take_into(
            snapshot, studio, selection=selection, keep=keep, keep_last=keep_last,
            refresh=refresh, now=now, watcher=watcher,
        )  # fmt: skip


def take_into(
    snapshot: Snapshot,
    studio: StandIn,
    *,
    selection: Selection | None = None,
    keep: float | None = None,
    keep_last: int | None = None,
    refresh: bool = False,
    now: datetime = NOW,
    watcher: RecordingListener | None = None,
) -> Fetched:
    """Fetch a snapshot into a directory that is already open."""
    watcher = watcher or RecordingListener()
    following = Following(
        max_wait=0.0, settle=0.5, stall_timeout=90.0, retries=8, concurrency=16, refresh=refresh
    )

    async def fetching() -> SourceFolder:
        secrets = Secrets()
        source = Studio(
            [BaseURL.parse(studio.url)],
            lambda: studio.token,
            secrets,
            environment={},
            now=lambda: now,
            warn=watcher.warn,
        )
        return await fetch.fetch(
            source,
            snapshot,
            selection or Selection(),
            Retention(keep, keep_last),
            following,
            progress=watcher,
            secrets=secrets,
            chance=lambda: 0.5,
            stop=asyncio.Event(),
            now=lambda: now,
        )

    folder = asyncio.run(fetching())
    listing = folder.listing()
    assert listing is not None
    return Fetched(folder, listing, watcher)


def read_log(folder: SourceFolder, job_id: str) -> list[Record]:
    """Return the records of a job's log."""
    with folder.logs.reading(job_id) as records:
        return list(records)


def lines_of(folder: SourceFolder, job_id: str) -> list[bytes]:
    """Return the whole lines of a job's log, without their ends."""
    path = folder.logs.path_of(job_id)
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def folder_at(path: Path) -> SourceFolder:
    """Open a source's folder, as the next command does."""
    return SourceFolder(Directory.open(path.parent, private=True), path.name)


def open_log(path: Path, job_id: str) -> LogWriter:
    """Return the event log at a path, to be written."""
    return LogWriter(Directory.open(path.parent, private=True), path.name, job_id)


def end_note(path: Path) -> Ended | None:
    """Return the note that a log ends with."""
    with path.open("rb", buffering=0) as file:
        return log_index.end_note(file)
