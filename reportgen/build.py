"""The pipeline: a snapshot of the source, then pages from the snapshot."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reportgen.console.signals import Interrupts
from reportgen.errors import DamagedRecordError
from reportgen.following import fetch, plan
from reportgen.following.deadlines import Bounds
from reportgen.following.stream import Policy
from reportgen.rendering import render
from reportgen.rendering.render import Rendered
from reportgen.settings import Settings
from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.source_folder import SourceFolder
from reportgen.sources import Source
from reportgen.sources.choice import choose_source
from reportgen.text.secrets import Secrets


class Watcher(plan.Watcher, AbstractContextManager["Watcher"], Protocol):
    """Who is told how it goes, between entering and leaving."""


@dataclass(frozen=True, slots=True)
class World:
    """What a build takes from outside: time, environment, signals, and who is told of it."""

    now: Callable[[], datetime]
    environment: Mapping[str, str]
    interrupts: Interrupts
    watcher: Watcher
    secrets: Secrets
    """Learns every secret that is read, so that neither a message nor a page can hold it."""


def build(options: Settings, world: World) -> Rendered:
    """Snapshot, then render: the main job."""
    with Snapshot.locked(options.snapshot_dir, world.watcher.warn) as snapshot:
        while True:
            folder = _fetch(options, world, snapshot)
            try:
                redactor = world.secrets.redactor.showing(options.show_config)
                return render.render(options, folder, redactor, warn=world.watcher.warn)
            except DamagedRecordError as error:
                # In doubt about a record it is fetched again; what is gone can't be damaged twice.
                world.watcher.warn(str(error))
                folder.logs.remove(error.path.name)


def snapshot(options: Settings, world: World) -> Path:
    """Fetch the job list and every job's events. Gives the snapshot directory's path."""
    with Snapshot.locked(options.snapshot_dir, world.watcher.warn) as kept:
        _fetch(options, world, kept)
    return options.snapshot_dir


def render_only(
    options: Settings,
    source: str | None,
    url: str | None,
    warn: Callable[[str], None],
    secrets: Secrets,
) -> Rendered:
    """Render the pages of what was fetched last, without network.

    `source` and `url` name another source than the one fetched last.
    """
    kept = Snapshot.reading(options.snapshot_dir).last_folder(source, url)
    redactor = secrets.redactor.showing(options.show_config)
    return render.render(options, kept, redactor, options.selection, warn)


# --- Snapshot ----------------------------------------------------------------------------------


def _fetch(options: Settings, world: World, snapshot: Snapshot) -> SourceFolder:
    """Fetch what is not there yet; return the source's folder."""
    source = choose_source(
        options,
        world.environment,
        world.now,
        warn=world.watcher.warn,
        secrets=world.secrets,
    )
    with world.watcher as watcher:
        return asyncio.run(_fetch_from(source, options, world, snapshot, watcher))


async def _fetch_from(
    source: Source, options: Settings, world: World, snapshot: Snapshot, watcher: Watcher
) -> SourceFolder:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(stop.set)

    with world.interrupts.telling(tell):
        return await fetch.fetch(
            source,
            snapshot,
            _plan(options),
            watcher,
            secrets=world.secrets,
            stop=stop,
            now=world.now,
        )


def _plan(options: Settings) -> plan.Plan:
    bounds = Bounds(settle=options.settle, stall=options.stall_timeout)
    return plan.Plan(
        selection=options.selection,
        policy=Policy(bounds, options.retries, chance=random.random),
        max_wait=options.max_wait,
        concurrency=options.concurrency,
        refresh=options.refresh,
        keep=options.keep,
        keep_last=options.keep_last,
    )
