"""Labels that distinguish jobs shown together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.report.report import JobSummary
from reportgen.report.wording import cut, moment

_MINUTE: Final = len("2026-05-01 09:00")
_ENDS: Final = range(4, 13)
"""The numbers of characters from an id's end that are tried, in order."""


@dataclass(frozen=True, slots=True)
class Label:
    """A job's name, and a mark if other jobs have the same name, else an empty string."""

    name: str
    mark: str

    @property
    def text(self) -> str:
        """The label as one string: `support-bot (2026-05-01 09:00)`."""
        return f"{self.name} ({self.mark})" if self.mark else self.name


def labels(jobs: Sequence[JobSummary], length: int, zone: ZoneInfo) -> list[Label]:
    """Return a label for each job, with names truncated to `length` characters.

    Jobs whose truncated names look alike are marked with their creation times or, if these do not
    differ, with the ends of their ids.
    """
    names = [cut(job.display_name, length) for job in jobs]
    alike: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        alike[" ".join(name.casefold().split())].append(place)
    marks = [""] * len(jobs)
    for places in alike.values():
        if len(places) > 1:
            found = _marks([jobs[place] for place in places], zone)
            for place, mark in zip(places, found, strict=True):
                marks[place] = mark
    return [Label(name, mark) for name, mark in zip(names, marks, strict=True)]


def _marks(jobs: Sequence[JobSummary], zone: ZoneInfo) -> list[str]:
    """Return marks that distinguish jobs with the same name, of the shortest kind that does."""
    return next(filter(_are_distinct, _candidates(jobs, zone)), [job.slug for job in jobs])


def _candidates(jobs: Sequence[JobSummary], zone: ZoneInfo) -> Iterable[list[str]]:
    created = [moment(job.created_at, zone) for job in jobs]
    times = [time.text if time else "" for time in created]
    yield [time[:_MINUTE] for time in times]
    yield times
    for length in _ENDS:
        yield [f"…{cut(job.id[-length:], 2 * length)}" for job in jobs]


def _are_distinct(texts: Sequence[str]) -> bool:
    return len(set(texts)) == len(texts) and all(texts)
