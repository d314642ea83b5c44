"""A timer that cancels a task once a moving deadline has passed."""

import asyncio
import math
from collections.abc import Callable
from typing import Final

from reportgen.following.deadlines import Close

_LOOK_AGAIN: Final = 0.02
"""Seconds by which a due close is delayed for bytes that have arrived but are still unread."""


class DeadlineTimer:
    """Cancels the code in its block once a moving deadline has passed.

    `due` returns the current deadline and the reason for it. It is called again when the deadline
    seems to have passed, so events need not move a timer; call `look` if it may now be earlier.
    """

    def __init__(self, due: Callable[[], tuple[float, Close | None]]) -> None:
        self.close: Close | None = None
        self._due = due
        self._fired = False
        self._armed_for = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None

    @property
    def reason(self) -> str:
        """The reason for closing, as text for display."""
        return "interrupted" if self.close is None else self.close.value

    async def __aenter__(self) -> None:
        self._task = asyncio.current_task()
        self.look()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> bool:
        if self._timer is not None:
            self._timer.cancel()
        if not self._fired or self._task is None:
            return False
        # This cancellation is our own and ends here, unless the task was also cancelled elsewhere.
        return self._task.uncancel() == 0 and kind is asyncio.CancelledError

    def look(self) -> None:
        """Move the timer if the deadline is now earlier."""
        when, _ = self._due()
        if when < self._armed_for and not self._fired:
            self._arm(when, self._passed)

    def _arm(self, when: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = when
        self._timer = asyncio.get_running_loop().call_at(when, then)

    def _passed(self) -> None:
        when, _ = self._due()
        if when > _now():
            self._arm(when, self._passed)
        else:
            # Bytes may have arrived that this process was too busy to read.
            self._arm(_now() + _LOOK_AGAIN, self._fire)

    def _fire(self) -> None:
        when, close = self._due()
        if when > _now():
            self._arm(when, self._passed)
        elif self._task is not None:
            self._fired = True
            self.close = close
            self._task.cancel()


def _now() -> float:
    return asyncio.get_running_loop().time()
