"""A source's jobs while their streams are followed, and which of them expire."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from reportgen.errors import SourceError
from reportgen.events import wire
from reportgen.model.baseline import Known, choose
from reportgen.model.origin import Origin
from reportgen.model.selection import Selection
from reportgen.snapshot.job_list import Listing, check_id, numbered
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.source_folder import SourceFolder
from reportgen.sources import NO_PROJECT, JobList
from reportgen.text import javascript
from reportgen.text.redact import Redactor
from reportgen.text.secrets import Secrets


class KnownJobs:
    """The job list as last read, and the jobs that are left only in the snapshot.

    `listing` holds both in the form that the snapshot stores, without secrets.
    """

    def __init__(self, folder: SourceFolder, listing: Listing, secrets: Secrets) -> None:
        self.folder = folder
        self.listing = listing
        self.baselines: frozenset[str] = frozenset()
        """The ids of the jobs that selected jobs are compared with."""
        self._secrets = secrets

    def update(self, jobs: JobList) -> bool:
        """Apply a newly read list; return whether anything but its time has changed.

        The order and entries come from this list, the selection from the first one. Raises
        `WriteError` if an id contains a secret, and `SourceError` if the project of the jobs in the
        snapshot is gone: a report would show all of them as gone.
        """
        if jobs.without_project and self.listing.entries:
            raise SourceError(
                f"{NO_PROJECT}. The snapshot holds jobs from that file's project: restore it, or "
                "name another --snapshot-dir."
            )
        entries = _without_secrets(jobs, self._secrets.redactor, self.listing.entries)
        listed = tuple(entries)
        for job_id, entry in self.listing.entries.items():
            entries.setdefault(job_id, entry)
        has_changed = (listed, entries) != (self.listing.listed, self.listing.entries)
        self.listing = replace(
            self.listing,
            read_at=jobs.read_at,
            listed=listed,
            entries=entries,
            numbers=numbered(entries, self.listing.numbers),
        )
        return has_changed

    def select(self, selection: Selection, origin: Origin, expired: frozenset[str]) -> None:
        """Select the jobs for the report, except `expired` ones.

        Raises `SourceError` if the selection names a job that is in neither list nor snapshot.
        """
        unknown = selection.unknown(self.listing.entries)
        if unknown:
            raise SourceError(
                f"There is no job {', '.join(unknown)}: neither the list of "
                f"{origin.url or 'the demo'} nor the snapshot has it; "
                "check --job, or leave it out."
            )
        known = (job for job in self.listing.jobs if job.id not in expired)
        selected = selection.of(known, self.listing.read_at)
        self.listing = replace(self.listing, selected=selected)

    def choose_baselines(self, baseline: str) -> None:
        """Choose the jobs that selected jobs are compared with, from all known jobs.

        Raises `SourceError` if `baseline` does not match any job.
        """
        known = (Known.of(job, self.folder.status(job)) for job in self.listing.jobs)
        chosen = choose(baseline, known)
        self.baselines = frozenset(chosen[each] for each in self.listing.selected if each in chosen)

    def job(self, job_id: str) -> wire.Job | None:
        """Return a job's latest entry in the list."""
        return wire.decode_job(self.listing.entries[job_id])

    def without_token(self, data: bytes) -> bytes:
        """Redact our own tokens in raw bytes, and leave everything else unchanged."""
        return self._secrets.redactor.own(data)


def _without_secrets(
    jobs: JobList, redactor: Redactor, known: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the entries without their secrets, as the same objects as in `known` if unchanged."""
    cleaned: dict[str, bytes] = {}
    for place, entry in enumerate(jobs.entries, start=1):
        fields = javascript.decode_object(entry) or {}
        job = wire.read_job(fields)
        if job is None:
            continue
        check_id(job.id, place, redactor)
        clean = javascript.encode(redactor.entry(fields))
        same = known.get(job.id)
        cleaned[job.id] = clean if clean != same else same
    return cleaned


class Expiry:
    """Drops jobs from the snapshot if neither `--keep` nor `--keep-last` keeps them."""

    def __init__(
        self, folder: SourceFolder, retention: Retention, warn: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._retention = retention
        self._warn = warn
        self._expired: frozenset[str] = frozenset()
        self._spared: frozenset[str] = frozenset()

    def spare(self, baselines: frozenset[str]) -> None:
        """Keep these jobs in the snapshot regardless, so that others can be compared with them."""
        self._spared = baselines

    def expired(self, listing: Listing) -> frozenset[str]:
        """Return the ids of the jobs that expire."""
        self._expired = self._folder.dropped(listing, self._retention)
        return self._expired

    def drop(self, listing: Listing) -> Listing:
        """Remove the logs of the expired jobs, and return the list without them.

        A job that the source still lists keeps its entry, and the record of how and when it ended:
        otherwise it would be fetched again.
        """
        dropped = self._expired - self._spared
        if not dropped:
            return listing
        self._warn(self._retention.dropped_message(len(dropped)))
        gone = dropped - set(listing.listed)
        # Write the list first: a log that is not in the list is never looked for.
        self._folder.keep_listing(listing)
        self._folder.forget_rendered(dropped)
        for job in listing.jobs:
            if job.id in dropped:
                self._folder.logs.drop(job.id, forget=job.id in gone)
        entries = {job_id: entry for job_id, entry in listing.entries.items() if job_id not in gone}
        return replace(listing, entries=entries, numbers=numbered(entries, listing.numbers))

    def drop_more(self, listing: Listing) -> Listing:
        """Also drop the jobs that have expired since their streams were read."""
        before = self._expired
        if self.expired(listing) <= before:
            return listing
        selected = tuple(job_id for job_id in listing.selected if job_id not in self._expired)
        return self.drop(replace(listing, selected=selected))
