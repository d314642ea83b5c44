"""The stand-in's jobs: their list entries, events and scripts, which may change while it runs."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tests.standin.events import JSON, TIME, Event, Object
from tests.standin.script import Close, Ending, Replay, Script

ENDED = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its list entry, its events, and how its stream is answered."""

    id: str
    entry: Object
    events: tuple[Event, ...] = ()
    script: Script = field(default_factory=Replay)
    finish: Ending | None = None
    """How `Follow` ends a stream once all events are sent; None while more may come."""
    cuts: int = 0
    """How often a test cut the streams that follow this job."""


def job(
    job_id: str = "job_1",
    status: str = "completed",
    *,
    events: Iterable[Event] = (),
    script: Script | None = None,
    finish: Ending | None = None,
    **fields: JSON,
) -> Job:
    """Make a job with a whole list entry; `fields` are added to the entry or replace its own.

    Without `finish`, the stream of an ended job closes after its events; any other stays open.
    """
    entry: Object = {
        "id": job_id,
        "orgId": "org_1",
        "projectId": "project_1",
        "name": job_id,
        "status": status,
        "config": {},
        "error": None,
        "createdAt": TIME,
        "startedAt": None,
        "completedAt": None,
    }
    if finish is None and status in ENDED:
        finish = Close()
    return Job(job_id, entry | fields, tuple(events), script or Replay(), finish)


class Jobs:
    """The jobs by id, and the list in its order. Any thread may read and change them.

    `changed` is called after each change, by the thread that made it.
    """

    def __init__(self, jobs: Iterable[Job], changed: Callable[[], None]) -> None:
        self._jobs = {each.id: each for each in jobs}
        self._listed = list(self._jobs)
        self._odd: list[JSON] = []
        self._lock = threading.RLock()
        self._changed = changed

    def get(self, job_id: str) -> Job | None:
        """Return a job, listed or not."""
        return self._jobs.get(job_id)

    def listed(self) -> list[JSON]:
        """Return the list's entries, odd ones last."""
        with self._lock:
            entries: list[JSON] = [self._jobs[job_id].entry for job_id in self._listed]
            return entries + self._odd

    def add(self, new: Job, *, first: bool = False) -> None:
        """Add a job to the list, or replace the one with its id."""
        with self._lock:
            if new.id not in self._listed:
                self._listed.insert(0 if first else len(self._listed), new.id)
            self._jobs[new.id] = new
        self._changed()

    def add_odd(self, *entries: JSON) -> None:
        """Add entries to the list that are not jobs or that repeat one."""
        with self._lock:
            self._odd += entries

    def unlist(self, job_id: str) -> None:
        """Remove a job from the list; its stream stays."""
        with self._lock:
            self._listed.remove(job_id)

    def remove(self, job_id: str) -> None:
        """Remove a job and its stream."""
        with self._lock:
            self.unlist(job_id)
            del self._jobs[job_id]
        self._changed()

    def update(self, job_id: str, **fields: JSON) -> None:
        """Change fields of a job's list entry."""
        self._replace(job_id, lambda old: replace(old, entry=old.entry | fields))

    def send(self, job_id: str, *events: Event) -> None:
        """Add events to a job: streams that follow it send them at once."""
        self._replace(job_id, lambda old: replace(old, events=old.events + events))

    def finish(self, job_id: str, ending: Ending | None) -> None:
        """Set how streams that follow the job end, now that it has all its events."""
        self._replace(job_id, lambda old: replace(old, finish=ending))

    def cut(self, job_id: str) -> None:
        """Cut the streams that follow the job at this moment."""
        self._replace(job_id, lambda old: replace(old, cuts=old.cuts + 1))

    def script(self, job_id: str, script: Script) -> None:
        """Answer later openings of a job's stream according to another script."""
        self._replace(job_id, lambda old: replace(old, script=script))

    def _replace(self, job_id: str, change: Callable[[Job], Job]) -> None:
        with self._lock:
            self._jobs[job_id] = change(self._jobs[job_id])
        self._changed()
