"""Points in, geometry and numbers out: the loss chart of one job, and its curves in numbers.

Pure, and linear in the number of points: the arrays of a `History` are gone through a few times,
and no more than four points a column are ever held as objects. All geometry is in the SVG's own
units: the plot area is 640 × 200 with its top left at 0,0, and y grows downwards.
"""

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, islice, pairwise
from operator import eq, le, sub
from typing import Final

import msgspec

from reportgen.charts import axes
from reportgen.charts.axes import HEIGHT, WIDTH, Tick, joined, plain
from reportgen.model.curves import Curve, Superseded
from reportgen.model.metrics import Metric, metric
from reportgen.model.span import Span, span_of
from reportgen.model.statistics import column_bounds, column_means
from reportgen.model.trend import Trend
from reportgen.text.javascript import js_number

COLUMNS: Final = 640
"""Into how many columns the training curve is thinned, each of at most four points."""

SPARE_COLUMNS: Final = 160
"""The same for the evaluation curve, and for all superseded parts together."""

MARKS: Final = 200
"""How many checkpoints are marked, and how many losses that are not finite."""

DOTS: Final = 200
"""How many lone points are dots of their own; more become one path, at a third of the bytes."""


# --- What a chart is made of -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dot:
    """A point without a neighbour to draw a line to; coordinates as they stand in the SVG."""

    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Line:
    """A curve as it is drawn: `points` is how many finite points it has, `drawn` how many stay.

    `d` is a path of absolute `M` and `L`, empty where there is no point. Lone points are in it as
    an `M` that draws nothing; to be seen they are in `dots` too or, where they are many, in
    `dots_d`, a path of strokes without length that a round line cap makes dots of.
    """

    d: str = ""
    dots: tuple[Dot, ...] = ()
    dots_d: str = ""
    drawn: int = 0
    points: int = 0
    steps: str = ""
    """The drawn points' steps for the page's script, each as its distance from the one before."""
    values: str = ""
    """Their values, to six digits. Both are empty where steps are not whole or it is too much."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A loss that is not finite, on the plot's upper edge or (`-Infinity`) on its lower one."""

    x: str
    top: bool


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a sign in the chart means; `kind` is the sign's CSS class, `x` where it begins."""

    kind: str
    label: str
    x: str


@dataclass(frozen=True, slots=True)
class Extreme:
    """The least or the last point of a curve, with its label in the right margin at `label_y`."""

    kind: str
    x: str
    y: str
    label: str
    label_y: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the chart's template draws."""

    loss: Line
    eval_loss: Line
    superseded: Line
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    checkpoints: tuple[str, ...]
    """The x of each checkpoint within the drawn range, in order of arrival."""
    not_finite: tuple[Mark, ...]
    legend: tuple[LegendEntry, ...]
    extremes: tuple[Extreme, ...]
    across: tuple[float, float]
    """The steps at the left and at the right edge."""
    upwards: tuple[float, float]
    """The values at the lower and at the upper edge."""
    means: str
    """Of a thinned training curve, the mean of all its points in each column, to be smoothed."""

    def without_script_data(self) -> "Chart":
        """Give the same chart without what the page's script knows beyond the drawing."""
        loss, eval_loss, superseded = (
            replace(line, steps="", values="")
            for line in (self.loss, self.eval_loss, self.superseded)
        )
        return replace(self, loss=loss, eval_loss=eval_loss, superseded=superseded, means="")

    @property
    def drawn(self) -> int:
        """How many points of the training curve are left after thinning."""
        return self.loss.drawn

    @property
    def points(self) -> int:
        """How many finite points the training curve has."""
        return self.loss.points


# --- Numbers -----------------------------------------------------------------------------------


# --- The chart ---------------------------------------------------------------------------------


def draw(
    loss: Curve, eval_loss: Curve, superseded: Superseded, checkpoints: Sequence[float]
) -> Chart | None:
    """Lay out the loss chart; None where there is nothing to draw but perhaps checkpoints.

    `checkpoints` are steps; those outside the range of the curves are left out.
    """
    curves: tuple[Curve | Superseded, ...] = (loss, eval_loss, superseded)
    across = span_of(step for curve in curves for step in _outermost(curve))
    if across is None:
        return None
    numbers = [metric(curve) for curve in curves]
    upwards = span_of(value for found in numbers if found for value in (found.min, found.max))
    plot = _Plot(across, upwards or Span(0.0, 0.0))
    points = [found.points if found else 0 for found in numbers]
    lines = (
        _line(plot, loss, points[0], COLUMNS),
        _line(plot, eval_loss, points[1], SPARE_COLUMNS),
        _line(plot, superseded, points[2], SPARE_COLUMNS),
    )
    inside = [step for step in checkpoints if across.low <= step <= across.high]
    broken = [curve for curve, line in zip(curves, lines, strict=True) if line.points < len(curve)]
    marks = tuple(islice(chain.from_iterable(_marks(plot, curve) for curve in broken), MARKS))
    ends = (("loss", loss, numbers[0]), ("eval-loss", eval_loss, numbers[1]))
    return Chart(
        *lines,
        x_ticks=axes.x_ticks(across),
        y_ticks=axes.y_ticks(upwards) if upwards else (),
        checkpoints=tuple(plot.x(step) for step in inside[:MARKS]),
        not_finite=marks,
        legend=_legend(lines, len(inside), sum(map(len, curves)) - sum(points)),
        extremes=tuple(_extreme_points(plot, ends)),
        across=(across.low, across.high),
        upwards=(plot.upwards.low, plot.upwards.high),
        means=_means(across, loss) if lines[0].drawn < lines[0].points else "",
    )


def _outermost(curve: Curve | Superseded) -> Iterable[float]:
    """Give the first and the last step of a curve, and of superseded parts."""
    if isinstance(curve, Superseded):
        return (min(curve.steps), max(curve.steps)) if len(curve) else ()
    return (curve.steps[0], curve.steps[-1]) if len(curve) else ()


def _marks(plot: "_Plot", curve: Curve | Superseded) -> Iterator[Mark]:
    for step, value in zip(curve.steps, curve.values, strict=True):
        if not math.isfinite(value):
            yield Mark(plot.x(step), top=value != -math.inf)


# --- Small charts -------------------------------------------------------------------------------

SMALL_HEIGHT: Final = 48
"""The height of a small chart's plot area, which is as wide as the loss chart's."""


@dataclass(frozen=True, slots=True)
class SmallChart:
    """A value's course over the same steps as the loss chart, with its ends in numbers."""

    title: str
    d: str
    dot: Dot | None
    """Where there is but one point."""
    high: str
    low: str
    last: str
    last_y: str
    description: str


def draw_small(title: str, trend: Trend, chart: Chart | None) -> SmallChart | None:
    """Draw a trend of at most 160 places; None where there is nothing of it."""
    points = list(trend.points())
    if not points:
        return None
    steps, values = [step for step, _ in points], [value for _, value in points]
    across = Span(steps[0], steps[-1])
    if chart and chart.across[0] <= across.low and across.high <= chart.across[1]:
        across = Span(*chart.across)
    # Beyond 160 points the values drawn are means; its ends are told and drawn to as they were.
    ends = [value for value in (trend.first, trend.last) if value is not None]
    upwards = Span(min([*values, *ends]), max([*values, *ends]))
    xs = [WIDTH * place for place in across.fractions(steps)]
    ys = [SMALL_HEIGHT * (1 - place) for place in upwards.fractions(values)]
    first = _label(values[0] if trend.first is None else trend.first)
    last = _label(values[-1] if trend.last is None else trend.last)
    low, high = _label(upwards.low), _label(upwards.high)
    course = f"{title}: {first}" if first == last else f"{title}: {first} → {last}"
    about = "" if trend.is_exact else "≈ "  # of means
    return SmallChart(
        title=title,
        d=f"M{joined(xs, ys)}",
        dot=Dot(plain(xs[0]), plain(ys[0])) if len(xs) == 1 else None,
        high=high,
        low="" if low == high else low,
        last=last,
        last_y=plain(ys[-1]),
        description=course if low == high else f"{course}, between {about}{low} and {high}",
    )


def _label(value: float) -> str:
    return js_number(float(f"{value:.{_LABEL_DIGITS}g}"))


# --- The least and the last value ---------------------------------------------------------------

_LABEL_HEIGHT: Final = 12
_LABEL_DIGITS: Final = 4


def _extreme_points(
    plot: "_Plot", curves: Iterable[tuple[str, Curve, Metric | None]]
) -> list[Extreme]:
    """Give the least and the last point of each curve, top down, with labels that keep apart."""
    points: list[tuple[float, str, str, str, str]] = []
    for kind, curve, found in curves:
        if found is None:
            continue
        last_step = next(
            step
            for step, value in zip(reversed(curve.steps), reversed(curve.values), strict=True)
            if math.isfinite(value)
        )
        one = found.min_step == last_step
        ends = [("min = last" if one else "min", found.min_step, found.min)]
        ends += [] if one else [("last", last_step, found.last)]
        for word, step, value in ends:
            y = plot.y(value)
            points.append((float(y), kind, plot.x(step), y, f"{word} {_label(value)}"))
    points.sort()
    heights = _apart([point[0] for point in points])
    return [
        Extreme(*point[1:], label_y=plain(height))
        for point, height in zip(points, heights, strict=True)
    ]


def _apart(heights: Sequence[float]) -> list[float]:
    """Move rising heights apart by a label's height each, within the plot."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + _LABEL_HEIGHT if placed else 0))
    limit = float(HEIGHT)
    for at in reversed(range(len(placed))):
        placed[at] = min(placed[at], limit)
        limit = placed[at] - _LABEL_HEIGHT
    return placed


# --- Scales ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plot:
    """The plot area: steps to x, values to y, as they stand in the SVG."""

    across: Span
    upwards: Span

    def x(self, step: float) -> str:
        return plain(WIDTH * self.across.fraction(step))

    def y(self, value: float) -> str:
        return plain(HEIGHT * (1 - self.upwards.fraction(value)))

    def xs(self, steps: Sequence[float]) -> list[float]:
        """Give the places of many steps, not printed yet."""
        return [WIDTH * place for place in self.across.fractions(steps)]

    def ys(self, values: Sequence[float]) -> list[float]:
        """Give the places of many values, not printed yet."""
        return [HEIGHT * (1 - place) for place in self.upwards.fractions(values)]


# --- Thinning ----------------------------------------------------------------------------------


def _line(plot: _Plot, curve: Curve | Superseded, points: int, columns: int) -> Line:
    """Draw a curve, thinned, that breaks at values that are not finite and where a part starts.

    `points` is how many finite ones it has.
    """
    if not points:
        return Line()
    kept = _kept(plot.across, curve, points, columns)
    steps, values = _picked(curve.steps, kept), _picked(curve.values, kept)
    xs, ys = plot.xs(steps), plot.ys(values)
    segments = list(pairwise([*_segments(kept, curve, points), len(kept)]))
    lone = [Dot(plain(xs[at]), plain(ys[at])) for at, end in segments if end - at == 1]
    crowded = len(lone) > DOTS
    script_steps, script_values = _script_data(steps, values)
    return Line(
        d="".join(f"M{joined(xs[at:end], ys[at:end])}" for at, end in segments),
        dots=() if crowded else tuple(lone),
        dots_d=_rough_dots(lone) if crowded else "",
        drawn=len(kept),
        points=points,
        steps=script_steps,
        values=script_values,
    )


def _picked(numbers: "array[float]", kept: Sequence[int]) -> list[float]:
    return numbers.tolist() if len(kept) == len(numbers) else [numbers[at] for at in kept]


_SCRIPT_DATA: Final = 36_000
"""How many characters a curve's points for the script may take: the page has its budget."""


def _script_data(steps: Sequence[float], values: Sequence[float]) -> tuple[str, str]:
    if not all(map(float.is_integer, steps)) or not -_EXACT < min(steps) <= max(steps) < _EXACT:
        return "", ""
    whole = list(map(int, steps))
    distances = msgspec.json.encode(list(map(sub, whole, [0, *whole]))).decode()[1:-1]
    texts = ("%.6g," * len(values) % tuple(values))[:-1]  # each as `_short` prints it
    return (distances, texts) if len(distances) + len(texts) <= _SCRIPT_DATA else ("", "")


_EXACT: Final = 2.0**53  # from here on doubles, JavaScript's only numbers, skip integers


def _short(number: float) -> str:
    return f"{number:.6g}"


def _means(across: "Span", curve: Curve) -> str:
    means = column_means(curve, across, COLUMNS)
    return ",".join("" if mean is None else _short(mean) for mean in means)


def _kept(across: Span, curve: Curve | Superseded, points: int, columns: int) -> Sequence[int]:
    """Give the indices, rising, of the points that stay when a curve is thinned by M4.

    `points` is how many finite ones there are. In each of `columns` columns of equal width those
    stay that come first and last and those of the smallest and the largest value (Jugel et al.,
    "M4: a visualization-oriented time series data aggregation", 2014): what is drawn of them
    covers the same pixels.
    """
    steps, values = curve.steps, curve.values
    if isinstance(curve, Curve) or all(map(le, steps, islice(steps, 1, None))):  # they rise
        if len(steps) > _POINTS_A_COLUMN * columns:
            return _kept_of_rising(across, curve, points, columns)
        places = across.columns(steps, columns)
        if points == len(steps) and not any(map(eq, places, islice(places, 2, None))):
            return range(points)  # of two in a column, one is the first and one the last
    first, last, low_at, high_at = ([-1] * columns for _ in range(4))
    low, high = [math.inf] * columns, [-math.inf] * columns
    fraction, rightmost = across.fraction, columns - 1
    for at, step, value in zip(count(), steps, values):  # count() has no end
        if value - value != 0:  # not finite; cheaper than the call that says so
            continue
        column = min(int(fraction(step) * columns), rightmost)
        if first[column] < 0:
            first[column] = at
        last[column] = at
        if value < low[column]:
            low[column], low_at[column] = value, at
        if value > high[column]:
            high[column], high_at[column] = value, at
    return sorted({*first, *last, *low_at, *high_at} - {-1})


_POINTS_A_COLUMN: Final = 4
"""From here on it is faster to look at a column's points together."""


def _kept_of_rising(
    across: Span, curve: Curve | Superseded, points: int, columns: int
) -> list[int]:
    """Give what `_kept` gives, of a curve whose steps rise."""
    kept: set[int] = set()
    values = curve.values
    for start, end in pairwise(column_bounds(curve.steps, across, columns)):
        places: Sequence[int] = range(start, end)
        part = values[start:end]
        if points < len(curve):
            places = [place for place in places if math.isfinite(values[place])]
            part = array("d", filter(math.isfinite, part))
        if part:
            low, high = part.index(min(part)), part.index(max(part))
            kept.update((places[0], places[-1], places[low], places[high]))
    return sorted(kept)


def _segments(kept: Sequence[int], curve: Curve | Superseded, points: int) -> list[int]:
    """Give at which of the kept points the line begins, at first or anew behind a break."""
    starts = curve.starts if isinstance(curve, Superseded) else ()
    if points == len(curve) and not starts:
        return [0]
    view = memoryview(curve.values)
    return [0] + [
        place
        for place, (before, at) in enumerate(pairwise(kept), start=1)
        if bisect_right(starts, before) != bisect_right(starts, at)
        or not all(map(math.isfinite, view[before + 1 : at]))
    ]


def _rough_dots(dots: Iterable[Dot]) -> str:
    """Give many dots as one path, to whole units: of dots side by side nobody sees the parts."""
    places = dict.fromkeys(f"M{float(dot.x):.0f},{float(dot.y):.0f}h0" for dot in dots)
    return "".join(places)


# --- Legend ------------------------------------------------------------------------------------

_SIGN_WIDTH: Final = 38  # the sign, and what keeps it apart from its label and from the next sign
_LETTER_WIDTH: Final = 5.6  # of a sans-serif at the legend's size, on average


def _legend(
    lines: tuple[Line, Line, Line], checkpoints: int, not_finite: int
) -> tuple[LegendEntry, ...]:
    """Name the signs that occur, side by side; a mark's entry says how many are not shown."""
    loss, eval_loss, superseded = lines
    entries = (
        ("loss", "Training loss", loss.drawn),
        ("eval-loss", "Eval loss", eval_loss.drawn),
        ("superseded", "Superseded", superseded.drawn),
        ("checkpoint", f"Checkpoint{_more(checkpoints)}", checkpoints),
        ("not-finite", f"Not finite{_more(not_finite)}", not_finite),
    )
    legend: list[LegendEntry] = []
    x = 0.0
    for kind, label, occurs in entries:
        if occurs:
            legend.append(LegendEntry(kind, label, plain(x)))
            x += _SIGN_WIDTH + _LETTER_WIDTH * len(label)
    return tuple(legend)


def _more(number: int) -> str:
    return f" … and {number - MARKS} more" if number > MARKS else ""
