"""When a stream is closed and what that means; when a broken one is opened again."""

import math
from datetime import UTC, datetime

import pytest

from reportgen import retry
from reportgen.deadlines import Bounds, Close, Connection, JobFacts, closing, last_retry_at

SETTLE, STALL = 2.0, 90.0
NEVER = Bounds(SETTLE, STALL)


def running(**facts: float | bool) -> JobFacts:
    return JobFacts("running", **facts)  # type: ignore[arg-type]


def open_at(at: float, *, event: float | None = None, byte: float | None = None) -> Connection:
    return Connection(at, at, byte if byte is not None else (event or at), event)


UNANSWERED = Connection(requested_at=100)
COMPLETED = JobFacts("completed")
CANCELLED = JobFacts("cancelled", cancelled_at=50)


@pytest.mark.parametrize(
    ("connection", "job", "waiting_ends", "when", "why"),
    [
        # An answer is waited for as long as a stall.
        (UNANSWERED, running(), math.inf, 190, Close.NO_ANSWER),
        (UNANSWERED, running(), 50, 102, Close.WAITED),
        (UNANSWERED, running(), 150, 150, Close.WAITED),
        (UNANSWERED, COMPLETED, 50, 130, Close.WAITED),
        # A job that has not ended: only a byte counts, and a ping is bytes.
        (open_at(100), running(), math.inf, 190, Close.STALLED),
        (open_at(100, event=110, byte=150), running(), math.inf, 240, Close.STALLED),
        # One that has: pings do not count.
        (open_at(100, event=110, byte=150), COMPLETED, math.inf, 200, Close.SILENT),
        (open_at(100, byte=150), COMPLETED, math.inf, 190, Close.SILENT),
        # After the terminal event a settle of quiet ends it.
        (open_at(100, event=110), running(terminal=True), math.inf, 112, Close.READ),
        (open_at(100), running(terminal=True), math.inf, 102, Close.READ),
        # Cancelled: quiet after the first event and after the reading that said so.
        (open_at(100, event=110), CANCELLED, math.inf, 112, Close.READ),
        (
            open_at(100, event=110),
            JobFacts("cancelled", cancelled_at=150),
            math.inf,
            152,
            Close.READ,
        ),
        (open_at(100), CANCELLED, math.inf, 190, Close.READ),
        # Waiting is over: a settle of quiet, counted from the request where no event came.
        (open_at(100, event=110), running(), 50, 112, Close.WAITED),
        (open_at(100, event=110), running(), 150, 150, Close.WAITED),
        (open_at(100), running(), 50, 102, Close.WAITED),
        (open_at(100), COMPLETED, 50, 130, Close.WAITED),
        (open_at(100, event=110), COMPLETED, 50, 112, Close.WAITED),
        # A stream that never falls quiet.
        (open_at(100, event=1000), running(), 200, 220, Close.CUT),
        (open_at(100, event=1000), running(), 50, 120, Close.CUT),
        (open_at(100, event=1000), COMPLETED, 200, 800, Close.CUT),
        # The list has lost the job: waiting is over for it alone.
        (open_at(100, event=110), running(waiting_ends=150), math.inf, 150, Close.WAITED),
        # At the same moment, having read it says more.
        (open_at(100, event=110), running(terminal=True), 50, 112, Close.READ),
    ],
)
def test_closing(
    connection: Connection, job: JobFacts, waiting_ends: float, when: float, why: Close
) -> None:
    assert closing(connection, job, Bounds(SETTLE, STALL, waiting_ends)) == (when, why)


def test_retries_past_the_wait() -> None:
    bounds = Bounds(SETTLE, STALL, 100)
    assert last_retry_at(running(), bounds) == 100
    assert last_retry_at(COMPLETED, bounds) == 130
    assert last_retry_at(running(terminal=True), bounds) == 130
    assert last_retry_at(running(), NEVER) == math.inf


@pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 401, 403, 410, 418, 422, 426, 451])
def test_refusals_that_are_final(status: int) -> None:
    assert retry.is_final(status, ended=True)
    assert retry.is_final(status, ended=False)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_refusals_that_are_not(status: int) -> None:
    assert not retry.is_final(status, ended=True)
    assert not retry.is_final(status, ended=False)


def test_a_stream_may_not_be_visible_yet() -> None:
    assert retry.is_final(404, ended=True)
    assert not retry.is_final(404, ended=False)


def test_delays_double_to_a_minute_with_jitter() -> None:
    assert [retry.delay(n, 0.5) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert retry.delay(10**6, 0.5) == 60
    assert (retry.delay(1, 0.0), retry.delay(1, 1.0)) == (0.75, 1.25)
    assert (retry.delay(7, 0.0), retry.delay(7, 1.0)) == (45, 75)


def test_a_server_is_obeyed_where_it_asks_for_longer() -> None:
    assert retry.delay(1, 0.5, 20) == 20
    assert retry.delay(6, 0.5, 20) == 32
    assert retry.delay(1, 0.5, 3600) == 60


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7), (" 7 ", 7), ("Fri, 01 May 2026 00:00:30 GMT", 30),
        ("Fri, 01 May 2020 00:00:00 GMT", 0), ("soon", None), ("-5", None), ("1.5", None),
        ("", None), (None, None), ("9" * 400, 9_999_999_999),
    ],
)  # fmt: skip
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry.retry_after(header, datetime(2026, 5, 1, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(("limit", "failures"), [(1, 1), (0, 1), (3, 3)])
def test_given_up_at_the_nth_failure_in_a_row(limit: int, failures: int) -> None:
    counted = retry.Failures(limit)
    for _ in range(failures):
        assert not counted.too_many
        counted.add("x")
    assert counted.too_many
    counted.forget()
    assert not counted.too_many
