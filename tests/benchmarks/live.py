"""Streams of running jobs: at each tick, an event for every open one, with the time it was sent."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

_GROUPS: Final = 10
"""Within a tick the streams get their events in so many groups, one after another."""

_END: Final = b'event: training.completed\ndata: {"type":"training.completed"}\n\n'


@dataclass
class Ticker:
    """Sends to every stream that joined; all start once there are `jobs` of them."""

    jobs: int = 0
    events: int = 0
    seconds: float = 0.1
    _open: dict[asyncio.Transport, None] = field(default_factory=dict)
    _running: "asyncio.Task[None] | None" = None

    @classmethod
    def of(cls, directory: Path) -> Self:
        """Read which streams of a load are live: none, if it has no `live.json`."""
        file = directory / "live.json"
        return cls(**json.loads(file.read_bytes())) if file.exists() else cls()

    def write(self, directory: Path) -> None:
        """Make a load's streams live."""
        values = {"jobs": self.jobs, "events": self.events, "seconds": self.seconds}
        (directory / "live.json").write_text(json.dumps(values), "utf-8")

    def serves(self, path: str) -> bool:
        """Return whether this stream is live."""
        return self.jobs > 0 and path.endswith("/events")

    def join(self, transport: asyncio.Transport) -> None:
        """Send events to this connection from now on."""
        self._open[transport] = None
        if len(self._open) == self.jobs and self._running is None:
            self._running = asyncio.create_task(self._run())

    def leave(self, transport: asyncio.Transport) -> None:
        """Stop sending events to this connection."""
        self._open.pop(transport, None)

    async def _run(self) -> None:
        begin = time.monotonic()
        for number in range(self.events * _GROUPS):
            due = begin + number * self.seconds / _GROUPS
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            frame = _chunk(_log_now(number // _GROUPS + 1))
            for transport in list(self._open)[number % _GROUPS :: _GROUPS]:
                transport.write(frame)
        for transport in self._open:
            transport.write(_chunk(_END) + b"0\r\n\r\n")


def _log_now(step: int) -> bytes:
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    data = {"type": "training.log", "timestamp": moment, "step": step, "loss": 1 / step}
    return b"id: %d\nevent: training.log\ndata: %s\n\n" % (step, json.dumps(data).encode())


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
