"""All streams of a source at once, with an eye on the job list."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final

from reportgen.errors import ReportError, SourceError
from reportgen.files import temporary_name
from reportgen.following.deadlines import JobFacts
from reportgen.following.known_jobs import KnownJobs
from reportgen.following.log_writer import EventLog
from reportgen.following.queue import PriorityLine
from reportgen.following.stream import Follower
from reportgen.following.watcher import Watcher
from reportgen.settings import Following
from reportgen.sources import Source

LIST_SECONDS: Final = 10.0
"""How often the list is read again; it is promised at least every 15 s, its answer included."""

_NEVER_ENDED: Final = frozenset({"queued", "running"})
_READINGS_TO_LOSE_A_JOB: Final = 2
_SYNCS_AT_ONCE: Final = 4
"""Enough to keep a slow disk busy when hundreds of streams end at once."""


class Streams:
    """Follows the streams of the selected jobs; one job's trouble never stops another's.

    `began` is when the command began, on the event loop's clock and on the wall's; `chance`
    returns the jitter of retries, uniform in [0, 1).
    """

    def __init__(
        self,
        source: Source,
        jobs: KnownJobs,
        settings: Following,
        watcher: Watcher,
        *,
        began: tuple[float, datetime],
        chance: Callable[[], float],
    ) -> None:
        self._source = source
        self._jobs = jobs
        self._settings = settings
        self._watcher = watcher
        self._began = began
        self._chance = chance
        self._queue = PriorityLine(settings.concurrency)
        self._disk = asyncio.Semaphore(_SYNCS_AT_ONCE)
        self._followers: dict[str, Follower] = {}
        self._missing: dict[str, int] = {}

    def to_fetch(self) -> list[str]:
        """Return the ids of the selected jobs whose streams are to be read."""
        listing = self._jobs.listing
        listed = set(listing.listed)
        ids = [
            job_id
            for job_id in listing.selected
            if job_id in listed and self._is_to_be_fetched(job_id)
        ]
        self._watcher.listed(len(listing.selected), len(ids))
        return ids

    def _is_to_be_fetched(self, job_id: str) -> bool:
        if self._settings.refresh or not self._jobs.folder.logs.is_complete(job_id):
            return True
        job = self._jobs.job(job_id)
        return job is None or job.status in _NEVER_ENDED

    async def follow(self, job_ids: Sequence[str], stop: asyncio.Event) -> None:
        """Follow these streams, each to its end; then read the list once more."""
        self._followers = {job_id: self._follower(job_id) for job_id in job_ids}
        async with _raising_our_own(), asyncio.TaskGroup() as group:
            following = [group.create_task(self._follow(f)) for f in self._followers.values()]
            companions = [
                group.create_task(self._stop_when_told(stop)),
                group.create_task(self._keep_listing()),
            ]
            await asyncio.wait(following)
            for companion in companions:
                companion.cancel()
        if not stop.is_set():
            await self._read_list_again(quiet=False)

    async def _stop_when_told(self, stop: asyncio.Event) -> None:
        await stop.wait()
        for follower in self._followers.values():
            follower.stop()
        self._queue.dissolve()

    def _follower(self, job_id: str) -> Follower:
        logs = self._jobs.folder.logs
        name = temporary_name() if self._settings.refresh else logs.name(job_id)
        facts = JobFacts()
        self._learn(facts, job_id)
        return Follower(
            job_id=job_id,
            source=self._source,
            log=EventLog(logs.directory, name, job_id),
            disk=self._disk,
            settings=self._settings,
            watcher=self._watcher,
            clean=self._jobs.without_token,
            facts=facts,
            began=self._began,
            waiting_ends=self._began[0] + self._settings.max_wait,
            chance=self._chance,
        )

    async def _follow(self, follower: Follower) -> None:
        try:
            await follower.follow(self._queue)
        except ReportError:
            raise
        except Exception as error:  # noqa: BLE001 - one job's trouble never stops another's
            self._watcher.warn(f"job {follower.job_id}: its stream can't be followed: {error!r}")
            in_place = False
        else:
            in_place = True
        folder = self._jobs.folder
        if self._settings.refresh:
            in_place = folder.logs.renew(follower.job_id, follower.log.name) and in_place
        if in_place:
            folder.logs.learn(follower.job_id, follower.log.state, follower.log.end)

    # The list, while streams are followed

    async def _keep_listing(self) -> None:
        """Read the list again and again: only it says that a job was cancelled or is gone."""
        warned = False
        while True:
            await asyncio.sleep(LIST_SECONDS)
            warned = not await self._read_list_again(quiet=warned)

    async def _read_list_again(self, *, quiet: bool) -> bool:
        """Read the list; a failure is a warning unless `quiet`. Return whether it was read."""
        try:
            has_changed = self._jobs.update(await self._source.jobs())
        except SourceError as error:
            if not quiet:
                self._watcher.warn(f"the job list can't be read again: {error}")
            return False
        self._update_facts(set(self._jobs.listing.listed))
        if has_changed:
            self._jobs.folder.keep_listing(self._jobs.listing)
        return True

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
    """Let an error of ours out of a task group as it is: it has the message for the user."""
    try:
        yield
    except BaseExceptionGroup as group:
        # Not `except*`: Python before 3.11.4 wraps what is raised there in a group again.
        ours = group.subgroup(ReportError)
        if ours is None:
            raise
        raise ours.exceptions[0] from None
