"""Two independent checkers: axe-core for accessibility, the Nu HTML checker for valid HTML.

Both come from the npm registry (`axe-core`, `vnu-jar`). The variable `ARKOR_TEST_NODE_MODULES`
names the `node_modules` folder that holds them; the checker also needs `java`. If they are missing,
the tests are skipped and say why; in CI they fail instead.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser.conftest import missing

if TYPE_CHECKING:
    from playwright.sync_api import Page

VARIABLE = "ARKOR_TEST_NODE_MODULES"
PATIENCE = 300.0
"""Seconds until a checker that hangs fails its test; usually it takes a few."""

# Messages of the checker about a page's policy that are wrong. A file has no origin for it, so it
# cannot know that `'self'` allows files beside a page; and it takes a block of data for a script.
# The browser proves it wrong: its console stays empty, and the script's elements are there.
WRONG = re.compile(
    r"external \w+ “[./]*report\.(css|js)” blocked by “(style|script)-src” directive"
    r"|Inline script violates .*<script type=\"application/json\"",
    re.DOTALL,
)

UNDECIDED = {
    # Text over or inside an SVG, and lines that their box clips: measured by `CONTRAST` below.
    "color-contrast",
    # Reports that something hidden should be shown: the states show it.
    "hidden-content",
}
"""The rules that may leave their findings undecided."""

# Every rule except those that axe-core itself has deprecated and those of level AAA. `target-size`
# (WCAG 2.2 AA) is off by default, and so are experimental ones. A linked style would be
# fetched again, which the page's policy stops: one rule that needs it sees the inline style only.
AXE = """async () => {
  const linked = [...document.styleSheets].some((sheet) => sheet.href);
  const left = (rule) => rule.tags.some((tag) => ["deprecated", "wcag2aaa"].includes(tag))
    || (linked && rule.ruleId === "css-orientation-lock");
  const rules = Object.fromEntries(axe.getRules().map((rule) =>
    [rule.ruleId, { enabled: !left(rule) }]));
  const resultTypes = ["violations", "incomplete"];
  const found = await axe.run(document, { rules, preload: !linked, resultTypes });
  return [found.violations, found.incomplete, found.passes.map((rule) => rule.id)];
}"""

# The contrast of a text with the first background that is not transparent, as WCAG 2.2
# defines it. axe-core looks neither into an SVG nor at what a box clips, so this does.
CONTRAST = """(selectors) => {
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (...layers) => {
    pixel.clearRect(0, 0, 1, 1);
    for (const [colour, opacity] of layers) {
      pixel.globalAlpha = opacity;
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
    }
    return [...pixel.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!colour.startsWith("rgba") || !colour.endsWith(" 0)")) layers.unshift([colour, 1]);
    }
    return [["Canvas", 1], ...layers];
  };
  const light = ([...parts]) => parts.slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  return selectors.map((selector) => {
    const element = document.querySelector(selector);
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement;
    let opacity = drawn ? Number(style.fillOpacity) : 1;
    for (let at = element; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    const ground = behind(element);
    const text = paint(...ground, [drawn ? style.fill : style.color, opacity]);
    const [dark, bright] = [light(paint(...ground)), light(text)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  });
}"""
ENOUGH = 4.5
"""The lowest contrast allowed for text of normal size (WCAG 2.2, 1.4.3)."""

# What the page's policy must block: a script and a style that are not its own. Each works at once
# or not at all; the script leaves a mark on its own element.
INTRUDERS = """() => {
  const script = Object.assign(document.createElement("script"), {
    textContent: "document.currentScript.dataset.ran = true",
  });
  const styled = document.createElement("i");
  document.body.append(script, styled);
  styled.setAttribute("style", "color: red");
  const worked = [script.dataset.ran === "true", styled.style.color === "red"];
  script.remove();
  styled.remove();
  return worked;
}"""


def node_modules(package: str) -> Path:
    """Return a package's folder, or skip (in CI: fail) the test."""
    folder = Path(os.environ.get(VARIABLE, "")) / package
    if not os.environ.get(VARIABLE) or not folder.is_dir():
        missing(f"the npm package {package} in the folder that {VARIABLE} names")
    return folder


def axe_source() -> str:
    return (node_modules("axe-core") / "axe.min.js").read_text("utf-8")


def audit(page: "Page", axe: str) -> list[str]:
    """Run axe-core on a page in its current state, and return each finding as one line.

    axe-core is injected through the browser's own protocol, like a debugger's console, so the
    page's policy does not apply to it.
    """
    page.evaluate(f"{axe}; 0")
    violations, incomplete, passes = page.evaluate(AXE)
    found = [_finding(rule, node) for rule in violations for node in rule["nodes"]]
    for rule in incomplete:
        if rule["id"] == "color-contrast":
            found += _too_faint(page, [node["target"][-1] for node in rule["nodes"]])
        elif rule["id"] not in UNDECIDED:
            found += [_finding(rule, node) for node in rule["nodes"]]
    # An audit that looked at nothing would find nothing.
    if not {"color-contrast", "document-title", "html-has-lang", "region"} <= set(passes):
        found.append(f"axe-core passed only {passes}")
    return found


def _finding(rule: Any, node: Any) -> str:
    summary = " ".join(node["failureSummary"].split())
    return f"{rule['id']} ({rule['impact']}): {node['html'][:160]} — {summary[:300]}"


def _too_faint(page: "Page", selectors: list[str]) -> list[str]:
    ratios = page.evaluate(CONTRAST, selectors)
    return [
        f"contrast {ratio:.2f} at {selector}"
        for selector, ratio in zip(selectors, ratios, strict=True)
        if ratio < ENOUGH
    ]


def policy_holds(page: "Page") -> bool:
    """Return whether the page's own policy is in force: a foreign script and style are blocked."""
    return not any(page.evaluate(INTRUDERS))


@dataclass(frozen=True)
class Checker:
    """The Nu HTML checker: a Java archive and the command that runs it."""

    java: str
    jar: Path

    def read(self, files: Iterable[Path]) -> list[str]:
        """Check all files in one process, as Java starts slowly; return each message as one line.

        Errors and warnings count, also on the CSS and SVG inside of a page; `.css` and `.svg` files
        are read as what they are.
        """
        options = ["--format", "json", "--stdout", "--exit-zero-always"]
        options += ["--also-check-css", "--also-check-svg"]
        process = subprocess.run(
            [self.java, "-jar", str(self.jar), *options, *sorted(map(str, files))],
            capture_output=True,
            check=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        lines = map(_message, json.loads(process.stdout)["messages"])
        return [line for line in lines if not WRONG.search(line)]


def checker() -> Checker:
    """Return the checker, or skip (in CI: fail) the test."""
    java = shutil.which("java")
    if java is None:
        missing("java (Debian's package `default-jre-headless`)")
    return Checker(java, node_modules("vnu-jar") / "build" / "dist" / "vnu.jar")


def _message(message: Any) -> str:
    """Format one message: file, line, kind, text and the source it is about."""
    where = Path(message.get("url", "").removeprefix("file:"))
    kind = message.get("subType") or message["type"]
    at = f"{where.parent.name}/{where.name}:{message.get('lastLine', '?')}"
    return f"{at}: {kind}: {message['message']} — {message.get('extract', '')!r}"
