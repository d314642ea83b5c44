"""Values as users write them: durations, zones, log lines, paths."""

import os
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from reportgen.cli import parameters, zones
from reportgen.errors import UsageError
from tests.command import Command

CHECKOUT = Path(__file__).resolve().parents[2]
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
    assert parameters.duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "s", "m", "-1", "-1s", "+1", "1w", "1 h", "1h 30m", "30m1h", "1m1m", "1.5h", "1,5",
     "inf", "nan", "1e3", "one", "90ms", "P1D", "1h30m7d",
     "1h30", "1m30", "7d12", "1h0.5", "1h 30", "30h1h", "s1", "90 s"],
)  # fmt: skip
def test_a_wrong_duration_is_reported_with_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match="1h30m") as raised:
        parameters.duration(text)
    assert repr(text) in str(raised.value)


@hypothesis_settings(deadline=None)
@given(st.tuples(*[st.none() | st.integers(0, 999)] * 4).filter(any))
def test_the_parts_of_a_duration_add_up(parts: tuple[int | None, ...]) -> None:
    text = "".join(
        f"{number}{unit}" for number, unit in zip(parts, "dhms", strict=True) if number is not None
    )
    days, hours, minutes, seconds = (number or 0 for number in parts)
    whole = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert parameters.duration(text) == whole.total_seconds()


# --- Zones ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("UTC", 0),
        ("Europe/Berlin", 2),
        ("Asia/Tokyo", 9),
        ("Etc/GMT+5", -5),
        ("America/Argentina/Buenos_Aires", -3),
        ("GMT0", 0),
        ("Etc/GMT-14", 14),
        ("US/Hawaii", -10),
        ("America/Port-au-Prince", -4),
    ],
)
def test_zones(name: str, hours: int) -> None:
    zone = zones.zone(name)
    assert zone.key == name
    assert zone.utcoffset(SUMMER) == timedelta(hours=hours)


@pytest.fixture
def strange_system(tmp_path: Path) -> Iterator[None]:
    """Make the system's own zone data give Berlin the time of Tokyo."""
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
    assert zones.zone("Europe/Berlin").utcoffset(SUMMER) == timedelta(hours=2)


@pytest.mark.parametrize(
    "name",
    ["", "Berlin", "europe/berlin", "Europe", "Europe/", "/Europe/Berlin", "Europe//Berlin",
     "/etc/passwd", "../../etc/passwd", "..", ".", "./UTC", "Europe/../UTC", "UTC/x",
     "zone.tab", "__init__.py", "Europe.Berlin", "a.b/c", "\0", "UTC\0", "é", "\ud800",
     "x" * 5000, "CEST", "+02:00", "__init__/x", "Europe/__init__/Berlin",
     "Europe/__pycache__/Berlin", "__pycache__", "__init__", "Europe/__init__",
     "Europe/__init__.py",
     "Europe/Berlin/", "Europe/Berlin/.", "/", "//UTC", "utc", "EUROPE/BERLIN", "Europe/berlin",
     "../zones", "../zoneinfo/UTC", "zones", "tzdata.zi", "iso3166.tab", "posix/UTC", "right/UTC",
     " UTC", "UTC ", "UTC\n", "UTC\nEurope/Berlin", "Europe\\Berlin", "posixrules", "*"],
)  # fmt: skip
def test_a_wrong_zone_is_reported(name: str) -> None:
    with pytest.raises(UsageError, match="not a time zone"):
        zones.zone(name)


@pytest.mark.parametrize("damaged", [True, False], ids=["damaged", "missing"])
def test_without_the_zones_the_error_names_their_package(
    command: Command, *, damaged: bool
) -> None:
    (command.directory / "tzdata").mkdir()
    package = "" if damaged else "raise ModuleNotFoundError('no tzdata', name='tzdata')"
    (command.directory / "tzdata" / "__init__.py").write_text(package)
    path = f"{command.directory}{os.pathsep}{CHECKOUT}"
    result = command.run("build", "--source", "demo", PYTHONPATH=path)
    assert result.code == 1
    assert "tzdata is missing or damaged" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_page_may_be_reloaded_every_five_seconds_at_most() -> None:
    assert parameters.refresh("5") == 5
    with pytest.raises(UsageError, match="at most once every 5 s"):
        parameters.refresh("4.9s")
