"""The files of one job: its page, its points as CSV and its whole log."""

from collections.abc import Iterable
from dataclasses import replace

from reportgen.events.event_log import Record
from reportgen.exports import job_texts
from reportgen.model import history
from reportgen.rendering.cache import files_of
from reportgen.rendering.context import GENERATOR, RenderContext
from reportgen.report.change import Baseline, change
from reportgen.report.report import Entry, JobDetail, job_detail


def stage(context: RenderContext, entry: Entry, baseline: Baseline | None) -> JobDetail:
    """Stage all files of a job in one pass through its log, and return what its page shows.

    `baseline` is what the job is measured against. Like the functions below, it may raise
    `DamagedRecordError`.
    """
    folding = _folding(context)
    with context.folder.logs.reading(entry.job.id) as log:
        _stage_exports(context, entry, folding.through(log))
    detail = _detail(context, entry, folding, baseline)
    stage_page(context, detail)
    return detail


def detail(context: RenderContext, entry: Entry, baseline: Baseline | None = None) -> JobDetail:
    """Return what a job's page shows, without staging anything."""
    folding = _folding(context)
    with context.folder.logs.reading(entry.job.id) as log:
        for record in log:
            folding.take(record)
    return _detail(context, entry, folding, baseline)


def stage_page(context: RenderContext, detail: JobDetail) -> None:
    """Stage a job's page."""
    page = context.pages.job(detail, context.origin, context.listing.read_at, GENERATOR)
    context.publication.stage(detail.summary.page, [page])


def stage_exports(context: RenderContext, entry: Entry) -> None:
    """Stage a job's points and its log."""
    with context.folder.logs.reading(entry.job.id) as log:
        _stage_exports(context, entry, log)


def _folding(context: RenderContext) -> history.Folding:
    log_lines = context.output.log_lines
    return history.Folding(None if log_lines is None else max(log_lines, history.TAIL_LINES))


def _detail(
    context: RenderContext, entry: Entry, folding: history.Folding, baseline: Baseline | None
) -> JobDetail:
    detail = job_detail(entry, folding.result(), context.redactor, context.output.log_lines)
    if baseline is None:
        return detail
    job = detail.summary
    return replace(detail, summary=replace(job, change=change(job.result, job.tail, baseline)))


def _stage_exports(context: RenderContext, entry: Entry, log: Iterable[Record]) -> None:
    redactor, staging = context.redactor, context.publication.staging
    _, csv_name, log_name = files_of(entry.slug)
    with staging(csv_name) as points, staging(log_name) as lines:
        for rows, shown in job_texts.pieces(log, redactor.event_text, redactor.holds_token):
            points.write(rows)
            lines.write(shown)
