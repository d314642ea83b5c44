"""Where jobs come from: one protocol, a module for each kind, and what HTTP needs in one place."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from reportgen.model.origin import Manifest, Origin


@dataclass(frozen=True, slots=True)
class JobList:
    """A job list as it was read: the entries that are JSON objects with an id, in order.

    `oddities` says of each entry that was left out why, for stderr.
    """

    read_at: datetime
    entries: tuple[bytes, ...]
    oddities: tuple[str, ...] = ()
    introduction: str = ""
    """Which server it was read from and why, for people; empty if that needs no words."""
    without_project: bool = False
    """Whether it is empty because the server has no project to list the jobs of."""


NO_PROJECT: Final = (
    "Studio has no project, so it lists no jobs: its .arkor/state.json is missing, damaged, or of "
    "another org than the anonymous session's"
)


@dataclass
class StreamRefusedError(Exception):
    """A job's stream was asked for and not given.

    `final` answers stay the same however often one asks; `retry_after` is what the server asked
    for, in seconds.
    """

    reason: str
    status: int = 200
    final: bool = False
    retry_after: float | None = None


class StreamBrokenError(Exception):
    """An open stream ended otherwise than by a clean close."""


@dataclass(slots=True)
class OpenStream:
    """An answered stream: its bytes, in any chunks, without content encoding.

    Iterating raises `StreamBrokenError` where the connection breaks.
    """

    chunks: AsyncIterator[bytes] = field(repr=False)


class Source(Protocol):
    """What a report is made from."""

    @property
    def origin(self) -> Origin:
        """Kind and URL; what else is known of the source comes from `identity`."""
        ...

    @property
    def recorded(self) -> bool:
        """Whether this is a recording: nothing in it will go on, so nothing is waited for."""
        ...

    async def identity(self) -> Origin:
        """Return mode and scope as far as the source tells. Raises `SourceError`."""
        ...

    async def manifest(self) -> Manifest | None:
        """Return what the project would train; None if the source has no such thing."""
        ...

    async def jobs(self) -> JobList:
        """Read the job list. Raises `SourceError`."""
        ...

    def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AbstractAsyncContextManager[OpenStream]:
        """Open a job's event stream behind an event id, or from its start.

        `ended` says whether the job has ended: for one that has not, a 404 is not final. Entering
        raises `StreamRefusedError`, or `StreamBrokenError` where there was no answer.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...
