"""An invented source that is followed into a real log, in a time that jumps."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reportgen.following import fetch
from reportgen.following.outcomes import Outcome
from reportgen.model import history
from reportgen.model.history import History
from reportgen.model.origin import Manifest, Origin
from reportgen.model.selection import Selection
from reportgen.settings import Following
from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.retention import Retention
from reportgen.sources import JobList, OpenStream
from reportgen.text import javascript
from reportgen.text.secrets import Secrets
from tests import virtual_time
from tests.snapshotting import read_log

HOUR = 3600.0
START = datetime(2026, 5, 1, tzinfo=UTC)

Chunks = AsyncIterator[bytes]
Serve = Callable[["World", "Opening"], Chunks]


def event(number: int, name: str = "training.log", data: str | None = None) -> bytes:
    payload = f'{{"step":{number},"loss":1}}' if data is None else data
    return f"id: {number}\nevent: {name}\ndata: {payload}\n\n".encode()


PING = b"event: ping\ndata\n\n"
DONE = event(10**9, "training.completed", "{}")


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Opening:
    """One request for a stream."""

    job_id: str
    number: int
    behind: int
    """The event id to go on behind, 0 for everything."""
    at: float
    last_event_id: bytes | None


@dataclass
class World:
    """A source whose streams are functions, in a time that jumps."""

    serve: Serve
    statuses: dict[str, str]
    openings: list[Opening] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    breaks: list[tuple[str, str, float]] = field(default_factory=list)
    ended: dict[str, float] = field(default_factory=dict)
    readings: list[float] = field(default_factory=list)
    recorded = False
    origin = Origin("studio", "http://127.0.0.1:4000")

    # The source

    async def identity(self) -> Origin:
        return self.origin

    async def manifest(self) -> Manifest:
        return Manifest("trainer")

    async def jobs(self) -> JobList:
        self.readings.append(now())
        entries = [
            javascript.encode({"id": job_id, "status": status})
            for job_id, status in self.statuses.items()
        ]
        return JobList(START + timedelta(seconds=now()), tuple(entries))

    async def close(self) -> None:
        pass

    @contextlib.asynccontextmanager
    async def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AsyncIterator[OpenStream]:
        del ended
        number = sum(opening.job_id == job_id for opening in self.openings) + 1
        opening = Opening(job_id, number, _number(last_event_id), now(), last_event_id)
        self.openings.append(opening)
        chunks = self.serve(self, opening)
        try:
            first = await anext(chunks)  # a refusal is raised before anything is open
        except StopAsyncIteration:
            first = b""
        yield OpenStream(_behind(first, chunks))

    # The progress listener

    def reading(self, introduction: str) -> None:
        pass

    def listed(self, jobs: int, to_fetch: int) -> None:
        pass

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def opened(self, job_id: str) -> None:
        pass

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:
        pass

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        self.breaks.append((job_id, reason, wait))

    def ended_(self, job_id: str, outcome: Outcome) -> None:
        self.ended[job_id] = now()


class ForwardingListener:
    """Forwards reports to the world, whose own `ended` is a field."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.reading, self.listed, self.warn = world.reading, world.listed, world.warn
        self.opened = world.opened
        self.arrived, self.broke, self.ended = world.arrived, world.broke, world.ended_


def _number(event_id: bytes | None) -> int:
    return int(event_id) if event_id is not None and event_id.isdigit() else 0


async def _behind(first: bytes, rest: Chunks) -> Chunks:
    if first:
        yield first
    async for chunk in rest:
        yield chunk


@dataclass(frozen=True)
class Followed:
    """What following left behind."""

    world: World
    jobs: dict[str, History]
    took: float


def follow(
    tmp_path: Path,
    serve: Serve,
    *,
    statuses: dict[str, str] | None = None,
    max_wait: float = float("inf"),
    concurrency: int = 16,
    retries: int = 8,
    meanwhile: Callable[[World, asyncio.Event], Awaitable[None]] | None = None,
    in_real_time: bool = False,
    tokens: tuple[str, ...] = (),
) -> Followed:
    """Follow all jobs to their end."""
    world = World(serve, {"job": "running"} if statuses is None else statuses)
    following = Following(
        max_wait=max_wait,
        settle=2.0,
        stall_timeout=90.0,
        retries=retries,
        concurrency=concurrency,
        refresh=False,
    )

    async def main() -> tuple[dict[str, History], float]:
        stop = asyncio.Event()
        beside = asyncio.ensure_future(meanwhile(world, stop)) if meanwhile else None
        with Snapshot.locked(tmp_path / "snapshot") as snapshot:
            folder = await fetch.fetch(
                world,
                snapshot,
                Selection(),
                Retention(),
                following,
                progress=ForwardingListener(world),
                secrets=Secrets(tokens),
                chance=lambda: 0.5,
                stop=stop,
                now=lambda: START,
            )
            took = now()
            if beside is not None:
                beside.cancel()
            return {
                job_id: history.fold(read_log(folder, job_id)) for job_id in world.statuses
            }, took

    jobs, took = asyncio.run(main()) if in_real_time else virtual_time.run(main())
    return Followed(world, jobs, took)
