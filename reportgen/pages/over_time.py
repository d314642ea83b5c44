"""The home page's plot of results over time."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.charts.axes import Tick
from reportgen.charts.scatter import CROSS, DOT, FLOOR, MARKS, WIDTH, Mark, Scale
from reportgen.charts.svg import Polyline
from reportgen.charts.time_axis import time_ticks
from reportgen.model.span import Span
from reportgen.pages.compare import COLOURS
from reportgen.pages.scatter import (
    Point,
    Reference,
    Scatter,
    Series,
    bottom,
    crosses,
    fitting,
    floor_label,
    result_text,
)
from reportgen.report.labels import labels
from reportgen.report.over_time import MOST, OverTime, over_time
from reportgen.report.report import JobSummary, Report
from reportgen.report.wording import METRIC_NAMES, moment, plural, short
from reportgen.text.javascript import js_number

POINT_SIZE: Final = 360
"""The maximum number of bytes for a point."""

_LEAST_POINTS: Final = 12

_NAME_LENGTH: Final = 40
_NAME_SIZE: Final = 120
"""The length and the bytes of a name in a tooltip or in the key."""

_BASELINE_LENGTH: Final = 20
"""The length of the baseline's name, for which there is room on a narrow screen."""

_ABOVE, _BELOW = -5, 13
"""The distance of a label from its line."""

GREY: Final = "#6b7583"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A series in the key: its mark and its name."""

    css: str
    colour: str
    mark: Mark
    name: str


@dataclass(frozen=True, slots=True)
class OverTimeView:
    """Results over time as the home page shows them."""

    metric: str
    zone: str
    plot: Scatter
    key: tuple[KeyEntry, ...]
    crosses: str
    """What crosses stand for; empty if there are none."""
    left_out: tuple[str, ...]
    """Which jobs are not shown, and why."""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The shapes of all marks."""
        return (*(entry.mark for entry in self.key), CROSS)


def over_time_view(
    report: Report, zone: ZoneInfo, link: Callable[[JobSummary], str], room: int
) -> OverTimeView | None:
    """Return results over time; None if too few jobs have one.

    `room` is the number of bytes that the points may use; the newest jobs are shown.
    """
    most = min(max(room // POINT_SIZE, _LEAST_POINTS), MOST)
    found = over_time(report.jobs, report.baseline, most)
    if found is None:
        return None
    return OverTimeView(
        metric=METRIC_NAMES[found.metric],
        zone=zone.key,
        plot=_plot(found, zone, link),
        key=tuple(_key(found, zone)),
        crosses=crosses(dated.outcome for dated in found.shown),
        left_out=tuple(_left_out(found)),
    )


def _left_out(found: OverTime) -> Iterator[str]:
    if found.older:
        yield f"{plural(found.older, 'older job')} left out"
    if found.undated:
        yield f"{plural(found.undated, 'job')} without a creation time left out"
    if found.unknown:
        yield f"{plural(found.unknown, 'job')} without this loss left out"
    if found.baseline and found.baseline[1] is None:
        yield "the baseline's result is not finite"


def _key(found: OverTime, zone: ZoneInfo) -> Iterator[KeyEntry]:
    newest = {dated.outcome.job.display_name: dated.outcome.job for dated in found.shown}
    names = labels([newest.pop(name) for name in found.names], _NAME_LENGTH, zone)
    for number, label in enumerate(names):
        name = fitting(label.text, 2 * _NAME_LENGTH, 2 * _NAME_SIZE)
        yield KeyEntry(f"k{number}", COLOURS[number], MARKS[number], name)
    if newest:
        yield KeyEntry("others", GREY, DOT, plural(len(newest), "other name"))


# --- The plot ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Axes:
    """The axes of the plot: time across, results upwards."""

    start: datetime
    across: Span
    """The seconds since the start."""
    upwards: Scale | None
    """None if no result is finite."""

    def x(self, time: datetime) -> float:
        return WIDTH * self.across.fraction((time - self.start).total_seconds())

    def y(self, value: float | None) -> float:
        return FLOOR if value is None or self.upwards is None else self.upwards.y(value)


def _plot(found: OverTime, zone: ZoneInfo, link: Callable[[JobSummary], str]) -> Scatter:
    start, end = found.shown[0].created, found.shown[-1].created
    results = [dated.outcome.value for dated in found.shown]
    if found.baseline:
        results.append(found.baseline[1])
    known = [result for result in results if result is not None]
    scale = Scale.of(known) if known else None
    axes = _Axes(start, Span(0, (end - start).total_seconds()), scale)
    return Scatter(
        description=f"{METRIC_NAMES[found.metric]} of {plural(len(found.shown), 'job')}",
        bottom=bottom(dated.outcome for dated in found.shown),
        x_ticks=tuple(Tick(axes.x(time), label) for time, label in time_ticks(start, end, zone)),
        y_ticks=scale.y_ticks() if scale else (),
        series=tuple(_series(found, axes, _titles(found, zone), link)),
        reference=_reference(found, axes),
        floor=floor_label(dated.outcome for dated in found.shown),
    )


def _series(
    found: OverTime, axes: _Axes, titles: list[str], link: Callable[[JobSummary], str]
) -> Iterator[Series]:
    """Yield the grey points of infrequent names, then each frequent name's points and line."""
    points: dict[str, list[Point]] = {"": [], **{name: [] for name in found.names}}
    marks = dict(zip(found.names, MARKS, strict=False))
    for dated, title in zip(found.shown, titles, strict=True):
        job, value = dated.outcome.job, dated.outcome.value
        mark = CROSS if value is None else marks.get(job.display_name, DOT)
        point = Point(axes.x(dated.created), axes.y(value), mark, link(job), title)
        points.get(job.display_name, points[""]).append(point)
    yield Series("others", GREY, tuple(points[""]))
    for number, name in enumerate(found.names):
        placed = [point for point in points[name] if point.mark != CROSS]
        line = Polyline([point.x for point in placed], [point.y for point in placed])
        joined = line if len(placed) > 1 else None
        yield Series(f"k{number}", COLOURS[number], tuple(points[name]), joined)


def _titles(found: OverTime, zone: ZoneInfo) -> list[str]:
    """Return what each point's tooltip says: name, result, time and, if all that is alike, id."""
    texts = []
    for dated in found.shown:
        job = dated.outcome.job
        created = moment(job.created_at, zone)
        name = fitting(job.display_name, _NAME_LENGTH, _NAME_SIZE)
        result = result_text(dated.outcome, found.metric)
        texts.append(f"{name} · {result} · {created.text if created else ''}")
    counts = Counter(texts)
    return [
        f"{text} · {dated.outcome.job.slug}" if counts[text] > 1 else text
        for text, dated in zip(texts, found.shown, strict=True)
    ]


def _reference(found: OverTime, axes: _Axes) -> Reference | None:
    if found.baseline is None or found.baseline[1] is None:
        return None
    baseline, value = found.baseline[0], found.baseline[1]
    y = axes.y(value)
    name = fitting(baseline.name, _BASELINE_LENGTH, _NAME_SIZE)
    return Reference(
        y=y,
        label=f"baseline {name}: {short(value)}",
        label_y=y + (_ABOVE if y > _BELOW else _BELOW),
        title=f"baseline {fitting(baseline.name, _NAME_LENGTH, _NAME_SIZE)} · {js_number(value)}",
    )
