"""Redaction of anything that looks like a credential, by a service's prefix or a standard."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from reportgen.text.credentials import SHAPES, Shape
from reportgen.text.patterns import REDACTED, many


def redacted(text: str, lowered: str) -> str:
    """Redact anything that looks like a credential; `lowered` is the text in lower case."""
    if _MAY_HOLD_MARKED_PREFIX.search(text):
        text = _redacted(text, text, _MARKED_PREFIXES)
    text = _redacted(text, text, _OTHER_HINTS)
    return _redacted(text, lowered, _LOWERED_HINTS, rf"\g<before>{REDACTED}")


def _redacted(
    text: str, searched: str, rules: Iterable[tuple[str, str]], stand_in: str = REDACTED
) -> str:
    """Apply each rule (a hint and a pattern) whose hint is in the searched text."""
    for hint, pattern in rules:
        if hint in searched:
            text = _compiled(pattern).sub(stand_in, text)
    return text


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern when it is first needed: compiling all would delay every command."""
    return re.compile(pattern, re.VERBOSE)


# A word starts after anything but a letter or digit, and after an escape in JSON text.
_WORD_START: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
# For patterns that match `-` and `_`: retrying after each one would take quadratic time.
_RUN_START: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
# RFC 6750's b64token, whose marks JSON may escape.
_MARK: Final = r"(?:[._~+/-]|\\++/|\\++u00(?:2[bBdDeEfF]|5[fF]|7[eE]))"
_DOTTED_PARTS: Final = many(r"\.[A-Za-z0-9_-]{8,}+")


def _pattern(shape: Shape) -> str:
    prefix = "|".join(map(re.escape, shape.prefixes.split()))
    body = rf"[{shape.alphabet}]{{{shape.least},}}+"
    # Text after a dot is part of the same secret: SendGrid's, Google's, GitLab's.
    return rf"{_WORD_START}(?:{prefix}){shape.infix}{body}[A-Za-z0-9_-]*+{_DOTTED_PARTS}"


# RFC 7519. The signature of an unsigned token is empty.
_JWT_PARTS: Final = r"eyJ[A-Za-z0-9_-]{6,}+\.[A-Za-z0-9_-]{4,}+\.[A-Za-z0-9_-]*+"
_JWT: Final = _RUN_START + _JWT_PARTS + many(r"\.[A-Za-z0-9_-]++")

# RFC 7468. If truncated, it ends with the text, or with the string that contains it.
_PEM_TEXT: Final = many(r"""[^"'<>\\-]++|\\++[nrt/]|\\++u[0-9a-fA-F]{4}|-(?!----)""")
_PEM: Final = rf"""
    -----BEGIN[ ][A-Z0-9 ]{{1,64}}-----
    {_PEM_TEXT}
    (?: -----END[ ][A-Z0-9 ]{{1,64}}----- )?
    """

_LETTERS: Final = many(rf"[A-Za-z]|{_MARK}")
_PADDING: Final = many(r"=|\\++u003[dD]")
_BEARER: Final = rf"""
    (?P<before>)
    {_WORD_START}
    # \b is a JSON escape, whose letter starts no word.
    (?!(?<=(?<!\\)\\)b)(?i:bearer) (?>(?:[ \t:=]|%20){{1,8}})
    # Prose continues after "bearer" too, so a word of letters alone must be long.
    (?:
        (?= {_LETTERS} [0-9] ) {many(rf"[A-Za-z0-9]|{_MARK}", least=8)}
        | (?= [A-Za-z]++ {many(_MARK, least=1)} [A-Za-z] ) {many(rf"[A-Za-z]|{_MARK}", least=12)}
        | [A-Za-z]{{16,}}+
    )
    {_PADDING} [A-Za-z0-9_]*+
    """

_BASIC: Final = rf"""
    (?P<before>)
    {_WORD_START}
    (?!(?<=(?<!\\)\\)b)(?i:basic) [ ]
    (?= [A-Za-z/+]*+[0-9] | [A-Za-z/+]++= ) [A-Za-z0-9+/]{{12,}}+ =*+ [A-Za-z0-9_]*+
    """

# Prose does not follow the header's name: whatever follows the scheme is a credential.
_VALUE: Final = many(r"""[^\s"'\\<>,;]++|\\++/|\\++u[0-9a-fA-F]{4}""", least=1)
_AUTHORIZATION: Final = rf"""
    (?P<before> (?i:authori[sz]ation) \\*+ ["']? \s{{0,8}} [:=] \s{{0,8}} \\*+ ["']? )
    (?i: bearer | basic | token | digest | negotiate | api-?key | key ) [ ]{{1,8}}
    (?! \[redacted\] | \[hidden\] )
    {_VALUE}
    """

# Nearly all prefixes end in a mark followed by many characters, which is rare in text.
_MAY_HOLD_MARKED_PREFIX: Final = re.compile(r"[_./-][A-Za-z0-9_/-]{10}")
_PREFIXES: Final = [
    (prefix, _pattern(shape)) for shape in SHAPES for prefix in shape.prefixes.split()
]
_MARKED_PREFIXES: Final = [rule for rule in _PREFIXES if rule[0].endswith(("_", "-", ".", "/"))]
_OTHER_HINTS: Final = [
    *(rule for rule in _PREFIXES if rule not in _MARKED_PREFIXES),
    ("eyJ", _JWT),
    ("-----BEGIN ", _PEM),
]
_LOWERED_HINTS: Final = [("authori", _AUTHORIZATION), ("bearer", _BEARER), ("basic ", _BASIC)]
