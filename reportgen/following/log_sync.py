"""Logs that have ended reach the disk, while the streams of others go on.

Hundreds can end at once, and a disk takes its time, so threads wait for it. To hand over a single
log costs more than a fast disk takes for it: a thread takes all the logs that wait by then. A few
threads at a time keep a slow disk busy.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from reportgen.errors import WriteError
from reportgen.following.log_writer import EventLog

_THREADS: Final = 4


class Settling:
    """Has logs reach the disk, those that wait at the same time together."""

    def __init__(self) -> None:
        self._waiting: list[EventLog] = []
        self._work: asyncio.Task[WriteError | None] | None = None
        self._threads = asyncio.Semaphore(_THREADS)

    async def settled(self, log: EventLog) -> None:
        """Wait until what was written of a log has reached the disk. Raises `WriteError`."""
        self._waiting.append(log)
        if self._work is None:
            self._work = asyncio.create_task(self._settle_waiting())
        # The others in the same thread still wait for it if this one is cancelled.
        error = await asyncio.shield(self._work)
        if error is not None:
            raise error

    async def _settle_waiting(self) -> WriteError | None:
        async with self._threads:
            logs, self._waiting, self._work = self._waiting, [], None
            return await asyncio.to_thread(_settle, logs)


def _settle(logs: Sequence[EventLog]) -> WriteError | None:
    try:
        for log in logs:
            log.settle()
    except WriteError as error:
        return error
    return None
