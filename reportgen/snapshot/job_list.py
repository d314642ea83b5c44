"""The job list as it was last read, and the file `jobs.json` that keeps it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from reportgen.events import wire
from reportgen.model.origin import Manifest, Origin
from reportgen.snapshot.index import VERSION
from reportgen.text import javascript
from reportgen.text.javascript import JSON, Object
from reportgen.text.times import parse_time

FILE: Final = "jobs.json"

_KINDS: Final = frozenset({"studio", "cloud", "demo"})


@dataclass(frozen=True, slots=True)
class Listing:
    """The job list as it was last read, with what the source said of itself.

    `entries` holds, by id, each job's entry without its secrets, listed jobs first and in the
    server's order, then those that the server no longer lists.
    """

    origin: Origin
    manifest: Manifest | None
    read_at: datetime
    listed: tuple[str, ...]
    selected: tuple[str, ...]
    entries: dict[str, Object] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """Each job's number, which it keeps (see `job_numbers`)."""
    before: dict[str, str] | None = None
    """Each job's status in the snapshot before, as it was shown; None if there was none."""
    finished: bool = True
    """Whether the command that made it came to its end; else it is no snapshot to compare with."""

    @property
    def jobs(self) -> Iterator[wire.Job]:
        """The jobs of all entries, in their order."""
        return (job for entry in self.entries.values() if (job := wire.read_job(entry)))


class _Document(msgspec.Struct, rename="camel"):
    """What the file holds."""

    origin: Origin
    manifest: Manifest | None
    read_at: str
    listed: tuple[str, ...]
    selected: tuple[str, ...]
    entries: list[tuple[str, dict[str, Any]]]
    numbers: dict[str, int] = {}
    before: dict[str, str] | None = None
    finished: bool = True
    version: int = VERSION


def encode(listing: Listing) -> bytes:
    """Return what the file is to hold."""
    document = _Document(
        origin=listing.origin,
        manifest=listing.manifest,
        read_at=listing.read_at.isoformat(),
        listed=listing.listed,
        selected=listing.selected,
        entries=list(listing.entries.items()),
        numbers=listing.numbers,
        before=listing.before,
        finished=listing.finished,
    )
    # Not by msgspec alone: ids may hold lone surrogates, and numbers may not be finite.
    return f"{json.dumps(msgspec.to_builtins(document))}\n".encode()


def decode(data: bytes) -> Listing:
    """Read what the file holds. Raises `ValueError` if it is not what `encode` writes.

    The file may have come with a repository or a cache, so nothing in it is taken on trust.
    """
    try:
        document = msgspec.convert(javascript.decode_own(data), _Document)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from error
    read_at = parse_time(document.read_at)
    if document.version != VERSION:
        raise ValueError(f"it has format version {document.version}")
    if read_at is None:
        raise ValueError("`readAt` is not a time")
    if document.origin.kind not in _KINDS:
        raise ValueError("`origin` is of an unknown kind")
    for job_id, entry in document.entries:
        if entry.get("id") != job_id:
            raise ValueError("the id of an entry is not its key")
        if _is_deep(entry):
            raise ValueError("an entry is nested too deep")
    return Listing(
        origin=document.origin,
        manifest=document.manifest,
        read_at=read_at,
        listed=document.listed,
        selected=document.selected,
        entries=dict(document.entries),
        numbers=document.numbers,
        before=document.before,
        finished=document.finished,
    )


def _is_deep(value: JSON) -> bool:
    """Return whether a decoded value is nested deeper than what a server may send."""
    level: list[JSON] = [value]
    for _ in range(javascript.MAX_DEPTH):
        inner: list[JSON] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return False
        level = inner
    return any(isinstance(item, dict | list) for item in level)
