"""The ticks of an axis of time, at round times of a time zone. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.text.times import local_time, offset_if_ambiguous

_ROOM: Final = 40
"""How many letters fit on an axis on a narrow screen, the space between labels included."""

_GAP: Final = 2
_LEAST: Final = 2
_MOST: Final = _ROOM // (_GAP + 1)
"""A bound on the number of ticks: more would not fit, however short their labels are."""

_Wall = datetime
"""A time that a clock shows: a datetime without a time zone."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit of time; multiples of it are round times."""

    seconds: float
    """The length; of months and years, the shortest."""
    multiples: tuple[int, ...]
    floor: Callable[[_Wall, int], _Wall]
    """Return the last multiple that is not after a time."""
    step: Callable[[_Wall, int], _Wall]
    label: str
    label_in_one: str
    """The format of labels if all times are on one day or, for days, in one year."""


def _floor_time(time: _Wall, seconds: int) -> _Wall:
    midnight = _midnight(time)
    return midnight + timedelta(seconds=(time - midnight).seconds // seconds * seconds)


def _floor_day(time: _Wall, days: int) -> _Wall:
    ordinal = time.toordinal()
    return _Wall.fromordinal(max(ordinal - ordinal % days, 1))


def _floor_month(time: _Wall, months: int) -> _Wall:
    return _midnight(time).replace(day=1, month=(time.month - 1) // months * months + 1)


def _floor_year(time: _Wall, years: int) -> _Wall:
    return _midnight(time).replace(day=1, month=1, year=max(time.year // years * years, 1))


def _midnight(time: _Wall) -> _Wall:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_month(time: _Wall, months: int) -> _Wall:
    years, month = divmod(time.month - 1 + months, 12)
    return time.replace(year=time.year + years, month=month + 1)


def _next_year(time: _Wall, years: int) -> _Wall:
    return time.replace(year=(time.year // years + 1) * years)


_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400

_UNITS: Final = (
    _Unit(
        1,
        (1, 2, 5, 10, 15, 30),
        _floor_time,
        lambda time, seconds: time + timedelta(seconds=seconds),
        "{0:%m-%d %H:%M:%S}",
        "{0:%H:%M:%S}",
    ),
    _Unit(
        1,
        (
            *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
            *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
        ),
        _floor_time,
        lambda time, seconds: time + timedelta(seconds=seconds),
        "{0:%m-%d %H:%M}",
        "{0:%H:%M}",
    ),
    _Unit(
        _DAY,
        (1, 2, 3, 5, 7, 14),
        _floor_day,
        lambda time, days: time + timedelta(days=days),
        "{0.year:04}-{0:%m-%d}",
        "{0:%m-%d}",
    ),
    _Unit(28 * _DAY, (1, 2, 3, 6), _floor_month, _next_month, "{0.year:04}-{0:%m}", ""),
    _Unit(
        365 * _DAY,
        (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
        _floor_year,
        _next_year,
        "{0.year:04}",
        "",
    ),
)


def time_ticks(start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """Return round times from `start` to `end`, both in UTC, with labels in a zone.

    They are two to about six times whose labels fit on a narrow screen, or the ends if no round
    times do; only the first of ends that look the same.
    """
    fitting = (
        ticks
        for unit in _UNITS
        for multiple in unit.multiples
        if (ticks := _multiples(start, end, zone, unit, multiple)) and _fits(ticks)
    )
    found = next(fitting, [])
    if len(found) >= _LEAST:
        return found
    ends = sorted({start, end})
    one_day = len({local_time(time, zone).date() for time in ends}) == 1
    unit = _UNITS[0] if one_day else _UNITS[2]
    labels = {_label(local_time(time, zone), unit, is_one=one_day): time for time in reversed(ends)}
    return sorted((time, label) for label, time in labels.items())


def _fits(ticks: list[tuple[datetime, str]]) -> bool:
    return sum(len(label) + _GAP for _, label in ticks) <= _ROOM


def _multiples(
    start: datetime, end: datetime, zone: ZoneInfo, unit: _Unit, multiple: int
) -> list[tuple[datetime, str]]:
    """Return all times at multiples of a unit; empty if they are too many."""
    if (end - start).total_seconds() > _MOST * unit.seconds * multiple:
        return []
    first, last = (local_time(time, zone) for time in (start, end))
    is_one = first.year == last.year if unit is _UNITS[2] else first.date() == last.date()
    times = {
        utc: _label(local_time(utc, zone), unit, is_one=is_one)
        for wall in _walls(first.replace(tzinfo=None), last.replace(tzinfo=None), unit, multiple)
        for utc in _instants(wall, zone, unit)
        if start <= utc <= end
    }
    return sorted(times.items())


def _walls(first: _Wall, last: _Wall, unit: _Unit, multiple: int) -> Iterator[_Wall]:
    # Where clocks are set back, the last time can be before the first.
    wall, beyond = unit.floor(first, multiple), max(first, last)
    while wall <= beyond:
        yield wall
        try:
            wall = unit.step(wall, multiple)
        except (ValueError, OverflowError):  # beyond the last year
            return


def _instants(wall: _Wall, zone: ZoneInfo, unit: _Unit) -> Iterator[datetime]:
    """Yield when clocks show a time: twice if they are set back then, never if they skip it.

    A day starts once, even if its first hour is skipped.
    """
    for fold in (0, 1) if unit.seconds < _DAY else (0,):
        try:
            utc = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if unit.seconds >= _DAY or utc.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
                yield utc
        except OverflowError:  # on the calendar's first and last day
            continue


def _label(local: datetime, unit: _Unit, *, is_one: bool) -> str:
    text = (unit.label_in_one if is_one else unit.label) or unit.label
    return text.format(local) + (offset_if_ambiguous(local) if unit.seconds < _DAY else "")
