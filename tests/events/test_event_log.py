"""The event log's format: whatever came is kept as it came, and in no more bytes."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.events import event_log, wire
from reportgen.events.event_log import DamagedLogError
from reportgen.following.sse import Frame, FrameDecoder

# No field of an event stream can hold a line break, as these end its lines, and no id a NUL.
FIELD = st.binary(max_size=12).filter(lambda text: b"\r" not in text and b"\n" not in text)
IDS = st.none() | FIELD.filter(lambda text: b"\0" not in text)
DATA = st.lists(FIELD, min_size=1, max_size=4).map(b"\n".join)
MILLISECONDS = st.integers(0, 10**9)


def frame_of(name: bytes, event_id: bytes | None, data: bytes) -> bytes:
    """Write an event in the fewest bytes that a stream has for it, with its blank line."""
    lines = [b"event:" + name, *(b"data:" + line for line in data.split(b"\n"))]
    if event_id is not None:
        lines.append(b"id:" + event_id if event_id else b"id")
    return b"\n".join([*lines, b"", b""])


@settings(deadline=None, max_examples=150)
@given(MILLISECONDS, FIELD.filter(bool), IDS, DATA)
def test_an_event_is_kept_as_it_came_in_no_more_bytes(
    ms: int, name: bytes, event_id: bytes | None, data: bytes
) -> None:
    line = event_log.event_line(ms, name, event_id, data)
    assert line.index(b"\n") == len(line) - 1
    time, kept_name, kept_id, kept = event_log.split(line[:-1])
    assert (int(time), kept_name, event_log.data_of(kept)) == (ms, name, data)
    assert kept_id == (b"" if event_id is None else event_id or event_log.RESET_ID)
    assert len(line) <= len(frame_of(name, event_id, data))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(FIELD.filter(bool), IDS, DATA), max_size=5))
def test_what_a_stream_brought_is_what_the_log_holds(
    events: list[tuple[bytes, bytes | None, bytes]],
) -> None:
    log = b"".join(
        event_log.event_line(7, frame.name, frame.id, frame.data)
        for frame in FrameDecoder().feed(b"".join(frame_of(*event) for event in events))
    )
    read = [event_log.split(line) for line in log.split(b"\n")[:-1]]
    assert [(name, event_log.data_of(data)) for _, name, _, data in read] == [
        # A blank behind the colon belongs to the stream's format, not to the text.
        (name.removeprefix(b" ") or b"message", b"\n".join(
            line.removeprefix(b" ") for line in data.split(b"\n")
        ))
        for name, _, data in events
    ]  # fmt: skip


def test_a_frame_of_the_wire_goes_through() -> None:
    (frame,) = FrameDecoder().feed(b"id: 1\nevent: end\ndata: a\ndata: b\n\n")
    assert frame == Frame(b"end", b"a\nb", b"1")
    line = event_log.event_line(7, frame.name, frame.id, frame.data)
    assert line == b"7\rend\r1\ra\rb\n"


def test_an_id_that_is_missing_and_one_that_is_reset_are_two_things() -> None:
    assert event_log.event_line(7, b"end", None, b"") == b"7\rend\r\r\n"
    assert event_log.event_line(7, b"end", b"", b"") == b"7\rend\r\0\r\n"


def test_an_event_over_the_limit_keeps_its_place() -> None:
    line = event_log.over_limit_line(12, b"training.log", b"4", "17 MB")
    assert line == b"!12\rtraining.log\r4\r17 MB\n"
    assert event_log.split(line[:-1]) == (b"!12", b"training.log", b"4", b"17 MB")


TEXTS = st.text() | st.text(st.sampled_from("\n\r\x00\u2028\ud800é"), max_size=5)


@settings(deadline=None)
@given(MILLISECONDS, st.dictionaries(st.sampled_from("abc"), TEXTS | st.integers() | st.none()))
def test_a_note_is_one_line_that_reads_back(ms: int, values: dict[str, Any]) -> None:
    line = event_log.note_line(ms, "break", **values)
    assert line.index(b"\n") == len(line) - 1
    assert line.isascii()
    time, kind, event_id, said = event_log.split(line[:-1])
    assert (time, event_id) == (b"#%d" % ms, b"")
    assert event_log.read_note(kind, said) == event_log.Note("break", values)


@pytest.mark.parametrize("line", [b"", b"1", b"1\rend", b"1\rend\r"])
def test_fewer_than_four_fields_are_no_line_of_a_log(line: bytes) -> None:
    with pytest.raises(DamagedLogError):
        event_log.split(line)


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b"null", b"7", b'{"a":1}x', b"\xff"])
def test_a_note_says_an_object(said: bytes) -> None:
    with pytest.raises(DamagedLogError):
        event_log.read_note(b"end", said)


def test_a_notes_kind_may_be_any_bytes() -> None:
    assert event_log.read_note(b"\xff", json.dumps({}).encode()).kind == "\ufffd"


LINE = st.one_of(
    st.builds(event_log.event_line, MILLISECONDS, st.sampled_from([b"a", b"b"]), IDS, DATA),
    st.builds(event_log.over_limit_line, MILLISECONDS, st.just(b"a"), IDS, st.just("why")),
    st.builds(event_log.note_line, MILLISECONDS, st.just("a")),
    st.sampled_from([b"\n", b"1\ra\r\n", b"1\ra\n", b"x\ra\r\r1\n"]),
).map(lambda line: line[:-1])


def is_event(line: bytes, name: bytes) -> bool:
    fields = line.split(b"\r", 3)
    return len(fields) == 4 and fields[0].isdigit() and fields[1] == name


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(LINE, min_size=1, max_size=9), max_size=3), st.sampled_from([b"a", b"."]))
def test_runs_hold_every_line_once_and_in_order(blocks: list[list[bytes]], name: bytes) -> None:
    rest = iter([line for block in blocks for line in block])
    gathered = list(event_log.runs(map(b"\n".join, blocks), name))
    for part in gathered:
        if isinstance(part, bytes):
            assert part == next(rest)
            assert not is_event(part, name)
            continue
        assert part
        for field in part:
            line = next(rest)
            assert is_event(line, name)
            assert event_log.split(line)[3] == field
    assert list(rest) == []


@given(st.lists(LINE, min_size=1, max_size=12))
def test_in_a_block_all_is_gathered_that_follows_one_another(lines: list[bytes]) -> None:
    gathered = event_log.runs([b"\n".join(lines)], b"a")
    alike = pairwise(gathered)
    assert not any(isinstance(one, list) and isinstance(other, list) for one, other in alike)


@given(
    MILLISECONDS,
    st.lists(
        st.tuples(IDS, DATA.map(lambda data: data.replace(b"\n", b""))), min_size=1, max_size=9
    ),
)
def test_many_events_are_written_as_each(ms: int, events: list[tuple[bytes | None, bytes]]) -> None:
    ids, datas = zip(*events, strict=True)
    each = [event_log.event_line(ms, b"a", event_id, data) for event_id, data in events]
    assert event_log.event_lines(ms, b"a", ids, datas) == b"".join(each)


# --- Fingerprints --------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=9).map(lambda data: data.replace(b"\n", b"")), min_size=1))
def test_many_events_have_the_fingerprint_of_each(fields: list[bytes]) -> None:
    each, many = event_log.Fingerprint(), event_log.Fingerprint()
    for field in fields:
        each.event(wire.LOG, field)
    many.events(wire.LOG, fields)
    assert many.value == each.value


def test_only_an_end_that_tells_of_another_fingerprint_is_damage() -> None:
    fingerprint = event_log.Fingerprint()
    fingerprint.event(wire.LOG, b"{}")
    fingerprint.check(event_log.Note("end", {"fingerprint": fingerprint.value}))
    fingerprint.check(event_log.Note("end", {}))
    fingerprint.check(event_log.Note("open", {"fingerprint": 1}))
    with pytest.raises(event_log.DamagedLogError):
        fingerprint.check(event_log.Note("end", {"fingerprint": fingerprint.value + 1}))
