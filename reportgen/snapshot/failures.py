"""The system's errors, raised again as ours, which name the place and what to do."""

from pathlib import Path
from typing import ClassVar

from reportgen.errors import ReportError, SnapshotError, WriteError
from reportgen.files import ForeignFileError


class _Naming:
    """Raises an error of ours, which names the place, for an `OSError` in its block."""

    __slots__ = ("_place",)
    error: ClassVar[type[ReportError]]
    failure: ClassVar[str]
    remedy: ClassVar[str]

    def __init__(self, place: Path) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ForeignFileError):
            raise self.error(
                f"{error.path} is {error.kind} that arkor-report did not write: move it away, "
                "or name another directory with --snapshot-dir."
            ) from error
        if isinstance(error, OSError):
            why = error.strerror or error
            raise self.error(
                f"Cannot {self.failure} {self._place}: {why}. {self.remedy}, "
                "or name another directory with --snapshot-dir."
            ) from error


class writing(_Naming):  # noqa: N801 - used as a function; each append is within one
    """Raises `WriteError` for an `OSError` in its block."""

    __slots__ = ()
    error = WriteError
    failure = "write the snapshot at"
    remedy = "Free some space or fix its permissions"


class reading(_Naming):  # noqa: N801 - used as a function
    """Raises `SnapshotError` for an `OSError` in its block."""

    __slots__ = ()
    error = SnapshotError
    failure = "read the snapshot at"
    remedy = "Fix its permissions"
