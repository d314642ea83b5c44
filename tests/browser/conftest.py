"""A real browser for these tests: Debian's Chromium, driven by Playwright.

If either is missing, the tests are skipped and say why; in CI they fail instead.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def missing(what: str) -> NoReturn:
    reason = f"browser tests need {what}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


# Not for the whole session: its event loop breaks tests that start their own.
@pytest.fixture(scope="package")
def browser() -> "Iterator[Browser]":
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("Chromium (Debian's package `chromium`)")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be missing
    except ImportError:
        missing("playwright (the extra `browser`)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@dataclass
class Visit:
    """A page in the browser, with its console messages and network requests."""

    page: "Page"
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: Path) -> None:
        self.page.goto(path.as_uri())


@dataclass
class Reader:
    """Opens pages of a report, each with a width, a colour scheme and script on or off."""

    browser: "Browser"
    contexts: "list[BrowserContext]" = field(default_factory=list)

    def visit(self, *, width: int = 1280, scheme: str = "dark", script: bool = True) -> Visit:
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
        )
        self.contexts.append(context)
        visit = Visit(context.new_page())
        visit.page.on("console", lambda message: visit.console.append(message.text))
        visit.page.on("pageerror", lambda error: visit.console.append(str(error)))
        visit.page.on("request", lambda request: visit.requests.append(request.url))
        return visit


@pytest.fixture
def reader(browser: "Browser") -> Iterator[Reader]:
    reading = Reader(browser)
    yield reading
    for context in reading.contexts:
        context.close()
