"""The list of the report's files, `out/.arkor-report.json`.

It says which files in the directory are ours, so that no other file is ever replaced or removed,
and keeps a record of each job for the next build. The directory, with its list, may have come from
a repository, a cache or an artifact, so a name in the list is believed only if it has the form of
ours.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from reportgen.files import is_temporary_name
from reportgen.text import inert

NAME: Final = ".arkor-report.json"
HOME: Final = "index.html"
JOBS: Final = "jobs"

_VERSION: Final = 1
_ABOUT_ALL_JOBS: Final = {
    *(HOME, "badge.svg", "compare.html", "junit.xml", "report.css", "report.html", "report.js"),
    *("report.json", "summary.md"),
}
_JOB_SUFFIXES: Final = (".log.txt", ".html", ".csv")


def is_report_file(name: str) -> bool:
    """Return whether a path within the report is one that this tool may write."""
    leaf = name.removeprefix(f"{JOBS}/")
    if leaf == name:
        return name in _ABOUT_ALL_JOBS
    return any(
        inert.is_file_slug(leaf.removesuffix(suffix))
        for suffix in _JOB_SUFFIXES
        if leaf.endswith(suffix)
    )


@dataclass(frozen=True, slots=True)
class FileList:
    """The files of a published report, and what is remembered of them."""

    files: frozenset[str] = frozenset()
    """Paths within the report, each of a form that this tool writes."""
    records: Mapping[str, str] = field(default_factory=dict)
    """JSON texts by path."""
    temporary: str | None = None
    """The temporary folder of a build that is running, or that crashed and left it."""

    def pieces(self) -> Iterator[bytes]:
        """Yield the list as JSON, in pieces."""
        document = {
            "version": _VERSION,
            "files": sorted(self.files),
            "temporary": [] if self.temporary is None else [f"{self.temporary}/"],
        }
        yield json.dumps(document, indent=1).removesuffix("\n}").encode()
        yield b',\n "remembered": {'
        # Records are JSON already, and parsing and formatting thousands of them would take time.
        between = ""
        for name, record in self.records.items():
            yield f"{between}{json.dumps(name)}: {record}".encode()
            between = ",\n"
        yield b"}\n}\n"


class _Document(msgspec.Struct):
    files: list[object]
    temporary: list[object] = []
    remembered: dict[str, msgspec.Raw] = {}


class DamagedListError(Exception):
    """The list cannot be read."""


def parse(data: bytes) -> FileList:
    """Parse a list, dropping names that are not of our form. Raises `DamagedListError`."""
    try:
        document, records = _decoded(data)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise DamagedListError(repr(error)) from error
    temporary = [str(name).removesuffix("/") for name in document.temporary]
    return FileList(
        frozenset(name for name in map(str, document.files) if is_report_file(name)),
        records,
        next((name for name in temporary if is_temporary_name(name)), None),
    )


def _decoded(data: bytes) -> tuple[_Document, dict[str, str]]:
    try:
        document = msgspec.json.decode(data, type=_Document)
        return document, {
            name: bytes(record).decode() for name, record in document.remembered.items()
        }
    except (msgspec.DecodeError, UnicodeError):
        parsed = json.loads(data)  # unlike msgspec, it accepts lone surrogates
    records = parsed.pop("remembered", None) if isinstance(parsed, dict) else None
    document = msgspec.convert(parsed, _Document)
    if not isinstance(records, dict):
        return document, {}
    return document, {name: json.dumps(record) for name, record in records.items()}
