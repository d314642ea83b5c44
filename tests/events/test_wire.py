"""What servers send, read as a browser would, and nothing that makes the reader fail."""

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.events import wire
from reportgen.text import javascript
from reportgen.text.javascript import NotJSON, Object, as_double, decode_object
from reportgen.text.times import parse_time

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
def test_valid_json(data: bytes, value: Any) -> None:
    assert javascript.decode(data) == value


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xef\xbb\xbf{}", b"01", b"{'a':1}", b"nan", b"[1,]", b"\x00", b"[" + DEEP + b"]",
     b"[" * 100_000, b'"\x01"', b'\xc2\xa0"\\ud800"', b'"\\ud800"\x0c', b"1."],
)  # fmt: skip
def test_invalid_json(data: bytes) -> None:
    with pytest.raises(NotJSON):
        javascript.decode(data)


def test_sixty_four_levels_are_accepted() -> None:
    assert javascript.decode(DEEP) is not None
    assert not javascript.is_deep(DEEP)
    assert javascript.is_deep(b"[" + DEEP + b"]")


def test_a_huge_integer_is_infinite() -> None:
    log = wire.decode_log(b'{"step":1,"loss":' + b"9" * 5000 + b"}")
    assert log is not None
    assert wire.metric(log.loss) == math.inf


def test_a_log_nested_too_deep_is_refused() -> None:
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
    assert as_double(10**400) == math.inf
    assert as_double(-(10**400)) == -math.inf


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
    assert repr(javascript.decode(json.dumps(value).encode())) == repr(
        json.loads(json.dumps(value))
    )


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_event_data_raises(data: bytes) -> None:
    wire.decode_log(data)
    wire.decode_event(data)
    wire.usable(wire.LOG, data)
    wire.usable(wire.FAILED, data)


FIELDS = ("step", "loss", "timestamp", "x")
DOCUMENTS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3).map(json.dumps)


PUT = ("", '"', "\\", "\\q", "\x01", "\n", "0", "-", ".", "e", ",", "]", "}")


@st.composite
def nearly_json(draw: st.DrawFn) -> bytes:
    """Return an object's text with one place overwritten, which is mostly not JSON any more."""
    text = draw(DOCUMENTS)
    at = draw(st.integers(0, len(text)))
    put = draw(st.sampled_from(PUT))
    return (text[:at] + put + text[at + draw(st.integers(0, 2)) :]).encode()


@given(nearly_json())
def test_json_is_checked_in_every_field_even_in_unused_ones(data: bytes) -> None:
    """Python's own decoder is as strict as a browser's, and knows the three bare words."""
    try:
        expected = json.loads(data)
    except ValueError:
        expected = None
    is_object = isinstance(expected, dict)
    log, event = wire.decode_log(data), wire.decode_event(data)
    assert (log is not None, event is not None) == (is_object, is_object)
    assert repr(decode_object(data)) == repr(expected if is_object else None)
    if log is not None and event is not None:
        assert repr(log.step) == repr(expected.get("step", msgspec.UNSET))
        assert repr(event.timestamp) == repr(expected.get("timestamp"))


@pytest.mark.parametrize(
    "data",
    [b'{"step":1,"x":%s}' % x for x in (
        b'"\\q"', b'"\x01"', b'"\\u12"', b"01", b"1.", b".5", b"+1", b"0x1", b"1e", b"tru", b"-",
        b"[1,]", b'{"a":1,}', b"{1:2}", b"nan", b"undefined", b"'a'", b'"a\tb"', b"1 2",
    )],
)  # fmt: skip
def test_invalid_json_in_an_unused_field_makes_the_event_unusable(data: bytes) -> None:
    assert wire.decode_log(data) is None
    assert wire.decode_event(data) is None
    assert not wire.usable(wire.LOG, data)


@pytest.mark.parametrize(
    "x", [b'"\\ud800"', b'"\xff"', b"1e999", b"NaN", b"[-Infinity]", b"9" * 5000, b'"\\u0000"']
)
def test_values_that_browsers_accept_do_no_harm_in_unused_fields(x: bytes) -> None:
    log = wire.decode_log(b'{"st\\u0065p":1,"x":%s,"loss":2}' % x)
    assert log is not None
    assert (log.step, log.loss, log.evalLoss) == (1, 2, msgspec.UNSET)


@pytest.mark.parametrize("levels", [63, 64, 65])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_sixty_four_levels_wherever_depth_is_limited(levels: int, opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    data = opening * levels + b"0" + closing * levels
    assert javascript.is_deep(data) is (levels > 64)
    inside = b'{"step":1,"x":%s}' % (opening * (levels - 1) + b"0" + closing * (levels - 1))
    assert (wire.decode_log(inside) is None) is (levels > 64)
    assert (wire.decode_event(inside) is None) is (levels > 64)
    if levels > 64:
        with pytest.raises(NotJSON, match="64"):
            javascript.decode(data)
    else:
        assert javascript.decode(data) == json.loads(data)


def test_many_brackets_that_do_not_nest_are_not_deep() -> None:
    flat = b"[" + b",".join([b"[]"] * 1000) + b"]"
    assert javascript.decode(flat) == [[]] * 1000
    quoted = b'{"step":1,"x":"\\"' + b"[" * 500 + b'"}'
    assert wire.decode_log(quoted) is not None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T00:00:00.000Z", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T02:00:00+02:00", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01 00:00", datetime(2026, 5, 1, tzinfo=UTC)),
        (" 2026-05-01T00:00:00.000000123+00:00\n", datetime(2026, 5, 1, tzinfo=UTC)),
        ("20260501T000000Z", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("2026-5-1", None),
        ("2026-02-30", None),
        ("2026-05-01T00:00:60Z", None),
        ("May 1, 2026", None),
        ("1777593600", None),
        ("\ud800", None),
        ("２０２６-05-01", None),
        ("0001-01-01T00:00:00+00:01", None),
        (True, None),
        (["2026-05-01"], None),
        (1777593600, None),
        ("9999-12-31T23:59:59-23:59", None),
        (None, None),
    ],
)
def test_times(text: Any, moment: datetime | None) -> None:
    assert parse_time(text) == moment


def test_a_time_without_a_zone_is_utc_wherever_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert parse_time("2026-05-01 00:00") == datetime(2026, 5, 1, tzinfo=UTC)
    time.tzset()


def test_a_jobs_wrong_fields_count_as_missing() -> None:
    odd: Object = {
        "id": "a",
        "name": 7,
        "status": None,
        "createdAt": "soon",
        "config": [],
        "error": {},
    }
    assert wire.read_job(odd) == wire.Job("a")
    assert wire.read_job({"id": "", "status": ""}) == wire.Job("")
    assert wire.read_job({"id": "a", "name": "", "error": "", "extra": [{}]}) == wire.Job(
        "a", name="", error=""
    )
    assert wire.read_job({"id": "a", "config": {"x": [None]}, "startedAt": 1.5}) == wire.Job(
        "a", config={"x": [None]}
    )
    assert wire.read_job({"id": 7}) is None
    assert wire.read_job({"id": ["a"]}) is None
    assert wire.read_job({}) is None


@pytest.mark.parametrize(
    ("status", "ended"),
    [("queued", False), ("running", False), ("completed", True), ("failed", True),
     ("cancelled", True), ("Completed", False), ("paused", False), (None, False)],
)  # fmt: skip
def test_only_three_statuses_are_an_end(status: str | None, *, ended: bool) -> None:
    assert wire.Job("a", status=status).ended is ended


# --- Many logs at once -------------------------------------------------------------------------

# Pieces of JSON that together could be mistaken for something else.
LOG_DATA = st.one_of(
    st.sampled_from(
        [
            b'{"step":1,"loss":2.5}',
            b'{"step":2}',
            b"{}",
            b"{}{}",
            b"{}\n{}",
            b'{"step":1',
            b'"loss":2}',
            b'{"step":{}',
            b',"loss":2}',
            b'{"x":[1',
            b"2]}",
            b'{"x":"',
            b'"}',
            b'{"x":"}',
            b'{"x":1}"}',
            b"",
            b"[]",
            b"null",
            b" {} ",
            b'{"step":NaN}',
            b'{"x":"\\ud800"}',
            b"\xff",
            b'{"x":"\xff"}',
            b'{"x":' + b"[" * 63 + b"]" * 63 + b"}",
            b'{"x":' + b"[" * 64 + b"]" * 64 + b"}",
        ]
    ),
    VALUES.map(lambda value: json.dumps({"step": 1, "x": value}).encode()),
    st.lists(st.sampled_from([b"{", b"}", b"\n", b'"', b"[", b"]", b"1", b","])).map(b"".join),
)


@given(st.lists(LOG_DATA, max_size=6))
def test_many_logs_are_decoded_as_each_one_is(datas: list[bytes]) -> None:
    # By their text, since NaN equals nothing.
    each = [wire.decode_log(data) for data in datas]
    assert repr(list(wire.decode_logs(datas))) == repr(each)


def test_no_log_among_many_extends_past_its_line() -> None:
    # As many objects as events, although no event is an object.
    assert list(wire.decode_logs([b'{"step":1', b',"loss":2}\n{}'])) == [None, None]


def test_a_log_among_many_that_is_nested_too_deep_is_refused() -> None:
    deep = b'{"x":' + b"[" * 64 + b"]" * 64 + b"}"
    fine = b'{"x":' + b"[" * 63 + b"]" * 63 + b"}"
    assert list(wire.decode_logs([deep])) == [None]
    assert [log is None for log in wire.decode_logs([fine, b"{}", deep, fine])] == [
        False,
        False,
        True,
        False,
    ]
