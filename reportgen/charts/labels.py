"""Labels beside the plot area: spread apart, with room for the longest. Pure."""

from collections.abc import Sequence
from typing import Final

from reportgen.charts.axes import HEIGHT, Tick

LABEL_HEIGHT: Final = 12

_MARGIN: Final = 56
_GAP: Final = 12
_LETTER: Final = 12.5
"""The width of a digit at the largest size that a style gives to labels, on a narrow screen."""


def spread(heights: Sequence[float]) -> list[float]:
    """Return heights at least a label's height apart, in the same order, within the plot."""
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    placed: list[float] = []
    for place in order:
        placed.append(max(heights[place], placed[-1] + LABEL_HEIGHT if placed else 0))
    limit = float(HEIGHT)
    for at in reversed(range(len(placed))):
        placed[at] = min(placed[at], limit)
        limit = placed[at] - LABEL_HEIGHT
    found = dict(zip(order, placed, strict=True))
    return [found[place] for place in range(len(heights))]


def left_margin(ticks: Sequence[Tick]) -> float:
    """Return the width left of the plot area that the longest of an axis's labels needs."""
    return max(_MARGIN, _GAP + _LETTER * max((len(tick.label) for tick in ticks), default=0))
