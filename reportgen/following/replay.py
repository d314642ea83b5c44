"""Which `Last-Event-ID` to send, and which arrivals are a replay: pure functions.

The rule, for a log that keeps the events k1 … kn of a job:

- Consecutive events of one id, and those without an id that follow them, form a *group*. A stream
  can be cut within a group, and resuming behind its id would lose the rest of it. So the id of the
  group *before the last* is sent: nothing of that group is missing, and a server that honours the
  id sends the whole last group again.
- No id is sent if there is no such group, if its id can't be in a header, if the last group's id
  is empty (the server has reset it), or if one of the two ids also names another group (then
  "behind that id" could mean two places).
- Arrivals are compared with what is kept. If no id was sent, a replay can only start at k1. If one
  was sent, it may start at the last group (the server honours the id), within the group before it
  (it resumes at the id, or behind the first event of that id), or at k1 (it ignores the id); the id
  and content of the first arrival decide which.
- A replay is dropped as long as it equals what is kept, event by event, names and data. The first
  arrival that differs, or that goes beyond kn, is new, and so is everything after it. Events that
  are alike are still separate events: only a replayed prefix is ever dropped.

Only job events are compared. A server need not replay pings, `end` and events of unknown names;
those that come during a replay count as part of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice
from operator import lt
from typing import Final, cast

_HEADER_VALUE: Final = re.compile(
    rb"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?"
)
_USUAL: Final = 19  # digits of a counter or a timestamp
_LONGEST_ID: Final = 1024  # servers refuse headers of some kilobytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A job event in the log, at an offset.

    `id` is None if the event had none of its own, and `data` if it was over the limit.
    """

    offset: int
    name: bytes
    id: bytes | None
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive events of one id; `start` is the offset of the first."""

    id: bytes
    start: int


@dataclass(slots=True)
class Trail:
    """What resuming needs of the ids in a log, at the same size for logs of any length."""

    events: int = 0
    first: Group | None = None
    before_last: Group | None = None
    last: Group | None = None
    rising: bool = True
    """Whether all ids are rising numbers, so that none can name two groups."""

    def add(self, offset: int, sizes: Sequence[int], ids: Sequence[bytes | None]) -> None:
        """Add the sizes and ids of job events that the log holds from an offset on."""
        last = self.last
        if len(ids) > 1 and last is not None and self.rising and _all_rise([last.id, *ids]):
            # Each event is a group, so the last two are enough.
            end = offset + sum(sizes)
            self.last = Group(ids[-1] or b"", end - sizes[-1])
            self.before_last = Group(ids[-2] or b"", self.last.start - sizes[-2])
            self.events += len(ids)
            return
        for start, event_id in zip(accumulate(sizes, initial=offset), ids, strict=False):
            self._add_one(start, event_id)

    def _add_one(self, offset: int, event_id: bytes | None) -> None:
        self.events += 1
        if self.last is None:
            self.first = self.last = Group(event_id or b"", offset)
            self.rising = event_id is None or event_id.isdigit()
        elif event_id is not None and event_id != self.last.id:
            self.rising = self.rising and _rises(self.last.id, event_id)
            self.before_last, self.last = self.last, Group(event_id, offset)

    def copy(self) -> "Trail":
        """Return a copy, which does not grow with the log."""
        return replace(self)

    def last_event_id(self, ids: Callable[[], Iterable[bytes | None]]) -> bytes | None:
        """Return the id to resume behind; None for everything.

        `ids` returns the ids of all job events in the log; it is called only if they do not rise.
        """
        if self.before_last is None or self.last is None or not self.last.id:
            return None
        chosen = self.before_last.id
        if len(chosen) > _LONGEST_ID or not _HEADER_VALUE.fullmatch(chosen):
            return None
        if not self.rising and _name_more_groups(ids(), {chosen, self.last.id}):
            return None
        return chosen


def _rises(before: bytes, after: bytes) -> bool:
    if not after.isdigit() or len(after) > _LONGEST_ID:
        return False
    return not before or int(before) < int(after)


def _all_rise(ids: Sequence[bytes | None]) -> bool:
    """Return whether all ids are numbers of usual length, each larger than the one before."""
    known = cast("Sequence[bytes]", ids)
    if not all(known):
        return False
    lengths = set(map(len, known))
    if max(lengths) >= _USUAL or not b"".join(known).isdigit():
        return False
    if len(lengths) == 1:  # numbers of one length sort as their digits do
        return all(map(lt, known, islice(known, 1, None)))
    numbers = list(map(int, known))
    return all(map(lt, numbers, islice(numbers, 1, None)))


def _name_more_groups(ids: Iterable[bytes | None], chosen: set[bytes]) -> bool:
    """Return whether one of the chosen ids names more than one group."""
    seen: set[bytes] = set()
    current: bytes | None = None
    for event_id in ids:
        own = (event_id or b"") if current is None else event_id
        if own is None or own == current:
            continue
        current = own
        if current in chosen:
            if current in seen:
                return True
            seen.add(current)
    return False


@dataclass(slots=True)
class _Cursor:
    """A position in the log, for one of the places where the replay may have started."""

    expected: Kept | None
    rest: Iterator[Kept]
    by_id: bool
    """Whether ids must be equal too; a server that replays everything may assign new ones."""

    def meets(self, name: bytes, event_id: bytes | None, data: bytes | None) -> bool:
        """Return whether an arrival is the next event of the replay."""
        if self.expected is None or not _alike(self.expected, name, data):
            return False
        return not self.by_id or self.expected.id == event_id

    def begins(self, name: bytes, event_id: bytes | None, data: bytes | None) -> bool:
        """Return whether a replay from here would begin with this arrival."""
        same_id = self.expected is not None and self.expected.id == event_id
        return same_id and self.meets(name, event_id, data)

    def advance(self) -> None:
        self.expected = next(self.rest, None)


@dataclass(slots=True)
class Replay:
    """Decides which job events of one connection are replayed.

    `sent` is the `Last-Event-ID` of the request; `kept` reads the log from an offset to the end
    that it had when the connection was opened.
    """

    trail: Trail
    sent: bytes | None
    kept: Callable[[int], Iterator[Kept]]
    _cursors: list[_Cursor] = field(default_factory=list)
    _begun: bool = False

    @property
    def under_way(self) -> bool:
        """Whether the next arrivals may be replayed."""
        return bool(self._cursors) if self._begun else self.trail.events > 0

    def drops(self, name: bytes, event_id: bytes | None, data: bytes | None) -> bool:
        """Process the next job event of the connection; return whether it is replayed."""
        if not self._begun:
            self._begun = True
            self._cursors = self._starts(name, event_id, data)
        if not self._cursors:
            return False
        matching = [cursor for cursor in self._cursors if cursor.meets(name, event_id, data)]
        for cursor in matching:
            cursor.advance()
        self._cursors = [cursor for cursor in matching if cursor.expected is not None]
        return bool(matching)

    def _starts(self, name: bytes, event_id: bytes | None, data: bytes | None) -> list[_Cursor]:
        """Return the places where a replay may have started that begins with this event."""
        first, last, before = self.trail.first, self.trail.last, self.trail.before_last
        if first is None or last is None:
            return []
        if self.sent is None or before is None:
            return [self._cursor(first.start, by_id=False)]
        if event_id == last.id:
            return [self._cursor(last.start, by_id=True)]
        starts = {first.start, *(kept.offset for kept in self._group(before, last))}
        cursors = (self._cursor(start, by_id=True) for start in sorted(starts))
        fitting = [cursor for cursor in cursors if cursor.begins(name, event_id, data)]
        return fitting or [self._cursor(first.start, by_id=False)]

    def _group(self, group: Group, following: Group) -> Iterator[Kept]:
        for kept in self.kept(group.start):
            if kept.offset >= following.start:
                return
            yield kept

    def _cursor(self, offset: int, *, by_id: bool) -> _Cursor:
        rest = self.kept(offset)
        return _Cursor(next(rest, None), rest, by_id)


def _alike(kept: Kept, name: bytes, data: bytes | None) -> bool:
    return kept.name == name and kept.data == data
