"""The loss chart of one job: curves, axes, marks, labels and legend as geometry. Pure.

All geometry is in the SVG's units: the plot area is 640 × 200 with its top left at 0,0, and y
increases downwards.
"""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, pairwise
from operator import sub
from typing import Final

import msgspec
from msgspec.structs import replace

from reportgen.charts import axes, downsampling
from reportgen.charts.axes import HEIGHT, WIDTH, Tick
from reportgen.charts.labels import rows, spread
from reportgen.charts.smoothing import Smoothed, column_values, smoothed
from reportgen.charts.svg import Dot, Polyline
from reportgen.model.curves import Curve, Superseded
from reportgen.model.metrics import Metric, metric
from reportgen.model.rounding import digits_for, short_number
from reportgen.model.span import Span, span_of
from reportgen.model.statistics import finite_count
from reportgen.text.javascript import js_number, js_numbers

COLUMNS: Final = 640
"""The number of columns for downsampling the training curve, with at most four points each."""

SPARE_COLUMNS: Final = 160
"""The same for the evaluation curve, and for all superseded parts together."""

MARKS: Final = 200
"""The maximum number of marks for checkpoints, and for losses that are not finite."""

DOTS: Final = 200
"""The maximum number of separate dots; more are joined into one path, in a third of the bytes."""


# --- The parts of a chart ----------------------------------------------------------------------


class ScriptPoints(msgspec.Struct, frozen=True):
    """A curve's drawn points for the page's script, in a compact form."""

    steps: str
    """The steps, separated by commas, or their differences if all steps are whole."""
    values: str
    """The values, separated by commas."""
    are_whole: bool
    """Whether all steps are whole."""
    scale: tuple[float, float] | None
    """None if the values are the logged ones; else they are rounded, in parts of the range.

    The first number is the value of 0, the second is the size of a part.
    """


class DrawnCurve(msgspec.Struct, frozen=True):
    """A curve as drawn, with `drawn` of its `points` finite points.

    A point without a neighbour to connect to is both a dot and a segment of one point, which draws
    nothing.
    """

    segments: tuple[Polyline, ...] = ()
    dots: tuple[Dot, ...] = ()
    drawn: int = 0
    points: int = 0
    script: ScriptPoints | None = None

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many dots to draw separately."""
        return len(self.dots) > DOTS


class Mark(msgspec.Struct, frozen=True):
    """A loss that is not finite, on the plot's lower edge if `-Infinity`, else on the upper one."""

    x: float
    top: bool


class LegendEntry(msgspec.Struct, frozen=True):
    """A sign in the legend, starting at `x` in its row; `kind` is the sign's CSS class."""

    kind: str
    label: str
    x: float
    row: int


class Extreme(msgspec.Struct, frozen=True):
    """The lowest or the last point of a curve; its label is in the right margin, at `label_y`."""

    kind: str
    x: float
    y: float
    label: str
    label_y: float


class Chart(msgspec.Struct, frozen=True):
    """Everything that the chart's template draws."""

    loss: DrawnCurve
    eval_loss: DrawnCurve
    superseded: DrawnCurve
    baseline: DrawnCurve
    """The part within the plot of the curve of the job's baseline."""
    smooth: tuple[Polyline, ...]
    """The smoothed line of a noisy training curve, which is then drawn faint."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    checkpoints: tuple[float, ...]
    """The x of each checkpoint within the range of the curves, in order of arrival."""
    not_finite: tuple[Mark, ...]
    legend: tuple[LegendEntry, ...]
    extremes: tuple[Extreme, ...]
    across: tuple[float, float]
    """The steps at the left and right edges."""
    upwards: tuple[float, float]
    """The values at the lower and upper edges."""
    means: str
    """For a downsampled training curve, the mean of all points in each column, `x` for a break.

    The script smooths these means, since the points drawn are extremes.
    """
    window: float | None
    """The number of steps that the smoothed line, if any, is averaged over."""

    def without_script_data(self) -> "Chart":
        """Return the same chart without the data for the page's script."""
        return replace(
            self,
            loss=replace(self.loss, script=None),
            eval_loss=replace(self.eval_loss, script=None),
            superseded=replace(self.superseded, script=None),
            baseline=replace(self.baseline, script=None),
            means="",
        )

    @property
    def legend_rows(self) -> int:
        """The number of rows in the legend."""
        return max((entry.row for entry in self.legend), default=0) + 1

    @property
    def drawn(self) -> int:
        """The number of points of the training curve left after downsampling."""
        return self.loss.drawn

    @property
    def points(self) -> int:
        """The number of finite points in the training curve."""
        return self.loss.points


# --- The chart ---------------------------------------------------------------------------------


def draw(
    loss: Curve,
    eval_loss: Curve,
    superseded: Superseded,
    checkpoints: Sequence[float],
    baseline: Curve | None = None,
) -> Chart | None:
    """Return the loss chart; None if no curve has a point.

    `checkpoints` holds steps. Checkpoints, and points of `baseline`, another job's curve, are left
    out if they are outside the range of the other curves.
    """
    curves: tuple[Curve | Superseded, ...] = (loss, eval_loss, superseded)
    across = span_of(step for curve in curves for step in _outermost(curve))
    if across is None:
        return None
    numbers = [metric(curve) for curve in curves]
    upwards = span_of(value for found in numbers if found for value in (found.min, found.max))
    plot = _Plot(across, upwards or Span(0.0, 0.0))
    points = [found.points if found else 0 for found in numbers]
    drawn = (
        _drawn(plot, loss, points[0], COLUMNS),
        _with_dots(_drawn(plot, eval_loss, points[1], SPARE_COLUMNS)),
        _drawn(plot, superseded, points[2], SPARE_COLUMNS),
    )
    inside = sorted(step for step in checkpoints if across.low <= step <= across.high)
    columns = column_values(loss, across, COLUMNS) if drawn[0].drawn < drawn[0].points else []
    smooth = smoothed(loss, across, columns)
    behind = _baseline(plot, baseline or Curve())
    broken = [curve for curve, n in zip(curves, points, strict=True) if n < len(curve)]
    bad = sum(map(len, curves)) - sum(points)
    every_mark = chain.from_iterable(_marks(plot, curve) for curve in broken)
    # If there are too many to show, choose evenly spaced ones.
    shown = (bad <= MARKS or place * MARKS % bad < MARKS for place in range(bad))
    marks = tuple(compress(every_mark, shown))
    ends = (("loss", loss, numbers[0]), ("eval-loss", eval_loss, numbers[1]))
    return Chart(
        *drawn,
        behind,
        smooth=tuple(plot.line(*zip(*run, strict=True)) for run in smooth.runs) if smooth else (),
        window=smooth.window if smooth else None,
        x_ticks=axes.x_ticks(across),
        y_ticks=axes.y_ticks(upwards) if upwards else (),
        checkpoints=tuple(plot.x(step) for step in _evenly(inside, MARKS)),
        not_finite=marks,
        legend=_legend((*drawn, behind), smooth, len(inside), bad),
        extremes=tuple(_extreme_points(plot, ends)),
        across=(across.low, across.high),
        upwards=(plot.upwards.low, plot.upwards.high),
        means=",".join(map(_mean_text, columns)),
    )


def _outermost(curve: Curve | Superseded) -> Iterable[float]:
    """Return the lowest and the highest step of a curve, if any."""
    if isinstance(curve, Superseded):
        return (min(curve.steps), max(curve.steps)) if len(curve) else ()
    return (curve.steps[0], curve.steps[-1]) if len(curve) else ()


class _Plot(msgspec.Struct, frozen=True):
    """The plot area, which maps steps to x and values to y."""

    across: Span
    upwards: Span

    def x(self, step: float) -> float:
        return WIDTH * self.across.fraction(step)

    def y(self, value: float) -> float:
        return HEIGHT * (1 - self.upwards.fraction(value))

    def line(self, steps: Sequence[float], values: Sequence[float]) -> Polyline:
        xs = [WIDTH * place for place in self.across.fractions(steps)]
        return Polyline(xs, [HEIGHT * (1 - place) for place in self.upwards.fractions(values)])


def _drawn(plot: _Plot, curve: Curve | Superseded, points: int, columns: int) -> DrawnCurve:
    """Downsample and draw a curve; `points` is the number of its finite points."""
    if not points:
        return DrawnCurve()
    kept = downsampling.kept(plot.across, curve, points, columns)
    steps = downsampling.picked(curve.steps, kept)
    values = downsampling.picked(curve.values, kept)
    line = plot.line(steps, values)
    starts = downsampling.segment_starts(kept, curve, points)
    ends = list(pairwise([*starts, len(kept)]))
    return DrawnCurve(
        segments=tuple(Polyline(line.xs[at:end], line.ys[at:end]) for at, end in ends),
        dots=tuple(Dot(line.xs[at], line.ys[at]) for at, end in ends if end - at == 1),
        drawn=len(kept),
        points=points,
        script=_script_points(steps, values),
    )


def _baseline(plot: _Plot, curve: Curve) -> DrawnCurve:
    across, upwards = plot.across, plot.upwards
    start, end = bisect_left(curve.steps, across.low), bisect_right(curve.steps, across.high)
    values = (
        value if upwards.low <= value <= upwards.high else math.nan
        for value in curve.values[start:end]
    )
    inside = Curve(curve.steps[start:end], array("d", values))
    return _drawn(plot, inside, finite_count(inside.values), SPARE_COLUMNS)


def _with_dots(curve: DrawnCurve) -> DrawnCurve:
    """Draw every point as a dot, since evaluations are few."""
    lines = curve.segments
    every = (Dot(x, y) for line in lines for x, y in zip(line.xs, line.ys, strict=True))
    return replace(curve, dots=tuple(every))


def _evenly(steps: Sequence[float], most: int) -> Sequence[float]:
    """Return at most `most` of the steps, evenly chosen, including the first and the last."""
    if len(steps) <= most:
        return steps
    return [steps[at * (len(steps) - 1) // (most - 1)] for at in range(most)]


def _marks(plot: _Plot, curve: Curve | Superseded) -> Iterator[Mark]:
    for step, value in zip(curve.steps, curve.values, strict=True):
        if not math.isfinite(value):
            yield Mark(plot.x(step), top=value != -math.inf)


# --- For the page's script ---------------------------------------------------------------------

_VALUES_LENGTH: Final = 30_000
"""The length beyond which a curve's values are rounded, since a page's size is limited."""

_PARTS: Final = 1_000_000
"""The number of parts into which the range of rounded values is divided."""

_EXACT: Final = 2.0**53  # above this, JavaScript's numbers skip integers


def _script_points(steps: Sequence[float], values: Sequence[float]) -> ScriptPoints:
    whole = all(map(float.is_integer, steps)) and -_EXACT < min(steps) <= max(steps) < _EXACT
    if whole:
        distances = map(sub, map(int, steps), [0, *map(int, steps)])
        step_texts = msgspec.json.encode(list(distances)).decode()[1:-1]
    else:
        step_texts = ",".join(js_numbers(steps))
    exact = ",".join(js_numbers(values))
    if len(exact) <= _VALUES_LENGTH:
        return ScriptPoints(step_texts, exact, whole, None)
    low, part = min(values), max(values) / _PARTS - min(values) / _PARTS or 1.0
    rounded = ",".join(f"{value / part - low / part:.6g}" for value in values)
    return ScriptPoints(step_texts, rounded, whole, (low, part))


def _mean_text(mean: float | None) -> str:
    return "" if mean is None else f"{mean:.6g}" if math.isfinite(mean) else "x"


# --- The lowest and the last value ---------------------------------------------------------------


def _extreme_points(
    plot: _Plot, curves: Iterable[tuple[str, Curve, Metric | None]]
) -> list[Extreme]:
    """Return the lowest and last points of the curves, from top to bottom, with labels spread."""
    points: list[tuple[float, str, float, str]] = []
    digits = digits_for(plot.upwards.low, plot.upwards.high)
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
            label = f"{word} {short_number(value, digits)}"
            points.append((plot.y(value), kind, plot.x(step), label))
    points.sort()
    heights = spread([y for y, *_ in points])
    return [
        Extreme(kind, x, y, label, label_y)
        for (y, kind, x, label), label_y in zip(points, heights, strict=True)
    ]


# --- Legend ------------------------------------------------------------------------------------

_SIGN_WIDTH: Final = 38  # including the space before its label and before the next sign
_LETTER_WIDTH: Final = 5.6  # the average for a sans-serif font at the legend's size
_LEGEND_WIDTH: Final = 720


def _legend(
    curves: tuple[DrawnCurve, DrawnCurve, DrawnCurve, DrawnCurve],
    smooth: Smoothed | None,
    checkpoints: int,
    not_finite: int,
) -> tuple[LegendEntry, ...]:
    """Return the entries for the signs that occur, side by side.

    Entries for marks include the number of those not shown.
    """
    loss, eval_loss, superseded, baseline = curves
    entries = (
        ("loss", "Training loss", loss.drawn),
        ("loss-smooth", _smoothed_over(smooth), int(smooth is not None)),
        ("eval-loss", "Eval loss", eval_loss.drawn),
        ("superseded", "Superseded", superseded.drawn),
        ("baseline", "Baseline", baseline.drawn),
        ("checkpoint", f"Checkpoint{_more(checkpoints)}", checkpoints),
        ("not-finite", f"Not finite{_more(not_finite)}", not_finite),
    )
    shown = [(kind, label) for kind, label, occurs in entries if occurs]
    places = rows((_SIGN_WIDTH + _LETTER_WIDTH * len(label) for _, label in shown), _LEGEND_WIDTH)
    return tuple(
        LegendEntry(kind, label, x, row)
        for (kind, label), (x, row) in zip(shown, places, strict=True)
    )


def _smoothed_over(smooth: Smoothed | None) -> str:
    return f"Smoothed over {js_number(smooth.window)} steps" if smooth else ""


def _more(number: int) -> str:
    return f" … and {number - MARKS} more" if number > MARKS else ""
