"""Checks that a report's files are well formed: HTML, XML, JUnit, Markdown, and working links."""

import posixpath
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import junitparser
import xmlschema
from markdown_it import MarkdownIt

SCHEMA: Final = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))
VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
TABLE: Final = frozenset({"table", "thead", "tbody", "tr", "th", "td"})

Attributes = list[tuple[str, str | None]]


class Page(HTMLParser):
    """Reads a page as strictly as XML: each element closed in order, each id used once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self._open: list[str] = []
        self._ids: Counter[str] = Counter()
        self.feed(text)
        assert self.rawdata == "", f"an unfinished end: {self.rawdata[:80]!r}"
        self.close()
        assert self._open == [], f"never closed: {self._open}"
        assert {each: n for each, n in self._ids.items() if n > 1} == {}

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self._take(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        assert "svg" in self._open, f"<{tag}/> closes itself in SVG only"
        self._take(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1:] == [tag], f"</{tag}> within {self._open} at {self.getpos()}"
        self._open.pop()

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:80]!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data[:80]!r}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data[:80]!r}")

    def _take(self, tag: str, attrs: Attributes) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        given = dict(attrs)
        self._ids.update(filter(None, [given.get("id")]))
        self.links += filter(None, [given.get("href"), given.get("src")])


def check(files: Mapping[str, bytes]) -> None:
    """Check every file of a report according to its name; all are UTF-8."""
    for name, data in files.items():
        text = data.decode()
        match name.rpartition(".")[2]:
            case "html":
                _check_links(name, Page(text).links, files)
            case "svg":
                assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
            case "xml":
                _check_junit(text)
            case "md":
                rows_of(text)


def _check_links(name: str, links: list[str], files: Mapping[str, bytes]) -> None:
    """Check that every link of a page leads to a file of the report."""
    for link in links:
        if not link.startswith(("#", "data:")):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
            assert target.partition("#")[0] in files, f"{name} links to {link}, which is not there"


def _check_junit(text: str) -> None:
    SCHEMA.validate(text)
    said = junitparser.JUnitXml.fromstring(text.encode())
    counted = junitparser.JUnitXml.fromstring(text.encode())
    counted.update_statistics()  # type: ignore[no-untyped-call]
    for name in ("tests", "failures", "errors", "skipped"):
        assert getattr(said, name) == getattr(counted, name)


def rows_of(markdown: str) -> list[list[str]]:
    """Read a summary's table as GitHub does; what is not our own markup is text."""
    rows: list[list[str]] = []
    for token in MarkdownIt("gfm-like").parse(markdown):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        assert kind in {"heading", "paragraph", "inline", *TABLE}, kind
        children = token.children or []
        assert {child.type for child in children} <= {
            *("text", "strong_open", "strong_close", "link_open", "link_close")
        }  # fmt: skip
        if token.type == "tr_open":
            rows.append([])
        elif rows and token.type == "inline" and token.level > 3:
            rows[-1].append("".join(child.content for child in children).replace("\u200b", ""))
    return rows[1:]
