"""Source `demo`: a recording of real training runs, included in the package; no network.

The recording is a snapshot's source folder: the job list and an event log per job, compressed.
It never changes, so there is nothing to wait for: a stream ends where its recording ended.
"""

import json
import lzma
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import TYPE_CHECKING, Final, cast

from reportgen.events import event_log
from reportgen.events.event_log import Events
from reportgen.model.origin import Manifest, Origin
from reportgen.sources import JobList, OpenStream
from reportgen.text import javascript
from reportgen.text.times import parse_time

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from reportgen.text.javascript import Object


_BLOCK: Final = 1 << 16


class Demo:
    """The recording included in the package."""

    recorded = True

    def __init__(self) -> None:
        self._folder: Traversable = resources.files("reportgen.sources") / "recording"
        self._document = cast("Object", json.loads((self._folder / "jobs.json").read_text("utf-8")))

    @property
    def origin(self) -> Origin:
        """The kind alone, since there is no server."""
        return Origin("demo")

    async def close(self) -> None:
        """Do nothing, since nothing is open."""

    async def identity(self) -> Origin:
        """Return the mode and scope under which the recording was made."""
        recorded = cast("dict[str, str | None]", self._document["origin"])
        return Origin("demo", None, recorded["mode"], recorded["org"], recorded["project"])

    async def manifest(self) -> Manifest | None:
        """Return the manifest at the time of recording."""
        manifest = cast("dict[str, str | None] | None", self._document["manifest"])
        return None if manifest is None else Manifest(**manifest)

    async def jobs(self) -> JobList:
        """Return the job list, as of when it was recorded."""
        read_at = parse_time(self._document["readAt"])
        entries = cast("list[tuple[str, Object]]", self._document["entries"])
        assert read_at is not None  # noqa: S101 - in the recording, as a test checks
        return JobList(read_at, tuple(javascript.encode(entry) for _, entry in entries))

    @asynccontextmanager
    async def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AsyncIterator[OpenStream]:
        """Replay a job's recorded stream from its start, like a server that does not use ids."""
        del last_event_id, ended
        yield OpenStream(_chunks(self._frames(job_id)))

    def _frames(self, job_id: str) -> Iterator[bytes]:
        log = lzma.decompress((self._folder / f"{job_id}.log.xz").read_bytes())
        for record in event_log.records([log.removesuffix(b"\n")]):
            if isinstance(record, Events):
                for event_id, data in zip(record.ids, record.datas, strict=True):
                    if data is not None:
                        yield _frame(record.name, event_id, data)


def _frame(name: bytes, event_id: bytes | None, data: bytes) -> bytes:
    lines = [b"id: " + event_id] if event_id is not None else []
    lines.append(b"event: " + name)
    lines += [b"data: " + line for line in data.split(b"\n")]
    return b"\n".join(lines) + b"\n\n"


async def _chunks(frames: Iterator[bytes]) -> AsyncIterator[bytes]:
    chunk = bytearray()
    for frame in frames:
        chunk += frame
        if len(chunk) >= _BLOCK:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)
