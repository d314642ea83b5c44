"""The fold, held against a naive one that keeps a list of points and reads like the rule."""

import json
import math
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen import eventlog, history
from reportgen.history import Curve, History, fold, status_of

STARTED, LOG, CHECKPOINT = "training.started", "training.log", "checkpoint.saved"
COMPLETED, FAILED = "training.completed", "training.failed"


def line(name: str, data: Any = None) -> bytes:
    text = data if isinstance(data, str) else json.dumps({} if data is None else data)
    return eventlog.event_line(5, name.encode(), None, text.encode())[:-1]


def note(kind: str, **values: str) -> bytes:
    return eventlog.note_line(5, kind, **values)[:-1]


def logs(*points: tuple[Any, ...]) -> list[bytes]:
    names = ("step", "loss", "evalLoss")
    return [line(LOG, dict(zip(names, point, strict=False))) for point in points]


def pairs(curve: Curve) -> list[tuple[float, float]]:
    return list(zip(curve.steps, curve.values, strict=True))


# --- Curves --------------------------------------------------------------------------------------


class Naive:
    """The rule, word by word, with a list of points."""

    def __init__(self) -> None:
        self.loss: list[tuple[float, float]] = []
        self.eval_loss: list[tuple[float, float]] = []
        self.superseded: list[tuple[float, float]] = []

    def log(self, step: float, loss: float | None, eval_loss: float | None) -> None:
        if loss is not None:
            highest = max((at for at, _ in self.loss), default=-math.inf)
            if step < highest:
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
        self.superseded += [point for point in points if point[0] >= step]
        return [point for point in points if point[0] < step]


VALUE = st.none() | st.sampled_from([1.0, 2.0, 0.5, math.inf, -math.inf])
STEPS = st.integers(0, 9).map(float)


@settings(deadline=None, max_examples=500)
@given(st.lists(st.tuples(STEPS, VALUE, VALUE), max_size=25))
def test_curves_follow_the_rule(points: list[tuple[float, float | None, float | None]]) -> None:
    naive = Naive()
    for point in points:
        naive.log(*point)
    folded = fold(logs(*points))
    assert pairs(folded.loss) == naive.loss
    assert pairs(folded.eval_loss) == naive.eval_loss
    old = folded.superseded
    assert list(zip(old.steps, old.values, strict=True)) == naive.superseded


def test_a_resumed_run_supersedes_and_tells() -> None:
    folded = fold(logs((1, 5), (2, 4), (3, 3, 9), (2, 8), (3, 7)))
    assert pairs(folded.loss) == [(1, 5), (2, 8), (3, 7)]
    assert pairs(folded.eval_loss) == []
    assert folded.resumed_at == [2]
    assert list(folded.superseded.starts) == [0, 2]


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


def test_points_are_held_in_twenty_four_bytes() -> None:
    def lines(count: int) -> Iterable[bytes]:
        return (line(LOG, f'{{"step":{i},"loss":{i / 7}}}') for i in range(count))

    def peak(count: int) -> int:
        tracemalloc.start()
        held = fold(lines(count))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(held.loss) == count
        return top

    base, count = peak(1000), 100_000
    assert peak(count) - base < 24 * count


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
    ],
)
def test_status(events: list[str], listed: str | None, status: str) -> None:
    assert status_of(fold(line(name) for name in events), listed) == status


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
        return eventlog.over_limit_line(5, name.encode(), None, "17 MB")[:-1]

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
def test_what_became_of_a_stream(lines: list[bytes], state: str, reconnects: int) -> None:
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


def test_a_damaged_line_is_told() -> None:
    for damaged in (b"", b"12\rx", b"x\rtraining.started\r\r{}", b"#1\rend\r\r{"):
        with pytest.raises(eventlog.DamagedLogError):
            fold([damaged])


def test_an_empty_log() -> None:
    assert fold([]) == History()


def test_a_log_of_megabytes_reads_like_any_other() -> None:
    data = '{"step":3,"loss":0.5,"x":"' + "y" * 100_000 + '"}'
    assert [shown.text for shown in fold([line(LOG, data)]).tail] == ["[log] step=3 loss=0.5"]
