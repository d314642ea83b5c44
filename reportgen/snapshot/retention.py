"""Which jobs `--keep` and `--keep-last` drop. These are pure functions: times are passed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from reportgen.events import wire
from reportgen.text.times import parse_time

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job that may be dropped."""

    id: str
    over: bool
    """Whether it has ended or is no longer listed."""
    at: datetime | None
    """When it ended, else when it was created; None if unknown."""

    @classmethod
    def of(
        cls,
        job_id: str,
        *,
        status: str,
        listed: bool,
        completed_at: str | None,
        created_at: str | None,
    ) -> Self:
        """Return a job as a candidate; a time that cannot be parsed counts as unknown."""
        at = parse_time(completed_at) or parse_time(created_at)
        return cls(job_id, status in wire.ENDED_STATUSES or not listed, at)


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules for keeping jobs that are over: a job is kept if either rule keeps it.

    Without rules, all jobs are kept.
    """

    keep: float | None = None
    """How long to keep a job, in seconds."""
    keep_last: int | None = None
    """How many of the latest jobs to keep."""

    def __bool__(self) -> bool:
        """Return whether there are any rules."""
        return self.keep is not None or self.keep_last is not None

    def drops(self, jobs: Iterable[Candidate], now: datetime) -> frozenset[str]:
        """Return the ids of the jobs that no rule keeps; a job with an unknown time is kept.

        Among jobs with the same time, the first ones count as the latest.
        """
        if not self:
            return frozenset()
        over = [(job.at, job.id) for job in jobs if job.over and job.at is not None]
        over.sort(key=lambda job: job[0], reverse=True)  # stable, so the first stay the first
        old = over if self.keep_last is None else over[self.keep_last :]
        if self.keep is None:
            return frozenset(job_id for _, job_id in old)
        keep = timedelta(seconds=self.keep)
        return frozenset(job_id for at, job_id in old if now - at > keep)

    def dropped_message(self, count: int) -> str:
        """Return a message that this many jobs were dropped, naming the rules."""
        return f"{_jobs(count)} dropped by {self._rules}: neither fetched, shown nor kept"

    def hidden_message(self, count: int) -> str:
        """Return a message that the pages omit this many jobs, naming the rules."""
        return f"{_jobs(count)} not shown because of {self._rules}"

    @property
    def _rules(self) -> str:
        rules = []
        if self.keep is not None:
            rules.append(f"--keep {_duration(self.keep)}")
        if self.keep_last is not None:
            rules.append(f"--keep-last {self.keep_last}")
        return " and ".join(rules)


def _jobs(count: int) -> str:
    return "1 job is" if count == 1 else f"{count} jobs are"


def _duration(seconds: float) -> str:
    """Format seconds as users write them: `7d`, `1h30m`, `90s`."""
    text, rest = "", seconds
    for unit, letter in _UNITS:
        count, rest = divmod(rest, unit)
        text += f"{count:.0f}{letter}" if count else ""
    return f"{text}{rest:g}s" if rest or not text else text
