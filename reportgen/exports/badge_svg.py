"""`badge.svg`: the state of the jobs at a glance, for the top of a README.

Its text consists of our own words and numbers, never the server's. It fetches nothing and has no
`style`, so that a page with any CSP can embed it.
"""

from collections.abc import Mapping
from typing import Final

from reportgen.events import wire
from reportgen.report.report import Report

_LABEL: Final = "arkor"

_GREEN: Final = "#2b7a36"
_RED: Final = "#c0322b"
_BLUE: Final = "#2766ae"
_GREY: Final = "#5f6670"
_DARK: Final = "#3d434b"

_PADDING: Final = 6
_TENTHS: Final = {**dict.fromkeys("ijl", 30), **dict.fromkeys("frt ,", 44), "m": 107, "w": 90}
_OTHERS: Final = 68
"""The width of other characters in the preferred font, in tenths of a pixel."""


def document(report: Report) -> str:
    """Return the badge as SVG, 20 units high and as wide as its text."""
    words, colour = _words(report.counts), _colour(report.counts)
    label, value = _width(_LABEL), _width(words)
    left, right = label + 2 * _PADDING, value + 2 * _PADDING
    width = left + right
    title = f"{_LABEL}: {words}"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" viewBox="0 0 {width} 20" \
role="img" aria-label="{title}">
<title>{title}</title>
<path fill="{_DARK}" d="M{left} 0H3A3 3 0 0 0 0 3V17A3 3 0 0 0 3 20H{left}Z"/>
<path fill="{colour}" d="M{left} 0H{width - 3}A3 3 0 0 1 {width} 3V17A3 3 0 0 1 {width - 3} 20\
H{left}Z"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
<text x="{_PADDING}" y="14" textLength="{label}">{_LABEL}</text>
<text x="{left + _PADDING}" y="14" textLength="{value}">{words}</text>
</g>
</svg>
"""


def _words(counts: Mapping[str, int]) -> str:
    """Count the jobs that passed or failed; if none have, the jobs with each other status."""
    results = (counts["completed"], "passed"), (counts["failed"], "failed")
    others = sum(count for status, count in counts.items() if status not in wire.STATUSES)
    waiting = (
        *((counts[status], status) for status in ("running", "queued", "cancelled")),
        (others, "other"),
    )
    for found in (results, waiting):
        if counted := [f"{count} {word}" for count, word in found if count]:
            return ", ".join(counted)
    return "no jobs"


def _colour(counts: Mapping[str, int]) -> str:
    if counts["failed"]:
        return _RED
    if counts["running"] or counts["queued"]:
        return _BLUE
    return _GREEN if counts["completed"] else _GREY


def _width(text: str) -> int:
    """Estimate a text's width at 11 px; `textLength` makes any font fit."""
    return round(sum(_TENTHS.get(character, _OTHERS) for character in text) / 10)
