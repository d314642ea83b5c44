"""From what a source's folder holds to a report in a directory, without network."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reportgen import (
    __version__,
    changes,
    comparison,
    eventlog,
    history,
    inert,
    publish,
    settings,
    wire,
)
from reportgen.comparison import Courses, Shortlist
from reportgen.errors import DamagedRecordError, SnapshotError, SourceError, WriteError
from reportgen.exports import (
    badge_svg,
    junit_xml,
    log_txt,
    points_csv,
    report_json,
    summary_md,
)
from reportgen.pages import Pages
from reportgen.pages.looks import Looks
from reportgen.publish import Publication
from reportgen.redact import Redactor
from reportgen.remembered import COMPARISON, Memory, files_of
from reportgen.report import Entry, JobDetail, JobSummary, Report, job_detail
from reportgen.retention import Retention
from reportgen.selection import Selection
from reportgen.settings import Settings
from reportgen.snapshot import Listing, SourceFolder

GENERATOR: Final = f"arkor-report {__version__}"
SINGLE: Final = "report.html"
LARGE: Final = 25_000_000
"""From how many bytes on a single file is worth a word: mail and chats refuse such."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report that was written: the page to open first, and what it says."""

    entry: Path
    report: Report
    summary: str
    """The report as Markdown."""


def render(
    options: Settings,
    folder: SourceFolder,
    redactor: Redactor,
    narrowed: Selection | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Rendered:
    """Write the report of what the last snapshot selected.

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
    pages = Pages(_looks(options))
    origin = listing.origin.redacted(redactor.text)
    with Publication.into(options.out, redactor.holds_token) as publication:
        maker = f"{GENERATOR} {pages.digest}"
        memory = Memory(folder, listing, origin, options, maker, publication)
        rendering = _Rendering(memory, pages, redactor)
        # One job at a time: of the others only what the home page says is held.
        jobs = tuple(rendering.jobs(narrowed or Selection()))
        report = rendering.report(jobs)
        summary = summary_md.document(report, options.report_url, options.title)
        rendering.stage_exports(report, summary)
        rendering.stage_pages(report, warn)
    return Rendered(options.out / publish.HOME, report, summary)


def _looks(options: Settings) -> Looks:
    return Looks(
        title=options.title,
        theme=options.theme,
        timezone=settings.timezone(options.timezone),
        stale_after=options.stale_after,
        linked=options.layout == "linked",
    )


def _refuse_ids_that_hold_a_token(listing: Listing, redactor: Redactor) -> None:
    for place, job_id in enumerate(listing.entries, start=1):
        if redactor.holds_token(job_id.encode("utf-8", "surrogatepass")):
            raise WriteError(
                f"The id of job {place} of the list holds the token, and ids are never changed: "
                "nothing is published. Rename or delete that job."
            )


@dataclass(frozen=True, slots=True)
class _Rendering:
    """One report in the making: what all its files are made with, and what is known so far."""

    memory: Memory
    pages: Pages
    redactor: Redactor
    entries: dict[str, Entry] = field(default_factory=dict)
    """The jobs that are shown, by id."""
    keys: dict[str, str | None] = field(default_factory=dict)
    shortlist: Shortlist = field(default_factory=Shortlist)
    """Of the jobs that are rendered anew, what the comparison may need."""

    # One job after another

    def jobs(self, narrowed: Selection) -> Iterator[JobSummary]:
        """Stage the files of each job that is meant; give what the home page says of it."""
        left = narrowed.limit
        for entry in self._candidates():
            if left == 0:
                return
            key = self.memory.key(entry)
            detail: JobDetail | None = None
            job = self.memory.job(entry, key)
            if job is None:
                detail = self._detail(entry)
                job = detail.summary
            if not narrowed.matches(_as_shown(job), self.memory.listing.read_at):
                continue
            left = None if left is None else left - 1
            if narrowed.in_shard(job.id):
                self.entries[job.id], self.keys[job.id] = entry, key
                self._take(job, detail)
                yield job

    def _candidates(self) -> Iterator[Entry]:
        """Give the selected jobs that are kept, listed ones first, in the server's order."""
        memory = self.memory
        retention = Retention(memory.options.keep, memory.options.keep_last)
        dropped = memory.folder.dropped(memory.listing, retention)
        return (entry for entry in _entries(memory.listing) if entry.job.id not in dropped)

    def _take(self, job: JobSummary, detail: JobDetail | None) -> None:
        """Stage a job's files, or keep those that are there where no `detail` was needed."""
        is_new = self.shortlist.has_room_for(job)
        if detail is not None:
            self._stage(detail)
            if is_new:
                self.shortlist.add(job.id, comparison.courses(detail))
        for name in files_of(job):
            self.memory.publication.keep(name)
        self.memory.keep_job(job, self.keys[job.id])

    def _detail(self, entry: Entry) -> JobDetail:
        folder, log_lines = self.memory.folder, self.memory.options.log_lines
        tail = None if log_lines is None else max(log_lines, history.TAIL_LINES)
        try:
            folded = history.fold(folder.read_log(entry.job.id), tail)
        except eventlog.DamagedLogError as error:
            raise DamagedRecordError(folder.log_path(entry.job.id), str(error)) from error
        return job_detail(entry, folded, self.redactor, log_lines)

    def _stage(self, detail: JobDetail) -> None:
        job, memory = detail.summary, self.memory
        page = self.pages.job(detail, memory.origin, memory.listing.read_at, GENERATOR)
        page_name, csv_name, log_name = files_of(job)
        clean, read_log = self.redactor.event_text, memory.folder.read_log
        memory.publication.stage(page_name, [page])
        memory.publication.stage(csv_name, points_csv.lines(read_log(job.id), clean))
        memory.publication.stage(log_name, log_txt.lines(read_log(job.id), clean))

    # The files that are about all jobs

    def report(self, jobs: tuple[JobSummary, ...]) -> Report:
        """Give what the files about all jobs say."""
        listing = self.memory.listing
        manifest = listing.manifest
        if manifest is not None:
            manifest = manifest.redacted(self.redactor.text)
        return Report(GENERATOR, listing.read_at, self.memory.origin, manifest, jobs)

    def stage_exports(self, report: Report, summary: str) -> None:
        """Stage what programs read, and the summary."""
        publication = self.memory.publication
        publication.stage("report.json", [report_json.document(report)])
        publication.stage("summary.md", [summary])
        publication.stage("junit.xml", [junit_xml.document(report)])
        publication.stage("badge.svg", [badge_svg.document(report)])

    def stage_pages(self, report: Report, warn: Callable[[str], None]) -> None:
        """Stage the pages about all jobs, and what linked pages share."""
        publication = self.memory.publication
        compared = self._stage_comparison(report)
        for name, text in self.pages.shared_files().items():
            publication.stage(name, [text])
        before = self.memory.listing.before
        marks = {job.id: changes.mark(job.id, job.status, before) for job in report.jobs}
        if self.memory.options.single_file:
            self._stage_single(report, marks, warn)
        publication.stage(publish.HOME, [self.pages.home(report, compared, marks)])

    def _stage_comparison(self, report: Report) -> frozenset[str]:
        """Write the comparison, if there is something to compare; give the ids it has."""
        jobs = comparison.newest(report.jobs)
        if len(jobs) < comparison.LEAST_JOBS:
            return frozenset()
        courses = [self._courses(job) for job in jobs]
        text = self.pages.compare(report, jobs, courses, self.memory.listing.numbers)
        self.memory.publication.stage(COMPARISON, [text])
        self.memory.keep_courses(
            {
                job.slug: (self.keys[job.id], course)
                for job, course in zip(jobs, courses, strict=True)
            }
        )
        return frozenset(job.id for job in jobs)

    def _courses(self, job: JobSummary) -> Courses:
        known = self.shortlist.courses.get(job.id) or self.memory.courses(job, self.keys[job.id])
        return known or comparison.courses(self._detail(self.entries[job.id]))

    def _stage_single(
        self, report: Report, marks: Mapping[str, str | None], warn: Callable[[str], None]
    ) -> None:
        details = (self._detail(entry) for entry in self.entries.values())
        size = self.memory.publication.stage(SINGLE, self.pages.single(report, details, marks))
        if said := size_warning(size):
            warn(said)


def size_warning(size: int) -> str | None:
    """Say what to do about a single file of so many bytes, if it is too large to travel."""
    if size <= LARGE:
        return None
    return (
        f"{SINGLE} has grown to {size / 1e6:.0f} MB, more than mail and chats take: "
        "narrow it down with --limit, --since or --status."
    )


def _as_shown(job: JobSummary) -> wire.Job:
    """Give a job as its page shows it, to be selected by."""
    return wire.Job(job.id, job.name, job.status, job.created_at)


def _entries(listing: Listing) -> Iterator[Entry]:
    """Give the selected jobs as they are shown: listed ones first, in the server's order."""
    slugs = inert.file_slugs(listing.entries)
    selected, listed = set(listing.selected), set(listing.listed)
    for job_id, entry in listing.entries.items():
        job = wire.read_job(entry)
        if job is not None and job_id in selected:
            yield Entry(job, slugs[job_id], job_id in listed)
