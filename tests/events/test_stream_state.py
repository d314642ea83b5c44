"""The state of a stream, from the records of its log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.events import wire
from reportgen.events.event_log import (
    Broke,
    DamagedLogError,
    Ended,
    Events,
    Opened,
    OverLimitEvents,
    Record,
    RunStarted,
)
from reportgen.events.stream_state import StreamState


def state_of(*records: Record) -> StreamState:
    state = StreamState()
    for record in records:
        state.learn(record)
    return state


def event(name: bytes, data: bytes = b"{}") -> Events:
    return Events.of(1, name, [None], [data])


RUN, OPEN, BREAK, LOG = RunStarted(), Opened(), Broke(), event(wire.LOG)


def test_a_stream_is_complete_until_something_new_comes() -> None:
    read = (RUN, OPEN, LOG, Ended("complete"))
    assert state_of(*read).is_complete
    assert state_of(*read, RUN, OPEN, event(wire.PING), BREAK).outcome == ("complete", None)
    assert state_of(*read, RUN, Ended("unavailable", "gone")).outcome == ("complete", None)
    went_on = state_of(*read, RUN, LOG)
    assert not went_on.is_complete
    assert went_on.outcome[0] == "interrupted"
    ended = state_of(*read, RUN, LOG, Ended("caught-up"))
    assert ended.outcome == ("caught-up", "unknown")


def test_a_stream_that_was_never_opened_is_not_complete() -> None:
    assert not state_of().is_complete
    assert state_of().outcome == ("unavailable", "not read yet")
    assert not state_of(RUN).is_complete


@pytest.mark.parametrize("over_limit", [False, True])
def test_the_last_terminal_event_counts_unless_the_job_was_started_after_it(
    *, over_limit: bool
) -> None:
    def came(name: bytes, time: bytes) -> Events:
        if over_limit:
            return OverLimitEvents.at(1, name, None, "too large")
        return event(name, b'{"timestamp":\n"2026-05-0%bT00:00:00Z"}' % time)

    records = [came(wire.STARTED, b"1"), came(wire.FAILED, b"2"), came(wire.COMPLETED, b"3")]
    state = state_of(*records)
    time = None if over_limit else "2026-05-03T00:00:00Z"
    assert (state.started, state.ended_as, state.ended_at) == (True, "completed", time)
    again = state_of(*records, LOG, came(wire.STARTED, b"4"))
    assert (again.started, again.ended_as, again.ended_at) == (True, None, None)
    assert again.events == 5


@given(st.lists(st.binary(max_size=9).map(lambda data: data.replace(b"\n", b"")), min_size=1))
def test_many_events_have_the_fingerprint_of_each(datas: list[bytes]) -> None:
    many = state_of(Events.of(1, wire.LOG, [None] * len(datas), datas))
    each = state_of(*(event(wire.LOG, data) for data in datas))
    assert (many.fingerprint, many.events) == (each.fingerprint, each.events)


def test_only_an_end_with_another_fingerprint_is_damage() -> None:
    fingerprint = state_of(LOG).fingerprint
    state_of(LOG, Ended("complete", fingerprint=fingerprint))
    state_of(LOG, event(wire.PING), RUN, Ended("complete", fingerprint=fingerprint))
    state_of(LOG, Ended("complete"))
    with pytest.raises(DamagedLogError):
        state_of(LOG, Ended("complete", fingerprint=fingerprint + 1))
    with pytest.raises(DamagedLogError):
        state_of(LOG, LOG, Ended("complete", fingerprint=fingerprint))
    with pytest.raises(DamagedLogError):
        state_of(
            OverLimitEvents.at(1, wire.LOG, None, "x"), Ended("complete", fingerprint=fingerprint)
        )
