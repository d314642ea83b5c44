"""The plots of points in a real browser: on wide and narrow screens, as links, without script."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reportgen.pages import Pages
from reportgen.report.comparison import ComparedCurve, ComparedCurves
from reportgen.report.report import JobDetail
from tests import samples
from tests.browser.conftest import Reader

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG = "a-name-that-is-much-longer-than-its-room-on-any-screen-however-wide-that-is"

# Marks and texts that stick out of their panel, and marks that a pointer would miss.
OUTSIDE = """(() => {
  const found = [];
  for (const panel of document.querySelectorAll(".panel:has(.points), .points.panel")) {
    const room = panel.getBoundingClientRect();
    for (const one of panel.querySelectorAll("text, .row, .key li, use, figcaption, p")) {
      const box = one.getBoundingClientRect();
      const [left, right] = one.localName === "use"
        ? [box.left + 6, box.right - 6] : [box.left, box.right];
      if (box.width && (left < room.left || right > room.right)) found.push(one.outerHTML);
    }
  }
  return found;
})()"""
TARGETS = """(() => [...document.querySelectorAll(".points a")].map((link) => {
  const { width, height } = link.getBoundingClientRect();
  return Math.round(Math.min(width, height));
}).filter((size) => size < 24))()"""
TOUCHING = """(() => [...document.querySelectorAll(".points [role=group]")].flatMap((plot) => {
  const boxes = [...plot.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
  return boxes.filter((one, at) => boxes.some((other, place) => place > at
    && one.left < other.right && other.left < one.right
    && one.top + 2 < other.bottom && other.top + 2 < one.bottom)).map(({ left }) => left);
}))()"""


def _detail(number: int) -> JobDetail:
    job = samples.judged(
        f"job-{number}",
        name=("nightly", "triage", f"{LONG}-{number}")[number % 3],
        evaluated=0.6 + (number * 7 % 10) / 1000,
        status="failed" if number == 5 else "completed",
        created_at=f"2026-04-{number + 1:02}T09:00:00Z",
        config={
            "learningRate": 10.0**-number,
            "model": LONG if number % 2 else f"other-{LONG}",
            "warmupSteps": 1000 + 7 * number,
        },
    )
    return samples.detail(job)


DETAILS = [_detail(number) for number in range(12)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("points")
    pages = Pages(samples.LOOKS)
    jobs = tuple(detail.summary for detail in DETAILS)
    baseline = replace(jobs[0], name=LONG).as_baseline
    report = samples.report(jobs=jobs, baseline=baseline)
    curves = [ComparedCurves(ComparedCurve(), ComparedCurve())] * len(jobs)
    texts = {
        "index.html": pages.home(report),
        "compare.html": pages.compare(report, jobs, curves, {}),
        "report.html": "".join(pages.single(report, DETAILS)),
        "jobs/job-11.html": pages.job(
            DETAILS[11], samples.STUDIO, samples.SNAPSHOT_AT, samples.GENERATOR
        ),
    }
    (folder / "jobs").mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return folder


def _open_all(page: "Page") -> None:
    for summary in page.locator("summary").all():
        summary.click()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["index.html", "compare.html"])
def test_everything_is_in_its_place(out: Path, reader: Reader, name: str, width: int) -> None:
    visit = reader.visit(width=width, script=False)
    visit.open(out / name)
    _open_all(visit.page)
    assert visit.page.locator(".points a").count() >= len(DETAILS)
    assert visit.page.evaluate(OUTSIDE) == []
    assert visit.page.evaluate(TARGETS) == []
    assert visit.page.evaluate(TOUCHING) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    if name == "index.html" and width == 1280:
        box = visit.page.locator(".points").bounding_box()
        assert box
        assert box["height"] < 200


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("index.html", "jobs/job-11.html"),
        ("report.html", "report.html#/jobs/job-11"),
        ("compare.html", "jobs/job-11.html"),
    ],
)
def test_a_point_leads_to_its_job(out: Path, reader: Reader, name: str, address: str) -> None:
    visit = reader.visit()
    visit.open(out / name)
    visit.page.locator(".points a[href$='job-11.html'], .points a[href$='job-11']").first.click()
    visit.page.wait_for_url(f"**/{address}*")
    assert visit.page.locator("h1:visible").last.inner_text().startswith(f"{LONG}-11")
    assert visit.console == []


def test_the_tab_key_passes_over_the_points(out: Path, reader: Reader) -> None:
    visit = reader.visit()
    visit.open(out / "index.html")
    visit.page.locator("nav a").last.focus()
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.id") == "find"


def test_series_differ_by_colour_and_shape(out: Path, reader: Reader) -> None:
    visit = reader.visit(scheme="light", script=False)
    visit.open(out / "index.html")
    key = visit.page.locator(".key svg").evaluate_all(
        "all => all.map((one) => [getComputedStyle(one).stroke, one.innerHTML])"
    )
    assert len(key) == 6
    assert len({colour for colour, _ in key}) == len({mark for _, mark in key}) == len(key)
    drawn = visit.page.locator(".points [role=group] a use").first
    assert drawn.evaluate("one => getComputedStyle(one).fill") == key[0][0]
