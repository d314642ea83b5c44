"""All pages as text: compared with snapshots, self-contained, inert and well formed."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import escape
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from reportgen import pages
from reportgen.model.log_lines import LogLine
from reportgen.model.origin import Origin
from reportgen.pages import Pages
from reportgen.pages.template import Templates, csp_hash
from reportgen.report.artifacts import Artifact
from reportgen.report.wording import Provenance
from reportgen.text import inert
from tests import samples
from tests.pages.render import (
    LOOKS,
    SCRIPT,
    STYLE,
    Page,
    compare,
    every_page,
    home,
    job,
    single,
)

POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
LINK = re.compile(
    r"(\.\./)?(index|compare|jobs/[\w.-]+)\.html(#jobs=[\w.-]+)?|[\w.-]+\.(csv|log\.txt)|data:image/svg\+xml,.*|#.*",
    re.DOTALL,
)
CHECKOUT = Path(pages.__file__).parent.parent.parent


class PageFile(SingleFileSnapshotExtension):
    """Keep each page in its own file, so that a browser can open it."""

    _write_mode = WriteMode.TEXT
    file_extension = "html"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        here = Path(test_location.filepath)
        return str(here.parents[1] / "snapshots" / here.stem)


@pytest.fixture
def page_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(PageFile)


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


# --- Whole pages -------------------------------------------------------------------------------


def without_style_and_script(page: str) -> str:
    """Return a page without what all pages share, and without hashes."""
    page = STYLE.sub("<style>…</style>", page)
    page = SCRIPT.sub("<script>…</script>", page)
    return re.sub("'sha256-[^']+'", "'sha256-…'", page)


def test_job_completed(page_file: SnapshotAssertion) -> None:
    assert without_style_and_script(job()) == page_file


def test_home(page_file: SnapshotAssertion) -> None:
    assert without_style_and_script(home()) == page_file


def test_home_empty(page_file: SnapshotAssertion) -> None:
    empty = samples.report(origin=Origin("demo"), manifest=None, jobs=())
    assert without_style_and_script(home(empty)) == page_file


def test_compare(page_file: SnapshotAssertion) -> None:
    assert without_style_and_script(compare()) == page_file


def test_single_file(page_file: SnapshotAssertion) -> None:
    assert without_style_and_script(single()) == page_file


def test_home_linked(page_file: SnapshotAssertion) -> None:
    assert home(looks=replace(LOOKS, linked=True)) == page_file


def test_job_linked(page_file: SnapshotAssertion) -> None:
    assert job(looks=replace(LOOKS, linked=True)) == page_file


def test_job_failed(page_file: SnapshotAssertion) -> None:
    assert without_style_and_script(job(samples.failed())) == page_file


def test_job_queued(page_file: SnapshotAssertion) -> None:
    assert without_style_and_script(job(samples.queued())) == page_file


def test_job_hostile(page_file: SnapshotAssertion) -> None:
    assert without_style_and_script(job(samples.hostile())) == page_file


SINGLE_HOME = ("address", "age", "copy", "job", "table", "home")


@pytest.mark.parametrize(
    ("page", "purposes"),
    [
        (home, ("address", "age", "copy", "table", "home", "embedded")),
        (job, ("address", "copy", "job", "plot", "chart", "back", "embedded")),
        (
            lambda: job(samples.failed()),
            ("address", "copy", "job", "plot", "chart", "back", "embedded"),
        ),
        (lambda: job(samples.queued()), ("address", "age", "copy", "job", "back", "embedded")),
        (compare, ("address", "copy", "table", "plot", "back", "compare", "embedded")),
        (single, (*SINGLE_HOME, "plot", "chart", "single", "embedded")),
    ],
    ids=["home", "job", "failed", "queued", "compare", "single"],
)
def test_a_page_holds_the_one_style_and_the_scripts_it_needs(
    templates: Templates, page: Callable[[], str], purposes: tuple[str, ...]
) -> None:
    text = page()
    assert STYLE.findall(text) == [templates.style("report.css")]
    names = [f"scripts/{name}.mjs" for purpose in purposes for name in pages.SCRIPTS[purpose]]
    assert SCRIPT.findall(text) == [templates.script(names)]


# --- Self-contained, inert ---------------------------------------------------------------------


def test_a_pages_policy_allows_its_own_style_and_script_only() -> None:
    for text in every_page():
        style = STYLE.search(text)
        assert style
        policies = [
            meta["content"]
            for meta in Page(text).all("meta")
            if meta.get("http-equiv") == "Content-Security-Policy"
        ]
        script = SCRIPT.search(text)
        allowed = f"; script-src '{csp_hash(script[1])}'" if script else ""
        assert policies == [f"{POLICY}; style-src '{csp_hash(style[1])}'{allowed}"]


def test_pages_refer_to_nothing_outside_the_report() -> None:
    for text in every_page():
        page = Page(text)
        for tag, attributes in page.elements:
            data = {"type": "application/json", "id": "curve-data"}
            assert tag != "script" or attributes in ({}, data)
            assert tag not in {"img", "iframe", "object", "embed", "base", "form"}
            assert "style" not in attributes
            assert not [name for name in attributes if name.startswith("on") or name == "src"]
        hrefs = [attributes.get("href") or "" for _, attributes in page.elements]
        assert [href for href in hrefs if href and not LINK.fullmatch(href)] == []
        assert not re.search(r"url\(|@import", text)


def test_pages_have_a_language_a_viewport_a_description_and_one_heading() -> None:
    for text in every_page():
        page = Page(text)
        assert text.startswith("<!doctype html>\n")
        assert page.all("html") == [{"lang": "en"}]
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
            "meta"
        )
        assert [meta["content"] for meta in page.all("meta") if meta.get("name") == "description"]
        views = sum(one.get("class") == "view" for one in page.all("div"))
        assert len(page.all("h1")) == 1 + views
        assert "\r" not in text


def test_linked_pages_share_one_style_and_one_script() -> None:
    looks = replace(LOOKS, linked=True)
    pages = Pages(looks)
    assert set(pages.shared_files()) == {"report.css", "report.js"}
    assert Pages(LOOKS).shared_files() == {}
    for text, root in (
        (home(looks=looks), ""),
        (job(looks=looks), "../"),
        (compare(None, looks), ""),
    ):
        page = Page(text)
        assert f"{POLICY}; style-src 'self'; script-src 'self'" in text
        links = [link["href"] for link in page.all("link")]
        assert links == [f"{root}report.css"]  # no icon: the host's policy would refuse it
        assert {"src": f"{root}report.js", "defer": None} in page.all("script")
        assert "<style" not in text
        assert "data-theme" not in text or looks.theme != "auto"


def test_no_id_occurs_twice_in_one_file() -> None:
    ids = [attributes["id"] for _, attributes in Page(single()).elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert f"/jobs/{samples.completed().summary.slug}" in ids


@given(st.text())
@settings(deadline=None, max_examples=40)
def test_any_text_stays_text(text: str) -> None:
    evil = samples.summary(
        text or "i", text, status=text, error=text, config={text: text}, listed=False
    )
    quiet = samples.summary("i", "n", status="s", error="e", config={"k": "v"}, listed=False)
    shown, plain = (
        job(samples.detail(one, artifacts=(Artifact(name),), log=(LogLine(name),), log_lines=1))
        for one, name in ((evil, text), (quiet, "n"))
    )
    # A text may remove an element, that of an empty name for example, but never add one.
    added = [tag for tag, _ in Page(shown).elements]
    assert len(added) <= len(Page(plain).elements)
    assert set(added) <= {tag for tag, _ in Page(plain).elements}
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)


def test_a_forgotten_variable_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        Templates().render("home.html", title="Without a view")


@example("\u2028\x1b[0m\u202e<a href='&amp;'>\"")
@given(st.text(st.characters(max_codepoint=0x7F)) | st.text())
@settings(deadline=None)
def test_a_template_prints_a_text_inert_and_escaped(templates: Templates, text: str) -> None:
    provenance = Provenance(source="", url=None, as_of=None, facts=(), generator=text)
    printed = templates.render("provenance.html", view=SimpleNamespace(provenance=provenance))
    assert printed.endswith(f"<p>{escape(inert.html(text))}</p>\n</footer>\n")


def test_only_style_script_and_inert_data_go_unescaped() -> None:
    found = [
        line.strip()
        for path in sorted((CHECKOUT / "templates").rglob("*.*"))
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"\|\s*safe|autoescape", line)
    ]
    assert found == [
        '<script type="application/json" id="curve-data">{{ data|safe }}</script>',
        "<style>{{ style|safe }}</style>",
        "<script>{{ script|safe }}</script>",
    ]


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_a_theme_sets_the_colour_scheme(theme: str) -> None:
    page = Page(home(looks=replace(LOOKS, theme=theme)))
    schemes = [meta["content"] for meta in page.all("meta") if meta.get("name") == "color-scheme"]
    assert schemes == ["light dark" if theme == "auto" else theme]
    assert page.all("html")[0].get("data-theme") == (None if theme == "auto" else theme)


def test_the_title_is_that_of_the_report() -> None:
    text = home(looks=replace(LOOKS, title="Nightly <runs>"))
    assert "<title>Nightly &lt;runs&gt;</title>" in text
    assert '<h1 class="brand">Nightly &lt;runs&gt;</h1>' in text


def test_headings_do_not_skip_a_level() -> None:
    for text in every_page():
        levels = [int(tag[1]) for tag, _ in Page(text).elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
