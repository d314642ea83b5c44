"""The event loop for commands that read a source; it works even if no thread can be started.

Blocking calls, such as name resolution or disk access, run in a thread. A limit on processes, or a
container's limit on threads, may allow no thread: then the call blocks the event loop. A thread
pool would keep a call for which it could not start a thread, and might still run it later.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple, Unpack

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")


def run(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to completion, as `asyncio.run` does; return its result."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that runs each blocking call in its own thread, if one can be started."""

    def __init__(self) -> None:
        super().__init__()
        self._threads: set[Thread] = set()

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[Unpack[_Arguments]], _Result],
        *args: *_Arguments,
    ) -> asyncio.Future[_Result]:
        """Start a call; return its future."""
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
        """Wait for all started calls, and close the loop."""
        for thread in list(self._threads):
            thread.join()
        super().close()
