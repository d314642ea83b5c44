"""When we close a stream, and what that means: each rule is a row."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.following.deadlines import (
    Close,
    Connection,
    JobFacts,
    closing,
    last_retry_at,
)
from reportgen.settings import Following

SETTLE, STALL = 2.0, 90.0
NEVER = math.inf


def running(**facts: float | bool) -> JobFacts:
    return JobFacts("running", **facts)  # type: ignore[arg-type]


def cancelled(at: float = 50) -> JobFacts:
    return JobFacts("cancelled", cancelled_at=at)


def bounds(settle: float, stall: float, waiting_ends: float = NEVER) -> tuple[Following, float]:
    """Return the limits that apply to a connection."""
    following = Following(
        max_wait=NEVER,
        settle=settle,
        stall_timeout=stall,
        retries=8,
        concurrency=16,
        refresh=False,
    )
    return following, waiting_ends


def open_at(at: float, *, event: float | None = None, byte: float | None = None) -> Connection:
    """Return a connection that was requested and opened at this time, and its last arrivals."""
    return Connection(at, at, byte if byte is not None else (event or at), event)


UNANSWERED = Connection(requested_at=100)
SILENT = open_at(100)
WITH_EVENT = open_at(100, event=110)
COMPLETED = JobFacts("completed")

ROWS = [
    # The request is not answered: wait for as long as a stall, whatever the job.
    (UNANSWERED, running(), NEVER, 190, Close.NO_ANSWER),
    (UNANSWERED, COMPLETED, NEVER, 190, Close.NO_ANSWER),
    (UNANSWERED, cancelled(), NEVER, 190, Close.NO_ANSWER),
    (UNANSWERED, running(terminal=True), NEVER, 190, Close.NO_ANSWER),
    # … and no longer than a settle once waiting is over, or half a minute.
    (UNANSWERED, running(), 50, 102, Close.WAITED),
    (UNANSWERED, running(), 150, 150, Close.WAITED),
    (UNANSWERED, running(), 195, 190, Close.NO_ANSWER),
    (UNANSWERED, COMPLETED, 50, 130, Close.WAITED),
    (UNANSWERED, COMPLETED, 150, 150, Close.WAITED),
    # A job that has not ended: any byte counts, and a ping is bytes.
    (SILENT, running(), NEVER, 190, Close.STALLED),
    (SILENT, JobFacts("queued"), NEVER, 190, Close.STALLED),
    (SILENT, JobFacts(None), NEVER, 190, Close.STALLED),
    (SILENT, JobFacts("resting"), NEVER, 190, Close.STALLED),
    (open_at(100, byte=150), running(), NEVER, 240, Close.STALLED),
    (open_at(100, event=110, byte=150), running(), NEVER, 240, Close.STALLED),
    # A job that has ended according to the list: pings do not count.
    (SILENT, COMPLETED, NEVER, 190, Close.SILENT),
    (SILENT, JobFacts("failed"), NEVER, 190, Close.SILENT),
    (open_at(100, byte=150), COMPLETED, NEVER, 190, Close.SILENT),
    (open_at(100, event=110, byte=150), COMPLETED, NEVER, 200, Close.SILENT),
    # After the terminal event a settle of quiet ends it, whatever the list says, despite pings.
    (WITH_EVENT, running(terminal=True), NEVER, 112, Close.READ),
    (WITH_EVENT, JobFacts("completed", terminal=True), NEVER, 112, Close.READ),
    (open_at(100, event=110, byte=111), running(terminal=True), NEVER, 112, Close.READ),
    (SILENT, running(terminal=True), NEVER, 102, Close.READ),
    # Cancelled: quiet since both the connection's first event and the list that said so.
    (WITH_EVENT, cancelled(), NEVER, 112, Close.READ),
    (open_at(100, event=110, byte=140), cancelled(), NEVER, 112, Close.READ),
    (WITH_EVENT, cancelled(111), NEVER, 113, Close.READ),
    (WITH_EVENT, cancelled(150), NEVER, 152, Close.READ),
    # … or, without any event, for as long as a stall.
    (SILENT, cancelled(), NEVER, 190, Close.READ),
    (open_at(100, byte=150), cancelled(), NEVER, 190, Close.READ),
    # Waiting is over: a settle of quiet.
    (WITH_EVENT, running(), 50, 112, Close.WAITED),
    (WITH_EVENT, running(), 111, 112, Close.WAITED),
    (WITH_EVENT, running(), 150, 150, Close.WAITED),
    (open_at(100, event=110, byte=140), running(), 50, 112, Close.WAITED),
    (WITH_EVENT, COMPLETED, 50, 112, Close.WAITED),
    # … counted from the request if no event came; half a minute if the job has ended.
    (Connection(100, 101.5, 101.5), running(), 50, 102, Close.WAITED),
    (Connection(100, 101.5, 101.9), running(), 50, 102, Close.WAITED),
    (SILENT, COMPLETED, 50, 130, Close.WAITED),
    (SILENT, COMPLETED, 150, 150, Close.WAITED),
    (SILENT, cancelled(), 50, 130, Close.WAITED),
    # A stream that is never quiet.
    (open_at(100, event=1000), running(), 200, 220, Close.CUT),
    (open_at(100, event=1000), running(), 50, 120, Close.CUT),
    (open_at(100, event=219), running(), 200, 220, Close.CUT),
    (open_at(100, event=217), running(), 200, 219, Close.WAITED),
    (open_at(100, event=1000), COMPLETED, 200, 800, Close.CUT),
    (open_at(100, event=1000), COMPLETED, 50, 700, Close.CUT),
    (open_at(100, event=1000), cancelled(), 50, 700, Close.CUT),
    # The job is no longer listed: waiting is over for it alone, and never later than for all.
    (WITH_EVENT, running(waiting_ends=150), NEVER, 150, Close.WAITED),
    (WITH_EVENT, running(waiting_ends=150), 300, 150, Close.WAITED),
    (WITH_EVENT, running(waiting_ends=300), 150, 150, Close.WAITED),
    (open_at(100, event=1000), running(waiting_ends=200), NEVER, 220, Close.CUT),
    # At the same moment, having drained it says more than that waiting was over.
    (WITH_EVENT, running(terminal=True), 50, 112, Close.READ),
    (WITH_EVENT, cancelled(), 50, 112, Close.READ),
    # … and that waiting was over comes first where it does.
    (WITH_EVENT, cancelled(111), 50, 112, Close.WAITED),
    # Cancelled after a long quiet: quiet counts from the list that said so, and is not a break.
    (open_at(100, event=110, byte=2000), cancelled(2000), NEVER, 2002, Close.READ),
    (open_at(100, byte=2000), cancelled(2000), NEVER, 2090, Close.READ),
]


@pytest.mark.parametrize(("connection", "job", "waiting_ends", "when", "why"), ROWS)
def test_closing(
    connection: Connection, job: JobFacts, waiting_ends: float, when: float, why: Close
) -> None:
    assert closing(connection, job, *bounds(SETTLE, STALL, waiting_ends)) == (when, why)


@pytest.mark.parametrize(("settle", "stall"), [(2, 1), (2, 2), (120, 90)])
def test_after_the_wait_a_stall_counts_as_quiet(settle: float, stall: float) -> None:
    """Otherwise it would be opened again and again."""
    limits = bounds(settle, stall, waiting_ends=50)
    assert closing(SILENT, running(), *limits) == (100 + settle, Close.WAITED)
    assert closing(SILENT, running(), *bounds(settle, stall, 500)) == (100 + stall, Close.STALLED)


def test_a_drained_stream_has_not_broken_however_short_a_stall_is() -> None:
    limits = bounds(settle=2, stall=1)
    assert closing(WITH_EVENT, JobFacts("completed", terminal=True), *limits) == (112, Close.READ)
    assert closing(WITH_EVENT, cancelled(), *limits) == (112, Close.READ)


def test_an_ended_job_that_is_silent_has_half_a_minute_whatever_the_settle() -> None:
    assert closing(SILENT, COMPLETED, *bounds(60, 90, 50)) == (130, Close.WAITED)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_job_has_ended_by_the_list(status: str) -> None:
    assert JobFacts(status).ended


@pytest.mark.parametrize("status", ["queued", "running", "resting", "Completed", "", None])
def test_a_job_has_ended_by_its_terminal_event_alone(status: str | None) -> None:
    assert not JobFacts(status).ended
    assert JobFacts(status, terminal=True).ended


def test_retries_after_the_wait() -> None:
    assert last_retry_at(running(), 100) == 100
    assert last_retry_at(COMPLETED, 100) == 130
    assert last_retry_at(running(terminal=True), 100) == 130
    assert last_retry_at(running(waiting_ends=60), 100) == 60
    assert last_retry_at(JobFacts("failed", waiting_ends=60), 100) == 90
    assert last_retry_at(running(), NEVER) == math.inf
    assert last_retry_at(COMPLETED, NEVER) == math.inf


# --- Whatever the times are ----------------------------------------------------------------------

SECONDS = st.floats(0, 2000)


@st.composite
def connections(draw: st.DrawFn) -> Connection:
    requested, answered, byte, event = sorted(draw(st.tuples(*[SECONDS] * 4)))
    if draw(st.booleans()):
        return Connection(requested, last_byte_at=requested)
    with_event = draw(st.booleans())
    return Connection(requested, answered, event, byte if with_event else None)


@st.composite
def facts(draw: st.DrawFn) -> JobFacts:
    status = draw(st.sampled_from(["queued", "running", "completed", "failed", "cancelled", None]))
    return JobFacts(
        status,
        terminal=draw(st.booleans()),
        cancelled_at=draw(SECONDS) if status == "cancelled" else None,
        waiting_ends=draw(st.just(math.inf) | SECONDS),
    )


@settings(deadline=None)
@given(connections(), facts(), SECONDS, st.floats(0, 60), st.floats(0.1, 300))
def test_after_the_wait_every_connection_is_bounded(
    connection: Connection, job: JobFacts, waiting_ends: float, settle: float, stall: float
) -> None:
    when, _ = closing(connection, job, *bounds(settle, stall, waiting_ends))
    reading_up = 600 if job.ended else 10 * settle
    assert when <= max(waiting_ends, connection.requested_at) + reading_up


@settings(deadline=None)
@given(connections(), facts(), st.floats(0, 60), st.floats(0.1, 300))
def test_without_a_wait_none_is_closed_for_it(
    connection: Connection, job: JobFacts, settle: float, stall: float
) -> None:
    job.waiting_ends = math.inf
    when, why = closing(connection, job, *bounds(settle, stall))
    assert math.isfinite(when)
    assert why not in {Close.WAITED, Close.CUT}


@settings(deadline=None)
@given(connections(), facts(), st.just(math.inf) | SECONDS)
def test_only_a_stream_that_can_be_drained_is(
    connection: Connection, job: JobFacts, waiting_ends: float
) -> None:
    _, why = closing(connection, job, *bounds(SETTLE, STALL, waiting_ends))
    if why is Close.READ:
        assert connection.opened_at is not None
        assert job.terminal or job.cancelled_at is not None
    if why is Close.STALLED:
        assert not job.ended
    if why is Close.SILENT:
        assert job.ended
