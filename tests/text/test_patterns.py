"""Regular expressions that mean the same in every Python that is supported."""

import re
from pathlib import Path

import pytest

import reportgen

PACKAGE = Path(reportgen.__file__).parent
# As in `(?:ab?c)*+`, also where the group is put in by name, as in `{_GROUP}++`.
POSSESSIVE_GROUP = re.compile(r"(?:\)|_[A-Z]+\})(?:[*+?]|\{\{[^\n{}]*(?:\{\w+\})?\}\})\+")


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_group_is_possessive(path: Path) -> None:
    """Before Python 3.11.5 such a group may not match; `(?>(?:ab?c)*)` always does."""
    assert POSSESSIVE_GROUP.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("text", ["(?:a|b)*+", "(?: a )++", "(x)?+", "(?:a){{8,}}+", "{_MARK}++",
                                  "(?:{_ANY}){{0,{more}}}+"])  # fmt: skip
def test_such_a_group_is_found(text: str) -> None:
    assert POSSESSIVE_GROUP.search(text)


@pytest.mark.parametrize("text", ["[a-z]*+", "(?>(?:a|b)*)", "(a)+", "(?:a){{8,}}", r"\\++", "a?+"])
def test_what_is_possessive_without_a_group_may_be(text: str) -> None:
    assert not POSSESSIVE_GROUP.search(text)
