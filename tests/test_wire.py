"""What servers send, read as a browser would, and nothing that makes the reader fall over."""

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen import eventlog, wire
from reportgen.javascript import js_number, js_value
from reportgen.sse import Frame, FrameDecoder

DEEP = b"[" * 64 + b"]" * 64


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b" [1]\n", [1]),
        (b'"\\ud800"', "\ud800"),
        (b'"\xff"', "\ufffd"),
        (b"Infinity", math.inf),
        (b"-Infinity", -math.inf),
        (b"1e999", math.inf),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'"' + b"[" * 500 + b'"', "[" * 500),
    ],
)
def test_json_that_is_taken(data: bytes, value: Any) -> None:
    assert wire.decode(data) == value


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xef\xbb\xbf{}", b"01", b"{'a':1}", b"nan", b"[1,]", b"\x00", b"[" + DEEP + b"]",
     b"[" * 100_000, b'"\x01"', b'\xc2\xa0"\\ud800"', b'"\\ud800"\x0c', b"1."],
)  # fmt: skip
def test_json_that_is_none(data: bytes) -> None:
    with pytest.raises(wire.NotJSON):
        wire.decode(data)


def test_sixty_four_levels_are_taken() -> None:
    assert wire.decode(DEEP) is not None
    assert not wire.is_too_deep(json.loads(DEEP))
    assert wire.is_too_deep(json.loads(b"[" + DEEP + b"]"))


def test_a_huge_integer_is_infinite() -> None:
    log = wire.decode_log(b'{"step":1,"loss":' + b"9" * 5000 + b"}")
    assert log is not None
    assert wire.metric(log.loss) == math.inf


def test_a_log_nested_too_deep_is_none() -> None:
    def nested(inner: bytes) -> wire.LogData | None:
        return wire.decode_log(b'{"step":1,"extra":' + inner + b"}")

    assert nested(DEEP[1:-1]) is not None
    assert nested(DEEP) is None
    assert nested(b'"' + DEEP + b'"') is not None


@pytest.mark.parametrize("data", [b'{"step":1,"step":2}', b'{"step":1,"x":"\\ud800","step":2}'])
def test_of_two_fields_with_one_name_the_last_counts(data: bytes) -> None:
    log, event = wire.decode_log(data), wire.decode_event(data)
    assert log is not None
    assert event is not None
    assert (log.step, event.step) == (2, 2)


def test_numbers_beyond_the_range_keep_their_sign() -> None:
    assert wire.as_double(10**400) == math.inf
    assert wire.as_double(-(10**400)) == -math.inf


@pytest.mark.parametrize(
    ("name", "data", "usable"),
    [
        (wire.LOG, b'{"step":1}', True),
        (wire.LOG, b'{"step":1,"loss":"NaN","evalLoss":null}', True),
        (wire.LOG, b"{}", False),
        (wire.LOG, b'{"step":1,"loss":"nan"}', False),
        (wire.LOG, b'{"step":1,"evalLoss":[]}', False),
        (wire.LOG, b'{"step":NaN,"loss":1}', False),
        (wire.STARTED, b"{}", True),
        (wire.STARTED, b"[]", False),
        (wire.PING, b"{}", False),
        (wire.END, b"{}", False),
        (b"training.paused", b"{}", False),
    ],
)
def test_what_shows_that_a_stream_works(name: bytes, data: bytes, *, usable: bool) -> None:
    assert wire.usable(name, data) is usable


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(VALUES)
def test_whatever_python_writes_is_read_back(value: Any) -> None:
    assert repr(wire.decode(json.dumps(value).encode())) == repr(json.loads(json.dumps(value)))


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_event_data_raises(data: bytes) -> None:
    wire.decode_log(data)
    wire.decode_event(data)
    wire.usable(wire.LOG, data)
    wire.usable(wire.FAILED, data)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T00:00:00.000Z", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T02:00:00+02:00", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01 00:00", datetime(2026, 5, 1, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (1777593600, None),
        ("9999-12-31T23:59:59-23:59", None),
        (None, None),
    ],
)
def test_times(text: Any, moment: datetime | None) -> None:
    assert wire.parse_time(text) == moment


def test_a_time_without_a_zone_is_utc_wherever_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert wire.parse_time("2026-05-01 00:00") == datetime(2026, 5, 1, tzinfo=UTC)
    time.tzset()


def test_a_jobs_wrong_fields_count_as_missing() -> None:
    odd: wire.Object = {
        "id": "a",
        "name": 7,
        "status": None,
        "createdAt": "soon",
        "config": [],
        "error": {},
    }
    assert wire.read_job(odd) == wire.Job("a")
    assert wire.read_job({"id": "", "status": ""}) == wire.Job("")
    assert wire.read_job({"id": 7}) is None
    assert wire.read_job({}) is None


# --- Numbers as JavaScript prints them -----------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.0, "3"), (3, "3"), (0.1, "0.1"), (-0.0, "0"), (1e-7, "1e-7"), (1.5e-7, "1.5e-7"),
        (0.000001, "0.000001"), (1e21, "1e+21"), (1e20, "100000000000000000000"),
        (123456789012345680000, "123456789012345680000"), (5e-324, "5e-324"), (-2.5, "-2.5"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (math.nan, "NaN"),
        (-math.inf, "-Infinity"), (10**400, "Infinity"), (2**53 + 1, "9007199254740992"),
    ],
)  # fmt: skip
def test_numbers(number: float, text: str) -> None:
    assert js_number(number) == text


@settings(deadline=None, max_examples=500)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_is_the_number(number: float) -> None:
    assert float(js_number(number)) == number


def test_texts_print_as_they_are() -> None:
    assert js_value({"é": ["\n", '"', 1.0, True, None]}) == '{"é":["\\n","\\"",1,true,null]}'


@settings(deadline=None)
@given(VALUES)
def test_any_value_prints(value: Any) -> None:
    text = js_value(value)
    assert "\n" not in text
    wire.decode(text.encode("utf-8", "surrogatepass"))


# --- The event log's format ----------------------------------------------------------------------

FIELD = st.binary(max_size=12).filter(lambda text: b"\r" not in text and b"\n" not in text)
IDS = st.none() | FIELD.filter(lambda text: b"\0" not in text)


@settings(deadline=None, max_examples=300)
@given(FIELD, IDS, st.lists(FIELD, min_size=1, max_size=3))
def test_an_event_is_kept_as_it_came_in_no_more_bytes(
    name: bytes, event_id: bytes | None, data_lines: list[bytes]
) -> None:
    data = b"\n".join(data_lines)
    line = eventlog.event_line(123, name, event_id, data)
    assert line.count(b"\n") == 1
    ms, kept_name, kept_id, kept = eventlog.split(line[:-1])
    assert (ms, kept_name, eventlog.data_of(kept)) == (b"123", name, data)
    assert kept_id == (b"" if event_id is None else event_id or eventlog.RESET_ID)
    frame = b"event:" + name + b"\n" + b"".join(b"data:" + part + b"\n" for part in data_lines)
    assert len(line) <= len(frame) + (4 + len(event_id) if event_id is not None else 0) + 1


def test_a_frame_of_the_wire_goes_through() -> None:
    (frame,) = FrameDecoder().feed(b"id: 1\nevent: end\ndata: a\ndata: b\n\n")
    assert frame == Frame(b"end", b"a\nb", b"1")
    line = eventlog.event_line(7, frame.name, frame.id, frame.data)
    assert line == b"7\rend\r1\ra\rb\n"
