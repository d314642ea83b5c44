"""The ticks of an axis of time: round, few, and true in every zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.charts.time_axis import time_ticks

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "America/Sao_Paulo")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "zone", "labels"),
    [
        ("2026-05-01T09:00:00", "2026-05-01T09:00:00", "UTC", "09:00:00"),
        ("2026-05-01T09:00:00", "2026-05-01T09:00:00.5", "UTC", "09:00:00"),
        ("2026-05-01T09:00:00.2", "2026-05-01T09:00:03.5", "UTC", "09:00:01|09:00:02|09:00:03"),
        ("2026-04-30T23:59:59", "2026-05-01T00:00:00", "UTC", "04-30 23:59:59|05-01 00:00:00"),
        ("2026-05-01T09:00:03", "2026-05-01T10:31:40", "UTC", "09:30|10:00|10:30"),
        ("2026-05-01T09:00:03", "2026-05-01T10:31:40", "Asia/Kathmandu", "15:00|15:30|16:00"),
        ("2026-05-01T20:00", "2026-05-04T03:31:40", "UTC", "05-02|05-03|05-04"),
        ("2025-12-30T20:00", "2026-01-02T03:31", "UTC", "2025-12-31|2026-01-01|2026-01-02"),
        ("2025-05-01T20:00", "2026-01-13T03:31", "UTC", "2025-07|2025-09|2025-11|2026-01"),
        ("1970-01-01T00:00", "2026-05-01T00:00", "UTC", "1970|1980|1990|2000|2010|2020"),
        ("0001-01-01", "9999-12-31", "America/New_York", "0001|2000|4000|6000|8000"),
        ("0001-01-01T00:00", "0001-01-01T00:10", "America/New_York", "00:00:00|00:10:00"),
        ("9999-12-28T23:00", "9999-12-31T23:59", "Asia/Tokyo", "12-30|12-31"),
    ],
)
def test_ticks_are_at_round_times(start: str, end: str, zone: str, labels: str) -> None:
    ticks = time_ticks(utc(start), utc(end), ZoneInfo(zone))
    assert [label for _, label in ticks] == labels.split("|")


@pytest.mark.parametrize(
    ("start", "end", "zone", "ticks"),
    [
        # Clocks are set back from 3:00 to 2:00, at 1:00 UTC.
        (
            "2026-10-25T00:00",
            "2026-10-25T02:30",
            "Europe/Berlin",
            [("00:00", "02:00 +02:00"), ("01:00", "02:00 +01:00"), ("02:00", "03:00")],
        ),
        # They skip the hour from 2:00 to 3:00.
        (
            "2026-03-29T00:20",
            "2026-03-29T01:20",
            "Europe/Berlin",
            [("00:30", "01:30"), ("00:45", "01:45"), ("01:00", "03:00"), ("01:15", "03:15")],
        ),
        # The day started at 1:00, since midnight was skipped.
        (
            "2018-11-02T20:00",
            "2018-11-06T01:00",
            "America/Sao_Paulo",
            [("03:00", "11-03"), ("03:00", "11-04"), ("02:00", "11-05")],
        ),
    ],
)
def test_a_change_of_clocks(start: str, end: str, zone: str, ticks: list[tuple[str, str]]) -> None:
    found = time_ticks(utc(start), utc(end), ZoneInfo(zone))
    assert [(f"{time:%H:%M}", label) for time, label in found] == ticks


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - in UTC, below
    st.floats(0, 1e9).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from(ZONES),
)
@settings(deadline=None)
def test_ticks_are_within_the_axis_in_order_and_fit(
    start: datetime, length: timedelta, zone: str
) -> None:
    first, last = start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + length
    ticks = time_ticks(first, last, ZoneInfo(zone))
    times, labels = [time for time, _ in ticks], [label for _, label in ticks]
    assert 1 <= len(ticks) <= 8
    assert len(set(labels)) == len(labels)
    assert times == sorted(times)
    assert all(first <= time <= last for time in times)
    assert sum(map(len, labels)) <= 40
