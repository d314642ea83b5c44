"""The jobs that a report shows, from the render cache or rendered by several processes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from reportgen.events import wire
from reportgen.model.selection import Selection
from reportgen.rendering import job_files, workers
from reportgen.rendering.baselines import Baselines
from reportgen.rendering.cache import encoded, files_of
from reportgen.rendering.context import RenderContext
from reportgen.report import comparison
from reportgen.report.change import Baseline
from reportgen.report.comparison import ComparedCurves, Shortlist
from reportgen.report.report import Entry, JobDetail, JobRecord, JobSummary
from reportgen.text import inert

_EACH_JOB: Final = 120_000
"""The cost of a job apart from its log, as the size in bytes of a log that costs as much."""

_WORTH_SHARING: Final = 4_000_000
"""The minimum cost for which sharing work pays: starting a process takes tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class StagedJobs:
    """A report's jobs in the order shown, each with its files staged or in the old report."""

    summaries: list[JobSummary] = field(default_factory=list)
    selected: "dict[str, SelectedJob]" = field(default_factory=dict)
    """By job id."""
    shortlist: Shortlist = field(default_factory=Shortlist)
    """The curves of rendered jobs that the comparison may need."""
    not_stored: dict[str, JobRecord] = field(default_factory=dict)
    """The records that the render cache cannot hold, by job id."""

    def records(self, context: RenderContext) -> Iterator[JobRecord]:
        """Yield each job's record for `report.json`, one at a time. Raises `DamagedRecordError`."""
        for job in self.summaries:
            selected = self.selected[job.id]
            yield (
                self.not_stored.get(job.id)
                or context.cache.record(job, selected.key)
                or job_files.detail(context, selected.entry, selected.baseline).record
            )


def stage_jobs(context: RenderContext, narrowed: Selection, baseline: str | None) -> StagedJobs:
    """Stage the files of the jobs that `narrowed` selects, unless they are in the old report.

    Jobs are staged one at a time; for the others, only summaries are in memory.
    """
    staging = _Staging(context, narrowed)
    selected: Iterable[SelectedJob] = _selected_jobs(context, baseline)
    rendered: Mapping[str, _RenderedJob] = {}
    if narrowed.limit is None:  # with a limit, few of the jobs may be needed
        selected = list(selected)
        rendered = staging.rendered_by_workers(selected)
    shown = islice(staging.matching(selected, rendered), narrowed.limit)
    for each, found in shown:
        if narrowed.in_shard(each.job_id):
            staging.add(each, found, by_worker=each.job_id in rendered)
    return staging.staged


@dataclass(frozen=True, slots=True)
class SelectedJob:
    """A job selected by the snapshot.

    Its entry in the job list is decoded whenever it is needed, since the entries of all jobs
    together can be large.
    """

    job_id: str
    data: bytes
    slug: str
    listed: bool
    key: str | None
    baseline: Baseline | None
    is_compared: bool
    """Whether the comparison includes it, if it has points and the list is newest first."""
    cached: JobSummary | None
    """Its summary, if the old report has its files."""

    @property
    def entry(self) -> Entry:
        """The job's entry in the list, decoded."""
        job = wire.decode_job(self.data) or wire.Job(self.job_id)
        return Entry(job, self.slug, self.listed)


def _selected_jobs(context: RenderContext, baseline: str | None) -> Iterator[SelectedJob]:
    """Yield the selected jobs that retention keeps, listed ones first, in the server's order."""
    listing = context.listing
    dropped = context.folder.dropped(listing, context.retention)
    if left_out := sum(job_id in dropped for job_id in listing.selected):
        context.warn(context.retention.hidden_message(left_out))
    slugs = inert.file_slugs(listing.entries)
    baselines = Baselines.among(context, slugs, baseline)
    selected, listed = set(listing.selected), set(listing.listed)
    most = comparison.JOBS if len(selected) >= comparison.LEAST_JOBS else 0
    for job_id, data in listing.entries.items():
        if job_id in selected and job_id not in dropped:
            slug, is_listed, measured_by = slugs[job_id], job_id in listed, baselines.of(job_id)
            fingerprint = context.folder.logs.fingerprint(job_id)
            key = context.cache.key(slug, data, fingerprint, listed=is_listed)
            cached = None if context.refresh else context.cache.job(slug, key, measured_by)
            if cached is not None and cached.id != job_id:
                cached = None  # the snapshot may have come from anywhere
            yield SelectedJob(job_id, data, slug, is_listed, key, measured_by, most > 0, cached)
            most -= 1


class _RenderedJob(NamedTuple):
    """A job that was rendered or is from the render cache."""

    summary: JobSummary
    curves: ComparedCurves | None = None
    """None if the comparison does not need them, or they are in the render cache."""
    to_store: bytes | None = None
    """Its record for the render cache, encoded."""
    record: JobRecord | None = None
    """Its record, if the render cache cannot hold it."""

    @classmethod
    def of(
        cls, detail: JobDetail, key: str | None, curves: ComparedCurves | None = None
    ) -> "_RenderedJob":
        """Return a job that was just rendered."""
        record = detail.record
        to_store = None if key is None else encoded(record)
        return cls(detail.summary, curves, to_store, record if to_store is None else None)


@dataclass(frozen=True, slots=True)
class _Staging:
    """A report's jobs while they are being staged."""

    context: RenderContext
    narrowed: Selection
    staged: StagedJobs = field(default_factory=StagedJobs)

    def matching(
        self, selected: Iterable[SelectedJob], rendered: Mapping[str, _RenderedJob]
    ) -> Iterator[tuple[SelectedJob, _RenderedJob]]:
        """Yield the jobs to show; those that no worker rendered are rendered now if necessary."""
        for each in selected:
            found = rendered.get(each.job_id) or self._job(each)
            if self._matches(found.summary):
                yield each, found

    def _matches(self, job: JobSummary) -> bool:
        """Return whether a job is selected, according to what its page shows."""
        shown = wire.Job(job.id, job.name, job.status, job.created_at)
        return self.narrowed.matches(shown, self.context.listing.read_at)

    def _job(self, selected: SelectedJob) -> _RenderedJob:
        """Return a job from the render cache, or stage its files if it will be shown."""
        if selected.cached is not None:
            self.staged.shortlist.has_room_for(selected.cached)
            return _RenderedJob(selected.cached)
        return self._stored(selected, self._rendered(selected))

    def _rendered(self, selected: SelectedJob) -> _RenderedJob:
        entry = selected.entry
        if self.narrowed.passes_all:
            detail = job_files.stage(
                self.context, entry, selected.baseline, compared=selected.is_compared
            )
        else:
            # The log may show that the job is not selected, so the exports wait for a second pass.
            detail = job_files.detail(
                self.context, entry, selected.baseline, compared=selected.is_compared
            )
            job = detail.summary
            if not (self._matches(job) and self.narrowed.in_shard(job.id)):
                return _RenderedJob.of(detail, selected.key)
            job_files.stage_page(self.context, detail)
            job_files.stage_exports(self.context, entry)
        job = detail.summary
        enough = len(self.context.listing.selected) >= comparison.LEAST_JOBS
        compared = enough and self.staged.shortlist.has_room_for(job)
        curves = comparison.compared_curves(detail) if compared else None
        return _RenderedJob.of(detail, selected.key, curves)

    def _stored(self, selected: SelectedJob, found: _RenderedJob) -> _RenderedJob:
        """Store a rendered job's record, so that it need not be in memory."""
        if found.record is not None:
            self.staged.not_stored[selected.job_id] = found.record
        if found.to_store is not None and selected.key is not None:
            log = self.context.folder.logs.name(selected.job_id)
            self.context.cache.add_record(log, selected.key, found.to_store)
        return _RenderedJob(found.summary, found.curves)

    def rendered_by_workers(self, selected: Sequence[SelectedJob]) -> Mapping[str, _RenderedJob]:
        """Render uncached jobs in several processes, if there are enough of them."""
        missing = [each for each in selected if each.cached is None]
        log_size = self.context.folder.logs.size
        costs = [_EACH_JOB + log_size(each.job_id) for each in missing]
        processes = workers.available()
        if processes == 1 or len(missing) == 1 or sum(costs) < _WORTH_SHARING:
            return {}
        self.context.pages.load()
        # The newest jobs overall are among the newest in each process.
        rendered = workers.results(
            lambda place: self._rendered(missing[place]),
            workers.shares(costs, processes),
            lambda place, found: self._stored(missing[place], found),
        )
        return {job.summary.id: job for job in rendered.values()}

    def add(self, selected: SelectedJob, found: _RenderedJob, *, by_worker: bool) -> None:
        """Add a job whose files are staged or in the old report."""
        job, curves, context, staged = found.summary, found.curves, self.context, self.staged
        staged.summaries.append(job)
        staged.selected[job.id] = selected
        take = context.publication.staged if by_worker else context.publication.keep
        for name in files_of(job.slug):
            take(name)
        if curves is not None and (not by_worker or staged.shortlist.has_room_for(job)):
            staged.shortlist.add(job.id, curves)
        context.cache.keep_files(job, selected.key, selected.baseline)
