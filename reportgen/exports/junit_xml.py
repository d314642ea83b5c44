"""`junit.xml`: the jobs as test cases in a suite, for CI servers that show test results.

A failed job is a failure, and so is a completed one that fails `regression>P`. Other completed
jobs pass, and all others are skipped, since their outcome is unknown. The case's output mentions
an incomplete stream and losses that are not finite; whether these fail a build is decided by
`--strict` and `--fail-on`. The document is valid against the schema junit-10.xsd from Jenkins'
xUnit plugin.
"""

import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from reportgen.events import event_log
from reportgen.report.gates import has_regressed
from reportgen.report.report import JobSummary, Report
from reportgen.report.wording import (
    MESSAGE_LENGTH,
    change_in_words,
    cut,
    plural,
    steps,
    stream_state,
)
from reportgen.text import inert
from reportgen.text.javascript import js_number

SUITE: Final = "arkor"

_UTC: Final = ZoneInfo("UTC")

_CASES: Final = "cases"
"""The name of an element that stands in for all test cases."""

_FIRST_LINE: Final = 200
"""The maximum length of an error in a list of failures."""


def pieces(report: Report) -> Iterator[str]:
    """Yield the jobs as JUnit XML, in the report's order, in pieces, since it can be long."""
    regression = report.regression
    totals = {
        "tests": str(len(report.jobs)),
        "failures": str(
            sum(job.status == "failed" or has_regressed(job, regression) for job in report.jobs)
        ),
        "errors": "0",
        "time": _time(math.fsum(filter(None, map(_seconds, report.jobs)))),
    }
    skipped = sum(job.status not in {"failed", "completed"} for job in report.jobs)
    root = ET.Element("testsuites", {"name": SUITE, **totals})
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": SUITE,
            **totals,
            "skipped": str(skipped),
            "timestamp": _timestamp(report.snapshot_at),
        },
    )
    _add_changes(suite, report.jobs)
    if report.jobs:
        ET.SubElement(suite, _CASES)
    ET.indent(root)
    before, _, after = ET.tostring(root, encoding="unicode").partition(f"    <{_CASES} />\n")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{before}'
    class_name = inert.xml(f"{SUITE}.{report.origin.kind}")
    for job in report.jobs:
        case = _case(job, class_name, regression)
        ET.indent(case, level=2)
        yield f"    {ET.tostring(case, encoding='unicode')}\n"
    yield f"{after}\n"


def _name(job: JobSummary) -> str:
    return inert.xml(f"{job.name} ({job.id})" if job.display_name == job.name else job.id)


def _add_changes(suite: ET.Element, jobs: Iterable[JobSummary]) -> None:
    """Add each job's change from its baseline as the suite's property: cases cannot have any."""
    changes = [
        {"name": _name(job), "value": change_in_words(job.change, _UTC)}
        for job in jobs
        if job.change is not None
    ]
    if changes:
        properties = ET.SubElement(suite, "properties")
        for change in changes:
            ET.SubElement(properties, "property", change)


def _case(job: JobSummary, class_name: str, regression: float | None) -> ET.Element:
    case = ET.Element("testcase", {"name": _name(job), "classname": class_name})
    seconds = _seconds(job)
    if seconds is not None:
        case.set("time", _time(seconds))
    if job.status == "failed":
        error = cut(job.error, MESSAGE_LENGTH) if job.error else "The job failed; no reason given."
        failure = ET.SubElement(case, "failure", {"message": _first_line(error), "type": "failed"})
        failure.text = error
    elif job.change is not None and has_regressed(job, regression):
        words = change_in_words(job.change, _UTC)
        failure = ET.SubElement(case, "failure", {"message": words, "type": "regression"})
        failure.text = words
    elif job.status != "completed":
        ET.SubElement(case, "skipped", {"message": _why_skipped(job)})
    if notes := list(_notes(job)):
        ET.SubElement(case, "system-out").text = _lines(notes)
    return case


def _first_line(error: str) -> str:
    return cut(next((line for line in error.splitlines() if line.strip()), error), _FIRST_LINE)


def _why_skipped(job: JobSummary) -> str:
    match job.status:
        case "cancelled":
            return "cancelled"
        case "queued":
            return "queued: not started yet"
        case "running":
            return f"running: at step {steps(job)}" if job.last_step is not None else "running"
        case other:
            return f"status {cut(other, _FIRST_LINE)}: neither completed nor failed"


def _notes(job: JobSummary) -> Iterator[str]:
    """Yield the lines of a case's output."""
    for name, metric in (("loss", job.loss), ("eval loss", job.eval_loss)):
        if metric is not None:
            lowest = f"{js_number(metric.min)} at step {js_number(metric.min_step)}"
            yield f"{name}: last {js_number(metric.last)}, lowest {lowest}"
    if job.not_finite:
        yield f"{plural(job.not_finite, 'loss', 'losses')} not finite"
    if job.stream.state != event_log.COMPLETE:
        yield f"stream {stream_state(job.stream)}"
    if job.change is not None:
        yield f"result: {change_in_words(job.change, _UTC)}"
    if not job.listed:
        yield "no longer listed"
    yield f"page: {job.page}"


def _lines(notes: Iterable[str]) -> str:
    # CI servers fetch files named by [[ATTACHMENT|path]] in a case's output.
    return re.sub(r"\[(?=\[)", "[ ", "\n".join(notes))


def _seconds(job: JobSummary) -> float | None:
    """Return a job's duration; None if unknown, or negative because clocks disagree."""
    seconds = job.duration_seconds
    return seconds if seconds is not None and seconds >= 0 else None


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _timestamp(moment: datetime) -> str:
    """Format a time in UTC, without a zone, as the schema requires."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
