"""JSON cut into its parts, in little memory however many there are."""

import tracemalloc

import pytest

from reportgen.text import json_parts

MANY = 300_000


@pytest.mark.parametrize(
    "value",
    [
        b'["' + b'","' * MANY + b'"]',
        b'[["' + b'","' * MANY + b'"], [[]]]',
        b'{"a": [1], "b": "' + rb"\n" * MANY + b'"}',
        b'[[{"a": "' + rb"\"" * MANY + b'"}]]',
        b"[" + b"[1]," * MANY + b"[[2]]]",
    ],
    ids=["strings", "nested strings", "escapes", "nested escapes", "arrays"],
)
def test_a_value_of_many_parts_takes_no_memory(value: bytes) -> None:
    document = b'{"jobs": %b, "more": 1}' % value
    tracemalloc.start()
    try:
        parts = json_parts.members(document)
        assert next(parts) == (b'"jobs"', value)
        assert tracemalloc.get_traced_memory()[1] < len(value) + 1_000_000
        assert [key for key, _ in parts] == [b'"more"']
    finally:
        tracemalloc.stop()
