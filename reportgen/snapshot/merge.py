"""Merge snapshot directories fetched by several machines, for one machine to render.

The inputs are only read; they are merged with the target's own content. Logs are written first,
then the list, then the index, so that an interrupted merge leaves the snapshot no worse than it was
and can be repeated.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from reportgen.errors import SnapshotError, UsageError
from reportgen.events import event_log
from reportgen.events.event_log import Readable
from reportgen.events.stream_state import StreamState
from reportgen.model.origin import Origin
from reportgen.snapshot import log_index
from reportgen.snapshot.directory import Snapshot, names_scope
from reportgen.snapshot.failures import writing
from reportgen.snapshot.job_list import Listing, numbered
from reportgen.snapshot.source_folder import SourceFolder

Warn = Callable[[str], None]

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Part:
    """A directory's contribution: the source fetched last."""

    directory: Path
    folder: SourceFolder
    listing: Listing


def merge(into: Path, directories: Sequence[Path], warn: Warn) -> None:
    """Merge snapshot directories into the one at `into`, which is created if it is missing.

    If several directories hold a job, a complete log wins, else the one with the most events. The
    list, its order and its time are the newest; all selections are joined. Raises `UsageError` if
    the sources differ, `SnapshotError` if a directory is not a snapshot, and `WriteError`.
    """
    places = {_real(directory): directory for directory in directories}
    parts = {place: _part(directory) for place, directory in places.items()}
    if not parts:
        raise UsageError("There is nothing to merge: name one or more snapshot directories.")
    _refuse_different_sources(list(parts.values()))
    parts.pop(_real(into), None)
    if not parts:
        return
    with Snapshot.locked(into, warn) as snapshot:
        folder, held = _held(snapshot, parts.values())
        # If lists have the same time, as SOURCE_DATE_EPOCH can cause, the target's is the oldest.
        taking_part = _newest_first((*parts.values(), *held))
        merged = _merged_list([part.listing for part in taking_part])
        if merged.before is None and held:
            # With another folder object, since looking up a log must not make it trusted later.
            before = snapshot.before(held[0].folder.unread(), held[0].listing)
            merged = replace(merged, before=before)
        # Jobs that the target holds keep their numbers.
        known = (held or taking_part)[0].listing.numbers
        merged = replace(merged, numbers=numbered(merged.entries, known))
        folder.make()
        folder.clear_unfinished()
        for job_id in merged.entries:
            _merge_log(job_id, folder, taking_part, warn)
        folder.logs.keep_facts()
        folder.keep_listing(merged)
        snapshot.use(folder, merged.origin)


def _real(directory: Path) -> str:
    try:
        return os.path.realpath(directory)
    except OSError:  # the current directory is gone; opening this one reports it
        return str(directory)


# --- The parts ---------------------------------------------------------------------------------


def _newest_first(parts: Iterable[_Part]) -> list[_Part]:
    return sorted(parts, key=lambda part: part.listing.read_at, reverse=True)


def _part(directory: Path) -> _Part:
    """Read a directory's contribution. Raises `SnapshotError` if it is not a snapshot."""
    try:
        folder = Snapshot.reading(directory).last_folder()
        folder.check()
        listing = folder.listing()
    except SnapshotError as error:
        raise SnapshotError(f"Cannot merge {directory}. {error}") from error
    if listing is None:
        raise SnapshotError(
            f"Cannot merge {directory}: it holds no job list. Take that snapshot again."
        )
    return _Part(directory, folder, listing)


def _refuse_different_sources(parts: Sequence[_Part]) -> None:
    scopes = _scopes(part.listing.origin for part in parts)
    first, *others = parts
    for other in others:
        if _source(other.listing.origin, scopes) != _source(first.listing.origin, scopes):
            raise UsageError(
                f"{first.directory} and {other.directory} are from different sources, "
                f"{_described(first.listing.origin)} and {_described(other.listing.origin)}: "
                "merge each source into a --snapshot-dir of its own."
            )


def _scopes(origins: Iterable[Origin]) -> dict[tuple[str, str | None], Origin]:
    """Return the origins that name their scopes, by kind and URL."""
    return {(origin.kind, origin.url): origin for origin in origins if names_scope(origin)}


def _source(origin: Origin, scopes: dict[tuple[str, str | None], Origin]) -> tuple[str | None, ...]:
    """Return a source's identity: its scope, else the one known for its URL, else its URL."""
    known = origin if names_scope(origin) else scopes.get((origin.kind, origin.url), origin)
    if names_scope(known):
        return (known.kind, "scope", known.org, known.project)
    return (known.kind, "url", known.url)


def _described(origin: Origin) -> str:
    scope = f" {origin.org}/{origin.project}" if names_scope(origin) else ""
    return f"{origin.kind}{scope}{f' at {origin.url}' if origin.url else ''}"


def _held(snapshot: Snapshot, parts: Iterable[_Part]) -> tuple[SourceFolder, list[_Part]]:
    """Return the target's folder for the source, and the target's own contributions."""
    origin = _merged_origin([part.listing for part in _newest_first(parts)])
    folder = snapshot.folder(origin)
    present = list(_all_held(snapshot, folder))
    scopes = _scopes([origin, *(part.listing.origin for part in present)])
    held = [p for p in present if _source(p.listing.origin, scopes) == _source(origin, scopes)]
    if present and not held:
        raise UsageError(
            f"{snapshot.path} holds a snapshot of another source, "
            f"{_described(present[0].listing.origin)} instead of {_described(origin)}: "
            "name another directory with --snapshot-dir."
        )
    held.sort(key=lambda part: part.folder.name != folder.name)
    return folder, held


def _all_held(snapshot: Snapshot, folder: SourceFolder) -> Iterator[_Part]:
    """Yield all sources in the target, skipping damaged ones other than `folder`'s."""
    for each in snapshot.folders:
        try:
            listing = each.listing()
        except SnapshotError:
            if each.name == folder.name:
                raise
            continue
        if listing is not None:
            # Facts about logs are kept in the folder object, so there must be only one per folder.
            yield _Part(snapshot.path, folder if each.name == folder.name else each, listing)


# --- The list ----------------------------------------------------------------------------------


def _merged_list(newest_first: Sequence[Listing]) -> Listing:
    """Join job lists: the newest one's entries, in its order, then those only in other lists.

    What the newest one knows of the snapshot before it is kept.
    """
    newest = newest_first[0]
    listed = (job_id for job_id in newest.listed if job_id in newest.entries)
    entries = {job_id: newest.entries[job_id] for job_id in listed}
    for listing in newest_first:
        for job_id in listing.entries:
            if job_id not in entries:
                entries[job_id] = _last_entry(job_id, newest_first)
    selected = {job_id for listing in newest_first for job_id in listing.selected}
    return replace(
        newest,
        origin=_merged_origin(newest_first),
        selected=tuple(job_id for job_id in entries if job_id in selected),
        entries=entries,
        finished=True,
    )


def _last_entry(job_id: str, newest_first: Sequence[Listing]) -> bytes:
    """Return a job's entry in the newest list that lists it, else the newest one kept."""
    having = [listing for listing in newest_first if job_id in listing.entries]
    listing = next((each for each in having if job_id in each.listed), having[0])
    return listing.entries[job_id]


def _merged_origin(newest_first: Sequence[Listing]) -> Origin:
    """Return the newest list's origin, with an older one's scope if it does not name its own."""
    newest = newest_first[0].origin
    scoped = [listing.origin for listing in newest_first if names_scope(listing.origin)]
    return replace(scoped[0], url=newest.url) if scoped else newest


# --- Event logs --------------------------------------------------------------------------------


class _Read(NamedTuple):
    """A log that was read completely, with its size at that time."""

    folder: SourceFolder
    size: int
    state: StreamState


def _merge_log(
    job_id: str, folder: SourceFolder, newest_first: Iterable[_Part], warn: Warn
) -> None:
    """Copy a job's best log into `folder`, unless it is already there."""
    folder.logs.status(job_id)  # raises if something else is in its place
    alike: dict[object, list[SourceFolder]] = {}
    for part in newest_first:
        key = _identity(part.folder, job_id, warn)
        if key is not None:
            alike.setdefault(key, []).append(part.folder)
    if [folder in folders for folders in alike.values()] == [True] and folder.logs.is_as_left(
        job_id
    ):
        return  # it is the only one, and unchanged since this tool last wrote or read it
    best: _Read | None = None
    for folders in alike.values():
        folders.sort(key=lambda each: each is not folder)
        read = _first_whole(job_id, folders, warn)
        if read is not None and (best is None or _rank(read.state) > _rank(best.state)):
            best = read
    if best is None:
        return
    if best.folder is not folder:
        folder.logs.place(job_id, _bytes_of(best, job_id))
    with writing(folder.logs.path_of(job_id)), folder.logs.open(job_id) as file:
        end = log_index.end_note(file)
    folder.logs.learn(job_id, best.state, end)


def _rank(state: StreamState) -> tuple[bool, int]:
    return state.is_complete, state.events


def _identity(folder: SourceFolder, job_id: str, warn: Warn) -> object:
    """Return a value that only copies of the same log share; None without a log.

    It is the size and end note; a log without an end note never counts as a copy.
    """
    try:
        size, end = folder.logs.size(job_id), folder.logs.end_of(job_id)
    except SnapshotError as error:
        warn(f"an event log was skipped: {error}")
        return None
    if size == 0:
        return None
    return folder if end is None else (size, end)


def _first_whole(job_id: str, folders: Iterable[SourceFolder], warn: Warn) -> _Read | None:
    """Return the first log that is readable and undamaged, of several presumed equal."""
    for folder in folders:
        path = folder.logs.path_of(job_id)
        try:
            return _read(folder, job_id)
        except event_log.DamagedLogError as error:
            warn(f"the event log {path} is damaged and was skipped: {error}")
        except OSError as error:
            why = error.strerror or error
            warn(f"the event log {path} cannot be read and was skipped: {why}")
    return None


def _read(folder: SourceFolder, job_id: str) -> _Read:
    """Read a whole log. Raises `DamagedLogError` or `OSError`."""
    sizes = []

    def blocks(file: Readable) -> Iterator[bytes]:
        for block in event_log.blocks(file):
            sizes.append(len(block) + 1)
            yield block

    with folder.logs.open(job_id) as file:
        state = log_index.examine(event_log.records(blocks(file)))
    if not sizes:
        raise event_log.DamagedLogError("not exactly one complete line")
    return _Read(folder, sum(sizes), state)


def _bytes_of(read: _Read, job_id: str) -> Iterator[bytes]:
    """Yield a log's bytes up to the size read, since another build may be appending to it."""
    size = read.size
    with read.folder.logs.open(job_id) as file:
        while size and (block := file.read(min(size, _BLOCK))):
            size -= len(block)
            yield block
