"""Rendering job pages, and how fast a home page of thousands of jobs responds in a browser."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from reportgen.pages import Pages
from tests import samples
from tests.benchmarks.measure import Row, Scale, skipped

_KEYSTROKES: Final = "support-bot-12"
_BROWSER_ROW: Final = "pages: a filter keystroke on a home page of many jobs, in Chromium"
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run")

_TYPE: Final = """
async (text) => {
  const search = document.querySelector('input[type="search"]');
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  const start = performance.now();
  search.value = text;
  search.dispatchEvent(new Event("input", { bubbles: true }));
  await frame();
  await frame();
  return performance.now() - start;
}
"""
"""Types into the search, and gives the milliseconds until what it did has been painted."""


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Measure in milliseconds, the unit of the target."""
    yield Row(
        f"pages: rendering each of {scale.of(1000):,} job pages from folded state",
        tuple(_milliseconds_a_page(scale.of(1000)) for _ in range(3)),
        target=5.0,
        unit=" ms",
    )
    yield _keystrokes(scale.of(10_000), work)


def _milliseconds_a_page(count: int) -> float:
    detail, pages = samples.completed(), Pages(samples.LOOKS)
    began = time.perf_counter()
    for _ in range(count):
        pages.job(detail, samples.STUDIO, samples.SNAPSHOT_AT, samples.GENERATOR)
    return (time.perf_counter() - began) / count * 1000


def _keystrokes(count: int, work: Path) -> Row:
    """Open a home page of many jobs in a browser and type into its search."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return skipped(_BROWSER_ROW, "Chromium is not installed")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be missing
    except ImportError:
        return skipped(_BROWSER_ROW, "playwright is not installed (the extra `browser`)")
    file = work / "index.html"
    file.write_text(_home(count), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        opened = []
        for script in (False, True):  # a shared machine may be slow: what does the script add?
            page = browser.new_page(java_script_enabled=script)
            began = time.perf_counter()
            page.goto(file.as_uri())
            opened.append(time.perf_counter() - began)
        typed = [_KEYSTROKES[:end] for end in range(1, len(_KEYSTROKES) + 1)]
        values = tuple(float(page.evaluate(_TYPE, text)) for text in typed)
        browser.close()
    size = file.stat().st_size / 1e6
    bare, full = opened
    note = (
        f"{count:,} jobs, {size:.1f} MB, open after {full:.1f} s ({bare:.1f} s without script), "
        f"slowest {max(values):.0f} ms"
    )
    return Row(_BROWSER_ROW, values, target=100.0, unit=" ms", note=note)


def _home(count: int) -> str:
    plain = samples.completed().summary
    jobs = tuple(
        replace(
            plain,
            id=f"job_{number:05d}",
            slug=f"job_{number:05d}",
            name=f"support-bot-{number}",
        )
        for number in range(count)
    )
    return Pages(samples.LOOKS).home(samples.report(jobs=jobs))
