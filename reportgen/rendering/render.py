"""Render a source's folder as a report in a directory, without network access."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reportgen.errors import SnapshotError, SourceError
from reportgen.exports import badge_svg, junit_xml, report_json, summary_md
from reportgen.model.baseline import PREVIOUS
from reportgen.model.selection import Selection
from reportgen.pages import Pages
from reportgen.rendering import file_list, job_files
from reportgen.rendering.cache import COMPARISON, Basis, RenderCache
from reportgen.rendering.context import GENERATOR, RenderContext
from reportgen.rendering.jobs import StagedJobs, stage_jobs
from reportgen.rendering.publish import Publication
from reportgen.report import changes, comparison
from reportgen.report.change import Baseline
from reportgen.report.comparison import ComparedCurves
from reportgen.report.report import JobSummary, Report
from reportgen.settings import Output
from reportgen.snapshot.job_list import Listing, check_id
from reportgen.snapshot.retention import Retention
from reportgen.snapshot.source_folder import SourceFolder
from reportgen.text.redact import Redactor

SINGLE: Final = "report.html"
LARGE: Final = 25_000_000
"""The size in bytes above which a single file causes a warning: mail and chats reject it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report that was written."""

    entry: Path
    """The page to open first."""
    report: Report
    summary: str
    """The text of `summary.md`."""


def render(
    output: Output,
    retention: Retention,
    folder: SourceFolder,
    redactor: Redactor,
    narrowed: Selection | None = None,
    *,
    baseline: str | None = None,
    regression: float | None = None,
    refresh: bool = False,
    warn: Callable[[str], None] = lambda _: None,
    waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Rendered:
    """Write the report on the jobs that the last snapshot selected.

    `narrowed` selects among these jobs, judging by their pages; `baseline` specifies each job's
    baseline (see `model.baseline`), and `regression` by how many percent a job may be worse before
    its test case fails; with `refresh`, every page is rendered again; `waiting` is a context
    manager around the wait for another build that is publishing. Raises `SnapshotError`,
    `DamagedRecordError`, `WriteError`, and `SourceError` if a job that `narrowed` or `baseline`
    names is not in the snapshot.
    """
    narrowed = narrowed or Selection()
    listing = _listing(folder, redactor, narrowed)
    turn = Publication.into(output.out, redactor.holds_token, warn=warn, waiting=waiting)
    with (
        turn as publication,
        publication.scratch() as scratch,
        closing(folder.render_records(scratch)) as records,
    ):
        pages, origin = Pages(output.looks), listing.origin.redacted(redactor.text)
        basis = Basis.of(output, origin, f"{GENERATOR} {pages.digest}")
        context = RenderContext(
            output=output,
            retention=retention,
            refresh=refresh,
            folder=folder,
            listing=listing,
            origin=origin,
            redactor=redactor,
            pages=pages,
            publication=publication,
            cache=RenderCache(publication, records, basis, listing.read_at.isoformat()),
            warn=warn,
        )
        jobs = stage_jobs(context, narrowed, baseline)
        manifest = listing.manifest and listing.manifest.redacted(redactor.text)
        shown = tuple(jobs.summaries)
        shared = None if baseline == PREVIOUS else _shared_baseline(shown)
        report = Report(GENERATOR, listing.read_at, origin, manifest, shown, regression, shared)
        summary = summary_md.document(report, output.report_url, output.looks.title)
        _stage_exports(context, report, jobs, summary)
        compared = _stage_pages(context, report, jobs)
        keys = {job.job_id: job.key for job in jobs.selected.values() if job.key is not None}
        context.cache.keep(keys.values(), (keys[job_id] for job_id in compared if job_id in keys))
    return Rendered(output.out / file_list.HOME, report, summary)


def _listing(folder: SourceFolder, redactor: Redactor, narrowed: Selection) -> Listing:
    """Return the last snapshot's job list.

    Raises an error if it cannot be published, or lacks a job that `narrowed` names.
    """
    listing = folder.listing()
    if listing is None:
        raise SnapshotError(
            f"There is no job list in {folder.path}: run `arkor-report build` or `snapshot` first."
        )
    for place, job_id in enumerate(listing.entries, start=1):
        check_id(job_id, place, redactor)
    if unknown := narrowed.unknown(listing.entries):
        raise SourceError(f"The snapshot has no job {', '.join(unknown)}: check --job.")
    return listing


def _shared_baseline(jobs: Iterable[JobSummary]) -> Baseline | None:
    """Return the baseline that all jobs are measured against; None if none is."""
    return next((job.change.baseline for job in jobs if job.change), None)


# --- Files about all jobs ------------------------------------------------------------------------


def _stage_exports(context: RenderContext, report: Report, jobs: StagedJobs, summary: str) -> None:
    """Stage the exports about all jobs."""
    stage = context.publication.stage
    stage("report.json", report_json.pieces(report, jobs.records(context)))
    stage("summary.md", [summary])
    stage("junit.xml", junit_xml.pieces(report))
    stage("badge.svg", [badge_svg.document(report)])


def _stage_pages(context: RenderContext, report: Report, jobs: StagedJobs) -> frozenset[str]:
    """Stage the pages about all jobs, and the files that linked pages share.

    Returns the ids of the jobs in the comparison.
    """
    publication, pages = context.publication, context.pages
    compared = _stage_comparison(context, report, jobs)
    _correct_links(context, jobs, compared)
    for name, text in pages.shared_files().items():
        publication.stage(name, [text])
    before = context.listing.before
    marks = {job.id: changes.mark(job.id, job.status, before) for job in report.jobs}
    if context.output.single_file:
        _stage_single(context, report, jobs, marks)
    publication.stage(file_list.HOME, pages.home_pieces(report, compared, marks))
    return compared


def _stage_comparison(context: RenderContext, report: Report, jobs: StagedJobs) -> frozenset[str]:
    """Stage the comparison, if enough jobs have points; return the ids of its jobs."""
    newest = comparison.newest(report.jobs)
    if len(newest) < comparison.LEAST_JOBS:
        return frozenset()
    curves = [_curves(context, jobs, job) for job in newest]
    text = context.pages.compare(report, newest, curves, context.listing.numbers)
    context.publication.stage(COMPARISON, [text])
    return frozenset(job.id for job in newest)


def _correct_links(context: RenderContext, jobs: StagedJobs, compared: frozenset[str]) -> None:
    """Restage pages that link to the comparison without being in it, or the reverse.

    They are few: which jobs are in it is known only once all are rendered, but guessed before.
    """
    for job in jobs.summaries:
        is_compared = job.id in compared
        if job.compared != is_compared:
            selected = jobs.selected[job.id]
            detail = job_files.detail(
                context, selected.entry, selected.baseline, compared=is_compared
            )
            job_files.stage_page(context, detail)
            context.cache.keep_files(detail.summary, selected.key, selected.baseline)


def _curves(context: RenderContext, jobs: StagedJobs, job: JobSummary) -> ComparedCurves:
    selected = jobs.selected[job.id]
    known = context.cache.curves(selected.key)
    if known is not None and job.id not in jobs.shortlist.curves:
        return known
    found = jobs.shortlist.curves.get(job.id)
    if found is None:
        found = comparison.compared_curves(job_files.detail(context, selected.entry))
    if selected.key is not None:
        context.cache.add_curves(context.folder.logs.name(job.id), selected.key, found)
    return found


def _stage_single(
    context: RenderContext,
    report: Report,
    jobs: StagedJobs,
    marks: Mapping[str, str | None],
) -> None:
    selected = jobs.selected.values()
    details = (job_files.detail(context, job.entry, job.baseline) for job in selected)
    size = context.publication.stage(SINGLE, context.pages.single(report, details, marks))
    if warning := size_warning(size):
        context.warn(warning)


def size_warning(size: int) -> str | None:
    """Return a warning about a single file of `size` bytes; None if mail and chats accept it."""
    if size <= LARGE:
        return None
    return (
        f"{SINGLE} is {size / 1e6:.0f} MB, more than mail and chats accept: "
        "select fewer jobs with --limit, --since or --status."
    )
