"""Durations, zones, the time and statuses as users write them."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from reportgen import settings
from reportgen.errors import UsageError
from reportgen.settings import Settings

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


# --- Durations -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1h30m", 5400), ("7d", 604_800),
        ("0", 0), ("0.3s", 0.3), (" 90 ", 90), ("1d1h1m1s", 90_061), ("99h", 356_400),
        ("9" * 400, 10_000 * 86_400),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    assert settings.duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "s", "m", "-1", "-1s", "+1", "1w", "1 h", "1h 30m", "30m1h", "1m1m", "1.5h", "1,5",
     "inf", "nan", "1e3", "one", "90ms", "P1D", "1h30m7d",
     "1h30", "1m30", "7d12", "1h0.5", "1h 30", "30h1h", "s1", "90 s"],
)  # fmt: skip
def test_what_is_no_duration_is_told_with_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match="1h30m") as told:
        settings.duration(text)
    assert repr(text) in str(told.value)


@hypothesis_settings(deadline=None)
@given(st.tuples(*[st.none() | st.integers(0, 999)] * 4).filter(any))
def test_the_parts_of_a_duration_add_up(parts: tuple[int | None, ...]) -> None:
    text = "".join(
        f"{number}{unit}" for number, unit in zip(parts, "dhms", strict=True) if number is not None
    )
    days, hours, minutes, seconds = (number or 0 for number in parts)
    whole = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert settings.duration(text) == whole.total_seconds()


# --- Zones ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("UTC", 0),
        ("Europe/Berlin", 2),
        ("Asia/Tokyo", 9),
        ("Etc/GMT+5", -5),
        ("America/Argentina/Buenos_Aires", -3),
    ],
)
def test_zones(name: str, hours: int) -> None:
    zone = settings.timezone(name)
    assert zone.key == name
    assert zone.utcoffset(SUMMER) == timedelta(hours=hours)


@pytest.fixture
def strange_system(tmp_path: Path) -> Iterator[None]:
    """Make the system's own zone data say that Berlin is where Tokyo is."""
    tokyo = resources.files("tzdata.zoneinfo.Asia").joinpath("Tokyo").read_bytes()
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Berlin").write_bytes(tokyo)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("strange_system")
def test_zones_are_the_same_on_every_machine() -> None:
    assert zoneinfo.ZoneInfo("Europe/Berlin").utcoffset(SUMMER) == timedelta(hours=9)
    assert settings.timezone("Europe/Berlin").utcoffset(SUMMER) == timedelta(hours=2)


@pytest.mark.parametrize(
    "name",
    ["", "Berlin", "europe/berlin", "Europe", "Europe/", "/Europe/Berlin", "Europe//Berlin",
     "/etc/passwd", "../../etc/passwd", "..", ".", "./UTC", "Europe/../UTC", "UTC/x",
     "zone.tab", "__init__.py", "Europe.Berlin", "a.b/c", "\0", "UTC\0", "é", "\ud800",
     "x" * 5000, "CEST", "+02:00", "__init__/x", "Europe/__init__/Berlin"],
)  # fmt: skip
def test_what_is_no_zone_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="--timezone"):
        settings.timezone(name)


# --- The time ------------------------------------------------------------------------------------


def test_now_is_what_source_date_epoch_says() -> None:
    epoch = {"SOURCE_DATE_EPOCH": "1777636800"}
    assert settings.now(epoch) == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert settings.now({"SOURCE_DATE_EPOCH": "0"}) == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("environment", [{}, {"SOURCE_DATE_EPOCH": ""}])
def test_now_is_now_where_nothing_is_said(environment: dict[str, str]) -> None:
    before = datetime.now(UTC)
    assert before <= settings.now(environment) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "epoch", ["soon", "1.5", "2026-05-01", "9" * 30, "9" * 5000, "-" + "9" * 30]
)
def test_an_epoch_that_is_none_is_told(epoch: str) -> None:
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        settings.now({"SOURCE_DATE_EPOCH": epoch})


# --- Statuses and defaults -----------------------------------------------------------------------


def test_statuses() -> None:
    assert settings.statuses("failed, running,failed,") == {"failed", "running"}
    assert settings.statuses("resting") == {"resting"}


@pytest.mark.parametrize("words", ["", ",", " , "])
def test_no_status_is_told_with_those_that_there_are(words: str) -> None:
    with pytest.raises(UsageError, match="queued, running, completed, failed, cancelled"):
        settings.statuses(words)


def test_what_is_not_said_is_as_the_readme_tells() -> None:
    default = Settings()
    assert (default.source, default.out, default.snapshot_dir) == (
        "studio", Path("out"), Path(".arkor-report"),
    )  # fmt: skip
    assert (default.settle, default.stall_timeout, default.max_wait) == (2, 90, float("inf"))
    assert (default.retries, default.concurrency, default.log_lines) == (8, 16, 50)
    assert (default.title, default.theme, default.timezone) == ("Arkor report", "auto", "UTC")
    assert default.stale_after == 24 * 3600
    assert (default.single_file, default.layout, default.report_url) == (False, "inline", None)
    assert (default.strict, default.fail_on, default.no_github) == (False, (), False)
    assert (default.keep, default.keep_last, default.selection.shard) == (None, None, None)
    assert default.log_format == "text"
