"""Which refusals are final, how long to wait, and when to give up a stream."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.sources import retry

NOW = datetime(2026, 5, 1, tzinfo=UTC)
CHANCE = st.floats(0, 1, exclude_max=True)


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 400, 401, 403, 405, 409, 410, 418, 422, 425, 426, 451])
def test_refusals_that_are_final(status: int) -> None:
    assert retry.is_final(status, ended=True)
    assert retry.is_final(status, ended=False)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_redirects_are_final(status: int) -> None:
    assert retry.is_final(status, ended=True)
    assert retry.is_final(status, ended=False)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 521, 599])
def test_refusals_that_are_not(status: int) -> None:
    assert not retry.is_final(status, ended=True)
    assert not retry.is_final(status, ended=False)


def test_the_stream_of_a_job_that_has_not_ended_may_not_be_visible_yet() -> None:
    assert retry.is_final(404, ended=True)
    assert not retry.is_final(404, ended=False)


def test_answers_about_the_token() -> None:
    assert [code for code in range(100, 600) if retry.is_about_the_token(code)] == [401, 403]


def test_a_list_is_requested_again_if_that_can_help() -> None:
    again = [code for code in range(100, 600) if retry.is_worth_another_try(code)]
    assert again == [408, 429, *range(500, 600)]


# --- Delays --------------------------------------------------------------------------------------


def test_delays_double_to_a_minute() -> None:
    assert [retry.delay(n, 0.5) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert retry.delay(10**6, 0.5) == 60


@pytest.mark.parametrize(("failures", "least", "most"), [(1, 0.75, 1.25), (3, 3, 5), (7, 45, 75)])
def test_the_ends_of_the_jitter(failures: int, least: float, most: float) -> None:
    assert (retry.delay(failures, 0.0), retry.delay(failures, 1.0)) == (least, most)


@settings(deadline=None)
@given(st.integers(1, 10**9), CHANCE, st.none() | st.floats(0, 1e9))
def test_every_delay_is_within_a_quarter_of_the_rule_or_as_asked(
    failures: int, chance: float, asked: float | None
) -> None:
    middle = min(60.0, 2.0 ** min(failures - 1, 6))
    wait = retry.delay(failures, chance, asked)
    assert wait >= 0.75 * middle
    assert wait <= max(1.25 * middle, min(asked or 0, 60))
    if asked is not None:
        assert wait >= min(asked, 60)


def test_a_longer_delay_that_a_server_asks_for_is_obeyed() -> None:
    assert retry.delay(1, 0.5, 20) == 20
    assert retry.delay(6, 0.5, 20) == 32
    assert retry.delay(1, 0.5, 60) == 60
    assert retry.delay(1, 0.5, 3600) == 60
    assert retry.delay(1, 0.5, 0) == 1


# --- What a server asks for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7), (" 7 ", 7), ("0", 0), ("007", 7), ("9" * 400, 9_999_999_999),
        ("Fri, 01 May 2026 00:00:30 GMT", 30),
        ("Fri, 01 May 2026 02:00:30 +0200", 30),
        ("Friday, 01-May-26 00:00:30 GMT", 30),
        ("Fri, 01 May 2020 00:00:00 GMT", 0),
        # Nonsense counts as missing.
        ("soon", None), ("-5", None), ("1.5", None), ("1e3", None), ("7 s", None), ("", None),
        ("٣", None), ("²", None), (",", None), ("Fri,", None), ("\0", None), (None, None),
        ("Fri, 01 May 2026 00:00:30", None), ("Fri, 99 May 2026 00:00:30 GMT", None),
        ("Fri, 01 May 2026 00:00:30 +9999999999", None), ("x" * 10_000, None),
        ("Fri, 01 May 99999999999999999999 00:00:30 GMT", None),
    ],
)  # fmt: skip
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry.retry_after(header, NOW) == seconds


@settings(deadline=None)
@given(st.integers(-(10**6), 10**6))
def test_retry_after_a_date(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry.retry_after(date, NOW) == max(0, seconds)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_header_is_read_or_ignored(header: str) -> None:
    seconds = retry.retry_after(header, NOW)
    assert seconds is None or seconds >= 0


# --- Failures in a row ---------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "failures"), [(1, 1), (0, 1), (3, 3), (8, 8)])
def test_given_up_at_the_nth_failure_in_a_row(limit: int, failures: int) -> None:
    counted = retry.Failures(limit)
    for _ in range(failures):
        assert not counted.too_many
        counted.add("x")
    assert counted.too_many


def test_the_count_and_the_delays_start_again_after_something_new() -> None:
    counted = retry.Failures(3)
    for _ in range(100):
        counted.add("first")
        counted.add("second")
        assert counted.delay(lambda: 0.5, None) == 2
        assert not counted.too_many
        counted.forget()
    counted.add("third")
    assert (counted.in_a_row, counted.last) == (1, "third")
    assert counted.delay(lambda: 0.5, None) == 1


def test_a_break_that_is_not_a_failure_waits_like_the_first() -> None:
    assert retry.Failures(8).delay(lambda: 0.5, None) == 1
    assert retry.Failures(8).delay(lambda: 0.0, 30) == 30
