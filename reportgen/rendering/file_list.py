"""The list of the report's files, `out/.arkor-report.json`.

It names the files in the directory that are ours, so that no other file is ever replaced or
removed, and has a hash of what each job's files were made from. The directory, with its list, may
have come from a repository, a cache or an artifact, so a name in the list is trusted only if it has
the form of our own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from reportgen.files import is_temporary_name
from reportgen.text import inert

NAME: Final = ".arkor-report.json"
HOME: Final = "index.html"
JOBS: Final = "jobs"

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
    """The files of a published report, and what they were made from."""

    files: frozenset[str] = frozenset()
    """Paths within the report, each of a form that this tool writes."""
    made_from: Mapping[str, str] = field(default_factory=dict)
    """A hash of everything that a job's files were made from, by slug."""
    temporary: str | None = None
    """The temporary folder of a running build, or one left by a crash."""

    def encoded(self) -> bytes:
        """Return the list as JSON."""
        document = _Document(
            files=sorted(self.files),
            temporary=[] if self.temporary is None else [f"{self.temporary}/"],
            made_from=self.made_from,
        )
        return msgspec.json.encode(document)


class _Document(msgspec.Struct, kw_only=True, rename="camel"):
    version: object = 1
    files: Sequence[object]
    temporary: Sequence[object] = ()
    made_from: Mapping[str, object] = {}


class DamagedListError(Exception):
    """The list cannot be read."""


def parse(data: bytes) -> FileList:
    """Parse a list, dropping names that do not have our form. Raises `DamagedListError`."""
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise DamagedListError(repr(error)) from error
    temporary = [str(name).removesuffix("/") for name in document.temporary]
    return FileList(
        frozenset(name for name in map(str, document.files) if is_report_file(name)),
        {slug: key for slug, key in document.made_from.items() if isinstance(key, str)},
        next((name for name in temporary if is_temporary_name(name)), None),
    )
