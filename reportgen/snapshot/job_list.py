"""The job list as it was last read, and the file `jobs.json` that keeps it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from reportgen.events import wire
from reportgen.model.origin import Manifest, Origin
from reportgen.snapshot.index import VERSION
from reportgen.text import javascript, json_parts
from reportgen.text.times import parse_time

FILE: Final = "jobs.json"

_KINDS: Final = frozenset({"studio", "cloud", "demo"})


@dataclass(frozen=True, slots=True)
class Listing:
    """The job list as it was last read, with what the source said about itself.

    `entries` holds, by id, each job's entry without its secrets, listed jobs first and in the
    server's order, then those that the server no longer lists. They are JSON, since the objects
    that a server can put into them may take ten times as much memory.
    """

    origin: Origin
    manifest: Manifest | None
    read_at: datetime
    listed: tuple[str, ...]
    selected: tuple[str, ...]
    entries: dict[str, bytes] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """Each job's number, by id (see `job_numbers`)."""
    before: dict[str, str] | None = None
    """Each job's status in the previous snapshot, as it was shown; None if there was none."""
    finished: bool = True
    """Whether its command ran to its end; if not, it is not a snapshot to compare with."""

    @property
    def jobs(self) -> Iterator[wire.Job]:
        """The jobs of all entries, in their order."""
        return (job for entry in self.entries.values() if (job := wire.decode_job(entry)))


class _Document(msgspec.Struct, rename="camel"):
    """What the file holds besides the entries."""

    origin: Origin
    manifest: Manifest | None
    read_at: str
    listed: tuple[str, ...]
    selected: tuple[str, ...]
    numbers: dict[str, int] = {}
    before: dict[str, str] | None = None
    finished: bool = True
    version: int = VERSION


def encode(listing: Listing) -> bytes:
    """Return the file's content."""
    document = _Document(
        origin=listing.origin,
        manifest=listing.manifest,
        read_at=listing.read_at.isoformat(),
        listed=listing.listed,
        selected=listing.selected,
        numbers=listing.numbers,
        before=listing.before,
        finished=listing.finished,
    )
    # Not by msgspec: ids may hold lone surrogates.
    entries = b",\n".join(
        b"[%b,%b]" % (javascript.encode(job_id), entry) for job_id, entry in listing.entries.items()
    )
    rest = javascript.encode(msgspec.to_builtins(document))
    return b'%b,"entries":[%b]}\n' % (rest.removesuffix(b"}"), entries)


def decode(data: bytes) -> Listing:
    """Parse the file's content. Raises `ValueError` if it is not what `encode` writes.

    The file may have come with a repository or a cache, so nothing in it is trusted.
    """
    try:
        fields = dict(json_parts.members(data))
        entries = dict(map(_entry, json_parts.items(fields.pop(b'"entries"', b""))))
        document = msgspec.convert(
            {
                str(javascript.decode(key)): javascript.decode_own(value)
                for key, value in fields.items()
            },
            _Document,
        )
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from error
    read_at = parse_time(document.read_at)
    if document.version != VERSION:
        raise ValueError(f"it has format version {document.version}")
    if read_at is None:
        raise ValueError("`readAt` is not a time")
    if document.origin.kind not in _KINDS:
        raise ValueError("`origin` is of an unknown kind")
    return Listing(
        origin=document.origin,
        manifest=document.manifest,
        read_at=read_at,
        listed=document.listed,
        selected=document.selected,
        entries=entries,
        numbers=document.numbers,
        before=document.before,
        finished=document.finished,
    )


def _entry(pair: bytes) -> tuple[str, bytes]:
    """Return the id and the entry of a job. Raises `ValueError`."""
    key, entry = json_parts.items(pair)
    job_id = javascript.decode(key)
    if not isinstance(job_id, str) or (javascript.decode_object(entry) or {}).get("id") != job_id:
        raise ValueError("the id of an entry is not its key")
    return job_id, entry
