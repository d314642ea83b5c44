"""What can go wrong, each kind with the exit code that scripts can count on."""

from pathlib import Path


class ReportError(Exception):
    """What failed, on what, and what to do about it: one or two lines, printed as they are."""

    exit_code = 1


class WriteError(ReportError):
    """Snapshot or report can't be written: disk, permissions, a stranger's file, another build."""

    exit_code = 1


class SnapshotError(ReportError):
    """There is no snapshot to work with, or it is damaged or of a newer version."""

    exit_code = 1


class DamagedRecordError(SnapshotError):
    """A job's event log is damaged; a build fetches it again."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The event log {path} is damaged ({why}): build again to fetch it anew.")
        self.path = path
        self._why = why

    def __reduce__(self) -> "tuple[type[DamagedRecordError], tuple[Path, str]]":
        """Let it come out of another process as it is."""
        return type(self), (self.path, self._why)


class UsageError(ReportError):
    """The command was called in a way that makes no sense."""

    exit_code = 2


class SourceError(ReportError):
    """There is nothing to report from: the source is out of reach, refuses, or sends no list."""

    exit_code = 3
