"""The comparison in a real browser: jobs chosen, overlaid, linked to and sorted."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reportgen.model.metrics import metric
from reportgen.model.trend import Clock
from reportgen.pages import Pages
from reportgen.report import comparison
from reportgen.report.report import JobDetail
from tests import samples
from tests.browser.conftest import Reader, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _detail(number: int) -> JobDetail:
    """Return a job that learns faster the higher its number; the last one diverges."""

    def loss_at(step: int) -> float:
        if number == 9 and step > 200:
            return math.nan if step > 290 else 40.0
        return 3 / (1 + step * (number + 1) / 100)

    loss = samples.curve(range(1, 301), loss_at)
    evals = samples.curve(range(50, 301, 50), lambda step: loss_at(step) + 0.5)
    clock = Clock([(1.0, "2026-05-01T09:00:02Z"), (300.0, f"2026-05-01T09:{number + 1:02}:02Z")])
    config = {**samples.CONFIG, "learningRate": (number + 1) / 1000}
    job = samples.summary(
        f"job-{number}",
        f"run-{number}",
        slug=f"job-{number}",
        config=config,
        last_step=300.0,
        created_at=f"2026-05-01T0{number}:00:00Z",
        loss=metric(loss),
        eval_loss=metric(evals),
    )
    if number == 9:
        job = replace(job, status="failed", error="loss is NaN", not_finite=10)
    return samples.detail(job, loss=loss, eval_loss=evals, clock=clock)


DETAILS = [_detail(number) for number in range(10)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    pages = Pages(samples.LOOKS)
    report = samples.report(jobs=tuple(detail.summary for detail in DETAILS))
    jobs = comparison.newest(report.jobs)
    curves = [comparison.compared_curves(DETAILS[int(job.id[-1])]) for job in jobs]
    text = pages.compare(report, jobs, curves, {job.id: int(job.id[-1]) for job in jobs})
    (folder / "compare.html").write_text(text, "utf-8", newline="\n")
    home = pages.home(report, {job.id for job in jobs})
    (folder / "index.html").write_text(home, "utf-8", newline="\n")
    return folder


def _opened(reader: Reader, path: Path, fragment: str = "", *, script: bool = True) -> Visit:
    visit = reader.visit(script=script)
    visit.page.goto(path.as_uri() + fragment)
    return visit


def _drawn(page: "Page") -> list[str]:
    """Return the names of the jobs whose curves are drawn."""
    return page.locator(".curves path title").all_text_contents()


def _choose(page: "Page", *numbers: int) -> None:
    for box in page.locator(".results input").all():
        box.uncheck()
    for number in numbers:
        page.get_by_label(f"Compare run-{number}").check()


def test_without_script_the_eight_newest_are_drawn(out: Path, reader: Reader) -> None:
    visit = _opened(reader, out / "compare.html", script=False)
    assert _drawn(visit.page) == [f"run-{number}" for number in range(9, 1, -1)]
    assert visit.page.locator("input, button").count() == 0
    assert visit.page.locator(".results tbody tr").count() == 10
    heads = visit.page.locator(".configs thead th:visible").all_inner_texts()
    assert heads == ["Key", *(f"run-{number}" for number in range(9, 1, -1))]


def test_three_jobs_are_compared(out: Path, reader: Reader) -> None:
    visit = _opened(reader, out / "compare.html")
    page = visit.page
    assert len(_drawn(page)) == 8
    _choose(page, 1, 4, 9)
    assert _drawn(page) == ["run-9", "run-4", "run-1"]
    # The diverged job leaves the plot instead of flattening the others.
    heights = page.locator(".curves path").evaluate_all(
        "paths => paths.map(path => path.getBBox().height)"
    )
    assert heights[0] > 200
    assert heights[1] > 120
    assert "leaves the plot at step" in page.locator("tr[data-job='job-9']").inner_text()
    # The diverged job had the lowest training and evaluation loss before it diverged, run-4 the
    # lowest at its end; the durations are all alike, so none is the best.
    best = page.locator(".best").evaluate_all(
        "all => all.map(one => [one.closest('tr').dataset.job, one.closest('td').cellIndex])"
    )
    assert best == [["job-9", 4], ["job-9", 5], ["job-4", 3]]
    shown = page.locator(".configs thead th:visible").all_inner_texts()
    assert shown == ["Key", "run-9", "run-4", "run-1"]
    first = page.locator(".configs tbody tr").first
    assert first.inner_text().split() == ["learningRate", "differs", "0.01", "0.005", "0.002"]
    assert visit.console == []


def test_a_linked_comparison_shows_the_same(out: Path, reader: Reader) -> None:
    visit = _opened(reader, out / "compare.html")
    page = visit.page
    _choose(page, 2, 7)
    page.get_by_label("Eval loss").check()
    page.get_by_label("By time since start").check()
    page.get_by_label("Log scale").check()
    page.get_by_role("button", name="Best eval loss").click()
    address = str(page.evaluate("location.href"))
    assert address.endswith("#jobs=job-7,job-2&by=time&of=eval-loss&log=1&sort=best-eval-loss")
    other = _opened(reader, out / "compare.html", address[address.index("#") :])
    assert _drawn(other.page) == ["run-7", "run-2"]
    drawn = [one.page.locator(".curves path").first.get_attribute("d") for one in (visit, other)]
    assert drawn[0] == drawn[1]
    assert other.page.get_by_label("Eval loss").is_checked()
    ticks = other.page.locator(".axes text[text-anchor=middle]").all_text_contents()
    assert any("min" in tick for tick in ticks)
    assert (
        other.page.get_by_role("columnheader", name="Best eval loss").get_attribute("aria-sort")
        == "ascending"
    )
    assert visit.console == other.console == []


def test_an_address_of_unknown_jobs_draws_nothing(out: Path, reader: Reader) -> None:
    visit = _opened(reader, out / "compare.html", "#jobs=%3Cb%3E,job-77&by=moon&of=x&sort=--x")
    assert _drawn(visit.page) == []
    assert visit.page.get_by_text("None of the selected jobs has this curve.").is_visible()
    visit.page.get_by_label("Compare run-3").check()
    assert _drawn(visit.page) == ["run-3"]
    assert visit.console == []


def test_the_selection_on_home_opens_as_a_comparison(out: Path, reader: Reader) -> None:
    visit = _opened(reader, out / "index.html")
    page = visit.page
    assert page.get_by_role("link", name="Compare 1").count() == 0
    for number in (8, 3, 5):
        page.get_by_label(f"Compare run-{number}").check()
    page.get_by_role("link", name="Compare 3 jobs").click()
    page.wait_for_url("**/compare.html#jobs=job-8,job-5,job-3")
    assert sorted(_drawn(page)) == ["run-3", "run-5", "run-8"]
    assert visit.console == []


def test_a_jobs_line_is_the_same_in_table_and_chart(out: Path, reader: Reader) -> None:
    page = _opened(reader, out / "compare.html", "#jobs=job-0,job-1,job-8,job-9").page
    looks = (
        "nodes => nodes.map(node => [getComputedStyle(node).stroke,"
        " getComputedStyle(node).strokeDasharray])"
    )
    drawn = page.locator(".curves path").evaluate_all(looks)
    signs = page.locator(".results tr:has(input:checked) svg path").evaluate_all(looks)
    assert drawn == signs
    assert len({tuple(one) for one in drawn}) == 4  # eight colours, then a dash


@pytest.mark.parametrize("width", [360, 400, 800, 1280])
def test_it_does_not_scroll_sideways(out: Path, reader: Reader, width: int) -> None:
    visit = reader.visit(width=width)
    visit.open(out / "compare.html")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
