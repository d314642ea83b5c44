"""A curve in few enough numbers for a table of ten thousand jobs to show one per row. Pure."""

from typing import Final, TypeAlias

from reportgen.model.curves import Curve
from reportgen.model.span import Span
from reportgen.model.statistics import column_means

COLUMNS: Final = 32
HEIGHT: Final = 40

WIDTH: Final = 124
"""The width of the drawing, in the same units as heights; columns are four units apart."""

_SPACING: Final = WIDTH // (COLUMNS - 1)

Sparkline: TypeAlias = tuple[int | None, ...]
"""The height in each of 32 columns, from 0 (the lowest mean) to 40; None for an empty column.

It is empty if fewer than two columns have a height, since a line needs two points.
"""


def sparkline(curve: Curve) -> Sparkline:
    """Return the means of a curve's finite values in 32 columns, as heights."""
    if not len(curve):
        return ()
    means = column_means(curve, Span(curve.steps[0], curve.steps[-1]), COLUMNS)
    known = [mean for mean in means if mean is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return ()
    low, high = min(known), max(known)
    # Halves are used since the difference of two doubles can exceed a double's range.
    span = high / 2 - low / 2

    def height(mean: float) -> int:
        return HEIGHT - round(HEIGHT * ((high / 2 - mean / 2) / span)) if span else HEIGHT // 2

    return tuple(None if mean is None else height(mean) for mean in means)


def path(heights: Sparkline) -> str:
    """Format a sparkline as the `d` of an SVG path: one `M` and one `l`, at most 260 characters."""
    points = [
        (_SPACING * column, HEIGHT - height)
        for column, height in enumerate(heights)
        if height is not None
    ]
    if not points:
        return ""
    (x, y), *rest = points
    start, moves = f"M{x} {y}", ""
    for to_x, to_y in rest:
        moves += f"{' ' if moves else ''}{to_x - x}{'' if to_y < y else ' '}{to_y - y}"
        x, y = to_x, to_y
    return f"{start}l{moves}"
