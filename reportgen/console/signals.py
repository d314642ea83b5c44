"""SIGINT and SIGTERM: the first ends the waiting, a second one ends everything at once."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
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
        """Catch both signals while the block lasts."""
        before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def telling(self, call: Callable[[], None]) -> Iterator[None]:
        """Have something called at the first signal within the block; at once if it came before."""
        self._then = call
        if self.received is not None:
            call()
        try:
            yield
        finally:
            self._then = lambda: None

    @property
    def exit_code(self) -> int | None:
        """The exit code that tells of the signal, or None."""
        return None if self.received is None else 128 + self.received

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        now = self._monotonic()
        if self.received is None:
            self.received, self._received_at = number, now
            self._then()
        elif now - self._received_at >= _SAME_WISH:
            # No clean-up that could hang: files are whole or not there at any moment.
            os._exit(128 + number)
