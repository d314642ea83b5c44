"""Durations, times and statuses as pages show them."""

import html
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportgen.report.wording import Moment, badge, clock_times, moment, short, size
from tests import samples
from tests.pages.render import (
    LOOKS,
    Page,
    home,
    job,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0s"), (4.25, "4.2s"), (803.9, "13m 23s"), (3909.0, "1h 05m 09s")],
)
def test_durations(seconds: float, text: str) -> None:
    detail = samples.detail(samples.summary(duration_seconds=seconds))
    assert f"Duration {text} " in Page(job(detail)).text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "—"),
        (0.0, "0"),
        (0.7523845350237318, "0.7524"),
        (-1234.5678, "-1235"),
        (58760.0, "58760"),
        (0.0002, "2e-4"),
        (-0.00019996, "-2e-4"),
        (0.001, "0.001"),
        (1234567.0, "1234567"),
        (1234567.8, "1.235e6"),
        (1e37, "1e37"),
        (5e-324, "4.941e-324"),
        (math.nan, "NaN"),
    ],
)
def test_short_numbers(number: float | None, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (112_638, "113 kB"), (41_943_040, "41.9 MB")],
)
def test_sizes(length: float, text: str) -> None:
    assert size(length) == text


def test_a_clock_time_that_comes_twice_carries_its_offset() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    hours = [f"2026-10-25T{hour:02}:30:00Z" for hour in range(3)]
    assert clock_times(hours, berlin) == ["02:30:00 +02:00", "02:30:00 +01:00", "03:30:00"]
    shown = moment(hours[0], berlin)
    assert shown
    assert shown.text == "2026-10-25 02:30:00 +02:00 CEST"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "2026-05-01 09:00:00 UTC"),
        ("Europe/Berlin", "2026-05-01 11:00:00 CEST"),
        ("Asia/Kathmandu", "2026-05-01 14:45:00 +0545"),
    ],
)
def test_times_are_shown_in_the_zone_asked_for(zone: str, text: str) -> None:
    shown = moment("2026-05-01T09:00:00.000Z", ZoneInfo(zone))
    assert shown == Moment("2026-05-01T09:00:00Z", text)
    assert f'<time datetime="2026-05-01T09:00:00Z">{html.escape(text)}</time>' in home(
        looks=replace(LOOKS, timezone=ZoneInfo(zone))
    )


@example(datetime.min.replace(tzinfo=UTC), "Etc/GMT+12")
@example(datetime.max.replace(tzinfo=UTC), "Pacific/Kiritimati")
@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12"]))
@settings(deadline=None)
def test_any_time_can_be_shown(time: datetime, zone: str) -> None:
    shown = moment(time, ZoneInfo(zone))
    assert shown
    another_day = f"{2001 if time.year == 2000 else 2000}-06-15T12:00:00Z"
    with_date, _ = clock_times([time.isoformat(), another_day], ZoneInfo(zone))
    assert with_date == shown.text.rpartition(" ")[0]
    assert clock_times([time.isoformat()], ZoneInfo(zone)) == [with_date.partition(" ")[2]]
    assert shown.iso == f"{time.replace(microsecond=0, tzinfo=None).isoformat()}Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown.iso)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+", shown.text)


@pytest.mark.parametrize(
    ("status", "css"),
    [
        ("completed", "status-completed"),
        ("paused", "status-paused"),
        ("Waiting for GPU", "status-waiting-for-gpu"),
        ("completed!", "status-other"),
        ("失敗", "status-other"),
        ('x" onclick="y', "status-x-onclick-y"),
    ],
)
def test_a_status_makes_a_safe_class(status: str, css: str) -> None:
    assert badge(status).css == css


@given(st.text(min_size=1))
@settings(deadline=None)
def test_any_status_makes_a_safe_class(status: str) -> None:
    assert re.fullmatch(r"status-[a-z0-9]+(-[a-z0-9]+)*", badge(status).css)
