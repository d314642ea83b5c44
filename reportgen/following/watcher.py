"""The listener for the progress of a fetch."""

from typing import Protocol

from reportgen.following import stream


class Watcher(stream.Watcher, Protocol):
    """The listener for the progress of a fetch."""

    def listed(self, jobs: int, to_fetch: int) -> None:
        """Report how many jobs are selected, and how many streams are to be read."""
        ...

    def warn(self, message: str) -> None:
        """Report something that did not work and that the report goes on without."""
        ...
