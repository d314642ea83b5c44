"""Sharing tasks among processes, so that all of the machine's processors render.

A forked process has its parent's data in memory; its results are sent back through a pipe. Tasks
are assigned in advance, by weight, and the results do not depend on the assignment: of several
failures, that of the first task is raised. The tasks of processes that cannot be started are left
to the caller.

A worker ignores the signals that its parent handles, but exits as soon as its parent does: it holds
the read end of a pipe whose other end only the parent has. So no worker is still writing when the
next command runs.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import connection
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from reportgen.errors import WriteError

_MOST: Final = 8
"""The maximum number of processes, since each holds the points of a job in memory."""

_UNABLE: Final = -1
"""The place in the answer from a worker that cannot do its share."""

_Result = TypeVar("_Result")
_Answer: TypeAlias = tuple[int, Any, BaseException | None]
"""A task's place, and its result or the exception that it raised."""
_Pipe: TypeAlias = "connection.Connection[_Answer, _Answer]"


def available() -> int:
    """Return how many processes can work at once; 1 unless forking is known to be safe.

    It is safe on Linux, in a process with a single thread.
    """
    if sys.platform != "linux":
        return 1
    try:
        threads = os.listdir("/proc/self/task")  # noqa: PTH208 - only the names are needed
    except OSError:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST) if len(threads) == 1 else 1


def shares(weights: Sequence[float], count: int) -> list[list[int]]:
    """Return shares of tasks, by place: the heaviest task is assigned first, to the lightest share.

    Each share is in increasing order and not empty.
    """
    loads = [0.0] * count
    shared: list[list[int]] = [[] for _ in range(count)]
    for place in sorted(range(len(weights)), key=lambda place: -weights[place]):
        least = loads.index(min(loads))
        loads[least] += weights[place]
        shared[least].append(place)
    return [sorted(share) for share in shared if share]


def results(
    work: Callable[[int], _Result],
    shared: Sequence[Sequence[int]],
    received: Callable[[int, _Result], _Result] = lambda _, result: result,
) -> dict[int, _Result]:
    """Do each share in its own process; return the results by their tasks' places.

    `received` is called in this process with each result as it arrives, and returns what to keep of
    it. The shares of processes that could not be started are missing. Raises the error of the first
    task that failed, or `WriteError` if a worker was killed.
    """
    done: dict[int, _Result] = {}
    failed: dict[int, BaseException] = {}
    with _working(work, shared) as pipes:
        left = dict(zip(pipes, shared, strict=False))
        expected = sum(map(len, left.values()))
        while left:
            ready = connection.wait(list(left))
            for pipe in [pipe for pipe in left if pipe in ready]:
                try:
                    place, result, error = pipe.recv()
                except EOFError:
                    del left[pipe]
                    continue
                if place == _UNABLE:
                    expected -= len(left[pipe])
                elif error is None:
                    done[place] = received(place, result)
                else:
                    failed[place] = error
    if failed:
        raise failed[min(failed)]
    if len(done) < expected:
        raise WriteError(
            "A process rendering pages was killed, perhaps because memory ran out, so the old "
            "report stays. Free some memory or select fewer jobs with --limit, and try again."
        )
    return done


@contextmanager
def _working(
    work: Callable[[int], object], shared: Sequence[Sequence[int]]
) -> Iterator[list[_Pipe]]:
    """Start the workers and yield the pipes for their answers; no worker outlives the block.

    There are fewer pipes than shares if the system does not allow more processes.
    """
    pipes: list[_Pipe] = []
    pids: list[int] = []
    with ExitStack() as stack:
        with suppress(OSError):
            lifeline, held = os.pipe()
            stack.callback(_wait_for, pids)
            stack.callback(os.close, lifeline)
            stack.callback(os.close, held)
            for share in shared:
                answers, answering = connection.Pipe(duplex=False)
                stack.callback(answers.close)
                with answering:
                    pid = os.fork()
                    if pid == 0:
                        os.close(held)
                        _work(work, share, answering, lifeline)
                pids.append(pid)
                pipes.append(answers)
        yield pipes


def _wait_for(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ChildProcessError):  # the caller ignores SIGCHLD
            os.waitpid(pid, 0)


def _work(
    work: Callable[[int], object], share: Sequence[int], answering: _Pipe, lifeline: int
) -> NoReturn:
    """Do a share, send the answers, and exit without the parent's cleanup."""
    place = 0
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        gc.freeze()  # the parent's objects are not garbage, and visiting them would copy pages
        try:
            threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
        except RuntimeError:  # no thread can be started
            answering.send((_UNABLE, None, None))
            os._exit(0)
        for place in share:
            answering.send((place, work(place), None))
    except BaseException as error:  # noqa: BLE001 - raised again by the parent
        with suppress(OSError):
            _send_error(answering, place, error)
    finally:
        os._exit(0)


def _send_error(answering: _Pipe, place: int, error: BaseException) -> None:
    try:
        answering.send((place, None, error))
    except (TypeError, ValueError, AttributeError):  # it cannot be pickled
        answering.send((place, None, RuntimeError(repr(error))))


def _end_with_parent(lifeline: int) -> NoReturn:
    os.read(lifeline, 1)
    os._exit(1)
