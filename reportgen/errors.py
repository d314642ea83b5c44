"""What can go wrong, each kind with the exit code that scripts can count on."""


class ReportError(Exception):
    """What failed, on what, and what to do about it: one or two lines, printed as they are."""

    exit_code = 1


class WriteError(ReportError):
    """Snapshot or report can't be written: disk, permissions, a stranger's file, another build."""

    exit_code = 1


class SnapshotError(ReportError):
    """There is no snapshot to work with, or it is damaged or of a newer version."""

    exit_code = 1


class UsageError(ReportError):
    """The command was called in a way that makes no sense."""

    exit_code = 2


class SourceError(ReportError):
    """There is nothing to report from: the source is out of reach, refuses, or sends no list."""

    exit_code = 3
