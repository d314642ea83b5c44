"""What to fetch and how, and who is told about it."""

import math
from dataclasses import dataclass
from typing import Protocol

from reportgen.following import stream
from reportgen.following.stream import Policy
from reportgen.model.selection import Selection
from reportgen.snapshot.retention import Retention


class Watcher(stream.Watcher, Protocol):
    """The listener for the progress of a fetch."""

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Report how many jobs are selected, and how many streams are to be read."""
        ...

    def warn(self, message: str) -> None:
        """Report something that did not work and that the report goes on without."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fetch and how; `max_wait` and `keep` in seconds, `max_wait` may be infinity."""

    selection: Selection
    policy: Policy
    max_wait: float = math.inf
    concurrency: int = 16
    refresh: bool = False
    keep: float | None = None
    keep_last: int | None = None

    @property
    def retention(self) -> Retention:
        """What to keep of the jobs that are over."""
        return Retention(self.keep, self.keep_last)
