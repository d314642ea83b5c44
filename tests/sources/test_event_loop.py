"""Calls that would block are made in threads or, if none can be started, at once."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reportgen.sources import event_loop

ROOT = Path(__file__).resolve().parents[2]


def test_calls_are_made_at_the_same_time() -> None:
    meeting = threading.Barrier(3)

    async def main() -> set[int]:
        places = await asyncio.gather(*(asyncio.to_thread(meeting.wait, 10) for _ in range(3)))
        return set(places)

    assert event_loop.run(main()) == {0, 1, 2}


def test_an_error_is_raised_where_the_call_is_awaited() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        event_loop.run(asyncio.to_thread(int, "x"))


def test_calls_that_nobody_awaits_are_waited_for_at_the_end() -> None:
    """A process with threads could not fork afterwards."""
    done: list[str] = []

    def slowly() -> None:
        time.sleep(0.1)
        done.append("the call")

    async def main() -> None:
        asyncio.get_running_loop().run_in_executor(None, slowly)

    event_loop.run(main())
    assert done


WITHOUT_THREADS = """
import asyncio, resource, threading
from reportgen.sources import event_loop

async def main():
    address = await asyncio.get_running_loop().getaddrinfo("localhost", 80)
    return await asyncio.to_thread(lambda: threading.current_thread().name), bool(address)

# A thread needs room for its stack.
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
threading.stack_size(1 << 30)
print(*event_loop.run(main()))
"""


def test_a_call_is_made_at_once_if_no_thread_can_be_started() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_THREADS],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
    )
    assert ended.stdout == "MainThread True\n", ended.stderr
