"""Event logs for tests: lines as the tool writes them, and records as it reads them."""

from collections.abc import Iterable, Sequence

import msgspec

from reportgen.events import event_log
from reportgen.events.event_log import Events, OverLimitEvents, Record

KINDS = {
    "log": event_log.LogOpened,
    "run": event_log.RunStarted,
    "open": event_log.Opened,
    "break": event_log.Broke,
    "end": event_log.Ended,
}


def event_line(ms: int, name: bytes, event_id: bytes | None, data: bytes) -> bytes:
    return Events.of(ms, name, [event_id], [data]).lines


def over_limit_line(ms: int, name: bytes, event_id: bytes | None, why: str) -> bytes:
    return OverLimitEvents.at(ms, name, event_id, why).lines


def note(kind: str, **values: str | int | None) -> event_log.Note:
    return msgspec.convert(values, KINDS[kind])


def note_line(ms: int, kind: str, **values: str | int | None) -> bytes:
    return event_log.note_line(ms, note(kind, **values))


def records_of(lines: Iterable[bytes], together: int = 10**6) -> list[Record]:
    """Return the records of lines without their ends, this many of which are read at once."""
    return list(event_log.records(blocks_of(list(lines), together)))


def blocks_of(lines: Sequence[bytes], count: int) -> list[bytes]:
    """Join this many lines at a time, as they are read."""
    return [b"\n".join(lines[at : at + count]) for at in range(0, len(lines), count)]
