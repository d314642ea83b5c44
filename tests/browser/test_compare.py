"""The comparison in a real browser: jobs chosen, overlaid, linked to and sorted."""

import math
from array import array
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reportgen.model.curves import Curve
from reportgen.model.metrics import metric, result
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
        result=result(loss, metric(evals)),
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
    assert _drawn(visit.page) == [f"run-{number}" for number in (8, 7, 6, 9, 5, 4, 3, 2)]
    assert visit.page.locator("input, button").count() == 0
    assert visit.page.locator(".results tbody tr").count() == 10
    heads = visit.page.locator(".configs thead th:visible").all_inner_texts()
    assert heads == ["Key", *_drawn(visit.page)]


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
    assert max(heights[1:]) > 120
    assert "leaves the plot at step" in page.locator("tr[data-job='job-9']").inner_text()
    # The diverged job had the lowest training and evaluation loss before it diverged, run-4 the
    # lowest at its end; the durations are all alike, so none is the best.
    best = page.locator(".best").evaluate_all(
        "all => all.map(one => [one.closest('tr').dataset.job, one.closest('td').cellIndex])"
    )
    assert best == [["job-9", 2], ["job-9", 4], ["job-4", 3]]
    shown = page.locator(".configs thead th:visible").all_inner_texts()
    assert shown == ["Key", "run-9", "run-4", "run-1"]
    assert not page.get_by_text("Nothing differs.").is_visible()
    (differing,) = page.locator(".configs tbody tr:visible").all()
    assert differing.inner_text().split() == ["learningRate", "0.01", "0.005", "0.002"]
    page.locator(".alike summary").click()
    assert page.locator(".configs tbody tr:visible").count() == 11
    _choose(page, 4)
    assert page.get_by_text("Nothing differs.").is_visible()
    assert page.locator(".configs tbody tr:visible").count() == 11
    assert visit.console == []


def test_a_linked_comparison_shows_the_same(out: Path, reader: Reader) -> None:
    visit = _opened(reader, out / "compare.html")
    page = visit.page
    _choose(page, 2, 7)
    page.get_by_role("radio", name="Training loss").check()
    page.get_by_label("By time since start").check()
    page.get_by_label("Log scale").check()
    page.get_by_role("button", name="Best eval loss").click()
    address = str(page.evaluate("location.href"))
    assert address.endswith("#jobs=job-7,job-2&by=time&of=loss&log=1&sort=best-eval-loss")
    other = _opened(reader, out / "compare.html", address[address.index("#") :])
    assert _drawn(other.page) == ["run-7", "run-2"]
    drawn = [one.page.locator(".curves path").first.get_attribute("d") for one in (visit, other)]
    assert drawn[0] == drawn[1]
    assert other.page.get_by_role("radio", name="Training loss").is_checked()
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
    assert page.get_by_text("Tick jobs to compare them.").is_visible()
    place = "table => table.getBoundingClientRect().top + scrollY"
    top = page.locator(".jobs").evaluate(place)
    for number in (8, 3, 5):
        page.get_by_label(f"Compare run-{number}").check()
    assert page.locator(".jobs").evaluate(place) == top  # rows stay beneath the pointer
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


def test_the_evaluation_losses_are_drawn_first_and_the_best_job_leads(
    out: Path, reader: Reader
) -> None:
    for script in (True, False):
        page = _opened(reader, out / "compare.html", script=script).page
        assert page.locator(".results tbody a").first.inner_text() == "run-8"
        results = page.locator(".results td[data-n]:nth-child(3)").all()
        values = [float(cell.get_attribute("data-n") or 0) for cell in results]
        assert values == sorted(values)
        assert "Evaluation loss by step" in page.locator("h2").first.inner_text()
    described = page.locator("desc").text_content() or ""
    assert described.startswith("Evaluation loss by step. run-8:")


def test_values_are_shown_at_the_pointer_and_by_keyboard(out: Path, reader: Reader) -> None:
    page = _opened(reader, out / "compare.html", "#jobs=job-1,job-4").page
    page.locator(".surface").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    tip = page.get_by_role("tooltip")
    exact = [3 / (1 + 100 * (number + 1) / 100) + 0.5 for number in (4, 1)]
    assert tip.inner_text().split() == [
        "step",
        "100",
        "run-4",
        f"{exact[0]:g}",
        "run-1",
        f"{exact[1]:g}",
    ]
    assert page.locator(".spoken").last.inner_text().startswith("step 100, run-4 ")
    page.keyboard.press("Escape")
    assert tip.count() == 0
    page.get_by_role("radio", name="Training loss").check()
    box = page.locator(".comparison svg.curves").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    assert tip.inner_text().startswith("step ≈ 1")
    assert "≈ mean of a column" in tip.inner_text()


@pytest.mark.parametrize("how", ["hover", "focus"])
def test_a_row_lifts_its_line(out: Path, reader: Reader, how: str) -> None:
    page = _opened(reader, out / "compare.html").page
    row = page.locator("tr[data-job='job-5']")
    if how == "hover":
        row.hover()
    else:
        row.get_by_role("link").focus()
    assert page.locator(".lifting .lifted title").all_text_contents() == ["run-5"]
    page.locator("h1").hover()
    page.locator("nav a").first.focus()
    assert page.locator(".lifted").count() == 0


def test_one_long_run_does_not_crush_the_others(tmp_path: Path, reader: Reader) -> None:
    steps = {0: range(1, 101), 1: range(1, 91), 2: range(1, 2001)}
    details = []
    for number, detail in enumerate(DETAILS[:3]):
        loss = samples.curve(steps[number], lambda step: 3 / step)
        job = replace(detail.summary, loss=metric(loss), eval_loss=None, result=None)
        details.append(samples.detail(job, loss=loss))
    report = samples.report(jobs=tuple(one.summary for one in details))
    jobs = comparison.newest(report.jobs)
    curves = [comparison.compared_curves(details[int(job.id[-1])]) for job in jobs]
    text = Pages(samples.LOOKS).compare(report, jobs, curves, {})
    (tmp_path / "compare.html").write_text(text, "utf-8")
    for script in (True, False):
        page = _opened(reader, tmp_path / "compare.html", script=script).page
        ticks = page.locator(".axes text[text-anchor=middle]").all_text_contents()
        assert ticks[-1] == "100"
        assert "1 job goes further" in page.locator(".beyond").inner_text()
    page = _opened(reader, tmp_path / "compare.html", "#full=1").page
    assert page.locator(".axes text[text-anchor=middle]").last.text_content() == "1500"
    assert not page.locator(".beyond").is_visible()


def test_a_log_scale_without_positive_values_says_so(tmp_path: Path, reader: Reader) -> None:
    loss = samples.curve(range(1, 9), lambda step: -float(step))
    details = [
        samples.detail(replace(one.summary, loss=metric(loss), eval_loss=None), loss=loss)
        for one in DETAILS[:2]
    ]
    report = samples.report(jobs=tuple(one.summary for one in details))
    curves = [comparison.compared_curves(one) for one in details]
    text = Pages(samples.LOOKS).compare(report, report.jobs, curves, {})
    (tmp_path / "compare.html").write_text(text, "utf-8")
    page = _opened(reader, tmp_path / "compare.html", "#log=1").page
    assert page.get_by_text("No value above zero").is_visible()
    page.get_by_label("Log scale").uncheck()
    assert not page.get_by_text("No value above zero").is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_line_does_not_bridge_losses_that_are_not_finite(
    tmp_path: Path, reader: Reader, *, script: bool
) -> None:
    loss = samples.curve(range(1, 10), lambda step: math.nan if step in {4, 6} else 9.0 - step)
    details = [
        samples.detail(replace(one.summary, loss=metric(loss), eval_loss=None), loss=loss)
        for one in DETAILS[:2]
    ]
    report = samples.report(jobs=tuple(one.summary for one in details))
    curves = [comparison.compared_curves(one) for one in details]
    text = Pages(samples.LOOKS).compare(report, report.jobs, curves, {})
    (tmp_path / "compare.html").write_text(text, "utf-8")
    page = _opened(reader, tmp_path / "compare.html", script=script).page
    path = page.locator(".curves path").first.get_attribute("d") or ""
    points = [part.count("L") + 1 for part in path.split("M")[1:]]
    assert points == [3, 2, 3]  # the lone point twice, as a dot


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [390, 800, 1280])
def test_labels_stay_in_the_panel_and_apart(
    tmp_path: Path, reader: Reader, width: int, *, script: bool
) -> None:
    details = []
    for number, detail in enumerate(DETAILS[:4]):
        steps = range(12345678901, 12345678931)
        values = [0.693147184 + (step % 9 + number) * 1e-9 for step in steps]
        loss = Curve(array("d", steps), array("d", values))
        job = replace(detail.summary, name="失敗" * 40, loss=metric(loss), eval_loss=None)
        details.append(samples.detail(job, loss=loss))
    report = samples.report(jobs=tuple(one.summary for one in details))
    curves = [comparison.compared_curves(one) for one in details]
    text = Pages(samples.LOOKS).compare(report, report.jobs, curves, {})
    (tmp_path / "compare.html").write_text(text, "utf-8")
    visit = reader.visit(width=width, script=script)
    visit.open(tmp_path / "compare.html")
    labels = visit.page.locator(".axes text:visible, .ends div:visible")
    assert len(set(labels.all_text_contents())) == labels.count() > 6
    boxes = [box for label in labels.all() if (box := label.bounding_box())]
    panel = visit.page.locator(".panel").first.bounding_box()
    assert panel
    for place, box in enumerate(boxes):
        assert panel["x"] <= box["x"]
        assert box["x"] + box["width"] <= panel["x"] + panel["width"]
        for other in boxes[:place]:
            apart = (
                box["x"] >= other["x"] + other["width"]
                or other["x"] >= box["x"] + box["width"]
                or abs(box["y"] - other["y"]) > box["height"] / 2
            )
            assert apart, (box, other)
    # What tells jobs of one name apart is never cut off.
    marks = visit.page.locator(".ends small:visible")
    assert marks.count() == (4 if width > 720 else 0)
    ends = marks.evaluate_all("""marks => marks.map((mark) =>
        mark.parentElement.getBoundingClientRect().right - mark.getBoundingClientRect().right)""")
    assert all(room >= 0 for room in ends)


@pytest.mark.parametrize("width", [360, 400, 800, 1280])
def test_it_does_not_scroll_sideways(out: Path, reader: Reader, width: int) -> None:
    visit = reader.visit(width=width)
    visit.open(out / "compare.html")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
