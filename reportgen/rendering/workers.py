"""Tasks shared out among processes, so that all of the machine's processors render.

A forked process has all that its parent has in memory, so nothing has to be sent to it; its results
come back through a pipe. The tasks are assigned beforehand, by weight, and the results do not
depend on the assignment: of several failures the one is raised that doing one task after another
would have met first.

A worker ignores SIGINT and SIGTERM, since its parent handles them. It ends at once when its parent
does, in whatever way: it holds the read end of a pipe whose other end only the parent has, and
ends when that is closed. So no worker still writes when the next command is at work.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from reportgen.errors import WriteError

_MOST: Final = 8
"""How many processes are used at most: each holds the points of a job."""

_Result = TypeVar("_Result")
_Answer: TypeAlias = tuple[int, Any, BaseException | None]
"""A task's place, and its result or what it raised."""
_Pipe: TypeAlias = "connection.Connection[_Answer, _Answer]"


def available() -> int:
    """Return how many processes can work at once; 1 unless forking is known to be safe.

    That is on Linux, in a process with a single thread.
    """
    if sys.platform != "linux":
        return 1
    try:
        threads = os.listdir("/proc/self/task")  # noqa: PTH208 - only the names are needed
    except OSError:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST) if len(threads) == 1 else 1


def shares(weights: Sequence[float], count: int) -> list[list[int]]:
    """Share out tasks of these weights, by their places: the heaviest first, to the lightest share.

    Each share is in rising order, and none is empty.
    """
    loads = [0.0] * count
    shared: list[list[int]] = [[] for _ in range(count)]
    for place in sorted(range(len(weights)), key=lambda place: -weights[place]):
        least = loads.index(min(loads))
        loads[least] += weights[place]
        shared[least].append(place)
    return [sorted(share) for share in shared if share]


def results(work: Callable[[int], _Result], shared: Sequence[Sequence[int]]) -> list[_Result]:
    """Do each share in a process of its own; return the results of the tasks, in their order.

    Raises what the first task raised that failed, and `WriteError` where a worker was killed.
    """
    done: dict[int, _Result] = {}
    failed: dict[int, BaseException] = {}
    with _working(work, shared) as pipes:
        while pipes:
            ready = connection.wait(pipes)
            for pipe in [pipe for pipe in pipes if pipe in ready]:
                try:
                    place, result, error = pipe.recv()
                except EOFError:
                    pipes.remove(pipe)
                    continue
                if error is None:
                    done[place] = result
                else:
                    failed[place] = error
    if failed:
        raise failed[min(failed)]
    if len(done) < sum(map(len, shared)):
        raise WriteError(
            "A process that made pages was killed, perhaps for want of memory: the old report "
            "stays. Free some memory, or narrow the report down with --limit, and try again."
        )
    return [done[place] for place in sorted(done)]


@contextmanager
def _working(
    work: Callable[[int], object], shared: Sequence[Sequence[int]]
) -> Iterator[list[_Pipe]]:
    """Start the workers, and yield the pipes that they answer through; none outlives the block."""
    lifeline, held = os.pipe()
    pipes: list[_Pipe] = []
    pids: list[int] = []
    try:
        for share in shared:
            answers, answering = connection.Pipe(duplex=False)
            pid = os.fork()
            if pid == 0:
                os.close(held)
                _work(work, share, answering, lifeline)
            answering.close()
            pipes.append(answers)
            pids.append(pid)
        yield list(pipes)
    finally:
        os.close(held)
        os.close(lifeline)
        for pid in pids:
            os.waitpid(pid, 0)
        for pipe in pipes:
            pipe.close()


def _work(
    work: Callable[[int], object], share: Sequence[int], answering: _Pipe, lifeline: int
) -> NoReturn:
    """Do a share, answer, and end without the clean-up that is for the parent to do."""
    place = -1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        gc.freeze()  # the parent's objects are not garbage, and visiting them would copy them
        threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
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
