"""Which jobs a report is about: pure, judged by the job list alone."""

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reportgen import wire


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters, then a limit; what is None or empty filters nothing."""

    ids: tuple[str, ...] = ()
    name: str | None = None
    statuses: frozenset[str] = frozenset()
    since: timedelta | None = None
    limit: int | None = None

    def of(self, jobs: Iterable[wire.Job], now: datetime) -> tuple[str, ...]:
        """Give the ids of the jobs that are meant, in the order of the jobs given."""
        chosen = [job.id for job in jobs if self.matches(job, now)]
        return tuple(chosen if self.limit is None else chosen[: self.limit])

    def unknown(self, known: Iterable[str]) -> Sequence[str]:
        """Give the ids asked for by name that are none of the known ones."""
        present = set(known)
        return [job_id for job_id in self.ids if job_id not in present]

    def matches(self, job: wire.Job, now: datetime) -> bool:
        """Tell whether a job passes the filters."""
        if self.ids and job.id not in self.ids:
            return False
        if self.name is not None and not fnmatch.fnmatchcase(job.name or "", self.name):
            return False
        if self.statuses and (job.status or "queued") not in self.statuses:
            return False
        return self.since is None or self._is_recent(job, now, self.since)

    @staticmethod
    def _is_recent(job: wire.Job, now: datetime, since: timedelta) -> bool:
        created = wire.parse_time(job.created_at)
        return created is not None and created >= now - since
