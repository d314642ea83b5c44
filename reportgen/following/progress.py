"""The listeners for the progress of a stream and of a whole fetch."""

from typing import Protocol

from reportgen.following.outcomes import Outcome


class StreamProgress(Protocol):
    """The listener for the progress of single streams."""

    def opened(self, job_id: str) -> None:
        """Report that a stream is open."""
        ...

    def arrived(self, job_id: str, events: int, last_log: bytes | None) -> None:
        """Report how many new events arrived, and the data of the last log event among them."""
        ...

    def broke(self, job_id: str, reason: str, wait: float) -> None:
        """Report that a stream broke or was refused, and how many seconds until it is retried."""
        ...

    def ended(self, job_id: str, outcome: Outcome) -> None:
        """Report the outcome of a stream."""
        ...


class FetchProgress(StreamProgress, Protocol):
    """The listener for the progress of a fetch."""

    def reading(self, introduction: str) -> None:
        """Report which server is read, and why."""
        ...

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Report how many jobs are selected, and how many streams will be read."""
        ...

    def warn(self, message: str) -> None:
        """Report a failure that the report can be made without."""
        ...
