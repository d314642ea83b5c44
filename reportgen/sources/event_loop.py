"""The event loop of a command that asks a source, which also works where no thread can start.

What would block it, a name's resolution or a disk, is done in a thread. A limit on processes or a
container's on threads may allow none: then the call is made at once, and others wait. A pool of
threads would keep a call that it has found no thread for, and could make it later after all.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple, Unpack

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")


def run(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end, as `asyncio.run` does; return its result."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


class _Loop(asyncio.SelectorEventLoop):
    """Makes each call in a thread of its own if one can be started."""

    def __init__(self) -> None:
        super().__init__()
        self._threads: set[Thread] = set()

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[Unpack[_Arguments]], _Result],
        *args: *_Arguments,
    ) -> asyncio.Future[_Result]:
        """Begin a call; return its future."""
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        future: Future[_Result] = Future()
        future.set_running_or_notify_cancel()

        def call() -> None:
            try:
                result = func(*args)
            except BaseException as error:  # noqa: BLE001 - raised where the call is awaited
                future.set_exception(error)
            else:
                future.set_result(result)
            self._threads.discard(thread)

        thread = Thread(target=call)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:
            call()
        return asyncio.wrap_future(future, loop=self)

    def close(self) -> None:
        """Wait for the calls that were begun, and close the loop."""
        for thread in list(self._threads):
            thread.join()
        super().close()
