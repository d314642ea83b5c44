"""The queue of streams waiting to be opened, since the number of open streams is limited."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count

from reportgen.following.deadlines import JobFacts


@dataclass(order=True, slots=True)
class _Waiting:
    rank: int
    place: int
    job: JobFacts = field(compare=False)
    start: Callable[[], bool] = field(compare=False)
    """A function that starts the stream, and returns False if it is no longer waiting."""


class StreamQueue:
    """A queue with ended jobs first, then running ones, then others; each in order of arrival."""

    def __init__(self, turns: int) -> None:
        self._free = turns
        self._waiting: list[_Waiting] = []
        self._places = count()
        self._open_to_all = False
        self._calling = False

    def enter(self, job: JobFacts, start: Callable[[], None]) -> None:
        """Call `start` when it is the job's turn, which ends with the context `first_turn`.

        Until then, nothing else is held of the stream: there may be tens of thousands.
        """

        def started() -> bool:
            start()
            return True

        self._add(job, started)

    @contextmanager
    def first_turn(self) -> Iterator[None]:
        """Keep the turn that `enter` was given for the duration of the context."""
        try:
            yield
        finally:
            self._free += 1
            self._call()

    @asynccontextmanager
    async def turn(self, job: JobFacts) -> AsyncIterator[None]:
        """Wait for a turn, and keep it for the duration of the context."""
        await self._wait(job)
        with self.first_turn():
            yield

    def reorder(self) -> None:
        """Reorder the queue after facts about the jobs have changed."""
        for waiting in self._waiting:
            waiting.rank = _rank(waiting.job)
        heapq.heapify(self._waiting)

    def dissolve(self) -> None:
        """Let all waiting streams through, since none will be opened any more."""
        self._open_to_all = True
        self._call()

    def close(self) -> None:
        """Forget all waiting streams, since following has failed."""
        self._waiting.clear()

    def _add(self, job: JobFacts, start: Callable[[], bool]) -> None:
        heapq.heappush(self._waiting, _Waiting(_rank(job), next(self._places), job, start))
        self._call()

    async def _wait(self, job: JobFacts) -> None:
        turn = asyncio.get_running_loop().create_future()

        def begin() -> bool:
            if turn.done():
                return False
            turn.set_result(None)
            return True

        self._add(job, begin)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
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
            if waiting.start():
                self._free -= 1


def _rank(job: JobFacts) -> int:
    if job.ended:
        return 0
    return 1 if job.listed_status == "running" else 2
