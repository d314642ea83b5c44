"""Where jobs come from: a protocol, a module for each kind of source, and shared HTTP code."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from reportgen.model.origin import Manifest, Origin


@dataclass(frozen=True, slots=True)
class JobList:
    """A job list as it was read: the entries that are JSON objects with an id, in order.

    `oddities` says why each omitted entry was left out, for stderr.
    """

    read_at: datetime
    entries: tuple[bytes, ...]
    oddities: tuple[str, ...] = ()
    introduction: str = ""
    """Which server it was read from and why, for display; empty if that is obvious."""
    without_project: bool = False
    """Whether it is empty because the server has no project."""


NO_PROJECT: Final = (
    "Studio has no project, so it lists no jobs: its .arkor/state.json is missing, damaged, or of "
    "another org than the anonymous session's"
)


@dataclass
class StreamRefusedError(Exception):
    """The server refused to open a job's stream.

    Retrying cannot change a `final` refusal; `retry_after` is the delay that the server requested,
    in seconds.
    """

    reason: str
    status: int = 200
    final: bool = False
    retry_after: float | None = None


class StreamBrokenError(Exception):
    """An open stream ended without a clean close."""


@dataclass(slots=True)
class OpenStream:
    """An open stream: its bytes, in chunks of any size, with content encodings removed.

    Iterating raises `StreamBrokenError` if the connection breaks.
    """

    chunks: AsyncIterator[bytes] = field(repr=False)


class Source(Protocol):
    """A source of jobs for a report."""

    @property
    def origin(self) -> Origin:
        """The kind and URL; `identity` returns the rest of what is known about the source."""
        ...

    @property
    def recorded(self) -> bool:
        """Whether this is a recording: it never changes, so there is nothing to wait for."""
        ...

    async def identity(self) -> Origin:
        """Return the mode and scope, as far as the source reports them. Raises `SourceError`."""
        ...

    async def manifest(self) -> Manifest | None:
        """Return the project's training manifest; None if the source has no manifest."""
        ...

    async def jobs(self) -> JobList:
        """Read the job list. Raises `SourceError`."""
        ...

    def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AbstractAsyncContextManager[OpenStream]:
        """Open a job's event stream after an event id, or from its start.

        `ended` says whether the job has ended: until it has, a 404 is not final. Entering raises
        `StreamRefusedError`, or `StreamBrokenError` if there was no response.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
