"""Small files named by the user or kept in the home directory: tokens, credentials, scopes.

They may be links. Anything but a regular file is refused without waiting for it; only a token may
come through a pipe, such as that made by `--token-file <(pass show arkor)`.
"""

import errno
import functools
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

from reportgen.errors import SourceError
from reportgen.files import ForeignFileError, open_named

LARGEST: Final = 1 << 20
PIPE_SECONDS: Final = 30.0


def read(file: Path, *, may_be_pipe: bool = False) -> str:
    """Read a text file of up to 1 MiB.

    A pipe can be read only once, so later calls return what was read from it the first time.
    Raises `FileNotFoundError`, or `SourceError` for all other failures.
    """
    try:
        if may_be_pipe and stat.S_ISFIFO(file.stat().st_mode):
            data = _piped(file)
        else:
            with open(open_named(file), "rb") as stream:  # noqa: PTH123 - a descriptor
                data = _bounded(stream.read(LARGEST + 1))
    except FileNotFoundError:
        raise
    except ForeignFileError as error:
        raise SourceError(
            f"Cannot read {file}: it is {error.kind}. Name a regular file instead."
        ) from error
    except TimeoutError as error:
        raise SourceError(
            f"Cannot read {file}: {error.strerror}. Check the program that writes to it."
        ) from error
    except (OSError, ValueError) as error:
        raise SourceError(
            f"Cannot read {file}: {getattr(error, 'strerror', None) or error}. "
            "Fix its permissions, or name another file."
        ) from error
    return data.decode("utf-8-sig", "replace")


@functools.cache
def _piped(file: Path) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return read_pipe(descriptor, PIPE_SECONDS)
    finally:
        os.close(descriptor)


def read_pipe(descriptor: int, seconds: float) -> bytes:
    """Read a pipe to its end, even if its writer opens it later. Raises `OSError` on timeout."""
    deadline = time.monotonic() + seconds
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    data = b""
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        chunk = os.read(descriptor, LARGEST)
        if not chunk:
            return data
        data = _bounded(data + chunk)
    raise OSError(errno.ETIMEDOUT, f"this pipe was still open after {seconds:.0f} s")


def _bounded(data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data
