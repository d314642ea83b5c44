"""The job list as last read, and the file `jobs.json` that stores it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from reportgen.errors import WriteError
from reportgen.events import wire
from reportgen.model.origin import Manifest, Origin
from reportgen.snapshot.index import VERSION
from reportgen.text import javascript, json_parts
from reportgen.text.redact import Redactor
from reportgen.text.times import parse_time

FILE: Final = "jobs.json"

_KINDS: Final = frozenset({"studio", "cloud", "demo"})


@dataclass(frozen=True, slots=True)
class Listing:
    """The job list as last read, with the source's description of itself."""

    origin: Origin
    manifest: Manifest | None
    read_at: Annotated[datetime, msgspec.Meta(tz=True)]
    listed: tuple[str, ...]
    selected: tuple[str, ...]
    entries: dict[str, bytes] = field(default_factory=dict)
    """Each job's entry, without its secrets, by id: first the listed jobs, in the server's order.

    Entries are kept as JSON, since decoded they can take ten times as much memory.
    """
    numbers: dict[str, int] = field(default_factory=dict)
    """Each job's number, by id: it never changes, and determines the colour of the job's curve."""
    before: dict[str, str] | None = None
    """Each job's status in the previous snapshot, as shown then; None if there was none."""
    finished: bool = True
    """Whether its command finished; if not, it is not a snapshot to compare with."""

    @property
    def jobs(self) -> Iterator[wire.Job]:
        """The jobs in all entries, in order."""
        return (job for entry in self.entries.values() if (job := wire.decode_job(entry)))


def numbered(entries: Mapping[str, bytes], known: Mapping[str, int]) -> dict[str, int]:
    """Return the number of each job in a list: the known one, or for a new job the next.

    New jobs are numbered by age, oldest first, so that the first reading of a list always yields
    the same numbers.
    """
    new = [job_id for job_id in entries if job_id not in known]
    new.sort(key=lambda job_id: (_created(entries[job_id]), job_id))
    following = itertools.count(max(known.values(), default=-1) + 1)
    numbers = {**known, **dict(zip(new, following, strict=False))}
    return {job_id: numbers[job_id] for job_id in entries}


def _created(entry: bytes) -> float:
    job = wire.decode_job(entry)
    created = parse_time(job.created_at) if job else None
    return created.timestamp() if created else 0.0


def check_id(job_id: str, place: int, redactor: Redactor) -> None:
    """Raise `WriteError` if the id at this place contains a token: ids are never redacted."""
    if redactor.holds_token(job_id.encode("utf-8", "surrogatepass")):
        raise WriteError(
            f"The id of job {place} in the list contains the token, and ids can't be redacted, so "
            "nothing is kept or published. Delete that job."
        )


def encode(listing: Listing) -> bytes:
    """Return the file's content."""
    # Not with msgspec: ids may contain lone surrogates.
    entries = b",\n".join(
        b"[%b,%b]" % (javascript.encode(job_id), entry) for job_id, entry in listing.entries.items()
    )
    document = msgspec.to_builtins(replace(listing, entries={}))
    document |= {"version": VERSION, "readAt": document.pop("read_at")}
    del document["entries"]
    return b'%b,"entries":[%b]}\n' % (javascript.encode(document).removesuffix(b"}"), entries)


def decode(data: bytes) -> Listing:
    """Parse the file's content. Raises `ValueError` if it is not what `encode` writes.

    The file may have come from a repository or a cache, so nothing in it is trusted.
    """
    try:
        fields, pairs = _parts(data)
        entries = dict(map(_checked, pairs))
        document = {key: javascript.decode_own(value) for key, value in fields.items()}
        document |= {"read_at": document.pop("readAt", None), "entries": {}}
        listing = _sharing_ids(msgspec.convert(document, Listing), entries)
        listing = replace(listing, entries=entries, read_at=listing.read_at.astimezone(UTC))
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error
    if document.get("version") != VERSION:
        raise ValueError(f"it has format version {document.get('version')}")
    if listing.origin.kind not in _KINDS:
        raise ValueError("`origin` has an unknown kind")
    return listing


def _sharing_ids(listing: Listing, ids: Iterable[str]) -> Listing:
    """Return the list with one object for each id, since there can be tens of thousands."""
    own = {job_id: job_id for job_id in ids}

    def shared(job_ids: Iterable[str]) -> Iterator[str]:
        return (own.get(job_id, job_id) for job_id in job_ids)

    before = listing.before
    return replace(
        listing,
        listed=tuple(shared(listing.listed)),
        selected=tuple(shared(listing.selected)),
        numbers=dict(zip(shared(listing.numbers), listing.numbers.values(), strict=True)),
        before=None if before is None else dict(zip(shared(before), before.values(), strict=True)),
    )


def _parts(data: bytes) -> tuple[dict[str, bytes], Iterable[tuple[object, bytes]]]:
    """Return the fields except the entries, and each entry with its job's id. Raises `ValueError`.

    All of them are still encoded.
    """
    try:
        raw = _FIELDS.decode(data)
        pairs = [(job_id, bytes(entry)) for job_id, entry in _PAIRS.decode(raw.pop("entries"))]
        return {key: bytes(value) for key, value in raw.items()}, pairs
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):  # such as for lone surrogates
        members = json_parts.members(data)
        fields = {str(javascript.decode(key)): value for key, value in members}
        return fields, map(_pair, json_parts.items(fields.pop("entries", b"")))


_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PAIRS: Final = msgspec.json.Decoder(list[tuple[str, msgspec.Raw]])


def _pair(pair: bytes) -> tuple[object, bytes]:
    key, entry = json_parts.items(pair)
    return javascript.decode(key), entry


class _Id(msgspec.Struct):
    id: str


_ID: Final = msgspec.json.Decoder(_Id)


def _checked(pair: tuple[object, bytes]) -> tuple[str, bytes]:
    """Return a job's id and its entry. Raises `ValueError` if they do not belong together."""
    job_id, entry = pair
    javascript.check_limits(entry)
    found: object
    try:
        found = _ID.decode(entry).id
    except (msgspec.DecodeError, UnicodeDecodeError):  # it may still be JSON to a browser
        found = (javascript.decode_object(entry) or {}).get("id")
    if not isinstance(job_id, str) or found != job_id:
        raise ValueError("an entry's id does not match its key")
    return job_id, entry
