"""SIGINT, SIGTERM and SIGHUP: the first ends the waiting, a second one ends everything at once.

A signal that the caller had set to be ignored stays so: `nohup`, or a shell's background job.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SAME_WISH: Final = 0.5
"""Seconds within which a second signal is the same wish: `timeout` sends two."""


class Interrupts:
    """What signals have come; `received` is the first one's number, or None."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.received: int | None = None
        self._received_at = 0.0
        self._monotonic = monotonic
        self._then: Callable[[], None] = lambda: None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals while the block lasts, but for those that are ignored."""
        heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._receive) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def telling(self, call: Callable[[], None]) -> Iterator[None]:
        """Have something called at the first signal within the block; at once if it came before."""
        with self._calling(call):
            if self.received is not None:
                call()
            yield

    @contextmanager
    def raising(self, error: Exception) -> Iterator[None]:
        """Have the first signal within the block raise an error; not one that came before."""

        def fail() -> None:
            raise error

        with self._calling(fail):
            yield

    @contextmanager
    def _calling(self, call: Callable[[], None]) -> Iterator[None]:
        self._then = call
        try:
            yield
        finally:
            self._then = lambda: None

    @property
    def exit_code(self) -> int | None:
        """The exit code that stands for the signal, or None."""
        return None if self.received is None else 128 + self.received

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        now = self._monotonic()
        if self.received is None:
            self.received, self._received_at = number, now
            self._then()
        elif now - self._received_at >= _SAME_WISH:
            # No clean-up that could hang: files are whole or not there at any moment.
            os._exit(128 + number)
