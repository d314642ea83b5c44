"""Patterns that match as much as they can, whatever the text, and in little memory."""

import re
import tracemalloc

import pytest

from reportgen.text.patterns import many
from reportgen.text.secrets import Secrets

MANY = 200_000


@pytest.mark.parametrize("count", [0, 1, 3, 999, 1000, 1001, 2500])
@pytest.mark.parametrize("least", [0, 1, 3])
def test_all_that_is_there_matches_and_is_never_given_back(count: int, least: int) -> None:
    pattern = many("ab?c|d", least)
    match = re.match(pattern, "aca" if count == 0 else "acd" * count)
    expected = 1 if count == 0 else 2 * count
    assert (match is not None) == (expected >= least)
    assert re.match(pattern + "d", "d" * 2000) is None
    if match is not None:
        assert match.end() == (2 if count == 0 else 3 * count)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----" + r"a\n" * MANY,
        "https://" + "a:" * MANY,
        "https://a?" + "b'" * MANY,
        "password=" + "a,b" * MANY,
        "password='" + r"a\," * MANY + "'",
        "Authorization: Bearer " + "a@" * 10 + r"\/a" * 20_000,
        "bearer " + "a1." * MANY,
        "eyJabcdefgh.abcdef.abc" + ".a" * MANY,
        '"token"' + r"\n" * MANY + ': "abc"',
    ],
    ids=lambda text: text[:24],
)
def test_a_long_text_is_redacted_in_little_memory(text: str) -> None:
    redactor = Secrets([]).redactor
    redactor.event_text(text[:100])  # the patterns are compiled now
    tracemalloc.start()
    try:
        redactor.event_text(text)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(text)
    finally:
        tracemalloc.stop()
