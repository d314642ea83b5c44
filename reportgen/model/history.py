"""Events in, the state of one job out: pure, and arrays rather than an object a point.

A `History` is folded from the lines of a job's event log. It knows nothing of the job list but
for `status_of`, which joins the two.
"""

import math
from array import array
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, repeat
from operator import lt
from typing import Any, Final, TypeAlias, TypeGuard

import msgspec

from reportgen.events import event_log, wire
from reportgen.events.columns import Column, Columns, LogRun, Part
from reportgen.model.trend import Clock, Trend
from reportgen.text import javascript
from reportgen.text.javascript import JSON, js_value
from reportgen.text.times import parse_time, time_or_none

TAIL_LINES: Final = 50
"""How many log lines Studio keeps in view."""

COMPLETE: Final = "complete"
CAUGHT_UP: Final = "caught-up"
INTERRUPTED: Final = "interrupted"
UNAVAILABLE: Final = "unavailable"

NO_OBJECT: Final = "data is no JSON object"
NO_STEP: Final = "step is no finite number"
NO_LOSS: Final = "loss is no number"
TOO_LARGE: Final = "frame is over the size limit"

_LONGEST_TAIL_LINE: Final = 1 << 16
"""How much of an event's data is kept for the tail: a page shows far less, and a frame of megabytes
must not be held fifty times."""

RESUMES: Final = 200
"""How many of the steps are kept at which a run was taken up again."""

LEAST_PAUSE: Final = 60.0
"""Seconds without an event that are worth a word."""

_MINUTE: Final = len("2026-05-01T09:00")


@dataclass(slots=True)
class Curve:
    """One metric over the steps, in rising order of step, each step once.

    `steps` and `values` are doubles and of equal length. A value that is not finite breaks the
    line; it is kept in its place, and superseded like any other.
    """

    steps: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.steps)

    def finite(self) -> Iterator[tuple[float, float]]:
        """Give the (step, value) pairs whose value is finite: the points of the chart."""
        for step, value in zip(self.steps, self.values, strict=True):
            if math.isfinite(value):
                yield step, value

    def goes_on(self, curve: "Curve") -> bool:
        """Tell whether all of it lies behind the end of another curve."""
        return not (self.steps and curve.steps) or self.steps[0] > curve.steps[-1]

    def extend(self, curve: "Curve") -> None:
        """Append another curve, which goes on where this one ends."""
        self.steps.extend(curve.steps)
        self.values.extend(curve.values)

    def cut(self, start: int) -> "Curve":
        """Take everything from index `start` on out of the curve, and give it."""
        tail = Curve(self.steps[start:], self.values[start:])
        del self.steps[start:], self.values[start:]
        return tail


@dataclass(slots=True)
class Superseded:
    """The parts of the curves that a later, resumed run has overtaken, in order of overtaking.

    All parts lie behind one another in `steps` and `values`; `starts` holds where each begins.
    """

    steps: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    starts: "array[int]" = field(default_factory=lambda: array("L"))

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, part: Curve) -> None:
        """Append a part; an empty one leaves no trace."""
        if len(part):
            self.starts.append(len(self.steps))
            self.steps.extend(part.steps)
            self.values.extend(part.values)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the event log as Studio shows it, unredacted, with the event's time."""

    text: str
    time: str | None = None
    is_cut: bool = False
    """Whether the text is the beginning of a far longer line; it may end within a secret."""


@dataclass(slots=True)
class Stream:
    """What became of a job's event stream.

    `events` counts the job events, `skipped` those whose data could not be used, by reason;
    `reconnects` how often a stream that had broken was opened again within one command.
    """

    state: str = UNAVAILABLE
    reason: str | None = "not read yet"
    events: int = 0
    skipped: "Counter[str]" = field(default_factory=Counter)
    reconnects: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing came, in seconds, behind the last logged step before it."""

    seconds: float
    after_step: float | None


@dataclass(slots=True)
class History:
    """The state of one job, as its events tell it."""

    stream: Stream = field(default_factory=Stream)
    terminal: str | None = None
    """`completed` or `failed`: the last terminal event, unless the job was started after it."""
    started: bool = False
    loss: Curve = field(default_factory=Curve)
    eval_loss: Curve = field(default_factory=Curve)
    superseded: Superseded = field(default_factory=Superseded)
    resumed_at: list[float] = field(default_factory=list)
    """The first 200 steps at which the run was taken up again from before."""
    resumes: int = 0
    """How often it was."""
    learning_rate: Trend = field(default_factory=Trend)
    throughput: Trend = field(default_factory=Trend)
    """Samples a second."""
    clock: Clock = field(default_factory=Clock)
    """When which step of the training curve was, by the events' own times."""
    pause: Pause | None = None
    """The longest time between two events; None where none was a minute or more."""
    checkpoints: list[float] = field(default_factory=list)
    """The steps of saved checkpoints in order of arrival, each once."""
    artifacts: list[JSON] | None = None
    """What `training.completed` lists; None until it came."""
    error: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    last_event_at: str | None = None
    log_lines: int = 0
    tail: list[LogLine] = field(default_factory=list)


def fold(log: Iterable[Part], tail: int | None = TAIL_LINES) -> History:
    """Fold an event log, by its parts or by its lines alone, into the state of the job.

    Lines are without their line feeds. `tail` is how many of the last log lines to keep; None
    keeps all. Raises `eventlog.DamagedLogError` where a line is none of a log's.
    """
    folding = Folding(tail)
    for part in log:
        folding.part(part)
    return folding.result()


def status_of(history: History, listed: str | None) -> str:
    """Give a job's status from its stream and from what the job list says, which may be None."""
    if history.terminal:
        return history.terminal
    if listed and (listed in wire.ENDED_STATUSES or listed not in wire.STATUSES):
        return listed
    if history.started:
        return "running"
    return listed or "queued"


def log_line(name: bytes, data: bytes) -> str | None:
    """Give the raw line that Studio's event log shows for an event; None where it shows none.

    A line break inside becomes a blank, so that a line stays one line.
    """
    if name == wire.LOG:
        return _training_log_line(data)
    label = _LABELS.get(name)
    return None if label is None else f"[{label}] {_one_line(data)}"


_LABELS: Final = {
    wire.STARTED: "started",
    wire.CHECKPOINT: "checkpoint",
    wire.COMPLETED: "completed",
    wire.FAILED: "failed",
}
STREAM_ERROR_LINE: Final = "[stream error]"


def _training_log_line(data: bytes) -> str:
    log = wire.decode_log(data)
    if log is None:
        return f"[log] {_one_line(data)}"
    parts = ["[log]"]
    for name, value in (("step", log.step), ("loss", log.loss), ("evalLoss", log.evalLoss)):
        if value is not None and value is not msgspec.UNSET:
            parts.append(f"{name}={js_value(value)}")
    return " ".join(parts)


def number_lines(run: LogRun) -> str | None:
    """Give the raw lines of logs that say nothing but numbers, each with a line feed at its end.

    None where one says more, or is no JSON object.
    """
    if not run.is_whole:
        return None
    columns = run.columns
    said: list[Iterable[str]] = [repeat("[log]", len(run.fields))]
    for name, column in (
        (" step=", columns.step),
        (" loss=", columns.loss),
        (" evalLoss=", columns.evalLoss),
    ):
        texts = column.printed()
        if texts is None:
            return None
        if column.is_full:
            said += [repeat(name), texts]
        elif not column.is_missing:
            said.append([f"{name}{text}" if text else "" for text in texts])
    return "".join(chain.from_iterable(zip(*said, repeat("\n"))))


def _one_line(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\n", " ")


# --- The fold ----------------------------------------------------------------------------------

_Shown: TypeAlias = tuple[bytes, bytes] | LogLine | None
"""What a line of the log is made of: an event's name and data; None where the stream broke."""

_AT_ONCE: Final = 1000
"""So many lines are worded together, however many are kept."""


class Folding:
    """The fold while it goes on: `part` takes one part of a log after another, `result` closes."""

    def __init__(self, tail: int | None) -> None:
        self._history = History()
        # Lines are worded at the end: of a long log only the last few are ever shown.
        self._tail: deque[_Shown] = deque(maxlen=tail)
        self._checkpoints: dict[float, None] = {}
        self._last_time: Any = None
        self._last_told: str | None = None
        self._last_step: float | None = None
        self._fingerprint = event_log.Fingerprint()
        self._read_at_completion = -1
        self._in_run = False

    def through(self, log: Iterable[Part]) -> Iterator[Part]:
        """Pass the parts of a log on to somebody else, each once it is folded."""
        for part in log:
            self.part(part)
            yield part

    def part(self, part: Part) -> None:
        """Take a part of a log. Raises `eventlog.DamagedLogError`."""
        if isinstance(part, LogRun):
            self._logs(part)
        else:
            self._line(part)

    def result(self) -> History:
        """Give the state of the job after all of its log."""
        history = self._history
        if self._in_run and not self._still_complete():
            history.stream.state = INTERRUPTED
            history.stream.reason = "the command was stopped before the stream was read"
        history.checkpoints = list(self._checkpoints)
        shown = iter(self._tail)
        while some := list(islice(shown, _AT_ONCE)):
            history.tail += _lines_of(some)
        history.last_event_at = time_or_none(self._last_time)
        return history

    def _line(self, line: bytes) -> None:
        time, name, _id, data = event_log.split(line)
        if name == wire.LOG and time[:1].isdigit():
            self._fingerprint.event(name, data)
            data = event_log.data_of(data)
            self._log(data, wire.decode_log(data))
        elif time[:1] == b"#":
            self._note(event_log.read_note(name, data))
        elif time[:1] == b"!":
            self._over_limit(name, data)
        elif not time.isdigit():
            raise event_log.DamagedLogError("a line that begins with no time")
        elif name in wire.JOB_EVENTS:
            self._fingerprint.event(name, data)
            self._event(name, event_log.data_of(data))

    # Events

    def _count(self, name: bytes, data: bytes) -> None:
        self._history.stream.events += 1
        self._history.log_lines += 1
        self._keep_for_tail(name, data)

    def _keep_for_tail(self, name: bytes, data: bytes) -> None:
        entry = (name, data)
        # Megabytes are worded at once and cut: they must not be held fifty times.
        self._tail.append(entry if len(data) <= _LONGEST_TAIL_LINE else _shortened(entry))

    def _skip(self, why: str) -> None:
        self._history.stream.skipped[why] += 1

    def _logs(self, run: LogRun) -> None:
        """Take many logs that follow one another: at once, where they are as nearly all are."""
        fields, columns = run.fields, run.columns
        self._fingerprint.events(wire.LOG, fields)
        steps = _rising_steps(columns.step)
        if steps is None or not self._take_at_once(steps, columns):
            for field_, log in zip(fields, run.logs, strict=True):
                self._log(event_log.data_of(field_), log)
            return
        for field_ in fields[-(self._tail.maxlen or len(fields)) :]:
            self._keep_for_tail(wire.LOG, event_log.data_of(field_))
        self._history.stream.events += len(fields)
        self._history.log_lines += len(fields)

    def _take_at_once(self, steps: "array[float]", columns: Columns) -> bool:
        """Take logs of rising steps, if none of them overtakes another one or can't be used."""
        loss, eval_loss = _points(steps, columns.loss), _points(steps, columns.evalLoss)
        history = self._history
        if loss is None or eval_loss is None:
            return False
        if not (loss.goes_on(history.loss) and eval_loss.goes_on(history.eval_loss)):
            return False
        history.loss.extend(loss)
        history.eval_loss.extend(eval_loss)
        _follow(history.learning_rate, steps, columns.learningRate)
        _follow(history.throughput, steps, columns.samplesPerSecond)
        self._times(steps, columns.timestamp)
        return True

    def _times(self, steps: "array[float]", column: Column) -> None:
        """Take the events' own times, and see whether there was none for long between two."""
        clock, times = self._history.clock, column.strings
        if times is None:
            for step, time in zip(steps, column.values, strict=True):
                self._time(time)
                self._last_step = step
                if isinstance(time, str):
                    clock.add(step, time)
            return
        clock.extend(steps, times)
        minute = None if self._last_told is None else self._last_told[:_MINUTE]
        before, last = self._last_told, self._last_step
        for step, time in zip(steps, times, strict=True):
            if time[:_MINUTE] != minute:
                if before is not None:
                    self._last_step = last
                    self._pause(before, time)
                minute = time[:_MINUTE]
            before, last = time, step
        self._last_told, self._last_step, self._last_time = before, last, before

    def _log(self, data: bytes, log: wire.LogData | None) -> None:
        self._count(wire.LOG, data)
        if log is None:
            self._last_time = None
            self._skip(NO_OBJECT)
            return
        self._time(log.timestamp)
        step = log.step if log.step.__class__ is float else javascript.finite(log.step)
        if step is None or not math.isfinite(step):
            self._skip(NO_STEP)
            return
        self._losses(step + 0.0, log)  # + 0.0 makes -0 the 0 that it is on an axis
        self._trends(step, log)
        self._last_step = step

    def _time(self, time: Any) -> None:
        """Take an event's own time, and see whether there was none for long before it."""
        self._last_time = time
        if time.__class__ is not str:
            return
        before, self._last_told = self._last_told, time
        # Within one minute no pause is worth a word, and most events need not be read as times.
        if before is None or before[:_MINUTE] == time[:_MINUTE]:
            return
        self._pause(before, time)

    def _pause(self, before: str, time: str) -> None:
        start, end = parse_time(before), parse_time(time)
        if start is None or end is None:
            return
        seconds = (end - start).total_seconds()
        longest = self._history.pause
        if seconds >= LEAST_PAUSE and (longest is None or seconds > longest.seconds):
            self._history.pause = Pause(seconds, self._last_step)

    def _trends(self, step: float, log: wire.LogData) -> None:
        """Take what is drawn small: learning rate and throughput, and when this step was."""
        history = self._history
        for trend, value in (
            (history.learning_rate, log.learningRate),
            (history.throughput, log.samplesPerSecond),
        ):
            if value is msgspec.UNSET:
                continue
            number = value if value.__class__ is float else javascript.finite(value)
            if number is not None and number - number == 0:
                trend.add(step, number)
        if log.timestamp.__class__ is str:
            history.clock.add(step, log.timestamp)

    def _losses(self, step: float, log: wire.LogData) -> None:
        loss, loss_is_usable = _metric(log.loss)
        eval_loss, eval_is_usable = _metric(log.evalLoss)
        if not (loss_is_usable and eval_is_usable):
            self._skip(NO_LOSS)
        if loss is not None:
            self._add_loss(step, loss)
        if eval_loss is not None:
            self._add_eval_loss(step, eval_loss)

    def _add_loss(self, step: float, value: float) -> None:
        history = self._history
        curve = history.loss
        if curve.steps and step <= curve.steps[-1]:
            if step == curve.steps[-1]:
                curve.values[-1] = value
                return
            # The run was taken up again from before: what it overtakes is set aside.
            history.superseded.add(curve.cut(bisect_left(curve.steps, step)))
            evals = history.eval_loss
            history.superseded.add(evals.cut(bisect_left(evals.steps, step)))
            for small in (history.learning_rate, history.throughput, history.clock):
                small.cut(step)
            history.resumes += 1
            if history.resumes <= RESUMES:
                history.resumed_at.append(step)
        curve.steps.append(step)
        curve.values.append(value)

    def _add_eval_loss(self, step: float, value: float) -> None:
        curve = self._history.eval_loss
        if curve.steps and step <= curve.steps[-1]:
            at = bisect_left(curve.steps, step)
            overtaken = curve.cut(at)
            if overtaken.steps[0] == step:
                del overtaken.steps[0], overtaken.values[0]
            self._history.superseded.add(overtaken)
        curve.steps.append(step)
        curve.values.append(value)

    def _event(self, name: bytes, data: bytes) -> None:
        self._count(name, data)
        fields = wire.decode_event(data)
        if fields is None:
            self._skip(NO_OBJECT)
        self._apply(name, fields or wire.EventData())

    def _apply(self, name: bytes, fields: wire.EventData) -> None:
        """Take what a named event other than a log says; its data may be anything."""
        history = self._history
        time = fields.timestamp
        self._time(time)
        if name == wire.STARTED:
            history.terminal = history.error = history.completed_at = None
            history.started = True
            history.started_at = history.started_at or time_or_none(time)
        elif name == wire.CHECKPOINT:
            step = javascript.finite(fields.step)
            if step is not None:
                self._checkpoints.setdefault(step + 0.0)
        else:
            self._end_job(name, fields)

    def _end_job(self, name: bytes, fields: wire.EventData) -> None:
        history = self._history
        history.terminal = wire.TERMINAL[name]
        history.completed_at = time_or_none(fields.timestamp)
        history.error = None
        if name == wire.COMPLETED:
            artifacts = fields.artifacts
            history.artifacts = artifacts if isinstance(artifacts, list) else []
        elif fields.error is not None:
            error = fields.error
            history.error = error if isinstance(error, str) else js_value(error)

    def _over_limit(self, name: bytes, why: bytes) -> None:
        if name in wire.JOB_EVENTS:
            self._fingerprint.event(name, b"")
            self._last_time = None
            self._count(name, why)
            self._skip(TOO_LARGE)
            if name != wire.LOG:
                self._apply(name, wire.EventData())

    # Notes

    def _note(self, note: event_log.Note) -> None:
        self._fingerprint.check(note)
        was_broken = self._fingerprint.is_broken
        self._fingerprint.note(note.kind)
        match note.kind:
            case "run":
                self._in_run = True
            case "open":
                self._history.stream.reconnects += was_broken
            case "break":
                self._history.log_lines += 1
                self._tail.append(None)
            case "end":
                self._in_run = False
                self._end_of_stream(note)

    def _end_of_stream(self, note: event_log.Note) -> None:
        stream = self._history.stream
        state = str(note.values.get("state"))
        if state == COMPLETE:
            self._read_at_completion = stream.events
            stream.state, stream.reason = COMPLETE, None
        elif not self._still_complete():
            reason = note.values.get("reason")
            stream.state, stream.reason = state, str(reason) if reason else "unknown"

    def _still_complete(self) -> bool:
        """Whether the stream was read to its end before, and nothing came after that."""
        return self._read_at_completion == self._history.stream.events


def _rising_steps(column: Column) -> "array[float] | None":
    """Give the steps of logs if they are finite numbers that rise from one to the next."""
    if column.numbers is None or not column.is_full:
        return None
    steps = array("d", column.numbers)
    if not all(map(lt, steps, steps[1:])):
        return None
    if steps[0] <= 0 <= steps[-1]:
        # -0 is the 0 that it is on an axis.
        return array("d", [0.0 if step == 0 else step for step in steps])
    return steps


def _points(steps: "array[float]", column: Column) -> Curve | None:
    """Give the points of one metric, none where it is missing; None if a value is not finite."""
    if column.is_missing:
        return Curve()
    if column.numbers is None:
        return None
    return Curve(array("d", column.places(steps)), array("d", column.numbers))


def _follow(trend: Trend, steps: "array[float]", column: Column) -> None:
    """Take what there is of a value that is drawn small; what is no finite number is passed by."""
    if column.is_missing:
        return
    if column.numbers is not None:
        trend.extend(column.places(steps), column.numbers)
        return
    for step, value in zip(steps, column.values, strict=True):
        number = javascript.finite(value)
        if number is not None:
            trend.add(step, number)


def _metric(value: Any) -> tuple[float | None, bool]:
    """Give a loss, None where there is none to draw, and whether it could be used."""
    try:
        return wire.metric(value), True
    except ValueError:
        return None, False


def _shortened(entry: tuple[bytes, bytes]) -> LogLine:
    line = _line_of(entry)
    if len(line.text) <= _LONGEST_TAIL_LINE:
        return line
    return replace(line, text=line.text[:_LONGEST_TAIL_LINE], is_cut=True)


def _lines_of(shown: Sequence[_Shown]) -> Iterator[LogLine]:
    """Word what is shown, and all training logs of it together."""
    logs = iter(_log_lines([entry[1] for entry in shown if _is_log(entry)]))
    for entry in shown:
        yield next(logs) if _is_log(entry) else _line_of(entry)


def _is_log(entry: _Shown) -> TypeGuard[tuple[bytes, bytes]]:
    return isinstance(entry, tuple) and entry[0] == wire.LOG


def _log_lines(datas: Sequence[bytes]) -> Iterable[LogLine]:
    run = LogRun(datas)
    lines = number_lines(run)
    if lines is None:
        return [_line_of((wire.LOG, data)) for data in datas]
    times = map(time_or_none, run.columns.timestamp.values)
    return map(LogLine, lines.split("\n"), times)


def _line_of(entry: tuple[bytes, bytes] | LogLine | None) -> LogLine:
    if entry is None:
        return LogLine(STREAM_ERROR_LINE)
    if isinstance(entry, LogLine):
        return entry
    name, data = entry
    fields = wire.decode_event(data) or wire.EventData()
    return LogLine(log_line(name, data) or "", time_or_none(fields.timestamp))
