"""The jobs of the stand-in that is started by hand: the demo's, two of them while they train."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from reportgen.following.sse import Frame, FrameDecoder
from reportgen.sources.demo import Demo
from tests.standin.events import Event, Object, training
from tests.standin.jobs import Job, job
from tests.standin.script import Close
from tests.standin.server import StandIn

TRAINING_SECONDS = 60.0
_TIMES_A_SECOND = 20


def demo_jobs() -> list[Job]:
    """Return the jobs of the demo's recording, or a few small ones if it is missing."""
    try:
        return asyncio.run(_recorded())
    except FileNotFoundError:
        return _small_jobs()


async def _recorded() -> list[Job]:
    source = Demo()
    entries = [json.loads(entry) for entry in (await source.jobs()).entries]
    return [listed_job(entry, await _events(source, entry["id"])) for entry in entries]


async def _events(source: Demo, job_id: str) -> list[Event]:
    async with source.events(job_id, None, ended=True) as stream:
        return read_events([chunk async for chunk in stream.chunks])


def read_events(chunks: Iterable[bytes]) -> list[Event]:
    """Read an event stream's bytes back into events."""
    decoder = FrameDecoder()
    return [_event(frame) for chunk in chunks for frame in decoder.feed(chunk)]


def _event(frame: Frame) -> Event:
    event_id = None if frame.id is None else frame.id.decode()
    return Event(frame.name.decode(), frame.data, event_id)


def listed_job(entry: Object, events: Iterable[Event]) -> Job:
    """Make a job of a whole list entry."""
    made = job(cast("str", entry["id"]), cast("str", entry["status"]), events=events)
    return replace(made, entry=entry)


def _small_jobs() -> list[Job]:
    return [
        job("job_queued", "queued"),
        job("job_running", "running", events=training(40, "job_running", complete=False)),
        job("job_long", events=training(400, "job_long")),
        job("job_short", events=training(60, "job_short")),
    ]


# --- Jobs in training ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A job that trains while the server runs: start and end in seconds, and its events."""

    job: Job
    begin: float
    end: float
    events: Sequence[Event]

    def due(self, seconds: float) -> int:
        """Return how many of the events have happened this many seconds after the start."""
        done = (seconds - self.begin) / (self.end - self.begin)
        return round(len(self.events) * min(max(done, 0.0), 1.0))


def parts(jobs: Iterable[Job]) -> list[Part]:
    """Plan how unended jobs continue: the running one first, then the queued one.

    Their remaining events were never recorded, so they get those of a completed job.
    """
    jobs = list(jobs)
    whole = [each for each in jobs if each.entry["status"] == "completed"][-1]
    plan = []
    for each in jobs:
        match each.entry["status"]:
            case "running":
                plan.append(Part(each, 0.0, TRAINING_SECONDS, _reissued(each, whole)))
            case "queued":
                begin = TRAINING_SECONDS / 2
                plan.append(Part(each, begin, TRAINING_SECONDS, _reissued(each, whole)))
    return plan


def _reissued(to: Job, whole: Job) -> list[Event]:
    names = whole.id.encode(), to.id.encode()
    return [replace(event, data=event.payload().replace(*names)) for event in whole.events]


def play(server: StandIn, plan: Iterable[Part], clock: Callable[[], float]) -> None:
    """Let the jobs train: `clock` returns the seconds since the start, at whatever speed."""
    for part in plan:
        server.jobs.add(replace(part.job, events=()))
        server.jobs.update(part.job.id, status="queued", startedAt=None)
        _advance(server, part, clock, sent=0)


def _advance(server: StandIn, part: Part, clock: Callable[[], float], sent: int) -> None:
    due = part.due(clock())
    if due > sent == 0:
        server.jobs.update(part.job.id, status="running", startedAt=_now())
    if due > sent:
        server.jobs.send(part.job.id, *part.events[sent:due])
    if due == len(part.events):
        server.jobs.update(part.job.id, status="completed", completedAt=_now())
        server.jobs.finish(part.job.id, Close())
        return
    server.later(1 / _TIMES_A_SECOND, lambda: _advance(server, part, clock, due))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
