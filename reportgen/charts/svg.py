"""Geometry as SVG text: the only place where a chart's coordinates are formatted. Pure.

Charts are computed as numbers, and templates print them with these functions as filters.
"""

from collections.abc import Iterable, Sequence

import msgspec


class Polyline(msgspec.Struct, frozen=True):
    """Points joined by straight lines, in the SVG's units; `xs` and `ys` have equal lengths."""

    xs: Sequence[float]
    ys: Sequence[float]


class Dot(msgspec.Struct, frozen=True):
    """A point drawn as a dot."""

    x: float
    y: float


def coordinate(number: float) -> str:
    """Format a non-negative coordinate with at most two decimals and no exponent."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def path(lines: Iterable[Polyline]) -> str:
    """Format lines as a path's `d` with absolute `M` and `L`, and numbers as in `coordinate`."""
    return "".join(f"M{_joined(line)}" for line in lines)


def _joined(line: Polyline) -> str:
    """Format all points of a line at once, since a page has hundreds.

    Numbers are first given two decimals, so that trailing zeros are never part of an integer.
    """
    coordinates = [0.0] * (2 * len(line.xs))
    coordinates[::2], coordinates[1::2] = line.xs, line.ys
    text = "%.2f,%.2fL" * len(line.xs) % tuple(coordinates)
    for mark in ",L":
        text = text.replace(f"0{mark}", mark).replace(f".0{mark}", mark)
    return text[:-1]


def dots_path(dots: Iterable[Dot]) -> str:
    """Format many dots as one path of zero-length strokes, made visible by round line caps.

    The coordinates are whole numbers: among so many dots, fractions are not visible.
    """
    return "".join(dict.fromkeys(f"M{dot.x:.0f},{dot.y:.0f}h0" for dot in dots))
