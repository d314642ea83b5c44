"""The data of many `training.log` events, in columns: one per field.

The types in a column are checked all at once, at a fraction of the cost of checking each value.
"""

from collections.abc import Sequence
from itertools import compress
from typing import Final, NamedTuple, cast

import msgspec

from reportgen.events import wire
from reportgen.text import javascript
from reportgen.text.javascript import js_numbers


class LogColumn:
    """One field of many logs, in order."""

    __slots__ = ("_printed", "is_missing", "numbers", "present", "strings", "values")

    def __init__(self, values: Sequence[wire.Logged]) -> None:
        types = set(map(type, values))
        self.values = values
        self.is_missing = types <= wire.MISSING
        """Whether all values are missing."""
        self.strings = cast("Sequence[str]", values) if types == {str} else None
        """The values, if all are strings."""
        self.numbers: Sequence[float] | None = None
        """The values that are not missing, if all of them are finite numbers."""
        self.present: Sequence[bool] | None = None
        """Which values are numbers, if some are and all others are missing."""
        self._printed: Sequence[str] | None = None
        if types <= wire.NUMBERS | wire.MISSING:
            self._find_numbers(types)

    def _find_numbers(self, types: set[type]) -> None:
        found = self.values
        if self.is_missing:
            found = ()
        elif not types <= wire.NUMBERS:
            unset = msgspec.UNSET  # a local name is faster for many values
            self.present = [value is not None and value is not unset for value in self.values]
            found = list(compress(self.values, self.present))
        numbers = cast("Sequence[float]", found)
        if javascript.are_finite(numbers):
            self.numbers = numbers

    @property
    def is_full(self) -> bool:
        """Whether all values are finite numbers."""
        return self.numbers is not None and len(self.numbers) == len(self.values)

    def printed(self) -> Sequence[str] | None:
        """Return the values as JavaScript prints numbers, "" for missing ones.

        Returns None if `numbers` is None. They are formatted once and cached.
        """
        if self._printed is None and self.numbers is not None:
            printed = js_numbers(self.numbers)
            if self.is_missing:
                printed = [""] * len(self.values)
            elif self.present is not None:
                rest = iter(printed)
                printed = [next(rest) if present else "" for present in self.present]
            self._printed = printed
        return self._printed


class LogColumns(NamedTuple):
    """The columns of `training.log` events, named as in `wire.LogData`."""

    step: LogColumn
    loss: LogColumn
    evalLoss: LogColumn  # noqa: N815 - the wire's own name
    learningRate: LogColumn  # noqa: N815
    epoch: LogColumn
    samplesPerSecond: LogColumn  # noqa: N815
    timestamp: LogColumn


_NOTHING: Final = wire.LogData()


def columns_of(logs: Sequence[wire.LogData | None]) -> LogColumns:
    """Return the columns of logs; all fields of a log that is None are missing."""
    known = [_NOTHING if log is None else log for log in logs]
    # `getattr` with a variable name would take twice as long.
    return LogColumns(
        LogColumn([log.step for log in known]),
        LogColumn([log.loss for log in known]),
        LogColumn([log.evalLoss for log in known]),
        LogColumn([log.learningRate for log in known]),
        LogColumn([log.epoch for log in known]),
        LogColumn([log.samplesPerSecond for log in known]),
        LogColumn([log.timestamp for log in known]),
    )
