"""The pipeline: fetch a snapshot of the source, then render pages from it."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reportgen.console.plain import Plain
from reportgen.console.signals import Interrupts
from reportgen.errors import DamagedRecordError
from reportgen.following import fetch, open_files
from reportgen.following.fetch import Interrupted
from reportgen.model.selection import Selection
from reportgen.rendering import render
from reportgen.rendering.render import Rendered
from reportgen.settings import FetchSettings, Following, Output
from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.source_folder import SourceFolder
from reportgen.sources import Source, event_loop
from reportgen.sources.choice import choose_source
from reportgen.text.secrets import Secrets


@dataclass(frozen=True, slots=True)
class World:
    """A build's external dependencies."""

    now: Callable[[], datetime]
    environment: Mapping[str, str]
    interrupts: Interrupts
    progress: Plain
    secrets: Secrets
    """Every secret read is added here, so that it never appears in a message or on a page."""


def build(
    settings: FetchSettings, output: Output, world: World, regression: float | None = None
) -> Rendered:
    """Fetch a snapshot, then render it. For `regression`, see `render`."""
    with Snapshot.locked(settings.snapshot_dir, world.progress.warn) as snapshot:
        while True:
            folder = _fetch(settings, world, snapshot)
            try:
                return render.render(
                    output,
                    settings.retention,
                    folder,
                    world.secrets.redactor.showing(output.show_config),
                    baseline=settings.baseline,
                    regression=regression,
                    refresh=settings.following.refresh,
                    warn=world.progress.warn,
                    waiting=lambda: world.interrupts.raising(Interrupted()),
                )
            except DamagedRecordError as error:
                # The next round fetches it again; a deleted log can't be damaged twice.
                world.progress.warn(str(error))
                folder.logs.remove(error.path.name)


def snapshot(settings: FetchSettings, world: World) -> Path:
    """Fetch the job list and every job's events; return the snapshot directory's path."""
    with Snapshot.locked(settings.snapshot_dir, world.progress.warn) as kept:
        _fetch(settings, world, kept)
    return settings.snapshot_dir


def render_only(
    snapshot_dir: Path,
    source: tuple[str | None, str | None],
    selection: Selection,
    retention: Retention,
    output: Output,
    *,
    baseline: str | None = None,
    regression: float | None = None,
    warn: Callable[[str], None],
    secrets: Secrets,
) -> Rendered:
    """Render the last fetched data, without network access.

    `source` is the kind and the URL of the source to show instead of the last one fetched; either
    may be None.
    """
    kept = Snapshot.reading(snapshot_dir).last_folder(*source)
    redactor = secrets.redactor.showing(output.show_config)
    return render.render(
        output,
        retention,
        kept,
        redactor,
        selection,
        baseline=baseline,
        regression=regression,
        warn=warn,
    )


def _fetch(settings: FetchSettings, world: World, snapshot: Snapshot) -> SourceFolder:
    """Fetch what is missing from the snapshot; return the source's folder."""
    source = choose_source(
        settings.source,
        world.environment,
        world.now,
        warn=world.progress.warn,
        secrets=world.secrets,
    )
    with world.progress:
        return event_loop.run(_fetch_from(source, settings, world, snapshot))


async def _fetch_from(
    source: Source, settings: FetchSettings, world: World, snapshot: Snapshot
) -> SourceFolder:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with world.interrupts.notifying(lambda: loop.call_soon_threadsafe(stop.set)):
        return await fetch.fetch(
            source,
            snapshot,
            settings.selection,
            settings.retention,
            _within_limits(settings.following, world.progress.warn),
            baseline=settings.baseline,
            progress=world.progress,
            secrets=world.secrets,
            chance=random.random,
            stop=stop,
            now=world.now,
        )


def _within_limits(following: Following, warn: Callable[[str], None]) -> Following:
    """Return the settings with concurrency reduced to what the open-file limit allows."""
    most = open_files.most_streams(following.concurrency)
    if most < following.concurrency:
        warn(
            f"reading only {most} streams at once, not {following.concurrency}, since this "
            "process may not open more files: raise its limit (`ulimit -n`)"
        )
    return replace(following, concurrency=most)
