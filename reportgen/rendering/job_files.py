"""One job's files: its page, its points as CSV and its whole log, staged for publication."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from reportgen.errors import DamagedRecordError
from reportgen.events import event_log
from reportgen.events.event_log import Record
from reportgen.exports import job_texts
from reportgen.model import history
from reportgen.pages import Pages
from reportgen.rendering.cache import Memory, files_of
from reportgen.report.report import Entry, JobDetail, job_detail
from reportgen.snapshot import log_index
from reportgen.text.redact import Redactor


@dataclass(frozen=True, slots=True)
class Staging:
    """What the files of all jobs are made with."""

    memory: Memory
    pages: Pages
    redactor: Redactor
    generator: str

    def detail(self, entry: Entry) -> JobDetail:
        """Fold a job's log into all that its page says. Raises `DamagedRecordError`."""
        folding = self._folding()
        with self._reading(entry) as log:
            for record in log:
                folding.take(record)
        return self._detail(entry, folding)

    def stage_exports(self, entry: Entry) -> None:
        """Stage a job's points and its log. Raises `DamagedRecordError`."""
        with self._reading(entry) as log:
            self._stage_exports(entry, log)

    def detail_with_exports(self, entry: Entry) -> JobDetail:
        """Do what `detail` and `stage_exports` do in one reading of the log, which costs less."""
        folding = self._folding()
        with self._reading(entry) as log:
            self._stage_exports(entry, folding.through(log))
        return self._detail(entry, folding)

    def stage_page(self, detail: JobDetail) -> None:
        """Stage a job's page."""
        memory = self.memory
        page = self.pages.job(detail, memory.origin, memory.listing.read_at, self.generator)
        memory.publication.stage(detail.summary.page, [page])

    @contextmanager
    def _reading(self, entry: Entry) -> Iterator[Iterator[Record]]:
        path = self.memory.folder.log_path(entry.job.id)
        try:
            with log_index.reading(path) as records:
                yield records
        except event_log.DamagedLogError as error:
            raise DamagedRecordError(path, str(error)) from error

    def _folding(self) -> history.Folding:
        log_lines = self.memory.options.log_lines
        return history.Folding(None if log_lines is None else max(log_lines, history.TAIL_LINES))

    def _detail(self, entry: Entry, folding: history.Folding) -> JobDetail:
        return job_detail(entry, folding.result(), self.redactor, self.memory.options.log_lines)

    def _stage_exports(self, entry: Entry, log: Iterable[Record]) -> None:
        redactor, staging = self.redactor, self.memory.publication.staging
        _, csv_name, log_name = files_of(entry.slug)
        with staging(csv_name) as points, staging(log_name) as lines:
            for rows, shown in job_texts.pieces(log, redactor.event_text, redactor.holds_token):
                points.write(rows)
                lines.write(shown)


# --- Staging as work that can be shared out ------------------------------------------------------

_EACH_JOB: Final = 120_000
"""What a job costs whatever its length, in bytes of a log that cost as much."""

_OF_THE_PAGE: Final = 0.5
"""The part of a long log's cost that is its page's."""

WORTH_SHARING: Final = 4_000_000
"""The weight from which on sharing pays: a process more costs some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job's files, or of a large job only its page or only its exports."""

    entry: Entry
    weight: float
    page: bool = True
    exports: bool = True


def tasks(entries: Sequence[Entry], sizes: Sequence[int], processes: int) -> list[Task]:
    """Give what there is to do for jobs with logs of these sizes in bytes, in their order.

    A job that is more than a process's fair share is two tasks.
    """
    fair = sum(_EACH_JOB + size for size in sizes) / processes
    return [
        task
        for entry, size in zip(entries, sizes, strict=True)
        for task in _tasks_of(entry, size, fair)
    ]


def _tasks_of(entry: Entry, size: int, fair: float) -> Iterator[Task]:
    if size <= fair:
        yield Task(entry, _EACH_JOB + size)
    else:
        yield Task(entry, _EACH_JOB + size * _OF_THE_PAGE, exports=False)
        yield Task(entry, size * (1 - _OF_THE_PAGE), page=False)
