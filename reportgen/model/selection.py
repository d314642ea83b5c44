"""Which jobs a report is about, according to the job list alone. Pure."""

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from reportgen.errors import UsageError
from reportgen.events import wire
from reportgen.text.times import parse_time

_SHARD: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters, then a limit, then a shard; None or an empty value filters nothing."""

    ids: tuple[str, ...] = ()
    name: str | None = None
    statuses: frozenset[str] = frozenset()
    since: timedelta | None = None
    limit: int | None = None
    shard: tuple[int, int] | None = None
    """(I, N): the Ith of N disjoint parts, 1 ≤ I ≤ N."""

    def of(self, jobs: Iterable[wire.Job], now: datetime) -> tuple[str, ...]:
        """Return the ids of the selected jobs, in the given order."""
        chosen = [job.id for job in jobs if self.matches(job, now)]
        return tuple(filter(self.in_shard, chosen[: self.limit]))

    @property
    def passes_all(self) -> bool:
        """Whether every job is selected, ignoring the limit."""
        return replace(self, limit=None) == Selection()

    def unknown(self, known: Iterable[str]) -> Sequence[str]:
        """Return the ids in the filter that are unknown."""
        present = set(known)
        return [job_id for job_id in self.ids if job_id not in present]

    def matches(self, job: wire.Job, now: datetime) -> bool:
        """Return whether a job passes the filters."""
        if self.ids and job.id not in self.ids:
            return False
        if self.name is not None and not fnmatch.fnmatchcase(job.name or "", self.name):
            return False
        if self.statuses and (job.status or "queued") not in self.statuses:
            return False
        return self.since is None or self._is_recent(job, now, self.since)

    def in_shard(self, job_id: str) -> bool:
        """Return whether a job that passed the filters and the limit is in this shard."""
        if self.shard is None:
            return True
        part, parts = self.shard
        return part_of(job_id, parts) == part

    @staticmethod
    def _is_recent(job: wire.Job, now: datetime, since: timedelta) -> bool:
        created = parse_time(job.created_at)
        return created is not None and created >= now - since


def part_of(job_id: str, parts: int) -> int:
    """Return the 1-based part that a job is in, which depends only on its id."""
    digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % parts + 1


def parse_shard(text: str) -> tuple[int, int]:
    """Parse `--shard`: `2/3` is the second of three parts. Raises `UsageError`."""
    match = _SHARD.fullmatch(text.strip())
    part, parts = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= parts:
        raise UsageError(
            f"--shard {text!r} is not a valid shard: write I/N with 1 ≤ I ≤ N, like 2/3."
        )
    return part, parts


def parse_statuses(text: str) -> frozenset[str]:
    """Parse `--status`: statuses separated by commas. Raises `UsageError`."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(
            f"--status needs at least one status: choose from {', '.join(wire.STATUSES)}."
        )
    return frozenset(names)
