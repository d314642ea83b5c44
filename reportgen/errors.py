"""The errors shown to users, each kind with its exit code."""

from pathlib import Path


class ReportError(Exception):
    """An error whose message says in one or two lines what failed, on what, and what to do."""

    exit_code = 1


class WriteError(ReportError):
    """The snapshot or report can't be written: disk, permissions, foreign file, other build."""


class SnapshotError(ReportError):
    """The snapshot is missing, damaged, or from another version."""


class DamagedRecordError(SnapshotError):
    """A job's event log is damaged; the next build fetches it again."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)  # these arguments are what a worker process pickles
        self.path = path

    def __str__(self) -> str:
        path, why = self.args
        return f"The event log {path} is damaged ({why}). Build again to replace it."


class UsageError(ReportError):
    """The command line, the environment or the configuration file is wrong."""

    exit_code = 2


class SourceError(ReportError):
    """The source cannot be reached, refuses the request, or does not send a job list."""

    exit_code = 3
