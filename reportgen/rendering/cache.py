"""The render cache: what was rendered of a job, so that unchanged jobs are not rendered again.

The summary of a job, its record for `report.json` and its curves in the comparison are stored in
the snapshot, under a key made from everything that they depend on: entry, log, version and the
config keys that are shown. The list of the report's files says what each job's files were made
from: that key, and everything else that its page depends on. If in doubt, nothing is stored.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Final, TypeVar

import msgspec

from reportgen.model.origin import Origin
from reportgen.rendering.publish import Publication
from reportgen.report.change import Baseline, change
from reportgen.report.comparison import ComparedCurves
from reportgen.report.report import JobRecord, JobSummary, StreamSummary
from reportgen.settings import Output
from reportgen.snapshot.render_records import RenderRecords
from reportgen.text.javascript import JSON

COMPARISON: Final = "compare.html"

_COMPARED: Final = "+"
"""Ends the hash of what a job's files were made from, if its page links to the comparison."""

_KEY_LENGTH: Final = 32
_HASH_LENGTH: Final = 16

_Value = TypeVar("_Value")


def files_of(slug: str) -> tuple[str, str, str]:
    """Return the paths within the report of a job's page, points and log."""
    return f"jobs/{slug}.html", f"jobs/{slug}.csv", f"jobs/{slug}.log.txt"


class _SummaryOnly(msgspec.Struct):
    """A stored `JobRecord`, of which only the summary is decoded."""

    summary: JobSummary


_SUMMARY: Final = msgspec.json.Decoder(_SummaryOnly)
_RECORD: Final = msgspec.json.Decoder(JobRecord)
_CURVES: Final = msgspec.json.Decoder(ComparedCurves)


@dataclass(frozen=True, slots=True)
class Basis:
    """What all jobs of a report depend on, encoded."""

    records: bytes
    """What their records depend on."""
    pages: bytes
    """What their pages depend on as well."""

    @classmethod
    def of(cls, output: Output, origin: Origin, maker: str) -> "Basis":
        """Return the basis of a report; `maker` is the version and templates."""
        looks = output.looks
        pages: list[object] = [
            [looks.title, looks.theme, looks.timezone.key, output.log_lines, looks.linked],
            looks.stale_after,
            asdict(origin),
        ]
        records = [maker, sorted(output.show_config)]
        return cls(json.dumps(records).encode(), json.dumps(pages).encode())


class RenderCache:
    """What the snapshot and the old report have of jobs rendered before.

    `read_at` is when the job list was read.
    """

    def __init__(
        self, publication: Publication, records: RenderRecords, basis: Basis, read_at: str
    ) -> None:
        self._publication = publication
        self._records = records
        self._basis = basis
        self._read_at = read_at
        self._streams: dict[StreamSummary, StreamSummary] = {}

    def key(self, slug: str, entry: bytes, fingerprint: JSON, *, listed: bool) -> str | None:
        """Return a hash of everything that a job's record depends on.

        Returns None without a fingerprint of the log: then the job must be rendered. Known tokens
        are not included: Studio creates a new one at each start, which must not cause all pages to
        be rendered again.
        """
        if fingerprint is None:
            return None
        rest = repr((slug, listed, fingerprint)).encode("utf-8", "backslashreplace")
        parts = (self._basis.records, entry, rest)
        return _hash(parts)[:_KEY_LENGTH]

    def job(
        self, slug: str, key: str | None, baseline: Baseline | None = None
    ) -> JobSummary | None:
        """Return the summary of a job whose files need not change; None if in doubt."""
        job = self.summary(key)
        if key is None or job is None or job.slug != slug:
            return None
        known = self._publication.made_from(slug) or ""
        if known.removesuffix(_COMPARED) != self._made_from(job, key, baseline):
            return None
        if not all(map(self._publication.has, files_of(slug))):
            return None
        return replace(
            job,
            # What most jobs have alike is in memory once.
            id=slug if job.id == slug else job.id,
            slug=slug,
            status=sys.intern(job.status),
            stream=self._streams.setdefault(job.stream, job.stream),
            change=None if baseline is None else change(job.result, job.tail, baseline),
            compared=known.endswith(_COMPARED),
        )

    def _made_from(self, job: JobSummary, key: str, baseline: Baseline | None) -> str:
        """Return a hash of everything that a job's files depend on, except the comparison."""
        read_at = "" if job.ended else self._read_at
        parts = (self._basis.pages, key.encode(), read_at.encode(), _of(baseline))
        return _hash(parts)[:_HASH_LENGTH]

    def summary(self, key: str | None) -> JobSummary | None:
        """Return a job's stored summary, without its change from a baseline; None if in doubt."""
        found = self._decoded(key, _SUMMARY)
        return None if found is None else found.summary

    def record(self, job: JobSummary, key: str | None) -> JobRecord | None:
        """Return a job's stored record, with this summary; None if in doubt."""
        found = self._decoded(key, _RECORD)
        return None if found is None else replace(found, summary=job)

    def curves(self, key: str | None) -> ComparedCurves | None:
        """Return a job's stored curves in the comparison; None if in doubt."""
        curves = self._decoded(key and _key_of_curves(key), _CURVES)
        if curves is None or not (curves.loss.is_whole and curves.eval_loss.is_whole):
            return None
        return curves

    def _decoded(self, key: str | None, decoder: "msgspec.json.Decoder[_Value]") -> _Value | None:
        value = None if key is None else self._records.value(key)
        if value is not None:
            with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
                return decoder.decode(value)
        return None

    def keep_files(self, job: JobSummary, key: str | None, baseline: Baseline | None) -> None:
        """Remember what a job's files in the new report were made from."""
        if key is not None:
            made_from = self._made_from(job, key, baseline)
            mark = _COMPARED if job.compared else ""
            self._publication.remember(job.slug, f"{made_from}{mark}")

    def add_record(self, log: str, key: str, record: bytes) -> None:
        """Store a job's record, encoded by `encoded`; `log` is its log's name."""
        self._records.add(log, key, record)

    def add_curves(self, log: str, key: str, curves: ComparedCurves) -> None:
        """Store a job's curves in the comparison; `log` is its log's name."""
        self._records.add(log, _key_of_curves(key), msgspec.json.encode(curves))

    def keep(self, keys: Iterable[str], compared: Iterable[str]) -> None:
        """Keep the records with these keys, and curves of `compared`, for the next build."""
        self._records.keep([*keys, *map(_key_of_curves, compared)])


def encoded(record: JobRecord) -> bytes | None:
    """Encode a record, or return None if it could not be restored: JSON has no NaN, for example.

    The baseline and the comparison are left out, since they depend on other jobs.
    """
    plain = replace(record, summary=replace(record.summary, change=None, compared=False))
    with suppress(msgspec.DecodeError, UnicodeError):
        text = msgspec.json.encode(plain)
        if _RECORD.decode(text) == plain:
            return text
    return None


def _of(baseline: Baseline | None) -> bytes:
    return repr(baseline).encode("utf-8", "backslashreplace")


def _key_of_curves(key: str) -> str:
    return f"{key}-curves"


def _hash(parts: Iterable[bytes]) -> str:
    """Hash parts in such a way that no two sequences of parts have the same hash."""
    return hashlib.sha256(b"".join(b"%d %b" % (len(part), part) for part in parts)).hexdigest()
