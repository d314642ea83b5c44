"""A job's events as values, and their bytes on the wire."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Object: TypeAlias = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: objects are sent as compact JSON, text as UTF-8, bytes as they are."""

    name: str | None
    data: Object | str | bytes = ""
    id: str | None = None

    def payload(self) -> bytes:
        """Return the data as bytes, with bare NaN and Infinity as Python's `json` writes them."""
        if isinstance(self.data, bytes):
            return self.data
        if isinstance(self.data, str):
            return self.data.encode("utf-8", "surrogatepass")
        return json.dumps(self.data, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Framing:
    """How events become bytes: the end of a line, and the sizes in which bytes are sent."""

    newline: bytes = b"\n"
    chunk: int | None = None
    before: bytes = b""
    """What stands at the very start of a stream: a byte order mark, a comment, `retry:`."""

    def frame(self, event: Event) -> bytes:
        """Return an event as one frame, with a `data` line for each line of its data."""
        lines = []
        if event.id is not None:
            lines.append(b"id: " + event.id.encode())
        if event.name is not None:
            lines.append(b"event: " + event.name.encode())
        lines += [b"data: " + line for line in event.payload().split(b"\n")]
        return self.newline.join([*lines, b"", b""])

    def stream(self, events: Iterable[Event]) -> bytes:
        """Return all events as the body of one answer."""
        return self.before + b"".join(map(self.frame, events))

    def chunks(self, data: bytes) -> Iterator[bytes]:
        """Cut bytes into the sizes in which they are sent."""
        size = self.chunk or max(len(data), 1)
        return (data[start : start + size] for start in range(0, len(data), size))


def numbered(events: Iterable[Event], first: int = 1) -> list[Event]:
    """Number events with ids that count up."""
    return [
        Event(event.name, event.data, str(number)) for number, event in enumerate(events, first)
    ]


# --- Events that a trainer logs ------------------------------------------------------------------

TIME = "2026-05-01T00:00:00.000Z"


def started(job_id: str = "job_1", timestamp: str = TIME) -> Event:
    return _event("training.started", job_id, timestamp)


def log(
    step: JSON, loss: JSON, job_id: str = "job_1", timestamp: str = TIME, **more: JSON
) -> Event:
    """Return a `training.log` event; a `loss` of None is left out."""
    values: Object = {"step": step} if loss is None else {"step": step, "loss": loss}
    return _event("training.log", job_id, timestamp, **values, **more)


def checkpoint(step: JSON, job_id: str = "job_1", timestamp: str = TIME, **more: JSON) -> Event:
    return _event("checkpoint.saved", job_id, timestamp, step=step, **more)


def completed(
    artifacts: Iterable[JSON] = (), job_id: str = "job_1", timestamp: str = TIME
) -> Event:
    return _event("training.completed", job_id, timestamp, artifacts=list(artifacts))


def failed(error: str, job_id: str = "job_1", timestamp: str = TIME) -> Event:
    return _event("training.failed", job_id, timestamp, error=error)


def end() -> Event:
    return Event("end", "")


def ping() -> Event:
    return Event("ping", "")


def _event(name: str, job_id: str, timestamp: str, **more: JSON) -> Event:
    return Event(name, {"type": name, "jobId": job_id, "timestamp": timestamp, **more})


def training(steps: int, job_id: str = "job_1", *, complete: bool = True) -> list[Event]:
    """Return a short run with ids that count up: a falling loss, a checkpoint halfway."""
    logs = [log(step, round(0.4 + 2 / step, 4), job_id) for step in range(1, steps + 1)]
    middle = checkpoint(steps // 2, job_id)
    run = [started(job_id), *logs[: steps // 2], middle, *logs[steps // 2 :]]
    return numbered([*run, completed([{"name": "adapter"}], job_id)] if complete else run)
