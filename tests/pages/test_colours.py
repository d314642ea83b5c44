"""The style's colours: text is readable, and lines are distinct for every reader."""

import math
import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

import pytest

from reportgen import pages
from reportgen.pages.compare import COLOURS

Colour: TypeAlias = tuple[float, float, float]
"""Red, green and blue as light, from 0 to 1; or L*, a* and b*."""

STYLE = (Path(pages.__file__).parent.parent.parent / "templates" / "report.css").read_text("utf-8")

# How the loss of one kind of cone changes linear RGB (Machado, Oliveira and Fernandes, "A
# Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, severity 1.0).
EYES: dict[str, tuple[Colour, Colour, Colour]] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TO_XYZ: tuple[Colour, Colour, Colour] = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE: Colour = (0.95047, 1.0, 1.08883)


def light_of(text: str) -> Colour:
    """Return the light of a colour written `#rgb` or `#rrggbb`."""
    digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
    red, green, blue = (int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4))
    return tuple(  # type: ignore[return-value]  # of three
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (red, green, blue)
    )


def through(matrix: Sequence[Colour], colour: Colour) -> Colour:
    red, green, blue = (
        sum(factor * part for factor, part in zip(row, colour, strict=True)) for row in matrix
    )
    return red, green, blue


def lab_of(light: Colour) -> Colour:
    """Return a colour in CIE L*a*b*, where distances are about as large as they look."""
    parts = [part / white for part, white in zip(through(TO_XYZ, light), WHITE, strict=True)]
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in parts)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen(colour: str, eye: str) -> Colour:
    red, green, blue = (min(max(part, 0), 1) for part in through(EYES[eye], light_of(colour)))
    return lab_of((red, green, blue))


def distance(one: Colour, other: Colour) -> float:
    return math.dist(one, other)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it."""
    dark, bright = sorted(through(TO_XYZ, light_of(colour))[1] for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def named(scheme: int) -> dict[str, str]:
    """Return the style's colours by name, of the light (0) or the dark (1) scheme."""
    pairs = re.findall(r"(?:--|\.)([\w-]+)(?:| \{ color): light-dark\((#\w+), (#\w+)\);", STYLE)
    return {name: colours[scheme] for name, *colours in pairs}


def palette(scheme: int) -> list[str]:
    return [colour for name, colour in named(scheme).items() if re.fullmatch(r"k\d", name)]


TEXT_ON = [
    *((text, ground) for text in ("text", "muted") for ground in ("page", "panel", "inset")),
    *(("accent", ground) for ground in ("page", "panel", "accent-soft")),
    *(("failed-text", ground) for ground in ("page", "panel")),
    *((f"{state}-text", state) for state in ("completed", "failed", "warning", "other")),
]
LINE_ON = [(line, "panel") for line in ("loss", "eval-loss", *(f"k{n}" for n in range(8)))]
SCHEMES = pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])


@SCHEMES
@pytest.mark.parametrize(
    ("above", "ground", "least"),
    [*((*pair, 4.5) for pair in TEXT_ON), *((*pair, 3.0) for pair in LINE_ON)],
)
def test_contrast_meets_wcag_aa(above: str, ground: str, least: float, scheme: int) -> None:
    colours = named(scheme)
    assert contrast(colours[above], colours[ground]) >= least


@SCHEMES
@pytest.mark.parametrize("eye", EYES)
def test_any_two_lines_of_a_comparison_can_be_distinguished(eye: str, scheme: int) -> None:
    for one, other in combinations(palette(scheme), 2):
        assert distance(seen(one, eye), seen(other, eye)) > 25, (one, other)


def test_a_comparison_has_the_same_colours_without_style() -> None:
    assert tuple(palette(0)) == COLOURS
    assert len(palette(1)) == len(COLOURS)
