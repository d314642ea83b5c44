"""`summary.md`: the jobs in one table, for a CI step's summary or a merge-request comment.

Jobs that need attention come first, since forges truncate long text and readers stop early. Jobs
link to the report only if its URL is known, since relative links do not work in a comment.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from reportgen.charts.sparkline import HEIGHT, Sparkline
from reportgen.errors import UsageError
from reportgen.events import event_log, wire
from reportgen.model.metrics import Metric
from reportgen.report.report import JobSummary, Report
from reportgen.report.wording import (
    ID_LENGTH,
    NAME_LENGTH,
    STATUS_LENGTH,
    change_in_words,
    cut,
    last_loss,
    moment,
    plural,
    short,
    source_name,
    stream_state,
)
from reportgen.text import inert
from reportgen.text.javascript import js_number

LENGTH: Final = 65_000
"""The maximum length in UTF-16 units.

Forges accept 65,536, and a script that posts the summary may add a line of its own.
"""

_NOTE_LENGTH: Final = 160
_TITLE_LENGTH: Final = 200
_SOURCE_LENGTH: Final = 300
_URL_LENGTH: Final = 2_000
_CHANGES: Final = 50
"""The maximum number of changes from baselines listed."""

_RESERVE: Final = 500
"""The maximum length of the sentence about omitted jobs."""

_HEAD: Final = """\
| Job | Status | Loss | Best eval loss | Curve | Notes |
| --- | --- | ---: | ---: | --- | --- |
"""
_NOTHING: Final = "—"
_BY_WEIGHT: Final = ("failed", "running", "queued", "cancelled", "completed")
_UTC: Final = ZoneInfo("UTC")


def document(report: Report, report_url: str | None, title: str = "Arkor report") -> str:
    """Return the summary. `report_url` will be the URL of the report's folder or a page in it.

    Raises `UsageError` if `report_url` is not a URL that can be linked to.
    """
    base = None if report_url is None else base_url(report_url)
    head = "\n".join(_head(report, base, title))
    if not report.jobs:
        return f"{head}\nNo jobs yet.\n"
    jobs = sorted(report.jobs, key=_rank)
    rows = list(_fitting((_row(job, base) for job in jobs), LENGTH - _RESERVE - _length(head)))
    table = f"{head}\n{_HEAD}{''.join(rows)}"
    left_out = jobs[len(rows) :]
    return f"{table}\n{_left_out(left_out)}\n" if left_out else table


def _head(report: Report, base: str | None, title: str) -> Iterator[str]:
    heading = _line(title, _TITLE_LENGTH)
    yield f"## {heading if base is None else f'[{heading}]({base})'}\n"
    if changes := list(_changes(report.jobs, base)):
        yield "".join(changes)
    totals = [plural(len(report.jobs), "job"), _counted(report.counts)]
    cut_short = sum(_is_cut_short(job) for job in report.jobs)
    not_finite = sum(job.not_finite > 0 for job in report.jobs)
    notes = (
        f"{plural(cut_short, 'stream')} cut short" if cut_short else "",
        f"{plural(not_finite, 'job')} with losses that are not finite" if not_finite else "",
    )
    yield f"**{' · '.join(filter(None, (*totals, *notes)))}**\n"
    source = [source_name(report.origin), report.origin.url]
    shown = ", ".join(_line(text, _SOURCE_LENGTH) for text in source if text)
    as_of = moment(report.snapshot_at, _UTC)
    yield f"From {shown}, as of {as_of.text if as_of else _NOTHING}.\n"


def _changes(jobs: Iterable[JobSummary], base: str | None) -> Iterator[str]:
    """Yield a line for each job's change from its baseline, the worst first."""
    changes = [(job, job.change) for job in jobs if job.change is not None]
    changes.sort(key=lambda pair: -pair[1].badness)
    for job, change in changes[:_CHANGES]:
        words = inert.markdown(change_in_words(change, _UTC))
        yield f"- {_job(job, base)}: {f'**{words}**' if change.badness > 0 else words}\n"
    if len(changes) > _CHANGES:
        yield f"- … and {len(changes) - _CHANGES} more\n"


def _counted(counts: Mapping[str, int]) -> str:
    """Return the number of jobs with each status; unknown statuses count as `other`."""
    known = [f"{counts[status]} {status}" for status in _BY_WEIGHT if counts.get(status)]
    others = sum(count for status, count in counts.items() if status not in wire.STATUSES)
    return ", ".join([*known, f"{others} other"] if others else known)


def _left_out(jobs: Sequence[JobSummary]) -> str:
    counts = _counted(Counter(job.status for job in jobs))
    return (
        f"Left out: {plural(len(jobs), 'more job')} ({counts}), to keep this summary under "
        "65,536 characters. The report has them all."
    )


# --- The table -----------------------------------------------------------------------------------


def _rank(job: JobSummary) -> int:
    """Return a job's rank in the table, lower if it needs more attention."""
    if job.status == "failed":
        return 0
    if _is_cut_short(job):
        return 1
    if job.not_finite:
        return 2
    if job.status not in wire.STATUSES:
        return 3
    return 3 + _BY_WEIGHT.index(job.status)


def _is_cut_short(job: JobSummary) -> bool:
    """Return whether past events are missing: a caught-up running job lacks only future ones."""
    state = job.stream.state
    return state != event_log.COMPLETE and (job.ended or state != event_log.CAUGHT_UP)


def _fitting(rows: Iterable[str], room: int) -> Iterator[str]:
    """Yield as many rows as fit into `room`."""
    room -= _length(_HEAD)
    for row in rows:
        room -= _length(row)
        if room < 0:
            return
        yield row


def _length(text: str) -> int:
    """Return the length in UTF-16 units, as some forges count; no forge counts more."""
    return len(text.encode("utf-16-le")) // 2


def _row(job: JobSummary, base: str | None) -> str:
    cells = (
        _job(job, base),
        f"**{job.status}**" if job.status == "failed" else _line(job.status, STATUS_LENGTH),
        last_loss(job),
        _best(job.eval_loss),
        blocks(job.sparkline) or _NOTHING,
        "; ".join(_line(note, _NOTE_LENGTH) for note in _notes(job)),
    )
    return f"| {' | '.join(cells)} |\n"


def _job(job: JobSummary, base: str | None) -> str:
    job_id, shown = _line(job.id, ID_LENGTH), _line(job.display_name, NAME_LENGTH)
    linked = shown if base is None else f"[{shown}]({base}{job.page})"
    return f"{linked} ({job_id})" if job.display_name == job.name else linked


def _best(metric: Metric | None) -> str:
    if metric is None:
        return _NOTHING
    return f"{short(metric.min)} at step {js_number(metric.min_step)}"


def _notes(job: JobSummary) -> Iterator[str]:
    if job.error:
        yield job.error
    if _is_cut_short(job):
        yield f"stream {stream_state(job.stream)}"
    if job.not_finite:
        yield f"{plural(job.not_finite, 'loss', 'losses')} not finite"
    if not job.listed:
        yield "no longer listed"


def _line(text: str, length: int) -> str:
    """Return text from the server as one line of Markdown, truncated to `length` characters."""
    line = " ".join(text[: 4 * length].split())  # collapses spaces before truncating
    return inert.markdown(cut(line, length))


# --- A curve in characters -----------------------------------------------------------------------

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_EACH: Final = 2  # columns of the sparkline per character, so that the table stays narrow


def blocks(sparkline: Sparkline) -> str:
    """Return a sparkline as at most 16 block characters; empty if the sparkline is empty."""
    points = [(column, height) for column, height in enumerate(sparkline) if height is not None]
    # The line's height in each column from its first point to its last.
    heights = [
        left + (right - left) * (column - start) / (end - start)
        for (start, left), (end, right) in pairwise(points)
        for column in range(start, end)
    ] + [height for _, height in points[-1:]]
    groups = (heights[at : at + _EACH] for at in range(0, len(heights), _EACH))
    top = len(_BLOCKS) - 1
    return "".join(_BLOCKS[round(sum(group) / len(group) / HEIGHT * top)] for group in groups)


# --- The report's URL ----------------------------------------------------------------------------


def base_url(report_url: str) -> str:
    """Return the URL of the report's folder, ending in a slash and safe in a Markdown link.

    `report_url` is that folder or a page in it. User info, query and fragment are removed, since
    they may contain secrets. Raises `UsageError` if it is not a URL that can be linked to.
    """
    try:
        parts = urlsplit(report_url.strip())
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # also for a port that is not a number
        valid = False
    if not valid or len(report_url) > _URL_LENGTH:
        raise UsageError(
            "--report-url must be the http(s) URL where the report will be served, "
            f"at most {_URL_LENGTH:,} characters long."
        )
    folder, _, last = parts.path.rpartition("/")
    path = f"{folder}/" if last.lower().endswith((".html", ".htm")) else f"{folder}/{last}/"
    url = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))
    return quote(re.sub(r"(?<!:)/+\Z", "/", url), safe=_IN_LINKS)


# Markdown does not interpret these. Percent signs stay, since they begin existing escapes.
_IN_LINKS: Final = "%/:[].-,;=+@'"
