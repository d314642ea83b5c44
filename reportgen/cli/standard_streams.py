"""Stdout and stderr that never fail: output that can't be written is lost, with no other effect.

A reader may exit (`build 2>&1 | head -1`), a disk may fill up, a terminal may go away hours later,
an encoding may lack a character. Nothing is buffered, so nothing can fail again at exit.
"""

import io
import os
import select
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CLOSED: Final = -1


class Descriptor(io.RawIOBase):
    """A writable file descriptor; the first error is stored in `failure` instead of raised."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.failure: OSError | None = None
        self._descriptor = descriptor

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether it is a terminal that still exists."""
        return os.isatty(self._descriptor)

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write all the data, or lose it."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        try:
            while rest:
                rest = rest[self._write_some(rest) :]
        except OSError as error:
            self.failure = self.failure or error
        return length

    def _write_some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:  # a parent such as Node makes its pipe non-blocking
            select.select([], [self._descriptor], [])
            return 0


def prepare() -> Descriptor:
    """Replace stdout and stderr with streams that never fail; return stdout's descriptor."""
    _occupy_closed_descriptors()
    stdout, sys.stdout = _unfailing(sys.stdout, 1)
    _, sys.stderr = _unfailing(sys.stderr, 2)
    return stdout


def _occupy_closed_descriptors() -> None:
    """Prevent files that are opened later from becoming stdin, stdout or stderr."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDONLY)  # which takes the lowest free descriptor


def _unfailing(stream: TextIO | None, descriptor: int) -> tuple[Descriptor, TextIO]:
    """Return a replacement for a standard stream, which is None if the caller closed it."""
    raw = Descriptor(_CLOSED if stream is None else descriptor)
    encoding = "utf-8" if stream is None else stream.encoding
    buffer = cast("IO[bytes]", raw)
    return raw, io.TextIOWrapper(buffer, encoding, "backslashreplace", write_through=True)
