"""A log in parts: blocks of whole lines, and many training logs by their fields."""

import io
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportgen.events import columns, event_log, wire
from reportgen.events.columns import Column, LogRun
from reportgen.snapshot import log_index
from reportgen.text import javascript
from reportgen.text.javascript import js_number

# --- Blocks --------------------------------------------------------------------------------------


class Dribble(io.BytesIO):
    """A file that gives less at once than is asked for."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        super().__init__(data)
        self._sizes = iter(sizes)

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(next(self._sizes, size))


@given(
    st.lists(st.sampled_from([b"\n", b"a", b"\r", b"bc\n"]), max_size=30).map(b"".join),
    st.lists(st.integers(1, 5), max_size=40),
)
def test_blocks_hold_all_whole_lines(data: bytes, sizes: list[int]) -> None:
    whole = data.split(b"\n")[:-1]
    blocks = list(log_index.blocks(Dribble(data, sizes)))
    assert [line for block in blocks for line in block.split(b"\n")] == whole
    assert list(log_index.whole_lines(Dribble(data, sizes))) == whole


def test_a_block_is_no_larger_than_what_is_read_at_once_and_its_longest_line() -> None:
    lines = [b"x" * 1000] * 1000 + [b"y" * 1_000_000] + [b"z"] * 1000
    blocks = list(log_index.blocks(io.BytesIO(b"".join(line + b"\n" for line in lines))))
    assert b"\n".join(blocks).split(b"\n") == lines
    assert max(len(block) for block in blocks if b"y" not in block) < 300_000
    assert max(map(len, blocks)) < 1_600_000


# --- Columns -------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.floats(),
    st.integers(),
    st.sampled_from([0, -0.0, 2**53, -(2**53) - 1, 10**21, 1e21, 1e-7, 10**400, True, "x", "NaN"]),
    st.sampled_from([[1], {"a": 1}]),
)
MISSING = st.sampled_from([None, wire.LogData().step])


def is_missing(value: object) -> bool:
    return value is None or value is wire.LogData().step


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60))
    | st.lists(st.floats(-1e3, 1e3) | MISSING)
    | st.lists(MISSING)
    | st.lists(st.text(max_size=3))
    | st.lists(VALUES | MISSING, max_size=4)
)
def test_a_column_tells_what_each_of_its_values_does(values: list[Any]) -> None:
    column = Column(values)
    there = [value for value in values if not is_missing(value)]
    steps = [float(place) for place in range(len(values))]
    assert column.is_missing == (not there)
    assert (column.strings is not None) == (
        bool(values) and all(isinstance(value, str) for value in values)
    )
    if any(javascript.finite(value) is None for value in there):
        assert (column.numbers, column.printed()) == (None, None)
        return
    assert column.numbers is not None
    assert list(column.numbers) == there
    assert column.is_full == (len(there) == len(values))
    assert column.printed() == ["" if is_missing(value) else js_number(value) for value in values]
    assert column.printed() is column.printed()
    if there:
        places = [step for step, value in zip(steps, values, strict=True) if not is_missing(value)]
        assert list(column.places(steps)) == places


FIELDS = st.dictionaries(st.sampled_from(wire.LogData.__struct_fields__), VALUES | st.none())
DATAS = st.lists(
    FIELDS.map(lambda fields: json.dumps(fields).encode())
    | st.sampled_from([b"", b"[]", b"nonsense", b'{"step":1,\r"loss":2}', b"{}\r{}"]),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=200)
@given(DATAS)
@example([b'{"step":1,\r"loss":2.5}'])
def test_the_columns_of_a_run_hold_what_each_of_its_logs_says(fields: list[bytes]) -> None:
    run = LogRun(fields)
    # A log's data has a line feed where its field has a carriage return.
    logs = [wire.decode_log(event_log.data_of(field)) for field in fields]
    assert repr(run.logs) == repr(logs)
    assert run.is_whole == (None not in logs)
    assert run.columns._fields == wire.LogData.__struct_fields__
    for name, column in zip(run.columns._fields, run.columns, strict=True):
        values = [getattr(log or wire.LogData(), name) for log in logs]
        assert repr(column.values) == repr(values)


def test_a_log_comes_in_runs_and_lines() -> None:
    lines = [
        event_log.note_line(0, "open"),
        event_log.event_line(1, wire.LOG, None, b"{}"),
        event_log.event_line(1, wire.LOG, b"7", b'{"step":1}'),
        event_log.event_line(2, wire.COMPLETED, None, b"{}"),
    ]
    first, run, last = columns.parts([b"".join(lines)[:-1]])
    assert (first, last) == (lines[0][:-1], lines[3][:-1])
    assert isinstance(run, LogRun)
    assert run.fields == [b"{}", b'{"step":1}']
