"""What GitHub Actions gets besides the report: annotations and the step's summary. Pure.

The lines are workflow commands. They must be printed unchanged, without being made inert again,
and only if `annotates` returns true.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.events import event_log
from reportgen.report.gates import has_regressed
from reportgen.report.report import JobSummary
from reportgen.report.wording import change_in_words
from reportgen.text import inert

MOST: Final = 10
"""The maximum number of lines: GitHub shows no more than ten of a kind for one step."""

_ERROR: Final = "error"
_WARNING: Final = "warning"

_UTC: Final = ZoneInfo("UTC")

_NAME_LENGTH: Final = 80
_ID_LENGTH: Final = 80
_MESSAGE_LENGTH: Final = 400


@dataclass(frozen=True, slots=True)
class _Annotation:
    level: str
    title: str
    message: str

    @property
    def line(self) -> str:
        title = inert.workflow_property(self.title)
        return f"::{self.level} title={title}::{inert.workflow_message(self.message)}"


def annotates(environment: Mapping[str, str]) -> bool:
    """Return whether a GitHub Actions runner reads the output."""
    return environment.get("GITHUB_ACTIONS") == "true"


def step_summary_path(environment: Mapping[str, str]) -> Path | None:
    """Return the file to append the step's summary to, or None."""
    path = environment.get("GITHUB_STEP_SUMMARY")
    return Path(path) if path else None


def annotations(jobs: Iterable[JobSummary], regression: float | None = None) -> list[str]:
    """Return an error for each failed job and a warning for each incomplete stream, one a line.

    A job that is worse than its baseline by more than `regression` percent is an error too. Only
    jobs that are still listed count. Errors come first, then streams that could not be read, then
    streams that were merely still open. There are at most ten lines; the last one sums up the rest.
    """
    listed = [job for job in jobs if job.listed]
    errors = [_failed(job) for job in listed if job.status == "failed"]
    errors += [_regressed(job) for job in listed if has_regressed(job, regression)]
    incomplete = [job for job in listed if job.stream.state != event_log.COMPLETE]
    # Streams that were merely open when waiting ended come last; the sort is stable.
    incomplete.sort(key=lambda job: job.stream.state == event_log.CAUGHT_UP)
    found = [*errors, *map(_incomplete, incomplete)]
    if len(found) > MOST:
        found = [*found[: MOST - 1], _summed_up(found[MOST - 1 :])]
    return [annotation.line for annotation in found]


def _failed(job: JobSummary) -> _Annotation:
    message = job.error or "The job failed; no reason was given."
    return _Annotation(_ERROR, f"{_named(job)} failed", inert.cut(message, _MESSAGE_LENGTH))


def _regressed(job: JobSummary) -> _Annotation:
    return _Annotation(_ERROR, f"{_named(job)} is worse than its baseline", _change(job))


def _change(job: JobSummary) -> str:
    return "" if job.change is None else change_in_words(job.change, _UTC)


def _incomplete(job: JobSummary) -> _Annotation:
    stream = job.stream
    reason = f": {inert.cut(stream.reason, _MESSAGE_LENGTH)}" if stream.reason else ""
    title = f"{_named(job)} is incomplete in the report"
    return _Annotation(_WARNING, title, f"Its event stream is {stream.state}{reason}")


def _summed_up(rest: Sequence[_Annotation]) -> _Annotation:
    failed = sum(annotation.level == _ERROR for annotation in rest)
    counts = ((failed, "failed"), (len(rest) - failed, "incomplete"))
    message = " and ".join(f"{count} more {word}" for count, word in counts if count)
    level = _ERROR if failed else _WARNING
    return _Annotation(level, "More jobs need a look", f"{message}; the report has them all.")


def _named(job: JobSummary) -> str:
    job_id = inert.cut(job.id, _ID_LENGTH)
    if job.display_name != job.name:
        return job_id
    return f"{inert.cut(job.name, _NAME_LENGTH)} ({job_id})"
