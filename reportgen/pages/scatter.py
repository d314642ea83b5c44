"""Points in a chart, each a link to a job: what home and comparison have in common."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from markupsafe import escape

from reportgen.charts.axes import Tick
from reportgen.charts.scatter import FLOOR, HEIGHT, Mark
from reportgen.charts.svg import Polyline
from reportgen.report.outcomes import Outcome
from reportgen.report.ranking import result_in
from reportgen.report.wording import cut
from reportgen.text.javascript import js_number

_LONG_LABEL: Final = 7
"""The length from which the labels of the y axis need a wider margin."""


@dataclass(frozen=True, slots=True)
class Point:
    """A job's mark: its position in percent and pixels, its page and what its tooltip says."""

    x: float
    y: float
    mark: Mark
    page: str
    title: str


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one colour, which may be joined by a line."""

    css: str
    colour: str
    """The colour without a style sheet."""
    points: tuple[Point, ...]
    line: Polyline | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A horizontal line with its label."""

    y: float
    label: str
    label_y: float
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """The label of a row, and its position."""

    label: str
    y: float


@dataclass(frozen=True, slots=True)
class Scatter:
    """A chart of points."""

    description: str
    bottom: float
    """The height of the plot area, including the floor below it."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    series: tuple[Series, ...]
    reference: Reference | None = None
    rows: tuple[Row, ...] = ()
    floor: str = ""
    """The label of the floor, so that a mark on it is not read as the lowest result."""

    @property
    def is_wide(self) -> bool:
        """Whether the labels of the y axis need a wide margin."""
        return any(len(tick.label) > _LONG_LABEL for tick in self.y_ticks)


def bottom(outcomes: Iterable[Outcome]) -> float:
    """Return the height of a plot: with a floor if any outcome has no number."""
    return FLOOR if any(outcome.value is None for outcome in outcomes) else HEIGHT


def floor_label(outcomes: Iterable[Outcome]) -> str:
    """Return what the marks on a plot's floor have in common: `failed`, else `×`; "" if none."""
    failed = {outcome.job.status == "failed" for outcome in outcomes if outcome.value is None}
    return "" if not failed else "failed" if failed == {True} else "×"


def result_text(outcome: Outcome, metric: str) -> str:
    """Return a job's result for a tooltip: `0.61`, `NaN`, `failed at 0.9`, `0.7, cancelled`."""
    job = outcome.job
    result = result_in(job, metric)
    number = None if result is None else "NaN" if result.value is None else js_number(result.value)
    if job.status == "failed":
        return "failed" if number is None else f"failed at {number}"
    return f"{number}, {job.status}" if job.status == "cancelled" else f"{number}"


def crosses(outcomes: Iterable[Outcome]) -> str:
    """Count the outcomes that have no number: `2 failed, 1 not finite`; "" if there are none."""
    kinds = Counter(
        "failed" if outcome.job.status == "failed" else "not finite"
        for outcome in outcomes
        if outcome.value is None
    )
    return ", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds))


def fitting(text: str, length: int, size: int) -> str:
    """Truncate text to a length, and so that it takes at most `size` bytes once escaped."""
    shown = cut(text, length)
    while escaped_size(shown) > size:
        length = length * 3 // 4
        shown = cut(text, length)
    return shown


def escaped_size(text: str) -> int:
    """Return how many bytes a text takes on a page."""
    return len(escape(text).encode())
