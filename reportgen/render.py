"""From what a source's folder holds to a report in a directory, without network.

A job that was rendered before from the same entry and log, by the same version, templates and
options, is not rendered again: what the home page says of it is remembered beside the report.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from reportgen import __version__, eventlog, history, inert, publish, settings, wire
from reportgen.curve import Metric
from reportgen.errors import DamagedRecordError, SnapshotError, SourceError, WriteError
from reportgen.exports import log_txt, points_csv, report_json
from reportgen.origin import Origin
from reportgen.pages import Pages
from reportgen.pages.looks import Looks
from reportgen.publish import Publication
from reportgen.redact import Redactor
from reportgen.report import Entry, JobDetail, JobSummary, Report, Stream, job_detail
from reportgen.selection import Selection
from reportgen.settings import Settings
from reportgen.snapshot import Listing, SourceFolder

GENERATOR = f"arkor-report {__version__}"


def render(
    options: Settings,
    folder: SourceFolder,
    redactor: Redactor,
    narrowed: Selection | None = None,
) -> Path:
    """Write the report of what the last snapshot selected; give the home page's path.

    `narrowed` selects among those jobs by what their pages show. Raises `SnapshotError`,
    `DamagedRecordError`, `WriteError`, and `SourceError` where a job that was named is not there.
    """
    listing = folder.listing()
    if listing is None:
        raise SnapshotError(f"There is no job list in {folder.path}: build or snapshot first.")
    _refuse_ids_that_hold_a_token(listing, redactor)
    unknown = narrowed.unknown(listing.entries) if narrowed is not None else []
    if unknown:
        raise SourceError(f"There is no job {', '.join(unknown)} in the snapshot: check --job.")
    looks = Looks(
        title=options.title,
        theme=options.theme,
        timezone=settings.timezone(options.timezone),
        stale_after=options.stale_after,
    )
    pages = Pages(looks)
    rendering = _Rendering(
        folder, listing, pages, listing.origin.redacted(redactor.text), redactor, options
    )
    with Publication.into(options.out, redactor.holds_token) as publication:
        # One job at a time: of the others only what the home page says is held.
        jobs = tuple(rendering.jobs(publication, narrowed or Selection()))
        rendering.stage_whole(jobs, publication)
    return options.out / publish.HOME


def _refuse_ids_that_hold_a_token(listing: Listing, redactor: Redactor) -> None:
    for place, job_id in enumerate(listing.entries, start=1):
        if redactor.holds_token(job_id.encode("utf-8", "surrogatepass")):
            raise WriteError(
                f"The id of job {place} of the list holds the token, and ids are never changed: "
                "nothing is published. Rename or delete that job."
            )


@dataclass(frozen=True, slots=True)
class _Rendering:
    """What every page of one report is made with."""

    folder: SourceFolder
    listing: Listing
    pages: Pages
    origin: Origin
    redactor: Redactor
    options: Settings

    def jobs(self, publication: Publication, narrowed: Selection) -> Iterator[JobSummary]:
        """Stage the files of each job that is meant; give what the home page says of it."""
        left = narrowed.limit
        for entry in _entries(self.listing):
            if left == 0:
                return
            key = self._key(entry)
            detail: JobDetail | None = None
            job = self._remembered(entry, key, publication)
            if job is None:
                detail = self._detail(entry)
                job = detail.summary
            if not narrowed.matches(_as_shown(job), self.listing.read_at):
                continue
            if detail is None:
                for name in _files(job):
                    publication.keep(name)
            else:
                self._stage(detail, publication)
            publication.remember(job.page, self._record(job, key))
            left = None if left is None else left - 1
            yield job

    def stage_whole(self, jobs: tuple[JobSummary, ...], publication: Publication) -> None:
        """Write the files that are about all jobs."""
        manifest = self.listing.manifest
        if manifest is not None:
            manifest = manifest.redacted(self.redactor.text)
        report = Report(GENERATOR, self.listing.read_at, self.origin, manifest, jobs)
        publication.stage("report.json", [report_json.document(report)])
        publication.stage(publish.HOME, [self.pages.home(report)])

    def _stage(self, detail: JobDetail, publication: Publication) -> None:
        job = detail.summary
        page = self.pages.job(detail, self.origin, self.listing.read_at, GENERATOR)
        page_name, csv_name, log_name = _files(job)
        clean = self.redactor.event_text
        publication.stage(page_name, [page])
        publication.stage(csv_name, points_csv.lines(self.folder.read_log(job.id), clean))
        publication.stage(log_name, log_txt.lines(self.folder.read_log(job.id), clean))

    def _detail(self, entry: Entry) -> JobDetail:
        job_id, log_lines = entry.job.id, self.options.log_lines
        tail = None if log_lines is None else max(log_lines, history.TAIL_LINES)
        try:
            folded = history.fold(self.folder.read_log(job_id), tail)
        except eventlog.DamagedLogError as error:
            raise DamagedRecordError(self.folder.log_path(job_id), str(error)) from error
        return job_detail(entry, folded, self.redactor, log_lines)

    # What was rendered before

    def _key(self, entry: Entry) -> str | None:
        """Give what a job's page depends on, but for the time of the list, as one hash.

        None where the log does not tell its fingerprint: then there is no way but to render.
        """
        options = self.options
        fingerprint = self.folder.fingerprint(entry.job.id)
        if fingerprint is None:
            return None
        parts: list[object] = [
            GENERATOR,
            self.pages.digest,
            [options.title, options.theme, options.timezone, options.log_lines],
            options.stale_after,
            sorted(options.show_config),
            asdict(self.origin),
            self.listing.entries[entry.job.id],
            [entry.slug, entry.listed],
            fingerprint,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _record(self, job: JobSummary, key: str | None) -> dict[str, wire.JSON] | None:
        """Give what to remember of a job; None where it can't be read back as it is."""
        if key is None:
            return None
        try:
            summary = msgspec.json.decode(msgspec.json.encode(job))
            if _summary_of(summary) != job:
                return None
        except (TypeError, ValueError, KeyError, UnicodeError):
            return None
        return {"key": key, "readAt": self.listing.read_at.isoformat(), "summary": summary}

    def _remembered(
        self, entry: Entry, key: str | None, publication: Publication
    ) -> JobSummary | None:
        """Give what is remembered of a job whose files need not change; in doubt, None."""
        if self.options.refresh or key is None:
            return None
        record = publication.remembered(f"jobs/{entry.slug}.html")
        if not isinstance(record, dict) or record.get("key") != key:
            return None
        try:
            job = _summary_of(record["summary"])
        except (TypeError, ValueError, KeyError):
            return None
        same_time = record.get("readAt") == self.listing.read_at.isoformat()
        there = all(publication.has(name) for name in _files(job))
        return job if there and (job.ended or same_time) else None


def _files(job: JobSummary) -> tuple[str, str, str]:
    """Give the paths of a job's files in the report: its page, its points and its log."""
    return job.page, f"jobs/{job.slug}.csv", f"jobs/{job.slug}.log.txt"


def _as_shown(job: JobSummary) -> wire.Job:
    """Give a job as its page shows it, to be selected by."""
    return wire.Job(job.id, job.name, job.status, job.created_at)


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


def _entries(listing: Listing) -> Iterator[Entry]:
    """Give the selected jobs as they are shown: listed ones first, in the server's order."""
    slugs = inert.file_slugs(listing.entries)
    selected, listed = set(listing.selected), set(listing.listed)
    for job_id, entry in listing.entries.items():
        job = wire.read_job(entry)
        if job is not None and job_id in selected:
            yield Entry(job, slugs[job_id], job_id in listed)
