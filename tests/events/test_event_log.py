"""The event log's format: events are kept exactly, in no more bytes than they came in."""

import io
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.events import event_log, wire
from reportgen.events.event_log import (
    Broke,
    DamagedLogError,
    Ended,
    Events,
    LogRun,
    Opened,
    OverLimitEvents,
    Record,
)
from reportgen.following.sse import Frame, FrameDecoder
from reportgen.model import history
from reportgen.snapshot import log_index
from tests.logs import event_line, note_line, over_limit_line, records_of
from tests.snapshotting import open_log

# No field of an event stream can hold a line break, which ends its line, and no id a NUL.
FIELD = st.binary(max_size=12).filter(lambda text: b"\r" not in text and b"\n" not in text)
IDS = st.none() | FIELD.filter(lambda text: b"\0" not in text)
DATA = st.lists(FIELD, min_size=1, max_size=4).map(b"\n".join)
NAMES = FIELD.filter(bool) | st.sampled_from(sorted(wire.JOB_EVENTS))
MILLISECONDS = st.integers(0, 10**9)


def frame_of(name: bytes, event_id: bytes | None, data: bytes) -> bytes:
    """Write an event in the fewest bytes that a stream allows, with its blank line."""
    lines = [b"event:" + name, *(b"data:" + line for line in data.split(b"\n"))]
    if event_id is not None:
        lines.append(b"id:" + event_id if event_id else b"id")
    return b"\n".join([*lines, b"", b""])


def read(line: bytes) -> Events:
    assert line.index(b"\n") == len(line) - 1
    record = event_log.record(line[:-1])
    assert isinstance(record, Events)
    return record


# --- Lines ---------------------------------------------------------------------------------------


@given(MILLISECONDS, NAMES, IDS, DATA)
def test_an_event_is_kept_as_it_came_in_no_more_bytes(
    ms: int, name: bytes, event_id: bytes | None, data: bytes
) -> None:
    line = event_line(ms, name, event_id, data)
    events = read(line)
    assert isinstance(events, LogRun) == (name == wire.LOG)
    assert (events.name, list(events.ids), list(events.datas)) == (name, [event_id], [data])
    assert (events.lines, list(events.sizes)) == (line, [len(line)])
    assert len(line) <= len(frame_of(name, event_id, data))


@given(st.lists(st.tuples(FIELD.filter(bool), IDS, DATA), max_size=5))
def test_what_a_stream_brought_is_what_the_log_holds(
    events: list[tuple[bytes, bytes | None, bytes]],
) -> None:
    log = [
        event_line(7, frame.name, frame.id, frame.data)
        for frame in FrameDecoder().feed(b"".join(frame_of(*event) for event in events))
    ]
    assert [(found.name, *found.datas) for found in map(read, log)] == [
        # A space after the colon belongs to the stream's format, not to the text.
        (name.removeprefix(b" ") or b"message", b"\n".join(
            line.removeprefix(b" ") for line in data.split(b"\n")
        ))
        for name, _, data in events
    ]  # fmt: skip


def test_a_frame_of_the_wire_goes_through() -> None:
    (frame,) = FrameDecoder().feed(b"id: 1\nevent: end\ndata: a\ndata: b\n\n")
    assert frame == Frame(b"end", b"a\nb", b"1")
    assert event_line(7, frame.name, frame.id, frame.data) == b"7\rend\r1\ra\rb\n"


def test_a_missing_id_differs_from_a_reset_one() -> None:
    assert event_line(7, b"end", None, b"") == b"7\rend\r\r\n"
    assert event_line(7, b"end", b"", b"") == b"7\rend\r\0\r\n"


def test_an_event_over_the_limit_keeps_its_place() -> None:
    line = over_limit_line(12, b"training.log", b"4", "17 MB")
    assert line == b"!12\rtraining.log\r4\r17 MB\n"
    events = read(line)
    assert isinstance(events, OverLimitEvents)
    assert (events.ids, events.datas, events.fields) == ([b"4"], [None], [b"17 MB"])


TEXTS = st.text() | st.text(st.sampled_from("\n\r\x00\u2028\ud800é"), max_size=5)


@settings(deadline=None)
@given(
    MILLISECONDS,
    st.builds(Broke, TEXTS | st.none())
    | st.builds(Opened, TEXTS | st.none())
    | st.builds(Ended, st.just("caught-up"), TEXTS, st.integers(0, 2**32), st.integers(0)),
)
def test_a_note_is_one_line_that_reads_back(ms: int, note: event_log.Note) -> None:
    line = event_log.note_line(ms, note)
    assert line.index(b"\n") == len(line) - 1
    assert line.isascii()
    assert event_log.record(line[:-1]) == note


def fold(path: Path) -> object:
    with path.open("rb") as file:
        return history.fold(event_log.read(file))


def examine(path: Path) -> object:
    with path.open("rb") as file:
        return log_index.examine(event_log.read(file))


@pytest.mark.parametrize("reader", [fold, examine])
@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"1", b"1\rend", b"1\rend\r",
        b"5x\rtraining.log\r\r{}", b"x\rtraining.started\r\r{}", b"\rend\r\r", b"-1\rend\r\r",
        b"! 1\rend\r\r", b"!\rend\r\r", b"?1\rend\r\r", b"!#1\rend\r\r{}",
        b"#\rend\r\r{}", b"#x\rrun\r\r{}", b"#1\rrun\rid\r{}", b"#1\rpause\r\r{}",
        b"#1\r\xff\r\r{}", b"#1\rend\r\r{}",
        b"#1\rrun\r\r", b"#1\rrun\r\r{", b"#1\rrun\r\r[]", b"#1\rrun\r\rnull",
        b"#1\rrun\r\r7", b'#1\rrun\r\r{"a":1}x', b"#1\rrun\r\r\xff",
        b'#1\rend\r\r{"state":"done"}', b'#1\rend\r\r{"state":7}', b'#1\rrun\r\r{"at":7}',
        b'#1\rend\r\r{"state":"complete","fingerprint":7}',
        b'#1\rbreak\r\r{"reason":' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_every_reader_finds_the_same_damage(
    tmp_path: Path, damaged: bytes, reader: Callable[[Path], object]
) -> None:
    path = tmp_path / "job.log"
    before = note_line(0, "run") + event_line(1, wire.LOG, b"1", b"{}")
    for rest in (b"", event_line(2, wire.LOG, b"2", b"{}")):
        path.write_bytes(before + damaged + b"\n" + rest)
        with pytest.raises(DamagedLogError):
            reader(path)
        with open_log(path, "job") as log:
            assert list(log.kept(0)) == []
        assert path.read_bytes().count(b"\n") == 1
    path.write_bytes(before + damaged)  # torn, and not a part of the log
    reader(path)
    with open_log(path, "job") as log:
        assert [kept.id for kept in log.kept(0)] == [b"1"]
    assert path.read_bytes() == before


# --- Many lines ----------------------------------------------------------------------------------

LINE = st.one_of(
    st.builds(event_line, MILLISECONDS, st.sampled_from([wire.LOG, b"b"]), IDS, DATA),
    st.builds(over_limit_line, MILLISECONDS, st.just(wire.LOG), IDS, st.just("why")),
    st.builds(note_line, MILLISECONDS, st.just("open")),
    st.sampled_from([b"1\rtraining-log\r\r\n", b"1\rtraining.log2\r\r\n"]),
).map(lambda line: line[:-1])


def singly(records: Sequence[Record]) -> list[object]:
    """Return the content of records, event by event."""
    said: list[object] = []
    for record in records:
        if isinstance(record, Events):
            each = zip(record.ids, record.datas, record.sizes, strict=True)
            said += [(type(record), record.name, *one) for one in each]
        else:
            said.append(record)
    return said


@given(st.lists(LINE, max_size=20), st.integers(1, 9))
def test_lines_read_together_say_what_each_says(lines: list[bytes], together: int) -> None:
    each = records_of(lines, together=1)
    assert len(each) == len(lines)
    many = records_of(lines, together)
    assert singly(many) == singly(each)
    offset = 0
    blocks = [b"\n".join(lines)] if lines else []
    for (place, found), record in zip(event_log.located(blocks, 7), records_of(lines), strict=True):
        assert place == 7 + offset
        assert singly([found]) == singly([record])
        offset += sum(found.sizes) if isinstance(found, Events) else len(lines_at(lines, offset))
    assert offset == sum(len(line) + 1 for line in lines)


def lines_at(lines: Sequence[bytes], offset: int) -> bytes:
    """Return the line that begins at an offset, with its line feed."""
    rest = b"".join(line + b"\n" for line in lines)[offset:]
    return rest[: rest.index(b"\n") + 1]


@given(st.lists(LINE, min_size=1, max_size=12))
def test_adjacent_logs_of_a_block_are_read_together(lines: list[bytes]) -> None:
    alike = pairwise(records_of(lines))
    assert not any(isinstance(one, LogRun) and isinstance(other, LogRun) for one, other in alike)


@given(MILLISECONDS, st.lists(st.tuples(IDS, DATA), min_size=1, max_size=9))
def test_many_events_are_written_as_each(ms: int, events: list[tuple[bytes | None, bytes]]) -> None:
    ids, datas = zip(*events, strict=True)
    each = [event_line(ms, b"a", event_id, data) for event_id, data in events]
    many = Events.of(ms, b"a", ids, datas)
    assert many.lines == b"".join(each)
    assert list(many.sizes) == list(map(len, each))
    assert many[1:].lines == b"".join(each[1:]) or len(each) == 1


def test_everything_that_a_server_sent_is_cleaned() -> None:
    def clean(text: bytes) -> bytes:
        return text.replace(b"training", b"***")

    logs = Events.of(5, wire.LOG, [b"training-1", b"", None], [b"training", b"a\nb", b""])
    assert logs.cleaned(clean).lines == (
        b"5\rtraining.log\r***-1\r***\n5\rtraining.log\r\0\ra\rb\n5\rtraining.log\r\r\n"
    )
    other = Events.of(5, b"training.new", [None], [b""]).cleaned(clean)
    assert (other.name, other.lines) == (b"***.new", b"5\r***.new\r\r\n")


# --- Blocks --------------------------------------------------------------------------------------


class Dribble(io.BytesIO):
    """A file that returns less at once than was asked for."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        super().__init__(data)
        self._sizes = iter(sizes)

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(next(self._sizes, size))


@given(
    st.lists(st.sampled_from([b"\n", b"a", b"\r", b"bc\n"]), max_size=30).map(b"".join),
    st.lists(st.integers(1, 5), max_size=40),
)
def test_blocks_hold_all_whole_lines(data: bytes, sizes: list[int]) -> None:
    whole = data.split(b"\n")[:-1]
    blocks = list(event_log.blocks(Dribble(data, sizes)))
    assert [line for block in blocks for line in block.split(b"\n")] == whole


def test_a_block_is_no_larger_than_what_is_read_at_once_and_its_longest_line() -> None:
    lines = [b"x" * 1000] * 1000 + [b"y" * 1_000_000] + [b"z"] * 1000
    blocks = list(event_log.blocks(io.BytesIO(b"".join(line + b"\n" for line in lines))))
    assert b"\n".join(blocks).split(b"\n") == lines
    assert max(len(block) for block in blocks if b"y" not in block) < 300_000
    assert max(map(len, blocks)) < 1_600_000


@given(st.dictionaries(st.sampled_from(["state", "reason", "size"]), st.integers() | TEXTS))
def test_a_note_of_wrong_types_is_damaged(values: dict[str, Any]) -> None:
    line = b"#1\rend\r\r" + json.dumps({**values, "state": values.get("state", 7)}).encode()
    with pytest.raises(DamagedLogError):
        event_log.record(line)
