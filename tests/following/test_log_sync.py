"""Logs that have ended: each reaches the disk before it counts, and few threads see to it."""

import asyncio
import threading
from pathlib import Path

import pytest

from reportgen.errors import WriteError
from reportgen.following.log_sync import Settling
from reportgen.following.log_writer import EventLog


class Disk:
    """Takes logs as slowly as it is told to, and refuses some."""

    def __init__(self, *refused: str) -> None:
        self.took: list[str] = []
        self.threads: set[int] = set()
        self.goes_on = threading.Event()
        self._refused = refused

    def settle(self, log: EventLog) -> None:
        assert self.goes_on.wait(20)
        self.threads.add(threading.get_ident())
        if log.path.name in self._refused:
            raise WriteError(f"{log.path.name} is refused")
        self.took.append(log.path.name)


def logs(count: int) -> list[EventLog]:
    return [EventLog(Path(f"{number}"), "job") for number in range(count)]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk("3", "7")

    def settle(log: EventLog) -> None:
        disk.settle(log)

    monkeypatch.setattr(EventLog, "settle", settle)
    return disk


async def settled(settling: Settling, log: EventLog, disk: Disk) -> str:
    try:
        await settling.settled(log)
    except WriteError as error:
        return str(error)
    assert log.path.name in disk.took
    return "settled"


def test_each_has_reached_the_disk_when_it_counts_and_few_threads_do_it(disk: Disk) -> None:
    async def main() -> list[str]:
        settling = Settling()
        # One after another, while the disk is busy with the first.
        waiting = []
        for log in logs(600):
            if log.path.name not in {"3", "7"}:
                waiting.append(asyncio.create_task(settled(settling, log, disk)))
                await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        disk.goes_on.set()
        return await asyncio.gather(*waiting)

    assert set(asyncio.run(main())) == {"settled"}
    assert len(disk.took) == len(set(disk.took)) == 598
    assert len(disk.threads) <= 4


def test_no_log_counts_that_a_failing_disk_may_have_lost(disk: Disk) -> None:
    async def main() -> list[str]:
        settling = Settling()
        disk.goes_on.set()
        return await asyncio.gather(*(settled(settling, log, disk) for log in logs(8)))

    told = asyncio.run(main())
    assert told[3] == "3 is refused"
    assert all(words == "settled" or "refused" in words for words in told)


def test_one_that_waits_no_longer_stops_no_other(disk: Disk) -> None:
    async def main() -> list[str]:
        settling = Settling()
        waiting = [asyncio.create_task(settled(settling, log, disk)) for log in logs(3)]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0)
        disk.goes_on.set()
        return await asyncio.gather(*waiting[1:])

    assert asyncio.run(main()) == ["settled", "settled"]
