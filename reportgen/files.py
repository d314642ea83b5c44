"""Files of the snapshot directory, written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

PRIVATE: Final = 0o600
"""The mode of every file: what is kept is its owner's business alone."""


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that takes another's place when the block ends, once it is on the disk.

    It is written beside it, as `<name>.new`, and with an error nothing changes. Raises `OSError`.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
