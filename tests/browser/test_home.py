"""The home page in use: search, filter, sort, share the link; also without script."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reportgen.model.metrics import Metric
from reportgen.pages import Pages
from reportgen.report.report import JobSummary
from tests import samples
from tests.browser.conftest import Reader, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator

# Texts of a row that overlap each other or stick out of it, as they are drawn.
OVERLAPS = """(() => {
  const clipped = (node, text, row) => {
    let box = text.getBoundingClientRect();
    let [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom];
    for (; node !== row; node = node.parentElement) {
      if (getComputedStyle(node).overflow === "visible") continue;
      const edge = node.getBoundingClientRect();
      [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
    }
    return { left, top, right, bottom };
  };
  const found = [];
  for (const row of document.querySelectorAll(".jobs tr")) {
    const edge = row.getBoundingClientRect();
    const boxes = [];
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!node.data.trim() || node.parentElement.closest(".copy, .spoken")) continue;
      const text = document.createRange();
      text.selectNodeContents(node);
      boxes.push({ node, ...clipped(node.parentElement, text, row) });
    }
    const shown = boxes.filter((one) => one.right - one.left > 1);
    for (const one of shown) {
      if (one.left < edge.left || one.right > edge.right + 1) found.push(one.node.data);
      for (const other of shown) {
        if (one === other || one.left >= other.right - 1 || other.left >= one.right - 1) continue;
        if (one.top >= other.bottom - 3 || other.top >= one.bottom - 3) continue;
        found.push([one.node.data, other.node.data]);
      }
    }
  }
  return found;
})()"""

EVERYTHING = ["bot-10", "bot-9", "triage", "bot-2"]


def _job(name: str, status: str, loss: float | None, hour: int, **changes: object) -> JobSummary:
    metric = None if loss is None else Metric(2, 3.0, loss, loss, 2.0, 3.0)
    return samples.summary(
        f"job_{name.upper()}",
        name,
        slug=name,
        status=status,
        loss=metric,
        created_at=f"2026-05-01T{hour:02}:00:00Z",
        sparkline=(40, 0) if metric else (),
        **changes,
    )


JOBS = (
    _job("bot-10", "running", 0.25, 12, started_at=None, duration_seconds=None),
    _job("bot-9", "completed", 10.5, 11, duration_seconds=3700.0),
    _job("triage", "failed", None, 10, duration_seconds=59.0, listed=False),
    _job("bot-2", "completed", 1e-7, 9, duration_seconds=61.0),
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return _written(tmp_path, JOBS)


def _written(
    folder: Path, jobs: tuple[JobSummary, ...], at: datetime = samples.SNAPSHOT_AT
) -> Path:
    pages = Pages(replace(samples.LOOKS, stale_after=7200.0))
    report = replace(samples.report(jobs=jobs), snapshot_at=at)
    (folder / "index.html").write_text(pages.home(report), "utf-8", newline="\n")
    return folder / "index.html"


def _opened(reader: Reader, home: Path, fragment: str = "", width: int = 1280) -> Visit:
    visit = reader.visit(width=width)
    visit.page.goto(home.as_uri() + fragment)
    return visit


def _names(visit: Visit) -> list[str]:
    return visit.page.locator(".jobs tbody a").all_text_contents()


def _sorts(visit: Visit) -> dict[str, str | None]:
    heads = visit.page.get_by_role("columnheader").all()
    return {
        head.get_by_role("button").inner_text(): head.get_attribute("aria-sort")
        for head in heads
        if head.get_attribute("aria-sort")
    }


def _sorter(visit: Visit, name: str) -> "Locator":
    return visit.page.get_by_role("columnheader").get_by_role("button", name=name, exact=True)


# --- Search and filter -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "names", "said"),
    [
        ("BOT-", ["bot-10", "bot-9", "bot-2"], "3 of 4 jobs"),
        ("job_tri", ["triage"], "1 of 4 jobs"),
        ("  bot-9 ", ["bot-9"], "1 of 4 jobs"),
        ("listed", [], "No jobs match."),
        ("<b>", [], "No jobs match."),
    ],
)
def test_search_by_name_or_id(
    home: Path, reader: Reader, typed: str, names: list[str], said: str
) -> None:
    visit = _opened(reader, home)
    visit.page.get_by_label("Search").press_sequentially(typed)
    assert _names(visit) == names
    assert visit.page.get_by_role("status").inner_text() == said
    visit.page.get_by_label("Search").fill("")
    assert _names(visit) == EVERYTHING
    assert visit.console == []


def test_chips_filter_by_status(home: Path, reader: Reader) -> None:
    visit = _opened(reader, home)
    chips = {
        name: visit.page.get_by_role("button", name=name)
        for name in ("All 4", "completed 2", "failed 1")
    }
    chips["completed 2"].click()
    assert _names(visit) == ["bot-9", "bot-2"]
    chips["failed 1"].press("Enter")
    assert _names(visit) == ["bot-9", "triage", "bot-2"]
    pressed = [chip.get_attribute("aria-pressed") for chip in chips.values()]
    assert pressed == ["false", "true", "true"]
    chips["completed 2"].click()
    assert _names(visit) == ["triage"]
    chips["All 4"].click()
    assert _names(visit) == EVERYTHING


def test_search_and_chips_narrow_together(home: Path, reader: Reader) -> None:
    visit = _opened(reader, home)
    visit.page.get_by_role("button", name="completed 2").click()
    visit.page.get_by_label("Search").fill("-2")
    assert _names(visit) == ["bot-2"]


# --- Sorting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "rising", "falling"),
    [
        ("Status", ["bot-9", "bot-2", "triage", "bot-10"], ["bot-10", "triage", "bot-9", "bot-2"]),
        ("Name", ["bot-2", "bot-9", "bot-10", "triage"], ["triage", "bot-10", "bot-9", "bot-2"]),
        ("Created", ["bot-2", "triage", "bot-9", "bot-10"], EVERYTHING),
        (
            "Duration",
            ["triage", "bot-2", "bot-9", "bot-10"],
            ["bot-9", "bot-2", "triage", "bot-10"],
        ),
        ("Loss", ["bot-2", "bot-10", "bot-9", "triage"], ["bot-9", "bot-10", "bot-2", "triage"]),
    ],
)
def test_a_click_sorts_with_unknown_values_last(
    home: Path, reader: Reader, column: str, rising: list[str], falling: list[str]
) -> None:
    visit = _opened(reader, home)
    assert _sorts(visit) == {}
    _sorter(visit, column).click()
    assert (_names(visit), _sorts(visit)) == (rising, {column: "ascending"})
    _sorter(visit, column).click()
    assert (_names(visit), _sorts(visit)) == (falling, {column: "descending"})
    _sorter(visit, column).click()
    assert (_names(visit), _sorts(visit)) == (EVERYTHING, {})


def test_marks_and_check_boxes_do_not_decide_the_order(tmp_path: Path, reader: Reader) -> None:
    jobs = tuple(_job(name, "completed", 1.0, 1) for name in ("lr-0.5", "lr-0.05", "lr-0.15"))
    jobs = (replace(jobs[0], listed=False), *jobs[1:])
    report = samples.report(jobs=jobs)
    page = Pages(samples.LOOKS).home(report, {jobs[1].id}, {jobs[2].id: "new"})
    (tmp_path / "index.html").write_text(page, "utf-8")
    visit = _opened(reader, tmp_path / "index.html", "#sort=name")
    assert _names(visit) == ["lr-0.05", "lr-0.15", "lr-0.5"]


def test_numbers_are_sorted_by_their_exact_values(tmp_path: Path, reader: Reader) -> None:
    losses = [("b", 0.693147184), ("a", 0.693147181), ("d", 1.0), ("c", 0.693147189)]
    jobs = [
        _job(name, "completed", loss, 1, last_step=12345678900.0 + ord(name))
        for name, loss in losses
    ]
    jobs[2] = replace(jobs[2], last_not_finite="NaN", last_step=None)
    home = _written(tmp_path, tuple(jobs))
    assert _names(_opened(reader, home, "#sort=loss")) == ["a", "b", "c", "d"]
    assert _names(_opened(reader, home, "#sort=-steps")) == ["c", "b", "a", "d"]


def test_search_finds_what_the_table_cuts_off(tmp_path: Path, reader: Reader) -> None:
    long = replace(JOBS[0], id="i" * 250 + "needle", name="n" * 250 + "Haystack")
    home = _written(tmp_path, (long, *JOBS))
    for typed in ("NEEDLE", "haystack"):
        visit = _opened(reader, home, f"#q={typed}")
        assert len(_names(visit)) == 1
        shown = visit.page.locator(".jobs tbody tr")
        assert shown.locator("a").get_attribute("title") == long.name
        assert shown.locator("code").get_attribute("title") == long.id


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_whole_row_leads_to_the_job(
    home: Path, reader: Reader, width: int, *, script: bool
) -> None:
    (home.parent / "jobs").mkdir()
    (home.parent / "jobs" / "bot-2.html").write_text("<title>Job</title>")
    visit = reader.visit(width=width, script=script)
    visit.open(home)
    row = visit.page.locator(".jobs tbody tr").last
    box = row.bounding_box()
    assert box
    row.click(position={"x": box["width"] - 3, "y": 3})
    assert visit.page.title() == "Job"


def test_ids_are_copied_whole(home: Path, reader: Reader) -> None:
    visit = _opened(reader, home)
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = visit.page.locator(".jobs tbody tr").first
    assert row.locator("code").get_attribute("title") == "job_BOT-10"
    row.hover()
    row.get_by_role("button", name="Copy").click()
    row.get_by_role("button", name="Copied").wait_for()
    assert visit.page.evaluate("navigator.clipboard.readText()") == "job_BOT-10"
    assert visit.page.url == home.as_uri()


def test_ages_are_shown_beside_times(home: Path, reader: Reader) -> None:
    cell = _opened(reader, home).page.locator(".jobs tbody td:nth-child(3)").first
    ago, *time = cell.inner_text().split("\n")
    assert ago.endswith("days ago")
    assert time == ["2026-05-01 12:00:00 UTC"]


@pytest.mark.parametrize("width", [1280, 400])
def test_the_keyboard_searches_and_sorts(home: Path, reader: Reader, width: int) -> None:
    visit = _opened(reader, home, width=width)
    visit.page.get_by_label("Search").focus()
    visit.page.keyboard.type("bot")
    for _ in range(6):  # four chips, two headers
        visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Space")
    assert _sorts(visit) == {"Name": "ascending"}
    assert _names(visit) == ["bot-2", "bot-9", "bot-10"]
    focused = visit.page.evaluate(
        "(() => { const at = document.activeElement, style = getComputedStyle(at);"
        " return [at.textContent, style.outlineStyle, at.offsetWidth > 20] })()"
    )
    assert focused == ["Name", "solid", True]


# --- The fragment ------------------------------------------------------------------------------


def test_a_reload_shows_the_same(home: Path, reader: Reader) -> None:
    visit = _opened(reader, home)
    visit.page.get_by_label("Search").fill("bot")
    visit.page.get_by_role("button", name="completed 2").click()
    _sorter(visit, "Loss").click()
    visit.page.wait_for_url("**#q=bot&status=completed&sort=loss")
    visit.page.reload()
    assert _names(visit) == ["bot-2", "bot-9"]
    assert visit.page.get_by_label("Search").input_value() == "bot"
    assert _sorts(visit) == {"Loss": "ascending"}
    visit.page.get_by_label("Search").fill("")
    visit.page.get_by_role("button", name="All 4").click()
    _sorter(visit, "Loss").click()
    _sorter(visit, "Loss").click()
    visit.page.wait_for_url(home.as_uri())
    assert _names(visit) == EVERYTHING
    assert visit.console == []


@pytest.mark.parametrize(
    ("fragment", "names"),
    [
        ("#status=failed&status=running&sort=-created", ["bot-10", "triage"]),
        ("#sort=-best-eval-loss", EVERYTHING),
        ("#sort=nonsense&status=unheard-of&other=1", EVERYTHING),
        ("#sort=--name&q=%3Cscript%3E", []),
        ("#jobs", EVERYTHING),
    ],
)
def test_a_link_with_a_state(home: Path, reader: Reader, fragment: str, names: list[str]) -> None:
    visit = _opened(reader, home, fragment)
    assert _names(visit) == names
    assert visit.console == []


def test_a_new_fragment_changes_the_state(home: Path, reader: Reader) -> None:
    visit = _opened(reader, home, "#q=triage")
    visit.page.evaluate("location.hash = '#q=bot-9'")
    visit.page.wait_for_function("document.querySelectorAll('.jobs tbody a').length === 1")
    visit.page.get_by_role("link", name="bot-9").wait_for()


# --- Age ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "said", "stale"),
    [
        (timedelta(seconds=-90), "just now", False),
        (timedelta(seconds=5), "just now", False),
        (timedelta(minutes=50, seconds=30), "50 min ago", False),
        (timedelta(minutes=110), "1 h ago", False),
        (timedelta(minutes=130), "2 h ago: this may be out of date", True),
        (timedelta(days=3, hours=1), "3 days ago: this may be out of date", True),
    ],
)
def test_the_age_is_shown_with_a_warning_once_stale(
    tmp_path: Path, reader: Reader, age: timedelta, said: str, *, stale: bool
) -> None:
    visit = _opened(reader, _written(tmp_path, JOBS, datetime.now(UTC) - age))
    assert visit.page.locator(".as-of .age").inner_text() == f"· {said}"
    assert (visit.page.locator(".as-of.stale").count() == 1) is stale


# --- Without script, and at any size -----------------------------------------------------------


def test_without_script_the_whole_table_is_there_and_no_dead_control(
    home: Path, reader: Reader
) -> None:
    visit = reader.visit(script=False)
    visit.page.goto(home.as_uri() + "#q=triage&sort=name")
    assert _names(visit) == EVERYTHING
    buttons = visit.page.get_by_role("button").all()
    assert [button.inner_text() for button in buttons] == ["Run training: rig-trainer"]
    assert not visit.page.get_by_label("Search").is_visible()
    assert "Completed 2" in visit.page.locator(".totals").inner_text().replace("\n", " ")


def test_a_report_without_jobs_has_no_controls(tmp_path: Path, reader: Reader) -> None:
    visit = _opened(reader, _written(tmp_path, ()))
    assert visit.page.get_by_text("No jobs yet.").is_visible()
    assert visit.page.get_by_label("Search").count() == 0
    assert visit.page.locator(".age").count() == 1
    assert visit.console == []


def test_a_long_list_is_completed_bit_by_bit(tmp_path: Path, reader: Reader) -> None:
    jobs = tuple(_job(f"bot-{n}", "completed", 1.0, 1) for n in range(1200))
    visit = _opened(reader, _written(tmp_path, jobs))
    visit.page.get_by_label("Search").fill("bot-11")
    visit.page.get_by_label("Search").fill("bot")
    _sorter(visit, "Name").click()
    _sorter(visit, "Name").click()
    visit.page.wait_for_function("document.querySelectorAll('.jobs tbody tr').length === 1200")
    assert _names(visit) == [f"bot-{n}" for n in reversed(range(1200))]


@pytest.mark.parametrize("width", [360, 400, 800, 900, 1024, 1100, 1280])
def test_nothing_in_the_table_overlaps_or_sticks_out(
    tmp_path: Path, reader: Reader, width: int
) -> None:
    long = replace(JOBS[0], name="n" * 300, id="i" * 300, status="S" * 300, last_step=1e21)
    visit = _opened(reader, _written(tmp_path, (long, *JOBS)), width=width)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.page.evaluate(OVERLAPS) == []
    heights = visit.page.evaluate(
        "[...document.querySelectorAll('.jobs tbody tr')].map(row => row.offsetHeight)"
    )
    assert len(set(heights)) == 1


def test_rows_that_no_longer_match_do_not_come_late(tmp_path: Path, reader: Reader) -> None:
    jobs = tuple(_job(f"bot-{n}", "completed", 1.0, 1) for n in range(1200))
    visit = _opened(reader, _written(tmp_path, jobs), "#q=nothing")
    visit.page.evaluate(
        "new Promise(done => { const find = document.getElementById('find');"
        " for (const text of ['bot', 'bot-1199']) {"
        " find.value = text; find.dispatchEvent(new Event('input')); }"
        " setTimeout(done, 100) })"
    )
    assert _names(visit) == ["bot-1199"]


def test_a_wall_display_reloads_and_keeps_search_and_scroll(reader: Reader, tmp_path: Path) -> None:
    def write(count: int) -> None:
        jobs = tuple(_job(f"bot-{n}", "completed", 0.5, n % 24) for n in range(count))
        pages = Pages(replace(samples.LOOKS, auto_refresh=60.0))
        file.write_text(pages.home(samples.report(jobs=jobs)), "utf-8", newline="\n")

    file = tmp_path / "index.html"
    write(100)
    page = reader.visit().page
    page.clock.install()
    page.goto(file.as_uri())
    rows = page.locator("tbody tr:visible")
    page.get_by_role("searchbox").fill("bot-")
    page.clock.fast_forward(1_000)
    page.mouse.wheel(0, 700)
    page.wait_for_function("scrollY > 600")
    write(120)
    page.clock.fast_forward(120_000)
    assert rows.count() == 100  # not while somebody types
    page.get_by_role("searchbox").blur()
    page.clock.fast_forward(60_000)
    page.wait_for_function("document.querySelectorAll('tbody tr').length === 120")
    assert page.get_by_role("searchbox").input_value() == "bot-"
    page.wait_for_function("scrollY > 600")
