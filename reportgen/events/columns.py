"""A job's event log in the parts that it is taken in: runs of training logs, and other lines.

Nearly all of a log is `training.log` events that follow one another. Decoded together, and with
each of their fields in a column, they cost a fraction of what each costs alone. Both the fold and
the exports take a log so, from one reading or from one each. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Final, NamedTuple, TypeAlias, cast

import msgspec

from reportgen.events import event_log, wire
from reportgen.text import javascript
from reportgen.text.javascript import js_numbers

Part: TypeAlias = "LogRun | bytes"
"""Training logs that follow one another, or any line of the log, without its line feed."""


class Column:
    """One field of many logs, in their order; what its values are is found out once for all."""

    __slots__ = ("_printed", "_there", "is_missing", "numbers", "strings", "values")

    def __init__(self, values: Sequence[wire.Logged]) -> None:
        types = set(map(type, values))
        self.values = values
        self.is_missing = types <= wire.MISSING
        """Whether there is nothing in it."""
        self.strings = cast("Sequence[str]", values) if types == {str} else None
        """The values, where all are strings."""
        self.numbers: Sequence[float] | None = None
        """What there is, where all of that is finite numbers; empty where nothing is."""
        self._there: Sequence[bool] | None = None
        """Which values are numbers, where some are and the others are missing."""
        self._printed: Sequence[str] | None = None
        if types <= wire.NUMBERS | wire.MISSING:
            self._take_numbers(types)

    def _take_numbers(self, types: set[type]) -> None:
        there = self.values
        if self.is_missing:
            there = ()
        elif not types <= wire.NUMBERS:
            unset = msgspec.UNSET  # a local name: this is done for every value
            self._there = [value is not None and value is not unset for value in self.values]
            there = list(compress(self.values, self._there))
        numbers = cast("Sequence[float]", there)
        if javascript.are_finite(numbers):
            self.numbers = numbers

    @property
    def is_full(self) -> bool:
        """Whether each value is a finite number."""
        return self.numbers is not None and len(self.numbers) == len(self.values)

    def places(self, steps: Sequence[float]) -> Sequence[float]:
        """Give of the steps of all logs those of `numbers`, of which there are some."""
        return steps if self._there is None else list(compress(steps, self._there))

    def printed(self) -> Sequence[str] | None:
        """Give the values as JavaScript prints numbers, "" where one is missing.

        None where `numbers` is. They are printed once, and kept for whoever asks again.
        """
        if self._printed is None and self.numbers is not None:
            printed = js_numbers(self.numbers)
            if self.is_missing:
                printed = [""] * len(self.values)
            elif self._there is not None:
                rest = iter(printed)
                printed = [next(rest) if there else "" for there in self._there]
            self._printed = printed
        return self._printed


class Columns(NamedTuple):
    """What training logs say, field by field, as `wire.LogData` names them."""

    step: Column
    loss: Column
    evalLoss: Column  # noqa: N815 - the wire's own name
    learningRate: Column  # noqa: N815
    epoch: Column
    samplesPerSecond: Column  # noqa: N815
    timestamp: Column


class LogRun:
    """`training.log` events that follow one another: as they came, decoded, and by field."""

    __slots__ = ("columns", "fields", "is_whole", "logs")

    def __init__(self, fields: Sequence[bytes]) -> None:
        self.fields = fields
        """The data of each as it stands in the log."""
        # What stands there for a line feed is white space in JSON as well.
        self.logs = wire.decode_logs(fields)
        """None for one whose data is no JSON object."""
        self.is_whole = None not in self.logs
        """Whether there is none such; in the columns it is one that says nothing."""
        self.columns = _columns([_NOTHING if log is None else log for log in self.logs])


_NOTHING: Final = wire.LogData()


def _columns(logs: Sequence[wire.LogData]) -> Columns:
    # Attributes by name: to get them by a variable takes twice as long.
    return Columns(
        Column([log.step for log in logs]),
        Column([log.loss for log in logs]),
        Column([log.evalLoss for log in logs]),
        Column([log.learningRate for log in logs]),
        Column([log.epoch for log in logs]),
        Column([log.samplesPerSecond for log in logs]),
        Column([log.timestamp for log in logs]),
    )


def parts(blocks: Iterable[bytes]) -> Iterator[Part]:
    """Give the parts of an event log that comes in blocks of whole lines, in order.

    A block has line feeds between its lines, and none at its end.
    """
    for run in event_log.runs(blocks, wire.LOG):
        yield LogRun(run) if isinstance(run, list) else run
