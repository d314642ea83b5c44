"""The snapshot's index: which folder was fetched last, and the folder for each URL."""

import json
from contextlib import suppress
from typing import Annotated, Final

import msgspec

from reportgen.errors import SnapshotError
from reportgen.files import Directory
from reportgen.snapshot.failures import reading
from reportgen.text import javascript

VERSION: Final = 2
"""The version of a snapshot directory's format."""

FILE: Final = "index.json"

FolderName = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,60}-[0-9a-f]{10}\Z")]
"""The name of a source's folder. No other form is trusted, wherever the directory came from."""


class Index(msgspec.Struct, kw_only=True):
    """The content of the index."""

    version: int = VERSION
    last: FolderName | None
    urls: dict[str, FolderName]
    """The folder last used, by kind of source and URL."""
    kinds: dict[str, FolderName]
    """The folder last used, by kind of source."""


def read(directory: Directory) -> Index | None:
    """Read the index; return None if it does not exist. Raises `SnapshotError`."""
    place = directory.path
    data = None
    with reading(place / FILE), suppress(FileNotFoundError):
        data = directory.read(FILE)
    if data is None:
        return None
    try:
        document = javascript.decode(data)
        version = document.get("version") if isinstance(document, dict) else None
        if javascript.is_number(version) and version != VERSION:
            raise SnapshotError(
                f"The snapshot directory {place} has format version {version}, but this version "
                f"of arkor-report reads {VERSION}. Delete the directory and build again, use "
                "another version, or name another directory with --snapshot-dir."
            )
        return msgspec.convert(document, Index)
    except (ValueError, msgspec.ValidationError) as error:
        raise SnapshotError(
            f"Cannot read {place / FILE}: it is damaged ({error}). Delete the directory {place} "
            "and build again, or name another one with --snapshot-dir."
        ) from error


def write(directory: Directory, index: Index) -> None:
    """Replace the index. Raises `OSError`."""
    with directory.replacing(FILE) as file:
        file.write(f"{json.dumps(msgspec.to_builtins(index), indent=1)}\n".encode())
