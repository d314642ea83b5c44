"""The errors that users see, each kind with the exit code that scripts can rely on."""

from pathlib import Path


class ReportError(Exception):
    """An error whose message says in one or two lines what failed, on what, and what to do."""

    exit_code = 1


class WriteError(ReportError):
    """The snapshot or report cannot be written: disk, permissions, foreign file, other build."""

    exit_code = 1


class SnapshotError(ReportError):
    """There is no snapshot, or it is damaged or of another version."""

    exit_code = 1


class DamagedRecordError(SnapshotError):
    """A job's event log is damaged; the next build fetches it again."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The event log {path} is damaged ({why}). Build again to replace it.")
        self.path = path
        self._why = why

    def __reduce__(self) -> "tuple[type[DamagedRecordError], tuple[Path, str]]":
        """Let it be raised in a worker process and caught in its parent."""
        return type(self), (self.path, self._why)


class UsageError(ReportError):
    """The command line, the environment or the configuration file is wrong."""

    exit_code = 2


class SourceError(ReportError):
    """There is nothing to report from: the source cannot be reached, refuses, or sends no list."""

    exit_code = 3
