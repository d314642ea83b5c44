"""The small charts below the loss chart, each showing one value over the same steps. Pure."""

from typing import Final

import msgspec

from reportgen.charts.axes import WIDTH
from reportgen.charts.svg import Dot, Polyline
from reportgen.model.rounding import short_number
from reportgen.model.span import Span
from reportgen.model.trend import Trend

HEIGHT: Final = 48
"""The height of the plot area; its width is the same as the loss chart's."""


class SmallChart(msgspec.Struct, frozen=True):
    """A value over the same steps as the loss chart, with its range as labels."""

    title: str
    line: Polyline
    dot: Dot | None
    """The point, if there is only one."""
    high: str
    low: str
    last: str
    last_y: float
    description: str
    across: tuple[float, float]
    """The steps at the left and right edges."""


def draw_small(
    title: str, trend: Trend, edges: tuple[float, float] | None, *, names_peak: bool = False
) -> SmallChart | None:
    """Return the small chart of a trend; None if the trend is empty.

    `edges` holds the first and last steps of the loss chart above it; the two share an axis if
    the trend is within these edges. `names_peak` is whether the description includes a peak.
    """
    points = list(trend.points())
    if not points:
        return None
    steps, values = [step for step, _ in points], [value for _, value in points]
    across = Span(steps[0], steps[-1])
    if edges and edges[0] <= across.low and across.high <= edges[1]:
        across = Span(*edges)
    # A long trend is drawn from means, but its first and last values are known and shown.
    ends = [value for value in (trend.first, trend.last) if value is not None]
    upwards = Span(min([*values, *ends]), max([*values, *ends]))
    xs = [WIDTH * place for place in across.fractions(steps)]
    ys = [HEIGHT * (1 - place) for place in upwards.fractions(values)]
    first = short_number(values[0] if trend.first is None else trend.first)
    last = short_number(values[-1] if trend.last is None else trend.last)
    about = "" if trend.is_exact else "≈ "  # means are not exact values
    low, high = (f"{about}{short_number(end)}" for end in (upwards.low, upwards.high))
    change = f"{title}: {first}" if first == last else f"{title}: {first} → {last}"
    if peak := _peak(trend) if names_peak else None:
        change += f", peak {peak}"
    elif not about and low != high:
        change += f", between {low} and {high}"
    return SmallChart(
        title=title,
        line=Polyline(xs, ys),
        dot=Dot(xs[0], ys[0]) if len(xs) == 1 else None,
        high=high,
        low="" if low == high else low,
        last=last,
        last_y=ys[-1],
        description=change,
        across=(across.low, across.high),
    )


def _peak(trend: Trend) -> str | None:
    """Return the highest value and its step, if it is above both ends."""
    ends = [end for end in (trend.first, trend.last) if end is not None]
    if trend.peak is None or not ends or trend.peak.value <= max(ends):
        return None
    return f"{short_number(trend.peak.value)} at step {short_number(trend.peak.step)}"
