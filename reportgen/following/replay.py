"""Which `Last-Event-ID` to send, and which incoming events are replays: pure functions.

The rules, for a log that holds a job's events k1 … kn:

- Consecutive events with the same id, and events without an id that follow them, form a *group*. A
  stream can break within a group, and resuming after its id would lose the rest of it. So the id of
  the group *before the last* is sent: that group is complete, and a server that honours the id
  sends the entire last group again.
- No id is sent if there is no such group, if its id can't be in a header, if the last group's id
  is empty (the server has reset it), or if one of the two ids also names another group (then
  "after that id" would be ambiguous).
- Incoming events are compared with the log. If no id was sent, a replay can only start at k1. If
  an id was sent, it may start at the last group (the server honours the id), within the group
  before it (it resumes at the id, or after the first event with that id), or at k1 (it ignores the
  id); the id and content of the first incoming event determine which.
- A replay is dropped as long as it matches the log, event by event, in names and data. The first
  event that differs, or that goes beyond kn, is new, and so is everything after it. Identical
  events are still separate events: only a replayed prefix is ever dropped.

Only job events are compared. A server need not replay pings, `end`, or events with unknown names;
those that arrive during a replay count as part of it.
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
_LONGEST_ID: Final = 1024  # servers refuse headers of several kilobytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A job event in the log, and its offset.

    `id` is None if the event had no id of its own; `data` is None if it was over the limit.
    """

    offset: int
    name: bytes
    id: bytes | None
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive events with the same id; `start` is the offset of the first."""

    id: bytes
    start: int


@dataclass(slots=True)
class Trail:
    """The facts about a log's ids that resuming needs, in constant space."""

    events: int = 0
    first: Group | None = None
    before_last: Group | None = None
    last: Group | None = None
    rising: bool = True
    """Whether all ids are increasing numbers, so that no id can name two groups."""

    def add(self, offset: int, sizes: Sequence[int], ids: Sequence[bytes | None]) -> None:
        """Add the sizes and ids of the job events in the log that start at an offset."""
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
        """Return a copy, which does not change as the log grows."""
        return replace(self)

    def last_event_id(self, ids: Callable[[], Iterable[bytes | None]]) -> bytes | None:
        """Return the id to resume after; None to request all events.

        `ids` returns the ids of all job events in the log; it is called only if they do not
        increase.
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
    """Return whether all ids are increasing numbers of the usual length."""
    known = cast("Sequence[bytes]", ids)
    if not all(known):
        return False
    lengths = set(map(len, known))
    if max(lengths) >= _USUAL or not b"".join(known).isdigit():
        return False
    if len(lengths) == 1:  # numbers of equal length sort like their digits
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
    """Whether ids must match too; a server that replays everything may assign new ones."""

    def meets(self, name: bytes, event_id: bytes | None, data: bytes | None) -> bool:
        """Return whether an incoming event is the next one in the replay."""
        if self.expected is None or not _alike(self.expected, name, data):
            return False
        return not self.by_id or self.expected.id == event_id

    def begins(self, name: bytes, event_id: bytes | None, data: bytes | None) -> bool:
        """Return whether a replay from here would begin with this event."""
        same_id = self.expected is not None and self.expected.id == event_id
        return same_id and self.meets(name, event_id, data)

    def advance(self) -> None:
        self.expected = next(self.rest, None)


@dataclass(slots=True)
class Replay:
    """Decides which of a connection's job events are replays.

    `sent` is the request's `Last-Event-ID`; `kept` reads the log from an offset up to where it
    ended when the connection was opened.
    """

    trail: Trail
    sent: bytes | None
    kept: Callable[[int], Iterator[Kept]]
    _cursors: list[_Cursor] = field(default_factory=list)
    _begun: bool = False

    @property
    def under_way(self) -> bool:
        """Whether the next events may be replays."""
        return bool(self._cursors) if self._begun else self.trail.events > 0

    def drops(self, name: bytes, event_id: bytes | None, data: bytes | None) -> bool:
        """Process the connection's next job event; return whether it is a replay."""
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
        """Return the places where a replay that begins with this event may have started."""
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
