"""What a report remembers of the jobs it has: enough to leave their files as they are.

A job that was rendered before from the same entry and log, by the same version, templates and
options, is not rendered again. What home page, exports and comparison say of it is kept beside the
report, with a key that all of it depends on; in any doubt there is nothing to remember.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final

import msgspec

from reportgen import wire
from reportgen.comparison import Courses
from reportgen.curve import Metric
from reportgen.origin import Origin
from reportgen.publish import Publication
from reportgen.report import Entry, JobSummary, Stream
from reportgen.settings import Settings
from reportgen.snapshot import Listing, SourceFolder

COMPARISON: Final = "compare.html"


@dataclass(frozen=True, slots=True)
class Memory:
    """What the old report knows, and what the new one is to know."""

    folder: SourceFolder
    listing: Listing
    origin: Origin
    options: Settings
    maker: str
    """The program's version and its templates, as one text."""
    publication: Publication

    def key(self, entry: Entry) -> str | None:
        """Give what a job's page depends on, but for the time of the list, as one hash.

        None where the log does not tell its fingerprint: then there is no way but to render.
        """
        options = self.options
        fingerprint = self.folder.fingerprint(entry.job.id)
        if fingerprint is None:
            return None
        parts: list[object] = [
            self.maker,
            [options.title, options.theme, options.timezone, options.log_lines, options.layout],
            options.stale_after,
            sorted(options.show_config),
            asdict(self.origin),
            self.listing.entries[entry.job.id],
            [entry.slug, entry.listed],
            fingerprint,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def job(self, entry: Entry, key: str | None) -> JobSummary | None:
        """Give what is remembered of a job whose files need not change; in doubt, None."""
        if self.options.refresh or key is None:
            return None
        record = self.publication.remembered(f"jobs/{entry.slug}.html")
        if not isinstance(record, dict) or record.get("key") != key:
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
            summary = msgspec.json.decode(msgspec.json.encode(job))
            if _summary_of(summary) != job:
                return
        except (TypeError, ValueError, KeyError, UnicodeError):
            return
        record = {"key": key, "readAt": self.listing.read_at.isoformat(), "summary": summary}
        self.publication.remember(job.page, record)

    def compared(self) -> wire.Object:
        """Give what the old comparison knows of its jobs, by slug, to be asked by `courses`."""
        records = self.publication.remembered(COMPARISON)
        return records if isinstance(records, dict) else {}

    @staticmethod
    def courses(compared: wire.Object, job: JobSummary, key: str | None) -> Courses | None:
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
        records: dict[str, wire.JSON] = {
            slug: {"key": key, "courses": msgspec.to_builtins(course)}
            for slug, (key, course) in courses.items()
            if key is not None
        }
        self.publication.remember(COMPARISON, records)


def files_of(slug: str) -> tuple[str, str, str]:
    """Give the paths of a job's files in the report: its page, its points and its log."""
    return f"jobs/{slug}.html", f"jobs/{slug}.csv", f"jobs/{slug}.log.txt"


def _summary_of(document: wire.JSON) -> JobSummary:
    """Read a summary back from JSON. Raises `TypeError`, `ValueError` or `KeyError`."""
    fields = _object(document)
    stream = _object(fields["stream"])
    pairs = msgspec.convert(stream["skipped_reasons"], tuple[tuple[str, int], ...])
    plain = {name: value for name, value in fields.items() if name not in _NESTED}
    return JobSummary(
        **plain,  # type: ignore[arg-type]  # what is wrong in it makes it unequal
        stream=msgspec.convert({**stream, "skipped_reasons": pairs}, Stream),
        loss=msgspec.convert(fields["loss"], Metric | None),
        eval_loss=msgspec.convert(fields["eval_loss"], Metric | None),
        checkpoints=msgspec.convert(fields["checkpoints"], tuple[float, ...]),
        log_tail=msgspec.convert(fields["log_tail"], tuple[str, ...]),
        config=_object(fields["config"]),
    )


_NESTED: Final = {"stream", "loss", "eval_loss", "checkpoints", "log_tail", "config"}


def _object(value: wire.JSON) -> wire.Object:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value
