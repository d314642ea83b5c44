"""Threads for what would block the event loop, or no threads where none can be started."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Threads(ThreadPoolExecutor):
    """Makes each call in a thread of its own; at once, in the caller's, if none can be started.

    A pool keeps a call that it has found no thread for, and may make it later after all.
    """

    def __init__(self) -> None:
        super().__init__()
        self._running: set[Thread] = set()

    def submit(
        self,
        fn: Callable[_Arguments, _Result],
        /,
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> Future[_Result]:
        """Begin a call, and return its future."""
        future: Future[_Result] = Future()
        future.set_running_or_notify_cancel()

        def call() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - raised by whoever awaits it
                future.set_exception(error)
            else:
                future.set_result(result)
            self._running.discard(thread)

        thread = Thread(target=call)
        self._running.add(thread)
        try:
            thread.start()
        except RuntimeError:
            call()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as in its base
        """Wait for the calls that were begun."""
        for thread in list(self._running) if wait else ():
            thread.join()
        super().shutdown(wait, cancel_futures=cancel_futures)
