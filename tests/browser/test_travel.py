"""Reports that travel: all pages in one file, and pages behind a host's strict policy."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reportgen.pages import Pages
from tests import samples
from tests.browser.conftest import Reader, Visit

DONE = samples.completed().summary
JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"
"""The policy that Jenkins sends with every file of a build unless an administrator relaxed it."""


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("single") / "report.html"
    shown = samples.report(jobs=tuple(detail.summary for detail in samples.details()))
    text = "".join(Pages(samples.LOOKS).single(shown, samples.details()))
    path.write_text(text, "utf-8", newline="\n")
    return path


def _opened(reader: Reader, path: Path, fragment: str = "", *, script: bool = True) -> Visit:
    visit = reader.visit(script=script)
    visit.page.goto(path.as_uri() + fragment)
    return visit


# --- All in one file ---------------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False])
def test_a_walk_through_one_file(single: Path, reader: Reader, *, script: bool) -> None:
    visit = _opened(reader, single, script=script)
    page = visit.page
    assert page.get_by_role("heading", name="Jobs").is_visible()
    assert page.locator(".view:visible").count() == 0
    page.get_by_role("table").get_by_role("link", name="support-bot-v2").click()
    assert page.url.endswith(f"#/jobs/{DONE.slug}")
    assert page.locator(".view:visible").count() == 1
    assert page.get_by_role("heading", name=DONE.name, exact=True).is_visible()
    assert page.locator(".view:visible path.loss").is_visible()
    assert not page.locator(".jobs").is_visible()
    assert page.evaluate("scrollY") < 100 or not script
    page.get_by_role("link", name="← back to jobs").click()
    assert page.url.endswith("#/")
    assert page.locator(".jobs").is_visible()
    assert page.locator(".view:visible").count() == 0
    page.go_back()
    assert page.locator(".view:visible").count() == 1
    assert visit.console == []


def test_a_charts_controls_appear_with_its_view(single: Path, reader: Reader) -> None:
    visit = _opened(reader, single, f"#/jobs/{DONE.slug}")
    page = visit.page
    page.get_by_role("button", name="Download SVG").wait_for()
    assert page.locator(".tools").count() == 1
    page.locator(".view:visible .surface").focus()
    page.keyboard.press("End")
    assert "step 400" in page.locator(".view:visible .tip").inner_text()
    assert page.title() == f"{DONE.name} · Arkor report"
    page.get_by_role("navigation").get_by_role("link", name="Jobs").click()
    page.wait_for_function("document.title === 'Arkor report'")
    assert visit.console == []


@pytest.mark.parametrize(
    "fragment", ["", "#/", "#/?status=failed", "#/jobs/none-of-these", "#x", "#%"]
)
def test_home_is_shown_if_the_address_names_no_job(
    single: Path, reader: Reader, fragment: str
) -> None:
    for script in (True, False):
        visit = _opened(reader, single, fragment, script=script)
        assert visit.page.locator(".jobs").is_visible()
        assert visit.page.locator(".view:visible").count() == 0
        assert visit.console == []


def test_filters_are_kept_in_studios_address(single: Path, reader: Reader) -> None:
    visit = _opened(reader, single, "#/?status=failed")
    page = visit.page
    assert page.locator(".jobs tbody tr").count() == 1
    page.get_by_role("link", name="triage-8k-context").click()
    assert page.locator(".view:visible").count() == 1
    page.go_back()
    assert page.locator(".jobs tbody tr").count() == 1
    page.get_by_role("button", name="All").click()
    page.get_by_label("Search").fill("support")
    page.wait_for_url("**/report.html#/?q=support")
    assert page.locator(".jobs tbody tr").count() == 2
    assert visit.console == []


def test_a_view_is_printed_alone(single: Path, reader: Reader) -> None:
    visit = _opened(reader, single, f"#/jobs/{DONE.slug}")
    visit.page.emulate_media(media="print")
    assert visit.page.locator(".view:visible").count() == 1
    assert not visit.page.locator(".jobs").is_visible()
    assert 1 <= visit.page.pdf(format="A4").count(b"/Type /Page\n") <= 2


@pytest.mark.parametrize("width", [360, 1280])
def test_one_file_does_not_scroll_sideways(single: Path, reader: Reader, width: int) -> None:
    visit = reader.visit(width=width)
    for fragment in ("", f"#/jobs/{DONE.slug}"):
        visit.page.goto(single.as_uri() + fragment)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


# --- The way back ------------------------------------------------------------------------------


def _many(folder: Path, *, single: bool) -> Path:
    """Write a report of many jobs, in one file or in many, and return its entry page."""
    details = [
        samples.detail(samples.summary(f"job_{n}", f"bot-{n}", slug=f"job_{n}", status=status))
        for n, status in enumerate(["completed", "failed"] * 60)
    ]
    report = samples.report(jobs=tuple(detail.summary for detail in details))
    pages = Pages(samples.LOOKS)
    texts = (
        {"report.html": "".join(pages.single(report, details))}
        if single
        else {
            "index.html": pages.home(report),
            **{
                one.summary.page: pages.job(
                    one, report.origin, report.snapshot_at, report.generator
                )
                for one in details[-40:]
            },
        }
    )
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8", newline="\n")
    return folder / next(iter(texts))


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("way", ["link", "browser", "navigation"])
def test_filter_search_and_place_are_kept_on_the_way_back(
    tmp_path: Path, reader: Reader, way: str, *, single: bool
) -> None:
    visit = reader.visit()
    page = visit.page
    visit.open(_many(tmp_path, single=single))
    page.get_by_role("button", name="Failed 60").click()
    page.get_by_label("Search").fill("bot-1")
    rows = page.locator(".jobs tbody tr")
    row = rows.filter(has_text="bot-119")
    row.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    row.locator("a").click()  # at once, while the address is still to be written
    page.wait_for_url(re.compile("job_119"))
    page.wait_for_timeout(400)  # longer than the address waits
    assert "job_119" in page.url
    if way == "browser":
        page.go_back()
    elif way == "link":
        page.locator(".back a:visible").click()
    else:
        page.get_by_role("navigation").get_by_role("link", name="Jobs").click()
    page.get_by_label("Search").wait_for()
    page.wait_for_timeout(100)
    assert page.url.endswith("q=bot-1&status=failed")
    assert page.get_by_label("Search").input_value() == "bot-1"
    assert rows.count() == 16
    assert abs(page.evaluate("scrollY") - place) < 3
    assert visit.console == []


def test_a_reload_of_a_job_keeps_the_way_back(tmp_path: Path, reader: Reader) -> None:
    visit = reader.visit()
    visit.page.goto(f"{_many(tmp_path, single=False).as_uri()}#q=bot-119")
    visit.page.get_by_role("link", name="bot-119").click()
    visit.page.wait_for_url("**/job_119.html")
    visit.page.reload()
    visit.page.locator(".back a").click()
    assert visit.page.url.endswith("index.html#q=bot-119")


# --- In a frame of a host ------------------------------------------------------------------------

HOST = """<!doctype html><title>Host</title><iframe {} width="1200" height="700"></iframe><script>
document.querySelector("iframe").srcdoc = {};
</script>"""


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-scripts"'])
@pytest.mark.parametrize("single", [True, False])
def test_no_link_in_a_frame_loads_the_hosts_page(
    tmp_path: Path, reader: Reader, sandbox: str, *, single: bool
) -> None:
    text = json.dumps(_many(tmp_path, single=single).read_text("utf-8")).replace("</", "<\\/")
    (tmp_path / "host.html").write_text(HOST.format(sandbox, text), "utf-8")
    visit = reader.visit()
    visit.open(tmp_path / "host.html")
    frame = visit.page.frame_locator("iframe")
    frame.get_by_label("Search").fill("bot-119")
    row = frame.locator(".jobs tbody tr")
    row.filter(has_text="bot-119").wait_for()
    visit.page.wait_for_timeout(400)
    row.locator("a").click()
    if single:
        frame.locator(".view:visible").wait_for()
        frame.locator(".back a:visible").click()
    frame.get_by_role("navigation").get_by_text("Jobs").click()
    frame.get_by_label("Search").wait_for()
    assert row.count() == 1
    assert visit.page.title() == "Host"
    assert [one.url for one in visit.page.frames[1:]] in (
        ["about:srcdoc"], ["about:srcdoc#q=bot-119"], ["about:srcdoc#/?q=bot-119"]
    )  # fmt: skip
    assert visit.console == []


# --- Behind Jenkins' policy --------------------------------------------------------------------


class _Strict(SimpleHTTPRequestHandler):
    """Serves files as Jenkins serves a build's files."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", JENKINS)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def jenkins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("linked")
    (folder / "jobs").mkdir()
    pages = Pages(replace(samples.LOOKS, linked=True))
    texts = {"index.html": pages.home(samples.report()), **pages.shared_files()}
    for detail in samples.details():
        texts[detail.summary.page] = pages.job(
            detail, samples.STUDIO, samples.SNAPSHOT_AT, samples.GENERATOR
        )
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Strict, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_linked_pages_are_styled_and_readable_there(jenkins: str, reader: Reader) -> None:
    visit = reader.visit()
    page = visit.page
    page.goto(f"{jenkins}/index.html")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(11, 13, 18)"
    assert page.locator(".jobs tbody tr").count() == 6
    assert page.locator(".age, .find input:visible").count() == 0  # its sandbox allows no script
    page.get_by_role("table").get_by_role("link", name="support-bot-v2").click()
    assert page.get_by_role("heading", name=DONE.name, exact=True).is_visible()
    colour = page.evaluate("getComputedStyle(document.querySelector('path.loss')).stroke")
    assert colour == "rgb(143, 152, 255)"
    assert page.locator("button, input").count() == 0
    complaints = [said for said in visit.console if "script" not in said]
    assert complaints == []


def test_linked_pages_open_from_disk_with_their_script(tmp_path: Path, reader: Reader) -> None:
    pages = Pages(replace(samples.LOOKS, linked=True))
    for name, text in {"index.html": pages.home(samples.report()), **pages.shared_files()}.items():
        (tmp_path / name).write_text(text, "utf-8", newline="\n")
    visit = reader.visit()
    visit.open(tmp_path / "index.html")
    visit.page.get_by_label("Search").fill("v2")
    assert visit.page.locator(".jobs tbody tr").count() == 1
    assert visit.console == []
