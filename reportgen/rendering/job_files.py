"""The files of one job: its page, its points as CSV and its whole log."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from reportgen.errors import DamagedRecordError
from reportgen.events import event_log
from reportgen.events.event_log import Record
from reportgen.exports import job_texts
from reportgen.model import history
from reportgen.rendering.cache import files_of
from reportgen.rendering.context import GENERATOR, RenderContext
from reportgen.report.change import Baseline, change
from reportgen.report.report import Entry, JobDetail, job_detail


@dataclass(frozen=True, slots=True)
class JobFiles:
    """Stages the files of jobs from their logs; every method may raise `DamagedRecordError`."""

    context: RenderContext

    def stage(self, entry: Entry, baseline: Baseline | None = None) -> JobDetail:
        """Stage all files of a job in one pass through its log, and return what its page shows.

        `baseline` is what the job is measured against.
        """
        folding = self._folding()
        with self._reading(entry) as log:
            self._stage_exports(entry, folding.through(log))
        detail = self._detail(entry, folding, baseline)
        self.stage_page(detail)
        return detail

    def detail(self, entry: Entry, baseline: Baseline | None = None) -> JobDetail:
        """Return what a job's page shows, without staging anything."""
        folding = self._folding()
        with self._reading(entry) as log:
            for record in log:
                folding.take(record)
        return self._detail(entry, folding, baseline)

    def stage_page(self, detail: JobDetail) -> None:
        """Stage a job's page."""
        context = self.context
        page = context.pages.job(detail, context.origin, context.listing.read_at, GENERATOR)
        context.publication.stage(detail.summary.page, [page])

    def stage_exports(self, entry: Entry) -> None:
        """Stage a job's points and its log."""
        with self._reading(entry) as log:
            self._stage_exports(entry, log)

    @contextmanager
    def _reading(self, entry: Entry) -> Iterator[Iterator[Record]]:
        logs, job_id = self.context.folder.logs, entry.job.id
        try:
            with logs.reading(job_id) as records:
                yield records
        except event_log.DamagedLogError as error:
            raise DamagedRecordError(logs.path_of(job_id), str(error)) from error

    def _folding(self) -> history.Folding:
        log_lines = self.context.output.log_lines
        return history.Folding(None if log_lines is None else max(log_lines, history.TAIL_LINES))

    def _detail(
        self, entry: Entry, folding: history.Folding, baseline: Baseline | None
    ) -> JobDetail:
        context = self.context
        detail = job_detail(entry, folding.result(), context.redactor, context.output.log_lines)
        if baseline is None:
            return detail
        job = detail.summary
        return replace(detail, summary=replace(job, change=change(job.result, job.tail, baseline)))

    def _stage_exports(self, entry: Entry, log: Iterable[Record]) -> None:
        redactor, staging = self.context.redactor, self.context.publication.staging
        _, csv_name, log_name = files_of(entry.slug)
        with staging(csv_name) as points, staging(log_name) as lines:
            for rows, shown in job_texts.pieces(log, redactor.event_text, redactor.holds_token):
                points.write(rows)
                lines.write(shown)
