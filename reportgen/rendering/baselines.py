"""Each job's baseline, from the render cache or from the baseline's log."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reportgen.events import wire
from reportgen.model.baseline import Known, choose
from reportgen.rendering import job_files
from reportgen.rendering.context import RenderContext
from reportgen.report.change import Baseline
from reportgen.report.report import Entry


@dataclass(frozen=True, slots=True)
class Baselines:
    """The baselines for a report's jobs; a baseline need not be shown itself."""

    context: RenderContext
    slugs: Mapping[str, str]
    chosen: Mapping[str, str]
    """The id of each job's baseline, by the job's id."""
    _found: dict[str, Baseline] = field(default_factory=dict)

    @classmethod
    def among(
        cls, context: RenderContext, slugs: Mapping[str, str], baseline: str | None
    ) -> "Baselines":
        """Choose each job's baseline. Raises `SourceError` if `baseline` matches no job."""
        if baseline is None:
            return cls(context, slugs, {})
        folder, jobs = context.folder, context.listing.jobs
        return cls(
            context, slugs, choose(baseline, (Known.of(job, folder.status(job)) for job in jobs))
        )

    def of(self, job_id: str) -> Baseline | None:
        """Return a job's baseline. Raises `DamagedRecordError`."""
        chosen = self.chosen.get(job_id)
        if chosen is None:
            return None
        if chosen not in self._found:
            self._found[chosen] = self._find(chosen)
        return self._found[chosen]

    def _find(self, job_id: str) -> Baseline:
        context = self.context
        data, slug = context.listing.entries[job_id], self.slugs[job_id]
        listed = job_id in context.listing.listed
        key = context.cache.key(slug, data, context.folder.logs.fingerprint(job_id), listed=listed)
        known = None if context.refresh else context.cache.summary(key)
        if known is None:
            job = wire.decode_job(data) or wire.Job(job_id)
            known = job_files.detail(context, Entry(job, slug, listed)).summary
        return known.as_baseline
