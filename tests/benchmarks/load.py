"""What the benchmarks serve: jobs with streams as a trainer writes them, made in advance.

A load is a directory: `jobs.json` is the body of the job list, `streams.json` says which file
holds a job's stream, and each file is the whole body of an answer, cut into chunks as HTTP sends
them. Several jobs can share a file.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

_START: Final = datetime(2026, 5, 1, tzinfo=UTC)
_CHUNK: Final = 1 << 15


def write(directory: Path, streams: Mapping[str, int], status: str = "completed") -> Path:
    """Make a load from each job's id and the number of its `training.log` events."""
    directory.mkdir(parents=True, exist_ok=True)
    for events in set(streams.values()):
        file = directory / f"{events}.stream"
        if not file.exists():
            with file.open("wb") as body:
                body.writelines(chunked(finished(events)))
    entries = [_entry(job_id, status) for job_id in streams]
    files = {job_id: f"{events}.stream" for job_id, events in streams.items()}
    (directory / "jobs.json").write_text(json.dumps({"jobs": entries}), "utf-8")
    (directory / "streams.json").write_text(json.dumps(files), "utf-8")
    return directory


def many(jobs: int, events: int) -> dict[str, int]:
    """Return this many jobs with this many events each."""
    return {f"job_{number:05d}": events for number in range(jobs)}


def finished(events: int) -> Iterator[bytes]:
    """Return the frames of a job with this many logs, from start to end; 200 bytes a log."""
    yield event_frame(0, "training.started", {"type": "training.started", **_at(0)})
    yield from (log_frame(step) for step in range(1, events + 1))
    last = {"type": "training.completed", **_at(events), "artifacts": ["adapter"]}
    yield event_frame(events + 1, "training.completed", last)


def log_frame(step: int) -> bytes:
    """Return one `training.log` as an ordinary trainer sends it."""
    moment = (_START + timedelta(seconds=step)).isoformat(timespec="milliseconds")
    loss = 0.35 + 2.0 / (1 + step * 0.01) + ((step * 7919) % 997) / 9970
    return (
        b'id: %d\nevent: training.log\ndata: {"type":"training.log","jobId":"job_00000",'
        b'"timestamp":"%s","step":%d,"loss":%.4f,"learningRate":0.0002,"epoch":%.3f}\n\n'
    ) % (step, moment.encode(), step, loss, step / 1000)


def event_frame(number: int, name: str, data: Mapping[str, object]) -> bytes:
    """Return an event as a frame."""
    text = json.dumps(data, separators=(",", ":"))
    return f"id: {number}\nevent: {name}\ndata: {text}\n\n".encode()


def chunked(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Cut frames into the chunks of HTTP's chunked transfer coding, the last one included."""
    held = bytearray()
    for frame in frames:
        held += frame
        if len(held) >= _CHUNK:
            yield b"%x\r\n%s\r\n" % (len(held), held)
            held.clear()
    if held:
        yield b"%x\r\n%s\r\n" % (len(held), held)
    yield b"0\r\n\r\n"


def _at(step: int) -> dict[str, object]:
    moment = (_START + timedelta(seconds=step)).isoformat(timespec="milliseconds")
    return {"jobId": "job_00000", "timestamp": moment}


def _entry(job_id: str, status: str) -> dict[str, object]:
    return {
        "id": job_id,
        "orgId": "org_1",
        "projectId": "project_1",
        "name": f"support-bot {job_id}",
        "status": status,
        "config": {"model": "unsloth/gemma-4-E4B-it", "maxSteps": 100, "learningRate": 0.0002},
        "error": None,
        "createdAt": _START.isoformat(),
        "startedAt": None,
        "completedAt": None,
    }
