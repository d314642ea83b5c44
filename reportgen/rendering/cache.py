"""The render cache: job data stored with a report, so that unchanged jobs are not rendered again.

The data shown for a job on the home page, in exports and in the comparison is stored under a key
made from everything that it depends on: entry, log, version, templates and options. If in doubt,
nothing is stored.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from typing import Final

import msgspec

from reportgen.model.origin import Origin
from reportgen.rendering.publish import Publication
from reportgen.report.change import Baseline
from reportgen.report.comparison import ComparedCurves
from reportgen.report.report import JobSummary
from reportgen.settings import Output
from reportgen.text.javascript import JSON

COMPARISON: Final = "compare.html"


def files_of(slug: str) -> tuple[str, str, str]:
    """Return the paths within the report of a job's page, points and log."""
    return f"jobs/{slug}.html", f"jobs/{slug}.csv", f"jobs/{slug}.log.txt"


class _JobRecord(msgspec.Struct):
    """The record of a job, stored with its page."""

    key: str
    baseline: Baseline | None
    read_at: str
    """When the job list was read."""
    summary: JobSummary


class _CurvesRecord(msgspec.Struct):
    """The record of a job, stored with the comparison."""

    key: str
    curves: ComparedCurves


_ComparisonRecord = dict[str, _CurvesRecord]
"""The stored curves, by slug."""


def basis(output: Output, origin: Origin, maker: str) -> bytes:
    """Encode everything that all job pages depend on; `maker` is the version and templates."""
    looks = output.looks
    parts: list[object] = [
        maker,
        [looks.title, looks.theme, looks.timezone.key, output.log_lines, looks.linked],
        looks.stale_after,
        sorted(output.show_config),
        asdict(origin),
    ]
    return json.dumps(parts).encode()


class RenderCache:
    """The records stored with the old report, and those to be stored with the new one.

    `basis` is what all pages depend on, `read_at` is when the job list was read.
    """

    def __init__(self, publication: Publication, basis: bytes, read_at: str) -> None:
        self._publication = publication
        self._basis = basis
        self._read_at = read_at

    def key(self, slug: str, entry: bytes, fingerprint: JSON, *, listed: bool) -> str | None:
        """Return a hash of everything that a job's page depends on, except the job list's time.

        Returns None without a fingerprint of the log: then the job must be rendered. Known tokens
        are not included: Studio creates a new one at each start, which must not cause all pages to
        be rendered again.
        """
        if fingerprint is None:
            return None
        parts: list[JSON] = [entry.decode(), [slug, listed], fingerprint]
        return hashlib.sha256(self._basis + json.dumps(parts).encode()).hexdigest()

    def job(
        self, slug: str, key: str | None, baseline: Baseline | None = None
    ) -> JobSummary | None:
        """Return the summary of a job whose files need not change; None if in doubt."""
        record = self._record(slug, key)
        if record is None or record.baseline != baseline:
            return None
        if not all(map(self._publication.has, files_of(slug))):
            return None
        job = record.summary
        return job if job.ended or record.read_at == self._read_at else None

    def summary(self, slug: str, key: str | None) -> JobSummary | None:
        """Return a job's stored summary, whatever its baseline was; None if in doubt."""
        record = self._record(slug, key)
        return None if record is None else record.summary

    def _record(self, slug: str, key: str | None) -> _JobRecord | None:
        text = self._publication.remembered(files_of(slug)[0])
        if key is None or text is None:
            return None
        try:
            record = msgspec.json.decode(text, type=_JobRecord)
        except (msgspec.DecodeError, UnicodeError):
            return None
        return record if record.key == key else None

    def keep_job(self, job: JobSummary, key: str | None, baseline: Baseline | None = None) -> None:
        """Store a job, unless it cannot be read back unchanged, as with a NaN in its config."""
        if key is None:
            return
        record = _JobRecord(key, baseline, self._read_at, job)
        with suppress(msgspec.DecodeError, UnicodeError):
            text = msgspec.json.encode(record)
            if msgspec.json.decode(text, type=_JobRecord) == record:
                self._publication.remember(job.page, text)

    def keep_known_job(self, job: JobSummary) -> None:
        """Store a job returned by `job`, as it was stored before."""
        record = self._publication.remembered(job.page)
        if record is not None:
            self._publication.remember(job.page, record)

    def curves(self, job: JobSummary, key: str | None) -> ComparedCurves | None:
        """Return a job's curves from the old comparison; None if they may have changed."""
        record = self._compared.get(job.slug)
        if key is None or record is None or record.key != key:
            return None
        curves = record.curves
        return curves if curves.loss.is_whole and curves.eval_loss.is_whole else None

    @cached_property
    def _compared(self) -> _ComparisonRecord:
        text = self._publication.remembered(COMPARISON)
        try:
            return {} if text is None else msgspec.json.decode(text, type=_ComparisonRecord)
        except (msgspec.DecodeError, UnicodeError):
            return {}

    def keep_curves(self, compared: Mapping[str, tuple[str | None, ComparedCurves]]) -> None:
        """Store the compared jobs' keys and curves, by slug."""
        records = {
            slug: _CurvesRecord(key, curves)
            for slug, (key, curves) in compared.items()
            if key is not None
        }
        self._publication.remember(COMPARISON, msgspec.json.encode(records))
