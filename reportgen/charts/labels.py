"""Labels beside the plot area: spread apart, with room for the longest. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from reportgen.charts.axes import HEIGHT, Tick

LABEL_HEIGHT: Final = 12

_MARGIN: Final = 56
_GAP: Final = 12
_LETTER: Final = 12.5
"""The width of a digit at the largest label size in the style, used on narrow screens."""


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


_RIGHT_MARGIN: Final = 96
_LEGEND_LETTER: Final = 6.2
"""The width of a letter at the usual size, estimated generously."""


class Margins(msgspec.Struct, frozen=True):
    """The margins beside the plot area, shared by all charts on a page."""

    left: float = _MARGIN
    right: float = _RIGHT_MARGIN


def margins(ticks: Sequence[Tick], left: Iterable[str], right: Iterable[str]) -> Margins:
    """Return the margins for an axis's labels, and for other labels on either side."""
    widths = [
        max((_GAP + _LEGEND_LETTER * len(label) for label in labels), default=0.0)
        for labels in (left, right)
    ]
    return Margins(max(left_margin(ticks), widths[0]), max(_RIGHT_MARGIN, widths[1]))


def rows(widths: Iterable[float], room: float) -> list[tuple[float, int]]:
    """Return the x and the row of items with these widths, side by side while there is room."""
    places: list[tuple[float, int]] = []
    x, row = 0.0, 0
    for width in widths:
        if x and x + width > room:
            x, row = 0.0, row + 1
        places.append((x, row))
        x += width
    return places


def left_margin(ticks: Sequence[Tick]) -> float:
    """Return the width left of the plot area needed by the longest label of an axis."""
    return max(_MARGIN, _GAP + _LETTER * max((len(tick.label) for tick in ticks), default=0))
