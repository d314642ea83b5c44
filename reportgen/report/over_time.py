"""Results over time: which jobs are shown, and as which series. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reportgen.report.change import Baseline
from reportgen.report.outcomes import Outcome, outcomes
from reportgen.report.ranking import result_in
from reportgen.report.report import JobSummary
from reportgen.text.times import parse_time

LEAST: Final = 3
"""The number of ended jobs with a result from which results are shown over time."""

MOST: Final = 200
"""The maximum number of jobs shown: the newest."""

SERIES: Final = 8
"""The number of names that have a series of their own: the most frequent."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A job's outcome, and when the job was created."""

    outcome: Outcome
    created: datetime


@dataclass(frozen=True, slots=True)
class OverTime:
    """Outcomes in the order in which the jobs were created, all by the same metric."""

    metric: str
    shown: tuple[Dated, ...]
    names: tuple[str, ...]
    """The most frequent names, each of which has a series."""
    baseline: tuple[Baseline, float | None] | None
    """The baseline of all jobs and its result in this metric, None if that is not finite."""
    undated: int
    """The number of jobs whose creation time is unknown, and which are not shown therefore."""
    unknown: int
    """The number of jobs that ended without a result in this metric."""
    older: int
    """The number of jobs that are too old to be shown."""


def over_time(
    jobs: Sequence[JobSummary], baseline: Baseline | None = None, most: int = MOST
) -> OverTime | None:
    """Return the results of the newest jobs over time; None if too few jobs have one.

    `baseline` is what all jobs are measured against, if it is the same for all.
    """
    if sum(job.ended and job.result is not None for job in jobs) < LEAST:
        return None
    found = outcomes(jobs, baseline)
    if found.metric is None:
        return None
    dated = [
        Dated(outcome, created)
        for outcome in found.known
        if (created := parse_time(outcome.job.created_at)) is not None
    ]
    if not dated:
        return None
    dated.sort(key=lambda each: each.created)
    shown = dated[-most:]
    # Of equally frequent names, the one used last comes first.
    names = Counter(each.outcome.job.display_name for each in reversed(shown))
    own = None if baseline is None else result_in(baseline, found.metric)
    return OverTime(
        metric=found.metric,
        shown=tuple(shown),
        names=tuple(name for name, _ in names.most_common(SERIES)),
        baseline=(baseline, own.value) if baseline and own else None,
        undated=len(found.known) - len(dated),
        unknown=found.unknown,
        older=len(dated) - len(shown),
    )
