"""Annotations of a report for GitHub Actions, as workflow commands. Pure.

The lines must be printed unchanged: their text is already inert.
"""

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.events import event_log
from reportgen.report.gates import has_regressed
from reportgen.report.report import JobSummary
from reportgen.report.wording import change_in_words
from reportgen.text import inert

MOST: Final = 10
"""The maximum number of lines: GitHub shows ten annotations of a kind per step."""

_UTC: Final = ZoneInfo("UTC")

_NAME_LENGTH: Final = 80
_ID_LENGTH: Final = 80
_MESSAGE_LENGTH: Final = 400


def annotations(jobs: Iterable[JobSummary], regression: float | None = None) -> list[str]:
    """Return an error line for each failed job and a warning line for each incomplete stream.

    A job worse than its baseline by more than `regression` percent is also an error. Only jobs
    that are still listed count. Errors come first, then streams that could not be read, then those
    that were merely still open. There are at most ten lines; the last one sums up the rest.
    """
    listed = [job for job in jobs if job.listed]
    errors = [_failed(job) for job in listed if job.status == "failed"]
    errors += [_regressed(job) for job in listed if has_regressed(job, regression)]
    incomplete = [job for job in listed if job.stream.state != event_log.COMPLETE]
    incomplete.sort(key=lambda job: job.stream.state == event_log.CAUGHT_UP)  # stable
    lines = [*errors, *map(_incomplete, incomplete)]
    if len(lines) <= MOST:
        return lines
    shown = lines[: MOST - 1]
    failed = max(0, len(errors) - len(shown))
    return [*shown, _summed_up(failed, len(lines) - len(shown) - failed)]


def _failed(job: JobSummary) -> str:
    message = job.error or "The job failed; no reason was given."
    return _command("error", f"{_named(job)} failed", inert.cut(message, _MESSAGE_LENGTH))


def _regressed(job: JobSummary) -> str:
    change = "" if job.change is None else change_in_words(job.change, _UTC)
    return _command("error", f"{_named(job)} is worse than its baseline", change)


def _incomplete(job: JobSummary) -> str:
    stream = job.stream
    reason = f": {inert.cut(stream.reason, _MESSAGE_LENGTH)}" if stream.reason else ""
    title = f"{_named(job)} is incomplete in the report"
    return _command("warning", title, f"Its event stream is {stream.state}{reason}")


def _summed_up(failed: int, incomplete: int) -> str:
    counts = ((failed, "failed"), (incomplete, "incomplete"))
    message = " and ".join(f"{count} more {word}" for count, word in counts if count)
    level = "error" if failed else "warning"
    return _command(level, "More jobs need a look", f"{message}; the report has them all.")


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={inert.workflow_property(title)}::{inert.workflow_message(message)}"


def _named(job: JobSummary) -> str:
    job_id = inert.cut(job.id, _ID_LENGTH)
    if job.display_name != job.name:
        return job_id
    return f"{inert.cut(job.name, _NAME_LENGTH)} ({job_id})"
