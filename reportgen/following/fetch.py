"""All streams of a source into its folder, many at once, with an eye on the job list.

The list is read again while streams are followed: only it tells that a job was cancelled, or is
gone. One job's trouble never stops another's.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from reportgen.errors import ReportError, SourceError, WriteError
from reportgen.events import wire
from reportgen.following import stream
from reportgen.following.deadlines import JobFacts
from reportgen.following.log_sync import Settling
from reportgen.following.log_writer import EventLog
from reportgen.following.queue import PriorityLine
from reportgen.following.stream import Follower, Policy
from reportgen.model.origin import Manifest, Origin
from reportgen.model.selection import Selection
from reportgen.snapshot.job_numbers import numbered
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.snapshot import Listing, Snapshot, SourceFolder
from reportgen.sources import JobList, Source
from reportgen.text.javascript import Object
from reportgen.text.redact import Redactor

LIST_SECONDS: Final = 10.0
"""How often the list is read again; it is promised at least every 15 s, its answer included."""

_NEVER_ENDED: Final = frozenset({"queued", "running"})
_READINGS_TO_LOSE_A_JOB: Final = 2


class Watcher(stream.Watcher, Protocol):
    """Who is told how the fetching goes."""

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Tell how many jobs are meant, and how many of them have a stream to be read."""
        ...

    def warn(self, message: str) -> None:
        """Tell of something that did not work and that the report goes on without."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fetch and how; `max_wait` and `keep` in seconds, `max_wait` may be infinity."""

    selection: Selection
    policy: Policy
    max_wait: float = math.inf
    concurrency: int = 16
    refresh: bool = False
    keep: float | None = None
    keep_last: int | None = None

    @property
    def retention(self) -> Retention:
        """What to keep of the jobs that are over."""
        return Retention(self.keep, self.keep_last)


@dataclass(frozen=True, slots=True)
class _First:
    """What a source says before any stream is opened."""

    identity: Origin
    manifest: Manifest | None
    jobs: JobList


class Interrupted(Exception):  # noqa: N818 - no error, but what the user asked for
    """A signal came before there was anything to report."""


async def fetch(
    source: Source,
    snapshot: Snapshot,
    plan: Plan,
    watcher: Watcher,
    *,
    stop: asyncio.Event,
    now: Callable[[], datetime],
) -> SourceFolder:
    """Fetch the job list and the streams that are not read yet; give the folder they are in.

    Raises `SourceError` where there is no list, `WriteError` where the snapshot can't be written,
    `Interrupted` where `stop` was set before the list was there.
    """
    try:
        first = await _unless_stopped(_read_source(source, watcher), stop)
        fetching = _Fetching(source, snapshot, plan, watcher, began_at=now(), first=first)
        await fetching.run(stop)
        return fetching.folder
    finally:
        await source.close()


async def _unless_stopped(work: Coroutine[object, object, _First], stop: asyncio.Event) -> _First:
    """Wait for the first reading, but no longer than until the user wants to stop."""
    reading = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not reading.done():
        reading.cancel()
        await asyncio.wait({reading})
        raise Interrupted
    return reading.result()


async def _read_source(source: Source, watcher: Watcher) -> _First:
    """Read list, manifest and identity at once; without a list there is nothing to report."""
    listing = asyncio.create_task(source.jobs())
    others = asyncio.gather(source.identity(), source.manifest(), return_exceptions=True)
    try:
        jobs = await listing
    except BaseException:
        others.cancel()
        await asyncio.gather(others, return_exceptions=True)
        raise
    identity, manifest = await others
    for what in (identity, manifest):
        if isinstance(what, BaseException) and not isinstance(what, SourceError):
            raise what
    for oddity in jobs.oddities:
        watcher.warn(oddity)
    if isinstance(identity, BaseException):
        watcher.warn(f"org and project are unknown: {identity}")
        identity = source.origin
    if isinstance(manifest, BaseException):
        watcher.warn(f"the manifest is unknown: {manifest}")
        manifest = Manifest(error=str(manifest))
    return _First(identity, manifest, jobs)


def _without_secrets(first: _First, redactor: Redactor) -> _First:
    manifest = first.manifest
    return replace(
        first,
        identity=first.identity.redacted(redactor.text),
        manifest=None if manifest is None else manifest.redacted(redactor.text),
    )


def _with_known_scope(first: _First, kept: Listing | None) -> _First:
    """Take the scope that was told before, where the source fails to tell it now."""
    if first.identity.org is not None or kept is None:
        return first
    return replace(first, identity=replace(kept.origin, url=first.identity.url))


class _Fetching:
    """One run over one source: what is known of its jobs, and who follows their streams."""

    def __init__(
        self,
        source: Source,
        snapshot: Snapshot,
        plan: Plan,
        watcher: Watcher,
        *,
        began_at: datetime,
        first: _First,
    ) -> None:
        self._source = source
        self._plan = plan
        self._watcher = watcher
        self._line = PriorityLine(plan.concurrency)
        self._settling = Settling()
        self._followers: dict[str, Follower] = {}
        self._missing: dict[str, int] = {}
        self._tokens = source.tokens
        self._redactor = Redactor(self._tokens)
        self._began = (asyncio.get_running_loop().time(), began_at)
        first = _without_secrets(first, self._redactor)
        self.folder = snapshot.folder(first.identity)
        self._kept = self.folder.listing()
        before = snapshot.before(self.folder, self._kept)
        first = _with_known_scope(first, self._kept)
        self._listing = replace(self._listing_of(first, first.jobs), before=before, finished=False)
        snapshot.use(self.folder, first.identity)
        self.folder.clear_unfinished()

    # The list

    def _listing_of(self, first: _First, jobs: JobList) -> Listing:
        """Join what the list says now with the jobs that only the snapshot still has."""
        entries = self._clean_entries(jobs)
        listed = tuple(entries)
        if self._kept is not None:
            for job_id, entry in self._kept.entries.items():
                entries.setdefault(job_id, entry)
        unknown = self._plan.selection.unknown(entries)
        if unknown:
            raise SourceError(
                f"There is no job {', '.join(unknown)}: neither the list of "
                f"{self._source.origin.url or 'the demo'} nor the snapshot has it; "
                "check --job, or leave it out."
            )
        numbers = numbered(entries, {} if self._kept is None else self._kept.numbers)
        listing = Listing(
            first.identity, first.manifest, jobs.read_at, listed, (), entries, numbers
        )
        self._dropped = self.folder.dropped(listing, self._plan.retention)
        known = (job for job in _jobs_of(listing) if job.id not in self._dropped)
        return replace(listing, selected=self._plan.selection.of(known, jobs.read_at))

    def _clean_entries(self, jobs: JobList) -> dict[str, Object]:
        redactor = self._with_all_tokens()
        cleaned: dict[str, Object] = {}
        for place, entry in enumerate(jobs.entries, start=1):
            job = wire.read_job(entry)
            if job is None:
                continue
            if redactor.holds_token(job.id.encode("utf-8", "surrogatepass")):
                raise WriteError(
                    f"The id of job {place} of the list holds the token, and ids are never "
                    "changed: nothing is kept or published. Rename or delete that job."
                )
            cleaned[job.id] = redactor.entry(entry)
        return cleaned

    def _relist(self, jobs: JobList) -> None:
        """Take a later reading: its order and entries count, the selection stays the first's."""
        entries = self._clean_entries(jobs)
        listed = tuple(entries)
        for job_id, entry in self._listing.entries.items():
            entries.setdefault(job_id, entry)
        news = (listed, entries) != (self._listing.listed, self._listing.entries)
        self._listing = replace(
            self._listing,
            read_at=jobs.read_at,
            listed=listed,
            entries=entries,
            numbers=numbered(entries, self._listing.numbers),
        )
        self._update_facts(set(listed))
        if news:
            self.folder.keep_listing(self._listing)

    def _update_facts(self, listed: set[str]) -> None:
        for job_id, follower in self._followers.items():
            if job_id in listed:
                self._missing.pop(job_id, None)
                self._learn(follower.facts, job_id)
            else:
                self._missing[job_id] = self._missing.get(job_id, 0) + 1
                if self._missing[job_id] == _READINGS_TO_LOSE_A_JOB:
                    follower.facts.waiting_ends = asyncio.get_running_loop().time()
            follower.facts_changed()
        self._line.reorder()

    def _learn(self, facts: JobFacts, job_id: str) -> None:
        job = wire.read_job(self._listing.entries[job_id])
        facts.listed_status = None if job is None else job.status
        if facts.listed_status != "cancelled":
            facts.cancelled_at = None
        elif facts.cancelled_at is None:
            facts.cancelled_at = asyncio.get_running_loop().time()

    async def _keep_listing(self) -> None:
        """Read the list again and again; that it fails is a warning, once."""
        warned = False
        while True:
            await asyncio.sleep(LIST_SECONDS)
            warned = not await self._read_list_again(quiet=warned)

    async def _read_list_again(self, *, quiet: bool) -> bool:
        try:
            self._relist(await self._source.jobs())
        except SourceError as error:
            if not quiet:
                self._watcher.warn(f"the job list can't be read again: {error}")
            return False
        return True

    # What is kept no longer

    def _drop(self) -> None:
        """Take the dropped jobs out of the snapshot, and say so.

        Of one that the list still has the entry stays, and how and when it ended: it would be
        fetched again.
        """
        if not self._dropped:
            return
        self._watcher.warn(self._plan.retention.told(len(self._dropped)))
        gone = self._dropped - set(self._listing.listed)
        # The list goes first: a log that it no longer asks for is missed by no one.
        self.folder.keep_listing(self._listing)
        for job in _jobs_of(self._listing):
            if job.id in self._dropped:
                self.folder.drop_log(job.id, forget=job.id in gone)
        entries = {
            job_id: entry for job_id, entry in self._listing.entries.items() if job_id not in gone
        }
        numbers = numbered(entries, self._listing.numbers)
        self._listing = replace(self._listing, entries=entries, numbers=numbers)

    def _drop_more(self) -> None:
        """Drop also those that are over by what was fetched."""
        before = self._dropped
        self._dropped = self.folder.dropped(self._listing, self._plan.retention)
        if self._dropped <= before:
            return
        selected = [job_id for job_id in self._listing.selected if job_id not in self._dropped]
        self._listing = replace(self._listing, selected=tuple(selected))
        self._drop()

    # The streams

    async def run(self, stop: asyncio.Event) -> None:
        """Follow all streams that are not read yet, each to its end."""
        self._drop()
        listed = set(self._listing.listed)
        wanted = [job_id for job_id in self._listing.selected if job_id in listed]
        to_fetch = [job_id for job_id in wanted if self._is_to_be_fetched(job_id)]
        self._watcher.listed(len(self._listing.selected), len(to_fetch))
        if to_fetch:
            self.folder.keep_listing(self._listing)
            await self._follow_these(to_fetch, stop)
            self._drop_more()
        self.folder.keep_facts()
        self.folder.keep_listing(replace(self._listing, finished=True))

    async def _follow_these(self, to_fetch: list[str], stop: asyncio.Event) -> None:
        for job_id in to_fetch:
            self._followers[job_id] = self._follower(job_id)
        await self._follow_all(stop)
        if not stop.is_set():
            await self._read_list_again(quiet=False)

    def _is_to_be_fetched(self, job_id: str) -> bool:
        if self._plan.refresh or not self.folder.is_read(job_id):
            return True
        job = wire.read_job(self._listing.entries[job_id])
        return job is None or job.status in _NEVER_ENDED

    def _follower(self, job_id: str) -> Follower:
        path = self.folder.log_path(job_id)
        facts = JobFacts()
        self._learn(facts, job_id)
        return Follower(
            job_id=job_id,
            source=self._source,
            log=EventLog(path.with_suffix(".new") if self._plan.refresh else path, job_id),
            settling=self._settling,
            policy=self._policy(),
            watcher=self._watcher,
            clean=self._without_token,
            facts=facts,
            began=self._began,
        )

    def _without_token(self, data: bytes) -> bytes:
        return self._with_all_tokens().own(data)

    def _with_all_tokens(self) -> Redactor:
        tokens = self._source.tokens
        if tokens != self._tokens:  # a new one, since Studio was started again
            self._tokens, self._redactor = tokens, Redactor(tokens)
        return self._redactor

    def _policy(self) -> Policy:
        bounds = replace(
            self._plan.policy.bounds, waiting_ends=self._began[0] + self._plan.max_wait
        )
        return replace(self._plan.policy, bounds=bounds)

    async def _follow_all(self, stop: asyncio.Event) -> None:
        async def stop_when_told() -> None:
            await stop.wait()
            for follower in self._followers.values():
                follower.stop()
            self._line.dissolve()

        async with _raising_our_own(), asyncio.TaskGroup() as group:
            following = [group.create_task(self._follow(f)) for f in self._followers.values()]
            companions = [
                group.create_task(stop_when_told()),
                group.create_task(self._keep_listing()),
            ]
            await asyncio.wait(following)
            for companion in companions:
                companion.cancel()

    async def _follow(self, follower: Follower) -> None:
        try:
            await follower.follow(self._line)
        except ReportError:
            raise
        except Exception as error:  # noqa: BLE001 - one job's trouble never stops another's
            self._watcher.warn(f"job {follower.job_id}: its stream can't be followed: {error!r}")
            in_place = False
        else:
            in_place = True
        if self._plan.refresh:
            in_place = self.folder.renew(follower.job_id, follower.log.path) and in_place
        if in_place:
            self.folder.learn(follower.job_id, follower.log.state, follower.log.end)


def _jobs_of(listing: Listing) -> Iterator[wire.Job]:
    return (job for entry in listing.entries.values() if (job := wire.read_job(entry)))


@contextlib.asynccontextmanager
async def _raising_our_own() -> AsyncIterator[None]:
    """Let an error of ours out of a task group as it is: it has the words for the user."""
    try:
        yield
    except* ReportError as group:
        raise group.exceptions[0] from None
