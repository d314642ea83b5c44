"""A curve in so few bytes that a table of ten thousand jobs can show one in each row. Pure."""

from collections.abc import Iterator
from typing import Final

from reportgen.model.curves import Curve
from reportgen.model.span import Span
from reportgen.model.statistics import column_means

COLUMNS: Final = 32
WIDTH: Final = 124
HEIGHT: Final = 40
"""The line's own units: columns stand four apart, the least mean at 40, the largest at 0."""

_SPACING: Final = WIDTH // (COLUMNS - 1)


def path(curve: Curve) -> str:
    """Draw the means of a curve's finite values in 32 columns, as the `d` of an SVG path.

    It is one `M` and one `l` with whole numbers, at most 260 characters; empty where fewer than
    two columns have a value, since there is no course to be seen.
    """
    points = list(_columns(curve))
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = (bound(mean for _, mean in points) for bound in (min, max))
    # Halves, since the difference of two doubles can be more than a double holds.
    span = high / 2 - low / 2
    placed = [
        (_SPACING * column, round(HEIGHT * ((high / 2 - mean / 2) / span)) if span else HEIGHT // 2)
        for column, mean in points
    ]
    (x, y), *rest = placed
    moves = ""
    for to_x, to_y in rest:
        moves += f"{' ' if moves else ''}{to_x - x}{'' if to_y < y else ' '}{to_y - y}"
        x, y = to_x, to_y
    return f"M{placed[0][0]} {placed[0][1]}l{moves}"


def _columns(curve: Curve) -> Iterator[tuple[int, float]]:
    if not len(curve):
        return
    across = Span(curve.steps[0], curve.steps[-1])
    for column, mean in enumerate(column_means(curve, across, COLUMNS)):
        if mean is not None:
            yield column, mean
