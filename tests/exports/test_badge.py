"""The badge: its text, its colour, and that it is a self-contained image."""

import re
from xml.etree import ElementTree as ET

import pytest

from reportgen.exports import badge_svg
from tests.samples import report, summary

SVG = "{http://www.w3.org/2000/svg}"
GREEN, RED, BLUE, GREY = "#2b7a36", "#c0322b", "#2766ae", "#5f6670"


def badge(*statuses: str) -> str:
    jobs = tuple(summary(f"job_{n}", status=status) for n, status in enumerate(statuses))
    return badge_svg.document(report(jobs=jobs))


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in drawn(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("statuses", "words", "colour"),
    [
        ([], "no jobs", GREY),
        (["completed"] * 3 + ["failed"], "3 passed, 1 failed", RED),
        (["completed"] * 2, "2 passed", GREEN),
        (["completed", "cancelled"], "1 passed", GREEN),
        (["completed", "running", "queued"], "1 passed", BLUE),
        (["failed", "running"], "1 failed", RED),
        (["completed", "queued"], "1 passed", BLUE),
        (["running"], "1 running", BLUE),
        (["queued", "running", "queued"], "1 running, 2 queued", BLUE),
        (["cancelled"] * 4, "4 cancelled", GREY),
        (["<b>", "&"], "2 other", GREY),
        (["completed"] * 1234, "1234 passed", GREEN),
    ],
)
def test_what_it_says(statuses: list[str], words: str, colour: str) -> None:
    svg = badge(*statuses)
    root = drawn(svg)
    assert texts(svg) == ["arkor", words]
    assert root.findtext(f"{SVG}title") == f"arkor: {words}" == root.get("aria-label")
    assert root.findall(f"{SVG}path")[1].get("fill") == colour


def test_it_is_as_wide_as_its_text() -> None:
    for statuses in ([], ["failed"], ["completed"] * 9_999 + ["failed"] * 9_999):
        root = drawn(badge(*statuses))
        label, words = root.iter(f"{SVG}text")
        end = float(words.get("x", 0)) + float(words.get("textLength", 0))
        assert float(label.get("x", 0)) + float(label.get("textLength", 0)) < float(
            words.get("x", 0)
        )
        assert float(root.get("width", 0)) == end + 6
        assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
        assert 5 < float(words.get("textLength", 0)) / len(words.text or "") < 7


def test_it_needs_nothing_else() -> None:
    svg = badge("completed", "failed")
    assert re.findall(r"https?:[^\"]*", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|style|script|\bid=|@import|<!", svg)


@pytest.mark.parametrize("colour", [GREEN, RED, BLUE, GREY, "#3d434b"])
def test_white_text_can_be_read_on_it(colour: str) -> None:
    # WCAG 2: relative luminance, and a ratio of 4.5 for text of this size.
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    luminance = sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5
