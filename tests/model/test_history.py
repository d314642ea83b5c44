"""The fold, compared with a plain one that keeps a list of points and reads like the rule."""

import json
import math
import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.events import event_log, wire
from reportgen.model import history
from reportgen.model.curves import Curve, Superseded
from reportgen.model.history import History, Pause, status_of
from reportgen.model.log_lines import text_of
from reportgen.text.times import time_or_none
from tests.logs import blocks_of, event_line, note_line, over_limit_line, records_of

STARTED, LOG, CHECKPOINT = "training.started", "training.log", "checkpoint.saved"
COMPLETED, FAILED = "training.completed", "training.failed"
CANCELLED = "training.failed with the error of a cancelled job"


def line(name: str, data: Any = None) -> bytes:
    text = data if isinstance(data, str) else json.dumps({} if data is None else data)
    return event_line(5, name.encode(), None, text.encode())[:-1]


def note(kind: str, **values: str) -> bytes:
    return note_line(5, kind, **values)[:-1]


def fold(
    log: Iterable[bytes], tail: int | None = history.TAIL_LINES, together: int = 10**6
) -> History:
    """Fold a log line by line and many lines together; both must be equal."""
    lines = list(log)
    apart = history.fold(records_of(lines, together=1), tail)
    in_blocks = history.fold(records_of(lines, together), tail)
    # By their text, since NaN equals nothing.
    assert repr(in_blocks) == repr(apart)
    return in_blocks


def logs(*points: tuple[Any, ...]) -> list[bytes]:
    names = ("step", "loss", "evalLoss")
    return [line(LOG, dict(zip(names, point, strict=False))) for point in points]


def pairs(curve: Curve | Superseded) -> list[tuple[float, float]]:
    values = (NAN if math.isnan(value) else value for value in curve.values)
    return list(zip(curve.steps, values, strict=True))


def parts(old: Superseded) -> list[list[tuple[float, float]]]:
    return [pairs(old)[start:end] for start, end in pairwise([*old.starts, len(old)])]


# --- Curves --------------------------------------------------------------------------------------


class Naive:
    """The rule, literally, with a list of points."""

    def __init__(self) -> None:
        self.loss: list[tuple[float, float]] = []
        self.eval_loss: list[tuple[float, float]] = []
        self.superseded: list[list[tuple[float, float]]] = []
        self.resumed_at: list[float] = []

    def log(self, step: float, loss: float | None, eval_loss: float | None) -> None:
        if loss is not None:
            highest = max((at for at, _ in self.loss), default=-math.inf)
            if step < highest:
                self.resumed_at.append(step)
                self.loss = self._overtake(self.loss, step)
                self.eval_loss = self._overtake(self.eval_loss, step)
            elif step == highest:
                self.loss.pop()
            self.loss.append((step, loss))
        if eval_loss is not None:
            self.eval_loss = [point for point in self.eval_loss if point[0] != step]
            self.eval_loss = self._overtake(self.eval_loss, step)
            self.eval_loss.append((step, eval_loss))

    def _overtake(
        self, points: list[tuple[float, float]], step: float
    ) -> list[tuple[float, float]]:
        if overtaken := [point for point in points if point[0] >= step]:
            self.superseded.append(overtaken)
        return [point for point in points if point[0] < step]


NAN = math.nan  # lists that hold this one object are equal, though it is not equal to itself
VALUE = st.none() | st.sampled_from([1.0, 2.0, 0.5, math.inf, -math.inf, NAN])
STEPS = st.integers(0, 9).map(float)


@given(st.lists(st.tuples(STEPS, VALUE, VALUE), max_size=25))
def test_curves_follow_the_rule(points: list[tuple[float, float | None, float | None]]) -> None:
    naive = Naive()
    for point in points:
        naive.log(*point)
    folded = fold(logs(*points))
    assert pairs(folded.loss) == naive.loss
    assert pairs(folded.eval_loss) == naive.eval_loss
    assert parts(folded.superseded) == naive.superseded
    assert folded.resumed_at == naive.resumed_at


def test_a_resumed_run_supersedes_points_and_says_so() -> None:
    folded = fold(logs((1, 5), (2, 4), (3, 3, 9), (2, 8), (3, 7)))
    assert pairs(folded.loss) == [(1, 5), (2, 8), (3, 7)]
    assert pairs(folded.eval_loss) == []
    assert folded.resumed_at == [2]
    assert list(folded.superseded.starts) == [0, 2]


def test_the_pace_is_that_of_the_run_since_it_was_started_or_resumed() -> None:
    def log(step: int) -> bytes:
        return line(LOG, {"step": step, "loss": 1, "timestamp": f"2026-05-01T09:00:{step:02}Z"})

    def steps(*events: bytes) -> list[float]:
        return [step for step, _ in fold(events).pace.pairs]

    assert steps(log(5), log(6), line(LOG, {"step": 7}), log(8)) == [5, 6, 8]
    assert steps(log(5), log(6), log(3), log(4)) == [3, 4]
    assert steps(log(5), line(STARTED), log(6)) == [6]


def test_at_an_equal_step_only_the_point_is_replaced() -> None:
    folded = fold(logs((1, 5), (2, 4, 6), (2, 3)))
    assert pairs(folded.loss) == [(1, 5), (2, 3)]
    assert pairs(folded.eval_loss) == [(2, 6)]
    assert len(folded.superseded) == 0


@pytest.mark.parametrize(
    ("data", "skipped", "points", "finite"),
    [
        ('{"step":1,"loss":NaN}', 0, 1, 0),
        ('{"step":1,"loss":"Infinity"}', 0, 1, 0),
        ('{"step":1,"loss":1e999}', 0, 1, 0),
        ('{"step":1,"loss":"nan"}', 1, 0, 0),
        ('{"step":1,"loss":true}', 1, 0, 0),
        ('{"step":1,"loss":null}', 0, 0, 0),
        ('{"step":1}', 0, 0, 0),
        ('{"step":true,"loss":1}', 1, 0, 0),
        ('{"step":null,"loss":1}', 1, 0, 0),
        ('{"step":Infinity,"loss":1}', 1, 0, 0),
        ('{"step":1e999,"loss":1}', 1, 0, 0),
        ('{"step":-0.0,"loss":1}', 0, 1, 1),
        ('{"step":1,"loss":1,"evalLoss":"x"}', 1, 1, 1),
        ("[]", 1, 0, 0),
        ("", 1, 0, 0),
    ],
)
def test_what_a_log_can_hold(data: str, skipped: int, points: int, finite: int) -> None:
    folded = fold([line(LOG, data)])
    assert sum(folded.stream.skipped.values()) == skipped
    assert (len(folded.loss), len(list(folded.loss.finite()))) == (points, finite)
    assert folded.stream.events == 1


def test_a_step_of_minus_zero_is_the_zero_of_an_axis() -> None:
    (step,) = fold([line(LOG, '{"step":-0.0,"loss":1}')]).loss.steps
    assert math.copysign(1, step) == 1


def resumed_once(logged: int) -> Iterable[bytes]:
    """Return the logs of a run that is resumed once, from its middle; every other log evaluates."""
    for at in range(logged):
        step = at if at < logged // 2 else at - logged // 4
        evaluation = b',"evalLoss":%d.5' % at if at % 2 else b""
        yield b'5\rtraining.log\r\r{"step":%d,"loss":%d.25%s}' % (step, at, evaluation)


def test_points_are_held_in_twenty_four_bytes() -> None:
    def measured(logged: int) -> tuple[int, int]:
        blocks = blocks_of(list(resumed_once(logged)), 1000)
        tracemalloc.start()
        held = history.fold(event_log.records(blocks))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak, len(held.loss) + len(held.eval_loss) + len(held.superseded)

    (base, few), (peak, many) = measured(1000), measured(33_334)
    assert (few, many) == (1500, 50_001)
    assert peak - base < 24 * (many - few)


# --- State ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "listed", "status"),
    [
        ([], None, "queued"),
        ([], "queued", "queued"),
        ([], "running", "running"),
        ([], "paused", "paused"),
        ([STARTED], "queued", "running"),
        ([STARTED], None, "running"),
        ([STARTED], "cancelled", "cancelled"),
        ([STARTED], "paused", "paused"),
        ([STARTED, COMPLETED], "running", "completed"),
        ([STARTED, COMPLETED, FAILED], "completed", "failed"),
        ([STARTED, FAILED, STARTED], "queued", "running"),
        ([STARTED, FAILED, STARTED], "failed", "failed"),
        ([STARTED, FAILED], "cancelled", "cancelled"),
        ([FAILED, COMPLETED], "cancelled", "completed"),
        ([STARTED, CANCELLED], "cancelled", "cancelled"),
        ([STARTED, CANCELLED], "running", "cancelled"),
        ([STARTED, CANCELLED], "failed", "cancelled"),
        ([CANCELLED, FAILED], "running", "failed"),
        ([FAILED, CANCELLED], None, "cancelled"),
        ([CANCELLED, COMPLETED], "cancelled", "completed"),
        ([CANCELLED, STARTED], "running", "running"),
        ([CANCELLED, STARTED], "cancelled", "cancelled"),
        ([FAILED, STARTED, COMPLETED, STARTED], "completed", "completed"),
    ],
)
def test_status(events: list[str], listed: str | None, status: str) -> None:
    cancelled = line(FAILED, {"error": "Job cancelled"})
    folded = fold(cancelled if name == CANCELLED else line(name) for name in events)
    assert status_of(folded.terminal, listed, started=folded.started) == status


@pytest.mark.parametrize(
    "error", ["job cancelled", "Job cancelled.", " Job cancelled", "Job canceled", None, 7, {}]
)
def test_only_the_exact_error_says_that_a_job_was_cancelled(error: Any) -> None:
    assert fold([line(FAILED, {"error": error})]).terminal == "failed"


def test_a_terminal_event_with_unusable_data_counts() -> None:
    folded = fold([line(COMPLETED, "nonsense")])
    assert (folded.terminal, folded.artifacts, folded.stream.events) == ("completed", [], 1)
    assert sum(folded.stream.skipped.values()) == 1


@pytest.mark.parametrize(
    ("artifacts", "kept"), [(None, []), ("a", []), ({"a": 1}, []), ([], []), (["a"], ["a"])]
)
def test_artifacts_are_a_list_or_none(artifacts: Any, kept: list[str]) -> None:
    assert fold([line(STARTED)]).artifacts is None
    assert fold([line(COMPLETED, {"artifacts": artifacts})]).artifacts == kept


@pytest.mark.parametrize(
    ("error", "shown"),
    [("x", "x"), (None, None), ("", ""), ({"a": [1.0, None]}, '{"a":[1,null]}'), (True, "true")],
)
def test_an_error_of_any_kind(error: Any, shown: str | None) -> None:
    assert fold([line(FAILED, {"error": error})]).error == shown


def test_an_event_over_the_limit_counts_for_its_name_alone() -> None:
    def too_large(name: str) -> bytes:
        return over_limit_line(5, name.encode(), None, "17 MB")[:-1]

    folded = fold(too_large(name) for name in (STARTED, LOG, COMPLETED, "ping"))
    assert (folded.stream.events, folded.terminal, folded.artifacts) == (3, "completed", [])
    assert folded.stream.skipped == {history.TOO_LARGE: 3}
    assert folded.log_lines == 3


def test_a_failed_job_that_completes_after_all_has_no_error() -> None:
    assert fold([line(FAILED, {"error": "x"}), line(COMPLETED)]).error is None


def test_times_are_the_events_own() -> None:
    first, second, third = (f"2026-05-01T00:0{minute}:00Z" for minute in range(3))
    events = [
        line(STARTED, {"timestamp": first}),
        line(FAILED, {"timestamp": second}),
        line(STARTED, {"timestamp": third}),
    ]
    failed = fold(events[:2])
    assert (failed.started_at, failed.completed_at) == (first, second)
    assert failed.last_event_at == second
    again = fold(events)
    assert (again.started_at, again.completed_at) == (first, None)
    assert again.last_event_at == third
    assert fold([line(LOG, {"timestamp": third})]).last_event_at == third
    for name in (LOG, CHECKPOINT, STARTED, FAILED):
        assert fold([*events, line(name)]).last_event_at is None
        assert fold([*events, line(name, "nonsense")]).last_event_at is None
    assert fold([line(COMPLETED, {"timestamp": "soon"})]).completed_at is None


def test_checkpoints_in_order_of_arrival_each_once() -> None:
    steps: list[Any] = [30, 10, 30, "x", None, 20.0]
    assert fold(line(CHECKPOINT, {"step": step}) for step in steps).checkpoints == [30, 10, 20]


def test_an_error_is_forgotten_when_the_job_starts_again() -> None:
    events = [line(FAILED, {"error": "x"}), line(STARTED)]
    assert fold(events[:1]).error == "x"
    assert fold(events).error is None


def stream(*lines: bytes) -> history.Stream:
    return fold(lines).stream


RUN, OPEN = note("run", at="2026-05-01"), note("open")


@pytest.mark.parametrize(
    ("lines", "state", "reconnects"),
    [
        ([], "unavailable", 0),
        ([RUN, OPEN, line(LOG)], "interrupted", 0),
        ([RUN, OPEN, note("end", state="complete")], "complete", 0),
        ([RUN, OPEN, note("break"), OPEN, note("end", state="complete")], "complete", 1),
        ([RUN, OPEN, OPEN, note("end", state="caught-up", reason="r")], "caught-up", 0),
        ([RUN, OPEN, note("break"), RUN, OPEN, note("end", state="complete")], "complete", 0),
        ([RUN, OPEN, note("break"), OPEN, OPEN, note("end", state="complete")], "complete", 1),
        (
            [RUN, OPEN, note("end", state="complete"), RUN, note("end", state="unavailable")],
            "complete",
            0,
        ),
        ([RUN, OPEN, note("end", state="complete"), RUN, OPEN], "complete", 0),
        (
            [RUN, OPEN, note("end", state="complete"), RUN, OPEN, line(LOG)],
            "interrupted",
            0,
        ),
    ],
)
def test_the_state_of_a_stream(lines: list[bytes], state: str, reconnects: int) -> None:
    found = stream(*lines)
    assert (found.state, found.reconnects) == (state, reconnects)
    assert (found.reason is None) == (state == "complete")


# --- The log -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        (STARTED, '{"a":1}', '[started] {"a":1}'),
        (CHECKPOINT, '{"step":\n3}', '[checkpoint] {"step": 3}'),
        (COMPLETED, "whatever", "[completed] whatever"),
        (FAILED, "", "[failed] "),
        (LOG, '{"step":3.0,"loss":0.10}', "[log] step=3 loss=0.1"),
        (LOG, '{"step":1e21,"loss":1e-7,"evalLoss":2}', "[log] step=1e+21 loss=1e-7 evalLoss=2"),
        (LOG, '{"step":1,"loss":null}', "[log] step=1"),
        (LOG, '{"loss":NaN,"evalLoss":-Infinity}', "[log] loss=NaN evalLoss=-Infinity"),
        (LOG, '{"step":"x","loss":[1.0,{"a":true}]}', '[log] step="x" loss=[1,{"a":true}]'),
        (LOG, "[1]", "[log] [1]"),
        (LOG, "{broken", "[log] {broken"),
        (LOG, "{}", "[log]"),
    ],
)
def test_lines_as_studio_shows_them(name: str, data: str, text: str) -> None:
    assert [shown.text for shown in fold([line(name, data)]).tail] == [text]


def test_the_tail_holds_the_last_fifty_and_all_are_counted() -> None:
    folded = fold([*logs(*((step, 1) for step in range(60))), note("break")])
    assert folded.log_lines == 61
    assert len(folded.tail) == 50
    assert folded.tail[-1].text == "[stream error]"
    assert folded.tail[0].text == "[log] step=11 loss=1"


def test_a_damaged_line_is_reported() -> None:
    for damaged in (b"", b"12\rx", b"x\rtraining.started\r\r{}", b"#1\rend\r\r{"):
        with pytest.raises(event_log.DamagedLogError):
            fold([damaged])


def test_an_empty_log() -> None:
    assert fold([]) == History()


def test_a_log_of_megabytes_reads_like_any_other() -> None:
    data = '{"step":3,"loss":0.5,"x":"' + "y" * 100_000 + '"}'
    assert [shown.text for shown in fold([line(LOG, data)]).tail] == ["[log] step=3 loss=0.5"]


# --- The whole fold, against lists of objects ----------------------------------------------------

TIMES = ("2026-05-01T00:00:00Z", "2026-05-01T00:00:01.5Z", "soon", 7, None)
JOB_EVENTS = (STARTED, LOG, CHECKPOINT, COMPLETED, FAILED)


@dataclass(frozen=True)
class Came:
    """The content of one log line: an event with its data, or a note with its values."""

    name: str
    data: str = ""
    values: tuple[tuple[str, str], ...] = ()

    @property
    def is_event(self) -> bool:
        return self.name in JOB_EVENTS

    @property
    def fields(self) -> dict[str, Any] | None:
        try:
            fields = json.loads(self.data)
        except ValueError:
            return None
        return fields if isinstance(fields, dict) else None

    def line(self) -> bytes:
        if self.name in {"run", "open", "break", "end-note"}:
            return note(self.name.removesuffix("-note"), **dict(self.values))
        return line(self.name, self.data)


LOGGED = st.sampled_from([0, 1.5, 1e21, 1e999, "NaN", "nan", True, None, [1]])
EVENT_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "step": st.integers(0, 5) | LOGGED,
        "loss": LOGGED,
        "evalLoss": LOGGED,
        "timestamp": st.sampled_from(TIMES),
        "artifacts": st.lists(st.integers(0, 9), max_size=2) | st.just("a"),
        "error": st.sampled_from(["out of memory", "Job cancelled", "", None, 7]),
    },
)
EVENT_DATA = EVENT_FIELDS.map(json.dumps) | st.sampled_from(["", "[1]", "{", "null"])
CAME = st.builds(Came, st.sampled_from([*JOB_EVENTS, "ping", "end", "training.paused"]), EVENT_DATA)
ITEMS = st.lists(CAME | st.sampled_from([Came("open"), Came("break")]), max_size=6)
ENDS = st.sampled_from(["complete", "caught-up", "interrupted", "unavailable"]).map(
    lambda state: [Came("end-note", values=(("state", state), ("reason", "because")))]
)
RUNS = st.builds(lambda items, end: [Came("run"), *items, *end], ITEMS, ENDS | st.just([]))
LOGS = st.lists(RUNS, max_size=3).map(lambda runs: [came for run in runs for came in run])


class PlainFold:
    """What a log says, read from all of it for each question."""

    def __init__(self, log: list[Came]) -> None:
        self.log = log
        self.events = [came for came in log if came.is_event]

    def since_last(self, *names: str) -> list[Came]:
        """Return the last event with one of these names and those after it, or nothing."""
        places = [at for at, came in enumerate(self.events) if came.name in names]
        return self.events[places[-1] :] if places else []

    @property
    def terminal(self) -> str | None:
        since = self.since_last(COMPLETED, FAILED)
        if not since or any(came.name == STARTED for came in since):
            return None
        if since[0].name == COMPLETED:
            return "completed"
        return "cancelled" if (since[0].fields or {}).get("error") == "Job cancelled" else "failed"

    @property
    def error(self) -> str | None:
        if self.terminal not in {"failed", "cancelled"}:
            return None
        error = (self.since_last(FAILED)[0].fields or {}).get("error")
        return "7" if error == 7 else error

    @property
    def artifacts(self) -> list[Any] | None:
        since = self.since_last(COMPLETED)
        artifacts = (since[0].fields or {}).get("artifacts") if since else None
        return (artifacts if isinstance(artifacts, list) else []) if since else None

    @property
    def checkpoints(self) -> list[float]:
        saved = [came.fields or {} for came in self.events if came.name == CHECKPOINT]
        steps: list[Any] = [fields.get("step") for fields in saved]
        return list(dict.fromkeys(step for step in steps if is_finite_number(step)))

    @property
    def skipped(self) -> int:
        return sum(
            came.fields is None or (came.name == LOG and not is_usable_log(came.fields))
            for came in self.events
        )

    @property
    def reconnects(self) -> int:
        """Count the openings before which the connection, in the same run, had last broken."""
        telling = [came.name for came in self.log if came.name in {"run", "open", "break"}]
        return sum(pair == ("break", "open") for pair in pairwise(telling))

    @property
    def state(self) -> str:
        ends = [at for at, came in enumerate(self.log) if came.name == "end-note"]
        for at in ends:
            later = self.log[at:]
            complete = ("state", "complete") in self.log[at].values
            if complete and not any(came.is_event for came in later):
                return "complete"
        runs = [at for at, came in enumerate(self.log) if came.name == "run"]
        if not runs:
            return "unavailable"
        if not ends or ends[-1] < runs[-1]:
            return "interrupted"
        return dict(self.log[ends[-1]].values)["state"]

    @property
    def last_event_at(self) -> str | None:
        if not self.events:
            return None
        time = (self.events[-1].fields or {}).get("timestamp")
        return time if time in TIMES[:2] else None

    @property
    def log_lines(self) -> list[str]:
        """Return the beginnings of the lines, in order."""
        labels = {STARTED: "[started]", LOG: "[log]", CHECKPOINT: "[checkpoint]"}
        labels |= {COMPLETED: "[completed]", FAILED: "[failed]", "break": "[stream error]"}
        return [labels[came.name] for came in self.log if came.name in labels]


def is_finite_number(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value)


def is_usable_log(fields: dict[str, Any]) -> bool:
    losses = (fields.get("loss"), fields.get("evalLoss"))
    return is_finite_number(fields.get("step")) and all(
        type(loss) in {int, float, type(None)} or loss in ("NaN", "Infinity", "-Infinity")
        for loss in losses
    )


@given(LOGS)
def test_a_log_says_what_its_lines_say(log: list[Came]) -> None:
    plain, folded = PlainFold(log), fold(came.line() for came in log)
    assert (folded.terminal, folded.error) == (plain.terminal, plain.error)
    assert folded.started == any(came.name == STARTED for came in plain.events)
    assert folded.artifacts == plain.artifacts
    assert folded.checkpoints == plain.checkpoints
    assert folded.last_event_at == plain.last_event_at
    stream = folded.stream
    assert (stream.events, stream.skipped.total()) == (len(plain.events), plain.skipped)
    assert (stream.state, stream.reconnects) == (plain.state, plain.reconnects)
    assert (stream.reason is None) == (stream.state == "complete")
    assert [shown.text.partition("]")[0] + "]" for shown in folded.tail] == plain.log_lines
    assert folded.log_lines == len(plain.log_lines)


# --- Trends and pauses -------------------------------------------------------------------------


def _logged(step: float, time: str, **fields: float) -> bytes:
    data = json.dumps({"step": step, "loss": 1.0, "timestamp": time, **fields})
    return event_line(0, wire.LOG, None, data.encode())[:-1]


def test_learning_rate_and_throughput_are_followed() -> None:
    lines = [
        _logged(1, "2026-05-01T09:00:00Z", learningRate=0.1, samplesPerSecond=7),
        _logged(2, "2026-05-01T09:00:01Z", learningRate=0.2),
        _logged(3, "2026-05-01T09:00:02Z", learningRate=0.3, samplesPerSecond=9),
        _logged(2, "2026-05-01T09:00:03Z", learningRate=0.4),
    ]
    folded = fold(lines)
    assert list(folded.learning_rate.points()) == [(1, 0.1), (2, 0.4)]
    assert list(folded.throughput.points()) == [(1, 7)]
    assert folded.clock.pairs == [(1, "2026-05-01T09:00:00Z"), (2, "2026-05-01T09:00:03Z")]
    assert folded.resumes == 1


@pytest.mark.parametrize("value", ["fast", True, [1], {"a": 1}, math.nan, 10**400])
def test_a_trend_has_only_finite_numbers(value: object) -> None:
    data = {"step": 1, "loss": 1.0, "learningRate": value, "samplesPerSecond": value}
    line = event_line(0, wire.LOG, None, json.dumps(data).encode())[:-1]
    folded = fold([line])
    assert list(folded.learning_rate.points()) == list(folded.throughput.points()) == []


def test_the_longest_pause_is_kept_with_the_step_before_it() -> None:
    lines = [
        _logged(1, "2026-05-01T09:00:00Z"),
        _logged(2, "2026-05-01T09:01:30Z"),
        _logged(3, "2026-05-01T09:05:00Z"),
        _logged(4, "2026-05-01T09:05:50Z"),
        _logged(5, "2026-05-01T09:06:45Z"),
    ]
    assert fold(lines).pause == Pause(210.0, 2.0)
    assert fold(lines[3:]).pause is None
    assert fold([lines[0], lines[0], _logged(2, "no time"), lines[2]]).pause is None


# --- Many at once --------------------------------------------------------------------------------

FIELDS = st.sampled_from(["step", "loss", "evalLoss", "learningRate", "timestamp"])
ODD = st.sampled_from(
    [None, "x", "NaN", NAN, math.inf, True, 0, -0.0, 10**400, 3, [1], "2026-05-01T23:00:00Z"]
)


@dataclass(frozen=True)
class Stretch:
    """Logs that follow one another as a trainer writes them, perhaps with one odd field."""

    length: int
    jump: int
    seconds: int
    fields: tuple[str, ...]
    sparse: bool
    """Whether every third log says no time."""
    odd: tuple[int, str, Any] | None
    after: bytes | None


STRETCHES = st.lists(
    st.builds(
        Stretch,
        length=st.integers(1, 250),
        jump=st.sampled_from([1, 1, 1, 90, 0, -3, -60]),
        seconds=st.sampled_from([0, 1, 1, 50, 70]),
        fields=st.sampled_from(
            [
                ("loss", "learningRate", "timestamp"),
                ("loss", "evalLoss", "learningRate", "samplesPerSecond", "timestamp"),
                ("evalLoss", "timestamp"),
                ("loss",),
                (),
            ]
        ),
        sparse=st.booleans(),
        odd=st.one_of(st.none(), st.none(), st.tuples(st.integers(0, 249), FIELDS, ODD)),
        after=st.sampled_from(
            [None, None, line(LOG, "nonsense"), line(CHECKPOINT, {"step": 7}), note("break")]
        ),
    ),
    max_size=5,
)


@given(STRETCHES, st.sampled_from([None, 3, 50]), st.sampled_from([2, 9, 300, 10**6]))
@example([Stretch(9, 1, 1, ("loss",), False, (0, "step", -0.0), None)], None, 9)
@example([Stretch(9, 1, 70, ("loss", "timestamp"), True, None, None)] * 2, 3, 9)
@example(
    [
        Stretch(9, 1, 1, ("loss", "timestamp"), False, None, None),
        Stretch(9, 1, 90, ("loss", "timestamp"), False, None, None),
    ],
    3,
    9,
)
@example(
    # The last hundred times, where a step comes again
    [
        Stretch(122, 1, 1, ("loss", "timestamp"), False, None, line(LOG, "nonsense")),
        Stretch(26, 0, 0, ("loss", "timestamp"), False, None, None),
    ],
    3,
    10**6,
)
def test_many_logs_at_once_fold_as_one_after_another(
    stretches: list[Stretch], tail: int | None, together: int
) -> None:
    lines: list[bytes] = []
    step = clock = 0
    for stretch in stretches:
        step += stretch.jump - 1
        for place in range(stretch.length):
            step, clock = step + 1, clock + stretch.seconds
            time = datetime.fromtimestamp(clock, UTC).isoformat()
            values = {"loss": 1 / (2 + step % 7), "evalLoss": step % 5, "samplesPerSecond": 3}
            known = {**values, "learningRate": 2e-4 / (1 + clock), "timestamp": time}
            data = {"step": step, **{name: known[name] for name in stretch.fields}}
            if stretch.sparse and step % 3 == 0:
                for name in ("timestamp", "evalLoss", "learningRate"):
                    data.pop(name, None)
            if stretch.odd is not None and stretch.odd[0] == place:
                data[stretch.odd[1]] = stretch.odd[2]
            lines.append(line(LOG, data))
        if stretch.after is not None:
            lines.append(stretch.after)
    fold(lines, tail, together)


@given(st.lists(EVENT_DATA | st.just('{"step":1,\n"loss":2.50}'), max_size=9))
@example(['{"step":2,"loss":-0.0}', '{"step":3,"evalLoss":1e-7,"timestamp":"2026-05-01"}'])
@example(['{"step":10000000000000000000000,"loss":0.10}', "no JSON,\nbut a line"])
def test_many_lines_are_worded_as_each_one_is(datas: list[str]) -> None:
    shown = fold([line(LOG, data) for data in datas]).tail
    each = [text_of(record) for record in records_of([line(LOG, data) for data in datas], 1)]
    assert [f"{one.text}\n" for one in shown] == each
    events = [wire.decode_event(data.encode()) or wire.EventData() for data in datas]
    assert [one.time for one in shown] == [time_or_none(event.timestamp) for event in events]


def test_however_many_lines_are_kept_they_are_all_worded() -> None:
    lines = logs(*((step, 0.5) for step in range(2500)))
    lines[1200:1200] = [note("break"), line(CHECKPOINT, "{}")]
    shown = [one.text for one in fold(lines, None).tail]
    assert shown[1198:1203] == [
        "[log] step=1198 loss=0.5",
        "[log] step=1199 loss=0.5",
        "[stream error]",
        "[checkpoint] {}",
        "[log] step=1200 loss=0.5",
    ]
    assert (len(shown), shown[-1]) == (2502, "[log] step=2499 loss=0.5")


def test_a_log_can_be_folded_while_another_reader_uses_it() -> None:
    lines = [note("run"), *logs((1, 0.5), (2, 0.4)), line(COMPLETED), note("end", state="complete")]
    folding, records = history.Folding(None), records_of(lines)
    assert list(folding.through(records)) == records
    assert repr(folding.result()) == repr(fold(lines, None))


@pytest.mark.parametrize(
    ("step", "rate"), [(1, 0.25), (2, 0.75), (3, 0.75), (4, 1), (9, 1), (0, None)]
)
def test_the_learning_rate_at_a_step_is_the_last_one_logged_there(
    step: float, rate: float | None
) -> None:
    said: list[Any] = [
        {"step": 1, "learningRate": 0.25},
        {"step": 2, "learningRate": 0.5},
        {"step": 4, "learningRate": 1},
        {"step": 2, "learningRate": 0.75},
        {"step": 3, "learningRate": None},
        {"step": "2", "learningRate": 7},
        {"step": 2, "learningRate": "7"},
        [],
    ]
    for together in (1, 10):
        log = records_of([line(STARTED), *(line(LOG, data) for data in said)], together)
        assert history.learning_rate_at(log, step) == rate
