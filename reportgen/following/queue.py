"""The queue of streams waiting to be opened, since the number of open streams is limited."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from reportgen.following.deadlines import JobFacts


@dataclass(order=True)
class _Waiting:
    rank: int
    place: int
    job: JobFacts = field(compare=False)
    turn: "asyncio.Future[None]" = field(compare=False)


class StreamQueue:
    """A queue with ended jobs first, then running ones, then others; each in order of arrival."""

    def __init__(self, turns: int) -> None:
        self._free = turns
        self._waiting: list[_Waiting] = []
        self._places = count()
        self._open_to_all = False
        self._calling = False

    @asynccontextmanager
    async def turn(self, job: JobFacts) -> AsyncIterator[None]:
        """Wait for a turn, and keep it for the duration of the context."""
        await self._wait(job)
        try:
            yield
        finally:
            self._free += 1
            self._call()

    def reorder(self) -> None:
        """Reorder the queue after facts about the jobs have changed."""
        for waiting in self._waiting:
            waiting.rank = _rank(waiting.job)
        heapq.heapify(self._waiting)

    def dissolve(self) -> None:
        """Let all waiting streams through, since none will be opened any more."""
        self._open_to_all = True
        self._call()

    async def _wait(self, job: JobFacts) -> None:
        waiting = _Waiting(
            _rank(job), next(self._places), job, asyncio.get_running_loop().create_future()
        )
        heapq.heappush(self._waiting, waiting)
        self._call()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled():
                self._free += 1
                self._call()
            raise

    def _call(self) -> None:
        """Assign free turns once all streams that arrive at the same time are in the queue."""
        if not self._calling:
            self._calling = True
            asyncio.get_running_loop().call_soon(self._give_turns)

    def _give_turns(self) -> None:
        self._calling = False
        while self._waiting and (self._free > 0 or self._open_to_all):
            waiting = heapq.heappop(self._waiting)
            if not waiting.turn.done():
                self._free -= 1
                waiting.turn.set_result(None)


def _rank(job: JobFacts) -> int:
    if job.ended:
        return 0
    return 1 if job.listed_status == "running" else 2
