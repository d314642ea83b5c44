"""The fields of many training logs, as columns."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.events import wire
from reportgen.events.columns import LogColumn
from reportgen.events.event_log import LogRun
from reportgen.text import javascript
from reportgen.text.javascript import js_number

VALUES = st.one_of(
    st.floats(),
    st.integers(),
    st.sampled_from([0, -0.0, 2**53, -(2**53) - 1, 10**21, 1e21, 1e-7, 10**400, True, "x", "NaN"]),
    st.sampled_from([[1], {"a": 1}]),
)
MISSING = st.sampled_from([None, wire.LogData().step])


def is_missing(value: object) -> bool:
    return value is None or value is wire.LogData().step


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60))
    | st.lists(st.floats(-1e3, 1e3) | MISSING)
    | st.lists(MISSING)
    | st.lists(st.text(max_size=3))
    | st.lists(VALUES | MISSING, max_size=4)
)
def test_a_column_equals_each_of_its_values_alone(values: list[Any]) -> None:
    column = LogColumn(values)
    there = [value for value in values if not is_missing(value)]
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
    if there and not column.is_full:
        assert column.present == [not is_missing(value) for value in values]


FIELDS = st.dictionaries(st.sampled_from(wire.LogData.__struct_fields__), VALUES | st.none())
DATAS = st.lists(
    FIELDS.map(lambda fields: json.dumps(fields).encode())
    | st.sampled_from([b"", b"[]", b"nonsense", b'{"step":1,\r"loss":2}', b"{}\r{}"]),
    min_size=1,
    max_size=5,
)


@given(DATAS)
@example([b'{"step":1,\r"loss":2.5}'])
def test_the_columns_of_many_logs_hold_what_each_log_says(fields: list[bytes]) -> None:
    run = LogRun(wire.LOG, [b""] * len(fields), fields)
    # A log's data has a line feed where its field has a carriage return.
    logs = [wire.decode_log(field.replace(b"\r", b"\n")) for field in fields]
    assert repr(run.logs) == repr(logs)
    assert run.is_whole == (None not in logs)
    assert run.columns._fields == wire.LogData.__struct_fields__
    for name, column in zip(run.columns._fields, run.columns, strict=True):
        values = [getattr(log or wire.LogData(), name) for log in logs]
        assert repr(column.values) == repr(values)
