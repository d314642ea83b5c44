"""The frame decoder, compared with the standard, and with httpx-sse where that follows it."""

import tracemalloc
from collections.abc import Sequence
from itertools import cycle, pairwise

import pytest
from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import given
from hypothesis import strategies as st

from reportgen.following.sse import Frame, FrameDecoder


def decode(*chunks: bytes, limit: int = 1000) -> list[Frame]:
    decoder = FrameDecoder(limit)
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    return frames + decoder.close()


def test_a_carriage_return_ends_the_frame_before_the_next_byte_comes() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(b"data: 1\r\n\r") == [Frame(b"message", b"1")]
    assert decoder.feed(b"\ndata: 2\n\n") == [Frame(b"message", b"2")]


@pytest.mark.parametrize(
    ("line", "retry"),
    [
        (b"retry: 3000", 3000),
        (b"retry: -5", None),
        (b"retry: 1.5", None),
        (b"retry:", None),
        (b"retry: +5", None),
        (b"retry: 1e3", None),
        (b"retry: 0000000000005", 5),
        (b"retry: " + b"0" * 3000, 0),
        (b"retry: " + b"9" * 5000, 999_999_999_999),
    ],
)
def test_retry(line: bytes, retry: int | None) -> None:
    decoder = FrameDecoder(10_000)
    decoder.feed(line + b"\n\n")
    assert decoder.retry == retry


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_retry_counts_at_its_lines_end(size: int) -> None:
    decoder = FrameDecoder()
    for stream, retry in [
        (b"data: 1\nretry: 70", None),
        (b"0\n", 700),
        (b"retry: 5x\nretry: 80\r", 80),
        (b"\nretry: 90", 80),
    ]:
        for at in range(0, len(stream), size):
            decoder.feed(stream[at : at + size])
        assert decoder.retry == retry
    decoder.close()


@pytest.mark.parametrize(
    ("stream", "last_id"),
    [
        (b"", None),
        (b"data: 1\n\n", None),
        (b"id: 1\n\n", b"1"),
        (b"id: 1\n\nid\n\n", b""),
        (b"id: 1\n\nid\n", b"1"),
        (b"id: 1\nevent: training.log\ndata: {}\n\n", b"1"),
        (b"id\n\nevent: training.log\ndata: {}\n\n", b""),
        (b"id\n\n" + b"event: training.log\ndata: {}\nid: 2\n\n" * 3, b"2"),
        (b"id: 1\n\nid: 2\0\n\n", b"1"),
    ],
)
def test_the_last_id_counts_without_an_event(stream: bytes, last_id: bytes | None) -> None:
    decoder = FrameDecoder()
    decoder.feed(stream)
    decoder.close()
    assert decoder.last_id == last_id


# --- Frames over the limit ---------------------------------------------------------------------


def test_a_frame_of_the_limit_is_accepted_and_one_over_it_skipped() -> None:
    most = b"data: " + b"x" * 94
    assert decode(most + b"\n\n", limit=100) == [Frame(b"message", b"x" * 94)]
    over = decode(b"event: a\nid: 3\n" + most + b"\n\ndata: 1\n\n", limit=100)
    assert over == [Frame(b"a", b"", b"3", over_limit=True), Frame(b"message", b"1")]


@pytest.mark.parametrize("size", [1, 5, 64])
def test_name_and_id_after_oversized_data_still_count(size: int) -> None:
    stream = b"data: " + b"x" * 300 + b"\nevent: a\nid: 9\n\ndata: 1\n\n"
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert decode(*chunks, limit=100) == [
        Frame(b"a", b"", b"9", over_limit=True),
        Frame(b"message", b"1"),
    ]


def test_an_endless_frame_is_reported_when_the_connection_ends() -> None:
    decoder = FrameDecoder(1000)
    frames = decoder.feed(b"event: training.log\ndata: ")
    for _ in range(1000):
        frames += decoder.feed(b"x" * 100)
    assert frames == []
    assert decoder.close() == [Frame(b"training.log", b"", over_limit=True)]
    assert decoder.close() == []


def test_an_endless_comment_is_not_an_event() -> None:
    assert decode(b"event: a\n:", *[b"x" * 100] * 50, b"\n\ndata: 1\n\n") == [
        Frame(b"message", b"1")
    ]


@pytest.mark.parametrize(
    "line",
    [b": comment\n", b":\n", b"foo: 1\n", b" data: 1\n", b"DATA: 1\n", b"datum\n", b"idea:1\n"],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_comments_and_unknown_fields_do_not_count(line: bytes, size: int) -> None:
    stream = line * 30 + b"event: a\n" + line * 30 + b"data: 1\n" + line * 30 + b"id: 2\n\n"
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert decode(*chunks, limit=22) == [Frame(b"a", b"1", b"2")]
    assert decode(*chunks, limit=21) == [Frame(b"a", b"", b"2", over_limit=True)]


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_no_part_of_the_dropped_data_is_read_as_a_field(size: int) -> None:
    stream = b"id: 1\ndata: " + b"id: 7 event: b " * 20 + b"\nevent: a\n\n"
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert decode(*chunks, limit=60) == [Frame(b"a", b"", b"1", over_limit=True)]


ENDLESS = {
    "a comment": b": " + b"x" * 62,
    "comments": b":\n" * 32,
    "an unknown field": b"foo: " + b"x" * 59,
    "a line": b"data: " + b"x" * 58,
    "lines": b"data: x\n" * 8,
    "empty lines": b"data:\n" * 10,
    "names": b"event: x\n" * 7,
    "a name": b"event: " + b"x" * 57,
    "an id": b"id: " + b"x" * 60,
    "reconnection times": b"retry: 1\n" * 7,
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("size", [2, 1000])
def test_what_is_held_of_an_unfinished_frame(name: str, size: int) -> None:
    start, rest = ENDLESS[name][:8], ENDLESS[name][8:] or ENDLESS[name]
    whole = start + rest * ((1_600_000 if size > 2 else 60_000) // len(rest))
    decoder = FrameDecoder()
    tracemalloc.start()
    try:
        for at in range(0, len(whole), size):
            assert decoder.feed(whole[at : at + size]) == []
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        decoder.close()
    assert held < 1_500_000


# --- Against httpx-sse -------------------------------------------------------------------------

PLAIN_FRAMES = [
    ["event: training.log", "data: {}", ""],
    ["id: 7", "event: training.log", "data: {}", ""],
    ["event: training.log", "data: {}", "id: 8", ""],
    ["id: 7", "event: training.log", "data: ", "id: 8", ""],
    ["id:7", "event:training.log", "data:{}", ""],
    ["event:training.log", "data:  {}", "id:  8", ""],
    ["id: ", "event: training.log", "data:", "id:", ""],
]
LINE = st.one_of(
    st.sampled_from(
        [
            "data",
            "data:",
            "data: ",
            "event: training.log",
            "event:",
            "id: 1",
            "id:",
            "id",
            ":",
            ": c",
        ]
    ),
    st.builds(
        "{}:{}".format,
        st.sampled_from(["data", "event", "id", "retry", "x", "dat", ""]),
        st.text(
            st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=8
        ),
    ),
)
LINES = st.lists(LINE.map(lambda line: [line]) | st.just([""]) | st.sampled_from(PLAIN_FRAMES))
STREAM = LINES.flatmap(
    lambda parts: st.tuples(
        st.just([line for part in parts for line in part]),
        st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1, max_size=3),
    )
).map(lambda drawn: "".join(map("".join, zip(drawn[0], cycle(drawn[1])))).encode())


def chunked(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


def by_httpx_sse(stream: bytes) -> list[tuple[str, str]]:
    """Return httpx-sse's events for the whole text, corrected where the standard differs."""
    text = stream.decode().removeprefix("\ufeff")
    lines, decoder = SSELineDecoder(), SSEDecoder()
    events: list[tuple[str, str]] = []
    has_data = False
    for line in [*lines.decode(text), *lines.flush()] if text else []:
        event = decoder.decode(line)
        if event is not None and has_data:
            events.append((event.event, event.data))
        has_data = bool(line) and (has_data or line.partition(":")[0] == "data")
    return events


@given(STREAM, st.lists(st.integers(0, 2000), max_size=12))
def test_agrees_with_httpx_sse_in_any_chunks(stream: bytes, cuts: list[int]) -> None:
    frames = decode(*chunked(stream, cuts), limit=100_000)
    assert [(f.name.decode(), f.data.decode()) for f in frames] == by_httpx_sse(stream)


@pytest.mark.parametrize(
    "between",
    [
        b": comment\n\n",
        b"retry: 5\n",
        b"id: 9\n\n",
        b"id: 9\n",
        b"id: 9\0\n",
        b"id:\n",
        b"event:x\n",
        b"data: more\n",
        b"\n",
        b"\n\n",
        b"event: x\n\n",
        b"event: y\ndata:z\n\n",
        b"event: \ndata: z\n\n",
        b"event: x\ndata: y\nid: \n\n",
        b"event: x\ndata: y\nid: 1\nid: 2\n\n",
        b"data: y\nevent: x\n\n",
        b"id: 9\n\nid: \n\n",
        b"id: 9\n\nevent: x\ndata: y\n\n: id: 1\n",
        b"event: training.log2\ndata: y\n\n",
        b"data: event: training.log\ndata: {}\n\n",
        b"event: training.log\ndata: y\nid: 9\0\n\n",
        b"event: training.log\ndata: y\nid: 9\nretry: 5\n\n",
        b"event: training.log\ndata:y\n\nevent: training.log\n\n",
    ],
)
@pytest.mark.parametrize(
    "fields",
    [
        "event: training.log\ndata: {}",
        "id: 1\nevent: training.log\ndata: {}",
        "event: training.log\ndata: {}\nid: 2",
        "id: 1\nevent: training.log\ndata: {}\nid: 2",
        "id: 1\nevent: a\ndata: {}",
    ],
)
def test_frames_between_plain_ones_are_read_as_if_alone(fields: str, between: bytes) -> None:
    plain = fields.encode() + b"\n\n"
    stream = plain * 2 + between + plain * 3
    alone = one_by_one(stream)
    for cut in range(len(stream)):
        assert decode(stream[:cut], stream[cut:]) == alone


def test_adjacent_logs_are_returned_together() -> None:
    logs = b"".join(b"id: %d\nevent: training.log\ndata: {}\n\n" % number for number in range(9))
    parts = FrameDecoder().parts(b": hello\n\n" + logs + b"data: 1\n\n" + logs)
    assert [part if isinstance(part, Frame) else len(part.datas) for part in parts] == [
        9,
        Frame(b"message", b"1"),
        9,
    ]


def one_by_one(stream: bytes, limit: int = 1000) -> list[Frame]:
    return decode(*[stream[at : at + 1] for at in range(len(stream))], limit=limit)


@given(STREAM, st.lists(st.integers(0, 2000), max_size=4))
def test_frames_do_not_depend_on_how_many_come_at_once(stream: bytes, cuts: list[int]) -> None:
    assert decode(*chunked(stream, cuts), limit=30) == one_by_one(stream, limit=30)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_bytes_in_any_chunks_give_the_same_frames(stream: bytes, cuts: list[int]) -> None:
    assert decode(*chunked(stream, cuts), limit=50) == decode(stream, limit=50)
