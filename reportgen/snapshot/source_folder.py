"""The data fetched from one source: its job list and event logs."""

import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property

from reportgen.errors import SnapshotError
from reportgen.events import wire
from reportgen.files import Directory
from reportgen.model import history
from reportgen.snapshot import event_logs, job_list, render_records
from reportgen.snapshot.event_logs import EventLogs
from reportgen.snapshot.failures import make_private, reading, writing
from reportgen.snapshot.job_list import Listing
from reportgen.snapshot.render_records import RenderRecords
from reportgen.snapshot.retention import Candidate, Retention


class SourceFolder:
    """The folder of one source in the snapshot directory."""

    def __init__(self, directory: Directory, name: str) -> None:
        self.name = name
        self.path = directory.path / name
        self._directory = directory
        self.logs = EventLogs(self.path, lambda: self._folder)

    @cached_property
    def _folder(self) -> Directory:
        """The folder's handle. Raises `OSError`, such as `FileNotFoundError`."""
        return self._directory.folder(self.name)

    def unread(self) -> "SourceFolder":
        """Return a new object for the same folder, with nothing read yet."""
        return SourceFolder(self._directory, self.name)

    def make(self) -> None:
        """Create the folder if it is missing. Raises `WriteError`."""
        with writing(self.path):
            self._directory.folder(self.name, create=True).folder(event_logs.FOLDER, create=True)

    def make_private(self, warn: Callable[[str], None]) -> bool:
        """Make the folder and its content private; return whether that was possible."""
        with writing(self.path):
            names = (job_list.FILE, event_logs.FACTS, render_records.FILE)
            own = make_private(self._folder, names, warn)
        return own and self.logs.make_private(warn)

    def check(self) -> None:
        """Raise `SnapshotError` if something else has the name of one of its folders."""
        with reading(self.path), suppress(FileNotFoundError):
            self.logs.directory.names()

    def clear_unfinished(self) -> None:
        """Remove temporary files left by an interrupted command. Raises `WriteError`."""
        with writing(self.path):
            self._folder.remove_leftovers()
            self.logs.directory.remove_leftovers()

    def render_records(self, scratch: io.FileIO) -> RenderRecords:
        """Open the records of what was rendered. Raises `SnapshotError`."""
        return RenderRecords(self.path, lambda: self._folder, scratch)

    def forget_rendered(self, job_ids: Iterable[str]) -> None:
        """Remove the records of what was rendered from these jobs' logs. Raises `WriteError`."""
        render_records.forget(self.path, self._folder, set(map(self.logs.name, job_ids)))

    # The job list

    def listing(self) -> Listing | None:
        """Read the job list; return None if none was kept yet. Raises `SnapshotError`."""
        file = self.path / job_list.FILE
        try:
            with reading(file), suppress(FileNotFoundError):
                return job_list.decode(self._folder.read(job_list.FILE))
        except ValueError as error:
            raise SnapshotError(
                f"Cannot read {file}: it is damaged ({error}). Delete this file and build again."
            ) from error
        return None

    def keep_listing(self, listing: Listing) -> None:
        """Replace the job list. Raises `WriteError`."""
        with writing(self.path), self._folder.replacing(job_list.FILE) as file:
            file.write(job_list.encode(listing))

    def statuses(self, listing: Listing) -> dict[str, str]:
        """Return each job's status as shown on its page, by id."""
        return {job.id: self.status(job) for job in listing.jobs}

    def status(self, job: wire.Job) -> str:
        """Return a job's status as shown on its page, from its entry and its log."""
        facts = self.logs.facts(job.id)
        ended_as, started = (facts.ended_as, facts.started) if facts else (None, False)
        return history.status_of(ended_as, job.status, started=started)

    def dropped(self, listing: Listing, retention: Retention) -> frozenset[str]:
        """Return the ids of the jobs that no rule of `retention` keeps."""
        if not retention:
            return frozenset()
        listed = set(listing.listed)
        candidates = [self._candidate(job, listed=job.id in listed) for job in listing.jobs]
        return retention.drops(candidates, listing.read_at)

    def _candidate(self, job: wire.Job, *, listed: bool) -> Candidate:
        facts = self.logs.facts(job.id)
        return Candidate.of(
            job.id,
            status=self.status(job),
            listed=listed,
            completed_at=job.completed_at or (facts.ended_at if facts else None),
            created_at=job.created_at,
        )
