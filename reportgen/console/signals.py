"""SIGINT, SIGTERM and SIGHUP: the first ends the wait, a second one exits immediately.

A signal that the caller has set to be ignored stays ignored, as under `nohup`.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_REPEATED: Final = 0.5
"""Seconds within which a second signal only repeats the first: `timeout` sends two."""


class Interrupts:
    """The signals received; `received` is the number of the first one, or None."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.received: int | None = None
        self._received_at = 0.0
        self._monotonic = monotonic
        self._then: Callable[[], object] = lambda: None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals within the block, except for ignored ones."""
        heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._receive) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def notifying(self, call: Callable[[], object]) -> Iterator[None]:
        """Call a function at the first signal within the block, or at once if one came before."""
        with self._calling(call):
            if self.received is not None:
                call()
            yield

    @contextmanager
    def raising(self, error: Exception) -> Iterator[None]:
        """Raise an error at the first signal within the block, ignoring any that came before."""

        def fail() -> None:
            raise error

        with self._calling(fail):
            yield

    @contextmanager
    def _calling(self, call: Callable[[], object]) -> Iterator[None]:
        self._then = call
        try:
            yield
        finally:
            self._then = lambda: None

    @property
    def exit_code(self) -> int | None:
        """The exit code for the signal; None if no signal was received."""
        return None if self.received is None else 128 + self.received

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        now = self._monotonic()
        if self.received is None:
            self.received, self._received_at = number, now
            self._then()
        elif now - self._received_at >= _REPEATED:
            # No clean-up, which could hang; none is needed, since no file is ever half written.
            os._exit(128 + number)
