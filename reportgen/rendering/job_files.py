"""The files of one job: its page, its points as CSV and its complete log."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reportgen.events.event_log import Record
from reportgen.exports import job_texts
from reportgen.model import history
from reportgen.model.curves import Curve
from reportgen.model.findings.course import course_of
from reportgen.model.findings.losses import divergence
from reportgen.model.metrics import EVAL_MINIMUM
from reportgen.rendering.cache import files_of
from reportgen.rendering.context import GENERATOR, RenderContext
from reportgen.report.change import Baseline, Change, change
from reportgen.report.report import Entry, JobDetail, job_detail


def stage(
    context: RenderContext, entry: Entry, baseline: Baseline | None, *, compared: bool
) -> JobDetail:
    """Stage all files of a job in one pass through its log, and return what its page shows.

    `baseline` is the job's baseline, `compared` is whether the comparison includes the job if it
    has points. Like the functions below, this may raise `DamagedRecordError`.
    """
    folding = _folding(context)
    with context.folder.logs.reading(entry.job.id) as log:
        _stage_exports(context, entry, folding.through(log))
    detail = _detail(context, entry, folding, baseline, compared=compared)
    stage_page(context, detail)
    return detail


def detail(
    context: RenderContext,
    entry: Entry,
    baseline: Baseline | None = None,
    *,
    compared: bool = False,
) -> JobDetail:
    """Return what a job's page shows, without staging anything."""
    folding = _folded(context, entry.job.id)
    return _detail(context, entry, folding, baseline, compared=compared)


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


def _folded(context: RenderContext, job_id: str) -> history.Folding:
    folding = _folding(context)
    with context.folder.logs.reading(job_id) as log:
        for record in log:
            folding.take(record)
    return folding


def _detail(
    context: RenderContext,
    entry: Entry,
    folding: history.Folding,
    baseline: Baseline | None,
    *,
    compared: bool,
) -> JobDetail:
    detail = job_detail(entry, folding.result(), context.redactor, context.output.log_lines)
    job = detail.summary
    if compared and (job.loss or job.eval_loss):
        job = replace(job, compared=True)
    found = None if baseline is None else change(job.result, job.tail, baseline)
    curve = None if found is None else _baseline_curve(context, found)
    rate = _onset_rate(context, detail)
    return replace(detail, summary=replace(job, change=found), baseline=curve, onset_rate=rate)


def _onset_rate(context: RenderContext, detail: JobDetail) -> float | None:
    """Return the learning rate where the loss left its range, from a second pass if it did so."""
    if detail.learning_rate.peak is None:
        return None
    failed = detail.summary.status == "failed"
    found = divergence(course_of(detail.loss), failed=failed)
    if found is None:
        return None
    with context.folder.logs.reading(detail.summary.id) as log:
        return history.learning_rate_at(log, found.onset.step)


def _baseline_curve(context: RenderContext, change: Change) -> Curve:
    """Return the baseline's curve of the compared metric, read once for jobs that share it."""
    of, kept = (change.baseline.id, change.own.metric), context.baseline_curve
    if of not in kept:
        curves = _folded(context, change.baseline.id).result()
        kept.clear()
        kept[of] = curves.eval_loss if change.own.metric == EVAL_MINIMUM else curves.loss
    return kept[of]


def _stage_exports(context: RenderContext, entry: Entry, log: Iterable[Record]) -> None:
    staging = context.publication.staging
    _, csv_name, log_name = files_of(entry.slug)
    is_ascii = True
    with staging(csv_name) as points, staging(log_name) as lines:
        for rows, shown in _export_pieces(context, log):
            points.write(rows)
            lines.write(shown)
            is_ascii = is_ascii and shown.isascii()
    if is_ascii:
        return
    # Without a byte order mark, browsers do not read local text files as UTF-8.
    with context.folder.logs.reading(entry.job.id) as again, staging(log_name) as lines:
        lines.write("\ufeff")
        for _, shown in _export_pieces(context, again):
            lines.write(shown)


def _export_pieces(context: RenderContext, log: Iterable[Record]) -> Iterator[tuple[str, str]]:
    redactor = context.redactor
    return job_texts.pieces(log, redactor.event_text, redactor.holds_token)
