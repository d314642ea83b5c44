"""What the home page says about the changes since the previous snapshot."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.pages.values import Link, Part
from reportgen.report import changes
from reportgen.report.labels import Label, labels
from reportgen.report.report import JobSummary
from reportgen.report.wording import NAME_LENGTH, change_in_words

_NAMED: Final = 3
"""The maximum number of jobs that a sentence names."""


def news(marks: Iterable[str | None]) -> str:
    """Return how many jobs changed, and how: `2 ended, 1 new`."""
    counts = Counter(mark for mark in marks if mark)
    return ", ".join(f"{counts[mark]} {mark}" for mark in sorted(counts))


def bad_news(
    jobs: Sequence[JobSummary],
    marks: Mapping[str, str | None],
    zone: ZoneInfo,
    link: Callable[[JobSummary], str],
) -> Iterator[tuple[Part, ...]]:
    """Yield a sentence about the jobs that newly failed, and one about worse results.

    `marks` maps a job's id to how the job changed, and `link` returns the address of its page.
    """
    found = changes.bad_news(jobs, marks)
    failed, worse = found.failed[:_NAMED], found.worse[:_NAMED]
    by_id = _labels(jobs, [*failed, *(job for job, _ in worse)], zone)

    def linked(job: JobSummary) -> Link:
        return Link(link(job), by_id[job.id].name, by_id[job.id].mark)

    if failed:
        yield _sentence("Newly failed: ", [(linked(job),) for job in failed], len(found.failed))
    if worse:
        results = [(linked(job), f" is {change_in_words(each, zone)}") for job, each in worse]
        yield _sentence("Worse results: ", results, len(found.worse))


def _labels(
    jobs: Sequence[JobSummary], named: Sequence[JobSummary], zone: ZoneInfo
) -> Mapping[str, Label]:
    """Return the labels of named jobs, which distinguish them from all others of their names."""
    names = {job.display_name for job in named}
    alike = [job for job in jobs if job.display_name in names]
    ids = (job.id for job in alike)
    return dict(zip(ids, labels(alike, NAME_LENGTH, zone), strict=True))


def _sentence(title: str, entries: Sequence[tuple[Part, ...]], count: int) -> tuple[Part, ...]:
    """Return entries as a sentence that says how many of `count` it leaves out."""
    parts = [part for entry in entries for part in (", ", *entry)]
    more = f" and {count - len(entries)} more" if count > len(entries) else ""
    return (title, *parts[1:], more)
