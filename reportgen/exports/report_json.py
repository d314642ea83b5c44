"""`report.json`: the report for programs, with a fixed set and order of keys."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from reportgen.model.metrics import Metric, Result
from reportgen.report.change import Change
from reportgen.report.report import SCHEMA, JobRecord, Report
from reportgen.text import inert
from reportgen.text.javascript import JSON

_STREAM_KEYS: Final = ("state", "reason", "events", "skipped", "reconnects")
_EXACT: Final = 2**53  # up to this number, doubles represent every integer


def pieces(report: Report, records: Iterable[JobRecord]) -> Iterator[str]:
    """Yield the report as JSON, indented by two spaces, in pieces, since it can be long.

    `records` are those of the report's jobs, in their order.
    """
    origin, manifest = report.origin, report.manifest
    head: JSON = {
        "schema": SCHEMA,
        "generator": report.generator,
        "snapshotAt": _time(report.snapshot_at),
        "source": {key: getattr(origin, key) for key in ("kind", "url", "org", "project")},
        "manifest": None if manifest is None else asdict(manifest),
        "counts": dict(report.counts),
        "jobs": [],
    }
    end = "]\n}\n"
    yield inert.json_text(head).removesuffix(end)
    separator = ""
    for record in records:
        # A line feed in JSON is never within a string.
        indented = inert.json_text(_job(record)).strip().replace("\n", "\n    ")
        yield f"{separator}\n    {indented}"
        separator = ","
    yield f"\n  {end}" if report.jobs else end


def _job(record: JobRecord) -> JSON:
    job = record.summary
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "listed": job.listed,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "completedAt": job.completed_at,
        "durationSeconds": job.duration_seconds,
        "artifacts": job.artifacts,
        "error": job.error,
        "stream": {key: getattr(job.stream, key) for key in _STREAM_KEYS},
        "loss": _metric(job.loss),
        "evalLoss": _metric(job.eval_loss),
        "checkpoints": [_number(step) for step in record.checkpoints],
        "logTail": list(record.log_tail),
        "config": job.config,
        "page": job.page,
        "result": _result(job.result if job.change is None else job.change.own),
        "baseline": None if job.change is None else _baseline(job.change),
    }


def _result(result: Result | None) -> JSON:
    return None if result is None else {"metric": result.metric, "value": _value(result.value)}


def _baseline(change: Change) -> JSON:
    return {
        "id": change.baseline.id,
        "value": _value(change.other.value),
        "delta": _value(change.delta),
        "relative": None if change.relative is None else _number(change.relative),
    }


def _value(value: float | None) -> str | int | float:
    return "NaN" if value is None else _number(value)


def _metric(metric: Metric | None) -> JSON:
    if metric is None:
        return None
    return {
        "points": metric.points,
        "first": _number(metric.first),
        "last": _number(metric.last),
        "min": _number(metric.min),
        "minStep": _number(metric.min_step),
        "max": _number(metric.max),
    }


def _number(value: float) -> int | float:
    """Return a whole number as an integer, so that it prints as in JavaScript: `3`, not `3.0`."""
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
