"""The queue for the streams: only so many are open, and ended jobs go first."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.following.deadlines import JobFacts
from reportgen.following.queue import StreamQueue

STATUSES = {"done": "completed", "bad": "failed", "off": "cancelled", "run": "running"}


def job(name: str) -> JobFacts:
    """Return a job's facts: the first part of its name is its status, or else it is `queued`."""
    return JobFacts(STATUSES.get(name.partition("-")[0], "queued"))


def rank(job: JobFacts) -> int:
    if job.ended:
        return 0
    return 1 if job.listed_status == "running" else 2


class Hall:
    """Streams that arrive, wait for their turn, and leave when a test says so."""

    def __init__(self, turns: int) -> None:
        self.line = StreamQueue(turns)
        self.jobs: dict[str, JobFacts] = {}
        self.entered: list[str] = []
        self.inside: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._doors: dict[str, asyncio.Event] = {}

    def come(self, *names: str) -> None:
        for name in names:
            self.jobs[name] = job(name)
            self._doors[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._stay(name))

    def leave(self, name: str) -> None:
        self._doors[name].set()

    def cancel(self, name: str) -> None:
        self._tasks[name].cancel()

    @property
    def waiting(self) -> list[str]:
        """Return who is still waiting, in order of arrival."""
        return [
            name
            for name, task in self._tasks.items()
            if name not in self.entered and not task.done()
        ]

    async def _stay(self, name: str) -> None:
        async with self.line.turn(self.jobs[name]):
            self.entered.append(name)
            self.inside.add(name)
            try:
                await self._doors[name].wait()
            finally:
                self.inside.discard(name)


async def settle() -> None:
    """Let everything happen that can happen now."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(main: Coroutine[Any, Any, None]) -> None:
    async def to_its_end() -> None:
        await main
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(asyncio.wait_for(to_its_end(), 10))


def test_ended_jobs_first_then_running_ones_then_by_arrival() -> None:
    async def main() -> None:
        hall = Hall(1)
        hall.come("queued-1", "run-1", "done-1", "new-1", "run-2", "bad-2", "off-3")
        order = ["done-1", "bad-2", "off-3", "run-1", "run-2", "queued-1", "new-1"]
        for place, name in enumerate(order, start=1):
            await settle()
            assert hall.entered == order[:place]
            hall.leave(name)

    run(main())


def test_a_terminal_event_ends_a_job_too() -> None:
    async def main() -> None:
        hall = Hall(1)
        hall.come("run-0")
        await settle()
        hall.come("run-1", "run-2")
        await settle()
        hall.jobs["run-2"].terminal = True
        hall.line.reorder()
        hall.leave("run-0")
        await settle()
        assert hall.entered == ["run-0", "run-2"]

    run(main())


def test_an_ended_job_that_arrives_later_goes_before_those_waiting() -> None:
    async def main() -> None:
        hall = Hall(1)
        hall.come("run-1", "queued-1")
        await settle()
        hall.come("done-1")
        await settle()
        hall.leave("run-1")
        await settle()
        assert hall.entered == ["run-1", "done-1"]

    run(main())


def test_the_queue_is_reordered_when_the_list_changes() -> None:
    async def main() -> None:
        hall = Hall(1)
        hall.come("run-0")
        await settle()
        hall.come("queued-1", "run-1", "queued-2")
        await settle()
        hall.jobs["queued-2"].listed_status = "cancelled"
        hall.jobs["queued-1"].listed_status = "running"
        hall.line.reorder()
        for name in ("run-0", "queued-2", "queued-1", "run-1"):
            assert hall.entered[-1] == name
            hall.leave(name)
            await settle()

    run(main())


@pytest.mark.parametrize("turns", [1, 2, 5])
def test_no_more_streams_at_once_than_turns(turns: int) -> None:
    async def main() -> None:
        hall = Hall(turns)
        names = [f"run-{number}" for number in range(12)]
        hall.come(*names)
        for left in range(12, 0, -1):
            await settle()
            assert len(hall.inside) == min(turns, left)
            hall.leave(next(iter(hall.inside)))
        await settle()
        assert hall.inside == set()

    run(main())


@pytest.mark.parametrize("ticks", range(6))
def test_a_cancelled_stream_returns_its_turn(ticks: int) -> None:
    """Whether it was waiting, had just been called, or was inside."""

    async def main() -> None:
        hall = Hall(1)
        hall.come("run-1")
        await settle()
        hall.come("run-2", "run-3")
        await settle()
        hall.leave("run-1")
        for _ in range(ticks):
            await asyncio.sleep(0)
        hall.cancel("run-2")
        await settle()
        assert hall.inside == {"run-3"}
        hall.leave("run-3")
        hall.come("run-4")
        await settle()
        assert hall.inside == {"run-4"}

    run(main())


def test_a_failed_stream_returns_its_turn() -> None:
    async def main() -> None:
        line = StreamQueue(1)
        for _ in range(3):
            with pytest.raises(ValueError, match="inside"):
                async with line.turn(job("run")):
                    raise ValueError("inside")

    run(main())


def test_what_enters_is_started_at_its_turn_and_keeps_it() -> None:
    async def main() -> None:
        line, started = StreamQueue(1), list[str]()
        for name in ("run-1", "done-1", "queued-1"):
            line.enter(job(name), partial(started.append, name))
        await settle()
        assert started == ["done-1"]
        with line.first_turn():
            pass
        await settle()
        assert started == ["done-1", "run-1"]
        line.close()
        with line.first_turn():
            pass
        await settle()
        assert started == ["done-1", "run-1"]

    run(main())


def test_a_dissolved_queue_lets_everyone_through() -> None:
    async def main() -> None:
        hall = Hall(1)
        hall.come("run-1", "queued-1", "done-1")
        await settle()
        hall.line.dissolve()
        await settle()
        assert hall.inside == {"run-1", "queued-1", "done-1"}
        hall.come("queued-2")
        await settle()
        assert "queued-2" in hall.inside

    run(main())


@given(
    st.integers(1, 3),
    st.lists(
        st.tuples(st.sampled_from(["come", "leave", "cancel"]), st.integers(0, 20)), max_size=40
    ),
    st.data(),
)
def test_no_turn_is_ever_lost_and_the_first_goes_first(
    turns: int, moves: list[tuple[str, int]], data: st.DataObject
) -> None:
    kinds = st.sampled_from(["done", "run", "queued"])

    async def main() -> None:
        hall = Hall(turns)
        for number, (move, which) in enumerate(moves):
            before, first = len(hall.entered), sorted(hall.waiting, key=lambda n: rank(job(n)))
            if move == "come":
                hall.come(f"{data.draw(kinds)}-{number}")
            elif move == "leave" and hall.inside:
                hall.leave(sorted(hall.inside)[which % len(hall.inside)])
            elif move == "cancel" and (present := sorted({*hall.waiting, *hall.inside})):
                gone = present[which % len(present)]
                hall.cancel(gone)
                first = [name for name in first if name != gone]
            await settle()
            assert len(hall.inside) <= turns
            if hall.waiting:
                assert len(hall.inside) == turns
            if first:
                assert hall.entered[before:] == first[: len(hall.entered) - before]

    run(main())
