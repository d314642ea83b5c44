"""From what a source's folder holds to a report in a directory, without network."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from reportgen import __version__
from reportgen.errors import SnapshotError, SourceError, WriteError
from reportgen.events import wire
from reportgen.exports import badge_svg, junit_xml, report_json, summary_md
from reportgen.model.selection import Selection
from reportgen.pages import Pages
from reportgen.rendering import job_files, publish, workers
from reportgen.rendering.cache import COMPARISON, Memory, files_of
from reportgen.rendering.job_files import Staging, Task
from reportgen.rendering.publish import Publication
from reportgen.report import changes, comparison
from reportgen.report.comparison import Courses, Shortlist
from reportgen.report.report import Entry, JobSummary, Report
from reportgen.settings import Output
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.snapshot import Listing, SourceFolder
from reportgen.text import inert
from reportgen.text.javascript import Object
from reportgen.text.redact import Redactor

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
    output: Output,
    retention: Retention,
    folder: SourceFolder,
    redactor: Redactor,
    narrowed: Selection | None = None,
    *,
    refresh: bool = False,
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
    pages = Pages(output.looks)
    origin = listing.origin.redacted(redactor.text)
    with Publication.into(output.out, redactor.holds_token) as publication:
        maker = f"{GENERATOR} {pages.digest}"
        memory = Memory(
            folder, listing, origin, output, retention, maker, publication, refresh=refresh
        )
        files = Staging(memory, pages, redactor, GENERATOR)
        rendering = _Rendering(memory, pages, redactor, files, warn)
        # One job at a time: of the others only what the home page says is held.
        jobs = tuple(rendering.jobs(narrowed or Selection()))
        report = rendering.report(jobs)
        summary = summary_md.document(report, output.report_url, output.looks.title)
        rendering.stage_exports(report, summary)
        rendering.stage_pages(report)
    return Rendered(output.out / publish.HOME, report, summary)


def _refuse_ids_that_hold_a_token(listing: Listing, redactor: Redactor) -> None:
    for place, job_id in enumerate(listing.entries, start=1):
        if redactor.holds_token(job_id.encode("utf-8", "surrogatepass")):
            raise WriteError(
                f"The id of job {place} of the list holds the token, and ids are never changed: "
                "nothing is published. Rename or delete that job."
            )


_Made: TypeAlias = tuple[JobSummary, Courses | None]
"""A job whose files were staged; its courses where the comparison may need them."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A job that may be shown, and what is remembered of it where its files need not be made."""

    entry: Entry
    key: str | None
    known: JobSummary | None


@dataclass(frozen=True, slots=True)
class _Rendering:
    """One report in the making: what all its files are made with, and what is known so far."""

    memory: Memory
    pages: Pages
    redactor: Redactor
    staging: Staging
    warn: Callable[[str], None]
    entries: dict[str, Entry] = field(default_factory=dict)
    """The jobs that are shown, by id."""
    keys: dict[str, str | None] = field(default_factory=dict)
    shortlist: Shortlist = field(default_factory=Shortlist)
    """Of the jobs that are rendered anew, what the comparison may need."""

    # The jobs

    def jobs(self, narrowed: Selection) -> Iterator[JobSummary]:
        """Stage the files of each job that is meant; give what the home page says of it."""
        candidates = self._candidates()
        made: Mapping[str, _Made] = {}
        if narrowed.limit is None:  # else it may be that few are looked at
            candidates = list(candidates)
            made = self._made_by_workers(candidates, narrowed)
        left = narrowed.limit
        for candidate in candidates:
            if left == 0:
                return
            job_id = candidate.entry.job.id
            job, courses = made.get(job_id) or self._job(candidate, narrowed)
            if not narrowed.matches(_as_shown(job), self.memory.listing.read_at):
                continue
            left = None if left is None else left - 1
            if narrowed.in_shard(job_id):
                self._take(job, candidate, courses, by_worker=job_id in made)
                yield job

    def _candidates(self) -> Iterable[_Candidate]:
        """Give the selected jobs that are kept, listed ones first, in the server's order."""
        memory = self.memory
        retention = memory.retention
        dropped = memory.folder.dropped(memory.listing, retention)
        if left_out := sum(job_id in dropped for job_id in memory.listing.selected):
            self.warn(retention.told_of_pages(left_out))
        for entry in _entries(memory.listing):
            if entry.job.id not in dropped:
                key = memory.key(entry)
                yield _Candidate(entry, key, memory.job(entry, key))

    def _job(self, candidate: _Candidate, narrowed: Selection) -> _Made:
        """Give what is remembered of a job, or stage its files, if it is meant."""
        if candidate.known is not None:
            self.shortlist.has_room_for(candidate.known)
            return candidate.known, None
        return self._make(candidate.entry, narrowed)

    def _make(self, entry: Entry, narrowed: Selection, *, exports: bool = True) -> _Made:
        """Stage a job's files, with its exports or without, if it is meant."""
        # The log is read once for all files, unless what is in it may leave the job out.
        at_once = exports and narrowed.passes_all
        staging = self.staging
        detail = staging.detail_with_exports(entry) if at_once else staging.detail(entry)
        job = detail.summary
        if not self._is_meant(job, narrowed):
            return job, None
        staging.stage_page(detail)
        if exports and not at_once:
            staging.stage_exports(entry)
        is_compared = len(
            self.memory.listing.selected
        ) >= comparison.LEAST_JOBS and self.shortlist.has_room_for(job)
        return job, comparison.courses(detail) if is_compared else None

    def _is_meant(self, job: JobSummary, narrowed: Selection) -> bool:
        meant = narrowed.matches(_as_shown(job), self.memory.listing.read_at)
        return meant and narrowed.in_shard(job.id)

    def _take(
        self, job: JobSummary, candidate: _Candidate, courses: Courses | None, *, by_worker: bool
    ) -> None:
        """Take a job into the report: its files are staged, or there from before."""
        self.entries[job.id], self.keys[job.id] = candidate.entry, candidate.key
        publication = self.memory.publication
        for name in files_of(job.slug):
            if by_worker:
                publication.staged(name)
            else:
                publication.keep(name)
        if courses is not None and (not by_worker or self.shortlist.has_room_for(job)):
            self.shortlist.add(job.id, courses)
        if candidate.known is not None:
            self.memory.keep_known_job(job)
        else:
            self.memory.keep_job(job, candidate.key)

    # Jobs by several processes

    def _made_by_workers(
        self, candidates: Sequence[_Candidate], narrowed: Selection
    ) -> Mapping[str, _Made]:
        """Stage the files of the jobs that are not known, if there are enough to share out."""
        entries = [candidate.entry for candidate in candidates if candidate.known is None]
        sizes = [self.memory.folder.log_size(entry.job.id) for entry in entries]
        processes = workers.available()
        tasks = job_files.tasks(entries, sizes, processes)
        weights = [task.weight for task in tasks]
        if processes == 1 or sum(weights) < job_files.WORTH_SHARING:
            return {}
        made = workers.results(
            lambda place: self._do(tasks[place], narrowed), workers.shares(weights, processes)
        )
        return {job[0].id: job for job in made if job is not None}

    def _do(self, task: Task, narrowed: Selection) -> _Made | None:
        """Do a task in a process of its own; None where another one tells of the job."""
        if task.page:
            # The newest of all are among the newest that this process meets.
            return self._make(task.entry, narrowed, exports=task.exports)
        self.staging.stage_exports(task.entry)
        return None

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
        publication.stage("report.json", report_json.pieces(report))
        publication.stage("summary.md", [summary])
        publication.stage("junit.xml", [junit_xml.document(report)])
        publication.stage("badge.svg", [badge_svg.document(report)])

    def stage_pages(self, report: Report) -> None:
        """Stage the pages about all jobs, and what linked pages share."""
        publication = self.memory.publication
        compared = self._stage_comparison(report)
        for name, text in self.pages.shared_files().items():
            publication.stage(name, [text])
        before = self.memory.listing.before
        marks = {job.id: changes.mark(job.id, job.status, before) for job in report.jobs}
        if self.memory.output.single_file:
            self._stage_single(report, marks)
        publication.stage(publish.HOME, [self.pages.home(report, compared, marks)])

    def _stage_comparison(self, report: Report) -> frozenset[str]:
        """Write the comparison, if there is something to compare; give the ids it has."""
        jobs = comparison.newest(report.jobs)
        if len(jobs) < comparison.LEAST_JOBS:
            return frozenset()
        compared = self.memory.compared()
        courses = [self._courses(job, compared) for job in jobs]
        text = self.pages.compare(report, jobs, courses, self.memory.listing.numbers)
        self.memory.publication.stage(COMPARISON, [text])
        self.memory.keep_courses(
            {
                job.slug: (self.keys[job.id], course)
                for job, course in zip(jobs, courses, strict=True)
            }
        )
        return frozenset(job.id for job in jobs)

    def _courses(self, job: JobSummary, compared: Object) -> Courses:
        known = self.shortlist.courses.get(job.id)
        known = known or self.memory.courses(compared, job, self.keys[job.id])
        return known or comparison.courses(self.staging.detail(self.entries[job.id]))

    def _stage_single(self, report: Report, marks: Mapping[str, str | None]) -> None:
        details = (self.staging.detail(entry) for entry in self.entries.values())
        size = self.memory.publication.stage(SINGLE, self.pages.single(report, details, marks))
        if said := size_warning(size):
            self.warn(said)


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
