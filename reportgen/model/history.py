"""The state of one job, folded from the records of its event log. Pure.

A `History` is independent of the job list; only `status_of` combines the two.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice, pairwise
from operator import gt, le
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from reportgen.events import event_log, wire
from reportgen.events.columns import LogColumn, LogColumns, columns_of
from reportgen.events.event_log import Broke, Events, LogRun, OverLimitEvents, Record
from reportgen.events.stream_state import StreamState
from reportgen.model.curves import Curve, Superseded
from reportgen.model.log_lines import LogLine, Tail
from reportgen.model.pace import Pace
from reportgen.model.trend import Clock, Trend
from reportgen.text import javascript
from reportgen.text.javascript import JSON, Object, js_value
from reportgen.text.times import parse_time, time_or_none

TAIL_LINES: Final = 50
"""The number of log lines that Studio keeps in view."""

NO_OBJECT: Final = "data is no JSON object"
NO_STEP: Final = "step is no finite number"
NO_LOSS: Final = "loss is no number"
TOO_LARGE: Final = "frame is over the size limit"

RESUMES: Final = 200
"""The maximum number of steps kept at which a run was resumed."""

LEAST_PAUSE: Final = 60.0
"""The shortest time without an event, in seconds, that is reported as a pause."""

_MINUTE: Final = len("2026-05-01T09:00")


@dataclass(slots=True)
class Stream:
    """The outcome of reading a job's event stream.

    `events` counts the job events, and `skipped` those with unusable data, by reason;
    `reconnects` counts how often a broken stream was reopened within one command.
    """

    state: str = event_log.UNAVAILABLE
    reason: str | None = "not read yet"
    events: int = 0
    skipped: "Counter[str]" = field(default_factory=Counter)
    reconnects: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """A time without events, in seconds, and the last step logged before it."""

    seconds: float
    after_step: float | None


@dataclass(slots=True)
class History:
    """The state of one job according to its events."""

    stream: Stream = field(default_factory=Stream)
    terminal: str | None = None
    """The status set by the last terminal event, unless the job was started after it."""
    started: bool = False
    loss: Curve = field(default_factory=Curve)
    eval_loss: Curve = field(default_factory=Curve)
    superseded: Superseded = field(default_factory=Superseded)
    resumed_at: list[float] = field(default_factory=list)
    """The first 200 steps at which the run was resumed."""
    resumes: int = 0
    """How often the run was resumed."""
    learning_rate: Trend = field(default_factory=Trend)
    throughput: Trend = field(default_factory=Trend)
    """Samples per second."""
    clock: Clock = field(default_factory=Clock)
    """The times of the training curve's steps, according to the events."""
    pace: Pace = field(default_factory=Pace)
    pause: Pause | None = None
    """The longest time between two events; None if always less than a minute."""
    checkpoints: list[float] = field(default_factory=list)
    """The steps of saved checkpoints, in order of arrival, without duplicates."""
    artifacts: list[JSON] | None = None
    """The artifacts listed by `training.completed`; None before that event."""
    metadata: Object = field(default_factory=dict)
    """What the last `training.started` says about the run."""
    metrics: Object = field(default_factory=dict)
    """What `training.completed` says about the results."""
    error: str | None = None
    failed_at: float | None = None
    """The step at which the job failed, if known."""
    started_at: str | None = None
    completed_at: str | None = None
    last_event_at: str | None = None
    log_lines: int = 0
    tail: list[LogLine] = field(default_factory=list)


def fold(log: Iterable[Record], tail: int | None = TAIL_LINES) -> History:
    """Fold the records of an event log into the state of the job.

    `tail` is the number of last log lines to keep; None keeps all. Raises `DamagedLogError` if a
    record shows that earlier ones are missing.
    """
    folding = Folding(tail)
    for record in log:
        folding.take(record)
    return folding.result()


def status_of(ended_as: str | None, listed: str | None, *, started: bool) -> str:
    """Return a job's status.

    `ended_as` and `started` come from its stream (see `StreamState`), `listed` is the status in
    the job list. Only the list is reliable about cancelled jobs: their streams may say that they
    failed.
    """
    if ended_as == "completed":
        return ended_as
    if "cancelled" in {ended_as, listed}:
        return "cancelled"
    if ended_as:
        return ended_as
    if listed and (listed in wire.ENDED_STATUSES or listed not in wire.STATUSES):
        return listed
    if started:
        return "running"
    return listed or "queued"


def learning_rate_at(log: Iterable[Record], step: float) -> float | None:
    """Return the learning rate logged last at a step, or else at the nearest step before it.

    A `History` keeps a learning rate only as a trend.
    """
    near, found = -math.inf, None
    for record in log:
        if isinstance(record, LogRun) and record.is_of_job:
            columns = record.columns
            rates = map(javascript.finite, columns.learningRate.values)
            for at, rate in zip(_steps(columns.step), rates, strict=True):
                if at is not None and rate is not None and near <= at <= step:
                    near, found = at, rate
    return found


# --- The fold ------------------------------------------------------------------------------------


class Folding:
    """A fold in progress: `take` folds one record at a time, `result` finishes."""

    def __init__(self, tail: int | None) -> None:
        self._history = History()
        self._state = StreamState()
        self._skipped = dict.fromkeys((NO_OBJECT, NO_STEP, NO_LOSS, TOO_LARGE), 0)
        self._tail = Tail(tail)
        self._checkpoints: dict[float, None] = {}
        self._times = _Times()

    def through(self, log: Iterable[Record]) -> Iterator[Record]:
        """Yield the records of a log, folding each one first."""
        for record in log:
            self.take(record)
            yield record

    def take(self, record: Record) -> None:
        """Fold the next record. Raises `DamagedLogError` if it shows that others are missing."""
        self._state.learn(record)
        match record:
            case Broke():
                self._history.log_lines += 1
                self._tail.add(record)
            case Events():
                if record.is_of_job:
                    self._history.log_lines += len(record)
                    self._tail.add(record)
                    self._events(record)

    def result(self) -> History:
        """Return the state of the job after its whole log."""
        history, state = self._history, self._state
        skipped = Counter({why: count for why, count in self._skipped.items() if count})
        history.stream = Stream(*state.outcome, state.events, skipped, state.reconnects)
        history.started, history.terminal = state.started, state.ended_as
        history.completed_at = state.ended_at
        history.pause = self._times.pause
        history.last_event_at = time_or_none(self._times.last)
        history.checkpoints = list(self._checkpoints)
        history.tail = self._tail.lines()
        return history

    def _events(self, events: Events) -> None:
        if isinstance(events, LogRun):
            self._logs(events)
            return
        for data in events.known_fields:
            said = wire.decode_event(data)
            if said is None:
                self._skipped[TOO_LARGE if isinstance(events, OverLimitEvents) else NO_OBJECT] += 1
            said = said or wire.EventData()
            self._times.add([None], [said.timestamp])
            if events.name != wire.LOG:
                self._event(events.name, said)

    def _event(self, name: bytes, said: wire.EventData) -> None:
        """Apply an event other than a log; its data can be anything."""
        history = self._history
        if name == wire.CHECKPOINT:
            step = javascript.finite(said.step)
            if step is not None:
                self._checkpoints.setdefault(step + 0.0)
            return
        history.error = history.failed_at = None
        if name == wire.STARTED:
            history.started_at = history.started_at or time_or_none(said.timestamp)
            history.pace = Pace()
            history.metadata = said.metadata if isinstance(said.metadata, dict) else {}
        elif name == wire.COMPLETED:
            history.artifacts = said.artifacts if isinstance(said.artifacts, list) else []
            history.metrics = said.metrics if isinstance(said.metrics, dict) else {}
        else:
            history.failed_at = javascript.finite(said.step)
            if said.error is not None:
                history.error = said.error if isinstance(said.error, str) else js_value(said.error)

    # Training logs

    def _logs(self, run: LogRun) -> None:
        steps, columns = _steps(run.columns.step), run.columns
        self._times.add(steps, columns.timestamp.values)
        usable = cast("Sequence[float]", steps)
        if not columns.step.is_full:
            usable = [step for step in steps if step is not None]
            logs = [log for log in run.logs if log is not None]
            self._skipped[NO_OBJECT] += len(run) - len(logs)
            self._skipped[NO_STEP] += len(logs) - len(usable)
            columns = columns_of([log for log in logs if javascript.finite(log.step) is not None])
        if usable:
            self._readings(usable, columns)

    def _readings(self, steps: Sequence[float], columns: LogColumns) -> None:
        """Apply logs that all have a step, in stretches whose steps never decrease."""
        loss, unusable = _losses(columns.loss)
        eval_loss, unusable_too = _losses(columns.evalLoss)
        self._skipped[NO_LOSS] += len(unusable | unusable_too)
        readings = _Readings(
            steps,
            loss,
            eval_loss,
            _numbers(columns.learningRate),
            _numbers(columns.samplesPerSecond),
            _strings(columns.timestamp),
        )
        if all(map(le, steps, islice(steps, 1, None))):
            self._stretch(readings)
            return
        falls = compress(range(1, len(steps)), map(gt, steps, islice(steps, 1, None)))
        for start, end in pairwise([0, *falls, len(steps)]):
            self._stretch(readings.between(start, end))

    def _stretch(self, readings: "_Readings") -> None:
        """Apply logs whose steps never decrease."""
        history = self._history
        steps, losses = readings.loss.points(readings.steps)
        if steps and steps[0] < history.loss.end:
            first = readings.steps.index(steps[0])
            if readings.loss.present is not None:
                first = readings.loss.present.index(True)
            if first:
                self._stretch(readings.between(0, first))
                readings = readings.between(first, len(readings.steps))
            self._resume(steps[0])
        history.loss.extend(steps, losses)
        steps, losses = readings.eval_loss.points(readings.steps)
        if steps and steps[0] < history.eval_loss.end:
            history.superseded.add(history.eval_loss.cut_above(steps[0]))
        history.eval_loss.extend(steps, losses)
        history.learning_rate.add(*readings.learning_rate.points(readings.steps))
        history.throughput.add(*readings.throughput.points(readings.steps))
        timed = readings.times.points(readings.steps)
        history.clock.add(*timed)
        history.pace.add(*timed)

    def _resume(self, step: float) -> None:
        """Set aside the points superseded by a run that was resumed at an earlier step."""
        history = self._history
        history.superseded.add(history.loss.cut_from(step))
        history.superseded.add(history.eval_loss.cut_from(step))
        for small in (history.learning_rate, history.throughput, history.clock):
            small.cut(step)
        history.pace = Pace()
        history.resumes += 1
        if history.resumes <= RESUMES:
            history.resumed_at.append(step)


class _Times:
    """The events' times: the last one, and the longest time without an event."""

    def __init__(self) -> None:
        self.last: Any = None
        """The time given by the last event, which can be any value."""
        self.pause: Pause | None = None
        self._time: str | None = None
        self._step: float | None = None

    def add(self, steps: Sequence[float | None], times: Sequence[Any]) -> None:
        """Record each event's step, None without one, and its time."""
        minute = None if self._time is None else self._time[:_MINUTE]
        for place, time in enumerate(times):
            if time.__class__ is str:
                # Gaps within a minute are not pauses, so most times need not be parsed.
                if time[:_MINUTE] != minute:
                    self._add_pause(time, self._last(steps[:place]))
                    minute = time[:_MINUTE]
                self._time = time
        self.last, self._step = times[-1], self._last(steps)

    def _last(self, steps: Sequence[float | None]) -> float | None:
        known = (step for step in reversed(steps) if step is not None)
        return next(known, self._step)

    def _add_pause(self, time: str, step: float | None) -> None:
        start, end = parse_time(self._time), parse_time(time)
        if start is None or end is None:
            return
        seconds = (end - start).total_seconds()
        if seconds >= LEAST_PAUSE and (self.pause is None or seconds > self.pause.seconds):
            self.pause = Pause(seconds, step)


# --- Many logs at once ---------------------------------------------------------------------------

T = TypeVar("T")


class _Series(NamedTuple, Generic[T]):
    """One field of many logs; `present` marks the logs that have it, None if all do."""

    values: Sequence[T]
    present: Sequence[bool] | None = None

    def points(self, steps: Sequence[float]) -> tuple[Sequence[float], Sequence[T]]:
        """Return the steps of the logs that have the field, and their values."""
        if self.present is None:
            return steps, self.values
        return list(compress(steps, self.present)), list(compress(self.values, self.present))

    def between(self, start: int, end: int) -> "_Series[T]":
        present = None if self.present is None else self.present[start:end]
        return _Series(self.values[start:end], present)


class _Readings(NamedTuple):
    """The fields of many logs, each log with a step."""

    steps: Sequence[float]
    loss: _Series[float]
    eval_loss: _Series[float]
    learning_rate: _Series[float]
    throughput: _Series[float]
    times: _Series[str]

    def between(self, start: int, end: int) -> "_Readings":
        return _Readings(
            self.steps[start:end],
            self.loss.between(start, end),
            self.eval_loss.between(start, end),
            self.learning_rate.between(start, end),
            self.throughput.between(start, end),
            self.times.between(start, end),
        )


def _steps(column: LogColumn) -> Sequence[float | None]:
    """Return the step of each log, None where it is not a finite number."""
    # + 0.0 turns -0 into 0, which is the same place on an axis.
    if column.is_full and column.numbers is not None:
        return [number + 0.0 for number in column.numbers]
    numbers = map(javascript.finite, column.values)
    return [None if number is None else number + 0.0 for number in numbers]


def _numbers(column: LogColumn) -> _Series[float]:
    """Return the values that are finite numbers."""
    if column.is_missing:
        return _Series((), ())
    if column.numbers is not None:
        return _Series(cast("Sequence[float]", column.values), column.present)
    return _known([javascript.finite(value) for value in column.values])


def _strings(column: LogColumn) -> _Series[str]:
    if column.strings is not None:
        return _Series(column.strings)
    return _known([value if isinstance(value, str) else None for value in column.values])


def _losses(column: LogColumn) -> tuple[_Series[float], set[int]]:
    """Return the losses, finite or not, and the indices of unusable ones."""
    if column.numbers is not None:
        return _numbers(column), set()
    losses: list[float | None] = []
    unusable = set()
    for place, value in enumerate(column.values):
        try:
            losses.append(wire.metric(value))
        except ValueError:
            losses.append(None)
            unusable.add(place)
    return _known(losses), unusable


def _known(values: Sequence[T | None]) -> _Series[T]:
    return _Series(cast("Sequence[T]", values), [value is not None for value in values])
