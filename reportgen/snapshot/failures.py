"""System errors turned into our own, which name the place and a remedy, or into warnings."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reportgen.errors import SnapshotError, WriteError
from reportgen.files import Directory, ForeignFileError


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Raise `WriteError` for an `OSError` in the block."""
    try:
        yield
    except OSError as error:
        remedy = "Free some space or fix its permissions"
        raise WriteError(_message(error, f"write the snapshot at {place}", remedy)) from error


@contextmanager
def reading(place: Path) -> Iterator[None]:
    """Raise `SnapshotError` for an `OSError` in the block."""
    try:
        yield
    except OSError as error:
        remedy = "Fix its permissions"
        raise SnapshotError(_message(error, f"read the snapshot at {place}", remedy)) from error


def _message(error: OSError, failure: str, remedy: str) -> str:
    problem = f"Cannot {failure}: {error.strerror or error}. {remedy}"
    if isinstance(error, ForeignFileError):
        problem = f"{error.path} is {error.kind}, not made by arkor-report: move it away"
    return f"{problem}, or name another directory with --snapshot-dir."


def make_private(directory: Directory, names: Iterable[str], warn: Callable[[str], None]) -> bool:
    """Make a directory and the named files in it accessible to their owner alone.

    On some file systems, and in someone else's directory, modes cannot be set. Then this warns and
    returns False, so that the command continues.
    """
    try:
        directory.make_private()
        for name in filter(directory.has, names):
            directory.make_file_private(name)
    except OSError as error:
        warn(
            f"cannot make {directory.path} private ({error.strerror or error}): "
            "others on this machine may be able to read it"
        )
        return False
    return True
