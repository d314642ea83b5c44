"""Follow all of a source's streams at once, rereading the job list meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from reportgen.errors import ReportError, SourceError
from reportgen.files import temporary_name
from reportgen.following.deadlines import JobFacts
from reportgen.following.known_jobs import KnownJobs
from reportgen.following.log_writer import LogWriter
from reportgen.following.progress import FetchProgress
from reportgen.following.queue import StreamQueue
from reportgen.following.stream import Follower
from reportgen.settings import Following
from reportgen.sources import Source

LIST_SECONDS: Final = 10.0
"""Seconds between reads of the list; one every 15 s is promised, including the response time."""

_NEVER_ENDED: Final = frozenset({"queued", "running"})
_READINGS_TO_LOSE_A_JOB: Final = 2
_SYNCS_AT_ONCE: Final = 4
"""Enough to keep a slow disk busy when hundreds of streams end at once."""


class Streams:
    """Follows the streams of the selected jobs; a stream that fails never stops the others.

    `began` is when the command began, by the event loop's clock and by the wall clock; `chance`
    returns the jitter for retries, uniform in [0, 1).
    """

    def __init__(
        self,
        source: Source,
        jobs: KnownJobs,
        settings: Following,
        progress: FetchProgress,
        *,
        began: tuple[float, datetime],
        chance: Callable[[], float],
    ) -> None:
        self._source = source
        self._jobs = jobs
        self._settings = settings
        self._progress = progress
        self._began = began
        self._chance = chance
        self._queue = StreamQueue(settings.concurrency)
        self._disk = asyncio.Semaphore(_SYNCS_AT_ONCE)
        self._facts: dict[str, JobFacts] = {}
        """The facts about the jobs whose streams have not been read to their ends."""
        self._followers: dict[str, Follower] = {}
        """Those whose turn has come."""
        self._is_stopping = False
        self._finished = asyncio.Event()
        self._missing: dict[str, int] = {}

    def to_fetch(self) -> list[str]:
        """Return the ids of the selected jobs and baselines whose streams must be read."""
        listing = self._jobs.listing
        wanted = {*listing.selected, *self._jobs.baselines}
        ids = [
            job_id
            for job_id in listing.listed
            if job_id in wanted and self._is_to_be_fetched(job_id)
        ]
        self._progress.listed(len(listing.selected), len(ids))
        return ids

    def _is_to_be_fetched(self, job_id: str) -> bool:
        if self._settings.refresh or not self._jobs.folder.logs.ends_complete(job_id):
            return True
        job = self._jobs.job(job_id)
        return job is None or job.status in _NEVER_ENDED

    async def follow(self, job_ids: Sequence[str], stop: asyncio.Event) -> None:
        """Follow these streams to their ends, then read the list once more."""
        async with _raising_our_own(), asyncio.TaskGroup() as group:
            companions = [
                group.create_task(self._stop_followers(stop)),
                group.create_task(self._reread_list()),
            ]
            for job_id in job_ids:
                facts = self._facts[job_id] = JobFacts()
                self._learn(facts, job_id)
                self._queue.enter(facts, partial(self._start, job_id, group))
            await self._finished.wait()
            for companion in companions:
                companion.cancel()
        if not stop.is_set():
            await self._read_list_again(quiet=False)

    async def _stop_followers(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._is_stopping = True
        for follower in self._followers.values():
            follower.stop()
        self._queue.dissolve()

    def _start(self, job_id: str, group: asyncio.TaskGroup) -> None:
        follower = self._followers[job_id] = self._follower(job_id)
        if self._is_stopping:
            follower.stop()
        group.create_task(self._follow(follower))

    def _follower(self, job_id: str) -> Follower:
        logs = self._jobs.folder.logs
        name = temporary_name() if self._settings.refresh else logs.name(job_id)
        return Follower(
            job_id=job_id,
            source=self._source,
            log=LogWriter(logs.directory, name, job_id),
            disk=self._disk,
            settings=self._settings,
            progress=self._progress,
            clean=self._jobs.without_token,
            facts=self._facts[job_id],
            began=self._began,
            waiting_ends=self._began[0] + self._settings.max_wait,
            chance=self._chance,
        )

    async def _follow(self, follower: Follower) -> None:
        try:
            await self._follow_to_end(follower)
        except BaseException:
            self._queue.close()  # or each stream that is cancelled would let another one start
            raise
        del self._followers[follower.job_id], self._facts[follower.job_id]
        if not self._facts:
            self._finished.set()

    async def _follow_to_end(self, follower: Follower) -> None:
        try:
            await follower.follow(self._queue)
        except ReportError:
            raise
        except Exception as error:  # noqa: BLE001 - a stream that fails never stops the others
            self._progress.warn(f"job {follower.job_id}: its stream can't be followed: {error!r}")
            in_place = False
        else:
            in_place = True
        folder = self._jobs.folder
        if self._settings.refresh:
            in_place = folder.logs.renew(follower.job_id, follower.log.name) and in_place
        if in_place:
            folder.logs.learn(follower.job_id, follower.log.state, follower.log.end)

    # Rereading the list while streams are followed

    async def _reread_list(self) -> None:
        """Reread the list regularly: only it shows that a job was cancelled or is gone."""
        warned = False
        while True:
            await asyncio.sleep(LIST_SECONDS)
            warned = not await self._read_list_again(quiet=warned)

    async def _read_list_again(self, *, quiet: bool) -> bool:
        """Read the list, warning about failures unless `quiet`; return whether it was read."""
        try:
            has_changed = self._jobs.update(await self._source.jobs())
        except SourceError as error:
            if not quiet:
                self._progress.warn(f"rereading the job list failed: {error}")
            return False
        self._update_facts(set(self._jobs.listing.listed))
        if has_changed:
            self._jobs.folder.keep_listing(self._jobs.listing)
        return True

    def _update_facts(self, listed: set[str]) -> None:
        for job_id, facts in self._facts.items():
            if job_id in listed:
                self._missing.pop(job_id, None)
                self._learn(facts, job_id)
            else:
                self._missing[job_id] = self._missing.get(job_id, 0) + 1
                if self._missing[job_id] == _READINGS_TO_LOSE_A_JOB:
                    facts.waiting_ends = asyncio.get_running_loop().time()
            if job_id in self._followers:
                self._followers[job_id].facts_changed()
        self._queue.reorder()

    def _learn(self, facts: JobFacts, job_id: str) -> None:
        job = self._jobs.job(job_id)
        facts.listed_status = None if job is None else job.status
        if facts.listed_status != "cancelled":
            facts.cancelled_at = None
        elif facts.cancelled_at is None:
            facts.cancelled_at = asyncio.get_running_loop().time()


@contextlib.asynccontextmanager
async def _raising_our_own() -> AsyncIterator[None]:
    """Unwrap a `ReportError` from a task group, since it has the message for the user."""
    try:
        yield
    except BaseExceptionGroup as group:
        # Not `except*`: before 3.11.4, Python wraps an error raised there in a group again.
        ours = group.subgroup(ReportError)
        if ours is None:
            raise
        raise ours.exceptions[0] from None
