"""All streams of a source into its folder, many at once, with an eye on the job list.

The list is read again while streams are followed: only it tells that a job was cancelled, or is
gone. One job's trouble never stops another's.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime

from reportgen.errors import SourceError
from reportgen.following.known_jobs import Expiry, KnownJobs
from reportgen.following.streams import Streams
from reportgen.following.watcher import Watcher
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
    """What a source says before any stream is opened."""

    identity: Origin
    manifest: Manifest | None
    jobs: JobList


class Interrupted(Exception):  # noqa: N818 - no error, but what the user asked for
    """A signal came before there was anything to report."""


async def fetch(
    source: Source,
    snapshot: Snapshot,
    selection: Selection,
    retention: Retention,
    following: Following,
    *,
    watcher: Watcher,
    secrets: Secrets,
    chance: Callable[[], float],
    stop: asyncio.Event,
    now: Callable[[], datetime],
) -> SourceFolder:
    """Fetch the job list and every stream that is not complete yet; return their folder.

    `chance` returns the jitter of retries, uniform in [0, 1); `now` returns the time. Raises
    `SourceError` if there is no list, `WriteError` if the snapshot can't be written, and
    `Interrupted` if `stop` was set before the list had arrived.
    """
    try:
        first = await _unless_stopped(_read_source(source, watcher), stop)
        began = (asyncio.get_running_loop().time(), now())
        first = _without_secrets(first, secrets.redactor)
        folder = snapshot.folder(first.identity)
        kept = folder.listing()
        before = snapshot.before(folder, kept)
        first = _with_known_scope(first, kept)
        expiry = Expiry(folder, retention, watcher)
        jobs = KnownJobs(folder, _first_listing(first, kept), secrets)
        jobs.update(first.jobs)
        jobs.select(selection, source.origin, expiry.expired(jobs.listing))
        jobs.listing = replace(jobs.listing, before=before)
        snapshot.use(folder, first.identity)
        folder.clear_unfinished()
        jobs.listing = expiry.drop(jobs.listing)
        streams = Streams(source, jobs, following, watcher, began=began, chance=chance)
        await _follow(streams, jobs, expiry, stop)
        folder.logs.keep_facts()
        folder.keep_listing(replace(jobs.listing, finished=True))
        return folder
    finally:
        await source.close()


async def _follow(streams: Streams, jobs: KnownJobs, expiry: Expiry, stop: asyncio.Event) -> None:
    """Follow all streams that are not complete yet, then drop the jobs that have expired by now."""
    to_fetch = streams.to_fetch()
    if to_fetch:
        jobs.folder.keep_listing(jobs.listing)
        await streams.follow(to_fetch, stop)
        jobs.listing = expiry.drop_more(jobs.listing)


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
    for oddity in (*jobs.oddities, *([NO_PROJECT] if jobs.without_project else [])):
        watcher.warn(oddity)
    if isinstance(identity, BaseException):
        watcher.warn(f"org and project are unknown: {identity}")
        identity = source.origin
    if isinstance(manifest, BaseException):
        watcher.warn(f"the manifest is unknown: {manifest}")
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
    """Keep the scope that is known from before if the source fails to report it now."""
    if first.identity.org is not None or first.identity.without_project or kept is None:
        return first
    return replace(first, identity=replace(kept.origin, url=first.identity.url))


def _first_listing(first: _First, kept: Listing | None) -> Listing:
    """Return the listing before the first reading: only what the snapshot holds."""
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
