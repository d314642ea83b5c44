"""The chart in a real browser, used by mouse and by keyboard."""

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reportgen.model.log_lines import LogLine
from reportgen.pages import Pages
from reportgen.report.report import JobDetail
from tests import samples
from tests.browser.conftest import Reader, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LOSS = "path.loss"


def written(folder: Path, detail: JobDetail) -> Path:
    pages = Pages(samples.LOOKS)
    path = folder / "job.html"
    text = pages.job(detail, samples.STUDIO, samples.SNAPSHOT_AT, samples.GENERATOR)
    path.write_text(text, "utf-8", newline="\n")
    return path


@pytest.fixture
def visit(tmp_path: Path, reader: Reader) -> Visit:
    visit = reader.visit()
    visit.open(written(tmp_path, samples.completed()))
    return visit


def d(page: "Page", selector: str = LOSS) -> str:
    return page.locator(selector).get_attribute("d") or ""


def drag(page: "Page", start: float, end: float) -> None:
    box = page.locator(".curves").bounding_box()
    assert box
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, height, steps=4)
    page.mouse.up()


def test_the_chart_is_as_drawn_until_it_is_touched(visit: Visit, tmp_path: Path) -> None:
    drawn = re.search(r'<path class="loss" d="([^"]+)"', (tmp_path / "job.html").read_text())
    assert drawn
    assert d(visit.page) == drawn[1]
    assert visit.console == []


def test_arrow_keys_go_through_the_steps_and_are_announced(visit: Visit) -> None:
    page = visit.page
    page.locator(".surface").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("[role=tooltip] b").inner_text() == "step 1"
    page.keyboard.press("End")
    spoken = page.locator("[aria-live]").inner_text()
    assert spoken == (
        f"step 400, training loss {samples.loss_at(400)}, eval loss {samples.eval_loss_at(400)}"
    )
    page.keyboard.press("ArrowLeft")
    assert page.locator("[role=tooltip]").inner_text().split("\n") == [
        "step 399",
        f"training loss {samples.loss_at(399)}",
    ]
    page.keyboard.press("Escape")
    assert page.locator("[role=tooltip]").is_hidden()


def test_hovering_shows_the_nearest_step(visit: Visit) -> None:
    box = visit.page.locator("svg.loss-chart path.loss").bounding_box()
    assert box
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    shown = visit.page.locator("[role=tooltip] b").inner_text()
    assert abs(int(shown.removeprefix("step ")) - 200) <= 2


def test_dragging_zooms_and_escape_goes_back(visit: Visit) -> None:
    page, before = visit.page, d(visit.page)
    ticks = page.locator(".axes").inner_html()
    drag(page, 0.25, 0.5)
    assert d(page) != before
    page.locator(".surface").focus()
    page.keyboard.press("Home")
    first = int(page.locator("[role=tooltip] b").inner_text().removeprefix("step "))
    assert 90 < first < 110
    page.keyboard.press("Escape")
    assert d(page) == before
    assert page.locator(".axes").inner_html() == ticks
    drag(page, 0.5, 0.75)
    page.get_by_role("button", name="Reset zoom").click()
    assert d(page) == before
    assert page.get_by_role("button", name="Reset zoom").is_hidden()
    page.keyboard.press("+")
    assert d(page) != before
    assert visit.console == []


def test_the_axis_may_be_logarithmic(visit: Visit) -> None:
    page, before = visit.page, d(visit.page)
    box = page.get_by_role("checkbox", name="Log scale")
    box.check()
    assert d(page) != before
    assert "NaN" not in d(page)
    box.uncheck()
    assert d(page) == before


def test_smoothing_overlays_a_line_on_a_faint_one(visit: Visit) -> None:
    page, smooth = visit.page, "path.loss-smooth"
    slider, output = page.get_by_role("slider", name="Smoothing"), page.locator(".tools output")
    legend = page.locator(".loss-chart .legend")
    assert output.inner_text() == "10 steps"
    assert "Smoothed over 10 steps" in (legend.text_content() or "")
    first = d(page, smooth)
    slider.fill("0.9")
    assert d(page, smooth).count("L") == 399
    assert output.inner_text() == "32 steps"
    assert "Smoothed over 32 steps" in (legend.text_content() or "")
    assert page.locator(LOSS).get_attribute("stroke-opacity") == "0.35"
    slider.fill("0")
    assert d(page, smooth) == ""
    assert page.locator(LOSS).get_attribute("stroke-opacity") is None
    assert not page.locator(".legend .loss-smooth-sign").is_visible()
    # The script smooths as the page did.
    slider.fill("0.5")
    places = [
        [float(y) for y in re.findall(r",([\d.]+)", line)] for line in (first, d(page, smooth))
    ]
    assert places[1] == pytest.approx(places[0], abs=0.02)


def test_a_noisy_curve_is_smoothed_without_script(tmp_path: Path, reader: Reader) -> None:
    visit = reader.visit(script=False)
    visit.open(written(tmp_path, samples.completed()))
    assert visit.page.locator("path.loss-smooth").is_visible()
    assert "Smoothed over 10 steps" in visit.page.locator(".legend").inner_html()


def test_a_diverged_curve_offers_the_view_without_its_outliers(
    tmp_path: Path, reader: Reader
) -> None:
    loss = samples.curve(range(400), lambda step: 1e37 if step > 396 else samples.loss_at(step))
    visit = reader.visit()
    visit.open(written(tmp_path, samples.detail(samples.summary(), loss=loss)))
    page, before = visit.page, d(visit.page)
    box = page.get_by_role("checkbox", name="Without outliers (3 of 400 points)")
    assert _top(box) < _top(page.locator(".plot"))  # seen before the curve that outliers flatten
    box.focus()
    page.keyboard.press("Space")
    heights = [float(y) for y in re.findall(r",(-?[\d.]+)", d(page))]
    assert max(heights[:397]) - min(heights[:397]) > 150
    assert "e" not in d(page)
    drag(page, 0.5, 1)
    assert "e" not in d(page)
    page.locator(".surface").focus()
    page.keyboard.press("End")
    assert "training loss 1e+37" in page.get_by_role("tooltip").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    box.uncheck()
    assert d(page) == before
    assert visit.console == []


def _top(locator: "Locator") -> float:
    return float(locator.evaluate("element => element.getBoundingClientRect().top"))


@pytest.mark.parametrize("width", [390, 1280])
def test_a_plot_is_drawn_tall_and_its_text_keeps_its_shape(
    tmp_path: Path, reader: Reader, width: int
) -> None:
    visit = reader.visit(width=width, script=False)
    visit.open(written(tmp_path, samples.completed()))
    drawn, scale, text, own = visit.page.evaluate(
        """() => {
          const path = document.querySelector("path.loss");
          const label = document.querySelector(".axes text");
          const { a } = path.getScreenCTM();
          const heights = [path, label].map((one) => one.getBoundingClientRect().height);
          return [heights[0], a, heights[1], label.getBBox().height];
        }"""
    )
    assert drawn > 1.2 * 200 * scale
    assert text == pytest.approx(own * scale, rel=0.1)


def test_small_charts_zoom_with_the_large_one(visit: Visit) -> None:
    page, frame = visit.page, visit.page.locator(".trend-frame").first
    before = frame.get_attribute("viewBox")
    drag(page, 0.25, 0.5)
    left, _, width, _ = map(float, (frame.get_attribute("viewBox") or "").split())
    assert 140 < left < 180
    assert 140 < width < 180
    page.locator(".surface").focus()
    page.keyboard.press("Escape")
    assert frame.get_attribute("viewBox") == before


def test_losses_that_differ_in_the_eighth_digit_are_told_apart(
    tmp_path: Path, reader: Reader
) -> None:
    first = 12345678901
    loss = samples.curve(range(first, first + 9), lambda step: 0.69314718 + (step - first) / 1e10)
    visit = reader.visit()
    visit.open(written(tmp_path, samples.detail(samples.summary(), loss=loss)))
    visit.page.locator(".surface").focus()
    visit.page.keyboard.press("Home")
    assert visit.page.get_by_role("tooltip").inner_text().split("\n") == [
        "step 12345678901",
        "training loss 0.69314718",
    ]
    visit.page.keyboard.press("ArrowRight")
    assert "0.6931471801" in visit.page.get_by_role("tooltip").inner_text()


def test_a_series_can_be_switched_off_and_on(visit: Visit) -> None:
    page = visit.page
    box = page.get_by_role("checkbox", name="Eval loss")
    box.uncheck()
    assert page.locator("path.eval-loss").is_hidden()
    page.locator(".surface").focus()
    page.keyboard.press("End")
    assert "eval" not in page.locator("[role=tooltip]").inner_text()
    box.check()
    assert page.locator("path.eval-loss").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_svg_downloaded_stands_alone(reader: Reader, tmp_path: Path, width: int) -> None:
    visit = reader.visit(width=width)
    page = visit.page
    visit.open(written(tmp_path, samples.completed()))
    page.get_by_role("checkbox", name="Log scale").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download SVG").click()
    assert download.value.suggested_filename == "job_01HV8ZZ1A0DONE.svg"
    alone = tmp_path / "alone.svg"
    download.value.save_as(alone)
    text = alone.read_text("utf-8")
    assert d(page) in text
    assert "data-" not in text
    visit.page.goto(alone.as_uri())
    assert visit.page.locator("path.loss").is_visible()
    outside = page.locator("text").evaluate_all(
        "texts => { const all = document.documentElement.getBoundingClientRect();"
        " const isInside = ({ left, right, top, bottom }) => left >= all.left"
        " && right <= all.right && top >= all.top && bottom <= all.bottom;"
        " return texts.filter(text => !isInside(text.getBoundingClientRect()))"
        ".map(text => text.textContent) }"
    )
    assert outside == []
    assert visit.console == []


def test_a_downsampled_curve_is_smoothed_over_all_its_points(
    tmp_path: Path, reader: Reader
) -> None:
    # One point in a hundred is an outlier, as is half of those drawn; yet the mean hardly moves.
    loss = samples.curve(range(100_000), lambda step: 100.0 if step % 100 == 0 else 1.0)
    visit = reader.visit()
    visit.open(written(tmp_path, samples.detail(samples.summary(), loss=loss)))
    visit.page.get_by_role("slider", name="Smoothing").fill("0.95")
    last = float(d(visit.page, "path.loss-smooth").rsplit(",", 1)[1])
    assert last == pytest.approx(200 * (1 - 1 / 100), abs=1)
    assert visit.console == []


@pytest.mark.parametrize("detail", samples.details(), ids=lambda detail: detail.summary.slug)
def test_all_controls_work_together_on_any_job(
    tmp_path: Path, reader: Reader, detail: JobDetail
) -> None:
    visit = reader.visit(width=400)
    visit.open(written(tmp_path, detail))
    page = visit.page
    for box in page.get_by_role("checkbox").all():
        box.click()
    if page.locator(".surface").count():
        page.locator(".surface").focus()
        for key in ("End", "+", "+", "ArrowLeft", "PageUp", "-", "Home", "Escape", "Escape"):
            page.keyboard.press(key)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert visit.console == []


def test_without_script_no_dead_control_is_shown(tmp_path: Path, reader: Reader) -> None:
    visit = reader.visit(script=False)
    visit.open(written(tmp_path, samples.completed()))
    assert visit.page.locator("input, button, .surface").count() == 0
    assert visit.page.locator(LOSS).is_visible()
    visit.page.get_by_text("Advanced").click()
    assert visit.page.get_by_role("rowheader", name="Variance").is_visible()


def test_the_log_is_the_raw_lines_with_times_beside(tmp_path: Path, reader: Reader) -> None:
    log = tuple(LogLine(f"[log] step={step}", f"2026-05-01T09:00:0{step}Z") for step in range(3))
    log += (LogLine('[checkpoint] {"step":3}', gist="step 3"),)
    visit = reader.visit(script=False)
    visit.open(written(tmp_path, samples.detail(samples.summary(), log=log, log_lines=4)))
    pre = visit.page.locator(".log pre")
    assert (pre.text_content() or "").splitlines() == [line.text for line in log]
    assert pre.inner_text().splitlines() == [line.text for line in log]
    times = pre.locator("[data-time]").evaluate_all(
        "spans => spans.map(span => getComputedStyle(span, '::before').content)"
    )
    assert [time[1:9] for time in times] == ["09:00:00", "09:00:01", "09:00:02"]


def test_a_folded_line_shows_its_gist_until_it_is_asked_for(tmp_path: Path, reader: Reader) -> None:
    for script in (True, False):
        visit = reader.visit(script=script)
        visit.open(written(tmp_path, samples.completed()))
        line = visit.page.locator(".log .checkpoint")
        shown = "line => getComputedStyle(line, '::after').content"
        assert line.evaluate(shown) == '" step 400"'
        assert line.locator("i").evaluate("raw => raw.clientWidth") <= 1
        line.click()
        assert line.evaluate(shown) == "none"
        assert line.locator("i").evaluate("raw => raw.getClientRects().length > 0")
        # What is selected are the raw lines, folded or not.
        visit.page.locator("h1").click()
        picked = visit.page.evaluate(
            "(getSelection().selectAllChildren(document.querySelector('pre')), `${getSelection()}`)"
        )
        assert picked.strip().splitlines() == [line.text for line in samples.completed().log]


def test_learning_rate_and_throughput_are_drawn_beneath(tmp_path: Path, reader: Reader) -> None:
    visit = reader.visit(script=False)
    visit.open(written(tmp_path, samples.completed()))
    names = visit.page.locator("svg.small-chart").evaluate_all(
        "charts => charts.map(chart => chart.getAttribute('aria-label'))"
    )
    assert names == [
        "Learning rate: 5e-6 → 2e-4",
        "Samples per second: 12.49 → 9.49, between 9.49 and 12.49",
    ]
    # Over the same steps as the loss chart, at the same width.
    left = visit.page.locator("path.loss, path.trend").evaluate_all(
        "paths => paths.map(path => path.getBoundingClientRect().left)"
    )
    assert max(left) - min(left) < 6


@pytest.mark.parametrize(("width", "beneath"), [(400, True), (1280, False)])
@pytest.mark.parametrize("script", [True, False])
def test_the_legend_is_shown_at_any_width(
    tmp_path: Path, reader: Reader, width: int, *, beneath: bool, script: bool
) -> None:
    visit = reader.visit(width=width, script=script)
    visit.open(written(tmp_path, samples.completed()))
    assert visit.page.locator(".signs").is_visible() is beneath
    assert visit.page.locator(".loss-chart .legend").is_visible() is not beneath
    legend = visit.page.locator(".signs" if beneath else ".loss-chart .legend")
    explained = legend.text_content() or ""
    for sign in ("Training loss", "Eval loss", "Checkpoint"):
        assert sign in explained


def test_ids_and_lines_are_copied_at_a_click(tmp_path: Path, reader: Reader) -> None:
    visit = reader.visit()
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open(written(tmp_path, samples.completed()))
    copied = "navigator.clipboard.readText()"
    visit.page.get_by_role("button", name="Copy the job's ID").click()
    visit.page.get_by_text("Copied").wait_for()
    assert visit.page.evaluate(copied) == "job_01HV8ZZ1A0DONE"
    visit.page.get_by_role("button", name="Copy these lines").click()
    assert visit.page.evaluate(copied).splitlines() == [
        line.text for line in samples.completed().log
    ]
    # A short number is copied exactly.
    visit.page.evaluate("getSelection().selectAllChildren(document.querySelector('.strip dd'))")
    visit.page.keyboard.press("Control+C")
    best = samples.completed().summary.eval_loss
    assert best
    assert visit.page.evaluate(copied).split()[0] == str(best.min)


def test_a_second_click_folds_a_line_again(visit: Visit) -> None:
    line = visit.page.locator(".log .checkpoint")
    for folded in (False, True, False):
        line.click(position={"x": 5, "y": 5})
        assert line.evaluate("line => line.matches(':not(:focus)')") is folded


@pytest.mark.parametrize("width", [390, 1280])
def test_no_label_leaves_the_panel_or_touches_another(
    tmp_path: Path, reader: Reader, width: int
) -> None:
    first = 12345678901
    narrow = samples.curve(range(first, first + 900), lambda step: 0.6931471 + (step % 7) / 1e9)
    tiny = samples.curve(range(1, 50), lambda step: -1.5e-300 * step)
    labels = "svg.loss-chart text, svg.small-chart text"
    boxes = (
        "labels => labels.map(label => label.getBoundingClientRect()).filter(box => box.width)"
        ".map(box => [box.left, box.right, box.top, box.bottom])"
    )
    for loss in (narrow, tiny):
        visit = reader.visit(width=width)
        visit.open(written(tmp_path, samples.detail(samples.summary(), loss=loss)))
        page = visit.page
        page.locator(".surface").focus()
        for _ in range(8):  # zoomed in further and further
            panel = page.locator(".main > .panel").first.bounding_box()
            assert panel
            for left, right, top, bottom in page.locator(labels).evaluate_all(boxes):
                assert panel["x"] <= left < right <= panel["x"] + panel["width"]
                assert panel["y"] <= top < bottom <= panel["y"] + panel["height"]
            across = page.locator(".axes [text-anchor=middle]").evaluate_all(boxes)
            for (_, end, *_), (start, *_) in pairwise(across):
                assert end < start
            page.keyboard.press("+")
        assert visit.console == []
