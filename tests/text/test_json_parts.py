"""JSON in parts, and its number of values and levels, compared with a decoder's result."""

import json
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.text import javascript, json_parts
from reportgen.text.javascript import NotJSON

TEXTS = st.text(st.sampled_from('a"\\[]{},: \n\u00e9'), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def count(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + (sum(map(count, inner)) if isinstance(value, dict | list) else 0)


@settings(deadline=None, max_examples=300)
@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 0, 1]))
def test_items_are_those_that_a_decoder_finds(values: list[Any], indent: int | None) -> None:
    text = f" {json.dumps(values, indent=indent, ensure_ascii=False)}\r\n".encode()
    assert [json.loads(item) for item in json_parts.items(text)] == values


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.sampled_from([None, 0, 1]))
def test_members_are_those_that_a_decoder_finds(values: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(values, indent=indent).encode()
    found = [(json.loads(key), json.loads(value)) for key, value in json_parts.members(text)]
    assert found == list(values.items())


@pytest.mark.parametrize(
    "text",
    ["", " ", "1", "{}", '"[]"', "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]2", "[]]", "[[]",
     "[}", '["', '["a', '["\\"]', "[1]]", "[{]", "[[1}", "[" * 100_000],
)  # fmt: skip
def test_anything_but_an_array(text: str) -> None:
    with pytest.raises(NotJSON):
        list(map(javascript.decode, json_parts.items(text.encode())))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', "{1:1}", "{a:1}", '{"a" 1}',
     '{"a":1 "b":2}', '{"a":1}}', '{"a":1}x', '{"a":[}', '{"a\\":1}'],
)  # fmt: skip
def test_anything_but_an_object(text: str) -> None:
    with pytest.raises(NotJSON):
        list(map(javascript.decode, chain.from_iterable(json_parts.members(text.encode()))))


@settings(deadline=None, max_examples=300)
@given(VALUES, st.sampled_from([None, 1]))
def test_values_are_counted_as_a_decoder_finds_them(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent).encode()
    values = count(value)
    assert javascript.has_more_values(text, values - 1)
    assert not javascript.has_more_values(text, values)


@pytest.mark.parametrize("piece", [b",", b'\\"', b"\\\\", b"x", b"[]{},"])
@pytest.mark.parametrize("shift", range(3))
def test_a_string_across_many_pieces_is_one_value(piece: bytes, shift: int) -> None:
    text = b'["%b%b",1]' % (b"x" * shift, piece * 400_000)
    assert not javascript.has_more_values(text, 3)
    assert javascript.has_more_values(text, 2)


@pytest.mark.parametrize(
    "text",
    [b'{"x":[%b1]}' % (b"1," * 199_997), b'{"x":[%b[]]}' % (b"[]," * 199_997),
     b"[%b1]" % (b'{"a":"b"},' * 99_999)],
)  # fmt: skip
def test_the_limit_is_exact(text: bytes) -> None:
    javascript.check_limits(text[:2] + text[2:].replace(b"[]", b"[ ]"))
    with pytest.raises(NotJSON, match="200,000"):
        javascript.check_limits(text.replace(b"1]", b"1,1]").replace(b"[]]", b"[],1]"))


@pytest.mark.parametrize(
    "text",
    [b"[" * 300_000, b"[]," * 600_000, b'"",' * 500_000, b'["' + b'\\"' * 1_000_000,
     b'{"a":' * 250_000, b'"' * 1_000_000, b"\\" * 1_000_000, b'[["a",' * 100_000],
    ids=range(8),
)  # fmt: skip
def test_hostile_text_takes_linear_time(text: bytes) -> None:
    """Each of these would take hours if any part were read once for each other part."""
    with pytest.raises(NotJSON):
        javascript.decode(text)
    with pytest.raises(NotJSON):
        list(json_parts.items(text))
