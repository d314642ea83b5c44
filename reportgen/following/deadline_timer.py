"""A timer that follows a moving deadline and cancels what is under way when it has passed."""

import asyncio
import math
from collections.abc import Callable
from typing import Final

from reportgen.following.deadlines import Close

_LOOK_AGAIN: Final = 0.02
"""How many seconds a due close waits for bytes that have come but were not read yet."""


class DeadlineTimer:
    """Cancels what runs within it once a deadline has passed that moves with the facts.

    `due` returns the deadline as of now, and why. It is asked again when it seems to have
    passed, so an event need not move any timer, and `look` is called when it may have come nearer.
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
        """Why it was closed, for people."""
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
        # The cancellation was ours; it ends here, unless someone else wants the task to end too.
        return self._task.uncancel() == 0 and kind is asyncio.CancelledError

    def look(self) -> None:
        """Move the timer nearer, if the deadline has come nearer."""
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
            # Bytes may have come that this busy process has not read yet: they are, before then.
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
