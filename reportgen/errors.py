"""The errors that users see, each kind with its exit code."""

from pathlib import Path


class ReportError(Exception):
    """An error whose message is what failed, on what, and what to do, in one or two lines."""

    exit_code = 1


class WriteError(ReportError):
    """The snapshot or report can't be written: disk, permissions, foreign file, other build."""


class SnapshotError(ReportError):
    """There is no snapshot, or it is damaged or of another version."""


class DamagedRecordError(SnapshotError):
    """A job's event log is damaged; the next build fetches it again."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)  # as it is pickled in a worker process
        self.path = path

    def __str__(self) -> str:
        path, why = self.args
        return f"The event log {path} is damaged ({why}). Build again to replace it."


class UsageError(ReportError):
    """The command line, the environment or the configuration file is wrong."""

    exit_code = 2


class SourceError(ReportError):
    """There is nothing to report from: the source cannot be reached, refuses, or sends no list."""

    exit_code = 3
