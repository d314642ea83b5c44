"""What the system refuses, as errors that name the place and the way out."""

from pathlib import Path
from typing import ClassVar

from reportgen.errors import ReportError, SnapshotError, WriteError
from reportgen.files import ForeignFileError


class _Naming:
    """Raises an error of ours for an `OSError` in its block, with the place that it is about."""

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
                f"{error.path} is {error.kind}, which this tool did not put there: move it away, "
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
    remedy = "Make room or fix its permissions"


class reading(_Naming):  # noqa: N801 - used as a function
    """Raises `SnapshotError` for an `OSError` in its block."""

    __slots__ = ()
    error = SnapshotError
    failure = "read the snapshot at"
    remedy = "Fix its permissions"
