"""The pages in a real browser: they open from disk without errors, print, and show hostile text."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.pages import Pages
from tests import samples
from tests.browser.conftest import Reader

JOBS = [detail.summary.slug for detail in samples.details()]
PAGES = ["index.html", *(f"jobs/{slug}.html" for slug in JOBS)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report of the samples with the file names that the command uses."""
    folder = tmp_path_factory.mktemp("out")
    (folder / "jobs").mkdir()
    pages = Pages(samples.LOOKS)
    texts = {"index.html": pages.home(samples.report())}
    for detail in samples.details():
        texts[detail.summary.page] = pages.job(
            detail, samples.STUDIO, samples.SNAPSHOT_AT, samples.GENERATOR
        )
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_disk_without_console_messages(
    out: Path, reader: Reader, name: str
) -> None:
    visit = reader.visit()
    visit.open(out / name)
    assert visit.page.locator("h1").is_visible()
    assert visit.console == []
    assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("script", [True, False])
def test_links_lead_from_home_to_a_job_and_back(out: Path, reader: Reader, *, script: bool) -> None:
    visit = reader.visit(script=script)
    visit.open(out / "index.html")
    visit.page.get_by_role("table").get_by_role("link", name="support-bot-v2").click()
    assert visit.page.locator("h1").inner_text() == "support-bot-v2"
    visit.page.get_by_role("link", name="← back to jobs").click()
    assert visit.page.get_by_role("heading", name="Jobs").is_visible()
    visit.page.get_by_role("link", name="triage-8k-context").click()
    visit.page.get_by_role("navigation").get_by_role("link", name="Jobs").click()
    assert visit.page.url == (out / "index.html").as_uri()


def test_the_policy_lets_the_style_in(out: Path, reader: Reader) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        visit = reader.visit(scheme=scheme)
        visit.open(out / "index.html")
        grounds[scheme] = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {"light": "rgb(247, 248, 250)", "dark": "rgb(11, 13, 18)"}


@pytest.mark.parametrize(("theme", "ground"), [("light", "247, 248, 250"), ("dark", "11, 13, 18")])
def test_a_chosen_theme_overrides_the_systems(
    tmp_path: Path, reader: Reader, theme: str, ground: str
) -> None:
    page = Pages(replace(samples.LOOKS, theme=theme)).home(samples.report())
    (tmp_path / "index.html").write_text(page, "utf-8")
    visit = reader.visit(scheme="dark" if theme == "light" else "light")
    visit.open(tmp_path / "index.html")
    shown = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shown == f"rgb({ground})"


@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(out: Path, reader: Reader, name: str) -> None:
    visit = reader.visit()
    visit.open(out / name)
    for width in (360, 400, 719, 721, 1024, 1183, 1185, 1280, 1920):
        visit.page.set_viewport_size({"width": width, "height": 800})
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["index.html", "jobs/script-0123456789.html"])
def test_hostile_text_is_shown_as_text(out: Path, reader: Reader, name: str) -> None:
    visit = reader.visit()
    visit.open(out / name)
    text = visit.page.locator("body").inner_text()
    assert '<script>alert(1)</script> & "quotes"' in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    assert "alert(1)" not in "".join(visit.page.locator("script").all_text_contents())
    assert visit.page.locator("[onmouseover]").count() == 0
    assert visit.console == []


def test_a_page_says_everything_without_script(out: Path, reader: Reader) -> None:
    for name in PAGES:
        with_script, without = (reader.visit(script=script) for script in (True, False))
        texts = []
        for visit in (with_script, without):
            visit.open(out / name)
            texts.append(visit.page.locator("body").inner_text())
        # The script adds controls, and removes nothing.
        words = iter(texts[0].split())
        assert all(word in words for word in texts[1].split())
        assert texts[1]


def test_the_last_log_lines_are_in_view(out: Path, reader: Reader) -> None:
    visit = reader.visit()
    visit.open(out / "jobs/job_01HV7C11FAILED.html")
    hidden_below = visit.page.evaluate(
        "(() => { const text = document.createRange();"
        " text.selectNodeContents(document.querySelector('.log pre'));"
        " const box = document.querySelector('.log').getBoundingClientRect();"
        " return text.getBoundingClientRect().bottom - box.bottom })()"
    )
    assert hidden_below <= 0


def test_a_page_reads_well_where_a_host_strips_its_style(
    tmp_path: Path, out: Path, reader: Reader
) -> None:
    for name in ("index.html", "jobs/job_01HV8ZZ1A0DONE.html"):
        bare = re.sub("<style>.*</style>", "", (out / name).read_text("utf-8"), flags=re.DOTALL)
        (tmp_path / "bare.html").write_text(bare, "utf-8")
        visit = reader.visit()
        visit.open(tmp_path / "bare.html")
        assert visit.page.locator("h1").is_visible()
        # A filled path would be a black blot in place of the loss curve.
        fills = visit.page.evaluate(
            "[...document.querySelectorAll('path.loss, path.eval-loss')]"
            ".map(path => getComputedStyle(path).fill)"
        )
        assert set(fills) <= {"none"}


# --- Print, motion, age -------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("script", [True, False])
def test_a_page_prints_on_one_or_two_sheets(
    out: Path, reader: Reader, name: str, *, script: bool
) -> None:
    visit = reader.visit(script=script)
    visit.open(out / name)
    assert 1 <= visit.page.pdf(format="A4").count(b"/Type /Page\n") <= 2
    visit.page.emulate_media(media="print")
    assert (
        visit.page.locator("nav:visible, .back:visible, .tools:visible, .find:visible").count() == 0
    )
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(247, 248, 250)"  # light, whatever the reader's system prefers
    visit.page.set_viewport_size({"width": 720, "height": 1000})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 720


def test_nothing_moves_so_no_reader_need_ask_for_less(out: Path, reader: Reader) -> None:
    visit = reader.visit()
    moving = (
        "[...document.querySelectorAll('*')].filter(one => { const style = getComputedStyle(one);"
        " return style.animationName !== 'none' || !/^0s(, 0s)*$/.test(style.transitionDuration)"
        " }).length"
    )
    for path in ("index.html", samples.completed().summary.page):
        visit.open(out / path)
        assert visit.page.evaluate(moving) == 0


def test_the_page_of_a_running_job_warns_when_it_is_stale(out: Path, reader: Reader) -> None:
    visit = reader.visit()
    visit.open(out / samples.queued().summary.page)
    assert visit.page.locator(".as-of.stale .age").inner_text().endswith("this may be out of date")
    visit.open(out / samples.completed().summary.page)
    assert visit.page.locator(".as-of, .age").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_shared_link_has_a_title_and_a_description(out: Path, reader: Reader, name: str) -> None:
    visit = reader.visit()
    visit.open(out / name)
    metadata = {
        key: visit.page.locator(f"meta[property='og:{key}']").get_attribute("content")
        for key in ("title", "description")
    }
    assert metadata["title"] == visit.page.title()
    assert metadata["description"]
    icon = visit.page.locator("link[rel=icon]").get_attribute("href") or ""
    assert icon.startswith("data:image/svg+xml,")
    assert visit.page.locator("html").get_attribute("lang") == "en"
