"""Secrets assigned to a name in text, as in shells, command lines, YAML and Python.

Prose has colons too, so only an unbroken sequence of eight or more characters that includes a digit
counts as a secret. After a word for a password, any value does.
"""

import re
from typing import Final

from reportgen.text.keys import may_name_secret, speaks_of_password, speaks_of_secret
from reportgen.text.patterns import HIDDEN, REDACTED, many

_SHORTEST: Final = 8
_LOOKS_SECRET: Final = re.compile(rf"(?=[^0-9]*+[0-9])\S{{{_SHORTEST},}}+")

_ASSIGNMENT: Final = re.compile(
    r"""
    (?<![\w.-])
    (?P<name> (?> (?P<dashes> -- )? ) [\w.-]++ )
    (?:
        (?P<quote> \\*+ ["'] )? ]? \s{0,4} (?: => | :=? | ={1,2} (?!=) ) \s{0,4}
        | (?(dashes) [ ]{1,4} | (?!) )
    )
    """,
    re.VERBOSE,
)
_PREFIX: Final = re.compile(r"""(?: [bruf]{0,2} (?P<quote> \\*+["'] ) )?""", re.VERBOSE)
_QUOTED: Final = re.compile(many(r"""[^"'\\\r\n]++|\\++[^"'\\nrt]""", least=1))
# Commas, brackets and the like are part of the value unless something else begins after them.
_BARE: Final = re.compile(
    many(
        r"""
        [^\s"'`\\<>,;&)\]}]++ | [,;&)\]}] (?! [\s,;&)\]}"'\\] | \Z | [\w.-]++ (?:[=:]|["']) )
        | \\++ (?! ["'\\nrtbfu] | \Z )
        """,
        least=1,
    ),
    re.VERBOSE,
)


def hidden(text: str, lowered: str) -> str:
    """Replace the values whose names suggest secrets with `[hidden]`.

    `lowered` is the text in lower case.
    """
    if not may_name_secret(lowered):
        return text
    parts: list[str] = []
    done = position = plain_until = 0
    while found := _ASSIGNMENT.search(text, position):
        position = found.end()
        name = found["name"]
        if name.endswith(("Error", "Exception")) or not speaks_of_secret(name):
            continue
        of_password = speaks_of_password(name)
        if position < plain_until and not of_password:
            continue
        value = _value(text, found)
        if value is None:
            continue
        if text.startswith((HIDDEN, REDACTED), value.start()):
            position = value.end()
        elif of_password or _LOOKS_SECRET.fullmatch(value[0]):
            parts += text[done : value.start()], HIDDEN
            done = position = value.end()
        elif len(value[0]) >= _SHORTEST:
            # No value within it has a digit either: searching them all would take quadratic time.
            plain_until = value.end()
    return "".join([*parts, text[done:]]) if parts else text


def _value(text: str, found: re.Match[str]) -> re.Match[str] | None:
    """Return the assigned value, without its quotes."""
    prefix = _PREFIX.match(text, found.end())
    assert prefix is not None  # noqa: S101 - it also matches the empty string
    if prefix["quote"]:
        return _QUOTED.match(text, prefix.end())
    if (found["quote"] or "").endswith('"'):
        return None  # a JSON number or literal, which stays JSON
    value = _BARE.match(text, found.end())
    return None if value is None or value[0].startswith("//") else value
