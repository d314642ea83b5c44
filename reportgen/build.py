"""The pipeline: a snapshot of the source, then pages from the snapshot."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reportgen import (
    __version__,
    eventlog,
    fetch,
    history,
    inert,
    publish,
    settings,
    wire,
)
from reportgen.deadlines import Bounds
from reportgen.errors import SnapshotError
from reportgen.exports import points_csv, report_json
from reportgen.follow import Policy
from reportgen.interrupts import Interrupts
from reportgen.origin import Origin
from reportgen.pages import Looks, Pages
from reportgen.publish import Publication
from reportgen.redact import Redactor
from reportgen.report import Entry, JobDetail, JobSummary, Report, job_detail
from reportgen.settings import Settings
from reportgen.snapshot import Listing, Snapshot, SourceFolder
from reportgen.sources import Source
from reportgen.sources.choice import choose_source

GENERATOR = f"arkor-report {__version__}"


class Watcher(fetch.Watcher, AbstractContextManager["Watcher"], Protocol):
    """Who is told how it goes, between entering and leaving."""


@dataclass(frozen=True, slots=True)
class World:
    """What a build takes from outside: time, environment, signals, and who is told of it."""

    now: Callable[[], datetime]
    environment: Mapping[str, str]
    interrupts: Interrupts
    watcher: Watcher
    learn_secret: Callable[[str], None]
    """Told every secret that is read, so that no word to the user can hold it."""


def build(options: Settings, world: World) -> Path:
    """Snapshot, then render: the main job. Gives the home page's path."""
    with Snapshot.locked(options.snapshot_dir) as snapshot:
        folder, tokens = _fetch(options, world, snapshot)
        return _render(options, folder, Redactor(tokens, options.show_config))


def snapshot(options: Settings, world: World) -> Path:
    """Fetch the job list and every job's events. Gives the snapshot directory's path."""
    with Snapshot.locked(options.snapshot_dir) as kept:
        _fetch(options, world, kept)
    return options.snapshot_dir


def render(options: Settings) -> Path:
    """Make the pages of what was fetched last, without network. Gives the home page's path."""
    folder = Snapshot.reading(options.snapshot_dir).last_folder()
    return _render(options, folder, Redactor((), options.show_config))


# --- Snapshot ----------------------------------------------------------------------------------


def _fetch(
    options: Settings, world: World, snapshot: Snapshot
) -> tuple[SourceFolder, tuple[str, ...]]:
    """Fetch what is not there yet; give the source's folder and the secrets that were in use."""
    source = choose_source(
        options,
        world.environment,
        world.now,
        warn=world.watcher.warn,
        learn_secret=world.learn_secret,
    )
    with world.watcher as watcher:
        folder = asyncio.run(_fetch_from(source, options, world, snapshot, watcher))
    return folder, source.tokens


async def _fetch_from(
    source: Source, options: Settings, world: World, snapshot: Snapshot, watcher: Watcher
) -> SourceFolder:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(stop.set)

    with world.interrupts.telling(tell):
        return await fetch.fetch(
            source, snapshot, _plan(options), watcher, stop=stop, now=world.now
        )


def _plan(options: Settings) -> fetch.Plan:
    bounds = Bounds(settle=options.settle, stall=options.stall_timeout)
    return fetch.Plan(
        selection=options.selection,
        policy=Policy(bounds, options.retries, chance=random.random),
        max_wait=options.max_wait,
        concurrency=options.concurrency,
        refresh=options.refresh,
    )


# --- Render ------------------------------------------------------------------------------------


def _render(options: Settings, folder: SourceFolder, redactor: Redactor) -> Path:
    """Write the report of what the folder holds; give the home page's path."""
    listing = folder.listing()
    if listing is None:
        raise SnapshotError(f"There is no job list in {folder.path}: build or snapshot first.")
    looks = Looks(options.title, options.theme, settings.timezone(options.timezone))
    origin = listing.origin.redacted(redactor.text)
    rendering = _Rendering(folder, listing, Pages(looks), origin, redactor, options.log_lines)
    with Publication.into(options.out) as publication:
        # One job at a time: of the others only what the home page says is held.
        jobs = tuple(rendering.stage_job(entry, publication) for entry in _entries(listing))
        rendering.stage_whole(jobs, publication)
    return options.out / publish.HOME


@dataclass(frozen=True, slots=True)
class _Rendering:
    """What every page of one report is made with."""

    folder: SourceFolder
    listing: Listing
    pages: Pages
    origin: Origin
    redactor: Redactor
    log_lines: int | None

    def stage_job(self, entry: Entry, publication: Publication) -> JobSummary:
        """Write all files of one job; give what the home page says of it."""
        detail = self._detail(entry)
        job = detail.summary
        page = self.pages.job(detail, self.origin, self.listing.read_at, GENERATOR)
        publication.stage(job.page, [page])
        rows = points_csv.lines(self.folder.read_log(job.id), self.redactor.event_text)
        publication.stage(f"jobs/{job.slug}.csv", rows)
        return job

    def stage_whole(self, jobs: tuple[JobSummary, ...], publication: Publication) -> None:
        """Write the files that are about all jobs."""
        manifest = self.listing.manifest
        if manifest is not None:
            manifest = manifest.redacted(self.redactor.text)
        report = Report(GENERATOR, self.listing.read_at, self.origin, manifest, jobs)
        publication.stage("report.json", [report_json.document(report)])
        publication.stage(publish.HOME, [self.pages.home(report)])

    def _detail(self, entry: Entry) -> JobDetail:
        job_id = entry.job.id
        tail = None if self.log_lines is None else max(self.log_lines, history.TAIL_LINES)
        try:
            folded = history.fold(self.folder.read_log(job_id), tail)
        except eventlog.DamagedLogError as error:
            raise SnapshotError(
                f"The event log {self.folder.log_path(job_id)} is damaged ({error}): "
                "build with --refresh to fetch it again."
            ) from error
        return job_detail(entry, folded, self.redactor, self.log_lines)


def _entries(listing: Listing) -> Iterator[Entry]:
    """Give the selected jobs as they are shown: listed ones first, in the server's order."""
    slugs = inert.file_slugs(listing.entries)
    selected, listed = set(listing.selected), set(listing.listed)
    for job_id, entry in listing.entries.items():
        job = wire.read_job(entry)
        if job is not None and job_id in selected:
            yield Entry(job, slugs[job_id], job_id in listed)
