"""What a report remembers of the jobs it has: enough to leave their files as they are.

A job that was rendered before from the same entry and log, by the same version, templates and
options, is not rendered again. What home page, exports and comparison say of it is kept beside the
report, with a key that all of it depends on; in any doubt there is nothing to remember.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import msgspec

from reportgen.model.metrics import Metric
from reportgen.model.origin import Origin
from reportgen.rendering.publish import Publication
from reportgen.report.comparison import Courses
from reportgen.report.report import Entry, JobSummary, Stream
from reportgen.settings import Output
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.snapshot import Listing, SourceFolder
from reportgen.text.javascript import JSON, Object

COMPARISON: Final = "compare.html"


@dataclass(frozen=True)
class Memory:
    """What the old report knows, and what the new one is to know."""

    folder: SourceFolder
    listing: Listing
    origin: Origin
    output: Output
    retention: Retention
    maker: str
    """The program's version and its templates, as one text."""
    publication: Publication
    refresh: bool = False
    """Whether nothing that is remembered counts."""

    def key(self, entry: Entry) -> str | None:
        """Give what a job's page depends on, but for the time of the list, as one hash.

        None where the log does not tell its fingerprint: then there is no way but to render.
        """
        fingerprint = self.folder.fingerprint(entry.job.id)
        if fingerprint is None:
            return None
        parts: list[object] = [
            self.listing.entries[entry.job.id],
            [entry.slug, entry.listed],
            fingerprint,
        ]
        return hashlib.sha256(self._ground + json.dumps(parts).encode()).hexdigest()

    @cached_property
    def _ground(self) -> bytes:
        """What all jobs' pages depend on."""
        output, looks = self.output, self.output.looks
        parts: list[object] = [
            self.maker,
            [looks.title, looks.theme, looks.timezone.key, output.log_lines, looks.linked],
            looks.stale_after,
            sorted(output.show_config),
            asdict(self.origin),
        ]
        return json.dumps(parts).encode()

    def job(self, entry: Entry, key: str | None) -> JobSummary | None:
        """Give what is remembered of a job whose files need not change; in doubt, None."""
        if self.refresh or key is None:
            return None
        record = _decoded(self.publication.remembered(f"jobs/{entry.slug}.html"))
        if record.get("key") != key:
            return None
        try:
            job = _summary_of(record["summary"])
        except (TypeError, ValueError, KeyError):
            return None
        same_time = record.get("readAt") == self.listing.read_at.isoformat()
        there = all(self.publication.has(name) for name in files_of(job.slug))
        return job if there and (job.ended or same_time) else None

    def keep_job(self, job: JobSummary, key: str | None) -> None:
        """Remember a job, unless it can't be read back as it is."""
        if key is None:
            return
        try:
            summary = msgspec.json.encode(job)
            if _summary_of(msgspec.json.decode(summary)) != job:
                return
        except (TypeError, ValueError, KeyError, UnicodeError):
            return
        record = {"key": key, "readAt": self.listing.read_at.isoformat()}
        self._remember(job.page, record | {"summary": msgspec.Raw(summary)})

    def keep_known_job(self, job: JobSummary) -> None:
        """Remember a job that `job` gave, as it was remembered."""
        record = self.publication.remembered(job.page)
        if record is not None:
            self.publication.remember(job.page, record)

    def compared(self) -> Object:
        """Give what the old comparison knows of its jobs, by slug, to be asked by `courses`."""
        return _decoded(self.publication.remembered(COMPARISON))

    @staticmethod
    def courses(compared: Object, job: JobSummary, key: str | None) -> Courses | None:
        """Give a job's courses in the old comparison; None where they may be others now."""
        record = compared.get(job.slug) if key is not None else None
        if not isinstance(record, dict) or record.get("key") != key:
            return None
        try:
            courses = msgspec.convert(record.get("courses"), Courses)
        except msgspec.ValidationError:
            return None
        return courses if courses.loss.is_whole and courses.eval_loss.is_whole else None

    def keep_courses(self, courses: dict[str, tuple[str | None, Courses]]) -> None:
        """Remember, by slug, each compared job's key and courses."""
        records = {
            slug: {"key": key, "courses": course}
            for slug, (key, course) in courses.items()
            if key is not None
        }
        self._remember(COMPARISON, records)

    def _remember(self, name: str, record: object) -> None:
        with suppress(UnicodeError):  # of a lone surrogate: then it is made again the next time
            self.publication.remember(name, msgspec.json.encode(record).decode())


def files_of(slug: str) -> tuple[str, str, str]:
    """Give the paths of a job's files in the report: its page, its points and its log."""
    return f"jobs/{slug}.html", f"jobs/{slug}.csv", f"jobs/{slug}.log.txt"


def _decoded(record: str | None) -> Object:
    """Read a record; one that is none, or no object, tells nothing."""
    try:
        document = {} if record is None else msgspec.json.decode(record)
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}


class _Nested(msgspec.Struct):
    """What of a `JobSummary` is not in JSON as it is in Python."""

    stream: Stream
    loss: Metric | None
    eval_loss: Metric | None
    checkpoints: tuple[float, ...]
    log_tail: tuple[str, ...]


def _summary_of(document: JSON) -> JobSummary:
    """Read a summary back from JSON. Raises `TypeError`, `ValueError` or `KeyError`."""
    if not isinstance(document, dict) or not isinstance(document["config"], dict):
        raise TypeError("no summary")
    nested = msgspec.convert(document, _Nested)
    fields: dict[str, Any] = document | {
        name: getattr(nested, name) for name in _Nested.__struct_fields__
    }
    return JobSummary(**fields)  # what is wrong in it makes it unequal
