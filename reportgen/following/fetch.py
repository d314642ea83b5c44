"""Fetch a source's job list and event streams into its snapshot folder."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime

from reportgen.errors import SourceError
from reportgen.following.known_jobs import Expiry, KnownJobs
from reportgen.following.progress import FetchProgress
from reportgen.following.streams import Streams
from reportgen.model.origin import Manifest, Origin
from reportgen.model.selection import Selection
from reportgen.settings import Following
from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.job_list import Listing
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.source_folder import SourceFolder
from reportgen.sources import NO_PROJECT, JobList, Source
from reportgen.text.redact import Redactor
from reportgen.text.secrets import Secrets


@dataclass(frozen=True, slots=True)
class _First:
    """What a source reports before any stream is opened."""

    identity: Origin
    manifest: Manifest | None
    jobs: JobList


class Interrupted(Exception):  # noqa: N818 - not an error: the user asked for it
    """A signal arrived before there was anything to report."""


async def fetch(
    source: Source,
    snapshot: Snapshot,
    selection: Selection,
    retention: Retention,
    following: Following,
    *,
    baseline: str | None = None,
    progress: FetchProgress,
    secrets: Secrets,
    chance: Callable[[], float],
    stop: asyncio.Event,
    now: Callable[[], datetime],
) -> SourceFolder:
    """Fetch the job list and every incomplete stream; return their folder.

    `chance` returns the jitter for retries, uniform in [0, 1); `now` returns the current time.
    Raises `SourceError` if there is no list, `WriteError` if the snapshot can't be written, and
    `Interrupted` if `stop` is set before the list arrives.
    """
    try:
        first = await _unless_stopped(_read_source(source, progress), stop)
        began = (asyncio.get_running_loop().time(), now())
        first = _without_secrets(first, secrets.redactor)
        folder = snapshot.folder(first.identity)
        kept = folder.listing()
        before = snapshot.before(folder, kept)
        first = _with_known_scope(first, kept)
        identity, introduction = first.identity, first.jobs.introduction
        expiry = Expiry(folder, retention, progress.warn)
        jobs = KnownJobs(folder, _first_listing(first, kept), secrets)
        jobs.update(first.jobs)
        if first.jobs.without_project:
            progress.warn(NO_PROJECT)
        del first, kept  # with many jobs, these take as much memory as everything else
        jobs.select(selection, source.origin, expiry.expired(jobs.listing))
        if baseline is not None:
            jobs.choose_baselines(baseline)
            expiry.spare(jobs.baselines)
        jobs.listing = replace(jobs.listing, before=before)
        snapshot.use(folder, identity)
        folder.clear_unfinished()
        jobs.listing = expiry.drop(jobs.listing)
        if introduction:
            progress.reading(introduction)
        streams = Streams(source, jobs, following, progress, began=began, chance=chance)
        await _follow(streams, jobs, expiry, stop)
        folder.logs.keep_facts()
        folder.keep_listing(replace(jobs.listing, finished=True))
        return folder
    finally:
        await source.close()


async def _follow(streams: Streams, jobs: KnownJobs, expiry: Expiry, stop: asyncio.Event) -> None:
    """Follow all incomplete streams, then drop the jobs that have expired in the meantime."""
    to_fetch = streams.to_fetch()
    if to_fetch:
        jobs.folder.keep_listing(jobs.listing)
        await streams.follow(to_fetch, stop)
        jobs.listing = expiry.drop_more(jobs.listing)


async def _unless_stopped(work: Coroutine[object, object, _First], stop: asyncio.Event) -> _First:
    """Wait for the first read of the source. Raises `Interrupted` if the user stops it."""
    reading = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not reading.done():
        reading.cancel()
        await asyncio.wait({reading})
        raise Interrupted
    return reading.result()


async def _read_source(source: Source, progress: FetchProgress) -> _First:
    """Read list, manifest and identity concurrently. Raises `SourceError` if there is no list."""
    reading_list = asyncio.create_task(source.jobs())
    others = asyncio.gather(source.identity(), source.manifest(), return_exceptions=True)
    try:
        jobs = await reading_list
    except BaseException:
        others.cancel()
        await asyncio.gather(others, return_exceptions=True)
        raise
    identity, manifest = await others
    for what in (identity, manifest):
        if isinstance(what, BaseException) and not isinstance(what, SourceError):
            raise what
    for oddity in jobs.oddities:
        progress.warn(oddity)
    if isinstance(identity, BaseException):
        progress.warn(f"org and project are unknown: {identity}")
        identity = source.origin
    if isinstance(manifest, BaseException):
        progress.warn(f"the manifest could not be read: {manifest}")
        manifest = Manifest(error=str(manifest))
    return _First(replace(identity, without_project=jobs.without_project), manifest, jobs)


def _without_secrets(first: _First, redactor: Redactor) -> _First:
    manifest = first.manifest
    return replace(
        first,
        identity=first.identity.redacted(redactor.text),
        manifest=None if manifest is None else manifest.redacted(redactor.text),
    )


def _with_known_scope(first: _First, kept: Listing | None) -> _First:
    """Use the scope stored in the snapshot if the source does not report one."""
    if first.identity.org is not None or first.identity.without_project or kept is None:
        return first
    return replace(first, identity=replace(kept.origin, url=first.identity.url))


def _first_listing(first: _First, kept: Listing | None) -> Listing:
    """Return the list before it is first read: what the snapshot holds."""
    return Listing(
        first.identity,
        first.manifest,
        first.jobs.read_at,
        (),
        (),
        {} if kept is None else kept.entries,
        {} if kept is None else kept.numbers,
        finished=False,
    )
