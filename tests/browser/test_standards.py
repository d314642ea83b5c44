"""Every kind of page, untouched and in use, checked by axe-core and the Nu HTML checker.

The demo report is built by the real command. Each HTML file it writes is checked, by axe-core one
job of each status. The samples add what the demo lacks.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reportgen.model.origin import Manifest
from reportgen.pages import Pages
from tests import samples
from tests.browser import standards
from tests.browser.conftest import Reader
from tests.command import Command

if TYPE_CHECKING:
    from playwright.sync_api import Page

BUILDS: dict[str, tuple[str, ...]] = {
    "demo": ("--single-file",),
    "linked": ("--layout", "linked", "--limit", "4"),
}
"""The demo reports to build: a folder's name, and the options besides the source."""

LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 400)]
STATUSES = {"queued", "running", "completed", "failed", "cancelled"}


@pytest.fixture(scope="module")
def axe() -> str:
    return standards.axe_source()


@pytest.fixture(scope="module")
def checker() -> standards.Checker:
    return standards.checker()


# --- The pages ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build every demo report and write the samples, each in a folder of its own."""
    folder = tmp_path_factory.mktemp("standards")
    for name, options in BUILDS.items():
        out = ("--out", str(folder / name))
        result = Command(folder).run("build", "--source", "demo", *out, *options)
        assert result.code == 0, result.stderr
    for theme in ("auto", "light", "dark"):
        _write_samples(folder / f"samples-{theme}", theme)
    return folder


def _write_samples(folder: Path, theme: str) -> None:
    pages = Pages(replace(samples.LOOKS, theme=theme))
    broken = Manifest(trainer=None, error=samples.HOSTILE)
    texts = {
        "index.html": pages.home(samples.report()),
        "empty.html": pages.home(samples.report(jobs=(), manifest=broken)),
        "scopeless.html": pages.home(samples.report(manifest=None)),
    }
    # A theme changes colours only: one job shows them all.
    for detail in samples.details() if theme == "auto" else (samples.failed(),):
        texts[detail.summary.page] = pages.job(
            detail, samples.STUDIO, samples.SNAPSHOT_AT, samples.GENERATOR
        )
    (folder / "jobs").mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def _job_page(report: Path, status: str) -> Path:
    """Return the page of a report's first job with this status."""
    jobs = json.loads((report / "report.json").read_bytes())["jobs"]
    return report / str(next(job["page"] for job in jobs if job["status"] == status))


def _kinds(folder: Path) -> list[Path]:
    """Return one page of each kind that looks different."""
    kinds = [*folder.glob("samples-auto/**/*.html")]
    kinds += (_job_page(folder / "demo", status) for status in STATUSES)
    for name in BUILDS:
        kinds += (folder / name).glob("*.html")
        kinds.append(_job_page(folder / name, "completed"))
    return sorted(set(kinds))


# --- Pages in use ------------------------------------------------------------------------------


def _search(page: "Page") -> None:
    page.get_by_label("Search").fill("support")
    page.get_by_role("button", name="completed").click()
    page.get_by_role("columnheader").get_by_role("button", name="Loss", exact=True).click()


def _search_in_vain(page: "Page") -> None:
    page.get_by_label("Search").fill("no job has this name")
    assert page.get_by_text("No jobs match.").is_visible()


def _ask_the_chart(page: "Page") -> None:
    page.locator(".surface").focus()
    page.keyboard.press("End")
    assert page.locator(".tip").is_visible()


def _zoom(page: "Page") -> None:
    page.locator(".surface").focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.get_by_role("button", name="Reset zoom").focus()


def _change_the_chart(page: "Page") -> None:
    page.get_by_role("checkbox", name="Log scale").check()
    page.get_by_role("checkbox", name="Training loss").uncheck()
    page.get_by_role("slider", name="Smoothing").fill("0.9")


def _open_advanced(page: "Page") -> None:
    page.get_by_text("Advanced").click()
    assert page.get_by_role("rowheader", name="Variance").is_visible()


def _compare(page: "Page") -> None:
    page.get_by_role("radio", name="By time since start").check()
    page.get_by_role("checkbox", name="Log scale").check()
    page.get_by_role("checkbox", name="Compare").first.uncheck()


def _compare_nothing(page: "Page") -> None:
    for box in page.get_by_role("checkbox", name="Compare").all():
        box.uncheck()


def _go_to_a_job(page: "Page") -> None:
    page.locator(".jobs tr", has_text="completed").get_by_role("link").first.click()
    page.locator(".surface:visible").focus()
    page.keyboard.press("End")
    page.locator("summary:visible").first.click()


@dataclass(frozen=True)
class State:
    """A page in use; `page` is its file, or the status of a job."""

    page: str
    reach: Callable[["Page"], None]


STATES = {
    "searched": State("index.html", _search),
    "nothing-found": State("index.html", _search_in_vain),
    "tooltip": State("completed", _ask_the_chart),
    "zoomed": State("completed", _zoom),
    "changed-chart": State("failed", _change_the_chart),
    "advanced": State("completed", _open_advanced),
    "compared": State("compare.html", _compare),
    "nothing-compared": State("compare.html", _compare_nothing),
    "single-file-job": State("report.html", _go_to_a_job),
}


def _page_of(state: State, folder: Path) -> Path:
    report = folder / "demo"
    return _job_page(report, state.page) if state.page in STATUSES else report / state.page


def _listed(found: Mapping[str, list[str]]) -> str:
    """Format all findings, one per line: pytest would truncate them."""
    return "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)


# --- axe-core ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_on_any_page(
    axe: str, folder: Path, reader: Reader, scheme: str, width: int
) -> None:
    found = {}
    visit = reader.visit(scheme=scheme, width=width)
    for path in _kinds(folder):
        visit.open(path)
        found[str(path.relative_to(folder))] = standards.audit(visit.page, axe) + visit.console
        # Last, since the console reports what the policy blocks.
        assert standards.policy_holds(visit.page)
        visit.console.clear()
    assert len(found) >= len(STATUSES) + 1
    assert not any(found.values()), _listed(found)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_on_a_page_in_use(
    axe: str, folder: Path, reader: Reader, scheme: str, width: int
) -> None:
    found = {}
    visit = reader.visit(scheme=scheme, width=width)
    for name, state in STATES.items():
        visit.open(_page_of(state, folder))
        state.reach(visit.page)
        found[name] = standards.audit(visit.page, axe) + visit.console
    assert not any(found.values()), _listed(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_where_a_theme_was_chosen(
    axe: str, folder: Path, reader: Reader, theme: str
) -> None:
    found = {}
    visit = reader.visit(scheme="dark" if theme == "light" else "light")
    for path in sorted((folder / f"samples-{theme}").glob("**/*.html")):
        visit.open(path)
        found[path.name] = standards.audit(visit.page, axe) + visit.console
    assert not any(found.values()), _listed(found)


def test_the_audit_finds_faults(axe: str, tmp_path: Path, reader: Reader) -> None:
    """Find what axe-core finds, what it leaves to our own measure, and a missing policy."""
    (tmp_path / "bad.html").write_text(
        "<!doctype html><html lang=en><title>Bad</title><style>p { color: black }</style>"
        "<main><h1>Bad</h1>"
        "<p>A <input> without a name <a href=a>a</a> <a href=b>b</a>"
        "<svg viewBox='0 0 300 20' role=img aria-label=chart>"
        "<text y=15 fill=#000 fill-opacity=0.3>faint</text></svg></main>",
        "utf-8",
    )
    visit = reader.visit(scheme="light")
    visit.open(tmp_path / "bad.html")
    found = standards.audit(visit.page, axe)
    assert {line.split()[0] for line in found} == {"label", "contrast"}
    assert visit.page.evaluate(standards.INTRUDERS) == [True, True]
    assert not standards.policy_holds(visit.page)


# --- The Nu HTML checker -----------------------------------------------------------------------


def _in_use(folder: Path, reader: Reader, name: str, state: State) -> Path:
    """Write a page as the script left it in one state, for the checker.

    What the script sets through `element.style` is left out: in a file it would be an attribute,
    which the page's policy forbids; in the browser it is not.
    """
    visit = reader.visit()
    visit.open(_page_of(state, folder))
    state.reach(visit.page)
    text = visit.page.evaluate(
        "(() => { const copy = document.documentElement.cloneNode(true);"
        " for (const styled of copy.querySelectorAll('[style]')) styled.removeAttribute('style');"
        " return copy.outerHTML })()"
    )
    path = folder / "in-use" / f"{name}.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"<!doctype html>\n{text}", "utf-8", newline="\n")
    return path


def test_the_html_checker_finds_nothing(
    checker: standards.Checker, folder: Path, reader: Reader
) -> None:
    for name, state in STATES.items():
        _in_use(folder, reader, name, state)
    files = [path for kind in ("html", "css", "svg") for path in folder.glob(f"**/*.{kind}")]
    assert len(files) > len(_kinds(folder)) + len(STATES)
    found = checker.read(files)
    assert not found, _listed({"checked": found})


def test_the_checker_finds_faults(checker: standards.Checker, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(
        "<!doctype html><html lang=en><title>Bad</title><style>p { colour: red }</style>"
        "<p aria-level=2><svg><path d=oops /></svg></b>",
        "utf-8",
    )
    (tmp_path / "bad.css").write_text("p { colour: red }", "utf-8")
    (tmp_path / "bad.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><p/></svg>", "utf-8")
    found = checker.read(tmp_path.iterdir())
    for word in ("colour", "aria-level", "oops", "tray end tag", "bad.css", "bad.svg"):
        assert any(word in line for line in found), (word, found)
